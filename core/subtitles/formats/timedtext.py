# SPDX-License-Identifier: GPL-3.0-or-later
"""YouTube's timed text in XML, as download tools save it: `srv1` and `srv2` (a `text` each, in seconds or thousandths),
`srv3` (`p` with words in `s`, and pens for their looks)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...cues import new_cue
from ...markup import BACKGROUND, BELOW, BOLD, COLOR, ITALIC, TIME, UNDERLINE, Placing
from ..document import Cue, Document
from ..inner_times import words_of
from .base import Findings, Format, Source
from .colors import from_css
from .json_youtube import until_the_next
from .settling import Row, as_row, settled
from .tags import TextBuilder
from .xml_tokens import BEFORE_ROOT, Token, tokens, unescaped

ATTRIBUTES = "timedtext.attributes"
"""Of a cue's `extra`: what its element says besides the times, `name value` a line."""
HEAD = "timedtext.head"
"""Of a document's `extra`: all tags around the texts, and what the head holds, as they came."""

LOOK = "timedtext.look"
"""Kind of a span: what a pen or a window says of it that no other kind can say, `name value`."""

_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?")
_AROUND = frozenset({"timedtext", "transcript", "head", "body", "pen", "ws", "wp", "w", "window"})
_SWITCHES = (("b", BOLD), ("i", ITALIC), ("u", UNDERLINE))

_OF_ALL = {"fo": ("254", "255"), "ju": ("2",), "pd": ("0",)}
"""Values that say what holds for all texts anyway: letters that nothing shines through, lines across, in the middle."""
_USUAL = {"ap": "6", "ah": "20", "av": "100"}
"""Where each text that YouTube has heard by itself stands, which it shows low in the middle."""
_NO_PLACE = frozenset({"id", "rc", "cc"})
"""Besides the place: how large the window is, which its text decides elsewhere."""

_Kinds = tuple[tuple[str, str], ...]


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source.text).document()


