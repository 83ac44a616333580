# SPDX-License-Identifier: GPL-3.0-or-later
"""A subtitle that is set, as pixels: shadow, outline, boxes, letters, in the colours of one moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from . import harfbuzz, masks, shape
from .dress import Look, alpha
from .fonts import SUB
from .layout import Box, Panel, Setting, seen
from .masks import Canvas, Mask
from .planes import Plane
from .shape import Glyph
from .surfaces import Area, Flat, Sheet


class Spoken(NamedTuple):
    """Characters `start` up to `end` in another colour, and a box behind them if it has one."""

    start: int
    end: int
    color: str = ""
    """Empty: their own of what is not sung yet."""
    box: str = ""
    until: int = 0
    """Characters `start` up to this one are swept: they lose the other colour from the side that they are read from."""
    times: tuple[float, float] = (0.0, 0.0)
    """From when until when they are, in seconds after the start of the subtitle."""
    share: float = 0.0
    """How much of them has lost it."""
    bare: tuple[tuple[int, int], ...] = ()
    """Ranges of characters that have no outline."""

    def holds(self, at: int) -> bool:
        """Whether a character is one of them."""
        return self.start <= at < self.end

    def at(self, time: float) -> Spoken:
        """As it is at a time, in seconds after the start of the subtitle."""
        if not self.until:
            return self
        begins, ends = self.times
        return self._replace(share=min(max((time - begins) / (ends - begins), 0.0), 1.0) if ends > begins else 1.0)

    def is_bare(self, at: int) -> bool:
        """Whether a character has no outline."""
        return any(start <= at < end for start, end in self.bare)


class Painted(NamedTuple):
    """Straight alpha, 8 bits, trimmed to what is not empty; and the picture's pixel that its corner lies on."""

    rgba: Mask
    x: int
    y: int


class _Edge(NamedTuple):
    """What letters of one kind have around them."""

    outline: float
    outline_color: str
    blur: float
    shadow: tuple[float, float, float, str]
    pen: tuple[float, float] | None = None
    """As `Look.pen`."""


class _Kind(NamedTuple):
    """What letters that are drawn together have in common."""

    edge: _Edge
    color: str
    sweep: _Sweep | None = None
    other: str = ""
    """Their colour beyond the sweep."""


_PADDING = 0.15
"""Of the size: what a box behind a spoken word is wider on each side."""


