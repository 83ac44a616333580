# SPDX-License-Identifier: GPL-3.0-or-later
"""The one download manager of a session: made at the first need or for the jobs of the last session, and kept for as
long as the preferences are the same. Main thread unless it says otherwise.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system import user_folder
from ..core.system.logs import log
from ..core.text import Text
from . import pump, screen, state
from .settings import Settings, get

if TYPE_CHECKING:
    from ..core.download_manager import DownloadManager

_PATIENCE = 5.0
"""Seconds to wait for the job store in background. A window waits for nothing: what the store says comes later."""

_RESTORE_AFTER = 0.5
"""Seconds after the start of Blender until the last session's jobs are looked for."""


def start(model: str, settings: Settings, revision: str | None = None) -> str:
    """Queue a model. Returns the job's id; the job that already fetches it, resumed if it rests.

    Raises SubtitleEditorError: an unknown model, or preferences that changed while another download still runs.
    """
    from ..core.catalog import reading

    entry = reading.load(settings.user_catalog).get(model)
    downloads = for_settings(settings)
    state.start_log()
    job = downloads.enqueue(entry.id, revision)
    state.now.messages.pop(entry.download_id, None)
    follow(job)
    return job


def for_settings(settings: Settings) -> DownloadManager:
    """The one manager; a new one when the preferences changed and nothing runs.

    Raises SubtitleEditorError when they changed while a download runs.
    """
    _adopt_at_once()
    old = state.now.manager
    if old is not None and _differ(state.now.settings, settings):
        if any(record.is_live and not record.elsewhere for record in old.jobs()):
            raise SubtitleEditorError(
                Text("The preferences changed while a download is running."),
                Text("Wait for it, or pause it, and try again."),
            )
        state.now.manager = None
        state.now.states.clear()
        # What the old one still had to say nobody will hear.
        state.now.followed.clear()
    if state.now.manager is None:
        state.now.manager = _new_manager(settings)
        if old is not None:
            # The click may be about one of these, and the store may take its time to say so.
            state.now.manager.expect(old.jobs())
            _leave(old)
        state.now.manager.restore(_resumes(settings), _PATIENCE if _in_background() else 0.0)
    apply(settings)
    state.now.settings = settings
    return state.now.manager


def _leave(manager: DownloadManager) -> None:
    """Shut down a manager in which nothing runs. In the window apart: what it has to write may take its time."""
    if _in_background():
        manager.shutdown(state.JOIN)
    else:
        threading.Thread(target=manager.shutdown, args=(state.JOIN,), name="subtitle jobs", daemon=True).start()


def current() -> DownloadManager:
    """The manager for the preferences as they are state.now. Raises SubtitleEditorError, see `for_settings`."""
    return for_settings(get(bpy.context))


def apply(settings: Settings) -> None:
    """Give the manager what may change while jobs run."""
    if state.now.manager is not None:
        state.now.manager.speed_limit = settings.speed_limit
        state.now.manager.concurrency = settings.concurrency
        state.now.manager.offline = settings.offline


def _differ(old: Settings | None, new: Settings) -> bool:
    """Whether a manager made with `old` does not serve `new`."""
    names = ("models_dir", "user_dir", "endpoint", "token", "connections")
    return old is None or any(getattr(old, name) != getattr(new, name) for name in names)


def _new_manager(settings: Settings) -> DownloadManager:
    """A manager that has not yet taken over what the last session left. Any thread: no bpy in it."""
    # Here, not above: they bring threads, locks and a database that a session without downloads does without.
    from ..core.download_manager import DownloadManager
    from ..core.downloads.store import JobStore

    return DownloadManager(
        settings.models_dir,
        endpoint=settings.endpoint,
        token=settings.token,
        user_catalog=settings.user_catalog,
        connections=settings.connections,
        speed_limit=settings.speed_limit,
        concurrency=settings.concurrency,
        store=JobStore(settings.user_dir / user_folder.JOBS),
        offline=settings.offline,
    )


def _resumes(settings: Settings) -> bool:
    """Whether to go on by itself. Never in background: a script or a farm asked for something else."""
    return settings.resume_jobs and not settings.offline and not _in_background()


def _in_background() -> bool:
    return bool(bpy.app.background)


class Opening(threading.Thread):
    """Makes the manager at the start of Blender, if an earlier session has left a job store.

    To read it may take longer than a redraw, and so does loading what downloads need: done here, the first click does
    not have to wait for it.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="subtitle jobs", daemon=True)
        self.settings = settings
        self.manager: DownloadManager | None = None
        """There before it has read the store: whoever disables the add-on meanwhile shuts it down."""
        self.abandoned = False
        """Set before the thread is left to itself: it must not begin anything any more."""
        self._resume = _resumes(settings)

    def run(self) -> None:
        try:
            from ..core import download_manager  # noqa: F401

            if (self.settings.user_dir / user_folder.JOBS).exists():
                self.manager = _new_manager(self.settings)
                if self.abandoned:
                    self.manager.shutdown(0)
                    return
                self.manager.restore(self._resume, _PATIENCE)
        except Exception:  # The top of a thread; the next click tries again, and says what is wrong.
            log(__name__).exception("the jobs of the last session could not be read")


_making: list[Opening] = []
"""The thread that makes the manager, at the start of Blender, while it does."""


def making() -> Opening | None:
    """The thread that makes the manager, at the start of Blender; None before and after."""
    return _making[0] if _making else None


def forget() -> None:
    """Leave that thread to itself; the add-on is being disabled."""
    _making.clear()


def restore() -> float | None:
    """An app timer: looks for jobs of the last session without keeping Blender waiting."""
    if not _making:
        if state.now.manager is not None:
            return None
        _making.append(Opening(get(bpy.context)))
        _making[0].start()
    return None if _adopt() else state.TICK


def _adopt_at_once() -> None:
    """Somebody has clicked. In the window a manager that still reads its store will do, and one that is not even made
    is made here: the thread then finds that it has been left."""
    opening = making()
    if opening is None:
        return
    if _in_background():
        opening.join()
    if opening.is_alive() and opening.manager is None:
        opening.abandoned = True
    _take(opening)


def _adopt() -> bool:
    """Take the manager that a thread has made; whether none is in the making any more."""
    opening = making()
    if opening is not None and opening.is_alive():
        return False
    if opening is not None:
        _take(opening)
    return True


def _take(opening: Opening) -> None:
    forget()
    if opening.manager is not None and not opening.abandoned:
        state.now.manager, state.now.settings = opening.manager, opening.settings
        state.now.followed.update(record.id for record in state.jobs() if record.is_live and not record.elsewhere)
        if state.now.followed:
            state.start_log()
        pump.rebuild()
        pump.take_over()
        screen.redraw()


def register() -> None:
    """Called by the package."""
    bpy.app.timers.register(restore, first_interval=_RESTORE_AFTER, persistent=True)


def unregister() -> None:
    """Called by the package. The session has shut the manager down by then."""
    if bpy.app.timers.is_registered(restore):
        bpy.app.timers.unregister(restore)


def follow(job: str) -> None:
    """Keep pumping until this job has ended or rests."""
    state.now.followed.add(job)
    # A job that an earlier manager had to leave may go on under the same id.
    state.now.ends.pop(job, None)
    pump.rebuild()
