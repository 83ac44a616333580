# SPDX-License-Identifier: GPL-3.0-or-later
"""The hash of a file that arrives in pieces, taken from memory as far as the bytes are still there.

Connections fill blocks of memory and write them to the file. A block keeps its bytes until the hash has passed them or
the memory is needed for something else; only then the hash reads them back from the file. `Blocks` decides, and knows
no threads; `PrefixHash` hashes, on the thread that calls it.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from .file import PAGE, PartFile

if TYPE_CHECKING:
    import hashlib

BLOCK = 2 << 20
"""Bytes of a block, which lies at a multiple of this in the file. Smaller ones wake threads and call the system more
often: blocks of half the size took a tenth more processor time. Of larger ones there would be too few."""

assert BLOCK % PAGE == 0

_WORTH_WAKING = 4
"""Free blocks for which those who wait for one are woken."""


class Block:
    """Memory for one stretch of the file, aligned as direct writing wants it."""

    def __init__(self, number: int = 0) -> None:
        self._memory = memoryview(mmap.mmap(-1, BLOCK))
        self.number = number
        """Which of the transfer's blocks it is."""
        self.base = 0
        """Where in the file the memory begins."""
        self.start = 0
        self.end = 0
        """`start` to `end` is in memory and in the file."""
        self.busy = False
        """A connection fills it, or the writer has it."""

    def view(self, start: int, end: int) -> memoryview:
        """The memory of bytes `start` to `end` of the file."""
        return self._memory[start - self.base : end - self.base]


class Blocks:
    """At most `count` blocks: at least two more than there are connections. Not thread-safe: the caller locks."""

    def __init__(self, count: int, old: int = 0) -> None:
        """`old` bytes at the beginning of the file are from an earlier run."""
        self._count = count
        self._old = old
        self._blocks: list[Block] = []
        self._held: Block | None = None
        self.hashed = 0
        """Bytes of the file that the hash has passed: nobody needs them in memory any more."""
        self._refused = False
        self._freed = 0
        """Blocks that became free since someone was refused one."""

    def take(self, position: int, prefix: int) -> Block | None:
        """A block to fill from byte `position` on, `busy` until its owner says otherwise.

        None: wait, for the hash has work, which ends at byte `prefix`, and will free one; running ahead of it would
        only make it read everything back from the disk. But when it waits itself for bytes that are still to come, or
        is not yet through what is old, a block far ahead of it is given up: a slow connection must not hold up the
        others.
        """
        free = self._useless() or self._new()
        if free:
            # The one that was hashed last is still in the processor's cache.
            block = max(free, key=lambda block: block.end if block.end <= self.hashed else -1)
        else:
            if self._old <= self.hashed < prefix:
                if not self._refused:
                    self._refused, self._freed = True, 0
                return None
            idle = [block for block in self._blocks if not block.busy and block is not self._held]
            block = max(idle, key=lambda block: block.start)
        block.base = position - position % BLOCK
        block.start = block.end = position
        block.busy = True
        return block

    def at(self, position: int) -> Block | None:
        """The block that has byte `position` of the file."""
        return next((block for block in self._blocks if block.start <= position < block.end), None)

    def hold(self) -> memoryview | None:
        """What is in memory from byte `hashed` on, kept there until `passed`; None if the file must be asked."""
        self._held = self.at(self.hashed)
        return self._held.view(self.hashed, self._held.end) if self._held else None

    def passed(self, count: int, prefix: int) -> bool:
        """The hash has gone over the next `count` bytes. Whether those who wait should try again: not for each block,
        for waking them costs time, but for several, and when the hash has nothing left to do."""
        self.hashed += count
        self._freed += self._held is not None
        self._held = None
        if not self._refused or (self.hashed < prefix and self._freed < _WORTH_WAKING):
            return False
        self._refused = False
        return True

    def forget(self) -> None:
        """What is in memory is not what the file will have. No connection may be filling a block."""
        for block in self._blocks:
            block.start = block.end = 0

    def rewind(self) -> None:
        """The hash begins anew at the first byte."""
        self.hashed = self._old = 0

    def _useless(self) -> list[Block]:
        """The blocks that nobody fills and whose bytes nobody needs."""
        idle = [block for block in self._blocks if not block.busy and block is not self._held]
        return [block for block in idle if block.end <= self.hashed or block.end == block.start]

    def _new(self) -> list[Block]:
        if len(self._blocks) == self._count:
            return []
        self._blocks.append(Block(len(self._blocks)))
        return [self._blocks[-1]]


class PrefixHash:
    """The hash of the beginning of a file as far as it is there. `step` belongs to one thread."""

    def __init__(self, blocks: Blocks, lock: threading.Condition, hasher: Callable[[], hashlib._Hash]) -> None:
        """`lock` is the one that guards `blocks`; it is notified when someone waits for a block. `hasher` makes a new
        hasher."""
        self._blocks = blocks
        self._lock = lock
        self._hasher = hasher
        self._hash = hasher()
        self._own: Block | None = None

    @property
    def hexdigest(self) -> str:
        """Of what was hashed so far."""
        return self._hash.hexdigest()

    def restart(self) -> None:
        """Begin anew. Called with the lock held."""
        self._hash = self._hasher()
        self._blocks.rewind()

    def step(self, file: PartFile, prefix: int) -> bool:
        """Hash up to a block's worth of the bytes before `prefix`, which are all there. False if the file has fewer.

        Raises OSError when the file cannot be read.
        """
        with self._lock:
            position, data = self._blocks.hashed, self._blocks.hold()
        if data is None:
            data = self._read(file, position, prefix)
        self._hash.update(data)
        with self._lock:
            if self._blocks.passed(len(data), prefix):
                self._lock.notify_all()
        return len(data) > 0

    def _read(self, file: PartFile, position: int, prefix: int) -> memoryview:
        self._own = self._own or Block()
        self._own.base = position - position % BLOCK
        buffer = self._own.view(position, min(prefix, self._own.base + BLOCK))
        return buffer[: file.read(position, buffer)]
