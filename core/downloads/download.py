# SPDX-License-Identifier: GPL-3.0-or-later
"""One download from plan to finished snapshot: what a worker thread of the manager does.

Plan, check the disk, fetch what is large with `transfer`, then what is small, and link the snapshot.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..addresses import host_of
from ..catalog.entries import Entry, Source
from ..catalog.kinds import RUNTIME
from ..errors.base import SubtitleEditorError, UsageError
from ..errors.disk import NoSpaceError
from ..errors.hub import RevisionNotFoundError
from ..errors.network import HubUnreachableError
from ..events import Event, Notice, Progress, State
from ..hub import kept
from ..hub.asking import silence
from ..hub.client import Hub
from ..hub.plan import LARGE, Plan, PlannedFile
from ..library import runtimes
from ..library import status as library
from ..library.states import Installed
from ..library.status import NEWEST, SAME, commit_on_disk
from ..system.control import Control
from ..system.files import disk_error
from ..system.names import is_revision
from ..system.speed import SpeedMeter
from ..text import Text
from ..transfer import blob, fetch, partial
from ..transfer.limits import DEFAULT_CONNECTIONS
from ..transfer.throttle import Throttle
from .preflight import Preflight
from .questions import Questions
from .records import record_download, record_file, record_plan, record_revision

log = logging.getLogger(__name__)

T = TypeVar("T")

HUB_PATIENCE = 1.2
"""Seconds that a hub gets to say whether it has something newer than a model that is complete: some round trips."""

_REPORT_EVERY = 0.1
"""Seconds between progress events: as often as a bar can be seen to move."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSettings:
    """What a job needs to know beside its entry."""

    models_dir: Path
    hub: Hub
    throttle: Throttle
    connections: int = DEFAULT_CONNECTIONS


