# SPDX-License-Identifier: GPL-3.0-or-later
"""Paragraphs of TTML that hold nothing but text and line breaks, and say their times as a clock.

What such a paragraph looks like, where it stands and what is kept of it depends on its other attributes and on what it
is in. So the first of its kind is read with all rules, and those like it take over all but the times and the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...markup import Span
from ..document import Cue
from .settling import Row
from .tags import tidied_text
from .xml_tokens import Token, unescaped

_PAIR = re.compile(r"([\w:.-]+)=\"([^\"]*)\"")
_CLOCK = re.compile(r"(\d{2,3}):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?")
_BREAK = re.compile(r"<[^<>]*>")
_UNEVEN = re.compile(r"[\t\n]| {2}|^ | $")
_SPACES = re.compile(r"[ \t\n]+")


class Said(NamedTuple):
    """What a plain paragraph says."""

    start: float
    end: float
    times: str
    name: str
    text: str
    others: tuple[tuple[str, str], ...]
    """What it is called, and its attributes besides the times and its name."""


def plain_paragraph(token: Token) -> Said | None:
    """What a token of kind `paragraph` says; None where it takes all rules to know."""
    begin = end = name = ""
    others = [("", token.name)]
    pairs = _PAIR.findall(token.unread)
    for pair in pairs:
        match pair[0]:
            case "begin":
                begin += pair[1]
            case "end":
                end += pair[1]
            case "xml:id":
                name += pair[1]
            case "dur" | "timeContainer" | "xml:space":
                return None
            case _:
                others.append(pair)
    if len(others) + 1 + bool(name) != len(pairs):
        return None  # Something twice.
    start, stop = _seconds(begin), _seconds(end)
    text = _text(token.text)
    if start is None or stop is None or start >= stop or not text:
        return None
    return Said(start, stop, f'begin="{begin}" end="{end}"', name, text, tuple(others))


def _seconds(text: str) -> float | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds, part = match.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    if part is None:
        return float(whole)
    steps: int = 10 ** len(part)
    return (whole * steps + int(part)) / steps


def _text(inside: str) -> str:
    if "<" in inside:
        return tidied_text("\n".join(_piece(part) for part in _BREAK.split(inside)))[0]
    return tidied_text(_piece(inside))[0]


def _piece(part: str) -> str:
    if "&" in part:
        part = unescaped(part)
    return _SPACES.sub(" ", part).strip(" ") if _UNEVEN.search(part) else part


def model_of(row: Row, said: Said) -> Cue | None:
    """The cue to make others after; None where what was read is not what such a paragraph alone would say."""
    cue = row.cue
    whole = all(span.start == 0 and span.end == len(cue.text) for span in cue.spans)
    same = (row.start, row.end, cue.text, cue.name) == (said.start, said.end, said.text, said.name)
    return cue if whole and same and not cue.words else None


def row_like(model: Cue, said: Said, line: int) -> Row:
    """The row of another paragraph with the same attributes at the same place."""
    spans = tuple(Span(0, len(said.text), span.kind, span.value) for span in model.spans) if model.spans else ()
    cue = Cue(
        said.start, said.end, said.text, spans=spans, placing=model.placing, style=model.style, speaker=model.speaker,
        name=said.name, extra=model.extra, line=line,
    )  # fmt: skip
    return Row(said.start, said.end, cue, said.times)
