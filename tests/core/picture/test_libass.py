# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation drawn as libass draws it: the box of what is seen, line by line. FFmpeg's filter is the other side."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy
import pytest

from subtitle_editor.core.picture import fonts
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.picture.render import Renderer
from subtitle_editor.core.subtitles import reading

FOLDER = fonts.blender_folder()


@functools.cache
def has_libass() -> bool:
    if shutil.which("ffmpeg") is None:
        return False
    done = subprocess.run(
        ["ffmpeg", "-hide_banner", "-filters"], capture_output=True, text=True, timeout=60, check=False
    )
    return " subtitles " in done.stdout


pytestmark = [
    pytest.mark.skipif(FOLDER is None, reason="no Blender whose fonts could be used"),
    pytest.mark.skipif(not has_libass(), reason="this ffmpeg has no libass"),
]

SIZE = 1280, 720
LEAST = 0.9
HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 640
PlayResY: 360
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,{sans},24,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,1,2,20,20,20,1
Style: Top,{sans},28,&H0000FFFF,&H000000FF,&H00202020,&H00000000,-1,0,0,0,100,100,0,0,1,3,0,8,10,10,30,1
Style: Box,{mono},20,&H00FFFFFF,&H000000FF,&H80000000,&H00000000,0,0,0,0,100,100,0,0,3,4,0,1,40,40,25,1
Style: Wide,{sans},22,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,-1,0,0,130,90,2,0,1,1,2,5,20,20,20,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

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
    """Two fonts as files that both sides read, and their families; `folder` is where they lie."""
    from fontTools.ttLib import TTFont, woff2

    folder = tmp_path_factory.mktemp("fonts")
    found = {"folder": str(folder)}
    assert FOLDER is not None
    for name, pattern in (("mono", "DejaVuSansMono*"), ("sans", "NotoSansHebrew-Regular*")):
        path = folder / f"{name}.ttf"
        woff2.decompress(str(next(FOLDER.glob(pattern))), str(path))
        font = TTFont(path)
        # A name that no font of the machine has: libass asks fontconfig first.
        for record in list(font["name"].names):
            if record.nameID in (1, 3, 4, 6, 16):
                font["name"].setName(f"Trial{name}", record.nameID, record.platformID, record.platEncID, record.langID)
        font.save(path)
        found[name] = f"Trial{name}"
    return found


def script(families: dict[str, str], folder: Path) -> Path:
    rows = []
    for number, (style, text) in enumerate(LINES):
        times = ",".join(f"0:{second // 60:02}:{second % 60:02}.00" for second in (2 * number, 2 * number + 2))
        rows.append(f"Dialogue: 0,{times},{style},,0,0,0,,{text.replace('fnmono', 'fn' + families['mono'])}\n")
    path = folder / "film.ass"
    path.write_text(HEAD.format(**families) + "".join(rows), encoding="utf-8")
    return path


def by_libass(path: Path, fonts_folder: str) -> Any:
    """One frame for each line, taken in its middle."""
    width, height = SIZE
    source = f"color=c=#406080:s={width}x{height}:r=1/2:d={2 * len(LINES)}"
    filters = f"setpts=PTS+1/TB,subtitles={path.name}:fontsdir={fonts_folder}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-vf", filters]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, timeout=110, check=True, cwd=path.parent)
    return numpy.frombuffer(done.stdout, numpy.uint8).reshape(-1, height, width, 3)


Box = tuple[int, int, int, int]


def box_of(frame: Any) -> Box:
    """What is seen before the empty ground."""
    seen = numpy.abs(frame.astype(int) - frame[0, 0].astype(int)).max(axis=2) > 40
    rows, columns = numpy.flatnonzero(seen.any(axis=1)), numpy.flatnonzero(seen.any(axis=0))
    assert len(rows), "nothing is seen"
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def overlap(one: Box, other: Box) -> float:
    """What two boxes share, of what they cover together."""
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    sizes = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(sizes) - width * height)


@pytest.mark.timeout(120)
def test_thirty_lines_stand_where_libass_puts_them(tmp_path: Path, unpacked: dict[str, str]) -> None:
    path = script(unpacked, tmp_path)
    frames = by_libass(path, unpacked["folder"])
    renderer = Renderer(reading.load(path), *SIZE, None, Fonts(given=[Path(unpacked["folder"])], system=[]))
    assert len(frames) == len(LINES) == 30
    shares = {}
    for number, (style, text) in enumerate(LINES):
        mine = numpy.empty_like(frames[number])
        mine[:] = frames[number][0, 0]
        for picture in renderer.at(2 * number + 1):
            rows, columns, _ = picture.rgba.shape
            part = mine[picture.y : picture.y + rows, picture.x : picture.x + columns]
            alpha = picture.rgba[..., 3:] / 255
            part[:] = picture.rgba[..., :3] * alpha + part * (1 - alpha)
        shares[f"{number} {style}: {text}"] = round(overlap(box_of(frames[number]), box_of(mine)), 3)
    print(*(f"{share:.3f}  {line}" for line, share in shares.items()), sep="\n")
    assert {line: share for line, share in shares.items() if share < LEAST} == {}


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (r"{\t(0,500,\fscx200)}grows", [r"\t"]),
        (r"{\clip(0,0,10,10)}cut {\iclip(m 0 0 l 1 1)}out", [r"\clip", r"\iclip"]),
        (r"{\move(1,2,3,4)\frx30\fry-0.5\fax1}turned{\t(\frz9)}", [r"\fax", r"\frx", r"\fry", r"\move", r"\t"]),
        (r"text {\p1}m 0 0 l 10 0 10 10{\p0} and more", [r"\p"]),
        (r"{\fade(255,0,255,0,100,200,300)}slowly", [r"\fade"]),
        (r"{\frx0\fry0.0\fad(100,100)\bord3\frz20\kf30\pos(1,2)\org(3,4)}drawn", []),
    ],
)
def test_what_is_not_drawn_is_named(tmp_path: Path, text: str, tags: list[str]) -> None:
    """The last row is drawn: places, turns, fades and edges."""
    path = tmp_path / "film.ass"
    path.write_text(
        f"{HEAD.format(sans='a', mono='b')}Dialogue: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,,{text}\n", encoding="utf-8"
    )
    assert FOLDER is not None
    renderer = Renderer(reading.load(path), 640, 360, None, Fonts(blender=FOLDER, system=[]))
    renderer.at(1)
    found = [problem.message for problem in renderer.problems if problem.kind == "effects"]
    assert found == ([f"Not drawn as the file says: {' '.join(tags)}."] if tags else [])


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
