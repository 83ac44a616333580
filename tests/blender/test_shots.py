# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts inside the films of the timeline: found, remembered, snapped to."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.subtitles.shots import Shots
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
    film((0.0, 0.6, "a"))
    shots.forget()
    told: list[bool] = []
    shots.listeners.append(lambda: told.append(threading.current_thread() is threading.main_thread()))
    deadline = time.monotonic() + 20
    # In a window a timer does what asking again does here.
    while not shots.frames(scene()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert told == [True]
    assert survey.read_now().cuts == [31, 101] and survey.reader.is_current
    shots.put(path, Shots((1.6,), 5.0))
    assert not survey.reader.is_current, "told, so that what is drawn is drawn again"
    assert survey.read_now().cuts == [41]
    assert len(list((settings.user_dir() / "shots").iterdir())) == 1


def test_one_film_has_one_name_however_its_path_is_written(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4", (30,))
    (tmp_path / "sub").mkdir()
    movie(path)
    movie(tmp_path / "sub" / ".." / "film.mp4", channel=2, start=201)
    bpy.ops.subtitle.find_shots()
    assert shots.frames(scene()) == [31, 231]
    assert list(shots._known.shots) == [path]


def test_a_film_that_does_not_say_how_long_it_is_is_not_opened_for_a_redraw(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4", (30,))
    movie(path)
    shots.put(path, Shots((1.2,), None))
    assert shots.frames(scene()) == []
    shots.put(path, Shots((1.2,), 5.0))
    path.unlink()
    assert shots.frames(scene()) == [31]


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    compat.editor_of(scene())
    with pytest.raises(RuntimeError, match="no film on the timeline"):
        bpy.ops.subtitle.find_shots()
    path = make_film(tmp_path / "film.mp4", (30,))
    movie(path)
    path.unlink()
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.subtitle.find_shots()
