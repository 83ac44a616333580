# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that come while a transcription goes on, and a user who works on. Real Blender, child and model."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.sequencer import coming, compat, cue, files, live, strips
from tests.core.speech_kit import clip, silence, write

from .conftest import SPEECH, TINY_REPOSITORY
from .test_transcription import begin, installed  # noqa: F401

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def undo() -> Iterator[None]:
    """The undo of the file that was opened, and not of the test before."""
    edit = bpy.context.preferences.edit
    edit.use_global_undo, edit.undo_steps = True, 256
    bpy.ops.ed.undo_push(message="begin")
    yield


def marked() -> list[Any]:
    """The strips of a transcription that has not come to its end."""
    editor = bpy.context.scene.sequence_editor
    return [strip for strip in compat.strips_of(editor) if coming.MARK in strip]


def lines(scene: bpy.types.Scene | None = None) -> list[tuple[int, int, str]]:
    """First frame, frame after the last, and text of each subtitle, in order."""
    found = strips.text_strips(scene or bpy.context.scene)
    return sorted((start, end, strip.text) for strip, start, end in found)


# The strips alone


OWNER = "0123456789ab/0"


@pytest.fixture
def growing(addon: Any, undo: None) -> live.Growing:
    compat.editor_of(bpy.context.scene)
    bpy.ops.ed.undo_push(message="an editor")
    found = live.Growing(bpy.context.scene, [(1, 4000)], 1)
    found.own(0, OWNER)
    return found


def said(number: int) -> Cue:
    return Cue(number * 2.0, number * 2.0 + 1.5, f"Line {number}.")


def come(growing: live.Growing, first: int, last: int) -> None:
    """These are heard and made."""
    for number in range(first, last):
        growing.add((0, number), said(number))
    assert growing.step()


def user(message: str) -> None:
    """Something that the user does, with its step."""
    bpy.context.scene.frame_end += 1
    bpy.ops.ed.undo_push(message=message)


def wanted(count: int) -> list[tuple[int, int, str]]:
    clock = strips.clock_of(bpy.context.scene)
    return [(clock.frame(one.start), clock.frame(one.end), one.text) for one in map(said, range(count))]


def test_what_an_undo_or_a_redo_takes_away_comes_again(growing: live.Growing) -> None:
    come(growing, 0, 5)
    user("one")
    come(growing, 5, 10)
    bpy.ops.ed.undo()
    assert len(lines()) < 10 and growing.is_undone
    come(growing, 10, 12)
    assert lines() == wanted(12)
    bpy.ops.ed.redo()
    come(growing, 12, 13)
    assert lines() == wanted(13)
    assert growing.finish({0}) and marked() == [] and lines() == wanted(13)


def test_what_the_user_does_to_them_stays(growing: live.Growing) -> None:
    come(growing, 0, 6)
    collection = compat.strips_of(bpy.context.scene.sequence_editor)
    by_text = {strip.text: strip for strip in collection}
    by_text["Line 1."].text = "Line one."
    compat.set_edges(by_text["Line 2."], 3000, 3020)
    collection.remove(by_text["Line 3."])
    bpy.ops.ed.undo_push(message="edited")
    come(growing, 6, 8)
    user("later")
    bpy.ops.ed.undo()
    come(growing, 8, 9)
    texts = [text for _, _, text in lines()]
    assert "Line 3." not in texts and "Line one." in texts and (3000, 3020, "Line 2.") in lines()
    assert len(texts) == 8
    bpy.ops.ed.undo()
    come(growing, 9, 10)
    assert lines() == wanted(10), "the user took that back"


def test_they_go_with_their_media_but_for_those_that_were_moved(growing: live.Growing) -> None:
    come(growing, 0, 4)
    one = next(strip for strip in marked() if strip.text == "Line 2.")
    compat.set_edges(one, 900, 910)
    growing.shifted(0, 240)
    come(growing, 4, 5)
    moved = [(start + 240, end + 240, text) for start, end, text in wanted(5)]
    assert lines() == sorted([*moved[:2], moved[3], moved[4], (900, 910, "Line 2.")])
    word = cue.read(marked()[0], strips.clock_of(bpy.context.scene))
    assert word.text == "Line 0."


