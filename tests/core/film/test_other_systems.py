# SPDX-License-Identifier: GPL-3.0-or-later
"""Films that are written where another program has them open, where files have no numbers, and in their own place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subtitle_editor.core.errors.disk import FileInUseError, FolderNotWritableError
from subtitle_editor.core.errors.film import FilmNotWrittenError
from subtitle_editor.core.film import soft
from subtitle_editor.core.film.mux import mux
from subtitle_editor.core.subtitles import reading, tracks
from subtitle_editor.core.system import files
from tests.core.speech_kit import ffmpeg, needs_ffmpeg
from tests.rules import apply

pytestmark = [needs_ffmpeg, pytest.mark.timeout(60)]


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    monkeypatch.setattr(files, "LONG_PATIENCE", 0.2)
    path = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=2", "-c:v", "mpeg4", path)
    return path


@pytest.fixture
def given(tmp_path: Path) -> list[soft.Subtitles]:
    path = tmp_path / "film.de.srt"
    path.write_text("1\n00:00:00,500 --> 00:00:01,000\neins\n")
    return [soft.of_file(path, reading.load(path))]


def test_a_film_that_a_player_shows_is_known_before_the_work(
    film: Path, given: list[soft.Subtitles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.mkv"
    target.write_bytes(b"shown")
    apply("share", monkeypatch)
    told: list[float] = []
    with target.open("rb"), pytest.raises(FileInUseError) as caught:
        mux(film, given, target, told.append, overwrite=True)
    assert caught.value.path == target and told == []
    assert target.read_bytes() == b"shown"
    mux(film, given, target, overwrite=True)
    assert [cue.text for cue in tracks.read(target).cues] == ["eins"]


def test_a_film_that_cannot_take_its_place_is_not_lost(
    film: Path, given: list[soft.Subtitles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, taken = tmp_path / "out.mkv", tmp_path / "out (2).mkv"
    target.write_bytes(b"shown")
    taken.write_bytes(b"another")
    apply("share", monkeypatch)
    opened = []

    def begin_to_play(_fraction: float) -> None:
        opened.append(target.open("rb"))

    with pytest.raises(FilmNotWrittenError, match="another program has it open") as caught:
        mux(film, given, target, begin_to_play, overwrite=True)
    for file in opened:
        file.close()
    kept = tmp_path / "out (3).mkv"
    assert str(kept) in str(caught.value)
    assert [cue.text for cue in tracks.read(kept).cues] == ["eins"]
    assert (target.read_bytes(), taken.read_bytes()) == (b"shown", b"another")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_film_that_may_only_be_read_is_known_before_the_work(
    film: Path, given: list[soft.Subtitles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows replaces no such file, whatever its folder allows."""
    target = tmp_path / "out.mkv"
    target.write_bytes(b"kept")
    target.chmod(0o444)
    monkeypatch.setattr(files.try_to_replace, "__defaults__", (True,))
    told: list[float] = []
    with pytest.raises(FolderNotWritableError, match=r"out\.mkv"):
        mux(film, given, target, told.append, overwrite=True)
    assert told == [] and target.read_bytes() == b"kept"


def test_the_film_that_is_read_is_known_by_its_name_where_files_have_no_numbers(
    film: Path, given: list[soft.Subtitles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link.mkv"
    link.symlink_to(film)
    before = film.read_bytes()
    apply("unstable", monkeypatch)
    for target in (film, link, tmp_path / os.curdir / "film.mkv"):
        with pytest.raises(FilmNotWrittenError, match="is the film that is read"):
            mux(film, given, target, overwrite=True)
    assert film.read_bytes() == before
