# SPDX-License-Identifier: GPL-3.0-or-later
"""A transcription followed from the command line until it has ended, however somebody ends it."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator

from ..events import End, Event
from ..speech.job import Transcription
from ..speech.process import warm
from .stopping import Stopped, raised

_TICK = 0.05
"""Seconds between two looks at the job."""


@contextlib.contextmanager
def attended() -> Iterator[None]:
    """While transcriptions run: SIGTERM and SIGHUP end them as Ctrl-C does, where nobody has told the process to do
    something else with them; and no child is left waiting at the end.
    """
    with raised():
        try:
            yield
        finally:
            warm.close()


def follow(job: Transcription, tell: Callable[[Event], None]) -> tuple[End, Stopped | None]:
    """Start it and tell what it says until it has ended; what has stopped it early, if anything has."""
    stopped: Stopped | None = None
    job.start()
    while True:
        try:
            while (end := _heard(job, tell)) is None:
                time.sleep(_TICK)
            return end, stopped
        except KeyboardInterrupt as stop:
            stopped = stop if isinstance(stop, Stopped) else Stopped(signal.SIGINT)
            job.cancel()


def _heard(job: Transcription, tell: Callable[[Event], None]) -> End | None:
    for event in job.drain():
        if isinstance(event, End):
            return event
        tell(event)
    return None
