# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles added, removed, split and joined; the rules that hold for every edit."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import ITALIC, VOICE, Span
from subtitle_editor.core.subtitles import editing, realign, splitting, timing
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.profiles import PROFILES
from subtitle_editor.core.subtitles.timecode import FrameRate
from subtitle_editor.core.subtitles.track import Edited, EditError, on_timeline

RATE = FrameRate(24)
RULES = on_timeline(PROFILES["netflix-en"], RATE)
TIGHT = on_timeline(PROFILES["vertical"], RATE)
FRAME = 1 / 24


def spoken(text: str, start: float, pace: float = 0.5) -> Cue:
    """A subtitle with a word every `pace` seconds."""
    words = tuple(Word(start + n * pace, start + (n + 1) * pace, word) for n, word in enumerate(text.split()))
    return Cue(start, words[-1].end, text, words)


def texts(parts: Edited) -> list[str]:
    return [part.cue.text for part in parts]


def times(parts: Edited) -> list[tuple[float, float]]:
    return [(round(part.cue.start, 3), round(part.cue.end, 3)) for part in parts]


# Add and remove


def test_a_new_one_fills_the_gap_less_the_profiles() -> None:
    cues = [Cue(0, 1, "a", style="Top"), Cue(4, 5, "b")]
    parts = editing.add(cues, 2.0, RULES)
    assert times(parts) == [(0, 1), (2, 3.917), (4, 5)]
    assert [part.source for part in parts] == [0, 0, 1]
    assert (parts[1].cue.text, parts[1].cue.style) == ("", "Top")


def test_a_new_one_begins_behind_the_one_that_is_shown() -> None:
    parts = editing.add([Cue(0, 1, "a"), Cue(20, 21, "b")], 0.5, RULES)
    assert times(parts)[1] == (1.083, 4.083)


def test_a_new_one_before_all_others() -> None:
    parts = editing.add([Cue(2, 3, "a")], 0.0, RULES, "new")
    assert (times(parts)[0], texts(parts)) == ((0, 1.917), ["new", "a"])
    assert [(part.source, part.is_new) for part in parts] == [(0, True), (0, False)]


def test_the_first_of_all() -> None:
    assert editing.add([], 1.0, RULES)[0].source == -1


def test_no_room_for_a_new_one() -> None:
    with pytest.raises(EditError, match="no room"):
        editing.add([Cue(0, 1, "a"), Cue(1.1, 2, "b")], 0.5, RULES)


def test_remove_and_remove_with_the_gap() -> None:
    cues = [Cue(0, 1, "a"), Cue(2, 3, "b"), Cue(5, 6, "c"), Cue(8, 9, "d")]
    assert times(editing.remove(cues, [1])) == [(0, 1), (5, 6), (8, 9)]
    parts = editing.remove(cues, [1, 2], ripple=True)
    assert times(parts) == [(0, 1), (2, 3)]
    assert [part.source for part in parts] == [0, 3]


# Split


def test_split_goes_by_the_words_that_were_said() -> None:
    cue = dataclasses.replace(spoken("one two three four", 0.0), speaker="Anna", spans=(Span(4, 13, ITALIC),))
    parts = splitting.split([cue], 0, 1.5, RULES)
    assert texts(parts) == ["one two three", "four"]
    assert times(parts) == [(0, 1.417), (1.5, 2)]
    assert [part.source for part in parts] == [0, 0]
    assert [word.text for word in parts[0].cue.words] == ["one", "two", "three"]
    assert parts[0].cue.spans == (Span(4, 13, ITALIC),)
    assert [part.cue.speaker for part in parts] == ["Anna", "Anna"]


def test_split_takes_the_words_of_today() -> None:
    """The text was edited by hand since its words were measured."""
    cue = dataclasses.replace(spoken("one two three four", 0.0), text="one two and three four")
    assert texts(splitting.split([cue], 0, 1.0, RULES)) == ["one two", "and three four"]


def test_split_without_words_prefers_the_end_of_a_sentence() -> None:
    cue = Cue(0, 4, "It is late. We should have gone home")
    assert texts(splitting.split([cue], 0, 1.6, RULES)) == ["It is late.", "We should have gone home"]


def test_split_prefers_a_line_and_then_the_nearest_word() -> None:
    assert texts(splitting.split([Cue(0, 4, "never say\nnever again and again")], 0, 1.4, RULES))[0] == "never say"
    assert texts(splitting.split([Cue(0, 4, "aa bb cc dd")], 0, 2.0, RULES)) == ["aa bb", "cc dd"]


