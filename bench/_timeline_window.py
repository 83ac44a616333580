# SPDX-License-Identifier: GPL-3.0-or-later
"""The window's half of `python3 dev.py bench timeline`: thousands of subtitles in a real Blender window.

What the list, edits, marks and the survey cost there, beside what Blender does without them, in turns. Times are those
of the main thread on the processor, the least of all turns: other work on the machine adds to the others.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from window import MEASURE, TIMELINE  # noqa: E402

from devtools import gui_blender  # noqa: E402
from tests.gui.window import Display, Window, folder_of, new_user  # noqa: E402

SENTENCES = (
    "I never said that she stole the money,\nand you know it.",
    "Come in. Sit down.",
    "When the committee met on Tuesday, nobody\nexpected that the chairman would resign.",
    "No.",
    "What do you mean, you do not know?",
)

# Runs inside Blender, after tests/gui/agent.py.
INSIDE = r"""
import gc, statistics

WORDY = "When the committee met on Tuesday nobody expected that"

def fill(count):
    strips, document, cues = part("sequencer.strips"), part("core.subtitles.document"), part("core.cues")
    scene = bpy.context.scene
    some = []
    for n in range(count):
        text, words = SENTENCES[n % 5], ()
        if n % 2:
            text = WORDY
            parts = text.split()
            step = 2.0 / len(parts)
            words = tuple(cues.Word(n * 2.5 + k * step, n * 2.5 + (k + 1) * step, word, 0.4 if k == 3 else 0.9)
                          for k, word in enumerate(parts))
        some.append(document.Cue(n * 2.5, n * 2.5 + 2.0, text, words))
    clock = part("sequencer.strips").clock_of(scene)
    scene.frame_end = clock.frame(count * 2.5)
    writer = strips.Writer(scene, strips.place(some, clock.frame), 0)
    while not writer.step(0.5):
        yield
    part("session.track").enter(scene, writer.channel, 1, "Film")
    return writer.made

def over(kind="UI"):
    area = sequencer()
    return bpy.context.temp_override(window=window(), area=area, region=region(kind, area))

def drawing(kind, turns=30):
    # Milliseconds of one picture of a region.
    with over(kind):
        bpy.ops.wm.redraw_timer(type="DRAW", iterations=3)
        began = time.thread_time()
        bpy.ops.wm.redraw_timer(type="DRAW", iterations=turns)
        return (time.thread_time() - began) / turns * 1000

def panels(names, shown):
    for name in names if shown else reversed(names):
        found = KINDS.setdefault(name, getattr(bpy.types, name, None))
        (bpy.utils.register_class if shown else bpy.utils.unregister_class)(found)

KINDS = {}

def alone(so=True):
    # Only the panel that is measured; and all of them again, before the add-on is disabled.
    for name in ("transcription", "subtitles", "models", "jobs", "checks"):
        name = f"SUBTITLE_PT_{name}"
        kind = KINDS.setdefault(name, getattr(bpy.types, name, None))
        if kind is not None:
            (bpy.utils.unregister_class if so else bpy.utils.register_class)(kind)


def strips_now():
    editor = bpy.context.scene.sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences

def right_of(strip, by):
    compat = part("sequencer.compat")
    compat.set_edges(strip, compat.left(strip), compat.right(strip) + by)

class BENCH_OT_bare(bpy.types.Operator):
    bl_idname, bl_label, bl_options = "bench.bare", "Bare", {"REGISTER", "UNDO"}
    what = ""

    def execute(self, context):
        began = time.thread_time()
        try:
            return self.bare(context)
        finally:
            SPENT.append((time.thread_time() - began) * 1000)

    def bare(self, context):
        strips = strips_now()
        strip, after = strips[MIDDLE], strips[MIDDLE + 1]
        compat = part("sequencer.compat")
        if BENCH_OT_bare.what == "text":
            strip.text = strip.text + "!"
        elif BENCH_OT_bare.what == "in":
            compat.set_edges(strip, compat.left(strip) + 3, compat.right(strip))
        elif BENCH_OT_bare.what == "out":
            compat.set_edges(strip, compat.left(strip), compat.right(strip) - 3)
        elif BENCH_OT_bare.what == "split":
            half = (compat.left(strip) + compat.right(strip)) // 2
            right = compat.right(strip)
            compat.set_edges(strip, compat.left(strip), half)
            made = compat.new_text(strips, "bare", strip.channel, half, right)
            made.text = strip.text
        elif BENCH_OT_bare.what == "merge":
            right = compat.right(after)
            text = after.text
            strips.remove(after)
            compat.set_edges(strip, compat.left(strip), right)
            strip.text = strip.text + " " + text
        return {"FINISHED"}

class BENCH_OT_text(bpy.types.Operator):
    bl_idname, bl_label, bl_options = "bench.text", "Text", {"REGISTER", "UNDO"}

    def execute(self, context):
        began = time.thread_time()
        # What typing into the field of a line does.
        context.scene.subtitle_editor.cue.line_0 = "Typed anew!"
        SPENT.append((time.thread_time() - began) * 1000)
        return {"FINISHED"}

