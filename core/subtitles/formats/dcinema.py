# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles of cinemas: CineCanvas XML of Interop packages, and SMPTE ST 428-7.

Both have a `Text` for each line, at its own height, and `Font` around and inside of these. Interop counts in ticks of
4 ms, SMPTE in frames.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from fractions import Fraction

from ...cues import all_joined
from ...markup import BELOW, BOLD, COLOR, ITALIC, RUBY, UNDERLINE, Placing
from ...text import Text
from ..document import Cue, Document, Kind
from ..times import from_timecode
from .base import MOST_TAGS, Findings, Format, Source
from .settling import Row, settled
from .tags import TextBuilder
from .xml_tokens import BEFORE_ROOT, Token, local, tokens

ATTRIBUTES = "dcinema.attributes"
"""Of a cue's `extra`: what its element and those of its lines say besides times and number, `name value` a line."""
HEAD = "dcinema.head"
"""Of a document's `extra`: all tags around the subtitles, and what the head holds, as they came."""
FONT = "dcinema.font"
"""Kind of a span: what a font says of it that no other kind can say, `name value`."""

_TICKS = 250
"""A second."""
_USUAL_RATE = 24
_TIME = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})(?:([:.])(\d{1,9}))?")
_COLOR = re.compile(r"(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")
_RATE = re.compile(r"\s*([1-9]\d{0,6})(?:\s+([1-9]\d{0,6}))?\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""A tag; Interop has names of languages as well."""
_SWITCHES = {"italic": ("yes", ITALIC), "weight": ("bold", BOLD), "underline": ("yes", UNDERLINE),
             "underlined": ("yes", UNDERLINE)}  # fmt: skip
_OFF = ("no", "normal", "none")
_DEEPEST = 64
"""Fonts, and elements of the head, inside each other."""
_LOW = 25.0
"""Per cent of the picture from its lower edge (or upper) up to which a line stands where lines usually do."""

_Kinds = tuple[tuple[str, str], ...]


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source).document()


@dataclasses.dataclass(slots=True)
class _Line:
    """One `Text`."""

    cue: Cue
    height: float
    """From above, to sort by."""


