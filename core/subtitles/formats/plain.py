# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain text: a transcript with a time before each text, or a text without any times.

Without times each paragraph (each line, where no line is empty) is shown one after the other for as long as it takes to
read: something to begin with, and said to be that.
"""

from __future__ import annotations

import itertools
import re

from ...cues import text_length
from ...text import Text
from ..document import Cue, Document, Kind
from ..times import ARROW, plain_signs
from .base import Findings, Format, Source, WriteOptions
from .lines import share
from .settling import FALLBACK_DURATION, Row, settled
from .tags import tidied_text

READING = 15.0
"""Characters a second that a text without times is shown for."""
_SHORTEST, _LONGEST = 1.5, 7.0

_TIME = r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?"
_STAMP = re.compile(
    rf"\s*[\[(]?\s*{_TIME}\s*[\])]?(?:\s*(?:{ARROW}|-|to)\s*[\[(]?\s*{_TIME}\s*[\])]?)?\s*[-:\u2013|]?(?:\s+(.*)|)$"
)
_SHARE = 0.3


def looks(head: str) -> bool:
    """Whether enough lines begin with a time, and the first is one of them."""
    first = next((line for line in head.split("\n") if line.strip()), "")
    return _STAMP.match(plain_signs(first)) is not None and share(head, _STAMP) >= _SHARE


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    lines = source.text.split("\n")
    if any(_STAMP.match(plain_signs(line)) for line in lines):
        rows = _timed(lines, findings)
    else:
        rows = _untimed(source.text)
        if rows:
            message = Text("the text has no times; each paragraph was given the time that it takes to read.")
            findings.add(Kind.TIME, message, 1)
    return Document(tuple(settled(rows, findings)), findings=findings.done())


def _timed(lines: list[str], findings: Findings) -> list[Row]:
    found: list[tuple[int, float, float | None, list[str]]] = []
    for number, line in enumerate(lines, 1):
        match = _STAMP.match(plain_signs(line))
        if match is not None:
            rest = line[len(line) - len(match[9]) :] if match[9] and line.endswith(match[9]) else match[9] or ""
            end = _seconds(match, 5) if match[6] is not None else None
            found.append((number, _seconds(match, 1), end, [rest]))
        elif found:
            found[-1][3].append(line)
        else:
            findings.stray(number, line.strip("\ufeff \t"))
    rows = []
    following = dict(itertools.pairwise(sorted({start for _, start, _, _ in found})))
    for number, start, end, body in found:
        text, _ = tidied_text("\n".join(body))
        if text.strip():
            guessed = following.get(start, start + FALLBACK_DURATION)
            rows.append(Row(start, end if end is not None else guessed, Cue(0.0, 0.0, text, line=number)))
    return rows


def _seconds(match: re.Match[str], first: int) -> float:
    hours, minutes, seconds, part = match.group(first, first + 1, first + 2, first + 3)
    return float(f"{(int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)}.{part or 0}")


def _untimed(text: str) -> list[Row]:
    has_paragraphs = re.search(r"\S[ \t]*\n[ \t]*\n+[ \t]*\S", text) is not None
    rows = []
    start = 0.0
    line = 1
    for block in re.split(r"\n[ \t]*\n" if has_paragraphs else r"\n", text):
        tidy, _ = tidied_text(block)
        if tidy.strip():  # A separator of lines alone is no text.
            length = min(max(round(text_length(tidy) / READING, 3), _SHORTEST), _LONGEST)
            rows.append(Row(start, start + length, Cue(0.0, 0.0, tidy, line=line)))
            start = round(start + length, 3)
        line += block.count("\n") + (2 if has_paragraphs else 1)
    return rows


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """The texts only; an empty line parts them where one of them has several lines."""
    between = "\n\n" if any("\n" in cue.text for cue in document.cues) else "\n"
    return between.join(cue.text for cue in document.cues) + "\n"


TRANSCRIPT = Format(
    id="transcript",
    label="Transcript",
    suffixes=(".txt",),
    looks=looks,
    read=read,
)
TEXT = Format(
    id="txt",
    label="Plain text without times",
    suffixes=(".txt",),
    write=write,
    exact=False,
    keeps=frozenset(),
)
