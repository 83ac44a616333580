# SPDX-License-Identifier: GPL-3.0-or-later
"""Several documents into one, and one into several."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

from ..cues import all_joined
from .document import Cue, Document

_SAME = 0.05
"""Seconds: about a frame. Translations have the times of what they were made of, but for rounding."""
_NEAR = 8
"""Cues before one, among which is that of the other language."""


def merged(documents: Sequence[Document]) -> Document:
    """All cues of the documents at their own times, in order of time: two languages, or parts that know their place.

    What two documents show at the same time in the same place is one cue, the text of the first above: most players
    show one of two cues only, or the second above the first. All else is the first document's; styles of the others
    join its own where their names are free.
    """
    cues = [(number, cue) for number, document in enumerate(documents) for cue in _portable(document, documents[0])]
    cues.sort(key=lambda pair: pair[1].start)
    return _together(documents, _paired(cues))


def _paired(cues: Iterable[tuple[int, Cue]]) -> list[Cue]:
    """Cues with the number of their document, in order of time, as those that are shown."""
    shown: list[dict[int, Cue]] = []
    for number, cue in cues:
        pair = next((pair for pair in shown[-_NEAR:] if number not in pair and _is_same(pair, cue)), None)
        if pair is None:
            shown.append({number: cue})
        else:
            pair[number] = cue
    return [_one([pair[number] for number in sorted(pair)]) for pair in shown]


def _is_same(pair: dict[int, Cue], cue: Cue) -> bool:
    other = next(iter(pair.values()))
    return (
        abs(other.start - cue.start) <= _SAME
        and abs(other.end - cue.end) <= _SAME
        and (other.placing, other.style, other.layer, other.speaker) == (cue.placing, cue.style, cue.layer, cue.speaker)
    )


def _one(cues: Sequence[Cue]) -> Cue:
    if len(cues) == 1:
        return cues[0]
    return dataclasses.replace(all_joined(cues), start=cues[0].start, end=cues[0].end, words=cues[0].words)


def appended(documents: Sequence[Document], gap: float = 0.0) -> Document:
    """One document after the other: the times of each begin `gap` seconds after the last end of those before."""
    cues: list[Cue] = []
    end = 0.0
    for number, document in enumerate(documents):
        offset = end + gap if number else 0.0
        moved = document.moved(offset)
        cues += _portable(moved, documents[0])
        end = max([offset, *(cue.end for cue in moved.cues)])
    return _together(documents, cues)


def split(document: Document, times: Sequence[float], *, keep_times: bool = False) -> Iterator[Document]:
    """The document cut at `times`, which are in order: always one part more than there are times.

    A cue that is shown at a cut belongs to the part that it begins in.
    """
    edges = [float("-inf"), *times, float("inf")]
    for first, last in itertools.pairwise(edges):
        part = dataclasses.replace(
            document,
            cues=tuple(cue for cue in document.cues if first <= cue.start < last),
            hidden=tuple(cue for cue in document.hidden if first <= cue.start < last),
        )
        yield part if keep_times or first <= 0 else part.moved(-first)


def _portable(document: Document, first: Document) -> Iterator[Cue]:
    """The document's cues, without what only another format than the first's would understand."""
    for cue in document.cues:
        # Row numbers of one file say nothing in another.
        extra = {key: value for key, value in cue.extra.items() if key != "ass.index" or document is first}
        if document.format != first.format:
            extra = {}
        yield dataclasses.replace(cue, extra=extra, name=cue.name if document is first else "")


def _together(documents: Sequence[Document], cues: Sequence[Cue]) -> Document:
    styles = {name: style for document in reversed(documents) for name, style in document.styles.items()}
    findings = tuple(finding for document in documents for finding in document.findings)
    return dataclasses.replace(documents[0], cues=tuple(cues), styles=styles, findings=findings)
