# SPDX-License-Identifier: GPL-3.0-or-later
"""The subtitles of a scene in rows: which strips they are, in order of time, and what an edit makes of them. They are
those that the sequencer shows: inside a meta strip that is open there are others than outside.

The strips are the only place where subtitles are kept. What is here is read from them when it is needed: edges and
channels of all of them at once (a fraction of a millisecond for thousands), texts of those that an edit is about.
Everything runs on the main thread.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Container, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from . import bulk, compat, cue, letters, look
from .compat import Strip
from .strips import MAX_CHANNEL, clock_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..core.subtitles.document import Cue
    from ..core.subtitles.track import Edited

    Ints = NDArray[np.int32]

T = TypeVar("T")


class StripsLockedError(SubtitleEditorError):
    """An edit would move or remove strips that are locked. Nothing was changed."""

    code = "strips_locked"

    def __init__(self, number: int) -> None:
        super().__init__(
            Text("Locked, so nothing was changed: {subtitles}.", subtitles=counted(number)),
            Text("Unlock them by Strip > Lock/Mute > Unlock Strips, or their channels, or leave them out."),
        )


def refuse_locked(strips: Iterable[Strip], channels: Container[int] = ()) -> None:
    """For what moves or removes strips: Blender's own lock of a strip holds for us too; its text may be changed. Where
    they are of no track, whose lock is known, `channels` are those that are locked.

    Raises StripsLockedError.
    """
    if number := sum(bool(strip.lock) or strip.channel in channels for strip in strips):
        raise StripsLockedError(number)


class Table:
    """Edges, channels and more of all strips that the sequencer shows of a scene, by their index in Blender's
    collection: those inside the meta strip that is open, where one is."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self.strips: Any = compat.strips_shown(scene)
        self.count = len(self.strips)

    def column(self, name: str) -> Ints:
        """One property of all strips; booleans and kinds as numbers."""
        values: Ints = bulk.column(self.strips, name, count=self.count)
        return values

    @functools.cached_property
    def left(self) -> Ints:
        """The first frame of each, when it was asked for first."""
        return self.column(compat.edge_names(self.strips)[0])

    @functools.cached_property
    def right(self) -> Ints:
        """The first frame after each, when it was asked for first."""
        return self.column(compat.edge_names(self.strips)[1])

    @functools.cached_property
    def channel(self) -> Ints:
        """The channel of each."""
        return self.column("channel")

    @functools.cached_property
    def kind(self) -> Ints:
        """The kind of each, as a number."""
        return self.column("type")

    def of_kind(self, name: str) -> list[Strip]:
        """The strips of a kind other than TEXT."""
        return [strip for strip in bulk.no_texts(self.strips) if strip.type == name]

    def texts_on(self, channels: Iterable[int]) -> Ints:
        """The indices of the TEXT strips on these channels, in order of time."""
        import numpy as np

        wanted = np.zeros(self.count, dtype=bool)
        for channel in channels:
            wanted |= self.channel == channel
        found = np.flatnonzero(wanted & (self.kind == compat.text_kind())).astype(np.int32)
        # In a way that is quickest where most are in order, as in Blender's collection.
        order: Ints = found[np.argsort(self.left[found], kind="stable")]
        if (np.diff(self.left[order]) == 0).any():
            # Only where two begin together their ends decide: each column that is read takes a millisecond for 10,000.
            order = found[np.lexsort((self.right[found], self.left[found]))]
        return order


