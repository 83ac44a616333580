# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories a loopback hub serves: files, revisions, and the hashes git and LFS give them.

Knows nothing of HTTP. A repository comes from files handed in by a test (:meth:`Store.add`) or from a
plain folder `ROOT/models/OWNER/NAME` or `ROOT/datasets/OWNER/NAME`, which is looked at again each time
its `main` is asked for. All methods may be called from any thread.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("models", "datasets")

# What the .gitattributes of a new repository on the Hub gives to LFS. No size has a say in it.
LFS = tuple(
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gguf *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy *.npz "
    "*.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors *.tar.* *.tar *.tflite *.tgz *.wasm "
    "*.xz *.zip *.zst *tfevents*".split()
)

# What a real git-lfs pointer looks like; its git hash is the `oid` the Hub lists for an LFS file.
_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"


@dataclass(frozen=True, slots=True)
class File:
    """One file of one revision."""

    name: str
    """Path inside the repository, with forward slashes."""
    path: Path
    """Where the bytes are on this disk."""
    size: int
    mtime_ns: int
    """With `size`: how a file changed behind our back is noticed."""
    oid: str
    """Git blob hash: of the content, or of the LFS pointer."""
    sha256: str | None
    """Of the content. None for a file that is not in LFS."""
    pointer_size: int = 0

    @property
    def etag(self) -> str:
        """What identifies the content: SHA-256 for LFS, the git blob hash for the rest."""
        return self.sha256 or self.oid

    @property
    def intact(self) -> bool:
        """False once the file on disk was removed or is no longer the one that was listed."""
        try:
            stat = self.path.stat()
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit: its hash and its files, by name, sorted."""

    commit: str
    files: Mapping[str, File]


@dataclass(slots=True)
class Repo:
    """A repository with all its revisions; `main` is the last."""

    kind: str
    id: str
    private: bool = False
    gated: bool = False
    readers: set[str] = field(default_factory=set)
    """Users who may read it though it is private or gated."""
    revisions: list[Revision] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    """Names still listed whose content answers 404."""
    size_lies: dict[str, int] = field(default_factory=dict)
    """Bytes added to the size that listings give for a name."""
    branches: dict[str, Revision] = field(default_factory=dict)
    """Other branches than `main`, by name."""
    tags: list[str] = field(default_factory=list)
    task: str | None = None
    """What the model is for (`pipeline_tag`)."""
    folder: Path | None = None
    signature: tuple[tuple[str, int, int], ...] = ()

    def revision(self, name: str) -> Revision | None:
        """The revision called `name`: a branch, a commit hash, or seven or more characters of one."""
        if name == "main":
            return self.revisions[-1]
        if name in self.branches:
            return self.branches[name]
        if len(name) < 7:
            return None
        return next((r for r in self.all_revisions() if r.commit.startswith(name)), None)

    def all_revisions(self) -> list[Revision]:
        """Every revision of every branch, the newest of `main` first."""
        return [*reversed(self.revisions), *self.branches.values()]

    def listed_size(self, file: File) -> int:
        """The size listings give: the true one, plus the lie a test asked for."""
        return file.size + self.size_lies.get(file.name, 0)


class Store:
    """Every repository below `root`, and those added by :meth:`add`."""

    def __init__(self, root: Path, lfs: Sequence[str]) -> None:
        self.root = root
        self.lfs = tuple(lfs)
        self.removed_blobs: set[str] = set()
        self._lock = threading.RLock()
        self._repos: dict[tuple[str, str], Repo] = {}
        self.plain: dict[str, File] = {}
        self._hashes: dict[tuple[Path, int, int, bool], tuple[str, str | None, int]] = {}

    def add(self, kind: str, repo_id: str, files: Mapping[str, bytes | str | Path], private: bool, gated: bool) -> Repo:
        """Add a repository, or a new revision of one. A `Path` is served where it lies, not copied."""
        kept = {name: self._keep(content) for name, content in files.items()}
        with self._lock:
            repo = self._repos.setdefault((kind, repo_id), Repo(kind, repo_id))
            repo.private, repo.gated = private, gated
            self._commit(repo, kept)
            return repo

    def add_branch(self, repo: Repo, name: str, files: Mapping[str, bytes | str | Path]) -> Revision:
        """Give a repository another branch, or that branch other files."""
        kept = {name: self._keep(content) for name, content in files.items()}
        with self._lock:
            self._commit(repo, kept)
            repo.branches[name] = repo.revisions.pop()
            return repo.branches[name]

    def add_plain(self, name: str, content: bytes | str | Path) -> None:
        """Serve a file that belongs to no repository."""
        file = self._describe(name, self._keep(content))
        with self._lock:
            self.plain[name] = file

    def remove(self, repo_id: str) -> None:
        """Forget a repository of either kind: from now on it was never there."""
        with self._lock:
            for kind in KINDS:
                self._repos.pop((kind, repo_id), None)

    def find(self, kind: str, repo_id: str) -> Repo | None:
        """The repository, read again from its folder if it has one; None where there is none."""
        with self._lock:
            repo = self._repos.get((kind, repo_id))
            if repo is None or repo.folder is not None:
                repo = self._read_folder(kind, repo_id, repo)
            return repo

    def read_folders(self) -> None:
        """Read and hash every plain folder below the root."""
        for kind in KINDS:
            for folder in sorted((self.root / kind).glob("*/*")):
                self.find(kind, f"{folder.parent.name}/{folder.name}")

    def named(self, repo_id: str) -> Repo:
        """The repository of that name, whatever its kind. Raises KeyError."""
        for kind in KINDS:
            if (repo := self.find(kind, repo_id)) is not None:
                return repo
        raise KeyError(repo_id)

    def blob(self, kind: str, repo_id: str, sha256: str) -> File | None:
        """The LFS file with that content in any revision, None when absent, removed or changed on disk."""
        with self._lock:
            repo = self._repos.get((kind, repo_id))
            if repo is None or sha256 in self.removed_blobs:
                return None
            for revision in repo.all_revisions():
                for file in revision.files.values():
                    if file.sha256 == sha256 and file.name not in repo.removed and file.intact:
                        return file
            return None

    def _read_folder(self, kind: str, repo_id: str, repo: Repo | None) -> Repo | None:
        owner, _, name = repo_id.partition("/")
        folder = self.root / kind / owner / name
        if not name or ".." in (owner, name) or not folder.is_dir():
            return None
        paths = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
        stats = {name: path.stat() for name, path in sorted(paths.items())}
        signature = tuple((name, s.st_size, s.st_mtime_ns) for name, s in stats.items())
        if repo is None:
            repo = self._repos[kind, repo_id] = Repo(kind, repo_id, folder=folder)
        if signature != repo.signature or not repo.revisions:
            repo.signature = signature
            self._commit(repo, paths)
        return repo

    def _commit(self, repo: Repo, paths: Mapping[str, Path]) -> None:
        files = {name: self._describe(name, path) for name, path in sorted(paths.items())}
        # The number of the revision is part of the hash: like a git commit it is new even when the
        # files are the same, and unlike one it is the same in each run.
        digest = hashlib.sha1(f"{repo.kind}/{repo.id} {len(repo.revisions)}".encode())
        for file in files.values():
            digest.update(f"\n{file.oid} {file.name}".encode())
        repo.revisions.append(Revision(digest.hexdigest(), files))

    def _keep(self, content: bytes | str | Path) -> Path:
        if isinstance(content, Path):
            return content
        data = content.encode("utf-8") if isinstance(content, str) else content
        path = self.root / ".hub" / hashlib.sha256(data).hexdigest()
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{threading.get_ident()}")
            part.write_bytes(data)
            os.replace(part, path)
        return path

    def _describe(self, name: str, path: Path) -> File:
        stat = path.stat()
        lfs = any(fnmatch.fnmatchcase(name.rpartition("/")[2], pattern) for pattern in self.lfs)
        key = (path, stat.st_size, stat.st_mtime_ns, lfs)
        if key not in self._hashes:
            self._hashes[key] = _hashes(path, stat.st_size, lfs)
        oid, sha256, pointer_size = self._hashes[key]
        return File(name, path, stat.st_size, stat.st_mtime_ns, oid, sha256, pointer_size)


def _hashes(path: Path, size: int, lfs: bool) -> tuple[str, str | None, int]:
    """Git blob hash, SHA-256 and pointer size; the last two are None and 0 without LFS."""
    if not lfs:
        return git_blob(path.read_bytes()), None, 0
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    pointer = _POINTER.format(sha256=sha256, size=size).encode()
    return git_blob(pointer), sha256, len(pointer)


def git_blob(data: bytes) -> str:
    """The hash git gives a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
