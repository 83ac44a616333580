# SPDX-License-Identifier: GPL-3.0-or-later
"""Many subtitles moved, stretched and selected at once: what Blender does not look after then is right too."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import TIME, Span
from subtitle_editor.core.subtitles import timing
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.track import Edited, Part, Rules
from subtitle_editor.operators.cue_times import SUBTITLE_OT_nudge_cues
from subtitle_editor.operators.editing import pointed_at
from subtitle_editor.operators.slow import Moving, ScopeOperator
from subtitle_editor.sequencer import bulk, compat, cue, strips, track
from subtitle_editor.session import survey
from subtitle_editor.session import track as tracks

from .test_editing import choose, extent, now, put, scene, strip

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]

MANY = 3 * bulk.FEW
Moment = tuple[float, float, str]


def many(count: int = MANY) -> list[Moment]:
    """One a second, each half a second long: when all move by that, each meets where another was."""
    put(*(Cue(float(n), n + 0.5, f"number {n}") for n in range(count)))
    return now()


def later(moments: list[Moment], seconds: float) -> list[Moment]:
    return [(round(start + seconds, 3), round(end + seconds, 3), text) for start, end, text in moments]


def test_many_move_to_where_others_were() -> None:
    before = many()
    for seconds in (1.0, -1.0, 0.5):
        bpy.ops.subtitle.shift_cues(which="TRACK", seconds=seconds)
    assert now() == later(before, 0.5)
    assert {one.channel for one in compat.strips_of(scene().sequence_editor)} == {2}


def test_none_begins_before_the_film() -> None:
    before = many()
    with pytest.raises(RuntimeError, match="before the film"):
        bpy.ops.subtitle.shift_cues(which="TRACK", seconds=-0.5)
    assert now() == before


def test_it_is_undone_and_stays_in_a_file(tmp_path: Path) -> None:
    before = many()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.subtitle.shift_cues(which="TRACK", seconds=2.0)
    bpy.ops.ed.undo_push(message="shifted")
    bpy.ops.ed.undo()
    assert now() == before
    bpy.ops.ed.redo()
    assert now() == later(before, 2.0)
    path = str(tmp_path / "shifted.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert now() == later(before, 2.0)
    # And Blender's own way of moving goes on from there.
    compat.set_edges(strip(MANY - 1), 5000, 5010)
    assert (compat.left(strip(MANY - 1)), compat.right(strip(MANY - 1))) == (5000, 5010)


def test_a_stretch_of_many_is_exact_there_and_back() -> None:
    before = many()
    bpy.ops.subtitle.change_rate(made_for="25", plays_at="24")
    assert now()[24][0] == 25.0
    bpy.ops.subtitle.change_rate(made_for="24", plays_at="25")
    for (start, end, text), (old_start, old_end, old_text) in zip(now(), before, strict=True):
        assert text == old_text
        assert abs(start - old_start) <= 1 / 24 and abs(end - old_end) <= 1 / 24


def test_what_lies_beside_them_stays_and_what_is_made_of_one_follows() -> None:
    many()
    collection = compat.strips_of(scene().sequence_editor)
    title = compat.new_text(collection, "Title", 7, 10, 200)
    made_of = strip(3)
    glow = collection.new_effect(
        name="Glow", type="GLOW", channel=8, frame_start=1, **extent(1, 2), **_input(collection, made_of)
    )
    edges = compat.left(glow), compat.right(glow)
    assert edges == (compat.left(made_of), compat.right(made_of))
    bpy.ops.subtitle.shift_cues(which="TRACK", seconds=3.0)
    assert (compat.left(title), compat.right(title)) == (10, 200)
    assert (compat.left(glow), compat.right(glow)) == tuple(edge + 72 for edge in edges)


def _input(collection: Any, strip: Any) -> dict[str, Any]:
    parameters = collection.bl_rna.functions["new_effect"].parameters
    return {"input1" if "input1" in parameters else "seq1": strip}


def test_words_and_times_in_a_text_go_along() -> None:
    words = (Word(0.0, 0.25, "one"), Word(0.25, 0.5, "two"))
    one = Cue(0.0, 0.5, "one two", words)
    noted = Cue(1.0, 1.5, "three", spans=(Span(0, 0, TIME, "1.200"),))
    put(one, noted, *(Cue(n + 2.0, n + 2.5, f"number {n}") for n in range(MANY)))
    # One that somebody cuts by hand afterwards: its words stay where they are said.
    cut = strip(0)
    compat.set_edges(cut, compat.left(cut) + 6, compat.right(cut))
    bpy.ops.subtitle.shift_cues(which="TRACK", seconds=2.0)
    clock = strips.clock_of(scene())
    moved = cue.read(strip(0), clock)
    assert [(round(word.start, 2), word.text) for word in moved.words] == [(2.0, "one"), (2.25, "two")]
    assert round(moved.start, 2) == 2.25
    assert cue.read(strip(1), clock).spans == (Span(0, 0, TIME, "3.200"),)


def test_the_rest_moves_with_a_beginning() -> None:
    before = many()
    scene().frame_set(strips.clock_of(scene()).frame(9.75))
    bpy.ops.subtitle.set_edge(edge="IN", shift_rest=True)
    assert now() == [*before[:10], *later(before[10:], -0.25)]


@pytest.mark.parametrize("count", [2, MANY])
def test_the_rest_moves_with_an_end_that_comes_earlier(count: int) -> None:
    put(Cue(0.0, 2.0, "first"), *(Cue(2.0 + n, 2.25 + n, f"number {n}") for n in range(count)))
    before = now()
    choose(0)
    assert bpy.ops.subtitle.nudge_cues(frames=-12, edge="OUT", rest=True) == {"FINISHED"}
    assert now() == [(0.0, 1.5, "first"), *later(before[1:], -0.5)]
    assert {one.channel for one in compat.strips_of(scene().sequence_editor)} == {2}


def test_selecting_many() -> None:
    many()
    title = compat.new_text(compat.strips_of(scene().sequence_editor), "Title", 7, 10, 200)
    title.select = True
    bpy.ops.subtitle.select_cues(by="ALL")
    assert tracks.row(scene()).selected() == list(range(MANY))
    bpy.ops.subtitle.select_cues(by="TEXT", find="number 1")
    assert tracks.row(scene()).selected() == [1, *range(10, 20)]
    bpy.ops.subtitle.select_cues(by="TEXT", find="number 2", extend=True)
    assert tracks.row(scene()).selected() == [1, 2, *range(10, 30)]
    assert title.select
    choose(4)
    assert tracks.row(scene()).selected() == [4]
    assert not title.select


def test_a_survey_after_an_edit_knows_what_one_from_scratch_knows() -> None:
    texts = ["fine", "two  spaces", "so", "so", "so", "Thanks for watching", "a (b"]
    put(*(Cue(n * 2.0, n * 2.0 + 1.5, text, speaker="Anna" if n % 2 else "") for n, text in enumerate(texts)))
    survey.read_now()
    edits: list[Any] = [
        lambda: setattr(strip(1), "text", "one"),
        lambda: compat.set_edges(strip(2), compat.left(strip(2)), compat.right(strip(2)) + 30),
        lambda: compat.strips_of(scene().sequence_editor).remove(strip(3)),
        lambda: setattr(scene().subtitle_editor.tracks[0], "profile", "bbc"),
        lambda: setattr(scene().render, "fps", 12),
        lambda: bpy.ops.subtitle.split_cue(by="WORDS"),
    ]
    for edit, again in itertools.product(edits[:5], (False, True)):
        if not again:
            edit()
        found = survey.read_now()
        survey.reader.reset()
        fresh = survey.read_now()
        for name in ("names", "cues", "searchable", "problems", "counts", "doubtful", "speakers"):
            assert getattr(found, name) == getattr(fresh, name), (name, edit)


# Stopped on the way


def state() -> list[Any]:
    """Every strip with all that an edit may change."""
    found = compat.strips_of(scene().sequence_editor)
    return sorted(
        (one.name, one.channel, compat.left(one), compat.right(one), one.text, one.get(cue.MARK)) for one in found
    )


def stopped(row: track.Row, steps: track.Steps, after: int) -> None:
    """Let some steps of an edit be done, and turn back."""
    moving = Moving(row, steps, len(row))
    for _ in range(after):
        assert moving.go_on(0.0) is None
    moving.turn_back()
    assert moving.go_on(math.inf) is not None


@pytest.mark.parametrize(("after", "highest"), [(1, 9), (30, 9), (50, 9), (65, 9), (20, strips.MAX_CHANNEL)])
def test_time_that_is_removed_comes_back_with_what_lay_in_it(after: int, highest: int) -> None:
    many(44)
    compat.new_text(compat.strips_of(scene().sequence_editor), "Title", highest, 1, 2000)
    put(*(Cue(n + 0.25, n + 0.75, f"beside {n}") for n in range(44)), channel=3)
    before, row = state(), track.Row(scene(), [2, 3])
    some, rules = row.all(), tracks.rules(scene())
    stopped(row, some.applying(timing.cut_out(some.cues, 9.0, 30.0, rules)), after)
    assert state() == before


@pytest.mark.parametrize("after", [1, 20, MANY])
def test_an_end_with_the_rest_comes_back(after: int) -> None:
    put(Cue(0.0, 2.0, "first"), *(Cue(2.0 + n, 2.25 + n, f"number {n}") for n in range(MANY)))
    choose(0)
    before, row = state(), tracks.row(scene())
    earlier: Any = SimpleNamespace(frames=-12, edge="OUT")
    steps = SUBTITLE_OT_nudge_cues._with_rest(earlier, row, *pointed_at(scene(), row), tracks.rules(scene()))
    stopped(row, steps, after)
    assert state() == before


def test_an_end_stays_where_one_of_the_rest_is_locked() -> None:
    put(Cue(0.0, 2.0, "first"), Cue(2.0, 2.25, "second"), Cue(3.0, 3.25, "third"))
    choose(0)
    strip(2).lock = True
    before = state()
    with pytest.raises(RuntimeError, match="Locked"):
        bpy.ops.subtitle.nudge_cues(frames=-12, edge="OUT", rest=True)
    assert state() == before


class Left(ScopeOperator):
    """What Blender makes an operator's object of, without Blender's half."""

    bl_label = "Left"

    def __init__(self, moving: Moving) -> None:
        self.said: list[str] = []
        self._work, self._timer = moving, object()  # type: ignore[assignment]

    def report(self, _kind: set[str], text: str) -> None:  # type: ignore[override]
        self.said.append(text)


class Event:
    type, value = "TIMER", "NOTHING"


def test_where_its_window_closes_all_is_put_back() -> None:
    many()
    before, row = state(), tracks.row(scene())
    moving = Moving(row, row.moving(range(len(row)), 24), len(row))
    for _ in range(30):
        moving.go_on(0.0)
    assert state() != before
    Left(moving).cancel(bpy.context)
    assert state() == before


def test_a_strip_that_a_script_takes_away_meanwhile_costs_nothing_else() -> None:
    many()
    before, row = state(), tracks.row(scene())
    moving = Moving(row, row.moving(range(len(row)), 24), len(row))
    for _ in range(30):
        moving.go_on(0.0)
    gone = strip(5)
    name = gone.name
    compat.strips_of(scene().sequence_editor).remove(gone)
    left = Left(moving)
    assert left.modal(bpy.context, Event()) == {"CANCELLED"}  # type: ignore[arg-type]
    assert state() == [one for one in before if one[0] != name]
    assert "A script has made or removed strips" in left.said[0]


@pytest.mark.parametrize("after", [1, 20, 40])
def test_a_shift_that_is_stopped_leaves_all_where_it_was(after: int) -> None:
    many()
    before, row = state(), tracks.row(scene())
    stopped(row, row.moving(range(len(row)), 24), after)
    assert state() == before


def test_an_edit_of_several_channels_that_is_stopped_leaves_all_as_it_was() -> None:
    many()
    put(*(Cue(n + 0.25, n + 1.0, f"beside {n}") for n in range(MANY)), channel=3)
    scene().subtitle_editor.tracks.clear()
    tracks.enter(scene(), 2, 2, "Film")
    before, row = state(), tracks.row(scene())

    class Edit(ScopeOperator):
        def many(self, some: track.Excerpt, places: list[int], rules: Rules) -> Edited:
            # The first of each channel goes, and all others change.
            return [Part(at, dataclasses.replace(timing.moved(some.cues[at], 2.0), text="other")) for at in places[1:]]

    steps = Edit().steps(scene(), row, tracks.rules(scene()), list(range(len(row))))
    stopped(row, steps, MANY + 10)
    assert state() == before


@pytest.mark.parametrize("highest", [9, strips.MAX_CHANNEL])
def test_what_is_removed_from_among_many_is_out_of_their_way(highest: int) -> None:
    before = many(44)
    compat.new_text(compat.strips_of(scene().sequence_editor), "Title", highest, 1, 2000)
    row = tracks.row(scene())
    some = row.all()
    changed = some.apply(timing.cut_out(some.cues, 9.0, 30.0, tracks.rules(scene())))
    assert now() == [*before[:9], *later(before[30:], -21.0)] and changed.removed == 21
    assert {one.channel for one in compat.strips_of(scene().sequence_editor)} == {2, highest}
