# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelling wherever a transfer may be. `bench download` measures the 100 ms; here a busy machine has its half second,
which still tells a transfer that is woken from one that waits for a timeout: all of those are longer."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.events import State
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.locks import file_lock
from subtitle_editor.core.transfer import fetch as transfer
from subtitle_editor.core.transfer import hash as transfer_hash
from subtitle_editor.core.transfer import partial
from subtitle_editor.core.transfer.blob import TransferStatus
from subtitle_editor.core.transfer.file import PartFile
from subtitle_editor.core.transfer.hash import BLOCK, Block
from subtitle_editor.core.transfer.journal import Identity, Journal
from subtitle_editor.core.transfer.retries import RetryPolicy
from subtitle_editor.core.transfer.spool import Spool
from subtitle_editor.core.transfer.throttle import Throttle
from tests.core.transfer_kit import MIB, PATTERN, Fetch, blob_of, data_of, leave_partial, names_in
from tests.hub.server import Fault, LoopbackHub
from tests.rules import VARIABLE, is_open

pytestmark = pytest.mark.timeout(30)
AT_ONCE = 0.5
DATA = data_of(12 * MIB)
PATIENT = {"stall_seconds": 20.0, "retry": RetryPolicy()}


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server


def assert_cancelled_at_once(fetch: Fetch) -> None:
    assert fetch.cancel() < AT_ONCE
    folder = fetch.blob.target.parent
    assert names_in(folder) <= {"blob.part", "blob.part.journal"}
    deadline = time.monotonic() + 5
    if "deaf" in os.environ.get(VARIABLE, ""):  # A thread stays until its connection is given up, but holds nothing.
        assert not is_open(partial.part_file(fetch.blob.target))
        return
    while any(thread.name.startswith("model.bin") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread is left"
        time.sleep(0.01)


def test_before_the_start(hub: LoopbackHub, tmp_path: Path) -> None:
    fetch = Fetch(blob_of(hub, tmp_path, DATA))
    fetch.control.cancel()
    with pytest.raises(JobCancelled):
        fetch.run()
    assert hub.requests_for(PATTERN) == []


def test_while_the_name_is_looked_up(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = threading.Event(), threading.Event()

    def never(*arguments: object, **options: object) -> list[object]:
        asked.set()
        answer.wait(20)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", never)
    fetch = Fetch(blob_of(hub, tmp_path, DATA, url="http://hub.example/x"), **PATIENT).start()
    assert asked.wait(5)
    assert_cancelled_at_once(fetch)
    answer.set()


@pytest.mark.skipif(os.name == "nt", reason="fills the backlog as Linux counts it")
def test_while_connecting(hub: LoopbackHub, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # The queue of a server that accepts nobody is full now: who comes next waits.
            other = stack.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(server.getsockname())
        fetch = Fetch(blob_of(hub, tmp_path, DATA, url=f"http://127.0.0.1:{server.getsockname()[1]}/x"), **PATIENT)
        fetch.start()
        time.sleep(0.3)
        assert fetch.error is None
        assert_cancelled_at_once(fetch)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_while_the_server_says_nothing(hub: LoopbackHub, silent: socket.socket, tmp_path: Path, scheme: str) -> None:
    fetch = Fetch(blob_of(hub, tmp_path, DATA, url=f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x"), **PATIENT)
    fetch.start()
    with silent.accept()[0] as client:
        assert client.recv(1)
        assert_cancelled_at_once(fetch)


def test_while_a_proxy_says_nothing(
    hub: LoopbackHub, silent: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "")
    fetch = Fetch(blob_of(hub, tmp_path, DATA, url="https://hub.example/x"), **PATIENT).start()
    with silent.accept()[0] as client:
        assert client.recv(7) == b"CONNECT"
        assert_cancelled_at_once(fetch)


@pytest.mark.parametrize("fault", [{"stall_before": True}, {"stall_after": 500_000}])
def test_while_all_connections_are_silent(hub: LoopbackHub, tmp_path: Path, fault: dict[str, int]) -> None:
    stall = hub.faults.add(Fault(path=PATTERN, host="content", times=None, **fault))  # type: ignore[arg-type]
    fetch = Fetch(blob_of(hub, tmp_path, DATA), **PATIENT).start()
    assert stall.wait()
    time.sleep(0.1)
    assert_cancelled_at_once(fetch)


def test_while_bytes_come(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.settings.rate = 1_000_000
    fetch = Fetch(blob_of(hub, tmp_path, DATA), **PATIENT).start()
    fetch.wait(lambda status: status.connections > 1)
    assert_cancelled_at_once(fetch)


def test_while_the_speed_limit_holds_us_back(hub: LoopbackHub, tmp_path: Path) -> None:
    fetch = Fetch(blob_of(hub, tmp_path, DATA), throttle=Throttle(1.0), **PATIENT).start()
    fetch.wait(lambda status: status.connections > 0)
    assert_cancelled_at_once(fetch)


def test_while_waiting_to_try_again(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, status=429, headers={"Retry-After": "60"}))
    fetch = Fetch(blob_of(hub, tmp_path, DATA), **PATIENT).start()
    fetch.wait(lambda status: status.state is State.RETRYING)
    assert_cancelled_at_once(fetch)


def test_while_hashing(hub: LoopbackHub, tmp_path: Path) -> None:
    size = 16 << 30
    blob = blob_of(hub, tmp_path, DATA, size=size)
    part = partial.part_file(blob.target)
    part.touch()
    os.truncate(part, size)
    Journal(partial.journal_file(blob.target), Identity(size, blob.sha256, None), [(0, size)]).close()
    fetch = Fetch(blob, **PATIENT).start()
    fetch.wait(lambda status: status.state is State.VERIFYING)
    assert_cancelled_at_once(fetch)
    assert partial.bytes_on_disk(blob.target) == size


def test_while_hashing_what_was_there_before_the_last_bytes_came(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(48 * MIB)
    blob = blob_of(hub, tmp_path, data)
    leave_partial(blob, data, [(0, 47 * MIB)])
    step = transfer_hash.PrefixHash.step

    def slowly(prefix_hash: transfer_hash.PrefixHash, file: PartFile, prefix: int) -> bool:
        time.sleep(0.1)
        return step(prefix_hash, file, prefix)

    monkeypatch.setattr(transfer_hash.PrefixHash, "step", slowly)
    fetch = Fetch(blob, **PATIENT).start()
    fetch.wait(lambda status: status.state is State.VERIFYING)
    # A writer that has nothing left to do was waited for, half a second.
    assert fetch.cancel() < 0.4
    assert partial.bytes_on_disk(blob.target) == len(data)


def test_while_copies_of_what_waited_are_brought_to_a_slow_disk(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(24 * MIB)
    blob = blob_of(hub, tmp_path, data)
    leave_partial(blob, data, [(0, MIB)])
    spool = Spool(partial.spool_file(blob.target), Identity(len(data), blob.sha256, None), 0)
    for number in range(1, 12):
        block = Block(number)
        block.base = number * BLOCK
        view = block.view(block.base, block.base + BLOCK)
        view[:] = data[block.base : block.base + BLOCK]
        assert spool.keep(block, block.base, view)
    spool.close(1.0, delete=False)
    left = partial.bytes_on_disk(blob.target)
    assert left == MIB + 11 * BLOCK
    write, writing = PartFile.write, threading.Event()

    def slowly(file: PartFile, position: int, *pieces: memoryview) -> int:
        writing.set()
        time.sleep(1.5)
        return write(file, position, *pieces)

    with monkeypatch.context() as patch:
        patch.setattr(PartFile, "write", slowly)
        fetch = Fetch(blob, **PATIENT).start()
        assert writing.wait(10)
        assert fetch.cancel() < AT_ONCE
    assert partial.bytes_on_disk(blob.target) == left
    assert Fetch(blob).run().bytes_fetched == len(data) - left
    assert blob.target.read_bytes() == data
    assert names_in(tmp_path) == {"blob"}


def test_while_another_holds_the_lock(hub: LoopbackHub, tmp_path: Path) -> None:
    blob = blob_of(hub, tmp_path, DATA)
    with file_lock(tmp_path / "blob.lock", Control()):
        fetch = Fetch(blob, **PATIENT).start()
        fetch.wait(lambda status: status.state is State.WAITING)
        assert fetch.cancel() < AT_ONCE
        assert names_in(tmp_path) == {"blob.lock"}


def test_one_job_is_cancelled_and_the_other_goes_on(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.settings.rate = 3_000_000
    blob = blob_of(hub, tmp_path / "one", DATA)
    one, two = Fetch(blob).start(), Fetch(blob_of(hub, tmp_path / "two", DATA)).start()
    one.wait(lambda status: status.bytes_done > 0)
    two.wait(lambda status: status.bytes_done > 0)
    assert_one = one.cancel()
    two.join()
    assert assert_one < AT_ONCE
    assert two.result and two.blob.target.read_bytes() == DATA


def test_a_report_that_fails_ends_the_transfer(hub: LoopbackHub, tmp_path: Path) -> None:
    def report(status: TransferStatus) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transfer.fetch(blob_of(hub, tmp_path, DATA), control=Control(), report=report)
    assert names_in(tmp_path) <= {"blob.part", "blob.part.journal"}
