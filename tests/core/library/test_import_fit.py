# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of files of two models is not taken in, and what is wrong with it is said in full: with real models."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core import catalog  # noqa: F401
from subtitle_editor.core.catalog import reading
from subtitle_editor.core.errors.models import ImportModelError
from subtitle_editor.core.library import whisper_files
from subtitle_editor.core.library.importing import check_folder, import_folder

MODEL = Path(__file__).parents[2] / "data" / "tiny_whisper" / "model"
ENTRY = reading.load().get("tiny")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(MODEL, tmp_path / "model")
    return tmp_path / "model"


def change(path: Path, edit: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(edit(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")


def refused(folder: Path) -> str:
    with pytest.raises(ImportModelError) as caught:
        check_folder(folder, ENTRY)
    return str(caught.value)


def test_a_sound_model_is_taken_in(folder: Path, tmp_path: Path) -> None:
    found = whisper_files.shape(folder / "model.bin")
    assert (found.mel_bands, found.vocabulary) == (80, 2005)
    assert import_folder(tmp_path / "models", folder, ENTRY).size > 1_000_000


def test_the_shape_is_what_ctranslate2_sees(folder: Path) -> None:
    import ctranslate2

    model = ctranslate2.models.Whisper(str(folder), device="cpu")
    found = whisper_files.shape(folder / "model.bin")
    assert found.mel_bands == model.n_mels


def test_all_that_is_missing_is_named(folder: Path) -> None:
    for name in ("tokenizer.json", "vocabulary.json"):
        (folder / name).unlink()
    message = refused(folder)
    assert "tokenizer.json" in message and "vocabulary.*" in message and "config.json," not in message.split(".")[0]


def with_bands(folder: Path, bands: int) -> None:
    """Make of a model one with another number of mel bands, as its converter would write it."""
    data = (folder / "model.bin").read_bytes()
    name = b"encoder/conv1/weight\0"
    at = data.index(struct.pack("<H", len(name)) + name) + 2 + len(name)
    rank, out, _, kernel = struct.unpack_from("<BIII", data, at)
    assert rank == 3
    kind, count = struct.unpack_from("<BI", data, at + 13)
    weights = bytes(out * bands * kernel * (count // (out * 80 * kernel)))
    head = struct.pack("<BIIIBI", rank, out, bands, kernel, kind, len(weights))
    (folder / "model.bin").write_bytes(data[:at] + head + weights + data[at + 18 + count :])


def test_the_mel_bands_have_to_fit(folder: Path) -> None:
    with_bands(folder, 128)
    assert whisper_files.shape(folder / "model.bin").mel_bands == 128
    message = refused(folder)
    assert "preprocessor_config.json" in message and "80" in message and "128" in message
    (folder / "preprocessor_config.json").unlink()
    message = refused(folder)
    assert "it has no preprocessor_config.json" in message and "128" in message
    shutil.copy(MODEL / "preprocessor_config.json", folder)
    change(folder / "preprocessor_config.json", lambda settings: settings | {"feature_size": 128})
    assert check_folder(folder, ENTRY)


def test_without_a_preprocessor_80_bands_are_what_everybody_takes(folder: Path) -> None:
    (folder / "preprocessor_config.json").unlink()
    assert check_folder(folder, ENTRY)


def test_the_vocabulary_has_to_fit(folder: Path) -> None:
    change(folder / "vocabulary.json", lambda tokens: tokens[:-1])
    message = refused(folder)
    assert "vocabulary.json" in message and "2004" in message and "2005" in message


def test_a_vocabulary_of_lines(folder: Path) -> None:
    tokens = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    (folder / "vocabulary.json").unlink()
    (folder / "vocabulary.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    assert check_folder(folder, ENTRY)
    (folder / "vocabulary.txt").write_text("\n".join(tokens[5:]) + "\n", encoding="utf-8")
    assert "vocabulary.txt" in refused(folder)
    (folder / "vocabulary.txt").write_bytes(b"\xff\xfe")
    assert "vocabulary.txt" in refused(folder)


def test_the_tokenizer_has_to_fit(folder: Path) -> None:
    """That of another generation: the same words, and each special token one further on."""

    def later(tokenizer: Any) -> Any:
        for token in tokenizer["added_tokens"]:
            token["id"] += token["content"] != "<|endoftext|>"
        return tokenizer

    change(folder / "tokenizer.json", later)
    assert "tokenizer.json is of another model" in refused(folder)


def test_the_languages_have_to_fit(folder: Path) -> None:
    change(folder / "config.json", lambda config: config | {"lang_ids": [2005]})
    assert "config.json is of another model" in refused(folder)


def test_a_model_that_is_cut_off_is_noticed_before_the_copy(folder: Path, tmp_path: Path) -> None:
    data = (folder / "model.bin").read_bytes()
    for size in (len(data) - 500_000, 200, 1):
        (folder / "model.bin").write_bytes(data[:size])
        assert "model.bin" in refused(folder)
        with pytest.raises(ImportModelError):
            import_folder(tmp_path / "models", folder, ENTRY)
        assert not (tmp_path / "models" / "models--Systran--faster-whisper-tiny").exists()


def test_a_file_instead_of_its_folder(folder: Path) -> None:
    with pytest.raises(ImportModelError) as caught:
        check_folder(folder / "model.bin", ENTRY)
    assert "it is a file" in str(caught.value) and "folder that it is in" in caught.value.hint


def test_several_faults_are_all_told(folder: Path) -> None:
    (folder / "config.json").write_text("no JSON", encoding="utf-8")
    change(folder / "preprocessor_config.json", lambda settings: settings | {"feature_size": 128})
    change(folder / "vocabulary.json", lambda tokens: tokens[:-1])
    message = refused(folder)
    for name in ("config.json", "preprocessor_config.json", "vocabulary.json"):
        assert name in message


@given(st.binary(max_size=300), st.booleans())
def test_nothing_in_a_model_bin_makes_us_stumble(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, headed: bool
) -> None:
    folder = tmp_path_factory.mktemp("model")
    for path in MODEL.iterdir():
        if path.name != "model.bin":
            (folder / path.name).symlink_to(path)
    head = b"\x06\0\0\0\x0c\0WhisperSpec\0\x03\0\0\0" if headed else b""
    (folder / "model.bin").write_bytes(head + data or b"\0")
    assert whisper_files.misfits(folder)


@pytest.mark.parametrize("name", ["vocabulary.json", "tokenizer.json", "config.json", "preprocessor_config.json"])
@pytest.mark.parametrize("content", ["", "[]", "{}", "null", "1", '{"added_tokens": 3}', '["a", 1]', "[" * 50_000])
def test_no_small_file_makes_us_stumble(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    for problem in whisper_files.misfits(folder):
        assert str(problem)


def test_a_pointer_of_git_lfs_is_called_one(folder: Path) -> None:
    """What `git clone` leaves where git-lfs is not installed."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 75538270\n"
    (folder / "model.bin").write_text(pointer, encoding="utf-8")
    assert "model.bin is a pointer of Git LFS" in refused(folder) and "git lfs pull" in refused(folder)
