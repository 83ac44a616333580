# SPDX-License-Identifier: GPL-3.0-or-later
"""What was heard, on the disk as it is heard: a journal for each transcription, in the user's folder.

A transcription that ended early, however it did, goes on from its journal to the text that it would have had. One line
a record, appended; a window is brought to the disk itself when it has been heard, so that a power cut costs no more.
Written by one process at a time, which holds the lock beside it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..cues import Cue, Word
from ..errors.disk import FolderNotWritableError
from ..system.files import disk_error, sync
from ..system.files import remove as unlink
from ..system.locks import try_lock

log = logging.getLogger(__name__)

FOLDER = "heard"
"""In the user's folder."""
_FORMAT = 1
_SUFFIX = ".jsonl"
_SAMPLE = 65536
"""Bytes of the media that are read at its beginning, middle and end to know it again."""
_LIMIT = 1 << 28
"""Bytes of a journal that are read: ten times what a day of speech takes."""


def media_identity(media: Path, known: Path | None = None) -> dict[str, Any]:
    """What tells a media file from another one, and from itself after a change. `known`: what a copy is called that
    is there for now only, in place of where it is and since when. Raises OSError."""
    digest = hashlib.sha256()
    with open(media, "rb") as file:
        info = os.fstat(file.fileno())
        for position in sorted({0, max(0, info.st_size // 2 - _SAMPLE // 2), max(0, info.st_size - _SAMPLE)}):
            file.seek(position)
            digest.update(file.read(_SAMPLE))
    return {
        "media": os.path.abspath(media) if known is None else str(known),
        "size": info.st_size,
        "modified": info.st_mtime_ns if known is None else 0,
        "sample": digest.hexdigest(),
    }


def model_identity(path: Path) -> dict[str, Any]:
    """Which model, in which revision. The hub's layout names a snapshot's folder after its commit."""
    with contextlib.suppress(OSError):
        return {"revision": path.name, "weights": (path / "model.bin").stat().st_size}
    return {"revision": path.name, "weights": 0}


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where listening goes on: the end of a window."""

    at: int = 0
    """Samples from the begin of the part."""
    speaking: bool = False
    """Whether the window ended inside of speech."""
    language: str = ""
    """What was heard so far is in this language."""


@dataclasses.dataclass(slots=True)
class Kept:
    """What a journal holds."""

    path: Path
    about: dict[str, Any]
    """The media, the model and the request, as `Journal.open` got them."""
    cues: list[Cue] = dataclasses.field(default_factory=list)
    """Of whole windows."""
    rest: list[Cue] = dataclasses.field(default_factory=list)
    """Of the window that was being heard: to be heard again, or taken as they are."""
    place: Place = Place()
    until: float = 0.0
    """Seconds of the media up to which everything was heard."""
    done: bool = False
    """Whether nothing was left to hear."""
    shaped: dict[str, Any] = dataclasses.field(default_factory=dict)
    """The reading rules by which subtitles were made of it, as plain values; empty where nobody has said."""
    written: dict[str, str] = dataclasses.field(default_factory=dict)
    """Subtitle files that were made of it before its end, and their SHA-256."""
    length: int = 0
    """Bytes up to the end of the last whole window."""

    @property
    def media(self) -> Path:
        """The file that was heard, or what it is known as."""
        return Path(self.about["media"])

    @property
    def all_cues(self) -> tuple[Cue, ...]:
        """Everything that was heard, in order."""
        return (*self.cues, *self.rest)


class Journal:
    """The journal of one transcription, while it is being written. Used by one thread at a time."""

    def __init__(self, kept: Kept, lock: contextlib.ExitStack) -> None:
        self.kept = kept
        """What was in it when it was opened."""
        self._lock = lock
        self._file: BinaryIO | None = None

    @classmethod
    def open(cls, folder: Path, about: dict[str, Any], shaped: dict[str, Any] | None = None) -> Journal | None:
        """The journal for what `about` says, with what it holds already; None while another process writes it.

        `about` is everything that the text depends on: equal values, equal journal. `shaped`: the reading rules, for
        one that has heard nothing yet or does not know them; else those that it has stay.

        Raises FolderNotWritableError.
        """
        path = folder / f"{_key(about)}{_SUFFIX}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.ExitStack() as lock:
                if not lock.enter_context(try_lock(path.with_suffix(".lock"))):
                    return None
                kept = read(path)
                if kept is None or kept.about != about:
                    kept = Kept(path, about)
                if shaped and not (kept.shaped and kept.cues):
                    kept.shaped = shaped
                journal = cls(kept, lock.pop_all())
                try:
                    journal._begin()
                except BaseException:
                    journal.close()
                    raise
                return journal
        except OSError as error:
            raise disk_error(folder, error) from error

    def _begin(self) -> None:
        """Leave what was whole, and write on behind it."""
        kept = self.kept
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        self._file = os.fdopen(os.open(kept.path, flags, 0o600), "r+b", buffering=0)
        self._file.truncate(kept.length)
        self._file.seek(kept.length)
        if not kept.length:
            self._line({"type": "about", "format": _FORMAT, "began": time.time(), "about": kept.about})
        if kept.shaped:
            self._line({"type": "shaped", "rules": kept.shaped})
        for path, digest in kept.written.items():
            self._line({"type": "written", "path": path, "sha256": digest})
        self._sync()

    def segment(self, record: dict[str, Any]) -> None:
        """Note a segment of the window that is being heard. Raises OSError, and keeps nothing from then on."""
        self._line({"type": "segment", **record})

    def window(self, place: Place, until: float) -> None:
        """A window was heard, all its segments noted: bring that to the disk. Raises OSError as `segment` does."""
        self._line({"type": "window", **dataclasses.asdict(place), "until": until})
        self._sync()

    def done(self) -> None:
        """Everything was heard. Raises OSError."""
        self._line({"type": "done"})
        self._sync()

    def close(self) -> None:
        """Let go of it; what is in it stays."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.close()

    def _line(self, record: dict[str, Any]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(record, ensure_ascii=True).encode() + b"\n")
        except OSError:
            self._file.close()
            self._file = None
            raise

    def _sync(self) -> None:
        if self._file is not None:
            sync(self._file.fileno())


def note_written(kept: Path, output: Path) -> None:
    """Remember that a subtitle file was made of an unfinished journal, which may later be replaced. Raises OSError."""
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    line = json.dumps({"type": "written", "path": str(output.absolute()), "sha256": digest}).encode() + b"\n"
    with open(kept, "ab") as file:
        file.write(line)


def is_ours(kept: Kept, output: Path) -> bool:
    """Whether the file is one that was made of this journal and that nobody has changed since."""
    with contextlib.suppress(OSError):
        return kept.written.get(str(output.absolute())) == hashlib.sha256(output.read_bytes()).hexdigest()
    return False


def remove(path: Path) -> bool:
    """Throw a journal away, unless somebody is writing it. Whether it is gone."""
    with contextlib.suppress(OSError, FolderNotWritableError), try_lock(path.with_suffix(".lock")) as ours:
        if ours:
            unlink(path)
            return True
    return False


def find(folder: Path, about: dict[str, Any]) -> Kept | None:
    """What is kept of exactly this transcription."""
    kept = read(folder / f"{_key(about)}{_SUFFIX}")
    return kept if kept is not None and kept.about == about else None


def unfinished(folder: Path) -> list[Kept]:
    """What is kept of transcriptions that nobody is working on and that have heard something, newest first."""
    paths = []
    with contextlib.suppress(OSError):
        paths = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
    found = []
    for path in paths:
        with contextlib.suppress(OSError, FolderNotWritableError), try_lock(path.with_suffix(".lock")) as ours:
            kept = read(path) if ours else None
            if kept is not None and kept.all_cues:
                found.append(kept)
    return found


def read(path: Path) -> Kept | None:
    """A journal as far as it is whole; None when there is none, or nothing of it can be used. Never raises."""
    kept: Kept | None = None
    try:
        for record, end in _lines(path):
            if kept is None:
                if record.get("type") != "about" or record.get("format") != _FORMAT:
                    return None
                kept = Kept(path, dict(record["about"]), length=end)
                kept.media  # noqa: B018 (raises where it names none)
            else:
                _add(kept, record, end)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        log.warning("%s: %s", path, error)
    return kept


def _add(kept: Kept, record: dict[str, Any], end: int) -> None:
    match record.pop("type"):
        case "segment":
            kept.rest.append(cue_of(record))
        case "window":
            kept.until = float(record.pop("until"))
            kept.place = Place(int(record["at"]), bool(record["speaking"]), str(record["language"]))
            kept.cues += kept.rest
            kept.rest = []
            kept.length = end
        case "shaped":
            kept.shaped = dict(record["rules"])
        case "written":
            kept.written[str(record["path"])] = str(record["sha256"])
        case "done":
            kept.done = True
            kept.length = end


def cue_of(record: dict[str, Any]) -> Cue:
    """A segment as the child says it, as a cue. Raises KeyError, TypeError, ValueError for what is none."""
    words = tuple(Word(**word) for word in record["words"])
    return Cue(**{**record, "words": words})


def _lines(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """The records and where each ends, up to the first that is not whole."""
    end = 0
    try:
        file = open(path, "rb")  # noqa: SIM115
    except FileNotFoundError:
        return
    with file:
        for line in file:
            end += len(line)
            if not line.endswith(b"\n") or end > _LIMIT:
                return
            record = json.loads(line)
            if not isinstance(record, dict):
                return
            yield record, end


def _key(about: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]
