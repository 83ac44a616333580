# SPDX-License-Identifier: GPL-3.0-or-later
"""Captions that roll up are folded, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from subtitle_editor.core.subtitles import reading, rolling
from subtitle_editor.core.subtitles.document import Cue, Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions

YOUTUBE = Path(__file__).parents[2] / "data" / "subtitles" / "cases" / "youtube-rolling.vtt"


def test_each_line_once_with_the_times_of_its_words() -> None:
    document = reading.load(YOUTUBE)
    assert [(cue.start, cue.end, cue.text) for cue in document.cues] == [
        (0.16, 2.399, "bread needs a warm"),
        (2.399, 4.399, "kitchen and time"),
        (6.0, 8.0, "then we bake it"),
    ]
    words = [(word.text, word.start) for word in document.cues[1].words]
    assert words == [("kitchen", 2.399), ("and", 2.72), ("time", 3.0)]
    assert [finding.kind for finding in document.findings] == [Kind.ROLLING]


def test_they_can_be_left_as_they_are() -> None:
    document = reading.load(YOUTUBE, options=ReadOptions(keep_rolling=True))
    times = [(cue.start, cue.end) for cue in document.cues]
    assert times == [(0.16, 2.389), (2.389, 2.399), (2.399, 4.389), (4.389, 4.399), (6, 8)]
    assert document.findings == ()


def test_a_chorus_and_a_dialogue_that_builds_up_are_no_rolling_captions() -> None:
    chorus = [Cue(n, n + 1, "la la la") for n in range(6)]
    dialogue = [Cue(0, 1, "- Who?"), Cue(1, 2, "- Who?\n- Me."), Cue(2, 3, "- You?"), Cue(3, 4, "- You?\n- Yes.")]
    for cues in (chorus, dialogue):
        document = Document(tuple(cues))
        assert rolling.folded(document) is document