class Row:
    """The subtitles on some channels of a scene, in order of time: those of a track, or of one of its channels."""

    def __init__(self, scene: bpy.types.Scene, channels: Iterable[int], table: Table | None = None) -> None:
        """`table`: of the scene as it is now, where there is one already."""
        self.scene = scene
        self.channels = tuple(channels)
        self.clock = clock_of(scene)
        self.table = Table(scene) if table is None else table

    @functools.cached_property
    def order(self) -> Ints:
        """Their indices in Blender's collection, as they were when this was asked for first."""
        return self.table.texts_on(self.channels)

    @functools.cached_property
    def left(self) -> Ints:
        """The first frame of each, as it was when this was asked for first: before anything is moved."""
        left: Ints = self.table.left[self.order]
        return left

    @functools.cached_property
    def right(self) -> Ints:
        """The first frame after each, as it was when this was asked for first: before anything is moved."""
        right: Ints = self.table.right[self.order]
        return right

    def __len__(self) -> int:
        return len(self.order)

    def lane(self, channel: int) -> Row:
        """Those on one channel: what a subtitle there must not meet."""
        return self if self.channels == (channel,) else Row(self.scene, (channel,), self.table)

    def lane_of(self, number: int) -> tuple[Row, int]:
        """Those on the same channel as one of them, and which one that is among these."""
        index = int(self.order[number])
        lane = self.lane(int(self.table.channel[index]))
        if lane is self:
            return self, number
        import numpy as np

        return lane, int(np.flatnonzero(lane.order == index)[0])

    def strip(self, number: int) -> Strip:
        """The strip of the subtitle `number`, counted from 0."""
        return self.table.strips[int(self.order[number])]

    def number_of(self, strip: Strip) -> int | None:
        """Which one a strip is; None where it is not among them."""
        if strip is None or strip.type != "TEXT" or strip.channel not in self.channels:
            return None
        import numpy as np

        first = int(np.searchsorted(self.left, compat.left(strip), "left"))
        last = int(np.searchsorted(self.left, compat.left(strip), "right"))
        return next((number for number in range(first, last) if self.strip(number) == strip), None)

    def at(self, frame: int) -> int | None:
        """The subtitle that is shown on a frame, the later one of two; None in a gap."""
        import numpy as np

        before = int(np.searchsorted(self.left, frame, "right")) - 1
        near = range(before, max(-1, before - 8), -1)
        return next((number for number in near if compat.right(self.strip(number)) > frame), None)

    def before(self, frame: int) -> int | None:
        """The last subtitle that begins on or before a frame."""
        import numpy as np

        number = int(np.searchsorted(self.left, frame, "right")) - 1
        return number if number >= 0 else None

    def selected(self) -> list[int]:
        """Those that are selected."""
        import numpy as np

        return [int(number) for number in np.flatnonzero(self.table.column("select")[self.order])]

    def select(self, numbers: Collection[int], extend: bool = False) -> None:
        """Select these of them, and with `extend` also those that are; other strips stay as they are."""
        import numpy as np

        chosen = self.table.column("select").astype(bool)
        wanted = np.zeros(len(self), dtype=bool)
        wanted[list(numbers)] = True
        chosen[self.order] = wanted | chosen[self.order] if extend else wanted
        bulk.select(self.table.strips, chosen)

    def part(self, first: int, last: int) -> Excerpt:
        """The subtitles `first` up to `last`, as an edit takes them; what is not there is left out."""
        first, last = max(0, first), min(last, len(self))
        return Excerpt(self, self.strips(range(first, last)), first)

    def pick(self, numbers: Sequence[int]) -> Excerpt:
        """These subtitles, wherever they are; an edit of them knows no neighbours."""
        return Excerpt(self, self.strips(numbers), 0)

    def around(self, number: int) -> Excerpt:
        """A subtitle with its neighbours."""
        return self.part(number - 1, number + 2)

    def all(self) -> Excerpt:
        """All of them."""
        return Excerpt(self, self.strips(range(len(self))), 0)

    def strips(self, numbers: Sequence[int]) -> list[Strip]:
        """The strips of these subtitles. Blender counts from the first one whenever it is asked for one of many."""
        if len(numbers) <= _FEW:
            return [self.strip(number) for number in numbers]
        strips = list(self.table.strips)
        return [strips[index] for index in self.order[list(numbers)]]

    def moving(self, numbers: Sequence[int], frames: int) -> Steps:
        """Move these subtitles later by some frames, earlier when negative, with all that goes with them, in steps.

        Raises EditError where one would begin before the film, StripsLockedError. Where they go nobody else may be: who
        moves them looks.
        """
        from ..core.subtitles.timing import moved, too_early

        chosen = list(numbers)
        if not chosen or not frames:
            return Changed()
        if int(self.left[chosen].min()) + frames < self.clock.zero:
            raise too_early()
        strips = self.strips(chosen)
        refuse_locked(strips)
        # Times that are noted in a text, words of a strip that was cut by hand.
        apart = [(strip, cue.read(strip, self.clock)) for strip in strips if not cue.goes_along(strip)]
        edges = zip((self.left[chosen] + frames).tolist(), (self.right[chosen] + frames).tolist(), strict=True)
        yield from bulk.moving(self.table.strips, dict(zip([strip.name for strip in strips], edges, strict=True)))
        for strip, one in apart:
            cue.write(strip, moved(one, self.clock.seconds(self.clock.zero + frames)), self.clock)
        return Changed(written=strips)

    def move(self, numbers: Sequence[int], frames: int) -> Changed:
        """`moving`, all of it."""
        return done(self.moving(numbers, frames))


