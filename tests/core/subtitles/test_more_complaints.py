# SPDX-License-Identifier: GPL-3.0-or-later
"""Still more of what people complain of when a program opens their subtitles: times that programs compute wrongly,
invisible characters, lost line breaks, and tags borrowed from elsewhere. Each entry names the report (repository and
number) that it was made after, where there is one; the texts are ours. Rows are what a viewer sees."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions

Rows = list[tuple[float, float, str]]


def read(text: str | bytes, name: str = "a.srt", options: ReadOptions | None = None) -> Document:
    return reading.parse(text if isinstance(text, bytes) else text.encode(), name, options=options)


def rows(document: Document) -> Rows:
    return [(round(cue.start, 3), round(cue.end, 3), cue.text) for cue in document.cues]


def written(document: Document, ending: str) -> str:
    return writing.rendered(Path(f"out.{ending}"), document)[0].decode()


def subrip(*texts: str) -> str:
    return "".join(
        f"{n + 1}\n00:00:{2 * n + 1:02},000 --> 00:00:{2 * n + 2:02},000\n{t}\n\n" for n, t in enumerate(texts)
    )


def webvtt(*texts: str) -> str:
    return "WEBVTT\n\n" + "".join(
        f"00:{2 * n + 1:02}.000 --> 00:{2 * n + 2:02}.000\n{t}\n\n" for n, t in enumerate(texts)
    )


BOTH: Rows = [(1, 2, "Hello"), (3, 4, "you")]


# Times


@pytest.mark.parametrize(
    ("report", "times", "shown"),
    [
        ("Twitch-Chat-Downloader#62", "1 day, 14:30:48,370 --> 1 day, 14:30:50,370", (138648.37, 138650.37)),
        ("Python's timedelta", "2 days, 0:00:01.500000 --> 2 days, 0:00:02", (172801.5, 172802)),
        ("Python's timedelta", "-1 day, 23:59:58.500000 --> 0:00:02", (-1.5, 2)),
        ("auto-subs#610", "-0:-7:-40,-860 --> -0:-7:-38,-100", (-460.86, -458.1)),
        ("spion/subsync#7", "0-1:58:22,135 --> 0-1:58:24,770", (-97.865, -95.23)),
        ("JavaScript", "00:00:-1,-500 --> 00:00:02,000", (-1.5, 2)),
        ("yt2srt#1", "00:59:58,000 --> 00:1:00:04,000", (3598, 3604)),
        ("seconds", "1.0 --> 2.5", (1, 2.5)),
        ("seconds", "1.25s -> 2.5s", (1.25, 2.5)),
    ],
)
def test_times_that_a_program_has_computed(report: str, times: str, shown: tuple[float, float]) -> None:
    document = read(f"1\n{times}\nHello\n\n2\n27:46:40,000 --> 27:46:41,000\nyou\n")
    kept = [(cue.start, cue.end, cue.text) for cue in document.cues if cue.text == "Hello"]
    assert kept == [(*shown, "Hello")], report
    assert len(document.cues) == 2


def test_seconds_in_place_of_clocks_in_the_whole_file() -> None:
    assert rows(read("1\n1.0 --> 2.5\nHello\n5 --> 6\n\n2\n3.0 --> 4.0\nyou\n")) == [
        (1, 2.5, "Hello\n5 --> 6"), (3, 4, "you"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arrow",
    [" -- > ", " - -> ", " => ", "  ", "\t", " / ", " \u2014-> ", " --\u2014> ", " \uf0e0 ", " \xe0 "],
)  # The last two are Word's, of which one letter is left where its font is gone.
def test_what_people_have_made_of_the_arrow(arrow: str) -> None:
    document = read(subrip("Hello", "you").replace(" --> ", arrow))
    assert (rows(document), document.findings) == (BOTH, ())


@pytest.mark.parametrize("times", ["O0:00:0l,000 --> 00:00:02,000", "00:00:01,OOO --> 00:00:O2,000"])
def test_letters_that_recognition_takes_for_digits(times: str) -> None:
    document = read(f"1\n{times}\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nyou\n")
    assert rows(document) == BOTH
    assert [(finding.kind, finding.line) for finding in document.findings] == [(Kind.TIME, 2)]


@pytest.mark.parametrize("name", ["a.srt", "a.txt", "a.csv"])
def test_a_semicolon_before_the_frames_means_a_rate_that_drops_them(name: str) -> None:
    text = {
        "a.srt": "1\n00:01:00;02 --> 00:01:01;02\nHello\n",
        "a.txt": "00;01;00;02 - 00;01;01;02\nHello\n",
        "a.csv": "In;Out;Text\n00;01;00;02,00;01;01;02,Hello\n".replace("In;Out;Text", "In,Out,Text"),
    }[name]
    document = read(text, name)
    # Two numbers of frames are left out at the minute: what counts 60 s and 2 frames is 1800 frames after the start.
    assert rows(document) == [(round(1800 / (30000 / 1001), 3), round(1830 / (30000 / 1001), 3), "Hello")]
    assert document.fps == Fraction(30000, 1001)
    assert [finding.kind for finding in document.findings] == [Kind.RATE]


def test_a_day_in_the_times_of_substation() -> None:
    """PetterKraabol/Twitch-Chat-Downloader#62."""
    text = "[Events]\nDialogue: 0,1 day, 0:00:01.50,1 day, 0:00:02.00,Default,,0,0,0,,all day, I said\n"
    assert rows(read(text, "a.ass")) == [(86401.5, 86402, "all day, I said")]


