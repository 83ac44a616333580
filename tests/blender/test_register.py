# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering: fast, light, and without a trace once undone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import bpy
import pytest

import subtitle_editor

ROOT = Path(__file__).parents[2]

HEAVY = (
    *("huggingface_hub", "faster_whisper", "ctranslate2", "av", "onnxruntime", "urllib3", "pysubs2", "numpy"),
    *("difflib", "tomllib", "decimal"),
)

STANDARD = (
    *("logging", "traceback", "queue", "secrets", "tempfile", "ctypes", "textwrap", "unicodedata", "json", "shutil"),
    *("sqlite3", "ssl", "http.client", "urllib.request", "subprocess", "concurrent.futures"),
)
"""Of the standard library: what a file, a job or a letter beyond ASCII needs, and Blender before 5.2 starts without."""

LATER = (
    *("core.events", "core.cues", "core.graphemes", "core.bidi", "core.presets", "core.download_manager"),
    *("core.catalog.entries", "core.catalog.reading", "core.hub.tokens", "core.picture.style", "core.system.files"),
    *("core.downloads", "core.speech", "core.film", "core.cli", "core.subtitles.own_profiles", "core.subtitles.track"),
    *("sequencer.baked", "sequencer.coming", "sequencer.dna", "sequencer.live", "sequencer.mending", "sequencer.rows"),
    *("session.fetching", "session.order", "session.pace", "session.shaping", "session.transcription"),
)
"""Of ours, with all that is in them: what a click, a job or a subtitle needs."""

OURS_AT_MOST, DATACLASSES_AT_MOST = 126, 2
"""Files of ours that are loaded, some 0.25 ms each; and dataclasses among what is in them: each takes half a
millisecond to make, a NamedTuple a tenth of that."""

MEASURE = f"""
import sys, time
import subtitle_editor
assert "bpy" not in sys.modules
import bpy, addon_utils, dataclasses
before = set(sys.modules)
start = time.process_time()
subtitle_editor.register()
took = time.process_time() - start
loaded = set(sys.modules) - before
heavy = [name for name in {HEAVY + STANDARD!r} if name in loaded]
OURS = "subtitle_editor."
ours = {{name.removeprefix(OURS): sys.modules[name] for name in loaded if name.startswith(OURS)}}
late = sorted(name for name in ours if any(name == one or name.startswith(one + ".") for one in {LATER!r}))
made = sorted(
    name + "." + key for name, module in ours.items() for key, value in vars(module).items()
    if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
)
start = time.process_time()
assert addon_utils.enable("rigify", default_set=True)
import json
print("RESULT", json.dumps([took, time.process_time() - start, heavy, late, len(ours), made]))
"""

AT_MOST = 1.0
"""Times what enabling Rigify takes, which comes with Blender: about the same whatever else the machine does."""


def fingerprint() -> object:
    handlers = {
        name: len(value) for name in dir(bpy.app.handlers) if isinstance(value := getattr(bpy.app.handlers, name), list)
    }
    kinds = ("Scene", "WindowManager", "Object")
    properties = {kind: set(getattr(bpy.types, kind).bl_rna.properties.keys()) for kind in kinds}
    menu = list(getattr(bpy.types.SEQUENCER_MT_editor_menus.draw, "_draw_funcs", []))
    return handlers, properties, set(dir(bpy.types)), set(dir(bpy.ops.subtitle)), len(menu)


def test_unregister_leaves_no_trace(empty: None) -> None:
    # The first append makes Blender wrap the menu's draw function; that wrapper is Blender's and stays.
    subtitle_editor.register()
    subtitle_editor.unregister()
    before = fingerprint()
    subtitle_editor.register()
    assert fingerprint() != before
    subtitle_editor.unregister()
    assert fingerprint() == before


def test_no_timer_survives(empty: None) -> None:
    subtitle_editor.register()
    from subtitle_editor.session import downloads, pump

    timers = (pump.refresh_once, downloads.restore)
    assert all(bpy.app.timers.is_registered(timer) for timer in timers)
    subtitle_editor.unregister()
    assert not any(bpy.app.timers.is_registered(timer) for timer in timers)


@pytest.mark.timeout(120)
def test_register_is_quick_and_light(tmp_path: Path) -> None:
    env = dict(os.environ, PYTHONPYCACHEPREFIX=str(tmp_path / "pyc"), BLENDER_USER_RESOURCES=str(tmp_path))
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    ratios: list[float] = []
    # The first run compiles, as the first start after installing does; later ones are what a user meets each day.
    while len(ratios) < 10 and min(ratios, default=AT_MOST) >= AT_MOST:
        done = subprocess.run(
            [sys.executable, "-c", MEASURE], env=env, capture_output=True, text=True, timeout=60, cwd=tmp_path
        )
        line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
        assert line is not None, done.stdout + done.stderr
        took, rigify, heavy, late, ours, made = json.loads(line.removeprefix("RESULT "))
        assert heavy == [] and late == []
        assert ours <= OURS_AT_MOST and len(made) <= DATACLASSES_AT_MOST, (ours, made)
        ratios.append(took / rigify)
    assert min(ratios) < AT_MOST, ratios


def test_blender_has_nothing_to_evaluate_but_properties(empty: None) -> None:
    """It evaluates whatever is annotated in its classes and their bases, for each class anew: a fifth of all."""
    subtitle_editor.register()
    try:
        others = {
            (base.__qualname__, name, str(hint))
            for kind in (bpy.types.Operator, bpy.types.Panel, bpy.types.Menu, bpy.types.UIList, bpy.types.PropertyGroup)
            for cls in kind.__subclasses__()
            if cls.__module__.startswith("subtitle_editor.")
            for base in cls.__mro__
            for name, hint in vars(base).get("__annotations__", {}).items()
            if type(eval(hint, vars(sys.modules[base.__module__]))) is not bpy.props._PropertyDeferred
        }
        assert others == set()
    finally:
        subtitle_editor.unregister()


def test_import_works_without_blender() -> None:
    code = "import sys; sys.modules['bpy'] = None; import subtitle_editor; import subtitle_editor.__main__"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_manifest_is_valid_and_agrees_with_the_package(tmp_path: Path) -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert manifest["version"] == project["version"]
    assert manifest["id"] == "subtitle_editor"
    assert set(manifest["permissions"]) == {"network", "files"}
    (tmp_path / "blender_manifest.toml").write_bytes((ROOT / "blender_manifest.toml").read_bytes())
    (tmp_path / "__init__.py").touch()
    tool = next(Path(bpy.utils.system_resource("SCRIPTS")).rglob("blender_ext.py"))
    done = subprocess.run(
        [sys.executable, str(tool), "validate", str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
