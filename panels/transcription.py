# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: what is spoken, and how far is the transcription?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import properties
from ..operators import session
from ..sequencer import compat, strips
from .parts import SubtitlePanel

if TYPE_CHECKING:
    from bpy.types import Context


class SUBTITLE_PT_transcription(SubtitlePanel, bpy.types.Panel):
    """Turn the speech of a strip into subtitles."""

    bl_idname = "SUBTITLE_PT_transcription"
    bl_label = "Transcribe"

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        scene = compat.scene_of(context)
        settings = properties.of(scene)
        run = session.state.transcription
        if run is not None:
            row = layout.row(align=True)
            row.progress(factor=run.fraction, text=run.text)
            row.operator("subtitle.cancel_transcription", text="", icon="CANCEL")
            return
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "language")
        column.prop(settings, "task")
        column.prop(settings, "profile")
        column.prop(settings, "use_word_times")
        strip = strips.media_strip(scene)
        if strip is None:
            layout.label(text="Select one sound or movie strip", icon="INFO")
        else:
            layout.label(text=strip.name, icon="SOUND" if strip.type == "SOUND" else "FILE_MOVIE")
        if not session.installed(settings.model):
            layout.label(text="The model is not installed yet", icon="INFO")
        layout.operator("subtitle.transcribe", icon="PLAY")


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_transcription,))
