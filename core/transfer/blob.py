# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a transfer: which blob is wanted, how far it is, and how it ended."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..events import State
from ..system.hashes import git_hasher
from .journal import Ranges
from .limits import DEFAULT_CONNECTIONS, STALL_SECONDS
from .retries import RetryPolicy
from .throttle import Throttle

if TYPE_CHECKING:
    from ..errors.hub import HubError
    from .http import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """What to fetch and where it goes."""

    url: str
    target: Path
    """The finished file. Its folder is made if need be."""
    size: int | None = None
    """Bytes; None if nobody said. A file of another size is damaged."""
    sha256: str | None = None
    """Lower-case hex. Without it and `git_sha1` the file cannot be verified, and `Result.verified` says so."""
    git_sha1: str | None = None
    """Git's hash of the file, lower-case hex, for one of which no SHA-256 is published. Needs `size`."""
    etag: str | None = None
    """Ties a partial file to its source where no hash does: it is continued only if this is still the same."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent to the scheme, host and port of `url` and nowhere else: a token may be among them."""
    explain: Callable[[Refusal], HubError | None] | None = field(default=None, repr=False)
    """What the server at `url` means by a refusal, where it has words of its own."""
    name: str = ""
    """How messages call the file; the target's name if empty."""

    @property
    def digest(self) -> str | None:
        """What the content has to hash to; None if nobody said."""
        return self.sha256 or (self.git_sha1 if self.size is not None else None)

    def hasher(self) -> hashlib._Hash:
        """A new hasher of the kind that `digest` is of; SHA-256 if there is none."""
        if self.sha256 is None and self.digest is not None:
            return git_hasher(self.size or 0)
        return hashlib.sha256()

    @property
    def label(self) -> str:
        """The name for messages."""
        return self.name or self.target.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStatus:
    """How it goes. Sizes in bytes, times in seconds."""

    state: State
    """DOWNLOADING, STALLED, RETRYING, WAITING (for another process) or VERIFYING."""
    bytes_done: int
    bytes_total: int | None
    attempt: int = 1
    retry_in: float | None = None
    """Seconds until the next try, while RETRYING."""
    connections: int = 0
    """Connections on which bytes may come now."""
    reason: str = ""
    """What the last try failed with, while RETRYING: a sentence."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished transfer."""

    digest: str
    """Hex: git's hash where that was published, else the SHA-256."""
    verified: bool
    """Whether there was a published hash to compare with."""
    size: int
    bytes_fetched: int
    """Bytes that came over the network in this call: less than `size` after a resume, 0 if the file was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSettings:
    """How to fetch. The clock and the jitter are seams for tests."""

    throttle: Throttle | None = None
    connections: int = DEFAULT_CONNECTIONS
    stall_seconds: float = STALL_SECONDS
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


TransferReport = Callable[[TransferStatus], None]


class StartOver(Exception):
    """What we have is not, or is no longer, what the server has, and no hash could tell. Never leaves `fetch`."""


class WrongBytes(Exception):
    """All is there, and its hash is not the published one. Never leaves `fetch`."""

    def __init__(self, old: Ranges, host: str) -> None:
        """`old` was there before this run, and not all; the rest came from `host`."""
        super().__init__(host)
        self.old = old
        self.host = host
