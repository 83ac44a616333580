# SPDX-License-Identifier: GPL-3.0-or-later
"""TEXT strips brought into the safe area and clear of each other (places.py finds those that are not). Main thread."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from typing import Any

import bpy

from . import compat, cue, drawing, places, spot
from .compat import Strip
from .places import FONT, OVER, Box, box_of, is_safe, is_turned
from .strips import clock_of


@dataclasses.dataclass(frozen=True, slots=True)
class Mended:
    """What has come of it."""

    count: int
    """Subtitles that were changed."""
    left: int
    """Those that are not locked, and of which something is still wrong."""
    locked: int
    """Those that are locked, and so were left alone: something is wrong, or a click on their text selects them not."""
    clicked: int = 0
    """Those that a click on their text did not select before, and does now."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Before:
    """All of a strip that is changed here."""

    place: spot.Kept
    font_size: float
    wrap_width: float
    text: str
    data: Any

    @classmethod
    def of(cls, strip: Strip) -> _Before:
        return cls(spot.kept(strip), strip.font_size, strip.wrap_width, strip.text, strip.get(cue.MARK))

    def put_back(self, strip: Strip) -> None:
        strip.font_size, strip.wrap_width = self.font_size, self.wrap_width
        spot.put_back(strip, self.place)
        if strip.text != self.text:
            strip.text = self.text
        if strip.get(cue.MARK) != self.data:
            strip[cue.MARK] = self.data


class Mending:
    """Bring subtitles into the safe area, and clear of all that are seen with them.

    A line that is too long is broken, in the subtitle itself where it reads from the right, and letters that are too
    large even then become smaller. Who was there first stays; the other one goes up, or in the upper half down. Where
    there is no room it stays. What is locked is only gone around.
    """

    def __init__(self, scene: bpy.types.Scene, found: Sequence[Strip], among: Sequence[Strip]) -> None:
        """`found` are to be mended; `among` are all that are seen at any time. Measures nothing yet."""
        self._scene, self._found, self._near = scene, found, []
        if found:
            # To measure one takes longer than to pass it over.
            first, last = min(map(compat.left, found)), max(map(compat.left, found))
            self._near = [one for one in among if compat.left(one) <= last and compat.right(one) > first]
        self._before: dict[str, _Before] = {}
        """Of those that were changed, by name."""

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self._near) + len(self._found)

    @property
    def changed(self) -> int:
        """How many have been changed so far."""
        return len(self._before)

    def steps(self) -> Generator[int, None, Mended]:
        """Do it, a subtitle a step, and look at them again."""
        whole, area, clock = places.film(self._scene), places.safe(self._scene), clock_of(self._scene)
        wanted = {strip.name for strip in self._found}
        channels = compat.locked(self._scene.sequence_editor)
        locked = {strip.name for strip in self._found if strip.lock or strip.channel in channels}
        placed: list[tuple[int, Box]] = []
        count = clicked = 0
        kept: set[str] = set()
        for number, strip in enumerate(places.in_time(self._near), 1):
            yield number
            is_free = strip.name in wanted and strip.name not in locked
            before = _Before.of(strip) if is_free else None
            if strip.name in locked and spot.is_beside_box(strip):
                kept.add(strip.name)
            if before is not None and spot.settle(strip):
                clicked += 1
                self._before[strip.name] = before
            box = box_of(strip, whole)
            if box is None:
                continue
            placed = [one for one in placed if one[0] > compat.left(strip)]
            if before is not None:
                if _mended(strip, box, whole, area, [other for _, other in placed], clock):
                    count += 1
                    box = box_of(strip, whole) or box
                if before != _Before.of(strip):
                    self._before[strip.name] = before
            placed.append((compat.right(strip), box))
        wrong = {trouble.name for trouble in (yield from places.looking(self._scene, self._found))}
        return Mended(count, len(wrong - locked), len(wrong & locked | kept), clicked)

    def back(self) -> Generator[int, None, Mended]:
        """Make all that was changed what it was before, a subtitle a step."""
        for strip in list(compat.strips_shown(self._scene)):
            if (before := self._before.get(strip.name)) is not None:
                before.put_back(strip)
                yield 1
        self._before.clear()
        return Mended(0, 0, 0)


def _mended(strip: Strip, before: Box, whole: Box, area: Box, others: Sequence[Box], clock: cue.Clock) -> bool:
    is_clear = is_safe(strip, before, area) and not any(before.overlaps(other) for other in others)
    if is_clear and not is_turned(strip, whole):
        return False
    text = strip.text
    room = area.right - area.left
    if before.right - before.left > room:
        strip.wrap_width = max(0.0, room - 2 * OVER * strip.font_size) / whole.right
    if is_turned(strip, whole):
        _break(strip, whole, clock)
    box = box_of(strip, whole) or before
    for side, most in ((box.right - box.left, room), (box.top - box.bottom, area.top - area.bottom)):
        if side > most:
            strip.font_size *= most / side
    box = box_of(strip, whole) or box
    inside = box.moved(
        max(0.0, area.left - box.left) or min(0.0, area.right - box.right),
        max(0.0, area.bottom - box.bottom) or min(0.0, area.top - box.top),
    )
    free = _clear(inside, others, area, up=inside.bottom + inside.top < whole.top)
    if free != box:
        x, y = spot.drawn_at(strip)
        x, y = x + free.left - box.left, y + free.bottom - box.bottom
        spot.put(strip, x / whole.right, y / whole.top)
    return (box_of(strip, whole), strip.text) != (before, text)


def _break(strip: Strip, whole: Box, clock: cue.Clock) -> None:
    """Break the lines of a subtitle that Blender would break from their end on."""
    from ..core.subtitles import realign

    wrap = strip.wrap_width * whole.right
    found = places.turned_lines(strip, whole)
    one = cue.read(strip, clock)
    lines = one.text.split("\n")
    fit = [
        _in_parts(line, wrap) if here else line
        for line, here in zip(lines, [*found, *[False] * len(lines)], strict=False)
    ]
    if fit != lines:
        cue.write(strip, realign.with_text(one, "\n".join(fit)), clock)


def _in_parts(line: str, wrap: float) -> str:
    """A line broken between words, as few times as can be, into parts of about the same width."""
    import blf

    def filled(most: float) -> list[str]:
        parts = [""]
        for word in line.split(" "):
            longer = f"{parts[-1]} {word}" if parts[-1] else word
            if parts[-1] and blf.dimensions(FONT, drawing.drawn(longer))[0] > most:
                parts.append(word)
            else:
                parts[-1] = longer
        return parts

    few = filled(wrap)
    total = sum(blf.dimensions(FONT, drawing.drawn(part))[0] for part in few)
    evener = (filled(min(wrap, total / len(few) * share)) for share in (1.0, 1.1, 1.25, 1.5))
    return "\n".join(next((parts for parts in evener if len(parts) == len(few)), few))


def _clear(box: Box, others: Sequence[Box], area: Box, *, up: bool) -> Box:
    """Where a box lies on none of the others; where it is, if there is no such place in the area."""
    free = box
    for _ in range(len(others) + 1):
        hit = [other for other in others if free.overlaps(other)]
        if not hit:
            return free if free.is_inside(area) else box
        step = max(other.top for other in hit) - free.bottom if up else min(other.bottom for other in hit) - free.top
        free = free.moved(0.0, step)
    return box
