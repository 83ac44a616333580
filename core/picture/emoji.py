# SPDX-License-Identifier: GPL-3.0-or-later
"""Glyphs that are PNG files inside of a font (Noto Color Emoji of Debian, Apple Color Emoji), which HarfBuzz finds and
does not paint. Those made of layers and gradients it paints itself (paint.py).
"""

from __future__ import annotations

import functools
import struct
from typing import TYPE_CHECKING, Any

import numpy

from . import masks
from .masks import Mask

if TYPE_CHECKING:
    import uharfbuzz as hb

_LARGEST = 1024
"""Pixels of a side. Fonts have up to 160; what says more is broken, or means harm."""

Matrix = tuple[float, float, float, float, float, float]
"""From a glyph's units to the picture's, both upwards: xx, yx, xy, yy, x, y."""


def has(font: hb.Font, glyph: int) -> bool:
    """Whether a glyph is a PNG file that can be drawn."""
    return _pixels(_data(font, glyph)) is not None


def _data(font: hb.Font, glyph: int) -> bytes:
    blob = font.get_glyph_color_png(glyph)
    return bytes(blob.data or b"") if blob is not None else b""


@functools.lru_cache(maxsize=128)
def _pixels(data: bytes) -> Any:
    """Red, green and blue times alpha, and alpha, 0.0 to 1.0 (height, width, 4); None for what is no such file."""
    if len(data) < 33 or not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        return None
    import av  # Here, not above: few subtitles have pictures in them.

    try:
        decoder: Any = av.CodecContext.create("png", "r")
        frames: list[Any] = list(decoder.decode(av.Packet(data)))
        frames += decoder.decode(None)
        rgba = frames[0].to_ndarray(format="rgba").astype(numpy.float32) / 255
    except (av.FFmpegError, ValueError, IndexError):
        return None
    rgba[..., :3] *= rgba[..., 3:]
    return rgba


def drawn(font: hb.Font, glyph: int, matrix: Matrix, sub: float, area: tuple[int, int, int, int]) -> Mask | None:
    """The pixels of a part of the picture, left, top, width and height, with a glyph on it: red, green and blue times
    alpha, and alpha (height, width, 4). `matrix` is in parts of a pixel, `sub` of them to one. None for a glyph that is
    no PNG file."""
    pixels, extents = _pixels(_data(font, glyph)), font.get_glyph_extents(glyph)
    if pixels is None or extents is None or not extents.width or not extents.height:
        return None
    left, top, width, height = area
    xx, yx, xy, yy, x0, y0 = matrix
    det = xx * yy - xy * yx
    if abs(det) < 1e-9:
        return numpy.zeros((height, width, 4), numpy.uint8)
    # For the middle of each pixel the place in the glyph, and by its extents that in the file.
    x = ((left + numpy.arange(width, dtype=numpy.float32) + 0.5) * sub - x0)[None, :]
    y = (-(top + numpy.arange(height, dtype=numpy.float32) + 0.5) * sub - y0)[:, None]
    u, v = (yy * x - xy * y) / det, (xx * y - yx * x) / det
    scale = abs(extents.width) / pixels.shape[1] * abs(det) ** 0.5 / sub
    pixels = _smaller(pixels, int(1 / max(scale, 1e-3)))
    column = (u - extents.x_bearing) / extents.width * pixels.shape[1] + 0.5
    row = (v - extents.y_bearing) / extents.height * pixels.shape[0] + 0.5
    padded = numpy.pad(pixels, [(1, 1), (1, 1), (0, 0)])
    found: Mask = (masks.between(padded, row, column) * 255 + 0.5).astype(numpy.uint8)
    return found


def _smaller(pixels: Any, factor: int) -> Any:
    """The mean of so many pixels each way, so that none is passed over."""
    factor = min(factor, *pixels.shape[:2])
    if factor < 2:
        return pixels
    padded = numpy.pad(pixels, [(0, -size % factor) for size in pixels.shape[:2]] + [(0, 0)])
    rows, columns = padded.shape[0] // factor, padded.shape[1] // factor
    return padded.reshape(rows, factor, columns, factor, 4).mean(axis=(1, 3))
