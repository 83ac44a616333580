# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender in a window, with the extension, a hub and a mouse. Run by `python3 dev.py gui`, which gets a Blender.

`SUBTITLE_EDITOR_GUI` says which: "sid" or "trixie" (a Debian chroot) or "here" ($BLENDER or the one on the PATH, else
sid's). Without it these tests are skipped: making a chroot is nothing that a test run does by itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import gui_blender
from devtools.chroot import NotPossibleError
from tests.hub.server import LoopbackHub

from .window import Display, Window, folder_of, new_user

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
MODEL_FILES = DATA / "tiny_whisper" / "model"
TINY = "Systran/faster-whisper-tiny"
BASE = "Systran/faster-whisper-base"
MODEL_BYTES = (MODEL_FILES / "model.bin").read_bytes()
DOWNLOAD, CANCEL = "subtitle.download_model(", "subtitle.cancel_download("
PAUSE, RESUME = "subtitle.pause_download(", "subtitle.resume_download("
SLOW = 30_000
"""Bytes per second of a hub: the model takes a minute, and the mouse has time to find its buttons."""
PICTURES = Path(os.environ.get("SUBTITLE_EDITOR_GUI_OUT") or ROOT / "demo" / "gui")


def pytest_configure(config: pytest.Config) -> None:
    """Called by pytest."""
    config.addinivalue_line("markers", "slow: left out by dev.py test and by dev.py gui without --all")


@pytest.fixture(scope="session")
def blender() -> gui_blender.Blender:
    """The Blender under test."""
    suite = os.environ.get("SUBTITLE_EDITOR_GUI")
    if not suite:
        pytest.skip("tests in a window are run by python3 dev.py gui")
    try:
        return gui_blender.find(None if suite == "here" else suite)
    except NotPossibleError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def display(blender: gui_blender.Blender) -> Iterator[Display]:
    """One screen for all tests."""
    display = Display(blender)
    yield display
    display.close()


@pytest.fixture
def user(blender: gui_blender.Blender) -> Iterator[Path]:
    """The settings folder of somebody who has just installed the extension."""
    with folder_of(blender) as folder:
        yield new_user(blender, folder)


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """A hub with the tests' own model as Whisper tiny, and as base."""
    files = {file.name: file for file in MODEL_FILES.iterdir() if file.is_file()}
    with LoopbackHub() as hub:
        hub.add_model(TINY, files)
        hub.add_model(BASE, files)
        yield hub


@pytest.fixture
def fresh(blender: gui_blender.Blender, display: Display, user: Path) -> Iterator[Window]:
    """Blender as after installing: the extension enabled, nothing set, the sidebar open."""
    with Window(blender, display, user) as window:
        window.run("enable()")
        window.run("show_sidebar()")
        yield window


@pytest.fixture
def ready(fresh: Window, hub: LoopbackHub, user: Path) -> Window:
    """Online access allowed, the preferences pointing at the hub and an empty folder, Whisper tiny chosen."""
    prepare(fresh, hub, user)
    return fresh


def prepare(window: Window, hub: LoopbackHub, user: Path) -> None:
    """What `ready` does, for tests that start Blender themselves."""
    models = window.blender.inside(user / "models")
    window.run(f"allow({hub.endpoint!r}, {models!r}); listen(); choose('tiny')")


def start(window: Window, model: str = "tiny") -> None:
    """Click on Download and wait for the first bytes."""
    window.run(f"choose({model!r})")
    window.click(DOWNLOAD)
    window.wait("arrived() > 0")


def blue(window: Window) -> int:
    """How many pixels of the sidebar have the colour of a bar's filled part."""
    color = window.run("[round(255 * c) for c in bpy.context.preferences.themes[0].user_interface.wcol_progress.item]")
    pixels = window.display.pixels(window.sidebar())
    near = 0
    for at in range(0, len(pixels), 3):
        near += all(abs(pixels[at + channel] - color[channel]) < 24 for channel in range(3))
    return near


@pytest.fixture
def picture(display: Display, request: pytest.FixtureRequest, blender: gui_blender.Blender) -> Iterator[Pictures]:
    """Takes pictures named after the test; one of the last state is always taken."""
    pictures = Pictures(display, PICTURES / _plain(blender.name), _plain(request.node.name.removeprefix("test_")))
    yield pictures
    pictures("end")


class Pictures:
    """Saves what is on the screen under a name of the test's."""

    def __init__(self, display: Display, folder: Path, name: str) -> None:
        self._display, self._folder, self._name = display, folder, name

    def __call__(self, moment: str) -> Path:
        """Take a picture of the whole screen now."""
        return self._display.picture(self._folder / f"{self._name}-{_plain(moment)}.png")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
