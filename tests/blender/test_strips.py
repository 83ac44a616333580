# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues to TEXT strips and back, and which seconds of its media a strip uses."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import bpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.errors.media import MediaNotFoundError
from subtitle_editor.core.markup import ITALIC, Span
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.timecode import FrameRate
from subtitle_editor.sequencer import compat, cue, drawing, live, sounds, strips

from .conftest import SPEECH

pytestmark = pytest.mark.usefixtures("empty")


def scene() -> bpy.types.Scene:
    return bpy.context.scene


def write(cues: list[Cue], above: int = 0) -> strips.Writer:
    rate = strips.rate_of(scene())
    writer = strips.Writer(scene(), strips.place(cues, lambda s: scene().frame_start + rate.seconds_to_frame(s)), above)
    assert writer.step()
    return writer


def add_sound(start: int = 1, channel: int = 1, name: str = "hello.flac") -> Any:
    return compat.strips_of(compat.editor_of(scene())).new_sound("Voice", str(SPEECH / name), channel, start)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Four seconds of moving picture at 25 frames a second."""
    path = tmp_path / "film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=duration=4:rate=25:size=64x64"]
    done = subprocess.run(["ffmpeg", "-loglevel", "error", *source, str(path)], timeout=60)
    assert done.returncode == 0
    return path


def test_cues_come_back_as_they_went() -> None:
    cues = [Cue(0.0, 1.0, "First"), Cue(1.0, 2.5, "Two\nlines"), Cue(3.0, 4.0, "ÄÖ — 字幕 🎬")]
    write(cues)
    assert strips.cues_of(scene()) == (cues, [])


def test_strips_are_marked_styled_and_on_one_channel() -> None:
    add_sound(channel=3)
    writer = write([Cue(0.0, 1.0, "One"), Cue(1.0, 2.0, "Two")], above=3)
    texts = [strip for strip, *_ in strips.text_strips(scene())]
    assert writer.channel == 4
    assert [strip.channel for strip in texts] == [4, 4]
    assert all(strip[cue.MARK] == cue.PLAIN for strip in texts)
    assert all(strip.anchor_y == "BOTTOM" and strip.font_size == 54 for strip in texts)


def test_names_are_short_and_one_each() -> None:
    """From 16 bytes on Blender takes half as long again for each strip."""
    write([Cue(0.0, 1.0, "Two\nlines"), Cue(1.0, 2.0, "字" * 100), Cue(2.0, 3.0, "Two\nlines")], above=120)
    names = [strip.name for strip, *_ in strips.text_strips(scene())]
    assert names == ["121-0001", "121-0002", "121-0003"]
    assert len(cue.short_name(128, 99_999)) < 16


def test_a_title_card_is_no_subtitle() -> None:
    card = compat.new_text(compat.strips_of(compat.editor_of(scene())), "Title", 5, 1, 25)
    card.text = "THE FILM"
    assert [one.text for one in strips.cues_of(scene())[0]] == ["THE FILM"]
    write([Cue(0.0, 1.0, "said")])
    card.select = True
    assert [one.text for one in strips.cues_of(scene())[0]] == ["said"]
    assert [one.text for one in strips.cues_of(scene(), channels=[5])[0]] == ["THE FILM"]


def test_words_and_formatting_come_back_with_them() -> None:
    words = (Word(0.02, 0.5, "One"), Word(0.5, 0.93, "two"))
    given_cue = Cue(0.0, 1.0, "One two", words, spans=(Span(0, 3, ITALIC),), speaker="Anna")
    write([given_cue])
    (found,), _ = strips.cues_of(scene())
    assert (found.spans, found.speaker) == (given_cue.spans, "Anna")
    assert [(round(word.start, 4), round(word.end, 4)) for word in found.words] == [(0.02, 0.5), (0.5, 0.93)]


def test_overlapping_cues_go_one_channel_up() -> None:
    write([Cue(0.0, 3.0, "a"), Cue(1.0, 2.0, "b"), Cue(1.5, 4.0, "c"), Cue(3.0, 5.0, "d")])
    found = {strip.text: strip.channel for strip, *_ in strips.text_strips(scene())}
    assert found == {"a": 1, "b": 2, "c": 3, "d": 1}


def test_a_channel_that_is_taken_is_left_alone() -> None:
    add_sound(channel=1)
    add_sound(channel=2)
    assert write([Cue(0.0, 1.0, "x")], above=1).channel == 3


def test_no_channel_left_is_an_error() -> None:
    collection = compat.strips_of(compat.editor_of(scene()))
    for channel in (127, 128):
        compat.new_text(collection, f"t{channel}", channel, 1, 100)
    with pytest.raises(strips.ChannelsFullError):
        write([Cue(0.0, 1.0, "x")], above=126)


def test_the_shortest_cue_is_one_frame_long() -> None:
    write([Cue(1.0, 1.001, "blink")])
    ((strip, start, end),) = strips.text_strips(scene())
    assert (end - start, strip.text) == (1, "blink")


def test_selected_muted_and_empty_strips() -> None:
    write([Cue(0.0, 1.0, "keep"), Cue(1.0, 2.0, "mute"), Cue(2.0, 3.0, "  "), Cue(3.0, 4.0, "rest")])
    for strip, *_ in strips.text_strips(scene()):
        strip.select = strip.text == "keep"
        strip.mute = strip.text == "mute"
    assert [cue.text for cue in strips.cues_of(scene())[0]] == ["keep", "rest"]
    assert [cue.text for cue in strips.cues_of(scene(), only_selected=True)[0]] == ["keep"]


def test_a_strip_before_the_first_frame_is_cut_there_and_said_so() -> None:
    write([Cue(0.0, 2.0, "early")])
    scene().frame_start = 25
    cues, warnings = strips.cues_of(scene())
    assert [(cue.start, cue.end) for cue in cues] == [(0.0, 1.0)]
    assert len(warnings) == 1


def test_strips_in_a_meta_count_as_far_as_the_meta_shows_them() -> None:
    collection = compat.strips_of(compat.editor_of(scene()))
    meta = collection.new_meta("Meta", 1, 1)
    inside = compat.new_text(compat.strips_of(meta), "inside", 1, 1, 49)
    inside.text = "inside"
    compat.set_edges(meta, 1, 25)
    cues, _ = strips.cues_of(scene())
    assert [(cue.start, cue.end, cue.text) for cue in cues] == [(0.0, 1.0, "inside")]


@pytest.mark.parametrize("edges", [(100, 140), (2, 9), (15, 500), (30, 31)])
def test_set_edges(edges: tuple[int, int]) -> None:
    strip = compat.new_text(compat.strips_of(compat.editor_of(scene())), "t", 1, 10, 50)
    compat.set_edges(strip, *edges)
    assert (compat.left(strip), compat.right(strip)) == edges


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=st.sampled_from([(24, 1.0), (24, 1.001), (25, 1.0), (30, 1.001), (60, 1.001)]),
    spans=st.lists(st.tuples(st.integers(0, 500_000), st.integers(1, 300)), max_size=12),
)
def test_whole_frames_survive_the_round_trip(rate: tuple[int, float], spans: list[tuple[int, int]]) -> None:
    collection = compat.strips_of(compat.editor_of(scene()))
    for strip in list(collection):
        collection.remove(strip)
    scene().render.fps, scene().render.fps_base = rate
    exact = FrameRate(*rate)
    cues = [
        Cue(exact.frame_to_seconds(start), exact.frame_to_seconds(start + length), f"{number}")
        for number, (start, length) in enumerate(spans)
    ]
    write(cues)
    back, warnings = strips.cues_of(scene())
    assert sorted(back, key=repr) == sorted(cues, key=repr)
    assert warnings == []


@given(spans=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 40)), max_size=40))
def test_no_two_placements_touch(spans: list[tuple[int, int]]) -> None:
    placements = strips.place([Cue(float(s), float(s + d), "x") for s, d in spans], round)
    assert len(placements) == len(spans)
    rows: dict[int, int] = {}
    for item in placements:
        assert item.start >= rows.get(item.row, -1)
        rows[item.row] = item.end
    # No more rows than cues that show at one time.
    most = max((sum(p.start <= q.start < p.end for p in placements) for q in placements), default=0)
    assert len(rows) == most


def test_writing_in_chunks_makes_all_of_them() -> None:
    placements = [strips.Placement(n * 10, n * 10 + 5, 0, Cue(0, 1, str(n))) for n in range(50)]
    writer = strips.Writer(scene(), placements, 0)
    steps = 1
    while not writer.step(budget=0.0):
        steps += 1
    assert steps == 50
    assert writer.fraction == 1.0
    assert len(list(strips.text_strips(scene()))) == 50


def test_a_text_too_long_for_this_blender_is_shown_in_part_and_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "é" * 400
    monkeypatch.setattr(drawing, "_limit", lambda: 511)
    writer = write([Cue(0.0, 1.0, text)])
    ((strip, *_),) = strips.text_strips(scene())
    assert (writer.cut, strip.text) == (1, "é" * 255)
    assert strips.cues_of(scene())[0][0].text == text


@pytest.mark.parametrize("limit", [None, 511])
def test_a_text_that_is_drawn_otherwise_is_not_longer(limit: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Persian is prepared for drawing; only what finds no room is told."""
    monkeypatch.setattr(drawing, "_limit", lambda: limit)
    persian = "سلام دنیا"
    writer = write([Cue(0.0, 1.0, persian)])
    growing = live.Growing(scene(), [(1, 4000)], 1)
    growing.own(0, "0123456789ab/0")
    growing.add((0, 0), Cue(2, 3, persian))
    assert growing.step()
    assert (writer.notice, growing.notice) == (None, None)
    growing.add((0, 1), Cue(4, 5, "سلام " * 200))
    assert growing.step()
    assert (growing.notice is None) == (limit is None)