def test_split_can_keep_the_text_in_both() -> None:
    assert texts(splitting.split([Cue(0, 4, "a b")], 0, 2.0, RULES, keep_text=True)) == ["a b", "a b"]
    assert texts(splitting.split([Cue(0, 4, "alone")], 0, 2.0, RULES)) == ["alone", "alone"]


def test_split_outside_is_refused() -> None:
    for place in (0.0, 4.0, 9.0):
        with pytest.raises(EditError, match="no subtitle to split"):
            splitting.split([Cue(0, 4, "a b")], 0, place, RULES)


def test_split_into_lines_sentences_and_words() -> None:
    cue = spoken("Come in. Sit\ndown now.", 0.0)
    assert texts(splitting.split_lines([cue], 0, RULES)) == ["Come in. Sit", "down now."]
    assert times(splitting.split_lines([cue], 0, RULES)) == [(0, 1.417), (1.5, 2.5)]
    assert texts(splitting.split_sentences([cue], 0, RULES)) == ["Come in.", "Sit\ndown now."]
    parts = splitting.split_words([cue], 0, RULES)
    assert texts(parts) == ["Come", "in.", "Sit", "down", "now."]
    assert times(parts) == [(0, 0.5), (0.5, 1), (1, 1.5), (1.5, 2), (2, 2.5)]


def test_too_short_to_split_into_words() -> None:
    with pytest.raises(EditError, match="too short"):
        splitting.split_words([Cue(0, 0.1, "one two three four five")], 0, RULES)
    for function in (splitting.split_lines, splitting.split_sentences, splitting.split_words):
        with pytest.raises(EditError, match=r"one (line|sentence|word)"):
            function([Cue(0, 1, "word")], 0, RULES)


# Join


def test_merge_keeps_lines_words_and_formatting() -> None:
    first = dataclasses.replace(spoken("one two", 0.0), spans=(Span(0, 3, ITALIC),))
    second = dataclasses.replace(spoken("three", 2.0), spans=(Span(0, 5, ITALIC),))
    (part,) = editing.merge([first, second], [0, 1], RULES)
    assert (part.source, part.cue.text, part.cue.start, part.cue.end) == (0, "one two\nthree", 0.0, 2.5)
    assert part.cue.words == first.words + second.words
    assert part.cue.spans == (Span(0, 3, ITALIC), Span(8, 13, ITALIC))


def test_merge_lays_out_anew_what_does_not_fit() -> None:
    cues = [Cue(0, 1, "one\ntwo"), Cue(1, 2, "three\nfour")]
    assert texts(editing.merge(cues, [0, 1], RULES)) == ["one two three four"]


def test_merge_of_two_speakers_says_who_says_what() -> None:
    cues = [Cue(0, 1, "Hi", speaker="Anna"), Cue(1, 2, "Bye", speaker="Ben")]
    (part,) = editing.merge(cues, [0, 1], RULES)
    assert part.cue.speaker == ""
    assert part.cue.spans == (Span(0, 2, VOICE, "Anna"), Span(3, 6, VOICE, "Ben"))


def test_merge_refuses_what_lies_apart() -> None:
    cues = [Cue(n, n + 1, "x") for n in range(3)]
    with pytest.raises(EditError, match="between"):
        editing.merge(cues, [0, 2], RULES)
    with pytest.raises(EditError, match="only one"):
        editing.merge(cues, [1], RULES)


def test_merge_doubled() -> None:
    cues = [Cue(0, 1, "Same"), Cue(1, 2, "same "), Cue(5, 6, "same"), Cue(6, 7, "other")]
    parts = editing.merge_doubled(cues, RULES)
    assert (texts(parts), times(parts)) == (["Same", "same", "other"], [(0, 2), (5, 6), (6, 7)])


def test_growing_and_rolling_lines() -> None:
    growing = [Cue(0, 1, "I"), Cue(1, 2, "I am"), Cue(2, 3, "I am here")]
    assert (texts(editing.merge_doubled(growing, RULES)), times(editing.merge_doubled(growing, RULES))) == (
        ["I am here"], [(0, 3)],
    )  # fmt: skip
    rolling = [Cue(0, 1, "first line"), Cue(1, 2, "first line\nsecond"), Cue(2, 3, "second\nthird")]
    assert texts(editing.merge_doubled(rolling, RULES)) == ["first line\nsecond", "third"]
    rolling = [Cue(0, 1, "a b\nc d"), Cue(1, 2, "c d\ne f"), Cue(2, 3, "e f\ng h")]
    assert texts(editing.merge_doubled(rolling, RULES)) == ["a b\nc d", "e f", "g h"]


