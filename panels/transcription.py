# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: which model hears what, and how far is the transcription?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.right_to_left import lines, reads_from_right
from ..core.text import Text
from ..sequencer import compat, sounds
from ..session import choices, presets, recovered, shelf, state, unfinished
from ..session.shelf import installed, message_of, record_of
from ..translations import iface, iface_lines
from .parts import SubtitlePanel, characters, is_narrow, job_row, label, offline_hint, wrapped

if TYPE_CHECKING:
    from bpy.types import Context, UILayout


OPTIONS = ("language", "task", "profile", "source")
"""Of the scene: a row each; while it works there are as many rows of what it does."""

_UNFINISHED = 3
"""How many transcriptions that ended early are shown."""


class SUBTITLE_PT_transcription(SubtitlePanel, bpy.types.Panel):
    """Turn the speech of a strip into subtitles."""

    bl_idname = "SUBTITLE_PT_transcription"
    bl_label = "Transcribe"
    bl_order = 1

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only.

        As high while it works as before: the mouse is over what lies below, and a click there must hit what it was for.
        """
        layout = self.layout
        scene = compat.scene_of(context)
        settings = choices.of(scene)
        run = state.now.transcription
        _draw_recovered(layout, context, scene)
        _draw_unfinished(layout, context, scene)
        column = _column(layout)
        column.enabled = run is None
        column.prop(settings, "model")
        _draw_model(layout, context, settings.model)
        column = _column(layout)
        if run is None:
            for name in OPTIONS:
                column.prop(settings, name)
            _draw_chosen(layout, context, scene, settings.source == "ALL")
        else:
            label(column, run.pace or " ", icon="TIME")
            for line in _last_lines(context, run.lines, len(OPTIONS) - 1):
                _draw_line(column, line)
            label(layout, run.title, icon="SOUND")
        button = layout.row(align=True)
        button.scale_y = 1.2
        if run is None:
            button.operator("subtitle.transcribe", icon="PLAY")
        else:
            button.progress(factor=run.fraction, text=iface(run.text))
            button.operator("subtitle.cancel_transcription", text="", icon="X")


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
        row = layout.row(align=True)
        row.menu("SUBTITLE_MT_presets")
        row.operator("subtitle.save_preset", text="", icon="ADD")
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


class SUBTITLE_MT_presets(bpy.types.Menu):
    """Options that were kept under a name."""

    bl_idname = "SUBTITLE_MT_presets"
    bl_label = "Presets"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        found = presets.names()
        for name in found:
            self.layout.operator("subtitle.use_preset", text=name, translate=False).name = name
        if found:
            self.layout.separator()
            self.layout.menu("SUBTITLE_MT_delete_preset", icon="TRASH")
        else:
            label(self.layout, Text("There are none yet"))


class SUBTITLE_MT_delete_preset(bpy.types.Menu):
    """Which preset is deleted."""

    bl_idname = "SUBTITLE_MT_delete_preset"
    bl_label = "Delete Preset"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        for name in presets.names():
            self.layout.operator("subtitle.delete_preset", text=name, translate=False).name = name


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


def _column(layout: UILayout) -> UILayout:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def _draw_chosen(layout: UILayout, context: Context, scene: bpy.types.Scene, whole: bool) -> None:
    """What would be heard."""
    chosen = sounds.chosen(scene, whole)
    if not chosen:
        wrapped(layout, context, Text("Select one sound or movie strip"), icon="INFO")
    elif len(chosen) == 1:
        label(layout, chosen[0].name, icon="FILE_MOVIE" if chosen[0].type == "MOVIE" else "SOUND")
    else:
        label(layout, Text("{number} strips", number=len(chosen)), icon="SOUND")


def _last_lines(context: Context, heard: list[str], number: int) -> list[str]:
    """The end of what was heard in so many lines of the sidebar's width; empty ones where there is less."""
    width = characters(context)
    # What somebody has said is no text of ours, though Blender may have one that is the same.
    split = (iface_lines(text, width) if isinstance(text, Text) else lines(text, width) for text in heard[-number:])
    found = [line for some in split for line in some]
    return [*found[-number:], *[""] * (number - len(found))]


def _draw_line(layout: UILayout, line: str) -> None:
    row = layout.row()
    if reads_from_right(line):
        row.alignment = "RIGHT"
    row.label(text=line or " ", translate=False)


def _draw_unfinished(layout: UILayout, context: Context, scene: bpy.types.Scene) -> None:
    """What ended early of the media here, the newest of it, and what can be done with it."""
    for item in unfinished.here(scene)[:_UNFINISHED]:
        box = layout.box()
        wrapped(box, context, item.text, icon="TIME")
        # Narrow sidebars have no room for both beside each other.
        buttons = box.column(align=True) if is_narrow(context) else box.row(align=True)
        row = buttons.row(align=True)
        journal = str(item.journal)
        row.operator("subtitle.continue_unfinished", icon="PLAY").journal = journal
        if is_narrow(context):
            row.operator("subtitle.discard_unfinished", text="", icon="X").journal = journal
            row = buttons.row(align=True)
        row.operator("subtitle.take_unfinished").journal = journal
        if not is_narrow(context):
            row.operator("subtitle.discard_unfinished", text="", icon="X").journal = journal


def _draw_recovered(layout: UILayout, context: Context, scene: bpy.types.Scene) -> None:
    """What found no place here, unless it can be continued: that has all of it."""
    continued = {str(item.media) for item in unfinished.here(scene)}
    for found in [one for one in recovered.here(scene) if one.media not in continued][:_UNFINISHED]:
        box = layout.box()
        text = Text("{number} subtitles of an earlier transcription are not here: they were kept.", number=found.number)
        wrapped(box, context, text, icon="INFO")
        row = box.row(align=True)
        row.operator("subtitle.import_recovered", icon="IMPORT").path = str(found.path)
        row.operator("subtitle.dismiss_recovered", text="", icon="X").path = str(found.path)


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_PT_transcription,
        SUBTITLE_PT_transcription_more,
        SUBTITLE_MT_presets,
        SUBTITLE_MT_delete_preset,
    )
)
