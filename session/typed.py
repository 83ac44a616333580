# SPDX-License-Identifier: GPL-3.0-or-later
"""A text that somebody types or pastes into a strip, in Blender's own field, is made ready to draw.

Blender tells by its message bus that some strip's text was changed, not which: it is the active one's, for that is the
one whose field is shown. No strip is searched for. Main thread.
"""

from __future__ import annotations

import bpy

from ..sequencer import compat, cue, drawing, strips

_owner = object()


def listen() -> None:
    """Begin to hear of texts, also after another file is loaded."""
    bpy.msgbus.clear_by_owner(_owner)
    key = (compat.text_strip_type(), "text")
    bpy.msgbus.subscribe_rna(key=key, owner=_owner, args=(), notify=text_changed, options={"PERSISTENT"})


def stop() -> None:
    """Hear of no text any more."""
    bpy.msgbus.clear_by_owner(_owner)


def text_changed() -> None:
    """Prepare the text of the active strip, if it is a subtitle and would be drawn wrong."""
    scene = compat.scene_of(bpy.context)
    editor = scene.sequence_editor if scene is not None else None
    strip = editor.active_strip if editor is not None else None
    if strip is not None and cue.is_subtitle(strip):
        prepare(scene, strip)


def prepare(scene: bpy.types.Scene, strip: compat.Strip) -> bool:
    """Have one subtitle drawn right; whether anything had to be changed. Its real text is what was typed."""
    if not drawing.needs(strip.text):
        return False
    clock = cue.Clock(strips.rate_of(scene), int(scene.frame_start))
    cue.write(strip, cue.read(strip, clock), clock)
    return True
