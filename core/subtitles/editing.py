# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles added, removed, joined and cut anew, with their words, their formatting and their times.

Times are seconds. No text is lost, doubled or reordered but where a docstring says so.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

from ..cues import Word
from ..markup import VOICE, Span, shifted, tidied
from ..text import Text
from . import realign, timing, wording
from .document import Cue
from .splitting import part
from .track import Edited, EditError, Part, Rules, following, previous, settled, unchanged

NEW_LENGTH = 3.0
"""Seconds of a subtitle that is added where there is room for more than the longest one."""

ROLLING_GAP = 1.0
"""Seconds between two subtitles with the same words, from which on somebody says it again."""


GROWING_GAP = 0.1
"""Seconds between a text and the same with more words, up to which it has grown, and nobody begins anew."""


# Add and remove


def add(cues: Sequence[Cue], seconds: float, rules: Rules, text: str = "") -> Edited:
    """A new subtitle from `seconds` on, or after the one that is shown there; it fills the gap as far as is allowed.

    With no subtitle to go by it is a part with the source -1. Raises EditError where there is no room.
    """
    before = previous(cues, seconds)
    start = rules.snap(seconds)
    if before is not None and start < cues[before].end + rules.gap:
        start = rules.snap(cues[before].end + rules.gap)
    after = following(cues, seconds)
    limit = rules.snap(cues[after].start - rules.gap) if after is not None else None
    end = _end_of_new(start, limit, rules)
    if end < start + rules.step / 2:
        raise EditError(
            Text("There is no room for a subtitle here."),
            Text("Move the playhead into a gap, or make room by moving a subtitle."),
        )
    like = before if before is not None else after
    look = Cue(start, end, text) if like is None else dataclasses.replace(_bare(cues[like]), start=start, end=end)
    new = Part(-1 if like is None else like, dataclasses.replace(look, text=text), is_new=True)
    parts = unchanged(cues)
    parts.insert(0 if before is None else before + 1, new)
    return parts


def _end_of_new(start: float, limit: float | None, rules: Rules) -> float:
    longest = min(rules.max_duration, 7.0)
    if limit is not None and limit - start <= longest:
        return limit
    return rules.snap(start + min(NEW_LENGTH, longest))


def _bare(cue: Cue) -> Cue:
    """A subtitle without a text, that looks like this one."""
    return Cue(cue.start, cue.end, "", placing=cue.placing, style=cue.style, layer=cue.layer)


def remove(cues: Sequence[Cue], indices: Iterable[int], ripple: bool = False) -> Edited:
    """Without these. With `ripple` later ones move up by the time that each took, up to the next one's beginning."""
    gone = set(indices)
    parts: Edited = []
    shift = 0.0
    for index, cue in enumerate(cues):
        if index in gone:
            if ripple:
                nextstart = cues[index + 1].start if index + 1 < len(cues) else cue.end
                shift += max(0.0, nextstart - cue.start)
            continue
        parts.append(Part(index, timing.moved(cue, -shift) if shift else cue))
    return parts


# Join


def merge(cues: Sequence[Cue], indices: Iterable[int], rules: Rules) -> Edited:
    """These become one, from the first one's beginning to the last one's end.

    Their lines stay lines, and are laid out anew where they are more or longer than the profile allows. Raises
    EditError unless there are two at least and no other one between them.
    """
    chosen = sorted(set(indices))
    if len(chosen) < 2:
        raise EditError(Text("There is only one subtitle to merge."), Text("Select two or more."))
    if chosen[-1] - chosen[0] >= len(chosen):
        raise EditError(
            Text("There are other subtitles between the selected ones."),
            Text("Select subtitles that follow each other."),
        )
    whole = settled(cues[chosen[0]])
    for index in chosen[1:]:
        whole = joined(whole, settled(cues[index]))
    parts = unchanged(cues)
    parts[chosen[0] : chosen[-1] + 1] = [Part(chosen[0], wording.fitted(whole, rules.profile))]
    return parts


def joined(first: Cue, second: Cue, between: str = "\n") -> Cue:
    """Both texts in one subtitle, which is the first one. Where only one has measured words, the other's are guessed.

    Who says each part of it stays known.
    """
    if not first.text.strip() or not second.text.strip():
        between = ""
    if first.words or second.words:
        first, second = _with_words(first), _with_words(second)
    whole = first.joined(second, between)
    if first.speaker == second.speaker or not second.speaker:
        return whole
    if not first.text.strip():
        return dataclasses.replace(whole, speaker=second.speaker)
    offset = len(first.text) + len(between)
    voices = [Span(offset, len(whole.text), VOICE, second.speaker)]
    if first.speaker:
        voices.insert(0, Span(0, len(first.text), VOICE, first.speaker))
    return dataclasses.replace(whole, speaker="", spans=tidied([*whole.spans, *voices], len(whole.text)))


