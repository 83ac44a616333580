# SPDX-License-Identifier: GPL-3.0-or-later
"""What users of other programs reported of their subtitle files, beyond the cases with files of their own.

Each entry names the report (repository and number) that it was made after; the texts are ours. `shown` are the rows
that a viewer sees: times in seconds, and the text with SubRip's tags where formatting is the point.
"""

from __future__ import annotations

import dataclasses
import textwrap
from fractions import Fraction
from pathlib import Path

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import COLOR, ITALIC, Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions

PAL = ReadOptions(fps=Fraction(25))


def read(text: str | bytes, name: str, options: ReadOptions = PAL) -> Document:
    data = text if isinstance(text, bytes) else textwrap.dedent(text).lstrip("\n").encode()
    return reading.parse(data, name, options=options)


def rows(document: Document) -> list[tuple[float, float, str]]:
    return [(cue.start, cue.end, cue.text) for cue in document.cues]


def written(document: Document, ending: str) -> str:
    return writing.rendered(Path(f"out.{ending}"), document)[0].decode()


def texts(document: Document, ending: str = "srt") -> list[str]:
    """The texts as another format says them."""
    again = reading.parse(writing.rendered(Path(f"out.{ending}"), document)[0], f"in.{ending}")
    return [cue.text for cue in again.cues]


def losses(document: Document, ending: str) -> list[str]:
    return [str(finding) for finding in writing.rendered(Path(f"out.{ending}"), document)[1]]


# Times


@pytest.mark.parametrize(
    ("report", "name", "text", "shown"),
    [
        ("byroot/pysrt#25", "a.srt", "1\n00:00:20 --> 00:00:24\nno fraction\n", [(20, 24, "no fraction")]),
        ("cdown/srt#55", "a.srt", "1\n00:00:0,500 --> 00:00:2,00\nshort\n", [(0.5, 2, "short")]),
        ("vidstack/captions#8", "a.srt", "1\n0:0:4,8 --> 0:0:7,4\nhi\n", [(4.8, 7.4, "hi")]),
        ("SubtitleEdit#3831", "a.srt", "  1\n  00: 00: 12,083  -->  00: 00: 15,726\n  x\n", [(12.083, 15.726, "x")]),
        ("SubtitleEdit#2160", "a.txt", "00:15:07:00 one\n00:15:16:12  two\n"
         "", [(907, 916.48, "one"), (916.48, 918.48, "two")]),
        (
            "Subtivals#200",
            "a.txt",
            "00:00:11:10 00:00:16:17 05:07\nJ'ai fait\nmon film\n\n00:00:16:24 00:00:19:08 02:09\nJ'avais\n",
            [(11.4, 16.68, "J'ai fait\nmon film"), (16.96, 19.32, "J'avais")],
        ),
        ("Adobe Encore", "a.txt", "1 00:00:01:00 00:00:03:12 Hi\nyou\n2 00:00:04:00 00:00:05:00 Bye\n",
         [(1, 3.48, "Hi\nyou"), (4, 5, "Bye")]),
        ("auto-subs#610", "a.srt", "1\n-112:-7:-40,-860 --> -112:-7:-38,-100\nlost\n\n2\n"
         "00:00:03,000 --> 00:00:04,000\nok\n",
         [(0, 2, "lost"), (3, 4, "ok")]),
        ("pysubs2#71", "a.sub", "{10}{20}666\n{30}{50}asdf|more\n", [(0.4, 0.8, "666"), (1.2, 2, "asdf\nmore")]),
        ("pysubs2 pull 113", "a.sub", "{0}{0}25\n{25}{50}First\n", [(1, 2, "First")]),
        ("unisubs#3419", "a.itt", '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
         ' '
         'ttp:timeBase="smpte" ttp:frameRate="24" ttp:frameRateMultiplier="999 1000"><body><div>'
         '<p begin="01:00:00:00" end="01:00:02:12">x</p></div></body></tt>', [(3603.604, 3606.106, "x")]),
        ("mpv#1654", "a.ssa", "[Events]\nFormat: Marked, Start, End, Text\n"
         "Dialogue: Marked=0,00:00:01.50,00:00:03.00,x\n",
         [(1.5, 3, "x")]),
        ("sptlrx pull 92", "a.lrc", "[offset:+500]\n[00:57.00][01:51.00]Oh\n[01:00.00]other\n",
         [(56.5, 59.5, "Oh"), (59.5, 110.5, "other"), (110.5, 112.5, "Oh")]),
    ],
)  # fmt: skip
def test_times(report: str, name: str, text: str, shown: list[tuple[float, float, str]]) -> None:
    assert [(round(start, 3), round(end, 3), said) for start, end, said in rows(read(text, name))] == shown, report


