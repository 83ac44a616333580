# SPDX-License-Identifier: GPL-3.0-or-later
"""All jobs that a download manager knows of, in memory: its own, those that the store has beside them, and the history.

Guarded by the manager's lock. Nothing here waits for a disk: the keeper writes and reads.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterable, Sequence

from ..catalog.entries import Entry
from ..events import Checked, Progress, State
from ..system.control import Control
from .download import Download
from .keeper import HISTORY, Keeper, Listener
from .record import JobRecord, Wish
from .store import JobStore


class JobBook:
    """Records by job. Of one that is ours the manager's word counts, of all others the store's."""

    def __init__(self, store: JobStore | None, listener: Listener) -> None:
        """`listener` hears of the store on the keeper's thread. Without a store there is memory alone."""
        self.own: dict[str, Job] = {}
        self._stored: dict[str, JobRecord] = {}
        self._history: list[JobRecord] = []
        self.keeper = Keeper(store, listener) if store else None

    def unfinished(self) -> list[JobRecord]:
        """All that have not ended, in the order in which they start."""
        found = [job.current() for job in self.own.values() if not job.record.state.is_final]
        found += [record for record in self._stored.values() if record.id not in self.own]
        return sorted(found, key=lambda record: (record.position, record.id))

    def history(self) -> list[JobRecord]:
        """Those that have ended, newest first."""
        return list(self._history)

    def get(self, job: str) -> JobRecord | None:
        """One of all of them."""
        if job in self.own:
            return self.own[job].current()
        return self._stored.get(job) or next((record for record in self._history if record.id == job), None)

    def progress(self, job: str) -> Progress | None:
        """How far one of all of them is."""
        if job in self.own:
            return self.own[job].progress()
        record = self.get(job)
        return record.progress() if record else None

    def adopt(self, job: str) -> Job | None:
        """The job if it is ours, or nobody's: that becomes ours, as far as we know. The store has the last word, once
        it is written: the listener hears `taken` if another process was faster."""
        if job not in self.own:
            record = self._stored.get(job)
            if record is None or record.elsewhere:
                return None
            del self._stored[job]
            self.own[job] = Job(record)
        return self.own[job]

    def save(self, job: Job) -> None:
        """Have our job written as it is now."""
        if self.keeper is not None:
            self.keeper.save(job.current())

    def ended(self, job: Job) -> None:
        """Our job has become history."""
        self._history.insert(0, job.record)
        del self._history[HISTORY:]
        self.save(job)

    def wish(self, job: str, wish: Wish) -> None:
        """Ask another process for something. No effect on a job that nobody knows, or that has ended."""
        if self.keeper is not None and (job in self._stored or job in self.own):
            self.keeper.errand(lambda store: store.wish(job, wish))

    def forget(self, job: str | None) -> None:
        """Remove one job that has ended, or all that have."""
        gone = {record.id for record in self._history if job is None or record.id == job}
        self._history = [record for record in self._history if record.id not in gone]
        for one in gone & self.own.keys():
            del self.own[one]
        if self.keeper is not None and gone:
            self.keeper.errand(lambda store: store.clear_history() if job is None else store.forget(job))

    def move(self, job: str, by: int) -> None:
        """Exchange places with those that do not run; those of other processes keep theirs."""
        at_rest = [
            record
            for record in self.unfinished()
            if not record.elsewhere and (record.id not in self.own or self.own[record.id].thread is None)
        ]
        order = [record.id for record in at_rest]
        if job not in order:
            return
        place = order.index(job)
        order.insert(max(0, min(len(order) - 1, place + by)), order.pop(place))
        for moved, position in zip(order, (record.position for record in at_rest), strict=True):
            found = self.adopt(moved)
            if found is not None and found.record.position != position:
                found.record = dataclasses.replace(found.record, position=position)
                self.save(found)

    def expect(self, records: Iterable[JobRecord]) -> None:
        """Take jobs that rest for known until the store was read."""
        for record in records:
            if not record.is_live and not record.elsewhere and record.id not in self.own:
                self._stored[record.id] = record

    def merge(
        self, jobs: Sequence[JobRecord], history: Sequence[JobRecord] | None
    ) -> tuple[list[Job], list[JobRecord]]:
        """Take over what the store holds. The answer: jobs that were ours, at rest, and are another process's or have
        ended there; and jobs of nobody that we had not heard of."""
        pending = self.keeper.pending() if self.keeper else set()
        if history is not None:
            there = {record.id for record in history}
            unsaved = [record for record in self._history if record.id in pending and record.id not in there]
            # Ours as we know them: their messages can be translated, which no text of the store can.
            ours = {record.id: record for record in self._history if record.id in self.own}
            self._history = [*unsaved, *(ours.get(record.id, record) for record in history)][:HISTORY]
        free = {record.id for record in jobs if not record.elsewhere}
        lost = [job for job in self.own.values() if job.is_at_rest and job.id not in free | pending]
        for job in lost:
            del self.own[job.id]
        new = [record for record in jobs if record.id in free - self.own.keys() - self._stored.keys()]
        self._stored = {record.id: record for record in jobs if record.id not in self.own}
        return lost, new


