# SPDX-License-Identifier: GPL-3.0-or-later
"""One line that is drawn again and again in a terminal: as wide as the terminal is, and no wider.

A line that wraps cannot be drawn over: each picture of it would push the last one up.
"""

from __future__ import annotations

import os
import sys
import unicodedata

from .console import Screen

_BAR = 24
"""Columns of the bar where there is room for it."""

_NARROW = 60
"""Columns below which words matter more than a bar."""

_ANY = Screen()


def line(fraction: float, text: str, columns: int, screen: Screen = _ANY) -> str:
    """A bar and the text, in at most `columns` columns less one, which some terminals wrap at.

    >>> line(0.5, "tiny: 50 %", 80)
    '████████████░░░░░░░░░░░░ tiny: 50 %'
    >>> line(0.5, "tiny: 50 %, 1.0 MB of 2.0 MB", 20)
    'tiny: 50 %, 1.0 MB…'
    """
    room = max(1, columns - 1)
    if room < _NARROW:
        return fitted(text, room, screen.ellipsis)
    filled = round(_BAR * min(1.0, max(0.0, fraction)))
    bar = screen.full * filled + screen.empty * (_BAR - filled)
    return fitted(f"{bar} {text}", room, screen.ellipsis)


def fitted(text: str, columns: int, ellipsis: str = "…") -> str:
    """The text cut so that it takes at most so many columns, with an ellipsis where something is missing.

    >>> fitted("字幕", 4), fitted("字幕字", 4), fitted("abc", 2)
    ('字幕', '字…', 'a…')
    """
    if width(text) <= columns:
        return text
    kept, used = [], len(ellipsis)
    for char in text:
        used += width(char)
        if used > columns:
            break
        kept.append(char)
    return "".join(kept) + ellipsis[: max(columns, 0)]


def width(text: str) -> int:
    """Columns that a text takes: two for a wide character, none for one that stands over the last.

    >>> width("tiny"), width("字幕"), width("e\\u0301"), width("\\u200d")
    (4, 4, 1, 0)
    """
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def columns() -> int:
    """Of the terminal that standard error is. `COLUMNS` counts, as for other programs; 80 where nobody knows."""
    # Not shutil's, which asks about standard output: that is often a file while somebody watches the bar.
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80
