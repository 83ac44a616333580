# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands above the events of a SubStation file: its values and its styles."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

_Row = Mapping[str, str]
_DECIMAL = re.compile(r"[-+]?[0-9]{1,12}")
_HEX = re.compile(r"&?(?:H|0x)?([0-9A-F]{1,16})", re.IGNORECASE)


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
    """Whether each line has a box in the outline's colour in place of outlines."""
    backed: bool = False
    """Whether all lines have one box in the shadow's colour in place of shadows."""
    outline: float = 2.0
    shadow: float = 3.0
    margins: tuple[float, float, float] = (20.0, 20.0, 20.0)
    """Left, right, vertical."""


def positive(text: str | None) -> float:
    """A number above zero, as script and styles have it; 0.0 for what is none."""
    match = re.match(r"\s*(\d{1,6}(?:\.\d{1,6})?)", text or "")
    return float(match[1]) if match else 0.0


def info(head: str) -> Iterator[tuple[str, str]]:
    """Its values by name, small letters."""
    for line in head.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith((";", "!")):
            yield key.strip().lower(), value.strip()


def sheets(head: str) -> Iterator[tuple[str, Sheet]]:
    """Its styles by name."""
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
    colors = tuple(color_of(row.get(name, "")) or usual.colors[index] for index, name in enumerate(names))
    return Sheet(
        font=row.get("fontname") or usual.font, size=positive(row.get("fontsize")) or usual.size,
        colors=(colors[0], colors[1], colors[2], colors[3]), bold=_on(row.get("bold")), italic=_on(row.get("italic")),
        underline=_on(row.get("underline")), strike=_on(row.get("strikeout")),
        stretch_x=(positive(row.get("scalex")) or 100) / 100, stretch_y=(positive(row.get("scaley")) or 100) / 100,
        spacing=positive(row.get("spacing")), angle=_signed(row.get("angle")),
        boxed=row.get("borderstyle", "1") == "3", backed=row.get("borderstyle", "1") == "4",
        outline=positive(row.get("outline")),
        shadow=positive(row.get("shadow")),
        margins=(positive(row.get("marginl")), positive(row.get("marginr")), positive(row.get("marginv"))),
    )  # fmt: skip


def _on(value: str | None) -> bool:
    return (value or "0").strip() not in ("", "0")


def _signed(value: str | None) -> float:
    number = positive((value or "").lstrip("- "))
    return -number if (value or "").strip().startswith("-") else number


def color_of(text: str) -> str:
    """SubStation's `&HAABBGGRR` as `#rrggbbaa`: its alpha counts the other way. Older files have it as a decimal number
    of 32 bits, which is negative where the alpha is large."""
    stripped = text.strip()
    if _DECIMAL.fullmatch(stripped):
        number = int(stripped)
    elif match := _HEX.match(stripped):
        number = int(match[1], 16)
    else:
        return ""
    alpha, blue, green, red = (number >> shift & 255 for shift in (24, 16, 8, 0))
    return f"#{red:02x}{green:02x}{blue:02x}{255 - alpha:02x}"
