# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hub's answers say, taken apart with nothing believed: a server may send anything."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ..system.names import is_hash, is_repository

_GIT = re.compile(r"[0-9a-f]{40}")
_SIZE = re.compile(r"\d{1,18}", re.ASCII)
_FILE = ("file", "blob")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """A repository at one commit."""

    repo: str
    """Its name as the hub spells it."""
    commit: str
    gated: bool
    tags: tuple[str, ...]
    task: str
    """What it is for, in the hub's words; empty if nobody said."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One file of a listing. `size` in bytes."""

    path: str
    size: int
    blob: str
    """What its content is called in the cache: the SHA-256 of a file in LFS, of any other git's hash."""
    sha256: str | None
    """Of a file in LFS: which is decided file by file, whatever its size."""

    @property
    def git_sha1(self) -> str | None:
        """Git's hash of the content; None for a file in LFS, of which git keeps a note only."""
        return self.blob if self.sha256 is None else None


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """A file of a listing that says neither its size nor its hash, as some mirrors' do, or but one of the two."""

    path: str


def profile(data: Any) -> Profile | None:
    """What `/api/models/OWNER/NAME` answered; None if no hub answers so. Folders are called after these names."""
    if not isinstance(data, dict):
        return None
    repo, commit = data.get("id"), data.get("sha")
    if not (isinstance(repo, str) and is_repository(repo) and isinstance(commit, str) and is_hash(commit)):
        return None
    tags = data.get("tags")
    task = data.get("pipeline_tag")
    return Profile(
        repo,
        commit,
        gated=bool(data.get("gated")),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        task=task if isinstance(task, str) else "",
    )


def listed(data: Any) -> list[Listed | Named] | None:
    """The files of a page of `/api/models/OWNER/NAME/tree/COMMIT`; None if no hub answers so."""
    if not isinstance(data, list):
        return None
    # Folders and links to other repositories are no files. Some have git's words for the two.
    found = [_file(row) for row in data if not (isinstance(row, dict) and row.get("type", "file") not in _FILE)]
    whole = [file for file in found if file is not None]
    return whole if len(whole) == len(found) else None


def siblings(data: Any) -> list[Listed | Named] | None:
    """The files that `/api/models/OWNER/NAME/revision/COMMIT?blobs=true` names; None if no hub answers so."""
    rows = data.get("siblings") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return listed([_as_listed(row) for row in rows])


def _as_listed(row: dict[str, Any]) -> dict[str, Any]:
    lfs = row.get("lfs")
    if isinstance(lfs, dict):
        lfs = {"oid": lfs.get("sha256"), "size": lfs.get("size", row.get("size"))}
    return {"path": row.get("rfilename"), "size": row.get("size"), "oid": row.get("blobId"), "lfs": lfs}


def described(path: str, headers: Mapping[str, str]) -> Listed | None:
    """A file by the headers of the answer to a request for its first byte, by lower-case name; None where these do not
    say its size and its hash.

    A hub has them in X-Linked-Size and X-Linked-ETag, or, of what it keeps itself, in ETag. An ETag of 40 digits may be
    anything where the answer is not marked as a hub's.
    """
    tag = headers.get("x-linked-etag") or headers.get("etag", "")
    blob = tag.strip().removeprefix("W/").strip('"').removeprefix("sha256:").lower()
    size = headers.get("x-linked-size") or _length(headers)
    if not _SIZE.fullmatch(size):
        return None
    if _SHA256.fullmatch(blob):
        return Listed(path, int(size), blob, blob)
    is_hubs = "x-linked-etag" in headers or "x-repo-commit" in headers
    return Listed(path, int(size), blob, None) if is_hubs and _GIT.fullmatch(blob) else None


def _length(headers: Mapping[str, str]) -> str:
    """The bytes of the whole file by an answer, perhaps with its first alone."""
    if content := headers.get("content-range"):
        return content.rpartition("/")[2].strip()
    return "" if headers.get("content-encoding") else headers.get("content-length", "").strip()


def _file(row: Any) -> Listed | Named | None:
    if not isinstance(row, dict):
        return None
    path, size, blob = row.get("path"), row.get("size"), row.get("oid")
    lfs = row.get("lfs") or None
    if isinstance(path, str) and path and lfs is None and None in (size, blob):
        return Named(path)
    sha256 = None
    if isinstance(lfs, dict):
        sha256, size = lfs.get("oid") or lfs.get("sha256"), lfs.get("size", size)
        # Some mirrors write it as git-lfs does.
        blob = sha256 = sha256.lower().removeprefix("sha256:") if isinstance(sha256, str) else None
        if sha256 is None or not _SHA256.fullmatch(sha256):
            return None  # Blobs are called after it.
    if not isinstance(path, str) or not path or not isinstance(blob, str):
        return None
    blob, size = blob.lower(), _whole(size)
    if sha256 is None and not _GIT.fullmatch(blob):
        return None
    return None if size is None else Listed(path, size, blob, sha256)


def _whole(size: Any) -> int | None:
    """A count of bytes, also as a text or with a point, as some languages write all numbers; None for none."""
    if isinstance(size, str) and _SIZE.fullmatch(size):
        size = int(size)
    if isinstance(size, bool) or not isinstance(size, (int, float)) or not 0 <= size < 1 << 60:
        return None
    return int(size) if size == int(size) else None
