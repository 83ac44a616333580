# SPDX-License-Identifier: GPL-3.0-or-later
"""PNG files of straight alpha, 8 bits a channel, sRGB: the one kind that is written here."""

from __future__ import annotations

import struct
import zlib

import numpy

from .masks import Mask

LEVEL = 2
"""Of zlib. Letters are long runs of few colours: more effort takes four times as long and saves a fifth."""


def encoded(rgba: Mask) -> bytes:
    """The file of a picture (height, width, 4). An empty one becomes a single pixel that is not seen."""
    if not rgba.size:
        rgba = numpy.zeros((1, 1, 4), numpy.uint8)
    height, width, _ = rgba.shape
    rows = numpy.zeros((height, 1 + width * 4), numpy.uint8)  # Each row begins with its filter: none.
    rows[:, 1:] = rgba.reshape(height, width * 4)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = (b"IHDR", head), (b"sRGB", b"\0"), (b"IDAT", zlib.compress(rows.tobytes(), LEVEL)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
