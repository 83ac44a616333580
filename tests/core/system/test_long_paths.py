# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that are too long for most programs on Windows: how ours are named, and that the usual ones are short."""

from __future__ import annotations

import ntpath
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.cli.output import Output
from subtitle_editor.core.errors.disk import FolderNotWritableError
from subtitle_editor.core.library.layout import repository_folder
from subtitle_editor.core.system import long_paths
from subtitle_editor.core.text import EXTENDED, Text, plain
from subtitle_editor.core.transfer import partial

USER = "x" * 20
"""Windows allows no longer name."""
DEFAULTS = {
    "Blender": rf"C:\Users\{USER}\AppData\Local\subtitle-editor\models",
    "command line": rf"C:\Users\{USER}\.cache\huggingface\hub",
}
NAMES = ["tokenizer_config.json", "preprocessor_config.json", "model-00001-of-00002.safetensors"]
"""Where an entry names its files by a pattern: as long as these are."""


@pytest.mark.parametrize("where", DEFAULTS)
@pytest.mark.parametrize("entry", reading.load().entries, ids=lambda entry: entry.id)
def test_no_path_of_a_built_in_model_is_too_long(entry, where: str) -> None:  # type: ignore[no-untyped-def]
    folder = Path("models")
    longest, inside = 0, 0
    for source in entry.parts:
        repository = repository_folder(folder, source)
        files = [link.path for link in source.links] or [
            name for pattern in source.allow or ("*",) for name in (NAMES if set(pattern) & set("*?[") else [pattern])
        ]
        places = [repository / "snapshots" / ("a" * 40) / name for name in files]
        targets = [*places, repository / "blobs" / ("b" * 64)]
        for path in [*places, *(left for target in targets for left in partial.partial_files(target))]:
            inner = len(str(path.relative_to(folder))) + 1
            longest, inside = max(longest, len(DEFAULTS[where]) + inner), max(inside, inner)
    assert 0 < longest <= long_paths.LONGEST
    assert inside <= long_paths._INSIDE


def test_what_is_long_is_named_so_that_windows_takes_it() -> None:
    deep = "D:\\" + "m" * 90
    assert long_paths.extended(deep) == EXTENDED + deep
    assert long_paths.extended(deep.replace("\\", "/")) == EXTENDED + deep, "no forward slash is read behind the mark"
    assert long_paths.extended("\\\\server\\share\\" + "m" * 90).startswith("\\\\?\\UNC\\server\\share\\m")
    assert long_paths.extended(EXTENDED + deep) == "", "once is enough"
    assert long_paths.extended("C:\\") == ""


@given(st.text("ab\\./ é字", max_size=240))
def test_nobody_sees_the_mark(inner: str) -> None:
    for start in ("C:\\", "\\\\server\\share\\"):
        path = ntpath.normpath(start + inner)
        assert plain(long_paths.extended(path) or path) == path


def test_no_other_system_has_it(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 200) / ("e" * 200)
    assert long_paths.reachable(deep, "linux") == deep == long_paths.reachable(deep, "darwin")


def test_a_message_and_json_name_paths_as_people_do(capsys: pytest.CaptureFixture[str]) -> None:
    path = PureWindowsPath(EXTENDED + "C:\\models\\m")
    assert Text("{path} is full", path=path) == "C:\\models\\m is full"
    assert "cannot be written" in str(FolderNotWritableError(path, "why"))  # type: ignore[arg-type]
    assert EXTENDED not in str(FolderNotWritableError(path, "why"))  # type: ignore[arg-type]
    Output().record({}, f"{EXTENDED}C:\\a and {EXTENDED}UNC\\server\\share")
    assert capsys.readouterr().out == "C:\\a and \\\\server\\share\n"


def test_lengths_are_those_that_other_programs_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_paths.os.path, "abspath", str)
    assert long_paths.length(PureWindowsPath("C:\\models")) == 9
    assert long_paths.length(PureWindowsPath(EXTENDED + "C:\\models")) == 9
    assert long_paths.length(PureWindowsPath("\\\\?\\UNC\\server\\share\\m")) == len("\\\\server\\share\\m")
