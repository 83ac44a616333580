# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with masks, arrays of coverage 0 to 255: widened by a round pen, blurred, laid on each other.

Rows from above, as pictures have them. Only numpy.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy

Mask = numpy.ndarray[Any, numpy.dtype[numpy.uint8]]
Plane = numpy.ndarray[Any, numpy.dtype[numpy.float32]]


def widened(mask: Mask, radius: float, down: float | None = None) -> Mask:
    """The mask drawn over with a round pen, its edge exact to a part of a pixel. What would lie outside is cut. `down`:
    how far the pen reaches up and down, where it is an ellipse.

    A pixel at distance d of one that is covered by v is covered by v + radius - d, at most wholly.
    """
    radii = radius, radius if down is None else down
    if max(radii) <= _THINNEST:
        return mask
    if max(radii) > _FINE:
        return _widened_roughly(mask, *radii)
    out = mask.copy()
    full = (mask > 0).view(numpy.uint8) * numpy.uint8(255)
    if down is None and radius >= 2:
        _disc(out, full, radius - 1)
    for added, offsets in _ring(*(round(one, 2) for one in radii)):
        if added < 0:
            part = numpy.maximum(mask, numpy.uint8(-added)) - numpy.uint8(-added)
        else:
            part = (numpy.minimum(mask, numpy.uint8(255 - added)) + numpy.uint8(added)) & full
        for dy, dx in offsets:
            _over(out, part, dy, dx)
    return out


_THINNEST = 0.05
"""Pixels. Nothing is seen of a pen like that."""
_FINE = 16.0
"""Pixels. A wider pen is drawn on half the grid, or a quarter of it: nobody sees its edge as closely."""


def _widened_roughly(mask: Mask, across: float, down: float) -> Mask:
    height, width = mask.shape
    step = 1
    plane: Plane = mask.astype(numpy.float32)
    while max(across, down) / step > _FINE:
        plane = _halved(plane)
        step *= 2
    pen = (across / step,) if across == down else (across / step, down / step)
    wide = widened((plane + numpy.float32(0.5)).astype(numpy.uint8), *pen)
    large = numpy.repeat(numpy.repeat(wide, step, 1), step, 0)[:height, :width].astype(numpy.float32)
    return numpy.maximum(_mean(_mean(large, step + 1, 0), step + 1, 1).astype(numpy.uint8), mask)


@functools.lru_cache(maxsize=64)
def _ring(across: float, down: float) -> list[tuple[int, list[tuple[int, int]]]]:
    """What pixels at the pen's edge add, by their distance, and where those are; without a disc also those inside."""
    wide, high = math.ceil(across + 1), math.ceil(down + 1)
    most = 255 if across == down >= 2 else 10**6
    found: dict[int, list[tuple[int, int]]] = {}
    for dy in range(-high, high + 1):
        for dx in range(-wide, wide + 1):
            added = round(255 * _inside(dx, dy, max(across, _THINNEST), max(down, _THINNEST)))
            if -255 < added < most and (dy or dx or added > 0):
                found.setdefault(min(added, 255), []).append((dy, dx))
    return list(found.items())


def _inside(x: int, y: int, across: float, down: float) -> float:
    """How far a place lies inside the edge of an ellipse around 0, to the first order."""
    if across == down or not (x or y):
        return min(across, down) - math.hypot(x, y)
    part, slope = math.hypot(x / across, y / down), math.hypot(x / across**2, y / down**2)
    return (1 - part) * part / slope


def _disc(out: Mask, full: Mask, radius: float) -> None:
    """Widen what is covered at all by a disc of whole pixels: by rows of each width that it has."""
    row = full.copy()
    width = 0
    for dy in range(math.floor(radius), -1, -1):
        wanted = math.floor(math.sqrt(radius * radius - dy * dy) + 1e-9)
        while width < wanted:
            width += 1
            _over(row, full, 0, width)
            _over(row, full, 0, -width)
        _over(out, row, dy, 0)
        if dy:
            _over(out, row, -dy, 0)


