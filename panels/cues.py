# SPDX-License-Identifier: GPL-3.0-or-later
"""Panels: which subtitles are there, and what about the chosen one?

The list shows Blender's own collection of strips: nothing is copied, only the rows on the screen are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.right_to_left import drawn, reads_from_right
from ..core.text import Text
from ..sequencer import compat, cue
from ..sequencer.strips import clock_of
from ..session import choices, chosen, listing, originals, sheets, survey
from ..session import track as tracks
from ..session.settings import of as preferences_of
from ..translations import iface
from .parts import PIXELS_PER_CHARACTER, Icon, SubtitlePanel, is_narrow, label, quoted, wrapped

if TYPE_CHECKING:
    from bpy.types import Context, UILayout

    from ..session.track import Track

_WIDE = 420
"""Pixels of a sidebar's width, at scale 1, from which on a row has room for one number more."""

_SLOW, _FAST = 0.85, 1.0
"""Share of the profile's reading speed from which on a subtitle is nearly too fast, and is."""
_SPEED_ICONS: tuple[Icon, Icon, Icon] = ("COLORSET_03_VEC", "COLORSET_09_VEC", "COLORSET_01_VEC")
"""Green, yellow, red."""


class SUBTITLE_UL_cues(bpy.types.UIList):
    """The subtitles of the active track. Which one a row shows is known to session/listing.py."""

    bl_idname = "SUBTITLE_UL_cues"

    def draw_item(
        self,
        context: Context,
        layout: UILayout,
        _data: Any,
        _item: Any,
        _icon: int,
        _active_data: Any,
        _active_property: str,
        index: int,
        _flag: int = 0,
    ) -> None:
        """Called by Blender for each row on the screen."""
        scene, listed = compat.scene_of(context), listing.now
        strip = listed.drawn(scene, index)
        if strip is None:
            return
        left, right = compat.left(strip), compat.right(strip)
        text = cue.real_text(strip)
        row = layout.row(align=True)
        row.active = not strip.mute
        row.prop(strip, "select", text="", icon=_state_icon(strip), emboss=False)
        wide = _is_wide(context)
        columns = row.split(factor=0.11)
        columns.label(text=str(int(listed.shown[index]) + 1), translate=False)
        room = _room(context)
        if (listed.beside is None and not is_narrow(context)) or wide:
            room *= 0.76
            columns = columns.split(factor=0.24)
            columns.label(text=_short(chosen.shown(scene, left)), translate=False)
        columns = columns.split(factor=0.7)
        room *= 0.7
        if listed.beside is not None and not is_narrow(context):
            both = columns.split(factor=0.5)
            other = both.row()
            other.active = False
            _text(other, originals.text_of(scene, listed.beside, strip), room / 2)
            _text(both, text, room / 2)
        else:
            _text(columns, text, room)
        _speed(columns, text, (right - left) / float(clock_of(scene).rate), wide)

    def draw_filter(self, _context: Context, _layout: UILayout) -> None:
        """Nothing: what there is to filter by stands above the list."""

    def filter_items(self, _context: Context, _data: Any, _property: str) -> tuple[list[int], list[int]]:
        """Flags only, for as many rows as there are subtitles to show; the panel has just asked which."""
        shown = len(listing.now.shown)
        return [self.bitflag_filter_item] * shown + [0] * (listing.now.count - shown), []


def _is_wide(context: Context) -> bool:
    """Whether the sidebar has room for how long each subtitle lasts."""
    return context.region is not None and context.region.width >= _WIDE * context.preferences.system.ui_scale


def _state_icon(strip: Any) -> Icon:
    known = listing.now.known
    problems = known.by_name.get(strip.name)
    if problems:
        return "ERROR" if strip.name not in known.doubtful or len(problems) > 1 else "QUESTION"
    return "RADIOBUT_ON" if strip.select else "RADIOBUT_OFF"


def _room(context: Context) -> float:
    """About how many letters a row has beside its number."""
    width = context.region.width if context.region is not None else 400
    return (width / (context.preferences.system.ui_scale or 1.0) - 150) * 0.89 / PIXELS_PER_CHARACTER


