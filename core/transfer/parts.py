# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bytes of a file are there, and who fetches which of the others.

Offsets and lengths are bytes. Plain bookkeeping without files or threads; transfer/journal.py writes it down.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

UNKNOWN_SIZE = 1 << 62
"""Stands for the size of a file until the server has told it."""


@dataclass(slots=True, eq=False)
class Span:
    """Bytes that one connection fetches. `position` is the next one to come; `end` may shrink when another helps."""

    position: int
    end: int
    ahead: int = 0
    """Bytes from `position` on that came and are not yet in the file."""
    kept: int = 0
    """Up to here nobody helps: so far its connection reads without asking for the `end` again."""

    spooled: bool = False
    """A copy of what came is where a kill leaves it."""

    @property
    def remaining(self) -> int:
        """Bytes still to come."""
        return self.end - self.position


class PartMap:
    """The bytes of one file: done, being fetched, or free. Not thread-safe: the caller holds a lock."""

    def __init__(self, size: int, done: Iterable[tuple[int, int]] = (), grain: int = 1) -> None:
        """`done` are half-open ranges in any order; what lies outside the file is left out.

        Where the work of one connection ends and that of another begins is a multiple of `grain`.
        """
        self.size = size
        self._grain = grain
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._claims: list[Span] = []
        for start, end in done:
            self._add(max(0, start), min(end, size))

    @property
    def done(self) -> list[tuple[int, int]]:
        """The finished ranges: half-open, ascending, apart from each other."""
        return list(zip(self._starts, self._ends, strict=True))

    @property
    def bytes_done(self) -> int:
        """How many bytes are there."""
        return sum(self._ends) - sum(self._starts)

    @property
    def prefix(self) -> int:
        """How many bytes are there from the beginning without a gap: those can be hashed."""
        return self._ends[0] if self._starts and self._starts[0] == 0 else 0

    @property
    def complete(self) -> bool:
        """Whether every byte is there."""
        return self.prefix == self.size

    @property
    def claims(self) -> tuple[Span, ...]:
        """What is being fetched now."""
        return tuple(self._claims)

    def claim(self, length: int, after: int = 0) -> Span | None:
        """The first free bytes of the file from `after` on, about `length`, are the caller's to fetch. None if none are
        free."""
        position = after
        for start, end in sorted([*self.done, *((span.position, span.end) for span in self._claims)]):
            if start > position:
                break
            position = max(position, end)
        else:
            start = self.size
        start = min(start, self.size)
        if position >= start:
            return None
        end = min(start, position + length)
        if end < start:
            end = max(end - end % self._grain, min(start, position + self._grain - position % self._grain))
        span = Span(position, end)
        self._claims.append(span)
        return span

    def steal(self, least: int) -> Span | None:
        """The second half of the largest span that is being fetched; None if its half would be under `least`.

        The one who fetches it finds its `end` moved. `least` must not be less than the grain.
        """
        victim = max(self._claims, key=lambda span: span.remaining, default=None)
        if victim is None or victim.remaining < 2 * least:
            return None
        middle = max(victim.end - victim.remaining // 2, victim.kept)
        middle += -middle % self._grain
        if victim.end - middle < least:
            return None
        span = Span(middle, victim.end)
        victim.end = middle
        self._claims.append(span)
        return span

    def advance(self, span: Span, length: int) -> None:
        """`length` bytes of `span` are there."""
        if not 0 <= length <= span.remaining:
            raise ValueError(f"{length} bytes do not fit into {span}")
        self._add(span.position, span.position + length)
        span.position += length

    def hand_over(self, span: Span) -> Span:
        """What of `span` came and is not in the file becomes a span of its own, to `advance` and `release`."""
        end = span.position + span.ahead
        ahead = Span(span.position, end, span.ahead, kept=end)
        if not 0 < span.ahead <= span.remaining:
            raise ValueError(f"nothing to hand over in {span}")
        span.position, span.ahead = end, 0
        self._claims.append(ahead)
        return ahead

    def release(self, span: Span) -> None:
        """The caller is done with `span`; what is missing of it is free again. May be called again."""
        with contextlib.suppress(ValueError):
            self._claims.remove(span)

    def settle(self, size: int) -> None:
        """The size has become known. Nothing may be there beyond it."""
        if self._ends and self._ends[-1] > size:
            raise ValueError(f"{self._ends[-1]} bytes of a file of {size}")
        self.size = size
        for span in self._claims:
            span.end = max(span.position, min(span.end, size))

    def clear(self) -> None:
        """Nothing is there any more. Who fetches something goes on from where it is, with nothing before it."""
        self._starts.clear()
        self._ends.clear()

    def _add(self, start: int, end: int) -> None:
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
