# SPDX-License-Identifier: GPL-3.0-or-later
"""When subtitles are shown: edges, moving, stretching, gaps.

Times are seconds. A subtitle that moves as a whole takes its words along; one whose edge moves leaves them where they
are said. No edit here makes two subtitles overlap that did not before, or one shorter than a step.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from ..markup import TIME
from ..text import Text
from .document import Cue
from .track import TOLERANCE, Edited, EditError, Part, Rules, following, previous, replaced

Exact = float | Fraction


class Edge(enum.Enum):
    """Which end of a subtitle is meant."""

    IN = "in"
    OUT = "out"


def _each_time(cue: Cue, place: Callable[[float], float]) -> Cue:
    """All times of a subtitle put elsewhere: its own, those of its words, those noted in its text."""
    words = tuple(dataclasses.replace(word, start=place(word.start), end=place(word.end)) for word in cue.words)
    spans = cue.spans
    if any(span.kind == TIME for span in spans):
        spans = tuple(
            span._replace(value=f"{place(float(span.value)):.3f}") if span.kind == TIME else span for span in spans
        )
    return dataclasses.replace(cue, start=place(cue.start), end=place(cue.end), words=words, spans=spans)


def moved(cue: Cue, seconds: float) -> Cue:
    """The whole subtitle later by `seconds`."""
    return _each_time(cue, lambda time: time + seconds) if seconds else cue


def too_early() -> EditError:
    """What is said of an edit that would have a subtitle begin before the film."""
    return EditError(Text("A subtitle would begin before the film."), Text("Move it by less."))


# Edges


def set_edge(cues: Sequence[Cue], index: int, edge: Edge, seconds: float, rules: Rules) -> Edited:
    """One subtitle begins or ends at a time. A neighbour that is in the way gives way, as far as a step is left of it.

    Raises EditError where the subtitle would end before it begins, or nothing would be left of the neighbour.
    """
    cue, time = cues[index], rules.snap(seconds)
    changed = _with_edge(cue, edge, time)
    if changed.end - changed.start < rules.step / 2:
        raise EditError(
            Text("The subtitle would end before it begins."), Text("Move the playhead, or set the other edge first.")
        )
    changes = {index: changed}
    if edge is Edge.IN and index and cues[index - 1].end > time and cues[index - 1].end <= cue.start + TOLERANCE:
        changes[index - 1] = _cut_back(cues[index - 1], Edge.OUT, time - rules.gap, rules)
    last = index + 1 < len(cues) and cues[index + 1].start >= cue.end - TOLERANCE
    if edge is Edge.OUT and last and cues[index + 1].start < time:
        changes[index + 1] = _cut_back(cues[index + 1], Edge.IN, time + rules.gap, rules)
    return replaced(cues, changes)


def _with_edge(cue: Cue, edge: Edge, time: float) -> Cue:
    return dataclasses.replace(cue, start=time) if edge is Edge.IN else dataclasses.replace(cue, end=time)


def _cut_back(cue: Cue, edge: Edge, seconds: float, rules: Rules) -> Cue:
    time = rules.snap(seconds)
    cut = _with_edge(cue, edge, time)
    if cut.end - cut.start < rules.step / 2:
        raise EditError(
            Text("Nothing would be left of the subtitle beside it."), Text("Merge the two, or remove that one first.")
        )
    return cut


def target(cues: Sequence[Cue], seconds: float, edge: Edge) -> int | None:
    """Which subtitle an edge set at a time is about: the one shown there; in a gap the next for its beginning, the one
    before for its end."""
    before = previous(cues, seconds)
    if before is not None and seconds < cues[before].end:
        return before
    return following(cues, seconds) if edge is Edge.IN else before


def set_in_and_shift(cues: Sequence[Cue], index: int, seconds: float, rules: Rules) -> Edited:
    """One subtitle begins at a time, and it and all later ones move along. Raises EditError where it would overlap the
    one before it."""
    shift = rules.snap(seconds) - cues[index].start
    if index and rules.snap(seconds) < cues[index - 1].end - TOLERANCE:
        raise EditError(
            Text("The subtitles would overlap the one before them."), Text("Move the playhead behind its end.")
        )
    return replaced(cues, {number: moved(cues[number], shift) for number in range(index, len(cues))})


def extend(cues: Sequence[Cue], index: int, edge: Edge, rules: Rules, seconds: float | None = None) -> Edited:
    """Up to the neighbour, less the gap; or to a time, if there is no neighbour before it. Never shorter.

    Raises EditError where there is neither.
    """
    cue = cues[index]
    if edge is Edge.OUT:
        limit = cues[index + 1].start - rules.gap if index + 1 < len(cues) else None
        times = [time for time in (limit, seconds) if time is not None]
        wanted = rules.snap(max(cue.end, min(times))) if times else None
        changed = None if wanted is None else dataclasses.replace(cue, end=wanted)
    else:
        limit = cues[index - 1].end + rules.gap if index else None
        times = [time for time in (limit, seconds) if time is not None]
        wanted = rules.snap(min(cue.start, max(times))) if times else None
        changed = None if wanted is None else dataclasses.replace(cue, start=wanted)
    if changed is None:
        raise EditError(Text("There is no subtitle to extend it to."), Text("Extend it to the playhead."))
    return replaced(cues, {index: changed})


# Move and stretch


def shift(cues: Sequence[Cue], indices: Iterable[int], seconds: float) -> Edited:
    """These later by `seconds`, earlier when negative. Raises EditError where one would begin before 0."""
    chosen = set(indices)
    if any(cues[index].start + seconds < -TOLERANCE for index in chosen):
        raise too_early()
    return replaced(cues, {index: moved(cues[index], seconds) for index in chosen})


def stretched(cue: Cue, factor: Exact, offset: Exact = 0) -> Cue:
    """All times multiplied by `factor` and then later by `offset`, exactly, and rounded once each."""
    exact, more = Fraction(factor), Fraction(offset)
    return _each_time(cue, lambda time: float(Fraction(time) * exact + more))


def scale(
    cues: Sequence[Cue], indices: Iterable[int], first: tuple[Exact, Exact], second: tuple[Exact, Exact], rules: Rules
) -> Edited:
    """By two anchors `(where it is, where it belongs)`: these stretch so that both are right, and all between them.

    Raises EditError where the anchors are one and the same, would turn time around, or put something before 0.
    """
    (old_a, new_a), (old_b, new_b) = [(Fraction(old), Fraction(new)) for old, new in (first, second)]
    if old_a == old_b or (new_b - new_a) / (old_b - old_a) <= 0:
        raise EditError(
            Text("These two anchors say nothing about how to stretch."),
            Text("Choose two subtitles that are far apart, and keep their order."),
        )
    factor = (new_b - new_a) / (old_b - old_a)
    return _stretched(cues, indices, factor, new_a - old_a * factor, rules)


def change_rate(cues: Sequence[Cue], made_for: Fraction, plays_at: Fraction, rules: Rules) -> Edited:
    """Subtitles of a film at one rate for the same film, frame by frame, at another: 25 to 24 makes them later.

    The factor is a fraction: there and back over hours is where it was.
    """
    return _stretched(cues, range(len(cues)), made_for / plays_at, Fraction(0), rules)


def _stretched(cues: Sequence[Cue], indices: Iterable[int], factor: Fraction, offset: Fraction, rules: Rules) -> Edited:
    changes: dict[int, Cue] = {}
    for index in indices:
        cue = stretched(cues[index], factor, offset)
        if cue.start < -TOLERANCE:
            raise too_early()
        start = rules.snap(cue.start)
        end = rules.snap(cue.end)
        changes[index] = dataclasses.replace(cue, start=start, end=end if end > start else start + rules.step)
    return replaced(cues, changes)


def ripple(cues: Sequence[Cue], seconds: float, shift_by: float) -> Edited:
    """All that begin at or after a time, later by `shift_by`: room is made, or taken away. Raises EditError where they
    would overlap the one before, or begin before 0."""
    later = [index for index, cue in enumerate(cues) if cue.start >= seconds - TOLERANCE]
    if later and later[0] and cues[later[0]].start + shift_by < cues[later[0] - 1].end - TOLERANCE:
        raise EditError(Text("The subtitles would overlap the one before them."), Text("Move them by less."))
    return shift(cues, later, shift_by)


def cut_out(cues: Sequence[Cue], first: float, last: float, rules: Rules) -> Edited:
    """As a film from which the time from `first` to `last` was cut: later ones move up, those wholly inside are gone.

    One that reaches into it keeps its text, and is shown for what is left of its time.
    """

    def place(time: float) -> float:
        return time if time <= first else max(first, time - (last - first))

    parts: Edited = []
    for index, cue in enumerate(cues):
        if cue.end <= first + TOLERANCE:
            parts.append(Part(index, cue))
            continue
        left = _each_time(cue, place)
        if left.end - left.start >= rules.step / 2:
            parts.append(Part(index, left))
    return parts


# Gaps


def close_gaps(cues: Sequence[Cue], rules: Rules) -> Edited:
    """Gaps as the profile wants them: overlaps and gaps that are too small become the smallest one, blinks too.

    Only ends move; where none is left to move (the next begins with it) it is left alone.
    """
    changes: dict[int, Cue] = {}
    for index, cue in enumerate(cues[:-1]):
        end = gap_end(cue, cues[index + 1], rules)
        if end is not None:
            changes[index] = dataclasses.replace(cue, end=end)
    return replaced(cues, changes)


def gap_end(cue: Cue, after: Cue, rules: Rules) -> float | None:
    """Where a subtitle must end for the gap to the next to be as the profile wants it; None: it is, or cannot be."""
    space = after.start - cue.end
    blink = rules.gap + TOLERANCE < space < rules.profile.close_gap_below - TOLERANCE
    if not (blink or space < rules.gap - TOLERANCE):
        return None
    end = rules.snap(after.start - rules.gap)
    if end - cue.start < rules.step / 2:
        # No room for the gap: they touch, if not even that is possible nothing changes.
        end = rules.snap(after.start)
    if blink and end - cue.start > rules.max_duration + TOLERANCE:
        return None
    return end if end - cue.start > rules.step / 2 and end != cue.end else None


def close_overlaps(cues: Sequence[Cue], rules: Rules) -> Edited:
    """Each ends, at the latest, the smallest gap before the next one begins. Blinks stay."""
    changes: dict[int, Cue] = {}
    for index, cue in enumerate(cues[:-1]):
        if cues[index + 1].start - cue.end < rules.gap - TOLERANCE:
            end = gap_end(cue, cues[index + 1], rules)
            if end is not None:
                changes[index] = dataclasses.replace(cue, end=end)
    return replaced(cues, changes)


def last_end(cue: Cue, after: Cue | None, rules: Rules) -> float:
    """The latest time that a subtitle may end: the profile's longest, the gap before the next."""
    latest = cue.start + rules.max_duration
    return latest if after is None else min(latest, after.start - rules.gap)


def with_time_to_read(cue: Cue, after: Cue | None, rules: Rules) -> Cue:
    """Longer, as far as the next one leaves room, so that it can be read; never shorter."""
    from ..cues import text_length

    profile, wanted = rules.profile, rules.min_duration
    if profile.max_cps:
        wanted = max(wanted, rules.up(text_length(cue.text) / profile.max_cps))
    if profile.max_wpm:
        wanted = max(wanted, rules.up(len(cue.text.split()) * 60 / profile.max_wpm))
    end = rules.snap(min(cue.start + wanted, last_end(cue, after, rules)))
    return dataclasses.replace(cue, end=end) if end > cue.end + rules.step / 2 else cue


def at_edges(cue: Cue, start: float, end: float) -> Cue:
    """The subtitle with these edges; its words stay where they are said."""
    return dataclasses.replace(cue, start=start, end=end)
