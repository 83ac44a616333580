# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a model's files are in huggingface_hub's cache, ours and other programs'."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog.entries import Source
from ..system import environment
from ..system.files import tree
from ..system.folders import expanded, hugging_face_home
from ..system.hashes import is_lfs_pointer
from ..system.names import is_left_by_system

if TYPE_CHECKING:
    from ..transfer import partial


_TEXT_LINK = re.compile(rb"(?:\.\.[/\\]){2,16}blobs[/\\][0-9a-f]{40,64}\s*")
_LONGEST_TEXT_LINK = 256
"""Bytes."""

_LONGEST_POINTER = 1023
"""Bytes: git-lfs makes none of 1024 and more (its docs/spec.md)."""

_UNFINISHED = (".part", ".part.journal", ".part.journal.new", ".part.spool", ".incomplete", ".tmp")


def shared_cache() -> Path:
    """The Hugging Face cache that all programs of this user share, where its own variables put it."""
    if cache := environment.value("HF_HUB_CACHE") or environment.value("HUGGINGFACE_HUB_CACHE"):
        return expanded(cache)
    return hugging_face_home() / "hub"


def repository_folder(models_dir: Path, source: Source) -> Path:
    """Where huggingface_hub keeps a repository: `models--OWNER--NAME` inside the models folder."""
    return models_dir / "--".join([f"{source.repo_type}s", *source.repo.split("/")])


def is_unfinished(name: str, size: int | None) -> bool:
    """Whether a file is what a transfer leaves beside the one that it fetches: where links are not supported it lies
    in the snapshot itself. `size` in bytes, None if nobody knows: a lock of ours has none, and a model may bring a
    `poetry.lock`.

    >>> is_unfinished("model.bin.part", 9), is_unfinished("poetry.lock", 9), is_unfinished("model.bin.lock", 0)
    (True, False, True)
    """
    return name.endswith(_UNFINISHED) or (name.endswith(".lock") and not size)


def is_finished(path: str) -> bool:
    """Whether a file on the disk is none of those. One that cannot be looked at is none."""
    if not path.endswith((*_UNFINISHED, ".lock")) or os.path.islink(path):
        return True
    try:
        return not is_unfinished(path, os.stat(path).st_size)
    except OSError:
        return False


def is_content(path: str) -> bool:
    """Whether a file on the disk may be one of a model: it is finished, and none that the system has left there. A link
    to a blob may have any name, for a repository may hold such a file, too."""
    return is_finished(path) and (not is_left_by_system(os.path.basename(path)) or os.path.islink(path))


def is_text_link(path: str | Path, size: int) -> bool:
    """Whether a file of a snapshot is a link that has become a small text file, by a copy, an archive or a checkout
    that knows no links: it holds where the file is, and nothing of it. `size` in bytes. Never raises."""
    if not len("../../blobs/") + 40 <= size <= _LONGEST_TEXT_LINK:
        return False
    try:
        with open(path, "rb") as file:
            return _TEXT_LINK.fullmatch(file.read(_LONGEST_TEXT_LINK + 1)) is not None
    except OSError:
        return False


def is_pointer(path: str | Path, size: int) -> bool:
    """Whether a file is what a checkout without git-lfs has in a large one's place. `size` in bytes. Never raises."""
    if not 0 < size <= _LONGEST_POINTER:
        return False
    try:
        with open(path, "rb") as file:
            return is_lfs_pointer(file.read(_LONGEST_POINTER))
    except OSError:
        return False


def snapshot_files(folder: Path, commit: str | None = None) -> Iterator[Path]:
    """Every file and link below a repository's snapshots, or below that of one commit. Links are not followed."""
    for root, _, names in tree(folder / "snapshots" / (commit or "")):
        yield from (Path(root, name) for name in names if is_content(os.path.join(root, name)))


