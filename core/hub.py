# SPDX-License-Identifier: GPL-3.0-or-later
"""The Hugging Face Hub: plan a snapshot, complete it, and name what went wrong.

The only file that imports huggingface_hub, and only when first used (the import takes a third of a second). Everything
here blocks on the network: worker threads call it, never Blender's main thread.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import quote, urlsplit

from .catalog import Source
from .endpoint import resolve
from .errors import (
    FileNotOnHubError,
    FolderNotWritableError,
    GatedError,
    HubAnswerError,
    HubUnreachableError,
    JobCancelled,
    NoSpaceError,
    RateLimitedError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    SubtitleEditorError,
    TokenRefusedError,
    UnsafeNameError,
)
from .library import matches, repository_folder
from .retries import asked_wait

LARGE = 1_000_000
"""Bytes from which a file is fetched in ranges with resume; a smaller one arrives before anyone could cancel it."""

_TIMEOUT = 15.0
"""Seconds for an answer about a repository. Its files have their own watchdog (transfer.py)."""


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a snapshot. `size` in bytes; `sha256` where the hub publishes it (files in LFS)."""

    path: str
    size: int
    blob: str
    """The name huggingface_hub gives the blob: the SHA-256, or the git hash of a small file."""
    sha256: str | None
    url: str
    target: Path
    """Where the bytes belong: the blob, or the file in the snapshot where links are not supported."""
    present: bool
    """The bytes are already there."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What a download will do, before its first byte."""

    source: Source
    commit: str
    folder: Path
    """The repository's folder inside the models folder."""
    files: tuple[PlannedFile, ...]

    @property
    def bytes_total(self) -> int:
        """Bytes of the complete snapshot."""
        return sum(file.size for file in self.files)

    @property
    def bytes_present(self) -> int:
        """Bytes that need not be fetched. Files with the same content share one blob."""
        return sum(file.size for file in self.files if file.present)

    @property
    def snapshot(self) -> Path:
        """The folder that the finished snapshot has."""
        return self.folder / "snapshots" / self.commit


