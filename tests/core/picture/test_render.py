# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles drawn without Blender, with the fonts that Blender brings."""

from __future__ import annotations

import importlib
import os
import random
import shutil
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.errors.picture import PictureSizeError
from subtitle_editor.core.markup import Placing, Span
from subtitle_editor.core.picture import fonts, png, style
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.picture.paint import Painted
from subtitle_editor.core.picture.render import Renderer
from subtitle_editor.core.picture.style import DEFAULT, Style
from subtitle_editor.core.subtitles.document import Document
from tests.core.picture import scripts

FOLDER = fonts.blender_folder()
needs_fonts = pytest.mark.skipif(FOLDER is None, reason="no Blender whose fonts could be used")
pytestmark = needs_fonts

PLAIN = Style(name="plain", outline=0.0, shadow_color="#00000000")
"""Letters alone: where they are is where the picture is."""


@pytest.fixture(scope="module")
def letters() -> Fonts:
    """Blender's fonts only: what the machine has besides must not matter."""
    return Fonts(blender=FOLDER, system=[])


def drawn(cues: list[Cue], fonts: Fonts, look: Style = DEFAULT, size: tuple[int, int] = (1280, 720)) -> list[Painted]:
    """All that lies on the picture at second 1."""
    return list(Renderer(Document(tuple(cues)), *size, look, fonts).at(1.0))


def one(text: str, fonts: Fonts, look: Style = DEFAULT, size: tuple[int, int] = (1280, 720), **more: Any) -> Painted:
    (picture,) = drawn([Cue(0.0, 2.0, text, **more)], fonts, look, size)
    return picture


# Scripts


@pytest.mark.parametrize("name", scripts.LINES)
def test_each_script_looks_as_it_was_seen_to_be_right(name: str, letters: Fonts) -> None:
    """References were looked at; `SUBTITLE_EDITOR_WRITE_DOCS=1` makes them anew."""
    language, text = scripts.LINES[name]
    renderer = Renderer(Document((Cue(0, 2, text),)), 640, 360, DEFAULT, letters, language)
    (picture,) = renderer.at(1)
    assert renderer.problems == []
    path = scripts.DATA / f"{name}.png"
    if os.environ.get("SUBTITLE_EDITOR_WRITE_DOCS"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png.encoded(picture.rgba))
    assert scripts.difference(scripts.read(path), picture.rgba) < 2


def test_what_was_drawn_before_changes_nothing(letters: Fonts) -> None:
    """A space or a number in one script is not that of another, whichever came first."""
    for first, second in (("hebrew", "latin"), ("latin", "hebrew"), ("thai", "greek")):
        fresh = Fonts(blender=FOLDER, system=[])
        one(scripts.LINES[first][1], fresh)
        after = one(scripts.LINES[second][1] + " 12 %", fresh)
        alone = one(scripts.LINES[second][1] + " 12 %", Fonts(blender=FOLDER, system=[]))
        assert (after.rgba == alone.rgba).all()


def test_a_difference_is_seen(letters: Fonts) -> None:
    """Letters in the order of drawing instead of that of reading are another picture: the tolerance is small enough."""
    text = scripts.LINES["persian"][1]
    right = one(text, letters, size=(640, 360))
    assert scripts.difference(right.rgba, one(text[::-1], letters, size=(640, 360)).rgba) > 8
    moved = numpy.roll(right.rgba, 2, axis=1)
    assert scripts.difference(right.rgba, moved) > 4


@pytest.mark.parametrize("size", [(1280, 720), (3840, 2160), (1080, 1920), (1080, 1080)])
def test_letters_are_of_the_size_that_is_promised_and_in_the_safe_area(size: tuple[int, int], letters: Fonts) -> None:
    picture = one("Hxg", letters, PLAIN, size)
    width, height = size
    assert picture.rgba.shape[0] == pytest.approx(PLAIN.pixels(*size) * 0.95, rel=0.1)
    assert picture.y + picture.rgba.shape[0] <= height * (1 - DEFAULT.margin_y) + 1
    assert picture.x + picture.rgba.shape[1] / 2 == pytest.approx(width / 2, abs=2)


def test_a_profile_of_upright_video_fits_its_line(letters: Fonts) -> None:
    picture = one("so many letters in a row", letters, size=(1080, 1920))
    assert picture.rgba.shape[0] < 2 * DEFAULT.pixels(1080, 1920), "24 characters stand in one line"


# Looks


