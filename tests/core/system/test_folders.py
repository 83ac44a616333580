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


WRITTEN = ["~/x", "$HOME/x", "${HOME}/x", "$SCRATCH/../x", '"$HOME/x"', "'~/x'", ' "~/x" ', "$HOME/x "]
"""The last ones as `set NAME="VALUE"`, `set NAME=VALUE && ...` and Docker's `--env-file` leave them."""


@pytest.mark.parametrize("written", WRITTEN)
def test_the_environment_names_them_so(home: Path, written: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HOME", written)
    assert layout.shared_cache().resolve() == home / "x" / "hub"
    assert tokens.login_file().resolve() == home / "x" / "token"
    monkeypatch.setenv("HF_HUB_CACHE", written)
    assert layout.shared_cache().resolve() == home / "x"
    monkeypatch.setenv("HF_TOKEN_PATH", written)
    assert tokens.login_file().resolve() == home / "x"
    monkeypatch.setenv(user_folder.ENVIRONMENT, written)
    assert user_folder.default().resolve() == home / "x"


@pytest.mark.parametrize("empty", ["", "  ", '""'])
def test_what_says_nothing_names_no_folder(home: Path, empty: str, monkeypatch: pytest.MonkeyPatch):
    for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", user_folder.ENVIRONMENT):
        monkeypatch.setenv(name, empty)
    assert layout.shared_cache() == home / ".cache" / "huggingface" / "hub"
    assert home in user_folder.default("linux").parents


def test_a_user_without_a_home_folder_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """As in a container that runs as a user it does not know. Its files would go into a folder called `~`."""
    import pwd

    from subtitle_editor.core.cli import main

    def nobody(_: object) -> None:
        raise KeyError

    for name in ("HOME", "HF_HOME", "HF_HUB_CACHE", "HF_TOKEN_PATH", "XDG_CACHE_HOME", user_folder.ENVIRONMENT):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for words in (["list"], ["list", "--user-dir=user"], ["folder", "--models-dir=~bob/models", "--user-dir=user"]):
        assert main.main(["models", *words]) == 2
        assert "home folder" in capsys.readouterr().err
    assert main.main(["models", "list", "--models-dir=models", "--user-dir=user", "--quiet"]) == 0
    assert tokens.resolve(None) == tokens.Token()


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
