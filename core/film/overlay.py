# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of subtitles laid on frames of a film, as these are stored: planes of brightness and colour, turned as a
phone has filmed them, of pixels that may not be square. Only the rectangle under a picture is touched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy

from ..picture.paint import Painted

_Array = Any
_KEPT = 64
"""Pictures whose conversion is kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Frames:
    """How the frames of a film are stored."""

    width: int
    height: int
    format: str
    """One of `FORMATS`."""
    full_range: bool = False
    matrix: tuple[float, float] = (0.2126, 0.0722)
    """How much of the brightness is red, and how much is blue."""
    turned: int = 0
    """Quarters that a player turns them against the clock."""
    white: float = 1.0
    """The signal that a subtitle's white has: less than all where that would blind."""
    stretch: float = 1.0
    """Width of a pixel over its height."""
    interlaced: bool = False
    """Whether the even rows are seen at another time than the odd ones."""

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height of what is seen, in square pixels."""
        width, height = max(16, round(self.width * self.stretch)), self.height
        return (height, width) if self.turned % 2 else (width, height)


FORMATS = {
    "yuv420p": (2, 2, 8), "yuvj420p": (2, 2, 8), "yuv422p": (2, 1, 8), "yuvj422p": (2, 1, 8), "yuv444p": (1, 1, 8),
    "yuvj444p": (1, 1, 8), "yuv420p10le": (2, 2, 10), "yuv422p10le": (2, 1, 10), "yuv444p10le": (1, 1, 10),
}  # fmt: skip
"""Pixels of a sample of colour, across and down, and bits of a sample."""

MATRICES = {
    0: (0.299, 0.114), 1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087),
    9: (0.2627, 0.0593), 10: (0.2627, 0.0593),
}  # fmt: skip
"""By FFmpeg's number of a colour space (ITU-T H.273, MatrixCoefficients). 0, RGB, becomes what FFmpeg makes of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Patch:
    """What lies on one plane: `plane[rows, columns] * kept + added`."""

    plane: int
    rows: slice
    columns: slice
    kept: _Array
    added: _Array


class Overlay:
    """Lays pictures on the frames of one film."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self._across, self._down, self._bits = FORMATS[frames.format]
        self._patches: dict[int, tuple[Painted, list[_Patch]]] = {}

    def lay(self, frame: Any, pictures: Iterable[Painted]) -> None:
        """Change a frame of PyAV, which must be writable and as `frames` says, where the pictures are."""
        planes = [self._plane(plane) for plane in frame.planes[:3]]
        highest = (1 << self._bits) - 1
        for picture in pictures:
            for patch in self._of(picture):
                under = planes[patch.plane][patch.rows, patch.columns]
                mixed = under * patch.kept
                mixed += patch.added
                under[...] = numpy.clip(numpy.rint(mixed), 0, highest)

    def _plane(self, plane: Any) -> _Array:
        kind = numpy.uint8 if self._bits == 8 else numpy.dtype("<u2")
        samples = numpy.frombuffer(plane, kind).reshape(plane.height, -1)
        return samples[:, : plane.width]

    def _of(self, picture: Painted) -> list[_Patch]:
        found = self._patches.get(id(picture))
        if found is None or found[0] is not picture:
            if len(self._patches) >= _KEPT:
                del self._patches[next(iter(self._patches))]
            found = self._patches[id(picture)] = picture, self._converted(picture)
        return found[1]

    def _converted(self, picture: Painted) -> list[_Patch]:
        color = picture.rgba.astype(numpy.float32) / 255
        color[..., :3] *= color[..., 3:] * numpy.float32(self.frames.white)
        color, x, y = self._as_stored(color, picture.x, picture.y)
        # Out to whole samples of colour, and no further than the frame, whose last sample may be half outside.
        left, top = x % self._across, y % self._down
        right, bottom = -(x + color.shape[1]) % self._across, -(y + color.shape[0]) % self._down
        color = numpy.pad(color, ((top, bottom), (left, right), (0, 0)))
        x, y = x - left, y - top
        color = color[: self.frames.height - y, : self.frames.width - x]
        if not color.size:
            return []
        return [self._patch(plane, sample, color[..., 3], x, y) for plane, sample in enumerate(self._samples(color))]

    def _as_stored(self, color: _Array, x: int, y: int) -> tuple[_Array, int, int]:
        """From where it is seen to where it is stored."""
        (height, width), (whole, tall) = color.shape[:2], self.frames.shown
        turned = self.frames.turned % 4
        if turned == 1:
            x, y = tall - (y + height), x
        elif turned == 2:
            x, y = whole - (x + width), tall - (y + height)
        elif turned == 3:
            x, y = y, whole - (x + width)
        color = numpy.rot90(color, -turned)
        if self.frames.stretch == 1:
            return color, x, y
        return (*_squeezed(color, x, self.frames.stretch), y)

    def _samples(self, color: _Array) -> Iterable[_Array]:
        """Brightness and the two colours, as parts of their range, times the alpha."""
        red, blue = self.frames.matrix
        bright = color[..., 0] * red + color[..., 1] * (1 - red - blue) + color[..., 2] * blue
        yield bright
        yield (color[..., 2] - bright) / (2 * (1 - blue))
        yield (color[..., 0] - bright) / (2 * (1 - red))

    def _patch(self, plane: int, sample: _Array, alpha: _Array, x: int, y: int) -> _Patch:
        one = 1 << (self._bits - 8)
        if plane:
            sample, alpha = self._coarser(sample), self._coarser(alpha)
            x, y = x // self._across, y // self._down
            span, zero = ((1 << self._bits) - 1 if self.frames.full_range else 224 * one), 128 * one
        else:
            span, zero = ((1 << self._bits) - 1, 0) if self.frames.full_range else (219 * one, 16 * one)
        rows, columns = slice(y, y + alpha.shape[0]), slice(x, x + alpha.shape[1])
        return _Patch(plane, rows, columns, 1 - alpha, sample * numpy.float32(span) + alpha * numpy.float32(zero))

    def _coarser(self, sample: _Array) -> _Array:
        """The mean of the pixels of each sample of colour."""
        height, width = sample.shape
        sample = numpy.pad(sample, ((0, -height % self._down), (0, -width % self._across)), "edge")
        height, width = sample.shape
        shape = height // self._down, self._down, width // self._across, self._across
        return sample.reshape(shape).mean((1, 3), dtype=numpy.float32)


def _squeezed(color: _Array, x: int, stretch: float) -> tuple[_Array, int]:
    """Columns of square pixels as those of pixels that are `stretch` times as wide as high, linear between them."""
    first, last = int(numpy.floor((x - 1) / stretch)), int(numpy.ceil((x + color.shape[1]) / stretch))
    first = max(0, first)
    places = (numpy.arange(first, last + 1) + 0.5) * stretch - 0.5 - x
    edged = numpy.pad(color, ((0, 0), (1, 1), (0, 0)))
    places = numpy.clip(places + 1, 0, edged.shape[1] - 1)
    before = numpy.minimum(places.astype(int), edged.shape[1] - 2)
    part = (places - before)[None, :, None].astype(numpy.float32)
    return edged[:, before] * (1 - part) + edged[:, before + 1] * part, first
