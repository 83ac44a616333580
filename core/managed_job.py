# SPDX-License-Identifier: GPL-3.0-or-later
"""One job inside the download manager: what is true of it now, in memory. Guarded by the manager's lock."""

from __future__ import annotations

import dataclasses
import threading
import time

from .control import Control
from .download_job import DownloadJob
from .events import Checked, Progress, State
from .job_store import JobRecord


@dataclasses.dataclass(slots=True, eq=False)
class ManagedJob:
    """A download that this process knows how to run, from the click to its end."""

    record: JobRecord
    """As of the last change of state; `current()` counts what has come since."""
    control: Control = dataclasses.field(default_factory=Control)
    stop: State | None = None
    """What the job is to be when its worker has stopped: PAUSED, CANCELLED, or INTERRUPTED when we quit."""
    run: DownloadJob | None = None
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
        """The record as an event, for a job that does not run."""
        record = self.record
        return Progress(
            job=record.id,
            model=record.model,
            state=record.state,
            bytes_done=record.bytes_done,
            bytes_total=record.bytes_total,
        )
