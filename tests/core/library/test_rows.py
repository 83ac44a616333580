# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the models' list: what is shown, in which order, found by which words; and one model in detail."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.catalog import kinds, reading
from subtitle_editor.core.catalog.entries import Entry, Link, Source
from subtitle_editor.core.events import State
from subtitle_editor.core.library import layout
from subtitle_editor.core.library import rows as model_list
from subtitle_editor.core.library.rows import Filter, rows
from subtitle_editor.core.library.states import Installed, ModelState, Status

ENTRIES = tuple(reading.load())
MISSING: dict[str, Status] = {}


def ids(found: model_list.ModelList) -> list[str]:
    return [row.id for row in found.rows]


def here(size: int = 1000, state: ModelState = ModelState.INSTALLED) -> Status:
    return Status(state, Installed(Path("x"), size, "c1"), size, size)


def test_missing_models_are_hidden_until_asked_for():
    found = rows(ENTRIES, MISSING, {}, Filter())
    speech = [entry.id for entry in ENTRIES if entry.kind == kinds.SPEECH_TO_TEXT and not entry.alias_of]
    assert found == model_list.ModelList((), len(speech))
    assert len(speech) == 17  # The 19 names of Whisper, two of which are other names.
    shown = rows(ENTRIES, MISSING, {}, Filter(missing=True))
    assert ids(shown) == speech and shown.hidden == 0


def test_what_is_here_comes_first_and_has_its_true_size():
    statuses = {"small": here(483), "base": Status(ModelState.PARTIAL, bytes_done=25, bytes_total=100)}
    found = rows(ENTRIES, statuses, {}, Filter(missing=True))
    # The catalogue's order within what is here.
    assert ids(found)[:3] == ["base", "small", "tiny"]
    base, small = found.rows[:2]
    assert (base.state, base.size, base.fraction) == (ModelState.PARTIAL, 100, 0.25)
    assert (small.state, small.size, small.fraction) == (ModelState.INSTALLED, 483, 1.0)
    assert ids(rows(ENTRIES, statuses, {}, Filter())) == ["base", "small"]


@pytest.mark.parametrize("state", [State.QUEUED, State.DOWNLOADING, State.PAUSED, State.INTERRUPTED])
def test_a_model_with_a_job_is_never_hidden(state: State):
    found = rows(ENTRIES, MISSING, {"medium": state}, Filter())
    assert ids(found) == ["medium"]
    assert found.rows[0].job is state


def test_kinds():
    datasets = rows(ENTRIES, MISSING, {}, Filter(kind=kinds.DATASET, missing=True))
    assert datasets.rows and {row.id for row in datasets.rows} <= {e.id for e in ENTRIES if e.kind == kinds.DATASET}
    everything = rows(ENTRIES, MISSING, {}, Filter(kind="", missing=True))
    assert len(everything.rows) == sum(not entry.alias_of for entry in ENTRIES)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("Tiny MISTAKES", ["tiny"]),
        ("english tiny", ["tiny.en"]),
        ("turbo", ["large-v3-turbo"]),  # Another name finds the model it stands for.
        ("ｔｉｎｙ．ｅｎ", ["tiny.en"]),  # Full width, as a Japanese keyboard may type it.
        ("no such model", []),
        ("  ", None),
    ],
)
def test_search(search: str, expected: list[str] | None):
    found = ids(rows(ENTRIES, MISSING, {}, Filter(search=search, missing=True)))
    everything = ids(rows(ENTRIES, MISSING, {}, Filter(missing=True)))
    assert found == (everything if expected is None else expected)


def test_a_hidden_model_that_the_search_does_not_find_is_not_counted():
    assert rows(ENTRIES, MISSING, {}, Filter(search="tiny.en")) == model_list.ModelList((), 1)


def test_names_from_right_to_left():
    entry = Entry("fa", "مدل گفتار فارسی", kinds.SPEECH_TO_TEXT, 1, (), ("fa",), description="تبدیل گفتار به متن")
    (row,) = rows([entry], {}, {}, Filter(search="گفتار", missing=True)).rows
    assert (row.name, row.languages) == ("مدل گفتار فارسی", "Persian")
    assert ids(rows([entry], {}, {}, Filter(search="persian", missing=True))) == ["fa"]


