# SPDX-License-Identifier: GPL-3.0-or-later
"""Which letters a font file has, for who draws with that file alone."""

from __future__ import annotations

from pathlib import Path

from . import harfbuzz, woff


def letters(path: str, packed: bytes | None = None) -> frozenset[str]:
    """The characters that the first face of a font has, each of them once. `packed`: the file's content, where it lies
    inside of another one. Takes a second for a large WOFF2 file. Raises OSError; ValueError or HarfBuzzError for what
    HarfBuzz finds no font in.
    """
    hb = harfbuzz.load()
    data = woff.unpacked(Path(path).read_bytes() if packed is None else packed)
    face = hb.Face(hb.Blob(data))
    if not face.glyph_count:
        raise ValueError(f"{path} holds no font")
    return frozenset(chr(code) for code in face.unicodes if not 0xD800 <= code < 0xE000)
