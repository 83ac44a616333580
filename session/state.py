# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs right now, as plain Python objects that panels read: downloads, tasks, the transcription.

Never in Scene properties: a .blend saved during a download must not open "downloading" for ever. Main thread.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.logs import log
from .settings import Settings, get, token, user_dir

if TYPE_CHECKING:
    from ..core.catalog.entries import Catalog
    from ..core.download_manager import DownloadManager
    from ..core.downloads.record import JobRecord
    from ..core.events import Checked, End, Event, Progress, State
    from ..core.speech.survey import Card
    from ..core.system.task import Task

TICK = 0.1
"""Seconds between two looks at the queues."""

JOIN = 2.0
"""Seconds that `unregister()` waits for workers: it also runs when Blender quits, which must not hang."""

listeners: list[Callable[[Event], None]] = []
"""Called with each event of each job, on the main thread. The demo draws its progress bar with one."""


class Running(Protocol):
    """A transcription as the session and the panels know it."""

    text: str
    fraction: float
    """0.0 to 1.0"""
    title: str
    """What is transcribed."""
    pace: str
    """How fast it is, and how long it still takes."""
    lines: list[str]
    """What was heard last."""

    @property
    def job(self) -> str:
        """The id of its job; of a download while it waits for its model."""

    @property
    def over(self) -> bool:
        """Whether all was heard, or there is nothing to wait for any more."""

    @property
    def due(self) -> bool:
        """Whether its operator has something to do: it is not called before."""

    def listen(self) -> bool:
        """Take what it has to say; whether there was anything. It makes no strips here."""

    def stop(self) -> None:
        """Ask it to end; what it found is kept."""

    def abandon(self) -> None:
        """End now and make no more strips; called when the file, or the add-on, goes away."""

    def wait(self, timeout: float) -> None:
        """Block until it has ended, at most `timeout` seconds."""


class Recovered(NamedTuple):
    """Subtitles of a transcription whose file or scene went away before they were strips of it."""

    path: Path
    """A subtitle file in the user's folder."""
    number: int
    """How many there are."""
    blend: str
    """The .blend that they belong to; empty for one that was never saved."""
    scene: str
    """The name of the scene there."""
    media: str
    """The file that was heard."""


class Unfinished(NamedTuple):
    """A transcription that ended before its end and can be continued."""

    journal: Path
    media: Path
    text: str
    """What the panel says."""


class Account(NamedTuple):
    """What testing the token has shown."""

    name: str = ""
    """The account; empty when the token was refused."""
    problem: str = ""


class _State:
    def __init__(self) -> None:
        self.manager: DownloadManager | None = None
        self.settings: Settings | None = None
        """The settings that `manager` was made with."""
        self.followed: set[str] = set()
        """Jobs that run or wait their turn, until their ending, or that they pause, has been drained."""
        self.states: dict[str, State] = {}
        """Job id to the state that was heard of last; jobs that have not ended."""
        self.ends: dict[str, End] = {}
        """Job id to its ending, in this session."""
        self.messages: dict[str, str] = {}
        """Model id to what went wrong the last time; a new try clears it."""
        self.tasks: list[Task] = []
        """Work other than downloads that is under way."""
        self.transcription: Running | None = None
        self.recovered: list[Recovered] = []
        """What can be imported, newest first."""
        self.unfinished: list[Unfinished] = []
        """What can be continued, newest first."""
        self.cards: tuple[Card, ...] | None = None
        """The graphics cards, each tried; None until somebody asked."""
        self.account: Account | None = None
        """None until the token was tested, or after it was changed."""
        self.log: Path | None = None
        """The log file, once there is one."""
        self.stale: bool = False
        """Something has moved on that is not shown yet."""
        self.shown: float = 0.0
        """When it was shown last (time.monotonic)."""
        self.rest: float = 0.0
        """Seconds from then on until what only moves on is shown again."""
        self.fault: str = ""
        """What pumping failed with the last time."""
        self.unwritten: str = ""
        """What the user has changed and is not on the disk, and why."""
        self.status: str | None = None
        """What the status bars say."""


now = _State()
"""The one there is."""


def reset() -> None:
    """Forget everything; the add-on is being disabled. In place: others hold on to `now`."""
    vars(now).update(vars(_State()))


def entries() -> Catalog:
    """The catalogue, the user's own entries included. Looks whether the user's file has changed: not for `draw()`."""
    # Here, not above: it is not needed to register.
    from ..core.catalog import reading

    return reading.load(get(bpy.context).user_catalog)


def jobs() -> list[JobRecord]:
    """The jobs that have not ended, in the order of their turn. Memory only: made for `draw()`."""
    return now.manager.jobs() if now.manager is not None else []


def history() -> list[JobRecord]:
    """The jobs that have ended, newest first. Memory only: made for `draw()`."""
    return now.manager.history() if now.manager is not None else []


def progress(record: JobRecord) -> Progress:
    """How far a job is at this moment. Memory only: made for `draw()`."""
    found = now.manager.progress(record.id) if now.manager is not None else None
    return found or record.progress()


def checked(job: str) -> Checked | None:
    """What a job's look before its first byte has shown. Memory only."""
    return now.manager.preflight(job) if now.manager is not None else None


def busy() -> bool:
    """Whether a download or a task runs, or its last events still wait. Paused downloads do not count."""
    return bool(now.followed or now.tasks)


def start_log() -> None:
    """Begin the log file, at the first job of a session. Never raises: no log is no reason not to work."""
    from ..core.system import log_file

    log_file.hide(token(bpy.context).value)
    if now.log is not None:
        return
    try:
        now.log = log_file.start(user_dir())
    except (OSError, SubtitleEditorError) as error:
        log(__name__).warning("there will be no log file: %s", error)


def tell(event: Event) -> None:
    """Hand an event to the listeners. One that raises is logged, not obeyed: the job goes on."""
    for listener in list(listeners):
        try:
            listener(event)
        except Exception:
            log(__name__).exception("a listener failed on %s", type(event).__name__)


def show_soon() -> None:
    """Have the next pump show how everything is. It does that itself: an operator may be called in the middle of
    closing a window, and how long drawing takes can only be measured from an app timer."""
    now.stale, now.rest = True, 0.0
