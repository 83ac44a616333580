# SPDX-License-Identifier: GPL-3.0-or-later
"""The threads of one transfer: connections that fill the partial file, and the caller's thread that hashes it."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import logging
import os
import shutil
import threading
from collections.abc import Callable

from .control import Control
from .errors import (
    FolderNotWritableError,
    HubAnswerError,
    HubUnreachableError,
    JobCancelled,
    NoSpaceError,
    RateLimitedError,
    SubtitleEditorError,
)
from .events import State
from .retries import Retries
from .transfer import (
    Blob,
    Report,
    Settings,
    StartOver,
    TransferStatus,
    journal_file,
    ordinary_mode,
    part_file,
)
from .transfer_http import Answer, Line, Request, Route, TransientError
from .transfer_parts import UNKNOWN_SIZE, Identity, Journal, PartMap, Span, read_journal

log = logging.getLogger(__name__)

_MIB = 1 << 20

_CHUNK = _MIB
"""Read at once. Larger gains nothing: a socket rarely holds more."""

_RECORD = _MIB // 2
"""Written to the journal each time this much came. With a chunk cut to what is left of 1 MiB, a killed process never
has more than 1 MiB per connection that the journal does not know."""

_LEAST_PART, _FIRST_PART, _LARGEST_PART = 2 * _MIB, 16 * _MIB, 64 * _MIB
_LEAST_STEAL = _CHUNK
"""Not less: the one who is helped may be reading a whole chunk at this moment."""

_HASH_STEP = 8 * _MIB
_GLANCE = 0.05
"""Seconds between two looks of the hashing thread at what came."""

_REPORT_EVERY = 0.1
_STALLED_AFTER = 3.0
"""Seconds without a byte until the status says so. The connection gets its `stall_seconds` before it is given up."""

_FAREWELL = 0.05
"""Seconds that a cancelled transfer waits for its threads, which then are past their system call or stuck in the
disk. What such a thread still writes belongs there; what it does not write down is fetched again."""

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


class Transfer:
    """One go at one blob. `run` once. The lock of all shared state is the condition of its own child control."""

    def __init__(
        self, blob: Blob, control: Control, settings: Settings, report: Report, notice: Callable[[str], None]
    ) -> None:
        self.bytes_fetched = 0
        self._blob = blob
        self._outer = control
        self._control = control.child()
        self._lock = self._control.condition
        self._settings = settings
        self._report = report
        self._notice = notice
        self._clock = settings.clock
        self._part = part_file(blob.target)
        self._request = Request(blob.url, blob.headers, blob.label)
        self._route = Route()
        self._retries = Retries(settings.retry, settings.clock, settings.jitter)
        self._parts = PartMap(UNKNOWN_SIZE if blob.size is None else blob.size)
        self._part_length = _FIRST_PART
        self._ranges: bool | None = None
        """Whether the server knows ranges; None until the first answer, which one connection alone asks for."""
        self._etag: str | None = None
        self._journal: Journal | None = None
        self._journal_lock = threading.Lock()
        self._receiving = 0
        self._best = 0
        self._last_byte = self._clock()
        self._generation = 0
        """Goes up when the bytes start anew under the hashing thread."""
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._sha256 = hashlib.sha256()
        self._hashed = 0
        self._told: tuple[float, State | None] = (-1e9, None)

    def run(self) -> str:
        """Fetch, verify and name the file; the answer is its SHA-256. Raises as `fetch` does, and StartOver."""
        try:
            self._prepare()
            if not self._parts.complete:
                self._add_connection()
            try:
                self._follow()
            finally:
                self._stop()
            return self._finish()
        except SubtitleEditorError:
            raise
        except OSError as ex:
            raise self._disk_error(ex) from ex

    # The caller's thread

    def _prepare(self) -> None:
        """Take up what an earlier run left, or make an empty partial file."""
        blob = self._blob
        found = read_journal(journal_file(blob.target))
        have = self._part.stat().st_size if self._part.exists() else None
        if found and have is not None:
            identity, done = found
            if identity.serves(blob.size, blob.sha256, blob.etag) and all(end <= have for _, end in done):
                self._parts = PartMap(identity.size, done)
                self._best = self._parts.bytes_done
                self._open_journal()
                return
        if have:
            self._notice(f"The unfinished download of {blob.label} cannot be continued; starting over.")
        with contextlib.suppress(FileNotFoundError):
            journal_file(blob.target).unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        os.close(os.open(self._part, flags, 0o600))
        if blob.size is not None:
            self._open_journal()

    def _open_journal(self) -> None:
        with self._journal_lock:
            if self._journal:
                self._journal.close()
            identity = Identity(self._parts.size, self._blob.sha256, self._blob.etag)
            self._journal = Journal(journal_file(self._blob.target), identity, self._parts.done)

    def _follow(self) -> None:
        """Hash the finished beginning of the file as it grows, and tell how it goes, until all is there and hashed."""
        buffer = memoryview(bytearray(_MIB))
        generation = self._generation
        with open(self._part, "rb", buffering=0) as file:
            while True:
                with self._lock:
                    self._check()
                    if self._hashed >= self._parts.prefix and not self._parts.complete:
                        self._lock.wait(_GLANCE)
                        self._check()
                    if generation != self._generation:
                        generation = self._generation
                        self._sha256, self._hashed = hashlib.sha256(), 0
                        file.seek(0)
                    prefix, complete = self._parts.prefix, self._parts.complete
                    helpers = self._helpers_wanted()
                for _ in range(helpers):
                    self._add_connection()
                self._tell()
                if self._hashed < prefix:
                    self._hash(file, buffer, min(prefix, self._hashed + _HASH_STEP))
                elif complete:
                    return

    def _check(self) -> None:
        """Raise what ended the transfer. The user's wish comes before an error that it may have caused."""
        self._outer.check()
        if self._error:
            raise self._error

    def _hash(self, file: io.FileIO, buffer: memoryview, until: int) -> None:
        while self._hashed < until:
            self._outer.check()
            count = file.readinto(buffer[: min(len(buffer), until - self._hashed)])
            if not count:
                raise StartOver("the unfinished file became shorter")
            self._sha256.update(buffer[:count])
            self._hashed += count

    def _helpers_wanted(self) -> int:
        """How many connections to add: none until the server is known to understand ranges."""
        if not self._ranges:
            return 0
        missing = self._parts.size - self._parts.bytes_done
        useful = -(-missing // _LEAST_PART)
        return max(0, min(self._settings.connections, useful) - len(self._threads))

    def _add_connection(self) -> None:
        name = f"{self._blob.label} #{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _tell(self) -> None:
        """Report, if the state changed or it is time."""
        now = self._clock()
        with self._lock:
            status = self._status(now)
        last, state = self._told
        if status.state is not state or now - last >= _REPORT_EVERY:
            self._told = (now, status.state)
            self._report(status)

    def _status(self, now: float) -> TransferStatus:
        wait = self._retries.wait_left
        if self._parts.complete:
            state = State.VERIFYING
        elif wait > 0 and not self._receiving:
            state = State.RETRYING
        elif now - self._last_byte >= min(_STALLED_AFTER, self._settings.stall_seconds / 2):
            state = State.STALLED
        else:
            state = State.DOWNLOADING
        return TransferStatus(
            state=state,
            bytes_done=self._parts.bytes_done,
            bytes_total=None if self._parts.size == UNKNOWN_SIZE else self._parts.size,
            attempt=self._retries.attempt,
            retry_in=wait if state is State.RETRYING else None,
            connections=self._receiving,
        )

    def _stop(self) -> None:
        """End the threads, which wakes them wherever they are, and close the journal behind them."""
        complete = self._parts.complete and not self._error
        if not complete:
            self._control.cancel()
        with self._lock:
            self._lock.notify_all()
        deadline = self._clock() + (10 * _FAREWELL if complete else _FAREWELL)
        for thread in self._threads:
            thread.join(max(0.0, deadline - self._clock()))
        self._control.cancel()
        if self._journal_lock.acquire(timeout=_FAREWELL):
            try:
                if self._journal:
                    self._journal.close()
            finally:
                self._journal_lock.release()

    def _finish(self) -> str:
        """Compare the hash and give the file its name."""
        digest = self._sha256.hexdigest()
        if self._blob.sha256 is not None and digest != self._blob.sha256:
            raise StartOver("the bytes that arrived are not the published ones")
        with open(self._part, "r+b", buffering=0) as file:
            file.truncate(self._parts.size)
        self._part.chmod(ordinary_mode(self._part.parent))
        self._outer.check()
        os.replace(self._part, self._blob.target)
        with contextlib.suppress(OSError):
            journal_file(self._blob.target).unlink()
        return digest

    def _disk_error(self, ex: OSError) -> SubtitleEditorError:
        folder = self._part.parent
        if ex.errno in _FULL:
            with contextlib.suppress(OSError):
                missing = self._parts.size - self._parts.bytes_done
                return NoSpaceError(folder, missing, shutil.disk_usage(folder).free)
        return FolderNotWritableError(folder, (ex.strerror or str(ex)).lower())

    # The connections' threads

    def _work(self) -> None:
        """Top of a connection's thread: part after part until nothing is left. What goes wrong ends the transfer."""
        try:
            with (
                contextlib.closing(Line(self._control, self._settings.stall_seconds)) as line,
                open(self._part, "r+b", buffering=0) as file,
            ):
                while (span := self._next_span()) is not None:
                    self._fetch(line, file, span)
        except JobCancelled:
            pass
        except BaseException as ex:  # Nobody else would ever see it.
            with self._lock:
                self._error = self._error or ex
                self._lock.notify_all()

    def _next_span(self) -> Span | None:
        """The next part that is this thread's to fetch; waits while others may still leave some. None at the end."""
        with self._lock:
            while not self._parts.complete:
                self._control.check()
                if self._ranges:
                    span = self._parts.claim(self._length()) or self._parts.steal(_LEAST_STEAL)
                else:
                    span = None if self._parts.claims else self._parts.claim(self._length())
                if span:
                    return span
                self._lock.wait(1.0)
        return None

    def _length(self) -> int:
        """How long the next part is to be. Small files are shared out too."""
        if self._ranges is False:
            return self._parts.size
        share = -(-self._parts.size // (2 * self._settings.connections))
        return min(self._part_length, max(share, _LEAST_PART))

    def _fetch(self, line: Line, file: io.FileIO, span: Span) -> None:
        """Fetch one part, or fail at it in a way that the next may mend."""
        epoch = self._wait_for_turn()
        began = self._clock()
        try:
            first = span.position
            answer = line.get(self._request, self._route, span.position, span.end)
            try:
                self._accept(span, answer)
                asked = self._clock()
                self._receive(file, span, answer)
            finally:
                answer.close()
            self._learn(span.position - first, asked - began, self._clock() - asked)
        except TransientError as ex:
            self._failed(epoch, ex)
        finally:
            with self._lock:
                self._parts.release(span)
                self._lock.notify_all()

    def _wait_for_turn(self) -> int:
        """Wait until requests may be made; the answer is the epoch that this one belongs to."""
        while True:
            with self._lock:
                left = self._retries.wait_left
                if left <= 0:
                    self._control.check()
                    return self._retries.epoch
            self._control.sleep(left)

    def _accept(self, span: Span, answer: Answer) -> None:
        """Compare an answer's headers with what we know, and learn from the first. Raises StartOver."""
        with self._lock:
            unknown = self._parts.size == UNKNOWN_SIZE
            if answer.size is not None:
                if not unknown and answer.size != self._parts.size:
                    raise StartOver(f"the server has {answer.size} bytes where {self._parts.size} were announced")
                self._parts.settle(answer.size)
            if answer.etag and self._etag and answer.etag != self._etag and self._blob.sha256 is None:
                raise StartOver("the file changed on the server")
            self._etag = self._etag or answer.etag
            if answer.ranged:
                if answer.start != span.position and answer.size != 0:
                    raise TransientError(answer.host, "it sent another part than the one asked for")
                if answer.size is None and unknown:
                    raise HubAnswerError(answer.host, 206, f"{self._blob.label}, without its size")
                self._ranges = True
            else:
                self._accept_whole(span)
            if self._journal is None and self._parts.size != UNKNOWN_SIZE:
                self._open_journal()
            self._lock.notify_all()

    def _accept_whole(self, span: Span) -> None:
        """The server ignores ranges and sends the file from its beginning: what we have is of no use."""
        if self._ranges:
            raise StartOver("the server no longer sends parts")
        if self._parts.bytes_done:
            log.info("%s: the server cannot resume, starting over", self._blob.label)
            self._parts.clear()
            self._generation += 1
            if self._journal:
                self._open_journal()
        self._ranges = False
        span.position, span.end = 0, self._parts.size

    def _receive(self, file: io.FileIO, span: Span, answer: Answer) -> None:
        """Write the body of an answer into the partial file, and into the journal what was written."""
        file.seek(span.position)
        recorded = span.position
        with self._lock:
            self._receiving += 1
            self._last_byte = self._clock()
        try:
            while (room := min(_CHUNK, span.remaining, recorded + _MIB - span.position)) > 0:
                data = self._read(answer, room)
                if not data:
                    self._end_of_body(span, answer)
                    break
                _write(file, data)
                self._arrived(span, len(data))
                if span.position - recorded >= _RECORD:
                    self._record(recorded, span.position)
                    recorded = span.position
        finally:
            with self._lock:
                self._receiving -= 1
            self._record(recorded, span.position)

    def _read(self, answer: Answer, room: int) -> bytes:
        throttle = self._settings.throttle
        if throttle is None:
            return answer.read(room)
        granted, data = throttle.take(room, self._control), b""
        try:
            data = answer.read(granted)
        finally:
            throttle.give_back(granted - len(data))
        return data

    def _end_of_body(self, span: Span, answer: Answer) -> None:
        """The body ended before the part did: the file's end if nobody knows its size, else a broken connection."""
        with self._lock:
            if self._parts.size == UNKNOWN_SIZE:
                self._parts.settle(span.position)
                return
        raise TransientError(answer.host, "the connection ended early")

    def _arrived(self, span: Span, count: int) -> None:
        with self._lock:
            self.bytes_fetched += count
            self._last_byte = self._clock()
            self._parts.advance(span, count)
            if self._parts.bytes_done > self._best:
                self._best = self._parts.bytes_done
                self._retries.progress()
            if self._parts.prefix - self._hashed >= _HASH_STEP or self._parts.complete:
                self._lock.notify_all()

    def _record(self, start: int, end: int) -> None:
        with self._journal_lock:
            if self._journal:
                self._journal.add(start, end)

    def _learn(self, count: int, asking: float, receiving: float) -> None:
        """Ask for longer parts where the asking takes a noticeable share of the time: on a distant server."""
        with self._lock:
            if asking > 0.05 * (asking + receiving) and count >= self._part_length:
                self._part_length = min(2 * self._part_length, _LARGEST_PART)

    def _failed(self, epoch: int, ex: TransientError) -> None:
        """Count a failure. Raises the error that the user sees when there have been too many."""
        with self._lock:
            again = self._retries.failed(epoch, ex.retry_after)
            attempt, wait = self._retries.attempt, self._retries.wait_left
            self._lock.notify_all()
        if again:
            log.info("%s: %s; try %d in %.1f s", self._blob.label, ex, attempt, wait)
            return
        if ex.status == 429:
            raise RateLimitedError(ex.host, ex.retry_after)
        if ex.status is not None:
            raise HubAnswerError(ex.host, ex.status, self._blob.label)
        raise HubUnreachableError(ex.host, ex.reason)


def _write(file: io.FileIO, data: bytes) -> None:
    """All of `data`: the system may take less at once, as it does when the disk is almost full."""
    written = file.write(data)
    while written < len(data):
        written += file.write(memoryview(data)[written:])
