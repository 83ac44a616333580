# SPDX-License-Identifier: GPL-3.0-or-later
"""Editing subtitles in the window, with the mouse and keys."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .conftest import Pictures
from .test_look import language, light, narrow
from .window import Window

pytestmark = [pytest.mark.timeout(400)]

FILM = """1
00:00:00,000 --> 00:00:02,000
Come in.  Sit down, mister Ana.

2
00:00:02,083 --> 00:00:05,000
When the committee met on Tuesday nobody expected that the chairman would resign.

3
00:00:06,000 --> 00:00:06,300
Who told Ana?

4
00:00:08,000 --> 00:00:10,000
- Nobody.
- <i>Really</i>?

5
00:00:12,000 --> 00:00:14,000
Nobody.
"""

TEXTS = "[one.text for one in part('session.track').row(bpy.context.scene).all().cues]"
TIMES = "[[round(one.start, 3), round(one.end, 3)] for one in part('session.track').row(bpy.context.scene).all().cues]"


def film(window: Window, user: Path, text: str = FILM) -> None:
    """Import a film's subtitles, and show the list of them."""
    path = user / "film.srt"
    path.write_text(text, encoding="utf-8")
    window.run(f"bpy.ops.subtitle.import_file(filepath={window.blender.inside(path)!r})")
    window.wait("not part('session.waker').timers")
    window.run("show_sidebar()")
    only(window)
    # What a script does leaves no step to undo.
    window.run("bpy.context.scene.frame_set(1); bpy.ops.ed.undo_push(message='film')")
    window.wait("part('session.survey').reader.is_current")


def only(window: Window) -> None:
    """Leave out the other panels: the test is about these, and the sidebar has no room for all."""
    others = [f"SUBTITLE_PT_{name}" for name in ("transcription", "subtitles", "models", "jobs")]
    window.run(
        f"for name in {others!r}:\n"
        "    kind = getattr(bpy.types, name, None)\n"
        "    if kind is not None: bpy.utils.unregister_class(kind)\n"
        "redraw()"
    )


def over_timeline(window: Window) -> tuple[int, int]:
    """A place on the timeline, where keys go to the Sequencer."""
    left, top, width, height = window.run("box('WINDOW')")
    return left + width // 3, top + height // 2


def test_the_list_and_the_keys(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user)
    fresh.rest()
    picture("list")
    fresh.wait_to_read("5 subtitles, 3 with problems", "Too fast to read: 2")
    place = over_timeline(fresh)
    fresh.run("bpy.context.scene.frame_set(25)")
    fresh.press("ctrl+alt+k", place)
    fresh.wait(f"len({TEXTS}) == 6")
    assert fresh.run(TEXTS)[:2] == ["Come in.", "Sit down, mister Ana."]
    picture("split")
    fresh.press("ctrl+z", place)
    fresh.wait(f"len({TEXTS}) == 5")
    fresh.press("ctrl+alt+Down", place)
    fresh.press("ctrl+alt+Down", place)
    fresh.wait("part('session.track').chosen_strip(bpy.context.scene) is not None")
    time.sleep(0.5)
    fresh.rest()
    picture("chosen")
    x, y = fresh.find("subtitle_editor.cue.line_0")
    fresh.click((x, y))
    fresh.display.mouse("click", 1)
    fresh.display.mouse("key", "ctrl+a")
    fresh.display.mouse("type", "Nobody expected it.")
    fresh.display.mouse("key", "Return")
    fresh.wait(f"{TEXTS}[2].startswith('Nobody expected it.')")
    fresh.rest()
    picture("typed")
    fresh.press("ctrl+z", place)
    fresh.wait(f"{TEXTS}[2].startswith('Who')")
    fresh.click("subtitle.fix_problems(rule=\"\", which='TRACK')")
    fresh.wait(f"'Come in. Sit' in {TEXTS}[0]")
    fresh.wait("part('session.survey').reader.is_current")
    fresh.rest()
    picture("fixed")


