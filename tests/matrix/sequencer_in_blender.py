# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by test_sequencer.py in each Blender: the same work on strips, its results as JSON.

Nothing here depends on the version, and no result that is compared may. What may differ (how long a text can be) is
under "limits".
"""

from __future__ import annotations

import json
import random
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy

TEXTS = (
    "plain",
    "two\nlines",
    "ÄÖß — “quotes”",
    "字幕を作る",
    "🎬👩‍👩‍👧 family",
    "العربية فارسی",
    "a" * 300,
    "{\\an8}<i>tag</i>",
    " padded ",
)


def main(task: dict[str, Any]) -> dict[str, Any]:
    """All the work; what Python warns of meanwhile is a result too. With "opened" only that file is looked at."""
    sys.path.insert(0, task["package"])
    if "opened" in task:
        return {"opened": opened(task["opened"])}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = {
            "round trips": [round_trip(rate, seed) for rate in task["rates"] for seed in range(8)],
            "moves": moves(),
            "deletes": deletes(),
            "saved": saved(task["blend"]),
            "early": early(),
            "channels": channels(),
            "metas": metas(),
            "film": film(task["film"]),
            "look": look(),
            "clicked": clicked(),
            "placed": placed(task["placed"]),
            "limits": limits(task["long"]),
            "alien": alien(),
        }
    ours = [f"{w.category.__name__}: {w.message} ({w.filename}:{w.lineno})" for w in caught]
    return {"blender": bpy.app.version_string, **report, "warnings": ours}


def fresh(rate: tuple[int, float] = (24, 1.0), first: int = 1) -> bpy.types.Scene:
    """An empty file whose scene has this rate and first frame."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = rate
    scene.frame_start = first
    return scene


def write(scene: bpy.types.Scene, cues: Iterable[Any], above: int = 0) -> Any:
    """Make strips as an import does."""
    from subtitle_editor.sequencer import strips

    rate = strips.rate_of(scene)
    placements = strips.place(cues, lambda seconds: scene.frame_start + rate.seconds_to_frame(seconds))
    writer = strips.Writer(scene, placements, above)
    while not writer.step(budget=0.001):
        pass
    return writer


def cue(start: float, end: float, text: str) -> Any:
    from subtitle_editor.core.cues import Cue

    return Cue(start, end, text)


def seen(scene: bpy.types.Scene) -> list[list[Any]]:
    """Every TEXT strip by what the user sees of it, in order of place."""
    from subtitle_editor.sequencer import strips

    found = [
        [strip.channel, start, end, strip.text, strip.name, strip.get("subtitle_editor")]
        for strip, start, end in strips.text_strips(scene)
    ]
    return sorted(found, key=repr)


def read(scene: bpy.types.Scene, only_selected: bool = False) -> dict[str, Any]:
    """The cues that an export would write, and its warnings."""
    from subtitle_editor.sequencer import strips

    cues, said = strips.cues_of(scene, only_selected)
    return {"cues": [[c.start, c.end, c.text] for c in cues], "said": [str(line) for line in said]}


def round_trip(rate: tuple[int, float], seed: int) -> dict[str, Any]:
    """Many cues that overlap, last one frame or hours, and hold what people write."""
    scene = fresh(rate, first=(1, 0, 1001, -500)[seed % 4])
    chance = random.Random(seed)
    cues = []
    for _ in range(60):
        start = chance.choice((chance.uniform(0, 60), chance.uniform(0, 4 * 3600)))
        length = chance.choice((0.001, 1 / 24, chance.uniform(0.05, 8), 1.0))
        cues.append(cue(round(start, 3), round(start + length, 3), chance.choice(TEXTS)))
    writer = write(scene, cues)
    return {"rate": rate, "channel": writer.channel, "made": writer.made, "strips": seen(scene), **read(scene)}


def moves() -> list[Any]:
    """One strip's edges, moved everywhere: earlier, later, over itself, below zero, to one frame."""
    from subtitle_editor.sequencer import compat

    scene = fresh()
    write(scene, [cue(1, 2, "moved"), cue(1, 2, "stays")])
    chance = random.Random(1)
    edges = [(100, 140), (2, 9), (15, 500), (30, 31), (-50, -10), (-5, 5), (0, 1), (500_000, 500_001)]
    edges += [(start := chance.randrange(-300, 3000), start + chance.randrange(1, 500)) for _ in range(60)]
    result = []
    for start, end in edges:
        strip = next(s for s in compat.strips_of(compat.editor_of(scene)) if s.text == "moved")
        compat.set_edges(strip, start, end)
        result.append([start, end, compat.left(strip), compat.right(strip), strip.channel])
    return [*result, seen(scene)]