def _text(layout: UILayout, text: str, room: float) -> None:
    flat = " / ".join(text.split("\n"))
    if not flat.strip():
        layout.label(text="…", translate=False)
        return
    if reads_from_right(flat) and len(flat) > room:
        # Blender would leave out the right end, which is where it begins.
        flat = f"{flat[: max(4, int(room) - 1)]}…"
    # Nobody sees more of it; drawing right to left takes time with each letter.
    layout.label(text=drawn(flat[:120]), translate=False)


def _short(time: str) -> str:
    """A time without the hours and minutes that are none."""
    return time[3:].removeprefix("0") if time.startswith("00:") else time


def _speed(layout: UILayout, text: str, seconds: float, wide: bool) -> None:
    """Characters a second, with a colour by the profile."""
    track = listing.now.track
    profile = track.profile if track is not None else None
    # Here, not above: it is not needed to register.
    from ..core.cues import text_length

    speed = text_length(text) / seconds if seconds > 0 else 0.0
    limit = profile.max_cps if profile is not None else None
    if profile is not None and limit is None and profile.max_wpm:
        share = len(text.split()) * 60 / seconds / profile.max_wpm if seconds > 0 else 0.0
    else:
        share = speed / limit if limit else 0.0
    icon = _SPEED_ICONS[(share > _SLOW) + (share > _FAST)]
    number = str(round(speed))
    shown = iface(Text("{seconds:.1f} s  {number}", seconds=seconds, number=number)) if wide else number
    layout.label(text=shown, icon=icon, translate=False)


class SUBTITLE_PT_cues(SubtitlePanel, bpy.types.Panel):
    """The subtitles of the active track."""

    bl_idname = "SUBTITLE_PT_cues"
    bl_label = "Edit Subtitles"
    bl_order = 2

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout, scene = self.layout, compat.scene_of(context)
        track = tracks.active(scene)
        if track is None or scene.sequence_editor is None:
            self.draw_empty(context)
            return
        self.draw_track(scene, track)
        view = choices.view_of(context.window_manager)
        row = layout.row(align=True)
        row.prop(view, "cue_search", text="", icon="VIEWZOOM")
        row.prop(view, "cue_filter", text="")
        row.prop(view, "cue_sort", text="", icon_only=True)
        row.prop(choices.of(scene), "follow", text="", icon="PLAY")
        if (preferences := preferences_of(context)) is not None:
            row.prop(preferences, "show_marks", text="", icon="OVERLAY")
        if view.cue_filter == "SPEAKER":
            layout.prop(view, "cue_speaker", text="", icon="USER", placeholder=iface(Text("Nobody Known")))
        listing.now.update(context, scene)
        row = layout.row()
        owner: Any = compat.shown(scene.sequence_editor)
        name = "strips" if hasattr(owner, "strips") else "sequences"
        settings = choices.of(scene)
        row.template_list(SUBTITLE_UL_cues.bl_idname, "", owner, name, settings, "cue_index", rows=8, maxrows=14)
        self.draw_side(row.column(align=True))
        for message in (survey.summary(), survey.in_metas(scene)):
            if message:
                label(layout, message)
        if sheets.of(scene, track) is not None:
            row = layout.row(align=True)
            row.operator("subtitle.take_text", icon="CHECKMARK")
            row.operator("subtitle.discard_text", text="", icon="X")

    def draw_empty(self, context: Context) -> None:
        """Where there is no track yet: what makes one."""
        wrapped(self.layout, context, Text("No subtitles yet: import a file, transcribe a strip, or add one."))
        row = self.layout.row(align=True)
        row.operator("subtitle.add_cue", icon="ADD")
        row.operator("subtitle.adopt_strips", icon="FONT_DATA")

    def draw_track(self, scene: bpy.types.Scene, track: Track) -> None:
        """Which track it is, and how it is shown."""
        row = self.layout.row(align=True)
        row.menu("SUBTITLE_MT_tracks", text=track.name or "-", icon="ALIGN_LEFT")
        item = choices.of(scene).tracks[track.index]
        row.prop(item, "hidden", text="", icon="HIDE_ON" if track.hidden else "HIDE_OFF", emboss=True)
        row.prop(item, "locked", text="", icon="LOCKED" if track.locked else "UNLOCKED", emboss=True)
        row.operator("subtitle.add_track", text="", icon="ADD")
        row.menu("SUBTITLE_MT_track", text="", icon="DOWNARROW_HLT")

    def draw_side(self, column: UILayout) -> None:
        """The buttons beside the list."""
        column.operator("subtitle.add_cue", text="", icon="ADD")
        column.operator("subtitle.remove_cues", text="", icon="REMOVE")
        column.separator()
        column.menu("SUBTITLE_MT_edit", text="", icon="DOWNARROW_HLT")
        column.separator()
        column.operator("subtitle.jump_cue", text="", icon="TRIA_UP").to = "PREVIOUS"
        column.operator("subtitle.jump_cue", text="", icon="TRIA_DOWN").to = "NEXT"
        column.operator("subtitle.play_cue", text="", icon="PLAY")
        column.separator()
        column.operator("subtitle.edit_as_text", text="", icon="TEXT")


