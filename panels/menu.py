# SPDX-License-Identifier: GPL-3.0-or-later
"""The Sequencer's menu "Subtitles". Search (F3) finds what is in a menu, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..session import pictures
from .cue_menus import SUBTITLE_MT_edit, SUBTITLE_MT_track
from .models import SUBTITLE_MT_models
from .pictures import SUBTITLE_MT_styles

if TYPE_CHECKING:
    from bpy.types import Context


class SUBTITLE_MT_main(bpy.types.Menu):
    """Everything the add-on does."""

    bl_idname = "SUBTITLE_MT_main"
    bl_label = "Subtitles"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        pictures.watch()  # Before the menu of styles in it is opened, which reads memory only.
        layout = self.layout
        layout.operator("subtitle.transcribe", icon="PLAY")
        layout.operator("subtitle.cancel_transcription")
        layout.separator()
        layout.operator("subtitle.import_file", icon="FILE_FOLDER")
        layout.operator("subtitle.import_from_film")
        layout.operator("subtitle.export_file", icon="FILE_TICK")
        layout.operator("subtitle.add_to_film")
        layout.operator("subtitle.prepare_right_to_left")
        layout.separator()
        layout.operator("subtitle.bake").selected = False
        layout.operator("subtitle.bake", text="Bake Selected").selected = True
        layout.operator("subtitle.bake_changed")
        layout.operator("subtitle.bake_and_render")
        layout.operator("subtitle.back_to_text").selected = False
        layout.operator("subtitle.back_to_text", text="Selected Back to Text").selected = True
        layout.operator("subtitle.delete_unused_pictures")
        layout.operator("subtitle.fit_sizes")
        layout.operator("subtitle.mend_places", text="Put All in Place").which = "ALL"
        layout.operator("subtitle.next_place")
        layout.menu(SUBTITLE_MT_styles.bl_idname)
        layout.separator()
        layout.menu(SUBTITLE_MT_edit.bl_idname)
        layout.menu(SUBTITLE_MT_track.bl_idname)
        layout.operator("subtitle.fix_problems", text="Fix All That Is Safe").which = "TRACK"
        layout.operator("subtitle.check_report")
        layout.separator()
        layout.operator("subtitle.download_model", icon="IMPORT")
        layout.operator("subtitle.pause_download")
        layout.operator("subtitle.resume_download")
        layout.operator("subtitle.cancel_download")
        layout.menu(SUBTITLE_MT_models.bl_idname)
        layout.separator()
        layout.operator("subtitle.open_log")


def _draw_menu(self: Any, _context: Context) -> None:
    self.layout.menu(SUBTITLE_MT_main.bl_idname)


_register, _unregister = bpy.utils.register_classes_factory((SUBTITLE_MT_main,))


def register() -> None:
    """Called by the package."""
    _register()
    bpy.types.SEQUENCER_MT_editor_menus.append(_draw_menu)


def unregister() -> None:
    """Called by the package."""
    bpy.types.SEQUENCER_MT_editor_menus.remove(_draw_menu)
    _unregister()
