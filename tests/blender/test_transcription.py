# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to TEXT strips with a real, tiny Whisper model and real Blender."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import CueFound, Event, Finished, Progress, TranscriptionProgress
from subtitle_editor.operators import unfinished as operators_unfinished
from subtitle_editor.sequencer import compat, files, strips
from subtitle_editor.session import unfinished
from tests.hub.server import LoopbackHub

from .conftest import SPEECH, TINY_REPOSITORY

pytestmark = pytest.mark.timeout(120)


def add_sound(name: str, start: int = 1) -> Any:
    editor = compat.editor_of(bpy.context.scene)
    strip = compat.strips_of(editor).new_sound("Voice", str(SPEECH / name), 1, start)
    editor.active_strip = strip
    return strip


def spoken(name: str) -> list[dict[str, Any]]:
    data = json.loads((SPEECH / name).with_suffix(".json").read_text(encoding="utf-8"))
    return list(data["utterances"])


def words(texts: Any) -> list[str]:
    return " ".join(texts).lower().replace("\n", " ").replace(".", "").replace(",", "").split()


@pytest.fixture
def installed(ready: Any) -> Any:
    """The scene's settings, with the model downloaded. Its word times are not to be relied on (see its README)."""
    ready.use_word_times = False
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    return ready


def test_the_words_that_were_spoken_lie_where_they_were_spoken(installed: Any) -> None:
    from subtitle_editor.session import state

    events: list[Event] = []
    state.listeners.append(events.append)
    add_sound("hello.flac", start=100)
    try:
        assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    finally:
        state.listeners.remove(events.append)
    bpy.context.scene.frame_start = 100
    cues, _ = strips.cues_of(bpy.context.scene)
    expected = spoken("hello.flac")
    assert words(cue.text for cue in cues) == words(line["text"] for line in expected)
    assert [cue.start for cue in cues] == pytest.approx([line["start"] for line in expected], abs=0.3)
    assert [cue.end for cue in cues] == pytest.approx([line["end"] for line in expected], abs=0.3)
    kinds = {type(event) for event in events}
    assert {TranscriptionProgress, CueFound, Finished} <= kinds
    assert state.now.transcription is None
    assert all(strip.channel == 2 for strip, *_ in strips.text_strips(bpy.context.scene))


def test_only_the_used_part_is_transcribed(installed: Any) -> None:
    strip = add_sound("colours.flac", start=1)
    first, last = 5.3, 9.5  # From before "close the left window" to after "yes please".
    compat.set_edges(strip, 1 + round(first * 24), 1 + round(last * 24))
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    cues, _ = strips.cues_of(bpy.context.scene)
    assert words(cue.text for cue in cues) == words(["close the left window", "yes please"])
    assert cues[0].start == pytest.approx(5.912, abs=0.3)
    for _, start, end in strips.text_strips(bpy.context.scene):
        assert compat.left(strip) <= start < end <= compat.right(strip)


def test_pieces_of_a_film_are_heard_once_and_lie_where_each_plays(installed: Any) -> None:
    """Two cuts of one sound in the wrong order, and a third of another: one undo, one loading, each at its place."""
    editor = compat.editor_of(bpy.context.scene)
    late, early = add_sound("colours.flac", start=400), add_sound("colours.flac", start=1)
    compat.set_edges(late, 400 + 7, 400 + 60)  # "open the red window"
    compat.set_edges(early, 1 + round(5.3 * 24), 1 + round(9.5 * 24))  # "close the left window", "yes please"
    other = add_sound("hello.flac", start=700)
    for strip in (late, early, other):
        strip.select = True
    editor.active_strip = other
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    bpy.context.scene.frame_start = 1
    cues, _ = strips.cues_of(bpy.context.scene)
    wanted = ["close the left window", "yes please", "open the red window"]
    assert words(cue.text for cue in cues) == words([*wanted, *(line["text"] for line in spoken("hello.flac"))])
    assert next(cue.start for cue in cues) == pytest.approx(5.912, abs=0.3)
    red = next(cue for cue in cues if "red" in cue.text)
    assert red.start == pytest.approx(399 / 24 + spoken("colours.flac")[0]["start"], abs=0.3)
    assert {strip.type for strip in compat.strips_of(editor) if strip.select} == {"TEXT"}


