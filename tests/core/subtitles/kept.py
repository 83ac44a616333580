# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a document keeps the letters of its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from subtitle_editor.core.subtitles.document import Cue, Document


def kept(document: Document) -> Counter[str]:
    """How often each letter is somewhere in the document: in a cue, in what it keeps of its format, in a finding."""
    counts: Counter[str] = Counter()
    for piece in _pieces(document):
        counts.update(piece)
    return counts


def _pieces(document: Document) -> Iterable[str]:
    for cue in (*document.cues, *document.hidden):
        yield from _of_cue(cue)
    yield from _strings(document.extra)
    for style in document.styles.values():
        yield style.name
        yield style.font
    yield document.language
    for finding in document.findings:
        yield finding.quote


def _of_cue(cue: Cue) -> Iterable[str]:
    yield from (cue.text, cue.style, cue.speaker, cue.name)
    yield from cue.extra.values()
    for span in cue.spans:
        yield span.value
    yield from (word.text for word in cue.words if word.text not in cue.text)


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, Iterable):
        for item in value:
            yield from _strings(item)
