# SPDX-License-Identifier: GPL-3.0-or-later
"""WebVTT, `.vtt`, by the parsing rules of https://www.w3.org/TR/webvtt1/, and where these drop text, not by them.

Kept where the standard drops: a line with an arrow that is no line of times is text; text behind an empty line of a
cue that has none is its text; text between cues, and times that cannot be read, are findings that quote it.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ...cues import new_cue
from ...markup import BELOW, Placing
from ...text import Text
from ..document import Cue, Document, Kind
from ..inner_times import words_of
from ..lines import Lines, lines_of
from .base import Findings, Source
from .settling import Row, as_row, cue_of, settled
from .subrip import SETTINGS
from .timings import Timing, timing_half, timing_of
from .webvtt_looks import CLASS_LOOKS, class_looks
from .webvtt_places import placing_of, rows_of_regions
from .webvtt_text import read_text

BEFORE = "vtt.before"
"""Of a cue's `extra`: the blocks of notes above it, as they came."""
HEADER = "vtt.header"
"""Of a document's `extra`: what stands behind WEBVTT, and the lines up to the first empty one."""
HEAD = "vtt.head"
"""Of a document's `extra`: notes, styles and regions above the first cue."""
AFTER = "vtt.after"
"""Of a document's `extra`: notes below the last cue."""
_STRICT = re.compile(
    r"[ \t]*(?:(\d{2,6}):)?([0-5]\d):([0-5]\d)\.(\d{3})[ \t]*-->[ \t]*(?:(\d{2,6}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
    r"(?:(?:[ \t]+|(?=[a-z]))(.*))?[ \t]*$"
)
_SIGNATURE = re.compile(r"WEBVTT(?:[ \t]|$)")
_BLOCK = re.compile(r"(NOTE|STYLE|REGION)(?:[ \t]|$)")
_WEBEX = re.compile(r'\d{1,9}[ \t]+"([^"\n]{1,200})"[ \t]+\(\d{1,20}\)[ \t]*')
"""An identifier that says who speaks."""
_HEADER_LINE = re.compile(r"X-TIMESTAMP-MAP=|(?:Kind|Language|Region)[ \t]*:")
"""What stands in headers and is no identifier, also where the empty line below it is missing."""
_MAP = re.compile(r"X-TIMESTAMP-MAP=(.*)")
_CORNER = re.compile(r"[^\S\n]*\{\\an([1-9])\}")
"""SubStation's, which SubRip has taken over: in front of texts of files that were made of those."""
_SHORT = 8
"""Characters of a line, on average; of films with a word in each cue there are twelve and more."""
_TICKS = re.compile(r"\s*([0-9]{1,18})\s*")


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source).document()


