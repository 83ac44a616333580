# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything of one subtitle stands in the picture: broken lines, readings over words, boxes, and the block of
them at its margin or at its point.

Pixels of the picture, from its upper left corner to the right and down.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..right_to_left import reads_from_right
from ..subtitles import breaks
from . import shape
from .dress import Block, Clip, Dressed, Look, alpha
from .planes import Plane, plane_of
from .shape import Glyph, Line, Shaper

RUBY_SIZE = 0.5
"""Of the letters below it."""
_HYPHENS = "-‐–—/"
_BREAKS_ANYWHERE = re.compile("[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Scripts that may break between two letters: Chinese, Japanese, and those of South East Asia."""


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float) -> Box:
        """Larger on all sides."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def moved(self, x: float, y: float) -> Box:
        """Elsewhere."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def overlaps(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


class Panel(NamedTuple):
    """A filled rectangle behind letters, or a line under or through them."""

    box: Box
    color: str
    round: float = 0.0
    at: int = -1
    """The character that it belongs to, for a colour that changes with time; -1: none."""
    look: Look | None = None
    """Of a line under or through letters, theirs."""
    plane: Plane | None = None
    """As `Glyph.plane`."""
    blur: float = 0.0

    def moved(self, x: float, y: float) -> Panel:
        """The same elsewhere."""
        return self._replace(box=self.box.moved(x, y), plane=self.plane and self.plane.moved(x, y))


@dataclasses.dataclass(slots=True)
class Setting:
    """One subtitle that is set."""

    box: Box
    """From the top of the first line to the bottom of the last, before it is turned."""
    glyphs: list[Glyph]
    """`x` and `y` are pixels of the picture now, `y` down."""
    rules: list[Panel]
    panels: list[Panel]
    lines: list[tuple[Line, float, float]]
    """Each line with where it begins and where its base line is."""
    missing: list[str]
    origin: tuple[float, float] = (0.0, 0.0)
    """What is turned is turned around this."""
    clips: tuple[Clip, ...] = ()
    """They stay where they are."""

    def moved(self, x: float, y: float) -> Setting:
        """The same elsewhere."""
        if not x and not y:
            return self
        return dataclasses.replace(
            self,
            box=self.box.moved(x, y),
            glyphs=[
                glyph._replace(x=glyph.x + x, y=glyph.y + y, plane=glyph.plane and glyph.plane.moved(x, y))
                for glyph in self.glyphs
            ],
            rules=[rule.moved(x, y) for rule in self.rules],
            panels=[panel.moved(x, y) for panel in self.panels],
            lines=[(line, left + x, base + y) for line, left, base in self.lines],
            origin=(self.origin[0] + x, self.origin[1] + y),
        )

    @property
    def plane(self) -> Plane | None:
        """That of its first letter."""
        return self.glyphs[0].plane if self.glyphs else None

    def seen_box(self) -> Box:
        """The box around where `box` is seen."""
        return seen(self.box, self.plane)

    def word_box(self, start: int, end: int, padding: float) -> Iterator[Box]:
        """The boxes of some characters, one a line."""
        for line, left, base in self.lines:
            for _, first, last in shape.edges([line], start, end):
                box = Box(left + first, base - line.ascent, left + last, base + line.descent)
                yield Box(box.left - padding, box.top, box.right + padding, box.bottom)


def laid_out(dressed: Dressed, shaper: Shaper, width: int, height: int) -> Setting:
    """Set a subtitle in a picture of `width` by `height` pixels."""
    if dressed.block.direction:
        return _in_columns(dressed, shaper, width, height)
    block = dressed.block
    lines = list(_lines(dressed, shaper, block.max_width))
    readings = [_reading(ruby, lines, dressed, shaper) for ruby in dressed.rubies]
    lifts = _lifts(lines, [reading for reading in readings if reading is not None])
    wide = max((line.width for line in lines), default=0.0)
    bases = _bases(lines, lifts, block.line_spacing)
    high = bases[-1] + lines[-1].descent if lines else 0.0
    padding = block.padding if block.box and block.inset else 0.0
    left, top = _corner(block, wide + 2 * padding, high + 2 * padding, width, height)
    left, top = left + padding, top + padding
    origin = block.origin or _anchor(block, width, height)
    setting = Setting(Box(left, top, left + wide, top + high), [], [], [], [], [], origin, block.clips)
    is_turned = any(look.turn is not None for _, _, look in dressed.looks)
    for line, base in zip(lines, bases, strict=True):
        begin = left + (wide - line.width) * ((block.align - 1) % 3) / 2
        # On whole pixels letters stand sharp; SubStation's measures are taken as they come.
        _put(setting, line, begin, round(top + base) if block.line_spacing and not is_turned else top + base)
        setting.missing += line.missing
    for reading in readings:
        if reading is not None:
            _put_reading(setting, *reading)
    setting.panels += _panels(setting, block)
    if padding:
        setting.box = setting.box.grown(padding)
    return setting


