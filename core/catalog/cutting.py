# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each entry of a catalogue file begins and ends, so that one can be cut out and the rest stays to the letter.

By lines, not by a library that writes TOML anew: comments and blank lines between two entries belong to the next one,
tables between entries stay where they are, and what is not the entry's is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*(?:model|\"model\"|'model')[ \t]*\]\]")
"""The line that begins an entry, as nearly everybody writes it."""

_INNER = re.compile(r"[ \t]*\[\[?[ \t]*(?:model|\"model\"|'model')[ \t]*\.")
"""The line that begins a table of the entry before it: `[[model.source]]`."""

_APART = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*",
    re.DOTALL,
)
"""What has brackets and signs that mean nothing: texts of all four kinds, and comments."""


def beginnings(text: str) -> list[int]:
    """The line, from 1, in which each entry begins."""
    lines = _lines(text)
    return [head + 1 for head in _heads(_lines(_bare(text))) if _HEADER.match(lines[head])]


def without(text: str, number: int, note: str) -> str | None:
    """The text without its entry of that number, from 0; None if it has none that begins with a line [[model]].

    With it goes the comment `note`, if that is the line before it. Other comments and blank lines before the next
    table stay. Takes time in proportion to the length of the text.
    """
    lines, bare = _lines(text), _lines(_bare(text))
    heads = list(_heads(bare))
    entries = [head for head in heads if _HEADER.match(lines[head])]
    if number >= len(entries):
        return None
    first = entries[number]
    following = entries[number + 1] if number + 1 < len(entries) else len(lines)
    gone: set[int] = set()
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        if head == first or (first < head < following and _INNER.match(lines[head])):
            last = end
            while last > head + 1 and not bare[last - 1].strip():
                last -= 1
            gone.update(range(head, last))
    if first and lines[first - 1].strip() == note:
        gone.add(first - 1)
    return "".join(line for place, line in enumerate(lines) if place not in gone)


def _lines(text: str) -> list[str]:
    """As TOML counts them: `splitlines` knows other ends as well, which may stand inside a text."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _bare(text: str) -> str:
    """The text with as many lines of the same length, comments blank, and texts without a meaning for TOML."""

    def plain(found: re.Match[str]) -> str:
        sign = " " if found[0].startswith("#") else "x"
        return "".join(char if char in "\r\n" else sign for char in found[0])

    return _APART.sub(plain, text)


def _heads(bare: list[str]) -> Iterator[int]:
    """The numbers of the lines that begin a table."""
    depth = 0
    for number, line in enumerate(bare):
        if depth == 0 and line.lstrip().startswith("["):
            yield number
        else:
            depth += sum(line.count(sign) for sign in "[{") - sum(line.count(sign) for sign in "]}")
