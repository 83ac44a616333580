# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: which models are there, in which state, and what can be done with the chosen one?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.catalog.kinds import SPEECH_TO_TEXT
from ..core.library.states import ModelState
from ..core.text import Text
from ..core.units import human_size
from ..sequencer import compat
from ..session import choices, settings, shelf, state
from ..session.shelf import message_of, record_of
from .parts import (
    JOB_ICONS,
    STATE_ICONS,
    PreparedList,
    SubtitlePanel,
    fact,
    is_narrow,
    job_row,
    label,
    name_label,
    offline_hint,
    task_row,
    wrapped,
)

if TYPE_CHECKING:
    from bpy.types import Context, UILayout

    from ..core.library.files import ModelFile
    from ..core.library.rows import Row
    from ..core.library.states import Status
    from ..session.choices import View

_WORDS: dict[ModelState, Text] = {
    ModelState.MISSING: Text("Not downloaded"),
    ModelState.PARTIAL: Text("Partly downloaded"),
    ModelState.INSTALLED: Text("Installed and verified"),
    ModelState.UNVERIFIED: Text("Installed, not verified"),
    ModelState.DAMAGED: Text("Damaged"),
    ModelState.UPDATE: Text("Installed, update available"),
}

_MOST_FILES = 12
"""Files that are listed; datasets have hundreds."""


class SUBTITLE_UL_models(PreparedList, bpy.types.UIList):
    """The models. Which rows there are, in which order, is decided in core/library/rows.py."""

    bl_idname = "SUBTITLE_UL_models"

    def draw_item(
        self,
        context: Context,
        layout: UILayout,
        _data: Any,
        _item: Any,
        _icon: int,
        _active_data: Any,
        _active_property: str,
        index: int = 0,
        _flag: int = 0,
    ) -> None:
        """Called by Blender for each visible line; reads memory only."""
        rows = shelf.rows()
        if index < len(rows):
            _draw_row(layout, rows[index], is_narrow(context))


def _draw_row(layout: UILayout, row: Row, narrow: bool) -> None:
    icon = JOB_ICONS.get(row.job, "PLAY") if row.job is not None else STATE_ICONS[row.state]
    if narrow:
        name_label(layout, row.name, icon=icon)
        return
    split = layout.split(factor=0.52)
    name_label(split, row.name, icon=icon)
    columns = split.split(factor=0.5)
    if row.job is not None or row.state is ModelState.PARTIAL:
        record = record_of(row.id) if row.job is not None else None
        # The row is of the last look at the disk; a download is ahead of it.
        fraction = state.progress(record).fraction if record is not None else row.fraction
        columns.progress(factor=fraction, text=f"{int(fraction * 100)}%")
    else:
        label(columns, row.languages)
    size = columns.row()
    size.alignment = "RIGHT"
    label(size, human_size(row.size))


class SUBTITLE_MT_models(bpy.types.Menu):
    """What concerns all models."""

    bl_idname = "SUBTITLE_MT_models"
    bl_label = "Models"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        layout.operator("subtitle.add_model", icon="ADD")
        layout.operator("subtitle.import_model", icon="FILE_FOLDER")
        layout.separator()
        layout.operator("subtitle.check_updates", icon="FILE_REFRESH")
        layout.operator("subtitle.refresh_models")
        layout.separator()
        layout.operator("subtitle.delete_leftovers", icon="TRASH")
        layout.operator("subtitle.open_model_folder", text="Open Models Folder")
        layout.operator("subtitle.open_user_folder")