def test_a_word_to_the_next_and_back() -> None:
    cues = [spoken("one two three", 0.0), spoken("four five", 2.0)]
    there = editing.move_word(cues, 0, RULES, forward=True)
    assert texts(there) == ["one two", "three four five"]
    assert times(there) == [(0, 0.917), (1, 3)]
    assert [word.text for word in there[1].cue.words] == ["three", "four", "five"]
    back = editing.move_word([part.cue for part in there], 0, RULES, forward=False)
    assert texts(back) == ["one two three", "four five"]
    assert times(back) == [(0, 1.5), (2, 3)]


def test_a_word_without_a_time_moves_no_edge() -> None:
    cues = [Cue(0, 1, "one two"), Cue(2, 3, "three")]
    parts = editing.move_word(cues, 0, RULES, forward=True)
    assert (texts(parts), times(parts)) == (["one", "two three"], [(0, 1), (2, 3)])
    with pytest.raises(EditError, match="empty"):
        editing.move_word(cues, 0, RULES, forward=False)
    with pytest.raises(EditError, match="no subtitle"):
        editing.move_word(cues, 1, RULES, forward=True)


# What holds for every edit

WORDS = st.sampled_from("a be. the, fox! 字幕 don't mister wonderful - Yes? …".split())


@st.composite
def tracks(draw: st.DrawFn) -> list[Cue]:
    """Subtitles on frames, in order, not overlapping, with and without words, some formatted."""
    clock, cues = 0, []
    for _ in range(draw(st.integers(1, 6))):
        start = clock + draw(st.sampled_from([0, 1, 2, 5, 30]))
        clock = start + draw(st.integers(1, 120))
        said = draw(st.lists(WORDS, min_size=1, max_size=9))
        text = said[0] + "".join(draw(st.sampled_from([" ", " ", "\n"])) + word for word in said[1:])
        begin, end = start * FRAME, clock * FRAME
        words = realign.guessed(text, begin, end) if draw(st.booleans()) else ()
        edge = draw(st.integers(0, len(text)))
        spans = (Span(0, edge, ITALIC),) if edge else ()
        cues.append(Cue(begin, end, text, words, spans=spans, speaker=draw(st.sampled_from(["", "Anna"]))))
    return cues


def letters(cues: list[Cue]) -> str:
    return "".join("".join(cue.text.split()) for cue in cues)


KEEPING: dict[str, Callable[[list[Cue], int, float], Edited]] = {
    "split": lambda cues, index, share: splitting.split(
        cues, index, cues[index].start + share * cues[index].duration, RULES
    ),
    "lines": lambda cues, index, _: splitting.split_lines(cues, index, RULES),
    "sentences": lambda cues, index, _: splitting.split_sentences(cues, index, RULES),
    "words": lambda cues, index, _: splitting.split_words(cues, index, RULES),
    "merge": lambda cues, index, _: editing.merge(cues, [index, index + 1][: len(cues) - index], RULES),
    "forward": lambda cues, index, _: editing.move_word(cues, index, RULES, forward=True),
    "back": lambda cues, index, _: editing.move_word(cues, index, TIGHT, forward=False),
    "set in": lambda cues, index, share: timing.set_edge(
        cues, index, timing.Edge.IN, cues[index].start + (share - 0.5) * 3, RULES
    ),
    "set out": lambda cues, index, share: timing.set_edge(
        cues, index, timing.Edge.OUT, cues[index].end + (share - 0.5) * 3, RULES
    ),
    "shift rest": lambda cues, index, share: timing.set_in_and_shift(
        cues, index, cues[index].start + (share - 0.3) * 3, RULES
    ),
    "extend": lambda cues, index, _: timing.extend(cues, index, timing.Edge.OUT, RULES),
    "extend back": lambda cues, index, _: timing.extend(cues, index, timing.Edge.IN, RULES),
    "gaps": lambda cues, *_: timing.close_gaps(cues, RULES),
    "overlaps": lambda cues, *_: timing.close_overlaps(cues, TIGHT),
    "add": lambda cues, index, share: editing.add(cues, cues[index].start + share * 3, RULES),
    "ripple": lambda cues, index, share: timing.ripple(cues, cues[index].start, share * 2 - 0.5),
    "rate": lambda cues, *_: timing.change_rate(cues, FrameRate(25).exact, FrameRate(24, 1.001).exact, RULES),
}


