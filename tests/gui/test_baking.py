# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles to pictures and back in the window: what goes on while they are drawn, and one step of undo for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Pictures
from .test_timeline import TEXTS, film, over_timeline
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

IMAGES = "sum(strip.type == 'IMAGE' for strip in bpy.context.scene.sequence_editor.strips)"
MUTED = "sum(strip.mute for strip in bpy.context.scene.sequence_editor.strips if strip.type == 'TEXT')"


def test_bake_and_back(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user)
    count = len(fresh.run(TEXTS))
    fresh.run("bpy.context.scene.subtitle_editor.picture_folder = __import__('tempfile').mkdtemp()")
    place = over_timeline(fresh)
    fresh.run("with bpy.context.temp_override(window=window()):\n    bpy.ops.subtitle.bake('INVOKE_DEFAULT')")
    fresh.wait(f"{IMAGES} == {count}")
    fresh.wait(f"{MUTED} == {count}")
    fresh.rest()
    picture("baked")
    fresh.run("bpy.ops.subtitle.bake_changed('INVOKE_DEFAULT')")
    fresh.rest()
    assert fresh.run(IMAGES) == count
    fresh.run("bpy.ops.subtitle.back_to_text('INVOKE_DEFAULT')")
    fresh.wait(f"{IMAGES} == 0")
    fresh.press("ctrl+z", place)
    fresh.wait(f"{IMAGES} == {count}")
