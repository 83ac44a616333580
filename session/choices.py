# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose for this film and for the lists: read and offered. Declared in properties.py."""

from __future__ import annotations

import zlib
from collections.abc import Container
from typing import TYPE_CHECKING, Any, Protocol

import bpy

from ..core.catalog.kinds import SPEECH_TO_TEXT
from ..core.text import Text
from ..core.units import human_size
from ..translations import iface

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.catalog.entries import Catalog, Entry

DEFAULT_MODEL = "small"

AUTO = "auto"

ALL_KINDS = "all"

Item = tuple[str, str, str, str, int]

model_items: list[Item] = []
"""Blender keeps no reference to the texts of a dynamic enum: they must live here, or menus show rubbish."""

_kept: list[Item] = []
"""All items there ever were: a menu may be open while the catalogue changes."""


class Choices(Protocol):
    """What is chosen for the work on a scene."""

    model: str
    language: str
    task: str
    use_word_times: bool
    source: str
    track: str
    prompt: str
    hotwords: str
    glossary: str
    use_vad: bool
    vad_threshold: float
    vad_min_speech: int
    vad_min_silence: int
    vad_pad: int
    beam_size: int
    batch_size: int
    suppress_numerals: bool
    profile: str
    picture_style: str
    picture_folder: str
    only_selected: bool
    tracks: Any
    track_index: int
    cue_index: int
    cue: Any
    time_format: str
    follow: bool


class View(Protocol):
    """What the lists of the panels show, and which line is chosen."""

    kind: str
    search: str
    show_missing: bool
    models: Any
    model_index: int
    history: Any
    history_index: int
    cue_search: str
    cue_filter: str
    cue_speaker: str
    cue_sort: str


def number(name: str) -> int:
    """A number for an enum item that stays the same when the list changes: it is what a .blend keeps.

    >>> number("small") == number("small") != number("base")
    True
    """
    return zlib.crc32(name.encode("utf-8")) & 0x7FFFFFFF


def models(_self: bpy.types.PropertyGroup, context: Context | None) -> list[Item]:
    if not model_items:
        # Here, not above: it is not needed to register.
        from ..core.catalog import reading
        from .settings import get

        offer(reading.load(get(context or bpy.context).user_catalog))
    return model_items


def offer(known: Catalog, installed: Container[str] = (), recommended: str = "") -> None:
    """Offer the speech models of a catalogue, the user's own included, as the scene's model: each once, without its
    other names. Called when it, what is `installed`, or which is `recommended` for this machine changes.
    """
    found = [entry for entry in known if entry.kind == SPEECH_TO_TEXT and not entry.alias_of]
    items = [item_of(entry, is_here=entry.id in installed, is_advised=entry.id == recommended) for entry in found]
    if items != model_items:
        _kept.extend(model_items)
        model_items[:] = items


def item_of(entry: Entry, *, is_here: bool = False, is_advised: bool = False) -> Item:
    name = f"{entry.id}  ({human_size(entry.size)})"
    if is_advised:
        name = iface(Text("{model}, recommended here", model=name))
    return entry.id, name, entry.description, "CHECKMARK" if is_here else "NONE", number(entry.id)


def view_of(manager: bpy.types.WindowManager) -> View:
    """What the lists show."""
    view: View = manager.subtitle_editor  # type: ignore[attr-defined]
    return view


def of(scene: bpy.types.Scene) -> Choices:
    """The settings of `scene`."""
    settings: Choices = scene.subtitle_editor  # type: ignore[attr-defined]
    return settings


def scene_model(scene: bpy.types.Scene) -> str:
    """The model that a scene transcribes with; empty when the .blend names one that is no longer there."""
    return str(of(scene).model)
