# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Blender in a window does by timers, called by hand: looks at the disk, tasks, the log; the command line."""

from __future__ import annotations

import json
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

import subtitle_editor
from subtitle_editor.core.errors.base import UnexpectedError
from subtitle_editor.core.errors.models import ImportModelError
from subtitle_editor.core.events import Notice, Progress, State
from subtitle_editor.core.library.states import ModelState
from subtitle_editor.core.system import user_folder
from subtitle_editor.core.text import Text

pytestmark = pytest.mark.timeout(60)


def until_done(timer: Callable[[], float | None]) -> int:
    """Call an app timer as Blender would, until it ends; how often that was."""
    deadline = time.monotonic() + 20
    calls = 1
    while timer() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        calls += 1
    return calls


# The disk


def test_the_disk_is_read_on_a_thread(ready: Any) -> None:
    from subtitle_editor.session import pump, shelf
    from subtitle_editor.session.shelf import installed

    bpy.ops.subtitle.download_model()
    shelf.reset()
    assert shelf.rows() == () and installed("tiny") is None
    assert pump.refresh_once() is not None
    assert shelf.rows() == (), "nothing is shown before the thread has ended"
    look = shelf._shelf.look
    assert look is not None and look.ident != threading.get_ident()
    assert until_done(pump.refresh_once) > 1
    assert [row.id for row in shelf.rows()] == ["tiny"]
    assert installed("tiny") is not None
    # The details of the model that turned out to be the chosen one came with it.
    found = shelf.details("tiny")
    assert found is not None and "model.bin" in [file.name for file in found.parts[0].files]


def test_a_change_during_a_look_is_seen(ready: Any, tmp_path: Path) -> None:
    from subtitle_editor.session import pump, shelf

    bpy.ops.subtitle.download_model()
    assert pump.refresh_once() is not None
    (tmp_path / "models").rename(tmp_path / "elsewhere")
    shelf.look_again()
    until_done(pump.refresh_once)
    assert shelf.rows() == ()


def test_a_folder_that_cannot_be_read_is_empty(ready: Any, addon: Any, tmp_path: Path) -> None:
    from subtitle_editor.session import pump, shelf

    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    addon.models_folder = str(tmp_path / "file")
    until_done(pump.refresh_once)
    assert shelf.status("tiny").state is ModelState.MISSING


def test_choosing_a_line_reads_its_details(ready: Any) -> None:
    from subtitle_editor.session import pump, shelf

    view = bpy.context.window_manager.subtitle_editor
    view.show_missing = True
    pump.refresh_installed()
    view.model_index = 3
    chosen = shelf.chosen()
    assert chosen is not None and chosen.id == view.models[3].name
    assert shelf.details(chosen.id) is not None
    # It stays chosen while the rows around it change.
    view.search = chosen.name
    assert view.models[view.model_index].name == chosen.id
    view.search = ""
    assert view.models[view.model_index].name == chosen.id


def test_the_filter_of_the_panel(ready: Any) -> None:
    from subtitle_editor.session import pump, shelf

    view = bpy.context.window_manager.subtitle_editor
    pump.refresh_installed()
    assert len(view.models) == 0 and shelf.hidden() > 10
    view.kind = "dataset"
    view.show_missing = True
    assert {item.name for item in view.models} >= {"pn-summary"}
    assert "tiny" not in view.models
    view.kind = "all"
    assert {"pn-summary", "tiny"} <= {item.name for item in view.models}
    view.search = "persian"
    assert "tiny" not in view.models


# Tasks


def test_a_task_outlives_its_operator(ready: Any) -> None:
    from subtitle_editor.core.system.task import Task
    from subtitle_editor.session import pump, state

    go = threading.Event()
    task = Task(Text("Working"), lambda *_: go.wait(10))
    state.now.tasks.append(task)
    task.start()
    # What the operator's cancel() does when Blender ends it.
    pump.take_over()
    assert bpy.app.timers.is_registered(pump.poll)
    assert pump.poll() == state.TICK
    go.set()
    until_done(pump.poll)
    assert state.now.tasks == [] and not state.busy()
    assert task.result is True


