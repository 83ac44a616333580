# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transfer finds on the disk, and what it leaves there."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..system.control import Control
from ..system.files import LONG_PATIENCE, LONGEST_NAME, PATIENCE, disk_error, fitted, remove, replace
from ..system.locks import try_lock
from ..text import Text
from .blob import Blob
from .file import sync_file, sync_folder
from .journal import Journal, Ranges, Record, read_journal
from .parts import PartMap
from .spool import forget, spooled

_PART, _JOURNAL, _SPOOL, LOCK = ".part", ".part.journal", ".part.spool", ".lock"


log = logging.getLogger(__name__)

_LONGEST_STEM = LONGEST_NAME - len(_JOURNAL + ".new")


def take_up(blob: Blob, notice: Callable[[str], None]) -> Record | None:
    """What an earlier run left of `blob`, if it can be continued; else None, and there is an empty partial file.

    Raises OSError.
    """
    part = part_file(blob.target)
    found = read_journal(journal_file(blob.target))
    have = part.stat().st_size if part.exists() else None
    if found and have is not None and found.identity.serves(blob.size, blob.sha256, blob.etag):
        return found.up_to(have)
    if have:
        notice(Text("The unfinished download of {file} cannot be continued; starting over.", file=blob.label))
    remove(journal_file(blob.target))
    forget(spool_file(blob.target))
    with contextlib.suppress(OSError):
        remove(part)  # Not only emptied: a thread that was left behind in the disk may still have the old one.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    descriptor = os.open(part, flags, 0o666)
    try:
        _check_room(descriptor, blob.size or 0)
    finally:
        os.close(descriptor)
    return None


def _check_room(descriptor: int, size: int) -> None:
    """Raise OSError where no file may have `size` bytes, before the first of them comes: FAT32 ends at 4 GB."""
    try:
        os.lseek(descriptor, size, os.SEEK_SET)
    except OSError as ex:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG)) from ex


def keep_only(target: Path, ranges: Ranges) -> None:
    """Of what an interrupted `fetch` left for `target`, let the bytes in `ranges` count and no others. Raises what
    `disk_error` makes of an OSError."""
    try:
        found = read_journal(journal_file(target)) if ranges else None
        if found:
            forget(spool_file(target))
            Journal(journal_file(target), found.identity, ranges).close()
        else:
            remove_beside(target)
    except OSError as ex:
        raise disk_error(target.parent, ex) from ex


def give_name(blob: Blob, size: int, control: Control) -> None:
    """Make the complete partial file the target, in one step and for good: a power cut leaves one of the two.

    Raises OSError, and `JobCancelled` at once when cancelled.
    """
    part, folder = part_file(blob.target), blob.target.parent
    with open(part, "r+b", buffering=0) as file:
        file.truncate(size)
    control.apart(lambda: sync_file(part), f"{blob.label} last sync")
    replace(part, blob.target, LONG_PATIENCE, control.sleep)
    # Which a late thread or a virus scanner may have kept from being deleted before.
    forget(spool_file(blob.target), PATIENCE)
    sync_folder(folder)
    with contextlib.suppress(OSError):
        remove(journal_file(blob.target))


@dataclass(frozen=True, slots=True)
class Partial:
    """What an interrupted transfer left: `bytes_done` of `size` bytes."""

    bytes_done: int
    size: int


def partial_of(target: Path) -> Partial | None:
    """What an interrupted `fetch` left for `target`, or None. Reads the disk; any thread; never raises."""
    found = read_journal(journal_file(target))
    if found is None:
        return None
    kept = [(copy.position, copy.end) for copy in spooled(spool_file(target), found.identity)]
    return Partial(PartMap(found.identity.size, [*found.done, *kept]).bytes_done, found.identity.size)


def bytes_on_disk(target: Path) -> int:
    """How many bytes of `target` an interrupted `fetch` has already put on the disk; 0 if none. Never raises."""
    partial = partial_of(target)
    return partial.bytes_done if partial else 0


def partials(folder: Path) -> Iterator[tuple[Path, Partial]]:
    """The targets in `folder` that an interrupted `fetch` left unfinished. Unreadable ones count as 0 of 0 bytes."""
    try:
        found = sorted(folder.glob(f"*{_PART}"))
    except OSError:
        return
    for part in found:
        target = part.with_name(part.name.removesuffix(_PART))
        yield target, partial_of(target) or Partial(0, 0)


def is_part_of(target: Path, size: int, sha256: str) -> bool:
    """Whether what an interrupted `fetch` left for `target` is a part of the file of this hash. Never raises."""
    found = read_journal(journal_file(target))
    return found is not None and found.identity.sha256 == sha256 and found.identity.size == size


def move(source: Path, target: Path) -> bool:
    """Let what an interrupted `fetch` left for `source` be continued for `target`, on the same disk. False, and nothing
    moved, if one is at work on either. Raises OSError."""
    with try_lock(beside(source, LOCK)) as ours, try_lock(beside(target, LOCK)) as theirs:
        if not (ours and theirs and part_file(source).exists()):
            return False
        remove_beside(target)
        # The journal comes last: without it the rest means nothing, and nothing is taken for more than it is.
        for suffix in (_PART, _SPOOL, _JOURNAL):
            with contextlib.suppress(FileNotFoundError):
                replace(beside(source, suffix), beside(target, suffix))
        return True


def discard(target: Path) -> bool:
    """Delete what an interrupted `fetch` left for `target`. False, and nothing deleted, if one is at work on it."""
    if not target.parent.is_dir():
        return True
    with try_lock(beside(target, LOCK)) as held:
        if held:
            remove_beside(target)
        return held


def part_file(target: Path) -> Path:
    """Where the bytes are until they are all there."""
    return beside(target, _PART)


def journal_file(target: Path) -> Path:
    """Where it is written which bytes are there."""
    return beside(target, _JOURNAL)


def spool_file(target: Path) -> Path:
    """Where copies are of what waits for the disk."""
    return beside(target, _SPOOL)


def beside(target: Path, suffix: str) -> Path:
    """The file next to `target` whose name is longer by `suffix`; of a name too long for that, the beginning."""
    return target.with_name(fitted(target.name, longest=_LONGEST_STEM) + suffix)


def partial_files(target: Path) -> tuple[Path, ...]:
    """What an interrupted `fetch` may have left for `target`, in the order to delete it: without the journal, which is
    the first, the rest means nothing."""
    return tuple(beside(target, suffix) for suffix in (_JOURNAL, _JOURNAL + ".new", _SPOOL, _PART))


def remove_beside(target: Path) -> None:
    for path in partial_files(target):
        with contextlib.suppress(OSError):
            remove(path)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it. Raises what `disk_error` makes of an OSError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as ex:
        raise disk_error(folder, ex) from ex
