# SPDX-License-Identifier: GPL-3.0-or-later
"""Where live subtitles stand: as the render has them; what leaves the picture or covers another; and put in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy
import pytest

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.markup import Placing
from subtitle_editor.operators.places import _Looking, _Mending
from subtitle_editor.operators.slow import LongOperator
from subtitle_editor.sequencer import compat, cue, drawing, letters, look, mending, places, spot, strips
from subtitle_editor.sequencer.track import done
from subtitle_editor.session import outlines

from .test_letters import film, made, move, rendered

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]


def box(strip: Any) -> places.Box:
    found = places.box_of(strip, places.film(bpy.context.scene))
    assert found is not None
    return found


def kinds(*found: Any) -> list[tuple[str, str]]:
    scene = bpy.context.scene
    by_name = {strip.name: strip.text for strip in places.all_of(scene)}
    return [(trouble.kind, by_name[trouble.name]) for trouble in places.troubles(scene, found or places.all_of(scene))]


@pytest.mark.parametrize("size", [(640, 360), (360, 640)])
@pytest.mark.parametrize(
    ("text", "placing"),
    [
        ("Short", Placing()),
        ("Two lines\nof text", Placing()),
        ("One line that is so long that Blender has to break it", Placing()),
        ("At the top", Placing(8)),
        ("Left\nand high", Placing(7)),
        ("Right", Placing(6)),
        ("سلام دنیا", Placing()),
        ("At a place", Placing(5, 0.4, 0.3)),
    ],
)
def test_the_box_is_where_the_render_has_the_text(
    tmp_path: Path, size: tuple[int, int], text: str, placing: Placing
) -> None:
    film(*size)
    (strip,) = made(Cue(0, 1, text, placing=placing))
    if hasattr(strip, "use_outline"):
        strip.use_outline = False
    strip.use_shadow = False
    rows, columns = numpy.nonzero(rendered(tmp_path)[..., 3] > 100)
    found = box(strip)
    ink = places.Box(columns.min(), size[1] - rows.max() - 1, columns.max() + 1, size[1] - rows.min())
    assert ink.is_inside(places.Box(found.left - 2, found.bottom - 2, found.right + 2, found.top + 2))
    line = strip.font_size * 1.2
    assert found.right - found.left - (ink.right - ink.left) < line * 0.5
    assert found.top - found.bottom - (ink.top - ink.bottom) < line


def test_what_leaves_the_picture_or_the_safe_area_or_covers_another_is_found() -> None:
    film(640, 360)
    _, edge, out, below, over = made(
        Cue(0, 1, "fine"), Cue(2, 3, "edge"), Cue(4, 5, "out"), Cue(6, 8, "below"), Cue(7, 9, "over")
    )
    assert kinds() == []
    move(edge, y=0.02)
    move(out, x=0.99)
    move(over, y=spot.of(below)[1] + 0.01)
    assert kinds() == [(places.UNSAFE, "edge"), (places.OUTSIDE, "out"), (places.COVERED, "below")]
    assert kinds(edge) == [(places.UNSAFE, "edge")]
    scene = bpy.context.scene
    assert [strip.text for strip in places.shown(scene, compat.left(over))] == ["below", "over"]
    below.mute = True
    assert kinds() == [(places.UNSAFE, "edge"), (places.OUTSIDE, "out")]
    scene.sequence_editor.channels[edge.channel].mute = True
    assert [strip.text for strip in places.all_of(scene)] == ["over"]


def test_a_font_of_the_users_own_is_not_guessed_at() -> None:
    (strip,) = made(Cue(0, 1, "out"))
    move(strip, x=2.0)
    assert len(kinds()) == 1
    folder = Path(bpy.utils.system_resource("DATAFILES", path="fonts"))
    strip.font = bpy.data.fonts.load(str(folder / "DejaVuSansMono.woff2"))
    assert kinds() == []


def test_put_in_place_by_one_click() -> None:
    film(640, 360)
    scene = bpy.context.scene
    fine, edge, out, below, over, huge = made(
        Cue(0, 1, "fine"), Cue(2, 3, "edge"), Cue(4, 5, "out"), Cue(6, 8, "below"), Cue(7, 9, "over"),
        Cue(10, 11, "Much larger than the picture"),
    )  # fmt: skip
    move(edge, y=0.02)
    move(out, 1.3, 1.2)
    move(over, y=spot.of(below)[1] + 0.01)
    huge.font_size, huge.wrap_width = 200, 0.0
    still = spot.of(fine), spot.of(below)
    assert bpy.ops.subtitle.next_place() == {"FINISHED"}
    assert scene.frame_current == compat.left(edge) and scene.sequence_editor.active_strip == edge
    assert bpy.ops.subtitle.mend_places() == {"FINISHED"}
    assert kinds(edge) == [] and kinds(out) != []
    assert bpy.ops.subtitle.mend_places(which="ALL") == {"FINISHED"}
    assert kinds() == [] and (spot.of(fine), spot.of(below)) == still
    assert box(over).bottom >= box(below).top - 1 and box(huge).is_inside(places.safe(scene))
    assert bpy.ops.subtitle.mend_places(which="ALL") == {"CANCELLED"}
    assert bpy.ops.subtitle.next_place() == {"CANCELLED"}


def test_at_the_playhead_it_goes_clear_of_what_has_ended_there() -> None:
    film(640, 360)
    scene = bpy.context.scene
    before, strip, after = made(Cue(0, 2, "before"), Cue(1, 4, "here"), Cue(3.5, 5, "after"))
    move(strip, y=spot.of(before)[1])
    move(after, y=0.02)
    scene.frame_set(compat.right(before) + 1)
    assert places.shown(scene, scene.frame_current) == [strip]
    assert bpy.ops.subtitle.mend_places() == {"FINISHED"}
    assert box(strip).bottom >= box(before).top - 1 and kinds(after) == [(places.UNSAFE, "after")]


def test_inside_a_meta_that_is_open() -> None:
    film(640, 360)
    scene = bpy.context.scene
    edge, outside = made(Cue(0, 1, "edge"), Cue(0, 1, "outside"))
    move(edge, y=0.02)
    move(outside, y=0.02)
    editor: Any = scene.sequence_editor
    meta: Any = compat.strips_of(editor).new_meta("Meta", channel=5, frame_start=1)
    edge.move_to_meta(meta)
    editor.display_stack(meta)
    scene.frame_set(scene.frame_start)
    assert kinds() == [(places.UNSAFE, "edge")]
    assert bpy.ops.subtitle.next_place() == {"FINISHED"}
    assert bpy.ops.subtitle.mend_places() == {"FINISHED"}
    assert kinds() == [] and round(spot.of(outside)[1], 2) == 0.02
    editor.channels[edge.channel].mute = True
    assert places.all_of(scene) == [edge], "the timeline's channels are not the meta's"
    meta.channels[edge.channel].mute = True
    assert places.all_of(scene) == places.shown(scene, scene.frame_current) == []


def test_a_line_from_the_right_that_blender_would_break_is_broken_where_it_is_read() -> None:
    """Blender breaks what it draws, and so puts the first words below the others."""
    film(360, 640)
    text = "این زیرنویس برای فیلم ایستاده بسیار بلند است"
    (strip,) = made(Cue(0, 1, text))
    words = cue.real_text(strip).split()
    assert kinds() == [(places.TURNED, strip.text)]
    bpy.context.scene.frame_set(bpy.context.scene.frame_start)
    assert bpy.ops.subtitle.mend_places() == {"FINISHED"}
    assert kinds() == []
    lines = cue.real_text(strip).split("\n")
    assert len(lines) == 2 and " ".join(lines).split() == words
    assert strip.text == "\n".join(map(drawing.drawn, lines)) and max(map(len, lines)) < 1.5 * min(map(len, lines))
    (other,) = [
        one for one in made(Cue(4, 5, "A line from the left that is so long that it is broken")) if one != strip
    ]
    assert other.text and kinds() == [], "from the left Blender breaks as it is read"


def test_no_room_is_said_and_nothing_is_pushed_out_of_the_picture() -> None:
    film(640, 360)
    made(*(Cue(0, 1, f"one\ntwo\n{number}") for number in range(9)))
    for strip in places.all_of(bpy.context.scene):
        move(strip, y=0.06)
    bpy.ops.subtitle.mend_places(which="ALL")
    left = kinds()
    assert left and {kind for kind, _ in left} == {places.COVERED}
    assert all(box(strip).is_inside(places.safe(bpy.context.scene)) for strip in places.all_of(bpy.context.scene))


def state() -> list[Any]:
    """All that mending may change of any subtitle, and when it is shown."""
    return [
        (one.name, compat.left(one), compat.right(one), one.text, one.get(cue.MARK), tuple(one.location),
         (one.transform.offset_x, one.transform.offset_y), str(one.get(spot.PLACED)), one.font_size, one.wrap_width)
        for one in compat.strips_of(bpy.context.scene.sequence_editor)
    ]  # fmt: skip


def many() -> None:
    """Of each kind of trouble some, in a narrow film."""
    film(360, 640)
    persian = "این زیرنویس برای فیلم ایستاده بسیار بلند است"
    words = tuple(Word(9 + n / 8, 9 + (n + 1) / 8, word) for n, word in enumerate(persian.split()))
    strips = made(
        *(Cue(n, n + 0.9, f"number {n}") for n in range(9)), Cue(9, 10, persian, words), Cue(11, 12, persian),
        Cue(13, 14, "low"), Cue(15, 17, "below"), Cue(16, 17, "over"), Cue(18, 19, "Huge"),
    )  # fmt: skip
    move(strips[2], x=1.3)
    move(strips[5], y=0.01)
    move(strips[-4], y=0.01)
    move(strips[-2], y=spot.of(strips[-3])[1])
    strips[-1].font_size, strips[-1].wrap_width = 400, 0.0


def job() -> _Mending:
    scene = bpy.context.scene
    found = places.all_of(scene)
    return _Mending(scene, mending.Mending(scene, found, found))


def test_step_by_step_it_does_what_it_does_at_once_and_says_how_far_it_is() -> None:
    many()
    before, work, shares = state(), job(), []
    while (result := work.go_on(0.0)) is None:
        shares.append(work.share)
    assert shares == sorted(set(shares)) and shares[0] < 0.1 and shares[-1] == 1.0
    after = state()
    assert result.left == 0 and result.count == sum(a != b for a, b in zip(before, after, strict=True)) == 7
    assert kinds() == []
    work.put_back()
    assert state() == before
    assert bpy.ops.subtitle.mend_places(which="ALL") == {"FINISHED"}
    assert state() == after


@pytest.mark.parametrize("after", [0, 3, 10, 11, 15, 20])
def test_stopped_on_the_way_all_is_as_it_was(after: int) -> None:
    many()
    before, work = state(), job()
    for _ in range(after):
        assert work.go_on(0.0) is None
    assert (state() != before) == (after > 3)
    work.turn_back()
    while work.go_on(0.0) is None:
        assert 0 < work.share <= 1
    assert work.is_turned_back and state() == before


def test_a_script_that_makes_a_strip_meanwhile_stops_it() -> None:
    many()
    before, work = state(), job()
    for _ in range(12):
        work.go_on(0.0)

    class Left(LongOperator):
        """What Blender makes an operator's object of, without Blender's half."""

        bl_label = "Left"

        def __init__(self) -> None:
            self.said: list[str] = []
            self._work, self._timer = work, object()  # type: ignore[assignment]

        def report(self, _kind: set[str], text: str) -> None:  # type: ignore[override]
            self.said.append(text)

    class Event:
        type, value = "TIMER", "NOTHING"

    left = Left()
    other = compat.new_text(compat.strips_of(bpy.context.scene.sequence_editor), "Title", 30, 1, 20)
    assert left.modal(bpy.context, Event()) == {"CANCELLED"}  # type: ignore[arg-type]
    assert "A script has made or removed strips" in left.said[0]
    compat.strips_of(bpy.context.scene.sequence_editor).remove(other)
    assert state() == before


def test_looking_step_by_step_finds_the_same() -> None:
    many()
    scene = bpy.context.scene
    work = _Looking(scene)
    steps = 0
    while (found := work.go_on(0.0)) is None:
        steps += 1
    assert steps == work.share * 15 == 15 and found == places.troubles(scene, places.all_of(scene)) != []
    work = _Looking(scene)
    work.go_on(0.0)
    work.turn_back()
    assert work.go_on(0.0) == [] and done(places.looking(scene, ())) == []


def test_what_is_locked_stays_and_others_go_around_it() -> None:
    film(640, 360)
    scene = bpy.context.scene
    locked, over, low = made(Cue(0, 2, "locked"), Cue(0, 2, "over"), Cue(4, 5, "low"))
    move(locked, y=0.07)
    move(low, y=0.01)
    move(over, y=spot.of(locked)[1])
    locked.lock = True
    assert bpy.ops.subtitle.mend_places(which="ALL") == {"FINISHED"}
    assert kinds() == [] and round(spot.of(locked)[1], 2) == 0.07
    move(low, y=0.01)
    scene.sequence_editor.channels[low.channel].lock = True
    assert bpy.ops.subtitle.mend_places(which="ALL") == {"CANCELLED"}
    assert kinds() == [(places.UNSAFE, "low")]


def test_what_is_drawn_over_the_preview() -> None:
    film(640, 360)
    scene = bpy.context.scene
    first, second = made(Cue(0, 2, "first"), Cue(0, 2, "second"))
    scene.frame_set(scene.frame_start)
    assert outlines.shapes(scene) == [
        (outlines.AREA, (32, 18, 608, 342)), (outlines.TEXT, box(first)), (outlines.TEXT, box(second)),
    ]  # fmt: skip
    move(second, y=spot.of(first)[1])
    assert [color for color, _ in outlines.shapes(scene)] == [outlines.AREA, outlines.WRONG, outlines.TEXT]
    scene.frame_set(500)
    assert len(outlines.shapes(scene)) == 1


def test_a_box_on_the_screen_has_the_films_middle_in_the_middle() -> None:
    class View:
        """A preview of 400 by 400 pixels, at half size."""

        @staticmethod
        def view_to_region(x: float, y: float, clip: bool) -> tuple[float, float]:
            assert not clip
            return 200 + x / 2, 200 + y / 2

    film(640, 360)
    scene = bpy.context.scene
    scene.render.pixel_aspect_x = 2.0
    found = outlines.on_screen(places.Box(0, 0, 640, 180), places.film(scene), scene.render, View)
    assert found == [(-120, 110), (520, 110), (520, 200), (-120, 200)]


# The box that is clicked


def preview() -> tuple[Any, Any, Any]:
    """A window of Blender's with a preview in it: what is clicked is told without a screen as well."""
    window = bpy.context.window_manager.windows[0]
    for area in window.screen.areas:
        space: Any = area.spaces.active
        if area.type == "SEQUENCE_EDITOR" and space.view_type == "PREVIEW":
            return window, area, next(region for region in area.regions if region.type == "PREVIEW")
    raise LookupError


