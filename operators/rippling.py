# SPDX-License-Identifier: GPL-3.0-or-later
"""Time put in and taken out: what comes later moves along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..session import track as tracks
from .slow import SlowOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.track import Rules
    from ..sequencer.track import Row, Steps

_Result = set[str]


class SUBTITLE_OT_ripple(SlowOperator, bpy.types.Operator):
    """Make room at the playhead, or take time away from it on, as after a scene was put into the film or cut out"""

    bl_idname = "subtitle.ripple"
    bl_label = "Insert or Remove Time"

    what: EnumProperty(  # type: ignore[valid-type]
        name="What",
        items=(
            ("INSERT", "Insert Time", "All that begins at the playhead or later moves later"),
            ("REMOVE", "Remove Time", "What lies in it goes, all that comes later moves up"),
        ),
    )
    seconds: FloatProperty(  # type: ignore[valid-type]
        name="Seconds", description="How much time", min=0.0, default=1.0, precision=3, step=10
    )
    frames: IntProperty(name="Frames", description="And so many frames", min=0)  # type: ignore[valid-type]
    of: EnumProperty(  # type: ignore[valid-type]
        name="Tracks",
        items=(
            ("ACTIVE", "This Track", "The track that is worked on"),
            ("ALL", "All Tracks", "All tracks that are not locked"),
        ),
    )

    def invoke(self, context: Context, _event: Event) -> _Result:
        return set(context.window_manager.invoke_props_dialog(self))

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        length = row.clock.rate.seconds_to_frame(self.seconds) + self.frames
        if length < 1:
            raise SubtitleEditorError(Text("That is no time at all."), Text("Say how many seconds or frames."))
        if self.of == "ALL":
            row = tracks.unlocked(scene)
        return self.slowly(row, self._steps_of(scene, row, rules, length), len(row))

    def _steps_of(self, scene: bpy.types.Scene, row: Row, rules: Rules, length: int) -> Steps:
        from ..core.subtitles import timing

        now = max(scene.frame_current, row.clock.zero)
        if self.what == "INSERT":
            return (yield from row.moving([number for number in range(len(row)) if row.left[number] >= now], length))
        some = row.pick([number for number in range(len(row)) if row.right[number] > now])
        first, last = row.clock.seconds(now), row.clock.seconds(now + length)
        return (yield from some.applying(timing.cut_out(some.cues, first, last, rules)))


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_ripple,))
