# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of the options for transcribing: saved and chosen in the panel, and the same files for the command line."""

from __future__ import annotations

import threading
import tomllib
from pathlib import Path
from typing import Any

import bpy
import pytest

import subtitle_editor
from subtitle_editor.core import presets as preset_files
from subtitle_editor.core.errors.base import UsageError

from .recording import drawn

pytestmark = pytest.mark.timeout(60)

CHOSEN = {
    "language": "fa",
    "task": "translate",
    "track": "2",
    "profile": "vertical",
    "prompt": 'She said "no",\\ twice.',
    "hotwords": "دنیا, Blender",
    "use_word_times": False,
    "suppress_numerals": True,
    "use_vad": False,
    "vad_threshold": pytest.approx(0.35),
    "vad_min_speech": 120,
    "vad_min_silence": 900,
    "vad_pad": 80,
    "beam_size": 2,
    "batch_size": 8,
}


def choose(settings: Any) -> None:
    for name, value in CHOSEN.items():
        setattr(settings, name, 0.35 if name == "vad_threshold" else value)


def chosen(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in CHOSEN}


def folder() -> Path:
    from subtitle_editor.session import presets

    return presets.folder()


@pytest.fixture
def settings(addon: Any) -> Any:
    return bpy.context.scene.subtitle_editor


def test_what_was_saved_is_chosen_again(settings: Any, tmp_path: Path) -> None:
    glossary = tmp_path / "names.txt"
    glossary.write_text("Dunja\n", encoding="utf-8")
    before = chosen(settings)
    choose(settings)
    settings.glossary = str(glossary)
    assert bpy.ops.subtitle.save_preset(name="Interview, alt") == {"FINISHED"}
    for name, value in before.items():
        setattr(settings, name, value)
    settings.glossary = ""
    assert bpy.ops.subtitle.use_preset(name="Interview, alt") == {"FINISHED"}
    assert chosen(settings) == CHOSEN and settings.glossary == str(glossary)


def test_the_command_line_takes_the_same_file(settings: Any) -> None:
    from subtitle_editor.core.cli import listening, main
    from subtitle_editor.session import settings as known

    choose(settings)
    assert bpy.ops.subtitle.save_preset(name="phone") == {"FINISHED"}
    words = ["transcribe", "a.wav", "-m", "tiny", "--preset", "phone", "--user-dir", str(known.user_dir())]
    args = main.build_parser().parse_args(words)
    said = listening.preset(args)
    assert said["language"] == "fa" and said["vad_speech_pad_ms"] == 80 and said["vad_threshold"] == 0.35
    assert set(said) <= set(vars(args)), "each is an option of the command line"


def test_of_a_file_made_by_hand_the_rest_stays_and_what_only_the_command_line_has_is_told(
    settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.prompt, settings.beam_size = "Mine.", 3
    folder().mkdir(parents=True)
    (folder() / "korean.toml").write_text('language = "Korean"\nbeam-size = 1\nfrom = "0:10"\n', encoding="utf-8")
    assert bpy.ops.subtitle.use_preset(name="korean") == {"FINISHED"}
    assert (settings.language, settings.beam_size, settings.prompt) == ("ko", 1, "Mine.")
    assert "from: only the command line has these" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('language = "klingon"', "klingon"),
        ('profile = "nope"', "cannot be"),
        ("beam_size = 0", "1 to 64"),
        ('vad = "yes"', "true or false"),
        ('hotwords = ["Dunja", "Blender"]', "a text in quotes"),
        ("prompt = 5", "a text in quotes"),
        ("nonsense = 1", "nobody knows"),
        ("[", "cannot be read"),
    ],
)
def test_what_nobody_understands_changes_nothing(settings: Any, text: str, said: str) -> None:
    before = chosen(settings)
    folder().mkdir(parents=True)
    (folder() / "bad.toml").write_text(f'task = "translate"\n{text}\n', encoding="utf-8")
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.subtitle.use_preset(name="bad")
    assert chosen(settings) == before