class SUBTITLE_PT_cue(SubtitlePanel, bpy.types.Panel):
    """The chosen subtitle: its times, its lines, who speaks, its problems."""

    bl_idname = "SUBTITLE_PT_cue"
    bl_parent_id = "SUBTITLE_PT_cues"
    bl_label = "Chosen Subtitle"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Only where one is chosen."""
        return tracks.chosen_strip(compat.scene_of(context)) is not None

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout, scene = self.layout, compat.scene_of(context)
        settings = choices.of(scene)
        fields = settings.cue
        self.draw_original(layout, context, scene)
        self.draw_lines(layout, scene, fields)
        row = layout.row(align=True)
        # Where three times have no room beside each other they stand below each other.
        times = row.column(align=True) if is_narrow(context) else row
        for name in ("start", "end", "length"):
            times.prop(fields, name, text="")
        row.prop(settings, "time_format", text="", icon="TIME", icon_only=True)
        if chosen.complaint:
            wrapped(layout, context, chosen.complaint, icon="ERROR")
        row = layout.row(align=True)
        # Without icons: with them two of three words are cut short in a narrow sidebar, or in German.
        row.operator("subtitle.split_cue", text="Split").by = "PLAYHEAD"
        row.operator("subtitle.merge_cues", text="Merge").what = "SELECTED"
        row.operator("subtitle.rewrite_cues", text="Balance").how = "BALANCE"
        layout.prop(fields, "speaker")
        self.draw_problems(layout, context, scene)

    def draw_original(self, layout: UILayout, context: Context, scene: bpy.types.Scene) -> None:
        """What the original says, above the fields of the translation."""
        text = originals.text_of(scene, listing.now.beside, tracks.chosen_strip(scene))
        if not text:
            return
        quoted(layout.box(), context, text)

    def draw_lines(self, layout: UILayout, scene: bpy.types.Scene, fields: Any) -> None:
        """The text, a field a line."""
        column = layout.column(align=True)
        found = chosen.lines(scene)
        for number in range(min(max(1, len(found)), chosen.LINES)):
            row = column.row(align=True)
            row.prop(fields, f"line_{number}", text="")
            if number == min(max(1, len(found)), chosen.LINES) - 1:
                row.operator("subtitle.add_line", text="", icon="ADD")

    def draw_problems(self, layout: UILayout, context: Context, scene: bpy.types.Scene) -> None:
        """What is wrong with it, each with what mends it."""
        strip = tracks.chosen_strip(scene)
        for problem in survey.current().by_name.get(strip.name, ())[:6]:
            row = layout.split(factor=0.82)
            wrapped(row.column(), context, problem.message, icon="ERROR")
            if survey.is_mended(problem.rule):
                row.operator("subtitle.fix_problems", text="Fix").rule = problem.rule


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_UL_cues, SUBTITLE_PT_cues, SUBTITLE_PT_cue))
