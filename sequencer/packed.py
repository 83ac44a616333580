# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds that are packed into the .blend. They are heard from a copy in Blender's folder for now, and known again, also
after a restart, by what is in them. Main thread, but for `write`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from ..core.errors.media import MediaError
from ..core.text import Text
from .compat import Strip

_FOLDER = Path("packed")
"""What is behind it is no file but a name: of no folder that anybody has, for it is relative."""

_digests: dict[tuple[int, int, str], str] = {}
"""By sound, length and path: to see what is in it takes as long as to copy it."""
_waiting: dict[Path, bytes] = {}
"""Copies that are wanted, and are not on the disk yet."""


def is_packed(strip: Strip) -> bool:
    """Whether a strip plays a sound that is packed."""
    return _sound_of(strip) is not None


def _sound_of(strip: Strip) -> Any:
    sound: Any = strip.sound if strip.type == "SOUND" else None
    return sound if sound is not None and sound.packed_file is not None else None


def known_of(strip: Strip, wanted: set[Path]) -> Path | None:
    """What a packed sound is called wherever it is known again, which is no file; None for a strip that plays none, and
    for one that is none of those that are `wanted`, which takes no time where none is as long."""
    sound = _sound_of(strip)
    if sound is None:
        return None
    size, name = int(sound.packed_file.size), _name(sound)
    if not any(path.name == name and path.parent.name.endswith(f"-{size}") for path in wanted):
        return None
    key = (int(sound.session_uid), size, str(sound.filepath))
    if key not in _digests:
        _digests[key] = _digest(sound.packed_file.data)
    return _FOLDER / f"{_digests[key]}-{size}" / name


def copy_of(strip: Strip) -> tuple[Path, Path]:
    """The file from which a packed sound is heard, and what it is called. It may not be there before `write`."""
    sound = _sound_of(strip)
    # Not by what is noted: who packs a changed file of the same length anew wants to have that one heard.
    data: bytes = sound.packed_file.data
    known = _FOLDER / f"{_digest(data)}-{len(data)}" / _name(sound)
    path = Path(bpy.app.tempdir) / "subtitle_editor" / known.parent.name / known.name
    if not path.is_file() or path.stat().st_size != len(data):
        _waiting[path] = data
    return path, known


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()[:24]


def _name(sound: Any) -> str:
    """As the file was called that was packed, where that is a name everywhere."""
    from ..core.system.names import is_inner_path

    name = Path(str(sound.filepath).replace("\\", "/")).name
    return name if name and is_inner_path(name, windows=True) else "sound"


def waiting() -> dict[Path, bytes]:
    """What is to be written before it is heard; it waits no more."""
    found = dict(_waiting)
    _waiting.clear()
    return found


def write(copies: Mapping[Path, bytes]) -> None:
    """Make these files, those that are not there. Any thread. Raises MediaError."""
    from ..core.system import files
    from ..core.system.reasons import reason_of

    for path, data in copies.items():
        try:
            if not path.is_file() or path.stat().st_size != len(data):
                path.parent.mkdir(parents=True, exist_ok=True)
                files.write(path, data, lasting=False)
        except OSError as error:
            raise MediaError(
                Text("The packed sound {path} cannot be unpacked: {reason}.", path=path.name, reason=reason_of(error)),
                Text("Unpack it (File > External Data) and try again."),
            ) from error