def _over(out: Mask, source: Mask, dy: int, dx: int) -> None:
    """Lay `source`, moved down by `dy` and to the right by `dx`, over `out`: the larger value of both."""
    height, width = out.shape
    if abs(dy) >= height or abs(dx) >= width:
        return
    to = out[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
    of = source[max(0, -dy) : height + min(0, -dy), max(0, -dx) : width + min(0, -dx)]
    numpy.maximum(to, of, out=to)


def shifted(mask: Mask, dx: float, dy: float) -> Mask:
    """The mask, so many pixels to the right and down, to the next whole one."""
    x, y = round(dx), round(dy)
    if not x and not y:
        return mask
    out = numpy.zeros_like(mask)
    _over(out, mask, y, x)
    return out


def blurred(mask: Mask, deviation: float, *, fine: bool = False) -> Mask:
    """The mask behind a Gaussian of that deviation in pixels, by three means; beside it there is nothing.
    `fine`: for what is looked at itself, not seen around something."""
    if deviation < 0.3:
        return mask
    height, width = mask.shape
    step = 1
    plane: Plane = mask.astype(numpy.float32)
    # A soft thing needs no fine grid: half of it is a quarter of the work.
    while deviation / step > (12 if fine else 3) and step < 16:
        plane = _halved(plane)
        step *= 2
    for length in _lengths(deviation / step):
        plane = _mean(_mean(plane, length, 0), length, 1)
    soft = numpy.minimum(plane + numpy.float32(0.5), 255).astype(numpy.uint8)
    if step > 1:
        soft = numpy.repeat(numpy.repeat(soft, step, 1), step, 0)[:height, :width]
    return soft


def _halved(plane: Plane) -> Plane:
    """Each four pixels as one."""
    height, width = plane.shape
    if height % 2 or width % 2:
        plane = numpy.pad(plane, ((0, height % 2), (0, width % 2)))
    rows = plane[0::2] + plane[1::2]
    half: Plane = (rows[:, 0::2] + rows[:, 1::2]) * numpy.float32(0.25)
    return half


@functools.lru_cache(maxsize=64)
def _lengths(deviation: float) -> tuple[int, int, int]:
    """Three odd lengths whose means have the variance of a Gaussian."""
    variance = 12 * deviation * deviation
    low = int(math.sqrt(variance / 3 + 1))
    low -= 1 - low % 2
    wide = round((variance - 3 * low * low - 12 * low - 9) / (-4 * low - 4))
    first, second, third = (low if index < wide else low + 2 for index in range(3))
    return first, second, third


def _mean(plane: Plane, length: int, axis: int) -> Plane:
    if length <= 1:
        return plane
    before = (length - 1) // 2 + 1
    pads = [(0, 0), (0, 0)]
    pads[axis] = (before, length - before)
    total = numpy.cumsum(numpy.pad(plane, pads), axis=axis, dtype=numpy.float32)
    size = plane.shape[axis]
    if axis == 0:
        return (total[length : length + size] - total[:size]) / numpy.float32(length)
    return (total[:, length : length + size] - total[:, :size]) / numpy.float32(length)


def rectangle(
    shape: tuple[int, int], box: Sequence[float], radius: float = 0.0, angle: float = 0.0,
    origin: tuple[float, float] = (0.0, 0.0),
) -> Mask:  # fmt: skip
    """A filled rectangle (left, top, right, bottom, from the array's corner), round at its corners if wanted, turned
    against the clock around a point."""
    left, top, right, bottom = box
    height, width = shape
    if not radius and not angle:
        across = _coverage(left, right, width)
        down = _coverage(top, bottom, height)
        straight: Mask = (numpy.outer(down, across) * 255 + 0.5).astype(numpy.uint8)
        return straight
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32) + numpy.float32(0.5)
    if angle:
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        dx, dy = x - origin[0], y - origin[1]
        x, y = origin[0] + dx * cos - dy * sin, origin[1] + dx * sin + dy * cos
    radius = max(0.0, min(radius, (right - left) / 2, (bottom - top) / 2))
    far_x = numpy.abs(x - (left + right) / 2) - ((right - left) / 2 - radius)
    far_y = numpy.abs(y - (top + bottom) / 2) - ((bottom - top) / 2 - radius)
    outside = numpy.hypot(numpy.maximum(far_x, 0), numpy.maximum(far_y, 0))
    distance = outside + numpy.minimum(numpy.maximum(far_x, far_y), 0) - radius
    round_or_turned: Mask = (numpy.clip(0.5 - distance, 0, 1) * 255 + 0.5).astype(numpy.uint8)
    return round_or_turned


def _coverage(low: float, high: float, size: int) -> Plane:
    """How much of each of `size` pixels lies between two places."""
    edges = numpy.arange(size, dtype=numpy.float32)
    covered: Plane = numpy.clip(numpy.minimum(high, edges + 1) - numpy.maximum(low, edges), 0, 1)
    return covered


