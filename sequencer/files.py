# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files and the timeline: what makes room for one, and what a file said that no strip can keep.

Everything here runs on the main thread.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

import bpy

from . import compat, cue, strips

if TYPE_CHECKING:
    from ..core.subtitles.document import Document


def highest_media(scene: bpy.types.Scene) -> int:
    """The highest channel with a sound or picture: subtitles lie above what they explain."""
    kinds = ("SOUND", "MOVIE", "IMAGE", "SCENE", "META")
    channels = (s.channel for s in compat.strips_of(compat.editor_of(scene)) if s.type in kinds)
    return max(channels, default=0)


def replaceable(scene: bpy.types.Scene, channels: Container[int] | None = None) -> list[compat.Strip]:
    """The subtitles among the strips that are shown, those on `channels` only where these are given."""
    ours = (strip for strip in compat.strips_of(compat.shown(compat.editor_of(scene))) if cue.is_subtitle(strip))
    return [strip for strip in ours if channels is None or strip.channel in channels]


def remove_subtitles(scene: bpy.types.Scene, channels: Container[int] | None = None) -> int:
    """Remove what is `replaceable`; how many there were."""
    gone = replaceable(scene, channels)
    for strip in gone:
        compat.strips_of(compat.shown(compat.editor_of(scene))).remove(strip)
    return len(gone)


# What a file said besides its subtitles

FILES = "subtitle_editor_files"
"""Custom property of a scene: by channel, all that the file of a track said and no strip can keep."""


def remember(scene: bpy.types.Scene, channel: int, document: Document) -> None:
    """Keep what the file says besides its subtitles, for when they are written in its format again."""
    from ..core.subtitles import remembering

    before = _files(scene)
    kept = {key: value for key, value in before.items() if key != str(channel)}
    if packed := remembering.pack(document):
        kept[str(channel)] = packed
    if kept or before:
        scene[FILES] = kept


def _files(scene: bpy.types.Scene) -> dict[str, str]:
    found = scene.get(FILES)
    return dict(found.to_dict()) if hasattr(found, "to_dict") else {}


def document_of(
    scene: bpy.types.Scene, only_selected: bool = False, channels: Container[int] | None = None
) -> tuple[Document, list[str]]:
    """What `strips.cues_of` says, with what the file that they came from said besides them."""
    from ..core.subtitles import remembering
    from ..core.subtitles.document import Document

    used = {strip.channel for strip, _, _ in strips.subtitles(scene, only_selected, channels)}
    cues, warnings = strips.cues_of(scene, only_selected, channels)
    files = [text for channel, text in sorted(_files(scene).items()) if int(channel) in used]
    # Of two files neither can be the head of the other.
    document = remembering.unpack(files[0]) if len(files) == 1 else Document()
    return document.with_cues(cues), warnings
