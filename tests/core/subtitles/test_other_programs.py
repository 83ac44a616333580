# SPDX-License-Identifier: GPL-3.0-or-later
"""What services and programs write that is nearly a format that others have. Each entry names the report (repository
and number), or the program, that it was made after; the texts are ours."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions

PAL = ReadOptions(fps=Fraction(25))
Rows = list[tuple[float, float, str, str]]


def read(text: str | bytes, name: str, options: ReadOptions = PAL) -> Document:
    return reading.parse(text if isinstance(text, bytes) else text.encode(), name, options=options)


def rows(document: Document) -> Rows:
    return [(round(cue.start, 3), round(cue.end, 3), cue.speaker, cue.text) for cue in document.cues]


MARKERS = "Marker Name\tDescription\tIn\tOut\tDuration\tMarker Type\n"
CAPTION = "\nHello you.\n\n"


@pytest.mark.parametrize(
    ("report", "name", "text", "shown"),
    [
        ("SubtitleEdit pull 13731", "a.csv", f"{MARKERS}\tHello\t00:00:05:10\t00:00:07:00\t00:00:01:15\tComment\n"
         "Point\t\t00:00:08:00\t00:00:08:00\t00:00:00:00\tComment\n", [(5.4, 7, "", "Hello"), (8, 10, "", "Point")]),
        ("VoiceInk#891", "a.md", "**[00:00:04]** Hello.\n\n**00:09** Bye.\n", [(4, 9, "", "Hello."),
                                                                             (9, 11, "", "Bye.")]),
        ("Sonix", "a.txt", "Ann: [00:00:04] Hello.\n\nBob Ray: [00:00:09] Bye.\n",
         [(4, 9, "Ann", "Hello."), (9, 11, "Bob Ray", "Bye.")]),
        ("Zoom", "a.txt", f"[Ann Lee] 00:00:04{CAPTION}[Bob] 00:00:09\nBye.\n",
         [(4, 9, "Ann Lee", "Hello you."), (9, 11, "Bob", "Bye.")]),
        ("Premiere", "a.txt", f"00;00;04;00 - 00;00;05;12{CAPTION}", [(4, 5.48, "", "Hello you.")]),
        ("Webex", "a.vtt", f'WEBVTT\n\n1 "Ann Lee" (123456)\n00:05.000 --> 00:08.000{CAPTION}',
         [(5, 8, "Ann Lee", "Hello you.")]),
        ("unisubs#2188", "a.vtt", "WEBVTT\n\n00:05.000 --> 00:08.000\none<br>two<BR/>three\n",
         [(5, 8, "", "one\ntwo\nthree")]),
        ("PowerDivX", "a.txt", "{00:00:01}{00:00:03}Hello|you\n{00:01:04}{}Bye\n",
         [(1, 3, "", "Hello\nyou"), (64, 66, "", "Bye")]),
        ("ffsubsync#176", "a.sub", "{1}{72}An advert\n{1}{1}24.0\n{96}{144}Hello\n",
         [(0.042, 3, "", "An advert"), (4, 6, "", "Hello")]),
    ],
)  # fmt: skip
def test_texts_and_tables(report: str, name: str, text: str, shown: Rows) -> None:
    assert rows(read(text, name)) == shown, report


def test_markers_as_premiere_saves_them() -> None:
    """In UTF-16, with drop-frame times, and with a name beside the text, which is kept."""
    line = "Scene\tHello\t00;01;05;10\t00;01;07;00\t00;00;01;20\tComment\n"
    document = read((MARKERS + line).encode("utf-16"), "a.csv", ReadOptions(fps=Fraction(30000, 1001)))
    assert rows(document) == [(65.332, 67.0, "", "Hello")]
    assert document.cues[0].extra["csv.Marker Name"] == "Scene"


def test_a_description_is_the_text_only_where_nothing_else_is() -> None:
    assert rows(read("start,end,description,text\n1.0,2.0,shot,Hello\n", "a.csv")) == [(1, 2, "", "Hello")]
    assert rows(read("start,end,description\n1.0,2.0,Hello\n", "a.csv")) == [(1, 2, "", "Hello")]


def test_frequencies_of_labels_are_no_subtitles() -> None:
    """Labels of Audacity's that were set in its spectrogram have a second line each."""
    document = read("1.000000\t2.500000\tHello\n\\\t100.0\t2000.0\n3.000000\t4.000000\tyou\n", "a.txt")
    assert rows(document) == [(1, 2.5, "", "Hello"), (3, 4, "", "you")]
    assert [(finding.kind, finding.line) for finding in document.findings] == [(Kind.STRAY, 2)]


