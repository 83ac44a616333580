# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that are spelt right: the user's own file and that of the scene, for checks and for transcription.

Files are read on a thread whenever the checks are looked at, and again when they have changed; who asks for names gets
what is known. Main thread, but for the reading.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.speech import glossary
from ..core.system import user_folder
from . import choices, settings

if TYPE_CHECKING:
    from .choices import Choices

AGAIN = 2.0
"""Seconds between two looks at the files."""

problem: str = ""
"""What was wrong with a file that was named; for the panel."""


listeners: list[Callable[[], None]] = []
"""Called when names have changed."""


class _Known:
    """What was read last: path to when it was changed, and its names."""

    files: dict[Path, tuple[int, tuple[str, ...]]] = {}
    looked = 0.0
    thread: threading.Thread | None = None


def own_path() -> Path:
    """The user's own file, which need not exist."""
    return settings.user_dir() / user_folder.GLOSSARY


def paths(choice: Choices) -> list[Path]:
    """The files that count for a scene."""
    return [own_path(), *([Path(bpy.path.abspath(choice.glossary))] if choice.glossary else [])]


def names(scene: bpy.types.Scene) -> tuple[str, ...]:
    """The names that are known for a scene. In background, where nobody draws, the files are read now."""
    wanted = paths(choices.of(scene))
    if bpy.app.background:
        _read(wanted)
    return tuple(dict.fromkeys(name for path in wanted for name in _Known.files.get(path, (0, ()))[1]))


def terms(choice: Choices) -> list[str]:
    """The names for a transcription, read now. Raises UsageError for a scene's file that cannot be read."""
    own, *others = paths(choice)
    found = glossary.read(own) if own.is_file() else []
    for path in others:
        found += glossary.read(path)
    # Those that were among the hotwords of an interrupted one stand there again.
    there = {word.strip() for word in choice.hotwords.split(",")}
    return [term for term in dict.fromkeys(found) if term not in there]


def watch(scene: bpy.types.Scene) -> None:
    """Have the files looked at, if that is some time ago. Takes no time."""
    if bpy.app.background or time.monotonic() < _Known.looked + AGAIN:
        return
    if _Known.thread is not None and _Known.thread.is_alive():
        return
    _Known.looked = time.monotonic()
    _Known.thread = threading.Thread(target=_look, args=(paths(choices.of(scene)),), name="glossary", daemon=True)
    _Known.thread.start()


def _look(wanted: list[Path]) -> None:
    if _read(wanted):
        bpy.app.timers.register(_changed)


def _read(wanted: list[Path]) -> bool:
    """Whether anything has changed. Safe on any thread."""
    global problem
    said, changed = "", False
    for path in wanted:
        try:
            when = path.stat().st_mtime_ns
        except OSError:
            when = 0
        if path in _Known.files and _Known.files[path][0] == when:
            continue
        changed = True
        try:
            _Known.files[path] = when, tuple(glossary.read(path) if when or path != wanted[0] else ())
        except SubtitleEditorError as error:
            _Known.files[path] = when, ()
            said = str(error)
    if changed:
        problem = said
    return changed


def _changed() -> None:
    for told in listeners:
        told()


def forget() -> None:
    """Know nothing."""
    global problem
    _Known.files, _Known.looked, problem = {}, 0.0, ""
