# SPDX-License-Identifier: GPL-3.0-or-later
"""A film that is written beside its place and gets its name when it is whole."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors.disk import FileInUseError, NoSpaceError
from ..errors.film import FilmNotWrittenError
from ..system import files
from ..system.reasons import reason_of
from ..text import Text
from .containers import Container

if TYPE_CHECKING:
    import av.container


_NOT_OF_THE_DISK = {errno.EINVAL, errno.ERANGE, errno.EDOM, errno.ENOSYS, errno.ENOMEM, errno.EAGAIN}
"""What muxers and encoders say too."""


def check(media: Path, target: Path, *, overwrite: bool) -> None:
    """Raises FilmNotWrittenError where writing would cost a film, FolderNotWritableError and FileInUseError where it is
    not allowed."""
    if target.is_dir():
        raise FilmNotWrittenError(target, Text("it is a folder"))
    if target.exists():
        if media.exists() and files.is_same(media, target):
            raise FilmNotWrittenError(target, Text("it is the film that is read"))
        if not overwrite:
            raise FilmNotWrittenError(
                target, Text("it exists"), Text("Choose another name, or say --overwrite to replace it.")
            )
        files.try_to_replace(target)
    if not target.parent.is_dir():
        raise FilmNotWrittenError(target, Text("there is no such folder"))
    files.try_to_write(target.parent)


@contextlib.contextmanager
def written(
    target: Path, container: Container, check_again: Callable[[], None] = lambda: None, *, overwrite: bool
) -> Iterator[av.container.OutputContainer]:
    """The container to write into. When the block ends, it is closed, brought to the disk, and gets its name, unless
    `check_again` raises then. `overwrite`: also where another file has that name by then.

    Whatever the block raises, nothing is left behind. A film that is whole and cannot get its name gets one like it,
    which the FilmNotWrittenError tells. Errors of the disk and of the muxer inside `writing()` and at the end are
    FilmNotWrittenError or what `files.disk_error` makes of them.
    """
    import av

    target, fresh = files.fresh_beside(target)
    with writing(target):
        out: Any = av.open(os.fspath(fresh), "w", format=container.muxer)
    try:
        yield out
        with writing(target):
            out.close()
            with open(fresh, "rb+") as file:
                files.sync(file.fileno())
        check_again()
        _name(fresh, target, overwrite)
    except BaseException:
        with contextlib.suppress(Exception):
            out.close()
        with contextlib.suppress(OSError):
            files.remove(fresh)
        raise


def _name(fresh: Path, target: Path, overwrite: bool) -> None:
    """Give the finished film its name. Raises FilmNotWrittenError, and then it has another one."""
    try:
        return (files.replace if overwrite else files.put)(fresh, target, files.LONG_PATIENCE)
    except OSError as error:
        failure = error
    with writing(target):
        kept = _kept(fresh, target)
    if isinstance(failure, FileExistsError):
        reason: str = Text("a file of that name has come there meanwhile")
    elif isinstance(files.disk_error(target.parent, failure), FileInUseError):
        reason = Text("another program has it open")
    else:
        reason = reason_of(failure)
    raise FilmNotWrittenError(target, reason, Text("The new film is whole: it is {path}.", path=kept)) from failure


def _kept(fresh: Path, target: Path) -> Path:
    """Give it the first name like it that is free. Raises OSError."""
    for number in itertools.count(2):
        with contextlib.suppress(FileExistsError):
            files.put(fresh, kept := _numbered(target, number), files.LONG_PATIENCE)
            return kept
    raise AssertionError


def _numbered(target: Path, number: int) -> Path:
    return target.with_name(files.fitted(target.stem, f" ({number}){target.suffix}"))


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """What FFmpeg and the disk say inside is about the film that is written. Raises FilmNotWrittenError and others."""
    import av

    try:
        yield
    except (av.FFmpegError, OSError, ValueError) as error:
        number = getattr(error, "errno", None) or 0
        if number in _NOT_OF_THE_DISK or number not in errno.errorcode:  # About what is written, not where.
            hint = Text("Try another kind of file, such as .mkv.")
            raise FilmNotWrittenError(target, reason_of(error), hint) from error
        # FFmpeg's errors are OSErrors, some of them, but know nothing of Windows'.
        plain = OSError(number, os.strerror(number))
        if isinstance(error, OSError) and getattr(error, "winerror", None):
            plain = error
        failure = files.disk_error(target.parent, plain)
        if isinstance(failure, NoSpaceError):
            hint = Text("Free some space, or choose another disk.")
            raise FilmNotWrittenError(target, reason_of(OSError(number, "")), hint) from error
        raise failure from error
