# SPDX-License-Identifier: GPL-3.0-or-later
"""SAMI, `.smi`: HTML of the nineties. A text lasts until the next SYNC of its language; `&nbsp;` ends it.

Several languages stand under the same times, each with a class of its own that the style sheet explains. One of them is
read; the options say which, by language or by number, and a finding quotes the others.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...cues import all_joined, new_cue
from ...markup import BOLD, COLOR, FONT, ITALIC, RUBY, SIZE, STRIKE, UNDERLINE, Span
from ...text import Text
from ..document import Cue, Document, Kind
from .base import MOST_TAGS, Findings, Format, Source, is_too_long
from .colors import from_css
from .settling import FALLBACK_DURATION, Following, Row, as_row, settled
from .tags import TextBuilder, tidied_text
from .xml_tokens import Token, local, tokens

HEAD = "sami.head"
"""Of a document's `extra`: all above the first SYNC, as it came."""
CLASSES = "sami.classes"
"""Of a document's `extra`: the classes of its texts."""
AFTER = "sami.comments"
"""Of a document's `extra`: comments between the texts."""
TAG = "sami.tag"
"""Kind of a point: a tag that we have no word for, as it came."""

_CLASS = re.compile(r"\.([\w-]+)\s*\{([^{}]*)\}")
_LANGUAGE = re.compile(r"\blang\s*:\s*([\w-]+)", re.IGNORECASE)
_NAME = re.compile(r"\bname\s*:\s*([^;}]+)", re.IGNORECASE)
_FIRST = re.compile(r"<SYNC\b", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(-?\d{1,10})(?:\.\d*)?\s*(?:ms)?\s*$", re.IGNORECASE)
_OPEN_ENTITY = re.compile(r"&nbsp(?!;)", re.IGNORECASE)
_KINDS = {
    "i": ITALIC,
    "em": ITALIC,
    "b": BOLD,
    "strong": BOLD,
    "u": UNDERLINE,
    "s": STRIKE,
    "strike": STRIKE,
    "del": STRIKE,
}
_MOST_TOGETHER = 100
"""Texts at one time, until they are joined: a cue for each would take fifty times what short ones do."""
_SILENT = frozenset(
    {"sync", "p", "body", "sami", "span", "div", "html", "ruby", "rb", "rp", "rt", "center", "table", "tr", "td"}
)
"""Tags that may be closed, or left out, without anybody seeing it."""


class _Piece(NamedTuple):
    """What stands under one P."""

    sync: int
    """The index of its SYNC; -1 above the first."""
    name: int
    """The index of its class."""
    line: int
    begin: int
    """Of what is inside, in characters of the file. Its tokens are made when they are needed: all of them at a time
    would be fifty times the file."""
    begin_line: int
    stop: int = 0
    says: bool = False
    """Whether there is a letter or a tag inside."""
    source: bool = False
    """Whether it says who speaks."""


class _Pieces:
    """The pieces of a file by their index. Their numbers take hardly more than the file, as objects they take ten times
    that."""

    def __init__(self) -> None:
        self.starts: list[float | None] = []
        """When each SYNC is; None where that cannot be read."""
        self.unread: dict[int, str] = {}
        """Of these what they say instead."""
        self.names: dict[str, int] = {"": 0}
        """The classes as they are spelled, each with its index."""
        self._numbers = array("i")

    def __len__(self) -> int:
        return len(self._numbers) // len(_Piece._fields)

    def __getitem__(self, index: int) -> _Piece:
        first = index * len(_Piece._fields)
        return _Piece._make(self._numbers[first : first + len(_Piece._fields)])

    def append(self, piece: _Piece) -> None:
        """Take the next one."""
        self._numbers.extend(piece)

    def classes(self) -> array[int]:
        """The index of each one's class."""
        return self._numbers[_Piece._fields.index("name") :: len(_Piece._fields)]

    def start(self, piece: _Piece) -> float | None:
        """When one begins; None where that cannot be read."""
        return self.starts[piece.sync] if piece.sync >= 0 else None


def _behind(token: Token) -> tuple[int, int]:
    """The place and the line behind a tag."""
    return token.start + len(token.raw), token.line + token.raw.count("\n") if "\n" in token.raw else token.line


def _in_one_line(text: str) -> str:
    return text.replace("\xa0", " ").replace("\n", " ")


def _row(start: float | None, cues: list[Cue], times: str) -> Row | Cue:
    """What stands at one time as one."""
    cue = cues[0] if len(cues) == 1 else all_joined(cues)
    return as_row(start, None if start is None else cue.end, cue, times)


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source).document()


