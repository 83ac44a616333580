# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that come to the timeline one after the other while the user goes on working there.

A strip that was made carries a mark until all are there: whose it is and which. By it a transcription that goes on
after a crash knows what the file has already, and an undo that leads back into the middle of the work finds what is
left of it. No reference to a strip is kept from one call to the next. Everything here runs on the main thread.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import time
from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import bpy

from ..core.text import Text
from . import compat, cue, drawing, look, undo
from .coming import COMING, KEPT, MARK, family, mark_of, meta_with
from .rows import Rows
from .strips import MAX_CHANNEL, ChannelsFullError, SceneGoneError, clock_of

if TYPE_CHECKING:
    from ..core.cues import Cue

_PIECE = 100
"""Strips between two looks at the clock where each takes microseconds."""

Key = tuple[int, int]
"""Which subtitle: the number of the stretch of media that it is of, and its number in that."""


@dataclasses.dataclass(slots=True)
class _Made:
    """A strip that was made: its name, and where it was put."""

    name: str
    left: int
    right: int


class Growing:
    """The strips of one transcription, from the first to the last. Knows the scene by its id: it may be renamed.

    What the user deletes, moves or writes stays so. What an undo takes away is made again.
    """

    def __init__(
        self,
        scene: bpy.types.Scene,
        ranges: Sequence[tuple[int, int]],
        above: int,
        *,
        replace: bool = False,
        kept_look: str = "",
    ) -> None:
        """`ranges`: the frames of each stretch that is heard; `above`: the channel under the lowest that may be used;
        `replace`: the subtitles that lie in the ranges now are to go in the end; `kept_look`: see `look.packed`. Raises
        ChannelsFullError.
        """
        self.cut = 0
        """Strips that show less than their text, because this Blender holds no more; the text itself is kept."""
        self.rows = 1
        """How many channels are used from `channel` on."""
        self._ranges, self._kept_look = list(ranges), kept_look
        self._scene = scene.session_uid
        editor = compat.editor_of(scene)
        self._meta = compat.shown(editor).name if len(editor.meta_stack) else ""
        """The meta strip that is being edited: strips outside of it would not be seen there."""
        self._clock = clock_of(scene)
        self._owners: dict[str, int] = {}
        """Whose the marks are, and which stretch that is."""
        self._former: dict[str, int] = {}
        """Whose they were when a strip that is heard was not trimmed as it is now, and a stretch of the same."""
        self._by_place: dict[tuple[int, int], str] = {}
        """The names of these by stretch and first frame."""
        self._said: dict[Key, Cue] = {}
        """Every subtitle that came: an undo may take its strip away."""
        self._waiting: collections.deque[Key] = collections.deque()
        self._made: dict[Key, _Made] = {}
        self._deleted: set[Key] = set()
        """What the user has removed."""
        self._shift: dict[int, int] = {}
        """By stretch: how many frames later than at the begin its media lies now."""
        self._moving: collections.deque[Key] = collections.deque()
        strips = self._strips(scene)
        self._old: list[tuple[int, str]] = self._in_ranges(scene) if replace else []
        self.channel = self._free_channel(strips, above)
        self._below = min((strips[name].channel for _, name in self._old), default=0)
        """The lowest channel of what is to go."""
        self._undone = undo.count()
        self._count = len(strips)
        self._closing: Iterator[None] | None = None

    @property
    def made(self) -> int:
        """How many there are."""
        return len(self._made) - len(self._deleted)

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose the strips are, by what their marks say."""
        return tuple(self._owners)

    @property
    def waiting(self) -> int:
        """How many are still to be made, or to be moved."""
        return len(self._waiting) + len(self._moving)

    @property
    def is_undone(self) -> bool:
        """Whether the user has undone or redone something since the last step."""
        return self._undone != undo.count()

    @property
    def notice(self) -> Text | None:
        """What the user should know of the strips that were made."""
        if not self.cut:
            return None
        return Text("{number} texts are longer than this Blender shows. All of each is kept.", number=self.cut)

    def own(self, stretch: int, owner: str, beside: Container[str] = ()) -> None:
        """Whose the subtitles of a stretch are, before the first of them: a name without spaces, the same when the work
        goes on another day. Up to its first slash it names the transcription, and `beside` are its other stretches.
        Those that the file has already are taken over, wherever they are; where the strip that is heard was trimmed
        since, and so has another name, by their places.
        """
        self._owners[owner] = stretch
        scene = self._scene_of()
        if not self._made and not self._old:
            self._meta = meta_with(scene, family(owner), self._meta)
        strips = self._strips(scene)
        found = self._marked(strips)
        self._own_former(strips, stretch, owner, beside)
        for key, made in found.items():
            if key[0] == stretch:
                self._made.setdefault(key, made)
        if found:
            self.channel = min(strips[made.name].channel for made in found.values())

    def _own_former(self, strips: Any, stretch: int, owner: str, beside: Container[str]) -> None:
        for strip in strips:
            if strip.type == "TEXT" and MARK in strip:
                _, other, _ = mark_of(strip)
                if family(other) == family(owner) and other not in self._owners and other not in beside:
                    self._former[other] = stretch
                    self._by_place[stretch, compat.left(strip)] = strip.name

    def add(self, key: Key, one: Cue) -> None:
        """One more, with times in seconds from the scene's first frame as it was at the begin."""
        self._said[key] = one
        if key not in self._made:
            self._waiting.append(key)

    def shifted(self, stretch: int, frames: int) -> None:
        """The media of a stretch lies so many frames later than at the begin: its subtitles go with it."""
        if self._shift.get(stretch, 0) != frames:
            self._shift[stretch] = frames
            self._moving.extend(key for key in self._made if key[0] == stretch)

    def step(self, budget: float | None = None) -> bool:
        """Work for about `budget` seconds, or do all there is. Whether nothing waits any more.

        Raises SceneGoneError when the scene was deleted, ChannelsFullError when no channel is free.
        """
        until = None if budget is None else time.monotonic() + budget
        scene = self._scene_of()
        strips = self._strips(scene)
        self._look(strips)
        if self._waiting or self._moving:
            taken = Rows(strips, self.channel)
            make, dress = compat.TextMaker(strips), look.Look(scene, self._kept_look)
            while self._waiting or self._moving:
                if self._moving:
                    self._move(strips, self._moving.popleft())
                else:
                    self._make(make, dress, taken, self._waiting.popleft())
                if until is not None and time.monotonic() >= until:
                    break
        self._count = len(strips)
        return not self._waiting and not self._moving

    # The end

    def finish(self, whole: Container[int], budget: float | None = None) -> bool:
        """After the last `step`: only what was made is selected. What was to be replaced goes, and so do the marks; but
        of stretches that are not among `whole` it stays, and the marks say that it can be continued.

        Whether it is done; False: call it again.
        """
        until = None if budget is None else time.monotonic() + budget
        strips = self._strips(self._scene_of())
        if self.is_undone or self._count != len(strips):
            self._closing = None
            if not self.step(budget):
                return False
        if self._closing is None:
            self._closing = self._close(strips, whole)
        for _ in self._closing:
            self._count = len(strips)
            if until is not None and time.monotonic() >= until:
                return False
        return True

    def _close(self, strips: Any, whole: Container[int]) -> Iterator[None]:
        locked = self._locked(self._scene_of())
        for stretch, name in self._old:
            strip = strips.get(name) if stretch in whole else None
            if strip is None or strip.lock or strip.channel in locked:
                continue
            if cue.is_subtitle(strip) and MARK not in strip:
                strips.remove(strip)
                yield
        if 0 < self._below < self.channel and all(stretch in whole for stretch in range(len(self._ranges))):
            yield from self._lower(strips)
        names = {item.name for item in self._made.values()}
        for first in range(0, len(strips), _PIECE):
            for strip in itertools.islice(strips, first, first + _PIECE):
                made = strip.name in names
                if strip.select != made:
                    strip.select = made
                if strip.type == "TEXT" and MARK in strip:
                    self._end_mark(strip, whole)
            yield

    def _lower(self, strips: Any) -> Iterator[None]:
        """Where what was replaced has lain there is room for the new ones: down they go, if all of them fit."""
        taken = Rows(strips, self._below)
        found = [strip for item in self._made.values() if (strip := strips.get(item.name)) is not None]
        found = [strip for strip in found if strip.channel >= self.channel]
        rows = [strip.channel - self.channel for strip in found]
        edges = [(compat.left(strip), compat.right(strip)) for strip in found]
        if all(taken.is_free(row, *edge) for row, edge in zip(rows, edges, strict=True)):
            names = [strip.name for strip in found]
            for name, row in zip(names, rows, strict=True):
                if (strip := strips.get(name)) is not None:
                    strip.channel = self._below + row
                yield
            self.channel = self._below

    def _end_mark(self, strip: compat.Strip, whole: Container[int]) -> None:
        kind, owner, number = mark_of(strip)
        if (self._former | self._owners).get(owner, -1) in whole:
            del strip[MARK]
        elif owner in self._owners and kind == COMING:
            strip[MARK] = f"{KEPT} {owner} {number}"

    # What has happened meanwhile

    def _scene_of(self) -> bpy.types.Scene:
        scene = compat.scene_by_uid(self._scene)
        if scene is None:
            raise SceneGoneError(len(self._said))
        return scene

    def _strips(self, scene: bpy.types.Scene) -> Any:
        return compat.strips_of(compat.holder(compat.editor_of(scene), self._meta))

    def _locked(self, scene: bpy.types.Scene) -> set[int]:
        """The channels on which nothing is to change."""
        editor = compat.editor_of(scene)
        return compat.locked(editor, compat.holder(editor, self._meta))

    def _look(self, strips: Any) -> None:
        """What the user removed since the last step stays removed; what an undo took away is made again."""
        if self.is_undone:
            self._undone = undo.count()
            self._look_for_undone(self._marked(strips))
        elif len(strips) != self._count:
            there = {strip.name for strip in strips}
            self._deleted.update(key for key, item in self._made.items() if item.name not in there)

    def _look_for_undone(self, there: dict[Key, _Made]) -> None:
        # Was it removed in this state of the file, or not made yet? They are made in this order, one after the other.
        order = {key: number for number, key in enumerate(self._said)}
        newest = max((order.get(key, -1) for key in there), default=-1)
        self._deleted = {key for key in self._deleted - there.keys() if order.get(key, -1) < newest}
        for key in [key for key in self._made if key not in there and key not in self._deleted]:
            del self._made[key]
        for key, found in there.items():
            if key in self._said and (key not in self._made or self._made[key].name != found.name):
                self._made[key] = found
        waiting = [key for key in self._said if key not in self._made]
        self._waiting = collections.deque(waiting)
        self._moving.extend(key for key in self._made if self._shift.get(key[0], 0))

    def _marked(self, strips: Any) -> dict[Key, _Made]:
        """The strips that have a mark of ours, whoever has made them."""
        found: dict[Key, _Made] = {}
        for strip in strips:
            if strip.type == "TEXT" and MARK in strip:
                _, owner, number = mark_of(strip)
                if owner in self._owners and number.isdecimal() and len(number) < 10:
                    made = _Made(strip.name, compat.left(strip), compat.right(strip))
                    found.setdefault((self._owners[owner], int(number)), made)
        return found

    # Places

    def _in_ranges(self, scene: bpy.types.Scene) -> list[tuple[int, str]]:
        """The finished subtitles whose middle is in a stretch, but for locked ones: which one, and their names."""
        found, locked = [], self._locked(scene)
        for strip in self._strips(scene):
            if cue.is_subtitle(strip) and MARK not in strip and not strip.lock and strip.channel not in locked:
                middle = (compat.left(strip) + compat.right(strip)) / 2
                inside = (at for at, (first, last) in enumerate(self._ranges) if first <= middle < last)
                stretch = next(inside, None)
                if stretch is not None:
                    found.append((stretch, strip.name))
        return found

    def _free_channel(self, strips: Any, above: int) -> int:
        """The lowest channel over `above` on which nothing lies between the first and the last frame."""
        first, last = min(left for left, _ in self._ranges), max(right for _, right in self._ranges)
        taken = {strip.channel for strip in strips if compat.left(strip) < last and compat.right(strip) > first}
        channel = next((number for number in range(above + 1, MAX_CHANNEL + 1) if number not in taken), None)
        if channel is None:
            raise ChannelsFullError(1)
        return channel

    def _frames(self, key: Key) -> tuple[int, int]:
        """Where a subtitle belongs now."""
        one, shift = self._said[key], self._shift.get(key[0], 0)
        start = self._clock.frame(one.start) + shift
        return start, max(start + 1, self._clock.frame(one.end) + shift)

    # Making and moving

    def _make(self, make: compat.TextMaker, dress: look.Look, taken: Rows, key: Key) -> None:
        start, end = self._frames(key)
        owner = next(owner for owner, stretch in self._owners.items() if stretch == key[0])
        if (former := make.strips.get(self._by_place.pop((key[0], start), ""))) is not None:
            self._made[key] = _Made(former.name, compat.left(former), compat.right(former))
            former[MARK] = f"{COMING} {owner} {key[1]}"
            return
        row = taken.take(start, end)
        self.rows = max(self.rows, row + 1)
        channel = self.channel + row
        strip = make(cue.short_name(channel, len(self._made) + 1), channel, start, end)
        self._made[key] = _Made(strip.name, start, end)
        one = self._said[key]
        if shift := self._shift.get(key[0], 0):
            one = _later(one, shift / float(self._clock.rate))
        shown = strip.text = drawing.drawn(one.text)
        self.cut += shown != one.text and drawing.is_cut(one.text)
        strip[cue.MARK] = cue.encode(one, start, end, self._clock, shown)
        strip[MARK] = f"{COMING} {owner} {key[1]}"
        dress.apply(strip, one)
        # The user is about something else.
        strip.select = False

    def _move(self, strips: Any, key: Key) -> None:
        """Put a strip where its media went, unless the user has put it elsewhere."""
        item = self._made.get(key)
        strip = strips.get(item.name) if item is not None and key in self._said else None
        if item is None or strip is None:
            return
        place = self._frames(key)
        if (compat.left(strip), compat.right(strip)) == (item.left, item.right) != place:
            compat.set_edges(strip, *place)
            item.left, item.right = place


def _later(one: Cue, seconds: float) -> Cue:
    words = (dataclasses.replace(w, start=w.start + seconds, end=w.end + seconds) for w in one.words)
    return dataclasses.replace(one, start=one.start + seconds, end=one.end + seconds, words=tuple(words))
