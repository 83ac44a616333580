# SPDX-License-Identifier: GPL-3.0-or-later
"""From a connection into memory and the partial file: parts as asked for, and whole files that come instead of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from ..system.control import Control
from ..text import Text
from .failures import SilentError, TransientError
from .file import PartFile
from .hash import BLOCK, Block
from .http import Answer
from .intake import Intake
from .parts import UNKNOWN_SIZE, Span
from .throttle import Throttle

_WRITE_AFTER = 0.5
"""Seconds until a block that fills slowly is written all the same."""


class Receiver:
    """Reads bodies. Shared by the connections of a transfer; methods are called without the lock.

    What all of them raise: TransientError, OSError of the disk, JobCancelled.
    """

    def __init__(self, intake: Intake, control: Control, throttle: Throttle | None, clock: Callable[[], float]) -> None:
        self.active = 0
        """Connections over which bytes may come now."""
        self.received = 0
        """Bytes that came over all connections; counted without the lock, so perhaps some are missing."""
        self.last_byte = clock()
        """When something came, or was to come, last."""
        self._intake = intake
        self._control = control
        self._lock = control.condition
        self._throttle = throttle
        self._clock = clock

    def part(self, file: PartFile, span: Span, answer: Answer) -> None:
        """Bring the body of an answer into the partial file, block by block."""
        with self._counted():
            while span.remaining > 0:
                if not self._fill(file, self._intake.take_block(span.position), span, answer):
                    raise TransientError(answer.host, Text("the connection ended early"))

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """For as long as bytes may come over this connection."""
        with self._lock:
            self.active += 1
            self.last_byte = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self.active -= 1

    def _fill(self, file: PartFile, block: Block, span: Span, answer: Answer) -> bool:
        """Read until the block or the span is full, and have that written; False if the body ended before.

        What came is written also when the rest does not come, and in between if it is much or takes long.
        """
        room = self._intake.room(block, span)
        due = self._clock() + _WRITE_AFTER
        try:
            while room:
                count = self._read(answer, room)
                if not count:
                    return False
                room = room[count:]
                span.ahead += count
                self.received += count
                self.last_byte = now = self._clock()
                much = not room and span.kept < min(block.base + BLOCK, span.end)
                if much or now >= due:
                    self._intake.write(file, block, span)
                    due = now + _WRITE_AFTER
                if much:
                    room = self._intake.room(block, span)
        finally:
            if room or not self._intake.hand_over(block, span):
                self._intake.write(file, block, span)
                with self._lock:
                    block.busy = False
        return True

    def whole(self, file: PartFile, answer: Answer) -> None:
        """The server sends the file from its beginning: take what is missing, and pass over what is there or comes
        over another connection."""
        if answer.extent.end is None:
            self._unmeasured(file, answer)
            return
        position = 0
        while gap := self._gap(position):
            try:
                self._pass_over(answer, gap.position - position)
                self.part(file, gap, answer)
                position = gap.end
            finally:
                self._release(gap)

    def _gap(self, after: int) -> Span | None:
        """The first bytes from `after` on that are missing and that nobody fetches."""
        with self._lock:
            return self._intake.parts.claim(self._intake.parts.size, after)

    def _release(self, span: Span) -> None:
        with self._lock:
            self._intake.parts.release(span)

    def _pass_over(self, answer: Answer, count: int) -> None:
        """Read bytes that are of no use. Raises TransientError."""
        scratch = memoryview(bytearray(min(count, BLOCK)))
        with self._counted():
            while count:
                got = self._read(answer, scratch[:count])
                if not got:
                    raise TransientError(answer.host, Text("the connection ended early"))
                self.last_byte = self._clock()
                count -= got

    def _unmeasured(self, file: PartFile, answer: Answer) -> None:
        """Take the whole file from an answer that does not say how long it is. Only its end tells whether it was the
        file at all, so nothing of it counts before; and then it had better be the right end."""
        position, end, block, gaps = 0, 0, Block(), []
        try:
            while gap := self._gap(position):
                gaps.append(gap)
                end = gap.end
                self._pass_over(answer, gap.position - position)
                with self._counted():
                    position = self._fill_unmeasured(file, gap, block, answer)
                if position < end:
                    break
            self._compare_end(answer, position, end)
            for gap in gaps:
                self._intake.note(gap)
        finally:
            for gap in gaps:
                self._release(gap)

    def _fill_unmeasured(self, file: PartFile, gap: Span, block: Block, answer: Answer) -> int:
        """Write what comes of a gap. The answer is how far in the file the body came."""
        position = gap.position
        while position < gap.end:
            block.base = position - position % BLOCK
            room = block.view(position, min(gap.end, block.base + BLOCK))
            count = self._read(answer, room)
            if not count:
                break
            written = 0
            while written < count:
                written += file.write(position + written, room[written:count])
            position += count
            gap.ahead = position - gap.position
            self.received += count
            self.last_byte = self._clock()
        return position

    def _compare_end(self, answer: Answer, position: int, end: int) -> None:
        """Compare where a body that did not say its length has come, in the file, with where the last gap ends. Raises
        TransientError."""
        with self._lock:
            if self._intake.parts.size == UNKNOWN_SIZE:
                self._intake.parts.settle(position)
                self._intake.size_is_known()
                return
            size = self._intake.parts.size
        if position < end:
            reason = Text("it has {size} bytes where {announced} were announced", size=position, announced=size)
            raise TransientError(answer.host, reason)
        if position == size and self._goes_on(answer):
            raise TransientError(answer.host, Text("it has more than the {announced} bytes announced", announced=size))

    def _goes_on(self, answer: Answer) -> bool:
        """Whether more comes. Who falls silent after as many bytes as were announced has sent them all: a server that
        keeps the connection open says no other way where its body ends."""
        try:
            return self._read(answer, memoryview(bytearray(1))) > 0
        except SilentError:
            return False

    def _read(self, answer: Answer, buffer: memoryview) -> int:
        throttle = self._throttle
        if throttle is None:
            return answer.read_into(buffer)
        granted, count = throttle.take(len(buffer), self._control), 0
        try:
            count = answer.read_into(buffer[:granted])
        finally:
            throttle.give_back(granted - count)
        return count
