# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a recording's clock jumps although nothing is missing: broadcasts put together from several ones."""

from __future__ import annotations

from typing import Any

_FORMATS = ("mpegts", "mpeg")
"""Demuxers of what has no head: its length is the last time less the first, and so no measure for a jump. FFmpeg takes
one back, in MPEG-TS, for a clock that has run over, and adds 26 hours."""
_FAR = 600.0
"""Seconds. Whoever records a shorter hole has recorded nothing in it."""
_FULL = 0.05
"""Of the bytes that so many seconds had until then, the track's own left out: where there are fewer, nothing was
recorded in them, no pictures and no other sound."""
_WRAPPED = 1.2
"""What a packet takes in the file, for each of its bytes."""


class Jumps:
    """Looks at the packets of a track in their order."""

    def __init__(self, format: str) -> None:
        self._counts = format in _FORMATS
        self._time: float | None = None
        self._place = 0
        self._seconds = 0.0
        """Of the clock so far, without its jumps."""
        self._bytes = 0.0
        """Of what else is in the file."""

    def is_one(self, packet: Any) -> bool:
        """Whether a clock of its own begins with the packet."""
        if not self._counts or packet.pts is None or packet.pos is None or packet.pos < 0:
            return False
        time, place = float(packet.pts * packet.time_base), packet.pos
        before, passed = self._time, max(0.0, place - self._place - _WRAPPED * packet.size)
        self._time, self._place = time, place
        if before is None:
            return False
        ahead = time - before
        if ahead > _FAR and self._seconds and passed < _FULL * ahead * self._bytes / self._seconds:
            return True
        self._seconds += max(0.0, ahead)
        self._bytes += passed
        return False
