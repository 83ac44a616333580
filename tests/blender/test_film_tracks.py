# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles inside films: to the timeline where a film plays, and into the film that was rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.subtitles import tracks as inside
from subtitle_editor.sequencer import compat, strips
from subtitle_editor.session import rendered
from subtitle_editor.session import track as tracks
from tests.core.speech_kit import ffmpeg, needs_ffmpeg

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120), needs_ffmpeg]

SUBRIP = "1\n00:00:01,000 --> 00:00:02,000\n<i>one</i>\n\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "a.srt").write_text(SUBRIP, encoding="utf-8")
    path = tmp_path / "film.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=6", "-f", "lavfi", "-i", "sine=duration=6",
        "-i", tmp_path / "a.srt", "-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:a", "flac", "-c:s", "srt",
        path,
    )  # fmt: skip
    return path


def test_a_track_lies_where_the_film_plays(film: Path) -> None:
    scene: Any = bpy.context.scene
    scene.render.fps, scene.render.fps_base, scene.frame_start = 25, 1.0, 1
    collection = compat.strips_of(compat.editor_of(scene))
    strip = collection.new_movie("film", str(film), 1, 101)
    scene.sequence_editor.active_strip = strip
    assert bpy.ops.subtitle.import_from_film() == {"FINISHED"}
    found, _ = strips.cues_of(scene)
    assert [(cue.start, cue.end, cue.text) for cue in found] == [(5.0, 6.0, "one"), (7.0, 8.0, "two")]
    assert [span.kind for span in found[0].spans] == ["italic"]


def test_without_a_film(film: Path) -> None:
    with pytest.raises(RuntimeError, match="No film is chosen"):
        bpy.ops.subtitle.import_from_film()


# Into the film that was rendered


@pytest.fixture
def rendering(tmp_path: Path) -> Path:
    """A scene whose render is a small film. Where that goes."""
    scene: Any = bpy.context.scene
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 64, 48, 100
    render.fps, render.fps_base, scene.frame_start, scene.frame_end = 10, 1.0, 11, 30
    render.filepath = str(tmp_path / "out" / "film")
    if hasattr(render.image_settings, "media_type"):
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    compat.strips_of(compat.editor_of(scene))
    placements = strips.place([Cue(0.5, 1, "سلام"), Cue(1, 1.5, "two")], strips.clock_of(scene).frame)
    writer = strips.Writer(scene, placements, 0)
    tracks.enter(scene, writer.channel, writer.rows, "Persian", "fa")
    writer.step()
    return rendered.path(scene)


def test_the_active_track_goes_into_the_rendered_film(rendering: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="There is no film"):
        bpy.ops.subtitle.add_to_film()
    bpy.ops.render.render(animation=True)
    assert rendering.is_file() and rendering.suffix == ".mp4"
    assert inside.listed(rendering) == ()
    for _ in range(2):
        assert bpy.ops.subtitle.add_to_film() == {"FINISHED"}
        (track,) = inside.listed(rendering)
        assert (track.language, track.default) == ("fas", True)
    found = inside.read(rendering).cues
    assert [(round(cue.start, 2), round(cue.end, 2), cue.text) for cue in found] == [(0.5, 1, "سلام"), (1, 1.5, "two")]
    assert [path.name for path in rendering.parent.iterdir()] == [rendering.name]


def test_what_the_film_does_not_play_is_said(rendering: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.ops.render.render(animation=True)
    scene = bpy.context.scene
    capfd.readouterr()
    assert bpy.ops.subtitle.add_to_film() == {"FINISHED"}
    assert "Cut at" not in capfd.readouterr().out
    first, *_ = sorted(strips.text_strips(scene), key=lambda item: item[1])
    compat.set_edges(first[0], scene.frame_start - 5, scene.frame_start + 5)
    assert bpy.ops.subtitle.add_to_film() == {"FINISHED"}
    assert "Cut at the scene's first frame, because begun before it: 1 subtitle." in capfd.readouterr().out


def test_what_was_done_is_said(rendering: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.ops.render.render(animation=True)
    capfd.readouterr()
    bpy.ops.subtitle.add_to_film()
    assert f'The track "Persian" is in {rendering.name} now. Subtitle tracks there: 1' in capfd.readouterr().out
    settings: Any = bpy.context.scene.subtitle_editor
    settings.tracks.clear()
    bpy.ops.subtitle.add_to_film()
    assert f"All text strips are in {rendering.name} now. Subtitle tracks there: 2" in capfd.readouterr().out


def test_an_empty_track_is_named(rendering: Path, tmp_path: Path) -> None:
    bpy.ops.render.render(animation=True)
    scene: Any = bpy.context.scene
    before = rendering.read_bytes()
    tracks.enter(scene, 9, 1, "Empty one")
    with pytest.raises(RuntimeError, match='The track "Empty one" has no subtitles'):
        bpy.ops.subtitle.add_to_film()
    with pytest.raises(RuntimeError, match='The track "Empty one" has no subtitles'):
        bpy.ops.subtitle.export_file(filepath=str(tmp_path / "out.srt"))
    assert rendering.read_bytes() == before and not (tmp_path / "out.srt").exists()


def test_images_are_no_film(rendering: Path) -> None:
    settings: Any = bpy.context.scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    assert not bpy.ops.subtitle.add_to_film.poll()
