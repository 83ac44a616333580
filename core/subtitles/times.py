# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as subtitle files write them: read as people type them, written as players want them.

Seconds come out as the float nearest to what the file says; frames are exact fractions on the way.
"""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction

NTSC = Fraction(30000, 1001)
"""The rate that drop-frame time codes are made for."""

_SIGNS = str.maketrans(
    {
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},  # Full width, as typed in Chinese and Japanese
        **{chr(0x0660 + digit): str(digit) for digit in range(10)},  # Arabic
        **{chr(0x06F0 + digit): str(digit) for digit in range(10)},  # Persian
        # Devanagari, Bengali, Gujarati, Tamil, Telugu, Kannada, Malayalam, Thai, Lao, Burmese, Khmer
        **{chr(zero + digit): str(digit) for digit in range(10) for zero in (
            0x0966, 0x09E6, 0x0AE6, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x1040, 0x17E0)},
        "：": ":", "∶": ":", "﹕": ":", "︰": ":", "ː": ":", "٫": ",", "،": ",", "，": ",", "﹐": ",", "、": ",",
        "．": ".", "。": ".", "·": ".", "；": ";", "؛": ";", "－": "-", "＞": ">", "＝": "=",
        "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ",
        # Direction marks, which editors put around times in right-to-left files
        **dict.fromkeys("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff", ""),
    }
)  # fmt: skip

_DROPPING = re.compile(r"(?<![\d;])(\d\d);(\d\d);(\d\d);(?=\d\d(?![\d;]))", re.ASCII)
"""As Premiere writes times in frames; as long as what it becomes."""

ARROW = (
    r"(?:(?:-|=)(?:\s?[-=\u2013\u2014\u2015]){0,2}\s?>{1,2}|[\u2013\u2014\u2015\u2212]+-{0,2}\s?>{0,2}"
    r"|[\u2192\u21d2\u27a1\u2794\u279c\uf0e0]\ufe0f?|--&gt;)"
)
"""Between start and end, as people and their word processors write it; U+F0E0 is the arrow that Word makes of `-->`."""

_FRACTION = r"(?:\s*(?P<{0}mark>[.,:;])\s*(?P<{0}f>\d{{1,20}})(?:(?<=[.,:;]\d{{3}})[.,]\d{{1,20}})?)?"
"""Behind thousandths what a program computed of a thousandth (`12,200.00000058`) is passed over."""
_CLOCK = (
    r"(?P<{0}sign>[-\u2212])?\s*(?:(?P<{0}h>\d{{1,6}})\s*:\s*)?(?P<{0}m>\d{{1,3}})\s*:\s*(?P<{0}s>\d{{1,2}})"
    + _FRACTION
)


def clock_pattern(prefix: str = "") -> str:
    """The pattern of one time, `1:02:03,4` and its like; its groups begin with `prefix`, for patterns of two times."""
    return _CLOCK.format(prefix)


def plain_signs(line: str) -> str:
    """The line with the digits and separators of other scripts as ASCII has them, without marks of direction; and with
    only the last semicolon of a drop-frame time that has nothing else.

    >>> plain_signs("00：00：01，5 --> ٠٠:٠٠:٠٢،٥"), plain_signs("00;00;05;10 Hello")
    ('00:00:01,5 --> 00:00:02,5', '00:00:05;10 Hello')
    """
    plain = line if line.isascii() else line.translate(_SIGNS)
    return _DROPPING.sub(r"\1:\2:\3;", plain) if ";" in plain else plain


def as_typed(line: str, rest: str) -> str:
    """The end of `line` of which `rest` is what `plain_signs()` makes: a text behind times keeps its letters and marks.

    >>> as_typed("00：00：01 終わり：", "終わり:")
    '終わり：'
    """
    first, missing = len(line), len(rest)
    while first and (missing or not line[first - 1].translate(_SIGNS)):
        first -= 1
        missing -= len(line[first].translate(_SIGNS))
    return line[first:] if rest else ""


def counts_frames(match: re.Match[str], prefix: str = "") -> bool:
    """Whether the last part of the time may be frames: two digits behind a colon or a semicolon (`00:00:01:12`)."""
    mark, digits = match[f"{prefix}mark"], match[f"{prefix}f"]
    return mark in (":", ";") and len(digits) <= 2 and match[f"{prefix}h"] is not None


def seconds_of(match: re.Match[str], prefix: str = "", rate: Fraction | None = None) -> float:
    """The seconds that a match of `clock_pattern(prefix)` means. With a `rate`, two digits behind a colon are frames.

    A semicolon says that frame numbers are dropped, where the rate is one that drops them.
    """
    hours, minutes, seconds = int(match[f"{prefix}h"] or 0), int(match[f"{prefix}m"]), int(match[f"{prefix}s"])
    digits = match[f"{prefix}f"]
    whole = hours * 3600 + minutes * 60 + seconds
    if rate is not None and digits and counts_frames(match, prefix):
        value = float(from_timecode(hours, minutes, seconds, int(digits), rate, match[f"{prefix}mark"] == ";"))
    elif digits:
        # One division of whole numbers is rounded once: 00:00:01,100 is exactly the float 1.1.
        steps = 10 ** len(digits)
        value = (whole * steps + int(digits)) / steps
    else:
        value = float(whole)
    return -value if match[f"{prefix}sign"] else value


def from_timecode(hours: int, minutes: int, seconds: int, frames: int, rate: Fraction, drop: bool = False) -> Fraction:
    """When `HH:MM:SS:FF` is, in seconds of real time.

    A time code counts whole numbers of frames: at 29.97 its second is 30 frames, 1.001 s. Drop-frame codes leave out
    two numbers (four at 59.94) in each minute but the tenth, to keep up with the clock (SMPTE ST 12-1).
    """
    nominal = math.ceil(rate)
    count = (hours * 3600 + minutes * 60 + seconds) * nominal + frames
    if drop and rate != nominal and nominal % 30 == 0:
        total = hours * 60 + minutes
        count -= (total - total // 10) * (nominal // 15)
    return count / rate


def guessed_rate(most_frames: int, drops: bool = False) -> Fraction:
    """The rate to take where a file counts frames, the highest of them `most_frames`, and nobody says the rate.
    `drops`: its times have the semicolon of drop-frame codes, which only the rates of NTSC have.

    >>> guessed_rate(24), guessed_rate(12, drops=True), guessed_rate(59, drops=True)
    (Fraction(25, 1), Fraction(30000, 1001), Fraction(60000, 1001))
    """
    if drops and most_frames < 60:
        return NTSC if most_frames < 30 else 2 * NTSC
    return Fraction(next((rate for rate in (25, 30, 50, 60, 120) if most_frames < rate), most_frames + 1))


def clock(seconds: float, mark: str = ".", digits: int = 3, hours: int = 2) -> str:
    """`01:02:03.456`, rounded to the nearest, halves up; what lies before zero is zero.

    >>> clock(3723.4567), clock(59.9996, ","), clock(1.5, ".", 2, 1)
    ('01:02:03.457', '00:01:00,000', '0:00:01.50')
    """
    steps = 10**digits
    total = max(0, math.floor(seconds * steps + 0.5))
    minutes, rest = divmod(total, 60 * steps)
    written = str(100 * steps + rest)  # One digit more, so that the zeros in front are there.
    return f"{_hours_and_minutes(minutes, hours)}:{written[1:3]}{mark}{written[3:]}"


@functools.lru_cache(maxsize=1024)
def _hours_and_minutes(minutes: int, hours: int) -> str:
    return f"{minutes // 60:0{hours}}:{minutes % 60:02}"


@functools.lru_cache(maxsize=1024)
def minutes_of(text: str) -> int:
    """The minutes that `HH:MM` means, of digits only: a film has thousands of times and a hundred of these.

    >>> minutes_of("01:30")
    90
    """
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
