# SPDX-License-Identifier: GPL-3.0-or-later
"""One download from plan to finished snapshot: what a worker thread of the manager does.

Plan, check the disk, fetch what is large with `transfer`, let huggingface_hub fetch the rest and link the snapshot.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from . import transfer
from .catalog import Entry, Source
from .control import Control
from .errors import (
    FolderNotWritableError,
    HubAnswerError,
    HubUnreachableError,
    NoSpaceError,
    RateLimitedError,
)
from .events import Event, Notice, Progress, State
from .hub import LARGE, Hub, Plan, PlannedFile, record_revision
from .library_actions import record_download
from .retries import Retries, RetryPolicy
from .speed import SpeedMeter
from .throttle import Throttle

log = logging.getLogger(__name__)

T = TypeVar("T")

SPACE_MARGIN = 64 * 1024 * 1024
"""Bytes that must stay free beyond the download: a full system disk harms more than the download."""

_POLICY = RetryPolicy(tries=5, first_wait=1.0)
"""For questions about a repository: somebody waits for the answer, so we give up sooner than within a file."""

_REPORT_EVERY = 0.1
"""Seconds between progress events: as often as a bar can be seen to move."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a job needs to know beside its entry."""

    models_dir: Path
    hub: Hub
    throttle: Throttle
    connections: int = transfer.DEFAULT_CONNECTIONS


