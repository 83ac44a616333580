# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the Sequencer's preview while the panel Pictures is open: the safe area, and around each subtitle
that is seen the box of its text.

Nobody says when a panel is closed. Blender draws the header of one that is closed too, and only of an open one the
rest: so the header says that it may be closed, and the rest that it is not. While none is open, Blender calls nothing.
Main thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

from ..sequencer import compat, places
from ..sequencer.places import Box
from . import screen

AREA = 1.0, 1.0, 1.0, 0.35
TEXT = 0.3, 0.8, 1.0, 0.8
WRONG = 0.95, 0.25, 0.2, 0.9

Color = tuple[float, float, float, float]

_open: set[int] = set()
"""The regions, by their addresses, in which the panel is open."""
_handle: Any = None


def header(region: Any) -> None:
    """The panel's header is drawn."""
    if region is not None:
        _open.discard(region.as_pointer())


def opened(region: Any) -> None:
    """All of the panel is drawn."""
    if region is None:
        return
    _open.add(region.as_pointer())
    if _handle is None and not bpy.app.timers.is_registered(_switch):
        bpy.app.timers.register(_switch, first_interval=0.0)  # What is drawn changes nothing.


def _switch() -> None:
    """Called by Blender between two redraws: have it call `draw`, or no longer."""
    global _handle
    space: Any = bpy.types.SpaceSequenceEditor
    if _open and _handle is None:
        _handle = space.draw_handler_add(draw, (), "PREVIEW", "POST_PIXEL")
    elif not _open and _handle is not None:
        space.draw_handler_remove(_handle, "PREVIEW")
        _handle = None
    for window in bpy.context.window_manager.windows if bpy.context.window_manager else ():
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()


def _is_seen() -> bool:
    """Whether one of the open panels can be seen: a sidebar that is hidden, or shows another tab, draws no header."""
    _open.intersection_update(region.as_pointer() for region in screen.sidebars())
    return bool(_open)


def draw() -> None:
    """Called by Blender for each redraw of a preview, while a panel is open."""
    context = bpy.context
    scene, region, space = compat.scene_of(context), context.region, context.space_data
    if not _is_seen():
        if not bpy.app.timers.is_registered(_switch):
            bpy.app.timers.register(_switch, first_interval=0.0)
        return
    if scene is None or scene.sequence_editor is None or not getattr(space, "show_overlays", True):
        return
    whole = places.film(scene)
    for color, box in shapes(scene):
        _paint(color, on_screen(box, whole, scene.render, region.view2d))


def shapes(scene: bpy.types.Scene) -> list[tuple[Color, Box]]:
    """What is drawn of a scene as it is now, in pixels of its film."""
    found = places.shown(scene, int(scene.frame_current))
    wrong = {trouble.name for trouble in places.troubles(scene, found)}
    whole = places.film(scene)
    boxes = [(strip.name in wrong, box) for strip in found if (box := places.box_of(strip, whole)) is not None]
    return [(AREA, places.safe(scene)), *((WRONG if bad else TEXT, box) for bad, box in boxes)]


def on_screen(box: Box, whole: Box, render: Any, view: Any) -> list[tuple[float, float]]:
    """The corners of a box in pixels of a preview, whose middle is that of the film; its pixels need not be square."""
    shape = render.pixel_aspect_x / render.pixel_aspect_y
    corners = ((box.left, box.bottom), (box.right, box.bottom), (box.right, box.top), (box.left, box.top))
    return [view.view_to_region((x - whole.right / 2) * shape, y - whole.top / 2, clip=False) for x, y in corners]


def _paint(color: Color, corners: Sequence[tuple[float, float]]) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    places: Any = [*corners, corners[0]]
    batch = batch_for_shader(shader, "LINE_STRIP", {"pos": places})
    shader.uniform_float("color", color)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def register() -> None:
    """Called by the package."""
    _open.clear()


def unregister() -> None:
    """Called by the package."""
    if bpy.app.timers.is_registered(_switch):
        bpy.app.timers.unregister(_switch)
    _open.clear()
    _switch()
