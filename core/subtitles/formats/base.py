# SPDX-License-Identifier: GPL-3.0-or-later
"""What every format is given and gives: what is read, what is asked for, what was noticed."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from ...errors.subtitles import SubtitleFileError
from ...markup import SWITCHES
from ...text import Text
from ..document import Document, Finding, Kind, quoted

MOST_ALIKE = 50
"""Findings of one kind, with a quote and without, that are named one by one; the rest are one with all quotes."""

LONGEST_TEXT = 100_000
"""Characters of one subtitle's text. Nobody reads a longer one: the file is damaged, or made to keep a reader busy for
minutes. Its tags stay in the text."""

MOST_TAGS = 2000
"""Tags of one subtitle's text, for the same reason: each takes up to a hundred times the memory of its letters while
the text is read. A line of karaoke with a few of them around each letter has some hundred."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the user said about a file. Nothing said: the file's own word, then the best guess."""

    fps: Fraction | None = None
    """Frames per second, for files that count frames and do not say how many."""
    language: str = ""
    """A BCP 47 tag: which language to take of several in one file, and what the letters may be."""
    track: int | None = None
    """Which of several languages or tracks in one file, counted from 1."""
    track_language: str = ""
    """The language that the track of a film has to be in; otherwise nothing is read."""
    keep_rolling: bool = False
    """Leave captions that roll up line by line as they are, instead of folding them into subtitles."""
    timestamp_map: bool = False
    """Add what WebVTT's X-TIMESTAMP-MAP says to its times: for segments of a stream."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How to write a file."""

    fps: Fraction | None = None
    """Frames per second, for formats that count frames."""
    resolution: tuple[int, int] = (1920, 1080)
    """The picture, for formats that measure in its points."""


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A file as its reader gets it."""

    path: Path
    """For messages; it need not exist."""
    format: Format
    text: str
    """All of it, with `\\n` between lines, without a byte order mark and NUL; empty for a binary format."""
    data: bytes = b""
    """The bytes, for a binary format."""
    options: ReadOptions = ReadOptions()

    def broken(self, reason: str, hint: str = "") -> SubtitleFileError:
        """The error for a file of which nothing can be read."""
        return SubtitleFileError(self.path, reason, hint)


def is_too_long(raw: str, signs: str) -> bool:
    """Whether a text is longer than LONGEST_TEXT, or has more than MOST_TAGS of one of the signs that begin a tag."""
    return len(raw) > LONGEST_TEXT or (len(raw) > MOST_TAGS and any(raw.count(sign) > MOST_TAGS for sign in signs))


class Reader(Protocol):
    """`read(source)` of a format's module.

    Returns a document whose `format` and `encoding` are filled in by the caller. Raises SubtitleFileError (that of
    `source.broken()`) where nothing can be read at all; one bad detail is a finding. Another exception is a defect.
    """

    def __call__(self, source: Source, /) -> Document: ...


class Writer(Protocol):
    """`write(document, format, options)` of a format's module: the file's text with `\\n` between lines, or its bytes.

    Raises CannotWrite, and no other exception.
    """

    def __call__(self, document: Document, format: Format, options: WriteOptions, /) -> str | bytes: ...


class CannotWrite(Exception):
    """A writer cannot say this document in its format at all. `reason` and `hint` are Texts."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What there is to know of a format: the constant `FORMAT` of its module."""

    id: str
    """A stable word: what `--from` and `--to` take."""
    label: str
    """What a menu shows."""
    suffixes: tuple[str, ...]
    """Endings of file names, with the dot; the first is the one to write."""
    read: Reader | None = None
    """None: it is not read."""
    write: Writer | None = None
    """None: it is not written."""
    sign: re.Pattern[str] | None = None
    """What is found (`search`) in the first characters of such a file and of no other further down in the registry."""
    looks: Callable[[str], bool] | None = None
    """The same, for what a pattern cannot say; gets the first characters of the text."""
    magic: re.Pattern[bytes] | None = None
    """How a binary file begins (`match`). A format with it gets bytes."""
    family: str = ""
    """Formats of one family say each other's leftovers; empty: it has none."""
    exact: bool = True
    """Whether any text, and times of a hundredth of a second, come back from it as they went in."""
    keeps_order: bool = False
    """Whether the order of cues means something besides time, so that it is kept within the format."""
    negative: bool = False
    """Whether times before zero can be written."""
    keeps: frozenset[str] = frozenset(SWITCHES)
    """Kinds of spans that its writer says, and of `placing`, `position` (x and y; with `coordinate` one of them alone
    too), `vertical`, `style`, `speaker`, `layer`, `words`, and `alpha` (of colours)."""
    keeps_own: frozenset[str] = frozenset()
    """What it says besides, of the same names, in files that were of this format."""
    whole_lines: bool = False
    """Whether its writer says spans only where they cover a line, or all lines."""

    @property
    def binary(self) -> bool:
        """Whether its files are bytes, not text."""
        return self.magic is not None


