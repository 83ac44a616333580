# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfers when all goes well: parallel, resumed, verified, limited; and what they leave on the disk."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import random
import shutil
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest

from subtitle_editor.core.errors.disk import NoSpaceError
from subtitle_editor.core.events import State
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.locks import file_lock
from subtitle_editor.core.transfer import checkpoints, intake, pace, work
from subtitle_editor.core.transfer import fetch as transfer
from subtitle_editor.core.transfer import file as transfer_file
from subtitle_editor.core.transfer import journal as transfer_journal
from subtitle_editor.core.transfer import partial as transfer_disk
from subtitle_editor.core.transfer import spool as transfer_spool
from subtitle_editor.core.transfer.blob import Result
from subtitle_editor.core.transfer.file import PartFile
from subtitle_editor.core.transfer.hash import BLOCK, Block
from subtitle_editor.core.transfer.journal import read_journal
from subtitle_editor.core.transfer.partial import (
    bytes_on_disk,
    discard,
    journal_file,
    part_file,
    partial_of,
    partials,
    spool_file,
)
from subtitle_editor.core.transfer.parts import Span
from subtitle_editor.core.transfer.throttle import Throttle
from tests.core.transfer_kit import (
    MIB,
    PATTERN,
    REPO,
    Fetch,
    blob_of,
    data_of,
    leave_partial,
    names_in,
)
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(60)


