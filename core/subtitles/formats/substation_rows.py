# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of SubStation: what stands between their commas, and which lines of a file a document keeps."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from ..document import Style
from ..times import clock_pattern, minutes_of, plain_signs, seconds_of
from .colors import from_substation
from .substation_versions import EVENT_FIELDS, SSA_ALIGN, STYLE_FIELDS

HEAD = "ass.head"
"""Of a document's `extra`: all lines above the first event."""
TAIL = "ass.tail"
"""Of a document's `extra`: all lines below the last event."""
FIELDS = "ass.fields"
"""Of a document's `extra`: the columns of its events, with commas between; of a cue's, where these are others."""
ROW = "ass.row"
"""Of a cue's `extra`: its row up to the text, as it came."""
EVENT = "ass.event"
"""Of a hidden cue's `extra`: `Dialogue` or `Comment`."""
INDEX = "ass.index"
"""Of a cue's `extra`: which of the file's events it was, counted from 0."""
BEFORE = "ass.before"
"""Of a cue's `extra`: lines between the events above it that are none."""

ASS_FIELDS = EVENT_FIELDS["ass"]
_TIME = re.compile(clock_pattern())
_STRICT_TIME = re.compile(r"(\d{1,6}):([0-5]\d):([0-5]\d)\.(\d\d)")
_WITH_COMMAS = re.compile(r"^([^,:]*,)(\s*\d{1,3}:\d\d:\d\d),(\d{2,3}),(\s*\d{1,3}:\d\d:\d\d),(\d{2,3})(?=,)", re.ASCII)
RESOLUTION = re.compile(r"^PlayRes([XY])[ \t]*:[ \t]*(\d{1,9})\b", re.IGNORECASE | re.MULTILINE)
"""The picture that the places in a file are measured in."""


def names_of(fields: str) -> tuple[str, ...]:
    """The columns that a line names."""
    return tuple(field.strip() for field in fields.split(","))


def lowered(names: Sequence[str] | Iterator[str]) -> tuple[str, ...]:
    """Names of columns to look for, whose capitals do not matter."""
    return tuple(name.lower() for name in names)


def number_in(text: str) -> int:
    """The first whole number in a column; 0 where there is none."""
    match = re.search(r"-?\d{1,9}", text)
    return int(match[0]) if match else 0


def seconds_in(text: str) -> float | None:
    """A time of an event; None where it is none."""
    if match := _STRICT_TIME.fullmatch(text):
        return (((int(match[1]) * 60 + int(match[2])) * 60 + int(match[3])) * 100 + int(match[4])) / 100
    found = _TIME.fullmatch(plain_signs(text).strip())
    return seconds_of(found) if found else None


@functools.lru_cache(maxsize=16)
def plain_row(columns: tuple[str, ...]) -> tuple[re.Pattern[str] | None, tuple[str, ...]]:
    """The pattern of an event with these columns and plain values, with the groups `row` (all up to the text) and
    `text`, and its other groups: the parts of the times, and of layer, style and name those that there are. None where
    a column is there twice."""
    clock = r"(?P<{0}m>\d{{1,3}}:[0-5]\d):(?P<{0}s>[0-5]\d)\.(?P<{0}f>\d\d)"
    known = {
        "start": clock.format("a"), "end": clock.format("b"), "layer": r"(?P<layer>\d{1,9})",
        "style": "(?P<style>[^,]*)", "name": "(?P<name>[^,]*)",
    }  # fmt: skip
    if len(set(columns)) < len(columns) or "actor" in columns:
        return None, ()
    row = ",".join(known.get(column, "[^,]*") for column in columns[:-1])
    groups = *"am as af bm bs bf".split(), *(name for name in ("layer", "style", "name") if name in columns)
    return re.compile(f"Dialogue: *(?P<row>{row}),(?P<text>.*)$"), groups


