# SPDX-License-Identifier: GPL-3.0-or-later
"""Text strips as they come: a dark edge around the letters, a size that fits the film, clear of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.markup import Placing
from subtitle_editor.operators.places import Fitting
from subtitle_editor.sequencer import compat, cue, letters, spot, strips
from tests.core.picture import scripts

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]


def made(*cues: Cue) -> list[Any]:
    scene = bpy.context.scene
    rate = strips.rate_of(scene)
    placements = strips.place(cues, lambda seconds: scene.frame_start + rate.seconds_to_frame(seconds))
    strips.Writer(scene, placements, 0).step()
    return [strip for strip, *_ in sorted(strips.text_strips(scene), key=lambda item: (item[1], item[0].channel))]


def move(strip: Any, x: float | None = None, y: float | None = None) -> None:
    """Hang a text elsewhere, in shares of the film."""
    at = spot.of(strip)
    spot.put(strip, at[0] if x is None else x, at[1] if y is None else y)


def film(width: int, height: int) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    scene.view_settings.view_transform = "Standard"


def rendered(tmp_path: Path) -> Any:
    scene = bpy.context.scene
    scene.frame_set(scene.frame_start)
    scene.render.filepath = str(tmp_path / "frame.png")
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "IMAGE"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    bpy.ops.render.render(write_still=True)
    return scripts.read(tmp_path / "frame.png")


def test_no_font_is_given_to_strips() -> None:
    """Undo crashes Blender where strips have a packed font."""
    (strip,) = made(Cue(0, 1, "Latin"))
    assert strip.font is None and len(bpy.data.fonts) == 0


def test_a_font_of_the_users_own_stays() -> None:
    (strip,) = made(Cue(0, 1, "Latin"))
    folder = Path(bpy.utils.system_resource("DATAFILES", path="fonts"))
    own = strip.font = bpy.data.fonts.load(str(folder / "DejaVuSansMono.woff2"))
    cue.write(strip, Cue(0, 1, "नमस्ते"), strips.clock_of(bpy.context.scene))
    assert strip.font == own


@pytest.mark.parametrize(("size", "pixels"), [((1280, 720), 36), ((3840, 2160), 108), ((1080, 1920), 68)])
def test_sizes_fit_the_film(size: tuple[int, int], pixels: int) -> None:
    film(*size)
    (strip,) = made(Cue(0, 1, "size"))
    assert strip.font_size == pytest.approx(pixels, abs=1)


def test_sizes_are_brought_to_another_resolution() -> None:
    film(1920, 1080)
    first, second = made(Cue(0, 1, "one"), Cue(2, 3, "two"))
    second.font_size = 100
    assert bpy.ops.subtitle.fit_sizes() == {"CANCELLED"}
    film(3840, 2160)
    assert letters.is_off(first, bpy.context.scene)
    assert bpy.ops.subtitle.fit_sizes() == {"FINISHED"}
    assert (first.font_size, second.font_size) == (108, 200) and not letters.is_off(first, bpy.context.scene)


def test_sizes_inside_of_metas_are_brought_along_and_locked_ones_stay() -> None:
    film(1920, 1080)
    scene = bpy.context.scene
    strip, inner, deep, locked, apart, shut = made(*(Cue(n * 2, n * 2 + 1, str(n)) for n in range(6)))
    collection = compat.strips_of(scene.sequence_editor)
    outer, nested = (collection.new_meta(name=name, channel=7, frame_start=1) for name in ("outer", "nested"))
    inner.move_to_meta(outer)
    deep.move_to_meta(nested)
    nested.move_to_meta(outer)
    shut.move_to_meta(outer)
    shut.channel, shut.lock = 9, True
    locked.lock, apart.channel = True, 5
    scene.sequence_editor.channels[5].lock = True
    film(3840, 2160)
    found = strip, inner, deep, locked, apart, shut
    work = Fitting(scene)
    assert work.go_on(0.0) is None and work.go_on(0.0) is None
    assert sorted(one.font_size for one in found) == [54, 54, 54, 54, 54, 108], "a subtitle a step"
    work.put_back()
    assert {one.font_size for one in found} == {54} and all(letters.is_off(one, scene) for one in found)
    assert bpy.ops.subtitle.fit_sizes() == {"FINISHED"}
    assert [one.font_size for one in found] == [108] * 3 + [54] * 3
    assert [round(spot.drawn_at(one)[1]) for one in found] == [130] * 3 + [round(spot.drawn_at(locked)[1])] * 3
    assert [letters.is_off(one, scene) for one in found] == [False] * 3 + [True] * 3
    assert bpy.ops.subtitle.fit_sizes() == {"CANCELLED"}


def test_white_letters_are_read_on_a_white_film(tmp_path: Path) -> None:
    film(1280, 720)
    (strip,) = made(Cue(0, 1, "Snow"))
    if not hasattr(strip, "use_outline"):
        pytest.skip("this Blender has no outlines")
    frame = rendered(tmp_path)
    dark = (frame[..., 3] > 200) & (frame[..., :3].max(axis=2) < 60)
    light = (frame[..., 3] > 200) & (frame[..., :3].min(axis=2) > 200)
    assert dark.sum() > light.sum() * 0.3 > 50


def test_overlapping_subtitles_stand_above_each_other(tmp_path: Path) -> None:
    film(640, 360)
    first, second, third = made(Cue(0, 4, "one\nof two lines"), Cue(0, 4, "two"), Cue(0, 4, "top", placing=Placing(8)))
    assert spot.of(second)[1] > spot.of(first)[1] and spot.of(third)[1] > 0.9
    frame = rendered(tmp_path)
    rows = frame[180:, :, 3].max(axis=1) > 100
    assert numpy.count_nonzero(numpy.diff(rows.astype(int)) == 1) == 3, "three lines, one below the other"
    assert [one.placing.align for one in strips.cues_of(bpy.context.scene)[0]] == [2, 2, 8], "the files do not say it"


def test_those_after_each_other_are_not_moved() -> None:
    strips_ = made(Cue(0, 1, "one"), Cue(1, 2, "two"), Cue(1, 3, "over"), Cue(3, 4, "three"))
    heights = {strip.text: round(spot.of(strip)[1], 3) for strip in strips_}
    assert heights["one"] == heights["two"] == heights["three"] < heights["over"]
