# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transfer finds on the disk, what it leaves there, and what it says when the disk refuses."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .control import Control
from .errors import FolderNotWritableError, NoSpaceError, SubtitleEditorError
from .text import Text
from .transfer import Blob, journal_file, ordinary_mode, part_file, spool_file
from .transfer_file import sync_folder
from .transfer_journal import Record, read_journal
from .transfer_spool import forget
from .transfer_sync import sync_file

log = logging.getLogger(__name__)

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def take_up(blob: Blob, notice: Callable[[str], None]) -> Record | None:
    """What an earlier run left of `blob`, if it can be continued; else None, and there is an empty partial file.

    Raises OSError.
    """
    part = part_file(blob.target)
    found = read_journal(journal_file(blob.target))
    have = part.stat().st_size if part.exists() else None
    if found and have is not None:
        serves = found.identity.serves(blob.size, blob.sha256, blob.etag)
        if serves and all(end <= have for _, end in found.done):
            return found
    if have:
        notice(Text("The unfinished download of {file} cannot be continued; starting over.", file=blob.label))
    with contextlib.suppress(FileNotFoundError):
        journal_file(blob.target).unlink()
    forget(spool_file(blob.target))
    with contextlib.suppress(OSError):
        part.unlink()  # Not only emptied: a thread that was left behind in the disk may still have the old one.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    os.close(os.open(part, flags, 0o600))
    return None


def give_name(blob: Blob, size: int, control: Control) -> None:
    """Make the complete partial file the target, in one step and for good: a power cut leaves one of the two.

    Raises OSError, and `JobCancelled` at once when cancelled.
    """
    part, folder = part_file(blob.target), blob.target.parent
    with open(part, "r+b", buffering=0) as file:
        file.truncate(size)
    part.chmod(ordinary_mode(folder))
    control.apart(lambda: sync_file(part), f"{blob.label} last sync")
    os.replace(part, blob.target)
    forget(spool_file(blob.target))  # Which a late thread or a virus scanner may have kept from being deleted before.
    sync_folder(folder)
    with contextlib.suppress(OSError):
        journal_file(blob.target).unlink()


def disk_error(folder: Path, missing: int, ex: OSError) -> SubtitleEditorError:
    """What the user is told when a file in `folder` cannot be written, of which `missing` bytes are still to come."""
    if ex.errno in _FULL:
        with contextlib.suppress(OSError):
            return NoSpaceError(folder, missing, shutil.disk_usage(folder).free)
    return FolderNotWritableError(folder, (ex.strerror or str(ex)).lower())
