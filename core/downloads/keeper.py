# SPDX-License-Identifier: GPL-3.0-or-later
"""The one thread between a download manager and its job store, so that nobody who draws a window waits for a disk.

What the manager wants written is handed over in memory and written soon; what other processes did, and what they ask
for, comes back as calls. A store that cannot be used stops nothing: it is said once, and tried again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from ..errors.base import SubtitleEditorError
from ..errors.jobs import JobStoreError
from .record import JobRecord, Wish
from .store import JobStore

log = logging.getLogger(__name__)

BUSY_TICK, IDLE_TICK = 0.5, 2.0
"""Seconds between two looks at the store while something runs, here or elsewhere, and while nothing does."""

_PROGRESS_EVERY = 1.0
"""Seconds between two writes of a job's progress: what a crash may cost of the number that is shown, not of data."""

HISTORY = 1000
"""Records of the history that are kept in memory."""


class Listener(Protocol):
    """The manager, as its keeper knows it. Everything is called on the keeper's thread."""

    def running_records(self) -> list[JobRecord]:
        """The jobs that run, as of now."""

    def unfinished_records(self) -> list[JobRecord]:
        """All of this process's jobs that have not ended, as of now."""

    def obey(self, job: str, wish: Wish) -> None:
        """Another process asks for a pause or an end."""

    def taken(self, job: str) -> None:
        """What was handed over cannot be written: another process has the job, or it has ended there."""

    def loaded(self, jobs: list[JobRecord], history: list[JobRecord] | None) -> None:
        """What the store holds: all that has not ended, and the history, None if that has not changed."""

    def told(self, message: str) -> None:
        """Something about the store that the user should know."""