def test_a_task_can_be_cancelled_and_shows_how_far_it_is(ready: Any) -> None:
    from subtitle_editor.core.system.task import Task
    from subtitle_editor.session import pump, state

    from .recording import drawn

    def work(control: Any, report: Any, job: str) -> None:
        report(Progress(job=job, model="tiny", state=State.VERIFYING, bytes_done=30, bytes_total=100))
        control.sleep(30)

    with pytest.raises(RuntimeError, match="Nothing of this kind is running"):
        bpy.ops.subtitle.cancel_task()
    task = Task(Text("Verifying {name}", name="Whisper tiny"), work, "tiny")
    state.now.tasks.append(task)
    task.start()
    while task.progress is None:
        time.sleep(0.01)
    jobs = drawn("SUBTITLE_PT_jobs")
    assert "Verifying Whisper tiny" in jobs.texts()
    assert [arguments["factor"] for arguments, _ in jobs.all("progress")] == [0.3]
    assert bpy.ops.subtitle.cancel_task(task=task.id) == {"FINISHED"}
    assert task.finished.wait(10) and task.cancelled
    pump.pump()
    assert state.now.tasks == []


@pytest.mark.parametrize("error", [ImportModelError(Path("x"), "it is one"), ValueError("a defect")])
def test_what_goes_wrong_in_a_task_is_kept(ready: Any, error: Exception) -> None:
    from subtitle_editor.core.system.task import Task

    def work(*_: object) -> None:
        raise error

    task = Task(Text("Working"), work)
    task.run()
    assert task.finished.is_set()
    assert task.error is error if isinstance(error, ImportModelError) else isinstance(task.error, UnexpectedError)


def test_disabling_the_addon_ends_tasks(ready: Any) -> None:
    import addon_utils

    from subtitle_editor.core.system.task import Task
    from subtitle_editor.session import pump, state

    task = Task(Text("Working"), lambda control, *_: control.sleep(30))
    state.now.tasks.append(task)
    task.start()
    pump.take_over()
    addon_utils.disable("subtitle_editor", default_set=False)
    assert task.finished.is_set() and task.cancelled
    assert not bpy.app.timers.is_registered(pump.poll)


