# SPDX-License-Identifier: GPL-3.0-or-later
"""The Hugging Face Hub: plan a snapshot, complete it, say what a repository is and whose the token is.

What is kept on the disk has huggingface_hub's layout, so that other programs find it; what goes over the network goes
through core/transfer, as the large files do. Everything here blocks: worker threads call it, never Blender's main
thread.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ..addresses import is_address, server_of, without_login
from ..catalog.entries import Source
from ..errors.base import SubtitleEditorError
from ..errors.hub import FileNotOnHubError, IncompleteRepositoryError, TokenRefusedError, UnsafeNameError
from ..errors.network import EndpointError, OnlineAccessError
from ..library.layout import repository_folder
from ..library.listing import Published
from ..system.control import Control
from ..system.log_file import hide
from ..system.names import is_inner_path
from ..text import Text
from . import links, manifests, small_files
from .answers import Listed
from .asking import Asking, Server
from .endpoint import offline_by, resolve
from .kept import Kept, planned
from .plan import LARGE, Plan, PlannedFile, links_supported, size_on_disk
from .tokens import Origin, Token

if TYPE_CHECKING:
    from ..transfer.http import Request


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """What a hub says of a repository at one commit."""

    repo: str
    repo_type: str
    commit: str
    files: Mapping[str, int]
    """Size in bytes by name."""
    gated: bool
    readable: bool
    """Not gated, or its licence was accepted with the account of our token."""
    tags: tuple[str, ...] = ()
    task: str = ""
    """What it is for, in the hub's words, such as `automatic-speech-recognition`; empty if nobody said."""