class SUBTITLE_PT_models(SubtitlePanel, bpy.types.Panel):
    """The models: on this computer, and to be had."""

    bl_idname = "SUBTITLE_PT_models"
    bl_label = "Models"
    bl_order = 3

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        view = choices.view_of(context.window_manager)
        _draw_list(layout, context, view)
        for problem in shelf.problems():
            wrapped(layout, context, str(problem), icon="ERROR")
        row = shelf.chosen()
        if row is not None:
            _draw_chosen(layout, context, row)
        used, free = shelf.disk_use()
        line = layout.row()
        line.active = False
        wrapped(line, context, _disk_text(used, free), icon="DISK_DRIVE")
        if (usual := settings.models_may_move()) is not None:
            if settings.default_models_dir() == usual:
                text = Text("Models are left in Blender's own folder, where they are not found. Move them, too.")
            else:
                text = Text(
                    "Their folder has a long path, and is copied with a roaming profile. {folder} has not.",
                    folder=usual,
                )
            wrapped(layout, context, text, icon="INFO")
            layout.operator("subtitle.move_models", icon="FILE_FOLDER")
        if left := shelf.leftovers():
            size = human_size(sum(one.size for one in left))
            line = layout.row(align=True)
            label(line, Text("Unfinished files of other programs: {size}", size=size), icon="INFO")
            line.operator("subtitle.delete_leftovers", text="", icon="TRASH")


def _disk_text(used: int, free: int | None) -> Text:
    if free is None:
        return Text("Models take {used}", used=human_size(used))
    return Text("Models take {used}, {free} free", used=human_size(used), free=human_size(free))


def _draw_list(layout: UILayout, context: Context, view: View) -> None:
    row = layout.row(align=True)
    row.prop(view, "kind", text="")
    row.prop(view, "search", text="", icon="VIEWZOOM")
    row = layout.row()
    lines = 4 if shelf.rows() else 1
    row.template_list("SUBTITLE_UL_models", "", view, "models", view, "model_index", rows=lines, maxrows=8)
    side = row.column(align=True)
    side.operator("subtitle.add_model", text="", icon="ADD")
    side.menu("SUBTITLE_MT_models", text="", icon="DOWNARROW_HLT")
    side.separator()
    side.prop(view, "show_missing", text="", icon="IMPORT")
    if shelf.rows() or view.show_missing:
        if not shelf.rows():
            layout.label(text="Nothing like this", icon="INFO")
        return
    # An empty list must not be a dead end.
    column = layout.column()
    if shelf.hidden():
        wrapped(column, context, Text("None of these models is on this computer yet."), icon="INFO")
        column.prop(view, "show_missing", text="Show Models to Download", icon="IMPORT", toggle=1)
    else:
        column.label(text="Nothing like this", icon="INFO")


def _draw_chosen(layout: UILayout, context: Context, row: Row) -> None:
    status = shelf.status(row.id)
    column = layout.column(align=True)
    name_label(column, row.name)
    record = record_of(row.id)
    task = next((task for task in state.now.tasks if task.model == row.id), None)
    if task is not None:
        label(column, task.label)
        task_row(column, task)
    elif record is not None:
        # How it goes in detail is said in the panel Downloads.
        job_row(column, record)
    else:
        wrapped(column, context, _state_text(row, status), icon=STATE_ICONS[row.state])
        if row.state is ModelState.DAMAGED:
            wrapped(column, context, ", ".join(status.damaged))
        if status.text_links:
            wrapped(column, context, Text("These are links that have become small text files"), icon="INFO")
        # Of the scene's model the panel Transcribe has said it.
        told = choices.scene_model(compat.scene_of(context)) == row.id
        if (message := message_of(row.id)) and not row.state.usable and not told:
            wrapped(column, context, message, icon="ERROR")
        _draw_buttons(column, context, row, status)
    _draw_details(layout, context, row)
    _draw_files(layout, row)


def _state_text(row: Row, status: Status) -> Text:
    word, size = _WORDS[row.state], human_size(row.size)
    if row.state is ModelState.PARTIAL:
        done = human_size(status.bytes_done)
        return Text(
            "{state}: {percent}%, {done} of {size}", state=word, percent=int(row.fraction * 100), done=done, size=size
        )
    if row.state is ModelState.UPDATE and status.newer:
        return Text("{state}: {size}", state=word, size=human_size(status.newer.size))
    return Text("{state}  ({size})", state=word, size=size)


