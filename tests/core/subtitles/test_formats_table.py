# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/formats.md are what happens: every readable format into every writable one.

With SUBTITLE_EDITOR_WRITE_DOCS=1 in the environment they are written anew.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from subtitle_editor.core import markup
from subtitle_editor.core.cues import Cue
from subtitle_editor.core.markup import Placing, Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import Format

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests" / "data" / "subtitles" / "samples"
DOCUMENT = ROOT / "docs" / "formats.md"
BEGIN, END = "<!-- made by tests/core/subtitles/test_formats_table.py -->", "<!-- end -->"

FILM = Document(
    (
        Cue(1.0, 3.0, "All of it, and not", spans=(Span(0, 9, markup.ITALIC),)),
        Cue(4.0, 6.0, "- Two lines,\n- one of them red", spans=(Span(27, 30, markup.COLOR, "#ff0000"),)),
        Cue(5.0, 7.0, "שלום, עולם! مرحبا", placing=Placing(8)),
        Cue(8.0, 10.0, "👨‍👩‍👧‍👦 says", speaker="Ana"),
    )
)
"""Italics, two lines, a colour, right to left, a place, emoji, a speaker, and two that overlap."""

LETTERS = {"t": "text", "i": "italics", "c": "colours", "p": "place", "s": "speaker", "o": "overlap"}


def has(document: Document) -> dict[str, object]:
    """What of each kind a document holds; nothing where it has none."""
    cues = document.cues
    spans = [span for cue in cues for span in cue.spans]
    pieces = {
        "t": [" ".join(cue.text.split()) for cue in cues],
        "i": [cue.text[span.start : span.end] for cue in cues for span in cue.spans if span.kind == markup.ITALIC],
        "c": [span.value for span in spans if span.kind == markup.COLOR],
        "p": [cue.placing.align for cue in cues if cue.placing.align != 2],
        "s": [cue.speaker for cue in cues if cue.speaker],
        "o": sum(1 for a, b in itertools.pairwise(cues) if b.start < a.end - 0.05),
    }
    return {letter: piece for letter, piece in pieces.items() if piece}


def source_of(format: Format) -> Document:
    """The film as this format holds it; the format's own sample where it is not written."""
    if format.write is None:
        (path,) = SAMPLES.glob(f"{format.id}.*")
        return reading.load(path, format=format.id)
    data, _ = writing.rendered(Path("film"), FILM, format.id)
    return reading.parse(data, "film", format=format.id)


def cell(source: Document, target: Format) -> str:
    """What is lost on the way, by its letters; a full stop where nothing is."""
    data, _ = writing.rendered(Path("film"), source, target.id)
    if target.read is None:
        return "."
    before, after = has(source), has(reading.parse(data, "film", format=target.id))
    return "".join(letter for letter in before if before[letter] != after.get(letter)) or "."


def tables() -> str:
    rows = ["| format | id | endings | read | written | its files hold |", "|---|---|---|---|---|---|"]
    for format in registry.FORMATS:
        held = "".join(has(source_of(format))) if format.read else ""
        endings = " ".join(f"`{suffix}`" for suffix in format.suffixes)
        yes = ["yes" if able else "" for able in (format.read, format.write)]
        rows.append(f"| {format.label} | `{format.id}` | {endings} | {yes[0]} | {yes[1]} | {held} |")
    targets = [format for format in registry.writable() if format.read]
    rows += ["", "What is lost from the format of the row to that of the column:", ""]
    rows += [
        "| | " + " | ".join(format.id for format in targets) + " |",
        "|---|" + "---|" * len(targets),
    ]
    for format in registry.readable():
        source = source_of(format)
        rows.append(f"| {format.id} | " + " | ".join(cell(source, target) for target in targets) + " |")
    return "\n".join(rows)


@pytest.mark.timeout(120)
def test_the_tables_say_what_happens() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    expected = f"{head}{BEGIN}\n\n{tables()}\n\n{END}{tail}"
    if os.environ.get("SUBTITLE_EDITOR_WRITE_DOCS") == "1":
        DOCUMENT.write_text(expected, encoding="utf-8")
    assert text == expected


def test_text_is_lost_nowhere() -> None:
    for format in registry.readable():
        source = source_of(format)
        for target in registry.writable():
            if target.read:
                assert "t" not in cell(source, target), (format.id, target.id)
