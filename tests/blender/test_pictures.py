# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as image strips: baked, brought after what was edited, taken back, and seen in the render."""

from __future__ import annotations

import math
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy
import pytest

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.markup import Placing
from subtitle_editor.core.picture import png, style
from subtitle_editor.core.picture.fonts import Fonts
from subtitle_editor.core.picture.render import Renderer
from subtitle_editor.core.picture.style import DEFAULT
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.operators import pictures as dialog
from subtitle_editor.operators.slow import LongOperator
from subtitle_editor.operators.unbaking import Unbaking
from subtitle_editor.sequencer import baked, compat, cue, places, strips
from subtitle_editor.session import choices, pictures
from subtitle_editor.session import track as tracks
from tests.core.picture import scripts

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(120)]

CUES = (Cue(0, 1, "one"), Cue(2, 3, "two"), Cue(2.5, 4, "over two"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, addon: Any) -> Path:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 640, 360, 100
    scene.view_settings.view_transform = "Standard"
    choices.of(scene).picture_folder = str(tmp_path / "pictures")
    choices.of(scene).picture_style = "default"
    return tmp_path / "pictures"


def make(*cues: Cue) -> list[Any]:
    scene = bpy.context.scene
    rate = strips.rate_of(scene)
    placements = strips.place(cues, lambda seconds: scene.frame_start + rate.seconds_to_frame(seconds))
    strips.Writer(scene, placements, 0).step()
    return texts()


def all_strips() -> list[Any]:
    return list(compat.strips_of(bpy.context.scene.sequence_editor))


def texts() -> list[Any]:
    return sorted((strip for strip in all_strips() if strip.type == "TEXT"), key=compat.left)


def shown() -> list[Any]:
    """The image strips, in order of time."""
    return sorted(
        (strip for strip in all_strips() if baked.is_picture(strip)), key=lambda s: (compat.left(s), s.channel)
    )


def edges(strip: Any) -> tuple[int, int]:
    return compat.left(strip), compat.right(strip)


def text_of(picture: Any) -> str:
    """What the subtitle under a picture says."""
    given = picture[baked.PICTURE].partition(" ")[0]
    return next(strip.text for strip in texts() if strip.get(cue.BAKED) == given)


def bake(**options: Any) -> None:
    assert bpy.ops.subtitle.bake(**options) == {"FINISHED"}


def fresh() -> None:
    assert bpy.ops.subtitle.bake_changed() == {"FINISHED"}


def rendered(tmp_path: Path, frame: int) -> Any:
    scene = bpy.context.scene
    scene.frame_set(frame)
    scene.render.filepath = str(tmp_path / "frame.png")
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    bpy.ops.render.render(write_still=True)
    return scripts.read(tmp_path / "frame.png")


def test_a_picture_lies_over_each_subtitle_and_the_text_is_muted(folder: Path) -> None:
    make(*CUES)
    bake()
    assert [edges(strip) for strip in shown()] == [edges(strip) for strip in texts()]
    assert all(strip.mute for strip in texts()) and not any(strip.mute for strip in shown())
    assert min(strip.channel for strip in shown()) > max(strip.channel for strip in texts())
    assert len(list(folder.glob("*.png"))) == 3
    # They are still the subtitles: list, export and checks see them.
    assert [one.text for one in strips.cues_of(bpy.context.scene)[0]] == ["one", "two", "over two"]


def test_the_render_has_the_pixels_that_were_drawn(tmp_path: Path) -> None:
    cues = (Cue(0, 1, "Above", placing=Placing(8)), Cue(0, 1, "می‌شود مُحَمَّدٌ"), Cue(2, 3, "later"))
    make(*cues)
    bake()
    frame = rendered(tmp_path, bpy.context.scene.frame_start)
    found = Path(bpy.utils.system_resource("DATAFILES", path="fonts"))
    expected = numpy.zeros_like(frame)
    for picture in Renderer(Document(cues), 640, 360, DEFAULT, Fonts(blender=found, system=[])).at(0.5):
        rows, columns, _ = picture.rgba.shape
        expected[picture.y : picture.y + rows, picture.x : picture.x + columns] = picture.rgba
    assert frame[..., 3].any()
    assert scripts.difference(frame, expected) < 0.05


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (641, 361)])
def test_places_are_exact_in_other_sizes(size: tuple[int, int], tmp_path: Path) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    make(Cue(0, 1, "exactly here"))
    bake()
    frame = rendered(tmp_path, scene.frame_start)
    found = Path(bpy.utils.system_resource("DATAFILES", path="fonts"))
    (picture,) = Renderer(Document((Cue(0, 1, "exactly here"),)), *size, DEFAULT, Fonts(blender=found)).at(0.5)
    rows, columns, _ = picture.rgba.shape
    part = frame[picture.y : picture.y + rows, picture.x : picture.x + columns]
    assert numpy.abs(part[..., 3].astype(int) - picture.rgba[..., 3]).max() <= 1