def test_text_with_a_time_in_it_is_no_list_of_speakers() -> None:
    text = "I met Ann [10:30] at noon.\nShe said no, and left.\nThen it rained.\nWe went home at last.\n"
    assert [cue.speaker for cue in read(text, "a.txt").cues] == ["", "", "", ""]


WORDS = [{"word": "Hello", "start": 0.5, "end": 0.9}, {"word": " there.", "start": 1.0, "end": 1.5}]
SAID = {"start": 0.5, "end": 1.5, "text": "Hello there."}


@pytest.mark.parametrize(
    ("report", "data", "speaker", "number"),
    [
        ("ha-converter#27", {"format": "2.9", "results": [
            {"type": "word", "start_time": 0.5, "end_time": 0.9,
             "alternatives": [{"content": "Hello", "speaker": "S1"}]},
            {"type": "word", "start_time": 1.0, "end_time": 1.5,
             "alternatives": [{"content": "there", "speaker": "S1"}]},
            {"type": "punctuation", "start_time": 1.5, "end_time": 1.5, "alternatives": [{"content": "."}]},
        ]}, "S1", 2),
        ("Watson", {"results": [{"final": True, "alternatives": [{"transcript": "Hello there. ", "timestamps": [
            ["Hello", 0.5, 0.9], ["there.", 1.0, 1.5]]}]}],
            "speaker_labels": [{"from": 0.5, "to": 0.9, "speaker": 2}, {"from": 1.0, "to": 1.5, "speaker": 2}]},
         "2", 2),
        ("Gladia", {"result": {"transcription": {"utterances": [{**SAID, "speaker": 1, "words": WORDS}]}}}, "1", 2),
        ("SubtitleEdit#10022", {"text": "Hello there.", "tokens": [
            {"text": "Hel", "start_ms": 500, "end_ms": 700}, {"text": "lo", "start_ms": 700, "end_ms": 900},
            {"text": " there", "start_ms": 1000, "end_ms": 1400}, {"text": ".", "start_ms": 1400, "end_ms": 1500},
        ]}, "", 2),
        ("NeMo", {"text": "Hello there.", "timestamp": {
            "segment": [{"start": 0.5, "end": 1.5, "segment": "Hello there."}], "word": WORDS}}, "", 0),
        ("Podcasting 2.0", {"version": "1.0.0", "segments": [
            {"speaker": "Ann", "startTime": 0.5, "endTime": 1.5, "body": "Hello there."}]}, "Ann", 0),
        ("Fireflies", {"transcript": {"sentences": [
            {"text": "Hello there.", "start_time": 0.5, "end_time": 1.5, "speaker_name": "Ann"}]}}, "Ann", 0),
    ],
)  # fmt: skip
def test_what_services_for_speech_answer(report: str, data: dict[str, Any], speaker: str, number: int) -> None:
    document = read(json.dumps(data), "a.json")
    assert rows(document) == [(0.5, 1.5, speaker, "Hello there.")], report
    assert [word.start for word in document.cues[0].words] == [0.5, 1.0][:number]


def test_pieces_of_a_script_without_spaces_are_words() -> None:
    tokens = [{"text": letter, "start_ms": 500 * n, "end_ms": 500 * n + 400} for n, letter in enumerate("你好世界")]
    document = read(json.dumps({"tokens": tokens}), "a.json")
    assert [(cue.text, len(cue.words)) for cue in document.cues] == [("你好世界", 4)]


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("units", "Start (hh:mm:ss.ms),End (hh:mm:ss.ms),Text\n00:00:01.000,00:00:02.500,Hello\n", "Hello"),
        ("points", "In Point,Out Point,Caption\n00:00:01:00,00:00:02:12,Hello\n", "Hello"),
        ("German", "Startzeit;Endzeit;Text\n00:00:01,000;00:00:02,500;Hallo, du\n", "Hallo, du"),
        ("French", "N°;Début;Fin;Texte\n1;00:00:01,000;00:00:02,500;Bonjour\n", "Bonjour"),
        ("Russian", "Начало\tКонец\tРеплика\n00:00:01.000\t00:00:02.500\tДа\n", "Да"),
        ("two texts", "Von,Bis,Speaker,Original,Übersetzung\n0:00:01,0:00:02.5,Ann,Hello,Hi\n", "Hello"),
    ],
)
def test_tables_with_other_headings(name: str, text: str, shown: str) -> None:
    document = read(text, "a.csv")
    assert [(cue.start, round(cue.end, 2), cue.text) for cue in document.cues] in (
        [(1, 2.5, shown)], [(1, 2.48, shown)],
    ), name  # fmt: skip
    assert document.findings == ()


