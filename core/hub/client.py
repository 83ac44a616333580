# SPDX-License-Identifier: GPL-3.0-or-later
"""The Hugging Face Hub: plan a snapshot, complete it, and name what went wrong.

The only file that imports huggingface_hub, and only when first used (the import takes a third of a second). Everything
here blocks on the network: worker threads call it, never Blender's main thread.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ..addresses import is_address, without_login
from ..catalog.entries import Source
from ..errors import (
    EndpointError,
    FileNotOnHubError,
    GatedError,
    HubAnswerError,
    HubUnreachableError,
    JobCancelled,
    NoHubError,
    OnlineAccessError,
    RateLimitedError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    SubtitleEditorError,
    TokenRefusedError,
    UnsafeNameError,
)
from ..library.layout import repository_folder
from ..library.listing import Published, published, write_listing
from ..system.log_file import hide
from ..system.names import is_hash, is_inner_path, is_repository
from ..text import Text
from ..transfer.retries import asked_wait
from .bar import bar_class
from .endpoint import offline_by, resolve
from .plan import Plan, PlannedFile, disk_error, links_supported, size_on_disk
from .tokens import Token

_TIMEOUT = 15.0
"""Seconds for an answer about a repository. Its files have their own watchdog (core/transfer)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """What a hub says of a repository at one commit."""

    repo: str
    repo_type: str
    commit: str
    files: Mapping[str, int]
    """Size in bytes by name."""
    gated: bool
    readable: bool
    """Not gated, or its licence was accepted with the account of our token."""
    tags: tuple[str, ...] = ()
    task: str = ""
    """What it is for, in the hub's words, such as `automatic-speech-recognition`; empty if nobody said."""


