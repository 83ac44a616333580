# SPDX-License-Identifier: GPL-3.0-or-later
"""What a subtitle looks like from moment to moment: the word that is spoken, a few words at a time, fades."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..cues import Cue
from ..markup import TIME
from ..subtitles import realign
from . import karaoke
from .paint import Spoken
from .style import Style

FADE_STEP = 0.04
"""Seconds that one strength of a fade lasts."""
_MOST_STEPS = 250
"""Of one fade."""


class Timed(NamedTuple):
    """Characters `start` up to `end`, spoken from `begins` to `ends` (seconds)."""

    start: int
    end: int
    begins: float
    ends: float


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """How a subtitle looks from `begins` to `ends` (seconds)."""

    begins: float
    ends: float
    part: tuple[int, int] | None = None
    """The characters that are shown; None: all."""
    spoken: Spoken | None = None
    """Its characters are counted from the beginning of `part`."""
    strength: float = 1.0
    time: float = 0.0
    """Seconds after the start of the subtitle: what changes over time is shown as it is then."""
    is_changing: bool = False
    """Whether it looks otherwise at each time of this one."""


def moments(cue: Cue, style: Style) -> list[Moment]:
    """All of a subtitle's looks, in order, without a gap from its start to its end."""
    if cue.end <= cue.start:
        return []
    found = list(_spoken(cue, style)) or [Moment(cue.start, cue.end)]
    if style.fade_in or style.fade_out:
        found = [piece for one in found for piece in faded(one, cue, style.fade_in, style.fade_out)]
    return found


def words_of(cue: Cue) -> list[Timed]:
    """The words of a subtitle with their times: as measured, as its file says, else shared out by their length."""
    for known in (_measured(cue), _marked(cue), _sung(cue)):
        if known:
            return known
    pieces = list(realign.pieces(cue.text))
    weights = [float(realign.syllables(cue.text[piece.start : piece.end])) for piece in pieces]
    times = realign.shares(weights, cue.start, cue.end)
    return [Timed(piece.start, piece.end, *time) for piece, time in zip(pieces, times, strict=True)]


def _measured(cue: Cue) -> list[Timed]:
    found: list[Timed] = []
    place = 0
    for word in cue.words:
        at = cue.text.find(word.text, place) if word.text else -1
        if at < 0:
            return []  # The words are those of another text.
        place = at + len(word.text)
        found.append(Timed(at, place, word.start, word.end))
    return found


def _marked(cue: Cue) -> list[Timed]:
    """By points in the text, as WebVTT has them."""
    marks = [(span.start, _seconds(span.value)) for span in cue.spans if span.kind == TIME]
    known = [(at, time) for at, time in marks if time is not None]
    if not known:
        return []
    if known[0][0] > 0:
        known.insert(0, (0, cue.start))
    ends = [*known[1:], (len(cue.text), cue.end)]
    return [Timed(at, stop, time, until) for (at, time), (stop, until) in zip(known, ends, strict=True) if stop > at]


def _sung(cue: Cue) -> list[Timed]:
    """By the lengths of syllables, as SubStation has them."""
    return [Timed(*syllable[:4]) for syllable in karaoke.syllables(cue)]


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e7 else None


def _spoken(cue: Cue, style: Style) -> Iterator[Moment]:
    if not style.words and not style.karaoke:
        return
    timed = sorted(words_of(cue), key=lambda word: word.begins)
    timed = [word for word in timed if word.begins < cue.end and word.ends > cue.start]
    size = style.words or len(timed)
    groups = [timed[at : at + size] for at in range(0, len(timed), size)] if timed else []
    for index, group in enumerate(groups):
        begins = cue.start if index == 0 else max(cue.start, group[0].begins)
        ends = cue.end if index == len(groups) - 1 else max(begins, groups[index + 1][0].begins)
        part = (min(word.start for word in group), max(word.end for word in group)) if style.words else None
        yield from _in_group(group, begins, ends, part, style)


def _in_group(
    group: Sequence[Timed], begins: float, ends: float, part: tuple[int, int] | None, style: Style
) -> Iterator[Moment]:
    if not style.karaoke:
        if ends > begins:
            yield Moment(begins, ends, part)
        return
    first = part[0] if part else 0
    time = begins
    state: Spoken | None = None
    for word in group:
        start = min(max(word.begins, time), ends)
        if start > time:
            yield Moment(time, start, part, state)
            time = start
        low = group[0].start - first if style.karaoke == "fill" else word.start - first
        state = Spoken(low, word.end - first, style.spoken_color, style.spoken_box)
    if ends > time:
        yield Moment(time, ends, part, state)


