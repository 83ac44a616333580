# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs right now, as plain Python objects that panels read: downloads, tasks, the transcription.

Never in Scene properties: a .blend saved during a download must not open "downloading" for ever. Everything here runs
on the main thread unless it says otherwise. A persistent app timer pumps while anything runs: a download outlives the
operator that started it, another file and a closed window.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import bpy

from .. import preferences
from ..core.catalog import reading
from ..core.errors import SubtitleEditorError
from ..core.events import Cancelled, Checked, End, Event, Failed, Finished, Notice, Progress, State
from ..core.text import Text
from ..translations import translated
from . import shelf

if TYPE_CHECKING:
    from ..core.catalog.entries import Catalog
    from ..core.download_manager import DownloadManager
    from ..core.downloads.record import JobRecord
    from ..core.library.states import Installed
    from .manager import Opening
    from .tasks import Task
    from .waker import Waker

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks at the queues."""

DRAWN, LONGEST = 0.1, 0.5
"""What only moves on is drawn so often that it takes this share of the time at most, but once in so many seconds in any
case. Without a graphics card a sidebar takes 50 ms, all of them the user's. What begins and ends is drawn at once."""

_OTHERS = 1.0
"""Seconds between two pictures of what only another Blender does. It comes with the job store, and without events."""

JOIN = 2.0
"""Seconds that `unregister()` waits for workers: it also runs when Blender quits, which must not hang."""


class Running(Protocol):
    """A transcription as the session and the panels know it."""

    text: str
    fraction: float
    """0.0 to 1.0"""

    @property
    def job(self) -> str:
        """The id of its job; of a download while it waits for its model."""

    @property
    def over(self) -> bool:
        """Whether its operator has something to do: it is not called before."""

    def listen(self) -> bool:
        """Take what it has to say; whether there was anything. It makes no strips here."""

    def stop(self) -> None:
        """Ask it to end; what it found is kept."""

    def abandon(self) -> None:
        """End now and make no strips; called when the file, or the add-on, goes away."""

    def wait(self, timeout: float) -> None:
        """Block until it has ended, at most `timeout` seconds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Recovered:
    """Subtitles of a transcription whose file was closed before they became strips."""

    path: Path
    """A subtitle file in the user's folder."""
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """What testing the token has shown."""

    name: str = ""
    """The account; empty when the token was refused."""
    problem: str = ""


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class _State:
    manager: DownloadManager | None = None
    opening: Opening | None = None
    """The manager while a thread makes it, at the start of Blender."""
    settings: preferences.Settings | None = None
    """The settings that `manager` was made with."""
    followed: set[str] = dataclasses.field(default_factory=set)
    """Jobs that run or wait their turn, until their ending, or that they pause, has been drained."""
    progress: dict[str, Progress] = dataclasses.field(default_factory=dict)
    """Job id to how far it is; jobs that have not ended."""
    ends: dict[str, End] = dataclasses.field(default_factory=dict)
    """Job id to its ending, in this session."""
    messages: dict[str, str] = dataclasses.field(default_factory=dict)
    """Model id to what went wrong the last time; a new try clears it."""
    tasks: list[Task] = dataclasses.field(default_factory=list)
    """Work other than downloads that is under way."""
    transcription: Running | None = None
    recovered: Recovered | None = None
    account: Account | None = None
    """None until the token was tested, or after it was changed."""
    log: Path | None = None
    """The log file, once there is one."""
    wakers: list[Waker] = dataclasses.field(default_factory=list)
    """Of the modal operators that sleep until there is something to tell."""
    stale: bool = False
    """Something has moved on that is not shown yet."""
    shown: float = 0.0
    """When it was shown last (time.monotonic)."""
    rest: float = 0.0
    """Seconds from then on until what only moves on is shown again."""
    fault: str = ""
    """What pumping failed with the last time."""
    status: str | None = None
    """What the status bars say."""
    timers: list[bpy.types.Timer] = dataclasses.field(default_factory=list)
    """Event timers of modal operators: Blender does not remove them when the add-on is disabled."""


state = _State()

listeners: list[Callable[[Event], None]] = []
"""Called with each event of each job, on the main thread. The demo draws its progress bar with one."""


# What there is


def entries() -> Catalog:
    """The catalogue, the user's own entries included. Looks whether the user's file has changed: not for `draw()`."""
    return reading.load(preferences.get(bpy.context).user_catalog)


def jobs() -> list[JobRecord]:
    """The jobs that have not ended, in the order of their turn. Memory only: made for `draw()`."""
    return state.manager.jobs() if state.manager is not None else []


def history() -> list[JobRecord]:
    """The jobs that have ended, newest first. Memory only: made for `draw()`."""
    return state.manager.history() if state.manager is not None else []


