# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's drawings (`m 0 0 l 100 0 100 50`) as outlines, and as fonts of one letter: drawn as that, they are
turned, stretched, outlined and shadowed as letters are.

Files are hostile: a drawing of more than `MOST_POINTS` ends there, and no point lies farther than `FARTHEST` away.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import harfbuzz
from .fonts import SUB

if TYPE_CHECKING:
    import uharfbuzz as hb

MOST_POINTS = 10_000
"""Of one drawing. A letter has fifty, a traced picture a few thousand."""
LONGEST = 200_000
"""Characters of one drawing that are looked at."""
FARTHEST = 16_000.0
"""Units of the script. The numbers of a font reach to 32,767, and they are differences of two places."""
LETTER = 1
"""The glyph of a drawing in its font."""
_LARGEST_SCALE = 24
_TOKEN = re.compile(r"[mnlbspc]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_UNITS = 1000

Point = tuple[float, float]


class Drawing(NamedTuple):
    """A drawing in a line of text."""

    lines: str
    scale: int = 1
    """As `\\p` says it: 2 halves all numbers, 3 quarters them."""
    below: float = 0.0
    """How far it reaches below the base line, in units of the script."""


class Outline(NamedTuple):
    """A drawing's lines, in units of the script; y counts down."""

    steps: tuple[tuple[str, tuple[Point, ...]], ...]
    """`move`, `line`, `curve` (cubic) with their points."""
    left: float
    top: float
    right: float
    bottom: float
    """The box around all points, also those that curves only lean to."""
    is_cut: bool
    """Whether it had more points than are drawn."""


@functools.lru_cache(maxsize=128)
def outline(lines: str, scale: int = 1) -> Outline:
    """What a drawing's lines say, as libass reads them: what is no command and no number is skipped."""
    points, is_cut = _points(lines, 0.5 ** (min(max(scale, 1), _LARGEST_SCALE) - 1))
    xs, ys = [place[0] for _, place in points] or [0.0], [place[1] for _, place in points] or [0.0]
    is_cut = is_cut or len(lines) >= LONGEST
    return Outline(tuple(_steps(points)), min(xs), min(ys), max(xs), max(ys), is_cut)


@functools.lru_cache(maxsize=64)
def font(lines: str, scale: int = 1) -> hb.Font:
    """A font whose glyph `LETTER` is the drawing: one unit of the script is one pixel, its origin at y 0 of the base
    line. Any thread."""
    harfbuzz_ = harfbuzz.load()
    made: Any = harfbuzz_.Font(harfbuzz_.Face(_file(outline(lines, scale))))
    made.scale = (_UNITS * SUB, _UNITS * SUB)
    return made


def _points(lines: str, unit: float) -> tuple[list[tuple[str, Point]], bool]:
    """All points, each with the command that it belongs to."""
    found: list[tuple[str, Point]] = []
    command, x = "", None
    spline: int | None = None
    for match in _TOKEN.finditer(lines):
        token = match[0]
        if token == "c":
            if spline is not None and [name for name, _ in found[spline + 1 : spline + 3]] == ["s", "s"]:
                # It goes back to where it began.
                found += [("s", found[at][1]) for at in range(spline, spline + 3)]
                spline = None
        elif token.isalpha():
            command = command if token == "p" else token
        elif x is None:
            x = _place(token, unit)
        else:
            if command:
                if command == "s" and spline is None:
                    spline = max(0, len(found) - 1)
                found.append((command, (x, _place(token, unit))))
            x = None
        if len(found) >= MOST_POINTS:
            return found, lines.find(" ", match.end()) >= 0
    return found, False


def _place(number: str, unit: float) -> float:
    return min(max(float(number) * unit, -FARTHEST), FARTHEST)


def _steps(points: Sequence[tuple[str, Point]]) -> Iterator[tuple[str, tuple[Point, ...]]]:
    pen: Point = (0.0, 0.0)
    is_open = False
    at = 0
    while at < len(points):
        command, place = points[at]
        if command in "mn":
            # `n` moves the pen and leaves the shape open: what follows goes on from where that was.
            pen, is_open = place, is_open and command == "n"
        elif command == "l":
            if not is_open:
                yield "move", (pen,)
            yield "line", (place,)
            is_open = True
        elif at and [name for name, _ in points[at : at + 3]] == [command] * 3:
            four = [points[at - 1][1], *(point for _, point in points[at : at + 3])]
            start, *curve = four if command == "b" else _of_spline(four)
            if not is_open:
                yield "move", (start,)
            yield "curve", tuple(curve)
            is_open = True
            at += 2 if command == "b" else 0
        at += 1


def _of_spline(points: Sequence[Point]) -> list[Point]:
    """A piece of a uniform cubic B-spline as a Bézier curve."""
    weights = ((1, 4, 1, 0), (0, 4, 2, 0), (0, 2, 4, 0), (0, 1, 4, 1))
    return [
        (sum(w * x for w, (x, _) in zip(row, points, strict=True)) / 6,
         sum(w * y for w, (_, y) in zip(row, points, strict=True)) / 6)
        for row in weights
    ]  # fmt: skip


def _file(drawn: Outline) -> bytes:
    """An OpenType font with two glyphs, none and the drawing."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.t2CharStringPen import T2CharStringPen

    pen: Any = T2CharStringPen(0, None, roundTolerance=0)
    is_open = False
    for step, points in drawn.steps:
        places = [(x, -y) for x, y in points]
        if step == "move":
            if is_open:
                pen.closePath()
            pen.moveTo(*places)
        elif step == "line":
            pen.lineTo(*places)
        else:
            pen.curveTo(*places)
        is_open = True
    if is_open:
        pen.closePath()
    builder: Any = FontBuilder(_UNITS, isTTF=False)
    builder.setupGlyphOrder([".notdef", "drawing"])
    none: Any = T2CharStringPen(0, None)
    builder.setupCFF("Drawing", {}, {".notdef": none.getCharString(), "drawing": pen.getCharString()}, {})
    builder.setupHead(unitsPerEm=_UNITS)
    builder.setupMaxp()
    out = io.BytesIO()
    builder.font.save(out)
    return out.getvalue()