@pytest.mark.parametrize(
    ("report", "text"),
    [
        ("SubtitleEdit#5799", "00:00:24:04\t00:00:29:00\tHello there\n00:00:29:00\t00:00:33:15\tsecond\n"),
        ("davinci", "Speaker Name,Start Time,End Time,Text\nAnn,00:00:24:04,00:00:29:00,Hello there\n"
         "Bob,00:00:29:00,00:00:33:15,second\n"),
    ],
)  # fmt: skip
def test_times_of_tables_count_frames_too(report: str, text: str) -> None:
    document = read(text, "a.txt" if "\t" in text else "a.csv")
    assert rows(document) == [(24.16, 29.0, "Hello there"), (29.0, 33.6, "second")], report
    assert [cue.speaker for cue in document.cues] == (["Ann", "Bob"] if "Ann" in text else ["", ""])
    guessed = read(text, "a.csv", ReadOptions())
    assert [finding.kind for finding in guessed.findings] == [Kind.RATE]
    clocks = "start,end,text\n00:00:01:500,00:00:02:250,thousandths\n"
    assert rows(read(clocks, "a.csv")) == [(1.5, 2.25, "thousandths")]


def test_whole_numbers_of_json_are_thousandths_where_nobody_speaks_as_slowly() -> None:
    """As AssemblyAI has them; Whisper's own may be whole seconds."""
    words = '[{"text": "hello", "start": 1000, "end": 1500}, {"text": "there", "start": 1600, "end": 2400}]'
    said = f'{{"text": "hello there", "start": 1000, "end": 2500, "speaker": "A", "words": {words}}}'
    document = read(f'{{"utterances": [{said}, {{"text": "bye", "start": 3000, "end": 4000}}]}}', "a.json")
    assert rows(document) == [(1.0, 2.5, "hello there"), (3.0, 4.0, "bye")]
    assert [(word.start, word.end) for word in document.cues[0].words] == [(1.0, 1.5), (1.6, 2.4)]
    assert [finding.kind for finding in document.findings] == [Kind.TIME]
    whole = ", ".join(f'{{"start": {n}, "end": {n + 5}, "text": "Five seconds of speech."}}' for n in range(0, 2000, 5))
    assert read(f'{{"segments": [{whole}]}}', "a.json").cues[-1].end == 2000
    assert rows(read('[{"start": 0, "end": 600, "text": "Music"}]', "a.json")) == [(0, 600, "Music")]


def test_what_only_lists_times_is_no_file_of_subtitles() -> None:
    """SubtitleEdit#5799."""
    with pytest.raises(SubtitleFileError, match="no subtitles"):
        read("00:00:24:04\t00:00:29:00\n00:00:29:00\t00:00:33:15\n", "a.txt")


def test_a_text_that_begins_with_two_digits_is_still_tmplayer() -> None:
    document = read("00:00:01:12 monkeys\n00:00:04:and more\n00:00:06:to come\n", "a.txt")
    assert (document.format, document.cues[0].text) == ("tmplayer", "12 monkeys")


def test_a_time_that_no_clock_can_show_is_none() -> None:
    text = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">a</p>{}</div></body></tt>'
    document = read(text.format('<p begin="40000000000000000000s" end="50000000000000000000s">b</p>'), "a.ttml")
    assert rows(document) == [(1, 2, "a"), (2, 4, "b")]
    assert texts(document) == ["a", "b"]


# Texts


