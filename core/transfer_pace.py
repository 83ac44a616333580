# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections a transfer uses, and how long a part each of them asks for.

Many connections are for servers that are far away or give each connection little. From one that is fast and near, two
fetch as much as the disk and the hash can take, and each more only costs processor time: measured on loopback, 2 GB,
two cores, six took a quarter longer than two. So a near server gets two at first, and the others if those two are not
fast. Plain bookkeeping without threads; sizes in bytes, times in seconds.
"""

from __future__ import annotations

MIB = 1 << 20

SMALLEST_PART = 2 * MIB
"""A file is not cut into smaller parts, however many connections there are."""

LARGEST_PART = 16 * MIB
"""What all fetch at one time would not fit into memory with longer ones, and then they wait for the one in front: with
50 ms before each answer 2 GB took 10 s in parts of 64 MiB and 5 s in parts of 16."""

ENOUGH = 2
"""Connections to a server that is fast and near."""

NEAR = 0.03
"""A server that answers within this is near."""

TRIAL = 0.1
"""How long a near server has `ENOUGH` connections to show that it is fast."""

FAST, NOT_FAST = 400_000_000, 200_000_000
"""Bytes per second of all connections together from which a near server counts as fast, and below which no longer."""

_ASKING = 0.1
"""The share of a connection's time that may pass between asking for a part and its first byte."""


class Pace:
    """What was learned of one server. Not thread-safe: the caller holds a lock."""

    def __init__(self, connections: int, memory: int) -> None:
        """`connections` at most; what they fetch at one time is to fit into `memory` if it can."""
        self._connections = connections
        self._few = min(connections, ENOUGH)
        self._least = max(SMALLEST_PART, memory // connections // MIB * MIB)
        self._longest = max(self._least, min(LARGEST_PART, memory // self._few))
        self._trial_ends: float | None = None
        self._fast = False
        self._together = 0.0
        """Bytes per second of all connections, while the server is fast."""
        self._more_help = False
        """Fewer connections have been tried, and brought less."""
        self.part_length = self._least
        """How long the next part should be."""

    def begin(self, asking: float, now: float) -> None:
        """The first answer has come at `now`, after `asking` seconds. Further calls change nothing."""
        if self._trial_ends is None:
            self._trial_ends = now + TRIAL if asking <= NEAR else now

    def connections(self, now: float) -> int:
        """How many there should be: 1 until the first answer has come."""
        if self._trial_ends is None:
            return 1
        return self._few if self._fast or now < self._trial_ends else self._connections

    def too_many(self, live: int) -> bool:
        """Whether one of `live` connections should end when it has fetched its part."""
        return self._fast and live > self._few

    def learn(self, count: int, asking: float, receiving: float, live: int) -> None:
        """One of `live` connections got `count` bytes in `receiving` seconds, after waiting `asking` seconds for them.

        Parts become so long that the asking takes no noticeable share of the time: longer on a distant server.
        """
        if count < SMALLEST_PART or receiving <= 0:
            return
        speed = count / receiving
        if self._fast:
            # Over several parts: one may be slow because the processor had something else to do.
            self._together += (speed * live - self._together) / 4
            self._fast = self._together >= NOT_FAST
            self._more_help = not self._fast
        elif asking <= NEAR and speed * live >= FAST and not self._more_help:
            self._fast, self._together = True, speed * live
        enough = self._longest if self._fast else min(max(speed * asking / _ASKING, self._least), self._longest)
        self.part_length += int(enough - self.part_length) // 4
