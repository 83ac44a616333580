# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of subtitles: what can be done with them, with their tracks; and the keys. F3 finds what is in a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..sequencer import compat
from ..session import choices
from ..session import track as tracks

if TYPE_CHECKING:
    from bpy.types import Context, UILayout


def _items(layout: UILayout, name: str, field: str, entries: tuple[tuple[str, str], ...]) -> None:
    """One operator several times, each with another choice and its name."""
    for value, text in entries:
        setattr(layout.operator(name, text=text), field, value)


class SUBTITLE_MT_edit(bpy.types.Menu):
    """What can be done with subtitles."""

    bl_idname = "SUBTITLE_MT_edit"
    bl_label = "Edit Subtitles"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        layout.operator("subtitle.add_cue", icon="ADD")
        layout.operator("subtitle.remove_cues", icon="REMOVE").ripple = False
        layout.operator("subtitle.remove_cues", text="Remove with the Gap").ripple = True
        layout.separator()
        split = (("PLAYHEAD", "Split at the Playhead"), ("LINES", "Split by Lines"),
                 ("SENTENCES", "Split by Sentences"), ("WORDS", "Split into Words"))  # fmt: skip
        _items(layout, "subtitle.split_cue", "by", split)
        merge = (("SELECTED", "Merge Selected"), ("NEXT", "Merge with Next"), ("PREVIOUS", "Merge with Previous"))
        _items(layout, "subtitle.merge_cues", "what", merge)
        layout.operator("subtitle.merge_doubled")
        move = (("NEXT", "Last Word to Next"), ("PREVIOUS", "First Word to Previous"))
        _items(layout, "subtitle.move_word", "to", move)
        layout.separator()
        layout.operator("subtitle.replace", icon="VIEWZOOM")
        layout.operator("subtitle.find_next")
        layout.menu(SUBTITLE_MT_select.bl_idname)
        layout.separator()
        layout.menu(SUBTITLE_MT_times.bl_idname)
        layout.menu(SUBTITLE_MT_texts.bl_idname)
        layout.menu(SUBTITLE_MT_go.bl_idname)
        layout.separator()
        layout.operator("subtitle.edit_as_text", icon="TEXT")
        layout.operator("subtitle.take_text")
        layout.operator("subtitle.discard_text")
        layout.operator("subtitle.copy_cues", icon="COPYDOWN")
        layout.operator("subtitle.paste_cues", icon="PASTEDOWN")


class SUBTITLE_MT_times(bpy.types.Menu):
    """When subtitles are shown."""

    bl_idname = "SUBTITLE_MT_times"
    bl_label = "Times"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        for edge, rest, text in (("IN", False, "Begin at the Playhead"), ("OUT", False, "End at the Playhead"),
                                 ("IN", True, "Begin at the Playhead, Shift the Rest")):  # fmt: skip
            item = layout.operator("subtitle.set_edge", text=text)
            item.edge, item.shift_rest = edge, rest
        for frames, text in ((1, "Nudge Later"), (-1, "Nudge Earlier")):
            layout.operator("subtitle.nudge_cues", text=text).frames = frames
        extend = (
            ("NEXT", "Extend to Next"),
            ("PREVIOUS", "Extend to Previous"),
            ("PLAYHEAD", "Extend to the Playhead"),
        )
        _items(layout, "subtitle.extend_cue", "to", extend)
        layout.separator()
        _items(layout, "subtitle.ripple", "what", (("INSERT", "Insert Time"), ("REMOVE", "Remove Time")))
        layout.separator()
        layout.operator("subtitle.shift_cues")
        layout.operator("subtitle.scale_cues")
        layout.operator("subtitle.change_rate")
        layout.separator()
        layout.operator("subtitle.close_gaps")
        layout.operator("subtitle.snap_to_cuts")
        layout.operator("subtitle.find_shots")
        layout.operator("subtitle.segment_again")


class SUBTITLE_MT_texts(bpy.types.Menu):
    """How subtitles are written."""

    bl_idname = "SUBTITLE_MT_texts"
    bl_label = "Texts"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        layout.operator_enum("subtitle.rewrite_cues", "how")
        layout.separator()
        layout.operator("subtitle.set_speaker")
        layout.operator("subtitle.color_speakers")
        layout.operator_menu_enum("subtitle.use_style", "preset")
        layout.operator("subtitle.copy_style", text="Style of the Chosen to Selected").which = "SELECTED"
        layout.operator("subtitle.copy_style", text="Style of the Chosen to All").which = "TRACK"


class SUBTITLE_MT_select(bpy.types.Menu):
    """Which subtitles are selected."""

    bl_idname = "SUBTITLE_MT_select"
    bl_label = "Select Subtitles"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        self.layout.operator_enum("subtitle.select_cues", "by")


