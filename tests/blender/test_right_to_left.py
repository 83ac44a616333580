# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles from right to left on TEXT strips: what is drawn, what is said, what is made of a text that is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.right_to_left import drawn_lines, is_drawn
from subtitle_editor.sequencer import cue, drawing, strips
from subtitle_editor.session import track as tracks
from subtitle_editor.session import typed

from .test_letters import move

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]

PERSIAN = "سلام دنیا\nمی‌شود (Blender) دید."
HEBREW = "שלום עולם 12"


def made(*cues: Cue) -> list[Any]:
    scene = bpy.context.scene
    rate = strips.rate_of(scene)
    placements = strips.place(cues, lambda seconds: scene.frame_start + rate.seconds_to_frame(seconds))
    strips.Writer(scene, placements, 0).step()
    return [strip for strip, *_ in sorted(strips.text_strips(scene), key=lambda item: item[1])]


def texts() -> list[str]:
    return [one.text for one in strips.cues_of(bpy.context.scene)[0]]


def test_the_strip_draws_one_text_and_says_another() -> None:
    persian, hebrew, latin = made(Cue(0, 1, PERSIAN), Cue(2, 3, HEBREW), Cue(4, 5, "plain"))
    assert persian.text == drawn_lines(PERSIAN) != PERSIAN and is_drawn(persian.text)
    assert hebrew.text == "12 םלוע םולש"
    assert latin.text == "plain" and latin[cue.MARK] == cue.PLAIN
    assert texts() == [PERSIAN, HEBREW, "plain"]


def test_a_file_goes_in_and_comes_out_the_same(tmp_path: Path) -> None:
    source, target = tmp_path / "in.srt", tmp_path / "out.srt"
    source.write_text(
        f"1\n00:00:01,000 --> 00:00:02,000\n{PERSIAN}\n\n2\n00:00:03,000 --> 00:00:04,000\n{HEBREW}\n", "utf-8"
    )
    assert bpy.ops.subtitle.import_file(filepath=str(source)) == {"FINISHED"}
    assert bpy.ops.subtitle.export_file(filepath=str(target)) == {"FINISHED"}
    assert target.read_text(encoding="utf-8").strip() == source.read_text(encoding="utf-8").strip()


def test_real_letters_typed_into_a_strip_are_prepared() -> None:
    (strip,) = made(Cue(0, 1, PERSIAN))
    strip.text = "متن تازه"
    assert texts() == ["متن تازه"], "before anything was prepared"
    assert typed.prepare(bpy.context.scene, strip)
    assert strip.text == drawn_lines("متن تازه") and texts() == ["متن تازه"]
    assert not typed.prepare(bpy.context.scene, strip), "once is enough"


def test_what_was_drawn_and_then_edited_is_understood() -> None:
    (strip,) = made(Cue(0, 1, "سلام دنیا"))
    strip.text = strip.text + " !"  # At the right end of the field: before what is read first.
    assert texts() == ["! سلام دنیا"]
    strip.text = drawn_lines("سلام دنیا")[:-4]  # The last letters in the field are the first to be read.
    assert texts()[0].endswith("دنیا") and not is_drawn(texts()[0])


def test_word_times_stay_with_the_real_words() -> None:
    words = (Word(0.0, 0.4, "سلام"), Word(0.5, 0.9, "دنیا"))
    made(Cue(0, 1, "سلام دنیا", words))
    (found,) = strips.cues_of(bpy.context.scene)[0]
    assert [word.text for word in found.words] == ["سلام", "دنیا"]
    assert [word.start for word in found.words] == pytest.approx([0.0, 0.5], abs=0.001)


def test_strips_of_an_older_file_are_repaired_by_one_operator() -> None:
    drawing.use(False)
    try:
        old, plain = made(Cue(0, 1, PERSIAN), Cue(2, 3, "plain"))
        assert old.text == PERSIAN
    finally:
        drawing.use(True)
    assert bpy.ops.subtitle.prepare_right_to_left() == {"FINISHED"}
    assert old.text == drawn_lines(PERSIAN) and plain.text == "plain" and texts() == [PERSIAN, "plain"]
    assert bpy.ops.subtitle.prepare_right_to_left() == {"CANCELLED"}


