# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles with letters that their font lacks are named before a render; so are fonts that are not there."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.text import counted
from subtitle_editor.sequencer import compat
from subtitle_editor.session import lacking, survey
from subtitle_editor.session import track as tracks
from subtitle_editor.session.lacking import Lacking
from tests.core.picture import scripts
from tests.core.picture.little_font import made

from .recording import drawn

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]

TEXTS = ("Latin, one.", "سلام", "More Latin", "日本 日", "Latin 日")
HAS = string.ascii_letters + " .,"


def film(tmp_path: Path, texts: tuple[str, ...] = TEXTS) -> list[Any]:
    path = tmp_path / "film.srt"
    blocks = (f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{text}\n" for n, text in enumerate(texts, 1))
    path.write_text("\n".join(blocks), encoding="utf-8")
    assert bpy.ops.subtitle.import_file(filepath=str(path)) == {"FINISHED"}
    row = tracks.row(bpy.context.scene)
    bpy.context.scene.sequence_editor.active_strip = row.strip(0)
    return list(row.strips(range(len(row))))


def little(tmp_path: Path, letters: str = HAS, name: str = "Little") -> Any:
    font = bpy.data.fonts.load(str(made(tmp_path / f"{name}.ttf", letters)))
    font.name = name
    return font


def in_the_panel() -> tuple[str, list[str]]:
    """All that the panel Style says, and its buttons."""
    survey.read_now()
    layout = drawn("SUBTITLE_PT_style")
    words = " ".join(str(given.get("text", "")) for given, _ in layout.all("label"))
    return words, [given["operator"] for given, _ in layout.all("operator")]


@pytest.mark.skipif(compat.looks_in_others(), reason="this Blender takes letters from other fonts")
def test_subtitles_whose_font_lacks_letters_are_counted_and_named(tmp_path: Path) -> None:
    made_ones = film(tmp_path)
    assert survey.read_now().lacking == [], "the default font looks in others"
    assert "subtitle.bake" not in in_the_panel()[1]
    font = little(tmp_path)
    for strip in made_ones:
        strip.font = font
    shown = made_ones[1].text
    assert survey.read_now().lacking == [Lacking("Little", 3, tuple(dict.fromkeys(shown + "日本"))[: lacking.SHOWN])]
    words, buttons = in_the_panel()
    assert "Little" in words and str(counted(3)) in words and f"{shown[0]}  {shown[1]}" in words
    assert "subtitle.bake" in buttons
    made_ones[1].font = made_ones[3].font = None
    made_ones[4].text = "Latin"
    assert survey.read_now().lacking == [] and "subtitle.bake" not in in_the_panel()[1]


@pytest.mark.skipif(compat.looks_in_others(), reason="this Blender takes letters from other fonts")
def test_blender_draws_the_same_box_for_each_letter_that_is_named(tmp_path: Path) -> None:
    """And for no other: what is said is what is rendered."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 320, 180, 100
    (strip,) = film(tmp_path, ("aa",))
    scene.frame_set(compat.left(strip) + 1)

    def look(char: str) -> Any:
        # Blender remembers what it took from another font for the last letter of a text: each has a font of its own.
        strip.font = little(tmp_path, name=f"Little {ord(char)}")
        strip.text = f"a{char}a"
        scene.render.filepath = str(tmp_path / "frame.png")
        bpy.ops.render.render(write_still=True)
        return scripts.read(tmp_path / "frame.png")

    box = look("日")
    for char in ("\u200e", "\u00ad", "\ufeff", "ش"):
        assert scripts.difference(look(char), box) == 0, f"U+{ord(char):04X}"
        assert survey.read_now().lacking[0].letters == (char,)
    for char in ("a", ".", "\t", "\n"):
        assert scripts.difference(look(char), box) > 0
        assert survey.read_now().lacking == []


@pytest.mark.skipif(compat.looks_in_others(), reason="this Blender takes letters from other fonts")
def test_a_packed_font_and_what_is_baked(tmp_path: Path) -> None:
    made_ones = film(tmp_path)
    font = little(tmp_path)
    font.pack()
    Path(bpy.path.abspath(font.filepath)).unlink()
    for strip in made_ones:
        strip.font = font
    assert [one.subtitles for one in survey.read_now().lacking] == [3]
    made_ones[3].mute = True  # As under its picture.
    assert [one.subtitles for one in survey.read_now().lacking] == [2]


def test_a_font_whose_file_is_not_there_is_named_until_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lacking, "AGAIN", 0.0)
    made_ones = film(tmp_path)
    font = little(tmp_path, name="Away")
    for strip in made_ones[:2]:
        strip.font = font
    path = Path(bpy.path.abspath(font.filepath))
    path.rename(tmp_path / "elsewhere.ttf")
    assert survey.read_now().lacking == [Lacking("Away", 2)]
    words, buttons = in_the_panel()
    assert "Away" in words and "subtitle.bake" in buttons
    (tmp_path / "elsewhere.ttf").rename(path)
    found = survey.read_now().lacking
    assert all(one.letters for one in found) and len(found) == (0 if compat.looks_in_others() else 1)


def test_a_file_that_is_no_font_says_nothing(tmp_path: Path) -> None:
    made_ones = film(tmp_path)
    font = little(tmp_path)
    Path(bpy.path.abspath(font.filepath)).write_bytes(b"%!PS-AdobeFont-1.0: Old")
    made_ones[1].font = font
    assert survey.read_now().lacking == []
