# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that takes longer than a redraw and is no download: verify, import, delete, ask the hub."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors.base import JobCancelled, SubtitleEditorError, UnexpectedError
from ..text import Text
from .logs import log

if TYPE_CHECKING:
    from ..events import Progress, ProgressReport
    from .control import Control

Work = Callable[["Control", "ProgressReport", str], Any]
"""Gets the task's control, where to report progress, and the task's id. Runs on a worker thread: no bpy in it."""


class Task:
    """One piece of work. `result`, `error` and `cancelled` are set before `finished`, and not changed after it."""

    def __init__(self, label: Text, work: Work, model: str = "") -> None:
        """`label` says what it does, for the panel; `model` the catalogue id it is about, if any."""
        # Here, not above: a session without tasks does without.
        import secrets

        from .control import Control

        self.id = secrets.token_hex(6)
        self.label = label
        self.model = model
        self.control = Control()
        self.progress: Progress | None = None
        self.result: Any = None
        self.error: SubtitleEditorError | None = None
        self.cancelled = False
        self.finished = threading.Event()
        self._work = work
        self._share = 0.0

    @property
    def fraction(self) -> float:
        """0.0 to 1.0; 0.0 while it says nothing."""
        return self.progress.fraction if self.progress else self._share

    def share(self, done: int, total: int) -> None:
        """Say how much is done of work that is not measured in bytes. Any thread."""
        self._share = min(1.0, done / total) if total > 0 else 0.0

    def start(self) -> None:
        """Begin on a thread of its own."""
        # A daemon: a thread that is not would hold up the quitting of Blender.
        threading.Thread(target=self.run, name=f"task {self.id}", daemon=True).start()

    def cancel(self) -> None:
        """Ask it to end. Any thread."""
        self.control.cancel()

    def run(self) -> None:
        """Do the work on this thread. Never raises."""
        try:
            self.result = self._work(self.control, self._report, self.id)
        except JobCancelled:
            self.cancelled = True
        except SubtitleEditorError as error:
            self.error = error
        except BaseException as error:  # The top of a thread: nobody else would ever see it.
            log(__name__).exception("%s", self.label)
            self.error = UnexpectedError(error)
        finally:
            self.finished.set()

    def _report(self, progress: Progress) -> None:
        self.progress = progress