@given(st.text(), st.booleans(), st.sampled_from(["", *kinds.KIND_NAMES]))
def test_any_search_text(search: str, missing: bool, kind: str):
    found = rows(ENTRIES, {"tiny": here()}, {"base": State.PAUSED}, Filter(kind, search, missing))
    assert len(set(ids(found))) == len(found.rows)
    everything = rows(ENTRIES, {"tiny": here()}, {"base": State.PAUSED}, Filter(kind, search, True))
    # Nothing is lost: what is not shown is counted.
    assert len(found.rows) + found.hidden == len(everything.rows)


def many(count: int) -> list[Entry]:
    tiny = reading.load().get("tiny")
    return [dataclasses.replace(tiny, id=f"model-{n}", name=f"Model {n}", tags=("fine", "tuned")) for n in range(count)]


def test_200_models_take_milliseconds():
    """The figure in the report is the best of many; this is the bound that even a busy machine keeps."""
    entries = many(200)
    statuses = {entry.id: here(size) for size, entry in enumerate(entries)}
    rows(entries, statuses, {}, Filter())  # What is read once per catalogue.
    times = []
    for number in range(20):
        start = time.process_time()
        found = rows(entries, statuses, {"model-3": State.DOWNLOADING}, Filter(search=f"fine model-{number}"))
        times.append(time.process_time() - start)
        assert found.rows
    assert min(times) < 0.005


# Details


def snapshot(folder: Path, source: Source, files: dict[str, int], listed: dict[str, int] | None = None) -> None:
    repo = layout.repository_folder(folder, source)
    path = repo / "snapshots" / "c1"
    path.mkdir(parents=True)
    for name, size in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(b"x" * size)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("c1", encoding="utf-8")
    if listed is not None:
        (repo / "trees").mkdir()
        tree = {"format_version": 1, "files": {name: {"size": size, "blob_id": "0"} for name, size in listed.items()}}
        (repo / "trees" / "c1.json").write_text(json.dumps(tree), encoding="utf-8")


def told(part: model_list.Part) -> list[tuple[str, int, ModelState]]:
    return [(file.name, file.size, file.state) for file in part.files]


def test_details_of_a_model_that_nobody_has(tmp_path: Path):
    entry = reading.load().get("large-v3")
    found = model_list.details(tmp_path, entry, ENTRIES)
    assert found.aliases == ("large",)
    (part,) = found.parts
    assert part.title == entry.sources[0].repo and part.revision == ""
    assert ("model.bin", 0, ModelState.MISSING) in told(part)


def test_details_of_one_on_the_disk(tmp_path: Path):
    source = Source("o/n", allow=("*.bin", "sub/*"))
    entry = Entry("x", "X", kinds.LANGUAGE, 10, (source,))
    listed = {"a.bin": 3, "sub/b": 4, "c.bin": 5, "README.md": 9}
    snapshot(tmp_path, source, {"a.bin": 2, "sub/b": 4, "README.md": 9}, listed)
    (part,) = model_list.details(tmp_path, entry).parts
    assert part.revision == "c1"
    assert told(part) == [
        ("a.bin", 3, ModelState.DAMAGED),
        ("c.bin", 5, ModelState.MISSING),
        ("sub/b", 4, ModelState.UNVERIFIED),
    ]


def test_details_of_a_bundle_name_each_repository(tmp_path: Path):
    first, second = Source("o/one"), Source("o/two")
    link = Link("https://files.example/w.gguf", "w.gguf", 7, "0" * 64)
    entry = Entry("b", "Bundle", kinds.IMAGE, 10, (first, second), links=(link,))
    snapshot(tmp_path, second, {"f": 2}, {"f": 2})
    parts = model_list.details(tmp_path, entry).parts
    assert [(part.title, part.revision) for part in parts] == [("o/one", ""), ("o/two", "c1"), ("files.example", "")]
    assert [told(part) for part in parts] == [
        [],
        [("f", 2, ModelState.UNVERIFIED)],
        [("w.gguf", 7, ModelState.MISSING)],
    ]
