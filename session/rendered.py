# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles into the film that Blender has rendered. Main thread, but for the work itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text
from ..sequencer import files
from . import track as tracks

if TYPE_CHECKING:
    from ..core.film.mux import Muxed
    from ..core.system.control import Control


class NotRenderedError(SubtitleEditorError):
    """There is no film yet where this scene's render goes."""

    code = "not_rendered"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("There is no film {path}.", path=path), Text("Render the animation first, as it is set up now.")
        )


def path(scene: bpy.types.Scene) -> Path:
    """Where the film lies that a render of this scene writes, as it is set up now."""
    return Path(bpy.path.abspath(scene.render.frame_path(frame=scene.frame_start)))


def job(scene: bpy.types.Scene) -> tuple[Task, list[str]]:
    """The task that puts the active track into the rendered film, and what of the track the film does not play. The
    task's error is NotRenderedError where there is no film. Raises EmptyTrackError."""
    film, track = path(scene), tracks.active(scene)
    document, warnings = files.document_of(scene, channels=track.channels if track is not None else None)
    name, language = (track.name, track.language) if track is not None else ("", document.language)
    if track is not None and not document.cues:
        raise tracks.EmptyTrackError(track.name)

    def work(control: Control, _report: Any, _job: str) -> Muxed:
        from ..core.film import mux, soft

        if not film.is_file():
            raise NotRenderedError(film)
        subtitles = soft.Subtitles(film, document, language, name, default=True)
        return mux.add(
            film, [subtitles], lambda fraction: task.share(round(fraction * 1000), 1000), lambda: control.cancelled
        )

    task = Task(Text("Adding subtitles to {name}", name=film.name), work)
    return task, warnings