def _with_words(cue: Cue) -> Cue:
    return cue if cue.words else dataclasses.replace(cue, words=realign.guessed(cue.text, cue.start, cue.end))


def merge_doubled(cues: Sequence[Cue], rules: Rules) -> Edited:
    """Without what is said twice: the same text again at once, a text that grows word by word, lines that roll up.

    Text is only left out where the subtitle before it shows the same.
    """
    parts: Edited = []
    for index, cue in enumerate(cues):
        last = parts[-1] if parts else None
        if last is None or cue.start - last.cue.end > ROLLING_GAP or not cue.text.strip():
            parts.append(Part(index, cue))
            continue
        old, new = _said(cues[index - 1].text), _said(cue.text)
        end = max(last.cue.end, cue.end)
        grows = last.cue.text == cues[index - 1].text and cue.start - last.cue.end <= GROWING_GAP
        if new == old:
            parts[-1] = Part(last.source, dataclasses.replace(last.cue, end=end))
        elif grows and old and new.startswith(f"{old} "):
            grown = dataclasses.replace(cue, start=last.cue.start, end=end, name=last.cue.name)
            parts[-1] = Part(last.source, dataclasses.replace(grown, words=_grown(last.cue, cue)))
        else:
            parts.append(Part(index, _unrolled(cues[index - 1], cue)))
    return parts


def _said(text: str) -> str:
    return " ".join(text.casefold().split())


def _grown(before: Cue, cue: Cue) -> tuple[Word, ...]:
    return cue.words or realign.words_of(cue.text, before.words, before.start, cue.end)


def _unrolled(before: Cue, cue: Cue) -> Cue:
    """The subtitle without the lines at its top that were the last lines of the one before."""
    old, new = [_said(line) for line in before.lines], [_said(line) for line in cue.lines]
    for count in range(min(len(old), len(new) - 1), 0, -1):
        if old[-count:] == new[:count] and any(new[:count]):
            return part(settled(cue), sum(len(line) + 1 for line in cue.lines[:count]), len(cue.text))
    return cue


def move_word(cues: Sequence[Cue], index: int, rules: Rules, *, forward: bool) -> Edited:
    """The last word of `index` to the beginning of the next, or (not `forward`) the first of the next to its end.

    Where words were measured, the edges between both move with it. Raises EditError where there is no next one, or
    where one of them would be empty.
    """
    if index < 0 or index + 1 >= len(cues):
        raise EditError(Text("There is no subtitle to give the word to."), Text("Choose another one."))
    first, second = settled(cues[index]), settled(cues[index + 1])
    giver = first if forward else second
    starts = [piece.start for piece in realign.pieces(giver.text)]
    if len(starts) < 2:
        raise EditError(Text("It would be empty without this word."), Text("Merge the two subtitles instead."))
    place = starts[-1] if forward else starts[1]
    head, tail = part(giver, 0, place), part(giver, place, len(giver.text))
    parts = [head, _pasted(tail, second, second)] if forward else [_pasted(first, head, first), tail]
    measured = (forward and tail.words) or (not forward and head.words)
    if measured:
        parts = _meet(parts[0], parts[1], tail if forward else head, rules, forward)
    result = unchanged(cues)
    result[index] = Part(index, wording.fitted(parts[0], rules.profile))
    result[index + 1] = Part(index + 1, wording.fitted(parts[1], rules.profile))
    return result


def _pasted(first: Cue, second: Cue, keeps: Cue) -> Cue:
    """`keeps`, one of both, with the text, the words and the formatting of both."""
    space = "" if first.text and realign.is_unspaced(first.text[-1]) else " "
    whole = joined(first, second, space)
    words = whole.words if (first.words or not first.text) and (second.words or not second.text) else ()
    offset = len(first.text) + len(space)
    spans = tidied((*first.spans, *shifted(second.spans, offset)), len(whole.text))
    return dataclasses.replace(keeps, text=whole.text, words=words, spans=spans)


