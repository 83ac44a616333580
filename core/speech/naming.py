# SPDX-License-Identifier: GPL-3.0-or-later
"""Languages as people write them: by name, with a country, in capitals, by the three letters of containers."""

from __future__ import annotations

from ..languages import NAMES, two_letters

# Names beside those of `NAMES` that openai/whisper's command line takes, and some that people use.
_OTHER_NAMES = {
    "burmese": "my", "valencian": "ca", "flemish": "nl", "haitian": "ht", "letzeburgesch": "lb", "pushto": "ps",
    "panjabi": "pa", "moldavian": "ro", "moldovan": "ro", "sinhalese": "si", "castilian": "es", "mandarin": "zh",
    "farsi": "fa", "filipino": "tl", "iw": "he", "in": "id", "jv": "jw", "nb": "no", "cmn": "zh",
}  # fmt: skip
_CODES = {name.lower(): code for code, name in NAMES.items()} | _OTHER_NAMES


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
