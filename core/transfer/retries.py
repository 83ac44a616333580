# SPDX-License-Identifier: GPL-3.0-or-later
"""When to try again: counting, waiting, and what servers say about it. No threads, no network."""

from __future__ import annotations

import datetime
import email.utils
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient we are. The defaults add up to about a minute of silence before we give up."""

    tries: int = 9
    """Tries in a row without one new byte; progress starts the count anew."""
    first_wait: float = 0.25
    """Seconds before the second try; doubled each time."""
    longest_wait: float = 30.0
    patience: float = 600.0
    """Seconds a server may ask us to wait; the windows of the Hub's rate limits are 300. Asked for more, we stop."""


class Retries:
    """The count and the gate that all connections of one file share. Not thread-safe: the caller holds a lock.

    When a server goes down all connections fail at once. That is one failure, not six: each request remembers the
    `epoch` it began in, and only the first failure of an epoch counts.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`jitter` answers 0.0 to 1.0; it spreads the clients that a broken server threw out together."""
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._opens = clock()
        self.epoch = 0
        self.failures = 0

    @property
    def attempt(self) -> int:
        """1 for the first try."""
        return self.failures + 1

    @property
    def wait_left(self) -> float:
        """Seconds until the next request may be made; 0.0 if it may be made now."""
        return max(0.0, self._opens - self._clock())

    def progress(self) -> None:
        """New bytes came: whatever went wrong before is forgotten."""
        self.failures = 0

    def failed(self, epoch: int, retry_after: float | None = None, tries: int | None = None) -> bool:
        """A request that began in `epoch` failed. False if it is time to give up; after `tries` in a row, if that is
        less than what the policy says."""
        if epoch == self.epoch:
            self.epoch += 1
            self.failures += 1
            self._opens = self._clock() + self._pause()
        if retry_after is not None:
            if retry_after > self._policy.patience:
                return False
            self._opens = max(self._opens, self._clock() + retry_after)
        return self.failures < min(self._policy.tries, tries or self._policy.tries)

    def _pause(self) -> float:
        doubled = self._policy.first_wait * 2.0 ** min(self.failures - 1, 30)
        return min(self._policy.longest_wait, doubled) * (0.5 + 0.5 * self._jitter())


_TRANSIENT = {202, 408, 425, 429, 500, 502, 503, 504}


def may_pass(status: int) -> bool:
    """Whether an answer with this status is worth another try.

    >>> may_pass(503), may_pass(522), may_pass(404)
    (True, True, False)
    """
    return status in _TRANSIENT or 520 <= status <= 599  # Those of Cloudflare for a server behind it.


_LONGEST_WORD = 86400.0
"""Seconds. Who asks for more than a day has a broken clock or counts in something else: as if nothing was said."""

_RATE_LIMIT_PART = re.compile(r";\s*([rt])\s*=\s*(\d{1,9})")


def asked_wait(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds a server asks us to wait before the next try, or None if it does not say.

    Understands `Retry-After` with seconds or a date, which is compared with the server's own `Date` rather than with
    our clock, and the `RateLimit` header of the IETF draft that the Hub sends (`"api";r=0;t=120`: nothing remaining,
    and a new window in 120 s).

    >>> asked_wait({"Retry-After": "30"}), asked_wait({"RateLimit": '"api";r=0;t=120'}), asked_wait({})
    (30.0, 120.0, None)
    """
    text = (headers.get("Retry-After") or "").strip()
    wait: float | None = None
    if re.fullmatch(r"\d{1,30}(\.\d{1,9})?", text, re.ASCII):
        wait = float(text)
    elif (until := _time_of(text)) is not None:
        said = _time_of(headers.get("Date") or "")
        wait = max(0.0, until - (now() if said is None else said))
    limit = dict(_RATE_LIMIT_PART.findall(headers.get("RateLimit") or ""))
    if wait is None and limit.get("r") == "0" and "t" in limit:
        wait = float(limit["t"])
    return wait if wait is None or wait <= _LONGEST_WORD else None


def _time_of(text: str) -> float | None:
    """Seconds since 1970 of a date in a header. One that names no zone is in UTC, as all of them should be."""
    try:
        date = email.utils.parsedate_to_datetime(text)
        return date.replace(tzinfo=date.tzinfo or datetime.UTC).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