def test_white_letters_are_read_on_white(letters: Fonts) -> None:
    rgba = one("Snow", letters).rgba
    dark = (rgba[..., 3] > 200) & (rgba[..., :3].max(axis=2) < 60)
    light = (rgba[..., 3] > 200) & (rgba[..., :3].min(axis=2) > 200)
    assert dark.sum() > light.sum() * 0.5 > 100


def test_formatting_of_words_is_drawn(letters: Fonts) -> None:
    text = "plain red bold slanted under"
    kinds = (Span(6, 9, "color", "#ff0000"), Span(10, 14, "bold"), Span(15, 22, "italic"), Span(23, 28, "underline"))
    rgba = one(text, letters, PLAIN, spans=kinds).rgba
    red = (rgba[..., 3] > 128) & (rgba[..., 0] > 200) & (rgba[..., 1] < 60)
    columns = numpy.flatnonzero(red.any(axis=0)) / rgba.shape[1]
    assert 0.15 < columns.min() < columns.max() < 0.4
    bold = one("bold", letters, PLAIN, spans=(Span(0, 4, "bold"),)).rgba[..., 3].sum()
    assert bold > 1.2 * one("bold", letters, PLAIN).rgba[..., 3].sum()
    under = one("x", letters, PLAIN, spans=(Span(0, 1, "underline"),)).rgba
    assert (under[-3:, :, 3] > 0).all(axis=1).any(), "a line from side to side"
    slanted = one("H", letters, PLAIN, spans=(Span(0, 1, "italic"),))
    assert slanted.rgba.shape[1] > one("H", letters, PLAIN).rgba.shape[1] + 3


def test_an_outline_is_as_wide_as_it_says(letters: Fonts) -> None:
    bare = one("I", letters, PLAIN)
    for width in (0.02, 0.06, 0.1, 0.3):
        edged = one("I", letters, Style(name="edge", outline=width, shadow_color="#00000000"))
        grown = (edged.rgba.shape[1] - bare.rgba.shape[1]) / 2
        assert grown == pytest.approx(width * 36, abs=1)