def _meet(first: Cue, second: Cue, word: Cue, rules: Rules, forward: bool) -> list[Cue]:
    """Both with their common edge where the word that has changed sides begins or ends."""
    said = word.words[0].start if forward else word.words[-1].end
    if forward:
        start = rules.snap(min(second.start, max(said, first.start + rules.gap + rules.step)))
        # Where there is no room for the gap, the shorter one stays as long as it was.
        end = min(first.end, max(first.start + rules.step, start - rules.gap))
        return [
            dataclasses.replace(first, end=rules.snap(end)),
            dataclasses.replace(second, start=start),
        ]
    end = rules.snap(max(first.end, min(said, second.end - rules.gap - rules.step)))
    begins = max(second.start, end + rules.gap, second.words[0].start if second.words else 0.0)
    return [
        dataclasses.replace(first, end=end),
        dataclasses.replace(second, start=rules.snap(min(begins, second.end - rules.step))),
    ]


def segment_again(cues: Sequence[Cue], rules: Rules, earliest: float = 0.0, latest: float = math.inf) -> Edited:
    """All of these cut anew by the rules, from the times of their words, or where those are not known of their letters.

    No word is lost or changes place; formatting stays with its letters. Speaker and style are those of the subtitle
    that a new one begins in. `earliest` and `latest`: where the subtitle before them ends and the next one begins.
    """
    from .segmentation import segment

    old = [settled(cue) for cue in cues]
    new = segment([_with_words(cue) for cue in old], rules.profile, frame_rate=float(rules.rate))
    letters = [(cue, at) for cue in old for at, char in enumerate(cue.text) if not char.isspace()]
    parts: Edited = []
    used: set[int] = set()
    done = 0
    for cue in new:
        places = [at for at, char in enumerate(cue.text) if not char.isspace()]
        inside = letters[done : done + len(places)]
        done += len(places)
        like = inside[0][0] if inside else old[0]
        source = next(index for index, one in enumerate(old) if one is like)
        start = rules.snap(cue.start)
        fresh = dataclasses.replace(
            _bare(like), start=start, end=max(rules.snap(cue.end), start + rules.step), text=cue.text,
            words=cue.words if like.words else (), speaker=like.speaker, spans=_spans_of(inside, places, len(cue.text)),
        )  # fmt: skip
        parts.append(Part(source, fresh, is_new=source in used))
        used.add(source)
    return _between(_apart(parts, rules), earliest, latest)


def _between(parts: Edited, earliest: float, latest: float) -> Edited:
    """Within what the neighbours leave: a subtitle that is given time to be read takes none of theirs."""
    result = []
    for one in parts:
        start, end = one.cue.start, one.cue.end
        start = earliest if start < earliest < end else start
        end = latest if start < latest < end else end
        result.append(one._replace(cue=dataclasses.replace(one.cue, start=start, end=end)))
    return result


def _spans_of(inside: Sequence[tuple[Cue, int]], places: Sequence[int], length: int) -> tuple[Span, ...]:
    """The formatting of letters that are now at `places`, and were each in a subtitle at a place in its text."""
    spans: list[Span] = []
    for (cue, was), now in zip(inside, places, strict=True):
        spans += (
            span._replace(start=now, end=now + 1) if span.start < span.end else span._replace(start=now, end=now)
            for span in cue.spans
            if span.start <= was < span.end or span.start == span.end == was
        )
    return _bridged(tidied(spans, length), places)


def _bridged(spans: Sequence[Span], places: Sequence[int]) -> tuple[Span, ...]:
    """The same, over the spaces between letters that look alike."""
    after = dict(itertools.pairwise(places))
    wider = [span._replace(end=after.get(span.end - 1, span.end)) if span.start < span.end else span for span in spans]
    joined = tidied(wider, places[-1] + 1 if places else 0)
    # What was only widened to the next letter's place, and met nothing there, goes back.
    ends = {place + 1 for place in places}
    return tuple(
        span if span.start == span.end or span.end in ends else span._replace(end=max(e for e in ends if e <= span.end))
        for span in joined
    )


def _apart(parts: Edited, rules: Rules) -> Edited:
    """Without the overlaps that rounding has made: what begins in the frame of the one before begins a frame later."""
    result: Edited = []
    for one in parts:
        start, end = one.cue.start, one.cue.end
        if result:
            before = result[-1]
            if start < before.cue.start + rules.step / 2:
                start = rules.snap(before.cue.start + rules.step)
                end = max(end, start + rules.step)
            if before.cue.end > start:
                result[-1] = before._replace(cue=dataclasses.replace(before.cue, end=start))
        result.append(one._replace(cue=dataclasses.replace(one.cue, start=start, end=end)))
    return result
