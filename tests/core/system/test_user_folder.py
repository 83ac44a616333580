# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a user's files are, and what may not be in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.system import user_folder
from subtitle_editor.core.system.redaction import redact


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (user_folder.ENVIRONMENT, "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)


def test_the_variable_goes_before_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(user_folder.ENVIRONMENT, str(tmp_path))
    assert {user_folder.default(name) for name in ("linux", "darwin", "win32")} == {tmp_path}


def test_each_platforms_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = Path.home()
    assert user_folder.default("linux") == home / ".local" / "share" / "subtitle-editor"
    assert user_folder.default("darwin") == home / "Library" / "Application Support" / "subtitle-editor"
    assert user_folder.default("win32") == home / "AppData" / "Local" / "subtitle-editor"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert user_folder.default("linux") == user_folder.default("win32") == tmp_path / "subtitle-editor"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert user_folder.default("linux") == home / ".local" / "share" / "subtitle-editor"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("token hf_AbCdEf123456 refused", "token hf_… refused"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer …"),
        ("https://cdn.example/f?Signature=x&Key=y failed", "https://cdn.example/f?… failed"),
        ("proxy http://ada:secret@proxy.example:80/", "proxy http://…@proxy.example:80/"),
        ("my own s3cret here", "my own … here"),
        ("nothing to hide: huggingface_hub/file_download.py", "nothing to hide: huggingface_hub/file_download.py"),
    ],
)
def test_secrets_are_taken_out(text: str, clean: str) -> None:
    assert redact(text, "s3cret", None, "") == clean
