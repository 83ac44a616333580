# SPDX-License-Identifier: GPL-3.0-or-later
"""Font sizes from the unit of one format to that of another.

SubRip and SubStation both count lines of a picture: SubRip of one with 288, which is how FFmpeg, mpv and VLC draw it,
SubStation of the picture that its head says. In all other formats a size is something else, or nobody knows what.
"""

from __future__ import annotations

import dataclasses
import re

from ..markup import SIZE, Span
from .document import Cue, Document
from .formats import registry
from .formats.base import Format, WriteOptions

SUBRIP_LINES = 288.0
"""FFmpeg's default of PlayResY, for scripts that do not say theirs too."""
_HEIGHT = re.compile(r"^PlayResY\s*:\s*(\d{1,5})\s*$", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"(\d{1,5}(?:\.\d{1,9})?)(?: ?p[tx])?", re.IGNORECASE)
"""Players take `20px` and `20pt` for 20 lines. What counts in something else (`120%`, `+2`) is left out."""
_COUNTING = frozenset({"srt", "ass", "ssa"})
_KEEPING = frozenset({"json"})
"""What is kept there is read by nobody but us."""


def is_sayable(document: Document, format: Format) -> bool:
    """Whether this format can say the font sizes of this document."""
    if SIZE not in format.keeps:
        return False
    counting = document.format in _COUNTING and format.id in _COUNTING
    return counting or format.id in _KEEPING or registry.is_own(document, format)


def converted(document: Document, format: Format, options: WriteOptions) -> Document:
    """The document with its sizes as `format` counts them; without them where it cannot say them."""
    if registry.is_own(document, format) or format.id in _KEEPING:
        return document
    if not any(span.kind == SIZE for cue in document.cues for span in cue.spans):
        return document
    factor = _lines_written(format, options) / _lines_read(document) if is_sayable(document, format) else None
    return document.with_cues(_resized(cue, factor) for cue in document.cues)


def unread(document: Document, format: Format) -> int:
    """How many sizes `converted()` leaves out although the format could say a number in their place."""
    if format.id in _KEEPING or registry.is_own(document, format) or not is_sayable(document, format):
        return 0
    sizes = [span.value for cue in document.cues for span in cue.spans if span.kind == SIZE]
    return sum(1 for size in sizes if not _NUMBER.fullmatch(size))


def _lines_read(document: Document) -> float:
    found = _HEIGHT.search(str(document.extra.get("ass.head", "")))
    return float(found[1]) if found and int(found[1]) else SUBRIP_LINES


def _lines_written(format: Format, options: WriteOptions) -> float:
    return SUBRIP_LINES if format.id == "srt" else float(options.resolution[1])


def _resized(cue: Cue, factor: float | None) -> Cue:
    if not any(span.kind == SIZE for span in cue.spans):
        return cue
    spans = tuple(new for span in cue.spans if (new := _new(span, factor)) is not None)
    return dataclasses.replace(cue, spans=spans)


def _new(span: Span, factor: float | None) -> Span | None:
    if span.kind != SIZE:
        return span
    found = _NUMBER.fullmatch(span.value)
    return span._replace(value=str(round(float(found[1]) * factor))) if found and factor is not None else None
