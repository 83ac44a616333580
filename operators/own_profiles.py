# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading rules of the user's own: copied, reset, deleted; and the glossary opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..sequencer import compat
from ..session import choices, glossary, profiles, settings, sheets
from ..translations import translated

if TYPE_CHECKING:
    from pathlib import Path

    from bpy.types import Context, Event

_Result = set[str]


def _shown(context: Context) -> str:
    found = settings.of(context)
    return str(found.rules.profile) if found is not None else ""


class _OwnOperator:
    """Mix-in: only for one of the user's own."""

    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        if _shown(context) not in profiles.own():
            cls.poll_message_set(translated("Built-in profiles stay as they are: copy one"))  # type: ignore[attr-defined]
            return False
        return True


class SUBTITLE_OT_copy_profile(bpy.types.Operator):
    """Make a profile of your own out of this one. The command line knows it too"""

    bl_idname = "subtitle.copy_profile"
    bl_label = "Copy Profile"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        return settings.of(context) is not None

    def execute(self, context: Context) -> _Result:
        from ..core.subtitles import own_profiles

        found = settings.of(context)
        assert found is not None
        rules = found.rules
        copy = own_profiles.copied(profiles.of(rules.profile), profiles.known())
        try:
            profiles.add(copy)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        rules.profile = copy.name
        if profiles.problem:
            self.report({"WARNING"}, translated(profiles.problem))
        self.report({"INFO"}, translated(Text("{name} is yours now: change its numbers", name=copy.label)))
        return {"FINISHED"}


class SUBTITLE_OT_reset_profile(_OwnOperator, bpy.types.Operator):
    """Give it the numbers of the built-in profile that it was copied from"""

    bl_idname = "subtitle.reset_profile"
    bl_label = "Reset Profile"

    def execute(self, context: Context) -> _Result:
        from ..core.subtitles import own_profiles

        profiles.change(own_profiles.reset(profiles.of(_shown(context))))
        if profiles.problem:
            self.report({"WARNING"}, translated(profiles.problem))
        return {"FINISHED"}


class SUBTITLE_OT_delete_profile(_OwnOperator, bpy.types.Operator):
    """Delete this profile. Tracks that have it get the one that it was copied from"""

    bl_idname = "subtitle.delete_profile"
    bl_label = "Delete Profile"

    def invoke(self, context: Context, event: Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, context: Context) -> _Result:
        found = settings.of(context)
        assert found is not None
        rules = found.rules
        name = rules.profile
        base = profiles.of(profiles.of(name).base).name
        rules.profile = base
        try:
            profiles.remove(name)
        except SubtitleEditorError as error:
            rules.profile = name
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if profiles.problem:
            self.report({"WARNING"}, translated(profiles.problem))
        return {"FINISHED"}


_HEAD = "# Names and terms as they are spelt, one a line. What follows a # does not count.\n"


class SUBTITLE_OT_edit_glossary(bpy.types.Operator):
    """Open the list of names in the Text Editor. Save it there with Alt S"""

    bl_idname = "subtitle.edit_glossary"
    bl_label = "Edit Glossary"
    bl_options = {"INTERNAL"}

    own: BoolProperty(name="Own", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        path = glossary.paths(choices.of(compat.scene_of(context)))[0 if self.own else -1]
        try:
            text = self._loaded(path)
        except (OSError, RuntimeError) as error:
            reason = Text("{path} cannot be read: {reason}.", path=path, reason=str(error))
            self.report({"ERROR"}, translated(reason))
            return {"CANCELLED"}
        if not sheets.show(context, text):
            bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}

    def _loaded(self, path: Path) -> bpy.types.Text:
        """The file as a text of Blender's, made when there is none."""
        for text in bpy.data.texts:
            if text.filepath and bpy.path.abspath(text.filepath) == str(path):
                return text
        if not path.exists():
            from ..core.system import files

            path.parent.mkdir(parents=True, exist_ok=True)
            files.write(path, _HEAD.encode())
        return bpy.data.texts.load(str(path))


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_copy_profile, SUBTITLE_OT_reset_profile, SUBTITLE_OT_delete_profile, SUBTITLE_OT_edit_glossary)
)
