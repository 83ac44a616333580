# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of two times with an arrow between them, as SubRip has them and WebVTT, however they are written. Pure.

A line of times is one that begins with a time and goes on with an arrow and a time: an arrow inside a text is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..times import ARROW, as_typed, clock_pattern, counts_frames, plain_signs, seconds_of

_LONGEST_TIMES = 400
"""Characters. No line of times is longer."""
_STRICT = re.compile(r"(\d{1,6}):([0-5]\d):([0-5]\d)[,.](\d{3}) ?--> ?(\d{1,6}):([0-5]\d):([0-5]\d)[,.](\d{3})[ \t]*$")
_ARROWS = re.compile("[>\u2013\u2014\u2015\u2212\u2192\u21d2\u27a1\u2794\u279c\uf0e0]")
_BEGINS_WITH_NUMBER = re.compile(r"[\s\ufeff]*[-\u2212]?\d+\s*[:.]")
_TIMES = re.compile(
    r"(?:(?P<number>\d{1,9})[.)]?\s+)?" + clock_pattern("a") + rf"\s*(?P<arrow>{ARROW}|-{{1,3}})\s*"
    + clock_pattern("b") + r"(?P<rest>\s.*)?$"
)  # fmt: skip
_PARTING = re.compile(rf"{ARROW}|(?<=\s)-{{1,3}}(?=\s)")
_BETWEEN = re.compile(clock_pattern("a") + r"\s*(?P<arrow>[>~/|<]{1,3}|to|\xe0|\s)\s*" + clock_pattern("b") + r"$")
"""Two whole times, and nothing else, with what is left of an arrow or stands for one, or nothing between them.
Of Word's arrow `\xe0` is left where its font is gone."""
_DOTTED = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{2})\.(\d{2})([.,]\d{1,3})(?![\d.])")
"""`00.00.01,000`: full stops in place of colons."""
_FIRST_TIME = re.compile(r"(?:\d+\s+)?" + clock_pattern())
_SECOND_TIME = re.compile(clock_pattern() + r"(?=\s|$)")
_ANY_ARROW = re.compile(ARROW)
_MANGLED = re.compile(r"-?\d{1,6}:\d{1,3}:\d{1,3}[.,:;]\d(?!.*[^\W\d_]{2})")
"""A time with all its parts and no word behind it, whatever else is there."""
COORDINATES = re.compile(r"(?:[XxYy][12]?:-?\d+\s*)+")
"""Behind the times: where the subtitle is, in points."""
SETTINGS = re.compile(r"(?:[a-z]+:\S+\s*)+")
"""Behind the times: what WebVTT has there."""
_SECONDS = re.compile(rf"(\d{{1,7}}(?:[.,]\d{{1,9}})?)\s*s?\s*{ARROW}\s*(\d{{1,7}}(?:[.,]\d{{1,9}})?)\s*s?$")
"""Seconds in place of clocks."""
_SECONDS_ALONE = re.compile(r"\s*([0-9]{1,7}(?:\.[0-9]{1,9})?)s?\s*")
"""The same of one side, also where the other is none."""
_DAYS = re.compile(r"(-?)(\d{1,4}) days?,\s*(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?")
"""As Python writes a length of time of a day and more, and one before zero (`-1 day, 23:59:58.500000`)."""
_SIGNED = re.compile(
    r"(?<![\d:.,])(?=[\d:.,-]*\d?[:.,\d]-)(0{0,2}-?\d{1,6}):(0?-?\d{1,3}):(0?-?\d{1,3})[.,](0{0,2}-?\d{1,3})(?!\d)"
)
"""A time before zero whose parts got the sign, as JavaScript writes it: `00:00:-1,-500`, `0-1:58:22,135`."""
_LONGEST_BEFORE = 3_600_000
"""Thousandths of a second before zero that are a time moved too early; what is earlier is no time at all."""
_TWO_HOURS = re.compile(r"(?<![\d:])0{1,2}:(\d:\d{1,2}:\d{1,2}[.,]\d{1,3})(?!\d)")
"""`00:1:02:03,456`: hours in front of a time that has them already."""
_LETTERS = str.maketrans("OoIl|", "00111")
"""What recognition of pictures reads in place of digits."""


