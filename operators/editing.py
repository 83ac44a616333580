# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators that edit subtitles share: which ones are meant, and what is said of what was done.

Each reads the strips that it is about, has core/subtitles edit them, and writes the strips back. Times, texts and rules
are decided there; here is what the user points at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from ..sequencer import compat, nearby
from ..session import track as tracks
from ..translations import translated

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.subtitles.track import Rules
    from ..sequencer.track import Changed, Excerpt, Row

_Result = set[str]

_LONGEST = 44
"""Characters of a text that a dialog shows."""

TRACK, SELECTED, FOLLOWING = "TRACK", "SELECTED", "FOLLOWING"
_SCOPES = (
    (SELECTED, "Selected", "The selected subtitles of the track; where none is selected, all of them"),
    (FOLLOWING, "From the Playhead", "All subtitles of the track that begin at the playhead or after it"),
    (TRACK, "Whole Track", "All subtitles of the track"),
)


def scope() -> Any:
    """Which subtitles an operator is about."""
    return EnumProperty(name="Subtitles", description="Which subtitles are changed", items=_SCOPES)


def has_strips(cls: Any, context: Context) -> bool:
    """For a `poll`: whether there is a timeline, which may have subtitles of no track; says why not."""
    if compat.scene_of(context).sequence_editor is None:
        cls.poll_message_set(translated("There are no subtitles on the timeline"))
        return False
    return True


def has_track(cls: Any, context: Context) -> bool:
    """For a `poll`: whether there is a track that may be edited; says why not."""
    track = tracks.active(compat.scene_of(context))
    if track is None:
        cls.poll_message_set(translated("There are no subtitles yet: import a file, transcribe, or add a subtitle"))
        return False
    if track.locked:
        cls.poll_message_set(translated("The track is locked: unlock it above the list of subtitles"))
        return False
    return True


def has_subtitles(cls: Any, context: Context) -> bool:
    """For a `poll`: whether there is a track; says why not."""
    if tracks.active(compat.scene_of(context)) is None:
        cls.poll_message_set(translated("There are no subtitles yet: import a file, transcribe, or add a subtitle"))
        return False
    return True


class CueOperator:
    """Mix-in of an operator that edits the active track. What cannot be done is reported and changes nothing."""

    bl_options = {"REGISTER", "UNDO"}

    if TYPE_CHECKING:  # Blender evaluates what is annotated in its classes when it registers them.
        report: Callable[[set[str], str], None]

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_track(cls, context)

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        """Do it. Raises SubtitleEditorError where it cannot be done."""
        raise NotImplementedError

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        try:
            return self.edit(scene, tracks.row(scene), tracks.rules(scene))
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        finally:
            tracks.touched()

    def told(self, changed: Changed) -> _Result:
        """Say how many were changed; an edit without effect leaves no step to undo."""
        if not changed.total:
            self.report({"INFO"}, translated(Text("There was nothing to change.")))
            return {"CANCELLED"}
        self.report({"INFO"}, translated(Text("{subtitles} changed", subtitles=counted(changed.total))))
        return {"FINISHED"}


def pointed_at(scene: bpy.types.Scene, row: Row) -> tuple[Excerpt, int]:
    """The subtitle that is meant with its neighbours on its channel, and where it is among them.

    Raises SubtitleEditorError where none is meant.
    """
    strip = tracks.chosen_strip(scene)
    found = nearby.meant(row, compat.left(strip), lambda some: some.number_of(strip)) if strip is not None else None
    found = found or _shown(scene, row)
    if found is None:
        raise nothing_chosen()
    return found


def _shown(scene: bpy.types.Scene, row: Row) -> tuple[Excerpt, int] | None:
    return nearby.meant(row, scene.frame_current, lambda some: some.at(scene.frame_current))


def nothing_chosen() -> SubtitleEditorError:
    """What is said where an operator is about one subtitle, and none is meant."""
    return SubtitleEditorError(
        Text("No subtitle is chosen."), Text("Click one in the list or on the timeline, or move the playhead onto it.")
    )


def at_playhead(scene: bpy.types.Scene, row: Row) -> tuple[Excerpt, int]:
    """The subtitle on the screen, else the one that is chosen."""
    return _shown(scene, row) or pointed_at(scene, row)


def numbers_in(scene: bpy.types.Scene, row: Row, which: str) -> list[int]:
    """The subtitles of a scope, by their number in the row."""
    if which == FOLLOWING:
        return [number for number in range(len(row)) if row.left[number] >= scene.frame_current]
    found = row.selected() if which == SELECTED else []
    return found or list(range(len(row)))


def flat(text: str) -> str:
    """A text in one line of a dialog."""
    line = text.replace("\n", " / ")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def choose_made(scene: bpy.types.Scene, changed: Changed) -> None:
    """Choose the first of those that an edit has made."""
    if changed.made:
        tracks.choose(scene, changed.made[0])
