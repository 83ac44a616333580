# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be removed of a model on the disk: what is damaged, all of it, or an unfinished download.

This removes gigabytes: for worker threads and the command line, not for Blender's main thread.
Nothing outside the models folder is ever removed, and nothing that a running download holds.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ..catalog.entries import Entry, Source
from ..catalog.kinds import RUNTIME
from ..errors.models import LinkedFolderError, ModelBusyError
from ..system.files import disk_error, remove, remove_tree, tree
from ..system.locks import try_lock
from ..system.names import is_left_by_system, is_revision
from ..transfer import partial
from . import former, layout, runtimes, status
from .former import blob_of
from .layout import repository_folder

log = logging.getLogger(__name__)


def remove_damaged(models_dir: Path, entry: Entry, damaged: Collection[str] | None = None) -> tuple[str, ...]:
    """Remove the files that a verification found damaged, and nothing else; a download then fetches only those.

    Without `damaged` those that are remembered as damaged. The answer is their names. Raises ModelBusyError,
    LinkedFolderError, FolderNotWritableError.
    """
    removed: list[str] = []
    for source in entry.parts:
        folder = repository_folder(models_dir, source)
        label = f"{source.repo}/" if entry.is_bundle else ""
        if damaged is None:
            names = list(status.part_status(models_dir, source).damaged)
        else:
            names = [name.removeprefix(label) for name in damaged if name.startswith(label)]
        snapshot = status.newest_snapshot(folder, source)
        if snapshot and names:
            _remove(models_dir, folder, entry.id, [snapshot / name for name in names], {}, keep_shared=False)
            removed += [f"{label}{name}" for name in names]
    return tuple(removed)


def delete(models_dir: Path, entry: Entry, revision: str | None = None) -> int:
    """Delete a model's files: of all its snapshots, or of one commit. The answer is the bytes freed.

    Blobs that another snapshot, or a file that is not the entry's, uses stay; so do the snapshots of other branches
    than the one that the catalogue asks for. What an interrupted download left goes too, unless a `revision` is given.
    A repository's folder goes when nothing is left in it. Raises ModelBusyError while a download holds one of the files
    (nothing is removed then), LinkedFolderError, FolderNotWritableError.
    """
    freed = 0
    if revision is not None and not is_revision(revision):
        return 0
    for source in entry.parts:
        folder = repository_folder(models_dir, source)
        if not os.path.isdir(folder):
            continue
        names = former.files(folder, source, [revision] if revision else former.commits_of(folder, source))
        loose = _loose_blobs(folder, source) if revision is None else []
        partials = status.own_partials(folder, source) if revision is None else {}
        left = layout.import_leftovers(folder) if revision is None else []
        freed += _remove(models_dir, folder, entry.id, [*names, *loose, *left], partials)
        if revision is None and entry.kind == RUNTIME:
            freed += runtimes.remove(folder, entry.id)
        _tidy(folder)
    return freed


def delete_former(models_dir: Path, entry: Entry) -> int:
    """Delete the versions that updates have taken the place of. The answer is the bytes freed. Nothing is deleted of a
    model that is not complete. Raises as `delete`."""
    freed = 0
    for source in entry.parts:
        folder = repository_folder(models_dir, source)
        current = status.part_status(models_dir, source).installed
        if current is not None and os.path.isdir(folder):
            names = former.files(folder, source, former.commits(folder, source, current.revision))
            freed += _remove(models_dir, folder, entry.id, names, {})
            _tidy(folder)
    return freed


def discard(models_dir: Path, entry: Entry) -> int:
    """Delete what interrupted downloads of a model left. The answer is the bytes freed. Raises as `delete`."""
    freed = 0
    for source in entry.parts:
        folder = repository_folder(models_dir, source)
        if os.path.isdir(folder):
            left = layout.import_leftovers(folder)
            freed += _remove(models_dir, folder, entry.id, left, status.own_partials(folder, source))
            _tidy(folder)
    return freed


