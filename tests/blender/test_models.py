# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators of the models panel against real files and a real hub: what each does, and what it says when not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import Event, Progress, State
from subtitle_editor.core.library.states import ModelState
from tests.hub.server import LoopbackHub

from .conftest import MODEL_FILES, TINY_REPOSITORY

pytestmark = pytest.mark.timeout(60)

FILES = {path.name: path for path in MODEL_FILES.iterdir() if path.is_file()}
SIZE = sum(path.stat().st_size for path in FILES.values())


@pytest.fixture
def installed(ready: Any) -> Path:
    """The snapshot folder of the downloaded test model."""
    from subtitle_editor.session import shelf

    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    found = shelf.installed("tiny")
    assert found is not None
    return found.path


def state(model: str = "tiny") -> ModelState:
    from subtitle_editor.session import shelf

    return shelf.status(model).state


def spoil(snapshot: Path, name: str = "model.bin") -> None:
    """Change one byte of a file, as a bad disk may."""
    path = (snapshot / name).resolve()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def test_verify_finds_what_is_damaged_and_repair_mends_it(installed: Path, hub: LoopbackHub) -> None:
    assert state() is ModelState.INSTALLED
    spoil(installed)
    assert bpy.ops.subtitle.verify_model(model="tiny") == {"FINISHED"}
    assert state() is ModelState.DAMAGED
    before = hub.bytes_served("*")
    assert bpy.ops.subtitle.repair_model(model="tiny") == {"FINISHED"}
    assert state() is ModelState.INSTALLED
    assert (installed / "model.bin").read_bytes() == FILES["model.bin"].read_bytes()
    # Only what was wrong.
    assert hub.bytes_served("*/tokenizer.json", "content") <= FILES["tokenizer.json"].stat().st_size
    assert hub.bytes_served("*") - before >= FILES["model.bin"].stat().st_size


def test_repair_of_a_whole_model_fetches_nothing(installed: Path, hub: LoopbackHub) -> None:
    before = len(hub.requests)
    assert bpy.ops.subtitle.repair_model(model="tiny") == {"FINISHED"}
    assert len(hub.requests) == before


def test_repair_that_the_hub_refuses_says_so(installed: Path, hub: LoopbackHub) -> None:
    spoil(installed)
    hub.remove_repo(TINY_REPOSITORY)
    with pytest.raises(RuntimeError, match=TINY_REPOSITORY):
        bpy.ops.subtitle.repair_model(model="tiny")
    from subtitle_editor.session.state import busy

    assert not busy()


def test_verify_without_the_model(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="tiny is not downloaded yet"):
        bpy.ops.subtitle.verify_model(model="tiny")


@pytest.mark.parametrize(
    "name",
    [
        "verify_model",
        "repair_model",
        "delete_model",
        "delete_former",
        "discard_partial",
        "update_model",
        "view_on_hub",
        "import_model",
    ],
)
def test_unknown_models_are_named(ready: Any, name: str) -> None:
    with pytest.raises(RuntimeError, match=r'no model called "tinny"'):
        getattr(bpy.ops.subtitle, name)(model="tinny")


def test_without_a_name_the_chosen_model_is_meant(installed: Path) -> None:
    view = bpy.context.window_manager.subtitle_editor
    assert [item.name for item in view.models] == ["tiny"]
    assert bpy.ops.subtitle.delete_model() == {"FINISHED"}
    assert len(view.models) == 0
    with pytest.raises(RuntimeError, match="No model is chosen"):
        bpy.ops.subtitle.delete_model()


def test_delete_frees_the_disk(installed: Path, tmp_path: Path) -> None:
    from subtitle_editor.session import shelf

    assert shelf.disk_use()[0] >= SIZE
    assert bpy.ops.subtitle.delete_model(model="tiny") == {"FINISHED"}
    assert state() is ModelState.MISSING
    assert shelf.installed("tiny") is None
    assert [path for path in (tmp_path / "models").rglob("*") if path.is_file()] == []
    assert shelf.disk_use()[0] < 1000


