# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues, profiles, segmentation into readable subtitles, and the quality rules."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Cue, Word, new_cue, text_length
from subtitle_editor.core.markup import ITALIC, Placing, Span
from subtitle_editor.core.subtitles.layout import break_lines
from subtitle_editor.core.subtitles.profiles import PROFILES, Profile
from subtitle_editor.core.subtitles.quality import check
from subtitle_editor.core.subtitles.segmentation import EARLY, segment

ENGLISH = PROFILES["netflix-en"]
SPEECH = (
    "When the committee met on Tuesday, nobody expected that the chairman would resign before the vote, and the "
    "members who had come from far away were furious. It was a very long day. Really? Yes, because the old man in "
    "the red house had not been told about the meeting until the very last minute."
)


def spoken(text: str, start: float = 0.0, pace: float = 0.3) -> Cue:
    """A segment as a model hears it: each word `pace` seconds long, one after the other."""
    words = tuple(
        Word(start + index * pace, start + (index + 1) * pace, word, 0.9) for index, word in enumerate(text.split())
    )
    return Cue(start, words[-1].end, text, words)


def words_of(cues: list[Cue]) -> str:
    return "".join("".join(cue.text.split()) for cue in cues)


def rules(cues: list[Cue], profile: Profile = ENGLISH) -> set[str]:
    return {problem.rule for problem in check(cues, profile)}


# Values


def test_as_dict_has_words_only_where_there_are_any() -> None:
    assert Cue(0.0, 1.23456, "hi").as_dict() == {"start": 0.0, "end": 1.235, "text": "hi"}
    cue = Cue(0, 1, "hi", (Word(0, 1, "hi", 0.5),), avg_logprob=-0.25)
    assert cue.as_dict()["words"] == [{"start": 0, "end": 1, "text": "hi", "probability": 0.5}]
    assert cue.as_dict()["avg_logprob"] == -0.25


def test_a_quickly_made_cue_is_a_cue_like_others() -> None:
    spans, words = (Span(0, 2, ITALIC),), (Word(1.0, 2.0, "hi"),)
    quick = new_cue(1.0, 2.0, "hi", spans, Placing(8), "Sign", "Ann", 3, "7", {"vtt.settings": "line:0"}, 12, words)
    slow = Cue(
        1.0, 2.0, "hi", words, spans=spans, placing=Placing(8), style="Sign", speaker="Ann", layer=3, name="7",
        extra={"vtt.settings": "line:0"}, line=12,
    )  # fmt: skip
    for one, other in ((quick, slow), (new_cue(0.0, 1.0, "x"), Cue(0.0, 1.0, "x"))):
        assert type(one) is Cue
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert (one, hash(one), repr(one)) == (other, hash(other), repr(other))
        assert copy.deepcopy(one) == dataclasses.replace(one) == one
        with pytest.raises(dataclasses.FrozenInstanceError):
            one.text = "other"  # type: ignore[misc]
    for cue in (new_cue(0.0, 1.0, "x"), Cue(0.0, 1.0, "x"), pickle.loads(pickle.dumps(Cue(0.0, 1.0, "x")))):
        extra: Any = cue.extra
        with pytest.raises(TypeError):  # Many share it.
            extra["vtt.settings"] = "line:0"


def test_shifted_takes_the_words_along() -> None:
    cue = spoken("hello world", start=1.0).shifted(-0.5)
    assert (cue.start, cue.words[0].start, cue.words[1].end) == (0.5, 0.5, cue.end)


def test_characters_are_those_a_reader_sees() -> None:
    assert text_length("cafe\u0301") == 4
    assert text_length("two\nlines") == 9
    assert Cue(0, 0, "x").cps == 0.0


def test_profiles_have_the_published_numbers() -> None:
    assert (ENGLISH.max_chars, ENGLISH.max_lines, ENGLISH.max_cps, ENGLISH.max_duration) == (42, 2, 20.0, 7.0)
    assert ENGLISH.gap(24.0) == pytest.approx(2 / 24)
    assert PROFILES["prime"].gap(24.0) == 0.083
    assert PROFILES["netflix-ja"].max_cps == 4.0
    assert PROFILES["bbc-vertical"].max_lines == 3


# Segmentation


def test_a_long_segment_becomes_subtitles_without_problems() -> None:
    cues = segment([spoken(SPEECH, pace=0.4)], ENGLISH)
    assert len(cues) >= 4
    assert check(cues, ENGLISH) == []
    assert words_of(cues) == "".join(SPEECH.split())


def test_it_breaks_where_the_sense_does() -> None:
    cues = segment([spoken(SPEECH)], ENGLISH)
    for cue in cues:
        for line in cue.lines:
            assert line.split()[-1].lower() not in {"the", "a", "and", "of", "to", "who", "very"}
    ends = [cue.text.split()[-1] for cue in cues]
    assert "furious." in ends and ends[-1] == "minute."


