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
from collections.abc import Callable, Iterator
from pathlib import Path

from . import library, library_marks, transfer
from .catalog import Entry, Source
from .control import Control
from .errors import FolderNotWritableError, LinkedFolderError, ModelBusyError, ModelNotInstalledError
from .events import Progress, State
from .hub import LARGE, Hub, Plan
from .library import matches, repository_folder
from .locks import try_lock
from .speed import SpeedMeter

log = logging.getLogger(__name__)

Report = Callable[[Progress], None]

_REPORT_EVERY = 0.1
"""Seconds between progress events."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """What reading every file of a model showed. Names are relative to their repository."""

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


# Verify


def verify(
    models_dir: Path, entry: Entry, control: Control | None = None, report: Report | None = None, job: str = ""
) -> Verification:
    """Read every file of a model and compare its hash with the published one; remember the result for `status`.

    `report` gets progress in state VERIFYING on this thread, under the name `job`. Blocks for about a second a
    gigabyte. Raises JobCancelled soon after `control.cancel()` (what was compared until then is remembered),
    ModelNotInstalledError if there is no snapshot, FolderNotWritableError if the result cannot be kept.
    """
    checks = [check for source in entry.sources for check in _checks(models_dir, source)]
    if not checks:
        raise ModelNotInstalledError(entry.id)
    reader = _Reader(control or Control(), report or (lambda _: None), _expected_progress(job, entry, checks))
    outcome: dict[str, list[str]] = {"verified": [], "damaged": [], "missing": [], "unknown": []}
    found: dict[Path, list[tuple[_Check, os.stat_result, bool]]] = {}
    try:
        for check in checks:
            kind, state = reader.read(check)
            outcome[kind].append(check.name)
            if state is not None and kind != "unknown":
                found.setdefault(check.snapshot.parent.parent, []).append((check, state, kind == "verified"))
    finally:
        for folder, rows in found.items():
            _remember(folder, rows)
    return Verification(**{kind: tuple(names) for kind, names in outcome.items()})


def _checks(models_dir: Path, source: Source) -> list[_Check]:
    """The files to read of a repository: of its complete snapshot, or, without one, of the one that should be."""
    folder = repository_folder(models_dir, source)
    snapshot = library.newest_snapshot(folder, source)
    if snapshot is None:
        return []
    listing = library_marks.published(folder, snapshot.name)
    if listing is not None:
        return [_Check(name, snapshot, file) for name, file in listing.items() if matches(name, source.patterns)]
    names = [path.relative_to(snapshot).as_posix() for path in sorted(snapshot.rglob("*")) if not path.is_dir()]
    return [_Check(name, snapshot, _named_hash(snapshot / name)) for name in names if matches(name, source.patterns)]


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
        self._say(file=check.name)
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


def record_download(plan: Plan) -> None:
    """Remember what a finished download has compared: the large files on their way, the small ones now.

    What was there before the download keeps the mark it had. Never raises: the download has succeeded all the same.
    """
    try:
        marks = library_marks.read(plan.folder)
        for file in plan.files:
            path = plan.snapshot / file.path
            if file.size < LARGE:
                # It came through huggingface_hub, which compares no hash. Reading it costs nothing.
                like = library_marks.Published(file.size, file.blob)
                digest, found = library_marks.digest(path, like, lambda _: None)
                marks.set(plan.snapshot, file.path, found, digest == file.blob)
            elif file.sha256 and not file.present:
                # `transfer` has compared its hash, or it would not be there.
                marks.set(plan.snapshot, file.path, path.stat(), True)
            else:
                _carry_over(marks, plan, file.path)
        if marks.newer and marks.newer.commit == plan.commit:
            marks.newer = None
        library_marks.write(plan.folder, marks)
    except OSError as error:
        log.warning("the check of %s is not remembered: %s", plan.source.repo, error)


def _carry_over(marks: library_marks.Marks, plan: Plan, name: str) -> None:
    """A file that another snapshot shares was compared with the same hash there."""
    found = (plan.snapshot / name).stat()
    for commit, rows in list(marks.files.items()):
        other = plan.folder / "snapshots" / commit / name
        mark = rows.get(name)
        if mark and mark.whole and (mark.size, mark.mtime_ns) == (found.st_size, found.st_mtime_ns):
            with contextlib.suppress(OSError):
                if os.path.samefile(other, plan.snapshot / name):
                    marks.set(plan.snapshot, name, found, True)
                    return


# Remove


def remove_damaged(models_dir: Path, entry: Entry) -> tuple[str, ...]:
    """Remove the files that are known to be damaged, and nothing else; a download then fetches only those.

    The answer is their names. Raises ModelBusyError, LinkedFolderError, FolderNotWritableError.
    """
    names: list[str] = []
    for source in entry.sources:
        folder = repository_folder(models_dir, source)
        state = library.status(models_dir, dataclasses.replace(entry, sources=(source,)))
        snapshot = library.newest_snapshot(folder, source)
        if snapshot and state.damaged:
            _remove(models_dir, folder, entry.id, [snapshot / name for name in state.damaged], keep_shared=False)
            names += state.damaged
    return tuple(names)


def delete(models_dir: Path, entry: Entry, revision: str | None = None) -> int:
    """Delete a model's files: of all its snapshots, or of one commit. The answer is the bytes freed.

    Blobs that another snapshot, or a file that is not the entry's, uses stay. What an interrupted download left goes
    too, unless a `revision` is given. A repository's folder goes when nothing is left in it. Raises ModelBusyError
    while a download holds one of the files (nothing is removed then), LinkedFolderError, FolderNotWritableError.
    """
    freed = 0
    for source in entry.sources:
        folder = repository_folder(models_dir, source)
        if not folder.is_dir():
            continue
        only = revision or _commit(folder, source.revision)
        names = [path for path in library.snapshot_files(folder, only) if _wanted(folder, path, source)]
        loose = _loose_blobs(folder, source) if only is None else []
        freed += _remove(models_dir, folder, entry.id, [*names, *loose], partials=only is None)
        _tidy(folder)
    return freed


def discard(models_dir: Path, entry: Entry) -> int:
    """Delete what interrupted downloads of a model left. The answer is the bytes freed. Raises as `delete`."""
    freed = 0
    for source in entry.sources:
        folder = repository_folder(models_dir, source)
        if folder.is_dir():
            freed += _remove(models_dir, folder, entry.id, [], partials=True)
            _tidy(folder)
    return freed


def _commit(folder: Path, revision: str | None) -> str | None:
    """The commit a pinned entry means; None for one that floats."""
    return None if revision is None else library.read_ref(folder, revision) or revision


def _wanted(folder: Path, path: Path, source: Source) -> bool:
    return matches("/".join(path.relative_to(folder / "snapshots").parts[1:]), source.patterns)


def _loose_blobs(folder: Path, source: Source) -> list[Path]:
    """Finished blobs of the entry that no snapshot uses yet: the download was interrupted before the last one."""
    return [path for path, _ in library.stored_files(folder, source) if path.parent.name == "blobs"]


def _remove(
    models_dir: Path, folder: Path, model: str, paths: list[Path], *, partials: bool = False, keep_shared: bool = True
) -> int:
    """Remove files of a repository, and the blobs behind them that nothing else uses. Returns the bytes freed."""
    _check_inside(models_dir, folder)
    blobs = {blob for path in paths if (blob := _blob(folder, path))}
    if keep_shared:
        gone = set(paths)
        blobs -= {_blob(folder, path) for path in library.snapshot_files(folder) if path not in gone}
    targets = {path for path in paths if not path.is_symlink()} | blobs
    parts = {target: part.bytes_done for target, part in library.partial_files(folder)}
    with contextlib.ExitStack() as locks:
        # Whatever is being downloaded into this repository: its files are locked, one by one.
        for target in sorted({*targets, *parts, *_locked(folder)}):
            if target.parent.is_dir() and not locks.enter_context(try_lock(transfer.beside(target, ".lock"))):
                raise ModelBusyError(model)
        freed = 0
        try:
            for path in [*paths, *blobs]:
                freed += _unlink(path)
            for target, size in parts.items() if partials else ():
                for path in (transfer.journal_file(target), transfer.part_file(target)):
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
    newest: library_marks.Newer | None = None
    for source in entry.sources:
        folder = repository_folder(models_dir, source)
        snapshot = library.newest_snapshot(folder, source)
        plan = hub.plan(source, models_dir)
        newer = _difference(plan, snapshot) if snapshot else None
        marks = library_marks.read(folder)
        if marks.newer != newer:
            marks.newer = newer
            _write_marks(folder, marks)
        newest = newest or newer
    return newest


def _difference(plan: Plan, snapshot: Path) -> library_marks.Newer | None:
    if plan.commit == snapshot.name:
        return None
    listing = library_marks.published(plan.folder, snapshot.name)
    if listing is None:
        return library_marks.Newer(plan.commit, plan.bytes_total - plan.bytes_present)
    old = {name: file.digest for name, file in listing.items()}
    changed = [file for file in plan.files if old.get(file.path) != file.blob]
    gone = [name for name in old if matches(name, plan.source.patterns)]
    if not changed and set(gone) == {file.path for file in plan.files}:
        return None
    return library_marks.Newer(plan.commit, sum(file.size for file in changed if not file.present))
