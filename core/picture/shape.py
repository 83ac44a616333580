# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of text as glyphs at their places: order of runs by Unicode's rules, a font for each letter, HarfBuzz."""

from __future__ import annotations

import bisect
import dataclasses
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import bidi
from . import clusters, harfbuzz, vectors
from .dress import Look
from .fonts import SUB, Face, Fonts, is_ignorable
from .planes import Plane

if TYPE_CHECKING:
    import uharfbuzz as hb

_JOINED = frozenset(("Arab", "Syrc", "Mong", "Nkoo", "Deva", "Beng", "Guru", "Mand", "Phag", "Adlm", "Rohg"))
"""Scripts that join their letters: no space is put between them."""
_ASCENT, _DESCENT = 0.97, 0.25
"""Of the size: what a line is given for its letters. What reaches further, marks on marks, has its room besides; fonts
themselves ask for up to twice as much, for the highest pile of marks that they can draw."""
_EMPTY = 0.5
"""Of a line's height: that of an empty one in SubStation."""
_RULED = 0.06
"""How thick a line under or through letters is, of the size."""


_SQUARE = 0x2F1
"""The first letter that lies on its back in a font whose name begins with @, as libass has it."""


class Glyph(NamedTuple):
    """One glyph at its place, from the beginning of its line."""

    font: hb.Font
    id: int
    x: float
    y: float
    """Pixels, up from the base line."""
    at: int
    """The character of the text that it is drawn for, the first of them."""
    look: Look
    colored: bool
    up: float = 0.0
    """How far its font reaches above the base line."""
    from_right: bool = False
    """Whether it is one of letters that are read from right to left."""
    plane: Plane | None = None
    """What it is turned in; None: it stands upright."""
    lying: tuple[float, float] | None = None
    """It lies on its back, and is moved to the right and up so far for that, in pixels before it is stretched."""


class Rule(NamedTuple):
    """A line under or through letters; pixels from the beginning of the line and up from the base line."""

    x: float
    y: float
    width: float
    thickness: float
    at: int
    look: Look
    up: float = 0.0


@dataclasses.dataclass(slots=True)
class Line:
    """A line that is set. Pixels."""

    start: int
    end: int
    width: float
    ascent: float
    descent: float
    glyphs: list[Glyph]
    rules: list[Rule]
    spans: list[tuple[int, float, float]]
    """Of each cluster: its first character, and its left and right edge."""
    missing: list[str]
    """Letters that no font has."""
    upright: bool = False


class _Run(NamedTuple):
    start: int
    end: int
    level: int
    script: str
    face: Face | None
    look: Look