@pytest.mark.parametrize("times", ["1.0 --> 2.0", "1 --> 2s", "0:00:01.000000 --> 0:00:02"])
def test_times_of_webvtt_that_players_refuse(times: str) -> None:
    document = read(f"WEBVTT\n\n{times}\nHello\n\n00:03.000 --> 00:04.000\nyou\n", "a.vtt")
    assert rows(document) == BOTH


def test_webvtt_with_escaped_arrows() -> None:
    assert rows(read(webvtt("Hello", "you").replace(">", "&gt;"), "a.vtt")) == BOTH
    text = webvtt("00:01.000 --&gt; 00:02.000")
    assert rows(read(text, "a.vtt")) == [(1, 2, "00:01.000 --> 00:02.000")]


@pytest.mark.parametrize("between", [" ", " to ", " > ", " ~ "])
@pytest.mark.parametrize("ending", ["srt", "vtt"])
def test_two_whole_times_that_are_said_stay_a_text(between: str, ending: str) -> None:
    said = f"00:00:01,000{between}00:00:02,000"
    document = read(json.dumps([{"start": 1.0, "end": 2.0, "text": said}]), "a.json")
    again = read(written(document, ending), f"a.{ending}")
    assert [(cue.start, cue.end, cue.text.lstrip("\u2060")) for cue in again.cues] == [(1, 2, said)]


# Numbers


def test_numbers_of_webvtt_without_empty_lines() -> None:
    document = read("WEBVTT\n1\n00:01.000 --> 00:02.000\nHello\n2\n00:03.000 --> 00:04.000\nyou\n", "a.vtt")
    assert (rows(document), [cue.name for cue in document.cues]) == (BOTH, ["1", "2"])
    countdown = read("WEBVTT\n\n00:01.000 --> 00:02.000\nin\n2\n00:03.000 --> 00:04.000\nyou\n", "a.vtt")
    assert [cue.text for cue in countdown.cues] == ["in\n2", "you"]


@pytest.mark.parametrize("sign", ["\u2060\u200d", "\u00ad", "\u200b", "\u2066"])
def test_an_invisible_character_at_the_start_of_a_file(sign: str) -> None:
    """TypesettingTools/Aegisub#614."""
    document = read(sign + subrip("Hello", "you"))
    assert (rows(document), document.cues[0].name, document.findings) == (BOTH, "1", ())


