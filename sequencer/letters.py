# SPDX-License-Identifier: GPL-3.0-or-later
"""The letters of TEXT strips: how large they are, and their dark edge. Main thread.

They keep Blender's default font, one of equal widths, which looks in others for letters that it has not. A font of ours
was tried: strips with a packed font crash Blender 5.0.1 after undoing and redoing (within some dozen random sequences
of tests/blender/test_live.py), and with a WOFF2 font, as Blender brings, closing a file takes 6 ms a strip.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import compat
from .compat import Strip

SIZED = "subtitle_editor_film"
"""A custom property of a strip: the pixels that its size was a share of (`reference`)."""


def dress(strip: Strip, size: float, film: float) -> None:
    """Give a new TEXT strip letters that can be read on any film. `film`: the pixels that `size` is a share of."""
    from ..core.picture.style import DEFAULT

    strip.font_size = size
    strip.wrap_width = DEFAULT.max_width
    strip.use_shadow = True
    strip[SIZED] = float(film)
    wanted: dict[str, Any] = {
        "use_outline": True, "outline_width": DEFAULT.outline, "outline_color": (0.0, 0.0, 0.0, 1.0),
        "shadow_blur": DEFAULT.shadow_blur, "shadow_offset": DEFAULT.shadow_y,
    }  # fmt: skip
    for name, value in wanted.items():
        # Some of them came after Blender 4.2.
        if hasattr(strip, name):
            setattr(strip, name, value)


def film_of(scene: bpy.types.Scene) -> float:
    """Pixels of a scene's film that sizes are a share of."""
    from ..core.picture.style import reference

    return float(reference(scene.render.resolution_x, scene.render.resolution_y))


def is_off(strip: Strip, scene: bpy.types.Scene) -> bool:
    """Whether a subtitle's size is that of another film than the scene is now. Takes no time."""
    return strip.type == "TEXT" and SIZED in strip and abs(float(strip[SIZED]) - film_of(scene)) > 0.5


def fit(scene: bpy.types.Scene) -> int:
    """Bring the sizes of all subtitles to the film that the scene is now; how many had another one."""
    editor = scene.sequence_editor
    film = film_of(scene)
    count = 0
    for strip in compat.strips_of(editor) if editor is not None else ():
        if is_off(strip, scene):
            strip.font_size = max(1.0, strip.font_size * film / max(1.0, float(strip[SIZED])))
            strip[SIZED] = film
            count += 1
    return count
