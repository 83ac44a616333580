# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the progress of a job is told: a bar needs no more, and with many jobs and many listeners it adds up."""

from __future__ import annotations

import time

from ..core.events import Event, Progress

EVERY = 0.2
"""Seconds between two words on a job that only moves; a change of its state is told at once."""


class Pace:
    """Holds back progress that comes too soon. Nothing else is held back, and no event overtakes another of its job."""

    def __init__(self) -> None:
        self._held: dict[str, Progress] = {}
        self._told: dict[str, tuple[float, Progress]] = {}

    def of(self, events: list[Event]) -> list[Event]:
        """What is to be told now, of these and of what was held back before."""
        found: list[Event] = []
        for event in events:
            if isinstance(event, Progress):
                self._held[event.job] = event
                continue
            if (held := self._held.pop(event.job, None)) is not None:
                found.append(held)
            self._told.pop(event.job, None)
            found.append(event)
        now = time.monotonic()
        for job, event in list(self._held.items()):
            then, last = self._told.get(job, (0.0, None))
            if last is None or last.state is not event.state or now - then >= EVERY:
                del self._held[job]
                self._told[job] = (now, event)
                found.append(event)
        return found
