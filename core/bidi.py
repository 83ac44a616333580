# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which the pieces of one line are drawn: Unicode's Bidirectional Algorithm (UAX #9), by whose names the
rules go here. For a paragraph without embeddings and isolates: those count as signs without a direction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

_NEUTRAL = frozenset(("B", "S", "WS", "ON", "BN", "LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"))
_BRACKETS = {"(": ")", "[": "]", "{": "}", "⁅": "⁆", "〈": "〉", "⟦": "⟧", "⟨": "⟩", "「": "」", "『": "』", "【": "】"}


def levels(kinds: Sequence[str], pieces: Sequence[str], from_right: bool) -> list[int]:
    """The embedding level of each piece: odd from right to left. `kinds` are Bidi_Class values, one for each piece."""
    base = "R" if from_right else "L"
    found = _weak(list(kinds), base)
    _brackets(found, pieces, base)
    _neutral(found, base)
    level = int(from_right)
    odd = {"L": 1, "R": 0, "EN": 1, "AN": 1} if from_right else {"L": 0, "R": 1, "EN": 2, "AN": 2}
    result = [level + odd[kind] for kind in found]
    for index in range(len(result) - 1, -1, -1):  # L1: what stands empty at the end belongs to the paragraph.
        if kinds[index] not in ("WS", "S", "B", "BN"):
            break
        result[index] = level
    return result


def order(found: Sequence[int]) -> list[int]:
    """The indexes of the pieces from left to right (L2)."""
    indexes = list(range(len(found)))
    for level in range(max(found, default=0), 0, -1):
        runs: list[tuple[bool, list[int]]] = []
        for index in indexes:
            high = found[index] >= level
            if not runs or runs[-1][0] != high:
                runs.append((high, []))
            runs[-1][1].append(index)
        indexes = [index for high, run in runs for index in (reversed(run) if high else run)]
    return indexes


def _weak(kinds: list[str], base: str) -> list[str]:
    """W1 to W7."""
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[index] = kinds[index - 1] if index else base
    for index, strong in _after(kinds, ("R", "L", "AL"), base):
        if kinds[index] == "EN" and strong == "AL":
            kinds[index] = "AN"
    kinds = ["R" if kind == "AL" else kind for kind in kinds]
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        if before == after and ((kind == "ES" and before == "EN") or (kind == "CS" and before in ("EN", "AN"))):
            kinds[index] = before
    kinds = _terminators(kinds)
    kinds = ["ON" if kind in ("ES", "ET", "CS") else kind for kind in kinds]
    for index, strong in _after(kinds, ("R", "L"), base):
        if kinds[index] == "EN" and strong == "L":
            kinds[index] = "L"
    return kinds


def _after(kinds: Sequence[str], strong: tuple[str, ...], base: str) -> Iterator[tuple[int, str]]:
    """Each index with the last strong kind before it."""
    last = base
    for index, kind in enumerate(kinds):
        yield index, last
        if kind in strong:
            last = kind


def _terminators(kinds: Sequence[str]) -> list[str]:
    """W5: signs such as % and $ beside a number belong to it."""
    runs = [(kind, len(list(run))) for kind, run in itertools.groupby(kinds)]
    found: list[str] = []
    for index, (kind, length) in enumerate(runs):
        beside = {runs[place][0] for place in (index - 1, index + 1) if 0 <= place < len(runs)}
        found += ["EN" if kind == "ET" and "EN" in beside else kind] * length
    return found


def _side(kind: str) -> str | None:
    """The direction that a kind has for its neighbours (N0, N1): numbers count as from the right."""
    return "L" if kind == "L" else "R" if kind in ("R", "EN", "AN") else None


def _brackets(kinds: list[str], pieces: Sequence[str], base: str) -> None:
    """N0: both brackets of a pair on the side of what they hold, or of what stands before them."""
    for first, last in sorted(_pairs(kinds, pieces)):
        inside = {_side(kind) for kind in kinds[first + 1 : last]} - {None}
        if not inside:
            continue
        side = base
        if base not in inside:
            before = next((found for kind in reversed(kinds[:first]) if (found := _side(kind))), base)
            side = before
        kinds[first] = kinds[last] = side


def _pairs(kinds: Sequence[str], pieces: Sequence[str]) -> Iterator[tuple[int, int]]:
    opened: list[tuple[str, int]] = []
    for index, piece in enumerate(pieces):
        if kinds[index] != "ON" or not piece:
            continue
        if piece[0] in _BRACKETS and len(piece) == 1:
            opened.append((_BRACKETS[piece[0]], index))
        elif any(piece[0] == closing for closing, _ in opened):
            while opened:
                closing, first = opened.pop()
                if closing == piece[0]:
                    yield first, index
                    break


def _neutral(kinds: list[str], base: str) -> None:
    """N1 and N2: what has no direction takes that of both its neighbours, or the paragraph's."""
    index = 0
    while index < len(kinds):
        if kinds[index] not in _NEUTRAL:
            index += 1
            continue
        stop = index
        while stop < len(kinds) and kinds[stop] in _NEUTRAL:
            stop += 1
        before = _side(kinds[index - 1]) if index else base
        after = _side(kinds[stop]) if stop < len(kinds) else base
        kinds[index:stop] = [before if before == after and before else base] * (stop - index)
        index = stop
