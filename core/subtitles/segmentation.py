# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model heard, as subtitles that can be read.

A model hears segments: up to thirty seconds long, cut where its window ends. `segment()` cuts them where a reader
would, lays them out in lines and gives each the time that it needs. Pure arithmetic; no word is lost, added or moved
to another place, and no two subtitles overlap.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from ..cues import Cue, Word, text_length
from .profiles import Profile

PAUSE = 1.0
"""Seconds of silence between two words that always part two subtitles."""
UTTERANCE_PAUSE = 0.3
"""The same, where the model heard a boundary as well."""
LONGEST_WORD = 2.0
"""Seconds. Models stretch a word over the silence beside it, and the line stays for a minute."""
LINGER = 0.5
"""Seconds that a subtitle may stay after the last word for the slow reader: 12 frames at 24 (Netflix)."""
SHORTEST = 0.001
"""Seconds that every word takes at least, so that times always increase."""

# What a break after a word costs. Only their order matters, and their size against the costs in `_Cutter`.
_AFTER_SENTENCE, _AFTER_CLAUSE, _AT_BOUNDARY, _BEFORE_CONJUNCTION, _ELSEWHERE, _NEVER = 0.0, 4.0, 3.0, 6.0, 10.0, 40.0

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’」』)\]]*$")
_CLAUSE_END = re.compile(r"[,;:—–、，；：][\"'”’」』)\]]*$")
_ABBREVIATION = re.compile(r"(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|no|\b[a-z])\.$", re.IGNORECASE)
_NO_LINE_START = set("、。，．？！：；」』）】〕》〉ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)]}”’%")
_NO_LINE_END = set("「『（【〔《〈([{“‘")

# English; harmless elsewhere. A break comes before these ...
_CONJUNCTION_WORDS = (
    "and but or nor so yet because although though while when where if unless until since that which who whom whose "
    "as than after before in on at by for from with without to into of about over under between through during"
)
# ... and never after these: article and noun, pronoun and verb, auxiliary and verb belong together.
_CLINGING_WORDS = (
    "a an the my your his her its our their this these those some any no every each i you he she it we they am is are "
    "was were be been have has had do does did will would shall should can could may might must not don't very mr. "
    "mrs. ms. dr. to of and or but in on at by for from with"
)
_CONJUNCTIONS = frozenset(_CONJUNCTION_WORDS.split())
_CLINGING = frozenset(_CLINGING_WORDS.split())


@dataclasses.dataclass(frozen=True, slots=True)
class _Token:
    """A word in the stream, and where it comes from."""

    word: Word
    source: Cue | None
    measured: bool
    """Whether the times come from the model rather than from the length of the word."""


def segment(heard: Iterable[Cue | Word], profile: Profile, *, frame_rate: float = 24.0) -> list[Cue]:
    """Readable subtitles by the rules of `profile`, in order of time, not overlapping, each longer than nothing.

    `heard` are segments in order, with or without words, or bare words. Where words have no times they are guessed from
    their length. `frame_rate` turns the profile's gap in frames into seconds. A rule that speech does not leave room
    for is broken rather than a word dropped; `quality.check()` says where.
    """
    runs = _runs(_tokens(heard, profile))
    groups = [group for run in runs for group in _Cutter(run, profile).cut()]
    groups = _join_short(groups, profile, profile.gap(frame_rate))
    return _timed(groups, profile, profile.gap(frame_rate))


def break_lines(words: Sequence[Word], profile: Profile) -> str:
    """The words in as few lines as fit, broken where the sense allows, the lower line the longer one."""
    whole = _join(words)
    if text_length(whole) <= profile.max_chars or len(words) < 2:
        return whole
    for lines in range(2, profile.max_lines + 1):
        best = min(_layouts(words, lines, profile.max_chars), default=None)
        if best is not None:
            return best[1]
    return "\n".join(_greedy(words, profile.max_chars))


# Tokens


def _tokens(heard: Iterable[Cue | Word], profile: Profile) -> list[_Token]:
    tokens: list[_Token] = []
    clock = -math.inf
    for item in heard:
        if isinstance(item, Word):
            words, source, measured = [item], None, True
        else:
            measured = _words_match(item)
            words, source = list(item.words) if measured else list(_guessed(item, profile)), item
        for index, word in enumerate(words):
            if not word.text.strip():
                continue
            word = _sane(word, clock, is_first=index == 0 and len(words) > 1)
            clock = word.end
            tokens.append(_Token(word, source, measured))
    return tokens


def _words_match(cue: Cue) -> bool:
    """Whether the words are those of the text: not so after somebody edited the text."""
    return bool(cue.words) and "".join(_join(cue.words).split()) == "".join(cue.text.split())


def _sane(word: Word, clock: float, *, is_first: bool) -> Word:
    """The word with times that increase, and not stretched over a silence."""
    start, end = word.start, max(word.end, word.start)
    if end - start > LONGEST_WORD and is_first:
        start = end - LONGEST_WORD
    elif end - start > LONGEST_WORD:
        end = start + LONGEST_WORD
    start = max(start, clock)
    return dataclasses.replace(word, start=start, end=max(end, start + SHORTEST))


