# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a language lets a text break: sentence ends, words that hold together, words inside scripts without spaces.

The words of each language are in breaks.toml, read at first use. Chinese, Japanese and Thai are divided into words and
phrases by BudouX (Apache 2.0, 0.1 MB of models); without it, or in a script that it does not know, single characters
stay whole and nothing more.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from budoux.parser import Parser

_TABLES = Path(__file__).with_name("breaks.toml")

_OPENING = "\"'“”„‚‘’«»‹›¿¡([{「『（【〔《〈-–—…♪"
_CLOSING = "\"'“”’‘»«›)]}」』）】〕》〉"
# Latin, Arabic and Urdu, Devanagari, Armenian, Ethiopic, Khmer, Burmese, full-width.
_ENDS = ".!?…‽؟۔।॥։።៕။。！？．"
_SENTENCE_END = re.compile(rf"[{re.escape(_ENDS)}][{re.escape(_CLOSING)}]*$")
_CLAUSE_END = re.compile(rf"[,;:—–،؛、，；：][{re.escape(_CLOSING)}]*$")
_STOP = re.compile(rf"(?P<word>[^\s]*[^\s.])\.[{re.escape(_CLOSING)}]*$")
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")

NO_LINE_START = frozenset(
    "、。，．？！：；」』）】〕》〉ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)]}”’%…‽؟۔،؛।॥»›ฯๆໆ၊။។៕ៗ"
)
"""Characters that no line begins with (for Japanese: JIS X 4051, kinsoku; for Thai, Lao, Khmer and Burmese: stops and
the signs for a word said twice)."""
NO_LINE_END = frozenset("「『（【〔《〈([{“‘„‚«‹¿¡")
"""Characters that no line ends with."""