# Media


def test_the_whole_sound() -> None:
    strip = add_sound(start=25)
    use = sounds.media_use(strip, scene())
    assert use.path == SPEECH / "hello.flac"
    assert use.start == 0.0
    assert use.end == pytest.approx(8.057, abs=0.05)
    assert (use.frame(0.0), use.frame(1.0), use.frame(99.0)) == (25, 49, use.right)


def test_only_the_used_part_of_a_sound() -> None:
    strip = add_sound(start=10)
    compat.set_edges(strip, 10 + 48, 10 + 120)
    use = sounds.media_use(strip, scene())
    assert (use.start, use.end) == (pytest.approx(2.0), pytest.approx(5.0))
    assert use.frame(2.0) == 58
    assert use.frame(3.5) == 10 + 84
    cues = [Cue(0.5, 1.9, "before"), Cue(1.0, 2.5, "in"), Cue(4.5, 6.0, "out"), Cue(6.0, 7.0, "after")]
    assert [cue.text for cue in use.inside(cues)] == ["in", "out"]


def test_a_sound_under_a_fractional_rate() -> None:
    scene().render.fps, scene().render.fps_base = 30, 1.001
    use = sounds.media_use(add_sound(start=1), scene())
    assert use.speed == pytest.approx(1.0)
    assert use.frame(5.0) == 1 + 150


