# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed: reads the models folder, which has huggingface_hub's cache layout, and nothing else.

Not for a panel's `draw()`: it touches the disk. Needs no network and does not import huggingface_hub.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from . import library_marks
from .catalog import Entry, Source

if TYPE_CHECKING:
    from . import transfer


@dataclasses.dataclass(frozen=True, slots=True)
class Installed:
    """A complete model on disk. `path` is its snapshot folder, `size` in bytes, `revision` the commit."""

    path: Path
    size: int
    revision: str


class ModelState(StrEnum):
    """How a model is on disk. The value is the word in JSON: part of the contract."""

    MISSING = "missing"
    PARTIAL = "partial"
    """Something of it is there: a download was interrupted, or files were removed."""
    INSTALLED = "installed"
    """Complete, and every file's hash was compared with the published one and not changed since."""
    UNVERIFIED = "unverified"
    """Complete by names and sizes; the hashes were not compared."""
    DAMAGED = "damaged"
    UPDATE = "update"
    """Installed, and the hub had a newer revision when it was last asked."""

    @property
    def usable(self) -> bool:
        """Whether the model can be loaded as it is."""
        return self in (ModelState.INSTALLED, ModelState.UNVERIFIED, ModelState.UPDATE)


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """What the disk holds of a model. Sizes in bytes."""

    state: ModelState
    installed: Installed | None = None
    """The complete snapshot (of the first repository), damaged or not."""
    bytes_done: int = 0
    """Of `bytes_total`: what need not be fetched any more."""
    bytes_total: int = 0
    """The catalogue's estimate until the model was complete once."""
    damaged: tuple[str, ...] = ()
    """The files that are not what was published."""
    newer: library_marks.Newer | None = None
    partials: int = 0
    """Bytes of interrupted transfers; they may lie beside a complete snapshot (an update was interrupted)."""


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


def status(models_dir: Path, entry: Entry) -> Status:
    """The state of one model, from names, sizes, times and the marks of earlier checks: reads no content.

    Never raises: what cannot be read is not there.
    """
    parts = [_source_status(models_dir, source, entry) for source in entry.sources]
    if len(parts) == 1:
        return parts[0]
    states = {part.state for part in parts}
    return Status(
        state=_joined(states),
        installed=parts[0].installed if all(part.installed for part in parts) else None,
        bytes_done=sum(part.bytes_done for part in parts),
        bytes_total=max(entry.size, sum(part.bytes_done for part in parts)),
        damaged=tuple(name for part in parts for name in part.damaged),
        newer=next((part.newer for part in parts if part.newer), None),
        partials=sum(part.partials for part in parts),
    )


def scan(models_dir: Path, entries: Iterable[Entry]) -> dict[str, Status]:
    """The state of each model, by id."""
    return {entry.id: status(models_dir, entry) for entry in entries}


def _joined(states: set[ModelState]) -> ModelState:
    """The state of a bundle from those of its repositories."""
    if len(states) == 1:
        return next(iter(states))
    for state in (ModelState.DAMAGED, ModelState.PARTIAL, ModelState.MISSING, ModelState.UNVERIFIED, ModelState.UPDATE):
        if state in states:
            return ModelState.PARTIAL if state is ModelState.MISSING else state
    raise AssertionError("unreachable")


def _source_status(models_dir: Path, source: Source, entry: Entry) -> Status:
    folder = repository_folder(models_dir, source)
    if not folder.is_dir():
        return Status(ModelState.MISSING, bytes_total=entry.size)
    marks = library_marks.read(folder)
    partials = sum(partial.bytes_done for _, partial in partial_files(folder))
    for snapshot in _snapshots(folder, source.revision):
        files = _files(snapshot)
        size = _complete_size(folder, snapshot, source, files)
        if size is None:
            continue
        state, damaged = _verdict(marks, snapshot.name, source, files)
        newer = marks.newer if marks.newer and marks.newer.commit != snapshot.name else None
        if newer and state is ModelState.INSTALLED:
            state = ModelState.UPDATE
        return Status(state, Installed(snapshot, size, snapshot.name), size, size, damaged, newer, partials)
    for snapshot in _snapshots(folder, source.revision):
        if damaged := _misfits(folder, snapshot, source):
            return Status(ModelState.DAMAGED, bytes_total=entry.size, damaged=damaged, partials=partials)
    return _incomplete(folder, source, entry, partials)


def _verdict(
    marks: library_marks.Marks, commit: str, source: Source, files: dict[str, os.stat_result]
) -> tuple[ModelState, tuple[str, ...]]:
    """What earlier checks of a complete snapshot say, and the damaged files."""
    found = {name: marks.of(commit, name, stat) for name, stat in files.items() if matches(name, source.patterns)}
    if damaged := tuple(sorted(name for name, mark in found.items() if mark and not mark.whole)):
        return ModelState.DAMAGED, damaged
    return (ModelState.INSTALLED if all(found.values()) else ModelState.UNVERIFIED), ()


def _misfits(folder: Path, snapshot: Path, source: Source) -> tuple[str, ...]:
    """The files of an incomplete snapshot that are there, but with another size than the published one."""
    expected = library_marks.published(folder, snapshot.name) or {}
    present = {name: found.st_size for name, found in _files(snapshot).items() if matches(name, source.patterns)}
    return tuple(sorted(name for name, size in present.items() if name in expected and size != expected[name].size))


