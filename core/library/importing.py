# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking in a model from a plain folder, for a machine without network: checked, copied, in the cache's layout."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from ..catalog.entries import Entry, Source
from ..catalog.kinds import RUNTIME, SPEECH_TO_TEXT
from ..errors.base import SubtitleEditorError
from ..errors.models import ImportModelError
from ..events import Progress, ProgressReport, State
from ..system.control import Control
from ..system.files import check_room, disk_error, files_in, is_link, remove, replace, sync, write
from ..system.hashes import git_hasher
from ..system.locks import try_lock
from ..system.names import is_left_by_system
from ..system.reasons import reason_of
from ..text import Text
from . import layout, listing, status, whisper_files
from .layout import repository_folder
from .states import Installed

_CHUNK = 1 << 20
_LFS = 10_000_000
"""Bytes from which the hub stores a file by its SHA-256, as it does any of these kinds. A right guess saves a later
download the file; a wrong one costs nothing else."""
_LFS_KINDS = (".bin", ".gguf", ".safetensors", ".onnx", ".pt", ".pth")

_OF_PROGRAMS = {".git", ".hg", ".svn", ".cache", ".huggingface", "__macosx", "__pycache__", ".ipynb_checkpoints"}

_DEEPEST = 4
"""Folders in folders: an archive's, a models folder, a repository, a snapshot."""

_REFUSED = Text("Look whether you may read it, and after the disk that it is on.")


def import_folder(
    models_dir: Path,
    folder: Path,
    entry: Entry,
    control: Control | None = None,
    report: ProgressReport | None = None,
    job: str = "",
) -> Installed:
    """Copy the model in `folder` (`model_in` it) into the models folder, where it is found as `entry`. The folder is
    left as it is.

    Its commit is made up from the content, for nobody can know it; a later download replaces it by the hub's, keeping
    the blobs that are the same. `report` gets progress in state VERIFYING on this thread, under the name `job`. Blocks
    for as long as the copying takes.

    Raises ImportModelError when the folder is not such a model or the model is installed already, NoSpaceError,
    FolderNotWritableError, and JobCancelled after `control.cancel()`: then nothing is left behind.
    """
    folder = model_in(folder, entry)
    files = check_folder(folder, entry)
    if status.status(models_dir, entry).state.usable:
        raise ImportModelError(
            folder, Text("{model} is installed already", model=entry.id), Text("Delete the installed one first.")
        )
    source = entry.parts[0]
    target = repository_folder(models_dir, source)
    needed = sum(path.stat().st_size for path in files.values())
    progress = Progress(job=job, model=entry.id, state=State.VERIFYING, files_total=len(files), bytes_total=needed)
    control = control or Control()
    copier = _Copier(folder, target, control, report or (lambda _: None), progress)
    try:
        with copier.working():
            check_room(target, needed)
            copied = {name: copier.copy(name, path, bool(source.links)) for name, path in files.items()}
            _check_copied(folder, entry, copied)
            control.check()
            snapshot = _link(target, copied, copier.temporary, source.revision or "main")
    except SubtitleEditorError:
        raise
    except OSError as error:
        raise disk_error(target, error) from error
    return Installed(snapshot, needed, snapshot.name)


def named_after(folder: Path, entries: Iterable[Entry]) -> Entry | None:
    """The entry whose id or repository the folder is called after, as a snapshot of a models folder is, too.

    None where there is none, or more than one.
    """
    place = Path(os.path.abspath(folder))
    name = (place.parent.parent if place.parent.name == "snapshots" else place).name.lower()
    found = []
    for entry in entries:
        if not entry.alias_of and not entry.is_bundle:
            source = entry.parts[0]
            own = (entry.id, source.repo.partition("/")[2], repository_folder(Path(), source).name)
            found += [entry] if name in map(str.lower, own) else []
    return found[0] if len(found) == 1 else None


def model_in(folder: Path, entry: Entry) -> Path:
    """Where the files of a model lie in a folder that somebody names for it: there; in the snapshot of a repository's
    folder, or of a models folder, as Hugging Face programs keep them; or in the only folder that is in it, as archives
    are unpacked. What is no such folder is the answer as it is."""
    for _ in range(_DEEPEST):
        inner = _inside(folder, entry)
        if inner is None:
            break
        folder = inner
    return folder


