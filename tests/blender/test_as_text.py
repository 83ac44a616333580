# SPDX-License-Identifier: GPL-3.0-or-later
"""A track opened in the Text Editor and taken back, with its undo."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import ITALIC, Placing, Span
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.sequencer import compat, cue, spot, strips, track
from subtitle_editor.session import sheets
from subtitle_editor.session import track as tracks

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]


def scene() -> bpy.types.Scene:
    return bpy.context.scene


def put(*cues: Cue, channel: int = 2) -> None:
    collection = compat.strips_of(compat.editor_of(scene()))
    for one in cues:
        track.make(collection, one, strips.clock_of(scene()), channel, None).select = False
    tracks.enter(scene(), channel, 1, "Film")
    bpy.ops.ed.undo_push(message="prepared")


def film() -> None:
    words = Word(0, 1, "hello"), Word(1, 2, "Ana")
    put(Cue(0, 2, "hello Ana", words, speaker="Bo", style="Sign"), Cue(3, 5, "one"), Cue(6, 8, "two"))


def sheet() -> bpy.types.Text:
    assert bpy.ops.subtitle.edit_as_text() == {"FINISHED"}
    found = tracks.active(scene())
    assert found is not None
    text = sheets.of(scene(), found)
    assert text is not None
    return text


def type_into(text: bpy.types.Text, *edits: tuple[str, str]) -> None:
    typed = text.as_string()
    for old, new in edits:
        assert old in typed
        typed = typed.replace(old, new)
    text.from_string(typed)


def now() -> list[tuple[float, float, str]]:
    return [(round(one.start, 3), round(one.end, 3), one.text) for one in tracks.row(scene()).all().cues]


def read(number: int) -> Cue:
    return cue.read(tracks.row(scene()).strip(number), strips.clock_of(scene()))


def strip(number: int) -> Any:
    return tracks.row(scene()).strip(number)


def test_what_was_typed_is_taken_back_and_one_undo_gives_it_back() -> None:
    film()
    text = sheet()
    assert text.name == "Film.srt" and text.as_string().startswith("1\n00:00:00,000 --> 00:00:02,000\nhello Ana\n")
    type_into(text, ("hello Ana", "hello dear Ana"), ("2\n00:00:03,000 --> 00:00:05,000\none\n\n", ""))
    text.write("\n4\n00:00:10,000 --> 00:00:11,000\n<i>new</i>\n")
    type_into(text, ("00:00:08,000\ntwo", "00:00:09,000\n{\\an8}two"))
    assert now()[0] == (0, 2, "hello Ana")
    # Typing is a step of the Text Editor's own.
    bpy.ops.ed.undo_push(message="typed")
    assert bpy.ops.subtitle.take_text("EXEC_DEFAULT", True) == {"FINISHED"}
    assert now() == [(0, 2, "hello dear Ana"), (6, 9, "two"), (10, 11, "new")]
    first = read(0)
    assert (first.speaker, first.style) == ("Bo", "Sign")
    assert [word.text for word in first.words] == ["hello", "dear", "Ana"]
    assert (first.words[0].end, first.words[2].end) == (1, 2)
    assert read(2).spans == (Span(0, 3, ITALIC),) and strip(2).use_italic
    assert read(1).placing == Placing(8) and spot.of(strip(1))[1] > 0.8
    assert not bpy.data.texts
    bpy.ops.ed.undo()
    assert now() == [(0, 2, "hello Ana"), (3, 5, "one"), (6, 8, "two")]
    assert [text.name for text in bpy.data.texts] == ["Film.srt"] and "new" in bpy.data.texts[0].as_string()
    bpy.ops.ed.redo()
    assert now()[0] == (0, 2, "hello dear Ana") and not bpy.data.texts


def test_the_sheet_outlives_the_undo_of_a_later_edit() -> None:
    film()
    assert bpy.ops.subtitle.edit_as_text("EXEC_DEFAULT", True) == {"FINISHED"}
    assert bpy.ops.subtitle.shift_cues("EXEC_DEFAULT", True, which="TRACK", seconds=1.0) == {"FINISHED"}
    bpy.ops.ed.undo()
    assert now()[0] == (0, 2, "hello Ana")
    assert [text.name for text in bpy.data.texts] == ["Film.srt"]


def test_it_is_not_said_to_be_open_where_no_text_editor_shows_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    film()
    # As in a window without a Text Editor, where the Sequencer is not the area that was clicked in.
    monkeypatch.setattr(sheets, "show", lambda *_: False)
    assert bpy.ops.subtitle.edit_as_text() == {"FINISHED"}
    said = capfd.readouterr().out
    assert "Open a Text Editor and choose Film.srt there" in said and "is open" not in said


def test_what_is_done_on_the_timeline_meanwhile_stays() -> None:
    film()
    text = sheet()
    tracks.choose(scene(), strip(1))
    bpy.ops.subtitle.remove_cues()
    scene().frame_set(strips.clock_of(scene()).frame(20))
    bpy.ops.subtitle.add_cue()
    type_into(text, ("two", "three"))
    assert bpy.ops.subtitle.take_text() == {"FINISHED"}
    assert [one[2] for one in now()][:2] == ["hello Ana", "three"] and len(now()) == 3


def test_those_that_overlap_get_a_row_of_their_own() -> None:
    film()
    text = sheet()
    type_into(text, ("00:00:03,000 --> 00:00:05,000", "00:00:01,000 --> 00:00:05,000"))
    assert bpy.ops.subtitle.take_text() == {"FINISHED"}
    found = tracks.active(scene())
    assert found is not None and found.rows == 2
    assert now() == [(0, 2, "hello Ana"), (1, 5, "one"), (6, 8, "two")]
    assert [strip(number).channel for number in range(3)] == [2, 3, 2]


def test_all_may_go_and_come() -> None:
    film()
    text = sheet()
    text.clear()
    assert bpy.ops.subtitle.take_text() == {"FINISHED"} and now() == []
    text = sheet()
    text.write("1\n00:00:01,000 --> 00:00:02,000\nagain\n")
    assert bpy.ops.subtitle.take_text() == {"FINISHED"}
    assert now() == [(1, 2, "again")] and strip(0).use_shadow


def test_what_cannot_be_done_says_why_and_changes_nothing() -> None:
    film()
    with pytest.raises(RuntimeError, match="not open as text"):
        bpy.ops.subtitle.take_text()
    text = sheet()
    text.from_string("gone wrong")
    with pytest.raises(RuntimeError, match="subtitles"):
        bpy.ops.subtitle.take_text()
    assert len(now()) == 3 and text.as_string() == "gone wrong"
    assert sheet() == text and text.as_string() == "gone wrong"
    scene().sequence_editor.channels[2].lock = True
    with pytest.raises(RuntimeError, match="locked"):
        bpy.ops.subtitle.take_text()
    assert bpy.ops.subtitle.discard_text() == {"FINISHED"} and not bpy.data.texts and len(now()) == 3


def test_a_sheet_is_kept_in_the_file(tmp_path: Any) -> None:
    film()
    type_into(sheet(), ("one", "other"))
    path = str(tmp_path / "film.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.ops.subtitle.take_text() == {"FINISHED"}
    assert [one[2] for one in now()] == ["hello Ana", "other", "two"]
