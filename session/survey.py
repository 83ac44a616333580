# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be read from all subtitles of a track: texts to search, problems, doubtful words.

Read from the strips in slices by an app timer, some time after they have changed, so that neither drawing nor editing
waits for it; in background, where timers never tick, `read_now` does it at once. Nothing of it is kept in the file.
Rows go by the names of the strips, which are unique in Blender and stay when others are added and removed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ..core.markup import VOICE
from ..core.text import Text, counted
from ..sequencer import compat, cue
from ..sequencer.strips import inside_of
from ..sequencer.track import Row
from . import glossary, originals, playing, profiles, shots
from . import track as tracks

if TYPE_CHECKING:
    from ..core.subtitles import quality
    from ..core.subtitles.document import Cue
    from ..core.subtitles.profiles import Profile
    from ..core.subtitles.quality import Film, Problem
    from .lacking import Lacking

SLICE = 0.006
"""Seconds that one slice takes: a third of what a picture has at 60 a second."""
REST = 0.02
"""Seconds between two slices."""
QUIET = 0.25
"""Seconds after a change before reading begins: while somebody drags a strip there is one with each movement."""
WHILE_PLAYING = 0.003
"""The same as SLICE, while the film plays; it begins when no picture of that waits to be drawn."""
_PIECE = 25
"""Subtitles between two looks at the clock."""
_TOGETHER = 1000
"""The same, while no more is read of them than which they are."""


class Survey:
    """What is known of the subtitles of one track at one moment. Lists go by their number in the row."""

    def __init__(self, meta: str = "") -> None:
        self.names: list[str] = []
        self.cues: list[Cue] = []
        self.searchable: dict[str, str] = {}
        """Name of a strip to its text and speaker in small letters."""
        self.problems: list[Problem] = []
        self.by_name: dict[str, list[Problem]] = {}
        """Name of a strip to its problems."""
        self.counts: dict[str, int] = {}
        """Rule to how many of its problems there are."""
        self.doubtful: set[str] = set()
        """Names of the strips with a word that the model was not sure of."""
        self.row: Any = None
        """Where they lay: index of each strip, how many strips of any kind there were, first frame, next, channel."""
        self.meta = meta
        """The name of the meta strip that was open, whose strips these are."""
        self.inside = 0
        """Subtitles of the track inside other meta strips."""
        self.cuts: list[int] = []
        """On which frames shots begin inside films."""
        self.speakers: dict[str, tuple[str, ...]] = {}
        """Name of a strip to who speaks in it, where that is known."""
        self.untranslated: set[str] = set()
        """Names of the strips that wait for their translation."""
        self.lacking: list[Lacking] = []
        """What is wrong with the fonts that were chosen."""
        self._ranks: tuple[str, Any] = "", None
        """What was sorted by last: a redraw sorts by the same again."""
        self._last: tuple[str, set[str]] = "", set()
        """What was looked for last, and found: a redraw looks for the same again."""

    def add(self, problems: list[Problem]) -> None:
        """Count the problems of one subtitle."""
        name = self.names[problems[0].index]
        self.problems += problems
        self.by_name[name] = problems
        for problem in problems:
            self.counts[problem.rule] = self.counts.get(problem.rule, 0) + 1
            if problem.rule == "unsure":
                self.doubtful.add(name)

    def says_as(self, other: Survey) -> bool:
        """Whether nothing that is shown of it would look otherwise: much happens in Blender that is no edit of these.

        What has not changed since is the same object in both, so this takes a moment.
        """
        told = ("meta", "names", "cues", "problems", "untranslated", "inside", "cuts", "lacking")
        return all(getattr(self, name) == getattr(other, name) for name in told) and _same_row(self.row, other.row)

    def found(self, words: list[str]) -> set[str]:
        """The strips whose text or speaker has all these words, which are in small letters."""
        key = " ".join(words)
        if self._last[0] != key:
            texts = self.searchable.items()
            self._last = key, {name for name, text in texts if all(word in text for word in words)}
        return self._last[1]

    def spoken_by(self, typed: str) -> set[str]:
        """The strips in which somebody speaks who has `typed` in the name; without it those of nobody known."""
        if not typed.strip():
            return {name for name in self.names if name not in self.speakers}
        wanted = typed.strip().casefold()
        return {name for name, said in self.speakers.items() if any(wanted in one.casefold() for one in said)}

    def ranks(self, sort: str) -> Any:
        """By number in the row what to sort by: SPEED letters, TEXT and SPEAKER the place in the alphabet."""
        import numpy as np

        if self._ranks[0] != sort:
            if sort == "SPEED":
                from ..core.cues import text_length

                ranks = [text_length(one.text) for one in self.cues]
            else:
                said = {name: " ".join(names).casefold() for name, names in self.speakers.items()}
                keys = [said.get(n, "\uffff") if sort == "SPEAKER" else self.searchable[n] for n in self.names]
                places = {key: place for place, key in enumerate(sorted(set(keys)))}
                ranks = [places[key] for key in keys]
            self._ranks = sort, np.array(ranks, dtype=np.int64)
        return self._ranks[1]


