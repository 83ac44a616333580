# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads: a queue, worker threads, and the events they send. Outlives the operator that started it.

With a job store the queue and the history outlive the process, too, and are shared with other processes.
"""

from __future__ import annotations

import logging
import os
import queue
import secrets
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from . import events
from .catalog import reading as catalogs
from .catalog.entries import Catalog, Entry
from .downloads.book import Job, JobBook
from .downloads.record import JobRecord, Wish
from .downloads.store import JobStore
from .downloads.turns import Turns
from .downloads.worker import Worker
from .errors.catalog import UnknownModelError
from .errors.jobs import UnknownJobError
from .events import Checked, Event, Notice, Progress, State
from .hub.client import Hub
from .hub.tokens import Token
from .library.status import NEWEST
from .transfer.limits import DEFAULT_CONNECTIONS
from .transfer.throttle import Throttle

log = logging.getLogger(__name__)

TOKEN_NOTICE = "Downloading without a token. A free one from the hub raises its rate limits; none is needed."


class DownloadManager:
    """Downloads models into one folder. Every method may be called from any thread; none waits for the network, and
    none but `wait`, `restore` and `shutdown` for the disk.

    One job at a time unless `concurrency` says otherwise. A job's events arrive in order, its End is the last.
    A paused job has no End: it waits for `resume` or `cancel`. So does an interrupted one.
    """

    def __init__(
        self,
        models_dir: Path,
        *,
        endpoint: str | None = None,
        token: Token | None = None,
        catalog: Catalog | None = None,
        user_catalog: Path | None = None,
        connections: int = DEFAULT_CONNECTIONS,
        speed_limit: float | None = None,
        concurrency: int = 1,
        store: JobStore | None = None,
        offline: bool = False,
        pause_when_full: bool = True,
    ) -> None:
        """`speed_limit` in bytes per second for all jobs together. Touches neither disk nor network.

        `catalog` is used as it is; without it the built-in one with the user's own, `user_catalog`. With `offline`
        nothing is asked of the network: a job whose files are all there is done, any other fails at once with
        OnlineAccessError. A disk that becomes full under a job pauses it, or, without `pause_when_full`, for a script
        that nobody watches, fails it. The manager closes `store` when it is shut down.
        """
        self.models_dir = models_dir
        self._folder = os.path.abspath(models_dir)
        self._given_catalog = catalog
        self._user_catalog = user_catalog
        self._hub = Hub(endpoint, token, offline)
        self._throttle = Throttle(speed_limit)
        self._lock = threading.RLock()
        self._book = JobBook(store, self)
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        worker = Worker(self._hub, token or Token(), self._throttle, connections, self._entry_of, self._reported)
        self._turns = Turns(self._lock, self._book, worker, self._inbox.put, concurrency, pause_when_full)
        self._resume_all = False
        self._told_of_token = False

    @property
    def speed_limit(self) -> float | None:
        """Bytes per second for all jobs together; may be changed while they run."""
        return self._throttle.rate

    @speed_limit.setter
    def speed_limit(self, rate: float | None) -> None:
        self._throttle.rate = rate

    @property
    def concurrency(self) -> int:
        """How many jobs run at a time; may be changed while they run. Fewer than run now stops none of them."""
        return self._turns.concurrency

    @concurrency.setter
    def concurrency(self, number: int) -> None:
        with self._lock:
            self._turns.concurrency = number

    @property
    def offline(self) -> bool:
        """Whether nothing may be asked of the network; may be changed, for jobs that start later."""
        return self._hub.offline

    @offline.setter
    def offline(self, offline: bool) -> None:
        self._hub.offline = offline

    @property
    def busy(self) -> bool:
        """Whether any job runs or waits its turn, or the store is being read. Paused ones do not count."""
        with self._lock:
            keeper = self._book.keeper
            live = any(job.record.is_live for job in self._book.own.values())
            return live or (keeper is not None and keeper.loading)

    # What there is: memory only, cheap enough for `draw()`

    def jobs(self) -> list[JobRecord]:
        """All that have not ended, in the order in which they start; with a store also those of other processes."""
        with self._lock:
            return self._book.unfinished()

    def history(self) -> list[JobRecord]:
        """Those that have ended, newest first; of a long history the newest thousand."""
        with self._lock:
            return self._book.history()

    def get(self, job: str) -> JobRecord | None:
        """One job, ended or not; None if there is none with this id."""
        with self._lock:
            return self._book.get(job)

    def progress(self, job: str) -> Progress | None:
        """How far one job is, ended or not, with speed and time left if it runs here; None if there is none with this
        id. An event says that it has changed; this is how it is now."""
        with self._lock:
            return self._book.progress(job)

    def preflight(self, job: str) -> Checked | None:
        """What was known of the job before its first byte, at its last run in this process."""
        with self._lock:
            found = self._book.own.get(job)
            return found.checked if found else None

    def job_of(self, model: str) -> str | None:
        """The job that downloads this model (or the one it is another name of) and has not ended, or None.

        Those of other processes do not count: this one would wait for their files, and then find them there.
        """
        catalog = self._catalog()
        return self._job_of(catalog.get(model), catalog)

    def _job_of(self, entry: Entry, catalog: Catalog) -> str | None:
        for record in self.jobs():
            here = record.models_dir == self._folder and not record.elsewhere
            own = self._book.own.get(record.id)
            if own is not None and own.stop is State.CANCELLED:
                continue  # It is about to end, and nobody else waits for it.
            if here and self._download_id(record.model, catalog) == entry.download_id:
                return record.id
        return None

    # What the user asks for

    def enqueue(self, model: str, revision: str | None = None) -> str:
        """Download a model; the answer is the job's id. One that is under way already is not started twice, and one
        that is paused or was interrupted goes on.

        Raises UnknownModelError. Everything else that can go wrong comes as the job's `Failed`.
        """
        catalog = self._catalog()
        entry = catalog.get(model)
        with self._lock:
            known = self._job_of(entry, catalog)
            if (
                known
                and (record := self.get(known))
                and (record.is_live or _wanted(record.revision) == _wanted(revision))
            ):
                self.resume(known)
                return known
            record = JobRecord(
                id=secrets.token_hex(6),
                model=entry.id,
                revision=revision,
                models_dir=self._folder,
                created=time.time(),
            )
            job = self._book.own[record.id] = Job(record, entry)
            if not self._hub.has_token and self._hub.is_online and not self._told_of_token:
                self._told_of_token = True
                self._inbox.put(Notice(job=job.id, message=TOKEN_NOTICE))
            self._turns.queue(job)
        return job.id

    def cancel(self, job: str) -> None:
        """Ask a job to end; `Cancelled` follows. Keeps what was downloaded. No effect on one that has ended.

        One of another process ends there, within about a second.
        """
        with self._lock:
            found = self._book.adopt(job)
            if found is None:
                self._book.wish(job, "cancel")
            else:
                self._turns.stop(found, State.CANCELLED)

    def pause(self, job: str) -> None:
        """Stop a job and keep its place on disk: progress with state PAUSED follows. No effect after its end."""
        with self._lock:
            found = self._book.adopt(job)
            if found is None:
                self._book.wish(job, "pause")
            elif found.record.is_live:
                self._turns.stop(found, State.PAUSED)

    def resume(self, job: str) -> None:
        """Continue a paused or interrupted job, or one that is about to pause, after those that wait already."""
        with self._lock:
            found = self._book.adopt(job)
            if found is None or found.record.state.is_final or self._turns.closed:
                return
            if found.stop is State.PAUSED:
                found.stop = None  # A worker that winds down finds this.
            if not found.record.is_live:
                self._turns.go_on(found)

    def retry(self, job: str) -> str:
        """Download again what failed or was cancelled, as a new job; the answer is its id. One that is paused or was
        interrupted goes on instead.

        Raises UnknownJobError, UnknownModelError.
        """
        record = self.get(job)
        if record is None:
            raise UnknownJobError(job)
        if not record.state.is_final:
            self.resume(job)
            return job
        return self.enqueue(record.model, record.revision)

    def move(self, job: str, by: int) -> None:
        """Let a job start later by so many places, or sooner if negative, among those that do not run."""
        with self._lock:
            self._book.move(job, by)

    def forget(self, job: str) -> None:
        """Remove a job that has ended from the history. What it downloaded stays."""
        with self._lock:
            self._book.forget(job)

    def clear_history(self) -> None:
        """Remove all jobs that have ended from the history. What they downloaded stays."""
        with self._lock:
            self._book.forget(None)

    def drain(self) -> list[Event]:
        """The events since the last call, without blocking; of a run of progress only the newest."""
        return events.drain(self._inbox)

    # Beginning and end

    def restore(self, resume: bool = False, timeout: float = 5.0) -> list[JobRecord]:
        """Read the store: paused jobs, and those that a dead process left, which count as interrupted; `resume` those.

        Waits at most `timeout` seconds, for Blender's main thread 0.0: the answer is what is known by then, and
        `jobs()`, `history()` and events tell of the rest; `busy` until then. What other processes do shows from then
        on as well. Nobody waits for a store that is not there yet.
        """
        keeper = self._book.keeper
        if keeper is None or self._turns.closed:
            return []
        with self._lock:
            self._resume_all = resume
        keeper.load(timeout if keeper.exists else 0.0)
        return [record for record in self.jobs() if not record.elsewhere]

    def expect(self, records: Iterable[JobRecord]) -> None:
        """Know of jobs that rest before the store says so: those of a manager that this one takes the place of.

        Of each the store has the last word.
        """
        with self._lock:
            self._book.expect(records)

    def wait(self, job: str, timeout: float | None = None) -> bool:
        """Block until the job's End is on the queue, at most `timeout` seconds. Whether it is."""
        with self._lock:
            found = self._book.own.get(job)
        return found is None or found.ended.wait(timeout)

    def shutdown(self, timeout: float = 2.0) -> bool:
        """End everything and wait for the workers, at most `timeout` seconds; whether all have ended.

        Each job ends with `Cancelled` here. In the store they are interrupted, or paused if they were: they can be
        resumed. Nothing on disk is removed. The manager starts nothing afterwards.
        """
        deadline = time.monotonic() + timeout
        with self._lock:
            self._turns.closed = True
            jobs = [job for job in self._book.own.values() if not job.ended.is_set()]
            for job in jobs:
                self._turns.stop(job, job.stop or State.INTERRUPTED)
        ended = [job.ended.wait(max(0.0, deadline - time.monotonic())) for job in jobs]
        if self._book.keeper is not None:
            # The disk gets a moment in any case: what is not written now is lost.
            self._book.keeper.close(max(0.5, deadline - time.monotonic()))
        return all(ended)

    # Inside; the lock is held

    def _catalog(self) -> Catalog:
        return self._given_catalog or catalogs.load(self._user_catalog)

    @staticmethod
    def _download_id(model: str, catalog: Catalog) -> str:
        """What is fetched for a model; the model itself if it is in no catalogue any more."""
        try:
            return catalog.get(model).download_id
        except UnknownModelError:
            return model

    # On a worker thread

    def _entry_of(self, job: Job) -> Entry:
        """As it was when the job was asked for; of one that an earlier process has left, as it is now."""
        return job.entry or self._catalog().get(job.model)

    def _reported(self, event: Event) -> None:
        if isinstance(event, Checked):
            with self._lock:
                if event.job in self._book.own:
                    self._book.own[event.job].checked = event
        self._inbox.put(event)

    # On the keeper's thread (keeper.Listener)

    def running_records(self) -> list[JobRecord]:
        """Called by the keeper."""
        with self._lock:
            return [job.current() for job in self._book.own.values() if job.began is not None]

    def unfinished_records(self) -> list[JobRecord]:
        """Called by the keeper."""
        with self._lock:
            return [job.current() for job in self._book.own.values() if not job.record.state.is_final]

    def obey(self, job: str, wish: Wish) -> None:
        """Called by the keeper."""
        (self.cancel if wish == "cancel" else self.pause)(job)

    def taken(self, job: str) -> None:
        """Called by the keeper."""
        with self._lock:
            found = self._book.own.get(job)
            # One that has a worker already asks by itself, and one that runs cannot be taken.
            if found is not None and found.thread is None:
                if found.record.state is State.CANCELLED:
                    self._book.wish(job, "cancel")
                self._turns.drop(found)

    def loaded(self, jobs: list[JobRecord], history: list[JobRecord] | None) -> None:
        """Called by the keeper."""
        with self._lock:
            lost, new = self._book.merge(jobs, history)
            for job in lost:
                self._turns.drop(job)
            for record in new:
                self._inbox.put(Job(record).progress())
            self._turns.tell_of_left()
            self._fold()
            if self._resume_all:
                self._resume_all = False
                for record in jobs:
                    if record.state is State.INTERRUPTED:
                        self.resume(record.id)

    def _fold(self) -> None:
        """End what rests in the store and is what a job of ours is fetching already: begun before the store was read,
        it goes on from the same files, and one line for one download is enough."""
        catalog = self._catalog()
        ours = {
            (self._download_id(job.model, catalog), _wanted(job.record.revision))
            for job in self._book.own.values()
            if job.record.is_live
        }
        for record in self._book.unfinished():
            key = self._download_id(record.model, catalog), _wanted(record.revision)
            rests = not record.is_live and not record.elsewhere and record.models_dir == self._folder
            if rests and key in ours and (found := self._book.adopt(record.id)) is not None:
                log.info("the job %s goes on as a newer one of %s", record.id, record.model)
                self._turns.stop(found, State.CANCELLED)

    def told(self, message: str) -> None:
        """Called by the keeper."""
        self._inbox.put(Notice(job="", message=message))


def _wanted(revision: str | None) -> str | None:
    """Which files a job is about: both words for the newest revision are about the same."""
    return None if revision == NEWEST else revision
