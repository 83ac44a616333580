# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said about a file when it is imported and exported."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.detecting import SURE
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.operators import dropping, importing, subtitle_choices
from subtitle_editor.sequencer import cue, strips

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]

SAMPLES = Path(__file__).parents[1] / "data" / "subtitles" / "samples"
CASES = Path(__file__).parents[1] / "data" / "subtitles" / "cases"


@pytest.fixture
def scene() -> Any:
    found = bpy.context.scene
    found.render.fps, found.render.fps_base = 25, 1.0
    found.frame_start, found.frame_end = 1, 250
    return found


def load(path: Path, **options: Any) -> None:
    assert bpy.ops.subtitle.import_file(filepath=str(path), **options) == {"FINISHED"}


def save(path: Path, **options: Any) -> bytes:
    assert bpy.ops.subtitle.export_file(filepath=str(path), **options) == {"FINISHED"}
    return path.read_bytes()


def texts(scene: Any) -> list[str]:
    return [one.text for one in strips.cues_of(scene)[0]]


def starts(scene: Any) -> list[int]:
    return sorted(start for _, start, _ in strips.text_strips(scene))


# In


def test_the_dialog_shows_every_ending_that_is_read() -> None:
    shown = subtitle_choices.glob(writing=False).split(";")
    assert {"*.srt", "*.sub", "*.smi", "*.sami", "*.dfxp", "*.sbv", "*.scc", "*.stl"} <= set(shown)
    assert set(shown) == {f"*{suffix}" for format in registry.readable() for suffix in format.suffixes}


def test_the_encoding_can_be_said(scene: Any) -> None:
    load(CASES / "enc-cp1256.srt", encoding="CP1256")
    assert texts(scene)[0] == "مرحبا بكم في المدينة"
    load(CASES / "enc-cp1256.srt", encoding="CP1251", existing="REPLACE")
    assert texts(scene)[0].startswith("г")


