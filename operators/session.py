# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs right now, as plain Python objects that panels read: downloads, the transcription, what is installed.

Never in Scene properties: a .blend saved during a download must not open "downloading" for ever. Everything here runs
on the main thread. A download outlives the operator that started it: while a modal operator runs, its timer pumps;
when a file is loaded or its window closes, a persistent app timer takes over.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import bpy

from .. import preferences
from ..core import catalog, library
from ..core.errors import SubtitleEditorError
from ..core.events import Cancelled, End, Event, Failed, Finished, Notice, Progress

if TYPE_CHECKING:
    from ..core.download_manager import DownloadManager
    from ..core.library import Installed

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks at the queues: a bar moves smoothly, and Blender has the rest of the time."""

JOIN = 2.0
"""Seconds that `unregister()` waits for workers: it also runs when Blender quits, which must not hang."""


class Running(Protocol):
    """A transcription as the session and the panels know it."""

    text: str
    fraction: float
    """0.0 to 1.0"""

    def stop(self) -> None:
        """Ask it to end; what it found is kept."""

    def abandon(self) -> None:
        """End now and make nothing more; called when the add-on is disabled."""

    def wait(self, timeout: float) -> None:
        """Block until it has ended, at most `timeout` seconds."""


@dataclasses.dataclass(slots=True)
class _State:
    manager: DownloadManager | None = None
    settings: preferences.Settings | None = None
    """The settings that `manager` was made with."""
    running: dict[str, str] = dataclasses.field(default_factory=dict)
    """Job id to catalogue id, from the start until its ending has been drained."""
    progress: dict[str, Progress] = dataclasses.field(default_factory=dict)
    """Job id to how far it is; running jobs only."""
    ends: dict[str, End] = dataclasses.field(default_factory=dict)
    """Job id to its ending."""
    messages: dict[str, str] = dataclasses.field(default_factory=dict)
    """Model id to what went wrong the last time; a new try clears it."""
    installed: dict[str, Installed] = dataclasses.field(default_factory=dict)
    """Catalogue id to what is on disk, as of the last refresh."""
    transcription: Running | None = None
    timers: list[bpy.types.Timer] = dataclasses.field(default_factory=list)
    """Event timers of modal operators: Blender does not remove them when the add-on is disabled."""


state = _State()

listeners: list[Callable[[Event], None]] = []
"""Called with each event of each job, on the main thread. The demo draws its progress bar with one."""


# Downloads


def start_download(model: str, settings: preferences.Settings) -> str:
    """Queue a model. Returns the job's id; the job that already fetches it, if there is one.

    Raises SubtitleEditorError: an unknown model, or preferences that changed while another download still runs.
    """
    entry = catalog.load().get(model)
    manager = _manager_for(settings)
    job = manager.enqueue(entry.id)
    state.messages.pop(entry.download_id, None)
    state.running[job] = entry.download_id
    return job


def _manager_for(settings: preferences.Settings) -> DownloadManager:
    """The one manager; a new one when the preferences changed and nothing runs."""
    if state.manager is not None and state.settings != settings:
        if state.running:
            raise SubtitleEditorError(
                "The preferences changed while a download is running.", "Wait for it, or cancel it, and try again."
            )
        state.manager.shutdown(JOIN)
        state.manager = None
    if state.manager is None:
        # Here, not above: it brings threads and locks that a session without downloads does without.
        from ..core.download_manager import DownloadManager

        state.manager = DownloadManager(
            settings.models_dir,
            endpoint=settings.endpoint,
            token=settings.token,
            connections=settings.connections,
            speed_limit=settings.speed_limit,
        )
        state.settings = settings
    return state.manager


def cancel_download(job: str) -> None:
    """Ask a job to end. Its ending arrives like any other event."""
    if state.manager is not None:
        state.manager.cancel(job)


def job_of(model: str) -> str | None:
    """The running job that fetches `model` (or the model that it is another name of). Memory only."""
    wanted = _download_id(model)
    return next((job for job, running in state.running.items() if running == wanted), None)


def busy() -> bool:
    """Whether a download runs, or its last events still wait."""
    return bool(state.running)


def pump() -> list[Event]:
    """Take what the download manager has to say, keep it for the panels and tell the listeners."""
    if state.manager is None:
        return []
    events = state.manager.drain()
    for event in events:
        _keep(event)
        tell(event)
    if events:
        redraw()
    return events


def _keep(event: Event) -> None:
    match event:
        case Progress():
            state.progress[event.job] = event
        case Finished() | Failed() | Cancelled():
            state.progress.pop(event.job, None)
            state.running.pop(event.job, None)
            state.ends[event.job] = event
            if isinstance(event, Failed):
                state.messages[_download_id(event.model)] = str(event.error)
            refresh_installed()
        case Notice():
            log.info("%s", event.message)


def tell(event: Event) -> None:
    """Hand an event to the listeners. One that raises is logged, not obeyed: the job goes on."""
    for listener in list(listeners):
        try:
            listener(event)
        except Exception:
            log.exception("a listener failed on %s", type(event).__name__)


def _download_id(model: str) -> str:
    try:
        return catalog.load().get(model).download_id
    except SubtitleEditorError:
        return model


def message_of(model: str) -> str:
    """What went wrong with this model's last download; empty when nothing did."""
    return state.messages.get(_download_id(model), "")