class Hub:
    """One hub endpoint and, perhaps, a token.

    The token is sent to the endpoint's own host only: huggingface_hub drops it at a redirect to another host
    (measured), and `transfer` sends headers to the first host alone. It appears in no error and no log line.
    """

    def __init__(self, endpoint: str | None = None, token: str | Token | None = None, offline: bool = False) -> None:
        """`offline`: ask nothing, as if the network were switched off (an environment variable can say so too)."""
        self.endpoint = resolve(endpoint)
        self.offline = offline
        found = token if isinstance(token, Token) else Token(token or "")
        self._token = found.value or None
        self._account: str | None = None
        self._token_source = found.source.label
        hide(self._token)

    def check_online(self) -> None:
        """Raise OnlineAccessError if the network is not to be used."""
        variable = offline_by()
        if self.offline or variable:
            raise OnlineAccessError(None if self.offline else variable)

    @property
    def host(self) -> str:
        """The endpoint as messages name it."""
        return urlsplit(self.endpoint).netloc.rpartition("@")[2]

    @property
    def is_online(self) -> bool:
        """Whether the network may be used."""
        return not (self.offline or offline_by())

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
        self.check_online()
        if not self._token:
            raise TokenRefusedError(self.host, sent=False)
        with self._named_errors("the account", None):
            return str(self._api().whoami()["name"])

    def account(self) -> str:
        """The account the token belongs to, asked once; empty without a token, and where the hub does not say."""
        if self._account is None:
            try:
                self._account = self.whoami() if self._token else ""
            except SubtitleEditorError:
                self._account = ""
        return self._account

    def repository(self, repo: str, repo_type: str = "model", revision: str | None = None) -> Repository:
        """What the hub says of a repository: its files, licence, whether it is gated and whether we may read it.

        One request, and one more for a gated one. Blocks; raises as `plan` does.
        """
        page = Source(repo, repo_type).page
        with self._named_errors(repo, revision, page):
            api = self._api()
            info = api.repo_info(repo, repo_type=repo_type, revision=revision, files_metadata=True, timeout=_TIMEOUT)
            self._check_names(str(info.sha), repo=str(info.id))
            gated = bool(getattr(info, "gated", False))
            return Repository(
                repo=str(info.id),
                repo_type=repo_type,
                commit=str(info.sha),
                files={str(file.rfilename): int(file.size or 0) for file in info.siblings or ()},
                gated=gated,
                readable=not gated or self._may_read(repo, repo_type),
                tags=tuple(str(tag) for tag in info.tags or ()),
                task=str(getattr(info, "pipeline_tag", None) or ""),
            )

    def _may_read(self, repo: str, repo_type: str) -> bool:
        from huggingface_hub.errors import GatedRepoError

        try:
            self._api().auth_check(repo, repo_type=repo_type)
        except GatedRepoError:
            return False
        return True

    def head_of(self, repository: Repository, name: str, length: int = 64) -> bytes:
        """The first bytes of a file, to see what it is. Blocks; raises the errors of `transfer.fetch`."""
        from ..system.control import Control
        from ..transfer.http import Line, Request, Route, TransientError

        self.check_online()
        page = Source(repository.repo, repository.repo_type).page
        url = f"{self.endpoint}/{page}/resolve/{repository.commit}/{quote(name)}"
        line = Line(Control(), _TIMEOUT)
        try:
            answer = line.get(Request(url, self.headers, name), Route(), 0, length)
            found = bytearray(length)
            count = 0
            while count < length and (more := answer.read_into(memoryview(found)[count:])):
                count += more
            answer.close()
            return bytes(found[:count])
        except TransientError as ex:
            raise ex.for_good(name) from ex
        finally:
            line.close()

    def plan(self, source: Source, models_dir: Path, revision: str | None = None) -> Plan:
        """List the wanted files of a repository at one commit, with sizes and hashes, and see what is already there.

        Two requests, and a third that asks whether the files may be read: a gated repository shows its listing to
        everyone. (`snapshot_download(dry_run=True)` tells the same with one request a file.) None for direct links.
        Raises OnlineAccessError and the errors of `errors.py` from TokenRefusedError to UnsafeNameError.
        """
        if source.links:
            return self._plan_of_links(source, models_dir)
        revision = revision or source.revision
        with self._named_errors(source.repo, revision, source.page):
            api = self._api()
            info = api.repo_info(source.repo, repo_type=source.repo_type, revision=revision, timeout=_TIMEOUT)
            self._check_names(str(info.sha))
            tree = api.list_repo_tree(source.repo, recursive=True, revision=info.sha, repo_type=source.repo_type)
            items = [item for item in tree if hasattr(item, "blob_id")]
            wanted = [item for item in items if source.wants(item.path)]
            files = tuple(self._planned(source, str(info.sha), models_dir, item) for item in wanted)
            if not files:
                raise FileNotOnHubError(", ".join(source.patterns) or Text("Any file"), source.repo)
            if any(not file.present for file in files):
                self._ask_access(max(files, key=lambda file: file.size))
        gated = bool(getattr(info, "gated", False))
        listing = {item.path: Published(item.size, _hash(item)) for item in items if is_inner_path(item.path)}
        return Plan(source, str(info.sha), repository_folder(models_dir, source), files, gated, listing)

    def _plan_of_links(self, source: Source, models_dir: Path) -> Plan:
        from . import links

        plan = links.plan(source, models_dir)
        if any(not file.present for file in plan.files):
            self.check_online()
        return plan

    def finish(self, plan: Plan, models_dir: Path, on_bytes: Callable[[int], None]) -> Path:
        """Fetch the files of the plan that are not there yet, link all of them into the snapshot, and return it.

        `on_bytes(n)` is called from huggingface_hub's threads with the bytes that arrived; raising JobCancelled in it
        stops the download. Small files only: what is large comes through `transfer` first and is found here.
        """
        source = plan.source
        if source.links:  # No server is asked any more: also without one a complete model is finished.
            from . import links

            return links.finish(plan)
        with self._named_errors(source.repo, plan.commit, source.page):
            from huggingface_hub import snapshot_download

            path = snapshot_download(
                source.repo,
                repo_type=source.repo_type,
                # By commit: the repository may have moved on since it was planned.
                revision=plan.commit,
                cache_dir=models_dir,
                endpoint=self.endpoint,
                token=self._token or False,
                allow_patterns=list(source.patterns) or None,
                ignore_patterns=list(source.ignore) or None,
                tqdm_class=bar_class(on_bytes),
                max_workers=4,
            )
            # huggingface_hub keeps the listing, unless it remembers that it has: also after the model was deleted.
            if published(plan.folder, plan.commit) is None:
                write_listing(plan.folder, plan.commit, plan.listing)
        return Path(path)

    def _api(self) -> Any:
        from huggingface_hub import HfApi

        if not is_address(self.endpoint):
            raise EndpointError(without_login(self.endpoint))
        if self._token and not all("!" <= char <= "~" for char in self._token):
            # It cannot stand in a header, and whoever tried would quote it in an error.
            raise TokenRefusedError(self.host, sent=True, source=self._token_source)
        # False, not None: None would send the token of the machine's Hugging Face login, which nobody gave us.
        return HfApi(endpoint=self.endpoint, token=self._token or False, library_name="subtitle-editor")

    def _planned(self, source: Source, commit: str, models_dir: Path, item: Any) -> PlannedFile:
        check_name(source.repo, item.path)
        folder = repository_folder(models_dir, source)
        sha256 = item.lfs.sha256 if item.lfs is not None else None
        blob = _hash(item)
        self._check_names(blob)
        in_snapshot = folder.joinpath("snapshots", commit, *item.path.split("/"))
        target = folder / "blobs" / blob if links_supported(models_dir) else in_snapshot
        url = f"{self.endpoint}/{source.page}/resolve/{commit}/{quote(item.path)}"
        present = any(size_on_disk(path) == item.size for path in (target, in_snapshot))
        return PlannedFile(item.path, item.size, blob, sha256, url, target, present)

    def _check_names(self, name: str, repo: str = "") -> None:
        """Folders and files are called after a repository and its hashes. Raises NoHubError for what can be neither."""
        if not is_hash(name) or (repo and not is_repository(repo)):
            raise NoHubError(self.host)

    def _ask_access(self, file: PlannedFile) -> None:
        from huggingface_hub import get_hf_file_metadata

        get_hf_file_metadata(file.url, token=self._token or False, timeout=_TIMEOUT, endpoint=self.endpoint)

    @contextmanager
    def _named_errors(self, what: str, revision: str | None, page: str = "") -> Iterator[None]:
        """`what` was asked for, at `page` of the hub."""
        self.check_online()
        try:
            yield
        except (SubtitleEditorError, JobCancelled):
            raise
        except Exception as error:
            named = self._name(error, what, revision, page or what)
            if named is None:
                raise
            raise named from error

    def _name(self, error: Exception, what: str, revision: str | None, page: str) -> SubtitleEditorError | None:
        """Our error for one of huggingface_hub's, or None for what is no error of the network or the disk."""
        from huggingface_hub import errors as hf

        answer: Any = getattr(error, "response", None)
        status = int(getattr(answer, "status_code", 0) or 0)
        match error:
            # A GatedRepoError is a RepositoryNotFoundError: it comes first.
            case hf.GatedRepoError():
                return GatedError(what, f"{without_login(self.endpoint)}/{page}", self.has_token)
            case hf.RevisionNotFoundError():
                return RevisionNotFoundError(what, revision or "main")
            case hf.RepositoryNotFoundError() | hf.HFValidationError():
                return RepositoryNotFoundError(what, self.host)
            case hf.EntryNotFoundError() if status == 404:
                return FileNotOnHubError(Text("A file"), what)
            case hf.HfHubHTTPError() if status in (401, 403):
                return TokenRefusedError(self.host, sent=self.has_token, source=self._token_source)
            case hf.HfHubHTTPError() if status == 429:
                return RateLimitedError(self.host, asked_wait(answer.headers))
            case hf.HfHubHTTPError() if status:
                return HubAnswerError(self.host, status, what)
            case hf.LocalEntryNotFoundError() if isinstance(error.__cause__, Exception):
                # "Not found locally" only says that the request before it failed: name that one.
                return self._name(error.__cause__, what, revision, page)
            case hf.HTTPError() | ConnectionError() | TimeoutError() | hf.FileMetadataError():  # type: ignore[attr-defined]
                return HubUnreachableError(self.host, _reason(error))
            case OSError():
                return disk_error(error)
            case ValueError() | LookupError() | TypeError() | AttributeError():
                # Out of huggingface_hub, which takes an answer apart without a look at it.
                return NoHubError(self.host)
        return None


def check_name(repo: str, name: str) -> None:
    """Refuse a file name from a server that could leave the snapshot folder, on any platform.

    Raises UnsafeNameError.
    """
    if not is_inner_path(name):
        raise UnsafeNameError(repo, name)


def _hash(item: Any) -> str:
    """What huggingface_hub calls a file's blob: its SHA-256 where the hub keeps it in LFS, else git's hash."""
    return str(item.lfs.sha256 if item.lfs is not None else item.blob_id)


def _reason(error: BaseException) -> Text:
    """The cause in a few words, without addresses (a signed one is a secret) and without Python's class names."""
    text = str(error).lower()
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower() or "timed out" in text:
        return Text("it does not answer in time")
    if "refused" in text:
        return Text("the connection was refused")
    if "name or service" in text or "getaddrinfo" in text or "name resolution" in text:
        return Text("its name cannot be found")
    if "certificate" in text:
        return Text("its certificate is not trusted on this machine")
    return Text("the connection failed")
