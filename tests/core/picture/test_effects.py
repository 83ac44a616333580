# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's clips, drawings and changes over time: as files, from time to time, and out of hostile files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.picture import baking, fonts, substation, vectors
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.picture.paint import Painted
from subtitle_editor.core.picture.render import MOST_LOOKS, Renderer
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document
from tests.core.picture.libass import HEAD

FOLDER = fonts.blender_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="no Blender whose fonts could be used")
SIZE = 640, 360
SQUARE = r"{\an7\pos(100,100)\bord0\shad0\p1}m 0 0 l 50 0 50 50 0 50"


@pytest.fixture(scope="module")
def letters() -> Fonts:
    assert FOLDER is not None
    return Fonts(blender=FOLDER, system=[])


def film(folder: Path, *texts: str, layers: tuple[int, ...] = ()) -> Document:
    """All texts are shown from 0 to 2 seconds."""
    rows = "".join(
        f"Dialogue: {layer},0:00:00.00,0:00:02.00,Default,,0,0,0,,{text}\n"
        for text, layer in zip(texts, layers or (0,) * len(texts), strict=True)
    )
    path = folder / "film.ass"
    path.write_text(HEAD.format(sans="a", mono="b") + rows, encoding="utf-8")
    return reading.load(path)


def box(picture: Painted) -> tuple[int, int, int, int]:
    rows, columns, _ = picture.rgba.shape
    return picture.x, picture.y, picture.x + columns, picture.y + rows


def test_a_drawing_is_shown_in_the_order_of_the_file(tmp_path: Path, letters: Fonts) -> None:
    """A drawing without text is no subtitle to be edited, and still under the text that comes after it."""
    document = film(tmp_path, r"{\pos(125,125)}under", SQUARE, r"{\pos(125,125)}over", layers=(0, 0, 0))
    assert [cue.text for cue in document.cues] == ["under", "over"]
    found = [box(picture) for picture in Renderer(document, *SIZE, None, letters).at(1)]
    assert len(found) == 3 and found[1] == (100, 100, 150, 150)
    above = film(tmp_path, r"{\p1\an7\pos(0,0)}m 0 0 l 9 0 9 9", r"below", layers=(5, 0))
    assert [box(one)[:2] == (0, 0) for one in Renderer(above, *SIZE, None, letters).at(1)] == [False, True]


@pytest.mark.parametrize("before", [r"\frx20", r"\fax1", r"\fay1", ""])
@pytest.mark.parametrize("each", [r"\frz{}", r"\xshad{}", r"\fs{}", r"\fay{}", r"\fscx{}"])
def test_there_is_a_limit_to_the_planes_that_letters_lie_in(
    tmp_path: Path, letters: Fonts, before: str, each: str
) -> None:
    """Whatever it is that tells them apart: each of them is drawn on its own."""
    tags = (each.format(20 + number % 180 / 100) for number in range(400))
    document = film(tmp_path, f"{{{before}}}" + "".join(f"{{{tag}}}a" for tag in tags))
    renderer = Renderer(document, *SIZE, None, letters)
    setting = renderer._setting(renderer.dressed(0, renderer.moments(0)[0]))
    planes = {glyph.plane for glyph in setting.glyphs if glyph.plane and not glyph.plane.is_rotation}
    assert len(planes) <= substation.MOST_TURNS + len(setting.lines) and (planes or not before)


