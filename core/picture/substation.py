# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's own styles, margins and override tags, so that such a file looks as its author saw it.

Not drawn: drawings, clips, turns out of the picture's plane, and changes over time but fades and karaoke; a subtitle
that moves stands where it is halfway. `undrawn` names it, docs/picture.md lists it.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..cues import Cue
from ..markup import BOLD, COLOR, FONT, ITALIC, SIZE, STRIKE, UNDERLINE, Span
from ..subtitles.document import Document
from ..subtitles.formats.overrides import DRAWING, TAG
from ..subtitles.formats.substation import FIELDS, HEAD, ROW
from . import clusters, dress, moments
from .dress import LARGEST, Block, Dressed, Look
from .moments import Moment
from .paint import Spoken

_NUMBER = r"-?\d{0,6}(?:\.\d{0,6})?"
_ONE = re.compile(rf"\\(\d?[a-z]+?)\s*({_NUMBER})\s*")
_COLORED = re.compile(r"\\([1-4])c\s*&?H?([0-9A-Fa-f]{1,8})&?\s*")
_ALPHA = re.compile(r"\\(alpha|[1-4]a)\s*&?H?([0-9A-Fa-f]{1,2})&?\s*")
_CALL = re.compile(r"\\([a-z]+)\(([^()]*)\)?")
_OFF = {"\\b0": BOLD, "\\i0": ITALIC, "\\u0": UNDERLINE, "\\s0": STRIKE}
_NAME = re.compile(r"\\(\d?[a-z]+)")
_BLUR = 1.0
"""Pixels of the Gaussian's deviation for one of `\\blur`, in units of the script."""

_Row = Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """A style of the script, in its own units."""

    font: str = "Arial"
    size: float = 18.0
    colors: tuple[str, str, str, str] = ("#ffffffff", "#ff0000ff", "#000000ff", "#000000ff")
    """Of letters, of letters not sung yet, of the outline and of the shadow."""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    stretch_x: float = 1.0
    stretch_y: float = 1.0
    spacing: float = 0.0
    angle: float = 0.0
    boxed: bool = False
    outline: float = 2.0
    shadow: float = 3.0
    margins: tuple[float, float, float] = (20.0, 20.0, 20.0)
    """Left, right, vertical."""


def script_of(document: Document, width: int, height: int) -> Script | None:
    """What a document read from SubStation says of its look; None for all others."""
    if HEAD not in document.extra or document.format not in ("ass", "ssa", ""):
        return None
    return Script(document, width, height)


