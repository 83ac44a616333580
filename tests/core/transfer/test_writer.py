# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread that writes blocks while connections read on."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.transfer import writer
from subtitle_editor.core.transfer.file import PAGE, PartFile
from subtitle_editor.core.transfer.hash import BLOCK, Block
from subtitle_editor.core.transfer.parts import Span
from subtitle_editor.core.transfer.writer import Piece, Writer
from tests.core.transfer_kit import data_of

pytestmark = pytest.mark.timeout(30)


def piece_at(number: int, length: int = BLOCK) -> Piece:
    """The block `number` of a file, full of bytes that are its own."""
    block = Block()
    block.base = number * BLOCK
    block.view(block.base, block.base + length)[:] = data_of(length, seed=number)
    return Piece(block, Span(block.base, block.base + length, length))


class Desk:
    """A writer with what it tells, and a disk that can be held up."""

    def __init__(self, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[list[int]] = []
        self.count = 0
        self.errors: list[BaseException] = []
        self.lock = threading.Condition()
        self.may_write = threading.Event()
        self.writing = threading.Event()
        self.space = 1 << 40
        """Bytes of the file that the disk takes; it refuses those behind with `refusal`."""
        self.refusal = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.part = part
        part.touch()
        write = PartFile.write

        def held_up(file: PartFile, position: int, *pieces: memoryview) -> int:
            self.writing.set()
            assert self.may_write.wait(20)
            if position + sum(map(len, pieces)) <= self.space:
                return write(file, position, *pieces)
            if position >= self.space:
                raise self.refusal
            return write(file, position, pieces[0][: self.space - position])

        monkeypatch.setattr(PartFile, "write", held_up)
        self.writer = Writer(part, self.lock, self._written, self.errors.append, "writer")

    def _written(self, pieces: Sequence[Piece], count: int) -> None:
        self.told.append([piece.span.position // BLOCK for piece in pieces])
        self.count += count
        for _, span in pieces:
            written = min(count, span.ahead)
            span.position, span.ahead, count = span.position + written, span.ahead - written, count - written

    def put(self, *pieces: Piece) -> None:
        with self.lock:
            for piece in pieces:
                assert self.writer.has_room(99, 99)
                self.writer.put(piece)

    def has_room(self, most: int, unspooled: int = 99) -> bool:
        with self.lock:
            return self.writer.has_room(most, unspooled)

    def end(self) -> None:
        self.may_write.set()
        self.writer.stop()
        self.writer.join(20)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path / "part", monkeypatch)
    yield desk
    desk.end()


def test_what_waits_is_written_in_the_order_of_the_file_and_neighbours_together(desk: Desk) -> None:
    desk.put(piece_at(9))
    assert desk.writing.wait(20)
    desk.put(*(piece_at(number) for number in (3, 6, 2, 4, 7, 1)))
    desk.end()
    assert desk.told == [[9], [1, 2, 3, 4], [6, 7]]
    data = desk.part.read_bytes()
    for number in (1, 2, 3, 4, 6, 7, 9):
        assert data[number * BLOCK : (number + 1) * BLOCK] == data_of(BLOCK, seed=number)
    assert not desk.errors


def test_the_last_piece_of_a_file_has_any_length(desk: Desk) -> None:
    desk.put(piece_at(5))
    assert desk.writing.wait(20)
    desk.put(piece_at(0), piece_at(1, PAGE + 7))
    desk.end()
    assert desk.told == [[5], [0, 1]]
    assert desk.part.read_bytes()[BLOCK : BLOCK + PAGE + 7] == data_of(PAGE + 7, seed=1)


@given(numbers=st.lists(st.integers(0, 40), min_size=1, max_size=20, unique=True))
def test_every_piece_is_in_one_group(numbers: list[int]) -> None:
    pieces = [Piece(Block(), Span(number * 10, number * 10 + 10, 10)) for number in numbers]
    groups = [[piece.span.position // 10 for piece in group] for group in writer._neighbours(pieces)]
    assert [number for group in groups for number in group] == sorted(numbers)
    for group in groups:
        assert group == list(range(group[0], group[0] + len(group)))
        assert len(group) <= writer._AT_ONCE


def test_there_is_room_for_what_is_not_in_the_file(desk: Desk) -> None:
    assert not desk.has_room(0)
    desk.put(piece_at(0))
    assert desk.writing.wait(20)
    desk.put(piece_at(1))
    assert desk.has_room(3) and not desk.has_room(2)
    desk.end()
    assert desk.told == [[0], [1]]
    assert not desk.has_room(2), "nothing is taken after the end"


def test_what_has_a_copy_does_not_count_as_only_in_memory(desk: Desk) -> None:
    spooled = [piece_at(number) for number in (0, 1, 2)]
    for piece in spooled:
        piece.span.spooled = True
    desk.put(piece_at(7), *spooled)
    assert desk.writing.wait(20)
    assert desk.has_room(99, unspooled=2) and not desk.has_room(99, unspooled=1)
    assert not desk.has_room(4), "but it waits like the others"
    desk.may_write.set()
    for _ in range(2000):
        if desk.has_room(1, unspooled=1):
            break
        time.sleep(0.01)
    assert desk.has_room(1, unspooled=1), "all is written"


def test_a_refusal_ends_it_and_is_told(desk: Desk) -> None:
    desk.space = 0
    desk.put(piece_at(0))
    assert desk.writing.wait(20)
    desk.put(piece_at(1))
    desk.may_write.set()
    desk.writer.join(20)
    assert desk.errors == [desk.refusal]
    assert desk.told == []
    assert not desk.has_room(9)


def test_what_a_full_disk_still_took_is_told(desk: Desk) -> None:
    desk.space = BLOCK + PAGE
    desk.put(piece_at(0), piece_at(1), piece_at(2))
    desk.may_write.set()
    desk.writer.join(20)
    assert desk.errors == [desk.refusal]
    assert desk.count == BLOCK + PAGE
    assert desk.part.read_bytes() == (data_of(BLOCK, seed=0) + data_of(BLOCK, seed=1))[: BLOCK + PAGE]


def test_one_that_was_left_behind_writes_no_more_pieces(desk: Desk) -> None:
    desk.put(piece_at(0))
    assert desk.writing.wait(20)
    desk.put(piece_at(5))
    desk.writer.stop()
    desk.writer.join(0.05)
    desk.may_write.set()
    desk.writer.join(20)
    assert desk.told == [[0]]
    assert desk.part.stat().st_size == BLOCK
