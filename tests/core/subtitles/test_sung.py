# SPDX-License-Identifier: GPL-3.0-or-later
"""When each syllable is sung, between lyrics and SubStation: Aegisub#168 and #698, Chronograph#84."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.markup import TIME, Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Italic, Alignment
Style: Default,Arial,20,&H00FFFFFF,0,2

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,"""


def written(document: Document, ending: str) -> tuple[str, list[str]]:
    data, findings = writing.rendered(Path(f"b.{ending}"), document)
    return data.decode(), [str(finding) for finding in findings]


@pytest.mark.parametrize("tag", ["k", "kf", "ko", "K"])
def test_karaoke_becomes_the_times_of_lyrics(tag: str) -> None:
    text = f"{ASS}{{\\{tag}50}}Hel{{\\{tag}50}}{{\\i1}}lo{{\\i0}} {{\\{tag}80}}you\n"
    document = reading.parse(text.encode(), "a.ass")
    assert written(document, "ass") == (text, [])
    said, losses = written(document, "lrc")
    assert said.startswith("[00:01.00]<00:01.00>Hel<00:01.50>lo <00:02.00>you")
    assert losses == ["1 text in italics cannot be written as LRC (lyrics)."]
    assert "Hel<i><00:00:01.500>lo</i> <00:00:02.000>you" in written(document, "vtt")[0]
    (cue,) = reading.parse(written(document, "json")[0].encode(), "a.json").cues
    assert [(word.text, word.start, word.glued) for word in cue.words] == [
        ("Hel", 1.0, False), ("lo", 1.5, True), ("you", 2.0, False),
    ]  # fmt: skip
    assert "3 karaoke effects" in written(document, "srt")[1][0]


def test_a_syllable_that_says_itself_when_it_begins() -> None:
    document = reading.parse(f"{ASS}{{\\k20}}one {{\\kt100\\k30}}two {{\\k10}}three\n".encode(), "a.ass")
    assert "one <00:00:02.000>two <00:00:02.300>three" in written(document, "vtt")[0]


@pytest.mark.parametrize("ending", ["ass", "ssa"])
def test_lyrics_become_karaoke(ending: str) -> None:
    lyrics = "[00:01.00]<00:01.00>Hel<00:01.50>lo <00:02.00>you<00:03.00>\n[00:04.00]plain\n"
    said, losses = written(reading.parse(lyrics.encode(), "a.lrc"), ending)
    assert "{\\k50}Hel{\\k50}lo {\\k100}you\n" in said
    assert said.endswith(",plain\n")
    assert losses == []
    late = "[00:01.00]one <00:01.50>two\n[00:02.00]\n"
    assert "{\\k50}one {\\k50}two\n" in written(reading.parse(late.encode(), "a.lrc"), ending)[0]


def test_times_in_captions_are_not_sung() -> None:
    vtt = "WEBVTT\n\n00:01.000 --> 00:03.000\none <00:02.000>two\n"
    said, losses = written(reading.parse(vtt.encode(), "a.vtt"), "ass")
    assert said.endswith(",one two\n")
    assert losses


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.integers(0, 500_000))
def test_there_and_back_to_the_hundredth(lengths: list[int], begin: int) -> None:
    """Rounded lengths do not add up to something else."""
    text = " ".join("abcdefgh"[: len(lengths)])
    times = [begin + sum(lengths[:n]) for n in range(len(lengths) + 1)]
    spans = tuple(Span(2 * n, 2 * n, TIME, f"{time / 100:.3f}") for n, time in enumerate(times[:-1]))
    cue = Cue(begin / 100, (times[-1] + 1) / 100, text, spans=spans)
    song = written(Document((cue,), format="lrc"), "ass")[0]
    (back,) = reading.parse(written(reading.parse(song.encode(), "a.ass"), "json")[0].encode(), "a.json").cues
    later = [time / 100 for time in times[:-1] if time > begin]
    assert [float(span.value) for span in back.spans if span.kind == TIME] == pytest.approx(later, abs=1e-9)
