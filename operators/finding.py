# SPDX-License-Identifier: GPL-3.0-or-later
"""Find and replace, select by rule, subtitles to and from the clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.right_to_left import drawn
from ..core.text import Text, counted
from ..sequencer import compat
from ..sequencer.track import make
from ..session import screen, survey
from ..session import track as tracks
from ..translations import iface, translated
from .editing import SELECTED, TRACK, CueOperator, flat, has_subtitles, numbers_in, scope

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.finding import Change, Query
    from ..core.subtitles.track import Rules
    from ..sequencer.track import Row

_Result = set[str]

_PREVIEWED = 5
"""Changes that the dialog shows before it is done."""


class _Previewed:
    """What the dialog was asked for last, and what that changes: it is drawn anew at each movement of the mouse."""

    key: object = None
    changes: list[Change] | str = ""


_previewed = _Previewed()


class QueryOperator:
    """Mix-in: what to look for."""

    find: StringProperty(name="Find", description="A space also finds the end of a line")  # type: ignore[valid-type]
    match_case: BoolProperty(  # type: ignore[valid-type]
        name="Match Case", description="Capital and small letters are not the same"
    )
    whole_word: BoolProperty(  # type: ignore[valid-type]
        name="Whole Word", description="Not as a part of a longer word"
    )
    use_regex: BoolProperty(  # type: ignore[valid-type]
        name="Regular Expression", description="Python's; groups can be used in the replacement as \\1 or $1"
    )

    def query(self) -> Query:
        """What core looks for."""
        from ..core.subtitles.finding import Query

        return Query(self.find, self.match_case, self.whole_word, self.use_regex)


class SUBTITLE_OT_replace(QueryOperator, CueOperator, bpy.types.Operator):
    """Find a text in the subtitles and put another one in its place"""

    bl_idname = "subtitle.replace"
    bl_label = "Find and Replace"

    replacement: StringProperty(name="Replace with")  # type: ignore[valid-type]
    which: scope()  # type: ignore[valid-type]

    def invoke(self, context: Context, _event: Event) -> _Result:
        survey.read_now()
        _previewed.key = None
        # The one that is chosen is selected as well: a name is looked for everywhere.
        if len(tracks.row(compat.scene_of(context)).selected()) < 2:
            self.which = TRACK
        return set(context.window_manager.invoke_props_dialog(self, width=420, confirm_text="Replace"))

    def draw(self, context: Context) -> None:
        """Called by Blender for the dialog."""
        layout = self.layout
        # Typing begins at once.
        layout.activate_init = True
        layout.prop(self, "find")
        layout.activate_init = False
        layout.prop(self, "replacement")
        row = layout.row(align=True)
        for name in ("match_case", "whole_word", "use_regex"):
            row.prop(self, name, toggle=True)
        layout.prop(self, "which")
        column = layout.column(align=True)
        column.scale_y = 0.8
        changes = self._changes(context)
        if isinstance(changes, str):
            column.label(text=iface(changes), icon="ERROR" if self.find else "NONE", translate=False)
            return
        count = Text(
            "{times} times in {subtitles}", times=sum(one.count for one in changes), subtitles=counted(len(changes))
        )
        column.label(text=iface(count), translate=False)
        for one in changes[:_PREVIEWED]:
            line = f"{one.index + 1}: {flat(one.before)}  →  {flat(one.after)}"
            column.label(text=drawn(line), translate=False)

    def _changes(self, context: Context) -> list[Change] | str:
        from ..core.subtitles import finding

        scene = compat.scene_of(context)
        key = (self.find, self.replacement, self.match_case, self.whole_word, self.use_regex, self.which)
        if _previewed.key != key:
            known = survey.current()
            row = tracks.row(scene)
            try:
                found: list[Change] | str = list(
                    finding.preview(known.cues, self.query(), self.replacement, numbers_in(scene, row, self.which))
                )
            except (SubtitleEditorError, IndexError) as error:
                found = error.message if isinstance(error, SubtitleEditorError) else ""
            _previewed.key, _previewed.changes = key, found
        return _previewed.changes

    def edit(self, scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        from ..core.subtitles import finding

        _previewed.key = None
        some = row.all()
        parts, count = finding.replace(some.cues, self.query(), self.replacement, numbers_in(scene, row, self.which))
        changed = some.apply(parts)
        text = Text("Replaced {times} times in {subtitles}", times=count, subtitles=counted(len(changed.written)))
        self.report({"INFO"}, translated(text))
        return {"FINISHED"} if changed.total else {"CANCELLED"}


class SUBTITLE_OT_find_next(QueryOperator, bpy.types.Operator):
    """Go to the next subtitle in which a text is found"""

    bl_idname = "subtitle.find_next"
    bl_label = "Find Next"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def invoke(self, context: Context, _event: Event) -> _Result:
        return self.execute(context) if self.find else set(context.window_manager.invoke_props_dialog(self))

    def execute(self, context: Context) -> _Result:
        from ..core.subtitles import finding

        scene = compat.scene_of(context)
        row = tracks.row(scene)
        try:
            found = [match.index for match in finding.find(survey.read_now().cues, self.query())]
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if not found:
            self.report({"INFO"}, translated(Text('"{text}" was not found.', text=self.find)))
            return {"CANCELLED"}
        number = row.number_of(tracks.chosen_strip(scene))
        if number is None:
            # From the playhead on, with what is shown there.
            shown, before = row.at(scene.frame_current), row.before(scene.frame_current)
            number = shown - 1 if shown is not None else (-1 if before is None else before)
        after = [index for index in found if index > number]
        strip = row.strip((after or found)[0])
        tracks.choose(scene, strip)
        scene.frame_current = compat.left(strip)
        screen.reveal()
        return {"FINISHED"}


class SUBTITLE_OT_select_cues(QueryOperator, bpy.types.Operator):
    """Select subtitles of the track by what they are"""

    bl_idname = "subtitle.select_cues"
    bl_label = "Select Subtitles"
    bl_options = {"REGISTER", "UNDO"}

    by: EnumProperty(  # type: ignore[valid-type]
        name="By",
        items=(
            ("ALL", "All", "All of the track"),
            ("NONE", "None", "None of the track"),
            ("INVERT", "Invert", "Those that are not selected now"),
            ("BEFORE", "Before the Playhead", "Those that end before the playhead"),
            ("AFTER", "After the Playhead", "Those that begin at the playhead or later"),
            ("PROBLEMS", "With Problems", "Those that break a rule of the track's profile"),
            ("DOUBTFUL", "Doubtful", "Those with words that the model was not sure of"),
            ("SPEAKER", "Same Speaker", "Those of the speaker of the chosen one"),
            ("TEXT", "Text", "Those in which a text is found"),
            ("RULE", "Rule", "Those that break one rule, or with a problem of the same kind as the chosen one"),
        ),
    )
    rule: StringProperty(  # type: ignore[valid-type]
        name="Rule", description="Empty: those of the chosen subtitle", options={"SKIP_SAVE"}
    )
    extend: BoolProperty(name="Extend", description="Keep what is selected")  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        row = tracks.row(scene)
        try:
            wanted = self._wanted(scene, row)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        row.select(wanted, extend=self.extend)
        self.report({"INFO"}, translated(Text("{subtitles} selected", subtitles=counted(len(wanted)))))
        return {"FINISHED"}

    def _wanted(self, scene: bpy.types.Scene, row: Row) -> set[int]:
        match self.by:
            case "ALL":
                return set(range(len(row)))
            case "NONE":
                return set()
            case "INVERT":
                return set(range(len(row))) - set(row.selected())
            case "BEFORE":
                return {number for number in range(len(row)) if row.right[number] <= scene.frame_current}
            case "AFTER":
                return {number for number in range(len(row)) if row.left[number] >= scene.frame_current}
        return self._known(row)

    def _known(self, row: Row) -> set[int]:
        from ..core.subtitles import finding

        known = survey.read_now()
        if self.by == "TEXT":
            return {match.index for match in finding.find(known.cues, self.query())}
        if self.by == "SPEAKER":
            number = row.number_of(tracks.chosen_strip(row.scene))
            speaker = known.cues[number].speaker if number is not None else ""
            return {index for index, one in enumerate(known.cues) if one.speaker == speaker}
        if self.by == "RULE":
            strip = tracks.chosen_strip(row.scene)
            own = known.by_name.get(strip.name, ()) if strip is not None else ()
            rules = {self.rule} if self.rule else {problem.rule for problem in own}
            return {problem.index for problem in known.problems if problem.rule in rules}
        names = known.doubtful if self.by == "DOUBTFUL" else set(known.by_name)
        return {index for index, name in enumerate(known.names) if name in names}


class SUBTITLE_OT_copy_cues(bpy.types.Operator):
    """Copy the selected subtitles to the clipboard as SubRip, for other programs"""

    bl_idname = "subtitle.copy_cues"
    bl_label = "Copy as SubRip"

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def execute(self, context: Context) -> _Result:
        from ..core.subtitles import writing
        from ..core.subtitles.document import Document

        scene = compat.scene_of(context)
        row = tracks.row(scene)
        some = row.pick(numbers_in(scene, row, SELECTED))
        data, _ = writing.rendered(Path("clipboard.srt"), Document(tuple(some.cues)), "srt")
        write_clipboard(data.decode("utf-8"))
        self.report({"INFO"}, translated(Text("{subtitles} copied", subtitles=counted(len(some.cues)))))
        return {"FINISHED"}


class SUBTITLE_OT_paste_cues(CueOperator, bpy.types.Operator):
    """Add subtitles from the clipboard, the first of them at the playhead. Any text format is understood"""

    bl_idname = "subtitle.paste_cues"
    bl_label = "Paste SubRip"

    keep_times: BoolProperty(  # type: ignore[valid-type]
        name="Keep Times", description="At the times that they have, not at the playhead"
    )

    def edit(self, scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        from ..core.subtitles import reading, timing
        from ..sequencer.look import Look
        from ..sequencer.strips import place

        text = read_clipboard()
        cues = reading.parse(text.encode("utf-8"), "clipboard.srt").cues
        shift = 0.0 if self.keep_times else row.clock.seconds(scene.frame_current) - min(one.start for one in cues)
        placed = place([timing.moved(one, shift) for one in cues], row.clock.frame)
        channel = self._free(row, placed)
        row.select(())
        like, dress = row.strip(0) if len(row) else None, Look(scene, tracks.kept_look(scene))
        for item in placed:
            one = timing.at_edges(item.cue, row.clock.seconds(item.start), row.clock.seconds(item.end))
            made = make(row.table.strips, one, row.clock, channel + item.row, like)
            if like is None:
                dress.apply(made, one)
            made.select = True
        track = tracks.active(scene)
        assert track is not None
        tracks.enter(scene, track.channel, channel + max(item.row for item in placed) + 1 - track.channel)
        self.report({"INFO"}, translated(Text("{subtitles} pasted", subtitles=counted(len(placed)))))
        return {"FINISHED"}

    def _free(self, row: Row, placed: list[Any]) -> int:
        """The lowest channel of the track, or above it, where they meet nothing."""
        from ..sequencer.strips import free_channel

        return free_channel(row.scene, placed, row.channels[0] - 1)


def read_clipboard() -> str:
    """The text on the system's clipboard. In background Blender has none."""
    return str(bpy.context.window_manager.clipboard)


def write_clipboard(text: str) -> None:
    """Put a text on the system's clipboard."""
    bpy.context.window_manager.clipboard = text


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_replace,
        SUBTITLE_OT_find_next,
        SUBTITLE_OT_select_cues,
        SUBTITLE_OT_copy_cues,
        SUBTITLE_OT_paste_cues,
    )
)
