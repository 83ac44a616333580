# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of docs/picture.md. With SUBTITLE_EDITOR_WRITE_DOCS=1 this file makes them anew; without it they are
compared with what is drawn now.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy
import pytest

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.markup import Placing, Span
from subtitle_editor.core.picture import fonts, png, style
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.picture.render import Renderer
from subtitle_editor.core.picture.style import Style
from subtitle_editor.core.subtitles.document import Document
from tests.core.picture import scripts

FOLDER = fonts.blender_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="no Blender whose fonts could be used")
IMAGES = Path(__file__).parents[3] / "docs" / "img"


def film(width: int, height: int) -> Any:
    """A frame: an evening sky, from bright to dark."""
    rows = numpy.linspace(0, 1, height)[:, None, None]
    sky = numpy.array([246.0, 232, 214]) * (1 - rows) + numpy.array([58.0, 74, 96]) * rows
    return numpy.repeat(sky, width, axis=1).astype(numpy.uint8)


def frame(
    cues: tuple[Cue, ...], look: Style, letters: Fonts, size: tuple[int, int], language: str = "", time: float = 1.0
) -> Any:
    """A film with subtitles on it."""
    shown = film(*size)
    for picture in Renderer(Document(cues), *size, look, letters, language).at(time):
        rows, columns, _ = picture.rgba.shape
        part = shown[picture.y : picture.y + rows, picture.x : picture.x + columns]
        alpha = picture.rgba[..., 3:] / 255
        part[:] = picture.rgba[..., :3] * alpha + part * (1 - alpha)
    return shown


def tiled(tiles: list[Any], columns: int) -> Any:
    """Frames side by side, with a little room between them, as a picture with alpha."""
    height, width, _ = tiles[0].shape
    rows = -(-len(tiles) // columns)
    sheet = numpy.zeros((rows * (height + 6) - 6, columns * (width + 6) - 6, 4), numpy.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * (height + 6), number % columns * (width + 6)
        sheet[top : top + height, left : left + width, :3] = tile
        sheet[top : top + height, left : left + width, 3] = 255
    return sheet


def of_scripts(letters: Fonts) -> Any:
    """Each script in the default style."""
    tiles = [
        frame((Cue(0, 2, text, placing=Placing(5)),), Style(name="t", size=0.3), letters, (440, 84), language)
        for language, text in scripts.LINES.values()
    ]
    return tiled(tiles, 2)


def of_styles(letters: Fonts) -> Any:
    """Each preset; two speakers, a word in italics, words in time."""
    text = "I have never seen\nthe sea like this."
    words = tuple(Word(number * 0.25, number * 0.25 + 0.25, word) for number, word in enumerate(text.split()))
    cue = Cue(0, 2, text, words=words, speaker="Anna", spans=(Span(7, 12, "italic"),))
    looks = [*style.presets().values()]
    return tiled([frame((cue,), look, letters, (440, 248), time=1.1) for look in looks], 2)


def of_upright(letters: Fonts) -> Any:
    """An upright film: the spoken word in another colour, then the box, then the default."""
    text = "you will not believe this"
    words = tuple(Word(number * 0.4, number * 0.4 + 0.4, word) for number, word in enumerate(text.split()))
    cue = Cue(0, 2, text, words=words)
    looks = [style.presets()[name] for name in ("social", "box", "default")]
    return tiled([frame((cue,), look, letters, (216, 384), time=1.0) for look in looks], 3)


SHEETS = {"picture-scripts": of_scripts, "picture-styles": of_styles, "picture-upright": of_upright}


@pytest.mark.parametrize("name", SHEETS)
def test_the_page_shows_what_is_drawn(name: str) -> None:
    sheet = SHEETS[name](Fonts(blender=FOLDER, system=[]))
    path = IMAGES / f"{name}.png"
    if os.environ.get("SUBTITLE_EDITOR_WRITE_DOCS"):
        path.write_bytes(png.encoded(sheet))
    assert scripts.difference(scripts.read(path), sheet) < 1
    page = (IMAGES.parent / "picture.md").read_text(encoding="utf-8")
    assert f"img/{name}.png" in page
