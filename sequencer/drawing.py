# SPDX-License-Identifier: GPL-3.0-or-later
"""What a TEXT strip is given to draw of a subtitle's text, and what was meant by the text that a strip has.

Blender draws one character after the other from left to right (measured up to 5.2): Arabic, Persian and Urdu come out
unjoined, and they and Hebrew backwards. So a strip gets such a text with its letters joined and in the order of drawing
(core/right_to_left.py), and its property keeps the real one (cue.py). Should a Blender learn it, the preference
"Right to Left" switches this off. Main thread.
"""

from __future__ import annotations

import functools

from ..core import right_to_left
from . import compat


class _Way:
    prepares = True


def use(prepares: bool) -> None:
    """Whether texts from right to left are prepared from now on: the preference."""
    _Way.prepares = prepares


def drawn(text: str) -> str:
    """What a strip is given of a subtitle's text."""
    return fitted(_prepared(text))


def is_cut(text: str) -> bool:
    """Whether that is less than all of it."""
    return _limit() is not None and drawn(text) != _prepared(text)


def _prepared(text: str) -> str:
    return right_to_left.drawn_lines(text) if _Way.prepares and not text.isascii() else text


def meant(shown: str, before: str = "") -> str:
    """The text that somebody meant who typed `shown` into a strip: real letters stay, those that were left there from
    what the strip drew are brought back. `before`: the real text that the strip had, for its direction."""
    if not right_to_left.is_drawn(shown):
        return _hebrew(shown, before) if before and not shown.isascii() else shown
    return right_to_left.written(shown, right_to_left.reads_from_right(before) if before else None)


def _hebrew(shown: str, before: str) -> str:
    """Hebrew letters have no shapes that would tell what was drawn: what is more like what the strip drew is that,
    edited, and what is more like the real text, or like neither, was typed or pasted whole."""
    drew = right_to_left.drawn_lines(before)
    if drew == before:
        return shown
    from difflib import SequenceMatcher

    # Not only letters: an edited line must have kept some of them in a row.
    likeness = [SequenceMatcher(None, other, shown, autojunk=False).ratio() for other in (drew, before)]
    return right_to_left.drawn_lines(shown) if likeness[0] > max(0.5, likeness[1]) else shown


def in_field(text: str) -> str:
    """What a text field of the interface shows of a line: all of it, as it would be drawn."""
    return right_to_left.drawn(text) if _Way.prepares and not text.isascii() else text


def needs(shown: str) -> bool:
    """Whether a strip with this text would draw it wrong."""
    return _Way.prepares and not shown.isascii() and right_to_left.drawn_lines(shown) != shown


def fitted(text: str) -> str:
    """As much of a text as a strip of this Blender shows, cut between characters: Blender itself would leave half of
    one."""
    limit = _limit()
    if limit is None or len(data := text.encode("utf-8")) <= limit:
        return text
    return data[:limit].decode("utf-8", errors="ignore")


_limit = functools.cache(lambda: compat.text_limit())
"""It takes longer to ask than to write a text."""
