# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with a model on disk: verify, repair, delete, discard, count, ask for a newer one.

These read or remove gigabytes, or ask the hub: for worker threads and the command line, not for Blender's main thread.
Nothing outside the models folder is ever removed, and nothing that a running download holds.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from . import direct_links, library, library_marks
from .catalog import Entry, Source
from .control import Control
from .errors import FolderNotWritableError, LinkedFolderError, ModelBusyError, ModelNotInstalledError
from .events import Progress, State
from .file_names import is_revision
from .hub import Hub, Plan
from .library import repository_folder
from .locks import try_lock
from .speed import SpeedMeter
from .transfer import partial

log = logging.getLogger(__name__)

Report = Callable[[Progress], None]

_REPORT_EVERY = 0.1
"""Seconds between progress events."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """What reading every file of a model showed. Names are relative to their repository; a bundle's have it before."""

    verified: tuple[str, ...]
    damaged: tuple[str, ...]
    """There, but not what was published."""
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    """There, but nobody kept the published hash: the cache was written by a program that does not."""

    @property
    def whole(self) -> bool:
        """Whether every file is what was published."""
        return not (self.damaged or self.missing or self.unknown)


@dataclasses.dataclass(frozen=True, slots=True)
class _Check:
    """One file to read, and what it should be; `expected` None if nobody knows."""

    name: str
    snapshot: Path
    expected: library_marks.Published | None
    label: str = ""
    """Put before the name in messages: the repository, where there are several."""


# Verify


def verify(
    models_dir: Path, entry: Entry, control: Control | None = None, report: Report | None = None, job: str = ""
) -> Verification:
    """Read every file of a model and compare its hash with the published one; remember the result for `status`.

    `report` gets progress in state VERIFYING on this thread, under the name `job`. Blocks for about a second a
    gigabyte. Raises JobCancelled soon after `control.cancel()` (what was compared until then is remembered),
    ModelNotInstalledError if there is no snapshot, FolderNotWritableError if the result cannot be kept.
    """
    parts = {source: _checks(models_dir, source, entry.is_bundle) for source in entry.parts}
    checks = [check for part in parts.values() for check in part]
    if not checks:
        raise ModelNotInstalledError(entry.id)
    reader = _Reader(control or Control(), report or (lambda _: None), _expected_progress(job, entry, checks))
    outcome: dict[str, list[str]] = {"verified": [], "damaged": [], "missing": [], "unknown": []}
    # Of a part of which nothing is there nobody may know the files.
    outcome["missing"] += [source.repo for source, part in parts.items() if not part]
    found: dict[Path, list[tuple[_Check, os.stat_result, bool]]] = {}
    try:
        for check in checks:
            kind, state = reader.read(check)
            outcome[kind].append(check.label + check.name)
            if state is not None and kind != "unknown":
                found.setdefault(check.snapshot.parent.parent, []).append((check, state, kind == "verified"))
    finally:
        for folder, rows in found.items():
            _remember(folder, rows)
    return Verification(**{kind: tuple(names) for kind, names in outcome.items()})


def _checks(models_dir: Path, source: Source, in_bundle: bool) -> list[_Check]:
    """The files to read of a repository: of its complete snapshot, or, without one, of the one that should be."""
    folder = repository_folder(models_dir, source)
    snapshot = library.newest_snapshot(folder, source)
    if snapshot is None:
        return []
    label = f"{source.repo}/" if in_bundle else ""
    listing = library_marks.published(folder, snapshot.name)
    if listing is None and source.links:
        listing = direct_links.listing(source)
    if listing is not None:
        return [_Check(name, snapshot, file, label) for name, file in listing.items() if source.wants(name)]
    paths = [path for path in sorted(snapshot.rglob("*")) if not path.is_dir()]
    names = [name for path in paths if source.wants(name := path.relative_to(snapshot).as_posix())]
    return [_Check(name, snapshot, _named_hash(snapshot / name), label) for name in names]


def _named_hash(path: Path) -> library_marks.Published | None:
    """What a file should be by the name of its blob, which is its hash, where no listing was kept."""
    try:
        blob = Path(os.readlink(path)).name
        size = path.stat().st_size
    except OSError:
        return None
    hexadecimal = len(blob) in (40, 64) and set(blob) <= set("0123456789abcdef")
    return library_marks.Published(size, blob) if hexadecimal else None


def _expected_progress(job: str, entry: Entry, checks: list[_Check]) -> Progress:
    total = sum(check.expected.size for check in checks if check.expected)
    return Progress(job=job, model=entry.id, state=State.VERIFYING, files_total=len(checks), bytes_total=total)


