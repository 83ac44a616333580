# SPDX-License-Identifier: GPL-3.0-or-later
"""One blob from a URL to a file: over several connections, resumed, verified, and stopped at once when asked.

Knows nothing of Hugging Face or Blender. `fetch` is the whole interface, beside `partial_of`, `partials` and `discard`,
which look after what an interrupted `fetch` leaves. The parts:

    transfer_work    the threads                  transfer_http     asking for a range, redirects, failures
    transfer_intake  from memory into the file    transfer_disk     what is found on the disk and left there
    transfer_parts   which bytes are there        transfer_journal  what says so after a crash
    transfer_file    writing past the cache       transfer_hash     hashing from memory
    retries          when to try again            throttle          the speed limit
    control          stopping at once             locks             one process per blob
    transfer_writer  writing while one reads      transfer_spool    what a kill leaves of what was not yet written
    transfer_pace    how many connections

The thread that calls `fetch` hashes the bytes that are there without a gap, behind the connections' threads, which
take the file's free parts in ascending order. It alone calls `report`.

On disk, beside the target: `NAME.part` (the bytes), `NAME.part.journal` (which of them are there), `NAME.part.spool`
(copies of those that are on their way there), `NAME.lock` (while somebody works on it). The target itself appears in
one step, when its hash was compared.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .control import Control
from .errors import CorruptDownloadError, FolderNotWritableError
from .events import State
from .locks import file_lock, try_lock
from .retries import RetryPolicy
from .text import Text
from .throttle import Throttle
from .transfer_journal import read_journal
from .transfer_parts import PartMap
from .transfer_spool import spooled

log = logging.getLogger(__name__)

DEFAULT_CONNECTIONS = 6
MOST_CONNECTIONS = 16
_PART, _JOURNAL, _SPOOL, _LOCK = ".part", ".part.journal", ".part.spool", ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """What to fetch and where it goes."""

    url: str
    target: Path
    """The finished file. Its folder is made if need be."""
    size: int | None = None
    """Bytes; None if nobody said. A file of another size is damaged."""
    sha256: str | None = None
    """Lower-case hex. Without it the file cannot be verified, and `Result.verified` says so."""
    etag: str | None = None
    """Ties a partial file to its source where no hash does: it is continued only if this is still the same."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent to the scheme, host and port of `url` and nowhere else: a token may be among them."""
    name: str = ""
    """How messages call the file; the target's name if empty."""

    @property
    def label(self) -> str:
        """The name for messages."""
        return self.name or self.target.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStatus:
    """How it goes. Sizes in bytes, times in seconds."""

    state: State
    """DOWNLOADING, STALLED, RETRYING, WAITING (for another process) or VERIFYING."""
    bytes_done: int
    bytes_total: int | None
    attempt: int = 1
    retry_in: float | None = None
    """Seconds until the next try, while RETRYING."""
    connections: int = 0
    """Connections on which bytes may come now."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished transfer."""

    sha256: str
    verified: bool
    """Whether there was a published hash to compare with."""
    size: int
    bytes_fetched: int
    """Bytes that came over the network in this call: less than `size` after a resume, 0 if the file was there."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What an interrupted transfer left: `bytes_done` of `size` bytes."""

    bytes_done: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to fetch. The clock and the jitter are seams for tests."""

    throttle: Throttle | None = None
    connections: int = DEFAULT_CONNECTIONS
    stall_seconds: float = 20.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


Report = Callable[[TransferStatus], None]


class StartOver(Exception):
    """What we have is not, or is no longer, what the server has. Never leaves `fetch`."""


def fetch(
    blob: Blob,
    *,
    control: Control,
    throttle: Throttle | None = None,
    connections: int = DEFAULT_CONNECTIONS,
    report: Report | None = None,
    notice: Callable[[str], None] | None = None,
    stall_seconds: float = 20.0,
    retry: RetryPolicy | None = None,
    clock: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> Result:
    """Bring `blob` to its target, continuing what an earlier call left. Blocks until it is there.

    `report` gets the status about ten times a second and at each change of state, `notice` a sentence when something
    is worth telling (starting over); both are called on this thread. `stall_seconds` without a byte and a connection
    is made anew.

    Raises `JobCancelled` within a moment of `control.cancel()`, whatever is going on; HubUnreachableError,
    RateLimitedError, TokenRefusedError, AccessDeniedError, FileNotOnHubError, HubAnswerError, UnsafeRedirectError,
    CorruptDownloadError; NoSpaceError and FolderNotWritableError. After any of them but CorruptDownloadError what was
    fetched is kept for the next call.
    """
    settings = Settings(
        throttle=throttle,
        connections=max(1, min(connections, MOST_CONNECTIONS)),
        stall_seconds=stall_seconds,
        retry=retry or RetryPolicy(),
        clock=clock,
        jitter=jitter,
    )
    tell, say = report or _ignore, notice or _ignore
    control.check()
    make_folder(blob.target.parent)
    with file_lock(beside(blob.target, _LOCK), control, waiting=lambda: tell(_waiting(blob))):
        result = _already_there(blob, control, tell)
        return result or _fetch_twice_at_most(blob, control, settings, tell, say)


def _fetch_twice_at_most(
    blob: Blob, control: Control, settings: Settings, report: Report, notice: Callable[[str], None]
) -> Result:
    from .transfer_http import host_of
    from .transfer_work import Transfer

    fetched = 0
    for last in (False, True):
        transfer = Transfer(blob, control, settings, report, notice)
        try:
            digest = transfer.run()
            return Result(digest, blob.sha256 is not None, blob.target.stat().st_size, fetched + transfer.bytes_fetched)
        except StartOver as ex:
            log.warning("%s: %s", blob.label, ex)
            if not last:
                notice(Text("{file}: {reason}; starting over.", file=blob.label, reason=ex.args[0]))
            fetched += transfer.bytes_fetched
            _remove(blob.target)
    raise CorruptDownloadError(blob.label, host_of(blob.url))


def partial_of(target: Path) -> Partial | None:
    """What an interrupted `fetch` left for `target`, or None. Reads the disk; any thread; never raises."""
    found = read_journal(journal_file(target))
    if found is None:
        return None
    kept = [(copy.position, copy.end) for copy in spooled(spool_file(target), found.identity)]
    return Partial(PartMap(found.identity.size, [*found.done, *kept]).bytes_done, found.identity.size)


def bytes_on_disk(target: Path) -> int:
    """How many bytes of `target` an interrupted `fetch` has already put on the disk; 0 if none. Never raises."""
    partial = partial_of(target)
    return partial.bytes_done if partial else 0


def partials(folder: Path) -> Iterator[tuple[Path, Partial]]:
    """The targets in `folder` that an interrupted `fetch` left unfinished. Unreadable ones count as 0 of 0 bytes."""
    try:
        found = sorted(folder.glob(f"*{_PART}"))
    except OSError:
        return
    for part in found:
        target = part.with_name(part.name.removesuffix(_PART))
        yield target, partial_of(target) or Partial(0, 0)


def discard(target: Path) -> bool:
    """Delete what an interrupted `fetch` left for `target`. False, and nothing deleted, if one is at work on it."""
    if not target.parent.is_dir():
        return True
    with try_lock(beside(target, _LOCK)) as held:
        if held:
            _remove(target)
        return held


def part_file(target: Path) -> Path:
    """Where the bytes are until they are all there."""
    return beside(target, _PART)


def journal_file(target: Path) -> Path:
    """Where it is written which bytes are there."""
    return beside(target, _JOURNAL)


def spool_file(target: Path) -> Path:
    """Where copies are of what waits for the disk."""
    return beside(target, _SPOOL)


def beside(target: Path, suffix: str) -> Path:
    """The file next to `target` whose name is longer by `suffix`."""
    return target.with_name(target.name + suffix)


def partial_files(target: Path) -> tuple[Path, ...]:
    """What an interrupted `fetch` may have left for `target`, in the order to delete it: without the journal, which is
    the first, the rest means nothing."""
    return tuple(beside(target, suffix) for suffix in (_JOURNAL, _JOURNAL + ".new", _SPOOL, _PART))


def _remove(target: Path) -> None:
    for path in partial_files(target):
        with contextlib.suppress(OSError):
            path.unlink()


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it. Raises FolderNotWritableError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as ex:
        raise FolderNotWritableError(folder, (ex.strerror or str(ex)).lower()) from ex


def _ignore(_: object) -> None:
    pass


def _waiting(blob: Blob) -> TransferStatus:
    return TransferStatus(state=State.WAITING, bytes_done=bytes_on_disk(blob.target), bytes_total=blob.size)


def _already_there(blob: Blob, control: Control, report: Report) -> Result | None:
    """The file may be there, most likely because another process has just fetched it. It is checked all the same."""
    try:
        size = blob.target.stat().st_size
    except OSError:
        return None
    if blob.size is not None and size != blob.size:
        return None
    try:
        with open(blob.target, "rb", buffering=0) as file:
            sha256 = hashlib.sha256()
            buffer = memoryview(bytearray(1 << 20))
            while count := file.readinto(buffer):
                control.check()
                report(TransferStatus(state=State.VERIFYING, bytes_done=size, bytes_total=size))
                sha256.update(buffer[:count])
    except OSError:
        return None
    if blob.sha256 is not None and sha256.hexdigest() != blob.sha256:
        log.warning("%s is damaged on disk and is fetched again", blob.target)
        return None
    _remove(blob.target)
    return Result(sha256.hexdigest(), blob.sha256 is not None, size, 0)


def ordinary_mode(folder: Path) -> int:
    """The permissions a new file gets in `folder`. Asking for the umask means setting it, for all threads: so look.

    On a disk too full for one more name the answer is the usual one: a finished download must not fail over this.
    """
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".mode-") as scratch:
            descriptor = os.open(os.path.join(scratch, "x"), os.O_CREAT | os.O_WRONLY, 0o666)
            try:
                return os.fstat(descriptor).st_mode & 0o777
            finally:
                os.close(descriptor)
    except OSError:
        return 0o644
