# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates, pauses and sizes on disks without symbolic links, and on those where a file has one name alone."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import kinds
from subtitle_editor.core.catalog.entries import Catalog, Entry, Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads.preflight import SPACE_MARGIN
from subtitle_editor.core.errors.disk import NoSpaceError
from subtitle_editor.core.events import Failed
from subtitle_editor.core.hub import updates
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.library import layout, removing, verifying
from subtitle_editor.core.library import status as library
from subtitle_editor.core.library.states import ModelState
from subtitle_editor.core.library.status import NEWEST, SAME
from tests.core.downloads.test_bundles import download, flip
from tests.core.transfer_kit import MIB, data_of
from tests.hub.server import Fault, LoopbackHub
from tests.rules import apply

pytestmark = pytest.mark.timeout(60)

REPO = "org/model"
BIG, OTHER = data_of(3 * MIB + 5), data_of(2 * MIB)[::-1]
ENTRY = Entry("model", "Model", kinds.LANGUAGE, 0, (Source(REPO),), own=True)
"""Without `allow`: all files of the repository are its own."""

RULES = ["nolinks", "exfat"]


@pytest.mark.parametrize("rule", RULES)
def test_an_update_fetches_only_what_has_changed_and_says_so(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    apply(rule, monkeypatch)
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"one"})
    first = download(hub, tmp_path, ENTRY).path
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"changed"})
    newer = updates.check_updates(Hub(hub.endpoint), tmp_path, ENTRY)
    assert newer is not None and newer.size == len(b"changed")
    hub.forget_requests()
    second = download(hub, tmp_path, ENTRY, NEWEST).path
    assert hub.bytes_served(host="content") == 0
    assert second != first and (second / "model.bin").read_bytes() == BIG
    assert (second / "model.bin").samefile(first / "model.bin") is (rule == "nolinks")
    found = library.status(tmp_path, ENTRY)
    assert found.state is ModelState.INSTALLED and found.installed and found.installed.path == second
    # What it took the place of is offered, with what becomes free.
    assert found.former == (len(b"one") if rule == "nolinks" else len(BIG) + len(b"one"))
    assert removing.delete_former(tmp_path, ENTRY) == found.former
    assert not first.exists() and (second / "model.bin").read_bytes() == BIG
    assert library.status(tmp_path, ENTRY).former == 0 == removing.delete_former(tmp_path, ENTRY)
    assert not list(tmp_path.rglob("*.tmp"))


def pause(hub: LoopbackHub, folder: Path) -> None:
    """Download until model.bin is there in part, and stop."""
    manager = DownloadManager(folder, endpoint=hub.endpoint, catalog=Catalog((ENTRY,)))
    hub.faults.add(
        Fault(path="*/model.bin", host="content", stall_after=2_500_000),
        Fault(path="*/model.bin", host="content", stall_before=True, skip=1, times=None),
    )
    job = manager.enqueue(ENTRY.id)
    place = layout.repository_folder(folder, ENTRY.sources[0])
    while not any(at.name == "model.bin" and part.bytes_done >= MIB for at, part in layout.partial_files(place)):
        time.sleep(0.02)
    manager.cancel(job)
    assert manager.wait(job, 10) and manager.shutdown(10)
    hub.faults.clear()


