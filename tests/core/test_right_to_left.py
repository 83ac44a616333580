# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from right to left, as Blender has to be given it."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core import bidi, right_to_left
from subtitle_editor.core.right_to_left import (
    drawn,
    drawn_lines,
    is_drawn,
    joined,
    lines,
    reads_from_right,
    visual,
    written,
)

PERSIAN = "ابپسل"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        # As Blender 5.2 has them in its own Persian catalogue.
        ("انصراف", "ﻑﺍﺮﺼﻧﺍ"),
        ("حذف", "ﻑﺬﺣ"),
        ("اندازه", "ﻩﺯﺍﺪﻧﺍ"),
        ("ویرایش", "ﺶﯾﺍﺮﯾﻭ"),
        ("سرعت", "ﺖﻋﺮﺳ"),
        ("وارد کردن", "ﻥﺩﺮﮐ ﺩﺭﺍﻭ"),
        ("تنظیمات ترجیحی", "ﯽﺤﯿﺟﺮﺗ ﺕﺎﻤﯿﻈﻨﺗ"),
        # Fields stay whole, Latin words keep their order, brackets open to the other side.
        ("مقدار: {}", "{} :ﺭﺍﺪﻘﻣ"),
        ("{message} {hint}", "{hint} {message}"),
        ("run {model} now", "run {model} now"),
        ("({name})", "({name})"),
        ("حذف (System > Network) 12.5", "12.5 (System > Network) ﻑﺬﺣ"),
        ("حذف a (b) c", "a (b) c ﻑﺬﺣ"),
        # A number after an Arabic letter belongs to no Latin word.
        ("حذف 3.5 MB", "MB 3.5 ﻑﺬﺣ"),
        ("حذف \u200e.srt", ".srt ﻑﺬﺣ"),
        # A non-joiner keeps letters apart and is not drawn; a hamza goes with its letter.
        ("می\u200cشود", "ﺩﻮﺷﯽﻣ"),
        ("پوشه\u0654", "\ufba5ﺷﻮﭘ"),
        # Marks stay behind their letter and do not keep it from its neighbours.
        ("حذ\u0651ف", "ﻑﺬ\u0651ﺣ"),
        ("س\u064eل\u064eم", "ﻢﻠ\u064eﺳ\u064e"),
        ("حذف\u064b {name}", "{name} ﻑ\u064bﺬﺣ"),
    ],
)
def test_a_paragraph_from_right_to_left(written: str, shown: str) -> None:
    assert visual(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Whisper tiny", "Whisper tiny"),
        ("News. خلاصه فارسی", "News. ﯽﺳﺭﺎﻓ ﻪﺻﻼﺧ"),
        ("حذف (Whisper)", "(Whisper) ﻑﺬﺣ"),
        ("a حذف, انصراف b", "a ﻑﺍﺮﺼﻧﺍ ,ﻑﺬﺣ b"),
        # Hebrew has no shapes to join.
        ("שלום world", "world םולש"),
    ],
)
def test_a_name_from_anywhere(written: str, shown: str) -> None:
    assert drawn(written) == shown


@given(st.text(st.sampled_from(PERSIAN + "ی\u200c abc .12()"), max_size=40), st.booleans())
def test_nothing_is_lost_on_the_way(text: str, from_right: bool) -> None:
    fold = str.maketrans(")", "(")
    assert sorted(visual(text, from_right).translate(fold)) == sorted(joined(text).translate(fold))


@given(st.text(st.sampled_from(PERSIAN + "abc. "), max_size=40))
def test_what_is_ready_stays(text: str) -> None:
    assert drawn(drawn(text)) == drawn(text)


WORDS = st.lists(
    st.one_of(
        # No numbers: beside Latin words they stand in one place for two orders of reading.
        st.text(st.sampled_from("abc.,"), min_size=1, max_size=9),
        st.text(st.sampled_from(PERSIAN), min_size=1, max_size=4),
    ),
    max_size=20,
)


@given(WORDS, st.integers(9, 40))
def test_a_text_that_is_ready_is_cut_where_it_would_be_cut_unready(words: list[str], characters: int) -> None:
    text = joined(" ".join(words))
    cut = [visual(line) for line in textwrap.wrap(text, characters)]
    if any(map(right_to_left._from_right, text)):
        assert lines(visual(text), characters) == cut
    assert all(len(line) <= characters for line in cut)


@given(WORDS, st.integers(9, 40))
def test_lines_of_what_is_not_ready_are_made_ready(words: list[str], characters: int) -> None:
    found = lines(" ".join(words), characters)
    assert all(len(line) <= characters for line in found)
    assert [drawn(line) for line in found] == found
    assert sorted("".join(found).replace(" ", "")) == sorted(joined(" ".join(words)).replace(" ", ""))


