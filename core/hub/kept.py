# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repository's folder holds already of what a download wants, under another name: in an earlier version of the
model, where links are not supported, or as a blob from a time when they were.

It becomes a second name of the same file, or a copy where a disk has no such names. Either costs no request.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..library import layout
from ..library import listing as listings
from ..library import marks as library_marks
from ..library.listing import Published
from ..system.files import remove, replace, sync
from ..system.hashes import git_hasher
from ..transfer import partial
from .plan import PlannedFile, size_on_disk

log = logging.getLogger(__name__)

_CHUNK = 1 << 20


class Kept:
    """The files of one repository by their content. Reads the disk when it is asked for the first time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, Path] | None = None

    def place_of(self, digest: str, size: int) -> Path | None:
        """Where these bytes lie, by what was published and how long the file is; None if nowhere."""
        if self._found is None:
            self._found = dict(self._files())
        blob = self._folder / "blobs" / digest
        if size_on_disk(blob) == size:
            return blob
        path = self._found.get(digest)
        return path if path is not None and size_on_disk(path) == size else None

    def _files(self) -> Iterator[tuple[str, Path]]:
        marks = library_marks.read(self._folder)
        with contextlib.suppress(OSError):
            for snapshot in sorted((self._folder / "snapshots").iterdir()):
                for name, file in self._listing(snapshot.name, marks).items():
                    path = snapshot.joinpath(*name.split("/"))
                    with contextlib.suppress(OSError):
                        found = path.stat()
                        mark = marks.of(snapshot.name, name, found)
                        if found.st_size == file.size and (mark is None or mark.whole):
                            yield file.digest, path

    def _listing(self, commit: str, marks: library_marks.Marks) -> Mapping[str, Published]:
        if (published := listings.published(self._folder, commit)) is not None:
            return published
        planned = marks.planned
        return planned.files if planned is not None and planned.commit == commit else {}


def planned(file: PlannedFile, snapshot: Path, linking: bool, kept: Kept) -> PlannedFile:
    """`file`, whose target is its blob, with what is there of it. Without `linking` it belongs into the snapshot."""
    place = snapshot.joinpath(*file.path.split("/"))
    target = file.target if linking else place
    if size_on_disk(target) == file.size or size_on_disk(place) == file.size:
        return dataclasses.replace(file, target=target, present=True)
    origin = kept.place_of(file.blob, file.size)
    return dataclasses.replace(file, target=target, present=origin is not None, origin=origin)


def take(file: PlannedFile, copied: Callable[[int], None]) -> bool:
    """Give what lies at `file.origin` the name `file.target` too; False if it is not what it should be after all.

    `copied(n)` is called for every `n` bytes where that needs a copy, which is compared with the published hash;
    raising in it ends the copying, and nothing is left. Raises OSError where the target cannot be written.
    """
    origin, target = file.origin, file.target
    if origin is None or size_on_disk(origin) != file.size:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        if not _second_name(origin, fresh) and not _copy(file, origin, fresh, copied):
            return False
        replace(fresh, target)
    finally:
        with contextlib.suppress(OSError):
            remove(fresh)
    return True


def can_share(folder: Path) -> bool:
    """Whether a file can have two names in `folder`. False where that cannot be tried."""
    first, second = (folder / f".{secrets.token_hex(8)}.tmp" for _ in range(2))
    try:
        first.touch()
        return _second_name(first, second)
    except OSError:
        return False
    finally:
        for path in (first, second):
            with contextlib.suppress(OSError):
                remove(path)


def take_partial(folder: Path, file: PlannedFile) -> None:
    """If an interrupted download left a part of this file for another version of the model, go on with that. Never
    raises: it is fetched from the beginning then."""
    if file.sha256 is None or partial.partial_of(file.target) is not None:
        return
    for target, _ in layout.partial_files(folder):
        if target != file.target and partial.is_part_of(target, file.size, file.sha256):
            with contextlib.suppress(OSError):
                file.target.parent.mkdir(parents=True, exist_ok=True)
                if partial.move(target, file.target):
                    log.info("%s is continued for %s", target, file.target)
                    return


def _second_name(origin: Path, place: Path) -> bool:
    try:
        os.link(os.path.realpath(origin), place)
    except (OSError, NotImplementedError) as error:
        log.debug("no second name for %s: %s", origin, error)
        return False
    return True


def _copy(file: PlannedFile, origin: Path, place: Path, copied: Callable[[int], None]) -> bool:
    """Whether the copy is what was published."""
    hasher = git_hasher(file.size) if file.sha256 is None else hashlib.sha256()
    with place.open("xb") as copy, contextlib.ExitStack() as stack:
        try:
            original = stack.enter_context(origin.open("rb"))
        except OSError:
            return False
        while chunk := original.read(_CHUNK):
            hasher.update(chunk)
            copy.write(chunk)
            copied(len(chunk))
        copy.flush()
        sync(copy.fileno())  # The former version may be deleted next.
    if file.has_hash and hasher.hexdigest() != (file.sha256 or file.git_sha1):
        log.warning("%s is damaged: it is fetched anew", origin)
        return False
    return size_on_disk(place) == file.size
