# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files in and out, with everything that people and tools do to them."""

from __future__ import annotations

import dataclasses
import os
import textwrap
import tracemalloc
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.errors.disk import FolderNotWritableError
from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import Placing
from subtitle_editor.core.subtitles import writing
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from subtitle_editor.core.subtitles.reading import load
from subtitle_editor.core.subtitles.writing import save_cues as save

TIMED = ["srt", "vtt", "ass", "ssa", "ttml", "json"]


def read(folder: Path, text: str, name: str = "in.srt", encoding: str = "utf-8") -> Document:
    path = folder / name
    path.write_bytes(textwrap.dedent(text).lstrip("\n").encode(encoding))
    return load(path)


def plain(file: Document) -> list[tuple[float, float, str]]:
    return [(cue.start, cue.end, cue.text) for cue in file.cues]


GOOD = """
    1
    00:00:00,000 --> 00:00:01,500
    Hello

    2
    00:00:02,000 --> 00:00:03,250
    Two
    lines
"""


# What peers get wrong


def test_a_plain_file_has_no_warnings(tmp_path: Path) -> None:
    file = read(tmp_path, GOOD)
    assert plain(file) == [(0.0, 1.5, "Hello"), (2.0, 3.25, "Two\nlines")]
    assert (file.warnings, file.encoding, file.format) == ([], "utf-8", "srt")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "in.srt"
    path.write_bytes(textwrap.dedent(GOOD).replace("\n", newline).encode())
    assert plain(load(path)) == [(0.0, 1.5, "Hello"), (2.0, 3.25, "Two\nlines")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    file = read(tmp_path, "1\n00:00:00,000 --> 00:00:01,000\n“Déjà vu” – naïve café\n", encoding=encoding)
    assert plain(file) == [(0.0, 1.0, "“Déjà vu” – naïve café")]
    assert bool(file.warnings) == (encoding == "cp1252")


def test_utf16_with_its_mark_but_the_other_byte_order(tmp_path: Path) -> None:
    path = tmp_path / "in.srt"
    path.write_bytes(("\ufeff" + textwrap.dedent(GOOD)).encode("utf-16-be"))
    assert len(load(path).cues) == 2


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "in.srt"
    path.write_bytes("1\n00:00:00,000 --> 00:00:01,000\nПривет\n".encode("cp1251"))
    assert load(path, encoding="cp1251").cues[0].text == "Привет"
    with pytest.raises(SubtitleFileError):
        load(path, encoding="utf-8")
    with pytest.raises(SubtitleFileError):
        load(path, encoding="no-such")


def test_a_file_cut_off_inside_a_character_is_still_utf8(tmp_path: Path) -> None:
    path = tmp_path / "in.srt"
    path.write_bytes("1\n00:00:00,000 --> 00:00:01,000\ncafé, naïve, Ärger, über, né\n".encode()[:-2])
    file = load(path)
    assert file.encoding == "utf-8"
    assert file.cues[0].text.startswith("café, naïve, Ärger, über, n")
    assert "it was read as" in file.warnings[0] and "\ufffd" not in file.cues[0].text


def test_tags_are_removed_and_said(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """
        1
        00:00:01,000 --> 00:00:02,000
        {\\an8}<i>Above</i> and <u>under</u>

        2
        00:00:03,000 --> 00:00:04,000
        <font color="#fff">{\\i1}White{\\i0}</font>

        3
        00:00:05,000 --> 00:00:06,000
        1 < 2 and 3 > 2 {really}
        """,
    )
    assert [cue.text for cue in file.cues] == ["Above and under", "White", "1 < 2 and 3 > 2 {really}"]
    assert file.warnings == []
    assert [[(span.kind, span.value) for span in cue.spans] for cue in file.cues] == [
        [("italic", ""), ("underline", "")],
        [("color", "#ffffff"), ("italic", "")],
        [],
    ]
    assert file.cues[0].placing.align == 8


def test_times_of_every_kind(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """
        1
        00:00:00,000 --> 00:00:00,010
        ten milliseconds

        2
        00:00:05 --> 00:00:06
        no milliseconds

        3
        0:00:07.5 --> 0:00:08.25
        full stop

        4
        00:00:09:500-->00:00:10:000
        colon, no spaces

        5
        01:30,000 --> 01:31,000
        no hours

        6
        100:00:01,000 --> 100:00:02,000
        a hundred hours
        """,
    )
    assert [(cue.start, cue.end) for cue in file.cues] == [
        (0.0, 0.01), (5.0, 6.0), (7.5, 8.25), (9.5, 10.0), (90.0, 91.0), (360001.0, 360002.0),
    ]  # fmt: skip
    assert file.warnings == []


def test_an_end_before_the_start_is_mended_and_said(tmp_path: Path) -> None:
    file = read(tmp_path, "1\n00:00:05,000 --> 00:00:04,000\nback\n\n2\n00:00:09,000 --> 00:00:09,000\nzero\n")
    assert plain(file) == [(4.0, 5.0, "back"), (9.0, 11.0, "zero")]
    assert [warning.split(":")[0] for warning in file.warnings] == ["Line 2", "Line 6"]


@pytest.mark.parametrize(
    "times",
    ["00:00:0x,000 --> 00:0y:05,000", "00:00:zz,000 --> soon", "--> ", "then --> later", "00:00:05,0x0 00:00:06,000"],
)
def test_times_that_cannot_be_read_are_reported_not_folded_into_the_text_before(tmp_path: Path, times: str) -> None:
    file = read(
        tmp_path,
        f"""
        1
        00:00:01,000 --> 00:00:02,000
        before

        2
        {times}
        lost words

        3
        00:00:08,000 --> 00:00:09,000
        after
        """,
    )
    assert plain(file) == [(1.0, 2.0, "before"), (2.0, 4.0, "lost words"), (8.0, 9.0, "after")]
    assert file.warnings == ["Line 6: the times cannot be read; it was put behind the subtitle above it."]
    assert file.findings[0].quote == times.strip()


def test_half_a_time_keeps_the_text(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        "1\n00:00:05,000 --> 00:00:xx\nno end\n\n2\n00:00:xx --> 00:00:09,000\nno start\n",
    )
    assert plain(file) == [(5.0, 7.0, "no end"), (7.0, 9.0, "no start")]
    assert len(file.warnings) == 2


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        ("00:00:xx --> 00:00:09,000 no start", (7.0, 9.0, "no start\nmore")),
        ("01:05 -> 01:09 on the tape：", (65.0, 69.0, "on the tape：\nmore")),
        ("00:01:05,000 --> 00:01:09,000 \u202b٢٢：٠٠\u202c", (65.0, 69.0, "\u202b٢٢：٠٠\u202c\nmore")),
        ("00：01：05,000 -- > 00：01：09,000 終わり。", (65.0, 69.0, "終わり。\nmore")),
    ],
)
def test_text_behind_times_stays_as_it_is_and_the_times_with_it(
    tmp_path: Path, times: str, shown: tuple[float, float, str]
) -> None:
    file = read(tmp_path, f"1\n00:00:05,000 --> 00:00:06,000\nbefore\n\n2\n{times}\nmore\n")
    assert plain(file)[1:] == [shown]
    assert "there is text behind the times" in file.warnings[0]


