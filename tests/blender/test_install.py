# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip as a user gets it: installed, used and removed in a Blender that has nothing but the zip's own wheels.

It needs a zip, so it runs after `dev.py build` has made one: `python3 dev.py build --platform linux-x64 --install`.
Blender runs in a process of its own, in a virtual environment made here, where of all packages only `bpy` and numpy
(which every Blender brings) can be imported.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.hub.server import LoopbackHub

from .conftest import SPEECH

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("install_in_blender.py")
ZIPS = os.environ.get("SUBTITLE_EDITOR_ZIPS", "")

LEFT_BY_BLENDER = re.compile(r"extensions/(\.cache/|.*/\.blender_ext/|.*/__pycache__/typing_extensions\.[^/]*\.pyc$)")
"""Its own lists, and the compiled half of a wheel that is one file: Blender removes only what the wheel names."""

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not ZIPS, reason="no zips to install: run `python3 dev.py build --install`"),
]


def this_platform() -> str:
    """This machine as Blender names platforms."""
    system = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}[platform.system()]
    return f"{system}-{'arm64' if platform.machine().lower() in ('arm64', 'aarch64') else 'x64'}"


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(ROOT))
    build: ModuleType = importlib.import_module("devtools.build")
    found: Path | None = build.zip_for_this_machine(Path(ZIPS), this_platform(), sys.version_info[:2])
    if found is None:
        pytest.skip(f"no zip for {this_platform()} and Python {'.'.join(map(str, sys.version_info[:2]))} in {ZIPS}")
    return found


@pytest.fixture
def bare_blender(tmp_path: Path) -> Path:
    """An interpreter that finds bpy and numpy and nothing else."""
    home = tmp_path / "python"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    [packages] = home.glob("Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages")
    for name in ("bpy", "numpy", "numpy.libs"):
        folder = Path(sysconfig.get_path("platlib"), name)
        if folder.is_dir():
            _link(folder, packages / name)
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _link(folder: Path, link: Path) -> None:
    if os.name == "nt":
        import _winapi

        _winapi.CreateJunction(str(folder), str(link))  # A link would need a privilege.
    else:
        link.symlink_to(folder, target_is_directory=True)


def test_install_use_and_remove(archive: Path, bare_blender: Path, hub: LoopbackHub, tmp_path: Path) -> None:
    resources = tmp_path / "user"
    resources.mkdir()
    task = {
        "zip": str(archive),
        "endpoint": hub.endpoint,
        "models": str(tmp_path / "models"),
        "media": str(SPEECH / "hello.flac"),
        "srt": str(tmp_path / "out.srt"),
    }
    inherited = ("PYTHON", "HF_", "BLENDER_", "SUBTITLE_EDITOR_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(inherited)}
    environment |= {"BLENDER_USER_RESOURCES": str(resources), "HOME": str(tmp_path), "PYTHONUTF8": "1"}
    command = [str(bare_blender), "-P", str(SCRIPT), json.dumps(task)]
    result = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8", errors="replace", timeout=110
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    report: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    print(f"\n{archive.name} in Blender {report['blender']}: {report['seconds']}")

    assert report["had"] == [], "the environment must not have what the zip brings"
    assert report["outside"] == {}, "these were not imported from the extension's own wheels"
    assert report["numpy_brought"] is False
    spoken = json.loads((SPEECH / "hello.json").read_text(encoding="utf-8"))["utterances"]
    text = " ".join(cue["text"] for cue in report["cues"]).lower().replace("\n", " ").replace(".", "").replace(",", "")
    assert text.split() == " ".join(line["text"] for line in spoken).lower().replace(",", "").replace(".", "").split()
    assert report["cues"][0]["start"] == pytest.approx(spoken[0]["start"], abs=0.3)
    assert (tmp_path / "out.srt").read_text(encoding="utf-8").startswith("1\n")
    places = {line.partition(":")[0] for line in report["there"]}
    assert places == {"operators", "preferences", "scene settings", "panels", "sys.path"}
    assert report["left_in_blender"] == []
    assert [file for file in report["left_files"] if not LEFT_BY_BLENDER.match(file)] == []
    assert (tmp_path / "models").is_dir(), "a model is the user's: removing the extension must keep it"
