# SPDX-License-Identifier: GPL-3.0-or-later
"""YouTube's `json3`: `events` with `segs`, in thousandths of a second."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from ...cues import Word, new_cue, set_times
from ...markup import TIME, Span
from ..document import Cue, Document
from . import json_rows, json_signs
from .base import Findings, Format, Source
from .json_rows import REST, Fields, dumped, load, taken
from .settling import Row, as_row, cue_of, settled


def read_youtube(source: Source) -> Document:
    """YouTube's `json3`: `events` with `segs`, in thousandths. An event that only breaks the line says nothing."""
    findings = Findings()
    items, others = load(source, findings)
    rows: list[Row | Cue] = []
    for index, item in taken(items):
        row = _event(item, index) if isinstance(item, dict) and isinstance(item.get("segs"), list) else None
        if row is not None:
            rows.append(row)
        elif item and isinstance(item, dict) and "segs" not in item:
            others[f"event {index}"] = item
        elif item and not isinstance(item, dict):
            findings.stray(0, dumped(item))
    until_the_next(rows)
    cues = settled(rows, findings)
    return Document(tuple(cues), extra={REST: dumped(others)} if others else {}, findings=findings.done())


def _event(item: Mapping[str, Any], index: int) -> Row | Cue | None:
    fields = Fields(item)
    start, unread = fields.time(("tStartMs",), 1000)
    length, more = fields.time(("dDurationMs",), 1000)
    segments = fields.left.pop("segs")
    said, points, rest = _joined(segments, start)
    text = json_rows.tidied(said)
    if not text and not rest and set(fields.left) <= {"aAppend", "wWinId", "id", "wpWinPosId", "wsWinStyleId"}:
        return None  # A window that opens, or a line that rolls up.
    if rest:
        fields.left["segs"] = rest
    spans = tuple(Span(place, place, TIME, f"{time:g}") for place, time in points[1:]) if text == said.strip() else ()
    end = start + length if start is not None and length is not None else None
    words = _spoken(said, points, end)
    begin = start or 0.0
    finish = begin if end is None else end
    cue = new_cue(begin, finish, text, spans, name=str(index + 1), extra=fields.rest(), words=words)
    return as_row(start, end, cue, " ".join(part for part in (unread, more) if part))


def _joined(segments: Iterable[Any], start: float | None) -> tuple[str, list[tuple[int, float]], list[Any]]:
    """The text, where in it and when each piece begins, and what else the pieces say."""
    text = ""
    points: list[tuple[int, float]] = []
    rest: list[Any] = []
    for segment in segments:
        fields = Fields(segment) if isinstance(segment, dict) else Fields({"utf8": dumped(segment)})
        letters = fields.text(("utf8",)) or ""
        offset = fields.number("tOffsetMs")
        if letters.strip() and start is not None and (offset is not None or not points):
            points.append((len(text) + len(letters) - len(letters.lstrip()), round(start + (offset or 0.0) / 1000, 6)))
        fields.left.pop("acAsrConf", None)
        if fields.left:
            rest.append(fields.left)
        text += letters
    lead = len(text) - len(text.lstrip())
    return text, [(place - lead, time) for place, time in points], rest


def _spoken(text: str, points: list[tuple[int, float]], end: float | None) -> tuple[Word, ...]:
    stripped = text.strip()
    if len(points) < 2 or end is None:
        return ()
    words = []
    for index, (place, time) in enumerate(points):
        stop, finish = points[index + 1] if index + 1 < len(points) else (len(stripped), max(end, time))
        letters = stripped[place:stop].strip()
        if letters:
            words.append(Word(time, max(time, finish), letters, glued=place > 0 and not stripped[place - 1].isspace()))
    return tuple(words)


def until_the_next(rows: Iterable[Row | Cue]) -> None:
    """Captions that speech recognition made last until they have rolled out of sight, over the next ones: they are
    read until the next one begins."""
    timed = (row for row in rows if row.start is not None and row.end is not None)
    for row, following in itertools.pairwise(timed):
        start, then, end = row.start or 0.0, following.start or 0.0, row.end or 0.0
        if cue_of(row).words and cue_of(following).words and start < then < end:
            if isinstance(row, Cue):
                set_times(row, start, then)
            else:
                row.end = then


FORMAT = Format(
    id="json3",
    label="JSON of YouTube",
    suffixes=(".json3", ".json"),
    looks=json_signs.looks_like(json_signs.YOUTUBE),
    read=read_youtube,
)
