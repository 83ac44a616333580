# SPDX-License-Identifier: GPL-3.0-or-later
"""YouTube's SBV: a line `0:00:01.000,0:00:03.000`, then the text up to the next such line.

There is no standard; YouTube writes neither numbers nor formatting. SubRip's tags are read as such, for people put them
there; `[br]`, SubViewer's sign for a new line, is in older files.
"""

from __future__ import annotations

import dataclasses
import re

from ...cues import new_cue
from ...markup import BELOW, SWITCHES
from ..document import Cue, Document
from ..times import clock, clock_pattern, plain_signs, seconds_of
from . import subrip_text
from .base import Findings, Format, Source, WriteOptions
from .lines import gathered
from .settling import Row, as_row, settled

_TIMES = re.compile(rf"{clock_pattern('a')}\s*,\s*{clock_pattern('b')}")
_LONGEST = 100
_SIGN = re.compile(r"^[ \t]*\d{1,3}:\d\d:\d\d\.\d{3}[ \t]*,[ \t]*\d{1,3}:\d\d:\d\d\.\d{3}[ \t]*$", re.MULTILINE)


def _times(line: str) -> re.Match[str] | None:
    if "," not in line and line.isascii():
        return None
    return _TIMES.fullmatch(plain_signs(line).strip("\ufeff \t")) if len(line) < _LONGEST else None


def read(source: Source) -> Document:
    """Never raises."""
    rows: list[Row | Cue] = []
    findings = Findings()
    for number, times, body in gathered(source.text, _times, findings):
        text, spans, placing, speaker = subrip_text.read_text(body, findings, number)
        start, end = seconds_of(times, "a"), seconds_of(times, "b")
        cue = new_cue(start, end, text, spans, placing, speaker=speaker, line=number)
        rows.append(as_row(start, end, cue, times[0]))
    return Document(tuple(settled(rows, findings)), findings=findings.done())


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """Never raises."""
    return "\n".join(f"{clock(cue.start, hours=1)},{clock(cue.end, hours=1)}\n{_text(cue)}\n" for cue in document.cues)


def _text(cue: Cue) -> str:
    spans = tuple(span for span in cue.spans if span.kind in SWITCHES)
    text = subrip_text.written(dataclasses.replace(cue, spans=spans, placing=BELOW), own=False)
    # A line of the text that is two times would begin a subtitle.
    return "\n".join(line.replace(",", ", and ", 1) if _times(line) else line for line in text.split("\n"))


FORMAT = Format(
    id="sbv",
    label="SBV (YouTube)",
    suffixes=(".sbv",),
    sign=_SIGN,
    read=read,
    write=write,
    keeps=frozenset(SWITCHES),
)
