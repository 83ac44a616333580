# SPDX-License-Identifier: GPL-3.0-or-later
"""Text strips as they come: proportional letters where the font has them, a dark edge, a size that fits the film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.markup import Placing
from subtitle_editor.core.picture import fonts
from subtitle_editor.sequencer import cue, letters, strips
from subtitle_editor.session import typed
from tests.core.picture import scripts

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]


def made(*cues: Cue) -> list[Any]:
    scene = bpy.context.scene
    rate = strips.rate_of(scene)
    placements = strips.place(cues, lambda seconds: scene.frame_start + rate.seconds_to_frame(seconds))
    strips.Writer(scene, placements, 0).step()
    return [strip for strip, *_ in sorted(strips.text_strips(scene), key=lambda item: (item[1], item[0].channel))]


def film(width: int, height: int) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    scene.view_settings.view_transform = "Standard"


def rendered(tmp_path: Path) -> Any:
    scene = bpy.context.scene
    scene.frame_set(scene.frame_start)
    scene.render.filepath = str(tmp_path / "frame.png")
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    bpy.ops.render.render(write_still=True)
    return scripts.read(tmp_path / "frame.png")


def test_every_letter_that_inter_is_taken_for_is_in_it() -> None:
    folder = Path(bpy.utils.system_resource("DATAFILES", path="fonts"))
    inter = fonts.Face(fonts.Listed(str(folder / "Inter.woff2"), 0, "Inter", False, False))
    taken = [chr(code) for code in range(0x20, 0x10000) if not 0xD800 <= code < 0xE000 and letters.has(chr(code))]
    assert len(taken) > 600
    assert [char for char in taken if not inter.has(char)] == []


def test_latin_has_inter() -> None:
    first, second = made(Cue(0, 1, "Où est l’île? ♪"), Cue(2, 3, "Съешь"))
    assert first.font is not None and first.font == second.font
    assert first.font.packed_file is None, "undo crashes Blender where strips have a packed font"
    assert sum(font.get(letters.FONT) is not None for font in bpy.data.fonts) == 1


def test_the_font_is_not_a_compressed_one() -> None:
    """Blender unpacks a WOFF2 font again for each strip when it closes a file: 6 ms each, a minute for 10,000."""
    (strip,) = made(Cue(0, 1, "Latin"))
    assert strip.font is not None
    assert Path(strip.font.filepath).read_bytes()[:4] == b"\x00\x01\x00\x00", "the first bytes of a TrueType font"


def test_the_font_is_unpacked_once_for_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "folder", tmp_path / "fonts")
    made(Cue(0, 1, "Latin"))
    (kept,) = (tmp_path / "fonts").iterdir()
    when = kept.stat().st_mtime_ns
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not any(font.get(letters.FONT) is not None for font in bpy.data.fonts)
    made(Cue(0, 1, "Latin"))
    assert kept.stat().st_mtime_ns == when and list((tmp_path / "fonts").iterdir()) == [kept]


def test_a_broken_kept_font_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "folder", tmp_path / "fonts")
    made(Cue(0, 1, "Latin"))
    (kept,) = (tmp_path / "fonts").iterdir()
    size = kept.stat().st_size
    kept.write_bytes(b"")
    bpy.ops.wm.read_homefile(use_empty=True)
    (strip,) = made(Cue(0, 1, "Latin"))
    assert strip.font is not None and kept.stat().st_size == size


@pytest.mark.parametrize("name", ["persian", "hindi", "japanese", "thai"])
def test_other_scripts_have_the_font_that_looks_in_others(name: str, tmp_path: Path) -> None:
    film(640, 360)
    (strip,) = made(Cue(0, 1, scripts.LINES[name][1]))
    assert strip.font is None
    frame = rendered(tmp_path)
    strip.font = letters.inter()
    seen = frame[..., 3].any(axis=0)
    boxes = rendered(tmp_path)
    assert scripts.difference(frame[310:, seen], boxes[310:, seen]) > 5, "with Inter there would be crossed boxes"


def test_another_text_gets_the_font_that_has_it() -> None:
    (strip,) = made(Cue(0, 1, "Latin"))
    clock = strips.clock_of(bpy.context.scene)
    cue.write(strip, Cue(0, 1, "नमस्ते"), clock)
    assert strip.font is None
    cue.write(strip, Cue(0, 1, "Latin again"), clock)
    assert strip.font is not None
    bpy.context.scene.sequence_editor.active_strip = strip
    strip.text = "日本"
    typed.text_changed()
    assert strip.font is None


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
    assert second.location[1] > first.location[1] and third.location[1] > 0.9
    frame = rendered(tmp_path)
    rows = frame[180:, :, 3].max(axis=1) > 100
    assert numpy.count_nonzero(numpy.diff(rows.astype(int)) == 1) == 3, "three lines, one below the other"
    assert [one.placing.align for one in strips.cues_of(bpy.context.scene)[0]] == [2, 2, 8], "the files do not say it"


def test_those_after_each_other_are_not_moved() -> None:
    strips_ = made(Cue(0, 1, "one"), Cue(1, 2, "two"), Cue(1, 3, "over"), Cue(3, 4, "three"))
    heights = {strip.text: round(strip.location[1], 3) for strip in strips_}
    assert heights["one"] == heights["two"] == heights["three"] < heights["over"]
