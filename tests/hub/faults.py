# SPDX-License-Identifier: GPL-3.0-or-later
"""What a loopback hub can be told to do wrong.

A :class:`Fault` says which requests it is for and what goes wrong; `hub.faults.add(fault)` arms it.
Several faults may hit one request. A fault is counted only when it has an effect: a corrupt byte outside
the range asked for, or a drop after more bytes than the answer has, leaves `times` as it was.
"""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Host = Literal["hub", "content"]


@dataclass(frozen=True, slots=True)
class Target:
    """A request and the answer it would get, as far as a fault needs to know them."""

    host: Host
    method: str
    path: str
    ranged: bool
    """The request has a Range header."""
    start: int
    """Offset in the file of the first byte of the body."""
    length: int
    """Bytes of the body; what a GET would get, also for a HEAD."""
    address: str | None = None
    """Identifies the signed address this request used, on the content host."""


@dataclass(slots=True, eq=False, kw_only=True)
class Fault:
    """One thing that goes wrong, for the requests that match, `times` times.

    All byte counts are bytes of the body. Effects may be combined.
    """

    path: str = "*"
    """Shell pattern for the path without its query: `*/model.bin` fits both hosts, `/api/*` the listings."""
    host: Host | None = None
    method: str | None = None
    times: int | None = 1
    """None: for ever."""
    skip: int = 0
    """Let this many matching requests pass first."""

    status: int | None = None
    """Answer with this status and `body` instead."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Set these headers, with `status` or without."""
    body: bytes = b""
    latency: float = 0.0
    """Seconds to wait before the answer."""
    close_before: bool = False
    """Reset the connection instead of answering."""
    stall_before: bool = False
    """Be silent instead of answering, as `stall_after` is."""
    drop_after: int | None = None
    """Reset the connection after this many bytes."""
    truncate_after: int | None = None
    """Close the connection in good order after this many bytes."""
    stall_after: int | None = None
    """Be silent after this many bytes, until `release()` or for `stall_for` seconds, then go on."""
    stall_for: float | None = None
    corrupt_at: int | None = None
    """Flip the byte at this offset of the file, not of the range."""
    ignore_range: bool = False
    """Answer 200 with the whole file to a request with a Range."""
    rate: float | None = None
    """Bytes per second, for this connection."""
    expire_after: int | None = None
    """A signed address answers this many requests and is then expired (403). `times` counts addresses."""
    size_delta: int = 0
    """Claim a file this much larger (or smaller) than it is: in Content-Length and Content-Range, in
    X-Linked-Size, and for each LFS file of a listing."""

    fired: int = field(default=0, init=False)
    """How often it had its effect so far."""
    _seen: int = field(default=0, init=False)
    _addresses: dict[str, int] = field(default_factory=dict, init=False)
    _reached: threading.Condition = field(default_factory=threading.Condition, init=False)
    _released: threading.Event = field(default_factory=threading.Event, init=False)

    @property
    def replaces(self) -> bool:
        """The answer is not the one that was asked for, or there is none."""
        return self.status is not None or self.close_before or self.expire_after is not None

    @property
    def needs_answer(self) -> bool:
        """It changes the answer that was asked for, so it needs that one."""
        places = (self.drop_after, self.truncate_after, self.stall_after, self.corrupt_at)
        changes = self.ignore_range or self.size_delta != 0 or any(at is not None for at in places)
        return self.replaces or changes

    @property
    def strikes_later(self) -> bool:
        """Its moment comes after the answer was made up, or it never makes one."""
        places = (self.drop_after, self.truncate_after, self.stall_after, self.corrupt_at)
        return self.close_before or self.stall_before or any(at is not None for at in places)

    def release(self) -> None:
        """End this fault's stalls, those under way and those to come."""
        self._released.set()

    def wait_released(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds; True once :meth:`release` was called."""
        return self._released.wait(timeout)

    def wait(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Wait until the fault struck `count` times; a stall counts when the silence begins."""
        with self._reached:
            return self._reached.wait_for(lambda: self.fired >= count, timeout)

    def strike(self) -> None:
        """Count one effect. The server calls this at the moment it happens."""
        with self._reached:
            self.fired += 1
            self._reached.notify_all()

    def takes(self, target: Target) -> bool:
        """Whether this request is hit; if so, it counts as one of `times`. Call under the list's lock."""
        if not self._matches(target):
            return False
        if self.expire_after is not None:
            return self._takes_address(target.address)
        if self.times is not None and self._seen - self.skip >= self.times:
            return False
        self._seen += 1
        return self._seen > self.skip

    def _matches(self, target: Target) -> bool:
        if self.host not in (None, target.host) or self.method not in (None, target.method):
            return False
        if not fnmatch.fnmatchcase(target.path, self.path):
            return False
        if self.ignore_range and not target.ranged:
            return False
        if self.corrupt_at is not None:
            inside = target.start <= self.corrupt_at < target.start + target.length
            if target.method == "HEAD" or not inside:
                return False
        for after in (self.drop_after, self.truncate_after, self.stall_after):
            # An empty body still has room for "after 0 bytes".
            if after is not None and (target.method == "HEAD" or after >= max(target.length, 1)):
                return False
        return True

    def _takes_address(self, address: str | None) -> bool:
        assert self.expire_after is not None
        if address is None:
            return False
        if address not in self._addresses:
            if self.times is not None and len(self._addresses) >= self.times:
                return False
            self._addresses[address] = 0
        self._addresses[address] += 1
        return self._addresses[address] > self.expire_after


class Faults:
    """The faults a hub has armed, oldest first. Any thread may call any method."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []

    def add(self, *faults: Fault) -> Fault:
        """Arm faults; gives the last of them back, to wait for or to release."""
        with self._lock:
            self._armed.extend(faults)
        return faults[-1]

    def release(self) -> None:
        """End every stall, under way and to come."""
        with self._lock:
            armed = list(self._armed)
        for fault in armed:
            fault.release()

    def clear(self) -> None:
        """Disarm everything, and end the stalls."""
        self.release()
        with self._lock:
            self._armed.clear()

    def take(self, target: Target) -> list[Fault]:
        """The faults that hit this request; each of them is counted.

        Of those that answer in the file's stead only the oldest strikes, so that a 429 and a 503 armed
        together come one after the other; those that would change the file then wait their turn.
        """
        taken: list[Fault] = []
        replaced = False
        with self._lock:
            for fault in sorted(self._armed, key=lambda fault: not fault.replaces):
                if not (replaced and fault.needs_answer) and fault.takes(target):
                    taken.append(fault)
                    replaced = replaced or fault.replaces
        return taken
