# SPDX-License-Identifier: GPL-3.0-or-later
"""What ended early, and what found no place on a timeline: go on with it, take it, or throw it away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from ..sequencer import compat
from ..session import recovered, state, unfinished
from ..session.settings import user_dir
from ..translations import translated
from .aside import AsideOperator
from .tasks import TaskOperator
from .transcription import Working

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.errors.media import MediaError
    from ..core.events import ProgressReport
    from ..core.speech.segments import Kept
    from ..core.system.control import Control
    from ..core.system.task import Task
    from ..session.state import Recovered

_Result = set[str]


_held: dict[str, Kept] = {}
"""What was read of a journal, for the operator that goes on with it."""


class _Unfinished(AsideOperator):
    """Work on a transcription that ended early; `journal` is its file, as the panel knows it."""

    journal: bpy.props.StringProperty(options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if state.now.transcription is not None:
            cls.poll_message_set(translated("A transcription is running"))  # type: ignore[attr-defined]
            return False
        return True

    def _read(self, context: Context) -> _Result:
        """Read the journal, and `go` with what is in it."""
        if (held := _held.pop(self.journal, None)) is not None:
            return self.go(context, held)
        path = unfinished.journal_of(self.journal)
        if path is None:
            return self._gone()
        return self.aside(context, Text("Reading what was heard"), lambda: unfinished.reading(path), self._has_read)

    def _has_read(self, context: Context, kept: Kept | None) -> _Result:
        if kept is None:
            return self._gone()
        if not self._is_modal:
            return self.go(context, kept)
        # One that is called for each event already cannot go on as one that sleeps.
        _held[self.journal] = kept
        try:
            return self.anew("EXEC_DEFAULT", journal=self.journal)
        finally:
            _held.pop(self.journal, None)

    def _gone(self) -> _Result:
        self.report({"INFO"}, translated("That is not there any more"))
        unfinished.look_soon(user_dir())
        return {"CANCELLED"}

    def go(self, context: Context, kept: Kept) -> _Result:
        """What the operator does with what was read."""
        raise NotImplementedError


class SUBTITLE_OT_continue_unfinished(_Unfinished, Working, bpy.types.Operator):
    """Go on where it stopped, with the options that it had"""

    bl_idname = "subtitle.continue_unfinished"
    bl_label = "Continue"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: Context) -> _Result:
        return self._read(context)

    def go(self, context: Context, kept: Kept) -> _Result:
        # Here, not above: none of this is needed to register.
        from ..session import order

        try:
            return self._go(context, self._begin(context, order.again(context, kept)))
        except SubtitleEditorError as error:
            self._say("ERROR", str(error))
            return {"CANCELLED"}


class SUBTITLE_OT_take_unfinished(_Unfinished, Working, bpy.types.Operator):
    """Make subtitles of all that was heard, and hear no more of it"""

    bl_idname = "subtitle.take_unfinished"
    bl_label = "Take What Is There"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: Context) -> _Result:
        return self._read(context)

    def go(self, context: Context, kept: Kept) -> _Result:
        from ..core.errors.media import MediaError
        from ..session import order

        try:
            run = order.take(context, kept)
        except MediaError as error:
            return self._keep(error)
        try:
            run.start()
            return self._go(context, run)
        except SubtitleEditorError as error:
            self._say("ERROR", str(error))
            return {"CANCELLED"}

    def _keep(self, why: MediaError) -> _Result:
        """Where it finds no place on the timeline: in a file. Nothing is to undo then."""
        operators: Any = bpy.ops
        try:
            result = operators.subtitle.keep_unfinished(
                "EXEC_DEFAULT", journal=self.journal, reason=translated(why.message)
            )
        except RuntimeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"CANCELLED"} if "RUNNING_MODAL" in result else set(result)


class SUBTITLE_OT_keep_unfinished(_Unfinished, TaskOperator, bpy.types.Operator):
    """Make a subtitle file of all that was heard: there is no place for it on the timeline"""

    bl_idname = "subtitle.keep_unfinished"
    bl_label = "Keep in a File"
    bl_options = {"INTERNAL"}

    reason: bpy.props.StringProperty(options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def prepare(self, context: Context) -> Task:
        from ..core.system.task import Task

        journal, place, folder = Path(self.journal), unfinished.place_of(compat.scene_of(context)), user_dir()
        self._scene = compat.scene_of(context).session_uid

        def work(control: Control, _report: ProgressReport, _job: str) -> Recovered | None:
            return control.apart(lambda: unfinished.keep_as_file(journal, place, folder), "keeping what was heard")

        return Task(Text("Keeping what was heard in a file"), work)

    def succeeded(self, _context: Context, result: Recovered | None) -> _Result:
        if result is not None:
            recovered.offer(result)
        unfinished.look_soon(user_dir())
        if result is None:
            self.report({"INFO"}, translated("That is not there any more"))
            return {"CANCELLED"}
        scene = compat.scene_by_uid(self._scene)
        if scene is not None:
            from ..sequencer import coming
            from ..session.transcription import owner_of

            coming.forget(scene, owner_of(Path(self.journal)))
        told = Text(
            "{reason} Kept in {path}: {subtitles}",
            reason=self.reason, path=result.path, subtitles=counted(result.number),
        )  # fmt: skip
        self.report({"INFO"}, translated(told))
        return {"FINISHED"}


class SUBTITLE_OT_discard_unfinished(_Unfinished, bpy.types.Operator):
    """Throw away what was heard, so that it cannot be continued. Subtitles on the timeline stay"""

    bl_idname = "subtitle.discard_unfinished"
    bl_label = "Discard"
    bl_options = {"INTERNAL"}

    def invoke(self, context: Context, event: bpy.types.Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, context: Context) -> _Result:
        from ..core.speech import segments
        from ..sequencer import coming
        from ..session.transcription import owner_of

        path = unfinished.journal_of(self.journal)
        if path is None:
            return self._gone()
        segments.remove(path)
        coming.forget(compat.scene_of(context), owner_of(path))
        unfinished.look_soon(user_dir())
        return {"FINISHED"}


class _Recovered:
    """Subtitles in a file of ours; `path` is that file, as the panel knows it."""

    path: bpy.props.StringProperty(options={"SKIP_SAVE"})  # type: ignore[valid-type]


class SUBTITLE_OT_import_recovered(_Recovered, bpy.types.Operator):
    """Make text strips of the subtitles that were kept, at their times"""

    bl_idname = "subtitle.import_recovered"
    bl_label = "Import Them"
    bl_options = {"INTERNAL"}

    def execute(self, _context: Context) -> _Result:
        operators: Any = bpy.ops
        try:
            # With a step of its own for the undo, which it pushes when it has made the last strip; then the offer goes.
            result = operators.subtitle.import_file(
                "EXEC_DEFAULT", True, filepath=self.path, encoding="UTF8", is_recovered=True
            )
        except RuntimeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"CANCELLED"} if "CANCELLED" in result else {"FINISHED"}


class SUBTITLE_OT_dismiss_recovered(_Recovered, bpy.types.Operator):
    """Do not show this any more. The subtitle file stays where it is"""

    bl_idname = "subtitle.dismiss_recovered"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, _context: Context) -> _Result:
        recovered.let_go(Path(self.path))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_continue_unfinished,
        SUBTITLE_OT_take_unfinished,
        SUBTITLE_OT_keep_unfinished,
        SUBTITLE_OT_discard_unfinished,
        SUBTITLE_OT_import_recovered,
        SUBTITLE_OT_dismiss_recovered,
    )
)
