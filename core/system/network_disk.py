# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a folder lies on another machine, where some promises of a disk do not hold: memory that processes share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_KINDS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "ncpfs",
    "vboxsf",
    "davfs",
}
_FUSE = ("fuse.sshfs", "fuse.rclone", "fuse.davfs", "fuse.glusterfs", "fuse.vmhgfs-fuse", "fuse.portal")
"""What Linux calls such file systems."""

_REMOTE = 4
"""DRIVE_REMOTE of Windows."""
_LOCAL = 0x1000
"""MNT_LOCAL of macOS, and where the flags and the whole are in what `statfs` fills in on 64 bits."""
_FLAGS_AT, _LARGEST = 64, 4096


def is_remote(folder: Path, platform: str = sys.platform) -> bool:
    """Asks the system. False where it does not say. Never raises."""
    try:
        path = os.path.realpath(folder)  # A link in a home may lead to another machine.
        if platform == "win32":
            return _is_remote_on_windows(path)
        if platform == "darwin":
            return _is_remote_on_macos(path)
        return _is_remote_by(Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape"), path)
    except (OSError, AttributeError, ValueError, ImportError):
        return False


def _is_remote_by(mounts: str, path: str) -> bool:
    """By the table of mounts: the last that is nearest above the path counts.

    >>> table = "disk / ext4 rw 0 0\\nnas:/home /home nfs4 rw 0 0\\ndisk /home/my\\\\040own ext4 rw 0 0"
    >>> _is_remote_by(table, "/home/ada"), _is_remote_by(table, "/homes"), _is_remote_by(table, "/home/my own/x")
    (True, False, False)
    """
    nearest, kind = "", ""
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:
            continue
        place = words[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        if len(place) >= len(nearest) and (path == place or path.startswith(place.rstrip("/") + "/")):
            nearest, kind = place, words[2]
    return kind in _KINDS or kind.startswith(_FUSE)


def _is_remote_on_windows(path: str) -> bool:
    import ntpath

    if path.startswith("\\\\?\\"):
        path = path[4:]
        if path.startswith("UNC\\"):
            return True
    drive = ntpath.splitdrive(path)[0]
    if drive.startswith("\\\\"):
        return True
    return bool(_kernel().GetDriveTypeW(f"{drive}\\") == _REMOTE)


def _kernel() -> Any:
    import ctypes

    return ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]


def _is_remote_on_macos(path: str) -> bool:
    import ctypes

    library = ctypes.CDLL(None)
    # On Intel the plain name is that of the old, smaller structure.
    statfs = getattr(library, "statfs$INODE64", None) or library.statfs
    found = ctypes.create_string_buffer(_LARGEST)
    if statfs(os.fsencode(path), found) != 0:
        return False
    return not int.from_bytes(found.raw[_FLAGS_AT : _FLAGS_AT + 4], "little") & _LOCAL
