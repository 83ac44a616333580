# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of a repository: several at a time, each fetched whole, compared, and put in its place in one step.

Nothing is kept of one that did not arrive: it is fetched again. Large ones come through core/transfer.
"""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors.base import JobCancelled
from ..errors.hub import CorruptDownloadError, WrongContentError
from ..system.control import Control
from ..system.files import disk_error, write
from ..system.hashes import git_hasher, is_lfs_pointer
from ..text import Text
from .asking import patience, read
from .plan import PlannedFile

if TYPE_CHECKING:
    from ..transfer.http import Line, Request

_CONNECTIONS = 4
"""So that one file's way from the hub and another's to the disk take no time of each other."""


def fetch(
    files: Iterable[PlannedFile],
    request: Callable[[PlannedFile], Request],
    control: Control,
    arrived: Callable[[PlannedFile], None],
    needed: bool = False,
) -> None:
    """Bring `files` to their targets. Blocks; `arrived` is called on threads of this function, after each file.
    `needed`: without any of them the rest is of no use.

    Raises JobCancelled at once when `control` is cancelled, WrongContentError or CorruptDownloadError for what is not
    the published file, NoSpaceError, FolderNotWritableError, and what a request may raise. What has arrived stays.
    """
    # One target may have several names.
    waiting: queue.SimpleQueue[PlannedFile] = queue.SimpleQueue()
    wanted = list({file.target: file for file in files}.values())
    for file in wanted:
        waiting.put(file)
    work = _Work(waiting, request, control.child(), arrived, needed)
    work.run(min(_CONNECTIONS, len(wanted)))
    control.check()
    if work.error is not None:
        raise work.error


class _Work:
    """The threads of one call of `fetch`."""

    def __init__(
        self,
        waiting: queue.SimpleQueue[PlannedFile],
        request: Callable[[PlannedFile], Request],
        control: Control,
        arrived: Callable[[PlannedFile], None],
        needed: bool,
    ) -> None:
        self._waiting = waiting
        self._request = request
        self._control = control
        self._arrived = arrived
        self._needed = needed
        self._live = 0
        self.error: BaseException | None = None

    def run(self, connections: int) -> None:
        """Fetch everything that waits. Raises JobCancelled."""
        self._live = connections
        for number in range(connections):
            threading.Thread(target=self._top, name=f"small files #{number + 1}", daemon=True).start()
        with contextlib.suppress(JobCancelled):  # Ours, or that of a thread that failed.
            self._control.wait_for(lambda: self._live == 0)

    def _top(self) -> None:
        """Top of a thread: file after file until none waits. The first error ends all."""
        from ..transfer.failures import TransientError
        from ..transfer.http import Line

        try:
            with contextlib.closing(Line(self._control, patience())) as line, contextlib.suppress(queue.Empty):
                while True:
                    file = self._waiting.get_nowait()
                    try:
                        self._fetch(line, file)
                    except TransientError as error:
                        raise error.for_good(file.path) from error
        except JobCancelled:
            pass
        except BaseException as error:  # Nobody else would ever see it.
            self.error = self.error or error
            self._control.cancel()
        finally:
            with self._control.condition:
                self._live -= 1
                self._control.condition.notify_all()

    def _fetch(self, line: Line, file: PlannedFile) -> None:
        for last in (False, True):
            body, host, page = self._body(line, file)
            if body is not None and _is(file, body):
                break
            if last:
                raise _complaint(file, body, host, page)
        if self._needed and is_lfs_pointer(body or b""):
            reason = Text("{name} is a pointer of Git LFS and not the file itself", name=file.path)
            raise WrongContentError(host, file.path, reason)
        _put(file.target, body or b"")
        with self._control.condition:
            self._arrived(file)

    def _body(self, line: Line, file: PlannedFile) -> tuple[bytes | None, str, bool]:
        """What came (None if it cannot be unpacked), from which host, and whether that calls it a web page."""
        from ..transfer.http import Route

        with contextlib.closing(line.get(self._request(file), Route(), 0, None, as_it_comes=True)) as answer:
            page = (answer.headers.get("Content-Type") or "").strip().lower().startswith("text/html")
            try:
                return read(answer, file.size), answer.host, page
            except ValueError:
                return None, answer.host, page


def _is(file: PlannedFile, body: bytes) -> bool:
    """Whether these are the published bytes; where no hash was published, whether they are as many."""
    if len(body) != file.size:
        return False
    if file.sha256 is not None:
        return hashlib.sha256(body).hexdigest() == file.sha256
    if file.git_sha1 is not None:
        hasher = git_hasher(len(body))
        hasher.update(body)
        return hasher.hexdigest() == file.git_sha1
    return True


def _complaint(file: PlannedFile, body: bytes | None, host: str, page: bool) -> Exception:
    if page:
        return WrongContentError(host, file.path, Text("a web page came instead of the file"), page=True)
    if body is not None and len(body) == file.size:
        return CorruptDownloadError(file.path, host)
    return WrongContentError(host, file.path, Text("it is not as long as was announced"))


def _put(target: Path, body: bytes) -> None:
    # It is not brought to the disk itself, which costs a hundred small files a second or two: one that a power cut has
    # shortened no longer has its published size, and counts as missing.
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, body, lasting=False)
    except OSError as error:
        raise disk_error(target.parent, error) from error
