# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences, and one typed way to read them: `get(context)`."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from .core.errors import SubtitleEditorError
from .core.hub import endpoint as endpoints
from .core.hub.tokens import FILE_NAME, read, write
from .core.system import user_folder
from .core.text import Text

if TYPE_CHECKING:
    from bpy.types import Context

    from .core.hub.tokens import Token

TOKEN_PAGE = "https://huggingface.co/settings/tokens"
DEFAULT_CONNECTIONS = 6


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What the preferences say, as plain values that may go to any thread."""

    models_dir: Path
    user_dir: Path
    """Where the job store, the log, the user's catalogue and the token are."""
    endpoint: str
    token: str | None = dataclasses.field(repr=False)
    """None when the user has none anywhere: everything works without."""
    connections: int
    speed_limit: int | None
    """Bytes per second; None without a limit."""
    concurrency: int = 1
    """Downloads at a time."""
    offline: bool = False
    """Nothing may be asked of any server."""
    resume_jobs: bool = False
    """Go on by itself with what the last session left."""
    download_missing: bool = False
    """Download the chosen model when Transcribe is pressed without it."""

    @property
    def user_catalog(self) -> Path:
        """The user's own catalogue, which need not exist."""
        return self.user_dir / user_folder.CATALOG


def get(context: Context) -> Settings:
    """The preferences as values. Without an enabled add-on (tests, scripts) these are the defaults."""
    found = of(context)
    if found is None:
        return Settings(
            models_dir=default_models_dir(),
            user_dir=user_dir(),
            endpoint=endpoints.resolve(None),
            token=token(context).value or None,
            connections=DEFAULT_CONNECTIONS,
            speed_limit=None,
            offline=why_offline(context) is not None,
        )
    return Settings(
        models_dir=_models_dir(found),
        user_dir=user_dir(),
        endpoint=_endpoint(found),
        token=token(context).value or None,
        connections=found.connections,
        # The field counts in MB per second; 0 stands for "no limit".
        speed_limit=found.speed_limit * 1_000_000 or None,
        concurrency=found.concurrency,
        offline=why_offline(context) is not None,
        resume_jobs=found.resume_jobs,
        download_missing=found.download_missing,
    )


def of(context: Context) -> SubtitleEditorPreferences | None:
    """The add-on's preferences in Blender; None while it is registered without being enabled."""
    addon: bpy.types.Addon | None = context.preferences.addons.get(__package__)
    found: Any = addon.preferences if addon else None
    return cast("SubtitleEditorPreferences | None", found)


def why_offline(context: Context) -> Text | None:
    """What to switch on before anything can be asked of a server; None when nothing is in the way."""
    if not bpy.app.online_access:
        return Text("Online access is off: switch on Preferences > System > Network > Allow Online Access")
    found = of(context)
    if found is not None and found.offline:
        return Text("Offline mode is on: switch it off in the preferences of Subtitle Editor")
    if name := endpoints.offline_by():
        return Text("The environment variable {name} forbids to ask any server: start Blender without it", name=name)
    return None


def _models_dir(found: SubtitleEditorPreferences) -> Path:
    if found.use_shared_cache:
        from .core.library import layout

        return layout.shared_cache()
    folder = bpy.path.abspath(found.models_folder) if found.models_folder else ""
    return Path(folder) if folder else default_models_dir()


def _endpoint(found: SubtitleEditorPreferences) -> str:
    return endpoints.resolve(endpoints.of_preset(found.endpoint_preset, found.endpoint))


def default_models_dir() -> Path:
    """Where models go unless the user says otherwise. Survives updates of the extension."""
    return _user_folder("models")


def user_dir() -> Path:
    """The folder of this user for all that is neither a setting nor a model. Survives updates of the extension."""
    return _user_folder("")


def token_path() -> Path:
    """Where the token is kept."""
    return user_dir() / FILE_NAME


def _user_folder(path: str) -> Path:
    try:
        return Path(bpy.utils.extension_path_user(__package__, path=path, create=True))
    except ValueError:
        # Not installed as an extension: a plain module, as in the tests and the demo.
        inside = os.path.join("subtitle_editor", path) if path else "subtitle_editor"
        return Path(bpy.utils.user_resource("DATAFILES", path=inside, create=True))


_token: str | None = None
"""The token once read: the preferences ask for it at each redraw, which must not read the disk."""

_resolved: dict[str | None, Token] = {}
"""The token that is sent, and where it is from, by hub; read once, and again when the user changes theirs."""