def test_a_word_leaves_a_subtitle_of_one_frame_that_long() -> None:
    half = FRAME / 2
    short = Cue(0.0, FRAME, "a a", words=(Word(0.0, half, "a"), Word(half, FRAME, "a")))
    first, second = (part.cue for part in editing.move_word([short, Cue(FRAME, 1.0, "b")], 0, RULES, forward=True))
    assert (first.text, second.text) == ("a", "a b")
    assert first.end - first.start > half and first.end <= second.start


@settings(max_examples=600)
@given(tracks(), st.sampled_from(sorted(KEEPING)), st.data())
def test_an_edit_loses_no_letter_and_makes_no_overlap(cues: list[Cue], name: str, data: st.DataObject) -> None:
    index, share = data.draw(st.integers(0, len(cues) - 1)), data.draw(st.floats(0, 1))
    before = list(cues)
    try:
        parts = KEEPING[name](cues, index, share)
    except EditError:
        return
    finally:
        assert cues == before
    after = [part.cue for part in parts]
    alone = len(list(realign.pieces(cues[index].text))) == 1
    if not (name == "split" and alone):
        assert letters(after) == letters(cues)
    assert all(cue.end - cue.start > FRAME / 2 for cue in after)
    assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(after))
    for cue in after:
        assert not cue.words or realign.fit(cue.text, cue.words), cue
        assert all(0 <= span.start <= span.end <= len(cue.text) for span in cue.spans)
        assert all(realign.fit(word.text, [word]) and word.end >= word.start for word in cue.words)
    assert {part.source for part in parts} <= {-1, *range(len(cues))}
    old = [part.source for part in parts if not part.is_new]
    assert old == sorted(set(old))


@settings(max_examples=200)
@given(tracks(), st.data())
def test_split_and_merge_is_where_it_was(cues: list[Cue], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(cues) - 1))
    cue = cues[index]
    assume(len(list(realign.pieces(cue.text))) > 1)
    try:
        parts = splitting.split(cues, index, cue.start + cue.duration / 2, RULES)
    except EditError:
        return
    merged = editing.merge([part.cue for part in parts], [index, index + 1], RULES)[index].cue
    assert (merged.start, merged.end) == (cue.start, cue.end)
    assert merged.words == cue.words
    assert letters([merged]) == letters([cue])


@settings(max_examples=200)
@given(tracks())
def test_merging_doubled_keeps_every_line_on_the_screen(cues: list[Cue]) -> None:
    doubled = [cue for cue in cues for cue in (cue, dataclasses.replace(cue, start=cue.end, end=cue.end + FRAME))]
    after = [part.cue for part in editing.merge_doubled(doubled, RULES)]
    shown = " ".join(" ".join(cue.text for cue in after).casefold().split())
    assert all(" ".join(line.casefold().split()) in shown for cue in cues for line in cue.lines)
    assert len(after) <= len(cues)


def test_segmenting_again_keeps_words_speakers_and_formatting() -> None:
    first = dataclasses.replace(
        spoken("When the committee met on Tuesday nobody expected that", 0.0),
        speaker="Anna",
        spans=(Span(9, 18, ITALIC),),
    )
    second = dataclasses.replace(spoken("the chairman would resign before the vote.", 4.5), speaker="Anna")
    parts = editing.segment_again([first, second], TIGHT)
    assert letters([part.cue for part in parts]) == letters([first, second])
    assert all(len(line) <= 24 for part in parts for line in part.cue.lines)
    assert {part.cue.speaker for part in parts} == {"Anna"}
    marked = [part.cue.text[span.start : span.end] for part in parts for span in part.cue.spans]
    assert marked == ["committee"]


def test_what_is_cut_out_of_one_frame_follows_frame_by_frame() -> None:
    parts = editing.segment_again([Cue(0.0, 1 / float(RATE), "a a a a a a wonderful be. -")], TIGHT)
    assert len(parts) == 2
    assert parts[0].cue.end == pytest.approx(parts[1].cue.start) == pytest.approx(1 / float(RATE))


@settings(max_examples=150)
@given(tracks())
def test_segmenting_again_loses_nothing(cues: list[Cue]) -> None:
    parts = editing.segment_again(cues, TIGHT)
    after = [part.cue for part in parts]
    assert letters(after) == letters(cues)
    kinds = [char for cue in after for at, char in enumerate(cue.text) if not char.isspace()
             and any(span.start <= at < span.end for span in cue.spans)]  # fmt: skip
    were = [char for cue in cues for at, char in enumerate(cue.text) if not char.isspace()
            and any(span.start <= at < span.end for span in cue.spans)]  # fmt: skip
    assert kinds == were
    assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(after))
