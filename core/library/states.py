# SPDX-License-Identifier: GPL-3.0-or-later
"""In which state a model is on the disk. Apart from library.py, which finds it out, because panels need it at once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .marks import Newer


class Installed(NamedTuple):
    """A complete model on disk: its snapshot folder, `size` in bytes and commit.

    A bundle has one folder for each of its parts: `path` and `revision` are the first one's, `size` is that of all
    (`library_files.files` has the place of each file).
    """

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


class Status(NamedTuple):
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
    newer: Newer | None = None
    partials: int = 0
    """Bytes of interrupted transfers; they may lie beside a complete snapshot (an update was interrupted)."""
    former: int = 0
    """Bytes that become free when the versions are deleted that updates have taken the place of."""
    text_links: tuple[str, ...] = ()
    """Those of `damaged` that are links which have become small text files."""