class Timing(NamedTuple):
    """A line of times."""

    at: int
    """Its index in the file."""
    start: float | None
    end: float | None
    rest: str = ""
    number: str = ""
    frames: tuple[re.Match[str], int] | None = None
    """The match, and the highest of its two numbers of frames, where the last parts may be frames."""
    has_letters: bool = False
    """Whether letters were taken for digits."""
    is_bare: bool = False
    """Whether nothing but a space stands between the two: such a line may as well be a text."""


def may_be_times(line: str) -> bool:
    """Whether it has an arrow or begins with a number as times do: asked of each line, so that it must be quick."""
    has_arrow = ">" in line or not (line.isascii() or _ARROWS.search(line) is None)
    return has_arrow or _BEGINS_WITH_NUMBER.match(line) is not None


def is_half(line: str) -> bool:
    """Whether an arrow is in the line and a whole time, with hours and nothing else, on one side of it or on both:
    `00:00:01,000 -->`. Such a file is one of times although none of its lines can be read as `timing_of` does. Of a
    line that is longer than any line of times the beginning counts; never raises."""
    plain = plain_signs(line[:_LONGEST_TIMES]).strip("\ufeff \t")
    arrow = _ANY_ARROW.search(plain)
    if arrow is None:
        return False
    sides = plain[: arrow.start()].strip(), plain[arrow.end() :].strip()
    return any((half := _FIRST_TIME.fullmatch(side)) and half["h"] is not None for side in sides)


def timing_of(line: str, index: int = 0) -> Timing | None:
    """What a line of times says, however it is written; None for any other line."""
    if match := _STRICT.match(line):
        a, b, c, d, e, f, g, h = match.groups()
        start = ((int(a) * 60 + int(b)) * 60 + int(c)) * 1000 + int(d)
        end = ((int(e) * 60 + int(f)) * 60 + int(g)) * 1000 + int(h)
        return Timing(index, start / 1000, end / 1000)
    if len(line) > _LONGEST_TIMES:
        return None
    plain = _unspoilt(_DOTTED.sub(r"\1:\2:\3\4", plain_signs(line)).strip("\ufeff \t"))
    found = _TIMES.match(plain)
    if found is None and plain[:1] in ("[", "(") and plain[-1:] in ("]", ")"):
        found = _TIMES.match(plain[1:-1].strip())
        if found is not None and not _is_full(found):
            return None
    if found is None:
        found = _BETWEEN.match(plain)
        full = found is not None and _is_full(found)
        if found and full and found["arrow"].isspace() and any(len(found[f"{side}f"]) < 3 for side in "ab"):
            return None  # Lists of editing programs have two times in frames side by side.
        if found is None or not full:
            return None
        return Timing(index, seconds_of(found, "a"), seconds_of(found, "b"), is_bare=found["arrow"].isspace())
    if found["arrow"].strip("-") == "" and not _is_full(found):
        return None
    rest = (found["rest"] or "").strip()
    if rest and not _is_full(found) and not COORDINATES.fullmatch(rest) and not SETTINGS.fullmatch(rest):
        return None  # "01:30 -> 02:45 on the tape" is what somebody says.
    times = seconds_of(found, "a"), seconds_of(found, "b")
    frames = [int(found[f"{side}f"]) for side in "ab" if counts_frames(found, side)]
    counted = (found, max(frames)) if len(frames) == 2 else None
    return Timing(index, *times, rest, found["number"] or "", counted)


def _is_full(found: re.Match[str]) -> bool:
    """Whether both times have hours and a fraction, as nobody writes them in a sentence."""
    return all(found[side + part] is not None for side in "ab" for part in "hf")


def _unspoilt(plain: str) -> str:
    """The line with clocks in place of what programs wrote that took their own text of a length of time for one; what
    stands behind the second time stays as it is."""
    if " day" not in plain and not _SIGNED.search(plain) and not _TWO_HOURS.search(plain):
        return plain
    parting = _PARTING.search(plain)
    if parting is None:
        return _clocks(plain, 0)
    after = plain[parting.end() :]
    begin = len(after) - len(after.lstrip())
    return _clocks(plain[: parting.start()], 0) + parting[0] + after[:begin] + _clocks(after[begin:], 1)


def _clocks(piece: str, most: int) -> str:
    """The piece with clocks in place of odd times; with a `most` of 1, only of one that it begins with."""
    odd: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
        (_DAYS, _of_days), (_SIGNED, _of_signed), (_TWO_HOURS, r"\1"),
    )  # fmt: skip
    for pattern, clock in odd:
        if not most:
            piece = pattern.sub(clock, piece)
        elif pattern.match(piece):
            piece = pattern.sub(clock, piece, count=1)
    return piece