def _inside(folder: Path, entry: Entry) -> Path | None:
    source = entry.parts[0]
    repository = repository_folder(folder, source)
    if repository.is_dir():
        return repository
    if folder.name == "snapshots":
        return status.newest_snapshot(folder.parent, source)
    if all((folder / name).is_dir() for name in ("snapshots", "refs")):
        return folder / "snapshots"
    try:
        names = [name for name in os.listdir(folder) if _may_belong(name)]
    except OSError:
        return None
    only = folder / names[0] if len(names) == 1 else folder
    if only == folder or not only.is_dir() or is_link(only):
        return None
    # The folders of a model that is taken as it is, whatever its files are called, are its own.
    return None if any(_belongs(path.relative_to(folder).as_posix(), source) for path in files_in(folder)) else only


def check_is_folder(folder: Path) -> None:
    """Raise ImportModelError for what is no folder at all."""
    try:
        kind = folder.stat().st_mode
    except FileNotFoundError as error:
        raise ImportModelError(folder, Text("there is no such folder")) from error
    except OSError as error:
        raise ImportModelError(folder, reason_of(error), _REFUSED) from error
    if stat.S_ISREG(kind):
        raise ImportModelError(folder, Text("it is a file"), Text("Choose the folder that it is in."))
    if not stat.S_ISDIR(kind):
        raise ImportModelError(folder, Text("there is no such folder"))


def check_folder(folder: Path, entry: Entry) -> dict[str, Path]:
    """The files to take from `folder`, by their names in the repository. Raises ImportModelError if it is no model."""
    check_is_folder(folder)
    if entry.is_bundle:
        raise ImportModelError(
            folder, Text("{model} is made of several repositories", model=entry.id), Text("Download it instead.")
        )
    if entry.kind == RUNTIME or entry.manifest is not None:
        raise ImportModelError(
            folder,
            Text("{model} comes as an archive, and only its publisher says what that should be", model=entry.id),
            Text("Download it instead."),
        )
    source = entry.parts[0]
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(files_in(folder))
        if _belongs(path.relative_to(folder).as_posix(), source)
    }
    if pointers := [name for name, path in files.items() if layout.is_pointer(path, path.stat().st_size)]:
        raise ImportModelError(
            folder,
            Text("{name} is a pointer of Git LFS and not the file itself", name=pointers[0]),
            Text('Run "git lfs pull" in the folder, or download the files with a browser.'),
        )
    if links := [name for name, path in files.items() if layout.is_text_link(path, path.stat().st_size)]:
        raise ImportModelError(
            folder,
            Text("{name} is a link that has become a small text file, and not the file itself", name=links[0]),
            Text("Copy the folder again with its links, or from where the files themselves are."),
        )
    lacking = [link.path for link in source.links if link.path not in files]
    for pattern in (source.allow or ("*",)) if not source.links else ():
        if not any(fnmatchcase(name, pattern) and path.stat().st_size for name, path in files.items()):
            lacking.append(pattern)
    if lacking:
        raise ImportModelError(folder, Text("it has no {pattern}", pattern=", ".join(lacking)), _files_of(entry))
    if entry.kind == SPEECH_TO_TEXT and not source.links:
        _check_whisper(folder)
    return files


def _belongs(name: str, source: Source) -> bool:
    if source.links:
        return any(name == link.path for link in source.links)
    return source.wants(name) and all(map(_may_belong, name.split("/")))


def _may_belong(name: str) -> bool:
    """Whether a file or folder of this name may be one of a model: none that systems leave, and none in which git and
    Hugging Face's own download keep what they know of the files beside it."""
    return not is_left_by_system(name) and name.lower() not in _OF_PROGRAMS


def _check_copied(folder: Path, entry: Entry, copied: dict[str, listing.Published]) -> None:
    """Whether files are what the catalogue says, where it does. Raises ImportModelError."""
    for link in entry.links:
        if copied[link.path].digest != link.sha256:
            raise ImportModelError(folder, Text("{name} is damaged", name=link.path), _files_of(entry))


def _files_of(entry: Entry) -> str:
    """What to do next; empty for the usual words, which are about speech models."""
    return "" if entry.kind == SPEECH_TO_TEXT else Text("Choose a folder with the files of {model}.", model=entry.id)