def test_letters_of_a_font_for_columns_are_upright_when_their_line_is_turned(tmp_path: Path, letters: Fonts) -> None:
    """Its name begins with @. Chinese letters lie on their backs in it, Latin ones stand; brackets are those of
    columns, which libass leaves as they are."""

    def drawn(tags: str, text: str) -> Any:
        document = film(tmp_path, rf"{{\an5\pos(320,180)\fs80\bord0\shad0{tags}}}{text}")
        found = numpy.zeros((SIZE[1], SIZE[0]), int)
        for one in Renderer(document, *SIZE, None, letters).at(1):
            rows, columns, _ = one.rgba.shape
            found[one.y : one.y + rows, one.x : one.x + columns] = one.rgba[..., 3]
        return found

    def shared(one: Any, other: Any) -> float:
        """Of both, moved over each other."""
        one, other = (
            numpy.roll(
                mask,
                [
                    size // 2 - int(numpy.median(at))
                    for size, at in zip(mask.shape, numpy.nonzero(mask > 127), strict=True)
                ],
                (0, 1),
            )
            > 127
            for mask in (one, other)
        )
        return float((one & other).sum() / (one | other).sum())

    assert shared(drawn(r"\fn@CJK\frz-90", "語"), drawn(r"\fnCJK", "語")) > 0.85
    assert shared(drawn(r"\fn@CJK", "語"), drawn(r"\fnCJK\frz90", "語")) > 0.85
    assert (drawn(r"\fn@CJK\frz-90", "12") == drawn(r"\fnCJK\frz-90", "12")).all()
    bracket = drawn(r"\fn@CJK\frz-90", "「")
    rows, columns = numpy.nonzero(bracket > 127)
    assert numpy.ptp(columns) > numpy.ptp(rows), "it opens downwards"
    column = drawn(r"\fn@CJK\frz-90", "日本語")
    rows, columns = numpy.nonzero(column > 127)
    assert numpy.ptp(rows) > 2.5 * numpy.ptp(columns)


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("PlayResY: 480", (640, 480)),
        ("PlayResX: 800", (800, 600)),
        ("PlayResX: 1280", (1280, 1024)),
        ("playresy: 480.0", (640, 480)),
        ("", (384, 288)),
    ],
)
def test_a_side_of_the_script_that_is_missing_follows_from_the_other(
    tmp_path: Path, letters: Fonts, said: str, size: tuple[int, int]
) -> None:
    """For what is drawn and for where it stands."""
    head = HEAD.format(sans="a", mono="b").replace("PlayResX: 640\nPlayResY: 360", said)
    path = tmp_path / "film.ass"
    path.write_text(f"{head}Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,,{SQUARE}\n", encoding="utf-8")
    document = reading.load(path)
    assert [box(one) for one in Renderer(document, *size, None, letters).at(1)] == [(100, 100, 150, 150)]
    placed = reading.parse(path.read_bytes().replace(SQUARE.encode(), b"{\\pos(96,72)}a"), "film.ass").cues[0].placing
    assert (placed.x, placed.y) == (96 / size[0], 72 / size[1])


def test_letters_are_as_wide_as_the_layout_wants_them(tmp_path: Path, letters: Fonts) -> None:
    """A script that was laid out for a film of another shape, of which this one is the same, stretched."""
    widths = []
    for said in ("", "LayoutResX: 640\nLayoutResY: 360\n", "LayoutResX: 640\nLayoutResY: 480\n"):
        film(tmp_path, r"{\bord0\shad0\fs60}Wide")
        path = tmp_path / "film.ass"
        path.write_text(path.read_text(encoding="utf-8").replace("[Script Info]\n", f"[Script Info]\n{said}"), "utf-8")
        document = reading.load(path)
        (picture,) = Renderer(document, *SIZE, None, letters).at(1)
        widths.append(picture.rgba.shape[1])
    assert widths[0] == widths[1] and abs(widths[2] - widths[0] * 4 / 3) < 3


def test_a_style_of_ones_choice_leaves_drawings_out(tmp_path: Path, letters: Fonts) -> None:
    from subtitle_editor.core.picture import style

    document = film(tmp_path, SQUARE, "text")
    assert len(Renderer(document, *SIZE, style.find("netflix"), letters).at(1)) == 1


def test_what_moves_stands_elsewhere_at_each_time(tmp_path: Path, letters: Fonts) -> None:
    moving = SQUARE.replace(r"\pos(100,100)", r"\move(100,100,300,100,500,1500)")
    renderer = Renderer(film(tmp_path, moving), *SIZE, None, letters)
    found = [box(renderer.at(at)[0])[0] for at in (0.0, 0.4, 0.75, 1.0, 1.25, 1.6)]
    assert found == [100, 100, 150, 200, 250, 300]
    assert renderer.at(0.1) is renderer.at(0.3) and box(renderer.at(0.8)[0]) != box(renderer.at(0.81)[0])


def test_what_changes_is_baked_as_looks_and_made_once(tmp_path: Path, letters: Fonts) -> None:
    moving = SQUARE.replace(r"\pos(100,100)", r"\move(100,100,300,100,0,400)")
    document = film(tmp_path, moving, r"{\t(\fscx300)}growing", "still")
    first = baking.bake(document, tmp_path / "out", *SIZE, None, letters)
    by_index = {one.index: one for one in first.baked}
    # The drawing comes after the subtitles: ten looks of 40 ms, and one for the rest.
    assert {index: len(one.shown) for index, one in by_index.items()} == {0: 50, 1: 1, 2: 11}
    drawing = by_index[2]
    assert (drawing.y, drawing.height, len({shown.file for shown in drawing.shown})) == (100, 50, 11)
    assert drawing.x < 120 and drawing.x + drawing.width == 350
    assert drawing.shown[0].begins == 0 and drawing.shown[-1].ends == 2
    again = baking.bake(document, tmp_path / "out", *SIZE, None, letters)
    assert (again.made, again.baked, again.orphans, again.problems) == (0, first.baked, (), first.problems)
    other = baking.bake(
        film(tmp_path, moving.replace("50 50", "50 60"), "still"), tmp_path / "out", *SIZE, None, letters
    )
    assert other.made > 0


