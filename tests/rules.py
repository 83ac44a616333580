# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of other systems, under the existing tests: `SUBTITLE_EDITOR_TEST_RULES=share,scanner python -m pytest ...`.

    share     as on Windows: no file that this process has open anywhere can be renamed, replaced or removed
    scanner   another program looks into each file for a moment: its first renaming and removal fail
    deaf      shutting a socket down wakes nobody who reads from it
    nolinks   no symbolic links, as on Windows without its developer mode
    exfat     neither those nor a second name of a file

Linux only: the open files are those that /proc tells of. A child process follows its own system's rules.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

VARIABLE = "SUBTITLE_EDITOR_TEST_RULES"
LOOK = 0.15
"""Seconds for which a scanner has a file open."""


def refused(number: int, path: object) -> PermissionError:
    """What Python raises on Windows for this error of the system."""
    error = PermissionError(errno.EACCES, "The process cannot access the file", str(path))
    error.winerror = number  # type: ignore[attr-defined]
    return error


def by_the_program() -> bool:
    """Whether the program under test has called, not a test or a library: those know nothing of other systems."""
    frame = sys._getframe(2)
    while frame.f_back and os.path.basename(frame.f_code.co_filename) in ("pathlib.py", "shutil.py"):
        frame = frame.f_back
    place = frame.f_code.co_filename
    return f"{os.sep}core{os.sep}" in place and f"{os.sep}tests{os.sep}" not in place


def is_open(path: object) -> bool:
    """Whether this process has the file open."""
    try:
        wanted = os.path.realpath(os.fspath(path))  # type: ignore[call-overload]
        if os.path.islink(path) or os.path.isdir(path):  # type: ignore[arg-type]
            return False
    except TypeError:
        return False
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{descriptor}") == wanted:
                return True
        except OSError:
            continue
    return False


def share(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    from subtitle_editor.core.system import locks

    def guarded(call: Callable[..., Any], count: int) -> Callable[..., Any]:
        def act(*paths: Any, **options: Any) -> Any:
            if by_the_program():
                for path in paths[:count]:
                    if is_open(path):
                        raise refused(32, path)
            return call(*paths, **options)

        return act

    for name, count in (("replace", 2), ("rename", 2), ("unlink", 1), ("remove", 1)):
        patch.setattr(os, name, guarded(getattr(os, name), count))
    patch.setattr(locks._release, "__defaults__", (True,))  # The order that Windows needs, and that is taken there.


def scanner(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    since: dict[str, float] = {}

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def act(path: Any, *rest: Any, **options: Any) -> Any:
            name = os.fspath(path) if by_the_program() else ""
            if name and os.path.lexists(name) and not str(name).endswith("lock"):
                if time.monotonic() - since.setdefault(str(name), time.monotonic()) < LOOK:
                    raise refused(32, path)
                del since[str(name)]
            return call(path, *rest, **options)

        return act

    for name in ("replace", "rename", "unlink", "remove"):
        patch.setattr(os, name, guarded(getattr(os, name)))


def deaf(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    patch.setattr(socket.socket, "shutdown", lambda self, how: None)


def nolinks(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    real = os.symlink

    def act(*paths: Any, **options: Any) -> None:
        if by_the_program():
            error = OSError(errno.EINVAL, "A required privilege is not held by the client")
            error.winerror = 1314  # type: ignore[attr-defined]
            raise error
        real(*paths, **options)

    patch.setattr(os, "symlink", act)


def exfat(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    real = os.link

    def act(*paths: Any, **options: Any) -> None:
        if by_the_program():
            error = OSError(errno.EINVAL, "Incorrect function")
            error.winerror = 1  # type: ignore[attr-defined]
            raise error
        real(*paths, **options)

    nolinks(patch)
    patch.setattr(os, "link", act)


RULES = {rule.__name__: rule for rule in (share, scanner, deaf, nolinks, exfat)}


def apply(names: str, patch: pytest.MonkeyPatch) -> None:
    """Put rules in force, named with commas between them."""
    for name in filter(None, names.split(",")):
        RULES[name](patch)