@pytest.mark.parametrize("rule", RULES)
def test_a_paused_download_is_no_model(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    """Its first large file lies in the snapshot, whole, beside the part of the second one."""
    apply(rule, monkeypatch)
    hub.add_model(REPO, {"a.bin": OTHER, "model.bin": BIG, "notes.txt": b"one"})
    pause(hub, tmp_path)
    found = library.status(tmp_path, ENTRY)
    assert found.state is ModelState.PARTIAL and found.installed is None
    assert library.find(tmp_path, ENTRY) is None
    assert len(OTHER) < found.bytes_done < found.bytes_total == len(OTHER) + len(BIG) + 3
    hub.forget_requests()
    assert download(hub, tmp_path, ENTRY).path
    assert hub.bytes_served(host="content") < len(BIG) - 1_000_000 + MIB
    assert verifying.verify(tmp_path, ENTRY).whole
    assert library.status(tmp_path, ENTRY).state is ModelState.INSTALLED


@pytest.mark.parametrize("rule", RULES)
def test_without_a_plan_a_part_is_still_no_file(tmp_path: Path, rule: str) -> None:
    """Our notes may have been deleted, or the disk too full for them."""
    snapshot = layout.repository_folder(tmp_path, ENTRY.sources[0]) / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    for suffix in (".part", ".part.journal", ".part.spool", ".lock"):
        (snapshot / f"model.bin{suffix}").write_bytes(b"" if suffix == ".lock" else b"x")
    assert library.status(tmp_path, ENTRY).state is not ModelState.UNVERIFIED
    (snapshot / "poetry.lock").write_bytes(b"of the model")
    assert library.status(tmp_path, ENTRY).state is ModelState.UNVERIFIED
    assert removing.delete(tmp_path, ENTRY) > 0
    assert not (snapshot / "poetry.lock").exists()


@pytest.mark.parametrize("rule", RULES)
def test_a_paused_download_goes_on_when_the_hub_has_a_newer_version(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    apply(rule, monkeypatch)
    hub.add_model(REPO, {"a.bin": OTHER, "model.bin": BIG, "notes.txt": b"one"})
    pause(hub, tmp_path)
    hub.add_model(REPO, {"a.bin": OTHER, "model.bin": BIG, "notes.txt": b"two"})
    hub.forget_requests()
    path = download(hub, tmp_path, ENTRY).path
    assert hub.bytes_served(host="content") < len(BIG) - 1_000_000 + MIB
    assert {one.name: one.read_bytes() for one in path.iterdir()} == {
        "a.bin": OTHER,
        "model.bin": BIG,
        "notes.txt": b"two",
    }
    assert not list(tmp_path.rglob("*.part*"))


@pytest.mark.parametrize("rule", RULES)
def test_damage_is_not_taken_over(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """Neither by an update, which shares or copies, nor by a repair, which finds it in the version before."""
    apply(rule, monkeypatch)
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"one"})
    first = download(hub, tmp_path, ENTRY).path
    flip(first / "model.bin")
    if rule == "nolinks":  # A second name reads nothing: who shares a file relies on its last verification.
        assert verifying.verify(tmp_path, ENTRY).damaged == ("model.bin",)
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"two"})
    second = download(hub, tmp_path, ENTRY, NEWEST).path
    assert (second / "model.bin").read_bytes() == BIG
    assert library.status(tmp_path, ENTRY).state is ModelState.INSTALLED
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"three"})
    third = download(hub, tmp_path, ENTRY, NEWEST).path
    flip(third / "model.bin")
    assert verifying.verify(tmp_path, ENTRY).damaged == ("model.bin",)
    removing.remove_damaged(tmp_path, ENTRY)
    assert download(hub, tmp_path, ENTRY, SAME).path == third
    assert verifying.verify(tmp_path, ENTRY).whole


def test_what_must_be_copied_needs_room(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply("exfat", monkeypatch)
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"one"})
    download(hub, tmp_path, ENTRY)
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"two"})
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=SPACE_MARGIN + len(BIG) - 1))
    end = download(hub, tmp_path, ENTRY, NEWEST)
    assert isinstance(end, Failed) and isinstance(end.error, NoSpaceError)


def test_what_was_kept_in_snapshots_is_used_where_links_came_later(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has switched the developer mode on."""
    with monkeypatch.context() as patch:
        apply("nolinks", patch)
        hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"one"})
        download(hub, tmp_path, ENTRY)
    hub.add_model(REPO, {"model.bin": BIG, "notes.txt": b"two"})
    hub.forget_requests()
    path = download(hub, tmp_path, ENTRY, NEWEST).path
    assert (path / "model.bin").is_symlink() and (path / "model.bin").read_bytes() == BIG
    assert hub.bytes_served(host="content") == 0
    assert verifying.verify(tmp_path, ENTRY).whole
