# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of word times when somebody edits a text: they follow the words that are still there.

Old and new text are compared by their words. A word that is still there keeps its time to the last digit; those that
are new share the time of what they replace, or of the gap that they were written into, by their syllables. Pure.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from ..cues import Word
from .document import Cue

_ATOM = re.compile(r"[^\W_]+|\S")
_VOWELS = frozenset("aeiouyæøœɑəаеиоуыэюяіїєαεηιουω")


class Piece(NamedTuple):
    """A word of a text, at `text[start:end]`."""

    start: int
    end: int
    glued: bool
    """No space before it: a character of Chinese or Japanese."""


def pieces(text: str) -> Iterator[Piece]:
    """The words of `text`, between spaces; in scripts without spaces its characters, Latin words among them whole.

    >>> [text[piece.start:piece.end] for text in ("Hi, you\\nthere", "東京 2024年") for piece in pieces(text)]
    ['Hi,', 'you', 'there', '東', '京', '2024', '年']
    """
    for chunk in re.finditer(r"\S+", text):
        if not any(is_unspaced(char) for char in chunk.group()):
            yield Piece(chunk.start(), chunk.end(), False)
            continue
        for number, part in enumerate(re.finditer(r"[A-Za-z0-9'’.-]+|\S", chunk.group())):
            yield Piece(chunk.start() + part.start(), chunk.start() + part.end(), number > 0)


def is_unspaced(char: str) -> bool:
    """Whether the script of this character parts words by nothing: Chinese, Japanese; Korean has spaces."""
    return char > "\u2e7f" and unicodedata.east_asian_width(char) in "WF" and not "가" <= char <= "힣"


