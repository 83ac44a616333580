# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles inside meta strips: what is edited is what the timeline shows, what is exported is what the film shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.sequencer import compat
from subtitle_editor.session import chosen, listing, sheets, survey
from subtitle_editor.session import track as tracks

from .test_editing import at, now, put, scene, strip

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]


@pytest.fixture
def meta(addon: Any) -> Any:
    """Four subtitles, the second and the third of them inside a meta strip."""
    put(Cue(0, 2, "one"), Cue(3, 5, "two  spaces"), Cue(6, 8, "three"), Cue(10, 12, "four"))
    inside = [strip(1), strip(2)]
    made = compat.strips_of(scene().sequence_editor).new_meta(name="Scene 7", channel=5, frame_start=1)
    for one in inside:
        one.move_to_meta(made)
    # Blender shows of a meta strip what lies between its edges.
    setattr(made, compat.edge_names([made])[1], 400)
    return made


def show(meta: Any) -> None:
    """As Tab does."""
    scene().sequence_editor.display_stack(meta)


def everything() -> list[tuple[str, int, int, str]]:
    editor = scene().sequence_editor
    found = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
    return sorted((one.text, compat.left(one), compat.right(one), "") for one in found if one.type == "TEXT")


def test_the_list_and_edits_see_what_the_timeline_shows(meta: Any) -> None:
    assert now() == [(0, 2, "one"), (10, 12, "four")]
    before = everything()
    show(meta)
    assert now() == [(3, 5, "two  spaces"), (6, 8, "three")]
    bpy.ops.ed.undo_push(message="inside")
    assert bpy.ops.subtitle.shift_cues("EXEC_DEFAULT", True, which="TRACK", seconds=0.5) == {"FINISHED"}
    assert now() == [(3.5, 5.5, "two  spaces"), (6.5, 8.5, "three")]
    bpy.ops.ed.undo()
    assert everything() == before
    meta = compat.find(scene().sequence_editor, "Scene 7")
    show(meta)
    at(7)
    assert bpy.ops.subtitle.split_cue(keep_text=True) == {"FINISHED"}
    assert len(compat.strips_of(meta)) == 3
    assert chosen.lines(scene()) == ["three"]
    scene().subtitle_editor.cue.line_0 = "second half"
    assert bpy.ops.subtitle.remove_cues() == {"FINISHED"}
    at(9)
    assert bpy.ops.subtitle.add_cue() == {"FINISHED"}
    assert len(compat.strips_of(meta)) == 3
    show(None)
    assert now() == [(0, 2, "one"), (10, 12, "four")]


def test_a_row_of_the_list_is_a_strip_that_is_shown(meta: Any) -> None:
    show(meta)
    listed = listing.now.update(bpy.context, scene())
    assert len(listed.shown) == 2 and listed.drawn(scene(), 0).text == "two  spaces"
    scene().subtitle_editor.cue_index = 1
    assert scene().sequence_editor.active_strip.text == "three"
    assert scene().subtitle_editor.cue_index == 1


def test_it_is_said_what_the_list_does_not_show(meta: Any) -> None:
    assert survey.read_now().inside == 2 and [one.rule for one in survey.reader.last.problems] == []
    assert survey.in_metas(scene()) == "2 subtitles more inside meta strips. Tab opens one"
    show(meta)
    assert not survey.current().problems and not survey.reader.is_current, "read anew, for others are shown"
    assert [one.rule for one in survey.read_now().problems] == ["spaces"]
    assert survey.in_metas(scene()) == "Inside the meta strip Scene 7. Tab closes it"


def test_an_export_takes_those_inside_and_says_which_it_leaves_out(
    meta: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, texts = tmp_path / "film.srt", ["one", "two  spaces", "three", "four"]
    for shown in (None, meta):
        show(shown)
        assert bpy.ops.subtitle.export_file(filepath=str(path)) == {"FINISHED"}
        assert [line.split("}")[-1] for line in path.read_text().splitlines()[2::4]] == texts
    assert "not written" not in capfd.readouterr().out
    strip(1).channel = 7
    show(None)
    assert bpy.ops.subtitle.export_file(filepath=str(path)) == {"FINISHED"}
    assert "three" not in path.read_text()
    assert "on no channel of a track, and not written: 1 subtitle" in capfd.readouterr().out


def test_a_sheet_is_taken_back_where_its_subtitles_are_shown(meta: Any) -> None:
    assert bpy.ops.subtitle.edit_as_text() == {"FINISHED"}
    found = tracks.active(scene())
    assert found is not None
    text = sheets.of(scene(), found)
    assert text is not None
    text.from_string(text.as_string().replace("four", "five"))
    before = everything()
    show(meta)
    with pytest.raises(RuntimeError, match="does not show the subtitles of Film"):
        bpy.ops.subtitle.take_text()
    assert everything() == before
    show(None)
    assert bpy.ops.subtitle.take_text() == {"FINISHED"}
    assert [one[2] for one in now()] == ["one", "five"]


def test_a_channel_that_is_locked_inside_a_meta_strip_holds_there(meta: Any, tmp_path: Path) -> None:
    track = scene().subtitle_editor.tracks[0]
    inner, path = meta.channels[track.channel], tmp_path / "film.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nx\n", encoding="utf-8")
    before = everything()
    inner.lock = True
    assert not track.locked and bpy.ops.subtitle.shift_cues(which="TRACK", seconds=0.5) == {"FINISHED"}
    assert bpy.ops.subtitle.shift_cues(which="TRACK", seconds=-0.5) == {"FINISHED"}
    show(meta)
    assert track.locked and not tracks.unlocked(scene()).channels
    assert not bpy.ops.subtitle.shift_cues.poll() and not bpy.ops.subtitle.remove_track.poll()
    with pytest.raises(RuntimeError, match="locked"):
        bpy.ops.subtitle.import_file(filepath=str(path), existing="REPLACE")
    scene().subtitle_editor.tracks.clear()
    with pytest.raises(RuntimeError, match="Locked, so nothing was changed: 2 subtitles"):
        bpy.ops.subtitle.import_file(filepath=str(path), existing="REPLACE")
    assert everything() == before


def test_the_lock_of_a_track_is_opened_where_it_is_closed(meta: Any) -> None:
    track = scene().subtitle_editor.tracks[0]
    track.locked = True
    show(meta)
    assert track.locked, "a track is a channel of both"
    track.locked = False
    meta.channels[track.channel].lock = True
    assert track.locked
    track.locked = False
    assert bpy.ops.subtitle.shift_cues.poll() and not meta.channels[track.channel].lock
    show(None)
    assert not track.locked
