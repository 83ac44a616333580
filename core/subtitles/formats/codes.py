# SPDX-License-Identifier: GPL-3.0-or-later
"""MicroDVD's codes in braces (`{y:i}`, `{C:$0000ff}`), which MPL2 and TMPlayer files borrow, and MPL2's `/`, italics.

A code in small letters holds for one line, one in capitals for all lines of the subtitle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...markup import BELOW, BOLD, COLOR, FONT, ITALIC, SIZE, STRIKE, UNDERLINE, Placing, Span
from ..lines import lines_of
from . import overrides
from .base import Findings, is_too_long
from .tags import TextBuilder, tidied_text

CODE = "microdvd.code"
"""Kind of a point: a code that says something only MicroDVD knows (`{H:...}`, `{o:...}`, `{P:...}`), as it came."""

_CODE = re.compile(r"\{([a-zA-Z]):([^{}\n]*)\}")
_ANY_CODE = re.compile(_CODE.pattern + r"|\{(\\[^{}\n]*)\}")
"""Also SubStation's tags, which are left in files that were made from its."""
_PLACE = re.compile(r"\{\\(?:[^{}\n]*\\)?an([1-9])(?!\d)")
_COLOR = re.compile(r"\$?([0-9a-fA-F]{6})")
_SWITCHES = {"i": ITALIC, "b": BOLD, "u": UNDERLINE, "s": STRIKE}
_LETTERS = {kind: letter for letter, kind in _SWITCHES.items()}
_SLASHES = {"/": ITALIC, "\\": BOLD, "_": UNDERLINE}


def read_text(raw: str, findings: Findings, line: int, *, slashes: bool = False) -> tuple[str, tuple[Span, ...]]:
    """A text whose lines are parted by `|`. With `slashes`, a `/` at the beginning of a line means italics, as a
    backslash means bold and `_` underlined (MPL2); without, only `/` does, where no other stands in its line."""
    if "{" not in raw and "/" not in raw and not (slashes and ("\\" in raw or "_" in raw)):
        text = raw.strip(" \t")
        if text.isprintable():
            # Almost every text: what `needs_tidying` looks for, where there are no control characters and no tabs.
            if "|" not in text:
                return text, ()
            if not ("||" in text or "| " in text or " |" in text or text[0] == "|" or text[-1] == "|"):
                return text.replace("|", "\n"), ()
        return tidied_text(text.replace("|", "\n"))
    if is_too_long(raw, "{\\/_" if slashes else "{\\"):
        findings.too_long(line)
        return tidied_text(raw.replace("|", "\n"))
    builder = TextBuilder()
    blocks = overrides.Overrides(builder)
    for index, part in enumerate(lines_of(raw.replace("|", "\n"))):
        if index:
            builder.text("\n")
        part = part.lstrip(" \t")
        while slashes and part[:1] in _SLASHES and part[:1]:
            builder.open("line", (_SLASHES[part[0]], ""))
            part = part[1:]
        if part[:1] == "/" and part[1:2].isalnum() and part.count("/") == 1:
            builder.open("line", (ITALIC, ""))
            part = part[1:]
        end = 0
        for match in _ANY_CODE.finditer(part):
            builder.text(part[end : match.start()])
            end = match.end()
            if match[3] is None:
                _apply(match, builder, findings, line)
            else:
                blocks.apply(match[3])
        builder.text(part[end:])
        builder.close_all("line")
    return builder.done()


def _apply(match: re.Match[str], builder: TextBuilder, findings: Findings, line: int) -> None:
    letter, value = match[1], match[2].strip()
    tag = "line" if letter.islower() else "all"
    match letter.lower():
        case "y":
            known = [_SWITCHES[part.strip().lower()] for part in value.split(",") if part.strip().lower() in _SWITCHES]
            if len(known) < len(value.split(",")):
                findings.markup(line, match[0])
            for kind in known:
                builder.open(tag, (kind, ""))
        case "c" if found := _COLOR.fullmatch(value):
            blue, green, red = found[1][:2], found[1][2:4], found[1][4:]
            builder.open(tag, (COLOR, f"#{red}{green}{blue}".lower()))
        case "f" if value:
            builder.open(tag, (FONT, value))
        case "s" if value.isascii() and value.isdigit():
            builder.open(tag, (SIZE, value))
        case _:
            builder.point(CODE, match[0])


def place_of(raw: str) -> Placing:
    """Where SubStation's `{\\an8}` in a text puts it; at the bottom without one."""
    match = _PLACE.search(raw) if "\\" in raw else None
    return Placing(int(match[1])) if match else BELOW


def looks_of(code: str) -> list[tuple[str, str]]:
    """The switches and the colour that a code (`y:i`) says, for formats that borrow these; empty for others.

    >>> looks_of("Y:i,b"), looks_of("c:$0000FF"), looks_of("o:1,2")
    ([('italic', ''), ('bold', '')], [('color', '#ff0000')], [])
    """
    letter, _, value = code.partition(":")
    if letter in "yY":
        known = [_SWITCHES.get(part.strip().lower()) for part in value.split(",")]
        return [(kind, "") for kind in known if kind] if all(known) else []
    color = _COLOR.fullmatch(value.strip()) if letter in "cC" else None
    return [(COLOR, f"#{color[1][4:]}{color[1][2:4]}{color[1][:2]}".lower())] if color else []


def written(text: str, spans: Iterable[Span], own: bool) -> str:
    """The text with `|` between lines and its formatting as codes: what covers all of it or all of a line; the rest
    cannot be said. Letters that mean something here (`|`, `{y:i}`) are replaced by such as look the same."""
    listed = list(spans)
    if not listed:
        return _escaped(text).replace("\n", "|")
    parts: list[str] = []
    begin = 0
    for line in text.split("\n"):
        end = begin + len(line)
        codes = [
            _code(span, small=True) for span in listed if covers(span, begin, end) and not covers(span, 0, len(text))
        ]
        points = [span.value for span in listed if own and span.kind == CODE and begin <= span.start <= end]
        parts.append("".join([*points, *codes]) + _escaped(line))
        begin = end + 1
    return "".join(_code(span, small=False) for span in listed if covers(span, 0, len(text))) + "|".join(parts)


def covers(span: Span, begin: int, end: int) -> bool:
    """Whether it is a range over all of these characters."""
    return span.start <= begin and span.end >= end and span.start < span.end


def _code(span: Span, small: bool) -> str:
    if span.kind in _LETTERS:
        code = f"{{Y:{_LETTERS[span.kind]}}}"
    elif span.kind == COLOR:
        code = f"{{C:${span.value[5:7]}{span.value[3:5]}{span.value[1:3]}}}"
    elif span.kind == FONT and "}" not in span.value:
        code = f"{{F:{span.value}}}"
    elif span.kind == SIZE and span.value.isdigit():
        code = f"{{S:{span.value}}}"
    else:
        return ""
    return code[0] + code[1].lower() + code[2:] if small else code


def _escaped(line: str) -> str:
    if "|" in line:
        line = line.replace("|", "\u2502")
    if line[:1] == "/":
        line = f"\u2060{line}"
    return _ANY_CODE.sub(lambda match: f"({match[0][1:-1]})", line) if "{" in line else line
