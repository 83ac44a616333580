# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of transfers share: a hub with one file, a fetch that notes what it was told, a child to kill."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.events import State
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.transfer import fetch, partial
from subtitle_editor.core.transfer.blob import Blob, Result, TransferStatus
from subtitle_editor.core.transfer.retries import RetryPolicy
from tests.hub.server import LoopbackHub

MIB = 1 << 20
REPO, NAME = "owner/model", "model.bin"
PATTERN = "*/model.bin"
IMPATIENT = RetryPolicy(tries=5, first_wait=0.01, longest_wait=0.05)


def data_of(size: int, seed: int = 1) -> bytes:
    """Bytes that look like a model: nothing repeats, the same every time."""
    return random.Random(seed).randbytes(size)


def url_of(hub: LoopbackHub) -> str:
    """Where the hub's one file is."""
    return f"{hub.endpoint}/{REPO}/resolve/main/{NAME}"


def blob_of(hub: LoopbackHub, folder: Path, data: bytes, **changes: Any) -> Blob:
    """The hub's file as `fetch` wants it, with its published hash; `data` is put there."""
    hub.add_model(REPO, {NAME: data})
    blob = Blob(
        url=url_of(hub),
        target=folder / "blob",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        name=NAME,
    )
    return dataclasses.replace(blob, **changes)


class Fetch:
    """A `fetch` with impatient retries, and what it reported."""

    def __init__(self, blob: Blob, **options: Any) -> None:
        self.blob = blob
        self.control = Control()
        self.statuses: list[TransferStatus] = []
        self.notices: list[str] = []
        self.error: BaseException | None = None
        self.result: Result | None = None
        self._options: dict[str, Any] = {"retry": IMPATIENT, "stall_seconds": 5.0, **options}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def run(self) -> Result:
        """Fetch on this thread."""
        return fetch.fetch(
            self.blob, control=self.control, report=self._reported, notice=self.notices.append, **self._options
        )

    def start(self) -> Fetch:
        """Fetch on another thread."""

        def work() -> None:
            try:
                self.result = self.run()
            except BaseException as ex:
                self.error = ex

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()
        return self

    def join(self, timeout: float = 20.0) -> None:
        """Wait for the end."""
        assert self._thread
        self._thread.join(timeout)
        assert not self._thread.is_alive()

    def wait(self, condition: Callable[[TransferStatus], bool], timeout: float = 10.0) -> None:
        """Wait for a report that fits."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(condition, self.statuses)), timeout)

    def cancel(self) -> float:
        """Cancel, wait for the end, and answer how long that took."""
        began = time.monotonic()
        self.control.cancel()
        self.join()
        took = time.monotonic() - began
        assert isinstance(self.error, JobCancelled), self.error
        return took

    @property
    def states(self) -> set[State]:
        """All states that were reported."""
        return {status.state for status in self.statuses}

    def _reported(self, status: TransferStatus) -> None:
        with self._changed:
            self.statuses.append(status)
            self._changed.notify_all()


def leave_partial(blob: Blob, data: bytes, done: list[tuple[int, int]]) -> None:
    """Put a partial file beside the target as an interrupted fetch leaves it."""
    from subtitle_editor.core.transfer.journal import Identity, Journal

    content = bytearray(max((end for _, end in done), default=0))
    for start, end in done:
        content[start:end] = data[start:end]
    partial.part_file(blob.target).write_bytes(content)
    Journal(partial.journal_file(blob.target), Identity(len(data), blob.sha256, blob.etag), done).close()


def names_in(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


CHILD = """
import os, sys, json
from pathlib import Path
from subtitle_editor.core.transfer import blob, fetch, http
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.transfer.throttle import Throttle
options = json.loads(sys.argv[1])
log = os.open(options["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
read = http.Answer.read_into
def counted(self, buffer):
    count = read(self, buffer)
    os.write(log, b"read %d\\n" % count)
    return count
http.Answer.read_into = counted
exec(options["before"])
def report(status):
    os.write(log, b"state %s\\n" % status.state.value.encode())
try:
    result = fetch.fetch(
        blob.Blob(url=options["url"], target=Path(options["target"]), size=options["size"],
                      sha256=options["sha256"], name="model.bin"),
        control=Control(), report=report, throttle=Throttle(options["rate"]))
except Exception as ex:
    print(type(ex).__name__, ex)
else:
    print("done", result.bytes_fetched)
"""


def start_child(
    blob: Blob, log: Path, rate: float | None = None, before: str = "", cwd: Path | None = None
) -> subprocess.Popen[str]:
    """A process that fetches `blob` and writes each read and each state into `log`. `before` is run first in it."""
    import json

    options = {
        "url": blob.url,
        "target": str(blob.target),
        "size": blob.size,
        "sha256": blob.sha256,
        "log": str(log),
        "rate": rate,
        "before": before,
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
    )


def bytes_read(log: Path) -> int:
    """Bytes that the children of `log` took from their sockets."""
    lines = log.read_text().splitlines() if log.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("read "))