class Hub:
    """One hub endpoint and, perhaps, a token.

    The token is sent to the endpoint's own host only: huggingface_hub drops it at a redirect to another host
    (measured), and `transfer` sends headers to the first host alone. It appears in no error and no log line.
    """

    def __init__(self, endpoint: str | None = None, token: str | None = None) -> None:
        self.endpoint = resolve(endpoint)
        self._token = token or None

    @property
    def host(self) -> str:
        """The endpoint as messages name it."""
        return urlsplit(self.endpoint).netloc

    @property
    def has_token(self) -> bool:
        """Whether requests carry a token."""
        return self._token is not None

    @property
    def headers(self) -> dict[str, str]:
        """Headers for the endpoint's own host. Holds the token: never log it."""
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def whoami(self) -> str:
        """The account the token belongs to. Raises TokenRefusedError without one, or for a bad one."""
        if not self._token:
            raise TokenRefusedError(self.host, sent=False)
        with self._named_errors("the account", None):
            return str(self._api().whoami()["name"])

    def plan(self, source: Source, models_dir: Path, revision: str | None = None) -> Plan:
        """List the wanted files of a repository at one commit, with sizes and hashes, and see what is already there.

        Two requests, and a third that asks whether the files may be read: a gated repository shows its listing to
        everyone. (`snapshot_download(dry_run=True)` tells the same with one request a file.)
        Raises the errors of `errors.py` from TokenRefusedError to UnsafeNameError.
        """
        revision = revision or source.revision
        with self._named_errors(source.repo, revision):
            api = self._api()
            info = api.repo_info(source.repo, repo_type=source.repo_type, revision=revision, timeout=_TIMEOUT)
            tree = api.list_repo_tree(source.repo, recursive=True, revision=info.sha, repo_type=source.repo_type)
            wanted = [item for item in tree if hasattr(item, "blob_id") and matches(item.path, source.patterns)]
            files = tuple(self._planned(source, str(info.sha), models_dir, item) for item in wanted)
            if not files:
                raise FileNotOnHubError(", ".join(source.patterns) or "Any file", source.repo)
            if any(not file.present for file in files):
                self._ask_access(max(files, key=lambda file: file.size))
        return Plan(source, str(info.sha), repository_folder(models_dir, source), files)

    def finish(self, plan: Plan, models_dir: Path, on_bytes: Callable[[int], None]) -> Path:
        """Fetch the files of the plan that are not there yet, link all of them into the snapshot, and return it.

        `on_bytes(n)` is called from huggingface_hub's threads with the bytes that arrived; raising JobCancelled in it
        stops the download. Small files only: what is large comes through `transfer` first and is found here.
        """
        from huggingface_hub import snapshot_download

        source = plan.source
        with self._named_errors(source.repo, plan.commit):
            path = snapshot_download(
                source.repo,
                repo_type=source.repo_type,
                # By commit: the repository may have moved on since it was planned.
                revision=plan.commit,
                cache_dir=models_dir,
                endpoint=self.endpoint,
                token=self._token or False,
                allow_patterns=list(source.patterns) or None,
                tqdm_class=_bar_class(on_bytes),
                max_workers=4,
            )
        return Path(path)

    def _api(self) -> Any:
        from huggingface_hub import HfApi

        # False, not None: None would send the token of the machine's Hugging Face login, which nobody gave us.
        return HfApi(endpoint=self.endpoint, token=self._token or False, library_name="subtitle-editor")

    def _planned(self, source: Source, commit: str, models_dir: Path, item: Any) -> PlannedFile:
        check_name(source.repo, item.path)
        folder = repository_folder(models_dir, source)
        sha256 = item.lfs.sha256 if item.lfs is not None else None
        blob = sha256 or item.blob_id
        in_snapshot = folder.joinpath("snapshots", commit, *item.path.split("/"))
        target = folder / "blobs" / blob if links_supported(models_dir) else in_snapshot
        kind = "" if source.repo_type == "model" else f"{source.repo_type}s/"
        url = f"{self.endpoint}/{kind}{source.repo}/resolve/{commit}/{quote(item.path)}"
        present = any(_size(path) == item.size for path in (target, in_snapshot))
        return PlannedFile(item.path, item.size, blob, sha256, url, target, present)

    def _ask_access(self, file: PlannedFile) -> None:
        from huggingface_hub import get_hf_file_metadata

        get_hf_file_metadata(file.url, token=self._token or False, timeout=_TIMEOUT, endpoint=self.endpoint)

    @contextmanager
    def _named_errors(self, what: str, revision: str | None) -> Iterator[None]:
        try:
            yield
        except (SubtitleEditorError, JobCancelled):
            raise
        except Exception as error:
            named = self._name(error, what, revision)
            if named is None:
                raise
            raise named from error

    def _name(self, error: Exception, what: str, revision: str | None) -> SubtitleEditorError | None:
        """Our error for one of huggingface_hub's, or None for what is no error of the network or the disk."""
        from huggingface_hub import errors as hf

        answer: Any = getattr(error, "response", None)
        status = int(getattr(answer, "status_code", 0) or 0)
        match error:
            # A GatedRepoError is a RepositoryNotFoundError: it comes first.
            case hf.GatedRepoError():
                return GatedError(what, f"{self.endpoint}/{what}", self.has_token)
            case hf.RevisionNotFoundError():
                return RevisionNotFoundError(what, revision or "main")
            case hf.RepositoryNotFoundError() | hf.HFValidationError():
                return RepositoryNotFoundError(what, self.host)
            case hf.EntryNotFoundError() if status == 404:
                return FileNotOnHubError("A file", what)
            case hf.HfHubHTTPError() if status in (401, 403):
                return TokenRefusedError(self.host, sent=self.has_token)
            case hf.HfHubHTTPError() if status == 429:
                return RateLimitedError(self.host, asked_wait(answer.headers))
            case hf.HfHubHTTPError() if status:
                return HubAnswerError(self.host, status, what)
            case hf.LocalEntryNotFoundError() if isinstance(error.__cause__, Exception):
                # "Not found locally" only says that the request before it failed: name that one.
                return self._name(error.__cause__, what, revision)
            case hf.HTTPError() | ConnectionError() | TimeoutError() | hf.FileMetadataError():  # type: ignore[attr-defined]
                return HubUnreachableError(self.host, _reason(error))
            case OSError():
                return _disk_error(error)
        return None


