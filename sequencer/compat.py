# SPDX-License-Identifier: GPL-3.0-or-later
"""The sequencer's Python API as it differs between Blender 4.2 and 5.x. Nobody else asks which one is running.

Nothing here compares version numbers: it asks for the attribute that is meant. Frames are whole timeline frames; a
strip's right edge is the first frame after it. Everything runs on the main thread.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import bpy

Strip = Any
"""`bpy.types.Strip` from 4.4, `bpy.types.Sequence` before: no single static type names both."""


def strips_of(owner: Any) -> Any:
    """The strips of a sequence editor or of a meta strip."""
    # Never `owner.strips or owner.sequences`: an empty collection is falsy.
    return owner.strips if hasattr(owner, "strips") else owner.sequences


def scene_of(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene whose sequencer the user looks at: from 5.0 it may be another one than the window's."""
    scene: bpy.types.Scene | None = getattr(context, "sequencer_scene", None)
    return scene if scene is not None else context.scene


def scene_by_uid(uid: int) -> bpy.types.Scene | None:
    """The scene with this `session_uid`, which a rename or an undo does not change; None once it was deleted."""
    return next((scene for scene in bpy.data.scenes if scene.session_uid == uid), None)


def editor_of(scene: bpy.types.Scene) -> Any:
    """The scene's sequence editor, made when there is none yet."""
    return scene.sequence_editor if scene.sequence_editor is not None else scene.sequence_editor_create()


def shown(editor: Any) -> Any:
    """Whose strips the sequencer shows: the meta strip's that is being edited, else the editor's own."""
    stack = editor.meta_stack
    return stack[-1] if len(stack) else editor


def strips_shown(scene: bpy.types.Scene) -> Any:
    """The strips that the sequencer shows: those inside the meta strip that is open; nothing without an editor."""
    return strips_of(shown(scene.sequence_editor)) if scene.sequence_editor is not None else ()


def open_meta(scene: bpy.types.Scene) -> str:
    """The name of the meta strip that is open; empty where none is."""
    editor = scene.sequence_editor
    return shown(editor).name if editor is not None and len(editor.meta_stack) else ""


def locked(editor: Any, inside: Any = None) -> set[int]:
    """The numbers of the channels on which nothing is to change: those that are locked in the meta strip `inside`, else
    in the one that is open, and those that are in the editor itself, for a track is a channel of both."""
    owners = [editor] if editor is not None else []
    owners += [inside or shown(editor)] if owners else []
    return {number for owner in owners for number, channel in enumerate(owner.channels) if channel.lock}


def holder(editor: Any, meta: str) -> Any:
    """The meta strip of this name, wherever it is; the editor itself where there is none."""
    found = find(editor, meta) if meta else None
    return found if found is not None and found.type == "META" else editor


def find(editor: Any, name: str) -> Strip | None:
    """The strip of this name, wherever it is; names are unique in a scene."""
    return next((strip for strip in every_strip(editor) if strip.name == name), None)


def every_strip(editor: Any) -> Any:
    """The strips of a sequence editor, and all that lie inside of its metas."""
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def with_locks(editor: Any, owner: Any = None, is_locked: bool = False) -> Iterator[tuple[Strip, bool]]:
    """All strips of an editor but metas, also those inside of metas, and whether nothing is to change on them."""
    owner = owner or editor
    channels = locked(editor, owner)
    for strip in strips_of(owner):
        stays = is_locked or strip.lock or strip.channel in channels
        if strip.type == "META":
            yield from with_locks(editor, strip, stays)
        else:
            yield strip, stays


def selected(scene: bpy.types.Scene) -> list[Strip] | None:
    """The selected strips of those that the sequencer shows; None where nobody looks at that scene's."""
    context = bpy.context
    if scene_of(context) != scene:
        return None
    name = "selected_strips" if hasattr(context, "selected_strips") else "selected_sequences"
    found = getattr(context, name, None)
    return list(found) if found is not None else None


