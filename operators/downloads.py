# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that fetch models: translators between Blender and the download manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import IntProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..core.units import human_size
from ..sequencer import compat
from ..session import choices, pump, screen, settings, shelf, state
from ..session import downloads as manager
from ..session.downloads import follow
from ..session.waker import Waker
from ..translations import translated

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.downloads.record import JobRecord
    from ..core.events import End

_Result = set[str]


def model_property() -> bpy.types.StringProperty:
    """Which model an operator is about."""
    return StringProperty(name="Model", description="Catalogue id", options={"SKIP_SAVE"})


def job_property() -> bpy.types.StringProperty:
    """Which download an operator is about."""
    return StringProperty(name="Job", description="Id of the download", options={"SKIP_SAVE"})


class OnlineOperator:
    """Mix-in of an operator that asks a server: greyed out, with the reason, while that is not allowed."""

    if TYPE_CHECKING:  # Blender evaluates what is annotated in its classes when it registers them.
        poll_message_set: Callable[[str], None]

    @classmethod
    def poll(cls, context: Context) -> bool:
        if message := settings.why_offline(context):
            cls.poll_message_set(translated(message))
            return False
        return True


class FollowingOperator(OnlineOperator):
    """Mix-in of an operator that starts a download, or goes on with one, and tells how it ends."""

    if TYPE_CHECKING:
        report: Callable[[set[str], str], None]
        _job: str
        _name: str
        _waker: Waker | None

    _waker = None

    def start(self, context: Context) -> tuple[str, str]:
        """Begin; the answer is the job's id and the model's. Raises SubtitleEditorError."""
        raise NotImplementedError

    def execute(self, context: Context) -> _Result:
        try:
            self._job, model = self.start(context)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        self._name = shelf.name_of(model)
        # Timers and modal operators never tick in background.
        if bpy.app.background:
            return self._wait()
        job = self._job
        pump.take_over()
        self._waker = Waker(self, context, lambda: job not in state.now.followed, job)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def _wait(self) -> _Result:
        # Here, not above: it is not needed to register.
        from ..core.events import Notice

        downloads = state.now.manager
        try:
            while self._job in state.now.followed:
                downloads.wait(self._job, state.TICK)
                heard = pump.pump()
                self._tell(event.message for event in heard if isinstance(event, Notice) and event.job == self._job)
        except KeyboardInterrupt:
            # Not cancelled: the next session offers to go on.
            downloads.pause(self._job)
            pump.pump()
            raise
        return self._report_end(state.now.ends.get(self._job))

    def modal(self, context: Context, event: Event) -> _Result:
        # Everything passes: also Esc, which belongs to the tool the user is in. Cancel is a button of its own.
        if self._waker is None or not self._waker.calls(event):
            return {"PASS_THROUGH"}
        self._tell(self._waker.sleep())
        if self._job in state.now.followed:
            return {"PASS_THROUGH"}
        self._waker.end()
        return self._report_end(state.now.ends.get(self._job))

    def cancel(self, _context: Context) -> None:
        """Blender ends the operator, not the download: another file is loaded, the window closes, or Blender quits."""
        if self._waker is not None:
            self._waker.end()

    def _tell(self, messages: Iterable[str]) -> None:
        for message in messages:
            self.report({"INFO"}, translated(message))

    def _report_end(self, end: End | None) -> _Result:
        from ..core.events import Cancelled, Failed, Finished

        match end:
            case Finished():
                self.report({"INFO"}, translated(Text("{name} is installed", name=self._name)))
                return {"FINISHED"}
            case Failed():
                self.report({"ERROR"}, translated(str(end.error)))
            case Cancelled():
                self.report({"INFO"}, translated(Text("The download of {name} was cancelled", name=self._name)))
            case None:
                self._report_rest()
        return {"CANCELLED"}

    def _report_rest(self) -> None:
        """It rests, or another process has taken it; or the add-on was disabled and it went with the old session."""
        record = next((record for record in state.jobs() if record.id == self._job), None)
        if record is not None and record.elsewhere:
            self.report(
                {"INFO"},
                translated(Text("{name} is downloaded in another Blender, or on the command line", name=self._name)),
            )
        elif record is not None and record.message:
            # A full disk pauses a download by itself.
            self.report({"ERROR"}, translated(Text("{message} {hint}", message=record.message, hint=record.hint)))
        else:
            self.report({"INFO"}, translated(Text("The download of {name} is paused", name=self._name)))


