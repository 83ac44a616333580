# SPDX-License-Identifier: GPL-3.0-or-later
"""What a download will do, before its first byte."""

from __future__ import annotations

import dataclasses
import errno
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..catalog.entries import Source
from ..errors import FolderNotWritableError, NoSpaceError, SubtitleEditorError
from ..library.listing import Published
from ..text import Text

LARGE = 1_000_000
"""Bytes from which a file is fetched in ranges with resume; a smaller one arrives before anyone could cancel it."""


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a snapshot. `size` in bytes; `sha256` where the hub publishes it (files in LFS)."""

    path: str
    size: int
    blob: str
    """The name huggingface_hub gives the blob: the SHA-256, or the git hash of a small file."""
    sha256: str | None
    url: str
    target: Path
    """Where the bytes belong: the blob, or the file in the snapshot where links are not supported."""
    present: bool
    """The bytes are already there."""


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
    """Whether huggingface_hub will link snapshots to blobs there (Windows needs its developer mode for it)."""
    from huggingface_hub.file_download import are_symlinks_supported

    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        return bool(are_symlinks_supported(models_dir))
    except OSError as error:
        raise disk_error(error, models_dir) from error


def size_on_disk(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def disk_error(error: OSError, folder: Path | None = None) -> SubtitleEditorError:
    place = folder or Path(error.filename or ".")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpaceError(place, 0, shutil.disk_usage(place.parent if place.parent.exists() else ".").free)
    return FolderNotWritableError(place, error.strerror.lower() if error.strerror else Text("the system refused"))