# What is installed


def installed(model: str) -> Installed | None:
    """What is on disk of a model, as of the last refresh. Memory only: made for `draw()`."""
    return state.installed.get(model)


def refresh_installed() -> None:
    """Look at the models folder: some small reads per model. Never called from `draw()`."""
    folder = preferences.get(bpy.context).models_dir
    found = ((entry.id, library.find(folder, entry)) for entry in catalog.load())
    state.installed = {model: what for model, what in found if what is not None}
    redraw()


def refresh_soon() -> None:
    """`refresh_installed()` as soon as Blender is idle: for places that must not read the disk themselves."""
    if not bpy.app.timers.is_registered(_refresh_once):
        bpy.app.timers.register(_refresh_once, first_interval=0.1, persistent=True)


def _refresh_once() -> None:
    try:
        refresh_installed()
    except (SubtitleEditorError, OSError):
        log.exception("the models folder could not be read")


# Lifetimes


def redraw() -> None:
    """Redraw the sidebars that show jobs, and nothing else."""
    manager = bpy.context.window_manager
    # None while Blender quits.
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def add_timer(context: bpy.types.Context) -> bpy.types.Timer:
    """An event timer for a modal operator, which must give it back with `remove_timer()`."""
    timer = context.window_manager.event_timer_add(TICK, window=context.window)
    state.timers.append(timer)
    return timer


def remove_timer(timer: bpy.types.Timer) -> None:
    """Stop an event timer; more than once does no harm."""
    if timer in state.timers:
        state.timers.remove(timer)
        bpy.context.window_manager.event_timer_remove(timer)


def take_over() -> None:
    """Pump from a persistent app timer: the modal operator is gone, the download is not."""
    if busy() and not bpy.app.timers.is_registered(_poll):
        bpy.app.timers.register(_poll, first_interval=TICK, persistent=True)


def _poll() -> float | None:
    pump()
    # None, not 0, ends an app timer.
    return TICK if busy() else None


@bpy.app.handlers.persistent
def _file_loaded(*_: object) -> None:
    take_over()
    refresh_soon()


def register() -> None:
    """Called by the package."""
    bpy.app.handlers.load_post.append(_file_loaded)
    refresh_soon()


def unregister() -> None:
    """Called by the package, also when Blender quits: stops every job, waits a little, removes timers and handlers.

    What was downloaded so far stays on disk. Blender does not call the modal operators' `cancel()` in this case.
    """
    if state.transcription is not None:
        state.transcription.abandon()
        state.transcription.wait(JOIN)
    if state.manager is not None:
        state.manager.shutdown(JOIN)
    for timer in list(state.timers):
        remove_timer(timer)
    for callback in (_poll, _refresh_once):
        if bpy.app.timers.is_registered(callback):
            bpy.app.timers.unregister(callback)
    if _file_loaded in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_file_loaded)
    workspace = bpy.context.workspace
    if workspace is not None:
        workspace.status_text_set(None)
    _reset()


def _reset() -> None:
    global state
    state = _State()
