# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrives is compared with what was published: with SHA-256 what is in LFS, with git's hash all else."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.events import Event, Finished, Notice
from subtitle_editor.core.library import removing, status, verifying
from subtitle_editor.core.library.states import ModelState
from subtitle_editor.core.library.status import SAME
from tests.core.hub.book import ENTRY, FILES, REPO, asked_for, code_of, contents, download, stock
from tests.hub_by_the_book import server
from tests.hub_by_the_book.server import Hub as Server
from tests.hub_by_the_book.server import Reply

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def hub() -> Iterator[Server]:
    with Server() as running:
        stock(running)
        yield running


def _flipped(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_every_file_is_verified_when_a_download_ends(hub: Server, tmp_path: Path):
    """A large file that is not in LFS too: Systran's tokenizer.json is one."""
    assert isinstance(download(hub.url, tmp_path), Finished)
    assert status.status(tmp_path, ENTRY).state is ModelState.INSTALLED
    assert set(verifying.verify(tmp_path, ENTRY).verified) == FILES.keys()


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_on_the_way_is_noticed_and_fetched_again(hub: Server, tmp_path: Path, name: str):
    left = [1]

    def damage(path: str, content: bytes) -> bytes:
        if path == name and left:
            left.pop()
            return _flipped(content)
        return content

    hub.damage = damage
    end = download(hub.url, tmp_path)
    assert isinstance(end, Finished), end
    assert not left and contents(tmp_path) == FILES
    assert status.status(tmp_path, ENTRY).state is ModelState.INSTALLED


def test_a_proxy_that_mixes_up_what_comes_at_once_is_asked_over_one_connection(
    hub: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As people report it of ollama: "digest mismatch" for ever behind a proxy, and none with one part."""
    large = random.Random(9).randbytes(20_000_000)
    hub.repositories[0].commit({**FILES, "model.bin": large}, lfs=("*.bin",))
    lock, now = threading.Lock(), [0]
    told: list[Event] = []
    usual = server._Answering._bytes

    def mixed(self: server._Answering, name: str, content: bytes, headers: dict[str, str]) -> Reply:
        with lock:
            now[0] += 1
        time.sleep(0.05)
        with lock:
            alone = now[0] == 1
        reply = usual(self, name, content, headers)
        if reply.status == 206 and not alone:
            reply.body = reply.body[::-1]
        with lock:
            now[0] -= 1
        return reply

    monkeypatch.setattr(server._Answering, "_bytes", mixed)
    assert isinstance(end := download(hub.url, tmp_path, said=told.append), Finished), end
    assert contents(tmp_path)["model.bin"] == large
    assert any("starting over" in event.message for event in told if isinstance(event, Notice))


@pytest.mark.parametrize("name", FILES)
def test_a_byte_that_is_always_wrong_ends_the_download_and_is_not_kept(hub: Server, tmp_path: Path, name: str):
    hub.damage = lambda path, content: _flipped(content) if path == name else content
    end = download(hub.url, tmp_path)
    assert code_of(end) == "corrupt" and name in str(end)
    assert not status.status(tmp_path, ENTRY).state.usable
    wrong = _flipped(FILES[name])
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == wrong]


@pytest.mark.parametrize("name", FILES)
def test_a_byte_that_rots_on_the_disk_is_found_and_mended(hub: Server, tmp_path: Path, name: str):
    assert isinstance(download(hub.url, tmp_path), Finished)
    [place] = tmp_path.glob(f"models--*/snapshots/*/{name}")
    place.resolve().write_bytes(_flipped(FILES[name]))
    assert verifying.verify(tmp_path, ENTRY).damaged == (name,)
    assert removing.remove_damaged(tmp_path, ENTRY) == (name,)
    hub.seen.clear()
    assert isinstance(download(hub.url, tmp_path), Finished)
    files = {seen.path.rpartition("/")[2] for seen in hub.seen if "/resolve/" in seen.path}
    assert files == {name} and contents(tmp_path) == FILES
    assert status.status(tmp_path, ENTRY).state is ModelState.INSTALLED


@pytest.mark.parametrize("size", [0, 1, 999_999, 1_000_000, 1_000_001])
@pytest.mark.parametrize("lfs", [False, True])
def test_files_of_any_size_in_lfs_or_not(tmp_path: Path, size: int, lfs: bool):
    """Where the Hub keeps a file is decided by its name; how we fetch it, by its size. Nothing ties the two."""
    with Server() as hub:
        data = FILES["model.bin"][:size]
        hub.add(REPO).commit({**FILES, "model.bin": data}, lfs=("model.bin",) if lfs else ())
        assert isinstance(end := download(hub.url, tmp_path), Finished), end
        assert contents(tmp_path) == {**FILES, "model.bin": data}
        assert status.status(tmp_path, ENTRY).state is ModelState.INSTALLED


def test_what_rots_is_mended_also_when_the_hub_has_lost_its_version(hub: Server, tmp_path: Path):
    """An owner may write a history anew; and some mirrors keep the newest version alone."""
    assert isinstance(download(hub.url, tmp_path), Finished)
    [place] = tmp_path.glob("models--*/snapshots/*/vocabulary.txt")
    place.resolve().write_bytes(_flipped(FILES["vocabulary.txt"]))
    assert verifying.verify(tmp_path, ENTRY).damaged
    removing.remove_damaged(tmp_path, ENTRY)
    hub.repositories.clear()
    commit = hub.add(REPO).commit({**FILES, "config.json": b"{}"}, lfs=("*.bin",))
    said: list[Event] = []
    end = download(hub.url, tmp_path, said=said.append, revision=SAME)
    assert isinstance(end, Finished) and end.path and end.path.name == commit, end
    assert any("no longer has" in event.message for event in said if isinstance(event, Notice))
    assert verifying.verify(tmp_path, ENTRY).whole


def test_huggingface_hub_finds_what_we_put_there(hub: Server, tmp_path: Path):
    from huggingface_hub import HfApi, scan_cache_dir, snapshot_download

    end = download(hub.url, tmp_path)
    assert isinstance(end, Finished)
    wanted = ["*.json", "*.bin", "*.txt"]
    there = snapshot_download(REPO, cache_dir=tmp_path, allow_patterns=wanted, local_files_only=True)
    assert Path(there) == end.path
    [found] = scan_cache_dir(tmp_path).repos
    assert found.repo_id == REPO and found.nb_files == len(FILES) and [*found.refs] == ["main"]
    hub.seen.clear()
    again = snapshot_download(REPO, cache_dir=tmp_path, allow_patterns=wanted, endpoint=hub.url, token=False)
    assert Path(again) == end.path and not [seen for seen in hub.seen if seen.server == "storage"]
    checked = HfApi(endpoint=hub.url, token=False).verify_repo_checksums(REPO, cache_dir=tmp_path)
    assert not checked.mismatches and checked.checked_count == len(FILES)


def test_we_find_what_huggingface_hub_put_there(hub: Server, tmp_path: Path):
    from huggingface_hub import snapshot_download

    snapshot_download(REPO, cache_dir=tmp_path, endpoint=hub.url, token=False)
    hub.seen.clear()
    assert isinstance(download(hub.url, tmp_path), Finished)
    assert not [seen for seen in hub.seen if asked_for("model.bin")(seen)]
    assert contents(tmp_path).keys() == {*FILES, "README.md", ".gitattributes"}
