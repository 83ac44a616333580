# SPDX-License-Identifier: GPL-3.0-or-later
"""Spruce STL, what DVD Studio Pro, DVD Maestro and Encore take and write: `00:00:01:00 , 00:00:03:12 , text` a line.

Lines that begin with `$` set looks and places for all that follows; `^I`, `^B` and `^U` switch inside of a text, `|` is
a new line.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ...cues import new_cue
from ...markup import BELOW, BOLD, ITALIC, UNDERLINE, Placing, Span
from ..document import Cue, Document
from ..lines import lines_of
from ..times import counts_frames, guessed_rate, seconds_of
from .base import Findings, Format, Source, is_too_long
from .lines import gathered, share, with_more
from .settling import Row, as_row, settled
from .tags import TextBuilder, tidied_text

BEFORE = "spruce.before"
"""Of a cue's `extra`: the settings and remarks above it, as they came."""
AFTER = "spruce.after"
"""Of a document's `extra`: those below the last."""

_CLOCK = (
    r"(?P<{0}sign>(?!))?(?P<{0}h>\d{{1,2}}):(?P<{0}m>\d{{1,2}}):(?P<{0}s>\d{{1,2}})"
    r"(?P<{0}mark>[:;.])(?P<{0}f>\d{{1,2}})"
)
_LINE = re.compile(rf"\s*{_CLOCK.format('a')}\s*,\s*{_CLOCK.format('b')}\s*,[ \t]?(?P<text>.*)$")
_SPACED = re.compile(rf"\s*{_CLOCK.format('a')}\s+,\s*{_CLOCK.format('b')}\s*,")
_SETTING = re.compile(r"\s*\$(\w+)\s*=(.*)$")
_REMARK = re.compile(r"\s*//.*")
_SIGN = re.compile(
    r"\A(?:\s*(?://|\$\w+[ \t]*=|(?:\d{1,2}[:;.]){3}\d{1,2}[ \t]*,[ \t]*(?:\d{1,2}[:;.]){3}\d{1,2}[ \t]*,)[^\n]*\n)*"
    r"\s*\$(?:FontName|FontSize|Bold|Italic|Underlined|TapeOffset|HorzAlign|VertAlign|XOffset|YOffset|ColorIndex\d|"
    r"FadeIn|FadeOut|TextContrast|Outline\w*|ForceDisplay|Contrast\d)[ \t]*=",
    re.IGNORECASE,
)
"""A setting, with nothing above it but what this format has: inside of a text it may be a line of a program."""
_CODE = re.compile(r"\^([IBUibu])|\|")
_SWITCHES = {"i": ITALIC, "b": BOLD, "u": UNDERLINE}
_HELD = {"italic": "i", "bold": "b", "underlined": "u", "underline": "u"}
_ROWS = {"bottom": 0, "center": 1, "top": 2}
_COLUMNS = {"left": 0, "center": 1, "right": 2}


def looks(head: str) -> bool:
    """Whether lines have two times with commas behind them as only this format has."""
    return share(head, _SPACED) >= 0.5


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    rate = _rate(source.text, source.options.fps, findings)
    state = _State()
    rows: list[Row | Cue] = []
    for number, match, more in gathered(source.text, _begins, findings):
        if match.re is _LINE:
            raw = with_more(match["text"], number, more, findings)
            rows.append(_row(number, match, raw, rate, state, findings))
            continue
        state.take(match)
        for below, line in enumerate(lines_of(more), number + 1):
            findings.stray(below, line.strip())
    extra = {AFTER: "\n".join(state.waiting)} if state.waiting else {}
    return Document(tuple(settled(rows, findings)), fps=rate, extra=extra, findings=findings.done())


def _begins(line: str) -> re.Match[str] | None:
    return _LINE.match(line) or _SETTING.match(line) or _REMARK.match(line)


class _State:
    """What holds for the texts that follow."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        """Lines that stand above the next text."""
        self.looks: set[str] = set()
        self._row, self._column = 0, 1

    def take(self, match: re.Match[str]) -> None:
        """What a line that is no text says."""
        self.waiting.append(match[0].strip("\ufeff \t"))
        if match.re is not _SETTING:
            return
        name, value = match[1].lower(), match[2].strip().lower()
        if letter := _HELD.get(name):
            (self.looks.add if value == "true" else self.looks.discard)(letter)
        elif name == "vertalign":
            self._row = _ROWS.get(value, self._row)
        elif name == "horzalign":
            self._column = _COLUMNS.get(value, self._column)

    @property
    def placing(self) -> Placing:
        align = self._row * 3 + self._column + 1
        return BELOW if align == BELOW.align else Placing(align)


def _rate(text: str, said: Fraction | None, findings: Findings) -> Fraction | None:
    most, drops = -1, False
    for line in lines_of(text):
        if match := _LINE.match(line):
            most = max(most, *(int(match[f"{side}f"]) for side in "ab" if counts_frames(match, side)), -1)
            drops = drops or match["amark"] == ";"
    if most < 0 or said is not None:
        return said if most >= 0 else None
    rate = guessed_rate(most, drops)
    findings.rate_taken(rate)
    return rate


def _row(
    number: int, match: re.Match[str], raw: str, rate: Fraction | None, state: _State, findings: Findings
) -> Row | Cue:
    text, spans = _text(raw, state.looks, findings, number)
    extra = {BEFORE: "\n".join(state.waiting)} if state.waiting and text else {}
    if text:
        state.waiting.clear()
    start, end = seconds_of(match, "a", rate), seconds_of(match, "b", rate)
    cue = new_cue(start, end, text, spans, state.placing, extra=extra, line=number)
    return as_row(start, end, cue, match[0].strip())


def _text(raw: str, held: set[str], findings: Findings, line: int) -> tuple[str, tuple[Span, ...]]:
    if is_too_long(raw, "^"):
        findings.too_long(line)
        return tidied_text(raw)
    builder = TextBuilder()
    for letter in sorted(held):
        builder.open(letter, (_SWITCHES[letter], ""))
    end = 0
    for match in _CODE.finditer(raw):
        builder.text(raw[end : match.start()])
        end = match.end()
        letter = (match[1] or "").lower()
        if not letter:
            builder.text("\n")
        elif not builder.close(letter):
            builder.open(letter, (_SWITCHES[letter], ""))
    builder.text(raw[end:])
    return builder.done()


FORMAT = Format(
    id="spruce",
    label="Spruce STL",
    suffixes=(".stl",),
    sign=_SIGN,
    looks=looks,
    read=read,
)