@pytest.mark.parametrize(
    ("report", "name", "text", "shown"),
    [
        ("SubtitleEdit#2147", "a.srt", "1\n00:00:01,000 --> 00:00:02,000\nA\n\n\nB\n\n2\n"
         "00:00:03,000 --> 00:00:04,000\n\n20\n\n"
         "3\n00:00:05,000 --> 00:00:06,000\nC\n", ["A\nB", "20", "C"]),
        ("codecast#132", "a.srt", "1\n\n00:00:00,000 --> 00:00:01,000\nHello $5\n\n2\n\n"
         "00:00:01,000 --> 00:00:02,000\nx\n",
         ["Hello $5", "x"]),
        ("subliminal#311", "a.srt", "24\n\n00:00:47,653 --> 00:00:49,603\n\nStart.\n\nEzekiel.\n\n25\n\n"
         "00:00:50,000 --> 00:00:51,000\n\nNext.\n", ["Start.\nEzekiel.", "Next."]),
        ("pysubs2#11", "a.srt", "392\n00:29:27,46 --> 00:29:29,83\nLiza\n\n393\n00:00:00,00 --> 00:00:00,00\n\n394\n"
         "00:00:00,00 --> 00:00:00,00\n", ["Liza"]),
        ("pycaption#287", "a.vtt", "WEBVTT\n\n1\n00:19.866 --> 00:29.800\none\n\n2\n00:29.933 --> 00:37.500\n\n3\n"
         "00:37.600 --> 00:43.601\ntwo\n", ["one", "two"]),
        ("SubtitleEdit#819", "a.srt", "00:00:00.367,00:00:03.003\r\nLine1\r\nLine2\r\nLine3\r\n", ["Line1\n"
         "Line2\nLine3"]),
        ("gaupol pull 247", "a.ass", "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,No format, sir\n",
         ["No format, sir"]),
        ("python-ass#6", "a.ass", "[Script Info]\nScriptType: v4.00+\n\n[Events]\nDialogue: "
         "0,0:01:48.70,0:01:50.23,Marked=0,Style1,Bob,0000,0000,0000,,Pathetic, I say.\n", ["Pathetic, I say."]),
        ("shaka-player#4974", "a.ttml", '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="0s" end="1s">Did...'
         '<span>he</span> ask?</p><p begin="2s" end="3s"><span>1 </span><span> </span><span>'
         ' 2</span></p></div></body></tt>',
         ["Did...he ask?", "1 2"]),
        ("SubtitleEdit#6575", "a.csv", '"Character","Timecode In","Timecode Out","Dialogue"\n'
         '"V","00:00:01:00","00:00:03:00","Cara, come"\n', ["Cara, come"]),
        ("mantas-done#89", "a.smi", '<SAMI><BODY>\n<SYNC START=100>\n<SYNC START=200><FONT COLOR="FFFF00">one</FONT>\n'
         "<SYNC START=900><P Class=KRCC>&nbsp;\n", ["one"]),
        ("yt-dlp#4197", "a.srv3", '<timedtext format="3"><body><p t="10" d="20">one &amp; <s t="5">two</s></p>'
         "</body></timedtext>", ["one & two"]),
        ("youtube srv1", "a.xml", '<transcript><text start="0.5" dur="2">it&amp;#39;s</text></transcript>', ["it's"]),
    ],
)  # fmt: skip
def test_texts(report: str, name: str, text: str, shown: list[str]) -> None:
    assert [cue.text for cue in read(text, name).cues] == shown, report


def test_one_broken_byte_rules_out_no_encoding() -> None:
    """morpheus65535/bazarr#37, #1114: 0x9d means nothing in Windows-1252."""
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\nL'été à Genève, c'est très beau\n\n2\n"
        "00:00:03,000 --> 00:00:04,000\nDéjà vu\n\n"
    )
    document = read(text.encode("cp1252") + b"3\n00:00:05,000 --> 00:00:06,000\nbad \x9d byte\n", "a.srt")
    assert document.encoding == "cp1252"
    assert [cue.text for cue in document.cues][:2] == ["L'été à Genève, c'est très beau", "Déjà vu"]
    assert Kind.CHARACTERS in {finding.kind for finding in document.findings}


def test_a_token_without_times_stays_a_word() -> None:
    """ggml-org/whisper.cpp#2329."""
    times = '"offsets": {{"from": {}, "to": {}}}'
    tokens = ", ".join(
        f'{{"text": "{text}", {times.format(start, end)}}}'
        for text, start, end in ((" I", 100, 400), (" love", 400, 1000))
    )
    row = f'{{{times.format(0, 2000)}, "text": " I love you", "tokens": [{tokens}, {{"text": " you"}}]}}'
    document = read(f'{{"transcription": [{row}]}}', "a.json")
    assert [(word.text, word.guessed) for word in document.cues[0].words] == [
        ("I", False),
        ("love", False),
        ("you", True),
    ]


# Looks


SIGNS = """
    [Script Info]
    ScriptType: v4.00+

    [V4+ Styles]
    Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment
    Style: Default,Arial,20,&H00FFFFFF,0,0,2
    Style: Sign,Arial,20,&H0000FFFF,-1,0,2

    [Events]
    Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
    Dialogue: 0,0:00:01.00,0:00:02.00,Sign,,0,0,0,,EXIT
    Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,spoken
"""
STYLED = """
    [Script Info]
    ScriptType: v4.00+

    [V4+ Styles]
    Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment
    Style: Default,Arial,20,&H00FFFFFF,0,0,2
    Style: Thoughts,Arial,20,&H00FFFFFF,0,-1,2

    [Events]
    Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
    Dialogue: 0,0:00:01.00,0:00:02.00,Thoughts,,0,0,0,,one
    Dialogue: 0,0:00:03.00,0:00:04.00,Thoughts,,0,0,0,,two {\\i0}aloud{\\i1} more
    Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,plain
"""


