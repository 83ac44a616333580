# SPDX-License-Identifier: GPL-3.0-or-later
"""SubRip, `.srt`, with everything that thirty years of tools and people have done to it.

There is no standard. What is read: numbers missing, wrong or repeated; no empty lines, or one after each line; times
with any separator, arrow and script; HTML's tags and SubStation's, entities, coordinates. A line of times is one that
begins with a time and goes on with an arrow and a time: an arrow inside a text is text.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from fractions import Fraction

from ...cues import new_cue
from ...text import Text
from ..document import Cue, Document, Kind
from ..lines import Lines, lines_of
from ..times import clock, guessed_rate, plain_signs, seconds_of
from . import speaker_lines, subrip_text, timings
from .base import Findings, Format, Source, WriteOptions
from .settling import Row, as_row, settled
from .timings import Timing, broken_timing, is_half, may_be_times, no_times, timing_of

COORDINATES = "srt.coordinates"
"""Of a cue's `extra`: `X1:40 X2:600 Y1:20 Y2:50`, as it came."""
SETTINGS = "vtt.settings"

_INVISIBLE = "\ufeff \t\xad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069"
"""What stands around numbers unseen: marks of direction, joiners, and byte order marks of files put together."""
_BLANK = f"{_INVISIBLE}\xa0"
"""What a line has that stands for an empty one."""
_NUMBERED_SECONDS = re.compile(
    r"^[ \t]*\d{1,6}[ \t]*\n[ \t]*\d{1,7}[.,]\d{1,9}s? *-{1,3}> *\d{1,7}[.,]\d{1,9}s?[ \t]*$", re.MULTILINE
)
_MANY_LINES = 200
_LAST_LINES = 8
"""Of a text of more than so many lines, those that the number of the next subtitle is looked for in."""
_ODD_NUMBER = re.compile(r"-\d{1,9}|\d{1,9}(?:\.\d{1,3}|[A-Za-z])", re.ASCII)
"""What stands in a number's place where somebody put a subtitle between two others, or a program counted wrongly."""
_LISTED = re.compile(r"[\ufeff\u200b \t]*[#(\[*]{0,3}(\d{1,9})[.):\]*]{0,3}[\u200b \t]*", re.ASCII)


def looks(head: str) -> bool:
    """Whether some line is one of times, or of a time on one side of an arrow."""
    lines = filter(may_be_times, head.split("\n"))
    if any(timing_of(line) is not None or is_half(line) for line in lines):
        return True
    return _NUMBERED_SECONDS.search(head) is not None


def read(source: Source) -> Document:
    """Never raises: a file without subtitles is a document without cues, with findings for all its text."""
    return _File(source.text, source.options.fps).document()


