# SPDX-License-Identifier: GPL-3.0-or-later
"""What is more than one repository of models: bundles, datasets, direct addresses; over the loopback hub."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import kinds, reading
from subtitle_editor.core.catalog.entries import Catalog, Entry, Link, Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.errors.base import UsageError
from subtitle_editor.core.errors.hub import GatedError
from subtitle_editor.core.errors.models import ImportModelError
from subtitle_editor.core.errors.network import UnsafeRedirectError
from subtitle_editor.core.events import Checked, Event, Failed, Finished, Progress
from subtitle_editor.core.hub import updates
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.hub.tokens import Token
from subtitle_editor.core.library import layout, removing, verifying
from subtitle_editor.core.library import status as library
from subtitle_editor.core.library.files import files
from subtitle_editor.core.library.importing import import_folder
from subtitle_editor.core.library.states import ModelState
from subtitle_editor.core.library.status import SAME, commit_on_disk
from tests.core.transfer_kit import MIB, data_of
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(60)

Z_IMAGE = reading.load().get("z-image-turbo")
WANTED = {
    "leejet/Z-Image-Turbo-GGUF": ("z_image_turbo-Q8_0.gguf", data_of(2_500_000, 1)),
    "black-forest-labs/FLUX.1-schnell": ("ae.safetensors", data_of(3_200_000, 2)),
    "unsloth/Qwen3-4B-Instruct-2507-GGUF": ("Qwen3-4B-Instruct-2507-Q8_0.gguf", data_of(1_700_000, 3)),
}
SIZE = sum(len(data) for _, data in WANTED.values())
FLUX = "black-forest-labs/FLUX.1-schnell"


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        for repo, (name, data) in WANTED.items():
            hub.add_model(repo, {name: data, "README.md": b"#", "other-Q4_0.gguf": data_of(1_100_000, 4)})
        yield hub


def run(manager: DownloadManager, model: str, revision: str | None = None) -> list[Event]:
    """Everything one download says, its End last."""
    job = manager.enqueue(model, revision)
    events: list[Event] = []
    deadline = time.monotonic() + 40
    while not (events and isinstance(events[-1], Finished | Failed)):
        assert time.monotonic() < deadline
        events += manager.drain()
        time.sleep(0.01)
    assert manager.wait(job, 5)
    return events


def download(hub: LoopbackHub, folder: Path, entry: Entry, revision: str | None = None, token: str = "") -> Event:
    manager = DownloadManager(folder, endpoint=hub.endpoint, token=token or None, catalog=Catalog((entry,)))
    try:
        return run(manager, entry.id, revision)[-1]
    finally:
        assert manager.shutdown(10)


def stand_still(hub: LoopbackHub, path: str) -> None:
    """Some of a file comes, and then nothing more, however often it is asked for."""
    hub.faults.add(
        Fault(path=path, host="content", stall_after=2_500_000),
        Fault(path=path, host="content", stall_before=True, skip=1, times=None),
    )


def wait_for_partial(folder: Path, part: Source) -> None:
    """Until some of a file is on the disk."""
    deadline = time.monotonic() + 30
    while not any(found.bytes_done for _, found in layout.partial_files(layout.repository_folder(folder, part))):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


# The bundle


def test_three_repositories_are_one_job_with_one_total(hub: LoopbackHub, tmp_path: Path):
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    events = run(manager, "z-image-turbo")
    assert isinstance(events[-1], Finished), events[-1]
    progress = [event for event in events if isinstance(event, Progress) and event.bytes_total]
    assert {(one.bytes_total, one.files_total) for one in progress} == {(SIZE, 3)}
    assert len({one.job for one in progress}) == 1
    done = [one.bytes_done for one in progress]
    assert done == sorted(done) and done[-1] == SIZE and progress[-1].files_done == 3
    # A connection without work may take over half of another's part, which then was asked for twice.
    assert SIZE <= hub.bytes_served("*", host="content") <= SIZE + len(WANTED) * MIB
    assert manager.history()[0].bytes_fetched == SIZE
    found = library.status(tmp_path, Z_IMAGE)
    assert found.state is ModelState.INSTALLED and (found.bytes_done, found.bytes_total) == (SIZE, SIZE)
    assert found.installed and found.installed.size == SIZE and found.installed.path == events[-1].path
    listed = files(tmp_path, Z_IMAGE)
    assert [(file.repo, file.name) for file in listed] == [(repo, name) for repo, (name, _) in WANTED.items()]
    for file in listed:
        assert file.state is ModelState.INSTALLED and file.path is not None
        assert file.path.read_bytes() == WANTED[file.repo][1]
    assert verifying.verify(tmp_path, Z_IMAGE).whole


def test_what_is_known_of_each_file_before_during_and_after(hub: LoopbackHub, tmp_path: Path):
    before = files(tmp_path, Z_IMAGE)
    assert [file.name for file in before] == [name for name, _ in WANTED.values()]
    assert {file.state for file in before} == {ModelState.MISSING}
    stand_still(hub, "*/ae.safetensors")
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, connections=1)
    job = manager.enqueue("z-image-turbo")
    wait_for_partial(tmp_path, Z_IMAGE.parts[1])
    manager.pause(job)
    deadline = time.monotonic() + 20
    while not any(isinstance(e, Progress) and e.state == "paused" for e in manager.drain()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first, second, third = files(tmp_path, Z_IMAGE)
    assert first.state is ModelState.INSTALLED
    assert second.state is ModelState.PARTIAL and 0 < second.bytes_done < second.size == 3_200_000
    assert third.state is ModelState.MISSING and third.size == 1_700_000 and third.path is None
    status = library.status(tmp_path, Z_IMAGE)
    assert status.state is ModelState.PARTIAL and status.bytes_total == SIZE
    assert status.bytes_done == 2_500_000 + second.bytes_done
    hub.faults.clear()
    hub.forget_requests()
    manager.resume(job)
    assert manager.wait(job, 30)
    assert library.status(tmp_path, Z_IMAGE).state is ModelState.INSTALLED
    assert hub.bytes_served("*", host="content") <= SIZE - status.bytes_done
    assert manager.shutdown(10)


def test_a_bundle_is_repaired_file_by_file_at_its_own_commits(hub: LoopbackHub, tmp_path: Path):
    download(hub, tmp_path, Z_IMAGE)
    commits = {part: commit_on_disk(tmp_path, part) for part in Z_IMAGE.parts}
    for repo, (name, _) in WANTED.items():
        hub.add_model(repo, {name: data_of(1_300_000, 9)})  # Newer: a repair does not want it.
    damaged = next(file for file in files(tmp_path, Z_IMAGE) if file.repo == FLUX)
    assert damaged.path
    flip(damaged.path)
    found = verifying.verify(tmp_path, Z_IMAGE)
    assert found.damaged == (f"{FLUX}/ae.safetensors",) and len(found.verified) == 2
    status = library.status(tmp_path, Z_IMAGE)
    assert status.state is ModelState.DAMAGED and status.damaged == found.damaged
    assert [file.state for file in files(tmp_path, Z_IMAGE)].count(ModelState.DAMAGED) == 1
    assert removing.remove_damaged(tmp_path, Z_IMAGE) == found.damaged
    hub.forget_requests()
    end = download(hub, tmp_path, Z_IMAGE, SAME)
    assert isinstance(end, Finished), end
    assert 3_200_000 <= hub.bytes_served("*", host="content") <= 3_200_000 + MIB
    assert {part: commit_on_disk(tmp_path, part) for part in Z_IMAGE.parts} == commits
    assert verifying.verify(tmp_path, Z_IMAGE).whole


def test_a_newer_revision_of_any_part_is_an_update(hub: LoopbackHub, tmp_path: Path):
    download(hub, tmp_path, Z_IMAGE)
    assert updates.check_updates(Hub(hub.endpoint), tmp_path, Z_IMAGE) is None
    hub.add_model(FLUX, {"ae.safetensors": data_of(1_300_000, 9)})
    newer = updates.check_updates(Hub(hub.endpoint), tmp_path, Z_IMAGE)
    assert newer and newer.size == 1_300_000
    assert library.status(tmp_path, Z_IMAGE).state is ModelState.UPDATE
    assert isinstance(download(hub, tmp_path, Z_IMAGE), Finished)
    assert library.status(tmp_path, Z_IMAGE).state is ModelState.INSTALLED


def test_delete_takes_the_bundles_files_and_no_others(hub: LoopbackHub, tmp_path: Path):
    other = Entry("other", "Other", kinds.IMAGE, 1, (Source(FLUX, allow=("other-Q4_0.gguf", "ae.safetensors")),))
    download(hub, tmp_path, Z_IMAGE)
    download(hub, tmp_path, other)
    assert removing.delete(tmp_path, other) == 1_100_000 + 3_200_000
    assert isinstance(download(hub, tmp_path, Z_IMAGE), Finished)
    assert removing.delete(tmp_path, Z_IMAGE) == SIZE
    assert library.status(tmp_path, Z_IMAGE).state is ModelState.MISSING
    assert not list(tmp_path.glob("models--*"))


def test_blobs_that_another_entry_links_stay(hub: LoopbackHub, tmp_path: Path):
    """Two entries over one repository, the same content under two names: one blob."""
    same = data_of(1_500_000, 7)
    hub.add_model("ada/twins", {"a.bin": same, "b.bin": same})
    a, b = (Entry(x, x, kinds.LANGUAGE, 1, (Source("ada/twins", allow=(f"{x}.bin",)),)) for x in "ab")
    download(hub, tmp_path, a)
    download(hub, tmp_path, b)
    freed = removing.delete(tmp_path, a)
    assert library.status(tmp_path, b).state is ModelState.INSTALLED
    [file] = files(tmp_path, b)
    assert file.path and file.path.read_bytes() == same
    assert freed == (1_500_000 if "exfat" in os.environ.get("SUBTITLE_EDITOR_TEST_RULES", "") else 0)


def test_the_part_that_is_gated_is_named_before_the_first_byte(hub: LoopbackHub, tmp_path: Path):
    name, data = WANTED[FLUX]
    hub.add_model(FLUX, {name: data}, gated=True)
    end = download(hub, tmp_path, Z_IMAGE)
    assert isinstance(end, Failed) and isinstance(end.error, GatedError)
    assert FLUX in end.error.message and f"{hub.endpoint}/{FLUX}" in end.error.hint
    assert hub.bytes_served("*", host="content") == 0
    hub.accept_token("hf_ada", "ada")
    hub.grant(FLUX, "ada")
    assert isinstance(download(hub, tmp_path, Z_IMAGE, token=Token("hf_ada")), Finished)


def test_one_revision_does_not_fit_three_repositories(hub: LoopbackHub, tmp_path: Path):
    end = download(hub, tmp_path, Z_IMAGE, "v1.0")
    assert isinstance(end, Failed) and isinstance(end.error, UsageError)
    assert "several repositories" in end.error.message


def test_files_with_one_name_in_two_repositories_both_count(hub: LoopbackHub, tmp_path: Path):
    first, second = data_of(1_100_000, 5), data_of(1_300_000, 6)
    hub.add_model("ada/one", {"model.bin": first, "config.json": b"{}"})
    hub.add_dataset("ada/two", {"model.bin": second, "config.json": b"[1]"})
    twins = Entry("twins", "Twins", kinds.LANGUAGE, 1, (Source("ada/one"), Source("ada/two", "dataset")))
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, catalog=Catalog((twins,)))
    events = run(manager, "twins")
    assert isinstance(events[-1], Finished), events[-1]
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.bytes_done == last.bytes_total == 2_400_000 + 5 and last.files_done == last.files_total == 4
    assert {(file.repo, file.name): file.size for file in files(tmp_path, twins)} == {
        ("ada/one", "config.json"): 2,
        ("ada/one", "model.bin"): 1_100_000,
        ("ada/two", "config.json"): 3,
        ("ada/two", "model.bin"): 1_300_000,
    }


# Datasets


def test_a_dataset_on_a_branch_of_its_own(hub: LoopbackHub, tmp_path: Path):
    entry = reading.load().get("parsinlu-translation-fa-en")
    repo = entry.sources[0].repo
    hub.add_dataset(repo, {"script.py": b"pass"})
    hub.add_branch(repo, "refs/convert/parquet", {"train/0000.parquet": data_of(1_200_000, 8), "readme": b"1"})
    end = download(hub, tmp_path, entry)
    assert isinstance(end, Finished) and end.path, end
    assert end.path.parent.parent.name == "datasets--persiannlp--parsinlu_translation_fa_en"
    assert sorted(file.name for file in files(tmp_path, entry)) == ["readme", "train/0000.parquet"]
    assert library.status(tmp_path, entry).state is ModelState.INSTALLED
    assert updates.check_updates(Hub(hub.endpoint), tmp_path, entry) is None
    hub.add_branch(repo, "refs/convert/parquet", {"train/0000.parquet": data_of(1_200_000, 9)})
    assert updates.check_updates(Hub(hub.endpoint), tmp_path, entry)
    assert isinstance(download(hub, tmp_path, entry), Finished)
    assert [file.name for file in files(tmp_path, entry)] == ["train/0000.parquet"]
    other = dataclasses.replace(entry, id="main", sources=(Source(repo, "dataset"),))
    assert isinstance(download(hub, tmp_path, other), Finished)
    assert removing.delete(tmp_path, entry) == 2 * 1_200_000 + 1  # Both commits of its branch, and no other's.
    assert library.status(tmp_path, entry).state is ModelState.MISSING
    assert [file.name for file in files(tmp_path, other)] == ["script.py"]
    assert library.status(tmp_path, other).state is ModelState.INSTALLED


def test_ignored_files_are_not_fetched_and_not_missed(hub: LoopbackHub, tmp_path: Path):
    hub.add_dataset("ada/set", {"a.txt": b"a", "b.txt": b"b", "sub/c.bin": data_of(1_100_000)})
    entry = Entry("set", "Set", kinds.DATASET, 1, (Source("ada/set", "dataset", ignore=("b*", "sub/*")),))
    end = download(hub, tmp_path, entry)
    assert isinstance(end, Finished) and end.path
    assert [path.name for path in end.path.rglob("*")] == ["a.txt"]
    assert library.status(tmp_path, entry).state is ModelState.INSTALLED
    assert hub.bytes_served("*", host="content") == 0


def test_a_gated_dataset_sends_to_its_own_page(hub: LoopbackHub, tmp_path: Path):
    hub.add_dataset("ada/set", {"a.bin": data_of(1_100_000)}, gated=True)
    entry = Entry("set", "Set", kinds.DATASET, 1, (Source("ada/set", "dataset"),))
    end = download(hub, tmp_path, entry)
    assert isinstance(end, Failed) and isinstance(end.error, GatedError)
    assert end.error.url == f"{hub.endpoint}/datasets/ada/set"


# Direct addresses


def linked(hub: LoopbackHub, **contents: bytes) -> Entry:
    links = tuple(
        Link(hub.add_file(name, data), f"sub/{name}.bin", len(data), hashlib.sha256(data).hexdigest())
        for name, data in contents.items()
    )
    return Entry("direct", "Direct", kinds.LANGUAGE, sum(link.size for link in links), (), links=links, own=True)


@pytest.mark.parametrize("links", [True, False])
def test_direct_files_lie_and_live_like_those_of_a_repository(
    hub: LoopbackHub, tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
):
    if not links:
        monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    big, small = data_of(2_000_000), b"small"
    entry = linked(hub, big=big, small=small)
    assert library.status(tmp_path, entry).state is ModelState.MISSING
    hub.accept_token("hf_secret_of_ada", "ada")  # Given to the manager; nobody may get it.
    end = download(hub, tmp_path, entry, token=Token("hf_secret_of_ada"))
    assert isinstance(end, Finished) and end.path, end
    assert (end.path / "sub" / "big.bin").read_bytes() == big
    assert (end.path / "sub" / "small.bin").read_bytes() == small
    assert (end.path / "sub" / "big.bin").is_symlink() is links
    # The hub was not asked, and the token went nowhere.
    assert {request.host for request in hub.requests} == {"content"}
    assert all("authorization" not in request.headers for request in hub.requests)
    assert library.status(tmp_path, entry).state is ModelState.INSTALLED
    flip(end.path / "sub" / "big.bin")
    assert verifying.verify(tmp_path, entry).damaged == ("sub/big.bin",)
    assert library.status(tmp_path, entry).state is ModelState.DAMAGED
    removing.remove_damaged(tmp_path, entry)
    hub.forget_requests()
    assert isinstance(download(hub, tmp_path, entry, SAME), Finished)
    assert hub.bytes_served() == len(big)
    assert verifying.verify(tmp_path, entry).whole
    assert updates.check_updates(Hub(hub.endpoint), tmp_path, entry) is None
    assert removing.delete(tmp_path, entry) == len(big) + len(small)
    assert not list(tmp_path.glob("models--*"))


def test_direct_files_are_imported_as_the_catalogue_has_them(hub: LoopbackHub, tmp_path: Path):
    entry, stick, models = linked(hub, a=data_of(1_500_000), b=b"small"), tmp_path / "stick", tmp_path / "models"
    (stick / "sub").mkdir(parents=True)
    (stick / "sub" / "a.bin").write_bytes(data_of(1_500_000))
    (stick / "notes.txt").write_bytes(b"of the user")
    with pytest.raises(ImportModelError, match=r"no sub/b\.bin"):
        import_folder(models, stick, entry)
    (stick / "sub" / "b.bin").write_bytes(b"smell")
    with pytest.raises(ImportModelError, match=r"sub/b\.bin is damaged"):
        import_folder(models, stick, entry)
    assert not [path for path in models.rglob("*") if path.is_file()]
    (stick / "sub" / "b.bin").write_bytes(b"small")
    made = import_folder(models, stick, entry)
    assert {path.name for path in made.path.rglob("*.*")} == {"a.bin", "b.bin"}
    assert verifying.verify(models, entry).whole
    hub.forget_requests()
    end = download(hub, models, entry)
    assert isinstance(end, Finished) and end.path == made.path and hub.requests == []


def test_direct_files_that_are_all_there_need_no_server(hub: LoopbackHub, tmp_path: Path):
    entry = linked(hub, big=data_of(1_100_000), small=b"small")
    assert isinstance(download(hub, tmp_path, entry), Finished)
    hub.forget_requests()
    there = Hub(hub.endpoint, offline=True)
    plan = there.plan(entry.parts[0], tmp_path)
    assert there.finish(plan, tmp_path, lambda count: None) == library.status(tmp_path, entry).installed.path
    assert hub.requests == []


def test_a_direct_file_resumes(hub: LoopbackHub, tmp_path: Path):
    big = data_of(3_000_000)
    entry = linked(hub, big=big)
    stand_still(hub, "/files/big")
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, catalog=Catalog((entry,)), connections=1)
    manager.enqueue("direct")
    wait_for_partial(tmp_path, entry.parts[0])
    assert manager.shutdown(10)
    found = library.status(tmp_path, entry)
    assert found.state is ModelState.PARTIAL and 0 < found.bytes_done < found.bytes_total == len(big)
    hub.faults.clear()
    hub.forget_requests()
    assert isinstance(download(hub, tmp_path, entry), Finished)
    assert hub.bytes_served() <= len(big) - found.bytes_done


def test_a_direct_file_that_is_another_than_the_catalogue_says_is_not_kept(hub: LoopbackHub, tmp_path: Path):
    entry = linked(hub, big=data_of(1_500_000))
    hub.add_file("big", data_of(1_500_000, 2))
    end = download(hub, tmp_path, entry)
    assert isinstance(end, Failed) and end.error.code == "corrupt"
    assert not list(tmp_path.rglob("*.bin"))


def test_a_direct_address_that_leads_out_of_https_is_refused(hub: LoopbackHub, tmp_path: Path):
    entry = linked(hub, big=data_of(1_500_000))
    away = {"Location": "http://192.0.2.1/big"}
    hub.faults.add(Fault(path="/files/big", status=302, headers=away, times=None))
    end = download(hub, tmp_path, entry)
    assert isinstance(end, Failed) and isinstance(end.error, UnsafeRedirectError)


def test_changed_hashes_in_the_catalogue_are_another_model(hub: LoopbackHub, tmp_path: Path):
    old = linked(hub, big=data_of(1_500_000))
    assert isinstance(download(hub, tmp_path, old), Finished)
    new = linked(hub, big=data_of(1_500_000, 2))
    assert library.find(tmp_path, new) is None
    assert isinstance(download(hub, tmp_path, new), Finished)
    assert verifying.verify(tmp_path, new).whole
    assert removing.delete(tmp_path, new) == 3_000_000


def test_repository_and_direct_file_together(hub: LoopbackHub, tmp_path: Path):
    hub.add_model("ada/one", {"config.json": b"{}"})
    both = dataclasses.replace(linked(hub, big=data_of(1_500_000)), sources=(Source("ada/one"),))
    assert isinstance(download(hub, tmp_path, both), Finished)
    found = library.status(tmp_path, both)
    assert found.state is ModelState.INSTALLED and found.bytes_total == 1_500_002
    assert {file.repo for file in files(tmp_path, both)} == {"ada/one", both.links[0].url}


@pytest.mark.parametrize("sources", [(), (Source("ada/one"),)])
def test_the_checks_name_the_servers_that_give_the_files(hub: LoopbackHub, tmp_path: Path, sources: tuple[Source, ...]):
    """The token is for the hub: where nothing is the hub's, none was accepted."""
    hub.add_model("ada/one", {"one.bin": data_of(1_100_000, 5)})
    hub.accept_token("hf_ada", "ada")
    entry = dataclasses.replace(linked(hub, big=data_of(1_500_000), small=b"small"), sources=sources)
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, token=Token("hf_ada"), catalog=Catalog((entry,)))
    try:
        (checked,) = (event for event in run(manager, entry.id) if isinstance(event, Checked))
    finally:
        assert manager.shutdown(10)
    servers = [hub.endpoint, hub.content_endpoint] if sources else [hub.content_endpoint]
    assert checked.endpoint == ", ".join(servers)
    assert checked.token is bool(sources)


