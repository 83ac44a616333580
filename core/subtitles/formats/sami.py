# SPDX-License-Identifier: GPL-3.0-or-later
"""SAMI, `.smi`: HTML of the nineties. A text lasts until the next SYNC of its language; `&nbsp;` ends it.

Several languages stand under the same times, each with a class of its own that the style sheet explains. One of them is
read; the options say which, by language or by number, and a finding quotes the others.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter

from ...cues import all_joined
from ...markup import BOLD, COLOR, FONT, ITALIC, RUBY, SIZE, STRIKE, UNDERLINE
from ...text import Text
from ..document import Cue, Document, Kind
from .base import Findings, Format, Source
from .colors import from_css
from .settling import FALLBACK_DURATION, Row, settled
from .tags import TextBuilder
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
_SILENT = frozenset(
    {"sync", "p", "body", "sami", "span", "div", "html", "ruby", "rb", "rp", "rt", "center", "table", "tr", "td"}
)
"""Tags that may be closed, or left out, without anybody seeing it."""


@dataclasses.dataclass(slots=True)
class _Piece:
    """What stands under one P."""

    start: float | None
    times: str
    line: int
    name: str
    begin: int
    """Of what is inside, in characters of the file. Its tokens are made when they are needed: all of them at a time
    would be fifty times the file."""
    begin_line: int
    stop: int = 0
    is_full: bool = False
    """Whether there is anything inside."""
    says: bool = False
    """Whether there is a letter or a tag inside."""
    source: bool = False
    """Whether it says who speaks."""


def _behind(token: Token) -> tuple[int, int]:
    """The place and the line behind a tag."""
    return token.start + len(token.raw), token.line + token.raw.count("\n") if "\n" in token.raw else token.line


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source).document()


class _File:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._findings = Findings()
        self._extra: dict[str, str] = {}
        self._comments: list[str] = []
        self._pieces: list[_Piece] = []
        self._text = _OPEN_ENTITY.sub("&nbsp;", source.text)
        self._names: dict[str, str] = {}
        """The classes as they are spelled, each once."""

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
        spelled = dict.fromkeys(piece.name for piece in self._pieces if piece.name)
        if spelled:
            self._extra[CLASSES] = " ".join(spelled)
        chosen = self._chosen(names, languages)
        rows = self._rows(by_class[chosen]) if chosen is not None else []
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
        current = _Piece(None, "", line, "", start, line)
        started = False
        for token in tokens(self._text, start=start, line=line):
            name = local(token.name).lower()
            if token.kind == "comment":
                self._comments.append(token.raw)
            elif token.kind == "open" and name in ("sync", "p"):
                current.stop = token.start
                if started or current.is_full:  # Before the first: a SYNC so damaged that it is no tag.
                    self._pieces.append(current)
                current = self._sync(token) if name == "sync" else self._under(token, current)
                started = True
            elif token.kind in ("instruction", "doctype"):
                self._findings.markup(token.line, token.raw)
            else:
                current.is_full = True
                current.says = current.says or bool(token.text.strip() or token.name)
        current.stop = len(self._text)
        if started or current.is_full:
            self._pieces.append(current)

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
        return _Piece(start, said, token.line, "", *_behind(token))

    def _under(self, token: Token, above: _Piece) -> _Piece:
        piece = _Piece(above.start, above.times, token.line, "", *_behind(token))
        for key, value in token.attributes:
            if key.lower() == "class":
                piece.name = self._names.setdefault(value, value)
            elif key.lower() == "id" and value.lower() == "source":
                piece.source = True
            else:
                self._findings.markup(token.line, f"{key}={value}")
        if token.unread:
            self._findings.markup(token.line, token.raw)
        return piece

    def _by_class(self, sheet: dict[str, str]) -> dict[str, list[_Piece]]:
        """The pieces of each class, in the order of the file. What has none, or one that is met here or there and that
        the style sheet does not know, belongs to the first."""
        counts = Counter(piece.name.lower() for piece in self._pieces)
        few = max(2, len(self._pieces) // 20)
        known = [name for name in counts if name and (name in sheet or counts[name] > few)]
        known = known or [name for name in counts if name][:1]
        found: dict[str, list[_Piece]] = {name: [] for name in known or [""]}
        first = next(iter(found))
        for piece in self._pieces:
            name = piece.name.lower()
            if name and name not in found:
                self._findings.markup(piece.line, f"Class={piece.name}")
            if not name and not piece.says:
                # A time alone ends the texts of all languages.
                for pieces in found.values():
                    pieces.append(piece)
            else:
                found[name if name in found else first].append(piece)
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

    def _rows(self, pieces: list[_Piece]) -> list[Row]:
        starts = sorted({piece.start for piece in pieces if piece.start is not None})
        following = dict(itertools.pairwise(starts))
        rows: list[Row] = []
        together: list[list[Cue]] = []
        """Of each row, what stands at its time."""
        speaker = ""
        for piece in pieces:
            cue = self._cue(piece)
            if piece.source and cue.text:
                speaker = " ".join(cue.text.split())
                continue
            if not cue.text.strip():
                for span in cue.spans:
                    self._findings.markup(piece.line, span.value)
                if piece.start is None and piece.times:
                    self._findings.markup(piece.line, piece.times)
                continue
            end = None if piece.start is None else following.get(piece.start, piece.start + FALLBACK_DURATION)
            if rows and rows[-1].start == piece.start and piece.start is not None:
                together[-1].append(cue)
            else:
                rows.append(Row(piece.start, end, cue, piece.times))
                together.append([dataclasses.replace(cue, speaker=speaker)])
            speaker = ""
        for row, cues in zip(rows, together, strict=True):
            row.cue = all_joined(cues)
        if speaker:
            self._findings.stray(pieces[-1].line, speaker)
        return rows

    def _cue(self, piece: _Piece) -> Cue:
        builder = TextBuilder()
        reading: list[str] | None = None
        for token in tokens(self._text, start=piece.begin, end=piece.stop, line=piece.begin_line):
            name = local(token.name).lower()
            if token.kind in ("comment", "instruction", "doctype"):
                continue  # Kept or noted when the file was cut into pieces.
            if token.kind == "text":
                letters = " ".join(token.text.replace("\xa0", " ").split("\n"))
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
        text, spans = builder.done()
        return Cue(0.0, 0.0, text, spans=spans, line=piece.line)

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

    def _other(self, number: int, name: str, sheet: str, pieces: list[_Piece]) -> None:
        """Quote a language that is not read."""
        cues = map(self._cue, pieces)
        texts = [part for cue in cues for part in (cue.text, *(span.value for span in cue.spans)) if part.strip()]
        called = _NAME.search(sheet)
        message = Text(
            'there are also subtitles in "{name}"; track {number} reads them instead.',
            name=called[1].strip() if called else name.upper(),
            number=number,
        )
        if texts:
            self._findings.add(Kind.HIDDEN, message, pieces[0].line, "\n".join(texts))


FORMAT = Format(
    id="sami",
    label="SAMI",
    suffixes=(".smi", ".sami"),
    sign=re.compile(r"<SAMI\b|^[^\S\n]*<SYNC\b[^<>]*\bStart\s*=", re.IGNORECASE | re.MULTILINE),
    read=read,
)
