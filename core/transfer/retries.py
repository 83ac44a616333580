# SPDX-License-Identifier: GPL-3.0-or-later
"""When to try again: counting, waiting, and what servers say about it. No threads, no network."""

from __future__ import annotations

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

    def failed(self, epoch: int, retry_after: float | None = None) -> bool:
        """A request that began in `epoch` failed. False if it is time to give up."""
        if epoch == self.epoch:
            self.epoch += 1
            self.failures += 1
            self._opens = self._clock() + self._pause()
        if retry_after is not None:
            if retry_after > self._policy.patience:
                return False
            self._opens = max(self._opens, self._clock() + retry_after)
        return self.failures < self._policy.tries

    def _pause(self) -> float:
        doubled = self._policy.first_wait * 2.0 ** min(self.failures - 1, 30)
        return min(self._policy.longest_wait, doubled) * (0.5 + 0.5 * self._jitter())


_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


def may_pass(status: int) -> bool:
    """Whether an answer with this status is worth another try.

    >>> may_pass(503), may_pass(522), may_pass(404)
    (True, True, False)
    """
    return status in _TRANSIENT or 520 <= status <= 599  # Those of Cloudflare for a server behind it.


_RATE_LIMIT_PART = re.compile(r";\s*([rt])\s*=\s*(\d{1,9})")


def asked_wait(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds a server asks us to wait before the next try, or None if it does not say.

    Understands `Retry-After` with seconds or a date, and the `RateLimit` header of the IETF draft that the Hub sends
    (`"api";r=0;t=120`: nothing remaining, and a new window in 120 s).

    >>> asked_wait({"Retry-After": "30"}), asked_wait({"RateLimit": '"api";r=0;t=120'}), asked_wait({})
    (30.0, 120.0, None)
    """
    text = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        return float(text)
    if text:
        try:
            return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now())
        except (ValueError, TypeError, OverflowError, IndexError):
            pass
    limit = dict(_RATE_LIMIT_PART.findall(headers.get("RateLimit") or ""))
    if limit.get("r") == "0" and "t" in limit:
        return float(limit["t"])
    return None
