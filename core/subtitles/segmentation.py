# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model heard, as subtitles that can be read.

A model hears segments: up to thirty seconds long, cut where its window ends. `segment()` cuts them where a reader
would (cutting.py), lays them out in lines (layout.py) by the rules of the language (breaks.py), and gives each the time
that it needs. Pure arithmetic; no word is lost, added or moved to another place, and no two subtitles overlap.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence

from ..cues import Cue, Word, text_length
from . import breaks
from .breaks import Rules
from .cutting import Cutter
from .layout import HARD, Typeset, break_lines, join, rules_for
from .profiles import Profile
from .settling import SHORTEST, settled

PAUSE = 1.0
"""Seconds of silence between two words that always part two subtitles, unless the first holds on to the second."""
UTTERANCE_PAUSE = 0.3
"""The same, where the model heard a boundary as well."""
HELD_PAUSE = 2.0
"""Seconds that may pass inside a word, or after an article or a preposition, before the subtitle ends there."""
LINGER = 0.5
"""Seconds that a subtitle may stay after the last word although it was read: 12 frames at 24 (Netflix)."""
EARLY = 0.5
"""Seconds that a subtitle may come before its first word, if it could not be read otherwise."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Token:
    """A word in the stream, and where it comes from."""

    word: Word
    source: Cue | None


def segment(
    heard: Iterable[Cue | Word], profile: Profile, *, frame_rate: float = 24.0, language: str = ""
) -> list[Cue]:
    """Readable subtitles by the rules of `profile`, in order of time, not overlapping, each longer than nothing.

    `heard` are segments in order, with or without words, or bare words. Where words have no times they are guessed from
    their length, and marked so. `frame_rate` turns the profile's gap in frames into seconds. `language` is what is
    spoken, a tag such as `de`; empty: guessed from the words. A rule that speech does not leave room for is broken
    rather than a word dropped; `quality.check()` says where.
    """
    items = list(heard)
    rules = rules_for([Word(0, 0, word) for item in items for word in item.text.split()], language)
    tokens = _tokens(items, rules)
    gap = profile.gap(frame_rate)
    costs = Typeset.of([token.word for token in tokens], rules).costs
    runs = list(_runs(tokens, costs, rules))
    groups: list[list[_Token]] = []
    for index, run in enumerate(runs):
        following = runs[index + 1][0].word.start if index + 1 < len(runs) else math.inf
        groups += _cut(run, profile, rules, gap, following)
    groups = _join_short(groups, profile, rules, gap)
    return _timed(groups, profile, rules, gap)


# Tokens


def _tokens(heard: Sequence[Cue | Word], rules: Rules) -> list[_Token]:
    words: list[Word] = []
    sources: list[Cue | None] = []
    firsts: set[int] = set()
    for item in heard:
        found = [item] if isinstance(item, Word) else _words_of(item, rules.language)
        found = [word for word in found if word.text.strip()]
        if len(found) > 1:
            firsts.add(len(words))
        if found and words and not found[0].glued and breaks.glues(words[-1].text, found[0].text, rules.language):
            found[0] = dataclasses.replace(found[0], glued=True)
        words += found
        sources += [None if isinstance(item, Word) else item] * len(found)
    times = settled(words, frozenset(firsts))
    return [_Token(word, source) for word, source in zip(times, sources, strict=True)]


def _words_of(cue: Cue, language: str) -> list[Word]:
    return list(cue.words if _words_match(cue) else _guessed(cue, language))


def _words_match(cue: Cue) -> bool:
    """Whether the words are those of the text: not so after somebody edited the text."""
    return bool(cue.words) and "".join(join(cue.words).split()) == "".join(cue.text.split())


def _guessed(cue: Cue, language: str) -> Iterator[Word]:
    """The words of the text, each with its share of the time by its length."""
    pieces = list(_pieces(cue.text, language))
    total = sum(len(text) + 1 for text, _ in pieces)
    position = 0
    for text, glued in pieces:
        start = cue.start + cue.duration * position / total
        position += len(text) + 1
        yield Word(start, cue.start + cue.duration * position / total, text, glued=glued, guessed=True)


def _pieces(text: str, language: str) -> Iterator[tuple[str, bool]]:
    """Words; in scripts without spaces those of a dictionary, or else letters with their marks."""
    for chunk in text.split():
        if not breaks.is_unspaced(chunk):
            yield chunk, False
            continue
        known = language if language in ("ja", "zh", "th") else breaks.guessed([chunk]).language
        for index, piece in enumerate(breaks.pieces(chunk, known)):
            yield piece, index > 0


def _runs(tokens: Sequence[_Token], costs: Sequence[float], rules: Rules) -> Iterator[list[_Token]]:
    """Stretches of speech without a pause that a reader would notice. `costs` of a break before each word."""
    run: list[_Token] = []
    for token, cost in zip(tokens, costs, strict=False):
        if run and _parts(run[-1], token, cost, rules):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _parts(before: _Token, after: _Token, cost: float, rules: Rules) -> bool:
    gap = after.word.start - before.word.end
    if cost >= HARD:
        return gap >= HELD_PAUSE
    if before.source is not after.source:
        return gap >= UTTERANCE_PAUSE or rules.ends_sentence(before.word.text)
    return gap >= PAUSE


# Cutting


def _cut(run: Sequence[_Token], profile: Profile, rules: Rules, gap: float, following: float) -> Iterator[list[_Token]]:
    boundaries = frozenset(index for index in range(1, len(run)) if run[index - 1].source is not run[index].source)
    words = [token.word for token in run]
    cutter = Cutter(words, profile, rules, gap=gap, following=following, boundaries=boundaries)
    for start, stop in cutter.cut():
        yield list(run[start:stop])


def _join_short(groups: list[list[_Token]], profile: Profile, rules: Rules, gap: float) -> list[list[_Token]]:
    """Join a subtitle that has no time to be read with the next, where both fit into one."""
    joined: list[list[_Token]] = []
    for group in groups:
        if joined and _flashes(joined[-1], group, profile, gap) and _fits(joined[-1] + group, profile, rules):
            joined[-1] = joined[-1] + group
        else:
            joined.append(group)
    return joined


def _flashes(group: list[_Token], after: list[_Token], profile: Profile, gap: float) -> bool:
    room = after[0].word.start - gap - group[0].word.start
    return room < profile.min_duration and after[0].word.start - group[-1].word.end < PAUSE


def _fits(group: list[_Token], profile: Profile, rules: Rules) -> bool:
    words = [token.word for token in group]
    duration = words[-1].end - words[0].start
    if profile.max_duration is not None and duration > profile.max_duration:
        return False
    text = Typeset.of(words, rules)
    best = text.best(0, len(words), profile)
    return best is not None and all(
        text.width(start, stop) <= profile.max_chars
        for start, stop in zip((0, *best[1]), (*best[1], len(words)), strict=True)
    )


# Times


def _timed(groups: list[list[_Token]], profile: Profile, rules: Rules, gap: float) -> list[Cue]:
    cues: list[Cue] = []
    for index, group in enumerate(groups):
        following = groups[index + 1][0].word.start if index + 1 < len(groups) else math.inf
        words = tuple(token.word for token in group)
        end = _end(words, following, profile, gap)
        start = _start(words, end, cues[-1].end + gap if cues else 0.0, profile)
        cues.append(_cue(group, words, start, end, profile, rules))
    return cues


def _needed(words: Sequence[Word], profile: Profile) -> float:
    """Seconds that a reader needs."""
    needed = profile.min_duration
    if profile.max_cps:
        needed = max(needed, text_length(join(words)) / profile.max_cps)
    if profile.max_wpm:
        needed = max(needed, len(words) * 60 / profile.max_wpm)
    return needed


def _end(words: Sequence[Word], following: float, profile: Profile, gap: float) -> float:
    """When the subtitle goes: time to read it, but never into the next one."""
    start, spoken = words[0].start, words[-1].end
    end = max(spoken, start + _needed(words, profile))
    latest = following - gap
    if latest - end < max(0.0, profile.close_gap_below - gap):
        end = latest
    if profile.max_duration is not None and spoken - start <= profile.max_duration:
        end = min(end, start + profile.max_duration)
    # Speech without any pause leaves no room for the gap; then the words win.
    return end if end >= start + SHORTEST else min(spoken, following)


def _start(words: Sequence[Word], end: float, earliest: float, profile: Profile) -> float:
    """When it comes: with its first word, or a little before if it could not be read otherwise and there is room."""
    start = words[0].start
    wanted = min(_needed(words, profile), profile.max_duration or math.inf)
    if end - start >= wanted:
        return start
    return min(start, max(end - wanted, start - EARLY, earliest, 0.0))


def _cue(group: list[_Token], words: tuple[Word, ...], start: float, end: float, profile: Profile, rules: Rules) -> Cue:
    sources = list({id(token.source): token.source for token in group if token.source is not None}.values())

    def worst(name: str, choose: object) -> float | None:
        values = [value for source in sources if (value := getattr(source, name)) is not None]
        return choose(values) if values else None  # type: ignore[operator]

    return Cue(
        start,
        end,
        break_lines(words, profile, rules.language),
        # Words of which nobody measured one are no measurement to keep.
        () if all(word.guessed for word in words) else words,
        avg_logprob=worst("avg_logprob", min),
        no_speech_prob=worst("no_speech_prob", max),
        compression_ratio=worst("compression_ratio", max),
    )
