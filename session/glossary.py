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
from typing import TYPE_CHECKING, NamedTuple

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system import user_folder
from . import choices, settings

if TYPE_CHECKING:
    from .choices import Choices

AGAIN = 2.0
"""Seconds between two looks at the files."""
PATIENCE = 2.0
"""Seconds that a click waits for a scene's file, which may lie in a network."""
SOON = 0.1
"""Seconds until it is looked whether the thread is done."""

listeners: list[Callable[[], None]] = []
"""Called when names have changed."""


class _File(NamedTuple):
    when: int
    """When it was changed; 0 where it is not there."""
    names: tuple[str, ...] = ()
    problem: str = ""
    """What is wrong with it."""


_Files = dict[Path, _File]


class _Look:
    """A thread that reads; what it has found is nobody else's until it is done."""

    def __init__(self, wanted: list[Path], known: _Files) -> None:
        self.found: _Files = {}
        self._wanted, self._known = wanted, known
        self.thread = threading.Thread(target=self._work, name="glossary", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        self.found = _read(self._wanted, self._known)


class _Known:
    """What was read last."""

    files: _Files = {}
    looked = 0.0
    look: _Look | None = None
    """That is under way. One that was forgotten meanwhile counts no more."""


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
        _Known.files |= _read(wanted, _Known.files)
    return tuple(dict.fromkeys(name for path in wanted if path in _Known.files for name in _Known.files[path].names))


def problem(scene: bpy.types.Scene) -> str:
    """What is wrong with a file that counts for a scene, as far as it was read; for the panel."""
    read = (_Known.files[path] for path in paths(choices.of(scene)) if path in _Known.files)
    return next((file.problem for file in read if file.problem), "")


def terms(choice: Choices) -> list[str]:
    """The names for a transcription, read now. Raises UsageError for a scene's file that cannot be read, or not within
    `PATIENCE`."""
    # Here, not above: it is not needed to register.
    from ..core.speech import glossary

    own, *others = paths(choice)
    found = glossary.read(own) if own.is_file() else []
    for path in others:
        found += _read_now(path)
    # Those that were among the hotwords of an interrupted one stand there again.
    there = {word.strip() for word in choice.hotwords.split(",")}
    return [term for term in dict.fromkeys(found) if term not in there]


def _read_now(path: Path) -> list[str]:
    from ..core.errors.base import UsageError
    from ..core.speech import glossary
    from ..core.system.control import Control
    from ..core.text import Text

    try:
        return Control().apart(lambda: glossary.read(path), "glossary", PATIENCE)
    except TimeoutError:
        hint = Text("Copy it to this computer, or choose no file of names.")
        raise UsageError(Text("The disk with {path} does not answer.", path=path), hint) from None


def watch(scene: bpy.types.Scene) -> None:
    """Have the files looked at, if that is some time ago. Takes no time."""
    if bpy.app.background or time.monotonic() < _Known.looked + AGAIN:
        return
    if _Known.look is None:
        _Known.looked = time.monotonic()
        _look(paths(choices.of(scene)))


def chosen() -> None:
    """Another file is named for a scene: what it holds counts now, and is looked at as soon as it is drawn."""
    _Known.looked = 0.0
    _tell()


def _look(wanted: list[Path]) -> None:
    _Known.look = _Look(wanted, dict(_Known.files))
    bpy.app.timers.register(_take, first_interval=SOON, persistent=True)


def _take() -> float | None:
    """Called by Blender while the thread reads, and after it."""
    look = _Known.look
    if look is None:
        return None
    if look.thread.is_alive():
        return SOON
    _Known.look = None
    changed = any(_Known.files.get(path) != file for path, file in look.found.items())
    _Known.files |= look.found
    if changed:
        _tell()
    return None


def _read(wanted: list[Path], known: _Files) -> _Files:
    """These files, the first of them the user's own; those that have not changed as they are known. Any thread."""
    found = {}
    for path in wanted:
        try:
            when = path.stat().st_mtime_ns
        except OSError:
            when = 0
        before = known.get(path)
        found[path] = before if before is not None and before.when == when else _file(path, when, path == wanted[0])
    return found


def _file(path: Path, when: int, may_be_missing: bool) -> _File:
    if not when and may_be_missing:
        return _File(when)
    from ..core.speech import glossary

    try:
        return _File(when, tuple(glossary.read(path)))
    except SubtitleEditorError as error:
        return _File(when, problem=str(error))


def _tell() -> None:
    for told in listeners:
        told()


def forget() -> None:
    """Know nothing."""
    if bpy.app.timers.is_registered(_take):
        bpy.app.timers.unregister(_take)
    _Known.files, _Known.looked, _Known.look = {}, 0.0, None
