# SPDX-License-Identifier: GPL-3.0-or-later
"""Shaping for people: where languages let a text break, times that are wrong or guessed, and free time for readers."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Cue, Word, text_length
from subtitle_editor.core.subtitles import breaks
from subtitle_editor.core.subtitles.layout import HARD, Typeset, break_lines, rules_for
from subtitle_editor.core.subtitles.profiles import PROFILES
from subtitle_editor.core.subtitles.segmentation import EARLY, Shaper, segment
from subtitle_editor.core.subtitles.settling import SHORTEST, settled

TEXTS = {
    path.stem: path.read_text(encoding="utf-8").strip() for path in Path(__file__).parents[2].glob("data/shaping/*")
}
SPACED = sorted(TEXTS.keys() - {"zh", "ja", "th"})
MARK = re.compile("[\u0e30-\u0e3a\u0e47-\u0e4e]")
"""Thai vowels and tones that stand over, under or after a consonant."""
NETFLIX, ENGLISH = PROFILES["netflix"], PROFILES["netflix-en"]


def spoken(text: str, start: float = 0.0, pace: float = 0.35) -> Cue:
    """A segment as a model hears it: each word `pace` seconds long, one after the other."""
    words = [Word(start + i * pace, start + (i + 1) * pace, word) for i, word in enumerate(text.split())]
    return Cue(start, words[-1].end, text, tuple(words))


def letters(text: str, start: float = 0.0, pace: float = 0.15) -> Cue:
    """The same for a script without spaces: a word each letter with its marks, as a model's tokens are."""
    parts = breaks.clusters(text)
    words = [Word(start + i * pace, start + (i + 1) * pace, part, glued=i > 0) for i, part in enumerate(parts)]
    return Cue(start, words[-1].end, text, tuple(words))


# Sentence ends


@pytest.mark.parametrize(
    ("language", "ends", "goes_on"),
    [
        ("en", "problems. first. no? hair. 1999. end.”", "Sgt. Mrs. e.g. J. U.S."),
        ("de", "Hand. 1999. Tag.“ Herr.", "Nr. Hr. Dr. 1. 31. z.B. usw."),
        ("fr", "fin. non! bien.»", "M. Mme. etc. p.ex."),
        ("es", "fin. ¿no? sí.", "Sr. Sra. Ud."),
        ("ar", "نهاية. متى؟", "د."),
        ("ur", "تھا۔", ""),
        ("hi", "गया। है॥", "डॉ."),
        ("ja", "だった。 本当？ と。」", ""),
        ("ru", "дом. да!", "ул. т.д. г. А."),
        ("pl", "koniec. tak?", "np. ul. 3. dr."),
        ("el", "κάνεις; σήμερα. όχι!»", "π.χ. κ. δρ."),
        ("de", "Stern. so. Max.", "Hauptstr. Karl-Marx-Str."),
    ],
)
def test_a_full_stop_ends_a_sentence_unless_it_belongs_to_the_word(language: str, ends: str, goes_on: str) -> None:
    rules = breaks.rules_of(language)
    assert [word for word in ends.split() if not rules.ends_sentence(word)] == []
    assert [word for word in goes_on.split() if rules.ends_sentence(word)] == []


@pytest.mark.parametrize(
    ("language", "word", "ends_before", "goes_on_before"),
    [
        ("en", "No.", "Never", "5"), ("en", "etc.", "Then", "and"), ("de", "max.", "Danach", "30"),
        ("de", "usw.", "Danach", "und"), ("de", "so.", "Gut", "3."), ("es", "mar.", "Luego", "2024"),
        ("pl", "itd.", "Potem", "i"),
    ],
)  # fmt: skip
def test_what_follows_tells_whether_an_abbreviation_ends_a_sentence(
    language: str, word: str, ends_before: str, goes_on_before: str
) -> None:
    rules = breaks.rules_of(language)
    assert rules.ends_sentence(word, ends_before) and not rules.ends_sentence(word, goes_on_before)


# Words that hold together


