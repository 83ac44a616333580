# SPDX-License-Identifier: GPL-3.0-or-later
"""A subtitle that is set, as pixels: shadow, outline, boxes, letters, in the colours of one moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy

from . import emoji, harfbuzz, masks, vectors
from .dress import Clip, Look, alpha
from .fonts import SUB
from .layout import Box, Panel, Setting, turned
from .masks import Mask
from .shape import Glyph


class Spoken(NamedTuple):
    """Characters `start` up to `end` in another colour, and a box behind them if it has one."""

    start: int
    end: int
    color: str
    box: str = ""

    def holds(self, at: int) -> bool:
        """Whether a character is one of them."""
        return self.start <= at < self.end


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
        left, top, right, bottom = self._area(setting, panels)
        if right <= left or bottom <= top:
            return Painted(numpy.zeros((0, 0, 4), numpy.uint8), 0, 0)
        sheet = _Sheet(self._raster, setting, left, top, right - left, bottom - top)
        for panel in panels:
            sheet.canvas.lay(sheet.rectangle(panel), panel.color, strength)
        self._letters(sheet, setting, spoken, strength)
        for clip in setting.clips:
            sheet.canvas.keep(sheet.clip(clip))
        rgba, x, y = sheet.canvas.picture()
        return Painted(rgba, left + x, top + y)

    def _word_boxes(self, setting: Setting, spoken: Spoken | None) -> Iterable[Panel]:
        if spoken is None or not spoken.box:
            return
        size = next((glyph.look.size for glyph in setting.glyphs), 0.0)
        for box in setting.word_box(spoken.start, spoken.end, size * _PADDING):
            yield Panel(box, spoken.box, size * _PADDING)

    def _letters(self, sheet: _Sheet, setting: Setting, spoken: Spoken | None, strength: float) -> None:
        """All shadows below all outlines below all letters, as a reader expects of letters that touch."""
        fills: dict[tuple[_Edge, str], list[Glyph]] = {}
        rules: dict[tuple[_Edge, str], list[Panel]] = {}
        colored: list[Glyph] = []
        for glyph in setting.glyphs:
            if glyph.colored:
                colored.append(glyph)
                continue
            fills.setdefault((_edge(glyph.look), _color(glyph.look.color, glyph.at, spoken)), []).append(glyph)
        for rule in setting.rules:
            if rule.look is not None:
                rules.setdefault((_edge(rule.look), _color(rule.color, rule.at, spoken)), []).append(rule)
        drawn = {key: sheet.mask(fills.get(key, ()), rules.get(key, ())) for key in {**fills, **rules}}
        pictures = [(_edge(glyph.look), sheet.colored(glyph)) for glyph in colored]
        edges: dict[_Edge, Mask] = {}
        for edge, mask in [*((key[0], mask) for key, mask in drawn.items()), *((e, p[..., 3]) for e, p in pictures)]:
            edges[edge] = mask if edge not in edges else numpy.maximum(edges[edge], mask)
        wide = {edge: _outlined(mask, edge) for edge, mask in edges.items()}
        for edge, mask in wide.items():
            x, y, blur, color = edge.shadow
            if alpha(color) and (x or y or blur):
                sheet.canvas.lay(masks.blurred(masks.shifted(mask, x, y), blur), color, strength)
        for edge, mask in wide.items():
            if edge.outline:
                sheet.canvas.lay(_hollow(mask, edges[edge], drawn, edge), edge.outline_color, strength)
        for (edge, color), mask in drawn.items():
            # What has no outline is soft itself, as libass has it.
            sheet.canvas.lay(mask if edge.outline else masks.blurred(mask, edge.blur, fine=True), color, strength)
        for _, picture in pictures:
            sheet.canvas.lay_picture(picture, strength)

    # Extents

    def _area(self, setting: Setting, panels: Sequence[Panel]) -> tuple[int, int, int, int]:
        """The pixels that anything may lie on, inside the picture."""
        boxes = [self._ink(glyph).grown(glyph.look.reach + 1) for glyph in setting.glyphs]
        boxes += [panel.box.grown(1 + (panel.look.reach if panel.look else 0)) for panel in (*panels, *setting.rules)]
        if not boxes:
            return 0, 0, 0, 0
        around = Box(
            min(box.left for box in boxes), min(box.top for box in boxes),
            max(box.right for box in boxes), max(box.bottom for box in boxes),
        )  # fmt: skip
        around = turned(around, setting.angle, setting.origin)
        frame = self._frame
        left, top = max(around.left, frame.left), max(around.top, frame.top)
        right, bottom = min(around.right, frame.right), min(around.bottom, frame.bottom)
        return math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)

    def _ink(self, glyph: Glyph) -> Box:
        key = id(glyph.font), glyph.id
        if glyph.look.drawing is not None:
            x, y, wide, high = _extents(glyph)
        else:
            if key not in self._extents:
                self._fonts[key[0]] = glyph.font  # Alive, so that its number is nobody else's.
                self._extents[key] = _extents(glyph)
            x, y, wide, high = self._extents[key]
        across, down = glyph.look.stretch_x, glyph.look.stretch_y
        # `height` counts downwards and is negative.
        return Box(glyph.x + x * across, glyph.y - y * down, glyph.x + (x + wide) * across, glyph.y - (y + high) * down)


def _extents(glyph: Glyph) -> tuple[float, float, float, float]:
    """Where the ink of a glyph begins, to the right and up, how wide it is, and how high, which is negative."""
    found = glyph.font.get_glyph_extents(glyph.id)
    if not found:
        return 0.0, 0.0, 0.0, 0.0
    return found.x_bearing / SUB, found.y_bearing / SUB, found.width / SUB, found.height / SUB


class _Sheet:
    """The pixels of one subtitle while it is drawn."""

    def __init__(self, raster: Any, setting: Setting, left: int, top: int, width: int, height: int) -> None:
        self._raster = raster
        self._setting = setting
        self._left, self._top, self._width, self._height = left, top, width, height
        self.canvas = masks.Canvas((height, width))

    def _extents(self) -> Any:
        hb = harfbuzz.load()
        return hb.RasterExtents(
            x_origin=self._left, y_origin=-(self._top + self._height), width=self._width, height=self._height
        )

    def _matrix(self, glyph: Glyph) -> tuple[float, float, float, float, float, float]:
        """From a glyph's own units to the picture's 1/64 pixels, up."""
        x, y, across, down = glyph.x, -glyph.y, glyph.look.stretch_x, glyph.look.stretch_y
        angle = self._setting.angle
        if not angle:
            return across, 0.0, 0.0, down, x * SUB, y * SUB
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        ox, oy = self._setting.origin[0], -self._setting.origin[1]
        dx, dy = x - ox, y - oy
        place = ox + dx * cos - dy * sin, oy + dx * sin + dy * cos
        return cos * across, sin * across, -sin * down, cos * down, place[0] * SUB, place[1] * SUB

    def mask(self, glyphs: Sequence[Glyph], rules: Sequence[Panel]) -> Mask:
        """What letters and lines under them cover."""
        raster = self._raster
        raster.clear()
        for glyph in glyphs:
            raster.transform = self._matrix(glyph)
            raster.draw_glyph(glyph.font, glyph.id)
        raster.extents = self._extents()
        found = _rows(raster.render(), 1)
        mask = found[..., 0] if found is not None else numpy.zeros((self._height, self._width), numpy.uint8)
        for rule in rules:
            mask = numpy.maximum(mask, self.rectangle(rule))
        return mask

    def clip(self, clip: Clip) -> Mask:
        """What of these pixels it leaves."""
        shape = self._height, self._width
        if clip.drawing is None:
            inside = masks.rectangle(shape, Box(*(clip.box or (0, 0, 0, 0))).moved(-self._left, -self._top))
        else:
            raster = self._raster
            raster.clear()
            raster.transform = clip.unit[0], 0.0, 0.0, clip.unit[1], 0.0, 0.0
            raster.draw_glyph(vectors.font(clip.drawing.lines, clip.drawing.scale), vectors.LETTER)
            raster.extents = self._extents()
            found = _rows(raster.render(), 1)
            inside = found[..., 0] if found is not None else numpy.zeros(shape, numpy.uint8)
        return numpy.uint8(255) - inside if clip.is_out else inside

    def colored(self, glyph: Glyph) -> Mask:
        """A glyph with colours of its own: red, green and blue times alpha, and alpha."""
        area = self._left, self._top, self._width, self._height
        if (picture := emoji.drawn(glyph.font, glyph.id, self._matrix(glyph), SUB, area)) is not None:
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
            return numpy.zeros((self._height, self._width, 4), numpy.uint8)
        return numpy.ascontiguousarray(found[..., [2, 1, 0, 3]])

    def rectangle(self, panel: Panel) -> Mask:
        """What a box covers."""
        box = panel.box.moved(-self._left, -self._top)
        origin = self._setting.origin[0] - self._left, self._setting.origin[1] - self._top
        return masks.rectangle((self._height, self._width), box, panel.round, self._setting.angle, origin)


def _rows(image: Any, channels: int) -> Mask | None:
    """A rendered image's rows from above; None for an empty one."""
    if image is None or not image.extents.width or not image.extents.height:
        return None
    extents = image.extents
    flat = numpy.frombuffer(image.buffer, numpy.uint8)
    # A row is `stride` bytes long, which may be more than its pixels need.
    rows = flat.reshape(extents.height, extents.stride)[::-1, : extents.width * channels]
    return rows.reshape(extents.height, extents.width, channels)


def _edge(look: Look) -> _Edge:
    shadow = look.shadow_x, look.shadow_y, look.shadow_blur, look.shadow_color
    return _Edge(look.outline, look.outline_color, look.edge_blur, shadow)


def _color(color: str, at: int, spoken: Spoken | None) -> str:
    return spoken.color if spoken is not None and spoken.holds(at) else color


def _outlined(mask: Mask, edge: _Edge) -> Mask:
    wide = masks.widened(mask, edge.outline) if edge.outline else mask
    return masks.blurred(wide, edge.blur) if edge.blur else wide


def _hollow(wide: Mask, inner: Mask, drawn: dict[tuple[_Edge, str], Mask], edge: _Edge) -> Mask:
    """The outline without what is below letters that one can look through: it would darken them."""
    if all(alpha(color) == 255 for other, color in drawn if other == edge):
        return wide
    hollow: Mask = numpy.where(inner > 0, numpy.minimum(wide, 255 - inner), wide).astype(numpy.uint8)
    return hollow