def record_of(model: str) -> JobRecord | None:
    """The job, not yet ended, that fetches `model` or the model that it is another name of. Memory only."""
    wanted = shelf.download_id(model)
    return next((record for record in jobs() if shelf.download_id(record.model) == wanted), None)


def job_of(model: str) -> str | None:
    """The id of that job. Memory only."""
    record = record_of(model)
    return record.id if record is not None else None


def checked(job: str) -> Checked | None:
    """What a job's look before its first byte has shown. Memory only."""
    return state.manager.preflight(job) if state.manager is not None else None


def installed(model: str) -> Installed | None:
    """What is on disk of a model, as of the last look. Memory only: made for `draw()`."""
    return shelf.installed(model)


def message_of(model: str) -> str:
    """What went wrong with this model's last download; empty when nothing did."""
    return state.messages.get(shelf.download_id(model), "")


def busy() -> bool:
    """Whether a download or a task runs, or its last events still wait. Paused downloads do not count."""
    return bool(state.followed or state.tasks)


# Events


def follow(job: str) -> None:
    """Keep pumping until this job has ended or rests."""
    state.followed.add(job)
    # A job that an earlier manager had to leave may go on under the same id.
    state.ends.pop(job, None)
    rebuild()


def start_log() -> None:
    """Begin the log file, at the first job of a session. Never raises: no log is no reason not to work."""
    from ..core.system import log_file

    log_file.hide(preferences.token(bpy.context).value)
    if state.log is not None:
        return
    try:
        state.log = log_file.start(preferences.user_dir())
    except (OSError, SubtitleEditorError) as error:
        log.warning("there will be no log file: %s", error)


def pump() -> list[Event]:
    """Take what everything that runs has to say, keep it for the panels and tell the listeners; end what is done.

    Changes nothing of the file: the user may be in the middle of something, such as dragging a strip.
    """
    events = state.manager.drain() if state.manager is not None else []
    moved = False
    for event in events:
        moved |= _keep(event)
        tell(event)
        for waker in state.wakers:
            waker.hear(event)
    for task in [task for task in state.tasks if task.finished.is_set()]:
        state.tasks.remove(task)
        moved = True
        refresh_soon()
    moved |= _let_go()
    heard = state.transcription is not None and state.transcription.listen()
    for waker in list(state.wakers):
        waker.look()
    if moved:
        rebuild()
    state.stale |= bool(events or state.tasks or moved or heard)
    if state.stale and (moved or not _runs() or time.monotonic() - state.shown >= state.rest):
        _show()
    return events


def _let_go() -> bool:
    """Follow no job any more that is another process's by now; whether there was one."""
    records = {job: state.manager.get(job) for job in state.followed} if state.manager is not None else {}
    gone = {job for job, record in records.items() if record is None or record.elsewhere}
    state.followed -= gone
    for job in gone:
        state.progress.pop(job, None)
    return bool(gone)


def _keep(event: Event) -> bool:
    """Remember an event; whether it changed what the lists show."""
    match event:
        case Progress() if event.job not in state.ends:
            before = state.progress.get(event.job)
            state.progress[event.job] = event
            if event.state in (State.PAUSED, State.INTERRUPTED):
                state.followed.discard(event.job)
                refresh_soon()
            else:
                state.followed.add(event.job)
            return before is None or before.state is not event.state
        case Finished() | Failed() | Cancelled():
            state.progress.pop(event.job, None)
            state.followed.discard(event.job)
            state.ends[event.job] = event
            if isinstance(event, Failed):
                state.messages[shelf.download_id(event.model)] = str(event.error)
            refresh_soon()
            return True
        case Notice():
            log.info("%s", event.message)
    return False


def tell(event: Event) -> None:
    """Hand an event to the listeners. One that raises is logged, not obeyed: the job goes on."""
    for listener in list(listeners):
        try:
            listener(event)
        except Exception:
            log.exception("a listener failed on %s", type(event).__name__)


# What is on the disk


def rebuild() -> None:
    """Make the rows of the lists anew out of what is known."""
    shelf.rebuild(jobs(), history())


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
    elif not bpy.app.timers.is_registered(_refresh_once):
        bpy.app.timers.register(_refresh_once, first_interval=0.05, persistent=True)
    else:
        shelf.look_again()


def _refresh_once() -> float | None:
    if not shelf.step():
        return TICK / 2
    rebuild()
    redraw()
    return TICK / 2 if shelf.is_stale() else None


# Lifetimes


def redraw() -> None:
    """Redraw the sidebars and preferences that show jobs, and nothing else."""
    manager = bpy.context.window_manager
    # None while Blender quits.
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            kind = {"SEQUENCE_EDITOR": "UI", "PREFERENCES": "WINDOW"}.get(area.type)
            for region in area.regions:
                if region.type == kind:
                    region.tag_redraw()


def show_soon() -> None:
    """Have the next pump show how everything is. It does that itself: an operator may be called in the middle of
    closing a window, and how long drawing takes can only be measured from an app timer."""
    state.stale, state.rest = True, 0.0


