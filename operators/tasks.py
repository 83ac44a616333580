# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that takes longer than a redraw and is no download: verify, import, delete, ask the hub.

A `Task` runs a function on a thread of its own. It outlives the operator that started it, as a download does:
`session.pump()` ends it on the main thread, whoever calls that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text
from ..session import pump, state
from ..session.waker import Waker
from ..translations import translated

if TYPE_CHECKING:
    from bpy.types import Context, Event


_Result = set[str]


class TaskOperator:
    """Mix-in of an operator whose work is a task: in the window it shows progress, in background it waits."""

    if TYPE_CHECKING:  # Blender evaluates what is annotated in its classes when it registers them.
        report: Callable[[set[str], str], None]
        _task: Task
        _waker: Waker | None

    _waker = None

    def prepare(self, context: Context) -> Task | None:
        """Read what is needed from Blender and make the task. None: there is nothing to do, and that was reported.

        Raises SubtitleEditorError.
        """
        raise NotImplementedError

    def succeeded(self, context: Context, result: Any) -> _Result | None:
        """Tell the user; None stands for {"FINISHED"}. Main thread; not called when the operator is gone by then."""
        raise NotImplementedError

    def execute(self, context: Context) -> _Result:
        try:
            task = self.prepare(context)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if task is None:
            return {"CANCELLED"}
        self._task = task
        state.start_log()
        state.now.tasks.append(task)
        # Timers and modal operators never tick in background.
        if bpy.app.background:
            return self._wait(context)
        task.start()
        pump.take_over()
        self._waker = Waker(self, context, lambda: task not in state.now.tasks)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def _wait(self, context: Context) -> _Result:
        self._task.start()
        try:
            while not self._task.finished.wait(state.TICK):
                pass
        except KeyboardInterrupt:
            self._task.cancel()
            self._task.finished.wait(state.JOIN)
            raise
        finally:
            pump.pump()
        return self._end(context)

    def modal(self, context: Context, event: Event) -> _Result:
        if self._waker is None or not self._waker.calls(event):
            return {"PASS_THROUGH"}
        self._waker.end()
        # The add-on may have been disabled meanwhile: then the task was cancelled, and is not waited for.
        return self._end(context) if self._task.finished.is_set() else {"CANCELLED"}

    def cancel(self, _context: Context) -> None:
        """Blender ends the operator, not the task: another file is loaded, the window closes, or Blender quits."""
        # Blender also calls this when a dialog is left without a choice.
        if self._waker is not None:
            self._waker.end()

    def _end(self, context: Context) -> _Result:
        task = self._task
        if task.cancelled:
            self.report({"INFO"}, translated(Text("Cancelled: {what}", what=task.label)))
            return {"CANCELLED"}
        if task.error is not None:
            self.report({"ERROR"}, translated(str(task.error)))
            return {"CANCELLED"}
        return self.succeeded(context, task.result) or {"FINISHED"}


class SUBTITLE_OT_cancel_task(bpy.types.Operator):
    """Stop this. What was done so far is kept"""

    bl_idname = "subtitle.cancel_task"
    bl_label = "Cancel"

    task: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Task", description="Id of the task; empty: all of them", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if not state.now.tasks:
            cls.poll_message_set(translated("Nothing of this kind is running"))
            return False
        return True

    def execute(self, _context: Context) -> _Result:
        for task in state.now.tasks:
            if self.task in ("", task.id):
                task.cancel()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_cancel_task,))
