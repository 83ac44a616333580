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
from ..lines import blocks_of, lines_of
from ..times import clock_pattern, plain_signs, seconds_of
from . import subrip_text
from .base import Findings, Format, Source
from .lines import gathered
from .settling import FALLBACK_DURATION, Following, Row, as_row, settled

HEAD = "subviewer.head"
"""Of a document's `extra`: the lines in brackets above the subtitles, and what belongs to them, as they came."""

_LONGEST = 100
_TWO_TIMES = re.compile(rf"{clock_pattern('a')}\s*,\s*{clock_pattern('b')}")
_ONE_TIME = re.compile(r"\[\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?\s*\]")
_BREAKS = ("|", "[br]", "[BR]", "[Br]", "[bR]")
"""Not a pattern: replacing that makes an object of each piece of a text of breaks."""
_STYLE = re.compile(r"\[(?:COLF|STYLE|SIZE|FONT)\].*", re.IGNORECASE)
_END = re.compile(r"\[END(?: SUBTITLE)?\]|\*+\s*END SCRIPT\s*\*+", re.IGNORECASE)


def read(source: Source) -> Document:
    """Version 2. Never raises."""
    findings = Findings()
    head, at, first = _parted(source.text, _two_times)
    rows: list[Row | Cue] = []
    for number, times, body in gathered(source.text, _two_times, findings, at, first):
        start, end = seconds_of(times, "a"), seconds_of(times, "b")
        body = _without_style(body, number + 1, findings)
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
        body = _without_style(body, number + 1, findings)
        cue = _cue(start, start, body, number, findings)
        if cue.text:
            cues.append(cue)
        elif body.strip():
            findings.markup(number, body.strip())
    following = Following(starts)
    for cue in cues:
        end = following.after(cue.start)
        set_times(cue, cue.start, cue.start + FALLBACK_DURATION if end is None else end)
    return Document(tuple(settled(cues, findings)), extra={HEAD: head} if head else {}, findings=findings.done())


def _cue(start: float, end: float, body: str, number: int, findings: Findings) -> Cue:
    for mark in _BREAKS:
        body = body.replace(mark, "\n")
    text, spans, placing, speaker = subrip_text.read_text(body, findings, number)
    return new_cue(start, end, text, spans, placing, speaker=speaker, line=number)


def _one_time(line: str) -> re.Match[str] | None:
    return _ONE_TIME.fullmatch(plain_signs(line).strip("\ufeff \t")) if len(line) < _LONGEST else None


def _parted(text: str, begins: Callable[[str], object]) -> tuple[str, int, int]:
    """The head, where it is one, and the character and the number of the line that the rest begins with."""
    start, count, is_head = 0, 0, False
    for line in lines_of(text):
        if begins(line):
            break
        is_head = is_head or line.lstrip("\ufeff \t").startswith(("[", "*"))
        start += len(line) + 1
        count += 1
    if start > len(text) or not is_head:
        return "", 0, 1
    return text[:start].strip("\ufeff \n"), start, count + 1


def _without_style(body: str, first: int, findings: Findings) -> str:
    """The text below the times, whose first line has this number, without changes of the style and the mark that ends
    the file: both are noted."""
    if "[" not in body and "*" not in body:
        return body
    kept: list[str] = []
    for block in blocks_of(body):
        lines = block.split("\n")
        said = [line for number, line in enumerate(lines, first) if not _is_noted(line.strip(), number, findings)]
        first += len(lines)
        if said:
            kept.append("\n".join(said))
    return "\n".join(kept)


def _is_noted(line: str, number: int, findings: Findings) -> bool:
    """Whether a line is no text but a change of the style, or the mark that ends the file."""
    if _STYLE.fullmatch(line):
        findings.markup(number, line)
    elif _END.fullmatch(line):
        findings.add(Kind.HIDDEN, Text("the file says that it ends here."), number, line)
    else:
        return False
    return True


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
