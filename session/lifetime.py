# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning and the end of a session: what is stopped, and how long anybody is waited for."""

from __future__ import annotations

import time

import bpy

from . import downloads, presets, profiles, pump, screen, shelf, state, unfinished, waker
from .settings import user_dir

_FOR_THE_DISK = 0.5
"""Seconds of the JOIN that a manager keeps for its store; it takes them in any case."""


@bpy.app.handlers.persistent
def _file_loaded(*_: object) -> None:
    pump.take_over()
    pump.refresh_soon()


def register() -> None:
    """Called by the package."""
    bpy.app.handlers.load_post.append(_file_loaded)
    bpy.app.timers.register(pump.refresh_once, first_interval=state.TICK, persistent=True)
    if not bpy.app.background:
        unfinished.look_soon(user_dir())


def unregister() -> None:
    """Called by the package, also when Blender quits: stops every job, waits a little, removes timers and handlers.

    What was downloaded so far stays on disk. Blender does not call the modal operators' `cancel()` in this case.
    """
    profiles.begin_to_end()
    if state.now.transcription is not None:
        state.now.transcription.abandon()
    for task in state.now.tasks:
        task.cancel()
    deadline = time.monotonic() + state.JOIN

    def left() -> float:
        return max(0.0, deadline - time.monotonic())

    opening = downloads.making()
    if opening is not None:
        opening.abandoned = True
    for found in {id(one): one for one in (state.now.manager, opening and opening.manager) if one}.values():
        # The disk gets the rest, or half a second in any case, to have written where the jobs are.
        found.shutdown(max(0.0, left() - _FOR_THE_DISK))
    if state.now.transcription is not None:
        # After the manager: it may be a download that it waits for.
        state.now.transcription.wait(left())
    for task in state.now.tasks:
        task.finished.wait(left())
    for timer in list(waker.timers):
        waker.remove_timer(timer)
    unfinished.unregister()
    presets.forget()
    profiles.forget(left())
    for callback in (pump.poll, screen.drawn, pump.refresh_once):
        if bpy.app.timers.is_registered(callback):
            bpy.app.timers.unregister(callback)
    if _file_loaded in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_file_loaded)
    screen.show_status(None)
    _end_waiting_child()
    _reset()


def _end_waiting_child() -> None:
    """The process that waits for the next transcription with its model loaded, if there was one."""
    from ..core.speech.process import warm

    warm.close()


def _reset() -> None:
    if state.now.log is not None:
        from ..core.system import log_file

        log_file.stop()
    waker.sleepers.clear()
    downloads.forget()
    state.reset()
    shelf.reset()
