# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles from right to left: those of files that were saved before, or pasted by other ways, drawn right."""

from __future__ import annotations

import bpy

from ..core.text import Text, counted
from ..sequencer import compat, strips
from ..session import settings, typed
from ..translations import translated
from .editing import has_strips


class SUBTITLE_OT_prepare_right_to_left(bpy.types.Operator):
    """Draw Persian, Arabic, Urdu and Hebrew subtitles joined and from right to left; what they say stays the same"""

    bl_idname = "subtitle.prepare_right_to_left"
    bl_label = "Draw from Right to Left"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_strips(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = compat.scene_of(context)
        count = sum(typed.prepare(scene, strip) for strip, *_ in strips.subtitles(scene))
        self.report({"INFO"}, translated(Text("Drawn anew: {subtitles}", subtitles=counted(count))))
        return {"FINISHED"} if count else {"CANCELLED"}


_register, _unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_prepare_right_to_left,))


def register() -> None:
    """Called by the package."""
    _register()
    settings.apply_drawing(bpy.context)
    typed.listen()


def unregister() -> None:
    """Called by the package."""
    typed.stop()
    _unregister()
