# SPDX-License-Identifier: GPL-3.0-or-later
"""Formatting of whole subtitles is the strip's own, formatting inside a line waits in it, and both come out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.markup import BOLD, COLOR, ITALIC, UNDERLINE, Placing, Span
from subtitle_editor.sequencer import compat, cue, look, spot, strips
from subtitle_editor.session import sheets

from .test_letters import move

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]


SUBRIP = """1
00:00:01,000 --> 00:00:03,000
plain <i>slanted</i> plain

2
00:00:04,000 --> 00:00:06,000
<i>All of it</i>

3
00:00:07,000 --> 00:00:09,000
{\\an8}<b>Bold <u>and under</u> above</b>

4
00:00:10,000 --> 00:00:12,000
<font color="#ff8000">Orange</font>
"""


def made(*cues: Cue) -> list[Any]:
    scene = bpy.context.scene
    rate = strips.rate_of(scene)
    placements = strips.place(cues, lambda seconds: scene.frame_start + rate.seconds_to_frame(seconds))
    strips.Writer(scene, placements, 0).step()
    return [strip for strip, *_ in sorted(strips.text_strips(scene), key=lambda item: item[1])]


def read() -> list[Cue]:
    return strips.cues_of(bpy.context.scene)[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.srt"
    path.write_text(SUBRIP, encoding="utf-8")
    return path


def test_subrip_to_strips_to_subrip_keeps_every_tag(file: Path, tmp_path: Path) -> None:
    assert bpy.ops.subtitle.import_file(filepath=str(file)) == {"FINISHED"}
    out = tmp_path / "out.srt"
    assert bpy.ops.subtitle.export_file(filepath=str(out)) == {"FINISHED"}
    assert out.read_text(encoding="utf-8") == SUBRIP


def test_the_strip_shows_what_all_of_its_text_has() -> None:
    text = "All of it"
    whole = (Span(0, 9, BOLD), Span(0, 9, COLOR, "#ff8000"), Span(0, 9, ITALIC))
    first, second = made(Cue(0, 1, text, spans=whole, placing=Placing(9)), Cue(2, 3, text, spans=(Span(0, 3, ITALIC),)))
    assert (first.use_bold, first.use_italic) == (True, True)
    assert tuple(first.color) == pytest.approx((1.0, 128 / 255, 0.0, 1.0))
    assert compat.hangs(first) == ("RIGHT", "TOP") and spot.of(first) == pytest.approx((0.94, 0.94), abs=0.001)
    assert (second.use_bold, second.use_italic) == (False, False)
    assert compat.hangs(second) == ("CENTER", "BOTTOM") and spot.of(second) == pytest.approx((0.5, 0.06), abs=0.001)


def test_a_position_is_where_the_text_hangs() -> None:
    (strip,) = made(Cue(0, 1, "here", placing=Placing(7, 0.25, 0.1)))
    assert spot.of(strip) == pytest.approx((0.25, 0.9), abs=0.001)
    assert read()[0].placing == Placing(7, 0.25, 0.1)


def test_what_a_user_changes_on_the_strip_goes_out() -> None:
    plain, slanted, moved, painted = made(
        Cue(0, 1, "plain"), Cue(2, 3, "slanted", spans=(Span(0, 7, ITALIC),)), Cue(4, 5, "moved"), Cue(6, 7, "painted")
    )
    plain.use_bold = True
    slanted.use_italic = False
    move(moved, 0.5, 0.9)
    painted.color = (1.0, 0.0, 0.0, 1.0)
    bold, straight, above, red = read()
    assert bold.spans == (Span(0, 5, BOLD),)
    assert straight.spans == ()
    assert above.placing == Placing(8)
    assert red.spans == (Span(0, 7, COLOR, "#ff0000"),)


def test_a_strip_cannot_speak_for_some_of_the_words() -> None:
    spans = (Span(0, 4, ITALIC), Span(5, 10, UNDERLINE))
    (strip,) = made(Cue(0, 1, "some words", spans=spans))
    strip.use_italic = True
    assert read()[0].spans == spans


def test_what_somebody_else_has_nested_without_end_is_nothing() -> None:
    deep = "[" * 100_000
    (strip,) = made(Cue(0, 1, "text"))
    strip[cue.MARK] = '{"text": ' + deep
    assert cue.noted(strip) == {} and [one.text for one in read()] == ["text"]
    look.Look(bpy.context.scene, '{"look": ' + deep).apply(strip, Cue(0, 1, "text"))
    assert not strip.use_bold
    sheet: Any = bpy.data.texts.new("sheet")
    sheet[sheets.SHEET] = '{"before": ' + deep
    assert sheets.noted(sheet) is None


@pytest.mark.parametrize(
    "said",
    [
        '"spans": [[1e999, 5, "italic", ""]]',
        '"spans": [[0, 5, "time", "soon"]]',
        '"spans": [[0, 5, "color", "blue"]]',
        '"placing": [true, null, null, ""]',
        '"placing": [2, NaN, null, ""]',
        f'"at": [0, 25], "words": [[0, 1{"0" * 400}, "text", 1, 0]]',
        '"at": [0, 25], "words": [[0, NaN, "text", 1, 0]]',
        '"at": [0, 25], "words": [[0, 5, 7, 1, 0]]',
        '"style": 5',
        '"layer": 1e999',
        '"extra": {"ass.row": 5}',
        '"avg_logprob": Infinity',
    ],
)
def test_what_no_subtitle_of_ours_says_is_not_taken_for_one(said: str) -> None:
    (strip,) = made(Cue(0, 1, "text"))
    strip[cue.MARK] = '{"text": "text", ' + said + "}"
    assert read()[0] == Cue(0, 1, "text")
