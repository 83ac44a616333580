# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as files have them to times that can be shown: a missing end, ends before starts, no length, wrong order.

Whatever is changed here is a finding with its line. Formats whose order means something (SubStation draws later lines
over earlier ones) do not sort.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...cues import set_times
from ...text import Text
from ..document import Cue, Kind, quoted
from .base import Findings

FALLBACK_DURATION = 2.0
"""Seconds that a subtitle is shown whose end nobody knows, unless the next one begins before."""
LATEST = 3.6e9
"""Seconds: a million hours, for which clocks have six digits. What is later is a slip, and cannot be read."""
LONGEST_SWAP = 60.0
"""Seconds. Ends that would make a longer subtitle when they are swapped are a slip of a digit, not swapped."""


@dataclasses.dataclass(slots=True)
class Row:
    """One subtitle as it stands in the file. `start` or `end` is None where it cannot be read.

    `cue` holds everything but the times, its `line` and `name` too; `times` is what the file says in their place, for
    a finding that quotes it.
    """

    start: float | None
    end: float | None
    cue: Cue
    times: str = ""


def as_row(start: float | None, end: float | None, cue: Cue, times: str = "") -> Row | Cue:
    """A subtitle as `settled()` takes it: the cue alone, which has these times, where both can be read."""
    if start is not None and end is not None and abs(start) < LATEST and abs(end) < LATEST:
        return cue
    return Row(start, end, cue, times)


class Following:
    """What begins next, for formats without ends."""

    def __init__(self, starts: Iterable[float]) -> None:
        self._starts = sorted(starts)

    def after(self, start: float) -> float | None:
        """The first of the starts that is later; None where there is none."""
        index = bisect.bisect_right(self._starts, start)
        return self._starts[index] if index < len(self._starts) else None


def settled(rows: Iterable[Row | Cue], findings: Findings, *, sort: bool = True, keep_empty: bool = False) -> list[Cue]:
    """The cues, with every change of a time noted; those without text are left out and noted.

    So are those without any time where no other has one either; else they stand behind the one above. A cue among the
    rows has the two times of the file, which lie before LATEST: it needs no Row around it, and nobody else has it yet.
    A list is used up: the cues take the place of its rows, so that not both are there.
    """
    listed: list[Any] = rows if isinstance(rows, list) else list(rows)
    starts = functools.cache(lambda: _starts(listed))
    left_out = 0
    latest = -math.inf
    previous_end = 0.0
    in_order = True
    for index, row in enumerate(listed):
        start, end = row.start, row.end
        cue = row if isinstance(row, Cue) else row.cue
        if not cue.text.strip() and not keep_empty:
            _note(findings, Kind.EMPTY, row, Text("this subtitle has no text; it was left out."), _left(row))
            left_out += 1
            continue
        if start is None or end is None or not 0 <= start < end < LATEST:
            starts()  # While those to come are as they were.
            times = _times(row, starts, previous_end, findings)
            if times is None:
                message = Text('the times cannot be read; "{text}" was left out.', text=quoted(cue.text))
                _note(findings, Kind.TIME, row, message, _left(row))
                left_out += 1
                continue
            start, end = times
        if start >= latest:
            latest = start
        elif sort:
            in_order = False
            message = Text("it begins before the subtitle above it; the subtitles were sorted.")
            _note(findings, Kind.UNSORTED, row, message)
        previous_end = end
        if cue.start != start or cue.end != end:
            set_times(cue, start, end)
        if left_out or cue is not row:
            listed[index - left_out] = cue
    del listed[len(listed) - left_out :]
    cues: list[Cue] = listed
    if not in_order:
        cues.sort(key=operator.attrgetter("start"))
    return cues


def cue_of(row: Row | Cue) -> Cue:
    """What a row holds, or is, besides its times."""
    return row if isinstance(row, Cue) else row.cue


def _starts(rows: Iterable[Row | Cue]) -> list[float]:
    """When the subtitles begin that have a text and a time."""
    starts = [start for row in rows if (start := _sane(row.start)) is not None and cue_of(row).text.strip()]
    starts.sort()
    return starts


def _note(findings: Findings, kind: Kind, row: Row | Cue, message: str, quote: str = "") -> None:
    cue = cue_of(row)
    findings.add(kind, message, cue.line, quote, cue.name)


def _left(row: Row | Cue) -> str:
    """All that is lost with a row that becomes no cue."""
    cue = cue_of(row)
    pieces = [_said(row)] if row.start is None or row.end is None else []
    pieces += [cue.name] if not cue.name.isdigit() else []
    pieces += [cue.speaker, cue.text, *(span.value for span in cue.spans), *cue.extra.values()]
    return "\n".join(piece for piece in pieces if piece.strip())


def _said(row: Row | Cue) -> str:
    """What the file says in place of the times, where it is not that."""
    return "" if isinstance(row, Cue) else row.times


def _times(
    row: Row | Cue, starts: Callable[[], Sequence[float]], previous_end: float, findings: Findings
) -> tuple[float, float] | None:
    start, end = _sane(row.start), _sane(row.end)
    if start is None:
        if end is None:
            if not starts():
                return None
            message = Text("the times cannot be read; it was put behind the subtitle above it.")
            _note(findings, Kind.TIME, row, message, _said(row))
            return previous_end, _guessed_end(previous_end, starts())
        start = max(min(0.0, end), end - FALLBACK_DURATION, min(previous_end, end))
        message = Text("the start time cannot be read; a time shortly before the end was taken.")
        _note(findings, Kind.TIME, row, message, _said(row))
    elif end is None:
        end = _guessed_end(start, starts())
        seconds = end - start
        message = Text("the end time cannot be read; {seconds:g} seconds were taken.", seconds=round(seconds, 3))
        _note(findings, Kind.TIME, row, message, _said(row))
    if end < start and start - end <= LONGEST_SWAP:
        _note(findings, Kind.REVERSED, row, Text("it ends before it begins; the two times were swapped."))
        start, end = end, start
    elif end <= start:
        kind = Kind.REVERSED if end < start else Kind.NO_LENGTH
        end = _guessed_end(start, starts())
        seconds = round(end - start, 3)
        template = (
            Text("it ends before it begins; {seconds:g} seconds were taken.", seconds=seconds)
            if kind is Kind.REVERSED
            else Text("it ends when it begins; {seconds:g} seconds were taken.", seconds=seconds)
        )
        _note(findings, kind, row, template)
    if start < 0:
        _note(findings, Kind.TIME, row, Text("it begins before zero."))
    return start, end


def _sane(time: float | None) -> float | None:
    return time if time is not None and abs(time) < LATEST else None


def _guessed_end(start: float, starts: Sequence[float]) -> float:
    """The usual length, but not into the next subtitle."""
    index = bisect.bisect_right(starts, start)
    following = starts[index] if index < len(starts) else math.inf
    return min(start + FALLBACK_DURATION, following)
