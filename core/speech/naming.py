# SPDX-License-Identifier: GPL-3.0-or-later
"""Languages as people write them: by name, with a country, in capitals, by the three letters of containers."""

from __future__ import annotations

import unicodedata

from ..languages import NAMES
from .tracks import TWO_LETTERS, two_letters

# Names beside those of `NAMES` that openai/whisper's command line takes, and some that people use.
_OTHER_NAMES = {
    "burmese": "my", "valencian": "ca", "flemish": "nl", "haitian": "ht", "letzeburgesch": "lb", "pushto": "ps",
    "panjabi": "pa", "moldavian": "ro", "moldovan": "ro", "sinhalese": "si", "castilian": "es", "mandarin": "zh",
    "farsi": "fa", "filipino": "tl", "iw": "he", "in": "id", "jv": "jw", "nb": "no", "cmn": "zh", "ji": "yi",
    "bangla": "bn",
}  # fmt: skip
_COUNTRIES = {"jp": "ja", "cn": "zh", "ua": "uk", "cz": "cs", "dk": "da", "gr": "el", "vn": "vi", "rs": "sr"}
"""Taken for the codes of their languages. Not so Korea's, which is Kanuri's code (ISO 639-1)."""
_OWN_NAMES = """
ar العربية, az azərbaycanca, be беларуская, bg български, bn বাংলা, bs bosanski, ca català, cs čeština, cy cymraeg,
da dansk, de deutsch, el ελληνικά, es español, et eesti, eu euskara, fa فارسی, fi suomi, fr français, gl galego,
gu ગુજરાતી, he עברית, hi हिन्दी, hi हिंदी, hr hrvatski, hu magyar, hy հայերեն, id bahasa indonesia, is íslenska,
it italiano, ja 日本語, ka ქართული, kk қазақ тілі, km ខ្មែរ, kn ಕನ್ನಡ, ko 한국어, lo ລາວ, lt lietuvių, lv latviešu,
mk македонски, ml മലയാളം, mn монгол, mr मराठी, ms bahasa melayu, my မြန်မာ, ne नेपाली, nl nederlands, no norsk,
no bokmål, no norsk bokmål, pa ਪੰਜਾਬੀ, pl polski, pt português, ro română, ru русский, si සිංහල, sk slovenčina,
sl slovenščina, sq shqip, sr српски, sr srpski, sv svenska, sw kiswahili, ta தமிழ், te తెలుగు, th ไทย, tr türkçe,
uk українська, ur اردو, vi tiếng việt, yue 粵語, yue 粤语, yue 廣東話, zh 中文, zh 汉语, zh 漢語, zh 普通话, zh 國語
"""
"""Codes and the names of languages in these languages, as the Common Locale Data Repository has them."""


def _folded(name: str) -> str:
    """A name in small letters and without the accents of Latin ones, which people leave out."""
    parts = unicodedata.normalize("NFD", name.lower())
    plain = "".join(char for char in parts if not "\u0300" <= char <= "\u036f")
    return unicodedata.normalize("NFC", plain if plain.isascii() else name.lower())


_OWN = (item.strip().partition(" ") for item in _OWN_NAMES.replace("\n", " ").split(","))
_CODES = {_folded(name): code for code, _, name in _OWN}
_CODES |= {name.lower(): code for code, name in NAMES.items()} | _OTHER_NAMES

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


def language_code(text: str, *, countries: bool = True) -> str | None:
    """Whisper's code of a language; None for one that Whisper does not know. `countries`: their codes count as well,
    where nothing but a language of Whisper's can be meant.

    >>> language_code("English"), language_code("pt-BR"), language_code("ger"), language_code("Klingon")
    ('en', 'pt', 'de', None)
    >>> language_code("Deutsch"), language_code("FRANCAIS"), language_code("日本語"), language_code("jp")
    ('de', 'fr', 'ja', 'ja')
    """
    plain = " ".join(_folded(text.strip()).replace("_", "-").split())
    known = _CODES | _COUNTRIES if countries else _CODES
    for name in (plain, plain.replace("-", " ")):
        if name in known:
            return known[name]
    base = two_letters(plain)
    base = known.get(base, base)
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
