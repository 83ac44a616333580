# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts typed elsewhere: the track in Blender's Text Editor, one subtitle in Blender's own field."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .conftest import Pictures
from .test_timeline import TEXTS, film, over_timeline
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

FIND_FIELD = """
def field(wanted):
    found = []
    kinds = ('PROPERTIES', 'SEQUENCE_EDITOR')
    for area in window().screen.areas:
        if area.type not in kinds:
            continue
        kind = 'WINDOW' if area.type == 'PROPERTIES' else 'UI'
        side = region(kind, area)
        x = side.x + side.width * 3 // 5
        for y in range(side.y + side.height - 8, side.y, -9):
            window().cursor_warp(x, y)
            yield
            yield
            text = ''
            manager = bpy.context.window_manager
            with bpy.context.temp_override(window=window(), area=area, region=side):
                manager.clipboard = ''
                try:
                    copy = bpy.ops.ui.copy_data_path_button
                    if copy.poll() and copy(full_path=True) == {'FINISHED'}:
                        text = manager.clipboard
                except RuntimeError:
                    pass
            if wanted in text:
                return [x, window().height - y + 4]
    return None
"""


def in_half(window: Window) -> tuple[int, int]:
    """A place in the Text Editor."""
    window.wait("any(area.type == 'TEXT_EDITOR' for area in window().screen.areas)")
    left, top, width, height = window.run(
        "area = next(area for area in window().screen.areas if area.type == 'TEXT_EDITOR')\n"
        "found = region('WINDOW', area)\n"
        "[found.x, window().height - found.y - found.height, found.width, found.height]"
    )
    return left + width // 2, top + height // 2


def test_edit_as_text(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user)
    fresh.click("subtitle.edit_as_text(")
    place = in_half(fresh)
    time.sleep(0.5)
    fresh.run("settle()")
    picture("open")
    fresh.press("ctrl+Home", place)
    # Two lines down, to the end of the text of the first subtitle.
    for key in ("Down", "Down", "End"):
        fresh.press(key, place)
    fresh.display.mouse("type", " Now.")
    fresh.wait("'Ana. Now.' in bpy.data.texts[0].as_string()")
    fresh.press("ctrl+End", place)
    for line in ("", "9", "00:00:20,000 --> 00:00:22,000", "New one"):
        fresh.display.mouse("key", "Return")
        fresh.display.mouse("type", line)
    fresh.wait("'New one' in bpy.data.texts[0].as_string()")
    picture("typed")
    fresh.click("subtitle.take_text(")
    time.sleep(0.8)
    picture("difference")
    fresh.display.mouse("key", "Return")
    fresh.wait(f"len({TEXTS}) == 6")
    assert fresh.run(TEXTS)[0].endswith("Ana. Now.") and fresh.run(TEXTS)[-1] == "New one"
    fresh.wait("not any(area.type == 'TEXT_EDITOR' for area in window().screen.areas)")
    fresh.rest()
    picture("taken")
    fresh.press("ctrl+z", over_timeline(fresh))
    fresh.wait(f"len({TEXTS}) == 5")
    assert not fresh.run(TEXTS)[0].endswith("Now.")


KEYS = (39, 42, 43, 46, 65, 57, 45, 40, 43)
"""The numbers of the keys that say "سلام دنیا" on a Persian keyboard."""
REAL = "می\u200cخواهم بروم."
STATE = "[chosen_strip().text, part('sequencer.cue').real_text(chosen_strip())]"


def test_blenders_own_field(fresh: Window, user: Path, picture: Pictures) -> None:
    """Persian typed and pasted into the strip's own field; its undo and redo."""
    film(fresh, user)
    fresh.run("def chosen_strip(): return part('session.track').chosen_strip(bpy.context.scene)")
    fresh.run("def ready(text): return part('core.right_to_left').drawn_lines(text)")
    fresh.run("part('session.chosen').go_to(bpy.context.scene, part('session.track').row(bpy.context.scene).strip(4))")
    fresh.run("bpy.ops.ed.undo_push(message='chosen')")
    fresh.run(
        "area = next((area for area in window().screen.areas if area.type == 'PROPERTIES'), None)\n"
        "try: area.spaces.active.context = 'STRIP'\n"
        "except TypeError: region().active_panel_category = 'Strip'\n"
        "settle()"
    )
    fresh.run(FIND_FIELD)
    found = fresh.run("field('.text')", 60)
    assert found
    place = (found[0], found[1])

    fresh.click(place)
    fresh.display.mouse("click", 1)
    time.sleep(0.3)
    fresh.display.mouse("key", "ctrl+a")
    # A Persian keyboard: the letters are where they are on it.
    fresh.display.call(["setxkbmap", "ir"])
    for key in KEYS:
        fresh.display.mouse("key", key)
    fresh.display.mouse("key", "Return")
    # Blender asks the keyboard what a key means when it comes to it: before it has, the keyboard must stay.
    fresh.wait(f"{STATE} == [ready('سلام دنیا'), 'سلام دنیا']")
    fresh.display.call(["setxkbmap", "us"])
    fresh.rest()
    picture("typed")
    timeline = over_timeline(fresh)
    fresh.press("ctrl+z", timeline)
    fresh.wait(f"{STATE} == ['Nobody.', 'Nobody.']")
    fresh.press("ctrl+shift+z", timeline)
    fresh.wait(f"{STATE} == [ready('سلام دنیا'), 'سلام دنیا']")
    fresh.run(f"bpy.context.window_manager.clipboard = {REAL!r}")
    fresh.click(place)
    fresh.display.mouse("click", 1)
    fresh.display.mouse("key", "ctrl+a", "key", "ctrl+v", "key", "Return")
    fresh.wait(f"{STATE} == [ready({REAL!r}), {REAL!r}]")
    picture("pasted")
    # The right end of the field is where it is read first.
    fresh.click(place)
    fresh.display.mouse("click", 1)
    fresh.display.mouse("key", "End")
    fresh.display.mouse("type", " 12")
    fresh.display.mouse("key", "Return")
    fresh.wait(f"{STATE}[1] == '12 ' + {REAL!r}")
    fresh.rest()
    picture("more")