def test_syllables_are_filled_from_the_side_they_are_read_from(tmp_path: Path, letters: Fonts) -> None:
    """Half a second after its start a syllable of a second is half in the one colour, half in the other."""
    for text, first in (
        (r"{\an5\fs80\bord0\shad0}{\kf100}HHHHHH", True),
        (r"{\an5\fs80\bord0\shad0}{\kf100}שששש", False),
    ):
        renderer = Renderer(film(tmp_path, text), *SIZE, None, letters)
        (picture,) = renderer.at(0.5)
        red = (picture.rgba[..., 0] > 200) & (picture.rgba[..., 1] < 50) & (picture.rgba[..., 3] > 200)
        white = (picture.rgba[..., 1] > 200) & (picture.rgba[..., 3] > 200)
        columns = [mask.any(axis=0).nonzero()[0] for mask in (white, red)]
        assert (columns[0].max() < columns[1].min()) if first else (columns[1].max() < columns[0].min())
        assert 0.8 < white.sum() / red.sum() < 1.25
        assert [box(renderer.at(at)[0]) for at in (0.1, 0.9, 1.5)] == [box(picture)] * 3
        found = renderer.moments(0)
        assert len(found) == 26 and found[-1].begins == 1.0, "40 ms each, and what is sung"


def test_a_syllable_gets_its_outline_once_it_is_sung(tmp_path: Path, letters: Fonts) -> None:
    renderer = Renderer(film(tmp_path, r"{\an5\fs80\bord6\shad0}{\ko100}H{\ko50}H"), *SIZE, None, letters)
    widths = [box(renderer.at(at)[0])[2] - box(renderer.at(at)[0])[0] for at in (0.0, 0.5, 1.5)]
    assert widths[0] == widths[1] < widths[2]


def events(folder: Path, *rows: str) -> Document:
    """Each from 0 to 2 seconds; `rows`: left, right and vertical margin, effect, text."""
    path = folder / "film.ass"
    lines = "".join(f"Dialogue: 0,0:00:00.00,0:00:02.00,Default,,{row}\n" for row in rows)
    path.write_text(HEAD.format(sans="a", mono="b") + lines, encoding="utf-8")
    return reading.load(path)


def test_margins_reach_over_the_middle_of_the_picture(tmp_path: Path, letters: Fonts) -> None:
    """Upright films have their subtitles at two thirds of the height so; one that would leave the picture stays."""
    found = [
        box(Renderer(events(tmp_path, f"0,0,{margin},,text"), *SIZE, None, letters).at(1)[0])
        for margin in (20, 240, 355)
    ]
    assert found[0][3] > 330 and 90 < found[1][1] < found[1][3] < 125 and 0 <= found[2][1] < 10


def test_margins_that_leave_no_room_break_between_words(tmp_path: Path, letters: Fonts) -> None:
    wide, narrow = (
        Renderer(events(tmp_path, f"{margin},{margin},0,,one two"), *SIZE, None, letters).at(1)[0]
        for margin in (0, 400)
    )
    assert narrow.rgba.shape[0] < 2.5 * wide.rgba.shape[0] and narrow.rgba.shape[1] > wide.rgba.shape[1] / 3


def test_outlines_of_events_at_the_same_time_do_not_touch(tmp_path: Path, letters: Fonts) -> None:
    renderer = Renderer(events(tmp_path, *[r"0,0,0,,{\bord9\shad0}Äg"] * 3), *SIZE, None, letters)
    found = sorted(box(picture) for picture in renderer.at(1))
    tops = sorted(one[1] for one in found)
    assert tops[1] >= min(one[3] for one in found) and tops[2] >= sorted(one[3] for one in found)[1]


