# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that fetch models: translators between Blender and the download manager."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from .. import preferences, properties
from ..core.errors import OnlineAccessError, SubtitleEditorError
from ..core.events import Cancelled, End, Failed, Finished, Notice, Progress, State
from ..core.units import human_duration, human_size, human_speed
from ..sequencer import compat
from . import session

if TYPE_CHECKING:
    from bpy.types import Context, Event

_Result = set[str]


def chosen(context: Context) -> str:
    """The model that the panel shows; empty when the .blend names one that is no longer in the catalogue."""
    return str(properties.of(compat.scene_of(context)).model)


def headline(event: Progress) -> str:
    """What stands on the bar: percent, or the state before and after the bytes."""
    if not event.bytes_total or event.state in (State.QUEUED, State.CHECKING):
        return event.state.value.capitalize()
    percent = f"{event.fraction:.0%}"
    return percent if event.state is State.DOWNLOADING else f"{percent}  {event.state.value.capitalize()}"


def details(event: Progress) -> list[str]:
    """The lines under the bar: bytes, speed and time left, then the file that moves."""
    if not event.bytes_total:
        return []
    parts = [f"{human_size(event.bytes_done)} of {human_size(event.bytes_total)}"]
    if event.retry_in is not None:
        parts.append(f"again in {human_duration(event.retry_in)}")
    elif event.speed > 0:
        parts.append(human_speed(event.speed))
        if event.eta is not None:
            parts.append(f"{human_duration(event.eta)} left")
    return ["  ".join(parts), *([event.file] if event.file else [])]


def status(event: Progress) -> str:
    """All of it in one line, for the status bar and the terminal."""
    return "  ".join([headline(event), *details(event)])


class SUBTITLE_OT_download_model(bpy.types.Operator):
    """Download the chosen speech model. It goes on while you work, also when you open another file"""

    bl_idname = "subtitle.download_model"
    bl_label = "Download Model"

    model: StringProperty(  # type: ignore[valid-type]
        name="Model", description="Catalogue id; empty: the model chosen in the panel", options={"SKIP_SAVE"}
    )

    _job: str
    _model: str
    _timer: bpy.types.Timer

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not bpy.app.online_access:
            cls.poll_message_set(str(OnlineAccessError()))
            return False
        if session.job_of(chosen(context)):
            cls.poll_message_set("This model is being downloaded")
            return False
        return True

    def execute(self, context: Context) -> _Result:
        self._model = self.model or chosen(context)
        try:
            self._job = session.start_download(self._model, preferences.get(context))
        except SubtitleEditorError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        # Timers and modal operators never tick in background.
        if bpy.app.background:
            return self._wait()
        self._timer = session.add_timer(context)
        context.window_manager.progress_begin(0.0, 1.0)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def _wait(self) -> _Result:
        assert session.state.manager is not None
        try:
            while self._job not in session.state.ends:
                session.state.manager.wait(self._job, session.TICK)
                self._tell(session.pump())
        except KeyboardInterrupt:
            session.cancel_download(self._job)
            session.state.manager.wait(self._job, session.JOIN)
            session.pump()
            raise
        return self._report_end(session.state.ends[self._job])

    def modal(self, context: Context, event: Event) -> _Result:
        # Everything passes: also Esc, which belongs to the tool the user is in. Cancel is a button of its own.
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        self._tell(session.pump())
        end = session.state.ends.get(self._job)
        if end is not None:
            self._leave(context)
            return self._report_end(end)
        progress = session.state.progress.get(self._job)
        if progress is not None:
            context.window_manager.progress_update(progress.fraction)
            context.workspace.status_text_set(f"{self._model}: {status(progress)}")
        elif self._job not in session.state.running:
            # The add-on was disabled and enabled again meanwhile: our job went with the old session.
            self._leave(context)
            return {"CANCELLED"}
        return {"PASS_THROUGH"}

    def cancel(self, context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        self._leave(context)
        session.take_over()

    def _leave(self, context: Context) -> None:
        session.remove_timer(self._timer)
        context.window_manager.progress_end()
        if context.workspace is not None:
            context.workspace.status_text_set(None)

    def _tell(self, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, Notice) and event.job == self._job:
                self.report({"INFO"}, event.message)

    def _report_end(self, end: End) -> _Result:
        match end:
            case Finished():
                found = session.installed(end.model) or session.installed(self._model)
                size = f" ({human_size(found.size)})" if found else ""
                self.report({"INFO"}, f"{self._model} is installed{size}")
                return {"FINISHED"}
            case Failed():
                self.report({"ERROR"}, str(end.error))
            case Cancelled():
                self.report({"INFO"}, f"The download of {self._model} was cancelled")
        return {"CANCELLED"}


class SUBTITLE_OT_cancel_download(bpy.types.Operator):
    """Stop the download of the chosen model. What has arrived is kept for the next try"""

    bl_idname = "subtitle.cancel_download"
    bl_label = "Cancel Download"

    model: StringProperty(  # type: ignore[valid-type]
        name="Model", description="Catalogue id; empty: the model chosen in the panel", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if not session.busy():
            cls.poll_message_set("No download is running")
            return False
        return True

    def execute(self, context: Context) -> _Result:
        model = self.model or chosen(context)
        job = session.job_of(model)
        if job is None:
            self.report({"WARNING"}, f"{model} is not being downloaded")
            return {"CANCELLED"}
        session.cancel_download(job)
        return {"FINISHED"}


class SUBTITLE_OT_open_token_page(bpy.types.Operator):
    """Open the page where a free hub token is made. None is needed; one raises the rate limits"""

    bl_idname = "subtitle.open_token_page"
    bl_label = "Get a Token"
    bl_options = {"INTERNAL"}

    def execute(self, _context: Context) -> _Result:
        bpy.ops.wm.url_open(url=preferences.TOKEN_PAGE)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_download_model, SUBTITLE_OT_cancel_download, SUBTITLE_OT_open_token_page)
)
