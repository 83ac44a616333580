# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose for this film: settings on the Scene, saved in the .blend. Never the state of a job."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, PointerProperty

from .core import catalog
from .core.cues import DEFAULT_PROFILE, PROFILES
from .core.languages import NAMES
from .core.units import human_size

if TYPE_CHECKING:
    from bpy.types import Context

DEFAULT_MODEL = "small"
AUTO = "auto"

_Item = tuple[str, str, str, str, int]


def number(name: str) -> int:
    """A number for an enum item that stays the same when the list changes: it is what a .blend keeps.

    >>> number("small") == number("small") != number("base")
    True
    """
    return zlib.crc32(name.encode("utf-8")) & 0x7FFFFFFF


_model_items: list[_Item] = []
"""Blender keeps no reference to the texts of a dynamic enum: they must live here, or menus show rubbish."""


def _models(_self: bpy.types.PropertyGroup, _context: Context | None) -> list[_Item]:
    if not _model_items:
        for entry in catalog.load():
            if entry.kind == catalog.SPEECH_TO_TEXT:
                label = f"{entry.id}  ({human_size(entry.size)})"
                _model_items.append((entry.id, label, entry.description, "NONE", number(entry.id)))
    return _model_items


_LANGUAGES: list[_Item] = [
    (AUTO, "Detect", "The model finds the language in the first half minute", "NONE", 0),
    *(
        (code, name, f"The speech is {name}", "NONE", number(code))
        for code, name in sorted(NAMES.items(), key=lambda item: item[1])
    ),
]

_PROFILES: list[_Item] = [
    (name, profile.label, f"Up to {profile.max_lines} lines of {profile.max_chars} characters", "NONE", number(name))
    for name, profile in PROFILES.items()
]

_TASKS = (
    ("transcribe", "Transcribe", "Subtitles in the language that is spoken"),
    ("translate", "To English", "English subtitles, whatever is spoken (not with turbo and .en models)"),
)


class SubtitleEditorSettings(bpy.types.PropertyGroup):
    """Choices for the work on this scene."""

    model: EnumProperty(  # type: ignore[valid-type]
        name="Model",
        description="The speech model. Larger ones hear better and take longer",
        items=_models,
        default=number(DEFAULT_MODEL),
    )
    language: EnumProperty(  # type: ignore[valid-type]
        name="Language", description="What is spoken", items=_LANGUAGES, default=AUTO
    )
    task: EnumProperty(  # type: ignore[valid-type]
        name="Task", description="What the subtitles say", items=_TASKS, default="transcribe"
    )
    use_word_times: BoolProperty(  # type: ignore[valid-type]
        name="Word Times",
        description="Measure when each word is said: better line breaks and cuts, a little slower",
        default=True,
    )
    profile: EnumProperty(  # type: ignore[valid-type]
        name="Profile",
        description="The reading rules that subtitles are shaped by",
        items=_PROFILES,
        default=DEFAULT_PROFILE.name,
    )
    only_selected: BoolProperty(  # type: ignore[valid-type]
        name="Selected Only", description="Export the selected text strips instead of all", default=False
    )


_register, _unregister = bpy.utils.register_classes_factory((SubtitleEditorSettings,))


def of(scene: bpy.types.Scene) -> SubtitleEditorSettings:
    """The settings of `scene`."""
    settings: SubtitleEditorSettings = scene.subtitle_editor  # type: ignore[attr-defined]
    return settings


def register() -> None:
    """Called by the package."""
    _register()
    bpy.types.Scene.subtitle_editor = PointerProperty(  # type: ignore[attr-defined]
        type=SubtitleEditorSettings
    )


def unregister() -> None:
    """Called by the package."""
    del bpy.types.Scene.subtitle_editor  # type: ignore[attr-defined]
    _unregister()
    _model_items.clear()
