# SPDX-License-Identifier: GPL-3.0-or-later
"""One subtitle, one strip: what survives being a strip, and what a user does to strips by hand."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import bpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import COLOR, ITALIC, Placing, Span, tidied
from subtitle_editor.core.subtitles import editing, realign, splitting
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.profiles import PROFILES
from subtitle_editor.core.subtitles.track import on_timeline
from subtitle_editor.sequencer import compat, cue, strips, track

pytestmark = pytest.mark.usefixtures("empty")
RATES = [(24, 1.001), (24, 1.0), (25, 1.0), (30, 1.001), (30, 1.0), (50, 1.0), (60, 1.001), (60, 1.0)]


def scene() -> bpy.types.Scene:
    return bpy.context.scene


def collection() -> Any:
    return compat.strips_of(compat.editor_of(scene()))


def clear() -> None:
    for strip in list(collection()):
        collection().remove(strip)


def put(*cues: Cue, channel: int = 2) -> list[Any]:
    clock = strips.clock_of(scene())
    return [track.make(collection(), one, clock, channel, None) for one in cues]


def back(strip: Any) -> Cue:
    return cue.read(strip, strips.clock_of(scene()))


def spoken(text: str, start: float = 1.0) -> Cue:
    words = tuple(Word(start + n / 2, start + n / 2 + 0.5, word, 0.75) for n, word in enumerate(text.split()))
    return Cue(start, words[-1].end, text, words)


def times(words: tuple[Word, ...]) -> list[tuple[str, float, float]]:
    return [(word.text, round(word.start, 3), round(word.end, 3)) for word in words]


FULL = Cue(
    1.0, 3.0, "Hello dear\nworld", spoken("Hello dear world").words, avg_logprob=-0.25, no_speech_prob=0.5,
    spans=(Span(0, 5, ITALIC), Span(6, 10, COLOR, "#ff0000")), placing=Placing(8, 0.5, 0.1), style="Top",
    speaker="Änne", layer=2, name="17", extra={"ass.effect": "Banner"},
)  # fmt: skip


def test_all_of_a_subtitle_comes_back() -> None:
    (strip,) = put(FULL)
    assert (strip.text, compat.left(strip), compat.right(strip)) == (FULL.text, 25, 73)
    assert back(strip) == FULL


def test_it_is_saved_with_the_file(tmp_path: Path) -> None:
    put(FULL)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "film.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "film.blend"))
    (strip,) = collection()
    assert back(strip) == FULL


def test_undo_brings_it_back() -> None:
    (strip,) = put(FULL)
    bpy.ops.ed.undo_push(message="one")
    cue.write(strip, Cue(1.0, 3.0, "Other"), strips.clock_of(scene()))
    bpy.ops.ed.undo_push(message="two")
    bpy.ops.ed.undo()
    assert back(collection()[0]) == FULL
    bpy.ops.ed.redo()
    assert back(collection()[0]).text == "Other"


def test_a_strip_that_is_moved_takes_its_words_along() -> None:
    (strip,) = put(spoken("one two three"))
    compat.set_edges(strip, compat.left(strip) + 240, compat.right(strip) + 240)
    assert times(back(strip).words) == [("one", 11, 11.5), ("two", 11.5, 12), ("three", 12, 12.5)]


@pytest.mark.parametrize(("left", "right"), [(6, 0), (0, -6), (-6, 0), (0, 12), (4, -4)])
def test_a_strip_that_is_cut_leaves_them_where_they_were_said(left: int, right: int) -> None:
    (strip,) = put(spoken("one two three"))
    compat.set_edges(strip, compat.left(strip) + left, compat.right(strip) + right)
    assert times(back(strip).words) == times(spoken("one two three").words)


def test_split_by_blender_leaves_the_words_in_both_halves() -> None:
    (strip,) = put(spoken("one two three"))
    second = strip.split(frame=37, split_method="SOFT")
    assert [times(back(half).words) for half in (strip, second)] == [times(spoken("one two three").words)] * 2
    assert cue.is_subtitle(second)


def test_a_text_typed_by_hand_is_realigned() -> None:
    (strip,) = put(FULL)
    strip.text = "Hello my dear\nwords"
    found = back(strip)
    assert times(found.words) == [("Hello", 1, 1.5), ("my", 1.5, 1.5), ("dear", 1.5, 2), ("words", 2, 2.5)]
    assert [found.text[span.start : span.end] for span in found.spans] == ["Hello", "dear"]
    assert (found.speaker, found.style) == ("Änne", "Top")


def test_the_real_text_is_kept_apart_from_what_is_drawn() -> None:
    (strip,) = put(Cue(0, 1, "سلام"))
    strip[cue.MARK] = cue.encode(Cue(0, 1, "سلام"), 1, 25, strips.clock_of(scene()), "ﻡﻼﺳ")
    strip.text = "ﻡﻼﺳ"
    assert (back(strip).text, cue.real_text(strip)) == ("سلام", "سلام")
    strip.text = "typed"
    assert (back(strip).text, cue.real_text(strip)) == ("typed", "typed")


@pytest.mark.parametrize(
    "junk", ["Subtitle", "{", "[]", '{"words":[1]}', '{"words":[]}', '{"spans":[["a"]],"text":"x"}', '{"extra":5}',
             '{"words":[[0,1,"x",1,0]],"at":5}', '{"placing":[1,2,3,4,5,6,7]}', 7],
)  # fmt: skip
def test_what_somebody_else_wrote_there_harms_nothing(junk: Any) -> None:
    (strip,) = put(Cue(0, 1, "Text"))
    strip[cue.MARK] = junk
    assert (back(strip).start, back(strip).end) == (0, 1)
    assert back(strip).text in ("Text", "x")
    assert cue.is_subtitle(strip)


def test_only_marked_strips_are_subtitles() -> None:
    card = compat.new_text(collection(), "Title", 5, 1, 50)
    assert not cue.is_subtitle(card)


# Round trip


@st.composite
def cues(draw: st.DrawFn, step: float) -> list[Cue]:
    """Subtitles whose edges lie on multiples of `step` seconds, in order, with words and formatting."""
    clock, found = draw(st.integers(0, 400_000)), []
    for _ in range(draw(st.integers(1, 5))):
        start = clock + draw(st.integers(0, 50))
        clock = start + draw(st.integers(max(1, round(0.05 / step)), max(2, round(5 / step))))
        text = draw(st.text("ab é字\n.", min_size=1, max_size=20).filter(str.strip))
        words = realign.guessed(text, start * step, clock * step) if draw(st.booleans()) else ()
        edge = draw(st.integers(0, len(text)))
        spans = tidied([Span(0, edge, ITALIC), Span(edge, len(text), COLOR, "#00ff00")], len(text))
        found.append(Cue(start * step, clock * step, text, words, spans=spans))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(RATES), st.data())
def test_times_on_frames_come_back_to_the_last_digit(rate: tuple[int, float], data: st.DataObject) -> None:
    clear()
    scene().render.fps, scene().render.fps_base = rate
    scene().frame_start = data.draw(st.sampled_from([1, 0, 1001, -50]))
    clock = strips.clock_of(scene())
    given_cues = [
        Cue(clock.seconds(clock.frame(one.start)), clock.seconds(clock.frame(one.end)), one.text, one.words,
            spans=one.spans)
        for one in data.draw(cues(1 / float(clock.rate)))
    ]  # fmt: skip
    for one, found in zip(given_cues, [back(strip) for strip in put(*given_cues)], strict=True):
        assert (found.start, found.end, found.text, found.spans) == (one.start, one.end, one.text, one.spans)
        assert [word.text for word in found.words] == [word.text for word in one.words]
        for before, after in zip(one.words, found.words, strict=True):
            # A file keeps milliseconds: these are the same there.
            assert abs(before.start - after.start) < 1e-5
            assert abs(before.end - after.end) < 1e-5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(RATES), st.data())
def test_other_times_move_by_half_a_frame_at_most(rate: tuple[int, float], data: st.DataObject) -> None:
    clear()
    scene().render.fps, scene().render.fps_base = rate
    given_cues = data.draw(cues(0.001))
    half = 0.5 / float(strips.clock_of(scene()).rate) + 1e-6
    found = [back(strip) for strip in put(*given_cues)]
    for one, after in zip(given_cues, found, strict=True):
        assert abs(one.start - after.start) <= half
        assert abs(one.end - after.end) <= half
        for before, word in zip(one.words, after.words, strict=True):
            assert abs(before.start - word.start) < 1e-5
    for a, b in itertools.pairwise(found):
        assert a.end <= b.start + 1e-9


# Rows


def test_a_row_is_in_order_of_time() -> None:
    put(Cue(4, 5, "c"), Cue(0, 1, "a"), Cue(2, 3, "b"))
    put(Cue(0, 9, "other"), channel=3)
    row = track.Row(scene(), [2])
    assert [row.strip(number).text for number in range(len(row))] == ["a", "b", "c"]
    assert [row.at(frame) for frame in (1, 24, 25, 49, 60, 96, 97)] == [0, 0, None, 1, 1, None, 2]
    assert [row.before(frame) for frame in (0, 1, 30, 500)] == [None, 0, 0, 2]
    assert [row.number_of(row.strip(number)) for number in range(3)] == [0, 1, 2]


def test_an_edit_is_applied() -> None:
    first, second, third = put(Cue(0, 1, "a b"), Cue(2, 3, "c"), Cue(4, 5, "d"))
    first.color = (1.0, 0.0, 0.0, 1.0)
    row = track.Row(scene(), [2])
    some = row.all()
    rules = on_timeline(PROFILES["netflix-en"], row.clock.rate)
    changed = some.apply(splitting.split(some.cues, 0, 0.5, rules))
    assert (len(changed.written), len(changed.made), changed.removed) == (1, 1, 0)
    assert tuple(changed.made[0].color) == (1.0, 0.0, 0.0, 1.0)
    row = track.Row(scene(), [2])
    assert [row.strip(number).text for number in range(len(row))] == ["a", "b", "c", "d"]
    some = row.all()
    assert some.apply(editing.merge(some.cues, [2, 3], rules)).removed == 1
    row = track.Row(scene(), [2])
    assert [one.text for one in row.all().cues] == ["a", "b", "c\nd"]
    assert (compat.left(second), compat.right(second)) == (49, 121)
    del third