@pytest.mark.parametrize("profile", ["netflix", "netflix-en-children", "prime", "bbc", "vertical"])
@pytest.mark.parametrize("language", SPACED)
def test_no_line_ends_with_an_article_or_a_preposition_if_another_layout_avoids_it(language: str, profile: str) -> None:
    rules, rule = breaks.rules_of(language), PROFILES[profile]
    cues = segment([spoken(TEXTS[language])], rule, language=language)
    assert "".join("".join(cue.text.split()) for cue in cues) == "".join(TEXTS[language].split())
    for cue in cues:
        words = cue.words
        typeset = Typeset.of(words, rules)
        for line in cue.lines[:-1]:
            if breaks.bare(line.split()[-1]) in rules.ends_not:
                best = typeset.best(0, len(words), rule)
                assert best is None or typeset.worst(best[1]) >= HARD, f"{cue.text!r} could be laid out better"
    for cue, after in itertools.pairwise(cues):
        last = cue.text.split()[-1]
        assert breaks.bare(last) not in rules.ends_not or rules.ends_sentence(last), f"{cue.text!r} | {after.text!r}"


def test_the_language_is_found_from_the_words() -> None:
    assert {code: breaks.guessed(text.split()).language for code, text in TEXTS.items()} == {
        code: code for code in TEXTS
    }
    assert breaks.guessed(["Hm", "42"]) == breaks.rules_of("")
    assert breaks.rules_of("pt-BR") == breaks.rules_of("pt") and breaks.rules_of("xx").language == "xx"


def test_a_window_that_ends_after_an_article_does_not_cut_there() -> None:
    heard = [spoken("Er wohnt in der"), spoken("Bahnhofstraße neben dem alten Kino.", start=4 * 0.35 + 0.6)]
    assert segment(heard, NETFLIX, language="de")[0].text.split()[-1] != "der"


def test_a_postposition_begins_no_line() -> None:
    text = "Herkes bugün saat beşten sonra büyük toplantı için bizimle birlikte gelecek diye düşünüyorum"
    for cue in segment([spoken(text)], PROFILES["vertical"], language="tr"):
        assert not {line.split()[0] for line in cue.lines} & {"için", "sonra"}


def test_first_and_last_name_stay_on_a_line() -> None:
    lines = break_lines(
        [Word(0, 0, word) for word in "yesterday evening we met Maria Gonzalez outside".split()], ENGLISH, "en"
    )
    assert "Maria Gonzalez" in lines


# Speakers, songs, and words longer than a line


@pytest.mark.parametrize(
    ("language", "text", "made"),
    [
        ("en", "- Hello. - Hi there.", ["- Hello.\n- Hi there."]),
        ("en", "Where is he? -Over there!", ["Where is he?\n-Over there!"]),
        ("es", "—¿Vienes? —Sí.", ["—¿Vienes?\n—Sí."]),
        ("en", "- Yes. - No. - Why not?", ["- Yes.\n- No.", "- Why not?"]),
        (
            "en",
            "- How are you doing today, my friend? - Fine, thanks, and yourself, if I may ask?",
            ["- How are you doing today, my friend?", "- Fine, thanks,\nand yourself, if I may ask?"],
        ),
        ("en", ">> Are you there? >> Yes.", [">> Are you there?\n>> Yes."]),
        ("en", "It is cold. -5 degrees.", ["It is cold. -5 degrees."]),
        ("en", "A well-known man - or so it seems.", ["A well-known man - or so it seems."]),
    ],
)
def test_each_speaker_begins_a_line(language: str, text: str, made: list[str]) -> None:
    assert [cue.text for cue in segment([spoken(text, pace=0.25)], ENGLISH, language=language)] == made


@pytest.mark.parametrize("number", ["1 000 000", "12 500 €", "50 %", "3,5 °C"])
def test_a_number_stays_on_its_line(number: str) -> None:
    for size in range(14, 40):
        profile = dataclasses.replace(NETFLIX, max_chars=size)
        cues = segment([spoken(f"il y en a {number} dans la grande salle du fond")], profile, language="fr")
        assert any(number in line for cue in cues for line in cue.lines), [cue.text for cue in cues]


def test_a_dash_ends_no_line() -> None:
    for size in range(14, 40):
        text = "I was there - or so it seems - and nobody ever asked. - Why?"
        profile = dataclasses.replace(ENGLISH, max_chars=size)
        lines = [line for cue in segment([spoken(text)], profile, language="en") for line in cue.lines]
        assert not any(line.endswith("-") for line in lines), lines


