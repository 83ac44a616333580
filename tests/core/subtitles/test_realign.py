# SPDX-License-Identifier: GPL-3.0-or-later
"""Word times after an edit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import ITALIC, Span
from subtitle_editor.core.subtitles import realign
from subtitle_editor.core.subtitles.document import Cue

SENTENCE = "the quick brown fox jumps"


def spoken(text: str, pace: float = 1.0, start: float = 0.0) -> tuple[Word, ...]:
    """One word every `pace` seconds."""
    return tuple(Word(start + n * pace, start + (n + 1) * pace, word, 0.5) for n, word in enumerate(text.split()))


def times(text: str, words: tuple[Word, ...], end: float = 5.0) -> list[tuple[str, float, float]]:
    return [(word.text, word.start, word.end) for word in realign.words_of(text, words, 0.0, end)]


def test_a_changed_word_takes_the_time_of_the_one_it_replaces() -> None:
    found = realign.words_of("the slow brown fox jumps", spoken(SENTENCE), 0.0, 5.0)
    assert [word.text for word in found] == ["the", "slow", "brown", "fox", "jumps"]
    assert [(word.start, word.end) for word in found] == [(n, n + 1) for n in range(5)]
    # Nobody doubts a word that somebody wrote.
    assert [word.probability for word in found] == [0.5, 1.0, 0.5, 0.5, 0.5]


def test_case_and_punctuation_make_no_other_word() -> None:
    assert times('"The quick, brown fox — jumps!"', spoken(SENTENCE)) == [
        ('"The', 0, 1), ("quick,", 1, 2), ("brown", 2, 3), ("fox", 3, 4), ("—", 4, 4), ('jumps!"', 4, 5),
    ]  # fmt: skip


def test_removed_words_leave_the_others_alone() -> None:
    assert times("brown jumps", spoken(SENTENCE)) == [("brown", 2, 3), ("jumps", 4, 5)]


def test_new_words_share_a_gap_by_their_syllables() -> None:
    words = (Word(0, 1, "one"), Word(5, 6, "two"))
    assert times("one and banana two", words, 6.0) == [("one", 0, 1), ("and", 1, 2), ("banana", 2, 5), ("two", 5, 6)]


def test_new_words_at_the_edges_reach_to_the_edges() -> None:
    words = (Word(2, 3, "here"),)
    assert times("right here now", words) == [("right", 0, 2), ("here", 2, 3), ("now", 3, 5)]


def test_several_words_for_one_and_one_for_several() -> None:
    assert times("the quick red and brown fox jumps", spoken(SENTENCE))[1:5] == [
        ("quick", 1, 2), ("red", 2, 2), ("and", 2, 2), ("brown", 2, 3),
    ]  # fmt: skip
    assert times("the lazy jumps", spoken(SENTENCE)) == [("the", 0, 1), ("lazy", 1, 4), ("jumps", 4, 5)]


def test_a_word_torn_apart_shares_its_time() -> None:
    words = (Word(0, 1, "a"), Word(1, 4, "ice-cream"))
    assert times("a ice cream", words) == [("a", 0, 1), ("ice", 1, 1 + 3 * 3 / 8), ("cream", 1 + 3 * 3 / 8, 4)]


def test_pieces_that_a_model_heard_of_one_word_stay_pieces() -> None:
    words = (Word(0, 1, "please"), Word(1, 2, "re"), Word(2, 3, "-write", glued=True), Word(3, 4, "it"))
    found = realign.words_of("please re-write this", words, 0.0, 4.0)
    assert [(word.text, word.start, word.glued) for word in found] == [
        ("please", 0, False), ("re-", 1, False), ("write", 2, True), ("this", 3, False),
    ]  # fmt: skip


def test_japanese_goes_by_characters() -> None:
    words = tuple(Word(n, n + 1, char, glued=n > 0) for n, char in enumerate("東京は雨です"))
    found = realign.words_of("東京は晴れです", words, 0.0, 6.0)
    assert [(word.text, word.start, word.end) for word in found] == [
        ("東", 0, 1), ("京", 1, 2), ("は", 2, 3), ("晴", 3, 3.5), ("れ", 3.5, 4), ("で", 4, 5), ("す", 5, 6),
    ]  # fmt: skip


def test_without_measured_words_there_are_none() -> None:
    assert realign.words_of("something", (), 0.0, 1.0) == ()


def test_another_text_altogether_shares_all_of_the_time() -> None:
    assert times("nothing at all", spoken(SENTENCE)) == [("nothing", 0, 2.5), ("at", 2.5, 3.75), ("all", 3.75, 5)]


def test_with_text_leaves_what_it_does_not_concern() -> None:
    cue = Cue(0, 5, SENTENCE, spoken(SENTENCE), avg_logprob=-0.5, spans=(Span(4, 9, ITALIC),), speaker="Anna")
    assert realign.with_text(cue, SENTENCE) is cue
    edited = realign.with_text(cue, "see the quick\nbrown fox jumps")
    assert edited.words[1:] == cue.words
    assert (edited.avg_logprob, edited.speaker, edited.spans) == (-0.5, "Anna", (Span(8, 13, ITALIC),))


TEXT = st.text("ab c,.é字東\n-'", max_size=40)
WORD = st.text("abc,é字東-'", min_size=1, max_size=6)


@st.composite
def measured(draw: st.DrawFn) -> tuple[Word, ...]:
    """Words in order of time, with gaps between some."""
    clock, words = 0.0, []
    for text in draw(st.lists(WORD, max_size=10)):
        start = clock + draw(st.integers(0, 4)) / 4
        clock = start + draw(st.integers(0, 4)) / 4
        words.append(Word(start, clock, text, 0.25, glued=draw(st.booleans())))
    return tuple(words)


@settings(max_examples=300)
@given(measured(), TEXT)
def test_the_words_are_the_text_and_in_order_of_time(words: tuple[Word, ...], text: str) -> None:
    found = realign.words_of(text, words, 0.0, 50.0)
    if words:
        assert realign.fit(text, found)
    assert all(word.start <= word.end for word in found)
    assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(found))


@settings(max_examples=200)
@given(measured())
def test_a_text_that_is_still_theirs_keeps_the_words(words: tuple[Word, ...]) -> None:
    text = realign.joined(words)
    assert realign.words_of(text, words, 0.0, 50.0) == words
    assert realign.words_of(text.replace(" ", "\n"), words, 0.0, 50.0) == words


@settings(max_examples=200)
@given(st.lists(st.sampled_from("one two three four five six".split()), min_size=1, unique=True), st.data())
def test_words_that_stay_keep_their_time_to_the_last_digit(kept: list[str], data: st.DataObject) -> None:
    words = spoken(" ".join(kept), 0.7, 0.1)
    new = list(kept)
    for at in sorted(data.draw(st.sets(st.integers(0, len(kept)), max_size=3)), reverse=True):
        new.insert(at, data.draw(st.sampled_from(["seven", "eight banana"])))
    found = {word.text: word for word in realign.words_of(" ".join(new), words, 0.0, 10.0)}
    assert [found[word.text] for word in words] == list(words)


@given(TEXT, st.floats(0, 100), st.floats(0, 100))
def test_guessed_words_fill_the_time(text: str, start: float, length: float) -> None:
    found = realign.guessed(text, start, start + length)
    assert realign.fit(text, found)
    if found:
        assert (found[0].start, found[-1].end) == (start, pytest.approx(start + length))


def test_a_long_text_is_compared_in_no_time() -> None:
    """10,000 words against as many others: by words, not by pairs of letters."""
    old = " ".join(f"word{n}" for n in range(3000))
    new = old.replace("word15", "other")
    words = spoken(old)
    found = realign.words_of(new, words, 0.0, 3000.0)
    assert realign.fit(new, found)