def test_the_first_line_is_the_first_to_be_read() -> None:
    text = "حذف انصراف اندازه"
    assert lines(text, 12) == lines(visual(text), 12) == ["ﻑﺍﺮﺼﻧﺍ ﻑﺬﺣ", "ﻩﺯﺍﺪﻧﺍ"]


def test_latin_words_are_cut_between_them() -> None:
    assert lines(visual("حذف connection refused."), 14) == ["connection ﻑﺬﺣ", ".refused"]


# The order, against another implementation

NUMBERS = ["12", "3.5", "12:30", "50%", "$5", "1,000"]
SIGNS = ["«", "»", "(آن)", "(ab)", "[", "؟", "!", "،", ".", "-", "a-b", "שלום", "{x}"]
TEXTS = st.lists(
    st.one_of(
        st.text(st.sampled_from(PERSIAN + "تثجچحخدذ"), min_size=1, max_size=6),
        st.text(st.sampled_from("abcXYZ"), min_size=1, max_size=5),
        st.sampled_from(NUMBERS + SIGNS),
    ),
    min_size=1,
    max_size=8,
).map(" ".join)
MIRRORED = str.maketrans("()[]{}<>«»", "((((((((((")


@given(TEXTS, st.booleans())
@settings(max_examples=1000)
def test_the_order_is_that_of_unicodes_rules(text: str, from_right: bool) -> None:
    """As python-bidi, which is Rust's unicode-bidi, has it; mirroring is not its business."""
    expected = get_display(text, base_dir="R" if from_right else "L")
    found = bidi.levels([unicodedata.bidirectional(char) for char in text], text, from_right)
    shown = "".join(text[index] for index in bidi.order(found))
    assert shown.translate(MIRRORED) == expected.translate(MIRRORED)


UNICODE = Path(__file__).parents[1] / "data" / "unicode" / "bidi_character_test.txt"


def cases() -> Iterator[tuple[str, int, list[str], list[int]]]:
    """Text, direction, the level of each character (x: removed), and the order."""
    for line in UNICODE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            codes, _, direction, levels, order = line.split(";")
            text = "".join(chr(int(code, 16)) for code in codes.split())
            yield text, int(direction), levels.split(), [int(index) for index in order.split()]


def test_unicodes_own_cases() -> None:
    """Embeddings, overrides, isolates, brackets, numbers: a part of BidiCharacterTest.txt of Unicode 15."""
    wrong, count = [], 0
    for text, direction, expected, order in cases():
        count += 1
        found = bidi.levels([unicodedata.bidirectional(char) for char in text], text, bool(direction))
        same = all(level in ("x", str(mine)) for level, mine in zip(expected, found, strict=True))
        if not same or [index for index in bidi.order(found) if expected[index] != "x"] != order:
            wrong.append(text)
    assert wrong == [] and count > 1500


def test_isolates_are_obeyed_and_not_drawn() -> None:
    assert drawn("\u2068abc\u2069 \u05d0\u05d1") == "\u05d1\u05d0 abc", "what is isolated gives no direction"
    assert drawn("\u05d0 \u2066C++\u2069 \u05d1") == "\u05d1 C++ \u05d0"
    assert drawn("\u05d0 C++ \u05d1") == "\u05d1 ++C \u05d0", "without it the signs go to the other side"


# And back


@given(
    st.lists(
        st.one_of(
            st.text(st.sampled_from(PERSIAN + "تثجچحخدذ"), min_size=1, max_size=6),
            st.text(st.sampled_from("abcXYZ"), min_size=1, max_size=5),
            st.sampled_from(["می\u200cشود", "کتاب\u200cها", "لا", "؟", "!", "،", ".", "«سلام»", "(آن)"]),
        ),
        min_size=1,
        max_size=8,
    ).map(" ".join)
)
@settings(max_examples=1000)
def test_what_was_drawn_is_written_again(text: str) -> None:
    shown = drawn(text)
    if is_drawn(shown) and reads_from_right(text):
        assert written(shown, from_right=True) == text


def test_several_lines_each_in_its_own_direction() -> None:
    text = "سلام دنیا\nHello سلام\n12"
    assert drawn_lines(text).split("\n") == [drawn(line) for line in text.split("\n")]
    assert written(drawn_lines(text)).split("\n")[0] == "سلام دنیا"
    assert written("plain\ntext") == "plain\ntext"


@given(
    st.text("سلام دنیاخوبه", min_size=3, max_size=14).map(str.strip).filter(lambda text: len(text) > 2),
    st.sampled_from(["خوب", "نه!", "این است", "ب"]),
    st.integers(0, 40),
)
def test_words_typed_into_what_is_drawn_keep_their_letters(text: str, typed: str, place: int) -> None:
    shown = drawn(text)
    place = min(place, len(shown))
    found = written(f"{shown[:place]} {typed} {shown[place:]}", from_right=True)
    assert typed.strip("!") in found
