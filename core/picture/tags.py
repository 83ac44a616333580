# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's override tags at work: what the letters and drawings of an event look like, at one time of it.

Numbers are those of the file, in units of its script; times are milliseconds after the start of the event.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..subtitles.formats.substation_text import SOFT_BREAK, pieces
from .sheets import Sheet
from .vectors import LONGEST, Drawing

MOST_CHANGES = 300
"""`\\t` of one event: each is worked out anew for each look of it."""
MOST_RUNS = 4_000
"""Pieces of one event's text that something is said of; what comes after them is not read."""
_FARTHEST = 1e6

Color = tuple[float, float, float, float]
"""Red, green, blue and alpha, 0.0 to 255.0."""

_NAMES = (
    "alpha", "iclip", "xbord", "ybord", "xshad", "yshad", "blur", "bord", "clip", "fade", "fscx", "fscy", "move",
    "shad", "fad", "fax", "fay", "frx", "fry", "frz", "fsc", "fsp", "org", "pbo", "pos", "rnd", "an", "be", "fe", "fn",
    "fr", "fs", "kf", "ko", "kt", "1a", "2a", "3a", "4a", "1c", "2c", "3c", "4c", "a", "b", "c", "i", "k", "K", "p",
    "q", "r", "s", "t", "u",
)  # fmt: skip
_TAG = re.compile(rf"\\\s*({'|'.join(_NAMES)})")
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)")
_HEX = re.compile(r"\s*&?\s*[hH]?\s*([0-9A-Fa-f]{1,8})")
NOT_BROKEN = "2"
"""The wrap style in which lines are broken only where the text says so."""
PLACEHOLDER = "\ufffc"
"""Stands in the text for a drawing."""
_FIELDS = {
    "fs": ("size",), "bord": ("outline_x", "outline_y"), "xbord": ("outline_x",), "ybord": ("outline_y",),
    "shad": ("shadow_x", "shadow_y"),
    "xshad": ("shadow_x",), "yshad": ("shadow_y",), "blur": ("blur",), "be": ("soft",), "fsp": ("spacing",),
    "fscx": ("stretch_x",), "fscy": ("stretch_y",), "frz": ("angle",), "fr": ("angle",),
    "frx": ("angle_x",), "fry": ("angle_y",), "fax": ("shear_x",), "fay": ("shear_y",),
}  # fmt: skip
"""The tags of one number each, and what they set."""
_SWITCHES = {"b": "bold", "i": "italic", "u": "underline", "s": "strike"}


@dataclasses.dataclass(slots=True)
class State:
    """What holds for the letters after some tags."""

    font: str
    size: float
    colors: tuple[Color, Color, Color, Color]
    """As `Sheet.colors`."""
    bold: bool
    italic: bool
    underline: bool
    strike: bool
    stretch_x: float
    stretch_y: float
    spacing: float
    angle: float
    outline_x: float
    outline_y: float
    shadow_x: float
    shadow_y: float
    blur: float = 0.0
    soft: float = 0.0
    """How often `\\be` blurs."""
    angle_x: float = 0.0
    angle_y: float = 0.0
    """Degrees, as `angle`, around the axes from left to right and from above to below."""
    shear_x: float = 0.0
    shear_y: float = 0.0
    drawing: Drawing | None = None


class Clip(NamedTuple):
    """What of the film's picture a subtitle is kept to; `is_out`: kept out of."""

    is_out: bool
    box: tuple[float, float, float, float] | None
    """Left, top, right, bottom."""
    drawing: Drawing | None = None


@dataclasses.dataclass(slots=True)
class Taken:
    """An event's text taken apart."""

    runs: list[tuple[str, State]]
    """Text, or `PLACEHOLDER` where the state has a drawing."""
    box: Clip | None = None
    shape: Clip | None = None
    """`\\clip` and `\\iclip` with four numbers, and with a drawing: both hold."""
    move: tuple[float, ...] = ()
    """Where `\\move` has taken it to, x and y; empty where it has none, or one after a `\\pos`."""
    origin: tuple[float, ...] = ()
    fade: tuple[float, ...] = ()
    """The two or seven numbers of `\\fad` and `\\fade`."""
    wrap: str = ""
    changes: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    """From when until when something changes."""
    dropped: int = 0
    """`\\t` beyond the limit."""
    rest: int = 0
    """Characters of the file that were not read."""


class _Tag(NamedTuple):
    name: str
    value: str
    parts: list[str]
    """What stands in its brackets, parted at the commas; the last part has all from a backslash on."""


def taken(
    raw: str, sheet: Sheet, sheet_of: Callable[[str], Sheet], time: float, length: float, wrap: str = ""
) -> Taken:
    """The text of an event, as a file has it, at a time of its `length`. `sheet`: its style; `sheet_of`: any one by its
    name; `wrap`: how its lines are broken unless it says so itself."""
    return _Taking(sheet, sheet_of, time, length, wrap).take(raw)