class _File:
    def __init__(self, source: Source) -> None:
        self._text = source.text
        self._findings = Findings()
        self._rows: list[Row] = []
        self._head: list[str] = []
        self._path: list[str] = []
        self._language = ""
        self._fonts: list[_Kinds] = []
        self._counts_frames = re.search(r"<(?:[\w.-]+:)?SubtitleReel\b", source.text[:16384]) is not None
        self._rate = source.options.fps or Fraction(_USUAL_RATE)
        self._subtitle: Token | None = None
        self._deeper = 0
        """Fonts that are open and are too deep to count."""
        self._tags = 0
        """Fonts inside of the line so far."""
        self._unused: list[Token | None] = []
        """Of each font opened since then, its tag as long as no line stands in it."""
        self._lines: list[_Line] = []
        self._line: Token | None = None
        self._builder = TextBuilder()
        self._reading: list[str] | None = None
        """The letters over a ruby base, while they are read."""

    def document(self) -> Document:
        for token in tokens(self._text):
            if self._line is not None:
                self._inside(token)
            elif self._subtitle is not None:
                self._between(token)
            else:
                self._outside(token)
        self._end_subtitle()
        extra = {HEAD: "".join(self._head)} if self._head else {}
        cues = settled(self._rows, self._findings)
        fps = self._rate if self._counts_frames else None
        return Document(
            tuple(cues), language=self._language, fps=fps, extra=extra, findings=self._findings.done()
        )  # fmt: skip

    # Around the subtitles

    def _outside(self, token: Token) -> None:
        name = local(token.name).lower()
        if token.kind == "open" and name == "subtitle":
            return self._begin_subtitle(token)
        if token.kind == "text":
            return self._said(token)
        self._head.append(token.raw)
        if name == "font":
            self._font(token)
        elif token.kind == "open" and not token.empty and len(self._path) < _DEEPEST:
            self._path.append(name)
        elif token.kind == "close" and name in self._path:
            while self._path.pop() != name:
                pass

    def _said(self, token: Token) -> None:
        """The text of an element of the head; between subtitles there is none."""
        inner = self._path[-1] if self._path else ""
        if inner in ("", "dcsubtitle", "subtitlereel", "subtitlelist"):
            return self._findings.stray(token.line, token.text.strip("\ufeff \t\n"))
        self._head.append(token.raw)
        if inner == "language" and _LANGUAGE.fullmatch(token.text.strip()):
            self._language = token.text.strip()
        elif inner == "editrate" and (match := _RATE.fullmatch(token.text)):
            self._rate = Fraction(int(match[1]), int(match[2] or 1))

    def _font(self, token: Token) -> None:
        if self._is_deeper(token):
            return
        if token.kind == "close":
            if self._fonts:
                self._fonts.pop()
        elif token.kind == "open" and not token.empty:
            # What else they say is in the head, or the font that all of a film has.
            self._fonts.append(tuple(kind for kind in _looks(token, self._is_colored()) if kind[0] != FONT))

    def _is_deeper(self, token: Token) -> bool:
        """Whether it opens or closes a font inside of too many others."""
        if token.kind == "open" and not token.empty and len(self._fonts) >= _DEEPEST:
            self._deeper += 1
            return True
        if token.kind == "close" and self._deeper:
            self._deeper -= 1
            return True
        return False

    def _is_colored(self) -> bool:
        return any(kind == COLOR for font in self._fonts for kind, _ in font)

    # Subtitles

    def _begin_subtitle(self, token: Token) -> None:
        self._subtitle = token
        self._note_unread(token)
        if token.empty:
            self._end_subtitle()

    def _note_unread(self, token: Token) -> None:
        """What stands in a tag, an end tag too, and is no attribute."""
        if token.unread:
            self._findings.markup(token.line, token.raw)

    def _end_subtitle(self) -> None:
        self._end_line()
        element, self._subtitle = self._subtitle, None
        while self._unused:
            self._end_font()
        if element is None:
            return
        said = {name.lower(): value for name, value in element.attributes}
        start, end = self._time(said.get("timein", "")), self._time(said.get("timeout", ""))
        number = said.get("spotnumber", "").strip()
        used = ("timein", "timeout", "spotnumber")
        others = [f"{name} {value}" for name, value in element.attributes if name.lower() not in used]
        for lines in self._corners():
            cues = [line.cue for line in sorted(lines, key=lambda line: line.height)]
            kept = [piece for cue in cues if (piece := cue.extra.get(ATTRIBUTES))]
            extra = {ATTRIBUTES: "\n".join([*others, *kept])} if others or kept else {}
            cue = dataclasses.replace(all_joined(cues), name=number, line=element.line, extra=extra)
            self._rows.append(Row(start, end, cue, element.raw))
        if not self._lines:
            extra = {ATTRIBUTES: "\n".join(others)} if others else {}
            self._rows.append(
                Row(start, end, Cue(0.0, 0.0, "", name=number, line=element.line, extra=extra), element.raw)
            )
        self._lines.clear()

    def _corners(self) -> Iterator[list[_Line]]:
        """The lines that stand at one edge or corner, together."""
        corners: dict[int, list[_Line]] = {}
        for line in self._lines:
            corners.setdefault(line.cue.placing.align, []).append(line)
        yield from corners.values()

    def _time(self, said: str) -> float | None:
        match = _TIME.fullmatch(said.strip())
        if match is None:
            return None
        hours, minutes, seconds, count = int(match[1]), int(match[2]), int(match[3]), int(match[5] or 0)
        whole = (hours * 60 + minutes) * 60 + seconds
        if match[4] == ".":
            return float(Fraction(f"{whole}.{match[5]}"))
        if self._counts_frames:
            return float(from_timecode(hours, minutes, seconds, count, self._rate))
        return float(whole + Fraction(count, _TICKS))

    def _between(self, token: Token) -> None:
        """Inside of a subtitle, outside of its lines."""
        name = local(token.name).lower()
        if token.kind == "open" and name == "text":
            self._begin_line(token)
        elif token.kind == "close" and name == "subtitle":
            self._note_unread(token)
            self._end_subtitle()
        elif token.kind == "open" and name == "subtitle":
            self._end_subtitle()  # Somebody forgot the end of the one above.
            self._begin_subtitle(token)
        elif name == "font" and not token.unread:
            if self._is_deeper(token):
                self._findings.markup(token.line, token.raw)
            elif token.kind == "open" and not token.empty:
                self._fonts.append(tuple(_looks(token, self._is_colored())))
                self._unused.append(token)
            elif token.kind == "open":
                self._findings.markup(token.line, token.raw)
            elif self._unused:
                self._end_font()
        elif token.kind == "text":
            self._findings.stray(token.line, token.text.strip("\ufeff \t\n"))
        elif name == "image" and token.kind == "open":
            self._findings.add(Kind.HIDDEN, Text("it is a picture"), token.line, token.raw)
        elif name != "image":
            self._findings.markup(token.line, token.raw)

    def _end_font(self) -> None:
        """The last font inside of the subtitle."""
        self._fonts.pop()
        if (token := self._unused.pop()) is not None and token.attributes:
            self._findings.markup(token.line, token.raw)

    # Lines

    def _begin_line(self, token: Token) -> None:
        self._line = token
        self._tags = 0
        self._unused = [None] * len(self._unused)
        self._builder = TextBuilder()
        self._builder.open("all", *(kind for font in self._fonts for kind in font))
        self._note_unread(token)
        if token.empty:
            self._end_line()

    def _end_line(self) -> None:
        if self._line is None:
            return
        element, self._line = self._line, None
        self._end_reading()
        text, spans = self._builder.done()
        for value in self._builder.empty:
            self._findings.markup(element.line, value)
        said = {name.lower(): value for name, value in element.attributes}
        kept = "\n".join(f"{name} {value}" for name, value in element.attributes)
        if not text:
            self._findings.markup(element.line, kept)
            return
        placing, height = _placing(said)
        extra = {ATTRIBUTES: kept} if kept else {}
        self._lines.append(_Line(Cue(0.0, 0.0, text, spans=spans, placing=placing, extra=extra), height))

    def _inside(self, token: Token) -> None:
        name = local(token.name).lower()
        if token.kind == "text":
            text = re.sub(r"\s*\n\s*", " ", token.text) if "\n" in token.text else token.text
            if self._reading is None:
                self._builder.text(text)
            else:
                self._reading.append(text)
        elif token.kind == "close" and name in ("text", "subtitle"):
            self._note_unread(token)
            self._end_line()
            if name == "subtitle":
                self._end_subtitle()
        elif token.kind == "open" and name in ("text", "subtitle"):
            self._end_line()
            self._between(token)
        elif token.unread or token.kind not in ("open", "close"):
            self._findings.markup(token.line, token.raw)
        elif name == "font" and token.kind == "open":
            self._tags += 1
            if token.empty or self._tags > MOST_TAGS:
                self._findings.markup(token.line, token.raw)
            else:
                self._builder.open("font", *_looks(token, self._is_colored()))
        elif name == "font" and self._builder.is_open("font"):
            self._builder.close("font")
        else:
            self._other(token, name)

    def _other(self, token: Token, name: str) -> None:
        if name == "space":
            self._builder.text(" " if token.kind == "open" else "")
        elif name == "rb" and token.kind == "open":
            self._builder.open("base")
        elif name == "rt" and token.kind == "open":
            self._reading = []
        elif name == "rt":
            self._end_reading()
        elif name not in ("ruby", "rb", "hgroup", "rotate"):
            self._findings.markup(token.line, token.raw)
            return
        for key, value in token.attributes:
            self._findings.markup(token.line, f'{key}="{value}"')

    def _end_reading(self) -> None:
        if self._reading is None:
            return
        value = " ".join("".join(self._reading).split())
        self._reading = None
        if not self._builder.reread("base", (RUBY, value)):
            self._builder.text(f"({value})" if value else "")


