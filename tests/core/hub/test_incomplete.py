# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository that lacks what the catalogue says it must have is no model, and nobody is told that it is installed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from subtitle_editor.core.catalog.entries import Entry
from subtitle_editor.core.events import Finished
from subtitle_editor.core.library import status as library
from subtitle_editor.core.library.states import ModelState
from tests.core.hub.book import ENTRY, FILES, REPO, code_of, download
from tests.hub_by_the_book.server import Hub as Server

pytestmark = pytest.mark.timeout(60)


def with_optional(entry: Entry, name: str) -> Entry:
    [source] = entry.sources
    allow = tuple(pattern for pattern in source.allow if pattern != name)
    return dataclasses.replace(entry, sources=(dataclasses.replace(source, allow=allow, optional=(name,)),))


@pytest.mark.parametrize("missing", ["model.bin", "vocabulary.txt", "config.json"])
def test_a_repository_without_a_file_that_is_needed(tmp_path: Path, missing: str) -> None:
    with Server() as hub:
        hub.add(REPO).commit({name: data for name, data in FILES.items() if name != missing}, lfs=("*.bin",))
        end = download(hub.url, tmp_path)
        assert code_of(end) == "incomplete_repository"
        assert missing.partition(".")[0] in str(end.error)  # type: ignore[union-attr]
        assert not [seen for seen in hub.seen if "/resolve/" in seen.path]
        assert library.status(tmp_path, ENTRY).state is ModelState.MISSING
        # Where it is no must, it is none.
        pattern = "vocabulary.*" if missing.startswith("vocabulary") else missing
        assert isinstance(download(hub.url, tmp_path, with_optional(ENTRY, pattern)), Finished)
        # What is complete for one entry is not for another that needs more of it.
        assert library.status(tmp_path, with_optional(ENTRY, pattern)).state.usable
        assert not library.status(tmp_path, ENTRY).state.usable
