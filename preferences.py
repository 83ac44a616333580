# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences, and one typed way to read them: `get(context)`."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import IntProperty, StringProperty

from .core import token_file
from .core.endpoint import DEFAULT_ENDPOINT, resolve

if TYPE_CHECKING:
    from bpy.types import Context

TOKEN_PAGE = "https://huggingface.co/settings/tokens"
DEFAULT_CONNECTIONS = 6


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What the preferences say, as plain values that may go to any thread."""

    models_dir: Path
    endpoint: str
    token: str | None = dataclasses.field(repr=False)
    """None when the user gave none: everything works without."""
    connections: int
    speed_limit: int | None
    """Bytes per second; None without a limit."""


def get(context: Context) -> Settings:
    """The preferences as values. Without an enabled add-on (tests, scripts) these are the defaults."""
    found = of(context)
    folder = bpy.path.abspath(found.models_folder) if found and found.models_folder else ""
    limit = found.speed_limit if found else 0
    return Settings(
        models_dir=Path(folder) if folder else default_models_dir(),
        endpoint=resolve(found.endpoint if found else None),
        token=read_token() or None,
        connections=found.connections if found else DEFAULT_CONNECTIONS,
        # The field counts in MB per second; 0 stands for "no limit".
        speed_limit=limit * 1_000_000 or None,
    )


def of(context: Context) -> SubtitleEditorPreferences | None:
    """The add-on's preferences in Blender; None while it is registered without being enabled."""
    addon: bpy.types.Addon | None = context.preferences.addons.get(__package__)
    found: Any = addon.preferences if addon else None
    return cast("SubtitleEditorPreferences | None", found)


def default_models_dir() -> Path:
    """Where models go unless the user says otherwise. Survives updates of the extension."""
    return _user_folder("models")


def token_path() -> Path:
    """Where the token is kept."""
    return _user_folder("") / token_file.FILE_NAME


def _user_folder(path: str) -> Path:
    try:
        return Path(bpy.utils.extension_path_user(__package__, path=path, create=True))
    except ValueError:
        # Not installed as an extension: a plain module, as in the tests and the demo.
        inside = os.path.join("subtitle_editor", path) if path else "subtitle_editor"
        return Path(bpy.utils.user_resource("DATAFILES", path=inside, create=True))


_token: str | None = None
"""The token once read: the preferences ask for it at each redraw, which must not read the disk."""


def read_token() -> str:
    """The user's token, empty without one. Reads the disk the first time only."""
    global _token
    if _token is None:
        _token = token_file.read(token_path())
    return _token


def _get_token(_self: bpy.types.AddonPreferences) -> str:
    return read_token()


def _set_token(_self: bpy.types.AddonPreferences, value: str) -> None:
    global _token
    token_file.write(token_path(), value)
    _token = value.strip()


def _models_folder_changed(_self: bpy.types.AddonPreferences, _context: Context) -> None:
    from .operators import session

    session.refresh_soon()


class SubtitleEditorPreferences(bpy.types.AddonPreferences):
    """What holds for all files. The token is not among what Blender saves: see core/token_file.py."""

    bl_idname = __package__

    token: StringProperty(  # type: ignore[valid-type]
        name="Hub Token",
        description="Optional. A free token raises the hub's rate limits and opens gated models. "
        "Kept in a file of its own that only you can read",
        subtype="PASSWORD",
        get=_get_token,
        set=_set_token,
        options={"SKIP_SAVE"},
    )
    models_folder: StringProperty(  # type: ignore[valid-type]
        name="Models Folder",
        description="Where downloaded models are kept. Empty: a folder of this extension",
        subtype="DIR_PATH",
        update=_models_folder_changed,
    )
    endpoint: StringProperty(  # type: ignore[valid-type]
        name="Hub Endpoint",
        description="Another server with the hub's protocol, such as a mirror. "
        f"Empty: HF_ENDPOINT or {DEFAULT_ENDPOINT}",
    )
    connections: IntProperty(  # type: ignore[valid-type]
        name="Connections",
        description="How many connections one download uses at a time",
        default=DEFAULT_CONNECTIONS,
        min=1,
        max=16,
    )
    speed_limit: IntProperty(  # type: ignore[valid-type]
        name="Speed Limit (MB/s)",
        description="The most that downloads take together, in megabytes per second. 0: no limit",
        default=0,
        min=0,
        soft_max=1000,
    )

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        layout.use_property_split = True
        if not bpy.app.online_access:
            layout.label(text="Online access is off: System > Network > Allow Online Access", icon="INTERNET_OFFLINE")
        layout.prop(self, "models_folder", placeholder="In the extension's own folder")
        row = layout.row(align=True)
        row.prop(self, "token", placeholder="Optional")
        row.operator("subtitle.open_token_page", text="", icon="URL")
        layout.prop(self, "endpoint", placeholder=DEFAULT_ENDPOINT)
        layout.prop(self, "connections")
        layout.prop(self, "speed_limit")


_register, _unregister = bpy.utils.register_classes_factory((SubtitleEditorPreferences,))


def register() -> None:
    """Called by the package."""
    _register()


def unregister() -> None:
    """Called by the package."""
    global _token
    _unregister()
    _token = None
