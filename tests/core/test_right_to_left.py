# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from right to left, as Blender has to be given it."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core import right_to_left
from subtitle_editor.core.right_to_left import drawn, joined, lines, visual

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
        st.text(st.sampled_from("abc1.,"), min_size=1, max_size=9),
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
