# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of the system is called: the same words on every system, whatever it calls the error itself."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from subtitle_editor.core.errors.disk import FileInUseError, FileTooLargeError, FolderNotWritableError, NoSpaceError
from subtitle_editor.core.system import files
from subtitle_editor.core.system.reasons import number_of, reason_of


def on_windows(number: int, posix: int = errno.EINVAL) -> OSError:
    """As Python raises it there: with EINVAL for whatever it has no other number for, in the system's language."""
    error = OSError(posix, "Der angegebene Netzwerkname ist nicht mehr verfügbar")
    error.winerror = number  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (3, "there is no such file or folder"),
        (19, "the disk can only be read"),
        (21, "the disk is not there any more"),
        (32, "another program has it open"),
        (53, "the disk is not there any more"),
        (64, "the disk is not there any more"),
        (112, "the disk is full"),
        (123, "it has a name that this system does not allow"),
        (206, "the name is too long for this disk"),
        (1117, "the disk reports an error"),
        (1167, "the disk is not there any more"),
        (1314, "permission denied"),
        (225, "a virus scanner does not allow it"),
        (448, "a link leads there that Windows does not trust"),
        (362, "it is kept in a cloud, and the program that brings it from there does not"),
        (389, "it is kept in a cloud, and the program that brings it from there does not"),
    ],
)
def test_windows_numbers_have_words_of_ours(number: int, reason: str) -> None:
    assert reason_of(on_windows(number)) == reason


@pytest.mark.parametrize("number", [362, 389])
def test_a_cloud_folder_that_refuses_is_none_of_a_disk(tmp_path: Path, number: int) -> None:
    error = files.disk_error(tmp_path, on_windows(number))
    assert isinstance(error, FolderNotWritableError) and "OneDrive" in error.hint


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (32, FileInUseError),
        (33, FileInUseError),
        (39, NoSpaceError),
        (112, NoSpaceError),
        (1295, NoSpaceError),
        (223, FileTooLargeError),
        (64, FolderNotWritableError),
        (19, FolderNotWritableError),
        (206, FolderNotWritableError),
    ],
)
def test_a_disk_of_windows_is_named_by_its_fault(tmp_path: Path, number: int, kind: type) -> None:
    assert type(files.disk_error(tmp_path, on_windows(number))) is kind


def test_windows_denies_a_name_that_is_a_folders(tmp_path: Path) -> None:
    """ERROR_ACCESS_DENIED, with both names; what is refused of the folder itself comes with one."""
    (tmp_path / "film.srt").mkdir()
    (tmp_path / "new").touch()
    error = on_windows(5, errno.EACCES)
    error.filename, error.filename2 = str(tmp_path / "new"), str(tmp_path / "film.srt")
    assert "film.srt cannot be written: it is a folder" in str(files.disk_error(tmp_path, error))
    listed = on_windows(5, errno.EACCES)
    listed.filename = str(tmp_path / "film.srt")
    assert "permission denied" in str(files.disk_error(tmp_path, listed))


def test_what_has_no_number_keeps_its_words() -> None:
    assert reason_of(ValueError("embedded null byte")) == "embedded null byte"
    assert reason_of(OSError(98765, "Strange Weather")) == "strange Weather"
    assert reason_of(ValueError()) == "ValueError"
    assert reason_of(OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))) == "another program uses this address"
    assert number_of(ValueError()) == 0 == number_of(OSError("only words"))


def test_a_tree_with_files_that_may_only_be_read(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "kept").write_bytes(b"x")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "a" / "b" / "file").write_bytes(b"x")
    (tmp_path / "a" / "b" / "file").chmod(0o400)
    files.remove_tree(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    with pytest.raises(FileNotFoundError):
        files.remove_tree(tmp_path / "a")


def test_a_read_only_target_is_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows; elsewhere the folder's permissions count, and it is replaced."""
    from tests.rules import apply

    apply("readonly", monkeypatch)
    monkeypatch.setattr(files, "PATIENCE", 0.5)  # Longer than the rule of scanners looks.
    target = tmp_path / "film.srt"
    target.write_bytes(b"old")
    target.chmod(0o400)
    with pytest.raises(PermissionError) as caught:
        files.write(target, b"new")
    assert target.read_bytes() == b"old" and [path.name for path in tmp_path.iterdir()] == ["film.srt"]
    assert "film.srt cannot be written: permission denied" in str(files.disk_error(tmp_path, caught.value))


def test_whether_a_folder_can_be_written_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.try_to_write(tmp_path)
    assert not list(tmp_path.iterdir())

    def refuse(*_: object) -> int:
        raise on_windows(5, errno.EACCES)

    monkeypatch.setattr(os, "access", lambda *_: True)  # What Windows says of any folder.
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(FolderNotWritableError, match="permission denied"):
        files.try_to_write(tmp_path)