def test_times_are_those_of_the_words() -> None:
    heard = spoken(SPEECH, start=100.0)
    cues = segment([heard], ENGLISH)
    assert cues[0].words[0].start == 100.0
    assert 100.0 - EARLY <= cues[0].start <= 100.0
    at = {word.start for word in heard.words}
    assert all(cue.words[0].start in at for cue in cues)
    assert cues[-1].end >= heard.end
    assert [word.text for cue in cues for word in cue.words] == SPEECH.split()


def test_utterances_stay_apart() -> None:
    heard = [Cue(0.5, 1.4, "hello blender"), Cue(2.2, 4.3, "please start the download"), Cue(5.4, 7.0, "yes")]
    assert [cue.text for cue in segment(heard, ENGLISH)] == [cue.text for cue in heard]


def test_a_sentence_cut_by_the_models_window_is_mended() -> None:
    heard = [spoken("this is the first half of the"), spoken("sentence and its end.", start=2.1)]
    cues = segment(heard, ENGLISH)
    assert [cue.text for cue in cues] == ["this is the first half\nof the sentence and its end."]


def test_edited_text_wins_over_the_words_that_were_heard() -> None:
    heard = dataclasses.replace(spoken("hello word"), text="Hello, dear world")
    (cue,) = segment([heard], ENGLISH)
    assert cue.text == "Hello, dear world"
    assert cue.words == ()


def test_a_word_held_over_silence_does_not_hold_the_line() -> None:
    heard = Cue(0.0, 66.0, "hello world", (Word(0.0, 65.0, "hello"), Word(65.0, 66.0, "world")))
    (cue,) = segment([heard], ENGLISH)
    assert (cue.start, cue.end) == (63.0, 66.0)
    assert "held_word" in rules([heard])


def test_short_gaps_are_closed_to_two_frames() -> None:
    heard = [spoken("one two three four.", 0.0), spoken("five six seven eight.", 1.5)]
    first, second = segment(heard, ENGLISH, frame_rate=24.0)
    assert second.start - first.end == pytest.approx(2 / 24)


def test_a_short_word_stays_long_enough_to_read() -> None:
    (cue,) = segment([Cue(1.0, 1.2, "Yes.")], ENGLISH)
    assert (cue.start, cue.end) == (1.0, pytest.approx(1.0 + 5 / 6))


def test_a_flash_is_joined_with_what_follows() -> None:
    heard = [spoken("No.", 0.0, 0.2), spoken("I do not think so.", 0.3, 0.3)]
    assert [cue.text for cue in segment(heard, ENGLISH)] == ["No. I do not think so."]


def test_japanese_breaks_between_characters_but_not_before_a_full_stop() -> None:
    text = "これは日本語の字幕です。とても長い文章なので、分割する必要があります。「はい」と彼は言いました。"
    cues = segment([Cue(0.0, 20.0, text)], PROFILES["netflix-ja"])
    assert words_of(cues) == text
    lines = [line for cue in cues for line in cue.lines]
    assert all(len(line) <= 13 for line in lines)
    assert not any(line[0] in "、。」" or line[-1] == "「" for line in lines)


def test_lines_are_bottom_heavy() -> None:
    words = spoken("please open the blender window and start the model download").words
    assert break_lines(words, ENGLISH) == "please open the blender window\nand start the model download"
    words = spoken("aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii").words
    assert break_lines(words, ENGLISH) == "aaaa bbbb cccc dddd\neeee ffff gggg hhhh iiii"


def test_a_word_longer_than_a_line_is_kept_whole() -> None:
    link = "https://example.org/" + "x" * 60
    cues = segment([Cue(0, 5, f"see {link} for more")], ENGLISH)
    assert words_of(cues) == f"see{link}formore"


TEXTS = st.text("ab.,?! dé字。“'-", min_size=1, max_size=120).filter(str.strip)
TIMES = st.floats(0, 1000, allow_nan=False)


@st.composite
def heard_cues(draw: st.DrawFn) -> list[Cue]:
    """What models deliver at their worst: overlapping, zero or backward times, with or without words."""
    cues = []
    for text in draw(st.lists(TEXTS, max_size=8)):
        start, end = draw(TIMES), draw(TIMES)
        words: tuple[Word, ...] = ()
        if draw(st.booleans()):
            words = tuple(Word(draw(TIMES), draw(TIMES), piece) for piece in text.split())
        cues.append(Cue(start, end, text, words))
    return cues


@settings(max_examples=300)
@given(heard_cues(), st.sampled_from(sorted(PROFILES)), st.sampled_from([24.0, 25.0, 60.0]))
def test_no_word_is_lost_and_nothing_overlaps(heard: list[Cue], name: str, frame_rate: float) -> None:
    cues = segment(heard, PROFILES[name], frame_rate=frame_rate)
    assert words_of(cues) == words_of(heard)
    assert all(cue.end > cue.start for cue in cues)
    assert all(before.end <= after.start for before, after in itertools.pairwise(cues))


