# SPDX-License-Identifier: GPL-3.0-or-later
"""A life of a download under the rules of other systems. All tests run under them with `python3 dev.py test ports`."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from subtitle_editor.core.transfer import partial
from subtitle_editor.core.transfer.file import PartFile
from tests.core.transfer_kit import MIB, PATTERN, Fetch, blob_of, data_of, names_in
from tests.hub.server import Fault, LoopbackHub
from tests.rules import apply, is_open

pytestmark = pytest.mark.timeout(60)

DATA = data_of(8 * MIB + 3)


@pytest.mark.parametrize("rules", ["share", "scanner", "deaf", "share,scanner,deaf"])
def test_paused_resumed_damaged_finished_and_discarded(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    apply(rules, monkeypatch)
    blob = blob_of(hub, tmp_path, DATA)
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, stall_after=2_500_000))
    fetch = Fetch(blob, stall_seconds=20.0, connections=1).start()
    fetch.wait(lambda status: status.bytes_done >= 2_500_000)
    assert fetch.cancel() < 1.0
    hub.faults.clear()
    left = partial.bytes_on_disk(blob.target)
    assert left >= 2 * MIB, "but for what a thread has in memory that cannot be woken"
    hub.faults.add(Fault(path=PATTERN, host="content", corrupt_at=6_000_000))
    assert Fetch(blob).run().bytes_fetched == 2 * (len(DATA) - left)
    assert blob.target.read_bytes() == DATA
    assert names_in(tmp_path) - {"blob.lock"} == {"blob"}
    blob.target.unlink()
    hub.faults.clear()
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, stall_after=2_500_000))
    fetch = Fetch(blob, stall_seconds=20.0, connections=1).start()
    fetch.wait(lambda status: status.bytes_done >= 2_500_000)
    assert fetch.cancel() < 1.0
    assert partial.discard(blob.target)
    assert not any(path.name.startswith("blob.part") for path in tmp_path.iterdir()), "it is not held any more"


@pytest.mark.parametrize("rules", ["share", "share,scanner"])
def test_a_sync_that_outlasts_the_download(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    """The thread of the checkpoints is in the middle of one when all is there: its file is open, and gets no name."""
    apply(rules, monkeypatch)
    monkeypatch.setattr("subtitle_editor.core.transfer.checkpoints._EVERY", 0.01)
    syncing, sync = threading.Event(), PartFile.sync

    def slow(file: PartFile) -> None:
        if "checkpoints" in threading.current_thread().name:
            syncing.set()
            threading.Event().wait(0.7)
        sync(file)

    monkeypatch.setattr(PartFile, "sync", slow)
    blob = blob_of(hub, tmp_path, DATA)
    assert Fetch(blob).run().bytes_fetched == len(DATA)
    assert syncing.is_set() and blob.target.read_bytes() == DATA
    assert not is_open(blob.target)