def test_of_two_styles_the_default_is_the_usual_one() -> None:
    """What sets a sign apart is said, even where there are as many signs as spoken lines."""
    said = written(read(SIGNS, "a.ass"), "srt")
    assert '<b><font color="#ffff00">EXIT</font></b>' in said or '<font color="#ffff00"><b>EXIT</b></font>' in said
    assert "\nspoken" in said


def test_italics_of_a_style_are_italics_however_many_have_it() -> None:
    """SubtitleEdit#9989."""
    said = written(read(STYLED, "a.ass"), "srt")
    assert "<i>one</i>" in said
    assert "<i>two </i>aloud<i> more</i>" in said
    assert "\nplain" in said


@pytest.mark.parametrize(
    ("report", "vtt", "srt"),
    [
        (
            "SubtitleEdit#6585",
            "<c.font-weight_normal>[Vincent] <c.font-style_italic>why</c></c>",
            "[Vincent] <i>why</i>",
        ),
        ("subby#7", "<c.dot>Welcome</c>", "<i>Welcome</i>"),
        ("SubtitleEdit#14854", "<c.gainsboro><i>Fort</i></c>", '<font color="#dcdcdc"><i>Fort</i></font>'),
        ("netflix-to-srt#41", "<c.magenta.bg_black>Musique</c>", '<font color="#ff00ff">Musique</font>'),
    ],
)
def test_what_a_class_looks_like_goes_along(report: str, vtt: str, srt: str) -> None:
    head = "WEBVTT\n\nSTYLE\n::cue(.dot) { font-style:italic }\n::cue(.gainsboro) { color:gainsboro; }\n\n"
    document = read(f"{head}00:01.000 --> 00:02.000\n{vtt}\n", "a.vtt")
    assert srt in written(document, "srt").split("\n"), report
    again = read(written(document, "vtt"), "a.vtt")
    assert again.cues[0].spans == document.cues[0].spans
    assert ("<i>" in written(document, "vtt")) == ("<i>" in vtt)  # The class says it, and nothing else need to.


def test_a_note_about_a_style_sheet_is_none() -> None:
    rule = "::cue(.a) { color: #123456 }"
    cue = "00:01.000 --> 00:02.000\n<c.a>x</c>\n"
    noted = read(f"WEBVTT\n\nNOTE was {rule}\n{rule}\n\n{cue}", "a.vtt")
    assert [span.kind for span in noted.cues[0].spans] == ["vtt.class"]
    # Nor when it is written: the colour that only a note knows needs a rule.
    colored = noted.with_cues(
        dataclasses.replace(cue, spans=(*cue.spans, Span(0, 1, COLOR, "#123456"))) for cue in noted.cues
    )
    again = read(written(colored, "vtt"), "a.vtt")
    assert (COLOR, "#123456") in {(span.kind, span.value) for span in again.cues[0].spans}


def test_rules_of_one_class_add_up_and_the_last_one_counts() -> None:
    """As a browser does it: also onto the colour that a class has by its name."""
    sheet = "STYLE\n::cue(.red) { font-style: italic }\n::cue(.a) { color: lime } ::cue(.a) { color: blue }\n@media x {"
    text = f"WEBVTT\n\n{sheet} ::cue(.b) {{ color: lime }} }}\n\n00:01.000 --> 00:02.000\n"
    looks = {
        name: {span[2:] for span in read(f"{text}<c.{name}>x\n", "a.vtt").cues[0].spans if span.kind != "vtt.class"}
        for name in ("red", "a", "b")
    }
    assert looks["red"] == {(COLOR, "#ff0000"), (ITALIC, "")}
    assert looks["a"] == {(COLOR, "#0000ff")}
    assert looks["b"] == {(COLOR, "#00ff00")}


def test_notes_above_an_empty_cue_stay() -> None:
    """pycaption#129: the cue goes, its neighbours' notes do not."""
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n\nNOTE one\n\n00:03.000 --> 00:04.000\n\nNOTE two\n"
    assert written(read(text, "a.vtt"), "vtt").endswith("x\n\nNOTE one\n\nNOTE two\n")