def test_what_a_table_with_other_headings_says_besides_is_kept() -> None:
    document = read("Von,Bis,Speaker,Original,Neu\n0:00:01,0:00:02,Ann,Hello,Hi\n0:00:03,0:00:04,Bob,Yes,Ja\n", "a.csv")
    assert [(cue.speaker, cue.text, cue.extra["csv.Neu"]) for cue in document.cues] == [
        ("Ann", "Hello", "Hi"), ("Bob", "Yes", "Ja"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.docx", b"PK\x03\x04" + 26 * b"\0" + b"[Content_Types].xml" + 90 * b"x" + b"word/document.xml", "office"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
        ("a.zip", b"PK\x03\x04" + 26 * b"\0" + b"film.srt", "archive"),
        ("a.txt", b";FFMETADATA1\n[CHAPTER]\nSTART=0\nEND=5\ntitle=Intro\n", "chapters"),
        ("a.txt", b"CHAPTER01=00:00:00.000\nCHAPTER01NAME=Intro\n", "chapters"),
        ("a.vtt", b"#EXTM3U\n#EXTINF:10,\nseg1.vtt\n", "playlist"),
        ("a.srt", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n", "Git LFS"),
        ("a.eaf", b'<?xml version="1.0"?><ANNOTATION_DOCUMENT></ANNOTATION_DOCUMENT>', "ELAN"),
        ("a.txt", b"#TITLE:Song\n#BPM:300\n: 0 5 10 Hel\n- 12\nE\n", "UltraStar"),
        ("a.TextGrid", b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "Praat"),
    ],
)
def test_what_is_no_file_of_subtitles_is_called_by_its_name(name: str, data: bytes, said: str) -> None:
    with pytest.raises(SubtitleFileError, match=said):
        read(data, name)


CHAT = "1\n00:00:01,000 --> 00:00:02,000\nHi\n\n2\n00:00:03,000 --> 00:00:04,000\nYou\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.srt", f"```srt\n{CHAT}```\n", ["```srt", "```"]),
        (
            "a.srt",
            f"Here it is:\n\n```\n{CHAT}```\n\nAnything else?\n",
            ["Here it is:", "```", "```", "Anything else?"],
        ),
        ("a.vtt", "```vtt\nWEBVTT\n\n" + CHAT.replace(",", ".") + "```", ["```vtt", "```"]),
    ],
)
def test_a_block_of_code_that_a_chat_has_answered(name: str, text: str, said: list[str]) -> None:
    document = read(text, name)
    assert [cue.text for cue in document.cues] == ["Hi", "You"]
    assert document.format == name[-3:]
    lines = text.split("\n")
    assert [(finding.kind, finding.quote) for finding in document.findings] == [(Kind.STRAY, part) for part in said]
    assert all(lines[finding.line - 1] == finding.quote for finding in document.findings)


@pytest.mark.parametrize("sign", ["{}.", "#{}", "({})", "{})", "**{}**", "\u200b{}", "{}:"])
def test_numbers_as_lists_have_them(sign: str) -> None:
    text = CHAT.replace("1\n", sign.format(1) + "\n", 1).replace("\n2\n", f"\n{sign.format(2)}\n")
    document = read(text, "a.srt")
    assert [(cue.name, cue.text) for cue in document.cues] == [("1", "Hi"), ("2", "You")]
    assert document.findings == ()


def test_a_text_that_looks_like_such_a_number_stays() -> None:
    text = CHAT.replace("Hi\n\n2\n", "Hi\n#2\n\n2\n")
    assert [cue.text for cue in read(text, "a.srt").cues] == ["Hi\n#2", "You"]


def test_times_in_brackets() -> None:
    text = CHAT.replace("00:00:01,000 --> 00:00:02,000", "[00:00:01,000 --> 00:00:02,000]")
    assert rows(read(text, "a.srt"))[0] == (1, 2, "", "Hi")
    spoken = CHAT.replace("Hi", "(5:30 -> 6:00)")
    assert [cue.text for cue in read(spoken, "a.srt").cues] == ["(5:30 -> 6:00)", "You"]