SPENT = []
# Milliseconds of the body of each edit: the step to undo, and what Blender evaluates anew, are the same for all.

def clocked(kind):
    real = kind.execute
    def execute(self, context):
        began = time.thread_time()
        try:
            return real(self, context)
        finally:
            SPENT.append((time.thread_time() - began) * 1000)
    kind.execute = execute

clocked(part("operators.editing").CueOperator)

for kind in (BENCH_OT_bare, BENCH_OT_text):
    bpy.utils.register_class(kind)

OURS = {
    "text": lambda: bpy.ops.bench.text("EXEC_DEFAULT", True),
    "in": lambda: bpy.ops.subtitle.set_edge("EXEC_DEFAULT", True, edge="IN"),
    "out": lambda: bpy.ops.subtitle.set_edge("EXEC_DEFAULT", True, edge="OUT"),
    "split": lambda: bpy.ops.subtitle.split_cue("EXEC_DEFAULT", True),
    "merge": lambda: bpy.ops.subtitle.merge_cues("EXEC_DEFAULT", True, what="NEXT"),
}

def aim():
    # Without the add-on too.
    scene = bpy.context.scene
    strips = strips_now()
    strips.foreach_set("select", [False] * len(strips))
    strip = strips[MIDDLE]
    strip.select = True
    scene.sequence_editor.active_strip = strip
    scene.frame_current = int(strip.left_handle if hasattr(strip, "left_handle") else strip.frame_final_start) + 20

def edit(what, ours):
    # Milliseconds of one edit with its step to undo, which is taken back at once.
    aim()
    bpy.ops.ed.undo_push(message="aimed")
    yield
    BENCH_OT_bare.what = what
    with over("WINDOW"):
        gc.collect()
        SPENT.clear()
        result = OURS[what]() if ours else bpy.ops.bench.bare("EXEC_DEFAULT", True)
        (spent,) = SPENT
        assert result == {"FINISHED"}, (what, ours, result)
        bpy.ops.ed.undo()
    yield
    return spent

def undoing():
    aim()
    bpy.ops.ed.undo_push(message="before")
    strips_now()[MIDDLE].text = "other"
    bpy.ops.ed.undo_push(message="after")
    yield
    with over("WINDOW"):
        gc.collect()
        began = time.thread_time()
        bpy.ops.ed.undo()
        return (time.thread_time() - began) * 1000

def opening(path):
    gc.collect()
    began = time.thread_time()
    bpy.ops.wm.open_mainfile(filepath=path)
    spent = (time.thread_time() - began) * 1000
    for _ in range(20):
        yield
    return spent

def reading():
    # From nothing and after one edit: all of it, and the longest slice.
    survey = part("session.survey")
    found = []
    for again in (False, True):
        if again:
            strips_now()[MIDDLE].text = strips_now()[MIDDLE].text + "."
            survey.reader.is_current = False
            survey.reader._steps = None
        else:
            survey.reader.reset()
        slices = []
        while True:
            began = time.thread_time()
            over_now = survey.reader.step(survey.SLICE)
            slices.append((time.thread_time() - began) * 1000)
            if over_now:
                break
        found.append((sum(slices), max(slices)))
    began = time.thread_time()
    survey.reader.last.found(["committee", "tuesday"])
    return found, (time.thread_time() - began) * 1000

def playing(seconds):
    bpy.context.scene.frame_current = 1
    with over("WINDOW"):
        bpy.ops.screen.animation_play()
    found = yield from measure(seconds)
    with over("WINDOW"):
        bpy.ops.screen.animation_cancel(restore_frame=False)
    for _ in range(10):
        yield
    return found

def edits(count):
    for number in range(count):
        aim()
        with over("WINDOW"):
            if number % 2:
                OURS["text"]()
            else:
                OURS["split"]()
                aim()
                OURS["merge"]()
        if number % 10 == 0:
            yield
    gc.collect()
