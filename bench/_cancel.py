# SPDX-License-Identifier: GPL-3.0-or-later
"""How long from `cancel()` to the end of `fetch()`, in every state a transfer can be in."""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.events import State
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.locks import file_lock
from subtitle_editor.core.transfer import fetch, partial
from subtitle_editor.core.transfer.blob import Blob, TransferStatus
from subtitle_editor.core.transfer.journal import Identity, Journal
from tests.hub.server import Fault, LoopbackHub

SIZE = 400_000_000
URL = "/bench/big/resolve/main/model.bin"


class Case:
    """A state to cancel in: the fault that brings it about, and how to see that it is there."""

    def __init__(self, name: str, fault: Fault | None, state: State | None = None, resumed: bool = False) -> None:
        self.name = name
        self.fault = fault
        self.state = state
        self.resumed = resumed
        """All but the last MiB is there from an earlier run."""


def cases() -> list[Case]:
    """The states of the promise. "connecting" is a host whose queue of connections never answers."""
    forever = {"times": None}
    return [
        Case("waiting for the hub's answer", Fault(path="*/resolve/*", host="hub", stall_before=True, **forever)),
        Case("waiting for the content host", Fault(path="*", host="content", stall_before=True, **forever)),
        Case("reading at full speed", None, State.DOWNLOADING),
        Case("reading, server silent", Fault(path="*", host="content", stall_after=1_000_000, **forever)),
        Case(
            "waiting to retry",
            Fault(path="*", host="content", status=429, headers={"Retry-After": "60"}, **forever),
            State.RETRYING,
        ),
        Case("hashing", None, State.VERIFYING),
        Case("hashing, last bytes just fetched", None, State.VERIFYING, resumed=True),
        Case("waiting for another process", None, State.WAITING),
    ]


def cancel_table(runs: int) -> None:
    """Print the table: median and 99th percentile in milliseconds."""
    print(f"\nFrom cancel() to the end of the transfer, {runs} times each\n")
    print("| state | p50 ms | p99 ms | asked for |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="bench-cancel-") as place, LoopbackHub() as hub:
        source = Path(place, "model.bin")
        with source.open("wb") as file:
            file.truncate(SIZE)
        hub.add_model("bench/big", {"model.bin": source})
        sha256 = hub.revision("bench/big").files["model.bin"].sha256
        for case in cases():
            times = sorted(_once(case, hub, Path(place, "out", str(n)), str(sha256)) for n in range(runs))
            _row(case.name, times)
        times = sorted(_connecting(Path(place, "out", "connecting")) for _ in range(runs))
        _row("connecting", times)


def _row(name: str, times: list[float]) -> None:
    """`times` in seconds, ascending."""
    middle, late = times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3
    print(f"| {name} | {middle:.1f} | {late:.1f} | 100: {'yes' if late <= 100 else 'no'} |", flush=True)


def _once(case: Case, hub: LoopbackHub, target: Path, sha256: str) -> float:
    hub.faults.clear()
    seen = threading.Event()
    if case.fault is not None:
        hub.faults.add(case.fault)
    blob = Blob(url=hub.endpoint + URL, target=target, size=SIZE, sha256=sha256)

    def report(status: TransferStatus) -> None:
        if status.state is case.state:
            seen.set()

    if case.resumed:
        _leave_partial(blob)
    elif case.state is State.VERIFYING:
        # The file is there, and is checked before it is believed.
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.truncate(SIZE)
    elif case.state is State.WAITING:
        target.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(target.with_name(target.name + ".lock"), Control(), waiting=lambda: None):
            return _cancel(lambda control: fetch.fetch(blob, control=control, report=report), lambda: seen.wait(20))

    fault, before = case.fault, case.fault.fired if case.fault else 0

    def reached() -> bool:
        return fault.wait(before + 1) if fault is not None and case.state is None else seen.wait(20)

    taken = _cancel(lambda control: fetch.fetch(blob, control=control, report=report), reached)
    partial.discard(target)
    return taken


def _leave_partial(blob: Blob) -> None:
    """All but the last MiB of a file of zeros."""
    blob.target.parent.mkdir(parents=True, exist_ok=True)
    there = SIZE - (1 << 20)
    with partial.part_file(blob.target).open("wb") as file:
        file.truncate(there)
    Journal(partial.journal_file(blob.target), Identity(SIZE, blob.sha256, None), [(0, there)]).close()


def _connecting(target: Path) -> float:
    """A listening socket whose queue is full leaves whoever connects in the air, as a dead host does."""
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        fillers = [socket.socket() for _ in range(8)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        time.sleep(0.02)
        blob = Blob(url=f"http://127.0.0.1:{server.getsockname()[1]}/x", target=target, size=SIZE)
        try:
            return _cancel(lambda control: fetch.fetch(blob, control=control), lambda: not time.sleep(0.1))
        finally:
            for filler in fillers:
                filler.close()
            partial.discard(target)


def _cancel(work: Callable[[Control], object], reached: Callable[[], bool]) -> float:
    control, ended = Control(), []

    def run() -> None:
        try:
            work(control)
        except JobCancelled:
            ended.append(time.perf_counter())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not reached():
        control.cancel()
        raise RuntimeError("the state to cancel in never came")
    time.sleep(random.uniform(0, 0.02))
    began = time.perf_counter()
    control.cancel()
    thread.join(30)
    if not ended:
        raise RuntimeError("the transfer ended before it was cancelled, or not at all")
    return ended[0] - began
