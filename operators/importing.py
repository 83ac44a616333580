# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files in: the dialog, and what is asked when letters may be wrong."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.system.logs import log
from ..core.text import Text, counted
from ..sequencer import compat, files, strips
from ..session import recovered
from ..session import track as tracks
from ..translations import translated
from . import subtitle_choices as offered
from .aside import AsideOperator
from .notices import report_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpy.types import Context, Event, UILayout

    from ..core.subtitles.document import Document

_Result = set[str]

_BUDGET = 0.02
"""Seconds of each tick spent on making strips: long enough to get on, too short to be felt."""

_AT_ONCE = 300
"""Subtitles that are made in one go, in a fraction of the time that is felt; more of them take turns with Blender."""

_PREVIEW_LINES = 8
"""What is shown of a file whose letters may be wrong."""


class FileChoices:
    """What can be said about a file, in the file dialog and when its encoding is asked for."""

    filepath: StringProperty(  # type: ignore[valid-type]
        name="File", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    encoding: EnumProperty(  # type: ignore[valid-type]
        name="Encoding",
        description="How the bytes of the file mean letters",
        items=offered.READ_ENCODINGS,
        default="AUTO",
        options={"SKIP_SAVE"},
    )
    rate: FloatProperty(  # type: ignore[valid-type]
        name="Frame Rate",
        description="Frames per second, for files whose times count frames. 0: as the file says, else the scene's",
        min=0.0,
        max=1000.0,
        default=0.0,
        precision=3,
    )
    place: EnumProperty(  # type: ignore[valid-type]
        name="Start",
        description="Where on the timeline the subtitles go",
        items=(
            ("START", "Scene Start", "Second 0 of the file is the scene's first frame"),
            ("PLAYHEAD", "Playhead", "The first subtitle begins at the playhead"),
        ),
        default="START",
    )
    offset: FloatProperty(  # type: ignore[valid-type]
        name="Offset", description="Seconds by which all subtitles are moved", default=0.0, precision=3
    )
    existing: EnumProperty(  # type: ignore[valid-type]
        name="Subtitles",
        description="What becomes of the subtitles that are there",
        items=(
            ("BESIDE", "Beside", "Keep the subtitles that are there, and make a new track"),
            ("REPLACE", "Replace", "Remove the subtitles of the active track"),
        ),
        default="BESIDE",
        options={"SKIP_SAVE"},
    )
    language: IntProperty(  # type: ignore[valid-type]
        name="Language No.",
        description="Which of several languages in one file, counted from 1. 0: the first",
        min=0,
        max=99,
        default=0,
        options={"SKIP_SAVE"},
    )
    keep_rolling: BoolProperty(  # type: ignore[valid-type]
        name="Keep Rolling",
        description="Leave captions that roll up line by line as they are, instead of folding them into subtitles",
        default=False,
    )


_NAMES = ("encoding", "rate", "place", "offset", "existing", "language", "keep_rolling")


def _draw(layout: UILayout, owner: Any) -> None:
    layout.use_property_split = True
    layout.use_property_decorate = False
    for name in _NAMES:
        layout.prop(owner, name)


def _loading(path: Path, owner: Any, scene: bpy.types.Scene) -> Callable[[], Document]:
    """What reads a file as it is to be read; any thread. It raises SubtitleEditorError."""
    # Here, not above: it costs a third of the time to register.
    from ..core.subtitles import reading
    from ..core.subtitles.formats.base import ReadOptions
    from ..core.subtitles.timecode import FrameRate

    rate = FrameRate.from_fps(owner.rate) if owner.rate > 0 else strips.rate_of(scene)
    options = ReadOptions(fps=rate.exact, track=owner.language or None, keep_rolling=owner.keep_rolling)
    encoding = offered.codec_of(owner.encoding)

    return functools.partial(reading.load, path, encoding=encoding, options=options)


_samples: dict[Path, tuple[bytes, str]] = {}
"""Of files whose encoding is asked for, until that is answered: their first lines with letters, and what was found."""


def _read_sample(path: Path) -> tuple[bytes, str]:
    from ..core.subtitles import reading

    return reading.sample(path)


def _on_timeline(document: Document, owner: Any, scene: bpy.types.Scene) -> Document:
    seconds = float(owner.offset)
    if owner.place == "PLAYHEAD" and document.cues:
        playhead = strips.rate_of(scene).frame_to_seconds(scene.frame_current - int(scene.frame_start))
        seconds += playhead - min(cue.start for cue in document.cues)
    return document.moved(round(seconds, 6))


def _refuse_locked(scene: bpy.types.Scene) -> None:
    """Raises SubtitleEditorError where what is to be replaced is locked."""
    from ..sequencer.track import refuse_locked

    track = tracks.active(scene)
    if track is not None and track.locked:
        raise SubtitleEditorError(Text("The track is locked."), Text("Unlock it above the list of subtitles."))
    locked = compat.locked(scene.sequence_editor)
    refuse_locked(files.replaceable(scene, track.channels if track is not None else None), locked)


class SUBTITLE_OT_import_file(AsideOperator, bpy.types.Operator, FileChoices):
    """Read subtitle files and make text strips of them, from the scene's first frame on"""

    bl_idname = "subtitle.import_file"
    bl_label = "Import Subtitles"
    bl_options = {"UNDO"}

    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    files: CollectionProperty(  # type: ignore[valid-type]
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    filter_glob: StringProperty(default="", options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    is_recovered: BoolProperty(default=False, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    is_asked: BoolProperty(default=False, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    if TYPE_CHECKING:  # Blender evaluates what is annotated in its classes when it registers them.
        _scene: int
        _writer: strips.Writer
        _path: Path
        _waiting: list[Path]
        _unsure: list[Path]
        """Files whose letters may be wrong: they are asked for when all others are there."""
        _is_first: bool
        _has_made: bool

    def invoke(self, context: Context, _event: Event) -> _Result:
        """Called by Blender: by a button without a file, or with the files that were dropped."""
        if self.directory and self.files:
            return self.execute(context)
        self.filter_glob = offered.glob(writing=False)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, _context: Context) -> None:
        """The side of the file dialog; reads memory only."""
        _draw(self.layout, self)

    def execute(self, context: Context) -> _Result:
        """Called by Blender when files are chosen."""
        self._scene = compat.scene_of(context).session_uid
        self._waiting = self._paths()
        self._unsure = []
        self._is_first = True
        self._has_made = False
        try:
            if self.existing == "REPLACE":
                _refuse_locked(compat.scene_of(context))
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        return self._next(context)

    def _paths(self) -> list[Path]:
        folder = Path(bpy.path.abspath(self.directory)) if self.directory else None
        names = [item.name for item in self.files if item.name]
        if folder is not None and names and (len(names) > 1 or not self.filepath):
            return [folder / name for name in names]
        return [Path(bpy.path.abspath(self.filepath))]

    def _next(self, context: Context) -> _Result:
        """Read the next file."""
        self._path = self._waiting.pop(0)
        try:
            load = _loading(self._path, self, self._scene_of())
        except SubtitleEditorError as error:
            return self._stop(error)
        return self.aside(context, Text("Reading {name}", name=self._path.name), load, self._begin)

    def _scene_of(self) -> bpy.types.Scene:
        """The scene in which the import began. Raises SceneGoneError."""
        scene = compat.scene_by_uid(self._scene)
        if scene is None:
            raise strips.SceneGoneError(0)
        return scene

    def went_wrong(self, context: Context, error: SubtitleEditorError) -> _Result:
        """A file that cannot be read stops no other."""
        self.report({"ERROR"}, translated(str(error)))
        return self._go_on(context)

    def given_up(self, context: Context, label: Text) -> _Result:
        """Neither is what would have come after it."""
        super().given_up(context, label)
        return self._name_others()

    def _stop(self, error: SubtitleEditorError) -> _Result:
        self.report({"ERROR"}, translated(str(error)))
        return self._name_others()

    def _name_others(self) -> _Result:
        if others := [*self._waiting, *self._unsure]:
            text = Text("Not imported: {names}", names=", ".join(path.name for path in others))
            self.report({"WARNING"}, translated(text))
        return self._ended()

    def _ended(self) -> _Result:
        """Strips that were made are worth an undo step, whatever became of other files."""
        return {"FINISHED"} if self._has_made else {"CANCELLED"}

    def cancel(self, context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        super().cancel(context)
        for path in getattr(self, "_waiting", ()):
            log(__name__).warning("not imported: %s", path)

    def _begin(self, context: Context, document: Document) -> _Result:
        """Begin to make the strips of a file that was read."""
        if self._has_to_ask(document, context):
            _samples[self._path] = document.sample, document.encoding
            self._unsure.append(self._path)
            return self._go_on(context)
        try:
            scene = self._scene_of()
            document = _on_timeline(document, self, scene)
            # Only now: a file that cannot be read costs nobody the subtitles that are there.
            above, kept = self._make_room(scene)
            clock = strips.rate_of(scene)
            placements = strips.place(document.cues, lambda at: int(scene.frame_start) + clock.seconds_to_frame(at))
            self._writer = strips.Writer(scene, placements, above, kept)
        except strips.SceneGoneError as error:
            return self._stop(error)
        except SubtitleEditorError as error:
            return self.went_wrong(context, error)
        report_all(self, document.warnings)
        files.remember(scene, self._writer.channel, document)
        tracks.enter(scene, self._writer.channel, self._writer.rows, self._path.stem, document.language)
        if bpy.app.background or len(placements) <= _AT_ONCE:
            try:
                self._writer.step()
            except SubtitleEditorError as error:
                return self._stop(error)
            return self._report_end(context)
        self.stay(context)
        return {"RUNNING_MODAL"}

    def _make_room(self, scene: bpy.types.Scene) -> tuple[int, str]:
        """Remove what is to be replaced; the channel above which the subtitles go, and the look kept for them."""
        track = tracks.active(scene)
        if self.existing != "REPLACE" or not self._is_first:
            self._is_first = False
            return files.highest_media(scene), ""
        _refuse_locked(scene)  # It may be another track by now.
        self._is_first = False
        files.remove_subtitles(scene, track.channels if track is not None else None)
        return (track.channel - 1 if track is not None else files.highest_media(scene)), tracks.kept_look(scene)

    def _has_to_ask(self, document: Document, context: Context) -> bool:
        from ..core.subtitles.detecting import SURE

        unsure = self.encoding == "AUTO" and document.certainty < SURE and not self.is_asked
        return unsure and not bpy.app.background and context.window is not None

    def _go_on(self, context: Context) -> _Result:
        """The next file, then the files that have to be asked for."""
        if self.is_asked:  # Of the file before; it says nothing of the letters of others.
            self.is_asked, self.encoding = False, "AUTO"
        if self._waiting:
            return self._next(context)
        if not self._unsure:
            return self._ended()
        settings = {name: getattr(self, name) for name in _NAMES if name != "encoding"}
        if not self._is_first:
            settings["existing"] = "BESIDE"
        operators: Any = bpy.ops
        operators.subtitle.ask_encoding(
            "INVOKE_DEFAULT",
            filepath=str(self._unsure[0]),
            directory=str(self._unsure[0].parent),
            files=[{"name": path.name} for path in self._unsure],
            **settings,
        )
        return {"FINISHED"}

    def modal(self, context: Context, event: Event) -> _Result:
        """Called by Blender for each event while a file is read or strips are made."""
        if self._aside is not None:
            return super().modal(context, event)
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            done = self._writer.step(_BUDGET)
        except SubtitleEditorError as error:
            self.leave(context)
            return self._stop(error)
        if done:
            self.leave(context)
            return self._report_end(context)
        made, total = self._writer.made, self._writer.total
        status = Text("Importing {name}: {done} of {total}", name=self._path.name, done=made, total=total)
        context.workspace.status_text_set(translated(status))
        return {"PASS_THROUGH"}

    def _report_end(self, context: Context) -> _Result:
        if notice := self._writer.notice:
            self.report({"WARNING"}, translated(notice))
        made = Text("{subtitles} imported from {name}", subtitles=counted(self._writer.made), name=self._path.name)
        self.report({"INFO"}, translated(made))
        if self.is_recovered:
            # Only now: a file that was not imported to its end is offered again.
            recovered.let_go(Path(self.filepath))
        self._has_made = True
        return self._go_on(context)


class SUBTITLE_OT_ask_encoding(bpy.types.Operator, FileChoices):
    """Import a subtitle file whose letters may be wrong: choose the encoding in which they are right"""

    bl_idname = "subtitle.ask_encoding"
    bl_label = "Are the Letters Right?"
    bl_options = {"UNDO", "INTERNAL"}

    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    # This file, and those of the same folder to go on with.
    files: CollectionProperty(  # type: ignore[valid-type]
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )

    def _path(self) -> Path:
        return Path(bpy.path.abspath(self.filepath))

    def invoke(self, context: Context, _event: Event) -> _Result:
        """Called by Blender before the dialog is shown."""
        path = self._path()
        try:
            # Who has read the file has taken some of it; only a script comes without.
            if path not in _samples:
                _samples[path] = _read_sample(path)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        self.encoding = offered.item_of(_samples[path][1])
        return set(context.window_manager.invoke_props_dialog(self, width=500))

    def draw(self, _context: Context) -> None:
        """The dialog; reads memory only."""
        layout = self.layout
        layout.label(text=Path(self.filepath).name, translate=False)
        box = layout.box().column(align=True)
        data, found = _samples.get(self._path(), (b"", "utf-8"))
        codec = offered.codec_of(self.encoding) or found
        for line in data.decode(codec, errors="replace").split("\n")[:_PREVIEW_LINES]:
            box.label(text=offered.drawable(line.strip()), translate=False)
        layout.use_property_split = True
        layout.prop(self, "encoding")

    def execute(self, _context: Context) -> _Result:
        """Called by Blender when the user says yes."""
        _samples.pop(self._path(), None)
        settings = {name: getattr(self, name) for name in _NAMES}
        names = [{"name": item.name} for item in self.files]
        operators: Any = bpy.ops
        operators.subtitle.import_file(
            "EXEC_DEFAULT", filepath=self.filepath, directory=self.directory, files=names, is_asked=True, **settings
        )
        return {"FINISHED"}

    def cancel(self, _context: Context) -> None:
        """Called by Blender when the user says no: this file is left out, the others are not."""
        _samples.pop(self._path(), None)
        names = [{"name": item.name} for item in self.files][1:]
        settings = {name: getattr(self, name) for name in _NAMES if name != "encoding"}
        if names:
            # Not from in here: Blender is about to free this operator.
            bpy.app.timers.register(functools.partial(_import_rest, self.directory, names, settings), first_interval=0)


def _import_rest(directory: str, names: list[dict[str, str]], settings: dict[str, Any]) -> None:
    manager = bpy.context.window_manager
    if manager is None or not manager.windows:
        return
    operators: Any = bpy.ops
    with bpy.context.temp_override(window=manager.windows[0]):
        operators.subtitle.import_file("EXEC_DEFAULT", directory=directory, files=names, **settings)


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_import_file, SUBTITLE_OT_ask_encoding))