class Keeper:
    """Writes and reads a store for one manager. No method waits for the disk except where it says so."""

    def __init__(self, store: JobStore, listener: Listener) -> None:
        self._store = store
        self._listener = listener
        store.on_notice(listener.told)
        self._condition = threading.Condition()
        self._pending: dict[str, JobRecord] = {}
        self._writing: dict[str, JobRecord] = {}
        self._saved: dict[str, JobRecord] = {}
        self._refused: set[str] = set()
        self._errands: list[Callable[[JobStore], object]] = []
        self._asked = 0
        self._loaded = 0
        self._awake = False
        self._closing = False
        self._failures = 0
        self._complained = False
        self._thread: threading.Thread | None = None
        # Of the keeper's thread alone:
        self._seen: tuple[object, ...] = ()
        self._elsewhere = False
        self._progress_written = 0.0

    # Any thread

    def save(self, record: JobRecord) -> None:
        """Have a record written soon; of several of one job only the last."""
        with self._condition:
            self._pending[record.id] = record
            self._refused.discard(record.id)
            self._wake()

    def errand(self, errand: Callable[[JobStore], object]) -> None:
        """Have something done with the store soon, after what was saved before."""
        with self._condition:
            self._errands.append(errand)
            self._wake()

    def load(self, timeout: float) -> bool:
        """Have the listener told what the store holds, and wait for that at most `timeout` seconds. Whether it was.

        A store that cannot be used counts as an empty one.
        """
        with self._condition:
            self._asked += 1
            wanted = self._asked
            self._wake()
            return self._condition.wait_for(lambda: self._loaded >= wanted or self._failures > 0, timeout)

    @property
    def exists(self) -> bool:
        """Whether there is a file to load from."""
        return self._store.path.exists()

    @property
    def loading(self) -> bool:
        """Whether `load` was called and the listener has not been told yet."""
        with self._condition:
            return self._loaded < self._asked and not self._failures

    def pending(self) -> set[str]:
        """The jobs that are still to be written."""
        with self._condition:
            return {*self._pending, *self._writing}

    def settled(self, job: str, timeout: float) -> bool:
        """Wait until the job was written, at most `timeout` seconds. False only if another process has it.

        For a worker thread, before it begins. A store that is locked for long or broken holds up no download: two
        processes that fetch one file are kept apart by that file's own lock.
        """
        with self._condition:
            self._condition.wait_for(
                lambda: (job not in self._pending and job not in self._writing) or self._failures > 0, timeout
            )
            return job not in self._refused

    def close(self, timeout: float) -> bool:
        """Write what is still to be written, close the store and end; wait for that at most `timeout` seconds."""
        with self._condition:
            thread = self._thread
            if thread is None:
                return True
            self._closing = True
            self._condition.notify_all()
        thread.join(timeout)
        return not thread.is_alive()

    def _wake(self) -> None:
        self._awake = True
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._work, name="job keeper", daemon=True)
            self._thread.start()
        self._condition.notify_all()

    # The keeper's thread

    def _work(self) -> None:
        while True:
            with self._condition:
                busy = self._pending or self._saved or self._elsewhere
                # After a failure what is pending must not make us try without end.
                tick = BUSY_TICK if busy and self._failures < 3 else IDLE_TICK
                self._condition.wait_for(lambda: self._closing or (self._awake and not self._failures), tick)
                self._awake = False
                closing = self._closing
            try:
                self._turn()
                failure = None
            except JobStoreError as error:
                failure = error
            except Exception as error:  # The top of a thread: nobody else would ever see it.
                log.exception("job keeper")
                failure = JobStoreError(self._store.path, type(error).__name__)
            self._end_turn(failure, closing)
            if closing:
                break
        with contextlib.suppress(JobStoreError):
            self._store.close()

    def _end_turn(self, failure: JobStoreError | None, closing: bool) -> None:
        with self._condition:
            self._pending = self._writing | self._pending
            self._writing = {}
            self._failures = self._failures + 1 if failure else 0
            lasting = self._failures >= 3 or closing
            tell = failure is not None and lasting and not self._complained
            self._complained = self._complained or tell
            self._condition.notify_all()
        if failure is not None and self._failures <= 3:
            # Not a warning, which a console would show besides the notice.
            log.info("%s", failure)
        if tell and failure is not None:
            self._listener.told(str(failure))

    def _turn(self) -> None:
        self._collect_progress()
        with self._condition:
            self._writing, self._pending = self._pending, {}
            batch = list(self._writing.values())
            asked = self._asked
        if batch:
            self._written(batch, self._store.save(batch))
        self._run_errands()
        for job, wish in self._store.take_wishes().items():
            self._listener.obey(job, wish)
        self._look(anew=asked > self._loaded)
        with self._condition:
            self._loaded = asked
            self._condition.notify_all()

    def _run_errands(self) -> None:
        while self._errands:
            try:
                self._errands[0](self._store)
            except JobStoreError:
                raise
            except SubtitleEditorError as error:
                log.info("%s", error)
            with self._condition:
                del self._errands[0]

    def _collect_progress(self) -> None:
        if time.monotonic() - self._progress_written < _PROGRESS_EVERY:
            return
        self._progress_written = time.monotonic()
        for record in self._listener.running_records():
            with self._condition:
                if record.id not in self._pending and self._saved.get(record.id) != record:
                    self._pending[record.id] = record

    def _written(self, batch: list[JobRecord], refused: set[str]) -> None:
        with self._condition:
            self._writing = {}
            self._refused |= refused
            for record in batch:
                if record.is_live and record.id not in refused:
                    self._saved[record.id] = record
                else:
                    self._saved.pop(record.id, None)
            self._condition.notify_all()
        for job in refused:
            self._listener.taken(job)

    def _look(self, anew: bool) -> None:
        """Tell the listener what others have changed. The death of a process changes nothing in the file: while
        another has jobs, we look anyway."""
        seen = self._store.version()
        if seen == self._seen and not self._elsewhere and not anew:
            return
        jobs = self._store.jobs()
        history = self._store.history(HISTORY) if anew or seen[2:] != self._seen[2:] else None
        if self._seen and seen[0] != self._seen[0]:
            # The file is another: the old one was damaged, or somebody removed it.
            for record in self._listener.unfinished_records():
                self.save(record)
        self._seen = seen
        self._elsewhere = any(job.elsewhere for job in jobs)
        self._listener.loaded(jobs, history)
