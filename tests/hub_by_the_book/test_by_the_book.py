# SPDX-License-Identifier: GPL-3.0-or-later
"""This hub against the client that the documentation is about: what huggingface_hub understands is a hub."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_by_the_book.repositories import git_blob_id
from tests.hub_by_the_book.server import Hub

MODEL = os.urandom(300_000)
TOKENIZER = os.urandom(2_203_239)
FILES = {"config.json": b"{}", "tokenizer.json": TOKENIZER, "model.bin": MODEL, "sub/vocabulary.txt": b"a\nb\n"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        running.add("ada/whisper").commit(FILES, lfs=("*.bin",))
        yield running


def test_lfs_is_decided_by_name_and_not_by_size(hub: Hub) -> None:
    from huggingface_hub import HfApi

    tree = list(HfApi(endpoint=hub.url, token=False).list_repo_tree("ada/whisper", recursive=True))
    found = {item.path: item for item in tree if hasattr(item, "blob_id")}
    assert found["model.bin"].lfs.sha256 == hashlib.sha256(MODEL).hexdigest()
    assert found["tokenizer.json"].lfs is None
    assert found["tokenizer.json"].blob_id == git_blob_id(TOKENIZER)


def test_git_agrees_with_the_blob_id(tmp_path: Path) -> None:
    import shutil
    import subprocess

    if not shutil.which("git"):
        pytest.skip("no git here")
    file = tmp_path / "x"
    file.write_bytes(TOKENIZER)
    said = subprocess.run(["git", "hash-object", file], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == git_blob_id(TOKENIZER)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("page_size", [1000, 2])
@pytest.mark.parametrize("resolve_cache", [False, True])
def test_snapshot_download_fetches_everything(hub: Hub, tmp_path: Path, page_size: int, resolve_cache: bool) -> None:
    from huggingface_hub import snapshot_download

    hub.behaviour.page_size = page_size
    hub.behaviour.resolve_cache = resolve_cache
    folder = Path(snapshot_download("ada/whisper", cache_dir=tmp_path, endpoint=hub.url, token=False))
    for name, content in FILES.items():
        assert (folder / name).read_bytes() == content
    assert {seen.token for seen in hub.seen} == {None}


def test_errors_are_the_documented_ones(hub: Hub) -> None:
    from huggingface_hub import HfApi, errors

    hub.accounts["hf_good"] = "ada"
    hub.repositories[0].gated = "auto"
    api = HfApi(endpoint=hub.url, token="hf_good")
    assert api.whoami()["name"] == "ada"
    with pytest.raises(errors.GatedRepoError):
        api.auth_check("ada/whisper")
    with pytest.raises(errors.RepositoryNotFoundError):
        api.model_info("ada/none")
    with pytest.raises(errors.RevisionNotFoundError):
        api.model_info("ada/whisper", revision="none")
    with pytest.raises(errors.HfHubHTTPError):
        HfApi(endpoint=hub.url, token="hf_bad").whoami()
    hub.repositories[0].accepted_by.add("ada")
    api.auth_check("ada/whisper")
