# SPDX-License-Identifier: GPL-3.0-or-later
"""What a format cannot say of a document, counted, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from .. import markup
from ..text import Text
from . import sizes
from .document import Cue, Document, Finding, Kind
from .formats import registry, webvtt
from .formats.base import Format
from .formats.overrides import KARAOKE
from .formats.subrip import COORDINATES
from .formats.substation import ASS
from .styles import usual_style

_SUNG = "sung"
"""Among what a format keeps: how long each syllable is sung, also of files that had it otherwise."""


def losses_of(document: Document, format: Format) -> Finding | None:
    """One line for all that the format cannot say of this document: `3 colours and 1 karaoke effect cannot ...`."""
    counts: Counter[str] = Counter()
    own = registry.is_own(document, format)
    usual = usual_style(document)
    keeps = format.keeps if sizes.is_sayable(document, format) else format.keeps - {markup.SIZE}
    if format.family == ASS.family:
        keeps |= {_SUNG}
    if own:
        keeps |= format.keeps_own
    for cue in document.cues:
        for what in _unsaid(cue, keeps, own, usual, format.whole_lines):
            counts[what] += 1
    if unread := sizes.unread(document, format):
        counts[markup.SIZE] += unread
    if not own:
        counts.update(_leftovers(document))
    if not counts:
        return None
    parts = _named(counts)
    listed = parts[0]
    for part in parts[1:-1]:
        listed = Text("{first}, {second}", first=listed, second=part)
    if len(parts) > 1:
        listed = Text("{first} and {second}", first=listed, second=parts[-1])
    message = Text("{what} cannot be written as {format}.", what=listed, format=format.label)
    return Finding(Kind.NOT_WRITTEN, message)


def _named(counts: Counter[str]) -> list[str]:
    """Each kind with its number, in words; kinds with the same words are counted together."""
    together: dict[str, tuple[str, int]] = {}
    for what, number in counts.items():
        key, before = together.get(_NAMES.get(what, _OTHER)[0], (what, 0))
        together[_NAMES.get(what, _OTHER)[0]] = key, before + number
    return [_counted(what, number) for what, number in together.values()]


def _unsaid(cue: Cue, keeps: frozenset[str], own: bool, usual: str, whole_lines: bool) -> Iterator[str]:
    for span in cue.spans:
        kind = span.kind
        if kind == KARAOKE and _SUNG in keeps:
            continue
        if kind not in keeps or ("." in kind and not own) or (whole_lines and not _is_of_lines(span, cue.text)):
            yield kind
        elif kind == markup.COLOR and len(span.value) > len("#rrggbb") and "alpha" not in keeps:
            yield "alpha"
    placing = cue.placing
    if placing != markup.BELOW:
        if "placing" not in keeps:
            yield "placing"
        elif not is_sayable(placing, keeps):
            yield "position"
    elif not own and COORDINATES in cue.extra:
        yield "position"
    if cue.speaker and "speaker" not in keeps:
        yield "speaker"
    if cue.style and "style" not in keeps and cue.style != usual:
        yield "style"
    if cue.layer and "layer" not in keeps:
        yield "layer"
    in_text = any(
        (span.kind == markup.TIME and markup.TIME in keeps) or (span.kind == KARAOKE and _SUNG in keeps)
        for span in cue.spans
    )
    if cue.words and not in_text and "words" not in keeps:
        yield "words"


def _is_of_lines(span: markup.Span, text: str) -> bool:
    """Whether it covers no part of a line without the rest of it."""
    begin = 0
    for line in text.split("\n"):
        end = begin + len(line)
        if span.start < end and span.end > begin and not (span.start <= begin and span.end >= end):
            return False
        begin = end + 1
    return True


def is_sayable(placing: markup.Placing, keeps: frozenset[str]) -> bool:
    """Whether a format that keeps these can say exactly where it is, beyond the corner or edge."""
    places = (placing.x is not None) + (placing.y is not None)
    if placing.vertical and "vertical" not in keeps:
        return False
    return not places or ("position" in keeps and (places == 2 or "coordinate" in keeps))


def _leftovers(document: Document) -> Iterator[str]:
    yield from ["hidden"] * len(document.hidden)
    for name in (webvtt.HEAD, webvtt.AFTER):
        blocks = str(document.extra.get(name, "")).split("\n\n")
        yield from ["note" for block in blocks if block.startswith("NOTE")]
    for cue in document.cues:
        for key in cue.extra:
            if key.endswith((".before", ".effect")):
                yield "note" if key.endswith(".before") else "effect"


def _counted(what: str, number: int) -> str:
    one, many = _NAMES.get(what, _OTHER)
    return one if number == 1 else many(number)


_OTHER: tuple[str, Callable[[int], str]] = (
    Text("1 piece of formatting"),
    lambda number: Text("{number} pieces of formatting", number=number),
)
_NAMES: dict[str, tuple[str, Callable[[int], str]]] = {
    markup.BOLD: (Text("1 bold text"), lambda number: Text("{number} bold texts", number=number)),
    markup.ITALIC: (Text("1 text in italics"), lambda number: Text("{number} texts in italics", number=number)),
    markup.UNDERLINE: (Text("1 underlined text"), lambda number: Text("{number} underlined texts", number=number)),
    markup.STRIKE: (Text("1 struck text"), lambda number: Text("{number} struck texts", number=number)),
    markup.COLOR: (Text("1 colour"), lambda number: Text("{number} colours", number=number)),
    "alpha": (Text("1 transparency"), lambda number: Text("{number} transparencies", number=number)),
    markup.BACKGROUND: (Text("1 background"), lambda number: Text("{number} backgrounds", number=number)),
    markup.FONT: (Text("1 font"), lambda number: Text("{number} fonts", number=number)),
    markup.SIZE: (Text("1 font size"), lambda number: Text("{number} font sizes", number=number)),
    markup.RUBY: (Text("1 ruby reading"), lambda number: Text("{number} ruby readings", number=number)),
    markup.VOICE: (Text("1 speaker"), lambda number: Text("{number} speakers", number=number)),
    markup.LANGUAGE: (Text("1 language"), lambda number: Text("{number} languages", number=number)),
    markup.TIME: (Text("1 time inside a text"), lambda number: Text("{number} times inside texts", number=number)),
    "ass.karaoke": (Text("1 karaoke effect"), lambda number: Text("{number} karaoke effects", number=number)),
    "ass.tag": (Text("1 effect"), lambda number: Text("{number} effects", number=number)),
    "ass.comment": (Text("1 comment"), lambda number: Text("{number} comments", number=number)),
    "ass.drawing": (Text("1 drawing"), lambda number: Text("{number} drawings", number=number)),
    "vtt.class": (Text("1 class"), lambda number: Text("{number} classes", number=number)),
    "placing": (Text("1 placing"), lambda number: Text("{number} placings", number=number)),
    "position": (Text("1 exact position"), lambda number: Text("{number} exact positions", number=number)),
    "speaker": (Text("1 speaker"), lambda number: Text("{number} speakers", number=number)),
    "style": (Text("1 named style"), lambda number: Text("{number} named styles", number=number)),
    "layer": (Text("1 layer"), lambda number: Text("{number} layers", number=number)),
    "words": (
        Text("the word times of 1 subtitle"),
        lambda number: Text("the word times of {number} subtitles", number=number),
    ),
    "hidden": (Text("1 hidden line"), lambda number: Text("{number} hidden lines", number=number)),
    "note": (Text("1 note"), lambda number: Text("{number} notes", number=number)),
    "effect": (Text("1 effect"), lambda number: Text("{number} effects", number=number)),
}
"""Kinds of spans and parts of a cue, in words: one of it, and many."""