class _File:
    def __init__(self, text: str) -> None:
        self._text = text
        self._findings = Findings()
        self._rows: list[Row | Cue] = []
        self._head: list[str] = []
        self._pens: dict[str, _Kinds] = {}
        self._places: dict[str, dict[str, str]] = {}
        self._windows: dict[str, dict[str, str]] = {}
        self._open: tuple[Token, float | None, float | None] | None = None
        """The element of the text that is read, and its times."""
        self._builder = TextBuilder()

    def document(self) -> Document:
        for token in tokens(self._text):
            if self._open is None:
                self._outside(token)
            else:
                self._inside(token, *self._open)
        self._end()
        until_the_next(self._rows)
        cues = settled(self._rows, self._findings)
        extra = {HEAD: "\n".join(self._head)} if self._head else {}
        return Document(tuple(cues), extra=extra, findings=self._findings.done())

    def _outside(self, token: Token) -> None:
        if token.kind == "text":
            self._findings.stray(token.line, token.text.strip("\ufeff \t\n"))
        elif token.kind == "open" and token.name in ("text", "p"):
            self._begin(token)
        elif token.kind in ("open", "close") and token.name not in _AROUND:
            self._findings.markup(token.line, token.raw)
        else:
            self._head.append(token.raw)
            if token.kind == "open":
                self._of_head(token.name, dict(token.attributes))

    def _of_head(self, name: str, said: dict[str, str]) -> None:
        key = said.get("id", "")
        if name == "pen":
            self._pens[key] = tuple(_pen(said))
        elif name == "wp":
            self._places[key] = said
        elif name == "ws":
            self._windows[key] = said

    def _begin(self, token: Token) -> None:
        said = dict(token.attributes)
        start, length = _seconds(said, "start", "t"), _seconds(said, "dur", "d")
        self._open = token, start, None if start is None or length is None else start + length
        self._builder = TextBuilder()
        self._builder.open("all", *self._pen_of(said), *self._unsaid(said))
        if token.unread:
            self._findings.markup(token.line, token.raw)
        if token.empty:
            self._end()

    def _inside(self, token: Token, element: Token, start: float | None, end: float | None) -> None:
        if token.kind == "text":
            # The texts of srv1 are escaped twice.
            self._builder.text(unescaped(token.text) if element.name == "text" else token.text)
        elif token.name == element.name and token.kind == "close":
            if token.unread:
                self._findings.markup(token.line, token.raw)
            self._end()
        elif token.name in ("text", "p") and token.kind == "open":
            self._end()  # Somebody forgot the end of the one above.
            self._begin(token)
        elif token.name == "s" and not token.unread:
            self._segment(token, start)
        elif token.name == "br" and token.kind == "open" and not token.unread and not token.attributes:
            self._builder.text("\n")
        else:
            self._findings.markup(token.line, token.raw)

    def _segment(self, token: Token, start: float | None) -> None:
        """A word, or several of one look: `t` counts from the beginning of the text."""
        self._builder.close("s")
        if token.kind == "close":
            return
        said = dict(token.attributes)
        offset = _seconds(said, "", "t")
        if offset is not None and start is not None:
            self._builder.point(TIME, f"{start + offset:.3f}")
        is_known = set(said) <= {"t", "p", "ac"} and ("p" not in said or said["p"] in self._pens)
        if not is_known or not _NUMBER.fullmatch(said.get("ac", "0")) or ("t" in said and offset is None):
            self._findings.markup(token.line, token.raw)
        if not token.empty:
            self._builder.open("s", *self._pen_of(said))

    def _pen_of(self, said: dict[str, str]) -> _Kinds:
        return self._pens.get(said["p"], ((LOOK, f"p {said['p']}"),)) if "p" in said else ()

    def _unsaid(self, said: dict[str, str]) -> Iterator[tuple[str, str]]:
        """What place and window of a text say and `_placing()` does not."""
        place = self._places.get(said.get("wp", ""), {})
        window = self._windows.get(said.get("ws", ""), {})
        if "wp" in said and not place:
            yield LOOK, f"wp {said['wp']}"
        for key, value in (*place.items(), *window.items()):
            is_place = key in _NO_PLACE or (key in _USUAL and _NUMBER.fullmatch(value))
            if not is_place and value not in _OF_ALL.get(key, ()) and (key, value) not in (("pd", "2"), ("pd", "3")):
                yield LOOK, f"{key} {value}"

    def _placing(self, said: dict[str, str]) -> Placing:
        place = self._places.get(said.get("wp", ""), {})
        vertical = {"2": "rl", "3": "lr"}.get(self._windows.get(said.get("ws", ""), {}).get("pd", ""), "")
        if not place or all(place.get(key) == value for key, value in _USUAL.items()):
            return BELOW._replace(vertical=vertical) if vertical else BELOW
        anchor, x, y = (_part(place, key, most) for key, most in (("ap", 8), ("ah", 100), ("av", 100)))
        row, column = divmod(7 if anchor is None else int(anchor), 3)
        return Placing(
            (2 - row) * 3 + column + 1,
            None if x is None or x == column * 50 else x / 100,
            None if y is None or y == row * 50 else y / 100,
            vertical,
        )

    def _end(self) -> None:
        if self._open is None:
            return
        element, start, end = self._open
        self._open = None
        text, spans = self._builder.done()
        others = [(key, value) for key, value in element.attributes if key not in ("start", "dur", "t", "d")]
        # A text alone in its window, or a line that rolls up, says nothing.
        if not text and (start is not None or not element.attributes):
            for key, value in others:
                if not _NUMBER.fullmatch(value):
                    self._findings.markup(element.line, f'{key}="{value}"')
            return
        extra = {ATTRIBUTES: "\n".join(f"{key} {' '.join(value.split())}" for key, value in others)} if others else {}
        begin = start or 0.0
        finish = begin if end is None else end
        words = words_of(text, spans, begin, finish)
        placing = self._placing(dict(element.attributes))
        cue = new_cue(begin, finish, text, spans, placing, extra=extra, line=element.line, words=words)
        self._rows.append(as_row(start, end, cue, element.raw))


def _pen(said: dict[str, str]) -> Iterator[tuple[str, str]]:
    for key, kind in _SWITCHES:
        if said.get(key) == "1":
            yield kind, ""
    color = from_css(said.get("fc", ""))
    if color and color.lower() not in ("#ffffff", "#fefefe"):  # What all letters are.
        yield COLOR, color
    background, strength = from_css(said.get("bc", "")), _part(said, "bo", 255)
    if background and strength != 0:  # As YouTube does, three quarters where nothing is said.
        yield BACKGROUND, f"{background[:7].lower()}{191 if strength is None else int(strength):02x}"
    for key, value in said.items():
        is_read = key in ("id", "b", "i", "u", "bo") or (key == "fc" and color) or (key == "bc" and background)
        if not is_read and value not in _OF_ALL.get(key, ()):
            yield LOOK, f"{key} {value}"


def _part(said: dict[str, str], name: str, most: int) -> float | None:
    """A number from 0 to `most`; None where it is none."""
    found = float(said[name]) if _NUMBER.fullmatch(said.get(name, "")) else -1.0
    return found if 0 <= found <= most else None


def _seconds(said: dict[str, str], seconds: str, thousandths: str) -> float | None:
    for name, scale in ((seconds, 1), (thousandths, 1000)):
        if name in said and _NUMBER.fullmatch(said[name].strip()):
            return float(said[name].strip()) / scale
    return None


FORMAT = Format(
    id="timedtext",
    label="Timed text of YouTube",
    suffixes=(".srv3", ".srv2", ".srv1", ".ytt", ".xml"),
    sign=re.compile(BEFORE_ROOT + r"(?:<timedtext\b|<transcript>\s*<text\s)", re.IGNORECASE),
    read=read,
)
