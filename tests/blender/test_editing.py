# SPDX-License-Identifier: GPL-3.0-or-later
"""Each operator that edits subtitles, with its undo; random editing; fields and rows of the panels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import addon_utils
import bpy
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import VOICE, Span
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.sequencer import compat, cue, strips, track
from subtitle_editor.session import chosen, listing, survey
from subtitle_editor.session import track as tracks

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]


def scene() -> bpy.types.Scene:
    return bpy.context.scene


def put(*cues: Cue, channel: int = 2) -> list[Any]:
    """A track with these subtitles, the last step before what is tested."""
    collection = compat.strips_of(compat.editor_of(scene()))
    made = [track.make(collection, one, strips.clock_of(scene()), channel, None) for one in cues]
    tracks.enter(scene(), channel, 1, "Film")
    for strip in made:
        strip.select = False
    scene().sequence_editor.active_strip = None
    bpy.ops.ed.undo_push(message="prepared")
    return made


def film(*spans: tuple[float, float, str]) -> list[Any]:
    return put(*(Cue(*span) for span in spans))


def now() -> list[tuple[float, float, str]]:
    """The subtitles as they are on the timeline."""
    return [(round(one.start, 3), round(one.end, 3), one.text) for one in tracks.row(scene()).all().cues]


def strip(number: int) -> Any:
    return tracks.row(scene()).strip(number)


def at(seconds: float) -> None:
    scene().frame_set(strips.clock_of(scene()).frame(seconds))


def choose(number: int) -> None:
    tracks.choose(scene(), strip(number))


THREE = ((0.0, 1.0, "one two"), (2.0, 3.0, "three"), (4.0, 6.0, "four five\nsix"))

CASES: list[tuple[str, dict[str, Any], float, int | None, list[tuple[float, float, str]]]] = [
    ("add_cue", {}, 1.25, None, [(0, 1, "one two"), (1.25, 1.917, ""), (2, 3, "three"), (4, 6, "four five\nsix")]),
    ("add_cue", {}, 9.0, None, [*THREE, (9, 12, "")]),
    ("remove_cues", {}, 0.5, 1, [THREE[0], THREE[2]]),
    ("remove_cues", {"ripple": True}, 0.5, 1, [THREE[0], (2, 4, "four five\nsix")]),
    ("split_cue", {}, 0.5, None, [(0, 0.417, "one"), (0.5, 1, "two"), *THREE[1:]]),
    ("split_cue", {"keep_text": True}, 0.5, None, [(0, 0.417, "one two"), (0.5, 1, "one two"), *THREE[1:]]),
    ("split_cue", {"by": "LINES"}, 0.0, 2, [*THREE[:2], (4, 5.417, "four five"), (5.5, 6, "six")]),
    ("split_cue", {"by": "WORDS"}, 0.0, 0, [(0, 0.667, "one"), (0.667, 1, "two"), *THREE[1:]]),
    ("merge_cues", {"what": "NEXT"}, 0.0, 0, [(0, 3, "one two\nthree"), THREE[2]]),
    ("merge_cues", {"what": "PREVIOUS"}, 0.0, 1, [(0, 3, "one two\nthree"), THREE[2]]),
    ("move_word", {"to": "NEXT"}, 0.0, 0, [(0, 1, "one"), (2, 3, "two three"), THREE[2]]),
    ("move_word", {"to": "PREVIOUS"}, 0.0, 2, [THREE[0], (2, 3, "three four"), (4, 6, "five\nsix")]),
    ("set_edge", {"edge": "IN"}, 1.5, None, [THREE[0], (1.5, 3, "three"), THREE[2]]),
    ("set_edge", {"edge": "OUT"}, 1.5, None, [(0, 1.5, "one two"), *THREE[1:]]),
    ("set_edge", {"edge": "IN"}, 2.5, None, [THREE[0], (2.5, 3, "three"), THREE[2]]),
    ("set_edge", {"edge": "IN", "shift_rest": True}, 1.5, None,
     [THREE[0], (1.5, 2.5, "three"), (3.5, 5.5, "four five\nsix")]),
    ("nudge_cues", {"frames": 6}, 0.0, 1, [THREE[0], (2.25, 3.25, "three"), THREE[2]]),
    ("nudge_cues", {"frames": -6, "edge": "IN"}, 0.0, 1, [THREE[0], (1.75, 3, "three"), THREE[2]]),
    ("nudge_cues", {"frames": 24}, 0.0, 1, [THREE[0], (3, 4, "three"), THREE[2]]),
    ("extend_cue", {"to": "NEXT"}, 0.0, 1, [THREE[0], (2, 3.917, "three"), THREE[2]]),
    ("extend_cue", {"to": "PREVIOUS"}, 0.0, 1, [THREE[0], (1.083, 3, "three"), THREE[2]]),
    ("extend_cue", {"to": "PLAYHEAD"}, 3.5, 1, [THREE[0], (2, 3.5, "three"), THREE[2]]),
    ("shift_cues", {"seconds": 1.0, "which": "FOLLOWING"}, 1.5, None,
     [THREE[0], (3, 4, "three"), (5, 7, "four five\nsix")]),
    ("shift_cues", {"frames": 12, "which": "TRACK"}, 0.0, None,
     [(0.5, 1.5, "one two"), (2.5, 3.5, "three"), (4.5, 6.5, "four five\nsix")]),
    ("scale_cues", {"first": "0:01.0", "last": "00:00:09:00", "which": "TRACK"}, 0.0, None,
     [(1, 3, "one two"), (5, 7, "three"), (9, 13, "four five\nsix")]),
    ("change_rate", {"made_for": "48", "plays_at": "24"}, 0.0, None,
     [(0, 2, "one two"), (4, 6, "three"), (8, 12, "four five\nsix")]),
    ("ripple", {"what": "INSERT", "seconds": 2.0}, 1.5, None,
     [THREE[0], (4, 5, "three"), (6, 8, "four five\nsix")]),
    ("ripple", {"what": "INSERT", "seconds": 0.0, "frames": 12}, 2.5, None, [*THREE[:2], (4.5, 6.5, "four five\nsix")]),
    ("ripple", {"what": "REMOVE", "seconds": 3.5}, 1.5, None, [THREE[0], (1.5, 2.5, "four five\nsix")]),
    ("ripple", {"what": "REMOVE", "seconds": 1.0}, 4.5, None, [*THREE[:2], (4, 5, "four five\nsix")]),
    ("ripple", {"what": "REMOVE", "seconds": 1.5}, 0.5, None,
     [(0, 0.5, "one two"), (0.5, 1.5, "three"), (2.5, 4.5, "four five\nsix")]),
    ("nudge_cues", {"frames": 12, "rest": True}, 0.0, 1, [THREE[0], (2.5, 3.5, "three"), (4.5, 6.5, "four five\nsix")]),
    ("nudge_cues", {"frames": -6, "edge": "OUT", "rest": True}, 0.0, 1,
     [THREE[0], (2, 2.75, "three"), (3.75, 5.75, "four five\nsix")]),
    ("rewrite_cues", {"how": "BALANCE", "which": "TRACK"}, 0.0, None, [*THREE[:2], (4, 6, "four five six")]),
    ("rewrite_cues", {"how": "UPPER"}, 0.0, 1, [THREE[0], (2, 3, "THREE"), THREE[2]]),
    ("rewrite_cues", {"how": "DASHES", "which": "TRACK"}, 0.0, None, [*THREE[:2], (4, 6, "- four five\n- six")]),
    ("add_line", {}, 0.0, 1, [THREE[0], (2, 3, "three\nnew line"), THREE[2]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "playhead", "number", "expected"), CASES, ids=lambda value: str(value)[:40])
def test_each_edit_and_its_undo(
    name: str, given: dict[str, Any], playhead: float, number: int | None, expected: list[tuple[float, float, str]]
) -> None:
    film(*THREE)
    at(playhead)
    if number is not None:
        choose(number)
    bpy.ops.ed.undo_push(message="before")
    assert getattr(bpy.ops.subtitle, name)(**given) == {"FINISHED"}
    assert now() == [tuple(one) for one in expected]
    assert all(found.channel == 2 for found in compat.strips_of(scene().sequence_editor))
    bpy.ops.ed.undo_push(message=name)
    bpy.ops.ed.undo()
    assert now() == list(THREE)
    bpy.ops.ed.redo()
    assert now() == [tuple(one) for one in expected]


def test_time_for_all_tracks_but_locked_ones() -> None:
    film(*THREE)
    for channel in (3, 4):
        put(Cue(5.0, 6.0, "above"), channel=channel)
    scene().sequence_editor.channels[4].lock = True
    scene().subtitle_editor.track_index = 0
    at(4.5)
    bpy.ops.subtitle.ripple(what="INSERT", seconds=10.0, of="ALL")
    edges = {one.channel: compat.left(one) for one in compat.strips_of(scene().sequence_editor) if one.text == "above"}
    assert edges == {3: 361, 4: 121}


def test_words_inside_of_removed_time_stay_words_of_their_text() -> None:
    words = tuple(Word(n * 0.5, n * 0.5 + 0.5, word) for n, word in enumerate("one two three four".split()))
    put(Cue(0.0, 2.0, "one two three four", words))
    at(0.5)
    bpy.ops.subtitle.ripple(what="REMOVE", seconds=1.0)
    assert now() == [(0, 1, "one two three four")]
    heard = cue.read(strip(0), strips.clock_of(scene())).words
    assert [(word.text, round(word.start, 2), round(word.end, 2)) for word in heard] == [
        ("one", 0, 0.5), ("two", 0.5, 0.5), ("three", 0.5, 0.5), ("four", 0.5, 1.0)
    ]  # fmt: skip


def test_numbers_in_order_of_time() -> None:
    film((4, 5, "c"), (0, 1, "a"), (2, 3, "b"))
    title = compat.new_text(compat.strips_of(scene().sequence_editor), "2-0007", 5, 1, 500)
    assert strip(0).name == "2+1"
    bpy.ops.subtitle.renumber_cues(start=7, identifiers=True)
    assert [strip(number).name for number in range(3)] == ["2-0007.001", "2-0008", "2-0009"]
    assert title.name == "2-0007"
    assert [one.name for one in tracks.row(scene()).all().cues] == ["7", "8", "9"]


def test_merging_the_selected_ones() -> None:
    film(*THREE)
    for number in (1, 2):
        strip(number).select = True
    bpy.ops.subtitle.merge_cues()
    assert now() == [THREE[0], (2, 6, "three four five six")]


def test_merging_doubled() -> None:
    film((0, 1, "a"), (1, 2, "a"), (3, 4, "b"))
    bpy.ops.subtitle.merge_doubled()
    assert now() == [(0, 2, "a"), (3, 4, "b")]


def test_gaps_and_cuts() -> None:
    film((0, 1, "a"), (1.25, 2, "b"), (4.25, 5, "c"))
    bpy.ops.subtitle.close_gaps(which="TRACK")
    assert now()[0] == (0, 1.167, "a")
    with pytest.raises(RuntimeError, match="no cuts"):
        bpy.ops.subtitle.snap_to_cuts(which="TRACK")
    compat.strips_of(scene().sequence_editor).new_effect(
        name="shot", type="COLOR", channel=1, frame_start=97, **extent(97, 300)
    )
    bpy.ops.subtitle.snap_to_cuts(which="TRACK")
    assert now()[2] == (4, 5, "c")


def extent(start: int, end: int) -> dict[str, int]:
    parameters = compat.strips_of(scene().sequence_editor).bl_rna.functions["new_effect"].parameters
    return {"length": end - start} if "length" in parameters else {"frame_end": end}


def test_segmenting_again_by_another_profile() -> None:
    text = "When the committee met on Tuesday nobody expected that"
    words = tuple(Word(n * 0.5, n * 0.5 + 0.5, word) for n, word in enumerate(text.split()))
    put(Cue(0, words[-1].end, text, words))
    scene().subtitle_editor.tracks[0].profile = "vertical"
    assert bpy.ops.subtitle.segment_again() == {"FINISHED"}
    assert " ".join(one[2].replace("\n", " ") for one in now()) == text
    assert all(len(line) <= 24 for one in now() for line in one[2].split("\n"))
    assert cue.read(strip(0), strips.clock_of(scene())).words


def test_segmenting_one_again_takes_no_time_from_its_neighbours() -> None:
    film((0, 0.5, "one"), (0.5, 1, "two"), (1, 3, "three"))
    choose(1)
    bpy.ops.subtitle.segment_again()
    assert now() == [(0, 0.5, "one"), (0.5, 1, "two"), (1, 3, "three")]


def test_the_first_subtitle_makes_a_track() -> None:
    at(1.0)
    assert bpy.ops.subtitle.add_cue() == {"FINISHED"}
    assert now() == [(1, 4, "")]
    assert strip(0).use_shadow
    assert [one.name for one in tracks.tracks(scene())] == ["Subtitles"]


def test_what_cannot_be_done_says_why_and_changes_nothing() -> None:
    with pytest.raises(RuntimeError, match="no subtitles yet"):
        bpy.ops.subtitle.split_cue()
    film(*THREE)
    at(1.5)
    with pytest.raises(RuntimeError, match="No subtitle is chosen"):
        bpy.ops.subtitle.split_cue()
    scene().sequence_editor.channels[2].lock = True
    with pytest.raises(RuntimeError, match="locked"):
        bpy.ops.subtitle.add_cue()
    assert now() == list(THREE)


def test_a_title_on_another_channel_is_left_alone() -> None:
    film(*THREE)
    title = compat.new_text(compat.strips_of(scene().sequence_editor), "Title", 5, 1, 500)
    title.select = True
    at(0.5)
    bpy.ops.subtitle.shift_cues(which="SELECTED", seconds=1.0)
    assert (compat.left(title), compat.right(title)) == (1, 500)
    assert now()[0] == (1, 2, "one two")


def test_going() -> None:
    film(*THREE)
    at(0.0)
    choose(0)
    for expected in (1, 2):
        bpy.ops.subtitle.jump_cue(to="NEXT")
        assert tracks.chosen_strip(scene()) == strip(expected)
        assert scene().frame_current == compat.left(strip(expected))
    assert bpy.ops.subtitle.jump_cue(to="NEXT") == {"CANCELLED"}
    bpy.ops.subtitle.jump_cue(to="PREVIOUS")
    assert tracks.chosen_strip(scene()) == strip(1)


def test_going_to_problems_and_doubtful_words() -> None:
    put(Cue(0, 2, "fine"), Cue(3, 5, "two  spaces"), Cue(6, 8, "so", (Word(6, 7, "so", 0.2),)))
    at(0.0)
    bpy.ops.subtitle.jump_cue(to="PROBLEM")
    assert tracks.chosen_strip(scene()) == strip(1)
    bpy.ops.subtitle.jump_cue(to="DOUBTFUL")
    assert tracks.chosen_strip(scene()) == strip(2)


# Fields


def test_fields_of_the_chosen_subtitle() -> None:
    film(*THREE)
    fields = scene().subtitle_editor.cue
    assert (fields.line_0, fields.start) == ("", "")
    choose(2)
    assert (fields.line_0, fields.line_1, fields.line_2) == ("four five", "six", "")
    assert (fields.start, fields.end, fields.length) == ("00:00:04:00", "00:00:06:00", "00:00:02:00")
    fields.line_1 = "seven"
    fields.end = "7.5"
    fields.start = "0:00:04:12"
    fields.speaker = "Anna"
    assert now()[2] == (4.5, 7.5, "four five\nseven")
    fields.length = "1.0"
    fields.line_0 = ""
    assert now()[2] == (4.5, 5.5, "seven")
    assert (fields.speaker, cue.noted(strip(2))["speaker"]) == ("Anna", "Anna")
    fields.start = "nonsense"
    assert "nonsense" in chosen.complaint
    fields.start = "5.5"
    assert "before it begins" in chosen.complaint
    assert now()[2] == (4.5, 5.5, "seven")
    scene().subtitle_editor.time_format = "MILLISECONDS"
    assert fields.start == "00:00:04.500"


def test_a_text_with_many_lines_loses_none() -> None:
    film((0, 9, "\n".join("abcdefghij")))
    choose(0)
    fields = scene().subtitle_editor.cue
    assert fields.line_7 == "h / i / j"
    fields.line_7 = "h / i / k"
    fields.line_0 = "A"
    assert now()[0][2] == "A\nb\nc\nd\ne\nf\ng\nh\ni\nk"


def test_a_row_chooses_and_goes_there() -> None:
    film(*THREE)
    at(0.0)
    choice = scene().subtitle_editor
    choice.cue_index = 2
    assert (choice.cue_index, scene().frame_current) == (2, compat.left(strip(2)))
    assert tracks.row(scene()).selected() == [2]


def test_rows_are_in_order_of_time_whatever_was_made_last() -> None:
    film(*THREE)
    at(0.5)
    bpy.ops.subtitle.split_cue()
    choice = scene().subtitle_editor
    # Blender has the new strip at the end of its collection.
    assert compat.strips_of(scene().sequence_editor)[-1].text == "two"
    texts = []
    for place in range(4):
        choice.cue_index = place
        texts.append(tracks.chosen_strip(scene()).text)
    assert texts == ["one", "two", "three", "four five\nsix"]


def test_the_search_and_the_filters() -> None:
    put(Cue(0, 2, "Anna is here"), Cue(3, 5, "two  spaces"), Cue(100, 102, "here again", speaker="Ben"))
    survey.read_now()
    survey.current()
    view = bpy.context.window_manager.subtitle_editor

    def shown() -> list[int]:
        return [int(number) for number in listing.now.update(bpy.context, scene()).shown]

    assert shown() == [0, 1, 2]
    view.cue_search = "HERE"
    assert shown() == [0, 2]
    view.cue_search = "ben her"
    assert shown() == [2]
    view.cue_search = ""
    for name, expected in (("PROBLEMS", [1]), ("DOUBTFUL", []), ("NEAR", [0, 1])):
        view.cue_filter = name
        at(0.0)
        assert shown() == expected
    strip(2).select = True
    view.cue_filter = "SELECTED"
    assert shown() == [2]
    view.cue_filter = "ALL"


def test_the_order_of_the_list() -> None:
    put(
        Cue(0, 4, "bbb", speaker="Zoe"), Cue(5, 6, "A much longer text than others"), Cue(7, 9, "bb", speaker="Ann"),
        Cue(10, 12, "bbb", spans=(Span(0, 2, VOICE, "Ann"),)),
    )  # fmt: skip
    survey.read_now()
    view = bpy.context.window_manager.subtitle_editor

    def shown() -> list[int]:
        return [int(number) for number in listing.now.update(bpy.context, scene()).shown]

    for name, expected in (
        ("SPEED", [1, 3, 2, 0]), ("LONGEST", [0, 2, 3, 1]), ("SHORTEST", [1, 2, 3, 0]), ("TEXT", [1, 2, 3, 0]),
        ("SPEAKER", [2, 3, 0, 1]), ("TIME", [0, 1, 2, 3]),
    ):  # fmt: skip
        view.cue_sort = name
        assert shown() == expected, name
        choice = scene().subtitle_editor
        for place, number in enumerate(expected):
            choice.cue_index = place
            assert tracks.chosen_strip(scene()) == strip(number)
            assert choice.cue_index == place
    view.cue_filter = "SPEAKER"
    for typed, expected in (("an", [2, 3]), ("ZOE", [0]), ("", [1]), ("nobody", [])):
        view.cue_speaker = typed
        assert shown() == expected
    view.cue_filter, view.cue_speaker = "ALL", ""
    assert survey.speakers() == ["Ann", "Zoe"]
    assert survey.speakers("z") == ["Zoe"]


def test_selecting_by_rule() -> None:
    put(Cue(0, 2, "fine"), Cue(3, 5, "two  spaces"), Cue(6, 8, "(one half"), Cue(9, 11, "two  more"))
    bpy.ops.subtitle.select_cues(by="RULE", rule="quotes")
    assert tracks.row(scene()).selected() == [2]
    choose(1)
    bpy.ops.subtitle.select_cues(by="RULE")
    assert tracks.row(scene()).selected() == [1, 3]


# Survey


def test_a_survey_knows_texts_and_problems() -> None:
    put(Cue(0, 2, "fine"), Cue(3, 3.1, "Too  Short", speaker="Anna"))
    found = survey.read_now()
    assert found.searchable[strip(1).name] == "too  short\nanna"
    assert {problem.rule for problem in found.by_name[strip(1).name]} == {"spaces", "too_short", "reading_speed"}
    assert strip(0).name not in found.by_name


# Random editing


class Editing(RuleBasedStateMachine):
    """All operators in any order, with undo and redo. Letters are only removed by removing."""

    @initialize(texts=st.lists(st.text("ab c.\n字", min_size=1, max_size=20).filter(str.strip), min_size=1, max_size=5))
    def begin(self, texts: list[str]) -> None:
        # Each run begins in the same state, or what may be undone would differ.
        bpy.ops.wm.read_factory_settings(use_empty=True)
        addon_utils.enable("subtitle_editor", default_set=True)
        compat.editor_of(scene())
        survey.reader.reset()
        cues = []
        for number, text in enumerate(texts):
            words = (Word(number * 2.0, number * 2.0 + 1.0, text.split()[0]),) if number % 2 else ()
            cues.append(Cue(number * 2.0, number * 2.0 + 1.5, text, words))
        put(*cues)
        self.done: list[Any] = [self.seen()]
        self.undone: list[Any] = []

    def seen(self) -> Any:
        return [(one.start, one.end, one.text, one.words, one.spans) for one in tracks.row(scene()).all().cues]

    def letters(self) -> str:
        return "".join(sorted("".join("".join(one[2].split()) for one in now())))

    def run(self, name: str, **given: Any) -> bool:
        before = self.seen()
        try:
            result = getattr(bpy.ops.subtitle, name)(**given)
        except RuntimeError as error:
            assert "Traceback" not in str(error), error
            assert self.seen() == before
            return False
        if result == {"FINISHED"}:
            bpy.ops.ed.undo_push(message=name)
            self.done.append(self.seen())
            self.undone.clear()
        else:
            assert self.seen() == before
        return True

    @rule(frame=st.integers(0, 300), number=st.integers(0, 6), alone=st.booleans())
    def point(self, frame: int, number: int, alone: bool) -> None:
        scene().frame_set(frame)
        row = tracks.row(scene())
        if number < len(row):
            tracks.choose(scene(), row.strip(number), alone=alone)
        bpy.ops.ed.undo_push(message="point")
        self.done.append(self.seen())
        self.undone.clear()

    @rule(
        name=st.sampled_from(
            [
                ("split_cue", {}), ("split_cue", {"by": "LINES"}), ("split_cue", {"by": "WORDS"}), ("merge_cues", {}),
                ("merge_cues", {"what": "PREVIOUS"}), ("move_word", {"to": "NEXT"}), ("move_word", {"to": "PREVIOUS"}),
                ("set_edge", {"edge": "IN"}), ("set_edge", {"edge": "OUT"}), ("nudge_cues", {"frames": 3}),
                ("nudge_cues", {"frames": -5, "edge": "IN"}), ("set_edge", {"edge": "IN", "shift_rest": True}),
                ("extend_cue", {"to": "NEXT"}), ("extend_cue", {"to": "PLAYHEAD"}), ("close_gaps", {"which": "TRACK"}),
                ("shift_cues", {"seconds": 0.3, "which": "FOLLOWING"}),
                ("shift_cues", {"frames": -4, "which": "TRACK"}),
                ("rewrite_cues", {"how": "BALANCE", "which": "TRACK"}), ("rewrite_cues", {"how": "TIDY"}),
                ("change_rate", {"made_for": "25", "plays_at": "24"}), ("add_cue", {}), ("segment_again", {}),
                ("jump_cue", {"to": "NEXT"}), ("ripple", {"what": "INSERT", "seconds": 0.7}), ("renumber_cues", {}),
                ("nudge_cues", {"frames": 4, "rest": True}),
                ("nudge_cues", {"frames": -3, "edge": "OUT", "rest": True}),
                ("select_cues", {"by": "RULE", "rule": "too_short"}), ("select_cues", {"by": "ALL"}),
                ("segment_again", {}), ("copy_cues", {}), ("snap_to_cuts", {"which": "TRACK"}),
            ]
        )
    )  # fmt: skip
    def keeping(self, name: tuple[str, dict[str, Any]]) -> None:
        before = self.letters()
        single = [one[2] for one in now() if len(one[2].split()) == 1]
        self.run(name[0], **name[1])
        if not (name == ("split_cue", {}) and single):
            assert self.letters() == before

    @rule(ripple=st.booleans())
    def remove(self, ripple: bool) -> None:
        self.run("remove_cues", ripple=ripple)

    @rule(seconds=st.floats(0.1, 3.0))
    def cut_out(self, seconds: float) -> None:
        letters = self.letters()
        if self.run("ripple", what="REMOVE", seconds=seconds):
            assert not set(self.letters()) - set(letters)

    @precondition(lambda self: len(self.done) > 1)
    @rule()
    def undo(self) -> None:
        bpy.ops.ed.undo()
        self.undone.append(self.done.pop())
        assert self.seen() == self.done[-1]

    @precondition(lambda self: bool(self.undone))
    @rule()
    def redo(self) -> None:
        bpy.ops.ed.redo()
        self.done.append(self.undone.pop())
        assert self.seen() == self.done[-1]

    @invariant()
    def rows_are_the_strips(self) -> None:
        row = tracks.row(scene())
        strips = list(compat.strips_of(scene().sequence_editor))
        assert sorted(int(index) for index in row.order) == list(range(len(strips)))
        assert all(one.channel == 2 for one in strips)
        edges = [(compat.left(row.strip(n)), compat.right(row.strip(n))) for n in range(len(row))]
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(edges)), edges


@pytest.fixture(autouse=True)
def undo_from_here() -> Iterator[None]:
    """The undo of the file that was opened, and not of the test before."""
    bpy.context.preferences.edit.use_global_undo = True
    bpy.context.preferences.edit.undo_steps = 256
    yield


@pytest.mark.timeout(600)
def test_random_editing(addon: Any) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Editing,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip


def test_a_locked_track_is_not_typed_into_either() -> None:
    film(*THREE)
    choose(1)
    fields = scene().subtitle_editor.cue
    scene().sequence_editor.channels[2].lock = True
    fields.line_0 = "typed"
    fields.speaker = "Anna"
    fields.start = "1.5"
    assert "locked" in chosen.complaint
    assert now() == list(THREE)
    assert fields.speaker == ""
    scene().sequence_editor.channels[2].lock = False
    fields.line_0 = "typed"
    assert now()[1] == (2, 3, "typed")
    assert chosen.complaint == ""
