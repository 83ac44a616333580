# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose: for this film on the Scene, saved in the .blend; for the lists of the panels on the window
manager. Never the state of a job.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from .core.catalog import entries, reading
from .core.languages import NAMES
from .core.subtitles.profiles import DEFAULT_PROFILE, PROFILES
from .core.units import human_size

if TYPE_CHECKING:
    from bpy.types import Context

    from .core.catalog.entries import Catalog, Entry

DEFAULT_MODEL = "small"
AUTO = "auto"
ALL_KINDS = "all"

_Item = tuple[str, str, str, str, int]


def number(name: str) -> int:
    """A number for an enum item that stays the same when the list changes: it is what a .blend keeps.

    >>> number("small") == number("small") != number("base")
    True
    """
    return zlib.crc32(name.encode("utf-8")) & 0x7FFFFFFF


_model_items: list[_Item] = []
"""Blender keeps no reference to the texts of a dynamic enum: they must live here, or menus show rubbish."""

_kept: list[_Item] = []
"""All items there ever were: a menu may be open while the catalogue changes."""


def _models(_self: bpy.types.PropertyGroup, context: Context | None) -> list[_Item]:
    if not _model_items:
        from . import preferences

        offer(reading.load(preferences.get(context or bpy.context).user_catalog))
    return _model_items


def offer(known: Catalog) -> None:
    """Offer the speech models of a catalogue, the user's own included, as the scene's model. Called when it changes."""
    items = [_model_item(entry) for entry in known if entry.kind == entries.SPEECH_TO_TEXT]
    if items != _model_items:
        _kept.extend(_model_items)
        _model_items[:] = items


def _model_item(entry: Entry) -> _Item:
    return entry.id, f"{entry.id}  ({human_size(entry.size)})", entry.description, "NONE", number(entry.id)


_LANGUAGES: list[_Item] = [
    (AUTO, "Detect", "The model finds the language in the first half minute", "NONE", 0),
    *((code, name, "", "NONE", number(code)) for code, name in sorted(NAMES.items(), key=lambda item: item[1])),
]

_PROFILES: list[_Item] = [
    (name, profile.label, profile.summary, "NONE", number(name)) for name, profile in PROFILES.items()
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


_KINDS: list[_Item] = [
    *((kind, name, "", "NONE", place) for place, (kind, name) in enumerate(entries.KIND_NAMES.items())),
    (ALL_KINDS, "All Kinds", "", "NONE", 99),
]


def _filter_changed(_self: bpy.types.PropertyGroup, _context: Context) -> None:
    from .operators import session

    session.rebuild()


def _model_chosen(_self: bpy.types.PropertyGroup, _context: Context) -> None:
    from .operators import session

    session.line_chosen()


class SubtitleEditorRow(bpy.types.PropertyGroup):
    """A line of a list. What it says is in operators/shelf.py, at the same place; `name` is the id of a model."""


class SubtitleEditorView(bpy.types.PropertyGroup):
    """What the panels' lists show and which line is chosen: on the window manager, the same for all files."""

    kind: EnumProperty(  # type: ignore[valid-type]
        name="Kind",
        description="Show models of this kind",
        items=_KINDS,
        default=entries.SPEECH_TO_TEXT,
        update=_filter_changed,
    )
    search: StringProperty(  # type: ignore[valid-type]
        name="Search",
        description="Show models whose name, language, licence, tags or description have all these words",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
        update=_filter_changed,
    )
    show_missing: BoolProperty(  # type: ignore[valid-type]
        name="Show Missing",
        description="Also show models that are not on this computer and can be downloaded",
        default=False,
        update=_filter_changed,
    )
    models: CollectionProperty(type=SubtitleEditorRow)  # type: ignore[valid-type]
    model_index: IntProperty(name="Model", update=_model_chosen, options={"SKIP_SAVE"})  # type: ignore[valid-type]
    history: CollectionProperty(type=SubtitleEditorRow)  # type: ignore[valid-type]
    history_index: IntProperty(name="Download", options={"SKIP_SAVE"})  # type: ignore[valid-type]


_register, _unregister = bpy.utils.register_classes_factory(
    (SubtitleEditorSettings, SubtitleEditorRow, SubtitleEditorView)
)


def view_of(manager: bpy.types.WindowManager) -> SubtitleEditorView:
    """What the lists show."""
    view: SubtitleEditorView = manager.subtitle_editor  # type: ignore[attr-defined]
    return view


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
    bpy.types.WindowManager.subtitle_editor = PointerProperty(  # type: ignore[attr-defined]
        type=SubtitleEditorView
    )


def unregister() -> None:
    """Called by the package."""
    del bpy.types.WindowManager.subtitle_editor  # type: ignore[attr-defined]
    del bpy.types.Scene.subtitle_editor  # type: ignore[attr-defined]
    _unregister()
    _model_items.clear()
