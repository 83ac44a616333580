# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model heard, as subtitles that can be read.

A model hears segments: up to thirty seconds long, cut where its window ends. `segment()` cuts them where a reader
would (cutting.py), lays them out in lines (layout.py) by the rules of the language (breaks.py), and gives each the time
that it needs. Pure arithmetic; no word is lost, added or moved to another place, and no two subtitles overlap.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from ..cues import Cue, Word, text_length
from . import breaks
from .breaks import Rules
from .cutting import Cutter
from .layout import HARD, Typeset, break_lines, join, rules_for
from .profiles import Profile
from .settling import LONGEST_WORD, SHORTEST, settled

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
    is_first: bool = False
    """Whether it begins a segment of several words."""


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
    shaper = Shaper(profile, rules, frame_rate=frame_rate)
    return [*shaper.feed(items), *shaper.finish()]


def ended_by(cues: Iterable[Cue], last: float | None) -> list[Cue]:
    """The subtitles, none of them shown after the second `last`, at which the film ends; None: nobody knows it."""
    if last is None:
        return list(cues)
    return [dataclasses.replace(cue, end=last) if cue.start + SHORTEST < last < cue.end else cue for cue in cues]


class Shaper:
    """`segment()` for speech that is still being heard: what it has given does not change any more. In whatever pieces
    the same segments come, the same subtitles are made of them. For one thread at a time.
    """

    def __init__(self, profile: Profile, rules: Rules, *, frame_rate: float = 24.0) -> None:
        """`rules`: those of the language that is spoken (`layout.rules_for`)."""
        self._profile = profile
        self._rules = rules
        self._gap = profile.gap(frame_rate)
        self._open: list[_Token] = []
        """The words of the last run of speech as they were heard: it may go on."""
        self._since = 0.0
        """When the last word before them ends: none begins earlier."""
        self._groups: list[list[_Token]] = []
        """The words of subtitles that were cut and may still be joined with what follows, or be shown longer."""
        self._end = 0.0
        """When the last subtitle that was given ends, and the gap after it."""

    def feed(self, heard: Iterable[Cue | Word]) -> list[Cue]:
        """What comes next; the subtitles that are settled by it."""
        given: list[Cue] = []
        for is_word, items in itertools.groupby(heard, lambda item: isinstance(item, Word)):
            for piece in [list(items)] if is_word else ([item] for item in items):
                given += self._take(piece)
        return given

    def finish(self) -> list[Cue]:
        """Nothing comes any more; the rest of the subtitles."""
        tokens = _settled(self._open, self._since)
        self._open = []
        if tokens:
            self._end_runs([*self._runs(tokens), []])
        return self._given(0)

    def _take(self, items: Sequence[Cue | Word]) -> list[Cue]:
        known = len(self._open)
        for item in items:
            self._open += _tokens(item, self._open[-1].word if self._open else None, self._rules)
        if not _may_part(self._open[max(0, known - 1) :], self._rules):
            return []
        runs = list(self._runs(_settled(self._open, self._since)))
        if len(runs) > 1:
            self._end_runs(runs)
            self._open, self._since = self._open[-len(runs[-1]) :], runs[-2][-1].word.end
        return self._given(1)

    def _runs(self, tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
        costs = Typeset.of([token.word for token in tokens], self._rules).costs
        return _runs(tokens, costs, self._rules)

    def _end_runs(self, runs: Sequence[list[_Token]]) -> None:
        """Cut all runs but the last into subtitles."""
        for run, after in itertools.pairwise(runs):
            following = after[0].word.start if after else math.inf
            for group in _cut(run, self._profile, self._rules, self._gap, following):
                self._add(group)

    def _add(self, group: list[_Token]) -> None:
        """One more subtitle; or the rest of the one before, which has no time to be read, where both fit into one."""
        last = self._groups[-1] if self._groups else None
        if last and _flashes(last, group, self._profile, self._gap) and _fits(last + group, self._profile, self._rules):
            self._groups[-1] = last + group
        else:
            self._groups.append(group)

    def _given(self, kept: int) -> list[Cue]:
        """The subtitles that were cut, but for so many at the end, with their times."""
        cues = []
        while len(self._groups) > kept:
            group = self._groups.pop(0)
            following = self._groups[0][0].word.start if self._groups else math.inf
            words = tuple(token.word for token in group)
            end = _end(words, following, self._profile, self._gap)
            start = _start(words, end, self._end, self._profile)
            cues.append(_cue(group, words, start, end, self._profile, self._rules))
            self._end = end + self._gap
        return cues


# Tokens


def _tokens(item: Cue | Word, before: Word | None, rules: Rules) -> list[_Token]:
    """The words of a segment, which comes after the word `before`."""
    found = [item] if isinstance(item, Word) else _words_of(item, rules.language)
    found = [word for word in found if word.text.strip()]
    if found and before and not found[0].glued and breaks.glues(before.text, found[0].text, rules.language):
        found[0] = dataclasses.replace(found[0], glued=True)
    source = None if isinstance(item, Word) else item
    return [_Token(word, source, index == 0 and len(found) > 1) for index, word in enumerate(found)]


def _settled(tokens: Sequence[_Token], earliest: float) -> list[_Token]:
    """The words at times that increase, none of them before `earliest`."""
    firsts = frozenset(index for index, token in enumerate(tokens) if token.is_first)
    found = []
    for token, word in zip(tokens, settled([token.word for token in tokens], firsts), strict=True):
        if word.start < earliest:
            word = dataclasses.replace(word, start=earliest, end=max(word.end, earliest + SHORTEST))
        earliest = word.end
        found.append(dataclasses.replace(token, word=word))
    return found


def _may_part(tokens: Sequence[_Token], rules: Rules) -> bool:
    """Whether a run of speech may end somewhere among these words: what is certain is known once they are settled, and
    doing that for each segment of a run without end would take the square of its length."""
    for before, after in itertools.pairwise(tokens):
        pause = after.word.start - min(before.word.end, before.word.start + LONGEST_WORD)
        if pause >= UTTERANCE_PAUSE or after.word.end - after.word.start > LONGEST_WORD:
            return True
        if before.source is not after.source and rules.ends_sentence(before.word.text, after.word.text):
            return True
    return False


def _words_of(cue: Cue, language: str) -> list[Word]:
    return list(cue.words if _words_match(cue) else _guessed(cue, language))


def _words_match(cue: Cue) -> bool:
    """Whether the words are those of the text: not so after somebody edited the text."""
    return bool(cue.words) and "".join(join(cue.words).split()) == "".join(cue.text.split())


def _guessed(cue: Cue, language: str) -> Iterator[Word]:
    """The words of the text, each with its share of the time by its length."""
    pieces = list(breaks.words_of(cue.text, language))
    total = sum(len(text) + 1 for text, _ in pieces)
    position = 0
    for text, glued in pieces:
        start = cue.start + cue.duration * position / total
        position += len(text) + 1
        yield Word(start, cue.start + cue.duration * position / total, text, glued=glued, guessed=True)


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
        return gap >= UTTERANCE_PAUSE or rules.ends_sentence(before.word.text, after.word.text)
    return gap >= PAUSE


# Cutting


def _cut(run: Sequence[_Token], profile: Profile, rules: Rules, gap: float, following: float) -> Iterator[list[_Token]]:
    boundaries = frozenset(index for index in range(1, len(run)) if run[index - 1].source is not run[index].source)
    words = [token.word for token in run]
    cutter = Cutter(words, profile, rules, gap=gap, following=following, boundaries=boundaries)
    for start, stop in cutter.cut():
        yield list(run[start:stop])


def _flashes(group: list[_Token], after: list[_Token], profile: Profile, gap: float) -> bool:
    room = after[0].word.start - gap - group[0].word.start
    return room < profile.min_duration and after[0].word.start - group[-1].word.end < PAUSE


def _fits(group: list[_Token], profile: Profile, rules: Rules) -> bool:
    words = [token.word for token in group]
    duration = words[-1].end - words[0].start
    if profile.max_duration is not None and duration > profile.max_duration:
        return False
    return Typeset.of(words, rules).best(0, len(words), profile) is not None


# Times


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
