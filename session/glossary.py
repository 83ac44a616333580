# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that are spelt right: the user's own file and that of the scene, for checks and for transcription.

Files are read on a thread whenever the checks are looked at, and again when they have changed; who asks for names gets
what is known. Main thread, but for the reading.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system import user_folder
from . import choices, settings
from .looking import Looking

if TYPE_CHECKING:
    from .choices import Choices

PATIENCE = 2.0
"""Seconds that a click waits for a scene's file, which may lie in a network."""

listeners: list[Callable[[], None]] = []
"""Called when names have changed."""


class _File(NamedTuple):
    when: int
    """When it was changed; 0 where it is not there."""
    names: tuple[str, ...] = ()
    problem: str = ""
    """What is wrong with it."""


_Files = dict[Path, _File]


class _Known:
    """What was read last."""

    files: _Files = {}


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
    if not bpy.app.background and _looking.is_due():
        _look(paths(choices.of(scene)))


def chosen() -> None:
    """Another file is named for a scene: what it holds counts now, and is looked at as soon as it is drawn."""
    _looking.expire()
    _tell()


def _look(wanted: list[Path]) -> None:
    known = dict(_Known.files)
    _looking.begin(lambda: _read(wanted, known))


def _take(found: _Files) -> None:
    changed = any(_Known.files.get(path) != file for path, file in found.items())
    _Known.files |= found
    if changed:
        _tell()


_looking = Looking("glossary", _take)


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
    _looking.forget()
    _Known.files = {}
