# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: what is being downloaded, how is it going, and what came of earlier ones?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.text import Text
from ..core.units import human_duration, human_size
from ..session import choices, shelf, state
from .parts import (
    JOB_ICONS,
    Icon,
    PreparedList,
    SubtitlePanel,
    fact,
    job_lines,
    job_row,
    label,
    model_name,
    name_label,
    task_row,
    wrapped,
)

if TYPE_CHECKING:
    from bpy.types import Context, UILayout

    from ..core.downloads.record import JobRecord


class SUBTITLE_PT_jobs(SubtitlePanel, bpy.types.Panel):
    """Downloads that run, wait their turn, rest, or have failed."""

    bl_idname = "SUBTITLE_PT_jobs"
    bl_label = "Downloads"
    bl_order = 4

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        jobs = state.jobs()
        movable = [record for record in jobs if not record.elsewhere]
        for record in jobs:
            _draw_job(layout, context, record, movable)
        _draw_checks(layout, jobs)
        for task in state.now.tasks:
            column = layout.column(align=True)
            label(column, task.label)
            task_row(column, task)
        failed = _failed(jobs)
        for record in failed:
            _draw_failed(layout, context, record)
        if not (jobs or failed or state.now.tasks):
            idle = layout.row()
            idle.active = False
            idle.label(text="Nothing is being downloaded")


def _draw_job(layout: UILayout, context: Context, record: JobRecord, movable: list[JobRecord]) -> None:
    column = layout.column(align=True)
    head = column.row(align=True)
    name_label(head, model_name(record), icon=JOB_ICONS.get(record.state, "PLAY"))
    if len(movable) > 1 and record in movable:
        place = movable.index(record)
        _move_button(head, record, -1, "TRIA_UP", place > 0)
        _move_button(head, record, 1, "TRIA_DOWN", place + 1 < len(movable))
    job_row(column, record)
    job_lines(column, context, record)


def _move_button(layout: UILayout, record: JobRecord, by: int, icon: Icon, possible: bool) -> None:
    row = layout.row(align=True)
    row.enabled = possible
    button = row.operator("subtitle.move_download", text="", icon=icon, emboss=False)
    button.job, button.by = record.id, by


def _draw_checks(layout: UILayout, jobs: list[JobRecord]) -> None:
    """What the look before the first byte has shown, of the first job that has had one."""
    found = next((checked for record in jobs if (checked := state.checked(record.id)) is not None), None)
    if found is None:
        return
    # Here, not above: where nothing is downloaded it is not needed.
    from ..core.downloads import words

    header, body = layout.panel("SUBTITLE_checks", default_closed=True)
    label(header, Text("Checks: {name}", name=shelf.name_of(found.model)))
    if body is not None:
        column = body.column(align=True)
        for name, value in words.checks(found):
            fact(column, name, value)


def _failed(jobs: list[JobRecord]) -> list[JobRecord]:
    """Failed downloads that nothing has come after: no newer job of the model, and the model is not there."""
    from ..core.events import State

    seen = {shelf.download_id(record.model) for record in jobs}
    found = []
    for record in shelf.past_jobs():
        model = shelf.download_id(record.model)
        if model in seen:
            continue
        seen.add(model)
        if record.state is State.FAILED and not shelf.status(model).state.usable:
            found.append(record)
    return found


def _draw_failed(layout: UILayout, context: Context, record: JobRecord) -> None:
    box = layout.box()
    head = box.row(align=True)
    name_label(head, model_name(record), icon="ERROR")
    head.operator("subtitle.forget_download", text="", icon="X", emboss=False).job = record.id
    _draw_reason(box, context, record)


def _draw_reason(layout: UILayout, context: Context, record: JobRecord) -> None:
    """Why it failed, and what can be done."""
    from ..core.events import State

    if record.message:
        wrapped(layout, context, record.message)
    if record.hint:
        wrapped(layout, context, record.hint, icon="INFO")
    row = layout.row(align=True)
    if record.state in (State.FAILED, State.CANCELLED):
        row.operator("subtitle.retry_download", icon="FILE_REFRESH").job = record.id
    row.operator("subtitle.copy_job", icon="COPYDOWN").job = record.id


class SUBTITLE_UL_history(PreparedList, bpy.types.UIList):
    """Downloads that have ended, newest first."""

    bl_idname = "SUBTITLE_UL_history"

    def draw_item(
        self,
        _context: Context,
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
        records = shelf.past_jobs()
        if index >= len(records):
            return
        from ..core.downloads import words

        record = records[index]
        split = layout.split(factor=0.6)
        name_label(split, model_name(record), icon=JOB_ICONS.get(record.state, "NONE"))
        right = split.row()
        right.alignment = "RIGHT"
        label(right, words.when(record.ended))


class SUBTITLE_PT_history(SubtitlePanel, bpy.types.Panel):
    """Downloads that have ended."""

    bl_idname = "SUBTITLE_PT_history"
    bl_label = "History"
    bl_parent_id = "SUBTITLE_PT_jobs"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        view = choices.view_of(context.window_manager)
        records = shelf.past_jobs()
        if records:
            layout.template_list("SUBTITLE_UL_history", "", view, "history", view, "history_index", rows=4, maxrows=8)
            if view.history_index < len(records):
                _draw_record(layout, context, records[view.history_index])
        row = layout.row(align=True)
        row.operator("subtitle.clear_history", icon="TRASH")
        row.operator("subtitle.open_log", icon="TEXT")


def _draw_record(layout: UILayout, context: Context, record: JobRecord) -> None:
    from ..core.downloads import words

    column = layout.column(align=True)
    fact(column, "Result", words.WORDS[record.state])
    fact(column, "Size", human_size(record.bytes_total) if record.bytes_total else "")
    fact(column, "Duration", human_duration(record.seconds) if record.seconds else "")
    fact(column, "Mean Speed", f"{human_size(record.mean_speed)}/s" if record.mean_speed else "")
    fact(column, "Ended", words.when(record.ended))
    _draw_reason(layout, context, record)


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_jobs, SUBTITLE_UL_history, SUBTITLE_PT_history))