class SUBTITLE_OT_download_model(FollowingOperator, bpy.types.Operator):
    """Download a model. It goes on while you work, also when you open another file"""

    bl_idname = "subtitle.download_model"
    bl_label = "Download Model"

    model: StringProperty(  # type: ignore[valid-type]
        name="Model", description="Catalogue id; empty: the scene's speech model", options={"SKIP_SAVE"}
    )
    revision: StringProperty(  # type: ignore[valid-type]
        name="Revision", description="Branch, tag or commit; empty: the newest", options={"SKIP_SAVE"}
    )

    def start(self, context: Context) -> tuple[str, str]:
        model = self.model or choices.scene_model(compat.scene_of(context))
        return manager.start(model, settings.get(context), self.revision or None), model


class SUBTITLE_OT_resume_download(FollowingOperator, bpy.types.Operator):
    """Go on with a paused or interrupted download: nothing that has arrived is fetched again"""

    bl_idname = "subtitle.resume_download"
    bl_label = "Resume Download"

    job: job_property()  # type: ignore[valid-type]
    model: model_property()  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Context) -> bool:
        return super().poll(context) and _any_job(cls, "No download is paused or interrupted", _rests)

    def start(self, context: Context) -> tuple[str, str]:
        downloads = manager.current()
        record = _wanted(self, state.jobs(), _rests)
        state.start_log()
        downloads.resume(record.id)
        follow(record.id)
        return record.id, record.model


class SUBTITLE_OT_retry_download(FollowingOperator, bpy.types.Operator):
    """Try a download once more that has failed or was cancelled. What has arrived is not fetched again"""

    bl_idname = "subtitle.retry_download"
    bl_label = "Try Again"

    job: job_property()  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not super().poll(context):
            return False
        if not state.history():
            cls.poll_message_set(translated("No download has ended yet"))
            return False
        return True

    def start(self, context: Context) -> tuple[str, str]:
        downloads = manager.current()
        record = _wanted(self, state.history())
        state.start_log()
        job = downloads.retry(record.id)
        state.now.messages.pop(shelf.download_id(record.model), None)
        follow(job)
        return job, record.model


def _rests(record: JobRecord) -> bool:
    from ..core.events import State

    return record.state in (State.PAUSED, State.INTERRUPTED)


def _runs(record: JobRecord) -> bool:
    return not _rests(record)


def _any_job(cls: type[bpy.types.Operator], message: str, suits: Callable[[JobRecord], bool] = lambda _: True) -> bool:
    if any(suits(record) for record in state.jobs()):
        return True
    cls.poll_message_set(translated(message))
    return False


def _wanted(
    operator: Any, records: Sequence[JobRecord], suits: Callable[[JobRecord], bool] = lambda _: True
) -> JobRecord:
    """The job that an operator was called for, by its id, or by the model; without either the only one that suits.

    Raises SubtitleEditorError.
    """
    job, model = operator.job, getattr(operator, "model", "")
    if job:
        found = [record for record in records if record.id == job]
    elif model:
        wanted = shelf.download_id(model)
        found = [record for record in records if shelf.download_id(record.model) == wanted]
    else:
        found = [record for record in records if suits(record)]
        if len(found) > 1:
            raise SubtitleEditorError(
                Text("There is more than one download."), Text("Choose one in the panel Downloads.")
            )
    if not found:
        raise SubtitleEditorError(
            Text("There is no such download any more."), Text("The panel Downloads shows those that there are.")
        )
    return found[0]


class _JobOperator:
    """Mix-in of an operator that tells one download something."""

    if TYPE_CHECKING:
        report: Callable[[set[str], str], None]

    def act(self, record: JobRecord) -> None:
        """Do it. Raises SubtitleEditorError."""
        raise NotImplementedError

    def records(self) -> Sequence[JobRecord]:
        """Among which downloads the one that is meant is looked for."""
        return state.jobs()

    def suits(self, record: JobRecord) -> bool:
        """Whether a download can be meant that was not named."""
        return True

    def execute(self, _context: Context) -> _Result:
        try:
            self.act(_wanted(self, self.records(), self.suits))
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        # Not pumped here: a listener may have called us, in the middle of a list of events.
        pump.take_over()
        pump.rebuild()
        screen.redraw()
        return {"FINISHED"}


