# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and their completion, where huggingface_hub and we must agree on every path."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core import catalog, library
from subtitle_editor.core.catalog import Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.errors import FileNotOnHubError, TokenRefusedError
from subtitle_editor.core.hub import Hub
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(60)

REPO = "Systran/faster-whisper-tiny"
MODEL = bytes(range(256)) * 12_000
FILES = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n", "model.bin": MODEL}
TINY = catalog.load().get("tiny")


def test_plan_has_sizes_hashes_and_commit(hub: LoopbackHub, tmp_path: Path):
    import hashlib

    commit = hub.add_model(REPO, {**FILES, "README.md": b"#"})
    plan = Hub(hub.endpoint).plan(TINY.sources[0], tmp_path)
    assert plan.commit == commit and plan.bytes_total == sum(map(len, FILES.values())) and plan.bytes_present == 0
    files = {file.path: file for file in plan.files}
    assert files.keys() == FILES.keys()
    assert files["model.bin"].sha256 == hashlib.sha256(MODEL).hexdigest()
    assert files["config.json"].sha256 is None


def test_datasets_have_addresses_of_their_own(hub: LoopbackHub, tmp_path: Path):
    hub.add_dataset("ada/speech", {"train.tar": MODEL})
    source = Source("ada/speech", repo_type="dataset")
    service = Hub(hub.endpoint)
    plan = service.plan(source, tmp_path)
    path = service.finish(plan, tmp_path, lambda count: None)
    assert (path / "train.tar").read_bytes() == MODEL
    assert path == plan.snapshot


def test_patterns_that_match_nothing_are_an_error(hub: LoopbackHub, tmp_path: Path):
    hub.add_model(REPO, {"README.md": b"#"})
    with pytest.raises(FileNotOnHubError):
        Hub(hub.endpoint).plan(TINY.sources[0], tmp_path)


def test_whoami(hub: LoopbackHub):
    hub.accept_token("hf_good", "ada")
    assert Hub(hub.endpoint, "hf_good").whoami() == "ada"
    with pytest.raises(TokenRefusedError):
        Hub(hub.endpoint, "hf_bad").whoami()
    with pytest.raises(TokenRefusedError):
        Hub(hub.endpoint).whoami()


def test_endpoint_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert Hub().endpoint == "https://mirror.example" and Hub().host == "mirror.example"
    assert Hub("https://other.example").endpoint == "https://other.example"


@pytest.mark.parametrize("links", [True, False])
def test_bytes_go_where_huggingface_hub_looks_for_them(
    hub: LoopbackHub, tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
):
    """Without links (Windows without developer mode) a blob belongs into the snapshot itself."""
    if not links:
        monkeypatch.setattr("huggingface_hub.file_download.are_symlinks_supported", lambda cache_dir=None: False)
    hub.add_model(REPO, FILES)
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    assert manager.wait(manager.enqueue("tiny"), 30)
    found = library.find(tmp_path, TINY)
    assert found is not None
    assert {path.name: path.read_bytes() for path in found.path.iterdir()} == FILES
    assert {path.is_symlink() for path in found.path.iterdir()} == {links}
    # Each byte of the large file came once: snapshot_download took what we had put there.
    assert hub.bytes_served("*", host="content") == len(MODEL)


def test_the_machines_own_login_is_not_used(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nobody gave us that token for this endpoint, which may be a stranger's mirror."""
    login = tmp_path / "token"
    login.write_text("hf_login_secret", encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(login))
    monkeypatch.setenv("HF_TOKEN", "hf_environment_secret")
    hub.add_model(REPO, FILES)
    manager = DownloadManager(tmp_path / "models", endpoint=hub.endpoint)
    assert manager.wait(manager.enqueue("tiny"), 30)
    assert hub.requests and all("authorization" not in request.headers for request in hub.requests)
