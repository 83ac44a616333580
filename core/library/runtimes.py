# SPDX-License-Identifier: GPL-3.0-or-later
"""CUDA's libraries for the graphics card: taken out of the archive that was downloaded, and found again.

They lie beside the archive, in a folder of ours in the models folder, and go with it. Only the child that listens
loads them (core/speech/cards.py): nothing of the system is changed, and Blender never has them inside.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from ..catalog.entries import Catalog, Entry
from ..errors.models import RuntimeArchiveError
from ..speech.cards import LIBRARIES
from ..system.control import Control
from ..system.files import disk_error, remove_tree, replace, sync
from ..text import Text
from . import archives
from .layout import repository_folder

CUBLAS = "cublas-12"
"""The entry of the built-in catalogue."""

_FOLDER = "unpacked"
_MOST = 16 << 30
"""Bytes that an archive may unpack to. NVIDIA's has some 3 GB, the most of it libraries to link with."""
_LARGEST = 4 << 30
"""Bytes of one library."""
_LICENCE = "LICENSE"
_LARGEST_LICENCE = 1 << 20


def find(models_dir: Path, entry: Entry) -> Path | None:
    """The folder with the libraries of a runtime; None where they are not all there. A few looks at the disk."""
    for source in entry.parts:
        try:
            there = sorted((repository_folder(models_dir, source) / _FOLDER).iterdir())
        except OSError:
            continue
        for folder in reversed(there):
            if not folder.name.endswith(".tmp") and all((folder / name).is_file() for name in LIBRARIES):
                return folder
    return None


def cuda(models_dir: Path, catalog: Catalog) -> Path | None:
    """The folder with CUDA's libraries that were downloaded; None without."""
    return find(models_dir, catalog.get(CUBLAS))


def unpack(
    models_dir: Path, entry: Entry, snapshot: Path, control: Control, moved: Callable[[int], None] = lambda _: None
) -> Path:
    """Take the libraries out of the archive in `snapshot`, unless they are there; the folder they are in.

    `moved(n)` is called for each n bytes of the archive. Raises JobCancelled, RuntimeArchiveError for an archive that
    is damaged, hostile or lacks a library, NoSpaceError, FolderNotWritableError. What is half done is removed.
    """
    root = repository_folder(models_dir, entry.parts[-1]) / _FOLDER
    target = root / snapshot.name
    if all((target / name).is_file() for name in LIBRARIES):
        return target
    beside = root / f"{secrets.token_hex(4)}.tmp"
    try:
        beside.mkdir(parents=True)
        for archive in sorted(path for path in snapshot.iterdir() if path.is_file()):
            _take(archive, beside, entry.id, control, moved)
        if lacking := [name for name in LIBRARIES if not (beside / name).is_file()]:
            raise RuntimeArchiveError(entry.id, Text("it lacks {names}", names=", ".join(lacking)))
        _replace(beside, target)
    except OSError as error:
        raise disk_error(root, error) from error
    finally:
        with contextlib.suppress(OSError):
            remove_tree(beside)
    return target


def remove(repository: Path) -> int:
    """Delete what was unpacked in the folder of a repository; the bytes freed. Raises FolderNotWritableError where it
    stays."""
    folder = repository / _FOLDER
    if not folder.is_dir() or folder.is_symlink():
        return 0
    freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    try:
        remove_tree(folder)
    except OSError as error:
        raise disk_error(folder, error) from error
    return freed


def _take(archive: Path, folder: Path, model: str, control: Control, moved: Callable[[int], None]) -> None:
    versions: dict[str, tuple[int, ...]] = {}

    def passed(count: int) -> None:
        control.check()
        moved(count)

    try:
        for name, size, content in archives.members(archive, _MOST, passed):
            found = _wanted(name)
            if found is None:
                continue
            plain, version = found
            most = _LARGEST_LICENCE if plain == _LICENCE else _LARGEST
            # Of a library in two versions the newer; NVIDIA's archives have one.
            if size > most or version <= versions.get(plain, ()):
                continue
            with (folder / plain).open("wb") as file:
                archives.copy(content, file, most)
                file.flush()
                sync(file.fileno())
            versions[plain] = version
    except archives.ArchiveError as error:
        raise RuntimeArchiveError(model, error.reason) from error


def _wanted(name: str) -> tuple[str, tuple[int, ...]] | None:
    """What a file of an archive is called here, and its version; None for one that is not wanted.

    A library's real file has its whole version in its name, and what programs ask for is a link to it: links are left
    alone, and the real one gets the name.

    >>> _wanted("libcublas-linux-x86_64-12.9.1.4-archive/lib/libcublas.so.12.9.1.4")
    ('libcublas.so.12', (1, 9, 1, 4))
    >>> _wanted("x/lib/stubs/libcublas.so"), _wanted("x/lib/libcublas_static.a"), _wanted("x/LICENSE")
    (None, None, ('LICENSE', (1,)))
    """
    *folders, last = name.replace("\\", "/").split("/")
    if "stubs" in folders:
        return None
    if last in (_LICENCE, f"{_LICENCE}.txt") and len(folders) <= 1:
        return _LICENCE, (1,)
    for library in LIBRARIES:
        if last == library:
            return library, (1,)
        if found := re.fullmatch(re.escape(library) + r"((?:\.\d{1,6}){1,5})", last, re.ASCII):
            return library, (1, *(int(part) for part in found[1][1:].split(".")))
    return None


def _replace(beside: Path, target: Path) -> None:
    if target.exists():  # Half of it, from a version of ours that wanted less.
        remove_tree(target)
    try:
        replace(beside, target)
    except OSError:
        with contextlib.suppress(OSError):
            if all((target / name).is_file() for name in LIBRARIES):
                return  # Another process has just done the same.
        raise
