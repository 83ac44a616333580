# SPDX-License-Identifier: GPL-3.0-or-later
"""Names from outside: Windows' rules hold on Windows, nothing leaves its folder anywhere; and what an id may be."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.errors.catalog import UnknownModelError
from subtitle_editor.core.system.names import is_inner_path
from tests.hub.server import LoopbackHub

WINDOWS_ONLY = ["aux.txt", "a/nul", "a:b", 'q"x', "who?", "star*", "a|b", "<x>", "trailing.", "trailing ", "a\\b"]
WINDOWS_ONLY += ["COM¹", "lpt³.txt", "CONIN$", "conout$.log", "Nul .txt"]
NOWHERE = ["", "/", "/etc/x", "a//b", "../b", "a/../b", "a/..", ".", "a/./b", "a\0b", "a\nb", "a\ud800b", "a/"]


@pytest.mark.parametrize("name", WINDOWS_ONLY)
def test_windows_rules_hold_on_windows(name: str) -> None:
    assert is_inner_path(name, windows=False)
    assert not is_inner_path(name, windows=True)
    assert is_inner_path(name) == (os.name != "nt")


@pytest.mark.parametrize("name", NOWHERE)
def test_nowhere_does_a_name_leave_its_folder(name: str) -> None:
    assert not is_inner_path(name, windows=False)
    assert not is_inner_path(name, windows=True)


@given(st.text(max_size=40), st.booleans())
def test_what_is_taken_stays_inside(name: str, windows: bool) -> None:
    if is_inner_path(name, windows=windows):
        place = os.path.normpath(os.path.join("/models", name))
        assert place.startswith("/models/") and "\0" not in name
        if windows:
            assert not PureWindowsPath(name).drive and not PureWindowsPath(name).is_absolute()
            assert ".." not in PureWindowsPath(name).parts


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot have such files")
def test_a_model_with_such_files_arrives(hub: LoopbackHub, tmp_path: Path) -> None:
    files = {
        "aux.txt": b"1",
        "b\\c": b"22",
        "a:b.json": b"55555",
        "nul": b"666666",
        'who "?.bin': b"x" * 1_200_000,
        "folder./x": b"333",
        "tail ": b"4",
    }
    hub.add_model("ada/strange", files)
    (tmp_path / "catalog.toml").write_text(
        '[[model]]\nid = "strange"\nname = "S"\nkind = "language"\nsource = [{ repo = "ada/strange" }]\n'
    )
    manager = DownloadManager(tmp_path / "models", endpoint=hub.endpoint, user_catalog=tmp_path / "catalog.toml")
    job = manager.enqueue("strange")
    assert manager.wait(job, 60)
    record = manager.get(job)
    assert record is not None and record.path, record
    assert {name: (Path(record.path) / name).read_bytes() for name in files} == files
    assert manager.shutdown(10)


# Ids


def test_a_repository_is_understood_where_an_id_is() -> None:
    known = reading.load()
    for name in ("Systran/faster-whisper-tiny", "systran/Faster-Whisper-TINY"):
        assert known.get(name) is known.get("tiny")
    for entry in known:
        if not entry.alias_of and not entry.is_bundle and entry.sources:
            assert known.get(entry.sources[0].repo).download_id == entry.download_id


def test_a_repository_of_several_models_is_none_of_them(tmp_path: Path) -> None:
    own = tmp_path / "catalog.toml"
    row = (
        '[[model]]\nid = "{id}"\nname = "N"\nkind = "language"\nsource = [{{ repo = "ada/both", allow = ["{id}"] }}]\n'
    )
    own.write_text(row.format(id="one") + row.format(id="two"), encoding="utf-8")
    known = reading.load(own)
    with pytest.raises(UnknownModelError) as caught:
        known.get("ada/both")
    assert "one" in caught.value.hint and "two" in caught.value.hint


def test_an_unknown_repository_says_how_to_add_it() -> None:
    with pytest.raises(UnknownModelError) as caught:
        reading.load().get("ada/nobody-knows")
    assert "models add ada/nobody-knows" in caught.value.hint


def test_the_manager_takes_it_and_keeps_the_id(hub: LoopbackHub, tmp_path: Path) -> None:
    files = {"config.json": b"{}", "model.bin": b"x", "tokenizer.json": b"{}", "vocabulary.txt": b"a"}
    hub.add_model("Systran/faster-whisper-tiny", files)
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    job = manager.enqueue("Systran/faster-whisper-tiny")
    assert manager.enqueue("tiny") == job
    assert manager.wait(job, 30)
    record = manager.get(job)
    assert record is not None and (record.model, record.state) == ("tiny", "done")
    assert manager.job_of("Systran/faster-whisper-tiny") is None
    assert manager.shutdown(10)
