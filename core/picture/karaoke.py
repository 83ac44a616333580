# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's karaoke: which syllables of a subtitle are sung when, and how each changes then."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

from ..cues import Cue
from ..subtitles.formats.overrides import KARAOKE

FILLED = "kf"
"""A syllable whose letters change one after the other while it is sung."""
OUTLINED = "ko"
"""One that has its outline only once it is sung."""
MOST_SYLLABLES = 500
"""Of one subtitle; those after them are sung with the last."""
_MARK = re.compile(r"\\(kf|ko|kt|k|K)\s*(\d{1,7}(?:\.\d*)?)?")


class Syllable(NamedTuple):
    """Characters `start` up to `end`, sung from `begins` to `ends` (seconds)."""

    start: int
    end: int
    begins: float
    ends: float
    kind: str
    """`FILLED`, `OUTLINED`, or `k` for one that changes at once."""


def syllables(cue: Cue) -> list[Syllable]:
    """The syllables of a cue, in the order of its text."""
    found: list[Syllable] = []
    time = cue.start
    marks = [span for span in cue.spans if span.kind == KARAOKE]
    for mark, after in itertools.zip_longest(marks, marks[1:]):
        match = _MARK.match(mark.value)
        kind, length = (match[1], float(match[2] or 0)) if match is not None else ("k", 0.0)
        stop = after.start if after is not None else len(cue.text)
        if kind == "kt":
            time = cue.start + length / 100
            continue
        until = time + length / 100
        if stop > mark.start:
            found.append(Syllable(mark.start, stop, time, until, FILLED if kind == "K" else kind))
        time = until
    return found