class Download:
    """One run of one job. Made and run by a worker thread; only `control` and `progress` are for other threads."""

    def __init__(
        self,
        job: str,
        entry: Entry,
        revision: str | None,
        settings: DownloadSettings,
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
        self._questions = Questions(entry.id, settings.hub.host, control, self._update)
        self._done: dict[tuple[Source, str], int] = {}
        self._revisions: dict[Source, str | None] = {}
        self._preflight = Preflight(job, entry, settings.models_dir, settings.hub, control, report)
        self.progress = Progress(job=job, model=entry.id, state=State.CHECKING)
        self.is_fetching = False
        """Whether all checks were passed."""

    def run(self) -> Path:
        """Do everything; the answer is the folder of the snapshot, for a bundle that of its first part.

        A model that is complete on the disk is done, also when the hub cannot be asked whether it has a newer one.
        Raises JobCancelled, or SubtitleEditorError with what was fetched kept.
        """
        there = self._complete()
        try:
            plans = self._plans(briefly=there is not None)
        except SubtitleEditorError as error:
            if there is None or isinstance(error, UsageError):
                raise
            return self._ready(self._done_already(there, error))
        self._tell_of_withheld_token()
        return self._ready(self._fetched(plans, there))

    def _fetched(self, plans: list[Plan], there: Installed | None) -> Path:
        try:
            return self._run(plans)
        except SubtitleEditorError as error:
            if there is not None and not self.is_fetching:
                return self._not_renewed(there, error)
            if type(error) is not NoSpaceError or error.needed:
                raise
            # Who writes small files does not know how much is lacking.
            raise NoSpaceError(error.folder, self._bytes_left, error.free, error.quota) from error
        except OSError as error:
            raise disk_error(self._settings.models_dir, error, self._bytes_left) from error

    @property
    def _bytes_left(self) -> int:
        return max(1, self.progress.bytes_total - self.progress.bytes_done)

    def _run(self, plans: list[Plan]) -> Path:
        for plan in plans:
            for file in plan.files:
                if not file.present and file.size >= LARGE:
                    kept.take_partial(plan.folder, file)
        self._preflight.check(plans)
        self.is_fetching = self._questions.for_files = True
        self._begin(plans)
        plans = [self._with_kept(plan) for plan in plans]
        for plan in plans:
            log.info("%s: %s at %s, %d bytes", self._entry.id, plan.source.repo, plan.commit, plan.bytes_total)
            if plan.bytes_present < plan.bytes_total:
                record_plan(plan)
        for plan in plans:
            self._fetch_large(plan)
            self._finish(plan)
        self._update(force=True, bytes_done=self.progress.bytes_total, files_done=self.progress.files_total, eta=0.0)
        log.info("%s: complete in %s", self._entry.id, ", ".join(str(plan.snapshot) for plan in plans))
        return plans[0].snapshot

    def _ready(self, snapshot: Path) -> Path:
        """A snapshot as it can be used: the libraries of a runtime lie in an archive."""
        if self._entry.kind == RUNTIME:
            done = 0

            def moved(count: int) -> None:
                nonlocal done
                done += count
                self._update(file_bytes_done=done)

            self._update(state=State.UNPACKING, file="", file_bytes_done=0, force=True)
            runtimes.unpack(self._entry, snapshot, self._control, moved)
        return snapshot

    # Steps

    def _complete(self) -> Installed | None:
        """What is on the disk if it is all that was asked for, and not known to be damaged."""
        folder, wanted = self._settings.models_dir, self._revision
        if wanted == NEWEST:
            return None
        found = library.downloaded(folder, self._entry)  # What is lacking then is in no server's hands.
        if not found.state.usable:
            return None
        if wanted == SAME and not all(self._is_last(source) for source in self._entry.parts):
            return None
        return found.installed if wanted in (None, SAME) else library.find(folder, self._entry, wanted)

    def _is_last(self, source: Source) -> bool:
        """Whether what is complete of a part is what was downloaded last, and no version before it."""
        folder = self._settings.models_dir
        found = library.part_status(folder, source).installed
        return found is not None and commit_on_disk(folder, source) in (None, found.revision)

    def _done_already(self, there: Installed, error: SubtitleEditorError) -> Path:
        text = Text(
            "{model} is complete on this computer. Whether there is a newer version could not be asked: {error}",
            model=self._entry.id,
            error=error.message,
        )
        return self._kept(there, text)

    def _not_renewed(self, there: Installed, error: SubtitleEditorError) -> Path:
        """A share that cannot be written, or has no room: what is complete there is still a model."""
        text = Text(
            "{model} is complete on this computer. A newer version cannot be put there: {error}",
            model=self._entry.id,
            error=error.message,
        )
        return self._kept(there, text)

    def _kept(self, there: Installed, text: Text) -> Path:
        log.info("%s: complete in %s; %s", self._entry.id, there.path, text)
        self._report(Notice(job=self.progress.job, message=text))
        self._update(force=True, bytes_done=there.size, bytes_total=there.size)
        return there.path

    def _plans(self, briefly: bool) -> list[Plan]:
        """What is to be fetched of each part. `briefly`: one question, and no long wait for its answer."""
        if not briefly:
            return [self._planned(source) for source in self._entry.parts]
        asking = self._control.child()
        try:
            return asking.apart(
                lambda: [self._asked(source, asking) for source in self._entry.parts], "hub request", HUB_PATIENCE
            )
        except TimeoutError as error:
            asking.cancel()
            raise HubUnreachableError(self._questions.host, Text("it does not answer")) from error

    def _begin(self, plans: list[Plan]) -> None:
        """The bar starts with all that is there, parts of files too, and its speed with what comes from now on."""
        files = [(plan.source, file) for plan in plans for file in plan.files]
        for source, file in files:
            self._done[source, file.path] = file.size if file.present else partial.bytes_on_disk(file.target)
        self._meter = SpeedMeter()
        self._update(
            state=State.DOWNLOADING,
            files_done=sum(file.present for _, file in files),
            files_total=len(files),
            bytes_done=sum(self._done.values()),
            bytes_total=sum(file.size for _, file in files),
        )

    def _with_kept(self, plan: Plan) -> Plan:
        """The plan when what lies under another name has its place. What was not as it should be is to be fetched."""
        files = []
        for file in plan.files:
            if file.origin is not None and not self._take(file):
                file = dataclasses.replace(file, present=False, origin=None)
                self._update(done=((plan.source, file.path), 0), files_done=self.progress.files_done - 1)
            files.append(file)
        return dataclasses.replace(plan, files=tuple(files))

    def _take(self, file: PlannedFile) -> bool:
        self._update(file=file.path, file_bytes_done=0, file_bytes_total=file.size)

        def copied(count: int) -> None:
            self._control.check()
            self._update(file_bytes_done=self.progress.file_bytes_done + count)

        return kept.take(file, copied)

    def _planned(self, source: Source) -> Plan:
        return self._questions.ask(lambda: self._asked(source, self._control))

    def _asked(self, source: Source, control: Control) -> Plan:
        hub, folder = self._settings.hub, self._settings.models_dir
        self._questions.host = self._host_of(source)
        revision = self._revisions[source] = self._revision_of(source)
        try:
            return hub.plan(source, folder, revision, control)
        except RevisionNotFoundError:
            if self._revision != SAME or revision is None:
                raise
        # Its owner has written the history anew, or this is a mirror that keeps the newest alone.
        text = Text(
            "{host} no longer has the installed version of {repo}: the newest takes its place.",
            host=hub.host,
            repo=source.repo,
        )
        self._report(Notice(job=self.progress.job, message=text))
        self._revisions[source] = None
        return hub.plan(source, folder, None, control)

    def _host_of(self, source: Source) -> str:
        """Who is asked about a part, as messages name it."""
        return host_of(source.manifest.url) if source.manifest else self._settings.hub.host

    def _revision_of(self, source: Source) -> str | None:
        """The revision to fetch of a part; None for the one that the catalogue says, or the newest."""
        if self._revision in (None, NEWEST) or source.is_direct:
            return None
        if self._revision == SAME:
            return commit_on_disk(self._settings.models_dir, source)
        if self._entry.is_bundle:
            raise UsageError(
                Text("{model} is made of several repositories, which share no revision.", model=self._entry.id),
                Text("Leave the revision empty."),
            )
        if not is_revision(self._revision):
            raise RevisionNotFoundError(source.repo, self._revision)
        return self._revision

    def _tell_of_withheld_token(self) -> None:
        hub = self._settings.hub
        if self._entry.sources and hub.withholds_token:
            text = Text("The token is not sent to {host}: the way there is not encrypted.", host=hub.host)
            self._report(Notice(job=self.progress.job, message=text))

    def _fetch_large(self, plan: Plan) -> None:
        for file in sorted(plan.files, key=lambda file: file.path):
            # What is small comes later, unless it is none of the hub's.
            if file.present or (file.size < LARGE and not plan.source.is_direct):
                continue
            self._update(
                state=State.DOWNLOADING,
                file=file.path,
                file_bytes_done=self._done.get((plan.source, file.path), 0),
                file_bytes_total=file.size,
            )
            fetch.fetch(
                self._blob(plan, file),
                control=self._control,
                throttle=self._settings.throttle,
                connections=self._settings.connections,
                report=lambda status, file=file: self._transferred(plan, file, status),  # type: ignore[misc]
                notice=lambda text: self._report(Notice(job=self.progress.job, message=text)),
                stall_seconds=silence(),
            )
            record_file(plan, file)
            self._progressed(plan, file)

    def _blob(self, plan: Plan, file: PlannedFile) -> blob.Blob:
        # The token is for the hub. A direct address is somebody else's, even if the host is the same.
        request = None if plan.source.is_direct else self._settings.hub.request_for(plan, file)
        return blob.Blob(
            url=file.url,
            target=file.target,
            size=file.size,
            sha256=file.sha256,
            git_sha1=file.git_sha1,
            etag=None if file.sha256 else file.blob,
            headers=request.headers if request else {},
            explain=request.explain if request else None,
            name=file.path,
        )

    def _finish(self, plan: Plan) -> None:
        hub, self._questions.host = self._settings.hub, self._host_of(plan.source)
        small = [file for file in plan.files if not file.present and file.size < LARGE and not plan.source.is_direct]
        if small:
            self._update(state=State.DOWNLOADING, file=small[-1].path, file_bytes_done=0, file_bytes_total=0)
        else:
            self._update(state=State.DOWNLOADING)
        self._questions.ask(lambda: hub.finish(plan, lambda file: self._progressed(plan, file), self._control))
        with self._lock:
            for file in plan.files:
                self._done[plan.source, file.path] = file.size
        if self._revisions[plan.source] is None:
            record_revision(plan)
        record_download(plan)

    # Progress

    def _transferred(self, plan: Plan, file: PlannedFile, status: blob.TransferStatus) -> None:
        """Called by `transfer` on one of its threads."""
        self._update(
            state=status.state,
            file=file.path,
            file_bytes_done=status.bytes_done,
            file_bytes_total=file.size,
            attempt=status.attempt,
            retry_in=status.retry_in,
            connections=status.connections,
            reason=status.reason,
            done=((plan.source, file.path), status.bytes_done),
        )

    def _progressed(self, plan: Plan, file: PlannedFile) -> None:
        self._questions.heard()
        self._update(
            state=State.DOWNLOADING,
            done=((plan.source, file.path), file.size),
            file_bytes_done=file.size,
            files_done=self.progress.files_done + 1,
        )

    def _update(
        self, force: bool = False, done: tuple[tuple[Source, str], int] | None = None, **changes: object
    ) -> None:
        """Change the progress and report it, unless the last report is too fresh and nothing but bytes changed."""
        with self._lock:
            if done:
                self._done[done[0]] = done[1]
                changes["bytes_done"] = sum(self._done.values())
            changes.setdefault("reason", "")
            old = self.progress
            self.progress = new = self._measured(dataclasses.replace(old, **changes))  # type: ignore[arg-type]
            told = all(getattr(new, name) == getattr(old, name) for name in ("state", "file", "files_done", "reason"))
            if told and not force and time.monotonic() - self._reported < _REPORT_EVERY:
                return
            self._reported = time.monotonic()
        # A worker that a cancel left behind must not be heard after the job's end.
        self._control.unless_cancelled(lambda: self._report(new))

    def _measured(self, progress: Progress) -> Progress:
        self._meter.add(progress.bytes_done)
        left = progress.bytes_total - progress.bytes_done
        return dataclasses.replace(progress, speed=self._meter.speed, eta=self._meter.eta(left) if left > 0 else None)
