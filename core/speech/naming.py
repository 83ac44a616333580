# SPDX-License-Identifier: GPL-3.0-or-later
"""Languages as people write them: by name, with a country, in capitals, by the three letters of containers."""

from __future__ import annotations

from ..languages import NAMES
from .tracks import TWO_LETTERS, two_letters

# Names beside those of `NAMES` that openai/whisper's command line takes, and some that people use.
_OTHER_NAMES = {
    "burmese": "my", "valencian": "ca", "flemish": "nl", "haitian": "ht", "letzeburgesch": "lb", "pushto": "ps",
    "panjabi": "pa", "moldavian": "ro", "moldovan": "ro", "sinhalese": "si", "castilian": "es", "mandarin": "zh",
    "farsi": "fa", "filipino": "tl", "iw": "he", "in": "id", "jv": "jw", "nb": "no", "cmn": "zh",
}  # fmt: skip
_CODES = {name.lower(): code for code, name in NAMES.items()} | _OTHER_NAMES

_USUAL = {"no": "nor", "nb": "nob", "tl": "tgl", "af": "afr", "jv": "jav"}
_TERMS = {short: long for long, short in reversed(TWO_LETTERS.items())} | _USUAL
"""The first of each: ISO 639-2/T, which MP4 takes."""
_BOOKS = {short: long for long, short in TWO_LETTERS.items()} | _USUAL | {"zh": "chi"}
"""The last of each: ISO 639-2/B, which Matroska takes."""


def three_letters(language: str, *, books: bool = False) -> str:
    """A BCP 47 tag as containers have it, those of `books` (ISO 639-2/B) or of terms (/T); empty for one that is not
    in the table.

    >>> three_letters("de"), three_letters("de", books=True), three_letters("pt-BR"), three_letters("yue")
    ('deu', 'ger', 'por', 'yue')
    """
    base = two_letters(language)
    if len(base) == 3 and base.isascii() and base.isalpha():
        return base
    return (_BOOKS if books else _TERMS).get(base, "")


def language_code(text: str) -> str | None:
    """Whisper's code of a language; None for one that Whisper does not know.

    >>> language_code("English"), language_code("pt-BR"), language_code("ger"), language_code("Klingon")
    ('en', 'pt', 'de', None)
    """
    plain = " ".join(text.strip().lower().replace("_", "-").split())
    if plain in _CODES:
        return _CODES[plain]
    base = two_letters(plain)
    base = _CODES.get(base, base)
    return base if base in NAMES else None


def track_wanted(text: str) -> str:
    """A track as a request names it: a language that is written out becomes its code.

    >>> track_wanted("German"), track_wanted("2"), track_wanted("all"), track_wanted("qaa")
    ('de', '2', 'all', 'qaa')
    """
    plain = text.strip()
    if plain.lower() == "all":
        return "all"
    return plain if plain.isdecimal() else language_code(plain) or plain
