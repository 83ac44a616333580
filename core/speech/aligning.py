# SPDX-License-Identifier: GPL-3.0-or-later
"""Times for a text that is known, from what a model hears: a script, or subtitles that are edited or badly timed.

What was heard and what is written are two rows of words. Where they agree, the heard word's time is the written one's;
what lies between two such anchors shares the time between them. So text that was never spoken, and speech that was
never written down, move nothing else. No model is asked here: `job.py` listens, with word times.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import unicodedata
from collections.abc import Sequence

from ..cues import Cue, Word

_LETTERS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ALIKE = 0.75
"""How alike two words must be to be the same word heard a little wrongly (Ratcliff and Obershelp's measure)."""
_SURE = 3
"""Letters that a word, or words in a row, must have to be an anchor: an article is everywhere."""
_SPEED = 15.0
"""Characters a second that are spoken where nothing else tells how long a text takes."""
_LONGEST_GUESS = 0.8
"""Seconds that a guessed word takes at most."""


@dataclasses.dataclass(frozen=True, slots=True)
class Aligned:
    """A cue with its times."""

    cue: Cue
    confidence: float
    """Which part of its words was heard where it is, 0.0 to 1.0; 0.0: its place is a guess between its neighbours."""


@dataclasses.dataclass(slots=True)
class _Token:
    """One word of the text, and which cue it is in."""

    text: str
    plain: str
    cue: int
    glued: bool
    heard: Word | None = None


def align(cues: Sequence[Cue], heard: Sequence[Cue], length: float | None = None) -> list[Aligned]:
    """The cues with the times of what was heard, in their order, each not before the one before it.

    Their own times are not looked at. `length`: of the media in seconds, that nothing may lie behind. A cue without a
    word that can be heard (a note in brackets of symbols) lies between its neighbours.
    """
    tokens = _tokens(cues)
    spoken = [word for cue in heard for word in cue.words if plain(word.text)]
    _anchor(tokens, spoken)
    times = _times(tokens, length)
    return _cues(cues, tokens, times)


def plain(text: str) -> str:
    """A word as it is compared: without case, accents and what is around it.

    >>> plain("“Élan,"), plain("it's"), plain("—")
    ('elan', 'its', '')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return "".join(part.replace("'", "").replace("’", "") for part in _LETTERS.findall(letters))


def _tokens(cues: Sequence[Cue]) -> list[_Token]:
    tokens = []
    for number, cue in enumerate(cues):
        for chunk in cue.text.split():
            for index, piece in enumerate(_pieces(chunk)):
                tokens.append(_Token(piece, plain(piece), number, glued=index > 0))
    return tokens


def _pieces(chunk: str) -> list[str]:
    """A word as it is; in scripts without spaces its single characters."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" and not "가" <= char <= "힣" for char in chunk)
    return list(chunk) if wide * 2 > len(chunk) else [chunk]


def _anchor(tokens: list[_Token], spoken: list[Word]) -> None:
    """Give each token the word that it was heard as, where there is one."""
    written = [token.plain for token in tokens]
    said = [plain(word.text) for word in spoken]
    matcher = difflib.SequenceMatcher(None, written, said, autojunk=False)
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            # A short word that agrees all by itself may be another one.
            if sum(map(len, written[first:last])) >= _SURE or last - first == len(tokens):
                for token, word in zip(tokens[first:last], spoken[begin:end], strict=True):
                    token.heard = word
        elif tag == "replace":
            _nearly(tokens[first:last], spoken[begin:end])


def _nearly(tokens: list[_Token], spoken: list[Word]) -> None:
    """Between two anchors: words that were heard a little wrongly, in order."""
    begin = 0
    for token in tokens:
        for place in range(begin, min(len(spoken), begin + 3)):
            if difflib.SequenceMatcher(None, token.plain, plain(spoken[place].text)).ratio() >= _ALIKE:
                token.heard, begin = spoken[place], place + 1
                break


def _times(tokens: list[_Token], length: float | None) -> list[tuple[float, float]]:
    """When each token is said: as heard, or its share of the time between those that were."""
    times: list[tuple[float, float]] = []
    number = 0
    while number < len(tokens):
        word = tokens[number].heard
        if word is not None:
            start = max(word.start, times[-1][1] if times else 0.0)
            times.append((start, max(start, word.end)))
            number += 1
            continue
        last = next((place for place in range(number, len(tokens)) if tokens[place].heard is not None), len(tokens))
        times += _guessed(tokens[number:last], times[-1][1] if times else None, _begin(tokens, last), length)
        number = last
    return times


def _begin(tokens: list[_Token], place: int) -> float | None:
    word = tokens[place].heard if place < len(tokens) else None
    return None if word is None else word.start


def _guessed(
    tokens: list[_Token], after: float | None, before: float | None, length: float | None
) -> list[tuple[float, float]]:
    """Times for tokens that nobody heard, between two that somebody did, by their length."""
    needed = [min(_LONGEST_GUESS, (len(token.text) + 1) / _SPEED) for token in tokens]
    whole = sum(needed)
    if after is None:
        end = before if before is not None else whole
        start = max(0.0, end - whole)
    else:
        start, end = after, max(after, min(after + whole, before if before is not None else after + whole))
    if length is not None:
        start, end = min(start, length), min(max(start, end), length)
    scale = (end - start) / whole if whole else 0.0
    times, time = [], start
    for seconds in needed:
        times.append((time, time + seconds * scale))
        time += seconds * scale
    return times


def _cues(cues: Sequence[Cue], tokens: list[_Token], times: list[tuple[float, float]]) -> list[Aligned]:
    inside: list[list[int]] = [[] for _ in cues]
    for place, token in enumerate(tokens):
        inside[token.cue].append(place)
    found: list[Aligned] = []
    clock = 0.0
    for cue, places in zip(cues, inside, strict=True):
        words = tuple(
            Word(
                times[place][0], times[place][1], tokens[place].text, 1.0, tokens[place].glued, _is_guess(tokens[place])
            )
            for place in places
        )
        start = max(clock, words[0].start) if words else clock
        clock = max(start, words[-1].end) if words else start
        heard = sum(tokens[place].heard is not None for place in places if tokens[place].plain)
        sayable = sum(bool(tokens[place].plain) for place in places)
        moved = dataclasses.replace(cue, start=start, end=clock, words=words)
        found.append(Aligned(moved, heard / sayable if sayable else 0.0))
    return found


def _is_guess(token: _Token) -> bool:
    return token.heard is None