class Script:
    """A script on a picture of one size."""

    def __init__(self, document: Document, width: int, height: int) -> None:
        self._width, self._height = width, height
        info = dict(_info(str(document.extra.get(HEAD, ""))))
        self._sheets = dict(_sheets(str(document.extra.get(HEAD, ""))))
        self._fields = [field.strip().lower() for field in str(document.extra.get(FIELDS, "")).split(",")]
        x, y = _positive(info.get("playresx")), _positive(info.get("playresy"))
        # As libass does it: one that is missing follows from the other.
        if not x and not y:
            x, y = 384.0, 288.0
        elif not x:
            x = 1280.0 if y == 1024 else y * 4 / 3
        elif not y:
            y = 1024.0 if x == 1280 else x * 3 / 4
        self._x, self._y = width / x, height / y
        scaled = info.get("scaledborderandshadow", "no").strip().lower() in ("yes", "1")
        self._border = self._y if scaled else 1.0
        self._wrap = info.get("wrapstyle", "0").strip()

    def moments(self, cue: Cue) -> list[Moment]:
        """The looks of a cue, as `moments.moments`."""
        if cue.end <= cue.start:
            return []
        tags = [span.value for span in cue.spans if span.kind == TAG]
        found = [Moment(cue.start, cue.end)]
        if any(span.kind == "ass.karaoke" for span in cue.spans):
            found = list(self._karaoke(cue)) or found
        fade_in, fade_out = _fade(tags)
        if fade_in or fade_out:
            found = [piece for one in found for piece in moments.faded(one, cue, fade_in, fade_out)]
        return found

    def _karaoke(self, cue: Cue) -> Iterator[Moment]:
        """What is not sung yet has the second colour."""
        color = self._sheet(cue.style).colors[1]
        length = len(cue.text)
        time = cue.start
        first = 0
        for word in moments.words_of(cue):
            if word.begins > time:
                yield Moment(time, min(word.begins, cue.end), None, Spoken(word.start, length, color))
                time = min(word.begins, cue.end)
            first = word.end
        if time < cue.end:
            yield Moment(time, cue.end, None, Spoken(first, length, color) if first < length else None)

    def dressed(self, cue: Cue, language: str) -> Dressed:
        """A cue ready to be set."""
        text, cut = dress.limited(cue.text)
        text, controls = clusters.cleaned(text)
        sheet = self._sheet(cue.style)
        spans = [span for span in cue.spans if span.start <= len(text)]
        looks = tuple(self._looks(len(text), spans, sheet, language))
        return Dressed(text, looks, self._block(cue, sheet, spans, looks), (), cut, controls)

    @staticmethod
    def undrawn(cue: Cue) -> list[str]:
        """What a cue has that is not in its pictures: the names of tags, in order."""
        found: set[str] = set()
        for span in cue.spans:
            if span.kind == DRAWING:
                found.add("\\p")
            elif span.kind == TAG and (match := _NAME.match(span.value)) and _is_undrawn(match[1], span.value):
                found.add(match[0])
        return sorted(found)

    def font_of(self, cue: Cue) -> str:
        """The family that the style of a cue asks for."""
        return self._sheet(cue.style).font.lstrip("@")

    def _sheet(self, name: str) -> Sheet:
        wanted = name.strip().lstrip("*")
        found = self._sheets.get(wanted) or self._sheets.get(wanted.lower()) or self._sheets.get("Default")
        return found or Sheet()

    # Letters

    def _looks(
        self, length: int, spans: Sequence[Span], sheet: Sheet, language: str
    ) -> Iterator[tuple[int, int, Look]]:
        points = sorted((span for span in spans if span.kind == TAG), key=lambda span: span.start)
        edges = sorted({0, length, *(edge for span in spans for edge in (span.start, span.end) if 0 < edge < length)})
        changes: dict[str, Any] = {}
        base = sheet
        for start, end in itertools.pairwise(edges):
            while points and points[0].start <= start:
                base = self._tag(points.pop(0).value, changes, base)
            active = [span for span in spans if span.start <= start and end <= span.end and span.start < span.end]
            yield start, end, self._look(base, changes, active, language)

    def _tag(self, tag: str, changes: dict[str, Any], sheet: Sheet) -> Sheet:
        """Take in one tag; the style that holds after it."""
        if tag in _OFF:
            changes[_OFF[tag]] = False
        elif match := _COLORED.fullmatch(tag):
            changes[f"c{match[1]}"] = _color(match[2])[:7]
        elif match := _ALPHA.fullmatch(tag):
            for which in "1234" if match[1] == "alpha" else match[1][0]:
                changes[f"a{which}"] = f"{255 - int(match[2], 16):02x}"
        elif tag.startswith("\\r") and not tag.startswith("\\rnd"):
            changes.clear()
            return self._sheet(tag[2:]) if tag[2:].strip() else sheet
        elif match := _ONE.fullmatch(tag):
            self._number(match[1], match[2], changes)
        return sheet

    @staticmethod
    def _number(name: str, value: str, changes: dict[str, Any]) -> None:
        try:
            number = float(value)
        except ValueError:
            changes.pop(name, None)
            return
        if name in ("bord", "xbord", "shad", "xshad", "yshad", "be", "blur", "fsp", "fscx", "fscy", "b"):
            changes[name] = number

    def _look(self, sheet: Sheet, changes: Mapping[str, Any], spans: Sequence[Span], language: str) -> Look:
        values = {span.kind: span.value for span in spans}
        size = _positive(values.get(SIZE)) or sheet.size
        colors = [
            changes.get(f"c{number}", color[:7]) + changes.get(f"a{number}", color[7:9])
            for number, color in enumerate(sheet.colors, 1)
        ]
        if COLOR in values:
            colors[0] = values[COLOR][:7] + colors[0][7:9]
        shadow = changes.get("shad", sheet.shadow)
        blur = changes.get("blur", 0.0) * _BLUR + changes.get("be", 0.0) * 0.5
        outline = changes.get("bord", changes.get("xbord", sheet.outline))
        stretch_x = min(max(changes.get("fscx", sheet.stretch_x * 100) / 100, 0.01), 10.0)
        return Look(
            font=values.get(FONT, sheet.font).lstrip("@"),
            size=min(max(size * self._y, 1.0), LARGEST * self._height),
            by_line=True,
            bold=_switch(BOLD, changes, values, sheet.bold) or changes.get("b", 0) >= 600,
            italic=_switch(ITALIC, changes, values, sheet.italic),
            underline=_switch(UNDERLINE, changes, values, sheet.underline),
            strike=_switch(STRIKE, changes, values, sheet.strike),
            color=colors[0],
            outline=0.0 if sheet.boxed else min(max(outline, 0.0) * self._border, self._height / 4),
            outline_color=colors[2],
            edge_blur=min(max(blur, 0.0) * self._border, self._height / 8),
            shadow_x=_near(changes.get("xshad", shadow) * self._border, self._width),
            shadow_y=_near(changes.get("yshad", shadow) * self._border, self._height),
            shadow_blur=min(max(blur, 0.0) * self._border, self._height / 8),
            shadow_color="#00000000" if sheet.boxed else colors[3],
            spacing=_near(changes.get("fsp", sheet.spacing) * self._x * stretch_x, self._width),
            stretch_x=stretch_x,
            stretch_y=min(max(changes.get("fscy", sheet.stretch_y * 100) / 100, 0.01), 10.0),
            language=language,
        )

    # Place

    def _block(self, cue: Cue, sheet: Sheet, spans: Sequence[Span], looks: Sequence[tuple[int, int, Look]]) -> Block:
        tags = [span.value for span in spans if span.kind == TAG]
        calls = {match[1]: match[2] for tag in tags if (match := _CALL.match(tag))}
        x, y = cue.placing.x, cue.placing.y
        place = None if x is None or y is None else (x * self._width, y * self._height)
        if place is None and (moved := _numbers(calls.get("move", ""))) and len(moved) >= 4:
            place = (moved[0] + moved[2]) / 2 * self._x, (moved[1] + moved[3]) / 2 * self._y
        left, right, vertical = self._margins(cue, sheet)
        angle = next((number for tag in reversed(tags) if (number := _angle(tag)) is not None), sheet.angle)
        origin = _numbers(calls.get("org", ""))
        wrap = next((tag[2:].strip() for tag in tags if tag.startswith("\\q")), self._wrap)
        return Block(
            align=cue.placing.align, x=place and place[0], y=place and place[1], left=left, right=right,
            vertical=vertical, max_width=0.0 if wrap == "2" else max(self._width - left - right, 1.0), angle=angle,
            origin=(origin[0] * self._x, origin[1] * self._y) if len(origin) == 2 else None,
            stacks=place is None, inset=False, even=wrap != "1", box="line" if sheet.boxed else "",
            box_color=sheet.colors[2], padding=sheet.outline * self._border if sheet.boxed else 0.0,
        )  # fmt: skip

    def margins(self, cue: Cue) -> tuple[float, float, float]:
        """Left, right and vertical ones of a cue, in pixels."""
        return self._margins(cue, self._sheet(cue.style))

    def _margins(self, cue: Cue, sheet: Sheet) -> tuple[float, float, float]:
        row: _Row = dict(zip(self._fields, str(cue.extra.get(ROW, "")).split(","), strict=False))
        own = [_positive(row.get(name)) for name in ("marginl", "marginr", "marginv")]
        left, right, vertical = (mine or theirs for mine, theirs in zip(own, sheet.margins, strict=True))
        return (
            min(left * self._x, self._width / 2), min(right * self._x, self._width / 2),
            min(vertical * self._y, self._height / 2),
        )  # fmt: skip