class Painter:
    """Draws into a picture of one size."""

    def __init__(self, width: int, height: int) -> None:
        hb = harfbuzz.load()
        self._frame = Box(0, 0, width, height)
        self._raster = hb.RasterDraw()
        self._raster.scale_factor = (SUB, SUB)
        self._extents: dict[tuple[int, int], tuple[float, float, float, float]] = {}
        self._fonts: dict[int, Any] = {}

    def paint(self, setting: Setting, spoken: Spoken | None = None, strength: float = 1.0) -> Painted:
        """The pixels of a subtitle; `strength` is that of all of it, 0.0 to 1.0."""
        panels = [*setting.panels, *self._word_boxes(setting, spoken)]
        boxes = self._boxes(setting, panels)
        area = self._area(setting, boxes)
        if area.width <= 0 or area.height <= 0:
            return Painted(numpy.zeros((0, 0, 4), numpy.uint8), 0, 0)
        sheet = Sheet(self._raster, area)
        surfaces = self._surfaces(sheet, boxes)
        canvas = masks.Canvas((area.height, area.width))
        for panel in panels:
            surface = surfaces.get(_far(panel.plane), sheet)
            mask = masks.blurred(surface.shown(surface.rectangle(panel)), panel.blur)
            canvas.lay(mask, panel.color, strength)
        self._letters(canvas, surfaces, setting, spoken, strength)
        for clip in setting.clips:
            canvas.keep(sheet.clip(clip))
        rgba, x, y = canvas.picture()
        return Painted(rgba, area.left + x, area.top + y)

    def _surfaces(self, sheet: Sheet, boxes: Mapping[Plane | None, Box]) -> dict[Plane | None, Sheet]:
        """What is drawn on: the picture, and a flat one for each plane that is seen from aside."""
        surfaces: dict[Plane | None, Sheet] = {None: sheet}
        for near, box in boxes.items():
            if (far := _far(near)) is not None:
                surfaces[far] = Flat(self._raster, far, box, sheet.area)
        return surfaces

    def _word_boxes(self, setting: Setting, spoken: Spoken | None) -> Iterable[Panel]:
        if spoken is None or not spoken.box:
            return
        size = next((glyph.look.size for glyph in setting.glyphs), 0.0)
        for box in setting.word_box(spoken.start, spoken.end, size * _PADDING):
            yield Panel(box, spoken.box, size * _PADDING, plane=setting.plane)

    def _letters(
        self, canvas: Canvas, surfaces: dict[Plane | None, Sheet], setting: Setting, spoken: Spoken | None,
        strength: float,
    ) -> None:  # fmt: skip
        """All shadows below all outlines below all letters, as a reader expects of letters that touch."""
        drawn = _Drawn(spoken, list(self._sweeps(setting, spoken)))
        glyphs: dict[Plane | None, list[Glyph]] = {}
        rules: dict[Plane | None, list[Panel]] = {}
        for glyph in setting.glyphs:
            glyphs.setdefault(_far(glyph.plane), []).append(glyph)
        for rule in setting.rules:
            rules.setdefault(_far(rule.plane), []).append(rule)
        for plane, surface in surfaces.items():
            drawn.add(surface, glyphs.get(plane, ()), rules.get(plane, ()))
        wide = {edge: masks.blurred(mask, edge.blur) for edge, mask in drawn.wide.items()}
        for edge, mask in wide.items():
            x, y, blur, color = edge.shadow
            if alpha(color) and (x or y or blur):
                # Letters that are not seen throw no shadow, their outline does.
                if (alphas := drawn.alphas(edge)) and not any(alphas):
                    mask = _hollow(mask, drawn.inner[edge])
                canvas.lay(masks.blurred(masks.shifted(mask, x, y), blur), color, strength)
        for edge, mask in wide.items():
            if edge.outline:
                if strength < 1 or any(one < 255 for one in drawn.alphas(edge)):
                    mask = _hollow(mask, drawn.inner[edge])
                canvas.lay(mask, edge.outline_color, strength)
        for (edge, color), mask in drawn.fills.items():
            # What has no outline is soft itself, as libass has it.
            canvas.lay(mask if edge.outline else masks.blurred(mask, edge.blur, fine=True), color, strength)
        for picture in drawn.pictures:
            canvas.lay_picture(picture, strength)

    def _sweeps(self, setting: Setting, spoken: Spoken | None) -> Iterator[_Sweep]:
        """Up to where letters are swept, by line: one after the other, each as far as it is wide."""
        if spoken is None or spoken.until <= spoken.start:
            return
        lines = [line for line, _, _ in setting.lines]
        parts = list(shape.edges(lines, spoken.start, spoken.until))
        left_over = spoken.share * sum(right - left for _, left, right in parts)
        for line, left, right in parts:
            start, end = max(spoken.start, line.start), min(spoken.until, line.end)
            glyphs = [glyph for glyph in setting.glyphs if start <= glyph.at < end]
            done = min(max(left_over, 0.0), right - left)
            left_over -= done
            if glyphs:
                first = min(seen(self._ink(glyph), glyph.plane).left for glyph in glyphs)
                turn = glyphs[0].plane.turn.z if glyphs[0].plane else 0.0
                # Upside down letters are read the other way around.
                from_right = glyphs[0].from_right != (90 < math.fmod(turn, 360) % 360 < 270)
                yield _Sweep(start, end, first + (right - left - done if from_right else done), from_right)

    # Extents

    def _boxes(self, setting: Setting, panels: Sequence[Panel]) -> dict[Plane | None, Box]:
        """What lies where in each plane before it is turned, with its outline."""
        found: dict[Plane | None, list[Box]] = {}
        for glyph in setting.glyphs:
            found.setdefault(glyph.plane, []).append(self._ink(glyph).grown(glyph.look.outline + 1))
        for panel in (*panels, *setting.rules):
            reach = 1 + 3 * panel.blur + (panel.look.outline if panel.look else 0)
            found.setdefault(panel.plane, []).append(panel.box.grown(reach))
        return {plane: around(boxes) for plane, boxes in found.items()}

    @staticmethod
    def _looks(setting: Setting) -> Iterator[Look]:
        yield from (glyph.look for glyph in setting.glyphs)
        yield from (rule.look for rule in setting.rules if rule.look is not None)

    def _area(self, setting: Setting, boxes: Mapping[Plane | None, Box]) -> Area:
        """The pixels that anything may lie on, inside the picture."""
        if not boxes:
            return Area(0, 0, 0, 0)
        looks = {id(look): look for look in self._looks(setting)}
        reach = max((look.reach for look in looks.values()), default=0.0)
        found = around([seen(box, plane) for plane, box in boxes.items()]).grown(reach)
        left, top = math.floor(max(found.left, 0)), math.floor(max(found.top, 0))
        right, bottom = math.ceil(min(found.right, self._frame.right)), math.ceil(min(found.bottom, self._frame.bottom))
        return Area(left, top, right - left, bottom - top)

    def _ink(self, glyph: Glyph) -> Box:
        key = id(glyph.font), glyph.id
        if glyph.look.drawing is not None:
            x, y, wide, high = _extents(glyph)
        else:
            if key not in self._extents:
                self._fonts[key[0]] = glyph.font  # Alive, so that its number is nobody else's.
                self._extents[key] = _extents(glyph)
            x, y, wide, high = self._extents[key]
        if glyph.lying is not None:
            right, up = glyph.lying
            x, y, wide, high = right - y, x + wide + up, -high, -wide
        across, down = glyph.look.stretch_x, glyph.look.stretch_y
        # `height` counts downwards and is negative.
        return Box(glyph.x + x * across, glyph.y - y * down, glyph.x + (x + wide) * across, glyph.y - (y + high) * down)