class DownloadJob:
    """One run of one job. Made and run by a worker thread; only `control` and `progress` are for other threads."""

    def __init__(
        self,
        job: str,
        entry: Entry,
        revision: str | None,
        settings: Settings,
        control: Control,
        report: Callable[[Event], None],
    ) -> None:
        self._entry = entry
        self._revision = revision
        self._settings = settings
        self._control = control
        self._report = report
        self._meter = SpeedMeter()
        self._lock = threading.Lock()
        self._reported = 0.0
        self._done: dict[str, int] = {}
        self.progress = Progress(job=job, model=entry.id, state=State.CHECKING)

    def run(self) -> Path:
        """Do everything; the answer is the folder of the (first) snapshot.

        Raises JobCancelled, or SubtitleEditorError with what was fetched kept.
        """
        plans = [self._planned(source) for source in self._entry.sources]
        self._preflight(plans)
        self._update(
            state=State.DOWNLOADING,
            files_total=sum(len(plan.files) for plan in plans),
            bytes_total=sum(plan.bytes_total for plan in plans),
        )
        for plan in plans:
            self._fetch_large(plan)
            self._finish(plan)
        self._update(force=True, bytes_done=self.progress.bytes_total, files_done=self.progress.files_total, eta=0.0)
        return plans[0].snapshot

    def tick(self) -> Progress | None:
        """The progress as of now if the job says nothing of itself, so that its speed goes to zero with the bytes.

        Called by whoever drains the manager.
        """
        with self._lock:
            if time.monotonic() - self._reported < 1.0 or self.progress.state is not State.DOWNLOADING:
                return None
            self._reported = time.monotonic()
            self.progress = self._measured(self.progress)
            return self.progress

    # Steps

    def _planned(self, source: Source) -> Plan:
        hub, folder = self._settings.hub, self._settings.models_dir
        return self._with_retries(lambda: hub.plan(source, folder, self._revision))

    def _preflight(self, plans: list[Plan]) -> None:
        """Refuse before the first byte what cannot end well: a folder that cannot be written, a disk too small."""
        folder = self._settings.models_dir
        needed = sum(
            file.size - transfer.bytes_on_disk(file.target)
            for plan in plans
            for file in {file.blob: file for file in plan.files if not file.present}.values()
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".{self.progress.job}.probe"
            probe.touch()
            probe.unlink()
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise FolderNotWritableError(folder, (error.strerror or str(error)).lower()) from error
        if needed and needed + SPACE_MARGIN > free:
            raise NoSpaceError(folder, needed + SPACE_MARGIN, free)

    def _fetch_large(self, plan: Plan) -> None:
        for file in plan.files:
            if file.present:
                self._progressed(file.path, file.size)
        for file in sorted(plan.files, key=lambda file: file.path):
            if file.present or file.size < LARGE:
                continue
            self._update(state=State.DOWNLOADING, file=file.path)
            transfer.fetch(
                self._blob(file),
                control=self._control,
                throttle=self._settings.throttle,
                connections=self._settings.connections,
                report=lambda status, path=file.path: self._transferred(path, status),  # type: ignore[misc]
                notice=lambda text: self._report(Notice(job=self.progress.job, message=text)),
            )
            self._progressed(file.path, file.size)

    def _blob(self, file: PlannedFile) -> transfer.Blob:
        return transfer.Blob(
            url=file.url,
            target=file.target,
            size=file.size,
            sha256=file.sha256,
            etag=None if file.sha256 else file.blob,
            headers=self._settings.hub.headers,
            name=file.path,
        )

    def _finish(self, plan: Plan) -> None:
        small = [file for file in plan.files if not file.present and file.size < LARGE]
        before = sum(self._done.values())

        def on_bytes(count: int) -> None:
            self._control.check()
            nonlocal before
            with self._lock:
                before += count
            self._update(bytes_done=min(before, self.progress.bytes_total))

        self._update(state=State.DOWNLOADING, file=small[-1].path if small else self.progress.file)
        hub, folder = self._settings.hub, self._settings.models_dir
        self._with_retries(lambda: hub.finish(plan, folder, on_bytes))
        for file in plan.files:
            self._done[file.path] = file.size
        if self._revision is None:
            record_revision(plan)
        record_download(plan)

    # Waiting

    def _with_retries(self, work: Callable[[], T]) -> T:
        """`work()`, again and again while the hub is busy or away, with the wait shown as a countdown."""
        retries = Retries(_POLICY)
        while True:
            epoch = retries.epoch
            try:
                return interruptible(self._control, work)
            except (HubUnreachableError, RateLimitedError, HubAnswerError) as error:
                transient = not isinstance(error, HubAnswerError) or error.status in (408, 500, 502, 503, 504)
                if not transient or not retries.failed(epoch, getattr(error, "retry_after", None)):
                    raise
                log.info("%s: %s; try %d follows", self._entry.id, error.message, retries.attempt)
            self._count_down(retries)

    def _count_down(self, retries: Retries) -> None:
        tried = retries.attempt - 1
        while (left := retries.wait_left) > 0:
            self._update(state=State.RETRYING, retry_in=left, attempt=tried, force=True)
            self._control.sleep(min(left, 0.5))
        self._update(state=State.CHECKING, retry_in=None, attempt=tried + 1, force=True)

    # Progress

    def _transferred(self, path: str, status: transfer.TransferStatus) -> None:
        """Called by `transfer` on one of its threads."""
        self._update(
            state=status.state,
            file=path,
            attempt=status.attempt,
            retry_in=status.retry_in,
            connections=status.connections,
            done=(path, status.bytes_done),
        )

    def _progressed(self, path: str, size: int) -> None:
        self._update(done=(path, size), files_done=self.progress.files_done + 1)

    def _update(self, force: bool = False, done: tuple[str, int] | None = None, **changes: object) -> None:
        """Change the progress and report it, unless the last report is too fresh and nothing but bytes changed."""
        with self._lock:
            if done:
                self._done[done[0]] = done[1]
                changes["bytes_done"] = sum(self._done.values())
            old = self.progress
            self.progress = new = self._measured(dataclasses.replace(old, **changes))  # type: ignore[arg-type]
            told = (new.state, new.file, new.files_done) == (old.state, old.file, old.files_done)
            if told and not force and time.monotonic() - self._reported < _REPORT_EVERY:
                return
            self._reported = time.monotonic()
        self._report(new)

    def _measured(self, progress: Progress) -> Progress:
        self._meter.add(progress.bytes_done)
        left = progress.bytes_total - progress.bytes_done
        return dataclasses.replace(progress, speed=self._meter.speed, eta=self._meter.eta(left) if left > 0 else None)


def interruptible(control: Control, work: Callable[[], T]) -> T:
    """`work()` on a thread of its own that is left behind when the job is cancelled.

    For calls into huggingface_hub, which cannot be stopped: it sleeps through a Retry-After and waits out its timeouts
    (measured: over two minutes). What is left behind holds nothing of ours: it writes whole files or
    none. Raises JobCancelled at once when cancelled, else whatever `work` raises.
    """
    answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except BaseException as error:
            answers.put((None, error))
        with control.condition:
            control.condition.notify_all()

    threading.Thread(target=run, name="hub request", daemon=True).start()
    control.wait_for(lambda: not answers.empty())
    answer, error = answers.get()
    if error is not None:
        raise error
    return answer  # type: ignore[return-value]
