# SPDX-License-Identifier: GPL-3.0-or-later
"""Markup to text with spans and back, for formats whose formatting is tags inside the text."""

from __future__ import annotations

import enum
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

from ...markup import Span, tidied
from ..lines import blocks_of

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff]+")
_CHANGED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff\u2028\u2029]")
_BREAKING = re.compile("[\x0b\x0c\u2028\u2029]")
_BREAKS = str.maketrans("\x0b\x0c\u2028\u2029", "\n\n\n\n")
"""What editing programs write for a new line inside of one subtitle."""
_EDGES = " \t"
"""What a line is stripped of. Not str.strip(): the ideographic space indents Japanese lines on purpose."""

_MOST_PIECES = 1000
"""Of a text that is put together, until they are joined."""


class Empty(enum.Enum):
    """Which empty lines of a text stay."""

    GONE = enum.auto()
    INSIDE = enum.auto()
    """Those between two that are not."""
    ALL = enum.auto()


class TextBuilder:
    """Puts a text together out of pieces and tags, in the order in which they come."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._pieces: list[str] = []
        """What stands behind these blocks: each piece an object would take twenty times what a long text does."""
        self._length = 0
        self._open: list[tuple[str, tuple[tuple[str, str], ...], int]] = []
        self._points: list[Span] = []
        self._ranges: list[Span] = []
        """In the order of their ends: what is inside comes first."""
        self.empty: list[str] = []
        """The values of tags around no visible letter: complete after `done()`."""

    def text(self, piece: str) -> None:
        """Letters."""
        self._pieces.append(piece)
        self._length += len(piece)
        if len(self._pieces) > _MOST_PIECES:
            self._blocks.append("".join(self._pieces))
            self._pieces.clear()

    def open(self, tag: str, *kinds: tuple[str, str]) -> None:
        """From here on these kinds (with their values) hold, until `tag` is closed or the text ends."""
        self._open.append((tag, kinds, self._length))

    def close(self, tag: str) -> bool:
        """The last open `tag` ends here, whatever was opened after it. Returns False where there is none."""
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                self._end(index)
                return True
        return False

    def close_all(self, *tags: str) -> None:
        """All open tags of these names end here; all there are where none is named."""
        for index in range(len(self._open) - 1, -1, -1):
            if not tags or self._open[index][0] in tags:
                self._end(index)

    def is_open(self, tag: str) -> bool:
        """Whether `tag` holds here."""
        return any(name == tag for name, _, _ in self._open)

    def reread(self, tag: str, *kinds: tuple[str, str]) -> bool:
        """The last open `tag` ends here and was of these kinds all along. Returns False where it covers no letter."""
        for index in range(len(self._open) - 1, -1, -1):
            name, _, start = self._open[index]
            if name == tag:
                self._open[index] = (name, kinds, start)
                self._end(index)
                return start < self._length
        return False

    def point(self, kind: str, value: str) -> None:
        """Something that stands between two letters."""
        self._points.append(Span(self._length, self._length, kind, value))

    def done(self, empty_lines: Empty = Empty.GONE) -> tuple[str, tuple[Span, ...]]:
        """The text, its lines stripped, and its spans."""
        self.close_all()
        found = [*self._points, *reversed(self._ranges)]
        text, spans = tidied_text("".join(self._blocks + self._pieces), found, empty_lines)
        if len(spans) < len(found):
            kept = {span[2:] for span in spans}
            self.empty += [span.value for span in found if span.value and span[2:] not in kept]
        return text, spans

    def _end(self, index: int) -> None:
        _, kinds, start = self._open.pop(index)
        if start < self._length:
            self._ranges += [Span(start, self._length, kind, value) for kind, value in reversed(kinds)]
        else:
            self.empty += [value for _, value in kinds if value]


def without_empty_lines(text: str) -> str:
    """The text for formats in which an empty line ends a subtitle: none at its ends, and those inside have a no-break
    space, so that they are seen as they were.

    >>> without_empty_lines("\\none\\n\\ntwo\\n ")
    'one\\n\\xa0\\ntwo'
    """
    lines = text.split("\n")
    full = [number for number, line in enumerate(lines) if line.strip(_EDGES)]
    inner = lines[full[0] : full[-1] + 1] if full else []
    return "\n".join(line if line.strip(_EDGES) else "\u00a0" for line in inner)


def needs_tidying(text: str) -> bool:
    """Whether `tidied_text` would change it."""
    # One pattern for all of it took a third of the time that a plain subtitle takes to read.
    if not text:
        return False
    if text[0] in " \t\n" or text[-1] in " \t\n":
        return True
    if "\n" in text:
        if "\n\n" in text or "\n " in text or " \n" in text or "\n\t" in text or "\t\n" in text:
            return True
        return not text.replace("\n", "").isprintable() and _CHANGED.search(text) is not None
    return not text.isprintable() and _CHANGED.search(text) is not None


def tidied_text(text: str, spans: Sequence[Span] = (), empty_lines: Empty = Empty.GONE) -> tuple[str, tuple[Span, ...]]:
    """Lines stripped of spaces, control characters gone, and empty lines as is said; spans moved accordingly."""
    if not needs_tidying(text):
        return text, tidied(spans, len(text)) if spans else ()
    if _BREAKING.search(text):
        text = text.translate(_BREAKS)
    if not spans and not _CONTROL.search(text):
        return _stripped(text, empty_lines), ()
    pieces = _Pieces()
    first = 0
    while first <= len(text):
        stop = text.find("\n", first)
        stop = len(text) if stop < 0 else stop
        line = text[first:stop]
        start, end = first + len(line) - len(line.lstrip(_EDGES)), first + len(line.rstrip(_EDGES))
        pieces.add_line(text, start, max(start, end), empty_lines)
        first = stop + 1
    return pieces.put_together(text, spans)


def _stripped(text: str, empty_lines: Empty) -> str:
    """The lines of a text without control characters, the spaces around each gone, and empty ones as is said."""
    blocks: list[str] = []
    for block in blocks_of(text):
        lines = [line.strip(_EDGES) for line in block.split("\n")]
        if empty_lines is not Empty.GONE:
            blocks.append("\n".join(lines))
        elif any(lines):
            blocks.append("\n".join(filter(None, lines)))
    whole = "\n".join(blocks)
    return whole.strip("\n") if empty_lines is Empty.INSIDE else whole


class _Pieces:
    """What stays of a text: where each piece starts and ends in the old text, and whether a line begins with it.

    As arrays: a text may be thousands of letters with a control character between any two of them.
    """

    def __init__(self) -> None:
        self._starts, self._ends, self._breaks = array("I"), array("I"), array("b")
        self._empty = array("I")
        """Where empty lines begin that stay if another line follows."""

    def add_line(self, text: str, start: int, end: int, empty_lines: Empty) -> None:
        """What of these characters, which are a line without the spaces around it, stays."""
        if not any(text[a:b].strip(_EDGES) for a, b in _without_control(text, start, end)):
            if empty_lines is Empty.ALL:
                self._add(start, start, len(self._starts) > 0)
            elif empty_lines is Empty.INSIDE and self._starts:
                self._empty.append(start)
            return
        for at in self._empty:
            self._add(at, at, True)
        del self._empty[:]
        breaks = len(self._starts) > 0
        for first, last in _without_control(text, start, end):
            if first < last:
                self._add(first, last, breaks)
                breaks = False

    def _add(self, start: int, end: int, breaks: bool) -> None:
        self._starts.append(start)
        self._ends.append(end)
        self._breaks.append(breaks)

    def put_together(self, text: str, spans: Sequence[Span]) -> tuple[str, tuple[Span, ...]]:
        """The new text, and the spans as they are in it."""
        out = bytearray()  # Not a list: many of the pieces may be single letters.
        places = array("I")
        length = 0
        for start, end, breaks in zip(self._starts, self._ends, self._breaks, strict=True):
            if breaks:
                out += b"\n"
            if spans:
                places.append(length + breaks)
            out += text[start:end].encode("utf-8", "surrogatepass")
            length += end - start + breaks
        new_text = out.decode("utf-8", "surrogatepass")
        if not spans:
            return new_text, ()
        moves = _Moves(self._starts, self._ends, places, length)
        return new_text, tidied((new for span in spans if (new := moves.span(span)) is not None), length)


def _without_control(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    for match in _CONTROL.finditer(text, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


class _Moves:
    """Where a place of the old text is in the new one."""

    def __init__(self, starts: array[int], ends: array[int], places: array[int], length: int) -> None:
        self._starts = starts
        self._ends = ends
        self._places = places
        self._length = length

    def span(self, span: Span) -> Span | None:
        start = self._first_from(span.start)
        if span.start == span.end:
            return span._replace(start=start, end=start)
        end = self._last_until(span.end)
        return span._replace(start=start, end=end) if start < end else None

    def _first_from(self, position: int) -> int:
        index = bisect_right(self._ends, position)
        if index == len(self._places):
            return self._length
        return self._places[index] + max(0, position - self._starts[index])

    def _last_until(self, position: int) -> int:
        index = bisect_left(self._starts, position) - 1
        if index < 0:
            return 0
        return self._places[index] + min(position, self._ends[index]) - self._starts[index]


def marked_up(
    text: str,
    spans: Sequence[Span],
    opening: Callable[[Span], str],
    closing: Callable[[Span], str],
    escape: Callable[[str], str],
) -> str:
    """The text with its spans as tags that are properly nested: one that would cross another is closed and opened anew.

    `opening` and `closing` give a span's tags; both give nothing for a kind that the format does not have. A point's
    tag is what `opening` gives.
    """
    if not spans:
        return escape(text)
    starts: dict[int, list[Span]] = {}
    for span in spans:
        starts.setdefault(span.start, []).append(span)
    places = sorted({place for span in spans for place in (span.start, span.end)})
    out: list[str] = []
    open_now: list[Span] = []
    position = 0
    for place in places:
        out.append(escape(text[position:place]))
        position = place
        if open_now and any(span.end <= place for span in open_now):
            _close(out, open_now, place, opening, closing)
        for span in starts.get(place, ()):
            out.append(opening(span))
            if span.end > place:
                open_now.append(span)
    out.append(escape(text[position:]))
    return "".join(out)


def _close(
    out: list[str],
    open_now: list[Span],
    place: int,
    opening: Callable[[Span], str],
    closing: Callable[[Span], str],
) -> None:
    lowest = next(index for index, span in enumerate(open_now) if span.end <= place)
    above = open_now[lowest:]
    del open_now[lowest:]
    out += [closing(span) for span in reversed(above)]
    for span in above:
        if span.end > place:
            out.append(opening(span))
            open_now.append(span)
