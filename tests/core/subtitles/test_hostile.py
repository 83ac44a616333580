# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made to hang or to fill the memory are read or refused in time that grows with their size, no faster."""

from __future__ import annotations

import contextlib
import re
import time
import tracemalloc
from pathlib import Path

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading
from tests.core.subtitles import fuzz

CUE = b"1\n00:00:01,000 --> 00:00:02,000\n"
VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\n"
ASS = b"[Script Info]\n[V4+ Styles]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,"
BOMB = b"".join(b'<!ENTITY %c "%s">' % (99 + n, b"&%c;" % (98 + n) * 10) for n in range(12))

# A head and what is repeated behind it.
ENDLESS = {
    "a word": (CUE, b"a"),
    "open tags": (CUE, b"<i>x"),
    "braces": (CUE, b"{"),
    "angles": (CUE, b"<"),
    "ampersands": (CUE, b"&"),
    "spaces": (CUE, b" "),
    "tabs": (b"", b"\t"),
    "tabs behind a word": (b"text", b"\t"),
    "tabs behind a heading": (b"n\t\n\tstart\t", b"\t"),
    "spaces behind a heading": (b"start", b" "),
    "spaces behind a comma": (b"text,", b" "),
    "lines without letters": (b"x", b"\n \n"),
    "colons": (b"", b"1:"),
    "arrows": (b"", b"-->\n"),
    "legacy letters": (CUE, b"\xe4"),
    "NUL": (b"", b"\0"),
    "lines below an event": (ASS + b"a\n", b"of a text\n"),
    "notes": (b"WEBVTT\n\n", b"NOTE\n\n"),
    "a note without an end": (b"WEBVTT\n\nNOTE\n", b"of a "),
    "a style sheet without rules": (b"WEBVTT\n\nSTYLE\n", b"of a "),
    "rules for one class": (b"WEBVTT\n\nSTYLE\n", b"::cue(.a){color:red}"),
    "spaces below times": (b"0:00:01 one\n0:00:03 two\n", b" "),
    "commas behind a time": (b"0:00:01 one\n1 0:00:02", b","),
    "lines of a header": (b"WEBVTT\n" + b"".join(b"%d\n" % n for n in range(300)), b"\nWEBVTT\nx\n"),
    "an attribute without a value": (b"<SAMI><BODY><SYNC Start=1><P><font ", b"a"),
    "a letter and no equals sign": (CUE + b"<font ", b"a"),
    "attributes of a tag": (b"<SAMI><BODY><SYNC Start=1><P><font ", b"a=1 "),
    "readings of SAMI": (b"<SAMI><BODY><SYNC Start=1><P>", b"<ruby>a<rt>b</rt></ruby>"),
    "a tag of a song": (b"[00:01.00]x\n[a", b" "),
    "rows in rows": (b'[{"start": 1, "end": 2, "text": "x"}, {', b'{"a":'),
    "tags of WebVTT": (VTT, b"<b>x"),
    "readings": (VTT + b"<ruby>", b"a<rt>b</rt>"),
    "overrides": (ASS, b"{\\i1}x"),
    "backslashes": (ASS, b"\\"),
    "syncs": (b"<SAMI><BODY>", b"<SYNC Start=1><P>x"),
    "texts at one time": (b"<SAMI><BODY><SYNC Start=1>", b"<P><i>x</i> y"),
    "nested elements": (b'<tt xmlns="http://www.w3.org/ns/ttml"><body>', b"<div>"),
    "nested lists": (b"", b"["),
    "subtitles": (b"", CUE + b"x\n\n"),
}


def seconds(data: bytes) -> float:
    began = time.process_time()
    try:
        reading.parse(data, "in.srt")
    except SubtitleFileError as error:
        assert error.hint
    return time.process_time() - began


def grows_no_faster(small: bytes, large: bytes) -> bool:
    """`large` is eight times as much. Quadratic would be 64 times; what is over in a blink says nothing."""
    seconds(small)
    return seconds(large) < max(24 * min(seconds(small) for _ in range(3)), 1.0)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ENDLESS)