def test_of_two_values_over_the_same_letters_the_inner_one_is_seen() -> None:
    """subtitle.js#11: `<font size="50"><font size="16">` is small."""
    text = '1\n00:00:01,000 --> 00:00:02,000\n<font size="50"><font size="16">Shrine</font></font>\n'
    document = read(text, "a.srt")
    assert '<font size="50"><font size="16">Shrine' in written(document, "srt")
    # SubRip counts 288 lines of a picture, ours has 1080.
    assert ",,{\\fs60}Shrine" in written(document, "ass")
    assert losses(document, "vtt") == ["2 font sizes cannot be written as WebVTT."]


def test_sizes_come_back_as_large_as_they_were() -> None:
    events = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{\\fs60}x\n"
    text = f"[Script Info]\nPlayResY: 1080\n\n{events}"
    assert '<font size="16">x' in written(read(text, "a.ass"), "srt")


def test_sizes_with_a_unit_are_converted_or_counted() -> None:
    """Players take the number of `20px`; what counts in something else cannot become a number of lines."""
    text = '1\n00:00:01,000 --> 00:00:02,000\n<font size="{}">x</font>\n'
    document = read(text.format("16px"), "a.srt")
    assert "{\\fs60}x" in written(document, "ass")
    assert losses(document, "ass") == []
    assert 'size="16px"' in written(document, "srt")
    for size in ("120%", "+2", "large"):
        document = read(text.format(size), "a.srt")
        assert "\\fs" not in written(document, "ass")
        assert losses(document, "ass") == ["1 font size cannot be written as Advanced SubStation Alpha."]
        assert losses(document, "srt") == []
    assert losses(document, "json") == []


def test_losses_with_the_same_words_are_counted_together() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>one\n\n00:03.000 --> 00:04.000\n<v Bob>two</v> <v Ann>three\n"
    assert losses(read(text, "a.vtt"), "srt") == ["3 speakers cannot be written as SubRip."]


def test_coordinates_of_subrip_are_a_place_that_others_cannot_say() -> None:
    """muxtools#10."""
    document = read("1\n00:00:00,000 --> 00:00:10,000 X1:100 X2:100 Y1:100 Y2:100\nx\n", "a.srt")
    assert losses(document, "vtt") == ["1 exact position cannot be written as WebVTT."]
    assert losses(document, "srt") == []


# Files made of files


SEGMENTS = """
    WEBVTT
    X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000

    00:00:03.837 --> 00:00:07.299
    one

    WEBVTT
    X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000

    00:00:03.837 --> 00:00:07.299
    one

    00:00:07.466 --> 00:00:11.845
    two

    WEBVTT
    X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:1800000

    00:00:00.000 --> 00:00:02.000
    three
"""


def test_segments_of_a_stream_in_one_file() -> None:
    """SubtitleEdit#5334, shaka-packager#573, devine pull 67."""
    document = read(SEGMENTS, "a.vtt", ReadOptions(timestamp_map=True))
    assert rows(document) == [(13.837, 17.299, "one"), (17.466, 21.845, "two"), (20.0, 22.0, "three")]
    assert [finding.line for finding in document.findings if finding.kind is Kind.BROKEN] == [7, 10, 16]
    # What was added to the times is not said again.
    assert "TIMESTAMP" not in written(document, "vtt")
    assert "MPEGTS:900000" in written(read(SEGMENTS, "a.vtt"), "vtt")


def test_captions_that_roll_without_steps_between_them() -> None:
    """youtube-dl#9038, and captions off the air."""
    lines = ["one", "two", "three", "four", "five"]
    rolled = [
        f"00:0{n}.000 --> 00:0{n + 1}.000\n" + "\n".join(lines[max(0, n - 1) : n + 1]) + "\n" for n in range(len(lines))
    ]
    document = read("WEBVTT\n\n" + "\n".join(rolled), "a.vtt")
    assert [cue.text for cue in document.cues] == lines
    assert rows(document)[1] == (1, 2, "two")
    # Words that are highlighted one after the other repeat all of the text and add nothing.
    same = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\nThank you all.\n\n" for n in range(1, 6))
    assert len(read(same, "a.srt").cues) == 5


# What is known and not read


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<USFSubtitles version="1.0"><subtitle start="1"><text>x</text></subtitle></USFSubtitles>', "USF"),
        ('<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="5"></xmeml>', "Final Cut Pro 7 XML"),
        ("-->> 000012\nHello\n-->> 000099\n", "AQTitle"),
        ("<!DOCTYPE html><html><body>Download</body></html>", "web page"),
    ],
)
def test_it_is_called_by_its_name(text: str, name: str) -> None:
    with pytest.raises(SubtitleFileError, match=name):
        read(text, "a.srt")
