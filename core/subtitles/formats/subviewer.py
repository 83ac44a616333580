# SPDX-License-Identifier: GPL-3.0-or-later
"""SubViewer, both versions.

Version 2: a head in brackets, then `00:00:01.00,00:00:03.00` and a line of text with `[br]` between its lines.
Version 1: `[00:00:01]`, the text with `|` between its lines, and a time without text where it ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...cues import new_cue, set_times
from ...text import Text
from ..document import Cue, Document, Kind
from ..times import clock_pattern, plain_signs, seconds_of
from . import subrip_text
from .base import Findings, Format, Source
from .lines import gathered, lines_of
from .settling import FALLBACK_DURATION, Following, Row, as_row, settled

HEAD = "subviewer.head"
"""Of a document's `extra`: the lines in brackets above the subtitles, and what belongs to them, as they came."""

_LONGEST = 100
_TWO_TIMES = re.compile(rf"{clock_pattern('a')}\s*,\s*{clock_pattern('b')}")
_ONE_TIME = re.compile(r"\[\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?\s*\]")
_BREAK = re.compile(r"\[br\]|\|", re.IGNORECASE)
_STYLE = re.compile(r"\[(?:COLF|STYLE|SIZE|FONT)\].*", re.IGNORECASE)
_END = re.compile(r"\[END(?: SUBTITLE)?\]|\*+\s*END SCRIPT\s*\*+", re.IGNORECASE)


def read(source: Source) -> Document:
    """Version 2. Never raises."""
    findings = Findings()
    head, at, first = _parted(source.text, _two_times)
    rows: list[Row | Cue] = []
    for number, times, body in gathered(source.text, _two_times, findings, at, first):
        start, end = seconds_of(times, "a"), seconds_of(times, "b")
        rows.append(as_row(start, end, _cue(start, end, body, number, findings), times[0]))
    cues = tuple(settled(rows, findings))
    return Document(cues, extra={HEAD: head} if head else {}, findings=findings.done())


def _two_times(line: str) -> re.Match[str] | None:
    return _TWO_TIMES.fullmatch(plain_signs(line).strip("\ufeff \t")) if len(line) < _LONGEST else None


def read_first(source: Source) -> Document:
    """Version 1. Never raises."""
    findings = Findings()
    head, at, first = _parted(source.text, _one_time)
    cues: list[Cue] = []
    starts: list[float] = []
    for number, match, body in gathered(source.text, _one_time, findings, at, first):
        whole = (int(match[1] or 0) * 60 + int(match[2])) * 60 + int(match[3])
        start = float(f"{whole}.{match[4] or 0}")
        starts.append(start)
        cue = _cue(start, start, body, number, findings)
        if cue.text:
            cues.append(cue)
        elif any(line.strip() for line in body):
            findings.markup(number, "\n".join(body).strip())
    following = Following(starts)
    for cue in cues:
        end = following.after(cue.start)
        set_times(cue, cue.start, cue.start + FALLBACK_DURATION if end is None else end)
    return Document(tuple(settled(cues, findings)), extra={HEAD: head} if head else {}, findings=findings.done())


def _cue(start: float, end: float, body: list[str], number: int, findings: Findings) -> Cue:
    """The subtitle of these lines. They are one, without changes of the style, afterwards."""
    body[:] = _without_style(body, number, findings)
    body[:] = ["\n".join(body)]
    text, spans, placing, speaker = subrip_text.read_text(_BREAK.sub("\n", body[0]), findings, number)
    return new_cue(start, end, text, spans, placing, speaker=speaker, line=number)


def _one_time(line: str) -> re.Match[str] | None:
    return _ONE_TIME.fullmatch(plain_signs(line).strip("\ufeff \t")) if len(line) < _LONGEST else None


def _parted(text: str, begins: Callable[[str], object]) -> tuple[str, int, int]:
    """The head, where it is one, and the character and the number of the line that the rest begins with."""
    head: list[str] = []
    start = 0
    for line in lines_of(text):
        if begins(line):
            break
        head.append(line)
        start += len(line) + 1
    if start > len(text) or not any(line.lstrip("\ufeff \t").startswith(("[", "*")) for line in head):
        return "", 0, 1
    return "\n".join(head).strip("\ufeff \n"), start, len(head) + 1


def _without_style(body: list[str], number: int, findings: Findings) -> list[str]:
    """The lines of a text; a change of the style, and the mark that ends the file, are noted."""
    odd: set[int] = set()
    for index, line in enumerate(body):
        stripped = line.strip()
        if _STYLE.fullmatch(stripped):
            findings.markup(number + 1 + index, stripped)
        elif _END.fullmatch(stripped):
            findings.add(Kind.HIDDEN, Text("the file says that it ends here."), number + 1 + index, stripped)
        else:
            continue
        odd.add(index)
    return [line for index, line in enumerate(body) if index not in odd] if odd else body


FORMAT = Format(
    id="subviewer",
    label="SubViewer 2",
    suffixes=(".sub", ".txt"),
    sign=re.compile(
        r"^[^\S\n]*\[INFORMATION\]|^[ \t]*\d{1,2}:\d\d:\d\d\.\d{1,2}[ \t]*,[ \t]*\d{1,2}:\d\d:\d\d\.\d{1,2}[ \t]*$",
        re.MULTILINE | re.IGNORECASE,
    ),
    read=read,
)

FORMAT_1 = Format(
    id="subviewer1",
    label="SubViewer 1",
    suffixes=(".sub", ".txt"),
    sign=re.compile(r"^[ \t]*\[\d{1,3}:\d\d:\d\d(?:[.,]\d{1,3})?\][ \t]*$|^\*+[ \t]*START SCRIPT", re.MULTILINE),
    read=read_first,
)
