# SPDX-License-Identifier: GPL-3.0-or-later
"""How a TEXT strip shows a subtitle: low in the middle unless it says otherwise, and bold, italic, in a colour or in a
font where all of it is. What only some of its words have waits in the strip's property.

What a user has changed on the strip since is found by comparing it with what was put on it, and goes out again.
Everything here runs on the main thread.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ..core.markup import BELOW, BOLD, COLOR, FONT, ITALIC, Placing, Span, tidied
from . import compat, letters, spot
from .compat import Strip

if TYPE_CHECKING:
    from ..core.cues import Cue

WORN = "subtitle_editor_look"
"""A custom property: what of a strip's look was put on for its subtitle. Not there: nothing was."""

BASE = "subtitle_editor_style"
"""A custom property: what of a strip's look is its track's, not its own text's: bold, italic, a colour."""

WHITE = "#ffffff"

EDGE = 0.06
"""Share of the picture between its edge and the text."""
ACROSS = ("LEFT", "CENTER", "RIGHT")
DOWN = ("BOTTOM", "CENTER", "TOP")
_PLACE = ("align_x", "align_y", "anchor_x", "anchor_y", "alignment_x")
"""What says where a text stands, in the Blenders there are."""
_NO_LOOK = ("name", "text", "type", "channel", "select", "mute", "lock")
_FLAGS = {BOLD: "use_bold", ITALIC: "use_italic"}


class Look:
    """Readable as it comes: one twentieth of the picture high, a dark edge around the letters."""

    def __init__(self, scene: bpy.types.Scene, kept: str = "") -> None:
        """`kept`: what `packed` said of one that these are to look like instead."""
        from ..core.picture.style import DEFAULT

        self._film = letters.film_of(scene)
        self._size = max(8, round(DEFAULT.size * self._film))
        self._kept, self._base = _unpacked(kept)
        self._at = _pair(self._kept.pop("location", None)) or _spot(BELOW)[1]
        self._whole = spot.whole(scene)
        self._dress: list[tuple[str, Any]] | None = None
        """What each of them gets, and a new strip has otherwise."""
        self._line = DEFAULT.line_spacing * self._size / max(1, scene.render.resolution_y)

    def apply(self, strip: Strip, cue: Cue, above: int = 0, *, soon: bool = False) -> None:
        """Give it to a new TEXT strip, with what the subtitle says of its own look. `above`: lines of other subtitles
        that are below it while it is shown. `soon`: who calls settles its place (spot.py) when all of them are made."""
        if self._dress is None:
            wanted = letters.readable(strip, self._size) | compat.hanging(strip, *_spot(BELOW)[0])
            self._dress = [(name, value) for name, value in wanted.items() if getattr(strip, name) != value]
        for name, value in self._dress:
            setattr(strip, name, value)
        strip[letters.SIZED] = self._film
        x, y = self._at
        if cue.placing != BELOW:
            point, (x, y) = _spot(cue.placing)
            compat.hang(strip, *point)
        if self._kept:
            self._put_on(strip, cue)
        if above and cue.placing.y is None:
            y = self._lifted(y, cue.placing.align, above)
        if soon:
            spot.hang(strip, x, y)
        else:
            spot.put(strip, x, y, self._whole)
        if cue.spans:
            wear(strip, cue)

    def _put_on(self, strip: Strip, cue: Cue) -> None:
        for name, value in self._kept.items():
            if cue.placing != BELOW and name in _PLACE:
                continue
            # One of another Blender, or written by somebody else, is left out.
            with contextlib.suppress(AttributeError, TypeError, ValueError):
                setattr(strip, name, value)
        if self._base:
            strip[BASE] = " ".join(self._base)

    def _lifted(self, y: float, align: int, lines: int) -> float:
        """Above (of subtitles at the top, below) so many lines of others, as long as it stays in its third."""
        row = (align - 1) // 3
        higher = y + (-lines if row == 2 else lines) * self._line
        return higher if (0.0, 0.34, 0.68)[row] <= higher <= (0.3, 0.65, 1.0)[row] else y


