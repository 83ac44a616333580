# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts inside the films of the timeline: found, remembered, snapped to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.sequencer import compat
from subtitle_editor.session import settings, shots, survey
from subtitle_editor.session import track as tracks
from tests.core.subtitles.test_shots import film as make_film

from .test_editing import film, now, scene

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]


def movie(path: Path, channel: int = 1, start: int = 1) -> Any:
    scene().render.fps = 25
    strips = compat.strips_of(compat.editor_of(scene()))
    return strips.new_movie(name=path.stem, filepath=str(path), channel=channel, frame_start=start)


def test_cuts_are_found_and_snapped_to(tmp_path: Path) -> None:
    movie(make_film(tmp_path / "film.mp4", (30, 100)))
    film((0.0, 0.6, "a"), (1.36, 3.8, "b"))
    assert bpy.ops.subtitle.find_shots() == {"FINISHED"}
    assert shots.frames(scene()) == [31, 101]
    assert survey.read_now().counts["shots"] == 2
    assert survey.read_now().cuts == [31, 101]
    bpy.ops.subtitle.snap_to_cuts(which="TRACK")
    assert now()[1] == (1.2, 3.92, "b")


def test_cuts_lie_where_the_film_lies(tmp_path: Path) -> None:
    strip = movie(make_film(tmp_path / "film.mp4", (30, 100)))
    bpy.ops.subtitle.find_shots()
    setattr(strip, "content_start" if hasattr(strip, "content_start") else "frame_start", 51)
    assert shots.frames(scene()) == [81, 151]
    left, right = compat.edge_names(compat.strips_of(scene().sequence_editor))
    setattr(strip, left, 100)
    assert shots.frames(scene()) == [151]
    setattr(strip, right, 140)
    assert shots.frames(scene()) == []
    strip.mute = True
    assert tracks.cuts(scene()) == []


def test_they_are_known_in_another_session(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4", (30, 100))
    movie(path)
    bpy.ops.subtitle.find_shots()
    before, deadline = shots.count(), time.monotonic() + 20
    shots.forget()
    shots.frames(scene())
    while shots.count() == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shots.frames(scene()) == [31, 101]
    assert len(list((settings.user_dir() / "shots").iterdir())) == 1


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    compat.editor_of(scene())
    with pytest.raises(RuntimeError, match="no film on the timeline"):
        bpy.ops.subtitle.find_shots()
    path = make_film(tmp_path / "film.mp4", (30,))
    movie(path)
    path.unlink()
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.subtitle.find_shots()