def check_inside(models_dir: Path, folder: Path) -> None:
    """Refuse a repository that is, or whose parts are, links to elsewhere. Raises LinkedFolderError, OSError."""
    real = Path(os.path.realpath(models_dir)) / folder.name
    snapshots = folder / "snapshots"
    inner = [path for path in snapshots.iterdir() if path.is_dir()] if snapshots.is_dir() else []
    for path in (folder, folder / "blobs", snapshots, *inner):
        target = Path(os.path.realpath(path))
        if path.exists() and target != real / path.relative_to(folder):
            raise LinkedFolderError(path, target)


def _loose_blobs(folder: Path, source: Source) -> list[Path]:
    """Finished blobs of the entry that no snapshot uses yet: the download was interrupted before the last one."""
    used = {blob_of(folder, path) for path in layout.snapshot_files(folder)}
    others = status.planned_for_others(folder, source)
    stored = (path for path, _ in layout.stored_files(folder, source) if path.name not in others)
    return [path for path in stored if path.parent.name == "blobs" and path not in used]


def _remove(
    models_dir: Path,
    folder: Path,
    model: str,
    paths: list[Path],
    partials: Mapping[Path, int],
    keep_shared: bool = True,
) -> int:
    """Remove files of a repository, the blobs behind them that nothing else uses, and partials (targets and bytes).

    Returns the bytes freed.
    """
    check_inside(models_dir, folder)
    blobs = {blob for path in paths if (blob := blob_of(folder, path))}
    if keep_shared:
        gone = set(paths)
        blobs -= {blob_of(folder, path) for path in layout.snapshot_files(folder) if path not in gone}
    else:
        paths = [*paths, *_same_files(folder, paths)]
    targets = {path for path in paths if not path.is_symlink()} | blobs
    parts = [target for target, _ in layout.partial_files(folder)]
    with contextlib.ExitStack() as locks:
        # Whatever is being downloaded into this repository: its files are locked, one by one.
        for target in sorted({*targets, *parts, *_locked(folder)}):
            if target.parent.is_dir() and not locks.enter_context(try_lock(partial.beside(target, ".lock"))):
                raise ModelBusyError(model)
        freed = 0
        try:
            for path in [*paths, *blobs]:
                freed += _unlink(path)
            for target, size in partials.items():
                for path in partial.partial_files(target):
                    _unlink(path)
                freed += size
        except OSError as error:
            raise disk_error(folder, error) from error
    return freed


def _same_files(folder: Path, paths: list[Path]) -> list[Path]:
    """The other names of these files: where links are not supported, versions share what has not changed."""
    ids = set()
    for path in paths:
        with contextlib.suppress(OSError):
            found = path.lstat()
            ids |= {(found.st_dev, found.st_ino)} if stat.S_ISREG(found.st_mode) and found.st_nlink > 1 else set()
    others = []
    for path in layout.snapshot_files(folder) if ids else ():
        with contextlib.suppress(OSError):
            found = path.lstat()
            if (found.st_dev, found.st_ino) in ids and path not in paths:
                others.append(path)
    return others


def _locked(folder: Path) -> Iterator[Path]:
    """What is locked below a repository's folder, or was when its holder was killed."""
    for root, _, names in tree(folder):
        for name in names:
            if name.endswith(".lock") and not layout.is_finished(os.path.join(root, name)):
                yield Path(root, name.removesuffix(".lock"))


def _unlink(path: Path) -> int:
    """Remove a file or link; the bytes that freed. One that is gone already is fine. Raises OSError."""
    try:
        found = path.lstat()
        remove(path)
    except FileNotFoundError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0


def _tidy(folder: Path) -> None:
    """Remove folders that are empty, or hold nothing but what the system leaves in every folder; and what is left of a
    repository without content: references, listings, our marks."""
    # A repository may publish a file of such a name: in a snapshot that has files none is taken for the system's.
    used = {path.relative_to(folder).parts[1] for path in layout.snapshot_files(folder)}
    for root in reversed([root for root, _, _ in tree(folder)]):
        with contextlib.suppress(OSError):
            names = os.listdir(root)
            in_use = not used.isdisjoint(Path(root).relative_to(folder).parts[1:2])
            for name in names if not in_use and all(map(is_left_by_system, names)) else ():
                remove(Path(root, name))
            os.rmdir(root)
    if any(True for place in ("blobs", "snapshots") for _ in (folder / place).rglob("*")):
        return
    with contextlib.suppress(OSError):
        remove_tree(folder)
