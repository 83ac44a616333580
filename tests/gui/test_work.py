# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten minutes of real work on a film, with the mouse and keys: mend, split, merge, shift, replace, dress, undo all."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .conftest import Pictures
from .test_stopwatch import CHOSEN, RULES, Hand
from .test_timeline import TEXTS, TIMES, film
from .window import Window

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

LINES = (
    "Who told Ana that we would come today?",
    "Come in.  Sit down.",
    "When the committee met on Tuesday nobody expected that the chairman would resign.",
    "Nobody.",
    "<i>I heard it</i> from Ana.",
    "- Really?\n- Really.",
)


def subtitles() -> str:
    """Forty subtitles, a third of them with something to mend: spaces, a long line, too short a time."""

    def clock(milliseconds: int) -> str:
        seconds, rest = divmod(milliseconds, 1000)
        return f"00:{seconds // 60:02}:{seconds % 60:02},{rest:03}"

    blocks = []
    for number in range(40):
        start = number * 4000
        length = 250 if number % 7 == 3 else 3000
        text = LINES[number % len(LINES)]
        blocks.append(f"{number + 1}\n{clock(start)} --> {clock(start + length)}\n{text}\n")
    return "\n".join(blocks)


def exported(window: Window, user: Path, name: str) -> str:
    """The track as a file; that dialog has tests of its own."""
    path = user / name
    inside = window.blender.inside(path)
    window.run(f"bpy.ops.subtitle.export_file(filepath={inside!r})")
    window.wait(f"__import__('os').path.exists({inside!r})")  # It is written on a thread.
    return path.read_text(encoding="utf-8")


def mend(window: Window, hand: Hand) -> None:
    """To the next problem, and its button."""
    hand.key("ctrl+alt+shift+Down")
    time.sleep(0.3)
    window.run("settle()")
    rule = window.run(RULES)[0]
    hand.click(f'subtitle.fix_problems(rule="{rule}")')
    window.wait(f"{rule!r} not in {RULES}")


def test_ten_minutes(fresh: Window, user: Path, picture: Pictures) -> None:
    film(fresh, user, subtitles())
    first = exported(fresh, user, "first.srt")
    texts, times = fresh.run(TEXTS), fresh.run(TIMES)
    hand = Hand(fresh)
    fresh.rest()
    picture("begin")
    steps = 0
    for _ in range(10):
        mend(fresh, hand)
        steps += 2  # Going there is a step to undo as well.
    fresh.rest()
    picture("mended")
    # The sidebar lies over the timeline, or beside it.
    edge = "min(box('WINDOW')[2], box()[0] - box('WINDOW')[0])"
    view = "region('WINDOW').view2d.region_to_view(0, 0)[0] <= bpy.context.scene.frame_current"
    fresh.wait(f"{view} < region('WINDOW').view2d.region_to_view({edge}, 0)[0]")

    count = len(fresh.run(TEXTS))
    fresh.run("bpy.context.scene.frame_set(part('sequencer.compat').left(" + CHOSEN + ") + 36)")
    hand.key("ctrl+alt+k")
    fresh.wait(f"len({TEXTS}) == {count + 1}")
    hand.key("ctrl+alt+Down")
    hand.key("ctrl+alt+j")
    fresh.wait(f"len({TEXTS}) == {count}")
    hand.key("ctrl+alt+period")
    hand.key("ctrl+alt+shift+Right")
    time.sleep(0.5)
    steps += 5

    before = fresh.run(TIMES)
    last = fresh.run("part('sequencer.compat').left(part('session.track').row(bpy.context.scene).strip(30))")
    fresh.run(f"bpy.context.scene.frame_set({last} - 10)")
    hand.key("ctrl+alt+shift+bracketleft")
    fresh.wait(f"{TIMES}[30][0] < {before[30][0]!r}")
    assert fresh.run(TIMES)[:29] == before[:29]
    steps += 1

    hand.key("ctrl+alt+f")
    hand.type("Ana", "<Tab>", "Anna", "<Return>", "<Return>")
    fresh.wait(f"not any('Ana' in text for text in {TEXTS})")
    steps += 1

    fresh.run(
        "with bpy.context.temp_override(window=window(), area=sequencer(), region=region('WINDOW')):\n"
        "    bpy.ops.subtitle.use_style('EXEC_DEFAULT', True, preset='bbc')"
    )
    fresh.wait("part('session.track').row(bpy.context.scene).strip(7).use_box")
    steps += 1
    fresh.rest()
    picture("worked")
    second = exported(fresh, user, "second.srt")
    assert second.count("Anna") >= 13 and "<i>I heard it</i>" in second and second.count("  ") < first.count("  ")

    for _ in range(steps + 3):
        hand.undo()
        time.sleep(0.15)
        if fresh.run(f"{TEXTS} == {texts!r} and {TIMES} == {times!r}") and not fresh.run(
            "part('session.track').row(bpy.context.scene).strip(7).use_box"
        ):
            break
    assert fresh.run(TEXTS) == texts and fresh.run(TIMES) == times
    assert exported(fresh, user, "undone.srt") == first
    fresh.rest()
    picture("undone")
    for _ in range(steps + 3):
        fresh.press("ctrl+shift+z", hand.place)
        time.sleep(0.1)
    assert exported(fresh, user, "again.srt") == second