def test_with_only_some_wanted_drawings_stay_out(tmp_path: Path, letters: Fonts) -> None:
    """They are no strips in Blender."""
    result = baking.bake(film(tmp_path, SQUARE, "text"), tmp_path / "out", *SIZE, None, letters, only=[0])
    assert [one.index for one in result.baked] == [0]


def test_pictures_that_are_more_than_memory_holds_are_the_same(
    tmp_path: Path, letters: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = film(tmp_path, SQUARE.replace(r"\pos(100,100)", r"\move(100,100,300,100)"))
    whole = baking.bake(document, tmp_path / "one", *SIZE, None, letters)
    monkeypatch.setattr(baking, "_MOST_HELD", 10_000)
    twice = baking.bake(document, tmp_path / "two", *SIZE, None, letters)
    assert twice.baked == whole.baked
    for name in baking.files_of(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        r"{\p1}m 0 0 l" + " 123 456 -7 8" * 500_000,
        r"{\p1}m -1e9 -1e9 l 1e9 -1e9 1e9 1e9 -1e9 1e999 b 1e9 1 2 -1e9 5 6",
        r"{\p1\fscx99999\fscy99999}m 0 0 l 1e9 0 5 1e9",
        r"{\p9999999\pbo1e9}m 0 0 l 1 1 2 2{\p0}x",
        r"{\p1\pbo-1e9\bord1e9\shad1e9\blur1e9}m 0 0 l 9 9 0 9",
        r"{\clip(-1e9,-1e9,1e9,1e9)\iclip(9,9,1,1)}text",
        r"{\clip(999,m 0 0 l 1e9 1e9 5 5)}text",
        r"{\clip(m)\iclip()\clip(,,,)\iclip(1,2,3)}text",
        "{" + r"\t(0,1000,0.3,\fscx200\frz90\1c&HFF&)" * 3_000 + "}text",
        "{" + r"\t(" * 30_000 + "}text",
        r"{\b1}a{\b0}b" * 300_000,
        r"{\move(1e9,1e9,-1e9,-1e9,-1e9,1e9)\t(-1e9,1e9,1e9,\fs1e9)\t(5,1,-3,\frz1e9)\org(1e9,1e9)}text",
        r"{\fade(1e9,-1e9,3,1e9,-1e9,5,7)\fad(1e9,1e9)}text",
        r"{\frx1e9\fry-1e9\frz1e9\fax1000\fay-1000\org(-1e9,1e9)}text",
        r"{\kf1}a" * 5_000,
        r"{\kf9999999\kf-5\kf\ko1e9\K}a{\kt-9\kfx}b{\kf0}c",
        r"{\fry89.999999\fs300\bord90\blur90}text",
        r"{\q2\fs300\fry40\frx40\org(9000,0)}" + "text " * 380,
        "".join(rf"{{\frx{number}}}a" for number in range(1_000)),
        r"{\fscx-5\fscy0\fs-1\fs+1e9\fsp1e9\an0\q9\rnothing\fn}text",
    ],
    ids=lambda text: text[:24],
)
def test_hostile_events_are_bounded(tmp_path: Path, letters: Fonts, text: str) -> None:
    begun = time.process_time()
    document = film(tmp_path, text)
    renderer = Renderer(document, *SIZE, None, letters)
    for at in (0.0, 0.5, 1.9):
        for picture in renderer.at(at):
            assert picture.rgba.shape[0] <= SIZE[1] and picture.rgba.shape[1] <= SIZE[0]
    assert all(len(renderer.moments(index)) <= 3 * MOST_LOOKS for index in range(renderer.count))
    assert time.process_time() - begun < 30, "hours, for a file of them"


NUMBERS = st.one_of(st.integers(-20, 200), st.floats(allow_nan=True), st.just(""))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("mnlbspcx"), st.lists(NUMBERS, max_size=9)), max_size=8), st.integers(0, 40))
def test_any_lines_make_a_letter_inside_their_box(rows: list[tuple[str, list[object]]], scale: int) -> None:
    lines = " ".join(f"{name} {' '.join(map(str, numbers))}" for name, numbers in rows)
    found = vectors.outline(lines, scale)
    assert -vectors.FARTHEST <= found.left <= found.right <= vectors.FARTHEST
    for _, points in found.steps:
        for x, y in points:
            is_inside = found.left - 0.01 <= x <= found.right + 0.01 and found.top - 0.01 <= y <= found.bottom + 0.01
            # A line without a move begins where the pen is, at nothing; as in libass that is no point of the box.
            assert is_inside or (x, y) == (0, 0)
    assert vectors.font(lines, scale).draw_glyph is not None