def _in_columns(dressed: Dressed, shaper: Shaper, width: int, height: int) -> Setting:
    """Set a subtitle whose lines run from top to bottom, the next one on the side that `direction` says.

    Where nothing says its place, it stands at the side that its first line is on. Readings and lines under letters are
    for lines that run across.
    """
    block = dressed.block
    if block.x is None and block.y is None and block.align == 2:
        block = dataclasses.replace(block, align=9 if block.direction == "rl" else 7)
    lines = list(_lines(dressed, shaper, height - 2 * block.vertical if block.max_width else 0.0, upright=True))
    pitch = max(block.line_spacing, 1.25 * max((look.size for _, _, look in dressed.looks), default=0.0))
    wide, high = pitch * len(lines), max((line.width for line in lines), default=0.0)
    padding = block.padding if block.box and block.inset else 0.0
    left, top = _corner(block, wide + 2 * padding, high + 2 * padding, width, height)
    left, top = left + padding, top + padding
    origin = block.origin or _anchor(block, width, height)
    setting = Setting(Box(left, top, left + wide, top + high), [], [], [], [], [], origin)
    for index, line in enumerate(lines):
        place = len(lines) - 1 - index if block.direction == "rl" else index
        middle, begin = left + pitch * (place + 0.5), top + (high - line.width) * (2 - (block.align - 1) // 3) / 2
        for glyph in line.glyphs:
            plane = plane_of(glyph.look.turn, origin, top, left)
            setting.glyphs.append(glyph._replace(x=middle + glyph.x, y=begin - glyph.y, plane=plane))
        setting.missing += line.missing
    if block.box and setting.glyphs:
        box = setting.box.grown(block.padding)
        setting.panels.append(Panel(box, block.box_color, block.round, plane=setting.plane))
    if padding:
        setting.box = setting.box.grown(padding)
    return setting


def _lines(dressed: Dressed, shaper: Shaper, most: float, *, upright: bool = False) -> Iterator[Line]:
    """The lines, none longer than `most`; 0: as long as they are."""
    start = 0
    for paragraph in dressed.text.split("\n"):
        end = start + len(paragraph)
        from_right = reads_from_right(paragraph)
        line = shaper.line(dressed.text, start, end, dressed.looks, from_right, upright=upright)
        if most and line.width > most:
            for first, last in broken(dressed.text, line, most, dressed.block.even):
                yield shaper.line(dressed.text, first, last, dressed.looks, from_right, upright=upright)
        else:
            yield line
        start = end + 1


# Lines that are too wide


def broken(text: str, line: Line, most: float, even: bool = True) -> list[tuple[int, int]]:
    """The ranges of the lines that a line which is too wide is broken into: as few as fit, of about the same width."""
    places = [line.start, *_places(text, line), line.end]
    # Up to which pixel the text reaches if it were cut at each character.
    ends = _ends(line)
    tips = _tips(text, line, ends)
    starts = _filled(places, ends, tips, most)
    if even and len(starts) > 1:
        low, high = (ends[line.end - line.start]) / len(starts), most
        for _ in range(12):
            middle = (low + high) / 2
            tried = _filled(places, ends, tips, middle)
            if len(tried) > len(starts):
                low = middle
            else:
                high, starts = middle, tried
    found = []
    for first, last in zip(starts, [*starts[1:], line.end], strict=True):
        part = text[first:last]
        found.append((first + len(part) - len(part.lstrip(" ")), first + len(part.rstrip(" "))))
    return [(first, max(first, last)) for first, last in found]


def _ends(line: Line) -> list[float]:
    """By character from the line's start: the width of all before it."""
    widths = [0.0] * (line.end - line.start + 1)
    for at, left, right in line.spans:
        widths[at - line.start] += right - left
    ends = [0.0]
    for width in widths:
        ends.append(ends[-1] + width)
    return ends


def _tips(text: str, line: Line, ends: Sequence[float]) -> list[float]:
    """As `_ends`, without the spaces at the end of what is before: no line has those."""
    tips: list[float] = []
    for index, end in enumerate(ends):
        before = text[line.start + index - 1 : line.start + index] if index else ""
        tips.append(tips[-1] if before == " " else end)
    return tips


def _filled(places: Sequence[int], ends: Sequence[float], tips: Sequence[float], most: float) -> list[int]:
    """The starts of lines filled one after the other; what no place breaks is broken between letters."""
    first = places[0]
    starts = [first]
    last = first
    for place in places[1:]:
        if tips[place - first] - ends[starts[-1] - first] > most:
            if last > starts[-1]:
                starts.append(last)
            while tips[place - first] - ends[starts[-1] - first] > most:
                begin = starts[-1]
                at = next(
                    (i for i in range(begin + 1, place) if ends[i + 1 - first] - ends[begin - first] > most), place
                )
                if at >= place:
                    break
                starts.append(at)
        last = place
    return starts


def _places(text: str, line: Line) -> Iterator[int]:
    """Where a line may be broken: after spaces and hyphens, and in scripts that write no spaces between words."""
    clusters = {at for at, _, _ in line.spans}
    inner = _inner(text[line.start : line.end])
    for index in range(line.start + 1, line.end):
        before, char = text[index - 1], text[index]
        if char == " " or index not in clusters:
            continue
        hyphen = before in _HYPHENS and char.isalpha() and text[index - 2 : index - 1].isalpha()
        allowed = char not in breaks.NO_LINE_START and before not in breaks.NO_LINE_END
        if before in " \u200b" or hyphen or (index - line.start in inner and allowed):
            yield index


def _inner(part: str) -> frozenset[int]:
    """Places between words that no space parts."""
    if not _BREAKS_ANYWHERE.search(part):
        return frozenset()
    phrases, words = breaks.inner_breaks(part, breaks.guessed([part]).language)
    allowed = phrases or words
    return frozenset(i for i in allowed if 0 < i < len(part) and _is_unspaced(part[i - 1], part[i]))


def _is_unspaced(before: str, char: str) -> bool:
    return bool(_BREAKS_ANYWHERE.match(before) or _BREAKS_ANYWHERE.match(char))


# The block


def _bases(lines: Sequence[Line], lifts: Sequence[float], spacing: float) -> list[float]:
    """Where the base lines are, below the block's top."""
    bases: list[float] = []
    for index, line in enumerate(lines):
        ascent = line.ascent + lifts[index]
        if not bases:
            bases.append(ascent)
        else:
            bases.append(bases[-1] + max(spacing + lifts[index], lines[index - 1].descent + ascent))
    return bases


def _anchor(block: Block, width: int, height: int) -> tuple[float, float]:
    """The point that the block hangs at."""
    row, column = divmod((block.hangs or block.align) - 1, 3)
    x = (block.left, (block.left + width - block.right) / 2, width - block.right)[column]
    y = (height - block.vertical, height / 2, block.vertical)[row]
    return (x if block.x is None else block.x), (y if block.y is None else block.y)


def _corner(block: Block, wide: float, high: float, width: int, height: int) -> tuple[float, float]:
    """The upper left corner of a block of that size. Where nothing says its place, it stays in the picture."""
    row, column = divmod((block.hangs or block.align) - 1, 3)
    x, y = _anchor(block, width, height)
    left, top = x - wide * column / 2, y - high * (2 - row) / 2
    if block.x is None:
        left = min(max(left, 0.0), max(0.0, width - wide)) if wide <= width else left
    if block.y is None and high <= height:
        top = min(max(top, 0.0), height - high)
    return left, top


def _put(setting: Setting, line: Line, left: float, base: float) -> None:
    setting.lines.append((line, left, base))
    start, before = left, None
    for glyph in line.glyphs:
        turn = glyph.look.turn
        if turn is not None and turn.shear_y and glyph.look != before:
            start = left + glyph.x  # As libass has it, letters that look otherwise are sheared on their own.
        before = glyph.look
        plane = plane_of(turn, setting.origin, base - glyph.up, start)
        setting.glyphs.append(glyph._replace(x=left + glyph.x, y=base - glyph.y, plane=plane))
    for rule in line.rules:
        top = base - rule.y - rule.thickness / 2
        box = Box(left + rule.x, top, left + rule.x + rule.width, top + rule.thickness)
        plane = plane_of(rule.look.turn, setting.origin, base - rule.up, left + rule.x)
        setting.rules.append(Panel(box, rule.look.color, 0.0, rule.at, rule.look, plane))


def _panels(setting: Setting, block: Block) -> Iterator[Panel]:
    """The boxes behind the letters, the larger ones first."""
    padding = block.padding
    if block.box == "block" and any(line.glyphs for line, _, _ in setting.lines):
        yield Panel(setting.box.grown(padding), block.box_color, block.round, plane=setting.plane)
    elif block.box == "line":
        panels: list[Panel] = []
        for line, left, base in setting.lines:
            if not line.glyphs:
                continue
            box = Box(left, base - line.ascent, left + line.width, base + line.descent).grown(padding)
            # Two boxes that lie over each other would be darker there.
            top = max(box.top, panels[-1].box.bottom) if panels else box.top
            plane = plane_of(line.glyphs[0].look.turn, setting.origin, base - line.ascent, left)
            box = box._replace(top=min(top, box.bottom))
            panels.append(Panel(box, block.box_color, block.round, plane=plane, blur=block.box_blur))
        x, y, color = block.box_shadow
        if alpha(color):
            yield from (panel._replace(box=panel.box.moved(x, y), color=color) for panel in panels)
        yield from panels
    for line, left, base in setting.lines:
        yield from _backgrounds(line, left, base, setting.plane)


def _backgrounds(line: Line, left: float, base: float, plane: Plane | None) -> Iterator[Panel]:
    """Boxes behind letters that have a background of their own."""
    looks = {glyph.at: glyph.look for glyph in line.glyphs}
    found: list[Panel] = []
    for at, first, last in sorted(line.spans, key=lambda span: span[1]):
        look = looks.get(at)
        if look is None or not look.background or not alpha(look.background):
            continue
        box = Box(left + first, base - line.ascent, left + last, base + line.descent)
        if found and found[-1].color == look.background and abs(found[-1].box.right - box.left) < 1:
            found[-1] = found[-1]._replace(box=found[-1].box._replace(right=box.right))
        else:
            found.append(Panel(box, look.background, plane=plane))
    yield from found


# Readings


def _reading(
    ruby: tuple[int, int, str], lines: Sequence[Line], dressed: Dressed, shaper: Shaper
) -> tuple[Line, Line, float] | None:
    """A reading, the line that it stands over, and the middle of what it reads; None: that is nowhere."""
    start, end, text = ruby
    for line, left, right in shape.edges(lines, start, end):
        look = next((look for first, last, look in dressed.looks if first <= start < last), dressed.looks[0][2])
        small = dataclasses.replace(
            look, size=look.size * RUBY_SIZE, outline=look.outline * RUBY_SIZE, spacing=0.0, underline=False
        )
        reading = shaper.line(text, 0, len(text), ((0, len(text), small),), reads_from_right(text))
        return reading, line, (left + right) / 2
    return None


def _lifts(lines: Sequence[Line], readings: Sequence[tuple[Line, Line, float]]) -> list[float]:
    """By line: how much higher it is for its readings."""
    return [
        max((reading.ascent + reading.descent for reading, below, _ in readings if below is line), default=0.0) * 0.9
        for line in lines
    ]


def _put_reading(setting: Setting, reading: Line, below: Line, middle: float) -> None:
    line, left, base = next(item for item in setting.lines if item[0] is below)
    x = left + middle - reading.width / 2
    y = base - line.ascent * 0.92 - reading.descent
    # `at` is that of no character: a reading has the colour of its look at all times.
    for glyph in reading.glyphs:
        plane = plane_of(glyph.look.turn, setting.origin, y - glyph.up, x)
        setting.glyphs.append(glyph._replace(x=x + glyph.x, y=y - glyph.y, at=-1, plane=plane))
    setting.missing += reading.missing


def seen(box: Box, plane: Plane | None) -> Box:
    """The box around where a box is seen; one without end where a part of it comes too near."""
    if plane is None:
        return box
    corners = [plane.seen(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
    points = [point for point in corners if point is not None]
    if len(points) < len(corners):
        return Box(-math.inf, -math.inf, math.inf, math.inf)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))
