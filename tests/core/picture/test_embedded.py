# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts that a SubStation file or a Matroska film brings along are drawn with."""

from __future__ import annotations

import subprocess
import tracemalloc
from pathlib import Path

import pytest

from subtitle_editor.core.cli.main import main
from subtitle_editor.core.film import attached
from subtitle_editor.core.picture import embedded, woff
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.subtitles import reading
from tests.core.picture.libass import FOLDER, HEAD, unpacked_fonts

from .little_font import bomb, made

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


def test_signs_that_stand_for_nothing_are_taken_as_the_nearest_ones(tmp_path: Path) -> None:
    path = tmp_path / "film.ass"
    head, events = HEAD.format(sans="a", mono="b").split("[Events]")
    # Six bits each: 63, 63, 30 (a question mark for what is not ASCII), 63, and 0 of a byte that is not whole.
    path.write_text(f"{head}[Fonts]\nfontname: one.ttf\n`~é\n`!\n\n[Events]{events}{ROW}", encoding="utf-8")
    assert list(embedded.fonts_of(reading.load(path))) == [b"\xff\xf7\xbf"]


def test_too_many_are_left_out_and_nonsense_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MOST_FONTS", 3)
    with embedded.unpacked(b"OTTO%d" % number for number in range(5)) as (folder, left_out):
        assert folder is not None and len(list(folder.iterdir())) == 3 and left_out == 2
    with embedded.unpacked([b"", b"no font", b"\x00\x01"]) as (folder, left_out):
        assert folder is None and left_out == 0


def test_no_more_than_one_is_held_at_a_time(tmp_path: Path) -> None:
    big = 4 << 20
    tracemalloc.start()
    try:
        with embedded.unpacked(b"OTTO" + bytes([number]) * big for number in range(16)) as (folder, left_out):
            assert folder is not None and len(list(folder.iterdir())) == 16 and not left_out
            assert tracemalloc.get_traced_memory()[1] < 5 * big
    finally:
        tracemalloc.stop()


def test_one_that_is_there_twice_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MOST_BYTES", 30)
    with embedded.unpacked([b"OTTO" + bytes(10)] * 5 + [b"OTTO" + bytes(11)]) as (folder, left_out):
        assert folder is not None and len(list(folder.iterdir())) == 2 and not left_out


def test_packed_ones_count_as_what_they_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = [made(tmp_path / f"{letter}.woff2", letter, "woff2").read_bytes() for letter in "abcd"]
    with embedded.unpacked([b"wOF2" + bytes(60), *packed]) as (folder, left_out):
        assert folder is not None and not left_out
        sizes = [path.stat().st_size for path in folder.iterdir() if path.suffix == ".ttf"]
        assert len(sizes) == 4 and Fonts(blender=None, system=[], attached=folder).has_family("Little")
    monkeypatch.setattr(embedded, "MOST_BYTES", sum(sizes) - 1)
    with embedded.unpacked(packed) as (folder, left_out):
        assert folder is not None and len(list(folder.iterdir())) == 3 and left_out == 1
    with embedded.unpacked([bomb("woff2", woff.MOST + 1)]) as (folder, left_out):
        assert folder is None and left_out == 1


@pytest.mark.parametrize("flavor", [None, "woff2"])
def test_the_folder_goes_away_while_its_fonts_are_still_known(tmp_path: Path, flavor: str | None) -> None:
    """Windows removes no file that is mapped into memory."""
    data = made(tmp_path / "one", "abc", flavor).read_bytes()
    with embedded.unpacked([data]) as (folder, _):
        assert folder is not None
        face = Fonts(blender=None, system=[], attached=folder).for_text("b", "", False, False, "Latn")
        maps = Path("/proc/self/maps")
        assert not maps.exists() or str(folder) not in maps.read_text(encoding="utf-8", errors="replace")
    assert not folder.exists()
    assert face is not None and face.has("a") and face.ink(face.font(20, False, False), 2)[0] > 0


def test_attachments_of_a_film_are_read_one_after_the_other(tmp_path: Path) -> None:
    big, film = 4 << 20, tmp_path / "film.mkv"
    arguments: list[str | Path] = ["-f", "lavfi", "-i", "color=s=64x64:r=25:d=0.1"]
    for number in range(8):
        (tmp_path / f"{number}.ttf").write_bytes(b"\x00\x01\x00\x00" + bytes([number]) * big)
        kind = "image/jpeg" if number == 3 else "application/octet-stream"
        arguments += ["-attach", tmp_path / f"{number}.ttf", f"-metadata:s:t:{number}", f"mimetype={kind}"]
    subprocess.run(["ffmpeg", "-v", "error", *arguments, film], check=True, timeout=60)
    tracemalloc.start()
    try:
        assert [data[4] for data in attached.fonts_of(film)] == [0, 1, 2, 4, 5, 6, 7]
        assert tracemalloc.get_traced_memory()[1] < 5 * big
    finally:
        tracemalloc.stop()


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
