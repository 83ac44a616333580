# SPDX-License-Identifier: GPL-3.0-or-later
"""A speed limit that all downloads share and that can be changed while they run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..system.control import Control

_GRANT = 0.05
"""Seconds' worth of bytes handed out at once: small, so that several connections share a slow limit evenly."""

_BURST = 0.25
"""Seconds' worth of bytes that may pile up while nobody asks: enough that a late wake-up on a busy machine loses
nothing, and at most 2.5 % over the limit in any 10 seconds."""

_LEAST_GRANT = 4096
_LONGEST_SLEEP = 0.1
"""Seconds after which a waiter looks again: a new limit acts within this."""


class Throttle:
    """A token bucket. Every method may be called from any thread."""

    def __init__(self, rate: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` in bytes per second; None for no limit."""
        self._clock = clock
        self._lock = threading.Lock()
        self._rate: float | None = None
        self._tokens = 0.0
        self._filled = clock()
        self.rate = rate

    @property
    def rate(self) -> float | None:
        """The limit in bytes per second, or None. May be set at any time; raises ValueError for one that is not > 0."""
        return self._rate

    @rate.setter
    def rate(self, rate: float | None) -> None:
        if rate is not None and not rate > 0:
            raise ValueError(f"a speed limit must be above 0 bytes per second, not {rate}")
        with self._lock:
            self._fill()
            self._rate = rate
            self._tokens = 0.0 if rate is None else min(self._tokens, rate * _BURST)

    def take(self, wanted: int, control: Control) -> int:
        """Wait for leave to read; the answer is how many bytes may be read now, 1 to `wanted`.

        Raises `JobCancelled` at once when the job is cancelled.
        """
        while True:
            rate = self._rate
            if rate is None:  # Without the lock, which all connections would take turns at.
                return wanted
            with self._lock:
                self._fill()
                ask = min(wanted, max(_LEAST_GRANT, int(rate * _GRANT)))
                if self._tokens >= ask or self._tokens >= rate * _BURST:
                    granted = max(1, min(ask, int(self._tokens)))
                    self._tokens -= granted
                    return granted
                missing = (min(ask, rate * _BURST) - self._tokens) / rate
            control.sleep(min(missing, _LONGEST_SLEEP))

    def give_back(self, unused: int) -> None:
        """Return what `take` granted and the server did not send."""
        if not unused or self._rate is None:
            return
        with self._lock:
            if self._rate is not None:
                self._tokens = min(self._tokens + unused, self._rate * _BURST)

    def _fill(self) -> None:
        now = self._clock()
        if self._rate is not None:
            self._tokens = min(self._tokens + (now - self._filled) * self._rate, self._rate * _BURST)
        self._filled = now
