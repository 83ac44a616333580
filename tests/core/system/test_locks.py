# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks where systems and network folders have rules of their own, forced here."""

from __future__ import annotations

import errno
import os
import threading
import types
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.errors.disk import FolderNotWritableError
from subtitle_editor.core.system import locks
from subtitle_editor.core.system.control import Control


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS])
def test_a_folder_without_locks_is_used_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refused)
    with locks.try_lock(tmp_path / "lock") as held:
        assert held
    with locks.file_lock(tmp_path / "lock", Control(), limit=0.0):
        assert (tmp_path / "lock").exists()


def windows(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """msvcrt.locking that fails with an error."""

    def locking(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setitem(__import__("sys").modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=1, locking=locking))


def test_a_disk_without_locks_on_windows_is_used_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows(monkeypatch, errno.EINVAL)
    descriptor = locks._take(tmp_path / "lock", windows=True)
    assert descriptor is not None
    locks._release(tmp_path / "lock", descriptor, windows=True)


def test_einval_elsewhere_is_no_missing_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EINVAL, "invalid")

    monkeypatch.setattr("fcntl.flock", refused)
    with pytest.raises(FolderNotWritableError, match=r"[Ii]nvalid"):
        locks._take(tmp_path / "lock", windows=False)


def test_on_nfs_the_lock_of_another_user_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There flock is a lock of bytes, which a descriptor for reading alone cannot have."""
    lock, opened, left = tmp_path / "lock", os.open, []
    lock.touch()

    def for_reading_alone(path: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        left.append(opened(path, flags, *rest))
        return left[-1]

    def flock(*_: object) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(os, "open", for_reading_alone)
    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(FolderNotWritableError, match="denied") as refused:
        locks._take(lock, windows=False)
    assert refused.value.folder == lock and "another user" in refused.value.hint
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(left[0])


def test_a_lock_that_its_holder_deletes_is_busy_and_then_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, left = os.open, [3]

    def denied(path: object, *rest: object) -> int:
        if str(path).endswith("lock") and left[0]:
            left[0] -= 1
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *rest)  # type: ignore[arg-type]

    take = locks._take
    monkeypatch.setattr(os, "open", denied)
    monkeypatch.setattr(locks, "_take", lambda path, patient=False: take(path, True, patient))
    monkeypatch.setattr(locks, "_grab_windows", locks._grab_posix)
    waited: list[int] = []
    with locks.file_lock(tmp_path / "lock", Control(), waiting=lambda: waited.append(1)):
        assert len(waited) == 3


def test_a_folder_that_may_not_be_written_is_still_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: object, *_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(FolderNotWritableError):
        locks._take(tmp_path / "lock", windows=True)
    with pytest.raises(FolderNotWritableError):
        locks._take(tmp_path / "lock", windows=False, patient=True)


@pytest.mark.timeout(30)
def test_numbers_of_files_that_change_do_not_make_a_lock_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "samestat", lambda *_: False)
    with locks.file_lock(tmp_path / "lock", Control(), limit=5.0), locks.try_lock(tmp_path / "lock") as second:
        assert not second, "and it still keeps others out"


@pytest.mark.timeout(60)
def test_one_holder_at_a_time_while_locks_come_and_go(tmp_path: Path) -> None:
    inside, most, turns = [0], [0], [0]

    def work() -> None:
        for _ in range(100):
            with locks.file_lock(tmp_path / "lock", Control()):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                turns[0] += 1
                inside[0] -= 1

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert (turns[0], most[0]) == (400, 1)


def test_a_lock_file_that_its_holder_removes_while_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network disks say then that there is no such file, although it was to be made."""
    real, path, refused = os.open, tmp_path / "x.lock", []

    def act(name: object, flags: int, *mode: int, **options: int) -> int:
        if name == path and len(refused) < 3:
            refused.append(name)
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(name))
        return real(name, flags, *mode, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", act)
    with locks.try_lock(path) as ours:
        assert ours and len(refused) == 3
    with pytest.raises(FolderNotWritableError), locks.try_lock(tmp_path / "none" / "x.lock"):
        pass
