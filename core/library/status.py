# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed: reads the models folder, which has huggingface_hub's cache layout, and nothing else.

Not for a panel's `draw()`: it touches the disk. Needs no network and does not import huggingface_hub.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ..catalog.entries import Entry, Source
from ..catalog.kinds import RUNTIME
from ..errors.models import ModelDamagedError, ModelNotInstalledError
from ..system.names import is_left_by_system
from . import former, runtimes
from . import listing as listings
from . import marks as library_marks
from .layout import (
    files_of,
    is_pointer,
    is_text_link,
    is_unfinished,
    partial_files,
    read_ref,
    repository_folder,
    snapshots_of,
    stored_files,
)
from .listing import published
from .states import Installed, ModelState, Status

SAME = "@installed"
"""Given as the revision of a download: the commits that are on the disk, each part's own. What a repair fetches."""

NEWEST = "@newest"
"""Given as the revision of a download: what the hub has now. Unlike without a revision, it is not done with what is on
the disk when the hub cannot be asked. What an update fetches."""


def find(models_dir: Path, entry: Entry, revision: str | None = None) -> Installed | None:
    """The newest complete snapshot of the entry, of every part of it, or None.

    Complete means: every file of the published listing that the entry wants is there with its published size. For a
    cache written by a program that kept no listing: every file the entry cannot do without is there and not empty.
    `revision` is for an entry with one part; one of a bundle is found as the catalogue has it.
    """
    parts = [_found(models_dir, source, None if entry.is_bundle else revision) for source in entry.parts]
    return _together(parts)


def _found(models_dir: Path, source: Source, revision: str | None) -> Installed | None:
    folder = repository_folder(models_dir, source)
    for snapshot in snapshots_of(folder, revision or source.revision):
        sizes = _complete(folder, snapshot, source)
        if sizes is not None:
            return Installed(snapshot, sum(sizes.values()), snapshot.name)
    return None


def _together(parts: list[Installed | None]) -> Installed | None:
    """The parts of an entry as one; None if one is missing."""
    there = [part for part in parts if part is not None]
    if not there or len(there) < len(parts):
        return None
    return there[0]._replace(size=sum(part.size for part in there))


def status(models_dir: Path, entry: Entry) -> Status:
    """The state of one model, from names, sizes, times and the marks of earlier checks: reads no content.

    Never raises: what cannot be read is not there. A runtime whose libraries are not unpacked is PARTIAL.
    """
    found = downloaded(models_dir, entry)
    if entry.kind == RUNTIME and found.state.usable and found.installed:
        with contextlib.suppress(OSError):
            if runtimes.is_unpacked(found.installed.path):
                return found
        return found._replace(state=ModelState.PARTIAL, installed=None)
    return found


def downloaded(models_dir: Path, entry: Entry) -> Status:
    """The same of what comes from a server alone, whether or not it was unpacked. Never raises."""
    sources = entry.parts
    if len(sources) == 1:
        return _source_status(models_dir, sources[0], entry.size)
    parts = [_source_status(models_dir, source, 0) for source in sources]
    done = sum(part.bytes_done for part in parts)
    known = sum(part.bytes_total for part in parts)
    newer = [part.newer for part in parts if part.newer]
    return Status(
        state=_joined({part.state for part in parts}),
        installed=_together([part.installed for part in parts]),
        bytes_done=done,
        # The total of a part is 0 until it was planned once.
        bytes_total=known if all(part.bytes_total for part in parts) else max(entry.size, known),
        damaged=_labelled(sources, [part.damaged for part in parts]),
        text_links=_labelled(sources, [part.text_links for part in parts]),
        newer=dataclasses.replace(newer[0], size=sum(one.size for one in newer)) if newer else None,
        partials=sum(part.partials for part in parts),
        former=sum(part.former for part in parts),
    )


