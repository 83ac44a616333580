# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation drawn as libass draws it: the box of what is seen, line by line. FFmpeg's filter is the other side."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.picture.render import Renderer
from subtitle_editor.core.subtitles import reading
from tests.core.picture.libass import FOLDER, HEAD, box_of, by_libass, by_us, needed, overlap, script, unpacked_fonts

pytestmark = needed

LEAST = 0.9

LINES = (
    ("Default", r"Plain line"),
    ("Default", r"Two lines\Nof text"),
    ("Top", r"At the top"),
    ("Top", r"Two at the top\Nbold ones"),
    ("Box", r"In a box"),
    ("Box", r"Two lines\Nin a box"),
    ("Wide", r"Slanted and stretched"),
    ("Default", r"{\an1}Left below"),
    ("Default", r"{\an3}Right below"),
    ("Default", r"{\an4}Left"),
    ("Default", r"{\an6}Right"),
    ("Default", r"{\an7}Left above"),
    ("Default", r"{\an9}Right above"),
    ("Default", r"{\an5}Middle"),
    ("Default", r"{\pos(320,100)}At a place"),
    ("Default", r"{\an7\pos(100,50)}Corner at a place"),
    ("Default", r"{\an5\pos(320,180)\frz30}Turned by thirty"),
    ("Default", r"{\frz-15}Turned below"),
    ("Default", r"{\fs40}Large"),
    ("Default", r"{\fs14}small and {\fs30}large"),
    ("Default", r"{\bord6}Thick edge"),
    ("Default", r"{\bord0\shad0}No edge"),
    ("Default", r"{\shad6}Far shadow"),
    ("Default", r"{\fscx150}Stretched"),
    ("Default", r"{\fsp6}Spaced out"),
    ("Default", r"{\b1}Bold{\b0} and {\i1}italic{\i0}"),
    ("Default", r"{\k50}Ka{\k50}ra{\k100}oke"),
    ("Default", r"A line that is so long that it has to be broken into two or three lines by whoever draws it here"),
    ("Default", r"{\q2}Not broken"),
    ("Wide", r"{\fnmono}Another font"),
)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return unpacked_fonts(tmp_path_factory.mktemp("fonts"))