_GUESSES = (
    ("ja", re.compile(r"[ぁ-ゖァ-ヺ]")),
    ("ko", re.compile(r"[가-힣]")),
    ("zh", re.compile(r"[一-鿿㐀-䶿]")),
    ("th", re.compile(r"[ก-ฮ]")),
    ("hi", re.compile(r"[क-ह]")),
    ("ur", re.compile(r"[ٹڈڑںےہ]")),
    ("fa", re.compile(r"[پچژگ]|ی")),
    ("ar", re.compile(r"[ء-ي]")),
    ("ru", re.compile(r"[а-я]")),
)
_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "pl", "tr")


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What breaks.toml says of one language. All words in small letters."""

    language: str
    """ISO 639-1; empty where nothing is known."""
    ends_not: frozenset[str] = frozenset()
    ends_badly: frozenset[str] = frozenset()
    starts_not: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    abbreviation_ends: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    finals: frozenset[str] = frozenset()
    stops: frozenset[str] = frozenset()
    ordinals: bool = False

    def ends_sentence(self, text: str, after: str = "") -> bool:
        """Whether a sentence ends with this word, which the word `after` follows, if it is known.

        >>> rules_of("en").ends_sentence("problems."), rules_of("en").ends_sentence("Sgt.")
        (True, False)
        >>> rules_of("de").ends_sentence("1."), rules_of("de").ends_sentence("1999.")
        (False, True)
        >>> rules_of("el").ends_sentence("κάνεις;"), rules_of("en").ends_sentence("so;")
        (True, False)
        >>> rules_of("en").ends_sentence("No.", "5"), rules_of("en").ends_sentence("No.", "Never")
        (False, True)
        """
        if _SENTENCE_END.search(text):
            return not self.is_abbreviation(text, after)
        return bool(self.stops) and text.rstrip(_CLOSING)[-1:] in self.stops

    def is_abbreviation(self, text: str, after: str = "") -> bool:
        """Whether the full stop at the end of this word belongs to the word: `Nr.`, `e.g.`, an initial, an ordinal."""
        found = _STOP.search(text)
        if found is None:
            return False
        word = found["word"].lstrip(_OPENING)
        if self.ordinals and re.fullmatch(r"\d{1,2}|[IVX]{1,4}", word):
            return True
        # The last part of a compound counts: "Karl-Marx-Str.".
        last, first = word.lower().rpartition("-")[2], after.lstrip(_OPENING)[:1]
        if last in self.numbered:
            return first.isdigit()
        if last in self.finals and first.isupper():
            return False
        if last in self.abbreviations or any(last.endswith(end) for end in self.abbreviation_ends):
            return True
        # "I" is a word in English, "a" and "o" in others, but then no full stop follows in the middle of a sentence.
        return word.lower() in self.abbreviations or bool(_INITIAL.fullmatch(word) and word != "I")


def ends_sentence(text: str, language: str = "en") -> bool:
    """Whether a sentence ends with this word, by the abbreviations of a language.

    >>> ends_sentence('there."'), ends_sentence("Mr.")
    (True, False)
    """
    return rules_of(language).ends_sentence(text)


def ends_clause(text: str) -> bool:
    """Whether a part of a sentence ends with this word: a comma, a dash."""
    return bool(_CLAUSE_END.search(text))


def bare(text: str) -> str:
    """A word as the tables have it: small letters, without what stands around it.

    >>> bare("“The"), bare("qu’"), bare("Und,")
    ('the', "qu'", 'und')
    """
    word = text.strip(_OPENING).rstrip(",;:.!?،؛؟。、").lower()
    return f"{word}'" if text.endswith(("'", "’")) and word else word.replace("’", "'")


@functools.cache
def _tables() -> dict[str, Rules]:
    import tomllib  # Here, not above: Blender starts without shaping anything.

    data = tomllib.loads(_TABLES.read_text(encoding="utf-8"))
    return {code: _rules(code, table) for code, table in data.items()}


def _rules(code: str, table: dict[str, Any]) -> Rules:
    sets = {name: frozenset(value.split()) for name, value in table.items() if isinstance(value, str)}
    return Rules(code, ordinals=bool(table.get("ordinals")), **sets)


def languages() -> list[str]:
    """The languages that have rules, ISO 639-1."""
    return list(_tables())


_ALIASES = {"nb": "no", "nn": "no", "yue": "zh", "cmn": "zh"}


def rules_of(language: str) -> Rules:
    """The rules of a language tag such as `de` or `pt-BR`; empty rules for one that has none."""
    code = re.split(r"[-_]", language.lower(), maxsplit=1)[0]
    code = _ALIASES.get(code, code)
    return _tables().get(code) or Rules(code)


def guessed(words: Iterable[str], most: int = 2000) -> Rules:
    """The rules of the language that a text seems to be in, by its script and, for Latin letters, its small words."""
    sample = [word for _, word in zip(range(most), words, strict=False)]
    text = " ".join(sample)
    letters = sum(char.isalpha() for char in text) or 1
    for code, script in _GUESSES:
        # One kana tells Japanese from Chinese; a foreign name in a Latin text says nothing.
        if len(script.findall(text)) > (0.05 if code in ("ja", "fa", "ur") else 0.3) * letters:
            return rules_of(code)
    bares = [bare(word) for word in sample]
    tables = _tables()
    counts = {code: sum(word in tables[code].ends_not for word in bares) for code in _LATIN}
    best = max(counts, key=lambda code: counts[code])
    return tables[best] if counts[best] else Rules("")


# Scripts without spaces


def is_unspaced(text: str) -> bool:
    """Whether a text is mostly in a script that writes no spaces between words.

    >>> is_unspaced("天气"), is_unspaced("อากาศ"), is_unspaced("날씨"), is_unspaced("weather")
    (True, True, False, False)
    """
    return sum(map(_is_unspaced, text)) * 2 > len(text.strip())


def _is_unspaced(char: str) -> bool:
    if char.isascii():
        return False
    # Thai, Lao, Burmese, Khmer.
    if "\u0e00" <= char <= "\u0eff" or "\u1000" <= char <= "\u109f" or "\u1780" <= char <= "\u17ff":
        return True
    # Korean is wide too, but has spaces.
    return unicodedata.east_asian_width(char) in "WF" and not ("가" <= char <= "힣" or char >= "\U0001f000")


def glues(before: str, after: str, language: str) -> bool:
    """Whether two words follow each other without a space where nobody said so: at the seam of two segments.

    >>> glues("天气", "很好", ""), glues("使用", "AI", "zh"), glues("good", "day", "en"), glues("สวัสดี", "ครับ", "th")
    (True, True, False, False)
    >>> glues("OK", "Google", "ja"), glues("2024", "3", "zh"), glues("Café", "…", "zh"), glues("iPhone.", "It", "ja")
    (False, False, True, False)
    """
    if not before or not after:
        return False
    if language.split("-")[0] in ("zh", "ja", "yue"):
        return not (_is_western(before[-1]) and _is_western(after[0]))
    # Thai writes a space between phrases; a segment is one.
    wide = (_is_wide(before[-1]), _is_wide(after[0]))
    return all(wide) or (any(wide) and not (before[-1].isalnum() and after[0].isalnum()))


def _is_western(char: str) -> bool:
    """Whether it is of words that are spaced in Chinese and Japanese as well."""
    return char.isascii() or (char.isalnum() and unicodedata.east_asian_width(char) not in "WFH")


def _is_wide(char: str) -> bool:
    return not char.isascii() and unicodedata.east_asian_width(char) in "WF" and not "가" <= char <= "힣"


_LATIN_WORD = r"[A-Za-z0-9'’.%-]+"
# A consonant with all that is written under, over and behind it: what is stacked below, and the consonant that ends the
# syllable, which Burmese marks as having no vowel.
_BURMESE = "[\u1000-\u102a\u103f](?:\u1039[\u1000-\u102a]|[\u102b-\u103e\u1056-\u1059]|[\u1000-\u1021]\u1037?\u103a)*"
_KHMER = "[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]|[\u17b4-\u17d1\u17d3\u17dd])*"
# Thai and Lao vowels that are written before their consonant hold on to it, those after it to what is before.
_THAI = "[เ-ไເ-ໄ]*.[\u0300-\u036f\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ecd]*"
_CLUSTER = re.compile(f"{_LATIN_WORD}|{_BURMESE}|{_KHMER}|{_THAI}", re.DOTALL)


def clusters(text: str) -> list[str]:
    """A text in pieces that may not be broken: a letter with its marks; a Latin word or number as a whole.

    >>> clusters("ที่นี่ AI"), clusters("ကျွန်တော်"), clusters("ស្តី")
    (['ที่', 'นี่', ' ', 'AI'], ['ကျွန်', 'တော်'], ['ស្តី'])
    """
    joined: list[str] = []
    for piece in _CLUSTER.findall(text):
        if joined and (unicodedata.combining(piece[0]) or unicodedata.category(piece[0]) in ("Mc", "Mn", "Me", "Cf")):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def words_of(text: str, language: str) -> Iterator[tuple[str, bool]]:
    """The words of a text, and of each whether no space is before it. In scripts without spaces those of a dictionary,
    or else letters with their marks; `language`: a tag, guessed from the text where it says nothing of such a script.

    >>> list(words_of("用ChatGPT做 PPT", "zh"))
    [('用', False), ('ChatGPT', True), ('做', True), ('PPT', False)]
    """
    for chunk in text.split():
        glued = False
        for part in _scripts(chunk):
            if not is_unspaced(part):
                yield part, glued
                glued = True
                continue
            known = language if language.split("-")[0] in ("ja", "zh", "th") else guessed([part]).language
            for piece in pieces(part, known):
                yield piece, glued
                glued = True


def _scripts(chunk: str) -> Iterator[str]:
    """A text without spaces in stretches of scripts that write none and of others."""
    begin = 0
    for index in range(1, len(chunk) + 1):
        if index == len(chunk) or _is_unspaced(chunk[index]) != _is_unspaced(chunk[begin]):
            yield chunk[begin:index]
            begin = index


def pieces(text: str, language: str) -> list[str]:
    """A chunk of a script without spaces as words, where the language is known to BudouX, else as `clusters`."""
    parser = _parser(language, words=True)
    if parser is None:
        return clusters(text)
    return [piece for word in parser.parse(text) for piece in ([word] if len(word) < 9 else clusters(word))]


def inner_breaks(text: str, language: str) -> tuple[frozenset[int], frozenset[int]]:
    """Where a text in a script without spaces may break, as indexes into it: between phrases, and between words.

    Without a dictionary no phrase is known, and each letter with its marks is a word.
    """
    ends = []
    for words in (False, True):
        parser = _parser(language, words=words)
        if parser is None:
            return frozenset(), frozenset(itertools.accumulate(map(len, clusters(text)), initial=0))
        position, found = 0, set()
        for part in parser.parse(text):
            position += len(part)
            found.add(position)
        ends.append(frozenset(found))
    held = _compounds(text) if language.startswith("ja") else frozenset()
    return ends[0] - held, (ends[0] | ends[1]) - held


# Compound case particles (IPADIC's class of that name), which a dictionary takes for one word.
_COMPOUND = re.compile(
    "に(?=とって|よって|よる|よれば|より|ついて|対して|対する|おいて|おける|関して|関する|つれて|わたって|"
    "伴って|基づいて|際して|加えて|したがって|まつわる)|と(?=して|いう|いった|ともに)|を(?=めぐって|通じて|通して|もって)"
)


def _compounds(text: str) -> frozenset[int]:
    return frozenset(found.end() for found in _COMPOUND.finditer(text))


@functools.cache
def _parser(language: str, words: bool) -> Parser | None:
    """BudouX's parser of a language; with `words` the finer one, where there are two. None: it has none."""
    try:
        import json

        import budoux
        from budoux.parser import Parser
    except ImportError:  # Not in this installation: characters are kept whole, words are not.
        return None
    names = {"ja": "ja_word" if words else "ja", "zh": "zh-hans", "th": "th"}
    name = names.get(language.split("-")[0])
    if language.lower() in ("zh-hant", "zh-tw", "zh-hk"):
        name = "zh-hant"
    if name is None:
        return None
    model = Path(budoux.__file__).with_name("models") / f"{name}.json"
    return Parser(json.loads(model.read_text(encoding="utf-8")))
