# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk as macOS has them, under the existing tests: `python tests/mac_disk.py tests/core/library` runs pytest there.

Names that differ in capitals or in the form of their accents alone are one file, and come back with their accents apart
(NFD). It is a FUSE file system over an ordinary folder: Linux, with fusepy and its libfuse, and the right to mount.
Not macOS' are: the longest name, which is the ordinary folder's; the largest file, which is told too late; and a moment
in which a file that is replaced is not there, which is libfuse's.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LEFT_OUT = (
    "test_whoever_reads_finds_the_old_or_the_new",
    "test_the_longest_name_of_a_disk_can_be_written",
    "test_a_file_with_the_longest_name",
    "test_a_file_too_large_for_the_disk_is_told_before_the_first_byte",
    "test_a_name_that_is_no_text",
)
"""Tests that ask for what this disk has not: a real one has it, but for names that are no UTF-8."""

_SHOWN = ("atime", "ctime", "gid", "mode", "mtime", "nlink", "size", "uid", "ino", "blocks")
_ROOM = ("bavail", "bfree", "blocks", "bsize", "favail", "ffree", "files", "flag", "frsize", "namemax")


def why_not() -> str:
    """Why there can be no such disk here; empty if there can."""
    if sys.platform != "linux" or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "there is no FUSE here, or it is not allowed"
    try:
        _binding()
    except (ImportError, OSError):
        return "fusepy or its libfuse is not installed"
    return ""


def _binding() -> Any:
    """fusepy: Debian's package has its own name for the module. Raises ImportError, OSError without libfuse."""
    for name in ("fusepy", "fuse"):
        with contextlib.suppress(ModuleNotFoundError):
            found = importlib.import_module(name)
            if hasattr(found, "FuseOSError"):
                return found
    raise ImportError("fusepy")


def same(name: str) -> str:
    """What is equal for names of one file."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def place(root: str, path: str) -> str:
    """Where what is called `path` on the disk lies in the folder below it."""
    at = root
    for part in filter(None, path.split("/")):
        kept = unicodedata.normalize("NFD", part)
        if not os.path.lexists(os.path.join(at, kept)) and os.path.isdir(at):
            kept = next((name for name in os.listdir(at) if same(name) == same(part)), kept)
        at = os.path.join(at, kept)
    return at


def serve(root: str, mount: str) -> None:
    """Be the disk, until it is taken away."""
    fusepy = _binding()

    class Disk(fusepy.Operations):  # type: ignore[misc, name-defined]
        def __call__(self, operation: str, *given: Any) -> Any:
            try:
                return getattr(self, operation)(*given)
            except OSError as error:
                raise fusepy.FuseOSError(error.errno) from error

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            found = os.lstat(place(root, path))
            return {f"st_{name}": getattr(found, f"st_{name}") for name in _SHOWN}

        def readdir(self, path: str, fh: int) -> list[str]:
            return [".", "..", *os.listdir(place(root, path))]

        def statfs(self, path: str) -> dict[str, int]:
            found = os.statvfs(root)
            return {f"f_{name}": getattr(found, f"f_{name}") for name in _ROOM}

        def create(self, path: str, mode: int, fi: object = None) -> int:
            return os.open(place(root, path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

        def open(self, path: str, flags: int) -> int:
            return os.open(place(root, path), flags & ~(os.O_APPEND | os.O_CREAT | os.O_EXCL))

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            return os.pread(fh, size, offset)

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
            return os.pwrite(fh, data, offset)

        def truncate(self, path: str, length: int, fh: int | None = None) -> None:
            os.truncate(place(root, path) if fh is None else fh, length)

        def fsync(self, path: str, only_data: int, fh: int) -> None:
            os.fsync(fh)

        def release(self, path: str, fh: int) -> None:
            os.close(fh)

        def access(self, path: str, mode: int) -> None:
            if not os.access(place(root, path), mode):
                raise PermissionError(13, "not allowed")

        def chmod(self, path: str, mode: int) -> None:
            os.chmod(place(root, path), mode)

        def chown(self, path: str, uid: int, gid: int) -> None:
            os.lchown(place(root, path), uid, gid)

        def utimens(self, path: str, times: tuple[float, float] | None = None) -> None:
            os.utime(place(root, path), times, follow_symlinks=False)

        def mknod(self, path: str, mode: int, dev: int) -> None:
            os.mknod(place(root, path), mode, dev)

        def mkdir(self, path: str, mode: int) -> None:
            os.mkdir(place(root, path), mode)

        def rmdir(self, path: str) -> None:
            os.rmdir(place(root, path))

        def unlink(self, path: str) -> None:
            os.unlink(place(root, path))

        def readlink(self, path: str) -> str:
            return os.readlink(place(root, path))

        def symlink(self, target: str, source: str) -> None:
            os.symlink(source, place(root, target))

        def link(self, target: str, source: str) -> None:
            os.link(place(root, source), place(root, target))

        def rename(self, old: str, new: str) -> None:
            before, after = place(root, old), place(root, new)
            if before == after:  # Other capitals for the same file.
                after = os.path.join(os.path.dirname(after), unicodedata.normalize("NFD", os.path.basename(new)))
            os.rename(before, after)

    no_memory = {"attr_timeout": 0, "entry_timeout": 0, "ac_attr_timeout": 0}
    fusepy.FUSE(Disk(), mount, foreground=True, use_ino=True, hard_remove=True, big_writes=True, **no_memory)


def main(words: Sequence[str]) -> int:
    """Run pytest with these words, its files on the disk."""
    if reason := why_not():
        print(f"The tests on a disk of macOS were left out: {reason}.")
        return 77
    with tempfile.TemporaryDirectory(prefix="mac-disk-") as folder:
        root, mount = Path(folder, "below"), Path(folder, "disk")
        root.mkdir()
        mount.mkdir()
        disk = subprocess.Popen([sys.executable, __file__, "--serve", str(root), str(mount)])
        try:
            while not os.path.ismount(mount):
                if disk.poll() is not None:
                    print("The tests on a disk of macOS were left out: it could not be mounted.")
                    return 77
                time.sleep(0.05)
            but = " and ".join(f"not {name}" for name in LEFT_OUT)
            command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--basetemp={mount}/tests", "-k", but]
            return subprocess.run([*command, *words]).returncode
        finally:
            subprocess.run(["umount", "-l", str(mount)], check=False)
            disk.terminate()
            disk.wait(10)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:4])
    else:
        sys.exit(main(sys.argv[1:]))
