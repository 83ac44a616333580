# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading rules of the user's own in the preferences, and the glossary, in real Blender."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.errors.disk import NotYetWrittenError
from subtitle_editor.core.subtitles import own_profiles
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.core.subtitles.profiles import NUMBERS
from subtitle_editor.sequencer import compat, strips, track
from subtitle_editor.session import glossary, profiles, state, survey
from subtitle_editor.session import track as tracks

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]


def scene() -> bpy.types.Scene:
    return bpy.context.scene


def film(*texts: str) -> None:
    collection = compat.strips_of(compat.editor_of(scene()))
    for number, text in enumerate(texts):
        track.make(collection, Cue(number * 4.0, number * 4.0 + 3, text), strips.clock_of(scene()), 2, None)
    tracks.enter(scene(), 2, 1, "Film")


def rules() -> list[str]:
    return [problem.rule for problem in survey.read_now().problems]


def test_a_copy_is_changed_and_used_and_deleted(addon: Any) -> None:
    film("more than ten letters")
    addon.rules.profile = "bbc"
    assert addon.rules.max_chars == 37 and addon.rules.max_cps == 0
    addon.rules.max_chars = 10
    assert addon.rules.max_chars == 37, "built in"
    with pytest.raises(RuntimeError, match="copy one"):
        bpy.ops.subtitle.delete_profile()
    assert bpy.ops.subtitle.copy_profile() == {"FINISHED"}
    assert addon.rules.profile == "bbc-own"
    scene().subtitle_editor.tracks[0].profile = "bbc-own"
    assert rules() == []
    addon.rules.max_chars, addon.rules.label = 10, "Mine"
    assert rules() == ["line_length"] and addon.rules.label == "Mine"
    kept = own_profiles.read(profiles.path()).profiles["bbc-own"]
    assert (kept.max_chars, kept.label) == (10, "Mine"), "the command line reads the same file"
    assert bpy.ops.subtitle.reset_profile() == {"FINISHED"} and addon.rules.max_chars == 37
    assert bpy.ops.subtitle.delete_profile() == {"FINISHED"}
    assert addon.rules.profile == "bbc" and scene().subtitle_editor.tracks[0].profile == "bbc"
    assert own_profiles.read(profiles.path()).profiles == {}


