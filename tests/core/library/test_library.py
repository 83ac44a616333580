# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.errors.models import ModelDamagedError, ModelNotInstalledError
from subtitle_editor.core.library import layout, listing, marks, states, status
from subtitle_editor.core.transfer import partial

TINY = reading.load().get("tiny")
FILES = {"config.json": 10, "model.bin": 1000, "tokenizer.json": 20, "vocabulary.txt": 30}


def install(folder: Path, commit: str, files: dict[str, int], listing: dict[str, int] | None = None) -> Path:
    """A snapshot as huggingface_hub lays it out, without links."""
    repo = folder / "models--Systran--faster-whisper-tiny"
    snapshot = repo / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for name, size in files.items():
        (snapshot / name).write_bytes(b"x" * size)
    (repo / "refs").mkdir(exist_ok=True)
    (repo / "refs" / "main").write_text(commit, encoding="utf-8")
    if listing is not None:
        (repo / "trees").mkdir(exist_ok=True)
        tree = {"format_version": 1, "files": {name: {"size": size, "blob_id": "0"} for name, size in listing.items()}}
        (repo / "trees" / f"{commit}.json").write_text(json.dumps(tree), encoding="utf-8")
    return snapshot


def test_nothing_in_an_empty_or_missing_folder(tmp_path: Path):
    assert status.find(tmp_path, TINY) is None
    assert status.find(tmp_path / "missing", TINY) is None


def test_complete_snapshot_is_found_with_its_size(tmp_path: Path):
    path = install(tmp_path, "c1", FILES, {**FILES, "README.md": 5})
    assert status.find(tmp_path, TINY) == states.Installed(path, 1060, "c1")


def test_snapshot_of_a_program_that_kept_no_listing(tmp_path: Path):
    path = install(tmp_path, "c1", FILES)
    assert status.find(tmp_path, TINY) == states.Installed(path, 1060, "c1")


@pytest.mark.parametrize("listing", [None, FILES])
@pytest.mark.parametrize("missing", sorted(FILES))
def test_model_with_a_missing_file_is_not_installed(tmp_path: Path, missing: str, listing: dict[str, int] | None):
    install(tmp_path, "c1", {name: size for name, size in FILES.items() if name != missing}, listing)
    assert status.find(tmp_path, TINY) is None


def test_file_of_the_wrong_size_is_not_installed(tmp_path: Path):
    install(tmp_path, "c1", {**FILES, "model.bin": 999}, FILES)
    assert status.find(tmp_path, TINY) is None


def test_link_without_its_blob_is_not_installed(tmp_path: Path):
    snapshot = install(tmp_path, "c1", FILES, FILES)
    (snapshot / "model.bin").unlink()
    (snapshot / "model.bin").symlink_to(tmp_path / "gone")
    assert status.find(tmp_path, TINY) is None


def test_older_complete_snapshot_serves_while_the_newest_is_incomplete(tmp_path: Path):
    old = install(tmp_path, "c1", FILES, FILES)
    install(tmp_path, "c2", {"config.json": 10}, FILES)
    found = status.find(tmp_path, TINY)
    assert found is not None and found.path == old
    assert status.find(tmp_path, TINY, revision="c2") is None


def test_an_alias_is_installed_with_its_target(tmp_path: Path):
    turbo = reading.load().get("turbo")
    assert layout.repository_folder(tmp_path, turbo.sources[0]) == layout.repository_folder(
        tmp_path, reading.load().get("large-v3-turbo").sources[0]
    )


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
    ],
)
def test_shared_cache_is_where_huggingface_hub_looks(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert layout.shared_cache() == Path(expected)


@pytest.mark.parametrize("where", ["blobs", "snapshots/c1"])
def test_what_an_interrupted_transfer_left_is_not_a_file_of_the_model(tmp_path: Path, where: str):
    snapshot = install(tmp_path, "c1", FILES)
    folder = snapshot.parent.parent / where
    folder.mkdir(exist_ok=True)
    before = set(layout.stored_files(snapshot.parent.parent)), set(layout.snapshot_files(snapshot.parent.parent))
    for left in (*partial.partial_files(folder / "9f86"), partial.beside(folder / "9f86", ".lock")):
        left.write_bytes(b"" if left.suffix == ".lock" else b"x")
    after = set(layout.stored_files(snapshot.parent.parent)), set(layout.snapshot_files(snapshot.parent.parent))
    assert after == before


def test_a_model_that_cannot_be_used_says_why(tmp_path: Path):
    """Not that it was never downloaded, when a file of it was cut on the disk or has not arrived yet."""
    with pytest.raises(ModelNotInstalledError, match="not downloaded yet"):
        status.usable(tmp_path, TINY)
    snapshot = install(tmp_path, "c1", FILES, FILES)
    assert status.usable(tmp_path, TINY).path == snapshot
    (snapshot / "model.bin").write_bytes(b"x" * 500)
    with pytest.raises(ModelDamagedError, match=r"model\.bin"):
        status.usable(tmp_path, TINY)
    (snapshot / "model.bin").unlink()
    with pytest.raises(ModelNotInstalledError, match="only partly downloaded"):
        status.usable(tmp_path, TINY)


@pytest.mark.parametrize("wrong", ["[" * 50_000, '{"files": {"a": {"size": 1e999, "blob_id": "0"}}}', "5", "[]"])
def test_a_listing_that_says_nonsense_is_none(tmp_path: Path, wrong: str):
    """A models folder may be another program's, and its files anybody's."""
    snapshot = install(tmp_path, "c1", FILES, FILES)
    (snapshot.parents[1] / "trees" / "c1.json").write_text(wrong, encoding="utf-8")
    assert listing.published(snapshot.parents[1], "c1") is None and not listing.is_made_up(snapshot.parents[1], "c1")
    assert status.usable(tmp_path, TINY).path == snapshot


@pytest.mark.parametrize("wrong", ["[" * 50_000, '{"format": FORMAT, "files": {"c1": {"a": [1e999, 1, true]}}}'])
def test_marks_that_say_nonsense_are_none(tmp_path: Path, wrong: str):
    (tmp_path / marks.FILE).write_text(wrong.replace("FORMAT", str(marks._FORMAT)), encoding="utf-8")
    assert marks.read(tmp_path) == marks.Marks()