def test_the_command_line_in_blender_asks_nothing_while_that_is_forbidden(
    ready: Any, hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bpy.context.preferences.addons["subtitle_editor"].preferences.offline = True
    assert subtitle_editor._command(["models", "download", "tiny", "--endpoint", hub.endpoint, "--json"]) == 1
    assert '"error": "offline"' in capsys.readouterr().out and hub.requests == []


# How often it is drawn


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(("drawing", "rest"), [(0.002, 0.02), (0.03, 0.3), (0.05, 0.5), (2.0, 0.5)])
def test_drawing_takes_a_tenth_of_the_time_at_most(
    ready: Any, monkeypatch: pytest.MonkeyPatch, drawing: float, rest: float
) -> None:
    from subtitle_editor.core.system.task import Task
    from subtitle_editor.session import pump, screen, state

    clock = _Clock()
    monkeypatch.setattr(pump, "time", clock)
    monkeypatch.setattr(screen, "time", clock)
    state.now.tasks.append(Task(Text("Working"), lambda *_: None))
    screen.show()
    clock.now += drawing
    screen.drawn()
    clock.now = 1000.0 + 0.9 * rest
    pump.pump()
    assert state.now.stale, "it is drawn too soon"
    clock.now = 1000.0 + 1.1 * rest
    pump.pump()
    assert not state.now.stale and state.now.shown == clock.now
    state.now.tasks.clear()  # It never began, and would be waited for at the end.


def test_an_end_is_shown_at_once(ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from subtitle_editor.core.system.task import Task
    from subtitle_editor.session import pump, screen, state

    clock = _Clock()
    monkeypatch.setattr(pump, "time", clock)
    monkeypatch.setattr(screen, "time", clock)
    task = Task(Text("Working"), lambda *_: None)
    state.now.tasks.append(task)
    screen.show()
    state.now.rest = 0.5
    clock.now += 0.1
    task.run()
    pump.pump()
    assert state.now.shown == clock.now


# What pumping must not end with


def test_a_fault_while_pumping_is_logged_once_and_does_not_end_it(
    ready: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from subtitle_editor.core.system.task import Task
    from subtitle_editor.session import pump, screen, state

    def broken() -> None:
        raise ValueError("a defect")

    task = Task(Text("Working"), lambda *_: None)
    state.now.tasks.append(task)
    with monkeypatch.context() as patch:
        patch.setattr(screen, "redraw", broken)
        assert [pump.poll() for _ in range(3)] == [state.TICK] * 3
    assert [record.exc_info is not None for record in caplog.records if record.name == pump.__name__] == [True]
    task.run()
    until_done(pump.poll)
    assert not state.busy()


def test_a_job_that_another_process_has_taken_is_not_followed_for_ever(ready: Any) -> None:
    from subtitle_editor.session import downloads, pump, state

    bpy.ops.subtitle.download_model()
    downloads.follow("nobody knows this one")
    until_done(pump.poll)
    assert not state.busy()


def test_a_download_for_a_transcription_is_told_once(ready: Any) -> None:
    from subtitle_editor.session import fetching, screen, state

    fetch = fetching.Fetch(None, "1", "Whisper tiny", is_ours=True)  # type: ignore[arg-type]
    state.now.transcription = fetch
    state.now.followed.add("1")
    progress = Progress(job="1", model="tiny", state=State.DOWNLOADING, bytes_done=30, bytes_total=100)
    state.now.manager = types.SimpleNamespace(  # type: ignore[assignment]
        progress={"1": progress}.get, get={"1": progress}.get
    )
    # type: ignore[assignment]
    assert fetch.listen()
    status = screen._status()
    state.now.manager = None
    assert status is not None and status.count("Whisper tiny") == 1 and "30%" in status


def sleeper_of(due: Callable[[], bool], job: str = "") -> Any:
    """Of an operator that Blender would call: modal ones do not run in background."""
    from subtitle_editor.session.waker import Waker

    manager = types.SimpleNamespace(modal_handler_add=lambda _: True)
    window = bpy.context.window_manager.windows[0]
    return Waker(None, types.SimpleNamespace(window=window, window_manager=manager), due, job)  # type: ignore[arg-type]


def test_what_the_job_store_says_wakes_no_operator(ready: Any) -> None:
    from subtitle_editor.session import waker

    for job in ("", "a job"):
        sleeper = sleeper_of(lambda: False, job)
        sleeper.hear(Notice(job="", message="The store is locked"))
        sleeper.look()
        assert waker.timers == []
        sleeper.end()


def test_an_operator_sleeps_on_when_what_was_due_is_taken_back(ready: Any) -> None:
    from subtitle_editor.session import pump, waker

    due = [True]
    sleeper = sleeper_of(lambda: due[0])
    timer = types.SimpleNamespace(type="TIMER")
    pump.pump()
    assert len(waker.timers) == 1 and sleeper.calls(timer)
    assert not sleeper.calls(types.SimpleNamespace(type="MOUSEMOVE"))
    due[0] = False
    assert not sleeper.calls(timer) and waker.timers == []
    due[0] = True
    pump.pump()
    assert sleeper.calls(timer)
    sleeper.end()
    assert waker.timers == [] and waker.sleepers == []


# The log, and the command line of the same user


def test_the_log_begins_with_the_first_job(ready: Any) -> None:
    from subtitle_editor.session import settings

    log = settings.user_dir() / user_folder.LOG
    assert bpy.ops.subtitle.open_log() == {"CANCELLED"}
    assert not log.exists()
    bpy.ops.subtitle.download_model()
    assert log.is_file()
    assert bpy.ops.subtitle.open_log() == {"FINISHED"}


def test_the_command_line_in_blender_knows_the_same_jobs(
    ready: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from subtitle_editor.session import state

    monkeypatch.delenv(user_folder.ENVIRONMENT, raising=False)
    bpy.ops.subtitle.download_model()
    (record,) = state.history()
    manager = state.now.manager
    assert manager is not None
    manager.shutdown()  # What it has not written yet is written now.
    state.now.manager = None
    capfd.readouterr()
    assert subtitle_editor._command(["models", "jobs", "--history", "5", "--json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    assert [line for line in lines if line.get("job") == record.id], lines


@pytest.mark.parametrize(
    "wrong", ["[" * 50_000, '{"count": 1e999}', '{"count": true}', '{"count": -3}', '"text"', "[]"]
)
def test_a_note_that_says_nonsense_hides_no_other_one(addon: Any, wrong: str) -> None:
    from subtitle_editor.core.cues import Cue
    from subtitle_editor.session import recovered, settings

    kept = recovered.keep(settings.user_dir(), Path("film.mp4"), [Cue(0, 1, "x")], blend="", scene="Scene")
    assert kept is not None
    other = kept.path.with_name("other.srt")
    other.write_bytes(kept.path.read_bytes())
    note = other.with_name(other.name + ".offer.json")
    texts = '"blend": "", "scene": "", "media": ""'
    note.write_text(wrong.replace("}", f", {texts}}}"), encoding="ascii")
    assert recovered.read(settings.user_dir()) == [kept]
