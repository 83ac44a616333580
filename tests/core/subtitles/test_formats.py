# SPDX-License-Identifier: GPL-3.0-or-later
"""Every format's own sample, read, written and read again: equal in meaning, styles included."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.markup import BOLD, COLOR, ITALIC, UNDERLINE, Placing, Span, tidied
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Cue, Document, Kind
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from subtitle_editor.core.subtitles.formats.tags import tidied_text

SAMPLES = Path(__file__).parents[2] / "data" / "subtitles" / "samples"
BOTH_WAYS = [format.id for format in registry.readable() if format.write is not None]


def sample(format: str) -> Path:
    (path,) = SAMPLES.glob(f"{format}.*")
    return path


def said(document: Document) -> list[dict[str, object]]:
    """All that the cues say, without where it stood in the file."""
    rows = [dataclasses.asdict(cue) for cue in (*document.cues, *document.hidden)]
    return [{key: value for key, value in row.items() if key != "line"} for row in rows]


def test_every_format_has_a_sample() -> None:
    for format in registry.readable():
        assert len(list(SAMPLES.glob(f"{format.id}.*"))) == 1, format.id


@pytest.mark.parametrize("format", [format.id for format in registry.readable()])
def test_a_sample_is_recognized_by_its_content_and_has_no_fault(format: str) -> None:
    document = reading.parse(sample(format).read_bytes(), "in.unknown")
    assert document.format == format
    # That a format counts frames and has no word for how many is no fault of the sample.
    assert [finding for finding in document.findings if finding.repaired and finding.kind != Kind.RATE] == []
    assert len(document.cues) >= 3


@pytest.mark.parametrize("format", BOTH_WAYS)
def test_a_sample_goes_through_its_own_format_unchanged(format: str) -> None:
    document = reading.load(sample(format))
    data, losses = writing.rendered(Path("out"), document, format)
    again = reading.parse(data, "out", format=format)
    assert losses == ()
    assert said(again) == said(document)
    assert (again.extra, again.styles, again.language) == (document.extra, document.styles, document.language)
    assert again.findings == document.findings


@pytest.mark.parametrize("format", BOTH_WAYS)
def test_writing_is_stable(format: str) -> None:
    first, _ = writing.rendered(Path("out"), reading.load(sample(format)), format)
    second, _ = writing.rendered(Path("out"), reading.parse(first, "out", format=format), format)
    assert first == second


LETTERS = st.text("ab é漢שם\n<>&{}\\-:;|/0123[]'\"", max_size=30)
KINDS = [(BOLD, ""), (ITALIC, ""), (UNDERLINE, ""), (COLOR, "#ff0000"), (COLOR, "#12ab00")]


@st.composite
def cues(draw: st.DrawFn, format: str) -> Cue:
    start = draw(st.integers(0, 9 * 3_600_00)) / 100
    length = draw(st.integers(10, 1000)) / 100
    text, _ = tidied_text(f"x{draw(LETTERS)}z")
    place = st.integers(0, len(text))
    kinds = [kind for kind in KINDS if kind[0] in registry.BY_ID[format].keeps]
    spans: list[Span] = []
    # Of one kind only one value at a place: no format says that a letter is red and green.
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=3, unique_by=lambda kind: kind[0])) if kinds else ():
        first, last = sorted((draw(place), draw(place)))
        if text[first:last].strip():
            spans.append(Span(first, last, *kind))
    align = draw(st.integers(1, 9)) if "placing" in registry.BY_ID[format].keeps else 2
    return Cue(start, round(start + length, 2), text, spans=tidied(spans, len(text)), placing=Placing(align))


def looks(cue: Cue) -> list[set[tuple[str, str]]]:
    return [
        {(span.kind, span.value) for span in cue.spans if span.start <= index < span.end and "." not in span.kind}
        for index, char in enumerate(cue.text)
        if not char.isspace()
    ]


EXACT = [format for format in BOTH_WAYS if registry.BY_ID[format].exact]


@pytest.mark.parametrize("format", EXACT)
@settings(max_examples=150)
@given(data=st.data())
def test_any_document_comes_back(format: str, data: st.DataObject) -> None:
    made = sorted(data.draw(st.lists(cues(format), min_size=1, max_size=4)), key=lambda cue: cue.start)
    written, _ = writing.rendered(Path("out"), Document(tuple(made)), format)
    # Two that highlight a word after the other are folded on purpose.
    again = reading.parse(written, "out", format=format, options=ReadOptions(keep_rolling=True))
    # SubRip's players take any arrow for times.
    assert [cue.text.replace("-->", "->") for cue in again.cues] == [cue.text.replace("-->", "->") for cue in made]
    assert [(cue.start, cue.end) for cue in again.cues] == [(cue.start, cue.end) for cue in made]
    assert [cue.placing for cue in again.cues] == [cue.placing for cue in made]
    if not any("-->" in cue.text for cue in made):
        assert [looks(cue) for cue in again.cues] == [looks(cue) for cue in made]
