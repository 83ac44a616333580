# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of subtitles on the timeline, in this process's Blender: what ours costs beside what Blender's own does.

`python3 dev.py bench timeline` prints ratios of one run: making strips against a bare loop of `new_effect` with the
same properties; reading, an edit, the list and the checks in milliseconds beside Blender's own making of one strip.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import _timeline_window
import bpy
from _timeline_window import SENTENCES

from subtitle_editor.core.subtitles import realign, splitting
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.profiles import PROFILES
from subtitle_editor.core.subtitles.track import on_timeline
from subtitle_editor.sequencer import compat, cue, spot, strips, track


def cues(count: int) -> list[Cue]:
    """A feature film's worth of subtitles, two seconds each."""
    return [Cue(n * 2.5, n * 2.5 + 2.0, SENTENCES[n % len(SENTENCES)]) for n in range(count)]


def fresh() -> bpy.types.Scene:
    """An empty film."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    compat.editor_of(bpy.context.scene)
    gc.collect()
    return bpy.context.scene


def dress_of_ours() -> list[tuple[str, Any]]:
    """What an import sets on a strip: each property that a new TEXT strip has otherwise, and its value."""
    ours(1)
    collection = compat.strips_of(bpy.context.scene.sequence_editor)
    mine, other = collection[0], compat.new_text(collection, "other", 2, 1, 20)
    names = [name for name in compat.look_of(mine) if name not in ("text", "location")]
    values = [(name, getattr(mine, name)) for name in names if getattr(mine, name) != getattr(other, name)]
    # Where ours are drawn, in the way that costs Blender least.
    values.append(("location", spot.of(mine)))
    return [(name, value if isinstance(value, (str, int, float)) else tuple(value)) for name, value in values]


def bare(count: int) -> float:
    """Processor seconds of a loop that does nothing but make the same strips."""
    dress = dress_of_ours()
    scene = fresh()
    collection = compat.strips_of(scene.sequence_editor)
    takes_length = "length" in collection.bl_rna.functions["new_effect"].parameters
    given = cues(count)
    rate = strips.rate_of(scene)
    frames = [(1 + rate.seconds_to_frame(one.start), 1 + rate.seconds_to_frame(one.end)) for one in given]
    began = time.process_time()
    for number, (one, (start, end)) in enumerate(zip(given, frames, strict=True), 1):
        extent = {"length": end - start} if takes_length else {"frame_end": end}
        strip = collection.new_effect(name=f"1-{number:04}", type="TEXT", channel=1, frame_start=start, **extent)
        strip.text = one.text
        strip[cue.MARK] = cue.PLAIN
        strip.select = False
        for name, value in dress:
            setattr(strip, name, value)
    return time.process_time() - began


def ours(count: int) -> float:
    """Processor seconds of what an import does with the cues of a file."""
    scene = fresh()
    clock = strips.clock_of(scene)
    given = cues(count)
    began = time.process_time()
    writer = strips.Writer(scene, strips.place(given, clock.frame), 0)
    while not writer.step(0.02):
        pass
    return time.process_time() - began


def best(work: Callable[[], Any], times: int = 5) -> float:
    """Milliseconds of the fastest of some runs."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return min(spent) * 1000


def make(counts: list[int], turns: int) -> None:
    """Print how long making strips takes, in turns."""
    print("| strips | bare loop, s | import, s | ratio |\n|---|---|---|---|")
    for count in counts:
        pairs = [(bare(count), ours(count)) for _ in range(turns)]
        ratio = statistics.median(mine / other for other, mine in pairs)
        print(
            f"| {count} | {statistics.median(a for a, _ in pairs):.2f} | {statistics.median(b for _, b in pairs):.2f} "
            f"| {ratio:.2f} |"
        )


def one_edit(count: int) -> None:
    """Print what reading and single edits cost among many, beside Blender's own part of them."""
    ours(count)
    scene = bpy.context.scene
    collection = compat.strips_of(scene.sequence_editor)
    strip = collection[count // 2]
    rules = on_timeline(PROFILES["netflix-en"], strips.clock_of(scene).rate)
    left = compat.left(strip)

    def around() -> track.Excerpt:
        row = track.Row(scene, [1])
        number = row.number_of(strip)
        assert number is not None
        return row.around(number)

    def text() -> None:
        some = around()
        one = some.cues[1]
        some.apply([track_part(0, some.cues[0]), track_part(1, realign.with_text(one, one.text + "!")),
                    track_part(2, some.cues[2])])  # fmt: skip

    def edges() -> None:
        compat.set_edges(strip, compat.left(strip) + 1, compat.right(strip))
        compat.set_edges(strip, left, compat.right(strip))

    rows = [
        ("edges and channels of all, in order", best(lambda: track.Row(scene, [1]))),
        ("one with its neighbours, from its strip", best(around)),
        ("an edit of its text", best(text)),
        ("Blender: both edges of one", best(edges)),
        ("all of them as cues", best(lambda: track.Row(scene, [1]).all(), 3)),
    ]

    def split() -> None:
        some = around()
        parts = splitting.split(some.cues, 1, some.cues[1].start + 1.0, rules)
        some.apply(parts)

    rows.append(("a split", best(split, 1)))
    began = time.perf_counter()
    compat.new_text(collection, "bare", 2, 1, 20)
    rows.append(("Blender: one new strip", (time.perf_counter() - began) * 1000))
    print(f"\nAmong {count}, in milliseconds\n\n| | ms |\n|---|---|")
    for name, spent in rows:
        print(f"| {name} | {spent:.2f} |")


def track_part(index: int, one: Cue) -> Any:
    """A subtitle that goes on."""
    from subtitle_editor.core.subtitles.track import Part

    return Part(index, one)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 5000, 10_000])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", choices=["background", "window"], help="only this half")
    parser.add_argument("--window-count", type=int, default=10_000, help="subtitles in the window")
    parser.add_argument("--suite", choices=["sid", "trixie"], help="the window of that Debian's Blender")
    parts = ["panels", "beside", "memory"]
    parser.add_argument("--parts", choices=parts, nargs="+", default=parts, help="of the window's half")
    options = parser.parse_args()
    if options.only != "window":
        make(options.counts, options.turns)
        one_edit(max(options.counts))
    if options.only != "background":
        _timeline_window.run(options.window_count, options.turns, options.suite, options.parts)
