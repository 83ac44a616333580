# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders as users write them: with a tilde, with variables, in the environment and on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from subtitle_editor.core.hub import tokens
from subtitle_editor.core.library import layout
from subtitle_editor.core.system import user_folder

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(os.name == "nt", reason="HOME is another variable there"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN_PATH", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SCRATCH", str(tmp_path / "scratch"))
    return tmp_path


@pytest.mark.parametrize("written", ["~/x", "$HOME/x", "${HOME}/x", "$SCRATCH/../x"])
def test_the_environment_names_them_so(home: Path, written: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HOME", written)
    assert layout.shared_cache().resolve() == home / "x" / "hub"
    assert tokens.login_file().resolve() == home / "x" / "token"
    monkeypatch.setenv("HF_HUB_CACHE", f"{written}/y")
    assert layout.shared_cache().resolve() == home / "x" / "y"
    monkeypatch.setenv("HF_TOKEN_PATH", f"{written}/t")
    assert tokens.login_file().resolve() == home / "x" / "t"
    monkeypatch.setenv(user_folder.ENVIRONMENT, written)
    assert user_folder.default().resolve() == home / "x"


def test_huggingface_hub_understands_the_same(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HOME", "$SCRATCH/hf")
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE, constants.HF_TOKEN_PATH)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout.split() == [str(layout.shared_cache()), str(tokens.login_file())]


def test_the_command_line_names_them_so(home: Path, capsys: pytest.CaptureFixture[str]):
    from subtitle_editor.core.cli import main

    words = ["models", "folder", "--models-dir=~/models", "--user-dir=$SCRATCH/user", "--json"]
    assert main.main(words) == 0
    assert f'"path": "{home / "models"}"' in capsys.readouterr().out