def test_another_day_it_goes_on_with_what_the_file_has(growing: live.Growing) -> None:
    come(growing, 0, 5)
    assert growing.finish(set())
    assert len(marked()) == 5
    next(strip for strip in marked() if strip.text == "Line 4.").text = "Edited meanwhile."
    again = live.Growing(bpy.context.scene, [(1, 4000)], 1)
    again.own(0, OWNER)
    come(again, 0, 8)
    texts = [text for _, _, text in lines()]
    assert texts == [*(f"Line {number}." for number in range(4)), "Edited meanwhile.", "Line 5.", "Line 6.", "Line 7."]
    assert len({strip.channel for strip in marked()}) == 1
    assert again.finish({0}) and marked() == []


def test_where_something_lies_they_go_above(growing: live.Growing) -> None:
    come(growing, 0, 2)
    compat.new_text(compat.strips_of(bpy.context.scene.sequence_editor), "Mine", growing.channel, 100, 200)
    come(growing, 2, 4)
    by_text = {strip.text: strip.channel for strip in marked()}
    assert by_text["Line 1."] == growing.channel and by_text["Line 2."] == by_text["Line 3."] == growing.channel + 1


def test_what_is_replaced_goes_in_the_end(growing: live.Growing) -> None:
    come(growing, 0, 6)
    growing.finish({0})
    other = live.Growing(bpy.context.scene, [(1, 150)], 1, replace=True)
    other.own(0, "ba9876543210/0")
    other.add((0, 0), Cue(0.5, 5.0, "New."))
    assert other.step() and len(lines()) == 7
    assert other.finish({0})
    assert [text for _, _, text in lines()] == ["New.", "Line 3.", "Line 4.", "Line 5."]
    assert {strip.channel for strip, *_ in strips.text_strips(bpy.context.scene)} == {growing.channel}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_user_undoes_no_line_is_lost_or_doubled(growing: live.Growing, seed: int) -> None:
    rng = random.Random(seed)
    count, back = 0, 0
    for step in range(40):
        what = rng.choice(["come", "come", "user", "undo", "redo"])
        if what == "come":
            more = rng.randint(1, 4)
            come(growing, count, count + more)
            count += more
        elif what == "user":
            user(f"{step}")
            back = 0
        elif what == "undo" and bpy.ops.ed.undo.poll():
            bpy.ops.ed.undo()
            back += 1
        elif what == "redo" and back:
            bpy.ops.ed.redo()
            back -= 1
    come(growing, count, count + 1)
    assert lines() == wanted(count + 1)
    assert growing.finish({0}) and marked() == []


