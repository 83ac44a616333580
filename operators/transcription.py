# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech of a strip to TEXT strips: operators between Blender and core/speech/job.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.events import Cancelled, Failed, Finished
from ..core.text import Text
from ..sequencer import compat, sounds, strips
from ..session import choices, profiles, pump, state, unfinished
from ..session.settings import user_dir
from ..session.transcription import Fetch, TranscriptionRun, fetch_missing, prepare
from ..session.waker import Waker
from ..translations import translated

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.speech.segments import Kept

_Result = set[str]


class SUBTITLE_OT_transcribe(bpy.types.Operator):
    """Turn the speech of the chosen sound or movie strip into text strips"""

    bl_idname = "subtitle.transcribe"
    bl_label = "Transcribe"
    # Blender pushes one undo step when the operator finishes. Not REGISTER: its redo panel would transcribe again.
    bl_options = {"UNDO"}

    existing: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Subtitles That Are There",
        items=(
            ("BESIDE", "Keep", "The new ones go to free channels above"),
            ("REPLACE", "Replace", "Those that lie where the new ones are made go; all others stay"),
        ),
        default="BESIDE",
        options={"SKIP_SAVE"},
    )

    _run: TranscriptionRun
    _fetch: Fetch | None = None
    _waker: Waker | None = None

    @classmethod
    def poll(cls, context: Context) -> bool:
        if state.now.transcription is not None:
            cls.poll_message_set(translated("A transcription is running"))
            return False
        scene = compat.scene_of(context)
        if not sounds.chosen(scene, choices.of(scene).source == "ALL"):
            cls.poll_message_set(translated("Select one sound or movie strip"))
            return False
        return True

    def invoke(self, context: Context, _event: bpy.types.Event) -> _Result:
        scene = compat.scene_of(context)
        heard = sounds.chosen(scene, choices.of(scene).source == "ALL")
        if not strips.any_between(scene, [(compat.left(strip), compat.right(strip)) for strip in heard]):
            return self.execute(context)
        self.existing = "REPLACE"
        return set(context.window_manager.invoke_props_dialog(self))

    def draw(self, _context: Context) -> None:
        """Of the dialog that asks what to do with the subtitles that are there."""
        self.layout.label(text="There are subtitles already where new ones will be made.")
        self.layout.row().prop(self, "existing", expand=True)

    def execute(self, context: Context) -> _Result:
        try:
            self._fetch = fetch_missing(context)
            state.now.transcription = self._fetch
            if self._fetch is None:
                self._begin(context)
            if bpy.app.background:
                return self._wait(context)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        try:
            pump.take_over()
            self._waker = Waker(self, context, _is_over)
        except RuntimeError:
            self.cancel(context)  # Nobody would make the strips.
            raise
        return {"RUNNING_MODAL"}

    def _begin(self, context: Context) -> None:
        """Start the child process. Raises SubtitleEditorError."""
        self._run = prepare(context, replace=self.existing == "REPLACE")
        state.start_log()
        state.now.transcription = self._run
        self._run.start()

    def _fetched(self, context: Context) -> bool:
        """Go on after the download; whether there is anything to go on with. Raises SubtitleEditorError."""
        assert self._fetch is not None
        end = state.now.ends.get(self._fetch.job)
        self._fetch = state.now.transcription = None
        if isinstance(end, Failed):
            raise end.error
        if not isinstance(end, Finished):
            self.report({"INFO"}, translated("Without the model there is no transcription"))
            return False
        self._begin(context)
        return True

    def _wait(self, context: Context) -> _Result:
        try:
            if self._fetch is not None:
                while not self._fetch.over:
                    self._fetch.wait(state.TICK)
                    pump.pump()
                if not self._fetched(context):
                    return {"CANCELLED"}
            try:
                while not self._run.over:
                    self._run.wait(state.TICK)
                    pump.pump()
                self._run.write(budget=None)
            finally:
                self._run.stop()
        finally:
            state.now.transcription = None
            unfinished.look_soon(user_dir())
        return self._report_end()

    def modal(self, context: Context, event: bpy.types.Event) -> _Result:
        if self._waker is None or not self._waker.calls(event):
            return {"PASS_THROUGH"}
        if state.now.transcription is None:
            # The add-on was disabled meanwhile.
            self._leave()
            return {"CANCELLED"}
        try:
            if self._fetch is not None:
                if not self._fetched(context):
                    self._leave()
                    return {"CANCELLED"}
                self._waker.sleep()
                return {"PASS_THROUGH"}
            # Here, not when it is heard: with events, that is not while the user drags a strip.
            self._run.write()
        except SubtitleEditorError as error:
            self._leave()
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if self._run.done:
            self._leave()
            return self._report_end()
        return {"PASS_THROUGH"}

    def cancel(self, _context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        if state.now.transcription is not None:
            state.now.transcription.abandon()
        self._leave()

    def _leave(self) -> None:
        state.now.transcription = None
        unfinished.look_soon(user_dir())
        if self._waker is not None:
            self._waker.end()

    def _report_end(self) -> _Result:
        run = self._run
        for notice in run.notices:
            self.report({"WARNING" if run.scene_gone else "INFO"}, translated(notice))
        if run.scene_gone:
            return {"CANCELLED"}
        match run.end:
            case Failed(error=error):
                self.report(
                    {"ERROR"},
                    translated(
                        Text("{error} {number} subtitles were kept.", error=str(error), number=run.made)
                        if run.made
                        else str(error)
                    ),
                )
            case Cancelled():
                self.report({"INFO"}, translated(Text("Cancelled; {number} subtitles were kept", number=run.made)))
            case Finished() if run.made:
                self.report({"INFO"}, translated(Text("{number} subtitles made", number=run.made)))
            case Finished():
                self.report({"WARNING"}, translated("No speech was found"))
        # Strips that were made are worth an undo step, however it ended.
        return {"FINISHED"} if run.made or isinstance(run.end, Finished) else {"CANCELLED"}


def _is_over() -> bool:
    running = state.now.transcription
    return running is None or running.over


class SUBTITLE_OT_dismiss_recovered(bpy.types.Operator):
    """Do not show this any more. The subtitle file stays where it is"""

    bl_idname = "subtitle.dismiss_recovered"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, _context: Context) -> _Result:
        state.now.recovered = None
        return {"FINISHED"}