def test_delete_refuses_what_is_in_use(installed: Path) -> None:
    from subtitle_editor.core.system.task import Task
    from subtitle_editor.core.text import Text
    from subtitle_editor.session.state import now

    task = Task(Text("Verifying"), lambda *_: None, "tiny")
    now.tasks.append(task)
    try:
        with pytest.raises(RuntimeError, match="Whisper tiny is in use: Verifying"):
            bpy.ops.subtitle.delete_model(model="tiny")
    finally:
        now.tasks.remove(task)
    assert (installed / "model.bin").exists()


def partly(hub: LoopbackHub) -> None:
    """Download half of the model, then pause."""
    from subtitle_editor.session.state import listeners

    def pause(event: Event) -> None:
        if isinstance(event, Progress) and event.bytes_done > SIZE / 4 and event.state is State.DOWNLOADING:
            bpy.ops.subtitle.pause_download(model="tiny")

    listeners.append(pause)
    hub.settings.rate = 300_000
    try:
        assert bpy.ops.subtitle.download_model() == {"CANCELLED"}
    finally:
        listeners.remove(pause)
        hub.settings.rate = None


def test_discard_a_partial_download(ready: Any, hub: LoopbackHub, tmp_path: Path) -> None:
    from subtitle_editor.session import pump, shelf

    partly(hub)
    assert state() is ModelState.PARTIAL
    assert shelf.job_of("tiny")
    assert bpy.ops.subtitle.discard_partial(model="tiny") == {"FINISHED"}
    pump.pump()
    assert state() is ModelState.MISSING
    # The paused job went with it: there is nothing left to resume.
    assert shelf.job_of("tiny") is None
    assert not list((tmp_path / "models").rglob("*.part"))


