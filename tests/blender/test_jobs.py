# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads over their whole life, by operators: pause, resume, order, retry, history, and what a restart finds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import Cancelled, Event, Finished, Progress, State
from tests.hub.server import LoopbackHub

from .conftest import MODEL_FILES, TINY_REPOSITORY

pytestmark = pytest.mark.timeout(90)

ROOT = Path(__file__).parents[2]
FILES = {path.name: path for path in MODEL_FILES.iterdir() if path.is_file()}
SIZE = sum(path.stat().st_size for path in FILES.values())


@pytest.fixture
def at(ready: Any) -> Iterator[Callable[[float, Callable[[], Any]], None]]:
    """Gives a way to do something once a download has come so far, in bytes, as a click in the window would."""
    from subtitle_editor.session import state

    plans: list[tuple[float, Callable[[], Any]]] = []

    def listen(event: Event) -> None:
        if (
            isinstance(event, Progress)
            and event.state is State.DOWNLOADING
            and plans
            and event.bytes_done > plans[0][0]
        ):
            plans.pop(0)[1]()

    state.listeners.append(listen)
    yield lambda bytes_done, act: plans.append((bytes_done, act))
    state.listeners.remove(listen)


def pump_until(condition: Callable[[], bool], timeout: float = 20.0) -> None:
    from subtitle_editor.session import pump, state

    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, state.jobs()
        pump.pump()
        time.sleep(0.02)


def start(model: str) -> str:
    """A download that goes on while the test does something else, as with a modal operator."""
    from subtitle_editor.session import downloads as manager
    from subtitle_editor.session import settings

    return manager.start(model, settings.get(bpy.context))


def test_pause_and_resume_fetch_each_byte_once(ready: Any, hub: LoopbackHub, at: Any) -> None:
    from subtitle_editor.session import shelf, state

    hub.settings.rate = 300_000
    at(SIZE / 4, lambda: bpy.ops.subtitle.pause_download(model="tiny"))
    assert bpy.ops.subtitle.download_model() == {"CANCELLED"}
    (record,) = state.jobs()
    assert record.state is State.PAUSED
    assert 0 < record.bytes_done < SIZE
    assert not bpy.ops.subtitle.pause_download.poll()
    hub.settings.rate = None
    assert bpy.ops.subtitle.resume_download(job=record.id) == {"FINISHED"}
    assert state.jobs() == []
    assert shelf.installed("tiny") is not None
    assert hub.bytes_served("*/model.bin", "content") < 1.2 * FILES["model.bin"].stat().st_size
    with pytest.raises(RuntimeError, match="No download is paused"):
        bpy.ops.subtitle.resume_download()