def deletes() -> list[Any]:
    """Every third strip removed; the others stay as they are."""
    from subtitle_editor.sequencer import compat

    scene = fresh()
    write(scene, [cue(n / 2, n / 2 + 0.7, f"text {n}") for n in range(30)])
    collection = compat.strips_of(compat.editor_of(scene))
    for strip in [strip for strip in collection if int(strip.text.split()[1]) % 3 == 0]:
        collection.remove(strip)
    after = seen(scene)
    write(scene, [cue(n / 2, n / 2 + 0.7, f"again {n}") for n in range(0, 30, 3)], above=1)
    return [after, seen(scene), read(scene)]


def saved(blend: str) -> list[Any]:
    """Saved and opened again: the same strips, with marks, selection and mute."""
    from subtitle_editor.sequencer import compat

    scene = fresh((30, 1.001), first=7)
    write(scene, [cue(n * 1.25, n * 1.25 + 1, text) for n, text in enumerate(TEXTS)])
    for number, strip in enumerate(compat.strips_of(compat.editor_of(scene))):
        strip.select, strip.mute = number % 2 == 0, number % 4 == 1
    before = [seen(scene), read(scene), read(scene, only_selected=True)]
    bpy.ops.wm.save_as_mainfile(filepath=blend, check_existing=False)
    bpy.ops.wm.open_mainfile(filepath=blend)
    scene = bpy.context.scene
    after = [seen(scene), read(scene), read(scene, only_selected=True)]
    return [before == after, after]


def early() -> list[Any]:
    """Strips before the scene's first frame are cut there, or left out, and said."""
    scene = fresh()
    write(scene, [cue(0, 2, "half before"), cue(0.5, 0.9, "wholly before"), cue(4, 5, "after")])
    scene.frame_start = 25
    return [read(scene), seen(scene)]


def channels() -> dict[str, Any]:
    """Where subtitles go when channels are taken; and none is left."""
    from subtitle_editor.sequencer import compat, strips

    scene = fresh()
    collection = compat.strips_of(compat.editor_of(scene))
    for channel, start, end in ((2, 1, 50), (3, 200, 400), (5, 10, 20), (128, 1, 1000)):
        compat.new_text(collection, f"taken {channel}", channel, start, end)
    overlapping = [cue(0, 4, "a"), cue(1, 3, "b"), cue(2, 5, "c")]
    first = write(scene, overlapping).channel
    second = write(scene, [cue(20, 21, "later")]).channel
    try:
        write(scene, [cue(0, 1, "x"), cue(0, 1, "y")], above=126)
        full = ""
    except strips.ChannelsFullError as error:
        full = str(error)
    return {"first": first, "second": second, "full": full, "strips": seen(scene)}


def metas() -> list[Any]:
    """Strips in a meta strip, which shows only a part of them; in a meta in a meta; in a muted one."""
    from subtitle_editor.sequencer import compat

    scene = fresh()
    collection = compat.strips_of(compat.editor_of(scene))
    outer = collection.new_meta("Outer", 1, 1)
    inner = compat.strips_of(outer).new_meta("Inner", 2, 1)
    compat.new_text(compat.strips_of(outer), "in outer", 1, 1, 49).text = "in outer"
    compat.new_text(compat.strips_of(inner), "in inner", 1, 10, 90).text = "in inner"
    hidden = collection.new_meta("Hidden", 5, 1)
    compat.new_text(compat.strips_of(hidden), "hidden", 1, 1, 20).text = "hidden"
    hidden.mute = True
    compat.set_edges(inner, 12, 60)
    compat.set_edges(outer, 1, 25)
    return [seen(scene), read(scene)]


def film(path: str) -> list[Any]:
    """What is read of a film strip: where its content lies while its edges move."""
    from subtitle_editor.sequencer import compat, sounds

    scene = fresh()
    strip = compat.strips_of(compat.editor_of(scene)).new_movie("Film", path, 1, 10)
    result: list[Any] = [sounds.chosen(scene) == [strip]]
    for edges in ((10, 100), (58, 130), (20, 21), (-5, 400)):
        compat.set_edges(strip, *edges)
        where = (compat.left(strip), compat.right(strip), compat.content_start(strip), compat.content_duration(strip))
        result.append([*edges, *where])
    # Its name of 5.2, and the one before. What moves when it is set, the picture or the edge, differs.
    setattr(strip, "content_trim_start" if hasattr(strip, "content_trim_start") else "animation_offset_start", 12)
    return [*result, [compat.trimmed_start(strip), compat.content_duration(strip)]]


