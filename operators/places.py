# SPDX-License-Identifier: GPL-3.0-or-later
"""Places of subtitles in the picture: to the next one that is wrong, and into the safe area and clear of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty

from ..core.cues import counted
from ..core.text import Text
from ..sequencer import compat, places
from ..session import track as tracks
from ..translations import translated
from .editing import has_strips

if TYPE_CHECKING:
    from bpy.types import Context

_Result = set[str]


class SUBTITLE_OT_next_place(bpy.types.Operator):
    """Go to the next subtitle that leaves the picture or its safe area, or that another one lies on"""

    bl_idname = "subtitle.next_place"
    bl_label = "Next Wrong Place"

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_strips(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        found = places.everywhere(scene)
        if not found:
            self.report({"INFO"}, translated(Text("All subtitles stand inside the safe area, and none on another")))
            return {"CANCELLED"}
        later = [trouble for trouble in found if trouble.left > scene.frame_current]
        trouble = (later or found)[0]
        strip = compat.find(scene.sequence_editor, trouble.name)
        scene.frame_set(trouble.left)
        if strip is not None:
            tracks.choose(scene, strip)
        number = len({one.name for one in found})
        self.report({"INFO"}, translated(Text("Not where they should be: {subtitles}", subtitles=counted(number))))
        return {"FINISHED"}


class SUBTITLE_OT_mend_places(bpy.types.Operator):
    """Bring subtitles into the safe area, and up or down off others. Lines that are too long are broken"""

    bl_idname = "subtitle.mend_places"
    bl_label = "Put in Place"
    bl_options = {"REGISTER", "UNDO"}

    which: EnumProperty(  # type: ignore[valid-type]
        name="Which",
        items=(("HERE", "At the Playhead", ""), ("ALL", "All", "All that are seen")),
        default="HERE",
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_strips(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        every = places.all_of(scene)
        found = every if self.which == "ALL" else places.shown(scene, int(scene.frame_current))
        count = places.mend(scene, found, every)
        tracks.touched()
        left = len({trouble.name for trouble in places.troubles(scene, found)})
        if left:
            text = Text("Still not where they should be, for want of room: {subtitles}", subtitles=counted(left))
            self.report({"WARNING"}, translated(text))
        self.report({"INFO"}, translated(Text("Put in place: {subtitles}", subtitles=counted(count))))
        return {"FINISHED"} if count else {"CANCELLED"}


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_next_place, SUBTITLE_OT_mend_places))
