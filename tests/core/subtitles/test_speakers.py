# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours by speaker."""

from __future__ import annotations

import pytest

from subtitle_editor.core.markup import COLOR, ITALIC, Span
from subtitle_editor.core.subtitles import speakers
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.track import EditError

COLORS = ("#ffffff", "#ffff00", "#00ffff")


def test_who_says_most_is_white_and_the_last_colour_is_for_all_who_are_left() -> None:
    names = ("Bo", "Ana", "Ana", "", "Cem", "Dai")
    cues = [Cue(n, n + 1, "text", spans=(Span(0, 2, ITALIC),), speaker=name) for n, name in enumerate(names)]
    assert speakers.ranked(cues) == ["Ana", "Bo", "Cem", "Dai"]
    found = [[span.value for span in part.cue.spans if span.kind == COLOR] for part in speakers.colored(cues, COLORS)]
    assert found == [["#ffff00"], [], [], [], ["#00ffff"], ["#00ffff"]]
    again = speakers.colored([part.cue for part in speakers.colored(cues, COLORS)], COLORS)
    assert [part.cue for part in again] == [part.cue for part in speakers.colored(cues, COLORS)]


def test_a_colour_of_some_words_stays_and_one_of_all_gives_way() -> None:
    words = Span(0, 2, COLOR, "#ff0000")
    cues = [
        Cue(0, 1, "text", spans=(words,), speaker="Ana"),
        Cue(1, 2, "text", spans=(Span(0, 4, COLOR, "#ff0000"),), speaker="Ana"),
    ]
    assert [part.cue.spans for part in speakers.colored(cues, COLORS)] == [(words,), ()]


def test_without_a_speaker_it_says_what_to_do() -> None:
    with pytest.raises(EditError, match="who speaks"):
        speakers.colored([Cue(0, 1, "text")], COLORS)
