# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech of a strip to TEXT strips: operators between Blender and core/transcriber.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from .. import preferences, properties
from ..core import catalog, library
from ..core.cues import PROFILES, Cue, Profile
from ..core.errors import ModelDamagedError, ModelNotInstalledError, SubtitleEditorError
from ..core.events import Cancelled, CueFound, End, Event, Failed, Finished, Notice, TranscriptionProgress
from ..core.units import human_duration
from ..sequencer import compat, strips
from . import session

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.transcriber import Transcription

_Result = set[str]

WRITE_BUDGET = 0.02
"""Seconds of each tick spent on making strips: long enough to get on, too short to be felt."""


class Run:
    """One transcription from the strip to its subtitles. The operator ticks it; panels read `text` and `fraction`."""

    def __init__(self, scene: bpy.types.Scene, use: strips.MediaUse, profile: Profile, job: Transcription) -> None:
        self.end: End | None = None
        """The job's ending; strips may still be in the making."""
        self.made = 0
        self.done = False
        self.notices: list[str] = []
        self.fraction = 0.0
        self.text = "Starting"
        self._scene_name = scene.name
        self._use = use
        self._profile = profile
        self._job = job
        self._writer: strips.Writer | None = None
        self._found = 0

    @property
    def job(self) -> str:
        """The job's id, as in its events."""
        return self._job.id

    def start(self) -> None:
        """Start the child process."""
        self._job.start()

    def stop(self) -> None:
        """Ask it to end; what was found so far still becomes strips, as long as somebody ticks."""
        self._job.cancel()

    def abandon(self) -> None:
        """End now, make nothing: the scene is going away."""
        self._job.cancel()
        self.done = True

    def tick(self, budget: float | None = WRITE_BUDGET) -> None:
        """Take the events, or make some strips. `budget` None: as many as there are.

        Raises SubtitleEditorError when the strips find no place.
        """
        if self.end is None:
            for event in self._job.drain():
                self._take(event)
                session.tell(event)
        if self.end is not None and not self.done:
            self._write(budget)
        session.redraw()

    def wait(self, timeout: float) -> None:
        """Block until the last event is there, at most `timeout` seconds."""
        self._job.wait(timeout)

    def _take(self, event: Event) -> None:
        match event:
            case TranscriptionProgress():
                self.fraction = event.fraction
                self.text = self._status(event)
            case CueFound():
                self._found += 1
            case Notice():
                self.notices.append(event.message)
            case Finished() | Failed() | Cancelled():
                self.end = event

    def _status(self, event: TranscriptionProgress) -> str:
        if not event.seconds_total:
            return event.state.value.capitalize()
        left = f"  {human_duration(event.eta)} left" if event.eta is not None else ""
        return f"{event.fraction:.0%}  {self._found} found{left}"

    def _write(self, budget: float | None) -> None:
        if self._writer is None:
            self._writer = self._new_writer()
        if self._writer is None:
            self.done = True
            return
        try:
            self.done = self._writer.step(budget)
        except BaseException:
            self.done = True
            raise
        self.made = self._writer.made
        self.fraction = self._writer.fraction
        self.text = f"Making strips  {self.made} of {self._writer.total}"
        if self.done and self._writer.cut:
            self.notices.append(f"{self._writer.cut} texts were too long for this Blender and were cut.")

    def _new_writer(self) -> strips.Writer | None:
        scene: bpy.types.Scene | None = bpy.data.scenes.get(self._scene_name)
        if self.end is None or not self.end.cues or scene is None:
            return None
        cues = shape(self._use, self.end.cues, self._profile)
        try:
            return strips.Writer(scene, strips.place(cues, self._use.frame), self._use.channel, "Subtitle")
        except SubtitleEditorError:
            self.done = True
            raise


def shape(use: strips.MediaUse, heard: tuple[Cue, ...], profile: Profile) -> list[Cue]:
    """Readable subtitles by `profile` out of what the model heard in the used part. Times in seconds of the media."""
    # Here, not above: only needed once something was transcribed.
    from ..core.segmentation import segment

    return use.inside(segment(use.inside(heard), profile, frame_rate=float(use.rate)))


