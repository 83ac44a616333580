# SPDX-License-Identifier: GPL-3.0-or-later
"""Paragraphs of TTML that hold nothing but text and line breaks, and say their times as a clock.

What such a paragraph looks like, where it stands and what is kept of it depends on its other attributes and on what it
is in. So the first of its kind is read with all rules, and those like it take over all but the times and the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...cues import new_cue
from ...markup import Span
from ..document import Cue
from ..times import minutes_of
from .settling import Row
from .tags import Empty, needs_tidying, tidied_text
from .xml_tokens import Token, unescaped

_PAIR = re.compile(r"([\w:.-]+)=\"([^\"]*)\"")
_CLOCK = re.compile(r"([0-9]{2,3}:[0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,9}))?")
_ALL_RULES = frozenset({"dur", "timeContainer", "xml:space"})
"""Attributes that change what the times or the spaces mean."""
_BREAK = re.compile(r"<[^<>]*>")
_UNEVEN = re.compile(r"[\t\n]| {2}|^ | $")
_SPACES = re.compile(r"[ \t\n]+")


class Said(NamedTuple):
    """What a plain paragraph says."""

    start: float
    end: float
    name: str
    text: str
    others: tuple[tuple[str, str], ...]
    """What it is called, and its attributes besides the times and its name."""


def plain_paragraph(token: Token) -> Said | None:
    """What a token of kind `paragraph` says; None where it takes all rules to know."""
    pairs = _PAIR.findall(token.unread)
    values = dict(pairs)
    if len(values) < len(pairs) or not _ALL_RULES.isdisjoint(values):
        return None
    name = values.pop("xml:id", "")
    start, end = _seconds(values.pop("begin", "")), _seconds(values.pop("end", ""))
    text = _text(token.text)
    if start is None or end is None or start >= end or not text:
        return None
    return Said(start, end, name, text, (("", token.name), *values.items()))


def _seconds(text: str) -> float | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    minutes, seconds, part = match.groups("")
    # One division of whole numbers is rounded once.
    steps: int = 10 ** len(part)
    return (minutes_of(minutes) * 60 * steps + int(seconds + part)) / steps


def _text(inside: str) -> str:
    if "&" not in inside and "\n" not in inside and "  " not in inside:
        usual = inside.replace("<br/>", "\n")
        if "<" not in usual and not needs_tidying(usual):
            return usual
    if "<" in inside:
        return tidied_text("\n".join(_piece(part) for part in _BREAK.split(inside)), (), Empty.INSIDE)[0]
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
    start, end, name, text, _ = said
    cue = new_cue(start, end, text, spans, model.placing, model.style, model.speaker, 0, name, model.extra, line)
    return Row(start, end, cue)