def _draw_buttons(layout: UILayout, context: Context, row: Row, status: Status) -> None:
    if row.state in (ModelState.MISSING, ModelState.PARTIAL, ModelState.DAMAGED, ModelState.UPDATE):
        offline_hint(layout, context)
    main = layout.row(align=True)
    main.scale_y = 1.2
    match row.state:
        case ModelState.MISSING:
            main.operator("subtitle.download_model", text="Download", icon="IMPORT").model = row.id
        case ModelState.PARTIAL:
            main.operator("subtitle.download_model", text="Resume", icon="PLAY").model = row.id
        case ModelState.DAMAGED:
            main.operator("subtitle.repair_model", icon="TOOL_SETTINGS").model = row.id
        case ModelState.UPDATE:
            main.operator("subtitle.update_model", icon="FILE_REFRESH").model = row.id
    entry = shelf.entry_of(row.id)
    if row.state.usable and entry is not None and entry.kind == SPEECH_TO_TEXT:
        used = choices.scene_model(compat.scene_of(context)) == row.id
        chosen = main.row(align=True)
        chosen.enabled = not used
        text = "Used in This Scene" if used else "Use for Transcription"
        chosen.operator("subtitle.use_model", text=text, icon="RADIOBUT_ON" if used else "RADIOBUT_OFF").model = row.id
    _draw_small_buttons(layout.row(align=True), row, status)
    if status.former and row.state.usable:
        line = layout.row(align=True)
        label(line, Text("Former versions: {size}", size=human_size(status.former)), icon="INFO")
        line.operator("subtitle.delete_former", text="", icon="TRASH").model = row.id


def _draw_small_buttons(layout: UILayout, row: Row, status: Status) -> None:
    there = row.state.usable or row.state is ModelState.DAMAGED
    if row.state.usable:
        layout.operator("subtitle.verify_model", icon="FILE_TICK").model = row.id
    if there:
        layout.operator("subtitle.delete_model", text="Delete", icon="TRASH").model = row.id
    if row.state is ModelState.PARTIAL or status.partials:
        layout.operator("subtitle.discard_partial", text="Discard", icon="TRASH").model = row.id
    if row.state is ModelState.MISSING:
        layout.operator("subtitle.import_model", icon="FILE_FOLDER").model = row.id
    icons = layout.row(align=True)
    if row.state.usable:
        icons.operator("subtitle.check_updates", text="", icon="FILE_REFRESH").model = row.id
        icons.operator("subtitle.open_model_folder", text="", icon="FILE_FOLDER").model = row.id
    icons.operator("subtitle.view_on_hub", text="", icon="URL").model = row.id
    if row.own:
        icons.operator("subtitle.remove_model", text="", icon="REMOVE").model = row.id


def _draw_details(layout: UILayout, context: Context, row: Row) -> None:
    header, body = layout.panel("SUBTITLE_model_details", default_closed=True)
    header.label(text="Details")
    entry = shelf.entry_of(row.id)
    if body is None or entry is None:
        return
    if entry.description:
        wrapped(body, context, entry.description)
    # Here, not above: it is not needed to register.
    from ..core.library.rows import languages_text

    found = shelf.details(row.id)
    column = body.column(align=True)
    fact(column, "Id", entry.id)
    fact(column, "Provider", entry.provider)
    fact(column, "Licence", entry.licence)
    fact(column, "Languages", languages_text(entry.languages))
    fact(column, "Tags", ", ".join(entry.tags))
    if found is not None:
        fact(column, "Also Called", ", ".join(found.aliases))
        for part in found.parts:
            fact(column, "Repository", part.title)
            fact(column, "Revision", part.revision[:12])


def _draw_files(layout: UILayout, row: Row) -> None:
    header, body = layout.panel("SUBTITLE_model_files", default_closed=True)
    found = shelf.details(row.id)
    header.label(text="Files")
    if body is None or found is None:
        return
    column = body.column(align=True)
    column.scale_y = 0.8
    for part in found.parts:
        if len(found.parts) > 1:
            label(column, part.title)
        for file in part.files[:_MOST_FILES]:
            _draw_file(column, file)
        if len(part.files) > _MOST_FILES:
            label(column, Text("and {number} more", number=len(part.files) - _MOST_FILES))


def _draw_file(layout: UILayout, file: ModelFile) -> None:
    split = layout.split(factor=0.7)
    split.active = file.state.usable
    label(split, file.name, icon=STATE_ICONS[file.state])
    right = split.row()
    right.alignment = "RIGHT"
    label(right, human_size(file.size) if file.size else "")


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_UL_models, SUBTITLE_MT_models, SUBTITLE_PT_models))
