# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles on the timeline: cues to TEXT strips and back.

Second 0 of a subtitle file is the scene's first frame. Everything here runs on the main thread.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from . import bulk, compat, cue, drawing, look, spot, undo
from .compat import Strip

if TYPE_CHECKING:
    from ..core.cues import Cue
    from ..core.subtitles.timecode import FrameRate

MAX_CHANNEL = 128
"""The sequencer's highest channel (MAXSEQ in Blender's DNA_sequence_types.h)."""


class SceneGoneError(SubtitleEditorError):
    """The scene that gets subtitles was deleted before they were all made."""

    code = "scene_gone"

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(
            Text("The scene was deleted before {subtitles} could be made.", subtitles=counted(number)),
            Text("Do it again in another scene."),
        )


class ChannelsFullError(SubtitleEditorError):
    """No channel is free where the subtitles should go."""

    code = "channels_full"

    def __init__(self, needed: int) -> None:
        super().__init__(
            Text("No free channel is left above the strip for {needed} rows of subtitles.", needed=needed),
            Text("Move some strips to lower channels, or remove some, and try again."),
        )


def rate_of(scene: bpy.types.Scene) -> FrameRate:
    """The scene's frame rate, exact."""
    # Here, not above: exact arithmetic takes a tenth of the time that registering may.
    from ..core.subtitles.timecode import FrameRate

    return FrameRate(scene.render.fps, scene.render.fps_base)


# Cues to strips


class Placement(NamedTuple):
    """One TEXT strip to be: frames `start` up to `end`, `row` 0 for the lowest of the channels it may use."""

    start: int
    end: int
    row: int
    cue: Cue
    """What it says; its words at their times on the timeline."""


def place(
    cues: Iterable[Cue], frame: Callable[[float], int], seconds: Callable[[float], float] | None = None
) -> list[Placement]:
    """Frames for `cues`, in order of time. One that begins before another on its row has ended goes one row up.

    `frame` turns a time of theirs into a timeline frame, `seconds` into seconds from the scene's first frame, for the
    words; None: they are that already. Every strip is at least one frame long.
    """
    import heapq

    placements: list[Placement] = []
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    rows = 0
    timed = ((frame(one.start), frame(one.end), number, one) for number, one in enumerate(cues, 1))
    for start, end, number, one in sorted(timed, key=lambda item: item[:3]):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            row = heapq.heappop(free)
        else:
            row, rows = rows, rows + 1
        end = max(end, start + 1)
        heapq.heappush(busy, (end, row))
        placements.append(Placement(start, end, row, _on_timeline(one, number, seconds)))
    return placements


def _on_timeline(one: Cue, number: int, seconds: Callable[[float], float] | None) -> Cue:
    if seconds is not None and one.words:
        words = (dataclasses.replace(w, start=seconds(w.start), end=seconds(w.end)) for w in one.words)
        one = dataclasses.replace(one, words=tuple(words))
    # What SubRip counts says nothing that its place does not say, and would be wrong after the first edit.
    return dataclasses.replace(one, name="") if one.name == str(number) else one


def free_channel(scene: bpy.types.Scene, placements: Sequence[Placement], above: int, collection: Any = None) -> int:
    """The lowest channel over `above` where all rows of `placements` fit without touching a strip of a collection;
    None: of what the sequencer shows.

    Raises ChannelsFullError.
    """
    if not placements:
        return above + 1
    first = min(item.start for item in placements)
    last = max(item.end for item in placements)
    rows = 1 + max(item.row for item in placements)
    strips = compat.strips_of(compat.shown(compat.editor_of(scene))) if collection is None else collection
    taken = {s.channel for s in strips if compat.left(s) < last and compat.right(s) > first}
    for channel in range(above + 1, MAX_CHANNEL - rows + 2):
        if taken.isdisjoint(range(channel, channel + rows)):
            return channel
    raise ChannelsFullError(rows)


def clock_of(scene: bpy.types.Scene) -> cue.Clock:
    """Frames of a scene as seconds of its subtitles."""
    return cue.Clock(rate_of(scene), int(scene.frame_start))


_FEW = 1000
"""Strips among which Blender finds one as soon as one can be set aside for later (see `spot.hang`)."""


