# SPDX-License-Identifier: GPL-3.0-or-later
"""TEXT strips of transcriptions that have not come to their end: a mark says whose each is, and goes in the end. Main
thread."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from typing import Any

import bpy

from . import compat

MARK = "subtitle_editor_live"
"""The custom property of a strip whose transcription has not come to its end."""

COMING, KEPT = "coming", "kept"
"""What a mark begins with: its transcription was under way; or it ended early and can be continued."""


def mark_of(strip: compat.Strip) -> tuple[str, str, str]:
    """What a mark says: of which kind it is, whose, and the subtitle's number."""
    found = strip[MARK]
    kind, owner, number, *_ = [*(found.split(" ") if isinstance(found, str) else ()), "", "", ""]
    return kind, owner, number


def family(owner: str) -> str:
    """Whose transcription it is, of which an owner may be one stretch: the name up to the first slash."""
    return owner.partition("/")[0]


def meta_with(scene: bpy.types.Scene, whose: str, meta: str) -> str:
    """The name of the meta strip that has subtitles of the transcription `whose`, empty for the sequence editor itself;
    `meta` where that has some, or none has."""
    editor = scene.sequence_editor
    for holder in (compat.holder(editor, meta), *_holders(editor)):
        if any(MARK in one and family(mark_of(one)[1]) == whose for one in compat.strips_of(holder)):
            return "" if holder == editor else str(holder.name)
    return meta


def remove_leftovers(scene: bpy.types.Scene, owners: Container[str], budget: float) -> bool:
    """Remove the strips, wherever they are, that one of these had made when the state of the file was kept that an undo
    has brought back. At most for about so many seconds; whether there are no more.
    """
    editor = scene.sequence_editor
    if editor is None:
        return True
    until = time.monotonic() + budget
    for owner in _holders(editor):
        strips = compat.strips_of(owner)
        names = [strip.name for strip in strips if strip.type == "TEXT" and MARK in strip and _is_left(strip, owners)]
        for name in names:
            strips.remove(strips[name])
            if time.monotonic() >= until:
                return False
    return True


def _is_left(strip: compat.Strip, owners: Container[str]) -> bool:
    kind, owner, _ = mark_of(strip)
    return kind == COMING and owner in owners


def _holders(owner: Any) -> Iterator[Any]:
    """What holds strips: the sequence editor and all metas in it."""
    yield owner
    for strip in compat.strips_of(owner):
        if strip.type == "META":
            yield from _holders(strip)


def forget(scene: bpy.types.Scene, owner: str) -> None:
    """The strips of a transcription that will not be continued are ordinary ones from now on. `owner` is what the names
    of its stretches begin with."""
    if scene.sequence_editor is None:
        return
    for holder in _holders(scene.sequence_editor):
        for strip in compat.strips_of(holder):
            if strip.type == "TEXT" and MARK in strip and mark_of(strip)[1].startswith(owner):
                del strip[MARK]
