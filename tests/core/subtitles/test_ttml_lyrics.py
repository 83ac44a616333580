# SPDX-License-Identifier: GPL-3.0-or-later
"""Lyrics of Apple Music, whose words have times of their own, counted from the beginning of the song."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document

ROOT = 'xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"'
APPLE = 'xmlns:itunes="http://music.apple.com/lyric-ttml-internal"'


def read(body: str, more: str = APPLE) -> Document:
    return reading.parse(f"<tt {ROOT} {more}><body>{body}</body></tt>".encode(), "a.ttml")


def test_a_line_is_one_subtitle_and_keeps_the_times_of_its_syllables() -> None:
    """amll-ttml-tool#88, Aegisub#698: words sung by others behind it belong to the line."""
    document = read(
        '<div begin="9.7" end="20.1"><p begin="9.731" end="12.4"><span begin="9.731" end="10.1">Hel</span>'
        '<span begin="10.1" end="10.5">lo</span> <span begin="10.6" end="11">you</span><span ttm:role="x-bg"> '
        '<span begin="11" end="12">(ooh)</span></span></p><p begin="13" end="15.5">Line two</p></div>'
    )
    assert [(cue.start, cue.end, cue.text) for cue in document.cues] == [
        (9.731, 12.4, "Hello you (ooh)"), (13, 15.5, "Line two"),
    ]  # fmt: skip
    words = [(word.text, word.start, word.glued) for word in document.cues[0].words]
    assert words == [("Hel", 9.731, False), ("lo", 10.1, True), ("you", 10.6, False), ("(ooh)", 11, False)]
    assert document.findings == ()
    lyrics = writing.rendered(Path("b.lrc"), document)[0].decode()
    assert lyrics.startswith("[00:09.731]<00:09.731>Hel<00:10.10>lo <00:10.60>you <00:11.00>(ooh)<00:12.40>\n")


def test_syllables_on_lines_of_their_own_are_one_word_unless_a_space_parts_them() -> None:
    """applemusic-like-lyrics#404, amll-ttml-tool#9."""
    spans = ["You ", "come", " cra", "shing"]
    lines = "\n  ".join(f'<span begin="{3 + n}" end="{4 + n}">{text}</span>' for n, text in enumerate(spans))
    document = read(f'<div><p begin="3" end="7">\n  {lines}\n</p></div>')
    assert [cue.text for cue in document.cues] == ["You come crashing"]
    assert [word.start for word in document.cues[0].words] == [3, 4, 5, 6]
    parted = read('<p begin="1" end="3"><span begin="1">me</span> \n <span begin="2">too</span></p>', 'timing="Word"')
    assert [cue.text for cue in parted.cues] == ["me too"]


@pytest.mark.parametrize("more", ['xmlns:itunes="urn:x"', 'timing="None"', ""])
def test_other_files_go_by_the_standard(more: str) -> None:
    document = read('<div begin="5s"><p begin="1s" end="3s"><span begin="1s">a</span></p></div>', more)
    assert [(cue.start, cue.end, cue.text) for cue in document.cues] == [(7, 8, "a")]