class Writer:
    """Makes TEXT strips a few at a time, so that Blender stays responsive: making them is quadratic in Blender itself.

    The scene is looked up anew for each chunk: the user may rename it in between. An undo in between takes strips away
    that have no step of their own yet: they are made again. What the user deletes stays deleted.
    """

    def __init__(
        self, scene: bpy.types.Scene, placements: Sequence[Placement], above: int, kept_look: str = ""
    ) -> None:
        """`kept_look`: of the track that they go to, see `look.packed`. Raises ChannelsFullError."""
        self.channel = free_channel(scene, placements, above)
        self.rows = 1 + max((item.row for item in placements), default=0)
        """How many channels it uses from `channel` on."""
        self.total = len(placements)
        self.cut = 0
        """Strips that show less than their text, because this Blender holds no more; the text itself is kept."""
        self._scene = scene.session_uid
        editor = compat.editor_of(scene)
        self._meta = compat.shown(editor).name if len(editor.meta_stack) else ""
        """The meta strip that is being edited: strips outside of it would not be seen there."""
        self._waiting = collections.deque(enumerate(placements, 1))
        self._made: dict[str, tuple[int, Placement]] = {}
        self._unsettled: set[str] = set()
        """Those that a click on them does not find yet."""
        self._looked_at = 0
        """How many of all strips none of these is among."""
        self._below: list[tuple[int, int, int, int]] = []
        """End, row, place and lines of what was made last: what others may have to stand above."""
        self._kept_look = kept_look
        self._undone = undo.count()
        self._clock = clock_of(scene)

    @property
    def made(self) -> int:
        """How many are made."""
        return len(self._made)

    @property
    def fraction(self) -> float:
        """How much is made, 0.0 to 1.0."""
        return self.made / self.total if self.total else 1.0

    @property
    def notice(self) -> Text | None:
        """What the user should know of the strips that were made."""
        if not self.cut:
            return None
        return Text("{number} texts are longer than this Blender shows. All of each is kept.", number=self.cut)

    def step(self, budget: float | None = None) -> bool:
        """Make strips for about `budget` seconds, or all of them, and have clicks find them after the last one. Returns
        whether it is done.

        Raises SceneGoneError when the scene was deleted meanwhile.
        """
        scene = compat.scene_by_uid(self._scene)
        if scene is None:
            raise SceneGoneError(self.total)
        strips = compat.strips_of(compat.holder(compat.editor_of(scene), self._meta))
        self._look_for_undone(strips)
        make = compat.TextMaker(strips)
        dress = look.Look(scene, self._kept_look)
        is_soon = len(strips) > _FEW and compat.box_follows_transform()
        until = None if budget is None else time.monotonic() + budget
        while self._waiting:
            self._make(make, dress, *self._waiting.popleft(), is_soon=is_soon)
            if until is not None and time.monotonic() >= until:
                return not self._waiting and not self._unsettled
        return self._settle(strips, until)

    def _settle(self, strips: Any, until: float | None) -> bool:
        while self._unsettled:
            for number, strip in enumerate(itertools.islice(strips, self._looked_at, None), self._looked_at + 1):
                self._looked_at = number
                if strip.name in self._unsettled:
                    self._unsettled.remove(strip.name)
                    spot.settle(strip)
                if not self._unsettled:
                    return True
                if until is not None and time.monotonic() >= until:
                    return False
            # Where some were deleted in between, others have moved up to where it had looked already.
            self._unsettled &= {strip.name for strip in strips}
            self._looked_at = 0
        return True

    def select(self) -> None:
        """Select what was made and nothing else: the next thing that is moved is that."""
        scene = compat.scene_by_uid(self._scene)
        if scene is None:
            return
        for strip in compat.strips_of(compat.holder(compat.editor_of(scene), self._meta)):
            made = strip.name in self._made
            if strip.select != made:
                strip.select = made

    def _look_for_undone(self, strips: Any) -> None:
        """After an undo: have those made again that are no longer there."""
        if self._undone == undo.count():
            return
        self._undone = undo.count()
        there = {strip.name for strip in strips}
        # One that is there may be as it was in the middle of the work.
        self._unsettled, self._looked_at = self._made.keys() & there, 0
        gone = [self._made.pop(name) for name in list(self._made) if name not in there]
        self._waiting.extendleft(reversed(gone))

    def _make(self, make: compat.TextMaker, dress: look.Look, number: int, item: Placement, *, is_soon: bool) -> None:
        channel = self.channel + item.row
        strip = make(cue.short_name(channel, number), channel, item.start, item.end)
        self._made[strip.name] = number, item
        shown = strip.text = drawing.drawn(item.cue.text)
        self.cut += shown != item.cue.text and drawing.is_cut(item.cue.text)
        strip[cue.MARK] = cue.encode(item.cue, item.start, item.end, self._clock, shown)
        dress.apply(strip, item.cue, self._lines_below(item), soon=is_soon)
        if is_soon:
            self._unsettled.add(strip.name)
        # An edit after an import is about one of them, not about all.
        strip.select = False

    def _lines_below(self, item: Placement) -> int:
        """How many lines of others stand where a subtitle would, while it is shown."""
        if item.cue.placing.y is not None:
            return 0
        third = (item.cue.placing.align - 1) // 3
        self._below = [one for one in self._below if one[0] > item.start]
        lines = sum(one[3] for one in self._below if one[1] < item.row and one[2] == third)
        self._below.append((item.end, item.row, third, item.cue.text.count("\n") + 1))
        return lines