def clicked(strip: Any, x: float, y: float) -> bool:
    """Whether a click there, in pixels of the film from its lower left corner, selects a strip."""
    window, area, region = preview()
    _, _, width, height = places.film(bpy.context.scene)
    at = region.view2d.view_to_region(x - width / 2, y - height / 2, clip=False)
    strip.select = False
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.sequencer.select(mouse_x=int(at[0]), mouse_y=int(at[1]), deselect_all=True)
    return bool(strip.select)


@pytest.fixture
def editing(addon: Any) -> None:
    bpy.ops.wm.read_homefile(app_template="Video_Editing", use_factory_startup=True)
    if hasattr(bpy.context.window_manager.windows[0].workspace, "sequencer_scene"):
        bpy.context.window_manager.windows[0].workspace.sequencer_scene = bpy.context.scene
    film(640, 360)


@pytest.mark.usefixtures("editing")
@pytest.mark.parametrize(
    "placing", [Placing(), Placing(8), Placing(4), Placing(9), Placing(5, 0.4, 0.3), Placing(1, 0.2, 0.7)]
)
@pytest.mark.parametrize("text", ["Short", "Two lines\nof text"])
def test_a_click_on_the_text_selects_it(placing: Placing, text: str) -> None:
    (strip,) = made(Cue(0, 1, text, placing=placing))
    bpy.context.scene.frame_set(bpy.context.scene.frame_start)
    left, bottom, right, top = box(strip)
    inside = [(x, y) for x in (left + 4, (left + right) / 2, right - 4) for y in (bottom + 4, top - 4)]
    assert all(clicked(strip, *point) for point in inside)
    if compat.box_follows_transform():
        outside = [(left - 10, bottom + 4), (right + 10, top - 4), ((left + right) / 2, top + 10), (left, bottom - 10)]
        assert not any(clicked(strip, *point) for point in outside)


