# SPDX-License-Identifier: GPL-3.0-or-later
"""The letters of TEXT strips: how large they are, and their dark edge. Main thread.

They keep Blender's default font, one of equal widths. What a font of ours costs, and which letters then are boxes, was
measured in each Blender: docs/picture.md, "Why text strips keep Blender's font". `readable` is where that would change.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import bpy

from . import compat, spot
from .compat import Strip

SIZED = "subtitle_editor_film"
"""A custom property of a strip: the pixels that its size was a share of (`reference`)."""


def readable(strip: Strip, size: float) -> dict[str, Any]:
    """Letters of a size that can be read on any film: names of a TEXT strip's properties, and their values."""
    from ..core.picture.style import DEFAULT

    wanted: dict[str, Any] = {
        "font_size": size, "wrap_width": DEFAULT.max_width, "use_shadow": True,
        "use_outline": True, "outline_width": DEFAULT.outline, "outline_color": (0.0, 0.0, 0.0, 1.0),
        "shadow_blur": DEFAULT.shadow_blur, "shadow_offset": DEFAULT.shadow_y,
    }  # fmt: skip
    # Some of them came after Blender 4.2.
    return {name: value for name, value in wanted.items() if hasattr(strip, name)}


def copy_film(source: Strip, target: Strip) -> None:
    """After a look was copied: size and place are in pixels of the same film as the other one's."""
    for name in (SIZED, spot.PLACED):
        if name in source:
            target[name] = source[name]
        elif name in target:
            del target[name]


def film_of(scene: bpy.types.Scene) -> float:
    """Pixels of a scene's film that sizes are a share of."""
    from ..core.picture.style import reference

    return float(reference(scene.render.resolution_x, scene.render.resolution_y))


def is_off(strip: Strip, scene: bpy.types.Scene) -> bool:
    """Whether a subtitle's size or place is that of another film than the scene is now. Takes no time."""
    return strip.type == "TEXT" and (_is_resized(strip, film_of(scene)) or spot.is_off(strip))


def _is_resized(strip: Strip, film: float) -> bool:
    sized = strip.get(SIZED)
    return isinstance(sized, (int, float)) and abs(sized - film) > 0.5


class Fitted(NamedTuple):
    """What has come of it."""

    number: int
    """Subtitles that were changed."""
    locked: int
    """Those that are locked, and so were left alone."""


class Fitting:
    """Bring sizes and places of all subtitles, also inside of metas, to the film that the scene is now. What is locked
    stays."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene, editor = scene, scene.sequence_editor
        every = compat.with_locks(editor) if editor is not None else ()
        self._found = [(strip, is_locked) for strip, is_locked in every if is_off(strip, scene)]
        self._before: dict[str, tuple[float, Any, spot.Kept]] = {}
        """Size, its film and place of those that were changed, by name."""

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self._found)

    @property
    def changed(self) -> int:
        """How many have been changed so far."""
        return len(self._before)

    def steps(self) -> Generator[int, None, Fitted]:
        """Do it, a subtitle a step."""
        film = film_of(self._scene)
        for number, (strip, is_locked) in enumerate(self._found, 1):
            yield number
            if is_locked:
                continue
            self._before[strip.name] = strip.font_size, strip.get(SIZED), spot.kept(strip)
            if _is_resized(strip, film):
                strip.font_size = max(1.0, strip.font_size * film / max(1.0, float(strip[SIZED])))
                strip[SIZED] = film
            if spot.is_off(strip):
                spot.put(strip, *spot.of(strip))
        return Fitted(len(self._before), sum(is_locked for _, is_locked in self._found))

    def back(self) -> Generator[int, None, Fitted]:
        """Make all that was changed what it was before, a subtitle a step."""
        for strip in list(compat.every_strip(self._scene.sequence_editor)):
            if (before := self._before.get(strip.name)) is not None:
                strip.font_size, sized, place = before
                if sized is not None:
                    strip[SIZED] = sized
                spot.put_back(strip, place)
                yield 1
        self._before.clear()
        return Fitted(0, 0)
