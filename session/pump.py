# SPDX-License-Identifier: GPL-3.0-or-later
"""Who pumps: takes what everything that runs has to say, keeps it for the panels, and ends what is done.

Main thread. A persistent app timer pumps while anything runs: a download outlives the operator that started it, another
file and a closed window.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import bpy

from ..core.system.logs import log
from . import shelf, state
from .screen import redraw, show
from .state import TICK, now, tell
from .waker import sleepers

if TYPE_CHECKING:
    from ..core.events import Event


_OTHERS = 1.0
"""Seconds between two pictures of what only another Blender does. It comes with the job store, and without events."""


def pump() -> list[Event]:
    """Take what everything that runs has to say, keep it for the panels and tell the listeners; end what is done.

    Changes nothing of the file: the user may be in the middle of something, such as dragging a strip.
    """
    events = now.manager.drain() if now.manager is not None else []
    moved = False
    for event in events:
        moved |= _keep(event)
        tell(event)
        for waker in sleepers:
            waker.hear(event)
    for task in [task for task in now.tasks if task.finished.is_set()]:
        now.tasks.remove(task)
        moved = True
        refresh_soon()
    moved |= _let_go()
    heard = now.transcription is not None and now.transcription.listen()
    for waker in list(sleepers):
        waker.look()
    if moved:
        rebuild()
    now.stale |= bool(events or now.tasks or moved or heard)
    if now.stale and (moved or not _runs() or time.monotonic() - now.shown >= now.rest):
        show()
    return events


def _let_go() -> bool:
    """Follow no job any more that is another process's by now; whether there was one."""
    records = {job: now.manager.get(job) for job in now.followed} if now.manager is not None else {}
    gone = {job for job, record in records.items() if record is None or record.elsewhere}
    now.followed -= gone
    for job in gone:
        now.states.pop(job, None)
    return bool(gone)


def _keep(event: Event) -> bool:
    """Remember an event; whether it changed what the lists show."""
    # Here, not above: until something runs there are none.
    from ..core.events import Cancelled, Failed, Finished, Notice, Progress, State

    match event:
        case Progress() if event.job not in now.ends:
            before = now.states.get(event.job)
            now.states[event.job] = event.state
            if event.state in (State.PAUSED, State.INTERRUPTED):
                now.followed.discard(event.job)
                refresh_soon()
            else:
                now.followed.add(event.job)
            return before is not event.state
        case Finished() | Failed() | Cancelled():
            now.states.pop(event.job, None)
            now.followed.discard(event.job)
            now.ends[event.job] = event
            if isinstance(event, Failed):
                now.messages[shelf.download_id(event.model)] = str(event.error)
            refresh_soon()
            return True
        case Notice():
            log(__name__).info("%s", event.message)
    return False


# What is on the disk


def rebuild() -> None:
    """Make the rows of the lists anew out of what is known."""
    shelf.rebuild(state.jobs(), state.history())


def line_chosen() -> None:
    """The user chose another line of the models' list."""
    if shelf.line_chosen():
        refresh_soon()


def refresh_installed() -> None:
    """Look at the models folder now, on this thread: for background, where timers never tick."""
    shelf.look_now()
    rebuild()
    if shelf.is_stale():
        # The first look has shown which model is chosen; its details take another.
        shelf.look_now()
    redraw()


def refresh_soon() -> None:
    """Look at the models folder on a thread, and show what it found; in background at once."""
    if bpy.app.background:
        refresh_installed()
    elif not bpy.app.timers.is_registered(refresh_once):
        bpy.app.timers.register(refresh_once, first_interval=0.05, persistent=True)
    else:
        shelf.look_again()


def refresh_once() -> float | None:
    if not shelf.step():
        return TICK / 2
    rebuild()
    redraw()
    return TICK / 2 if shelf.is_stale() else None


# The app timers


def take_over() -> None:
    """Pump from a persistent app timer, if there is anything to pump for."""
    running = _runs() or any(record.is_live for record in state.jobs())
    if running and not bpy.app.timers.is_registered(poll):
        bpy.app.timers.register(poll, first_interval=TICK, persistent=True)


def _runs() -> bool:
    # A manager whose store is still being read may have something to tell at any moment.
    reads = now.manager is not None and now.manager.busy
    return state.busy() or reads or now.transcription is not None or bool(sleepers)


def poll() -> float | None:
    try:
        pump()
        others = any(record.is_live for record in state.jobs())
        if others and not _runs() and time.monotonic() - now.shown >= _OTHERS:
            show()
    except Exception as error:
        # Blender ends an app timer that raises, and then nobody would hear of the jobs any more.
        if repr(error) != now.fault:
            now.fault = repr(error)
            log(__name__).exception("looking at the jobs failed")
        return TICK
    # None, not 0, ends an app timer.
    return TICK if _runs() or others else None
