# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folder is meant by the one that somebody names for an import, and which of its files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import kinds, reading
from subtitle_editor.core.catalog.entries import Entry, Source
from subtitle_editor.core.errors.models import ImportModelError
from subtitle_editor.core.library.importing import import_folder

TINY = reading.load().get("tiny")
REAL = Path(__file__).parents[2] / "data" / "tiny_whisper" / "model"
NAMES = {"config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.json", "vocabulary.txt"}
ANY = Entry("speaker", "Speaker", kinds.TEXT_TO_SPEECH, 0, (Source("ada/speaker"),))


def in_a_cache(models: Path, reference: str | None = "main") -> Path:
    """The model as huggingface_hub keeps it, with an older version that is not whole."""
    repository = models / "models--Systran--faster-whisper-tiny"
    snapshot = repository / "snapshots" / ("a" * 40)
    (repository / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for path in REAL.iterdir():
        blob = repository / "blobs" / (path.name.encode().hex() + "0" * 40)[:40]
        shutil.copy(path, blob)
        (snapshot / path.name).symlink_to(os.path.relpath(blob, snapshot))
    older = repository / "snapshots" / ("b" * 40)
    older.mkdir()
    shutil.copy(REAL / "config.json", older)
    (repository / "refs").mkdir()
    if reference:
        (repository / "refs" / reference).write_text("a" * 40)
    return repository


@pytest.mark.parametrize("named", ["models", "repository", "snapshots", "snapshot"])
def test_a_cache_is_looked_into(tmp_path: Path, named: str) -> None:
    repository = in_a_cache(tmp_path / "hub")
    snapshots = repository / "snapshots"
    places = {"models": tmp_path / "hub", "repository": repository, "snapshots": snapshots}
    found = import_folder(tmp_path / "models", places.get(named, snapshots / ("a" * 40)), TINY)
    assert {path.name for path in found.path.iterdir()} <= NAMES
    assert (found.path / "model.bin").read_bytes() == (REAL / "model.bin").read_bytes()


def test_a_cache_without_references_gives_the_version_that_is_whole(tmp_path: Path) -> None:
    repository = in_a_cache(tmp_path / "hub", reference=None)
    found = import_folder(tmp_path / "models", repository, TINY)
    assert (found.path / "model.bin").read_bytes() == (REAL / "model.bin").read_bytes()


def test_an_archive_is_often_a_folder_in_a_folder(tmp_path: Path) -> None:
    outer = tmp_path / "faster-whisper-tiny"
    shutil.copytree(REAL, outer / "faster-whisper-tiny")
    (outer / "__MACOSX").mkdir()
    (outer / ".DS_Store").write_bytes(b"Bud1")
    found = import_folder(tmp_path / "models", outer, TINY)
    assert {path.name for path in found.path.iterdir()} <= NAMES
    shutil.copytree(REAL, tmp_path / "two" / "one")
    shutil.copytree(REAL, tmp_path / "two" / "other")
    with pytest.raises(ImportModelError):  # Nobody knows which.
        import_folder(tmp_path / "more", tmp_path / "two", TINY)


def test_what_programs_keep_beside_the_files_is_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "speaker"
    wanted = {"config.json": b"{}", "voice/model.bin": b"model", ".gitattributes": b"*.bin"}
    beside = [".git/HEAD", ".git/objects/ab/cd", ".cache/huggingface/download/voice/model.bin.metadata", ".DS_Store"]
    for name in [*wanted, *beside, "voice/._model.bin", "desktop.ini", "voice/.ipynb_checkpoints/model.bin"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(wanted.get(name, b"beside"))
    found = import_folder(tmp_path / "models", folder, ANY)
    taken = {
        path.relative_to(found.path).as_posix(): path.read_bytes() for path in found.path.rglob("*.*") if path.is_file()
    }
    assert taken == wanted
    # The folders of one that is taken whole are its own.
    shutil.rmtree(tmp_path / "models")
    (folder / "config.json").unlink()
    (folder / ".gitattributes").unlink()
    assert (import_folder(tmp_path / "models", folder, ANY).path / "voice" / "model.bin").read_bytes() == b"model"