@pytest.mark.parametrize("name", scripts.LINES)
def test_each_script_is_right_in_the_render(name: str, tmp_path: Path) -> None:
    """Against the reference, which was looked at."""
    language, text = scripts.LINES[name]
    (strip,) = make(Cue(0, 1, text))
    tracks.enter(bpy.context.scene, strip.channel, 1, language=language)
    bake()
    frame = rendered(tmp_path, bpy.context.scene.frame_start)
    reference = scripts.read(scripts.DATA / f"{name}.png")
    rows = numpy.flatnonzero(frame[..., 3].any(axis=1))
    columns = numpy.flatnonzero(frame[..., 3].any(axis=0))
    # The faintest row or column of a shadow may be lost in the film.
    parts = (frame[max(0, rows[0] - dy) :, max(0, columns[0] - dx) :] for dy in (0, 1) for dx in (0, 1))
    height, width, _ = reference.shape
    assert min(scripts.difference(part[:height, :width], reference) for part in parts) < 2


def test_karaoke_is_one_strip_with_a_picture_for_each_word() -> None:
    words = (Word(0, 0.5, "one"), Word(0.5, 1, "two"))
    choices.of(bpy.context.scene).picture_style = "karaoke"
    (text,) = make(Cue(0, 1, "one two", words=words))
    bake()
    (strip,) = shown()
    names = [element.filename for element in strip.elements]
    assert len(names) == edges(text)[1] - edges(text)[0] == 24
    assert len(set(names[:12])) == len(set(names[12:])) == 1 and names[0] != names[-1]


# After edits


def test_nothing_changed_makes_nothing(folder: Path) -> None:
    make(*CUES)
    bake()
    before = [strip.name for strip in shown()], {path: path.stat().st_mtime_ns for path in folder.glob("*.png")}
    fresh()
    assert (
        [strip.name for strip in shown()],
        {path: path.stat().st_mtime_ns for path in folder.glob("*.png")},
    ) == before


def test_moved_cut_edited_copied_new_and_deleted(folder: Path) -> None:
    one, two, over = make(*CUES)
    bake()
    compat.set_edges(one, 200, 224)
    compat.set_edges(two, edges(two)[0], edges(two)[1] - 5)
    over.text = "another"
    fresh()
    assert sorted((edges(s), text_of(s)) for s in shown()) == sorted((edges(s), s.text) for s in texts())
    compat.strips_of(bpy.context.scene.sequence_editor).remove(two)
    fresh()
    assert sorted(map(text_of, shown())) == ["another", "one"]
    # A copy has the property of what it was copied from.
    copy = compat.new_text(compat.strips_of(bpy.context.scene.sequence_editor), "copy", one.channel, 300, 310)
    copy.text = "a copy"
    copy[cue.MARK], copy[cue.BAKED] = cue.PLAIN, one[cue.BAKED]
    new = compat.new_text(compat.strips_of(bpy.context.scene.sequence_editor), "new", one.channel, 400, 410)
    new.text = "new"
    new[cue.MARK] = cue.PLAIN
    fresh()
    assert sorted((edges(s), text_of(s)) for s in shown()) == sorted((edges(s), s.text) for s in texts())
    assert len(shown()) == 4 and new.mute


def test_another_size_is_drawn_anew_at_its_place(tmp_path: Path) -> None:
    make(*CUES)
    bake()
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 1280, 720
    fresh()
    offsets = [strip.transform.offset_y for strip in shown()]
    assert all(-360 < y < -200 for y in offsets)


def test_back_to_text(folder: Path) -> None:
    make(*CUES)
    bake()
    assert bpy.ops.subtitle.back_to_text() == {"FINISHED"}
    assert shown() == [] and not any(strip.mute for strip in texts())
    assert not any(cue.BAKED in strip for strip in texts())
    assert len(list(folder.glob("*.png"))) == 3, "files stay"
    assert bpy.ops.subtitle.back_to_text() == {"CANCELLED"}


