# SPDX-License-Identifier: GPL-3.0-or-later
"""Which subtitle is in which row of the list: those of the active track that search and filter leave, in order of time.

Blender's collection of strips is the list's, for its number of rows only: new strips come last in it, and with an order
of its own Blender needs 40 ms for 8,000 rows where flags take 2. So the first rows are flagged, as many as there are
subtitles to show, and each row looks up here which strip it shows. Main thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..sequencer import compat
from ..sequencer.track import Row
from . import choices, originals, survey
from . import track as tracks

if TYPE_CHECKING:
    from ..session.track import Track

_NEAR = 30
"""Seconds before and after the playhead that the filter "Around the Playhead" shows."""


_TOGETHER = 16
"""Rows that are on the screen at the same time."""


class Listing:
    """What the list showed when it was drawn last: numbers only, for after an undo no strip is where it was."""

    def __init__(self) -> None:
        self.shown: Any = ()
        """By row of the list: the subtitle's number in the track."""
        self.track: Track | None = None
        self.known = survey.Survey()
        self.count = 0
        """How many strips of any kind there were."""
        self.beside: originals.Beside | None = None
        """The original of the track."""
        self._order: Any = ()
        """By number in the track: the index of the strip."""
        self._left: Any = ()
        """By number in the track: the first frame."""
        self._found: tuple[str, int] = "", -1
        """The strip that was looked for last, and its row: each row asks which one is marked."""
        self._near: dict[int, Any] = {}
        """By index: strips that the redraw under way asks for next. After it nobody may: they may be gone."""

    def update(self, context: bpy.types.Context, scene: bpy.types.Scene) -> Listing:
        """Find out what the list shows now: a few milliseconds for thousands."""
        import numpy as np

        row = tracks.row(scene)
        self.track, self.known, self.count = tracks.active(scene), survey.current(), row.table.count
        self.beside = originals.beside(scene, self.track)
        self._order, self._left = row.order, row.left
        self.shown = self._in_order(context, row, np.flatnonzero(self._wanted(context, scene, row)))
        self._found = "", -1
        self._near = {}
        return self

    def _in_order(self, context: bpy.types.Context, row: Row, numbers: Any) -> Any:
        """The numbers in the order that is chosen; of those that are alike in that, in the order of time."""
        import numpy as np

        sort = choices.view_of(context.window_manager).cue_sort
        if sort == "TIME":
            return numbers
        length = (row.right - row.left)[numbers]
        if sort in ("LONGEST", "SHORTEST"):
            return numbers[np.argsort(-length if sort == "LONGEST" else length, kind="stable")]
        if len(self.known.names) != len(row):
            return numbers  # Texts are about to be read anew.
        ranks = self.known.ranks(sort)[numbers]
        return numbers[np.argsort(-ranks / length if sort == "SPEED" else ranks, kind="stable")]

    def strip(self, scene: bpy.types.Scene, place: int) -> Any:
        """The strip of a row of the list; None where there is none."""
        editor = scene.sequence_editor
        if editor is None or len(compat.strips_shown(scene)) != self.count:
            return None
        index = self._index(place)
        return compat.strips_shown(scene)[index] if index is not None else None

    def _index(self, place: int) -> int | None:
        return int(self._order[self.shown[place]]) if 0 <= place < len(self.shown) else None

    def drawn(self, scene: bpy.types.Scene, place: int) -> Any:
        """The same, for a redraw that has just asked: Blender counts all strips to say how many there are.

        It also counts from the first to the one that is asked for: several that follow each other are taken together.
        """
        index = self._index(place)
        if index is None:
            return None
        if index not in self._near:
            some = compat.strips_shown(scene)[index : index + _TOGETHER]
            self._near = dict(enumerate(some, index))
        return self._near[index]

    def place_of(self, scene: bpy.types.Scene, strip: Any) -> int:
        """The row of the list that shows a strip; -1 where none does."""
        import numpy as np

        name = strip.name
        if self._found[0] != name:
            strips, left = compat.strips_shown(scene), compat.left(strip)
            first, last = (int(np.searchsorted(self._left, left, side)) for side in ("left", "right"))
            try:
                number = next((at for at in range(first, last) if strips[int(self._order[at])] == strip), -1)
            except IndexError:
                number = -1  # There are fewer since.
            self._found = name, self._place(number)
        return self._found[1]

    def place_at(self, frame: int) -> int:
        """The row that shows the last subtitle that begins on or before a frame; -1 where none does."""
        import numpy as np

        number = int(np.searchsorted(self._left, frame, "right")) - 1
        return self._place(number) if number >= 0 else -1

    def _place(self, number: int) -> int:
        import numpy as np

        found = np.flatnonzero(np.asarray(self.shown) == number)
        return int(found[0]) if len(found) else -1

    def _wanted(self, context: bpy.types.Context, scene: bpy.types.Scene, row: Row) -> Any:
        """Which of a track the search and the filter leave, by number."""
        import numpy as np

        view = choices.view_of(context.window_manager)
        wanted = np.ones(len(row), dtype=bool)
        if view.cue_filter == "SELECTED":
            wanted &= row.table.column("select")[row.order].astype(bool)
        elif view.cue_filter == "NEAR":
            reach = _NEAR * float(row.clock.rate)
            wanted &= np.abs(row.left - scene.frame_current) <= reach
        names = _names(view, self.known)
        if names is not None and len(self.known.names) == len(row):
            # The survey has the same subtitles in the same order, or is about to be read anew.
            wanted &= np.fromiter((name in names for name in self.known.names), dtype=bool, count=len(row))
        return wanted


def _names(view: choices.View, known: survey.Survey) -> set[str] | None:
    """The strips that the search and the filter by problems leave; None: all of them."""
    names: set[str] | None = None
    if view.cue_filter == "PROBLEMS":
        names = set(known.by_name)
    elif view.cue_filter == "DOUBTFUL":
        names = set(known.doubtful)
    elif view.cue_filter == "UNTRANSLATED":
        names = set(known.untranslated)
    elif view.cue_filter == "SPEAKER":
        names = known.spoken_by(view.cue_speaker)
    words = view.cue_search.casefold().split()
    if words:
        found = known.found(words)
        names = found if names is None else names & found
    return names


now = Listing()
