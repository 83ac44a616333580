# SPDX-License-Identifier: GPL-3.0-or-later
"""Many strips at once: their edges, and which of them are selected.

Whenever one strip begins elsewhere Blender compares it with all others: 10,000 of them take seconds, so it is done in
steps that a caller may spread. Where they end costs nothing: how far that is from a strip's content is written for all
of them in one call, which compares nothing. (The same can be done to beginnings, but Blender takes a TEXT strip for one
that begins where its content does, and puts it elsewhere when it is moved the next time.) Main thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import bpy

from . import compat
from .compat import Strip

FEW = 16
"""Strips up to which the ordinary way is as quick, and Blender looks after what they meet."""
_SHARE = 8
"""And one in so many of all there are: Blender 4.2 takes long to write the same into all others."""


def column(collection: Any, name: str, kind: type = int, count: int | None = None) -> Any:
    """One property of all strips of a collection: whole numbers (kinds and truths too), or with `float` those.

    `count`: how many there are, where that is known: Blender counts them.
    """
    import numpy as np

    values = np.zeros(len(collection) if count is None else count, dtype=np.float32 if kind is float else np.int32)
    if len(values):
        collection.foreach_get(name, values)
    return values


def no_texts(collection: Any) -> list[Strip]:
    """The strips that are no TEXT strips: not one of thousands of subtitles is looked at."""
    import numpy as np

    indices = np.flatnonzero(column(collection, "type") != compat.text_kind()).tolist()
    if len(indices) <= FEW:
        return [collection[index] for index in indices]
    # Blender counts from the first one whenever it is asked for one of many.
    strips = list(collection)
    return [strips[index] for index in indices]


def moving(collection: Any, wanted: Mapping[str, tuple[int, int]]) -> Iterator[int]:
    """Move edges of TEXT strips of a collection, step by step: name to the first frame and the first one after it.

    Yields how many are done. Their order in time should stay; channels are what they were at the end, also where strips
    meet: who moves them sees to it that they do not. Breaking off in between leaves some of them one frame long.
    """
    todo = [_Move(strip, *wanted[strip.name]) for strip in collection if strip.name in wanted]
    channels = [int(move.strip.channel) for move in todo]
    many = len(todo) > max(FEW, len(collection) // _SHARE)
    others = _seen_by_others(collection) if many else set()
    apart = [move for move in todo if move.strip.name not in others] if many else []
    begin = [move for move in apart if move.left != compat.left(move.strip)]
    # Short ones do not meet on their way.
    _set_ends(collection, {move.strip.name: (compat.left(move.strip), 1) for move in begin})
    ends = {move.strip.name: (move.left, max(1, move.right - move.left)) for move in apart}
    for done, move in enumerate(_in_order(begin if many else todo), 1):
        if many:
            compat.set_left(move.strip, move.left)
        else:
            compat.set_edges(move.strip, move.left, move.right)
        yield done
    _set_ends(collection, ends)
    for move in todo:
        if move.strip.name in others:
            compat.set_edges(move.strip, move.left, move.right)
    for move, channel in zip(todo, channels, strict=True):
        if move.strip.channel != channel:
            move.strip.channel = channel


class _Move(NamedTuple):
    strip: Strip
    left: int
    right: int


def _in_order(moves: list[_Move]) -> list[_Move]:
    """So that none meets another: of those that go later the last one first, of the others the first one."""
    timed = sorted(moves, key=lambda move: compat.left(move.strip))
    later = [move for move in timed if move.left > compat.left(move.strip)]
    rest = [move for move in timed if move.left <= compat.left(move.strip)]
    return [*rest, *reversed(later)]


def _set_ends(collection: Any, wanted: Mapping[str, tuple[int, int]]) -> None:
    """How long strips are, all at once: name to where it begins and how many frames it lasts."""
    if not wanted:
        return
    import numpy as np

    names = [strip.name for strip in collection]
    indices = np.array([index for index, name in enumerate(names) if name in wanted], dtype=np.int64)
    given = np.array([wanted[names[index]] for index in indices], dtype=np.int64)
    offset = compat.offset_names(collection[0])[1]
    offsets = column(collection, offset, float)
    right = column(collection, compat.edge_names(collection)[1])
    offsets[indices] -= given.sum(axis=1) - right[indices]
    collection.foreach_set(offset, offsets)
    _tell(collection[int(indices[-1])])


def _seen_by_others(collection: Any) -> set[str]:
    """The strips that others, such as a glow, are made of: these last as long, which Blender sees to."""
    found: set[str] = set()
    for strip in no_texts(collection):
        made_of = (getattr(strip, name, None) for name in ("input_1", "input_2"))
        found.update(one.name for one in made_of if one is not None)
    return found


def _tell(strip: Strip) -> None:
    """Have Blender know that strips have moved: by writing into one of them what it has."""
    channel = int(strip.channel)
    name = compat.offset_names(strip)[1]
    setattr(strip, name, getattr(strip, name))
    if strip.channel != channel:
        strip.channel = channel


def select_none(scene: bpy.types.Scene) -> None:
    """Select none of the strips that the sequencer shows of a scene."""
    selected = compat.selected(scene)
    if selected is not None and len(selected) <= FEW:
        # Blender knows which: no other strip is looked at.
        for strip in selected:
            strip.select = False
        return
    collection = compat.strips_shown(scene)
    select(collection, [False] * len(collection))


def select(collection: Any, chosen: Any) -> None:
    """Select these strips and no others: a truth for each of the collection."""
    import numpy as np

    flags = np.asarray(chosen, dtype=bool)
    if len(flags):
        collection.foreach_set("select", flags)
        # One in the ordinary way, so that Blender draws all of them.
        collection[0].select = bool(flags[0])
