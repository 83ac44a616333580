# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles put in place, and the next wrong one looked for, in the window: how far it is, Escape, undo."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Pictures
from .test_timeline import film, over_timeline
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

COUNT = 40
FILM = "\n".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nline {n}\n" for n in range(1, COUNT + 1))
STRIPS = "[s for s in bpy.context.scene.sequence_editor.strips if s.type == 'TEXT']"
LOW = f"sum(s.location[1] < 0.02 for s in {STRIPS})"
HEIGHTS = f"[s.location[1] for s in {STRIPS}]"
SLOWLY = "slow = part('operators.slow'); slow.AT_ONCE = slow.SLICE = 0.0"
"""A subtitle for each tick of a clock: there is time to press keys meanwhile."""
BUSY = "bool(part('session.waker').timers)"


def low(window: Window, user: Path) -> tuple[int, int]:
    """A film whose subtitles all leave the safe area, and a place over its timeline."""
    film(window, user, FILM)
    window.run(f"for s in {STRIPS}: s.location[1] = 0.01\nbpy.ops.ed.undo_push(message='low')")
    window.run(SLOWLY)
    return over_timeline(window)


def put_all(window: Window) -> None:
    window.run(
        "with bpy.context.temp_override(window=window()):\n"
        "    bpy.ops.subtitle.mend_places('INVOKE_DEFAULT', True, which='ALL')"
    )


def test_put_all_in_place_is_stopped_undone_and_done(fresh: Window, user: Path, picture: Pictures) -> None:
    place = low(fresh, user)
    before = fresh.run(HEIGHTS)
    put_all(fresh)
    fresh.wait(f"{LOW} < {COUNT - 5}")
    picture("under way")
    fresh.press("ctrl+z", place)
    fresh.wait(f"{LOW} < {COUNT - 12}")  # Nothing was undone.
    fresh.press("Escape", place)
    fresh.wait(f"not {BUSY}")
    assert fresh.run(HEIGHTS) == before
    fresh.rest()
    picture("stopped")
    put_all(fresh)
    fresh.wait(f"not {BUSY} and {LOW} == 0")
    fresh.press("ctrl+z", place)
    fresh.wait(f"{LOW} == {COUNT}")
    assert fresh.run(HEIGHTS) == before
    fresh.press("ctrl+shift+z", place)
    fresh.wait(f"{LOW} == 0")


def test_the_next_wrong_place_is_looked_for_and_stopped(fresh: Window, user: Path, picture: Pictures) -> None:
    place = low(fresh, user)
    frame = "bpy.context.scene.frame_current"
    press = "with bpy.context.temp_override(window=window()):\n    bpy.ops.subtitle.next_place('INVOKE_DEFAULT')"
    fresh.run(press)
    assert fresh.run(BUSY)
    picture("under way")
    fresh.press("Escape", place)
    fresh.wait(f"not {BUSY}")
    assert fresh.run(frame) == 1
    fresh.run(press)
    fresh.wait(f"not {BUSY} and {frame} > 1")
    assert fresh.run("part('session.track').chosen_strip(bpy.context.scene).text") == "line 1"
    fresh.rest()
    picture("found")
