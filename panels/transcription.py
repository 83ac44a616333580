# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: which model hears what, and how far is the transcription?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.text import Text
from ..sequencer import compat, sounds
from ..session import choices, shelf, state
from ..session.shelf import installed, message_of, record_of
from ..translations import iface
from .parts import SubtitlePanel, job_row, label, offline_hint, wrapped

if TYPE_CHECKING:
    from bpy.types import Context, UILayout


_UNFINISHED = 3
"""How many transcriptions that ended early are shown."""


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
            for line in getattr(run, "lines", ()):
                layout.label(text=line, translate=False)
            return
        _draw_recovered(layout, context)
        _draw_unfinished(layout, context)
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
        column.prop(settings, "source")
        chosen = sounds.chosen(scene, settings.source == "ALL")
        if not chosen:
            wrapped(layout, context, Text("Select one sound or movie strip"), icon="INFO")
        elif len(chosen) == 1:
            label(layout, chosen[0].name, icon="FILE_MOVIE" if chosen[0].type == "MOVIE" else "SOUND")
        else:
            label(layout, Text("{number} strips", number=len(chosen)), icon="SOUND")
        button = layout.row()
        button.scale_y = 1.2
        button.operator("subtitle.transcribe", icon="PLAY")


class SUBTITLE_PT_transcription_more(SubtitlePanel, bpy.types.Panel):
    """How to listen: for those whom the defaults do not fit."""

    bl_idname = "SUBTITLE_PT_transcription_more"
    bl_parent_id = "SUBTITLE_PT_transcription"
    bl_label = "More"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        settings = choices.of(compat.scene_of(context))
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.active = state.now.transcription is None
        for name in ("use_word_times", "track", "prompt", "hotwords", "glossary", "suppress_numerals"):
            layout.prop(settings, name)
        layout.prop(settings, "use_vad")
        column = layout.column()
        column.active = settings.use_vad
        for name in ("vad_threshold", "vad_min_speech", "vad_min_silence", "vad_pad"):
            column.prop(settings, name)
        for name in ("beam_size", "batch_size"):
            layout.prop(settings, name)


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


def _draw_unfinished(layout: UILayout, context: Context) -> None:
    """What ended early, the newest of it, and what can be done with it."""
    for item in state.now.unfinished[:_UNFINISHED]:
        box = layout.box()
        wrapped(box, context, item.text, icon="TIME")
        row = box.row(align=True)
        journal = str(item.journal)
        row.operator("subtitle.continue_unfinished", icon="PLAY").journal = journal
        row.operator("subtitle.take_unfinished").journal = journal
        row.operator("subtitle.discard_unfinished", text="", icon="X").journal = journal


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


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_transcription, SUBTITLE_PT_transcription_more))