def test_back_to_text_leaves_what_is_locked() -> None:
    make(*CUES)
    bake()
    shown()[0].lock = True  # Its text is not, and would be seen with it.
    texts()[2].lock = True
    work = Unbaking(bpy.context.scene)
    assert work.go_on(math.inf) == 1 and work.locked == 2
    assert len(shown()) == 2 and sum(strip.mute for strip in texts()) == 2


def test_pictures_whose_texts_are_gone_are_taken_off_as_a_step_of_its_own() -> None:
    make(*CUES)
    bake()
    for strip in texts():
        compat.strips_of(bpy.context.scene.sequence_editor).remove(strip)
    assert bpy.ops.subtitle.back_to_text() == {"FINISHED"}, "without a step nothing undoes it"
    assert shown() == []


def test_back_to_text_goes_in_steps_and_what_is_done_stays() -> None:
    make(*CUES)
    bake()
    work = Unbaking(bpy.context.scene)
    shares = []
    for left in (3, 2):
        assert work.go_on(0.0) is None and len(shown()) == left
        shares.append(work.share)
    assert shares == [pytest.approx(1 / 3), pytest.approx(2 / 3)] and (work.done, work.number) == (1, 3)
    work.turn_back()
    assert work.go_on(0.0) == 1 and work.number == 3
    # The one that is text has no picture, and those that are none have theirs.
    assert sum(strip.mute for strip in texts()) == len(shown()) == 2
    assert sum(cue.BAKED in strip for strip in texts()) == 2
    assert bpy.ops.subtitle.back_to_text() == {"FINISHED"}
    assert shown() == [] and not any(strip.mute for strip in texts())


def test_a_script_that_removes_pictures_meanwhile_does_no_harm() -> None:
    make(*CUES)
    bake()
    work = Unbaking(bpy.context.scene)
    assert work.go_on(0.0) is None and work.go_on(0.0) is None
    compat.strips_of(bpy.context.scene.sequence_editor).remove(shown()[0])
    compat.strips_of(bpy.context.scene.sequence_editor).remove(texts()[0])
    while work.go_on(0.0) is None:
        pass
    assert shown() == [] and len(texts()) == 2 and not any(strip.mute for strip in texts())


@pytest.mark.parametrize("event", ["TIMER", "ESC", "cancel"])
def test_where_a_script_removes_the_scene_meanwhile_nothing_stays_grey(event: str) -> None:
    class Going(LongOperator):
        bl_label = "Back to Text"

        def _leave(self, context: Any) -> None:
            pictures.at_work.discard(uid)
            self._timer = None

    scene = bpy.data.scenes.new("Gone")
    scene.sequence_editor_create()
    uid = scene.session_uid
    operator: Any = Going()
    operator._work, operator._timer = Unbaking(scene), object()
    pictures.at_work.add(uid)
    bpy.data.scenes.remove(scene)
    with pytest.raises(ReferenceError):
        if event == "cancel":
            operator.cancel(bpy.context)
        else:
            operator.modal(bpy.context, SimpleNamespace(type=event, value="PRESS"))
    assert uid not in pictures.at_work and operator._timer is None


def test_only_the_selected(folder: Path) -> None:
    one, two, over = make(*CUES)
    two.select = True
    bake(selected=True)
    assert [text_of(strip) for strip in shown()] == ["two"] and not one.mute and not over.mute
    two.select, one.select = False, True
    bake(selected=True)
    assert sorted(map(text_of, shown())) == ["one", "two"]
    assert bpy.ops.subtitle.back_to_text(selected=True) == {"FINISHED"}
    assert [text_of(strip) for strip in shown()] == ["two"]


def test_a_picture_that_somebody_moved_goes_back_to_its_place() -> None:
    make(Cue(0, 1, "one"))
    bake()
    (strip,) = shown()
    wanted = strip.transform.offset_y
    strip.transform.offset_y += 50
    fresh()
    assert [one.transform.offset_y for one in shown()] == [wanted]


def test_other_images_and_titles_are_left_alone(tmp_path: Path, folder: Path) -> None:
    make(*CUES)
    bake()
    title = compat.new_text(compat.strips_of(bpy.context.scene.sequence_editor), "title", 20, 1, 30)
    image = compat.strips_of(bpy.context.scene.sequence_editor).new_image(
        name="mine", filepath=str(next(folder.glob("*.png"))), channel=21, frame_start=1
    )
    fresh()
    bpy.ops.subtitle.back_to_text()
    assert {title.name, image.name} <= {strip.name for strip in all_strips()} and not title.mute


