# SPDX-License-Identifier: GPL-3.0-or-later
"""CUDA's libraries for the graphics card: taken out of the archive that was downloaded, and found again.

They lie beside the archive, in a folder of ours in the models folder, and go with it. The archive stays: it is what can
be compared with NVIDIA's hash, and what they come back from without network when they are damaged or gone. Only the
child that listens loads them (core/speech/cards.py): nothing of the system is changed, and Blender never has them
inside.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ..catalog.entries import CUBLAS, Catalog, Entry
from ..errors.models import ModelBusyError, RuntimeArchiveError
from ..speech.cards import LIBRARIES
from ..system.control import Control
from ..system.files import LONG_PATIENCE, check_room, disk_error, files_in, is_link, remove_tree, replace, sync
from ..system.locks import file_lock, try_lock
from ..text import Text
from . import archives, layout

_FOLDER = "unpacked"
_HALF = ".tmp"
"""What ends the name of a folder that is being filled."""
_OURS = re.compile(rf"[0-9a-f]{{40}}|[0-9a-f]{{8}}{re.escape(_HALF)}")
"""The names in there: a commit's, or one that is being filled."""
_MOST = 16 << 30
"""Bytes that an archive may unpack to. NVIDIA's has some 3 GB, the most of it libraries to link with."""
_LARGEST = 4 << 30
"""Bytes of one library."""
_LICENCE = "LICENSE"
_LARGEST_LICENCE = 1 << 20


def find(models_dir: Path, entry: Entry) -> Path | None:
    """The folder with the libraries of a runtime; None where they are not all there. A few looks at the disk.

    Of several that of the version which `status` tells of: the others are those of archives before it.
    """
    for source in entry.parts:
        repository = layout.repository_folder(models_dir, source)
        for snapshot in layout.snapshots_of(repository, source.revision):
            if is_unpacked(snapshot):
                return place_of(snapshot)
        for folder in reversed(_by_age(repository / _FOLDER)):  # Who has deleted the archive by hand.
            if _is_whole(folder):
                return folder
    return None


def cuda(models_dir: Path, catalog: Catalog) -> Path | None:
    """The folder with CUDA's libraries that were downloaded; None without."""
    return find(models_dir, catalog.get(CUBLAS))


def place_of(snapshot: Path) -> Path:
    """Where the libraries go that lie in an archive of this snapshot."""
    return snapshot.parents[1] / _FOLDER / snapshot.name


def is_unpacked(snapshot: Path) -> bool:
    """Whether they are all there."""
    return _is_whole(place_of(snapshot))


def unpack(entry: Entry, snapshot: Path, control: Control, moved: Callable[[int], None] = lambda _: None) -> Path:
    """Take the libraries out of the archive in `snapshot`, unless they are there; the folder they are in.

    What was unpacked of other archives before, or half, by a process that was killed, is removed. `moved(n)` is called
    for each n bytes of the archive. Waits while another process does the same. Raises JobCancelled, RuntimeArchiveError
    for an archive that is damaged, hostile or lacks a library, NoSpaceError, FolderNotWritableError. What is half done
    is removed.
    """
    target = place_of(snapshot)
    if _is_whole(target):
        return target
    root = target.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        with file_lock(_lock_of(root.parent), control):
            if not _is_whole(target):
                _remove_others(root, lambda folder: folder.suffix == _HALF, control)
                _unpack(entry, snapshot, target, control, moved)
            _remove_others(root, lambda folder: folder != target, control)
    except OSError as error:
        raise disk_error(root, error) from error
    return target


def remove(repository: Path, model: str) -> int:
    """Delete what was unpacked in the folder of a repository; the bytes freed. Raises FolderNotWritableError where it
    stays, ModelBusyError while a process unpacks there."""
    folder = repository / _FOLDER
    if not folder.is_dir() or is_link(folder):
        return 0
    with try_lock(_lock_of(repository)) as alone:
        if not alone:
            raise ModelBusyError(model)
        freed = sum(path.stat().st_size for path in files_in(folder))
        try:
            remove_tree(folder)
        except OSError as error:
            raise disk_error(folder, error) from error
    return freed


def _is_whole(folder: Path) -> bool:
    return folder.suffix != _HALF and all((folder / name).is_file() for name in LIBRARIES)


def _lock_of(repository: Path) -> Path:
    """Whoever deletes or moves a repository looks for locks in it."""
    return repository / "unpacking.lock"


def _by_age(root: Path) -> list[Path]:
    """What is in a folder, oldest first. Never raises."""
    with contextlib.suppress(OSError):
        return sorted(root.iterdir(), key=lambda path: path.lstat().st_mtime_ns)
    return []


def _remove_others(root: Path, unwanted: Callable[[Path], bool], control: Control) -> None:
    """Raises JobCancelled alone: what a program has loaded stays on Windows, until the next time. That is another
    archive's, perhaps in a year: so a scanner's touch is waited for."""
    for folder in [] if is_link(root) else _by_age(root):
        if _OURS.fullmatch(folder.name) and unwanted(folder):
            with contextlib.suppress(OSError):
                remove_tree(folder, sleep=control.sleep)


def _unpack(entry: Entry, snapshot: Path, target: Path, control: Control, moved: Callable[[int], None]) -> None:
    beside = target.with_name(f"{secrets.token_hex(4)}{_HALF}")
    beside.mkdir()
    try:
        for archive in sorted(path for path in snapshot.iterdir() if path.is_file()):
            if layout.is_finished(os.fspath(archive)):  # Without links, locks and partials lie beside it.
                _take(archive, beside, entry.id, control, moved)
        if lacking := [name for name in LIBRARIES if not (beside / name).is_file()]:
            raise RuntimeArchiveError(entry.id, Text("it lacks {names}", names=", ".join(lacking)))
        if target.exists():  # Half of it, from a version of ours that wanted less.
            remove_tree(target)
        replace(beside, target, LONG_PATIENCE)  # A scanner reads each library whole before it lets the folder go.
    finally:
        with contextlib.suppress(OSError):
            remove_tree(beside)


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
            _write(content, folder / plain, size, most)
            versions[plain] = version
    except archives.ArchiveError as error:
        raise RuntimeArchiveError(model, error.reason) from error


def _write(content: IO[bytes], path: Path, size: int, most: int) -> None:
    """One library of so many bytes. Raises ArchiveError; NoSpaceError before the first byte where that is known."""
    place = path.parents[1]
    check_room(place, size)
    try:
        with path.open("wb") as file:
            archives.copy(content, file, most)
            file.flush()
            sync(file.fileno())
    except OSError as error:
        raise disk_error(place, error, size) from error


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