def test_again_replaces_only_where_it_heard(installed: Any) -> None:
    first = add_sound("hello.flac", start=1)
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    for strip in compat.strips_of(compat.editor_of(bpy.context.scene)):
        strip.select = False
    second = add_sound("late.flac", start=400)
    second.select = True
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    before = [(strip.name, strip.text) for strip, *_ in strips.text_strips(bpy.context.scene)]
    for strip in compat.strips_of(compat.editor_of(bpy.context.scene)):
        strip.select = strip == first
    count = len(before)
    assert bpy.ops.subtitle.transcribe(existing="REPLACE") == {"FINISHED"}
    after = [strip for strip, *_ in strips.text_strips(bpy.context.scene)]
    assert len(after) == count
    for strip in compat.strips_of(compat.editor_of(bpy.context.scene)):
        strip.select = strip == first
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    assert len(list(strips.text_strips(bpy.context.scene))) > count


def test_a_strip_moved_meanwhile_has_its_subtitles_where_it_is(installed: Any) -> None:
    from subtitle_editor.session import state

    strip = add_sound("hello.flac", start=1)

    def move(event: Event) -> None:
        if isinstance(event, Finished):
            compat.set_edges(strip, compat.left(strip) + 240, compat.right(strip) + 240)

    state.listeners.append(move)
    try:
        assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    finally:
        state.listeners.remove(move)
    bpy.context.scene.frame_start = 1
    cues, _ = strips.cues_of(bpy.context.scene)
    assert cues[0].start == pytest.approx(10.0 + spoken("hello.flac")[0]["start"], abs=0.3)


def test_inside_of_a_meta_they_are_seen_there(installed: Any) -> None:
    strip = add_sound("hello.flac", start=1)
    editor = compat.editor_of(bpy.context.scene)
    meta = compat.strips_of(editor).new_meta("Meta", 2, 1)
    strip.move_to_meta(meta)
    compat.set_edges(meta, 1, 195)
    for one in compat.strips_of(editor):
        one.select = True
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    assert len(list(strips.text_strips(bpy.context.scene))) == len(spoken("hello.flac"))
    assert all(one.type == "SOUND" for one in compat.strips_of(meta))


def test_the_options_reach_the_child(installed: Any, tmp_path: Path, addon: Any) -> None:
    (tmp_path / "names.txt").write_text("Dunja\n", encoding="utf-8")
    installed.track, installed.hotwords, installed.glossary = "2", "cat", str(tmp_path / "names.txt")
    installed.use_vad, installed.vad_pad, installed.beam_size = False, 100, 2
    addon.device, addon.threads = "cpu", 2
    add_sound("hello.flac")
    request = prepared()._request
    assert (request.track, request.hotwords, request.vad) == ("2", "Dunja, cat", False)
    assert (request.voice.speech_pad_ms, request.beam_size, request.device, request.threads) == (100, 2, "cpu", 2)
    installed.track = "3"
    with pytest.raises(RuntimeError, match="has no audio track"):
        bpy.ops.subtitle.transcribe()


def test_without_the_model_it_says_so(ready: Any) -> None:
    add_sound("hello.flac")
    with pytest.raises(RuntimeError, match="tiny is not downloaded yet"):
        bpy.ops.subtitle.transcribe()


def test_without_a_strip_the_poll_says_so(installed: Any) -> None:
    with pytest.raises(RuntimeError, match="Select one sound or movie strip"):
        bpy.ops.subtitle.transcribe()


def test_missing_media(installed: Any) -> None:
    add_sound("gone.flac")
    with pytest.raises(RuntimeError, match=r"gone\.flac does not exist"):
        bpy.ops.subtitle.transcribe()