_FEW = 8


class Excerpt:
    """Some subtitles in a row, read from their strips; `apply` writes back what an edit has made of them."""

    def __init__(self, row: Row, strips: Sequence[Strip], first: int) -> None:
        self.row = row
        self.strips = list(strips)
        self.first = first
        """The number in the row of the first of them."""
        self.cues: list[Cue] = [cue.read(strip, row.clock) for strip in self.strips]

    def place(self, number: int) -> int:
        """Where among these the subtitle with this number in the row is."""
        return number - self.first

    def apply(self, parts: Edited) -> Changed:
        """Have the strips be what an edit returned: changed ones written, new ones made, others removed.

        Raises StripsLockedError.
        """
        return done(self.applying(parts))

    def applying(self, parts: Edited) -> Steps:
        """`apply`, in steps: see `applying`."""
        return applying([(self, parts)])


class _Edit:
    """What an edit makes of the strips of an excerpt."""

    def __init__(self, some: Excerpt, parts: Edited) -> None:
        """Raises StripsLockedError."""
        self.clock, self.collection = some.row.clock, some.row.table.strips
        kept = {part.source for part in parts if not part.is_new}
        self.gone = [strip for index, strip in enumerate(some.strips) if index not in kept]
        written = [(part.cue, some.strips[part.source], some.cues[part.source]) for part in parts if not part.is_new]
        self.todo = [(new, strip, old) for new, strip, old in written if new is not old]
        self.new: list[tuple[Cue, Strip | None, int]] = []
        """With what each has its looks from, and its channel."""
        for part in parts:
            if part.is_new:
                like = some.strips[part.source] if part.source >= 0 else None
                self.new.append((part.cue, like, int(like.channel) if like is not None else some.row.channels[0]))
        self.channels = [(strip, int(strip.channel)) for _, strip, _ in self.todo]
        moving = [
            (strip, edges) for strip, edges in self._edges() if edges != (compat.left(strip), compat.right(strip))
        ]
        refuse_locked([*(strip for strip, _ in moving), *self.gone])
        self.edges = {strip.name: edges for strip, edges in moving}
        """Name to edges, of those whose edges change."""

    def _edges(self) -> Iterator[tuple[Strip, tuple[int, int]]]:
        for new, strip, _ in self.todo:
            left = self.clock.frame(new.start)
            yield strip, (left, max(left + 1, self.clock.frame(new.end)))

    def finish(self, changed: Changed) -> None:
        """All but that strips lie elsewhere. Those that are left out go first: they may be in the way."""
        spare = {id(like) for _, like, _ in self.new if like is not None}
        for strip in self.gone:
            if id(strip) not in spare:
                self.collection.remove(strip)
        self._write(changed)
        for one, like, channel in self.new:
            changed.made.append(make(self.collection, one, self.clock, channel, like))
        for strip in self.gone:
            if id(strip) in spare:
                self.collection.remove(strip)
        changed.removed += len(self.gone)

    def _write(self, changed: Changed) -> None:
        """Write those that have changed, without one meeting another on the way: Blender would move it to another
        channel. Those that go later begin with the last one."""
        later = [item for item in self.todo if item[0].start > item[2].start or item[0].end > item[2].end]
        rest = [item for item in self.todo if not (item[0].start > item[2].start or item[0].end > item[2].end)]
        for new, strip, old in [*rest, *reversed(later)]:
            cue.write(strip, new, self.clock)
            if new.spans != old.spans:
                look.wear_again(strip, new)
            if new.placing != old.placing:
                look.place(strip, new.placing)
            changed.written.append(strip)
        for strip, channel in self.channels:
            if strip.channel != channel:
                strip.channel = channel