@pytest.mark.parametrize("sign", ["\u200e", "\u202a", "\u200f", "\ufeff"])
def test_invisible_characters_in_front_of_each_line(sign: str) -> None:
    """SubtitleEdit/subtitleedit#6612."""
    document = read("".join(f"{sign}{line}\n" if line else "\n" for line in subrip("Hello", "you").split("\n")))
    assert [(a, b, text.strip(sign)) for a, b, text in rows(document)] == BOTH
    assert [cue.name for cue in document.cues] == ["1", "2"]
    assert document.findings == ()


@pytest.mark.parametrize("blank", ["\xa0", "\u200b", "\ufeff", "\u200f"])
def test_lines_that_only_look_empty(blank: str) -> None:
    document = read(subrip("Hello", "you").replace("\n\n", f"\n{blank}\n"))
    assert (rows(document), document.findings) == (BOTH, ())


def test_numbers_in_other_scripts() -> None:
    text = "١\n٠٠:٠٠:٠١,٠٠٠ --> ٠٠:٠٠:٠٢,٠٠٠\nHello\n٢\n٠٠:٠٠:٠٣,٠٠٠ --> ٠٠:٠٠:٠٤,٠٠٠\nyou\n"
    document = read(text)
    assert (rows(document), [cue.name for cue in document.cues]) == (BOTH, ["1", "2"])


def test_digits_of_thai() -> None:
    thai = str.maketrans({str(digit): chr(0x0E50 + digit) for digit in range(10)})
    document = read(subrip("Hello", "you").translate(thai))
    assert (rows(document), [cue.name for cue in document.cues], document.findings) == (BOTH, ["1", "2"], ())


@pytest.mark.parametrize("number", ["1a", "-1", "1.5"])
def test_numbers_of_subtitles_that_were_put_between(number: str) -> None:
    text = subrip("one", "two", "three").replace("\n2\n", f"\n{number}\n").replace("\n3\n", "\n2\n")
    document = read(text)
    assert [cue.text for cue in document.cues] == ["one", "two", "three"]
    assert read(text.replace(f"\n\n{number}", f"\n{number}")).cues[0].text == f"one\n{number}"


def test_numbers_that_are_there_twice() -> None:
    """SubtitleEdit/subtitleedit#4498."""
    text = subrip("Hello", "you").replace("2\n00:00:03", "2\n\n2\n00:00:03")
    document = read(text)
    assert rows(document) == BOTH
    assert [(finding.kind, finding.quote) for finding in document.findings] == [(Kind.STRAY, "2")]


# Line breaks


@pytest.mark.parametrize(
    "text",
    [
        r"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nyou\n",
        r'"1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nyou"',
        r"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n\n00:03.000 --> 00:04.000\nyou",
        "1 00:00:01,000 --> 00:00:02,000 Hello 2 00:00:03,000 --> 00:00:04,000 you",
        "WEBVTT 00:01.000 --> 00:02.000 Hello 00:03.000 --> 00:04.000 you\n",
        subrip("Hello", "you").replace("\n", "\u2028"),
        subrip("Hello", "you").replace("\n", "\x85"),
    ],
)
def test_a_file_without_line_breaks(text: str) -> None:
    document = read(text)
    assert rows(document) == BOTH
    assert [finding.kind for finding in document.findings] == [Kind.BROKEN]


@pytest.mark.parametrize("sign", ["\x0b", "\u2028", "\u2029"])
@pytest.mark.parametrize("make", [subrip, webvtt])
def test_line_breaks_inside_of_a_subtitle_as_editing_programs_write_them(sign: str, make: object) -> None:
    assert callable(make)
    document = read(make(f"<i>one{sign}two</i>", "three"))
    assert [cue.text for cue in document.cues] == ["one\ntwo", "three"]
    assert [(span.start, span.end) for span in document.cues[0].spans] == [(0, 7)]


# Tags


