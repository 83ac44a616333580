# SPDX-License-Identifier: GPL-3.0-or-later
"""A translation and its original: which subtitle of the one belongs to which of the other.

They go together by time, for either may be split, merged and moved. Main thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..sequencer import compat, cue
from ..sequencer.track import Row
from . import track as tracks

if TYPE_CHECKING:
    from .track import Track


class Beside:
    """The subtitles of a track's original as they were when this was made: numbers only."""

    def __init__(self, scene: bpy.types.Scene, original: Track) -> None:
        row = Row(scene, original.channels)
        self.count = row.table.count
        """How many strips of any kind there were."""
        self._order, self._left, self._right = row.order, row.left, row.right

    def number(self, left: int, right: int) -> int | None:
        """Which one is shown in the middle of a time, else first within it; None where none is."""
        import numpy as np

        middle = (left + right) / 2
        at = int(np.searchsorted(self._left, middle, "right")) - 1
        if at >= 0 and self._right[at] > middle:
            return at
        if at >= 0 and self._right[at] > left:
            return at
        return at + 1 if at + 1 < len(self._left) and self._left[at + 1] < right else None

    def strip(self, scene: bpy.types.Scene, left: int, right: int) -> Any:
        """The strip that belongs to a time; None where there is none."""
        number = self.number(left, right)
        strips = compat.strips_shown(scene)
        if number is None or len(strips) != self.count:
            return None
        return strips[int(self._order[number])]


def beside(scene: bpy.types.Scene, track: Track | None) -> Beside | None:
    """The original of a track; None where it has none."""
    found = tracks.original_of(scene, track) if track is not None else None
    return Beside(scene, found) if found is not None else None


def text_of(scene: bpy.types.Scene, other: Beside | None, strip: Any) -> str:
    """What the original says where a subtitle is shown; empty where it says nothing."""
    found = other.strip(scene, compat.left(strip), compat.right(strip)) if other is not None else None
    return cue.real_text(found) if found is not None else ""