def read_token() -> str:
    """The user's token in the preferences, empty without one. Reads the disk the first time only."""
    global _token
    if _token is None:
        _token = read(token_path())
    return _token


def token(context: Context) -> Token:
    """The token that requests carry, and its source: the preferences, HF_TOKEN, or the Hugging Face login."""
    found = of(context)
    hub = endpoints.of_preset(found.endpoint_preset, found.endpoint) if found else None
    if hub not in _resolved:
        from .core.hub import tokens

        _resolved[hub] = tokens.resolve(read_token(), hub)
    return _resolved[hub]


def forget_token() -> None:
    """Read the token anew when it is asked for next: it may have been changed outside of Blender."""
    global _token
    _token = None
    _resolved.clear()


def _get_token(_self: bpy.types.AddonPreferences) -> str:
    return read_token()


def _set_token(_self: bpy.types.AddonPreferences, value: str) -> None:
    from .operators import session

    try:
        write(token_path(), value)
        session.state.account = None
    except SubtitleEditorError as error:
        # An error in a property's setter reaches nobody; this the preferences show.
        session.state.account = session.Account(problem=str(error))
    forget_token()


def _library_changed(_self: bpy.types.AddonPreferences, _context: Context) -> None:
    from .operators import session

    session.refresh_soon()


def _jobs_changed(_self: bpy.types.AddonPreferences, context: Context) -> None:
    from .operators import manager

    manager.apply(get(context))


def _endpoint_changed(self: SubtitleEditorPreferences, _context: Context) -> None:
    # Whoever gives an address means to use it.
    if self.endpoint and self.endpoint_preset != endpoints.CUSTOM:
        self.endpoint_preset = endpoints.CUSTOM


class SubtitleEditorPreferences(bpy.types.AddonPreferences):
    """What holds for all files. The token is not among what Blender saves: see core/token_file.py."""

    bl_idname = __package__

    use_shared_cache: BoolProperty(  # type: ignore[valid-type]
        name="Shared Hugging Face Cache",
        description="Keep models in the folder that all Hugging Face programs of this user share: "
        "what one has downloaded, the others find",
        default=False,
        update=_library_changed,
    )
    models_folder: StringProperty(  # type: ignore[valid-type]
        name="Models Folder",
        description="Where downloaded models are kept. Empty: a folder of this extension",
        subtype="DIR_PATH",
        update=_library_changed,
    )
    token: StringProperty(  # type: ignore[valid-type]
        name="Hub Token",
        description="Optional. A free token raises the hub's rate limits and opens gated models. "
        "Kept in a file of its own that only you can read",
        subtype="PASSWORD",
        get=_get_token,
        set=_set_token,
        options={"SKIP_SAVE"},
    )
    endpoint_preset: EnumProperty(  # type: ignore[valid-type]
        name="Hub",
        description="The server that models are downloaded from",
        items=[(key, name, url or "An address of your own") for key, name, url in endpoints.PRESETS],
    )
    endpoint: StringProperty(  # type: ignore[valid-type]
        name="Address",
        description="Another server with the hub's protocol, such as a mirror",
        update=_endpoint_changed,
    )
    offline: BoolProperty(  # type: ignore[valid-type]
        name="Offline Mode",
        description="Ask nothing of any server; work with what is installed",
        default=False,
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
        description="The most that downloads take together, in megabytes per second. 0: no limit. "
        "Holds at once, for running downloads too",
        default=0,
        min=0,
        soft_max=1000,
        update=_jobs_changed,
    )
    concurrency: IntProperty(  # type: ignore[valid-type]
        name="Downloads at a Time",
        description="How many models are downloaded at the same time; the others wait their turn",
        default=1,
        min=1,
        max=4,
        update=_jobs_changed,
    )
    resume_jobs: BoolProperty(  # type: ignore[valid-type]
        name="Resume after a Restart",
        description="Go on by itself with downloads that the end of the last session, or a crash, interrupted",
        default=False,
    )
    download_missing: BoolProperty(  # type: ignore[valid-type]
        name="Download When Transcribing",
        description="Download the chosen model when Transcribe is pressed and it is not installed yet",
        default=False,
    )

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        from .panels import account

        account.draw(self, self.layout, context)


_register, _unregister = bpy.utils.register_classes_factory((SubtitleEditorPreferences,))


def register() -> None:
    """Called by the package."""
    _register()


def unregister() -> None:
    """Called by the package."""
    _unregister()
    forget_token()
