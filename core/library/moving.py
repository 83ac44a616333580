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

from ..errors.disk import NoSpaceError
from ..errors.models import ModelBusyError
from ..events import Progress, ProgressReport, State
from ..system import user_folder
from ..system.control import Control
from ..system.files import disk_error, remove_tree, replace
from ..system.locks import is_locked

_REPOSITORIES = ("models--", "datasets--", "spaces--")
_CHUNK = 1 << 20
_OTHER_DISK = 17
"""ERROR_NOT_SAME_DEVICE"""


def default(given: Path, platform: str = sys.platform) -> Path:
    """Where models go: `given`, the folder that Blender gives, but on Windows a short one, unless there are models in
    the one given alone. Looks at the disk."""
    short = usual(given, platform)
    return given if short == given or (repositories(given) and not repositories(short)) else short


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
    where the folders are not on one disk. Raises ModelBusyError while something is downloaded there (nothing is moved
    then), NoSpaceError, FolderNotWritableError, FileInUseError, JobCancelled.
    """
    found = repositories(source)
    for folder in found:
        if any(is_locked(path) for path in folder.rglob("*.lock")):
            raise ModelBusyError(folder.name)
    progress = _Moving(found, control, report, job)
    staying = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        for folder in found:
            control.check()
            if (target / folder.name).exists():
                staying += 1
            else:
                progress.move(folder, target / folder.name)
    except OSError as error:
        raise disk_error(target, error) from error
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
        needed, free = sum(size for _, size in _files(folder)), shutil.disk_usage(target.parent).free
        if needed > free:
            raise NoSpaceError(target.parent, needed, free)
        beside = target.with_name(f"moving-{target.name}.tmp")
        if beside.exists():
            remove_tree(beside)
        try:
            shutil.copytree(folder, beside, symlinks=True, copy_function=self._copy_file)
            replace(beside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                remove_tree(beside)
            raise
        remove_tree(folder)

    def _copy_file(self, source: str, target: str) -> str:
        with open(source, "rb") as original, open(target, "xb") as copy:
            while chunk := original.read(_CHUNK):
                self._control.check()
                copy.write(chunk)
                self._say(bytes_done=self._progress.bytes_done + len(chunk))
        shutil.copystat(source, target)  # Marks of earlier checks go by the time.
        return target

    def _say(self, **changes: int) -> None:
        self._progress = dataclasses.replace(self._progress, **changes)  # type: ignore[arg-type]
        self._report(self._progress)


def _files(folder: Path) -> list[tuple[Path, int]]:
    paths = (Path(root, name) for root, _, names in os.walk(folder) for name in names)
    return [(path, path.lstat().st_size) for path in paths if not path.is_symlink()]
