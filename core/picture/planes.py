# SPDX-License-Identifier: GPL-3.0-or-later
"""Letters that do not stand upright: turned around three axes, sheared, and seen from a point before the picture.

What stands flat, in pixels of the picture, is taken to where it is seen: once around the middle of its turn, as libass
does it (`calc_transform_matrix` of its ass_render.c).
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy

NEAREST = 1 / 16
"""Of the distance of the eye: what comes closer than that to it is not drawn. So nothing is seen more than 16 times as
large as it is."""
DISTANCE = 312.5
"""Pixels that the eye is before the picture in SubStation, where nothing else is said: 20,000 parts of 1/64."""
_FLAT = 1e-9

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
"""By rows: from x, y and 1 of what stands flat to x, y and depth times those, in pixels from the picture's corner, y
down; a depth of 1 is that of the picture."""


class Turn(NamedTuple):
    """How letters are turned and sheared."""

    x: float = 0.0
    """Degrees around an axis from left to right: what is above goes away from the eye."""
    y: float = 0.0
    """Around one from above to below: what is on the right goes away."""
    z: float = 0.0
    """In the picture, against the clock."""
    shear_x: float = 0.0
    """To the right, of each pixel down from the top of the letters."""
    shear_y: float = 0.0
    """Down, of each pixel to the right."""
    distance: float = DISTANCE
    lag: tuple[float, float] = (0.0, 0.0)
    """How far left of its middle and above it is turned: by as much as its shadow lies away, as all who draw SubStation
    have it since VSFilter turned the shadow and put the letters beside it."""

    @property
    def is_upright(self) -> bool:
        """Whether it changes nothing."""
        return not self.z and self.is_rotation

    @property
    def is_rotation(self) -> bool:
        """Whether it turns at most in the picture."""
        return not (self.x or self.y or self.shear_x or self.shear_y)


class Plane(NamedTuple):
    """Where some letters are turned: equal ones lie in the same plane."""

    turn: Turn
    origin: tuple[float, float]
    """The middle of the turn."""
    top: float = 0.0
    """Where letters are that `shear_x` leaves where they are."""
    start: float = 0.0
    """Where those are that `shear_y` leaves."""

    def moved(self, x: float, y: float) -> Plane:
        """The same elsewhere."""
        return Plane(self.turn, (self.origin[0] + x, self.origin[1] + y), self.top + y, self.start + x)

    @property
    def matrix(self) -> Matrix:
        """From where letters stand flat to where they are seen."""
        return _matrix(self)

    @property
    def is_rotation(self) -> bool:
        """Whether it only turns in the picture: then edges keep their width, and letters can be drawn turned."""
        return self.turn.is_rotation

    def seen(self, x: float, y: float) -> tuple[float, float] | None:
        """Where a point is seen; None: too near or behind the eye."""
        (a, b, c), (d, e, f), (g, h, i) = self.matrix
        depth = g * x + h * y + i
        if depth <= NEAREST:
            return None
        return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth


def plane_of(turn: Turn | None, origin: tuple[float, float], top: float, start: float) -> Plane | None:
    """The plane of letters that begin at `top` and `start`; None where they stand upright."""
    if turn is None or turn.is_upright:
        return None
    return Plane(turn, origin, top if turn.shear_x else 0.0, start if turn.shear_y else 0.0)


@functools.lru_cache(maxsize=256)
def _matrix(plane: Plane) -> Matrix:
    turn = plane.turn
    x, y, z = (math.radians(math.fmod(angle, 360.0)) for angle in (turn.x, turn.y, turn.z))
    middle = plane.origin[0] - turn.lag[0], plane.origin[1] - turn.lag[1]
    sheared = numpy.array(
        [
            [1.0, turn.shear_x, -turn.shear_x * plane.top - middle[0]],
            [turn.shear_y, 1.0, -turn.shear_y * plane.start - middle[1]],
        ]
    )
    across = sheared[0] * math.cos(z) + sheared[1] * math.sin(z)
    down = sheared[1] * math.cos(z) - sheared[0] * math.sin(z)
    down, away = down * math.cos(x), -down * math.sin(x)
    across, away = across * math.cos(y) - away * math.sin(y), across * math.sin(y) + away * math.cos(y)
    depth = away / turn.distance + numpy.array([0.0, 0.0, 1.0])
    rows = across + middle[0] * depth, down + middle[1] * depth, depth
    return tuple(tuple(float(part) for part in row) for row in rows)  # type: ignore[return-value]


def inverse(matrix: Matrix) -> Any:
    """The way back as an array, or None where all lies on one line as it is seen."""
    flat = numpy.array(matrix)
    # Beside the scale of its parts: a plane that is seen from its edge.
    if abs(numpy.linalg.det(flat)) < _FLAT:
        return None
    return numpy.linalg.inv(flat)
