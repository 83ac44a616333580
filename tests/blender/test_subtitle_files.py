# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files in and out through the operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.sequencer import strips

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]

CUES = [Cue(0.0, 1.5, "At once"), Cue(2.0, 4.0, "Two\nlines"), Cue(3.0, 5.0, "At the same time — 字幕")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.srt"
    writing.save_cues(path, CUES)
    return path


def test_there_and_back(file: Path, tmp_path: Path) -> None:
    assert bpy.ops.subtitle.import_file(filepath=str(file)) == {"FINISHED"}
    out = tmp_path / "out.srt"
    assert bpy.ops.subtitle.export_file(filepath=str(out)) == {"FINISHED"}
    assert out.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("ending", ["srt", "vtt", "ass"])
def test_each_format(file: Path, tmp_path: Path, ending: str) -> None:
    bpy.ops.subtitle.import_file(filepath=str(file))
    out = tmp_path / f"out.{ending}"
    assert bpy.ops.subtitle.export_file(filepath=str(out)) == {"FINISHED"}
    assert [cue.text for cue in reading.load(out).cues] == [cue.text for cue in CUES]


def test_second_zero_is_the_first_frame(file: Path) -> None:
    bpy.context.scene.frame_start = 1001
    bpy.ops.subtitle.import_file(filepath=str(file))
    assert min(start for _, start, _ in strips.text_strips(bpy.context.scene)) == 1001


def test_only_selected(file: Path, tmp_path: Path) -> None:
    bpy.ops.subtitle.import_file(filepath=str(file))
    for strip, *_ in strips.text_strips(bpy.context.scene):
        strip.select = strip.text == "At once"
    bpy.context.scene.subtitle_editor.only_selected = True
    bpy.ops.subtitle.export_file(filepath=str(tmp_path / "one.srt"))
    assert [cue.text for cue in reading.load(tmp_path / "one.srt").cues] == ["At once"]


def test_no_ending_means_srt(file: Path, tmp_path: Path) -> None:
    bpy.ops.subtitle.import_file(filepath=str(file))
    bpy.ops.subtitle.export_file(filepath=str(tmp_path / "plain"))
    assert (tmp_path / "plain.srt").is_file()


def test_not_a_subtitle_file(tmp_path: Path) -> None:
    path = tmp_path / "picture.srt"
    path.write_bytes(bytes(range(256)) * 8)
    with pytest.raises(RuntimeError, match=r"picture\.srt"):
        bpy.ops.subtitle.import_file(filepath=str(path))
    assert list(strips.text_strips(bpy.context.scene)) == []


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.subtitle.import_file(filepath=str(tmp_path / "none.srt"))


def test_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no text strips"):
        bpy.ops.subtitle.export_file(filepath=str(tmp_path / "out.srt"))


def test_a_failed_export_keeps_the_old_file(file: Path, tmp_path: Path) -> None:
    bpy.ops.subtitle.import_file(filepath=str(file))
    for strip, *_ in strips.text_strips(bpy.context.scene):
        strip.select = False
    bpy.context.scene.subtitle_editor.only_selected = True
    before = file.read_bytes()
    with pytest.raises(RuntimeError, match="nothing to write"):
        bpy.ops.subtitle.export_file(filepath=str(file))
    assert file.read_bytes() == before


def test_a_thousand(tmp_path: Path, addon: Any) -> None:
    path = tmp_path / "many.srt"
    writing.save_cues(path, [Cue(n * 2.0, n * 2.0 + 1.5, f"Line {n}") for n in range(1000)])
    assert bpy.ops.subtitle.import_file(filepath=str(path)) == {"FINISHED"}
    cues, _ = strips.cues_of(bpy.context.scene)
    assert len(cues) == 1000
    assert cues[999].text == "Line 999"


def test_files_that_are_not_imported_because_the_scene_is_gone_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.srt").write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{name}\n", encoding="utf-8")
    step, other = strips.Writer.step, bpy.context.scene
    scene = bpy.data.scenes.new("Gone")
    bpy.context.window.scene = scene

    def delete_then(self: Any, *arguments: Any) -> bool:
        if self._scene == uid and self.total == 1 and len(list(strips.text_strips(bpy.context.scene))) == 1:
            bpy.data.scenes.remove(bpy.data.scenes["Gone"])
        return step(self, *arguments)

    uid = scene.session_uid
    monkeypatch.setattr(strips.Writer, "step", delete_then)
    names = [{"name": f"{name}.srt"} for name in ("one", "two", "three")]
    with pytest.raises(RuntimeError, match="The scene was deleted"):
        bpy.ops.subtitle.import_file(directory=str(tmp_path), files=names)
    assert "Not imported: three.srt" in capfd.readouterr().out
    assert not list(strips.text_strips(other)), "none of them goes to another scene"
