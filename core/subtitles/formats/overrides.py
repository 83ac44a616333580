# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's override tags (`{\\i1\\pos(10,20)}`), which SubRip files use as well, to spans and back."""

from __future__ import annotations

import re

from ...markup import BOLD, COLOR, FONT, ITALIC, SIZE, STRIKE, UNDERLINE, Span
from .colors import from_substation, to_substation
from .substation_versions import SSA_ALIGN
from .tags import TextBuilder

KARAOKE = "ass.karaoke"
"""A point: how long the syllable after it is sung."""
TAG = "ass.tag"
"""A point: any other tag, such as a transform."""
COMMENT = "ass.comment"
"""A point: words between braces, which no viewer sees."""
DRAWING = "ass.drawing"
"""A point: the lines of a drawing; before them `\\p2` and a space where its scale is that, not 1."""

_TAG = re.compile(r"\\([^\\(]*(?:\([^)]*\)?)?[^\\]*)")
_KARAOKE = re.compile(r"(?:kf|ko|kt|k|K)-?\d")
_SWITCH = re.compile(r"([ibus])(\d{0,4})\s*")
_COLOR = re.compile(r"1?c(?:[&H]*([0-9A-Fa-f]{1,8})&?|)\s*")
"""In base 16 also without its `&H`, as players read it."""
_POSITION = re.compile(r"pos\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)\s*")
_SWITCHES = {"i": ITALIC, "b": BOLD, "u": UNDERLINE, "s": STRIKE}
_BOLD = 600
_LETTERS = {kind: letter for letter, kind in _SWITCHES.items()}


class Overrides:
    """Applies blocks of override tags to a text that is being built."""

    def __init__(self, builder: TextBuilder, resolution: tuple[float, float] | None = None) -> None:
        """`resolution`: the picture that positions are measured in; without one they stay as they came."""
        self._builder = builder
        self._resolution = resolution
        self.align: int | None = None
        self.position: tuple[float, float] | None = None
        """From 0.0 to 1.0, as in `Placing`."""
        self.drawing = ""
        """The scale of the drawing whose lines follow; empty: what follows is text."""
        self._is_other_style = False

    def apply(self, block: str) -> None:
        """Take in what stands between two braces."""
        first = block.find("\\")
        if first != 0 and (comment := block if first < 0 else block[:first]):
            self._builder.point(COMMENT, comment)
        for match in _TAG.finditer(block, max(0, first)) if first >= 0 else ():
            self._tag(match[1])

    def text(self, piece: str) -> None:
        """What stands outside of braces."""
        if self.drawing:
            if piece.strip():
                self._builder.point(DRAWING, piece if self.drawing == "1" else f"\\p{self.drawing} {piece}")
        else:
            self._builder.text(piece)

    def _tag(self, tag: str) -> None:
        if _KARAOKE.match(tag):
            self._builder.point(KARAOKE, f"\\{tag}")
        elif match := _SWITCH.fullmatch(tag):
            self._switch(tag, match[1], match[2])
        elif match := _COLOR.fullmatch(tag):
            self._value("c", tag, COLOR, from_substation(f"&H{match[1]}") if match[1] else "")
        elif tag.startswith("fn"):
            self._value("fn", tag, FONT, tag[2:].strip())
        elif re.fullmatch(r"fs[\d.]*\s*", tag):
            self._value("fs", tag, SIZE, tag[2:].strip())
        elif tag[:1] == "r" and not tag.startswith("rnd"):
            self._reset(tag)
        else:
            self._place(tag)

    def _reset(self, tag: str) -> None:
        """Back to the line's style, or to the look of another one."""
        self._builder.close_all()
        is_other = tag.strip() != "r"
        if is_other or self._is_other_style:
            self._builder.point(TAG, f"\\{tag}")
        self._is_other_style = is_other

    def _place(self, tag: str) -> None:
        if match := re.fullmatch(r"an([1-9])\s*", tag):
            # The first one counts, as in libass.
            self.align = self.align or int(match[1])
        elif (match := re.fullmatch(r"a(\d{1,2})\s*", tag)) and int(match[1]) in SSA_ALIGN:
            self.align = self.align or SSA_ALIGN[int(match[1])]
        elif self._resolution and self.position is None and (match := _POSITION.fullmatch(tag)):
            try:
                self.position = float(match[1]) / self._resolution[0], float(match[2]) / self._resolution[1]
            except (ValueError, ZeroDivisionError):
                self._builder.point(TAG, f"\\{tag}")
        elif match := re.fullmatch(r"p(\d+)\s*", tag):
            self.drawing = match[1].lstrip("0")
        else:
            self._builder.point(TAG, f"\\{tag}")

    def _switch(self, tag: str, letter: str, value: str) -> None:
        # Of bold also how heavy it is: 400 is as usual.
        is_on = value not in ("", "0") and not (letter == "b" and 1 < int(value) < _BOLD)
        if is_on and not self._builder.is_open(letter):
            self._builder.open(letter, (_SWITCHES[letter], ""))
        elif not is_on and not self._builder.close(letter):
            # Off where it was not on: against a style that has it.
            self._builder.point(TAG, f"\\{tag}")

    def _value(self, name: str, tag: str, kind: str, value: str | None) -> None:
        if value is None:
            self._builder.point(TAG, f"\\{tag}")
            return
        was_open = self._builder.close(name)
        if value:
            self._builder.open(name, (kind, value))
        elif not was_open:
            self._builder.point(TAG, f"\\{tag}")


def opening(span: Span) -> str:
    """The tag that turns a span on, in braces; of a point, what it is. Nothing for what SubStation cannot say."""
    if span.kind in (TAG, KARAOKE, COMMENT):
        return f"{{{span.value}}}"
    if span.kind == DRAWING:
        scale = re.match(r"\\p(\d+) ", span.value)
        lines = span.value[scale.end() :] if scale else span.value
        return f"{{\\p{scale[1] if scale else 1}}}{lines}{{\\p0}}"
    if span.kind in _LETTERS:
        return f"{{\\{_LETTERS[span.kind]}1}}"
    if span.kind == COLOR:
        return f"{{\\c{to_substation(span.value)}}}"
    if span.kind == FONT:
        return f"{{\\fn{span.value}}}"
    return f"{{\\fs{span.value}}}" if span.kind == SIZE else ""


def closing(span: Span) -> str:
    """The tag that turns a span off again."""
    if span.kind in _LETTERS:
        return f"{{\\{_LETTERS[span.kind]}0}}"
    return {COLOR: "{\\c}", FONT: "{\\fn}", SIZE: "{\\fs}"}.get(span.kind, "")
