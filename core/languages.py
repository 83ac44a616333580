# SPDX-License-Identifier: GPL-3.0-or-later
"""The languages that Whisper knows, code to English name, as openai/whisper's tokenizer lists them; and their codes in
containers."""

from __future__ import annotations

_LIST = """
en English, zh Chinese, de German, es Spanish, ru Russian, ko Korean, fr French, ja Japanese, pt Portuguese,
tr Turkish, pl Polish, ca Catalan, nl Dutch, ar Arabic, sv Swedish, it Italian, id Indonesian, hi Hindi, fi Finnish,
vi Vietnamese, he Hebrew, uk Ukrainian, el Greek, ms Malay, cs Czech, ro Romanian, da Danish, hu Hungarian, ta Tamil,
no Norwegian, th Thai, ur Urdu, hr Croatian, bg Bulgarian, lt Lithuanian, la Latin, mi Maori, ml Malayalam, cy Welsh,
sk Slovak, te Telugu, fa Persian, lv Latvian, bn Bengali, sr Serbian, az Azerbaijani, sl Slovenian, kn Kannada,
et Estonian, mk Macedonian, br Breton, eu Basque, is Icelandic, hy Armenian, ne Nepali, mn Mongolian, bs Bosnian,
kk Kazakh, sq Albanian, sw Swahili, gl Galician, mr Marathi, pa Punjabi, si Sinhala, km Khmer, sn Shona, yo Yoruba,
so Somali, af Afrikaans, oc Occitan, ka Georgian, be Belarusian, tg Tajik, sd Sindhi, gu Gujarati, am Amharic,
yi Yiddish, lo Lao, uz Uzbek, fo Faroese, ht Haitian Creole, ps Pashto, tk Turkmen, nn Nynorsk, mt Maltese,
sa Sanskrit, lb Luxembourgish, my Myanmar, bo Tibetan, tl Tagalog, mg Malagasy, as Assamese, tt Tatar, haw Hawaiian,
ln Lingala, ha Hausa, ba Bashkir, jw Javanese, su Sundanese, yue Cantonese
"""

NAMES: dict[str, str] = {
    code: name for code, _, name in (item.strip().partition(" ") for item in _LIST.replace("\n", " ").split(","))
}

# ISO 639-2, which containers use, both of its forms, and names that muxers write. Source: the Library of Congress's
# table, for those of Whisper's languages that have a two-letter code and are not found by their first letters.
_CODES = """
aar aa, amh am, ara ar, asm as, aze az, bak ba, bel be, ben bn, bod bo, tib bo, bos bs, bre br, bul bg, cat ca, ces cs,
cze cs, cym cy, wel cy, dan da, deu de, ger de, ell el, gre el, eng en, est et, eus eu, baq eu, fao fo, fas fa, per fa,
fin fi, fra fr, fre fr, glg gl, guj gu, hat ht, hau ha, heb he, hin hi, hrv hr, hun hu, hye hy, arm hy, ind id, isl is,
ice is, ita it, jav jw, jpn ja, kan kn, kat ka, geo ka, kaz kk, khm km, kor ko, lao lo, lat la, lav lv, lin ln, lit lt,
ltz lb, mal ml, mar mr, mkd mk, mac mk, mlg mg, mlt mt, mon mn, mri mi, mao mi, msa ms, may ms, mya my, bur my, nep ne,
nld nl, dut nl, nno nn, nob no, nor no, oci oc, pan pa, pol pl, por pt, pus ps, ron ro, rum ro, rus ru, san sa, sin si,
slk sk, slo sk, slv sl, sna sn, snd sd, som so, spa es, sqi sq, alb sq, srp sr, sun su, swa sw, swe sv, tam ta, tat tt,
tel te, tgk tg, tgl tl, fil tl, tha th, tuk tk, tur tr, ukr uk, urd ur, uzb uz, vie vi, yid yi, yor yo, zho zh, chi zh,
cmn zh
"""
_TWO_LETTERS = dict(item.split() for item in _CODES.replace("\n", " ").split(","))
_USUAL = {"no": "nor", "nb": "nob", "tl": "tgl", "af": "afr", "jv": "jav"}
_THREE_LETTERS = {short: long for long, short in reversed(_TWO_LETTERS.items())} | _USUAL
"""The first of each: ISO 639-2/T, which MP4 takes."""
_BOOKS = {short: long for long, short in _TWO_LETTERS.items()} | _USUAL | {"zh": "chi"}
"""The last of each: ISO 639-2/B, which Matroska takes."""


def two_letters(language: str) -> str:
    """A container's language as Whisper's code.

    >>> two_letters("ger"), two_letters("de-CH"), two_letters("yue")
    ('de', 'de', 'yue')
    """
    base = language.strip().lower().replace("_", "-").partition("-")[0]
    return str(_TWO_LETTERS.get(base, base))


def three_letters(language: str, *, books: bool = False) -> str:
    """A BCP 47 tag as containers have it, those of `books` (ISO 639-2/B) or of terms (/T); empty for one that is not
    in the table.

    >>> three_letters("de"), three_letters("de", books=True), three_letters("pt-BR"), three_letters("yue")
    ('deu', 'ger', 'por', 'yue')
    """
    base = two_letters(language)
    if len(base) == 3 and base.isascii() and base.isalpha():
        return base
    return (_BOOKS if books else _THREE_LETTERS).get(base, "")
