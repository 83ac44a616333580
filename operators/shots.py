# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts inside the films of the timeline, looked for in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text
from ..sequencer import compat, sounds
from ..session import settings, shots
from ..session import track as tracks
from ..translations import translated
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.events import ProgressReport
    from ..core.subtitles.shots import Shots
    from ..core.system.control import Control

_Result = set[str]

_STEPS = 1000
"""Of the bar, for each film."""


class SUBTITLE_OT_find_shots(TaskOperator, bpy.types.Operator):
    """Look for the cuts inside the films, so that subtitles can begin and end with them. What is found is remembered"""

    bl_idname = "subtitle.find_shots"
    bl_label = "Find Cuts in Films"

    again: BoolProperty(  # type: ignore[valid-type]
        name="Again", description="Also in films in which they were found before", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Called by Blender for each redraw; reads memory only."""
        if compat.scene_of(context).sequence_editor is None:
            cls.poll_message_set(translated("There are no strips in the sequencer"))
            return False
        if any(not task.finished.is_set() for task in shots.running):
            cls.poll_message_set(translated("Cuts are being looked for"))
            return False
        return True

    def prepare(self, context: Context) -> Task:
        """Called by TaskOperator: the selected films, else all of them."""
        scene = compat.scene_of(context)
        films = shots.films(scene)
        films = [strip for strip in films if strip.select] or films
        found = (sounds.path_of(strip, scene) for strip in films)
        paths = list(dict.fromkeys(path for path in found if path is not None))
        if not paths:
            raise SubtitleEditorError(
                Text("There is no film on the timeline."), Text("Add one, or show the one that is muted.")
            )
        folder, again = settings.user_dir(), self.again

        def work(control: Control, report: ProgressReport, job: str) -> dict[Path, Shots]:
            return _look(paths, folder, again, control, report, job)

        task = Task(Text("Looking for cuts"), work)
        shots.running[:] = [task]
        return task

    def succeeded(self, _context: Context, result: dict[Path, Shots]) -> _Result | None:
        """Called by TaskOperator on the main thread."""
        for path, found in result.items():
            shots.put(path, found)
        tracks.touched()
        number = sum(len(found.cuts) for found in result.values())
        self.report({"INFO"}, translated(Text("Cuts found: {number}", number=number)))
        return None


def _look(
    paths: list[Path], folder: Path, again: bool, control: Control, report: ProgressReport, job: str
) -> dict[Path, Shots]:
    """On the task's thread: each film, and each kept as soon as it is known."""
    from ..core.events import Progress, State
    from ..core.subtitles import shots as core

    result: dict[Path, Shots] = {}
    for number, path in enumerate(paths):

        def moved(share: float, number: int = number) -> None:
            done = int((number + share) * _STEPS)
            report(Progress(job=job, model="", state=State.CHECKING, bytes_done=done, bytes_total=len(paths) * _STEPS))

        found = None if again else core.remembered(folder, path)
        if found is None:
            found = core.find(path, moved, lambda: control.cancelled)
            core.remember(folder, path, found)
        result[path] = found
    return result


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_find_shots,))