class _Taking:
    def __init__(self, sheet: Sheet, sheet_of: Callable[[str], Sheet], time: float, length: float, wrap: str) -> None:
        self._own = sheet
        self._sheet_of = sheet_of
        self._time, self._length = time, length
        self._wrap = wrap
        self._base = state_of(sheet)
        self._state = state_of(sheet)
        self._scale = 0
        """Of the drawing that is being read; 0: what comes is text."""
        self._below = 0.0
        self._taken = Taken([])
        self._is_placed = False
        self._transforms = 0

    def take(self, raw: str) -> Taken:
        lines: list[str] = []
        read = 0
        for count, (is_block, piece) in enumerate(pieces(raw)):
            if count == MOST_RUNS:
                self._taken.rest = len(raw) - read
                break
            read += len(piece)
            if piece == SOFT_BREAK and not is_block:
                piece = "\n" if (self._taken.wrap or self._wrap) == NOT_BROKEN else " "
            if is_block:
                self._draw(lines)
                for tag in _tags(piece):
                    self._apply(tag, 1.0, inner=False)
            elif self._scale:
                lines.append(piece)
            else:
                self._taken.runs.append((piece, dataclasses.replace(self._state)))
        self._draw(lines)
        return self._taken

    def _draw(self, lines: list[str]) -> None:
        """Take in the lines of a drawing, which may be broken, and empty the list."""
        if found := "".join(lines).strip():
            drawing = Drawing(found[:LONGEST], self._scale, self._below)
            self._taken.runs.append((PLACEHOLDER, dataclasses.replace(self._state, drawing=drawing)))
        lines.clear()

    def _apply(self, tag: _Tag, power: float, *, inner: bool) -> None:
        """`power`: how far the change has gone, 1.0 where it is none."""
        name, state = tag.name, self._state
        if name in _FIELDS:
            self._number(name, tag.value, power)
        elif name in _SWITCHES:
            value = _number(tag.value)
            on = getattr(self._base, _SWITCHES[name]) if value is None else value == 1 or (name == "b" and value >= 600)
            setattr(state, _SWITCHES[name], on)
        elif name == "c" or (len(name) == 2 and name[0] in "1234"):
            self._color(name if len(name) == 2 else "1c", tag.value, power)
        elif name == "alpha":
            for which in "1234":
                self._color(f"{which}a", tag.value, power)
        elif name == "fn":
            state.font = tag.value.strip() or self._base.font
        elif name in ("clip", "iclip"):
            self._clip(tag, power)
        elif name == "t" and not inner:
            self._transform(tag)
        elif name == "r":
            self._reset(tag.value.strip())
        else:
            self._once(tag)

    def _once(self, tag: _Tag) -> None:
        """What holds for the whole event, the first one of each; and how drawings are read."""
        taken, numbers = self._taken, _numbers(tag.parts)
        if tag.name == "p":
            self._scale = min(max(int(_number(tag.value) or 0), 0), 30)
        elif tag.name == "pbo":
            self._below = _number(tag.value) or 0.0
        elif tag.name == "pos" and len(numbers) == 2:
            self._is_placed = True
        elif tag.name == "move" and not taken.move and not self._is_placed and len(numbers) in (4, 6):
            self._move(numbers)
        elif tag.name == "org" and not taken.origin and len(numbers) == 2:
            taken.origin = numbers
        elif tag.name in ("fad", "fade") and not taken.fade and len(numbers) in (2, 7):
            taken.fade = numbers
        elif tag.name == "q" and not taken.wrap:
            taken.wrap = tag.value.strip()

    def _reset(self, style: str) -> None:
        self._base = state_of(self._sheet_of(style) if style else self._own)
        self._state = dataclasses.replace(self._base)

    def _number(self, name: str, text: str, power: float) -> None:
        value = _number(text)
        for field in _FIELDS[name]:
            usual, before = getattr(self._base, field), getattr(self._state, field)
            wanted = usual if value is None else value / 100 if name in ("fscx", "fscy") else value
            if name == "fs" and value is not None and text.strip()[:1] in ("+", "-"):
                wanted = before * (1 + value / 10)
            if name == "fs" and wanted <= 0:
                wanted = usual
            if name == "shad":
                wanted = max(wanted, 0.0)
            setattr(self._state, field, before + (wanted - before) * power)

    def _color(self, name: str, text: str, power: float) -> None:
        index = int(name[0]) - 1
        match = _HEX.match(text)
        before, usual = self._state.colors[index], self._base.colors[index]
        if name[1] == "a":
            wanted = (*before[:3], 255.0 - (int(match[1], 16) & 255) if match else usual[3])
        elif match:
            number = int(match[1], 16)
            wanted = float(number & 255), float(number >> 8 & 255), float(number >> 16 & 255), before[3]
        else:
            wanted = *usual[:3], before[3]
        red, green, blue, alpha = (b + (w - b) * power for b, w in zip(before, wanted, strict=True))
        colors = [*self._state.colors]
        colors[index] = red, green, blue, alpha
        self._state.colors = colors[0], colors[1], colors[2], colors[3]

    def _clip(self, tag: _Tag, power: float) -> None:
        is_out = tag.name == "iclip"
        numbers = _numbers(tag.parts)
        if len(tag.parts) == 4 and len(numbers) == 4:
            before = self._taken.box.box if self._taken.box is not None else None
            x0, y0, x1, y1 = numbers if before is None else (
                b + (w - b) * power for b, w in zip(before, numbers, strict=True)
            )  # fmt: skip
            self._taken.box = Clip(is_out, (x0, y0, x1, y1))
        elif len(tag.parts) in (1, 2):
            scale = int(_number(tag.parts[0]) or 1) if len(tag.parts) == 2 else 1
            self._taken.shape = Clip(is_out, None, Drawing(tag.parts[-1][:LONGEST], scale))

    # What changes with time

    def _transform(self, tag: _Tag) -> None:
        if not tag.parts:
            return
        self._transforms += 1
        if self._transforms > MOST_CHANGES:
            self._taken.dropped += 1
            return
        numbers = _numbers(tag.parts[:-1])
        begin, end, speed = 0.0, 0.0, 1.0
        if len(numbers) == 1:
            speed = numbers[0]
        elif len(numbers) in (2, 3):
            begin, end, speed = numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 1.0
        end = end or self._length
        power = _power(self._time, begin, end, speed)
        self._taken.changes.append((begin, max(begin, end)))
        for inner in _tags(tag.parts[-1]):
            self._apply(inner, power, inner=True)

    def _move(self, numbers: tuple[float, ...]) -> None:
        begin, end = sorted(numbers[4:6]) if len(numbers) == 6 else (0.0, 0.0)
        if begin <= 0 and end <= 0:
            begin, end = 0.0, self._length
        power = _power(self._time, begin, end, 1.0)
        x0, y0, x1, y1 = numbers[:4]
        self._taken.changes.append((begin, end))
        self._taken.move = x0 + (x1 - x0) * power, y0 + (y1 - y0) * power


