# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which the pieces of one line are drawn: Unicode's Bidirectional Algorithm (UAX #9), by whose names the
rules go here. Complete for one line of one paragraph: embeddings, overrides and isolates too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

_NEUTRAL = frozenset(("B", "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI"))
_INITIATORS = frozenset(("LRI", "RLI", "FSI"))
_EMBEDDINGS = frozenset(("LRE", "RLE", "LRO", "RLO"))
_REMOVED = _EMBEDDINGS | {"PDF", "BN"}
"""What the rules take no notice of once levels are known (X9)."""
_EXPLICIT = _EMBEDDINGS | _INITIATORS | {"PDF", "PDI", "BN"}
_DEEPEST = 125
"""The highest level that an embedding may have (BD2)."""
_PAIRS = 63
"""Brackets that may be open at a time (BD16)."""

# BidiBrackets.txt: each opening bracket with its closing one.
_BOTH = (
    "()[]{}\u0f3a\u0f3b\u0f3c\u0f3d\u169b\u169c\u2045\u2046\u207d\u207e\u208d\u208e\u2308\u2309\u230a\u230b\u2329\u232a"
    "\u2768\u2769\u276a\u276b\u276c\u276d\u276e\u276f\u2770\u2771\u2772\u2773\u2774\u2775\u27c5\u27c6\u27e6\u27e7\u27e8"
    "\u27e9\u27ea\u27eb\u27ec\u27ed\u27ee\u27ef\u2983\u2984\u2985\u2986\u2987\u2988\u2989\u298a\u298b\u298c\u298d\u2990"
    "\u298f\u298e\u2991\u2992\u2993\u2994\u2995\u2996\u2997\u2998\u29d8\u29d9\u29da\u29db\u29fc\u29fd\u2e22\u2e23\u2e24"
    "\u2e25\u2e26\u2e27\u2e28\u2e29\u2e55\u2e56\u2e57\u2e58\u2e59\u2e5a\u2e5b\u2e5c\u3008\u3009\u300a\u300b\u300c\u300d"
    "\u300e\u300f\u3010\u3011\u3014\u3015\u3016\u3017\u3018\u3019\u301a\u301b\ufe59\ufe5a\ufe5b\ufe5c\ufe5d\ufe5e\uff08"
    "\uff09\uff3b\uff3d\uff5b\uff5d\uff5f\uff60\uff62\uff63"
)
_SAME = {"\u2329": "\u3008", "\u232a": "\u3009"}
"""Brackets that are canonically the same as others."""
_BRACKETS = {_SAME.get(a, a): _SAME.get(b, b) for a, b in zip(_BOTH[::2], _BOTH[1::2], strict=True)}
_CLOSING = frozenset(_BRACKETS.values())


def levels(kinds: Sequence[str], pieces: Sequence[str], from_right: bool) -> list[int]:
    """The embedding level of each piece: odd from right to left. `kinds` are Bidi_Class values, one for each piece.

    What X9 removes has the level of what stands before it.
    """
    base = int(from_right)
    found = list(kinds)
    if _EXPLICIT.isdisjoint(found):
        result = [base] * len(found)
        _sequence(list(range(len(found))), found, kinds, pieces, result, base, base)
    else:
        result = _explicit(found, base)
        for sequence, before, after in _sequences(kinds, tuple(result), base):
            _sequence(sequence, found, kinds, pieces, result, before, after)
        for index, kind in enumerate(kinds):
            if kind in _REMOVED:
                result[index] = result[index - 1] if index else base
    for index in _empty(kinds):  # L1
        result[index] = base
    return result


def _empty(kinds: Sequence[str]) -> Iterator[int]:
    """What stands empty at the end of the line, or before a tabulator: it belongs to the paragraph."""
    is_end = True
    for index in range(len(kinds) - 1, -1, -1):
        kind = kinds[index]
        if kind in ("B", "S"):
            is_end = True
        elif not (kind == "WS" or kind in _INITIATORS or kind == "PDI" or kind in _REMOVED):
            is_end = False
        if is_end:
            yield index


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


# Explicit levels


def _explicit(kinds: list[str], base: int) -> list[int]:
    """X1 to X8: the level of each piece; those that an override covers get its kind."""
    partner = _isolates(kinds)
    stack: list[tuple[int, str, bool]] = [(base, "", False)]
    too_many_isolates = too_many = isolates = 0
    result: list[int] = []
    for index, kind in enumerate(kinds):
        level, override, _ = stack[-1]
        if kind in _EMBEDDINGS or kind in _INITIATORS:
            result.append(level)
            is_isolate = kind in _INITIATORS
            if is_isolate and override:
                kinds[index] = override
            deeper = _next(level, _is_right(kinds, kind, index, partner))
            if deeper <= _DEEPEST and not too_many_isolates and not too_many:
                isolates += is_isolate
                forced = {"LRO": "L", "RLO": "R"}.get(kind, "")
                stack.append((deeper, forced, is_isolate))
            elif is_isolate:
                too_many_isolates += 1
            elif not too_many_isolates:
                too_many += 1
        elif kind == "PDI":
            if too_many_isolates:
                too_many_isolates -= 1
            elif isolates:
                too_many = 0
                while not stack[-1][2]:
                    stack.pop()
                stack.pop()
                isolates -= 1
            level, override, _ = stack[-1]
            result.append(level)
            kinds[index] = override or kind
        elif kind == "PDF":
            result.append(level)
            if not too_many_isolates:
                if too_many:
                    too_many -= 1
                elif not stack[-1][2] and len(stack) > 1:
                    stack.pop()
        else:
            result.append(base if kind == "B" else level)
            if override and kind not in ("B", "BN"):
                kinds[index] = override
    return result