def test_undo_takes_all_of_it_back_and_redo_brings_it_again() -> None:
    bpy.ops.ed.undo_push(message="nothing")
    make(*CUES)
    bpy.ops.ed.undo_push(message="subtitles")
    bake()
    bpy.ops.ed.undo_push(message="baked")
    assert bpy.ops.ed.undo() == {"FINISHED"}
    assert shown() == [] and len(texts()) == 3 and not any(strip.mute or cue.BAKED in strip for strip in texts())
    assert bpy.ops.ed.redo() == {"FINISHED"}
    assert len(shown()) == 3 and all(strip.mute for strip in texts())
    names = [strip.name for strip in shown()]
    fresh()
    assert [strip.name for strip in shown()] == names


def test_saving(tmp_path: Path) -> None:
    make(*CUES)
    bake()
    path = tmp_path / "film.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert len(shown()) == 3
    names = [strip.name for strip in shown()]
    fresh()
    assert [strip.name for strip in shown()] == names


# Step by step


def placing(**options: bool) -> baked.Placing:
    scene = bpy.context.scene
    job = pictures.job(scene, **options)
    job.task.run()
    return baked.Placing(scene, job.task.result, job.sources, only=job.only)


def seen() -> set[str]:
    """The texts that are seen once, as text or as a picture."""
    there = [text_of(strip) for strip in shown()] + [strip.text for strip in texts() if not strip.mute]
    assert len(there) == len(set(there))
    return set(there)


ALL = {"one", "two", "over two"}


def test_wherever_it_stops_each_subtitle_is_seen() -> None:
    _, two, over = make(*CUES)
    first = placing()
    assert not first.step(0.0) and (first.done, first.share) == (1, pytest.approx(1 / 3))
    assert seen() == ALL and len(shown()) == 1
    assert first.step()
    assert seen() == ALL and len(shown()) == 3
    compat.set_edges(two, 300, 310)
    over.text = "another"
    second = placing(again=True)
    assert not second.step(0.0) and second.made == 0, "the first is as it was"
    assert seen() == {"one", "two", "another"}, "a picture that is to be made anew is text until then"
    assert [text_of(strip) for strip in shown()] == ["one"]
    assert second.step() and second.made == 2 and len(shown()) == 3


def test_an_undo_between_two_steps_stops_it() -> None:
    bpy.context.scene.sequence_editor_create()
    bpy.ops.ed.undo_push(message="nothing")
    make(*CUES)
    bpy.ops.ed.undo_push(message="subtitles")
    bpy.ops.ed.undo_push(message="later")
    one = placing()
    assert not one.step(0.0)
    assert bpy.ops.ed.undo() == {"FINISHED"}
    with pytest.raises(baked.StripsChangedError, match="Bake Changed"):
        one.step()
    assert seen() == ALL


def test_a_subtitle_that_is_deleted_between_two_steps_stops_it() -> None:
    *_, last = make(*CUES)
    one = placing()
    one.step(0.0)
    compat.strips_of(bpy.context.scene.sequence_editor).remove(last)
    with pytest.raises(baked.StripsChangedError):
        one.step()
    assert seen() == {"one", "two"}
    fresh()
    assert len(shown()) == 2


def test_a_scene_that_is_deleted_between_two_steps_stops_it() -> None:
    other = bpy.data.scenes.new("other")
    bpy.context.window.scene = other
    make(*CUES)
    choices.of(other).picture_folder = choices.of(bpy.data.scenes["Scene"]).picture_folder
    one = placing()
    one.step(0.0)
    bpy.context.window.scene = bpy.data.scenes["Scene"]
    bpy.data.scenes.remove(other)
    with pytest.raises(strips.SceneGoneError):
        one.step()


def test_what_is_edited_while_it_is_drawn_stays_text_until_it_is_drawn_again() -> None:
    one, two, over = make(*CUES)
    scene = bpy.context.scene
    job = pictures.job(scene)
    job.task.run()
    compat.set_edges(one, 200, 210)
    two.text = "another"
    first = baked.Placing(scene, job.task.result, job.sources)
    assert first.step() and (first.done, first.late) == (1, 2)
    assert seen() == {"one", "another", "over two"} and [text_of(strip) for strip in shown()] == ["over two"]
    fresh()
    assert len(shown()) == 3 and sorted(map(edges, shown())) == sorted(map(edges, texts()))
    # One that is a picture already, alone.
    scene.sequence_editor.active_strip = None
    for strip in all_strips():
        strip.select = strip == over
    job = pictures.job(scene, selected=True)
    job.task.run()
    over.text = "later"
    second = baked.Placing(scene, job.task.result, job.sources, only=True)
    assert second.step() and second.late == 1 and not over.mute and len(shown()) == 2


