# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files out: what is written, in which format and encoding, and from which time on."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from ..sequencer import compat, files, strips
from ..session import choices
from ..session import track as tracks
from ..translations import translated
from . import subtitle_choices as offered
from .aside import AsideOperator
from .notices import report_all

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.cues import Cue
    from ..core.subtitles.document import Finding
    from ..core.subtitles.timecode import FrameRate

_Result = set[str]


def _seconds_of(timecode: str, rate: FrameRate) -> float:
    """The seconds of `01:00:00:00` or `1:00:00.5`. Raises SubtitleEditorError."""
    from ..core.subtitles import times

    match = re.fullmatch(times.clock_pattern(), times.plain_signs(timecode.strip()))
    if match is None:
        raise SubtitleEditorError(
            Text('"{text}" is no time.', text=timecode),
            Text("Write it as hours, minutes, seconds, frames: 01:00:00:00."),
        )
    return times.seconds_of(match, rate=rate.exact)


def _inside(cues: list[Cue], first: float, last: float) -> list[Cue]:
    """The cues that are shown between two times, cut there."""
    inside = (cue for cue in cues if cue.end > first and cue.start < last)
    return [dataclasses.replace(cue, start=max(first, cue.start), end=min(last, cue.end)) for cue in inside]


class SUBTITLE_OT_export_file(AsideOperator, bpy.types.Operator):
    """Write the subtitles of the active track to a file; second 0 is the scene's first frame"""

    bl_idname = "subtitle.export_file"
    bl_label = "Export Subtitles"

    filepath: StringProperty(  # type: ignore[valid-type]
        name="File", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: StringProperty(default="", options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    check_existing: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    format: EnumProperty(  # type: ignore[valid-type]
        name="Format", description="What players and other programs are to read", items=offered.format_items
    )
    encoding: EnumProperty(  # type: ignore[valid-type]
        name="Encoding",
        description="How letters become bytes",
        items=offered.WRITE_ENCODINGS,
        default="UTF8",
    )
    newline: EnumProperty(  # type: ignore[valid-type]
        name="Lines End",
        description="How lines end",
        items=(
            ("LF", "Line Feed", "Linux, macOS and all players"),
            ("CRLF", "Carriage Return", "Some programs for Windows need it"),
        ),
        default="LF",
    )
    span: EnumProperty(  # type: ignore[valid-type]
        name="Range",
        description="Which part of the timeline is written",
        items=(
            ("ALL", "All", "All subtitles"),
            (
                "RANGE",
                "Frame Range",
                "The scene's frame range, or its preview range where that is used; times count from there",
            ),
        ),
        default="ALL",
        options={"SKIP_SAVE"},
    )
    start_time: StringProperty(  # type: ignore[valid-type]
        name="Start Time",
        description="The time of the first frame, as broadcasters count it: 01:00:00:00",
        default="00:00:00:00",
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Called by Blender for each redraw; reads memory only."""
        if next(strips.text_strips(compat.scene_of(context)), None) is None:
            cls.poll_message_set(translated("There are no text strips to export"))
            return False
        return True

    def invoke(self, context: Context, _event: Event) -> _Result:
        """Called by Blender when a button is pressed."""
        self.filter_glob = offered.glob(writing=True)
        if not self.filepath:
            blend = Path(bpy.data.filepath)
            name = blend.with_suffix(".srt") if bpy.data.filepath else Path("subtitles.srt")
            self.filepath = str(name.with_suffix(self._suffix() or ".srt"))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: Context) -> bool:
        """Called by Blender when something in the dialog was changed: the name's ending follows the format."""
        suffix = self._suffix()
        path = Path(self.filepath)
        if not suffix or path.suffix.lower() == suffix or not path.name:
            return False
        self.filepath = str(path.with_suffix(suffix))
        return True

    def _suffix(self) -> str:
        if self.format == "AUTO":
            return ""
        from ..core.subtitles.formats import registry

        return registry.BY_ID[self.format].suffixes[0]

    def draw(self, context: Context) -> None:
        """The side of the file dialog; reads memory only."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("format", "encoding", "newline", "span", "start_time"):
            layout.prop(self, name)
        layout.prop(choices.of(compat.scene_of(context)), "only_selected")

    def execute(self, context: Context) -> _Result:
        """Called by Blender when a file is chosen."""
        scene = compat.scene_of(context)
        path = Path(bpy.path.abspath(self.filepath))
        if not path.suffix:
            path = path.with_suffix(self._suffix() or ".srt")
        # Here, not above: it costs a third of the time to register.
        from ..core.subtitles import writing
        from ..core.subtitles.formats.base import WriteOptions

        rate = strips.rate_of(scene)
        track = tracks.active(scene)
        channels = track.channels if track is not None else None
        document, warnings = files.document_of(scene, choices.of(scene).only_selected, channels)
        warnings += self._left_out(scene)
        format = None if self.format == "AUTO" else self.format
        encoding, newline = offered.codec_of(self.encoding) or "utf-8", "\r\n" if self.newline == "CRLF" else "\n"
        options = WriteOptions(fps=rate.exact, resolution=(scene.render.resolution_x, scene.render.resolution_y))
        try:
            if track is not None and not document.cues and not choices.of(scene).only_selected:
                raise tracks.EmptyTrackError(track.name)
            cues = self._chosen(list(document.cues), scene, rate)
            if not cues:
                from ..core.errors.subtitles import SubtitleFileError

                raise SubtitleFileError(
                    path, Text("there is nothing to write"), Text("Select text strips that hold text.")
                )
            whole = document.with_cues(cues).moved(_seconds_of(self.start_time, rate))
        except SubtitleEditorError as error:
            return self.went_wrong(context, error)

        def write() -> tuple[Finding, ...]:
            return writing.save(path, whole, format, encoding=encoding, newline=newline, options=options)

        def written(_context: Context, findings: tuple[Finding, ...]) -> _Result:
            report_all(self, [*warnings, *map(str, findings)])
            text = Text("{subtitles} written to {path}", subtitles=counted(len(cues)), path=path)
            self.report({"INFO"}, translated(text))
            return {"FINISHED"}

        return self.aside(context, Text("Writing {name}", name=path.name), write, written)

    def _left_out(self, scene: bpy.types.Scene) -> list[str]:
        """What is inside meta strips counts by its channel, as outside of them."""
        channels = {channel for track in tracks.tracks(scene) for channel in track.channels}
        number = strips.trackless_inside(scene, channels) if channels and not choices.of(scene).only_selected else 0
        if not number:
            return []
        return [
            Text(
                "Inside meta strips, on no channel of a track, and not written: {subtitles}.", subtitles=counted(number)
            )
        ]

    def _chosen(self, cues: list[Cue], scene: bpy.types.Scene, rate: FrameRate) -> list[Cue]:
        if self.span == "ALL":
            return cues
        first, last = int(scene.frame_start), int(scene.frame_end) + 1
        if scene.use_preview_range:
            first, last = int(scene.frame_preview_start), int(scene.frame_preview_end) + 1
        begin, end = (rate.frame_to_seconds(frame - int(scene.frame_start)) for frame in (first, last))
        inside = _inside(cues, begin, end)
        return [dataclasses.replace(cue.shifted(-begin), start=cue.start - begin) for cue in inside]


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_export_file,))