def test_a_song_breaks_between_its_lines() -> None:
    text = "♪ I want to hold your hand ♪ ♪ And so much more than that ♪"
    assert [cue.text for cue in segment([spoken(text)], ENGLISH, language="en")] == [
        "♪ I want to hold your hand ♪\n♪ And so much more than that ♪"
    ]
    song = spoken("♪ We sing of things that were and are ♪", start=0.4)
    heard = [spoken("Yes."), song, spoken("He stops.", start=song.end + 0.05)]
    lines = [line for cue in segment(heard, PROFILES["vertical"], language="en") for line in cue.lines]
    assert not {"♪", "Yes. ♪", "♪ He stops."} & set(lines) and any(line.endswith("are ♪") for line in lines), lines


def test_a_word_longer_than_a_line_has_one_to_itself() -> None:
    address = "https://www.example.com/some/very/long/path/that/does/not/end"
    [cue] = segment([spoken(f"Go to {address}")], ENGLISH, language="en")
    assert cue.text == f"Go to\n{address}"


# Scripts without spaces


@pytest.mark.parametrize(
    ("language", "first", "second", "whole"),
    [
        ("zh", "我喜欢 Apple", "Watch 很好", "我喜欢 Apple Watch 很好"),
        ("ja", "OK", "Google 天気は", "OK Google 天気は"),
        ("ja", "2024", "3月です", "2024 3月です"),
        ("zh", "我们用 AI", "技术很好", "我们用 AI技术很好"),
        ("zh", "好的，", "OK 吗", "好的，OK 吗"),
    ],
)
def test_latin_words_of_two_segments_do_not_run_together(language: str, first: str, second: str, whole: str) -> None:
    cues = segment([Cue(0, 1, first), Cue(1.05, 2, second)], PROFILES["netflix-zh"], language=language)
    assert " ".join(cue.text.replace("\n", " ") for cue in cues) == whole


def test_chinese_segments_are_joined_without_a_space() -> None:
    heard = [letters("今天天气"), letters("很好，我们去公园", start=0.65)]
    cues = segment(heard, PROFILES["netflix-zh"], language="zh")
    assert "".join(cue.text for cue in cues).replace("\n", "") == "今天天气很好，我们去公园"
    assert " " in "".join(
        cue.text for cue in segment([spoken("오늘 날씨"), spoken("좋다", start=0.8)], PROFILES["netflix-ko"])
    )


def test_latin_words_in_chinese_keep_what_the_model_said() -> None:
    heard = [letters("我们使用"), letters("AI技术", start=0.7)]
    assert "".join(cue.text for cue in segment(heard, PROFILES["netflix-zh"], language="zh")) == "我们使用AI技术"


@pytest.mark.parametrize(("language", "profile"), [("ja", "netflix-ja"), ("zh", "netflix-zh"), ("th", "netflix")])
def test_no_break_is_inside_a_word(language: str, profile: str) -> None:
    text = "".join(TEXTS[language].split())
    cues = segment([letters(text)], PROFILES[profile], language=language)
    assert "".join(cue.text.replace("\n", "") for cue in cues) == text
    _, words = breaks.inner_breaks(text, language)
    ends = set(itertools.accumulate(len(line) for cue in cues for line in cue.lines))
    assert ends - words == set()
    assert all(text_length(line) <= PROFILES[profile].max_chars for cue in cues for line in cue.lines)


def test_a_thai_sentence_without_times_is_broken_between_words() -> None:
    cues = segment([Cue(0, 30, TEXTS["th"])], PROFILES["vertical"], language="th")
    assert all(text_length(line) <= 24 for cue in cues for line in cue.lines)
    first = {line[0] for cue in cues for line in cue.lines}
    assert not any("\u0e30" <= char <= "\u0e3a" or "\u0e47" <= char <= "\u0e4e" for char in first), (
        "a mark begins a line"
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "我昨天用了ChatGPT和Midjourney做了一个PPT，效果very good，大家都说OK。"),
        ("ja", "昨日はYouTubeでNetflixとAmazonのTrailerを見ましたがPlotは分かりませんでした"),
    ],
)
def test_foreign_words_in_a_script_without_spaces_do_not_hold_it_together(language: str, text: str) -> None:
    profile = PROFILES[f"netflix-{language}"]
    cues = segment([Cue(0, 8, text)], profile, language=language)
    assert cues[0].start == 0 and all(text_length(line) <= profile.max_chars for cue in cues for line in cue.lines)
    foreign = set(re.findall("[A-Za-z]+", text))
    assert {word for cue in cues for line in cue.lines for word in re.findall("[A-Za-z]+", line)} == foreign


