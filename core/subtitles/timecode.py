# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds to frames and back: exact at 23.976, 29.97 and 59.94, with one rounding rule.

**The rule: the nearest frame, and halves go up** (towards later). Everything that turns a time into a frame goes
through `FrameRate.seconds_to_frame()`, so that a subtitle never lands on two different frames in two places.
(Python's own `round()` sends halves to the even number: 0.5 to 0 but 1.5 to 2, which opens and closes gaps at random.)

Frames count from 0 at second 0. Blender's scene starts at its own first frame: adding it is the caller's business.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from fractions import Fraction

MOST_FRAMES = 1000
"""A second: more is no frame rate."""
_RATE = re.compile(r"\s*\d{1,9}(?:\.\d{0,30}|/0*[1-9]\d{0,8})?\s*", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class FrameRate:
    """Frames per second as an exact fraction: `FrameRate(30, 1.001)` is 30000/1001, not 29.97002...

    `fps` and `base` are what Blender keeps in `render.fps` (an int) and `render.fps_base` (a 32-bit float).
    Raises ValueError unless both are finite and positive.
    """

    fps: int
    base: float = 1.0

    def __post_init__(self) -> None:
        if not (self.fps > 0 and self.base > 0 and math.isfinite(self.fps) and math.isfinite(self.base)):
            raise ValueError(f"a frame rate must be positive, not {self.fps}/{self.base}")

    @classmethod
    def from_fps(cls, fps: float) -> FrameRate:
        """The rate that people mean by a number such as 25, 23.976 or 29.97; 23.98 and 23.976 are both 24000/1001.

        Raises ValueError unless `fps` is finite and positive.
        """
        if not (fps > 0 and math.isfinite(fps)):
            raise ValueError(f"a frame rate must be positive, not {fps}")
        whole = max(1, math.ceil(fps - 1e-9))
        # 0.005: half of the last digit of "23.98"; but 24 itself, 0.024 away, must stay 24 at every rate.
        if abs(fps - whole * 1000 / 1001) < min(0.005, whole * 0.0004):
            return cls(whole, 1.001)
        return cls(whole, whole / fps)

    @property
    def exact(self) -> Fraction:
        """Frames per second.

        Blender's base is a 32-bit float: 1.001 arrives as 1.0010000467300415. What was meant is the simplest fraction,
        or else the shortest decimal, that is the same 32-bit float.
        """
        return _exact(self.fps, self.base)

    def __float__(self) -> float:
        return float(self.exact)

    def seconds_to_frame(self, seconds: float | Fraction) -> int:
        """The frame nearest to `seconds`, halves up. Raises ValueError for a time that is not finite."""
        if isinstance(seconds, float) and not math.isfinite(seconds):
            raise ValueError(f"{seconds} is not a time")
        numerator, denominator = seconds.as_integer_ratio()
        rate = self.exact
        over, under = numerator * rate.numerator, denominator * rate.denominator
        # floor(x + 1/2), in whole numbers: half of the time of an import went into fractions.
        return (2 * over + under) // (2 * under)

    def frame_to_seconds(self, frame: int) -> float:
        """When `frame` begins. `seconds_to_frame()` of it gives the same frame again, up to 2**44 frames."""
        rate = self.exact
        return frame * rate.denominator / rate.numerator


@functools.lru_cache(maxsize=64)
def _exact(fps: int, base: float) -> Fraction:
    whole = Fraction(base)
    decimals = (Fraction(f"{base:.{digits}f}") for digits in range(1, 8))
    for simple in (whole.limit_denominator(1001), *decimals):
        if abs(simple - whole) <= whole / 2**24:
            return fps / simple
    return fps / whole


def rate_of(text: str) -> Fraction:
    """Frames a second as `25`, `23.976` or `24000/1001` says them. Raises ValueError for what is none.

    Not by Fraction alone, which makes a number of a milliard digits of `1e999999999`.

    >>> rate_of("24000/1001")
    Fraction(24000, 1001)
    """
    value = Fraction(text) if _RATE.fullmatch(text) else Fraction(0)
    if not 0 < value <= MOST_FRAMES:
        raise ValueError(f"{text[:40]!r} is no frame rate")
    return value


def format_time(seconds: float) -> str:
    """A time as people and .srt files with a full stop write it, to the millisecond; negative ones with a minus.

    >>> format_time(3661.5), format_time(-0.25), format_time(360001)
    ('01:01:01.500', '-00:00:00.250', '100:00:01.000')
    """
    total = math.floor(abs(Fraction(seconds)) * 1000 + Fraction(1, 2))
    whole, millis = divmod(total, 1000)
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < 0 and total else ""
    return f"{sign}{hours:02}:{minutes:02}:{secs:02}.{millis:03}"


def parse_time(text: str) -> float:
    """Seconds from `1:02:03.4`, `02:03,4`, `63.4` or `63`. Raises ValueError when it is none of these.

    >>> parse_time("1:02:03.5"), parse_time("2:03,5"), parse_time("-1.5")
    (3723.5, 123.5, -1.5)
    """
    stripped = text.strip()
    sign = -1 if stripped.startswith("-") else 1
    parts = stripped.removeprefix("-").replace(",", ".").split(":")
    plain = all(part.isascii() and part.replace(".", "", 1).isdigit() for part in parts)
    if not plain or len(parts) > 3 or any("." in part for part in parts[:-1]):
        raise ValueError(f"{text!r} is not a time such as 1:02:03.4")
    total = Fraction(0)
    for part in parts:
        total = total * 60 + Fraction(part)
    return sign * float(total)


def format_frames(frame: int, rate: FrameRate) -> str:
    """A frame as a timecode without dropped frames, `HH:MM:SS:FF`: the numbers that an editor shows.

    >>> format_frames(24 * 3661 + 5, FrameRate(24, 1.001)), format_frames(-1, FrameRate(25))
    ('01:01:01:05', '-00:00:00:01')
    """
    seconds, frames = divmod(abs(frame), rate.fps)
    minutes, secs = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if frame < 0 else ""
    return f"{sign}{hours:02}:{minutes:02}:{secs:02}:{frames:0{len(str(rate.fps - 1))}}"


def parse_frame(text: str, rate: FrameRate) -> int:
    """The frame of `01:02:03:04`, of a time that `parse_time` reads, or (`#50`) of its own number.

    Raises ValueError when it is none of these.

    >>> [parse_frame(text, FrameRate(25)) for text in ("0:00:02:10", "2.4", "1:00.04", "#7")]
    [60, 60, 1501, 7]
    """
    stripped = text.strip()
    if stripped.startswith("#"):
        return int(stripped[1:])
    parts = stripped.removeprefix("-").split(":")
    if len(parts) != 4:
        return rate.seconds_to_frame(parse_time(text))
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{text!r} is not a timecode such as 01:02:03:04")
    hours, minutes, seconds, frames = map(int, parts)
    total = ((hours * 60 + minutes) * 60 + seconds) * rate.fps + frames
    return -total if stripped.startswith("-") else total
