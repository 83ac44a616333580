# SPDX-License-Identifier: GPL-3.0-or-later
"""The library over folders that real downloads from the loopback hub made."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.catalog import entries, kinds, reading
from subtitle_editor.core.catalog.entries import Entry, Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.errors.base import JobCancelled, SubtitleEditorError
from subtitle_editor.core.errors.disk import NoAccessError
from subtitle_editor.core.errors.models import (
    ImportModelError,
    LinkedFolderError,
    ModelBusyError,
    ModelDamagedError,
    ModelNotInstalledError,
)
from subtitle_editor.core.events import Finished, Progress
from subtitle_editor.core.hub import kept, updates
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.hub.plan import PlannedFile
from subtitle_editor.core.library import files, importing, layout, moving, removing, states, verifying
from subtitle_editor.core.library import marks as library_marks
from subtitle_editor.core.library import status as library
from subtitle_editor.core.library.importing import import_folder
from subtitle_editor.core.library.states import ModelState
from subtitle_editor.core.system import files as disk
from subtitle_editor.core.system.control import Control
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(60)

TINY = reading.load().get("tiny")
REPO = "Systran/faster-whisper-tiny"
REAL = Path(__file__).parents[2] / "data" / "tiny_whisper" / "model"
MODEL = bytes(range(256)) * 12_000  # 3 MB
FILES = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n", "model.bin": MODEL}
FILES["README.md"] = b"#"
SIZE = sum(len(data) for name, data in FILES.items() if name != "README.md")


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        hub.add_model(REPO, FILES)
        yield hub


def download(hub: LoopbackHub, folder: Path, revision: str | None = None) -> Path:
    manager = DownloadManager(folder, endpoint=hub.endpoint)
    job = manager.enqueue("tiny", revision)
    assert manager.wait(job, 30)
    end = manager.drain()[-1]
    assert isinstance(end, Finished) and end.path is not None, end
    return end.path


def interrupted(hub: LoopbackHub, folder: Path) -> DownloadManager:
    """A download that stands still in the middle of model.bin."""
    hub.faults.add(Fault(path="*", host="content", stall_after=1_500_000, times=None))
    manager = DownloadManager(folder, endpoint=hub.endpoint, connections=1)
    job = manager.enqueue("tiny")
    repository = layout.repository_folder(folder, TINY.sources[0])
    deadline = time.monotonic() + 30
    while not any(part.bytes_done for _, part in layout.partial_files(repository)):
        assert time.monotonic() < deadline and not manager.wait(job, 0)
        time.sleep(0.02)
    return manager


def state(folder: Path) -> ModelState:
    return library.status(folder, TINY).state


def flip(path: Path, position: int = 1) -> None:
    """One byte of a file turns."""
    with path.open("r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 1]))
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))  # The clock of some disks is too coarse to tell.


def test_what_we_downloaded_counts_as_verified(hub: LoopbackHub, tmp_path: Path):
    assert state(tmp_path) is ModelState.MISSING
    path = download(hub, tmp_path)
    found = library.status(tmp_path, TINY)
    assert found.state is ModelState.INSTALLED
    assert found.installed == states.Installed(path, SIZE, path.name)
    assert (found.bytes_done, found.bytes_total, found.partials) == (SIZE, SIZE, 0)


def test_a_snapshot_of_another_program_is_unverified_until_verified(hub: LoopbackHub, tmp_path: Path):
    path = download(hub, tmp_path)
    (path.parent.parent / library_marks.FILE).unlink()
    assert state(tmp_path) is ModelState.UNVERIFIED
    seen: list[Progress] = []
    found = verifying.verify(tmp_path, TINY, report=seen.append, job="j")
    assert found.whole and sorted(found.verified) == sorted(name for name in FILES if name != "README.md")
    assert state(tmp_path) is ModelState.INSTALLED
    assert (seen[-1].bytes_done, seen[-1].bytes_total, seen[-1].files_done) == (SIZE, SIZE, 4)
    assert {one.job for one in seen} == {"j"}


@pytest.mark.parametrize("name", ["model.bin", "vocabulary.txt"])
def test_a_flipped_byte_is_found_and_repaired_alone(hub: LoopbackHub, tmp_path: Path, name: str):
    path = download(hub, tmp_path)
    flip(path / name, 0)
    assert state(tmp_path) is ModelState.UNVERIFIED
    found = verifying.verify(tmp_path, TINY)
    assert found.damaged == (name,) and len(found.verified) == 3 and not found.whole
    assert library.status(tmp_path, TINY).state is ModelState.DAMAGED
    assert library.status(tmp_path, TINY).damaged == (name,)
    assert removing.remove_damaged(tmp_path, TINY) == (name,)
    assert sorted(file.name for file in path.iterdir()) == sorted(n for n in FILES if n not in (name, "README.md"))
    assert state(tmp_path) is ModelState.PARTIAL
    hub.forget_requests()
    download(hub, tmp_path, path.name)
    assert state(tmp_path) is ModelState.INSTALLED and (path / name).read_bytes() == FILES[name]
    fetched = {request.path.rsplit("/", 1)[-1] for request in hub.requests if "/resolve/" in request.path}
    assert name in fetched
    assert not any(request.bytes_sent for request in hub.requests_for("*/tokenizer.json", method="GET"))
    if name != "model.bin":
        assert hub.bytes_served("*", host="content") == 0


def test_a_truncated_file_is_damaged_without_being_read(hub: LoopbackHub, tmp_path: Path):
    path = download(hub, tmp_path)
    os.truncate(path / "model.bin", 1000)
    assert library.find(tmp_path, TINY) is None
    found = library.status(tmp_path, TINY)
    assert found.state is ModelState.DAMAGED and found.damaged == ("model.bin",)
    assert verifying.verify(tmp_path, TINY).damaged == ("model.bin",)
    assert removing.remove_damaged(tmp_path, TINY) == ("model.bin",)
    download(hub, tmp_path)
    assert state(tmp_path) is ModelState.INSTALLED


def without_links(path: Path) -> list[str]:
    """A snapshot as a checkout of Git or an archive leaves it that knows no links; their names."""
    names = sorted(file.name for file in path.iterdir())
    for name in names:
        way = os.readlink(path / name)
        (path / name).unlink()
        (path / name).write_text(way, encoding="ascii")
    return names


@pytest.mark.parametrize("has_listing", [True, False])
def test_links_that_became_text_are_no_model_and_repair_makes_them_anew(
    hub: LoopbackHub, tmp_path: Path, has_listing: bool
):
    path = download(hub, tmp_path)
    if not has_listing:  # As a program leaves it that keeps no listing.
        shutil.rmtree(path.parent.parent / ".subtitle-editor", ignore_errors=True)
        for file in path.parent.parent.iterdir():
            if file.name not in ("blobs", "snapshots", "refs"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
    names = tuple(without_links(path))
    found = library.status(tmp_path, TINY)
    assert found.state is ModelState.DAMAGED and found.damaged == found.text_links == names
    assert {file.state for file in files.files(tmp_path, TINY)} == {ModelState.DAMAGED}
    with pytest.raises(ModelDamagedError, match="small text files") as raised:
        library.usable(tmp_path, TINY)
    assert "with its links" in raised.value.hint
    checked = verifying.verify(tmp_path, TINY)
    assert sorted(checked.damaged) == sorted(checked.text_links) == list(names) and not checked.unknown
    with pytest.raises(ImportModelError, match="small text file"):
        importing.check_folder(path, TINY)
    assert set(removing.remove_damaged(tmp_path, TINY, checked.damaged)) == set(names)
    hub.forget_requests()
    assert download(hub, tmp_path, library.SAME) == path and library.usable(tmp_path, TINY).path == path
    assert (path / "model.bin").read_bytes() == MODEL and (path / "model.bin").is_symlink()
    assert hub.bytes_served("*", host="content") == 0, "all is there but the links"


def test_what_is_damaged_beside_lost_links_is_not_called_a_text_file():
    only = ModelDamagedError("tiny", ("config.json",), ("config.json",))
    assert "small text files now: config.json." in str(only.message) and only.lost_links
    both = ModelDamagedError("tiny", ("model.bin", "config.json"), ("config.json",))
    assert str(both.message) == "The model tiny is damaged: model.bin, config.json." and not both.lost_links
    assert "Copy" not in both.hint


def test_a_clone_without_git_lfs_in_a_cache_is_no_model_and_repair_fetches_it(hub: LoopbackHub, tmp_path: Path) -> None:
    """Put there by hand, as people do whose network lets browsers and git through alone."""
    repository = layout.repository_folder(tmp_path, TINY.sources[0])
    snapshot = repository / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    for name, data in FILES.items():
        (snapshot / name).write_bytes(data)
    digest = hashlib.sha256(MODEL).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(MODEL)}\n"
    (snapshot / "model.bin").write_text(pointer)
    found = library.status(tmp_path, TINY)
    assert found.state is ModelState.DAMAGED and found.damaged == ("model.bin",) and not found.text_links
    with pytest.raises(ModelDamagedError):
        library.usable(tmp_path, TINY)
    assert verifying.verify(tmp_path, TINY).damaged == ("model.bin",)
    assert removing.remove_damaged(tmp_path, TINY) == ("model.bin",)
    assert (download(hub, tmp_path) / "model.bin").read_bytes() == MODEL
    assert library.status(tmp_path, TINY).state is ModelState.INSTALLED


@pytest.mark.parametrize(("number", "kept"), [(errno.EACCES, True), (errno.ESTALE, True), (errno.EIO, False)])
def test_what_cannot_be_read_by_us_is_not_called_damaged(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kept: bool
) -> None:
    """A repair would delete another user's file, which is whole."""
    snapshot = download(hub, tmp_path)

    def refused(path: Path, *_: object) -> None:
        if path.name == "model.bin":
            raise OSError(number, os.strerror(number), str(path))

    digest = verifying.listings.digest
    monkeypatch.setattr(verifying.listings, "digest", lambda path, *more: refused(path) or digest(path, *more))
    if kept:
        with pytest.raises(NoAccessError) as caught:
            verifying.verify(tmp_path, TINY)
        assert str(snapshot / "model.bin") in str(caught.value)
        assert library.status(tmp_path, TINY).state is ModelState.INSTALLED
    else:
        assert verifying.verify(tmp_path, TINY).damaged == ("model.bin",)


