# SPDX-License-Identifier: GPL-3.0-or-later
"""MicroDVD, MPL2, TMPlayer, SubViewer, SBV and LRC: what each means by its lines."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.cues import Word
from subtitle_editor.core.markup import BOLD, COLOR, FONT, ITALIC, SIZE, TIME, UNDERLINE, Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Cue, Document, Kind
from subtitle_editor.core.subtitles.formats.base import Findings, ReadOptions, WriteOptions
from subtitle_editor.core.subtitles.formats.codes import read_text
from subtitle_editor.core.subtitles.formats.microdvd import rate_of
from subtitle_editor.core.subtitles.formats.settling import Row, settled
from subtitle_editor.core.subtitles.formats.tags import TextBuilder
from subtitle_editor.core.subtitles.lines import lines_of


def read(text: str, format: str | None = None, fps: Fraction | None = None) -> Document:
    return reading.parse(text.encode(), "in.txt", format=format, options=ReadOptions(fps=fps))


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(round(cue.start, 6), round(cue.end, 6), cue.text) for cue in document.cues]


def written(document: Document, format: str, options: WriteOptions | None = None) -> str:
    data, _ = writing.rendered(Path("out"), document, format, options=options)
    return data.decode()


# MicroDVD


def test_microdvd_by_the_rate_of_the_file_of_the_user_or_a_guess() -> None:
    assert shown(read("{1}{1}25\n{25}{75}x")) == [(1, 3, "x")]
    assert shown(read("{1}{1}25\n{25}{75}x", fps=Fraction(30))) == [(1, 3, "x")]
    assert shown(read("{25}{75}x", fps=Fraction(25))) == [(1, 3, "x")]
    guessed = read("{24}{48}x")
    assert shown(guessed) == [(1.001, 2.002, "x")]
    assert [finding.kind for finding in guessed.findings] == [Kind.RATE]


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("29,97", Fraction(30000, 1001)),
        ("25.000", Fraction(25)),
        ("x", None),
        ("0", None),
    ],
)
def test_rates_as_files_say_them(said: str, rate: Fraction | None) -> None:
    assert rate_of(said) == rate


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("/all of it", "<i>all of it</i>"),
        ("/one|two", "<i>one</i>\ntwo"),
        ("/usr/bin", "/usr/bin"),
        ("/ 2", "/ 2"),
        ("{\\an8}top {\\i1}x{\\i0}", "{\\an8}top <i>x</i>"),
    ],
)
def test_what_microdvd_borrows(text: str, tags: str) -> None:
    document = read(f"{{1}}{{1}}25\n{{25}}{{75}}{text}\n")
    assert written(document, "srt").split("\n", 2)[2].rstrip("\n") == tags
    again = read(written(document, "microdvd"))
    assert [cue.text.lstrip("\u2060") for cue in again.cues] == [cue.text for cue in document.cues]


def test_the_usual_look_of_microdvd() -> None:
    document = read("{DEFAULT}{}{c:$0000FF}{y:b}\n{1}{1}25\n{25}{75}one|two\n{100}{125}{Y:i}x\n")
    assert [sorted(span.kind for span in cue.spans) for cue in document.cues] == [
        [BOLD, COLOR], [BOLD, COLOR, ITALIC],
    ]  # fmt: skip
    assert document.cues[0].spans[0].end == 7
    assert document.findings == ()


def test_microdvd_codes() -> None:
    document = read("{1}{1}25\n{25}{75}{Y:b}{y:i,u}one|{c:$0000ff}{f:Arial}{s:20}two|{H:x}three")
    (cue,) = document.cues
    assert cue.text == "one\ntwo\nthree"
    assert {span for span in cue.spans if span.end > span.start} == {
        Span(0, 13, BOLD),
        Span(0, 3, ITALIC),
        Span(0, 3, UNDERLINE),
        Span(4, 7, COLOR, "#ff0000"),
        Span(4, 7, FONT, "Arial"),
        Span(4, 7, SIZE, "20"),
    }
    again = read(written(document, "microdvd"))
    assert again.cues == document.cues


def test_microdvd_without_an_end_and_with_lines_that_have_no_time() -> None:
    document = read("stray\n{1}{1}25\n{25}{}x\n{50}{75}y\nmore of y\n\n", format="microdvd")
    assert shown(document) == [(1, 2, "x"), (2, 3, "y\nmore of y")]
    assert {finding.kind for finding in document.findings} == {Kind.STRAY, Kind.TIME, Kind.BROKEN}


def test_microdvd_is_written_at_a_rate() -> None:
    document = Document((Cue(1, 3, "a|b {y:i}"), Cue(3, 3.01, "c")))
    text = written(document, "microdvd", WriteOptions(fps=Fraction(25)))
    assert text == "{1}{1}25\n{25}{75}a│b (y:i)\n{75}{76}c\n"
    assert written(document, "microdvd").startswith("{1}{1}23.976\n{24}{72}")


@given(
    st.integers(0, 10**9),
    st.sampled_from([Fraction(25), Fraction(24), Fraction(30), Fraction(24000, 1001), Fraction(60000, 1001)]),
)
def test_microdvd_is_written_to_the_nearest_frame(thousandths: int, rate: Fraction) -> None:
    document = Document((Cue(thousandths / 1000, thousandths / 1000 + 1, "x"),))
    line = written(document, "microdvd", WriteOptions(fps=rate)).split("\n")[1]
    nearest = math.floor(Fraction(thousandths, 1000) * rate + Fraction(1, 2))
    assert line.startswith(f"{{{nearest}}}")
    again = read(f"{{{nearest}}}{{{nearest + 9}}}x", "microdvd", rate)
    assert again.cues[0].start == float(Fraction(nearest) / rate)


# Texts that look like times

LIKE_TIMES = (
    "0:0->0:3", "00:00:01,000 --> 00:00:02,000", "one\n00:00:05,000 - 00:00:06,000", "0:01 → 0:02", "0:01 => 0:02\nend",
    "00.00.01,000 -> 00.00.02,000", "٠٠:٠١ → ٠٠:٠٢", "0:01 –> 0:02 line:0", "7\n0:01->0:02",
)  # fmt: skip


@pytest.mark.parametrize("format", ["srt", "vtt", "sbv", "ass", "ttml", "json", "microdvd"])
@pytest.mark.parametrize("span", [(), (Span(0, 1, BOLD),)], ids=["plain", "bold"])
def test_a_text_that_looks_like_times_stays_a_text(format: str, span: tuple[Span, ...]) -> None:
    document = Document(tuple(Cue(9 * n, 9 * n + 5, text, spans=span) for n, text in enumerate(LIKE_TIMES, 1)))
    again = reading.parse(written(document, format).encode(), f"in.{format}", format=format)
    assert [cue.start for cue in again.cues] == pytest.approx([cue.start for cue in document.cues], abs=0.05)
    for cue, text in zip(again.cues, LIKE_TIMES, strict=True):
        assert cue.text.split("\n")[0][-4:] == text.split("\n")[0][-4:]
        assert cue.text.count("\n") == text.count("\n")


@pytest.mark.parametrize("span", [(), (Span(0, 1, BOLD),)], ids=["plain", "bold"])
@pytest.mark.parametrize("text", ["{C:{o:x}y", "<i <b>x", "{y:{y:{y:z}", "<font &lt;b>x", "{a:" * 30 + "x}"])
def test_markup_inside_of_markup_is_a_text(text: str, span: tuple[Span, ...]) -> None:
    document = Document((Cue(1, 2, text, spans=span),))
    assert [cue.text for cue in read(written(document, "srt"), "srt").cues] == [text]


# MPL2 and TMPlayer


def test_mpl2() -> None:
    document = read("[10][30]/one|two\n[35][]open\n[50][70]\\bold")
    assert shown(document) == [(1, 3, "one\ntwo"), (3.5, 5, "open"), (5, 7, "bold")]
    assert document.cues[0].spans == (Span(0, 3, ITALIC),)
    assert document.cues[2].spans == (Span(0, 4, BOLD),)


def test_tmplayer_lasts_until_the_next_line_but_not_for_minutes() -> None:
    document = read("00:00:01:one|two\n00:00:03:\n00:00:05=three\n00:01:00:four\n00:01:02,1=five\n00:01:02,2=six")
    assert shown(document) == [
        (1, 3, "one\ntwo"),
        (5, 11, "three"),
        (60, 62, "four"),
        (62, 68, "five\nsix"),
    ]
    assert document.format == "tmplayer"


# SubViewer and SBV


def test_subviewer_2() -> None:
    document = read(
        "[INFORMATION]\n[TITLE]T\n[END INFORMATION]\n00:00:01.00,00:00:03.50\none[br]two\n\n00:00:04.00,00:00:06.00\nx"
    )
    assert shown(document) == [(1, 3.5, "one\ntwo"), (4, 6, "x")]
    assert "[TITLE]T" in str(document.extra["subviewer.head"])


def test_subviewer_1() -> None:
    document = read("[TITLE]\nT\n[BEGIN]\n[00:00:01]\none|two\n[00:00:03]\n\n[00:00:05]\nthree\n[00:00:06]\n\n[end]")
    assert shown(document) == [(1, 3, "one\ntwo"), (5, 6, "three")]
    assert document.format == "subviewer1"


def test_sbv() -> None:
    document = read("0:00:01.000,0:00:03.000\none\ntwo\n\nthree\n\n0:00:04.000,0:00:06.000\n<i>x</i>[br]y\n")
    assert shown(document) == [(1, 3, "one\ntwo\nthree"), (4, 6, "x\ny")]
    assert written(document, "sbv").endswith("0:00:04.000,0:00:06.000\n<i>x</i>\ny\n")
    awkward = Document((Cue(1, 2, "0:00:01.000,0:00:03.000"), Cue(3, 4, "b")))
    assert [cue.start for cue in read(written(awkward, "sbv"), "sbv").cues] == [1, 3]


# LRC


def test_lrc_ends_offsets_and_lines_that_come_again() -> None:
    text = (
        "[ti:T]\n[offset:+500]\n[00:10.00][00:20.50]chorus\n[00:12.00]\n[00:15:50]verse\n"
        "[01:00.00]end\n[length:01:10]\n"
    )
    document = read(text)
    assert shown(document) == [
        (9.5, 11.5, "chorus"),
        (15, 20, "verse"),
        (20, 59.5, "chorus"),
        (59.5, 69.5, "end"),
    ]
    assert "[ti:T]" in str(document.extra["lrc.tags"])
    assert document.findings == ()
    # Written with the times as they are, without the offset.
    assert shown(read(written(document, "lrc"), "lrc")) == shown(document)


def test_lrc_word_by_word() -> None:
    (cue, other) = read("[00:10.00]<00:10.00>Some <00:10.50>bo<00:10.70>dy <00:11.00>sang<00:11.50>\n[00:12.00]x").cues
    assert cue.text == "Some body sang"
    assert cue.words == (
        Word(10, 10.5, "Some"),
        Word(10.5, 10.7, "bo"),
        Word(10.7, 11, "dy", glued=True),
        Word(11, 11.5, "sang"),
    )
    assert (cue.end, other.start) == (11.5, 12)
    assert [span.value for span in cue.spans if span.kind == TIME] == ["10.5", "10.7", "11"]


def test_lrc_words_of_a_line_that_comes_again() -> None:
    document = read("[00:10.00][00:20.00]<00:10.50>la <00:11.00>la\n[00:30.00]x")
    assert [[word.start for word in cue.words] for cue in document.cues[:2]] == [[10.5, 11], [20.5, 21]]


def test_lrc_keeps_words_of_other_formats() -> None:
    cue = Cue(1, 3, "Hello you\nthere", (Word(1, 1.5, "Hello"), Word(1.5, 2, "you"), Word(2, 2.5, "there")))
    text = written(Document((cue,)), "lrc")
    assert text == "[00:01.00]<00:01.00>Hello <00:01.50>you\n[00:01.00]<00:02.00>there<00:02.50>\n[00:03.00]\n"


def test_lrc_text_without_times_is_not_lost() -> None:
    document = read("[00:01.00]one\ncontinued\n[Chorus]\n[00:03.00]two\nthe end", format="lrc")
    assert [cue.text for cue in document.cues] == ["one\ncontinued", "two\nthe end"]
    assert [finding.quote for finding in document.findings if finding.kind is Kind.STRAY] == ["[Chorus]"]


def test_lrc_lines_of_one_time_are_one_subtitle_of_the_first_that_says_something() -> None:
    (cue,) = read("[00:01.00]\n[00:01.00]one\n[00:01.00]\nmore\n[00:02.00]", format="lrc").cues
    assert (cue.text, cue.line, cue.end) == ("one\n\nmore", 2, 2)


def test_findings_that_are_alike_are_named_up_to_a_number_and_then_gathered_with_their_lines() -> None:
    lines = [f"stray Ж{number}" for number in range(1, 201)]
    document = reading.parse(("\n".join(lines) + "\n[10][30]One\n").encode(), "in.mpl", format="mpl2")
    strays = [finding for finding in document.findings if finding.kind is Kind.STRAY]
    assert [(one.line, one.quote) for one in strays[:-1]] == list(enumerate(lines[: len(strays) - 1], 1))
    assert len(strays) == 51
    assert (strays[-1].line, strays[-1].quote.split("\n")) == (
        51,
        [f"{number}: {line}" for number, line in enumerate(lines, 1)][50:],
    )
    assert str(strays[-1]) == "Line 51: 150 more of the same kind (stray)."


_LETTERS = st.text(st.sampled_from("ab |\t\x00\ufeff\u3000é{}/_\\\x1f"), max_size=12)


@given(_LETTERS)
def test_a_text_without_formatting_is_tidied_as_others_are(raw: str) -> None:
    """The short way through such a text and the long one end at the same place."""
    plain = "".join(char for char in raw if char not in "{}/_\\")
    builder = TextBuilder()
    builder.text(plain.replace("|", "\n"))
    assert read_text(plain, Findings(), 1, slashes=True) == builder.done()


@given(st.lists(st.tuples(st.floats(-10, 100), st.floats(-10, 100), st.sampled_from(["", " ", "text"])), max_size=8))
def test_a_cue_that_has_its_times_is_settled_as_a_row_is(times: list[tuple[float, float, str]]) -> None:
    cues, others = (
        [Cue(start, end, text, line=line) for line, (start, end, text) in enumerate(times, 1)] for _ in "ab"
    )
    bare, wrapped = Findings(), Findings()
    rows = [Row(cue.start, cue.end, cue) for cue in others]
    found = settled(cues, bare)
    assert found == settled(rows, wrapped)
    assert bare.done() == wrapped.done()
    assert [cue.start for cue in found] == sorted(cue.start for cue in found)


def test_lines_are_those_of_the_text_however_long_it_is() -> None:
    for text in ("", "\n", "a", "a\n", "\n\na", "ab\n" * 9000, "x" * 20_000 + "\n\n", "\n" * 8192, "\n" * 8193 + "x"):
        assert list(lines_of(text)) == text.split("\n")


def test_control_characters_are_no_letters_between_the_times_of_words_either() -> None:
    document = reading.parse(b"[00:04.00]Two lines\x14<00:05.00>a, and more of it that is long\n", "in.lrc")
    assert [cue.text for cue in document.cues] == ["Two linesa, and more of it that is long"]
    assert [word.text for word in document.cues[0].words] == ["Two lines", "a, and more of it that is long"]
