# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that made trouble in other programs, as their users reported it, through the command line.

tests/data/subtitles/cases holds a small file for each report; the names of the tests begin with the numbers of the
cases. What is compared: times in seconds, texts line by line without formatting unless the case is about it.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitle_editor.core.cli import main
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document

CASES = Path(__file__).parents[2] / "data" / "subtitles" / "cases"

Rows = list[tuple[float, float, str]]
Told = list[dict[str, object]]


class Shell:
    """The command line, in this process."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture
        self.code = 0
        self.told = ""

    def __call__(self, *words: object) -> Told:
        """Run it; what it printed as JSON."""
        self.code = main.main([*map(str, words), "--json", "--user-dir", str(self.folder / "user")])
        found = self._capture.readouterr()
        self.told = found.out + found.err
        return [json.loads(line) for line in found.out.splitlines() if line.startswith("{")]

    def convert(self, name: str | Path, ending: str = ".srt", *options: object) -> Path:
        """`convert` a case; where the result is (or would be)."""
        source = CASES / name if isinstance(name, str) else name
        target = self.folder / f"{source.stem}-out{ending}"
        self("convert", source, target, *options)
        return target


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def document(path: Path) -> Document:
    return reading.load(path)


def rows(path: Path) -> Rows:
    """What a file says, by our own reader: independent of it are `srt_rows` and the tests of each format."""
    return [(cue.start, cue.end, cue.text) for cue in document(path).cues]


def srt_rows(path: Path) -> Rows:
    """A SubRip file by a reader that knows nothing but the plainest form of it."""
    found: Rows = []
    for block in path.read_text(encoding="utf-8").strip("\n").split("\n\n"):
        number, times, *lines = block.split("\n")
        assert number == str(len(found) + 1)
        assert re.fullmatch(r"\d\d+:\d\d:\d\d,\d{3} --> \d\d+:\d\d:\d\d,\d{3}", times), times
        start, end = (
            float(f"{int(h) * 3600 + int(m) * 60 + int(s)}.{f}")
            for h, m, s, f in re.findall(r"(\d+):(\d\d):(\d\d),(\d{3})", times)
        )
        text = re.sub(r"</?[ibus]>|</?font[^>]*>|\{\\an\d\}", "", "\n".join(lines))
        assert text.strip()
        found.append((start, end, text))
    return found


def texts(path: Path) -> list[str]:
    return [text for _, _, text in srt_rows(path)]


# Encodings


def test_e1_windows_1252(shell: Shell) -> None:
    assert texts(shell.convert("enc-cp1252.srt")) == [
        "Café déjà vu — «très» naïve",
        "Größe, Übermut, Fuß",
        "plain words",
    ]


ARABIC = ["مرحبا بكم في المدينة", "هذا كتاب جديد", "plain words"]
JAPANESE = ["今日はいい天気です", "公園へ行きましょう", "また明日"]


@pytest.mark.parametrize("options", [(), ("--encoding", "cp1256"), ("--language", "ar")])
def test_e2_arabic(shell: Shell, options: tuple[str, ...]) -> None:
    assert texts(shell.convert("enc-cp1256.srt", ".srt", *options)) == ARABIC


@pytest.mark.parametrize("options", [(), ("--encoding", "shift_jis")])
def test_e4_japanese(shell: Shell, options: tuple[str, ...]) -> None:
    assert texts(shell.convert("enc-sjis.srt", ".srt", *options)) == JAPANESE


def test_e6_utf16_without_a_mark_and_hardly_a_latin_letter(shell: Shell) -> None:
    out = shell.convert("enc-utf16le-nobom-cjk.srt")
    source = (CASES / "enc-utf16le-nobom-cjk.srt").read_bytes().decode("utf-16-le")
    assert [text for _, _, text in srt_rows(out)] == [line for line in source.split("\n") if len(line) > 30]


def test_e8_each_line_in_its_own_encoding(shell: Shell) -> None:
    out = shell.convert("enc-mixed.srt")
    assert texts(out) == ["Schöne Grüße aus Köln", "zweite Zeile mit äöü", "Ende für heute"]
    out = shell.convert("enc-mixed-advert.srt")
    assert texts(out) == [
        "Schöne Grüße aus Köln, für Müller",
        "zweite Zeile mit Öl und Äpfeln für später",
        "synced by ♪☆♫",
    ]


@pytest.mark.parametrize("name", ["nul-inside.srt", "nul-tail.srt"])
def test_e9_nul_bytes(shell: Shell, name: str) -> None:
    out = shell.convert(name)
    assert len(srt_rows(out)) == 3 and b"\0" not in out.read_bytes()
    assert "NUL" in shell.told


# SubRip


def test_s1_line_ends(shell: Shell) -> None:
    assert texts(shell.convert("cr-only.srt")) == ["one", "two", "three"]
    assert texts(shell.convert("crcrlf.srt")) == ["one\nand more", "two", "three"]


def test_s2_no_empty_lines(shell: Shell) -> None:
    assert texts(shell.convert("no-blank-lines.srt")) == ["first line", "second line", "third line"]


def test_s3_numbers_missing_and_repeated(shell: Shell) -> None:
    assert texts(shell.convert("no-numbers.srt")) == ["first", "second", "third", "fourth"]


def test_s5_texts_of_figures(shell: Shell) -> None:
    assert srt_rows(shell.convert("numbers-compact.srt")) == [(1, 2, "42"), (3, 4, "yes"), (5, 6, "7")]


def test_s7_times_in_other_scripts(shell: Shell) -> None:
    assert [row[:2] for row in srt_rows(shell.convert("time-fullwidth.srt"))] == [(1, 3), (4, 6), (7, 9)]
    assert [row[:2] for row in srt_rows(shell.convert("time-fullwidth-all.srt"))] == [(1, 3), (4, 6)]


def test_s9_frames(shell: Shell) -> None:
    shell.convert("time-frames.srt")
    assert shell.code == 0 and "frame rate" in shell.told
    out = shell.convert("time-frames.srt", ".srt", "--fps", "25")
    assert [row[:2] for row in srt_rows(out)] == [(1.48, 3.96), (4, 5.24)]


def test_s11_ends_before_starts(shell: Shell) -> None:
    found = srt_rows(shell.convert("time-reversed.srt"))
    assert found == [(3, 5, "swapped ends"), (6, 6.5, "no length"), (6.5, 8.5, "next one"), (13, 15, "last")]
    assert all(word in shell.told for word in ("Line 2: ", "Line 6: ", "Line 14: "))


def test_s12_arrows_in_texts(shell: Shell) -> None:
    expected = [
        (1, 4, "The rate fell today:\n3.50 -> 2.10 percent\nand nobody noticed."),
        (5, 7, "Next topic."),
        (8, 10, "Upgrade 4.1 → 4.2 is out"),
        (11, 13, "Jump 01:30 --> 02:45 on the tape"),
    ]
    assert rows(shell.convert("arrow-text.srt", ".json")) == expected
    subrip = srt_rows(shell.convert("arrow-text.srt"))
    assert subrip == [(start, end, text.replace("-->", "->")) for start, end, text in expected]


def test_s15_markup(shell: Shell) -> None:
    expected = ["Top slanted both", "red nested", "a <3 b & c < d, <unknown> stays"]
    assert [text for _, _, text in rows(shell.convert("markup.srt"))] == expected
    plain = shell.convert("markup.srt", ".txt").read_text(encoding="utf-8")
    assert [line for line in plain.splitlines() if line] == expected


def test_s16_entities(shell: Shell) -> None:
    written = shell.convert("entities.srt", ".vtt").read_text(encoding="utf-8")
    shown = [" ".join(html.unescape(line).split()) for line in written.split("\n")]
    assert [line for line in shown[1:] if line and "-->" not in line] == [
        "Salt & pepper",
        "5 < 6 ok",
        'it\'s "fine"',
    ]
    assert "&amp;amp;" not in written


def test_s17_formatting(shell: Shell, tmp_path: Path) -> None:
    lines = ["plain <i>slanted</i> plain", "<b>bold</b> and <u>under</u>", "{\\an8}top"]
    out = shell.convert("italic.srt")
    assert all(line in out.read_text(encoding="utf-8").split("\n") for line in lines)
    back = shell.convert(shell.convert("italic.srt", ".ass"), ".srt")
    assert back.read_text(encoding="utf-8") == out.read_text(encoding="utf-8")
    vtt = shell.convert("italic.srt", ".vtt").read_text(encoding="utf-8")
    assert all(line in vtt.split("\n") for line in [*lines[:2], "top"])


def test_s19_a_backslash_is_a_backslash(shell: Shell) -> None:
    assert texts(shell.convert("vtt-backslash.vtt")) == ["Open C:\\Notes\\home now"]
    ass = shell.convert("backslash.json", ".ass")
    text = ass.read_text(encoding="utf-8").splitlines()[-1]
    assert not any(escape in text for escape in ("\\N", "\\n", "\\h"))
    assert rows(shell.convert(ass, ".json")) == [(1, 3, "Open C:\\Notes\\home\\new now")]


def test_s20_no_newline_at_the_end(shell: Shell) -> None:
    assert srt_rows(shell.convert("no-trailing-newline.srt")) == [(1, 2, "only line")]


def test_s21_right_to_left_and_emoji(shell: Shell) -> None:
    source = (CASES / "rtl-emoji.srt").read_text(encoding="utf-8").split("\n")
    assert texts(shell.convert("rtl-emoji.srt")) == [source[2], source[6], source[10]]


@pytest.mark.parametrize("name", ["emoji-length.srt", "rtl-marks-length.srt"])
def test_s22_lengths_are_what_is_seen(shell: Shell, name: str) -> None:
    shell("check", CASES / name)
    assert shell.code == 0


@pytest.mark.timeout(300)
def test_s23_a_long_file_through_every_format(shell: Shell, tmp_path: Path) -> None:
    def clock(seconds: int) -> str:
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},000"

    source = tmp_path / "long.srt"
    block = "{}\n{} --> {}\nLine of subtitle {}\nand its second\n"
    blocks = (block.format(n + 1, clock(3 * n), clock(3 * n + 2), n + 1) for n in range(20_000))
    source.write_text("\n".join(blocks), encoding="utf-8")
    began = time.process_time()
    for ending in (".srt", ".vtt", ".json", ".ttml"):
        out = shell.convert(source, ending)
        back = shell.convert(out, ".srt")
        assert rows(out) == rows(source), ending
        assert back.read_bytes() == source.read_bytes(), ending
    shell("check", source)
    assert shell.code == 0
    assert time.process_time() - began < 200  # Seconds where it should be; minutes mean quadratic.


# WebVTT

ROLLING = [(0.16, 2.389), (2.389, 2.399), (2.399, 4.389), (4.389, 4.399), (6, 8)]


def test_v1_v2_youtube(shell: Shell) -> None:
    kept = srt_rows(shell.convert("youtube-rolling.vtt", ".srt", "--keep-rolling"))
    assert [row[:2] for row in kept] == ROLLING
    folded = srt_rows(shell.convert("youtube-rolling.vtt"))
    assert [text for _, _, text in folded] == ["bread needs a warm", "kitchen and time", "then we bake it"]
    assert [start for start, _, _ in folded] == pytest.approx([0.16, 2.4, 6], abs=0.0011)
    assert all(end - start >= 1 for start, end, _ in folded)


def test_v4_an_empty_line_after_the_times(shell: Shell) -> None:
    found = srt_rows(shell.convert("vtt-blank-after-time.vtt"))
    assert found == [(1, 2, "before"), (3, 4, "after an empty line"), (5, 6, "last")]


def test_v5_all_that_webvtt_has(shell: Shell) -> None:
    out = shell.convert("vtt-full.vtt")
    assert [row[:2] for row in srt_rows(out)] == [(1, 3), (4, 6), (3_600_000, 3_600_001)]
    assert [text for _, _, text in rows(out)] == ["Salt & pepper <3", "Hey there 漢 \u200e!", "late"]
    assert "position" in shell.told and "speaker" in shell.told and "ruby" in shell.told


# SubStation


def test_a1_what_no_text_is(shell: Shell) -> None:
    found = srt_rows(shell.convert("ass-mixed.ass"))
    assert [row[:2] for row in found] == [(1, 3), (4, 6), (7, 9), (10, 12)]
    assert found[2][2] == "Shop open" and "zero length" in shell.told


def test_a3_only_times_change(shell: Shell) -> None:
    written = shell.convert("ass-mixed.ass", ".ass", "--shift", "1").read_text(encoding="utf-8")
    source = (CASES / "ass-mixed.ass").read_text(encoding="utf-8")
    later = re.sub(r"0:00:(\d\d)\.00", lambda time: f"0:00:{int(time[1]) + 1:02}.00", source)
    assert written == later


# TTML


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("ttml-frames.ttml", [(1, 2.92)]),
        ("ttml-dur.ttml", [(1, 3), (4, 6)]),
        ("ttml-div-times.ttml", [(1, 3)]),
        ("ttml-old-ns.dfxp", [(1, 3), (4, 6)]),
    ],
)
def test_t1_t3_t6_t9_times(shell: Shell, name: str, times: list[tuple[float, float]]) -> None:
    assert [row[:2] for row in srt_rows(shell.convert(name))] == times


def test_t8_spaces_that_are_kept(shell: Shell) -> None:
    assert texts(shell.convert("ttml-preserve.ttml")) == ["first line\nsecond line"]


def test_t9_an_old_namespace_onto_a_file_that_exists(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "ttml-old-ns-out.srt").write_text("precious", encoding="utf-8")
    assert len(srt_rows(shell.convert("ttml-old-ns.dfxp"))) == 2
    *_, last = shell("check", CASES / "ttml-old-ns.dfxp")
    assert last["cues"] == 2


# Other formats


def test_o1_microdvd(shell: Shell) -> None:
    out = shell.convert("microdvd-nofps.sub")
    assert shell.code == 1 or "frame" in shell.told
    out = shell.convert("microdvd-nofps.sub", ".srt", "--fps", "25")
    assert srt_rows(out) == [(1, 3, "first\nsecond line"), (4, 6, "slanted")]


def test_o3_o4_sami(shell: Shell) -> None:
    english = srt_rows(shell.convert("two-languages.smi"))
    assert [row[:2] for row in english] == [(1, 4), (5, 9)]
    assert [text for _, _, text in english] == ["Hi", "Come\nin"]
    korean = srt_rows(shell.convert("two-languages.smi", ".srt", "--track", "2"))
    assert korean == [(1, 4, "안녕")]


def test_o5_sbv(shell: Shell) -> None:
    assert srt_rows(shell.convert("captions.sbv")) == [(1, 3, "first words\nand more"), (4, 6, "second words")]


@pytest.mark.parametrize(
    ("name", "text", "start", "end"), [("captions.scc", "Hi", 1, 4), ("captions.stl", "Hello", 1, 3)]
)
def test_o7_broadcast(shell: Shell, tmp_path: Path, name: str, text: str, start: float, end: float) -> None:
    (tmp_path / "captions-out.srt").write_text("precious", encoding="utf-8")
    ((begin, finish, said),) = srt_rows(shell.convert(name))
    assert said.strip() == text
    assert (begin, finish) == pytest.approx((start, end), abs=0.3 if name.endswith("scc") else 0.0005)


def test_o8_words_without_times(shell: Shell) -> None:
    out = shell.convert("whisperx.json", ".json")
    assert rows(out) == [(1, 3, "In 1969 we flew"), (4, 5, "home")]
    words = {(word.text, word.start, word.end) for cue in document(out).cues for word in cue.words}
    assert {("In", 1.0, 1.2), ("we", 2.0, 2.3), ("flew", 2.4, 3.0), ("home", 4.0, 5.0)} <= words


def test_o10_scores(shell: Shell) -> None:
    problems = shell("check", CASES / "whisper.json")
    assert shell.code == 1
    assert {"unsure", "invented", "repeated"} <= {one.get("rule") for one in problems}
    first = shell.convert("whisper.json", ".json")
    second = shell.convert(first, ".json")
    for path in (first, second):
        (cue,) = document(path).cues
        assert (cue.avg_logprob, cue.no_speech_prob, cue.compression_ratio) == (-1.3, 0.9, 3.0)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (("--fps", "23.976", "--to-fps", "25"), ("--fps", "25", "--to-fps", "23.976")),
        (("--scale", "24000/25025"), ("--scale", "25025/24000")),
        (("--scale", "0.9590409590409590"), ("--scale", "1.0427083333333333")),
    ],
)
def test_o11_rates(shell: Shell, there: tuple[str, ...], back: tuple[str, ...]) -> None:
    faster = shell.convert("drift-25.srt", ".srt", *there)
    assert srt_rows(faster)[1][0] == 3452.547
    again = srt_rows(shell.convert(faster, ".srt", *back))
    assert [start for start, _, _ in again] == [0, 3600, 7200]


def test_o12_an_ending_that_nothing_writes(shell: Shell) -> None:
    out = shell.convert("cr-only.srt", ".docx")
    assert shell.code != 0 and "srt" in shell.told and "vtt" in shell.told
    assert not out.exists()


# Check


def test_c1_what_reading_would_mend(shell: Shell) -> None:
    *problems, _ = shell("check", CASES / "check-hidden.srt")
    assert shell.code == 1
    found = {(one["line"], one["rule"]) for one in problems}
    assert {(6, "order"), (10, "order"), (14, "empty")} <= found
    assert {one["number"] for one in problems if one["line"] in (6, 10)} == {2, 3}


def test_c2_overlaps_with_any_other(shell: Shell) -> None:
    problems = shell("check", CASES / "overlap-nonadjacent.srt")
    assert [one.get("rule") for one in problems].count("overlap") == 3


# What nobody wrote a case for


def test_every_case_goes_through_every_format_that_is_written(
    shell: Shell, list_formats: Callable[[], list[str]]
) -> None:
    """No exception, no empty result, no replacement character."""
    for path in sorted(CASES.iterdir()):
        for suffix in list_formats():
            out = shell.convert(path, suffix, "--fps", "25")
            assert "unexpected" not in shell.told, (path, suffix, shell.told)
            if out.exists():
                assert out.stat().st_size > 0 and "\ufffd" not in out.read_bytes().decode("utf-8", "ignore")


@pytest.fixture
def list_formats() -> Callable[[], list[str]]:
    from subtitle_editor.core.subtitles.formats import registry

    return lambda: list(dict.fromkeys(format.suffixes[0] for format in registry.writable()))