def test_a_missing_file_is_told_by_verify(hub: LoopbackHub, tmp_path: Path):
    path = download(hub, tmp_path)
    (path / "config.json").unlink()
    found = verifying.verify(tmp_path, TINY)
    assert found.missing == ("config.json",) and not found.damaged and not found.whole
    status = library.status(tmp_path, TINY)
    assert status.state is ModelState.PARTIAL and status.bytes_total == SIZE


def test_verify_of_nothing(tmp_path: Path):
    with pytest.raises(ModelNotInstalledError):
        verifying.verify(tmp_path, TINY)


def test_verify_stops_when_cancelled_and_keeps_what_it_compared(hub: LoopbackHub, tmp_path: Path):
    path = download(hub, tmp_path)
    folder = path.parent.parent
    (folder / library_marks.FILE).unlink()
    control = Control()

    def report(progress: Progress) -> None:
        if progress.files_done == 0:
            control.cancel()

    with pytest.raises(JobCancelled):
        verifying.verify(tmp_path, TINY, control, report)
    assert state(tmp_path) is ModelState.UNVERIFIED
    done = Control()
    done.cancel()
    with pytest.raises(JobCancelled):
        verifying.verify(tmp_path, TINY, done)


def test_without_a_listing_the_name_of_a_blob_is_its_hash(hub: LoopbackHub, tmp_path: Path):
    path = download(hub, tmp_path)
    folder = path.parent.parent
    shutil.rmtree(folder / "trees")
    (folder / library_marks.FILE).unlink()
    assert state(tmp_path) is ModelState.UNVERIFIED
    if (path / "model.bin").is_symlink():
        assert verifying.verify(tmp_path, TINY).whole
        assert state(tmp_path) is ModelState.INSTALLED
    content = (path / "config.json").read_bytes()
    (path / "config.json").unlink()
    (path / "config.json").write_bytes(content)
    found = verifying.verify(tmp_path, TINY)
    assert "config.json" in found.unknown and not found.whole
    assert state(tmp_path) is ModelState.UNVERIFIED