def _extents(glyph: Glyph) -> tuple[float, float, float, float]:
    """Where the ink of a glyph begins, to the right and up, how wide it is, and how high, which is negative."""
    found = glyph.font.get_glyph_extents(glyph.id)
    if not found:
        return 0.0, 0.0, 0.0, 0.0
    return found.x_bearing / SUB, found.y_bearing / SUB, found.width / SUB, found.height / SUB


class _Sweep(NamedTuple):
    """Characters `start` up to `end` have lost the other colour up to a column of the picture, from one side."""

    start: int
    end: int
    column: float
    from_right: bool

    def done(self, area: Area) -> Any:
        """How much of each column of an area has lost it."""
        columns = numpy.arange(area.left, area.left + area.width, dtype=numpy.float32)
        share = numpy.clip(numpy.float32(self.column) - columns, 0, 1)
        return 1 - share if self.from_right else share


class _Drawn:
    """What letters cover of the picture."""

    def __init__(self, spoken: Spoken | None, sweeps: Sequence[_Sweep]) -> None:
        self._spoken = spoken
        self._sweeps = sweeps
        self.fills: dict[tuple[_Edge, str], Mask] = {}
        self.inner: dict[_Edge, Mask] = {}
        """All letters that have the same edge."""
        self.wide: dict[_Edge, Mask] = {}
        """The same with their outlines."""
        self.pictures: list[Mask] = []

    def add(self, surface: Sheet, glyphs: Sequence[Glyph], rules: Sequence[Panel]) -> None:
        """Take in what lies on one surface."""
        letters: dict[_Kind, list[Glyph]] = {}
        lines: dict[_Kind, list[Panel]] = {}
        edges: dict[_Edge, Mask] = {}
        seen_of: dict[int, tuple[Mask, Mask]] = {}
        for glyph in glyphs:
            if not glyph.colored:
                letters.setdefault(self._kind(glyph.look, glyph.look.color, glyph.at), []).append(glyph)
        for rule in rules:
            if rule.look is not None:
                lines.setdefault(self._kind(rule.look, rule.color, rule.at), []).append(rule)
        for kind in {**letters, **lines}:
            mask = surface.mask(letters.get(kind, ()), lines.get(kind, ()))
            _unite(edges, kind.edge, mask)
            shown = surface.shown(mask)
            seen_of[id(mask)] = mask, shown
            self._fill(kind, shown, surface)
        for glyph in glyphs:
            if glyph.colored:
                picture = surface.colored(glyph)
                _unite(edges, self._kind(glyph.look, "", glyph.at).edge, picture[..., 3])
                self.pictures.append(surface.shown(picture))
        for edge, mask in edges.items():
            # Where all letters of an edge have one colour, it is known what they cover.
            inner = seen_of[id(mask)][1] if id(mask) in seen_of else surface.shown(mask)
            pen = [width * surface.scale for width in edge.pen or (edge.outline,)]
            wide = masks.widened(mask, *pen) if edge.outline else None
            _unite(self.inner, edge, inner)
            _unite(self.wide, edge, inner if wide is None else surface.shown(wide))

    def alphas(self, edge: _Edge) -> list[int]:
        """Those of the letters of an edge that have a colour of their style, not their own."""
        return [alpha(color) for other, color in self.fills if other == edge]

    def _kind(self, look: Look, color: str, at: int) -> _Kind:
        spoken = self._spoken
        shadow = look.shadow_x, look.shadow_y, look.shadow_blur, look.shadow_color
        edge = _Edge(look.outline, look.outline_color, look.edge_blur, shadow, look.pen)
        if spoken is None:
            return _Kind(edge, color)
        if spoken.is_bare(at):
            # It is not seen, and throws a shadow.
            edge = edge._replace(outline_color="#00000000")
        if not spoken.holds(at):
            return _Kind(edge, color)
        other = spoken.color or look.unsung_color
        sweep = next((one for one in self._sweeps if one.start <= at < one.end), None)
        return _Kind(edge, color, sweep, other) if sweep is not None else _Kind(edge, other)

    def _fill(self, kind: _Kind, mask: Mask, surface: Sheet) -> None:
        edge = kind.edge
        if kind.sweep is None:
            _unite(self.fills, (edge, kind.color), mask)
            return
        if not edge.outline:
            # What is soft itself becomes so before it is parted: the colours meet at a line.
            mask, edge = masks.blurred(mask, edge.blur, fine=True), edge._replace(blur=0.0)
        done = (mask * kind.sweep.done(surface.seen_in)).astype(numpy.uint8)
        _unite(self.fills, (edge, kind.color), done)
        _unite(self.fills, (edge, kind.other), mask - done)


def _unite(found: dict[Any, Mask], key: object, mask: Mask) -> None:
    found[key] = mask if key not in found else numpy.maximum(found[key], mask)


def around(boxes: Sequence[Box]) -> Box:
    """The box around some boxes."""
    return Box(
        min(box.left for box in boxes), min(box.top for box in boxes),
        max(box.right for box in boxes), max(box.bottom for box in boxes),
    )  # fmt: skip


def _far(plane: Plane | None) -> Plane | None:
    """A plane that is seen from aside; None for all that is drawn where it is seen."""
    return None if plane is None or plane.is_rotation else plane


def _hollow(wide: Mask, inner: Mask) -> Mask:
    """The outline without what is below letters that one can look through: it would darken them. Where both end, half
    of it stays, as libass has it: nothing is seen between them."""
    hollow: Mask = numpy.where(wide > inner, wide - inner // 2, 0).astype(numpy.uint8)
    return hollow
