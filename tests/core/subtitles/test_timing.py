# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges, moving, stretching, gaps, cuts; and how texts are written."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import ITALIC, TIME, Span
from subtitle_editor.core.subtitles import snapping, timing, wording
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.profiles import PROFILES
from subtitle_editor.core.subtitles.timecode import FrameRate
from subtitle_editor.core.subtitles.timing import Edge
from subtitle_editor.core.subtitles.track import Edited, EditError, Rules, on_timeline

RATE = FrameRate(24)
RULES = on_timeline(PROFILES["netflix-en"], RATE)
FRAME = 1 / 24
GAP = 2 * FRAME
THREE = [Cue(0, 1, "a"), Cue(2, 3, "b"), Cue(4, 5, "c")]


def times(parts: Edited) -> list[tuple[float, float]]:
    return [(round(part.cue.start, 3), round(part.cue.end, 3)) for part in parts]


def test_edges_are_set_to_frames() -> None:
    assert times(timing.set_edge(THREE, 1, Edge.IN, 2.26, RULES)) == [(0, 1), (2.25, 3), (4, 5)]
    assert times(timing.set_edge(THREE, 1, Edge.OUT, 3.3, RULES))[1] == (2, 3.292)


def test_a_neighbour_gives_way() -> None:
    assert times(timing.set_edge(THREE, 1, Edge.IN, 0.5, RULES)) == [(0, 0.417), (0.5, 3), (4, 5)]
    assert times(timing.set_edge(THREE, 1, Edge.OUT, 4.5, RULES)) == [(0, 1), (2, 4.5), (4.583, 5)]
    with pytest.raises(EditError, match="Nothing would be left"):
        timing.set_edge(THREE, 1, Edge.OUT, 5.0, RULES)
    with pytest.raises(EditError, match="end before it begins"):
        timing.set_edge(THREE, 1, Edge.IN, 3.0, RULES)


def test_in_a_gap_the_beginning_is_the_next_ones() -> None:
    assert [timing.target(THREE, 1.5, edge) for edge in Edge] == [1, 0]
    assert [timing.target(THREE, 2.5, edge) for edge in Edge] == [1, 1]
    assert [timing.target(THREE, 9, edge) for edge in Edge] == [None, 2]


def test_set_in_and_shift_the_rest() -> None:
    assert times(timing.set_in_and_shift(THREE, 1, 3.5, RULES)) == [(0, 1), (3.5, 4.5), (5.5, 6.5)]
    with pytest.raises(EditError, match="overlap"):
        timing.set_in_and_shift(THREE, 1, 0.5, RULES)


def test_extend() -> None:
    assert times(timing.extend(THREE, 1, Edge.OUT, RULES))[1] == (2, 3.917)
    assert times(timing.extend(THREE, 1, Edge.IN, RULES))[1] == (1.083, 3)
    assert times(timing.extend(THREE, 1, Edge.OUT, RULES, 3.5))[1] == (2, 3.5)
    assert times(timing.extend(THREE, 2, Edge.OUT, RULES, 8.0))[2] == (4, 8)
    with pytest.raises(EditError, match="no subtitle"):
        timing.extend(THREE, 2, Edge.OUT, RULES)


def test_words_and_noted_times_move_along() -> None:
    cue = Cue(1, 2, "a b", (Word(1, 1.5, "a"), Word(1.5, 2, "b")), spans=(Span(2, 2, TIME, "1.5"),))
    (part,) = timing.shift([cue], [0], 1.0)
    assert part.cue.words == (Word(2, 2.5, "a"), Word(2.5, 3, "b"))
    assert part.cue.spans == (Span(2, 2, TIME, "2.500"),)
    with pytest.raises(EditError, match="before the film"):
        timing.shift([cue], [0], -1.5)


def test_two_anchors() -> None:
    parts = timing.scale(THREE, range(3), (0, 10), (4, 18), RULES)
    assert times(parts) == [(10, 12), (14, 16), (18, 20)]
    for second in ((0, 5), (4, 10), (4, 5)):
        with pytest.raises(EditError):
            timing.scale(THREE, range(3), (0, 10), second, RULES)


