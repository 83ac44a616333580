# SPDX-License-Identifier: GPL-3.0-or-later
"""A model, from the first start to its last byte, with the mouse."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.hub.server import LoopbackHub

from .conftest import CANCEL, DOWNLOAD, MODEL_BYTES, PAUSE, RESUME, SLOW, Pictures, blue, start
from .window import Window

pytestmark = pytest.mark.timeout(240)

SLEEPERS = "(lambda waker: waker.sleepers + waker.timers)(part('session.waker'))"
DRAWS = """
drawn = {"WINDOW": 0, "UI": 0}

def count(kind):
    drawn[kind] += 1

def begin():
    add = bpy.types.SpaceSequenceEditor.draw_handler_add
    handlers.extend((kind, add(count, (kind,), kind, "POST_PIXEL")) for kind in drawn)

def end():
    for kind, handler in handlers:
        bpy.types.SpaceSequenceEditor.draw_handler_remove(handler, kind)

handlers = []
"""


def test_first_start_without_online_access(fresh: Window, hub: LoopbackHub, picture: Pictures) -> None:
    """Nothing is asked of anybody, and the panel names the switch."""
    fresh.wait_to_read("Allow Online Access", "System", "Network")
    fresh.rest()
    picture("panel")
    fresh.click(DOWNLOAD)
    time.sleep(1.0)
    assert hub.requests == []
    assert fresh.run("part('session.state').busy()") is False


def test_cancel_at_once_and_resume(ready: Window, hub: LoopbackHub, user: Path, picture: Pictures) -> None:
    """The bar moves; Cancel ends the job in a fifth of a second; the next click goes on where it stopped."""
    hub.settings.rate = SLOW
    quickest = 9.9
    for _ in range(3):  # The machine may be busy with something else just then.
        start(ready)
        cancel = ready.find(CANCEL)
        ready.rest()
        before = blue(ready)
        time.sleep(1.5)
        picture("moving")
        assert blue(ready) > before + 20, "the bar does not move"
        clicked = ready.click(cancel)
        ready.wait(f"ended('Cancelled') > {clicked}")
        quickest = min(quickest, ready.run("ended('Cancelled')") - clicked)
        if quickest < 0.2:
            break
    assert quickest < 0.2
    served = hub.bytes_served("*/model.bin", "content")
    assert 0 < served < len(MODEL_BYTES)
    ready.wait("jobs() == []")
    ready.rest()
    picture("cancelled")
    hub.settings.rate = None
    ready.click(DOWNLOAD)
    ready.wait("ended('Finished') > 0")
    ready.wait_to_read("Installed and verified")
    ready.rest()
    picture("installed")
    assert any(file.read_bytes() == MODEL_BYTES for file in (user / "models").rglob("model.bin"))
    assert hub.bytes_served("*/model.bin", "content") - served < len(MODEL_BYTES), "it started from the beginning"
    ready.wait(SLEEPERS + " == []")
    assert "Whisper tiny is installed" in ready.log()
    # Another kind of operator that sleeps until there is an end to report.
    ready.run("with bpy.context.temp_override(window=window()): bpy.ops.subtitle.verify_model(model='tiny')")
    ready.wait(SLEEPERS + " == []")
    assert "files are as they should be" in ready.log()


def test_a_download_draws_the_sidebar_and_leaves_the_timeline_alone(ready: Window, hub: LoopbackHub) -> None:
    """A timeline with much in it takes long to draw, and a download lasts for minutes. The mouse is over it."""
    hub.settings.rate = SLOW
    start(ready)
    ready.press("Escape", (640, 400))
    time.sleep(7.0)  # So long Blender shows, and draws, that there is no token.
    ready.run(DRAWS)
    ready.run("begin(); before = arrived()")
    time.sleep(4.0)
    ready.run("end()")
    timeline, sidebar = ready.run("[drawn['WINDOW'], drawn['UI']]")
    assert ready.run("arrived() > before"), "nothing moved meanwhile"
    assert timeline <= 3, "it is drawn for something that it does not show"
    assert sidebar >= 4


def test_two_models_one_paused(ready: Window, hub: LoopbackHub, picture: Pictures) -> None:
    """The second waits its turn, begins when the first is paused, and the first goes on afterwards."""
    hub.settings.rate = SLOW
    start(ready, "tiny")
    ready.run("choose('base')")
    ready.click(DOWNLOAD)
    ready.wait("[state for _, _, state in jobs()] == ['downloading', 'queued']")
    ready.wait_to_read("Waiting its turn")
    ready.rest()
    picture("queued")
    tiny, base = (job for job, _, _ in ready.run("jobs()"))
    ready.click(f'{PAUSE}job="{tiny}"')
    ready.wait(f"dict((job, state) for job, _, state in jobs())[{tiny!r}] == 'paused'")
    ready.wait(f"dict((job, state) for job, _, state in jobs())[{base!r}] == 'downloading'")
    ready.wait_to_read("Paused at")
    ready.rest()
    picture("paused")
    ready.click(f'{RESUME}job="{tiny}"')
    ready.wait(f"dict((job, state) for job, _, state in jobs())[{tiny!r}] == 'queued'")
    hub.settings.rate = None
    ready.run("again()")
    ready.wait("sum(name == 'Finished' for _, name, _ in heard) == 2", 60)
    assert ready.run("jobs()") == []
    installed = "part('session.shelf').installed"
    ready.wait(f"{installed}('tiny') is not None and {installed}('base') is not None")
