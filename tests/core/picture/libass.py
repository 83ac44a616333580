# SPDX-License-Identifier: GPL-3.0-or-later
"""What FFmpeg's libass draws of a script, and what ours does: fonts for both, a frame of each line, boxes of what is
seen."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Sequence
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


needed = [
    pytest.mark.skipif(FOLDER is None, reason="no Blender whose fonts could be used"),
    pytest.mark.skipif(not has_libass(), reason="this ffmpeg has no libass"),
]

SIZE = 1280, 720
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
Style: Back,{sans},24,&H00FFFFFF,&H000000FF,&H00000000,&H80400000,0,0,0,0,100,100,0,0,4,2,3,2,20,20,20,1
Style: Thrown,{sans},24,&H00FFFFFF,&H000000FF,&H80000000,&H000000FF,0,0,0,0,100,100,0,0,3,4,3,2,20,20,20,1
Style: Old,{sans},24,65535,255,0,-2147483640,0,0,0,0,100,100,0,0,1,2,4,2,20,20,20,1
Style: Wide,{sans},22,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,-1,0,0,130,90,2,0,1,1,2,5,20,20,20,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

Line = tuple[str, str] | tuple[str, str, str]
"""The style and the text of an event, and its effect."""


def unpacked_fonts(folder: Path) -> dict[str, str]:
    """Two fonts as files that both sides read, and their families; `folder` is where they lie."""
    from fontTools.ttLib import TTFont, woff2

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


def script(lines: Sequence[Line], families: dict[str, str], folder: Path) -> Path:
    """A file with one event every two seconds."""
    rows = []
    for number, (style, text, *effect) in enumerate(lines):
        times = ",".join(f"0:{second // 60:02}:{second % 60:02}.00" for second in (2 * number, 2 * number + 2))
        text = text.replace("fnmono", "fn" + families["mono"])
        rows.append(f"Dialogue: 0,{times},{style},,0,0,0,{''.join(effect)},{text}\n")
    path = folder / "film.ass"
    path.write_text(HEAD.format(**families) + "".join(rows), encoding="utf-8")
    return path


def by_libass(path: Path, fonts_folder: str, count: int, at: float = 1.0) -> Any:
    """A frame of each of `count` lines, `at` seconds after its start."""
    width, height = SIZE
    source = f"color=c=#406080:s={width}x{height}:r=1/2:d={2 * count}"
    filters = f"settb=1/1000,setpts=PTS+{round(at * 1000)},subtitles={path.name}:fontsdir={fonts_folder}"
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


def by_us(path: Path, fonts_folder: str, frames: Any, at: float = 1.0) -> Any:
    """The same frames as we draw them."""
    renderer = Renderer(reading.load(path), *SIZE, None, Fonts(given=[Path(fonts_folder)], system=[]))
    found = numpy.empty_like(frames)
    for number, frame in enumerate(frames):
        found[number] = frame[0, 0]
        for picture in renderer.at(2 * number + at):
            rows, columns, _ = picture.rgba.shape
            part = found[number][picture.y : picture.y + rows, picture.x : picture.x + columns]
            alpha = picture.rgba[..., 3:] / 255
            part[:] = picture.rgba[..., :3] * alpha + part * (1 - alpha) + 0.5
    return found
