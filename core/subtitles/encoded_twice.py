# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that was encoded twice: UTF-8 that somebody has taken for another encoding, and written as UTF-8 again."""

from __future__ import annotations

import codecs
import functools
import re

from ..text import Text
from .document import Finding, Kind, quoted
from .lines import blocks_of

_HEAD = 64 * 1024
"""Characters that are looked at; all of a film's text is like its beginning."""
_MISTAKEN_FOR = ("cp1252", "cp1251", "cp1250", "cp1254")
"""What UTF-8 is read as by mistake, and then written as UTF-8 again."""
_FEWEST = 3
"""Letters that have to come out: two may be there by accident."""
_MOST_TIMES = 3
_RUN = re.compile(r"[^\x00-\x7f]+")


def undoubled(text: str, findings: list[Finding]) -> str:
    """The text as it was before somebody took its UTF-8 for another encoding; noted. The same text where nobody did."""
    for _ in range(_MOST_TIMES):
        head = text[:_HEAD]
        name = next((name for name in _MISTAKEN_FOR if _is_doubled(head, name)), None)
        if name is None:
            break
        once = functools.partial(_once, name=name)
        before, text = text, "\n".join(_RUN.sub(once, block) for block in blocks_of(text))
        if text == before:
            break
        index = next(index for index, (old, new) in enumerate(zip(before, text, strict=False)) if old != new)
        first, line = before.rfind("\n", 0, index) + 1, before.count("\n", 0, index)
        findings.append(
            Finding(
                Kind.CHARACTERS,
                Text('the letters were encoded twice, as if they were {encoding}; "{before}" was read as "{after}".',
                     encoding=name, before=quoted(_line_at(before, first)), after=quoted(_line_at(text, first))),
                line + 1,
            )
        )  # fmt: skip
    return text


def _is_doubled(text: str, name: str) -> bool:
    """Whether nearly all that is not ASCII makes UTF-8 again in this encoding, as letters of a language do not."""
    number = broken = 0
    try:
        # Each run by itself, as they are read: what stands apart makes no letter together.
        for run in _RUN.finditer(text):
            letters = run[0].encode(name, errors="subtitle_editor_latin_1").decode("utf-8", errors="replace")
            number += len(letters)
            broken += letters.count("\ufffd")
    except UnicodeEncodeError:
        return False
    return number - broken >= _FEWEST and 10 * broken <= number


def _line_at(text: str, first: int) -> str:
    """The line that begins with this character."""
    stop = text.find("\n", first)
    return text[first : len(text) if stop < 0 else stop].strip()


def _once(run: re.Match[str], name: str) -> str:
    try:
        return run[0].encode(name, errors="subtitle_editor_latin_1").decode("utf-8")
    except UnicodeError:
        return run[0]


def _latin_1(error: UnicodeError) -> tuple[bytes, int]:
    """Characters that are bytes which the encoding has no letter for."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    if max(letters) > "\xff":
        raise error
    return letters.encode("latin-1"), error.end


codecs.register_error("subtitle_editor_latin_1", _latin_1)
