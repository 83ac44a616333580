# SPDX-License-Identifier: GPL-3.0-or-later
"""How subtitles look on the timeline: the look of one for all, a preset, colours by speaker; and who speaks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..core.text import Text, counted
from ..sequencer import cue, look
from ..session import track as tracks
from ..translations import translated
from .editing import SELECTED, TRACK, CueOperator, nothing_chosen, numbers_in, scope

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.track import Rules
    from ..sequencer.track import Row

_Result = set[str]


class _StyleOperator(CueOperator):
    """Mix-in of an operator that changes looks."""

    if TYPE_CHECKING:
        which: str

    def styled(self, scene: bpy.types.Scene, row: Row, source: Any) -> _Result:
        """Give the subtitles that are meant the look of one of them."""
        numbers = numbers_in(scene, row, self.which)
        strips = row.strips(numbers)
        # The one that it is taken from last: until then its own formatting is told from its look.
        for strip in [*(strip for strip in strips if strip != source), source]:
            look.copy_style(source, strip, cue.read(strip, row.clock))
        if len(strips) == len(row):
            tracks.keep_look(scene, source)
        self.report({"INFO"}, translated(Text("Looks so now: {subtitles}", subtitles=counted(len(strips)))))
        return {"FINISHED"}


class SUBTITLE_OT_copy_style(_StyleOperator, bpy.types.Operator):
    """Give other subtitles the look of the chosen one: font, size, colours, edge, shadow, box, place"""

    bl_idname = "subtitle.copy_style"
    bl_label = "Copy Style"

    which: scope()  # type: ignore[valid-type]

    def edit(self, scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        source = tracks.chosen_strip(scene)
        if source is None:
            raise nothing_chosen()
        return self.styled(scene, row, source)


def _presets(_self: Any, _context: Context | None) -> list[tuple[str, str, str]]:
    from ..core.picture import style

    if not _items:
        _items.extend((name, preset.title, "") for name, preset in style.presets().items())
    return _items


_items: list[tuple[str, str, str]] = []
"""Blender keeps no reference to the texts of a dynamic enum."""


class SUBTITLE_OT_use_style(_StyleOperator, bpy.types.Operator):
    """Have the subtitles of the track look like one of the presets, as far as text strips can"""

    bl_idname = "subtitle.use_style"
    bl_label = "Use Style"

    preset: EnumProperty(name="Style", items=_presets)  # type: ignore[valid-type]
    which: EnumProperty(  # type: ignore[valid-type]
        name="Subtitles",
        description="Which subtitles are changed",
        items=(
            (TRACK, "Whole Track", "All subtitles of the track"),
            (SELECTED, "Selected", "The selected subtitles of the track; where none is selected, all of them"),
        ),
    )

    def edit(self, scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        from ..core.picture import style
        from ..sequencer import styles

        numbers = numbers_in(scene, row, self.which)
        if not numbers:
            raise nothing_chosen()
        first = row.strip(numbers[0])
        look.restyle(
            first, cue.read(first, row.clock), lambda strip: styles.apply(strip, style.find(self.preset), scene)
        )
        return self.styled(scene, row, first)


class SUBTITLE_OT_color_speakers(CueOperator, bpy.types.Operator):
    """Colour the subtitles of the track by who speaks: white, yellow, cyan, green. The colours are exported too"""

    bl_idname = "subtitle.color_speakers"
    bl_label = "Colors by Speaker"

    def edit(self, _scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        from ..core.picture import style
        from ..core.subtitles import speakers

        some = row.all()
        return self.told(some.apply(speakers.colored(some.cues, style.find("bbc").speaker_colors)))


class SUBTITLE_OT_set_speaker(CueOperator, bpy.types.Operator):
    """Say who speaks in the selected subtitles"""

    bl_idname = "subtitle.set_speaker"
    bl_label = "Set Speaker"

    speaker: StringProperty(name="Spoken by", description="Who says it; empty: nobody known")  # type: ignore[valid-type]

    def invoke(self, context: Context, _event: Event) -> _Result:
        return set(context.window_manager.invoke_props_dialog(self))

    def edit(self, scene: bpy.types.Scene, row: Row, _rules: Rules) -> _Result:
        from ..core.subtitles.track import replaced

        numbers = row.selected() or [number for number in [tracks.chosen(scene, row)] if number is not None]
        if not numbers:
            raise nothing_chosen()
        some, name = row.pick(numbers), self.speaker.strip()
        changes = {i: dataclasses.replace(one, speaker=name) for i, one in enumerate(some.cues) if one.speaker != name}
        return self.told(some.apply(replaced(some.cues, changes)))


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_copy_style, SUBTITLE_OT_use_style, SUBTITLE_OT_color_speakers, SUBTITLE_OT_set_speaker)
)
