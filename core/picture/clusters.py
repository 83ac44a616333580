# SPDX-License-Identifier: GPL-3.0-or-later
"""A text in the pieces that drawing needs: letters with their marks, their scripts, and what is no letter at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ZWJ = "\u200d"
_EXTENDS = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
_COMMON = ("Zyyy", "Zinh", "Zzzz")


def clusters(text: str) -> list[tuple[int, int]]:
    """`text` as ranges of letters with their marks, pictures that are joined, and pairs of flag letters.

    >>> clusters("e\\u0301a")
    [(0, 2), (2, 3)]
    """
    found: list[tuple[int, int]] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or not _holds(text, start, index):
            found.append((start, index))
            start = index
    return found if text else []


def _holds(text: str, start: int, index: int) -> bool:
    """Whether the character at `index` belongs to the cluster that begins at `start`."""
    char, before = text[index], text[index - 1]
    if char.isascii():
        return False
    if _EXTENDS.match(char) or unicodedata.category(char) in ("Mn", "Mc", "Me"):
        return before != "\n"
    if before == _ZWJ:
        return ord(char) >= 0x2190
    return index - start == 1 and _is_flag(before) and _is_flag(char)


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def scripts(text: str, ranges: Sequence[tuple[int, int]]) -> list[str]:
    """The script of each cluster (ISO 15924). Signs that all scripts share have that of what stands before them, at the
    beginning of what follows."""
    if text.isascii():
        return ["Latn"] * len(ranges)
    from fontTools.unicodedata import script

    found = [script(text[start]) for start, _ in ranges]
    last = next((name for name in found if name not in _COMMON), "Latn")
    for index, name in enumerate(found):
        if name in _COMMON:
            found[index] = last
        else:
            last = name
    return found


def cleaned(text: str) -> tuple[str, int]:
    """`text` as it is drawn, as long as it is: tabs as spaces, control characters as joiners of no width; and how many
    of those there were."""
    if text.isprintable():
        return text, 0
    count = 0
    signs: list[str] = []
    for char in text:
        if char == "\n" or char.isprintable():
            signs.append(char)
        elif char in "\t\u00a0\u3000" or unicodedata.category(char) in ("Zs", "Zl", "Zp"):
            signs.append(char if unicodedata.category(char) == "Zs" else " ")
        elif unicodedata.category(char) in ("Cf", "Co", "Cn"):
            signs.append(char)
        else:
            signs.append("\u2060")
            count += 1
    return "".join(signs), count