class _File:
    """One file, line by line: find the lines of times, and see what stands between each and the next."""

    def __init__(self, text: str, rate: Fraction | None) -> None:
        self._text = _without_signs(text)
        self._lines = Lines(self._text)
        self._rate = rate
        self._findings = Findings()
        self._numbered = False

    def document(self) -> Document:
        timings = self._timings()
        first = next(timings, None)
        self._before_first(first.at if first else len(self._lines))
        self._numbered = first is not None and self._number_above(first.at) is not None
        rows = list(self._rows(first, timings)) if first else []
        if not self._numbered:  # Transcripts of meetings have no numbers.
            speaker_lines.take(rows, self._findings)
        cues = settled(rows, self._findings)
        return Document(tuple(cues), fps=self._rate, findings=self._findings.done())

    # Lines of times

    def _timings(self) -> Iterator[Timing]:
        for index, line in enumerate(lines_of(self._text)):
            if not may_be_times(line):
                continue
            timing = timing_of(line, index)
            if timing is not None and timing.is_bare and not self._may_begin(index):
                continue
            if timing is None and self._follows_number(index):
                timing = broken_timing(line, index)
            if timing is not None:
                yield timing

    def _may_begin(self, index: int) -> bool:
        """Whether a number or nothing stands right above, as above a subtitle."""
        above = self._lines[index - 1] if index else ""
        return not above.strip(_BLANK) or bool(_number(above))

    def _follows_number(self, index: int) -> bool:
        if index == 0 or not _number(self._lines[index - 1]):
            return False
        return index == 1 or not self._lines[index - 2].strip(_BLANK)

    @functools.cached_property
    def _frame_rate(self) -> Fraction | None:
        """The frames a second, where `00:00:01:12` means frames: unless a file has milliseconds behind its colons."""
        number = counted = most = first = 0
        drops = False
        for timing in self._timings():
            number += 1
            first = first or timing.at + 1
            if timing.frames is not None:
                counted += 1
                most = max(most, timing.frames[1])
                drops = drops or timing.frames[0]["amark"] == ";"
        if counted < number / 2:
            return None
        if self._rate is None:
            self._rate = guessed_rate(most, drops)
            self._findings.rate_taken(self._rate, first)
        return self._rate

    def _counted(self, timing: Timing) -> Timing:
        if timing.frames is None or self._frame_rate is None:
            return timing
        start, end = (seconds_of(timing.frames[0], side, self._frame_rate) for side in "ab")
        return timing._replace(start=start, end=end)

    # What stands between them

    def _before_first(self, stop: int) -> None:
        last = next((index for index in range(stop - 1, -1, -1) if self._lines[index].strip("\ufeff \t")), None)
        for index, line in enumerate(itertools.islice(lines_of(self._text), stop)):
            if not (index == last and _number(line) and stop < len(self._lines)):
                self._findings.stray(index + 1, line.strip("\ufeff \t"))

    def _rows(self, first: Timing, others: Iterator[Timing]) -> Iterator[Row | Cue]:
        name = self._number_above(first.at)
        timing: Timing | None = first
        while timing is not None:
            later = next(others, None)
            stop = later.at if later else len(self._lines)
            at = timing.at + 1
            if stop - at > _MANY_LINES:
                at, body = self._long_body(at, stop)
            else:
                body = self._lines.part(at, stop)
            while body and not (body[-1] and body[-1].strip(_BLANK)):
                body.pop()
            following = self._next_number(body, at, stop, name, later is None)
            if following is not None:
                body.pop()
                self._again(body, following, at)
            yield self._row(self._counted(timing), "\n".join(body), timing.number or name or "")
            name, timing = following, later

    def _long_body(self, start: int, stop: int) -> tuple[int, list[str]]:
        """A text of so many lines that not each may be an object: all but the last few are one. And where it would
        begin if that were one line."""
        while stop > start and not self._lines[stop - 1].strip(_BLANK):
            stop -= 1
        last = max(start, stop - _LAST_LINES)
        above = [self._lines.text(start, last)] if start < last else []
        return last - len(above), above + self._lines.part(last, stop)

    def _again(self, body: list[str], number: str, first: int) -> None:
        """Take from the end of a text what is not its: empty lines, and the number of the next one once more."""
        while body and not (body[-1] and body[-1].strip(_BLANK)):
            body.pop()
        if len(body) > 1 and _number(body[-1]) == number and not body[-2].strip(_BLANK):
            self._findings.stray(first + len(body), body.pop())
            while body and not body[-1].strip(_BLANK):
                body.pop()

    def _row(self, timing: Timing, raw: str, name: str) -> Row | Cue:
        line = timing.at + 1
        extra: dict[str, str] = {}
        if timing.has_letters:
            self._findings.add(Kind.TIME, Text("letters in the times were taken for digits."), line, "", name)
        if timing.rest:
            if timings.COORDINATES.fullmatch(timing.rest):
                extra[COORDINATES] = timing.rest
            elif timings.SETTINGS.fullmatch(timing.rest):
                extra[SETTINGS] = timing.rest
            else:
                message = Text("there is text behind the times; it was put into the subtitle.")
                self._findings.add(Kind.TIME, message, line)
                raw = f"{timings.rest_as_typed(self._lines[timing.at], timing.rest)}\n{raw}"
        text, spans, placing, speaker = subrip_text.read_text(raw, self._findings, line)
        start, end = timing.start or 0.0, timing.end or 0.0
        cue = new_cue(start, end, text, spans, placing, "", speaker, 0, name, extra, line)
        return as_row(timing.start, timing.end, cue, self._lines[timing.at].strip("\ufeff \t"))

    def _next_number(self, body: list[str], first: int, stop: int, name: str | None, is_last: bool) -> str | None:
        """The number of the subtitle that follows, where `body` ends with it; its last line is text otherwise."""
        number = _number(body[-1]) if body else ""
        touches = first + len(body) == stop
        if not number:
            is_odd = len(body) > 1 and touches and not is_last and self._numbered and not body[-2].strip(_BLANK)
            return line if is_odd and _ODD_NUMBER.fullmatch(line := body[-1].strip(_INVISIBLE)) else None
        parted = len(body) == 1 or not body[-2].strip(_BLANK)
        is_next = name is not None and name.isdigit() and int(name[:18]) + 1 == int(number[:18])
        if is_last:
            if not (is_next and parted and len(body) > 1):
                return None
            message = Text("the file ends in the middle of subtitle {number}.", number=number)
            self._findings.add(Kind.BROKEN, message, first + len(body), number)
            return number
        if is_next or (parted and len(body) > 1) or (parted and not touches and self._numbered):
            return number
        return number if touches and self._numbered and len(body) > 1 else None

    def _number_above(self, index: int) -> str | None:
        # Two lines up as well: some tools put an empty line between all others.
        for above in reversed(self._lines.part(max(0, index - 2), index)):
            if above.strip(_BLANK):
                return _number(above) or None
        return None


def _without_signs(text: str) -> str:
    """Numbers as lists have them (`1.`, `#2`, `(3)`) become SubRip's, where the first subtitle has such a one."""
    number, above = "", -1
    for at, line in enumerate(lines_of(text)):
        if may_be_times(line) and timing_of(line):
            above = at - 1
            break
        number = line
    if above < 0 or _number(number) or not _LISTED.fullmatch(number):
        return text
    lines = text.split("\n")
    for at in range(above, len(lines) - 1):
        if may_be_times(lines[at + 1]) and (match := _LISTED.fullmatch(lines[at])):
            lines[at] = match[1]
    return "\n".join(lines)


def _number(line: str) -> str:
    """The digits of a line that is nothing but a number, whatever script they are in; empty for another one."""
    if line.isdigit() and line.isascii():
        return line
    stripped = line.strip(_INVISIBLE)
    if not stripped.isascii() and len(stripped) < 10:
        stripped = plain_signs(stripped)
    return stripped if stripped.isdigit() and stripped.isascii() else ""


# Writing


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """Numbers from 1; an arrow in a text that would be read as times becomes `->`, and a line that still would gets a
    word joiner in front, which has no width."""
    own = document.format == format.id
    blocks = []
    for number, cue in enumerate(document.cues, 1):
        times = f"{clock(cue.start, ',')} --> {clock(cue.end, ',')}"
        if own and COORDINATES in cue.extra:
            times += f"  {cue.extra[COORDINATES]}"
        blocks.append(f"{number}\n{times}\n{no_times(subrip_text.written(cue, own))}\n")
    return "\n".join(blocks)


FORMAT = Format(
    id="srt",
    label="SubRip",
    suffixes=(".srt",),
    looks=looks,
    read=read,
    write=write,
    keeps=subrip_text.KEEPS,
    keeps_own=frozenset({"position"}),
)