class TextMaker:
    """Makes TEXT strips in a collection; asks once what this Blender calls the end of one."""

    def __init__(self, strips: Any) -> None:
        self.strips = strips
        self._new = strips.new_effect
        # `length` took the place of `frame_end` in 5.0.
        self._takes_length = "length" in strips.bl_rna.functions["new_effect"].parameters

    def __call__(self, name: str, channel: int, start: int, end: int) -> Strip:
        """A TEXT strip from `start` up to `end`, at least one frame long."""
        end = max(end, start + 1)
        extent = {"length": end - start} if self._takes_length else {"frame_end": end}
        return self._new(name=name, type="TEXT", channel=channel, frame_start=start, **extent)


def new_text(strips: Any, name: str, channel: int, start: int, end: int) -> Strip:
    """A TEXT strip from `start` up to `end`, at least one frame long."""
    return TextMaker(strips)(name, channel, start, end)


def left(strip: Strip) -> int:
    """The strip's first visible frame."""
    return int(strip.left_handle if hasattr(strip, "left_handle") else strip.frame_final_start)


def right(strip: Strip) -> int:
    """The first frame after the strip."""
    return int(strip.right_handle if hasattr(strip, "right_handle") else strip.frame_final_end)


def content_start(strip: Strip) -> float:
    """The timeline frame on which the strip's whole content would begin, its cut-off part included."""
    return float(strip.content_start if hasattr(strip, "content_start") else strip.frame_start)


def content_duration(strip: Strip) -> int:
    """How many timeline frames the whole content takes, its cut-off parts included."""
    return int(strip.content_duration if hasattr(strip, "content_duration") else strip.frame_duration)


def trimmed_start(strip: Strip) -> int:
    """How many of its own frames a strip leaves out at the beginning: cut off the content, not hidden by an edge."""
    if hasattr(strip, "content_trim_start"):
        return int(strip.content_trim_start)
    return int(getattr(strip, "animation_offset_start", 0))


def trimmed_end(strip: Strip) -> int:
    """The same at the end."""
    if hasattr(strip, "content_trim_end"):
        return int(strip.content_trim_end)
    return int(getattr(strip, "animation_offset_end", 0))


def edge_names(strips: Any) -> tuple[str, str]:
    """What the edges are called: for reading all of a collection at once."""
    # Not its length: Blender counts.
    known = strips[0].bl_rna.properties if strips else ()
    return ("left_handle", "right_handle") if "left_handle" in known else ("frame_final_start", "frame_final_end")


def offset_names(strip: Strip) -> tuple[str, str]:
    """What the distances of the edges from the content's are called: inwards, outwards when negative."""
    if hasattr(strip, "left_handle_offset"):
        return "left_handle_offset", "right_handle_offset"
    return "frame_offset_start", "frame_offset_end"


def set_edges(strip: Strip, start: int, end: int) -> None:
    """Move a strip's edges to `start` and `end`.

    Later: the right edge first; earlier: the left one. Else the edges cross for a moment and Blender clamps them. Where
    it meets another strip on its channel, Blender puts it on another channel.
    """
    end = max(end, start + 1)
    first, last = left(strip), right(strip)
    if end - start == last - first:
        # One move instead of two: Blender compares all strips after each.
        set_left(strip, start)
        return
    names = (
        ("left_handle", "right_handle") if hasattr(strip, "left_handle") else ("frame_final_start", "frame_final_end")
    )
    order = [(names[0], start)] if start != first else []
    order += [(names[1], end)] if end != last else []
    if start >= first:
        order.reverse()
    for name, frame in order:
        setattr(strip, name, frame)


def set_left(strip: Strip, start: int) -> None:
    """Move a strip as a whole, so that it begins on a frame."""
    move = "content_start" if hasattr(strip, "content_start") else "frame_start"
    setattr(strip, move, getattr(strip, move) + start - left(strip))


