# SPDX-License-Identifier: GPL-3.0-or-later
"""The download operators against a real hub, as they run in background."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import Cancelled, Event, Failed, Finished, Progress
from tests.hub.server import LoopbackHub

from .conftest import MODEL_FILES, TINY_REPOSITORY

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def heard(ready: Any) -> Iterator[list[Event]]:
    """Every event of every job, in order."""
    from subtitle_editor.session import state

    events: list[Event] = []
    state.listeners.append(events.append)
    yield events
    state.listeners.remove(events.append)


def test_download(ready: Any, heard: list[Event], tmp_path: Path) -> None:
    from subtitle_editor.session import shelf, state

    assert shelf.installed("tiny") is None
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    found = shelf.installed("tiny")
    assert found is not None
    assert found.path.is_relative_to(tmp_path / "models")
    assert found.size == sum(file.stat().st_size for file in MODEL_FILES.iterdir())
    assert (found.path / "model.bin").read_bytes() == (MODEL_FILES / "model.bin").read_bytes()
    assert isinstance(heard[-1], Finished)
    assert sum(isinstance(event, Finished | Failed | Cancelled) for event in heard) == 1
    fractions = [event.fraction for event in heard if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert not state.busy()


def test_a_model_can_be_named(ready: Any) -> None:
    from subtitle_editor.session import shelf

    ready.model = "small"
    assert bpy.ops.subtitle.download_model(model="tiny") == {"FINISHED"}
    assert shelf.installed("tiny") is not None


def test_unknown_model(ready: Any) -> None:
    with pytest.raises(RuntimeError, match=r'no model called "tinny".*Did you mean "tiny'):
        bpy.ops.subtitle.download_model(model="tinny")


def test_online_access_off_names_the_switch(ready: Any, hub: LoopbackHub) -> None:
    bpy.context.preferences.system.use_online_access = False
    assert not bpy.ops.subtitle.download_model.poll()
    with pytest.raises(RuntimeError, match="Allow Online Access"):
        bpy.ops.subtitle.download_model()
    assert hub.requests == []


def test_missing_repository_is_said_and_kept_for_the_panel(ready: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf

    hub.remove_repo(TINY_REPOSITORY)
    with pytest.raises(RuntimeError, match=TINY_REPOSITORY):
        bpy.ops.subtitle.download_model()
    assert TINY_REPOSITORY in shelf.message_of("tiny")
    hub.add_model(TINY_REPOSITORY, {path.name: path for path in MODEL_FILES.iterdir()})
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    assert shelf.message_of("tiny") == ""


def test_wrong_token(ready: Any, addon: Any) -> None:
    addon.token = "hf_wrong"
    try:
        with pytest.raises(RuntimeError, match="refused the token"):
            bpy.ops.subtitle.download_model()
    finally:
        addon.token = ""


def test_a_wrong_token_of_the_environment_is_not_the_preferences_fault(
    ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from subtitle_editor.session import settings

    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    settings.forget_token()
    try:
        with pytest.raises(RuntimeError, match="refused the token from HF_TOKEN"):
            bpy.ops.subtitle.download_model()
    finally:
        monkeypatch.delenv("HF_TOKEN")
        settings.forget_token()


def test_cancel_from_elsewhere(ready: Any, hub: LoopbackHub, heard: list[Event]) -> None:
    from subtitle_editor.session import shelf, state

    hub.settings.rate = 50_000

    def cancel(event: Event) -> None:
        # Inside the operator's own loop, as a click on the button is in the interface.
        if isinstance(event, Progress) and event.bytes_total and shelf.job_of("tiny"):
            bpy.ops.subtitle.cancel_download()

    state.listeners.append(cancel)
    try:
        assert bpy.ops.subtitle.download_model() == {"CANCELLED"}
    finally:
        state.listeners.remove(cancel)
    assert isinstance(heard[-1], Cancelled)
    assert not bpy.ops.subtitle.cancel_download.poll()
    hub.settings.rate = None
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}


def start_slowly(hub: LoopbackHub) -> str:
    """A download that goes on while the test does something else, as with a modal operator."""
    from subtitle_editor.session import downloads, settings

    hub.settings.rate = 50_000
    return downloads.start("tiny", settings.get(bpy.context))


def test_download_outlives_the_file(ready: Any, hub: LoopbackHub, tmp_path: Path) -> None:
    from subtitle_editor.session import pump, shelf, state

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "during.blend"))
    job = start_slowly(hub)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "during.blend"))
    assert shelf.job_of("tiny") == job
    # Timers never tick in background: the test is the clock of the poller that took over.
    assert bpy.app.timers.is_registered(pump.poll)
    hub.settings.rate = None
    manager = state.now.manager
    assert manager is not None
    while pump.poll() is not None:
        manager.wait(job, 0.05)
    assert isinstance(state.now.ends[job], Finished)
    assert shelf.installed("tiny") is not None


def test_disabling_the_addon_stops_the_download(ready: Any, hub: LoopbackHub) -> None:
    import addon_utils

    from subtitle_editor.session import pump, state

    before = set(threading.enumerate())
    start_slowly(hub)
    pump.take_over()
    assert hub.wait_for_request(f"*{TINY_REPOSITORY}*")
    addon_utils.disable("subtitle_editor", default_set=False)
    # A call into huggingface_hub cannot be stopped, only left behind: it holds nothing and ends with the process.
    left = [thread for thread in set(threading.enumerate()) - before if "hub" not in thread.name.lower()]
    own = [thread for thread in left if not thread.name.startswith(("Thread-", "loopback"))]
    assert own == []
    assert not bpy.app.timers.is_registered(pump.poll)
    assert not state.busy()


def test_changed_preferences_make_a_new_manager(ready: Any, addon: Any, tmp_path: Path) -> None:
    from subtitle_editor.session import shelf

    bpy.ops.subtitle.download_model()
    first = shelf.installed("tiny")
    addon.models_folder = str(tmp_path / "elsewhere")
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    second = shelf.installed("tiny")
    assert first is not None and second is not None
    assert second.path.is_relative_to(tmp_path / "elsewhere")


def test_a_listener_that_fails_harms_nothing(ready: Any) -> None:
    from subtitle_editor.session import state

    def broken(_event: Event) -> None:
        raise ValueError("a listener's own fault")

    state.listeners.append(broken)
    try:
        assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    finally:
        state.listeners.remove(broken)