@pytest.mark.parametrize(
    ("text", "shown", "tags"),
    [
        ('<font color="red">a</ font> b', "a b", '<font color="#ff0000">a</font> b'),
        ("< i >a</i > b </ i ><c", "a b <c", "<i>a</i> b <c"),
        ("1 < i > 2", "1 < i > 2", "1 < i > 2"),
        (
            '<span style="color:#ff0000; font-weight: bold">a</span> b',
            "a b",
            '<b><font color="#ff0000">a</font></b> b',
        ),
        ('<span style="top:1px">a</span> b', "a b", '<span style="top:1px">a</span> b'),
        ("one[br]two[BR/]three", "one\ntwo\nthree", "one\ntwo\nthree"),
        ("{an8}top", "top", "{\\an8}top"),
        ("{ \\an8 }top", "top", "{\\an8}top"),
        ("{answer}", "{answer}", "{answer}"),
        ("{Y:i}one\ntwo", "one\ntwo", "<i>one\ntwo</i>"),
        ("{y:i}one\ntwo", "one\ntwo", "<i>one</i>\ntwo"),
        ("{c:$0000FF}one\ntwo", "one\ntwo", '<font color="#ff0000">one</font>\ntwo'),
        # spaam/svtplay-dl#256
        (
            "<36>one</36> <33>two</33> </32>",
            "one two",
            '<font color="#00ffff">one</font> <font color="#ffff00">two</font>',
        ),
        ("<c.yellow>a</c>", "a", '<font color="#ffff00">a</font>'),
    ],
)
def test_tags_of_subrip_that_are_not_written_as_players_want_them(text: str, shown: str, tags: str) -> None:
    document = read(subrip(text))
    assert document.cues[0].text == shown
    assert written(document, "srt").split("\n", 2)[2].rstrip("\n") == tags


@pytest.mark.parametrize(
    ("name", "text"), [("a.srt", subrip("one[br]two")), ("a.sbv", "0:00:01.000,0:00:03.000\none[br]two\n")]
)
def test_a_sign_of_subviewers_is_a_new_line_and_told(name: str, text: str) -> None:
    """Subtitle Edit shows it as it is: in these formats it means nothing, but nobody wants it on the screen."""
    document = read(text, name)
    assert [cue.text for cue in document.cues] == ["one\ntwo"]
    assert [(finding.kind, finding.quote) for finding in document.findings] == [(Kind.MARKUP, "[br]")]


@pytest.mark.parametrize(
    ("text", "shown", "as_vtt", "as_srt"),
    [
        (
            '<font color="#ff8000">red</font> x',
            "red x",
            "<c.colorff8000>red</c> x",
            '<font color="#ff8000">red</font> x',
        ),
        (
            '<font face="Arial" color="yellow">y</font>',
            "y",
            '<c.yellow><font face="Arial" color="yellow">y</c></font>',
            '<font color="#ffff00">y</font>',
        ),
        ("<strong>x</strong> <EM>y</EM>", "x y", "<b>x</b> <i>y</i>", "<b>x</b> <i>y</i>"),
        ("x</font> y", "x y", "x</font> y", "x y"),
        ("one[br]two", "one\ntwo", "one\ntwo", "one\ntwo"),
        ("{\\an8}top", "top", "top", "{\\an8}top"),
        ("<p>one</p><div class='x'>two</div>", "one\ntwo", "one\ntwo", "one\ntwo"),
    ],
)
def test_tags_of_webvtt_that_other_formats_have(text: str, shown: str, as_vtt: str, as_srt: str) -> None:
    document = read(webvtt(text), "a.vtt")
    assert document.cues[0].text == shown
    assert f"\n{as_vtt}\n" in written(document, "vtt")
    assert written(document, "srt").split("\n", 2)[2].rstrip("\n") == as_srt
    again = read(written(document, "vtt"), "a.vtt")
    assert (rows(again), again.cues[0].placing) == (rows(document), document.cues[0].placing)


def test_entities_of_html_in_subrip() -> None:
    text = "caf&eacute; &Eacute;t&Eacute; &copy; &#9834; &NBSP;x &laquo;a&raquo; &ldquo;b&rdquo; &szlig; AT&T; &foo;"
    text += " &notin;"
    shown = "café ÉtÉ © ♪ \xa0x «a» “b” ß AT&T; &foo; &notin;"
    document = read(subrip(text))
    assert document.cues[0].text == shown
    assert read(written(document, "srt")).cues[0].text == shown


