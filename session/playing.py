# SPDX-License-Identifier: GPL-3.0-or-later
"""While the film plays its pictures come first: what else there is to do waits for the moments between two of them.

Main thread.
"""

from __future__ import annotations

import time

import bpy

SOON = 0.005
"""Seconds until it is looked again whether a picture is done."""
_LONGEST = 0.25
"""Seconds after which nobody waits any longer: a film that is drawn too slowly leaves no time between its pictures."""


def plays() -> bool:
    """Whether the film, or any animation, plays in a window."""
    manager = bpy.context.window_manager
    return any(window.screen.is_animation_playing for window in manager.windows) if manager is not None else False


class Pauses:
    """The moments in which no picture of the film waits to be drawn, for one app timer that asks again and again."""

    def __init__(self) -> None:
        self._frames: tuple[int, ...] = ()
        self._since = 0.0

    def is_now(self) -> bool:
        """Whether Blender has time: nothing plays, or no other frame has come since this was asked last.

        Blender calls app timers after it has gone on to another frame and before it draws that.
        """
        if not plays():
            return True
        frames, now = tuple(scene.frame_current for scene in bpy.data.scenes), time.monotonic()
        if frames == self._frames or now - self._since >= _LONGEST:
            self._since = now
            return True
        self._frames = frames
        return False