class Shaper:
    """Sets lines with some fonts."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts

    def line(
        self,
        text: str,
        start: int,
        end: int,
        looks: Sequence[tuple[int, int, Look]],
        from_right: bool,
        *,
        upright: bool = False,
    ) -> Line:
        """Characters `start` up to `end` of a text in one line. `from_right`: the direction of its paragraph.

        `upright`: from top to bottom, each letter upright. Then `width` is its length downwards, as are all places
        along the line, and glyphs stand around its middle axis.
        """
        line = Line(start, end, 0.0, 0.0, 0.0, [], [], [], [], upright)
        for run in self._runs(text, start, end, looks, from_right):
            if run.look.drawing is not None:
                _draw(line, run, run.look.drawing)
            else:
                self._add(line, text, run)
        if not line.ascent and not line.glyphs:  # An empty line is as high as one with letters.
            look = looks[-1][2] if looks else None
            for first, last, one in looks:
                if first <= start < max(last, first + 1):
                    look = one
            if look is not None:
                share = _EMPTY if look.by_line and start == end else 1.0
                line.ascent, line.descent = (share * height for height in _heights(None, look))
        return line

    def _runs(
        self, text: str, start: int, end: int, looks: Sequence[tuple[int, int, Look]], from_right: bool
    ) -> Iterator[_Run]:
        """From left to right."""
        part = text[start:end]
        ranges = clusters.clusters(part)
        if not ranges:
            return
        levels = _levels(part, from_right)
        scripts = clusters.scripts(part, ranges)
        firsts = [first for first, _, _ in looks]
        runs: list[_Run] = []
        for (first, last), script in zip(ranges, scripts, strict=True):
            look = looks[max(0, bisect.bisect_right(firsts, start + first) - 1)][2]
            before = runs[-1].face if runs else None
            face = None if look.drawing else self._face(part[first:last], look, script, before)
            run = _Run(start + first, start + last, levels[first], script, face, look)
            if runs and runs[-1][2:] == run[2:]:
                runs[-1] = runs[-1]._replace(end=run.end)
            else:
                runs.append(run)
        for index in bidi.order([run.level for run in runs]):
            yield runs[index]

    def _face(self, cluster: str, look: Look, script: str, before: Face | None) -> Face | None:
        """The font of a letter; of a space or a mark of direction, the one before it."""
        if before is not None and _is_void(cluster) and before.has(" ") and not before.is_pictures:
            return before
        if all(map(is_ignorable, cluster)):
            cluster = " "
        return self._fonts.for_text(cluster, look.font, look.bold, look.italic, script)

    def _add(self, line: Line, text: str, run: _Run) -> None:
        """Set a run at the end of a line."""
        size = pixels(run.face, run.look)
        ascent, descent = _heights(run.face, run.look)
        line.ascent, line.descent = max(line.ascent, ascent), max(line.descent, descent)
        begin = line.width
        if run.face is None:
            self._miss(line, text, run, size)
        else:
            self._shape(line, text, run, run.face, size, ascent)
        if not line.upright:
            line.rules += _rules(run, begin, line.width, size, ascent)

    def _miss(self, line: Line, text: str, run: _Run, size: float) -> None:
        """Room for letters that no font has. They are listed, not drawn."""
        for first, last in clusters.clusters(text[run.start : run.end]):
            line.missing.append(text[run.start + first : run.start + last])
            line.spans.append((run.start + first, line.width, line.width + size / 2))
            line.width += size / 2

    def _shape(self, line: Line, text: str, run: _Run, face: Face, size: float, up: float) -> None:
        look = run.look
        font = face.font(size, look.bold, look.italic)
        infos, positions = _shaped(font, text, run, line.upright)
        pen = line.width
        spacing = 0.0 if run.script in _JOINED else look.spacing
        edges: dict[int, list[float]] = {}
        from_right = run.level % 2 == 1
        for info, position in zip(infos, positions, strict=True):
            x = (0.0 if line.upright else pen) + position.x_offset / SUB * look.stretch_x
            y = position.y_offset / SUB * look.stretch_y - (pen if line.upright else 0.0)
            advance = -position.y_advance * look.stretch_y if line.upright else position.x_advance * look.stretch_x
            glyph = Glyph(font, info.codepoint, x, y, info.cluster, look, face.is_colored, up, from_right)
            if look.sideways and not line.upright and ord(text[info.cluster]) >= _SQUARE:
                length = -font.get_glyph_v_advance(info.codepoint)
                glyph = glyph._replace(lying=(length / SUB - face.foot * size, -face.foot * size))
                advance = length * look.stretch_x
            line.glyphs.append(glyph)
            if face.is_colored and not face.draws(font, info.codepoint) and not _is_void(text[info.cluster]):
                line.missing.append(text[info.cluster])
            if not look.by_line and not line.upright:
                above, below = face.ink(font, info.codepoint)
                line.ascent = max(line.ascent, y + min(above, 2 * size) * look.stretch_y)
                line.descent = max(line.descent, min(below, 2 * size) * look.stretch_y - y)
            first = pen if line.upright else x
            pen += advance / SUB + (spacing if advance else 0.0)
            edge = edges.setdefault(info.cluster, [first, pen])
            edge[0], edge[1] = min(edge[0], first), max(edge[1], pen)
        line.spans += [(at, left, right) for at, (left, right) in edges.items()]
        line.width = pen


def _draw(line: Line, run: _Run, drawing: vectors.Drawing) -> None:
    """Set drawings at the end of a line. As libass has it the line is as high as the drawing, whose upper edge is where
    its numbers begin to count; where it begins to the right of them it is moved, but no wider."""
    across, down = run.look.stretch_x, run.look.stretch_y
    outline = vectors.outline(drawing.lines, drawing.scale)
    font = vectors.font(drawing.lines, drawing.scale)
    below = min(max(drawing.below * 0.5 ** (drawing.scale - 1), -vectors.FARTHEST), vectors.FARTHEST) * down
    above = (outline.bottom - outline.top) * down - below
    for at in range(run.start, run.end):
        line.ascent, line.descent = max(line.ascent, above), max(line.descent, below)
        line.glyphs.append(Glyph(font, vectors.LETTER, line.width, above, at, run.look, False, above))
        left, line.width = line.width, line.width + (outline.right - outline.left) * across
        line.spans.append((at, left, line.width))


def _is_void(cluster: str) -> bool:
    """Whether there is nothing to see of it in any font."""
    return cluster[0].isspace() or all(map(is_ignorable, cluster))


def _levels(part: str, from_right: bool) -> Sequence[int]:
    if not from_right and part.isascii():
        return [0] * len(part)
    kinds = [unicodedata.bidirectional(char) or "L" for char in part]
    if not from_right and not any(kind in ("R", "AL", "AN", "RLE", "RLO", "RLI") for kind in kinds):
        return [0] * len(part)
    return bidi.levels(kinds, part, from_right)


def _shaped(font: hb.Font, text: str, run: _Run, upright: bool) -> tuple[Any, Any]:
    hb = harfbuzz.load()
    buffer = hb.Buffer()
    # With what stands around it, so that letters of two looks are joined all the same.
    buffer.add_codepoints([*map(ord, text)], run.start, run.end - run.start)
    buffer.direction = "ttb" if upright else "rtl" if run.level % 2 else "ltr"
    buffer.script = run.script
    if run.look.language:
        buffer.language = run.look.language
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
    features = {"liga": False, "clig": False} if run.look.spacing and run.script not in _JOINED else {}
    features |= {"vert": True} if run.look.sideways else {}
    hb.shape(font, buffer, features if run.look.kerning else features | {"kern": False})
    return buffer.glyph_infos, buffer.glyph_positions


def pixels(face: Face | None, look: Look) -> float:
    """The em of letters."""
    if not look.by_line or face is None:
        return look.size
    return look.size / sum(face.windows)


def _heights(face: Face | None, look: Look) -> tuple[float, float]:
    """How far letters reach up and down."""
    if face is None:
        return look.size * (0.8 if look.by_line else 0.95) * look.stretch_y, look.size * 0.2 * look.stretch_y
    size = pixels(face, look)
    up, down = face.windows if look.by_line else (min(face.ascent, _ASCENT), min(face.descent, _DESCENT))
    return up * size * look.stretch_y, down * size * look.stretch_y


def _rules(run: _Run, begin: float, end: float, size: float, up: float) -> Iterator[Rule]:
    look = run.look
    usual = (-0.14, _RULED), (0.27, _RULED)
    # SubStation's are where the font wants them, as high as letters are stretched.
    lines = run.face.lines if look.by_line and run.face is not None else (None, None)
    stretch = look.stretch_y if look.by_line else 1.0
    for wanted, line, other in zip((look.underline, look.strike), lines, usual, strict=True):
        if wanted and end > begin:
            y, thickness = ((line or other)[0] * size * stretch, (line or other)[1] * size * stretch)
            yield Rule(begin, y, end - begin, max(1.0, thickness), run.start, look, up)


def edges(lines: Sequence[Line], start: int, end: int) -> Iterator[tuple[Line, float, float]]:
    """Where characters `start` up to `end` stand: of each line that has some of them, the left and the right edge."""
    for line in lines:
        found = [(left, right) for at, left, right in line.spans if start <= at < end]
        if found:
            yield line, min(left for left, _ in found), max(right for _, right in found)