def syllables(text: str) -> int:
    """About how long a word takes to say, at least 1: groups of vowels; digits, signs of Chinese and Japanese each one.

    Scripts that write no vowels, such as Arabic, count half their letters.

    >>> [syllables(word) for word in ("strength", "banana", "42", "東京", "سلام", "…")]
    [1, 3, 2, 2, 2, 1]
    """
    count, letters, in_vowel = 0, 0, False
    for char in unicodedata.normalize("NFD", text.lower()):
        vowel = char in _VOWELS
        count += vowel and not in_vowel
        if char.isdigit() or is_unspaced(char):
            count += 1
        elif char.isalpha() and not vowel and not char.isascii():
            letters += 1
        in_vowel = vowel or (in_vowel and unicodedata.combining(char) != 0)
    return max(1, count or (letters + 1) // 2)


def shares(weights: Sequence[float], start: float, end: float) -> list[tuple[float, float]]:
    """The time from `start` to `end` shared out by `weights`, without a gap; nothing for a span that is none."""
    end = max(start, end)
    total = sum(weights) or 1.0
    times, done = [], 0.0
    for weight in weights:
        begin = start + (end - start) * done / total
        done += weight
        times.append((begin, min(end, start + (end - start) * done / total)))
    return times


# Words


def joined(words: Iterable[Word]) -> str:
    """The words as one line of text."""
    return "".join(word.text if not number or word.glued else f" {word.text}" for number, word in enumerate(words))


def fit(text: str, words: Iterable[Word]) -> bool:
    """Whether these are the words of this text, wherever its spaces and lines are."""
    return "".join(text.split()) == "".join("".join(word.text.split()) for word in words)


def guessed(text: str, start: float, end: float) -> tuple[Word, ...]:
    """The words of `text` with times that nobody measured: the time from `start` to `end`, shared by syllables."""
    found = [(text[piece.start : piece.end], piece.glued) for piece in pieces(text)]
    times = shares([syllables(word) for word, _ in found], start, end)
    return tuple(Word(*time, word, glued=glued) for time, (word, glued) in zip(times, found, strict=True))


def words_of(text: str, words: Sequence[Word], start: float, end: float) -> tuple[Word, ...]:
    """The words of `text`, with the times that `words` had before it was edited; none where there were none.

    `start` and `end` are the subtitle's, for words that are new at its edges. Words of `text` in their order, together
    all of it but spaces. Where the text is still theirs, `words` themselves.
    """
    if not words or fit(text, words):
        return tuple(words)
    found = list(_found(text, words))
    result: list[Word | None] = [None] * len(found)
    for at, times in _kept_times(found, words):
        piece, source = found[at]
        assert source is not None
        fresh = dataclasses.replace(words[source], text=text[piece.start : piece.end], glued=piece.glued)
        result[at] = dataclasses.replace(fresh, start=times[0], end=times[1])
    for first, last in _unknown(result):
        lowest = _before(result, first, start)
        highest = max(lowest, _after(result, last, end))
        gone = _gone(found, words, first, last)
        region = (_within(gone[0].start, lowest, highest), _within(gone[-1].end, lowest, highest)) if gone else None
        begin, stop = region if region is not None and region[1] > region[0] else (lowest, highest)
        new = [found[at][0] for at in range(first, last)]
        times_of_new = shares([syllables(text[piece.start : piece.end]) for piece in new], begin, stop)
        for at, piece, span in zip(range(first, last), new, times_of_new, strict=True):
            result[at] = Word(*span, text[piece.start : piece.end], glued=piece.glued)
    return tuple(word for word in result if word is not None)


def _atoms(text: str) -> Iterator[tuple[int, str]]:
    """Where in `text` something is that words are recognised by, and what: letters and digits; signs that stand alone.

    Commas and quotation marks come and go without making another word of it.
    """
    for chunk in re.finditer(r"\S+", text):
        found = list(_ATOM.finditer(chunk.group()))
        spoken = [atom for atom in found if atom.group()[0].isalnum()]
        for atom in spoken or found:
            if is_unspaced(atom.group()[0]):
                yield from ((chunk.start() + atom.start() + at, char) for at, char in enumerate(atom.group()))
            else:
                yield chunk.start() + atom.start(), atom.group().casefold()


def _found(text: str, words: Sequence[Word]) -> Iterator[tuple[Piece, int | None]]:
    """The pieces of `text`, each with the index of the word that it was, or None where it is new.

    A piece that was several words (`re` and `-write`) becomes as many pieces again.
    """
    old = [(number, atom) for number, word in enumerate(words) for _, atom in _atoms(word.text)]
    new = list(_atoms(text))
    matcher = SequenceMatcher(None, [atom for _, atom in old], [atom for _, atom in new], autojunk=False)
    source_at = {
        new[block.b + step][0]: old[block.a + step][0]
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }
    places = sorted(source_at)
    for piece in pieces(text):
        inside = places[bisect.bisect_left(places, piece.start) : bisect.bisect_left(places, piece.end)]
        yield from _parted(piece, [(place, source_at[place]) for place in inside])


def _parted(piece: Piece, known: list[tuple[int, int]]) -> Iterator[tuple[Piece, int | None]]:
    """One piece, parted where another word begins; `known` are the places in it with the word that each was."""
    start = piece.start
    for (_, source), (place, following) in itertools.pairwise(known):
        if following != source:
            yield Piece(start, place, piece.glued or start > piece.start), source
            start = place
    yield Piece(start, piece.end, piece.glued or start > piece.start), known[-1][1] if known else None


def _kept_times(
    found: Sequence[tuple[Piece, int | None]], words: Sequence[Word]
) -> Iterator[tuple[int, tuple[float, float]]]:
    """Index of each piece that was a word, and its time: the word's, or its share where the word was torn apart."""
    places: dict[int, list[int]] = {}
    for at, (_, source) in enumerate(found):
        if source is not None:
            places.setdefault(source, []).append(at)
    for source, parts in places.items():
        word = words[source]
        if len(parts) == 1:
            yield parts[0], (word.start, word.end)
            continue
        weights = [float(found[at][0].end - found[at][0].start) for at in parts]
        yield from zip(parts, shares(weights, word.start, word.end), strict=True)


def _unknown(words: Sequence[Word | None]) -> Iterator[tuple[int, int]]:
    """Runs of words without a time."""
    at = 0
    while at < len(words):
        first = at
        while at < len(words) and words[at] is None:
            at += 1
        if at > first:
            yield first, at
        at += 1


def _before(words: Sequence[Word | None], first: int, start: float) -> float:
    known = words[first - 1] if first else None
    if known is not None:
        return known.end
    following = next((word.start for word in words[first:] if word is not None), start)
    return min(start, following)


def _after(words: Sequence[Word | None], last: int, end: float) -> float:
    known = words[last] if last < len(words) else None
    return known.start if known is not None else end


def _gone(found: Sequence[tuple[Piece, int | None]], words: Sequence[Word], first: int, last: int) -> Sequence[Word]:
    """The words that stood where the pieces `first` to `last` stand now."""
    before = found[first - 1][1] if first else -1
    after = found[last][1] if last < len(found) else len(words)
    return words[before + 1 : after] if before is not None and after is not None else ()


def _within(value: float, lowest: float, highest: float) -> float:
    return min(max(value, lowest), highest)


def with_text(cue: Cue, text: str) -> Cue:
    """The subtitle with another text: the times of its words and its formatting follow the words still there."""
    if text == cue.text:
        return cue
    return dataclasses.replace(cue.with_text(text), words=words_of(text, cue.words, cue.start, cue.end))


def ranges(text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where each word is in `text`, as far as they are its words (`fit`).

    >>> ranges("so it\\nis", [Word(0, 1, "so"), Word(1, 2, "it"), Word(2, 3, "is")])
    [(0, 2), (3, 5), (6, 8)]
    """
    visible = [at for at, char in enumerate(text) if not char.isspace()]
    found, done = [], 0
    for word in words:
        size = len("".join(word.text.split()))
        inside = visible[done : done + size]
        done += size
        if inside:
            found.append((inside[0], inside[-1] + 1))
        else:
            found.append((len(text), len(text)))
    return found
