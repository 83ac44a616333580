# SPDX-License-Identifier: GPL-3.0-or-later
"""A style (core/picture/style.py) on a TEXT strip, as far as Blender can draw it: letters, edge, shadow, box, place.

What it cannot draw (capital letters, stretched ones, one box a line, words in time) is left out. Main thread.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import bpy

from . import compat, look, spot
from .compat import Strip

if TYPE_CHECKING:
    from ..core.picture.style import Style


def apply(strip: Strip, style: Style, scene: bpy.types.Scene) -> None:
    """Have a strip look so. Its text, its times and its name stay."""
    width, height = scene.render.resolution_x, scene.render.resolution_y
    size = style.pixels(width, height)
    strip.font_size = max(1.0, size)
    strip.use_bold, strip.use_italic = style.bold, style.italic
    strip.color = look.rgba(style.color)
    if style.font and (font := look.font_of(style.font)) is not None:
        strip.font = font
    strip.wrap_width = style.max_width if style.wrap else 0.0
    row, column = divmod(style.align - 1, 3)
    x = (style.margin_x, 0.5, 1 - style.margin_x)[column]
    spot.put(strip, x, (style.margin_y, 0.5, 1 - style.margin_y)[row])
    compat.hang(strip, look.ACROSS[column], look.DOWN[row])
    shadow, box = look.rgba(style.shadow_color), look.rgba(style.box_color)
    offset = math.hypot(style.shadow_x, style.shadow_y)
    wanted: dict[str, Any] = {
        "use_outline": style.outline > 0, "outline_width": style.outline,
        "outline_color": look.rgba(style.outline_color),
        "use_shadow": shadow[3] > 0 and (offset > 0 or style.shadow_blur > 0), "shadow_color": shadow,
        "shadow_offset": offset, "shadow_blur": min(1.0, style.shadow_blur),
        "shadow_angle": math.atan2(style.shadow_y, style.shadow_x) % math.tau,
        "use_box": bool(style.box), "box_color": box, "box_margin": min(1.0, style.box_padding * size / max(1, width)),
        "box_roundness": min(1.0, style.box_round),
    }  # fmt: skip
    for name, value in wanted.items():
        # Some of them came after Blender 4.2.
        if hasattr(strip, name):
            setattr(strip, name, value)