def test_what_the_command_line_takes_the_panel_takes_as_it_is(settings: Any) -> None:
    said = {
        "vad_threshold": 0.99,
        "vad_min_speech_duration_ms": 600_000,
        "vad_min_silence_duration_ms": 600_000,
        "vad_speech_pad_ms": 600_000,
        "beam_size": 64,
        "batch_size": 256,
    }
    folder().mkdir(parents=True)
    (folder() / "most.toml").write_text("".join(f"{name} = {value}\n" for name, value in said.items()))
    assert bpy.ops.subtitle.use_preset(name="most") == {"FINISHED"}
    assert bpy.ops.subtitle.save_preset(name="again") == {"FINISHED"}
    kept = tomllib.loads((folder() / "again.toml").read_text(encoding="utf-8"))
    assert {name: kept[name] for name in said} == said


def test_nothing_is_written_over_unasked_or_outside(settings: Any) -> None:
    assert bpy.ops.subtitle.save_preset(name="one") == {"FINISHED"}
    path = folder() / "one.toml"
    before = path.read_bytes()
    settings.beam_size = 9
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.subtitle.save_preset(name=" One ")
    assert path.read_bytes() == before
    assert bpy.ops.subtitle.save_preset(name="one", replace=True) == {"FINISHED"}
    assert b"beam_size = 9" in path.read_bytes()
    for name in ("", "../two", "a/b", "C:two", "nul"):
        with pytest.raises(RuntimeError, match="cannot be the name"):
            bpy.ops.subtitle.save_preset(name=name)
    assert [file.name for file in folder().parent.rglob("*.toml")] == ["one.toml"]


def test_one_that_another_program_has_made_meanwhile_is_not_written_over(settings: Any) -> None:
    from subtitle_editor.session import presets

    presets.names()
    path = presets.folder() / "one.toml"
    preset_files.write(path, {"beam_size": 3})
    before = path.read_bytes()
    with pytest.raises(UsageError, match="already"):
        presets.save("one", settings)
    assert path.read_bytes() == before
    presets.save("one", settings, replace=True)
    assert path.read_bytes() != before


def test_the_menu_has_them_and_they_can_be_deleted(settings: Any) -> None:
    assert "SUBTITLE_MT_presets" in [found["menu"] for found, _ in drawn("SUBTITLE_PT_transcription_more").all("menu")]
    assert "There are none yet" in drawn("SUBTITLE_MT_presets").texts()
    for name in ("two", "One"):
        bpy.ops.subtitle.save_preset(name=name)
    assert drawn("SUBTITLE_MT_presets").buttons()["subtitle.use_preset"] == [{"name": "One"}, {"name": "two"}]
    assert drawn("SUBTITLE_MT_delete_preset").buttons()["subtitle.delete_preset"] == [{"name": "One"}, {"name": "two"}]
    assert bpy.ops.subtitle.delete_preset(name="One") == {"FINISHED"}
    assert [path.name for path in folder().iterdir()] == ["two.toml"]
    assert drawn("SUBTITLE_MT_presets").buttons()["subtitle.use_preset"] == [{"name": "two"}]


def test_a_preset_saved_while_a_thread_looks_is_not_forgotten_by_what_the_thread_has_seen(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from subtitle_editor.session import presets

    names, going = preset_files.names, threading.Event()

    def slow(folder: Path) -> list[str]:
        found = names(folder)
        assert threading.current_thread() is threading.main_thread() or going.wait(10)
        return found

    monkeypatch.setattr(preset_files, "names", slow)
    presets._look()
    look = presets._looking.look
    assert look is not None
    presets.save("new", settings)
    going.set()
    look.thread.join(10)
    assert presets._looking.timer() is None
    assert presets.names() == ("new",)


def test_what_a_thread_has_read_is_taken_by_the_main_thread(settings: Any) -> None:
    from subtitle_editor.session import presets

    presets.save("old", settings)
    preset_files.write(presets.folder() / "other.toml", {"beam_size": 3})
    presets._look()
    presets._looking.look.thread.join(10)
    assert presets._Known.names == ("old",)
    assert presets._looking.timer() is None
    assert presets._Known.names == ("old", "other")


@pytest.mark.usefixtures("addon")
def test_disabled_while_a_thread_looks_nothing_stays_behind() -> None:
    from subtitle_editor.session import presets

    preset_files.write(presets.folder() / "old.toml", {"beam_size": 3})
    presets._look()
    look = presets._looking.look
    assert bpy.app.timers.is_registered(presets._looking.timer)
    subtitle_editor.unregister()
    try:
        look.thread.join(10)
        assert not bpy.app.timers.is_registered(presets._looking.timer)
        assert presets._Known.names == ()
    finally:
        subtitle_editor.register()