def test_changed_preferences_do_not_hide_a_paused_job_from_the_next_click(
    ready: Any, addon: Any, hub: LoopbackHub, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the window nobody waits five seconds for the store; the job that was clicked has to be there all the same."""
    from subtitle_editor.session import downloads as manager
    from subtitle_editor.session import state

    monkeypatch.setattr(manager, "_in_background", lambda: False)
    hub.settings.rate = 300_000
    at(SIZE / 4, lambda: bpy.ops.subtitle.pause_download(model="tiny"))
    bpy.ops.subtitle.download_model()
    (record,) = state.jobs()
    addon.connections = 3
    hub.settings.rate = None
    assert bpy.ops.subtitle.resume_download(job=record.id) == {"FINISHED"}


def test_download_of_a_paused_model_goes_on(ready: Any, hub: LoopbackHub, at: Any) -> None:
    from subtitle_editor.session import shelf, state

    hub.settings.rate = 300_000
    at(SIZE / 4, lambda: bpy.ops.subtitle.pause_download(model="tiny"))
    bpy.ops.subtitle.download_model()
    job = shelf.job_of("tiny")
    hub.settings.rate = None
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    assert isinstance(state.now.ends[str(job)], Finished)


def test_the_order_of_the_queue(ready: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import state

    for name in ("base", "small", "medium"):
        hub.add_model(f"Systran/faster-whisper-{name}", dict(FILES))
    hub.settings.rate = 50_000
    jobs = [start(model) for model in ("tiny", "base", "small", "medium")]
    assert [record.model for record in state.jobs()] == ["tiny", "base", "small", "medium"]
    with pytest.raises(RuntimeError, match="There is more than one download"):
        bpy.ops.subtitle.pause_download()
    assert bpy.ops.subtitle.move_download(job=jobs[3], by=-1) == {"FINISHED"}
    assert bpy.ops.subtitle.move_download(job=jobs[1], by=1) == {"FINISHED"}
    assert [record.model for record in state.jobs()] == ["tiny", "medium", "base", "small"]
    assert bpy.ops.subtitle.cancel_download(model="base") == {"FINISHED"}
    hub.settings.rate = None
    pump_until(lambda: not state.jobs())
    ended = [record.model for record in reversed(state.history()) if record.state is State.DONE]
    assert ended == ["tiny", "medium", "small"]


def test_more_than_one_at_a_time_and_a_limit_that_holds_at_once(ready: Any, addon: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import state

    hub.add_model("Systran/faster-whisper-base", dict(FILES))
    hub.settings.rate = 50_000
    start("tiny")
    start("base")
    downloads = state.now.manager
    assert downloads is not None
    addon.speed_limit = 7
    assert downloads.speed_limit == 7_000_000
    addon.concurrency = 2
    assert downloads.concurrency == 2
    running = (State.CHECKING, State.DOWNLOADING)
    pump_until(lambda: all(record.state in running for record in state.jobs()))
    assert len(state.jobs()) == 2
    hub.settings.rate = None
    pump_until(lambda: not state.jobs())


def test_other_preferences_have_to_wait_for_running_downloads(ready: Any, addon: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf, state

    hub.settings.rate = 50_000
    start("tiny")
    addon.connections = 3
    with pytest.raises(RuntimeError, match="The preferences changed while a download is running"):
        bpy.ops.subtitle.download_model(model="base")
    # Paused is enough, and the paused one goes on with the new manager.
    bpy.ops.subtitle.pause_download(model="tiny")
    pump_until(lambda: not state.busy())
    hub.settings.rate = None
    assert bpy.ops.subtitle.resume_download() == {"FINISHED"}
    assert shelf.installed("tiny") is not None


def test_retry_after_a_failure(ready: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf, state

    hub.remove_repo(TINY_REPOSITORY)
    with pytest.raises(RuntimeError, match=TINY_REPOSITORY):
        bpy.ops.subtitle.download_model()
    (record,) = state.history()
    assert (record.state, record.error) == (State.FAILED, "not_found")
    hub.add_model(TINY_REPOSITORY, dict(FILES))
    assert bpy.ops.subtitle.retry_download(job=record.id) == {"FINISHED"}
    assert shelf.message_of("tiny") == ""
    assert [found.state for found in state.history()] == [State.DONE, State.FAILED]


def test_history_can_be_copied_forgotten_and_cleared(ready: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf, state

    for name in ("forget_download", "clear_history", "copy_job", "retry_download"):
        assert not getattr(bpy.ops.subtitle, name).poll(), name
    hub.remove_repo(TINY_REPOSITORY)
    with pytest.raises(RuntimeError):
        bpy.ops.subtitle.download_model()
    hub.add_model(TINY_REPOSITORY, dict(FILES))
    bpy.ops.subtitle.download_model()
    done, failed = state.history()
    assert done.bytes_total == SIZE and done.seconds > 0 and done.mean_speed > 0
    assert bpy.ops.subtitle.copy_job(job=failed.id) == {"FINISHED"}
    assert bpy.ops.subtitle.forget_download(job=failed.id) == {"FINISHED"}
    assert state.history() == [done]
    with pytest.raises(RuntimeError, match="no such download any more"):
        bpy.ops.subtitle.retry_download(job=failed.id)
    assert bpy.ops.subtitle.clear_history() == {"FINISHED"}
    assert state.history() == []
    assert len(bpy.context.window_manager.subtitle_editor.history) == 0
    assert shelf.installed("tiny") is not None, "the files stay"


def test_the_copied_details_are_whole_and_have_no_address_that_opens_anything(ready: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.core.downloads import words
    from subtitle_editor.session import state

    hub.remove_repo(TINY_REPOSITORY)
    with pytest.raises(RuntimeError):
        bpy.ops.subtitle.download_model()
    text = words.report(state.history()[0])
    for part in ("Model: tiny", "State: failed", "Error: not_found", TINY_REPOSITORY, "Traceback"):
        assert part in text, text
    assert "?" not in text.replace("?…", "")


# After the end of Blender, or a crash

KILLED = """
import os, sys
import bpy, addon_utils
bpy.ops.wm.read_factory_settings(use_empty=True)
addon_utils.enable("subtitle_editor", default_set=True)
bpy.context.preferences.system.use_online_access = True
preferences = bpy.context.preferences.addons["subtitle_editor"].preferences
preferences.endpoint, preferences.models_folder = sys.argv[1:3]
from subtitle_editor.session import downloads, settings, state
from subtitle_editor.core.events import Progress

def die(event):
    if isinstance(event, Progress) and event.bytes_done > float(sys.argv[3]):
        print("NOW", flush=True)
        import time; time.sleep(60)

state.listeners.append(die)
downloads.start("base", settings.get(bpy.context))
bpy.ops.subtitle.download_model(model="tiny")
"""


@pytest.fixture
def killed(ready: Any, hub: LoopbackHub, tmp_path: Path) -> None:
    """Another Blender of this user was killed: in the middle of base, and before tiny had its turn."""
    hub.add_model("Systran/faster-whisper-base", dict(FILES))
    hub.settings.rate = 300_000
    arguments = [hub.endpoint, str(tmp_path / "models"), str(SIZE / 3)]
    child = subprocess.Popen([sys.executable, "-c", KILLED, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert any("NOW" in line for line in child.stdout)
    # What is shown may lag a second behind what is on the disk.
    time.sleep(1.2)
    os.kill(child.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    child.wait()
    child.stdout.close()
    hub.settings.rate = None


def restart() -> None:
    """What the timers of a Blender in a window do after its start."""
    from subtitle_editor.session import downloads as manager

    deadline = time.monotonic() + 20
    while manager.restore() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_after_a_crash_the_queue_is_there_and_can_go_on(killed: None, hub: LoopbackHub) -> None:
    from subtitle_editor.session import state

    from .recording import drawn

    assert state.jobs() == []
    restart()
    base, tiny = state.jobs()
    assert (base.model, base.state, tiny.model, tiny.state) == ("base", State.INTERRUPTED, "tiny", State.INTERRUPTED)
    assert SIZE / 4 < base.bytes_done < SIZE
    assert f"Interrupted at {int(base.fraction * 100)}%" in drawn("SUBTITLE_PT_jobs").texts()
    assert not state.busy(), "nothing runs before somebody asks"
    before = hub.bytes_served("*/model.bin", "content")
    for record in (base, tiny):
        assert bpy.ops.subtitle.resume_download(job=record.id) == {"FINISHED"}
    assert state.jobs() == []
    assert {record.model for record in state.history()} == {"base", "tiny"}
    fetched = hub.bytes_served("*/model.bin", "content") - before
    assert fetched < 2 * FILES["model.bin"].stat().st_size - base.bytes_done / 2


def test_an_interrupted_download_can_be_cancelled(killed: None) -> None:
    from subtitle_editor.session import state

    restart()
    for record in state.jobs():
        assert bpy.ops.subtitle.cancel_download(job=record.id) == {"FINISHED"}
    pump_until(lambda: not state.busy())
    assert state.jobs() == []
    assert all(isinstance(end, Cancelled) for end in state.now.ends.values())


def test_a_click_right_after_the_start_waits_for_the_jobs_of_the_last_session(killed: None) -> None:
    from subtitle_editor.session import downloads as manager
    from subtitle_editor.session import state

    manager.restore()
    assert bpy.ops.subtitle.download_model(model="base") == {"FINISHED"}
    assert [record.model for record in state.jobs()] == ["tiny"]
    assert len(state.history()) == 1


def test_resume_by_itself_if_the_preferences_say_so(killed: None, addon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from subtitle_editor.session import downloads as manager
    from subtitle_editor.session import pump, state

    addon.resume_jobs = True
    restart()
    # Not in background: a script asked for something else.
    assert {record.state for record in state.jobs()} == {State.INTERRUPTED}
    assert state.now.manager is not None
    state.now.manager.shutdown()
    state.now.manager = None
    monkeypatch.setattr(manager, "_in_background", lambda: False)
    restart()
    assert state.busy()
    assert bpy.app.timers.is_registered(pump.poll)
    while pump.poll() is not None:
        time.sleep(0.02)
    assert {record.model for record in state.history() if record.state is State.DONE} == {"base", "tiny"}


def test_without_an_earlier_session_nothing_is_read(ready: Any) -> None:
    from subtitle_editor.session import settings, state

    restart()
    assert state.now.manager is None
    assert list(settings.user_dir().iterdir()) == []


def test_disabling_and_enabling_again_keeps_the_queue(ready: Any, hub: LoopbackHub, tmp_path: Path) -> None:
    import addon_utils

    hub.settings.rate = 50_000
    start("tiny")
    addon_utils.disable("subtitle_editor", default_set=False)
    addon_utils.enable("subtitle_editor", default_set=False)
    from subtitle_editor.session import state

    restart()
    (record,) = state.jobs()
    assert (record.model, record.state) == ("tiny", State.INTERRUPTED)
    hub.settings.rate = None
    assert bpy.ops.subtitle.resume_download() == {"FINISHED"}
