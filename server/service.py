# SPDX-License-Identifier: GPL-3.0-or-later
"""The one object behind all addresses: downloads, tasks, what is on the disk, and who follows.

On the event loop's thread. Nothing here waits for a disk, a lock or the network, except on a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..core.catalog.entries import Entry
from ..core.download_manager import DownloadManager
from ..core.downloads.record import JobRecord
from ..core.downloads.store import JobStore
from ..core.errors.jobs import JobElsewhereError, JobEndedError, UnknownJobError
from ..core.errors.models import ModelDamagedError
from ..core.events import Cancelled, Checked, Event, Failed, Finished, Notice, Progress, ProgressReport, State
from ..core.hub.client import Hub
from ..core.library import removing, verifying
from ..core.library.status import SAME
from ..core.system import user_folder
from ..core.system.control import Control
from ..core.system.speed import SpeedMeter
from .channel import Channel, EventData, Listener
from .errors import ClosingError, TooManyJobsError, TooManyListenersError
from .pace import Pace
from .settings import Settings
from .shelf import Shelf, View
from .tasks import Task, Tasks, amounts

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks at the jobs."""

PATIENCE = 2.5
"""Seconds that a request waits for another process to obey: it looks twice a second."""


_OF_RECORD = ("percent", "bytes_done", "bytes_total")
"""What the record of a job knows better than its last event."""


@dataclasses.dataclass(slots=True)
class _Foreign:
    """A job of another process, as it was last told."""

    record: JobRecord
    meter: SpeedMeter


