# SPDX-License-Identifier: GPL-3.0-or-later
"""A track as SubRip for a text editor, and what was typed there taken back.

What was written is compared with what it has become, and only the difference is done to the subtitles: what SubRip
cannot say (when each word is said, who speaks, karaoke, a style) stays with every subtitle whose text is still there,
and what was changed on the timeline meanwhile stays as well. Pure.
"""

from __future__ import annotations

import bisect
import dataclasses
import enum
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

from ..errors.subtitles import SubtitleFileError
from ..markup import BOLD, COLOR, FONT, ITALIC, SIZE, STRIKE, UNDERLINE, Span, tidied
from ..text import Text
from . import reading, timing, writing
from .document import Cue, Document, Finding, Kind
from .formats.base import ReadOptions
from .realign import with_text
from .track import TOLERANCE, Edited, Part

_NAME = "subtitles.srt"
"""Stands in messages; no such file is read or written."""
_SAID = frozenset((BOLD, COLOR, FONT, ITALIC, SIZE, STRIKE, UNDERLINE))
"""Formatting that SubRip has tags for."""


class What(enum.StrEnum):
    """What has become of a subtitle."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One subtitle that is not what it was before."""

    what: What
    before: Cue | None
    """As it is on the timeline; None for one that is new."""
    after: Cue | None
    """None for one that goes."""
    clashes: bool = False
    """It was also changed or removed on the timeline meanwhile. What was typed holds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """What a text makes of a track."""

    parts: Edited
    differences: tuple[Difference, ...]
    """In order of time."""
    findings: tuple[Finding, ...]
    """What in the text cannot be read as it stands, with its line."""

    def count(self, what: What) -> int:
        """How many subtitles that has become of."""
        return sum(one.what is what for one in self.differences)


def written(cues: Iterable[Cue]) -> tuple[str, list[int]]:
    """Subtitles as SubRip, and which of them each number stands for: `[i]` of number `i + 1`.

    What has no text, or ends before zero, is not in it, and is not touched when the text is taken back.
    """
    kept = [(index, cue) for index, cue in enumerate(cues) if cue.text.strip() and cue.end > 0]
    kept.sort(key=lambda item: item[1].start)
    data, _ = writing.rendered(Path(_NAME), Document(tuple(cue for _, cue in kept)), "srt")
    return data.decode("utf-8"), [index for index, _ in kept]


def taken_back(before: str, text: str, cues: Sequence[Cue], origins: Sequence[int | None]) -> Taken:
    """What typing `text` in the place of `before` does to the subtitles `cues`.

    `before` is what `written` returned, and `origins[i]` which of `cues` is its number `i + 1` today, None where it is
    gone. Subtitles of no number are new since, and stay. An empty text removes all that had a number.
    Raises SubtitleFileError for a text that has no subtitle in it.
    """
    old, new = _read(before), _read(text)
    matches = matched(old.cues, new.cues)
    again = _again(cues)
    parts: dict[int, Part] = {index: Part(index, cue) for index, cue in enumerate(cues)}
    # The last one that begins by a time, whatever their order: the earliest beginning from each on.
    begun = [*itertools.accumulate((cue.start for cue in reversed(cues)), min)][::-1]
    found: list[Difference] = []
    made: list[Part] = []
    for cue, match in zip(new.cues, matches, strict=True):
        origin = _origin(old.cues[match], origins) if match is not None else None
        if match is not None and origin is not None:
            now, was = cues[origin], old.cues[match]
            after = _merged(now, was, cue)
            if after != now:
                clashes = not _same(again.get(origin, now), was)
                found.append(Difference(What.CHANGED, now, after, clashes))
                parts[origin] = Part(origin, after)
        elif match is None or not _same(cue, old.cues[match]):
            # One that was removed on the timeline and not touched in the text stays removed.
            fresh = dataclasses.replace(cue, name="", line=0, extra={})
            near = max(bisect.bisect_right(begun, cue.start) - 1, 0 if cues else -1)
            made.append(Part(near, fresh, is_new=True))
            found.append(Difference(What.ADDED, None, fresh, match is not None))
    kept = {match for match in matches if match is not None}
    for number, cue in enumerate(old.cues):
        origin = _origin(cue, origins)
        if number not in kept and origin is not None:
            del parts[origin]
            found.append(Difference(What.REMOVED, cues[origin], None, not _same(again.get(origin, cue), cue)))
    found.sort(key=lambda one: (one.before or one.after or Cue(0, 0, "")).start)
    return Taken([*parts.values(), *made], tuple(found), _told(old, new))


def _read(text: str) -> Document:
    if not text.strip():
        return Document()
    options = ReadOptions(keep_rolling=True)
    document = reading.parse(text.encode("utf-8"), _NAME, format="srt", options=options)
    if not document.cues:
        hint = Text("Each subtitle is a number, its times, and its words.")
        raise SubtitleFileError(Path(_NAME), document.warnings[0] if document.warnings else "", hint)
    return document


def _told(old: Document, new: Document) -> tuple[Finding, ...]:
    """What is wrong with what was typed: not with the order, which says nothing, nor with what was so before."""
    known = {(one.kind, one.quote) for one in old.findings}
    return tuple(one for one in new.findings if one.kind is not Kind.UNSORTED and (one.kind, one.quote) not in known)


def _origin(cue: Cue, origins: Sequence[int | None]) -> int | None:
    """Which subtitle a number of the text stands for today."""
    number = cue.number or 0
    return origins[number - 1] if 0 < number <= len(origins) else None


def _again(cues: Sequence[Cue]) -> dict[int, Cue]:
    """By index, the subtitles as they would be read again from their SubRip."""
    text, order = written(cues)
    numbered = ((_origin(cue, order), cue) for cue in _read(text).cues)
    return {index: cue for index, cue in numbered if index is not None}


def _said(cue: Cue) -> tuple[Span, ...]:
    return tuple(span for span in cue.spans if span.kind in _SAID)


def _same(one: Cue, other: Cue) -> bool:
    """Whether two readings of SubRip say the same, whatever their numbers."""
    times = (one.start, one.end) == (other.start, other.end)
    return times and (one.text, one.spans, one.placing, one.speaker) == (
        other.text, other.spans, other.placing, other.speaker,
    )  # fmt: skip


def _merged(now: Cue, was: Cue, typed: Cue) -> Cue:
    """A subtitle with what was typed: what SubRip says of it where that was changed, all else as it is."""
    cue = now
    if typed.text != was.text:
        cue = with_text(cue, typed.text)
    if typed.text != was.text or typed.spans != was.spans:
        others = [span for span in cue.spans if span.kind not in _SAID]
        if _said(typed) != _said(was) or typed.text != was.text:
            cue = dataclasses.replace(cue, spans=tidied([*others, *_said(typed)], len(cue.text)))
    if typed.placing != was.placing:
        cue = dataclasses.replace(cue, placing=typed.placing)
    if typed.speaker != was.speaker:
        cue = dataclasses.replace(cue, speaker=typed.speaker)
    return _timed(cue, was, typed)


def _timed(cue: Cue, was: Cue, typed: Cue) -> Cue:
    by, by_end = typed.start - was.start, typed.end - was.end
    if by and abs(by - by_end) < TOLERANCE:
        # The whole of it was moved, and its words with it.
        return timing.at_edges(timing.moved(cue, by), typed.start, typed.end)
    start = typed.start if by else cue.start
    end = typed.end if by_end else cue.end
    return cue if (start, end) == (cue.start, cue.end) else timing.at_edges(cue, start, max(start, end))


# Which is which

_Key = Callable[[Cue], Hashable]


def matched(old: Sequence[Cue], new: Sequence[Cue]) -> list[int | None]:
    """Which of `old` each of `new` is, None for one that is none of them; each is at most one.

    The surest first: those that are the same, then those of the same number and text, which may have been moved to
    where another one was, those at the same time, with the same text, with the same beginning or end, and last those
    that share most of their time.
    """
    found: list[int | None] = [None] * len(new)
    left = dict.fromkeys(range(len(old)))
    keys: tuple[_Key, ...] = (
        lambda cue: (cue.start, cue.end, cue.text, cue.spans),
        lambda cue: (cue.name, cue.text),
        lambda cue: (cue.start, cue.end),
        lambda cue: cue.text,
        lambda cue: cue.start,
        lambda cue: cue.end,
    )
    for key in keys:
        waiting: dict[Hashable, deque[int]] = defaultdict(deque)
        for index in left:
            waiting[key(old[index])].append(index)
        for at, cue in enumerate(new):
            if found[at] is None and (queue := waiting.get(key(cue))):
                found[at] = queue.popleft()
                del left[found[at]]  # type: ignore[arg-type]
    _by_time(old, new, found, sorted(left))
    return found


def _by_time(old: Sequence[Cue], new: Sequence[Cue], found: list[int | None], left: list[int]) -> None:
    """Match those that are left and shown for most of the time together; both are in order of time."""
    first = 0
    for at, cue in enumerate(new):
        if found[at] is not None:
            continue
        while first < len(left) and old[left[first]].end <= cue.start:
            first += 1
        if first < len(left) and _common(old[left[first]], cue) > 0.5:
            found[at] = left.pop(first)


def _common(one: Cue, other: Cue) -> float:
    """Share of the shorter one's time that both are shown."""
    both = min(one.end, other.end) - max(one.start, other.start)
    return both / max(TOLERANCE, min(one.duration, other.duration))