"""


def run(count: int, turns: int, suite: str | None, parts: Sequence[str]) -> None:
    """Print the tables."""
    blender = gui_blender.find(suite)
    with folder_of(blender) as folder:
        display = Display(blender)
        try:
            with Window(blender, display, new_user(blender, folder)) as window:
                _enter(window)
                display.mouse("mousemove", *TIMELINE)
                said = "subtitles, half of them with word times"
                print(f"\n{blender.name}, {count} {said}, {turns} turns; processor time\n")
                assert window.run(f"fill({count})", 580) == count
                window.run(f"MIDDLE = {count // 2}; alone()")
                path = blender.inside(folder / "film.blend")
                window.run(f"bpy.ops.wm.save_as_mainfile(filepath={path!r})", 120)
                if "panels" in parts:
                    _drawing(window, turns)
                    _edits(window, turns)
                    _reading(window)
                if "beside" in parts:
                    _beside_without(window, path, turns)
            if "memory" not in parts:
                return
            with Window(blender, display, new_user(blender, folder / "other")) as window:
                _enter(window)
                assert window.run("fill(500)", 120) == 500
                window.run("MIDDLE = 250")
                _memory(window)
        finally:
            display.close()


def _enter(window: Window) -> None:
    window.run("enable()")
    window.run("show_sidebar()")
    window.run(f"SENTENCES = {SENTENCES!r}")
    window.run(MEASURE)
    window.run(INSIDE)


def _row(name: str, *numbers: str) -> None:
    print(f"| {name} | " + " | ".join(numbers) + " |", flush=True)


def _drawing(window: Window, turns: int) -> None:
    window.run("aim()")
    window.wait("part('session.survey').reader.is_current", 60)
    names = ["SUBTITLE_PT_cues", "SUBTITLE_PT_cue"]
    with_list, without, on, off = [], [], [], []
    for _ in range(turns):
        with_list.append(window.run("drawing('UI')", 60))
        window.run(f"panels({names!r}, False)")
        without.append(window.run("drawing('UI')", 60))
        window.run(f"panels({names!r}, True)")
        off.append(window.run("drawing('WINDOW')", 60))
        window.run("preferences().show_marks = True")
        on.append(window.run("drawing('WINDOW')", 60))
        window.run("preferences().show_marks = False")
    print("| one picture | with, ms | without, ms | more, ms |\n|---|---|---|---|")
    for name, mine, other in (("sidebar with the list", with_list, without), ("timeline with marks", on, off)):
        _row(name, f"{min(mine):.1f}", f"{min(other):.1f}", f"{min(mine) - min(other):.1f}")


def _edits(window: Window, turns: int) -> None:
    print("\n| one edit, without its undo step | ours, ms | bare, ms | more, ms |\n|---|---|---|---|")
    for what in ("text", "in", "out", "split", "merge"):
        pairs = []
        for _ in range(3 * turns):  # The least of three still has a millisecond of chance in it.
            bare = window.run(f"edit({what!r}, False)", 60)
            pairs.append((window.run(f"edit({what!r}, True)", 60), bare))
        mine, other = (min(pair[side] for pair in pairs) for side in (0, 1))
        _row(what, f"{mine:.1f}", f"{other:.1f}", f"{mine - other:.1f}")


def _reading(window: Window) -> None:
    (first, again), search = window.run("reading()", 120)
    print("\n| search and check of all | in all, ms | longest slice, ms |\n|---|---|---|")
    _row("from nothing", f"{first[0]:.0f}", f"{first[1]:.1f}")
    _row("after an edit", f"{again[0]:.0f}", f"{again[1]:.1f}")
    _row("searching for two words", f"{search:.1f}", "")


def _memory(window: Window) -> None:
    window.run("bpy.context.preferences.edit.undo_steps = 32")
    sizes = []
    for number in (200, 500, 500):
        window.run(f"edits({number})", 580)
        sizes.append(_resident(window))
    print("\n| memory, with 500 subtitles | after 200 edits | 700 | 1,200 |\n|---|---|---|---|")
    _row("MB", *(f"{size:.0f}" for size in sizes))


def _resident(window: Window) -> float:
    """MB of Blender, seen from outside: a chroot may have no /proc."""
    first = psutil.Process(window.process.pid)
    return float(sum(one.memory_info().rss for one in [first, *first.children(recursive=True)])) / 1e6


def _beside_without(window: Window, path: str, turns: int) -> None:
    """Opening, undo and playing, with the add-on and with it disabled."""
    window.run("alone(False)")
    found: dict[str, dict[bool, list[Any]]] = {name: {True: [], False: []} for name in ("open", "undo", "play")}
    for turn in range(turns):
        for enabled in (True, False) if turn % 2 else (False, True):
            switch = "enable" if enabled else "disable"
            window.run(f"bpy.ops.preferences.addon_{switch}(module=MODULE)", 60)
            window.run("show_sidebar()" if enabled else "None")
            for _ in range(3):
                found["open"][enabled].append(window.run(f"opening({path!r})", 120))
            window.run("show_sidebar()" if enabled else "None")
            for _ in range(3):
                found["undo"][enabled].append(window.run("undoing()", 60))
            found["play"][enabled] += window.run("playing(5.0)", 60)
    print("\n| | with the add-on | without | ratio |\n|---|---|---|---|")
    for name, label in (("open", "opening the file, ms"), ("undo", "undo, ms")):
        mine, other = (min(found[name][enabled]) for enabled in (True, False))
        _row(label, f"{mine:.0f}", f"{other:.0f}", f"{mine / other:.2f}")
    mine, other = (sorted(found["play"][enabled]) for enabled in (True, False))
    for share in (0.5, 0.99):
        a, b = (1000 * values[int(share * (len(values) - 1))] for values in (mine, other))
        _row(f"gaps while playing, p{share * 100:.0f}, ms", f"{a:.1f}", f"{b:.1f}", f"{a / b:.2f}")