@pytest.mark.parametrize("tail", ["3\n", "3\n00:00:05", "3\n00:00:05,000 --", "3\n00:00:05,000 --> 00:00:06,000\n"])
def test_a_truncated_end_does_not_become_text(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "in.srt"
    path.write_text(textwrap.dedent(GOOD).lstrip() + "\n" + tail, encoding="utf-8")
    file = load(path)
    assert plain(file) == [(0.0, 1.5, "Hello"), (2.0, 3.25, "Two\nlines")]
    assert len(file.warnings) == 1


def test_a_file_cut_off_anywhere_never_bends_the_cues_before(tmp_path: Path) -> None:
    whole = "".join(
        f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nText number {n}\nsecond line\n\n" for n in range(1, 5)
    )
    path = tmp_path / "in.srt"
    for length in range(len(whole)):
        path.write_text(whole[:length], encoding="utf-8")
        try:
            cues = load(path).cues
        except SubtitleFileError:
            assert length < len("1\n00:00:01,000 --> 00:00:01,900\nT")
            continue
        for number, cue in enumerate(cues[:-1], 1):
            assert (cue.start, cue.end, cue.text) == (number, number + 0.9, f"Text number {number}\nsecond line")


def test_numbers_as_text_survive(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """
        1
        00:00:01,000 --> 00:00:02,000
        7

        2
        00:00:03,000 --> 00:00:04,000
        chapter
        12

        3
        00:00:05,000 --> 00:00:06,000
        4
        """,
    )
    assert [cue.text for cue in file.cues] == ["7", "chapter\n12", "4"]


def test_missing_and_wrong_numbers_do_no_harm(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        "00:00:01,000 --> 00:00:02,000\na\n\n00:00:03,000 --> 00:00:04,000\nb\n\n99\n00:00:05,000 --> 00:00:06,000\nc",
    )
    assert [cue.text for cue in file.cues] == ["a", "b", "c"]
    assert file.warnings == []


def test_files_without_empty_lines_and_with_too_many(tmp_path: Path) -> None:
    dense = "1\n00:00:01,000 --> 00:00:02,000\na\n2\n00:00:03,000 --> 00:00:04,000\nb\n"
    assert [cue.text for cue in read(tmp_path, dense).cues] == ["a", "b"]
    assert [cue.text for cue in read(tmp_path, dense.replace("\n", "\n\n")).cues] == ["a", "b"]


def test_disorder_is_sorted_and_said(tmp_path: Path) -> None:
    file = read(tmp_path, "1\n00:00:05,000 --> 00:00:06,000\nb\n\n2\n00:00:01,000 --> 00:00:02,000\na\n")
    assert [cue.text for cue in file.cues] == ["a", "b"]
    assert "sorted" in file.warnings[0]


def test_subtitles_without_text_are_left_out_and_said(tmp_path: Path) -> None:
    file = read(tmp_path, "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\nb\n")
    assert plain(file) == [(3.0, 4.0, "b")]
    assert file.warnings == ["Line 2: this subtitle has no text; it was left out."]


def test_text_before_the_first_subtitle_is_said(tmp_path: Path) -> None:
    file = read(tmp_path, "made by me\n\n" + textwrap.dedent(GOOD).lstrip())
    assert len(file.cues) == 2
    assert file.warnings == ['Line 1: "made by me" belongs to no subtitle; it was left out.']


def test_webvtt(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """
        WEBVTT - a title
        Kind: captions

        NOTE
        a comment
        of two lines

        STYLE
        ::cue { color: red }

        intro
        00:01.000 --> 00:02.500 align:start position:10%
        <v Ann>Salt &amp; <c.loud>pepper</c> &lt;now&gt;</v>

        01:00:00.000 --> 01:00:01.000
        - one
        - <00:00:01.000>two
        """,
        "in.vtt",
    )
    assert plain(file) == [(1.0, 2.5, "Salt & pepper <now>"), (3600.0, 3601.0, "- one\n- two")]
    assert (file.format, file.warnings) == ("vtt", [])
    assert file.cues[0].speaker == "Ann"


ASS = """
    [Script Info]
    ScriptType: v4.00+

    [V4+ Styles]
    Format: Name, Fontname, Fontsize
    Style: Default,Arial,20

    [Events]
    Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
    Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not a subtitle
    Dialogue: 0,0:00:00.00,0:00:01.50,Default,,0,0,0,,{\\i1}Hello{\\i0}, world\\Nsecond
    Dialogue: 0,0:00:xx.00,0:00:yy.00,Default,,0,0,0,,broken, times
    Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}
    Dialogue: 0,0:00:05
"""


def test_substation(tmp_path: Path) -> None:
    file = read(tmp_path, ASS, "in.ass")
    assert plain(file) == [(0.0, 1.5, "Hello, world\nsecond"), (1.5, 3.5, "broken, times")]
    assert file.warnings == [
        "Line 12: the times cannot be read; it was put behind the subtitle above it.",
        "Line 13: a drawing, not text; it is kept, and drawn where the file is burnt in.",
        'Line 14: "Dialogue: 0,0:00:05" is incomplete; it was left out.',
    ]


def test_substation_columns_are_those_of_the_format_line(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """
        [Script Info]
        [Events]
        Format: Start, End, Text
        Dialogue: 0:00:01.00,0:00:02.00,one, two
        """,
        "in.ass",
    )
    assert plain(file) == [(1.0, 2.0, "one, two")]


def test_formats_by_content_whatever_the_name(tmp_path: Path) -> None:
    assert read(tmp_path, ASS, "in.srt").format == "ass"
    assert read(tmp_path, GOOD, "in.txt").format == "srt"
    assert read(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", "in.srt").format == "vtt"


def test_microdvd_counts_frames(tmp_path: Path) -> None:
    path = tmp_path / "in.sub"
    path.write_text("{25}{50}one|two\n{75}{100}three\n", encoding="utf-8")
    assert "frame rate" in load(path).warnings[0]
    assert plain(load(path, options=ReadOptions(fps=Fraction(25)))) == [(1.0, 2.0, "one\ntwo"), (3.0, 4.0, "three")]


def test_whispers_own_json(tmp_path: Path) -> None:
    text = '{"text": "x", "segments": [{"start": 0.0, "end": 1.5, "text": " Hi ", "words": []}]}'
    assert plain(read(tmp_path, text, "in.json")) == [(0.0, 1.5, "Hi")]


# What is no subtitle file


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.srt", b"Just a letter.\nNothing else.\n"),
        ("a.srt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 10),
        ("a.srt", bytes(range(256)) * 50),
        ("a.json", b"{]"),
        ("a.json", b'{"cues": 5}'),
        ("a.json", b'{"cues": [{"start": "x"}]}'),
        ("a.json", b"[" * 100_000),
        ("a.ttml", b"<tt><unclosed"),
        ("a.xyz", b"lunch --> dinner"),
    ],
)
def test_no_subtitle_file_is_a_clear_error(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SubtitleFileError) as caught:
        load(path)
    assert str(path) in str(caught.value) and caught.value.hint


def test_missing_files_folders_and_giants(tmp_path: Path) -> None:
    for path in (tmp_path / "none.srt", tmp_path, tmp_path / "a\0b.srt"):
        with pytest.raises(SubtitleFileError):
            load(path)
    giant = tmp_path / "film.srt"
    with open(giant, "wb") as file:
        file.truncate(5_000_000_000)
    with pytest.raises(SubtitleFileError, match="5000 MB is too large"):
        load(giant)


def test_an_empty_file_is_no_error(tmp_path: Path) -> None:
    file = read(tmp_path, "", "in.srt")
    assert (file.cues, file.warnings) == ((), ["The file is empty."])


# Out and in again


@pytest.mark.parametrize("format", TIMED)
def test_what_is_saved_loads_again(tmp_path: Path, format: str) -> None:
    cues = [
        Cue(0.0, 1.5, "Zero"),
        Cue(2.0, 3.25, "“Déjà vu”\n{braces} & <angles> – 日本"),
        Cue(3.25, 4.0, "7"),
        Cue(3725.5, 3726.0, "later"),
    ]
    path = tmp_path / f"out.{format}"
    save(path, cues)
    file = load(path)
    assert file.warnings == []
    assert file.format == format
    assert plain(file) == [(cue.start, cue.end, cue.text) for cue in cues]


def test_json_keeps_the_word_times(tmp_path: Path) -> None:
    cue = Cue(0.0, 1.5, "hello world", (Word(0.0, 0.5, "hello", 0.75), Word(0.5, 1.5, "world", 0.5)))
    save(tmp_path / "a.json", [cue])
    (found,) = load(tmp_path / "a.json").cues
    assert (found.start, found.end, found.text, found.words) == (cue.start, cue.end, cue.text, cue.words)


@pytest.mark.parametrize("format", ["srt", "vtt", "ttml"])
def test_long_recordings(tmp_path: Path, format: str) -> None:
    save(tmp_path / f"a.{format}", [Cue(360001.0, 360002.5, "x")])
    assert plain(load(tmp_path / f"a.{format}")) == [(360001.0, 360002.5, "x")]


@pytest.mark.parametrize("format", ["ass", "ssa"])
def test_substation_ends_at_ten_hours_and_says_so(tmp_path: Path, format: str) -> None:
    with pytest.raises(SubtitleFileError, match="10 hours"):
        save(tmp_path / f"a.{format}", [Cue(36000.0, 36001.0, "x")])
    assert os.listdir(tmp_path) == []


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n<>&{}\\-->0123"), max_size=40)
CUES = st.lists(
    st.tuples(st.integers(0, 10**8), st.integers(1, 10**5), TEXT).map(
        lambda row: Cue(row[0] / 1000, (row[0] + row[1]) / 1000, row[2])
    ),
    max_size=6,
)
ROUND_TRIP = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ROUND_TRIP
@given(CUES, st.sampled_from(["srt", "vtt"]))
def test_times_and_number_of_cues_survive_any_text(tmp_path: Path, cues: list[Cue], format: str) -> None:
    path = tmp_path / f"out.{format}"
    # A word in front, so that no text is empty or all tags.
    save(path, [Cue(cue.start, cue.end, f"x{cue.text}") for cue in cues])
    expected = sorted((cue.start, cue.end) for cue in cues)
    assert sorted((cue.start, cue.end) for cue in load(path).cues) == expected


@ROUND_TRIP
@given(CUES)
def test_plain_text_survives_webvtt(tmp_path: Path, cues: list[Cue]) -> None:
    letters = [Cue(cue.start, cue.end, "x" + "".join(filter(str.isalnum, cue.text))) for cue in cues]
    save(tmp_path / "a.vtt", letters)
    assert sorted(plain(load(tmp_path / "a.vtt"))) == sorted((cue.start, cue.end, cue.text) for cue in letters)


# Fuzz

FRAGMENTS = st.sampled_from(
    [
        "1", "2", "00:00:01,000 --> 00:00:02,000", "00:00:01,000 --> ", "-->", "WEBVTT", "NOTE", "[Events]",
        "[Script Info]", "Format: Start, End, Text", "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,x", "{1}{2}x",
        "[1][2]x", "<tt>", "<SAMI>", "{", "[", '{"cues": [', '"start": 1', "<i>", "{\\an8}", "",
        "text", "\ufeff", "\u2028",
    ]
)  # fmt: skip
FUZZ = settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.sampled_from(["a.srt", "a.vtt", "a.ass", "a.json", "a.ttml", "a.smi", "a.sub", "a.txt", "a"])


def load_anything(path: Path) -> None:
    try:
        file = load(path, options=ReadOptions(fps=Fraction(25)))
    except SubtitleEditorError as error:
        assert error.message
        return
    assert all(cue.end > cue.start >= 0 and cue.text.strip() for cue in file.cues)
    assert [cue.start for cue in file.cues] == sorted(cue.start for cue in file.cues)


@FUZZ
@given(st.binary(max_size=300), NAMES)
def test_fuzz_bytes(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    load_anything(tmp_path / name)


@FUZZ
@given(st.lists(FRAGMENTS | st.text(max_size=20), max_size=25), st.sampled_from(["\n", "\r\n", "\n\n"]), NAMES)
def test_fuzz_fragments(tmp_path: Path, lines: list[str], newline: str, name: str) -> None:
    (tmp_path / name).write_bytes(newline.join(lines).encode("utf-8", errors="replace"))
    load_anything(tmp_path / name)


def test_separators_of_lines_alone_are_no_text(tmp_path: Path) -> None:
    for name in ("a.txt", "a.lrc", "a.srt", "a.sub"):
        (tmp_path / name).write_text("\u2028", encoding="utf-8")
        load_anything(tmp_path / name)


# Writing


def test_saving_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.srt"
    save(path, [Cue(0, 1, "old")])

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(SubtitleFileError, match="full"):
        save(path, [Cue(0, 1, "new")])
    assert load(path).cues[0].text == "old"
    assert os.listdir(tmp_path) == ["a.srt"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FolderNotWritableError) as caught:
        save(tmp_path / "missing" / "a.srt", [])
    assert str(tmp_path / "missing") in str(caught.value)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FolderNotWritableError):
        save(tmp_path / "file" / "a.srt", [])


def test_a_link_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.srt"
    save(real, [Cue(0, 1, "old")])
    real.chmod(0o640)
    link = tmp_path / "link.srt"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no symbolic links here")
    save(link, [Cue(0, 1, "new")])
    assert link.is_symlink()
    assert load(real).cues[0].text == "new"
    if os.name == "posix":
        assert real.stat().st_mode & 0o777 == 0o640


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(SubtitleFileError, match="not a format"):
        save(tmp_path / "a.docx", [])
    writing.save(tmp_path / "b.docx", Document((Cue(0, 1, "x"),)), "srt")
    assert load(tmp_path / "b.docx").format == "srt"


def test_every_format_writes(tmp_path: Path) -> None:
    for name in (format.suffixes[0][1:] for format in registry.writable()):
        save(tmp_path / f"a.{name}", [Cue(0, 1, "words\nhere")])
        assert "words" in (tmp_path / f"a.{name}").read_text(encoding="utf-8")


def test_five_thousand_cues_need_little_memory(tmp_path: Path) -> None:
    cues = [Cue(n * 2.0, n * 2.0 + 1.5, f"Subtitle number {n}\nwith two lines") for n in range(5000)]
    path = tmp_path / "a.srt"
    save(path, cues)
    tracemalloc.start()
    try:
        assert plain(load(path)) == [(cue.start, cue.end, cue.text) for cue in cues]
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("settings", "placing"),
    [
        ("vertical:rl", Placing(2, vertical="rl")),
        ("vertical:rl line:0 align:left", Placing(9, vertical="rl")),
        ("vertical:lr line:0", Placing(4, vertical="lr")),
        ("vertical:rl line:-1 align:right", Placing(1, vertical="rl")),
        ("vertical:rl line:20%", Placing(4, 0.2, None, "rl")),
        ("vertical:lr line:60% position:80% align:right", Placing(2, 0.6, 0.8, "lr")),
        ("vertical:rl line:0 position:10% align:left", Placing(9, None, 0.1, "rl")),
        ("vertical:rl line:50%", Placing(5, vertical="rl")),
    ],
)
def test_places_of_columns(tmp_path: Path, settings: str, placing: Placing) -> None:
    """WebVTT's `line` counts columns there, from the side that the first one is on, and `position` goes downwards
    (section 7.2)."""
    text = f"WEBVTT\n\n00:00.000 --> 00:01.000 {settings}\n\u5b57\n"
    (cue,) = read(tmp_path, text, "in.vtt").cues
    assert cue.placing == placing
    save(tmp_path / "out.vtt", [dataclasses.replace(cue, extra={})])
    assert settings in (tmp_path / "out.vtt").read_text(encoding="utf-8")