def days_as_hours(row: str, column: int) -> str:
    """The row, whose columns have commas between them, with a clock in place of Python's length of time of a day and
    more, or of one before zero, that is all of one column.

    >>> days_as_hours("0,1 day, 0:00:01.5,x,,1 day, 0:00:02", 1), days_as_hours("-1 day, 23:59:58.5,x", 0)
    ('0,24:00:01.5,x,,1 day, 0:00:02', '-0:00:01.5,x')
    """
    found = re.match(rf"(?:[^,]*,){{{column}}}\s*({_DAYS.pattern})(?=\s*,)", row)
    return row[: found.start(1)] + _DAYS.sub(_of_days, found[1]) + row[found.end(1) :] if found else row


def rest_as_typed(line: str, rest: str) -> str:
    """The `rest` of a line of times with its own letters and marks, without the bracket that is around all of it.

    >>> rest_as_typed("[0:00:01.0 --> 0:00:02.0 Hello]", "Hello")
    'Hello'
    """
    line = line.rstrip()
    if plain_signs(line).lstrip("\ufeff \t")[:1] in ("[", "("):
        line = line[: max(line.rfind("]"), line.rfind(")"))].rstrip()
    return as_typed(line, rest)


def _of_days(match: re.Match[str]) -> str:
    days, hours, minutes, seconds = (int(match[index]) for index in range(2, 6))
    steps = 10 ** len(match[6] or "")
    whole = ((hours + (-24 * days if match[1] else 24 * days)) * 60 + minutes) * 60 + seconds
    return _signed_clock(whole * steps + int(match[6] or 0), steps)


def _of_signed(match: re.Match[str]) -> str:
    # Python's int() takes no "0-1", which is -1 made two places wide.
    hours, minutes, seconds, thousandths = (int(part.lstrip("0") or 0) for part in match.groups())
    count = ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
    return match[0] if count < -_LONGEST_BEFORE else _signed_clock(count, 1000)


def _signed_clock(count: int, steps: int) -> str:
    whole, part = divmod(abs(count), steps)
    digits = f".{part:0{len(str(steps)) - 1}}" if steps > 1 else ""
    return f"{'-' if count < 0 else ''}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}{digits}"


def broken_timing(line: str, index: int) -> Timing | None:
    """Times, or half of them, where a number right above says that there must be times."""
    plain = plain_signs(line).strip("\ufeff \t")
    arrow = _ANY_ARROW.search(plain[:_LONGEST_TIMES])
    if arrow and (seconds := _SECONDS.match(plain)):
        first, second = (float(value.replace(",", ".")) for value in seconds.groups())
        return Timing(index, first, second)
    if arrow and (timing := timing_of(plain.translate(_LETTERS), index)) and not timing.rest:
        return timing._replace(has_letters=True)
    start = _FIRST_TIME.fullmatch(plain[: arrow.start()].strip() if arrow else plain[:_LONGEST_TIMES].strip())
    if arrow is None and not (start and (start["h"] or start["f"])) and not _MANGLED.match(plain[:_LONGEST_TIMES]):
        return None  # "5:30 is when he left" below a number is a text.
    end = _SECOND_TIME.match(plain[arrow.end() :].strip()) if arrow else None
    rest = plain[arrow.end() :].strip()[end.end() :].strip() if arrow and end else ""
    return Timing(index, start and seconds_of(start), end and seconds_of(end), rest)


def timing_half(text: str) -> float | None:
    """The seconds of one side of an arrow, where it is a time."""
    timing = timing_of(f"{text.strip()} --> {text.strip()}")
    if timing is None and (seconds := _SECONDS_ALONE.fullmatch(text)):
        return float(seconds[1])
    return timing.start if timing is not None and not timing.rest else None


def no_times(text: str) -> str:
    """The text with a word joiner in front of each line that would be read as times.

    >>> no_times("one\\n0:01 -> 0:02") == "one\\n\\u20600:01 -> 0:02"
    True
    """
    if text.count(":") < 2 and text.isascii() and "-" not in text and "=" not in text:
        return text  # Nearly all texts; times have an arrow between them, or are whole.
    return "\n".join(f"\u2060{line}" if timing_of(line) is not None else line for line in text.split("\n"))
