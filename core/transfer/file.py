# SPDX-License-Identifier: GPL-3.0-or-later
"""The partial file: written past the cache of the operating system where that is possible, and synced.

Through the cache each byte is copied once more and needs a page of memory found for it: measured on Linux that costs
more processor time than fetching and hashing together, and a model of 3 GB drives out what Blender had there. So whole
pages go straight from our memory to the disk (O_DIRECT, F_NOCACHE), the odd bytes at the ends of a piece through the
cache, and everything does where the file system or the platform offers nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ..system import files

log = logging.getLogger(__name__)

PAGE = 4096
"""Direct input and output wants offsets, lengths and memory addresses to be multiples of this. Disks ask for 512 or
4096; a file system that asks for more refuses, and gets the bytes through the cache."""


class PartFile:
    """The partial file, open for one thread. It must exist. Every method raises OSError.

    Memory that is handed in begins as far behind a page boundary as its place in the file does.
    """

    def __init__(self, path: Path, direct: bool = True) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._plain = open(path, "r+b", buffering=0)  # noqa: SIM115
        self._direct = _open_direct(path, self._plain) if direct else None

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, timeout: float = -1) -> None:
        """Close it; what was written stays with the operating system. Any thread: who writes later gets an OSError.
        Gives up after `timeout` seconds if somebody is stuck in the disk."""
        if self._lock.acquire(timeout=timeout):
            self._closed = True
            try:
                self._plain.close()
                if self._direct:
                    self._direct.close()
            finally:
                self._lock.release()

    def write(self, position: int, *pieces: memoryview) -> int:
        """Put `pieces` into the file from `position` on, one behind the other. The answer is how many bytes are in it:
        all of them, or as many as a disk had room for that is full now. Raises OSError when it takes none at all."""
        with self._lock:
            if self._closed:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            return self._write(position, pieces)

    def _write(self, position: int, pieces: Sequence[memoryview]) -> int:
        total = 0
        try:
            total = together = self._write_together(position, pieces)
            for piece in pieces:
                data = piece[together:]
                together = max(0, together - len(piece))
                while data:
                    written = self._write_some(position + total, data)
                    total += written
                    data = data[written:]
        except OSError:
            if not total:
                raise
        return total

    def _write_together(self, position: int, pieces: Sequence[memoryview]) -> int:
        """Write several pieces in one step; the answer is the count of bytes, 0 where that is not to be had."""
        writev = getattr(os, "pwritev", None)
        if writev is None or self._direct is None or len(pieces) < 2:
            return 0
        if any(size % PAGE for size in (position, *map(len, pieces))):
            return 0
        try:
            written: int = writev(self._direct.fileno(), pieces, position)
            return written
        except OSError as ex:
            self._refused(ex)
            return 0

    def _write_some(self, position: int, data: memoryview) -> int:
        odd = -position % PAGE
        whole = (len(data) - odd) // PAGE * PAGE
        if self._direct is None or whole <= 0:
            self._plain.seek(position)
            return self._plain.write(data)
        if odd:
            self._plain.seek(position)
            return self._plain.write(data[:odd])
        try:
            self._direct.seek(position)
            return self._direct.write(data[:whole])
        except OSError as ex:
            self._refused(ex)
            return 0

    def read(self, position: int, buffer: memoryview) -> int:
        """Fill `buffer` from `position` as far as one step goes; the answer is the count, 0 at the end of the file."""
        whole = len(buffer) // PAGE * PAGE
        if self._direct is not None and whole and position % PAGE == 0:
            try:
                self._direct.seek(position)
                return self._direct.readinto(buffer[:whole]) or 0
            except OSError as ex:
                self._refused(ex)
        self._plain.seek(position)
        return self._plain.readinto(buffer) or 0

    def _refused(self, ex: OSError) -> None:
        """Go on through the cache if this is only about not going past it."""
        if ex.errno != errno.EINVAL or self._direct is None:
            raise ex
        log.debug("no direct input and output: %s", ex)
        self._direct.close()
        self._direct = None

    def sync(self) -> bool:
        """Return when what was written so far, by anyone, is on the disk; whether it would survive a power cut."""
        return files.sync(self._plain.fileno())


def _open_direct(path: Path, plain: io.FileIO) -> io.FileIO | None:
    """A second handle that goes past the cache, or None. macOS has a switch for the first one instead."""
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(plain, fcntl.F_NOCACHE, 1)
    flag = getattr(os, "O_DIRECT", 0)
    if not flag:
        return None
    try:
        return io.FileIO(os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | flag), "r+")
    except OSError as ex:
        log.debug("no direct input and output in %s: %s", path.parent, ex)
        return None


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut, as far as the platform lets us; never raises."""
    if os.name == "nt":  # Folders cannot be opened there, and NTFS keeps a journal of names.
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            files.sync(descriptor)
        finally:
            os.close(descriptor)


def sync_file(path: Path) -> None:
    """Return when all of `path` is on the disk, as far as that can be had. Raises OSError."""
    with PartFile(path, direct=False) as file:
        file.sync()
