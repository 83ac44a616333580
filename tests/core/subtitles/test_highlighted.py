# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that are there once for each of their words: stable-ts#161, #122, #169 and #472, and Whisper's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions

LINES = [("Because that is very.", 0.5), ("Yes.", 3.0), ("世界で一番", 5.0)]
PARTS = {"世界で一番": ["世界", "で", "一番"]}


def lit(opening: str, closing: str, gap: float = 0.0) -> tuple[str, list[list[tuple[str, float]]]]:
    """A file of WebVTT, and the words with their starts of each line."""
    blocks, words = [], []
    for text, start in LINES:
        words.append([])
        for place, part in enumerate(PARTS.get(text, text.split())):
            at = text.index(part, sum(len(said) for said, _ in words[-1]))
            shown = f"{text[:at]}{opening}{part}{closing}{text[at + len(part) :]}"
            begin = round(start + 0.4 * place, 3)
            blocks.append(f"00:00:0{begin:.3f} --> 00:00:0{begin + 0.4 - gap:.3f}\n{shown}\n")
            if gap:
                blocks.append(f"00:00:0{begin + 0.4 - gap:.3f} --> 00:00:0{begin + 0.4:.3f}\n{text}\n")
            words[-1].append((part, begin))
    return "WEBVTT\n\n" + "\n".join(blocks), words


def read(text: str, keep: bool = False) -> Document:
    return reading.parse(text.encode(), "a.vtt", options=ReadOptions(keep_rolling=keep))


@pytest.mark.parametrize("tag", [("<u>", "</u>"), ("<c.lime>", "</c>"), ("<b>", "</b>")])
@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_each_is_one_that_knows_when_its_words_are_said(tag: tuple[str, str], gap: float) -> None:
    text, words = lit(*tag, gap)
    document = read(text)
    assert [cue.text for cue in document.cues] == [line for line, _ in LINES]
    assert [round(cue.start, 3) for cue in document.cues] == [start for _, start in LINES]
    assert [round(cue.end - cue.start, 3) for cue in document.cues] == [1.6, 0.4, 1.2]
    found = [[(word.text, word.start) for word in cue.words] for cue in document.cues]
    assert found == words
    assert [word.glued for word in document.cues[2].words] == [False, True, True]
    assert not any(cue.spans for cue in document.cues)
    assert [finding.kind for finding in document.findings] == [Kind.ROLLING]


def test_they_stay_where_that_is_wanted() -> None:
    text, _ = lit("<u>", "</u>")
    document = read(text, keep=True)
    assert len(document.cues) == 8
    assert writing.rendered(Path("b.vtt"), document)[0].decode() == text


def test_subrip_of_stable_ts() -> None:
    text = '1\n00:00:00,720 --> 00:00:00,940\n<font color="#00ff00">Because</font> <i>that</i> is\n\n' \
        '2\n00:00:00,940 --> 00:00:01,400\nBecause <font color="#00ff00"><i>that</i></font> is\n\n' \
        '3\n00:00:01,400 --> 00:00:01,600\nBecause <i>that</i> <font color="#00ff00">is</font>\n'  # fmt: skip
    document = reading.parse(text.encode(), "a.srt")
    said = writing.rendered(Path("b.srt"), document)[0].decode()
    assert said == "1\n00:00:00,720 --> 00:00:01,600\nBecause <i>that</i> is\n"


@pytest.mark.parametrize(
    "texts",
    [
        ["<u>one</u> two", "one two", "one two"],  # Nothing moves.
        ["one <u>two</u>", "<u>one</u> two"],  # Backwards.
        ["<u>one</u> two", "three <u>four</u>"],  # Two texts.
        ["<i>one</i> two", "one <i>two</i>", "a", "b", "c", "d"],  # Few of many.
    ],
)
def test_others_stay_as_they_are(texts: list[str]) -> None:
    blocks = "\n".join(f"00:0{n}.000 --> 00:0{n + 1}.000\n{text}\n" for n, text in enumerate(texts))
    document = read(f"WEBVTT\n\n{blocks}")
    assert len(document.cues) == len(texts)
    assert document.findings == ()


def test_two_that_are_seen_at_once_stay_two() -> None:
    document = read("WEBVTT\n\n00:00.000 --> 00:00.100\n<u>x</u>z\n\n00:00.050 --> 00:00.150\nx<u>z</u>\n")
    assert [(cue.start, cue.end, cue.text) for cue in document.cues] == [(0, 0.1, "xz"), (0.05, 0.15, "xz")]
    assert document.findings == ()


def test_files_of_a_stream_are_as_far_apart_as_they_say() -> None:
    """node-hls-downloader#1: also where the time of the stream itself is not wanted."""
    head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{},LOCAL:00:00:00.000\n\n00:00:01.000 --> 00:00:02.000\n{}\n\n"
    text = head.format(900000, "a") + head.format(1440000, "b") + head.format(0, "c")
    assert [(cue.start, cue.text) for cue in read(text).cues] == [(1, "a"), (1, "c"), (7, "b")]
    added = reading.parse(text.encode(), "a.vtt", options=ReadOptions(timestamp_map=True))
    assert [(cue.start, cue.text) for cue in added.cues] == [(1, "c"), (11, "a"), (17, "b")]
