# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of the options for transcribing: files in the user's folder that the command line takes as well.

Their names are read on a thread whenever the menu is looked at, some time after it was last; in background, where
nobody draws, when somebody asks. Main thread, but for the reading.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import UsageError
from ..core.text import Text
from . import profiles, screen, settings
from .choices import AUTO
from .looking import Looking

if TYPE_CHECKING:
    from .choices import Choices

_FIELDS = {
    "language": "language",
    "task": "task",
    "track": "track",
    "profile": "profile",
    "prompt": "prompt",
    "hotwords": "hotwords",
    "glossary": "glossary",
    "words": "use_word_times",
    "suppress_numerals": "suppress_numerals",
    "vad": "use_vad",
    "vad_threshold": "vad_threshold",
    "vad_min_speech_duration_ms": "vad_min_speech",
    "vad_min_silence_duration_ms": "vad_min_silence",
    "vad_speech_pad_ms": "vad_pad",
    "beam_size": "beam_size",
    "batch_size": "batch_size",
}
"""What the command line calls an option, and what the scene calls it."""


class _Known:
    """What was read last."""

    names: tuple[str, ...] = ()


def folder() -> Path:
    """Where they lie; it need not exist."""
    # Here, not above: it is not needed to register.
    from ..core import presets

    return settings.user_dir() / presets.FOLDER


def names() -> tuple[str, ...]:
    """Those that there are, as of the last look. Takes no time in a window."""
    if bpy.app.background:
        _read()
    elif _looking.is_due():
        _look()
    return _Known.names


def _names(where: Path) -> tuple[str, ...]:
    from ..core import presets

    return tuple(presets.names(where))


def _read() -> None:
    """Read the names now. What a thread reads meanwhile may be from before, and counts no more."""
    _looking.look = None
    _Known.names = _names(folder())


def _look() -> None:
    where = folder()
    _looking.begin(lambda: _names(where))


def _take(found: tuple[str, ...]) -> None:
    if found != _Known.names:
        _Known.names = found
        screen.redraw()


_looking = Looking("presets", _take)


def save(name: str, choice: Choices, *, replace: bool = False) -> None:
    """Make a preset of what is chosen; with `replace` in place of one of that name. Raises SubtitleEditorError."""
    from ..core import presets

    _read()  # What was looked at last may be of before: nothing is written over unasked.
    if is_there(name) and not replace:
        raise UsageError(Text('There is a preset "{name}" already.', name=name.strip()))
    said = {option: getattr(choice, field) for option, field in _FIELDS.items()}
    if choice.glossary:
        said["glossary"] = bpy.path.abspath(choice.glossary)
    # Blender keeps single precision.
    said["vad_threshold"] = round(choice.vad_threshold, 4)
    presets.write(presets.path_of(folder(), name), said)
    _read()


def use(name: str, choice: Choices) -> Text | None:
    """Choose what a preset says; what it does not say stays. What of it this panel does not have, to be told.

    Raises UsageError for a file that cannot be read or says what nobody understands; nothing is changed then.
    """
    from ..core import presets

    said = presets.read(presets.path_of(folder(), name), profiles.known())
    for option, field in _FIELDS.items():
        if option in said:
            setattr(choice, field, _as_chosen(option, said[option]))
    others = sorted(said.keys() - _FIELDS.keys())
    if not others:
        return None
    return Text("{names}: only the command line has these, they are left out", names=", ".join(others))


def _as_chosen(option: str, value: Any) -> Any:
    if option == "language":
        return value or AUTO
    if option == "glossary":
        return str(value or "")
    return value


def delete(name: str) -> None:
    """Raises SubtitleEditorError."""
    from ..core import presets

    presets.remove(presets.path_of(folder(), name))
    _read()


def is_there(name: str) -> bool:
    """Whether there is one of that name, as of the last look; on many disks capitals make no other name."""
    return name.strip().casefold() in (one.casefold() for one in _Known.names)


def forget() -> None:
    """Know nothing. What a thread still reads counts no more."""
    _looking.forget()
    _Known.names = ()
