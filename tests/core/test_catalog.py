# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core import catalog
from subtitle_editor.core.errors import CatalogError, UnknownModelError

WHISPER = (
    "tiny tiny.en base base.en small small.en medium medium.en large-v1 large-v2 large-v3 large distil-small.en "
    "distil-medium.en distil-large-v2 distil-large-v3 distil-large-v3.5 large-v3-turbo turbo"
).split()


def test_all_whisper_names_are_there_with_what_a_user_needs_to_choose():
    entries = {entry.id: entry for entry in catalog.load()}
    assert sorted(entries) == sorted(WHISPER)
    for entry in entries.values():
        assert entry.size > 70_000_000, entry.id
        assert entry.licence == "MIT"
        assert entry.description.endswith(".")
        assert entry.languages


def test_repositories_are_those_of_faster_whisper():
    """Whoever has a model from faster-whisper must not download it again under another name."""
    from faster_whisper.utils import _MODELS

    assert {entry.id: entry.sources[0].repo for entry in catalog.load()} == _MODELS


def test_aliases_share_one_download():
    found = catalog.load()
    assert found.get("turbo").download_id == found.get("large-v3-turbo").download_id == "large-v3-turbo"
    assert found.get("turbo").sources == found.get("large-v3-turbo").sources


@pytest.mark.parametrize(("typed", "nearest"), [("larg-v3", "large-v3"), ("Tiny", "tiny"), ("medum", "medium")])
def test_unknown_name_suggests_the_nearest(typed: str, nearest: str):
    with pytest.raises(UnknownModelError) as caught:
        catalog.load().get(typed)
    assert caught.value.nearest == nearest
    assert f'"{nearest}"' in str(caught.value)


def test_name_like_no_other_gets_no_suggestion():
    with pytest.raises(UnknownModelError) as caught:
        catalog.load().get("xyzzy")
    assert caught.value.nearest is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[model]]\nid = x\n", "line 2"),
        ('[[model]]\nid = "a"\n', "name"),
        ('[[model]]\nid = "b"\nalias_of = "a"\n', "'a'"),
        (2 * '[[model]]\nid="a"\nname="A"\nkind="k"\nsize=1\nsource=[{repo="o/n"}]\n', "twice"),
    ],
)
def test_broken_catalogue_names_file_and_reason(tmp_path: Path, text: str, reason: str):
    path = tmp_path / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        catalog.read(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
