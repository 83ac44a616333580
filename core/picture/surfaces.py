# SPDX-License-Identifier: GPL-3.0-or-later
"""What letters and boxes cover of the pixels of a subtitle: those of the picture itself, or those of a flat sheet that
is seen from aside. HarfBuzz draws the letters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from . import emoji, harfbuzz, masks, vectors
from .dress import Clip, alpha
from .fonts import SUB
from .layout import Box, Panel, seen
from .masks import Mask
from .planes import NEAREST, Plane, inverse
from .shape import Glyph

_SCALE = 2.0
"""Pixels of a flat sheet to one of the picture, each way."""
_LARGE = 300_000
"""Pixels of the picture: what covers more is drawn at its own size, and one place of each pixel is looked at. Its
letters are so large that nobody sees it."""
_MOST = 8 << 20
"""Pixels of a flat sheet; a larger one is drawn smaller."""
_MOST_SAMPLES = 5
"""Places that are looked at in one pixel of the picture, each way."""
_BAND = 1 << 18
"""Pixels of the picture that are worked out at once."""


class Area(NamedTuple):
    """A rectangle of whole pixels."""

    left: int
    top: int
    width: int
    height: int


class Sheet:
    """Pixels that letters are drawn on."""

    def __init__(self, raster: Any, area: Area, scale: float = 1.0, seen_in: Area | None = None) -> None:
        """`scale`: its pixels to one of the picture, whose corner is also its own. `seen_in`: of a flat one, on which
        nothing is turned, the part of the picture that what is `shown` lies in."""
        self._raster = raster
        self.area = area
        self.scale = scale
        self.seen_in = area if seen_in is None else seen_in
        self._is_flat = seen_in is not None

    @property
    def _shape(self) -> tuple[int, int]:
        return self.area.height, self.area.width

    def _extents(self) -> Any:
        left, top, width, height = self.area
        return harfbuzz.load().RasterExtents(x_origin=left, y_origin=-(top + height), width=width, height=height)

    def _matrix(self, glyph: Glyph) -> emoji.Matrix:
        """From a glyph's own units to the picture's 1/64 pixels, up."""
        x, y, across, down = glyph.x, -glyph.y, glyph.look.stretch_x * self.scale, glyph.look.stretch_y * self.scale
        unit = SUB * self.scale
        if self._is_flat or glyph.plane is None:
            matrix = across, 0.0, 0.0, down, x * unit, y * unit
        else:
            (xx, xy, x0), (yx, yy, y0), _ = glyph.plane.matrix
            place = xx * x - xy * y + x0, -yx * x + yy * y - y0
            matrix = xx * across, -yx * across, -xy * down, yy * down, place[0] * unit, place[1] * unit
        return matrix if glyph.lying is None else _on_its_back(matrix, *glyph.lying)

    def mask(self, glyphs: Sequence[Glyph], rules: Sequence[Panel]) -> Mask:
        """What letters and lines under them cover."""
        raster = self._raster
        raster.clear()
        for glyph in glyphs:
            raster.transform = self._matrix(glyph)
            raster.draw_glyph(glyph.font, glyph.id)
        raster.extents = self._extents()
        found = _rows(raster.render(), 1)
        mask = found[..., 0] if found is not None else numpy.zeros(self._shape, numpy.uint8)
        for rule in rules:
            mask = numpy.maximum(mask, self.rectangle(rule))
        return mask

    def clip(self, clip: Clip) -> Mask:
        """What of these pixels it leaves."""
        if clip.drawing is None:
            box = Box(*(clip.box or (0, 0, 0, 0)))
            inside = masks.rectangle(self._shape, box.moved(-self.area.left, -self.area.top))
        else:
            raster = self._raster
            raster.clear()
            raster.transform = clip.unit[0], 0.0, 0.0, clip.unit[1], 0.0, 0.0
            raster.draw_glyph(vectors.font(clip.drawing.lines, clip.drawing.scale), vectors.LETTER)
            raster.extents = self._extents()
            found = _rows(raster.render(), 1)
            inside = found[..., 0] if found is not None else numpy.zeros(self._shape, numpy.uint8)
        return numpy.uint8(255) - inside if clip.is_out else inside

    def colored(self, glyph: Glyph) -> Mask:
        """A glyph with colours of its own: red, green and blue times alpha, and alpha."""
        if (picture := emoji.drawn(glyph.font, glyph.id, self._matrix(glyph), SUB, self.area)) is not None:
            return picture
        hb = harfbuzz.load()
        paint = hb.RasterPaint()
        paint.scale_factor = (SUB, SUB)
        paint.extents = self._extents()
        paint.transform = self._matrix(glyph)
        color = glyph.look.color
        paint.foreground = hb.Color(*(int(color[at : at + 2], 16) for at in (1, 3, 5)), alpha(color))
        paint.paint_glyph(glyph.font, glyph.id)
        found = _rows(paint.render(), 4)
        if found is None:
            return numpy.zeros((*self._shape, 4), numpy.uint8)
        return numpy.ascontiguousarray(found[..., [2, 1, 0, 3]])

    def rectangle(self, panel: Panel) -> Mask:
        """What a box covers."""
        left, top = self.area.left, self.area.top
        box = Box(*(edge * self.scale for edge in panel.box)).moved(-left, -top)
        if self._is_flat or panel.plane is None:
            return masks.rectangle(self._shape, box, panel.round * self.scale)
        turn, (x, y) = panel.plane.turn, panel.plane.origin
        middle = x - turn.lag[0] - left, y - turn.lag[1] - top
        return masks.rectangle(self._shape, box, panel.round, turn.z, middle)

    def shown(self, mask: Mask) -> Mask:
        """A mask as it is seen in the picture."""
        return mask


class Flat(Sheet):
    """Pixels of a plane that is not that of the picture: drawn flat, with their outlines, and seen from aside."""

    def __init__(self, raster: Any, plane: Plane, box: Box, seen_in: Area) -> None:
        """`box`: where something stands, flat; `seen_in`: the part of the picture that it is seen in."""
        self._back = inverse(plane.matrix)
        small = seen(box, plane)
        self._window = _within(small, seen_in)
        box = self._needed(box)
        width, height = max(box.right - box.left, 0.0), max(box.bottom - box.top, 0.0)
        is_large = self._window.width * self._window.height > _LARGE
        scale = min(
            1.0 if is_large else _SCALE, math.sqrt(_MOST / max(width * height, 1.0)), _MOST / max(width, height, 1.0)
        )
        left, top = math.floor(box.left * scale), math.floor(box.top * scale)
        area = Area(left, top, math.ceil(box.right * scale) - left, math.ceil(box.bottom * scale) - top)
        super().__init__(raster, area, scale, seen_in)
        across, down = area.width / max(small.right - small.left, 1.0), area.height / max(small.bottom - small.top, 1.0)
        self._samples_of_one = min(max(math.ceil(max(across, down)), 1 if is_large else 2), _MOST_SAMPLES)

    def _needed(self, box: Box) -> Box:
        """The part of a box that can be seen, or more."""
        if self._back is None:
            return box._replace(right=box.left, bottom=box.top)
        left, top, width, height = self._window
        corners = numpy.array([[left + x, top + y, 1] for x in (0, width) for y in (0, height)]).T
        x, y, w = self._back @ corners
        if (w <= 0).any():
            return box
        x, y = x / w, y / w
        low, high = max(box.left, float(x.min()) - 2), min(box.right, float(x.max()) + 2)
        upper, lower = max(box.top, float(y.min()) - 2), min(box.bottom, float(y.max()) + 2)
        return Box(low, upper, max(low, high), max(upper, lower))

    def shown(self, mask: Mask) -> Mask:
        """A mask, or a picture of several channels, as it is seen."""
        left, top, width, height = self._window
        out = numpy.zeros((self.seen_in.height, self.seen_in.width, *mask.shape[2:]), numpy.uint8)
        if self._back is None or not mask.size:
            return out
        padded = numpy.pad(mask, [(1, 1), (1, 1)] + [(0, 0)] * (mask.ndim - 2))
        columns = slice(left - self.seen_in.left, left - self.seen_in.left + width)
        step = max(1, _BAND // max(width, 1))
        for first in range(0, height, step):
            band = Area(left, top + first, width, min(step, height - first))
            row = band.top - self.seen_in.top
            out[row : row + band.height, columns] = self._band(padded, band)
        return out

    def _band(self, padded: Mask, band: Area) -> Mask:
        count = self._samples_of_one
        total = numpy.zeros((band.height, band.width, *padded.shape[2:]), numpy.float32)
        for number in range(count * count):
            x = band.left + numpy.arange(band.width) + (number % count + 0.5) / count
            y = band.top + numpy.arange(band.height) + (number // count + 0.5) / count
            total += self._samples(padded, x.astype(numpy.float32)[None, :], y.astype(numpy.float32)[:, None])
        found: Mask = (total / (count * count) + 0.5).astype(numpy.uint8)
        return found

    def _samples(self, padded: Mask, x: Any, y: Any) -> Any:
        """What is seen at places of the picture."""
        back = self._back.astype(numpy.float32)
        flat_x, flat_y, w = (row[0] * x + row[1] * y + row[2] for row in back)
        is_before = (w > 0) & (w < 1 / NEAREST)
        w = numpy.where(is_before, w, 1.0)
        column = numpy.where(is_before, flat_x / w * self.scale - self.area.left + 0.5, 0.0)
        row = numpy.where(is_before, flat_y / w * self.scale - self.area.top + 0.5, 0.0)
        return masks.between(padded, row, column)


def _on_its_back(matrix: emoji.Matrix, right: float, up: float) -> emoji.Matrix:
    """The matrix for a glyph that is turned by a quarter against the clock before, and moved to the right and up."""
    xx, yx, xy, yy, x, y = matrix
    right, up = right * SUB, up * SUB
    return xy, yy, -xx, -yx, xx * right + xy * up + x, yx * right + yy * up + y


def _within(box: Box, area: Area) -> Area:
    """The whole pixels of an area that a box touches."""
    left, top = max(box.left, float(area.left)), max(box.top, float(area.top))
    right, bottom = min(box.right, float(area.left + area.width)), min(box.bottom, float(area.top + area.height))
    x, y = math.floor(left), math.floor(top)
    return Area(x, y, max(math.ceil(right) - x, 0), max(math.ceil(bottom) - y, 0))


def _rows(image: Any, channels: int) -> Mask | None:
    """A rendered image's rows from above; None for an empty one."""
    if image is None or not image.extents.width or not image.extents.height:
        return None
    extents = image.extents
    flat = numpy.frombuffer(image.buffer, numpy.uint8)
    # A row is `stride` bytes long, which may be more than its pixels need.
    rows = flat.reshape(extents.height, extents.stride)[::-1, : extents.width * channels]
    return rows.reshape(extents.height, extents.width, channels)
