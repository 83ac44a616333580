# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading takes no more memory than docs/formats.md says: so many times the file, by format."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from subtitle_editor.core.cues import Word, new_cue
from subtitle_editor.core.markup import ITALIC, Span
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.core.subtitles.formats import registry
from tests.core.subtitles import fuzz

DOCS = Path(__file__).parents[3] / "docs" / "formats.md"
_ROW = re.compile(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
BOUNDS = {match[1]: (int(match[2]), int(match[4])) for match in _ROW.finditer(DOCS.read_text(encoding="utf-8"))}
"""How many times the file reading takes at most: files as people have them, and the shortest rows."""
SIZE = 40_000
"""Bytes of a file, large beside what Python keeps for tuples to come."""


class Made(NamedTuple):
    """How files of a format are made."""

    head: str
    usual: str
    """A subtitle of one line."""
    shortest: str
    tail: str = ""


STL = (fuzz.DATA / "samples" / "stl.stl").read_bytes()
_EVENTS = "[Script Info]\nScriptType: {}\n\n[Events]\n"
_SHORT_EVENT = "Dialogue: 0,0:0:1,0:0:2,D,,0,0,0,,a\n"
_SPOKEN = '{{"start":{s},"end":{e},"text":"{text}"}},\n'
_SHORT_SPOKEN = '{"start":0,"end":1,"text":"a"},'
_END = '{"text":"😀"}]}'
MADE = {
    "vtt": Made("WEBVTT\n\n", "{a} --> {b}\n{text}\n\n", "0:00.000-->0:01.000\na\n\n"),
    "ass": Made(_EVENTS.format("v4.00+"), "Dialogue: 0,{a:.11},{b:.11},D,,0,0,0,,{text}\n", _SHORT_EVENT),
    "ssa": Made(_EVENTS.format("v4.00"), "Dialogue: Marked=0,{a:.11},{b:.11},D,,0,0,0,,{text}\n", _SHORT_EVENT),
    "ttml": Made(
        '<tt xmlns="http://www.w3.org/ns/ttml"><body><div>',
        '<p begin="{a}" end="{b}">{text}</p>\n',
        '<p begin="1s" end="2s">a</p>',
    ),
    "dcinema": Made(
        '<DCSubtitle Version="1.1"><ReelNumber>1</ReelNumber><Font>',
        '<Subtitle TimeIn="{a}" TimeOut="{b}"><Text VPosition="10">{text}</Text></Subtitle>\n',
        '<Subtitle TimeIn="00:00:01:000" TimeOut="00:00:02:000"><Text>a</Text></Subtitle>',
    ),
    "spruce": Made("$FontName = Arial\n", "{a:.8}:00 , {b:.8}:12 , {text}\n", "0:0:1:0,0:0:2:0,a\n"),
    "timedtext": Made('<timedtext format="3"><body>', '<p t="{s}000" d="1500">{text}</p>\n', '<p t="1" d="1">a</p>'),
    "fcpxml": Made(
        '<fcpxml version="1.9"><gap offset="0s" duration="9s">',
        '<caption offset="{s}s" duration="1500/1000s"><text>{text}</text></caption>\n',
        '<caption offset="1s" duration="1s"><text>a</text></caption>',
    ),
    "scc": Made(
        "Scenarist_SCC V1.0\n\n",
        "{a:.8}:00\t9420 9470 {words} 942f\n\n",
        "00:00:01:00\t9420 c180 942f\n00:00:02:00\t9420 c280 942f\n",
    ),
    "mcc": Made(
        "File Format=MacCaption_MCC V1.0\n\nTime Code Rate=30\n\n",
        "{a:.8}:00\tT00S004F43000172FFFC9420FC9470{triplets}FC942F74\n",
        "00:00:01:00\tT00S004F43000172E3FC9420FCC180FC942F74\n00:00:02:00\tT00S004F43000172E3FC9420FCC280FC942F74\n",
    ),
    "sami": Made(
        "<SAMI><BODY>\n",
        "<SYNC Start={s}000><P Class=ENCC>{text}\n<SYNC Start={s}500><P Class=ENCC>&nbsp;\n",
        "<SYNC Start=1><P>a\n<SYNC Start=2><P>b\n",
    ),
    "json": Made('{"version": 1, "cues": [', _SPOKEN, _SHORT_SPOKEN, _END),
    "whisper": Made('{"segments": [', _SPOKEN, _SHORT_SPOKEN, _END),
    "whispercpp": Made(
        '{"transcription": [',
        '{{"offsets":{{"from":{s}000,"to":{s}500}},"text":"{text}"}},\n',
        '{"offsets":{"from":0,"to":1},"text":"a"},',
        _END,
    ),
    "json3": Made(
        '{"wireMagic": "pb3", "events": [',
        '{{"tStartMs":{s}000,"dDurationMs":1500,"segs":[{{"utf8":"{text}"}}]}},\n',
        '{"tStartMs":1,"segs":[{"utf8":"a"}]},',
        _END,
    ),
    "subviewer": Made("[SUBTITLE]\n", "{a:.11},{b:.11}\n{text}\n\n", "0:0:1,0:0:2\na\n"),
    "sbv": Made("", "{a},{b}\n{text}\n\n", "0:0:1.0,0:0:2.0\na\n\n"),
    "microdvd": Made("{1}{1}25\n", "{{{s}00}}{{{s}50}}{text}\n", "{1}{2}a\n"),
    "mpl2": Made("", "[{s}0][{s}5]{text}\n", "[1][2]a\n"),
    "lrc": Made("", "[{m:02}:{sec:02}.00]{text}\n", "".join(f"[{n // 60}:{n % 60}]a\n" for n in range(4000))),
    "krc": Made("", "[{s}000,1500]<0,1500,0>{text}\n", "[1,2]<0,1,0>a\n"),
    "subviewer1": Made("[BEGIN]\n", "[{a:.8}]\n{text}\n[{b:.8}]\n\n", "[0:1]\na\n"),
    "srt": Made("", "{n}\n{a} --> {b}\n{text}\n\n", "0:0:1,0-->0:0:2,0\na\n"),
    "tmplayer": Made("", "{a:.8}:{text}\n", "0:0:1:a\n"),
    "csv": Made("start,end,text\n", "{a},{b},{text}\n", "1,2,a\n"),
    "tsv": Made("start\tend\ttext\n", "{s}000\t{s}500\t{text}\n", "1\t2\ta\n"),
    "transcript": Made("", "{a:.8} {text}\n", "0:01 a\n"),
}


def usual(format: str) -> bytes:
    """Subtitles of one line of 40 letters, and one emoji at the end: Python keeps four bytes for each letter then."""
    if format == "stl":
        return STL[:1024] + STL[1024:1152] * (SIZE // 128)
    made = MADE[format]
    rows = [_row(made.usual, number) for number in range(SIZE // (len(_row(made.usual, 0))))]
    return (made.head + "".join(rows) + (made.tail or "\n😀")).encode()


def _row(template: str, number: int) -> str:
    s = 2 * number + 2
    minutes = f"{s // 3600:02}:{s // 60 % 60:02}"
    text = f"It is the {number:05}th line of what they said."[:40]
    letters = text.encode().hex()
    words = " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    triplets = "".join(f"FC{letters[at : at + 4]}" for at in range(0, len(letters), 4))
    a, b = f"{minutes}:{s % 60:02}.000", f"{minutes}:{s % 60 + 1:02}.500"
    return template.format(
        n=number + 1, s=s, e=s + 1.5, a=a, b=b, m=s // 60, sec=s % 60, text=text, words=words, triplets=triplets
    )


def shortest(format: str) -> bytes:
    """The shortest rows that are subtitles, of one letter."""
    if format == "stl":
        return usual(format)
    made = MADE[format]
    return (made.head + made.shortest * max(1, SIZE // len(made.shortest)) + made.tail).encode()


def times(data: bytes, format: str) -> float:
    """How many times the file reading takes, the libraries and what Python keeps for tuples not counted."""
    name = f"in.{format}"
    reading.parse(data, name, format=format)
    peak, document = fuzz.peak_of(data, name, format)
    assert peak < fuzz.allowed(len(data), document) - fuzz.AT_LEAST
    assert len(document.cues) > len(data) / 200
    return peak / len(data)


def test_the_table_has_all_formats() -> None:
    assert BOUNDS.keys() == {format.id for format in registry.readable()}
    assert all(bound <= fuzz.MEMORY for bound, _ in BOUNDS.values())


@pytest.mark.parametrize("format", BOUNDS)
def test_reading_takes_as_much_memory_as_the_table_says(format: str) -> None:
    for data, bound in zip((usual(format), shortest(format)), BOUNDS[format], strict=True):
        assert 0.5 * bound < times(data, format) <= bound


def test_a_cue_a_span_and_a_word_are_small() -> None:
    """What `fuzz.allowed()` goes by must not grow."""
    cues = tuple(new_cue(n + 0.1, n + 0.9, f"line {n}", line=n + 1) for n in range(1000, 2000))
    spans = tuple(Span(n, n + 1, ITALIC) for n in range(1000, 2000))
    words = tuple(Word(n + 0.1, n + 0.9, f"word{n}") for n in range(1000, 2000))
    assert fuzz.held(Document(cues)) <= 300 * len(cues)
    some = new_cue(0.0, 1.0, "", spans, words=words)
    assert fuzz.held(Document((some,))) <= 400 * len(spans)
