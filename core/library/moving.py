# SPDX-License-Identifier: GPL-3.0-or-later
"""The models folder of Blender on Windows: short and on this computer, and how models get there that lie elsewhere.

The folder that Blender gives an extension is a hundred characters long, too long for some models, and lies in the part
of a profile that companies copy to a server at each log-off: gigabytes. Models that lie there already are used there,
and moved when somebody asks for it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import shutil
import sys
from pathlib import Path

from ..errors.models import LinkedFolderError, ModelBusyError
from ..events import Progress, ProgressReport, State
from ..system import user_folder
from ..system.control import Control
from ..system.files import LONG_PATIENCE, check_room, disk_error, files_in, is_link, remove_tree, replace, sync
from ..system.locks import is_locked, try_lock

_REPOSITORIES = ("models--", "datasets--", "spaces--")
_CHUNK = 1 << 20
_OTHER_DISK = 17
"""ERROR_NOT_SAME_DEVICE"""


def default(given: Path, platform: str = sys.platform) -> Path:
    """Where models go: `given`, the folder that Blender gives, but on Windows a short one, unless there are models in
    the one given alone. Looks at the disk."""
    short = usual(given, platform)
    return given if short == given or (repositories(given) and not repositories(short)) else short


def is_left(given: Path, platform: str = sys.platform) -> bool:
    """Whether there are models in the folder that Blender gives, though it is not the usual one: also those that a move
    left which did not come to its end, but not those that the usual one has as well. Looks at the disk."""
    short = usual(given, platform)
    return short != given and any(not (short / path.name).exists() for path in repositories(given))


def usual(given: Path, platform: str = sys.platform) -> Path:
    """The same where there are no models yet."""
    return user_folder.default(platform) / "models" if platform == "win32" else given


def repositories(folder: Path) -> list[Path]:
    """The folders of models, datasets and spaces in a models folder. Never raises."""
    with contextlib.suppress(OSError):
        return sorted(path for path in folder.iterdir() if path.name.startswith(_REPOSITORIES) and path.is_dir())
    return []


def move(source: Path, target: Path, control: Control, report: ProgressReport, job: str = "") -> int:
    """Move all models from one models folder to another; how many stay, because the other has them already.

    One after the other: after a cancel or an error each is in one of the two, whole. Blocks for as long as a copy takes
    where the folders are not on one disk. Raises ModelBusyError while something is downloaded there or another process
    moves from or to one of them, LinkedFolderError for a model that is a link to elsewhere (nothing is moved then),
    NoSpaceError, FolderNotWritableError, FileInUseError, JobCancelled.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            for folder in {source, target}:
                # One that is not there has no models either.
                if folder.is_dir() and not held.enter_context(try_lock(folder / "moving.lock")):
                    raise ModelBusyError(folder.name, moving=True)
            return _move_all(source, target, control, report, job)
    except OSError as error:
        raise disk_error(target, error) from error


def _move_all(source: Path, target: Path, control: Control, report: ProgressReport, job: str) -> int:
    # Here, not above: where models go is asked at Blender's start.
    from .removing import check_inside

    found = repositories(source)
    for folder in found:
        check_inside(source, folder)
        if any(path.suffix == ".lock" and is_locked(path) for path in files_in(folder)):
            raise ModelBusyError(folder.name)
    progress = _Moving(found, control, report, job)
    staying = 0
    for folder in found:
        control.check()
        if (target / folder.name).exists():
            staying += 1
        else:
            progress.move(folder, target / folder.name)
    return staying


class _Moving:
    """Moves one repository after the other and says how far it is."""

    def __init__(self, folders: list[Path], control: Control, report: ProgressReport, job: str) -> None:
        self._control = control
        self._report = report
        total = sum(size for folder in folders for _, size in _files(folder))
        self._progress = Progress(job=job, model="", state=State.VERIFYING, bytes_total=total, files_total=len(folders))

    def move(self, folder: Path, target: Path) -> None:
        """Raises OSError, NoSpaceError, JobCancelled."""
        try:
            replace(folder, target)
        except OSError as error:
            if error.errno != errno.EXDEV and getattr(error, "winerror", None) != _OTHER_DISK:
                raise
            self._copy(folder, target)
        self._say(files_done=self._progress.files_done + 1)

    def _copy(self, folder: Path, target: Path) -> None:
        needed = sum(size for _, size in _files(folder))
        check_room(target.parent, needed)
        beside = target.with_name(f"moving-{target.name}.tmp")
        if beside.exists():
            remove_tree(beside)
        try:
            self._copy_tree(folder, beside)
            replace(beside, target, LONG_PATIENCE)
        except BaseException as error:
            with contextlib.suppress(OSError):
                remove_tree(beside)
            if isinstance(error, OSError):
                raise disk_error(beside.parent, error, needed) from error
            raise
        remove_tree(folder)

    def _copy_tree(self, folder: Path, target: Path) -> None:
        """Not shutil's, which goes on after an error, on a full disk too, and then tells of all of them but not what
        they were."""
        copied = []
        for root, folders, names in os.walk(folder, onerror=_stop):
            place = target / Path(root).relative_to(folder)
            place.mkdir()
            copied.append((root, place))
            for name in (*names, *folders):
                path = Path(root, name)
                if path.is_symlink():
                    (place / name).symlink_to(os.readlink(path), target_is_directory=name in folders)
                    shutil.copystat(path, place / name, follow_symlinks=False)
                elif is_link(path):
                    raise LinkedFolderError(path, Path(os.path.realpath(path)))
                elif name in names:
                    self._copy_file(path, place / name)
        for root, place in reversed(copied):
            shutil.copystat(root, place)  # Of versions the newest counts.

    def _copy_file(self, source: Path, target: Path) -> None:
        with open(source, "rb") as original, open(target, "xb") as copy:
            while chunk := original.read(_CHUNK):
                self._control.check()
                copy.write(chunk)
                self._say(bytes_done=self._progress.bytes_done + len(chunk))
            copy.flush()
            sync(copy.fileno())  # The original is deleted next: a power cut must not take both.
        shutil.copystat(source, target)  # Marks of earlier checks go by the time.

    def _say(self, **changes: int) -> None:
        self._progress = dataclasses.replace(self._progress, **changes)  # type: ignore[arg-type]
        self._report(self._progress)


def _stop(error: OSError) -> None:
    raise error


def _files(folder: Path) -> list[tuple[Path, int]]:
    return [(path, path.lstat().st_size) for path in files_in(folder) if not path.is_symlink()]
