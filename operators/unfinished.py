# SPDX-License-Identifier: GPL-3.0-or-later
"""What ended early, and what found no place on a timeline: go on with it, take it, or throw it away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.cues import counted
from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..sequencer import compat, live
from ..session import order, recovered, state, unfinished
from ..session.settings import user_dir
from ..session.transcription import owner_of
from ..translations import translated
from .transcription import Working

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.speech.segments import Kept

_Result = set[str]


class _Unfinished:
    """Work on a transcription that ended early; `journal` is its file, as the panel knows it."""

    journal: bpy.props.StringProperty(options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if state.now.transcription is not None:
            cls.poll_message_set(translated("A transcription is running"))  # type: ignore[attr-defined]
            return False
        return True

    def _kept(self) -> Kept | None:
        kept = unfinished.kept_of(self.journal)
        if kept is None:
            self.report({"INFO"}, translated("That is not there any more"))  # type: ignore[attr-defined]
            unfinished.look_soon(user_dir())
        return kept


class SUBTITLE_OT_continue_unfinished(_Unfinished, Working, bpy.types.Operator):
    """Go on where it stopped, with the options that it had"""

    bl_idname = "subtitle.continue_unfinished"
    bl_label = "Continue"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: Context) -> _Result:
        kept = self._kept()
        if kept is None:
            return {"CANCELLED"}
        try:
            return self._go(context, self._begin(context, order.again(context, kept)))
        except SubtitleEditorError as error:
            self._say("ERROR", str(error))
            return {"CANCELLED"}


class SUBTITLE_OT_take_unfinished(_Unfinished, Working, bpy.types.Operator):
    """Make subtitles of all that was heard, and hear no more of it"""

    bl_idname = "subtitle.take_unfinished"
    bl_label = "Take What Is There"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: Context) -> _Result:
        kept = self._kept()
        if kept is None:
            return {"CANCELLED"}
        scene = compat.scene_of(context)
        if not order.strips_of(scene, kept.media):
            return self._as_file(scene, kept)
        try:
            run = order.take(context, kept)
            run.start()
            return self._go(context, run)
        except SubtitleEditorError as error:
            self._say("ERROR", str(error))
            return {"CANCELLED"}

    def _as_file(self, scene: bpy.types.Scene, kept: Kept) -> _Result:
        from ..core.speech import segments

        made = unfinished.keep_as_file(scene, kept, user_dir())
        if made:
            segments.remove(kept.path)
        unfinished.look_soon(user_dir())
        self._say("INFO", Text("No strip here plays it; kept in a file: {subtitles}", subtitles=counted(made)))
        return {"FINISHED"}


class SUBTITLE_OT_discard_unfinished(_Unfinished, bpy.types.Operator):
    """Throw away what was heard, so that it cannot be continued. Subtitles on the timeline stay"""

    bl_idname = "subtitle.discard_unfinished"
    bl_label = "Discard"
    bl_options = {"INTERNAL"}

    def invoke(self, context: Context, event: bpy.types.Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, context: Context) -> _Result:
        from ..core.speech import segments

        kept = self._kept()
        if kept is not None:
            segments.remove(kept.path)
            live.forget(compat.scene_of(context), owner_of(kept.path))
            unfinished.look_soon(user_dir())
        return {"FINISHED"}


class _Recovered:
    """Subtitles in a file of ours; `path` is that file, as the panel knows it."""

    path: bpy.props.StringProperty(options={"SKIP_SAVE"})  # type: ignore[valid-type]


class SUBTITLE_OT_import_recovered(_Recovered, bpy.types.Operator):
    """Make text strips of the subtitles that were kept, at their times"""

    bl_idname = "subtitle.import_recovered"
    bl_label = "Import Them"
    bl_options = {"INTERNAL"}

    def execute(self, _context: Context) -> _Result:
        operators: Any = bpy.ops
        try:
            # With a step of its own for the undo, which it pushes when it has made the last strip.
            result = operators.subtitle.import_file("EXEC_DEFAULT", True, filepath=self.path, encoding="UTF8")
        except RuntimeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if "CANCELLED" in result:
            return {"CANCELLED"}
        recovered.let_go(Path(self.path))
        return {"FINISHED"}


class SUBTITLE_OT_dismiss_recovered(_Recovered, bpy.types.Operator):
    """Do not show this any more. The subtitle file stays where it is"""

    bl_idname = "subtitle.dismiss_recovered"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, _context: Context) -> _Result:
        recovered.let_go(Path(self.path))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_continue_unfinished,
        SUBTITLE_OT_take_unfinished,
        SUBTITLE_OT_discard_unfinished,
        SUBTITLE_OT_import_recovered,
        SUBTITLE_OT_dismiss_recovered,
    )
)