@pytest.mark.parametrize(
    ("language", "text", "inside"),
    [
        ("my", "ကျွန်တော်တို့ဒီနေ့ဉာဏ်ရည်တုအကြောင်းပြောကြမယ်ဒါကတော့အရမ်းစိတ်ဝင်စားဖို့",
         "[\u1000-\u1021]\u1037?\u103a|[\u102b-\u103e]"),
        ("km", "សួស្តីអ្នកទាំងអស់គ្នាថ្ងៃនេះយើងនឹងនិយាយអំពីបញ្ញាសិប្បនិម្មិតនិងការរៀនម៉ាស៊ីន", "[\u17b4-\u17d3]"),
    ],
)  # fmt: skip
def test_no_syllable_is_broken_of_which_no_dictionary_knows(language: str, text: str, inside: str) -> None:
    heard = [Word(i * 0.1, i * 0.1 + 0.1, char, glued=i > 0) for i, char in enumerate(text)]
    for items in ([Cue(0, 9, text)], heard):
        lines = [line for cue in segment(items, PROFILES["vertical"], language=language) for line in cue.lines]
        assert "".join(lines) == text and len(lines) > 1
        assert not any(re.match(inside, line) for line in lines), lines


def test_a_thai_demonstrative_begins_no_line() -> None:
    for size in range(8, 30):
        profile = dataclasses.replace(NETFLIX, max_chars=size, max_cps=None)
        cues = segment([Cue(0, 8, "สวัสดีครับวันนี้เราจะมาพูดถึงเรื่องของปัญญาประดิษฐ์")], profile, language="th")
        assert not any(line.startswith("นี้") for cue in cues for line in cue.lines)


def test_without_budoux_letters_keep_their_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaks, "_parser", lambda *_, **__: None)
    cues = segment([Cue(0, 30, "ที่นี่อากาศดีมากวันนี้เราไปเดินเล่นที่สวนสาธารณะ")], PROFILES["vertical"], language="th")
    lines = [line for cue in cues for line in cue.lines]
    assert "".join(lines) == "ที่นี่อากาศดีมากวันนี้เราไปเดินเล่นที่สวนสาธารณะ"
    assert all(
        line == "".join(breaks.clusters(line)) and not re.match(r"[\u0e30-\u0e3a\u0e47-\u0e4e]", line) for line in lines
    )


# Times


def test_one_wrong_time_is_isolated() -> None:
    heard = spoken("one two three four five six", start=10.0, pace=0.5)
    words = list(heard.words)
    words[2] = Word(90.0, 95.0, "three")
    found = settled(words)
    assert [word.start for word in found if word.text != "three"] == [10.0, 10.5, 11.5, 12.0, 12.5]
    assert found[2].guessed and 10.5 <= found[2].start < found[2].end <= 11.5
    assert not any(word.guessed for word in found if word.text != "three")


def test_guessed_times_make_room_for_measured_ones() -> None:
    guessed = Cue(0.0, 9.0, "these words have no times of their own")
    measured = spoken("but these were measured", start=4.0)
    cues = segment([guessed, measured], ENGLISH)
    words = [word for cue in cues for word in cue.words]
    assert [word.start for word in words if not word.guessed] == [word.start for word in measured.words]
    assert all(one.end <= two.start + 1e-9 for one, two in itertools.pairwise(words))


def test_what_was_guessed_says_so() -> None:
    cues = segment([Cue(0.0, 2.0, "nobody measured this"), spoken("this was", start=2.1)], ENGLISH)
    assert cues[0].words == () or all(word.guessed == (word.start < 2.1) for word in cues[0].words)
    assert Word(0, 1, "x", guessed=True).as_dict()["guessed"] is True
    assert "guessed" not in Word(0, 1, "x").as_dict()


