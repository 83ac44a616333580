# SPDX-License-Identifier: GPL-3.0-or-later
"""How many actions the daily work takes, counted with a mouse and keys in the window.

An action is one click, or one key with those that are held with it. Letters are typing, and so are the keys that end a
field or go on to the next. docs/manual.md has the table.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from .conftest import ROOT, Pictures
from .test_timeline import TEXTS, TIMES, film, over_timeline
from .window import Window

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]

CHOSEN = "part('session.track').chosen_strip(bpy.context.scene)"
RULES = f"[p.rule for p in part('session.survey').read_now().by_name.get({CHOSEN}.name, ())]"
"""What is wrong with the chosen one."""
TABLE = (ROOT / "docs" / "manual.md").read_text(encoding="utf-8").split("### By the stopwatch", 1)[1].split("###")[0]


class Hand:
    """The mouse and the keys, and how often they were used since `begin`."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.place = over_timeline(window)
        self.actions = 0
        self.counted: dict[str, int] = {}

    def key(self, keys: str) -> None:
        """Press a key over the timeline."""
        self._window.press(keys, self.place)
        self.actions += 1

    def click(self, button: str | tuple[int, int]) -> None:
        """Click somewhere; where that is, is looked for first and is no action."""
        self._window.click(button)
        self.actions += 1

    def type(self, *words: str) -> None:
        """Type letters, and keys by their names in angle brackets."""
        for word in words:
            named = re.fullmatch(r"<(.+)>", word)
            time.sleep(0.25)
            self._window.display.mouse(*(("key", named[1]) if named else ("type", word)))

    def done(self, what: str) -> None:
        """Note how many actions something took."""
        self.counted[what] = self.actions
        self.actions = 0

    def undo(self) -> None:
        """Take the last one back; not counted."""
        self._window.press("ctrl+z", self.place)


def at(window: Window, frame: int) -> None:
    """The playhead is somewhere: part of no task."""
    window.run(f"bpy.context.scene.frame_set({frame})")


def test_actions(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user)
    hand = Hand(fresh)
    go = "part('session.chosen').go_to(bpy.context.scene, part('session.track').row(bpy.context.scene).strip({}))"
    fresh.run(go.format(3))
    hand.key("ctrl+alt+j")
    fresh.wait(f"len({TEXTS}) == 4")
    hand.done("merge two")
    hand.undo()
    fresh.wait(f"len({TEXTS}) == 5")

    at(fresh, 25)
    hand.key("ctrl+alt+k")
    fresh.wait(f"{TEXTS}[:2] == ['Come in.', 'Sit down, mister Ana.']")
    hand.done("split with its text shared out")
    hand.undo()
    fresh.wait(f"len({TEXTS}) == 5")

    # A click into the frames puts the playhead where the subtitle has to begin.
    fresh.run(go.format(2))
    left, top, *_ = fresh.run("box('WINDOW')")
    before = fresh.run(TIMES)
    x = fresh.run("region('WINDOW').view2d.view_to_region(130, 0, clip=False)[0]")
    hand.click((left + x, top + 12))
    fresh.wait("abs(bpy.context.scene.frame_current - 130) < 4")
    hand.key("ctrl+alt+shift+bracketleft")
    fresh.wait(f"{TIMES}[2] != {before[2]!r}")
    after = fresh.run(TIMES)
    assert after[:2] == before[:2]
    moves = {round(new[0] - old[0], 2) for old, new in zip(before[2:], after[2:], strict=True)}
    assert len(moves) == 1 and 0.0 not in moves
    hand.done("shift all later ones")
    hand.undo()
    fresh.wait(f"{TIMES} == {before!r}")

    hand.key("ctrl+alt+f")
    hand.type("Ana", "<Tab>", "Anna", "<Return>")
    picture("replace")
    hand.type("<Return>")
    hand.actions += 1  # It confirms.
    fresh.wait(f"sum('Anna' in text for text in {TEXTS}) == 2")
    hand.done("find and replace a name")
    hand.undo()
    fresh.wait(f"sum('Anna' in text for text in {TEXTS}) == 0")

    row = _row(fresh, 4)
    hand.click(row)
    fresh.wait(f"{CHOSEN} == part('session.track').row(bpy.context.scene).strip(4)")
    line = fresh.find("subtitle_editor.cue.line_0")
    hand.click(line)
    hand.type("<ctrl+a>", "Nobody at all.", "<Return>")
    fresh.wait(f"{TEXTS}[4] == 'Nobody at all.'")
    hand.done("correct a text")
    hand.undo()
    fresh.wait(f"{TEXTS}[4] == 'Nobody.'")

    fresh.rest()
    fresh.click(_below(fresh, "subtitle_editor.cue.speaker"))
    fresh.rest()
    picture("style")
    hand.click("use_bold")
    hand.click("subtitle.copy_style(which='TRACK')")
    strips = "[part('session.track').row(bpy.context.scene).strip(n).use_bold for n in range(5)]"
    fresh.wait(f"{strips} == [True] * 5")
    hand.done("one style for all")

    fresh.run(go.format(1))
    hand.key("ctrl+alt+shift+Down")
    fresh.wait(f"{CHOSEN} == part('session.track').row(bpy.context.scene).strip(2)")
    fresh.rest()
    assert "too_short" in fresh.run(RULES)
    hand.click('subtitle.fix_problems(rule="too_short")')
    fresh.wait(f"'too_short' not in {RULES}")
    hand.done("next problem and its fix")

    hand.key("ctrl+alt+Next")
    fresh.wait("window().screen.is_animation_playing")
    hand.done("to the next and play it")
    fresh.run("bpy.ops.screen.animation_cancel() if window().screen.is_animation_playing else None")
    assert fresh.run(f"{CHOSEN} == part('session.track').row(bpy.context.scene).strip(3)")
    in_table = {row[0].strip(): int(row[1]) for row in re.findall(r"^\| ([^|]+) \| (\d+)", TABLE, re.MULTILINE)}
    assert hand.counted == in_table


def _row(window: Window, number: int) -> tuple[int, int]:
    """Where a row of the list is."""
    x, y = window.find("subtitle.add_cue(")
    scale = window.run("bpy.context.preferences.system.ui_scale")
    return x - int(200 * scale), y + int(21 * scale * number) + 5


def _below(window: Window, button: str) -> tuple[int, int]:
    """Where the header of the panel is that follows a button: nothing tells the mouse what that is."""
    _, y = window.find(button)
    left, _, width, _ = window.sidebar()
    return left + width // 3, y + 36
