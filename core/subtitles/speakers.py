# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours that tell who speaks, as broadcasters use them. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

from ..markup import COLOR, Span, tidied
from ..text import Text
from .document import Cue
from .track import Edited, EditError, replaced


def ranked(cues: Iterable[Cue]) -> list[str]:
    """Who speaks, those first who say the most subtitles; of two that say as many, the one who is heard first."""
    return [name for name, _ in Counter(cue.speaker for cue in cues if cue.speaker).most_common()]


def colored(cues: Sequence[Cue], colors: Sequence[str]) -> Edited:
    """All with the colour of who speaks: the first of `colors` for the one who says most, from there in order, and the
    last for all who are left. White is no formatting. Subtitles of nobody known stay as they are, and so does a colour
    that only some words have.

    Raises EditError where nobody is known to speak.
    """
    names = ranked(cues)
    if not names:
        raise EditError(
            Text("Nobody is known to speak here."),
            Text("Write who speaks below the texts of the subtitles first."),
        )
    color_of = {name: colors[min(place, len(colors) - 1)] for place, name in enumerate(names)}
    changes = {index: _with_color(cue, color_of[cue.speaker]) for index, cue in enumerate(cues) if cue.speaker}
    return replaced(cues, {index: new for index, new in changes.items() if new != cues[index]})


def _with_color(cue: Cue, color: str) -> Cue:
    whole = (0, len(cue.text))
    spans = [span for span in cue.spans if span.kind != COLOR or (span.start, span.end) != whole]
    if color != "#ffffff" and cue.text:
        spans.append(Span(*whole, COLOR, color))
    return dataclasses.replace(cue, spans=tidied(spans, len(cue.text)))
