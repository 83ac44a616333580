# SPDX-License-Identifier: GPL-3.0-or-later
"""When each syllable of a line is sung: SubStation's karaoke as times inside of the text, as lyrics and WebVTT have
them, and the other way round."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator

from ..markup import TIME, Span, tidied
from .document import Cue, Document
from .formats.overrides import KARAOKE
from .inner_times import words_of

_LYRICS = ("lrc", "krc", "ttml")
"""Formats in which times inside of a text are there to sing by."""
_SYLLABLE = re.compile(r"\\(k[fot]?|K)(-?\d{1,7})")


def as_times(document: Document, keeps: frozenset[str]) -> Document:
    """For a format that keeps these: with the times of syllables, where it has a way to say them."""
    if TIME not in keeps or document.format not in ("ass", "ssa"):
        return document
    return document.with_cues(map(_timed, document.cues))


def as_karaoke(document: Document) -> Document:
    """For SubStation: lyrics with how long each syllable is sung."""
    if document.format not in _LYRICS:
        return document
    return document.with_cues(map(_karaoke, document.cues))


def _timed(cue: Cue) -> Cue:
    points = [span for span in cue.spans if span.kind == KARAOKE]
    if not points:
        return cue
    times = [Span(place, place, TIME, f"{time:.3f}") for place, time in _starts(points, cue.start) if time > cue.start]
    spans = tidied([*(span for span in cue.spans if span.kind != KARAOKE), *times], len(cue.text))
    words = cue.words or words_of(cue.text, spans, cue.start, cue.end)
    return dataclasses.replace(cue, spans=spans, words=words)


def _starts(points: Iterable[Span], start: float) -> Iterator[tuple[int, float]]:
    """Where and when each syllable begins."""
    hundredths = 0
    # Points in one place are in no order: when a syllable begins is said before how long it is.
    for point in sorted(points, key=lambda point: (point.start, not point.value.startswith("\\kt"))):
        match = _SYLLABLE.match(point.value)
        if match is None:
            continue
        if match[1] == "kt":  # When the next one begins, counted from the line's own start.
            hundredths = int(match[2])
            continue
        yield point.start, round(start + hundredths / 100, 3)
        hundredths += int(match[2])


def _karaoke(cue: Cue) -> Cue:
    points = [(span.start, float(span.value)) for span in cue.spans if span.kind == TIME and span.start < len(cue.text)]
    if not points:
        return cue
    if points[0][0] > 0 or points[0][1] > cue.start:
        points.insert(0, (0, cue.start))
    # By the hundredth at which each begins: rounded lengths would add up to something else.
    edges = [round((time - cue.start) * 100) for _, time in points] + [round((cue.end - cue.start) * 100)]
    sung = [
        Span(place, place, KARAOKE, f"\\k{max(0, after - before)}")
        for (place, _), before, after in zip(points, edges, edges[1:], strict=False)
    ]
    spans = tidied([*(span for span in cue.spans if span.kind != TIME), *sung], len(cue.text))
    return dataclasses.replace(cue, spans=spans)