@pytest.mark.usefixtures("editing")
def test_one_from_an_older_blender_is_found_by_a_click_once_it_was_put_in_place() -> None:
    if not compat.box_follows_transform():
        pytest.skip("the box is the whole picture")
    (strip,) = made(Cue(0, 1, "older"))
    strip.location, strip.transform.offset_y = (0.5, 0.06), 0
    bpy.context.scene.frame_set(bpy.context.scene.frame_start)
    before = box(strip)
    middle = (before.left + before.right) / 2, (before.bottom + before.top) / 2
    assert not clicked(strip, *middle)
    # To read a template has disabled the add-on.
    for number in (1, 0):
        assert done(mending.Mending(bpy.context.scene, [strip], [strip]).steps()) == mending.Mended(0, 0, 0, number)
        assert box(strip) == pytest.approx(before, abs=1) and clicked(strip, *middle)


def test_one_that_is_locked_is_not_found_by_a_click_and_that_is_told() -> None:
    if not compat.box_follows_transform():
        pytest.skip("the box is the whole picture")
    film(640, 360)
    scene = bpy.context.scene
    locked, low, free = made(Cue(0, 1, "locked"), Cue(2, 3, "locked and low"), Cue(4, 5, "free"))
    for strip, y in ((locked, 0.06), (low, 0.01), (free, 0.06)):
        spot.hang(strip, 0.5, y)
    locked.lock = low.lock = True
    found = places.all_of(scene)
    assert done(mending.Mending(scene, found, found).steps()) == mending.Mended(0, 0, 2, 1)
    assert spot.is_beside_box(locked) and not spot.is_beside_box(free)
    assert done(mending.Mending(scene, found, found).steps()) == mending.Mended(0, 0, 2, 0)