@settings(max_examples=100)
@given(st.lists(st.sampled_from(SPEECH.split()), min_size=1, max_size=80), st.sampled_from(sorted(PROFILES)))
def test_normal_words_always_fit_the_lines(words: list[str], name: str) -> None:
    profile = PROFILES[name]
    for cue in segment([spoken(" ".join(words))], profile):
        assert len(cue.lines) <= profile.max_lines
        assert all(text_length(line) <= profile.max_chars for line in cue.lines)
        assert profile.max_duration is None or cue.duration <= profile.max_duration + 1e-6


@settings(max_examples=100)
@given(st.lists(st.sampled_from(SPEECH.split()), min_size=1, max_size=60), st.sampled_from(sorted(PROFILES)))
def test_segmenting_twice_changes_no_word(words: list[str], name: str) -> None:
    once = segment([spoken(" ".join(words))], PROFILES[name])
    assert words_of(segment(once, PROFILES[name])) == words_of(once)


# Quality


@pytest.mark.parametrize(
    ("cues", "rule"),
    [
        ([Cue(0, 2, "")], "empty"),
        ([Cue(0, 3, "a\nb\nc")], "lines"),
        ([Cue(0, 6, "x" * 43)], "line_length"),
        ([Cue(0, 1, "x" * 30)], "reading_speed"),
        ([Cue(0, 0.5, "hi")], "too_short"),
        ([Cue(0, 7.5, "hi")], "too_long"),
        ([Cue(0, 2, "one"), Cue(1.5, 4, "two")], "overlap"),
        ([Cue(0, 2, "one"), Cue(2.01, 4, "two")], "gap"),
        ([Cue(0, 2, "one"), Cue(2.3, 4, "two")], "gap"),
        ([Cue(5, 7, "one"), Cue(1, 3, "two")], "order"),
        ([Cue(5, 4, "one")], "order"),
        ([Cue(0, 4, "no more, no more, no more, no more")], "repeated"),
        ([Cue(i * 3, i * 3 + 2, "I am here") for i in range(3)], "repeated"),
        ([Cue(0, 3, "yes yes", compression_ratio=2.6)], "repeated"),
        ([Cue(0, 2, "Hello! Hello! Hello!")], "repeated"),
        ([Cue(0, 2, "ああああああああああ")], "repeated"),
        ([Cue(0, 2, "我们走我们走我们走我们走")], "repeated"),
        ([Cue(0, 2, "はい、はい、はい、はい、はい、はい、はい、はい")], "repeated"),
        ([Cue(0, 2, "no, no, no, no, no, no, no, no, no")], "repeated"),
        ([Cue(0, 2, "Thanks for watching!")], "invented"),
        ([Cue(0, 2, "Продолжение следует...")], "invented"),
        ([Cue(0, 2, "ご視聴ありがとうございました")], "invented"),
        ([Cue(0, 2, "시청해 주셔서 감사합니다!")], "invented"),
        ([Cue(0, 2, "请不吝点赞 订阅 转发\n打赏支持明镜与点点栏目")], "invented"),
        ([Cue(0, 2, "Untertitelung des ZDF, 2020")], "invented"),
        ([Cue(0, 2, "Sous-titrage ST' 501")], "invented"),
        ([Cue(0, 2, "hm", no_speech_prob=0.9, avg_logprob=-0.8)], "invented"),
        ([Cue(0, 2, "hm", avg_logprob=-1.2)], "unsure"),
        ([Cue(0, 2, "Min \ufffd\ufffdldre søster")], "unsure"),
        ([Cue(0, 4, "hm", (Word(0, 4, "hm"),))], "held_word"),
    ],
)
def test_each_rule_fires(cues: list[Cue], rule: str) -> None:
    assert rule in rules(cues)


def test_good_subtitles_have_no_problems() -> None:
    assert check([Cue(0, 2, "Good morning."), Cue(2 + 2 / 24, 5, "How do you do?"), Cue(7, 9, "Well.")], ENGLISH) == []
    assert (
        check([Cue(0, 2, "No, no, no! Thank you."), Cue(2.5, 4, "哈哈哈哈哈"), Cue(5, 7, "La la la la.")], ENGLISH)
        == []
    )


def test_milliseconds_of_rounding_are_no_problem() -> None:
    assert check([Cue(0.0, 0.833, "Yes."), Cue(0.916, 2.0, "No.")], ENGLISH) == []


def test_problems_say_where_and_what() -> None:
    (problem,) = check([Cue(0, 2, "Good."), Cue(3, 3.5, "Bad.")], ENGLISH)
    assert (problem.rule, problem.index) == ("too_short", 1)
    assert problem.message == "Shown for 0.50 s; at least 0.83 s are needed."


def test_bbc_counts_words_a_minute() -> None:
    assert rules([Cue(0, 1, "one two three four five")], PROFILES["bbc"]) == {"reading_speed"}


@settings(max_examples=200)
@given(heard_cues(), st.sampled_from(sorted(PROFILES)))
def test_checking_never_raises(cues: list[Cue], name: str) -> None:
    assert all(0 <= problem.index < len(cues) for problem in check(cues, PROFILES[name]))
