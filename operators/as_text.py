# SPDX-License-Identifier: GPL-3.0-or-later
"""A track as SubRip in Blender's Text Editor, and what was typed there taken back once it was seen what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.right_to_left import drawn
from ..core.text import Text, counted
from ..sequencer import compat
from ..session import choices, sheets
from ..session import track as tracks
from ..translations import iface, translated
from .editing import flat, has_subtitles

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.as_text import Difference

_Result = set[str]

_SHOWN = 12
"""Differences that the dialog shows one by one."""
_SHOWN_FINDINGS = 4


def _sheet(context: Context) -> bpy.types.Text | None:
    """The sheet that is meant: the one in this Text Editor, else that of the active track."""
    shown: bpy.types.Text | None = getattr(context.space_data, "text", None)
    if sheets.is_sheet(shown):
        return shown
    scene = compat.scene_of(context)
    track = tracks.active(scene)
    return sheets.of(scene, track) if track is not None else None


class SUBTITLE_OT_edit_as_text(bpy.types.Operator):
    """Open the track as SubRip in Blender's Text Editor. Nothing changes before it is taken back from there"""

    bl_idname = "subtitle.edit_as_text"
    bl_label = "Edit as Text"
    # With a step of its own: undoing what is done next would take the text away.
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        track = tracks.active(scene)
        assert track is not None
        # One that is open already may have been typed into.
        text = sheets.of(scene, track) or sheets.write(scene, track)
        if sheets.show(context, text):
            self.report({"INFO"}, translated(Text("{name} is open in the Text Editor", name=text.name)))
        else:
            self.report({"WARNING"}, translated(Text("Open a Text Editor and choose {name} there", name=text.name)))
        return {"FINISHED"}


class SUBTITLE_OT_take_text(bpy.types.Operator):
    """See what was changed in the Text Editor, and change the subtitles so"""

    bl_idname = "subtitle.take_text"
    bl_label = "Take Text Back"
    bl_options = {"REGISTER", "UNDO"}

    if TYPE_CHECKING:
        _taken: Any

    _taken = None

    @classmethod
    def poll(cls, context: Context) -> bool:
        if _sheet(context) is None:
            cls.poll_message_set(translated("The track is not open as text"))
            return False
        return has_subtitles(cls, context)

    def invoke(self, context: Context, _event: Event) -> _Result:
        try:
            found = self._read(context)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        self._taken = found[0]
        if not self._taken.differences and not self._taken.findings:
            return self.execute(context)
        return set(context.window_manager.invoke_props_dialog(self, width=520, confirm_text="Take Back"))

    def draw(self, _context: Context) -> None:
        """Called by Blender for the dialog."""
        from ..core.subtitles.as_text import What

        if self._taken is None:
            return
        column = self.layout.column(align=True)
        column.label(
            text=iface(Text(
                "{changed} changed, {added} added, {removed} removed",
                changed=self._taken.count(What.CHANGED),
                added=self._taken.count(What.ADDED),
                removed=self._taken.count(What.REMOVED),
            )),
            translate=False,
        )  # fmt: skip
        for finding in self._taken.findings[:_SHOWN_FINDINGS]:
            column.label(text=iface(str(finding)), icon="ERROR", translate=False)
        column = self.layout.column(align=True)
        column.scale_y = 0.85
        for one in self._taken.differences[:_SHOWN]:
            column.label(text=drawn(_line(one)), icon=_ICONS[one.what], translate=False)
        more = len(self._taken.differences) - _SHOWN
        if more > 0:
            column.label(text=iface(Text("and {number} more", number=more)), icon="BLANK1", translate=False)
        if any(one.clashes for one in self._taken.differences):
            clash = Text("Those with an exclamation mark were also changed on the timeline; what was typed holds")
            column.label(text=iface(clash), icon="INFO", translate=False)

    def _read(self, context: Context) -> Any:
        text = _sheet(context)
        assert text is not None
        scene = sheets.scene_of(text, compat.scene_of(context))
        track = sheets.track_of(scene, text)
        if track is None:
            raise SubtitleEditorError(
                Text("The track of {name} is no longer there.", name=text.name),
                Text("Save the text as a file and import that."),
            )
        if track.locked:
            raise SubtitleEditorError(Text("The track is locked."), Text("Unlock it above the list of subtitles."))
        return (*sheets.taken(scene, track, text), scene, track, text)

    def execute(self, context: Context) -> _Result:
        from ..sequencer.look import Look
        from ..sequencer.track import spread

        try:
            taken, some, scene, track, text = self._read(context)
            changed = some.apply(taken.parts)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if not some.strips:
            for strip, part in zip(changed.made, taken.parts, strict=True):
                Look(scene, choices.of(scene).tracks[track.index].look).apply(strip, part.cue)
        rows = spread(scene, [*changed.written, *changed.made], track.channels)
        tracks.enter(scene, track.channel, rows)
        sheets.remove(text)
        tracks.touched()
        if changed.total:
            self.report({"INFO"}, translated(Text("{subtitles} changed", subtitles=counted(changed.total))))
        else:
            self.report({"INFO"}, translated(Text("There was nothing to change.")))
        return {"FINISHED"}


_ICONS: Any = {"added": "ADD", "removed": "REMOVE", "changed": "GREASEPENCIL"}


def _line(one: Difference) -> str:
    """A difference in one line of the dialog."""
    from ..core.subtitles.timecode import format_time

    old, new = one.before, one.after
    shown = old or new
    assert shown is not None
    mark = "! " if one.clashes else ""
    line = f"{mark}{format_time(shown.start)}  "
    if old is None or new is None:
        return line + flat(shown.text)
    if (old.start, old.end) != (new.start, new.end):
        line += f"→ {format_time(new.start)}  "
    if old.text != new.text:
        return f"{line}{flat(old.text)}  →  {flat(new.text)}"
    return line + flat(new.text)


class SUBTITLE_OT_discard_text(bpy.types.Operator):
    """Close the text without changing the subtitles. What was typed is gone"""

    bl_idname = "subtitle.discard_text"
    bl_label = "Discard Text"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        if _sheet(context) is None:
            cls.poll_message_set(translated("The track is not open as text"))
            return False
        return True

    def invoke(self, context: Context, event: Event) -> _Result:
        text = _sheet(context)
        data = sheets.noted(text) if text is not None else None
        if text is not None and (data is None or text.as_string() != data["before"]):
            return set(context.window_manager.invoke_confirm(self, event))
        return self.execute(context)

    def execute(self, context: Context) -> _Result:
        text = _sheet(context)
        assert text is not None
        sheets.remove(text)
        return {"FINISHED"}


def _draw_header(self: Any, context: Context) -> None:
    """In the header of a Text Editor that shows a track: what ends it."""
    if not sheets.is_sheet(getattr(context.space_data, "text", None)):
        return
    row = self.layout.row(align=True)
    row.operator("subtitle.take_text", icon="CHECKMARK")
    row.operator("subtitle.discard_text", text="", icon="X")


_register, _unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_edit_as_text, SUBTITLE_OT_take_text, SUBTITLE_OT_discard_text)
)


def register() -> None:
    """Called by the package."""
    _register()
    # Before the menus: behind them there is no room in a narrow area.
    bpy.types.TEXT_HT_header.prepend(_draw_header)


def unregister() -> None:
    """Called by the package."""
    bpy.types.TEXT_HT_header.remove(_draw_header)
    _unregister()