# A transcription


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of speech: several windows."""
    names = ["hello", "long", "late", "colours", "numbers", "british"] * 2
    parts = [part for name in names for part in (clip(name), silence(0.7))]
    return write(tmp_path_factory.mktemp("media") / "talk.wav", *parts)


@pytest.fixture
def ready_to_hear(installed: Any, recording: Path, undo: None) -> Any:  # noqa: F811
    return in_the_scene(installed, recording)


def in_the_scene(settings: Any, media: Path) -> Any:
    """A strip that plays it, to be transcribed."""
    settings.use_word_times = True
    editor = compat.editor_of(bpy.context.scene)
    strip = compat.strips_of(editor).new_sound("Voice", str(media), 1, 1)
    editor.active_strip = strip
    bpy.ops.ed.undo_push(message="a sound")
    return strip


def undisturbed(recording: Path) -> list[tuple[int, int, str]]:
    found = _undisturbed.get(recording)
    if found is None:
        assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
        found = _undisturbed[recording] = lines()
        files.remove_subtitles(bpy.context.scene)
    return found


_undisturbed: dict[Path, list[tuple[int, int, str]]] = {}


def follow(act: Callable[[int], None] = lambda made: None) -> Any:
    """A transcription to its end, with `act` called after each round with the number of strips there are."""
    from subtitle_editor.session import pump, state

    run = begin(bpy.context.scene)
    deadline = time.monotonic() + 100
    while not run.done:
        assert time.monotonic() < deadline
        run.wait(0.01)
        pump.pump()
        run.write(at_once=True)
        if not run.done:
            act(run.made)
    state.now.transcription = None
    bpy.ops.ed.undo_push(message="Transcribe")
    return run


def once(count: int, what: Callable[[], Any]) -> Callable[[int], None]:
    """Do something once, when there are so many strips."""
    pending = [what]

    def act(made: int) -> None:
        if made >= count and pending:
            pending.pop()()

    return act


def test_they_come_while_it_hears_and_are_the_same(ready_to_hear: Any, recording: Path) -> None:
    seen: list[int] = []
    shown: list[list[tuple[int, int, str]]] = []

    def act(made: int) -> None:
        if made not in seen:
            seen.append(made)
            shown.append(lines())

    expected = undisturbed(recording)
    run = follow(act)
    assert lines() == expected and run.made == len(expected) > 15
    assert len([count for count in seen if 0 < count < len(expected)]) >= 2, f"all at once: {seen}"
    # What was shown has not changed any more: what the next window could change was not shown.
    assert all(set(some) <= set(expected) for some in shown)


def test_one_undo_takes_all_of_it_back(ready_to_hear: Any, recording: Path) -> None:
    """Also what there was when the user did something else, which stays done."""
    expected = undisturbed(recording)
    bpy.ops.ed.undo_push(message="before")
    tracks = len(bpy.context.scene.subtitle_editor.tracks)

    def work() -> None:
        bpy.context.scene.frame_end = 4321
        bpy.ops.ed.undo_push(message="work")

    follow(once(4, work))
    assert lines() == expected
    bpy.ops.ed.undo()
    assert lines() == [] and bpy.context.scene.frame_end == 4321
    assert len(bpy.context.scene.subtitle_editor.tracks) == tracks
    bpy.ops.ed.redo()
    assert lines() == expected and marked() == []
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    assert lines() == [] and bpy.context.scene.frame_end != 4321


def test_nothing_in_the_middle_harms_it(ready_to_hear: Any, recording: Path, tmp_path: Path) -> None:
    """Its scene is renamed, an undo and a redo, the file is saved, another undo, and its sound is removed."""
    expected = undisturbed(recording)
    bpy.context.scene.frame_end = 5000
    bpy.ops.ed.undo_push(message="one")
    done: list[str] = []

    def remove() -> None:
        collection = compat.strips_of(bpy.context.scene.sequence_editor)
        collection.remove(next(strip for strip in collection if strip.type == "SOUND"))

    acts: list[tuple[str, Callable[[], Any]]] = [
        ("rename", lambda: setattr(bpy.context.scene, "name", "Another name")),
        ("undo", bpy.ops.ed.undo),
        ("redo", bpy.ops.ed.redo),
        ("save", lambda: bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "half.blend"))),
        ("undo", bpy.ops.ed.undo),
        ("remove", remove),
    ]

    def act(made: int) -> None:
        if made >= 4 and acts:
            name, what = acts.pop(0)
            what()
            done.append(name)

    follow(act)
    assert lines() == expected and marked() == []
    assert len(done) >= 4, f"there was only time for {done}"


def test_a_file_that_was_saved_in_the_middle_is_continued_without_doubles(
    ready_to_hear: Any, recording: Path, tmp_path: Path
) -> None:
    """Saved, and then all of it is killed: the file has some of the subtitles, the journal all that was heard."""
    from subtitle_editor.session import pump, settings, state, unfinished

    expected = undisturbed(recording)
    path = str(tmp_path / "half.blend")
    run = begin(bpy.context.scene)
    while run.made < 4:
        run.wait(0.01)
        pump.pump()
        run.write(at_once=True)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    run._job.cancel()
    assert run._job.wait(60)
    state.now.transcription = None
    bpy.ops.wm.open_mainfile(filepath=path)
    assert 4 <= len(marked()) < len(expected)
    unfinished.look_soon(settings.user_dir())
    (item,) = unfinished.here(bpy.context.scene)
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert lines() == expected and marked() == []
    assert state.now.unfinished == []


def test_cancelled_it_keeps_what_was_made_and_goes_on_or_takes_the_rest(ready_to_hear: Any, recording: Path) -> None:
    from subtitle_editor.session import state, unfinished
    from subtitle_editor.session.settings import user_dir

    from .recording import drawn

    expected = undisturbed(recording)
    run = follow(once(4, lambda: bpy.ops.subtitle.cancel_transcription()))
    made = lines()
    assert 4 <= len(made) < len(expected) and set(made) < set(expected)
    unfinished.look_soon(user_dir())
    (item,) = unfinished.here(bpy.context.scene)
    buttons = drawn("SUBTITLE_PT_transcription").buttons()
    for name in ("continue_unfinished", "take_unfinished", "discard_unfinished"):
        assert buttons[f"subtitle.{name}"] == [{"journal": str(item.journal)}]
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
    taken = lines()
    assert set(made) < set(taken) and len(taken) == len(set(taken)) and marked() == []
    assert state.now.unfinished == [] and run.end is not None


def test_thrown_away_what_was_made_stays(ready_to_hear: Any, recording: Path) -> None:
    from subtitle_editor.session import unfinished
    from subtitle_editor.session.settings import user_dir

    follow(once(4, lambda: bpy.ops.subtitle.cancel_transcription()))
    made = lines()
    unfinished.look_soon(user_dir())
    (item,) = unfinished.here(bpy.context.scene)
    assert bpy.ops.subtitle.discard_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert lines() == made and marked() == [] and unfinished.here(bpy.context.scene) == []


def test_what_finds_no_channel_is_in_a_file(ready_to_hear: Any, recording: Path) -> None:
    from subtitle_editor.session import state

    collection = compat.strips_of(bpy.context.scene.sequence_editor)
    for channel in range(2, 129):
        compat.new_text(collection, "full", channel, 1, 5000)
    with pytest.raises(RuntimeError, match="No free channel"):
        bpy.ops.subtitle.transcribe()
    (found,) = state.now.recovered
    assert found.number and "-->" in found.path.read_text(encoding="utf-8")
    assert state.now.transcription is None


def test_a_sound_that_plays_in_two_places_is_heard_once(installed: Any, undo: None) -> None:  # noqa: F811
    editor = compat.editor_of(bpy.context.scene)
    for at in (1, 500):
        strip = compat.strips_of(editor).new_sound("Voice", str(SPEECH / "hello.flac"), 1, at)
        strip.select = True
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    found = lines()
    half = len(found) // 2
    assert [(start + 499, end + 499, text) for start, end, text in found[:half]] == found[half:]


def test_what_is_kept_of_a_closed_file_belongs_to_that_file(
    ready_to_hear: Any, recording: Path, tmp_path: Path
) -> None:
    """Also when somebody looks at the transcription once more after another file is open."""
    from subtitle_editor.session import pump, recovered, state

    path = tmp_path / "film.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    run = begin(bpy.context.scene)
    while run.made < 4:
        run.wait(0.01)
        pump.pump()
        run.write(at_once=True)
    bpy.ops.wm.read_homefile(use_empty=True)
    pump.pump()
    assert not run.has_scene
    run.abandon()
    state.now.transcription = None
    (found,) = state.now.recovered
    assert Path(found.blend) == path and found.number >= 4
    assert recovered.here(bpy.context.scene) == []


def test_a_fault_in_shaping_after_the_last_word_is_said_and_loses_nothing(
    installed: Any,  # noqa: F811
    undo: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was to be replaced stays, and so does what was heard: it goes on from there once the fault is mended."""
    from subtitle_editor.core.subtitles import segmentation
    from subtitle_editor.session import state

    compat.strips_of(compat.editor_of(bpy.context.scene)).new_sound("Voice", str(SPEECH / "long.flac"), 1, 1)
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    before = lines()

    def broken(self: Any) -> Any:
        raise ZeroDivisionError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(segmentation.Shaper, "finish", broken)
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            bpy.ops.subtitle.transcribe(existing="REPLACE")
    assert set(before) <= set(lines()) and state.now.transcription is None
    (item,) = state.now.unfinished
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert state.now.unfinished == [] and marked() == [] and set(lines()) == set(before)


