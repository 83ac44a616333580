# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech of a strip to TEXT strips: operators between Blender and core/speech/job.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.errors.base import SubtitleEditorError, UnexpectedError
from ..core.system.logs import log
from ..core.text import Text, counted
from ..sequencer import compat, sounds, strips
from ..session import choices, pump, state, unfinished
from ..session.settings import get, user_dir
from ..session.waker import Waker
from ..translations import translated

if TYPE_CHECKING:
    from bpy.types import Context

    from ..session.fetching import Fetch
    from ..session.order import Order
    from ..session.transcription import TranscriptionRun

_Result = set[str]

_AGAIN = 0.1
"""Seconds after which a transcription whose window was closed goes on in another."""


class Working:
    """What the operators share that make subtitles while something goes on: asleep until there are some to make."""

    if TYPE_CHECKING:  # Blender evaluates what is annotated in its classes when it registers them.
        _run: TranscriptionRun | None
        _fetch: Fetch | None
        _waker: Waker | None

    _run = _fetch = _waker = None

    def _go(self, context: Context, run: TranscriptionRun | Fetch) -> _Result:
        """Follow what was begun to its end: at once in background, else asleep. Raises SubtitleEditorError."""
        self._follow(run)
        if bpy.app.background:
            return self._wait(context)
        try:
            pump.take_over()
            self._waker = Waker(self, context, _is_due)  # type: ignore[arg-type]
        except RuntimeError:
            run.abandon()  # Nobody would make the strips.
            self._leave()
            raise
        return {"RUNNING_MODAL"}

    def _follow(self, run: TranscriptionRun | Fetch) -> None:
        # Here, not above: none of this is needed to register.
        from ..session.fetching import Fetch

        self._run, self._fetch = (None, run) if isinstance(run, Fetch) else (run, None)
        state.now.transcription = run

    def _begin(self, context: Context, asked: Order) -> TranscriptionRun:
        """Start the child process. Raises SubtitleEditorError."""
        from ..session import order

        run = order.begin(asked, get(context))
        state.start_log()
        run.start()
        return run

    def _fetched(self, context: Context) -> bool:
        """Go on after the download; whether there is anything to go on with. Raises SubtitleEditorError."""
        from ..core.events import Failed, Finished

        assert self._fetch is not None
        waited, self._fetch = self._fetch, None
        end = state.now.ends.get(waited.job)
        state.now.transcription = None
        if waited.is_given_up:
            self._say("INFO", Text("Cancelled"))
            return False
        if isinstance(end, Failed):
            raise end.error
        if not isinstance(end, Finished):
            self._say("INFO", Text("Without the model there is no transcription"))
            return False
        self._follow(self._begin(context, waited.order))
        return True

    def _say(self, level: str, text: str) -> None:
        self.report({level}, translated(text))  # type: ignore[attr-defined]

    def _wait(self, context: Context) -> _Result:
        """In background: timers never tick there."""
        try:
            if self._fetch is not None:
                while not self._fetch.over and self._fetch.job in state.now.followed:
                    self._fetch.wait(state.TICK)
                    pump.pump()
                if not self._fetched(context):
                    return {"CANCELLED"}
            run = self._run
            assert run is not None
            try:
                while not run.over:
                    run.wait(state.TICK / 2)
                    pump.pump()
                    run.write(at_once=True)
                run.write(at_once=True)
            finally:
                run.stop()
        finally:
            self._leave()
        return self._report_end(run)

    def modal(self, context: Context, event: bpy.types.Event) -> _Result:
        """Called by Blender for each event, and by the waker when there is something to do."""
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
            assert self._run is not None
            # Here, not when it is heard: with events, that is not while the user drags a strip.
            if self._run.write() and not self._run.done:
                self._waker.sleep()
        except Exception as error:
            if not isinstance(error, SubtitleEditorError):
                log(__name__).exception("making strips failed")
            if state.now.transcription is not None:  # None while there is only a download, which has failed.
                state.now.transcription.abandon()  # What was heard is kept, whatever went wrong.
            self._leave()
            self._say("ERROR", str(error if isinstance(error, SubtitleEditorError) else UnexpectedError(error)))
            self._tell_notices(self._run)
            return {"CANCELLED"}
        if self._run.done:
            self._leave()
            return self._report_end(self._run)
        return {"PASS_THROUGH"}

    def cancel(self, _context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        if self._waker is not None:
            self._waker.end()
        if state.now.transcription is not None and not bpy.app.timers.is_registered(_go_on):
            # Which of these it is nobody says: after it there is a scene to go on with, or there is none.
            bpy.app.timers.register(_go_on, first_interval=_AGAIN, persistent=True)

    def _leave(self) -> None:
        state.now.transcription = None
        unfinished.look_soon(user_dir())
        if self._waker is not None:
            self._waker.end()

    def _tell_notices(self, run: TranscriptionRun | None) -> None:
        for notice in run.notices if run is not None else ():
            self._say("WARNING" if run is not None and run.scene_gone else "INFO", notice)

    def _report_end(self, run: TranscriptionRun) -> _Result:
        from ..core.events import Cancelled, Failed, Finished

        self._tell_notices(run)
        if run.scene_gone:
            return {"CANCELLED"}
        match run.end:
            case Failed(error=error):
                kept = Text("{error} Kept: {subtitles}.", error=str(error), subtitles=counted(run.made))
                self._say("ERROR", kept if run.made else str(error))
            case Cancelled():
                self._say("INFO", Text("Cancelled; kept: {subtitles}", subtitles=counted(run.made)))
            case Finished() if run.made:
                self._say("INFO", Text("{subtitles} made", subtitles=counted(run.made)))
            case Finished():
                self._say("WARNING", Text("No speech was found"))
        # Strips that were made are worth an undo step, however it ended.
        return {"FINISHED"} if run.made or isinstance(run.end, Finished) else {"CANCELLED"}


def _is_due() -> bool:
    running = state.now.transcription
    return running is None or running.due


def _go_on() -> None:
    """An app timer after an operator was ended by Blender: go on in another window, or keep what there is in a file."""
    run = state.now.transcription
    if run is None:
        return
    from ..session.transcription import TranscriptionRun

    manager = bpy.context.window_manager
    windows = list(manager.windows) if manager else []
    if isinstance(run, TranscriptionRun) and run.has_scene and windows:
        with bpy.context.temp_override(window=windows[0]):
            bpy.ops.subtitle.go_on_transcribing("INVOKE_DEFAULT")  # type: ignore[attr-defined]
        return
    run.abandon()
    state.now.transcription = None
    state.show_soon()
    unfinished.look_soon(user_dir())


class SUBTITLE_OT_transcribe(Working, bpy.types.Operator):
    """Turn the speech of the chosen sound or movie strip into text strips"""

    bl_idname = "subtitle.transcribe"
    bl_label = "Transcribe"
    # Blender pushes one undo step when the operator finishes. Not REGISTER: its redo panel would transcribe again.
    bl_options = {"UNDO"}

    existing: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Subtitles That Are There",
        items=(
            ("BESIDE", "Keep", "The new ones go to free channels above"),
            (
                "REPLACE",
                "Replace",
                "Those where new ones are made go in the end, but for locked ones; all others stay",
            ),
        ),
        default="BESIDE",
        options={"SKIP_SAVE"},
    )

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
        from ..session import order
        from ..session.fetching import fetch

        try:
            asked = order.order(context, replace=self.existing == "REPLACE")
            run = fetch(asked, get(context)) or self._begin(context, asked)
            return self._go(context, run)
        except SubtitleEditorError as error:
            self._say("ERROR", str(error))
            return {"CANCELLED"}


class SUBTITLE_OT_go_on_transcribing(Working, bpy.types.Operator):
    """Make the subtitles of the transcription that is running: the window that it was started in is closed"""

    bl_idname = "subtitle.go_on_transcribing"
    bl_label = "Transcribe"
    bl_options = {"INTERNAL", "UNDO"}

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if state.now.transcription is None:
            return False
        from ..session.transcription import TranscriptionRun

        return isinstance(state.now.transcription, TranscriptionRun)

    def execute(self, context: Context) -> _Result:
        from ..session.transcription import TranscriptionRun

        run = state.now.transcription
        assert isinstance(run, TranscriptionRun)
        return self._go(context, run)


class SUBTITLE_OT_cancel_transcription(bpy.types.Operator):
    """Stop the transcription. The subtitles made so far stay, and it can be continued"""

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
    (SUBTITLE_OT_transcribe, SUBTITLE_OT_go_on_transcribing, SUBTITLE_OT_cancel_transcription)
)
