# SPDX-License-Identifier: GPL-3.0-or-later
"""Where TEXT strips stand in the picture: out of it, out of the safe area, on each other.

A text is measured with Blender's own monospaced font, which is what subtitles are drawn with; where a strip has another
one, nobody knows, and nothing is said of it. Boxes are in pixels of the film, from its lower left corner. Main thread.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import bpy

from ..core.right_to_left import reads_from_right
from . import compat, cue, spot
from .compat import Strip
from .track import Table, done

OUTSIDE, UNSAFE, COVERED, TURNED = "outside", "unsafe", "covered", "turned"
"""It leaves the picture, or only the safe area; another one lies on it; its end stands above its beginning, because
Blender breaks a line that it draws, as prepared, from right to left."""
SAFE = 0.05
"""Share of the picture at each side that the safe area leaves free (EBU R 95, graphics)."""
FONT = 1
"""Blender's number of its monospaced font."""
_LINE = 1.164
"""Of the size: how high a line of that font is (DejaVu Sans Mono, hhea)."""
OVER = 0.31
"""Of the size: half of a letter's width."""
_SLACK = 1.0
"""Pixels that are no fault."""


class Box(NamedTuple):
    """A rectangle."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > _SLACK and min(self.top, other.top) - max(self.bottom, other.bottom) > _SLACK

    def is_inside(self, other: Box) -> bool:
        """Whether no part of it lies elsewhere."""
        across = self.left >= other.left - _SLACK and self.right <= other.right + _SLACK
        return across and self.bottom >= other.bottom - _SLACK and self.top <= other.top + _SLACK

    def moved(self, x: float, y: float) -> Box:
        """Elsewhere."""
        return Box(self.left + x, self.bottom + y, self.right + x, self.top + y)


class Trouble(NamedTuple):
    """What is wrong with the place of a subtitle."""

    kind: str
    name: str
    """Its strip's."""
    left: int
    """The first frame at which it can be seen."""


def film(scene: bpy.types.Scene) -> Box:
    """The whole picture."""
    return Box(0.0, 0.0, float(scene.render.resolution_x), float(scene.render.resolution_y))


def safe(scene: bpy.types.Scene) -> Box:
    """The part of the picture that every screen shows."""
    _, _, width, height = film(scene)
    return Box(SAFE * width, SAFE * height, (1 - SAFE) * width, (1 - SAFE) * height)


def box_of(strip: Strip, whole: Box) -> Box | None:
    """Where the text of a strip is seen; None where that is not known: it has a font of its own, or no text."""
    if strip.type != "TEXT" or strip.font is not None or not strip.text.strip():
        return None
    import blf

    blf.size(FONT, strip.font_size)
    lines = _lines(strip.text, strip.wrap_width * whole.right)
    width = max(blf.dimensions(FONT, line)[0] for line in lines)
    tall = _LINE * strip.font_size * len(lines)
    across, down = compat.hangs(strip)
    x, y = spot.drawn_at(strip)
    left = x - width * {"LEFT": 0.0, "RIGHT": 1.0}.get(across, 0.5)
    bottom = y - tall * {"BOTTOM": 0.0, "TOP": 1.0}.get(down, 0.5)
    return Box(left, bottom, left + width, bottom + tall)


def _lines(text: str, wrap: float) -> list[str]:
    """As Blender breaks them: at the last space before a letter that begins beyond the width. A letter is as wide as
    it is alone, in the size that was set last. `wrap`: 0 means never."""
    import blf

    found: list[str] = []
    for paragraph in text.split("\n"):
        start = at = 0
        x, space = 0.0, -1
        while wrap and at < len(paragraph):
            space = at if paragraph[at] == " " else space
            if x > wrap and space >= 0:
                found.append(paragraph[start:space])
                start = at = space + 1
                x, space = 0.0, -1
                continue
            x += blf.dimensions(FONT, paragraph[at])[0]
            at += 1
        found.append(paragraph[start:])
    return found


def is_safe(strip: Strip, box: Box, area: Box) -> bool:
    """Whether it is inside the safe area, but for the letter that Blender lets reach over a line's width."""
    over = OVER * strip.font_size
    return box.is_inside(Box(area.left - over, area.bottom, area.right + over, area.top))


def turned_lines(strip: Strip, whole: Box) -> list[bool]:
    """Of each paragraph of a text whether it reads from the right and Blender breaks it."""
    import blf

    blf.size(FONT, strip.font_size)
    wrap = strip.wrap_width * whole.right
    broken = [len(_lines(line, wrap)) > 1 for line in strip.text.split("\n")]
    if not any(broken):
        return broken
    real = cue.real_text(strip).split("\n")
    return [here and reads_from_right(line) for here, line in zip(broken, real, strict=False)]


def is_turned(strip: Strip, whole: Box) -> bool:
    """Whether the end of a line of its text stands above its beginning."""
    return strip.font is None and any(turned_lines(strip, whole))


def shown(scene: bpy.types.Scene, frame: int) -> list[Strip]:
    """The subtitles that are seen at a frame, from below. A fraction of a millisecond for thousands of strips."""
    import numpy as np

    table = Table(scene)
    if not table.count:
        return []
    there = (table.left <= frame) & (frame < table.right) & (table.kind == compat.text_kind())
    found = [table.strips[int(index)] for index in np.flatnonzero(there)]
    return sorted(_seen(scene, found), key=lambda strip: strip.channel)


def _seen(scene: bpy.types.Scene, found: Iterable[Strip]) -> Iterator[Strip]:
    channels: Any = compat.shown(scene.sequence_editor).channels if scene.sequence_editor is not None else ()
    for strip in found:
        if cue.is_subtitle(strip) and not strip.mute and not channels[strip.channel].mute:
            yield strip


def troubles(scene: bpy.types.Scene, found: Sequence[Strip]) -> list[Trouble]:
    """What is wrong with some subtitles, in order of time. Of two that lie on each other the one below is covered."""
    return done(looking(scene, found))


def looking(scene: bpy.types.Scene, found: Sequence[Strip]) -> Generator[int, None, list[Trouble]]:
    """The same, a subtitle a step."""
    whole, area = film(scene), safe(scene)
    result: list[Trouble] = []
    open_ones: list[tuple[int, int, str, Box]] = []
    for number, strip in enumerate(in_time(found), 1):
        yield number
        box, left = box_of(strip, whole), compat.left(strip)
        if box is None:
            continue
        if not box.is_inside(whole):
            result.append(Trouble(OUTSIDE, strip.name, left))
        elif not is_safe(strip, box, area):
            result.append(Trouble(UNSAFE, strip.name, left))
        if is_turned(strip, whole):
            result.append(Trouble(TURNED, strip.name, left))
        open_ones = [one for one in open_ones if one[0] > left]
        for _, channel, name, other in open_ones:
            if box.overlaps(other):
                result.append(Trouble(COVERED, name if channel < strip.channel else strip.name, left))
        open_ones.append((compat.right(strip), strip.channel, strip.name, box))
    return result


def in_time(found: Iterable[Strip]) -> list[Strip]:
    """Who comes first, and of those that come together who is below."""
    return sorted(found, key=lambda strip: (compat.left(strip), strip.channel))


def all_of(scene: bpy.types.Scene) -> list[Strip]:
    """All subtitles that are seen, of those that the sequencer shows. Looks at all strips: not for drawing."""
    return [*_seen(scene, (strip for strip in compat.strips_shown(scene) if strip.type == "TEXT"))]
