# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a recording's clock jumps although nothing is missing: broadcasts put together from several ones."""

from __future__ import annotations

from typing import Any

_FORMATS = ("mpegts", "mpeg", "ogg")
"""Demuxers of what has no head: its length is the last time less the first, and so no measure for a jump. FFmpeg takes
one back, in MPEG-TS, for a clock that has run over, and adds 26 hours; of FLAC in Ogg, as the radio sends it, it counts
the first second from 0."""
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
        self._own = 0.0
        """Bytes that the track has taken."""
        self._others = 0.0
        """Those of what else is in the file."""
        self._seconds = 0.0
        """Of the clock so far, without its jumps."""
        self._begin: int | None = None

    def is_one(self, packet: Any) -> bool:
        """Whether a clock of its own begins with the packet."""
        if not self._counts or packet.pts is None or packet.pos is None or packet.pos < 0:
            return False
        time = float(packet.pts * packet.time_base)
        before, self._time = self._time, time
        self._begin = packet.pos if self._begin is None else self._begin
        # Several packets may lie in one page of the file, and have its place.
        others = max(self._others, packet.pos - self._begin - self._own)
        passed = others - self._others
        self._own += _WRAPPED * packet.size
        if before is None:
            return False
        ahead = time - before
        if ahead > _FAR and self._seconds and passed <= _FULL * ahead * self._others / self._seconds:
            return True
        self._seconds += max(0.0, ahead)
        self._others = others
        return False
