# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of the options for transcribing: save them, choose one, delete one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..sequencer import compat
from ..session import choices, presets
from ..translations import iface, translated

if TYPE_CHECKING:
    from bpy.types import Context, Event

_Result = set[str]


class SUBTITLE_OT_use_preset(bpy.types.Operator):
    """Choose the options that this preset has"""

    bl_idname = "subtitle.use_preset"
    bl_label = "Use Preset"
    bl_options = {"INTERNAL", "UNDO"}

    name: StringProperty(name="Name", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        try:
            notice = presets.use(self.name, choices.of(compat.scene_of(context)))
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if notice is not None:
            self.report({"WARNING"}, translated(notice))
        return {"FINISHED"}


class SUBTITLE_OT_save_preset(bpy.types.Operator):
    """Keep these options under a name, for other films and for the command line"""

    bl_idname = "subtitle.save_preset"
    bl_label = "Save Preset"
    bl_options = {"INTERNAL"}

    name: StringProperty(name="Name", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    replace: BoolProperty(  # type: ignore[valid-type]
        name="Replace It", description="Write over the preset that has this name", options={"SKIP_SAVE"}
    )

    def invoke(self, context: Context, _event: Event) -> _Result:
        presets.names()
        return set(context.window_manager.invoke_props_dialog(self, confirm_text=iface("Save")))

    def draw(self, _context: Context) -> None:
        """The dialog; reads memory only."""
        self.layout.prop(self, "name")
        row = self.layout.row()
        row.enabled = presets.is_there(self.name)
        row.prop(self, "replace")

    def execute(self, context: Context) -> _Result:
        try:
            presets.save(self.name, choices.of(compat.scene_of(context)), replace=self.replace)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, translated(Text('Saved as the preset "{name}"', name=self.name.strip())))
        return {"FINISHED"}


class SUBTITLE_OT_delete_preset(bpy.types.Operator):
    """Delete the file of this preset. What was chosen by it stays chosen"""

    bl_idname = "subtitle.delete_preset"
    bl_label = "Delete Preset"
    bl_options = {"INTERNAL"}

    name: StringProperty(name="Name", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def invoke(self, context: Context, event: Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, _context: Context) -> _Result:
        try:
            presets.delete(self.name)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_use_preset, SUBTITLE_OT_save_preset, SUBTITLE_OT_delete_preset)
)
