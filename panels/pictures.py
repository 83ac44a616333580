# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: what do subtitles look like, and are they pictures?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.picture.names import AS_IN_FILE
from ..core.text import Text
from ..sequencer import compat, letters, places, spot
from ..session import choices, outlines, pictures
from ..session import track as tracks
from ..translations import iface
from .parts import SubtitlePanel, is_narrow, label, wrapped

if TYPE_CHECKING:
    from bpy.types import Context, UILayout


class SUBTITLE_MT_styles(bpy.types.Menu):
    """The styles that subtitles are drawn in."""

    bl_idname = "SUBTITLE_MT_styles"
    bl_label = "Styles"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        pictures.watch()
        layout = self.layout
        for name in (AS_IN_FILE, *pictures.styles()):
            text = iface(pictures.label_of(name))
            layout.operator("subtitle.choose_style", text=text, translate=False).name = name
        layout.separator()
        layout.operator("subtitle.save_style")
        layout.operator("subtitle.reload_styles")


TROUBLES = {
    places.OUTSIDE: Text("A subtitle here leaves the picture."),
    places.UNSAFE: Text("A subtitle here leaves the safe area."),
    places.COVERED: Text("A subtitle here lies on another one."),
    places.TURNED: Text("Blender breaks a line here that reads from the right: its end stands above its beginning."),
}


class SUBTITLE_PT_pictures(SubtitlePanel, bpy.types.Panel):
    """Style, and text to pictures and back."""

    bl_idname = "SUBTITLE_PT_pictures"
    bl_label = "Pictures"
    bl_order = 4
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header(self, context: Context) -> None:
        """Called by Blender for each redraw, also while the panel is closed."""
        pictures.watch()
        outlines.header(context.region)

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw while the panel is open; reads memory only."""
        outlines.opened(context.region)
        layout, scene = self.layout, compat.scene_of(context)
        settings = choices.of(scene)
        layout.menu(
            SUBTITLE_MT_styles.bl_idname, text=iface(pictures.label_of(settings.picture_style)), translate=False
        )
        for text in pictures.replaced_fonts(scene)[:3]:
            wrapped(layout, context, text, icon="INFO")
        layout.prop(settings, "picture_folder")
        if grey := pictures.greys(scene):
            wrapped(layout, context, Text("White is grey in the view transform {name}.", name=grey), icon="INFO")
            layout.operator("subtitle.plain_view")
        chosen = tracks.chosen_strip(scene)
        if chosen is not None and letters.is_off(chosen, scene):
            text = Text("The film has another resolution now; letters and places are still for the one before.")
            wrapped(layout, context, text, icon="INFO")
            layout.operator("subtitle.fit_sizes")
        self._draw_places(context, scene)
        row = self._pair(context)
        row.operator("subtitle.bake", icon="IMAGE_DATA").selected = False
        row.operator("subtitle.bake_changed", icon="FILE_REFRESH")
        row = self._pair(context)
        row.operator("subtitle.back_to_text", icon="FONT_DATA").selected = False
        row.operator("subtitle.bake_and_render", icon="RENDER_ANIMATION")
        layout.operator("subtitle.delete_unused_pictures", icon="TRASH")
        layout.operator("subtitle.add_to_film", icon="FILE_MOVIE")
        for problem in pictures.known.wrong[:3]:
            label(layout, problem, icon="ERROR")

    def _pair(self, context: Context) -> UILayout:
        """Room for two buttons: beside each other where their words fit."""
        return self.layout.column(align=True) if is_narrow(context) else self.layout.row(align=True)

    def _draw_places(self, context: Context, scene: bpy.types.Scene) -> None:
        """What is wrong with the places of the subtitles at the playhead."""
        shown = places.shown(scene, int(scene.frame_current))
        found = places.troubles(scene, shown)
        for kind in dict.fromkeys(trouble.kind for trouble in found):
            wrapped(self.layout, context, TROUBLES[kind], icon="ERROR")
        is_missed = any(map(spot.is_beside_box, shown))
        if is_missed:
            text = Text("A click on the text in the preview does not find this subtitle.")
            wrapped(self.layout, context, text, icon="INFO")
        row = self._pair(context)
        if found or is_missed:
            row.operator("subtitle.mend_places").which = "HERE"
        row.operator("subtitle.next_place", icon="TRIA_RIGHT")


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_MT_styles, SUBTITLE_PT_pictures))