# Others beside them


def test_one_alone_is_drawn_clear_of_those_that_are_not_drawn(folder: Path) -> None:
    *_, over = make(*CUES)
    for strip in all_strips():
        strip.select = strip == over
    bake(selected=True)
    (alone,) = shown()
    place, name = tuple(map(float, (alone.transform.offset_x, alone.transform.offset_y))), alone.elements[0].filename
    bake()
    assert len(list(folder.glob("*.png"))) == 3
    (same,) = [strip for strip in shown() if text_of(strip) == "over two"]
    assert (same.transform.offset_x, same.transform.offset_y) == place and same.elements[0].filename == name
    assert same.transform.offset_y > shown()[1].transform.offset_y


def test_each_track_is_drawn_in_its_own_language(folder: Path) -> None:
    """The same character in the forms of Japan and of China."""
    scene = bpy.context.scene
    make(Cue(0, 1, "直直"))
    tracks.enter(scene, texts()[0].channel, 1, "ja", "ja")
    strips.Writer(scene, strips.place([Cue(2, 3, "直直")], strips.clock_of(scene).frame), 20).step()
    tracks.enter(scene, texts()[1].channel, 1, "zh", "zh-Hans")
    assert texts()[0].channel != texts()[1].channel
    bake()
    japan, china = (scripts.read(folder / strip.elements[0].filename) for strip in shown())
    assert japan.shape != china.shape or scripts.difference(japan, china) > 1


def test_a_hidden_track_is_not_drawn() -> None:
    scene = bpy.context.scene
    make(*CUES)
    bake()
    low = texts()[0].channel
    scene.sequence_editor.channels[low].mute = True
    fresh()
    assert [text_of(strip) for strip in shown()] == ["over two"]
    for strip in all_strips():
        strip.select = strip.channel == low
    with pytest.raises(RuntimeError, match="no subtitles here"):
        bpy.ops.subtitle.bake(selected=True)
    scene.sequence_editor.channels[low].mute = False
    bake()
    assert len(shown()) == 3


# Channels


def test_new_pictures_come_where_most_are_unless_something_is_there() -> None:
    make(*CUES, Cue(5, 6, "three"))
    bake()
    collection = compat.strips_of(bpy.context.scene.sequence_editor)
    low = min(strip.channel for strip in texts())
    usual = shown()[0].channel
    shown()[0].channel = 20
    title = compat.new_text(collection, "title", usual, 150, 170)
    where = compat.left(title), title.channel
    for name, frames in (("free", (400, 410)), ("taken", (155, 160))):
        new = compat.new_text(collection, name, low, *frames)
        new.text, new[cue.MARK] = name, cue.PLAIN
        fresh()
        channel = next(strip.channel for strip in shown() if text_of(strip) == name)
        assert (channel == usual) == (name == "free")
    assert (compat.left(title), title.channel) == where
    assert sorted((edges(s), text_of(s)) for s in shown()) == sorted((edges(s), s.text) for s in texts() if s != title)


# Metas


def meta(*inside: Any) -> Any:
    found = compat.strips_of(bpy.context.scene.sequence_editor).new_meta("meta", 30, 1)
    for strip in inside:
        strip.move_to_meta(found)
    return found


@pytest.mark.parametrize("again", [True, False])
def test_a_text_that_is_put_alone_into_a_meta_is_text_again(again: bool) -> None:
    one, *_ = make(*CUES)
    bake()
    inside = meta(one)
    if again:
        fresh()
    else:
        texts()[0].select = True
        bake(selected=True)
    (inner,) = compat.strips_of(inside)
    assert not inner.mute and cue.BAKED not in inner
    assert [text_of(strip) for strip in shown()] == ["two", "over two"]


def test_a_picture_that_is_put_alone_into_a_meta_is_made_anew() -> None:
    make(*CUES)
    bake()
    inside = meta(shown()[0])
    fresh()
    assert list(compat.strips_of(inside)) == [] and seen() == ALL


