# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of one caption that a file has as subtitles of their own, each at its height in the picture, put together.

Services write captions so in WebVTT and TTML, and so do programs that convert what was broadcast. Where a format cannot
say heights, players stack what is shown at the same time upwards from the first: the second half of a sentence would
stand above the first one.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence

from ..cues import all_joined
from .document import Cue
from .formats.subrip import SETTINGS
from .losses import is_sayable

_SAME = 0.0105
"""Seconds: some files have the rows of a caption a thousandth apart, so that they stay in order."""
_APART = 0.12
"""Share of the picture between two neighbours, at most: a row, or two, of a twentieth each."""
_ROW = 0.0533
"""The height of a row where rows are counted, as players have it."""
_MOST = 4
"""Rows of a caption. What has more is no caption."""
_USUAL = (0.86, 0.5, 0.1)
"""Where something low, in the middle and high is, if it does not say that more exactly."""
_LINE = re.compile(r"(?:^|\s)line:(-?\d{1,3})(?=[\s,]|$)")


def together(cues: Sequence[Cue], keeps: frozenset[str]) -> list[Cue]:
    """The cues, which are in order of time, with those joined that are rows of one caption: at the same time in the
    same part of the picture, one just below the other, where a format that keeps these cannot say so."""
    if "coordinate" in keeps:
        return list(cues)
    found: list[Cue] = []
    index = 0
    while index < len(cues):
        stop = index + 1
        while stop < len(cues) and cues[stop].start - cues[index].start <= _SAME:
            stop += 1
        group = cues[index:stop]
        found += _together(group, keeps) if 1 < len(group) <= 2 * _MOST else group
        index = stop
    return found


def _together(group: Sequence[Cue], keeps: frozenset[str]) -> list[Cue]:
    """Those that begin at the same time; each caption in the place of its first row."""
    places = {id(cue): index for index, cue in enumerate(group)}
    apart = [[cue] for cue in group if cue.placing.y is not None and is_sayable(cue.placing, keeps)]
    kept = {id(cue) for (cue,) in apart}
    rows = sorted((cue for cue in group if id(cue) not in kept), key=lambda cue: (_kind(cue), _height(cue)))
    captions = [*apart, *_captions(rows)]
    captions.sort(key=lambda rows: min(places[id(cue)] for cue in rows))
    return [_one(rows) if len(rows) > 1 else rows[0] for rows in captions]


def _captions(cues: Sequence[Cue]) -> Iterator[list[Cue]]:
    """Cues of one kind after the other, from above: those that belong together."""
    rows = list(cues[:1])
    for above, below in itertools.pairwise(cues):
        if _is_below(above, below):
            rows.append(below)
            continue
        yield from _checked(rows)
        rows = [below]
    yield from _checked(rows)


def _checked(rows: list[Cue]) -> Iterator[list[Cue]]:
    if rows and sum(len(cue.lines) for cue in rows) <= _MOST:
        yield rows
    else:
        yield from ([cue] for cue in rows)


def _kind(cue: Cue) -> tuple[int, str, str]:
    return (cue.placing.align - 1) // 3, cue.placing.vertical, cue.speaker


def _is_below(above: Cue, below: Cue) -> bool:
    apart = _height(below) - _height(above)
    return _kind(above) == _kind(below) and abs(above.end - below.end) <= _SAME and 0 < apart <= _APART


def _height(cue: Cue) -> float:
    """From the upper edge of the picture (0.0) to the lower."""
    if cue.placing.y is not None:
        return cue.placing.y
    if match := _LINE.search(cue.extra.get(SETTINGS, "")):
        row = int(match[1])
        return row * _ROW if row >= 0 else 1 + row * _ROW
    return _USUAL[(cue.placing.align - 1) // 3]


def _one(rows: Sequence[Cue]) -> Cue:
    extra = {key: value for cue in reversed(rows) for key, value in cue.extra.items()}
    return dataclasses.replace(all_joined(rows), extra=extra)
