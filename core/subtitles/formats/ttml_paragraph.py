# SPDX-License-Identifier: GPL-3.0-or-later
"""One paragraph of TTML: its pieces of text, when each is to be seen, and how they make a subtitle's text."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator
from fractions import Fraction

from ...markup import RUBY, TIME, Placing, Span
from .tags import Empty, tidied_text
from .xml_tokens import Token

REGION = "ttml.region"
"""Of a cue's `extra`: the name of its region."""
PLACING = "ttml.placing"
"""Of a cue's `extra`: what the region means, as long as nobody moved the cue."""
ATTRIBUTES = "ttml.attributes"
"""Of a cue's `extra`: what its paragraph says that we have no word for, as it came."""
ATTRIBUTE = "ttml.attribute"
"""Kind of a span: an attribute that we have no word for, `name value`."""
ALIGN = "ttml.align"
"""Of a cue's `extra`: how its paragraph is aligned in its region, where that itself says something else."""
METADATA = "ttml.metadata"
"""Of a cue's `extra`: the metadata inside its paragraph, as it came."""
BASE = "ttml.base"
"""Of a cue's `extra`: the looks that it gets from its style and surroundings, `kind value` a line."""

TIMED = ("begin", "end", "dur")
_CONTAINERS = ("container", "baseContainer", "textContainer")
_SPACES = re.compile(r"[ \t\n]+")
_MOST_CHANGES = 400
"""Times at which a paragraph changes. With more, each of its spans becomes a subtitle of its own."""
_MOST_WORK = 200_000
"""The same, for that number times the pieces of text."""


@dataclasses.dataclass(slots=True)
class Element:
    """An element that is open."""

    name: str
    begin: Fraction = Fraction(0)
    end: Fraction | None = None
    properties: dict[str, str] = dataclasses.field(default_factory=dict)
    own: dict[str, str] = dataclasses.field(default_factory=dict)
    region: str = ""
    language: str = ""
    preserve: bool = False
    agent: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    sequence: bool = False
    cursor: Fraction | None = None
    """When the last of its parts ends; in a sequence the next one begins there."""
    ends: bool = False
    """Whether it says itself when it ends."""
    ruby: str = ""
    base: int = 0
    """Which ruby base it is, or is the reading of; 0 for neither."""
    from_zero: bool | None = None
    """Whether times inside are counted from the beginning of all, against the standard: as the first of them shows."""
    clipped: bool = False
    """Whether what it is in ends before it begins."""
    sung: Fraction | None = None
    """Of a part of lyrics: when it is sung, until its first letter was read."""
    raw: str = ""
    """The tag, where it has to be kept if no text is inside."""
    before: int = 0
    """Pieces of text in the paragraph before it."""


@dataclasses.dataclass(slots=True)
class Run:
    """Letters that look the same and are shown at the same time."""

    text: str
    begin: Fraction
    end: Fraction | None
    kinds: tuple[tuple[str, str], ...]
    preserve: bool = False
    base: int = 0
    """Which ruby base it belongs to; 0 for none."""
    reading: bool = False
    """Whether it is the reading of that base."""
    sung: Fraction | None = None
    """When its first letter is sung; None where that is not said."""