def test_what_no_longer_reaches_the_journal_becomes_subtitles(
    ready_to_hear: Any, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full in the middle, and then somebody cancels: what is not kept there is kept here."""
    from subtitle_editor.core.speech.segments import Journal
    from subtitle_editor.session import state

    real, windows = Journal.window, [0]

    def full(self: Journal, *arguments: Any) -> None:
        windows[0] += 1
        if windows[0] == 1:
            raise OSError(28, "No space left on device")
        real(self, *arguments)

    monkeypatch.setattr(Journal, "window", full)
    run = follow(once(4, lambda: bpy.ops.subtitle.cancel_transcription()))
    heard = " ".join(one.text for one in run.heard)
    assert state.now.transcription is None and run.heard
    shown = " ".join(" ".join(text.split()) for _, _, text in lines())
    assert heard.split() == shown.split()


# What ended early, another day


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech of two windows."""
    parts = [part for name in ("hello", "long", "late", "colours", "numbers") for part in (clip(name), silence(0.7))]
    return write(tmp_path_factory.mktemp("media") / "minute.wav", *parts)


@pytest.fixture
def a_minute_to_hear(installed: Any, minute: Path, undo: None) -> Any:  # noqa: F811
    return in_the_scene(installed, minute)


def stopped_after(count: int) -> Any:
    """A transcription that was cancelled after so many strips; what the panel offers to go on with."""
    from subtitle_editor.session import unfinished
    from subtitle_editor.session.settings import user_dir

    follow(once(count, lambda: bpy.ops.subtitle.cancel_transcription()))
    unfinished.look_soon(user_dir())
    (item,) = unfinished.here(bpy.context.scene)
    return item


@pytest.mark.parametrize("how", ["continue", "take"])
def test_it_keeps_to_the_reading_rules_that_it_began_with(a_minute_to_hear: Any, minute: Path, how: str) -> None:
    """Another choice would make other lines of the same words: some would come twice, and some never."""
    from subtitle_editor.session import state

    expected = undisturbed(minute)
    item = stopped_after(6)
    made = lines()
    bpy.context.scene.subtitle_editor.profile = "vertical"
    if how == "take":
        assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
        assert set(made) <= set(lines()) and set(lines()[:-1]) <= set(expected)
    else:
        assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
        assert lines() == expected
    assert marked() == [] and state.now.unfinished == []


def test_a_journal_that_names_no_reading_rules_goes_on_by_those_that_are_chosen(
    a_minute_to_hear: Any, minute: Path
) -> None:
    item = stopped_after(6)
    made = lines()
    kept = [line for line in item.journal.read_bytes().splitlines(True) if b'"type": "shaped"' not in line]
    item.journal.write_bytes(b"".join(kept))
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert set(made) < set(lines()) and marked() == []


@pytest.fixture
def in_two(installed: Any, minute: Path, undo: None) -> list[Any]:  # noqa: F811
    """The recording in two pieces, the later one made first and lying first."""
    installed.use_word_times = True
    collection = compat.strips_of(compat.editor_of(bpy.context.scene))
    found = []
    for start, first, last in ((1 - 500, 500, 900), (1000, 0, 500)):
        strip = collection.new_sound("Voice", str(minute), 1, start)
        compat.set_edges(strip, start + first, start + last)
        strip.select = True
        found.append(strip)
    return found


def test_of_several_pieces_each_has_its_own_lines_when_it_goes_on(in_two: list[Any]) -> None:
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    expected = lines()
    files.remove_subtitles(bpy.context.scene)
    for strip in in_two:
        strip.select = True
    item = stopped_after(4)
    assert 0 < len(lines()) < len(expected)
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert lines() == expected and marked() == []


def test_a_piece_that_is_gone_takes_no_lines_of_the_others(in_two: list[Any]) -> None:
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    expected = [line for line in lines() if line[0] < 1000]
    files.remove_subtitles(bpy.context.scene)
    for strip in in_two:
        strip.select = True
    item = stopped_after(4)
    collection = compat.strips_of(bpy.context.scene.sequence_editor)
    collection.remove(in_two[1])
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert [line for line in lines() if line[0] < 1000] == expected


def test_a_strip_that_is_a_little_longer_now_goes_on(a_minute_to_hear: Any, minute: Path) -> None:
    expected = undisturbed(minute)
    item = stopped_after(4)
    compat.set_edges(a_minute_to_hear, compat.left(a_minute_to_hear), compat.right(a_minute_to_hear) - 20)
    compat.set_edges(a_minute_to_hear, compat.left(a_minute_to_hear), compat.right(a_minute_to_hear) + 21)
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert lines() == expected and marked() == []


@pytest.mark.parametrize("how", ["continue", "take"])
def test_of_a_strip_that_was_trimmed_no_line_is_lost_or_doubled(a_minute_to_hear: Any, minute: Path, how: str) -> None:
    """The lines that are there are known again by their places: they are others in number now."""
    expected = undisturbed(minute)
    item = stopped_after(6)
    made = lines()
    edge = expected[3][0] - 2
    compat.set_edges(a_minute_to_hear, edge, compat.right(a_minute_to_hear))
    operator = bpy.ops.subtitle.continue_unfinished if how == "continue" else bpy.ops.subtitle.take_unfinished
    assert operator(journal=str(item.journal)) == {"FINISHED"}
    assert len({start for start, *_ in lines()}) == len(lines())
    if how == "continue":
        assert lines() == expected
    else:
        assert set(made) < set(lines()) and set(lines()[:-1]) <= set(expected)
    assert marked() == []


def test_a_strip_that_plays_another_part_now_is_no_place_for_it(a_minute_to_hear: Any, minute: Path) -> None:
    """It says so, and what was heard goes to a file."""
    from subtitle_editor.session import state

    left, right = compat.left(a_minute_to_hear), compat.right(a_minute_to_hear)
    compat.set_edges(a_minute_to_hear, left, right - 300)
    item = stopped_after(4)
    made = lines()
    compat.set_edges(a_minute_to_hear, right - 200, right)
    with pytest.raises(RuntimeError, match="No strip here plays the part of"):
        bpy.ops.subtitle.continue_unfinished(journal=str(item.journal))
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
    (found,) = state.now.recovered
    assert found.number >= len(made) and lines() == made and marked() == []
    assert state.now.unfinished == [] and not item.journal.exists()


def test_what_cannot_be_kept_in_a_file_either_stays_to_go_on_with(
    a_minute_to_hear: Any, minute: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: it is said what happened, and nothing is thrown away."""
    from subtitle_editor.core.subtitles import writing
    from subtitle_editor.session import state

    item = stopped_after(4)
    compat.strips_of(bpy.context.scene.sequence_editor).remove(a_minute_to_hear)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "save_cues", full)
        with pytest.raises(RuntimeError, match=r"No space|not enough|full"):
            bpy.ops.subtitle.take_unfinished(journal=str(item.journal))
    assert item.journal.exists() and state.now.recovered == []
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert state.now.recovered[0].path.is_file() and not item.journal.exists()


@pytest.mark.parametrize("seen_from", ["inside", "outside"])
def test_inside_of_a_meta_it_goes_on_where_its_lines_are(a_minute_to_hear: Any, minute: Path, seen_from: str) -> None:
    """The sound and the lines so far were put into a meta meanwhile."""
    from subtitle_editor.session import unfinished

    expected = undisturbed(minute)
    item = stopped_after(4)
    editor = bpy.context.scene.sequence_editor
    meta = compat.strips_of(editor).new_meta("Meta", 9, 1)
    for strip in [strip for strip in compat.strips_of(editor) if strip != meta]:
        strip.move_to_meta(meta)
    compat.set_edges(meta, 1, max(compat.right(strip) for strip in compat.strips_of(meta)))
    if seen_from == "inside":
        editor.display_stack(meta)
    assert unfinished.here(bpy.context.scene) == [item]
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    if seen_from == "inside":
        editor.display_stack(None)
    assert [strip.name for strip in compat.strips_of(editor)] == ["Meta"]
    found = [strip for strip in compat.strips_of(meta) if strip.type == "TEXT"]
    assert sorted((compat.left(one), compat.right(one), one.text) for one in found) == expected
    assert not any(coming.MARK in strip for strip in found)


def test_a_scene_is_looked_through_when_something_has_changed_and_not_at_each_redraw(
    a_minute_to_hear: Any, minute: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two windows show two scenes; and while strips come nothing is looked for."""
    from subtitle_editor.sequencer import sounds
    from subtitle_editor.session import unfinished

    item = stopped_after(4)
    here, other = bpy.context.scene, bpy.data.scenes.new("Other")
    looks: list[str] = []
    real = sounds.files_heard

    def files_heard(scene: bpy.types.Scene, wanted: set[Path]) -> set[Path]:
        looks.append(scene.name)
        return real(scene, wanted)

    monkeypatch.setattr(sounds, "files_heard", files_heard)
    for _ in range(5):
        assert unfinished.here(here) == [item] and unfinished.here(other) == []
    assert looks in ([other.name], [here.name, other.name])
    looks.clear()
    run = begin(here)
    for channel in (20, 21):
        compat.new_text(compat.strips_of(here.sequence_editor), "more", channel, 1, 50)
        assert unfinished.here(here) == [item]
    assert looks == []
    run.abandon()


def test_a_model_that_does_not_come_is_told_and_nothing_else(ready: Any, addon: Any, hub: Any, undo: None) -> None:
    """In a window, where the operator sleeps until the download has ended."""
    from subtitle_editor.core.errors.base import SubtitleEditorError
    from subtitle_editor.operators.transcription import Working
    from subtitle_editor.session import order, pump, settings, state
    from subtitle_editor.session.fetching import fetch

    class Awake:
        """Its waker: whatever Blender calls it with, there is something to do."""

        def calls(self, _event: Any) -> bool:
            return True

        def sleep(self) -> None:
            pass

        def end(self) -> None:
            pass

    told: list[tuple[set[str], str]] = []

    class Operator(Working):
        def report(self, level: set[str], text: str) -> None:
            told.append((level, text))

    addon.download_missing = True
    hub.remove_repo(TINY_REPOSITORY)
    compat.strips_of(compat.editor_of(bpy.context.scene)).new_sound("Voice", str(SPEECH / "hello.flac"), 1, 1)
    operator = Operator()
    waited = fetch(order.order(bpy.context), settings.get(bpy.context))
    assert waited is not None
    operator._follow(waited)
    operator._waker = Awake()  # type: ignore[assignment]
    deadline = time.monotonic() + 60
    while not waited.over:
        assert time.monotonic() < deadline
        waited.wait(0.05)
        pump.pump()
    end = state.now.ends[waited.job]
    assert isinstance(getattr(end, "error", None), SubtitleEditorError)
    assert operator.modal(bpy.context, None) == {"CANCELLED"}  # type: ignore[arg-type]
    assert told == [({"ERROR"}, str(end.error))] and state.now.transcription is None
