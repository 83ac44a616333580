# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcriptions that ended before their end, in this session or an earlier one: what was heard of them is on the disk,
and offered where it belongs. So is what found no place on a timeline (recovered.py).

Read on a thread, shown from memory. Main thread otherwise.
"""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.text import Text
from ..sequencer import compat, undo
from . import recovered, screen
from .order import KeptJob, strips_of
from .state import Recovered, Unfinished, now

if TYPE_CHECKING:
    from ..core.speech.segments import Kept

_POLL = 0.1
"""Seconds between two looks at whether the thread has read all."""


@dataclasses.dataclass(slots=True)
class _Found:
    unfinished: list[Unfinished] = dataclasses.field(default_factory=list)
    recovered: list[Recovered] = dataclasses.field(default_factory=list)


_reader: threading.Thread | None = None
_found = _Found()


def look_soon(folder: Path) -> None:
    """Read on a thread what there is, and show it; in background, where timers never tick, at once."""
    global _reader, _found
    _found = _Found()
    _reader = threading.Thread(target=_read, args=(folder, _found), name="unfinished", daemon=True)
    _reader.start()
    if bpy.app.background:
        _reader.join()
        show()
    elif not bpy.app.timers.is_registered(show):
        bpy.app.timers.register(show, first_interval=_POLL, persistent=True)


def show() -> float | None:
    """Called by a timer until the thread is done."""
    if _reader is not None and _reader.is_alive():
        return _POLL
    now.unfinished = list(_found.unfinished)
    now.recovered = list(_found.recovered)
    screen.redraw()
    return None


def _read(folder: Path, found: _Found) -> None:
    from ..core.speech import segments
    from ..core.speech.wire import clock

    found.recovered = recovered.read(folder)
    for kept in segments.unfinished(folder / segments.FOLDER):
        until = max(kept.until, kept.all_cues[-1].end)
        text = Text("{media}: heard up to {time}", media=kept.media.name, time=clock(until))
        found.unfinished.append(Unfinished(kept.path, kept.media, text))


def kept_of(journal: str) -> Kept | None:
    """What is in a journal that the panel named. Reads it."""
    from ..core.speech import segments

    path = Path(journal)
    return segments.read(path) if any(item.journal == path for item in now.unfinished) else None


# Where it belongs


@dataclasses.dataclass(slots=True)
class _Played:
    """Which files the strips of a scene play, as of the last look."""

    key: tuple[object, ...] = ()
    files: frozenset[Path] = frozenset()


_played = _Played()


def here(scene: bpy.types.Scene) -> list[Unfinished]:
    """What can be continued in this scene: its media is played there. Takes no time; a look follows if it has to."""
    if not now.unfinished:
        return []
    if _played.key != _key(scene):
        if bpy.app.background:
            _look()
        elif not bpy.app.timers.is_registered(_look):
            bpy.app.timers.register(_look, first_interval=0.0)
    return [item for item in now.unfinished if item.media in _played.files]


def _key(scene: bpy.types.Scene) -> tuple[object, ...]:
    editor = scene.sequence_editor
    if editor is None:
        return (scene.session_uid,)
    wanted = tuple(item.media for item in now.unfinished)
    return scene.session_uid, len(compat.strips_of(compat.shown(editor))), undo.count(), wanted


def _look() -> None:
    scene = compat.scene_of(bpy.context)
    wanted = {item.media for item in now.unfinished}
    _played.key, _played.files = _key(scene), frozenset(path for path in wanted if strips_of(scene, path))
    screen.redraw()


# Without a timeline


def keep_as_file(scene: bpy.types.Scene, kept: Kept, folder: Path) -> int:
    """Make a subtitle file of what was heard of a media that no strip plays, as of a file that was closed. How many
    subtitles are in it.
    """
    from ..core.subtitles.profiles import resolved
    from ..core.subtitles.segmentation import segment
    from ..sequencer.strips import rate_of
    from . import choices, profiles

    job = KeptJob(kept)
    rate = float(rate_of(scene))
    profile = resolved(profiles.of(choices.of(scene).profile), job.written)
    cues = segment(job.whole(), profile, frame_rate=rate, language=job.written)
    found = recovered.rescue(folder, kept.media, cues, blend=bpy.data.filepath, scene=scene.name)
    return found.count if found is not None else 0


def unregister() -> None:
    """Called by the session: no timer of ours outlives the extension."""
    for callback in (show, _look):
        if bpy.app.timers.is_registered(callback):
            bpy.app.timers.unregister(callback)