class Paragraph:
    """A `p` that is being read."""

    def __init__(
        self, element: Element, token: Token, values: dict[str, str], style: str, others: list[tuple[str, str]]
    ) -> None:
        self.element = element
        self.raw = token.raw
        self.line = token.line
        self.name = values.get("id", "")
        self.style = style
        self.times = " ".join(f'{key}="{values[key]}"' for key in TIMED if key in values)
        self.no_begin = False
        """Whether it says when it begins, and that cannot be read."""
        self.extra: dict[str, str] = {}
        self.metadata: list[str] = []
        self.runs: list[Run] = []
        self.last: Fraction | None = None
        """When the last of its parts ends, where all of them have an end."""
        more = values.get("style", "").split()[1:]
        if others:
            self.extra[ATTRIBUTES] = "\n".join(f"{key} {' '.join(value.split())}" for key, value in others)
        if more:
            self.extra["ttml.styles"] = " ".join(more)
        self._shown: set[int] = set()

    def text(self, text: str, element: Element) -> None:
        """Letters inside `element`."""
        if not text or (element.ruby in _CONTAINERS and not text.strip()):
            return
        # In a sequence a text without a time of its own lasts no time (TTML 2, 12.4).
        end = element.begin if element.sequence else element.end
        reading = element.ruby in ("text", "delimiter")
        base = element.base if element.ruby != "delimiter" else -1
        sung, element.sung = element.sung, None
        self.runs.append(Run(text, element.begin, end, element.kinds, element.preserve, base, reading, sung))

    def line_break(self, element: Element) -> None:
        """A new line inside `element`."""
        self.runs.append(Run("\n", element.begin, element.end, element.kinds, True))

    def shown(self, begin: Fraction, end: Fraction | None) -> Iterator[Shown]:
        """What is to be seen from when to when."""
        # By identity first: what says no time of its own has the very times of what it is in.
        pairs = {(id(run.begin), id(run.end)): (run.begin, run.end) for run in self.runs if run.text.strip()}
        timed = set(pairs.values()) if len(pairs) > 1 else list(pairs.values())
        ends = [last for _, last in timed if last is not None]
        self.last = max(ends) if len(ends) == len(timed) and ends else None
        if len(timed) <= 1:
            for first, last in timed:
                begin, end = max(begin, first), earlier(end, last)
            found = iter([(begin, end, self.runs)])
        else:
            changes = {max(first, begin) for first, _ in timed} | {last for last in ends if end is None or last < end}
            edges = sorted(edge for edge in changes if edge >= begin and (end is None or edge < end))
            found = self._at(edges, end) if self._is_little(len(edges)) else self._each(begin, end)
        for first, last, runs in found:
            self._shown.update(map(id, runs))
            yield first, last, runs

    def lost(self) -> list[Run]:
        """What `shown()` never gave, because its times lie outside."""
        return [run for run in self.runs if run.text.strip() and id(run) not in self._shown]

    def _is_little(self, edges: int) -> bool:
        return edges <= _MOST_CHANGES and edges * len(self.runs) <= _MOST_WORK

    def _at(self, edges: list[Fraction], end: Fraction | None) -> Iterator[Shown]:
        for index, first in enumerate(edges):
            last = edges[index + 1] if index + 1 < len(edges) else end
            runs = [run for run in self.runs if run.begin <= first and (run.end is None or run.end > first)]
            if any(run.text.strip() for run in runs):
                yield first, last, runs

    def _each(self, begin: Fraction, end: Fraction | None) -> Iterator[Shown]:
        for run in self.runs:
            if run.text.strip():
                yield max(begin, run.begin), earlier(end, run.end), [run]


Shown = tuple[Fraction, Fraction | None, list[Run]]


def earlier(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return other if one is None else one if other is None else min(one, other)


@functools.lru_cache(maxsize=1024)
def said(placing: Placing) -> str:
    """A placing as `extra` keeps it."""
    return " ".join(str(part) for part in placing)


def joined(runs: list[Run]) -> tuple[str, tuple[Span, ...]]:
    """The text with its spans; spaces as `xml:space` wants them."""
    pieces: list[str] = []
    spans: list[Span] = []
    readings: dict[int, str] = {}
    bases: dict[int, tuple[int, int]] = {}
    length = 0
    blank = True
    for run in runs:
        if run.reading:
            readings[run.base] = readings.get(run.base, "") + run.text
            continue
        text = run.text if run.preserve else _SPACES.sub(" ", run.text)
        if not run.preserve and blank and text.startswith(" "):
            text = text[1:]
        if not text:
            continue
        blank = text[-1] in " \n"
        pieces.append(text)
        if run.sung is not None:
            spans.append(Span(length, length, TIME, f"{float(run.sung):.3f}"))
        spans += [Span(length, length + len(text), kind, value) for kind, value in run.kinds]
        if run.base:
            first = bases.get(run.base, (length, length))[0]
            bases[run.base] = (first, length + len(text))
        length += len(text)
    for base, reading in readings.items():
        value = " ".join(reading.split())
        if base == -1:
            # Shown only where readings are not: `(` and `)`.
            spans.append(Span(length, length, "ttml.delimiter", value))
        elif base in bases:
            spans.append(Span(*bases[base], RUBY, value))
        elif value:
            # A reading without anything below it.
            pieces.append(f"({value})")
    text, tidy = tidied_text("".join(pieces), spans, Empty.INSIDE)
    return text, _over_lines(text, tidy)


def _over_lines(text: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """A line break looks like what is on both of its sides, and like nothing where these differ."""
    if "\n" not in text:
        return spans
    found: list[Span] = []
    last: dict[tuple[str, str], int] = {}
    for span in spans:
        start, end = span.start, span.end
        if start < end:
            while start < end and text[start] == "\n":
                start += 1
            while start < end and text[end - 1] == "\n":
                end -= 1
            if start == end:
                continue
        same = last.get(span[2:])
        if same is not None and span.kind != RUBY and start == found[same].end + 1 and text[start - 1] == "\n":
            found[same] = found[same]._replace(end=end)
        else:
            last[span[2:]] = len(found)
            found.append(span._replace(start=start, end=end))
    return tuple(found)