def test_the_preference_switches_it_off(addon: Any) -> None:
    addon.prepare_right_to_left = False
    (strip,) = made(Cue(0, 1, HEBREW))
    assert strip.text == HEBREW
    addon.prepare_right_to_left = True


def test_a_change_of_the_active_strip_is_heard() -> None:
    strip, other = made(Cue(0, 1, HEBREW), Cue(2, 3, HEBREW))
    bpy.context.scene.sequence_editor.active_strip = strip
    strip.text = other.text = "עולם"
    typed.text_changed()
    assert strip.text == "םלוע" and other.text == "עולם", "nobody searches for the others"
    bpy.context.scene.sequence_editor.active_strip = None
    typed.text_changed()


def test_the_picture_has_joined_letters(tmp_path: Path) -> None:
    """Blender's own renderer: five joined letters have one bowl below the line, five unjoined ones have five."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 640, 120, 100
    scene.render.filepath = str(tmp_path / "picture.png")

    def drawn_points(text: str, prepares: bool) -> int:
        drawing.use(prepares)
        scene.sequence_editor_clear()
        (strip,) = made(Cue(0, 1, text))
        strip.font_size = 40
        move(strip, 0.5, 0.3)
        scene.frame_set(scene.frame_start)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        pixels = list(image.pixels)
        bpy.data.images.remove(image)
        return sum(value > 0.3 for value in pixels[::4])

    try:
        unjoined, joined = drawn_points("سسسسس", False), drawn_points("سسسسس", True)
    finally:
        drawing.use(True)
    assert 100 < joined < 0.95 * unjoined


def test_hebrew_that_was_drawn_and_then_edited_is_understood() -> None:
    (strip,) = made(Cue(0, 1, "שלום עולם יפה"))
    strip.text = strip.text + "!"
    assert texts() == ["!שלום עולם יפה"]
    strip.text = "ערב טוב לכולם"
    assert texts() == ["ערב טוב לכולם"], "pasted over all of it"
    assert typed.prepare(bpy.context.scene, strip) and strip.text == drawn_lines("ערב טוב לכולם")


@pytest.mark.parametrize("text", [PERSIAN, HEBREW])
def test_fields_show_what_is_drawn_and_take_what_is_meant(text: str) -> None:
    strip, *_ = made(Cue(0, 1, text, speaker="آنا"))
    scene = bpy.context.scene
    tracks.enter(scene, strip.channel, 1)
    tracks.choose(scene, strip)
    fields = scene.subtitle_editor.cue
    first = text.split("\n")[0]
    assert fields.line_0 == drawn_lines(first) and fields.speaker == drawn_lines("آنا")
    fields.line_0, fields.speaker = fields.line_0, fields.speaker
    assert texts() == [text] and strips.cues_of(scene)[0][0].speaker == "آنا", "nothing was typed"
    fields.line_0 = "متن تازه"
    assert texts()[0].split("\n")[0] == "متن تازه" and fields.line_0 == drawn_lines("متن تازه")


def test_undo_and_redo_do_not_bring_back_what_was_not_ready() -> None:
    """Blender makes its step before it tells of the text."""
    (strip,) = made(Cue(0, 1, "one"))
    scene = bpy.context.scene
    scene.sequence_editor.active_strip = strip
    bpy.ops.ed.undo_push(message="made")
    strip.text = "متن تازه"
    bpy.ops.ed.undo_push(message="typed")
    typed.text_changed()
    bpy.context.scene.frame_end = 300
    bpy.ops.ed.undo_push(message="something else")
    bpy.ops.ed.undo()
    (found,) = [strip for strip, *_ in strips.text_strips(bpy.context.scene)]
    assert found.text == drawn_lines("متن تازه") and texts() == ["متن تازه"]
    bpy.ops.ed.undo()
    assert texts() == ["one"]
    bpy.ops.ed.redo()
    (found,) = [strip for strip, *_ in strips.text_strips(bpy.context.scene)]
    assert found.text == drawn_lines("متن تازه")
