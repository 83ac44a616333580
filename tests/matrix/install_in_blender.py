# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by test_install.py in a Blender without our packages: one session of a user, reported as JSON.

Sessions: "install" (install the zip, use it, save), "again" (start anew, use it again, remove it) and "module" (a
checkout enabled as a plain module, where no zip can be made).
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

BROUGHT = (
    "huggingface_hub",
    "faster_whisper",
    "ctranslate2",
    "av",
    "onnxruntime",
    "tokenizers",
    "truststore",
    "pysubs2",
)
had = [name for name in BROUGHT if importlib.util.find_spec(name)]

import bpy  # noqa: E402

import addon_utils  # isort: skip  # noqa: E402

REPOSITORY = "user_default"
ID = "subtitle_editor"
RESOURCES = Path(os.environ["BLENDER_USER_RESOURCES"])

Task = dict[str, Any]
seconds: dict[str, float] = {}


def main(task: Task) -> dict[str, Any]:
    """One session. Anything that Blender reports as an error is raised."""
    report = {"install": install, "again": again, "module": as_module}[task["session"]](task)
    return {"blender": bpy.app.version_string, "seconds": seconds, **report}


def install(task: Task) -> dict[str, Any]:
    """Install the zip into an empty user folder and do the main job with it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    action = bpy.ops.extensions.package_install_files
    timed("install", lambda: action(repo=REPOSITORY, filepath=task["zip"], enable_on_install=True))
    module = f"bl_ext.{REPOSITORY}.{ID}"
    assert module in bpy.context.preferences.addons, "installed, but not enabled"
    report = {"had": had, **use(module, task)}
    bpy.ops.wm.save_userpref()
    return {**report, "outside": outside(), "there": left(), "numpy": [str(p) for p in RESOURCES.rglob("numpy")]}


def again(task: Task) -> dict[str, Any]:
    """The next start: open what was saved, read it, transcribe again, and remove the extension."""
    module = f"bl_ext.{REPOSITORY}.{ID}"
    if bpy.app.version < (4, 3):
        # The bpy wheels of 4.2 crash in read_userpref(), also without any extension (run: 4.2.23).
        assert addon_utils.enable(module, default_set=True) is not None
        set_preferences(module, task)
    else:
        bpy.ops.wm.read_userpref()
    assert module in bpy.context.preferences.addons, "not enabled after the next start"
    bpy.ops.wm.open_mainfile(filepath=task["blend"])
    report: dict[str, Any] = {"reopened": cues(module), "endpoint": preferences_of(module).endpoint}
    timed("transcribe", lambda: bpy.ops.subtitle.transcribe())
    report |= {"cues": cues(module), "outside": outside()}
    addon_utils.disable(module, default_set=True)
    report["left_when_disabled"] = left()
    addon_utils.enable(module, default_set=True)
    repositories = bpy.context.preferences.extensions.repos
    index = [repo.module for repo in repositories].index(REPOSITORY)
    timed("remove", lambda: bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id=ID))
    return {**report, "left": left()}


def as_module(task: Task) -> dict[str, Any]:
    """The checkout as a plain module, with the packages of another environment: no zip is tried here."""
    sys.path.append(task["packages"])  # Last, so that its bpy is not taken.
    sys.path.append(task["package"])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert addon_utils.enable(ID, default_set=True) is not None
    report = use(ID, task)
    addon_utils.disable(ID, default_set=True)
    return {**report, "left": left()}


def use(module: str, task: Task) -> dict[str, Any]:
    """The main job, by operators: download, transcribe, export, save."""
    kind = set_up(module, task)
    used = media_used(module)
    timed("download", lambda: bpy.ops.subtitle.download_model())
    timed("transcribe", lambda: bpy.ops.subtitle.transcribe())
    timed("export", lambda: bpy.ops.subtitle.export_file(filepath=task["srt"], check_existing=False))
    found = cues(module)
    bpy.ops.wm.save_as_mainfile(filepath=task["blend"], check_existing=False)
    bpy.ops.wm.open_mainfile(filepath=task["blend"])
    return {"kind": kind, "used": used, "cues": found, "reopened": cues(module)}


def set_up(module: str, task: Task) -> str:
    """What a user sets and does first; the kind of strip that is transcribed."""
    set_preferences(module, task)
    scene = bpy.context.scene
    editor = scene.sequence_editor_create()
    # Called `sequences` before Blender 4.4.
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    try:
        strip = strips.new_sound("Speech", task["sound"], 1, 1)
    except RuntimeError as error:
        if "Audaspace" not in str(error):
            raise
        # The bpy wheels of 4.2 were made without sound; Blender's own builds have it.
        strip = strips.new_movie("Speech", task["film"], 1, 1)
    editor.active_strip = strip
    settings = scene.subtitle_editor
    settings.model, settings.language = "tiny", "en"
    settings.use_word_times = False  # Those of the tests' model are not to be relied on.
    return str(strip.type)


def media_used(module: str) -> dict[str, Any]:
    """Which seconds of the clip are used while its strip shows frames 49 to 120; what Python warns of meanwhile."""
    compat = importlib.import_module(f"{module}.sequencer.compat")
    sounds = importlib.import_module(f"{module}.sequencer.sounds")
    scene = bpy.context.scene
    [strip] = sounds.chosen(scene)
    whole = compat.left(strip), compat.right(strip)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compat.set_edges(strip, 49, 121)
        use = sounds.media_use(strip, scene)
        compat.set_edges(strip, *whole)
    said = [str(warning.message) for warning in caught if ID in warning.filename]
    return {"seconds": [use.start, use.end], "frames": [use.left, use.right, use.frame(3.0)], "said": said}


def set_preferences(module: str, task: Task) -> None:
    """The hub of the test, and a folder for models that is the user's own."""
    bpy.context.preferences.system.use_online_access = True
    preferences = preferences_of(module)
    preferences.endpoint_preset = "custom"
    preferences.endpoint = task["endpoint"]
    preferences.models_folder = task["models"]


