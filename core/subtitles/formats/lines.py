# SPDX-License-Identifier: GPL-3.0-or-later
"""What formats with one subtitle a line have in common: finding these lines, and what stands between them."""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Callable, Iterator
from typing import TypeVar

from ...text import Text
from ..document import Kind, quoted
from .base import Findings

T = TypeVar("T")


_AT_A_TIME = 8192
"""Characters, at least, that are cut into lines at a time: all lines of a file that has only short ones would take
twenty times what the file does."""


def lines_of(text: str, start: int = 0) -> Iterator[str]:
    """The lines of a text from one character on, as `text[start:].split("\\n")` has them."""
    while (stop := text.find("\n", start + _AT_A_TIME)) >= 0:
        yield from text[start:stop].split("\n")
        start = stop + 1
    yield from text[start:].split("\n")


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
        if start >= stop:
            return []
        return self._text[self._ends[start] + start : self._ends[stop] + stop - 1].split("\n")


def gathered(
    text: str, begins: Callable[[str], T | None], findings: Findings, start: int = 0, first: int = 1
) -> Iterator[tuple[int, T, list[str]]]:
    """Each line that begins a subtitle: its number, what `begins` makes of it, and the lines up to the next such line.

    What stands above the first is noted as text that belongs to no subtitle. `start`: the character to begin with, and
    `first` the number of its line.
    """
    current: tuple[int, T, list[str]] | None = None
    for number, line in enumerate(lines_of(text, start), first):
        found = begins(line)
        if found is not None:
            if current is not None:
                yield current
            current = number, found, []
        elif current is not None:
            current[2].append(line)
        else:
            findings.stray(number, line.strip("\ufeff \t"))
    if current is not None:
        yield current


def with_more(first: str, number: int, more: list[str], findings: Findings) -> str:
    """The text of a subtitle that should be one line, with the lines below it that begin no other: noted.

    `more` is empty afterwards, so that these lines are not kept twice.
    """
    below = [line.strip() for line in more if line.strip()]
    more.clear()
    if not below:
        return first
    message = Text('"{text}" has no time; it was added to the subtitle above it.', text=quoted("\n".join(below)))
    findings.add(Kind.BROKEN, message, number + 1)
    return "\n".join([first, *below])


def share(head: str, pattern: re.Pattern[str]) -> float:
    """How many of the lines with something in them match, 0.0 to 1.0; for `Format.looks`."""
    lines = [line for line in head.split("\n")[:200] if line.strip()]
    return sum(1 for line in lines if pattern.match(line)) / len(lines) if lines else 0.0
