# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips, drawings, turns and changes over time as libass draws them: what is seen, pixel by pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest

from tests.core.picture.libass import Line, box_of, by_libass, by_us, needed, overlap, script, unpacked_fonts

pytestmark = needed

AT = 0.7
"""Seconds after the start of each line."""
LEAST_BOX = 0.95
"""How much of two boxes is shared."""
LEAST_SEEN, MOST_OFF = 0.93, 8.0
"""How much is shared of what is seen, and by how much colours differ in the boxes, of 255."""
STAR = "m 50 0 l 61 35 98 35 68 57 79 91 50 70 21 91 32 57 2 35 39 35"
ROUND = "m 0 50 b 0 22 22 0 50 0 78 0 100 22 100 50 100 78 78 100 50 100 22 100 0 78 0 50"

LINES: tuple[Line, ...] = (
    ("Default", r"{\clip(280,300,360,360)}Cut on both sides"),
    ("Default", r"{\iclip(300,300,340,345)}Without its middle"),
    ("Default", r"{\an5\pos(320,180)\fs60\clip(m 260 150 l 380 150 320 210)}Triangle"),
    ("Default", r"{\an5\pos(320,180)\fs60\iclip(m 280 150 b 280 220 360 220 360 150)}Without it"),
    ("Default", r"{\an5\pos(320,180)\fs60\clip(4,m 2080 1200 l 3040 1200 2560 1680)}In eighths"),
    ("Default", r"{\an5\pos(320,180)\fs60\frz30\clip(200,120,440,200)}Turned, not the clip"),
    ("Default", r"{\an7\pos(100,50)\p1}m 0 0 l 200 0 200 80 0 80{\p0}"),
    ("Default", rf"{{\an7\pos(200,100)\p1}}{STAR}{{\p0}}"),
    ("Default", rf"{{\an5\pos(320,180)\p1\c&H00A0FF&\bord6\3c&HFF0000&\shad0}}{ROUND}{{\p0}}"),
    ("Default", r"{\an5\pos(320,180)\p4}m 0 0 l 1600 0 1600 640 0 640{\p0}"),
    ("Default", r"{\an5\pos(320,180)\p2}m 0 0 l 300 0 300 100 0 200{\p0}"),
    ("Default", r"{\an2\p1}m 0 0 l 100 0 50 60{\p0}"),
    ("Default", r"{\an9\p1}m 0 0 l 100 0 50 60{\p0}"),
    ("Default", r"{\an5\pos(320,180)\p1}m 100 100 l 200 100 200 160 100 160{\p0}"),
    ("Default", r"{\an7\pos(320,180)\p1}m -50 -30 l 50 -30 50 30 -50 30{\p0}"),
    ("Default", r"{\an7\pos(100,100)\p1\pbo20}m 0 0 l 80 0 80 40 0 40{\p0}"),
    ("Default", r"{\an1}Text {\p1\pbo10}m 0 0 l 40 0 40 30 0 30{\p0} and more"),
    ("Default", r"{\an5\pos(320,180)\p1\fscx200\fscy50}m 0 0 l 100 0 100 100 0 100{\p0}"),
    ("Default", r"{\an5\pos(320,180)\p1\frz40}m 0 0 l 160 0 160 50 0 50{\p0}"),
    ("Default", r"{\an7\pos(100,100)\org(200,150)\frz-25\p1}m 0 0 l 160 0 160 50 0 50{\p0}"),
    ("Default", r"{\an7\pos(200,100)\p1}m 0 0 s 100 0 150 50 100 100 0 100 c{\p0}"),
    ("Default", r"{\an7\pos(200,100)\p1}m 0 0 l 150 0 150 150 0 150 m 40 40 l 40 110 110 110 110 40{\p0}"),
    ("Default", r"{\an7\pos(200,100)\p1}m 0 0 l 150 0 150 150 0 150 m 40 40 l 110 40 110 110 40 110{\p0}"),
    ("Default", r"{\an7\pos(200,100)\p1\bord0\shad8\4c&H00FF00&}m 0 0 l 100 0 100 50 0 50{\p0}"),
    ("Default", rf"{{\an5\pos(320,180)\p1\blur4\bord0\shad0}}{ROUND}{{\p0}}"),
    ("Default", rf"{{\an5\pos(320,180)\clip(300,0,640,360)\p1}}{STAR}{{\p0}}"),
    ("Default", r"{\an7\pos(50,50)\p1\1a&H80&\bord0\shad0}m 0 0 l 300 0 300 200 0 200{\p0}"),
    ("Box", r"{\an7\pos(200,100)\p1}m 0 0 l 100 0 100 50 0 50{\p0}"),
    ("Default", r"{\move(100,100,500,300)}Moving all the time"),
    ("Default", r"{\an7\move(100,100,300,100,500,1500)}Moving for a while"),
    ("Default", r"{\an7\move(50,50,400,200,0,300)}Has arrived"),
    ("Default", r"{\an5\pos(320,180)\t(\fscx200\fscy150)}Growing"),
    ("Default", r"{\an5\pos(320,180)\t(200,1200,\frz90)}Turning"),
    ("Default", r"{\an5\pos(320,180)\fs60\t(0,1400,\1c&H0000FF&\3c&H00FF00&)}Changing"),
    ("Default", r"{\an5\pos(320,180)\fs20\t(0,1000,2,\fs80)}Faster"),
    ("Default", r"{\an5\pos(320,180)\t(0.5,\fsp20)}Wider"),
    ("Default", r"{\an5\pos(320,180)\fs60\bord0\t(0,1400,\bord12)}Edge"),
    ("Default", r"{\an5\pos(320,180)\fs60\clip(200,100,250,260)\t(0,1400,\clip(200,100,440,260))}Uncovered"),
    ("Default", r"{\an5\pos(320,180)\fs60\t(0,1400,\alpha&HFF&)}Vanishing"),
    ("Default", r"{\an5\pos(320,180)\fs60\t(0,300,\fscx150)\t(300,1100,\fscx50)}Two"),
    ("Default", r"{\an5\pos(320,180)\fs50}One {\t(0,1400,\fscy300)}after{\r} another"),
    ("Default", r"{\an5\pos(320,180)\fs50\t(900,900,\fs10)}Not yet"),
    ("Default", rf"{{\an5\move(100,180,540,180)\t(\frz360)\p1}}{STAR}{{\p0}}"),
    ("Default", r"{\an5\pos(320,180)\fs60\fade(255,0,128,0,1400,1500,1900)}Slowly"),
    ("Default", r"{\an5\pos(320,180)\fs60\fad(1400,0)}Rising"),
    ("Default", r"{\an5\pos(320,180)\fs30\fs+10}Relative"),
    ("Default", r"{\an5\pos(320,180)\frz180\shad8}Around its shadow"),
    ("Default", r"{\an5\pos(320,180)\fs50\frx50}Around x"),
    ("Default", r"{\an5\pos(320,180)\fs50\fry50}Around y"),
    ("Default", r"{\an5\pos(320,180)\fs40\frx40\fry-30\frz20\bord4}All three"),
    ("Default", r"{\an5\pos(320,180)\fs60\fry130}From behind"),
    ("Default", r"{\an5\pos(320,180)\fs50\fax0.6}Sheared"),
    ("Default", r"{\an5\pos(320,180)\fs40\fay0.3}Sheared down"),
    ("Default", r"{\an5\pos(320,180)\fs40\fax-0.3\fay0.2\fscx150}Both\NLines of it"),
    ("Default", r"{\an7\pos(100,80)\org(320,180)\fs40\fry60}With origin"),
    ("Default", r"{\an5\pos(320,180)\p1\frx60\bord6\3c&HFF0000&}m 0 0 l 200 0 200 120 0 120{\p0}"),
    ("Box", r"{\an5\pos(320,180)\frx30\fry30}In a box\Nof two"),
    ("Default", r"{\an5\pos(320,180)\fs40\t(0,1400,\frx60\fry40)}Turning in space"),
    ("Default", r"{\an5\pos(320,180)\fs40\t(0,1400,\fax1)}Shearing"),
    ("Default", r"{\an5\pos(320,180)\fs40\frx30\clip(250,120,400,240)}Turned and clipped"),
    ("Default", r"{\an5\pos(320,180)\fs40\shad12\fry40}Far shadow"),
    ("Default", r"{\an5\pos(320,180)\fs40}Some {\frx50}of it{\frx0} turned"),
    ("Default", r"{\an5\pos(320,180)\fs40\u1\fry45}Underlined"),
    ("Default", r"{\an5\pos(320,180)\fs40\s1\fscy150}Struck AVAToWa"),
    ("Default", r"{\an5\pos(320,180)\fs50}{\kf30}Ka{\kf80}raaaaa{\kf100}oke"),
    ("Default", r"{\an5\pos(320,180)\fs50\shad8}{\ko30}Ka{\kf100}ra{\ko100}oke"),
    ("Default", r"{\an5\pos(320,180)\fs50\frz20}{\K140}Filled and turned"),
    ("Default", r"{\an5\pos(320,180)\fs50\frz180}{\kf90}From the other side"),
    ("Default", r"{\an5\pos(320,180)\fs50\frx40}{\kf90}From{\kf100} aside"),
    ("Default", r"{\an5\pos(320,180)\fs50\fad(1400,0)}{\kf140}Fading"),
    ("Default", r"{\an5\pos(320,180)\fs50\k30}a{\2c&H00FF00&\k100}bc{\2a&H80&\k10}de"),
    ("Default", r"{\an5\pos(320,180)\fs50\bord0\blur3}{\kf140}Soft"),
    ("Back", r"Behind all of it\Ntwo lines"),
    ("Thrown", r"A box with a shadow"),
    ("Box", r"{\bord10\3c&H0000FF&}Another box"),
    ("Box", r"{\bord0}No box"),
    ("Default", r"{\an5\pos(320,180)\fs50\be10}Edges"),
    ("Default", r"{\an5\pos(320,180)\fs110\1a&HFF&\shad6}Hollow"),
    ("Default", r"{\an9\frz16\pos(620,40)}Name:\N\NAge:\N \NHeight:\N\N\NWeight:"),
    ("Default", r"Above\N\N"),
    ("Default", r"\NBelow\Nan empty line\N"),
    ("Default", r"A soft\nbreak is a space"),
    ("Default", r"{\q2}A soft\nbreak is one here"),
    ("Default", r"{\q1}As many words as a line can take are in it here, and a space after them counts as none at all"),
    ("Default", r"{\move(100,100,500,300)\pos(320,180)}Moves"),
    ("Default", r"{\pos(320,180)\move(100,100,500,300)}Stays"),
    ("Default", r"{\shad-5}No shadow"),
    ("Default", r"{\fs50\xshad-8\yshad-8}A shadow above"),
    ("Default", r"{\fs50\xbord8\ybord0}Across"),
    ("Default", r"{\fs50\ybord10}Down"),
    ("Default", r"{\fs50\xbord30\ybord5\3c&HFF&}Wide"),
    ("Default", r"{\fs50\fad(1500,1500)}Not wholly"),
    ("Default", r"{\fs50\t(0,1400,\clip(200,100,440,360)\1c&H0000FF&)}Red at once"),
    ("Default", r"{\an5\pos(320,180)\fs40\fay0.3}a{\frz30}b\Nline {\frz0}two"),
    ("Default", r"{\an8\fs40\k50}ka\N\N{\k50}ra{\k100}o\nke"),
    ("Old", r"Colours as numbers"),
    ("Default", r"Runs to the left,\Non two lines", "Banner;20"),
    ("Default", r"Runs to the right", "Banner;5;1;50"),
    ("Default", r"{\an8}Runs up", "Scroll up;40;200;10"),
    ("Default", r"Runs up\Nout of its window", "Scroll up;300;100;20"),
    ("Default", r"Runs down", "Scroll down;40;200;10"),
)  # fmt: skip


