# SPDX-License-Identifier: GPL-3.0-or-later
"""A track as SubRip in a text editor, and what was typed there."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import BOLD, ITALIC, Placing, Span
from subtitle_editor.core.subtitles import as_text
from subtitle_editor.core.subtitles.as_text import Taken, What
from subtitle_editor.core.subtitles.document import Cue

THIRD = 1 / 3


def track() -> list[Cue]:
    """Times that are no whole milliseconds, and things that SubRip cannot say."""
    return [
        Cue(1 + THIRD, 2 + THIRD, "Hello there", (Word(1.4, 1.8, "Hello"), Word(1.9, 2.2, "there")), speaker="Ana"),
        Cue(3, 4, "one\ntwo", spans=(Span(0, 3, ITALIC), Span(4, 7, "ass.karaoke", "k20")), style="Sign"),
        Cue(5, 6 + THIRD, "Nobody."),
        Cue(7, 8, "Nobody.", layer=2),
    ]


def taken(cues: list[Cue], *edits: tuple[str, str]) -> tuple[Taken, list[Cue]]:
    """What comes of replacing texts in the written track, and the track then, in order of time."""
    before, order = as_text.written(cues)
    text = before
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    found = as_text.taken_back(before, text, cues, order)
    return found, sorted((part.cue for part in found.parts), key=lambda cue: cue.start)


def test_it_reads_like_a_file() -> None:
    text, order = as_text.written([Cue(0, 1, ""), *track(), Cue(0.2, 0.5, "First")])
    assert order == [5, 1, 2, 3, 4]
    assert text.startswith("1\n00:00:00,200 --> 00:00:00,500\nFirst\n\n2\n00:00:01,333 --> 00:00:02,333\nHello there\n")
    assert "<i>one</i>\ntwo" in text


def test_nothing_typed_changes_nothing() -> None:
    found, after = taken(track())
    assert found.differences == () and found.findings == () and after == track()


def test_another_text_keeps_all_that_is_not_its_letters() -> None:
    found, after = taken(track(), ("Hello there", "Hello, you there"))
    (one,) = found.differences
    assert (one.what, one.clashes) == (What.CHANGED, False)
    assert (after[0].start, after[0].end, after[0].speaker) == (1 + THIRD, 2 + THIRD, "Ana")
    assert [(word.text, word.start) for word in after[0].words][::2] == [("Hello,", 1.4), ("there", 1.9)]
    assert after[1:] == track()[1:]


def test_tags_are_formatting_and_what_srt_cannot_say_stays() -> None:
    _, after = taken(track(), ("<i>one</i>\ntwo", "one\n<b>two</b>"))
    assert set(after[1].spans) == {Span(4, 7, BOLD), Span(4, 7, "ass.karaoke", "k20")} and after[1].style == "Sign"
    _, after = taken(track(), ("two", "{\\an8}two"))
    assert after[1].placing == Placing(8)


def test_times() -> None:
    found, after = taken(track(), ("00:00:01,333 --> 00:00:02,333", "00:00:01,833 --> 00:00:02,833"))
    assert after[0].start == 1.833 and after[0].words[0].start == pytest.approx(1.9)
    _, after = taken(track(), ("00:00:05,000 --> 00:00:06,333", "00:00:05,500 --> 00:00:06,333"))
    assert (after[2].start, after[2].end) == (5.5, 6 + THIRD)
    assert found.count(What.CHANGED) == 1


def test_added_and_removed() -> None:
    block = "3\n00:00:05,000 --> 00:00:06,333\nNobody.\n\n"
    found, after = taken(track(), (block, "9\n00:00:09,000 --> 00:00:10,000\nNew <i>one</i>\n\n"))
    assert {one.what for one in found.differences} == {What.ADDED, What.REMOVED}
    assert after == [*track()[:2], track()[3], Cue(9, 10, "New one", spans=(Span(4, 7, ITALIC),))]
    (new,) = [part for part in found.parts if part.is_new]
    assert new.source == 3


def test_numbers_say_nothing() -> None:
    text = as_text.written(track())[0]
    renumbered = text.replace("4\n00:00:07", "77\n00:00:07").replace("1\n00:00:01", "00:00:01")
    assert as_text.taken_back(text, renumbered, track(), range(4)).differences == ()


def test_blocks_in_another_order_are_the_same_track() -> None:
    text = as_text.written(track())[0]
    blocks = text.split("\n\n")
    random.Random(3).shuffle(blocks)
    found = as_text.taken_back(text, "\n\n".join(blocks), track(), range(4))
    assert found.differences == () and found.findings == ()


def test_all_of_it_may_go_and_what_came_meanwhile_stays() -> None:
    before, order = as_text.written(track())
    found = as_text.taken_back(before, " \n", [*track(), Cue(9, 9.5, "since")], order)
    assert [part.cue.text for part in found.parts] == ["since"] and found.count(What.REMOVED) == 4


def test_the_timeline_may_change_meanwhile() -> None:
    before, _ = as_text.written(track())
    now = track()
    now[2] = dataclasses.replace(now[2], start=5.25)
    now.insert(0, Cue(0, 1, "since"))
    del now[4]  # the last one
    text = before.replace("00:00:06,333\nNobody.", "00:00:06,333\nSomebody.")
    found = as_text.taken_back(before, text, now, [1, 2, 3, None])
    (one,) = found.differences
    assert one.after == dataclasses.replace(now[3], text="Somebody.") and one.clashes
    # One that was removed on the timeline comes back only where it was typed in.
    text = before.replace("00:00:08,000\nNobody.", "00:00:08,000\nEverybody.")
    (one,) = as_text.taken_back(before, text, now, [1, 2, 3, None]).differences
    assert (one.what, one.clashes) == (What.ADDED, True)


def test_what_cannot_be_read_is_said_with_its_line() -> None:
    found, _ = taken(track(), ("00:00:05,000 -->", "00:00:0x,000 -->"))
    assert found.findings and found.findings[0].line == 11
    before, order = as_text.written(track())
    with pytest.raises(SubtitleFileError):
        as_text.taken_back(before, "all gone wrong", track(), order)


CUES = st.lists(
    st.builds(
        lambda start, length, text: Cue(start, start + length, text, (Word(start, start + length, text),)),
        st.integers(0, 900).map(lambda n: n / 24), st.integers(1, 90).map(lambda n: n / 24),
        st.sampled_from(["a", "b", "a b", "é <x> & {y}", "1", "می‌خواهم", "- x\n- y"]),
    ),
    max_size=12,
)  # fmt: skip


def blocks(cues: list[Cue]) -> list[str]:
    """The blocks of their SubRip without their numbers, those at the same time in order of their texts."""
    return sorted(block.partition("\n")[2].strip() for block in as_text.written(cues)[0].split("\n\n"))


@given(CUES, CUES)
def test_any_text_ends_as_it_says(cues: list[Cue], others: list[Cue]) -> None:
    before, order = as_text.written(cues)
    text, _ = as_text.written(others)
    found = as_text.taken_back(before, text, cues, order)
    after = [part.cue for part in found.parts]
    assert blocks(after) == blocks(others)
    sources = [part.source for part in found.parts if not part.is_new]
    assert len(set(sources)) == len(sources)
    # Back again is where it began, for what was never gone.
    assert as_text.taken_back(before, before, cues, order).differences == ()


def test_what_is_moved_to_where_another_one_was_stays_itself() -> None:
    cues = [Cue(1, 2, "a", speaker="Ann"), Cue(3, 4, "b", speaker="Bob")]
    before, order = as_text.written(cues)
    text, _ = as_text.written([cue.shifted(2) for cue in cues])
    after = [part.cue for part in as_text.taken_back(before, text, cues, order).parts]
    assert [(cue.start, cue.text, cue.speaker) for cue in after] == [(3, "a", "Ann"), (5, "b", "Bob")]


@given(CUES, st.integers(-20, 20))
def test_moved_texts_stay_themselves(cues: list[Cue], frames: int) -> None:
    cues = [dataclasses.replace(cue.shifted(1), speaker=str(at)) for at, cue in enumerate(cues)]
    before, order = as_text.written(cues)
    text, _ = as_text.written([cue.shifted(frames / 24) for cue in cues])
    found = as_text.taken_back(before, text, cues, order)
    assert sorted(part.cue.speaker for part in found.parts) == sorted(cue.speaker for cue in cues)
