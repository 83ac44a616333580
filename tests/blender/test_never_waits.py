# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds up a disk, a lock or another program does not hold up Blender: real locks, held by real processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import State
from subtitle_editor.core.text import Text
from tests.hub.server import Fault, LoopbackHub

from .test_jobs import SIZE, at, pump_until  # noqa: F401

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[2]

LOCKED = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # With a write-ahead log readers wait for nothing less.
connection.execute("BEGIN EXCLUSIVE")
connection.execute("UPDATE jobs SET model = model")
print("held", flush=True)
sys.stdin.read()
"""

HELD = """
import sys
from pathlib import Path
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.locks import file_lock
with file_lock(Path(sys.argv[1]), Control()):
    print("held", flush=True)
    sys.stdin.read()
"""

PATIENCE = 5.0
"""Seconds that whoever waits for the store would wait."""


@contextmanager
def held(script: str, path: Path) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert holder.stdin is not None and holder.stdout is not None
    try:
        assert holder.stdout.readline().strip() == b"held"
        yield
    finally:
        holder.stdin.close()
        holder.wait(20)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the window, where nobody may wait."""
    from subtitle_editor.session import downloads

    monkeypatch.setattr(downloads, "_in_background", lambda: False)


@pytest.fixture
def paused(ready: Any, hub: LoopbackHub, at: Any) -> Any:  # noqa: F811
    """A paused download in the store, and no manager: as after a restart. Its record."""
    from subtitle_editor.session import state

    hub.settings.rate = 300_000
    at(SIZE / 4, lambda: bpy.ops.subtitle.pause_download(model="tiny"))
    bpy.ops.subtitle.download_model()
    (record,) = state.jobs()
    assert state.now.manager is not None
    assert state.now.manager.shutdown(5)
    state.now.manager = None
    state.now.states.clear()
    state.now.followed.clear()
    hub.settings.rate = None
    return record


def store() -> Path:
    from subtitle_editor.core.system import user_folder
    from subtitle_editor.session import settings

    return settings.user_dir() / user_folder.JOBS


def start(model: str = "tiny") -> str:
    from subtitle_editor.session import downloads, settings

    return downloads.start(model, settings.get(bpy.context))


def test_a_click_soon_after_the_start_waits_for_no_locked_store(paused: Any, window: None) -> None:
    from subtitle_editor.session import downloads, state

    with held(LOCKED, store()):
        downloads.restore()
        time.sleep(0.3)
        began = time.monotonic()
        job = start()
        assert time.monotonic() - began < PATIENCE / 2
        # The store comes too late for this one: it begins without, and is all the same done.
        pump_until(lambda: job in state.now.ends, 30)
    pump_until(lambda: not state.jobs(), 20)
    # What was paused is the same download: it is not left over as a second one.
    assert [record.state for record in state.history()].count(State.DONE) == 1
    assert state.now.ends[job]


def test_changed_preferences_wait_for_no_locked_store(paused: Any, addon: Any, window: None) -> None:
    from subtitle_editor.session import state

    addon.speed_limit = 1
    start()
    bpy.ops.subtitle.pause_download(model="tiny")
    pump_until(lambda: not state.busy())
    assert state.now.manager is not None
    state.now.manager._book.keeper._store.close()  # type: ignore[union-attr]
    with held(LOCKED, store()):
        addon.connections = 3
        addon.speed_limit = 0
        began = time.monotonic()
        start("tiny")
        assert time.monotonic() - began < PATIENCE / 2
        pump_until(lambda: not state.busy(), 30)


@pytest.mark.parametrize("when", ["opening", "running"])
def test_quitting_takes_its_two_seconds_whatever_is_stuck(
    when: str, paused: Any, hub: LoopbackHub, window: None
) -> None:
    import addon_utils

    from subtitle_editor.core.system.task import Task
    from subtitle_editor.session import downloads, state

    hub.faults.add(Fault(path="*", host="content", stall_before=True, times=None))
    stuck = threading.Event()
    for number in range(2):
        task = Task(Text("Stuck"), lambda *_: stuck.wait(30), str(number))
        state.now.tasks.append(task)
        task.start()
    with held(LOCKED, store()):
        if when == "running":
            start()
            time.sleep(0.2)
        if when == "opening":
            downloads.restore()
            time.sleep(0.2)
        began = time.monotonic()
        addon_utils.disable("subtitle_editor", default_set=False)
        took = time.monotonic() - began
    stuck.set()
    hub.faults.release()
    addon_utils.enable("subtitle_editor", default_set=False)
    assert took < state.JOIN + 0.7, took


def test_taking_a_model_off_the_list_does_not_wait_on_the_main_thread(ready: Any) -> None:
    from subtitle_editor.operators.own_models import SUBTITLE_OT_remove_model
    from subtitle_editor.operators.tasks import TaskOperator
    from subtitle_editor.session import settings

    assert issubclass(SUBTITLE_OT_remove_model, TaskOperator)
    own = settings.get(bpy.context).user_catalog
    own.parent.mkdir(parents=True, exist_ok=True)
    row = '[[model]]\nid = "m{0}"\nname = "Mine {0}"\nkind = "language"\nsource = [{{ repo = "ada/m{0}" }}]\n'
    own.write_text("".join(row.format(number) for number in range(100)), encoding="utf-8")
    main = threading.current_thread()
    seen: list[threading.Thread] = []
    from subtitle_editor.core.catalog import own as own_catalog

    before = own_catalog.remove

    def remove(*arguments: Any) -> None:
        seen.append(threading.current_thread())
        before(*arguments)

    own_catalog.remove = remove
    try:
        assert bpy.ops.subtitle.remove_model(model="m50") == {"FINISHED"}
    finally:
        own_catalog.remove = before
    assert seen and seen[0] is not main
    assert own.read_text(encoding="utf-8").count("[[model]]") == 99 and '"m50"' not in own.read_text(encoding="utf-8")
    with pytest.raises(RuntimeError, match="built in"):
        bpy.ops.subtitle.remove_model(model="tiny")


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Which of the user's files were read and written, and whether by the main thread."""
    from subtitle_editor.core.subtitles import reading
    from subtitle_editor.core.system import files

    seen: list[tuple[str, bool]] = []
    load, write = reading.load, files.write

    def on_main(path: Path) -> tuple[str, bool]:
        return path.name, threading.current_thread() is threading.main_thread()

    def slow_load(path: Path, *arguments: Any, **more: Any) -> Any:
        seen.append(on_main(path))
        return load(path, *arguments, **more)

    def slow_write(path: Path, *arguments: Any, **more: Any) -> None:
        seen.append(on_main(path))
        write(path, *arguments, **more)

    monkeypatch.setattr(reading, "load", slow_load)
    monkeypatch.setattr(files, "write", slow_write)
    return seen


def test_files_of_the_user_are_read_and_written_on_threads(
    addon: Any, threads: list[tuple[str, bool]], tmp_path: Path
) -> None:
    """A folder in a network may take its time."""
    (tmp_path / "in.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nx  y\n", encoding="utf-8")
    assert bpy.ops.subtitle.import_file(filepath=str(tmp_path / "in.srt")) == {"FINISHED"}
    assert bpy.ops.subtitle.export_file(filepath=str(tmp_path / "out.vtt")) == {"FINISHED"}
    assert bpy.ops.subtitle.check_report(filepath=str(tmp_path / "report.csv")) == {"FINISHED"}
    assert threads == [("in.srt", False), ("out.vtt", False), ("report.csv", False)]
    assert "spaces" in (tmp_path / "report.csv").read_text(encoding="utf-8")
