# SPDX-License-Identifier: GPL-3.0-or-later
"""In which of the encodings of eight bits a text is that is not UTF-8, and how sure that is."""

from __future__ import annotations

import codecs
import re
import unicodedata

SURE = 0.9
"""From here on nobody needs to be asked."""
SAMPLE = 64 * 1024
"""Bytes that the detector sees: lines with letters only, so that they hold more than a film's worth."""

_EVERYWHERE = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "iso8859-2",
    "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-9", "koi8-r", "koi8-u", "cp932", "euc_jis_2004", "cp949", "gb18030",
    "big5hkscs", "iso2022_jp_2", "hz", "cp852", "cp866", "mac_roman",
)  # fmt: skip
"""What subtitle files are found in. The other encodings of the detector's list look like these in short texts."""

_PRIOR = {"cp1250": 0.75, "cp1257": 0.75, "cp1258": 0.75, "iso8859-2": 0.75}
"""How much less likely an encoding is than the others before a letter is read. Without it, short texts of Western
languages in cp1252 are taken for these; measured on tests/data/subtitles/languages.tsv."""

_RARE = {"cp852": 0.6, "cp866": 1.0, "mac-roman": 0.9}
"""The same, also where the language is known, of DOS and of the old Macintosh. Their letters are the signs of everyday
(dashes, quotes) in others, so that a few of them show nothing."""
_ENOUGH = 5
"""Different bytes that are not ASCII, from which on it may be one of these."""

_BY_LANGUAGE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("en de fr es it pt nl sv da no nb nn fi is ga eu ca gl".split(), ("cp1252", "mac_roman")),
    **dict.fromkeys("pl cs sk hu ro hr sl bs sq".split(), ("cp1250", "iso8859-2", "cp852")),
    **dict.fromkeys("ru bg mk be kk mn".split(), ("cp1251", "koi8-r", "iso8859-5", "cp866")),
    "sr": ("cp1250", "cp1251", "iso8859-2", "iso8859-5"),
    "uk": ("cp1251", "koi8-u", "iso8859-5", "cp866"),
    "el": ("cp1253", "iso8859-7"),
    **dict.fromkeys("tr az".split(), ("cp1254", "iso8859-9")),
    **dict.fromkeys("he yi".split(), ("cp1255", "iso8859-8")),
    **dict.fromkeys("ar fa ur ps".split(), ("cp1256", "iso8859-6")),
    **dict.fromkeys("et lv lt".split(), ("cp1257", "iso8859-13")),
    "vi": ("cp1258",),
    "th": ("cp874",),
    "ja": ("cp932", "euc_jis_2004", "iso2022_jp_2"),
    "ko": ("cp949",),
    "zh": ("gb18030", "big5hkscs", "hz"),
}