def test_partial_is_counted_and_discarded(hub: LoopbackHub, tmp_path: Path):
    assert interrupted(hub, tmp_path).shutdown()
    found = library.status(tmp_path, TINY)
    assert found.state is ModelState.PARTIAL
    assert 0 < found.bytes_done == found.partials <= len(MODEL) and found.bytes_total == SIZE
    assert removing.discard(tmp_path, TINY) == found.partials
    assert state(tmp_path) is ModelState.MISSING
    assert not layout.repository_folder(tmp_path, TINY.sources[0]).exists()


def test_nothing_is_removed_while_a_download_runs(hub: LoopbackHub, tmp_path: Path):
    manager = interrupted(hub, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for remove in (removing.delete, removing.discard):
        with pytest.raises(ModelBusyError):
            remove(tmp_path, TINY)
    assert sorted(tmp_path.rglob("*")) == before
    hub.faults.clear()
    assert manager.shutdown()
    assert removing.delete(tmp_path, TINY) > 0
    assert state(tmp_path) is ModelState.MISSING


def test_delete_says_what_it_frees_and_leaves_nothing(hub: LoopbackHub, tmp_path: Path):
    download(hub, tmp_path)
    before = layout.usage(tmp_path)
    assert removing.delete(tmp_path, TINY) == SIZE
    assert state(tmp_path) is ModelState.MISSING
    assert not layout.repository_folder(tmp_path, TINY.sources[0]).exists()
    assert layout.usage(tmp_path) < before - SIZE + 1
    assert removing.delete(tmp_path, TINY) == 0


def test_delete_keeps_what_the_entry_does_not_own(hub: LoopbackHub, tmp_path: Path):
    from huggingface_hub import snapshot_download

    path = download(hub, tmp_path)
    snapshot_download(REPO, cache_dir=tmp_path, endpoint=hub.endpoint, token=False)
    assert removing.delete(tmp_path, TINY) == SIZE
    assert [file.name for file in path.iterdir()] == ["README.md"]
    assert (path / "README.md").read_bytes() == b"#"
    assert state(tmp_path) is ModelState.MISSING


def test_blobs_that_another_revision_shares_stay(hub: LoopbackHub, tmp_path: Path):
    old = download(hub, tmp_path)
    hub.add_model(REPO, {**FILES, "vocabulary.txt": b"a\nb\n"})
    new = download(hub, tmp_path)
    assert old != new and state(tmp_path) is ModelState.INSTALLED
    freed = removing.delete(tmp_path, TINY, old.name)
    shared = "exfat" not in os.environ.get("SUBTITLE_EDITOR_TEST_RULES", "")
    assert freed == (2 if shared else SIZE)
    assert not old.exists() and (new / "model.bin").read_bytes() == MODEL
    assert state(tmp_path) is ModelState.INSTALLED


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_links_out_of_the_models_folder_are_not_followed(hub: LoopbackHub, tmp_path: Path):
    models, outside = tmp_path / "models", tmp_path / "outside"
    path = download(hub, models)
    outside.mkdir()
    (outside / "precious").write_text("mine", encoding="utf-8")
    (path / "config.json").unlink()
    (path / "config.json").symlink_to(outside / "precious")
    removing.delete(models, TINY)
    assert (outside / "precious").read_text(encoding="utf-8") == "mine"
    assert state(models) is ModelState.MISSING
    download(hub, outside)
    folder = layout.repository_folder(models, TINY.sources[0])
    folder.symlink_to(layout.repository_folder(outside, TINY.sources[0]))
    assert state(models).usable
    with pytest.raises(LinkedFolderError):
        removing.delete(models, TINY)
    assert state(outside) is ModelState.INSTALLED


@pytest.mark.skipif(os.name != "nt", reason="only Windows has junctions")
def test_junctions_out_of_the_models_folder_are_not_followed(hub: LoopbackHub, tmp_path: Path):
    path, outside = download(hub, tmp_path / "models"), tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"mine")
    for place in (path / "inner", path.parent.parent / "other"):
        subprocess.run(["cmd", "/c", "mklink", "/J", str(place), str(outside)], check=True, timeout=20)
    removing.delete(tmp_path / "models", TINY)
    assert (outside / "precious").read_bytes() == b"mine"


