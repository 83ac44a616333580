# SPDX-License-Identifier: GPL-3.0-or-later
"""One look for many subtitles, and what is exported of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.operators import finding
from subtitle_editor.sequencer import cue, look, spot, strips
from subtitle_editor.session import track as tracks

from .test_letters import move

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]

FILM = """1
00:00:01,000 --> 00:00:02,000
one

2
00:00:03,000 --> 00:00:04,000
<i>two</i>

3
00:00:05,000 --> 00:00:06,000
{\\an8}three

4
00:00:07,000 --> 00:00:08,000
<font color="#00ff00">four</font>
"""


def scene() -> bpy.types.Scene:
    return bpy.context.scene


@pytest.fixture
def film(addon: Any, tmp_path: Path) -> Path:
    path = tmp_path / "film.srt"
    path.write_text(FILM, encoding="utf-8")
    assert bpy.ops.subtitle.import_file(filepath=str(path)) == {"FINISHED"}
    return path


def strip(number: int) -> Any:
    return tracks.row(scene()).strip(number)


def exported(tmp_path: Path) -> str:
    assert bpy.ops.subtitle.export_file(filepath=str(tmp_path / "out.srt")) == {"FINISHED"}
    return (tmp_path / "out.srt").read_text(encoding="utf-8")


def colors() -> list[str]:
    return ["".join(f"{round(part * 15):x}" for part in strip(number).color[:3]) for number in range(4)]


def test_one_look_for_all_is_no_formatting_of_the_texts(film: Path, tmp_path: Path) -> None:
    first = strip(0)
    tracks.choose(scene(), first)
    first.font_size, first.color, first.use_bold, first.use_box = 31, (1, 1, 0, 0.5), True, True
    assert bpy.ops.subtitle.copy_style(which="TRACK") == {"FINISHED"}
    found = [strip(number) for number in range(4)]
    assert {one.font_size for one in found} == {31} and all(one.use_box and one.use_bold for one in found)
    assert colors() == ["ff0", "ff0", "ff0", "0f0"], "a colour that the text has of its own stays"
    assert [one.use_italic for one in found] == [False, True, False, False]
    assert spot.of(found[2])[1] > 0.8 > spot.of(found[1])[1], "and so does where it is told to stand"
    assert exported(tmp_path) == FILM
    # What is changed of one afterwards is that one's own.
    found[0].color, found[1].use_bold = (1, 0, 0, 1), False
    assert '<font color="#ff0000">one</font>' in exported(tmp_path) and "<b>" not in exported(tmp_path)


def test_to_the_selected_only(film: Path) -> None:
    tracks.choose(scene(), strip(0))
    strip(0).font_size = 31
    strip(2).select = True
    assert bpy.ops.subtitle.copy_style(which="SELECTED") == {"FINISHED"}
    assert [strip(number).font_size == 31 for number in range(4)] == [True, False, True, False]


@pytest.mark.parametrize("preset", ["netflix", "bbc", "social"])
def test_a_preset(film: Path, tmp_path: Path, preset: str) -> None:
    assert bpy.ops.subtitle.use_style(preset=preset) == {"FINISHED"}
    found = [strip(number) for number in range(4)]
    assert len({one.font_size for one in found}) == 1 and found[0].font_size > 40
    assert found[0].use_box == (preset == "bbc") and found[0].use_bold == (preset == "social")
    assert found[1].use_italic and colors()[3] == "0f0" and spot.of(found[2])[1] > 0.8
    assert exported(tmp_path) == FILM


def test_new_ones_look_like_their_neighbours(film: Path, tmp_path: Path) -> None:
    bpy.ops.subtitle.use_style(preset="social")
    scene().frame_set(strips.clock_of(scene()).frame(2.2))
    assert bpy.ops.subtitle.add_cue() == {"FINISHED"}
    assert strip(1).use_bold and strip(1).font_size == strip(0).font_size
    scene().subtitle_editor.cue.line_0 = "new"
    assert "<b>" not in exported(tmp_path)


def test_the_look_of_a_track_outlives_its_subtitles(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = strip(0)
    tracks.choose(scene(), first)
    first.font_size, first.color, first.use_bold, first.use_box = 31, (1, 1, 0, 0.5), True, True
    move(first, y=0.2)
    assert bpy.ops.subtitle.copy_style(which="TRACK") == {"FINISHED"}
    saved = str(tmp_path / "film.blend")
    bpy.ops.wm.save_as_mainfile(filepath=saved)
    bpy.ops.wm.open_mainfile(filepath=saved)

    def empty() -> None:
        for one in tracks.row(scene()).strips(range(4)):
            one.select = True
        assert bpy.ops.subtitle.remove_cues() == {"FINISHED"} and not len(tracks.row(scene()))

    def looks(number: int) -> tuple[float, bool, bool, float]:
        found = strip(number)
        return found.font_size, found.use_bold, found.use_box, round(spot.of(found)[1], 3)

    empty()
    assert bpy.ops.subtitle.import_file(filepath=str(film), existing="REPLACE") == {"FINISHED"}
    assert len(tracks.row(scene())) == 4 and len(scene().subtitle_editor.tracks) == 1
    assert [looks(number) for number in (0, 1, 3)] == [(31, True, True, 0.2)] * 3
    assert looks(2)[:3] == (31, True, True) and spot.of(strip(2))[1] > 0.8, "it says itself where it stands"
    assert colors() == ["ff0", "ff0", "ff0", "0f0"] and strip(1).use_italic and not strip(0).use_italic
    assert exported(tmp_path) == FILM
    empty()
    assert bpy.ops.subtitle.add_cue() == {"FINISHED"}
    assert looks(0) == (31, True, True, 0.2)
    assert bpy.ops.subtitle.remove_cues() == {"FINISHED"}
    monkeypatch.setattr(finding, "read_clipboard", lambda: FILM)
    assert bpy.ops.subtitle.paste_cues() == {"FINISHED"}
    assert looks(0) == (31, True, True, 0.2)
    assert bpy.ops.subtitle.duplicate_track(language="de") == {"FINISHED"}
    assert scene().subtitle_editor.tracks[1].look == scene().subtitle_editor.tracks[0].look


@pytest.mark.parametrize(
    "look", ["[1]", "{", '{"look": 3}', '{"look": {"font_size": "big", "name": "x", "nobody": 1}}']
)
def test_a_look_that_somebody_else_has_written_does_no_harm(film: Path, look: str) -> None:
    scene().subtitle_editor.tracks[0].look = look
    assert bpy.ops.subtitle.import_file(filepath=str(film), existing="REPLACE") == {"FINISHED"}
    assert len(tracks.row(scene())) == 4 and strip(0).use_outline


def test_colours_by_speaker(film: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="who speaks"):
        bpy.ops.subtitle.color_speakers()
    for number, name in ((0, "Ana"), (1, "Ana"), (2, "Bo")):
        tracks.choose(scene(), strip(number))
        assert bpy.ops.subtitle.set_speaker(speaker=name) == {"FINISHED"}
    assert bpy.ops.subtitle.color_speakers() == {"FINISHED"}
    assert colors() == ["fff", "fff", "ff0", "0f0"]
    assert '{\\an8}<font color="#ffff00">three</font>' in exported(tmp_path)
    # Another takes the part: the colour goes with it.
    tracks.choose(scene(), strip(2))
    bpy.ops.subtitle.set_speaker(speaker="Ana")
    bpy.ops.subtitle.color_speakers()
    assert colors() == ["fff", "fff", "fff", "0f0"] and look.WORN not in strip(2)
    assert cue.read(strip(2), strips.clock_of(scene())).spans == ()
