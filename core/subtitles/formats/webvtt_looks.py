# SPDX-License-Identifier: GPL-3.0-or-later
"""What classes of WebVTT look like: by their names, and by the style sheets inside a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...markup import BOLD, COLOR, ITALIC, UNDERLINE
from .colors import from_css

CLASS_COLORS: dict[str, str] = {
    "white": "#ffffff", "lime": "#00ff00", "cyan": "#00ffff", "red": "#ff0000",
    "yellow": "#ffff00", "magenta": "#ff00ff", "blue": "#0000ff", "black": "#000000",
}  # fmt: skip
"""The classes that have a colour without a style sheet (WebVTT, section 5)."""
NAME_OF_COLOR = {color: name for name, color in CLASS_COLORS.items()}

Look = tuple[tuple[str, str], ...]
"""Kinds of spans with their values: what a class looks like."""
_ITALIC: Look = ((ITALIC, ""),)
CLASS_LOOKS: dict[str, Look] = {name: ((COLOR, color),) for name, color in CLASS_COLORS.items()} | {
    # Amazon and HBO have no style sheet: the class is named as its rule would be.
    "font-style_italic": _ITALIC,
    "font-style_oblique": _ITALIC,
    "font-weight_bold": ((BOLD, ""),),
    "text-decoration_underline": ((UNDERLINE, ""),),
}
"""The classes that look like something without a style sheet."""

_STYLE = re.compile(r"STYLE(?:[ \t]|$)", re.MULTILINE)
_SELECTOR = re.compile(r"::cue\(\s*\w*\.([\w-]+)\s*\)\s*(?=,|$)")
_DECLARATION = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:\s*([^;]+)")
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)


def class_looks(blocks: str, known: Mapping[str, Look]) -> dict[str, Look]:
    """What classes look like of which the style sheets among these blocks speak, as far as a span can say it, with what
    is `known` of them and not said otherwise. Empty lines part the blocks.

    >>> class_looks("STYLE\\n::cue(.red), ::cue(c.b) { color: lime; font-style: italic }", {"red": (("bold", ""),)})
    {'red': (('bold', ''), ('color', '#00ff00'), ('italic', '')), 'b': (('color', '#00ff00'), ('italic', ''))}
    >>> class_looks("NOTE\\n::cue(.a) { color: lime }", {})
    {}
    """
    found: dict[str, dict[str, str]] = {}
    for block in blocks.split("\n\n"):
        for selectors, body in _rules(block) if _STYLE.match(block) else ():
            look = dict(_look(body)) if "::cue(" in selectors else {}
            for name in _SELECTOR.findall(selectors) if look else ():
                found.setdefault(name, dict(known.get(name, ()))).update(look)
    return {name: tuple(look.items()) for name, look in found.items()}


def _rules(block: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of each rule; the last may lack its brace."""
    for rule in _CSS_COMMENT.sub("", block.partition("\n")[2]).split("}"):
        before, brace, body = rule.rpartition("{")
        if brace:
            yield before.rpartition("{")[2], body


def _look(body: str) -> Iterator[tuple[str, str]]:
    for name, said in _DECLARATION.findall(body.lower()):
        value = said.strip()
        if name == "color" and (color := from_css(value)):
            yield COLOR, color
        elif name == "font-style" and value.startswith(("italic", "oblique")):
            yield ITALIC, ""
        elif name == "font-weight" and value in ("bold", "bolder", "600", "700", "800", "900"):
            yield BOLD, ""
        elif name.startswith("text-decoration") and "underline" in value:
            yield UNDERLINE, ""