@pytest.mark.timeout(120)
def test_thirty_lines_stand_where_libass_puts_them(tmp_path: Path, unpacked: dict[str, str]) -> None:
    path = script(LINES, unpacked, tmp_path)
    frames = by_libass(path, unpacked["folder"], len(LINES))
    ours = by_us(path, unpacked["folder"], frames)
    assert len(frames) == len(LINES) == 30
    shares = {
        f"{number} {style}: {text}": round(overlap(box_of(frames[number]), box_of(ours[number])), 3)
        for number, (style, text) in enumerate(LINES)
    }
    print(*(f"{share:.3f}  {line}" for line, share in shares.items()), sep="\n")
    assert {line: share for line, share in shares.items() if share < LEAST} == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (r"{\frx30\fry-0.5\fax1}turned{\t(\frz9\fay1)}", ""),
        (
            "".join(rf"{{\frx{number}}}a" for number in range(1, 151)),
            "Its letters are turned in space in 150 ways; those after the first 100 are not.",
        ),
        # Each of them lies in a plane of its own, by what is turned in the picture too, where it is sheared from, and
        # how far away its shadow is, about which it is turned.
        (
            r"{\frx20}" + "".join(rf"{{\frz{number / 100}}}a" for number in range(1, 151)),
            "Its letters are turned in space in 150 ways; those after the first 100 are not.",
        ),
        (
            r"{\fry20}" + "".join(rf"{{\xshad{number / 100}}}a" for number in range(1, 151)),
            "Its letters are turned in space in 150 ways; those after the first 100 are not.",
        ),
        (
            r"{\fax1}" + "".join(rf"{{\fs{20 + number / 100}}}a" for number in range(1, 151)),
            "Its letters are turned in space in 150 ways; those after the first 100 are not.",
        ),
        (
            r"{\fay1}a{\fay2}a" * 75,
            "Its letters are turned in space in 150 ways; those after the first 100 are not.",
        ),
        ("".join(rf"{{\frz{number}\fs{20 + number / 100}}}a" for number in range(1, 151)), ""),
        (
            r"{\kf1}a" * 503,
            "It has more than 500 syllables of karaoke; the last 3 are sung with those before them.",
        ),
        (r"a{\fax49}b", ""),
        (r"a{\fay-1000}b", "It is sheared by more than 50; it is drawn with as much."),
        ("{" + r"\t(\fs9)" * 310 + "}changes", r"It has too many changes over time (\t); the last 10 are not drawn."),
        (r"{\p1}m 0 0 l" + " 1 2" * 20_000, "Its drawing has more than 10000 points; the others are not drawn."),
        (
            r"{\clip(m 0 0 l" + " 1 2" * 20_000 + ")}clip",
            "Its drawing has more than 10000 points; the others are not drawn.",
        ),
        (
            r"{\t(0,500,\fscx200)\clip(0,0,10,10)\iclip(m 0 0 l 1 1)\fade(255,0,255,0,1,2,3)}all {\p1}m 0 0 l 1 1",
            "",
        ),
        (r"{\frx0\fry0.0\fad(100,100)\bord3\frz20\kf30\pos(1,2)\org(3,4)}drawn", ""),
    ],
)
def test_what_is_not_drawn_is_named(tmp_path: Path, text: str, told: str) -> None:
    """The last rows are drawn: clips, drawings, changes, places, turns, fades and edges."""
    path = tmp_path / "film.ass"
    path.write_text(
        f"{HEAD.format(sans='a', mono='b')}Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,,{text}\n", encoding="utf-8"
    )
    assert FOLDER is not None
    renderer = Renderer(reading.load(path), 640, 360, None, Fonts(blender=FOLDER, system=[]))
    renderer.at(1)
    found = [problem.message for problem in renderer.problems if problem.kind == "effects"]
    assert found == ([told] if told else [])


def test_an_effect_that_is_not_drawn_is_named(tmp_path: Path) -> None:
    path = tmp_path / "film.ass"
    head = HEAD.format(sans="a", mono="b")
    row = "Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,{},text\n"
    effects = "Banner", "", "Karaoke", "Scroll up;10;20", "Banner;20;0;50", "Scroll down;0;0;5"
    path.write_text(head + "".join(map(row.format, effects)), encoding="utf-8")
    assert FOLDER is not None
    renderer = Renderer(reading.load(path), 640, 360, None, Fonts(blender=FOLDER, system=[]))
    renderer.at(1)
    found = [(problem.index, problem.message) for problem in renderer.problems if problem.kind == "effects"]
    assert found == [(0, 'Its effect "Banner" is not drawn.'), (3, 'Its effect "Scroll up" is not drawn.')]


@pytest.mark.timeout(60)
def test_thousands_of_styles_and_nonsense_in_them(tmp_path: Path) -> None:
    head, events = HEAD.format(sans="a", mono="b").split("[Events]")
    rows = "".join(
        f"Style: s{number},x{number},{number * 9**9},&HZZ,9e9,&HFFFFFFFFFFFF,nan,-9,,,,1e9,0,-5,inf,7,-1,99999,12,,,,\n"
        for number in range(3000)
    )
    lines = "".join(
        f"Dialogue: 0,0:00:00.00,0:00:02.00,s{number},,-1,1e9,,,{{\\fs99999\\bord99999\\blur9999\\frz1e99\\pos(1e9,-9)"
        f"\\t(\\fscx\\3c&H\\k-5\\fad(9,)}}text {number}\n"
        for number in range(0, 3000, 1000)
    )
    path = tmp_path / "film.ass"
    path.write_text(f"{head}{rows}[Events]{events}{lines}", encoding="utf-8")
    assert FOLDER is not None
    renderer = Renderer(reading.load(path), 640, 360, None, Fonts(blender=FOLDER, system=[]))
    for picture in renderer.at(1):
        assert picture.rgba.shape[0] <= 360 and picture.rgba.shape[1] <= 640
