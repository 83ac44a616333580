# SPDX-License-Identifier: GPL-3.0-or-later
"""Find and replace, select, clipboard, checks and tracks through their operators."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import ITALIC, Span
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.sequencer import compat, cue, strips, track
from subtitle_editor.session import chosen, listing, originals, survey
from subtitle_editor.session import track as tracks

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]


def scene() -> bpy.types.Scene:
    return bpy.context.scene


def put(*cues: Cue, channel: int = 2, name: str = "Film") -> None:
    collection = compat.strips_of(compat.editor_of(scene()))
    for one in cues:
        track.make(collection, one, strips.clock_of(scene()), channel, None).select = False
    tracks.enter(scene(), channel, 1, name)
    scene().sequence_editor.active_strip = None


def now() -> list[tuple[float, float, str]]:
    return [(round(one.start, 3), round(one.end, 3), one.text) for one in tracks.row(scene()).all().cues]


def texts() -> list[str]:
    return [one[2] for one in now()]


def strip(number: int) -> Any:
    return tracks.row(scene()).strip(number)


# Finding


def test_replacing_keeps_times_and_formatting() -> None:
    words = (Word(0, 1, "hello"), Word(1, 2, "Ana"))
    put(Cue(0, 2, "hello Ana", words, spans=(Span(6, 9, ITALIC),)), Cue(3, 5, "Anabel and ANA"))
    assert bpy.ops.subtitle.replace(find="ana", replacement="Anna", whole_word=True, which="TRACK") == {"FINISHED"}
    assert texts() == ["hello Anna", "Anabel and Anna"]
    found = cue.read(strip(0), strips.clock_of(scene()))
    assert [(word.text, word.start, word.end) for word in found.words] == [("hello", 0, 1), ("Anna", 1, 2)]
    assert found.spans == (Span(6, 10, ITALIC),)


def test_replacing_in_the_selection_with_groups() -> None:
    put(Cue(0, 2, "a-b"), Cue(3, 5, "a-b"))
    strip(1).select = True
    bpy.ops.subtitle.replace(find=r"(\w)-(\w)", replacement=r"$2-\1", use_regex=True, which="SELECTED")
    assert texts() == ["a-b", "b-a"]
    assert bpy.ops.subtitle.replace(find="z", replacement="", which="TRACK") == {"CANCELLED"}
    with pytest.raises(RuntimeError, match="regular expression"):
        bpy.ops.subtitle.replace(find="(", use_regex=True, which="TRACK")


def test_finding_goes_round() -> None:
    put(Cue(0, 2, "one"), Cue(3, 5, "two"), Cue(6, 8, "one more"))
    for expected in (0, 2, 0):
        bpy.ops.subtitle.find_next(find="ONE")
        assert tracks.chosen_strip(scene()) == strip(expected)
        scene().frame_set(1)
    assert bpy.ops.subtitle.find_next(find="zzz") == {"CANCELLED"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"by": "ALL"}, [0, 1, 2]), ({"by": "NONE"}, []), ({"by": "INVERT"}, [0, 2]), ({"by": "BEFORE"}, [0]),
        ({"by": "AFTER"}, [2]), ({"by": "PROBLEMS"}, [1]), ({"by": "DOUBTFUL"}, []), ({"by": "SPEAKER"}, [1, 2]),
        ({"by": "TEXT", "find": "one"}, [0]), ({"by": "TEXT", "find": "one", "extend": True}, [0, 1]),
    ],
)  # fmt: skip
def test_selecting(given: dict[str, Any], expected: list[int]) -> None:
    put(Cue(0, 2, "one"), Cue(3, 5, "two  2", speaker="Anna"), Cue(6, 8, "three", speaker="Anna"))
    tracks.choose(scene(), strip(1))
    scene().frame_set(100)
    assert bpy.ops.subtitle.select_cues(**given) == {"FINISHED"}
    assert tracks.row(scene()).selected() == expected


def test_the_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    from subtitle_editor.operators import finding

    kept: list[str] = [""]
    monkeypatch.setattr(finding, "read_clipboard", lambda: kept[0])
    monkeypatch.setattr(finding, "write_clipboard", lambda text: kept.__setitem__(0, text))
    put(Cue(0, 2, "one", spans=(Span(0, 3, ITALIC),)), Cue(3, 5, "two"))
    strip(0).select = True
    assert bpy.ops.subtitle.copy_cues() == {"FINISHED"}
    assert kept[0] == "1\n00:00:00,000 --> 00:00:02,000\n<i>one</i>\n\n" or kept[0].strip().endswith("<i>one</i>")
    scene().frame_set(1 + 10 * 24)
    assert bpy.ops.subtitle.paste_cues() == {"FINISHED"}
    assert now() == [(0, 2, "one"), (3, 5, "two"), (10, 12, "one")]
    assert cue.read(strip(2), strips.clock_of(scene())).spans == (Span(0, 3, ITALIC),)
    scene().frame_set(1)
    bpy.ops.subtitle.paste_cues()
    assert len(now()) == 4
    assert tracks.tracks(scene())[0].rows == 2
    kept[0] = "nothing of the kind"
    before = now()
    with pytest.raises(RuntimeError, match="clipboard"):
        bpy.ops.subtitle.paste_cues()
    assert now() == before


# Checks


def test_fixing_one_a_rule_and_all() -> None:
    put(Cue(0, 2, "two  spaces"), Cue(3, 3.25, "too  short"), Cue(6, 8, "Thanks for watching"))
    tracks.choose(scene(), strip(1))
    bpy.ops.subtitle.fix_problems(rule="spaces", which="CHOSEN")
    assert texts() == ["two  spaces", "too short", "Thanks for watching"]
    bpy.ops.subtitle.fix_problems(rule="", which="TRACK")
    assert now() == [(0, 2, "two spaces"), (3, 3.833, "too short"), (6, 8, "Thanks for watching")]
    assert bpy.ops.subtitle.fix_problems(rule="", which="TRACK") == {"CANCELLED"}
    bpy.ops.subtitle.fix_problems(rule="invented", which="TRACK")
    assert len(now()) == 2


def test_problems_are_gone_through() -> None:
    put(Cue(0, 2, "a  b"), Cue(3, 5, "fine"), Cue(6, 8, "c  d"))
    for expected in (0, 2, 0):
        bpy.ops.subtitle.next_problem(rule="spaces")
        assert tracks.chosen_strip(scene()) == strip(expected)
    assert bpy.ops.subtitle.next_problem(rule="tags") == {"CANCELLED"}


def test_the_report(tmp_path: Path) -> None:
    put(Cue(0, 2, "=a  b"), Cue(3, 5, "fine"))
    for ending in ("txt", "csv", "json"):
        assert bpy.ops.subtitle.check_report(filepath=str(tmp_path / f"r.{ending}")) == {"FINISHED"}
    assert "spaces: There are spaces or lines too many." in (tmp_path / "r.txt").read_text()
    (row,) = csv.DictReader((tmp_path / "r.csv").open())
    assert (row["number"], row["rule"], row["text"]) == ("1", "spaces", "'=a  b")
    (found,) = json.loads((tmp_path / "r.json").read_text())
    assert (found["rule"], found["text"], found["start"]) == ("spaces", "=a  b", 0.0)
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.subtitle.check_report(filepath=str(tmp_path / "none" / "r.txt"))


def test_cuts_of_the_timeline_are_checked() -> None:
    put(Cue(4.25, 6, "late"))
    collection = compat.strips_of(scene().sequence_editor)
    parameters = collection.bl_rna.functions["new_effect"].parameters
    extent = {"length": 200} if "length" in parameters else {"frame_end": 297}
    collection.new_effect(name="shot", type="COLOR", channel=1, frame_start=97, **extent)
    assert survey.read_now().counts == {"shots": 1}
    bpy.ops.subtitle.fix_problems(rule="shots", which="TRACK")
    assert now() == [(4, 6, "late")]


# Tracks


def test_tracks_are_added_chosen_and_removed() -> None:
    put(Cue(0, 2, "one"))
    assert bpy.ops.subtitle.add_track(name="Deutsch", language="de") == {"FINISHED"}
    made = tracks.active(scene())
    assert made is not None
    assert (made.name, made.language, made.channel) == ("Deutsch", "de", 3)
    assert now() == []
    bpy.ops.subtitle.choose_track(index=0)
    assert texts() == ["one"]
    bpy.ops.subtitle.remove_track()
    assert [one.name for one in tracks.tracks(scene())] == ["Deutsch"]
    assert len(compat.strips_of(scene().sequence_editor)) == 0


def test_a_copy_for_a_translation() -> None:
    put(Cue(0, 2, "one", speaker="Anna"), Cue(3, 5, "two"))
    strip(0).color = (1.0, 0.0, 0.0, 1.0)
    bpy.ops.subtitle.duplicate_track(language="de")
    assert now() == [(0, 2, "one"), (3, 5, "two")]
    assert [(one.name, one.language, one.channel) for one in tracks.tracks(scene())] == [
        ("Film", "", 2), ("Film de", "de", 3),
    ]  # fmt: skip
    assert tuple(strip(0).color) == (1.0, 0.0, 0.0, 1.0)
    assert cue.noted(strip(0))["speaker"] == "Anna"


def test_merging_tracks_stacks_what_overlaps() -> None:
    put(Cue(0, 2, "one"), Cue(6, 8, "two"), name="A")
    put(Cue(1, 3, "over one"), Cue(4, 5, "alone"), channel=4, name="B")
    bpy.ops.subtitle.choose_track(index=0)
    bpy.ops.subtitle.merge_tracks()
    (left,) = tracks.tracks(scene())
    assert (left.name, left.channel, left.rows) == ("A", 2, 2)
    assert texts() == ["one", "over one", "alone", "two"]
    assert [strip(number).channel for number in range(4)] == [2, 3, 2, 2]


def test_text_strips_become_subtitles() -> None:
    collection = compat.strips_of(compat.editor_of(scene()))
    for number in range(2):
        made = compat.new_text(collection, f"t{number}", 3, 1 + number * 50, 30 + number * 50)
        made.text, made.select = f"text {number}", False
    bpy.ops.subtitle.adopt_strips()
    assert texts() == ["text 0", "text 1"]
    assert all(cue.is_subtitle(one) for one in collection)


def test_import_and_export_go_to_and_from_a_track(tmp_path: Path) -> None:
    for name in ("english", "deutsch"):
        (tmp_path / f"{name}.srt").write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{name} text\n")
        bpy.ops.subtitle.import_file(filepath=str(tmp_path / f"{name}.srt"))
    assert [(one.name, one.channel) for one in tracks.tracks(scene())] == [("english", 1), ("deutsch", 2)]
    bpy.ops.subtitle.choose_track(index=0)
    bpy.ops.subtitle.export_file(filepath=str(tmp_path / "out.srt"))
    assert (tmp_path / "out.srt").read_text().split("\n")[2] == "english text"
    assert not any(one.select for one in compat.strips_of(scene().sequence_editor))


# Translation


def translation() -> None:
    put(Cue(0, 2, "Hello."), Cue(3, 5, "..."), Cue(6, 8, "Who told Ana?"))
    assert bpy.ops.subtitle.duplicate_track(language="de") == {"FINISHED"}


def originals_shown() -> list[str]:
    listed = listing.now.update(bpy.context, scene())
    return [originals.text_of(scene(), listed.beside, strip(number)) for number in range(len(tracks.row(scene())))]


def test_a_translation_has_its_original_beside_it() -> None:
    translation()
    found = tracks.active(scene())
    assert found is not None and found.language == "de" and found.original == 2
    assert originals_shown() == ["Hello.", "...", "Who told Ana?"]
    # Times may change on either side.
    tracks.choose(scene(), strip(2))
    scene().frame_set(strips.clock_of(scene()).frame(7))
    bpy.ops.subtitle.split_cue()
    bpy.ops.subtitle.nudge_cues(frames=-6)
    assert originals_shown()[-2:] == ["Who told Ana?", "Who told Ana?"]
    assert bpy.ops.subtitle.choose_original(channel=0) == {"FINISHED"} and originals_shown()[0] == ""
    assert bpy.ops.subtitle.choose_original(channel=2) == {"FINISHED"} and originals_shown()[0] == "Hello."
    scene().subtitle_editor.track_index = 0
    bpy.ops.subtitle.remove_track()
    assert originals_shown()[0] == "", "there is none any more"


def test_to_the_next_that_waits_for_its_translation() -> None:
    translation()
    view = bpy.context.window_manager.subtitle_editor
    view.cue_filter = "UNTRANSLATED"
    survey.read_now()
    assert list(listing.now.update(bpy.context, scene()).shown) == [0, 2]
    scene().frame_set(1)
    assert bpy.ops.subtitle.jump_cue(to="UNTRANSLATED") == {"FINISHED"}
    assert tracks.chosen_strip(scene()) == strip(2)
    scene().subtitle_editor.cue.line_0 = "Wer hat es Ana gesagt?"
    assert bpy.ops.subtitle.jump_cue(to="UNTRANSLATED") == {"FINISHED"}
    assert tracks.chosen_strip(scene()) == strip(0)
    scene().subtitle_editor.cue.line_0 = "Guten Tag."
    assert bpy.ops.subtitle.jump_cue(to="UNTRANSLATED") == {"CANCELLED"}
    view.cue_filter = "ALL"


def test_a_translation_may_begin_without_texts() -> None:
    put(Cue(0, 2, "Hello.", (Word(0, 1, "Hello."),)))
    assert bpy.ops.subtitle.duplicate_track(language="de", empty=True) == {"FINISHED"}
    assert now() == [(0, 2, "")] and survey.read_now().untranslated == {strip(0).name}


# Locks


def edges() -> list[tuple[int, int, int]]:
    found = compat.strips_of(scene().sequence_editor)
    return sorted((compat.left(one), compat.right(one), one.channel) for one in found)


def test_a_strip_that_blender_has_locked_is_not_moved_cut_or_removed() -> None:
    put(Cue(0, 2, "one"), Cue(3, 5, "two"), Cue(6, 8, "three two"), *(Cue(n, n + 1, f"{n}") for n in range(10, 40, 2)))
    strip(1).lock = True
    before = edges()
    tracks.choose(scene(), strip(1))
    scene().frame_set(strips.clock_of(scene()).frame(4))
    for edit in (
        lambda: bpy.ops.subtitle.shift_cues(which="TRACK", seconds=1.0),
        lambda: bpy.ops.subtitle.shift_cues(which="SELECTED", seconds=1.0),
        lambda: bpy.ops.subtitle.split_cue(),
        lambda: bpy.ops.subtitle.merge_cues(what="NEXT"),
        lambda: bpy.ops.subtitle.set_edge(edge="OUT"),
        lambda: bpy.ops.subtitle.nudge_cues(frames=1),
        lambda: bpy.ops.subtitle.nudge_cues(frames=5, edge="OUT", rest=True),
        lambda: bpy.ops.subtitle.ripple(what="REMOVE", seconds=3.0),
        lambda: bpy.ops.subtitle.change_rate(made_for="25", plays_at="24"),
        lambda: bpy.ops.subtitle.remove_cues(),
        lambda: bpy.ops.subtitle.remove_track(),
    ):
        with pytest.raises(RuntimeError, match="Locked, so nothing was changed: 1 subtitle"):
            edit()
        assert edges() == before
    assert bpy.ops.subtitle.replace(find="two", replacement="deux", which="TRACK") == {"FINISHED"}
    assert texts()[1:3] == ["deux", "three deux"] and edges() == before, "a text is no place"
    tracks.choose(scene(), strip(2))
    bpy.ops.subtitle.nudge_cues(frames=3)
    assert edges() != before and edges()[1] == before[1]


def test_a_locked_strip_keeps_its_times_from_the_fields_too() -> None:
    put(Cue(0, 2, "one"), Cue(3, 5, "two"))
    strip(0).lock = True
    tracks.choose(scene(), strip(0))
    before = edges()
    scene().subtitle_editor.cue.end = "2.5"
    assert edges() == before and "Locked" in chosen.complaint
    scene().subtitle_editor.cue.line_0 = "other"
    assert texts()[0] == "other" and chosen.complaint == ""


def test_a_track_of_several_rows_is_hidden_and_locked_as_a_whole() -> None:
    put(Cue(0, 2, "one"), Cue(3, 5, "two"))
    put(Cue(1, 2, "above"), channel=3)
    scene().subtitle_editor.tracks.clear()
    tracks.enter(scene(), 2, 2, "Film")
    item, channels = scene().subtitle_editor.tracks[0], scene().sequence_editor.channels
    item.locked = item.hidden = True
    assert [(one.lock, one.mute) for one in (channels[2], channels[3], channels[4])] == [(True, True)] * 2 + [
        (False, False)
    ]
    item.locked = item.hidden = False
    channels[3].lock = channels[3].mute = True
    found = tracks.active(scene())
    assert found is not None and found.locked and not found.hidden
    with pytest.raises(RuntimeError, match="The track is locked"):
        bpy.ops.subtitle.shift_cues(which="TRACK", seconds=1.0)


@pytest.mark.parametrize("lock", ["track", "strip"])
def test_an_import_in_place_of_a_locked_track_leaves_it(lock: str, tmp_path: Path) -> None:
    put(Cue(0, 2, "one"))
    if lock == "track":
        scene().subtitle_editor.tracks[0].locked = True
    else:
        strip(0).lock = True
    path = tmp_path / "new.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nnew\n")
    with pytest.raises(RuntimeError, match="ocked"):
        bpy.ops.subtitle.import_file(filepath=str(path), existing="REPLACE")
    assert texts() == ["one"]
