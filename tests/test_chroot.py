# SPDX-License-Identifier: GPL-3.0-or-later
"""devtools/chroot.py, as far as it goes without making a whole Debian; dev.py gui does that."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from devtools import chroot, gui
from devtools.chroot import Chroot, NotPossibleError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="chroots are for Linux")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a machine on which a chroot could be made."""
    monkeypatch.setenv("SUBTITLE_EDITOR_CACHE", str(tmp_path))
    monkeypatch.setenv("SUBTITLE_EDITOR_DEBIAN_MIRROR", "http://mirror.example/debian")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chroot.system, "is_debian", lambda: True)
    monkeypatch.setattr(chroot.shutil, "which", lambda name: f"/usr/sbin/{name}")
    return tmp_path / "chroots"


def debootstrap(command: list[Any], _complaint: str) -> None:
    """As far as the folder goes."""
    if command[0] == "debootstrap":
        (Path(command[-2]) / "etc" / "apt" / "apt.conf.d").mkdir(parents=True)


def test_made_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroot, "_must", debootstrap)
    made = chroot.ensure("sid")
    assert made.root.parent == cache and (made.root / "etc").is_dir()
    monkeypatch.setattr(chroot, "_make", lambda *_: pytest.fail("made again"))
    assert chroot.ensure("sid") == made


@pytest.mark.parametrize("stop", [KeyboardInterrupt, chroot.SetupError("no network")])
def test_half_a_chroot_is_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch, stop: Any) -> None:
    def interrupted(command: list[Any], complaint: str) -> None:
        debootstrap(command, complaint)
        if command[0] == "chroot":
            raise stop

    monkeypatch.setattr(chroot, "_must", interrupted)
    with pytest.raises((KeyboardInterrupt, chroot.SetupError)):
        chroot.ensure("sid")
    assert [path.name for path in cache.iterdir()] == ["sid.lock"]


def test_what_a_killed_process_left_is_not_taken(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroot, "_must", debootstrap)
    made = chroot.ensure("trixie").root
    left = made.rename(made.with_name(made.name + ".partial"))
    (left / "half").touch()
    again = chroot.ensure("trixie").root
    assert again == made and not (again / "half").exists() and not left.exists()


def test_nothing_mounted_is_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "precious").touch()
    monkeypatch.setattr(chroot, "_mounts_below", lambda root: [f"{root}/proc"])
    monkeypatch.setattr(chroot.subprocess, "call", lambda *_args, **_kwargs: 1)
    with pytest.raises(chroot.SetupError, match="still mounted"):
        chroot.remove(tmp_path)
    assert (tmp_path / "proc" / "precious").exists()


def test_mounts_of_this_machine() -> None:
    assert "/proc" in chroot._mounts_below(Path("/"))
    assert chroot._mounts_below(Path("/proc/no such")) == []


def test_why_not(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, not a failure."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotPossibleError, match="needs root"):
        chroot.ensure("sid")
    assert gui.why_not("sid") == "Making a Debian chroot needs root."
    monkeypatch.setattr(sys, "platform", "win32")
    assert "need Linux" in gui.why_not("trixie")
    with pytest.raises(NotPossibleError, match="needs Linux"):
        chroot.ensure("trixie")


def test_commands_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    place = Chroot("sid", tmp_path)
    command = place.command(["blender", Path("/tmp/film.blend")], {"DISPLAY": ":7"})
    assert command[:4] == ["chroot", str(tmp_path), "/usr/bin/env", "-i"]
    assert command[-2:] == ["blender", "/tmp/film.blend"]
    assert "DISPLAY=:7" in command and not any("hf_mine" in word for word in command)
    assert place.inside(tmp_path / "tmp" / "film.blend") == "/tmp/film.blend"
    with pytest.raises(ValueError, match="subpath"):
        place.inside(Path("/elsewhere"))
