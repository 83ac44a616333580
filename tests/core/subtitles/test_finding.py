# SPDX-License-Identifier: GPL-3.0-or-later
"""Find and replace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import ITALIC, Span
from subtitle_editor.core.subtitles import finding
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.finding import Change, Match, PatternError, Query


def cues(*texts: str) -> list[Cue]:
    return [Cue(n, n + 1, text) for n, text in enumerate(texts)]


def test_plain_search_minds_no_case_unless_asked() -> None:
    track = cues("Anna and anna", "ANNABELLE")
    assert finding.find(track, Query("anna")) == [Match(0, 0, 4), Match(0, 9, 13), Match(1, 0, 5 - 1)]
    assert finding.find(track, Query("anna", match_case=True)) == [Match(0, 9, 13)]
    assert [match.index for match in finding.find(track, Query("Anna", whole_word=True))] == [0, 0]


def test_signs_are_just_signs_in_a_plain_search() -> None:
    assert finding.find(cues("What? (No.)"), Query("(no.)")) == [Match(0, 6, 11)]
    assert finding.find(cues("C++ and C"), Query("C++", whole_word=True)) == [Match(0, 0, 3)]
    assert finding.replace(cues("a.b"), Query("."), r"\1$1")[0][0].cue.text == r"a\1$1b"


def test_a_space_finds_the_end_of_a_line() -> None:
    assert finding.find(cues("in New\nYork"), Query("new york")) == [Match(0, 3, 11)]


def test_replacing_with_groups() -> None:
    query = Query(r"(\w+) says (?P<what>\w+)", use_regex=True)
    for replacement in (r"\g<what>, \1", "${what}, $1", r"\2, \1"):
        (part,), count = finding.replace(cues("Anna says hello"), query, replacement)
        assert (part.cue.text, count) == ("hello, Anna", 1)
    assert finding.replace(cues("5"), Query(r"\d", use_regex=True), "$$5")[0][0].cue.text == "$5"


def test_preview_says_what_and_how_often() -> None:
    assert list(finding.preview(cues("a b a", "b"), Query("a"), "c")) == [Change(0, "a b a", "c b c", 2)]
    assert list(finding.preview(cues("a", "a"), Query("a"), "c", [1])) == [Change(1, "a", "c", 1)]


def test_times_and_formatting_follow() -> None:
    cue = Cue(0, 3, "hello dear Ana", (Word(0, 1, "hello"), Word(1, 2, "dear"), Word(2, 3, "Ana")),
              spans=(Span(6, 10, ITALIC),))  # fmt: skip
    (part,), _ = finding.replace([cue], Query("ana", whole_word=True), "Anna Maria")
    assert [(word.text, word.start, word.end) for word in part.cue.words] == [
        ("hello", 0, 1), ("dear", 1, 2), ("Anna", 2, 2.5), ("Maria", 2.5, 3),
    ]  # fmt: skip
    assert part.cue.spans == (Span(6, 10, ITALIC),)


@pytest.mark.parametrize(
    ("query", "replacement"),
    [(Query("", use_regex=True), ""), (Query("(", use_regex=True), ""), (Query("a", use_regex=True), r"\7"),
     (Query("a", use_regex=True), r"\q"), (Query("a{99999999999}", use_regex=True), "")],
)  # fmt: skip
def test_what_cannot_be_read_is_said(query: Query, replacement: str) -> None:
    with pytest.raises(PatternError, match=r"nothing to look for|no regular expression|cannot be read"):
        finding.replace(cues("a"), query, replacement)


def test_what_matches_nothing_changes_nothing() -> None:
    assert finding.find(cues("abc"), Query("x*", use_regex=True)) == []
    assert finding.replace(cues("abc"), Query("x*", use_regex=True), "y")[1] == 0


@given(st.text("ab. (\n", max_size=20), st.text("ab. (", min_size=1, max_size=3), st.text("ab\\$1", max_size=5))
def test_plain_replacing_is_pythons(text: str, find: str, replacement: str) -> None:
    """Where no space is involved, which also finds line ends."""
    if " " in find:
        return
    (part,), count = finding.replace(cues(text), Query(find, match_case=True), replacement)
    assert (part.cue.text, count) == (text.replace(find, replacement), text.count(find))
