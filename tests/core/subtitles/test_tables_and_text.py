# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV, TSV, transcripts, and text without times."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Cue, Document, Kind


def read(text: str, name: str = "in.unknown", format: str | None = None) -> Document:
    return reading.parse(text.encode(), name, format=format)


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(round(cue.start, 6), round(cue.end, 6), cue.text) for cue in document.cues]


@pytest.mark.parametrize(
    "text",
    [
        "start\tend\ttext\n1000\t3500\tx, y\n4000\t5000\tz\n",  # Whisper
        'start,end,text\n1000,3500," x, y"\n4000,5000,"z"\n',  # whisper.cpp
        'Number,Start time in milliseconds,End time in milliseconds,Text\n1,1000,3500,"x, y"\n2,4000,5000,z\n',
        "start;end;text\n00:00:01,000;00:00:03,500;x, y\n00:00:04,000;00:00:05,000;z\n",
        "Begin,End,Caption\n1.0,3.5,x, y\n4.0,5.0,z\n",
        'text,start,duration\n"x, y",1.0,2.5\nz,4.0,1.0\n',
        '00:00:01.000,00:00:03.500,"x, y"\n00:00:04.000,00:00:05.000,z\n',
        "1\t00:00:01.000\t00:00:03.500\tx, y\n2\t00:00:04.000\t00:00:05.000\tz\n",
        'start (s),end (s),text\n1,3.5,"x, y"\n4,5,z\n',
    ],
)
def test_tables_of_many_programs(text: str) -> None:
    document = read(text)
    assert document.format in ("csv", "tsv")
    assert shown(document) == [(1, 3.5, "x, y"), (4, 5, "z")]
    assert document.findings == ()


def test_other_columns_are_kept() -> None:
    document = read('start,end,text,mood,speaker\n1.5,2,"a ""b""\nc",glad,Ana\n')
    (cue,) = document.cues
    assert (cue.text, cue.speaker, cue.extra) == ('a "b"\nc', "Ana", {"csv.mood": "glad"})
    data, _ = writing.rendered(Path("o.csv"), document, "csv")
    assert data.decode() == 'number,start,end,speaker,text,mood\n1,00:00:01.500,00:00:02.000,Ana,"a ""b""\nc",glad\n'


def test_a_quote_that_is_not_closed_costs_its_line() -> None:
    lines = "".join(f"{i}.0,{i + 1}.0,text {i}\n" for i in range(2, 60))
    document = read(f'start,end,text\n1.0,2.0,"never closed\n{lines}')
    assert len(document.cues) == 59
    assert Kind.BROKEN in {finding.kind for finding in document.findings}


def test_tsv_is_whispers() -> None:
    data, _ = writing.rendered(Path("o.tsv"), Document((Cue(1, 2.5, "a\nb\tc"),)), "tsv")
    assert data.decode() == "start\tend\ttext\n1000\t2500\ta b c\n"


def test_transcripts() -> None:
    document = read("00:01 one\n00:04 - two\nmore\n(00:06 - 00:07) three\n")
    assert shown(document) == [(1, 4, "one"), (4, 6, "two\nmore"), (6, 7, "three")]
    assert document.format == "transcript"
    copied = read("0:01\nfirst words\n0:05\nmore words\n1:00:00\nlast\n")
    assert shown(copied) == [(1, 5, "first words"), (5, 3600, "more words"), (3600, 3602, "last")]


def test_a_transcript_keeps_the_signs_of_its_script() -> None:
    assert shown(read("0:01 終わり：\n0:03 二。\n", "in.txt")) == [(1, 3, "終わり："), (3, 5, "二。")]


def test_text_without_times_gets_the_time_to_read_it_and_a_word_about_it() -> None:
    document = read("A line.\n\nTwo lines\nof another one.\n", "in.txt")
    assert [cue.text for cue in document.cues] == ["A line.", "Two lines\nof another one."]
    assert document.cues[0].end == document.cues[1].start == 1.5
    assert [finding.kind for finding in document.findings] == [Kind.TIME]


def test_only_what_is_called_text_is_taken_for_text() -> None:
    with pytest.raises(reading.SubtitleFileError):
        read("A line.\n\nAnother one.\n", "in.srt")


def test_text_is_written_without_anything_else() -> None:
    cues = Document((Cue(1, 2, "one"), Cue(3, 4, "two")))
    assert writing.rendered(Path("o.txt"), cues, "txt")[0] == b"one\ntwo\n"
    assert (
        writing.rendered(Path("o.txt"), cues.with_cues([Cue(1, 2, "a\nb"), Cue(3, 4, "c")]), "txt")[0] == b"a\nb\n\nc\n"
    )


def test_signs_that_part_nothing_are_text() -> None:
    """The headings say what parts the fields, however many semicolons the texts have."""
    document = Document((Cue(1, 2, "x;;\n;;z"), Cue(3, 4, "a|b|c|d\n|;|;|")))
    data, _ = writing.rendered(Path("out.csv"), document, "csv")
    assert [cue.text for cue in reading.parse(data, "out.csv").cues] == [cue.text for cue in document.cues]


def test_a_quoted_line_that_looks_like_a_record_is_none_where_the_quote_ends_in_it() -> None:
    text = 'number,start,end,text,x,y\n1,0:00:01.000,0:00:02.000,"one,\ntwo",2,0:00:04.000\n'
    document = reading.parse(text.encode(), "a.csv")
    assert [(cue.start, cue.text, cue.extra["csv.x"]) for cue in document.cues] == [(1, "one,\ntwo", "2")]
    assert document.findings == ()