class _Unfinished:
    """Work on a transcription that ended early; `journal` is its file, as the panel knows it."""

    journal: bpy.props.StringProperty(options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, _context: Context) -> bool:
        return state.now.transcription is None

    def _kept(self) -> Kept | None:
        kept = unfinished.kept_of(self.journal)
        if kept is None:
            self.report({"INFO"}, translated("That is not there any more"))  # type: ignore[attr-defined]
            unfinished.look_soon(user_dir())
        return kept


class SUBTITLE_OT_continue_unfinished(_Unfinished, bpy.types.Operator):
    """Go on where it stopped, with the options that it had"""

    bl_idname = "subtitle.continue_unfinished"
    bl_label = "Continue"
    bl_options = {"INTERNAL"}

    def execute(self, context: Context) -> _Result:
        kept = self._kept()
        if kept is None:
            return {"CANCELLED"}
        if not unfinished.choose_again(compat.scene_of(context), kept):
            message = Text(
                "No strip here plays {media}. Open the file that does, or take what there is.", media=kept.media
            )
            self.report({"ERROR"}, translated(message))
            return {"CANCELLED"}
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        return set(bpy.ops.subtitle.transcribe(how))  # type: ignore[attr-defined]


class SUBTITLE_OT_take_unfinished(_Unfinished, bpy.types.Operator):
    """Make subtitles of what was heard, and hear no more of it"""

    bl_idname = "subtitle.take_unfinished"
    bl_label = "Take What Is There"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: Context) -> _Result:
        from ..core.speech import segments

        kept = self._kept()
        if kept is None:
            return {"CANCELLED"}
        scene = compat.scene_of(context)
        try:
            made = unfinished.take(scene, kept, profiles.of(choices.of(scene).profile), user_dir())
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if made:
            segments.remove(kept.path)
        unfinished.look_soon(user_dir())
        self.report({"INFO"}, translated(Text("{number} subtitles made", number=made)))
        return {"FINISHED"}


class SUBTITLE_OT_discard_unfinished(_Unfinished, bpy.types.Operator):
    """Throw away what was heard"""

    bl_idname = "subtitle.discard_unfinished"
    bl_label = "Discard"
    bl_options = {"INTERNAL"}

    def invoke(self, context: Context, event: bpy.types.Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, _context: Context) -> _Result:
        from ..core.speech import segments

        kept = self._kept()
        if kept is not None:
            segments.remove(kept.path)
            unfinished.look_soon(user_dir())
        return {"FINISHED"}


class SUBTITLE_OT_cancel_transcription(bpy.types.Operator):
    """Stop the transcription. The subtitles found so far are kept"""

    bl_idname = "subtitle.cancel_transcription"
    bl_label = "Cancel Transcription"

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if state.now.transcription is None:
            cls.poll_message_set(translated("No transcription is running"))
            return False
        return True

    def execute(self, _context: Context) -> _Result:
        if state.now.transcription is not None:
            state.now.transcription.stop()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_transcribe,
        SUBTITLE_OT_cancel_transcription,
        SUBTITLE_OT_dismiss_recovered,
        SUBTITLE_OT_continue_unfinished,
        SUBTITLE_OT_take_unfinished,
        SUBTITLE_OT_discard_unfinished,
    )
)
