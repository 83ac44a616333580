# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles inside a film, to the timeline where the film plays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.sequencer import compat, strips
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
