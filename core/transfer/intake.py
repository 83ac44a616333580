# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of the bytes from the sockets into the partial file, and what is written down about them.

A connection takes a block of memory, asks how much of it it may fill, and then either writes that itself or leaves it
to the thread that only writes. Only what the journal has counts after a kill, and what has a copy in the spool. So what
is in neither is never more than `UNWRITTEN` bytes for each connection that the settings allow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from ..system.control import Control
from .blob import Blob
from .checkpoints import Checkpoints
from .file import PartFile
from .hash import BLOCK, Block, Blocks
from .journal import Identity, Journal, Ranges
from .limits import MOST_CONNECTIONS
from .partial import journal_file, part_file, spool_file, take_up
from .parts import UNKNOWN_SIZE, PartMap, Span
from .spool import Spool, copy_back, forget
from .writer import Piece, Writer

_MIB = 1 << 20

BLOCKS = 3 * MOST_CONNECTIONS * _MIB // BLOCK
"""Blocks of memory, 48 MiB in all: as many as make it rare that the hash must read from the disk."""

UNWRITTEN = _MIB
"""Bytes for each connection that the settings allow, which a kill may take: neither journal nor spool has them."""

_GLANCE = 0.05
"""Seconds between two looks at the cancel flag while a sync is waited for."""

_HASH_STEP = 4 * _MIB
"""The hashing thread is woken for so much. For less it would be woken too often."""


