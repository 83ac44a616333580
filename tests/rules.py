# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of other systems, under the existing tests: `SUBTITLE_EDITOR_TEST_RULES=share,scanner python -m pytest ...`.

    share     as on Windows: no file that this process has open anywhere can be renamed, replaced or removed
    scanner   another program looks into each file for a moment: its first renaming and removal fail
    deaf      shutting a socket down wakes nobody who reads from it
    nolinks   no symbolic links, as on Windows without its developer mode
    exfat     neither those nor a second name of a file
    nosync    macOS' full sync answers that the disk has none (exFAT, SMB)
    nolocks   the file system knows no locks
    unstable  a file has another number each time (shared folders of virtual machines, WebDAV)
    coarse    the clock goes by steps of 15.6 ms
    shortpaths  no path of more than 259 characters
    cp1252, cp437  what child processes write goes to a console, or a pipe, of that code page
    readonly  a file that may not be written cannot be replaced or removed, whatever its folder says

Linux only: the open files are those that /proc tells of. A child process follows its own system's rules.
"""

from __future__ import annotations

import builtins
import errno
import io
import itertools
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

_BETWEEN = ("pathlib.py", "shutil.py", "genericpath.py", "posixpath.py", "os.py", "tempfile.py", "contextlib.py")
_FROZEN = tuple(f"<frozen {name.removesuffix('.py')}>" for name in _BETWEEN)
"""As Python calls those that are inside of it."""

VARIABLE = "SUBTITLE_EDITOR_TEST_RULES"
LOOK = 0.15
"""Seconds for which a scanner has a file open."""
QUICK_LOOK = 0.01
"""The same in tests that rename a file hundreds of times, lest they run out of theirs."""
HURRIED = {
    "test_a_journal_cut_at_every_byte",
    "test_a_power_cut_at_any_moment_never_promises_what_the_disk_has_not",
    "test_a_torn_journal_of_another_boot_promises_only_what_was_synced",
}
"""Those tests."""


def refused(number: int, path: object) -> PermissionError:
    """What Python raises on Windows for this error of the system."""
    error = PermissionError(errno.EACCES, "The process cannot access the file", str(path))
    error.winerror = number  # type: ignore[attr-defined]
    return error


def by_the_program() -> bool:
    """Whether the program under test has called, not a test or a library: those know nothing of other systems."""
    frame = sys._getframe(2)
    while frame.f_back and (
        frame.f_code.co_filename == __file__ or os.path.basename(frame.f_code.co_filename) in _BETWEEN + _FROZEN
    ):
        frame = frame.f_back  # Of several rules each calls the next.
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
                since.pop(str(name), None)  # Another thread may have done so.
            return call(path, *rest, **options)

        return act

    for name in ("replace", "rename", "unlink", "remove"):
        patch.setattr(os, name, guarded(getattr(os, name)))


def deaf(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    from subtitle_editor.core.transfer import watchful

    real = socket.socket.shutdown

    def act(self: socket.socket, how: int) -> None:
        frame = sys._getframe(1)
        while frame.f_back and os.path.basename(frame.f_code.co_filename) == "ssl.py":
            frame = frame.f_back
        place = frame.f_code.co_filename
        if f"{os.sep}tests{os.sep}" in place or place.endswith("socketserver.py"):
            real(self, how)  # A server is on another machine, which has a system of its own.

    patch.setattr(socket.socket, "shutdown", act)
    patch.setattr(watchful, "DEAF", True)  # As it is found out there.


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


class _NoFullSync:
    """What macOS has beside `fsync`, on a disk that cannot do it."""

    F_FULLFSYNC = 51
    answers = (errno.ENOTTY, errno.ENOTSUP)

    def __init__(self) -> None:
        self._asked = 0

    def fcntl(self, descriptor: int, command: int) -> None:
        """`fcntl.fcntl`."""
        os.fstat(descriptor)
        self._asked += 1
        raise OSError(self.answers[self._asked % len(self.answers)], "Inappropriate ioctl for device")


def nosync(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    from subtitle_editor.core.system import files

    patch.setattr(files, "fcntl", _NoFullSync())


def nolocks(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    import fcntl

    def act(_descriptor: int, _what: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    real = fcntl.flock
    patch.setattr(fcntl, "flock", lambda *given: act(*given) if by_the_program() else real(*given))


def unstable(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""
    numbers = itertools.count(1 << 40)

    def guarded(call: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def act(*given: Any, **options: Any) -> os.stat_result:
            found = call(*given, **options)
            if not by_the_program():
                return found
            names = [name for name in dir(found) if name.startswith("st_")]
            values = [getattr(found, name) for name in ("st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid")]
            values[1] = next(numbers)
            values += [found.st_size, *(int(getattr(found, f"st_{kind}time")) for kind in "amc")]
            return os.stat_result(values, {name: getattr(found, name) for name in names})

        return act

    for name in ("stat", "fstat", "lstat"):
        patch.setattr(os, name, guarded(getattr(os, name)))


TICK = 1 / 64
"""Seconds between two steps of Windows' clock."""