_WORD = re.compile(r"[^\W\d_]+")
NOT_ASCII = re.compile(rb"[\x80-\xff]")
_OF_WINDOWS = ("cp12", "iso8859")
_NUMBERS = "\u00f7\u221a\u2248\u2206\u25ca\u2264\u2265\u221e\u222b\u220f\u2211\u2202"
"""Signs of mathematics that stand at no word."""
_SIGN = re.compile(
    rf"[^\W\d_][\u2026\u00ab\u00bb\u2039\u203a](?=[^\W\d_])|[^\W\d_][\u00bf\u00a1\u00b1{_NUMBERS}]|[{_NUMBERS}][^\W\d_]"
)
_BACKWARDS = re.compile("[a-z\u00df-\u00f6\u00f8-\u00ff\u0192][A-Z\u00c0-\u00d6\u00d8-\u00de\u0178]")
_C1 = re.compile("[\x80-\x9f]")
_SWAPPED = frozenset({"cp1251", "cp1253", "iso8859-5", "iso8859-7", "koi8-r", "koi8-u"})
"""Greek and Cyrillic ones: capitals of one are small letters of another."""
_SENTENCES = 0.25
"""Of the words of a reading, which begin with a capital: from here on it is of sentences, not of capitals misread."""
_HARDLY = 0.05
"""The same, up to which capitals of another page look like that."""
_NEARLY = 0.7
"""Of the letters, in a text of capitals that has a few lines without."""
_UNSURE = 0.5
"""As sure as one can be of Greek or Cyrillic without capitals, or with hardly anything else."""
_UNUSED = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that Windows-1252 has no character for."""


def is_in(line: bytes, name: str) -> bool:
    """Whether the bytes are text in an encoding."""
    try:
        line.decode(name)
    except (UnicodeError, LookupError):
        return False
    return True


def detected(sample: bytes, language: str) -> tuple[str, float]:
    """The encoding of lines that are not UTF-8, and how sure that is."""
    known = _BY_LANGUAGE.get(language.split("-")[0].lower())
    rated = _rated(sample[:SAMPLE], known)
    if any(byte in sample for byte in _UNUSED) and max(rated, default=(0.0, ""))[0] < SURE / 3:
        # One broken byte must not rule out the encoding of all others.
        without = sample[:SAMPLE].translate(None, delete=_UNUSED)
        others = _rated(without, known) if NOT_ASCII.search(without) else []
        rated += [(0.9 * rating, name) for rating, name in others if name.startswith("cp125")]
    if not rated:
        return (known[0], 0.5) if known else ("cp1252", 0.1)
    in_capitals = []
    confidence, name = _best(rated)
    if confidence < SURE / 3 or _capitals(sample[:SAMPLE], name) < _SENTENCES:
        in_capitals = _in_capitals(sample[:SAMPLE], known or _EVERYWHERE)
    confidence, name = _best(rated + in_capitals)
    is_in_capitals = (confidence, name) in in_capitals
    is_doubtful = is_in_capitals or (name in _SWAPPED and _capitals(sample[:SAMPLE], name) < _HARDLY)
    # The detector's numbers are small for short texts, however clear they are: what is above a third was never wrong.
    return name, min(_UNSURE if is_doubtful else 0.99, 3 * confidence)


def _best(rated: list[tuple[float, str]]) -> tuple[float, str]:
    # What reads the same in both is of Windows.
    return max(rated, key=lambda rating: (rating[0], rating[1].startswith("cp")))


def _capitals(sample: bytes, name: str) -> float:
    """The share of the words that are not ASCII which begin with a capital."""
    words = capitals = 0
    for match in _WORD.finditer(sample.decode(name, errors="ignore")):
        word = match[0]
        words += not word.isascii()
        capitals += not word.isascii() and word[0].isupper()
    return capitals / max(1, words)


def _is_foreign(char: str) -> bool:
    return char.isalpha() and not char.isascii()


def _in_capitals(sample: bytes, names: tuple[str, ...]) -> list[tuple[float, str]]:
    """What the detector, who knows small letters better, thinks of the sample in small letters, for each encoding in
    which it is nearly all capitals."""
    rated = []
    for name in sorted(_SWAPPED.intersection(names)):
        text = sample.decode(name, errors="ignore")
        letters = sum(map(_is_foreign, text))
        capitals = sum(_is_foreign(char) and char.isupper() for char in text)
        if 2 * letters > sum(map(str.isalpha, text)) and capitals > _NEARLY * letters:
            lowered = _rated(text.lower().encode(name, errors="ignore"), names)
            rated += [one for one in lowered if one[1] == name and one[0] == max(lowered)[0]]
    return rated


def _rated(sample: bytes, known: tuple[str, ...] | None) -> list[tuple[float, str]]:
    """What the detector thinks of each encoding in which the sample reads well."""
    import chardet

    names = known or _EVERYWHERE
    if sum(byte > 127 for byte in set(sample)) < _ENOUGH:
        names = tuple(name for name in names if codecs.lookup(name).name not in _RARE)
    found = chardet.detect_all(
        sample,
        include_encodings=names,
        ignore_threshold=True,
        # Not its supersets: it takes cp1250 and cp1251 for those of iso8859-2 and -5, where other letters stand.
        prefer_superset=False,
        compat_names=False,
    )
    rated = []
    for guess in found:
        if guess["encoding"] and _reads_well(sample, name := codecs.lookup(guess["encoding"]).name):
            prior = _RARE.get(name, 1.0 if known else _PRIOR.get(name, 1.0))
            rated.append((guess["confidence"] * prior, name))
    return rated


def _reads_well(sample: bytes, name: str) -> bool:
    """No control characters, and hardly a word of letters of two scripts, with a capital behind a small letter, or with
    a sign of mathematics at it: the pages of DOS and of the old Macintosh have these where others have letters."""
    try:
        text = sample.decode(name, errors="strict" if is_in(sample, name) else "ignore")
    except (LookupError, UnicodeError):
        return False
    if _C1.search(text):
        return False
    words = [word for word in _WORD.findall(text[:8000]) if not word.isascii()]
    odd = sum(1 for word in words if _BACKWARDS.search(word) or _is_mixed(word))
    signs = 0 if name.startswith(_OF_WINDOWS) else len(_SIGN.findall(text[:8000]))
    return odd + signs <= (len(words) + signs) / 5


def _is_mixed(word: str) -> bool:
    scripts = {_script(char) for char in word}
    return len(scripts) > 1 and "LATIN" in scripts


def _script(char: str) -> str:
    return unicodedata.name(char, "?").partition(" ")[0]