def hang(strip: Strip, across: str, down: str) -> None:
    """Hang a TEXT strip's text from that point of it: LEFT, CENTER or RIGHT, and TOP, CENTER or BOTTOM."""
    for name, value in hanging(strip, across, down).items():
        setattr(strip, name, value)


def hanging(strip: Strip, across: str, down: str) -> dict[str, str]:
    """What `hang` sets: names of a TEXT strip's properties, and their values."""
    if hasattr(strip, "anchor_y"):
        return {"anchor_x": across, "anchor_y": down, "alignment_x": across}
    return {"align_x": across, "align_y": down}


def hangs(strip: Strip) -> tuple[str, str]:
    """The point that a TEXT strip's text hangs from."""
    if hasattr(strip, "anchor_y"):
        return strip.anchor_x, strip.anchor_y
    return strip.align_x, strip.align_y


@functools.cache
def box_follows_transform() -> bool:
    """Whether the box of a TEXT strip in the preview is that of its text, where its transform has it (from 5.0)."""
    return "sequencer_scene" in bpy.types.WorkSpace.bl_rna.properties


def text_strip_type() -> Any:
    """The class of TEXT strips, which has another name from 4.4 on."""
    return getattr(bpy.types, "TextStrip", None) or getattr(bpy.types, "TextSequence", None)


def text_kind() -> int:
    """The number that stands for a TEXT strip where kinds are read as numbers."""
    return kind_number("TEXT")


def kind_number(name: str) -> int:
    """The number that stands for strips of a kind where kinds are read as numbers."""
    kind: Any = getattr(bpy.types, "Strip", None) or getattr(bpy.types, "Sequence")  # noqa: B009
    return int(kind.bl_rna.properties["type"].enum_items[name].value)


def text_limit() -> int | None:
    """How many bytes of UTF-8 a TEXT strip holds (511 before 5.0); None without a limit."""
    kind: Any = getattr(bpy.types, "TextStrip", None) or getattr(bpy.types, "TextSequence")  # noqa: B009
    # The property counts the zero byte that ends the text in Blender's memory.
    length: int = kind.bl_rna.properties["text"].length_max
    return length - 1 if length else None


def looks_in_others() -> bool:
    """Whether Blender takes letters that the font of a TEXT strip has not from other fonts (docs/picture.md): 4.2 does.
    4.5 draws boxes, 5.0 and 5.2 too, but for the last letter of a text. For the default font all of them do."""
    return "anchor_x" not in text_strip_type().bl_rna.properties


def copy_look(source: Strip, target: Strip) -> None:
    """Give a TEXT strip what another one looks like: font, colours, place; not its text, its time and its name."""
    for name in look_of(source):
        value = getattr(source, name)
        if getattr(target, name) != value:
            setattr(target, name, value)
    for part in ("transform", "crop"):
        inner, outer = getattr(target, part, None), getattr(source, part, None)
        if inner is not None and outer is not None:
            for prop in outer.bl_rna.properties:
                if not prop.is_readonly and getattr(inner, prop.identifier) != getattr(outer, prop.identifier):
                    setattr(inner, prop.identifier, getattr(outer, prop.identifier))


def look_of(strip: Strip) -> list[str]:
    """The properties of a strip that say what it looks like."""
    kind: Any = type(strip)
    return _look_of(kind)


@functools.cache
def _look_of(kind: Any) -> list[str]:
    """What a kind of strip has that says what it looks like."""
    own = {prop.identifier for prop in kind.bl_rna.properties if not prop.is_readonly}
    common = {prop.identifier for prop in kind.bl_rna.base.bl_rna.properties}
    return [*sorted(own - common - {"text"}), *(name for name in _COMMON_LOOK if name in own)]


_COMMON_LOOK = ("blend_type", "blend_alpha", "color_tag", "color_multiply", "color_saturation", "mute", "lock")
