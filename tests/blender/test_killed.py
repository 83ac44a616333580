# SPDX-License-Identifier: GPL-3.0-or-later
"""`kill -9` of Blender while it transcribes: continued to the same subtitles, and little is heard again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from tests.core.speech_kit import MODEL, clip, silence, write

LONG = bool(os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"))
ROUNDS = 20 if LONG else 1

pytestmark = [
    pytest.mark.timeout(1800 if LONG else 300),
    pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL"),
]

WINDOW = 30.0
"""Seconds of sound that may be heard again."""

# A Blender of its own, in background: the same way from the operator to the strips, but for who wakes it.
SCRIPT = """
    import json, os, sys
    from pathlib import Path
    folder, models, media, save = map(Path, sys.argv[1:5])
    os.environ["BLENDER_USER_RESOURCES"] = str(folder / "user")
    import bpy, addon_utils
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable("subtitle_editor", default_set=True)
    preferences = bpy.context.preferences.addons["subtitle_editor"].preferences
    preferences.models_folder, preferences.threads, preferences.device = str(models), 1, "cpu"
    from subtitle_editor.sequencer import coming, compat, strips
    from subtitle_editor.session import state
    from subtitle_editor.core.events import CueFound, Notice
    blend = folder / "film.blend"
    if blend.exists():
        bpy.ops.wm.open_mainfile(filepath=str(blend))
    scene = bpy.context.scene
    scene.subtitle_editor.model, scene.subtitle_editor.language = "tiny", "en"
    editor = compat.editor_of(scene)
    collection = compat.strips_of(editor)
    if not len(collection):
        editor.active_strip = collection.new_sound("Talk", str(media), 1, 1)
        bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    for strip in collection:
        strip.select = strip.type == "SOUND"
    told = []
    def hear(event):
        if isinstance(event, CueFound) and save.name == "save" and len(told) < 40:
            # Somebody who saves often: some of the strips are in the file, marked as not yet all.
            told.append(event)
            if len(told) in (10, 25):
                bpy.ops.wm.save_mainfile()
        elif isinstance(event, Notice):
            print(json.dumps({"notice": str(event.message)}), flush=True)
    state.listeners.append(hear)
    print(json.dumps({"began": True}), flush=True)
    bpy.ops.subtitle.transcribe()
    found = sorted((start, end, strip.text) for strip, start, end in strips.text_strips(scene))
    marked = sum(coming.MARK in strip for strip in collection)
    print(json.dumps({"found": found, "marked": marked}), flush=True)
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes, in parts hard to hear: there Whisper draws at random."""
    rng = random.Random(1)
    names = ["hello", "long", "late", "colours", "numbers", "british"] * 2
    parts = [part for name in names for part in (clip(name), silence(rng.choice([0.0, 0.1, 0.4, 1.0, 3.0])))]
    return write(tmp_path_factory.mktemp("media") / "talk.wav", *parts)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the tests' model as Whisper tiny, as a download leaves it."""
    folder = tmp_path_factory.mktemp("models")
    repository = folder / "models--Systran--faster-whisper-tiny"
    commit = "0" * 40
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for file in MODEL.iterdir():
        if file.is_file():
            (snapshot / file.name).write_bytes(file.read_bytes())
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="ascii")
    return folder


def blender(folder: Path, models: Path, media: Path, *, save: bool = False) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), folder, models, media, "save" if save else "no"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def said(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    assert process.stdout is not None
    found = []
    for line in process.stdout:
        if line.startswith(b"{"):
            found.append(json.loads(line))
    return found


def journal(folder: Path) -> float:
    """Up to which second everything is kept."""
    from subtitle_editor.core.speech import segments

    kept = [one for path in folder.rglob("heard/*.jsonl") if (one := segments.read(path)) is not None]
    assert all(one.all_cues[-1].end - one.until <= WINDOW for one in kept if one.all_cues)
    return max((one.until for one in kept), default=0.0)


def test_it_goes_on_to_the_same_after_kill_9(recording: Path, models: Path, tmp_path: Path) -> None:
    with blender(tmp_path / "undisturbed", models, recording) as process:
        (whole,) = [one for one in said(process) if "found" in one]
    assert len(whole["found"]) > 15 and whole["marked"] == 0
    rng = random.Random(9)
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        for _ in range(rng.randint(1, 2) if LONG else 2):
            victim = blender(folder, models, recording, save=not number % 2)
            assert victim.stdout is not None
            while b"began" not in victim.stdout.readline():
                pass
            time.sleep(0.8 + rng.random() * 3.0)
            victim.send_signal(signal.SIGKILL)
            victim.stdout.close()
            victim.wait(20)
        until = journal(folder)
        with blender(folder, models, recording) as process:
            told = said(process)
        (found,) = [one for one in told if "found" in one]
        assert found["found"] == whole["found"], f"round {number}, killed at {until}"
        assert found["marked"] == 0
        going_on = [one["notice"] for one in told if "Going on at" in one.get("notice", "")]
        assert bool(going_on) == (until > 0.0)
