# SPDX-License-Identifier: GPL-3.0-or-later
"""A text that somebody types or pastes into a strip, in Blender's own field, is made ready to draw.

Blender tells by its message bus that some strip's text was changed, not which: it is the active one's, for that is the
one whose field is shown. No strip is searched for. The step that can be undone was made before it told: undo and redo
bring the text back as it was typed, so those that were prepared here are looked at again. Main thread.
"""

from __future__ import annotations

import bpy

from ..sequencer import compat, cue, drawing, strips

_owner = object()

_prepared: set[str] = set()
"""Names of strips that somebody has typed into since the file was opened."""


def listen() -> None:
    """Begin to hear of texts, also after another file is loaded."""
    stop()
    key = (compat.text_strip_type(), "text")
    bpy.msgbus.subscribe_rna(key=key, owner=_owner, args=(), notify=text_changed, options={"PERSISTENT"})
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(_stepped)
    bpy.app.handlers.load_post.append(_loaded)


def stop() -> None:
    """Hear of no text any more."""
    bpy.msgbus.clear_by_owner(_owner)
    for handlers, ours in (
        (bpy.app.handlers.undo_post, _stepped),
        (bpy.app.handlers.redo_post, _stepped),
        (bpy.app.handlers.load_post, _loaded),
    ):
        if ours in handlers:
            handlers.remove(ours)
    _prepared.clear()


def text_changed() -> None:
    """Prepare the text of the active strip, if it is a subtitle and would be drawn wrong."""
    scene = compat.scene_of(bpy.context)
    editor = scene.sequence_editor if scene is not None else None
    strip = editor.active_strip if editor is not None else None
    if strip is None or not cue.is_subtitle(strip):
        return
    text: compat.Strip = strip
    if prepare(scene, text):
        _prepared.add(strip.name)


def prepare(scene: bpy.types.Scene, strip: compat.Strip) -> bool:
    """Have one subtitle drawn right; whether anything had to be changed. Its real text is what was typed."""
    if not drawing.needs(strip.text):
        return False
    clock = strips.clock_of(scene)
    cue.write(strip, cue.read(strip, clock), clock)
    return True


@bpy.app.handlers.persistent
def _stepped(*_: object) -> None:
    """After an undo or redo: a few names are looked up, whatever the number of strips."""
    scene = compat.scene_of(bpy.context)
    if not _prepared or scene is None or scene.sequence_editor is None:
        return
    found = compat.strips_of(compat.shown(scene.sequence_editor))
    for name in _prepared:
        strip = found.get(name)
        if strip is not None and cue.is_subtitle(strip):
            prepare(scene, strip)


@bpy.app.handlers.persistent
def _loaded(*_: object) -> None:
    _prepared.clear()
