# SPDX-License-Identifier: GPL-3.0-or-later
"""Where WebVTT puts a cue: by its settings, or by the region that they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ...markup import BELOW, Placing

_REGION = re.compile(
    r"^(?:REGION(?:[ \t][^\n]*)?\n(?P<block>[^\n](?s:.*?))(?=\n\n|\Z)|Region:(?P<line>[^\n]+))", re.MULTILINE
)
_SETTING = re.compile(r"(\w+)[:=](\S+)")
_ANCHOR = re.compile(r"\d{1,3}(?:\.\d{1,9})?%,(\d{1,3}(?:\.\d{1,9})?)%")
_LINE = 16 / 3
"""Per cent of the picture that a line of a region is high (WebVTT, section 7.2)."""
_HALF, _THIRD = 50.0, 100 / 3


def rows_of_regions(text: str) -> dict[str, int]:
    """Of each region that a text defines, at the head of a file or in blocks, where it is in the picture: 2 above, 1 in
    the middle, 0 below.

    >>> rows_of_regions("REGION\\nid:a\\nlines:2\\nviewportanchor:0%,15%\\n\\nREGION\\nid:b\\n")
    {'a': 2, 'b': 0}
    """
    found: dict[str, int] = {}
    for match in _REGION.finditer(text):
        values = {setting[1]: setting[2] for setting in _SETTING.finditer(match["block"] or match["line"])}
        lines = values.get("lines", "3")
        height = _LINE * (int(lines) if lines.isascii() and lines.isdigit() and len(lines) < 3 else 3)
        top = _down(values.get("viewportanchor", "")) - _down(values.get("regionanchor", "")) / 100 * height
        middle = top + height / 2
        is_above, is_below = top + height <= _HALF or middle < _THIRD, top >= _HALF or middle > 100 - _THIRD
        if "id" in values:
            found[values["id"]] = 2 if is_above else 0 if is_below else 1
    return found


def _down(anchor: str) -> float:
    """How far down an anchor is, in per cent; at the bottom where none is said."""
    match = _ANCHOR.fullmatch(anchor)
    return float(match[1]) if match else 100.0


def placing_of(settings: str, regions: Mapping[str, int] = MappingProxyType({})) -> Placing:
    """What the settings of a cue mean, as far as `Placing` can say it; `regions`: as `rows_of_regions()` has them."""
    if settings == "align:start position:0%":
        return BELOW  # What YouTube writes on each of its captions, and shows low in the middle.
    values = dict(part.partition(":")[::2] for part in settings.split())
    if values.get("vertical") in ("rl", "lr"):
        return _in_column(values)
    column = {"start": 0, "left": 0, "end": 2, "right": 2}.get(values.get("align", ""), 1)
    line, _, _ = values.get("line", "").partition(",")
    row = 0 if line else regions.get(values.get("region", ""), 0)
    y: float | None = None
    if match := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%", line):
        share = float(match[1]) / 100
        row = 2 if share < 1 / 3 else 1 if share < 2 / 3 else 0
        y = None if line == "50%" else share
    elif match := re.fullmatch(r"(-?)(\d{1,3})(?:\.\d+)?", line):
        row = 0 if match[1] or int(match[2]) > 7 else 2
    return Placing(row * 3 + column + 1, _share(values.get("position", "")), y)


def _in_column(values: Mapping[str, str]) -> Placing:
    """What settings mean where lines run from top to bottom: `line` is a column then, counted from the side that the
    first one is on, and `position` and `align` go downwards."""
    vertical = values["vertical"]
    if not values.keys() & {"line", "position", "align"}:
        return Placing(vertical=vertical)
    column = 2 if vertical == "rl" else 0
    x = _share(values.get("line", ""))
    if x is not None:
        column = 0 if x < 1 / 3 else 1 if x < 2 / 3 else 2
    elif re.match(r"-\d", values.get("line", "")):
        column = 2 - column
    row = {"start": 2, "left": 2, "end": 0, "right": 0}.get(values.get("align", ""), 1)
    return Placing(row * 3 + column + 1, None if x == 0.5 else x, _share(values.get("position", "")), vertical)


def _share(value: str) -> float | None:
    """Of per cent; what stands behind a comma says which point of the text is meant. None for what is none."""
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%", value.partition(",")[0])
    return float(match[1]) / 100 if match else None
