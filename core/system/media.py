# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound and films opened by FFmpeg. The child that listens has the same for itself (core/speech/reading.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors.media import MediaEmptyError, MediaNotFoundError, MediaUnreadableError
from .reasons import REFUSED, number_of, reason_of

if TYPE_CHECKING:
    import av.container


def opened(path: Path, **more: Any) -> av.container.InputContainer:
    """The file, to be used in a `with` block. `more`: what else `av.open` takes.

    A name is a file whatever it looks like (`12:30.mp4`), what is inside reaches no network, and a title in an old code
    page is no reason to refuse a film. Raises MediaNotFoundError, MediaEmptyError, MediaUnreadableError.
    """
    if not path.is_file():
        raise MediaNotFoundError(path)
    if not path.stat().st_size:
        raise MediaEmptyError(path)
    # Here, not above: PyAV brings FFmpeg's libraries and takes 0.1 s and more.
    import av

    # An absolute path has no colon before its first slash, so FFmpeg takes it for no address.
    name: Any = os.path.abspath(path)
    try:
        if not _is_utf8(name):
            name = open(name, "rb")  # noqa: SIM115 (the container's from now on)
        options = {"protocol_whitelist": "file"}
        found: av.container.InputContainer = av.open(name, metadata_errors="ignore", options=options, **more)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise unreadable(path, error) from error
    return found


def unreadable(path: Path, error: Exception) -> MediaUnreadableError:
    """What the user is told when FFmpeg or the system fails to read a file."""
    return told(path, reason_of(error), number_of(error))


def told(path: Path, reason: str, number: int) -> MediaUnreadableError:
    """The same of a reason and its number: FFmpeg has those of the disk also for what is in a file, scripts and what is
    cut off, so the file itself is asked."""
    refused = number in REFUSED and _is_refused(path)
    if number in REFUSED and not refused:
        reason = "invalid data found when processing input"  # FFmpeg's own words for it.
    return MediaUnreadableError(path, reason, refused)


def _is_refused(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError:
        return True
    return False


def _is_utf8(name: str) -> bool:
    """FFmpeg's own opening takes nothing else."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
