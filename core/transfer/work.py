# SPDX-License-Identifier: GPL-3.0-or-later
"""The threads of one transfer: connections that fill the partial file, and the caller's thread that hashes it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from ..addresses import host_of
from ..errors.base import JobCancelled, SubtitleEditorError
from ..errors.hub import AccessDeniedError, HubAnswerError
from ..events import State
from ..system.control import Control
from ..system.files import disk_error
from ..text import Text
from . import watchful
from .blob import Blob, StartOver, TransferReport, TransferSettings, TransferStatus, WrongBytes
from .failures import RefusedError, TransientError, WrongAnswerError
from .file import PartFile
from .hash import BLOCK, PrefixHash
from .http import Answer, Line, Request, Route
from .intake import BLOCKS, UNWRITTEN, Intake
from .pace import SMALLEST_PART, Pace
from .partial import give_name, part_file
from .parts import UNKNOWN_SIZE, PartMap, Span
from .receiving import Receiver
from .retries import Retries

log = logging.getLogger(__name__)

_PATIENCE = 0.25
"""Seconds that a connection without work waits before it takes over half of another's part: what the other has asked
for beyond that half comes for nothing. Where a part takes less, it is done before."""

_GLANCE = 0.05
"""Seconds between two looks of the hashing thread at what came."""

_REPORT_EVERY = 0.1
_LOOK_EVERY = 0.02
"""Seconds; a change of state is told this soon."""

_STALLED_AFTER = 3.0
"""Seconds without a byte until the status says so. The connection gets its `stall_seconds` before it is given up."""

_DOUBTS = 2
"""Answers in a row that are other parts than those asked for, before the whole file is asked for."""

_CHANGED_FOR_GOOD = 3
"""Answers in a row with another ETag, before we believe that the file is another one."""

_FAREWELL = 0.05
"""Seconds that a cancelled transfer waits for its threads from when they know it, which then are past their system call
or stuck in the disk. What such a thread still writes belongs there; what it does not write down is fetched again."""


class Transfer:
    """One go at one blob. `run` once. The lock of all shared state is the condition of its own child control."""

    def __init__(
        self,
        blob: Blob,
        control: Control,
        settings: TransferSettings,
        report: TransferReport,
        notice: Callable[[str], None],
    ) -> None:
        self._blob = blob
        self._outer = control
        self._control = control.child()
        self._lock = self._control.condition
        self._settings = settings
        self._report = report
        self._notice = notice
        self._clock = settings.clock
        self._part = part_file(blob.target)
        self._request = Request(blob.url, blob.headers, blob.label, blob.explain)
        self._route = Route()
        self._retries = Retries(settings.retry, settings.clock, settings.jitter)
        self._intake = Intake(blob, self._control, settings.connections, self._seats, self._retries.progress)
        self._receiver = Receiver(self._intake, self._control, settings.throttle, settings.clock)
        self._pace = Pace(settings.connections, BLOCKS * BLOCK, encrypted=blob.url.startswith("https:"))
        """What all connections fetch at one time fits into memory, where the hash then finds it."""
        self._ranges: bool | None = None
        """Whether the server knows ranges; None until the first answer, which one connection alone asks for."""
        self._whole = False
        """Ask for the whole file: the parts that came were not those asked for."""
        self._doubts = 0
        """Answers in a row that were other parts than those asked for."""
        self._etag: str | None = None
        self._live = 0
        """Connections that were added and not retired since."""
        self._most = settings.connections
        """Connections that the server takes at a time, as far as it has shown."""
        self._trouble = ""
        """What the last try failed with: a sentence."""
        self._error: BaseException | None = None
        self._connections: list[threading.Thread] = []
        self._files: list[PartFile] = []
        """What the connections' threads have open."""
        self._looked = -1e9
        self._told: tuple[float, State | None] = (-1e9, None)

    @property
    def _parts(self) -> PartMap:
        return self._intake.parts

    @property
    def bytes_fetched(self) -> int:
        """Bytes that came over the network and were written."""
        return self._intake.bytes_fetched

    def run(self) -> str:
        """Fetch, verify and name the file; the answer is its hash. Raises as `fetch` does, and StartOver."""
        try:
            self._prepare()
            try:
                if not self._parts.complete:
                    self._begin()
                self._follow()
            finally:
                self._stop()
            return self._finish()
        except SubtitleEditorError:
            raise
        except OSError as ex:
            raise disk_error(self._part.parent, ex, self._parts.size - self._parts.bytes_done) from ex

    # The caller's thread

    def _prepare(self) -> None:
        """Take up what an earlier run left, or begin with nothing."""
        self._intake.take_up(self._notice)
        self._taken_up = self._parts.done
        self._blocks = self._intake.blocks
        self._hash = PrefixHash(self._blocks, self._lock, self._blob.hasher)

    def _begin(self) -> None:
        """Start the threads: the first connection and what goes along with it."""
        self._intake.begin(self._fail)
        self._live = 1
        self._add_connection()

    def _follow(self) -> None:
        """Hash the finished beginning of the file as it grows, and tell how it goes, until all is there and hashed."""
        with PartFile(self._part) as file:
            while True:
                with self._lock:
                    self._check()
                    if self._blocks.hashed >= self._parts.prefix and not self._parts.complete:
                        self._intake.hash_sleeps = True
                        self._lock.wait(_GLANCE)
                        self._intake.hash_sleeps = False
                        self._check()
                    prefix, complete = self._parts.prefix, self._parts.complete
                    hashed = self._blocks.hashed
                    helpers = self._helpers_wanted()
                    self._live += helpers
                for _ in range(helpers):
                    self._add_connection()
                self._tell(at_last=complete and hashed == prefix)
                if hashed < prefix:
                    if not self._hash.step(file, prefix):
                        raise StartOver(Text("the unfinished file became shorter"))
                elif complete:
                    return

    def _check(self) -> None:
        """Raise what ended the transfer. The user's wish comes before an error that it may have caused."""
        self._outer.check()
        if self._error:
            raise self._error

    def _helpers_wanted(self) -> int:
        """How many connections to add: none until the server is known to understand ranges."""
        if not self._ranges:
            return 0
        missing = self._parts.size - self._parts.bytes_done
        useful = -(-missing // SMALLEST_PART)
        wanted = self._pace.connections(self._clock(), self._receiver.received)
        return max(0, min(wanted, useful, self._most - self._intake.excess()) - self._live)

    def _add_connection(self) -> None:
        """Start a connection that is counted in `_live` already."""
        name = f"{self._blob.label} #{len(self._connections) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        thread.start()  # Or not, when the system has no thread left: then it is none to wait for.
        self._connections.append(thread)

    def _tell(self, at_last: bool) -> None:
        """TransferReport, if the state changed or it is time; at last in any case."""
        now = self._clock()
        if now - self._looked < _LOOK_EVERY and not at_last:
            return
        self._looked = now
        with self._lock:
            status = self._status(now)
        last, state = self._told
        if status.state is not state or now - last >= _REPORT_EVERY or at_last:
            self._told = (now, status.state)
            self._report(status)

    def _status(self, now: float) -> TransferStatus:
        wait = self._retries.wait_left
        if self._parts.complete:
            state = State.VERIFYING
        elif wait > 0 and not self._receiver.active:
            state = State.RETRYING
        elif now - self._receiver.last_byte >= min(_STALLED_AFTER, self._settings.stall_seconds / 2):
            state = State.STALLED
        else:
            state = State.DOWNLOADING
        return TransferStatus(
            state=state,
            bytes_done=self._parts.bytes_done + sum(span.ahead for span in self._parts.claims),
            bytes_total=None if self._parts.size == UNKNOWN_SIZE else self._parts.size,
            # While it waits for the next try, the one that has failed.
            attempt=self._retries.attempt - (state is State.RETRYING),
            retry_in=wait if state is State.RETRYING else None,
            reason=self._reason(state),
            connections=self._receiver.active,
        )

    def _reason(self, state: State) -> str:
        """Why nothing comes, as a sentence; empty while something does."""
        if state is State.STALLED:
            return Text("Nothing comes from {host}.", host=host_of(self._route.address or self._blob.url))
        return self._trouble if state is State.RETRYING else ""

    def _stop(self) -> None:
        """End the threads, which wakes them wherever they are, and close the journal behind them."""
        if self._parts.complete and not self._error and not self._control.cancelled:
            with self._lock:
                self._lock.notify_all()
            self._join(self._until(10 * _FAREWELL))  # They have nothing left to do.
        self._control.cancel()
        self._intake.end()
        left = self._until(watchful.unaware_for() + _FAREWELL)
        self._join(left)
        self._intake.join(left)
        self._intake.close(left)
        for file in self._files:  # Of a thread that nothing could wake: on Windows it would keep others from the file.
            file.close(left())

    def _until(self, seconds: float) -> Callable[[], float]:
        """What is left of so many seconds from now on, whenever it is asked."""
        deadline = self._clock() + seconds
        return lambda: max(0.0, deadline - self._clock())

    def _join(self, left: Callable[[], float]) -> None:
        for thread in self._connections:
            thread.join(left())

    def _finish(self) -> str:
        """Compare the hash and give the file its name."""
        digest = self._hash.hexdigest
        if self._blob.digest is not None and digest != self._blob.digest:
            old = [] if self._taken_up == self._parts.done else self._taken_up
            raise WrongBytes(old, host_of(self._route.address or self._blob.url))
        self._intake.let_go(self._outer)
        give_name(self._blob, self._parts.size, self._outer)
        return digest

    # The connections' threads

    def _work(self) -> None:
        """Top of a connection's thread: part after part until nothing is left. What goes wrong ends the transfer."""
        try:
            with (
                contextlib.closing(Line(self._control, self._settings.stall_seconds)) as line,
                PartFile(self._part) as file,
            ):
                self._files.append(file)
                while (span := self._next_span()) is not None:
                    self._fetch(line, file, span)
        except JobCancelled:
            pass
        except BaseException as ex:  # Nobody else would ever see it.
            self._fail(ex)

    def _fail(self, error: BaseException) -> None:
        """End the transfer with `error`, if it is the first. Called on any of its threads."""
        with self._lock:
            self._error = self._error or error
            self._lock.notify_all()

    def _next_span(self) -> Span | None:
        """The next part that is this thread's to fetch; waits while others may still leave some. None at the end, and
        when there are more connections than such a server needs."""
        with self._lock:
            if self._pace.too_many(self._live) or self._live > self._most:
                self._live -= 1
                return None
            patient_until = self._clock() + _PATIENCE
            while not self._parts.complete:
                self._control.check()
                if self._ranges:
                    span = self._parts.claim(self._length())
                    if not span and self._clock() >= patient_until:
                        span = self._parts.steal(UNWRITTEN)
                else:
                    span = None if self._parts.claims else self._parts.claim(self._length())
                if span:
                    return span
                self._intake.workless += 1
                self._lock.wait(_PATIENCE)
                self._intake.workless -= 1
        return None

    def _length(self) -> int:
        """How long the next part is to be. Small files are shared out too."""
        if self._ranges is False:
            return self._parts.size
        share = -(-self._parts.size // (2 * self._settings.connections))
        return min(self._pace.part_length, max(share, SMALLEST_PART))

    def _fetch(self, line: Line, file: PartFile, span: Span) -> None:
        """Fetch one part, or fail at it in a way that the next may mend."""
        epoch = self._wait_for_turn()
        began = self._clock()
        try:
            first = span.position
            size = None if self._parts.size == UNKNOWN_SIZE else self._parts.size
            answer = line.get(self._request, self._route, first, None if self._whole else span.end, size)
            try:
                asked, before = self._clock(), self._receiver.received
                self._accept(span, answer, asked - began)
                if not answer.extent.ranged:
                    with self._lock:
                        self._parts.release(span)
                    self._receiver.whole(file, answer)
                    return
                self._receiver.part(file, span, answer)
            finally:
                answer.close()
            with self._lock:
                self._doubts = 0
                got, receiving = span.position - first, self._clock() - asked
                self._pace.learn(got, asked - began, receiving, self._receiver.received - before, self._live)
        except TransientError as ex:
            self._failed(epoch, ex)
        except AccessDeniedError as ex:
            self._refused(epoch, ex)
        finally:
            with self._lock:
                self._parts.release(span)
                if self._intake.workless:
                    self._lock.notify_all()

    def _refused(self, epoch: int, ex: AccessDeniedError) -> None:
        """Who has given us bytes and refuses one of several connections may only want fewer of them: some servers say
        403 to that. Raises the error where there is none to spare, or when fewer have not helped."""
        with self._lock:
            if not self._receiver.received or (self._live == 1 and self._most == self._settings.connections):
                raise ex
            self._most = max(1, min(self._most, self._live - 1, self._receiver.active))
        self._failed(epoch, RefusedError(ex))

    def _wait_for_turn(self) -> int:
        """Wait until requests may be made; the answer is the epoch that this one belongs to."""
        while True:
            with self._lock:
                left = self._retries.wait_left
                if left <= 0:
                    self._control.check()
                    return self._retries.epoch
            self._control.sleep(left)

    def _accept(self, span: Span, answer: Answer, asking: float) -> None:
        """Compare an answer's headers with what we know, and learn from the first. It came after `asking` seconds.

        Raises TransientError and StartOver.
        """
        extent = answer.extent
        with self._lock:
            self._pace.begin(asking, self._clock())
            self._check_etag(answer)
            if extent.size is not None:
                self._parts.settle(extent.size)
            if self._ranges is None:
                self._lock.notify_all()
            self._ranges = extent.ranged
            if extent.ranged:
                if self._parts.size == UNKNOWN_SIZE:
                    raise HubAnswerError(answer.host, 206, Text("{file}, without its size", file=self._blob.label))
                span.end = max(span.position, min(span.end, extent.end or 0))
            if self._parts.size != UNKNOWN_SIZE:
                self._intake.size_is_known()

    def _check_etag(self, answer: Answer) -> None:
        """Where no hash will tell, bytes of two ETags are never mixed. One answer may be a stray one."""
        if self._blob.digest is None and answer.etag and self._etag and answer.etag != self._etag:
            reason = Text("the file changed on the server")
            if self._retries.failures + 1 >= _CHANGED_FOR_GOOD:
                raise StartOver(reason)
            raise TransientError(answer.host, reason)
        self._etag = self._etag or answer.etag

    def _seats(self) -> int:
        """How many blocks may wait for the writer without a copy, so that these and one for each connection are not
        more than `UNWRITTEN` for each connection that the settings allow. Called with the lock held.

        None where the server does not know ranges: there a failure starts the file over, and nothing of before may be
        written after that.
        """
        return max(0, self._settings.connections * UNWRITTEN // BLOCK - self._live) if self._ranges else 0

    def _failed(self, epoch: int, ex: TransientError) -> None:
        """Count a failure. Raises the error that the user sees when there have been too many."""
        with self._lock:
            if epoch == self._retries.epoch:
                self._doubt(ex)
            again = self._retries.failed(epoch, ex.retry_after, ex.tries)
            attempt, wait = self._retries.attempt, self._retries.wait_left
            self._trouble = ex.for_good(self._blob.label).message
            self._lock.notify_all()
        if again:
            log.info("%s: %s; try %d in %.1f s", self._blob.label, ex, attempt, wait)
            return
        raise ex.for_good(self._blob.label)

    def _doubt(self, ex: TransientError) -> None:
        """Ask who gets parts wrong for the whole file, and who does not manage that for parts again, in turns."""
        if self._whole:
            self._whole, self._ranges = False, None
        elif isinstance(ex, WrongAnswerError) and ex.whole_may_help:
            self._doubts += 1
            if self._doubts >= _DOUBTS:
                self._whole, self._ranges = True, False
