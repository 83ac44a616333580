# SPDX-License-Identifier: GPL-3.0-or-later
"""What formats with one subtitle a line have in common: finding these lines, and what stands between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from ...text import Text
from ..document import Kind, quoted
from ..lines import blocks_of, lines_of
from .base import Findings

T = TypeVar("T")


def gathered(
    text: str, begins: Callable[[str], T | None], findings: Findings, start: int = 0, first: int = 1
) -> Iterator[tuple[int, T, str]]:
    """Each line that begins a subtitle: its number, what `begins` makes of it, and the text up to the next such line.

    What stands above the first is noted as text that belongs to no subtitle. `start`: the character to begin with, and
    `first` the number of its line.
    """
    last: T | None = None
    at = 0
    below = place = start
    for number, line in enumerate(lines_of(text, start), first):
        found = begins(line)
        after = place + len(line) + 1
        if found is not None:
            if last is not None:
                yield at, last, text[below : place - 1]
            at, last, below = number, found, after
        elif last is None:
            findings.stray(number, line.strip("\ufeff \t"))
        place = after
    if last is not None:
        yield at, last, text[below:]


def with_more(first: str, number: int, more: str, findings: Findings) -> str:
    """The text of a subtitle that should be one line, with the lines below it that begin no other: noted."""
    below = "\n".join(block for block in map(_without_blanks, blocks_of(more)) if block)
    if not below:
        return first
    message = Text('"{text}" has no time; it was added to the subtitle above it.', text=quoted(below))
    findings.add(Kind.BROKEN, message, number + 1)
    return f"{first}\n{below}"


def _without_blanks(block: str) -> str:
    return "\n".join(stripped for line in block.split("\n") if (stripped := line.strip()))


def share(head: str, pattern: re.Pattern[str]) -> float:
    """How many of the lines with something in them match, 0.0 to 1.0; for `Format.looks`."""
    lines = [line for line in head.split("\n")[:200] if line.strip()]
    return sum(1 for line in lines if pattern.match(line)) / len(lines) if lines else 0.0