def _show() -> None:
    """The sidebars, the preferences, the status bars."""
    state.stale, state.shown = False, time.monotonic()
    redraw()
    # In background there is nobody to read it, and timers never tick.
    if not bpy.app.background:
        _show_status(_status())
        if not bpy.app.timers.is_registered(_drawn):
            bpy.app.timers.register(_drawn, persistent=True)


def _drawn() -> None:
    """An app timer without delay: it comes after the drawing, and so tells how long that took."""
    state.rest = min((time.monotonic() - state.shown) / DRAWN, LONGEST)


def _show_status(text: str | None) -> None:
    # What another add-on says is not taken away.
    if text is None and state.status is None:
        return
    state.status = text
    manager = bpy.context.window_manager
    # It is written into the context's workspace, and each window may show another. None while Blender quits.
    for window in manager.windows if manager else ():
        with bpy.context.temp_override(window=window):
            window.workspace.status_text_set(text)


def _status() -> str | None:
    """One line for all that runs; None when nothing does."""
    # Here, not above: it is not needed to register.
    from ..core.downloads import words

    # Told as part of the transcription that waits for it.
    apart = state.transcription.job if state.transcription is not None else None
    moving = [state.progress[job] for job in state.followed - {apart} if job in state.progress]
    lines = [translated(words.status(shelf.name_of(progress.model), progress)) for progress in moving]
    lines += [f"{translated(task.label)}  {task.fraction:.0%}" for task in state.tasks]
    if state.transcription is not None:
        lines.append(translated(Text("Transcribing: {state}", state=state.transcription.text)))
    if len(lines) > 2:
        lines[2:] = [f"+{len(lines) - 2}"]
    return "   ".join(lines) or None


def add_timer(window: bpy.types.Window) -> bpy.types.Timer:
    """An event timer for a modal operator in this window, which must give it back with `remove_timer()`.

    For what changes the file, and for what is over: at each tick Blender draws the editor under the mouse anew.
    """
    timer = bpy.context.window_manager.event_timer_add(TICK, window=window)
    state.timers.append(timer)
    return timer


def remove_timer(timer: bpy.types.Timer) -> None:
    """Stop an event timer; more than once does no harm."""
    if timer in state.timers:
        state.timers.remove(timer)
        bpy.context.window_manager.event_timer_remove(timer)


def take_over() -> None:
    """Pump from a persistent app timer, if there is anything to pump for."""
    running = _runs() or any(record.is_live for record in jobs())
    if running and not bpy.app.timers.is_registered(_poll):
        bpy.app.timers.register(_poll, first_interval=TICK, persistent=True)


def _runs() -> bool:
    return busy() or state.transcription is not None or bool(state.wakers)


def _poll() -> float | None:
    try:
        pump()
        others = any(record.is_live for record in jobs())
        if others and not _runs() and time.monotonic() - state.shown >= _OTHERS:
            _show()
    except Exception as error:
        # Blender ends an app timer that raises, and then nobody would hear of the jobs any more.
        if repr(error) != state.fault:
            state.fault = repr(error)
            log.exception("looking at the jobs failed")
        return TICK
    # None, not 0, ends an app timer.
    return TICK if _runs() or others else None


@bpy.app.handlers.persistent
def _file_loaded(*_: object) -> None:
    take_over()
    refresh_soon()


def register() -> None:
    """Called by the package."""
    bpy.app.handlers.load_post.append(_file_loaded)
    bpy.app.timers.register(_refresh_once, first_interval=TICK, persistent=True)


def unregister() -> None:
    """Called by the package, also when Blender quits: stops every job, waits a little, removes timers and handlers.

    What was downloaded so far stays on disk. Blender does not call the modal operators' `cancel()` in this case.
    """
    if state.transcription is not None:
        state.transcription.abandon()
    for task in state.tasks:
        task.cancel()
    opening = state.opening
    if opening is not None:
        opening.abandoned = True
        opening.join(JOIN)
    for found in {id(one): one for one in (state.manager, opening and opening.manager) if one}.values():
        found.shutdown(JOIN)
    deadline = time.monotonic() + JOIN
    if state.transcription is not None:
        # After the manager: it may be a download that it waits for.
        state.transcription.wait(JOIN)
    for task in state.tasks:
        task.finished.wait(max(0.0, deadline - time.monotonic()))
    for timer in list(state.timers):
        remove_timer(timer)
    for callback in (_poll, _drawn, _refresh_once):
        if bpy.app.timers.is_registered(callback):
            bpy.app.timers.unregister(callback)
    if _file_loaded in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_file_loaded)
    _show_status(None)
    _reset()


def _reset() -> None:
    global state
    if state.log is not None:
        from ..core.system import log_file

        log_file.stop()
    state = _State()
    shelf.reset()