class Hub:
    """One hub endpoint and, perhaps, a token. Any thread; several at a time.

    The token goes where `addresses.may_carry_token` says, and appears in no error and no log line. Every method that
    asks raises OnlineAccessError if that is not allowed, EndpointError, TokenRefusedError for a token that cannot be
    one, and with a `control` JobCancelled at once when it is cancelled.
    """

    def __init__(self, endpoint: str | None = None, token: Token | None = None, offline: bool = False) -> None:
        """`offline`: ask nothing, as if the network were switched off (an environment variable can say so too)."""
        self._given = resolve(endpoint)
        self.endpoint = without_login(self._given)
        """The address, as it may be shown."""
        self.offline = offline
        self._token = token or Token()
        self._account: str | None = None
        hide(self._token.value)
        if is_address(self._given):
            hide(urlsplit(self._given).password)

    def check_online(self) -> None:
        """Raise OnlineAccessError if the network is not to be used."""
        variable = offline_by()
        if self.offline or variable:
            raise OnlineAccessError(None if self.offline else variable)

    @property
    def host(self) -> str:
        """The endpoint as messages name it; one that is no address as it was given."""
        return urlsplit(self.endpoint).netloc if is_address(self.endpoint) else self.endpoint

    @property
    def is_online(self) -> bool:
        """Whether the network may be used."""
        return not (self.offline or offline_by())

    @property
    def has_token(self) -> bool:
        """Whether there is a token to send."""
        return bool(self._token)

    @property
    def withholds_token(self) -> bool:
        """Whether there is one and it is not sent, because the way to this hub is not encrypted."""
        return self.has_token and self.server.withholds

    @property
    def server(self) -> Server:
        """What requests are made of. Raises EndpointError, TokenRefusedError."""
        if not is_address(self._given):
            raise EndpointError(self.endpoint)
        parts = urlsplit(self._given)
        if parts.username:  # A login in the address is meant for this very server, a token perhaps for another.
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            return Server(self.endpoint, f"Basic {base64.b64encode(login).decode()}", Origin.ADDRESS)
        if not self._token:
            return Server(self.endpoint)
        server = Server(self.endpoint, f"Bearer {self._token.value}", self._token.source)
        if not all("!" <= char <= "~" for char in self._token.value):
            raise TokenRefusedError(self.host, False, self._token.source.label, malformed=True)
        return server

    def whoami(self, control: Control | None = None) -> str:
        """The account the token belongs to. Raises TokenRefusedError without one, or for a bad one."""
        with self._asking(control) as asking:
            if not self._token or self.server.withholds:
                raise self.server.refusal_of_token(self.host, sent=False)
            return asking.account()

    def account(self, control: Control | None = None) -> str:
        """The account the token belongs to, asked once; empty without a token, and where the hub does not say."""
        if self._account is None:
            try:
                self._account = self.whoami(control) if self._token else ""
            except SubtitleEditorError:
                self._account = ""
        return self._account

    def repository(
        self, repo: str, repo_type: str = "model", revision: str | None = None, control: Control | None = None
    ) -> Repository:
        """What the hub says of a repository: its files, licence, whether it is gated and whether we may read it.

        Two requests, and one more for a gated one. Raises as `plan` does.
        """
        source = Source(repo, repo_type)
        with self._asking(control) as asking:
            found = asking.profile(source, revision)
            files = asking.listing(source, found.commit)
            return Repository(
                repo=found.repo,
                repo_type=repo_type,
                commit=found.commit,
                files={file.path: file.size for file in files},
                gated=found.gated,
                readable=not found.gated or asking.may_read(source),
                tags=found.tags,
                task=found.task,
            )

    def head_of(self, repository: Repository, name: str, length: int = 64, control: Control | None = None) -> bytes:
        """The first bytes of a file, to see what it is. Raises the errors of `core.transfer.fetch`."""
        source = Source(repository.repo, repository.repo_type)
        with self._asking(control) as asking:
            return asking.beginning(source, repository.commit, name, length)

    def plan(
        self, source: Source, models_dir: Path, revision: str | None = None, control: Control | None = None
    ) -> Plan:
        """List the wanted files of a repository at one commit, with sizes and hashes, and see what is already there.

        Two requests, and for a gated repository a third that asks whether its files may be read: it shows its listing
        to everyone. None for direct links, one for those of a manifest. Raises the errors of core/errors/hub.py from
        TokenRefusedError to UnsafeNameError.
        """
        if source.manifest is not None:
            # Of whoever publishes it. Neither the hub's address nor its token matter there.
            with self._asking(control, Server(server_of(source.manifest.url))) as asking:
                return manifests.plan(source, models_dir, asking.manifest(source.manifest))
        if source.links:
            return self._plan_of_links(source, models_dir)
        revision = revision or source.revision
        with self._asking(control) as asking:
            found = asking.profile(source, revision)
            listed = asking.listing(source, found.commit)
            wanted = [file for file in listed if source.wants(file.path)]
            files = self._planned(source, found.commit, models_dir, wanted)
            if not files:
                raise FileNotOnHubError(", ".join(source.patterns) or Text("Any file"), source.repo)
            if missing := source.missing([file.path for file in wanted]):
                raise IncompleteRepositoryError(source.repo, missing)
            if found.gated and not all(file.present for file in files):
                asking.check_access(source)
        listing = {file.path: Published(file.size, file.blob) for file in listed if is_inner_path(file.path)}
        return Plan(source, found.commit, repository_folder(models_dir, source), files, found.gated, listing)

    def _plan_of_links(self, source: Source, models_dir: Path) -> Plan:
        plan = links.plan(source, models_dir)
        if any(not file.present for file in plan.files):
            self.check_online()
        return plan

    def finish(self, plan: Plan, arrived: Callable[[PlannedFile], None], control: Control | None = None) -> Path:
        """Fetch the small files of the plan that are not there yet, link all into the snapshot, and return it.

        `arrived` is called after each of them, on other threads. What is large comes through core/transfer before.
        Raises FileNotOnHubError, WrongContentError, CorruptDownloadError, NoSpaceError, FolderNotWritableError and what
        `plan` raises.
        """
        # No server is asked any more if all is there: also without one a complete model is finished.
        small = [file for file in plan.files if file.size < LARGE and not plan.source.is_direct]
        missing = [file for file in small if not file.present and size_on_disk(file.target) != file.size]
        if missing:
            self.check_online()
            small_files.fetch(
                missing,
                lambda file: self.request_for(plan, file),
                control or Control(),
                arrived,
                needed=bool(plan.source.allow),
            )
        return links.finish(plan)

    def request_for(self, plan: Plan, file: PlannedFile) -> Request:
        """How a file of a repository is asked for. Its headers may hold the token: never log them."""
        return self.server.request(file.url, plan.source, plan.commit, file.path)

    @contextlib.contextmanager
    def _asking(self, control: Control | None, server: Server | None = None) -> Iterator[Asking]:
        self.check_online()
        with contextlib.closing(Asking(server or self.server, control or Control())) as asking:
            yield asking

    def _planned(self, source: Source, commit: str, models_dir: Path, wanted: list[Listed]) -> tuple[PlannedFile, ...]:
        folder = repository_folder(models_dir, source)
        linking, server, kept = links_supported(models_dir), self.server, Kept(folder)
        files = []
        for file in wanted:
            check_name(source.repo, file.path)
            files.append(
                planned(
                    PlannedFile(
                        path=file.path,
                        size=file.size,
                        blob=file.blob,
                        sha256=file.sha256,
                        git_sha1=file.git_sha1,
                        url=server.address_of(source, commit, file.path),
                        target=folder / "blobs" / file.blob,
                        present=False,
                    ),
                    folder / "snapshots" / commit,
                    linking,
                    kept,
                )
            )
        return tuple(files)


def check_name(repo: str, name: str) -> None:
    """Refuse a file name from a server that could leave the snapshot folder, on any platform.

    Raises UnsafeNameError.
    """
    if not is_inner_path(name):
        raise UnsafeNameError(repo, name)
