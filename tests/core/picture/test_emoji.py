# SPDX-License-Identifier: GPL-3.0-or-later
"""Emoji in colours: from a font that is made here, whose glyphs are PNG files, and from Debian's where it is there."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.markup import Placing
from subtitle_editor.core.picture import png
from subtitle_editor.core.picture.fonts import Fonts, blender_folder
from subtitle_editor.core.picture.render import Renderer
from subtitle_editor.core.picture.style import Style
from subtitle_editor.core.subtitles.document import Document

DEBIANS = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
PLAIN = Style(name="plain", size=0.2, outline=0.0, shadow_color="#00000000")
SMILE, EMPTY, HUGE, TORN = "\U0001f600", "\U0001f601", "\U0001f602", "\U0001f603"
SIDE = 128


def emoji_font(path: Path) -> None:
    """Apple's kind: one glyph that is red on the left and half of blue on the right, and three that are nothing."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables import sbixGlyph, sbixStrike

    picture = numpy.zeros((SIDE, SIDE, 4), numpy.uint8)
    picture[:, : SIDE // 2] = 255, 0, 0, 255
    picture[:, SIDE // 2 :] = 0, 0, 255, 128
    good = png.encoded(picture)
    names = {
        "smile": good,
        "empty": b"",
        "huge": good[:16] + struct.pack(">II", 99_999, 99_999) + good[24:],
        "torn": good[:60],
    }
    order = [".notdef", *names]
    builder = FontBuilder(1024, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(dict(zip(map(ord, (SMILE, EMPTY, HUGE, TORN)), names, strict=True)))
    builder.setupGlyf({name: TTGlyphPen(None).glyph() for name in order})
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1024, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-124)
    builder.setupNameTable({"familyName": "Noto Color Emoji", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    strike = sbixStrike.Strike(ppem=SIDE, resolution=72)
    for name in order:
        data = names.get(name, b"")
        strike.glyphs[name] = sbixGlyph.Glyph(
            glyphName=name,
            graphicType="png " if data else None,
            imageData=data or None,
            originOffsetX=0,
            originOffsetY=0,
        )
    table: Any = newTable("sbix")
    table.version, table.flags, table.numStrikes, table.strikes = 1, 1, 1, {SIDE: strike}
    builder.font["sbix"] = table
    builder.save(path)


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Fonts:
    folder = tmp_path_factory.mktemp("emoji")
    emoji_font(folder / "emoji.ttf")
    return Fonts(system=[folder])


def picture(text: str, letters: Fonts, style: Style = PLAIN) -> Any:
    (one,) = Renderer(Document((Cue(0, 1, text, placing=Placing(5)),)), 640, 360, style, letters).at(0.5)
    return one.rgba


def test_a_picture_in_a_font_is_drawn_with_its_colours_and_its_alpha(letters: Fonts) -> None:
    rgba = picture(SMILE, letters)
    high, wide, _ = rgba.shape
    assert abs(high - 72) <= 1 and abs(wide - 72) <= 1, "as large as the letters"
    assert rgba[high // 2, wide // 4].tolist() == [255, 0, 0, 255]
    assert numpy.abs(rgba[high // 2, 3 * wide // 4].astype(int) - [0, 0, 255, 128]).max() <= 2


def test_it_turns_and_stretches_with_the_text(letters: Fonts) -> None:
    turned = picture(SMILE, letters, Style(name="t", size=0.2, outline=0.0, shadow_color="#00000000", angle=90.0))
    high, wide, _ = turned.shape
    assert turned[3 * high // 4, wide // 2].tolist() == [255, 0, 0, 255], "what was on the left is below"
    assert turned[high // 4, wide // 2, 2] == 255
    broad = picture(SMILE, letters, Style(name="b", size=0.2, outline=0.0, shadow_color="#00000000", stretch_x=2.0))
    assert abs(broad.shape[1] - 144) <= 2 and abs(broad.shape[0] - 72) <= 1


def test_outline_and_shadow_lie_around_it(letters: Fonts) -> None:
    style = Style(name="o", size=0.2, outline=0.1, outline_color="#00ff00", shadow_color="#00000000")
    rgba = picture(SMILE, letters, style)
    assert abs(rgba.shape[0] - 72 - 14) <= 2
    assert rgba[rgba.shape[0] // 2, 2].tolist() == [0, 255, 0, 255]


@pytest.mark.parametrize("char", [EMPTY, HUGE, TORN], ids=["empty", "huge", "torn"])
def test_a_glyph_that_shows_nothing_is_listed_with_its_subtitle(char: str, letters: Fonts) -> None:
    renderer = Renderer(Document((Cue(0, 1, SMILE), Cue(1, 2, f"{SMILE} {char}"))), 640, 360, PLAIN, letters)
    renderer.at(0.5), renderer.at(1.5)
    assert [(problem.kind, problem.index, char in problem.message) for problem in renderer.problems] == [
        ("letters", 1, True)
    ]


@pytest.mark.skipif(not DEBIANS.is_file(), reason="no fonts-noto-color-emoji")
@pytest.mark.parametrize("text", ["😀", "👍🏽", "👩‍👩‍👧", "🇩🇪", "❤️", "1️⃣"])
def test_debians_font(text: str) -> None:
    letters = Fonts(blender=blender_folder(), system=[DEBIANS.parent])
    renderer = Renderer(Document((Cue(0, 1, text),)), 640, 360, PLAIN, letters)
    (one,) = renderer.at(0.5)
    assert renderer.problems == [] and 60 < one.rgba.shape[1] < 120
    colors = one.rgba[one.rgba[..., 3] > 128][:, :3] // 64
    assert len(numpy.unique(colors, axis=0)) > 1
