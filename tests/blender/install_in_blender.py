# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by test_install.py in a Blender without our packages: install the zip, use it, remove it, and report as JSON."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BROUGHT = ("huggingface_hub", "faster_whisper", "ctranslate2", "av", "onnxruntime", "tokenizers", "urllib3", "pysubs2")
had = [name for name in BROUGHT if importlib.util.find_spec(name)]

import bpy  # noqa: E402

REPOSITORY = "user_default"
ID = "subtitle_editor"
MODULE = f"bl_ext.{REPOSITORY}.{ID}"
RESOURCES = Path(os.environ["BLENDER_USER_RESOURCES"])


def main(task: dict[str, str]) -> dict[str, Any]:
    """Do all of it. Anything that Blender reports as an error is raised."""
    seconds: dict[str, float] = {}

    def timed(label: str, action: Callable[[], Any]) -> None:
        began = time.monotonic()
        assert action() == {"FINISHED"}, label
        seconds[label] = round(time.monotonic() - began, 2)

    bpy.ops.wm.read_factory_settings(use_empty=True)
    install = bpy.ops.extensions.package_install_files
    timed("install", lambda: install(repo=REPOSITORY, filepath=task["zip"], enable_on_install=True))
    assert MODULE in bpy.context.preferences.addons, "installed, but not enabled"
    _set_up(task)
    timed("download", lambda: bpy.ops.subtitle.download_model())
    timed("transcribe", lambda: bpy.ops.subtitle.transcribe())
    timed("export", lambda: bpy.ops.subtitle.export_file(filepath=task["srt"], check_existing=False))
    report = {
        "blender": bpy.app.version_string,
        "had": had,
        "cues": _cues(),
        "outside": _outside(),
        "there": _left(),
        "numpy_brought": any(RESOURCES.rglob("numpy/__init__.py")),
    }
    index = [repo.module for repo in bpy.context.preferences.extensions.repos].index(REPOSITORY)
    timed("remove", lambda: bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id=ID))
    files = sorted(path.relative_to(RESOURCES).as_posix() for path in RESOURCES.rglob("*") if path.is_file())
    return {**report, "left_in_blender": _left(), "left_files": files, "seconds": seconds}


def _set_up(task: dict[str, str]) -> None:
    bpy.context.preferences.system.use_online_access = True
    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.endpoint = task["endpoint"]
    preferences.models_folder = task["models"]
    scene = bpy.context.scene
    editor = scene.sequence_editor_create()
    # Called `sequences` before Blender 4.4.
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    editor.active_strip = strips.new_sound("Speech", task["media"], 1, 1)
    settings = scene.subtitle_editor
    settings.model, settings.language = "tiny", "en"
    settings.use_word_times = False  # Those of the tests' model are not to be relied on.


def _cues() -> list[dict[str, Any]]:
    strips = importlib.import_module(f"{MODULE}.sequencer.strips")
    cues, _warnings = strips.cues_of(bpy.context.scene)
    return [{"start": cue.start, "end": cue.end, "text": cue.text} for cue in cues]


def _outside() -> dict[str, str]:
    """The packages of the zip that are imported from elsewhere than the folder that Blender unpacked them into."""
    found = {name: str(importlib.import_module(name).__file__) for name in BROUGHT}
    return {name: file for name, file in found.items() if not Path(file).is_relative_to(RESOURCES)}


def _left() -> list[str]:
    """What of ours is in Blender now, each as "place: name"."""
    places = {
        "operators": [name for name in dir(bpy.ops.subtitle) if name != "bl_options"],
        "preferences": [addon.module for addon in bpy.context.preferences.addons if ID in addon.module],
        "scene settings": [ID] if hasattr(bpy.types.Scene, ID) else [],
        "panels": [name for name in dir(bpy.types) if name.startswith("SUBTITLE_PT_")],
        "sys.path": [path for path in sys.path if path.startswith(str(RESOURCES)) and Path(path, "av").exists()],
    }
    return [f"{place}: {name}" for place, names in places.items() for name in names]


if __name__ == "__main__":
    print("\n" + json.dumps(main(json.loads(sys.argv[1]))), flush=True)
