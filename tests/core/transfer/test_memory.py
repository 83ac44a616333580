# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks of memory, the hash that goes over them, and the file they are written to."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
import sys
import threading
import types
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from subtitle_editor.core.system import files
from subtitle_editor.core.transfer import file as transfer_file
from subtitle_editor.core.transfer import hash as transfer_hash
from subtitle_editor.core.transfer.file import PAGE, PartFile, sync_folder
from subtitle_editor.core.transfer.hash import BLOCK, Block, Blocks, PrefixHash
from tests.core.transfer_kit import data_of
from tests.rules import apply

pytestmark = pytest.mark.timeout(60)
COUNT, CONNECTIONS = 5, 3


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "part"
    path.touch()
    return path


def memory_for(position: int, data: bytes) -> memoryview:
    """`data` in memory as far behind a page boundary as its place in the file is."""
    block = Block()
    block.base = position - position % BLOCK
    view = block.view(position, position + len(data))
    view[:] = data
    return view


def halves(view: memoryview, cuts: int) -> list[memoryview]:
    """`view` in `cuts` pieces more than one, of whole pages and one that has the rest."""
    cut = len(view) // 2 // PAGE * PAGE
    return [*halves(view[:cut], cuts - 1), view[cut:]] if cuts else [view]


# The file


@pytest.mark.parametrize("direct", [True, False])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    pieces=st.lists(st.tuples(st.integers(0, 40_000) | st.sampled_from([0, PAGE, 5 * PAGE]), st.integers(0, 40_000)))
)
def test_what_is_written_is_read(part: Path, direct: bool, pieces: list[tuple[int, int]]) -> None:
    os.truncate(part, 0)
    expected = bytearray()
    with PartFile(part, direct) as file:
        for number, (position, length) in enumerate(pieces):
            data = data_of(length, seed=number)
            assert file.write(position, *halves(memory_for(position, data), number % 4)) == length
            if length:
                expected.extend(bytes(max(0, position - len(expected))))
                expected[position : position + length] = data
        assert part.read_bytes() == expected
        place = 0
        while place < len(expected):
            buffer = memory_for(place, bytes(min(len(expected), 50_000 + place) - place))
            count = file.read(place, buffer)
            assert count and buffer[:count] == expected[place : place + count]
            place += count
        file.sync()


