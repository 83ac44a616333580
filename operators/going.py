# SPDX-License-Identifier: GPL-3.0-or-later
"""To other subtitles, and playing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty

from ..core.text import Text
from ..sequencer import compat
from ..session import screen
from ..session import track as tracks
from ..translations import translated
from .editing import (
    has_subtitles,
    nothing_chosen,
)

if TYPE_CHECKING:
    from bpy.types import Context

    from ..sequencer.track import Row

_Result = set[str]


class SUBTITLE_OT_jump_cue(bpy.types.Operator):
    """Choose another subtitle and go there"""

    bl_idname = "subtitle.jump_cue"
    bl_label = "Go to Subtitle"
    bl_options = {"UNDO"}

    to: EnumProperty(  # type: ignore[valid-type]
        name="To",
        items=(
            ("NEXT", "Next", "The next subtitle"),
            ("PREVIOUS", "Previous", "The subtitle before"),
            ("PROBLEM", "Next Problem", "The next subtitle that breaks a rule of the track's profile"),
            (
                "UNTRANSLATED",
                "Next Untranslated",
                "The next one that still says what the original says, or nothing",
            ),
            ("DOUBTFUL", "Next Doubtful", "The next subtitle with words that the model was not sure of"),
        ),
    )
    play: BoolProperty(name="Play", description="And play it")  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        row = tracks.row(scene)
        strip = self._next(scene, row)
        if strip is None:
            self.report({"INFO"}, translated(Text("There are no more.")))
            return {"CANCELLED"}
        tracks.choose(scene, strip)
        scene.frame_current = compat.left(strip)
        screen.reveal()
        if self.play:
            play(context, scene, strip, loop=False)
        return {"FINISHED"}

    def _next(self, scene: bpy.types.Scene, row: Row) -> Any:
        number = row.number_of(tracks.chosen_strip(scene))
        now = number if number is not None else row.before(scene.frame_current)
        if self.to in ("NEXT", "PREVIOUS"):
            after = self.to == "NEXT"
            step = (-1 if now is None else now) + (1 if after else (0 if number is None else -1))
            return row.strip(step) if 0 <= step < len(row) else None
        from ..session import survey

        known = survey.read_now()
        wanted = {"PROBLEM": set(known.by_name), "UNTRANSLATED": known.untranslated}.get(self.to, known.doubtful)
        start = -1 if now is None else now
        steps = [*range(start + 1, len(row)), *range(start + 1)]
        found = next((step for step in steps if known.names[step] in wanted), None)
        return row.strip(found) if found is not None else None


_AROUND = 12
"""Frames that are played before and after a subtitle."""


def play(context: Context, scene: bpy.types.Scene, strip: Any, *, loop: bool) -> None:
    """Play around a subtitle. With `loop` the preview range is set to it, so that it plays again and again."""
    first, last = compat.left(strip), compat.right(strip)
    scene.frame_current = max(scene.frame_start, first - _AROUND)
    if loop:
        scene.use_preview_range = True
        scene.frame_preview_start, scene.frame_preview_end = max(scene.frame_start, first - _AROUND), last + _AROUND
    shown = context.screen
    if shown is not None and not shown.is_animation_playing and not bpy.app.background:
        bpy.ops.screen.animation_play()


class SUBTITLE_OT_play_cue(bpy.types.Operator):
    """Play from a little before the chosen subtitle. Again stops"""

    bl_idname = "subtitle.play_cue"
    bl_label = "Play Subtitle"
    bl_options = {"UNDO"}

    loop: BoolProperty(  # type: ignore[valid-type]
        name="Loop", description="Again and again: sets the preview range. Again ends that"
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        shown = context.screen
        if shown is not None and shown.is_animation_playing:
            bpy.ops.screen.animation_cancel(restore_frame=False)
            if self.loop:
                scene.use_preview_range = False
            return {"FINISHED"}
        row = tracks.row(scene)
        number = tracks.chosen(scene, row)
        if number is None:
            self.report({"ERROR"}, translated(str(nothing_chosen())))
            return {"CANCELLED"}
        play(context, scene, row.strip(number), loop=self.loop)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_jump_cue,
        SUBTITLE_OT_play_cue,
    )
)
