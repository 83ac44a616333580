# SPDX-License-Identifier: GPL-3.0-or-later
"""More of what people complain of when a program opens their subtitles, each by what is odd in the file.

The texts are ours. Rows are what a viewer sees: times in seconds, and the text.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions

PAL = ReadOptions(fps=Fraction(25))
Rows = list[tuple[float, float, str]]


def read(text: str | bytes, name: str, options: ReadOptions = PAL) -> Document:
    return reading.parse(text if isinstance(text, bytes) else text.encode(), name, options=options)


def rows(document: Document) -> Rows:
    return [(round(cue.start, 3), round(cue.end, 3), cue.text) for cue in document.cues]


def written(document: Document, ending: str) -> str:
    return writing.rendered(Path(f"out.{ending}"), document)[0].decode()


# Times


@pytest.mark.parametrize(
    "times",
    [
        "00:00:01,200.0000000000582 --> 00:00:02,000",
        "00:00:01,200 --> 00:00:02,000.4999999",
        "00:00:01,2000000000000001 --> 00:00:02,0",
        "00:00:01,200 > 00:00:02,000",
        "00:00:01.200 ~ 00:00:02.000",
        "00:00:01,200 to 00:00:02,000",
    ],
)
def test_times_that_a_program_or_a_hand_has_spoilt(times: str) -> None:
    document = read(f"1\n{times}\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\n> there\n", "a.srt")
    assert rows(document) == [(1.2, 2, "Hello"), (3, 4, "> there")]
    assert document.findings == ()


def test_two_times_in_a_sentence_are_none() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n5:30 > 4:20\n5:30 to 6:00\n"
    assert rows(read(text, "a.srt")) == [(1, 2, "5:30 > 4:20\n5:30 to 6:00")]


def test_lyrics_with_colons_before_the_hundredths() -> None:
    text = "[ti:Song]\n[00:12:34]first\n[00:15:90]second\n[01:02:05][01:30:00]third\n"
    shown = [(12.34, 15.9, "first"), (15.9, 62.05, "second"), (62.05, 90, "third"), (90, 92, "third")]
    assert rows(read(text, "a.lrc")) == shown
    assert rows(read(text.removeprefix("[ti:Song]\n"), "a.lrc")) == shown
    # Where nothing says that it is lyrics, the first part is hours.
    talk = read("[00:12:34]first\n[01:02:05]second\n", "a.txt")
    assert (talk.format, rows(talk)) == ("transcript", [(754, 3725, "first"), (3725, 3727, "second")])


# Tables


def test_quotes_of_a_table_that_whisper_wrote_are_letters() -> None:
    texts = ['"Hello," he said.', '"Hello."', 'it is 5" wide', '"never closed', 'closed here"']
    lines = [f"{index}000\t{index}900\t{text}" for index, text in enumerate(texts)]
    document = read("\n".join(["start\tend\ttext", *lines, ""]), "a.tsv")
    assert [cue.text for cue in document.cues] == texts
    assert document.findings == ()
    assert [cue.text for cue in read(written(document, "tsv"), "b.tsv").cues] == texts


def test_quotes_of_other_tables_are_not() -> None:
    quoted = 'start\tend\ttext\n0\t900\t"a ""b""\nc"\n1000\t1900\td\n'
    assert [cue.text for cue in read(quoted, "a.tsv").cues] == ['a "b"\nc', "d"]
    all_quoted = '"start"\t"end"\t"text"\n"0"\t"900"\t"Hello."\n'
    assert [cue.text for cue in read(all_quoted, "a.tsv").cues] == ["Hello."]
    half = read('start,end,text\n0.0,1.0,"Hello," he said, twice\n2.0,3.0,"ok, yes"\n', "a.csv")
    assert [cue.text for cue in half.cues] == ['"Hello," he said, twice', "ok, yes"]
    assert [finding.kind for finding in half.findings] == [Kind.BROKEN]


@pytest.mark.parametrize(
    "text",
    [
        "Start TC;End TC;Character;Text\n00:00:05:10;00:00:07:00;ANNA;Hi, you\n00:00:08:00;00:00:09:12;BOB;Good.\n",
        "Time,Role,In,Out,Text\nx,ANNA,00:00:05:10,00:00:07:00,Hi, you\ny,BOB,00:00:08:00,00:00:09:12,Good.\n",
    ],
)
def test_headings_of_dubbing_studios(text: str) -> None:
    document = read(text, "a.csv")
    assert rows(document) == [(5.4, 7, "Hi, you"), (8, 9.48, "Good.")]
    assert [cue.speaker or cue.extra["csv.Role"] for cue in document.cues] == ["ANNA", "BOB"]


def test_a_table_with_one_column_of_times() -> None:
    document = read("Nr,TC,Character,Dialogue\n1,00:00:05:10,ANNA,Hello\n2,00:00:08:00,BOB,Good\n", "a.csv")
    assert rows(document) == [(5.4, 8, "Hello"), (8, 10, "Good")]


# Transcripts


@pytest.mark.parametrize(
    ("text", "shown", "speakers"),
    [
        (
            "[0.00s -> 5.00s] Hello there.\n[5.00s -> 3700.48s]  How are you?\n",
            [(0, 5, "Hello there."), (5, 3700.48, "How are you?")],
            ["", ""],
        ),
        (
            "Ann Lee  0:03  \nHello everybody.\n\nBob Jones  0:10  \nThanks.\nMeet at 10:30 then.\n",
            [(3, 10, "Hello everybody."), (10, 12, "Thanks.\nMeet at 10:30 then.")],
            ["Ann Lee", "Bob Jones"],
        ),
        (
            "Speaker 1 (00:03):\nHello.\n\nSpeaker 2 (00:10):\nThanks.\n",
            [(3, 10, "Hello."), (10, 12, "Thanks.")],
            ["Speaker 1", "Speaker 2"],
        ),
    ],
)
def test_transcripts_of_programs_and_services(text: str, shown: Rows, speakers: list[str]) -> None:
    document = read(text, "a.txt")
    assert rows(document) == shown
    assert [cue.speaker for cue in document.cues] == speakers


# SubStation

HEAD = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Italic, Alignment
Style: Default,Arial,20,&H00FFFFFF,0,2

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def events(*texts: str) -> str:
    return "".join(f"Dialogue: 0,0:00:0{n}.00,0:00:0{n}.90,Default,,0,0,0,,{text}\n" for n, text in enumerate(texts, 1))


def test_events_that_were_copied_without_a_head() -> None:
    document = read(events("one, two", "three"), "a.ass")
    assert (document.format, rows(document)) == ("ass", [(1, 1.9, "one, two"), (2, 2.9, "three")])
    again = written(document, "ass")
    assert "[Events]\nFormat: " in again
    assert again.endswith(events("one, two", "three"))
    old = "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,,0000,0000,0000,,Hi\n"
    assert (read(old, "a.txt").format, rows(read(old, "a.txt"))) == ("ssa", [(1, 2, "Hi")])


def test_a_text_of_an_event_that_was_written_with_its_line_ends() -> None:
    lines = "Dialogue: 0,0:00:01.00,0:00:01.90,Default,,0,0,0,,{\\i1}one\ntwo\n; a remark\nNote: three\n"
    document = read(HEAD + lines + events("x").replace("0:00:01", "0:00:03"), "a.ass")
    assert rows(document)[0] == (1, 1.9, "one\ntwo")
    assert [finding.line for finding in document.findings if finding.kind is Kind.BROKEN] == [11]
    assert "<i>one\ntwo</i>" in written(document, "srt")
    assert ",,{\\i1}one\\Ntwo\n; a remark\nNote: three\nDialogue" in written(document, "ass")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"{\i1}one {\rAlt}two {\i1}three{\r} four", "<i>one </i>two <i>three</i> four"),
        (r"{\b700}bold{\b400} usual {\b100}thin {\b1}bold", "<b>bold</b> usual thin <b>bold</b>"),
    ],
)
def test_what_ends_a_look(text: str, shown: str) -> None:
    document = read(HEAD + events(text), "a.ass")
    assert shown in written(document, "srt").split("\n")
    assert written(document, "ass") == HEAD + events(text)


def test_columns_in_another_order_go_into_the_other_version() -> None:
    head = HEAD.replace("Name, Fontname, Fontsize, PrimaryColour, Italic, Alignment", "Italic, Alignment, Name")
    head = head.replace("Default,Arial,20,&H00FFFFFF,0,2", "-1,8,Default").replace(
        "Layer, Start, End", "End, Layer, Start"
    )
    row = "Dialogue: 0:00:02.00,0,0:00:01.00,Default,Ann,0,0,0,,Hello, you\n"
    document = read(written(read(head + row, "a.ass"), "ssa"), "b.ssa")
    assert rows(document) == [(1, 2, "Hello, you")]
    assert (document.cues[0].placing.align, document.cues[0].speaker) == (8, "Ann")
    assert "<i>Hello, you</i>" in written(document, "srt")


# Encodings


def doubled(text: str, mistaken_for: str) -> str:
    """As if its UTF-8 were another encoding; bytes that this has no letter for stay what they are."""
    return "".join(bytes([byte]).decode(mistaken_for, errors="ignore") or chr(byte) for byte in text.encode())


WESTERN = "L'été à Genève, « déjà » — l’île"
RUSSIAN = "Привет, как дела? Хорошо!"


@pytest.mark.parametrize(
    ("text", "mistaken_for", "times"),
    [
        (WESTERN, "cp1252", 1),
        (WESTERN, "cp1252", 2),
        (RUSSIAN, "cp1251", 1),
        (RUSSIAN, "cp1252", 1),
        ("你好", "cp1252", 1),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_letters_that_were_encoded_twice(text: str, mistaken_for: str, times: int, mark: str) -> None:
    file = f"{mark}1\n00:00:01,000 --> 00:00:02,000\n{text}\n\n2\n00:00:03,000 --> 00:00:04,000\n{text}\n"
    broken = file
    for _ in range(times):
        broken = doubled(broken, mistaken_for)
    document = read(broken, "a.srt")
    assert rows(document) == [(1, 2, text), (3, 4, text)]
    assert [finding.kind for finding in document.findings] == [Kind.CHARACTERS] * times
    assert read(file, "a.srt").findings == ()
    # As it stands, for somebody who means it.
    said = reading.parse(broken.encode(), "a.srt", encoding="utf-8")
    assert said.cues[0].text != text


@pytest.mark.parametrize("text", ["Ã a ¼ Ã b ¼ Ã c ¼", 12 * "Ã¼" + "Ã"])
def test_letters_that_only_look_as_if_they_were_encoded_twice_stay(text: str) -> None:
    assert read(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n", "a.srt").cues[0].text == text


def test_one_word_about_letters_that_were_encoded_twice_is_a_word() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nIt says CafÃ© over the door, in Ünlü's café.\n"
    assert read(text, "a.srt").cues[0].text.startswith("It says CafÃ© over")


# WebVTT


def test_times_of_words_as_some_programs_write_them() -> None:
    text = "WEBVTT\n\n00:12.000 --> 00:14.000\nbut<0:00:13.330000><c> you</c><00:13,5><c> there</c>\n"
    (cue,) = read(text, "a.vtt").cues
    assert cue.text == "but you there"
    assert [(word.text, word.start) for word in cue.words] == [("but", 12), ("you", 13.33), ("there", 13.5)]


# TTML

TTML = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"><head><styling>'
    '<style xml:id="it" tts:fontStyle="italic"/></styling></head><body>{}</body></tt>'
)


def test_a_part_that_undoes_its_paragraphs_style() -> None:
    text = '<div><p begin="1s" end="2s" style="it">all <span tts:fontStyle="normal">but this</span></p></div>'
    document = read(TTML.format(text), "a.ttml")
    assert "<i>all </i>but this" in written(document, "srt")
    assert "{\\i1}all {\\i0}but this" in written(document, "ass")


def test_times_of_a_division_that_its_paragraphs_say_again() -> None:
    """By the standard they add up, and nothing would ever be shown."""
    one = '<div begin="10s" end="20s"><p begin="10s" end="12s">a</p><p begin="12s" end="20s">b</p></div>'
    document = read(TTML.format(one + one.replace("1", "3").replace('"20s', '"40s')), "a.ttml")
    assert rows(document) == [(10, 12, "a"), (12, 20, "b"), (30, 32, "a"), (32, 40, "b")]
    assert [finding.kind for finding in document.findings] == [Kind.TIME] * 2


def test_a_start_that_cannot_be_read_is_not_the_start_of_the_film() -> None:
    text = '<div><p begin="1s" end="3s">a</p><p begin="soon" end="60s">b</p></div>'
    assert rows(read(TTML.format(text), "a.ttml")) == [(1, 3, "a"), (58, 60, "b")]


def test_ticks_of_a_file_that_does_not_say_how_many_a_second_has() -> None:
    text = '<div><p begin="0t" end="9999999t">a</p><p begin="10000000t" end="25000000t">b</p></div>'
    document = read(TTML.format(text), "a.ttml")
    assert rows(document) == [(0, 1, "a"), (1, 2.5, "b")]
    assert [finding.kind for finding in document.findings] == [Kind.RATE]
    assert rows(read(TTML.format('<p begin="1t" end="2t">a</p>'), "a.ttml")) == [(1, 2, "a")]


# JSON with words and no subtitles

HEARD = [("Hello", 0.1, 0.5), ("there.", 0.5, 0.9), ("Bye.", 3.5, 3.9)]
VOSK = [{"result": [{"word": word, "start": start, "end": end}], "text": word} for word, start, end in HEARD]


def amazon() -> dict[str, object]:
    items: list[dict[str, object]] = []
    for word, start, end in HEARD:
        said = [{"content": word.rstrip("."), "confidence": "0.9"}]
        items.append({"start_time": str(start), "end_time": str(end), "alternatives": said})
        items += [{"alternatives": [{"content": "."}], "type": "punctuation"}] if "." in word else []
    return {"jobName": "x", "results": {"transcripts": [], "items": items}}


WORDS_ONLY = {
    "openai": {"language": "en", "text": "x", "words": [{"word": w, "start": a, "end": b} for w, a, b in HEARD]},
    "thousandths": {"words": [{"text": w, "start": round(a * 1000), "end": round(b * 1000)} for w, a, b in HEARD]},
    "assemblyai": {"words": [
        {"text": w, "start": round(a * 1000), "end": round(b * 1000), "speaker": "A"} for w, a, b in HEARD],
        "utterances": [{"text": "x", "start": 100, "end": 3900, "speaker": "A"}]},
    "vosk": {"result": [VOSK[0]["result"][0], VOSK[1]["result"][0], VOSK[2]["result"][0]], "text": "x"},  # type: ignore[index]
    "amazon": amazon(),
    "deepgram": {"results": {"channels": [{"alternatives": [{"words": [
        {"word": w.lower(), "punctuated_word": w, "start": a, "end": b, "confidence": 0.9} for w, a, b in HEARD]}]}]}},
    "google": {"results": [{"alternatives": [{"words": [
        {"word": w, "startTime": f"{a}s", "endTime": f"{b}s"} for w, a, b in HEARD]}]}]},
    "rev": {"monologues": [{"speaker": 0, "elements": [part for w, a, b in HEARD for part in (
        {"type": "text", "value": w.rstrip("."), "ts": a, "end_ts": b},
        {"type": "punct", "value": "." if "." in w else " "})]}]},
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS_ONLY)
def test_words_of_services_are_put_together(name: str) -> None:
    document = read(json.dumps(WORDS_ONLY[name]), "a.json")
    assert rows(document) == [(0.1, 0.9, "Hello there."), (3.5, 3.9, "Bye.")]
    assert [word.start for cue in document.cues for word in cue.words] == [0.1, 0.5, 3.5]


@pytest.mark.parametrize("time", [10**400, -(10**400)])
def test_times_of_services_longer_than_a_number(time: int) -> None:
    words = [{"word": "one", "start": 0.5, "end": 1.5}, {"word": "two", "start": time, "end": time}]
    assert [cue.text for cue in read(json.dumps({"words": words}), "a.json").cues] == ["one", "two"]
    phrase = {"offsetInTicks": time, "durationInTicks": 1, "nBest": [{"display": "one"}]}
    with pytest.raises(SubtitleFileError):
        read(json.dumps({"recognizedPhrases": [phrase]}), "a.json")


def test_words_that_google_says_again_with_their_speakers_are_said_once() -> None:
    """The last result has all words; those before it say nobody."""
    words = [{"word": w, "startTime": f"{a}s", "endTime": f"{b}s"} for w, a, b in HEARD]
    tagged = [{**word, "speakerTag": tag} for word, tag in zip(words, (1, 1, 2), strict=True)]
    results = [{"alternatives": [{"words": some}]} for some in (words[:2], words[2:], tagged)]
    document = read(json.dumps({"results": results}), "a.json")
    assert [(cue.text, cue.speaker) for cue in document.cues] == [("Hello there.", "1"), ("Bye.", "2")]
    beside = read(json.dumps({"results": results[:2]}), "a.json")
    assert [cue.text for cue in beside.cues] == ["Hello there.", "Bye."]


def test_words_of_a_script_without_spaces_get_none() -> None:
    heard = [("今日", 0.1, 0.5), ("は", 0.5, 0.9), ("New", 0.9, 1.2), ("York", 1.2, 1.4), ("です", 1.4, 1.9)]
    data = {"words": [{"word": w, "start": a, "end": b} for w, a, b in heard]}
    (cue,) = read(json.dumps(data), "a.json").cues
    assert cue.text == "今日は New York です"
    assert [(word.text, word.start) for word in cue.words] == [(word, start) for word, start, _ in heard]


def test_answers_of_a_recognizer_one_after_the_other() -> None:
    answers = [VOSK[0], {"text": ""}, VOSK[2]]
    assert rows(read(json.dumps(answers), "a.json")) == [(0.1, 0.5, "Hello"), (3.5, 3.9, "Bye.")]


@pytest.mark.parametrize(
    "data",
    [
        {"fragments": [{"begin": "1.000", "end": "2.500", "id": "f1", "lines": ["one", "two"]}]},
        {"recognizedPhrases": [{"offsetInTicks": 1e7, "durationInTicks": 1.5e7, "nBest": [{"display": "one\ntwo"}]}]},
        [{"startMillis": 1000, "endMillis": 2500, "text": "one\ntwo"}],
    ],
)
def test_rows_that_others_call_otherwise(data: object) -> None:
    assert rows(read(json.dumps(data), "a.json")) == [(1, 2.5, "one\ntwo")]


def test_letters_that_escapes_say() -> None:
    document = read("1\n00:00:01,000 --> 00:00:02,000\nこんにちは\n".encode("iso2022_jp"), "a.srt")
    assert rows(document) == [(1, 2, "こんにちは")]
    assert [finding.kind for finding in document.findings] == [Kind.ENCODING]


def test_what_stands_around_avids_list_is_no_subtitle() -> None:
    text = "<begin subtitles>\n00:00:01:00 00:00:02:00\nBeep\n\n<end subtitles>\n"
    document = read(text, "a.txt")
    assert rows(document) == [(1, 2, "Beep")]
    assert [finding.quote for finding in document.findings] == ["<begin subtitles>", "<end subtitles>"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<TextStream><TextSample>x</TextSample></TextStream>", "TTXT"),
        ('<window type="generic"><time begin="1"/>x', "RealText"),
    ],
)
def test_it_is_called_by_its_name(text: str, name: str) -> None:
    with pytest.raises(SubtitleFileError, match=name):
        read(text, "a.srt")