def test_not_media(installed: Any, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("This is no sound.", encoding="utf-8")
    editor = compat.editor_of(bpy.context.scene)
    editor.active_strip = compat.strips_of(editor).new_sound("Voice", str(tmp_path / "text.wav"), 1, 1)
    with pytest.raises(RuntimeError, match="cannot be read as sound"):
        bpy.ops.subtitle.transcribe()


def test_cancel_keeps_what_was_found(installed: Any) -> None:
    from subtitle_editor.session import state

    def cancel(event: Event) -> None:
        if isinstance(event, CueFound):
            bpy.ops.subtitle.cancel_transcription()

    add_sound("long.flac")
    state.listeners.append(cancel)
    try:
        # Finished when at least one subtitle was kept: the strips are worth an undo step.
        assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    finally:
        state.listeners.remove(cancel)
    assert strips.cues_of(bpy.context.scene)[0]
    assert state.now.transcription is None


def test_to_a_subtitle_file(installed: Any, tmp_path: Path) -> None:
    add_sound("hello.flac")
    bpy.ops.subtitle.transcribe()
    assert bpy.ops.subtitle.export_file(filepath=str(tmp_path / "out.srt")) == {"FINISHED"}
    assert "hello blender" in (tmp_path / "out.srt").read_text(encoding="utf-8").lower()


# The file goes away


def prepared() -> Any:
    """What the button would start."""
    from subtitle_editor.session import order, settings

    return order.begin(order.order(bpy.context), settings.get(bpy.context))


def begin(scene: Any) -> Any:
    """A transcription that goes on while the test does something else, as with a modal operator."""
    from subtitle_editor.session import state

    run = prepared()
    state.now.transcription = run
    run.start()
    return run


def hear(run: Any, count: int) -> None:
    """Until so many segments have come; none of them becomes a strip yet."""
    deadline = time.monotonic() + 60
    while len(run.heard) < count and run.end is None:
        assert time.monotonic() < deadline
        run.wait(0.02)
        run.listen()


def test_subtitles_of_a_closed_file_are_kept_and_can_be_imported(installed: Any) -> None:
    from subtitle_editor.session import settings, state, unfinished

    from .recording import drawn

    bpy.context.scene.frame_start = 1
    add_sound("long.flac", start=49)
    run = begin(bpy.context.scene)
    hear(run, 3)
    heard = list(run.heard)
    # What the operator's cancel() does when Blender calls it between two files.
    state.now.transcription.abandon()
    state.now.transcription = None
    bpy.ops.wm.read_homefile(use_empty=True)
    (found,) = state.now.recovered
    assert found.path.is_file() and found.number >= 1
    assert strips.cues_of(bpy.context.scene)[0] == []
    panel = drawn("SUBTITLE_PT_transcription")
    assert panel.buttons()["subtitle.import_recovered"] == [{"path": str(found.path)}]
    # The next start of Blender offers it too.
    state.now.recovered = []
    unfinished.look_soon(settings.user_dir())
    assert state.now.recovered == [found]
    assert bpy.ops.subtitle.import_recovered(path=str(found.path)) == {"FINISHED"}
    assert "subtitle.import_recovered" not in drawn("SUBTITLE_PT_transcription").buttons(), "it is here now"
    bpy.context.scene.frame_start = 1
    cues, _ = strips.cues_of(bpy.context.scene)
    assert len(cues) == found.number
    # Where they would have been on the closed file's timeline: the strip began 2 s after its first frame.
    assert cues[0].start == pytest.approx(heard[0].start + 2.0, abs=0.1)
    assert words(cue.text for cue in cues)[:3] == words(cue.text for cue in heard)[:3]
    assert found.path.is_file(), "importing removes no file"
    unfinished.look_soon(settings.user_dir())
    assert state.now.recovered == []


def test_what_was_kept_is_offered_where_it_belongs(installed: Any, tmp_path: Path) -> None:
    from subtitle_editor.session import settings, state, unfinished

    from .recording import drawn

    def offered() -> list[Any]:
        return drawn("SUBTITLE_PT_transcription").buttons().get("subtitle.import_recovered", [])

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "film.blend"))
    add_sound("long.flac")
    run = begin(bpy.context.scene)
    hear(run, 1)
    run.abandon()
    state.now.transcription = None
    bpy.ops.wm.read_homefile(use_empty=True)
    unfinished.look_soon(settings.user_dir())
    assert len(state.now.recovered) == 1 and offered() == [], "this is another film"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "film.blend"))
    (found,) = state.now.recovered
    assert offered() == [{"path": str(found.path)}]
    assert bpy.ops.subtitle.dismiss_recovered(path=str(found.path)) == {"FINISHED"}
    assert offered() == [] and found.path.is_file(), "dismissing removes no file"
    unfinished.look_soon(settings.user_dir())
    assert state.now.recovered == []


def test_subtitles_are_kept_when_the_addon_is_disabled(installed: Any) -> None:
    import addon_utils

    from subtitle_editor.session import settings

    folder = settings.user_dir() / "recovered"
    add_sound("long.flac")
    hear(begin(bpy.context.scene), 1)
    addon_utils.disable("subtitle_editor", default_set=False)
    (path,) = folder.glob("*.srt")
    assert "-->" in path.read_text(encoding="utf-8")
    addon_utils.enable("subtitle_editor", default_set=False)


def test_subtitles_of_a_deleted_scene_are_kept(installed: Any) -> None:
    from subtitle_editor.session import state

    add_sound("hello.flac")
    run = begin(bpy.context.scene)
    bpy.ops.scene.new(type="EMPTY")
    bpy.data.scenes.remove(next(scene for scene in bpy.data.scenes if scene != bpy.context.scene))
    while not run.done:
        run.wait(0.05)
        run.listen()
        run.write(at_once=True)
    state.now.transcription = None
    (found,) = state.now.recovered
    assert "hello" in found.path.read_text(encoding="utf-8").lower()


