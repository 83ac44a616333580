# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.catalog import entries as catalog
from subtitle_editor.core.catalog import kinds, reading
from subtitle_editor.core.errors.catalog import CatalogError, UnknownModelError

WHISPER = (
    "tiny tiny.en base base.en small small.en medium medium.en large-v1 large-v2 large-v3 large distil-small.en "
    "distil-medium.en distil-large-v2 distil-large-v3 distil-large-v3.5 large-v3-turbo turbo"
).split()


REPOSITORIES = {
    "persian-tts-male-vits": ["Kamtera/persian-tts-male-vits"],
    "persian-tts-female-vits": ["Kamtera/persian-tts-female-vits"],
    "bert-fa-base-uncased": ["HooshvareLab/bert-fa-base-uncased"],
    "mt5-small-parsinlu-squad-reading-comprehension": ["persiannlp/mt5-small-parsinlu-squad-reading-comprehension"],
    "parsinlu-reading-comprehension": ["community-datasets/parsinlu_reading_comprehension"],
    "common-voice-13-fa": ["hezarai/common-voice-13-fa"],
    "pn-summary": ["HooshvareLab/pn_summary"],
    "parsinlu-translation-fa-en": ["persiannlp/parsinlu_translation_fa_en"],
    "z-image-turbo": [
        "leejet/Z-Image-Turbo-GGUF",
        "black-forest-labs/FLUX.1-schnell",
        "unsloth/Qwen3-4B-Instruct-2507-GGUF",
    ],
    "cublas-12": [],
}


def test_everything_else_is_there_under_its_repositories():
    found = {e.id: [s.repo for s in e.sources] for e in reading.load() if e.kind != kinds.SPEECH_TO_TEXT}
    assert found == REPOSITORIES
    assert reading.load().kinds == tuple(kinds.KIND_NAMES)
    for entry in reading.load():
        assert entry.name and entry.provider and entry.licence and entry.tags, entry.id
        assert entry.size > 1_000_000
        if entry.kind == kinds.RUNTIME:
            assert entry.manifest is not None and entry.homepage == "https://docs.nvidia.com/cuda/eula/"
            continue
        assert entry.homepage.startswith("https://huggingface.co/")
        types = {source.repo_type for source in entry.sources}
        assert types == {"dataset" if entry.kind == kinds.DATASET else "model"}


def test_the_bundle_is_exactly_its_three_files():
    entry = reading.load().get("z-image-turbo")
    assert [source.allow for source in entry.sources] == [
        ("z_image_turbo-Q8_0.gguf",),
        ("ae.safetensors",),
        ("Qwen3-4B-Instruct-2507-Q8_0.gguf",),
    ]
    assert entry.is_bundle and entry.parts == entry.sources


def test_one_stage_of_the_training_is_wanted_and_not_all():
    """The files of https://huggingface.co/Kamtera/persian-tts-male-vits, of which its page names two to use."""
    source = reading.load().get("persian-tts-male-vits").sources[0]
    there = (
        "README.md best_model_65633.pth best_model_91323.pth best_model_98066.pth checkpoint_105000.pth config.json "
        "events.out.tfevents.1674024033.2ba09f99fefc phoneme_cache.zip train_vits.py"
    ).split()
    assert [name for name in there if source.wants(name)] == ["README.md", "best_model_91323.pth", "config.json"]


def test_patterns_are_those_of_huggingface_hub():
    from huggingface_hub.utils import filter_repo_objects

    names = ["a.bin", "a.BIN", "sub/a.bin", "sub/deep/b.txt", "README.md", "[x].bin", "vocabulary.txt"]
    for allow, ignore in [
        ((), ()),
        (("*.bin",), ()),
        (("sub/*", "*.md"), ("*.txt",)),
        ((), ("*.bin",)),
        (("[x]*",), ()),
    ]:
        source = catalog.Source("o/n", allow=allow, ignore=ignore)
        theirs = filter_repo_objects(names, allow_patterns=list(allow) or None, ignore_patterns=list(ignore) or None)
        assert [name for name in names if source.wants(name)] == list(theirs)