def partial_files(folder: Path) -> Iterator[tuple[Path, partial.Partial]]:
    """Targets below a repository's folder that an interrupted transfer left unfinished: blobs, or, where links are
    not supported, files of a snapshot."""
    # Here, not above: Blender imports this file at its start, and the transfers only matter when somebody looks.
    from ..transfer import partial

    with contextlib.suppress(OSError):
        if any(name.endswith(".part") for name in os.listdir(os.path.join(folder, "blobs"))):
            yield from partial.partials(folder / "blobs")
    for root, _, names in tree(folder / "snapshots"):
        if any(name.endswith(".part") for name in names):
            yield from partial.partials(Path(root))


def import_leftovers(folder: Path) -> list[Path]:
    """What an import into a repository has copied and not yet given its name: of one under way, or of one killed."""
    return sorted((folder / "blobs").glob("import-*.tmp"))


def stored_files(folder: Path, source: Source | None = None) -> Iterator[tuple[Path, int]]:
    """The files with content of their own in a repository's folder and their sizes in bytes: finished blobs, and files
    of snapshots that are no links. With `source` without those that only files it does not want are made of.
    """
    own: set[str] = set()
    foreign: set[str] = set()
    blobs: list[tuple[Path, int]] = []
    commit = (read_ref(folder, source.revision) or source.revision) if source and source.revision else None
    for root, _, names in tree(folder / "snapshots"):
        for name in names:
            path = Path(root, name)
            of, *inner = path.relative_to(folder / "snapshots").parts
            wanted = source is None or (source.wants("/".join(inner)) and commit in (None, of))
            if path.is_symlink():
                (own if wanted else foreign).add(Path(os.readlink(path)).name)
            elif wanted and is_content(os.fspath(path)):
                blobs += _sized(path)
    with contextlib.suppress(OSError):
        for path in (folder / "blobs").iterdir():
            if path.name not in foreign - own and is_content(os.fspath(path)):
                blobs += _sized(path)
    yield from blobs


def _sized(path: Path) -> list[tuple[Path, int]]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [(path, found.st_size)] if stat.S_ISREG(found.st_mode) else []


def snapshots_of(folder: Path, revision: str | None) -> Iterator[Path]:
    """The snapshot of the wanted revision; without one, that of `main` and then the others, newest first."""
    snapshots = folder / "snapshots"
    wanted = revision or "main"
    first = snapshots / (read_ref(folder, wanted) or wanted)
    if os.path.isdir(first):
        yield first
    if revision is not None:
        return
    try:
        others = [path for path in snapshots.iterdir() if os.path.isdir(path) and path != first]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return
    yield from others


def read_ref(folder: Path, name: str) -> str | None:
    """The commit that a branch or tag stood for when it was downloaded last, or None."""
    try:
        return (folder / "refs" / name).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def files_of(snapshot: Path) -> dict[str, os.stat_result]:
    """Files below a snapshot, links followed. A link whose blob is gone is no file.

    Strings, not paths: this is most of the time that a scan takes.
    """
    found: dict[str, os.stat_result] = {}
    top = os.fspath(snapshot)
    for root, _, names in os.walk(top):
        inner = root[len(top) + 1 :].replace(os.sep, "/")
        for name in names:
            try:
                found[f"{inner}/{name}" if inner else name] = os.stat(os.path.join(root, name))
            except OSError:
                continue
    return found


def usage(models_dir: Path) -> int:
    """Bytes that the models folder takes on the disk: everything below it, links not followed, nothing counted twice.

    A partial file counts with what is written of it, where the system tells.
    """
    total = 0
    seen: set[tuple[int, int]] = set()
    for root, _, names in tree(models_dir):
        for name in names:
            try:
                found = os.lstat(os.path.join(root, name))
            except OSError:
                continue
            if not stat.S_ISREG(found.st_mode) or (found.st_nlink > 1 and (found.st_dev, found.st_ino) in seen):
                continue
            seen.add((found.st_dev, found.st_ino))
            blocks = getattr(found, "st_blocks", None)  # Windows has none. In units of 512 bytes, whatever the disk's.
            sparse = name.endswith(".part") and blocks is not None
            total += min(found.st_size, blocks * 512) if sparse and blocks is not None else found.st_size
    return total
