# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads: a queue, worker threads, and the events they send. Outlives the operator that started it."""

from __future__ import annotations

import collections
import dataclasses
import logging
import queue
import secrets
import threading
import time
from pathlib import Path

from . import catalog as catalogs
from . import events
from .catalog import Catalog, Entry
from .control import Control
from .download_job import DownloadJob, Settings
from .errors import JobCancelled, SubtitleEditorError, UnexpectedError
from .events import Cancelled, End, Event, Failed, Finished, Notice, Progress, State
from .hub import Hub
from .throttle import Throttle
from .transfer import DEFAULT_CONNECTIONS

log = logging.getLogger(__name__)

TOKEN_NOTICE = "Downloading without a token. A free one from the hub raises its rate limits; none is needed."


@dataclasses.dataclass(slots=True, eq=False)
class _Job:
    """One download, from the click to its end. Guarded by the manager's lock."""

    id: str
    entry: Entry
    revision: str | None
    state: State = State.QUEUED
    control: Control = dataclasses.field(default_factory=Control)
    pausing: bool = False
    run: DownloadJob | None = None
    thread: threading.Thread | None = None
    ended: threading.Event = dataclasses.field(default_factory=threading.Event)


class DownloadManager:
    """Downloads models into one folder. Every method may be called from any thread and none waits for the network.

    One job at a time unless `concurrency` says otherwise. A job's events arrive in order, its End is the last.
    A paused job has no End: it waits for `resume` or `cancel`.
    """

    def __init__(
        self,
        models_dir: Path,
        *,
        endpoint: str | None = None,
        token: str | None = None,
        catalog: Catalog | None = None,
        connections: int = DEFAULT_CONNECTIONS,
        speed_limit: float | None = None,
        concurrency: int = 1,
    ) -> None:
        """`speed_limit` in bytes per second for all jobs together. Touches neither disk nor network."""
        self.models_dir = models_dir
        self._catalog = catalog or catalogs.load()
        self._hub = Hub(endpoint, token)
        self._throttle = Throttle(speed_limit)
        self._connections = connections
        self._concurrency = concurrency
        self._lock = threading.RLock()
        self._jobs: dict[str, _Job] = {}
        self._waiting: collections.deque[_Job] = collections.deque()
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._told_of_token = False
        self._closed = False

    @property
    def speed_limit(self) -> float | None:
        """Bytes per second for all jobs together; may be changed while they run."""
        return self._throttle.rate

    @speed_limit.setter
    def speed_limit(self, rate: float | None) -> None:
        self._throttle.rate = rate

    @property
    def busy(self) -> bool:
        """Whether any job runs or waits its turn. Paused ones do not count."""
        with self._lock:
            return any(not job.state.is_final and job.state is not State.PAUSED for job in self._jobs.values())

    def job_of(self, model: str) -> str | None:
        """The job that downloads this model (or the one it is another name of) and has not ended, or None."""
        with self._lock:
            target = self._catalog.get(model).download_id
            for job in self._jobs.values():
                if job.entry.download_id == target and not job.state.is_final:
                    return job.id
            return None

    def enqueue(self, model: str, revision: str | None = None) -> str:
        """Download a model; the answer is the job's id. One that is under way already is not started twice.

        Raises UnknownModelError. Everything else that can go wrong comes as the job's `Failed`.
        """
        entry = self._catalog.get(model)
        with self._lock:
            if running := self.job_of(model):
                return running
            job = _Job(id=secrets.token_hex(6), entry=entry, revision=revision)
            self._jobs[job.id] = job
            if not self._hub.has_token and not self._told_of_token:
                self._told_of_token = True
                self._inbox.put(Notice(job=job.id, message=TOKEN_NOTICE))
            self._queue(job)
        return job.id

    def cancel(self, job: str) -> None:
        """Ask a job to end; `Cancelled` follows. Keeps what was downloaded. No effect on one that has ended."""
        with self._lock:
            found = self._jobs.get(job)
            if found is None or found.state.is_final:
                return
            found.pausing = False
            if found.thread is None:
                # Queued or paused: there is no worker to bring the news.
                if found in self._waiting:
                    self._waiting.remove(found)
                self._end(found, Cancelled(job=found.id, model=found.entry.id))
            control = found.control
        control.cancel()

    def pause(self, job: str) -> None:
        """Stop a job and keep its place on disk: progress with state PAUSED follows. No effect after its end."""
        with self._lock:
            found = self._jobs.get(job)
            if found is None or found.state.is_final or found.state is State.PAUSED:
                return
            found.pausing = True
            if found.thread is None:
                self._waiting.remove(found)
                self._paused(found)
            control = found.control
        control.cancel()

    def resume(self, job: str) -> None:
        """Continue a paused job, after those that wait already."""
        with self._lock:
            found = self._jobs.get(job)
            if found is None or found.state is not State.PAUSED or self._closed:
                return
            found.control = Control()
            found.pausing = False
            self._queue(found)

    def drain(self) -> list[Event]:
        """The events since the last call, without blocking; of a run of progress only the newest."""
        found = events.drain(self._inbox)
        spoke = {event.job for event in found}
        with self._lock:
            runs = [job.run for job in self._jobs.values() if job.run and job.id not in spoke]
        return found + [progress for run in runs if (progress := run.tick())]

    def wait(self, job: str, timeout: float | None = None) -> bool:
        """Block until the job's End is on the queue, at most `timeout` seconds. Whether it is."""
        with self._lock:
            found = self._jobs.get(job)
        return found is None or found.ended.wait(timeout)

    def shutdown(self, timeout: float = 2.0) -> bool:
        """Cancel everything and wait for the workers, at most `timeout` seconds; whether all have ended.

        Nothing on disk is removed. The manager starts nothing afterwards.
        """
        with self._lock:
            self._closed = True
            jobs = list(self._jobs.values())
        for job in jobs:
            self.cancel(job.id)
        deadline = time.monotonic() + timeout
        return all(job.ended.wait(max(0.0, deadline - time.monotonic())) for job in jobs)

    # Inside; the lock is held

    def _queue(self, job: _Job) -> None:
        job.state = State.QUEUED
        self._waiting.append(job)
        last = job.run.progress if job.run else Progress(job=job.id, model=job.entry.id, state=State.QUEUED)
        job.run = None
        self._inbox.put(dataclasses.replace(last, state=State.QUEUED, speed=0.0, eta=None, retry_in=None))
        self._start_next()

    def _start_next(self) -> None:
        running = sum(1 for job in self._jobs.values() if job.thread is not None)
        while self._waiting and running < self._concurrency and not self._closed:
            job = self._waiting.popleft()
            job.state = State.CHECKING
            # A daemon: a thread that is not would hold up the quitting of Blender.
            job.thread = threading.Thread(target=self._work, args=(job,), name=f"download {job.id}", daemon=True)
            job.thread.start()
            running += 1

    def _paused(self, job: _Job) -> None:
        job.state = State.PAUSED
        last = job.run.progress if job.run else Progress(job=job.id, model=job.entry.id, state=State.PAUSED)
        self._inbox.put(dataclasses.replace(last, state=State.PAUSED, speed=0.0, eta=None, retry_in=None))

    def _end(self, job: _Job, end: End) -> None:
        match end:
            case Finished():
                job.state = State.DONE
            case Failed():
                job.state = State.FAILED
            case Cancelled():
                job.state = State.CANCELLED
        job.run = None
        self._inbox.put(end)
        job.ended.set()

    # On a worker thread

    def _work(self, job: _Job) -> None:
        end = self._outcome(job)
        with self._lock:
            job.thread = None
            if isinstance(end, Cancelled) and job.pausing and not self._closed:
                self._paused(job)
            else:
                self._end(job, end)
            self._start_next()

    def _outcome(self, job: _Job) -> End:
        model = job.entry.id
        settings = Settings(
            models_dir=self.models_dir, hub=self._hub, throttle=self._throttle, connections=self._connections
        )
        try:
            run = DownloadJob(job.id, job.entry, job.revision, settings, job.control, self._inbox.put)
            job.run = run
            return Finished(job=job.id, model=model, path=run.run())
        except JobCancelled:
            return Cancelled(job=job.id, model=model)
        except SubtitleEditorError as error:
            log.info("download of %s failed: %s", model, error)
            return Failed(job=job.id, model=model, error=error)
        except BaseException as error:  # The top of a thread: nobody else would ever see it.
            log.exception("download of %s", model)
            return Failed(job=job.id, model=model, error=UnexpectedError(error))