def test_the_rate_can_be_said_and_is_the_scenes_otherwise(scene: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.sub"
    path.write_text("{50}{100}one\n{125}{150}two\n", encoding="utf-8")
    load(path)
    assert starts(scene) == [51, 126]
    load(path, rate=50.0, existing="REPLACE")
    assert starts(scene) == [26, 63 + 1]


def test_a_rate_in_the_file_wins_over_the_scenes(scene: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.sub"
    path.write_text("{1}{1}50.000\n{50}{100}one\n", encoding="utf-8")
    load(path)
    assert starts(scene) == [26]


def test_offset_and_playhead(scene: Any) -> None:
    load(CASES / "italic.srt", offset=10.0)
    assert starts(scene) == [276, 351, 426]
    scene.frame_current = 101
    load(CASES / "italic.srt", place="PLAYHEAD", existing="REPLACE")
    assert starts(scene) == [101, 176, 251]


def test_beside_and_replace(scene: Any) -> None:
    load(CASES / "italic.srt")
    load(CASES / "no-blank-lines.srt")
    assert len(texts(scene)) == 6
    title = strips.compat.new_text(strips.compat.strips_of(scene.sequence_editor), "title", 20, 1, 50)
    title.text = "A title card"
    load(CASES / "no-trailing-newline.srt", existing="REPLACE")
    # Those of the active track are gone, which is the last that was imported; no other, and no title.
    assert texts(scene) == ["only line", "plain slanted plain", "bold and under", "top"]
    assert not cue.is_subtitle(title)
    assert title.text == "A title card"


def test_a_file_that_cannot_be_read_replaces_nothing(scene: Any, tmp_path: Path) -> None:
    load(CASES / "italic.srt")
    broken = tmp_path / "a.srt"
    broken.write_bytes(bytes(range(256)) * 8)
    with pytest.raises(RuntimeError):
        bpy.ops.subtitle.import_file(filepath=str(broken), existing="REPLACE")
    assert len(texts(scene)) == 3


def test_several_files_at_once(scene: Any) -> None:
    files = [{"name": "italic.srt"}, {"name": "no-blank-lines.srt"}]
    assert bpy.ops.subtitle.import_file(directory=str(CASES), files=files) == {"FINISHED"}
    assert len(texts(scene)) == 6


def test_an_encoding_that_was_chosen_for_one_file_and_is_wrong_is_not_that_of_the_next(
    scene: Any, tmp_path: Path
) -> None:
    said = "Это дом, в котором мы живём, и здесь всегда тепло."
    (tmp_path / "a.srt").write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\n\xe9t\xe9 \xff\n")
    (tmp_path / "b.srt").write_bytes(f"1\n00:00:01,000 --> 00:00:02,000\n{said}\n".encode("cp1251"))
    with pytest.raises(RuntimeError, match=r"a\.srt"):
        bpy.ops.subtitle.import_file(
            filepath=str(tmp_path / "a.srt"),
            directory=str(tmp_path),
            files=[{"name": "a.srt"}, {"name": "b.srt"}],
            encoding="UTF8",
            is_asked=True,
        )
    assert texts(scene) == [said]


def test_a_file_whose_letters_may_be_wrong_is_read_once(
    scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it lies in a network each time costs; what the question shows is of the same bytes."""
    path = tmp_path / "a.srt"
    path.write_bytes("1\n00:00:01,000 --> 00:00:02,000\n\xe9t\xe9\n".encode("latin-1"))
    times: list[Path] = []
    read_bytes = Path.read_bytes

    def counted(file: Path) -> bytes:
        times.append(file)
        return read_bytes(file)

    monkeypatch.setattr(Path, "read_bytes", counted)
    owner = SimpleNamespace(rate=0.0, language=0, keep_rolling=False, encoding="AUTO")
    document = importing._loading(path, owner, scene)()
    assert document.certainty < SURE and document.sample == b"\xe9t\xe9" and times == [path]
    assert reading.sample(path) == (document.sample, document.encoding) and times == [path, path]


def test_one_of_several_languages(scene: Any) -> None:
    load(CASES / "two-languages.smi", language=2)
    assert texts(scene) == ["안녕"]


def test_files_can_be_dropped(scene: Any) -> None:
    dropping._look_up()
    dropping.offer()
    try:
        assert bpy.types.FileHandler.bl_rna is not None
        handler = bpy.types.SUBTITLE_FH_files
        assert ".srt" in handler.bl_file_extensions.split(";")
        assert handler.bl_import_operator == "subtitle.import_file"
    finally:
        dropping.unregister()
    assert not hasattr(bpy.types, "SUBTITLE_FH_files")


# Out


def test_a_script_comes_back_with_its_styles_comments_and_drawings(scene: Any, tmp_path: Path) -> None:
    scene.render.fps = 100  # SubStation's own steps: every time is a frame.
    source = SAMPLES / "ass.ass"
    load(source)
    written = save(tmp_path / "out.ass").decode()
    assert sorted(written.splitlines()) == sorted(source.read_text(encoding="utf-8").splitlines())


def test_webvtt_comes_back_with_its_notes_and_settings(scene: Any, tmp_path: Path) -> None:
    scene.render.fps = 1000
    load(SAMPLES / "vtt.vtt")
    written = save(tmp_path / "out.vtt").decode()
    # Each base has its own pair of tags; players show the same.
    assert written.replace("</ruby><ruby>", "") == (SAMPLES / "vtt.vtt").read_text(encoding="utf-8")


def test_format_encoding_and_line_ends(scene: Any, tmp_path: Path) -> None:
    load(CASES / "enc-cp1252.srt")
    data = save(tmp_path / "a.txt", format="vtt", encoding="UTF16", newline="CRLF")
    text = data.decode("utf-16")
    assert text.startswith("WEBVTT\r\n") and "Café déjà vu" in text and "\n" not in text.replace("\r\n", "")


def test_an_encoding_that_lacks_a_letter_is_refused_by_its_name(scene: Any, tmp_path: Path) -> None:
    load(CASES / "enc-sjis.srt")
    with pytest.raises(RuntimeError, match="日"):
        bpy.ops.subtitle.export_file(filepath=str(tmp_path / "a.srt"), encoding="CP1252")
    assert not (tmp_path / "a.srt").exists()


def test_a_range_counts_from_its_own_start(scene: Any, tmp_path: Path) -> None:
    load(CASES / "italic.srt")
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 51, 125
    save(tmp_path / "a.srt", span="RANGE")
    found = reading.load(tmp_path / "a.srt").cues
    assert [(one.start, one.end) for one in found] == [(0, 1), (2, 3)]


def test_broadcasters_begin_at_an_hour(scene: Any, tmp_path: Path) -> None:
    load(CASES / "italic.srt")
    save(tmp_path / "a.srt", start_time="01:00:00:12")
    assert reading.load(tmp_path / "a.srt").cues[0].start == 3601.48
    with pytest.raises(RuntimeError, match="no time"):
        bpy.ops.subtitle.export_file(filepath=str(tmp_path / "a.srt"), start_time="soon")