@pytest.mark.usefixtures("editing")
def test_one_with_a_font_of_its_own_is_found_by_a_click_once_it_was_put_in_place(tmp_path: Path) -> None:
    if not compat.box_follows_transform():
        pytest.skip("the box is the whole picture")
    (strip,) = made(Cue(0, 1, "its own font"))
    folder = Path(bpy.utils.system_resource("DATAFILES", path="fonts"))
    strip.font = bpy.data.fonts.load(str(folder / "DejaVuSansMono.woff2"))
    spot.hang(strip, 0.5, 0.06)
    before = rendered(tmp_path)
    rows, columns = numpy.nonzero(before[..., 3] > 100)
    middle = float(columns.mean()), len(before) - float(rows.mean())
    assert not clicked(strip, *middle)
    found = places.all_of(bpy.context.scene)
    assert done(mending.Mending(bpy.context.scene, found, found).steps()) == mending.Mended(0, 0, 0, 1)
    assert clicked(strip, *middle) and strip.font is not None
    after = rendered(tmp_path)
    assert abs(int((after[..., 3] > 100).sum()) - len(rows)) < 0.1 * len(rows)
    assert numpy.nonzero(after[..., 3] > 100)[0].mean() == pytest.approx(rows.mean(), abs=1)


@pytest.mark.usefixtures("editing")
def test_one_that_is_scaled_stays_where_it_is_drawn() -> None:
    (strip,) = made(Cue(0, 1, "scaled"))
    strip.location, strip.transform.offset_y, strip.transform.scale_x = (0.5, 0.06), 0, 2
    assert not spot.settle(strip) and strip.transform.offset_y == 0
    assert strip.location[1] == pytest.approx(0.06)


