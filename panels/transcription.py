# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: which model hears what, and how far is the transcription?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.text import Text
from ..sequencer import compat, strips
from ..session import choices, shelf, state
from ..session.shelf import installed, message_of, record_of
from ..translations import iface
from .parts import SubtitlePanel, job_row, label, offline_hint, wrapped

if TYPE_CHECKING:
    from bpy.types import Context, UILayout


class SUBTITLE_PT_transcription(SubtitlePanel, bpy.types.Panel):
    """Turn the speech of a strip into subtitles."""

    bl_idname = "SUBTITLE_PT_transcription"
    bl_label = "Transcribe"
    bl_order = 1

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        scene = compat.scene_of(context)
        settings = choices.of(scene)
        run = state.now.transcription
        if run is not None:
            row = layout.row(align=True)
            row.progress(factor=run.fraction, text=iface(run.text))
            row.operator("subtitle.cancel_transcription", text="", icon="X")
            return
        _draw_recovered(layout, context)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "model")
        _draw_model(layout, context, settings.model)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "language")
        column.prop(settings, "task")
        column.prop(settings, "profile")
        column.prop(settings, "use_word_times")
        strip = strips.media_strip(scene)
        if strip is None:
            wrapped(layout, context, Text("Select one sound or movie strip"), icon="INFO")
        else:
            label(layout, strip.name, icon="SOUND" if strip.type == "SOUND" else "FILE_MOVIE")
        button = layout.row()
        button.scale_y = 1.2
        button.operator("subtitle.transcribe", icon="PLAY")


def _draw_model(layout: UILayout, context: Context, model: str) -> None:
    """What keeps the model from being used, and what to do about it; nothing when nothing does."""
    if installed(model):
        return
    if not model:
        wrapped(layout, context, Text("The model of this file is no longer on the list. Choose another."), icon="ERROR")
        return
    record = record_of(model)
    if record is not None:
        job_row(layout, record)
        return
    if message := message_of(model):
        wrapped(layout, context, message, icon="ERROR")
    offline_hint(layout, context)
    if shelf.status(model).damaged:
        layout.operator("subtitle.repair_model", icon="TOOL_SETTINGS").model = model
    else:
        layout.operator("subtitle.download_model", text="Download", icon="IMPORT").model = model


def _draw_recovered(layout: UILayout, context: Context) -> None:
    found = state.now.recovered
    if found is None:
        return
    box = layout.box()
    text = Text("The file was closed during a transcription. Its {number} subtitles were kept.", number=found.count)
    wrapped(box, context, text, icon="INFO")
    row = box.row(align=True)
    row.operator("subtitle.import_file", text="Import Them", icon="FILE_FOLDER").filepath = str(found.path)
    row.operator("subtitle.dismiss_recovered", text="", icon="X")


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_transcription,))
