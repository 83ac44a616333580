# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: what do the subtitles look like?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..sequencer import compat
from ..session import survey
from ..session import track as tracks
from .parts import SubtitlePanel, wrapped

if TYPE_CHECKING:
    from bpy.types import Context, UILayout

_DRESS = (
    ("use_outline", "outline_color", "outline_width"),
    ("use_shadow", "shadow_color"),
    ("use_box", "box_color", "box_margin"),
)
"""What a text strip can have around its letters: the switch, and what can be said of it."""


class SUBTITLE_PT_style(SubtitlePanel, bpy.types.Panel):
    """What the chosen subtitle looks like, and the same for others."""

    bl_idname = "SUBTITLE_PT_style"
    bl_parent_id = "SUBTITLE_PT_cues"
    bl_label = "Style"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Only where one is chosen."""
        return tracks.chosen_strip(compat.scene_of(context)) is not None

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout, scene = self.layout, compat.scene_of(context)
        strip = tracks.chosen_strip(scene)
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.operator_menu_enum("subtitle.use_style", "preset", icon="PRESET")
        column = layout.column()
        column.template_ID(strip, "font", open="font.open")
        _draw_lacking(column, context)
        column.prop(strip, "font_size")
        column.prop(strip, "color")
        row = column.row(heading="Letters")
        row.prop(strip, "use_bold", text="Bold", toggle=True)
        row.prop(strip, "use_italic", text="Italic", toggle=True)
        for switch, *others in _DRESS:
            if hasattr(strip, switch):
                column.prop(strip, switch)
                for name in others if getattr(strip, switch) else ():
                    column.prop(strip, name)
        # Where a click looks for the text; what is set as location as well would draw it beside that.
        if compat.box_follows_transform():
            column.prop(strip.transform, "offset_x")
            column.prop(strip.transform, "offset_y")
        else:
            column.prop(strip, "location")
        row = layout.row(align=True)
        row.operator("subtitle.copy_style", text="To Selected").which = "SELECTED"
        row.operator("subtitle.copy_style", text="To All").which = "TRACK"


def _draw_lacking(layout: UILayout, context: Context) -> None:
    """What is wrong with fonts of the track; pictures take what a font has not from others."""
    found = survey.current().lacking[:3]
    for one in found:
        wrapped(layout, context, one.told, icon="ERROR")
        if one.letters:
            # In that line they would turn it around, where they read from the right.
            layout.label(text=one.named, icon="BLANK1", translate=False)
    if found:
        layout.operator("subtitle.bake", icon="IMAGE_DATA").selected = False


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_style,))
