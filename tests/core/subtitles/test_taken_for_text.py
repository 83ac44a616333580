# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks like times, tags or another format, and is what somebody says: it stays in the text."""

from __future__ import annotations

import contextlib
import time

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document
from tests.core.subtitles.test_more_complaints import read, rows, subrip, webvtt, written


def quotes(document: Document) -> list[str]:
    return [finding.quote for finding in document.findings]


# Formats


@pytest.mark.parametrize(
    "said",
    [
        "$bold = true;",
        "look:\n$FontName = Arial",
        "<DCSubtitle> is the root element",
        "<dcst:SubtitleReel> as well",
        "<timedtext> is it",
    ],
)
def test_a_sign_of_another_format_inside_of_a_text(said: str) -> None:
    assert rows(read(subrip("one", said))) == [(1, 2, "one"), (3, 4, said)]
    assert read(f"00:01 hello\n{said}\n", "a.txt").cues[0].text == f"hello\n{said}"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("//A\n\n$FontSize=30\n$Bold = TRUE\n00:00:01:00,00:00:02:00,one\n", "spruce"),
        ("00:00:01:00,00:00:02:00,one\n$Bold = TRUE\n00:00:03:00,00:00:04:00,two\n", "spruce"),
        (
            '<?xml version="1.0"?>\n<!-- a -- note -->\n<DCSubtitle><Subtitle TimeIn="00:00:01:000" '
            'TimeOut="00:00:02:000"><Text>one</Text></Subtitle></DCSubtitle>',
            "dcinema",
        ),
    ],
)
def test_signs_at_the_head_of_a_file(text: str, id: str) -> None:
    document = read(text, "a.txt")
    assert (document.format, document.cues[0].text) == (id, "one")


# Times


@pytest.mark.parametrize("times", ["0:00:01.00,0:00:02.00", "0:00:01.000,0:00:02.000", "0:00:01,1 day, 0:00:02"])
@pytest.mark.parametrize("kind", ["Comment", "Dialogue"])
def test_days_in_a_text_of_substation(times: str, kind: str) -> None:
    text = f"[Script Info]\nScriptType: v4.00+\n\n[Events]\n{kind}: 0,{times},D,,0,0,0,,1 day, 10:30:00 left\n"
    document = read(text, "a.ass")
    assert [cue.text for cue in (*document.cues, *document.hidden)] == ["1 day, 10:30:00 left"]
    assert "1 day, 10:30:00 left" in written(document, "ass")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("00:00:01,000 --> 00:00:02,000 1 day, 10:30:00 left", "1 day, 10:30:00 left"),
        ("00:00:01,000 - 00:00:02,000 1 day, 10:30:00 left", "1 day, 10:30:00 left"),
        ("00:00:01,000 --> 00:00:02,000 at 00:00:-1,-500", "at 00:00:-1,-500"),
        ("[00:00:01,000 --> 00:00:02,000 hello]", "hello"),
        ("(00:00:01,000 --> 00:00:02,000  hello [x] )", "hello [x]"),
    ],
)
def test_a_text_behind_times_is_as_it_was(line: str, shown: str) -> None:
    assert rows(read(f"1\n{line}\n")) == [(1, 2, shown)]


@pytest.mark.parametrize("said", ["00:00:05.000 00:00:06.000", "from\n00:00:05,000 00:00:06,000\non"])
def test_two_times_side_by_side_in_a_text(said: str) -> None:
    assert rows(read(subrip(said, "you"))) == [(1, 2, said), (3, 4, "you")]


def test_two_times_side_by_side_below_an_empty_line() -> None:
    text = "00:00:01,000 00:00:02,000\nHello\n\n00:00:03,000 00:00:04,000\nyou\n"
    assert rows(read(text)) == [(1, 2, "Hello"), (3, 4, "you")]


@pytest.mark.parametrize("said", ["5:30 is when he left", "5:30", "7:15, 8:15", "1:02:03.5 is late"])
def test_a_time_of_the_day_below_a_number(said: str) -> None:
    document = read(subrip(f"We add\n\n12\n{said}", "you"))
    assert [cue.text.split("\n")[-1] for cue in document.cues] == [said, "you"]
    assert "12" in document.cues[0].text.split("\n")
    assert document.findings == ()


@pytest.mark.parametrize("half", ["00:00:03", "0:03,500"])
def test_half_a_time_below_a_number(half: str) -> None:
    assert [cue.text for cue in read(f"{subrip('Hello')}2\n{half}\nyou\n").cues] == ["Hello", "you"]


# Line breaks


def test_quotation_marks_at_the_end_of_a_file_without_line_breaks() -> None:
    text = r'1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:00:03,000 --> 00:00:04,000\n"Quote" and "end"'
    for whole in (text, '"' + text.replace('"', r"\"") + '"'):
        assert rows(read(whole)) == [(1, 2, "one"), (3, 4, '"Quote" and "end"')]


def test_a_path_is_no_line_break() -> None:
    said = r'C:\new\readme said "yes"'
    assert rows(read(f"00:00:01,000 --> 00:00:02,000 {said}")) == [(1, 2, said)]


def test_spaces_in_a_file_without_line_breaks_take_time_in_proportion() -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        with contextlib.suppress(SubtitleFileError):  # Nobody means so long a line.
            reading.parse(f"00:00:01,000 --> 00:00:02,000 a{' ' * count}b".encode(), "a.srt")
        return time.process_time() - start

    seconds(100)
    # Sixteen times as much took 250 times as long.
    assert min(seconds(16_000) for _ in range(2)) < 60 * max(0.002, min(seconds(1_000) for _ in range(3)))


# Tags


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("if x< i && i >y then", "if x< i && i >y then"),
        ("if x< i && i >y then < /i >", "if x< i && i >y then"),
        ("if x< i >y then </i>", "if x< i >y then"),
        ("use < font > tags", "use < font > tags"),
        ('a < font color="red">b</font>', 'a < font color="red">b'),
        ("If a < s then x > y </s>", "If a < s then x > y"),
        ("x_{i} + y", "x_{i} + y"),
        ("{b} and {/i}", "{b} and"),
        ("a {u}b{i}c{/i}{/u} d", "a bc d"),
        ("< u >a</ u >", "a"),
    ],
)
def test_signs_of_mathematics_and_programs_in_subrip(said: str, shown: str) -> None:
    document = read(subrip(said))
    assert document.cues[0].text == shown
    gone = "".join(quotes(document))
    if shown not in ("a bc d", "a"):
        assert document.cues[0].spans == ()
        assert sorted(f"{shown}{gone}".replace(" ", "")) == sorted(said.replace(" ", ""))
    assert rows(read(written(document, "srt"))) == rows(document)


def test_braces_without_an_end_are_written_as_they_are() -> None:
    assert "\nx_{i} + y\n" in written(read(subrip("x_{i} + y")), "srt")


@pytest.mark.parametrize("tag", ["<em class=x>", '<strong data-k="1">', '<EM id="a b">'])
def test_what_borrowed_tags_of_webvtt_say_besides_is_noted(tag: str) -> None:
    document = read(webvtt(f"{tag}a</{tag[1:].split()[0]}> b"), "a.vtt")
    assert (document.cues[0].text, quotes(document)) == ("a b", [tag])


def test_what_webvtt_does_not_have_stays_or_is_noted() -> None:
    document = read(webvtt("{an8} is a tag", "we say [br] here"), "a.vtt")
    assert [cue.text for cue in document.cues] == ["{an8} is a tag", "we say\nhere"]
    assert quotes(document) == ["[br]"]
    again = read(written(document, "vtt"), "a.vtt")
    assert rows(again) == rows(document)
