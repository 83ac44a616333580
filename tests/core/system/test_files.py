# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing whole or not at all, waiting for other programs, names that fit, and disks that are named by their fault."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.errors.disk import FileInUseError, FileTooLargeError, FolderNotWritableError, NoSpaceError
from subtitle_editor.core.errors.media import MediaUnreadableError
from subtitle_editor.core.system import files, media

pytestmark = pytest.mark.timeout(30)


def test_removing_a_folder_follows_no_link(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (outside / "kept").touch()
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "link").symlink_to(outside, target_is_directory=True)
    (tmp_path / "top").symlink_to(outside, target_is_directory=True)
    with pytest.raises(NotADirectoryError):
        files.remove_tree(tmp_path / "top")
    files.remove_tree(folder)
    assert not folder.exists() and (outside / "kept").exists() and (tmp_path / "top").exists()
    with pytest.raises(FileNotFoundError):
        files.remove_tree(folder)


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has junctions")
def test_removing_a_folder_follows_no_junction(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (outside / "kept").touch()
    folder.mkdir()
    for place in (folder / "link", tmp_path / "top"):
        subprocess.run(["cmd", "/c", "mklink", "/J", str(place), str(outside)], check=True, timeout=20)
    with pytest.raises(NotADirectoryError):
        files.remove_tree(tmp_path / "top")
    files.remove_tree(folder)
    assert not folder.exists() and (outside / "kept").exists()


def test_who_deletes_enters_no_junction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "junction").mkdir(parents=True)
    (tmp_path / "a" / "junction" / "precious").touch()
    (tmp_path / "a" / "mine").touch()
    (tmp_path / "b").mkdir()
    monkeypatch.setattr(files, "is_link", lambda path: path.name == "junction")
    found = {root: (sorted(folders), sorted(names)) for root, folders, names in files.tree(tmp_path)}
    assert found == {
        str(tmp_path): (["a", "b"], []),
        str(tmp_path / "a"): ([], ["junction", "mine"]),
        str(tmp_path / "b"): ([], []),
    }


def test_files_in_a_folder_are_those_that_lie_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("junction", "inner"):
        (tmp_path / "a" / name).mkdir(parents=True)
        (tmp_path / "a" / name / "file").touch()
    (tmp_path / "linked").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "inner" / "file")
    (tmp_path / "not to be looked at").symlink_to("x" * 300)  # As one into another user's folder.
    is_link = files.is_link
    monkeypatch.setattr(files, "is_link", lambda path: path.name == "junction" or is_link(path))
    assert sorted(files.files_in(tmp_path)) == [tmp_path / "a" / "inner" / "file", tmp_path / "link"]
    assert list(files.files_in(tmp_path / "none")) == []


def test_a_junction_is_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Found:
        st_mode, st_reparse_tag = stat.S_IFDIR | 0o777, 0xA0000003

    assert not files.is_link(tmp_path) and not files.is_link(tmp_path / "none")
    monkeypatch.setattr(os, "lstat", lambda path: Found)
    assert files.is_link(tmp_path)


def refusal(winerror: int) -> PermissionError:
    """What Windows raises while another program has a file open."""
    error = PermissionError(errno.EACCES, "Access is denied")
    error.winerror = winerror  # type: ignore[attr-defined]
    return error


class Held:
    """Another program that has a file open for a while: the system call fails as long as it does."""

    def __init__(self, call: Callable[..., None], seconds: float, winerror: int) -> None:
        self._call = call
        self._until = time.monotonic() + seconds
        self._winerror = winerror
        self.refused = 0

    def __call__(self, *arguments: object, **options: object) -> None:
        if time.monotonic() < self._until:
            self.refused += 1
            raise refusal(self._winerror)
        self._call(*arguments, **options)


