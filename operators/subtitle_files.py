# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files in and out: operators between Blender's strips and core/subtitles/files.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, StringProperty

from ..core.errors import SubtitleEditorError, SubtitleFileError
from ..core.text import Text
from ..sequencer import compat, strips
from ..session import choices, waker
from ..session import track as tracks
from ..session.transcription import WRITE_BUDGET
from ..translations import translated

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.timecode import FrameRate

_Result = set[str]

_AT_ONCE = 300
"""Subtitles that are made in one go, in a fraction of the time that is felt; more of them take turns with Blender."""

_WARNINGS = 3
"""Warnings that are shown one by one; the rest is a number here, and whole in the system console."""


def _glob() -> str:
    """What the file dialog shows."""
    from ..core.subtitles.files import FORMATS

    return ";".join(f"*.{ending}" for ending in FORMATS)


def _absolute(filepath: str) -> Path:
    return Path(bpy.path.abspath(filepath))


def _report_warnings(operator: bpy.types.Operator, warnings: list[str]) -> None:
    for warning in warnings[:_WARNINGS]:
        operator.report({"WARNING"}, translated(warning))
    if len(warnings) > _WARNINGS:
        more = Text("and {number} more; the system console has them all", number=len(warnings) - _WARNINGS)
        operator.report({"WARNING"}, translated(more))
        for warning in warnings:
            print("Subtitle Editor:", warning)


def _to_frame(scene: bpy.types.Scene, rate: FrameRate, seconds: float) -> int:
    return int(scene.frame_start) + rate.seconds_to_frame(seconds)


class SUBTITLE_OT_import_file(bpy.types.Operator):
    """Read a subtitle file and make text strips of it, from the scene's first frame on"""

    bl_idname = "subtitle.import_file"
    bl_label = "Import Subtitles"
    bl_options = {"UNDO"}

    filepath: StringProperty(  # type: ignore[valid-type]
        name="File", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: StringProperty(default="", options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    _writer: strips.Writer
    _timer: bpy.types.Timer
    _name: str

    def invoke(self, context: Context, _event: Event) -> _Result:
        self.filter_glob = _glob()
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        rate = strips.rate_of(scene)
        path = _absolute(self.filepath)
        self._name = path.name
        # Here, not above: it costs a third of the time to register.
        from ..core.subtitles import files

        try:
            file = files.load(path, fps=float(rate))
            placements = strips.place(file.cues, lambda seconds: _to_frame(scene, rate, seconds))
            self._writer = strips.Writer(scene, placements, _highest_media(scene))
            tracks.enter(scene, self._writer.channel, self._writer.rows, path.stem)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        _report_warnings(self, file.warnings)
        if bpy.app.background or len(placements) <= _AT_ONCE:
            self._writer.step()
            return self._report_end()
        self._timer = waker.add_timer(context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> _Result:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            done = self._writer.step(WRITE_BUDGET)
        except SubtitleEditorError as error:
            self._leave(context)
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if done:
            self._leave(context)
            return self._report_end()
        made, total = self._writer.made, self._writer.total
        status = Text("Importing {name}: {done} of {total}", name=self._name, done=made, total=total)
        context.workspace.status_text_set(translated(status))
        return {"PASS_THROUGH"}

    def cancel(self, context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        # Blender also calls this when the file dialog is left without a choice.
        if hasattr(self, "_timer"):
            self._leave(context)

    def _leave(self, context: Context) -> None:
        waker.remove_timer(self._timer)
        if context.workspace is not None:
            context.workspace.status_text_set(None)

    def _report_end(self) -> _Result:
        if notice := self._writer.notice:
            self.report({"WARNING"}, translated(notice))
        made = Text("{number} subtitles imported from {name}", number=self._writer.made, name=self._name)
        self.report({"INFO"}, translated(made))
        return {"FINISHED"}


def _highest_media(scene: bpy.types.Scene) -> int:
    """The highest channel with a sound or picture: subtitles lie above what they explain."""
    kinds = ("SOUND", "MOVIE", "IMAGE", "SCENE", "META")
    channels = (s.channel for s in compat.strips_of(compat.editor_of(scene)) if s.type in kinds)
    return max(channels, default=0)


class SUBTITLE_OT_export_file(bpy.types.Operator):
    """Write the subtitles of the active track to a file; second 0 is the scene's first frame"""

    bl_idname = "subtitle.export_file"
    bl_label = "Export Subtitles"

    filepath: StringProperty(  # type: ignore[valid-type]
        name="File", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: StringProperty(default="", options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    check_existing: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Context) -> bool:
        if next(strips.text_strips(compat.scene_of(context)), None) is None:
            cls.poll_message_set(translated("There are no text strips to export"))
            return False
        return True

    def invoke(self, context: Context, _event: Event) -> _Result:
        self.filter_glob = _glob()
        if not self.filepath:
            blend = Path(bpy.data.filepath)
            self.filepath = str(blend.with_suffix(".srt")) if bpy.data.filepath else "subtitles.srt"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Context) -> _Result:
        scene = compat.scene_of(context)
        path = _absolute(self.filepath)
        if not path.suffix:
            path = path.with_suffix(".srt")
        from ..core.subtitles import files

        track = tracks.active(scene)
        channels = track.channels if track is not None else None
        cues, warnings = strips.cues_of(scene, choices.of(scene).only_selected, channels)
        try:
            if not cues:
                raise SubtitleFileError(
                    path, Text("there is nothing to write"), Text("Select text strips that hold text.")
                )
            files.save(path, cues)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        _report_warnings(self, warnings)
        self.report({"INFO"}, translated(Text("{number} subtitles written to {path}", number=len(cues), path=path)))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_import_file, SUBTITLE_OT_export_file))
