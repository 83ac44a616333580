# SPDX-License-Identifier: GPL-3.0-or-later
"""`convert` of files, folders and pipes, and `info`, `merge`, `split` and `check --fix` beside it."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.cli import main
from subtitle_editor.core.subtitles import reading

CASES = Path(__file__).parents[2] / "data" / "subtitles" / "cases"

pytestmark = pytest.mark.timeout(60)


class Run:
    """The command line in this process: exit code and what it printed."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def __call__(self, *words: object, as_json: bool = True) -> tuple[int, list[dict[str, Any]], str]:
        options = ["--json"] if as_json else []
        code = main.main([*map(str, words), *options, "--user-dir", str(self.folder / "user")])
        out, err = self._capture.readouterr()
        return code, [json.loads(line) for line in out.splitlines() if line.startswith("{")], out + err


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


def texts(path: Path) -> list[str]:
    return [cue.text for cue in reading.load(path).cues]


def test_several_files_into_a_folder(run: Run, tmp_path: Path) -> None:
    code, told, _ = run("convert", CASES / "italic.srt", CASES / "cr-only.srt", tmp_path / "out", "--to", "vtt")
    assert code == 0 and [Path(one["output"]).name for one in told] == ["italic.vtt", "cr-only.vtt"]
    assert texts(tmp_path / "out" / "cr-only.vtt") == ["one", "two", "three"]


def test_a_slash_at_the_end_names_a_folder(run: Run, tmp_path: Path) -> None:
    code, told, _ = run("convert", CASES / "italic.srt", f"{tmp_path}/new/", "--to", "vtt")
    assert code == 0 and [Path(one["output"]) for one in told] == [tmp_path / "new" / "italic.vtt"]
    code, _, said = run("convert", CASES / "italic.srt", f"{tmp_path}/new/italic.vtt/", "--to", "vtt")
    assert code == 2 and "is a file" in said
    code, _, said = run("convert", CASES / "italic.srt", CASES / "cr-only.srt", tmp_path / "new" / "italic.vtt")
    assert code == 2 and "into one" in said
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["italic.vtt"]


