# SPDX-License-Identifier: GPL-3.0-or-later
"""A transcription followed from the command line until it has ended, however somebody ends it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

from ..events import End, Event
from ..speech.job import Transcription
from ..speech.process import warm

_TICK = 0.05
"""Seconds between two looks at the job."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C, or a signal that asks the process to end. `code` is the exit code that belongs to it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


@contextlib.contextmanager
def attended() -> Iterator[None]:
    """While transcriptions run: SIGTERM and SIGHUP end them as Ctrl-C does, where nobody has told the process to do
    something else with them; and no child is left waiting at the end.
    """
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {}

    def stop(number: int, _frame: object) -> None:
        raise Stopped(number)

    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
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
