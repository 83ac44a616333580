# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a manager's jobs run, and when: whose turn it is, and what becomes of one that has stopped.

Everything but `_work`, the top of a worker's thread, is called with the manager's lock held.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..errors.base import SubtitleEditorError
from ..errors.disk import NoSpaceError
from ..events import Cancelled, End, Event, Failed, Finished, Notice, State
from ..system.control import Control
from .book import Job, JobBook
from .worker import Worker

_PATIENCE = 5.0
"""Seconds that a job waits to be written to the store before it begins without."""


class Turns:
    """The jobs of one manager that wait and run."""

    def __init__(
        self,
        lock: threading.RLock,
        book: JobBook,
        worker: Worker,
        say: Callable[[Event], None],
        concurrency: int,
        pause_when_full: bool,
    ) -> None:
        """`lock` is the manager's; `say` takes events and waits for nothing."""
        self._lock = lock
        self._book = book
        self._worker = worker
        self._say = say
        self._concurrency = max(1, concurrency)
        self._pause_when_full = pause_when_full
        self._waiting: list[Job] = []
        self._left: set[str] = set()
        """Jobs that were ours and are another process's now, until they have ended there."""
        self._last_position = 0
        self.closed = False
        """Nothing is started any more."""

    @property
    def concurrency(self) -> int:
        """How many jobs run at a time."""
        return self._concurrency

    @concurrency.setter
    def concurrency(self, number: int) -> None:
        self._concurrency = max(1, number)
        self._start_next()

    def queue(self, job: Job) -> None:
        """Have a job run after those that wait already."""
        self._last_position = max(time.time_ns(), self._last_position + 1)
        job.rest(State.QUEUED, position=self._last_position, error="", message="", hint="", details="")
        self._waiting.append(job)
        self._book.save(job)
        self._say(job.progress())
        self._start_next()

    def go_on(self, job: Job) -> None:
        """The same of one that rests."""
        job.control = Control()
        job.stop = None
        self.queue(job)

    def stop(self, job: Job, stop: State) -> None:
        """Have a job stop and become `stop`: PAUSED, CANCELLED, or INTERRUPTED when we quit."""
        if job.record.state.is_final or job.ended.is_set():
            return
        # Whoever asks for a pause of a job that is about to end comes too late.
        job.stop = job.stop if job.stop is State.CANCELLED else stop
        if job.thread is not None:
            # Its worker brings the news.
            job.control.cancel()
            return
        if job in self._waiting:
            self._waiting.remove(job)
        self._stopped(job)

    def drop(self, job: Job) -> None:
        """The job is another process's now, or has ended there: ours no more. Its end, if it has one, is told."""
        self._book.own.pop(job.id, None)
        if job in self._waiting:
            self._waiting.remove(job)
        if not job.ended.is_set():
            self._left.add(job.id)
            self.tell_of_left()
        job.ended.set()

    def tell_of_left(self) -> None:
        """Tell the ends of jobs that were ours and went on, and ended, in another process."""
        for job in list(self._left):
            known = self._book.get(job)
            if known is not None and not known.state.is_final and job not in self._book.own:
                continue
            self._left.discard(job)
            if known is not None and known.state is State.CANCELLED:
                self._say(Cancelled(job=job, model=known.model))
            elif known is not None and known.state is State.DONE:
                self._say(Finished(job=job, model=known.model, path=Path(known.path or "")))

    def _start_next(self) -> None:
        running = sum(1 for job in self._book.own.values() if job.thread is not None)
        while self._waiting and running < self._concurrency and not self.closed:
            job = min(self._waiting, key=lambda job: job.record.position)
            self._waiting.remove(job)
            # A daemon: a thread that is not would hold up the quitting of Blender.
            job.thread = threading.Thread(target=self._work, args=(job,), name=f"download {job.id}", daemon=True)
            job.thread.start()
            running += 1

    def _work(self, job: Job) -> None:
        end = self._outcome(job)
        # Not under the lock: a traceback reads the files that it quotes.
        details = self._worker.details(end.error) if isinstance(end, Failed) else ""
        with self._lock:
            job.thread = None
            if end is None:
                self.drop(job)
            elif isinstance(end, Cancelled):
                self._stopped(job)
            elif isinstance(end, Failed) and self._is_full(job, end.error):
                self._rest(job, State.PAUSED, end.error)
                self._say(Notice(job=job.id, message=str(end.error)))
            else:
                self._end(job, end, details)
            self._start_next()

    def _outcome(self, job: Job) -> End | None:
        """How the job ended; None when it is another process's."""
        keeper = self._book.keeper
        if keeper is not None and not keeper.settled(job.id, _PATIENCE):
            return None
        with self._lock:
            job.begin()
            self._book.save(job)
        return self._worker.run(job)

    def _is_full(self, job: Job, error: SubtitleEditorError) -> bool:
        """Whether a disk has become full under a job that was already under way."""
        under_way = job.record.bytes_fetched > 0 or (job.run is not None and job.run.is_fetching)
        return isinstance(error, NoSpaceError) and under_way and self._pause_when_full and not self.closed

    def _stopped(self, job: Job) -> None:
        """A job has stopped because it was asked to; or that was taken back."""
        if job.stop is None:
            self.go_on(job)
            return
        paused = job.stop is State.PAUSED or (job.stop is State.INTERRUPTED and job.record.state is State.PAUSED)
        if paused and not self.closed:
            self._rest(job, State.PAUSED)
        elif job.stop is State.CANCELLED:
            self._end(job, Cancelled(job=job.id, model=job.model))
        else:
            # We quit: an end for those who listen, but none in the store.
            job.rest(State.PAUSED if paused else State.INTERRUPTED)
            self._book.save(job)
            self._say(Cancelled(job=job.id, model=job.model))
            job.ended.set()

    def _rest(self, job: Job, state: State, error: SubtitleEditorError | None = None) -> None:
        """The job waits for somebody to resume it."""
        told = {"error": error.code, "message": error.message, "hint": error.hint} if error else {}
        job.rest(state, **told)
        self._book.save(job)
        self._say(job.progress())

    def _end(self, job: Job, end: End, details: str = "") -> None:
        match end:
            case Finished(path=path):
                job.rest(State.DONE, ended=time.time(), path=str(path))
            case Failed(error=error):
                told = {"error": error.code, "message": error.message, "hint": error.hint}
                job.rest(State.FAILED, ended=time.time(), details=details, **told)
            case Cancelled():
                job.rest(State.CANCELLED, ended=time.time())
        self._book.ended(job)
        self._say(end)
        job.ended.set()
