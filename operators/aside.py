# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators share that read or write a user's files: on a thread, for a folder in a network may take its time.

What is done within a moment is done at once, as is all of it in background. Else the window goes on, the status bar
says what is waited for, and Escape gives it up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text
from ..session import waker
from ..translations import translated

if TYPE_CHECKING:
    from bpy.types import Context, Event

_Result = set[str]
_Then = Callable[["Context", Any], _Result]

MOMENT = 0.2
"""Seconds that nobody notices after a click."""


class AsideOperator:
    """Mix-in of an operator that goes on when something is read or written."""

    if TYPE_CHECKING:  # Blender evaluates what is annotated in its classes when it registers them.
        bl_idname: str
        report: Callable[[set[str], str], None]
        _aside: Any
        _then: Any
        _timer: Any

    _aside = _then = _timer = None
    _is_modal = False

    def aside(self, context: Context, label: Text, work: Callable[[], Any], then: _Then) -> _Result:
        """Do `work` on a thread and go on with `then(context, what it returned)` on the main thread. `label` says what
        it is, for the status bar. What it raises goes to `went_wrong`. The result is the operator's."""
        task = Task(label, lambda control, *_: control.apart(work, "files"))
        task.start()
        at_once = bpy.app.background or context.window is None
        if task.finished.wait(None if at_once else MOMENT):
            return self._go_on_with(context, task, then)
        self._aside, self._then = task, then
        self.stay(context)
        context.workspace.status_text_set(translated(Text("{what}. Escape stops it.", what=task.label)))
        return {"RUNNING_MODAL"}

    def stay(self, context: Context) -> None:
        """Be called for each event, and by a timer, until `leave`."""
        self._timer = waker.add_timer(context.window)
        if not self._is_modal:  # Twice it would be called twice for each event, and once more when it is gone.
            context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
            self._is_modal = True

    def leave(self, context: Context) -> None:
        """The timer's end, and that of what the status bar says."""
        if self._timer is not None:
            waker.remove_timer(self._timer)
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)

    def modal(self, context: Context, event: Event) -> _Result:
        """Called by Blender for each event."""
        if self._aside is None:
            other: Any = super()
            return set(other.modal(context, event))
        if event.type == "ESC" and event.value == "PRESS":
            self._aside.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER" or not self._aside.finished.is_set():
            return {"PASS_THROUGH"}
        task, self._aside = self._aside, None
        self.leave(context)
        return self._go_on_with(context, task, self._then)

    def anew(self, how: str, **properties: Any) -> _Result:
        """Call the operator once more, by another name of `execute` or `invoke`: one that is called for each event
        already can neither open a dialog nor sleep otherwise. What that one reports as an error is told."""
        operators: Any = bpy.ops
        try:
            getattr(operators.subtitle, self.bl_idname.partition(".")[2])(how, True, **properties)
        except RuntimeError as error:  # So it arrives, also where meanwhile there is something that forbids it.
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
        return {"CANCELLED"}

    def cancel(self, context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        # Blender also calls this when a dialog is left without a choice.
        if self._aside is not None:
            self._aside.cancel()
            self._aside = None
        if self._timer is not None:
            self.leave(context)
        other: Any = super()
        if hasattr(other, "cancel"):
            other.cancel(context)

    def _go_on_with(self, context: Context, task: Task, then: _Then) -> _Result:
        if task.cancelled:
            return self.given_up(context, task.label)
        if task.error is not None:
            return self.went_wrong(context, task.error)
        return then(context, task.result)

    def given_up(self, _context: Context, label: Text) -> _Result:
        """The user waits no more."""
        self.report({"INFO"}, translated(Text("Cancelled: {what}", what=label)))
        return {"CANCELLED"}

    def went_wrong(self, _context: Context, error: SubtitleEditorError) -> _Result:
        """It could not be read or written."""
        self.report({"ERROR"}, translated(str(error)))
        return {"CANCELLED"}
