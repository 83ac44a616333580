# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files dropped on the Sequencer.

Blender wants the endings of the files when the class is registered. They stand in the registry of formats, whose import
takes longer than all of the add-on may take when Blender starts: a thread imports it then, and a timer registers.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from bpy.types import Context

_WAIT = 0.5
"""Seconds between two looks whether the registry is there."""

_suffixes: list[str] = []
_handler: type | None = None


def _look_up() -> None:
    from ..core.subtitles.formats import registry

    _suffixes.extend(registry.suffixes())


def _poll(_cls: Any, context: Context) -> bool:
    """Called by Blender while files are over an area; reads memory only."""
    return context.area is not None and context.area.type == "SEQUENCE_EDITOR"


def offer() -> None:
    """Register the class that takes dropped files. `_look_up` has run."""
    global _handler
    if _handler is not None or not _suffixes:
        return
    fields = {
        "__doc__": "Subtitle files dropped on the Sequencer",
        "bl_idname": "SUBTITLE_FH_files",
        "bl_label": "Subtitles",
        "bl_import_operator": "subtitle.import_file",
        "bl_file_extensions": ";".join(_suffixes),
        "poll_drop": classmethod(_poll),
    }
    _handler = type("SUBTITLE_FH_files", (bpy.types.FileHandler,), fields)
    bpy.utils.register_class(_handler)


def _tick() -> float | None:
    if not _suffixes:
        return _WAIT
    offer()
    return None


def register() -> None:
    """Called by the package. Nobody drops files where there is no window."""
    if bpy.app.background:
        return
    threading.Thread(target=_look_up, name="subtitle formats", daemon=True).start()
    bpy.app.timers.register(_tick, first_interval=_WAIT, persistent=True)


def unregister() -> None:
    """Called by the package."""
    global _handler
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if _handler is not None:
        bpy.utils.unregister_class(_handler)
        _handler = None
