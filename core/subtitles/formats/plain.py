# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain text: a transcript with a time (or two) before each text, or a text without any times.

Times in frames (`00:00:11:10`), two times with nothing but a space or a comma between them, a number before and a
length behind them are what editing programs write lists of subtitles with.

Without times each paragraph (each line, where no line is empty) is shown one after the other for as long as it takes to
read: something to begin with, and said to be that.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from fractions import Fraction

from ...cues import text_length
from ...text import Text
from ..document import Cue, Document, Kind
from ..times import ARROW, as_typed, counts_frames, guessed_rate, plain_signs, seconds_of
from .base import Findings, Format, Source, WriteOptions
from .lines import share
from .settling import FALLBACK_DURATION, Row, settled
from .tags import tidied_text

READING = 15.0
"""Characters a second that a text without times is shown for."""
_SHORTEST, _LONGEST = 1.5, 7.0

_TIME = (
    r"(?P<{0}sign>(?!))?(?:(?P<{0}h>\d{{1,3}}):)?(?P<{0}m>\d{{1,3}}):(?P<{0}s>\d{{2}})"
    r"(?:(?P<{0}mark>[.,:;])(?P<{0}f>\d{{1,3}}))?"
)
_WITH_HOURS = r"(?=\d{1,3}:\d{1,3}:\d\d)"
_STAMP = re.compile(
    rf"\s*(?:\d{{1,6}}[ \t]+{_WITH_HOURS}(?=(?:[^\s,]|,(?=[^\s,]))+[ \t,]+\d+:\d))?"
    rf"(?:[\[(]\s*)?{_TIME.format('a')}(?:\s*[\])])?"
    rf"(?:(?:\s*(?:{ARROW}|-|to)\s*|(?:\s*[,;]\s*|\s+){_WITH_HOURS})(?:[\[(]\s*)?{_TIME.format('b')}(?:\s*[\])])?"
    r"(?:\s+(?P<length>\d{1,2}(?::\d{2}){1,3})(?=\s|$))?)?"
    r"\s*[-:,\u2013|]?(?:\s+(?P<rest>.*)|)$"
)
_SHARE = 0.3


def looks(head: str) -> bool:
    """Whether enough lines begin with a time, and the first is one of them."""
    first = next((line for line in head.split("\n") if line.strip()), "")
    return _STAMP.match(plain_signs(first)) is not None and share(head, _STAMP) >= _SHARE


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    lines = source.text.split("\n")
    rate: Fraction | None = None
    if any(_STAMP.match(plain_signs(line)) for line in lines):
        stamps = list(_stamps(lines, findings))
        rate = _rate([stamp.match for stamp in stamps], source.options.fps, findings)
        rows = _timed(stamps, rate, findings)
    else:
        rows = _untimed(source.text)
        if rows:
            message = Text("the text has no times; each paragraph was given the time that it takes to read.")
            findings.add(Kind.TIME, message, 1)
    return Document(tuple(settled(rows, findings)), fps=rate, findings=findings.done())


@dataclasses.dataclass(slots=True)
class _Stamp:
    """A line that begins with a time, and the text up to the next."""

    number: int
    match: re.Match[str]
    line: str
    body: list[str]


def _stamps(lines: list[str], findings: Findings) -> Iterator[_Stamp]:
    current: _Stamp | None = None
    for number, line in enumerate(lines, 1):
        match = _STAMP.match(plain_signs(line))
        if match is not None:
            if current is not None:
                yield current
            current = _Stamp(number, match, line.strip(), [as_typed(line, match["rest"] or "")])
        elif current is not None:
            current.body.append(line)
        else:
            findings.stray(number, line.strip("\ufeff \t"))
    if current is not None:
        yield current


def _rate(matches: list[re.Match[str]], said: Fraction | None, findings: Findings) -> Fraction | None:
    """The frames a second, where the times count frames; None where they do not."""
    frames = [int(match["af"]) for match in matches if counts_frames(match, "a")]
    frames += [int(match["bf"]) for match in matches if match["bm"] is not None and counts_frames(match, "b")]
    if not any(counts_frames(match, "a") for match in matches):
        return None
    rate = said or guessed_rate(max(frames))
    if said is None:
        findings.rate_taken(rate)
    return rate


def _timed(stamps: list[_Stamp], rate: Fraction | None, findings: Findings) -> list[Row]:
    rows = []
    has_text = False
    starts = {stamp.number: seconds_of(stamp.match, "a", rate) for stamp in stamps}
    following = dict(itertools.pairwise(sorted(set(starts.values()))))
    for stamp in stamps:
        match, start = stamp.match, starts[stamp.number]
        end = seconds_of(match, "b", rate) if match["bm"] is not None else None
        if match["length"] and not _is_length(match["length"], start, end or start, rate):
            stamp.body.insert(0, match["length"])
        text, _ = tidied_text("\n".join(stamp.body))
        has_text = has_text or bool(text.strip())
        # A time alone ends the text above it; two of them are a subtitle that has none.
        if text.strip() or end is not None:
            guessed = following.get(start, start + FALLBACK_DURATION)
            rows.append(Row(start, end if end is not None else guessed, Cue(0.0, 0.0, text, line=stamp.number)))
    if has_text:
        return rows
    for stamp in stamps:
        findings.stray(stamp.number, stamp.line)
    return []


def _is_length(said: str, start: float, end: float, rate: Fraction | None) -> bool:
    """Whether it is what the two times say already: seconds and frames, or a clock."""
    parts = [int(part) for part in said.split(":")]
    frames = parts.pop() if rate is not None else 0
    seconds = float(frames / rate) if rate is not None else 0.0
    for place, part in enumerate(reversed(parts)):
        seconds += part * 60**place
    return abs(seconds - (end - start)) <= 0.1


def _untimed(text: str) -> list[Row]:
    has_paragraphs = re.search(r"\S[ \t]*\n[ \t]*\n+[ \t]*\S", text) is not None
    rows = []
    start = 0.0
    line = 1
    for block in re.split(r"\n[ \t]*\n" if has_paragraphs else r"\n", text):
        tidy, _ = tidied_text(block)
        if tidy.strip():  # A separator of lines alone is no text.
            length = min(max(round(text_length(tidy) / READING, 3), _SHORTEST), _LONGEST)
            rows.append(Row(start, start + length, Cue(0.0, 0.0, tidy, line=line)))
            start = round(start + length, 3)
        line += block.count("\n") + (2 if has_paragraphs else 1)
    return rows


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """The texts only; an empty line parts them where one of them has several lines."""
    between = "\n\n" if any("\n" in cue.text for cue in document.cues) else "\n"
    return between.join(cue.text for cue in document.cues) + "\n"


TRANSCRIPT = Format(
    id="transcript",
    label="Transcript",
    suffixes=(".txt",),
    looks=looks,
    read=read,
)
TEXT = Format(
    id="txt",
    label="Plain text without times",
    suffixes=(".txt",),
    write=write,
    exact=False,
    keeps=frozenset(),
)
