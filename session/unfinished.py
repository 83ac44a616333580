# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcriptions that ended before their end, in this session or an earlier one: what was heard of them is on the disk,
and offered where it belongs. So is what found no place on a timeline (recovered.py).

Read on a thread, shown from memory. Main thread otherwise.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import bpy

from ..core.text import Text
from ..sequencer import compat, sounds, undo
from . import recovered, screen
from .state import Recovered, Unfinished, now

if TYPE_CHECKING:
    from ..core.speech.segments import Kept
    from ..core.subtitles.profiles import Profile

_POLL = 0.1
"""Seconds between two looks at whether the thread has read all."""


class _Found:
    def __init__(self) -> None:
        self.unfinished: list[Unfinished] = []
        self.recovered: list[Recovered] = []


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


def journal_of(name: str) -> Path | None:
    """The journal that the panel named; None where it is offered no more. Memory only."""
    return next((item.journal for item in now.unfinished if item.journal == Path(name)), None)


def reading(journal: Path) -> Kept | None:
    """What is in it. Any thread: of three hours of sound it takes a tenth of a second to read."""
    from ..core.speech import segments

    return segments.read(journal)


# Where it belongs


class _Played(NamedTuple):
    """Which of the files that were heard are played in a scene, as of the last look, and of what that depends."""

    key: tuple[object, ...] = ()
    files: frozenset[Path] = frozenset()


_played: dict[int, _Played] = {}
"""By the `session_uid` of a scene: each window may show another one."""
_asked: set[int] = set()
"""Scenes to be looked at."""


def here(scene: bpy.types.Scene) -> list[Unfinished]:
    """What can be continued in this scene: its media is played there. Takes no time; a look follows if it has to."""
    if not now.unfinished:
        return []
    played = _played.get(scene.session_uid, _Played())
    # While strips come with every moment nothing can be continued; what is shown stays.
    if now.transcription is None and played.key != _key(scene):
        _asked.add(scene.session_uid)
        if bpy.app.background:
            _look()
            played = _played[scene.session_uid]
        elif not bpy.app.timers.is_registered(_look):
            bpy.app.timers.register(_look, first_interval=0.0)
    return [item for item in now.unfinished if item.media in played.files]


def _key(scene: bpy.types.Scene) -> tuple[object, ...]:
    editor = scene.sequence_editor
    wanted = tuple(item.media for item in now.unfinished)
    if editor is None:
        return (wanted,)
    return len(compat.strips_of(compat.shown(editor))), len(editor.meta_stack), undo.count(), wanted


def _look() -> None:
    wanted = {item.media for item in now.unfinished}
    scenes = [scene for uid in _asked if (scene := compat.scene_by_uid(uid)) is not None]
    _asked.clear()
    for uid in _played.keys() - {scene.session_uid for scene in bpy.data.scenes}:
        del _played[uid]
    changed = False
    for scene in scenes:
        files = frozenset(wanted & sounds.files_heard(scene, wanted))
        changed |= files != _played.get(scene.session_uid, _Played()).files
        _played[scene.session_uid] = _Played(_key(scene), files)
    if changed:
        screen.redraw()


# Without a timeline


class Place(NamedTuple):
    """Where subtitles belong that go to a file: read on the main thread."""

    blend: str
    scene: str
    rate: float
    profile: Profile


def place_of(scene: bpy.types.Scene) -> Place:
    """The scene that is looked at, with the reading rules that are chosen in it."""
    from ..sequencer.strips import rate_of
    from . import choices, profiles

    profile = profiles.of(choices.of(scene).profile)
    return Place(bpy.data.filepath, scene.name, float(rate_of(scene)), profile)


def keep_as_file(journal: Path, place: Place, folder: Path) -> Recovered | None:
    """Make a subtitle file of what was heard of a media that no strip plays, as of a file that was closed, and throw
    the journal away. None where there is nothing in it. Any thread; whoever asked is to offer the file.

    Raises SubtitleEditorError where it cannot be written; the journal stays then.
    """
    from ..core.speech import segments
    from ..core.subtitles.own_profiles import from_record
    from ..core.subtitles.profiles import resolved
    from ..core.subtitles.segmentation import segment
    from .order import KeptJob

    kept = segments.read(journal)
    if kept is None:
        return None
    job = KeptJob(kept)
    profile = resolved(from_record(kept.shaped) or place.profile, job.written)
    cues = segment(job.whole(), profile, frame_rate=place.rate, language=job.written)
    found = recovered.keep(folder, kept.media, cues, blend=place.blend, scene=place.scene)
    job.settle()
    return found


def unregister() -> None:
    """Called by the session: no timer of ours outlives the extension."""
    _played.clear()
    for callback in (show, _look):
        if bpy.app.timers.is_registered(callback):
            bpy.app.timers.unregister(callback)
