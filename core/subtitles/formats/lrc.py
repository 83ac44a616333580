# SPDX-License-Identifier: GPL-3.0-or-later
"""LRC, lyrics: `[01:02.34]a line`, with several times before a line that comes several times, and with
`<01:02.80>` before each word.

A line lasts until the next time; a time without text ends it. Lines with the same time are one subtitle. `[offset:500]`
makes all of them half a second earlier, by the format's oldest description and most players.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Sequence

from ...cues import Word
from ...markup import TIME, Span
from ...text import Text
from ..document import Cue, Document, Kind
from ..times import plain_signs
from .base import Findings, Format, Source, WriteOptions
from .lines import lines_of, share
from .settling import FALLBACK_DURATION, Row, settled
from .tags import tidied_text

TAGS = "lrc.tags"
"""Of a document's `extra`: `[ti:...]` and its like, as they came."""

_TIME = r"(\d{1,4}):(\d{1,2})(?:[.:,](\d{1,6})(?:[.,](\d{1,6}))?)?"
"""`mm:ss`, with hundredths behind a full stop or, at times, a colon; `hh:mm:ss.xx` where there is a fourth part."""
_STAMP = re.compile(rf"\s*\[\s*{_TIME}\s*\]")
_WORD = re.compile(rf"<\s*{_TIME}\s*>|\[\s*{_TIME}\s*\]")
_TAG = re.compile(r"\s*\[\s*([a-zA-Z#][\w -]*+)\s*:(.*)\]\s*$")
_IN_BRACKETS = re.compile(r"\s*\[[^\]]*\]\s*$")
_OFFSET = re.compile(r"\s*([+-]?\d{1,9})\s*(?:ms)?\s*$")
_LENGTH = re.compile(rf"\s*{_TIME}\s*$")
_WITH_COLONS = re.compile(r"(?:\[\d{1,4}:\d\d:\d\d\])+[^\s\[]")
_SHARE = 0.5


@dataclasses.dataclass(slots=True)
class _Line:
    """One time of one line of the file. A `start` without text ends what is above."""

    start: float
    number: int
    text: str
    words: tuple[Word, ...] = ()
    spans: tuple[Span, ...] = ()
    end: float | None = None
    """Where the time behind the last word says it."""


def looks(head: str) -> bool:
    """Whether most lines have colons before the hundredths: lyrics, unless the file is called as transcripts are."""
    return share(head, _WITH_COLONS) >= _SHARE


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source.text).document()


class _File:
    def __init__(self, text: str) -> None:
        self._text = text
        self._findings = Findings()
        self._lines: list[_Line] = []
        self._tags: list[str] = []
        self._offset = 0.0
        self._length: float | None = None
        self._last: list[_Line] = []
        """Those of the line that was read last: one for each of its times."""

    def document(self) -> Document:
        for number, line in enumerate(lines_of(self._text), 1):
            self._line(number, line.strip("\ufeff \t"))
        rows = [self._row(cue) for cue in self._timed()]
        cues = settled(rows, self._findings)
        document = Document(
            tuple(cues), extra={TAGS: "\n".join(self._tags)} if self._tags else {}, findings=self._findings.done()
        )
        return document.moved(-self._offset)

    def _line(self, number: int, line: str) -> None:
        plain = plain_signs(line)
        starts: list[float] = []
        position = 0
        while match := _STAMP.match(plain, position):
            starts.append(_seconds(match.groups()))
            position = match.end()
        if starts:
            rest = line.split("]", len(starts))[-1]
            self._last = [_sung(start, starts[0], number, rest) for start in starts]
            self._lines += self._last
        elif match := _TAG.match(line):
            self._tag(match)
        elif line and self._last and not _IN_BRACKETS.match(line):
            message = Text('"{text}" has no time; it was added to the subtitle above it.', text=line[:60])
            self._findings.add(Kind.BROKEN, message, number)
            for above in self._last:
                above.text = f"{above.text}\n{line}"
        else:
            self._findings.stray(number, line)

    def _tag(self, match: re.Match[str]) -> None:
        self._tags.append(match[0].strip())
        if match[1].lower() == "offset" and (found := _OFFSET.match(match[2])):
            self._offset = int(found[1]) / 1000
        elif match[1].lower() == "length" and (length := _LENGTH.match(match[2])):
            self._length = _seconds(length.groups())

    def _timed(self) -> list[_Line]:
        """The lines in order, each with its end; those of one time as one."""
        ordered = sorted(self._lines, key=lambda line: line.start)
        joined: list[_Line] = []
        for line in ordered:
            if joined and joined[-1].start == line.start and joined[-1].text and line.text:
                joined[-1] = _joined(joined[-1], line)
            else:
                joined.append(line)
        following = dict(itertools.pairwise(dict.fromkeys(line.start for line in joined)))
        for line in joined:
            if line.end is None or line.end <= line.start:
                line.end = following.get(line.start) or self._last_end(line.start)
        return [line for line in joined if line.text]

    def _last_end(self, start: float) -> float:
        if self._length is not None and start < self._length <= start + 10 * FALLBACK_DURATION:
            return self._length
        return start + FALLBACK_DURATION

    def _row(self, line: _Line) -> Row:
        return Row(line.start, line.end, Cue(0.0, 0.0, line.text, _ended(line), spans=line.spans, line=line.number))