class Service:
    """Made before the server listens; `run` while it does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started = time.time()
        self.channel = Channel()
        catalog = settings.user_dir / user_folder.CATALOG
        self.shelf = Shelf(settings.models_dir, catalog, self._library_changed)
        self.tasks = Tasks(settings.most_jobs, self.channel.publish, self._task_ended)
        self.manager = DownloadManager(
            settings.models_dir,
            endpoint=settings.endpoint,
            token=settings.hub_token,
            user_catalog=catalog,
            connections=settings.connections,
            speed_limit=settings.speed_limit,
            concurrency=settings.concurrency,
            store=JobStore(settings.user_dir / user_folder.JOBS),
            offline=settings.offline,
        )
        self._pace = Pace()
        self._foreign: dict[str, _Foreign] = {}
        self.notices: list[str] = []

    # Its life

    async def run(self, started: Callable[[], None]) -> None:
        """Follow the jobs until cancelled; `started` is called when the store was read."""
        await asyncio.to_thread(self.manager.restore, self.settings.resume)
        started()
        while True:
            try:
                self._tick()
            except Exception:  # Nobody may lose the events of all jobs for one of them.
                log.exception("service")
            await asyncio.sleep(TICK)

    async def close(self) -> None:
        """End everything: jobs are interrupted, or stay paused, and can be resumed; what has arrived is kept."""
        self.channel.close()
        await self.tasks.close()
        await asyncio.to_thread(self.manager.shutdown, 5.0)
        await self.shelf.close()

    # Those who follow

    @contextlib.contextmanager
    def listening(self, language: str) -> Iterator[Listener]:
        """A listener for the length of a `with` block. Raises TooManyListenersError, ClosingError."""
        if self.channel.closed:
            raise ClosingError
        if len(self.channel.listeners) >= self.settings.most_listeners:
            raise TooManyListenersError(self.settings.most_listeners)
        listener = Listener(language)
        self.channel.listeners.add(listener)
        try:
            yield listener
        finally:
            self.channel.listeners.discard(listener)

    def snapshot(self) -> EventData:
        """All that a new listener has to know, as an event."""
        return {
            "event": "snapshot",
            "at": _now(),
            "jobs": [self.row(record) for record in self.manager.jobs()],
            "tasks": [plain(task.as_dict()) for task in self.tasks.all() if not task.state.is_final],
        }

    def _tick(self) -> None:
        events = [data for event in self._pace.of(self.manager.drain()) if (data := self._told(event))]
        events += self._elsewhere()
        self.channel.publish(events)
        self.tasks.tick()

    def _told(self, event: Event) -> EventData | None:
        """An event of a job as it is sent."""
        match event:
            case Progress():
                return _progress(event)
            case Finished() | Failed() | Cancelled():
                self.shelf.stale()
                return self._end(event)
            case Checked():
                found = {name: value for name, value in dataclasses.asdict(event).items() if name != "account"}
                return {"event": "checked", "at": _now(), **found}
            case Notice():
                if not event.job:
                    self.notices = [*self.notices[-19:], event.message]
                return {"event": "notice", "at": _now(), "job": event.job, "message": event.message}
        return None

    def _end(self, event: Finished | Failed | Cancelled) -> EventData:
        name = {Finished: "complete", Failed: "failed", Cancelled: "cancelled"}[type(event)]
        record = self.manager.get(event.job)
        if isinstance(event, Cancelled) and record is not None and not record.state.is_final:
            # The service ends, and the job does not: it is interrupted.
            return {"event": "progress", "at": _now(), **self.row(record)}
        data: dict[str, Any] = {"event": name, "at": _now(), "work": "download", "job": event.job, "model": event.model}
        if isinstance(event, Failed):
            data |= {"error": event.error.code, "message": event.error.message, "hint": event.error.hint}
        if isinstance(event, Finished):
            data["path"] = str(event.path) if event.path else None
        return data

    def _elsewhere(self) -> list[EventData]:
        """What the jobs of other processes have done since the last tick: their events do not come here."""
        found: list[EventData] = []
        here = {record.id: record for record in self.manager.jobs()}
        for record in here.values():
            known = self._foreign.get(record.id)
            if record.elsewhere:
                if known is None:
                    known = self._foreign[record.id] = _Foreign(record, SpeedMeter())
                elif known.record == record:
                    continue
                known.record = record
                known.meter.add(record.bytes_done)
                found.append({"event": "progress", "at": _now(), **self.row(record)})
            elif known is not None:
                del self._foreign[record.id]
                found.append({"event": "progress", "at": _now(), **self.row(record)})
        for job in [job for job in self._foreign if job not in here]:
            del self._foreign[job]
            ended = self.manager.get(job)
            if ended is not None and ended.state.is_final:
                self.shelf.stale()
                found.append(_end_of(ended))
        return found

    def _library_changed(self) -> None:
        self.channel.publish([{"event": "library", "at": _now()}])

    def _task_ended(self, task: Task) -> None:
        self.shelf.stale()

    # Jobs

    def job(self, job: str) -> JobRecord:
        """One job. Raises UnknownJobError."""
        record = self.manager.get(job)
        if record is None:
            raise UnknownJobError(job)
        return record

    def row(self, record: JobRecord) -> dict[str, Any]:
        """A job with all that is known of how far it is."""
        progress = self.manager.progress(record.id)
        foreign = self._foreign.get(record.id)
        data = plain(record.as_dict()) | {
            "work": "download",
            "percent": round(100 * record.fraction, 1),
            **{name: value for name, value in amounts(progress).items() if name not in _OF_RECORD},
            **_waiting(progress),
        }
        if foreign is not None:
            left = record.bytes_total - record.bytes_done
            eta = foreign.meter.eta(left) if left > 0 else None
            data |= {"speed": round(foreign.meter.speed, 1), "eta": None if eta is None else round(eta, 1)}
        return data

    def details(self, record: JobRecord) -> dict[str, Any]:
        """The same, with what was known before the first byte, and the details of a failure."""
        checked = self.manager.preflight(record.id)
        found = dataclasses.asdict(checked) if checked else None
        return self.row(record) | {"details": record.details, "checked": found}

    def download(self, model: str, revision: str | None) -> JobRecord:
        """Begin, or go on with, the download of a model. Raises UnknownModelError, TooManyJobsError."""
        before = self.manager.jobs()
        if len(before) >= self.settings.most_jobs and self.manager.job_of(model) is None:
            raise TooManyJobsError(self.settings.most_jobs)
        return self.job(self.manager.enqueue(model, revision))

    async def pause(self, job: str) -> JobRecord:
        """Pause a job, wherever it runs. Raises UnknownJobError, JobEndedError."""
        self._unfinished(job)
        self.manager.pause(job)
        return await self._obeyed(job, lambda record: not record.is_live)

    async def cancel(self, job: str) -> JobRecord:
        """Cancel a job, wherever it runs. Raises UnknownJobError, JobEndedError."""
        self._unfinished(job)
        self.manager.cancel(job)
        return await self._obeyed(job, lambda record: record.state.is_final)

    def resume(self, job: str) -> JobRecord:
        """Go on with a job, here. Raises UnknownJobError, JobEndedError, JobElsewhereError."""
        if self._unfinished(job).elsewhere:
            raise JobElsewhereError(job)
        self.manager.resume(job)
        return self.job(job)

    def retry(self, job: str) -> JobRecord:
        """Download again what has ended. Raises UnknownJobError, UnknownModelError, JobElsewhereError."""
        if self.job(job).elsewhere:
            raise JobElsewhereError(job)
        return self.job(self.manager.retry(job))

    def _unfinished(self, job: str) -> JobRecord:
        record = self.job(job)
        if record.state.is_final:
            raise JobEndedError(job, record.state, record.model)
        return record

    async def _obeyed(self, job: str, obeyed: Callable[[JobRecord], bool]) -> JobRecord:
        """The job once it has done what was asked, or as it is after a while: its owner has not answered yet."""
        deadline = time.monotonic() + PATIENCE
        while not obeyed(record := self.job(job)) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return record

    # Tasks

    def verify(self, entry: Entry) -> Task:
        """Compare every file with what was published."""
        folder = self.settings.models_dir

        def work(control: Control, report: ProgressReport, task: str) -> dict[str, Any]:
            found = verifying.verify(folder, entry, control, report, task)
            if bad := (*found.damaged, *found.missing):
                raise ModelDamagedError(entry.id, bad, found.text_links)
            return {"verified": len(found.verified), "unknown": list(found.unknown)}

        return self.tasks.start("verify", entry.download_id, work)

    def repair(self, entry: Entry) -> Task:
        """Compare, remove what is damaged, and download that and what is missing; the result names the download."""
        folder, settings = self.settings.models_dir, self.settings

        def work(control: Control, report: ProgressReport, task: str) -> dict[str, Any]:
            found = verifying.verify(folder, entry, control, report, task)
            if not (found.damaged or found.missing):
                return {"job": None, "files": []}
            # Nothing is removed that cannot be fetched again.
            Hub(settings.endpoint, settings.hub_token, self.manager.offline).check_online()
            removed = removing.remove_damaged(folder, entry)
            job = self.manager.enqueue(entry.id, SAME)
            return {"job": job, "files": [*removed, *found.missing]}

        return self.tasks.start("repair", entry.download_id, work)

    def delete(self, entry: Entry, partials: bool) -> Task:
        """Remove a model from the disk, or only what interrupted downloads have left of it."""
        folder = self.settings.models_dir
        remove = removing.discard if partials else removing.delete
        return self.tasks.start("delete", entry.download_id, lambda *_: {"freed": remove(folder, entry)})

    # The rest

    async def view(self, fresh: bool = False) -> View:
        """What is on the disk."""
        return await self.shelf.view(fresh)

    @property
    def log_file(self) -> Path:
        """The user's log."""
        return self.settings.user_dir / user_folder.LOG


def _progress(event: Progress) -> EventData:
    return {
        "event": "progress",
        "at": _now(),
        "work": "download",
        "job": event.job,
        "model": event.model,
        "state": event.state.value,
        **amounts(event),
        **_waiting(event),
    }


def _end_of(record: JobRecord) -> EventData:
    """The end of another process's job."""
    name = {State.DONE: "complete", State.FAILED: "failed"}.get(record.state, "cancelled")
    data: EventData = {"event": name, "at": _now(), "work": "download", "job": record.id, "model": record.model}
    if record.state is State.FAILED:
        data |= {"error": record.error, "message": record.message, "hint": record.hint}
    if record.state is State.DONE:
        data["path"] = record.path
    return data


def _waiting(progress: Progress | None) -> dict[str, Any]:
    wait = progress.retry_in if progress else None
    return {
        "attempt": progress.attempt if progress else 1,
        "retry_in": None if wait is None else round(wait, 1),
        "connections": progress.connections if progress else 0,
        "reason": progress.reason if progress else "",
    }


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """With words for states."""
    return {name: value.value if isinstance(value, State) else value for name, value in data.items()}


def _now() -> float:
    return round(time.time(), 3)