def test_a_write_the_disk_takes_in_steps(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = data_of(3 * PAGE + 7)
    with PartFile(part, direct=False) as file:
        plain = file._plain

        class Reluctant:
            def write(self, data: memoryview) -> int:
                return plain.write(data[:1000])

            seek, close = plain.seek, plain.close

        file._plain = Reluctant()  # type: ignore[assignment]
        file.write(5, memory_for(5, data))
    assert part.read_bytes() == bytes(5) + data


def refusing(error: int) -> io.FileIO:
    class Refusing(io.FileIO):
        def write(self, data: object) -> int:
            raise OSError(error, os.strerror(error))

        def readinto(self, data: object) -> int:
            raise OSError(error, os.strerror(error))

    return Refusing(os.devnull, "r+")


def test_a_file_system_that_wants_the_cache_gets_it(part: Path) -> None:
    data = data_of(2 * PAGE)
    with PartFile(part, direct=False) as file:
        file._direct = refusing(errno.EINVAL)
        file.write(0, memory_for(0, data))
        assert file._direct is None
        file._direct = refusing(errno.EINVAL)
        buffer = memory_for(0, bytes(2 * PAGE))
        assert file.read(0, buffer) == 2 * PAGE
        assert file._direct is None
    assert part.read_bytes() == buffer == data


def test_any_other_refusal_is_an_error(part: Path) -> None:
    with PartFile(part, direct=False) as file:
        file._direct = refusing(errno.ENOSPC)
        with pytest.raises(OSError, match="space"):
            file.write(0, memory_for(0, bytes(PAGE)))


@pytest.mark.parametrize("taken", [0, 1, PAGE, 3 * PAGE + 5, 8 * PAGE])
def test_neighbours_that_the_disk_takes_in_steps(part: Path, monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    """As much as fits into one of the steps, and then the rest, as from a disk that is almost full."""
    data = data_of(8 * PAGE)
    asked: list[int] = []

    def pwritev(descriptor: int, pieces: list[memoryview], position: int) -> int:
        asked.append(len(pieces))
        os.pwrite(descriptor, b"".join(pieces)[:taken], position)
        return taken

    monkeypatch.setattr(os, "pwritev", pwritev)
    with PartFile(part, direct=False) as file:
        file._direct = io.FileIO(os.dup(file._plain.fileno()), "r+")
        assert file.write(4 * PAGE, *halves(memory_for(4 * PAGE, data), 2)) == 8 * PAGE
    assert part.read_bytes() == bytes(4 * PAGE) + data
    assert asked == [3]


@pytest.mark.parametrize("taken", [1, PAGE, 3 * PAGE + 5])
def test_a_disk_that_becomes_full_in_the_middle(part: Path, monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    """What it took counts; the rest is refused when it is offered again."""
    data = data_of(8 * PAGE)
    with PartFile(part, direct=False) as file:
        plain = file._plain

        class Almost:
            seek = plain.seek

            def write(self, data: memoryview) -> int:
                room = taken - plain.tell()
                if room <= 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return plain.write(data[: min(room, PAGE)])

        file._plain = Almost()  # type: ignore[assignment]
        assert file.write(0, *halves(memory_for(0, data), 2)) == taken
        with pytest.raises(OSError, match="space"):
            file.write(taken, memory_for(taken, data[taken:]))
        file._plain = plain
    assert part.read_bytes() == data[:taken]


@pytest.mark.parametrize("error", [errno.EINVAL, errno.ENOSPC])
def test_neighbours_that_are_refused(part: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    data = data_of(8 * PAGE)

    def pwritev(descriptor: int, pieces: list[memoryview], position: int) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "pwritev", pwritev)
    with PartFile(part, direct=False) as file:
        file._direct = io.FileIO(os.dup(file._plain.fileno()), "r+")
        if error == errno.EINVAL:
            file.write(0, *halves(memory_for(0, data), 1))
            assert file._direct is None
            assert part.read_bytes() == data
        else:
            with pytest.raises(OSError, match="space"):
                file.write(0, *halves(memory_for(0, data), 1))


def test_a_platform_that_writes_neighbours_one_by_one(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pwritev", raising=False)
    data = data_of(8 * PAGE)
    with PartFile(part) as file:
        file.write(0, *halves(memory_for(0, data), 3))
    assert part.read_bytes() == data


def test_a_platform_without_direct_writing(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_DIRECT", raising=False)
    with PartFile(part) as file:
        assert file._direct is None
        file.write(0, memory_for(0, b"x" * PAGE))
    assert part.read_bytes() == b"x" * PAGE


def test_macos_asks_to_keep_out_of_the_cache_and_syncs_the_disk_too(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    fake = types.SimpleNamespace(
        F_NOCACHE=48, F_FULLFSYNC=51, fcntl=lambda file, what, value=0: asked.append((what, value))
    )
    monkeypatch.setitem(sys.modules, "fcntl", fake)  # type: ignore[arg-type]
    monkeypatch.setattr(files, "fcntl", fake)
    monkeypatch.setattr(transfer_file.sys, "platform", "darwin")
    monkeypatch.delattr(os, "O_DIRECT", raising=False)
    with PartFile(part) as file:
        file.write(0, memory_for(0, b"x" * PAGE))
        assert file.sync()
    assert asked == [(48, 1), (51, 0)]


@pytest.mark.parametrize("number", [25, 45])
def test_macos_does_not_claim_what_a_disk_cannot_do(part: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """exFAT answers ENOTTY, SMB ENOTSUP: the system itself has synced the file then, and no more than that."""
    synced: list[int] = []
    apply("nosync", monkeypatch)
    monkeypatch.setattr(files.fcntl, "answers", (number,))
    monkeypatch.setattr(os, "fsync", synced.append)
    with PartFile(part) as file:
        assert not file.sync()
    assert len(synced) == 1


@pytest.mark.parametrize(("error", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_disk_that_cannot_sync(part: Path, monkeypatch: pytest.MonkeyPatch, error: int, fails: bool) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", fsync)
    with PartFile(part) as file:
        if fails:
            with pytest.raises(OSError, match="error"):
                file.sync()
        else:
            assert not file.sync()
    sync_folder(part.parent)


# Blocks


class Filling(RuleBasedStateMachine):
    """Connections that take, fill and leave blocks while the hash goes over them, against the bytes themselves."""

    @initialize(old=st.integers(0, 3))
    def begin(self, old: int) -> None:
        self.size = 40 * BLOCK
        self.blocks = Blocks(COUNT, old * BLOCK)
        self.file = set(range(old))  # Numbers of the blocks of the file that are in it.
        self.free = [number for number in range(40) if number not in self.file]
        self.busy: list[Block] = []
        self.held = False

    @property
    def prefix(self) -> int:
        return next((number for number in range(40) if number not in self.file), 40) * BLOCK

    @precondition(lambda self: len(self.busy) < CONNECTIONS and self.free)
    @rule(which=st.integers(0, 3))
    def take(self, which: int) -> None:
        number = self.free[min(which, len(self.free) - 1)]
        block = self.blocks.take(number * BLOCK, self.prefix)
        if block is None:
            assert self.blocks.hashed < self.prefix, "refused although the hash has nothing to do"
            return
        assert block not in self.busy
        assert block is not self.blocks._held
        assert (block.base, block.start, block.end) == (number * BLOCK,) * 3
        self.free.remove(number)
        self.busy.append(block)

    @precondition(lambda self: self.busy)
    @rule(which=st.integers(0, CONNECTIONS))
    def fill(self, which: int) -> None:
        block = self.busy.pop(min(which, len(self.busy) - 1))
        block.end = block.base + BLOCK
        block.busy = False
        self.file.add(block.base // BLOCK)

    @precondition(lambda self: not self.held and self.blocks.hashed < self.prefix)
    @rule()
    def hold(self) -> None:
        view = self.blocks.hold()
        assert view is None or len(view) == BLOCK
        self.held = True

    @precondition(lambda self: self.held)
    @rule()
    def passed(self) -> None:
        self.blocks.passed(BLOCK, self.prefix)
        self.held = False

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.blocks._blocks) <= COUNT


TestFilling = Filling.TestCase


def fill(blocks: Blocks, number: int, prefix: int) -> Block:
    block = blocks.take(number * BLOCK, prefix)
    assert block
    block.end = block.base + BLOCK
    block.busy = False
    return block


def test_while_the_hash_has_work_connections_wait_for_it() -> None:
    blocks = Blocks(10)
    for number in range(10):
        fill(blocks, number, 0)
    prefix = 10 * BLOCK
    assert blocks.take(prefix, prefix) is None
    woken = []
    for _ in range(10):
        assert blocks.hold() is not None
        woken.append(blocks.passed(BLOCK, prefix))
    assert woken == [False] * 3 + [True] + [False] * 6, "once for several, not for each"
    assert blocks.take(prefix, prefix)


def test_those_who_wait_are_woken_when_the_hash_has_no_more_work() -> None:
    blocks = Blocks(3)
    for number in range(3):
        fill(blocks, number, 0)
    assert blocks.take(3 * BLOCK, BLOCK) is None
    blocks.hold()
    assert blocks.passed(BLOCK, BLOCK)


def test_a_hole_at_the_front_holds_up_nobody_and_costs_the_farthest_block() -> None:
    blocks = Blocks(3)
    for number in (1, 2, 3):
        fill(blocks, number, 0)
    assert fill(blocks, 4, 0).base == 4 * BLOCK
    assert [blocks.at(number * BLOCK) is not None for number in range(5)] == [False, True, True, False, True]


def test_what_an_earlier_run_left_holds_up_nobody() -> None:
    blocks = Blocks(2, old=100 * BLOCK)
    for number in range(100, 110):
        fill(blocks, number, number * BLOCK)


# The hash


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    cuts=st.lists(st.integers(1, 6 * PAGE - 1), max_size=8),
    kept=st.sets(st.integers(0, 9)),
    restart=st.booleans(),
)
def test_the_hash_is_that_of_the_file_wherever_its_bytes_are(
    part: Path, cuts: list[int], kept: set[int], restart: bool
) -> None:
    """A file of six pages in blocks of two, some of which are in memory in some part, the others in the file alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer_hash, "BLOCK", 2 * PAGE)
        data = data_of(6 * PAGE)
        part.write_bytes(data)
        blocks = Blocks(20)
        edges = sorted({0, *cuts, 2 * PAGE, 4 * PAGE, 6 * PAGE})
        for number, (start, end) in enumerate(itertools.pairwise(edges)):
            if number in kept:
                block = blocks.take(start, 0)
                assert block
                block.view(start, end)[:] = data[start:end]
                block.end, block.busy = end, False
        lock = threading.Condition()
        prefix_hash = PrefixHash(blocks, lock, hashlib.sha256)
        with PartFile(part) as file:
            if restart:
                assert prefix_hash.step(file, 3)
                prefix_hash.restart()
            while blocks.hashed < 6 * PAGE:
                assert prefix_hash.step(file, 6 * PAGE)
        assert prefix_hash.hexdigest == hashlib.sha256(data).hexdigest()


def test_a_file_that_became_shorter_is_noticed(part: Path) -> None:
    prefix_hash = PrefixHash(Blocks(3), threading.Condition(), hashlib.sha256)
    with PartFile(part) as file:
        assert not prefix_hash.step(file, 100)
