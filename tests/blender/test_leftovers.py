# SPDX-License-Identifier: GPL-3.0-or-later
"""Unfinished files of other programs in the panel: shown with their size, deleted when asked to, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.session import pump, shelf

from .recording import drawn

pytestmark = pytest.mark.timeout(60)

DIGEST = "ab" * 32


def leave(models: Path, name: str, size: int, age: float) -> Path:
    path = models / "models--ada--big" / "blobs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_they_are_shown_and_can_be_deleted(ready: Any, tmp_path: Path) -> None:
    models = tmp_path / "models"
    pump.refresh_installed()
    assert "subtitle.delete_leftovers" not in drawn("SUBTITLE_PT_models").buttons()
    with pytest.raises(RuntimeError, match="left nothing unfinished"):
        bpy.ops.subtitle.delete_leftovers()
    old = leave(models, f"{DIGEST}.1a2b3c4d.incomplete", 3_000_000, 3600)
    fresh = leave(models, f"{'cd' * 32}.incomplete", 5_000, 0)
    whole = leave(models, "ef" * 32, 7_000, 3600)
    pump.refresh_installed()
    assert [one.in_use for one in shelf.leftovers()] == [False, True]
    panel = drawn("SUBTITLE_PT_models")
    assert "Unfinished files of other programs: 3.0 MB" in panel.texts()
    assert "subtitle.delete_leftovers" in panel.buttons()
    assert bpy.ops.subtitle.delete_leftovers() == {"FINISHED"}
    assert not old.exists() and fresh.exists() and whole.exists()
    assert [one.path for one in shelf.leftovers()] == [fresh]