def _seconds(groups: Sequence[str | None]) -> float:
    first, second, third, fourth = groups
    if fourth is not None:
        return float(f"{(int(first or 0) * 60 + int(second or 0)) * 60 + int(third or 0)}.{fourth}")
    # Digits as they stand: 12.5 is half a second.
    return float(f"{int(first or 0) * 60 + int(second or 0)}.{third or 0}")


def _sung(start: float, first: float, number: int, raw: str) -> _Line:
    """A line at one of its times; the times of its words are those of its first time."""
    marks = list(_WORD.finditer(plain_signs(raw))) if "<" in raw or "[" in raw else []
    if not marks or len(plain_signs(raw)) != len(raw):
        return _Line(start, number, tidied_text(raw)[0])
    by = start - first
    times = [first, *(_seconds(_halves(mark)) for mark in marks)]
    edges = [0, *(edge for mark in marks for edge in mark.span()), len(raw)]
    pieces = [raw[edges[index] : edges[index + 1]] for index in range(0, len(edges), 2)]
    return _of_words(start, number, [(time + by, piece) for time, piece in zip(times, pieces, strict=True)])


def _halves(mark: re.Match[str]) -> tuple[str | None, ...]:
    groups = mark.groups()
    return groups[:4] if groups[0] is not None else groups[4:]


def _of_words(start: float, number: int, timed: list[tuple[float, str]]) -> _Line:
    text = ""
    words: list[Word] = []
    spans: list[Span] = []
    loose = False
    for index, (time, piece) in enumerate(timed):
        letters = " ".join(tidied_text(piece)[0].split())
        if letters:
            glued = bool(text) and not loose and not piece[:1].isspace()
            text += letters if glued or not text else f" {letters}"
            place = len(text) - len(letters)
            end = timed[index + 1][0] if index + 1 < len(timed) else time
            words.append(Word(time, max(time, end), letters, glued=glued))
            if time > start:
                spans.append(Span(place, place, TIME, f"{round(time, 3):g}"))
        loose = not piece or piece[-1:].isspace()
    last = timed[-1]
    return _Line(start, number, text, tuple(words), tuple(spans), None if last[1].strip() else last[0])


def _joined(line: _Line, other: _Line) -> _Line:
    by = len(line.text) + 1
    spans = (*line.spans, *(span._replace(start=span.start + by, end=span.end + by) for span in other.spans))
    ends = [end for end in (line.end, other.end) if end is not None]
    text = f"{line.text}\n{other.text}"
    return _Line(line.start, line.number, text, line.words + other.words, spans, max(ends, default=None))


def _ended(line: _Line) -> tuple[Word, ...]:
    """The words; the last one ends with the line where nothing else says when."""
    if not line.words or line.end is None or line.words[-1].end > line.words[-1].start:
        return line.words
    last = line.words[-1]
    return (*line.words[:-1], dataclasses.replace(last, end=max(last.start, line.end)))


# Writing


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """A time without text where nothing follows at once. Of two subtitles at a time the first ends when the second
    begins; the format knows no other way."""
    tags = [str(document.extra[TAGS])] if document.format == format.id and TAGS in document.extra else []
    lines = [tag for tag in "\n".join(tags).split("\n") if tag and not tag.lower().startswith("[offset")]
    for cue, following in itertools.zip_longest(document.cues, document.cues[1:]):
        lines += [f"[{_clock(cue.start)}]{text}" for text in _lines(cue)]
        if following is None or _clock(following.start) > _clock(cue.end):
            lines.append(f"[{_clock(cue.end)}]")
    return "\n".join(lines) + "\n"


def _clock(seconds: float) -> str:
    """Hundredths as most players read them, thousandths only where a time has some."""
    millis = max(0, round(seconds * 1000))
    whole, part = divmod(millis, 1000)
    fraction = f"{part // 10:02}" if part % 10 == 0 else f"{part:03}"
    return f"{whole // 60:02}:{whole % 60:02}.{fraction}"


def _lines(cue: Cue) -> list[str]:
    points = sorted(_points(cue))
    out = []
    begin = 0
    for line in cue.text.split("\n"):
        inside = [(place - begin, time) for place, time in points if begin <= place <= begin + len(line)]
        out.append(_marked(line, inside))
        begin += len(line) + 1
    return out


def _points(cue: Cue) -> Iterable[tuple[int, float]]:
    """Where in the text each word begins, and when; after the last one its end."""
    place = 0
    found: list[tuple[int, float]] = []
    for word in cue.words:
        place = cue.text.find(word.text, place)
        if place < 0:
            break
        found.append((place, word.start))
        place += len(word.text)
    if cue.words and place >= 0:
        return [*found, (place, cue.words[-1].end)]
    return [(span.start, float(span.value)) for span in cue.spans if span.kind == TIME]


def _marked(line: str, points: list[tuple[int, float]]) -> str:
    out: list[str] = []
    position = 0
    for place, time in points:
        out += [line[position:place], f"<{_clock(time)}>"]
        position = place
    return "".join([*out, line[position:]])


FORMAT = Format(
    id="lrc",
    label="LRC (lyrics)",
    suffixes=(".lrc", ".elrc"),
    # Not with a colon before the hundredths, which `looks` is for: transcripts write hours so.
    sign=re.compile(
        r"^[ \t]*(?:\[\d{1,4}:\d{1,2}(?:[.,]\d{1,6})?\][ \t]*)+[^\s\[]|^[ \t]*\[(?:ti|ar|al|offset):", re.MULTILINE
    ),
    looks=looks,
    read=read,
    write=write,
    exact=False,
    keeps=frozenset({TIME, "words"}),
)
