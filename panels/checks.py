# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: what is wrong with the subtitles of the track, and what can be done about it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.text import Text
from ..sequencer import compat
from ..session import choices, glossary, shots, state, survey
from ..session import track as tracks
from ..translations import iface
from .parts import SubtitlePanel, label, task_row, wrapped

if TYPE_CHECKING:
    from bpy.types import Context


class SUBTITLE_PT_checks(SubtitlePanel, bpy.types.Panel):
    """Problems by rule, with their number."""

    bl_idname = "SUBTITLE_PT_checks"
    bl_label = "Checks"
    bl_order = 2

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Only where there are subtitles."""
        return tracks.active(compat.scene_of(context)) is not None

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        from ..core.subtitles.fixes import MENDS
        from ..core.subtitles.quality import RULES

        layout, scene = self.layout, compat.scene_of(context)
        track = tracks.active(scene)
        settings = choices.of(scene).tracks[track.index]
        layout.prop(settings, "profile", text="")
        glossary.watch(scene)
        counts = survey.current().counts
        column = layout.column(align=True)
        for rule in [rule for rule in RULES if rule in counts]:
            row = column.split(factor=0.72, align=True)
            text = Text("{rule}: {number}", rule=RULES[rule], number=counts[rule])
            row.operator("subtitle.next_problem", text=iface(text), translate=False, icon="ERROR").rule = rule
            end = row.row(align=True)
            select = end.operator("subtitle.select_cues", text="", icon="RESTRICT_SELECT_OFF")
            select.by, select.rule = "RULE", rule
            if rule in MENDS:
                fix = end.operator("subtitle.fix_problems", text="Fix")
                fix.rule, fix.which = rule, "TRACK"
        if not counts:
            label(layout, survey.summary() or Text("Checking"), icon="CHECKMARK")
        task = next((task for task in shots.running if task in state.now.tasks), None)
        if task is not None:
            label(layout, task.label)
            task_row(layout, task)
        row = layout.row(align=True)
        fix = row.operator("subtitle.fix_problems", text="Fix All That Is Safe", icon="CHECKMARK")
        fix.rule, fix.which = "", "TRACK"
        row.operator("subtitle.find_shots", text="", icon="SEQ_SPLITVIEW")
        row.operator("subtitle.check_report", text="", icon="FILE_TEXT")
        row = layout.row(align=True)
        row.prop(choices.of(scene), "glossary", text="", icon="TEXT", placeholder="Names")
        row.operator("subtitle.edit_glossary", text="", icon="GREASEPENCIL")
        if problem := glossary.problem(scene):
            wrapped(layout, context, problem, icon="ERROR")


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_checks,))
