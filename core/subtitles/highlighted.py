# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that are there once for each of their words, which is highlighted, folded into one with its words' times.

stable-ts writes SubRip and WebVTT so, and Whisper with `--highlight_words`: a viewer sees a word after the other lit
up, an editor ten times as many subtitles as there are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from ..cues import Word
from ..markup import Span
from ..text import Text
from .document import Cue, Document, Finding, Kind

_APART = 0.06
"""Seconds at most between two that belong together."""
_OVER = 0.011
"""Seconds at most that they lie over each other: rounding, to hundredths where the times came from SubStation. Two that
are seen at once are a subtitle each."""
_MOSTLY = 0.5
"""Share of the subtitles that are parts of such a row, from which on a file is one of these."""

_FORMATS = ("srt", "vtt")
"""SubStation highlights words inside of a line, and keeps its lines as they are."""

_Look = tuple[str, str]
"""A kind of span and its value."""


def folded(document: Document) -> Document:
    """The document with each such row as one subtitle that is not highlighted; as it is, unless most are such."""
    if document.format not in _FORMATS or not any(cue.spans for cue in document.cues):
        return document
    rows = list(_rows(document.cues))
    found = [_looks(row) for row in rows]
    looks = frozenset().union(*found)
    if sum(len(row) for row, own in zip(rows, found, strict=True) if own) < _MOSTLY * len(document.cues) or not looks:
        return document
    cues = [cue for row in rows for cue in ([_one(row, looks)] if _is_one(row, looks) else row)]
    message = Text(
        "words are highlighted one after the other: {before} subtitles were folded into {after}.",
        before=len(document.cues),
        after=len(cues),
    )
    return document.with_cues(cues).with_findings([Finding(Kind.ROLLING, message)])


def _rows(cues: Sequence[Cue]) -> Iterator[list[Cue]]:
    """Those with one text that follow each other without a gap."""
    row: list[Cue] = []
    for cue in cues:
        if row and (cue.text != row[-1].text or not -_OVER <= cue.start - row[-1].end <= _APART):
            yield row
            row = []
        row.append(cue)
    if row:
        yield row


def _looks(row: Sequence[Cue]) -> frozenset[_Look]:
    """What its words are highlighted with, one after the other."""
    if len(row) < 2:
        return frozenset()
    tried = {(span.kind, span.value) for cue in (row[0], row[-1]) for span in cue.spans}
    return frozenset(look for look in tried if _moves(row, look))


def _moves(row: Sequence[Cue], look: _Look) -> bool:
    places = [_of(cue, {look}) for cue in row]
    starts = [spans[0].start for spans in places if spans]
    is_alone = all(len(spans) <= 1 for spans in places)
    return is_alone and len(set(starts)) > 1 and starts == sorted(starts) and len(starts) >= len(row) / 2


def _is_one(row: Sequence[Cue], looks: AbstractSet[_Look]) -> bool:
    """Whether its subtitles are the same, but for what is highlighted; also one alone, with one word all lit up."""
    if len(row) == 1:
        return any(span.end - span.start == len(row[0].text) for span in _of(row[0], looks))
    return len({_others(cue, looks) for cue in row}) == 1 and any(_of(cue, looks) for cue in row)


def _of(cue: Cue, looks: AbstractSet[_Look]) -> list[Span]:
    return [span for span in cue.spans if (span.kind, span.value) in looks and span.start < span.end]


def _others(cue: Cue, looks: AbstractSet[_Look]) -> tuple[Span, ...]:
    return tuple(span for span in cue.spans if (span.kind, span.value) not in looks)


def _one(row: Sequence[Cue], looks: AbstractSet[_Look]) -> Cue:
    words: list[Word] = []
    last = -1
    for cue in row:
        for span in _of(cue, looks)[:1]:
            if span.start == last:
                words[-1] = dataclasses.replace(words[-1], end=cue.end)
                continue
            last = span.start
            glued = last > 0 and not cue.text[last - 1].isspace()
            words.append(Word(cue.start, cue.end, cue.text[last : span.end].strip(), glued=glued))
    return dataclasses.replace(row[0], end=row[-1].end, spans=_others(row[0], looks), words=tuple(words))