def wear(strip: Strip, cue: Cue) -> None:
    """Put on the strip what all of the subtitle's text has."""
    whole = _whole(cue)
    noted = [kind for kind in _FLAGS if kind in whole]
    for kind in noted:
        setattr(strip, _FLAGS[kind], True)
    if COLOR in whole:
        strip.color = rgba(whole[COLOR])
        noted.append(whole[COLOR])
    if FONT in whole and (font := font_of(whole[FONT])) is not None:
        strip.font = font
    if noted:
        strip[WORN] = " ".join(noted)


def wear_again(strip: Strip, cue: Cue) -> None:
    """After an edit of the text: take off what no longer all of it has, and put on what all of it has now."""
    noted = _words(strip, WORN)
    if not noted and not cue.spans:
        return
    whole, base = _whole(cue), _words(strip, BASE)
    for kind, flag in _FLAGS.items():
        if kind in noted and kind not in whole:
            setattr(strip, flag, kind in base)
    if _color_in(noted) and COLOR not in whole:
        strip.color = rgba(_color_in(base) or WHITE)
    if WORN in strip:
        del strip[WORN]
    wear(strip, cue)


def copy_style(source: Strip, target: Strip, cue: Cue) -> None:
    """Give a subtitle the look of another one's strip: not where it is told to stand, nor what its own text has."""
    base = _base_of(source)
    if target != source:
        at = (compat.hangs(target), spot.of(target), target.mute, target.lock)
        compat.copy_look(source, target)
        letters.copy_film(source, target)
        target.mute, target.lock = at[2], at[3]
        if cue.placing != BELOW:
            compat.hang(target, *at[0])
            spot.put(target, *at[1])
        whole = _whole(cue)
        for kind, flag in _FLAGS.items():
            setattr(target, flag, kind in base or kind in whole)
        target.color = rgba(whole.get(COLOR) or _color_in(base) or WHITE, target.color[3])
        if WORN in target:
            del target[WORN]
        wear(target, cue)
    if base or BASE in target:
        target[BASE] = " ".join(base)


def packed(strip: Strip) -> str:
    """What a strip looks like, but for its own text's formatting, as a text for `Look`."""
    base = _base_of(strip)
    kept: dict[str, Any] = {}
    for name in compat.look_of(strip):
        value = getattr(strip, name)
        if isinstance(value, bpy.types.VectorFont):
            kept[name] = value.name
        elif isinstance(value, bool | int | float | str):
            kept[name] = value
        elif hasattr(value, "__len__"):
            kept[name] = [float(part) for part in value]
    kept["location"] = list(spot.of(strip))
    kept |= {flag: kind in base for kind, flag in _FLAGS.items()}
    kept["color"] = list(rgba(_color_in(base) or WHITE, strip.color[3]))
    return json.dumps({"look": kept, "base": base})


def _unpacked(kept: str) -> tuple[dict[str, Any], list[str]]:
    """What `packed` has said; nothing where somebody else has written it."""
    try:
        data = json.loads(kept) if kept else {}
        found, base = dict(data.get("look", {})), [str(word) for word in data.get("base", [])]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}, []
    known = compat.text_strip_type().bl_rna.properties
    found = {name: value for name, value in found.items() if name in known and name not in _NO_LOOK}
    if "font" in found:
        found["font"] = bpy.data.fonts.get(str(found["font"]))
    return found, base


def restyle(strip: Strip, cue: Cue, change: Callable[[Strip], None]) -> None:
    """Have a strip look as `change` makes it, and its own text's formatting be put on again."""
    if WORN in strip:
        del strip[WORN]
    change(strip)
    strip[BASE] = " ".join(_base_of(strip))
    wear(strip, cue)
    if cue.placing != BELOW:
        place(strip, cue.placing)