def test_all_whisper_names_are_there_with_what_a_user_needs_to_choose():
    entries = {entry.id: entry for entry in reading.load() if entry.kind == kinds.SPEECH_TO_TEXT}
    assert sorted(entries) == sorted(WHISPER)
    for entry in entries.values():
        assert entry.size > 70_000_000, entry.id
        assert entry.licence == "MIT"
        assert entry.description.endswith(".")
        assert entry.languages


def test_repositories_are_those_of_faster_whisper():
    """Whoever has a model from faster-whisper must not download it again under another name."""
    from faster_whisper.utils import _MODELS

    speech = (entry for entry in reading.load() if entry.kind == kinds.SPEECH_TO_TEXT)
    assert {entry.id: entry.sources[0].repo for entry in speech} == _MODELS


def test_aliases_share_one_download():
    found = reading.load()
    assert found.get("turbo").download_id == found.get("large-v3-turbo").download_id == "large-v3-turbo"
    assert found.get("turbo").sources == found.get("large-v3-turbo").sources


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        *(("larg-v3", "large-v3"), ("Tiny", "tiny"), ("medum", "medium"), ("faster-whisper-small", "small")),
        *(
            ("openai/whisper-tiny", "tiny"),
            ("openai/whisper-large", "large-v1"),
            ("guillaumekln/faster-whisper-large-v2", "large-v2"),
            ("tiny.en.pt", "tiny.en"),
        ),
        *(("ggml-large-v3.bin", "large-v3"), ("distil-whisper/distil-large-v3", "distil-large-v3")),
    ],
)
def test_unknown_name_suggests_the_nearest(typed: str, nearest: str):
    with pytest.raises(UnknownModelError) as caught:
        reading.load().get(typed)
    assert caught.value.nearest == nearest
    assert f'"{nearest}"' in str(caught.value)


@pytest.mark.parametrize("typed", ["xyzzy", "distil-whisper/large-v2"])
def test_name_like_no_other_gets_no_suggestion(typed: str):
    with pytest.raises(UnknownModelError) as caught:
        reading.load().get(typed)
    assert caught.value.nearest is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[model]]\nid = x\n", "line 2"),
        ('[[model]]\nid = "a"\n', "name"),
        ('[[model]]\nid = "b"\nalias_of = "a"\n', "'a'"),
        (2 * '[[model]]\nid="a"\nname="A"\nkind="language"\nsize=1\nsource=[{repo="o/n"}]\n', "twice"),
    ],
)
def test_broken_catalogue_names_file_and_reason(tmp_path: Path, text: str, reason: str):
    path = tmp_path / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        reading.read(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "typed",
    [
        "systran/faster-whisper-tiny/",
        " Systran/faster-whisper-tiny",
        "https://huggingface.co/Systran/faster-whisper-tiny",
        "https://hf-mirror.com/Systran/faster-whisper-tiny/tree/main",
        "hf.co/Systran/faster-whisper-tiny",
        "hf://Systran/faster-whisper-tiny@main",
    ],
)
def test_the_page_of_a_repository_is_as_good_as_its_name(typed: str) -> None:
    assert reading.load().get(typed).id == "tiny"


@pytest.mark.parametrize(
    "typed",
    [
        "https://huggingface.co/Systran/faster-whisper-tiny/tree/v1",
        "https://huggingface.co/Systran/faster-whisper-tiny/blob/main/model.bin",
        "https://huggingface.co/Systran",
        "datasets/Systran/faster-whisper-tiny",
    ],
)
def test_what_is_another_thing_than_that_repository_is_not_taken_for_it(typed: str) -> None:
    with pytest.raises(UnknownModelError):
        reading.load().get(typed)