def _check_whisper(folder: Path) -> None:
    """Whether this is one Whisper model in the format of CTranslate2, as faster-whisper loads it."""
    try:
        whisper = whisper_files.is_whisper(folder / "model.bin")
        problems = whisper_files.misfits(folder)
    except OSError as error:
        reason = Text("{name} cannot be read: {reason}", name="model.bin", reason=reason_of(error))
        raise ImportModelError(folder, reason, _REFUSED) from error
    if not problems:
        return
    reason = problems[0]
    for problem in problems[1:]:
        reason = Text("{first}; {second}", first=reason, second=problem)
    convert = Text("Convert it with ct2-transformers-converter, or choose the folder of a converted one.")
    raise ImportModelError(
        folder, reason, Text("Take all files from the same model, or download it.") if whisper else convert
    )


class _Copier:
    """Copies files into a repository's `blobs`, hashing them on the way."""

    def __init__(
        self, origin: Path, folder: Path, control: Control, report: ProgressReport, progress: Progress
    ) -> None:
        self.temporary: dict[str, Path] = {}
        self._origin = origin
        self._folder = folder
        self._control = control
        self._report = report
        self._progress = progress

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Be the only one that imports into the repository. Afterwards nothing is left that has not found its place.

        Raises OSError, ImportModelError.
        """
        blobs = self._folder / "blobs"
        try:
            blobs.mkdir(parents=True, exist_ok=True)
            # The lock keeps `delete` out, too.
            with try_lock(self._folder / "import.lock") as alone:
                if not alone:
                    why = Text("{model} is being imported already", model=self._progress.model)
                    raise ImportModelError(self._origin, why, Text("Wait until that is done."))
                try:
                    for path in layout.import_leftovers(self._folder):
                        remove(path)
                    yield
                finally:
                    for path in self.temporary.values():
                        with contextlib.suppress(OSError):
                            remove(path)
        finally:
            for place in (blobs, self._folder):
                with contextlib.suppress(OSError):
                    place.rmdir()

    def copy(self, name: str, path: Path, lfs: bool) -> listing.Published:
        """Copy one file to a temporary name; the answer is what it holds. `lfs`: it is kept by its SHA-256 in any case.

        Raises ImportModelError when it cannot be read, OSError when the copy cannot be written, JobCancelled.
        """
        size = path.stat().st_size
        lfs = lfs or size >= _LFS or path.suffix in _LFS_KINDS
        hasher = hashlib.sha256() if lfs else git_hasher(size)
        self.temporary[name] = target = self._folder / "blobs" / f"import-{secrets.token_hex(6)}.tmp"
        copied = 0
        with target.open("xb") as file:
            for chunk in self._chunks(name, path):
                self._control.check()
                hasher.update(chunk)
                file.write(chunk)
                copied += len(chunk)
                self._say(name, len(chunk))
            file.flush()
            sync(file.fileno())  # The stick that it came from may be empty tomorrow.
        if copied != size:
            raise ImportModelError(
                self._origin, Text("{name} changed while it was copied", name=name), Text("Try again.")
            )
        return listing.Published(size, hasher.hexdigest())

    def _chunks(self, name: str, path: Path) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as error:
            reason = reason_of(error)
            why = Text("{name} cannot be read: {reason}", name=name, reason=reason)
            raise ImportModelError(self._origin, why, _REFUSED) from error

    def _say(self, name: str, count: int) -> None:
        done = self._progress.bytes_done + count
        self._progress = dataclasses.replace(self._progress, file=name, bytes_done=done)
        self._report(self._progress)


def _link(folder: Path, files: dict[str, listing.Published], temporary: dict[str, Path], revision: str) -> Path:
    """Give the copied files their places: blobs, links to them, the listing, and the reference that makes it found."""
    content = "".join(f"{name} {files[name].digest}\n" for name in sorted(files))
    commit = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
    snapshot = folder / "snapshots" / commit
    for name, file in files.items():
        place, blob = snapshot / name, folder / "blobs" / file.digest
        place.parent.mkdir(parents=True, exist_ok=True)
        remove(place)
        try:
            place.symlink_to(os.path.relpath(blob, place.parent))
            replace(temporary[name], blob)
        except OSError:
            # Windows makes links only in its developer mode; huggingface_hub then has the files here too.
            replace(temporary[name], place)
    listing.write_listing(folder, commit, files, made_up=True)
    if revision == commit:
        return snapshot  # Of direct files: the catalogue's hashes are the revision.
    ref = folder.joinpath("refs", *revision.split("/"))
    ref.parent.mkdir(parents=True, exist_ok=True)
    write(ref, commit.encode())
    return snapshot