def test_both_put_into_a_meta_stay_and_go_back_to_text() -> None:
    one, *_ = make(*CUES)
    bake()
    inside = meta(one, shown()[0])
    fresh()
    assert sorted(strip.type for strip in compat.strips_of(inside)) == ["IMAGE", "TEXT"]
    assert all(strip.mute == (strip.type == "TEXT") for strip in compat.strips_of(inside))
    assert bpy.ops.subtitle.back_to_text() == {"FINISHED"}
    (inner,) = compat.strips_of(inside)
    assert inner.type == "TEXT" and not inner.mute
    assert shown() == [] and not any(strip.mute for strip in texts())


# Files, folders, errors


def test_unused_files_are_deleted_when_asked(folder: Path) -> None:
    one, *_ = make(*CUES)
    bake()
    (folder / "mine.png").write_bytes(b"mine")
    one.text = "changed"
    fresh()
    assert len(list(folder.glob("*.png"))) == 5
    assert bpy.ops.subtitle.delete_unused_pictures() == {"FINISHED"}
    assert len(list(folder.glob("*.png"))) == 4 and (folder / "mine.png").exists()
    assert bpy.ops.subtitle.bake_changed() == {"FINISHED"}
    assert len(shown()) == 3


def test_pictures_inside_of_metas_and_of_strips_of_others_are_in_use(folder: Path) -> None:
    make(*CUES)
    bake()
    first, second, third = shown()
    names = [strip.elements[0].filename for strip in (first, second, third)]
    scene = bpy.context.scene
    collection = compat.strips_of(scene.sequence_editor)
    inner = collection.new_meta("inner", 30, 1)
    outer = collection.new_meta("outer", 31, 1)
    first.move_to_meta(inner)
    inner.move_to_meta(outer)
    # Somebody's own strip with the same file, in another scene, under another way to write the folder.
    other = bpy.data.scenes.new("other")
    mine = compat.strips_of(other.sequence_editor_create()).new_image(
        name="mine", filepath=str(folder / ".." / folder.name / names[1]), channel=1, frame_start=1
    )
    assert baked.PICTURE not in mine
    for strip in (second, third):
        collection.remove(strip)
    assert bpy.ops.subtitle.delete_unused_pictures() == {"FINISHED"}
    assert sorted(path.name for path in folder.glob("*.png")) == sorted(names[:2])


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="making links is not allowed to all there")
def test_pictures_that_are_shown_through_a_link_are_in_use(folder: Path, tmp_path: Path) -> None:
    make(*CUES)
    bake()
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    collection = compat.strips_of(bpy.context.scene.sequence_editor)
    for strip in shown():
        name = strip.elements[0].filename
        collection.remove(strip)
        collection.new_image(name="mine", filepath=str(tmp_path / "link" / name), channel=20, frame_start=1)
    assert len(list(folder.glob("*.png"))) == 3 and pictures.looking_for_orphans(bpy.context.scene)() == []


def test_a_file_that_is_not_saved_has_no_folder() -> None:
    choices.of(bpy.context.scene).picture_folder = ""
    make(*CUES)
    with pytest.raises(RuntimeError, match="Save the file first"):
        bpy.ops.subtitle.bake()
    assert not any(strip.mute for strip in texts())


def test_a_folder_beside_the_file(tmp_path: Path) -> None:
    choices.of(bpy.context.scene).picture_folder = ""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "film.blend"))
    make(*CUES)
    bake()
    assert len(list((tmp_path / "film subtitles" / "Scene").glob("*.png"))) == 3
    assert all(strip.directory.startswith("//") for strip in shown())


