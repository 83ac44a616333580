# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at files now and then: on a thread, for a disk may take its time, and taken in on the main one.

For what is drawn: whoever draws asks for a look when one is due and shows what is known. Main thread, but for the
reading.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import bpy

AGAIN = 2.0
"""Seconds between two looks."""
SOON = 0.1
"""Seconds until it is looked whether the thread is done."""

_Found = TypeVar("_Found")


class _Look(Generic[_Found]):
    """A thread that reads; what it has found is nobody else's until it is done."""

    def __init__(self, name: str, read: Callable[[], _Found]) -> None:
        self.found: list[_Found] = []
        """One, or none where reading failed."""
        self._read = read
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        self.found.append(self._read())


class Looking(Generic[_Found]):
    """One subject that is looked at. `name` is that of its threads; `take` gets what each of them has found."""

    def __init__(self, name: str, take: Callable[[_Found], None]) -> None:
        self.look: _Look[_Found] | None = None
        """That is under way. One that was forgotten meanwhile counts no more."""
        self._name, self._take = name, take
        self._looked = 0.0
        self.timer = self._ended
        """What Blender calls; it knows a timer by the object, and each `self._ended` is another."""

    def is_due(self) -> bool:
        """Whether nobody looks, and the last look is some time ago."""
        return self.look is None and time.monotonic() >= self._looked + AGAIN

    def begin(self, read: Callable[[], _Found]) -> None:
        """Have a thread call `read`. Takes no time."""
        self._looked = time.monotonic()
        self.look = _Look(self._name, read)
        if not bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.register(self.timer, first_interval=SOON, persistent=True)

    def _ended(self) -> float | None:
        """Called by Blender while the thread reads, and after it."""
        look = self.look
        if look is None:
            return None
        if look.thread.is_alive():
            return SOON
        self.look = None
        for found in look.found:
            self._take(found)
        return None

    def expire(self) -> None:
        """A look is due at once."""
        self._looked = 0.0

    def forget(self) -> None:
        """What a thread still reads counts no more, and a look is due."""
        if bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.unregister(self.timer)
        self.look = None
        self.expire()