def faded(one: Moment, cue: Cue, fade_in: float, fade_out: float) -> Iterator[Moment]:
    """A moment in pieces of one strength each."""
    edges = {one.begins, one.ends}
    for begin, length in ((cue.start, min(fade_in, cue.duration)), (cue.end - min(fade_out, cue.duration), fade_out)):
        steps = max(1, round(length / FADE_STEP)) if length else 0
        edges |= {begin + length * step / steps for step in range(steps + 1)} if steps else set()
    inside = sorted(edge for edge in edges if one.begins <= edge <= one.ends)
    for start, end in itertools.pairwise(inside):
        if end - start > 1e-6:
            yield dataclasses.replace(
                one, begins=start, ends=end, strength=_strength((start + end) / 2, cue, fade_in, fade_out)
            )


def changing(one: Moment, cue: Cue, spans: Sequence[tuple[float, float]]) -> Iterator[Moment]:
    """A moment in pieces: those inside one of the `spans` (seconds), which look otherwise all the time, and the others,
    each of which looks the same from its beginning to its end."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    times = {one.begins, one.ends, *(edge for span in spans if span[0] == span[1] for edge in span)}
    times |= {edge for span in joined for edge in span}
    inside = sorted(edge for edge in times if one.begins <= edge <= one.ends)
    ends = [end for _, end in joined]
    for start, end in itertools.pairwise(inside):
        middle = (start + end) / 2
        at = bisect.bisect_right(ends, middle)
        is_inside = at < len(joined) and joined[at][0] <= middle
        is_changing = one.is_changing or is_inside
        yield dataclasses.replace(one, begins=start, ends=end, time=middle - cue.start, is_changing=is_changing)


def stepped(found: Sequence[Moment], start: float, step: float, most: int) -> list[Moment]:
    """Moments without those that are changing: each is so many that last `step` seconds, or longer, so that there are
    about `most` in all, and one for each in any case. `start`: that of the subtitle."""
    total = sum(one.ends - one.begins for one in found if one.is_changing)
    step = max(step, total / most)
    out: list[Moment] = []
    for one in found:
        count = max(1, round((one.ends - one.begins) / step)) if one.is_changing else 1
        edges = [one.begins + (one.ends - one.begins) * number / count for number in range(count)] + [one.ends]
        for begins, ends in itertools.pairwise(edges):
            time = (begins + ends) / 2 - start if one.is_changing else one.time
            out.append(dataclasses.replace(one, begins=begins, ends=ends, time=time, is_changing=False))
    return out


def strengthened(one: Moment, points: Sequence[tuple[float, float]]) -> Iterator[Moment]:
    """A moment in pieces of one strength each; `points`: times, in order, and how strong it is then."""
    edges = {one.begins, one.ends}
    for (begin, low), (end, high) in itertools.pairwise(points):
        first, last = max(begin, one.begins), min(end, one.ends)
        if last > first:
            steps = min(max(1, round((last - first) / FADE_STEP)), _MOST_STEPS) if low != high else 1
            edges |= {first + (last - first) * number / steps for number in range(steps + 1)}
    for begins, ends in itertools.pairwise(sorted(edges)):
        if ends - begins > 1e-6:
            strength = round(_between(points, (begins + ends) / 2), 3)
            yield dataclasses.replace(one, begins=begins, ends=ends, strength=strength)


def _between(points: Sequence[tuple[float, float]], time: float) -> float:
    if time <= points[0][0]:
        return points[0][1]
    for (begin, low), (end, high) in itertools.pairwise(points):
        if time < end:
            return low + (high - low) * (time - begin) / (end - begin) if end > begin else high
    return points[-1][1]


def _strength(time: float, cue: Cue, fade_in: float, fade_out: float) -> float:
    rising = (time - cue.start) / fade_in if fade_in else 1.0
    falling = (cue.end - time) / fade_out if fade_out else 1.0
    return round(min(1.0, max(0.0, rising)) * min(1.0, max(0.0, falling)), 3)
