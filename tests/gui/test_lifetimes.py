# SPDX-License-Identifier: GPL-3.0-or-later
"""A download while the user does something else: opens a file, undoes, closes a window, disables, quits, comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.gui_blender import Blender
from tests.hub.server import LoopbackHub

from .conftest import DOWNLOAD, MODEL_BYTES, RESUME, SLOW, Pictures, prepare, start
from .window import Display, Window

pytestmark = pytest.mark.timeout(180)

POLLER = "bpy.app.timers.is_registered(part('session.pump').poll)"
THREADS = "[thread.name for thread in __import__('threading').enumerate() if 'download' in thread.name]"


@pytest.fixture
def loading(ready: Window, hub: LoopbackHub) -> Iterator[Window]:
    """A download is under way, and a mouse click has started it."""
    hub.settings.rate = SLOW
    start(ready)
    yield ready


def goes_on(window: Window) -> None:
    """The same download still brings bytes, and the panel counts them."""
    before = window.run("arrived()")
    window.wait(f"arrived() > {before}")
    assert window.run("[state for _, _, state in jobs()]") == ["downloading"]
    assert window.run("[name for _, name, _ in heard if name in ('Cancelled', 'Failed')]") == []


def ends_well(window: Window, hub: LoopbackHub, user: Path) -> None:
    """The rest of it comes, and it is right."""
    hub.settings.rate = None
    window.run("again()")
    window.wait("ended('Finished') > 0", 60)
    assert any(file.read_bytes() == MODEL_BYTES for file in (user / "models").rglob("model.bin"))
    assert hub.bytes_served("*/model.bin", "content") < 2 * len(MODEL_BYTES)


def test_another_file(loading: Window, hub: LoopbackHub, user: Path, picture: Pictures) -> None:
    file = loading.blender.inside(user / "film.blend")
    loading.run(f"bpy.ops.wm.save_as_mainfile(filepath={file!r})")
    loading.run(f"bpy.ops.wm.open_mainfile(filepath={file!r})")
    assert loading.run(POLLER), "nobody drains the queue"
    loading.run("show_sidebar()")
    goes_on(loading)
    loading.rest()
    picture("afterwards")
    ends_well(loading, hub, user)
    loading.run(f"bpy.ops.wm.open_mainfile(filepath={file!r})")
    loading.run("show_sidebar()")
    assert loading.run("jobs()") == [], "the file brought a download back"


def test_undo(loading: Window, hub: LoopbackHub, user: Path) -> None:
    loading.run(
        "scene = bpy.context.scene; scene.frame_end = 99; bpy.ops.ed.undo_push(message='one');"
        "scene.frame_end = 77; bpy.ops.ed.undo_push(message='two')"
    )
    loading.press("ctrl+z", (400, 300))
    loading.wait("bpy.context.scene.frame_end == 99")
    goes_on(loading)
    ends_well(loading, hub, user)


def test_disabling_the_extension(loading: Window, hub: LoopbackHub, picture: Pictures) -> None:
    """Everything stops, nothing is left behind, what has arrived stays; enabled again, it can go on."""
    loading.run("bpy.ops.preferences.addon_disable(module=MODULE)")
    loading.wait(f"{THREADS} == []", 10)
    loading.wait("not any('subtitle' in str(timer).lower() for timer in dir(bpy.types.Scene) if timer != 'bl_rna')", 5)
    assert hub.bytes_served("*/model.bin", "content") < len(MODEL_BYTES)
    loading.run("enable()")
    loading.run("show_sidebar()")
    loading.wait_to_read("Interrupted")
    loading.rest()
    picture("enabled again")


def test_closing_the_window_it_was_started_in(ready: Window, hub: LoopbackHub, user: Path) -> None:
    hub.settings.rate = SLOW
    ready.run("bpy.ops.wm.window_new()")
    ready.wait("len(bpy.context.window_manager.windows) == 2")
    ready.run(
        "second = window(1)\n"
        "area = max(second.screen.areas, key=lambda area: area.width * area.height)\n"
        "with bpy.context.temp_override(window=second, area=area, region=area.regions[-1]):\n"
        "    bpy.ops.subtitle.download_model('INVOKE_DEFAULT', model='tiny')\n"
        # Two: the first to be ended must leave the window as it is for the second.
        "    bpy.ops.subtitle.download_model('INVOKE_DEFAULT', model='base')"
    )
    ready.wait("arrived() > 0")
    # Without a window manager a window has no close button; this is what it calls.
    ready.run("with bpy.context.temp_override(window=window(1)): bpy.ops.wm.window_close()")
    ready.wait("len(bpy.context.window_manager.windows) == 1")
    assert ready.run(POLLER), "nobody drains the queue"
    ready.run("with bpy.context.temp_override(window=window()): bpy.ops.subtitle.cancel_download(model='base')")
    ready.wait("ended('Cancelled') > 0")
    ready.run("heard.clear()")
    goes_on(ready)
    ends_well(ready, hub, user)


def test_a_script_that_has_no_window(ready: Window) -> None:
    """It is told so, and the download that has begun is followed to its end all the same."""
    ready.run(
        "told = ''\n"
        "try:\n"
        "    with bpy.context.temp_override(window=None): bpy.ops.subtitle.download_model(model='tiny')\n"
        "except RuntimeError as error:\n"
        "    told = str(error)"
    )
    assert "window" in ready.run("told")
    ready.wait("ended('Finished') > 0", 60)
    ready.wait(f"not {POLLER}")


@pytest.mark.parametrize("way", ["quit", "killed"])
def test_restart_and_resume(
    blender: Blender, display: Display, user: Path, hub: LoopbackHub, picture: Pictures, way: str
) -> None:
    """Blender ends while a download runs; the next start offers to go on, and fetches only the rest."""
    hub.settings.rate = 2 * SLOW
    with Window(blender, display, user) as window:
        window.run("enable(); show_sidebar()")
        prepare(window, hub, user)
        window.run("bpy.context.preferences.view.use_save_prompt = False; bpy.ops.wm.save_userpref()")
        window.click(DOWNLOAD)
        window.wait("arrived() > 300_000", 60)
        if way == "quit":
            began = time.monotonic()
            window.press("ctrl+q", (400, 300))
            assert window.wait_for_end() == 0, window.log()
            assert time.monotonic() - began < 15
        else:
            window.kill()
    served = hub.bytes_served("*/model.bin", "content")
    with Window(blender, display, user) as window:
        window.run("show_sidebar(); listen()")
        window.wait_to_read("Interrupted at")
        assert hub.bytes_served("*/model.bin", "content") == served, "it went on without being asked"
        window.rest()
        picture("offered")
        hub.settings.rate = None
        window.click(RESUME)
        window.wait("ended('Finished') > 0", 60)
    assert any(file.read_bytes() == MODEL_BYTES for file in (user / "models").rglob("model.bin"))
    # At most 1 MiB a connection is fetched again, and this file has but one.
    # What was in the system's buffers when it ended was served, and never came.
    assert hub.bytes_served("*/model.bin", "content") - served < len(MODEL_BYTES) - 150_000
