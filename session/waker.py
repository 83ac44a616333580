# SPDX-License-Identifier: GPL-3.0-or-later
"""Modal operators that sleep: they live on to tell, at the end, what came of what they have started.

Not by an event timer of their own, as is usual: at each of its ticks Blender draws the editor under the mouse anew,
for as long as a download takes (measured on 5.2.2, docs/window.md). An app timer pumps (pump.py), and an operator is
called only when there is something for it to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from .state import TICK, show_soon

if TYPE_CHECKING:
    from ..core.events import Event

sleepers: list[Waker] = []
"""Those of the modal operators that sleep until there is something to tell."""

timers: list[bpy.types.Timer] = []
"""Event timers of modal operators: Blender does not remove them when the add-on is disabled."""


class Waker:
    """The sleep of one modal operator. Main thread."""

    def __init__(
        self, operator: bpy.types.Operator, context: bpy.types.Context, due: Callable[[], bool], job: str = ""
    ) -> None:
        """Let `operator` be called in its window as soon as `due()`, and when there is a notice of the job `job`. Must
        `end()` with the operator. `due` must not use the operator: Blender may have freed it.

        What it waits for has begun, and somebody pumps (`pump.take_over()`). Raises RuntimeError without a window.
        """
        context.window_manager.modal_handler_add(operator)
        self.notices: list[str] = []
        """What the job has said since the operator looked."""
        self._window = context.window
        self._due = due
        self._job = job
        self._timer: bpy.types.Timer | None = None
        sleepers.append(self)
        show_soon()

    def hear(self, event: Event) -> None:
        """Called with each event of each job. What the job store says is no job's."""
        from ..core.events import Notice

        if self._job and isinstance(event, Notice) and event.job == self._job:
            self.notices.append(event.message)

    def look(self) -> None:
        """Called by each pump: begin to call the operator, with TIMER events, if there is something to do."""
        if self._timer is None and self._is_due():
            self._timer = add_timer(self._window)

    def calls(self, event: bpy.types.Event) -> bool:
        """Whether the operator, which Blender has called with `event`, has something to do; if not, it sleeps on."""
        if event.type != "TIMER":
            return False
        due = self._is_due()
        if not due:
            # Another's timer; or what was due was taken back.
            self.sleep()
        return due

    def _is_due(self) -> bool:
        return bool(self.notices) or self._due()

    def sleep(self) -> list[str]:
        """Let the operator sleep again; what the job has said meanwhile."""
        if self._timer is not None:
            remove_timer(self._timer)
            self._timer = None
        heard, self.notices = self.notices, []
        return heard

    def end(self) -> None:
        """The operator ends: it is not called any more.

        Shows nothing: Blender 4.3 crashes when asked to in the middle of closing the window. The next pump does.
        """
        self.sleep()
        if self in sleepers:
            sleepers.remove(self)
        show_soon()


def add_timer(window: bpy.types.Window) -> bpy.types.Timer:
    """An event timer for a modal operator in this window, which must give it back with `remove_timer()`.

    For what changes the file, and for what is over: at each tick Blender draws the editor under the mouse anew.
    """
    timer = bpy.context.window_manager.event_timer_add(TICK, window=window)
    timers.append(timer)
    return timer


def remove_timer(timer: bpy.types.Timer) -> None:
    """Stop an event timer; more than once does no harm."""
    if timer in timers:
        timers.remove(timer)
        bpy.context.window_manager.event_timer_remove(timer)
