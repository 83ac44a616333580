# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels where room is short, and in other lights: a picture of each, and every button still under the mouse."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.hub.server import LoopbackHub

from .conftest import CANCEL, DOWNLOAD, PAUSE, SLOW, Pictures, start
from .window import Window

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]


def narrow(window: Window, width: int) -> None:
    """Drag the edge of the sidebar until it is so wide."""
    left, top, now, height = window.sidebar()
    steps = [("mousemove", x, top + height // 2) for x in (left, left + (now - width) // 2, left + now - width)]
    for step in (steps[0], ("mousedown", 1), *steps[1:], ("mouseup", 1)):
        window.display.mouse(*step)
        time.sleep(0.3)  # A drag is told from a click by its steps.
    window.run("show_sidebar()")


def light(window: Window) -> None:
    """Choose the light theme that Blender brings."""
    window.run(
        "paths = bpy.utils.preset_paths('interface_theme')\n"
        "import glob\n"
        "found = [file for path in paths for file in glob.glob(path + '/**/*ight.xml', recursive=True)]\n"
        "bpy.ops.script.execute_preset(filepath=found[0], menu_idname='USERPREF_MT_interface_theme_presets')"
    )


def language(window: Window, code: str) -> None:
    """Switch the interface to a language."""
    window.run(f"view = bpy.context.preferences.view; view.language = {code!r}; view.use_translate_interface = True")
    window.run("show_sidebar()")


@pytest.mark.parametrize("look", ["plain", "narrow", "large", "light", "persian", "german"])
def test_look(ready: Window, hub: LoopbackHub, user: Path, picture: Pictures, look: str) -> None:
    match look:
        case "narrow":
            narrow(ready, 240)
            assert ready.sidebar()[2] <= 250
        case "large":
            ready.run("bpy.context.preferences.view.ui_scale = 2.0")
            ready.run("show_sidebar()")
        case "light":
            light(ready)
        case "persian":
            language(ready, "fa_IR")
        case "german":
            language(ready, "de_DE")
    ready.rest()
    picture("missing")
    models = ready.blender.inside(user / "models")
    ready.run(f"allow('http://127.0.0.1:9', {models!r})")  # Where nobody answers.
    ready.click(DOWNLOAD)
    ready.wait("ended('Failed') > 0", 90)
    ready.rest()
    picture("failed")
    ready.run(f"allow({hub.endpoint!r}, {models!r})")
    hub.settings.rate = SLOW
    start(ready)
    for button in (CANCEL, PAUSE):
        ready.find(button)
    ready.rest()
    picture("downloading")


def test_preferences(ready: Window, picture: Pictures) -> None:
    """The page of the extension, with every setting under its own name."""
    ready.run(
        "area = sequencer(); area.type = 'PREFERENCES'; bpy.context.preferences.active_section = 'ADDONS'\n"
        "bpy.context.window_manager.addon_search = 'Subtitle Editor'\n"
        "bpy.ops.preferences.addon_expand(module=MODULE)"
    )
    ready.rest()
    picture("page")
    shown = ready.texts()
    for name in ("Models Folder", "Connections", "Downloads at a Time", "Offline Mode"):
        assert name in shown, shown


def test_subtitles_that_read_from_the_right(ready: Window, user: Path, picture: Pictures) -> None:
    """Arabic, Hebrew and Persian subtitles in the list of strips and in the picture."""
    file = user / "right.srt"
    lines = ["سلام دنیا", "שלום עולם", "مرحبا بالعالم"]
    blocks = (f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{line}\n" for n, line in enumerate(lines, 1))
    file.write_text("\n".join(blocks), encoding="utf-8")
    ready.run(
        "area = sequencer()\n"
        "with bpy.context.temp_override(window=window(), area=area, region=region('WINDOW', area)):\n"
        f"    bpy.ops.subtitle.import_file('EXEC_DEFAULT', filepath={ready.blender.inside(file)!r})"
    )
    found = "[cue.text for cue in part('sequencer.strips').cues_of(bpy.context.scene)[0]]"
    ready.wait(f"len({found}) == 3")
    assert ready.run(found) == lines
    ready.rest()
    picture("strips")