def _is_right(kinds: Sequence[str], kind: str, index: int, partner: dict[int, int]) -> bool:
    """Whether what begins here runs from right to left; of FSI the first letter inside decides (P2, P3)."""
    if kind != "FSI":
        return kind[0] == "R"
    stop = partner.get(index, len(kinds))
    at = index + 1
    while at < stop:
        if kinds[at] in ("L", "R", "AL"):
            return kinds[at] != "L"
        at = partner.get(at, stop) + 1 if kinds[at] in _INITIATORS else at + 1
    return False


def _next(level: int, from_right: bool) -> int:
    """The next level that is odd, or even."""
    return level + 1 if (level % 2 == 0) == from_right else level + 2


def _isolates(kinds: Sequence[str]) -> dict[int, int]:
    """Where each isolate that is closed ends (BD9)."""
    opened: list[int] = []
    found: dict[int, int] = {}
    for index, kind in enumerate(kinds):
        if kind in _INITIATORS:
            opened.append(index)
        elif kind == "PDI" and opened:
            found[opened.pop()] = index
    return found


def _sequences(kinds: Sequence[str], found: Sequence[int], base: int) -> Iterator[tuple[list[int], int, int]]:
    """X10: what is resolved together, with the levels that stand before and after it."""
    partner = _isolates(kinds)
    kept = [index for index, kind in enumerate(kinds) if kind not in _REMOVED]
    runs = [list(run) for _, run in itertools.groupby(kept, key=lambda index: found[index])]
    starts = {run[0]: run for run in runs}
    closing = set(partner.values())
    place = {index: at for at, index in enumerate(kept)}
    for run in runs:
        if kinds[run[0]] == "PDI" and run[0] in closing:
            continue  # It goes on what began before.
        sequence = list(run)
        while kinds[sequence[-1]] in _INITIATORS and sequence[-1] in partner:
            sequence += starts[partner[sequence[-1]]]
        level = found[sequence[0]]
        first, last = place[sequence[0]], place[sequence[-1]]
        before = found[kept[first - 1]] if first else base
        is_open = kinds[sequence[-1]] in _INITIATORS
        after = base if is_open or last + 1 == len(kept) else found[kept[last + 1]]
        yield sequence, max(level, before), max(level, after)


def _sequence(
    sequence: Sequence[int], found: list[str], kinds: Sequence[str], pieces: Sequence[str], result: list[int],
    before: int, after: int,
) -> None:  # fmt: skip
    """W1 to I2 for what is resolved together; `before` and `after` are the levels at its ends."""
    if not sequence:
        return
    level = result[sequence[0]]
    base, start, end = ("R" if each % 2 else "L" for each in (level, before, after))
    some = _weak([found[index] for index in sequence], start)
    _brackets(some, [kinds[index] for index in sequence], [pieces[index] for index in sequence], base, start)
    _neutral(some, base, start, end)
    odd = {"L": 1, "R": 0, "EN": 1, "AN": 1} if level % 2 else {"L": 0, "R": 1, "EN": 2, "AN": 2}
    for index, kind in zip(sequence, some, strict=True):
        result[index] = level + odd[kind]


# Inside a sequence


def _weak(kinds: list[str], base: str) -> list[str]:
    """W1 to W7."""
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            before = kinds[index - 1] if index else base
            kinds[index] = "ON" if before in _INITIATORS or before == "PDI" else before
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


def _brackets(kinds: list[str], real: Sequence[str], pieces: Sequence[str], base: str, start: str) -> None:
    """N0: both brackets of a pair on the side of what they hold, or of what stands before them. `real` are the kinds
    that the pieces had: marks on a bracket go with it."""
    for first, last in sorted(_pairs(kinds, pieces)):
        inside = {_side(kind) for kind in kinds[first + 1 : last]} - {None}
        if not inside:
            continue
        side = base
        if base not in inside:
            side = next((found for kind in reversed(kinds[:first]) if (found := _side(kind))), start)
        for bracket in (first, last):
            kinds[bracket] = side
            for index in range(bracket + 1, len(kinds)):
                if real[index] != "NSM":
                    break
                kinds[index] = side


def _pairs(kinds: Sequence[str], pieces: Sequence[str]) -> Iterator[tuple[int, int]]:
    opened: list[tuple[str, int]] = []
    for index, piece in enumerate(pieces):
        if kinds[index] != "ON" or not piece:
            continue
        sign = _SAME.get(piece[0], piece[0])
        if sign in _BRACKETS and len(piece) == 1:
            if len(opened) == _PAIRS:
                return
            opened.append((_BRACKETS[sign], index))
        elif sign in _CLOSING and any(sign == closing for closing, _ in opened):
            while opened:
                closing, first = opened.pop()
                if closing == sign:
                    yield first, index
                    break


def _neutral(kinds: list[str], base: str, start: str, end: str) -> None:
    """N1 and N2: what has no direction takes that of both its neighbours, or the sequence's."""
    index = 0
    while index < len(kinds):
        if kinds[index] not in _NEUTRAL:
            index += 1
            continue
        stop = index
        while stop < len(kinds) and kinds[stop] in _NEUTRAL:
            stop += 1
        before = _side(kinds[index - 1]) if index else start
        after = _side(kinds[stop]) if stop < len(kinds) else end
        kinds[index:stop] = [before if before == after and before else base] * (stop - index)
        index = stop
