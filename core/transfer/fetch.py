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

import logging
import random
import time
from collections.abc import Callable

from ..errors import CorruptDownloadError
from ..events import State
from ..system.control import Control
from ..system.locks import file_lock
from ..text import Text
from .blob import (
    DEFAULT_CONNECTIONS,
    MOST_CONNECTIONS,
    Blob,
    Result,
    StartOver,
    TransferReport,
    TransferSettings,
    TransferStatus,
)
from .partial import LOCK, beside, bytes_on_disk, make_folder, remove_beside
from .retries import RetryPolicy
from .throttle import Throttle

log = logging.getLogger(__name__)


def fetch(
    blob: Blob,
    *,
    control: Control,
    throttle: Throttle | None = None,
    connections: int = DEFAULT_CONNECTIONS,
    report: TransferReport | None = None,
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
    settings = TransferSettings(
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
    with file_lock(beside(blob.target, LOCK), control, waiting=lambda: tell(_waiting(blob))):
        result = _already_there(blob, control, tell)
        return result or _fetch_twice_at_most(blob, control, settings, tell, say)


def _fetch_twice_at_most(
    blob: Blob, control: Control, settings: TransferSettings, report: TransferReport, notice: Callable[[str], None]
) -> Result:
    from ..addresses import host_of
    from .work import Transfer

    fetched = 0
    for last in (False, True):
        transfer = Transfer(blob, control, settings, report, notice)
        try:
            digest = transfer.run()
            return Result(digest, blob.digest is not None, blob.target.stat().st_size, fetched + transfer.bytes_fetched)
        except StartOver as ex:
            log.warning("%s: %s", blob.label, ex)
            if not last:
                notice(Text("{file}: {reason}; starting over.", file=blob.label, reason=ex.args[0]))
            fetched += transfer.bytes_fetched
            remove_beside(blob.target)
    raise CorruptDownloadError(blob.label, host_of(blob.url))


def _ignore(_: object) -> None:
    pass


def _waiting(blob: Blob) -> TransferStatus:
    return TransferStatus(state=State.WAITING, bytes_done=bytes_on_disk(blob.target), bytes_total=blob.size)


def _already_there(blob: Blob, control: Control, report: TransferReport) -> Result | None:
    """The file may be there, most likely because another process has just fetched it. It is checked all the same."""
    try:
        size = blob.target.stat().st_size
    except OSError:
        return None
    if blob.size is not None and size != blob.size:
        return None
    try:
        with open(blob.target, "rb", buffering=0) as file:
            hasher = blob.hasher()
            buffer = memoryview(bytearray(1 << 20))
            while count := file.readinto(buffer):
                control.check()
                report(TransferStatus(state=State.VERIFYING, bytes_done=size, bytes_total=size))
                hasher.update(buffer[:count])
    except OSError:
        return None
    if blob.digest is not None and hasher.hexdigest() != blob.digest:
        log.warning("%s is damaged on disk and is fetched again", blob.target)
        return None
    remove_beside(blob.target)
    return Result(hasher.hexdigest(), blob.digest is not None, size, 0)
