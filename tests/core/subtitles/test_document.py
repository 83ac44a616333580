# SPDX-License-Identifier: GPL-3.0-or-later
"""A document keeps what stands beside the text, through edits, cuts and moves."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import BOLD, COLOR, ITALIC, RUBY, Span, after_edit, cut, shifted, tidied
from subtitle_editor.core.subtitles import remembering
from subtitle_editor.core.subtitles.document import Cue, Document, Finding, Kind, Style, quoted

texts = st.text(alphabet="ab cd\n,é漢", max_size=30)


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, tuple[Span, ...]]:
    text = draw(texts)
    place = st.integers(0, len(text))
    kinds = st.sampled_from([(ITALIC, ""), (BOLD, ""), (COLOR, "#ff0000"), (RUBY, "x"), ("ass.tag", r"\fad(1,2)")])
    drawn = draw(st.lists(st.tuples(place, place, kinds), max_size=6))
    return text, tidied((Span(min(a, b), max(a, b), *kind) for a, b, kind in drawn), len(text))


def shown(text: str, spans: tuple[Span, ...]) -> list[set[tuple[str, str]]]:
    """What each character looks like."""
    return [{(s.kind, s.value) for s in spans if s.start <= i < s.end} for i in range(len(text))]


# Spans


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("see the sea", "now see the sea", "the"),
        ("see the sea", "see then sea", "then"),
        ("see the sea", "see\nthe sea", "the"),
        ("see the sea", "the sea", "the"),
        ("see the sea", "see a sea", None),
        ("see the sea", "see sea", None),
        ("see the sea", "", None),
    ],
)
def test_formatting_stays_with_its_word(old: str, new: str, words: str | None) -> None:
    spans = after_edit((Span(4, 7, ITALIC),), old, new)
    assert [new[span.start : span.end] for span in spans] == ([words] if words else [])


def test_formatting_of_all_stays_on_all() -> None:
    assert after_edit((Span(0, 3, ITALIC),), "one", "quite another") == (Span(0, 13, ITALIC),)


def test_words_put_inside_a_formatted_run_look_like_it() -> None:
    (span,) = after_edit((Span(2, 9, ITALIC),), "a one two b", "a one and two b")
    assert "a one and two b"[span.start : span.end] == "one and two"


def test_punctuation_that_is_left_carries_no_formatting_on() -> None:
    assert after_edit((Span(3, 10, BOLD),), "oh yes, sir no", "oh never, madam no") == ()


def test_points_are_never_lost() -> None:
    karaoke = (Span(0, 0, "ass.tag", "{\\k20}"), Span(5, 5, "ass.tag", "{\\k30}"))
    kept = after_edit(karaoke, "sing a song", "sung a song now")
    assert [span.value for span in kept] == ["{\\k20}", "{\\k30}"]
    assert kept[1].start == 5


def test_a_long_text_is_compared_from_both_ends() -> None:
    old = "word " * 5000
    spans = after_edit((Span(5, 9, ITALIC), Span(len(old) - 5, len(old) - 1, BOLD)), old, old.replace(" ", ", ", 1))
    assert [(span.start, span.kind) for span in spans] == [(6, ITALIC), (len(old) - 4, BOLD)]


@given(marked(), texts)
def test_an_edit_leaves_spans_inside_the_text(old: tuple[str, tuple[Span, ...]], new: str) -> None:
    spans = after_edit(old[1], old[0], new)
    assert all(0 <= span.start <= span.end <= len(new) for span in spans)
    assert spans == tidied(spans, len(new))


@given(marked(), texts, texts)
def test_text_around_a_text_changes_no_formatting_in_it(
    old: tuple[str, tuple[Span, ...]], before: str, after: str
) -> None:
    text, spans = old
    whole = before + text + after
    spans = tidied(shifted(spans, len(before)), len(whole))
    assert cut(spans, len(before), len(before) + len(text)) == tuple(
        span for span in old[1] if span.start < len(text) or span.start < span.end
    )


@given(marked(), st.data())
def test_a_cue_cut_in_two_and_joined_looks_the_same(old: tuple[str, tuple[Span, ...]], data: st.DataObject) -> None:
    text, spans = old
    where = data.draw(st.integers(0, len(text)))
    cue = Cue(0.0, 2.0, text, spans=spans)
    joined = cue.part(0, where).joined(cue.part(where, len(text)), between="")
    assert joined.text == text
    assert shown(text, joined.spans) == shown(text, spans)
    points = [span for span in spans if span.start == span.end < len(text)]
    assert [span for span in joined.spans if span.start == span.end] == points


@given(marked())
def test_tidying_changes_no_letter(old: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = old
    assert tidied(spans, len(text)) == spans


def test_readings_side_by_side_stay_two() -> None:
    spans = (Span(0, 1, RUBY, "to"), Span(1, 2, RUBY, "to"))
    assert tidied(spans, 2) == spans


# Cues and documents


def test_an_edit_keeps_all_that_is_not_text() -> None:
    cue = Cue(
        1.0, 2.0, "a b", spans=(Span(2, 3, ITALIC),), style="Sign", speaker="Ana", extra={"vtt.settings": "line:0"}
    )
    edited = cue.with_text("big a b")
    assert (edited.text, edited.spans) == ("big a b", (Span(6, 7, ITALIC),))
    assert (edited.style, edited.speaker, edited.extra) == ("Sign", "Ana", {"vtt.settings": "line:0"})


def test_a_cue_can_be_a_key() -> None:
    cue = Cue(1.0, 2.0, "a", extra={"vtt.settings": "line:0"})
    assert {cue: 1}[Cue(1.0, 2.0, "a", extra={"vtt.settings": "line:0"}, line=7)] == 1


def test_times_move_exactly_and_hidden_ones_too() -> None:
    word = Word(0.1, 0.3, "a")
    document = Document((Cue(0.1, 0.3, "a", (word,)),), hidden=(Cue(3600.0, 7200.0, "drawing"),))
    moved = document.moved(0.2, Fraction(25025, 24000) / Fraction(25025, 24000))
    assert (moved.cues[0].start, moved.cues[0].end) == (0.3, 0.5)
    assert (moved.cues[0].words[0].start, moved.cues[0].words[0].end) == (0.3, 0.5)
    there = document.moved(factor=Fraction(24000, 1001) / 25)
    assert there.hidden[0].start == pytest.approx(3452.547, abs=0.0005)
    assert there.moved(factor=25 / Fraction(24000, 1001)).hidden[0].end == pytest.approx(7200.0, abs=1e-9)


def test_a_finding_names_its_line_and_quotes_all() -> None:
    finding = Finding(Kind.STRAY, "This belongs to no subtitle.", line=3, quote="x" * 100)
    assert str(finding) == "Line 3: This belongs to no subtitle."
    assert finding.repaired and not Finding(Kind.ROLLING, "Folded.").repaired
    assert len(quoted(finding.quote)) == 60


def test_every_kind_of_finding_is_explained() -> None:
    page = (Path(__file__).parents[3] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    explained = dict(re.findall(r"^\| `(\w+)`( \*)? \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE))
    assert set(explained) >= {kind.value for kind in Kind}
    for kind in Kind:
        assert bool(explained[kind.value]) == Finding(kind, "").repaired, f"{kind} has the star where check counts it"


@pytest.mark.parametrize(
    "rubbish",
    [
        "", "{", "[]", "[" * 100_000, '{"format": "srt"}',
        remembering.pack(Document((), hidden=(Cue(1, 2, "x"),))).replace('"layer":0', '"layer":1e999'),
        remembering.pack(Document((), language="en")).replace('"fps":""', '"fps":"1e999999999"'),
        remembering.pack(Document((), styles={"a": Style("a")})).replace('"align":2', '"align":2.0'),
        remembering.pack(Document((), styles={"a": Style("a")})).replace('"font":""', '"font":5'),
        remembering.pack(Document((), hidden=(Cue(1, 2, "x"),))).replace('"text":"x"', '"text":5'),
        remembering.pack(Document((), hidden=(Cue(1, 2, "x"),))).replace('"start":1', '"start":NaN'),
        remembering.pack(Document((), hidden=(Cue(1, 2, "x"),))).replace('"spans":[]', '"spans":[[0,1,"time","soon"]]'),
        remembering.pack(Document((), hidden=(Cue(1, 2, "x"),))).replace('"placing":[2', '"placing":[true'),
        remembering.pack(Document((), hidden=(Cue(1, 2, "x"),))).replace('"start":1', f'"start":1{"0" * 400}'),
    ],
)  # fmt: skip
def test_what_somebody_else_wrote_in_place_of_a_packed_document_is_an_empty_one(rubbish: str) -> None:
    assert remembering.unpack(rubbish) == Document()
