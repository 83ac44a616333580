# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle tracks inside films: one of a film on the timeline made to text strips where it plays, and the active track
put into the film that was rendered.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text, counted
from ..core.units import short_path
from ..sequencer import compat, files, sounds, strips
from ..session import rendered
from ..session import track as tracks
from ..translations import iface, translated
from .aside import AsideOperator
from .editing import flat
from .notices import report_all
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.events import ProgressReport
    from ..core.film.mux import Muxed
    from ..core.subtitles.document import Document
    from ..core.system.control import Control

_Result = set[str]

_items: list[tuple[str, str, str]] = []
"""Blender keeps no reference to the texts of a dynamic enum: they must live here, or menus show rubbish."""


def _offered(_self: object, _context: Context | None) -> list[tuple[str, str, str]]:
    """The tracks of the film that was looked into last. Called by Blender; reads memory only."""
    return _items or [("AUTO", "First", "The track that players show")]


def _film(scene: bpy.types.Scene) -> Any:
    """The film strip that is active, or the first selected one. Raises SubtitleEditorError."""
    editor = scene.sequence_editor
    active = editor.active_strip if editor is not None else None
    if active is not None and active.type == "MOVIE":
        return active
    found = [strip for strip in compat.strips_of(editor) if strip.type == "MOVIE"] if editor is not None else []
    selected = [strip for strip in found if strip.select]
    if selected or len(found) == 1:
        return (selected or found)[0]
    raise SubtitleEditorError(Text("No film is chosen."), Text("Select one movie strip."))


def _path(strip: Any) -> Path:
    return Path(bpy.path.abspath(strip.filepath))


class SUBTITLE_OT_import_from_film(AsideOperator, TaskOperator, bpy.types.Operator):
    """Make text strips of a subtitle track inside the chosen film, where it plays"""

    bl_idname = "subtitle.import_from_film"
    bl_label = "Import from Film"
    bl_options = {"UNDO"}

    track: EnumProperty(  # type: ignore[valid-type]
        name="Track", description="Which of the film's subtitle tracks", items=_offered, options={"SKIP_SAVE"}
    )

    is_looked: BoolProperty(default=False, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    if TYPE_CHECKING:
        _use: sounds.MediaUse

    def invoke(self, context: Context, _event: Event) -> _Result:
        """Called by Blender when the button is pressed: look into the film's head and ask."""
        if self.is_looked:
            return set(context.window_manager.invoke_props_dialog(self, width=400))
        try:
            path = _path(_film(compat.scene_of(context)))
        except SubtitleEditorError as error:
            return self.went_wrong(context, error)

        def look() -> list[tuple[str, str, str]]:
            from ..core.subtitles import tracks as inside

            found = [(str(one.number), str(one), one.codec) for one in inside.listed(path) if one.is_text]
            if not found:
                raise SubtitleEditorError(
                    Text("The film has no subtitles that are text."), Text("Choose another film, or transcribe it.")
                )
            return found

        return self.aside(context, Text("Looking into {name}", name=path.name), look, self._ask)

    def _ask(self, _context: Context, found: list[tuple[str, str, str]]) -> _Result:
        _items[:] = found
        # That is another one; this one has done nothing that could be undone.
        return self.anew("INVOKE_DEFAULT", is_looked=True)

    def prepare(self, context: Context) -> Task:
        """Called by TaskOperator: what is to be read, and how."""
        scene = compat.scene_of(context)
        strip = _film(scene)
        self._use = sounds.media_use(strip, scene)
        path, number = _path(strip), int(self.track) if self.track.isdigit() else None

        def work(_control: Control, _report: ProgressReport, _job: str) -> Document:
            from ..core.subtitles import tracks as inside
            from ..core.subtitles.formats.base import ReadOptions

            return inside.read(path, ReadOptions(track=number))

        return Task(Text("Reading the subtitles of {name}", name=path.name), work)

    def succeeded(self, context: Context, result: Document) -> _Result | None:
        """Called by TaskOperator on the main thread."""
        scene = compat.scene_of(context)
        cues = self._use.on_timeline(result.cues, int(scene.frame_start))
        try:
            writer = strips.Writer(scene, strips.place(cues, strips.clock_of(scene).frame), files.highest_media(scene))
            tracks.enter(scene, writer.channel, writer.rows, self._use.path.stem, result.language)
            files.remember(scene, writer.channel, result)
            writer.step()
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        report_all(self, result.warnings)
        made = Text("{subtitles} imported from {name}", subtitles=counted(writer.made), name=self._use.path.name)
        self.report({"INFO"}, translated(made))
        return None


class SUBTITLE_OT_add_to_film(TaskOperator, bpy.types.Operator):
    """Put the active track into the film that this scene was rendered to, as subtitles that a player shows or not"""

    bl_idname = "subtitle.add_to_film"
    bl_label = "Add Subtitles to the Film"

    if TYPE_CHECKING:
        _warnings: list[str]

    _film = _track = ""

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Called by Blender for each redraw; reads memory only."""
        scene = compat.scene_of(context)
        if not scene.render.is_movie_format:
            cls.poll_message_set(translated("The output of this scene is no film but images"))
            return False
        if bpy.app.is_job_running("RENDER"):
            cls.poll_message_set(translated("The film is being rendered"))
            return False
        if next(strips.text_strips(scene), None) is None:
            cls.poll_message_set(translated("There are no text strips to export"))
            return False
        return True

    def invoke(self, context: Context, event: Event) -> _Result:
        """Called by Blender when the button is pressed: the film's file is replaced, so ask."""
        path, track = rendered.path(compat.scene_of(context)), tracks.active(compat.scene_of(context))
        name = flat(track.name) if track is not None else ""
        told = {"name": name, "path": short_path(path)}
        message = Text('The track "{name}" goes into {path}, in place of one of that name.', **told)
        if track is None:
            message = Text("All text strips go into {path} as one track.", **told)
        operator: Any = self
        return set(
            context.window_manager.invoke_confirm(
                operator, event, title=iface(self.bl_label), message=iface(message), confirm_text="Add"
            )
        )

    def prepare(self, context: Context) -> Task:
        """Called by TaskOperator: the subtitles as they are now."""
        scene = compat.scene_of(context)
        track = tracks.active(scene)
        self._film, self._track = rendered.path(scene).name, track.name if track is not None else ""
        task, self._warnings = rendered.job(scene)
        return task

    def succeeded(self, _context: Context, result: Muxed) -> None:
        """Called by TaskOperator on the main thread."""
        report_all(self, [*self._warnings, *(str(finding) for _, finding in result.findings)])
        told = {"name": self._track, "film": self._film, "number": result.tracks}
        text = Text('The track "{name}" is in {film} now. Subtitle tracks there: {number}', **told)
        if not self._track:
            text = Text("All text strips are in {film} now. Subtitle tracks there: {number}", **told)
        self.report({"INFO"}, translated(text))


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_import_from_film, SUBTITLE_OT_add_to_film))
