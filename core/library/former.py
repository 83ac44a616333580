# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier versions of a model still take on the disk: an update keeps them, for who wants to go back."""

from __future__ import annotations

import contextlib
import os
import stat
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..catalog.entries import Source
from . import layout
from . import marks as library_marks


def commits_of(folder: Path, source: Source) -> list[str]:
    """The snapshots in a repository's folder that are a source's own. Never raises."""
    with contextlib.suppress(OSError):
        there = [path.name for path in (folder / "snapshots").iterdir()]
        # The commit of direct files is made of the catalogue's hashes: what an older catalogue said is its, too.
        if source.revision is None or source.links:
            return there
        ours = layout.read_ref(folder, source.revision)
        if ours is None:
            return [source.revision]  # A commit, or a tag that was never downloaded.
        others = {commit for name, commit in _references(folder).items() if name != source.revision}
        return [commit for commit in there if commit == ours or commit not in others]
    return []


def commits(folder: Path, source: Source, current: str) -> list[str]:
    """Of those the ones that the version `current` has taken the place of: no branch or tag leads to them, and no
    download is bringing them. Never raises."""
    found = commits_of(folder, source)
    if len(found) < 2:
        return []
    planned = library_marks.read(folder).planned
    kept = {current, planned.commit if planned else "", *_references(folder).values()}
    return sorted(commit for commit in found if commit not in kept)


def files(folder: Path, source: Source, commits: Iterable[str]) -> list[Path]:
    """The files of a source in these snapshots: names, not what is behind their links."""
    return [
        path
        for commit in commits
        for path in layout.snapshot_files(folder, commit)
        if source.wants("/".join(path.relative_to(folder / "snapshots").parts[1:]))
    ]


def size(folder: Path, source: Source, current: str) -> int:
    """Bytes that become free when what came before the version `current` is deleted. Never raises."""
    former = commits(folder, source, current)
    if not former:
        return 0
    return freed_by(folder, files(folder, source, former))


def freed_by(folder: Path, paths: Iterable[Path]) -> int:
    """Bytes that become free when these names go, and the blobs that only they lead to."""
    gone = set(paths)
    blobs = {blob for path in gone if (blob := blob_of(folder, path))}
    blobs -= {blob_of(folder, path) for path in layout.snapshot_files(folder) if path not in gone}
    names: Counter[tuple[int, int]] = Counter()
    sizes: dict[tuple[int, int], tuple[int, int]] = {}
    total = 0
    for path in gone | blobs:
        with contextlib.suppress(OSError):
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode):
                continue
            if found.st_nlink <= 1:
                total += found.st_size
                continue
            names[found.st_dev, found.st_ino] += 1
            sizes[found.st_dev, found.st_ino] = (found.st_nlink, found.st_size)
    return total + sum(size for file, (links, size) in sizes.items() if names[file] >= links)


def blob_of(folder: Path, path: Path) -> Path | None:
    """The blob behind a file of a snapshot, or the file itself if it is a blob; None for anything elsewhere."""
    if not path.is_symlink():
        return path if path.parent == folder / "blobs" else None
    target = Path(os.path.normpath(path.parent / os.readlink(path)))
    return target if target.parent == folder / "blobs" else None


def _references(folder: Path) -> dict[str, str | None]:
    names = [path.relative_to(folder / "refs").as_posix() for path in (folder / "refs").rglob("*")]
    return {name: layout.read_ref(folder, name) for name in names}