def between(padded: Any, row: Any, column: Any) -> Any:
    """The values at places between pixels of a mask or of a picture of several channels, which has an empty pixel
    around it for the places outside. A place is counted from the middle of the first pixel."""
    row = numpy.clip(row, 0, padded.shape[0] - 1.001)
    column = numpy.clip(column, 0, padded.shape[1] - 1.001)
    top, left = row.astype(numpy.int32), column.astype(numpy.int32)
    down, right = (row - top).astype(numpy.float32), (column - left).astype(numpy.float32)
    if padded.ndim > 2:
        down, right = down[..., None], right[..., None]
    above = padded[top, left] * (1 - right) + padded[top, left + 1] * right
    below = padded[top + 1, left] * (1 - right) + padded[top + 1, left + 1] * right
    return above * (1 - down) + below * down


class Canvas:
    """Layers of one colour each, laid on each other: alpha and colour times alpha, as it has to be."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._alpha: Plane = numpy.zeros(shape, numpy.float32)
        self._planes: list[Plane | None] = [None, None, None]
        """None: nothing but black so far. Planes that are equal are one."""

    def lay(self, mask: Mask, color: str, strength: float = 1.0) -> None:
        """A colour (`#rrggbb` or `#rrggbbaa`) where a mask is."""
        opacity = int(color[7:9], 16) / 255 if len(color) > 7 else 1.0
        if opacity * strength <= 0:
            return
        cover: Plane = mask * numpy.float32(opacity * strength / 255)
        left = 1 - cover
        self._alpha *= left
        self._alpha += cover
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        done: dict[tuple[int, float], Plane | None] = {}
        for index, (plane, part) in enumerate(zip(self._planes, parts, strict=True)):
            key = id(plane), part
            if key not in done:
                done[key] = _laid(plane, part, cover, left)
            self._planes[index] = done[key]

    def lay_picture(self, rgba: Any, strength: float = 1.0) -> None:
        """A picture whose colours are multiplied by alpha already (0 to 255, as letters in colours are drawn)."""
        part = rgba.astype(numpy.float32) * numpy.float32(strength / 255)
        left = 1 - part[..., 3]
        self._alpha = self._alpha * left + part[..., 3]
        for index, plane in enumerate(self._planes):
            below = 0.0 if plane is None else plane * left
            self._planes[index] = part[..., index] + below

    def keep(self, mask: Mask) -> None:
        """Leave only what a mask covers, and as much of it."""
        share: Plane = mask * numpy.float32(1 / 255)
        self._alpha *= share
        done: dict[int, Plane | None] = {}
        for index, plane in enumerate(self._planes):
            if id(plane) not in done:
                done[id(plane)] = None if plane is None else plane * share
            self._planes[index] = done[id(plane)]

    def picture(self) -> tuple[Mask, int, int]:
        """Straight alpha, as PNG has it (height, width, 4), trimmed to what is not empty, and where that begins: to the
        right and down."""
        rows, columns = _used(self._alpha)
        alpha = self._alpha[rows, columns]
        if not alpha.size:
            return numpy.zeros((0, 0, 4), numpy.uint8), 0, 0
        factor = numpy.float32(255) / numpy.maximum(alpha, numpy.float32(1 / 512))
        whole = (alpha * 255 + numpy.float32(0.5)).astype(numpy.uint32) << 24
        done: dict[int, Any] = {}
        for index, plane in enumerate(self._planes):
            if plane is None:
                continue
            if id(plane) not in done:
                part = numpy.minimum(plane[rows, columns] * factor + numpy.float32(0.5), 255)
                done[id(plane)] = part.astype(numpy.uint32)
            whole |= done[id(plane)] << (8 * index)
        # Little-endian: red first, alpha last.
        pixels = whole.astype("<u4").view(numpy.uint8).reshape(*alpha.shape, 4)
        return pixels, columns.start, rows.start


def _used(alpha: Plane) -> tuple[slice, slice]:
    """The rows and columns that have something which is seen."""
    least = numpy.float32(0.5 / 255)
    rows: list[int] = numpy.flatnonzero(alpha.max(axis=1) >= least).tolist() if alpha.size else []
    if not rows:
        return slice(0, 0), slice(0, 0)
    inside = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = numpy.flatnonzero(alpha[inside].max(axis=0) >= least)
    return inside, slice(int(columns[0]), int(columns[-1]) + 1)


def _laid(plane: Plane | None, part: float, cover: Plane, left: Plane) -> Plane | None:
    if plane is None:
        return cover * numpy.float32(part) if part else None
    below = plane * left
    return below + cover * numpy.float32(part) if part else below
