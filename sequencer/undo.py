# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the user has undone or redone something: after that, what was made a moment ago may be gone.

For work that is done a little at a time and has no step of its own yet.
"""

from __future__ import annotations

import bpy

_count = 0


def count() -> int:
    """A number that changes with each undo and redo."""
    return _count


@bpy.app.handlers.persistent
def _happened(*_: object) -> None:
    global _count
    _count += 1


def register() -> None:
    """Called by the package."""
    bpy.app.handlers.undo_post.append(_happened)
    bpy.app.handlers.redo_post.append(_happened)


def unregister() -> None:
    """Called by the package."""
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        if _happened in handlers:
            handlers.remove(_happened)
