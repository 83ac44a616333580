# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a stretch of speech is cut into subtitles: the shortest path over its words, each edge one subtitle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from ..cues import Word
from .breaks import Rules
from .layout import ELSEWHERE, Typeset
from .profiles import Profile

PER_CUE = 8.0
"""Each subtitle more costs that: few full ones read better than many short ones."""
TOO_FAST = 1.0
"""For each character per second over the limit."""
TOO_SHORT = 15.0
SPILLS = 6.0
"""A sentence ends inside and the next one goes on in the next subtitle."""


class Cutter:
    """Cuts one run of speech where it costs least."""

    def __init__(
        self,
        words: Sequence[Word],
        profile: Profile,
        rules: Rules,
        *,
        gap: float,
        following: float = math.inf,
        boundaries: frozenset[int] = frozenset(),
    ) -> None:
        """`gap`: seconds that stay empty between two subtitles; `following`: when the speech after this run begins;
        `boundaries`: the indexes of words before which the model heard a boundary."""
        self._words = words
        self._profile = profile
        self._rules = rules
        self._gap = gap
        self._following = following
        self._set = Typeset.of(words, rules, boundaries)

    def cut(self) -> Iterator[tuple[int, int]]:
        """The subtitles, each as the index of its first word and of the one after its last."""
        size = len(self._words)
        costs = [0.0] + [math.inf] * size
        came_from = [0] * (size + 1)
        for start in range(size):
            for stop, cost in self._edges(start):
                total = costs[start] + cost + self._set.costs[stop]
                if total < costs[stop]:
                    costs[stop], came_from[stop] = total, start
        cuts = [size]
        while cuts[-1]:
            cuts.append(came_from[cuts[-1]])
        yield from itertools.pairwise(reversed(cuts))

    def _edges(self, start: int) -> Iterator[tuple[int, float]]:
        """Where a subtitle that begins at `start` may stop, and its cost. The first word fits whatever its length."""
        begin, ended = self._words[start].start, False
        for stop in range(start + 1, len(self._words) + 1):
            word = self._words[stop - 1]
            too_long = self._profile.max_duration is not None and word.end - begin > self._profile.max_duration
            layout = self._set.best(start, stop, self._profile)
            if stop > start + 1 and (layout is None or too_long):
                return
            ends = stop == len(self._words) or self._rules.ends_sentence(word.text, self._words[stop].text)
            cost = self._cost(start, stop) + (SPILLS if ended and not ends else 0.0)
            # A cut looks at the lines that it makes: what is worse inside than an ordinary break counts.
            worst = self._set.worst(layout[1]) if layout is not None else 0.0
            yield stop, cost + max(0.0, worst - ELSEWHERE)
            ended = ended or ends

    def _cost(self, start: int, stop: int) -> float:
        following = self._words[stop].start if stop < len(self._words) else self._following
        spoken = self._words[stop - 1].end - self._words[start].start
        # It may stay until the next one comes.
        room = max(spoken, following - self._gap - self._words[start].start)
        cost = PER_CUE
        if self._profile.max_cps is not None:
            cost += TOO_FAST * max(0.0, self._set.width(start, stop) / max(room, 0.001) - self._profile.max_cps)
        if room < self._profile.min_duration:
            cost += TOO_SHORT * (1 - room / self._profile.min_duration)
        return cost
