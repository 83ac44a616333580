# SPDX-License-Identifier: GPL-3.0-or-later
"""One undo takes back a whole transcription, also when the user has worked on while it went on.

What the user did meanwhile has a step of its own, and the file of that step has the subtitles that there were by then.
An undo that leads there would leave them: so they are removed, and a redo brings all of them back. Main thread.
"""

from __future__ import annotations

import bpy

from ..sequencer.track import Row
from . import track
from .state import TICK, now

_SLICE = 0.01
"""Seconds of one round."""

_owners: set[str] = set()
"""Whose marks are those of a transcription that came to its end in this file, since it was opened."""
_tracks: dict[int, set[int]] = {}
"""By scene the channels that were made a track for one of them."""


def made(scene: bpy.types.Scene, channel: int) -> None:
    """A transcription has made this channel a track."""
    _tracks.setdefault(scene.session_uid, set()).add(channel)


def ended(owners: tuple[str, ...]) -> None:
    """A transcription has ended, whose strips have these marks."""
    _owners.update(owners)


@bpy.app.handlers.persistent
def _undone(*_: object) -> None:
    if not _owners:
        return
    if bpy.app.background:
        while _look() is not None:
            pass
    elif not bpy.app.timers.is_registered(_look):
        bpy.app.timers.register(_look, first_interval=0.0)


def _look() -> float | None:
    # Here, not above: not before a transcription has ended.
    from ..sequencer import coming

    running = now.transcription
    left = _owners - set(getattr(running, "owners", ()))
    done = True
    for scene in bpy.data.scenes:
        if scene.sequence_editor is None:
            continue
        done &= coming.remove_leftovers(scene, left, _SLICE)
        if done and running is None:
            leave_empty(scene)
    if not done:
        return TICK / 10
    return None


def leave_empty(scene: bpy.types.Scene) -> None:
    """A channel that was made a track for a transcription, and on which there is nothing, is none any more."""
    for channel in _tracks.get(scene.session_uid, ()):
        for item in track.tracks(scene):
            if item.channel == channel and not len(Row(scene, item.channels)):
                track.leave(scene, item)
                break


@bpy.app.handlers.persistent
def _loaded(*_: object) -> None:
    """Another file has no steps of this one."""
    _owners.clear()
    _tracks.clear()


_HANDLERS = (("undo_post", _undone), ("redo_post", _undone), ("load_post", _loaded))


def register() -> None:
    """Called by the package."""
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Called by the package."""
    for name, handler in _HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if handler in handlers:
            handlers.remove(handler)
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
    _loaded()
