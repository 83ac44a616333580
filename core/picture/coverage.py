# SPDX-License-Identifier: GPL-3.0-or-later
"""Which letters a font file has, for who draws with that file alone."""

from __future__ import annotations

import io
from pathlib import Path

from . import fonts, harfbuzz

_WOFF2 = b"wOF2"
"""What a WOFF2 file begins with (WOFF File Format 2.0, "WOFF2Header")."""


def letters(path: str, packed: bytes | None = None) -> frozenset[str]:
    """The characters that the first face of a font has, each of them once. `packed`: the file's content, where it lies
    inside of another one. Takes a second for a large WOFF2 file. Raises OSError; ValueError or HarfBuzzError for what
    HarfBuzz finds no font in.
    """
    hb = harfbuzz.load()
    data = Path(path).read_bytes() if packed is None else packed
    if data.startswith(_WOFF2):
        data = fonts.unpacked(io.BytesIO(data))
    face = hb.Face(hb.Blob(data))
    if not face.glyph_count:
        raise ValueError(f"{path} holds no font")
    return frozenset(chr(code) for code in face.unicodes if not 0xD800 <= code < 0xE000)