@dataclasses.dataclass(slots=True, eq=False)
class Job:
    """A download that this process knows how to run, from the click to its end."""

    record: JobRecord
    """As of the last change of state; `current()` counts what has come since."""
    entry: Entry | None = None
    """What the catalogue says of the model, if it was asked for in this process."""
    control: Control = dataclasses.field(default_factory=Control)
    stop: State | None = None
    """What the job is to be when its worker has stopped: PAUSED, CANCELLED, or INTERRUPTED when we quit."""
    run: Download | None = None
    thread: threading.Thread | None = None
    began: float | None = None
    """On the monotonic clock: when the run that is under way began."""
    checked: Checked | None = None
    ended: threading.Event = dataclasses.field(default_factory=threading.Event)

    @property
    def id(self) -> str:
        """The job's id."""
        return self.record.id

    @property
    def model(self) -> str:
        """The catalogue id that was asked for."""
        return self.record.model

    @property
    def is_at_rest(self) -> bool:
        """Whether it is paused or interrupted, and no worker is at it any more."""
        return self.thread is None and not self.record.is_live and not self.record.state.is_final

    def begin(self) -> None:
        """A run begins."""
        self.began = time.monotonic()
        self.record = dataclasses.replace(self.record, state=State.CHECKING, started=self.record.started or time.time())

    def current(self) -> JobRecord:
        """The record as of now, with the time and the bytes of the run that is under way."""
        if self.began is None:
            return self.record
        record = dataclasses.replace(self.record, seconds=self.record.seconds + time.monotonic() - self.began)
        if self.run is None:
            return record
        progress = self.run.progress
        # Before its plan is known the run has no numbers, and those of the last run are still right.
        if not progress.bytes_total:
            return dataclasses.replace(record, state=progress.state)
        before = self.checked.bytes_present if self.checked else progress.bytes_done
        return dataclasses.replace(
            record,
            state=progress.state,
            bytes_done=progress.bytes_done,
            bytes_total=progress.bytes_total,
            bytes_fetched=record.bytes_fetched + max(0, progress.bytes_done - before),
        )

    def rest(self, state: State, **changes: object) -> None:
        """The run, if there was one, is over; the record is final until the next."""
        self.record = dataclasses.replace(self.current(), state=state, **changes)  # type: ignore[arg-type]
        self.began = None
        self.run = None

    def progress(self) -> Progress:
        """How far it is now: what its run says, if there is one, or the record."""
        record = self.current().progress()
        if self.run is None:
            return record
        # Where the run has no numbers yet, the record has those of the last.
        return dataclasses.replace(self.run.progress, bytes_done=record.bytes_done, bytes_total=record.bytes_total)