FILE = Rules(PROFILES["netflix-en"], FrameRate(24, 1.001))


@settings(max_examples=100)
@given(st.lists(st.integers(0, 3 * 3600 * 1000), min_size=2, max_size=20, unique=True))
def test_there_and_back_over_three_hours(milliseconds: list[int]) -> None:
    """23.976 to 25 and back: as exact as the file's milliseconds, also after ten times."""
    edges = sorted(milliseconds)
    cues = [Cue(a / 1000, b / 1000, "x") for a, b in itertools.pairwise(edges)]
    ntsc, pal = FrameRate(24, 1.001).exact, Fraction(25)
    fine = Rules(PROFILES["netflix-en"], FrameRate(24, 1.001), FrameRate(1_000_000))
    found = cues
    for _ in range(10):
        found = [part.cue for part in timing.change_rate(found, ntsc, pal, fine)]
        found = [part.cue for part in timing.change_rate(found, pal, ntsc, fine)]
    for before, after in zip(cues, found, strict=True):
        assert abs(after.start - before.start) < 1e-4
        assert abs(after.end - before.end) < 1e-4


def test_the_factor_of_a_rate_is_that_of_the_frames() -> None:
    (part,) = timing.change_rate([Cue(10010.0, 10010.5, "x")], FrameRate(24, 1.001).exact, Fraction(24), FILE)
    assert part.cue.start == 10000.0


def test_ripple() -> None:
    assert times(timing.ripple(THREE, 2.0, 1.0)) == [(0, 1), (3, 4), (5, 6)]
    with pytest.raises(EditError, match="overlap"):
        timing.ripple(THREE, 2.0, -1.5)


def test_gaps_and_overlaps_by_profile() -> None:
    cues = [Cue(0, 1, "a"), Cue(1.25, 2, "b"), Cue(1.5, 3, "c"), Cue(3 + FRAME, 4, "d"), Cue(6, 7, "e")]
    assert times(timing.close_gaps(cues, RULES)) == [
        (0, 1.167), (1.25, 1.417), (1.5, 2.958), (3.042, 4), (6, 7),
    ]  # fmt: skip
    assert times(timing.close_overlaps(cues, RULES))[0] == (0, 1)


def test_a_longer_time_to_read() -> None:
    cue = Cue(0, 0.5, "x" * 40)
    assert timing.with_time_to_read(cue, None, RULES).end == 2.0
    assert timing.with_time_to_read(cue, Cue(1, 2, "y"), RULES).end == pytest.approx(1 - GAP)
    long = Cue(0, 5, "x")
    assert timing.with_time_to_read(long, None, RULES) is long


# Cuts


def test_edges_at_cuts() -> None:
    cuts = [2.0, 5.0]
    cues = [Cue(0, 1.8, "a"), Cue(2.25, 5.25, "b")]
    assert times(snapping.snap(cues, cuts, RULES)) == [(0, 1.917), (2, 4.917)]


def test_what_is_far_from_a_cut_or_said_over_it_stays() -> None:
    spoken = Cue(2.0, 5.25, "a b", (Word(2.0, 3.0, "a"), Word(4.5, 5.2, "b")))
    for cue in (Cue(2.75, 4.25, "a"), spoken):
        (part,) = snapping.snap([cue], [2.0, 5.0], RULES)
        assert part.cue is cue


@settings(max_examples=300)
@given(st.lists(st.integers(0, 600), min_size=2, max_size=12, unique=True), st.sets(st.integers(0, 600), max_size=8))
def test_cuts_make_no_overlap_and_snapping_twice_is_snapping_once(edges: list[int], frames: set[int]) -> None:
    edges.sort()
    cues = [Cue(a * FRAME, b * FRAME, "x") for a, b in zip(edges[::2], edges[1::2], strict=False)]
    cuts = [frame * FRAME for frame in sorted(frames)]
    once = [part.cue for part in snapping.snap(cues, cuts, RULES)]
    assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(once))
    assert all(cue.end - cue.start > FRAME / 2 for cue in once)


