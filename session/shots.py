# SPDX-License-Identifier: GPL-3.0-or-later
"""The shots of the films on the timeline, as far as they are known: found by an operator, or in this or another session
before. Whether a film is known is looked up on a thread, once, when somebody asks for its cuts. Main thread, but for
looking up.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.errors.base import SubtitleEditorError
from ..sequencer import bulk, compat, sounds
from . import settings

if TYPE_CHECKING:
    from ..core.subtitles.shots import Shots
    from ..core.system.task import Task

    Strip = compat.Strip


class _Known:
    """By the path of a film."""

    def __init__(self) -> None:
        self.shots: dict[Path, Shots | None] = {}
        self.placed: dict[str, tuple[object, list[int]]] = {}
        """By the name of a strip: how it lay, and on which frames of the timeline its shots began then."""
        self.count = 0
        """Grows whenever more is known."""
        self.looking = 0
        """Films that are looked up at the moment."""
        self.found: deque[tuple[Path, Shots | None]] = deque()
        """What threads have looked up."""


_known = _Known()

_SOON = 0.1
"""Seconds until it is looked whether a thread is done."""

running: list[Task] = []
"""The task that looks for shots, while it does."""

listeners: list[Callable[[], None]] = []
"""Called when more is known."""


def put(media: Path, shots: Shots) -> None:
    """A film's shots are known now."""
    _known.shots[media] = shots
    _known.placed.clear()
    _known.count += 1
    for told in listeners:
        told()


def of(media: Path) -> Shots | None:
    """The shots of a film; None while nothing is known. The first time a thread looks what was found before."""
    if media not in _known.shots:
        _known.shots[media] = None
        _known.looking += 1
        if not bpy.app.timers.is_registered(_take):
            bpy.app.timers.register(_take, first_interval=_SOON, persistent=True)
        args = settings.user_dir(), media, _known.found
        threading.Thread(target=_look_up, args=args, name="shots", daemon=True).start()
    elif bpy.app.background:
        _take()  # Nobody calls timers there.
    return _known.shots[media]


def _look_up(folder: Path, media: Path, told: deque[tuple[Path, Shots | None]]) -> None:
    """On a thread."""
    from ..core.subtitles import shots

    found = None
    try:
        found = shots.remembered(folder, media)
    except SubtitleEditorError:
        pass  # The film is not there. That is told by whoever needs it.
    finally:
        told.append((media, found))


def _take() -> float | None:
    """Called by Blender while films are looked up: take what threads have found."""
    while _known.found:
        media, found = _known.found.popleft()
        _known.looking -= 1
        if found is not None and _known.shots.get(media) is None:
            put(media, found)
    return _SOON if _known.looking else None


def films(scene: bpy.types.Scene) -> list[Strip]:
    """The film strips of a scene that are seen."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    return [strip for strip in bulk.no_texts(compat.strips_of(editor)) if strip.type == "MOVIE" and not strip.mute]


def frames(scene: bpy.types.Scene) -> list[int]:
    """On which frames of the timeline the known shots of its films begin, in order."""
    return sorted({frame for strip in films(scene) for frame in _placed(strip, scene)})


def _placed(strip: Strip, scene: bpy.types.Scene) -> list[int]:
    path = sounds.path_of(strip, scene)
    found = of(path) if path is not None else None
    if found is None or not found.cuts:
        return []
    key = _how_it_lies(strip, scene), path, _known.count
    before = _known.placed.get(strip.name)
    if before is None or before[0] != key:
        before = _known.placed[strip.name] = key, _on_timeline(strip, scene, found)
    return before[1]


def _how_it_lies(strip: Strip, scene: bpy.types.Scene) -> object:
    keys = [key.timeline_frame for key in getattr(strip, "retiming_keys", ())]
    return (
        compat.left(strip), compat.right(strip), compat.content_start(strip), compat.trimmed_start(strip),
        scene.render.fps, scene.render.fps_base, str(keys),
    )  # fmt: skip


def _on_timeline(strip: Strip, scene: bpy.types.Scene, found: Shots) -> list[int]:
    if found.duration is None:
        return []  # Without it the film would have to be opened, on the main thread.
    try:
        use = sounds.media_use(strip, scene, found.duration)
    except SubtitleEditorError:
        return []  # What it plays when is not certain; edges at wrong places are worse than none.
    return [use.frame(cut) for cut in found.cuts if use.start < cut < use.end]


def forget() -> None:
    """Know nothing any more."""
    global _known
    if bpy.app.timers.is_registered(_take):
        bpy.app.timers.unregister(_take)
    _known = _Known()
    running.clear()
