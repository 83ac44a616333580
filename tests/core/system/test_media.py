# SPDX-License-Identifier: GPL-3.0-or-later
"""Films with names and titles as people have them, for everyone who opens one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from subtitle_editor.core.film import copying
from subtitle_editor.core.speech import media
from subtitle_editor.core.subtitles import shots, tracks
from subtitle_editor.core.system.media import opened
from tests.core.speech_kit import ffmpeg, needs_ffmpeg

pytestmark = [needs_ffmpeg, pytest.mark.timeout(60)]

OPENING: dict[str, Callable[[Path], object]] = {
    "length": media.header,
    "tracks": tracks.listed,
    "shots": shots.find,
    "film": lambda path: copying.opened(path).close(),
}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.avi"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-c:v", "mpeg4", "-metadata", "title=KINO", path)
    return path


@pytest.mark.parametrize("name", OPENING)
def test_a_title_in_an_old_code_page_is_no_reason_to_refuse_a_film(film: Path, tmp_path: Path, name: str) -> None:
    """As the editing programs of Windows write it into .avi."""
    path = tmp_path / "film.avi"
    data = film.read_bytes()
    assert data.count(b"KINO") == 1
    path.write_bytes(data.replace(b"KINO", "Кино".encode("cp1251")))
    OPENING[name](path)


@pytest.mark.parametrize("name", OPENING)
def test_a_name_with_a_colon_is_no_address(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("12:30.avi").write_bytes(film.read_bytes())
    OPENING[name](Path("12:30.avi"))


def test_a_name_that_is_no_text(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "film\udce9.avi"
    path.write_bytes(film.read_bytes())
    with opened(path) as found:
        assert found.duration
