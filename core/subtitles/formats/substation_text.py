# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of an event of SubStation: letters, escapes and tags, to a cue's text and spans and back."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from ...markup import BELOW, COLOR, FONT, SIZE, Placing, Span, flattened
from ..document import Cue
from . import overrides
from .base import is_too_long
from .tags import Empty, TextBuilder, marked_up, tidied_text

RAW = "ass.raw"
"""Of a cue's `extra`: its text, as it came, where that has tags or escapes."""

_TOKEN = re.compile(r"\\\u2060|\\[Nnh]|\\[{}]|\{[^{}]*\}")
_ESCAPES = {"\\N": "\n", "\\n": "\n", "\\h": "\u00a0", "\\{": "{", "\\}": "}", "\\\u2060": "\\"}
"""The last one is a backslash that a letter may stand behind."""


SOFT_BREAK = "\\n"
"""What breaks a line only where lines are not broken by themselves."""


def pieces(raw: str) -> Iterator[tuple[bool, str]]:
    """What the text of an event is made of, in order: letters, and (True) what stands between two braces. A soft break
    comes alone, as it is written."""
    end = 0
    for match in _TOKEN.finditer(raw):
        if end < match.start():
            yield False, raw[end : match.start()]
        end = match.end()
        if match[0][0] == "{":
            yield True, match[0][1:-1]
        else:
            yield False, match[0] if match[0] == SOFT_BREAK else _ESCAPES[match[0]]
    if end < len(raw):
        yield False, raw[end:]


@dataclasses.dataclass(frozen=True, slots=True)
class TextRead:
    """What the text of an event says."""

    text: str
    spans: tuple[Span, ...]
    placing: Placing


def read_text(raw: str, align: int = 2, resolution: tuple[float, float] = (384.0, 288.0)) -> TextRead:
    """The text of an event without its tags, their spans, and where it stands; `align` is that of its style."""
    if "{" not in raw or is_too_long(raw, "{\\"):
        plain = _without_escapes(raw) if "\\" in raw else raw
        return TextRead(*tidied_text(plain, (), Empty.INSIDE), BELOW if align == 2 else Placing(align))
    builder = TextBuilder()
    blocks = overrides.Overrides(builder, resolution)
    for is_block, piece in pieces(raw):
        if is_block:
            blocks.apply(piece)
        else:
            blocks.text("\n" if piece == SOFT_BREAK else piece)
    text, spans = builder.done(Empty.INSIDE)
    spans = tuple(sorted([*spans, *(Span(0, 0, overrides.COMMENT, value) for value in builder.empty)]))
    x, y = blocks.position or (None, None)
    return TextRead(text, spans, Placing(blocks.align or align, x, y))


def _without_escapes(raw: str) -> str:
    if "{" in raw:  # What stands between braces stays.
        return _TOKEN.sub(lambda match: _ESCAPES.get(match[0], match[0]), raw)
    for escape, sign in _ESCAPES.items():
        raw = raw.replace(escape, sign)
    return raw


def event_text(cue: Cue, align: int, resolution: tuple[float, float]) -> str:
    """The text of an event with its tags: as it came, where nothing of it was changed. `align` and `resolution` as for
    `read_text`."""
    raw = cue.extra.get(RAW)
    if not cue.spans and cue.placing.align == align and cue.placing.x is None and cue.placing.y is None:
        # Nothing but letters, and what was read said no more.
        if raw is not None and "{" not in raw and (plain := raw.replace("\\N", "\n")) == cue.text and "\\" not in plain:
            return raw
        if raw is None:
            return _escaped(cue.text)
    if raw is not None and read_text(raw, align, resolution) == TextRead(cue.text, cue.spans, cue.placing):
        return raw
    tags = ""
    if cue.placing.align != align:
        tags += f"\\an{cue.placing.align}"
    if cue.placing.x is not None and cue.placing.y is not None:
        tags += f"\\pos({cue.placing.x * resolution[0]:g},{cue.placing.y * resolution[1]:g})"
    # A tag that ends a colour goes back to that of the style, not to that of what is around.
    spans = flattened(cue.spans, (COLOR, FONT, SIZE))
    text = marked_up(cue.text, spans, overrides.opening, overrides.closing, _escaped)
    return f"{{{tags}}}{text}" if tags else text


_SPECIAL = re.compile(r"\\(?=[Nnh{}\u2060]|$)|[{}]|\n|\u00a0")
_SAID = {"{": "\\{", "}": "\\}", "\n": "\\N", "\u00a0": "\\h", "\\": "\\\u2060"}


def _escaped(text: str) -> str:
    """A backslash that would make an escape is parted from what follows by a word joiner, which has no width."""
    return _SPECIAL.sub(lambda match: _SAID[match[0]], text)
