# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker thread of the download manager does with one job: run it and name its end. Never raises."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

from ..catalog.entries import Entry
from ..errors.base import JobCancelled, SubtitleEditorError, UnexpectedError
from ..events import Cancelled, End, Event, Failed, Finished
from ..hub.client import Hub
from ..hub.tokens import Token
from ..system.redaction import redact
from ..transfer.throttle import Throttle
from .book import Job
from .download import Download, DownloadSettings

log = logging.getLogger(__name__)

_DETAILS = 20_000
"""Characters of a traceback that are kept: its end, where the cause is."""


class Worker:
    """All jobs of a manager share its hub, its token and its speed limit."""

    def __init__(
        self,
        hub: Hub,
        token: Token,
        throttle: Throttle,
        connections: int,
        entry_of: Callable[[Job], Entry],
        report: Callable[[Event], None],
    ) -> None:
        """`entry_of` says what the catalogue has of a job's model, and may raise. `report` is called on the worker
        threads and those of the transfers below them.
        """
        self._hub = hub
        self._secret = token.value
        self._throttle = throttle
        self._connections = connections
        self._entry_of = entry_of
        self._report = report

    def run(self, job: Job) -> End:
        """Do the whole job."""
        try:
            return Finished(job=job.id, model=job.model, path=self._fetched(job))
        except JobCancelled:
            return Cancelled(job=job.id, model=job.model)
        except SubtitleEditorError as error:
            log.info("download of %s failed: %s", job.model, error)
            return Failed(job=job.id, model=job.model, error=error)
        except BaseException as error:  # The top of a thread: nobody else would ever see it.
            log.exception("download of %s", job.model)
            unexpected = UnexpectedError(error)
            unexpected.__cause__ = error
            return Failed(job=job.id, model=job.model, error=unexpected)

    def _fetched(self, job: Job) -> Path:
        entry = self._entry_of(job)
        job.control.check()
        folder = Path(job.record.models_dir)
        settings = DownloadSettings(
            models_dir=folder, hub=self._hub, throttle=self._throttle, connections=self._connections
        )
        job.run = Download(job.id, entry, job.record.revision, settings, job.control, self._report)
        return job.run.run()

    def details(self, error: SubtitleEditorError) -> str:
        """The traceback of an error and of what caused it, as a bug report needs it; without secrets."""
        cause = error.__cause__ if isinstance(error, UnexpectedError) and error.__cause__ else error
        return redact("".join(traceback.format_exception(cause)), self._secret)[-_DETAILS:]
