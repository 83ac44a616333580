# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes full blocks to the partial file while the connections read on.

A connection that writes its block itself does not read meanwhile: with only two of them the disk waits for the network
and the network for the disk, and 2 GB took a quarter longer. One thread that does nothing but write keeps both busy.
What lies side by side in the file it writes in one go, which costs less.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .file import PartFile
from .hash import Block
from .parts import Span

_AT_ONCE = 4
"""Pieces that are written in one go at most: the hash waits for all of them."""


class Piece(NamedTuple):
    """Bytes that came and are not yet in the file: the first `span.ahead` of `span`, in `block`. Whoever is to write
    them, a connection or the writer, owns both."""

    block: Block
    span: Span

    @property
    def data(self) -> memoryview:
        """The bytes."""
        return self.block.view(self.span.position, self.span.position + self.span.ahead)


class Writer:
    """A thread that writes what it is given: what waits, in the order of the file. It starts at once and ends after
    `stop`."""

    def __init__(
        self,
        part: Path,
        lock: threading.Condition,
        written: Callable[[Sequence[Piece], int], None],
        failed: Callable[[BaseException], None],
        name: str,
    ) -> None:
        """`written` is called on the thread, without the lock, for neighbours of which the first so many bytes are in
        the file now, and advances their spans; `failed` with the error that ended the thread, which writes nothing
        after it. `name` is the thread's."""
        self._part = part
        self._lock = lock
        self._written = written
        self._failed = failed
        self._queue: queue.SimpleQueue[Piece | None] = queue.SimpleQueue()
        self.unwritten = 0
        """Pieces that were put and are not yet told of as written."""
        self.unspooled = 0
        """Those of them that are only in memory."""
        self._stopped = False
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def has_room(self, most: int, unspooled: int) -> bool:
        """Whether `put` may be called: fewer than `most` pieces are unwritten, and fewer than `unspooled` only in
        memory. Called with the lock held."""
        return not self._stopped and self.unwritten < most and self.unspooled < unspooled

    def put(self, piece: Piece) -> None:
        """Have `piece` written. Called with the lock held since `has_room`."""
        self.unwritten += 1
        self.unspooled += not piece.span.spooled
        self._queue.put(piece)

    def stop(self) -> None:
        """End the thread when it has written what it was given. Does not wait."""
        with self._lock:
            if not self._stopped:
                self._stopped = True
                self._queue.put(None)

    def join(self, seconds: float) -> None:
        """Wait for the end of the thread; one that is still not done then is to write no more pieces."""
        self._thread.join(seconds)
        self._abandoned = True

    def _run(self) -> None:
        try:
            with PartFile(self._part) as file:
                while pieces := self._take():
                    for group in _neighbours(pieces):
                        if self._abandoned:
                            return
                        while group:
                            count = file.write(group[0].span.position, *(piece.data for piece in group))
                            group = self._note(group, count)
        except BaseException as ex:  # Nobody else would ever see it.
            self.stop()
            self._failed(ex)

    def _note(self, group: list[Piece], count: int) -> list[Piece]:
        """Tell of the first `count` bytes of neighbours; the answer is what of them is not yet in the file."""
        self._written(group, count)
        with self._lock:
            for piece in group:
                if not piece.span.ahead:
                    self.unwritten -= 1
                    self.unspooled -= not piece.span.spooled
        return [piece for piece in group if piece.span.ahead]

    def _take(self) -> list[Piece]:
        """All that is to be written now; waits for something. None at the end."""
        pieces = []
        piece = self._queue.get()
        with contextlib.suppress(queue.Empty):
            while piece is not None:
                pieces.append(piece)
                piece = self._queue.get_nowait()
            self._queue.put(None)  # For the next time.
        return pieces


def _neighbours(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The pieces in the order of the file, those together that lie side by side."""
    group: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.span.position):
        if group and (piece.span.position != group[-1].span.end or len(group) == _AT_ONCE):
            yield group
            group = []
        group.append(piece)
    yield group
