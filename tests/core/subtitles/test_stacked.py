# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of one caption that a file has as subtitles of their own. The reports that are named have such files; the texts
are ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.markup import Placing
from subtitle_editor.core.subtitles import reading, stacked, writing
from subtitle_editor.core.subtitles.document import Document


def vtt(*rows: tuple[str, str, str]) -> Document:
    """Of settings, text, and thousandths after the first second that it begins at."""
    cues = [f"00:00:01.{late or '000'} --> 00:00:04.461 {where}\n{text}\n" for where, text, late in rows]
    return reading.parse(("WEBVTT\n\n" + "\n".join(cues)).encode(), "a.vtt")


def told(document: Document, ending: str) -> tuple[list[str], str]:
    """The texts of what is written, and what was said of it."""
    data, findings, number = writing.made(Path(f"b.{ending}"), document)
    again = reading.parse(data, f"b.{ending}")
    assert number == len(again.cues)
    return [cue.text for cue in again.cues], " ".join(map(str, findings))


@pytest.mark.parametrize("ending", ["srt", "ass", "sbv", "sub", "csv", "tsv"])
@pytest.mark.parametrize(
    ("report", "rows"),
    [
        ("SubtitleEdit#10444", [("line:79.29%", "So you've come", ""), ("line:84.62%", "to the master?", "")]),
        ("asbplayer#1064", [("line:84.66%", "to the master?", ""), ("line:79.33%", "So you've come", "")]),
        ("multi-downloader-nx#608", [("line:77%", "So you've come", "001"), ("line:84%", "to the master?", "002")]),
        ("counted rows", [("line:-1", "to the master?", ""), ("line:-2", "So you've come", "")]),
        ("at the top", [("line:5%", "So you've come", ""), ("line:10%", "to the master?", "")]),
    ],
)
def test_rows_of_one_caption_stand_in_their_order(report: str, rows: list[tuple[str, str, str]], ending: str) -> None:
    texts, said = told(vtt(*rows), ending)
    assert [" ".join(text.split()) for text in texts] == ["So you've come to the master?"], report
    assert "joined to the one above them: 1." in said


@pytest.mark.parametrize("ending", ["srt", "ass"])
@pytest.mark.parametrize(
    ("report", "rows"),
    [
        ("SubtitleEdit pull 14263", [("line:79.33%", "spoken", ""), ("line:10%", "SIGN", "")]),
        ("far apart", [("line:68%", "one", ""), ("line:90%", "two", "")]),
        ("side by side", [("line:80% position:20%", "one", ""), ("line:80% position:80%", "two", "")]),
        ("one after the other", [("line:79%", "one", ""), ("line:84%", "two", "200")]),
        ("five rows", [(f"line:{70 + 5 * row}%", f"row {row}", "") for row in range(5)]),
    ],
)
def test_others_stay_apart(report: str, rows: list[tuple[str, str, str]], ending: str) -> None:
    texts, said = told(vtt(*rows), ending)
    assert sorted(texts) == sorted(text for _, text, _ in rows), report
    assert "joined" not in said


def test_two_that_speak_stay_apart_where_that_can_be_said() -> None:
    rows = [("line:79%", "<v Ann>one", ""), ("line:84%", "<v Bob>two", "")]
    assert told(vtt(*rows), "csv")[0] == ["one", "two"]


def test_formats_that_know_heights_keep_them_apart() -> None:
    rows = [("line:84.66%", "below", ""), ("line:79.33%", "above", "")]
    for ending in ("vtt", "ttml", "json"):
        assert told(vtt(*rows), ending) == (["below", "above"], "")
    exact = [("line:84.66% position:40%", "below", ""), ("line:79.33% position:40%", "above", "")]
    assert told(vtt(*exact), "ass")[0] == ["below", "above"]


def test_regions_of_ttml() -> None:
    """SubtitleEdit#2159."""
    regions = "".join(
        f'<region xml:id="r{row}" tts:origin="10% {row}%" tts:extent="80% 10%"/>' for row in (75, 85)
    )  # fmt: skip
    namespaces = 'xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"'
    body = "".join(f'<p region="r{row}" begin="1s" end="3s">{text}</p>' for row, text in ((85, "low"), (75, "high")))
    text = f"<tt {namespaces}><head><layout>{regions}</layout></head><body><div>{body}</div></body></tt>"
    assert told(reading.parse(text.encode(), "a.ttml"), "srt")[0] == ["high\nlow"]


def test_a_text_that_begins_inside_the_picture_is_not_moved_into_the_corner() -> None:
    """SubtitleEdit#10444."""
    said = writing.rendered(Path("b.srt"), vtt(("align:start position:36.67%", "middle", "")))[0].decode()
    assert said.endswith("\nmiddle\n")
    said = writing.rendered(Path("b.srt"), vtt(("align:start position:5%", "corner", "")))[0].decode()
    assert said.endswith("\n{\\an1}corner\n")


heights = st.one_of(st.none(), st.floats(0, 1))
places = st.builds(Placing, st.integers(1, 9), st.none(), heights)
starts = st.integers(0, 400).map(lambda thousandths: thousandths / 200)
cues = st.builds(
    lambda start, length, text, placing: Cue(start, start + length, text, placing=placing),
    starts, st.sampled_from([1.0, 1.005, 2.0]), st.sampled_from(["a", "b\nc", "d"]), places,
)  # fmt: skip


@given(st.lists(cues, max_size=12))
def test_no_row_is_lost_or_moved_in_time(some: list[Cue]) -> None:
    ordered = sorted(some, key=lambda cue: cue.start)
    joined = stacked.together(ordered, frozenset())
    lines = sorted(line for cue in joined for line in cue.lines)
    assert lines == sorted(line for cue in some for line in cue.lines)
    for cue in joined:
        assert any(abs(cue.start - one.start) < 0.011 and abs(cue.end - one.end) < 0.022 for one in some)
    assert stacked.together(ordered, frozenset({"coordinate"})) == ordered
