# SPDX-License-Identifier: GPL-3.0-or-later
"""Models from one models folder to another: whole in one of the two, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.errors.disk import FileInUseError, NoSpaceError
from subtitle_editor.core.errors.models import LinkedFolderError, ModelBusyError
from subtitle_editor.core.events import Progress
from subtitle_editor.core.library import moving, status
from subtitle_editor.core.library.states import ModelState
from subtitle_editor.core.system import files, user_folder
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.locks import try_lock
from tests.core.library.test_library import FILES, install

TINY = reading.load().get("tiny")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    install(folder, "c1", FILES)
    (folder / "models--other--thing" / "blobs").mkdir(parents=True)
    (folder / "models--other--thing" / "blobs" / "9f86.part").write_bytes(b"x" * 5000)
    (folder / "notes.txt").write_text("the user's", encoding="utf-8")
    return folder


@pytest.fixture
def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def replace(source: Any, target: Any) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)


def tree(folder: Path) -> dict[str, bytes | str]:
    return {
        path.relative_to(folder).as_posix(): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def check_moved(models: Path, target: Path, before: dict[str, bytes | str]) -> None:
    assert tree(target) == {name: data for name, data in before.items() if name != "notes.txt"}
    assert [path.name for path in models.iterdir()] == ["notes.txt"], "what is none of ours stays"
    assert status.status(target, TINY).state.usable


def test_on_one_disk(models: Path, tmp_path: Path) -> None:
    before, said = tree(models), []
    assert moving.move(models, tmp_path / "new" / "place", Control(), said.append) == 0
    check_moved(models, tmp_path / "new" / "place", before)
    assert said[-1].files_done == said[-1].files_total == 2


@pytest.mark.usefixtures("other_disk")
def test_to_another_disk(models: Path, tmp_path: Path) -> None:
    before, times = tree(models), [path.stat().st_mtime_ns for path in sorted(models.rglob("*.bin"))]
    said: list[Progress] = []
    assert moving.move(models, tmp_path / "new", Control(), said.append) == 0
    check_moved(models, tmp_path / "new", before)
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "new").rglob("*.bin"))] == times
    assert said[-1].bytes_done == said[-1].bytes_total > 0


@pytest.mark.usefixtures("other_disk")
def test_what_is_cancelled_is_whole_in_one_of_the_two(models: Path, tmp_path: Path) -> None:
    before, control = tree(models), Control()

    def cancel(progress: Progress) -> None:
        if progress.bytes_done:
            control.cancel()

    with pytest.raises(JobCancelled):
        moving.move(models, tmp_path / "new", control, cancel)
    both = {**tree(models), **tree(tmp_path / "new")}
    assert both == before and not any(name.startswith("moving-") for name in tree(tmp_path / "new"))
    assert moving.move(models, tmp_path / "new", Control(), lambda _: None) == 0
    check_moved(models, tmp_path / "new", before)


def test_what_is_there_already_stays_where_it_is(models: Path, tmp_path: Path) -> None:
    install(tmp_path / "new", "c2", FILES)
    assert moving.move(models, tmp_path / "new", Control(), lambda _: None) == 1
    assert status.status(models, TINY).state is not ModelState.MISSING


def test_what_both_folders_have_is_not_offered_for_a_move_again(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "usual", lambda given, platform="": tmp_path / "new")
    install(tmp_path / "new", "c2", FILES)
    assert moving.is_left(models, "win32")
    assert moving.move(models, tmp_path / "new", Control(), lambda _: None) == 1
    assert moving.repositories(models) and not moving.is_left(models, "win32")


@pytest.mark.parametrize("which", ["old", "new"])
def test_two_moves_do_not_share_a_folder(models: Path, tmp_path: Path, which: str) -> None:
    """Also two from one folder to two others: each would find half of the models."""
    before = tree(models)
    (tmp_path / "new").mkdir()
    with try_lock(tmp_path / which / "moving.lock"), pytest.raises(ModelBusyError):
        moving.move(models, tmp_path / "new", Control(), lambda _: None)
    assert tree(models) == before and moving.repositories(tmp_path / "new") == []
    assert moving.move(models, tmp_path / "new", Control(), lambda _: None) == 0
    check_moved(models, tmp_path / "new", before)


def test_nothing_is_moved_under_a_download(models: Path, tmp_path: Path) -> None:
    before = tree(models)
    with try_lock(models / "models--other--thing" / "blobs" / "9f86.lock"), pytest.raises(ModelBusyError):
        moving.move(models, tmp_path / "new", Control(), lambda _: None)
    assert tree(models) == before


@pytest.mark.usefixtures("other_disk")
def test_a_disk_too_small_is_found_out_before(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, usage = tree(models), shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(NoSpaceError):
        moving.move(models, tmp_path / "new", Control(), lambda _: None)
    assert tree(models) == before


def test_what_is_left_after_a_cancel_may_still_be_moved(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "usual", lambda given, platform="": tmp_path / "new")
    control = Control()
    with pytest.raises(JobCancelled):
        moving.move(models, tmp_path / "new", control, lambda _: control.cancel())
    assert len(moving.repositories(models)) == len(moving.repositories(tmp_path / "new")) == 1
    assert moving.default(models, "win32") == tmp_path / "new" and moving.is_left(models, "win32")
    moving.move(models, tmp_path / "new", Control(), lambda _: None)
    assert moving.default(models, "win32") == tmp_path / "new" and not moving.is_left(models, "win32")


@pytest.mark.parametrize("inner", ["", "blobs"])
@pytest.mark.usefixtures("other_disk")
def test_what_a_link_leads_to_is_neither_copied_nor_deleted(models: Path, tmp_path: Path, inner: str) -> None:
    outside = tmp_path / "precious"
    outside.mkdir()
    (outside / "thesis.txt").write_text("years", encoding="utf-8")
    link = models / "models--a--linked" / inner if inner else models / "models--a--linked"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside, target_is_directory=True)
    with pytest.raises(LinkedFolderError):
        moving.move(models, tmp_path / "new", Control(), lambda _: None)
    assert tree(outside) == {"thesis.txt": b"years"}
    assert moving.repositories(tmp_path / "new") == [], "nothing is moved"


@pytest.mark.parametrize(
    ("number", "windows", "wanted"), [(errno.ENOSPC, None, NoSpaceError), (errno.EACCES, 32, FileInUseError)]
)
@pytest.mark.usefixtures("other_disk")
def test_the_first_file_that_cannot_be_copied_ends_it(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, windows: int | None, wanted: Any
) -> None:
    before, opened, real = tree(models), [], open

    def refused(path: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if mode == "xb":
            opened.append(path)
            error = OSError(number, "refused", os.fspath(path))
            error.winerror = windows  # type: ignore[attr-defined]
            raise error
        return real(path, mode, *rest, **options)

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(wanted) as raised:
        moving.move(models, tmp_path / "new", Control(), lambda _: None)
    monkeypatch.undo()
    assert getattr(raised.value, "needed", 1) > 0
    assert tree(models) == before and tree(tmp_path / "new") == {} and len(opened) == 1


@pytest.mark.usefixtures("other_disk")
def test_a_copy_is_on_the_disk_before_the_original_is_deleted(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()

    def noted(descriptor: int) -> bool:
        synced.add(os.fstat(descriptor).st_ino)
        return files.sync(descriptor)

    monkeypatch.setattr(moving, "sync", noted)
    moving.move(models, tmp_path / "new", Control(), lambda _: None)
    copies = [path for path in (tmp_path / "new").rglob("*") if path.is_file() and not path.is_symlink()]
    assert copies and {path.stat().st_ino for path in copies} <= synced


@pytest.mark.usefixtures("other_disk")
def test_the_order_of_snapshots_stays(models: Path, tmp_path: Path) -> None:
    snapshots = sorted(path for path in models.rglob("snapshots/*") if path.is_dir())
    for path in snapshots:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    moving.move(models, tmp_path / "new", Control(), lambda _: None)
    moved = [tmp_path / "new" / path.relative_to(models) for path in snapshots]
    assert moved and [path.stat().st_mtime for path in moved] == [1_000_000_000] * len(moved)


@pytest.mark.usefixtures("other_disk")
def test_of_two_that_move_at_once_one_is_refused(models: Path, tmp_path: Path) -> None:
    before, said = tree(models), []

    def second(_: Progress) -> None:
        if not said:
            with pytest.raises(ModelBusyError) as refused:
                moving.move(models, tmp_path / "new", Control(), lambda _: None)
            said.append(str(refused.value))

    assert moving.move(models, tmp_path / "new", Control(), second) == 0
    assert "moved" in said[0]
    check_moved(models, tmp_path / "new", before)


def test_where_models_go_on_windows(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(user_folder.ENVIRONMENT, raising=False)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    short = tmp_path / "Local" / "subtitle-editor" / "models"
    empty = tmp_path / "Roaming"
    assert moving.default(empty, "win32") == short == moving.usual(models, "win32")
    assert moving.default(models, "win32") == models, "what is there already is found"
    moving.move(models, short, Control(), lambda _: None)
    assert moving.default(models, "win32") == short
    for system in ("linux", "darwin"):
        assert moving.default(models, system) == models == moving.usual(models, system)