def _base_of(strip: Strip) -> list[str]:
    """What of a strip's look is none of its own text's formatting."""
    noted, before = _words(strip, WORN), _words(strip, BASE)
    base = [
        kind for kind, flag in _FLAGS.items() if (kind in before if kind in noted else getattr(strip, flag))
    ]  # fmt: skip
    shown = _hex(strip.color)
    if _color_in(noted) == shown:
        shown = _color_in(before) or WHITE
    return base if shown == WHITE else [*base, shown]


def _words(strip: Strip, name: str) -> list[str]:
    return str(strip.get(name, "")).split()


def _color_in(words: list[str]) -> str:
    return next((word for word in words if word.startswith("#")), "")


def worn(strip: Strip, cue: Cue) -> Cue:
    """The subtitle with what a user has changed of its strip's look: bold, italic, colour and place.

    What all of its track looks like (`copy_style`) says nothing about a text.
    """
    noted, base = _words(strip, WORN), _words(strip, BASE)
    spans = list(cue.spans)
    for kind, flag in _FLAGS.items():
        is_on = bool(getattr(strip, flag))
        if is_on != (kind in noted or kind in base) and _is_all_or_nothing(cue, kind):
            spans = [span for span in spans if span.kind != kind]
            if is_on:
                spans.append(Span(0, len(cue.text), kind))
    usual = _color_in(base) or WHITE
    shown = _hex(strip.color)
    if shown != (_color_in(noted) or usual) and _is_all_or_nothing(cue, COLOR):
        spans = [span for span in spans if span.kind != COLOR]
        if shown != usual:
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


def rgba(color: str, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """A colour as Blender has it: `#rrggbb` or `#rrggbbaa`, where the last part goes before `alpha`."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue, int(color[7:9], 16) / 255 if len(color) > 7 else alpha


def _hex(color: tuple[float, ...]) -> str:
    return "#" + "".join(f"{min(255, max(0, round(part * 255))):02x}" for part in list(color)[:3])


def font_of(name: str) -> bpy.types.VectorFont | None:
    """A font of this name, where the file has one loaded: a name is not enough to find it on the disk."""
    wanted = name.casefold().replace(" ", "")
    return next((font for font in bpy.data.fonts if font.name.casefold().replace(" ", "").startswith(wanted)), None)


# Place


def _spot(placing: Placing) -> tuple[tuple[str, str], tuple[float, float]]:
    """Which point of the text hangs, and where."""
    row, column = divmod(placing.align - 1, 3)
    x = (EDGE, 0.5, 1 - EDGE)[column] if placing.x is None else placing.x
    y = (EDGE, 0.5, 1 - EDGE)[row] if placing.y is None else 1 - placing.y
    return (ACROSS[column], DOWN[row]), (x, y)


def _pair(value: Any) -> tuple[float, float] | None:
    """Two numbers as JSON has them; None for what is none of that."""
    try:
        x, y = (float(part) for part in value)
    except (TypeError, ValueError, OverflowError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def place(strip: Strip, placing: Placing) -> None:
    """Put the text where the subtitle says."""
    point, location = _spot(placing)
    spot.put(strip, *location)
    compat.hang(strip, *point)


def _placing_of(strip: Strip, placing: Placing) -> Placing:
    """Where the strip's text is; as `placing` says, unless somebody has moved it to another third of the picture."""
    point, (x, y) = _spot(placing)
    if compat.hangs(strip) == point and spot.is_near(strip, x, y):
        return placing
    _, at_y = spot.of(strip)
    across, down = compat.hangs(strip)
    row = 2 if at_y > 2 / 3 else 1 if at_y > 1 / 3 or (at_y > 0.3 and down == "CENTER") else 0
    align = row * 3 + ACROSS.index(across) + 1
    return placing if align == placing.align else BELOW._replace(align=align, vertical=placing.vertical)
