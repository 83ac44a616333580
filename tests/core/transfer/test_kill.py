# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that die without a word, and processes that want the same file at the same time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitle_editor.core.transfer import partial
from subtitle_editor.core.transfer.journal import read_journal
from tests.core.transfer_kit import MIB, PATTERN, Fetch, blob_of, bytes_read, data_of, names_in, start_child
from tests.hub.server import LoopbackHub

KILLS, CONNECTIONS = 25, 6


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def wait_for_bytes(log: Path, count: int) -> None:
    wait_until(lambda: bytes_read(log) >= count)


@pytest.mark.timeout(240)
def test_killed_25_times_at_random_moments_of_the_whole_download(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(64 * MIB)
    folder, log = tmp_path / "models", tmp_path / "log"
    folder.mkdir()
    blob = blob_of(hub, folder, data)
    chance = random.Random(7)
    known: list[int] = []
    for number in range(KILLS):
        # The last quarter is left: a busy machine may take its time to kill.
        moment = int(0.75 * len(data) * (number + chance.random()) / KILLS)
        child = start_child(blob, log, rate=16e6)
        wait_for_bytes(log, bytes_read(log) + 1)
        wait_until(lambda moment=moment: partial.bytes_on_disk(blob.target) >= moment)
        time.sleep(chance.uniform(0, 0.05))
        child.kill()
        out, err = child.communicate(timeout=10)
        assert not out and not err, (out, err)
        assert names_in(folder) >= {"blob.part", "blob.part.journal"}
        known.append(partial.bytes_on_disk(blob.target))
    assert known == sorted(known)
    assert known[0] < 0.25 * len(data) and known[-1] > 0.7 * len(data), "spread over the download"
    child = start_child(blob, log)
    out, err = child.communicate(timeout=30)
    assert out.startswith("done"), (out, err)
    assert blob.target.read_bytes() == data
    assert names_in(folder) == {"blob"}
    assert bytes_read(log) <= len(data) + KILLS * CONNECTIONS * MIB


@pytest.mark.timeout(60)
def test_what_a_killed_process_had_is_known_to_the_next(hub: LoopbackHub, tmp_path: Path) -> None:
    log = tmp_path / "log"
    blob = blob_of(hub, tmp_path, data_of(48 * MIB))
    child = start_child(blob, log, rate=20e6)
    wait_for_bytes(log, 12 * MIB)
    child.kill()
    child.communicate(timeout=10)
    known = partial.bytes_on_disk(blob.target)
    assert bytes_read(log) - known <= CONNECTIONS * MIB
    fetch = Fetch(blob)
    assert fetch.run().bytes_fetched == blob.target.stat().st_size - known
    assert fetch.notices == []


@pytest.mark.timeout(120)
def test_killed_at_full_speed(hub: LoopbackHub, tmp_path: Path) -> None:
    """A fast server has one connection, whose blocks another thread writes: they count as those of the others."""
    log = tmp_path / "log"
    data = data_of(64 * MIB) * 4
    blob = blob_of(hub, tmp_path, data)
    kills = 0
    for moment in range(0, 200, 40):
        child = start_child(blob, log)
        wait_for_bytes(log, max(moment * MIB, bytes_read(log)) + 1)
        child.kill()
        child.communicate(timeout=10)
        if not partial.part_file(blob.target).exists():
            break
        kills += 1
        assert bytes_read(log) - partial.bytes_on_disk(blob.target) <= kills * CONNECTIONS * MIB
    assert kills, "it was never killed in time"
    child = start_child(blob, log)
    out, err = child.communicate(timeout=60)
    assert out.startswith("done"), (out, err)
    assert blob.target.read_bytes() == data
    assert bytes_read(log) <= len(data) + kills * CONNECTIONS * MIB


SLOW_DISK = """
import time
from subtitle_editor.core.transfer import file as files, pace
write = files.PartFile.write
def slow(file, position, *pieces):
    time.sleep(0.05 * len(pieces))
    return write(file, position, *pieces)
files.PartFile.write = slow
pace.NEAR, pace.FAST, pace.NOT_FAST, pace.LOOK = 30.0, 1, 1, 1e9
"""


@pytest.mark.timeout(120)
def test_killed_while_much_waits_for_a_slow_disk(hub: LoopbackHub, tmp_path: Path) -> None:
    """It is fetched once all the same: copies of it are where a killed process leaves them."""
    folder, log = tmp_path / "models", tmp_path / "log"
    folder.mkdir()
    data = data_of(128 * MIB)
    blob = blob_of(hub, folder, data)
    spool, waited = partial.spool_file(blob.target), []
    for kills in (1, 2, 3):
        child = start_child(blob, log, before=SLOW_DISK)
        wait_until(spool.exists)
        wait_for_bytes(log, bytes_read(log) + 24 * MIB)
        child.kill()
        child.communicate(timeout=10)
        known = partial.bytes_on_disk(blob.target)
        assert bytes_read(log) - known <= kills * CONNECTIONS * MIB
        journal = read_journal(partial.journal_file(blob.target))
        assert journal
        waited.append(known - sum(end - start for start, end in journal.done))
    assert max(waited) > 2 * CONNECTIONS * MIB, "far more waited than may be lost"
    fetch = Fetch(blob)
    assert fetch.run().bytes_fetched == len(data) - known
    assert fetch.notices == []
    assert blob.target.read_bytes() == data
    assert names_in(folder) == {"blob"}


@pytest.mark.timeout(60)
def test_two_processes_fetch_a_file_once(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(24 * MIB)
    folder, logs = tmp_path / "models", [tmp_path / "log 1", tmp_path / "log 2"]
    blob = blob_of(hub, folder, data)
    children = [start_child(blob, log, rate=12e6) for log in logs]
    ends = [child.communicate(timeout=40) for child in children]
    assert sorted(out.split()[:2] for out, _ in ends) == [["done", "0"], ["done", str(len(data))]], ends
    assert sum(map(bytes_read, logs)) == len(data)
    waited = ["state waiting" in log.read_text() for log in logs]
    assert sorted(waited) == [False, True]
    assert blob.target.read_bytes() == data
    assert names_in(folder) == {"blob"}
    assert hub.requests_for(PATTERN)


@pytest.mark.timeout(60)
def test_the_second_process_takes_over_when_the_first_is_killed(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(24 * MIB)
    folder, logs = tmp_path / "models", [tmp_path / "log 1", tmp_path / "log 2"]
    blob = blob_of(hub, folder, data)
    first = start_child(blob, logs[0], rate=6e6)
    wait_for_bytes(logs[0], 3 * MIB)
    second = start_child(blob, logs[1])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (logs[1].exists() and "waiting" in logs[1].read_text()):
        time.sleep(0.01)
    first.kill()
    first.communicate(timeout=10)
    out, err = second.communicate(timeout=30)
    assert out.startswith("done"), err
    assert bytes_read(logs[1]) < len(data)
    assert blob.target.read_bytes() == data
    assert names_in(folder) == {"blob"}
