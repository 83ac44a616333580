# SPDX-License-Identifier: GPL-3.0-or-later
"""A Hugging Face Hub on the loopback: two real HTTP/1.1 servers over plain folders, faults included.

The first host answers the API and small files and redirects LFS files to the second, as
huggingface.co does; nothing of Xet is offered. In a test::

    with LoopbackHub() as hub:
        hub.add_model("Systran/faster-whisper-tiny", {"model.bin": data, "config.json": b"{}"})
        hub.faults.add(Fault(path="*/model.bin", host="content", drop_after=1_000_000))
        ...
        assert hub.bytes_served("*/model.bin") < 2 * len(data)

By itself: `python tests/hub/server.py ROOT --json`. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING or __package__:
    from .faults import Fault, Faults, Host
    from .repos import LFS, Repo, Revision, Store
    from .routes import Access, Addresses, ContentRoutes, HubRoutes
    from .wire import Request, Server, Settings
else:  # Run as a script.
    from faults import Fault, Faults, Host
    from repos import LFS, Repo, Revision, Store
    from routes import Access, Addresses, ContentRoutes, HubRoutes
    from wire import Request, Server, Settings

__all__ = ["Fault", "Faults", "LoopbackHub", "Request"]

CONTENT_ADDRESS = "127.0.0.2"
"""Another host than the hub's, so that a token sent there is a token sent to a stranger."""

Content = bytes | str | Path
"""A file's bytes, its text (UTF-8), or where it is on this disk (served in place, not copied)."""


