# SPDX-License-Identifier: GPL-3.0-or-later
"""One subtitle made several: at a time, by its lines, its sentences or its words, with their words and formatting.

Times are seconds. No text is lost or reordered; it is doubled where a docstring says so.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Sequence

from ..cues import Word
from ..text import Text
from . import realign
from .breaks import ends_clause, ends_sentence
from .document import Cue
from .track import Edited, EditError, Part, Rules, settled, unchanged

TINY = 1e-6
"""Seconds that arithmetic may be off."""


def split(cues: Sequence[Cue], index: int, seconds: float, rules: Rules, *, keep_text: bool = False) -> Edited:
    """One becomes two at a time inside it; the second begins there.

    The text is parted where its words were said, or where they were not measured at the nearest end of a sentence, line
    or word. With `keep_text`, or where it is a single word, both have all of it. Raises EditError outside of it.
    """
    cue = settled(cues[index])
    cut = rules.snap(seconds)
    if not cue.start + rules.step / 2 < cut < cue.end - rules.step / 2:
        raise EditError(
            Text("There is no subtitle to split here."), Text("Move the playhead to where the second half begins.")
        )
    first_end = cut - rules.gap if cut - rules.gap > cue.start + rules.step / 2 else cut
    place = None if keep_text else _place(cue, cut)
    if place is None:
        halves = [cue, dataclasses.replace(cue, name="")]
        words = [[w for w in cue.words if _middle(w) < cut], [w for w in cue.words if _middle(w) >= cut]]
        if not keep_text:
            words = [list(cue.words), []]
        halves = [dataclasses.replace(half, words=tuple(some)) for half, some in zip(halves, words, strict=True)]
    else:
        halves = [part(cue, 0, place), dataclasses.replace(part(cue, place, len(cue.text)), name="")]
    return _in_place(
        cues,
        index,
        [
            dataclasses.replace(halves[0], end=rules.snap(first_end)),
            dataclasses.replace(halves[1], start=cut),
        ],
    )


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _place(cue: Cue, seconds: float) -> int | None:
    """Where the second half of the text begins; None in a single word."""
    starts = [piece.start for piece in realign.pieces(cue.text)]
    if len(starts) < 2:
        return None
    if cue.words:
        spoken = realign.ranges(cue.text, cue.words)
        later = [at for (at, _), word in zip(spoken, cue.words, strict=True) if _middle(word) >= seconds]
        # The first and the last word stay in their halves: neither may be empty.
        wanted = min(max(later[0] if later else starts[-1], starts[1]), starts[-1])
        return min(starts[1:], key=lambda start: abs(start - wanted))
    share = (seconds - cue.start) / cue.duration * len(cue.text)
    return min(starts[1:], key=lambda start: abs(start - share) - _welcome(cue.text[:start], len(cue.text)))


def _welcome(before: str, length: int) -> float:
    """How many characters off the middle a break here is worth."""
    stripped = before.rstrip()
    if ends_sentence(stripped.rsplit(None, 1)[-1]):
        return 0.25 * length
    if "\n" in before[len(stripped) :]:
        return 0.2 * length
    return 0.1 * length if ends_clause(stripped) else 0.0


def split_lines(cues: Sequence[Cue], index: int, rules: Rules) -> Edited:
    """One subtitle for each line. Raises EditError where there is one line only, or less time than lines."""
    text = cues[index].text
    bounds = [match.start() for match in re.finditer(r"(?<=\n)[^\n]*\S", text) if text[: match.start()].strip()]
    return _split(cues, index, bounds, rules, Text("This subtitle has one line only."))


def split_sentences(cues: Sequence[Cue], index: int, rules: Rules) -> Edited:
    """One subtitle for each sentence. Raises EditError where there is one only, or less time than sentences."""
    text = cues[index].text
    found = list(realign.pieces(text))
    bounds = [b.start for a, b in itertools.pairwise(found) if ends_sentence(text[a.start : a.end])]
    return _split(cues, index, bounds, rules, Text("This subtitle has one sentence only."))


def split_words(cues: Sequence[Cue], index: int, rules: Rules) -> Edited:
    """One subtitle for each word, one right after the other. Raises EditError as the others do."""
    bounds = [piece.start for piece in realign.pieces(cues[index].text)][1:]
    return _split(cues, index, bounds, rules, Text("This subtitle has one word only."), gap=0.0)


def _split(
    cues: Sequence[Cue], index: int, bounds: list[int], rules: Rules, why_not: Text, gap: float | None = None
) -> Edited:
    if not bounds:
        raise EditError(why_not, Text("Choose one that has more, or split it at the playhead."))
    cue = settled(cues[index])
    places = [0, *bounds, len(cue.text)]
    pieces = [part(cue, start, end) for start, end in itertools.pairwise(places)]
    cuts = _cuts(cue, pieces, rules)
    gap = rules.gap if gap is None else gap
    timed = []
    for number, piece in enumerate(pieces):
        end = cuts[number + 1]
        if number + 1 < len(pieces) and end - gap > cuts[number] + rules.step / 2:
            end -= gap
        named = piece if not number else dataclasses.replace(piece, name="")
        timed.append(dataclasses.replace(named, start=cuts[number], end=rules.snap(end)))
    return _in_place(cues, index, timed)


def _cuts(cue: Cue, pieces: Sequence[Cue], rules: Rules) -> list[float]:
    """When each piece begins, and the end of the last: where its first word is said, or by its share of the text."""
    if cue.duration < len(pieces) * rules.step - TINY:
        raise EditError(
            Text("{seconds:.2f} s are too short for {number} subtitles.", seconds=cue.duration, number=len(pieces)),
            Text("Make the subtitle longer first."),
        )
    if cue.words:
        wanted = [piece.words[0].start for piece in pieces[1:]]
    else:
        weights = [float(sum(realign.syllables(word) for word in piece.text.split())) for piece in pieces]
        wanted = [start for start, _ in realign.shares(weights, cue.start, cue.end)][1:]
    cuts = [cue.start]
    for number, start in enumerate(wanted, 1):
        left = (len(pieces) - number) * rules.step
        cuts.append(rules.snap(min(max(start, cuts[-1] + rules.step), cue.end - left)))
    return [*cuts, cue.end]


def _in_place(cues: Sequence[Cue], index: int, pieces: Sequence[Cue]) -> Edited:
    parts = unchanged(cues)
    parts[index : index + 1] = [Part(index, piece, is_new=number > 0) for number, piece in enumerate(pieces)]
    return parts


def part(cue: Cue, start: int, end: int) -> Cue:
    """`cue.text[start:end]` without spaces at its edges, with its words and formatting; times are the whole cue's."""
    text = cue.text[start:end]
    start += len(text) - len(text.lstrip())
    end = max(start, end - (len(text) - len(text.rstrip())))
    words = tuple(
        word
        for word, (first, last) in zip(cue.words, realign.ranges(cue.text, cue.words), strict=True)
        if first < end and last > start
    )
    return dataclasses.replace(cue.part(start, end), words=words)