def plain_values(match: re.Match[str], groups: tuple[str, ...]) -> tuple[float, float, int, str, str]:
    """Start, end, layer, style and speaker of an event that the pattern of its columns matches."""
    a, b, c, d, e, f, *others = match.group(*groups)
    start = (minutes_of(a) * 6000 + int(b + c)) / 100
    end = (minutes_of(d) * 6000 + int(e + f)) / 100
    if len(others) == 3:
        layer, style, speaker = others
        return start, end, int(layer), style.strip(), speaker.strip()
    row = dict(zip(groups[6:], others, strict=True))
    return start, end, int(row.get("layer", "0")), row.get("style", "").strip(), row.get("name", "").strip()


def resolution_of(head: str) -> tuple[float, float]:
    """The picture that the places in a file are measured in, by what stands above its events."""
    found = {axis.upper(): float(lines) for axis, lines in RESOLUTION.findall(head) if int(lines)}
    return whole_resolution(found.get("X", 0.0), found.get("Y", 0.0))


def whole_resolution(x: float, y: float) -> tuple[float, float]:
    """A width and a height, each 0 where the file does not say it: as libass has it, it follows from the other.

    >>> whole_resolution(0, 480), whole_resolution(1280, 0), whole_resolution(0, 0)
    ((640.0, 480), (1280, 1024.0), (384.0, 288.0))
    """
    if not x and not y:
        return 384.0, 288.0
    if not x:
        return 1280.0 if y == 1024 else y * 4 / 3, y
    return x, y or (1024.0 if x == 1280 else x * 3 / 4)


def with_full_stops(row: str) -> str:
    """The row with full stops before the hundredths of two times side by side that have commas there, which part
    columns: as it was meant.

    >>> with_full_stops("0,0:00:05,50,0:00:06,50,Default,,0,0,0,,5,50")
    '0,0:00:05.50,0:00:06.50,Default,,0,0,0,,5,50'
    """
    return _WITH_COMMAS.sub(r"\1\2.\3,\4.\5", row, count=1)


def style_of(fields: Sequence[str], rest: str, section: str) -> Style | None:
    """The style in a row below `section`, whose columns are `fields` (none: the usual ones); None for one without a
    name."""
    fields = fields or lowered(names_of(STYLE_FIELDS["ass" if "+" in section else "ssa"]))
    values = [value.strip() for value in rest.split(",")]
    row = dict(zip(fields, values, strict=False))
    if not row.get("name"):
        return None
    align = number_in(row.get("alignment", "2"))
    if "+" not in section:
        align = SSA_ALIGN.get(align, 2)
    size = row.get("fontsize", "")
    return Style(
        row["name"],
        font=row.get("fontname", ""),
        size=float(size) if re.fullmatch(r"\d{1,6}(\.\d+)?", size) else None,
        color=from_substation(row.get("primarycolour", "")) or "",
        bold=row.get("bold", "0") not in ("", "0"),
        italic=row.get("italic", "0") not in ("", "0"),
        underline=row.get("underline", "0") not in ("", "0"),
        strike=row.get("strikeout", "0") not in ("", "0"),
        align=align if 1 <= align <= 9 else 2,
    )


def style_row(style: Style, scale: float) -> str:
    """The line of a style of ours; `scale`: how high the picture is, as a part of 1080 lines."""
    # Sizes are in the units of PlayRes: the usual default of 20 is meant for a picture 288 lines high.
    size = style.size or 64 * scale
    color = f"&H00{style.color[5:7]}{style.color[3:5]}{style.color[1:3]}".upper() if style.color else "&H00FFFFFF"
    switches = ",".join("-1" if on else "0" for on in (style.bold, style.italic, style.underline, style.strike))
    margins = f"{round(96 * scale)},{round(96 * scale)},{round(54 * scale)}"
    return (
        f"Style: {style.name},{style.font or 'Arial'},{size:g},{color},&H000000FF,&H00000000,&H00000000,{switches},"
        f"100,100,0,0,1,{3 * scale:g},{scale:g},{style.align},{margins},1"
    )
