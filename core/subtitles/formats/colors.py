# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours as formats write them, to `#rrggbb` or `#rrggbbaa` and back."""

from __future__ import annotations

import re

# The sixteen of HTML 4, with orange (CSS 2.1) and what subtitle files are seen to use besides.
NAMES: dict[str, str] = {
    "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "magenta": "#ff00ff",
    "green": "#008000", "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080",
    "blue": "#0000ff", "teal": "#008080", "aqua": "#00ffff", "cyan": "#00ffff", "orange": "#ffa500",
    "pink": "#ffc0cb", "brown": "#a52a2a", "gold": "#ffd700", "violet": "#ee82ee", "indigo": "#4b0082",
    "salmon": "#fa8072", "skyblue": "#87ceeb", "lightblue": "#add8e6", "lightgreen": "#90ee90", "crimson": "#dc143c",
    "darkred": "#8b0000", "darkgreen": "#006400", "darkblue": "#00008b", "lightgray": "#d3d3d3",
    "lightgrey": "#d3d3d3", "darkgray": "#a9a9a9", "darkgrey": "#a9a9a9", "lightyellow": "#ffffe0",
    "turquoise": "#40e0d0", "tomato": "#ff6347", "khaki": "#f0e68c", "beige": "#f5f5dc", "coral": "#ff7f50",
    "chocolate": "#d2691e", "orchid": "#da70d6", "plum": "#dda0dd", "tan": "#d2b48c", "transparent": "#00000000",
}  # fmt: skip

_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*([\d.]+%?)\s*)?\)", re.IGNORECASE)


def from_css(text: str) -> str | None:
    """The colour that HTML, CSS and TTML mean by `text`; None where it is none.

    In TTML's `rgba()` the fourth number goes to 255, in that of CSS to 1: one of at most 1 with a full stop is CSS.

    >>> from_css("Red"), from_css("#F80"), from_css("ff8800"), from_css("rgba(255,0,0,128)"), from_css("warm")
    ('#ff0000', '#ff8800', '#ff8800', '#ff000080', None)
    """
    stripped = text.strip().lower()
    if stripped in NAMES:
        return NAMES[stripped]
    if match := _HEX.fullmatch(stripped):
        digits = match[1]
        return "#" + ("".join(2 * digit for digit in digits) if len(digits) < 6 else digits)
    if match := _RGB.fullmatch(stripped):
        parts = [min(255, int(match[index])) for index in (1, 2, 3)]
        if match[4]:
            parts.append(_alpha(match[4]))
        return "#" + "".join(f"{part:02x}" for part in parts)
    return None


def _alpha(text: str) -> int:
    try:
        number = float(text.rstrip("%"))
    except ValueError:
        return 255
    if text.endswith("%"):
        return min(255, round(number * 2.55))
    return min(255, round(number * 255 if "." in text and number <= 1 else number))


def from_substation(text: str) -> str | None:
    """The colour of SubStation's `&HBBGGRR&` or `&HAABBGGRR`, or of its older decimal form; alpha is left out.

    >>> from_substation("&H0000FF&"), from_substation("255"), from_substation("&H00FFFFFF"), from_substation("x")
    ('#ff0000', '#ff0000', '#ffffff', None)
    """
    stripped = text.strip().strip("&").upper()
    try:
        number = int(stripped[1:], 16) if stripped.startswith("H") else int(stripped)
    except ValueError:
        return None
    blue, green, red = number >> 16 & 255, number >> 8 & 255, number & 255
    return f"#{red:02x}{green:02x}{blue:02x}"


def to_substation(color: str) -> str:
    """`&HBBGGRR&`; what stands for alpha in `color` is left out.

    >>> to_substation("#ff8000")
    '&H0080FF&'
    """
    return f"&H{color[5:7]}{color[3:5]}{color[1:3]}&".upper()
