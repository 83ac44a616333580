# SPDX-License-Identifier: GPL-3.0-or-later
"""Words in lines: what a break between two of them costs the reader, and the layout that costs least."""

from __future__ import annotations

import bisect
import dataclasses
import functools
import itertools
import re
import unicodedata
from collections.abc import Sequence

from ..cues import Word, text_length
from . import breaks
from .breaks import Rules
from .profiles import Profile

PAUSE_IN_LINE = 0.3
"""Seconds of silence that a reader takes for the end of a part of the sentence."""

# What a break after a word costs. Only their order matters, and their size against the unevenness of lines (half a
# point a character) and the costs of `cutting`: a layout with a HARD break loses against any that has none.
AFTER_SENTENCE, AT_BOUNDARY, AFTER_CLAUSE, BEFORE_CONJUNCTION, ELSEWHERE = 0.0, 3.0, 4.0, 6.0, 10.0
BADLY, IN_PHRASE, HARD, NEVER = 20.0, 25.0, 100.0, 1000.0

_DASH = re.compile(r"[-\u2010-\u2015]+(?![\d\u2010-\u2015-])|>{2,3}")
"""With which the words of a speaker begin, as in live captions with `>>`; a minus stands before a number."""
_OF_NUMBER = re.compile(r"\d{3}(?!\d)|[%‰€£$¥₽₹°]")
"""What belongs to the number before it: the next three digits, and signs."""
_NOTE = frozenset("♪♫♬🎵🎶")


def join(words: Sequence[Word]) -> str:
    """The words as one line."""
    return "".join(word.text if index == 0 or word.glued else f" {word.text}" for index, word in enumerate(words))


@dataclasses.dataclass(slots=True)
class Typeset:
    """Words with what a break before each of them costs, and their widths added up: what layouts are made of."""

    words: Sequence[Word]
    costs: list[float]
    """By index of the word after the break; 0 before the first and after the last."""
    turns: list[int]
    """The indexes of the words with which another speaker begins: they begin a line."""
    _ends: list[int]
    _spaces: list[int]
    _longest: int
    """Characters of the longest word, with the space before it."""

    @classmethod
    def of(cls, words: Sequence[Word], rules: Rules, boundaries: frozenset[int] = frozenset()) -> Typeset:
        """`boundaries`: the indexes of words before which the model heard a boundary."""
        spaces = [0 if word.glued or index == 0 else 1 for index, word in enumerate(words)]
        widths = [text_length(word.text) + space for word, space in zip(words, spaces, strict=True)]
        ends = [0, *itertools.accumulate(widths)]
        turns = [index for index in range(1, len(words)) if begins_turn(words[index - 1], words[index], rules)]
        return cls(words, _break_costs(words, rules, boundaries), turns, ends, spaces, max(widths, default=0))

    def width(self, start: int, stop: int) -> int:
        """Characters of the words from `start` to before `stop` on one line."""
        return self._ends[stop] - self._ends[start] - (self._spaces[start] if start < stop else 0)

    def best(self, start: int, stop: int, profile: Profile) -> tuple[float, tuple[int, ...]] | None:
        """The layout that costs least, as its cost and the indexes of the words that lines after the first begin with;
        None if the words do not fit into the profile's lines."""
        turns = self.turns[bisect.bisect_right(self.turns, start) : bisect.bisect_left(self.turns, stop)]
        if not turns:
            return self._best(start, stop, profile.max_lines, profile.max_chars)
        cost, starts = 0.0, []
        left = profile.max_lines - len(turns)
        for begin, end in itertools.pairwise((start, *turns, stop)):
            found = self._best(begin, end, left, profile.max_chars) if left > 0 else None
            if found is None:
                return None
            left -= len(found[1])
            cost += found[0]
            starts += [*((begin,) if begin > start else ()), *found[1]]
        return cost, tuple(starts)

    def _best(self, start: int, stop: int, most_lines: int, most: int) -> tuple[float, tuple[int, ...]] | None:
        """The same for the words of one speaker."""
        if self.width(start, stop) <= most:
            return 0.0, ()
        best: tuple[float, tuple[int, ...]] | None = None
        for lines in range(2, most_lines + 1):
            found = self._layout(start, stop, lines, most)
            # One line more is worth it only where a break that must not be can be avoided by it.
            if found is not None and (best is None or self.worst(found[1]) < HARD <= self.worst(best[1])):
                best = found
        return best

    def worst(self, starts: Sequence[int]) -> float:
        """What the worst of some breaks costs."""
        return max((self.costs[start] for start in starts), default=0.0)

    def _layout(self, start: int, stop: int, lines: int, most: int) -> tuple[float, tuple[int, ...]] | None:
        if lines == 1:
            # A word that is too long for any line has one to itself.
            return (0.0, ()) if stop - start == 1 or self.width(start, stop) <= most else None
        best: tuple[float, tuple[int, ...]] | None = None
        # Words before this one are too many for the lines after the first.
        rest = (lines - 1) * (max(most, self._longest) + 1)
        least = bisect.bisect_left(self._ends, self._ends[stop] - rest, start + 1, stop)
        for at in range(least, stop - lines + 2):
            first = self.width(start, at)
            if first > most and at > start + 1:
                break
            below = self._layout(at, stop, lines - 1, most)
            if below is None:
                continue
            second = self.width(at, below[1][0] if below[1] else stop)
            # Half a point a character; a longer upper line costs more, for the eye is at the lower one.
            uneven = 0.5 * abs(first - second) + (2.0 if first > second else 0.0)
            cost = self.costs[at] + below[0] + uneven
            if best is None or cost < best[0]:
                best = cost, (at, *below[1])
        return best

    def lines(self, starts: Sequence[int], start: int, stop: int) -> str:
        """The text of a layout."""
        return "\n".join(join(self.words[one:two]) for one, two in itertools.pairwise((start, *starts, stop)))


