# SPDX-License-Identifier: GPL-3.0-or-later
"""One subtitle with its neighbours, found without a look at all of them: the same ones that a look at all finds."""

from __future__ import annotations

from typing import Any

import bpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.sequencer import bulk, compat, cue, nearby
from subtitle_editor.sequencer import track as rows

STRIPS = st.lists(st.tuples(st.integers(1, 300), st.integers(1, 25), st.integers(1, 3)), max_size=90)


def make(scene: Any, wanted: list[tuple[int, int, int]], kinds: int = 7) -> None:
    """Strips at random places, in an order that is not that of time; each of so many a colour instead of a text."""
    editor = compat.editor_of(scene)
    collection = compat.strips_of(editor)
    for number, (start, length, channel) in enumerate(wanted):
        if number % kinds == kinds - 1:
            extent = {"length": length} if "length" in _parameters(collection) else {"frame_end": start + length}
            collection.new_effect(name=f"c{number}", type="COLOR", channel=channel, frame_start=start, **extent)
        else:
            strip = compat.new_text(collection, f"s{number}", channel, start, start + length)
            strip.text, strip[cue.MARK] = f"Text {number}", cue.PLAIN


def _parameters(collection: Any) -> Any:
    return collection.bl_rna.functions["new_effect"].parameters


def names(found: Any) -> Any:
    return None if found is None else ([strip.name for strip in found[0].strips], found[1])


def by_all(row: rows.Row, number: int | None) -> Any:
    """The same by a row that knows all."""
    if number is None:
        return None
    lane, at = row.lane_of(number)
    some = lane.around(at)
    return [strip.name for strip in some.strips], some.place(at)


@settings(max_examples=60, deadline=None)
@given(STRIPS, st.lists(st.integers(-5, 340), min_size=1, max_size=6), st.sampled_from([(1,), (1, 2), (2, 3), (4,)]))
def test_the_same_as_with_all_of_them(
    wanted: list[tuple[int, int, int]], frames: list[int], channels: tuple[int, ...]
) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    make(scene, wanted)
    whole = rows.Row(scene, channels)
    for frame in frames:
        shown = nearby.meant(rows.Row(scene, channels), frame, lambda some, frame=frame: some.at(frame))  # type: ignore
        assert names(shown) == by_all(whole, whole.at(frame))
        before = nearby.meant(rows.Row(scene, channels), frame, lambda some, frame=frame: some.before(frame))  # type: ignore
        assert names(before) == by_all(whole, whole.before(frame))
    for number in range(len(whole)):
        strip = whole.strip(number)
        own = nearby.meant(
            rows.Row(scene, channels),
            compat.left(strip),
            lambda some, strip=strip: some.number_of(strip),  # type: ignore
        )
        assert names(own) == by_all(whole, number)


@pytest.fixture
def film() -> Any:
    """300 subtitles, one after the other."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    make(scene, [(1 + number * 10, 8, 1) for number in range(300)], kinds=1000)
    return scene


def test_no_more_is_read_of_all_than_where_they_begin(film: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = bulk.column

    def column(collection: Any, name: str, *args: Any, **given: Any) -> Any:
        read.append(name)
        return real(collection, name, *args, **given)

    monkeypatch.setattr(bulk, "column", column)
    found = nearby.meant(rows.Row(film, (1,)), 1505, lambda some: some.at(1505))
    assert names(found) == (["s149", "s150", "s151"], 1)
    assert read == [compat.edge_names(compat.strips_of(film.sequence_editor))[0]]


def test_an_edit_of_one_changes_that_one(film: Any) -> None:
    found = nearby.meant(rows.Row(film, (1,)), 1505, lambda some: some.at(1505))
    assert found is not None
    from subtitle_editor.core.subtitles import timing
    from subtitle_editor.core.subtitles.profiles import PROFILES
    from subtitle_editor.core.subtitles.track import on_timeline

    some, place = found
    rules = on_timeline(PROFILES["netflix-en"], some.row.clock.rate)
    before = {strip.name: (compat.left(strip), compat.right(strip)) for strip in compat.strips_shown(film)}
    some.apply(timing.set_edge(some.cues, place, timing.Edge.IN, some.row.clock.seconds(1505), rules))
    after = {strip.name: (compat.left(strip), compat.right(strip)) for strip in compat.strips_shown(film)}
    assert {name for name in after if after[name] != before[name]} == {"s150"}
    assert after["s150"] == (1505, 1509)