TEXTS = ("Hello.\nWelcome.", "Thanks.", "How was it?", "Long.", "How long?", "Two days.", "Well.", "Yes.", "Bye.")
TURNS = [(4 * n, 4 * n + 4, "Bob" if n % 2 else "Ann Smith", text) for n, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("{who}", "00:00:{:02}:00 - 00:00:{:02}:00"),  # Premiere Pro's transcripts.
        ("{who}:", "00:00:{:02}.000 --> 00:00:{:02}.000"),  # Descript.
        ("{who}", "0:0:{}.0 --> 0:0:{}.0"),  # Teams' documents.
    ],
)
def test_who_speaks_on_a_line_below_the_times(line: str, times: str) -> None:
    blocks = [f"{times.format(at, end)}\n{line.format(who=who)}\n{said}\n" for at, end, who, said in TURNS]
    document = read("\n".join(blocks), "a.txt")
    assert rows(document) == TURNS
    (found,) = document.findings
    assert (found.kind, found.repaired) == (Kind.SPEAKERS, False)
    assert found.quote.split("\n") == [line.format(who=who) for who in ("Ann Smith", "Bob")]
    assert "9 lines" in found.message and '"Ann Smith' in found.message and '"Bob' in found.message


@pytest.mark.parametrize(
    "texts",
    [
        ("Happy Birthday\nto you", "Happy Birthday\nto you", "Happy Birthday\ndear Ann", "Happy Birthday\nto you"),
        ("Yes\nI do", "No\nI do not", "Yes\nPlease"),
        ("Day 1\nMonday", "Day 2\nTuesday", "Day 1\nAgain"),
        ("Step 1\nPeel", "Step 2\nCut", "Step 3\nBoil"),
        ("Ingredients:\nApples", "Method:\nCut them"),
        ("Verse:\nOne by one", "Chorus:\nAll of us", "Verse:\nTwo by two", "Chorus:\nAll of us"),
        ("Verse 1:\nOne by one", "Chorus:\nAll of us", "Verse 2:\nTwo by two", "Chorus:\nAll of us again"),
        ("Strophe:\nEiner", "Pre-Chorus x2:\nAlle", "Strophe:\nZwei", "Pre-Chorus x2:\nDie anderen"),
        (
            "Ann:\nOne by one",
            "All Together:\nEach and every one of us all",
            "Ann:\nTwo",
            "All Together:\nEach and every one of us all",
        ),
        ("All:\nHappy birthday", "All:\nHappy birthday"),
    ],
)
@pytest.mark.parametrize("times", ["00:00:{:02}.000 --> 00:00:{:02}.000", "00:{:02}"])
def test_lines_that_come_again_are_text(texts: tuple[str, ...], times: str) -> None:
    text = "\n".join(f"{times.format(n, n + 1)}\n{said}\n" for n, said in enumerate(texts, 1))
    document = read(text, "a.txt")
    assert [(cue.speaker, cue.text) for cue in document.cues] == [("", said) for said in texts]


def test_a_name_may_have_the_same_short_answer_below_it_each_time() -> None:
    said = [("Ann", "Is it here?"), ("Bob", "Yes, sir."), ("Ann", "Is it there?"), ("Bob", "Yes, sir.")]
    text = "\n".join(f"00:{n:02}\n{who}:\n{what}\n" for n, (who, what) in enumerate(said))
    assert [(cue.speaker, cue.text) for cue in read(text, "a.txt").cues] == said


def test_who_speaks_on_a_line_above_the_times() -> None:
    blocks = [f"{who}\n00:00:{at:02}\n{said}\n" for at, _, who, said in TURNS]
    document = read("Interview\n\n" + "\n".join(blocks), "a.txt")
    assert rows(document)[:2] == TURNS[:2]
    assert [cue.speaker for cue in document.cues] == [who for _, _, who, _ in TURNS]
    assert {(finding.kind, finding.quote) for finding in document.findings} == {
        (Kind.STRAY, "Interview"), (Kind.SPEAKERS, "Ann Smith\nBob")
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "00:01\nHello\nyou\n\n00:02\nOh\nno\n\n00:03\nWell\nyes\n",  # None comes again.
        "00:01\nAlleluia\nAlleluia\n\n00:02\nAlleluia\nAlleluia\n\n00:03\nAlleluia\nAlleluia\n",
        "00:01\nbut no\nyou\n\n00:02\nbut no\nno\n\n00:03\nbut no\nyes\n",
        "00:01\nAnn\nyou\n\n00:02\nAnn\n\n00:03\nAnn\nyes\n",  # One of them is all that is said.
        "Ann\n00:01\nHello\n00:02\nHello\n00:03\nHello\n",
    ],
)
def test_short_lines_that_name_nobody_stay(text: str) -> None:
    document = read(text, "a.txt")
    assert [cue.speaker for cue in document.cues] == ["", "", ""]
    assert "\n".join(cue.text for cue in document.cues).count("\n") >= 2