def test_a_file_arrives_over_several_connections(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(40 * MIB + 17)
    hub.settings.rate = 20_000_000
    fetch = Fetch(blob_of(hub, tmp_path, data), connections=4)
    result = fetch.run()
    assert (tmp_path / "blob").read_bytes() == data
    assert result == Result(fetch.blob.sha256 or "", True, len(data), len(data))
    assert names_in(tmp_path) == {"blob"}
    assert max(status.connections for status in fetch.statuses) == 4
    assert len({r.connection for r in hub.requests_for(PATTERN, host="content")}) >= 4
    done = [status.bytes_done for status in fetch.statuses]
    assert done == sorted(done)
    assert fetch.statuses[-1].bytes_done == fetch.statuses[-1].bytes_total == len(data)


def test_a_fast_server_keeps_few_connections(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "NEAR", 30.0)
    monkeypatch.setattr(pace, "FAST", 1)
    monkeypatch.setattr(pace, "NOT_FAST", 1)
    monkeypatch.setattr(pace, "TRIAL", -1.0)
    monkeypatch.setattr(pace, "LOOK", 1e9)  # A busy machine may make any server look slow.
    data = data_of(200 * MIB)
    # All connections share what there is, as on a line that one of them would fill.
    fetch = Fetch(blob_of(hub, tmp_path, data), connections=6, throttle=Throttle(100e6))
    assert fetch.run().digest == hashlib.sha256(data).hexdigest()
    assert len({r.connection for r in hub.requests_for(PATTERN, host="content")}) > 2 * pace.ENOUGH
    late = [status.connections for status in fetch.statuses if status.bytes_done > 0.75 * len(data)]
    assert late and max(late) <= pace.ENOUGH


def test_connections_come_back_when_the_server_is_fast_no_longer(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "NEAR", 30.0)
    monkeypatch.setattr(pace, "FAST", 1)
    data = data_of(80 * MIB)
    hub.settings.rate = 15_000_000
    fetch = Fetch(blob_of(hub, tmp_path, data), connections=6)
    assert fetch.run().digest == hashlib.sha256(data).hexdigest()
    # Six bring 90 MB/s, which is fast here; what one of them brings is not: connections go and come back.
    assert len({r.connection for r in hub.requests_for(PATTERN, host="content")}) > 6


def test_what_is_in_memory_only_is_a_mib_a_connection_also_while_connections_come(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is fast and then no longer, with a disk that takes its time over what the writer has."""
    monkeypatch.setattr(pace, "NEAR", 30.0)
    monkeypatch.setattr(pace, "FAST", 1)
    monkeypatch.setattr(pace, "NOT_FAST", 1e18)
    room, write = intake.Intake.room, PartFile.write
    granted: list[tuple[str, int]] = []

    def watched(self: intake.Intake, block: Block, span: Span) -> memoryview:
        view = room(self, block, span)
        with self._lock:
            held = sum(max(0, each.kept - each.position) for each in self.parts.claims if not each.spooled)
            granted.append((threading.current_thread().name, held))
        return view

    def slow(file: PartFile, position: int, *pieces: memoryview) -> int:
        time.sleep(0.05)
        return write(file, position, *pieces)

    monkeypatch.setattr(intake.Intake, "room", watched)
    monkeypatch.setattr(PartFile, "write", slow)
    data = data_of(120 * MIB)
    Fetch(blob_of(hub, tmp_path, data), connections=6, throttle=Throttle(40e6)).run()
    assert (tmp_path / "blob").read_bytes() == data
    assert len({name for name, _ in granted}) > 3, "they came"
    assert 4 * MIB < max(held for _, held in granted) <= 6 * MIB


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 MB/s, which the only connection to a fast server does not wait for."""
    write = PartFile.write

    def slow(file: PartFile, position: int, *pieces: memoryview) -> int:
        time.sleep(0.05 * len(pieces))
        return write(file, position, *pieces)

    monkeypatch.setattr(PartFile, "write", slow)
    monkeypatch.setattr(pace, "NEAR", 30.0)
    monkeypatch.setattr(pace, "FAST", 1)
    monkeypatch.setattr(pace, "NOT_FAST", 1)
    monkeypatch.setattr(pace, "LOOK", 1e9)


@pytest.fixture
def waiting(hub: LoopbackHub, tmp_path: Path, slow_disk: None) -> Fetch:
    """Cancelled while 16 MiB and more had come and waited for the disk."""
    fetch = Fetch(blob_of(hub, tmp_path / "models", data_of(128 * MIB))).start()
    spool = spool_file(fetch.blob.target)
    deadline = time.monotonic() + 20
    while not spool.exists() or spool.stat().st_size < 16 * MIB:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert fetch.cancel() < 0.5
    return fetch


def test_what_waited_for_the_disk_when_cancelled_is_not_fetched_again(
    hub: LoopbackHub, waiting: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    left = bytes_on_disk(waiting.blob.target)
    assert dict(partials(waiting.blob.target.parent))[waiting.blob.target].bytes_done == left
    assert spool_file(waiting.blob.target).exists()
    fetch = Fetch(waiting.blob)
    assert fetch.run().bytes_fetched == 128 * MIB - left
    assert fetch.notices == []
    assert waiting.blob.target.read_bytes() == data_of(128 * MIB)
    assert names_in(waiting.blob.target.parent) == {"blob"}


def test_what_waited_for_the_disk_is_deleted_with_the_rest(waiting: Fetch) -> None:
    assert discard(waiting.blob.target)
    assert names_in(waiting.blob.target.parent) == set()


def test_what_waited_is_of_no_use_for_a_new_revision(
    hub: LoopbackHub, waiting: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    data = data_of(128 * MIB, seed=2)
    fetch = Fetch(blob_of(hub, waiting.blob.target.parent, data))
    assert fetch.run().bytes_fetched == len(data)
    assert waiting.blob.target.read_bytes() == data
    assert names_in(waiting.blob.target.parent) == {"blob"}


@pytest.mark.parametrize("late", [0.0, 0.3])
def test_a_slow_disk_gets_all_in_the_end(
    hub: LoopbackHub, tmp_path: Path, slow_disk: None, monkeypatch: pytest.MonkeyPatch, late: float
) -> None:
    """Also when the last line of the journal takes its time: then the writer is not done when the transfer is."""
    data, folder = data_of(60 * MIB), tmp_path / "models"
    add, keep, kept = transfer_journal.Journal.add, transfer_spool.Spool.keep, []

    def slowly(journal: transfer_journal.Journal, start: int, end: int) -> None:
        if end == len(data):
            time.sleep(late)
        add(journal, start, end)

    def counted(spool: transfer_spool.Spool, block: Block, position: int, data: memoryview) -> bool:
        kept.append(keep(spool, block, position, data))
        return kept[-1]

    monkeypatch.setattr(transfer_journal.Journal, "add", slowly)
    monkeypatch.setattr(transfer_spool.Spool, "keep", counted)
    assert Fetch(blob_of(hub, folder, data)).run().bytes_fetched == len(data)
    assert (folder / "blob").read_bytes() == data
    assert names_in(folder) == {"blob"}
    assert kept.count(True) > 5


def test_no_copies_where_the_file_needs_the_room(
    hub: LoopbackHub, tmp_path: Path, slow_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, seen = data_of(60 * MIB), set()
    usage = namedtuple("usage", "total used free")
    free = len(data) + 2 * intake.BLOCKS * BLOCK - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 40, 0, free))
    fetch = Fetch(blob_of(hub, tmp_path / "models", data)).start()
    while not fetch.statuses or fetch.statuses[-1].bytes_done < len(data):
        seen |= names_in(tmp_path / "models") if (tmp_path / "models").exists() else set()
        time.sleep(0.01)
    fetch.join()
    assert (tmp_path / "models" / "blob").read_bytes() == data
    assert "blob.part" in seen and "blob.part.spool" not in seen


def test_killed_before_the_journal_has_what_the_copies_were_of(waiting: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    left = bytes_on_disk(waiting.blob.target)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(transfer_journal.Journal, "__init__", die)
        Fetch(waiting.blob).run()
    assert bytes_on_disk(waiting.blob.target) == left
    assert Fetch(waiting.blob).run().bytes_fetched == 128 * MIB - left


def test_a_disk_too_full_for_what_waited(waiting: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    left = bytes_on_disk(waiting.blob.target)
    journal = read_journal(journal_file(waiting.blob.target))
    assert journal

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(NoSpaceError) as caught:
        patch.setattr(PartFile, "write", refuse)
        Fetch(waiting.blob).run()
    assert caught.value.needed == 128 * MIB - sum(end - start for start, end in journal.done)
    assert bytes_on_disk(waiting.blob.target) == left
    assert Fetch(waiting.blob).run().bytes_fetched == 128 * MIB - left


def test_parts_are_asked_for_in_ascending_order(hub: LoopbackHub, tmp_path: Path) -> None:
    Fetch(blob_of(hub, tmp_path, data_of(30 * MIB)), connections=1).run()
    ranges = [r.range or "" for r in hub.requests_for(PATTERN, host="content")]
    starts = [int(text.removeprefix("bytes=").split("-")[0]) for text in ranges]
    assert starts == sorted(starts)
    assert len({r.connection for r in hub.requests_for(PATTERN, host="content")}) == 1
    assert len(hub.requests_for(PATTERN, host="hub")) == 1, "the redirect is asked for once"


@pytest.mark.parametrize("size", [0, 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1])
@pytest.mark.parametrize("known", [True, False])
def test_sizes_at_the_edges(hub: LoopbackHub, tmp_path: Path, size: int, known: bool) -> None:
    data = data_of(size)
    blob = blob_of(hub, tmp_path, data)
    fetch = Fetch(blob if known else dataclasses.replace(blob, size=None, sha256=None))
    result = fetch.run()
    assert (tmp_path / "blob").read_bytes() == data
    assert result.verified is known
    assert result.digest == hashlib.sha256(data).hexdigest()
    assert names_in(tmp_path) == {"blob"}


def test_a_cancelled_transfer_goes_on_where_it_was(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(30 * MIB)
    first = Fetch(blob_of(hub, tmp_path, data), throttle=Throttle(20e6)).start()
    first.wait(lambda status: status.bytes_done > 8 * MIB)
    first.cancel()
    partial = partial_of(tmp_path / "blob")
    assert partial and partial.bytes_done >= 8 * MIB and partial.size == len(data)
    assert names_in(tmp_path) == {"blob.part", "blob.part.journal"}
    assert list(partials(tmp_path)) == [(tmp_path / "blob", partial)]
    second = Fetch(first.blob)
    assert second.run().bytes_fetched == len(data) - partial.bytes_done
    assert second.statuses[0].bytes_done >= partial.bytes_done
    assert (tmp_path / "blob").read_bytes() == data
    assert names_in(tmp_path) == {"blob"}


def test_after_a_power_cut_it_goes_on_from_the_last_checkpoint(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_EVERY", 0.2)
    data = data_of(30 * MIB)
    throttle = Throttle(20e6)
    first = Fetch(blob_of(hub, tmp_path, data), throttle=throttle).start()
    first.wait(lambda status: status.bytes_done > 12 * MIB)
    throttle.rate = 1e5  # It waits for the disk, however slow that is.

    def synced(_: object) -> bool:
        found = read_journal(journal_file(first.blob.target))
        return bool(found) and sum(end - start for start, end in found.durable) > 4 * MIB

    first.wait(synced)
    first.cancel()
    killed = bytes_on_disk(first.blob.target)
    monkeypatch.setattr(transfer_journal, "boot_id", lambda: "another boot")
    found = read_journal(journal_file(first.blob.target))
    assert found and found.done == found.durable
    durable = bytes_on_disk(first.blob.target)
    assert 4 * MIB < durable <= killed
    kept = bytearray(len(data))  # What was not synced is gone.
    for start, end in found.durable:
        kept[start:end] = data[start:end]
    part_file(first.blob.target).write_bytes(kept)
    second = Fetch(first.blob)
    assert second.run().bytes_fetched == len(data) - durable
    assert second.notices == []
    assert first.blob.target.read_bytes() == data


def test_the_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr(checkpoints.PartFile, "sync", lambda file: steps.append("file"))
    monkeypatch.setattr(
        transfer_disk, "sync_folder", lambda folder: steps.append(f"folder with {sorted(names_in(folder))}")
    )
    Fetch(blob_of(hub, tmp_path, data_of(3 * MIB))).run()
    assert steps == ["file", "folder with ['blob', 'blob.lock', 'blob.part.journal']"]


@pytest.mark.parametrize("direct", [True, False])
def test_a_file_of_many_odd_pieces(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direct: bool
) -> None:
    """Holes that begin and end anywhere, more of them than there is memory for, with and without direct writing."""
    if not direct:
        monkeypatch.setattr(transfer_file, "_open_direct", lambda path, plain: None)
    monkeypatch.setattr(intake, "BLOCKS", 8)
    monkeypatch.setattr(work, "BLOCKS", 8)
    data = data_of(20 * MIB + 4321)
    blob = blob_of(hub, tmp_path, data)
    chance = random.Random(3)
    edges = sorted(chance.sample(range(len(data)), 40))
    done = list(zip(edges[::2], edges[1::2], strict=True))
    leave_partial(blob, data, done)
    assert Fetch(blob).run().bytes_fetched == len(data) - sum(end - start for start, end in done)
    assert blob.target.read_bytes() == data


def test_only_the_gaps_are_fetched(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(10 * MIB)
    blob = blob_of(hub, tmp_path, data)
    leave_partial(blob, data, [(0, 3 * MIB), (5 * MIB, 6 * MIB), (9 * MIB + 5, 9 * MIB + 6)])
    assert Fetch(blob).run().bytes_fetched == 6 * MIB - 1
    assert blob.target.read_bytes() == data


def test_all_there_but_the_name(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(3 * MIB)
    blob = blob_of(hub, tmp_path, data)
    leave_partial(blob, data, [(0, len(data))])
    assert Fetch(blob).run().bytes_fetched == 0
    assert blob.target.read_bytes() == data
    assert hub.requests_for(PATTERN) == []


def test_a_partial_of_a_longer_file_leaves_nothing_behind_the_end(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(3 * MIB)
    blob = blob_of(hub, tmp_path, data)
    leave_partial(blob, data, [(0, MIB)])
    with open(part_file(blob.target), "ab") as file:
        file.write(bytes(5 * MIB))
    Fetch(blob).run()
    assert blob.target.read_bytes() == data


def test_a_new_revision_never_mixes_with_an_old_partial(hub: LoopbackHub, tmp_path: Path) -> None:
    old, new = data_of(6 * MIB, seed=1), data_of(6 * MIB, seed=2)
    leave_partial(blob_of(hub, tmp_path, old), old, [(0, 4 * MIB)])
    fetch = Fetch(blob_of(hub, tmp_path, new))
    assert fetch.run().bytes_fetched == len(new)
    assert fetch.blob.target.read_bytes() == new
    assert "starting over" in fetch.notices[0]


@pytest.mark.parametrize(("etag", "fetched"), [("same", 2 * MIB), ("other", 6 * MIB), (None, 6 * MIB)])
def test_without_a_hash_the_etag_decides(hub: LoopbackHub, tmp_path: Path, etag: str | None, fetched: int) -> None:
    data = data_of(6 * MIB)
    blob = blob_of(hub, tmp_path, data, sha256=None, etag="same")
    leave_partial(blob, data, [(0, 4 * MIB)])
    result = Fetch(dataclasses.replace(blob, etag=etag)).run()
    assert (result.bytes_fetched, result.verified) == (fetched, False)
    assert blob.target.read_bytes() == data


def test_a_file_that_is_there_is_checked_and_kept(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(3 * MIB)
    blob = blob_of(hub, tmp_path, data)
    blob.target.write_bytes(data)
    fetch = Fetch(blob)
    assert fetch.run().bytes_fetched == 0
    assert fetch.states == {State.VERIFYING}
    blob.target.write_bytes(bytes(len(data)))
    assert Fetch(blob).run().bytes_fetched == len(data)
    assert blob.target.read_bytes() == data


def test_discard_removes_what_an_interrupted_fetch_left(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(3 * MIB)
    blob = blob_of(hub, tmp_path, data)
    leave_partial(blob, data, [(0, MIB)])
    assert bytes_on_disk(blob.target) == MIB
    assert discard(blob.target)
    assert names_in(tmp_path) == set()
    assert partial_of(blob.target) is None
    assert discard(tmp_path / "missing folder" / "blob")


def test_discard_leaves_a_running_fetch_alone(hub: LoopbackHub, tmp_path: Path) -> None:
    fetch = Fetch(blob_of(hub, tmp_path, data_of(8 * MIB)), throttle=Throttle(4e6)).start()
    fetch.wait(lambda status: status.bytes_done > 0)
    assert not discard(fetch.blob.target)
    assert "blob.part" in names_in(tmp_path)
    fetch.cancel()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_what_is_unfinished_has_the_permissions_of_other_files(hub: LoopbackHub, tmp_path: Path) -> None:
    fetch = Fetch(blob_of(hub, tmp_path, data_of(8 * MIB)), throttle=Throttle(4e6)).start()
    fetch.wait(lambda status: status.bytes_done > 0)
    (tmp_path / "ordinary").touch()
    ordinary = (tmp_path / "ordinary").stat().st_mode
    assert {path.name for path in tmp_path.iterdir()} >= {"blob.part", "blob.part.journal", "blob.lock"}
    assert {path.stat().st_mode for path in tmp_path.iterdir()} == {ordinary}
    fetch.cancel()
    Fetch(fetch.blob).run()
    assert fetch.blob.target.stat().st_mode == ordinary


def test_two_transfers_of_one_blob_fetch_it_once(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(8 * MIB)
    blob = blob_of(hub, tmp_path, data)
    first = Fetch(blob, throttle=Throttle(8e6)).start()
    first.wait(lambda status: status.bytes_done > 0)
    second = Fetch(blob).start()
    second.wait(lambda status: status.state is State.WAITING and status.bytes_done > 0)
    first.join()
    second.join()
    assert first.result and first.result.bytes_fetched == len(data)
    assert second.result and second.result.bytes_fetched == 0
    assert names_in(tmp_path) == {"blob"}


def test_a_lock_left_by_a_crash_is_taken_over(hub: LoopbackHub, tmp_path: Path) -> None:
    (tmp_path / "blob.lock").write_bytes(b"")
    Fetch(blob_of(hub, tmp_path, data_of(MIB))).run()
    assert names_in(tmp_path) == {"blob"}


def test_a_helper_takes_over_half_of_a_slow_connections_part(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(16 * MIB)
    blob = blob_of(hub, tmp_path, data)
    slow = hub.faults.add(Fault(path=PATTERN, host="content", rate=1_000_000))
    result = Fetch(blob, connections=2).run()
    assert slow.fired == 1
    first = hub.requests_for(PATTERN, host="content")[0]
    assert first.headers["range"] == f"bytes=0-{4 * MIB - 1}"
    assert first.bytes_sent < 4 * MIB, "the connection at 1 MB/s fetched its part alone"
    assert blob.target.read_bytes() == data
    assert result.bytes_fetched == len(data)


def test_a_part_that_will_soon_be_there_is_left_to_its_connection(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_PATIENCE", 30.0)
    data = data_of(2_500_000)
    hub.faults.add(Fault(path=PATTERN, host="content", rate=4_000_000))  # The other's 400 kB are there long before.
    Fetch(blob_of(hub, tmp_path, data), connections=2).run()
    assert [r.bytes_sent for r in hub.requests_for(PATTERN, host="content")] == [2 * MIB, len(data) - 2 * MIB]


def test_the_speed_limit_is_exact_and_can_be_changed(hub: LoopbackHub, tmp_path: Path) -> None:
    throttle = Throttle(4e6)
    fetch = Fetch(blob_of(hub, tmp_path, data_of(40 * MIB)), throttle=throttle).start()
    fetch.wait(lambda status: status.bytes_done > 0)

    def speed_over(seconds: float) -> float:
        at, began = fetch.statuses[-1].bytes_done, time.monotonic()
        time.sleep(seconds)
        return (fetch.statuses[-1].bytes_done - at) / (time.monotonic() - began)

    # A report may be 0.1 s old at both ends; the exact measure is of the throttle alone, in test_throttle.
    assert speed_over(2.0) == pytest.approx(4e6, rel=0.15)
    throttle.rate = 1e6
    time.sleep(0.3)
    assert speed_over(2.0) == pytest.approx(1e6, rel=0.15)
    throttle.rate = None
    fetch.join()
    assert fetch.result


def test_report_comes_on_the_calling_thread_and_not_too_often(hub: LoopbackHub, tmp_path: Path) -> None:
    seen: list[tuple[int, float]] = []
    transfer.fetch(
        blob_of(hub, tmp_path, data_of(8 * MIB)),
        control=Control(),
        throttle=Throttle(8e6),
        report=lambda status: seen.append((threading.get_ident(), time.monotonic())),
    )
    assert {thread for thread, _ in seen} == {threading.get_ident()}
    lasted = seen[-1][1] - seen[0][1]
    # Ten times a second, and at each change of state.
    assert 5 <= len(seen) <= 10 * lasted + 5


def test_the_lock_is_gone_when_its_holder_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), file_lock(tmp_path / "lock", Control()):
        raise RuntimeError
    assert names_in(tmp_path) == set()


def test_no_thread_is_left_behind(hub: LoopbackHub, tmp_path: Path) -> None:
    fetch = Fetch(blob_of(hub, tmp_path, data_of(20 * MIB)))
    fetch.run()
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("model.bin")]
    for thread in threads:
        thread.join(3.0)  # One may be on its way out, and where sockets are deaf it hears of the end a moment later.
    assert [thread.name for thread in threads if thread.is_alive()] == []
    assert REPO
