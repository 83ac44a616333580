# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock file that two processes, or two threads, cannot hold at once, and whose wait can be cancelled.

The lock is the operating system's, so it is gone when its holder is killed. The file is removed with the lock; a file
left behind by a crash is harmless and is taken over.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .control import Control
from .files import disk_error

log = logging.getLogger(__name__)

_POLL = 0.05
"""Seconds between two tries. Neither flock nor LockFile can be waited for and cancelled both."""

_NO_LOCKS_HERE = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
"""Some network folders know no locks. Downloading twice is then better than not at all. (On macOS flock gives 45 for
SMB, which is its ENOTSUP and not its EOPNOTSUPP.)"""
_NO_LOCKS_ON_WINDOWS = _NO_LOCKS_HERE | {errno.EINVAL}
"""What the C runtime makes of ERROR_INVALID_FUNCTION, the answer of file systems without locks."""

_BEING_DELETED = 2.0
"""Seconds in which a file that may not be opened on Windows may be one that its holder is deleting."""

_TRIES = 5
"""How often in a row a lock file may be removed just when it is opened."""

Grab = Callable[[int], bool]


def _grab_posix(descriptor: int) -> bool:
    """Whether the lock could be had at once. flock, not lockf: it also keeps two threads of one process apart."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[attr-defined,unused-ignore]
    except BlockingIOError:
        return False
    return True


def _grab_windows(descriptor: int) -> bool:
    """The same with the C runtime of Windows, which locks a range of bytes: the first one, which need not exist."""
    import msvcrt

    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError as ex:
        if ex.errno in (errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


@contextlib.contextmanager
def file_lock(
    path: Path, control: Control, waiting: Callable[[], None] | None = None, limit: float | None = None
) -> Iterator[None]:
    """Hold the lock file `path` for the length of a `with` block.

    `waiting` is called again and again on this thread while another holds it. Raises `JobCancelled` when `control` is
    cancelled while waiting, TimeoutError when another held it for `limit` seconds (without one it may wait for ever:
    somebody must be able to cancel then), FolderNotWritableError when the file cannot be made.
    """
    descriptor = _acquire(path, control, waiting, limit)
    try:
        yield
    finally:
        _release(path, descriptor)


def try_lock(path: Path) -> contextlib.AbstractContextManager[bool]:
    """The lock at once or not at all: the `with` block gets whether it is held. Raises FolderNotWritableError, or what
    else `disk_error` makes of it."""
    return _try_lock(path)


@contextlib.contextmanager
def _try_lock(path: Path) -> Iterator[bool]:
    descriptor = _take(path)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            _release(path, descriptor)


def is_locked(path: Path) -> bool:
    """Whether another holds a lock file now, ours or one of another program. Neither makes the file nor removes it."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not (_grab_windows if sys.platform == "win32" else _grab_posix)(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _acquire(path: Path, control: Control, waiting: Callable[[], None] | None, limit: float | None) -> int:
    began = time.monotonic()
    until = math.inf if limit is None else began + limit
    while True:
        control.check()
        descriptor = _take(path, patient=time.monotonic() - began < _BEING_DELETED)
        if descriptor is not None:
            return descriptor
        if time.monotonic() >= until:
            raise TimeoutError(errno.ETIMEDOUT, f"{path} is held by another program")
        if waiting:
            waiting()
        control.sleep(_POLL)


def _take(path: Path, windows: bool = sys.platform == "win32", patient: bool = False) -> int | None:
    """An open descriptor that holds the lock, or None if another has it now. `patient`: a file that Windows denies may
    be one that its holder is just deleting, which is no reason to give up yet."""
    grab: Grab = _grab_windows if windows else _grab_posix
    try:
        descriptor = _open(path, windows)
    except OSError as ex:
        if windows and patient and ex.errno == errno.EACCES:
            return None
        raise disk_error(path.parent, ex) from ex
    try:
        if grab(descriptor) and _is_still(path, descriptor):
            return descriptor
    except OSError as ex:
        if ex.errno in (_NO_LOCKS_ON_WINDOWS if windows else _NO_LOCKS_HERE):
            log.warning("no file locks in %s: %s", path.parent, ex)
            return descriptor
        os.close(descriptor)
        if ex.errno == errno.EBADF:  # NFS locks no file that is open for reading alone: it is another user's.
            ex = PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        raise disk_error(path.parent, ex) from ex
    os.close(descriptor)
    return None


def _open(path: Path, windows: bool) -> int:
    """The lock file, made if need be. One that another user has left can be read at least; flock needs no more."""
    flags = getattr(os, "O_CLOEXEC", 0)
    try:
        for _ in range(_TRIES):
            # On network disks whoever removes the file at this moment makes it a file that is not there.
            with contextlib.suppress(FileNotFoundError):
                # As other files: who shares a models folder waits for the others, and takes over what they leave.
                return os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o666)
        return os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o666)
    except PermissionError:
        if not windows:
            with contextlib.suppress(OSError):
                return os.open(path, os.O_RDONLY | flags)
        raise


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether `path` is the file we locked: the one who held it before may have removed it in the meantime."""
    try:
        there, ours = os.stat(path), os.fstat(descriptor)
    except OSError:
        return False
    # Shared folders of virtual machines and WebDAV give a file another number each time: then it counts that ours was
    # not removed. A lock that nobody could ever hold would be waited for without end.
    return os.path.samestat(there, ours) or ours.st_nlink > 0


def _release(path: Path, descriptor: int, windows: bool = sys.platform == "win32") -> None:
    """Remove the file, then the lock. Windows cannot remove an open file: there it is the other way round, and the
    file stays if another has opened it meanwhile."""
    if windows:
        os.close(descriptor)
    with contextlib.suppress(OSError):
        os.unlink(path)  # At once or not at all: nobody shall wait for the end of a lock.
    if not windows:
        os.close(descriptor)
