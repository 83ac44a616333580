# SPDX-License-Identifier: GPL-3.0-or-later
"""A font with a few letters, each a bar of a height of its own, made by fontTools."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import brotli
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def made(path: Path, letters: str, flavor: str | None = None) -> Path:
    """Write it. `flavor`: `woff`, `woff2`, or None for TrueType."""
    names = [".notdef", *(f"u{ord(char):04X}" for char in letters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(char): name for char, name in zip(letters, names[1:], strict=True)})
    builder.setupGlyf({name: _bar(200 + 10 * number) for number, name in enumerate(names)})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Little", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.font.flavor = flavor
    builder.save(path)
    return path


def _bar(height: int) -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for point in ((50, height), (450, height), (450, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def bomb(flavor: str, size: int, *, says: int | None = None, described: bool = False) -> bytes:
    """A web font of a few bytes with one table of `size` zeros, which `says` to be of another size. `described`: those
    are in its description, and it has no table. By hand, from the two recommendations of the W3C."""
    says = size if says is None else says
    data = (brotli if flavor == "woff2" else zlib).compress(bytes(size))
    if flavor == "woff2":
        table = b"" if described else bytes([63]) + b"junk" + _base128(says)
        head = 48 + len(table)
        packed = brotli.compress(b"") if described else data
        counts = struct.pack(">HHIIHH", not described, 0, 12 + 16 + size, len(packed), 1, 0)
    else:
        table = b"" if described else struct.pack(">4sIIII", b"junk", 64, len(data), says, 0)
        head = 44 + len(table)
        packed = b"" if described else data
        counts = struct.pack(">HHIHH", not described, 0, 12 + 16 + size, 1, 0)
    meta = struct.pack(">III", head + len(packed), len(data), says) if described else bytes(12)
    total = head + len(packed) + (len(data) if described else 0)
    start = (b"wOF2" if flavor == "woff2" else b"wOFF") + b"\x00\x01\x00\x00" + struct.pack(">I", total)
    return start + counts + meta + bytes(8) + table + packed + (data if described else b"")


def _base128(number: int) -> bytes:
    found = [number & 127]
    while number := number >> 7:
        found.append(number & 127 | 128)
    return bytes(reversed(found))