def _labelled(sources: Sequence[Source], names: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The names of files of several parts, each behind its repository."""
    return tuple(f"{source.repo}/{name}" for source, of in zip(sources, names, strict=True) for name in of)


def part_status(models_dir: Path, source: Source) -> Status:
    """The state of one part of a model. Never raises."""
    return _source_status(models_dir, source, 0)


def scan(models_dir: Path, entries: Iterable[Entry]) -> dict[str, Status]:
    """The state of each model, by id."""
    return {entry.id: status(models_dir, entry) for entry in entries}


def _joined(states: set[ModelState]) -> ModelState:
    """The state of a bundle: the worst of its parts. A missing part makes the whole partial, unless all are missing."""
    if len(states) == 1:
        return next(iter(states))
    worst_first = (ModelState.DAMAGED, ModelState.PARTIAL, ModelState.MISSING, ModelState.UNVERIFIED, ModelState.UPDATE)
    state = next(state for state in worst_first if state in states)
    return ModelState.PARTIAL if state is ModelState.MISSING else state


def usable(models_dir: Path, entry: Entry) -> Installed:
    """A model that can be used now. Raises ModelDamagedError, also for one that a damaged file makes incomplete, and
    ModelNotInstalledError."""
    found = status(models_dir, entry)
    if found.damaged:
        raise ModelDamagedError(entry.id, found.damaged, found.text_links)
    if found.installed is None:
        raise ModelNotInstalledError(entry.id, partly=found.state is ModelState.PARTIAL)
    return found.installed


def _source_status(models_dir: Path, source: Source, estimate: int) -> Status:
    """`estimate`: the bytes of the whole until the hub has said so."""
    estimate = estimate or sum(link.size for link in source.links)
    folder = repository_folder(models_dir, source)
    if not os.path.isdir(folder):  # Not Path.is_dir(), which raises where we may not look.
        return Status(ModelState.MISSING, bytes_total=estimate)
    marks = library_marks.read(folder)
    partials = sum(own_partials(folder, source, marks).values())
    for snapshot in snapshots_of(folder, source.revision):
        files = files_of(snapshot)
        sizes = _complete(folder, snapshot, source, files, marks)
        if sizes is None:
            continue
        size = sum(sizes.values())
        state, damaged = _verdict(marks, snapshot.name, {name: files[name] for name in sizes})
        newer = marks.newer if marks.newer and marks.newer.commit != snapshot.name else None
        if newer and state is ModelState.INSTALLED:
            state = ModelState.UPDATE
        before = former.size(folder, source, snapshot.name)
        return Status(state, Installed(snapshot, size, snapshot.name), size, size, damaged, newer, partials, before)
    for snapshot in snapshots_of(folder, source.revision):
        damaged, links = _misfits(folder, snapshot, source)
        if damaged:
            return Status(
                ModelState.DAMAGED, bytes_total=estimate, damaged=damaged, partials=partials, text_links=links
            )
    return _incomplete(folder, source, estimate, partials, marks)


def _verdict(
    marks: library_marks.Marks, commit: str, files: Mapping[str, os.stat_result]
) -> tuple[ModelState, tuple[str, ...]]:
    """What earlier checks of a complete snapshot say of a source's own files, and which are damaged."""
    found = {name: marks.of(commit, name, stat) for name, stat in files.items()}
    if damaged := tuple(sorted(name for name, mark in found.items() if mark and not mark.whole)):
        return ModelState.DAMAGED, damaged
    return (ModelState.INSTALLED if all(found.values()) else ModelState.UNVERIFIED), ()


def _is_content(snapshot: Path, name: str, size: int) -> bool:
    """As `layout.is_content`, of a file that was looked at."""
    if is_unfinished(name, size):
        return False
    return not is_left_by_system(name.rpartition("/")[2]) or os.path.islink(os.path.join(snapshot, name))


def _misfits(folder: Path, snapshot: Path, source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files of an incomplete snapshot that are there and are not what they should be: with another size than the
    published one, pointers of Git LFS, or links that have become text; and those of them that are such links."""
    expected = published(folder, snapshot.name) or {}
    present = {name: found.st_size for name, found in files_of(snapshot).items() if source.wants(name)}
    links = _text_links(snapshot, present)
    pointers = _pointers(snapshot, {name: size for name, size in present.items() if name not in expected})
    other_size = {name for name, size in present.items() if name in expected and size != expected[name].size}
    return tuple(sorted(other_size | links | pointers)), tuple(sorted(links))


def _text_links(snapshot: Path, sizes: Mapping[str, int]) -> set[str]:
    """Those of the files of a snapshot, by their names and sizes in bytes, that are links which have become text."""
    return {name for name, size in sizes.items() if is_text_link(os.path.join(snapshot, name), size)}


def _pointers(snapshot: Path, sizes: Mapping[str, int]) -> set[str]:
    """Those that are pointers of Git LFS and not the files themselves."""
    return {name for name, size in sizes.items() if is_pointer(os.path.join(snapshot, name), size)}


def _incomplete(folder: Path, source: Source, estimate: int, partials: int, marks: library_marks.Marks) -> Status:
    """A repository without a complete snapshot: how much of it is there.

    What an unfinished download has fetched is not linked into a snapshot yet, so blobs are counted, not names.
    """
    planned, others = marks.planned, planned_for_others(folder, source, marks)
    done = partials + sum(size for path, size in stored_files(folder, source) if path.name not in others)
    total = max(estimate, done)
    listings = [published(folder, snapshot.name) for snapshot in snapshots_of(folder, source.revision)]
    for listing in (planned.files if planned else None, *listings):
        if exact := sum(file.size for name, file in (listing or {}).items() if source.wants(name)):
            total = exact
            break
    state = ModelState.PARTIAL if done else ModelState.MISSING
    return Status(state, bytes_done=min(done, total), bytes_total=total, partials=partials)


def part_complete(folder: Path, snapshot: Path, source: Source) -> bool:
    """Whether a snapshot has every file that the source wants, with its published size."""
    return _complete(folder, snapshot, source) is not None


def own_partials(folder: Path, source: Source, marks: library_marks.Marks | None = None) -> dict[Path, int]:
    """What interrupted transfers of an entry's own files have left: targets and bytes."""
    found = {target: partial.bytes_done for target, partial in partial_files(folder)}
    others = planned_for_others(folder, source, marks) if found else set()
    return {
        target: size
        for target, size in found.items()
        if target.name not in others and _may_be_of(source, folder, target)
    }


def _may_be_of(source: Source, folder: Path, target: Path) -> bool:
    """Whether a target can be a source's: without links it lies in a snapshot, under the file's own name."""
    try:
        _, *inner = target.relative_to(folder / "snapshots").parts
    except ValueError:
        return True
    return source.wants("/".join(inner))


def planned_for_others(folder: Path, source: Source, marks: library_marks.Marks | None = None) -> set[str]:
    """The blobs that a download of another entry of the same repository is fetching, and that are not ours too."""
    planned = (marks or library_marks.read(folder)).planned
    if planned is None:
        return set()
    ours = {file.digest for name, file in planned.files.items() if source.wants(name)}
    return {file.digest for file in planned.files.values()} - ours


def newest_snapshot(folder: Path, source: Source) -> Path | None:
    """The snapshot that serves an entry: the newest complete one, else the one a download has begun."""
    found = list(snapshots_of(folder, source.revision))
    return next((path for path in found if _complete(folder, path, source) is not None), next(iter(found), None))


def _complete(
    folder: Path,
    snapshot: Path,
    source: Source,
    files: dict[str, os.stat_result] | None = None,
    marks: library_marks.Marks | None = None,
) -> dict[str, int] | None:
    """The source's own files of a complete snapshot with their bytes: the published ones, and without a listing all
    that it wants. None for an incomplete one. `files` and `marks` if they were read already."""
    files = files_of(snapshot) if files is None else files
    present = {name: found.st_size for name, found in files.items()}
    expected = published(folder, snapshot.name)
    wanted = {name: file.size for name, file in (expected or {}).items() if source.wants(name)}
    if expected is None:
        # Without links the files of a download that has not ended lie here already, one after the other.
        planned = (marks or library_marks.read(folder)).planned
        if planned is not None and planned.commit == snapshot.name:
            wanted = {name: file.size for name, file in planned.files.items() if source.wants(name)}
    if expected is not None or wanted:
        whole = bool(wanted) and all(present.get(name) == size for name, size in wanted.items())
        return wanted if whole and not source.missing(wanted) else None
    needed = source.allow or ("*",)
    wanted = {name: size for name, size in present.items() if source.wants(name) and _is_content(snapshot, name, size)}
    if _text_links(snapshot, wanted) or _pointers(snapshot, wanted):
        return None
    whole = all(any(size and fnmatchcase(name, pattern) for name, size in wanted.items()) for pattern in needed)
    return wanted if whole else None


def commit_on_disk(models_dir: Path, source: Source) -> str | None:
    """The hub's commit that is there of a part, complete or not; None without one, or for one that was imported.

    What was downloaded last counts, also when a version before it is complete: a repair goes on with what it has found
    damaged, and not back.
    """
    folder = repository_folder(models_dir, source)
    last = folder / "snapshots" / (read_ref(folder, source.revision or "main") or "none")
    snapshot = last if os.path.isdir(last) else newest_snapshot(folder, source)
    if snapshot is None or listings.is_made_up(folder, snapshot.name):
        return None
    return snapshot.name