@pytest.mark.parametrize("winerror", [5, 32, 33])
def test_another_program_that_lets_go_in_time_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")
    monkeypatch.setattr(os, "replace", Held(os.replace, 0.2, winerror))
    files.write(path, b"new")
    assert path.read_bytes() == b"new"
    monkeypatch.setattr(os, "unlink", Held(os.unlink, 0.2, winerror))
    files.remove(path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("seconds", [0.2, 60])
def test_what_got_its_name_has_it_whoever_looks_at_its_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """A second name comes first, then the old one is taken away: that may last, or fail, and is no other's file."""
    fresh, target = tmp_path / "fresh", tmp_path / "target"
    fresh.write_bytes(b"film")
    monkeypatch.setattr(files, "PATIENCE", 0.4)
    monkeypatch.setattr(os, "unlink", Held(os.unlink, seconds, 32))
    files.put(fresh, target)
    assert target.read_bytes() == b"film"
    assert fresh.exists() == (seconds == 60)
    with pytest.raises(FileExistsError):
        files.put(target, target)


@pytest.mark.parametrize("winerror", [32, 33])
def test_one_that_does_not_is_named_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    monkeypatch.setattr(os, "replace", Held(os.replace, 60, winerror))
    with pytest.raises(OSError) as caught:
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert isinstance(files.disk_error(tmp_path, caught.value), FileInUseError)


def test_waiting_for_another_program_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").touch()
    monkeypatch.setattr(os, "replace", Held(os.replace, 60, 32))

    class Enough(Exception):
        pass

    def sleep(seconds: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        files.replace(tmp_path / "a", tmp_path / "b", 30.0, sleep)


def test_an_ordinary_refusal_is_not_waited_for(tmp_path: Path) -> None:
    slept: list[float] = []
    with pytest.raises(FileNotFoundError):
        files.replace(tmp_path / "none", tmp_path / "b", 30.0, slept.append)
    with pytest.raises(OSError):
        files.remove(tmp_path, 30.0, slept.append)  # A folder.
    assert slept == []
    files.remove(tmp_path / "none")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_what_is_written_has_the_permissions_it_should(tmp_path: Path) -> None:
    secret, plain = tmp_path / "secret", tmp_path / "plain"
    files.write(secret, b"x", private=True)
    plain.touch()
    plain.chmod(0o604)
    files.write(plain, b"x")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (secret, plain)] == [0o600, 0o604]
    secret.chmod(0o644)
    files.write(secret, b"y", private=True)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    files.write(link, b"new")
    assert link.is_symlink() and real.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_a_pipe_or_a_device_is_written_into_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        files.write(pipe, b"new")
        assert os.read(reader, 99) == b"new"
    finally:
        os.close(reader)
    (tmp_path / "file").touch()
    with pytest.raises(PermissionError):
        files.replace(tmp_path / "file", pipe)
    with pytest.raises(FolderNotWritableError):
        files.try_to_replace(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "pipe"]


def test_whoever_reads_finds_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([number]) * 50_000 for number in range(20)]
    files.write(path, contents[0])
    done = threading.Event()

    def write() -> None:
        for content in contents * 3:
            files.write(path, content)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set():
        assert path.read_bytes() in contents
    thread.join()
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(name=NAMES, suffix=st.sampled_from(["", ".srt", ".part.journal.new"]))
def test_any_name_fits_and_stays_itself(name: str, suffix: str) -> None:
    short = files.fitted(name, suffix)
    assert len(short.encode()) <= 255 and short.endswith(suffix)
    assert short == name + suffix or len((name + suffix).encode()) > 255
    stem = files.fitted(name, longest=238)
    assert files.fitted(stem, longest=238) == stem


def test_two_long_names_do_not_become_one() -> None:
    assert len({files.fitted("x" * 300 + str(number), ".part") for number in range(1000)}) == 1000


@pytest.mark.parametrize("name", ["é" * 127, "x" * 255, "漢" * 85])
def test_the_longest_name_of_a_disk_can_be_written(tmp_path: Path, name: str) -> None:
    files.write(tmp_path / name, b"x")
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("number", "kind", "word"),
    [
        (errno.ENOSPC, NoSpaceError, "space"),
        (errno.EDQUOT, NoSpaceError, "share"),
        (errno.EFBIG, FileTooLargeError, "FAT32"),
        (errno.EROFS, FolderNotWritableError, "only be read"),
        (errno.EACCES, FolderNotWritableError, "denied"),
        (errno.EIO, FolderNotWritableError, "reports an error"),
        (errno.ENAMETOOLONG, FolderNotWritableError, "too long"),
        (errno.ESTALE, FolderNotWritableError, "not there any more"),
        (errno.ENODEV, FolderNotWritableError, "not there any more"),
        (errno.ENOTCONN, FolderNotWritableError, "not there any more"),
        (errno.EMFILE, FolderNotWritableError, "too many files"),
        (errno.ELOOP, FolderNotWritableError, "symbolic link"),
    ],
)
def test_a_disk_is_named_by_its_fault(tmp_path: Path, number: int, kind: type[SubtitleEditorError], word: str) -> None:
    error = files.disk_error(tmp_path, OSError(number, os.strerror(number)), 5_000_000)
    assert type(error) is kind and word in str(error) and str(tmp_path) in str(error)
    assert ("permissions" in error.hint) == (number == errno.EACCES)