def look() -> list[Any]:
    """How a new strip is styled; alignment has other names before 4.4, and means the same."""
    from subtitle_editor.sequencer import compat, spot

    scene = fresh()
    scene.render.resolution_y = 2160
    write(scene, [cue(0, 1, "styled")])
    [strip] = compat.strips_of(compat.editor_of(scene))
    vertical = strip.anchor_y if hasattr(strip, "anchor_y") else strip.align_y
    place = [round(value, 3) for value in spot.of(strip)]
    return [vertical, strip.font_size, place, round(float(strip.wrap_width), 4), strip.use_shadow]


def clicked() -> list[bool]:
    """Whether a click on a subtitle's text in the preview selects it, on the left, in the middle and on the right."""
    from subtitle_editor.sequencer import compat, places

    bpy.ops.wm.read_homefile(app_template="Video_Editing", use_factory_startup=True)
    scene, window = bpy.context.scene, bpy.context.window_manager.windows[0]
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = scene
    scene.render.resolution_x, scene.render.resolution_y = 640, 360
    write(scene, [cue(0, 1, "here it is")])
    [strip] = compat.strips_of(scene.sequence_editor)
    scene.frame_set(scene.frame_start)
    spaces = [(area, area.spaces.active) for area in window.screen.areas if area.type == "SEQUENCE_EDITOR"]
    area = next(area for area, space in spaces if space.view_type == "PREVIEW")
    region = next(region for region in area.regions if region.type == "PREVIEW")
    left, bottom, right, top = places.box_of(strip, places.film(scene))
    result = []
    for x in (left + 4, (left + right) / 2, right - 4):
        at = region.view2d.view_to_region(x - 320, (bottom + top) / 2 - 180, clip=False)
        strip.select = False
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.sequencer.select(mouse_x=int(at[0]), mouse_y=int(at[1]), deselect_all=True)
        result.append(bool(strip.select))
    return result


def placed(blend: str) -> list[Any]:
    """Subtitles all over the picture, saved for an older Blender to open; where they are."""
    from subtitle_editor.core.cues import Cue
    from subtitle_editor.core.markup import Placing

    scene = fresh()
    scene.render.resolution_x, scene.render.resolution_y = 1920, 1080
    everywhere = [Placing(), Placing(8), Placing(4), Placing(9), Placing(5, 0.4, 0.3), Placing(1, 0.2, 0.7)]
    write(scene, [Cue(n, n + 1, str(n), placing=placing) for n, placing in enumerate(everywhere)])
    bpy.ops.wm.save_as_mainfile(filepath=blend, check_existing=False, compress=True)
    return places(scene)


def places(scene: bpy.types.Scene) -> list[Any]:
    """Where each subtitle is meant to be, is drawn, in shares of the film, and what an export says of it."""
    from subtitle_editor.sequencer import compat, spot, strips

    width, height = spot.whole(scene)
    told = {one.text: [one.placing.align, one.placing.x, one.placing.y] for one in strips.cues_of(scene)[0]}
    result = []
    for strip in sorted(compat.strips_of(scene.sequence_editor), key=lambda strip: strip.text):
        x, y = spot.drawn_at(strip)
        shares = [*spot.of(strip), x / width, y / height]
        result.append([strip.text, *(round(share, 3) for share in shares), told[strip.text]])
    return result


def opened(blend: str) -> list[Any]:
    """A file of another Blender: where its subtitles are, and where in another film once they were fitted."""
    from subtitle_editor.sequencer import letters

    bpy.ops.wm.open_mainfile(filepath=blend)
    scene = bpy.context.scene
    found = [places(scene)]
    for size in ((3840, 2160), (640, 360)):
        scene.render.resolution_x, scene.render.resolution_y = size
        for _ in letters.Fitting(scene).steps():
            pass
        found.append(places(scene))
    return found


def alien() -> list[Any]:
    """TEXT strips that somebody else made, with Blender's own parameters, and a scene without a sequencer."""
    from subtitle_editor.sequencer import compat, sounds

    scene = fresh()
    without = [*sounds.chosen(scene), None, read(scene)]
    collection = compat.strips_of(compat.editor_of(scene))
    for number in range(3):
        compat.new_text(collection, "Same name", 1 + number, 30, 20).text = f"{number}"
    return [without, seen(scene), read(scene)]


def limits(long: dict[str, str]) -> dict[str, Any]:
    """Texts of more than 511 bytes: whole, or cut between characters and counted."""
    from subtitle_editor.sequencer import compat, strips

    scene = fresh()
    writer = write(scene, [cue(n, n + 1, text) for n, text in enumerate(long.values())])
    texts = dict(zip(long, (cue.text for cue in strips.cues_of(scene)[0]), strict=True))
    return {"limit": compat.text_limit(), "cut": writer.cut, "texts": texts}


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    Path(given["result"]).write_text(json.dumps(main(given)), encoding="utf-8")
