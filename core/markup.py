# SPDX-License-Identifier: GPL-3.0-or-later
"""How a subtitle's text looks and where it stands, beside the plain letters: spans of formatting and a place.

A text is plain everywhere (it is edited, counted and searched), and what its letters look like stands beside it as
`Span`s: one kind of formatting over one range of characters. Here are the values, and what an edit does to them.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

BOLD = "bold"
ITALIC = "italic"
UNDERLINE = "underline"
STRIKE = "strike"
COLOR = "color"
"""Value: `#rrggbb` or `#rrggbbaa`, in small letters."""
BACKGROUND = "background"
"""Value as for COLOR."""
FONT = "font"
"""Value: the name of the family."""
SIZE = "size"
"""Value as the format writes it; formats do not agree on what it measures."""
RUBY = "ruby"
"""Value: the reading that stands over the characters. It is not part of the text."""
VOICE = "voice"
"""Value: who says this part. Where one person says all of a cue it is the cue's `speaker`."""
LANGUAGE = "language"
"""Value: a BCP 47 tag."""
TIME = "time"
"""A point: from here on the text is spoken. Value: seconds, as a decimal number."""

SWITCHES = (BOLD, ITALIC, UNDERLINE, STRIKE)
"""Kinds that are on or off. All others have a value."""

_COLORS = (COLOR, BACKGROUND)
_FARTHEST = 1000
"""Widths or heights of the picture that a place may lie beside it."""
# Compiled when they are first needed, not when Blender starts.
_IS_COLOR = r"#[0-9a-f]{6}(?:[0-9a-f]{2})?"
_TOKEN = r"\w+|\s+|[^\w\s]"
_WORD = r"\w"
_VISIBLE = r"\S"
_TOO_MANY = 3000
"""Words. Above it an edit is compared from both ends only: finding the smallest difference is quadratic."""
_SAME_WORD = 0.5
"""How much of a word must be left for it to count as corrected, 0.0 to 1.0; below it another word took its place."""


class Span(NamedTuple):
    """Formatting of the characters `start` up to `end` of a text; a point where both are the same.

    `kind` is a constant of this module, which every format may be asked to write, or a format's own, named
    `format.what` (`ass.karaoke`, `vtt.class`): kept as it came, written back by that format, counted by all others.
    """

    start: int
    end: int
    kind: str
    value: str = ""


class Placing(NamedTuple):
    """Where a cue stands in the picture."""

    align: int = 2
    """The corner, edge or middle that holds it, as on a number pad: 2 is low in the middle, 8 high in the middle."""
    x: float | None = None
    """Where that point of the text is, from the left edge (0.0) to the right (1.0). None: as `align` says."""
    y: float | None = None
    """The same, from the upper edge (0.0) to the lower (1.0)."""
    vertical: str = ""
    """`rl` or `lr` where lines run from top to bottom: the side that the next line is on."""


BELOW = Placing()
"""Low in the middle: where subtitles are unless something is said."""


def span_of(item: Any) -> Span:
    """A span out of what somebody else's JSON says of one. Raises ValueError for what is none, by its kind's value too.

    >>> span_of([0, 4, "italic", ""])
    Span(start=0, end=4, kind='italic', value='')
    """
    if not isinstance(item, list) or len(item) != 4:
        raise ValueError("no span")
    start, end, kind, value = item
    if type(start) is not int or type(end) is not int or not isinstance(kind, str) or not isinstance(value, str):
        raise ValueError("no span")
    if (kind == TIME and not math.isfinite(float(value))) or (kind in _COLORS and not re.fullmatch(_IS_COLOR, value)):
        raise ValueError("no value of its kind")
    return Span(start, end, kind, value)


def placing_of(align: Any, x: Any = None, y: Any = None, vertical: Any = "") -> Placing:
    """A place out of what somebody else's JSON says of one. Raises ValueError for what is none."""
    if type(align) is not int or not 1 <= align <= 9 or vertical not in ("", "rl", "lr"):
        raise ValueError("no place")
    return Placing(align, _share(x), _share(y), vertical)


