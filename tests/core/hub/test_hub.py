# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and their completion, where huggingface_hub and we must agree on every path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.catalog.entries import Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.errors.hub import FileNotOnHubError, GatedError, TokenRefusedError
from subtitle_editor.core.errors.network import EndpointError, NoHubError
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.hub.tokens import Token
from subtitle_editor.core.library import removing, status, verifying
from tests.core.transfer_kit import MIB
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(60)

REPO = "Systran/faster-whisper-tiny"
MODEL = bytes(range(256)) * 12_000
FILES = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n", "model.bin": MODEL}
TINY = reading.load().get("tiny")


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
    hub.add_dataset("ada/speech", {"train.tar": MODEL[:1000]})
    source = Source("ada/speech", repo_type="dataset")
    service = Hub(hub.endpoint)
    plan = service.plan(source, tmp_path)
    path = service.finish(plan, lambda file: None)
    assert (path / "train.tar").read_bytes() == MODEL[:1000]
    assert path == plan.snapshot


def test_patterns_that_match_nothing_are_an_error(hub: LoopbackHub, tmp_path: Path):
    hub.add_model(REPO, {"README.md": b"#"})
    with pytest.raises(FileNotOnHubError):
        Hub(hub.endpoint).plan(TINY.sources[0], tmp_path)


def test_whoami(hub: LoopbackHub):
    hub.accept_token("hf_good", "ada")
    assert Hub(hub.endpoint, Token("hf_good")).whoami() == "ada"
    with pytest.raises(TokenRefusedError):
        Hub(hub.endpoint, Token("hf_bad")).whoami()
    with pytest.raises(TokenRefusedError):
        Hub(hub.endpoint).whoami()


def test_endpoint_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert Hub().endpoint == "https://mirror.example" and Hub().host == "mirror.example"
    assert Hub("https://other.example").endpoint == "https://other.example"


@pytest.mark.parametrize("body", [b"<html>Please sign in</html>", b'{"hello": 1}', b"[]", b"null", b"\xff"])
def test_a_server_that_is_no_hub_is_named_as_such(hub: LoopbackHub, tmp_path: Path, body: bytes):
    """A page to sign in to a hotel's network, or a mistyped endpoint, answers everything with 200."""
    hub.faults.add(Fault(path="/api/*", status=200, body=body, times=None))
    for ask in (
        lambda service: service.plan(TINY.sources[0], tmp_path),
        lambda service: service.repository(REPO),
        lambda service: service.whoami(),
    ):
        with pytest.raises(NoHubError, match=r"127\.0\.0\.1"):
            ask(Hub(hub.endpoint, Token("hf_good")))


def test_an_account_that_nobody_knows_stops_no_download(hub: LoopbackHub, tmp_path: Path):
    """Mirrors serve files, not accounts."""
    hub.accept_token("hf_good", "ada")
    hub.add_model(REPO, FILES)
    hub.faults.add(Fault(path="/api/whoami*", status=200, body=b"{}", times=None))
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, token=Token("hf_good"))
    job = manager.enqueue("tiny")
    assert manager.wait(job, 30)
    checked = manager.preflight(job)
    assert status.find(tmp_path, TINY) and checked and (checked.token, checked.account) == (True, "")


@pytest.mark.parametrize(
    "address",
    ["nonsense", "ftp://hub.example", "http://", "https://[::1", "http://h:99999", "https://a b/", "https://h\n"],
)
def test_an_endpoint_that_is_no_address_is_refused_at_once(address: str, tmp_path: Path):
    service = Hub(address.replace("\n", "\nx"))
    with pytest.raises(EndpointError):
        service.plan(TINY.sources[0], tmp_path)


def test_a_login_in_the_endpoint_is_in_no_message(hub: LoopbackHub, tmp_path: Path):
    hub.faults.add(Fault(path="*", status=403, headers={"X-Error-Code": "GatedRepo"}))
    with pytest.raises(GatedError) as caught:
        Hub(hub.endpoint.replace("://", "://ada:secret@")).plan(TINY.sources[0], tmp_path)
    assert "secret" not in str(caught.value) and REPO in str(caught.value)


@pytest.mark.parametrize("large", [True, False])
def test_hashes_from_a_hostile_server_name_nothing_outside(hub: LoopbackHub, tmp_path: Path, large: bool):
    """A blob is called after its hash, a snapshot after its commit."""
    hub.add_model(REPO, FILES)
    file = {"type": "file", "path": "model.bin", "size": len(MODEL), "oid": "../../../evil"}
    if large:
        file |= {"oid": "a" * 40, "lfs": {"oid": "../../../evil", "size": len(MODEL), "pointerSize": 100}}
    hub.faults.add(Fault(path="*/tree/*", status=200, body=json.dumps([file]).encode()))
    with pytest.raises(NoHubError):
        Hub(hub.endpoint).plan(TINY.sources[0], tmp_path)


def test_a_commit_from_a_hostile_server_names_nothing_outside(hub: LoopbackHub, tmp_path: Path):
    hub.add_model(REPO, FILES)
    answer = {"id": "../evil", "sha": "../../evil", "siblings": [], "tags": []}
    hub.faults.add(Fault(path=f"/api/models/{REPO}", status=200, body=json.dumps(answer).encode(), times=None))
    with pytest.raises(NoHubError):
        Hub(hub.endpoint).plan(TINY.sources[0], tmp_path)
    with pytest.raises(NoHubError):
        Hub(hub.endpoint).repository(REPO)


@pytest.mark.parametrize("links", [True, False])
def test_bytes_go_where_huggingface_hub_looks_for_them(
    hub: LoopbackHub, tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
):
    """Without links (Windows without developer mode) a blob belongs into the snapshot itself."""
    if not links:
        monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    hub.add_model(REPO, FILES)
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    assert manager.wait(manager.enqueue("tiny"), 30)
    found = status.find(tmp_path, TINY)
    assert found is not None
    assert {path.name: path.read_bytes() for path in found.path.iterdir()} == FILES
    assert {path.is_symlink() for path in found.path.iterdir()} == {links}
    # The large file came once, but for what one connection may take over of another's part: snapshot_download took
    # what we had put there.
    assert len(MODEL) <= hub.bytes_served("*", host="content") <= len(MODEL) + MIB


@pytest.mark.parametrize("links", [True, False])
def test_a_model_that_was_deleted_and_downloaded_again_can_be_verified(
    hub: LoopbackHub, tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
):
    """huggingface_hub writes a listing once in the life of a process."""
    if not links:
        monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    hub.add_model(REPO, {**FILES, "README.md": b"#"})
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    for _ in range(2):
        assert manager.wait(manager.enqueue("tiny"), 30)
        found = verifying.verify(tmp_path, TINY)
        assert set(found.verified) == FILES.keys() and found.whole
        assert removing.delete(tmp_path, TINY) > len(MODEL)
    assert manager.wait(manager.enqueue("tiny"), 30)
    [listing] = tmp_path.rglob("trees/*.json")
    # As huggingface_hub reads it, for a program that wants all of the repository.
    assert json.loads(listing.read_text())["files"].keys() == {*FILES, "README.md"}


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
