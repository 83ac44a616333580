# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be read from all subtitles of a track: texts to search, problems, doubtful words.

Read from the strips in slices by an app timer, some time after they have changed, so that neither drawing nor editing
waits for it; in background, where timers never tick, `read_now` does it at once. Nothing of it is kept in the file.
Rows go by the names of the strips, which are unique in Blender and stay when others are added and removed.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import bpy

from ..core.text import Text
from ..sequencer import compat, cue
from ..sequencer.track import Row
from . import track as tracks

if TYPE_CHECKING:
    from ..core.subtitles.document import Cue
    from ..core.subtitles.quality import Problem

SLICE = 0.006
"""Seconds that one slice takes: a third of what a picture has at 60 a second."""
REST = 0.02
"""Seconds between two slices."""
QUIET = 0.25
"""Seconds after a change before reading begins: while somebody drags a strip there is one with each movement."""
_PIECE = 50
"""Subtitles between two looks at the clock."""


@dataclasses.dataclass(slots=True, eq=False)
class Survey:
    """What is known of the subtitles of one track at one moment. Lists go by their number in the row."""

    names: list[str] = dataclasses.field(default_factory=list)
    cues: list[Cue] = dataclasses.field(default_factory=list)
    searchable: dict[str, str] = dataclasses.field(default_factory=dict)
    """Name of a strip to its text and speaker in small letters."""
    problems: list[Problem] = dataclasses.field(default_factory=list)
    by_name: dict[str, list[Problem]] = dataclasses.field(default_factory=dict)
    """Name of a strip to its problems."""
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    """Rule to how many of its problems there are."""
    doubtful: set[str] = dataclasses.field(default_factory=set)
    """Names of the strips with a word that the model was not sure of."""

    def found(self, words: list[str]) -> set[str]:
        """The strips whose text or speaker has all these words, which are in small letters."""
        key = " ".join(words)
        if self._last[0] != key:
            texts = self.searchable.items()
            self._last = key, {name for name, text in texts if all(word in text for word in words)}
        return self._last[1]

    _last: tuple[str, set[str]] = ("", frozenset())  # type: ignore[assignment]
    """What was looked for last, and found: a redraw looks for the same again."""


class _Reader:
    """The reading that is under way, and the last one that came to its end."""

    def __init__(self) -> None:
        self.last = Survey()
        self.is_current = False
        """Nothing has changed since `last` was read."""
        self.wanted = False
        """Somebody has looked at a survey: without that nothing is read."""
        self._changed = 0.0
        self._steps: Iterator[Survey | None] | None = None

    def reset(self) -> None:
        """Know nothing."""
        self.last, self.is_current, self.wanted, self._steps = Survey(), False, False, None

    def changed(self) -> None:
        """Begin anew, after a while."""
        self.is_current = False
        self._steps = None
        self._changed = time.monotonic()
        self.want()

    def want(self) -> None:
        """Have the timer run, if somebody looks at what it finds."""
        needed = self.wanted and not self.is_current and not bpy.app.background
        if needed and not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=REST, persistent=True)

    def step(self, budget: float) -> bool:
        """Read on for about so many seconds; whether it has come to its end."""
        until = time.monotonic() + budget
        if self._steps is None:
            self._steps = _read(tracks_scene())
        for found in self._steps:
            if found is not None:
                self.last, self.is_current, self._steps = found, True, None
                return True
            if time.monotonic() >= until:
                return False
        self._steps = None
        return True

    def rest(self) -> float | None:
        """Seconds until the next slice; None where there is nothing to read."""
        if self.is_current:
            return None
        return max(REST, self._changed + QUIET - time.monotonic())


reader = _Reader()


def tracks_scene() -> bpy.types.Scene:
    """The scene that is looked at."""
    return compat.scene_of(bpy.context)


def current() -> Survey:
    """What is known now: perhaps of a moment ago. Reading anew begins, if it has to. Takes no time."""
    reader.wanted = True
    reader.want()
    return reader.last


def read_now() -> Survey:
    """Read all of it now, and wait for it."""
    reader.is_current = False
    reader._steps = None
    while not reader.step(60.0):
        pass
    return reader.last


def summary() -> str:
    """One line about the whole track; empty while nothing is known."""
    found = reader.last
    if not found.names:
        return ""
    number, problems = len(found.names), len(found.by_name)
    if not problems:
        return Text("{number} subtitles, no problems", number=number)
    return Text("{number} subtitles, {problems} with problems", number=number, problems=problems)


def is_mended(rule: str) -> bool:
    """Whether there is a mend for a rule."""
    from ..core.subtitles.fixes import MENDS

    return rule in MENDS


def _tick() -> float | None:
    try:
        rest = reader.rest()
        if rest is None or rest > REST:
            return rest
        if reader.step(SLICE):
            _redraw()
            return None
    except ReferenceError:
        # A strip went away between two slices.
        reader.changed()
    return REST


def _redraw() -> None:
    from .screen import redraw

    redraw()


def _read(scene: bpy.types.Scene) -> Iterator[Survey | None]:
    """Reads a track bit by bit; what comes last is the survey."""
    from ..core.subtitles import quality

    track = tracks.active(scene)
    found = Survey()
    if track is None:
        yield found
        return
    row = Row(scene, track.channels)
    collection = list(row.table.strips)
    for number, index in enumerate(row.order):
        _take(found, collection[index], row)
        if number % _PIECE == 0:
            yield None
    film = tracks.film(scene)
    for number, problem in enumerate(quality.problems(found.cues, track.profile, film)):
        found.problems.append(problem)
        found.counts[problem.rule] = found.counts.get(problem.rule, 0) + 1
        found.by_name.setdefault(found.names[problem.index], []).append(problem)
        if problem.rule == "unsure":
            found.doubtful.add(found.names[problem.index])
        if number % _PIECE == 0:
            yield None
    yield found


def _take(found: Survey, strip: Any, row: Row) -> None:
    one = cue.read(strip, row.clock)
    name = strip.name
    found.names.append(name)
    found.cues.append(one)
    found.searchable[name] = f"{one.text}\n{one.speaker}".casefold()


@bpy.app.handlers.persistent
def _changed(*_args: object) -> None:
    """Called by Blender after each change, undo, and file; takes no time."""
    if reader.wanted:
        reader.changed()


_HANDLERS = ("depsgraph_update_post", "undo_post", "redo_post", "load_post")


def register() -> None:
    """Called by the package."""
    tracks.listeners.append(reader.changed)
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).append(_changed)


def unregister() -> None:
    """Called by the package."""
    for name in _HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if _changed in handlers:
            handlers.remove(_changed)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    tracks.listeners.clear()
    reader.reset()