def test_what_arrived_before_an_interruption_counts_as_compared(hub: LoopbackHub, tmp_path: Path):
    hub.add_model("ada/two", {"a.bin": data_of(1_200_000, 1), "b.bin": data_of(3_200_000, 2)})
    entry = Entry("two", "Two", kinds.LANGUAGE, 1, (Source("ada/two"),))
    stand_still(hub, "*/b.bin")
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, catalog=Catalog((entry,)), connections=1)
    manager.enqueue("two")
    wait_for_partial(tmp_path, Source("ada/two"))
    while (tmp_path / "models--ada--two" / "blobs").exists() and files(tmp_path, entry)[0].path is None:
        time.sleep(0.02)
    assert manager.shutdown(10)
    hub.faults.clear()
    assert isinstance(download(hub, tmp_path, entry), Finished)
    assert library.status(tmp_path, entry).state is ModelState.INSTALLED


# Pinned and floating


def test_a_pinned_commit_stays_what_it_is(hub: LoopbackHub, tmp_path: Path):
    old = hub.add_model("ada/one", {"a.bin": data_of(1_200_000, 1), "b.txt": b"1"})
    new = hub.add_model("ada/one", {"a.bin": data_of(1_200_000, 2), "b.txt": b"1"})
    pinned = Entry("pinned", "Pinned", kinds.LANGUAGE, 1, (Source("ada/one", revision=old),))
    floating = Entry("floating", "Floating", kinds.LANGUAGE, 1, (Source("ada/one"),))
    end = download(hub, tmp_path, pinned)
    assert isinstance(end, Finished) and end.path and end.path.name == old
    assert library.status(tmp_path, pinned).state is ModelState.INSTALLED
    assert updates.check_updates(Hub(hub.endpoint), tmp_path, pinned) is None
    end = download(hub, tmp_path, floating)
    assert isinstance(end, Finished) and end.path and end.path.name == new
    assert layout.read_ref(tmp_path / "models--ada--one", "main") == new
    assert [file.path.read_bytes() for file in files(tmp_path, pinned) if file.path] == [data_of(1_200_000, 1), b"1"]
    assert removing.delete(tmp_path, pinned) == 1_200_000  # The other file is shared.
    assert library.status(tmp_path, floating).state is ModelState.INSTALLED
    assert library.find(tmp_path, pinned) is None


