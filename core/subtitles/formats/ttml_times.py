# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in TTML: clocks, offsets, frames, ticks, by the parameters of the file (TTML 2, section 12)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

from ..times import from_timecode, plain_signs

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+)(?:[.,](\d+)|[:;](\d+)(?:\.(\d+))?)?")
_OFFSET = re.compile(r"(\d+(?:[.,]\d*)?|[.,]\d+)\s*(h|ms|m|s|f|t)?")
_SECONDS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
USUAL_TICKS = 10_000_000
"""A second, in nearly all files that count ticks."""
_NO_SECONDS = 100_000
"""Ticks: more than a day, if they were seconds."""
_LONGEST = 60
"""Characters. No time is longer; whole numbers of thousands of digits take their time to be read."""


class Times:
    """Reads the times of one file."""

    def __init__(self, parameters: Mapping[str, str], rate: Fraction | None = None) -> None:
        """`parameters`: the attributes of the root, by their names without a prefix. `rate`: what the user said."""
        nominal = _number(parameters.get("frameRate", ""))
        self.said = nominal is not None
        """Whether the file says its frames per second."""
        self.rate = (nominal or Fraction(30)) * (_multiplier(parameters.get("frameRateMultiplier", "")) or 1)
        """Frames per second; TTML's default is 30."""
        if nominal is None and rate is not None:
            self.rate = rate
        sub = _number(parameters.get("subFrameRate", "")) or Fraction(1)
        self._sub = sub
        ticks = _number(parameters.get("tickRate", ""))
        self._ticks = ticks or (self.rate * sub if nominal is not None else Fraction(1))
        self._no_ticks = ticks is None and nominal is None
        self._smpte = parameters.get("timeBase", "media").strip() == "smpte"
        self._drop = parameters.get("dropMode", "").strip()
        self.counted = False
        """Whether any time so far counted frames."""
        self.guessed = False
        """Whether any time so far counted ticks that cannot be seconds, as they would be by the standard."""

    def seconds(self, text: str) -> Fraction | None:
        """Seconds from the beginning of what holds the element; None where `text` is no time."""
        if len(text) > _LONGEST:
            return None
        plain = plain_signs(text).strip()
        if match := _CLOCK.fullmatch(plain):
            return self._clock(match, ";" in plain)
        if match := _OFFSET.fullmatch(plain):
            amount = Fraction(match[1].replace(",", ".").rstrip("."))
            unit = match[2] or "s"
            if unit == "f":
                self.counted = True
                return amount / self.rate
            return self._of_ticks(amount) if unit == "t" else amount * _SECONDS[unit]
        return None

    def _of_ticks(self, amount: Fraction) -> Fraction:
        if self._no_ticks and amount >= _NO_SECONDS:
            self.guessed = True
            return amount / USUAL_TICKS
        return amount / self._ticks

    def _clock(self, match: re.Match[str], semicolon: bool) -> Fraction:
        hours, minutes, seconds = int(match[1] or 0), int(match[2]), int(match[3])
        whole = (hours * 60 + minutes) * 60 + seconds
        if match[5] is None:
            steps = 10 ** len(match[4] or "")
            return Fraction(whole * steps + int(match[4] or 0), steps)
        if len(match[5]) == 3 and match[6] is None and self.rate <= 120 and ";" not in match[0]:
            return Fraction(whole * 1000 + int(match[5]), 1000)  # Nobody writes frames with three digits.
        self.counted = True
        frames = int(match[5]) + Fraction(f"0.{match[6] or 0}" if self._sub == 1 else "0")
        if match[6] and self._sub != 1:
            frames += int(match[6]) / self._sub
        if not self._smpte and not semicolon:
            # In media time the seconds are seconds, and only what is left is frames.
            return whole + frames / self.rate
        drop = semicolon or self._drop == "dropNTSC"
        if self._drop == "dropPAL":
            return self._pal(hours, minutes, seconds) + frames / self.rate
        exact = from_timecode(hours, minutes, seconds, 0, self.rate, drop)
        return exact + frames / self.rate

    def _pal(self, hours: int, minutes: int, seconds: int) -> Fraction:
        """Four numbers are left out in every second minute but each twentieth (TTML 2, 12.2.1)."""
        count = ((hours * 60 + minutes) * 60 + seconds) * math.ceil(self.rate)
        count -= 4 * (hours * 27 + math.floor(Fraction(minutes, 2) - Fraction(minutes, 20)))
        return Fraction(count) / self.rate


def _number(text: str) -> Fraction | None:
    stripped = text.strip()
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", stripped):
        return None
    return Fraction(stripped) or None


def _multiplier(text: str) -> Fraction | None:
    match = re.fullmatch(r"\s*(\d{1,9})(?:[\s:/]+(\d{1,9}))?\s*", text)
    if match is None or not int(match[1]) or not int(match[2] or 1):
        return None
    return Fraction(int(match[1]), int(match[2] or 1))
