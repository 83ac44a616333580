# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking in a model from a plain folder, for a machine without network: checked, copied, in the cache's layout."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import secrets
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from . import library, library_marks
from .catalog import SPEECH_TO_TEXT, Entry
from .control import Control
from .errors import FolderNotWritableError, ImportModelError, NoSpaceError
from .events import Progress, State
from .library import Installed, matches, repository_folder

Report = Callable[[Progress], None]

_CHUNK = 1 << 20
_LFS = 10_000_000
"""Bytes from which the hub stores a file by its SHA-256, as it does any of these kinds. A right guess saves a later
download the file; a wrong one costs nothing else."""
_LFS_KINDS = (".bin", ".gguf", ".safetensors", ".onnx", ".pt", ".pth")


def import_folder(
    models_dir: Path,
    folder: Path,
    entry: Entry,
    control: Control | None = None,
    report: Report | None = None,
    job: str = "",
) -> Installed:
    """Copy the model in `folder` into the models folder, where it is found as `entry`. The folder is left as it is.

    Its commit is made up from the content, for nobody can know it; a later download replaces it by the hub's, keeping
    the blobs that are the same. `report` gets progress in state VERIFYING on this thread, under the name `job`. Blocks
    for as long as the copying takes.

    Raises ImportModelError when the folder is not such a model or the model is installed already, NoSpaceError,
    FolderNotWritableError, and JobCancelled after `control.cancel()`: then nothing is left behind.
    """
    files = check_folder(folder, entry)
    if library.status(models_dir, entry).state.usable:
        raise ImportModelError(folder, f"{entry.id} is installed already", "Delete the installed one first.")
    source = entry.sources[0]
    target = repository_folder(models_dir, source)
    control = control or Control()
    try:
        (target / "blobs").mkdir(parents=True, exist_ok=True)
        needed, free = sum(path.stat().st_size for path in files.values()), shutil.disk_usage(target).free
        if needed > free:
            raise NoSpaceError(models_dir, needed, free)
        progress = Progress(job=job, model=entry.id, state=State.VERIFYING, files_total=len(files), bytes_total=needed)
        copier = _Copier(target, control, report or (lambda _: None), progress)
        with contextlib.ExitStack() as undo:
            undo.callback(copier.remove_temporary)
            copied = {name: copier.copy(name, path) for name, path in files.items()}
            control.check()
            snapshot = _link(target, copied, copier.temporary)
    except OSError as error:
        if isinstance(error, NoSpaceError):
            raise
        raise FolderNotWritableError(target, (error.strerror or str(error)).lower()) from error
    return Installed(snapshot, needed, snapshot.name)


def check_folder(folder: Path, entry: Entry) -> dict[str, Path]:
    """The files to take from `folder`, by their names in the repository. Raises ImportModelError if it is no model."""
    if not folder.is_dir():
        raise ImportModelError(folder, "there is no such folder")
    if len(entry.sources) > 1:
        raise ImportModelError(folder, f"{entry.id} is made of several repositories", "Download it instead.")
    source = entry.sources[0]
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and matches(path.relative_to(folder).as_posix(), source.patterns)
    }
    for pattern in source.allow or ("*",):
        if not any(matches(name, (pattern,)) and path.stat().st_size for name, path in files.items()):
            raise ImportModelError(folder, f"it has no {pattern}")
    if entry.kind == SPEECH_TO_TEXT:
        _check_whisper(folder)
    return files


def _check_whisper(folder: Path) -> None:
    """Whether this is a Whisper model in the format of CTranslate2, as faster-whisper loads it.

    `model.bin` begins with the format's version (4 bytes), the length of a name (2 bytes, with its closing zero) and
    that name, little-endian: ctranslate2/specs/model_spec.py, `_serialize`.
    """
    for name in ("config.json", "tokenizer.json"):
        try:
            whole = isinstance(json.loads((folder / name).read_text(encoding="utf-8")), dict)
        except (OSError, ValueError, RecursionError):
            whole = False
        if not whole:
            raise ImportModelError(folder, f"{name} is not readable JSON")
    try:
        with (folder / "model.bin").open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise ImportModelError(folder, "model.bin cannot be read") from error
    version, length = struct.unpack("<IH", head[:6]) if len(head) >= 6 else (0, 0)
    spec = head[6 : 6 + length].rstrip(b"\0")
    if not 1 <= version < 1000 or spec != b"WhisperSpec":
        what = f"holds a {spec.decode()}" if spec.isascii() and spec.isalnum() else "is something else"
        raise ImportModelError(
            folder,
            f"model.bin {what}, not a Whisper model in CTranslate2's format",
            "Convert it with ct2-transformers-converter, or choose the folder of a converted one.",
        )


class _Copier:
    """Copies files into a repository's `blobs`, hashing them on the way."""

    def __init__(self, folder: Path, control: Control, report: Report, progress: Progress) -> None:
        self.temporary: dict[str, Path] = {}
        self._blobs = folder / "blobs"
        self._control = control
        self._report = report
        self._progress = progress

    def copy(self, name: str, path: Path) -> library_marks.Published:
        """Copy one file to a temporary name; the answer is what it holds. Raises OSError, JobCancelled."""
        size = path.stat().st_size
        lfs = size >= _LFS or path.suffix in _LFS_KINDS
        hasher = hashlib.sha256() if lfs else library_marks.git_hasher(size)
        self.temporary[name] = target = self._blobs / f"import-{secrets.token_hex(6)}.tmp"
        copied = 0
        with path.open("rb") as source, target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                self._control.check()
                hasher.update(chunk)
                file.write(chunk)
                copied += len(chunk)
                self._say(name, len(chunk))
        if copied != size:
            raise OSError(f"{path} changed while it was copied")
        return library_marks.Published(size, hasher.hexdigest())

    def remove_temporary(self) -> None:
        """Remove what was copied and has not found its place."""
        for path in self.temporary.values():
            with contextlib.suppress(OSError):
                path.unlink()
        with contextlib.suppress(OSError):
            self._blobs.rmdir()
        with contextlib.suppress(OSError):
            self._blobs.parent.rmdir()

    def _say(self, name: str, count: int) -> None:
        done = self._progress.bytes_done + count
        self._progress = dataclasses.replace(self._progress, file=name, bytes_done=done)
        self._report(self._progress)


def _link(folder: Path, files: dict[str, library_marks.Published], temporary: dict[str, Path]) -> Path:
    """Give the copied files their places: blobs, links to them, the listing, and the reference that makes it found."""
    content = "".join(f"{name} {files[name].digest}\n" for name in sorted(files))
    commit = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
    snapshot = folder / "snapshots" / commit
    for name, file in files.items():
        place, blob = snapshot / name, folder / "blobs" / file.digest
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        try:
            place.symlink_to(os.path.relpath(blob, place.parent))
            os.replace(temporary[name], blob)
        except OSError:
            # Windows makes links only in its developer mode; huggingface_hub then has the files here too.
            os.replace(temporary[name], place)
    library_marks.write_made_up(folder, commit, files)
    ref = folder / "refs" / "main"
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text(commit, encoding="utf-8")
    return snapshot
