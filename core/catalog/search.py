# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding entries by what people type, in any script: one rule for the sidebar and the command line."""

from __future__ import annotations

import functools
import unicodedata

from ..languages import NAMES
from .entries import Entry
from .kinds import KIND_NAMES

_SAME_LETTER = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "ٱ": "ا"})
"""Arabic and Persian keyboards write these differently, and readers see the same letter."""


def finds(entry: Entry, typed: str) -> bool:
    """Whether every word of `typed` occurs somewhere in what the catalogue says of an entry."""
    text = searchable(entry)
    return all(word in text for word in folded(typed).split())


@functools.lru_cache(maxsize=4096)
def searchable(entry: Entry) -> str:
    """All that a search looks through, folded: names, tags, texts, languages, kind, provider, repositories.

    Kept: the catalogue does not change while somebody types.
    """
    spoken = (NAMES.get(code, "") for code in entry.languages)
    texts = (entry.id, entry.name, entry.provider, entry.licence, entry.description, entry.kind, *entry.tags)
    sources = (source.repo for source in entry.sources)
    return folded("\n".join((*texts, KIND_NAMES.get(entry.kind, ""), *spoken, *entry.languages, *sources, "")))


def folded(text: str) -> str:
    """Text to compare: case, accents, vowel signs, joiners and the many ways to write a letter make no difference.

    >>> folded("Ä ﬁ"), folded("كتابي") == folded("کتابی"), folded("می‌رود") == folded("میرود")
    ('a fi', True, True)
    """
    plain = unicodedata.normalize("NFKD", text).translate(_SAME_LETTER).casefold()
    return "".join(char for char in plain if unicodedata.category(char) not in ("Mn", "Cf"))