def _share(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not abs(value) <= _FARTHEST:
        raise ValueError("no share")
    return float(value)


def tidied(spans: Iterable[Span], length: int) -> tuple[Span, ...]:
    """Spans of a text of `length` characters, in order: cut to the text, those that touch or overlap joined.

    Ranges that cover nothing are dropped; points (kinds that were a point to begin with) stay. Of two values of one
    kind over the same characters the one that came later is inside, so that a viewer sees it.
    """
    points: list[Span] = []
    ranges: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        start, end = min(max(span.start, 0), length), min(max(span.end, 0), length)
        fits = start == span.start and end == span.end
        if span.start == span.end:
            points.append(span if fits else span._replace(start=start, end=start))
        elif start < end:
            fitting = span if fits else span._replace(start=start, end=end)
            ranges.setdefault((span.kind, span.value), []).append(fitting)
    joined: list[Span] = []
    for same in ranges.values():
        joined += _joined(same)
    # Points keep the order that they came in: `{\fad(1,2)}{\k20}` is two of them at one place.
    return tuple(sorted(points + joined, key=_order))


def _order(span: Span) -> tuple[int, int, str]:
    return span.start, -span.end, "" if span.start == span.end else span.kind


def _joined(same: list[Span]) -> list[Span]:
    if len(same) == 1 or same[0].kind == RUBY:  # Two readings side by side stay two, though they say the same.
        return same
    joined: list[Span] = []
    for span in sorted(same):
        if joined and span.start <= joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def flattened(spans: Sequence[Span], kinds: Collection[str]) -> tuple[Span, ...]:
    """The same to look at, with no span of one of these kinds inside of another of its kind.

    >>> flattened([Span(0, 9, FONT, "a"), Span(3, 6, FONT, "b")], {FONT})[1:]
    (Span(start=3, end=6, kind='font', value='b'), Span(start=6, end=9, kind='font', value='a'))
    """
    flat = [span for span in spans if span.kind not in kinds or span.start == span.end]
    for kind in kinds:
        of_kind = sorted((span for span in spans if span.kind == kind and span.start < span.end), key=_order)
        if any(second.start < first.end for first, second in itertools.pairwise(of_kind)):
            of_kind = list(_seen(of_kind))
        flat += of_kind
    return tuple(sorted(flat, key=_order))


def _seen(ordered: Sequence[Span]) -> Iterator[Span]:
    """Of spans in their order the one inside of all others, for each stretch between two of their ends."""
    places = sorted({place for span in ordered for place in (span.start, span.end)})
    waiting, around = list(reversed(ordered)), list[Span]()
    for start, end in itertools.pairwise(places):
        while waiting and waiting[-1].start <= start:
            around.append(waiting.pop())
        around = [span for span in around if span.end > start]
        if around:
            yield around[-1]._replace(start=start, end=end)


def cut(spans: Iterable[Span], start: int, end: int) -> tuple[Span, ...]:
    """The spans of the part `start` up to `end` of a text, counted from that part's own beginning.

    A point at `start` belongs to the part, one at `end` only where the text ends there: whoever cuts a text in two
    gives the second part `end` as its start.
    """
    inside = (
        span._replace(start=span.start - start, end=span.end - start)
        for span in spans
        if (span.start < end and span.end > start) or (span.start == span.end and start <= span.start < end)
    )
    return tidied(inside, end - start)


def shifted(spans: Iterable[Span], by: int) -> tuple[Span, ...]:
    """The same spans, `by` characters further on: for a text that something is put in front of."""
    return tuple(span._replace(start=span.start + by, end=span.end + by) for span in spans)


def after_edit(spans: Sequence[Span], old: str, new: str) -> tuple[Span, ...]:
    """The spans of `new`, which somebody made out of `old`: those whose words are still there, around these words.

    What covered the whole text covers the whole of the new one. A corrected word keeps its formatting, another word in
    its place does not. Points move to the nearest place that is left.

    >>> after_edit([Span(4, 7, ITALIC)], "see the sea", "now see the sea")
    (Span(start=8, end=11, kind='italic', value=''),)
    """
    if old == new or not spans:
        return tuple(spans)
    moves = _moves(old, new)
    kept = (_moved(span, moves, old, new) for span in spans)
    return tidied((span for span in kept if span is not None), len(new))


def _moved(span: Span, moves: list[tuple[int, int, int, int]], old: str, new: str) -> Span | None:
    if span.start == span.end:
        where = _nearest(span.start, moves, len(new))
        return span._replace(start=where, end=where)
    if span.start <= 0 and span.end >= len(old):
        return span._replace(start=0, end=len(new)) if new else None
    word = re.compile(_WORD)
    needed = word if word.search(old, span.start, span.end) else re.compile(_VISIBLE)
    kept: list[tuple[int, int]] = []
    for old_start, old_end, new_start, new_end in moves:
        low, high = max(span.start, old_start), min(span.end, old_end)
        if low < high and needed.search(old, low, high):
            begin = min(new_start + low - old_start, new_end)
            # To the end of a piece means to its end in the new text too: a corrected word may be longer.
            kept.append((begin, new_end if high == old_end else min(new_start + high - old_start, new_end)))
    if not kept or kept[0][0] >= kept[-1][1]:
        return None
    return span._replace(start=kept[0][0], end=kept[-1][1])


def _nearest(point: int, moves: list[tuple[int, int, int, int]], length: int) -> int:
    if point == 0:
        return 0
    best = length
    for old_start, old_end, new_start, new_end in moves:
        if point < old_start:
            return min(best, new_start)
        if point < old_end:
            return min(new_start + point - old_start, new_end)
        best = new_end
    return best if moves else 0


def _moves(old: str, new: str) -> list[tuple[int, int, int, int]]:
    """What is left: `(old start, old end, new start, new end)` of equal or corrected pieces, in order."""
    # Here, not above: it is imported when Blender starts, and an edit comes much later.
    import difflib

    before, after = re.findall(_TOKEN, old), re.findall(_TOKEN, new)
    if len(before) + len(after) > _TOO_MANY:
        return _ends(old, new)
    starts_before, starts_after = _starts(before), _starts(after)
    moves: list[tuple[int, int, int, int]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and b - a == d - c == 1 and _is_corrected(before[a], after[c])):
            moves.append((starts_before[a], starts_before[b], starts_after[c], starts_after[d]))
        elif tag == "replace" and b - a == d - c:
            for i, j in zip(range(a, b), range(c, d), strict=True):
                if _is_corrected(before[i], after[j]):
                    moves.append((starts_before[i], starts_before[i + 1], starts_after[j], starts_after[j + 1]))
    return moves


def _starts(tokens: list[str]) -> list[int]:
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    return starts


def _is_corrected(old: str, new: str) -> bool:
    if old == new or old.casefold() == new.casefold():
        return True
    import difflib

    return len(old) < 100 > len(new) and difflib.SequenceMatcher(None, old, new).ratio() >= _SAME_WORD


def _ends(old: str, new: str) -> list[tuple[int, int, int, int]]:
    """What both have in common at the beginning and at the end."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    moves = [(0, head, 0, head)] if head else []
    if tail:
        moves.append((len(old) - tail, len(old), len(new) - tail, len(new)))
    return moves
