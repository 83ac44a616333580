# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels draw in each state, by a layout that asks Blender whether all of it exists."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core import right_to_left
from subtitle_editor.core.catalog.entries import Entry
from subtitle_editor.core.downloads.record import JobRecord
from subtitle_editor.core.events import Event, Progress, State
from subtitle_editor.core.library.states import Installed, ModelState, Status
from tests.hub.server import LoopbackHub

from .conftest import MODEL_FILES, TINY_REPOSITORY
from .recording import Layout, drawn

pytestmark = pytest.mark.timeout(60)

PANELS = ("SUBTITLE_PT_transcription", "SUBTITLE_PT_subtitles", "SUBTITLE_PT_models", "SUBTITLE_PT_jobs")


def everything(closed: bool = False) -> dict[str, Layout]:
    names = (*PANELS, "SUBTITLE_PT_history", "SUBTITLE_MT_main", "SUBTITLE_MT_models")
    return {name: drawn(name, closed) for name in names}


def preferences_drawn() -> Layout:
    from subtitle_editor.panels import account

    layout = Layout()
    account.draw(bpy.context.preferences.addons["subtitle_editor"].preferences, layout, bpy.context)
    return layout


@pytest.fixture
def watched(ready: Any) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Gives a way to look at the panels once in the middle of a download: when its first bytes have come."""
    from subtitle_editor.session import state

    looks: list[Callable[[], None]] = []

    def look(event: Event) -> None:
        if isinstance(event, Progress) and event.bytes_done and looks:
            looks.pop()()

    state.listeners.append(look)
    yield looks.append
    state.listeners.remove(look)
    assert not looks, "there was nothing to look at"


def test_first_start_is_no_dead_end(ready: Any) -> None:
    from subtitle_editor.session import pump

    pump.refresh_installed()
    for closed in (True, False):
        assert all(layout.items for layout in everything(closed).values())
    panel = drawn("SUBTITLE_PT_models")
    assert "None of these models is on this computer yet." in " ".join(panel.texts())
    toggles = [arguments for arguments, _ in panel.all("prop") if arguments["property"] == "show_missing"]
    assert [toggle.get("text") for toggle in toggles] == ["", "Show Models to Download"]
    bpy.context.window_manager.subtitle_editor.show_missing = True
    panel = drawn("SUBTITLE_PT_models")
    assert "Whisper tiny" in panel.texts()
    assert panel.buttons()["subtitle.download_model"] == [{"model": "tiny"}]
    assert drawn("SUBTITLE_PT_transcription").buttons()["subtitle.download_model"] == [{"model": "tiny"}]


def test_before_the_first_look_at_the_disk(ready: Any) -> None:
    assert all(layout.items for layout in everything().values())


def test_while_downloading(ready: Any, hub: LoopbackHub, watched: Any) -> None:
    seen: list[dict[str, Layout]] = []
    watched(lambda: seen.append(everything()))
    hub.settings.rate = 1_000_000
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    panels = seen[0]
    jobs = panels["SUBTITLE_PT_jobs"]
    (bar,) = [arguments for arguments, _ in jobs.all("progress")]
    assert 0 < bar["factor"] < 1 and bar["text"].endswith("%")
    assert set(jobs.buttons()) == {"subtitle.pause_download", "subtitle.cancel_download"}
    text = " ".join(jobs.texts())
    assert "File " in text and " of 1.8 MB" in text
    # What was checked before the first byte, in one place.
    assert "Checks: Whisper tiny" in jobs.texts()
    assert {"Server", "Free Space", "Licence"} <= set(jobs.texts())
    for name in ("SUBTITLE_PT_models", "SUBTITLE_PT_transcription"):
        assert "subtitle.pause_download" in panels[name].buttons(), name
        # In the list and below it: all say the same.
        assert {found["factor"] for found, _ in panels[name].all("progress")} == {bar["factor"]}, name
    # Afterwards.
    assert drawn("SUBTITLE_PT_jobs").texts() == ["Nothing is being downloaded"]
    assert "subtitle.download_model" not in drawn("SUBTITLE_PT_transcription").buttons()


def test_installed_model_has_its_buttons_and_files(ready: Any) -> None:
    bpy.ops.subtitle.download_model()
    panel = drawn("SUBTITLE_PT_models")
    texts = panel.texts()
    assert "Installed and verified  (1.8 MB)" in texts
    assert {path.name for path in MODEL_FILES.iterdir()} & set(texts) >= {"model.bin", "config.json"}
    assert "Used in This Scene" in texts
    assert {
        "subtitle.verify_model",
        "subtitle.delete_model",
        "subtitle.check_updates",
        "subtitle.open_model_folder",
        "subtitle.view_on_hub",
    } <= set(panel.buttons())
    assert any(text.startswith("Models take 1.8 MB, ") for text in texts)


def test_failed_download_has_its_reason_and_a_next_step(ready: Any, hub: LoopbackHub) -> None:
    hub.remove_repo(TINY_REPOSITORY)
    with pytest.raises(RuntimeError):
        bpy.ops.subtitle.download_model()
    jobs = drawn("SUBTITLE_PT_jobs")
    text = " ".join(jobs.texts())
    assert f"has no repository {TINY_REPOSITORY}." in text
    assert "Check the name and the hub endpoint" in text
    assert {"subtitle.retry_download", "subtitle.copy_job", "subtitle.forget_download"} <= set(jobs.buttons())
    history = drawn("SUBTITLE_PT_history")
    assert "Failed" in history.texts()
    assert "subtitle.clear_history" in history.buttons()
    # Once it has succeeded, the failure is of the past.
    hub.add_model(TINY_REPOSITORY, {path.name: path for path in MODEL_FILES.iterdir()})
    bpy.ops.subtitle.download_model()
    assert drawn("SUBTITLE_PT_jobs").texts() == ["Nothing is being downloaded"]


@pytest.mark.parametrize("state", list(ModelState))
def test_each_state_of_a_model(ready: Any, state: ModelState, monkeypatch: pytest.MonkeyPatch) -> None:
    from subtitle_editor.session import pump, shelf

    pump.refresh_installed()
    installed = Installed(Path("x"), 100, "c1") if state.usable else None
    damaged = ("model.bin",) if state is ModelState.DAMAGED else ()
    shelf._shelf.statuses["tiny"] = Status(state, installed, 50, 100, damaged, partials=7, former=9)
    bpy.context.window_manager.subtitle_editor.show_missing = True
    shelf.choose("tiny")
    pump.rebuild()
    panel = drawn("SUBTITLE_PT_models")
    expected = {
        ModelState.MISSING: "subtitle.download_model",
        ModelState.PARTIAL: "subtitle.download_model",
        ModelState.INSTALLED: "subtitle.verify_model",
        ModelState.UNVERIFIED: "subtitle.verify_model",
        ModelState.DAMAGED: "subtitle.repair_model",
        ModelState.UPDATE: "subtitle.update_model",
    }
    assert panel.buttons()[expected[state]] == [{"model": "tiny"}]
    assert panel.buttons()["subtitle.discard_partial"] == [{"model": "tiny"}]
    assert panel.buttons().get("subtitle.delete_former", []) == [{"model": "tiny"}] * state.usable


@pytest.mark.parametrize("state", [state for state in State if state not in (State.LOADING, State.TRANSCRIBING)])
def test_each_state_of_a_job(ready: Any, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    from subtitle_editor.session import pump
    from subtitle_editor.session import state as session

    record = JobRecord(id="1", model="tiny", state=state, bytes_done=45, bytes_total=100, message="Why.", hint="Do.")
    other = dataclasses.replace(record, id="2", model="base", elsewhere=True)
    ended = state.is_final
    monkeypatch.setattr(session, "jobs", lambda: [] if ended else [record, other])
    monkeypatch.setattr(session, "history", lambda: [record] if ended else [])
    pump.refresh_installed()
    pump.rebuild()
    text = " ".join(drawn("SUBTITLE_PT_jobs").texts())
    if state is State.INTERRUPTED:
        assert "Interrupted at 45%" in text
        assert {"job": "1"} in drawn("SUBTITLE_PT_jobs").buttons()["subtitle.resume_download"]
    if not ended:
        assert "In another Blender" in text
    assert all(layout.items for layout in everything().values())


def test_offline_says_which_switch(ready: Any, addon: Any) -> None:
    from subtitle_editor.session import pump

    bpy.context.window_manager.subtitle_editor.show_missing = True
    pump.refresh_installed()
    bpy.context.preferences.system.use_online_access = False
    for name in ("SUBTITLE_PT_models", "SUBTITLE_PT_transcription"):
        assert "Allow Online Access" in " ".join(drawn(name).texts())
    assert "Allow Online Access" in " ".join(preferences_drawn().texts())
    bpy.context.preferences.system.use_online_access = True
    addon.offline = True
    assert "Offline mode is on" in " ".join(drawn("SUBTITLE_PT_models").texts())


def test_preferences(ready: Any, addon: Any) -> None:
    addon.device = "cuda"
    layout = preferences_drawn()
    names = {arguments["property"] for arguments, _ in layout.all("prop")}
    own = {found.identifier for found in addon.bl_rna.properties} - {"bl_idname", "rna_type", "rules"}
    # What a profile of the user's own is called can be changed only there.
    own |= {found.identifier for found in addon.rules.bl_rna.properties} - {"name", "rna_type", "label"}
    assert names == own
    addon.endpoint_preset = "mirror"
    assert "endpoint" not in {arguments["property"] for arguments, _ in preferences_drawn().all("prop")}
    addon.token = "hunter2"
    assert 'Tokens of the hub begin with "hf_": is this one whole?' in preferences_drawn().texts()
    addon.token = ""


def test_names_from_right_to_left(ready: Any) -> None:
    from subtitle_editor.session import pump, shelf

    pump.refresh_installed()
    entry = Entry("fa", "مدل گفتار فارسی", "speech-to-text", 1, (), ("fa",), description="تبدیل گفتار به متن")
    from subtitle_editor.core.catalog.entries import Catalog

    shelf._shelf.known = Catalog((entry,))
    bpy.context.window_manager.subtitle_editor.show_missing = True
    pump.rebuild()
    texts = drawn("SUBTITLE_PT_models").texts()
    # In the list and below it, as Blender has to be given them.
    assert texts.count(right_to_left.drawn(entry.name)) == 2
    assert right_to_left.drawn(entry.description) in texts


def test_200_models_and_1000_past_jobs(ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists are ready in milliseconds after each change, and cost nothing at a redraw."""
    from subtitle_editor.core.catalog.entries import Catalog
    from subtitle_editor.core.catalog.reading import load
    from subtitle_editor.session import pump, shelf, state

    pump.refresh_installed()
    tiny = load().get("tiny")
    entries = tuple(dataclasses.replace(tiny, id=f"m{n}", name=f"Model {n}") for n in range(200))
    shelf._shelf.known = Catalog(entries)
    shelf._shelf.statuses = {e.id: Status(ModelState.INSTALLED, Installed(Path("x"), 1, "c")) for e in entries}
    record = JobRecord(id="", model="m1", state=State.DONE, bytes_total=100, seconds=2.0)
    past = [dataclasses.replace(record, id=str(n)) for n in range(1000)]
    monkeypatch.setattr(state, "history", lambda: list(past))
    pump.rebuild()
    view = bpy.context.window_manager.subtitle_editor
    assert (len(view.models), len(view.history)) == (200, 1000)
    times = []
    for n in range(20):
        past.insert(0, dataclasses.replace(record, id=f"new {n}"))
        start = time.process_time()
        pump.rebuild()
        times.append(time.process_time() - start)
    print(f"rebuild of 200 models and {len(past)} past jobs: {min(times) * 1000:.2f} ms")
    assert len(view.history) == 1020
    assert min(times) < 0.005
