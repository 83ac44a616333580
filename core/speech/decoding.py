# SPDX-License-Identifier: GPL-3.0-or-later
"""From the packets of an audio track to frames: what fails costs its own packet, and is counted as time."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

_STUCK = 50
"""Failures in a row to read on before the rest of the file counts as unreadable."""
_FAR = 1 << 24
"""Bytes to look through for the next good packet."""


def in_usual_order(codec: Any) -> tuple[str, ...]:
    """Have what is decoded in no order of the file's own, such as that of cinemas (left, centre, right ...), and give
    the names of the channels in that order; nothing where it is a usual one.

    PyAV (18.1) gives the map of such an order to each frame and to what describes its layout, and both free it.
    """
    layout = codec.layout if codec is not None else None
    if layout is None or not _is_own_order(layout):
        return ()
    names = tuple(channel.name for channel in layout.channels)
    codec.layout = f"{len(names)} channels"
    return names


def _is_own_order(layout: Any) -> bool:
    """Whether it has a map; one that has is never freed from now on: whoever it was taken from frees the map."""
    if "(" not in layout.name.partition(" channels ")[2]:
        return False
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return True


class Damage:
    """Decodes packets, and adds up what of them is lost until the next frame that is not."""

    def __init__(self, path: str, zero: float, untimed: bool) -> None:
        """`zero`: what the container's clock says where the media begins, in seconds. `untimed`: it has no clock of its
        own, so that a place in the file `path` tells what was passed over."""
        self._path = path
        self._zero = zero
        self._untimed = untimed
        self._lost = 0.0
        self._skipped = 0
        """Bytes that the demuxer passed over and left out of its positions."""
        self._unsure = False
        """A packet failed: the demuxer may have passed over more after it."""
        self._bytes = 0
        self._seconds = 0.0
        self.failures = 0
        """In a row."""
        self.reached = 0.0
        """Seconds of the media up to which packets came, whether or not they could be decoded."""

    def take(self) -> float:
        """Seconds lost since the last call."""
        lost, self._lost = self._lost, 0.0
        return lost

    def decode(self, packet: Any) -> list[Any]:
        """The packet's frames; none where it does not decode, which is noted."""
        import av

        if packet.pts is not None and packet.time_base:
            self.reached = max(self.reached, float(packet.pts * packet.time_base) - self._zero + _duration(packet))
        if self._untimed and self._unsure:
            self._find(packet)
        try:
            frames = list(packet.decode())
        except (av.FFmpegError, ValueError, MemoryError):  # One bad packet is a click; players go on, and so do we.
            self.failures += 1
            self._unsure = True
            self._lost += max(_duration(packet), self._as_seconds(packet.size) if self._untimed else 0.0)
            return []
        for frame in frames:
            _is_own_order(frame.layout)  # Of a decoder that says so by itself.
        if frames:
            self.failures = 0
            self._bytes += packet.size
            self._seconds += sum(frame.samples / frame.sample_rate for frame in frames)
        return frames

    def _as_seconds(self, size: int) -> float:
        return size / self._bytes * self._seconds if self._bytes else 0.0

    def _find(self, packet: Any) -> None:
        """Where a packet really lies: what lies between it and the one before was sound."""
        self._unsure = False
        if packet.pos is None or packet.pos < 0 or packet.size < 16:
            return
        expected = packet.pos + self._skipped
        with contextlib.suppress(OSError), open(self._path, "rb") as file:
            file.seek(expected)
            missing = file.read(_FAR).find(bytes(packet)[:32])
            if missing > 0:
                self._skipped += missing
                self._lost += self._as_seconds(missing)


def _duration(packet: Any) -> float:
    if packet.duration and packet.time_base:
        return float(packet.duration * Fraction(packet.time_base))
    return 0.0


def packets(container: Any, stream: Any, damage: Damage) -> Iterator[Any]:
    """The stream's packets. An error while reading is read past, as long as something comes after it."""
    import av

    stuck = 0
    demuxed = container.demux(stream)
    while stuck < _STUCK:
        try:
            packet = next(demuxed)
        except StopIteration:
            return
        except (av.FFmpegError, OSError, ValueError):
            # A generator that raised is at its end; the demuxer is not.
            demuxed = container.demux(stream)
            stuck += 1
            continue
        stuck = 0
        yield packet