def test_what_one_entry_planned_hides_no_files_of_another(hub: LoopbackHub, tmp_path: Path):
    hub.add_model("ada/two", {"a.bin": data_of(3_200_000, 1), "b.bin": data_of(1_100_000, 2)})
    a, b = (Entry(x, x, kinds.LANGUAGE, 1, (Source("ada/two", allow=(f"{x}.bin",)),)) for x in "ab")
    stand_still(hub, "*/a.bin")
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, catalog=Catalog((a,)), connections=1)
    manager.enqueue("a")
    wait_for_partial(tmp_path, a.parts[0])
    assert manager.shutdown(10)
    assert [(file.name, file.state) for file in files(tmp_path, a)] == [("a.bin", ModelState.PARTIAL)]
    assert [(file.name, file.state) for file in files(tmp_path, b)] == [("b.bin", ModelState.MISSING)]
    assert library.status(tmp_path, a).state is ModelState.PARTIAL
    assert library.status(tmp_path, b).state is ModelState.MISSING
    assert removing.delete(tmp_path, b) == removing.discard(tmp_path, b) == 0
    assert library.status(tmp_path, a).state is ModelState.PARTIAL
    assert removing.discard(tmp_path, a) > 0
    assert library.status(tmp_path, a).state is ModelState.MISSING
