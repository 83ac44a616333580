# SPDX-License-Identifier: GPL-3.0-or-later
"""One typed way to read the preferences: `get(context)`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import bpy

from ..core.hub import endpoint as endpoints
from ..core.system import environment, user_folder
from ..core.system.folders import expanded
from ..core.system.long_paths import reachable
from ..core.text import Text
from ..core.transfer.limits import DEFAULT_CONNECTIONS
from ..sequencer import drawing

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.hub.tokens import Token

_ADDON = __package__.rpartition(".")[0]
"""What Blender calls the add-on: the package above this folder."""

TOKEN_PAGE = "https://huggingface.co/settings/tokens"

_token: str | None = None
"""The token once read: the preferences ask for it at each redraw, which must not read the disk."""

_default: tuple[Path, Path, bool] | None = None
"""The default folder of models, the one that it would be if there were no models yet, and whether there are models in
Blender's that may be moved there."""

_resolved: dict[str | None, Token] = {}
"""The token that is sent, and where it is from, by hub; read once, and again when the user changes theirs."""


class Preferences(Protocol):
    """The fields of the add-on's preferences that are read. Declared in preferences.py, with names and descriptions."""

    use_shared_cache: bool
    models_folder: str
    endpoint_preset: str
    endpoint: str
    offline: bool
    prepare_right_to_left: bool
    show_marks: bool
    connections: int
    speed_limit: int
    concurrency: int
    resume_jobs: bool
    download_missing: bool
    device: str
    device_number: int
    compute_type: str
    threads: int
    keep_model: int
    rules: Any
    bake_before_render: bool


class Settings(NamedTuple):
    """What the preferences say, as plain values that may go to any thread."""

    models_dir: Path
    user_dir: Path
    """Where the job store, the log, the user's catalogue and the token are."""
    endpoint: str
    token: Token
    """Empty when the user has none anywhere: everything works without."""
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
    device: str = "auto"
    """What listens: `auto`, `cpu`, `cuda`, or `cuda:1` for the second card."""
    compute_type: str = "default"
    threads: int = 0
    keep_model: float = 300.0
    """Seconds that the model stays loaded after a transcription."""

    @property
    def user_catalog(self) -> Path:
        """The user's own catalogue, which need not exist."""
        return self.user_dir / user_folder.CATALOG


def get(context: Context) -> Settings:
    """The preferences as values. Without an enabled add-on (tests, scripts) these are the defaults."""
    found = of(context)
    if found is None:
        return Settings(
            models_dir=reachable(default_models_dir()),
            user_dir=user_dir(),
            endpoint=endpoints.resolve(None),
            token=token(context),
            connections=DEFAULT_CONNECTIONS,
            speed_limit=None,
            offline=why_offline(context) is not None,
        )
    return Settings(
        models_dir=reachable(_models_dir(found)),
        user_dir=user_dir(),
        endpoint=_endpoint(found),
        token=token(context),
        connections=found.connections,
        # The field counts in MB per second; 0 stands for "no limit".
        speed_limit=found.speed_limit * 1_000_000 or None,
        concurrency=found.concurrency,
        offline=why_offline(context) is not None,
        resume_jobs=found.resume_jobs,
        download_missing=found.download_missing,
        device=f"cuda:{found.device_number}" if found.device == "cuda" and found.device_number else found.device,
        compute_type=found.compute_type,
        threads=found.threads,
        keep_model=found.keep_model * 60.0,
    )


def of(context: Context) -> Preferences | None:
    """The add-on's preferences in Blender; None while it is registered without being enabled."""
    addon: bpy.types.Addon | None = context.preferences.addons.get(_ADDON)
    found: Any = addon.preferences if addon else None
    return cast("Preferences | None", found)


def apply_drawing(context: Context) -> None:
    """Tell the sequencer whether texts from right to left are prepared for Blender."""
    found = of(context)
    drawing.use(found is None or found.prepare_right_to_left)


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


def _models_dir(found: Preferences) -> Path:
    if found.use_shared_cache:
        from ..core.library import layout

        return layout.shared_cache()
    given = environment.bare(found.models_folder)  # "Copy as path" of Windows' Explorer quotes it.
    folder = bpy.path.abspath(given) if given else ""
    return expanded(folder) if folder else default_models_dir()


def _endpoint(found: Preferences) -> str:
    return endpoints.resolve(endpoints.of_preset(found.endpoint_preset, found.endpoint))


def default_models_dir() -> Path:
    """Where models go unless the user says otherwise. Survives updates of the extension. Looks at the disk the first
    time only."""
    global _default
    found = _default  # A move forgets it on its own thread.
    if found is None:
        from ..core.library import moving

        given = blenders_models_dir()
        # The short one where `given` is used for what lies in it already; the same for both elsewhere.
        _default = found = moving.default(given), moving.usual(given), moving.is_left(given)
    return found[0]


def models_may_move() -> Path | None:
    """The folder that models would go to if there were none yet, while there are some in the one that Blender has, all
    or what a move has left; None where the preferences say a folder, or before anybody has looked at the disk. Memory
    only."""
    found, looked = of(bpy.context), _default
    chosen = found is not None and (found.use_shared_cache or found.models_folder)
    if looked is None or chosen or not looked[2]:
        return None
    return looked[1]


def forget_default_models_dir() -> None:
    """Look again: models were moved. Any thread."""
    global _default
    _default = None


def blenders_models_dir() -> Path:
    """The folder that Blender has for models, which on Windows is a long one."""
    return _user_folder("models")


def user_dir() -> Path:
    """The folder of this user for all that is neither a setting nor a model. Survives updates of the extension."""
    return _user_folder("")


def token_path() -> Path:
    """Where the token is kept."""
    # Here, not above: it is not needed to register.
    from ..core.hub.tokens import FILE_NAME

    return user_dir() / FILE_NAME


def _user_folder(path: str) -> Path:
    try:
        return Path(bpy.utils.extension_path_user(_ADDON, path=path, create=True))
    except ValueError:
        # Not installed as an extension: a plain module, as in the tests and the demo.
        inside = os.path.join("subtitle_editor", path) if path else "subtitle_editor"
        return Path(bpy.utils.user_resource("DATAFILES", path=inside, create=True))


def read_token() -> str:
    """The user's token in the preferences, empty without one. Reads the disk the first time only."""
    global _token
    if _token is None:
        from ..core.hub.tokens import read

        _token = read(token_path())
    return _token


def token(context: Context) -> Token:
    """The token that requests carry, and its source: the preferences, HF_TOKEN, or the Hugging Face login."""
    found = of(context)
    hub = endpoints.of_preset(found.endpoint_preset, found.endpoint) if found else None
    if hub not in _resolved:
        from ..core.hub import tokens

        _resolved[hub] = tokens.resolve(read_token(), hub)
    return _resolved[hub]


def forget_token() -> None:
    """Read the token anew when it is asked for next: it may have been changed outside of Blender."""
    global _token
    _token = None
    _resolved.clear()