def test_a_film_that_shows_one_of_its_frames_per_timeline_frame(film: Path) -> None:
    strip = compat.strips_of(compat.editor_of(scene())).new_movie("Film", str(film), 1, 1)
    assert scene().render.fps == 24
    use = sounds.media_use(strip, scene())
    # 100 frames of a 25th of a second: the timeline runs slower than the film.
    assert use.end == pytest.approx(4.0)
    assert use.frame(2.0) == 1 + 50
    assert use.speed == pytest.approx(24 / 25)


def test_a_missing_file() -> None:
    strip = add_sound(name="no such file.flac")
    with pytest.raises(MediaNotFoundError):
        sounds.media_use(strip, scene())


def test_which_strips_are_meant() -> None:
    assert sounds.chosen(scene()) == []
    first = add_sound(channel=1)
    first.select = False
    assert sounds.chosen(scene()) == [first], "the only one"
    second = add_sound(channel=2)
    first.select = second.select = False
    scene().sequence_editor.active_strip = None
    assert sounds.chosen(scene()) == []
    assert sounds.chosen(scene(), whole=True) == [first, second]
    scene().sequence_editor.active_strip = first
    assert sounds.chosen(scene()) == [first]
    second.select = True
    assert sounds.chosen(scene()) == [second]
    first.select = True
    assert sounds.chosen(scene()) == [first, second]