def test_check_for_updates_and_update(installed: Path, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf

    assert bpy.ops.subtitle.check_updates() == {"FINISHED"}
    assert state() is ModelState.INSTALLED
    changed = dict(FILES) | {"config.json": FILES["config.json"].read_text(encoding="utf-8") + "\n"}
    commit = hub.add_model(TINY_REPOSITORY, changed)
    assert bpy.ops.subtitle.check_updates() == {"FINISHED"}
    assert state() is ModelState.UPDATE
    assert shelf.installed("tiny") is not None, "the old one works"
    assert bpy.ops.subtitle.update_model(model="tiny") == {"FINISHED"}
    found = shelf.installed("tiny")
    assert found is not None and found.revision == commit
    assert state() is ModelState.INSTALLED
    assert shelf.status("tiny").former == len(FILES["config.json"].read_bytes())
    assert bpy.ops.subtitle.delete_former(model="tiny") == {"FINISHED"}
    assert shelf.status("tiny").former == 0 and shelf.installed("tiny") == found


def test_check_for_updates_without_models(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="No model is installed"):
        bpy.ops.subtitle.check_updates()


def test_update_of_what_is_not_there(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="tiny is not downloaded yet"):
        bpy.ops.subtitle.update_model(model="tiny")


def test_import_from_a_folder(ready: Any, tmp_path: Path, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf

    folder = tmp_path / "copied"
    shutil.copytree(MODEL_FILES, folder)
    bpy.context.preferences.system.use_online_access = False
    assert bpy.ops.subtitle.import_model(model="tiny", directory=str(folder)) == {"FINISHED"}
    assert shelf.installed("tiny") is not None
    assert state() is ModelState.UNVERIFIED
    assert hub.requests == []
    with pytest.raises(RuntimeError, match="tiny is installed already"):
        bpy.ops.subtitle.import_model(model="tiny", directory=str(folder))


def test_import_of_something_else(ready: Any, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(RuntimeError, match=r"photos cannot be imported: it has no config\.json"):
        bpy.ops.subtitle.import_model(model="tiny", directory=str(tmp_path / "photos"))


def test_add_from_hub_use_and_remove(ready: Any, hub: LoopbackHub) -> None:
    from subtitle_editor.session import shelf

    hub.add_model("someone/whisper-fa", dict(FILES))
    assert bpy.ops.subtitle.add_model(address=f"{hub.endpoint}/someone/whisper-fa", id="fa") == {"FINISHED"}
    row = shelf.chosen()
    assert row is not None and (row.id, row.own) == ("fa", True)
    assert hub.bytes_served("*/model.bin") < FILES["model.bin"].stat().st_size, "nothing is downloaded yet"
    # It is one of the scene's models.
    assert bpy.ops.subtitle.use_model(model="fa") == {"FINISHED"}
    assert bpy.context.scene.subtitle_editor.model == "fa"
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    assert shelf.installed("fa") is not None
    assert bpy.ops.subtitle.remove_model(model="fa") == {"FINISHED"}
    # Like a .blend that names a model of somebody else's list.
    assert bpy.context.scene.subtitle_editor.model == ""
    with pytest.raises(RuntimeError, match="no model called"):
        bpy.ops.subtitle.download_model()


@pytest.mark.parametrize("address", ["", "no/such-repository", "not an address"])
def test_add_what_is_not_there(ready: Any, address: str) -> None:
    from subtitle_editor.session import settings

    with pytest.raises(RuntimeError, match="Error: "):
        bpy.ops.subtitle.add_model(address=address)
    assert not settings.get(bpy.context).user_catalog.exists()


def test_built_in_models_stay_on_the_list(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="Whisper tiny is built in"):
        bpy.ops.subtitle.remove_model(model="tiny")


def test_only_speech_models_transcribe(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="does not turn speech into text"):
        bpy.ops.subtitle.use_model(model="pn-summary")
    assert bpy.context.scene.subtitle_editor.model == "tiny"


def test_a_broken_catalogue_of_the_user_is_named_and_hides_nothing(ready: Any) -> None:
    from subtitle_editor.session import pump, settings, shelf

    own = settings.get(bpy.context).user_catalog
    own.write_text("[[model]]\nid = 3\n", encoding="utf-8")
    pump.refresh_installed()
    (problem,) = shelf.problems()
    assert "catalog.toml" in str(problem)
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}


@pytest.mark.parametrize(
    "name",
    ["download_model", "repair_model", "update_model", "check_updates", "add_model", "view_on_hub", "test_token"],
)
def test_offline_operators_name_the_switch(ready: Any, hub: LoopbackHub, name: str) -> None:
    bpy.context.preferences.system.use_online_access = False
    with pytest.raises(RuntimeError, match="Allow Online Access"):
        getattr(bpy.ops.subtitle, name)()
    assert hub.requests == []


def test_folders_and_pages(installed: Path, hub: LoopbackHub, capfd: pytest.CaptureFixture[str]) -> None:
    assert bpy.ops.subtitle.open_model_folder(model="tiny") == {"FINISHED"}
    assert bpy.ops.subtitle.view_on_hub(model="tiny") == {"FINISHED"}
    assert bpy.ops.subtitle.open_user_folder() == {"FINISHED"}
    told = capfd.readouterr().out
    assert str(installed) in told
    assert f"{hub.endpoint}/{TINY_REPOSITORY}" in told


def test_every_operator_explains_itself(addon: Any) -> None:
    names = [name for name in dir(bpy.types) if name.startswith("SUBTITLE_OT_")]
    assert len(names) > 25
    for name in names:
        found = getattr(bpy.ops.subtitle, name.removeprefix("SUBTITLE_OT_")).get_rna_type()
        assert len(found.description) > 15 and not found.description.endswith("."), name
        for own in found.properties:
            if own.identifier != "rna_type" and not own.is_hidden:
                assert own.name, f"{name}.{own.identifier}"


def test_the_rows_of_two_names_of_one_model(installed: Path) -> None:
    """A job under another name is the model's own."""
    from subtitle_editor.session import shelf

    assert shelf.status("large") == shelf.status("large-v3")
    assert shelf.name_of("turbo") == shelf.name_of("large-v3-turbo")


def test_discard_ends_the_download_that_runs(ready: Any, hub: LoopbackHub, tmp_path: Path) -> None:
    from subtitle_editor.session import downloads, settings, shelf

    hub.settings.rate = 100_000
    downloads.start("tiny", settings.get(bpy.context))
    assert hub.wait_for_request("*/model.bin", host="content")
    assert bpy.ops.subtitle.discard_partial(model="tiny") == {"FINISHED"}
    assert shelf.job_of("tiny") is None
    assert not list((tmp_path / "models").rglob("*.part"))
    assert state() is ModelState.MISSING


# The folder


def test_models_in_blenders_long_folder_are_found_and_moved_when_asked(
    ready: Any, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where the folder that Blender gives is long and roams."""
    from subtitle_editor.core.library import moving
    from subtitle_editor.session import settings, shelf
    from tests.blender.test_panels import drawn

    models, short = tmp_path / "models", tmp_path / "Local" / "models"
    monkeypatch.setattr(settings, "blenders_models_dir", lambda: models)
    monkeypatch.setattr(moving, "usual", lambda given, platform="": short)
    monkeypatch.setattr(settings, "_default", None)
    assert settings.models_may_move() is None, "the preferences say a folder"
    bpy.context.preferences.addons["subtitle_editor"].preferences.models_folder = ""
    assert settings.default_models_dir() == models
    assert "subtitle.move_models" in drawn("SUBTITLE_PT_models").buttons()
    assert bpy.ops.subtitle.move_models() == {"FINISHED"}
    assert settings.default_models_dir() == short
    shelf.look_now()
    found = shelf.installed("tiny")
    assert found is not None and short in found.path.parents and state() is ModelState.INSTALLED
    assert "subtitle.move_models" not in drawn("SUBTITLE_PT_models").buttons()
    with pytest.raises(RuntimeError, match="usual folder"):
        bpy.ops.subtitle.move_models()


def test_what_a_move_has_left_is_offered_again(
    ready: Any, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stopped it, in this run of Blender and in the next."""
    from subtitle_editor.core.errors.base import JobCancelled
    from subtitle_editor.core.library import moving
    from subtitle_editor.session import settings, shelf
    from tests.blender.test_panels import drawn

    models, short = tmp_path / "models", tmp_path / "Local" / "models"
    (models / "models--zz--other" / "blobs").mkdir(parents=True)
    (models / "models--zz--other" / "blobs" / "9f86").write_bytes(b"other")
    monkeypatch.setattr(settings, "blenders_models_dir", lambda: models)
    monkeypatch.setattr(moving, "usual", lambda given, platform="": short)
    monkeypatch.setattr(settings, "_default", None)
    bpy.context.preferences.addons["subtitle_editor"].preferences.models_folder = ""
    assert settings.default_models_dir() == models
    move = moving._Moving.move

    def once(self: Any, folder: Path, target: Path) -> None:
        if folder.name.startswith("models--zz"):
            raise JobCancelled
        move(self, folder, target)

    monkeypatch.setattr(moving._Moving, "move", once)
    assert bpy.ops.subtitle.move_models() == {"CANCELLED"}
    assert settings.default_models_dir() == short and settings.models_may_move() == short
    found = shelf.installed("tiny")
    assert found is not None and short in found.path.parents, "what was moved is found at once"
    panel = drawn("SUBTITLE_PT_models")
    assert "subtitle.move_models" in panel.buttons() and "are left in Blender's own folder" in " ".join(panel.texts())
    monkeypatch.setattr(moving._Moving, "move", move)
    assert bpy.ops.subtitle.move_models() == {"FINISHED"}
    assert settings.models_may_move() is None and moving.repositories(models) == []
