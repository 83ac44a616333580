# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: where do subtitles come from, and where do they go?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..sequencer import compat
from ..session import choices
from .parts import SubtitlePanel

if TYPE_CHECKING:
    from bpy.types import Context


class SUBTITLE_PT_subtitles(SubtitlePanel, bpy.types.Panel):
    """Subtitle files in and out."""

    bl_idname = "SUBTITLE_PT_subtitles"
    bl_label = "Subtitles"
    bl_order = 2

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        row = layout.row(align=True)
        row.operator("subtitle.import_file", text="Import", icon="FILE_FOLDER")
        row.operator("subtitle.export_file", text="Export", icon="FILE_TICK")
        layout.prop(choices.of(compat.scene_of(context)), "only_selected")


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_subtitles,))