def prepare(context: Context) -> Run:
    """Read what the user chose and make the run, not yet started.

    Raises SubtitleEditorError: no model, no strip, no media.
    """
    scene = compat.scene_of(context)
    choice = properties.of(scene)
    entry = catalog.load().get(choice.model)
    state = library.status(preferences.get(context).models_dir, entry)
    if state.installed is None:
        raise ModelNotInstalledError(entry.id)
    if state.damaged:
        raise ModelDamagedError(entry.id, state.damaged)
    strip = strips.media_strip(scene)
    if strip is None:
        raise SubtitleEditorError("No sound or film is chosen.", "Select one sound or movie strip.")
    use = strips.media_use(strip, scene)
    return Run(scene, use, PROFILES[choice.profile], _job(use, state.installed.path, entry.id, choice))


def _job(
    use: strips.MediaUse, model_path: Path, model: str, choice: properties.SubtitleEditorSettings
) -> Transcription:
    from ..core.transcriber import Request, Transcription

    return Transcription(
        Request(
            media=use.path,
            model_path=model_path,
            model_id=model,
            language=None if choice.language == properties.AUTO else choice.language,
            task=choice.task,
            start=use.start,
            end=use.end,
            words=choice.use_word_times,
        )
    )


class SUBTITLE_OT_transcribe(bpy.types.Operator):
    """Turn the speech of the chosen sound or movie strip into text strips"""

    bl_idname = "subtitle.transcribe"
    bl_label = "Transcribe"
    # Blender pushes one undo step when the operator finishes. Not REGISTER: its redo panel would transcribe again.
    bl_options = {"UNDO"}

    _run: Run
    _timer: bpy.types.Timer

    @classmethod
    def poll(cls, context: Context) -> bool:
        if session.state.transcription is not None:
            cls.poll_message_set("A transcription is running")
            return False
        if strips.media_strip(compat.scene_of(context)) is None:
            cls.poll_message_set("Select one sound or movie strip")
            return False
        return True

    def execute(self, context: Context) -> _Result:
        try:
            self._run = prepare(context)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        session.state.transcription = self._run
        self._run.start()
        if bpy.app.background:
            return self._wait()
        self._timer = session.add_timer(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def _wait(self) -> _Result:
        try:
            while not self._run.done:
                self._run.wait(session.TICK)
                self._run.tick(budget=None)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            self._run.stop()
            session.state.transcription = None
        return self._report_end()

    def modal(self, context: Context, event: bpy.types.Event) -> _Result:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            self._run.tick()
        except SubtitleEditorError as error:
            self._leave(context)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if self._run.done:
            self._leave(context)
            return self._report_end()
        context.workspace.status_text_set(f"Transcribing: {self._run.text}")
        return {"PASS_THROUGH"}

    def cancel(self, context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        self._run.abandon()
        self._leave(context)

    def _leave(self, context: Context) -> None:
        session.remove_timer(self._timer)
        if session.state.transcription is self._run:
            session.state.transcription = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        session.redraw()

    def _report_end(self) -> _Result:
        run = self._run
        for notice in run.notices:
            self.report({"INFO"}, notice)
        match run.end:
            case Failed(error=error):
                self.report({"ERROR"}, f"{error} {run.made} subtitles were kept." if run.made else str(error))
            case Cancelled():
                self.report({"INFO"}, f"Cancelled; {run.made} subtitles were kept")
            case Finished() if run.made:
                self.report({"INFO"}, f"{run.made} subtitles made")
            case Finished():
                self.report({"WARNING"}, "No speech was found")
        # Strips that were made are worth an undo step, however it ended.
        return {"FINISHED"} if run.made or isinstance(run.end, Finished) else {"CANCELLED"}


class SUBTITLE_OT_cancel_transcription(bpy.types.Operator):
    """Stop the transcription. The subtitles found so far are kept"""

    bl_idname = "subtitle.cancel_transcription"
    bl_label = "Cancel Transcription"

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if session.state.transcription is None:
            cls.poll_message_set("No transcription is running")
            return False
        return True

    def execute(self, _context: Context) -> _Result:
        if session.state.transcription is not None:
            session.state.transcription.stop()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_transcribe, SUBTITLE_OT_cancel_transcription))