def _same_row(one: Any, other: Any) -> bool:
    import numpy as np

    if one is None or other is None:
        return one is other
    return all(bool(np.array_equal(mine, its)) for mine, its in zip(one, other, strict=True))


class _Memory:
    """What was read of each strip, and found in it, the last time: after an edit most of them are as they were."""

    def __init__(self) -> None:
        self.checks: quality.Checks | None = None
        self._read: dict[str, tuple[object, _Taken]] = {}
        self._clock: object = None

    def checks_for(self, profile: Profile, film: Film) -> quality.Checks:
        """What checks by these rules, and remembers."""
        from ..core.subtitles import quality

        if self.checks is None or (self.checks.profile, self.checks.film) != (profile, film):
            self.checks = quality.Checks(profile, film)
        return self.checks

    def take(self, name: str, strip: Any, left: int, right: int, clock: cue.Clock) -> _Taken:
        """A strip as a subtitle: the same object as before, as long as the strip has not changed."""
        key = left, right, strip.text, strip.get(cue.MARK)
        known = self._read.get(name)
        if known is None or known[0] != key:
            one = cue.read(strip, clock)
            known = self._read[name] = key, _Taken(one, f"{one.text}\n{one.speaker}".casefold(), _speakers(one))
        return known[1]

    def keep(self, names: list[str], clock: cue.Clock) -> None:
        """Forget all but these; and everything where a frame is another time than before."""
        if clock != self._clock:
            self._clock, self._read = clock, {}
        elif len(self._read) > len(names):
            kept = set(names)
            self._read = {name: known for name, known in self._read.items() if name in kept}


class _Taken(NamedTuple):
    cue: Cue
    searchable: str
    speakers: tuple[str, ...]


def _speakers(one: Cue) -> tuple[str, ...]:
    inside = [span.value for span in one.spans if span.kind == VOICE]
    return tuple(dict.fromkeys(name for name in (one.speaker, *inside) if name))


class _Reader:
    """The reading that is under way, and the last one that came to its end."""

    def __init__(self) -> None:
        self.last = Survey()
        self.is_current = False
        """Nothing has changed since `last` was read."""
        self.meta = ""
        """The meta strip that was open when a survey was asked for last."""
        self.wanted = False
        """Somebody has looked at a survey: without that nothing is read."""
        self._changed = 0.0
        self._steps: Iterator[Survey | None] | None = None
        self._memory = _Memory()

    def reset(self) -> None:
        """Know nothing."""
        self.last, self.is_current, self.wanted, self._steps = Survey(), False, False, None
        self.meta, self._memory = "", _Memory()

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
            self._steps = _read(tracks_scene(), self._memory)
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
    meta = compat.open_meta(tracks_scene())
    if reader.meta != meta:
        reader.meta = meta
        reader.changed()
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
        return Text("{subtitles}, no problems", subtitles=counted(number))
    return Text("{subtitles}, {problems} with problems", subtitles=counted(number), problems=problems)


def in_metas(scene: bpy.types.Scene) -> str:
    """What the list does not show: that a meta strip is open, or that subtitles lie inside others."""
    if name := compat.open_meta(scene):
        return Text("Inside the meta strip {name}. Tab closes it", name=name)
    if reader.last.inside:
        return Text("{subtitles} more inside meta strips. Tab opens one", subtitles=counted(reader.last.inside))
    return ""


def speakers(typed: str = "") -> list[str]:
    """Who speaks in the track, by name; those with what was typed in their names."""
    known = {name for names in current().speakers.values() for name in names}
    return sorted(name for name in known if typed.casefold() in name.casefold())