def break_lines(words: Sequence[Word], profile: Profile, language: str = "") -> str:
    """The words in as few lines as fit, broken where the sense allows, the lower line the longer one.

    `language` is a tag such as `de`; empty: guessed from the words. What fits no layout, such as a word longer than a
    line, is filled in one line after the other.
    """
    rules = rules_for(words, language)
    text = Typeset.of(words, rules)
    best = text.best(0, len(words), profile)
    if best is not None:
        return text.lines(best[1], 0, len(words))
    return "\n".join(_greedy(text, profile.max_chars))


def rules_for(words: Sequence[Word], language: str) -> Rules:
    """The rules of a language, or of the one that the words seem to be in."""
    return breaks.rules_of(language) if language else _guessed(tuple(word.text for word in words))


@functools.lru_cache(maxsize=8)
def _guessed(texts: tuple[str, ...]) -> Rules:
    return breaks.guessed(texts)


def _greedy(text: Typeset, most: int) -> list[str]:
    """Lines filled one after the other, without a break inside what must not be broken if that fits."""
    starts: list[int] = []
    begin = 0
    for index in range(1, len(text.words)):
        if text.width(begin, index + 1) > most:
            # Back to the last good break of this line, if there is one.
            at = min(range(begin + 1, index + 1), key=lambda place: (text.costs[place] >= HARD, -place))
            starts.append(at)
            begin = at
    return text.lines(starts, 0, len(text.words)).split("\n")


def begins_turn(before: Word, after: Word, rules: Rules) -> bool:
    """Whether another speaker begins with the word `after`: a dash after the end of a sentence."""
    return not after.glued and bool(_DASH.match(after.text)) and rules.ends_sentence(before.text, after.text)


# Costs


def _break_costs(words: Sequence[Word], rules: Rules, boundaries: frozenset[int]) -> list[float]:
    inner = _costs_in_stretches(words, rules)
    costs = [0.0] * (len(words) + 1)
    for index in range(1, len(words)):
        costs[index] = _cost(words[index - 1], words[index], rules, index in boundaries, inner.get(index))
    return costs


