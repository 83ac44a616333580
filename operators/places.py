# SPDX-License-Identifier: GPL-3.0-or-later
"""Places of subtitles in the picture: to the next one that is wrong, and into the safe area and clear of each other."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text, counted
from ..sequencer import compat, letters, places
from ..session import track as tracks
from ..translations import translated
from .editing import has_strips
from .pictures import may_change
from .slow import LongOperator, Work

if TYPE_CHECKING:
    from bpy.types import Context

    from ..sequencer.mending import Mended, Mending

_Result = set[str]


class _Looking(Work):
    """Where all subtitles stand. Changes nothing."""

    changes = False

    def __init__(self, scene: bpy.types.Scene) -> None:
        found = places.all_of(scene)
        super().__init__(scene, places.looking(scene, found), len(found))

    def _back(self) -> tuple[Generator[int, None, Any], int]:
        return places.looking(self._scene, ()), 0


class _Mending(Work):
    """Subtitles being put in place."""

    def __init__(self, scene: bpy.types.Scene, mending: Mending) -> None:
        self._mending = mending
        super().__init__(scene, mending.steps(), mending.total)

    def _back(self) -> tuple[Generator[int, None, Any], int]:
        return self._mending.back(), self._mending.changed


class Fitting(Work):
    """Sizes and places being brought to the film, also inside of metas."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._fitting = letters.Fitting(scene)
        super().__init__(scene, self._fitting.steps(), self._fitting.total)

    def _strips(self) -> Any:
        editor = self._scene.sequence_editor
        return compat.every_strip(editor) if editor is not None else ()

    def _back(self) -> tuple[Generator[int, None, Any], int]:
        return self._fitting.back(), self._fitting.changed


class _PlacesOperator(LongOperator):
    """Mix-in of an operator that is about all subtitles that are seen."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_strips(cls, context)

    def work(self, scene: bpy.types.Scene) -> Work:
        """What is to be done."""
        raise NotImplementedError

    def execute(self, context: Context) -> _Result:
        try:
            return self.begin(self.work(compat.scene_of(context)))
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        finally:
            tracks.touched()

    def _name_locked(self, number: int) -> None:
        if number:
            text = Text("Locked, and so left where they are: {subtitles}", subtitles=counted(number))
            self.report({"WARNING"}, translated(text))


class SUBTITLE_OT_next_place(_PlacesOperator, bpy.types.Operator):
    """Go to the next subtitle that leaves the picture or its safe area, or that another one lies on"""

    bl_idname = "subtitle.next_place"
    bl_label = "Next Wrong Place"

    def work(self, scene: bpy.types.Scene) -> Work:
        return _Looking(scene)

    def told(self, found: list[places.Trouble]) -> _Result:
        scene = compat.scene_of(bpy.context)
        if not found:
            self.report({"INFO"}, translated(Text("All subtitles stand inside the safe area, and none on another")))
            return {"CANCELLED"}
        later = [trouble for trouble in found if trouble.left > scene.frame_current]
        trouble = (later or found)[0]
        strip = compat.find(scene.sequence_editor, trouble.name)
        scene.frame_set(trouble.left)
        if strip is not None:
            tracks.choose(scene, strip)
        number = len({one.name for one in found})
        self.report({"INFO"}, translated(Text("Not where they should be: {subtitles}", subtitles=counted(number))))
        return {"FINISHED"}


class SUBTITLE_OT_mend_places(_PlacesOperator, bpy.types.Operator):
    """Bring subtitles into the safe area, and up or down off others. Lines that are too long are broken"""

    bl_idname = "subtitle.mend_places"
    bl_label = "Put in Place"
    bl_options = {"REGISTER", "UNDO"}

    which: EnumProperty(  # type: ignore[valid-type]
        name="Which",
        items=(("HERE", "At the Playhead", ""), ("ALL", "All", "All that are seen")),
        default="HERE",
    )

    def work(self, scene: bpy.types.Scene) -> Work:
        from ..sequencer.mending import Mending

        every = places.all_of(scene)
        found = every if self.which == "ALL" else places.shown(scene, int(scene.frame_current))
        return _Mending(scene, Mending(scene, found, every))

    def told(self, result: Mended) -> _Result:
        self._name_locked(result.locked)
        if result.left:
            text = Text("Still not where they should be, for want of room: {subtitles}", subtitles=counted(result.left))
            self.report({"WARNING"}, translated(text))
        self.report({"INFO"}, translated(Text("Put in place: {subtitles}", subtitles=counted(result.count))))
        if result.clicked:
            text = Text("Found now by a click on them in the preview: {subtitles}", subtitles=counted(result.clicked))
            self.report({"INFO"}, translated(text))
        return {"FINISHED"} if result.count or result.clicked else {"CANCELLED"}


class SUBTITLE_OT_fit_sizes(_PlacesOperator, bpy.types.Operator):
    """Bring letters and places of all subtitles to the size of the film, after its resolution was changed"""

    bl_idname = "subtitle.fit_sizes"
    bl_label = "Fit Sizes to the Film"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        return may_change(cls, context)

    def work(self, scene: bpy.types.Scene) -> Work:
        return Fitting(scene)

    def told(self, result: letters.Fitted) -> _Result:
        self._name_locked(result.locked)
        self.report({"INFO"}, translated(Text("Another size: {subtitles}", subtitles=counted(result.number))))
        return {"FINISHED"} if result.number else {"CANCELLED"}


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_next_place, SUBTITLE_OT_mend_places, SUBTITLE_OT_fit_sizes)
)
