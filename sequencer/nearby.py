# SPDX-License-Identifier: GPL-3.0-or-later
"""One subtitle with its neighbours, without a look at all of them: for an edit of one among thousands.

Blender takes about a millisecond for each property of 10,000 strips. A `Row` reads three; here it is one, where they
begin, and what else has to be known is asked of the strips around a frame. Main thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import compat
from .track import Row

if TYPE_CHECKING:
    from .compat import Strip
    from .track import Excerpt

_REACH = 20
"""Strips of any kind before a frame and after it that are looked at."""
_BEFORE = 8
"""Subtitles before a frame among which the one that is shown there is looked for: as many as `Row.at` looks at."""
_APART = 16
"""Strips between two of them in Blender's collection from which on it is quicker to count from the first again."""
_RUNS = 10
"""How often that may be, until all of them are read as quickly."""


class _FarError(LookupError):
    """What is looked for lies farther away."""


class Near(Row):
    """A row that knows only the subtitles around a frame. Numbers are its own."""

    def __init__(self, row: Row, frame: int) -> None:
        """Raises _FarError where there is too little around the frame to tell what is meant."""
        import numpy as np

        super().__init__(row.scene, row.channels, row.table)
        first_frames = row.table.left
        # In a way that is quickest where most are in order, as in Blender's collection.
        order = np.argsort(first_frames, kind="stable")
        sorted_frames = first_frames[order]
        at = int(np.searchsorted(sorted_frames, frame, "right"))
        # Those that begin together belong together: their ends say which is the first.
        first = int(np.searchsorted(sorted_frames, sorted_frames[max(0, at - _REACH)], "left")) if at else 0
        last = min(len(order), at + _REACH)
        last = int(np.searchsorted(sorted_frames, sorted_frames[last - 1], "right")) if last else 0
        self._found = _fetched(row, order[first:last].tolist())
        self._is_first, self._is_last = first == 0, last == len(order)
        self._take(self._found)
        before = int(np.searchsorted(self.left, frame, "right"))
        if not (self._is_first or before >= _BEFORE) or not (self._is_last or len(self) > before):
            raise _FarError

    def _take(self, found: dict[int, Strip]) -> None:
        """Know these, in order of time."""
        import numpy as np

        wanted = [index for index, strip in found.items() if strip.type == "TEXT" and strip.channel in self.channels]
        wanted.sort(key=lambda index: (compat.left(found[index]), compat.right(found[index]), index))
        self.order = np.array(wanted, dtype=np.int32)
        self.left = self.table.left[self.order]

    def strip(self, number: int) -> Strip:
        """The strip of the subtitle `number`, counted from 0."""
        return self._found[int(self.order[number])]

    def lane_of(self, number: int) -> tuple[Row, int]:
        """Those on the same channel as one of them, and which one that is among these. Raises _FarError where a
        neighbour on that channel is not known."""
        import numpy as np

        index = int(self.order[number])
        lane = Near.__new__(Near)
        Row.__init__(lane, self.scene, (int(self.strip(number).channel),), self.table)
        lane._found, lane._is_first, lane._is_last = self._found, self._is_first, self._is_last
        lane._take(self._found)
        at = int(np.flatnonzero(lane.order == index)[0])
        if (at == 0 and not self._is_first) or (at == len(lane) - 1 and not self._is_last):
            raise _FarError
        return lane, at


def _fetched(row: Row, indices: list[int]) -> dict[int, Strip]:
    """Strips by their index in Blender's collection, where it has to count from the first only a few times."""
    wanted = sorted(indices)
    breaks = [at for at in range(1, len(wanted)) if wanted[at] - wanted[at - 1] > _APART]
    if len(breaks) >= _RUNS:
        raise _FarError
    found: dict[int, Strip] = {}
    for first, last in zip([0, *breaks], [*breaks, len(wanted)], strict=True):
        if first < last:
            some = row.table.strips[wanted[first] : wanted[last - 1] + 1]
            found.update(enumerate(some, wanted[first]))
    return {index: found[index] for index in wanted}


def meant(row: Row, frame: int, which: Callable[[Row], int | None]) -> tuple[Excerpt, int] | None:
    """A subtitle with its neighbours on its channel, and where it is among them; None where there is none.

    `which`: the number of it in the row that it is given, which may know no more than what lies around `frame`.
    """
    try:
        return _with_neighbours(Near(row, frame), which)
    except _FarError:
        return _with_neighbours(row, which)


def _with_neighbours(row: Row, which: Callable[[Row], int | None]) -> tuple[Excerpt, int] | None:
    number = which(row)
    if number is None:
        return None
    lane, at = row.lane_of(number)
    some = lane.around(at)
    return some, some.place(at)
