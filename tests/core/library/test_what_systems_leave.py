# SPDX-License-Identifier: GPL-3.0-or-later
"""What Finder, Explorer, network disks and git leave in folders is no file of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import kinds
from subtitle_editor.core.catalog.entries import Catalog, Entry, Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.events import Finished
from subtitle_editor.core.library import layout, removing, verifying
from subtitle_editor.core.library import status as library
from subtitle_editor.core.library.files import files
from subtitle_editor.core.library.states import ModelState
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(60)

SOURCE = Source("ada/speaker")
ENTRY = Entry("speaker", "Speaker", kinds.TEXT_TO_SPEECH, 0, (SOURCE,))
FILES = {"config.json": b"{}", "voice/model.bin": bytes(range(256)) * 5000}


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        hub.add_model(SOURCE.repo, FILES)
        yield hub


def download(hub: LoopbackHub, folder: Path) -> Path:
    manager = DownloadManager(folder, endpoint=hub.endpoint, catalog=Catalog((ENTRY,)))
    try:
        job = manager.enqueue(ENTRY.id)
        assert manager.wait(job, 30)
        end = manager.drain()[-1]
        assert isinstance(end, Finished) and end.path is not None, end
        return end.path
    finally:
        assert manager.shutdown(10)


def leave(folder: Path, name: str) -> None:
    """Put a file of this name into every folder, as somebody who looks into them all does."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for place in folders:
        for named in [path.name for path in place.iterdir()] if name == "._*" else [""]:
            place.joinpath(name.replace("*", named)).write_bytes(b"\0\x05\x16\x07" + bytes(4092))


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("links", [True, False])
def test_it_is_no_file_of_a_model(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool, listed: bool
) -> None:
    if not links:
        monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    snapshot = download(hub, tmp_path)
    repository = layout.repository_folder(tmp_path, SOURCE)
    if not listed:  # As of a program that keeps no listing.
        for path in (repository / "trees").iterdir():
            path.unlink()
    before = library.status(tmp_path, ENTRY)
    assert before.state is ModelState.INSTALLED
    for name in ("._*", ".DS_Store", "Thumbs.db", "desktop.ini", ".nfs0000000001a2b3c400000001"):
        leave(tmp_path, name)
    assert library.status(tmp_path, ENTRY) == before
    assert {file.name for file in files(tmp_path, ENTRY)} == FILES.keys()
    hashed = listed or (snapshot / "config.json").is_symlink()  # Else nobody knows what they should be.
    assert set(verifying.verify(tmp_path, ENTRY).verified) == (FILES.keys() if hashed else set())
    assert removing.delete(tmp_path, ENTRY) == sum(map(len, FILES.values()))
    assert not snapshot.exists() and not repository.exists()
    assert library.status(tmp_path, ENTRY).state is ModelState.MISSING


@pytest.mark.parametrize("links", [True, False])
def test_one_that_a_repository_holds_is_one_of_its_files(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    hub.add_model(SOURCE.repo, FILES | {"voice/.DS_Store": b"Bud1"})
    snapshot = download(hub, tmp_path)
    assert library.status(tmp_path, ENTRY).state is ModelState.INSTALLED
    assert "voice/.DS_Store" in verifying.verify(tmp_path, ENTRY).verified
    (snapshot / "voice" / ".DS_Store").unlink()
    assert library.status(tmp_path, ENTRY).state is ModelState.PARTIAL
    assert (download(hub, tmp_path) / "voice" / ".DS_Store").read_bytes() == b"Bud1"
    removing.delete(tmp_path, ENTRY)
    assert not layout.repository_folder(tmp_path, SOURCE).exists()


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("clear", [removing.discard, removing.delete_former])
def test_one_that_a_repository_holds_is_not_cleared_away(
    hub: LoopbackHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clear: Callable[[Path, Entry], int],
    links: bool,
) -> None:
    if not links:
        monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    hub.add_model(SOURCE.repo, FILES | {"sounds/.DS_Store": b"Bud1"})
    snapshot = download(hub, tmp_path)
    before = library.status(tmp_path, ENTRY)
    assert before.state is ModelState.INSTALLED
    clear(tmp_path, ENTRY)
    assert library.status(tmp_path, ENTRY) == before
    assert (snapshot / "sounds" / ".DS_Store").read_bytes() == b"Bud1"


def test_one_that_stays_for_another_model_of_the_repository(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.add_model(SOURCE.repo, FILES | {"sounds/.DS_Store": b"Bud1"})
    snapshot = download(hub, tmp_path)
    removing.delete(
        tmp_path, Entry("part", "Part", kinds.TEXT_TO_SPEECH, 0, (Source("ada/speaker", allow=("voice/*",)),))
    )
    left = {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()}
    assert left == {"config.json", "sounds/.DS_Store"}