def _looks(token: Token, is_colored: bool) -> Iterator[tuple[str, str]]:
    for name, value in token.attributes:
        key, said = name.lower(), value.strip()
        word, kind = _SWITCHES.get(key, ("", ""))
        color = _COLOR.fullmatch(said) if key == "color" else None
        if kind and said.lower() == word:
            yield kind, ""
        elif color is not None:
            # White is what all letters are.
            if is_colored or color[1].lower() != "ffffff":
                yield COLOR, f"#{color[1].lower()}"
        elif not (kind and said.lower() in _OFF):
            yield FONT, f"{name} {value}"


def _placing(said: dict[str, str]) -> tuple[Placing, float]:
    """Where a line is, and how far from the top, to sort by."""
    row = {"top": 2, "center": 1}.get(said.get("valign", "").lower(), 0)
    column = {"left": 0, "right": 2}.get(said.get("halign", "").lower(), 1)
    up, along = _percent(said.get("vposition", "")), _percent(said.get("hposition", ""))
    height = (100 - up, 50 + up, up)[row]
    is_usual = up == 0 if row == 1 else up <= _LOW
    x = None if along == 0 or (column != 1 and along <= _LOW) else ((along, 50 + along, 100 - along)[column]) / 100
    placing = Placing(row * 3 + column + 1, x, None if is_usual else height / 100)
    return (BELOW if placing == BELOW else placing), height


def _percent(said: str) -> float:
    found = re.fullmatch(r"\s*(-?\d{1,3}(?:\.\d{1,9})?)\s*", said)
    return float(found[1]) if found else 0.0


FORMAT = Format(
    id="dcinema",
    label="D-Cinema XML",
    suffixes=(".xml",),
    sign=re.compile(BEFORE_ROOT + r"<(?:[\w.-]+:)?(?:DCSubtitle|SubtitleReel)\b"),
    read=read,
)
