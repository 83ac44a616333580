# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repository's files should be, and what we found them to be when we last read them.

Two small files in the repository's folder of the cache: `trees/<commit>.json` is huggingface_hub's, written when a
snapshot is complete, and says what was published. `.subtitle-editor.json` is ours: the files whose hash we compared,
with size and time of each, so that one that was changed since counts as not compared, and what a download that has not
ended is going to fetch. It lies with the repository, not in the models folder, so that it goes where the repository
goes and other programs do not take it for a model.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .listing import Published, write_json

log = logging.getLogger(__name__)

FILE = ".subtitle-editor.json"
_FORMAT = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One file, read from beginning to end. `size` and `mtime_ns` say which state of the file that was."""

    size: int
    mtime_ns: int
    whole: bool
    """Its hash was the published one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Newer:
    """A newer revision that the hub had when it was last asked. `size`: bytes to fetch for it."""

    commit: str
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Planned:
    """What the last download is to bring, as the hub listed it: how far an interrupted one is can be told by it."""

    commit: str
    files: Mapping[str, Published]


@dataclasses.dataclass(slots=True)
class Marks:
    """All we know of one repository: marks by commit and file name, a newer revision, and an unfinished download."""

    files: dict[str, dict[str, Mark]] = dataclasses.field(default_factory=dict)
    newer: Newer | None = None
    planned: Planned | None = None

    def of(self, commit: str, name: str, found: os.stat_result) -> Mark | None:
        """The mark of a snapshot's file; None if there is none, or the file is not as it was then."""
        mark = self.files.get(commit, {}).get(name)
        return mark if mark and (found.st_size, found.st_mtime_ns) == (mark.size, mark.mtime_ns) else None

    def set(self, snapshot: Path, name: str, found: os.stat_result, whole: bool) -> None:
        """Remember that a file in the state `found` was, or was not, what was published."""
        marks = self.files.setdefault(snapshot.name, {})
        marks[name] = Mark(found.st_size, found.st_mtime_ns, whole)


def read(folder: Path) -> Marks:
    """The marks of the repository in `folder`; none for a file that is missing or makes no sense. Never raises."""
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            return Marks()
        files = {
            commit: {name: Mark(int(row[0]), int(row[1]), row[2] is True) for name, row in rows.items()}
            for commit, rows in data["files"].items()
        }
        newer = data.get("newer")
        return Marks(files, Newer(str(newer[0]), int(newer[1])) if newer else None, _planned(data.get("planned")))
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError):
        return Marks()


def _planned(data: Any) -> Planned | None:
    if not data:
        return None
    return Planned(
        str(data["commit"]),
        {str(name): Published(int(row[0]), str(row[1])) for name, row in data["files"].items()},
    )


def write(folder: Path, marks: Marks) -> None:
    """Replace the marks in one step. Of two processes that do it at once the later wins, and the other's files count
    as not compared: harmless. Raises OSError."""
    coming = marks.planned.commit if marks.planned else None
    present = {
        commit: rows
        for commit, rows in marks.files.items()
        if commit == coming or (folder / "snapshots" / commit).is_dir()
    }
    rows = {
        commit: {name: [mark.size, mark.mtime_ns, mark.whole] for name, mark in of_commit.items()}
        for commit, of_commit in present.items()
    }
    data: dict[str, Any] = {"format": _FORMAT, "files": rows}
    data["newer"] = [marks.newer.commit, marks.newer.size] if marks.newer else None
    if marks.planned:
        listing = {name: [file.size, file.digest] for name, file in marks.planned.files.items()}
        data["planned"] = {"commit": marks.planned.commit, "files": listing}
    write_json(folder / FILE, data)


def remember(folder: Path, marks: Marks) -> bool:
    """Replace the marks, if that is possible; whether it was. For what has succeeded without them. Never raises."""
    try:
        write(folder, marks)
    except OSError as error:
        log.info("what was found out about %s is not remembered: %s", folder.name, error)
        return False
    return True