def many_made(count: int) -> tuple[strips.Writer, list[Any]]:
    """So many, made one a step up to the last; those that a click does not find yet."""
    scene = bpy.context.scene
    placements = [strips.Placement(n * 10 + 1, n * 10 + 6, 0, Cue(n, n + 1, str(n))) for n in range(count)]
    writer = strips.Writer(scene, placements, 0)
    while writer.made < count:
        assert not writer.step(0.0)
    return writer, [strip for strip in compat.strips_of(scene.sequence_editor) if spot.is_beside_box(strip)]


def test_of_thousands_the_later_ones_are_found_by_a_click_when_all_are_made() -> None:
    if not compat.box_follows_transform():
        pytest.skip("the box is the whole picture")
    film(640, 360)
    writer, late = many_made(1020)
    assert 10 < len(late) < 30
    late[3].transform.offset_x = 40.0  # The user drags it meanwhile.
    drawn = [spot.drawn_at(strip) for strip in late]
    assert not writer.step(0.0), "all at once: the test shows nothing"
    while not writer.step(0.0):
        pass
    assert not any(map(spot.is_beside_box, compat.strips_of(bpy.context.scene.sequence_editor)))
    for strip, (x, y) in zip(late, drawn, strict=True):
        assert spot.drawn_at(strip) == pytest.approx((x, y), abs=0.51)