class _File:
    def __init__(self, source: Source) -> None:
        self._lines = _lines(source.text)
        self._is_escaped = "-->" not in source.text
        """Whether arrows are entities; where one is none, such a line is a text."""
        self._findings = Findings()
        self._options = source.options
        self._rows: list[Row | Cue] = []
        self._extra: dict[str, str] = {}
        self._looks = dict(CLASS_LOOKS)
        self._regions: dict[str, int] = {}
        self._waiting: list[str] = []
        """Blocks that stand above the next cue."""
        self._offset = self._first_offset = 0.0
        self._said: frozenset[str] | None = None
        """The lines of the header, once another file begins inside of this one."""
        self._first_files: set[tuple[float | None, float | None, str]] | None = None
        """What was read so far, once another file begins inside of this one."""

    def document(self) -> Document:
        index = self._header()
        while index < len(self._lines):
            if self._lines[index]:
                index = self._block(index)
            else:
                index += 1
        if self._waiting:
            self._extra[AFTER if self._rows else HEAD] = "\n\n".join(self._waiting)
        cues = settled(self._rows, self._findings)
        header = self._extra.get(HEADER, "")
        language = re.search(r"^Language:[ \t]*(\S+)", header, re.MULTILINE)
        return Document(
            tuple(cues),
            language=language[1] if language else "",
            extra=self._extra,
            findings=self._findings.done(),
        )

    def _header(self) -> int:
        """Read the first lines; where the blocks begin."""
        first = self._lines[0]
        if not _SIGNATURE.match(first):
            self._findings.add(Kind.BROKEN, Text("the file does not begin with WEBVTT, so that players refuse it."), 1)
            return 0
        index = 1
        while index < len(self._lines) and self._lines[index] and self._timing(index) is None:
            is_last = index + 1 < len(self._lines) and self._timing(index + 1) is not None
            if is_last and not _HEADER_LINE.match(self._lines[index]):
                break  # An identifier: somebody left the empty line out.
            index += 1
        header = self._text(0, index)[len("WEBVTT") :]
        self._offset = self._first_offset = _offset(header)
        self._regions.update(rows_of_regions(header))
        # What was added to the times must not be said again.
        if self._options.timestamp_map:
            header = "\n".join(line for line in header.split("\n") if not _MAP.match(line))
        self._extra[HEADER] = header
        return index

    def _another(self, index: int, stop: int) -> None:
        """The head of another file: segments of a stream, put one after the other."""
        self._findings.add(Kind.BROKEN, Text("another file begins here; it was read on."), index + 1)
        header = self._text(index, stop)[len("WEBVTT") :]
        if self._said is None:
            self._said = frozenset(self._extra.get(HEADER, "").split("\n"))
        for number, line in enumerate(lines_of(header), index + 1):
            if line not in self._said and not _MAP.match(line):
                self._findings.stray(number, line.strip())
        self._offset = _offset(header)
        if self._first_files is None:
            self._first_files = {(row.start, row.end, cue_of(row).text) for row in self._rows}

    def _block(self, index: int) -> int:
        """Take in the lines from `index` to the next empty one; where the next block begins."""
        timing = self._timing(index)
        if timing is not None:
            return self._cue(index, timing, "")
        if index + 1 < len(self._lines) and (timing := self._timing(index + 1)) is not None:
            return self._cue(index + 1, timing, self._lines[index])
        stop = self._end_of_text(index + 1)
        first = self._lines[index]
        if _SIGNATURE.match(first):
            self._another(index, stop)
        elif _BLOCK.match(first):
            self._waiting.append(self._text(index, stop))
            self._looks.update(class_looks(self._waiting[-1], self._looks))
            self._regions.update(rows_of_regions(self._waiting[-1]))
        else:
            self._lost(index, stop)
        return stop

    def _text(self, start: int, stop: int) -> str:
        """The lines from one index up to another."""
        if isinstance(self._lines, Lines):
            return self._lines.text(start, stop) if start < stop else ""
        return "\n".join(self._lines[start:stop])

    def _lost(self, index: int, stop: int) -> None:
        """Text that belongs to no cue, or a cue whose times cannot be read."""
        where = next((number for number in range(index, min(index + 2, stop)) if "-->" in self._lines[number]), None)
        if where is None:
            for number in range(index, stop):
                self._findings.stray(number + 1, self._lines[number].strip())
            return
        start, end = (timing_half(part) for part in self._lines[where].split("-->", 1))
        name = self._lines[index] if where > index else ""
        self._add(where, Timing(where, start, end), name, self._text(where + 1, stop))

    def _cue(self, index: int, timing: Timing, name: str) -> int:
        if not _STRICT.match(self._lines[index]):
            message = Text("the times are not written as WebVTT wants them, so that players leave the subtitle out.")
            self._findings.add(Kind.TIME, message, index + 1)
        stop = self._end_of_text(index + 1)
        if self._is_number_of_next(name, index + 1, stop):
            stop -= 1
        body = self._text(index + 1, stop)
        if not body.strip(" \t\n"):
            after = self._text_after_gap(stop)
            if after is not None:
                first, stop = after
                body = self._text(first, stop)
                message = Text("an empty line stands between the times and the text, so that players show no text.")
                self._findings.add(Kind.BROKEN, message, index + 1)
        self._add(index, timing, name, body)
        return stop

    def _is_number_of_next(self, name: str, first: int, stop: int) -> bool:
        """Whether the last line of a text is the number of the next cue, where somebody left the empty lines out."""
        if stop - first < 2 or stop >= len(self._lines) or not self._lines[stop]:
            return False
        last = self._lines[stop - 1].strip()
        are_numbers = all(number.isascii() and number.isdigit() and len(number) < 10 for number in (name, last))
        return are_numbers and int(last) == int(name) + 1

    def _text_after_gap(self, index: int) -> tuple[int, int] | None:
        """The lines of the next block, where these are neither a cue nor a note, nor the last lines' own cue."""
        while index < len(self._lines) and not self._lines[index]:
            index += 1
        if index >= len(self._lines) or _BLOCK.match(self._lines[index]):
            return None
        if any("-->" in self._lines[number] for number in range(index, min(index + 2, len(self._lines)))):
            return None
        return index, self._end_of_text(index)

    def _end_of_text(self, index: int) -> int:
        number = len(self._lines)
        while index < number and self._lines[index] and self._timing(index) is None:
            index += 1
        return index

    def _timing(self, index: int) -> Timing | None:
        line = self._lines[index]
        if ">" not in line and "\u2192" not in line and not (self._is_escaped and "&gt;" in line):
            return None
        if match := _STRICT.match(line):
            a, b, c, d, e, f, g, h, rest = match.groups()
            start = ((int(a or 0) * 60 + int(b)) * 60 + int(c)) * 1000 + int(d)
            end = ((int(e or 0) * 60 + int(f)) * 60 + int(g)) * 1000 + int(h)
            return Timing(index, start / 1000, end / 1000, rest or "")
        return timing_of(line, index)

    def _add(self, index: int, timing: Timing, name: str, body: str) -> None:
        extra: dict[str, str] = {}
        if settings := timing.rest.strip():
            extra[SETTINGS] = settings
        corner = _CORNER.match(body) if "{" in body else None
        if corner is not None:
            body = body[corner.end() :]
        text, spans, speaker = read_text(body, self._findings, index + 1, self._looks)
        if self._waiting and text:  # Notes above a cue without text, which is left out, belong to the next one.
            blocks = "\n\n".join(self._waiting)
            self._waiting.clear()
            if self._rows:
                extra[BEFORE] = blocks
            else:
                self._extra[HEAD] = blocks
        start, end = timing.start or 0.0, timing.end or 0.0
        words = words_of(text, spans, start, end) if spans else ()
        if not speaker and (webex := _WEBEX.fullmatch(name)):
            speaker = webex[1]
        placing = placing_of(settings, self._regions) if settings else BELOW
        if corner is not None:
            if settings:
                self._findings.markup(index + 1, corner[0].strip())
            else:
                placing = Placing(int(corner[1]))
        cue = new_cue(start, end, text, spans, placing, "", speaker, 0, name, extra, index + 1, words)
        row = as_row(timing.start, timing.end, cue, self._lines[index].strip())
        # Even where nobody wants it added, the files of a stream are as far apart as it says.
        later = self._offset if self._options.timestamp_map else max(0.0, self._offset - self._first_offset)
        self._take(_later(row, later) if later else row)

    def _take(self, row: Row | Cue) -> None:
        """A cue that lasts over the end of a segment stands in both."""
        if self._first_files is not None:
            cue = cue_of(row)
            key = row.start, row.end, cue.text
            if key in self._first_files and cue.text:
                self._findings.add(Kind.BROKEN, Text("it stands in the file before as well; once is enough."),
                                   cue.line, cue.name)  # fmt: skip
                return
            self._first_files.add(key)
        self._rows.append(row)


def _lines(text: str) -> Lines | list[str]:
    """All at once, which is quicker, where they are not so short that an object for each would take many times what
    the file does."""
    return Lines(text) if len(text) < _SHORT * text.count("\n") else text.split("\n")


def _later(row: Row | Cue, seconds: float) -> Row | Cue:
    (cue,) = Document((cue_of(row),)).moved(seconds).cues
    if isinstance(row, Cue):
        return as_row(cue.start, cue.end, cue)
    return Row(cue.start if row.start is not None else None, cue.end if row.end is not None else None, cue, row.times)


def _offset(header: str) -> float:
    """Seconds to add to all times, by X-TIMESTAMP-MAP (RFC 8216, section 3.5)."""
    found = _MAP.search(header)
    if found is None:
        return 0.0
    fields = dict(part.partition(":")[::2] for part in found[1].split(",", 1))
    local = timing_half(fields.get("LOCAL", "")) or 0.0
    ticks = _TICKS.fullmatch(fields.get("MPEGTS", ""))
    return float(Fraction(int(ticks[1]), 90000)) - local if ticks else 0.0