def test_a_file_that_names_an_unknown_profile_gets_the_default_one(addon: Any, tmp_path: Path) -> None:
    film("text")
    addon.rules.profile = "vertical"
    bpy.ops.subtitle.copy_profile()
    scene().subtitle_editor.tracks[0].profile = scene().subtitle_editor.profile = "vertical-own"
    path = str(tmp_path / "film.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    own_profiles.remove(profiles.path(), "vertical-own")
    profiles.forget()
    bpy.ops.wm.open_mainfile(filepath=path)
    found = tracks.active(scene())
    assert found is not None and found.profile.name == "netflix-en"


def test_names_are_checked_and_mended(tmp_path: Path) -> None:
    film("hello dunja", "in ottakring")
    assert rules() == []
    glossary.own_path().write_text("# mine\nDunja\n", encoding="utf-8")
    assert rules() == ["names"]
    path = tmp_path / "film.txt"
    path.write_text("Ottakring\n", encoding="utf-8")
    scene().subtitle_editor.glossary = str(path)
    assert rules() == ["names", "names"] and glossary.terms(scene().subtitle_editor) == ["Dunja", "Ottakring"]
    scene().subtitle_editor.hotwords = "Dunja, Ottakring"
    assert glossary.terms(scene().subtitle_editor) == []
    assert bpy.ops.subtitle.fix_problems(rule="names", which="TRACK") == {"FINISHED"}
    assert [cue.text for cue in tracks.row(scene()).all().cues] == ["hello Dunja", "in Ottakring"]
    scene().subtitle_editor.glossary = str(tmp_path / "none.txt")
    rules()
    assert "none.txt" in glossary.problem(scene())
    glossary.own_path().write_text("Anna\n", encoding="utf-8")
    rules()
    assert "none.txt" in glossary.problem(scene()), "the other file is still wrong"
    survey.read_now()
    scene().subtitle_editor.glossary = ""
    assert not survey.reader.is_current and not glossary.problem(scene())
    assert glossary.names(scene()) == ("Anna",)


def test_names_are_read_on_a_thread_and_taken_on_the_main_one() -> None:
    """What a window does at each redraw, and its timer after it."""
    told: list[bool] = []
    glossary.listeners.append(lambda: told.append(threading.current_thread() is threading.main_thread()))
    glossary.own_path().write_text("Dunja\n", encoding="utf-8")

    def look() -> tuple[str, ...]:
        glossary._look([glossary.own_path()])
        assert bpy.app.timers.is_registered(glossary._looking.timer)
        look = glossary._looking.look
        assert look is not None
        look.thread.join(20)
        assert glossary._looking.timer() is None
        bpy.app.timers.unregister(glossary._looking.timer)
        return glossary._Known.files[glossary.own_path()].names

    glossary.forget()
    assert look() == ("Dunja",) and told == [True]
    assert look() == ("Dunja",) and told == [True], "nothing has changed"


def test_a_change_that_could_not_be_written_is_written_with_the_next(addon: Any) -> None:
    addon.rules.profile = "bbc"
    bpy.ops.subtitle.copy_profile()
    good = profiles.path().read_bytes()
    profiles.path().write_bytes(b"[broken")
    addon.rules.max_chars = 30
    assert str(profiles.path()) in profiles.problem and profiles.path().read_bytes() == b"[broken"
    profiles.path().write_bytes(good)
    addon.rules.max_lines = 3
    kept = own_profiles.read(profiles.path()).profiles["bbc-own"]
    assert (kept.max_chars, kept.max_lines) == (30, 3) and profiles.problem == ""
    profiles.path().write_bytes(b"[broken")
    addon.rules.max_chars = 28
    profiles.path().write_bytes(good)
    profiles.forget()
    assert own_profiles.read(profiles.path()).profiles["bbc-own"].max_chars == 28, "at the end at the latest"


def test_fields_reach_as_far_as_the_file(addon: Any) -> None:
    for name, limits in NUMBERS.items():
        assert addon.rules.bl_rna.properties[name].hard_max == pytest.approx(limits.most)


def test_the_glossary_opens_as_a_text_that_can_be_saved() -> None:
    assert bpy.ops.subtitle.edit_glossary() == {"FINISHED"}
    (text,) = bpy.data.texts
    assert text.as_string().startswith("# Names") and Path(text.filepath) == glossary.own_path()
    assert bpy.ops.subtitle.edit_glossary(own=True) == {"FINISHED"} and len(bpy.data.texts) == 1


def test_the_profile_of_a_transcription_follows_its_language(addon: Any) -> None:
    from subtitle_editor.core.cues import Cue, Word
    from subtitle_editor.session import profiles, track
    from subtitle_editor.session.shaping import Shaping

    settings = scene().subtitle_editor
    assert settings.profile == "auto" and profiles.of("auto").max_chars == 42
    scene().sequence_editor_create()
    for channel, language, name in ((3, "ja", "netflix-ja"), (5, "de", "netflix"), (7, "", "netflix-en")):
        assert track.enter(scene(), channel, 1, language=language).profile.name == name
    settings.profile = "bbc"
    assert track.enter(scene(), 9, 1, language="ja").profile.name == "bbc"

    class Use:
        rate = 25.0

        def on_timeline(self, heard: Any, _zero: int) -> Any:
            return heard

    said = "one two three four five six seven"
    words = tuple(Word(0.5 * at, 0.5 * at + 0.4, word) for at, word in enumerate(said.split()))
    shaping = Shaping([Use()], 1, profiles.of("auto"))  # type: ignore[list-item]
    shaping.hear(0, [Cue(0.0, 3.5, said, words=words)], "ko", last=True)
    shaping.conclude()
    made = [cue for _, cue in shaping.rest(30.0)]
    assert max(len(line) for cue in made for line in cue.text.splitlines()) <= 16
    shaping.close()


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """As in a window, where nobody waits; and a disk that does not answer until the event is set."""
    from types import SimpleNamespace

    from subtitle_editor.core.system import files as disk

    answers = threading.Event()
    before = disk.write

    def write(path: Path, *arguments: Any, **more: Any) -> None:
        if path == profiles.path():
            answers.wait(20)
        before(path, *arguments, **more)

    app = SimpleNamespace(background=False, timers=bpy.app.timers)
    monkeypatch.setattr(profiles, "bpy", SimpleNamespace(app=app, data=bpy.data))
    monkeypatch.setattr(disk, "write", write)
    yield answers
    answers.set()


def until_written(seconds: float = 20) -> None:
    """What the window's timer does."""
    end = time.monotonic() + seconds
    while profiles._write_soon() is not None and time.monotonic() < end:
        time.sleep(0.02)


def test_what_was_removed_is_not_brought_back_by_a_change_that_is_still_being_written(
    addon: Any, slow_disk: threading.Event
) -> None:
    slow_disk.set()
    addon.rules.profile = "bbc"
    bpy.ops.subtitle.copy_profile()
    until_written()
    assert list(own_profiles.read(profiles.path()).profiles) == ["bbc-own"]
    slow_disk.clear()
    addon.rules.max_chars = 30
    profiles._write_soon()  # The thread has begun, and waits for the disk.
    began = time.monotonic()
    assert bpy.ops.subtitle.delete_profile() == {"FINISHED"}
    assert time.monotonic() - began < 1.5, "nobody waits for the disk"
    assert "bbc-own" not in profiles.known()
    slow_disk.set()
    until_written()
    assert own_profiles.read(profiles.path()).profiles == {} and profiles.problem == ""


def test_a_copy_does_not_wait_for_the_disk(addon: Any, slow_disk: threading.Event) -> None:
    addon.rules.profile = "bbc"
    began = time.monotonic()
    assert bpy.ops.subtitle.copy_profile() == {"FINISHED"}
    assert time.monotonic() - began < 1.5
    assert addon.rules.profile == "bbc-own" and not profiles.path().exists()
    slow_disk.set()
    until_written()
    assert list(own_profiles.read(profiles.path()).profiles) == ["bbc-own"]


@pytest.fixture
def silent_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Whoever opens the file of profiles waits, until this is called: it is a pipe that nobody writes into."""
    assert profiles.own() == {}  # Read by now.
    profiles.path().parent.mkdir(parents=True, exist_ok=True)
    path, pipe = profiles.path(), profiles.path().with_name("pipe")
    os.mkfifo(path)
    os.link(path, pipe)
    monkeypatch.setattr(profiles, "PATIENCE", 0.2)

    def answer() -> None:
        path.unlink(missing_ok=True)  # What is written now is a file.
        end = time.monotonic() + 20
        while pipe.exists() and time.monotonic() < end:
            with contextlib.suppress(OSError):  # The thread may not have come to it yet.
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
                pipe.unlink()
            time.sleep(0.01)

    yield answer
    if pipe.exists():
        answer()


def ended() -> None:
    for thread in threading.enumerate():
        if thread.name == "profiles":
            thread.join(20)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_disk_that_does_not_answer_has_nothing_written(addon: Any, silent_disk: Callable[[], None]) -> None:
    assert bpy.ops.subtitle.copy_profile() == {"FINISHED"}
    name = addon.rules.profile
    assert name in profiles.own() and "not written yet" in profiles.problem
    assert state.now.unwritten == profiles.problem
    assert isinstance(profiles.flush(0.1), NotYetWrittenError)
    addon.rules.max_chars = 30
    assert profiles.problem, "it waits as well"
    silent_disk()
    assert profiles.flush(20) is None
    assert (profiles.problem, state.now.unwritten) == ("", "")
    assert own_profiles.read(profiles.path()).profiles[name].max_chars == 30


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_the_end_does_not_wait_for_a_disk_and_says_what_is_not_on_it(
    addon: Any, silent_disk: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    bpy.ops.subtitle.copy_profile()
    label, path = addon.rules.label, profiles.path()
    addon.rules.max_chars = 30
    profiles.forget(0.2)
    assert time.monotonic() - began < 10 and f"not written: {label}" in caplog.text
    silent_disk()
    ended()
    assert [one.max_chars for one in own_profiles.read(path).profiles.values()] == [30], "what came last as well"


def test_what_cannot_be_kept_is_no_profile(addon: Any) -> None:
    addon.rules.profile = "bbc"
    bpy.ops.subtitle.copy_profile()
    good = profiles.path().read_bytes()
    profiles.path().write_bytes(b"[broken")
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.subtitle.copy_profile()
    assert set(profiles.own()) == {"bbc-own"}
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.subtitle.delete_profile()
    assert addon.rules.profile == "bbc-own" and set(profiles.own()) == {"bbc-own"}
    profiles.path().write_bytes(good)
    assert bpy.ops.subtitle.delete_profile() == {"FINISHED"} and not profiles.own()


def test_names_that_a_thread_reads_while_all_is_forgotten_do_not_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    glossary.own_path().write_text("Dunja\n", encoding="utf-8")
    goes_on = threading.Event()
    read = glossary._read

    def slowly(*arguments: Any) -> Any:
        goes_on.wait(20)
        return read(*arguments)

    monkeypatch.setattr(glossary, "_read", slowly)
    glossary.forget()
    glossary._look([glossary.own_path()])
    look = glossary._looking.look
    assert look is not None
    glossary.forget()
    monkeypatch.setattr(glossary, "_read", read)
    goes_on.set()
    look.thread.join(20)
    assert glossary._looking.timer() is None and not glossary._Known.files


def test_a_list_of_names_on_a_disk_that_does_not_answer_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from subtitle_editor.core.errors.base import UsageError
    from subtitle_editor.core.speech import glossary as files

    answers, read = threading.Event(), files.read
    path = tmp_path / "names.txt"
    path.write_text("Dunja\n", encoding="utf-8")

    def dead(place: Path) -> list[str]:
        answers.wait(20)
        return read(place)

    monkeypatch.setattr(files, "read", dead)
    monkeypatch.setattr(glossary, "PATIENCE", 0.2)
    scene().subtitle_editor.glossary = str(path)
    began = time.monotonic()
    with pytest.raises(UsageError, match=r"names\.txt does not answer"):
        glossary.terms(scene().subtitle_editor)
    assert time.monotonic() - began < 10
    answers.set()
    assert glossary.terms(scene().subtitle_editor) == ["Dunja"]