def check_name(repo: str, name: str) -> None:
    """Refuse a file name from a server that could leave the snapshot folder, on any platform.

    Raises UnsafeNameError.
    """
    parts = name.split("/")
    windows = PureWindowsPath(name)
    if (
        any(part in ("", ".", "..") for part in parts)
        or "\\" in name
        or windows.drive
        or windows.is_absolute()
        or any(ord(char) < 32 or char in ':*?"<>|' for char in name)
        or any(part.split(".")[0].upper() in _WINDOWS_DEVICES for part in parts)
    ):
        raise UnsafeNameError(repo, name)


_WINDOWS_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}


def links_supported(models_dir: Path) -> bool:
    """Whether huggingface_hub will link snapshots to blobs there (Windows needs its developer mode for it)."""
    from huggingface_hub.file_download import are_symlinks_supported

    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        return bool(are_symlinks_supported(models_dir))
    except OSError as error:
        raise _disk_error(error, models_dir) from error


def record_revision(plan: Plan, name: str = "main") -> None:
    """Note that `name` stands for the plan's commit, as huggingface_hub does: other programs find it so."""
    ref = plan.folder / "refs" / name
    ref.parent.mkdir(parents=True, exist_ok=True)
    beside = ref.with_name(f"{ref.name}.{os.getpid()}.tmp")
    beside.write_text(plan.commit, encoding="utf-8")
    os.replace(beside, ref)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _reason(error: BaseException) -> str:
    """The cause in a few words, without addresses (a signed one is a secret) and without Python's class names."""
    text = str(error).lower()
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower() or "timed out" in text:
        return "it does not answer in time"
    if "refused" in text:
        return "the connection was refused"
    if "name or service" in text or "getaddrinfo" in text or "name resolution" in text:
        return "its name cannot be found"
    if "certificate" in text:
        return "its certificate is not trusted on this machine"
    return "the connection failed"


def _disk_error(error: OSError, folder: Path | None = None) -> SubtitleEditorError:
    place = folder or Path(error.filename or ".")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpaceError(place, 0, shutil.disk_usage(place.parent if place.parent.exists() else ".").free)
    return FolderNotWritableError(place, (error.strerror or "the system refused").lower())


def _bar_class(on_bytes: Callable[[int], None]) -> type:
    """A progress bar class for `snapshot_download` that only counts bytes.

    huggingface_hub makes three: bytes received, bytes written, and the number of files. `unit` tells the byte bars from
    the file bar, `desc` the two byte bars apart (a class that is not huggingface_hub's own is given no `name`).
    """

    class Bar:
        _lock: Any = threading.RLock()

        def __init__(self, iterable: Any = None, *_: Any, **kwargs: Any) -> None:
            self._iterable = iterable
            self._counts = kwargs.get("unit") == "B" and not str(kwargs.get("desc")).startswith("Downloading")
            self.total = kwargs.get("total") or 0
            self.n = kwargs.get("initial") or 0

        def __iter__(self) -> Iterator[Any]:
            return iter(self._iterable)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: Any) -> None: ...

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self._counts:
                on_bytes(int(n or 0))

        def update_transfer(self, n: float | None = 1) -> None: ...

        @classmethod
        def get_lock(cls) -> Any:
            return cls._lock

        @classmethod
        def set_lock(cls, lock: Any) -> None:
            cls._lock = lock

        def __getattr__(self, name: str) -> Any:
            # A bar has many ways to look nice (set_description, refresh, close, ...). This one is never seen.
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *_, **__: None

    return Bar
