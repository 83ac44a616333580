# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of many programs."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.cues import Word
from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import ITALIC, TIME, Placing, Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Cue, Document, Kind
from subtitle_editor.core.subtitles.formats import registry


def read(data: Any, format: str | None = None) -> Document:
    text = data if isinstance(data, str) else json.dumps(data)
    return reading.parse(text.encode(), "in.json", format=format)


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(cue.start, cue.end, cue.text) for cue in document.cues]


def written(document: Document, format: str) -> Any:
    data, _ = writing.rendered(Path("out.json"), document, format)
    return json.loads(data)


@pytest.mark.parametrize(
    ("data", "format"),
    [
        ({"cues": [{"start": 1, "end": 3, "text": "x"}]}, "json"),
        ([{"start": "00:00:01,000", "end": "00:00:03,000", "text": "x"}], "json"),
        ([{"start": 1, "duration": 2, "text": "x"}], "json"),  # youtube-transcript-api
        ({"body": [{"from": 1, "to": 3, "content": "x"}]}, "json"),  # Bilibili
        ({"text": "x", "chunks": [{"timestamp": [1, 3], "text": "x"}]}, "whisper"),  # transformers
        ({"language": "en", "segments": [{"start": 1, "end": 3, "text": " x"}]}, "whisper"),
        ({"transcription": [{"offsets": {"from": 1000, "to": 3000}, "text": " x"}]}, "whispercpp"),
        ({"events": [{"tStartMs": 1000, "dDurationMs": 2000, "segs": [{"utf8": "x"}]}]}, "json3"),
        ('{"start": 1, "end": 3, "text": "x"}\n{"start": 4, "end": 5, "text": "y"}', "json"),  # One object a line
    ],
)
def test_the_same_in_many_words(data: Any, format: str) -> None:
    document = read(data)
    assert shown(document)[0] == (1, 3, "x")
    assert document.format == format


def test_ours_keeps_all_of_a_cue() -> None:
    words = (Word(1, 2, "one", 0.5),)
    looks = ((Span(0, 3, ITALIC),), Placing(8, 0.25), "S", "Ana", 2)
    cue = Cue(1, 3, "one\ntwo", words, -1.5, 0.25, 2.5, *looks)
    again = reading.parse(writing.rendered(Path("o.json"), Document((cue,)), "json")[0], "o.json").cues[0]
    assert again == Cue(1, 3, "one\ntwo", words, -1.5, 0.25, 2.5, *looks, name="1")


def test_words_without_times_lie_between_their_neighbours() -> None:
    words = [
        {"word": "In", "start": 1.0, "end": 1.2},
        {"word": "19"},
        {"word": "69"},
        {"word": "we", "start": 2.0, "end": 3},
    ]
    (cue,) = read({"segments": [{"start": 1, "end": 3, "text": " In 19 69 we", "words": words}]}).cues
    assert [(word.text, round(word.start, 3), round(word.end, 3), word.guessed) for word in cue.words] == [
        ("In", 1.0, 1.2, False),
        ("19", 1.2, 1.6, True),
        ("69", 1.6, 2.0, True),
        ("we", 2.0, 3.0, False),
    ]


def test_words_that_are_pieces() -> None:
    words = [{"word": " re", "start": 1, "end": 2}, {"word": "-write", "start": 2, "end": 3}]
    (cue,) = read({"segments": [{"start": 1, "end": 3, "text": " re-write", "words": words}]}).cues
    assert [word.glued for word in cue.words] == [False, True]


def test_what_whisper_says_besides_comes_back() -> None:
    data = {"language": "de", "duration": 9.5, "segments": [
        {"start": 1.0, "end": 3.0, "text": " x y", "tokens": [1], "avg_logprob": -1.3, "no_speech_prob": 0.9,
         "compression_ratio": 3.0,
         "words": [{"word": " x", "start": 1.0, "end": 2.0, "probability": 0.5, "speaker": "A"}]},
    ]}  # fmt: skip
    again = written(read(data), "whisper")
    assert again["segments"][0].items() >= data["segments"][0].items()
    assert (again["language"], again["duration"]) == ("de", 9.5)
    ours = written(read(data), "json")
    assert ours["cues"][0].items() >= {"avg_logprob": -1.3, "no_speech_prob": 0.9, "compression_ratio": 3.0}.items()


def test_a_speech_models_doubts_survive_our_own() -> None:
    cue = read(written(Document((Cue(1, 2, "x", (), -1.3, 0.9, 3.0),)), "json")).cues[0]
    assert (cue.avg_logprob, cue.no_speech_prob, cue.compression_ratio) == (-1.3, 0.9, 3.0)


def test_youtube_speaks_word_by_word_and_rolls() -> None:
    events = [
        {"tStartMs": 0, "dDurationMs": 9000, "id": 1},
        {"tStartMs": 1000, "dDurationMs": 5000, "segs": [{"utf8": "hello"}, {"utf8": " you", "tOffsetMs": 500}]},
        {"tStartMs": 3000, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 3000, "dDurationMs": 4000, "segs": [{"utf8": "and"}, {"utf8": " me", "tOffsetMs": 400}]},
    ]
    document = read({"wireMagic": "pb3", "events": events})
    assert shown(document) == [(1, 3, "hello you"), (3, 7, "and me")]
    assert document.cues[0].words[:1] == (Word(1, 1.5, "hello"),)
    assert document.cues[0].spans == (Span(6, 6, TIME, "1.5"),)