@dataclasses.dataclass(slots=True)
class _More:
    """Findings of one kind that are not named one by one."""

    number: int = 0
    line: int = 0
    """Of the first."""
    where: str = ""
    """The line, or the name of the subtitle, of the last that quotes something."""
    quotes: bytearray = dataclasses.field(default_factory=bytearray)
    """What they quote, in UTF-8: a string for each would take ten times the file where its lines are short."""

    def add(self, line: int, quote: str, cue: str) -> None:
        self.line = self.line or line
        self.number += 1
        if quote:
            where = str(line) if line else cue
            head = "\n" if self.quotes else ""
            if where != self.where:
                head += f"{where}: "
                self.where = where
            self.quotes += f"{head}{quote}".encode("utf-8", "surrogatepass")

    def finding(self, kind: Kind) -> Finding:
        message = Text("{number} more of the same kind ({kind}).", number=self.number, kind=kind.value)
        return Finding(kind, message, self.line, self.quotes.decode("utf-8", "surrogatepass"))


class Findings:
    """Collects findings while a file is read. Of those of one kind the first are named one by one and the others
    counted, their quotes in one, for a file may have hundreds of thousands of the same fault."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._named: Counter[tuple[Kind, bool]] = Counter()
        self._more: dict[Kind, _More] = {}

    @property
    def number(self) -> int:
        """How many were added so far, those that are only counted too."""
        return len(self._found) + sum(more.number for more in self._more.values())

    def add(self, kind: Kind, message: str, line: int = 0, quote: str = "", cue: str = "") -> None:
        """Note a finding; see `Finding` for the fields."""
        if self._is_named(kind, quote):
            self._found.append(Finding(kind, message, line, quote, cue))
        else:
            self._more.setdefault(kind, _More()).add(line, quote, cue)

    def _is_named(self, kind: Kind, quote: str) -> bool:
        """Whether there is still room for one with a message of its own."""
        key = kind, bool(quote)
        self._named[key] += 1
        return self._named[key] <= MOST_ALIKE

    def stray(self, line: int, text: str) -> None:
        """Note visible text that belongs to no subtitle."""
        if text.strip():
            message = Text('"{text}" belongs to no subtitle; it was left out.', text=quoted(text))
            self.add(Kind.STRAY, message, line, text)

    def markup(self, line: int, text: str) -> None:
        """Note formatting that cannot be read."""
        message = Text('the formatting "{text}" cannot be read; it was left out.', text=quoted(text))
        self.add(Kind.MARKUP, message, line, text)

    def new_line(self, line: int, sign: str) -> None:
        """Note another format's sign for a new line, which was taken for one although a text may be about it."""
        self.add(Kind.MARKUP, Text('"{text}" was taken for a new line.', text=sign), line, sign)

    def rate_taken(self, rate: Fraction, line: int = 0) -> None:
        """Note that times count frames, and at how many a second they were read."""
        message = Text(
            "the times count frames and the file does not say how many a second has; {rate:g} were taken. "
            "If the subtitles drift, say the frame rate.",
            rate=round(float(rate), 3),
        )
        self.add(Kind.RATE, message, line)

    def too_long(self, line: int) -> None:
        """Note that `is_too_long()` for a text."""
        self.add(Kind.MARKUP, Text("the text is too long for one subtitle; formatting in it was not read."), line)

    def done(self) -> tuple[Finding, ...]:
        """All that was found, in order of the lines."""
        more = [more.finding(kind) for kind, more in self._more.items()]
        return (*sorted(self._found, key=lambda finding: finding.line), *more)
