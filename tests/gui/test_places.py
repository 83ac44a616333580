# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles put in place, and the next wrong one looked for, in the window: how far it is, Escape, undo; and a click on
one in the preview."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .conftest import Pictures
from .test_baking import open_pictures
from .test_timeline import film, over_timeline
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

COUNT = 40
FILM = "\n".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nline {n}\n" for n in range(1, COUNT + 1))
STRIPS = "[s for s in bpy.context.scene.sequence_editor.strips if s.type == 'TEXT']"
HEIGHTS = f"[round(part('sequencer.spot').drawn_at(s)[1]) for s in {STRIPS}]"
LOW = f"sum(height < 20 for height in {HEIGHTS})"
SLOWLY = "slow = part('operators.slow'); slow.AT_ONCE = slow.SLICE = 0.0"
"""A subtitle for each tick of a clock: there is time to press keys meanwhile."""
BUSY = "bool(part('session.waker').timers)"


def low(window: Window, user: Path) -> tuple[int, int]:
    """A film whose subtitles all leave the safe area, and a place over its timeline."""
    film(window, user, FILM)
    # As in a file of an earlier Blender: where the text is drawn, a click takes what is below.
    window.run(f"for s in {STRIPS}: s.location, s.transform.offset_y = (0.5, 0.01), 0")
    window.run("bpy.ops.ed.undo_push(message='low')")
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


def click_on(window: Window, number: int) -> None:
    """Click on the middle of a line of the film, which is shown."""
    box = "part('sequencer.places').box_of(s, part('sequencer.places').film(bpy.context.scene))"
    left, bottom, right, top = window.run(f"[tuple({box}) for s in {STRIPS} if s.text == 'line {number}'][0]")
    width, height = window.run("(lambda r: (r.resolution_x, r.resolution_y))(bpy.context.scene.render)")
    x, y = (left + right - width) / 2, (bottom + top - height) / 2
    at = window.run(f"region('PREVIEW').view2d.view_to_region({x}, {y}, clip=False)")
    region_x, region_y, _, tall = window.run("box('PREVIEW')")
    window.run(f"for s in {STRIPS}: s.select = False\nredraw()")
    window.click((region_x + at[0], region_y + tall - at[1]))


def test_a_click_on_a_subtitle_in_the_preview_selects_it(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user, FILM)
    fresh.run("sequencer().spaces.active.view_type = 'PREVIEW'")
    fresh.run("bpy.context.scene.frame_set(bpy.context.scene.frame_start + 30)")
    fresh.rest()
    selected = f"[s.text for s in {STRIPS} if s.select]"
    click_on(fresh, 1)
    fresh.wait(f"{selected} == ['line 1']")
    fresh.rest()
    picture("selected")
    if not fresh.run("part('sequencer.compat').box_follows_transform()"):
        return
    # One that was made in an earlier Blender.
    fresh.run(f"for s in {STRIPS}: s.location, s.transform.offset_y = (0.5, 0.06), 0")
    click_on(fresh, 1)
    time.sleep(0.5)
    assert fresh.run(selected) == []
    open_pictures(fresh)
    fresh.rest()
    picture("missed")
    put_all(fresh)
    fresh.wait(f"not {BUSY} and all(s.location[1] == 0.5 for s in {STRIPS})")
    click_on(fresh, 1)
    fresh.wait(f"{selected} == ['line 1']")
    fresh.rest()
    picture("found")