class _Reader:
    """Reads file after file and says how far it is."""

    def __init__(self, control: Control, report: Report, progress: Progress) -> None:
        self._control = control
        self._report = report
        self._progress = progress
        self._meter = SpeedMeter()
        self._reported = 0.0

    def read(self, check: _Check) -> tuple[str, os.stat_result | None]:
        """What became of one file ("verified", "damaged", ...) and the state it was in."""
        self._control.check()
        self._say(file=check.label + check.name)
        path = check.snapshot / check.name
        kind, found = "unknown", None
        try:
            found = path.stat()
            if check.expected is not None and found.st_size != check.expected.size:
                kind = "damaged"
            elif check.expected is not None:
                digest, found = library_marks.digest(path, check.expected, self._advance)
                kind = "verified" if digest == check.expected.digest else "damaged"
        except FileNotFoundError:
            kind = "missing"
        except OSError as error:
            # A disk that cannot give the bytes back has damaged them.
            log.warning("%s cannot be read: %s", path, error)
            kind = "damaged"
        self._say(files_done=self._progress.files_done + 1)
        return kind, found

    def _advance(self, count: int) -> None:
        self._control.check()
        done = self._progress.bytes_done + count
        self._meter.add(done)
        self._say(bytes_done=done)

    def _say(self, **changes: object) -> None:
        last = self._progress.files_done + 1 == self._progress.files_total and "files_done" in changes
        self._progress = dataclasses.replace(self._progress, **changes)  # type: ignore[arg-type]
        if time.monotonic() - self._reported < _REPORT_EVERY and not last:
            return
        self._reported = time.monotonic()
        left = self._progress.bytes_total - self._progress.bytes_done
        speed, eta = self._meter.speed, self._meter.eta(left) if left > 0 else 0.0
        self._report(dataclasses.replace(self._progress, speed=speed, eta=eta))


def _remember(folder: Path, rows: list[tuple[_Check, os.stat_result, bool]]) -> None:
    marks = library_marks.read(folder)
    for check, found, whole in rows:
        marks.set(check.snapshot, check.name, found, whole)
    _write_marks(folder, marks)


def _write_marks(folder: Path, marks: library_marks.Marks) -> None:
    try:
        library_marks.write(folder, marks)
    except OSError as error:
        raise FolderNotWritableError(folder, (error.strerror or str(error)).lower()) from error


SAME = "@installed"
"""Given as the revision of a download: the commits that are on the disk, each part's own. What a repair fetches."""


def commit_on_disk(models_dir: Path, source: Source) -> str | None:
    """The hub's commit that is there of a part, complete or not; None without one, or for one that was imported."""
    folder = repository_folder(models_dir, source)
    snapshot = library.newest_snapshot(folder, source)
    if snapshot is None or library_marks.is_made_up(folder, snapshot.name):
        return None
    return snapshot.name


# Remove


def remove_damaged(models_dir: Path, entry: Entry) -> tuple[str, ...]:
    """Remove the files that are known to be damaged, and nothing else; a download then fetches only those.

    The answer is their names. Raises ModelBusyError, LinkedFolderError, FolderNotWritableError.
    """
    names: list[str] = []
    for source in entry.parts:
        folder = repository_folder(models_dir, source)
        damaged = library.part_status(models_dir, source).damaged
        snapshot = library.newest_snapshot(folder, source)
        if snapshot and damaged:
            _remove(models_dir, folder, entry.id, [snapshot / name for name in damaged], {}, keep_shared=False)
            names += [f"{source.repo}/{name}" if entry.is_bundle else name for name in damaged]
    return tuple(names)


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
        if not folder.is_dir():
            continue
        commits = [revision] if revision else _commits(folder, source)
        names = [
            path
            for commit in commits
            for path in library.snapshot_files(folder, commit)
            if _wanted(folder, path, source)
        ]
        loose = _loose_blobs(folder, source) if revision is None else []
        partials = library.own_partials(folder, source) if revision is None else {}
        left = library.import_leftovers(folder) if revision is None else []
        freed += _remove(models_dir, folder, entry.id, [*names, *loose, *left], partials)
        _tidy(folder)
    return freed


def discard(models_dir: Path, entry: Entry) -> int:
    """Delete what interrupted downloads of a model left. The answer is the bytes freed. Raises as `delete`."""
    freed = 0
    for source in entry.parts:
        folder = repository_folder(models_dir, source)
        if folder.is_dir():
            left = library.import_leftovers(folder)
            freed += _remove(models_dir, folder, entry.id, left, library.own_partials(folder, source))
            _tidy(folder)
    return freed


def _commits(folder: Path, source: Source) -> list[str]:
    """The snapshots that are an entry's to delete."""
    with contextlib.suppress(OSError):
        there = [path.name for path in (folder / "snapshots").iterdir()]
        # The commit of direct files is made of the catalogue's hashes: what an older catalogue said goes too.
        if source.revision is None or source.links:
            return there
        ours = library.read_ref(folder, source.revision)
        if ours is None:
            return [source.revision]  # A commit, or a tag that was never downloaded.
        names = [path.relative_to(folder / "refs").as_posix() for path in (folder / "refs").rglob("*")]
        others = {library.read_ref(folder, name) for name in names if name != source.revision}
        return [commit for commit in there if commit == ours or commit not in others]
    return []


