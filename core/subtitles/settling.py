# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of words as a model gives them, made sane: they increase, none is stretched over a silence, and one that is
wrong costs no other. What was measured stays where it is; what was guessed moves.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Sequence

from ..cues import Word

LONGEST_WORD = 2.0
"""Seconds. Models stretch a word over the silence beside it, and the line stays for a minute."""
SHORTEST = 0.001
"""Seconds that every word takes at least, so that times always increase."""


def settled(words: Sequence[Word], firsts: frozenset[int] = frozenset()) -> list[Word]:
    """The words with times that increase, in the same order.

    `firsts`: the indexes of words that begin a segment of several: those are stretched to the front, others to the end.
    A measured word whose start does not fit into the order of the others is marked as guessed and put between its
    neighbours.
    """
    cut = [_unstretched(word, index in firsts) for index, word in enumerate(words)]
    anchors = _in_order([(index, word.start) for index, word in enumerate(cut) if not word.guessed])
    placed: list[Word] = []
    for before, after in itertools.pairwise([-1, *anchors, len(cut)]):
        earliest = placed[-1].end if placed else None
        latest = cut[after].start if after < len(cut) else None
        between = [dataclasses.replace(word, guessed=True) for word in cut[before + 1 : after]]
        if between and placed and latest is not None and latest - placed[-1].end < SHORTEST * len(between):
            # No room: what was measured before gives some of its end, not of its start.
            placed[-1], earliest = _shortened(placed[-1], latest, len(between))
        placed += _between(between, earliest, latest)
        if after < len(cut):
            placed.append(cut[after])
    return _increasing(placed)


def _unstretched(word: Word, is_first: bool) -> Word:
    start, end = word.start, max(word.end, word.start)
    if end - start > LONGEST_WORD and is_first:
        start = end - LONGEST_WORD
    elif end - start > LONGEST_WORD:
        end = start + LONGEST_WORD
    return dataclasses.replace(word, start=start, end=end)


def _in_order(starts: Sequence[tuple[int, float]]) -> list[int]:
    """The longest choice of words whose starts do not decrease (patience sorting), as indexes."""
    tops: list[float] = []
    piles: list[int] = []
    came_from: list[int] = []
    for place, (_, start) in enumerate(starts):
        pile = bisect.bisect_right(tops, start)
        came_from.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(start)
            piles.append(place)
        else:
            tops[pile], piles[pile] = start, place
    found: list[int] = []
    place = piles[-1] if piles else -1
    while place >= 0:
        found.append(starts[place][0])
        place = came_from[place]
    return found[::-1]


def _shortened(word: Word, latest: float, wanted: int) -> tuple[Word, float]:
    """A word that ends earlier, at most by half, so that `wanted` others find room before `latest`; and its end."""
    end = max(
        word.start + SHORTEST, min(word.end, (word.start + min(latest, word.end)) / 2, latest - SHORTEST * wanted)
    )
    end = min(end, word.end)
    return dataclasses.replace(word, end=end), end


def _between(words: Sequence[Word], earliest: float | None, latest: float | None) -> list[Word]:
    """Guessed words where they were guessed, if that is between their neighbours; else shared out there by length."""
    if not words:
        return []
    fits = all(one.end <= two.start + SHORTEST for one, two in itertools.pairwise(words))
    low = words[0].start
    if earliest is not None and (low < earliest or (latest is not None and low >= latest)):
        low = earliest
    if fits and words[0].start >= low and (latest is None or words[-1].end <= latest):
        return list(words)
    if latest is None:
        return list(words)  # `_increasing` pushes them on: there is nobody whom they could crush.
    low = min(low, latest)
    total = sum(len(word.text) + 1 for word in words)
    position, shared = 0, []
    for word in words:
        start = low + (latest - low) * position / total
        position += len(word.text) + 1
        shared.append(dataclasses.replace(word, start=start, end=low + (latest - low) * position / total))
    return shared


def _increasing(words: Sequence[Word]) -> list[Word]:
    """The last word on order: no start before the end before it, each longer than nothing."""
    found: list[Word] = []
    for index, word in enumerate(words):
        start = max(word.start, found[-1].end) if found else word.start
        end = max(word.end, start + SHORTEST)
        if index + 1 < len(words) and start + SHORTEST <= words[index + 1].start < end:
            end = words[index + 1].start
        found.append(dataclasses.replace(word, start=start, end=end))
    return found