def _power(time: float, begin: float, end: float, speed: float) -> float:
    """How far a change has gone."""
    if time <= begin < end:
        return 0.0
    if time >= end:
        return 1.0
    if time < begin:
        return 0.0
    share: float = ((time - begin) / (end - begin)) ** min(max(speed, 0.0), 1e3)
    return share


def state_of(sheet: Sheet) -> State:
    """What holds before any tag."""
    colors = [tuple(float(int(color[at : at + 2], 16)) for at in (1, 3, 5, 7)) for color in sheet.colors]
    first, second, third, fourth = ((c[0], c[1], c[2], c[3]) for c in colors)
    return State(
        sheet.font, sheet.size, (first, second, third, fourth), sheet.bold, sheet.italic, sheet.underline, sheet.strike,
        sheet.stretch_x, sheet.stretch_y, sheet.spacing, sheet.angle, sheet.outline, sheet.outline, sheet.shadow,
        sheet.shadow,
    )  # fmt: skip


def _tags(block: str) -> Iterator[_Tag]:
    """The tags between two braces, or of a change."""
    at = 0
    while match := _TAG.search(block, at):
        at = match.end()
        rest = len(block[at:]) - len(block[at:].lstrip())
        if block[at + rest : at + rest + 1] == "(" and match[1] not in ("fn", "r"):
            # As in libass the first one closes it, also where it stands inside of a `\\t`.
            stop = block.find(")", at + rest)
            stop = len(block) if stop < 0 else stop
            inside = block[at + rest + 1 : stop]
            yield _Tag(match[1], inside, _parts(inside))
            at = stop
        else:
            stop = block.find("\\", at)
            stop = len(block) if stop < 0 else stop
            yield _Tag(match[1], block[at:stop], [])
            at = stop


def _parts(inside: str) -> list[str]:
    plain, backslash, tags = inside.partition("\\")
    parts = [part.strip() for part in plain.split(",")] if plain.strip() or not backslash else [""]
    parts[-1] += backslash + tags
    return parts if inside.strip() else []


def _number(text: str) -> float | None:
    match = _NUMBER.match(text)
    return min(max(float(match[1]), -_FARTHEST), _FARTHEST) if match else None


def _numbers(parts: list[str]) -> tuple[float, ...]:
    """The numbers of some parts; none where one of them is none."""
    found = [_number(part) for part in parts]
    return tuple(one for one in found if one is not None) if None not in found else ()
