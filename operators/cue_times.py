# SPDX-License-Identifier: GPL-3.0-or-later
"""When subtitles are shown: edges, moving, stretching, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..sequencer import compat, cue, nearby
from ..session import chosen
from ..session import track as tracks
from .editing import (
    CueOperator,
    nothing_chosen,
    numbers_in,
    pointed_at,
    scope,
)
from .slow import ScopeOperator, SlowOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.track import Edited, Rules
    from ..sequencer.track import Excerpt, Row, Steps

_Result = set[str]


class SUBTITLE_OT_set_edge(SlowOperator, bpy.types.Operator):
    """Let the subtitle begin or end at the playhead. In a gap it is the next one that begins, the previous that ends"""

    bl_idname = "subtitle.set_edge"
    bl_label = "Set In or Out"

    edge: EnumProperty(  # type: ignore[valid-type]
        name="Edge", items=(("IN", "In", "The beginning"), ("OUT", "Out", "The end"))
    )
    shift_rest: BoolProperty(  # type: ignore[valid-type]
        name="Shift the Rest", description="The subtitle and all later ones of the track move along (beginnings only)"
    )

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import timing

        edge = timing.Edge[self.edge]
        seconds = row.clock.seconds(scene.frame_current)
        if self.shift_rest and edge is timing.Edge.IN:
            number = self._number(scene, row)
            if number is None:
                raise _nothing_here()
            some = row.part(number - 1, number + 1)
            place = some.place(number)
            begun = timing.set_in_and_shift(some.cues, place, seconds, rules)[place].cue
            later = range(number, len(row))
            frames = row.clock.frame(begun.start) - int(row.left[number])
            return self.slowly(row, row.moving(later, frames), len(later))
        found = nearby.meant(row, scene.frame_current, lambda some: self._number(scene, some))
        if found is None:
            raise _nothing_here()
        some, place = found
        some.apply(timing.set_edge(some.cues, place, edge, seconds, rules))
        return {"FINISHED"}

    def _number(self, scene: bpy.types.Scene, row: Row) -> int | None:
        """The one that is shown; in a gap the next one for its beginning, the one before for its end."""
        number = row.at(scene.frame_current)
        if number is not None:
            return number
        before = row.before(scene.frame_current)
        number = before if self.edge == "OUT" else (-1 if before is None else before) + 1
        return number if number is not None and number < len(row) else None


def _nothing_here() -> SubtitleEditorError:
    return SubtitleEditorError(Text("There is no subtitle on this side of the playhead."), Text("Move the playhead."))


class SUBTITLE_OT_nudge_cues(SlowOperator, bpy.types.Operator):
    """Move the chosen subtitle, or one of its edges, by some frames"""

    bl_idname = "subtitle.nudge_cues"
    bl_label = "Nudge"

    frames: IntProperty(name="Frames", description="Later; earlier when negative", default=1)  # type: ignore[valid-type]
    edge: EnumProperty(  # type: ignore[valid-type]
        name="Edge",
        items=(("BOTH", "Whole", "All of it"), ("IN", "In", "Its beginning"), ("OUT", "Out", "Its end")),
    )
    rest: BoolProperty(  # type: ignore[valid-type]
        name="Shift the Rest",
        description="All later subtitles of the track move along: with the whole of it, or with its end",
    )

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import timing

        some, place = pointed_at(scene, row)
        step = self.frames * rules.step
        one = some.cues[place]
        if self.rest and self.edge != "IN":
            return self.slowly(row, self._with_rest(row, some, place, rules), len(row))
        if self.edge == "BOTH":
            # The neighbour gives way first.
            edge = timing.Edge.OUT if step > 0 else timing.Edge.IN
            time = one.end + step if edge is timing.Edge.OUT else one.start + step
            given = timing.set_edge(some.cues, place, edge, time, rules)
            own = timing.shift(some.cues, [place], step)
            parts = [mine if mine.source == place else other for mine, other in zip(own, given, strict=True)]
        else:
            edge = timing.Edge[self.edge]
            time = (one.start if edge is timing.Edge.IN else one.end) + step
            parts = timing.set_edge(some.cues, place, edge, time, rules)
        some.apply(parts)
        return {"FINISHED"}

    def _with_rest(self, row: Row, some: Excerpt, place: int, rules: Rules) -> Steps:
        from ..core.subtitles import timing
        from ..sequencer.track import refuse_locked

        one, strip = some.cues[place], some.strips[place]
        number = row.number_of(strip)
        assert number is not None
        if self.edge == "BOTH":
            timing.set_in_and_shift(some.cues, place, one.start + self.frames * rules.step, rules)
            return (yield from row.moving(range(number, len(row)), self.frames))
        end = int(row.right[number]) + self.frames
        if end <= row.left[number]:
            raise SubtitleEditorError(Text("The subtitle would end before it begins."), Text("Nudge it by less."))
        later = [other for other in range(number + 1, len(row)) if row.left[other] >= row.right[number]]
        refuse_locked([strip, *row.strips(later)])
        if self.frames < 0:
            # Out of the way first: Blender moves what meets it to a channel of no track.
            compat.set_edges(strip, int(row.left[number]), end)
        changed = yield from row.moving(later, self.frames)
        cue.write(strip, timing.at_edges(one, one.start, row.clock.seconds(end)), row.clock)
        changed.written.append(strip)
        return changed


class SUBTITLE_OT_extend_cue(CueOperator, bpy.types.Operator):
    """Let the chosen subtitle last up to its neighbour or to the playhead; the gap of the reading rules stays"""

    bl_idname = "subtitle.extend_cue"
    bl_label = "Extend Subtitle"

    to: EnumProperty(  # type: ignore[valid-type]
        name="To",
        items=(
            ("NEXT", "Next", "Its end, up to the next subtitle"),
            ("PREVIOUS", "Previous", "Its beginning, back to the subtitle before"),
            ("PLAYHEAD", "Playhead", "The edge that is nearer to the playhead, up to there"),
        ),
    )

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import timing

        some, place = pointed_at(scene, row)
        one, now = some.cues[place], row.clock.seconds(scene.frame_current)
        if self.to == "PLAYHEAD":
            edge = timing.Edge.OUT if now >= one.start else timing.Edge.IN
            return self.told(some.apply(timing.extend(some.cues, place, edge, rules, now)))
        edge = timing.Edge.OUT if self.to == "NEXT" else timing.Edge.IN
        return self.told(some.apply(timing.extend(some.cues, place, edge, rules)))


class SUBTITLE_OT_shift_cues(SlowOperator, bpy.types.Operator):
    """Move subtitles in time"""

    bl_idname = "subtitle.shift_cues"
    bl_label = "Shift"

    which: scope()  # type: ignore[valid-type]
    seconds: FloatProperty(  # type: ignore[valid-type]
        name="Seconds", description="Later by so much; earlier when negative", precision=3, step=10
    )
    frames: IntProperty(  # type: ignore[valid-type]
        name="Frames", description="And by so many frames"
    )

    def invoke(self, context: Context, _event: Event) -> _Result:
        return set(context.window_manager.invoke_props_dialog(self))

    def edit(self, scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        numbers = numbers_in(scene, row, self.which)
        if not numbers:
            raise nothing_chosen()
        frames = row.clock.rate.seconds_to_frame(self.seconds) + self.frames
        return self.slowly(row, row.moving(numbers, frames), len(numbers))


class SUBTITLE_OT_scale_cues(ScopeOperator, bpy.types.Operator):
    """Stretch subtitles so that the first and the last of them begin when they should"""

    bl_idname = "subtitle.scale_cues"
    bl_label = "Stretch Between Two"

    which: scope()  # type: ignore[valid-type]
    first: StringProperty(  # type: ignore[valid-type]
        name="First Begins", description="When the first of them should begin, such as 00:01:02:03 or 62.5"
    )
    last: StringProperty(  # type: ignore[valid-type]
        name="Last Begins", description="When the last of them should begin"
    )
    same_channel = False

    def invoke(self, context: Context, _event: Event) -> _Result:
        scene = compat.scene_of(context)
        row = tracks.row(scene)
        numbers = numbers_in(scene, row, self.which)
        if numbers:
            self.first, self.last = (
                chosen.shown(scene, compat.left(row.strip(number))) for number in (numbers[0], numbers[-1])
            )
        return set(context.window_manager.invoke_props_dialog(self))

    def many(self, some: Excerpt, places: list[int], rules: Rules) -> Edited:
        from ..core.subtitles import timing
        from ..core.subtitles.timecode import parse_frame

        times = []
        for text in (self.first, self.last):
            try:
                times.append(rules.rate.frame_to_seconds(parse_frame(text, rules.rate)))
            except (ValueError, OverflowError):
                raise SubtitleEditorError(
                    Text('"{text}" is no time such as 00:01:02:03 or 1:02.5.', text=text), Text("Type it anew.")
                ) from None
        anchors = (some.cues[places[0]].start, times[0]), (some.cues[places[-1]].start, times[1])
        return timing.scale(some.cues, places, *anchors, rules)


_RATES = [(name, name, "", number) for number, name in enumerate("23.976 24 25 29.97 30 48 50 59.94 60".split())]


class SUBTITLE_OT_change_rate(SlowOperator, bpy.types.Operator):
    """Stretch subtitles that were made for a film at another frame rate. It is exact over hours, there and back"""

    bl_idname = "subtitle.change_rate"
    bl_label = "Change Frame Rate"

    made_for: EnumProperty(name="Made for", items=_RATES, default="25")  # type: ignore[valid-type]
    plays_at: EnumProperty(name="Plays at", items=_RATES, default="23.976")  # type: ignore[valid-type]

    def invoke(self, context: Context, _event: Event) -> _Result:
        return set(context.window_manager.invoke_props_dialog(self))

    def edit(self, _scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import timing
        from ..core.subtitles.timecode import FrameRate

        some = row.all()
        made_for, plays_at = (FrameRate.from_fps(float(name)).exact for name in (self.made_for, self.plays_at))
        parts = timing.change_rate(some.cues, made_for, plays_at, rules)
        return self.slowly(row, some.applying(parts), len(parts))


class SUBTITLE_OT_close_gaps(ScopeOperator, bpy.types.Operator):
    """Make gaps as the reading rules want them: overlaps end, blinks close"""

    bl_idname = "subtitle.close_gaps"
    bl_label = "Close Gaps"

    which: scope()  # type: ignore[valid-type]
    only_overlaps: BoolProperty(  # type: ignore[valid-type]
        name="Overlaps Only", description="Leave gaps that are only a little too long"
    )

    def many(self, some: Excerpt, places: list[int], rules: Rules) -> Edited:
        from ..core.subtitles import timing
        from ..core.subtitles.track import replaced

        parts = (timing.close_overlaps if self.only_overlaps else timing.close_gaps)(some.cues, rules)
        return replaced(some.cues, {place: parts[place].cue for place in places})


class SUBTITLE_OT_snap_to_cuts(ScopeOperator, bpy.types.Operator):
    """Move edges to the cuts near them: beginnings to the cut, ends to two frames before it"""

    bl_idname = "subtitle.snap_to_cuts"
    bl_label = "Snap to Cuts"

    which: scope()  # type: ignore[valid-type]

    def many(self, some: Excerpt, places: list[int], rules: Rules) -> Edited:
        from ..core.subtitles import snapping

        cuts = tracks.cuts(some.row.scene)
        if not cuts:
            raise SubtitleEditorError(
                Text("There are no cuts on the timeline."), Text("Cut the film, or add the strips that it is made of.")
            )
        return snapping.snap(some.cues, cuts, rules, places)


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_set_edge,
        SUBTITLE_OT_nudge_cues,
        SUBTITLE_OT_extend_cue,
        SUBTITLE_OT_shift_cues,
        SUBTITLE_OT_scale_cues,
        SUBTITLE_OT_change_rate,
        SUBTITLE_OT_close_gaps,
        SUBTITLE_OT_snap_to_cuts,
    )
)