def seen(frame: Any) -> Any:
    return numpy.abs(frame.astype(int) - frame[0, 0].astype(int)).max(axis=2) > 40


@pytest.mark.timeout(120)
def test_effects_are_seen_as_libass_shows_them(tmp_path: Path) -> None:
    fonts = unpacked_fonts(tmp_path)
    path = script(LINES, fonts, tmp_path)
    frames = by_libass(path, fonts["folder"], len(LINES), AT)
    ours = by_us(path, fonts["folder"], frames, AT)
    wrong = []
    for number, (style, text, *_) in enumerate(LINES):
        theirs, mine = seen(frames[number]), seen(ours[number])
        assert theirs.any() and mine.any(), text
        boxes = box_of(frames[number]), box_of(ours[number])
        left, top, right, bottom = (
            pick(pair) for pick, *pair in zip((min, min, max, max), boxes[0], boxes[1], strict=True)
        )
        off = numpy.abs(frames[number].astype(int) - ours[number])[top:bottom, left:right].mean()
        share = overlap(*boxes), (theirs & mine).sum() / (theirs | mine).sum()
        row = f"{share[0]:.3f} {share[1]:.3f} {off:5.2f}  {number} {style}: {text}"
        print(row)
        if share[0] < LEAST_BOX or share[1] < LEAST_SEEN or off > MOST_OFF:
            wrong.append(row)
    assert wrong == []
