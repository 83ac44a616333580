# SPDX-License-Identifier: GPL-3.0-or-later
"""Against power cuts: what was written is brought to the disk itself now and then, and once more at the end.

Syncing may take long and nothing can interrupt it, so it has threads of its own. One that is left behind by a
cancelled transfer does no harm: its journal is closed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors.base import JobCancelled
from ..system.control import Control
from .file import PartFile, sync_folder
from .journal import Journal

log = logging.getLogger(__name__)

_EVERY = 5.0
"""Seconds between two checkpoints: the most that a power cut costs."""


class Checkpoints:
    """Notes every few seconds, in the journal, what a power cut cannot take any more. Ends with `control`."""

    def __init__(self, part: Path, journal: Callable[[], Journal | None], control: Control, name: str) -> None:
        """`name` is that of the thread, which starts at once. `journal` answers the one that is in use."""
        self._part = part
        self._journal = journal
        self._control = control
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the end of the thread."""
        self._thread.join(seconds)

    @property
    def at_work(self) -> bool:
        """Whether the thread still has the files open, in the middle of a sync perhaps."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            with PartFile(self._part, direct=False) as file:
                self._control.sleep(_EVERY)
                sync_folder(self._part.parent)
                while True:
                    journal = self._journal()
                    if journal:
                        journal.checkpoint(file.sync)
                    self._control.sleep(_EVERY)
        except JobCancelled:
            pass
        except OSError as ex:  # Who writes will meet it too, and there it ends the transfer.
            log.warning("no more checkpoints for %s: %s", self._part.name, ex)