def _guessed(cue: Cue, profile: Profile) -> Iterator[Word]:
    """The words of the text, each with its share of the time by its length."""
    pieces = list(_pieces(cue.text, profile.spaced))
    total = sum(len(text) + 1 for text, _ in pieces)
    position = 0
    for text, glued in pieces:
        start = cue.start + cue.duration * position / total
        position += len(text) + 1
        yield Word(start, cue.start + cue.duration * position / total, text, glued=glued)


def _pieces(text: str, spaced: bool) -> Iterator[tuple[str, bool]]:
    """Words; in scripts without spaces single characters, which may be broken between."""
    for chunk in text.split():
        if spaced and not _is_cjk(chunk):
            yield chunk, False
            continue
        # Latin words and numbers inside Japanese stay whole.
        for index, piece in enumerate(re.findall(r"[A-Za-z0-9'’.-]+|.", chunk)):
            yield piece, index > 0


def _is_cjk(text: str) -> bool:
    # Korean is wide too, but has spaces.
    wide = sum(unicodedata.east_asian_width(char) in "WF" and not "가" <= char <= "힣" for char in text)
    return wide * 2 > len(text)


def _join(words: Sequence[Word]) -> str:
    return "".join(word.text if index == 0 or word.glued else f" {word.text}" for index, word in enumerate(words))


