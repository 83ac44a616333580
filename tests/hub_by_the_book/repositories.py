# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories as git and git-lfs keep them: commits, references, and for each file what `.gitattributes` decides.

Written from the documentation of git, git-lfs and the Hub; shares nothing with the program under test.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
from collections.abc import Mapping


def git_blob_id(content: bytes) -> str:
    """What `git hash-object` says of a file."""
    digest = hashlib.sha1(usedforsecurity=False)
    digest.update(f"blob {len(content)}".encode() + b"\x00" + content)
    return digest.hexdigest()


def lfs_pointer(content: bytes) -> bytes:
    """The text that git-lfs puts into git in a file's place (git-lfs specification, version 1)."""
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n".encode()


@dataclasses.dataclass
class StoredFile:
    """One file of a commit."""

    content: bytes
    in_lfs: bool

    @property
    def blob_id(self) -> str:
        """Git's name for what git keeps: the file, or the pointer to it."""
        return git_blob_id(lfs_pointer(self.content) if self.in_lfs else self.content)

    @property
    def sha256(self) -> str:
        """The object id in LFS."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def etag(self) -> str:
        """What the Hub sends as ETag, or as X-Linked-ETag for a file in LFS."""
        return self.sha256 if self.in_lfs else self.blob_id


class Repository:
    """A repository with a history. `kind` is "models" or "datasets", as the addresses of the interface say."""

    def __init__(self, name: str, kind: str = "models") -> None:
        self.name = name
        self.kind = kind
        self.private = False
        self.gated: str | bool = False
        """False, "auto" or "manual"."""
        self.accepted_by: set[str] = set()
        """Accounts that have accepted the licence."""
        self.tags: list[str] = []
        self.pipeline_tag: str | None = None
        self.commits: dict[str, dict[str, StoredFile]] = {}
        self.branches: dict[str, str] = {}
        self.git_tags: dict[str, str] = {}

    def commit(self, files: Mapping[str, bytes], lfs: tuple[str, ...] = (), branch: str = "main") -> str:
        """Commit `files` to a branch and return the commit's id.

        `lfs` are the patterns that a `.gitattributes` gives to git-lfs; it is committed along, as the Hub does. Whether
        a file is in LFS is said by these alone: its size has no say.
        """
        rows = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in lfs)
        whole = {".gitattributes": rows.encode(), **files}
        stored = {path: StoredFile(content, _matches(path, lfs)) for path, content in whole.items()}
        parent = self.branches.get(branch, "")
        rows = "".join(f"{path} {file.blob_id}\n" for path, file in sorted(stored.items()))
        oid = hashlib.sha1(f"parent {parent}\n{self.name}\n{rows}".encode(), usedforsecurity=False).hexdigest()
        self.commits[oid] = stored
        self.branches[branch] = oid
        return oid

    def tag(self, name: str, commit: str | None = None) -> None:
        """Name a commit, the newest of main if none is given."""
        self.git_tags[name] = commit or self.branches["main"]

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, a tag, a full or a beginning of a commit's id stands for; None if nothing does."""
        for names in (self.branches, self.git_tags):
            if revision in names:
                return names[revision]
        if revision.startswith("refs/heads/"):
            return self.branches.get(revision.removeprefix("refs/heads/"))
        found = [oid for oid in self.commits if len(revision) >= 7 and oid.startswith(revision)]
        return found[0] if len(found) == 1 else None


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    """As gitattributes(5): a pattern without a slash is compared with the file's name, another with its path."""
    return any(
        fnmatch.fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern.removeprefix("/"))
        for pattern in patterns
    )