@pytest.mark.slow
@pytest.mark.parametrize("look", ["narrow", "large", "light", "persian", "german"])
def test_looks(fresh: Window, user: Path, picture: Pictures, look: str) -> None:
    text = FILM.replace("Nobody.\n", "می‌خواهم بروم.\n") if look == "persian" else FILM
    film(fresh, user, text)
    match look:
        case "narrow":
            narrow(fresh, 240)
        case "large":
            fresh.run("bpy.context.preferences.view.ui_scale = 2.0")
            fresh.run("show_sidebar()")
        case "light":
            light(fresh)
        case "persian":
            language(fresh, "fa_IR")
        case "german":
            language(fresh, "de_DE")
    fresh.run("part('session.chosen').go_to(bpy.context.scene, part('session.track').row(bpy.context.scene).strip(2))")
    fresh.wait("part('session.survey').reader.is_current")
    fresh.rest()
    picture("chosen")
    # A translation with its original beside it, open as text, and the style below.
    fresh.run(
        "NEW = '9\\n00:00:20,000 --> 00:00:21,000\\nEnde'\n"
        "with bpy.context.temp_override(window=window(), area=sequencer(), region=region('WINDOW')):\n"
        "    bpy.ops.subtitle.duplicate_track(language='de')\n"
        "    part('session.chosen').go_to(bpy.context.scene, part('session.track').row(bpy.context.scene).strip(3))\n"
        "    bpy.ops.subtitle.edit_as_text()\n"
        "    text = bpy.data.texts[0]\n"
        "    text.from_string(text.as_string().replace('Nobody', 'Niemand') + '\\n' + NEW)\n"
        "    bpy.ops.subtitle.take_text('INVOKE_DEFAULT')"
    )
    time.sleep(1)
    picture("translation")
    fresh.display.mouse("key", "Escape")
    # Every button is still under the mouse.
    for button in ("subtitle.add_cue(", "subtitle.jump_cue("):
        fresh.find(button)


QUICK = "".join(
    f"{number + 1}\n00:00:{number // 4:02},{number % 4 * 250:03} --> 00:00:{number // 4:02},{number % 4 * 250 + 208:03}"
    f"\nNumber {number + 1}.\n\n"
    for number in range(80)
)
"""80 subtitles, four a second."""

WATCH = """
drawn, rows, pictures = [], [], [0]
kind = bpy.types.SUBTITLE_UL_cues
real = kind.draw_item

def draw_item(self, context, layout, data, item, icon, active, name, index=0, flag=0):
    rows.append(index)
    return real(self, context, layout, data, item, icon, active, name, index, flag)

def pictured():
    pictures[0] += 1
    drawn[:], rows[:] = rows, []

kind.draw_item = draw_item
handle = bpy.types.SpaceSequenceEditor.draw_handler_add(pictured, (), "UI", "POST_PIXEL")

def play_to(frame):
    area = sequencer()
    with bpy.context.temp_override(window=window(), area=area, region=region("WINDOW", area)):
        bpy.ops.screen.animation_play()
    began = bpy.context.scene.frame_current
    pictures[0] = 0
    while bpy.context.scene.frame_current < frame:
        yield
    found = [pictures[0], list(drawn), bpy.context.scene.subtitle_editor.cue_index]
    with bpy.context.temp_override(window=window(), area=area, region=region("WINDOW", area)):
        bpy.ops.screen.animation_cancel(restore_frame=False)
    return found
"""


def test_the_list_follows_the_playhead(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user, QUICK)
    fresh.rest()
    fresh.run(WATCH)
    count, shown, marked = fresh.run("play_to(190)", 60)
    picture("follows")
    # Row 31 begins on frame 187. Beside the rows that came there is the sliding of panels.
    assert abs(marked - 31) <= 1
    assert 29 <= max(shown) <= 33 and min(shown) > 10, shown
    assert 8 <= count <= 50
    fresh.run("bpy.context.scene.subtitle_editor.follow = False")
    fresh.run("bpy.context.scene.frame_set(1)")
    fresh.rest()
    count, _, _ = fresh.run("play_to(72)", 60)
    assert count <= 3, "a sidebar was drawn for a list that does not follow"