def test_what_lies_behind_a_junction_is_no_file_of_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    snapshot = tmp_path / "snapshots" / ("a" * 40)
    (snapshot / "junction").mkdir(parents=True)
    (snapshot / "junction" / "precious").touch()
    (snapshot / "model.bin").write_bytes(b"1")
    monkeypatch.setattr(disk, "is_link", lambda path: path.name == "junction")
    assert sorted(layout.snapshot_files(tmp_path)) == [snapshot / "junction", snapshot / "model.bin"]
    (snapshot / "junction" / "precious").write_bytes(b"x" * 5000)
    (snapshot / "junction" / "precious.part").touch()
    (snapshot / "model.bin").write_bytes(b"x" * 30)
    assert list(layout.stored_files(tmp_path)) == [(snapshot / "model.bin", 30)]
    assert layout.usage(tmp_path) == 30 and list(layout.partial_files(tmp_path)) == []
    assert moving._files(tmp_path) == [(snapshot / "model.bin", 30)]


def test_update_is_known_when_asked_for(hub: LoopbackHub, tmp_path: Path):
    with pytest.raises(ModelNotInstalledError):
        updates.check_updates(Hub(hub.endpoint), tmp_path, TINY)
    download(hub, tmp_path)
    asked = Hub(hub.endpoint)
    assert updates.check_updates(asked, tmp_path, TINY) is None
    hub.add_model(REPO, {**FILES, "README.md": b"# new"})
    assert updates.check_updates(asked, tmp_path, TINY) is None
    commit = hub.add_model(REPO, {**FILES, "vocabulary.txt": b"a\nb\n"})
    assert state(tmp_path) is ModelState.INSTALLED
    newer = updates.check_updates(asked, tmp_path, TINY)
    assert newer == library.status(tmp_path, TINY).newer
    assert newer is not None and newer.commit == commit
    if links_work(tmp_path):
        assert newer.size == 4
    assert state(tmp_path) is ModelState.UPDATE
    download(hub, tmp_path)
    assert state(tmp_path) is ModelState.INSTALLED and library.status(tmp_path, TINY).newer is None


