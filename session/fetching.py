# SPDX-License-Identifier: GPL-3.0-or-later
"""The download of a model that a transcription waits for: begun for it, or one that was under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import Text
from . import downloads, pump, shelf
from .settings import Settings
from .state import entries, now

if TYPE_CHECKING:
    from .order import Order


class Fetch:
    """To the panels it is part of the transcription."""

    def __init__(self, order: Order, job: str, name: str, *, is_ours: bool) -> None:
        """`is_ours`: it was begun for the transcription, and goes when that is not wanted any more."""
        self.order = order
        self.job = job
        self.text: str = Text("Starting")
        self.fraction = 0.0
        self.title: str = Text("Then it begins by itself")
        self.pace: str = Text("Waiting for {model}", model=name)
        self.lines: list[str] = []
        self.is_given_up = False
        """Whether the user wants no transcription any more."""
        self._name = name
        self._is_ours = is_ours

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for any more; a download that is paused may go on."""
        if self.is_given_up and not self._is_ours:
            return True
        return self.job in now.ends or now.manager is None or now.manager.get(self.job) is None

    @property
    def due(self) -> bool:
        """Whether its operator has something to do."""
        return self.over

    def listen(self) -> bool:
        """Take over what the session has heard of the download."""
        from ..core.downloads import words

        progress = now.manager.progress(self.job) if now.manager is not None and not self.over else None
        if progress is not None:
            self.fraction = progress.fraction
            self.text = Text("{model}: {progress}", model=self._name, progress=words.headline(progress))
            self.lines = [line for line in words.amount_lines(progress) if line]
        return progress is not None

    def stop(self) -> None:
        """Wait no more. A download that was begun for it is cancelled; what has arrived is kept."""
        self.is_given_up = True
        if self._is_ours and now.manager is not None:
            now.manager.cancel(self.job)

    def abandon(self) -> None:
        """The transcription will not happen; the download goes on."""
        self.is_given_up = True
        pump.take_over()

    def wait(self, timeout: float) -> None:
        """Block until the download has ended, at most `timeout` seconds."""
        if now.manager is not None:
            now.manager.wait(self.job, timeout)


def fetch(order: Order, settings: Settings) -> Fetch | None:
    """Wait for the model of an order if it is being downloaded, or begin that when it is missing and the preferences
    allow it; else None. Raises SubtitleEditorError.
    """
    from ..core.library import status

    entry = entries().get(order.model)
    if status.status(settings.models_dir, entry).installed is not None:
        return None
    record = shelf.record_of(entry.id)
    if record is not None and record.is_live and not record.elsewhere:
        return Fetch(order, record.id, entry.name, is_ours=False)
    if not settings.download_missing or settings.offline:
        return None
    return Fetch(order, downloads.start(entry.id, settings), entry.name, is_ours=True)