def test_time_grows_with_the_size(name: str) -> None:
    head, piece = ENDLESS[name]
    small, large = (head + piece * (size // len(piece)) for size in (40_000, 320_000))
    assert grows_no_faster(small, large)


@pytest.mark.timeout(120)
def test_captions_may_be_painted_on_without_an_end() -> None:
    head, word = b"Scenarist_SCC V1.0\n\n00:00:01:00\t9429 ", b"c120 "
    small, large = (head + word * count for count in (500, 4000))
    assert grows_no_faster(small, large)
    assert "A " * 200 in reading.parse(large, "in.scc").cues[-2].text


@pytest.mark.timeout(120)
def test_a_key_may_come_again_and_again() -> None:
    small, large = (
        b'[{"start": 1, "end": 2, "text": "x", %b "b": 1}]' % (b'"a":1,' * (size // 6)) for size in (40_000, 320_000)
    )
    assert grows_no_faster(small, large)
    (cue,) = reading.parse(b'[{"start": 1, "end": 2, "text": "x", "a": 1, "a": 2, "a": 3}]', "in.json").cues
    assert cue.text == "x" and cue.end == 2.0


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b'<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="0s" ', b">x</p></body></tt>"),
        (b"<SAMI><BODY><SYNC Start=1><P ", b">x"),
        (CUE + b"<font ", b">x</font>\n"),
        (VTT + b"<c.", b">x</c>\n"),
        (ASS + b"{\\i1", b"}x\n"),
    ],
    ids=["ttml", "sami", "srt", "vtt", "ass"],
)
def test_a_tag_may_be_long(before: bytes, behind: bytes) -> None:
    """No tag of people has a name of thousands of letters."""
    small, large = (before + b"a" * size + behind for size in (10_000, 80_000))
    assert grows_no_faster(small, large)


SAMPLES = sorted((Path(__file__).parents[2] / "data" / "subtitles" / "samples").iterdir())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_no_number_is_too_long_to_be_read_past(path: Path) -> None:
    """More digits than a float can hold, and more than Python makes an int of."""
    data = path.read_bytes()
    numbers = list(re.finditer(rb"\d+", data))
    for match in numbers[:: max(1, len(numbers) // 40)]:
        for length in (400, 5000):
            with contextlib.suppress(SubtitleFileError):
                reading.parse(data[: match.start()] + b"1" * length + data[match.end() :], path.name)


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("text", ['[{"start": 1, "end": N, "text": "x"}]', '{"segments": [{"end": N, "text": "x"}]}'])
def test_whole_numbers_alone_may_be_as_long(text: str, digits: int) -> None:
    """Where all times are whole numbers they are compared with how long the text is."""
    with contextlib.suppress(SubtitleFileError):
        reading.parse(text.replace("N", "1" * digits).encode(), "in.json")


def in_regions(regions: int, paragraphs: int) -> bytes:
    layout = "".join(f'<region xml:id="r{n}"/>' for n in range(regions))
    body = "".join(f'<div><p begin="00:00:01.000" end="00:00:02.000">{n}</p></div>' for n in range(paragraphs))
    head = f'<tt xmlns="http://www.w3.org/ns/ttml"><head><layout>{layout}</layout></head>'
    return f"{head}<body>{body}</body></tt>".encode()


@pytest.mark.timeout(120)
def test_regions_are_not_counted_anew_for_each_paragraph() -> None:
    """Both together take as long as one after the other, and not five times that."""
    one = in_regions(20_000, 1)
    apart = min(seconds(one), seconds(one)) + seconds(in_regions(1, 3000))
    assert seconds(in_regions(20_000, 3000)) < 3 * apart


@pytest.mark.parametrize("name", ["open tags", "tags of WebVTT", "overrides", "readings"])
def test_a_text_that_nobody_can_read_keeps_nobody_busy(name: str) -> None:
    """Its letters stay, tags and all; nothing looks for formatting in it."""
    head, piece = ENDLESS[name]
    document = reading.parse(head + piece * (400_000 // len(piece)), "in.srt")
    assert document.cues[0].text.count(piece.decode().strip()) >= 400_000 // len(piece) - 1
    assert document.cues[0].spans == ()
    assert any("too long" in str(finding) for finding in document.findings)


def test_entities_are_not_unfolded() -> None:
    document = (
        b'<?xml version="1.0"?><!DOCTYPE t [<!ENTITY b "aaaaaaaaaa">' + BOMB + b"]>"
        b'<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">&n;</p></div></body></tt>'
    )
    tracemalloc.start()
    try:
        assert seconds(document) < 5
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


TIMEDTEXT = b'<?xml version="1.0"?><timedtext format="3"><body><p t="1000" d="1000">One</p>'
TABLE = b"number,start,end,speaker,text,note\n"
SYNC = "<SYNC Start=1000><P Class=ENCC><i>Slanted</i> and <b>bold</b><P Class=KRCC>안녕\n".encode()
SWOLLEN = {
    "strays of a table": ("tsv", b"start\tend\ttext\n1000\t3000\tSlanted\n", b"NOTE\n"),
    "times that cannot be read": ("csv", TABLE + b"1,00:00:01.000,00:00:02.000,,One,\n", TABLE),
    "strays and ends of tags": ("timedtext", TIMEDTEXT, b"\n&amp; more</p>"),
    "marks inside a line": ("lrc", b"[00:01.00]A line", "\ufeff".encode()),
    "lines of one text": ("sbv", b"0:00:01.000,0:00:03.000\n<i>Slanted</i> \n", b"WEBVTT\n"),
    "tags that say nothing": ("sami", b"<SAMI><BODY><SYNC Start=1000><P>\n", b"<SAMI>\n"),
    "lines behind one text": ("tmplayer", b"00:00:01:One\n00:00:02:Two\n", b"NOTE\n"),
    "empty lines": ("subviewer1", b"[00:00:01]\nSlanted\n[00:00:03]\n\n[00:00:04]\nTwo\n", b"\n"),
    "short subtitles": ("microdvd", b"{1}{1}25\n", b"{25}{75}first|second line\n"),
    "texts behind times": ("transcript", b"[00:00:01] One\n", b"[00:00:04] - Two lines,\n"),
    "texts at one time": ("sami", b"<SAMI><BODY>\n", SYNC),
}
"""Of what reading took up to 140 times the file: the format, how it begins, and what it says again and again."""


@pytest.mark.parametrize("name", SWOLLEN)
def test_a_file_that_says_one_thing_again_and_again_needs_little_memory(name: str) -> None:
    """A megabyte for what does not grow, as `dev.py fuzz` allows."""
    format, head, piece = SWOLLEN[name]
    data = head + piece * (100_000 // len(piece)) + "\n😀".encode()  # Four bytes for each letter of it.
    reading.parse(head + piece, f"in.{format}", format=format)  # Imports.
    peak, document = fuzz.peak_of(data, f"in.{format}", format)
    assert peak < fuzz.allowed(len(data), document)


TAGGED = {
    "srt": (CUE, b"<i>a"),
    "vtt": (VTT, b"<v A>a"),
    "ass": (ASS, b"{\\k1}"),
    "sami": (b"<SAMI><BODY><SYNC Start=1><P>", b"<i>a"),
    "sbv": (b"0:00:01.000,0:00:03.000\n", b"<i>a</i>"),
    "microdvd": (b"{1}{1}25\n{25}{50}", b"{y:i}a"),
    "mpl2": (b"[1][2]", b"|/a"),
    "tmplayer": (b"00:00:01:", b"{Y:b}a"),
    "lrc": (b"[00:01.00]", b"<00:01.00>a"),
}
"""Of each format a text, and a tag that it consists of."""


@pytest.mark.parametrize("format", TAGGED)
def test_a_text_of_tags_needs_little_memory(format: str) -> None:
    head, piece = TAGGED[format]
    reading.parse(head + piece, f"in.{format}", format=format)  # Imports.
    data = head + piece * (95_000 // len(piece))  # Not too long a text.
    peak, document = fuzz.peak_of(data, f"in.{format}", format)
    assert peak < fuzz.allowed(len(data), document) - fuzz.AT_LEAST
    assert any("too long" in str(finding) for finding in document.findings)
    assert "".join(cue.text for cue in document.cues).count("a") >= piece.count(b"a") * 95_000 // len(piece) - 1


DCINEMA = b'<DCSubtitle Version="1.1"><Subtitle TimeIn="00:00:01:000" TimeOut="00:00:03:000"><Text>'
EVENT = b"[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,a\n"
SHORT = {
    "empty lines": ("subviewer", b"[SUBTITLE]\n00:00:01.00,00:00:02.00\na", b"\n", "😀".encode()),
    "empty lines between times": ("subviewer1", b"[BEGIN]\n[00:00:01]\n1 < 2 &\n", b"\n", "3 > 2 😀\n[end]\n".encode()),
    "lines of one letter": ("sbv", b"0:00:01.000,0:00:02.000\n", b"a\n", "1 < 2 😀".encode()),
    "bytes without a letter": ("mpl2", b"[10][20]", b"\x81\x8f", b"\xe9\n"),
    "short lines of eight bits": (
        "json3",
        b'{"events": [',
        b"  \n",
        b'{"tStartMs": 1, "segs": [{"utf8": "\xe9t\xe9"}]}]}',
    ),
    "letters that another encoding has": ("sbv", b"0:00:01.000,0:00:02.000\n", "é ".encode(), "😀".encode()),
    "words that no other encoding has": (
        "sbv",
        b"0:00:01.000,0:00:02.000\n",
        "שלום, עולם! مرحبا 👨‍👩‍👧‍👦\n".encode(),
        b"a",
    ),
    "letters encoded twice": (
        "sbv",
        b"0:00:01.000,0:00:02.000\n",
        "ш ".encode().decode("cp1251").encode(),
        b"a",
    ),
    "lines of two encodings": ("sbv", b"0:00:01.000,0:00:02.000\n", "ש\n".encode(), "😀".encode() + b"\xf0\x9f"),
    "halves of characters": ("sbv", b"0:00:01.000,0:00:02.000\n", b"\xed\xa0\x80a", "😀".encode()),
    "breaks inside a line": ("subviewer", b"[SUBTITLE]\n00:00:01.00,00:00:02.00\n", "ש|".encode(), "😀".encode()),
    "lines of SubRip": ("srt", CUE, "ש\n".encode(), "😀".encode()),
    "lines of WebVTT": ("vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\n", "ש\n".encode(), "😀".encode()),
    "lines of a region": ("vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\na\n\n", b"REGION\n", "😀".encode()),
    "lines of SubStation": ("ssa", EVENT, "ш\n".encode(), "😀".encode()),
    "lines of another section": ("ass", EVENT + b"[Fonts]\n", "ш\n".encode(), "😀".encode()),
    "fields of a table": ("csv", b"start,end,text\n1,2,a\n", b",", "😀\n".encode()),
    "texts at one time": ("sami", b"<SAMI><BODY><SYNC Start=0><P>a", b"<p>a", "😀<SYNC Start=9000>".encode()),
    "lines of SAMI": ("sami", b"<SAMI><BODY><SYNC Start=0><P>a", "ш\n".encode(), "😀<SYNC Start=9000>".encode()),
    "lines of a transcript": ("transcript", b"0:01 a\n", "ш\n".encode(), "😀\n".encode()),
    "tags in a code": ("microdvd", b"{1}{2}{\\", b"\\", "}😀".encode()),
    "tags in braces": ("srt", CUE + b"{\\", b"\\", "}😀".encode()),
    "breaks that are tags": ("sbv", b"0:00:01.000,0:00:02.000\n", "[br]ש".encode(), "😀".encode()),
    "entities": ("dcinema", DCINEMA, b"&#0;", "😀</Text></Subtitle></DCSubtitle>".encode()),
    "paragraphs without times": (
        "ttml",
        b'<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">a</p>\n',
        b"<p>a",
        b"</p></div></body></tt>",
    ),
}
"""The format, how a file begins, what it says again and again, and how it ends."""


@pytest.mark.parametrize("name", SHORT)
def test_no_line_and_no_letter_is_an_object_of_its_own(name: str) -> None:
    format, head, piece, tail = SHORT[name]
    reading.parse(head + piece + tail, f"in.{format}", format=format)  # Imports.
    size = 60_000 if format == "ttml" or b"{" in head else 100_000  # Paragraphs take long, and more are no tags.
    data = head + piece * (size // len(piece)) + tail
    peak, document = fuzz.peak_of(data, f"in.{format}", format)
    assert document.cues
    assert peak < fuzz.allowed(len(data), document)