def test_where_a_disk_takes_two_names_for_one_the_second_replaces_nothing(run: Run, tmp_path: Path) -> None:
    """Where the tests lie on no such disk, a link does as one: both names are one file."""
    for folder, name, text in (("one", "film.srt", "one"), ("two", "Film.srt", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n")
    out = tmp_path / "out"
    out.mkdir()
    is_one = (tmp_path / "ONE").exists()
    if not is_one:
        (out / "Film.vtt").symlink_to("film.vtt")
    sources = tmp_path / "one" / "film.srt", tmp_path / "two" / "Film.srt"
    code, told, _ = run("convert", *sources, out, "--to", "vtt")
    assert code == 1 and texts(out / "film.vtt") == ["one"]
    assert "film.vtt" in told[-1]["message"]
    if is_one:
        return
    (out / "Film.vtt").unlink()
    code, told, _ = run("convert", *sources, out, "--to", "vtt")
    assert code == 0 and (texts(out / "film.vtt"), texts(out / "Film.vtt")) == (["one"], ["two"])


def test_a_folder_with_all_below_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.srt", "deep/b.srt"):
        (tmp_path / "in" / name).write_bytes((CASES / "italic.srt").read_bytes())
    (tmp_path / "in" / "notes.md").write_text("no subtitles", encoding="utf-8")
    code, _, _ = run("convert", tmp_path / "in", tmp_path / "out", "--to", "ass")
    assert code == 0
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")) == [
        "a.ass",
        "deep/b.ass",
    ]


def test_the_second_of_two_files_is_not_taken_for_what_to_write(run: Run, tmp_path: Path) -> None:
    """As `convert *.srt --to vtt` has them, where the folder was forgotten."""
    one, two = tmp_path / "one.srt", tmp_path / "two.srt"
    for path in (one, two):
        path.write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{path.stem}\n")
    code, _, said = run("convert", one, two, "--to", "vtt")
    assert code == 2 and "two.srt is there already, and holds SubRip, not WebVTT." in said
    assert texts(two) == ["two"]
    # What was written so before may be written again.
    assert run("convert", one, tmp_path / "new.txt", "--to", "vtt")[0] == 0
    assert run("convert", two, tmp_path / "new.txt", "--to", "vtt")[0] == 0
    assert texts(tmp_path / "new.txt") == ["two"]


def test_one_bad_file_stops_no_other(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.srt"
    bad.write_bytes(b"Just a letter.\n")
    code, told, _ = run("convert", bad, CASES / "italic.srt", tmp_path / "out", "--to", "srt")
    assert code == 1 and [one["event"] for one in told] == ["failed", "finished"]
    assert not (tmp_path / "out" / "bad.srt").exists() and texts(tmp_path / "out" / "italic.srt")


def test_two_files_of_one_name_are_refused_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "italic.srt"
    other.write_bytes((CASES / "italic.srt").read_bytes())
    code, _, said = run("convert", other, CASES / "italic.srt", tmp_path / "out", "--to", "srt")
    assert code == 2 and "italic.srt" in said and not (tmp_path / "out").exists()


def test_pipes(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    data = (CASES / "enc-cp1252.srt").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    code = main.main(["convert", "-", "-", "--to", "vtt", "--out-encoding", "utf-8-sig", "--newline", "crlf"])
    out = capsysbinary.readouterr().out
    assert code == 0 and out.startswith(b"\xef\xbb\xbfWEBVTT\r\n") and "Café déjà vu".encode() in out


def test_standard_output_by_its_name(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main.main(["convert", str(CASES / "italic.srt"), "/dev/stdout", "--to", "vtt"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"WEBVTT\n\n00:00:0")


def test_a_pipe_has_to_say_the_format(run: Run) -> None:
    code, _, said = run("convert", CASES / "italic.srt", "-")
    assert code == 2 and "--to" in said


def test_nothing_replaces_something(run: Run, tmp_path: Path) -> None:
    empty, precious = tmp_path / "a.srt", tmp_path / "b.srt"
    empty.write_text("", encoding="utf-8")
    precious.write_text("precious", encoding="utf-8")
    code, _, _ = run("convert", empty, precious)
    assert code == 1 and precious.read_text(encoding="utf-8") == "precious"
    code, _, _ = run("convert", empty, tmp_path / "new.srt")
    assert code == 0 and (tmp_path / "new.srt").exists()


def test_a_shift_before_the_start_leaves_no_empty_file_behind(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    path.write_bytes((CASES / "cr-only.srt").read_bytes())
    code, _, said = run("convert", path, path, "--shift", -500)
    assert code == 1 and "none of its 3 subtitles" in said
    assert path.read_bytes() == (CASES / "cr-only.srt").read_bytes()
    code, _, _ = run("convert", path, tmp_path / "new.vtt", "--shift", -500)
    assert code == 1 and not (tmp_path / "new.vtt").exists()
    code, (told,), _ = run("convert", path, tmp_path / "new.vtt", "--shift", -4)
    assert code == 0 and told["cues"] == len(texts(tmp_path / "new.vtt")) < 3


@pytest.mark.parametrize("shift", ["-21:57:26.5", "-79046,5", "-79046.5s", "-79046500ms"])
def test_a_shift_as_people_write_it(run: Run, tmp_path: Path, shift: str) -> None:
    """A recorder writes the time of day: the first is to be at zero."""
    source, target = tmp_path / "a.srt", tmp_path / "b.srt"
    source.write_text("1\n21:57:26,500 --> 21:57:29,000\nHello\n")
    assert run("convert", source, target, "--shift", shift)[0] == 0
    assert [(cue.start, cue.end) for cue in reading.load(target).cues] == [(0, 2.5)]
    assert run("convert", source, target, "--shift", "-1m")[0] == 2


def test_an_encoding_that_is_none_is_called_that(run: Run, tmp_path: Path) -> None:
    code, _, said = run("convert", CASES / "cr-only.srt", tmp_path / "o.srt", "--encoding", "nonsense")
    assert code == 1 and 'there is no encoding \\"nonsense\\"' in said


def test_letters_that_an_encoding_lacks_are_named(run: Run, tmp_path: Path) -> None:
    code, told, _ = run("convert", CASES / "enc-sjis.srt", tmp_path / "a.srt", "--out-encoding", "cp1252")
    assert code == 1 and "日" in told[-1]["message"] and not (tmp_path / "a.srt").exists()


def test_what_a_format_cannot_say_is_one_line(run: Run, tmp_path: Path) -> None:
    code, told, _ = run("convert", CASES / "ass-mixed.ass", tmp_path / "a.srt")
    assert code == 0
    (losses,) = told[-1]["losses"]
    assert "3 karaoke effects" in losses and losses.endswith("cannot be written as SubRip.")


def test_the_rate_to_change_to_needs_one_to_change_from(run: Run, tmp_path: Path) -> None:
    code, _, said = run("convert", CASES / "drift-25.srt", tmp_path / "a.srt", "--to-fps", "25")
    assert code == 2 and "--fps" in said


def test_info(run: Run) -> None:
    code, (told,), _ = run("info", CASES / "enc-cp1256.srt")
    assert code == 0
    assert (told["format"], told["encoding"], told["cues"], told["start"], told["end"]) == ("srt", "cp1256", 3, 1, 9)
    assert 0 < told["certainty"] < 1 and told["findings"][0]["kind"] == "encoding"
    code, _, said = run("info", CASES / "ass-mixed.ass", as_json=False)
    assert code == 0 and "Default, Sign" in said and "never shown" in said


def test_merge_beside_and_behind(run: Run, tmp_path: Path) -> None:
    sources = CASES / "italic.srt", CASES / "cr-only.srt"
    assert run("merge", *sources, tmp_path / "both.srt")[0] == 0
    assert texts(tmp_path / "both.srt") == ["plain slanted plain\none", "bold and under\ntwo", "top", "three"]
    assert run("merge", *sources, tmp_path / "long.srt", "--append", "--gap", "1")[0] == 0
    assert [cue.start for cue in reading.load(tmp_path / "long.srt").cues] == [1, 4, 7, 11, 14, 17]


def test_what_merge_and_split_write_is_a_file_and_standard_output_no_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for words in (("merge", CASES / "italic.srt", CASES / "cr-only.srt"), ("split", CASES / "italic.srt", "--at", 1)):
        for folder in (tmp_path / "out", f"{tmp_path}/new/"):
            code, _, said = run(*words, folder, "--to", "srt")
            assert code == 2 and "is a folder" in said
    assert run("split", CASES / "italic.srt", "--at", 1, "/dev/stdout", "--to", "srt")[0] == 2
    assert list((tmp_path / "out").iterdir()) == [] and not (tmp_path / "new").exists()
    assert run("convert", CASES / "italic.srt", tmp_path / ("x" * 300) / "a.srt")[0] == 1


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="there is no such name")
def test_merged_into_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert (
        main.main(["merge", str(CASES / "italic.srt"), str(CASES / "cr-only.srt"), "/dev/stdout", "--to", "srt"]) == 0
    )
    assert b"subtitles" not in capsysbinary.readouterr().out


def test_merge_of_two_languages_is_one_subtitle_where_both_are_shown(run: Run, tmp_path: Path) -> None:
    """cdown/srt#63, SubtitleEdit#4263, immersive-translate#1750: players show one of two at the same time only."""
    first, second, both = tmp_path / "en.srt", tmp_path / "fr.srt", tmp_path / "both.srt"
    first.write_text(
        "1\n00:00:26,960 --> 00:00:29,420\n<i>You are leaving</i>\nI know\n\n"
        "2\n00:00:31,000 --> 00:00:33,000\nYes\n\n3\n00:00:40,000 --> 00:00:41,000\n{\\an8}Sign\n"
    )
    second.write_text("1\n00:00:26,950 --> 00:00:29,430\nTu pars je sais\n\n2\n00:00:32,000 --> 00:00:33,000\nOui\n\n"
                      "3\n00:00:40,000 --> 00:00:41,000\nBas\n")  # fmt: skip
    assert run("merge", first, second, both)[0] == 0
    assert both.read_text() == (
        "1\n00:00:26,960 --> 00:00:29,420\n<i>You are leaving</i>\nI know\nTu pars je sais\n\n"
        "2\n00:00:31,000 --> 00:00:33,000\nYes\n\n3\n00:00:32,000 --> 00:00:33,000\nOui\n\n"
        "4\n00:00:40,000 --> 00:00:41,000\n{\\an8}Sign\n\n5\n00:00:40,000 --> 00:00:41,000\nBas\n"
    )
    assert run("merge", second, first, both)[0] == 0
    assert texts(both)[0] == "Tu pars je sais\nYou are leaving\nI know"


def test_split(run: Run, tmp_path: Path) -> None:
    code, told, _ = run("split", CASES / "drift-25.srt", tmp_path / "part.srt", "--at", "30:00", "--at", "1:30:00")
    assert code == 0 and [one["cues"] for one in told] == [1, 1, 1]
    starts = [reading.load(tmp_path / f"part-{number}.srt").cues[0].start for number in (1, 2, 3)]
    assert starts == [0, 1800, 1800]
    assert run("split", CASES / "drift-25.srt", tmp_path / "kept.srt", "--at", "30:00", "--keep-times")[0] == 0
    assert [cue.start for cue in reading.load(tmp_path / "kept-2.srt").cues] == [3600, 7200]


def test_check_writes_what_can_be_mended(run: Run, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.srt"
    code, told, _ = run("check", CASES / "check-hidden.srt", "--fix", fixed)
    assert code == 1
    (mended,) = [one for one in told if one["event"] == "fixed"]
    assert len(mended["mended"]) == 4 and mended["mended"][0].startswith("Line 6:")
    again, problems, _ = run("check", fixed)
    assert not [one for one in problems if one.get("rule") in ("order", "empty", "repaired")], again


def test_help_lists_the_formats(run: Run) -> None:
    code, _, said = run("convert", "--help", as_json=False)
    assert code == 0
    assert all(word in said for word in ("SCC", ".webvtt", "SubRip", "read and written"))
