# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.library.states import ModelState
from ..core.right_to_left import drawn, lines, reads_from_right
from ..core.text import Text
from ..session import screen, settings, shelf, state
from ..translations import iface, iface_lines

if TYPE_CHECKING:
    from bpy.types import Context, UILayout

    from ..core.downloads.record import JobRecord
    from ..core.system.task import Task

Icon = Any
"""The name of one of Blender's icons. The stubs spell out a thousand of them, and no dict of names fits that."""

PIXELS_PER_CHARACTER = 6.6
"""The mean width of a letter of Blender's interface font at scale 1, and a little more: no line is all mean."""

_MARGINS = 86
"""Pixels of a sidebar, at scale 1, that text cannot have: the tabs, the frame of a panel, an icon."""

STATE_ICONS: dict[ModelState, Icon] = {
    ModelState.MISSING: "IMPORT",
    ModelState.PARTIAL: "SORTTIME",
    ModelState.INSTALLED: "CHECKMARK",
    ModelState.UNVERIFIED: "QUESTION",
    ModelState.DAMAGED: "ERROR",
    ModelState.UPDATE: "FILE_REFRESH",
}

JOB_ICONS: dict[str, Icon] = {
    "queued": "TIME",
    "stalled": "ERROR",
    "retrying": "FILE_REFRESH",
    "waiting": "TIME",
    "paused": "PAUSE",
    "interrupted": "PAUSE",
    "done": "CHECKMARK",
    "failed": "ERROR",
    "cancelled": "X",
}
"""By the word of a `State`. What is not here moves, and has the icon PLAY."""


_NARROW = 320
"""Pixels of a sidebar's width, at scale 1, below which a list has room for names only."""


class SubtitlePanel:
    """A panel in the tab "Subtitles" of the Sequencer's sidebar."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = screen.TAB


class PreparedList:
    """A UIList whose rows are filtered and sorted before they get there: core/library/rows.py, the job store."""

    def draw_filter(self, _context: Context, _layout: UILayout) -> None:
        """Nothing: what there is to filter by stands above the list."""

    def filter_items(self, _context: Context, _data: Any, _property: str) -> tuple[list[int], list[int]]:
        """All, as they are."""
        return [], []


def label(layout: UILayout, text: str, icon: Icon = "NONE") -> None:
    """A text that is made at run time, in the user's language where it is ours."""
    layout.label(text=iface(text), icon=icon, translate=False)


def wrapped(layout: UILayout, context: Context, text: str, icon: Icon = "NONE") -> None:
    """As `label`, over as many lines as the sidebar's width asks for: labels do not wrap by themselves."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    if reads_from_right(text):
        column.alignment = "RIGHT"
    for number, line in enumerate(iface_lines(text, characters(context))):
        column.label(text=line, icon="BLANK1" if number and icon != "NONE" else icon, translate=False)


def quoted(layout: UILayout, context: Context, text: str) -> None:
    """As `wrapped`, for a text of the user's, which is never translated."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for line in text.split("\n"):
        part = column.column(align=True)
        if reads_from_right(line):
            part.alignment = "RIGHT"
        for piece in lines(line, characters(context)):
            part.label(text=piece, translate=False)


def characters(context: Context) -> int:
    """How many letters a line of the sidebar has room for."""
    scale = context.preferences.system.ui_scale or 1.0
    width = context.region.width if context.region else _NARROW * scale
    return max(16, int((width / scale - _MARGINS) / PIXELS_PER_CHARACTER))


def is_narrow(context: Context) -> bool:
    """Whether the sidebar has room for one column only."""
    return context.region is not None and context.region.width < _NARROW * context.preferences.system.ui_scale


def fact(layout: UILayout, name: str, value: str) -> None:
    """A name and what it is, as two aligned columns; nothing without a value."""
    if not value:
        return
    split = layout.split(factor=0.35)
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=name)
    label(split, value)


def name_label(layout: UILayout, text: str, icon: Icon = "NONE") -> None:
    """A name from the catalogue, which no translation knows. Read from right to left, it stands at the right."""
    row = layout.row(align=True)
    if reads_from_right(text):
        row.alignment = "RIGHT"
    row.label(text=drawn(text), icon=icon, translate=False)


def job_row(layout: UILayout, record: JobRecord) -> None:
    """The bar of a download with its buttons."""
    # Here, not above: where nothing is downloaded it is not needed.
    from ..core.downloads import words
    from ..core.events import State

    event = state.progress(record)
    row = layout.row(align=True)
    row.progress(factor=event.fraction, text=iface(words.headline(event)))
    if record.state in (State.PAUSED, State.INTERRUPTED):
        row.operator("subtitle.resume_download", text="", icon="PLAY").job = record.id
    else:
        row.operator("subtitle.pause_download", text="", icon="PAUSE").job = record.id
    row.operator("subtitle.cancel_download", text="", icon="X").job = record.id


def job_lines(layout: UILayout, context: Context, record: JobRecord) -> None:
    """What the bar has no room for: bytes, speed, time left, the file."""
    from ..core.downloads import words

    event = state.progress(record)
    if record.message:
        # Why it rests: a disk that has become full pauses a download.
        wrapped(layout, context, Text("{message} {hint}", message=record.message, hint=record.hint), icon="ERROR")
    column = layout.column(align=True)
    column.scale_y = 0.8
    column.active = False
    if record.elsewhere:
        column.label(text="In another Blender, or on the command line")
    amounts = words.amount_lines(event) if is_narrow(context) else (words.amounts(event),)
    for line in (*amounts, words.file_line(event)):
        if line:
            label(column, line)
    if event.reason:
        wrapped(column, context, event.reason)


def task_row(layout: UILayout, task: Task) -> None:
    """The bar of work that is no download."""
    row = layout.row(align=True)
    row.progress(factor=task.fraction, text=f"{task.fraction:.0%}" if task.fraction else "")
    row.operator("subtitle.cancel_task", text="", icon="X").task = task.id


def offline_hint(layout: UILayout, context: Context) -> None:
    """What to switch on, while nothing can be downloaded."""
    if message := settings.why_offline(context):
        wrapped(layout, context, message, icon="INTERNET_OFFLINE")
        if not bpy.app.online_access:
            # Shown, not switched on: that is the user's to decide.
            layout.operator("screen.userpref_show", text="Open Preferences", icon="PREFERENCES").section = "SYSTEM"


def model_name(record: JobRecord) -> str:
    """What people call the model of a download."""
    return shelf.name_of(record.model)
