# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts of real films, made here with cuts at known times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from subtitle_editor.core.cli.main import main
from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.errors.media import MediaNotFoundError, MediaUnreadableError, NoPicturesError
from subtitle_editor.core.subtitles import shots

SPEECH = Path(__file__).parents[2] / "data" / "speech"


def film(
    path: Path,
    cuts: Sequence[int],
    frames: int = 150,
    rate: int = 25,
    size: tuple[int, int] = (160, 96),
    pan: bool = True,
) -> Path:
    """A film whose shots begin on these frames; each is a picture of its own, which moves."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            shot = sum(number >= cut for cut in cuts)
            tiles = np.random.default_rng(shot).integers(0, 255, (6, 10, 3))
            picture = tiles.repeat(size[1] // 6, 0).repeat(size[0] // 10, 1).astype(np.uint8)
            picture = np.roll(picture, number if pan else 0, axis=1)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.mark.parametrize("rate", [24, 25, 60])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_cuts_are_where_they_were_made(tmp_path: Path, rate: int, ending: str) -> None:
    moved: list[float] = []
    found = shots.find(film(tmp_path / f"film.{ending}", (30, 41, 100), rate=rate), moved.append)
    assert [round(cut * rate, 1) for cut in found.cuts] == pytest.approx([30, 41, 100], abs=0.1)
    assert found.duration == pytest.approx(150 / rate, abs=0.1)
    assert moved == sorted(moved) and moved[-1] > 0.9


def test_a_picture_that_moves_is_no_cut(tmp_path: Path) -> None:
    assert shots.find(film(tmp_path / "film.mp4", ())).cuts == ()


def test_a_damaged_film_is_looked_at_as_far_as_it_goes(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", (30, 100))
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + 2000):
        data[place] = 0
    path.write_bytes(data[: len(data) * 9 // 10])
    assert 1.2 in [round(cut, 2) for cut in shots.find(path).cuts]


def test_it_is_cancelled(tmp_path: Path) -> None:
    seen: list[float] = []
    path = film(tmp_path / "film.mp4", (30,))
    with pytest.raises(JobCancelled):
        shots.find(path, seen.append, lambda: len(seen) >= 5)
    assert len(seen) == 5


def test_what_is_no_film_is_called_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(MediaNotFoundError):
        shots.find(tmp_path / "none.mp4")
    with pytest.raises(NoPicturesError):
        shots.find(SPEECH / "hello.flac")
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(MediaUnreadableError):
        shots.find(tmp_path / "text.mp4")


def test_what_was_found_is_known_again_wherever_the_film_lies(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", (30,))
    assert shots.remembered(tmp_path / "user", path) is None
    found = shots.find(path)
    shots.remember(tmp_path / "user", path, found)
    path = path.rename(tmp_path / "renamed.mp4")
    assert shots.remembered(tmp_path / "user", path) == found
    kept = next((tmp_path / "user" / "shots").iterdir())
    for rubbish in (
        "{",
        "[]",
        '{"cuts": [3, 1], "duration": 2}',
        '{"cuts": ["x"], "duration": 2}',
        '{"cuts": [1e999]}',
        f'{{"cuts": [1{"0" * 400}], "duration": 2}}',
        "[" * 100_000,
    ):
        kept.write_text(rubbish)
        assert shots.remembered(tmp_path / "user", path) is None
    film(path, (50,))
    assert shots.remembered(tmp_path / "user", path) is None


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = film(tmp_path / "film.mp4", (30, 100))
    options = ["--user-dir", str(tmp_path / "user"), "--json"]
    for _ in range(2):
        assert main(["shots", str(path), *options]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["start"] for line in lines if line["event"] == "shot"] == [1.2, 4.0]
        assert lines[-1] == {"event": "finished", "media": str(path), "shots": 2, "duration": 6.0}
    subtitles = tmp_path / "film.srt"
    subtitles.write_text("1\n00:00:01,300 --> 00:00:03,800\nA first one.\n\n")
    assert main(["check", str(subtitles), *options]) == 0
    capsys.readouterr()
    fixed = tmp_path / "fixed.srt"
    checked = ["check", str(subtitles), "--shots", str(path), "--fps", "25", "--fix", str(fixed), *options]
    assert main(checked) == 1
    rules = [json.loads(line).get("rule") for line in capsys.readouterr().out.splitlines()]
    assert rules[:2] == ["shots", "shots"]
    assert "00:00:01,200 --> 00:00:03,920" in fixed.read_text()
