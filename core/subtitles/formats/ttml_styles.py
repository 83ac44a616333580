# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles and regions of TTML: what is inherited, what of it spans and places can say, and the other way round."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

from ...markup import BACKGROUND, BOLD, COLOR, FONT, ITALIC, STRIKE, UNDERLINE, Placing
from ..document import Style
from .colors import from_css
from .ttml_times import Times
from .xml_tokens import local

SIZE = "ttml.size"
"""Kind of a span: a font size as TTML has it, mostly a share of its surroundings."""
STYLE = "ttml.style"
"""Kind of a span: the names of styles in the head."""

KNOWN = frozenset(
    {
        "fontStyle", "fontWeight", "textDecoration", "color", "backgroundColor", "fontFamily", "fontSize", "textAlign",
        "displayAlign", "origin", "extent", "position", "writingMode", "direction", "ruby",
    }
)  # fmt: skip
"""Properties that mean something to us."""
_NOT_INHERITED = frozenset({"backgroundColor", "displayAlign", "origin", "extent", "position", "ruby"})
_LENGTH = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)(px|%|c|rw|rh|em)")
_DEEPEST = 32
"""Styles that refer to styles; more are a circle."""

Properties = Mapping[str, str]


@dataclasses.dataclass(slots=True)
class Region:
    """A part of the picture with what it says of its content."""

    properties: dict[str, str]
    begin: Fraction = Fraction(0)
    end: Fraction | None = None


class Sheet:
    """The styles and regions of a file's head."""

    def __init__(self, root: Mapping[str, str], times: Times) -> None:
        self.regions: dict[str, Region] = {}
        self.has_timed_regions = False
        """Whether any region was read that is not there all the time."""
        self._styles: dict[str, dict[str, str]] = {}
        self._known: dict[str, dict[str, str]] = {}
        self._times = times
        self._placings: dict[tuple[str, ...], Placing] = {}
        self._inside: str | None = None
        """The region that is being read."""
        self._cells = _pair(root.get("cellResolution", "")) or (32.0, 15.0)
        points = [_LENGTH.fullmatch(part) for part in root.get("extent", "").split()]
        self._points = tuple(float(match[1]) for match in points if match and match[2] == "px")

    def style(self, attributes: Iterable[tuple[str, str]]) -> None:
        """Take in a style; one inside a region is that region's."""
        values = {local(name): value for name, value in attributes}
        if self._inside is not None:
            self.regions[self._inside].properties.update(self.of(values))
        elif "id" in values:
            self._styles[values["id"]] = values
            self._known.clear()

    def open_region(self, attributes: Iterable[tuple[str, str]]) -> None:
        """A region begins; styles up to `close_region()` are its own."""
        values = {local(name): value for name, value in attributes}
        begin = self._times.seconds(values.get("begin", "")) or Fraction(0)
        ends = [self._times.seconds(values.get("end", ""))]
        length = self._times.seconds(values.get("dur", ""))
        ends.append(begin + length if length is not None else None)
        region = Region(self.of(values), begin, min((end for end in ends if end is not None), default=None))
        self._inside = values.get("id", "")
        self.regions[self._inside] = region
        self.has_timed_regions = self.has_timed_regions or bool(region.begin) or region.end is not None

    def close_region(self) -> None:
        """The region ends."""
        self._inside = None

    def of(self, values: Mapping[str, str]) -> dict[str, str]:
        """The properties that an element's attributes say, those of the styles that it refers to among them."""
        found: dict[str, str] = {}
        self._add(found, values, _DEEPEST)
        return found

    def _resolved(self, name: str, depth: int) -> dict[str, str]:
        """What a style says, with what those say that it refers to. Each is looked up once: styles that refer to many
        others, which do so again, cost no more than their number."""
        found = self._known.get(name)
        if found is not None:
            return found
        found = self._known[name] = {}
        self._add(found, self._styles.get(name, {}), depth - 1)
        return found

    def _add(self, found: dict[str, str], values: Mapping[str, str], depth: int) -> None:
        for name in values.get("style", "").split() if depth else ():
            found.update(self._resolved(name, depth))
        found.update((name, value.strip()) for name, value in values.items() if name in KNOWN)

    def knows(self, style: str) -> bool:
        """Whether the head has a style of this name."""
        return style in self._styles

    def named(self) -> dict[str, Style]:
        """The styles, as far as other formats can say them."""
        return {name: _style(name, self.of(values)) for name, values in self._styles.items()}

    def placing(self, region: str, properties: Properties) -> Placing:
        """Where a text with these properties stands in a region; low in the middle where there is none."""
        key = (region, *(properties.get(name, "") for name in ("textAlign", "direction", "writingMode")))
        found = self._placings.get(key)
        if found is None:
            found = self._placings[key] = self._placing(region, properties)
        return found

    def _placing(self, region: str, properties: Properties) -> Placing:
        inside = self.regions.get(region)
        values = {**inside.properties, **properties} if inside else dict(properties)
        column = {"left": 0, "start": 0, "right": 2, "end": 2}.get(values.get("textAlign", ""), 1)
        if values.get("direction") == "rtl" and values.get("textAlign") in ("start", "end"):
            column = 2 - column
        vertical = {"tbrl": "rl", "tb": "rl", "tblr": "lr"}.get(values.get("writingMode", ""), "")
        if inside is None:
            return Placing(column + 1, vertical=vertical)
        left, top, width, height = self._box(inside.properties)
        share = {"before": 0.0, "center": 0.5, "after": 1.0}.get(inside.properties.get("displayAlign", "before"), 0.0)
        x, y = left + width * column / 2, top + height * share
        row = 0 if y > 2 / 3 else 2 if y < 1 / 3 else 1
        return Placing(row * 3 + column + 1, _unless_near(x, column), _unless_near(y, 2 - row), vertical)

    def _box(self, properties: Properties) -> tuple[float, float, float, float]:
        """Left, top, width and height, 0.0 to 1.0."""
        width, height = self._lengths(properties.get("extent", "")) or (1.0, 1.0)
        left, top = self._lengths(properties.get("origin", "")) or (0.0, 0.0)
        return left, top, width, height

    def _lengths(self, text: str) -> tuple[float, float] | None:
        parts = [_LENGTH.fullmatch(part) for part in text.split()]
        if len(parts) != 2 or parts[0] is None or parts[1] is None:
            return None
        found = []
        for axis, match in enumerate((parts[0], parts[1])):
            amount = float(match[1])
            whole = {"%": 100.0, "rw": 100.0, "rh": 100.0, "c": self._cells[axis]}.get(match[2])
            if match[2] == "px" and len(self._points) == 2:
                whole = self._points[axis]
            if not whole:
                return None
            found.append(amount / whole)
        return found[0], found[1]


