# SPDX-License-Identifier: GPL-3.0-or-later
"""Web fonts as the fonts that are packed into them.

fontTools unpacks them, and takes into memory whatever comes out: 60 KB can become gigabytes. So first what they say of
their size is looked at, and whether it is true, a piece at a time (W3C: WOFF File Format 1.0 and 2.0). Any thread.
"""

from __future__ import annotations

import io
import zlib

MOST = 64 << 20
"""Bytes of one font: twice the largest ones in use, which have all of Chinese, Japanese and Korean."""
MOST_OUTLINES = 16 << 20
"""Of them of TrueType's outlines, which are unpacked point by point: 17 times as many bytes of memory, and a second for
each million, were seen. None of those that Blender brings has two million."""
_PIECE = 1 << 20
_HEADS = {b"wOFF": 44, b"wOF2": 48}
"""How long the header is. Its last 20 bytes are where a description is, and what its maker likes."""
_ENTRY = 20
"""Bytes of one table's entry of WOFF 1.0."""


class TooLargeError(ValueError):
    """More comes out of a font than may."""


def unpacked(data: bytes, most: int = MOST) -> bytes:
    """A font without its packing, which may be of `most` bytes; data that is not packed as it is. Raises TooLargeError,
    ValueError for what is none."""
    import logging

    from fontTools.ttLib import woff2

    head = _HEADS.get(data[:4])
    if head is None:
        return data
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    out = io.BytesIO()
    try:
        (_look_2 if head == _HEADS[b"wOF2"] else _look_1)(data, most)
        # Without its description, which may be packed as well.
        woff2.decompress(io.BytesIO(data[: head - 20] + bytes(20) + data[head:]), out)
        if out.getbuffer().nbytes > most:
            raise TooLargeError
    except TooLargeError:
        raise
    except Exception as error:  # fontTools raises what it stumbles over: assertions, struct, brotli.
        raise ValueError("this is no font") from error
    return out.getvalue()


def _look_1(data: bytes, most: int) -> None:
    """Raises what `unpacked` does, and what zlib does."""
    total = 0
    for at in range(44, 44 + _ENTRY * int.from_bytes(data[12:14], "big"), _ENTRY):
        start, packed, size = (int.from_bytes(data[at + place : at + place + 4], "big") for place in (4, 8, 12))
        total += size
        if total > most:
            raise TooLargeError
        if packed < size and len(zlib.decompressobj().decompress(data[start : start + packed], size + 1)) > size:
            raise ValueError("more is in a table than it says")


def _look_2(data: bytes, most: int) -> None:
    """Raises what `unpacked` does, and what fontTools and brotli do."""
    import brotli
    from fontTools.ttLib.woff2 import WOFF2DirectoryEntry

    file = io.BytesIO(data)
    file.seek(48)
    size = total = outlines = 0
    for _ in range(int.from_bytes(data[12:14], "big")):
        entry = WOFF2DirectoryEntry()
        entry.fromFile(file)
        size += entry.length
        total += max(entry.length, entry.origLength)
        outlines += entry.length if entry.tag == "glyf" else 0
    if total > most or outlines > MOST_OUTLINES:
        raise TooLargeError
    unpacker = brotli.Decompressor()
    piece = unpacker.process(file.read(int.from_bytes(data[20:24], "big")), output_buffer_limit=_PIECE)
    while piece and size >= 0:
        size -= len(piece)
        piece = unpacker.process(b"", output_buffer_limit=_PIECE) if not unpacker.is_finished() else b""
    if size < 0:
        raise ValueError("more is in the tables than they say")