@pytest.mark.parametrize(
    "bad",
    [
        {"start": "soon", "end": 5, "text": "x"},
        {"start": None, "end": 5, "text": "x"},
        {"start": float("nan"), "end": 5, "text": "x"},
    ],
)
def test_a_bad_time_costs_that_time(bad: Any) -> None:
    document = read([{"start": 0, "end": 1, "text": "before"}, bad])
    assert [cue.text for cue in document.cues] == ["before", "x"]
    assert Kind.TIME in {finding.kind for finding in document.findings}


def test_a_row_that_is_none_is_quoted() -> None:
    document = read([{"start": 0, "end": 1, "text": "x"}, {"start": 1, "end": 2, "tekst": "lost?"}, "stray", 7])
    assert [cue.text for cue in document.cues] == ["x"]
    assert any("lost?" in finding.quote for finding in document.findings)
    assert any("stray" in finding.quote for finding in document.findings)


def test_a_file_that_breaks_off_gives_what_is_whole() -> None:
    whole = json.dumps({"language": "en", "segments": [{"start": i, "end": i + 1, "text": f"t{i}"} for i in range(5)]})
    document = read(whole[: whole.index("t4")])
    assert [cue.text for cue in document.cues] == ["t0", "t1", "t2", "t3"]
    assert [finding.kind for finding in document.findings][-1] is Kind.BROKEN


@pytest.mark.parametrize("data", ["{}", "[1, 2", '{"a": 1}', "[" * 200_000, '{"a":' * 200_000])
def test_what_is_no_subtitles_is_said_to_be_none(data: str) -> None:
    with pytest.raises(SubtitleFileError):
        read(data)


def test_a_key_that_comes_twice_loses_nothing() -> None:
    document = read('[{"start": 1, "end": 2, "text": "one", "text": "two"}]')
    assert document.cues[0].text == "one"
    assert "two" in str(document.cues[0].extra)


@pytest.mark.parametrize(
    "said",
    [
        {"words": "Two"},
        {"words": [1, "two"]},
        {"words": 7},
        {"extra": {"json.rest": "nope"}},
        {"extra": {"json.words": "nope", "vtt.settings": "line:0"}},
    ],
)
def test_what_stands_where_we_keep_something_else_comes_back(said: dict[str, Any]) -> None:
    document = read([{"start": 1, "end": 2, "text": "x", **said}], "json")
    (row,) = json.loads(writing.rendered(Path("out"), document, "json")[0])["cues"]
    assert row == {"start": 1, "end": 2, "text": "x", **said}


@pytest.mark.parametrize("words", ["Two", [1, "two"], 7])
def test_so_do_words_of_whisper_that_are_none(words: Any) -> None:
    document = read({"text": "x", "segments": [{"start": 1, "end": 2, "text": "x", "words": words}]}, "whisper")
    (segment,) = json.loads(writing.rendered(Path("out"), document, "whisper")[0])["segments"]
    assert segment["words"] == words


def test_what_somebody_else_wrote_into_what_we_keep_stops_nothing() -> None:
    """A Blender file holds it as text, which a script may change."""
    cue = Cue(1, 2, "x", words=(Word(1, 2, "x"),), extra={"json.rest": "{", "json.words": "nope"})
    document = Document((cue,), format="json", extra={"json.rest": "[" * 100_000})
    (row,) = json.loads(writing.rendered(Path("out"), document, "json")[0])["cues"]
    assert row["words"] == [{"start": 1, "end": 2, "text": "x", "probability": 1.0}]


@pytest.mark.parametrize(
    "said",
    [
        {"placing": {"align": True}},
        {"placing": {"align": 2.0}},
        {"placing": {"align": 2, "x": 1e300}},
        {"placing": {"align": 2, "x": "left"}},
        {"placing": {"align": 2, "vertical": ["rl"]}},
        {"placing": [2]},
        {"spans": [[0, 1, TIME, "soon"]]},
        {"spans": [[0, 1, TIME, "inf"]]},
        {"spans": [[0, 1, "color", "blue"]]},
        {"spans": [[True, 1, ITALIC, ""]]},
        {"spans": {"0": 1}},
    ],
)
def test_what_is_no_look_stays_in_the_file_and_breaks_no_other(said: Any) -> None:
    document = read({"cues": [{"start": 1, "end": 3, "text": "x", **said}]})
    (cue,) = document.cues
    assert cue.placing == Placing() and cue.spans == ()
    (key,) = said
    assert written(document, "json")["cues"][0][key] == said[key]
    for format in registry.FORMATS:
        if format.write is not None:
            writing.rendered(Path("out"), document, format.id)


def test_no_number_of_a_file_is_too_large() -> None:
    """Found by writing it down: a rate of a milliard digits took all memory."""
    assert read({"fps": "1e999999999", "cues": [{"start": 1, "end": 3, "text": "x"}]}).fps is None
    assert read({"fps": "24000/1001", "cues": [{"start": 1, "end": 3, "text": "x"}]}).fps == Fraction(24000, 1001)
    style = {"name": "a", "align": 77}
    document = read({"styles": [style], "cues": [{"start": 1, "end": 3, "text": "x"}]})
    assert document.styles["a"].align == 2 and written(document, "json")["other_styles"] == [style]
    srt = f'1\n00:00:01,000 --> 00:00:02,000\n<font color="rgba(0,0,255,{"9" * 400}%)">x</font>\n'
    (cue,) = reading.parse(srt.encode(), "in.srt").cues
    assert cue.spans == (Span(0, 1, "color", "#0000ffff"),)
