# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of words, corrected by where there is a voice.

Whisper's alignment gives every moment to some word: the silence before a sentence to its first word, a pause to the
word after it. Voice activity knows better where nothing is said at all.
"""

from __future__ import annotations

from typing import Any

from .sound import FRAME, RATE

_STEP = FRAME / RATE
_LEAD = 0.06
"""Seconds before the first frame that counts as voice, and after the last: a voice takes so long to be sure of."""
_WORTH = 0.1
"""Seconds by which a time must be off to be moved."""
_FAR = 0.5
"""Seconds that an end which the model states may be off: some models round to half seconds."""
_PAUSE = 8
"""Frames (a quarter of a second) without voice that part what belongs to a word from what does not."""


def settled(start: float, end: float, voiced: Any) -> tuple[float, float]:
    """A word's time without silence that is not its own. `voiced` has a truth for each frame; times in seconds of it.

    A word in which there is no voice at all, as in singing, stays as it is.
    """
    first, last = int(start / _STEP), min(len(voiced), max(int(start / _STEP) + 1, -int(-end // _STEP)))
    runs = _runs(voiced[first:last])
    if not runs:
        return start, end
    begin, stop = max(runs, key=lambda run: (run[1] - run[0], run[0]))
    sound_start = max(start, (first + begin) * _STEP - _LEAD)
    sound_end = min(end, (first + stop) * _STEP + _LEAD)
    return (
        sound_start if sound_start - start > _WORTH else start,
        sound_end if end - sound_end > _WORTH and sound_end > sound_start else end,
    )


def begun(start: float, end: float, voiced: Any) -> float:
    """When somebody begins to speak in a stretch that begins in silence."""
    first, last = int(start / _STEP), min(len(voiced), -int(-end // _STEP))
    runs = _runs(voiced[first:last])
    sound_start = (first + runs[0][0]) * _STEP - _LEAD if runs else start
    return sound_start if sound_start - start > _WORTH else start


def ended(stated: float, voiced: Any) -> float | None:
    """When the speech ends whose end the model states, by the voice that ends nearest to it; None: none does."""
    begin = max(0, int((stated - _FAR) / _STEP) - _PAUSE)
    runs = [
        (begin + first, begin + last) for first, last in _runs(voiced[begin : int((stated + _FAR) / _STEP) + _PAUSE])
    ]
    ends = [last * _STEP for first, last in runs if first * _STEP < stated and abs(last * _STEP - stated) <= _FAR]
    return min(ends, key=lambda end: abs(end - stated), default=None)


def _runs(voiced: Any) -> list[tuple[int, int]]:
    """Where there is voice; what pauses for less than a quarter of a second is one."""
    runs: list[tuple[int, int]] = []
    for frame in voiced.nonzero()[0].tolist():
        if runs and frame - runs[-1][1] < _PAUSE:
            runs[-1] = (runs[-1][0], frame + 1)
        else:
            runs.append((frame, frame + 1))
    return runs
