# SPDX-License-Identifier: GPL-3.0-or-later
"""One blob from a URL to a file: over several connections, resumed, verified, and stopped at once when asked.

Knows nothing of Hugging Face or Blender. `fetch` is the whole interface, beside `partial_of`, `partials` and `discard`,
which look after what an interrupted `fetch` leaves. docs/transfers.md has the parts.

The thread that calls `fetch` hashes the bytes that are there without a gap, behind the connections' threads, which
take the file's free parts in ascending order. It alone calls `report`.

On disk, beside the target: `NAME.part` (the bytes), `NAME.part.journal` (which of them are there), `NAME.part.spool`
(copies of those that are on their way there), `NAME.lock` (while somebody works on it). The target itself appears in
one step, when its hash was compared.
"""

from __future__ import annotations

import dataclasses
import logging
import random
import time
from collections.abc import Callable

from ..addresses import host_of
from ..errors.hub import CorruptDownloadError
from ..events import State
from ..system.control import Control
from ..system.locks import file_lock
from ..text import Text
from .blob import (
    Blob,
    Result,
    StartOver,
    TransferReport,
    TransferSettings,
    TransferStatus,
    WrongBytes,
)
from .journal import Ranges
from .limits import DEFAULT_CONNECTIONS, MOST_CONNECTIONS, STALL_SECONDS
from .partial import LOCK, beside, bytes_on_disk, keep_only, make_folder, remove_beside
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
    stall_seconds: float = STALL_SECONDS,
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
        return result or _fetch_until_right(blob, control, settings, tell, say)


def _fetch_until_right(
    blob: Blob, control: Control, settings: TransferSettings, report: TransferReport, notice: Callable[[str], None]
) -> Result:
    """Fetch, and fetch again what may be wrong, as long as there is something that may.

    When the hash is wrong nobody knows which bytes are. What came just now is fetched again first: it is less, and a
    network that lies does it now. Then all is. What was there before is kept even when all that fails, as it came
    last: it may be right, and the next run, which begins with it, does the same again.

    Each further try uses one connection: there are proxies that mix up ranges which come at the same time.
    """
    from .work import Transfer

    fetched, wholes, host = 0, 0, host_of(blob.url)
    old: Ranges | None = None
    while True:
        transfer = Transfer(blob, control, settings, report, notice)
        keep: Ranges = []
        try:
            digest = transfer.run()
            size = blob.target.stat().st_size
            return Result(digest, blob.digest is not None, size, fetched + transfer.bytes_fetched)
        except StartOver as ex:
            reason = ex.args[0]
        except WrongBytes as ex:
            reason, host = Text("the bytes that arrived are not the published ones"), ex.host
            settings = dataclasses.replace(settings, connections=1)
            if old is None:
                keep = old = ex.old
        log.info("%s: %s", blob.label, reason)
        fetched += transfer.bytes_fetched
        wholes += not keep
        if wholes > 1:
            keep_only(blob.target, old or [])
            raise CorruptDownloadError(blob.label, host)
        keep_only(blob.target, keep)
        if keep:
            notice(Text("{file}: {reason}; what came just now is fetched again.", file=blob.label, reason=reason))
        else:
            notice(Text("{file}: {reason}; starting over.", file=blob.label, reason=reason))


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