def test_a_fast_line_takes_the_free_time_around_it() -> None:
    words = "extraordinarily complicated considerations notwithstanding.".split()
    heard = Cue(10, 11, " ".join(words), tuple(Word(10 + i / 4, 10.25 + i / 4, word) for i, word in enumerate(words)))
    (alone,) = segment([heard], ENGLISH)
    assert alone.cps <= 20.001 and alone.start == 10.0, "after it there is time enough"
    after = spoken("Next.", start=11.2)
    squeezed = segment([heard, after], ENGLISH)[0]
    assert 10.0 - EARLY <= squeezed.start < 10.0 and squeezed.end <= 11.2
    assert segment([spoken("Before.", start=9.6), heard, after], ENGLISH)[1].start >= 9.95


word_lists = st.lists(
    st.tuples(
        st.floats(0, 100), st.floats(-1, 40), st.sampled_from(["a", "the", "Haus", "天", "end.", "ครับ"]), st.booleans()
    ),
    max_size=25,
)


@given(word_lists)
@settings(max_examples=200)
def test_settled_times_increase_and_no_word_is_lost(parts: list[tuple[float, float, str, bool]]) -> None:
    words = [Word(start, start + length, text, guessed=guessed) for start, length, text, guessed in parts]
    found = settled(words)
    assert [word.text for word in found] == [word.text for word in words]
    assert all(word.end >= word.start + SHORTEST * 0.99 for word in found)
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))


@given(word_lists, st.sampled_from(sorted(PROFILES)), st.sampled_from(["", "de", "zh", "th"]))
@settings(max_examples=150)
def test_nothing_is_lost_or_overlaps(parts: list[tuple[float, float, str, bool]], profile: str, language: str) -> None:
    words = [Word(start, start + length, text, guessed=guessed) for start, length, text, guessed in parts]
    cues = segment(words, PROFILES[profile], language=language)
    assert "".join("".join(cue.text.split()) for cue in cues) == "".join(word.text for word in words)
    assert all(cue.duration > 0 for cue in cues)
    assert all(one.end <= two.start + 1e-6 for one, two in itertools.pairwise(cues))
    for cue in cues:
        assert all(text_length(line) <= PROFILES[profile].max_chars for line in cue.lines)


# While it is heard


def pieces(heard: list[Cue], cuts: list[int]) -> list[list[Cue]]:
    """The segments in pieces of so many, the last size again and again."""
    found, at = [], 0
    for size in itertools.chain(cuts, itertools.repeat(1)):
        if at >= len(heard):
            return found
        found.append(heard[at : at + size])
        at += size
    raise AssertionError


@given(
    st.lists(st.tuples(st.floats(-2, 3), st.integers(1, 12), st.booleans(), st.floats(0.05, 0.6)), max_size=30),
    st.lists(st.integers(0, 7), max_size=20),
    st.sampled_from(["netflix", "prime", "vertical"]),
)
@settings(max_examples=150)
def test_in_whatever_pieces_it_is_heard_the_same_is_made(
    parts: list[tuple[float, int, bool, float]], cuts: list[int], profile: str
) -> None:
    """Also where segments overlap or go back in time."""
    heard, at = [], 0.0
    for pause, count, ends, pace in parts:
        text = " ".join(f"word{number}" for number in range(count)) + ("." if ends else "")
        heard.append(spoken(text, max(0.0, at + pause), pace))
        at = heard[-1].end
    shaper = Shaper(PROFILES[profile], rules_for([], "en"))
    given_ = [shaper.feed(piece) for piece in pieces(heard, cuts)]
    assert [*itertools.chain(*given_), *shaper.finish()] == segment(heard, PROFILES[profile], language="en")


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_subtitles_are_settled_soon_after_they_were_heard(language: str) -> None:
    """What is still open are the last run of speech and the subtitle before it: nobody waits for the end of a film."""
    shape = letters if language in ("zh", "ja", "th") else spoken
    sentences = re.split(r"(?<=[.!?。！？।۔؟])\s*|\n", TEXTS[language])
    heard, at = [], 0.0
    for sentence in [part for part in sentences if part.strip()] * 3:
        heard.append(shape(sentence.strip(), at))
        at = heard[-1].end + 0.5
    shaper = Shaper(NETFLIX, rules_for([], language))
    until = 0.0
    for number, one in enumerate(heard):
        for cue in shaper.feed([one]):
            until = cue.end
        # Some of these "sentences" end with an abbreviation, and go on.
        assert number < 5 or until >= heard[number - 5].start
