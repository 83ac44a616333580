# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a model one by one: where each is, how much of it is there, and whether it is what was published.

Reads names, sizes, times and marks, no content. Not for a panel's `draw()`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..catalog.entries import Entry, Source
from ..text import plain
from . import layout
from . import listing as listings
from . import marks as library_marks
from . import status as library
from .states import ModelState


@dataclasses.dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model. Sizes in bytes."""

    repo: str
    """The repository it is of; for a direct address the address."""
    name: str
    """Its path in the repository, with forward slashes."""
    state: ModelState
    """INSTALLED (its hash was compared), UNVERIFIED, DAMAGED, PARTIAL or MISSING."""
    size: int = 0
    """What was published; 0 while nobody knows."""
    bytes_done: int = 0
    path: Path | None = None
    """Where it is, once it is complete: this name may be opened."""

    def as_dict(self) -> dict[str, object]:
        """As `models show --json` prints it."""
        path = plain(os.path.abspath(self.path)) if self.path else None
        return {
            "repository": self.repo,
            "name": self.name,
            "state": self.state,
            "size": self.size,
            "bytes_done": self.bytes_done,
            "path": path,
        }


def files(models_dir: Path, entry: Entry) -> tuple[ModelFile, ...]:
    """Every file of a model that is known of: on the disk, planned by a download, or named by the catalogue.

    Before the first download the hub has not said which files a repository has: then those are listed that the
    catalogue names without a wildcard. Never raises.
    """
    return tuple(file for source in entry.parts for file in _part(models_dir, source))


def _part(models_dir: Path, source: Source) -> Iterator[ModelFile]:
    folder = layout.repository_folder(models_dir, source)
    marks = library_marks.read(folder)
    snapshot = library.newest_snapshot(folder, source)
    status = library.part_status(models_dir, source)
    addresses = {link.path: link.url for link in source.links}
    expected: Mapping[str, listings.Published | None] = _expected(folder, source, marks, snapshot)
    partials = {target: part.bytes_done for target, part in layout.partial_files(folder)}
    for name, published in sorted(expected.items()):
        found = _found(folder, snapshot, name, published, partials)
        state = found.state
        if state is ModelState.UNVERIFIED and name in status.damaged:
            state = ModelState.DAMAGED
        elif state is ModelState.UNVERIFIED and found.path and snapshot and _is_verified(marks, snapshot, name):
            state = ModelState.INSTALLED
        yield dataclasses.replace(found, repo=addresses.get(name, source.repo), state=state)


def _expected(
    folder: Path, source: Source, marks: library_marks.Marks, snapshot: Path | None
) -> Mapping[str, listings.Published | None]:
    """The files there should be, by name, and what each should be as far as that is known."""
    if source.links:
        return listings.listing(source)
    complete = snapshot is not None and library.part_complete(folder, snapshot, source)
    listing = listings.published(folder, snapshot.name) if snapshot else None
    if marks.planned and not complete:
        listing = dict(marks.planned.files)
    # What was planned may have been another entry's, of the same repository.
    if wanted := {name: file for name, file in (listing or {}).items() if source.wants(name)}:
        return wanted
    if snapshot is not None:
        names = (path.relative_to(snapshot).as_posix() for path in layout.snapshot_files(folder, snapshot.name))
        if found := {name: None for name in names if source.wants(name)}:
            return found
    return {name: None for name in source.allow if not set(name) & set("*?[")}


def _found(
    folder: Path,
    snapshot: Path | None,
    name: str,
    published: listings.Published | None,
    partials: Mapping[Path, int],
) -> ModelFile:
    """What is there of a file: in the snapshot, as a blob that is not linked yet, or as part of one."""
    size = published.size if published else 0
    places = [snapshot / name] if snapshot else []
    if published:
        places.append(folder / "blobs" / published.digest)
    for place in places:
        try:
            there = place.stat().st_size
        except OSError:
            continue
        if published and there != size:
            return ModelFile("", name, ModelState.DAMAGED, size, there, place)
        return ModelFile("", name, ModelState.UNVERIFIED, there, there, place)
    done = max((partials.get(place, 0) for place in places), default=0)
    return ModelFile("", name, ModelState.PARTIAL if done else ModelState.MISSING, size, done)


def _is_verified(marks: library_marks.Marks, snapshot: Path, name: str) -> bool:
    try:
        mark = marks.of(snapshot.name, name, (snapshot / name).stat())
    except OSError:
        return False
    return mark is not None and mark.whole
