# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections a transfer uses, and how long a part each of them asks for.

Many connections are for servers that are far away or give each connection little. From one that is fast and near, one
fetches as much as the disk and the hash can take, and each more only costs processor time: measured on loopback, 2 GB,
two cores, six took a quarter longer than two, and two a little longer than one. So a near server gets one at first, and
the others if that one is not fast. Plain bookkeeping without threads; sizes in bytes, times in seconds.
"""

from __future__ import annotations

MIB = 1 << 20

SMALLEST_PART = 2 * MIB
"""A file is not cut into smaller parts, however many connections there are."""

LARGEST_PART = 16 * MIB
"""What all fetch at one time would not fit into memory with longer ones, and then they wait for the one in front: with
50 ms before each answer 2 GB took 10 s in parts of 64 MiB and 5 s in parts of 16. The few connections to a fast server
share the memory among them."""

ENOUGH, ENOUGH_ENCRYPTED = 1, 2
"""Connections to a server that is fast and near. To decrypt 1 GB takes a second of one core."""

NEAR = 0.03
"""A server that answers within this is near."""

TRIAL = 0.1
"""How long a near server has `ENOUGH` connections to show that it is fast."""

FAST, NOT_FAST = 400_000_000, 200_000_000
"""Bytes per second of all connections together from which a near server counts as fast, and below which no longer."""

LOOK = 0.5
"""Seconds over which a fast server is watched. What is slower for a moment has a reason on this machine."""

_ASKING = 0.1
"""The share of a connection's time that may pass between asking for a part and its first byte."""


class Pace:
    """What was learned of one server. Not thread-safe: the caller holds a lock."""

    def __init__(self, connections: int, memory: int, encrypted: bool = False) -> None:
        """`connections` at most; what they fetch at one time is to fit into `memory` if it can."""
        self._connections = connections
        self._few = min(connections, ENOUGH_ENCRYPTED if encrypted else ENOUGH)
        self._least = max(SMALLEST_PART, memory // connections // MIB * MIB)
        self._longest = max(self._least, LARGEST_PART)
        self._longest_of_few = max(self._longest, memory // self._few)
        self._trial_ends: float | None = None
        self._fast = False
        self._at_least: float = NOT_FAST
        """Bytes per second of all connections together for the server to stay fast."""
        self._seen: tuple[float, int] | None = None
        """When a fast server was last looked at, and what had come by then."""
        self._more_help = False
        """Few connections have been tried, and brought less."""
        self.part_length = self._least
        """How long the next part should be."""

    def begin(self, asking: float, now: float) -> None:
        """The first answer has come at `now`, after `asking` seconds. Further calls change nothing."""
        if self._trial_ends is None:
            self._trial_ends = now + TRIAL if asking <= NEAR else now

    def connections(self, now: float, received: int) -> int:
        """How many there should be: 1 until the first answer has come. All have brought `received` bytes so far."""
        if self._trial_ends is None:
            return 1
        if self._fast:
            self._look(now, received)
        return self._few if self._fast or now < self._trial_ends else self._connections

    def _look(self, now: float, received: int) -> None:
        """Notice when a server is fast no longer, also in the middle of a part: that may be a long one."""
        at, before = self._seen or (now, received)
        if now - at >= LOOK:
            self._fast = (received - before) / (now - at) >= self._at_least
            self._more_help = not self._fast
            at, before = now, received
        self._seen = at, before

    def too_many(self, live: int) -> bool:
        """Whether one of `live` connections should end when it has fetched its part."""
        return self._fast and live > self._few

    def learn(self, count: int, asking: float, receiving: float, all_got: int, live: int) -> None:
        """One of `live` connections got `count` bytes in `receiving` seconds, after waiting `asking` seconds for them.
        Meanwhile all together got `all_got`: their shares may be very different.

        Parts become so long that the asking takes no noticeable share of the time: longer on a distant server.
        """
        if count < SMALLEST_PART or receiving <= 0:
            return
        receiving = max(receiving, 1e-6)  # A clock says anything of so short a time.
        speed, together = count / receiving, all_got / receiving
        if asking <= NEAR and together >= FAST and not self._fast and not self._more_help:
            self._fast, self._seen = True, None
            # A server may be fast because it is asked by many. Then a few bring much less, and are not enough.
            self._at_least = max(NOT_FAST, together / 3) if live > self._few else NOT_FAST
        enough = int(min(max(speed * asking / _ASKING, self._least), self._longest))
        self.part_length += ((self._longest_of_few if self._fast else enough) - self.part_length) // 4
