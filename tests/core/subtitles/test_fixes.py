# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of signs, names, cuts and overlaps, and what mends them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.subtitles import fixes, quality
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.profiles import PROFILES
from subtitle_editor.core.subtitles.quality import Film
from subtitle_editor.core.subtitles.timecode import FrameRate
from subtitle_editor.core.subtitles.track import on_timeline

PROFILE = PROFILES["netflix-en"]
RULES = on_timeline(PROFILE, FrameRate(24))
FILM = Film(24.0, cuts=(2.0, 5.0), names=("Anna", "McKay"))


def rules(*cues: Cue, film: Film = FILM) -> list[tuple[str, int]]:
    return [(problem.rule, problem.index) for problem in quality.problems(cues, PROFILE, film)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("two  spaces", "spaces"), (" edge", "spaces"), ("edge \nline", "spaces"), ("a\n\nb", "spaces"),
        ("soft\u00adhyphen", "characters"), ("lost \ufffd", "characters"), ("\u200bnothing", "characters"),
        ("<i>it", "tags"), ("{\\an8}up", "tags"), ("</font>", "tags"),
        ('say "this', "quotes"), ("(aside", "quotes"), ("“open", "quotes"),
        ("anna, come", "names"), ("Mckay!", "names"),
    ],
)  # fmt: skip
def test_signs_and_names(text: str, rule: str) -> None:
    assert (rule, 0) in rules(Cue(10, 12, text))


@pytest.mark.parametrize(
    "text", ["fine", "می‌روم", "\u200eرو\u200f", "a < b > c", "5 > 3", '(a) “b” «c» "d"', "ANNA!", "Anna", "annals"]
)
def test_what_is_right_is_let_be(text: str) -> None:
    assert rules(Cue(10, 12, text)) == []


def test_overlaps_with_any_earlier_one_are_found() -> None:
    assert rules(Cue(10, 16, "long"), Cue(11, 12, "a"), Cue(13, 14, "b"), film=Film()) == [
        ("overlap", 0),
        ("overlap", 0),
    ]


def test_doubtful_words_are_named() -> None:
    cue = Cue(10, 12, "one two", (Word(10, 11, "one", 0.9), Word(11, 12, "two", 0.3)))
    (problem,) = quality.problems([cue], PROFILE, Film())
    assert (problem.rule, problem.message) == ("unsure", "The model was not sure of: two")


def test_cuts() -> None:
    assert rules(Cue(2.2, 4.8, "a")) == [("shots", 0), ("shots", 0)]


def fixed(*cues: Cue, only: str = "") -> tuple[list[tuple[float, float, str]], list[str]]:
    parts, changed = fixes.fix(cues, RULES, FILM, only.split() or fixes.SAFE)
    return [(round(p.cue.start, 3), round(p.cue.end, 3), p.cue.text) for p in parts], [one.rule for one in changed]


def test_all_that_is_safe() -> None:
    found, changed = fixed(
        Cue(10, 10.25, "Shown too  briefly "),
        Cue(12, 13, ""),
        Cue(20, 22, "word " * 10 + "end"),
        Cue(21, 23, "meets it"),
    )
    assert found == [
        (10, 10.875, "Shown too briefly"), (20, 20.917, "word word word word word\nword word word word word end"),
        (21, 23, "meets it"),
    ]  # fmt: skip
    # It was shown too briefly to be read as well: one mend did for both.
    assert set(changed) == {"empty", "spaces", "line_length", "overlap", "too_short"}


def test_what_takes_words_away_is_done_only_when_asked() -> None:
    cues = [Cue(10, 12, "Thanks for watching!"), Cue(13, 15, "anna <i>here")]
    assert fixed(*cues)[1] == []
    assert fixed(*cues, only="invented")[0] == [(13, 15, "anna <i>here")]
    assert fixed(*cues, only="names tags")[0][1][2] == "Anna here"


def test_of_one_subtitle_only() -> None:
    cues = [Cue(10, 12, "a  b"), Cue(13, 15, "c  d")]
    parts, changed = fixes.fix(cues, RULES, FILM, ["spaces"], [1])
    assert [part.cue.text for part in parts] == ["a  b", "c d"]
    assert [str(one.message) for one in changed] == ["c  d -> c d"]


def test_a_long_one_stays_for_its_words() -> None:
    held = Cue(10, 20, "a b", (Word(10, 11, "a"), Word(18, 19, "b")))
    assert fixed(held, only="too_long")[0] == [(10, 19, "a b")]
    assert fixed(Cue(10, 20, "a"), only="too_long")[0] == [(10, 17, "a")]


@st.composite
def tracks(draw: st.DrawFn) -> list[Cue]:
    cues, clock = [], 240
    for _ in range(draw(st.integers(1, 8))):
        start = clock + draw(st.integers(-10, 40))
        clock = start + draw(st.integers(1, 220))
        cues.append(Cue(start / 24, clock / 24, draw(st.text("ab \n.", max_size=90))))
    return sorted(cues, key=lambda cue: cue.start)


@settings(max_examples=200)
@given(tracks())
def test_mending_makes_nothing_worse_and_ends(cues: list[Cue]) -> None:
    before = [problem.rule for problem in quality.problems(cues, PROFILE, FILM)]
    parts, _ = fixes.fix(cues, RULES, FILM, fixes.SAFE)
    after = [part.cue for part in parts]
    left = [problem.rule for problem in quality.problems(after, PROFILE, FILM)]
    assert len(left) <= len(before)
    for rule in ("spaces", "empty", "characters"):
        assert rule not in left
    letters = "".join("".join(cue.text.split()) for cue in cues)
    assert "".join("".join(cue.text.split()) for cue in after) == letters
    assert all(cue.end > cue.start for cue in after)
    overlaps = sum(a.end > b.start + 1e-6 for a, b in itertools.pairwise(after))
    assert overlaps <= sum(a.end > b.start + 1e-6 for a, b in itertools.pairwise(cues))
    again, changed = fixes.fix(after, RULES, FILM, fixes.SAFE)
    again, changed = fixes.fix([part.cue for part in again], RULES, FILM, fixes.SAFE)
    assert len(changed) <= len(cues)
