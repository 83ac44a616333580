# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as players, libraries and pages write it, which call times and texts otherwise. Each entry names the program
that writes it; the texts are ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles.document import Kind
from tests.core.subtitles.test_more_complaints import read, rows

BOTH = [(1, 2.5, "Hello"), (3, 4.5, "you")]
STARTS_ONLY = [(1, 3, "Hello"), (3, 5, "you")]
LYRICS = [{"startTimeMs": "1000", "words": "Hello", "syllables": [], "endTimeMs": "0"},
          {"startTimeMs": "3000", "words": "you", "endTimeMs": "0"},
          {"startTimeMs": "5000", "words": "", "endTimeMs": "0"}]  # fmt: skip


def of_youtube(text: str, start: str, end: str) -> dict[str, Any]:
    return {"transcriptSegmentRenderer": {"startMs": start, "endMs": end, "snippet": {"runs": [{"text": text}]}}}


@pytest.mark.parametrize(
    ("program", "data", "shown"),
    [
        ("Jellyfin, Emby", {"TrackEvents": [
            {"Id": "1", "Text": "Hello", "StartPositionTicks": 10_000_000, "EndPositionTicks": 25_000_000},
            {"Id": "2", "Text": "you", "StartPositionTicks": 30_000_000, "EndPositionTicks": 45_000_000}]}, BOTH),
        ("subtitle.js", [{"type": "cue", "data": {"start": 1000, "end": 2500, "text": "Hello"}},
                         {"type": "cue", "data": {"start": 3000, "end": 4500, "text": "you"}}], BOTH),
        ("node-captions", [{"id": "1", "startTimeMicro": 1_000_000, "endTimeMicro": 2_500_000, "text": "Hello"},
                           {"id": "2", "startTimeMicro": 3_000_000, "endTimeMicro": 4_500_000, "text": "you"}], BOTH),
        ("Kaltura", {"objects": [{"startTime": 1000, "endTime": 2500, "content": [{"text": "Hel"}, {"text": "lo"}]},
                                 {"startTime": 3000, "endTime": 4500, "content": [{"text": "you"}]}]}, BOTH),
        ("C#", [{"Start": "00:00:01", "End": "00:00:02.5000000", "Text": "Hello"},
                {"Start": "00:00:03", "End": "00:00:04.5000000", "Text": "you"}], BOTH),
        ("a length in thousandths", [{"startMs": 1000, "durationMs": 1500, "text": "Hello"},
                                     {"startMs": 3000, "durationMs": 1500, "text": "you"}], BOTH),
        ("youtube-transcript", [{"text": "Hello", "duration": 1.5, "offset": 1.0, "lang": "en"},
                                {"text": "you", "duration": 1.5, "offset": 3.0, "lang": "en"}], BOTH),
        ("a page of YouTube", {"actions": [{"content": {"initialSegments": [
            of_youtube("Hello", "1000", "2500"), of_youtube("you", "3000", "4500")]}}]}, BOTH),
        ("numbers for keys", {"1": {"start": 1.0, "end": 2.5, "text": "Hello"},
                              "2": {"start": 3.0, "end": 4.5, "text": "you"}}, BOTH),
        ("both times in one", [{"timestamp": "00:00:01,000 --> 00:00:02,500", "text": "Hello"},
                               {"timestamp": "00:00:03,000 --> 00:00:04,500", "text": "you"}], BOTH),
        ("Panopto", [{"Caption": "Hello", "Time": 1.0}, {"Caption": "you", "Time": 3.0}], STARTS_ONLY),
        ("Loom", {"phrases": [{"ts": 1.0, "value": "Hello"}, {"ts": 3.0, "value": "you"}]}, STARTS_ONLY),
        ("LinkedIn", {"lines": [{"transcriptStartAt": 1000, "caption": "Hello"},
                                {"transcriptStartAt": 3000, "caption": "you"}]}, STARTS_ONLY),
        ("clocks", [{"time": "0:01", "text": "Hello"}, {"time": "0:03", "text": "you"}], STARTS_ONLY),
        ("oTranscribe", {"text": '<p><span class="timestamp" data-timestamp="1">0:01</span>Hello</p><p>'
                                 '<span class="timestamp" data-timestamp="3">0:03</span>you<br /></p>',
                         "media": "a.mp3"}, STARTS_ONLY),
        ("Spotify", {"lyrics": {"syncType": "LINE_SYNCED", "lines": LYRICS}}, STARTS_ONLY),
        ("Musixmatch", [{"text": "Hello", "time": {"total": 1.0, "seconds": 1}},
                        {"text": "you", "time": {"total": 3.0, "seconds": 3}}], STARTS_ONLY),
        ("Musixmatch, by words", [{"ts": 1.0, "te": 2.5, "l": [{"c": "Hello", "o": 0}], "x": "Hello"},
                                  {"ts": 3.0, "te": 4.5, "l": [{"c": "you", "o": 0}], "x": "you"}], BOTH),
        ("LRCLIB", {"id": 1, "plainLyrics": "Hello\nyou", "syncedLyrics": "[00:01.00] Hello\n[00:03.00] you\n"},
         STARTS_ONLY),
    ],
)  # fmt: skip
def test_rows_in_other_words(program: str, data: Any, shown: list[tuple[float, float, str]]) -> None:
    assert rows(read(json.dumps(data), "a.json")) == shown, program


