# SPDX-License-Identifier: GPL-3.0-or-later
"""Any number of channels to one, so that what is said on one of them is heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_WEIGHTS = {"FL": 0.7071, "FR": 0.7071, "FC": 1.0, "NONE": 1.0, "LFE": 0.0, "LFE2": 0.0}
"""How much of each channel is heard, by FFmpeg's names: as FFmpeg mixes them, so that what is said in the centre counts
most. `NONE` are those of a recorder, of which nobody says where they stand."""
_BESIDE = 0.5
"""The same for what is beside, behind and above."""


_FRAME = 320
"""Samples that the loudness of a channel is measured in: 20 ms."""


class Mixer:
    """Any number of channels to one. Where they cancel each other out, as with one plugged in the wrong way round, and
    where there is sound on none but those that are left out, the loudest. What is as loud all the time, as a recorder's
    time code, a hum or a plug without a microphone, is left out beside a channel on which somebody speaks."""

    _CANCELLED = 0.02
    """Power that is left, of what the channels would have if they had nothing in common."""
    _NOTHING, _SOMETHING = 1e-8, 1e-6
    """Powers: the noise of the last bits, and what may be meant to be heard."""
    _MEMORY = 0.95
    """Of the power so far, how much counts beside a new piece: one decides in half a second, and not at each click."""

    def __init__(self, channels: Sequence[str]) -> None:
        import numpy

        weights = numpy.array([_WEIGHTS.get(name, _BESIDE) for name in channels], numpy.float32)
        self._weights = weights / weights.sum() if weights.any() else numpy.full(len(weights), 1.0, numpy.float32)
        self._powers: Any = None
        """Of each channel, and of the mix."""
        self._steady = _Steady(len(weights))
        self._level = _Level()

    def mixed(self, channels: Any) -> Any:
        """The mean of all by their weights, or one of them; within full scale."""
        return self._level.within(self._mixed(channels) if len(channels) > 1 and channels.size else channels[0])

    def _mixed(self, channels: Any) -> Any:
        import numpy

        weights = self._weights
        out = self._steady.beside_speech(channels)
        if out.any() and weights[~out].any():
            weights = numpy.where(out, numpy.float32(0), weights)
            weights *= self._weights.sum() / weights.sum()
        mix = weights @ channels
        now = numpy.array([*numpy.square(channels).mean(axis=1), numpy.square(mix).mean()])
        known = self._powers is not None and self._powers.any()
        self._powers = self._MEMORY * self._powers + (1 - self._MEMORY) * now if known else now
        powers, left = self._powers[:-1], self._powers[-1]
        counting = weights**2 * powers
        if counting.sum() < self._NOTHING and powers.max() > self._SOMETHING:
            return channels[int(powers.argmax())]
        return mix if left >= self._CANCELLED * counting.sum() else channels[int(counting.argmax())]


class _Level:
    """Brings back what recorders of 32-bit floats write far above full scale, which is no worse for that. What is so
    for a moment alone is damage, and cut off as players do."""

    _FAR_ABOVE = 2.0
    """A peak."""
    _KEPT = 50
    """Pieces that are looked at: one to three seconds."""
    _OFTEN = 10
    """Of them."""

    def __init__(self) -> None:
        self._peaks: list[float] = []

    def within(self, samples: Any) -> Any:
        """The samples, at most 1.0."""
        import numpy

        self._peaks = [*self._peaks[1 - self._KEPT :], float(numpy.abs(samples).max(initial=0.0))]
        far = sorted(peak for peak in self._peaks if peak > self._FAR_ABOVE)
        if len(far) >= self._OFTEN:
            samples = samples * numpy.float32(1.0 / far[-1 - len(far) // 10])
        return numpy.clip(samples, -1.0, 1.0)


class _Steady:
    """Which of some channels have nothing but the same loudness, beside others on which it changes as in speech."""

    _KEPT = 100
    """Frames that are looked at: two seconds."""
    _ENOUGH = 25
    """Frames from which on something can be said."""
    _EVEN, _LIVELY = 1.0, 5.0
    """Decibels by which the loudness of frames differs (standard deviation): noise has 0.4, speech 10 and more."""
    _AUDIBLE = 1e-6

    def __init__(self, count: int) -> None:
        import numpy

        self._powers = numpy.zeros((count, 0), numpy.float32)
        self._out = numpy.zeros(count, bool)

    def beside_speech(self, channels: Any) -> Any:
        """Whether each channel is to be left out of what comes now. One that is stays so until it changes."""
        import numpy

        whole = channels.shape[1] // _FRAME * _FRAME
        pieces = channels[:, :whole].reshape(len(channels), -1, _FRAME) if whole else channels[:, None, :]
        powers = numpy.square(pieces).mean(axis=2)
        self._powers = numpy.concatenate([self._powers, powers], axis=1)[:, -self._KEPT :]
        if self._powers.shape[1] >= self._ENOUGH:
            spread = (10 * numpy.log10(self._powers + 1e-9)).std(axis=1)
            even = (spread < self._EVEN) & (self._powers.mean(axis=1) > self._AUDIBLE)
            self._out = even & (self._out | bool((spread > self._LIVELY).any()))
        return self._out