def links_work(folder: Path) -> bool:
    return any(path.is_symlink() for path in folder.rglob("model.bin"))


def test_imported_folder_is_installed_and_a_download_takes_over(tmp_path: Path):
    models = tmp_path / "models"
    made = import_folder(models, REAL, TINY)
    assert library.find(models, TINY) == made and made.size == sum(path.stat().st_size for path in REAL.iterdir())
    assert state(models) is ModelState.UNVERIFIED
    assert verifying.verify(models, TINY).whole and state(models) is ModelState.INSTALLED
    assert (REAL / "model.bin").is_file()
    with pytest.raises(ImportModelError, match="installed already"):
        import_folder(models, REAL, TINY)
    with LoopbackHub() as hub:
        hub.add_model(REPO, {path.name: path for path in REAL.iterdir()})
        path = download(hub, models)
        assert path != made.path and state(models).usable
        if (path / "model.bin").is_symlink():
            assert hub.bytes_served("*", host="content") == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("model.bin", None, "no model.bin"),
        ("vocabulary.json", None, r"no vocabulary\.\*"),
        ("config.json", b"[1]", "config.json is not readable"),
        ("tokenizer.json", b"{", "tokenizer.json is not readable"),
        ("model.bin", b"x", "not a Whisper"),
        ("model.bin", b"GGUF" + bytes(100), "not a Whisper"),
        ("model.bin", b"\x06\0\0\0\x10\0TransformerSpec\0" + bytes(100), "holds a TransformerSpec, not a Whisper"),
    ],
)
def test_what_is_no_model_is_not_imported(tmp_path: Path, name: str, content: bytes | None, reason: str):
    folder = tmp_path / "from"
    shutil.copytree(REAL, folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ImportModelError, match=reason):
        import_folder(tmp_path / "models", folder, TINY)
    assert not (tmp_path / "models").exists()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The numbers of the files that were brought to the disk."""
    found: set[int] = set()

    def noted(descriptor: int) -> bool:
        found.add(os.fstat(descriptor).st_ino)
        return disk.sync(descriptor)

    for module in (importing, kept):
        monkeypatch.setattr(module, "sync", noted)
    return found


def test_what_was_imported_is_on_the_disk(tmp_path: Path, synced: set[int]):
    made = import_folder(tmp_path, REAL, TINY)
    files = [path for path in made.path.rglob("*") if path.is_file()]
    assert files and {path.stat().st_ino for path in files} <= synced


def test_what_was_copied_from_a_former_version_is_on_the_disk(
    tmp_path: Path, synced: set[int], monkeypatch: pytest.MonkeyPatch
):
    """On a disk where a file has one name, before somebody deletes that version."""

    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / "old").write_bytes(MODEL)
    target, digest = tmp_path / "new" / "model.bin", hashlib.sha256(MODEL).hexdigest()
    file = PlannedFile("model.bin", len(MODEL), digest, digest, "", target, True, tmp_path / "old")
    assert kept.take(file, lambda _: None) and target.read_bytes() == MODEL
    assert target.stat().st_ino in synced


def test_what_a_killed_import_left_goes_with_the_next_or_when_the_model_is_deleted(tmp_path: Path):
    blobs = layout.repository_folder(tmp_path, TINY.sources[0]) / "blobs"
    for remove in (removing.delete, removing.discard):
        blobs.mkdir(parents=True)
        (blobs / "import-0123456789ab.tmp").write_bytes(bytes(1000))
        assert remove(tmp_path, TINY) == 1000 and not blobs.parent.exists()
    blobs.mkdir(parents=True)
    (blobs / "import-0123456789ab.tmp").write_bytes(bytes(1000))
    import_folder(tmp_path, REAL, TINY)
    assert not list(blobs.glob("*.tmp")) and library.find(tmp_path, TINY)


def test_while_a_model_is_imported_nobody_deletes_or_imports_it(tmp_path: Path):
    seen: list[str] = []

    def meddle(progress: Progress) -> None:
        if seen:
            return
        for meddler in (
            lambda: removing.delete(tmp_path, TINY),
            lambda: removing.discard(tmp_path, TINY),
            lambda: import_folder(tmp_path, REAL, TINY),
        ):
            with pytest.raises(SubtitleEditorError) as caught:
                meddler()
            seen.append(caught.value.code)

    import_folder(tmp_path, REAL, TINY, report=meddle)
    assert seen == ["busy", "busy", "import"]
    assert verifying.verify(tmp_path, TINY).whole


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that cannot be read, also as root")
def test_a_stick_that_cannot_be_read_is_named_not_the_models_folder(tmp_path: Path):
    stick, models = tmp_path / "stick", tmp_path / "models"
    stick.mkdir()
    (stick / "a.bin").write_bytes(b"a")
    (stick / "b.bin").symlink_to("/proc/self/mem")
    entry = Entry("x", "X", kinds.LANGUAGE, 1, (Source("ada/x"),))
    with pytest.raises(ImportModelError, match=r"b\.bin cannot be read") as caught:
        import_folder(models, stick, entry)
    assert caught.value.folder == stick and not [path for path in models.rglob("*") if path.is_file()]


def test_cancelled_import_leaves_nothing(tmp_path: Path):
    control = Control()
    with pytest.raises(JobCancelled):
        import_folder(tmp_path, REAL, TINY, control, lambda progress: control.cancel())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert state(tmp_path) is ModelState.MISSING


@given(st.one_of(st.binary(max_size=60), st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["format", "files", "newer", "c", "model.bin"]), inner, max_size=4
    ),
).map(lambda data: json.dumps(data).encode())))  # fmt: skip
def test_damaged_marks_are_no_marks(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    folder = tmp_path_factory.mktemp("marks")
    (folder / library_marks.FILE).write_bytes(content)
    marks = library_marks.read(folder)
    assert all(isinstance(mark, library_marks.Mark) for rows in marks.files.values() for mark in rows.values())


def test_marks_are_read_as_written(tmp_path: Path):
    snapshot = tmp_path / "snapshots" / "c1"
    snapshot.mkdir(parents=True)
    (snapshot / "a").write_bytes(b"12")
    marks = library_marks.Marks(newer=library_marks.Newer("c2", 5))
    marks.set(snapshot, "a", (snapshot / "a").stat(), True)
    library_marks.write(tmp_path, marks)
    again = library_marks.read(tmp_path)
    assert again == marks and again.of("c1", "a", (snapshot / "a").stat()) is not None
    flip(snapshot / "a")
    found = (snapshot / "a").stat()
    assert again.of("c1", "a", found) is None
    found = os.stat_result((0, 0, 0, 0, 0, 0, 2, 0, 0, 0))
    assert again.of("c1", "b", found) is None and again.of("c2", "a", found) is None


def test_a_bundle_is_as_good_as_its_worst_part(hub: LoopbackHub, tmp_path: Path):
    from dataclasses import replace

    other = entries.Source("acme/other", allow=("weights.bin",))
    hub.add_model("acme/other", {"weights.bin": b"w" * 1000, "more.bin": b"m"})
    bundle = replace(TINY, id="bundle", sources=(*TINY.sources, other))
    download(hub, tmp_path)
    assert library.status(tmp_path, bundle).state is ModelState.PARTIAL
    assert library.status(tmp_path, bundle).installed is None
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, catalog=entries.Catalog((bundle,)))
    assert manager.wait(manager.enqueue("bundle"), 30)
    assert library.status(tmp_path, bundle).state is ModelState.INSTALLED
    assert removing.delete(tmp_path, bundle) == SIZE + 1000
    assert library.status(tmp_path, bundle).state is ModelState.MISSING
