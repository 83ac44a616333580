# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in the picture a TEXT strip's text hangs, so that a click on the text in the preview selects the strip.

From Blender 5.0 the box that is clicked is as large as the text and lies where the strip's transform has it, without a
look at `location`: with both coordinates of that at 0.5 it lies over the text. So the place is in the transform there,
in whole pixels, which draws the same picture. Pixels are of one size of film: that is noted. Before 5.0 the box is as
large as the picture, and goes out of it with the transform: there the place is in `location`. Main thread.
"""

from __future__ import annotations

from typing import NamedTuple

import bpy

from . import compat
from .compat import Strip

PLACED = "subtitle_editor_place"
"""A custom property of a strip: width and height of the film that its place is in pixels of."""

_MIDDLE = (0.5, 0.5)


class Kept(NamedTuple):
    """All that says where a text hangs."""

    location: tuple[float, float]
    offset: tuple[float, float]
    film: list[int] | None


def whole(scene: bpy.types.Scene) -> tuple[int, int]:
    """Width and height of a scene's film."""
    render = scene.render
    return int(render.resolution_x), int(render.resolution_y)


def size_of(strip: Strip) -> tuple[int, int]:
    """Width and height of a strip's film."""
    return whole(strip.id_data)


def of(strip: Strip) -> tuple[float, float]:
    """Where its text is meant to hang, in shares of the film, from its lower left corner."""
    width, height = _placed(strip) or size_of(strip)
    (x, y), transform = strip.location, strip.transform
    return x + transform.offset_x / width, y + transform.offset_y / height


def drawn_at(strip: Strip) -> tuple[float, float]:
    """Where it hangs in the film of now, in its pixels."""
    (width, height), (x, y), transform = size_of(strip), strip.location, strip.transform
    return x * width + transform.offset_x, y * height + transform.offset_y


def _placed(strip: Strip) -> tuple[int, int] | None:
    """The film that its place is in pixels of; None where nobody has noted one that can be."""
    noted = strip.get(PLACED)
    try:
        width, height = (int(side) for side in noted)
    except (TypeError, ValueError, OverflowError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def put(strip: Strip, x: float, y: float, size: tuple[int, int] | None = None) -> None:
    """Hang it there, to the nearest pixel, where a click looks for it. `size`: of its film, where that is known."""
    if compat.box_follows_transform():
        width, height = size or size_of(strip)
        _set(strip, _MIDDLE, round((x - 0.5) * width), round((y - 0.5) * height))
        strip[PLACED] = [width, height]
    else:
        hang(strip, x, y)
        if PLACED in strip:
            del strip[PLACED]


def hang(strip: Strip, x: float, y: float) -> None:
    """Hang it there, where a click does not look for it before `settle`. Where one's transform is set, Blender looks
    through all strips for it, which takes three times as long while new ones are made.
    """
    _set(strip, (x, y), 0.0, 0.0)


def settle(strip: Strip) -> bool:
    """Have a click on the text select the strip, and the text drawn as it is. Whether that was to be done."""
    if not is_beside_box(strip):
        return False
    (x, y), (width, height) = drawn_at(strip), size_of(strip)
    put(strip, x / width, y / height)
    return True


def _set(strip: Strip, location: tuple[float, float], x: float, y: float) -> None:
    # Blender takes long to hear what is not new to it.
    if tuple(strip.location) != location:
        strip.location = location
    transform = strip.transform
    if transform.offset_x != x:
        transform.offset_x = x
    if transform.offset_y != y:
        transform.offset_y = y


def kept(strip: Strip) -> Kept:
    """What `put_back` is to bring back."""
    (x, y), transform = strip.location, strip.transform
    placed = _placed(strip)
    film = list(placed) if placed is not None else None
    return Kept((x, y), (transform.offset_x, transform.offset_y), film)


def put_back(strip: Strip, before: Kept) -> None:
    """Hang it where it hung, exactly."""
    _set(strip, before.location, *before.offset)
    if before.film is not None:
        strip[PLACED] = before.film
    elif PLACED in strip:
        del strip[PLACED]


def is_beside_box(strip: Strip) -> bool:
    """Whether a click on the text does not select the strip, and `settle` mends that: it was placed in an older
    Blender, or by hand. One that is scaled, turned or mirrored would be drawn elsewhere then."""
    if not compat.box_follows_transform() or tuple(strip.location) == _MIDDLE:
        return False
    transform = strip.transform
    is_plain = transform.scale_x == transform.scale_y == 1.0 and not transform.rotation
    return is_plain and not (strip.use_flip_x or strip.use_flip_y)


def is_off(strip: Strip) -> bool:
    """Whether its place is in pixels of another film than its scene is now."""
    placed = _placed(strip)
    return placed is not None and placed != size_of(strip)


def is_near(strip: Strip, x: float, y: float) -> bool:
    """Whether it is meant to hang there, but for what a pixel makes."""
    (at_x, at_y), (width, height) = of(strip), _placed(strip) or size_of(strip)
    return abs(at_x - x) < max(0.002, 0.6 / width) and abs(at_y - y) < max(0.002, 0.6 / height)