def test_where_some_are_deleted_in_between_no_other_is_passed_over() -> None:
    if not compat.box_follows_transform():
        pytest.skip("the box is the whole picture")
    writer, _ = many_made(1060)
    for _ in range(1020):
        assert not writer.step(0.0)
    all_of_them = compat.strips_of(bpy.context.scene.sequence_editor)
    for strip in list(all_of_them)[:50]:
        all_of_them.remove(strip)
    while not writer.step(0.0):
        pass
    assert len(all_of_them) == 1010 and not any(map(spot.is_beside_box, all_of_them))


def test_what_a_script_has_written_where_places_are_noted_is_no_error() -> None:
    film(640, 360)
    assert strips.Writer(bpy.context.scene, [strips.Placement(1, 6, 0, Cue(0, 1, "a"))], 0).step()
    strip = compat.strips_of(bpy.context.scene.sequence_editor)[0]
    for value in (5, "x", [1.0]):
        strip[spot.PLACED] = value
        assert spot.kept(strip).film is None and not spot.is_off(strip)
    for value in ("x", [1.0]):
        strip[letters.SIZED] = value
        assert not letters.is_off(strip, bpy.context.scene)


def test_after_an_undo_in_between_all_are_found_by_a_click() -> None:
    if not compat.box_follows_transform():
        pytest.skip("the box is the whole picture")
    writer, late = many_made(1020)
    number = len(late)
    bpy.ops.ed.undo_push(message="the user works on")
    bpy.context.scene.frame_end = 3000
    bpy.ops.ed.undo_push(message="and on")
    for _ in range(1010):
        assert not writer.step(0.0)
    bpy.ops.ed.undo()
    found = compat.strips_of(bpy.context.scene.sequence_editor)
    assert sum(map(spot.is_beside_box, found)) == number, "undo did nothing: the test shows nothing"
    while not writer.step(0.0):
        pass
    found = compat.strips_of(bpy.context.scene.sequence_editor)
    assert len(found) == 1020 and not any(map(spot.is_beside_box, found))


def test_in_pixels_it_is_drawn_as_in_shares_of_the_film(tmp_path: Path) -> None:
    film(640, 360)
    (strip,) = made(Cue(0, 1, "Here\nit is", placing=Placing(4, 0.25, 0.4)))
    first = rendered(tmp_path)
    at = spot.of(strip)
    strip.transform.offset_x = strip.transform.offset_y = 0
    strip.location = at
    assert numpy.array_equal(first, rendered(tmp_path)) and first[..., 3].max() > 200


def test_another_resolution_is_no_other_place() -> None:
    film(1920, 1080)
    scene = bpy.context.scene
    low, high, moved = made(Cue(0, 1, "low"), Cue(2, 3, "high", placing=Placing(8)), Cue(4, 5, "moved"))
    move(moved, 0.3, 0.5)
    where = [spot.of(one) for one in (low, high, moved)]
    for size in ((3840, 2160), (640, 360), (1080, 1920)):
        film(*size)
        clock = strips.clock_of(scene)
        assert [look.worn(one, cue.read(one, clock)).placing.align for one in (low, high, moved)] == [2, 8, 5]
        assert bpy.ops.subtitle.fit_sizes() == {"FINISHED"}
        for one, (x, y) in zip((low, high, moved), where, strict=True):
            assert spot.of(one) == pytest.approx((x, y), abs=0.004)
            assert spot.drawn_at(one) == pytest.approx((x * size[0], y * size[1]), abs=2)
        assert bpy.ops.subtitle.fit_sizes() == {"CANCELLED"}
