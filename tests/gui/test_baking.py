# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles to pictures and back in the window: what goes on while they are drawn, and one step of undo for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Pictures
from .test_timeline import TEXTS, film, over_timeline
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

IMAGES = "sum(strip.type == 'IMAGE' for strip in bpy.context.scene.sequence_editor.strips)"
MUTED = "sum(strip.mute for strip in bpy.context.scene.sequence_editor.strips if strip.type == 'TEXT')"


def open_pictures(window: Window) -> None:
    """Have the panel Pictures be open."""
    window.run(
        # One that nobody has closed yet: which are is kept by their names.
        "kind = part('panels.pictures').SUBTITLE_PT_pictures\n"
        "names = {name: getattr(kind, name) for name in ('draw', 'draw_header', '_draw_places', '_pair', 'bl_label')}\n"
        "bpy.utils.unregister_class(kind)\n"
        "names |= {'bl_idname': 'SUBTITLE_PT_open', 'bl_options': set(), 'bl_order': 0}\n"
        "bpy.utils.register_class(type('SUBTITLE_PT_open', kind.__bases__, names))\n"
    )
    window.run("show_sidebar()")


def test_bake_and_back(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user)
    count = len(fresh.run(TEXTS))
    fresh.run("bpy.context.scene.subtitle_editor.picture_folder = __import__('tempfile').mkdtemp()")
    place = over_timeline(fresh)
    fresh.run("with bpy.context.temp_override(window=window()):\n    bpy.ops.subtitle.bake('INVOKE_DEFAULT')")
    fresh.wait(f"{IMAGES} == {count}")
    fresh.wait(f"{MUTED} == {count}")
    fresh.rest()
    picture("baked")
    fresh.run("bpy.ops.subtitle.bake_changed('INVOKE_DEFAULT')")
    fresh.rest()
    assert fresh.run(IMAGES) == count
    fresh.run("bpy.ops.subtitle.back_to_text('INVOKE_DEFAULT')")
    fresh.wait(f"{IMAGES} == 0")
    fresh.press("ctrl+z", place)
    fresh.wait(f"{IMAGES} == {count}")


def test_back_to_text_is_stopped_and_undone(fresh: Window, user: Path, picture: Pictures) -> None:
    """One subtitle for each tick of a clock: there is time to press a key meanwhile."""
    film(fresh, user, "\n".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nline {n}\n" for n in range(1, 40)))
    fresh.run("bpy.context.scene.subtitle_editor.picture_folder = __import__('tempfile').mkdtemp()")
    place = over_timeline(fresh)
    fresh.run("with bpy.context.temp_override(window=window()):\n    bpy.ops.subtitle.bake('INVOKE_DEFAULT')")
    fresh.wait(f"{IMAGES} == {MUTED} == 39 and not part('session.waker').timers")
    fresh.run("bpy.ops.ed.undo_push(message='baked')")
    fresh.run("slow = part('operators.slow'); slow.AT_ONCE = slow.SLICE = 0.0")
    press = (
        "with bpy.context.temp_override(window=window()):\n    bpy.ops.subtitle.back_to_text('INVOKE_DEFAULT', True)"
    )
    fresh.run(press)
    fresh.wait(f"{IMAGES} < 35")
    assert not fresh.run("bpy.ops.subtitle.bake.poll()")
    picture("under way")
    fresh.press("Escape", place)
    fresh.wait("not part('session.waker').timers")
    assert 0 < fresh.run(IMAGES) == fresh.run(MUTED) < 39
    assert fresh.run("bpy.ops.subtitle.bake.poll()")
    fresh.rest()
    picture("stopped")
    fresh.press("ctrl+z", place)
    fresh.wait(f"{IMAGES} == {MUTED} == 39")
    fresh.run("slow = part('operators.slow'); slow.AT_ONCE = 10.0")
    fresh.run(press)
    fresh.wait(f"{IMAGES} == {MUTED} == 0")


def test_undo_while_strips_are_made_and_escape(fresh: Window, user: Path) -> None:
    """One strip for each tick of a clock: there is time to press keys meanwhile."""
    film(fresh, user, "\n".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nline {n}\n" for n in range(1, 40)))
    fresh.run("bpy.context.scene.subtitle_editor.picture_folder = __import__('tempfile').mkdtemp()")
    fresh.run("part('operators.pictures').SLICE = 0.0")
    place = over_timeline(fresh)
    fresh.run("with bpy.context.temp_override(window=window()):\n    bpy.ops.subtitle.bake('INVOKE_DEFAULT')")
    fresh.wait(f"{IMAGES} >= 3")
    assert not fresh.run("bpy.ops.subtitle.back_to_text.poll()")
    fresh.press("ctrl+z", place)
    fresh.wait(f"{IMAGES} >= 8")
    fresh.press("Escape", place)
    fresh.wait("not part('session.waker').timers")
    fresh.wait("not part('session.pictures').at_work")
    made = fresh.run(IMAGES)
    assert 8 <= made < 39 and fresh.run(MUTED) == made and len(fresh.run(TEXTS)) == 39
    fresh.press("ctrl+z", place)
    fresh.wait(f"{IMAGES} == 0")
    assert fresh.run(MUTED) == 0


def test_the_dialog_of_a_style_offers_what_is_chosen(fresh: Window, user: Path) -> None:
    film(fresh, user)
    place = over_timeline(fresh)
    chosen = "bpy.context.scene.subtitle_editor.picture_style"
    for name, made, box in (("default", "mine", ""), ("box", "mine-2", "line")):
        fresh.run(f"{chosen} = {name!r}")
        fresh.display.mouse("mousemove", *place)
        fresh.run("with bpy.context.temp_override(window=window()):\n    bpy.ops.subtitle.save_style('INVOKE_DEFAULT')")
        fresh.run("settle()")
        fresh.press("Return", place)
        fresh.wait(f"{chosen} == {made!r}")
        assert fresh.run("part('session.pictures').style_of(bpy.context.scene).box") == box


def test_outlines_are_drawn_while_the_panel_is_open(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user)
    fresh.run("sequencer().spaces.active.view_type = 'SEQUENCER_PREVIEW'")
    handle = "part('session.outlines')._handle"
    fresh.rest()
    assert fresh.run(f"{handle} is None"), "the panel is closed at first"
    fresh.run(
        "bpy.context.scene.frame_set(30)\n"
        "strip = next(s for s in bpy.context.scene.sequence_editor.strips if s.type == 'TEXT')\n"
        "part('sequencer.spot').put(strip, 0.5, 0.01)"
    )
    open_pictures(fresh)
    fresh.wait(f"{handle} is not None")
    fresh.rest()
    picture("open")
    fresh.run("sequencer().spaces.active.show_region_ui = False")
    fresh.wait(f"{handle} is None")
    fresh.rest()
    picture("closed")