WORDS = [("Hello", 1.0, 1.4), ("there.", 1.5, 2.0)]


@pytest.mark.parametrize(
    ("program", "data"),
    [
        ("WhisperX", {"word_segments": [{"word": w, "start": a, "end": b, "score": 0.9} for w, a, b in WORDS]}),
        ("Trint", {"transcript": {"words": [{"text": w, "time": a, "duration": b - a} for w, a, b in WORDS]}}),
        ("Google", {"results": [{"alternatives": [{"words": [
            {"word": w, "startTime": {"seconds": str(int(a)), "nanos": round(a % 1 * 1e9)},
             "endTime": {"seconds": int(b), "nanos": round(b % 1 * 1e9)}} for w, a, b in WORDS]}]}]}),
        ("Deepgram", {"results": {"utterances": [{"start": 1.0, "end": 2.0, "transcript": "Hello there.", "words": [
            {"word": w.lower().strip("."), "punctuated_word": w, "start": a, "end": b} for w, a, b in WORDS]}]}}),
    ],
)  # fmt: skip
def test_words_in_other_words(program: str, data: Any) -> None:
    (cue,) = read(json.dumps(data), "a.json").cues
    assert (cue.text, cue.start, cue.end) == ("Hello there.", 1, 2), program
    assert [(word.text, word.start) for word in cue.words] == [("Hello", 1.0), ("there.", 1.5)]


def test_what_a_row_says_besides_is_kept() -> None:
    data = {"TrackEvents": [{"Id": "7", "Text": "a", "StartPositionTicks": 0, "EndPositionTicks": 10_000_000}]}
    (cue,) = read(json.dumps(data), "a.json").cues
    assert json.loads(cue.extra["json.rest"]) == {"Id": "7"}
    odd = read(json.dumps([{"Text": "a", "Start": 1.0, "End": 2.0}, {"Speaker": "Ann", "Label": "b"}]), "a.json")
    assert [(finding.kind, "Ann" in finding.quote) for finding in odd.findings] == [(Kind.BROKEN, True)]


def test_the_name_of_a_language_is_no_code() -> None:
    data = {"snippets": [{"text": "a", "start": 1.0, "duration": 1.5}], "language": "English", "language_code": "en"}
    assert read(json.dumps(data), "a.json").language == "en"


def test_a_list_as_python_shows_it() -> None:
    document = read("[{'start': 1.0, 'end': 2.5, 'text': \"It's\", 'x': None}]\n", "a.json")
    assert rows(document) == [(1, 2.5, "It's")]
    assert [finding.kind for finding in document.findings] == [Kind.BROKEN]


@pytest.mark.parametrize("ts", ["1700000000.123", 1_700_000_000, 1_700_000_000_000])
def test_the_log_of_a_chat_is_no_list_of_subtitles(ts: Any) -> None:
    with pytest.raises(SubtitleFileError):
        read(
            json.dumps([{"ts": ts, "user": "Ann", "text": "Hello"}, {"ts": ts, "user": "Bob", "text": "Hi"}]), "a.json"
        )