def test_a_folder_by_its_other_name_is_the_same(tmp_path: Path) -> None:
    """A file that was opened through a link, and a scene whose name differs in capitals alone."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    choices.of(bpy.context.scene).picture_folder = ""
    bpy.ops.wm.save_as_mainfile(filepath=str(link / "film.blend"))
    make(*CUES)
    bake()
    folder = real / "film subtitles" / "Scene"
    assert {strip.directory for strip in shown()} == {"//film subtitles/Scene/"}
    for given in (folder, link / "film subtitles" / "Scene", link / "film subtitles" / "SCENE"):
        choices.of(bpy.context.scene).picture_folder = str(given)
        assert baked.files_in_use(str(given)) == {path.name for path in folder.glob("*.png")}
        assert pictures.looking_for_orphans(bpy.context.scene)() == []


NAMES = {"CON": "CON_", "Act 1: é": "Act_1_é", "Final.": "Final", "..": "Scene"}


@pytest.mark.parametrize(("scene", "name"), NAMES.items())
def test_a_folder_that_can_be_made_everywhere(tmp_path: Path, scene: str, name: str) -> None:
    bpy.context.scene.name = scene
    choices.of(bpy.context.scene).picture_folder = ""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "film.blend"))
    assert pictures.folder_of(bpy.context.scene) == tmp_path / "film subtitles" / name


def test_nothing_to_draw() -> None:
    bpy.context.scene.sequence_editor_create()
    with pytest.raises(RuntimeError, match="no subtitles here"):
        bpy.ops.subtitle.bake()


def test_a_style_that_is_gone_is_said() -> None:
    make(*CUES)
    choices.of(bpy.context.scene).picture_style = "gone"
    with pytest.raises(RuntimeError, match='style "gone"'):
        bpy.ops.subtitle.bake()


def test_a_style_of_ones_own() -> None:
    make(Cue(0, 1, "one"))
    assert bpy.ops.subtitle.save_style(name="mine", size=0.1, color=(1, 0, 0)) == {"FINISHED"}
    assert choices.of(bpy.context.scene).picture_style == "mine"
    found = pictures.style_of(bpy.context.scene)
    assert found is not None and (found.size, found.color) == (pytest.approx(0.1), "#ff0000")
    with pytest.raises(RuntimeError, match="letters"):
        bpy.ops.subtitle.save_style(name="../x")
    with pytest.raises(RuntimeError, match="stands for"):
        bpy.ops.subtitle.save_style(name="file")
    bake()
    assert len(shown()) == 1


def test_every_style_can_be_saved_as_the_dialog_offers_it() -> None:
    scene = bpy.context.scene
    for name, one in style.presets().items():
        choices.of(scene).picture_style = name
        assert bpy.ops.subtitle.save_style(name=f"own-{name}", **dialog.offered(one)) == {"FINISHED"}
        mine = pictures.style_of(scene)
        assert mine is not None and mine.name == f"own-{name}"
        assert (mine.box, mine.color, mine.font) == (one.box, one.color, one.font)


def test_a_style_of_ones_own_is_replaced_only_where_it_is_the_chosen_one() -> None:
    scene = bpy.context.scene
    name = pictures.offered_name(scene)
    assert bpy.ops.subtitle.save_style(name=name, size=0.1) == {"FINISHED"}
    assert pictures.offered_name(scene) == name, "who has chosen it changes it"
    assert bpy.ops.subtitle.save_style(name=name, size=0.2) == {"FINISHED"}
    choices.of(scene).picture_style = "default"
    other = pictures.offered_name(scene)
    assert other != name
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.subtitle.save_style(name=name, size=0.3)
    # One that cannot be read is somebody's work too.
    (pictures.own_styles() / f"{other}.toml").write_text("size = ")
    assert pictures.offered_name(scene) not in (name, other)
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.subtitle.save_style(name=other, size=0.3)
    assert choices.of(scene).picture_style == "default" and style.find(name, pictures.own_styles()).size == 0.2
    assert (pictures.own_styles() / f"{other}.toml").read_text() == "size = "
    assert bpy.ops.subtitle.save_style(name=pictures.offered_name(scene), size=0.3) == {"FINISHED"}
    assert other in "".join(pictures.known.wrong), "saving one style does not hide that another is broken"


def test_a_menu_reads_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "known", pictures._Known())
    monkeypatch.setattr(style, "_PRESETS", Path("/nowhere/at/all.toml"))
    style.presets.cache_clear()
    try:
        assert pictures.styles() == {} and pictures.label_of("netflix") == "netflix"
    finally:
        monkeypatch.undo()
    style.presets.cache_clear()
    pictures._read_styles(pictures.own_styles())
    assert pictures.label_of("netflix") == "Netflix" and next(iter(pictures.styles())) == "default"


def test_a_style_saved_while_a_thread_reads_them_stays_known(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, load = threading.Event(), style.load

    def slowly(folder: Path) -> object:
        found = load(folder)
        assert threading.current_thread() is threading.main_thread() or goes_on.wait(20)
        return found

    monkeypatch.setattr(style, "load", slowly)
    pictures.read_styles_soon()
    reader = pictures._reader
    assert reader is not None
    assert bpy.ops.subtitle.save_style(name="new", size=0.1) == {"FINISHED"}
    goes_on.set()
    reader.join(20)
    assert "new" in pictures.styles()


def test_a_font_that_is_not_there_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    make(Cue(0, 1, "one"), Cue(1, 2, "two"))
    assert bpy.ops.subtitle.save_style(name="mine", font="No Such Font") == {"FINISHED"}
    capfd.readouterr()
    for _ in range(2):
        bake()
        said = capfd.readouterr().out
        assert said.count('The font "No Such Font" of the style mine is not on this computer; Inter') == 1
        assert "No Such Font" in " ".join(pictures.replaced_fonts(bpy.context.scene)), "for the panel"
    choices.of(bpy.context.scene).picture_style = "default"
    assert pictures.replaced_fonts(bpy.context.scene) == ()


def test_a_film_that_is_too_small_is_said() -> None:
    make(Cue(0, 1, "one"))
    bpy.context.scene.render.resolution_x = 8
    with pytest.raises(RuntimeError, match="16 to 16384"):
        bpy.ops.subtitle.bake()
    assert shown() == [] and not texts()[0].mute


def test_before_a_render_without_a_window(addon: Any, tmp_path: Path) -> None:
    (one,) = make(Cue(0, 1, "one"))
    bake()
    before = shown()[0][baked.PICTURE]
    one.text = "changed"
    rendered(tmp_path, 1)
    assert shown()[0][baked.PICTURE] == before, "only where it is wished"
    addon.bake_before_render = True
    rendered(tmp_path, 1)
    assert shown()[0][baked.PICTURE] != before
    addon.bake_before_render = False


def test_white_is_white_after_one_click() -> None:
    bpy.context.scene.view_settings.view_transform = "AgX"
    assert bpy.ops.subtitle.plain_view() == {"FINISHED"}
    assert bpy.context.scene.view_settings.view_transform == "Standard"


# Large and upright films


@pytest.mark.skipif(not os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"), reason="minutes; SUBTITLE_EDITOR_LONG_TESTS=1")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [(3840, 2160), (1080, 1920), (1080, 1080)], ids=["4k", "upright", "square"])
def test_twelve_scripts_on_large_and_upright_films(size: tuple[int, int], tmp_path: Path) -> None:
    """Live and as pictures; with SUBTITLE_EDITOR_KEEP=FOLDER the frames are kept, to be looked at."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    keep = Path(os.environ.get("SUBTITLE_EDITOR_KEEP") or tmp_path)
    cues = tuple(Cue(number, number + 1, text) for number, (_, text) in enumerate(scripts.LINES.values()))
    made = make(*cues)
    found = Path(bpy.utils.system_resource("DATAFILES", path="fonts"))
    renderer = Renderer(Document(cues), *size, DEFAULT, Fonts(blender=found, system=[]))
    live = {name: rendered(tmp_path, compat.left(strip)) for name, strip in zip(scripts.LINES, made, strict=True)}
    unsafe = {trouble.name for trouble in places.troubles(scene, places.all_of(scene))}
    bake()
    for number, (name, strip) in enumerate(zip(scripts.LINES, made, strict=True)):
        frame = rendered(tmp_path, compat.left(strip))
        expected = numpy.zeros_like(frame)
        for picture in renderer.at(number + 0.5):
            rows, columns, _ = picture.rgba.shape
            expected[picture.y : picture.y + rows, picture.x : picture.x + columns] = picture.rgba
        assert frame[..., 3].any() and scripts.difference(frame, expected) < 0.05, name
        # Both stand low, in the middle, inside the safe area, and about as high as each other: Blender's letters, all
        # of one width, may need a second line.
        heights = []
        for one in (live[name], frame):
            rows, columns = numpy.nonzero(one[..., 3] > 128)
            edge = size[0] * (0.0 if one is live[name] and strip.name in unsafe else 0.04)
            assert rows.max() < size[1] * 0.96 and edge < columns.min() < columns.max() < size[0] - edge
            assert abs((columns.min() + columns.max()) / 2 - size[0] / 2) < size[0] * 0.03 and rows.min() > size[1] / 2
            heights.append(rows.max() - rows.min())
        assert 0.5 < heights[0] / heights[1] < 2.6
        for kind, one in (("live", live[name]), ("baked", frame)):
            (keep / f"{size[0]}x{size[1]}-{name}-{kind}.png").write_bytes(png.encoded(one))
