# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a transcription is and how fast it hears, in words. No bpy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..core.events import State
from ..core.text import Text
from ..core.units import human_duration

if TYPE_CHECKING:
    from ..core.events import TranscriptionProgress

_SOON = 2.0
"""Seconds of hearing before anything is said of its speed."""


class Pace:
    """Of one transcription of several parts, one after the other."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: how much there is to hear in all."""
        self._whole = seconds
        self._before = 0.0
        """Seconds of the parts that are done."""
        self._here: float | None = None
        """Where hearing began in this part: a journal may have had what comes before."""
        self._heard = 0.0
        """Seconds that were heard, in earlier parts, in the time that `_took` says."""
        self._took = 0.0
        self._since = time.monotonic()
        self._loading = time.monotonic()

    def part_done(self, seconds: float) -> None:
        """A part of so many seconds has ended."""
        if self._here is not None:
            self._took += time.monotonic() - self._since
            self._heard += seconds - self._here
        self._before += seconds
        self._here = None
        self._loading = time.monotonic()

    def of(self, event: TranscriptionProgress) -> tuple[float, str, str]:
        """The share that is done, what is being done, and how fast and how long still; empty while nobody knows."""
        done = self._before + event.seconds_done
        fraction = min(1.0, done / self._whole) if self._whole else 0.0
        if event.state is not State.TRANSCRIBING:
            return fraction, *self._beginning(event)
        if self._here is None:
            self._here, self._since = event.seconds_done, time.monotonic()
        if event.seconds_done <= self._here:
            read = Text("{time} of sound read", time=_clock(event.seconds_read))
            return fraction, Text("Listening"), read if event.seconds_read else ""
        where = Text(
            "{percent}  {done} of {all}", percent=f"{fraction:.0%}", done=_clock(done), all=_clock(self._whole)
        )
        return fraction, where, self._speed(event, done)

    def _beginning(self, event: TranscriptionProgress) -> tuple[str, str]:
        waited = human_duration(time.monotonic() - self._loading)
        if event.seconds_read:
            read = Text("{time} of sound read, {waited}", time=_clock(event.seconds_read), waited=waited)
            return Text("Loading the model"), read
        return Text("Loading the model"), waited

    def _speed(self, event: TranscriptionProgress, done: float) -> str:
        assert self._here is not None
        took = self._took + time.monotonic() - self._since
        heard = self._heard + event.seconds_done - self._here
        if took < _SOON or heard <= 0:
            return ""
        speed = heard / took
        left = human_duration(max(0.0, self._whole - done) / speed)
        return Text("{speed}x real time, {time} left", speed=f"{speed:.1f}", time=left)


def _clock(seconds: float) -> str:
    """A time as a player shows it, without tenths.

    >>> _clock(62.04), _clock(3723.5)
    ('1:02', '1:02:03')
    """
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
