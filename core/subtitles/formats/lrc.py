# SPDX-License-Identifier: GPL-3.0-or-later
"""LRC, lyrics: `[01:02.34]a line`, with several times before a line that comes several times, and with
`<01:02.80>` before each word.

A line lasts until the next time; a time without text ends it. Lines with the same time are one subtitle. `[offset:500]`
makes all of them half a second earlier, by the format's oldest description and most players.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from array import array
from collections.abc import Callable, Iterable, Sequence

from ...cues import Word, new_cue, set_times
from ...markup import TIME, Span, shifted
from ...text import Text
from ..document import Cue, Document, Kind
from ..lines import lines_of
from ..times import plain_signs
from .base import MOST_TAGS, Findings, Format, Source, WriteOptions, is_too_long
from .lines import share
from .settling import FALLBACK_DURATION, Following, Row, as_row, settled
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
        self._said: list[str | Cue] = []
        """What is sung at each time of a line that has a text, as they come: a cue where it has times inside. Its end
        is not a number where no time behind the last word says it."""
        self._starts, self._numbers = array("d"), array("I")
        """When, and in which line of the file."""
        self._begins = array("d")
        """All times: one without a text ends what is above."""
        self._tags: list[str] = []
        self._offset = 0.0
        self._length: float | None = None
        self._current: tuple[list[float], int, str, list[str]] | None = None
        """The times of the line that is read, its number, what it says if there may be times in that, and what it says
        else and the lines below it that have no time."""

    def document(self) -> Document:
        for number, line in enumerate(lines_of(self._text), 1):
            self._line(number, line.strip("\ufeff \t"))
        self._take()
        cues = settled(self._timed(), self._findings)
        if self._offset:
            for index, cue in enumerate(cues):  # Not all of them twice.
                (cues[index],) = Document((cue,)).moved(-self._offset).cues
        extra = {TAGS: "\n".join(self._tags)} if self._tags else {}
        return Document(tuple(cues), extra=extra, findings=self._findings.done())

    def _line(self, number: int, line: str) -> None:
        plain = plain_signs(line)
        starts: list[float] = []
        position = 0
        while match := _STAMP.match(plain, position):
            starts.append(_seconds(match.groups()))
            position = match.end()
        if starts:
            self._timed_line(starts, number, line.split("]", len(starts))[-1])
        elif match := _TAG.match(line):
            self._tag(match)
        elif line and self._current and not _IN_BRACKETS.match(line):
            message = Text('"{text}" has no time; it was added to the subtitle above it.', text=line[:60])
            self._findings.add(Kind.BROKEN, message, number)
            said = self._current[3]
            if said[-1:] == [""]:
                said.pop()
                line = f"\n{line}"
            said.append(line)
        else:
            self._findings.stray(number, line)

    def _timed_line(self, starts: list[float], number: int, rest: str) -> None:
        raw, said = (rest, []) if "<" in rest or "[" in rest else ("", [tidied_text(rest)[0]])
        same = self._current
        if same is None or same[0] != starts or raw or same[2] or same[3] == [""]:
            self._take()
            self._current = starts, number, raw, said
        else:
            same[3].extend(said)  # One subtitle in the end.

    def _take(self) -> None:
        """Make cues of the line that was read: one for each of its times."""
        if self._current is None:
            return
        starts, number, raw, said = self._current
        self._begins.extend(starts)
        marks = self._marks(raw, number, len(starts)) if raw else []
        below = "\n".join(filter(None, said))
        text = below if marks or not raw else "\n".join(filter(None, (tidied_text(raw)[0], below)))
        for start in starts:
            part: str | Cue = text
            if marks:
                cue = _sung(start, starts[0], number, raw, marks)
                part = dataclasses.replace(cue, text=f"{cue.text}\n{below}") if below else cue
            if part if isinstance(part, str) else part.text:
                self._said.append(part)
                self._starts.append(start)
                self._numbers.append(number)

    def _marks(self, raw: str, number: int, times: int) -> list[re.Match[str]]:
        """The times of the words of a line that comes so many times."""
        plain = plain_signs(raw)
        if is_too_long(raw, "<[") or raw.count("<") * times > MOST_TAGS:
            self._findings.too_long(number)
            return []
        return list(_WORD.finditer(plain)) if len(plain) == len(raw) else []

    def _tag(self, match: re.Match[str]) -> None:
        self._tags.append(match[0].strip())
        if match[1].lower() == "offset" and (found := _OFFSET.match(match[2])):
            self._offset = int(found[1]) / 1000
        elif match[1].lower() == "length" and (length := _LENGTH.match(match[2])):
            self._length = _seconds(length.groups())

    def _timed(self) -> list[Row | Cue]:
        """The cues in order, each with its end; those of one time as one."""
        begins: Callable[[int], float] = self._starts.__getitem__
        order = array("I", sorted(range(len(self._starts)), key=begins))
        following = Following(self._begins)
        rows: list[Row | Cue] = []
        for start, group in itertools.groupby(order, begins):
            first, *others = group
            cue = _joined(start, [self._said[index] for index in (first, *others)], self._numbers[first])
            if not cue.end > start:
                end = following.after(start)
                set_times(cue, start, self._last_end(start) if end is None else end)
            cue = dataclasses.replace(cue, words=_ended(cue)) if cue.words else cue
            rows.append(as_row(start, cue.end, cue))
        return rows

    def _last_end(self, start: float) -> float:
        if self._length is not None and start < self._length <= start + 10 * FALLBACK_DURATION:
            return self._length
        return start + FALLBACK_DURATION


def _seconds(groups: Sequence[str | None]) -> float:
    first, second, third, fourth = groups
    if fourth is not None:
        return float(f"{(int(first or 0) * 60 + int(second or 0)) * 60 + int(third or 0)}.{fourth}")
    # Digits as they stand: 12.5 is half a second.
    return float(f"{int(first or 0) * 60 + int(second or 0)}.{third or 0}")


def _sung(start: float, first: float, number: int, raw: str, marks: Sequence[re.Match[str]]) -> Cue:
    """A line at one of its times; the times of its words, which the marks say, are those of its first time."""
    by = start - first
    times = [first, *(_seconds(_halves(mark)) for mark in marks)]
    edges = [0, *(edge for mark in marks for edge in mark.span()), len(raw)]
    pieces = [raw[edges[index] : edges[index + 1]] for index in range(0, len(edges), 2)]
    return of_words(start, number, [(time + by, piece) for time, piece in zip(times, pieces, strict=True)])


def _halves(mark: re.Match[str]) -> tuple[str | None, ...]:
    groups = mark.groups()
    return groups[:4] if groups[0] is not None else groups[4:]


def of_words(start: float, number: int, timed: list[tuple[float, str]]) -> Cue:
    """A line of the file, of pieces of text that begin at these times. Its end is that of the last one where it has no
    text, and not a number otherwise."""
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
    time, piece = timed[-1]
    end = math.nan if piece.strip() else time
    return new_cue(start, end, text, tuple(spans), line=number, words=tuple(words))


def _joined(start: float, parts: Sequence[str | Cue], number: int) -> Cue:
    """What is sung at one time: it ends with the last of those that say when they end."""
    if len(parts) == 1 and isinstance(parts[0], Cue):
        return parts[0]
    spans: list[Span] = []
    words: list[Word] = []
    end, by = math.nan, 0
    for part in parts:
        if isinstance(part, Cue):
            spans += shifted(part.spans, by)
            words += part.words
            end = part.end if math.isnan(end) or part.end > end else end
        by += len(part if isinstance(part, str) else part.text) + 1
    text = "\n".join(part if isinstance(part, str) else part.text for part in parts)
    return new_cue(start, end, text, tuple(spans), line=number, words=tuple(words))


def _ended(cue: Cue) -> tuple[Word, ...]:
    """The words; the last one ends with the line where nothing else says when."""
    last = cue.words[-1]
    if last.end > last.start:
        return cue.words
    return (*cue.words[:-1], dataclasses.replace(last, end=max(last.start, cue.end)))


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
