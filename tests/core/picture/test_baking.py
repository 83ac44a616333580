# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as files: made once, made again where something changed, and never more than that."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from subtitle_editor.core.cli import bake as cli
from subtitle_editor.core.cli.main import main
from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.errors.picture import ManifestTakenError
from subtitle_editor.core.markup import VOICE, Span
from subtitle_editor.core.picture import baking, fonts, style
from subtitle_editor.core.picture.baking import Result, bake
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.picture.render import Renderer
from subtitle_editor.core.picture.style import Style
from subtitle_editor.core.subtitles import writing
from subtitle_editor.core.subtitles.document import Document
from tests.core.picture import scripts

FOLDER = fonts.blender_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="no Blender whose fonts could be used")
SIZE = 640, 360
CUES = (Cue(0, 2, "one"), Cue(2, 4, "two"), Cue(3, 5, "over two"), Cue(6, 8, "four"))


def letters() -> Fonts:
    return Fonts(blender=FOLDER, system=[])


def baked(folder: Path, cues: tuple[Cue, ...] = CUES, look: Style | None = None) -> Result:
    return bake(Document(cues), folder, *SIZE, look or style.DEFAULT, letters())


def test_pictures_of_before_letters_faded_without_their_outline_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were drawn otherwise, by version 1, are in no fade beside those that are drawn now."""
    look = dataclasses.replace(style.DEFAULT, fade_in=0.2)
    with monkeypatch.context() as patch:
        patch.setattr(baking, "VERSION", 1)
        old = baked(tmp_path, CUES[:1], look)
    new = baked(tmp_path, CUES[:1], look)
    files = [{shown.file for one in result.baked for shown in one.shown} for result in (old, new)]
    assert old.made == new.made > 1 and files[0].isdisjoint(files[1]) and set(new.orphans) == files[0]


def test_files_hold_what_is_rendered(tmp_path: Path) -> None:
    result = baked(tmp_path)
    renderer = Renderer(Document(CUES), *SIZE, style.DEFAULT, letters())
    assert [one.index for one in result.baked] == [0, 1, 2, 3] and result.made == 4
    for one in result.baked:
        (shown,) = one.shown
        picture = renderer.picture(one.index, renderer.moments(one.index)[0])
        rows, columns, _ = picture.rgba.shape
        rgba = scripts.read(tmp_path / shown.file)
        assert (rgba[:rows, :columns] == picture.rgba).all() and rgba.shape == (one.height, one.width, 4)
        assert rgba[..., 3].sum() == picture.rgba[..., 3].sum()
        assert (one.x, one.y) == (picture.x, picture.y)
        assert 0 <= one.height - rows <= 1 >= one.width - columns and one.width % 2 == one.height % 2 == 0
    data = json.loads((tmp_path / baking.MANIFEST).read_text(encoding="utf-8"))
    assert [row["images"][0]["start"] for row in data["subtitles"]] == [0, 2, 3, 6]


def test_nothing_is_made_again_and_no_font_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = baked(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.png")}

    def opened(self: fonts.Face, listed: fonts.Listed) -> None:
        raise AssertionError(f"{listed.path} was opened")

    monkeypatch.setattr(fonts.Face, "__init__", opened)
    again = baked(tmp_path)
    assert (again.made, again.kept, again.baked) == (0, 4, first.baked)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.png")} == before


def test_only_what_changed_is_made_again(tmp_path: Path) -> None:
    baked(tmp_path)
    changed = (*CUES[:3], CUES[3].with_text("five"))
    result = baked(tmp_path, changed)
    assert (result.made, result.kept, len(result.orphans)) == (1, 3, 1)
    # Back again: its picture is still there.
    assert baked(tmp_path).made == 0


def test_moving_in_time_makes_nothing_again(tmp_path: Path) -> None:
    baked(tmp_path)
    later = tuple(cue.shifted(1.5) for cue in CUES)
    result = baked(tmp_path, later)
    assert result.made == 0 and result.baked[0].shown[0].begins == 1.5
    longer = (Cue(0, 1, "one"), *CUES[1:])
    assert baked(tmp_path, longer).made == 0


def test_one_that_now_lies_over_another_is_made_again(tmp_path: Path) -> None:
    baked(tmp_path)
    result = baked(tmp_path, (*CUES[:3], Cue(4, 6, "four")))
    assert result.made == 1
    assert result.baked[3].y < result.baked[0].y, "above the one that is there"


@pytest.mark.timeout(100)
def test_captions_that_overlap_from_first_to_last(tmp_path: Path) -> None:
    """Each lies over the end of the one before it, as those of YouTube do: nothing is compared with all others."""
    cues = tuple(Cue(number, number + 1.5, "a" if number % 2 else "b") for number in range(3000))
    renderer = Renderer(Document(cues), *SIZE, style.DEFAULT, letters())
    keys = [renderer.recipe(index) for index in range(len(cues))]
    assert keys[100] == keys[102] != keys[101]
    late = renderer.at(2999.2)
    assert len(late) == 2


@pytest.mark.timeout(100)
def test_thousands_at_once(tmp_path: Path) -> None:
    cues = tuple(Cue(0, 10, str(number)) for number in range(2000))
    renderer = Renderer(Document(cues), *SIZE, style.DEFAULT, letters())
    assert len({renderer.recipe(index) for index in range(len(cues))}) == len(cues)


def test_style_size_and_fonts_count(tmp_path: Path) -> None:
    baked(tmp_path)
    assert baked(tmp_path, look=Style(name="other", size=0.06)).made == 4
    assert bake(Document(CUES), tmp_path, 1280, 720, style.DEFAULT, letters()).made == 4
    other = Fonts(given=[tmp_path], blender=FOLDER, system=[])
    assert bake(Document(CUES), tmp_path, *SIZE, style.DEFAULT, other).made == 4


def test_a_file_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    result = baked(tmp_path)
    (tmp_path / result.baked[1].shown[0].file).unlink()
    assert baked(tmp_path).made == 1


def test_a_folder_with_anything_else_in_it(tmp_path: Path) -> None:
    (tmp_path / baking.MANIFEST).write_bytes(os.urandom(100))
    (tmp_path / "holiday.png").write_bytes(b"mine")
    (tmp_path / "0123456789abcdef01234567.png").write_bytes(b"old")
    result = baked(tmp_path)
    assert result.made == 4 and result.orphans == ("0123456789abcdef01234567.png",)
    assert baking.remove(tmp_path, [*result.orphans, "holiday.png", "../holiday.png"]) == 1
    assert (tmp_path / "holiday.png").read_bytes() == b"mine"
    endless = '{"entries": {"a": {"box": [0, 0, 1e999, 1], "files": []}}}'
    for text in ("[]", '{"entries": []}', '{"entries": {"a": {"box": [1], "files": [5]}}}', "[" * 100_000, endless):
        (tmp_path / baking.MANIFEST).write_text(text)
        assert baked(tmp_path).made == 4


def test_a_file_of_subtitles_by_the_name_of_the_list_is_not_replaced(tmp_path: Path) -> None:
    there = tmp_path / baking.MANIFEST
    writing.save(there, Document(CUES))
    before = there.read_bytes()
    for more in ((), ("0123456789abcdef01234567.png",)):
        for name in more:
            (tmp_path / name).write_bytes(b"old")
        with pytest.raises(ManifestTakenError, match="would be replaced"):
            baked(tmp_path)
        assert there.read_bytes() == before and sorted(os.listdir(tmp_path)) == sorted([baking.MANIFEST, *more])
    there.write_bytes(os.urandom(100))
    assert baked(tmp_path).made == 4, "what is damaged is ours where pictures are"


def test_karaoke_is_one_box_with_a_picture_for_each_word(tmp_path: Path) -> None:
    words = (Word(0, 1, "one"), Word(1, 2, "two"))
    result = baked(tmp_path, (Cue(0, 2, "one two", words=words),), style.presets()["karaoke"])
    (one,) = result.baked
    assert [(shown.begins, shown.ends) for shown in one.shown] == [(0, 1), (1, 2)]
    pictures = [scripts.read(tmp_path / shown.file) for shown in one.shown]
    assert pictures[0].shape == pictures[1].shape == (one.height, one.width, 4)
    assert scripts.difference(*pictures) > 1


def test_cancelling_keeps_what_was_made(tmp_path: Path) -> None:
    seen: list[int] = []
    with pytest.raises(JobCancelled):
        bake(
            Document(CUES), tmp_path, *SIZE, style.DEFAULT, letters(),
            report=lambda done, total: seen.append(done), stopped=lambda: len(seen) >= 2,
        )  # fmt: skip
    assert seen == [1, 2] and len(list(tmp_path.glob("*.png"))) == 2
    assert baked(tmp_path).made == 2


def test_problems_are_told_again_from_the_manifest(tmp_path: Path) -> None:
    cues = (Cue(0, 1, "a\x01b"),)
    first, again = baked(tmp_path, cues), baked(tmp_path, cues)
    assert [one.kind for one in first.problems] == [one.kind for one in again.problems] == ["controls"]
    assert again.made == 0


def test_letters_that_no_font_had_are_drawn_when_one_has_them(tmp_path: Path) -> None:
    from fontTools.ttLib import woff2

    assert FOLDER is not None
    folder, system = tmp_path / "out", tmp_path / "fonts"
    system.mkdir()

    def again() -> Result:
        cues = Document((Cue(0, 1, "abc שלום"), Cue(1, 2, "one")))
        return bake(cues, folder, *SIZE, style.DEFAULT, Fonts(system=[system]))

    woff2.decompress(str(next(FOLDER.glob("Inter*"))), str(system / "latin.ttf"))
    first = again()
    assert [(problem.kind, problem.index) for problem in first.problems] == [("letters", 0)] and first.made == 2
    same = again()
    assert (same.made, same.kept, same.baked, same.problems) == (0, 2, first.baked, first.problems)
    woff2.decompress(str(next(FOLDER.glob("NotoSansHebrew*"))), str(system / "hebrew.ttf"))
    better = again()
    assert (better.made, better.kept, better.problems) == (1, 1, ())
    # Another file, so that who shows the old one sees that it has changed.
    assert better.baked[0].shown[0].file != first.baked[0].shown[0].file and better.baked[0].key == first.baked[0].key
    assert better.baked[1] == first.baked[1] and len(better.orphans) == 1


def test_a_font_that_is_not_there_is_named_with_the_one_in_its_place(tmp_path: Path) -> None:
    from fontTools.ttLib import woff2

    assert FOLDER is not None
    folder, system = tmp_path / "out", tmp_path / "fonts"
    system.mkdir()
    look = dataclasses.replace(style.DEFAULT, name="mine", label="My Look", font="Noto Sans Hebrew")
    cues = Document((Cue(0, 1, "one"), Cue(1, 2, "שלום"), Cue(2, 3, "three")))

    def again() -> Result:
        return bake(cues, folder, *SIZE, look, Fonts(system=[system]))

    woff2.decompress(str(next(FOLDER.glob("Inter*"))), str(system / "latin.ttf"))
    first = again()
    told = [problem for problem in first.problems if problem.kind == "font"]
    place = "is not on this computer; Inter Variable is drawn in its place."
    assert [(problem.index, str(problem.message)) for problem in told] == [
        (0, f'The font "Noto Sans Hebrew" of the style My Look {place}')
    ]
    same = again()
    assert same.made == 0 and same.kept == 3 and [one for one in same.problems if one.kind == "font"] == told
    woff2.decompress(str(next(FOLDER.glob("NotoSansHebrew*"))), str(system / "hebrew.ttf"))
    better = again()
    assert better.made == 3 and better.problems == ()
    (system / "hebrew.ttf").unlink()
    other = again()
    assert other.made == 0 and other.problems == (), "what another computer has drawn with the font stays"


def test_fonts_of_a_script_are_named_with_their_styles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "a.ass"
    script.write_text(
        "[Script Info]\nPlayResX: 640\nPlayResY: 360\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
        "Style: Sign,No Such Font,20\nStyle: Plain,Inter,20\n\n[Events]\nFormat: Start, End, Style, Text\n"
        "Dialogue: 0:00:01.00,0:00:02.00,Sign,one\nDialogue: 0:00:02.00,0:00:03.00,Sign,two\n"
        "Dialogue: 0:00:03.00,0:00:04.00,Plain,three\n"
        "Dialogue: 0:00:04.00,0:00:05.00,Plain,{\\fnNor This One}four\n",
        encoding="utf-8",
    )
    words = ["bake", str(script), "-o", str(tmp_path / "out"), "--size", "640x360"]
    assert main([*words, "--json"]) == 0, "all is drawn"
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [(row["kind"], row["index"], row["message"]) for row in rows if row["event"] == "problem"]
    place = "is not on this computer; Inter is drawn in its place."
    assert told == [
        ("font", 0, f'The font "No Such Font" of the style Sign {place}'),
        ("font", 3, f'The font "Nor This One" of the style Plain {place}'),
    ]
    assert rows[-1]["problems"] == 2 and rows[-1]["made"] == 4
    assert (
        main(words) == 0 and f'0:01.000: The font "No Such Font" of the style Sign {place}' in capsys.readouterr().out
    )


def test_speakers_inside_of_a_subtitle_count(tmp_path: Path) -> None:
    """Who speaks first has the first colour."""
    voices = (Cue(1, 2, "me", spans=(Span(0, 2, VOICE, "Anna"),)),)
    look = style.presets()["bbc"]
    assert baked(tmp_path, voices, look).made == 1
    other = (Cue(0, 1, "you", spans=(Span(0, 3, VOICE, "Ben"),)), *voices)
    result = baked(tmp_path, other, look)
    assert result.made == 2
    renderer = Renderer(Document(other), *SIZE, look, letters())
    (picture,) = renderer.at(1.5)
    rgba = scripts.read(tmp_path / result.baked[1].shown[0].file)
    assert (rgba[: picture.rgba.shape[0], : picture.rgba.shape[1]] == picture.rgba).all()


def test_some_look_as_among_all(tmp_path: Path) -> None:
    all_of_them = baked(tmp_path / "all")
    some = bake(Document(CUES), tmp_path / "some", *SIZE, style.DEFAULT, letters(), only={2})
    assert some.baked == (all_of_them.baked[2],) and some.made == 1
    more = bake(Document(CUES), tmp_path / "some", *SIZE, style.DEFAULT, letters(), only={1})
    assert more.baked == (all_of_them.baked[1],) and more.orphans == ()
    data = json.loads((tmp_path / "some" / baking.MANIFEST).read_text(encoding="utf-8"))
    assert [row["index"] for row in data["subtitles"]] == [1, 2]


def test_an_empty_picture_is_no_file(tmp_path: Path) -> None:
    result = baked(tmp_path, (Cue(0, 1, "  "), Cue(1, 2, "seen")))
    assert [one.index for one in result.baked] == [1] and result.made == 1
    assert baked(tmp_path, (Cue(0, 1, "  "), Cue(1, 2, "seen"))).kept == 2


# The command line


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "subtitle_editor", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_bake_by_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "film.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello <i>there</i>\n", encoding="utf-8")
    style.save(Style(name="mine", size=0.1), tmp_path / "user" / "styles")
    common = ("--size", "640x360", "-o", tmp_path / "out", "--user-dir", tmp_path / "user", "--json")
    done = run("bake", file, "--style", "mine", *common)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout.splitlines()[-1])
    assert (data["event"], data["made"], data["cues"]) == ("finished", 1, 1)
    (path,) = (tmp_path / "out").glob("*.png")
    assert scripts.read(path).shape[0] > 30
    again = run("bake", file, "--style", "mine", *common)
    assert json.loads(again.stdout.splitlines()[-1])["made"] == 0
    other = run("bake", file, "--style", "bbc", *common)
    said = [json.loads(line)["event"] for line in other.stdout.splitlines()]
    assert [event for event in said if event != "progress"] == ["orphan", "finished"]
    assert "mine" in run("styles", "--user-dir", tmp_path / "user").stdout


@pytest.mark.skipif(os.name == "nt", reason="a signal that ends a process at once there")
def test_progress_and_a_signal(tmp_path: Path) -> None:
    file, folder = tmp_path / "film.srt", tmp_path / "out"
    times = ((f"00:{n // 60:02}:{n % 60:02},000", f"00:{n // 60:02}:{n % 60:02},900") for n in range(3000))
    file.write_text("".join(f"{n}\n{a} --> {b}\nline {n} ({n * 7919})\n\n" for n, (a, b) in enumerate(times, 1)))
    command = [sys.executable, "-m", "subtitle_editor", "bake", str(file), "-o", str(folder), "--json"]
    process = subprocess.Popen([*command, "--user-dir", str(tmp_path / "user")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert line["event"] == "progress" and 0 < line["fraction"] < 1 and line["output"] == str(folder)
    assert json.loads(out.splitlines()[-1]) == {"event": "cancelled", "output": str(folder)}
    assert process.returncode == 143
    made = {path.name for path in folder.glob("*.png")}
    data = json.loads((folder / baking.MANIFEST).read_text(encoding="utf-8"))
    assert made and {image["file"] for row in data["subtitles"] for image in row["images"]} <= made
    assert not list(folder.glob("*.tmp")) and not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--style", "nonsense"), 1, "netflix"),
        (("--fonts", "/nowhere/at/all"), 1, "no such folder"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "film.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    assert main(["bake", str(file), "-o", str(tmp_path / "out"), "--user-dir", str(tmp_path / "user"), *words]) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["99999x1", "0x0", "1920", "axb", "1920x1080x3"])
def test_sizes_that_no_picture_has(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="1920x1080"):
        cli.size(text)
    assert cli.size("641x361") == (641, 361)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "film.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    (tmp_path / "out").write_text("a file")
    assert main(["bake", str(file), "-o", str(tmp_path / "out"), "--user-dir", str(tmp_path / "user")]) == 1
    assert "a file is where a folder should be" in capsys.readouterr().err


def test_numbers_are_those_of_arrays() -> None:
    """What burning in relies on: eight bits, straight alpha."""
    picture = Renderer(Document((Cue(0, 1, "a"),)), *SIZE, style.DEFAULT, letters()).at(0.5)[0]
    assert picture.rgba.dtype == numpy.uint8 and picture.rgba.flags["C_CONTIGUOUS"]
