# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles added, removed, split and joined."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ..core.text import Text, counted
from ..sequencer import compat
from ..session import track as tracks
from ..translations import translated
from .editing import (
    CueOperator,
    at_playhead,
    choose_made,
    has_track,
    nothing_chosen,
    pointed_at,
)

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.subtitles.track import Rules
    from ..sequencer.track import Row

_Result = set[str]


class SUBTITLE_OT_add_cue(CueOperator, bpy.types.Operator):
    """Add a subtitle at the playhead. It fills the gap there, as far as the reading rules allow"""

    bl_idname = "subtitle.add_cue"
    bl_label = "Add Subtitle"

    @classmethod
    def poll(cls, context: Context) -> bool:
        track = tracks.active(compat.scene_of(context))
        return track is None or has_track(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        compat.editor_of(scene)
        if tracks.active(scene) is None:
            tracks.enter(scene, tracks.free_channel(scene), 1, translated("Subtitles"))
        return super().execute(context)

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import editing
        from ..sequencer.look import Look

        before = row.before(scene.frame_current)
        some = row.part(0, 0) if not len(row) else row.part((before or 0), (before if before is not None else -1) + 2)
        parts = editing.add(some.cues, row.clock.seconds(scene.frame_current), rules)
        changed = some.apply(parts)
        if not some.strips:
            Look(scene, tracks.kept_look(scene)).apply(changed.made[0], parts[0].cue)
        choose_made(scene, changed)
        return {"FINISHED"}


class SUBTITLE_OT_remove_cues(CueOperator, bpy.types.Operator):
    """Remove the selected subtitles, or the chosen one"""

    bl_idname = "subtitle.remove_cues"
    bl_label = "Remove Subtitles"

    ripple: BoolProperty(  # type: ignore[valid-type]
        name="With the Gap", description="Later subtitles of the track move up by the time that becomes free"
    )

    def edit(self, scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        from ..core.subtitles import editing

        numbers = row.selected() or [number for number in [tracks.chosen(scene, row)] if number is not None]
        if not numbers:
            raise nothing_chosen()
        if not self.ripple:
            some = row.pick(numbers)
            return self.told(some.apply([]))
        some = row.part(numbers[0], len(row))
        return self.told(some.apply(editing.remove(some.cues, [some.place(n) for n in numbers], ripple=True)))


class SUBTITLE_OT_split_cue(CueOperator, bpy.types.Operator):
    """Split the subtitle at the playhead: its text where the words are said, or else at the nearest sentence or word"""

    bl_idname = "subtitle.split_cue"
    bl_label = "Split Subtitle"

    by: EnumProperty(  # type: ignore[valid-type]
        name="By",
        items=(
            ("PLAYHEAD", "Playhead", "Two subtitles, the second begins at the playhead"),
            ("LINES", "Lines", "A subtitle for each line"),
            ("SENTENCES", "Sentences", "A subtitle for each sentence"),
            ("WORDS", "Words", "A subtitle for each word, as for karaoke"),
        ),
    )
    keep_text: BoolProperty(  # type: ignore[valid-type]
        name="Keep the Text in Both", description="Both halves have the whole text (at the playhead only)"
    )

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import splitting

        some, place = at_playhead(scene, row) if self.by == "PLAYHEAD" else pointed_at(scene, row)
        if self.by == "PLAYHEAD":
            seconds = row.clock.seconds(scene.frame_current)
            parts = splitting.split(some.cues, place, seconds, rules, keep_text=self.keep_text)
        else:
            split = {
                "LINES": splitting.split_lines,
                "SENTENCES": splitting.split_sentences,
                "WORDS": splitting.split_words,
            }
            parts = split[self.by](some.cues, place, rules)
        choose_made(scene, some.apply(parts))
        return {"FINISHED"}


class SUBTITLE_OT_merge_cues(CueOperator, bpy.types.Operator):
    """Make one subtitle of several"""

    bl_idname = "subtitle.merge_cues"
    bl_label = "Merge Subtitles"

    what: EnumProperty(  # type: ignore[valid-type]
        name="With",
        items=(
            ("SELECTED", "Selected", "The selected subtitles; with only one, this and the next"),
            ("NEXT", "Next", "The chosen subtitle and the next one"),
            ("PREVIOUS", "Previous", "The chosen subtitle and the one before"),
        ),
    )

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import editing

        numbers = row.selected() if self.what == "SELECTED" else []
        if len(numbers) < 2:
            number = tracks.chosen(scene, row)
            if number is None:
                raise nothing_chosen()
            numbers = [number - 1, number] if self.what == "PREVIOUS" else [number, number + 1]
        some = row.part(numbers[0], numbers[-1] + 1)
        places = [some.place(number) for number in numbers if 0 <= some.place(number) < len(some.cues)]
        changed = some.apply(editing.merge(some.cues, places, rules))
        tracks.choose(scene, changed.written[0])
        return {"FINISHED"}


class SUBTITLE_OT_merge_doubled(CueOperator, bpy.types.Operator):
    """Merge subtitles that say the same one after the other, that grow word by word, or whose lines roll up"""

    bl_idname = "subtitle.merge_doubled"
    bl_label = "Merge Doubled and Rolling"

    def edit(self, _scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import editing

        some = row.all()
        return self.told(some.apply(editing.merge_doubled(some.cues, rules)))


class SUBTITLE_OT_move_word(CueOperator, bpy.types.Operator):
    """Give the last word of the chosen subtitle to the next one, or its first word to the one before"""

    bl_idname = "subtitle.move_word"
    bl_label = "Move Word"

    to: EnumProperty(  # type: ignore[valid-type]
        name="To",
        items=(
            ("NEXT", "Last Word to Next", "The last word goes to the beginning of the next subtitle"),
            ("PREVIOUS", "First Word to Previous", "The first word goes to the end of the subtitle before"),
        ),
    )

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import editing

        some, place = pointed_at(scene, row)
        forward = self.to == "NEXT"
        some.apply(editing.move_word(some.cues, place if forward else place - 1, rules, forward=forward))
        return {"FINISHED"}


class SUBTITLE_OT_renumber_cues(CueOperator, bpy.types.Operator):
    """Name the strips of the track anew in order of time, 1 for the first one"""

    bl_idname = "subtitle.renumber_cues"
    bl_label = "Renumber"

    start: IntProperty(name="First Number", default=1, min=0)  # type: ignore[valid-type]
    identifiers: BoolProperty(  # type: ignore[valid-type]
        name="Identifiers Too", description="Those that WebVTT and TTML files have given to subtitles become numbers"
    )

    def edit(self, _scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        from ..sequencer import cue

        strips = row.strips(range(len(row)))
        names = [cue.short_name(int(strip.channel), number) for number, strip in enumerate(strips, self.start)]
        wanted = set(names)
        # Out of the way first: Blender gives no name twice.
        for number, (strip, name) in enumerate(zip(strips, names, strict=True)):
            if strip.name != name and strip.name in wanted:
                strip.name = f"{number}~"
        for strip, name in zip(strips, names, strict=True):
            if strip.name != name:
                strip.name = name
        if self.identifiers:
            some = row.all()
            for number, (strip, one) in enumerate(zip(some.strips, some.cues, strict=True), self.start):
                cue.write(strip, dataclasses.replace(one, name=str(number)), row.clock)
        self.report({"INFO"}, translated(Text("{subtitles} numbered", subtitles=counted(len(row)))))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_add_cue,
        SUBTITLE_OT_remove_cues,
        SUBTITLE_OT_split_cue,
        SUBTITLE_OT_merge_cues,
        SUBTITLE_OT_merge_doubled,
        SUBTITLE_OT_move_word,
        SUBTITLE_OT_renumber_cues,
    )
)
