# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracks that are open as SubRip in Blender's Text Editor: which text is which track's, and what it would change.

A sheet is a text of the file, with one custom property that says what was written into it and for which subtitles. It
is saved with the file, and undone with it. Main thread.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..sequencer import compat
from ..sequencer.track import Row
from . import track as tracks

if TYPE_CHECKING:
    from ..core.subtitles.as_text import Taken
    from ..sequencer.track import Excerpt
    from .track import Track

SHEET = "subtitle_editor_sheet"
"""The custom property: the text as it was written, and the names of the strips that its numbers mean."""
CHANNEL, SCENE = "subtitle_editor_channel", "subtitle_editor_scene"
"""Two more: which track it is. A panel asks for them at each redraw, and the first one is as long as a film."""

_shown: set[int] = set()
"""Areas that were made for a sheet, by their address: they go with it."""


def noted(text: bpy.types.Text) -> dict[str, Any] | None:
    """What a text's property says; None for a text that is no sheet."""
    try:
        found = json.loads(text.get(SHEET, ""))
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) and {"before", "names"} <= found.keys() else None


def is_sheet(text: bpy.types.Text | None) -> bool:
    """Whether a text is some track's. Takes no time."""
    return text is not None and text.get(CHANNEL) is not None


def scene_of(text: bpy.types.Text, other: bpy.types.Scene) -> bpy.types.Scene:
    """The scene of a sheet's track; `other` where it was deleted."""
    found = text.get(SCENE)
    return found if isinstance(found, bpy.types.Scene) else other


def of(scene: bpy.types.Scene, track: Track) -> bpy.types.Text | None:
    """The sheet of a track; None where it is not open."""
    for text in bpy.data.texts:
        if text.get(CHANNEL) == track.channel and text.get(SCENE) == scene:
            return text
    return None


def write(scene: bpy.types.Scene, track: Track) -> bpy.types.Text:
    """A new sheet of a track."""
    from ..core.subtitles import as_text

    some = Row(scene, track.channels).all()
    before, order = as_text.written(some.cues)
    text = bpy.data.texts.new(f"{track.name or 'subtitles'}.srt")
    text.write(before)
    text.cursor_set(0)
    names = [some.strips[index].name for index in order]
    noted = {"before": before, "names": names, "meta": compat.open_meta(scene)}
    text[SHEET] = json.dumps(noted, ensure_ascii=False)
    text[CHANNEL], text[SCENE] = track.channel, scene
    return text


def track_of(scene: bpy.types.Scene, text: bpy.types.Text) -> Track | None:
    """The track that a sheet is of; None where it was removed."""
    return next((one for one in tracks.tracks(scene) if one.channel == text.get(CHANNEL)), None)


def taken(scene: bpy.types.Scene, track: Track, text: bpy.types.Text) -> tuple[Taken, Excerpt]:
    """What a sheet makes of its track, and the subtitles that it is about.

    Raises SubtitleEditorError for a text that is no SubRip, and where the timeline shows other strips now.
    """
    from ..core.subtitles import as_text

    data = noted(text)
    if data is None:
        raise SubtitleEditorError(
            Text("{name} no longer says which subtitles it is of.", name=text.name),
            Text("Save the text as a file and import that."),
        )
    if data.get("meta", "") != compat.open_meta(scene):
        raise SubtitleEditorError(
            Text("The timeline does not show the subtitles of {name}.", name=text.name),
            Text("Close the meta strip that is open, or open the one that they are in: Tab."),
        )
    some = Row(scene, track.channels).all()
    places = {strip.name: index for index, strip in enumerate(some.strips)}
    origins = [places.get(name) for name in data["names"]]
    return as_text.taken_back(data["before"], text.as_string(), some.cues, origins), some


def remove(text: bpy.types.Text) -> None:
    """Throw a sheet away, and a moment later the area that was made for it."""
    bpy.data.texts.remove(text)
    if _shown and not bpy.app.background:
        # Not now: the operator that calls this may have been started from that very area.
        bpy.app.timers.register(_close, first_interval=0.05)


# On the screen


def show(context: bpy.types.Context, text: bpy.types.Text) -> bool:
    """Show a text: in a Text Editor that is open, else in a half of the Sequencer; whether there is one of them."""
    if bpy.app.background:
        return True
    area = _editor(context) or _half(context)
    if area is not None:
        space: Any = area.spaces.active
        space.text = text
        space.top = 0
    return area is not None


def _editor(context: bpy.types.Context) -> bpy.types.Area | None:
    # The one in front first; an operator that a timer or a script has started is in none.
    for window in [context.window, *context.window_manager.windows]:
        for area in window.screen.areas if window is not None else ():
            if area.type == "TEXT_EDITOR":
                return area  # type: ignore[no-any-return]
    return None


def _half(context: bpy.types.Context) -> bpy.types.Area | None:
    screen, area = context.screen, context.area
    if screen is None or area is None or area.type != "SEQUENCE_EDITOR":
        return None
    before = {one.as_pointer() for one in screen.areas}
    bpy.ops.screen.area_split(direction="VERTICAL" if area.width > area.height else "HORIZONTAL", factor=0.5)
    new = next((one for one in screen.areas if one.as_pointer() not in before), None)
    if new is not None:
        new.type = "TEXT_EDITOR"
        _shown.add(new.as_pointer())
    return new


def _close() -> None:
    for window in bpy.context.window_manager.windows:
        for area in list(window.screen.areas):
            space: Any = area.spaces.active
            ours = area.as_pointer() in _shown and area.type == "TEXT_EDITOR" and space.text is None
            if ours and len(window.screen.areas) > 1:
                with bpy.context.temp_override(window=window, area=area):
                    bpy.ops.screen.area_close()
    _shown.clear()