def _incomplete(folder: Path, source: Source, entry: Entry, partials: int) -> Status:
    """A repository without a complete snapshot: how much of it is there.

    What an unfinished download has fetched is not linked into a snapshot yet, so blobs are counted, not names.
    """
    done = partials + sum(size for _, size in stored_files(folder, source))
    total = max(entry.size, done)
    for snapshot in _snapshots(folder, source.revision):
        listing = library_marks.published(folder, snapshot.name) or {}
        if exact := sum(file.size for name, file in listing.items() if matches(name, source.patterns)):
            total = exact
            break
    state = ModelState.PARTIAL if done else ModelState.MISSING
    return Status(state, bytes_done=min(done, total), bytes_total=total, partials=partials)


def newest_snapshot(folder: Path, source: Source) -> Path | None:
    """The snapshot that serves an entry: the newest complete one, else the one a download has begun."""
    found = list(_snapshots(folder, source.revision))
    return next((path for path in found if _complete_size(folder, path, source) is not None), next(iter(found), None))


def snapshot_files(folder: Path, commit: str | None = None) -> Iterator[Path]:
    """Every file and link below a repository's snapshots, or below that of one commit. Links are not followed."""
    for root, folders, names in os.walk(folder / "snapshots" / (commit or "")):
        yield from (Path(root, name) for name in names if not name.endswith(_UNFINISHED))
        yield from (Path(root, name) for name in folders if os.path.islink(os.path.join(root, name)))


def partial_files(folder: Path) -> Iterator[tuple[Path, transfer.Partial]]:
    """Targets below a repository's folder that an interrupted transfer left unfinished: blobs, or, where links are
    not supported, files of a snapshot."""
    # Here, not above: Blender imports this file at its start, and the transfers only matter when somebody looks.
    from . import transfer

    with contextlib.suppress(OSError):
        if any(name.endswith(".part") for name in os.listdir(folder / "blobs")):
            yield from transfer.partials(folder / "blobs")
    for root, _, names in os.walk(os.path.join(folder, "snapshots")):
        if any(name.endswith(".part") for name in names):
            yield from transfer.partials(Path(root))


def stored_files(folder: Path, source: Source | None = None) -> Iterator[tuple[Path, int]]:
    """The files with content of their own in a repository's folder and their sizes in bytes: finished blobs, and files
    of snapshots that are no links. With `source` without those that only files it does not want are made of.
    """
    foreign: set[str] = set()
    blobs: list[tuple[Path, int]] = []
    for root, _, names in os.walk(folder / "snapshots"):
        for name in names:
            path = Path(root, name)
            wanted = source is None or matches(_name_in_snapshot(folder, path), source.patterns)
            if path.is_symlink():
                if not wanted:
                    foreign.add(Path(os.readlink(path)).name)
            elif wanted and not name.endswith(_UNFINISHED):
                blobs += _sized(path)
    with contextlib.suppress(OSError):
        for path in (folder / "blobs").iterdir():
            if path.name not in foreign and not path.name.endswith(_UNFINISHED):
                blobs += _sized(path)
    yield from blobs


def _name_in_snapshot(folder: Path, path: Path) -> str:
    return "/".join(path.relative_to(folder / "snapshots").parts[1:])


def _sized(path: Path) -> list[tuple[Path, int]]:
    try:
        return [(path, path.stat().st_size)]
    except OSError:
        return []


_UNFINISHED = (".part", ".journal", ".journal.new", ".lock", ".incomplete", ".tmp")


def _snapshots(folder: Path, revision: str | None) -> Iterator[Path]:
    """The snapshot of the wanted revision; without one, that of `main` and then the others, newest first."""
    snapshots = folder / "snapshots"
    wanted = revision or "main"
    first = snapshots / (read_ref(folder, wanted) or wanted)
    if first.is_dir():
        yield first
    if revision is not None:
        return
    try:
        others = [path for path in snapshots.iterdir() if path.is_dir() and path != first]
    except OSError:
        return
    yield from sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)


def read_ref(folder: Path, name: str) -> str | None:
    """The commit that a branch or tag stood for when it was downloaded last, or None."""
    try:
        return (folder / "refs" / name).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _complete_size(
    folder: Path, snapshot: Path, source: Source, files: dict[str, os.stat_result] | None = None
) -> int | None:
    """The bytes of a complete snapshot, or None for an incomplete one. `files` if they were looked at already."""
    present = {name: found.st_size for name, found in (_files(snapshot) if files is None else files).items()}
    expected = library_marks.published(folder, snapshot.name)
    if expected is not None:
        wanted = {name: file.size for name, file in expected.items() if matches(name, source.patterns)}
        whole = bool(wanted) and all(present.get(name) == size for name, size in wanted.items())
        return sum(wanted.values()) if whole else None
    needed = source.allow or ("*",)
    whole = all(any(size and fnmatch(name, pattern) for name, size in present.items()) for pattern in needed)
    return sum(size for name, size in present.items() if matches(name, source.patterns)) if whole else None


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a file of a repository is wanted; no patterns want everything. As huggingface_hub filters."""
    return not patterns or any(fnmatch(name, pattern) for pattern in patterns)


def _files(snapshot: Path) -> dict[str, os.stat_result]:
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
