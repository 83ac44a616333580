# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts that a SubStation file or a Matroska film brings along are drawn with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from subtitle_editor.core.cli.main import main
from subtitle_editor.core.picture import embedded
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.subtitles import reading
from tests.core.picture.libass import FOLDER, HEAD, unpacked_fonts

pytestmark = pytest.mark.skipif(FOLDER is None, reason="no Blender whose fonts could be used")
ROW = "Dialogue: 0,0:00:00.00,0:00:00.40,Default,,0,0,0,,text\n"


def written(data: bytes) -> str:
    """Bytes as SubStation has them: by hand, from the description of the format."""
    signs = []
    for at in range(0, len(data), 3):
        part = data[at : at + 3]
        number = int.from_bytes(part + bytes(3 - len(part)), "big")
        signs += [chr(33 + (number >> shift & 63)) for shift in (18, 12, 6, 0)[: len(part) + 1]]
    text = "".join(signs)
    return "\n".join(text[at : at + 80] for at in range(0, len(text), 80))


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return unpacked_fonts(tmp_path_factory.mktemp("fonts"))


@pytest.mark.parametrize("rest", [0, 1, 2])
def test_the_fonts_of_a_script_come_out_as_they_went_in(tmp_path: Path, fonts: dict[str, str], rest: int) -> None:
    data = (Path(fonts["folder"]) / "mono.ttf").read_bytes()
    data = data[: len(data) - (len(data) + 2 * rest) % 3]
    path = tmp_path / "film.ass"
    head, events = HEAD.format(**fonts).split("[Events]")
    section = f"[Fonts]\nfontname: one.ttf\n{written(data)}\nfontname: two.ttf\n{written(b'abc')}\n\n"
    for text in (f"{head}{section}[Events]{events}{ROW}", f"{head}[Events]{events}{ROW}\n{section}"):
        path.write_text(text, encoding="utf-8")
        document = reading.load(path)
        assert list(embedded.fonts_of(document)) == [data, b"abc"]
        with embedded.unpacked(embedded.fonts_of(document)) as (folder, left_out):
            assert folder is not None and [file.read_bytes() for file in folder.iterdir()] == [data] and not left_out
            found = Fonts(blender=None, system=[], attached=folder)
            assert found.has_family(fonts["mono"]) or rest
        assert not folder.exists()


def test_too_many_are_left_out_and_nonsense_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MOST_FONTS", 3)
    with embedded.unpacked(b"OTTO%d" % number for number in range(5)) as (folder, left_out):
        assert folder is not None and len(list(folder.iterdir())) == 3 and left_out == 2
    with embedded.unpacked([b"", b"no font", b"\x00\x01"]) as (folder, left_out):
        assert folder is None and left_out == 0


@pytest.mark.timeout(120)
def test_the_command_line_draws_with_what_a_film_brings(
    tmp_path: Path, fonts: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is said of a font that is not there, baked from the film or burnt into it; without it, it is."""
    script, film = tmp_path / "film.ass", tmp_path / "film.mkv"
    script.write_text(HEAD.format(**fonts) + ROW, encoding="utf-8")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=128x72:r=25:d=0.4", "-i", script, "-attach",
         Path(fonts["folder"]) / "sans.ttf", "-metadata:s:t", "mimetype=font/ttf", "-map", "0", "-map", "1",
         "-c:v", "libx264", "-c:s", "ass", film], check=True, timeout=60,
    )  # fmt: skip
    common = ["--quiet", "--user-dir", str(tmp_path / "user")]
    made = []
    for _ in range(2):
        assert main(["bake", str(film), "-o", str(tmp_path / "out"), "--size", "640x360", *common]) == 0
        made.append(capsys.readouterr().out)
    assert "not on this computer" not in made[0] and "1 pictures made anew" in made[0] and "0 pictures" in made[1]
    assert main(["burn", str(film), str(script), "-o", str(tmp_path / "burnt.mkv"), *common]) == 0
    assert "not on this computer" not in capsys.readouterr().out
    assert main(["bake", str(script), "-o", str(tmp_path / "other"), "--size", "640x360", *common]) == 0
    assert "not on this computer" in capsys.readouterr().out