def test_nothing_heard_leaves_no_file(installed: Any) -> None:
    from subtitle_editor.session import settings, state

    add_sound("hello.flac")
    run = begin(bpy.context.scene)
    run.abandon()
    assert run.over, "who waits for it would wait for ever"
    state.now.transcription = None
    assert state.now.recovered == []
    assert not (settings.user_dir() / "recovered").exists()


# What ended early


def interrupted(name: str, count: int) -> None:
    """A transcription that a crash of everything has ended after so many segments."""
    from subtitle_editor.session import state, unfinished
    from subtitle_editor.session.settings import user_dir

    run = begin(bpy.context.scene)
    hear(run, count)
    run._job.cancel()
    assert run._job.wait(60)
    state.now.transcription = None
    unfinished.look_soon(user_dir())


def test_what_ended_early_is_offered_and_continued_to_the_same(installed: Any) -> None:
    from subtitle_editor.session import state

    from .recording import drawn

    strip = add_sound("long.flac", start=49)
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    wanted = [(cue.start, cue.text) for cue in strips.cues_of(bpy.context.scene)[0]]
    files.remove_subtitles(bpy.context.scene)
    assert state.now.unfinished == [], "what became strips is kept nowhere else"
    strip.select = True
    interrupted("long.flac", 1)
    (item,) = state.now.unfinished
    panel = drawn("SUBTITLE_PT_transcription")
    assert panel.buttons()["subtitle.continue_unfinished"] == [{"journal": str(item.journal)}]
    strip.select = False
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert [(cue.start, cue.text) for cue in strips.cues_of(bpy.context.scene)[0]] == wanted
    assert state.now.unfinished == []


def test_what_another_version_kept_is_continued_with_what_it_says(installed: Any) -> None:
    import json

    from subtitle_editor.session import state

    add_sound("long.flac", start=49)
    interrupted("long.flac", 1)
    (item,) = state.now.unfinished
    head, rest = item.journal.read_text(encoding="utf-8").split("\n", 1)
    about = json.loads(head)
    asked = about["about"]["request"]
    for name in ("voice", "temperature", "start", "end", "beam_size"):
        del asked[name]
    asked |= {"voice": {"threshold": 0.4, "of_another_version": 1}, "of_another_version": 2}
    item.journal.write_text(json.dumps(about) + "\n" + rest, encoding="utf-8")
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert words(cue.text for cue in strips.cues_of(bpy.context.scene)[0])[:4] == ["please", "open", "the", "blender"]


def test_what_was_heard_of_a_packed_sound_is_continued_after_a_restart(installed: Any, tmp_path: Path) -> None:
    """The copy that is heard is Blender's for now only: what is in the file says that it is the same."""
    import shutil

    from subtitle_editor.session import state, unfinished
    from subtitle_editor.session.settings import user_dir

    from .recording import drawn

    media = tmp_path / "long.flac"
    shutil.copy(SPEECH / "long.flac", media)
    strip = compat.strips_of(compat.editor_of(bpy.context.scene)).new_sound("talk", str(media), 1, 49)
    strip.sound.pack()
    media.unlink()
    strip.select = True
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    wanted = [(cue.start, cue.text) for cue in strips.cues_of(bpy.context.scene)[0]]
    assert len(wanted) > 2
    files.remove_subtitles(bpy.context.scene)
    strip.select = True
    interrupted("long.flac", 1)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "film.blend"))
    shutil.rmtree(Path(bpy.app.tempdir) / "subtitle_editor")
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "film.blend"))
    unfinished.look_soon(user_dir())
    (item,) = state.now.unfinished
    assert item.media.name == "long.flac"
    panel = drawn("SUBTITLE_PT_transcription")
    assert panel.buttons()["subtitle.continue_unfinished"] == [{"journal": str(item.journal)}]
    assert bpy.ops.subtitle.continue_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert [(cue.start, cue.text) for cue in strips.cues_of(bpy.context.scene)[0]] == wanted
    assert state.now.unfinished == []


def test_what_was_heard_is_taken_without_listening(installed: Any) -> None:
    from subtitle_editor.session import state

    add_sound("long.flac", start=49)
    interrupted("long.flac", 2)
    (item,) = state.now.unfinished
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
    cues, _ = strips.cues_of(bpy.context.scene)
    assert words(cue.text for cue in cues)[:4] == ["please", "open", "the", "blender"]
    assert state.now.unfinished == []


