# SPDX-License-Identifier: GPL-3.0-or-later
"""The token: which one is used, what testing it says, and that nothing but its own file ever holds it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import Event, as_json
from tests.hub.server import LoopbackHub

from .conftest import MODEL_FILES, TINY_REPOSITORY
from .recording import drawn

pytestmark = pytest.mark.timeout(90)

TOKEN = "hf_aSecretThatMustNotLeakAnywhere"
FILES = {path.name: path for path in MODEL_FILES.iterdir() if path.is_file()}


@pytest.fixture
def account(ready: Any, addon: Any, hub: LoopbackHub) -> Iterator[LoopbackHub]:
    """A hub that knows the token, and a user who has given it in the preferences."""
    hub.accept_token(TOKEN, "somebody")
    addon.token = TOKEN
    yield hub
    addon.token = ""


def test_testing_a_token_shows_whose_it_is(account: LoopbackHub) -> None:
    from subtitle_editor.panels import account as panel
    from subtitle_editor.session import state

    assert bpy.ops.subtitle.test_token() == {"FINISHED"}
    assert state.now.account == state.Account(name="somebody")
    assert ("It belongs to somebody", "CHECKMARK") in panel.token_lines(bpy.context)


def test_a_refused_token_is_said(ready: Any, addon: Any) -> None:
    from subtitle_editor.panels import account as panel
    from subtitle_editor.session import state

    addon.token = "hf_another"
    try:
        with pytest.raises(RuntimeError, match="refused the token"):
            bpy.ops.subtitle.test_token()
        assert state.now.account is not None and "refused" in state.now.account.problem
        assert any("refused" in text for text, _ in panel.token_lines(bpy.context))
    finally:
        addon.token = ""
    assert panel.token_lines(bpy.context) == []


def test_without_a_token_there_is_nothing_to_test(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="no token to test; none is needed"):
        bpy.ops.subtitle.test_token()


def test_the_order_of_tokens(ready: Any, addon: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from subtitle_editor.panels import account as panel
    from subtitle_editor.session import settings

    def used() -> str:
        settings.forget_token()
        return settings.get(bpy.context).token.value

    (tmp_path / "login").write_text("hf_of_the_login", encoding="utf-8")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "login"))
    monkeypatch.delenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", raising=False)
    assert used() == "hf_of_the_login"
    assert "Hugging Face login" in panel.token_lines(bpy.context)[0][0]
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_environment")
    assert used() == "hf_of_the_environment"
    assert panel.token_lines(bpy.context)[0][0] == "The token from HF_TOKEN is used"
    addon.token = "hf_of_the_preferences"
    assert used() == "hf_of_the_preferences"
    assert panel.token_lines(bpy.context) == []
    addon.token = ""


def test_a_gated_model_and_its_licence(account: LoopbackHub) -> None:
    from subtitle_editor.session import state

    account.add_model(TINY_REPOSITORY, dict(FILES), gated=True)
    with pytest.raises(RuntimeError, match=f"{TINY_REPOSITORY} asks you to accept its licence first"):
        bpy.ops.subtitle.download_model()
    account.grant(TINY_REPOSITORY, "somebody")
    assert bpy.ops.subtitle.retry_download(job=state.history()[0].id) == {"FINISHED"}


def test_nothing_but_its_own_file_holds_the_token(
    account: LoopbackHub, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A whole session with a token: what it wrote, said, logged and keeps is searched for it."""
    from subtitle_editor.core.downloads import words
    from subtitle_editor.session import settings, state

    account.add_model("someone/whisper", dict(FILES))
    events: list[Event] = []
    state.listeners.append(events.append)
    caplog.set_level("DEBUG")
    try:
        bpy.ops.subtitle.test_token()
        with pytest.raises(RuntimeError) as refused:
            bpy.ops.subtitle.download_model(model="base")
        bpy.ops.subtitle.download_model()
        bpy.ops.subtitle.verify_model(model="tiny")
        bpy.ops.subtitle.check_updates()
        bpy.ops.subtitle.add_model(address="someone/whisper", id="own")
    finally:
        state.listeners.remove(events.append)
    assert any(TOKEN in request.headers.get("authorization", "") for request in account.requests), "it was used"
    reports = "".join(words.report(record) for record in state.history())
    said = [str(refused.value), reports, repr(settings.get(bpy.context)), caplog.text, *capfd.readouterr()]
    said += [repr(as_json(event)) for event in events]
    for name in ("SUBTITLE_PT_models", "SUBTITLE_PT_jobs", "SUBTITLE_PT_history", "SUBTITLE_PT_transcription"):
        said += drawn(name).texts()
    assert len(said) > 20
    assert not [text for text in said if TOKEN in text]
    bpy.ops.wm.save_userpref()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"), compress=False)
    kept = [path for path in Path(os.environ["BLENDER_USER_RESOURCES"]).rglob("*") if path.is_file()]
    names = {path.name for path in kept}
    assert {"hub_token", "jobs.sqlite3", "subtitle-editor.log", "catalog.toml", "userpref.blend"} <= names
    kept += [path for path in tmp_path.rglob("*") if path.is_file()]
    holders = [path for path in kept if TOKEN.encode() in path.read_bytes()]
    assert holders == [settings.token_path()]
    if os.name == "posix":
        assert stat.S_IMODE(settings.token_path().stat().st_mode) == 0o600


def test_the_token_goes_to_the_hub_only(account: LoopbackHub) -> None:
    bpy.ops.subtitle.download_model()
    content = [request for request in account.requests if request.host == "content"]
    assert content
    assert not [request for request in content if "authorization" in request.headers]
