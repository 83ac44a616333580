# SPDX-License-Identifier: GPL-3.0-or-later
"""All jobs that a download manager knows of, in memory: its own, those that the store has beside them, and the history.

Guarded by the manager's lock. Nothing here waits for a disk: the keeper writes and reads.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .job_keeper import HISTORY, Keeper, Listener
from .job_store import JobRecord, JobStore, Wish
from .managed_job import ManagedJob


class JobBook:
    """Records by job. Of one that is ours the manager's word counts, of all others the store's."""

    def __init__(self, store: JobStore | None, listener: Listener) -> None:
        """`listener` hears of the store on the keeper's thread. Without a store there is memory alone."""
        self.own: dict[str, ManagedJob] = {}
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

    def adopt(self, job: str) -> ManagedJob | None:
        """The job if it is ours, or nobody's: that becomes ours, as far as we know. The store has the last word, once
        it is written: the listener hears `taken` if another process was faster."""
        if job not in self.own:
            record = self._stored.get(job)
            if record is None or record.elsewhere:
                return None
            del self._stored[job]
            self.own[job] = ManagedJob(record)
        return self.own[job]

    def save(self, job: ManagedJob) -> None:
        """Have our job written as it is now."""
        if self.keeper is not None:
            self.keeper.save(job.current())

    def ended(self, job: ManagedJob) -> None:
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

    def merge(
        self, jobs: Sequence[JobRecord], history: Sequence[JobRecord] | None
    ) -> tuple[list[ManagedJob], list[JobRecord]]:
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
