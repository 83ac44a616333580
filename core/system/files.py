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
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors.base import SubtitleEditorError
from ..errors.disk import FileInUseError, FileTooLargeError, FolderNotWritableError, NoSpaceError
from ..text import Text
from .reasons import GONE, IN_USE, is_of_cloud, number_of, reason_of

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None  # type: ignore[assignment]

PATIENCE = 2.0
"""Seconds to wait for another program that has a file open. A scanner is done with a small one in less."""
LONG_PATIENCE = 30.0
"""The same for what was hours of work, and may be gigabytes, which a scanner reads whole."""

LONGEST_NAME = 255
"""Bytes of a file's name on nearly all disks. NTFS and APFS count UTF-16 units or characters, never more of them."""

_MAY_BE_IN_USE = (5, *IN_USE)
"""What Windows answers while another program has the file open; 5 also where we may not touch it at all."""

_JUNCTION = 0xA0000003
"""IO_REPARSE_TAG_MOUNT_POINT"""

_NO_SYNC_HERE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}

_FULL = {errno.ENOSPC}
_QUOTA = {getattr(errno, "EDQUOT", errno.ENOSPC)} - _FULL

_NOT_ALLOWED = {errno.EACCES, errno.EPERM}


def replace(
    source: Path, target: Path, patience: float | None = None, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Give `source` the name `target`, in one step, whatever has that name now. Raises OSError; and what `sleep` does,
    which is called while another program has one of them open, for `patience` seconds at most (`PATIENCE`).
    PermissionError where the name is a device's or a pipe's: no file may take its place."""
    if is_no_file(target):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), os.fspath(target))
    _patiently(lambda: os.replace(source, target), patience, sleep)


def put(source: Path, target: Path, patience: float | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
    """Give `source` the name `target`, if nothing has that name. Raises FileExistsError, and what `replace` does."""

    is_second = False

    def name() -> None:
        nonlocal is_second
        if sys.platform == "win32":
            return os.rename(source, target)  # Refuses there.
        try:
            os.link(source, target)
            is_second = True
        except FileExistsError:
            raise
        except OSError:  # A disk without second names, such as exFAT: what comes between these two calls is lost.
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target)) from None
            os.replace(source, target)

    _patiently(name, patience, sleep)
    if is_second:
        with contextlib.suppress(OSError):  # The file has its name; one more that stays takes no room.
            remove(source, patience, sleep)


def remove(path: Path, patience: float | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
    """Delete a file, if it is there. Raises as `replace` does."""

    def unlink() -> None:
        try:
            path.unlink(missing_ok=True)
        except PermissionError as error:
            if getattr(error, "winerror", None) is None or _may_be_written(path):
                raise
            path.chmod(stat.S_IWRITE)  # A read-only file cannot be deleted there, only its folder counts elsewhere.
            path.unlink(missing_ok=True)

    _patiently(unlink, patience, sleep)


def remove_tree(folder: Path, patience: float | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
    """Delete a folder with all that is in it, links and junctions not followed. Raises as `replace` does,
    FileNotFoundError if there is none, NotADirectoryError for one that is a link itself.

    Not shutil's, which refuses where a file has another number each time, and leaves what may only be read.
    """
    os.stat(folder)
    if is_link(folder):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    inner = []
    for root, _, names in tree(folder):
        inner.append(Path(root))
        for name in names:
            remove(Path(root, name), patience, sleep)
    for path in reversed(inner):
        _patiently(path.rmdir, patience, sleep)


def tree(folder: Path, onerror: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """As os.walk, from the top, for who deletes, counts, or searches what may be large: folders that are links are
    among the names of files, and junctions, which os.walk enters, are too; so is what cannot be looked at."""
    for root, folders, names in os.walk(folder, onerror=onerror):
        links = [name for name in folders if _may_be_link(Path(root, name))]
        folders[:] = [name for name in folders if name not in links]
        yield root, folders, names + links


def files_in(folder: Path) -> Iterator[Path]:
    """The files in a folder and in those inside of it, also those that are links; folders that are links are not
    entered. Nothing where there is no folder."""
    for root, _, names in tree(folder):
        yield from (path for name in names if os.path.isfile(path := Path(root, name)))


def is_link(path: Path) -> bool:
    """Whether a name leads elsewhere: a symbolic link, or a junction of Windows, which is none and is followed as one.
    False for what is not there. Raises OSError."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION


def _may_be_link(path: Path) -> bool:
    try:
        return is_link(path)
    except OSError:
        return True


def is_no_file(path: Path) -> bool:
    """Whether the name leads to a device, a pipe or a socket, such as `/dev/null`. Never raises."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file: by their names, with links followed, also where a file has another number
    each time. Raises OSError where one is not there."""
    return os.path.samefile(one, other) or Path(os.path.realpath(one)) == Path(os.path.realpath(other))


def is_still(path: Path, opened: os.stat_result) -> bool:
    """Whether `path` is the file that was opened with this state, and not another of its name. True where a file has
    another number each time, as in shared folders of virtual machines: then only that there is one is known."""
    try:
        now = os.stat(path)
        return os.path.samestat(now, opened) or not os.path.samestat(now, os.stat(path))
    except OSError:
        return False


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
    return getattr(error, "winerror", None) in _MAY_BE_IN_USE


def write(path: Path, content: bytes, *, private: bool = False, lasting: bool = True) -> None:
    """Put `content` into the file at `path`: whoever reads it finds the old or the new, whole; after a power cut too,
    unless it is not to be `lasting`, which is much faster for many files.

    A link stays a link; into a device or a pipe the content is written. A `private` file is its owner's alone from its
    first moment; another keeps the permissions of the one it replaces. Raises OSError, and then nothing is left behind.
    """
    if is_no_file(path):
        return _into(path, content)
    target, fresh = fresh_beside(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        with os.fdopen(os.open(fresh, flags, 0o600 if private else 0o666), "wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                sync(file.fileno())
        if not private and target.exists():
            shutil.copymode(target, fresh)
        replace(fresh, target)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(fresh)
        raise


def _into(path: Path, content: bytes) -> None:
    with open(path, "wb", buffering=0) as file:
        while content:
            content = content[file.write(content) or 0 :]


def fresh_beside(path: Path) -> tuple[Path, Path]:
    """Where `path` leads, through links, and a name beside it for what will take its place once it is whole."""
    target = Path(os.path.realpath(path))
    return target, target.with_name("." + fitted(target.name, f".{secrets.token_hex(4)}.tmp", LONGEST_NAME - 1))


def try_to_write(folder: Path) -> None:
    """Make a file in `folder` and remove it: nothing else says for certain whether that is allowed, and Windows says
    yes of any folder. Raises what `disk_error` makes of an OSError."""
    probe = folder / f".{secrets.token_hex(8)}.tmp"
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        remove(probe)
    except OSError as error:
        raise disk_error(folder, error) from error


def try_to_replace(path: Path, windows: bool = sys.platform == "win32") -> None:
    """Find out before an hour's work whether a file can be replaced: Windows refuses it while another program has the
    file open, and where it may only be read. Changes nothing. Raises what `disk_error` makes of an OSError."""
    try:
        if windows and not _may_be_written(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        replace(path, path)
    except OSError as error:
        raise disk_error(path.parent, error) from error


def sync(descriptor: int) -> bool:
    """Bring what was written into an open file to the disk. False if it may still be in the disk's own memory, which a
    power cut takes: where macOS cannot ask for more (exFAT, SMB), or a file system knows no syncing. Raises OSError."""
    command = getattr(fcntl, "F_FULLFSYNC", None)
    if command is not None:
        with contextlib.suppress(OSError):  # ENOTTY, ENOTSUP; what is really wrong fsync says, too.
            fcntl.fcntl(descriptor, command)  # type: ignore[attr-defined,unused-ignore]
            return True
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC_HERE:
            raise
        return False
    return command is None


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


def nearest(folder: Path) -> Path:
    """The folder, or the nearest of those above it that is there and may be looked at."""
    folder = folder.absolute()
    return next((path for path in (folder, *folder.parents) if os.path.exists(path)), folder)


def free_space(folder: Path) -> int | None:
    """Bytes that are free on the disk of a folder, which need not be there yet. None where the disk does not say, as
    those of memory without a limit and some of clouds: they have no size at all. Raises OSError."""
    usage = shutil.disk_usage(nearest(folder))
    return usage.free if usage.total else None


def check_room(folder: Path, needed: int) -> None:
    """Raise NoSpaceError if a disk says that it has no room for so many bytes. Raises OSError."""
    free = free_space(folder)
    if free is not None and needed > free:
        raise NoSpaceError(folder, needed, free)


_ADVICE = {
    errno.EROFS: Text("Choose a folder on another disk."),
    errno.ENOTDIR: Text("Give that file another name, or choose another folder."),
    errno.EEXIST: Text("Give that file another name, or choose another folder."),
    errno.EISDIR: Text("Give that folder another name, or choose another name for the file."),
    errno.ENAMETOOLONG: Text("Choose a shorter name, or a folder with a shorter path."),
    errno.EINVAL: Text("Choose another name, or another folder."),
    errno.EMFILE: Text("Close other programs, then try again."),
    errno.ENFILE: Text("Close other programs, then try again."),
    **dict.fromkeys(GONE, Text("Connect the disk again, then try again.")),
}
"""What helps, by number, where neither room nor permissions are the reason."""


_CLOUD_ADVICE = Text("Start that program (OneDrive, for example), or choose a folder that no cloud keeps.")


def disk_error(place: Path, error: OSError, missing: int = 0) -> SubtitleEditorError:
    """What the user is told when something in `place`, a folder, could not be written, of which `missing` bytes were
    still to come; 0 if nobody knows. `error` must be one of the disk's: a socket's is an OSError, too. One that says
    already what the user is told stays as it is."""
    if isinstance(error, SubtitleEditorError):
        return error
    if os.path.islink(place) and not os.path.exists(place):
        target = Text("it is a link to {target}, which is not there", target=os.readlink(place))
        return FolderNotWritableError(place, target, Text("Connect the disk again, then try again."))
    if getattr(error, "winerror", None) in IN_USE:
        return FileInUseError(Path(os.fsdecode(error.filename2 or error.filename or place)))
    number = number_of(error)
    if number in _FULL | _QUOTA:
        free = 0
        with contextlib.suppress(OSError):
            free = free_space(place) or 0
        return NoSpaceError(place, missing, free, quota=number in _QUOTA)
    if number == errno.EFBIG:
        return FileTooLargeError(place, missing)
    return _refusal(place, error, number)


def _refusal(place: Path, error: OSError, number: int) -> FolderNotWritableError:
    """Of what stands in the way itself, where the error tells it, and not of the folder that it is in."""
    named = _named(error) or [place]
    if number == errno.EISDIR or (number in _NOT_ALLOWED and _is_folder_for_a_file(error, named)):
        path = next((path for path in named if os.path.isdir(path)), named[0])
        return FolderNotWritableError(path, reason_of(OSError(errno.EISDIR, "")), _ADVICE[errno.EISDIR])
    found = [there for path in (*named, place) if (there := _nearest_name(path)) is not None]
    if number in (errno.ENOTDIR, errno.EEXIST):
        path = next((there for there in found if not os.path.isdir(there)), place)
        return FolderNotWritableError(path, reason_of(error), _advice(path, number))
    if number not in _NOT_ALLOWED:
        advice = _CLOUD_ADVICE if is_of_cloud(error) else _advice(place, number)
        return FolderNotWritableError(place, reason_of(error), advice)
    barred = next((there for there in found if os.path.isfile(there) and os.access(there.parent, os.W_OK)), None)
    if barred is not None:
        hint = Text("It may be another user's: let them finish or delete it, or make it writable for you.")
        return FolderNotWritableError(barred, reason_of(error), hint)
    closed = (there for there in found if place in there.parents and not os.access(there, os.W_OK | os.X_OK))
    return FolderNotWritableError(next((there for there in closed if os.path.isdir(there)), place), reason_of(error))


def _is_folder_for_a_file(error: OSError, named: list[Path]) -> bool:
    """Whether permissions are only Windows' word for a folder that has the name which a file was to get or to be opened
    by: what it refuses of a folder itself has a number of its own, and one name."""
    if len(named) > 1:
        return os.path.isdir(named[0]) and not os.path.isdir(named[1])
    return sys.platform == "win32" and getattr(error, "winerror", None) is None and os.path.isdir(named[0])


def _named(error: OSError) -> list[Path]:
    """What an error names: where something was to go before where it came from."""
    names = (error.filename2, error.filename)
    return [Path(os.fsdecode(name)) for name in names if isinstance(name, (str, bytes)) and name]


def _nearest_name(path: Path) -> Path | None:
    """The path, or of those above it the nearest that is there."""
    return next((above for above in (path, *path.parents) if os.path.lexists(above)), None)


def _advice(place: Path, number: int) -> str:
    if number == errno.ENOENT and os.path.isdir(place):
        return Text("Another program may have removed what was there: try again.")
    if number == errno.ENOENT:
        return Text("Make the folder, or choose another.")
    return _ADVICE.get(number) or Text("Look after the disk, or choose another folder.")


def _may_be_written(path: Path) -> bool:
    """By the file's own mark, which is all that Windows shows here."""
    try:
        return bool(path.stat().st_mode & stat.S_IWRITE)
    except OSError:
        return True
