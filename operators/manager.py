# SPDX-License-Identifier: GPL-3.0-or-later
"""The one download manager of a session: made at the first need or for the jobs of the last session, and kept for as
long as the preferences are the same. Main thread unless it says otherwise.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import bpy

from .. import preferences
from ..core.catalog import reading
from ..core.errors import SubtitleEditorError
from ..core.system import user_folder
from ..core.text import Text
from . import session

if TYPE_CHECKING:
    from ..core.download_manager import DownloadManager

log = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds to wait for the job store where nobody looks at a window that stands still."""

_BLINK = 1.0
"""The same where somebody does look, and has clicked on one of its jobs. It takes some milliseconds."""

_RESTORE_AFTER = 0.5
"""Seconds after the start of Blender until the last session's jobs are looked for."""


def start(model: str, settings: preferences.Settings, revision: str | None = None) -> str:
    """Queue a model. Returns the job's id; the job that already fetches it, resumed if it rests.

    Raises SubtitleEditorError: an unknown model, or preferences that changed while another download still runs.
    """
    entry = reading.load(settings.user_catalog).get(model)
    downloads = for_settings(settings)
    session.start_log()
    job = downloads.enqueue(entry.id, revision)
    session.state.messages.pop(entry.download_id, None)
    session.follow(job)
    return job


def for_settings(settings: preferences.Settings) -> DownloadManager:
    """The one manager; a new one when the preferences changed and nothing runs.

    Raises SubtitleEditorError when they changed while a download runs.
    """
    _adopt(wait=True)
    patience = _PATIENCE if _in_background() else 0.0
    if session.state.manager is not None and _differ(session.state.settings, settings):
        if session.state.manager.busy:
            raise SubtitleEditorError(
                Text("The preferences changed while a download is running."),
                Text("Wait for it, or pause it, and try again."),
            )
        session.state.manager.shutdown(session.JOIN)
        session.state.manager = None
        session.state.progress.clear()
        # What the old one still had to say nobody will hear.
        session.state.followed.clear()
        # The click may be about a job that the new one has to know.
        patience = max(patience, _BLINK)
    if session.state.manager is None:
        session.state.manager = _new_manager(settings)
        session.state.manager.restore(_resumes(settings), patience)
    apply(settings)
    session.state.settings = settings
    return session.state.manager


def current() -> DownloadManager:
    """The manager for the preferences as they are now. Raises SubtitleEditorError, see `for_settings`."""
    return for_settings(preferences.get(bpy.context))


def apply(settings: preferences.Settings) -> None:
    """Give the manager what may change while jobs run."""
    if session.state.manager is not None:
        session.state.manager.speed_limit = settings.speed_limit
        session.state.manager.concurrency = settings.concurrency
        session.state.manager.offline = settings.offline


def _differ(old: preferences.Settings | None, new: preferences.Settings) -> bool:
    """Whether a manager made with `old` does not serve `new`."""
    names = ("models_dir", "user_dir", "endpoint", "token", "connections")
    return old is None or any(getattr(old, name) != getattr(new, name) for name in names)


def _new_manager(settings: preferences.Settings) -> DownloadManager:
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


def _resumes(settings: preferences.Settings) -> bool:
    """Whether to go on by itself. Never in background: a script or a farm asked for something else."""
    return settings.resume_jobs and not settings.offline and not _in_background()


def _in_background() -> bool:
    return bool(bpy.app.background)


class Opening(threading.Thread):
    """Makes the manager at the start of Blender, if an earlier session has left a job store.

    To read it may take longer than a redraw, and so does loading what downloads need: done here, the first click does
    not have to wait for it.
    """

    def __init__(self, settings: preferences.Settings) -> None:
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
            log.exception("the jobs of the last session could not be read")


def restore() -> float | None:
    """An app timer: looks for jobs of the last session without keeping Blender waiting."""
    if session.state.opening is None:
        if session.state.manager is not None:
            return None
        session.state.opening = Opening(preferences.get(bpy.context))
        session.state.opening.start()
    return None if _adopt() else session.TICK


def _adopt(wait: bool = False) -> bool:
    """Take the manager that a thread has made; whether none is in the making any more."""
    opening = session.state.opening
    if opening is None:
        return True
    if wait:
        opening.join()
    if opening.is_alive():
        return False
    session.state.opening = None
    if opening.manager is not None:
        session.state.manager, session.state.settings = opening.manager, opening.settings
        session.state.followed.update(record.id for record in session.jobs() if record.is_live and not record.elsewhere)
        if session.state.followed:
            session.start_log()
        session.rebuild()
        session.take_over()
        session.redraw()
    return True


def register() -> None:
    """Called by the package."""
    bpy.app.timers.register(restore, first_interval=_RESTORE_AFTER, persistent=True)


def unregister() -> None:
    """Called by the package. The session has shut the manager down by then."""
    if bpy.app.timers.is_registered(restore):
        bpy.app.timers.unregister(restore)
