# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the system refused, in a few words that fit behind a colon: by number, for the system's own words are in the
language of the system, or there are none ("Unknown error" is what Python says of half of Windows' numbers).
"""

from __future__ import annotations

import errno

from ..text import Text

GONE = {
    getattr(errno, name, errno.ENODEV) for name in ("ENODEV", "ENXIO", "ESTALE", "ENOTCONN", "ENOMEDIUM", "EHOSTDOWN")
}
"""The disk was taken away."""

REFUSED = {errno.EACCES, errno.EPERM, errno.EIO, errno.EISDIR} | GONE
"""A file cannot be read, whatever is in it."""

_WINDOWS = {
    3: errno.ENOENT,  # ERROR_PATH_NOT_FOUND
    15: errno.ENODEV,  # ERROR_INVALID_DRIVE
    19: errno.EROFS,  # ERROR_WRITE_PROTECT
    21: errno.ENODEV,  # ERROR_NOT_READY
    23: errno.EIO,  # ERROR_CRC
    39: errno.ENOSPC,  # ERROR_HANDLE_DISK_FULL
    53: errno.ENODEV,  # ERROR_BAD_NETPATH
    55: errno.ENODEV,  # ERROR_DEV_NOT_EXIST
    59: errno.ENODEV,  # ERROR_UNEXP_NET_ERR
    64: errno.ENODEV,  # ERROR_NETNAME_DELETED
    65: errno.EACCES,  # ERROR_NETWORK_ACCESS_DENIED
    67: errno.ENODEV,  # ERROR_BAD_NET_NAME
    112: errno.ENOSPC,  # ERROR_DISK_FULL
    206: errno.ENAMETOOLONG,  # ERROR_FILENAME_EXCED_RANGE
    223: errno.EFBIG,  # ERROR_FILE_TOO_LARGE
    483: errno.EIO,  # ERROR_DEVICE_HARDWARE_ERROR
    1006: errno.ENODEV,  # ERROR_FILE_INVALID: the volume was changed
    1117: errno.EIO,  # ERROR_IO_DEVICE
    1167: errno.ENODEV,  # ERROR_DEVICE_NOT_CONNECTED
    1231: errno.ENODEV,  # ERROR_NETWORK_UNREACHABLE
    1295: getattr(errno, "EDQUOT", errno.ENOSPC),  # ERROR_DISK_QUOTA_EXCEEDED
    1392: errno.EIO,  # ERROR_FILE_CORRUPT
    225: errno.EACCES,  # ERROR_VIRUS_INFECTED
    226: errno.EACCES,  # ERROR_VIRUS_DELETED
    448: errno.EACCES,  # ERROR_UNTRUSTED_MOUNT_POINT
    1314: errno.EACCES,  # ERROR_PRIVILEGE_NOT_HELD
    1920: errno.EACCES,  # ERROR_CANT_ACCESS_FILE
}
"""What Python makes EINVAL or ENOENT of, and what it is."""

_CLOUD = frozenset({362, 377, 380, *range(386, 399), 404, 426})
"""ERROR_CLOUD_FILE_...: OneDrive and its like have the content elsewhere, and do not bring it."""

_OWN_REASONS = {
    225: Text("a virus scanner does not allow it"),
    226: Text("a virus scanner has removed it"),
    448: Text("a link leads there that Windows does not trust"),
    **dict.fromkeys(_CLOUD, Text("it is kept in a cloud, and the program that brings it from there does not")),
}

IN_USE = (32, 33)
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: another program has the file open."""

_BAD_NAME = 123

_REASONS = {
    errno.EROFS: Text("the disk can only be read"),
    errno.EACCES: Text("permission denied"),
    errno.EPERM: Text("permission denied"),
    errno.ENAMETOOLONG: Text("the name is too long for this disk"),
    errno.ENOTDIR: Text("a file is where a folder should be"),
    errno.EEXIST: Text("a file is where a folder should be"),
    errno.EISDIR: Text("it is a folder"),
    errno.ENOENT: Text("there is no such file or folder"),
    errno.ENOSPC: Text("the disk is full"),
    errno.EFBIG: Text("the disk takes no file as large as that"),
    errno.EMFILE: Text("too many files are open"),
    errno.ENFILE: Text("too many files are open"),
    errno.EIO: Text("the disk reports an error"),
    errno.EADDRINUSE: Text("another program uses this address"),
    errno.EADDRNOTAVAIL: Text("this machine does not have this address"),
}


def number_of(error: BaseException) -> int:
    """The `errno` that says what happened, also where Windows has a number of its own for it; 0 without one."""
    windows = getattr(error, "winerror", None) or 0
    own = errno.ENODEV if windows in _CLOUD else _WINDOWS.get(windows)
    number = own or getattr(error, "errno", None)
    return number if isinstance(number, int) else 0


def is_of_cloud(error: BaseException) -> bool:
    """Whether a cloud folder of Windows refuses: its files may be there by name alone."""
    return getattr(error, "winerror", None) in _CLOUD


def is_kept_from_us(error: BaseException) -> bool:
    """Whether a file cannot be read now or by us, which says nothing about what is in it."""
    return getattr(error, "winerror", None) in IN_USE or number_of(error) in REFUSED - {errno.EIO, errno.EISDIR}


def reason_of(error: BaseException) -> str:
    """Why it failed, for an error of the system, of FFmpeg (which has its numbers and more), or any other."""
    number = number_of(error)
    windows = getattr(error, "winerror", None)
    if windows in IN_USE:
        return Text("another program has it open")
    if windows == _BAD_NAME:
        return Text("it has a name that this system does not allow")
    if windows in _OWN_REASONS:
        return _OWN_REASONS[windows]
    if number in GONE:
        return Text("the disk is not there any more")
    if isinstance(error, OSError) and (known := _REASONS.get(number)):
        return known
    said = str(getattr(error, "strerror", None) or error)
    if not said:
        return type(error).__name__
    return said[:1].lower() + said[1:] if said[1:2].islower() else said
