# SPDX-License-Identifier: GPL-3.0-or-later
"""Preferences: defaults without an add-on, values with one, and the token that Blender never saves."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import subtitle_editor

TOKEN = "hf_aSecretThatMustNotLeak"


@pytest.fixture
def registered(empty: None) -> Iterator[None]:
    """The classes without an enabled add-on: no preferences exist."""
    subtitle_editor.register()
    yield
    subtitle_editor.unregister()


def test_defaults_without_an_enabled_addon(registered: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from subtitle_editor.session.settings import forget_default_models_dir, get, of

    forget_default_models_dir()  # It is made when it is first asked for, and other tests have deleted it since.
    settings = get(bpy.context)
    assert of(bpy.context) is None
    assert settings.endpoint == "https://huggingface.co"
    assert not settings.token
    assert (settings.connections, settings.speed_limit) == (6, None)
    assert settings.models_dir.is_dir()
    assert settings.models_dir.is_relative_to(os.environ["BLENDER_USER_RESOURCES"])
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert get(bpy.context).endpoint == "https://mirror.example"


def test_values_of_the_user(addon: bpy.types.AddonPreferences, tmp_path: Path) -> None:
    from subtitle_editor.session.settings import get

    addon.models_folder = str(tmp_path)
    addon.endpoint = "http://127.0.0.1:1/"
    addon.connections = 99
    addon.speed_limit = 3
    settings = get(bpy.context)
    assert settings.models_dir == tmp_path
    assert settings.endpoint == "http://127.0.0.1:1"
    assert settings.connections == 16
    assert settings.speed_limit == 3_000_000


def test_token_is_kept_but_not_by_blender(addon: bpy.types.AddonPreferences, tmp_path: Path) -> None:
    from subtitle_editor.session.settings import get, token_path

    addon.token = f"  {TOKEN}\n"
    assert addon.token == TOKEN
    assert get(bpy.context).token.value == TOKEN
    assert TOKEN not in repr(get(bpy.context))
    path = token_path()
    assert path.read_text(encoding="utf-8") == TOKEN
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    bpy.ops.wm.save_userpref()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"), compress=False)
    saved = [tmp_path / "a.blend", *Path(os.environ["BLENDER_USER_RESOURCES"]).rglob("*.blend")]
    assert any(file.name == "userpref.blend" for file in saved)
    for file in saved:
        assert TOKEN.encode() not in file.read_bytes(), file
    addon.token = ""
    assert not path.exists()
    assert not get(bpy.context).token


def test_token_is_read_again_in_the_next_session(registered: None) -> None:
    from subtitle_editor.core.hub import tokens
    from subtitle_editor.session.settings import get, token_path

    tokens.write(token_path(), TOKEN)
    assert get(bpy.context).token.value == TOKEN
    tokens.write(token_path(), "")
