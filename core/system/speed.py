# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast bytes arrive: an average over the last seconds that goes to zero when nothing comes any more."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 5.0
"""Seconds. Shorter jumps about on a busy line; longer still shows 4 MB/s long after the line went dead."""

_GRAIN = 0.1
"""Seconds between two kept samples, so that the memory does not depend on how often `add` is called."""


class SpeedMeter:
    """Feed it the running total, ask it the speed. Not thread-safe: one owner.

    The total may fall (a file is started over): the window then starts over too, and the speed is never negative.
    """

    def __init__(self, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, total: int) -> None:
        """Tell how many bytes there are now, counted from any fixed beginning."""
        now = self._clock()
        if self._samples and total < self._samples[-1][1]:
            self._samples.clear()
        if len(self._samples) >= 2 and now - self._samples[-2][0] < _GRAIN:
            self._samples[-1] = (now, total)
        else:
            self._samples.append((now, total))
        self._forget(now)

    @property
    def speed(self) -> float:
        """Bytes per second over the window that ends now; 0.0 once the window has passed without a byte."""
        now = self._clock()
        self._forget(now)
        if len(self._samples) < 2:
            return 0.0
        began, first = self._samples[0]
        gained = self._samples[-1][1] - first
        return gained / max(now - began, _GRAIN) if gained > 0 else 0.0

    def eta(self, remaining: int) -> float | None:
        """Seconds until `remaining` more bytes are there at this speed; None while nothing moves."""
        speed = self.speed
        return remaining / speed if speed > 0 else None

    def _forget(self, now: float) -> None:
        """Drop what is older than the window, but keep the newest such sample as the window's left edge."""
        edge = now - self._window
        while len(self._samples) >= 2 and self._samples[1][0] <= edge:
            self._samples.popleft()