class Intake:
    """What came of one file and is on its way to the disk. Methods are called without the lock unless they say else."""

    def __init__(
        self,
        blob: Blob,
        control: Control,
        connections: int,
        seats: Callable[[], int],
        progress: Callable[[], None],
    ) -> None:
        """Its lock, which guards `parts` and `blocks` too, is the condition of `control`. No more than `connections`
        fill blocks at a time. `seats` is asked how many blocks may wait for the writer and be only in memory, and
        `progress` is called when more of the file is there than ever: both with the lock held."""
        self.parts = PartMap(UNKNOWN_SIZE if blob.size is None else blob.size, grain=UNWRITTEN)
        self.blocks = Blocks(BLOCKS)
        self.bytes_fetched = 0
        """Bytes that came and were written."""
        self.hash_sleeps = False
        """The hashing thread waits for the lock's news."""
        self.workless = 0
        """Connections that wait for a part to become free."""
        self._blob = blob
        self._part = part_file(blob.target)
        self._control = control
        self._lock = control.condition
        self._is_beginning = False
        """Whether a connection is just beginning the journal."""
        self._connections = connections
        self._seats = seats
        self._progress = progress
        self._best = 0
        self._journal: Journal | None = None
        self._spool: Spool | None = None
        self._writer: Writer | None = None
        self._checkpoints: Checkpoints | None = None

    def take_up(self, notice: Callable[[str], None]) -> None:
        """Begin with what an earlier run left, or with nothing. Called first. Raises OSError, and JobCancelled at once
        when cancelled."""
        found = take_up(self._blob, notice)
        if found:
            self._begin_with(found.identity.size, found.done)
            spool = spool_file(self._blob.target)
            if spool.exists():
                bring = functools.partial(copy_back, spool, found, self._part, self._control)
                copied = self._control.apart(bring, f"{self._blob.label} copies")
                self._begin_with(found.identity.size, [*found.done, *copied])
        if self.parts.size != UNKNOWN_SIZE:
            self._open_journal(found.durable if found else [])

    def _begin_with(self, size: int, done: Ranges) -> None:
        self.parts = PartMap(size, done, UNWRITTEN)
        self.blocks = Blocks(BLOCKS, self.parts.prefix)
        self._best = self.parts.bytes_done

    def size_is_known(self) -> None:
        """Begin the journal, if that was not done: `parts` has its size. Called with the lock held. Raises OSError."""
        # A program that has the old journal open is waited for, without the lock: another connection may come then.
        self._control.wait_for(lambda: not self._is_beginning)
        if self._journal is None:
            self._is_beginning = True
            try:
                self._open_journal([])
            finally:
                self._is_beginning = False
                self._lock.notify_all()

    def note(self, span: Span) -> None:
        """What `span` has ahead is in the file, and counts from now on. Raises OSError."""
        start, end = span.position, span.position + span.ahead
        with self._lock:
            self.bytes_fetched += span.ahead
            self.parts.advance(span, span.ahead)
            span.ahead = 0
            self._told_progress()
            self._lock.notify_all()
            journal = self._journal
        if journal:
            journal.add(start, end)

    def _open_journal(self, durable: Ranges) -> None:
        """Begin the journal with what is there, of which `durable` is on the disk for good."""
        identity = Identity(self.parts.size, self._blob.sha256, self._blob.etag)
        self._journal = Journal(
            journal_file(self._blob.target), identity, self.parts.done, durable, self._control.sleep
        )
        if not self._spool:
            missing = self.parts.size - self.parts.bytes_done
            forget(spool_file(self._blob.target))  # Now that the journal has what the copies there are of.
            self._spool = Spool(spool_file(self._blob.target), identity, missing + 2 * BLOCKS * BLOCK)

    def begin(self, failed: Callable[[BaseException], None]) -> None:
        """Start the threads that write and sync. `failed` is called on one of them with what ended it."""
        label = self._blob.label
        self._checkpoints = Checkpoints(self._part, lambda: self._journal, self._control, f"{label} checkpoints")
        self._writer = Writer(self._part, self._lock, self._handed_over, failed, f"{label} writer")

    def end(self) -> None:
        """Take no more; does not wait. `join` next."""
        if self._writer:
            self._writer.stop()

    def join(self, seconds: Callable[[], float]) -> None:
        """Wait for the threads as long as there are `seconds` left. One that is still busy then is left behind, and
        writes nothing more down."""
        for thread in (self._writer, self._checkpoints):
            if thread:
                thread.join(seconds())

    def let_go(self, control: Control) -> None:
        """Wait until a sync that is under way is done with the files: an open one cannot get its name on Windows.
        Called after `join`. Raises JobCancelled at once when `control` is cancelled."""
        while self._checkpoints and self._checkpoints.at_work:
            control.check()
            self._checkpoints.join(_GLANCE)

    def close(self, seconds: Callable[[], float]) -> None:
        """Close the files, as long as there are `seconds` left. The copies stay if something was not written."""
        if self._spool:
            self._spool.close(seconds(), delete=not (self._writer and self._writer.unwritten))
        if self._journal:
            self._journal.close(seconds())

    def excess(self) -> int:
        """How many connections must wait until what a few have in memory beyond their own MiB is written. Called with
        the lock held."""
        alone = (span for span in self.parts.claims if not span.spooled)
        beyond = sum(max(0, span.kept - span.position - UNWRITTEN) for span in alone)
        return -(-beyond // UNWRITTEN) + (self._writer.unspooled if self._writer else 0)

    def take_block(self, position: int) -> Block:
        """A block to fill from byte `position` on; waits for one. Raises JobCancelled."""
        with self._lock:
            while (block := self.blocks.take(position, self.parts.prefix)) is None:
                self._lock.wait(1.0)
                self._control.check()
            return block

    def room(self, block: Block, span: Span) -> memoryview:
        """The memory for what is to come of `span` before anything is written, which nobody takes over any more."""
        with self._lock:
            step = BLOCK if self._seats() else UNWRITTEN
            span.kept = min(span.position - span.position % step + step, span.end)
            return block.view(span.position, span.kept)

    def write(self, file: PartFile, block: Block, span: Span) -> None:
        """Put into the file, and then into the journal, what of `span` is only in `block`. Raises OSError, and what
        the disk still took is noted."""
        piece = Piece(block, span)
        while span.ahead:
            self._written([piece], file.write(span.position, piece.data))

    def hand_over(self, block: Block, span: Span) -> bool:
        """Leave a full block to the writer, so that this connection reads on; with a copy if the seats are taken.
        False if the caller is to write it."""
        with self._lock:
            seats = self._seats()
            if not (span.ahead and seats):
                return False
            if self._has_room(seats):
                self._put(block, span)
                return True
            spool = self._spool if self._has_room(BLOCKS) else None
        if not (spool and spool.keep(block, span.position, Piece(block, span).data)):
            return False
        with self._lock:
            if not self._has_room(BLOCKS):
                return False
            self._put(block, span, spooled=True)
        return True

    def _has_room(self, unspooled: int) -> bool:
        """Whether the writer may have one more block. Called with the lock held."""
        # One for each connection, one for the hash and one to spare are never the writer's.
        return bool(self._writer and self._writer.has_room(BLOCKS - self._connections - 2, unspooled))

    def _put(self, block: Block, span: Span, spooled: bool = False) -> None:
        assert self._writer
        ahead = self.parts.hand_over(span)
        ahead.spooled = spooled
        self._writer.put(Piece(block, ahead))

    def _handed_over(self, pieces: Sequence[Piece], count: int) -> None:
        """On the writer's thread: the first `count` bytes of neighbours that were left to it are in the file."""
        self._written(pieces, count)
        with self._lock:
            for piece in pieces:
                if not piece.span.ahead:
                    piece.block.busy = False
                    self.parts.release(piece.span)
            if self.workless:
                self._lock.notify_all()

    def _written(self, pieces: Sequence[Piece], count: int) -> None:
        """Note, and then put into the journal, that the first `count` bytes of neighbours are in the file. Wakes the
        hash when it is worth it."""
        start = pieces[0].span.position
        end = start + count
        with self._lock:
            self.bytes_fetched += count
            for block, span in pieces:
                written = min(count, span.ahead)
                block.end = span.position + written
                span.ahead -= written
                self.parts.advance(span, written)
                count -= written
            self._told_progress()
            ready = self.parts.prefix - self.blocks.hashed >= _HASH_STEP or self.parts.complete
            if ready and self.hash_sleeps:
                self._lock.notify_all()
            journal = self._journal
        if journal:
            journal.add(start, end)

    def _told_progress(self) -> None:
        """Say so if more is there than ever. Called with the lock held."""
        if self.parts.bytes_done > self._best:
            self._best = self.parts.bytes_done
            self._progress()