@pytest.mark.skipif(sys.platform == "win32", reason="/dev/full is Linux")
def test_a_disk_that_is_full_leaves_the_old(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from subtitle_editor.core.system import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: files.write(Path(sys.argv[1]), bytes(5000))\n"
        "except OSError as error: print(type(files.disk_error(Path('.'), error)).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stdout.strip() == "FileTooLargeError", done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["file"] and path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("none/film.srt", "Make the folder, or choose another."),
        ("file/film.srt", "Give that file another name, or choose another folder."),
        ("n" * 300, "Choose a shorter name, or a folder with a shorter path."),
    ],
)
def test_what_helps_fits_why_it_failed(tmp_path: Path, name: str, advice: str) -> None:
    """Permissions are not the reason of each refusal."""
    (tmp_path / "file").touch()
    path = tmp_path / name
    with pytest.raises(OSError) as caught:
        path.write_bytes(b"")
    error = files.disk_error(path.parent, caught.value)
    assert isinstance(error, FolderNotWritableError) and error.hint == advice


def test_a_folder_in_a_files_place_is_named_itself(tmp_path: Path) -> None:
    """And not the folder around it, which is in order."""
    folder = tmp_path / "film.srt"
    folder.mkdir()
    for attempt in (lambda: files.write(folder, b"new"), lambda: folder.write_bytes(b"new")):
        with pytest.raises(OSError) as caught:
            attempt()
        error = files.disk_error(tmp_path, caught.value)
        assert isinstance(error, FolderNotWritableError) and error.folder == folder, error
        assert "it is a folder" in error.message and "another name for the file" in error.hint
    assert [path.name for path in tmp_path.iterdir()] == ["film.srt"]


@pytest.mark.parametrize("path", ["file", "file/film.srt", "file/a/b/film.srt"])
def test_a_file_in_a_folders_place_is_named_itself(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught:
        (tmp_path / path).mkdir(parents=True, exist_ok=True)
    for place in (tmp_path, (tmp_path / path).parent, tmp_path / path):
        error = files.disk_error(place, caught.value)
        assert isinstance(error, FolderNotWritableError) and error.folder == tmp_path / "file", error
        assert error.message.endswith("a file is where a folder should be.") and "that file" in error.hint


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="Windows denies nothing by a folder's mode")
def test_what_denies_is_named_and_not_the_folder_around_it() -> None:
    code = (
        "import os, sys; from pathlib import Path; from subtitle_editor.core.system import files\n"
        "if not os.geteuid(): os.setuid(65534)\n"
        "place = Path(sys.argv[1], 'mine'); closed = place / 'closed'; place.mkdir(); closed.mkdir(mode=0o500)\n"
        "try: (closed / 'a' / 'b').mkdir(parents=True)\n"
        "except OSError as error: print(files.disk_error(place, error))\n"
    )
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o777)
        done = subprocess.run(
            [sys.executable, "-c", code, place], capture_output=True, text=True, timeout=20, check=False
        )
    denied = os.path.join(place, "mine", "closed")
    assert done.stdout.startswith(f"{denied} cannot be written: permission denied."), done.stderr


def test_a_full_disk_is_told_without_what_nobody_knows(tmp_path: Path) -> None:
    assert "needed" not in str(NoSpaceError(tmp_path, 0, 10)) and "models" not in str(NoSpaceError(tmp_path, 0, 10))
    assert "5 B more needed" in str(NoSpaceError(tmp_path, 5, 10))


@pytest.mark.parametrize("number", [errno.EIO, errno.EPERM])
def test_what_ffmpeg_says_of_what_is_in_a_file_is_not_said_of_the_disk(tmp_path: Path, number: int) -> None:
    """It has these numbers for scripts and for what is cut off, too."""
    path = tmp_path / "cut.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3")
    error = media.unreadable(path, _of_ffmpeg(number))
    assert "disk" not in str(error) and "permission" not in str(error) and "look for a whole copy" in error.hint
    path.unlink()
    path.mkdir()
    assert "whether you may read it" in media.unreadable(path, _of_ffmpeg(number)).hint


def _of_ffmpeg(number: int) -> Exception:
    import av

    with pytest.raises(av.FFmpegError) as caught:
        av.error.err_check(-number)
    return caught.value


def test_what_helps_with_sound_that_cannot_be_read_fits_a_wav_and_a_locked_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(b"RIFF\x04\0\0\0WAVE")
    with pytest.raises(MediaUnreadableError) as caught:
        media.opened(path).close()
    assert "WAV." not in caught.value.hint and "look for a whole copy" in caught.value.hint
    refused = media.unreadable(tmp_path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    assert "it is a folder" in refused.message and "whether you may read it" in refused.hint
