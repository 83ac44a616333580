# SPDX-License-Identifier: GPL-3.0-or-later
"""Words with times, out of times that stand inside a text: WebVTT of YouTube, lyrics."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ..cues import Word
from ..markup import TIME, Span


def words_of(text: str, spans: Sequence[Span], start: float, end: float) -> tuple[Word, ...]:
    """The words of a cue from `start` to `end` by the TIME points in its text; none where there is no such point.

    Several words between two points share the time between them by their length.
    """
    points = [(span.start, float(span.value)) for span in spans if span.kind == TIME and span.start < len(text)]
    if end > start:  # A time that somebody mistyped would give a word the rest of the film.
        points = [(place, time) for place, time in points if start <= time <= end]
    if not points:
        return ()
    edges = [(0, start), *points, (len(text), end)]
    words: list[Word] = []
    for (first, begin), (last, finish) in itertools.pairwise(edges):
        piece = text[first:last]
        glued = first > 0 and not piece[:1].isspace() and not text[first - 1].isspace()
        words += _shared(piece.split(), begin, max(begin, finish), glued)
    return tuple(words)


def _shared(pieces: list[str], begin: float, end: float, glued: bool) -> Iterator[Word]:
    total = sum(map(len, pieces))
    at = begin
    done = 0
    for index, piece in enumerate(pieces):
        done += len(piece)
        until = end if index + 1 == len(pieces) else round(begin + (end - begin) * done / total, 3)
        yield Word(at, max(at, until), piece, glued=glued and index == 0)
        at = max(at, until)