@pytest.mark.parametrize(
    ("report", "name", "text", "shown"),
    [
        ("Excel", "a.csv", "sep=;\nStart;End;Text\n00:00:01,000;00:00:02,500;Hello\n", [(1, 2.5, "", "Hello")]),
        ("camels", "a.csv", "startMs,endMs,speakerName,text\n1000,2500,Ann,Hello\n", [(1, 2.5, "Ann", "Hello")]),
        ("commas", "a.csv", "1,00:00:01,000,00:00:02,500,Hello\n", [(1, 2.5, "", "Hello")]),
        ("Audacity in French", "a.txt", "1,000000\t2,500000\tBonjour\n", [(1, 2.5, "", "Bonjour")]),
        ("Frame.io", "a.csv", "Timecode In,Timecode Out,Comment,Author\n00:00:01:00,00:00:02:12,Cut this,Ann\n",
         [(1, 2.48, "", "Cut this")]),
        ("a translator", "a.csv", "start,end,text,comment\n1.0,2.5,Hello,a pun\n", [(1, 2.5, "", "Hello")]),
        ("Resolve", "a.csv", "#,Track,Type,Record In,Record Out,Duration,Name\n"
         "1,ST1,Subtitle,00:00:01:00,00:00:02:12,00:00:01:12,Hello you\n", [(1, 2.48, "", "Hello you")]),
    ],
)  # fmt: skip
def test_tables_of_still_other_programs(report: str, name: str, text: str, shown: Rows) -> None:
    assert rows(read(text, name)) == shown, report


@pytest.mark.parametrize(
    ("program", "name", "text", "shown"),
    [
        ("YouTube's page", "a.txt", "0:00\n0 seconds\nhello there\n1:03\n1 minute, 3 seconds\nand welcome\n",
         [(0, 63, "", "hello there"), (63, 65, "", "and welcome")]),
        ("YouTube's page", "a.txt", "0:00hello there\n0:03and welcome\n", [(0, 3, "", "hello there"),
                                                                         (3, 5, "", "and welcome")]),
        ("whisper with speakers", "a.txt", "SPEAKER_00 [00:00:01.000 - 00:00:02.500]: Hello\n"
         "SPEAKER_01 [00:00:03.000 - 00:00:04.500]: Bye\n", [(1, 2.5, "SPEAKER_00", "Hello"),
                                                            (3, 4.5, "SPEAKER_01", "Bye")]),
        ("a range above", "a.txt", "Speaker 1: 00:00:01 - 00:00:03\nHello\nthere\n\n"
         "Speaker 2: 00:00:03 - 00:00:05\nBye\n",
         [(1, 3, "Speaker 1", "Hello\nthere"), (3, 5, "Speaker 2", "Bye")]),
        ("Descript", "a.md", "**Ann:** [00:00:01] Hello there.\n\n**Bob:** [00:00:03] Bye.\n",
         [(1, 3, "Ann", "Hello there."), (3, 5, "Bob", "Bye.")]),
        ("Zoom", "a.txt", "00:00:01\tAnn Lee:\tHello: you\n00:00:03\tBob:\tHi\n",
         [(1, 3, "Ann Lee", "Hello: you"), (3, 5, "Bob", "Hi")]),
    ],
)  # fmt: skip
def test_transcripts_of_still_other_programs(program: str, name: str, text: str, shown: Rows) -> None:
    document = read(text, name)
    assert rows(document) == shown, program
    assert document.findings == ()


def test_a_list_of_chapters_is_one_of_texts() -> None:
    document = read("Intro 0:00 - 1:30\nMain part 1:30 - 5:00\n", "a.txt")
    assert rows(document) == [(0, 90, "", "Intro"), (90, 300, "", "Main part")]


def test_who_says_nothing_is_quoted() -> None:
    document = read("Ann  0:01\n\nBob  0:03\nHello\n", "a.txt")
    assert rows(document) == [(3, 5, "Bob", "Hello")]
    assert [finding.quote for finding in document.findings] == ["Ann"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0:01\n2 seconds\nlater\n0:05\nyes\n", "2 seconds\nlater"),
        ("0:01\n1 second\n0:05\nyes\n", "1 second"),
        ("0:01 hello\n5:30pm is when\n0:05 yes\n", "hello\n5:30pm is when"),
        ("0:01 Note: hello\n0:05 yes\n", "Note: hello"),
        ("We met at 5:00 - 6:00 today.\nThen we left.\n", "We met at 5:00 - 6:00 today."),
    ],
)
def test_texts_of_transcripts_that_look_like_more(text: str, said: str) -> None:
    assert read(text, "a.txt").cues[0].text == said
