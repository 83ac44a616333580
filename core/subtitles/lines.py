# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a whole file, of which not all are there at a time: where they are short, an object for each would take
twenty to sixty times what the file does. Pure."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator
from typing import AnyStr

_AT_A_TIME = 8192
"""Characters, or bytes, at least that are cut out at a time."""
_MOST_LINES = 1000
"""That are objects, of those which are put together."""


def blocks_of(text: AnyStr, start: int = 0) -> Iterator[AnyStr]:
    """Some thousand characters or bytes of whole lines at a time, from one on, without the line break between two.

    >>> list(blocks_of("one\\ntwo\\n"))
    ['one\\ntwo\\n']
    """
    line_break: AnyStr = "\n" if isinstance(text, str) else b"\n"
    while (stop := text.find(line_break, start + _AT_A_TIME)) >= 0:
        yield text[start:stop]
        start = stop + 1
    yield text[start:]


def lines_of(text: str, start: int = 0) -> Iterator[str]:
    """The lines of a text from one character on, as `text[start:].split("\\n")` has them."""
    for block in blocks_of(text, start):
        yield from block.split("\n")


def bytes_of_lines(data: bytes) -> Iterator[bytes]:
    """The same of bytes."""
    for block in blocks_of(data):
        yield from block.split(b"\n")


class Together:
    """Lines that come one by one and are wanted as one text."""

    def __init__(self, between: str = "\n") -> None:
        self._between = between
        self._texts: list[str] = []
        self._lines: list[str] = []
        """What stands below these texts."""

    def __bool__(self) -> bool:
        return bool(self._lines or self._texts)

    def add(self, line: str) -> None:
        """One more, in time that does not grow."""
        self._lines.append(line)
        if len(self._lines) >= _MOST_LINES:
            self._texts.append(self._between.join(self._lines))
            self._lines.clear()

    def taken(self) -> str:
        """All of them, of which none is left."""
        text = self._between.join(self._texts + self._lines)
        self._texts.clear()
        self._lines.clear()
        return text


class Body(list[str]):
    """The lines of a text, in order, all but its first two and its last three put together where there are many."""

    _joined = 2

    def add(self, line: str) -> None:
        """One more, in time that does not grow."""
        self.append(line)
        if len(self) > self._joined + _MOST_LINES:
            self[self._joined : -3] = ["\n".join(self[self._joined : -3])]
            self._joined += 1


class Lines:
    """The lines of a text by their index, as `text.split("\\n")` has them, each made when it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = array("I", itertools.accumulate(map(len, lines_of(text)), initial=0))
        """The letters up to the end of each line, line breaks not counted, and 0 in front of them all."""

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        """The line of this index, counted from 0. Raises IndexError."""
        return self._text[self._ends[index] + index : self._ends[index + 1] + index]

    def part(self, start: int, stop: int) -> list[str]:
        """The lines from one index up to another."""
        return self.text(start, stop).split("\n") if start < stop else []

    def text(self, start: int, stop: int) -> str:
        """The same lines as they stand; there must be one at least."""
        return self._text[self._ends[start] + start : self._ends[stop] + stop - 1]