class SUBTITLE_OT_cancel_download(_JobOperator, bpy.types.Operator):
    """Stop a download and take it off the list. What has arrived is kept for the next time"""

    bl_idname = "subtitle.cancel_download"
    bl_label = "Cancel Download"

    job: job_property()  # type: ignore[valid-type]
    model: model_property()  # type: ignore[valid-type]

    @classmethod
    def poll(cls, _context: Context) -> bool:
        return _any_job(cls, "No download is running")

    def act(self, record: JobRecord) -> None:
        if not record.elsewhere:
            follow(record.id)
        state.now.manager.cancel(record.id)


class SUBTITLE_OT_pause_download(_JobOperator, bpy.types.Operator):
    """Pause a download; it can go on at any time, also in another session"""

    bl_idname = "subtitle.pause_download"
    bl_label = "Pause Download"

    job: job_property()  # type: ignore[valid-type]
    model: model_property()  # type: ignore[valid-type]

    @classmethod
    def poll(cls, _context: Context) -> bool:
        return _any_job(cls, "No download is running", _runs)

    def suits(self, record: JobRecord) -> bool:
        return _runs(record)

    def act(self, record: JobRecord) -> None:
        state.now.manager.pause(record.id)


class SUBTITLE_OT_move_download(_JobOperator, bpy.types.Operator):
    """Change the order in which downloads take their turn"""

    bl_idname = "subtitle.move_download"
    bl_label = "Move Download"

    job: job_property()  # type: ignore[valid-type]
    by: IntProperty(  # type: ignore[valid-type]
        name="By", description="Places; negative: sooner", default=-1, options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, _context: Context) -> bool:
        return _any_job(cls, "No download waits its turn")

    def act(self, record: JobRecord) -> None:
        state.now.manager.move(record.id, self.by)


class SUBTITLE_OT_forget_download(_JobOperator, bpy.types.Operator):
    """Take an ended download off the history. The model's files stay"""

    bl_idname = "subtitle.forget_download"
    bl_label = "Remove from History"

    job: job_property()  # type: ignore[valid-type]

    @classmethod
    def poll(cls, _context: Context) -> bool:
        return _has_history(cls)

    def records(self) -> Sequence[JobRecord]:
        return state.history()

    def act(self, record: JobRecord) -> None:
        state.now.manager.forget(record.id)


class SUBTITLE_OT_clear_history(bpy.types.Operator):
    """Clear the list of ended downloads. The models' files stay"""

    bl_idname = "subtitle.clear_history"
    bl_label = "Clear History"

    @classmethod
    def poll(cls, _context: Context) -> bool:
        return _has_history(cls)

    def invoke(self, context: Context, event: Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, _context: Context) -> _Result:
        state.now.manager.clear_history()
        pump.rebuild()
        screen.redraw()
        return {"FINISHED"}


class SUBTITLE_OT_copy_job(bpy.types.Operator):
    """Copy all that is known of a download, without anything secret, to the clipboard: for a bug report"""

    bl_idname = "subtitle.copy_job"
    bl_label = "Copy Details"

    job: job_property()  # type: ignore[valid-type]

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if not state.jobs() and not state.history():
            cls.poll_message_set(translated("There has been no download yet"))
            return False
        return True

    def execute(self, context: Context) -> _Result:
        try:
            record = _wanted(self, [*state.jobs(), *state.history()])
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        from ..core.downloads import words

        context.window_manager.clipboard = words.report(record)
        self.report({"INFO"}, translated(Text("Copied {size}", size=human_size(len(context.window_manager.clipboard)))))
        return {"FINISHED"}


def _has_history(cls: type[bpy.types.Operator]) -> bool:
    if state.history():
        return True
    cls.poll_message_set(translated("No download has ended yet"))
    return False


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_download_model,
        SUBTITLE_OT_resume_download,
        SUBTITLE_OT_retry_download,
        SUBTITLE_OT_cancel_download,
        SUBTITLE_OT_pause_download,
        SUBTITLE_OT_move_download,
        SUBTITLE_OT_forget_download,
        SUBTITLE_OT_clear_history,
        SUBTITLE_OT_copy_job,
    )
)
