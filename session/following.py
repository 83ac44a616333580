# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of subtitles follows the playhead while the film plays.

Blender draws no sidebar anew while it plays. It is drawn when another row is to be marked, between two pictures of the
film; the timer that looks runs only while it plays. Main thread.
"""

from __future__ import annotations

import bpy

from ..sequencer import compat
from . import choices, listing, playing, screen

_TICK = 0.05
"""Seconds between two looks at the playhead."""

_pauses = playing.Pauses()
_marked = -1
"""The row that was marked when the sidebar was drawn last."""


def _follow() -> float | None:
    """Called by Blender while the film plays."""
    global _marked
    if not playing.plays():
        return None
    scene = compat.scene_of(bpy.context)
    place = listing.now.place_at(scene.frame_current) if choices.of(scene).follow else _marked
    if place == _marked:
        return _TICK
    if not _pauses.is_now():
        return playing.SOON
    _marked = place
    for region in screen.sidebars():
        region.tag_redraw()
    return _TICK


@bpy.app.handlers.persistent
def _begins(*_: object) -> None:
    global _marked
    _marked = -1
    if not bpy.app.background and not bpy.app.timers.is_registered(_follow):
        bpy.app.timers.register(_follow, first_interval=_TICK, persistent=True)


def register() -> None:
    """Called by the package."""
    bpy.app.handlers.animation_playback_pre.append(_begins)


def unregister() -> None:
    """Called by the package."""
    if _begins in bpy.app.handlers.animation_playback_pre:
        bpy.app.handlers.animation_playback_pre.remove(_begins)
    if bpy.app.timers.is_registered(_follow):
        bpy.app.timers.unregister(_follow)