def _pair(text: str) -> tuple[float, float] | None:
    match = re.fullmatch(r"\s*(\d{1,5})\s+(\d{1,5})\s*", text)
    return (float(match[1]) or 1.0, float(match[2]) or 1.0) if match else None


def _unless_near(value: float, third: int) -> float | None:
    """The exact place, where the third of the picture that it is meant to be in does not say enough."""
    near = (value < 0.25, abs(value - 0.5) < 0.06, value > 0.75)[third]
    return None if near or not math.isfinite(value) else round(min(max(value, 0.0), 1.0), 4)


def inherited(above: Properties, own: Properties) -> dict[str, str]:
    """What holds inside an element that says `own`, in one that says `above`."""
    return {**{name: value for name, value in above.items() if name not in _NOT_INHERITED}, **own}


def kinds_of(properties: Properties, tag: Properties) -> tuple[tuple[str, str], ...]:
    """Kinds of spans with their values that the properties mean. Fonts and sizes only where the `tag` itself says them:
    those of a whole file are its style."""
    kinds: list[tuple[str, str]] = []
    if properties.get("fontWeight") == "bold":
        kinds.append((BOLD, ""))
    if properties.get("fontStyle") in ("italic", "oblique"):
        kinds.append((ITALIC, ""))
    decoration = properties.get("textDecoration", "").split()
    if "underline" in decoration:
        kinds.append((UNDERLINE, ""))
    if "lineThrough" in decoration:
        kinds.append((STRIKE, ""))
    color = _visible(properties["color"]) if "color" in properties else ""
    if color and color != "#ffffff":
        kinds.append((COLOR, color))
    background = _visible(properties["backgroundColor"]) if "backgroundColor" in properties else ""
    if background:
        kinds.append((BACKGROUND, background))
    if tag.get("fontFamily"):
        kinds.append((FONT, tag["fontFamily"]))
    if tag.get("fontSize"):
        kinds.append((SIZE, tag["fontSize"]))
    return tuple(kinds)


_WORDS: dict[str, frozenset[str]] = {
    "fontStyle": frozenset({"normal", "italic", "oblique"}),
    "fontWeight": frozenset({"normal", "bold"}),
    "textDecoration": frozenset({"none", "underline", "lineThrough", "noUnderline", "noLineThrough"}),
    "textAlign": frozenset({"left", "center", "right", "start", "end"}),
    "direction": frozenset({"ltr", "rtl"}),
    "writingMode": frozenset({"lrtb", "rltb", "tbrl", "tblr", "lr", "rl", "tb"}),
    "ruby": frozenset({"none", "container", "base", "text", "delimiter", "baseContainer", "textContainer"}),
    "space": frozenset({"default", "preserve"}),
    "timeContainer": frozenset({"par", "seq"}),
}
_TAKEN = frozenset({"begin", "end", "dur", "lang", "agent", "fontFamily", "fontSize"})
"""Attributes whose values are kept or answered for elsewhere."""


def unread(attributes: Iterable[tuple[str, str]], sheet: Sheet, taken: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The attributes of a paragraph or a span that say something no cue and no span of ours can say; `taken` are more
    names that are kept elsewhere."""
    return [(name, value) for name, value in attributes if not _is_read(name, value, sheet, taken)]


def _is_read(name: str, value: str, sheet: Sheet, taken: tuple[str, ...]) -> bool:
    prefix, _, key = name.rpartition(":")
    if not prefix.isascii():
        return False
    if key in _TAKEN or key in taken:
        return True
    if key in _WORDS:
        return all(word in _WORDS[key] for word in value.split())
    if key in ("color", "backgroundColor"):
        return bool(_visible(value)) or from_css(value) is not None
    return key == "style" and all(sheet.knows(style) for style in value.split())


@functools.lru_cache(1024)
def _visible(text: str) -> str:
    """The colour, without an alpha that says nothing; empty for none and for a transparent one."""
    color = from_css(text) or ""
    if len(color) == 9:
        return "" if color.endswith("00") else color[:7] if color.endswith("ff") else color
    return color


def _style(name: str, properties: Properties) -> Style:
    size = _LENGTH.fullmatch(properties.get("fontSize", "").split(" ")[-1])
    decoration = properties.get("textDecoration", "").split()
    column = {"left": 0, "start": 0, "right": 2, "end": 2}.get(properties.get("textAlign", ""), 1)
    return Style(
        name,
        font=properties.get("fontFamily", ""),
        size=float(size[1]) if size and size[2] in ("px", "%") else None,
        color=_visible(properties.get("color", "")),
        bold=properties.get("fontWeight") == "bold",
        italic=properties.get("fontStyle") in ("italic", "oblique"),
        underline="underline" in decoration,
        strike="lineThrough" in decoration,
        align=column + 1,
    )
