# SPDX-License-Identifier: GPL-3.0-or-later
"""The copies of what waits for the disk: whole or not there, of this file and no other."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.transfer import spool as transfer_spool
from subtitle_editor.core.transfer.file import PAGE
from subtitle_editor.core.transfer.hash import BLOCK, Block
from subtitle_editor.core.transfer.journal import Identity, Ranges, Record
from subtitle_editor.core.transfer.spool import Spool, forget, spooled
from tests.core.transfer_kit import data_of

pytestmark = pytest.mark.timeout(60)

SIZE = 40 * BLOCK
IDENTITY = Identity(SIZE, "9f86", None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "blob.part.spool"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "blob.part"
    path.touch()
    return path


def filled(slot: int, position: int, length: int = BLOCK) -> tuple[Block, int, memoryview]:
    """What `keep` is called with: a block with the bytes that belong at `position`."""
    block = Block(slot)
    block.base = position - position % BLOCK
    view = block.view(position, position + length)
    view[:] = content(position, length)
    return block, position, view


def content(position: int, length: int) -> bytes:
    return data_of(length, seed=position)


def ranges(path: Path, identity: Identity = IDENTITY) -> list[tuple[int, int]]:
    return sorted((kept.position, kept.end) for kept in spooled(path, identity))


def copy_back(path: Path, part: Path, identity: Identity = IDENTITY, done: Ranges | None = None) -> Ranges:
    return transfer_spool.copy_back(path, Record(identity, done or [], []), part, Control())


def check(path: Path, part: Path, expected: set[tuple[int, int]]) -> None:
    """What is there comes back, with the right bytes, and nothing else."""
    assert set(ranges(path)) == expected
    part.write_bytes(b"")
    assert set(copy_back(path, part)) == expected
    written = part.read_bytes()
    for start, end in expected:
        assert written[start:end] == content(start, end - start)
    covered = sum(end - start for start, end in expected)
    assert len(written) - written.count(0) <= covered


def test_what_was_copied_comes_back(path: Path, part: Path) -> None:
    spool = Spool(path, IDENTITY, 0)
    for slot, number in enumerate((7, 2, 3)):
        assert spool.keep(*filled(slot, number * BLOCK))
    assert spool.keep(*filled(3, 20 * BLOCK + BLOCK // 2, BLOCK // 2 - 5))
    # The process is killed here: nobody closes anything.
    expected = {(number * BLOCK, (number + 1) * BLOCK) for number in (7, 2, 3)}
    check(path, part, expected | {(20 * BLOCK + BLOCK // 2, 21 * BLOCK - 5)})


def test_a_slot_has_its_last_bytes(path: Path, part: Path) -> None:
    spool = Spool(path, IDENTITY, 0)
    for number in (1, 8, 5):
        assert spool.keep(*filled(0, number * BLOCK))
    check(path, part, {(5 * BLOCK, 6 * BLOCK)})


class Killed(Exception):
    """Stands for the end of the process."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    whole=st.lists(st.integers(0, 2), max_size=4),
    slot=st.integers(0, 2),
    step=st.integers(0, 2),
    share=st.floats(0, 1),
)
def test_killed_in_the_middle_of_a_copy(
    path: Path, part: Path, whole: list[int], slot: int, step: int, share: float
) -> None:
    """However much of which of its writes was done, the slot has what it had, the new bytes, or nothing."""
    path.unlink(missing_ok=True)
    spool = Spool(path, IDENTITY, 0)
    before: dict[int, tuple[int, int]] = {}
    for number, each in enumerate(whole):
        assert spool.keep(*filled(each, number * BLOCK, PAGE * 3 + 7))
        before[each] = (number * BLOCK, number * BLOCK + PAGE * 3 + 7)
    put, calls = spool._put, iter(range(99))

    def dying(place: int, data: Any) -> None:
        if next(calls) < step:
            put(place, data)
        else:
            put(place, data[: int(len(data) * share)])
            raise Killed

    spool._put = dying  # type: ignore[method-assign]
    with pytest.raises(Killed):
        spool.keep(*filled(slot, 30 * BLOCK, PAGE * 5 + 1))
    spool.close(1.0, delete=False)
    new = (30 * BLOCK, 30 * BLOCK + PAGE * 5 + 1)
    found = set(ranges(path))
    others = {where for each, where in before.items() if each != slot}
    assert found - {new, before.get(slot, new)} == others
    check(path, part, found)


@pytest.mark.parametrize(
    "other",
    [Identity(SIZE, "1234", None), Identity(SIZE + 1, "9f86", None), Identity(SIZE, "9f86", '"x"')],
)
def test_copies_of_another_file_do_not_count(path: Path, part: Path, other: Identity) -> None:
    assert Spool(path, IDENTITY, 0).keep(*filled(0, 0))
    assert spooled(path, other) == []
    assert copy_back(path, part, other) == []
    assert part.stat().st_size == 0


def test_copies_from_before_a_power_cut_do_not_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Spool(path, IDENTITY, 0).keep(*filled(0, 0))
    assert ranges(path) == [(0, BLOCK)]
    monkeypatch.setattr(transfer_spool, "boot_id", lambda: "another")
    assert ranges(path) == []
    monkeypatch.setattr(transfer_spool, "boot_id", lambda: None)
    assert ranges(path) == []


def test_none_where_nobody_knows_the_run_of_the_machine(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer_spool, "boot_id", lambda: None)
    assert not Spool(path, IDENTITY, 0).keep(*filled(0, 0))
    assert not path.exists()


