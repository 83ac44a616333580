# SPDX-License-Identifier: GPL-3.0-or-later
"""Free places on the channels, one above the other. Main thread."""

from __future__ import annotations

import collections
from typing import Any

from . import compat
from .strips import MAX_CHANNEL, ChannelsFullError


class Rows:
    """Where something lies on the channels from one on, kept up to date while strips are made."""

    def __init__(self, strips: Any, channel: int) -> None:
        """`strips`: a collection of Blender's, of which nothing is kept; `channel`: that of row 0."""
        import numpy

        self._channel = channel
        self._columns = [numpy.zeros(len(strips), numpy.int32) for _ in range(3)]
        self._new: dict[int, list[tuple[int, int]]] = collections.defaultdict(list)
        self._ends: dict[int, int] = collections.defaultdict(lambda: -(2**31))
        if len(strips):
            for name, column in zip(("channel", *compat.edge_names(strips)), self._columns, strict=True):
                strips.foreach_get(name, column)

    def take(self, start: int, end: int) -> int:
        """The lowest row that is free from frame `start` to `end`; no longer afterwards. Raises ChannelsFullError."""
        for row in range(MAX_CHANNEL + 1 - self._channel):
            if self.is_free(row, start, end):
                self._new[row].append((start, end))
                self._ends[row] = max(self._ends[row], end)
                return row
        raise ChannelsFullError(row + 1)

    def is_free(self, row: int, start: int, end: int) -> bool:
        """Whether nothing lies there."""
        # They come in order of time, mostly.
        if start < self._ends[row] and any(first < end and last > start for first, last in self._new[row]):
            return False
        channels, lefts, rights = self._columns
        return not bool(((channels == self._channel + row) & (lefts < end) & (rights > start)).any())
