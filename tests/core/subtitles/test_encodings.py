# SPDX-License-Identifier: GPL-3.0-or-later
"""Every encoding that subtitle files are found in, found, or named with a doubt; no byte is lost.

tests/data/subtitles/languages.tsv has everyday sentences of 23 languages with the encoding that old files of each have.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.subtitles import detecting, encodings
from subtitle_editor.core.subtitles.document import Kind

LANGUAGES = Path(__file__).parents[2] / "data" / "subtitles" / "languages.tsv"


def rows() -> list[tuple[str, str, list[str]]]:
    lines = LANGUAGES.read_text(encoding="utf-8").splitlines()
    return [(language, encoding, text.split("|")) for language, encoding, text in (line.split("\t") for line in lines)]


def film(sentences: list[str], count: int, seed: int) -> str:
    chosen = random.Random(seed)
    blocks = (f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{chosen.choice(sentences)}\n" for n in range(1, count + 1))
    return "\n".join(blocks)


FILMS = [
    (language, encoding, film(sentences, count, count))
    for language, encoding, sentences in rows()
    for count in (1, 2, 3, 4, 6, 8, 12, 40)
]


def test_old_encodings_are_found_in_short_texts() -> None:
    wrong, sure_and_wrong = [], []
    for language, encoding, text in FILMS:
        data = text.encode(encoding, errors="ignore")
        found = encodings.decode(data)
        if found.text != data.decode(encoding):
            wrong.append((language, encoding, found.encoding))
            if found.certainty >= detecting.SURE:
                sure_and_wrong.append((language, encoding, found.encoding))
        # Whatever was taken, the bytes can be had back.
        assert found.text.encode(found.encoding) == data
    assert len(FILMS) == 200
    assert sure_and_wrong == []
    assert len(wrong) <= 4, wrong  # Of 200; charset-normalizer has 58 wrong, faust-cchardet 5, chardet alone 10.


@pytest.mark.parametrize(
    ("encoding", "languages"),
    [("iso8859-2", "pl cs hu sk"), ("iso8859-5", "ru bg"), ("iso8859-6", "ar"), ("cp866", "ru bg"), ("cp852", "cs"),
     ("mac_roman", "fr es")],
)  # fmt: skip
def test_other_old_encodings_are_not_taken_for_those_of_windows(encoding: str, languages: str) -> None:
    tried = [text for language, _, text in FILMS if language in languages.split() and text.count("-->") in (4, 12, 40)]
    for text in tried:
        data = text.encode(encoding, errors="ignore")
        assert encodings.decode(data).text == data.decode(encoding)
    assert len(tried) >= 3


@pytest.mark.parametrize("text", ["\u2019", "I\u2019m", "\xa9 2019 Foo", "\u2014 No.\n\u2014 S\xed.", "\xbfQu\xe9?"])
def test_a_few_signs_are_not_letters_of_dos_or_the_old_macintosh(text: str) -> None:
    assert encodings.decode(film([text], 3, 1).encode("cp1252")).text == film([text], 3, 1)


def test_the_language_helps() -> None:
    for language, encoding, text in FILMS:
        data = text.encode(encoding, errors="ignore")
        assert encodings.decode(data, language=language).text == data.decode(encoding), (language, encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_unicode_with_and_without_a_mark(encoding: str) -> None:
    for language, _, text in FILMS:
        found = encodings.decode(text.encode(encoding))
        assert (found.text, found.findings) == (text, ()), (language, encoding)
        assert found.certainty >= detecting.SURE


def test_what_is_not_utf8_is_said() -> None:
    found = encodings.decode("1\n00:00:01,000 --> 00:00:02,000\nПривет, как дела?\n".encode("cp1251"))
    assert found.encoding == "cp1251" and [one.kind for one in found.findings] == [Kind.ENCODING]


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<?xml version="1.0" encoding="windows-1250"?>', "cp1250"),
        ('<SAMI><HEAD><meta charset="shift_jis"></HEAD>', "shift_jis"),
        ('@charset "koi8-r";', "koi8-r"),
    ],
)
def test_a_file_may_say_what_it_is(head: str, encoding: str) -> None:
    letters = {"cp1250": "ř", "shift_jis": "日本", "koi8-r": "ё"}[encoding]
    assert letters in encodings.decode(f"{head}\n{letters}\n".encode(encoding)).text


def test_a_declaration_that_cannot_be_true_is_passed_over() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?>\n<tt>é</tt>\n'
    assert encodings.decode(text.encode()).text == text


def test_half_characters_and_pairs_in_utf8() -> None:
    pair = "😀".encode("utf-16-be").decode("utf-16-be")
    cesu = b"\xed\xa0\xbd\xed\xb8\x80"
    found = encodings.decode(b"one\n" + cesu + b"\ntwo \xed\xa0\xbd end\n")
    assert found.text == f"one\n{pair}\ntwo  end\n"
    assert any(one.line == 3 for one in found.findings)


def test_an_encoding_can_be_said_and_contradicted() -> None:
    data = "größer".encode("cp1252")
    assert encodings.decode(data, "latin-1").text == "größer"
    for name in ("utf-8", "no-such", "base64"):
        with pytest.raises(encodings.NotThisEncoding):
            encodings.decode(data, name)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_become_text_without_a_replacement(data: bytes) -> None:
    found = encodings.decode(data)
    assert "\0" not in found.text and "\r" not in found.text
    if b"\xef\xbf\xbd" not in data and "32" not in found.encoding:
        assert "\ufffd" not in found.text or "16" in found.encoding


def test_letters_that_an_encoding_lacks_are_named() -> None:
    with pytest.raises(encodings.CannotEncode) as caught:
        encodings.encode("aя日b日", "cp1252")
    assert caught.value.characters == "я日"
    assert encodings.encode("a\nb\n", "utf-16", "\r\n").decode("utf-16") == "a\r\nb\r\n"
    with pytest.raises(LookupError):
        encodings.encode("a", "base64")


@pytest.mark.parametrize(
    "text",
    [
        "ÄRGER ÜBER ÖFFENTLICHE STRASSEN\nGRÖSSE, MÜLL UND ÄPFEL\n",
        "L’ÉTÉ À PARIS – « OÙ ÊTES-VOUS ? »\nÇA VA, FRANÇOIS\n",
        "PERCHÉ È COSÌ? CITTÀ, GIÀ FATTO\nPIÙ TARDI SARÀ COSÌ\n",
        "“¿Qué?” — “¡No!” … ‘naïve’\n",
    ],
)
def test_capitals_and_signs_of_windows_are_not_taken_for_the_old_macintosh(text: str) -> None:
    assert encodings.decode(text.encode("cp1252")).text == text


def test_polish_capitals() -> None:
    text = "ŻÓŁĆ GĘŚLĄ JAŹŃ\nPCHNĄĆ W TĘ ŁÓDŹ JEŻA\nGDZIE SĄ KSIĄŻKI\nWŁAŚNIE TAK\n"
    assert encodings.decode(text.encode("cp1250")).text == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("cp1253", "ΚΑΛΗΜΕΡΑ ΣΕ ΟΛΟΥΣ\nΤΙ ΚΑΝΕΤΕ ΣΗΜΕΡΑ\n" * 8), ("koi8-r", "КАК ДЕЛА СЕГОДНЯ\nЭТО ОЧЕНЬ ХОРОШО\n" * 8)],
)
def test_of_capitals_that_read_as_small_letters_nobody_is_sure(name: str, text: str) -> None:
    found = encodings.decode(text.encode(name))
    assert found.text == text or found.certainty < 0.9


GREEK = "ΔΕΝ ΞΕΡΩ ΤΙ ΝΑ ΚΑΝΩ\nΠΟΥ ΕΙΝΑΙ Ο ΑΔΕΛΦΟΣ ΣΟΥ;\nΕΛΑ ΕΔΩ ΑΜΕΣΩΣ\nΘΕΛΩ ΝΑ ΣΟΥ ΠΩ ΚΑΤΙ\nΚΑΛΗΜΕΡΑ ΣΑΣ\nΠΑΜΕ ΣΠΙΤΙ\n"
RUSSIAN = "Я НЕ ЗНАЮ, ЧТО ДЕЛАТЬ\nГДЕ ТВОЙ БРАТ?\nИДИ СЮДА СЕЙЧАС ЖЕ\nЯ ХОЧУ ТЕБЕ СКАЗАТЬ\nДОБРОЕ УТРО\nПОЙДЁМ ДОМОЙ\n"
UKRAINIAN = "Я НЕ ЗНАЮ, ЩО РОБИТИ\nДЕ ТВІЙ БРАТ?\nІДИ СЮДИ НЕГАЙНО\nЯ ХОЧУ ТОБІ СКАЗАТИ\nДОБРОГО РАНКУ\nДУЖЕ ДЯКУЮ\n"
BULGARIAN = (
    "НЕ ЗНАМ КАКВО ДА ПРАВЯ\nКЪДЕ Е БРАТ ТИ?\nЕЛА ТУК ВЕДНАГА\nИСКАМ ДА ТИ КАЖА НЕЩО\nДОБРО УТРО\nКОЛКО Е ЧАСЪТ?\n"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((name, GREEK) for name in ("cp1253", "iso8859-7")),
        *((name, RUSSIAN) for name in ("cp1251", "koi8-r", "iso8859-5", "cp866")),
        *((name, UKRAINIAN) for name in ("cp1251", "koi8-u")),
        *((name, BULGARIAN) for name in ("cp1251", "koi8-r")),
        ("cp1253", f"{GREEK}Τι κάνεις;\n"),
        ("koi8-r", f"{RUSSIAN}и вот\n"),
        *((name, RUSSIAN.lower()) for name in ("cp1251", "koi8-r")),
        ("cp1253", GREEK.lower()),
    ],
)
def test_capitals_are_not_taken_for_small_letters_of_another_page(name: str, text: str) -> None:
    assert encodings.decode(text.encode(name)).text == text
