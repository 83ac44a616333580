# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sound or film says about itself in its header. Nothing is decoded."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ..system import media


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One stream of a file. Seconds."""

    begin: float = 0.0
    """When it begins, after the file itself."""
    length: float | None = None
    """None when nothing says."""


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """What a file says."""

    duration: float | None
    """Of all of it, in seconds; None when it does not say."""
    sound: Part
    """Its first audio track."""
    picture: Part


def header(path: Path) -> Header:
    """Raises MediaNotFoundError and MediaUnreadableError."""
    with media.opened(path) as container:
        import av

        zero = (container.start_time or 0) / av.time_base
        duration = container.duration / av.time_base if container.duration else None
        return Header(
            duration, _part(container.streams.audio, zero, duration), _part(container.streams.video, zero, duration)
        )


def _part(streams: Any, zero: float, duration: float | None) -> Part:
    stream = next(iter(streams), None)
    if stream is None or not stream.time_base:
        return Part(length=duration)
    begin = 0.0 if stream.start_time is None else max(0.0, float(stream.start_time * stream.time_base) - zero)
    if stream.duration:
        return Part(begin, float(stream.duration * stream.time_base))
    return Part(begin, None if duration is None else max(0.0, duration - begin))