def _is_undrawn(name: str, tag: str) -> bool:
    if name == "fade":
        return _fade([tag]) == (0.0, 0.0)
    if name in ("frx", "fry", "fax", "fay"):
        return re.fullmatch(r"\\[a-z]+\s*[-+]?0*\.?0*\s*", tag) is None
    return name in ("t", "move", "clip", "iclip")


def _switch(kind: str, changes: Mapping[str, Any], values: Mapping[str, str], usual: bool) -> bool:
    return kind in values or bool(changes.get(kind, usual))


def _near(value: float, most: float) -> float:
    return min(max(value, -most / 2), most / 2)


def _angle(tag: str) -> float | None:
    match = _ONE.fullmatch(tag)
    if match is None or match[1] not in ("frz", "fr"):
        return None
    try:
        return float(match[2]) % 360
    except ValueError:
        return None


def _fade(tags: Iterable[str]) -> tuple[float, float]:
    """Seconds of `\\fad`; of `\\fade` what is like it."""
    for tag in tags:
        match = _CALL.match(tag)
        if match is None or match[1] not in ("fad", "fade"):
            continue
        numbers = _numbers(match[2])
        if len(numbers) == 2:
            return min(max(numbers[0], 0) / 1000, 10.0), min(max(numbers[1], 0) / 1000, 10.0)
    return 0.0, 0.0


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")][:8] if text.strip() else []
    except ValueError:
        return []