class SUBTITLE_MT_go(bpy.types.Menu):
    """To other subtitles, and playing them."""

    bl_idname = "SUBTITLE_MT_go"
    bl_label = "Go"

    def draw(self, _context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        layout.operator_enum("subtitle.jump_cue", "to")
        layout.separator()
        layout.operator("subtitle.play_cue").loop = False
        layout.operator("subtitle.play_cue", text="Loop Subtitle").loop = True


class SUBTITLE_MT_tracks(bpy.types.Menu):
    """The tracks of the scene."""

    bl_idname = "SUBTITLE_MT_tracks"
    bl_label = "Choose Track"

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        scene = compat.scene_of(context)
        active = choices.of(scene).track_index
        for track in tracks.tracks(scene):
            icon: Any = "LAYER_ACTIVE" if track.index == active else "LAYER_USED"
            text = f"{track.name}  ({track.language})" if track.language else track.name
            self.layout.operator("subtitle.choose_track", text=text, translate=False, icon=icon).index = track.index


class SUBTITLE_MT_original(bpy.types.Menu):
    """The tracks that the active one may be a translation of."""

    bl_idname = "SUBTITLE_MT_original"
    bl_label = "Translation of"

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        scene, layout = compat.scene_of(context), self.layout
        active = tracks.active(scene)
        if active is None:
            return
        icon: Any = "RADIOBUT_OFF" if active.original else "RADIOBUT_ON"
        layout.operator("subtitle.choose_original", text="No Other Track", icon=icon).channel = 0
        for track in tracks.tracks(scene):
            if track.channel != active.channel:
                icon = "RADIOBUT_ON" if track.channel == active.original else "RADIOBUT_OFF"
                item = layout.operator("subtitle.choose_original", text=track.name, translate=False, icon=icon)
                item.channel = track.channel


class SUBTITLE_MT_track(bpy.types.Menu):
    """What can be done with a track."""

    bl_idname = "SUBTITLE_MT_track"
    bl_label = "Track"

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout, scene = self.layout, compat.scene_of(context)
        track = tracks.active(scene)
        if track is not None:
            layout.prop(tracks.channel_of(scene, track.channel), "name")
            layout.prop(choices.of(scene).tracks[track.index], "language")
            layout.prop(choices.of(scene).tracks[track.index], "rows")
            layout.separator()
        layout.operator("subtitle.add_track", icon="ADD")
        layout.operator("subtitle.adopt_strips")
        layout.operator("subtitle.renumber_cues")
        layout.operator("subtitle.duplicate_track", icon="DUPLICATE")
        layout.menu(SUBTITLE_MT_original.bl_idname)
        layout.operator("subtitle.merge_tracks")
        layout.separator()
        layout.operator("subtitle.remove_track", icon="TRASH")


KEYS: tuple[tuple[str, str, tuple[str, ...], dict[str, Any]], ...] = (
    ("subtitle.add_cue", "INSERT", (), {}),
    ("subtitle.split_cue", "K", ("ctrl", "alt"), {"by": "PLAYHEAD"}),
    ("subtitle.merge_cues", "J", ("ctrl", "alt"), {"what": "SELECTED"}),
    ("subtitle.move_word", "RIGHT_ARROW", ("ctrl", "alt", "shift"), {"to": "NEXT"}),
    ("subtitle.move_word", "LEFT_ARROW", ("ctrl", "alt", "shift"), {"to": "PREVIOUS"}),
    ("subtitle.set_edge", "LEFT_BRACKET", ("ctrl", "alt"), {"edge": "IN", "shift_rest": False}),
    ("subtitle.set_edge", "RIGHT_BRACKET", ("ctrl", "alt"), {"edge": "OUT"}),
    ("subtitle.set_edge", "LEFT_BRACKET", ("ctrl", "alt", "shift"), {"edge": "IN", "shift_rest": True}),
    ("subtitle.nudge_cues", "COMMA", ("ctrl", "alt"), {"frames": -1}),
    ("subtitle.nudge_cues", "PERIOD", ("ctrl", "alt"), {"frames": 1}),
    ("subtitle.jump_cue", "DOWN_ARROW", ("ctrl", "alt"), {"to": "NEXT"}),
    ("subtitle.jump_cue", "UP_ARROW", ("ctrl", "alt"), {"to": "PREVIOUS"}),
    ("subtitle.jump_cue", "DOWN_ARROW", ("ctrl", "alt", "shift"), {"to": "PROBLEM"}),
    ("subtitle.play_cue", "SPACE", ("ctrl", "alt", "shift"), {"loop": False}),
    ("subtitle.jump_cue", "PAGE_DOWN", ("ctrl", "alt"), {"to": "NEXT", "play": True}),
    ("subtitle.jump_cue", "PAGE_UP", ("ctrl", "alt"), {"to": "PREVIOUS", "play": True}),
    ("subtitle.replace", "F", ("ctrl", "alt"), {}),
)
"""Operator, key, keys held with it, what the operator is given. None of them is one of Blender's own."""

_added: list[tuple[Any, Any]] = []


def _add_keys() -> None:
    config = bpy.context.window_manager.keyconfigs.addon if bpy.context.window_manager else None
    if config is None:  # In background.
        return
    keymap = config.keymaps.new(name="Sequencer", space_type="SEQUENCE_EDITOR")
    for operator, key, held, given in KEYS:
        new: Any = keymap.keymap_items.new
        item = new(operator, key, "PRESS", **dict.fromkeys(held, True))
        for name, value in given.items():
            setattr(item.properties, name, value)
        _added.append((keymap, item))


_register, _unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_MT_times,
        SUBTITLE_MT_texts,
        SUBTITLE_MT_select,
        SUBTITLE_MT_go,
        SUBTITLE_MT_edit,
        SUBTITLE_MT_tracks,
        SUBTITLE_MT_original,
        SUBTITLE_MT_track,
    )
)


def register() -> None:
    """Called by the package."""
    _register()
    _add_keys()


def unregister() -> None:
    """Called by the package."""
    while _added:
        keymap, item = _added.pop()
        keymap.keymap_items.remove(item)
    _unregister()