def is_mended(rule: str) -> bool:
    """Whether there is a mend for a rule."""
    from ..core.subtitles.fixes import MENDS

    return rule in MENDS


_pauses = playing.Pauses()


def _tick() -> float | None:
    try:
        rest = reader.rest()
        if rest is None or rest > REST:
            return rest
        if not _pauses.is_now():
            return playing.SOON
        before = reader.last
        if reader.step(WHILE_PLAYING if playing.plays() else SLICE):
            if not reader.last.says_as(before):
                _redraw()
            return None
    except ReferenceError:
        # A strip went away between two slices.
        reader.changed()
    return REST


def _redraw() -> None:
    from .screen import redraw

    redraw()
    for told in listeners:
        told()


listeners: list[Callable[[], None]] = []
"""Called when a reading has come to its end."""


def _read(scene: bpy.types.Scene, memory: _Memory) -> Iterator[Survey | None]:
    """Reads a track bit by bit; what comes last is the survey."""
    from . import lacking

    track = tracks.active(scene)
    found = Survey(meta=compat.open_meta(scene))
    if track is None:
        yield found
        return
    row = Row(scene, track.channels)
    yield None
    everything: list[Any] = []
    for first in range(0, row.table.count, _TOGETHER):
        everything += row.table.strips[first : first + _TOGETHER]
        yield None
    strips = [everything[index] for index in row.order.tolist()]
    for first in range(0, len(strips), _TOGETHER):
        found.names += [strip.name for strip in strips[first : first + _TOGETHER]]
        yield None
    found.row = row.order, row.table.count, row.left, row.right, row.table.channel[row.order]
    memory.keep(found.names, row.clock)
    yield None
    edges = zip(row.left.tolist(), row.right.tolist(), strict=True)
    for number, (name, strip, (left, right)) in enumerate(zip(found.names, strips, edges, strict=True)):
        taken = memory.take(name, strip, left, right, row.clock)
        found.cues.append(taken.cue)
        found.searchable[name] = taken.searchable
        if taken.speakers:
            found.speakers[name] = taken.speakers
        if number % _PIECE == 0:
            yield None
    for meta in row.table.of_kind("META"):
        found.inside += inside_of(meta, track.channels)
        yield None
    yield from _untranslated(scene, track, found, row)
    yield None
    yield from lacking.look(strips, found.lacking, reader.changed)
    yield None
    found.cuts = shots.frames(scene)
    yield None
    checks = memory.checks_for(track.profile, tracks.film(scene))
    yield None
    for number, problems in enumerate(checks.each(found.cues)):
        if problems:
            found.add(problems)
        if number % _PIECE == 0:
            yield None
    yield found


def _untranslated(scene: bpy.types.Scene, track: tracks.Track, found: Survey, row: Row) -> Iterator[None]:
    """Find what a translation still has of its original."""
    from ..core.subtitles.wording import is_untranslated

    original = tracks.original_of(scene, track)
    if original is None:
        return
    beside = originals.Beside(scene, original)
    other = Row(scene, original.channels)
    texts = [cue.real_text(strip) for strip in other.strips(range(len(other)))]
    yield None
    for name, one, left, right in zip(found.names, found.cues, row.left.tolist(), row.right.tolist(), strict=True):
        number = beside.number(left, right)
        if is_untranslated(one.text, texts[number] if number is not None else ""):
            found.untranslated.add(name)


@bpy.app.handlers.persistent
def _changed(*_args: object) -> None:
    """Called by Blender after each change, undo, and file; takes no time."""
    if reader.wanted:
        reader.changed()


_HANDLERS = ("depsgraph_update_post", "undo_post", "redo_post", "load_post")


def register() -> None:
    """Called by the package."""
    for listeners in (tracks.listeners, profiles.listeners, glossary.listeners, shots.listeners):
        listeners.append(reader.changed)
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).append(_changed)


def unregister() -> None:
    """Called by the package."""
    from . import lacking

    for name in _HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if _changed in handlers:
            handlers.remove(_changed)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    for listeners in (tracks.listeners, profiles.listeners, glossary.listeners, shots.listeners):
        listeners.clear()
    glossary.forget()
    shots.forget()
    lacking.forget()
    reader.reset()