def coarse(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""

    def guarded(call: Callable[[], float]) -> Callable[[], float]:
        return lambda: call() // TICK * TICK if by_the_program() else call()

    for name in ("monotonic", "time"):
        patch.setattr(time, name, guarded(getattr(time, name)))


LONGEST_PATH = 259
"""Characters, without the zero at the end."""


def shortpaths(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""

    def guarded(call: Callable[..., Any], count: int, longest: int = LONGEST_PATH) -> Callable[..., Any]:
        def act(*given: Any, **options: Any) -> Any:
            if by_the_program():
                for path in given[:count]:
                    if isinstance(path, str | os.PathLike) and len(os.path.abspath(os.fspath(path))) > longest:
                        error = FileNotFoundError(errno.ENOENT, "The filename or extension is too long", str(path))
                        error.winerror = 206  # type: ignore[attr-defined]
                        raise error
            return call(*given, **options)

        return act

    for name, count in (("open", 1), ("stat", 1), ("replace", 2), ("rename", 2), ("unlink", 1), ("link", 2)):
        patch.setattr(os, name, guarded(getattr(os, name), count))
    patch.setattr(os, "mkdir", guarded(os.mkdir, 1, 247))
    patch.setattr(builtins, "open", guarded(builtins.open, 1))
    patch.setattr(io, "open", guarded(io.open, 1))


def readonly(patch: pytest.MonkeyPatch) -> None:
    """Put the rule in force."""

    def guarded(call: Callable[..., Any], last: bool) -> Callable[..., Any]:
        def act(*given: Any, **options: Any) -> Any:
            target = given[1] if last else given[0]
            there = by_the_program() and os.path.isfile(target) and not os.path.islink(target)
            if there and not os.stat(target).st_mode & 0o200:
                raise refused(5, target)
            return call(*given, **options)

        return act

    for name, last in (("replace", True), ("rename", True), ("unlink", False), ("remove", False)):
        patch.setattr(os, name, guarded(getattr(os, name), last))


def _encoding(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def rule(patch: pytest.MonkeyPatch) -> None:
        patch.setenv("PYTHONIOENCODING", name)
        patch.setenv("PYTHONUTF8", "0")

    rule.__name__ = name
    return rule


RULES = {
    rule.__name__: rule
    for rule in (
        share,
        scanner,
        deaf,
        nolinks,
        exfat,
        nosync,
        nolocks,
        unstable,
        coarse,
        shortpaths,
        readonly,
        _encoding("cp1252"),
        _encoding("cp437"),
    )
}


_LETTERS = {"test_no_picture_of_the_bar_wraps"}
_LINKS = {
    "test_bytes_go_where_huggingface_hub_looks_for_them[True]",
    "test_direct_files_lie_and_live_like_those_of_a_repository[True]",
    "test_what_was_kept_in_snapshots_is_used_where_links_came_later",
    "test_links_wait_for_no_scanner",
}
LEFT_OUT: dict[str, set[str]] = {
    "share": {"test_whoever_reads_finds_the_old_or_the_new"},
    "scanner": {
        "test_a_disk_that_complains_at_the_end",
        "test_nothing_is_copied_after_the_end[True]",
        "test_one_that_does_not_is_named_and_nothing_is_left",
        "test_an_ordinary_refusal_is_not_waited_for",
    },
    "cp1252": _LETTERS,
    "cp437": _LETTERS,
    "nolinks": _LINKS,
    "exfat": _LINKS
    | {
        "test_an_update_fetches_only_what_has_changed_and_says_so[nolinks]",
        "test_a_pinned_commit_stays_what_it_is",
        "test_what_got_its_name_has_it_whoever_looks_at_its_old_one[60]",
    },
    "deaf": {"test_adopted_sockets_are_shut_down_and_then_let_go"},
    "nosync": {
        "test_after_a_power_cut_it_goes_on_from_the_last_checkpoint",
        "test_the_file_is_synced_before_it_gets_its_name_and_the_folder_after",
    },
    "nolocks": {
        "test_a_lock_that_another_holds_is_waited_for",
        "test_who_unpacks_is_waited_for_and_not_deleted",
        "test_nothing_is_removed_while_a_download_runs",
        "test_while_a_model_is_imported_nobody_deletes_or_imports_it",
        "test_nothing_is_moved_under_a_download",
        "test_of_two_that_move_at_once_one_is_refused",
        "test_what_huggingface_hub_has_locked_stays",
        "test_a_live_job_is_its_owners_until_that_dies",
        "test_of_many_who_want_a_job_one_gets_it",
        "test_a_wish_is_for_the_owner_to_obey",
        "test_a_wish_does_not_outlive_the_run_it_was_made_in",
        "test_each_sees_the_others_jobs_and_can_ask_it_to_pause_and_cancel",
        "test_two_that_resume_one_job_at_once_run_it_once",
        "test_two_at_once_lose_nothing",
        "test_discard_leaves_a_running_fetch_alone",
        "test_two_transfers_of_one_blob_fetch_it_once",
        "test_while_another_holds_the_lock",
        "test_a_lock_that_nobody_gives_back_is_not_waited_for_for_ever",
        "test_numbers_of_files_that_change_do_not_make_a_lock_unreachable",
        "test_two_moves_do_not_share_a_folder",
        "test_pause_from_another_process",
        "test_several_that_were_paused_go_on_together",
        "test_cancel_from_another_process",
        "test_one_at_a_time",
    },
    "unstable": {
        "test_a_change_of_the_file_is_seen",
        "test_an_update_fetches_only_what_has_changed_and_says_so[nolinks]",
        "test_damage_is_not_taken_over[nolinks]",
        "test_a_store_that_is_removed_is_written_anew",
        "test_a_second_name_of_the_film_is_the_film",
    },
    "shortpaths": {
        "test_a_file_with_the_longest_name",
        "test_two_long_names_have_two_partials",
        "test_the_longest_name_of_a_disk_can_be_written",
    },
}
"""What a rule makes impossible: to replace what somebody reads without end; to find gone at once what is only emptied
while a scanner has it, and to bring a scanner of one's own; links, and versions that share what they have; to be woken
when a connection is shut down; to promise anything for a power cut; to wait for another process; to tell that a file
is the same, a second name of it, or another in its place; a name that fills a path; to show letters that a code page
has not."""


def leaves_out(names: str, test: str) -> bool:
    """Whether one of the rules makes a test impossible."""
    return any({test, test.partition("[")[0]} & LEFT_OUT.get(name, set()) for name in names.split(","))


def apply(names: str, patch: pytest.MonkeyPatch, test: str = "") -> None:
    """Put rules in force, named with commas between them, under the test of that name."""
    if test in HURRIED:
        patch.setattr(sys.modules[__name__], "LOOK", QUICK_LOOK)
    for name in filter(None, names.split(",")):
        RULES[name](patch)