def any_between(scene: bpy.types.Scene, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether there is a subtitle of ours, among the strips that are shown, whose middle is in one of the ranges."""
    if scene.sequence_editor is None:
        return False
    strips = compat.strips_of(compat.shown(scene.sequence_editor))
    return any(cue.is_subtitle(strip) and _is_in(strip, ranges) for strip in strips)


def _is_in(strip: Strip, ranges: Sequence[tuple[int, int]]) -> bool:
    middle = (compat.left(strip) + compat.right(strip)) / 2
    return any(first <= middle < last for first, last in ranges)


# Strips to cues


def text_strips(scene: bpy.types.Scene, only_selected: bool = False) -> Iterator[tuple[Strip, int, int]]:
    """Each visible TEXT strip with the frames it shows on, those inside meta strips cut to the meta's edges."""
    if scene.sequence_editor is not None:
        yield from _walk(scene.sequence_editor, -(2**31), 2**31, only_selected)


def _walk(owner: object, first: int, last: int, only_selected: bool) -> Iterator[tuple[Strip, int, int]]:
    for strip in compat.strips_of(owner):
        # One that was baked is seen as its picture.
        if (strip.mute and cue.BAKED not in strip) or strip.type not in ("TEXT", "META"):
            continue
        start, end = max(first, compat.left(strip)), min(last, compat.right(strip))
        if start >= end:
            continue
        if strip.type == "META":
            yield from _walk(strip, start, end, only_selected and not strip.select)
        elif strip.select or not only_selected:
            yield strip, start, end


def subtitles(
    scene: bpy.types.Scene, only_selected: bool = False, channels: Container[int] | None = None
) -> list[tuple[Strip, int, int]]:
    """The strips of `text_strips` that are subtitles: those on `channels`, a track's, and without that those of ours.

    Other text strips (titles, credits) are none; but where there is none of ours at all, they are what is meant.
    """
    found = list(text_strips(scene, only_selected))
    if channels is not None:
        return [item for item in found if item[0].channel in channels]
    ours = [item for item in found if cue.is_subtitle(item[0])]
    return ours or (found if only_selected or not any(map(cue.is_subtitle, _texts(scene))) else [])


def inside_of(meta: Strip, channels: Iterable[int]) -> int:
    """How many text strips lie inside a meta strip, and inside those in it, on these channels."""
    import numpy as np

    strips, wanted = compat.strips_of(meta), list(channels)
    kinds = bulk.column(strips, "type")
    texts = (kinds == compat.text_kind()) & np.isin(bulk.column(strips, "channel"), wanted)
    metas = [strips[int(index)] for index in np.flatnonzero(kinds == compat.kind_number("META"))]
    return int(np.count_nonzero(texts)) + sum(inside_of(one, wanted) for one in metas)


def trackless_inside(scene: bpy.types.Scene, channels: Container[int]) -> int:
    """How many subtitles that are shown lie inside meta strips on none of these channels, those of all tracks."""
    if scene.sequence_editor is None:
        return 0
    outside = {strip.name for strip in compat.strips_of(scene.sequence_editor)}
    found = (strip for strip in _texts(scene) if cue.is_subtitle(strip) and strip.name not in outside)
    return sum(strip.channel not in channels for strip in found)


def _texts(scene: bpy.types.Scene) -> Iterator[Strip]:
    return (strip for strip, *_ in text_strips(scene))


def cues_of(
    scene: bpy.types.Scene, only_selected: bool = False, channels: Container[int] | None = None
) -> tuple[list[Cue], list[str]]:
    """The scene's subtitles as cues in order of time, and what could not be kept, worded for the user.

    Which they are says `subtitles`. Muted strips are not seen in the render and are left out. So are strips without
    text.
    """
    clock = clock_of(scene)
    cues: list[Cue] = []
    early = 0
    for strip, start, end in subtitles(scene, only_selected, channels):
        one = look.worn(strip, cue.read(strip, clock))
        if not one.text.strip():
            continue
        if start < clock.zero:
            early += 1
            start = clock.zero
        if end > start:
            cues.append(_between(one, clock.seconds(start), clock.seconds(end)))
    cues.sort(key=lambda one: (one.start, one.end))
    warnings: list[str] = []
    if early:
        warnings.append(
            Text("Cut at the scene's first frame, because begun before it: {subtitles}.", subtitles=counted(early))
        )
    return cues, warnings


def _between(one: Cue, start: float, end: float) -> Cue:
    return one if (one.start, one.end) == (start, end) else dataclasses.replace(one, start=start, end=end)
