# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Blender (the `bpy` wheel) with the add-on enabled, a loopback hub and a model small enough to fetch.

`import bpy` works once per process, and keeps what a file load changes: run this folder in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before `import bpy`, which reads it once: tests must not touch the preferences of whoever runs them.
_resources = tempfile.TemporaryDirectory(prefix="subtitle-editor-blender-")
os.environ["BLENDER_USER_RESOURCES"] = _resources.name
os.environ.pop("HF_TOKEN", None)
os.environ.pop("HF_ENDPOINT", None)

bpy = pytest.importorskip("bpy", reason="no bpy wheel for this Python and platform")

import addon_utils  # noqa: E402

from tests.hub.server import LoopbackHub  # noqa: E402

DATA = Path(__file__).parents[1] / "data"
MODEL_FILES = DATA / "tiny_whisper" / "model"
SPEECH = DATA / "speech"
TINY_REPOSITORY = "Systran/faster-whisper-tiny"


@pytest.fixture
def empty() -> None:
    """An empty file with factory settings and no add-on of ours."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def addon(empty: None) -> Iterator[bpy.types.AddonPreferences]:
    """The add-on as a user enables it; its preferences. Online access is allowed."""
    module = addon_utils.enable("subtitle_editor", default_set=True)
    assert module is not None
    bpy.context.preferences.system.use_online_access = True
    from subtitle_editor.session import settings

    user_dir = settings.user_dir()
    yield bpy.context.preferences.addons["subtitle_editor"].preferences
    addon_utils.disable("subtitle_editor", default_set=True)
    # The next test is another user.
    shutil.rmtree(user_dir)


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """A hub that serves the test model under the name of Whisper tiny."""
    with LoopbackHub() as hub:
        hub.add_model(TINY_REPOSITORY, {path.name: path for path in MODEL_FILES.iterdir() if path.is_file()})
        yield hub


@pytest.fixture
def ready(addon: bpy.types.AddonPreferences, hub: LoopbackHub, tmp_path: Path) -> bpy.types.PropertyGroup:
    """All set to download: the scene's settings, with the preferences pointing at the hub and an empty folder."""
    addon.endpoint = hub.endpoint
    addon.models_folder = str(tmp_path / "models")
    settings = bpy.context.scene.subtitle_editor
    settings.model = "tiny"
    settings.language = "en"
    return settings