def _cost(before: Word, after: Word, rules: Rules, at_boundary: bool, inner: float | None) -> float:
    """What it costs the reader when the text breaks between two words."""
    if after.text[0] in breaks.NO_LINE_START or before.text[-1] in breaks.NO_LINE_END or _is_mark(after.text[0]):
        return NEVER
    if after.glued and inner is None:
        return NEVER
    if before.text[-1] in _NOTE or after.text[0] in _NOTE:
        return _cost_beside_note(before, after, at_boundary)
    if _DASH.fullmatch(before.text):
        return HARD
    if rules.ends_sentence(before.text, after.text):
        return AFTER_SENTENCE
    if breaks.ends_clause(before.text):
        return AFTER_CLAUSE
    return _cost_inside(before, after, rules, at_boundary) if inner is None else inner


def _cost_beside_note(before: Word, after: Word, at_boundary: bool) -> float:
    """The same where a song begins or ends: between two signs, which hold on to the words that are sung between."""
    if before.text[-1] in _NOTE and after.text[0] in _NOTE:
        return AFTER_SENTENCE
    alone = before.text if before.text[-1] in _NOTE else after.text
    if at_boundary:
        return AT_BOUNDARY
    # One beside its word, as in "hand♪ Yes" and "Yes ♪I", parts what it stands beside from the rest.
    return HARD if len(alone) == 1 else AFTER_SENTENCE


def _cost_inside(before: Word, after: Word, rules: Rules, at_boundary: bool) -> float:
    """The same inside a clause, for words with a space between them."""
    if before.text[-1].isdigit() and _OF_NUMBER.match(after.text):
        return HARD
    last, first = breaks.bare(before.text), breaks.bare(after.text)
    if last in rules.ends_not or first in rules.starts_not:
        return HARD
    if last in rules.ends_badly or rules.is_abbreviation(before.text, after.text):
        return BADLY
    if at_boundary or after.start - before.end >= PAUSE_IN_LINE:
        return AT_BOUNDARY
    if first in rules.starts:
        return BEFORE_CONJUNCTION
    # First and last name belong together.
    return ELSEWHERE + (3.0 if _is_name(before.text, after.text, rules) else 0.0)


def _is_name(before: str, after: str, rules: Rules) -> bool:
    # In German every noun has a capital.
    return rules.language != "de" and before[:1].isupper() and after[:1].isupper() and before[1:2].islower()


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf") or char in "ๆฯะาำๅ"


def _costs_in_stretches(words: Sequence[Word], rules: Rules) -> dict[int, float]:
    """By index what a break costs inside the stretches of a script that writes no spaces."""
    found: dict[int, float] = {}
    begin = 0
    for index in range(1, len(words) + 1):
        if index < len(words) and words[index].glued and _holds(words[index - 1].text, words[index].text):
            continue
        if index - begin > 1:
            found |= _stretch(words, begin, index, rules)
        begin = index
    return found


def _holds(before: str, after: str) -> bool:
    """Whether two glued words are of one stretch: at least one of them is of a script without spaces."""
    return breaks.is_unspaced(before[-1]) or breaks.is_unspaced(after[0])


def _stretch(words: Sequence[Word], start: int, stop: int, rules: Rules) -> dict[int, float]:
    texts = [word.text for word in words[start:stop]]
    text = "".join(texts)
    known = rules.language if rules.language in ("ja", "zh", "th") else breaks.guessed([text]).language
    phrases, inner = breaks.inner_breaks(text, known)
    ends = sorted(inner)
    costs: dict[int, float] = {}
    for index, end in enumerate(itertools.accumulate(len(text) for text in texts[:-1]), start + 1):
        costs[index] = ELSEWHERE if end in phrases else IN_PHRASE if end in inner else HARD
        if end in inner and text[end : ends[min(bisect.bisect(ends, end), len(ends) - 1)]] in rules.starts_not:
            costs[index] = HARD
    return costs