def _wanted(folder: Path, path: Path, source: Source) -> bool:
    return source.wants("/".join(path.relative_to(folder / "snapshots").parts[1:]))


def _loose_blobs(folder: Path, source: Source) -> list[Path]:
    """Finished blobs of the entry that no snapshot uses yet: the download was interrupted before the last one."""
    used = {_blob(folder, path) for path in library.snapshot_files(folder)}
    others = library.planned_for_others(folder, source)
    stored = (path for path, _ in library.stored_files(folder, source) if path.name not in others)
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
    _check_inside(models_dir, folder)
    blobs = {blob for path in paths if (blob := _blob(folder, path))}
    if keep_shared:
        gone = set(paths)
        blobs -= {_blob(folder, path) for path in library.snapshot_files(folder) if path not in gone}
    targets = {path for path in paths if not path.is_symlink()} | blobs
    parts = [target for target, _ in library.partial_files(folder)]
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
            raise FolderNotWritableError(folder, (error.strerror or str(error)).lower()) from error
    return freed


def _check_inside(models_dir: Path, folder: Path) -> None:
    """Refuse a repository that is, or whose parts are, links to elsewhere. Raises LinkedFolderError."""
    real = Path(os.path.realpath(models_dir)) / folder.name
    snapshots = folder / "snapshots"
    inner = [path for path in snapshots.iterdir() if path.is_dir()] if snapshots.is_dir() else []
    for path in (folder, folder / "blobs", snapshots, *inner):
        target = Path(os.path.realpath(path))
        if path.exists() and target != real / path.relative_to(folder):
            raise LinkedFolderError(path, target)


def _blob(folder: Path, path: Path) -> Path | None:
    """The blob behind a file of a snapshot, or the file itself if it is a blob; None for anything elsewhere."""
    if not path.is_symlink():
        return path if path.parent == folder / "blobs" else None
    target = Path(os.path.normpath(path.parent / os.readlink(path)))
    return target if target.parent == folder / "blobs" else None


def _locked(folder: Path) -> Iterator[Path]:
    """What is locked below a repository's folder, or was when its holder was killed."""
    for root, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".lock"):
                yield Path(root, name.removesuffix(".lock"))


def _unlink(path: Path) -> int:
    """Remove a file or link; the bytes that freed. One that is gone already is fine. Raises OSError."""
    try:
        found = path.lstat()
        path.unlink()
    except FileNotFoundError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0


def _tidy(folder: Path) -> None:
    """Remove empty folders; and what is left of a repository without content: references, listings, our marks."""
    for root, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(root)
    if any(True for place in ("blobs", "snapshots") for _ in (folder / place).rglob("*")):
        return
    for root, folders, names in os.walk(folder, topdown=False):
        for name in names:
            with contextlib.suppress(OSError):
                Path(root, name).unlink()
        for name in folders:
            with contextlib.suppress(OSError):
                Path(root, name).rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()


# Count and ask


def usage(models_dir: Path) -> int:
    """Bytes that the models folder takes on the disk: everything below it, links not followed, nothing counted twice.

    A partial file counts with what is written of it, where the system tells.
    """
    total = 0
    seen: set[tuple[int, int]] = set()
    for root, _, names in os.walk(models_dir):
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


def check_updates(hub: Hub, models_dir: Path, entry: Entry) -> library_marks.Newer | None:
    """Ask the hub whether a model has changed since it was installed; None if not. `status` remembers the answer.

    Only the entry's own files count: a repository often changes nothing but its README. Blocks on the network and
    raises what `Hub.plan` raises, and ModelNotInstalledError.
    """
    if library.find(models_dir, entry) is None:
        raise ModelNotInstalledError(entry.id)
    found: list[library_marks.Newer] = []
    for source in entry.sources:
        folder = repository_folder(models_dir, source)
        snapshot = library.newest_snapshot(folder, source)
        plan = hub.plan(source, models_dir)
        newer = _difference(plan, snapshot) if snapshot else None
        marks = library_marks.read(folder)
        if marks.newer != newer:
            marks.newer = newer
            _write_marks(folder, marks)
        found += [newer] if newer else []
    return dataclasses.replace(found[0], size=sum(newer.size for newer in found)) if found else None


def _difference(plan: Plan, snapshot: Path) -> library_marks.Newer | None:
    if plan.commit == snapshot.name:
        return None
    listing = library_marks.published(plan.folder, snapshot.name)
    if listing is None:
        return library_marks.Newer(plan.commit, plan.bytes_total - plan.bytes_present)
    old = {name: file.digest for name, file in listing.items()}
    changed = [file for file in plan.files if old.get(file.path) != file.blob]
    gone = [name for name in old if plan.source.wants(name)]
    if not changed and set(gone) == {file.path for file in plan.files}:
        return None
    return library_marks.Newer(plan.commit, sum(file.size for file in changed if not file.present))