# JSON


def test_drafts_of_capcut() -> None:
    draft: dict[str, Any] = {
        "materials": {
            "videos": [{"id": "V"}],
            "texts": [
                {"id": "A", "content": json.dumps({"text": "Hello", "styles": []})},
                {"id": "B", "content": '<font id="" path=""><size=5.0>[you]</size></font>'},
            ],
        },
        "tracks": [
            {"type": "video", "segments": [{"material_id": "V", "target_timerange": {"start": 0, "duration": 9}}]},
            {
                "type": "text",
                "segments": [
                    {"material_id": "B", "target_timerange": {"start": 3_000_000, "duration": 1_000_000}},
                    {"material_id": "A", "target_timerange": {"start": 1_000_000, "duration": 1_000_000}},
                ],
            },
        ],
    }
    document = read(json.dumps(draft), "draft_content.json")
    assert (rows(document), document.findings) == (BOTH, ())
    odd = [{"id": "C", "content": "{curly}"}, {"id": "D"}, {"id": "E", "content": "{}"}]
    draft["materials"]["texts"] += odd
    assert rows(read(json.dumps(draft), "draft_content.json")) == BOTH, "what nobody shows says nothing"
    draft["tracks"][1]["segments"][1]["material_id"] = "C"
    assert [cue.text for cue in read(json.dumps(draft), "draft_content.json").cues] == ["{curly}", "you"]
    again = read(written(document, "json"), "again.json")
    assert rows(again) == BOTH


def draft_of(*contents: str, **materials: Any) -> str:
    """A draft of CapCut with a text a second."""
    texts = [{"id": str(number), "content": content} for number, content in enumerate(contents)]
    segments = [
        {"material_id": str(number), "target_timerange": {"start": number * 1_000_000, "duration": 1_000_000}}
        for number in range(len(contents))
    ]
    tracks = [{"type": "text", "segments": segments}, *materials.pop("tracks", [])]
    return json.dumps({"materials": {"texts": texts, **materials}, "tracks": tracks})


def test_odd_texts_of_capcut_are_shown_or_told() -> None:
    odd = ["<|Neo|>", "<3 you>", "[Music]", "<size=5.0>[<i>you</i> <3]</size>", "<b></b>", '{"text": ""}', "last"]
    document = read(draft_of(*odd), "draft_content.json")
    assert [cue.text for cue in document.cues] == ["<|Neo|>", "<3 you>", "[Music]", "you <3", "last"]
    assert [finding.kind for finding in document.findings] == [Kind.EMPTY] * 2


def test_texts_in_templates_of_capcut() -> None:
    """Captions with a look of CapCut's are templates around their texts, on tracks of stickers in some versions."""
    template = {"id": "T", "text_info_resources": [{"text_material_id": "0"}, {"text_material_id": "2"}]}
    segments = [
        {"material_id": which, "target_timerange": {"start": start * 1_000_000, "duration": 1_000_000}}
        for which, start in (("T", 7), ("picture", 8))
    ]
    stickers = [{"type": "sticker", "segments": segments}]
    text = draft_of("Hello", "you", "there", text_templates=[template], tracks=stickers)
    document = read(text, "draft_content.json")
    assert rows(document) == [(0, 1, "Hello"), (1, 2, "you"), (2, 3, "there"), (7, 8, "Hello\nthere")]
    assert document.findings == ()
    document = read(text.replace('"material_id": "1"', '"material_id": "gone"'), "draft_content.json")
    assert len(document.cues) == 3 and [finding.kind for finding in document.findings] == [Kind.EMPTY]


def test_transcripts_of_premiere() -> None:
    words = [("Hello", 1.0), ("you.", 1.6)]
    said = [{"text": text, "start": at, "duration": 0.4, "confidence": 0.5, "eos": False} for text, at in words]
    segment = {"start": 1.0, "duration": 1.0, "speaker": "id-1", "language": "en-us", "words": said}
    data = {"language": "en-us", "segments": [segment], "speakers": [{"id": "id-1", "name": "Ann"}]}
    (cue,) = read(json.dumps(data), "a.json").cues
    assert (cue.start, cue.end, cue.speaker, cue.text) == (1, 2, "Ann", "Hello you.")
    assert [(word.text, word.start, word.probability) for word in cue.words] == [("Hello", 1, 0.5), ("you.", 1.6, 0.5)]