# Wording


def test_lines_are_balanced_and_formatting_stays() -> None:
    text = "please open the blender window and start the model\ndownload"
    cue = Cue(0, 5, text, spans=(Span(51, 59, ITALIC),))
    found = wording.rebalanced(cue, PROFILES["netflix-en"])
    assert found.text == "please open the blender window\nand start the model download"
    assert found.spans == (Span(51, 59, ITALIC),)
    dialogue = Cue(0, 2, "- Yes.\n- No.")
    assert wording.rebalanced(dialogue, PROFILES["netflix-en"]) is dialogue


def test_formatting_over_a_line_break_that_goes() -> None:
    cue = Cue(0, 2, "one\ntwo", spans=(Span(0, 4, ITALIC), Span(4, 4, TIME, "1.0")))
    found = wording.rebalanced(cue, PROFILES["netflix-en"])
    assert (found.text, found.spans) == ("one two", (Span(0, 3, ITALIC), Span(4, 4, TIME, "1.0")))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (wording.Case.UPPER, 'IT\'S ANNA. "WELL?" I ASKED'),
        (wording.Case.LOWER, 'it\'s anna. "well?" i asked'),
        (wording.Case.SENTENCE, 'It\'s anna. "Well?" I asked'),
    ],
)
def test_case(case: wording.Case, expected: str) -> None:
    cue = Cue(0, 1, 'It\'s Anna. "Well?" I asked', spans=(Span(5, 9, ITALIC),))
    found = wording.with_case(cue, case)
    assert (found.text, found.spans) == (expected, (Span(5, 9, ITALIC),))


def test_dashes_ellipses_and_spaces() -> None:
    assert wording.with_dashes(Cue(0, 1, "Yes.\n– No.")).text == "- Yes.\n- No."
    assert wording.with_dashes(Cue(0, 1, "- Yes.\n-No."), dashes=False).text == "Yes.\nNo."
    assert wording.with_dashes(Cue(0, 1, "Yes.")).text == "Yes."
    assert wording.with_ellipses(Cue(0, 1, "Well... no....")).text == "Well… no…"
    assert wording.tidy(Cue(0, 1, " a  b \n\n c ")).text == "a b\nc"


@given(st.text("ab .\n-字I'", max_size=40))
def test_wording_keeps_the_letters(text: str) -> None:
    cue = Cue(0, 2, text)
    letters = "".join(text.split())
    for profile in PROFILES.values():
        assert "".join(wording.rebalanced(cue, profile).text.split()) == letters
    assert "".join(wording.tidy(cue).text.split()) == letters
    assert "".join(wording.with_case(cue, wording.Case.SENTENCE).text.split()).casefold() == letters.casefold()


@given(
    spans=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), min_size=1, max_size=8),
    first=st.integers(0, 300),
    length=st.integers(1, 100),
)
def test_time_cut_out_leaves_the_rest_as_it_was(spans: list[tuple[int, int]], first: int, length: int) -> None:
    cues, end = [], 0
    for gap, frames in spans:
        cues.append(Cue((end + gap) / 24, (end + gap + frames) / 24, str(len(cues))))
        end += gap + frames
    begin, stop = first / 24, (first + length) / 24
    left = timing.cut_out(cues, begin, stop, RULES)
    for part in left:
        old = cues[part.source]
        if old.end <= begin:
            assert part.cue == old
        elif old.start >= stop:
            assert (round(part.cue.start * 24), round(part.cue.end * 24)) == (
                round(old.start * 24) - length, round(old.end * 24) - length
            )  # fmt: skip
        assert part.cue.text == old.text and part.cue.end > part.cue.start
    gone = set(range(len(cues))) - {part.source for part in left}
    assert all(begin <= cues[index].start + 1e-9 and cues[index].end <= stop + 1e-9 for index in gone)
    assert all(a.cue.end <= b.cue.start + 1e-9 for a, b in itertools.pairwise(left))