def test_a_page_that_a_pulled_out_disk_lost(path: Path, part: Path) -> None:
    spool = Spool(path, IDENTITY, 0)
    for slot in range(3):
        assert spool.keep(*filled(slot, slot * BLOCK))
    with open(path, "r+b") as file:
        file.seek(BLOCK + PAGE + 17 * PAGE)
        file.write(bytes(PAGE))
    assert sorted(copy_back(path, part)) == [(0, BLOCK), (2 * BLOCK, 3 * BLOCK)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.none() | st.floats(0, 1), hits=st.integers(0, 30))
def test_a_damaged_file_never_raises_and_never_lies(
    path: Path, part: Path, seed: int, cut: float | None, hits: int
) -> None:
    path.unlink(missing_ok=True)
    part.write_bytes(b"")
    spool = Spool(path, IDENTITY, 0)
    for slot in range(2):
        assert spool.keep(*filled(slot, slot * BLOCK, PAGE))
    raw = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(hits):
        place = chance.choice([0, BLOCK, BLOCK + PAGE, 2 * BLOCK + PAGE]) + chance.randrange(300)
        raw[place] = chance.randrange(256)
    path.write_bytes(raw if cut is None else raw[: int(cut * len(raw))])
    assert set(ranges(path)) <= {(0, PAGE), (BLOCK, BLOCK + PAGE)}
    assert set(copy_back(path, part)) <= {(0, PAGE), (BLOCK, BLOCK + PAGE)}


def test_no_copies_where_the_file_needs_the_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 50, 49))
    assert not Spool(path, IDENTITY, 50).keep(*filled(0, 0))
    assert not path.exists()
    assert Spool(path, IDENTITY, 49).keep(*filled(0, 0))


def test_a_file_that_another_still_has_is_left_alone(path: Path) -> None:
    first = Spool(path, IDENTITY, 0)
    assert first.keep(*filled(0, 0))
    second = Spool(path, IDENTITY, 0)
    assert not second.keep(*filled(1, BLOCK))
    second.close(1, delete=True)
    assert ranges(path) == [(0, BLOCK)], "it is not the second's to delete"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_becomes_full(tmp_path: Path, part: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        path = folder / "blob.part.spool"
        spool = Spool(path, IDENTITY, 0)
        assert [spool.keep(*filled(slot, slot * BLOCK)) for slot in range(4)] == [True, True, False, False]
        check(path, part, {(0, BLOCK), (BLOCK, 2 * BLOCK)})
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_partial_file_that_cannot_be_written_is_told(path: Path, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Spool(path, IDENTITY, 0).keep(*filled(0, 0))

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(transfer_spool.PartFile, "write", refuse)
    with pytest.raises(OSError, match="space"):
        copy_back(path, part)
    assert ranges(path) == [(0, BLOCK)], "the next try finds it again"


def test_what_the_journal_has_is_not_written_again(path: Path, part: Path) -> None:
    spool = Spool(path, IDENTITY, 0)
    for slot in range(3):
        assert spool.keep(*filled(slot, slot * BLOCK))
    done = [(0, BLOCK + 5), (2 * BLOCK, 40 * BLOCK)]
    assert copy_back(path, part, done=done) == [(BLOCK, 2 * BLOCK)]
    assert part.read_bytes() == bytes(BLOCK) + content(BLOCK, BLOCK)


def test_copying_back_ends_when_cancelled(path: Path, part: Path) -> None:
    assert Spool(path, IDENTITY, 0).keep(*filled(0, 0))
    control = Control()
    control.cancel()
    with pytest.raises(JobCancelled):
        transfer_spool.copy_back(path, Record(IDENTITY, [], []), part, control)
    assert part.stat().st_size == 0
    assert ranges(path) == [(0, BLOCK)]


def test_what_cannot_be_deleted_is_emptied(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows while a virus scanner looks at it."""
    assert Spool(path, IDENTITY, 0).keep(*filled(0, 0))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refuse)
    forget(path)
    assert path.stat().st_size == 0
    assert ranges(path) == []
    path.with_name("missing").touch()
    forget(path.with_name("never there"))
    assert not path.with_name("never there").exists()


def test_a_disk_that_complains_at_the_end(path: Path) -> None:
    spool = Spool(path, IDENTITY, 0)
    assert spool.keep(*filled(0, 0))

    class Complaining:
        def close(self) -> None:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    assert spool._file
    spool._file.close()
    spool._file = Complaining()  # type: ignore[assignment]
    spool.close(1, delete=True)
    assert not path.exists()


@pytest.mark.parametrize("delete", [True, False])
def test_nothing_is_copied_after_the_end(path: Path, delete: bool) -> None:
    spool = Spool(path, IDENTITY, 0)
    assert spool.keep(*filled(0, 0))
    spool.close(1, delete)
    assert not spool.keep(*filled(1, BLOCK))
    assert ranges(path) == ([] if delete else [(0, BLOCK)])
    assert path.exists() is not delete


def test_an_etag_that_is_longer_than_a_page(path: Path) -> None:
    assert not Spool(path, Identity(SIZE, None, "x" * PAGE), 0).keep(*filled(0, 0))
    assert not path.exists()


def test_an_etag_that_looks_like_a_seal(path: Path) -> None:
    etag = '"length": 5, "position": 0, "sample": 0, \n} 00000000'
    identity = Identity(SIZE, None, etag)
    assert Spool(path, identity, 0).keep(*filled(0, 3 * BLOCK))
    assert ranges(path, identity) == [(3 * BLOCK, 4 * BLOCK)]
    forget(path)
    assert ranges(path, identity) == []
