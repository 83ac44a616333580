# SPDX-License-Identifier: GPL-3.0-or-later
"""Named styles, for formats and strips that have none: what a style says becomes the cue's own formatting."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

from ..markup import BOLD, COLOR, ITALIC, STRIKE, UNDERLINE, Span, tidied
from .document import Cue, Document, Style


def usual_style(document: Document) -> str:
    """The name of the style that most cues have: what it looks like is how subtitles look in this file. Of two that as
    many have the one that every SubStation file has."""
    counts = Counter(cue.style for cue in document.cues)
    return max(counts, key=lambda name: (counts[name], name == "Default"), default="")


def worn(document: Document) -> Document:
    """The same document with what sets a cue's style apart from the usual one as spans over all of its text.

    Italics, underlined and struck text mean something by themselves, also where most of a file has them. TTML's cues
    say all of it already, and where a part of them undoes it.
    """
    if not document.styles or document.format == "ttml":
        return document
    usual = document.styles.get(usual_style(document), Style(""))
    return document.with_cues(_worn(cue, document.styles.get(cue.style, usual), usual) for cue in document.cues)


def _worn(cue: Cue, style: Style, usual: Style) -> Cue:
    added = list(_differences(cue, style, usual))
    return dataclasses.replace(cue, spans=tidied((*cue.spans, *added), len(cue.text))) if added else cue


def _differences(cue: Cue, style: Style, usual: Style) -> Iterator[Span]:
    for kind, on, is_usual, off in (
        (BOLD, style.bold, usual.bold, "\\b0"),
        (ITALIC, style.italic, False, "\\i0"),
        (UNDERLINE, style.underline, False, "\\u0"),
        (STRIKE, style.strike, False, "\\s0"),
    ):
        if on and not is_usual:
            end = next((span.start for span in cue.spans if span.value == off), len(cue.text))
            yield Span(0, end, kind)
    # Where nothing is said, letters are white.
    colored = style.color and style.color != (usual.color or "#ffffff")
    if colored and all(span.kind != COLOR for span in cue.spans):
        yield Span(0, len(cue.text), COLOR, style.color)