def _runs(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """Stretches of speech without a pause that a reader would notice."""
    run: list[_Token] = []
    for token in tokens:
        if run and _parts(run[-1], token):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _parts(before: _Token, after: _Token) -> bool:
    gap = after.word.start - before.word.end
    if before.source is not after.source:
        return gap >= UTTERANCE_PAUSE or ends_sentence(before.word.text)
    return gap >= PAUSE


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with this word.

    >>> ends_sentence("there.\\""), ends_sentence("Mr.")
    (True, False)
    """
    return bool(_SENTENCE_END.search(text)) and not _ABBREVIATION.search(text)


def ends_clause(text: str) -> bool:
    """Whether a part of a sentence ends here: with a comma, a dash, a colon."""
    return bool(_CLAUSE_END.search(text))


def _break_cost(before: Word, after: Word, *, at_boundary: bool = False) -> float:
    """What it costs the reader when the text breaks between two words."""
    if after.text[0] in _NO_LINE_START or before.text[-1] in _NO_LINE_END:
        return _NEVER
    if after.glued and not _is_cjk(before.text + after.text):
        return _NEVER
    if ends_sentence(before.text):
        return _AFTER_SENTENCE
    if ends_clause(before.text):
        return _AFTER_CLAUSE
    if before.text.lower() in _CLINGING:
        return _ELSEWHERE * 2
    if at_boundary or after.start - before.end >= UTTERANCE_PAUSE:
        return _AT_BOUNDARY
    return _BEFORE_CONJUNCTION if after.text.lower() in _CONJUNCTIONS else _ELSEWHERE


# Cutting


class _Cutter:
    """Cuts one run of speech where it costs least: shortest path over the words, each edge one subtitle."""

    PER_CUE = 8.0
    """Each subtitle more costs that: few full ones read better than many short ones."""
    TOO_FAST = 1.0
    """For each character per second over the limit."""
    TOO_SHORT = 15.0
    SPILLS = 6.0
    """A sentence ends inside and the next one goes on in the next subtitle."""

    def __init__(self, run: list[_Token], profile: Profile) -> None:
        self._run = run
        self._profile = profile

    def cut(self) -> Iterator[list[_Token]]:
        run = self._run
        costs = [0.0] + [math.inf] * len(run)
        came_from = [0] * (len(run) + 1)
        breaks = self._break_costs()
        for start in range(len(run)):
            for stop, cost in self._edges(start):
                total = costs[start] + cost + breaks[stop]
                if total < costs[stop]:
                    costs[stop], came_from[stop] = total, start
        cuts = [len(run)]
        while cuts[-1]:
            cuts.append(came_from[cuts[-1]])
        cuts.reverse()
        for start, stop in itertools.pairwise(cuts):
            yield run[start:stop]

    def _break_costs(self) -> list[float]:
        """By index of the word after the break; none before the first and after the last."""
        run = self._run
        inner = (
            _break_cost(before.word, after.word, at_boundary=before.source is not after.source)
            for before, after in itertools.pairwise(run)
        )
        return [0.0, *inner, 0.0]

    def _edges(self, start: int) -> Iterator[tuple[int, float]]:
        """Where a subtitle that begins at `start` may stop, and its cost. The first word fits whatever its length."""
        profile, run = self._profile, self._run
        begin = run[start].word.start
        lines, line, length, ended = 1, 0, 0, False
        for stop in range(start + 1, len(run) + 1):
            word = run[stop - 1].word
            size, space = text_length(word.text), 0 if word.glued or stop == start + 1 else 1
            if line and line + space + size > profile.max_chars:
                lines, line = lines + 1, size
            else:
                line += space + size
            length += space + size
            duration = word.end - begin
            too_long = profile.max_duration is not None and duration > profile.max_duration
            if stop > start + 1 and (lines > profile.max_lines or too_long):
                return
            ends = stop == len(run) or ends_sentence(word.text)
            yield stop, self._cost(length, duration) + (self.SPILLS if ended and not ends else 0.0)
            ended = ended or ends

    def _cost(self, length: int, duration: float) -> float:
        cost = self.PER_CUE
        if self._profile.max_cps is not None:
            cost += self.TOO_FAST * max(0.0, length / (duration + LINGER) - self._profile.max_cps)
        if duration < self._profile.min_duration:
            cost += self.TOO_SHORT * (1 - duration / self._profile.min_duration)
        return cost


def _join_short(groups: list[list[_Token]], profile: Profile, gap: float) -> list[list[_Token]]:
    """Join a subtitle that has no time to be read with the next, where both fit into one."""
    joined: list[list[_Token]] = []
    for group in groups:
        if joined and _flashes(joined[-1], group, profile, gap) and _fits(joined[-1] + group, profile):
            joined[-1] = joined[-1] + group
        else:
            joined.append(group)
    return joined


def _flashes(group: list[_Token], after: list[_Token], profile: Profile, gap: float) -> bool:
    room = after[0].word.start - gap - group[0].word.start
    return room < profile.min_duration and after[0].word.start - group[-1].word.end < PAUSE


def _fits(group: list[_Token], profile: Profile) -> bool:
    words = [token.word for token in group]
    duration = words[-1].end - words[0].start
    if profile.max_duration is not None and duration > profile.max_duration:
        return False
    lines = break_lines(words, profile).split("\n")
    return len(lines) <= profile.max_lines and all(text_length(line) <= profile.max_chars for line in lines)


# Lines


def _layouts(words: Sequence[Word], lines: int, max_chars: int) -> Iterator[tuple[float, str]]:
    """Every way to lay out `words` in exactly `lines` lines that fit, each with its cost."""
    if lines == 1:
        text = _join(words)
        if text_length(text) <= max_chars:
            yield 0.0, text
        return
    for at in range(1, len(words) - lines + 2):
        first = _join(words[:at])
        if text_length(first) > max_chars:
            return
        cost = _break_cost(words[at - 1], words[at])
        for rest_cost, rest in _layouts(words[at:], lines - 1, max_chars):
            second = rest.split("\n", 1)[0]
            uneven = text_length(first) - text_length(second)
            # Half a point a character; a longer upper line costs more, for the eye is at the lower one.
            yield cost + rest_cost + 0.5 * abs(uneven) + (2.0 if uneven > 0 else 0.0), f"{first}\n{rest}"


def _greedy(words: Sequence[Word], max_chars: int) -> list[str]:
    """Lines filled one after the other: for text that fits no layout, such as a word longer than a line."""
    lines: list[list[Word]] = []
    for word in words:
        if lines and text_length(_join([*lines[-1], word])) <= max_chars:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [_join(line) for line in lines]


# Times


def _timed(groups: list[list[_Token]], profile: Profile, gap: float) -> list[Cue]:
    cues: list[Cue] = []
    for index, group in enumerate(groups):
        following = groups[index + 1][0].word.start if index + 1 < len(groups) else math.inf
        words = tuple(token.word for token in group)
        end = _end(words, following, profile, gap)
        cues.append(_cue(group, words, end, profile))
    return cues


def _end(words: Sequence[Word], following: float, profile: Profile, gap: float) -> float:
    """When the subtitle goes: time to read it, but never into the next one."""
    start, spoken = words[0].start, words[-1].end
    end = max(spoken, start + profile.min_duration)
    if profile.max_cps:
        end = max(end, min(spoken + LINGER, start + text_length(_join(words)) / profile.max_cps))
    if profile.max_wpm:
        end = max(end, min(spoken + LINGER, start + len(words) * 60 / profile.max_wpm))
    latest = following - gap
    if latest - end < max(0.0, profile.close_gap_below - gap):
        end = latest
    if profile.max_duration is not None and spoken - start <= profile.max_duration:
        end = min(end, start + profile.max_duration)
    # Speech without any pause leaves no room for the gap; then the words win.
    return end if end >= start + SHORTEST else min(spoken, following)


def _cue(group: list[_Token], words: tuple[Word, ...], end: float, profile: Profile) -> Cue:
    sources = list({id(token.source): token.source for token in group if token.source is not None}.values())

    def worst(name: str, choose: object) -> float | None:
        values = [value for source in sources if (value := getattr(source, name)) is not None]
        return choose(values) if values else None  # type: ignore[operator]

    return Cue(
        words[0].start,
        end,
        break_lines(words, profile),
        words if all(token.measured for token in group) else (),
        avg_logprob=worst("avg_logprob", min),
        no_speech_prob=worst("no_speech_prob", max),
        compression_ratio=worst("compression_ratio", max),
    )
