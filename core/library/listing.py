# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repository's files should be: the listing kept beside them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ..catalog.entries import Source
from ..system.files import write
from ..system.hashes import git_hasher

_MADE_UP = "imported by subtitle-editor"

_CHUNK = 1 << 20


def listing(source: Source) -> dict[str, Published]:
    """What the files of `source.links` should be."""
    return {link.path: Published(link.size, link.sha256) for link in source.links}


@dataclasses.dataclass(frozen=True, slots=True)
class Published:
    """A file as the hub lists it. `size` in bytes; `digest` is hex: a SHA-256, or the git hash of a small file."""

    size: int
    digest: str

    @property
    def is_sha256(self) -> bool:
        """Whether `digest` is the SHA-256 of the content; otherwise it is git's SHA-1 of it."""
        return len(self.digest) == 64


def published(folder: Path, commit: str) -> dict[str, Published] | None:
    """The listing that huggingface_hub 2.x keeps beside the snapshots, by file name; None without a usable one."""
    try:
        data = json.loads((folder / "trees" / f"{commit}.json").read_text(encoding="utf-8"))
        return {
            name: Published(int(file.get("lfs_size") or file["size"]), str(file.get("lfs_sha256") or file["blob_id"]))
            for name, file in data["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def write_listing(folder: Path, commit: str, files: Mapping[str, Published], made_up: bool = False) -> None:
    """Write such a listing, in huggingface_hub's format; `made_up` for a commit that is ours. Raises OSError."""
    rows = {}
    for name, file in files.items():
        lfs = {"lfs_sha256": file.digest, "lfs_size": file.size} if file.is_sha256 else {}
        rows[name] = {"size": file.size, "blob_id": file.digest, **lfs}
    data = {"format_version": 1, "files": rows}
    write_json(folder / "trees" / f"{commit}.json", data | {_MADE_UP: True} if made_up else data)


def is_made_up(folder: Path, commit: str) -> bool:
    """Whether a commit is none of the hub's: the snapshot was imported."""
    try:
        data = json.loads((folder / "trees" / f"{commit}.json").read_text(encoding="utf-8"))
        return data.get(_MADE_UP) is True
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def write_json(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, json.dumps(data, indent=1).encode())


def digest(path: Path, like: Published, read_bytes: Callable[[int], None]) -> tuple[str, os.stat_result]:
    """The hash of a file, of the kind that `like` has, and the state it was in before it was read.

    `read_bytes(n)` is called for each piece; raising in it stops the reading. Raises OSError.
    """
    with path.open("rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        hasher = hashlib.sha256() if like.is_sha256 else git_hasher(found.st_size)
        buffer = memoryview(bytearray(_CHUNK))
        while count := file.readinto(buffer):
            hasher.update(buffer[:count])
            read_bytes(count)
    return hasher.hexdigest(), found
