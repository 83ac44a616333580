# SPDX-License-Identifier: GPL-3.0-or-later
"""Each Blender of requirements/blenders.toml, in processes of its own; `python3 dev.py matrix` makes them first.

This folder is not in tests/blender, because nothing here may import the `bpy` of `.venv`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devtools import build, matrix
from devtools.console import SetupError
from devtools.matrix import Blender
from tests.hub.server import LoopbackHub

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
SPEECH = DATA / "speech"
TINY_REPOSITORY = "Systran/faster-whisper-tiny"

TIMEOUT = 240.0
"""Seconds for one run of a Blender: it takes 5 to 30, on a busy machine some times that."""

PINS = matrix.pins()
FOUND = matrix.read_found()
VERSIONS = list(FOUND) or [version for version, pin in PINS.items() if pin.ci]


@dataclasses.dataclass(frozen=True)
class Stage:
    """A Blender with an empty home and an empty user folder, and a folder for what it is to see."""

    blender: Blender
    folder: Path

    @property
    def series(self) -> tuple[int, int]:
        """Of which Blender it is: (4, 2)."""
        major, minor, *_ = PINS[self.blender.version].bpy.split(".")
        return int(major), int(minor)

    def bring(self, file: Path) -> str:
        """Copy a file where this Blender sees it; how it calls the copy."""
        return self.blender.path(Path(shutil.copy2(file, self.folder)))

    def at(self, name: str) -> str:
        """How this Blender calls something in the folder."""
        return self.blender.path(self.folder / name)

    def run(self, script: str, task: dict[str, Any], *options: str) -> tuple[Any, str]:
        """Run a script of this folder with `task`; (the JSON that it wrote, all that it printed)."""
        for name in ("home", "temp", "user"):
            (self.folder / name).mkdir(exist_ok=True)
        variables = {
            "BLENDER_USER_RESOURCES": self.at("user"),
            "HOME": self.at("home"),
            "TMPDIR": self.at("temp"),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "",
        }
        words = ["-P", *options, self.bring(HERE / script), json.dumps({**task, "result": self.at("result.json")})]
        status, output = self.blender.run(words, variables, TIMEOUT)
        assert status == 0, output
        # Not from the output, which Blender writes to as well, when it likes.
        return json.loads((self.folder / "result.json").read_text(encoding="utf-8")), output

    def left(self, name: str) -> list[str]:
        """The files below a folder, by their path in it."""
        top = self.folder / name
        return sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if not path.is_dir())


def stage_package(stage: Stage) -> str:
    """Copy the add-on as it is in the checkout; how the Blender calls the folder to put on `sys.path`."""
    for name, file in build.sources().items():
        target = stage.folder / "package" / "subtitle_editor" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return stage.at("package")


def blender_of(version: str) -> Blender:
    """The Blender of a version; skips where there is none."""
    found = FOUND.get(version, "it was not made yet: run `python3 dev.py matrix`")
    if isinstance(found, str):
        pytest.skip(f"Blender {version} is left out: {found}")
    return found


@pytest.fixture(params=VERSIONS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """One Blender after the other."""
    blender = blender_of(request.param)
    with blender.workspace() as folder:
        yield Stage(blender, folder)


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, int], Path] | str:
    """The zips for this machine by Python version, or why there are none.

    Of the checkout as it is now, unless SUBTITLE_EDITOR_ZIPS names a folder with zips to try.
    """
    if given := os.environ.get("SUBTITLE_EDITOR_ZIPS"):
        folder, pythons = Path(given), {pin.python for pin in PINS.values()}
        found = {python: build.zip_for_this_machine(folder, this_platform(), python) for python in pythons}
        return {python: archive for python, archive in found.items() if archive is not None}
    try:
        return matrix.zips(tmp_path_factory.mktemp("zips"), Path(sys.executable), this_platform())
    except SetupError as error:
        return str(error).removesuffix(" (its messages are above).")


def this_platform() -> str:
    """This machine as Blender names platforms."""
    system = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}[platform.system()]
    return f"{system}-{'arm64' if platform.machine().lower() in ('arm64', 'aarch64') else 'x64'}"


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """A hub that serves the test model under the name of Whisper tiny."""
    with LoopbackHub() as hub:
        files = (DATA / "tiny_whisper" / "model").iterdir()
        hub.add_model(TINY_REPOSITORY, {path.name: path for path in files if path.is_file()})
        yield hub


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The speech clip as the sound of a small film at 24 frames a second."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("there is no ffmpeg")
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=duration=8.1:rate=24:size=64x64", "-i", str(SPEECH / "hello.flac")]
    done = subprocess.run(["ffmpeg", "-loglevel", "error", *picture, str(path)], timeout=60, env=dict(os.environ))
    assert done.returncode == 0
    return path
