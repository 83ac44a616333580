# SPDX-License-Identifier: GPL-3.0-or-later
"""How a TEXT strip shows a subtitle: low in the middle unless it says otherwise, and bold, italic, in a colour or in a
font where all of it is. What only some of its words have waits in the strip's property.

What a user has changed on the strip since is found by comparing it with what was put on it, and goes out again.
Everything here runs on the main thread.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import bpy

from ..core.markup import BELOW, BOLD, COLOR, FONT, ITALIC, Placing, Span, tidied
from . import compat
from .compat import Strip

if TYPE_CHECKING:
    from ..core.cues import Cue

WORN = "subtitle_editor_look"
"""A custom property: what of a strip's look was put on for its subtitle. Not there: nothing was."""

EDGE = 0.06
"""Share of the picture between its edge and the text."""
_ACROSS = ("LEFT", "CENTER", "RIGHT")
_DOWN = ("BOTTOM", "CENTER", "TOP")
_FLAGS = {BOLD: "use_bold", ITALIC: "use_italic"}


class Look:
    """Readable as it comes: one twentieth of the picture high, a dark edge around the letters."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._size = max(8, round(scene.render.resolution_y / 20))

    def apply(self, strip: Strip, cue: Cue) -> None:
        """Give it to a new TEXT strip, with what the subtitle says of its own look."""
        strip.font_size = self._size
        strip.wrap_width = 0.9
        strip.use_shadow = True
        _place(strip, cue.placing)
        if cue.spans:
            wear(strip, cue)


def wear(strip: Strip, cue: Cue) -> None:
    """Put on the strip what all of the subtitle's text has."""
    whole = _whole(cue)
    noted = [kind for kind in _FLAGS if kind in whole]
    for kind in noted:
        setattr(strip, _FLAGS[kind], True)
    if COLOR in whole:
        strip.color = (*_rgb(whole[COLOR]), 1.0)
        noted.append(whole[COLOR])
    if FONT in whole and (font := _font(whole[FONT])) is not None:
        strip.font = font
    if noted:
        strip[WORN] = " ".join(noted)


def worn(strip: Strip, cue: Cue) -> Cue:
    """The subtitle with what a user has changed of its strip's look: bold, italic, colour and place."""
    noted = str(strip.get(WORN, "")).split()
    spans = list(cue.spans)
    for kind, flag in _FLAGS.items():
        is_on = bool(getattr(strip, flag))
        if is_on != (kind in noted) and _is_all_or_nothing(cue, kind):
            spans = [span for span in spans if span.kind != kind]
            if is_on:
                spans.append(Span(0, len(cue.text), kind))
    color = next((word for word in noted if word.startswith("#")), "")
    shown = _hex(strip.color)
    if shown != (color or "#ffffff") and _is_all_or_nothing(cue, COLOR):
        spans = [span for span in spans if span.kind != COLOR]
        if shown != "#ffffff":
            spans.append(Span(0, len(cue.text), COLOR, shown))
    placing = _placing_of(strip, cue.placing)
    if spans == list(cue.spans) and placing == cue.placing:
        return cue
    return dataclasses.replace(cue, spans=tidied(spans, len(cue.text)), placing=placing)


def _whole(cue: Cue) -> dict[str, str]:
    """Kinds of formatting that all of the text has, with their values."""
    return {span.kind: span.value for span in cue.spans if span.start == 0 and span.end == len(cue.text) > 0}


def _is_all_or_nothing(cue: Cue, kind: str) -> bool:
    """Whether the strip can say what the subtitle has of this kind: for all of its text or for none of it."""
    return kind in _whole(cue) or all(span.kind != kind for span in cue.spans)


def _rgb(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(color: tuple[float, ...]) -> str:
    return "#" + "".join(f"{min(255, max(0, round(part * 255))):02x}" for part in list(color)[:3])


def _font(name: str) -> bpy.types.VectorFont | None:
    """A font of this name, where the file has one loaded: a name is not enough to find it on the disk."""
    wanted = name.casefold().replace(" ", "")
    return next((font for font in bpy.data.fonts if font.name.casefold().replace(" ", "").startswith(wanted)), None)


# Place


def _spot(placing: Placing) -> tuple[tuple[str, str], tuple[float, float]]:
    """Which point of the text hangs, and where."""
    row, column = divmod(placing.align - 1, 3)
    x = (EDGE, 0.5, 1 - EDGE)[column] if placing.x is None else placing.x
    y = (EDGE, 0.5, 1 - EDGE)[row] if placing.y is None else 1 - placing.y
    return (_ACROSS[column], _DOWN[row]), (x, y)


def _place(strip: Strip, placing: Placing) -> None:
    point, location = _spot(placing)
    strip.location = location
    compat.hang(strip, *point)


def _placing_of(strip: Strip, placing: Placing) -> Placing:
    """Where the strip's text is; as `placing` says, unless somebody has moved it to another third of the picture."""
    point, (x, y) = _spot(placing)
    at_x, at_y = strip.location
    if compat.hangs(strip) == point and abs(at_x - x) < 0.002 and abs(at_y - y) < 0.002:
        return placing
    across, down = compat.hangs(strip)
    row = 2 if at_y > 2 / 3 else 1 if at_y > 1 / 3 or (at_y > 0.3 and down == "CENTER") else 0
    align = row * 3 + _ACROSS.index(across) + 1
    return placing if align == placing.align else BELOW._replace(align=align, vertical=placing.vertical)
