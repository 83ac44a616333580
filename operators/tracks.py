# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracks: added, chosen, duplicated for a translation, merged, removed; text strips that become subtitles."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from ..sequencer import compat, cue
from ..sequencer.track import Row, make, refuse_locked
from ..session import choices
from ..session import track as tracks
from ..translations import translated
from .editing import has_subtitles, has_track

if TYPE_CHECKING:
    from bpy.types import Context, Event

_Result = set[str]


class SUBTITLE_OT_add_track(bpy.types.Operator):
    """Add an empty track of subtitles, on a free channel above all strips"""

    bl_idname = "subtitle.add_track"
    bl_label = "Add Track"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name", default="Subtitles")  # type: ignore[valid-type]
    language: StringProperty(  # type: ignore[valid-type]
        name="Language", description="The language of its subtitles, such as en, de or pt-BR"
    )

    def invoke(self, context: Context, _event: Event) -> _Result:
        return set(context.window_manager.invoke_props_dialog(self))

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        compat.editor_of(scene)
        tracks.enter(scene, tracks.free_channel(scene), 1, self.name, self.language)
        return {"FINISHED"}


class SUBTITLE_OT_choose_track(bpy.types.Operator):
    """Work on this track"""

    bl_idname = "subtitle.choose_track"
    bl_label = "Choose Track"
    bl_options = {"UNDO"}

    index: IntProperty(name="Track", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        choices.of(compat.scene_of(context)).track_index = self.index
        return {"FINISHED"}


class SUBTITLE_OT_duplicate_track(bpy.types.Operator):
    """Make a copy of the track for a translation: the same times, and the texts to write over"""

    bl_idname = "subtitle.duplicate_track"
    bl_label = "Duplicate for Translation"
    bl_options = {"REGISTER", "UNDO"}

    language: StringProperty(  # type: ignore[valid-type]
        name="Language", description="The language of the translation, such as de"
    )
    empty: BoolProperty(  # type: ignore[valid-type]
        name="Without Texts", description="Only the times, instead of the texts to write over"
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def invoke(self, context: Context, _event: Event) -> _Result:
        return set(context.window_manager.invoke_props_dialog(self))

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        track = tracks.active(scene)
        assert track is not None
        channel = tracks.free_channel(scene)
        some = Row(scene, track.channels).all()
        collection = some.row.table.strips
        for strip, one in zip(some.strips, some.cues, strict=True):
            text = dataclasses.replace(one, text="", words=(), spans=()) if self.empty else one
            make(collection, text, some.row.clock, channel + strip.channel - track.channel, strip)
        made = tracks.enter(
            scene, channel, track.rows, f"{track.name} {self.language}".strip(), self.language or track.language
        )
        items = choices.of(scene).tracks
        items[made.index].original, items[made.index].look = track.channel, items[track.index].look
        self.report(
            {"INFO"}, translated(Text("{subtitles} on {track}", subtitles=counted(len(some.cues)), track=made.name))
        )
        return {"FINISHED"}


class SUBTITLE_OT_choose_original(bpy.types.Operator):
    """Show the texts of another track beside those of this one, which translates it"""

    bl_idname = "subtitle.choose_original"
    bl_label = "Choose Original"
    bl_options = {"UNDO"}

    channel: IntProperty(  # type: ignore[valid-type]
        name="Channel", description="The lowest of the other track; 0: of none", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        track = tracks.active(scene)
        assert track is not None
        choices.of(scene).tracks[track.index].original = self.channel
        tracks.touched()
        return {"FINISHED"}


class SUBTITLE_OT_remove_track(bpy.types.Operator):
    """Remove the track and all of its subtitles"""

    bl_idname = "subtitle.remove_track"
    bl_label = "Remove Track"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_track(cls, context)

    def invoke(self, context: Context, event: Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        track = tracks.active(scene)
        assert track is not None
        row = Row(scene, track.channels)
        strips = row.strips(range(len(row)))
        try:
            refuse_locked(strips)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        for strip in strips:
            row.table.strips.remove(strip)
        tracks.leave(scene, track)
        self.report({"INFO"}, translated(Text("{subtitles} removed", subtitles=counted(len(strips)))))
        return {"FINISHED"}


class SUBTITLE_OT_merge_tracks(bpy.types.Operator):
    """Move the subtitles of all other visible tracks into this one. Those that overlap get a row of their own"""

    bl_idname = "subtitle.merge_tracks"
    bl_label = "Merge Visible Tracks"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_track(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        track = tracks.active(scene)
        assert track is not None
        others = [one for one in tracks.tracks(scene) if not one.hidden and not one.locked and one != track]
        own = Row(scene, [channel for one in [track, *others] for channel in one.channels])
        try:
            rows = tracks.stack(scene, own, track, others)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        for one in reversed(others):
            tracks.leave(scene, one)
        tracks.enter(scene, track.channel, rows)
        self.report({"INFO"}, translated(Text("{number} tracks merged", number=1 + len(others))))
        return {"FINISHED"}


class SUBTITLE_OT_adopt_strips(bpy.types.Operator):
    """Make subtitles of text strips: of the selected ones, or of all there are. They stay where they are"""

    bl_idname = "subtitle.adopt_strips"
    bl_label = "Use Text Strips"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        scene = compat.scene_of(context)
        if not len(compat.strips_shown(scene)):
            cls.poll_message_set(translated("There are no strips in the sequencer"))
            return False
        return True

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        texts = [strip for strip in compat.strips_shown(scene) if strip.type == "TEXT"]
        texts = [strip for strip in texts if strip.select] or texts
        if not texts:
            self.report({"ERROR"}, translated("There are no text strips"))
            return {"CANCELLED"}
        for strip in texts:
            if cue.MARK not in strip:
                strip[cue.MARK] = cue.PLAIN
        for channel in sorted({strip.channel for strip in texts}):
            if all(channel not in track.channels for track in tracks.tracks(scene)):
                tracks.enter(scene, channel, 1)
        self.report({"INFO"}, translated(Text("{number} text strips are subtitles now", number=len(texts))))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_add_track,
        SUBTITLE_OT_choose_track,
        SUBTITLE_OT_duplicate_track,
        SUBTITLE_OT_choose_original,
        SUBTITLE_OT_remove_track,
        SUBTITLE_OT_merge_tracks,
        SUBTITLE_OT_adopt_strips,
    )
)
