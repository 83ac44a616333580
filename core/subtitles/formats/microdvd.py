# SPDX-License-Identifier: GPL-3.0-or-later
"""MicroDVD: `{first frame}{last frame}first line|second line`; a first line `{1}{1}25` says frames per second."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction

from ...cues import new_cue
from ...markup import COLOR, FONT, SIZE, SWITCHES
from ..document import Cue, Document
from ..lines import lines_of
from . import codes
from .base import Findings, Format, Source, WriteOptions
from .lines import gathered, with_more
from .settling import Row, settled

USUAL_RATE = Fraction(24000, 1001)
"""Frames per second where nobody says any: that of films, which ffmpeg and Subtitle Edit take as well."""

_BY_ROUNDING = 1e-3
"""Frames. So close to the middle between two frames binary fractions may fall on the wrong side of it."""
_TIME = r"\d{1,9}|\d{1,2}:\d{2}:\d{2}"
_LINE = re.compile(rf"\s*\{{\s*({_TIME})\s*\}}\s*\{{\s*((?:{_TIME})?)\s*\}}(.*)$")
_SIGN = re.compile(rf"^[^\S\n]*\{{\s*(?:{_TIME})\s*\}}\s*\{{\s*(?:{_TIME})?\s*\}}", re.MULTILINE)
_DEFAULT = re.compile(r"^[ \t]*\{DEFAULT\}\{\}((?:\{[a-zA-Z]:[^{}\n]*\})*)[ \t]*$", re.MULTILINE)
"""The line that says what all subtitles look like."""
_HEAD = 2000
"""Characters in which that line is looked for."""
_FIRST_LINES = 10
"""Among them is the line that says the rate: programs that add their advert put it above."""
_RATE = re.compile(r"\s*(\d{1,3})(?:[.,](\d{1,6}))?\s*(?:fps)?\s*$", re.IGNORECASE)
_NTSC = {Fraction(rate, 1000): Fraction(rate // 1000 + 1) * 1000 / 1001 for rate in (23976, 29970, 59940)} | {
    Fraction(2398, 100): USUAL_RATE,
    Fraction(2397, 100): USUAL_RATE,
    Fraction(23976, 1000): USUAL_RATE,
    Fraction(23976024, 1000000): USUAL_RATE,
    Fraction(2997, 100): Fraction(30000, 1001),
    Fraction(5994, 100): Fraction(60000, 1001),
}


def read(source: Source) -> Document:
    """Never raises. A rate in the file wins over that of the options."""
    findings = Findings()
    where, rate = _said(source.text)
    rows: list[Row | Cue] = []
    usual, text = _usual(source.text)
    for number, match, more in gathered(text, _LINE.match, findings):
        if number == where:
            for index, line in enumerate(lines_of(more), number + 1):
                findings.stray(index, line)
            continue
        if rate is None and ":" not in match[1] + match[2]:
            rate = _rate_without_word(source, findings)
        rows.append(_row(number, match, more, rate, findings, usual))
    return Document(tuple(settled(rows, findings)), fps=rate, findings=findings.done())


def _usual(text: str) -> tuple[str, str]:
    """The codes that hold for all subtitles, in capitals, and the text without the line that says them."""
    match = _DEFAULT.search(text, 0, _HEAD)
    if match is None:
        return "", text
    codes_in_capitals = re.sub(r"\{([a-z]):", lambda code: f"{{{code[1].upper()}:", match[1])
    return codes_in_capitals, text[: match.start()] + text[match.end() :]


def _said(text: str) -> tuple[int, Fraction | None]:
    """The number of the line that says the frames per second, and what it says; 0 and None without one."""
    for number, line in enumerate(itertools.islice(lines_of(text), _FIRST_LINES), 1):
        match = _LINE.match(line)
        if match and match[1] in ("0", "1") and match[2] in ("0", "1") and (rate := rate_of(match[3])):
            return number, rate
    return 0, None


def _rate_without_word(source: Source, findings: Findings) -> Fraction:
    """The frames per second of a file that does not say them."""
    rate = source.options.fps
    if rate is None:
        rate = USUAL_RATE
        findings.rate_taken(rate, 1)
    return rate


def rate_of(text: str) -> Fraction | None:
    """The frames per second that `text` is, 23.976 and its like as the fractions they stand for; None if it is none."""
    match = _RATE.match(text)
    if match is None:
        return None
    rate = Fraction(f"{match[1]}.{match[2] or 0}")
    return _NTSC.get(rate, rate) if 1 <= rate <= 240 else None


def _row(
    number: int, match: re.Match[str], more: str, rate: Fraction | None, findings: Findings, usual: str
) -> Row | Cue:
    raw = with_more(match[3], number, more, findings) if more else match[3]
    raw = f"{usual}{raw}" if usual and raw.strip() else raw
    text, spans = codes.read_text(raw, findings, number)
    first, last = match.group(1, 2)
    start = _seconds(first, rate or USUAL_RATE)
    end = _seconds(last, rate or USUAL_RATE) if last else start
    cue = new_cue(start, end, text, spans, codes.place_of(raw), line=number)
    return cue if last else Row(start, None, cue, f"{{{first}}}{{}}")


def _seconds(time: str, rate: Fraction) -> float:
    """Of a number of frames; of a clock, which PowerDivX writes in their place."""
    if ":" in time:
        hours, minutes, seconds = map(int, time.split(":"))
        return float((hours * 60 + minutes) * 60 + seconds)
    # One division of whole numbers, rounded once.
    return int(time) * rate.denominator / rate.numerator


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """With the rate in the first line. Rate: that of the options, else the document's own, else 23.976."""
    rate = options.fps or document.fps or USUAL_RATE
    own = document.format == format.id
    lines = [f"{{1}}{{1}}{_decimal(rate)}"]
    for cue in document.cues:
        start, end = _frame(cue.start, rate), _frame(cue.end, rate)
        text = codes.written(cue.text, cue.spans, own)
        lines.append(f"{{{start}}}{{{max(end, start + 1)}}}{text}")
    return "\n".join(lines) + "\n"


def _frame(time: float, rate: Fraction) -> int:
    """The frame nearest to a time, of two that are as near the later one; the time as files write it, in decimal."""
    near = time * rate.numerator / rate.denominator
    frame = math.floor(near + 0.5)
    if abs(near + 0.5 - round(near + 0.5)) > _BY_ROUNDING:
        return frame
    return math.floor(Fraction(str(time)) * rate + Fraction(1, 2))


def _decimal(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".") if rate.denominator > 1 else str(rate.numerator)


FORMAT = Format(
    id="microdvd",
    label="MicroDVD",
    suffixes=(".sub", ".txt"),
    sign=_SIGN,
    read=read,
    write=write,
    exact=False,
    keeps=frozenset((*SWITCHES, COLOR, FONT, SIZE, codes.CODE)),
    whole_lines=True,
)
