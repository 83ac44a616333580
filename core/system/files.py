# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing so that nothing is ever half there, in names that fit, and saying what is wrong when a disk refuses.

On Windows another program's touch, a virus scanner's, a cloud folder's, a player's, makes a rename or a removal fail
for a moment. So nobody calls `os.replace` and `unlink` for a file that counts: `replace` and `remove` wait a little.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from ..errors.base import SubtitleEditorError
from ..errors.disk import FileInUseError, FileTooLargeError, FolderNotWritableError, NoSpaceError
from ..text import Text

PATIENCE = 2.0
"""Seconds to wait for another program that has a file open. A scanner is done with a small one in less."""

LONGEST_NAME = 255
"""Bytes of a file's name on nearly all disks. NTFS and APFS count UTF-16 units or characters, never more of them."""

_DENIED, _SHARING, _LOCKED = 5, 32, 33
"""What Windows answers while another program has the file open; 5 also where we may not touch it at all."""

_FULL = {errno.ENOSPC}
_QUOTA = {getattr(errno, "EDQUOT", errno.ENOSPC)} - _FULL

_REASONS = {
    errno.EROFS: Text("the disk can only be read"),
    errno.EACCES: Text("permission denied"),
    errno.EPERM: Text("permission denied"),
    errno.ENAMETOOLONG: Text("the name is too long for this disk"),
    errno.ENOTDIR: Text("a file is where a folder should be"),
    errno.EEXIST: Text("a file is where a folder should be"),
    errno.EMFILE: Text("too many files are open"),
    errno.ENFILE: Text("too many files are open"),
    errno.EIO: Text("the disk reports an error"),
}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM}
_GONE = {
    getattr(errno, name, errno.ENODEV) for name in ("ENODEV", "ENXIO", "ESTALE", "ENOTCONN", "ENOMEDIUM", "EHOSTDOWN")
}


def replace(
    source: Path, target: Path, patience: float | None = None, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Give `source` the name `target`, in one step, whatever has that name now. Raises OSError; and what `sleep` does,
    which is called while another program has one of them open, for `patience` seconds at most (`PATIENCE`)."""
    _patiently(lambda: os.replace(source, target), patience, sleep)


def remove(path: Path, patience: float | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
    """Delete a file, if it is there. Raises as `replace` does."""

    def unlink() -> None:
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            if os.name != "nt":
                raise
            path.chmod(stat.S_IWRITE)  # A read-only file cannot be deleted there, only its folder counts elsewhere.
            path.unlink(missing_ok=True)

    _patiently(unlink, patience, sleep)


def _patiently(act: Callable[[], None], patience: float | None, sleep: Callable[[float], None]) -> None:
    deadline, pause = time.monotonic() + (PATIENCE if patience is None else patience), 0.01
    while True:
        try:
            return act()
        except OSError as error:
            left = deadline - time.monotonic()
            if not may_be_in_use(error) or left <= 0:
                raise
        sleep(min(pause, left))
        pause = min(2 * pause, 0.25)


def may_be_in_use(error: OSError) -> bool:
    """Whether another program that has the file open may be the cause, so that waiting may help."""
    return getattr(error, "winerror", None) in (_DENIED, _SHARING, _LOCKED)


def write(path: Path, content: bytes, *, private: bool = False, lasting: bool = True) -> None:
    """Put `content` into the file at `path`: whoever reads it finds the old or the new, whole; after a power cut too,
    unless it is not to be `lasting`, which is much faster for many files.

    A link stays a link. A `private` file is its owner's alone from its first moment; another keeps the permissions of
    the one it replaces. Raises OSError, and then nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    fresh = target.with_name("." + fitted(target.name, f".{secrets.token_hex(4)}.tmp", LONGEST_NAME - 1))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        with os.fdopen(os.open(fresh, flags, 0o600 if private else 0o666), "wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        if not private and target.exists():
            shutil.copymode(target, fresh)
        replace(fresh, target)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(fresh)
        raise


def fitted(name: str, suffix: str = "", longest: int = LONGEST_NAME) -> str:
    """`name` and `suffix`, of which the name is cut if both are too long for a disk; with a checksum of it in place of
    what is cut, so that two names do not become one. Cut again it stays as it is.

    >>> fitted("film", ".srt"), len(fitted("é" * 200, ".srt").encode())
    ('film.srt', 255)
    """
    data = name.encode("utf-8", "surrogateescape")
    room = longest - len(suffix.encode("utf-8", "surrogateescape"))
    if len(data) <= room:
        return name + suffix
    mark = f"~{zlib.crc32(data):08x}"
    return data[: room - len(mark)].decode("utf-8", "ignore") + mark + suffix


def disk_error(place: Path, error: OSError, missing: int = 0) -> SubtitleEditorError:
    """What the user is told when something in `place`, a folder, could not be written, of which `missing` bytes were
    still to come; 0 if nobody knows. `error` must be one of the disk's: a socket's is an OSError, too."""
    if place.is_symlink() and not place.exists():
        target = Text("it is a link to {target}, which is not there", target=os.readlink(place))
        return FolderNotWritableError(place, target, Text("Connect the disk again, then try again."))
    if getattr(error, "winerror", None) in (_SHARING, _LOCKED):
        return FileInUseError(Path(os.fsdecode(error.filename2 or error.filename or place)))
    if error.errno in _FULL | _QUOTA:
        free = 0
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(place).free
        return NoSpaceError(place, missing, free, quota=error.errno in _QUOTA)
    if error.errno == errno.EFBIG:
        return FileTooLargeError(place, missing)
    if error.errno in _NOT_ALLOWED and (path := _barred(place, error)):
        hint = Text("It may be another user's: let them finish or delete it, or make it writable for you.")
        return FolderNotWritableError(path, reason_of(error), hint)
    if error.errno in _NOT_ALLOWED:
        return FolderNotWritableError(place, reason_of(error))
    if error.errno in _GONE:
        return FolderNotWritableError(place, reason_of(error), Text("Connect the disk again, then try again."))
    return FolderNotWritableError(place, reason_of(error), Text("Look after the disk, or choose another folder."))


def _barred(place: Path, error: OSError) -> Path | None:
    """The file that an error is about, where its folder is none of the trouble."""
    if not isinstance(error.filename, (str, bytes)):
        return None
    path = Path(os.fsdecode(error.filename))
    return path if path.is_file() and os.access(place, os.W_OK) else None


def reason_of(error: OSError) -> str:
    """Why the system refused, in a few words that fit behind a colon."""
    if error.errno in _GONE:
        return Text("the disk is not there any more")
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()