class Asked(operators_unfinished._Unfinished):
    """What Blender makes an operator's object of, without Blender's half, when it is called for each event."""

    bl_idname = "subtitle.continue_unfinished"
    _is_modal = True

    def __init__(self, journal: str) -> None:
        self.journal = journal
        self.said: list[str] = []

    def report(self, _kind: set[str], text: str) -> None:  # type: ignore[override]
        self.said.append(text)


def test_what_was_heard_is_taken_as_a_file_where_no_strip_plays_it(installed: Any) -> None:
    from subtitle_editor.session import state

    add_sound("long.flac")
    interrupted("long.flac", 2)
    bpy.ops.wm.read_homefile(use_empty=True)
    (item,) = state.now.unfinished
    with pytest.raises(RuntimeError, match="No strip here plays"):
        bpy.ops.subtitle.continue_unfinished(journal=str(item.journal))
    # The same where reading took so long that the operator has to call itself: told, and not with a traceback.
    asked = Asked(str(item.journal))
    kept = unfinished.reading(item.journal)
    assert asked._has_read(bpy.context, kept) == {"CANCELLED"}
    assert len(asked.said) == 1 and asked.said[0].startswith("No strip here plays")
    assert not operators_unfinished._held
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
    (found,) = state.now.recovered
    assert "please" in found.path.read_text(encoding="utf-8")


def test_what_was_heard_is_thrown_away_when_asked(installed: Any) -> None:
    from subtitle_editor.session import state

    add_sound("long.flac")
    interrupted("long.flac", 1)
    (item,) = state.now.unfinished
    assert bpy.ops.subtitle.discard_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert state.now.unfinished == [] and not item.journal.exists()


# The model is not there yet


def test_the_missing_model_is_downloaded_if_the_preferences_say_so(ready: Any, addon: Any) -> None:
    ready.use_word_times = False
    addon.download_missing = True
    add_sound("hello.flac")
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    cues, _ = strips.cues_of(bpy.context.scene)
    assert "hello" in words(cue.text for cue in cues)


def test_a_download_that_fails_ends_the_transcription(ready: Any, addon: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import state

    hub.remove_repo(TINY_REPOSITORY)
    addon.download_missing = True
    add_sound("hello.flac")
    with pytest.raises(RuntimeError, match=f"no repository {TINY_REPOSITORY}"):
        bpy.ops.subtitle.transcribe()
    assert state.now.transcription is None
    assert not state.busy()


def test_a_cancelled_download_ends_the_transcription(ready: Any, addon: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf, state

    def cancel(event: Event) -> None:
        if isinstance(event, Progress) and event.bytes_done:
            bpy.ops.subtitle.cancel_transcription()

    hub.settings.rate = 100_000
    addon.download_missing = True
    add_sound("hello.flac")
    state.listeners.append(cancel)
    try:
        assert bpy.ops.subtitle.transcribe() == {"CANCELLED"}
    finally:
        state.listeners.remove(cancel)
    assert state.now.transcription is None
    assert shelf.job_of("tiny") is None
    assert strips.cues_of(bpy.context.scene)[0] == []


def test_offline_nothing_is_downloaded(ready: Any, addon: Any, hub: LoopbackHub) -> None:
    addon.download_missing = True
    addon.offline = True
    add_sound("hello.flac")
    with pytest.raises(RuntimeError, match="tiny is not downloaded yet"):
        bpy.ops.subtitle.transcribe()
    assert hub.requests == []


def test_the_menu_of_models_marks_what_is_here_and_names_one_for_this_machine(installed: Any) -> None:
    from subtitle_editor.session import choices

    items = {item[0]: item for item in choices.model_items}
    assert items["tiny"][3] == "CHECKMARK" and items["base"][3] == "NONE"
    assert len([item for item in items.values() if "recommended" in item[1]]) == 1
    assert "turbo" not in items and "large-v3-turbo" in items, "another name is no other model"
    # The list of the panel Models chooses by the name that the menu has.
    assert bpy.ops.subtitle.use_model(model="tiny") == {"FINISHED"}


def test_what_was_heard_is_read_on_a_thread(installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from subtitle_editor.core.speech import segments
    from subtitle_editor.session import state

    add_sound("long.flac", start=49)
    interrupted("long.flac", 2)
    (item,) = state.now.unfinished
    seen, read = [], segments.read

    def slow(path: Path) -> Any:
        seen.append(threading.current_thread())
        return read(path)

    monkeypatch.setattr(segments, "read", slow)
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"FINISHED"}
    assert seen and threading.main_thread() not in seen
    assert bpy.ops.subtitle.take_unfinished(journal=str(item.journal)) == {"CANCELLED"}, "it is not there any more"