def test_a_box_lies_behind_all_of_a_line_and_never_twice(letters: Fonts) -> None:
    look = Style(
        name="boxed", outline=0.0, shadow_color="#00000000", box="line", box_color="#00000080", line_spacing=1.0
    )
    rgba = one("one line\nand a longer one", letters, look).rgba
    assert rgba[..., 3][rgba[..., :3].max(axis=2) == 0].max() <= 129, "darker where two boxes meet"
    assert rgba[-1, rgba.shape[1] // 2, 3] == pytest.approx(128, abs=70)


def test_a_subtitle_can_be_turned(letters: Fonts) -> None:
    flat = one("turned around", letters, PLAIN, placing=Placing(5, 0.5, 0.5))
    steep = one(
        "turned around",
        letters,
        Style(name="t", outline=0, shadow_color="#00000000", angle=90),
        placing=Placing(5, 0.5, 0.5),
    )
    assert abs(flat.rgba.shape[0] - steep.rgba.shape[1]) <= 2
    assert abs(flat.rgba.shape[1] - steep.rgba.shape[0]) <= 2


def test_a_reading_stands_over_its_word(letters: Fonts) -> None:
    without = one("日本語", letters, PLAIN)
    ruby = one("日本語", letters, PLAIN, spans=(Span(0, 3, "ruby", "にほんご"),))
    grown = ruby.rgba.shape[0] - without.rgba.shape[0]
    assert 12 < grown < 36
    assert (ruby.rgba[: grown - 2, :, 3] > 0).any()


@pytest.mark.parametrize(("vertical", "side"), [("rl", 1), ("lr", 0)])
def test_lines_from_top_to_bottom(vertical: str, side: int, letters: Fonts) -> None:
    text = "日本語の字幕、\n二行目"
    picture = one(text, letters, PLAIN, placing=Placing(vertical=vertical))
    rows, columns, _ = picture.rgba.shape
    assert rows > 6 * 36 and 40 < columns < 95, "two columns, the longer one of seven letters"
    assert (picture.x > 1100, picture.x < 100)[1 - side]
    right, left = picture.rgba[:, columns // 2 :, 3], picture.rgba[:, : columns // 2, 3]
    first, second = (right, left) if vertical == "rl" else (left, right)
    assert first[rows // 2 + 40 :].any() and not second[rows // 2 + 40 :].any(), "the first line is the longer one"
    low = one("、", letters, PLAIN, placing=Placing(5, 0.5, 0.5))
    turned = one("、", letters, PLAIN, placing=Placing(5, 0.5, 0.5, vertical))
    assert turned.x > low.x, "the comma of a column stands at its right"


@pytest.mark.parametrize("align", range(1, 10))
def test_places(align: int, letters: Fonts) -> None:
    picture = one("here", letters, PLAIN, placing=Placing(align))
    row, column = divmod(align - 1, 3)
    x = (picture.x + picture.rgba.shape[1] / 2) / 1280
    y = (picture.y + picture.rgba.shape[0] / 2) / 720
    assert (x < 0.34, 0.34 <= x <= 0.66, x > 0.66)[column]
    assert (y > 0.66, 0.34 <= y <= 0.66, y < 0.34)[row]


def test_a_place_of_its_own_is_kept(letters: Fonts) -> None:
    picture = one("here", letters, PLAIN, placing=Placing(7, 0.25, 0.5))
    assert picture.x == pytest.approx(320, abs=4)
    assert 360 <= picture.y <= 372


def test_lines_that_are_too_wide_are_broken_evenly_and_none_is_lost(letters: Fonts) -> None:
    text = "these are so many words that they do not fit into one line of the picture, not by far, as anyone can see"
    narrow = Style(name="n", outline=0, shadow_color="#00000000", max_width=0.4, size=0.025)
    picture = one(text, letters, narrow)
    assert picture.rgba.shape[1] <= 0.4 * 1280 + 2
    wide = one(text, letters, Style(name="w", outline=0, shadow_color="#00000000", wrap=False, size=0.025))
    assert picture.rgba[..., 3].astype(int).sum() == pytest.approx(wide.rgba[..., 3].astype(int).sum(), rel=0.02)


# Several at a time


def rows(pictures: list[Painted]) -> list[tuple[int, int]]:
    return sorted((picture.y, picture.y + picture.rgba.shape[0]) for picture in pictures)


def test_overlapping_subtitles_are_stacked_and_stay_where_they_are(letters: Fonts) -> None:
    cues = [Cue(0, 3, "first\nof two lines"), Cue(0.5, 2, "second"), Cue(2.5, 4, "third")]
    renderer = Renderer(Document(tuple(cues)), 1280, 720, PLAIN, letters)
    first, second = renderer.at(1)
    assert second.y + second.rgba.shape[0] <= first.y
    assert renderer.at(2.2) == (first,), "nobody falls down when another ends"
    assert renderer.at(2.6)[0] is first
    third = renderer.at(3.5)[0]
    assert third.y < first.y, "it began above the first and stays there"


def test_those_that_say_their_place_are_not_moved(letters: Fonts) -> None:
    place = Placing(2, 0.5, 0.9)
    pictures = drawn([Cue(0, 2, "a"), Cue(0, 2, "a", placing=place), Cue(0, 2, "a", placing=place)], letters, PLAIN)
    assert pictures[1].y == pictures[2].y


def test_the_same_picture_comes_back_while_nothing_changes(letters: Fonts) -> None:
    renderer = Renderer(Document((Cue(0, 2, "a"), Cue(1, 3, "b"))), 1280, 720, DEFAULT, letters)
    assert renderer.at(0.2) is renderer.at(0.9)
    assert renderer.at(1.2)[0] is renderer.at(0.5)[0]
    assert renderer.at(2.0) and not renderer.at(3.0) and not renderer.at(-1)
    assert renderer.changes() == [0, 1, 2, 3]


def test_colours_by_speaker(letters: Fonts) -> None:
    cues = [Cue(0, 1, "a", speaker="Bo"), Cue(1, 2, "a", speaker="Al"), Cue(2, 3, "a", speaker="Bo"), Cue(3, 4, "a")]
    look = Style(
        name="s", outline=0, shadow_color="#00000000", speaker_colors=("#ffff00", "#00ffff"), speakers={"Al": "#ff00ff"}
    )
    renderer = Renderer(Document(tuple(cues)), 1280, 720, look, letters)
    found = []
    for index in range(4):
        (picture,) = renderer.at(index + 0.5)
        found.append(tuple(int(v) for v in picture.rgba[picture.rgba[..., 3] > 200][0][:3]))
    assert found == [(255, 255, 0), (255, 0, 255), (255, 255, 0), (255, 255, 255)]


# Words in time


WORDS = (Word(0, 1, "one"), Word(1, 2, "two"), Word(2, 3, "three"))


def colored(picture: Painted) -> float:
    """Share of the letters that is yellow."""
    solid = picture.rgba[picture.rgba[..., 3] > 200].astype(int)
    return float(((solid[:, 0] - solid[:, 2]) > 100).mean())


def test_the_spoken_word_is_highlighted(letters: Fonts) -> None:
    look = Style(name="k", outline=0, shadow_color="#00000000", karaoke="word", spoken_color="#ffff00")
    renderer = Renderer(Document((Cue(0, 3, "one two three", words=WORDS),)), 1280, 720, look, letters)
    assert renderer.changes() == [0, 1, 2, 3]
    places = []
    for time in (0.5, 1.5, 2.5):
        (picture,) = renderer.at(time)
        yellow = (picture.rgba[..., 3] > 200) & (picture.rgba[..., 0] > 200) & (picture.rgba[..., 2] < 80)
        columns = numpy.flatnonzero(yellow.any(axis=0)) / picture.rgba.shape[1]
        places.append((columns.min(), columns.max()))
    assert places[0][1] < places[1][0] < places[1][1] < places[2][0]


def test_karaoke_fills_up(letters: Fonts) -> None:
    look = Style(name="k", outline=0, shadow_color="#00000000", karaoke="fill", spoken_color="#ffff00")
    renderer = Renderer(Document((Cue(0, 3, "one two three", words=WORDS),)), 1280, 720, look, letters)
    shares = [colored(renderer.at(time)[0]) for time in (0.5, 1.5, 2.5)]
    assert shares[0] < shares[1] < shares[2] == 1.0


def test_a_word_or_two_at_a_time(letters: Fonts) -> None:
    look = Style(name="k", outline=0, shadow_color="#00000000", words=2)
    renderer = Renderer(Document((Cue(0, 3, "one two three", words=WORDS),)), 1280, 720, look, letters)
    assert renderer.changes() == [0, 2, 3]
    assert renderer.at(2.5)[0].rgba.shape == one("three", letters, PLAIN).rgba.shape
    assert scripts.difference(renderer.at(0.5)[0].rgba, one("one two", letters, PLAIN).rgba) < 0.5


def test_fades(letters: Fonts) -> None:
    look = Style(name="f", outline=0, shadow_color="#00000000", fade_in=0.4, fade_out=0.2)
    renderer = Renderer(Document((Cue(0, 2, "fade"),)), 1280, 720, look, letters)
    strengths = [int(renderer.at(time)[0].rgba[..., 3].max()) for time in (0.05, 0.2, 0.35, 1, 1.95)]
    assert strengths[0] < strengths[1] < strengths[2] < strengths[3] == 255 > strengths[4]


# What is hostile, or is not there


def problems(text: str, fonts: Fonts, size: tuple[int, int] = (1280, 720), look: Style = DEFAULT) -> dict[str, str]:
    renderer = Renderer(Document((Cue(0, 2, text),)), *size, look, fonts)
    renderer.at(1)
    return {problem.kind: str(problem.message) for problem in renderer.problems}


@pytest.mark.timeout(60)
def test_a_text_of_a_hundred_thousand_characters_is_cut_and_said(letters: Fonts) -> None:
    said = problems("word " * 20_000, letters)
    assert "98000" in said["cut"]
    assert "cut" in problems("\n" * 100_000, letters)


def test_control_characters_are_left_out_and_said(letters: Fonts) -> None:
    assert "2" in problems("a\x00b\x07c", letters)["controls"]
    assert scripts.difference(one("a\x00b\x07c", letters).rgba, one("abc", letters).rgba) < 0.5


def test_letters_that_no_font_has_are_named(tmp_path: Path) -> None:
    assert FOLDER is not None
    shutil.copy(next(FOLDER.glob("NotoSansHebrew*")), tmp_path)
    few = Fonts(given=[tmp_path], system=[])
    assert "\U000118a0" in problems("a \U000118a0 b", few)["letters"]
    assert one("a \U000118a0", few, PLAIN).rgba.shape == one("a", few, PLAIN).rgba.shape, "no box instead"


def test_what_reaches_out_of_the_picture_is_said(letters: Fonts) -> None:
    wide = Style(name="w", wrap=False, size=0.2)
    assert "outside" in problems("wider than the picture is", letters, look=wide)
    assert "outside" not in problems("in it", letters)


def test_what_is_wrong_is_said_of_each_that_looks_the_same(letters: Fonts) -> None:
    renderer = Renderer(Document((Cue(0, 1, "a\x01b"), Cue(2, 3, "a\x01b"))), 640, 360, DEFAULT, letters)
    first, second = renderer.at(0.5), renderer.at(2.5)
    assert first[0] is second[0]
    assert [(problem.kind, problem.index) for problem in renderer.problems] == [("controls", 0), ("controls", 1)]


def test_the_language_of_one_subtitle(letters: Fonts) -> None:
    cues = (Cue(0, 1, "直"), Cue(2, 3, "直"), Cue(4, 5, "直"))
    renderer = Renderer(Document(cues), 640, 360, DEFAULT, letters, "ja", languages=("", "zh-Hans", "ja"))
    japan, china, again = (renderer.at(time)[0] for time in (0.5, 2.5, 4.5))
    assert japan is again and not numpy.array_equal(japan.rgba, china.rgba)
    assert renderer.recipe(0) == renderer.recipe(2) != renderer.recipe(1)


@pytest.mark.timeout(60)
def test_huge_letters_end_at_the_picture(letters: Fonts) -> None:
    huge = Style(name="h", size=0.5, outline=0.5, shadow_blur=1.0, shadow_x=1.0)
    picture = one("XX", letters, huge, (3840, 2160))
    assert picture.rgba.shape[0] <= 2160 and picture.rgba.shape[1] <= 3840


@pytest.mark.parametrize("size", [(0, 0), (10, 10), (100_000, 100), (-1, 1080)])
def test_no_picture_has_such_a_size(size: tuple[int, int], letters: Fonts) -> None:
    with pytest.raises(PictureSizeError, match="16 to 16384"):
        Renderer(Document(), *size, DEFAULT, letters)


@given(st.text(max_size=60), st.sampled_from(sorted(style.presets())))
@settings(max_examples=60)
def test_any_text_is_drawn_inside_the_picture(letters: Fonts, text: str, name: str) -> None:
    for picture in drawn([Cue(0, 2, text)], letters, style.presets()[name], (320, 180)):
        height, width, channels = picture.rgba.shape
        assert channels == 4 and picture.rgba.dtype == numpy.uint8
        assert picture.x >= 0 and picture.y >= 0 and picture.x + width <= 320 and picture.y + height <= 180
        assert picture.rgba[..., 3].any(axis=1)[[0, -1]].all() and picture.rgba[..., 3].any(axis=0)[[0, -1]].all()


@pytest.mark.timeout(120)
def test_a_broken_font_crashes_nothing(tmp_path: Path) -> None:
    from fontTools.ttLib import woff2

    assert FOLDER is not None
    whole = tmp_path / "whole.ttf"
    woff2.decompress(str(next(FOLDER.glob("NotoSansHebrew*"))), str(whole))
    data = whole.read_bytes()
    chance = random.Random(7)
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "empty.ttf").write_bytes(b"")
    (folder / "text.otf").write_text("no font")
    (folder / "page.woff2").write_bytes(b"wOF2" + os.urandom(300))
    for number in range(40):
        damaged = bytearray(data[: chance.randrange(200, len(data))] if number % 4 == 0 else data)
        for _ in range(chance.randrange(1, 400)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        (folder / f"{number}.ttf").write_bytes(damaged)
    found = Fonts(given=[folder], blender=FOLDER, system=[])
    renderer = Renderer(Document((Cue(0, 2, "שָׁלוֹם abc"),)), 640, 360, DEFAULT, found)
    (picture,) = renderer.at(1)
    assert picture.rgba.shape[0] <= 360 and picture.rgba.any()


def test_a_font_that_went_away_is_passed_over(tmp_path: Path) -> None:
    from fontTools.ttLib import woff2

    assert FOLDER is not None
    path = tmp_path / "mine.ttf"
    woff2.decompress(str(next(FOLDER.glob("NotoSansHebrew*"))), str(path))
    found = Fonts(given=[tmp_path], blender=FOLDER, system=[])
    assert [one.path for one in found._listed((str(tmp_path),))] == [str(path)]
    path.unlink()
    path.mkdir()
    assert drawn([Cue(0, 2, "שלום")], found)[0].rgba.any()


def test_fonts_are_opened_when_they_are_needed(tmp_path: Path) -> None:
    module = importlib.import_module("subtitle_editor.core.picture.render")
    renderer = module.Renderer(
        Document((Cue(0, 1, "a"),)), 1280, 720, None, Fonts(given=[tmp_path / "nowhere"], system=[])
    )
    assert renderer.at(5) == ()
    assert renderer.at(0.5) == () and renderer.problems[0].kind == "letters"


def test_a_named_font_is_taken(letters: Fonts) -> None:
    mono = one("iiii", letters, Style(name="m", font="DejaVu Sans Mono", outline=0, shadow_color="#00000000"))
    assert mono.rgba.shape[1] > 1.5 * one("iiii", letters, PLAIN).rgba.shape[1]


def test_png_files_are_read_by_another_program(tmp_path: Path, letters: Fonts) -> None:
    rgba = one("any", letters).rgba
    (tmp_path / "a.png").write_bytes(png.encoded(rgba))
    assert (scripts.read(tmp_path / "a.png") == rgba).all()
