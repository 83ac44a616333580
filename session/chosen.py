# SPDX-License-Identifier: GPL-3.0-or-later
"""The chosen subtitle as fields that a panel shows and that can be typed into: its lines, its times, who speaks.

Nothing is kept here but the last complaint: each field is read from the strip when it is drawn and written to it when
it is changed. Main thread.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import bpy

from ..core.text import Text
from ..sequencer import compat, cue, drawing, nearby
from ..sequencer.strips import clock_of
from . import choices, listing, screen
from . import track as tracks

if TYPE_CHECKING:
    from ..core.subtitles.document import Cue

LINES = 8
"""Fields for lines. A text with more has the rest in the last one, parted by ` / `."""
_PARTED = " / "

complaint: str = ""
"""What was wrong with what was typed last; empty when it was taken."""


def _scene(settings: Any) -> bpy.types.Scene:
    scene: bpy.types.Scene = settings.id_data
    return scene


def read(scene: bpy.types.Scene) -> Cue | None:
    """The chosen subtitle; None where none is chosen."""
    strip = tracks.chosen_strip(scene)
    return cue.read(strip, clock_of(scene)) if strip is not None else None


def lines(scene: bpy.types.Scene) -> list[str]:
    """The lines of the chosen subtitle."""
    strip = tracks.chosen_strip(scene)
    return cue.real_text(strip).split("\n") if strip is not None else []


def line(settings: Any, number: int) -> str:
    """What the field of a line shows."""
    found = lines(_scene(settings))
    if number == LINES - 1:
        return _PARTED.join(map(drawing.in_field, found[number:]))
    return drawing.in_field(found[number]) if number < len(found) else ""


def set_line(settings: Any, number: int, value: str) -> None:
    """Take a line that was typed; one without letters goes, unless it is the only one."""
    scene = _scene(settings)
    found = lines(scene)
    if not found:
        return
    last = number == LINES - 1
    found += [""] * (number + 1 - len(found))
    if last:
        before = [*found[number:], *itertools.repeat("", value.count(_PARTED))]
        found[number:] = [drawing.meant(line, was) for line, was in zip(value.split(_PARTED), before, strict=False)]
    else:
        found[number] = drawing.meant(value, found[number])
    kept = [text for text in found if text.strip()] or [""]
    write_text(scene, "\n".join(kept))


def _to_write(scene: bpy.types.Scene) -> Any:
    """The chosen subtitle's strip; None where none is chosen, or the track is locked, which is complained of."""
    strip, track = tracks.chosen_strip(scene), tracks.active(scene)
    if strip is None or track is None or not track.locked:
        return strip
    complain(Text("The track is locked: unlock it above the list of subtitles"))
    return None


def write_text(scene: bpy.types.Scene, text: str) -> None:
    """Give the chosen subtitle another text; word times and formatting follow."""
    from ..core.subtitles.realign import with_text

    strip = _to_write(scene)
    if strip is None:
        return
    clock = clock_of(scene)
    cue.write(strip, with_text(cue.read(strip, clock), text), clock)
    complain("")
    tracks.touched()


def speaker(settings: Any) -> str:
    """Who speaks."""
    strip = tracks.chosen_strip(_scene(settings))
    return drawing.in_field(_speaker(strip)) if strip is not None else ""


def _speaker(strip: Any) -> str:
    return str(cue.noted(strip).get("speaker", ""))


def set_speaker(settings: Any, value: str) -> None:
    """Take a speaker that was typed."""
    scene = _scene(settings)
    strip = _to_write(scene)
    if strip is not None:
        clock, name = clock_of(scene), drawing.meant(value.strip(), _speaker(strip))
        cue.write(strip, dataclasses.replace(cue.read(strip, clock), speaker=name), clock)
        tracks.touched()


# Times


def shown(scene: bpy.types.Scene, frame: int) -> str:
    """A frame of the timeline as the panels show times: a timecode with frames or milliseconds."""
    from ..core.subtitles.timecode import format_frames, format_time

    clock = clock_of(scene)
    if choices.of(scene).time_format == "FRAMES":
        return format_frames(frame - clock.zero, clock.rate)
    return format_time(clock.seconds(frame))


def time(settings: Any, field: str) -> str:
    """What the field `start`, `end` or `length` shows."""
    scene = _scene(settings)
    strip = tracks.chosen_strip(scene)
    if strip is None:
        return ""
    left, right = compat.left(strip), compat.right(strip)
    if field == "length":
        return shown(scene, right - left + scene.frame_start)
    return shown(scene, left if field == "start" else right)


def set_time(settings: Any, field: str, value: str) -> None:
    """Take a time that was typed; what cannot be is not taken, and `complaint` says why."""
    from ..core.errors.base import SubtitleEditorError
    from ..core.subtitles import timing
    from ..core.subtitles.timecode import parse_frame

    scene = _scene(settings)
    strip = _to_write(scene)
    if strip is None:
        return
    clock = clock_of(scene)
    try:
        frame = scene.frame_start + parse_frame(value, clock.rate)
    except (ValueError, OverflowError):
        complain(Text('"{text}" is no time such as 00:01:02:03 or 1:02.5.', text=value))
        return
    found = nearby.meant(tracks.lane(scene, strip), compat.left(strip), lambda some: some.number_of(strip))
    if found is None:
        return
    if field == "length":
        frame += compat.left(strip) - scene.frame_start
    edge = timing.Edge.IN if field == "start" else timing.Edge.OUT
    some, place = found
    try:
        some.apply(timing.set_edge(some.cues, place, edge, clock.seconds(frame), tracks.rules(scene)))
        complain("")
    except SubtitleEditorError as error:
        complain(str(error))
    tracks.touched()


def complain(text: str) -> None:
    """Keep what was wrong for the panel."""
    global complaint
    complaint = text


# The list


def index(settings: Any) -> int:
    """Which row of the list is marked: the chosen subtitle; while following, the one at the playhead."""
    scene = _scene(settings)
    if scene.sequence_editor is None:
        return -1
    listed = _listed(scene)
    if choices.of(scene).follow and _plays():
        return listed.place_at(scene.frame_current)
    strip = tracks.chosen_strip(scene)
    return listed.place_of(scene, strip) if strip is not None else -1


def _listed(scene: bpy.types.Scene) -> listing.Listing:
    """What the list shows; where nothing is drawn, as in background, what it would show."""
    if bpy.app.background:
        listing.now.update(bpy.context, scene)
    return listing.now


def _plays() -> bool:
    shown = bpy.context.screen
    return bool(shown is not None and shown.is_animation_playing)


def set_index(settings: Any, value: int) -> None:
    """A row was clicked: choose its subtitle and go there."""
    scene = _scene(settings)
    strip = _listed(scene).strip(scene, value)
    if strip is not None:
        go_to(scene, strip)


def go_to(scene: bpy.types.Scene, strip: Any) -> None:
    """Choose a subtitle and put the playhead on its beginning."""
    tracks.choose(scene, strip)
    complain("")
    if not compat.left(strip) <= scene.frame_current < compat.right(strip):
        scene.frame_current = compat.left(strip)
    screen.reveal()
