# SPDX-License-Identifier: GPL-3.0-or-later
"""How many characters a reader sees: grapheme clusters, by the rules of Unicode (UAX #29) that matter in subtitles."""

from __future__ import annotations

import re
import unicodedata

_ZWJ = "\u200d"
_EXTENDING = re.compile("[\U0001f3fb-\U0001f3ff\u200c\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
_CLOSED = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Vowels and ends of Korean syllables that are written in pieces: they belong to the piece before."""
_MAY_NEED_CARE = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0600-\u061c\u064b-\u065f\u0670\u06d6-\u06ed\u0700-\u109f\u1100-\u1aff"
    "\u1b00-\u1cff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u2de0-\u2dff\u302a-\u302f"
    "\u3099\u309a\ua66f-\uabff\ud7b0-\ud7ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U00010000-\U0010ffff]"
)
"""Everything else is one character each, and needs no look."""


def length(text: str) -> int:
    """Characters that a reader sees; a line break counts as one.

    Combining marks, joiners and marks of direction are nothing, a flag of two letters is one, and so is what joiners
    hold together.

    >>> length("Hello\\nworld"), length("cafe\\u0301"), length("\\U0001F1E9\\U0001F1EA\\U0001F1EB\\U0001F1F7")
    (11, 4, 2)
    """
    if text.isascii() or not _MAY_NEED_CARE.search(text):
        return len(text)
    count = 0
    joined = False
    half_flag = False
    for char in text:
        if char == _ZWJ:
            # It holds pictures together; between letters (Indic, Persian) it is nothing.
            joined = count > 0
            continue
        if _is_nothing(char):
            continue
        if half_flag and _FLAG.match(char):
            half_flag = False
            continue
        if not (joined and _is_picture(char)):
            count += 1
        half_flag = bool(_FLAG.match(char))
        joined = False
    return count


def _is_nothing(char: str) -> bool:
    """Whether it has no place of its own: it changes, joins or turns what is beside it."""
    if char.isascii():
        return False
    return bool(unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf") or _EXTENDING.match(char) or _CLOSED.match(char))


def _is_picture(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk", "Cn") or char in "\u2194\u2195\u2640\u2642\u2764\u27a1\u2b1b"
