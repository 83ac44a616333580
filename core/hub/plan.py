# SPDX-License-Identifier: GPL-3.0-or-later
"""What a download will do, before its first byte."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ..catalog.entries import Source
from ..library.listing import Published
from ..system import environment
from ..system.files import disk_error, remove
from .endpoint import is_true

LARGE = 1_000_000
"""Bytes from which a file is fetched in ranges with resume; a smaller one arrives before anyone could cancel it."""


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a snapshot. `size` in bytes; `sha256` where the hub publishes it (files in LFS)."""

    path: str
    size: int
    blob: str
    """What the content is called in the cache: the SHA-256, or git's hash of a file that is not in LFS."""
    sha256: str | None
    url: str
    target: Path
    """Where the bytes belong: the blob, or the file in the snapshot where links are not supported."""
    present: bool
    """The bytes are already there."""
    origin: Path | None = None
    """Where they are, if under another name: see kept.py."""
    git_sha1: str | None = None
    """Git's hash of the content, where no SHA-256 is published."""

    @property
    def has_hash(self) -> bool:
        """Whether the content can be compared with what was published."""
        return self.sha256 is not None or self.git_sha1 is not None


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What a download will do, before its first byte."""

    source: Source
    commit: str
    folder: Path
    """The repository's folder inside the models folder."""
    files: tuple[PlannedFile, ...]
    gated: bool = False
    """Only accounts that have accepted its licence may read it; a plan is made for those alone."""
    listing: Mapping[str, Published] = dataclasses.field(default_factory=dict)
    """All files of the repository at this commit, the entry's or not."""

    @property
    def bytes_total(self) -> int:
        """Bytes of the complete snapshot."""
        return sum(file.size for file in self.files)

    @property
    def bytes_present(self) -> int:
        """Bytes that need not be fetched. Files with the same content share one blob."""
        return sum(file.size for file in self.files if file.present)

    @property
    def snapshot(self) -> Path:
        """The folder that the finished snapshot has."""
        return self.folder / "snapshots" / self.commit


def links_supported(models_dir: Path) -> bool:
    """Whether snapshots can be linked to blobs there, as huggingface_hub does: Windows needs its developer mode for it.

    Makes the folder if need be. Raises NoSpaceError, FolderNotWritableError when it cannot be made. One that is there
    and cannot be written is no matter here: perhaps nothing has to be.
    """
    if is_true(environment.value("HF_HUB_DISABLE_SYMLINKS")):
        return False
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(models_dir, error) from error
    # Not a folder for the two: its clean-up may fail where the links did not, and say nothing about them.
    file, link = (models_dir / f".links-{secrets.token_hex(8)}.tmp" for _ in range(2))
    try:
        file.touch()
        return _can_link(file, link)
    except OSError:
        return os.name == "posix"
    finally:
        for path in (link, file):
            with contextlib.suppress(OSError):
                remove(path)


def _can_link(file: Path, link: Path) -> bool:
    try:
        link.symlink_to(file.name)
    except (OSError, NotImplementedError):
        return False
    return True


def size_on_disk(path: Path) -> int | None:
    """Bytes of a file; None where there is none that can be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return None