class LoopbackHub:
    """A hub on 127.0.0.1 with its content host on 127.0.0.2, running from construction to `close()`.

    `root` may hold `models/OWNER/NAME/...` and `datasets/OWNER/NAME/...`; those folders are served as
    they are, and a change in one is a new revision. `lfs`: patterns of the names of files that are in LFS, whatever
    their size (the default is that of a new repository on the Hub).
    `rate`: bytes per second and connection, None for as fast as it goes. `latency`: seconds before each
    answer. `address_lifetime`: seconds a signed address lives. Every method may be called from any thread.
    """

    def __init__(
        self,
        root: Path | str | None = None,
        *,
        port: int = 0,
        lfs: Sequence[str] = LFS,
        page_size: int | None = None,
        rate: float | None = None,
        latency: float = 0.0,
        address_lifetime: float = 3600.0,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="loopback-hub-") if root is None else None
        self.root = Path(root if root is not None else self._temporary.name)  # type: ignore[union-attr]
        self.store = Store(self.root, lfs)
        self.faults = Faults()
        self.settings = Settings(self.faults, rate=rate, latency=latency)
        self._access = Access()
        self._addresses = Addresses(address_lifetime)
        routes = HubRoutes(self.store, self._access, self._addresses)
        routes.page_size = page_size
        content = ContentRoutes(self.store, self._addresses)
        self._hub = Server("127.0.0.1", port, "hub", routes.answer, self.settings)
        try:
            self._content = Server(CONTENT_ADDRESS, 0, "content", content.answer, self.settings)
            content_host = CONTENT_ADDRESS
        except OSError:  # macOS has 127.0.0.1 alone: another name and another port must do.
            self._content = Server("127.0.0.1", 0, "content", content.answer, self.settings)
            content_host = "localhost"
        self.endpoint = routes.endpoint = f"http://127.0.0.1:{self._hub.port}"
        self.content_endpoint = routes.content_endpoint = f"http://{content_host}:{self._content.port}"
        self._hub.start()
        self._content.start()

    def __enter__(self) -> LoopbackHub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Reset every connection, stalled ones too, and stop. Calling it again does nothing."""
        self.settings.closing.set()
        self.faults.release()
        for server in (self._hub, self._content):
            server.stop()
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def add_model(
        self, repo_id: str, files: Mapping[str, Content], *, gated: bool = False, private: bool = False
    ) -> str:
        """Add a model, or its next revision: the files given are all it has. Returns the commit hash."""
        return self.store.add("models", repo_id, files, private, gated).revisions[-1].commit

    def add_dataset(
        self, repo_id: str, files: Mapping[str, Content], *, gated: bool = False, private: bool = False
    ) -> str:
        """Add a dataset, or its next revision. Returns the commit hash."""
        return self.store.add("datasets", repo_id, files, private, gated).revisions[-1].commit

    def add_branch(self, repo_id: str, name: str, files: Mapping[str, Content]) -> str:
        """Give a repository another branch than `main`, or that branch other files. Returns the commit hash."""
        return self.store.add_branch(self.repo(repo_id), name, files).commit

    def describe(self, repo_id: str, tags: Sequence[str] = (), task: str | None = None) -> None:
        """What the hub says a repository is: its tags (`license:mit`, `fa`) and what it is for."""
        repo = self.repo(repo_id)
        repo.tags, repo.task = list(tags), task

    def add_file(self, name: str, content: Content) -> str:
        """Serve a file of no repository on the content host, to anyone. Returns its address."""
        self.store.add_plain(name, content)
        return f"{self.content_endpoint}/files/{quote(name)}"

    def prepare(self) -> None:
        """Read and hash every plain folder below `root` now, not at its first request."""
        self.store.read_folders()

    def repo(self, repo_id: str) -> Repo:
        """A repository with its revisions. Raises KeyError."""
        return self.store.named(repo_id)

    def revision(self, repo_id: str, name: str = "main") -> Revision:
        """The files and the commit hash of a revision. Raises KeyError."""
        revision = self.repo(repo_id).revision(name)
        if revision is None:
            raise KeyError(name)
        return revision

    def remove_repo(self, repo_id: str) -> None:
        """The repository is gone: RepoNotFound. (A plain folder below `root` comes back when asked for.)"""
        self.store.remove(repo_id)

    def delete_file(self, repo_id: str, name: str) -> None:
        """Listings still have the file; to read it answers 404 on both hosts."""
        self.repo(repo_id).removed.add(name)

    def delete_blob(self, sha256: str) -> None:
        """The content host answers 404 for it; the hub still redirects there."""
        self.store.removed_blobs.add(sha256)

    def lie_about_size(self, repo_id: str, name: str, delta: int) -> None:
        """Listings and X-Linked-Size are off by `delta` bytes; the content is served as it is."""
        self.repo(repo_id).size_lies[name] = delta

    def accept_token(self, token: str, user: str) -> None:
        """Know this token. Tokens not known are answered 401."""
        self._access.accept(token, user)

    def revoke_token(self, token: str) -> None:
        """Know this token no longer."""
        self._access.revoke(token)

    def grant(self, repo_id: str, user: str) -> None:
        """Let a user read a private or gated repository."""
        self.repo(repo_id).readers.add(user)

    def expire_addresses(self) -> None:
        """Every signed address given out so far is answered 403 from now on."""
        self._addresses.expire_all()

    @property
    def requests(self) -> list[Request]:
        """The requests so far, oldest first; those under way still change (`status`, `bytes_sent`)."""
        return self.settings.log.all()

    def requests_for(self, path: str = "*", host: Host | None = None, method: str | None = None) -> list[Request]:
        """The requests whose path (without query) fits a shell pattern."""
        return [r for r in self.requests if r.fits(path, host, method)]

    def bytes_served(self, path: str = "*", host: Host | None = None) -> int:
        """Bytes of bodies written to sockets for such paths; what a client read may be less."""
        return sum(r.bytes_sent for r in self.requests_for(path, host))

    def forget_requests(self) -> None:
        """Start the list of requests afresh."""
        self.settings.log.clear()

    def wait_for_request(
        self, path: str = "*", *, host: Host | None = None, count: int = 1, timeout: float = 10.0
    ) -> bool:
        """Wait until `count` such requests have come in; False after `timeout` seconds."""
        return self.settings.log.wait(lambda r: r.fits(path, host, None), count, timeout)


def main(arguments: list[str] | None = None) -> int:
    """Serve a folder until SIGTERM, SIGINT, or (with `--until-eof`) the end of standard input."""
    parser = argparse.ArgumentParser(description="A Hugging Face Hub on the loopback, for tests and demos.")
    parser.add_argument("root", type=Path, help="folder with models/OWNER/NAME and datasets/OWNER/NAME")
    parser.add_argument("--port", type=int, default=0, help="of the hub; default: any free one")
    parser.add_argument("--rate", type=float, help="bytes per second and connection")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--json", action="store_true", help="print one line of JSON with the endpoints")
    parser.add_argument("--until-eof", action="store_true", help="stop at the end of standard input")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with LoopbackHub(
        options.root, port=options.port, rate=options.rate, latency=options.latency,
    ) as hub:  # fmt: skip
        hub.prepare()
        if options.json:
            line = {"endpoint": hub.endpoint, "content_endpoint": hub.content_endpoint, "pid": os.getpid()}
            print(json.dumps(line), flush=True)
        else:
            print(f"HF_ENDPOINT={hub.endpoint} HF_HUB_DISABLE_XET=1", flush=True)
        if options.until_eof:
            threading.Thread(target=_set_at_eof, args=(stop,), daemon=True).start()
        while not stop.is_set():
            time.sleep(0.1)  # Event.wait() without a timeout would hold back Ctrl-C on Windows.
    return 0


def _set_at_eof(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