def _positive(text: str | None) -> float:
    """A number above zero, as script and styles have it; 0.0 for what is none."""
    match = re.match(r"\s*(\d{1,6}(?:\.\d{1,6})?)", text or "")
    return float(match[1]) if match else 0.0


def _info(head: str) -> Iterator[tuple[str, str]]:
    for line in head.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith((";", "!")):
            yield key.strip().lower(), value.strip()


def _sheets(head: str) -> Iterator[tuple[str, Sheet]]:
    fields: list[str] = []
    new = True
    for line in head.splitlines():
        key, _, rest = line.partition(":")
        key = key.strip().lower()
        if re.fullmatch(r"\[v4(\+|\+\+)? styles\+?\]", line.strip().lower()):
            new = "+" in line
        elif key == "format" and "fontname" in rest.lower():
            fields = [field.strip().lower() for field in rest.split(",")]
        elif key == "style" and fields:
            row = dict(zip(fields, (value.strip() for value in rest.split(",")), strict=False))
            if row.get("name"):
                yield row["name"].lstrip("*"), _sheet_of(row, new)


def _sheet_of(row: _Row, new: bool) -> Sheet:
    usual = Sheet()
    back = "backcolour" if new else "tertiarycolour"
    names = (
        "primarycolour",
        "secondarycolour",
        "outlinecolour" if new else "tertiarycolour",
        back if new else "backcolour",
    )
    colors = tuple(_color(row.get(name, "")) or usual.colors[index] for index, name in enumerate(names))
    return Sheet(
        font=row.get("fontname") or usual.font, size=_positive(row.get("fontsize")) or usual.size,
        colors=(colors[0], colors[1], colors[2], colors[3]), bold=_on(row.get("bold")), italic=_on(row.get("italic")),
        underline=_on(row.get("underline")), strike=_on(row.get("strikeout")),
        stretch_x=(_positive(row.get("scalex")) or 100) / 100, stretch_y=(_positive(row.get("scaley")) or 100) / 100,
        spacing=_positive(row.get("spacing")), angle=_signed(row.get("angle")),
        boxed=row.get("borderstyle", "1") == "3", outline=_positive(row.get("outline")),
        shadow=_positive(row.get("shadow")),
        margins=(_positive(row.get("marginl")), _positive(row.get("marginr")), _positive(row.get("marginv"))),
    )  # fmt: skip


def _on(value: str | None) -> bool:
    return (value or "0").strip() not in ("", "0")


def _signed(value: str | None) -> float:
    number = _positive((value or "").lstrip("- "))
    return -number if (value or "").strip().startswith("-") else number


def _color(text: str) -> str:
    """SubStation's `&HAABBGGRR` (or a decimal number) as `#rrggbbaa`: its alpha counts the other way."""
    stripped = text.strip().strip("&").upper()
    try:
        number = (
            int(stripped.lstrip("H"), 16) if not stripped.isdecimal() or text.upper().startswith("&H") else int(text)
        )
    except ValueError:
        return ""
    alpha, blue, green, red = (number >> shift & 255 for shift in (24, 16, 8, 0))
    return f"#{red:02x}{green:02x}{blue:02x}{255 - alpha:02x}"
