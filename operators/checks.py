# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks have found: gone through, mended, reported. Nothing is mended that was not asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from ..sequencer import compat
from ..session import screen, survey
from ..session import track as tracks
from ..translations import translated
from .aside import AsideOperator
from .editing import CueOperator, has_subtitles, nothing_chosen

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.track import Rules
    from ..sequencer.track import Row

_Result = set[str]

_SHOWN = 8
"""Changes that are reported one by one; all of them are in the system console and in the report."""


class SUBTITLE_OT_fix_problems(CueOperator, bpy.types.Operator):
    """Mend problems, and say what was changed"""

    bl_idname = "subtitle.fix_problems"
    bl_label = "Fix Problems"

    rule: StringProperty(  # type: ignore[valid-type]
        name="Rule", description="The rule; empty: all whose mends take nothing away that is seen"
    )
    which: EnumProperty(  # type: ignore[valid-type]
        name="Subtitles",
        items=(
            ("CHOSEN", "Chosen", "The chosen subtitle"),
            ("TRACK", "Whole Track", "All subtitles of the track"),
        ),
    )

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import fixes

        only = [self.rule] if self.rule else sorted(fixes.SAFE)
        some, place = row.all(), None
        if self.which == "CHOSEN":
            number = row.number_of(tracks.chosen_strip(scene))
            if number is None:
                raise nothing_chosen()
            place = [number]
        parts, changed = fixes.fix(some.cues, rules, tracks.film(scene), only, place)
        if not changed:
            self.report({"INFO"}, translated(Text("There was nothing that could be mended.")))
            return {"CANCELLED"}
        some.apply(parts)
        self._tell(changed)
        return {"FINISHED"}

    def _tell(self, changed: list[Any]) -> None:
        for one in changed[:_SHOWN]:
            self.report({"INFO"}, translated(Text("{number}: {what}", number=one.index + 1, what=one.message)))
        for one in changed[_SHOWN:]:
            print(f"Subtitle Editor: {one.index + 1}: {one.message}")
        if len(changed) > 1:
            touched = len({one.index for one in changed})
            self.report({"INFO"}, translated(Text("{subtitles} mended", subtitles=counted(touched))))


class SUBTITLE_OT_next_problem(bpy.types.Operator):
    """Go to the next subtitle that breaks this rule"""

    bl_idname = "subtitle.next_problem"
    bl_label = "Next of This Rule"
    bl_options = {"UNDO"}

    rule: StringProperty(name="Rule", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        known = survey.read_now()
        row = tracks.row(scene)
        found = sorted({problem.index for problem in known.problems if self.rule in ("", problem.rule)})
        if not found:
            self.report({"INFO"}, translated(Text("There are no more.")))
            return {"CANCELLED"}
        number = row.number_of(tracks.chosen_strip(scene))
        after = [index for index in found if number is None or index > number]
        strip = row.strip((after or found)[0])
        tracks.choose(scene, strip)
        scene.frame_current = compat.left(strip)
        screen.reveal()
        return {"FINISHED"}


class SUBTITLE_OT_check_report(AsideOperator, bpy.types.Operator):
    """Write all problems of the track to a file"""

    bl_idname = "subtitle.check_report"
    bl_label = "Write Report"

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    filter_glob: StringProperty(default="*.txt;*.csv;*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_subtitles(cls, context)

    def invoke(self, context: Context, _event: Event) -> _Result:
        self.filepath = self.filepath or "problems.csv"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Context) -> _Result:
        from ..core.subtitles import reports
        from ..core.system import files
        from ..core.system.reasons import reason_of

        known = survey.read_now()
        path = Path(bpy.path.abspath(self.filepath))
        data = reports.report(known.cues, known.problems, path.suffix).encode()

        def write() -> None:
            try:
                files.write(path, data)
            except OSError as error:
                reason = Text("{path} cannot be written: {reason}.", path=path, reason=reason_of(error))
                raise SubtitleEditorError(reason) from error

        def written(_context: Context, _result: None) -> _Result:
            number = len(known.problems)
            self.report({"INFO"}, translated(Text("{number} problems written to {path}", number=number, path=path)))
            return {"FINISHED"}

        return self.aside(context, Text("Writing {name}", name=path.name), write, written)


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_fix_problems, SUBTITLE_OT_next_problem, SUBTITLE_OT_check_report)
)