class _File:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._findings = Findings()
        self._extra: dict[str, str] = {}
        self._comments: list[str] = []
        self._pieces = _Pieces()
        self._text = _OPEN_ENTITY.sub("&nbsp;", source.text)

    def document(self) -> Document:
        first = _FIRST.search(self._text)
        start = first.start() if first else len(self._text)
        head = self._text[:start]
        if head.strip():
            self._extra[HEAD] = head.strip()
        languages = {name.lower(): body for name, body in _CLASS.findall(head)}
        self._cut(start, head.count("\n") + 1)
        by_class = self._by_class(languages)
        names = list(by_class)
        if spelled := list(self._pieces.names)[1:]:
            self._extra[CLASSES] = " ".join(spelled)
        chosen = self._chosen(names, languages)
        rows = list(self._rows(by_class[chosen])) if chosen is not None else []
        for number, name in enumerate(names, 1):
            if name != chosen:
                self._other(number, name, languages.get(name, ""), by_class[name])
        cues = settled(rows, self._findings)
        if self._comments:
            self._extra[AFTER] = "\n".join(self._comments)
        language = _LANGUAGE.search(languages.get(chosen or "", ""))
        return Document(
            tuple(cues), language=language[1] if language else "", extra=self._extra, findings=self._findings.done()
        )

    # Pieces

    def _cut(self, start: int, line: int) -> None:
        current = _Piece(-1, 0, line, start, line)
        # Before the first: a SYNC so damaged that it is no tag.
        is_piece = says = False
        for token in tokens(self._text, start=start, line=line):
            name = local(token.name).lower()
            if token.kind == "comment":
                self._comments.append(token.raw)
            elif token.kind == "open" and name in ("sync", "p"):
                if is_piece:
                    self._pieces.append(current._replace(stop=token.start, says=says))
                current = self._sync(token) if name == "sync" else self._under(token, current)
                is_piece, says = True, False
            elif token.kind in ("instruction", "doctype"):
                self._findings.markup(token.line, token.raw)
            else:
                is_piece = True
                says = says or bool(token.text.strip() or token.name)
        if is_piece:
            self._pieces.append(current._replace(stop=len(self._text), says=says))

    def _sync(self, token: Token) -> _Piece:
        start: float | None = None
        said = ""
        for key, value in token.attributes:
            if key.lower() == "start":
                said = value
                number = _NUMBER.match(value)
                start = int(number[1]) / 1000 if number else None
            elif key.lower() != "end":
                self._findings.markup(token.line, f"{key}={value}")
        if token.unread:
            self._findings.markup(token.line, token.raw)
        index = len(self._pieces.starts)
        self._pieces.starts.append(start)
        if start is None and said:
            self._pieces.unread[index] = said
        return _Piece(index, 0, token.line, *_behind(token))

    def _under(self, token: Token, above: _Piece) -> _Piece:
        called = ""
        source = False
        for key, value in token.attributes:
            if key.lower() == "class":
                called = value
            elif key.lower() == "id" and value.lower() == "source":
                source = True
            else:
                self._findings.markup(token.line, f"{key}={value}")
        if token.unread:
            self._findings.markup(token.line, token.raw)
        name = self._pieces.names.setdefault(called, len(self._pieces.names))
        return _Piece(above.sync, name, token.line, *_behind(token), source=source)

    def _by_class(self, sheet: dict[str, str]) -> dict[str, array[int]]:
        """The indexes of the pieces of each class, in the order of the file. What has none, or one that is met here or
        there and that the style sheet does not know, belongs to the first."""
        names = [name.lower() for name in self._pieces.names]
        counts = Counter[str]()
        for index, count in Counter(self._pieces.classes()).items():
            counts[names[index]] += count
        few = max(2, len(self._pieces) // 20)
        known = [name for name in counts if name and (name in sheet or counts[name] > few)]
        known = known or [name for name in counts if name][:1]
        found = {name: array("I") for name in known or [""]}
        first = next(iter(found))
        spelled = list(self._pieces.names)
        for number, index in enumerate(self._pieces.classes()):
            name = names[index]
            if name and name not in found:
                self._findings.markup(self._pieces[number].line, f"Class={spelled[index]}")
            if not name and not self._pieces[number].says:
                # A time alone ends the texts of all languages.
                for pieces in found.values():
                    pieces.append(number)
            else:
                found[name if name in found else first].append(number)
        return found

    def _chosen(self, names: list[str], sheet: dict[str, str]) -> str | None:
        """The class to read: that of the options' track, of their language, or the first."""
        options = self._source.options
        if options.track is not None and 1 <= options.track <= len(names):
            return names[options.track - 1]
        wanted = options.language.lower()
        for name in names if wanted else ():
            language = _LANGUAGE.search(sheet.get(name, ""))
            if language and (
                language[1].lower() == wanted or language[1].lower().split("-")[0] == wanted.split("-")[0]
            ):
                return name
        return names[0] if names else None

    # Texts

    def _rows(self, pieces: Iterable[int]) -> Iterator[Row | Cue]:
        following = Following(self._starts(pieces))
        together: list[Cue] = []
        """What stands at one time."""
        joined = 0
        """The first ones of these, that are many already."""
        speaker = times = ""
        begun: float | None = None
        for piece in map(self._pieces.__getitem__, pieces):
            text, spans = self._text_of(piece)
            if piece.source and text:
                speaker = " ".join(text.split())
                continue
            start, said = self._pieces.start(piece), self._pieces.unread.get(piece.sync, "")
            if not text.strip():
                self._empty(piece, spans, said)
                continue
            if not together or start is None or start != begun:
                if together:
                    yield _row(begun, together, times)
                together, joined, begun, times = [], 0, start, said
            end = None if start is None else following.after(start)
            begin = start or 0.0
            end = begin + FALLBACK_DURATION if end is None else end
            if len(together) - joined >= _MOST_TOGETHER:
                together[joined:] = [all_joined(together[joined:])]
                joined += 1
            by = "" if together else speaker
            together.append(new_cue(begin, end, text, spans, speaker=by, line=piece.line))
            speaker = ""
        if together:
            yield _row(begun, together, times)
        if speaker:
            self._findings.stray(piece.line, speaker)

    def _starts(self, pieces: Iterable[int]) -> Iterator[float]:
        for index in pieces:
            start = self._pieces.start(self._pieces[index])
            if start is not None:
                yield start

    def _empty(self, piece: _Piece, spans: Iterable[Span], said: str) -> None:
        """Note what a piece without a text says all the same."""
        for span in spans:
            self._findings.markup(piece.line, span.value)
        if said:
            self._findings.markup(piece.line, said)

    def _text_of(self, piece: _Piece) -> tuple[str, tuple[Span, ...]]:
        raw = self._text[piece.begin : piece.stop] if piece.stop - piece.begin > MOST_TAGS else ""
        if is_too_long(raw, "<"):
            self._findings.too_long(piece.line)
            return tidied_text(self._as_letters(piece))
        builder = TextBuilder()
        reading: list[str] | None = None
        for token in tokens(self._text, start=piece.begin, end=piece.stop, line=piece.begin_line):
            name = local(token.name).lower()
            if token.kind in ("comment", "instruction", "doctype"):
                continue  # Kept or noted when the file was cut into pieces.
            if token.kind == "text":
                letters = _in_one_line(token.text)
                if reading is not None:
                    reading.append(letters)
                else:
                    builder.text(letters)
            elif name == "rt" and reading is None and token.kind == "open":
                reading = []
            elif name in ("rt", "ruby") and reading is not None:
                value = " ".join("".join(reading).split())
                if not builder.reread("base", (RUBY, value)) and value:
                    builder.text(f"({value})")
                reading = [] if token.kind == "open" else None
                builder.open("base")
            elif token.kind == "open":
                self._open(builder, token, name)
            elif not builder.close(name) and name not in _SILENT:
                self._findings.markup(token.line, token.raw)
            is_reading = name == "rt" and token.kind == "open"
            if (token.kind == "close" and token.unread) or (is_reading and (token.attributes or token.unread)):
                self._findings.markup(token.line, token.raw)
        if reading:
            builder.text(f"({' '.join(''.join(reading).split())})")
        return builder.done()

    def _as_letters(self, piece: _Piece) -> str:
        """What stands there, its tags as they are."""
        out = bytearray()  # Not a list: it may be a hundred thousand of them.
        for token in tokens(self._text, start=piece.begin, end=piece.stop, line=piece.begin_line):
            letters = ""
            if token.kind == "text":
                letters = _in_one_line(token.text)
            elif token.kind in ("open", "close"):
                letters = "\n" if token.name.lower() == "br" else token.raw
            out += letters.encode("utf-8", "surrogatepass")
        return out.decode("utf-8", "surrogatepass")

    def _open(self, builder: TextBuilder, token: Token, name: str) -> None:
        kinds: list[tuple[str, str]] = []
        unread = bool(token.unread)
        for key, value in token.attributes:
            color = from_css(value) if key.lower() == "color" else None
            if name == "font" and color:
                kinds.append((COLOR, color))
            elif name == "font" and key.lower() == "face" and value.strip():
                kinds.append((FONT, value.strip()))
            elif name == "font" and key.lower() == "size" and value.strip():
                kinds.append((SIZE, value.strip()))
            else:
                unread = True
        if name == "br":
            builder.text("\n")
        elif name in _KINDS:
            kinds.append((_KINDS[name], ""))
        elif name == "ruby":
            builder.open("base")
        if unread or (name not in _KINDS and name not in _SILENT and name not in ("font", "br")):
            builder.point(TAG, token.raw)
        if name not in ("br",) and not token.empty and (kinds or name not in _SILENT):
            builder.open(name, *kinds)

    def _other(self, number: int, name: str, sheet: str, pieces: array[int]) -> None:
        """Quote a language that is not read."""
        read = map(self._text_of, map(self._pieces.__getitem__, pieces))
        texts = [part for text, spans in read for part in (text, *(span.value for span in spans)) if part.strip()]
        called = _NAME.search(sheet)
        message = Text(
            'there are also subtitles in "{name}"; track {number} reads them instead.',
            name=called[1].strip() if called else name.upper(),
            number=number,
        )
        if texts:
            self._findings.add(Kind.HIDDEN, message, self._pieces[pieces[0]].line, "\n".join(texts))


FORMAT = Format(
    id="sami",
    label="SAMI",
    suffixes=(".smi", ".sami"),
    sign=re.compile(r"<SAMI\b|^[^\S\n]*<SYNC\b[^<>]*\bStart\s*=", re.IGNORECASE | re.MULTILINE),
    read=read,
)