def applying(edits: Iterable[tuple[Excerpt, Edited]]) -> Steps:
    """Have the strips of excerpts of one scene be what edits returned, in steps.

    Between two steps strips lie elsewhere, and that is all: nothing is removed, written or made before the last one.
    Who breaks off puts back edges and channels, and all is as it was. Raises StripsLockedError before the first one.
    """
    todo, changed = [_Edit(some, parts) for some, parts in edits], Changed()
    if sum(len(one.todo) for one in todo) > bulk.FEW:
        collection, done = todo[0].collection, 0
        edges = {name: place for one in todo for name, place in one.edges.items()}
        for done in _aside(collection, [strip for one in todo for strip in one.gone] if edges else []):
            yield done
        for moved in bulk.moving(collection, edges):
            yield done + moved
    for one in todo:
        one.finish(changed)
    return changed


def _aside(collection: Any, strips: Sequence[Strip]) -> Iterator[int]:
    """Have these strips be in nobody's way, step by step: on a channel above all others.

    Where there is none they stay, and Blender moves what meets them to another channel.
    """
    free = int(bulk.column(collection, "channel").max(initial=0)) + 1
    if free > MAX_CHANNEL:
        return
    for number, strip in enumerate(strips, 1):
        strip.channel = free
        yield number


class Changed:
    """What an edit has changed."""

    def __init__(self, written: list[Strip] | None = None) -> None:
        self.written: list[Strip] = written or []
        self.made: list[Strip] = []
        self.removed = 0

    @property
    def total(self) -> int:
        """How many subtitles it has touched."""
        return len(self.written) + len(self.made) + self.removed


Steps = Generator[int, None, Changed]
"""An edit that may take long: yields how many strips are moved; what it returns says what has changed."""


def done(steps: Generator[int, None, T]) -> T:
    """All steps of something, one after the other, and what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def make(collection: Any, made: Cue, clock: cue.Clock, channel: int, like: Strip | None) -> Strip:
    """A new strip for a subtitle, with the look of another one."""
    left = clock.frame(made.start)
    right = max(left + 1, clock.frame(made.end))
    strip = compat.new_text(collection, cue.name_at(channel, left), channel, left, right)
    if strip.channel != channel:
        strip.channel = channel
    if like is not None:
        compat.copy_look(like, strip)
        letters.copy_film(like, strip)
        for name in (look.WORN, look.BASE):
            if name in like:
                strip[name] = like[name]
    cue.write(strip, made, clock)
    look.wear_again(strip, made)
    return strip


def spread(scene: bpy.types.Scene, strips: Sequence[Strip], channels: Sequence[int]) -> int:
    """Give those of `strips` that are not on the track's channels, or meet another strip there, the lowest from its
    first channel on where they meet none; how many channels the track has then.

    Blender moves what meets another strip to any channel that is free, below the track as well.
    """
    import numpy as np

    table = Table(scene)
    left, right, on = table.left, table.right, table.column("channel")
    places = {strip.name: index for index, strip in enumerate(table.strips)}
    highest = channels[-1]
    for strip in sorted(strips, key=compat.left):
        at = places[strip.name]
        meets = (left < right[at]) & (right > left[at])
        meets[at] = False
        taken = set(np.unique(on[meets]).tolist())
        if int(on[at]) not in channels or int(on[at]) in taken:
            on[at] = strip.channel = next(free for free in range(channels[0], MAX_CHANNEL + 1) if free not in taken)
        highest = max(highest, int(on[at]))
    return highest - channels[0] + 1