def preferences_of(module: str) -> Any:
    return bpy.context.preferences.addons[module].preferences


def cues(module: str) -> list[dict[str, Any]]:
    strips = importlib.import_module(f"{module}.sequencer.strips")
    found, _warnings = strips.cues_of(bpy.context.scene)
    return [{"start": cue.start, "end": cue.end, "text": cue.text} for cue in found]


def outside() -> dict[str, str]:
    """The packages of the zip that Python finds elsewhere than in the folder that Blender unpacked them into."""
    # Found, not imported: what is seen here is what our own child process imported.
    found = {name: str(getattr(importlib.util.find_spec(name), "origin", None)) for name in BROUGHT}
    return {name: file for name, file in found.items() if not Path(file).is_relative_to(RESOURCES)}


def left() -> list[str]:
    """What of ours is in Blender now, each as "place: name"."""
    scene_keys = {name for name in dir(bpy.types.Scene) if ID in name}
    places = {
        "operators": [name for name in dir(bpy.ops.subtitle) if name != "bl_options"],
        "preferences": [addon.module for addon in bpy.context.preferences.addons if ID in addon.module],
        "scene settings": sorted(scene_keys),
        "panels": [name for name in dir(bpy.types) if name.startswith(("SUBTITLE_", "SubtitleEditor"))],
        "timers and handlers": sorted(handlers()),
        "sys.path": [path for path in sys.path if path.startswith(str(RESOURCES)) and Path(path, "av").exists()],
    }
    return [f"{place}: {name}" for place, names in places.items() for name in names]


def handlers() -> set[str]:
    """Names of functions of ours that Blender would still call."""
    groups = (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers))
    functions = [function for group in groups if isinstance(group, list) for function in group]
    return {function.__qualname__ for function in functions if ID in str(function.__module__)}


def timed(label: str, action: Callable[[], Any]) -> None:
    began = time.monotonic()
    assert action() == {"FINISHED"}, label
    seconds[label] = round(time.monotonic() - began, 2)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    Path(given["result"]).write_text(json.dumps(main(given)), encoding="utf-8")