def test_json_in_one_line_with_subrip_in_it_stays_json() -> None:
    with pytest.raises(SubtitleFileError, match=r"no subtitles|not of subtitles"):
        read(json.dumps({"srt": subrip("Hello")}), "a.json")


# Headers


def test_a_header_of_webvtt_without_the_empty_line_below_it() -> None:
    """jwplayer/jwplayer#990."""
    for line in ("X-TIMESTAMP-MAP=LOCAL:00:00:10.000,MPEGTS:1800000", "Language: de"):
        text = f"WEBVTT\n{line}\n00:11.000 --> 00:12.000\nHello\n"
        document = read(text, "a.vtt")
        assert [cue.name for cue in document.cues] == [""]
        assert written(document, "vtt").startswith(f"WEBVTT\n{line}\n\n")
        assert document.language == ("de" if "Language" in line else "")
    moved = read("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:10.000,MPEGTS:1800000\n00:11.000 --> 00:12.000\nHello\n", "a.vtt",
                 ReadOptions(timestamp_map=True))  # fmt: skip
    assert rows(moved) == [(21, 22, "Hello")]
    assert [cue.name for cue in read("WEBVTT\nintro\n00:11.000 --> 00:12.000\nHello\n", "a.vtt").cues] == ["intro"]


REGIONS = "REGION\nid:top\nwidth:40%\nlines:3\nregionanchor:0%,100%\nviewportanchor:10%,20%\nscroll:up\n\n"
OLD_REGIONS = "Region: id=top width=40% lines=3 regionanchor=0%,100% viewportanchor=10%,20% scroll=up"


@pytest.mark.parametrize("head", [f"WEBVTT\n\n{REGIONS}", f"WEBVTT\n{OLD_REGIONS}\n\n"])
def test_a_region_is_a_place(head: str) -> None:
    """pbs/pycaption#380."""
    text = f"{head}00:01.000 --> 00:02.000 region:top\nHello\n\n00:03.000 --> 00:04.000 region:none\nyou\n"
    document = read(text, "a.vtt")
    assert [cue.placing.align for cue in document.cues] == [8, 2]
    assert "\n{\\an8}Hello\n" in written(document, "srt")
    assert "02.000 region:top\n" in written(document, "vtt")
    assert read(written(document, "vtt"), "a.vtt").cues[0].placing == document.cues[0].placing


def test_times_inside_of_a_text_that_are_outside_of_its_own() -> None:
    (cue,) = read("WEBVTT\n\n00:01.000 --> 00:02.000\na <00:01.500>b <00:99.000>c\n", "a.vtt").cues
    assert [(word.text, word.start, word.end) for word in cue.words] == [
        ("a", 1, 1.5),
        ("b", 1.5, 1.75),
        ("c", 1.75, 2),
    ]


def test_places_that_players_take_from_subrip() -> None:
    """They measure them in a picture of 384 by 288, whatever the film has."""
    document = read(subrip("{\\an8\\pos(192,20)}Hello", "{\\pos(96,216)}you"))
    first, second = (cue.placing for cue in document.cues)
    assert (first.align, first.x, second.align, second.x, second.y) == (8, 0.5, 2, 0.25, 0.75)
    assert document.cues[0].text == "Hello"
    data, losses = writing.rendered(Path("out.srt"), document)
    assert b"\n{\\an8\\pos(192,20)}Hello\n" in data
    assert b"\n{\\pos(96,216)}you\n" in data
    assert losses == ()
    assert "{\\an8\\pos(960,75)}Hello" in written(document, "ass")
    assert "line:75% position:25%" in written(document, "vtt")
    again = read(written(read(written(document, "vtt"), "a.vtt"), "srt"))
    assert [cue.placing.x for cue in again.cues] == [None, None]
