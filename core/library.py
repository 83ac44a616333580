# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed: reads the models folder, which has huggingface_hub's cache layout, and nothing else.

Not for a panel's `draw()`: it touches the disk. Needs no network and does not import huggingface_hub.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from .catalog import Entry, Source


@dataclasses.dataclass(frozen=True, slots=True)
class Installed:
    """A complete model on disk. `path` is its snapshot folder, `size` in bytes, `revision` the commit."""

    path: Path
    size: int
    revision: str


def shared_cache() -> Path:
    """The Hugging Face cache that all programs of this user share, where its own variables put it."""
    if cache := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(cache).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or f"{caches}/huggingface").expanduser() / "hub"


def repository_folder(models_dir: Path, source: Source) -> Path:
    """Where huggingface_hub keeps a repository: `models--OWNER--NAME` inside the models folder."""
    return models_dir / "--".join([f"{source.repo_type}s", *source.repo.split("/")])


def find(models_dir: Path, entry: Entry, revision: str | None = None) -> Installed | None:
    """The newest complete snapshot of the entry's (first) repository, or None.

    Complete means: every file of the published listing that the entry wants is there with its published size. For a
    cache written by a program that kept no listing: every file the entry cannot do without is there and not empty.
    """
    source = entry.sources[0]
    folder = repository_folder(models_dir, source)
    for snapshot in _snapshots(folder, revision or source.revision):
        size = _complete_size(folder, snapshot, source)
        if size is not None:
            return Installed(snapshot, size, snapshot.name)
    return None


def _snapshots(folder: Path, revision: str | None) -> Iterator[Path]:
    """The snapshot of the wanted revision; without one, that of `main` and then the others, newest first."""
    snapshots = folder / "snapshots"
    wanted = revision or "main"
    first = snapshots / (_ref(folder, wanted) or wanted)
    if first.is_dir():
        yield first
    if revision is not None:
        return
    try:
        others = [path for path in snapshots.iterdir() if path.is_dir() and path != first]
    except OSError:
        return
    yield from sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)


def _ref(folder: Path, name: str) -> str | None:
    try:
        return (folder / "refs" / name).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _complete_size(folder: Path, snapshot: Path, source: Source) -> int | None:
    """The bytes of a complete snapshot, or None for an incomplete one."""
    present = _files(snapshot)
    expected = _published_sizes(folder, snapshot.name)
    if expected is not None:
        wanted = {name: size for name, size in expected.items() if matches(name, source.patterns)}
        whole = bool(wanted) and all(present.get(name) == size for name, size in wanted.items())
        return sum(wanted.values()) if whole else None
    needed = source.allow or ("*",)
    whole = all(any(size and fnmatch(name, pattern) for name, size in present.items()) for pattern in needed)
    return sum(size for name, size in present.items() if matches(name, source.patterns)) if whole else None


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a file of a repository is wanted; no patterns want everything. As huggingface_hub filters."""
    return not patterns or any(fnmatch(name, pattern) for pattern in patterns)


def _files(snapshot: Path) -> dict[str, int]:
    """Files below a snapshot and their sizes in bytes. A link whose blob is gone is no file."""
    sizes: dict[str, int] = {}
    for root, _, names in os.walk(snapshot):
        for name in names:
            path = Path(root, name)
            try:
                sizes[path.relative_to(snapshot).as_posix()] = path.stat().st_size
            except OSError:
                continue
    return sizes


def _published_sizes(folder: Path, commit: str) -> dict[str, int] | None:
    """The listing that huggingface_hub 2.x keeps beside the snapshots (`trees/<commit>.json`), if there is one."""
    try:
        data = json.loads((folder / "trees" / f"{commit}.json").read_text(encoding="utf-8"))
        return {name: int(file.get("lfs_size") or file["size"]) for name, file in data["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
