# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as image strips: over each TEXT strip, which is muted, the picture of what it says.

The two belong together by an id in a custom property of each. Nothing watches them: who moves, cuts, copies or deletes
subtitles, or edits their texts, brings the pictures after them by `Placing`, which looks at all once (*Bake Changed*).
A picture whose subtitle is gone goes; a copy of a subtitle gets a picture of its own. Main thread.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import bpy

from ..core.system.names import folded
from . import compat, cue, look, strips
from .compat import Strip
from .cue import BAKED

if TYPE_CHECKING:
    from ..core.cues import Cue
    from ..core.picture.baking import Baked, Result, Shown

PICTURE = "subtitle_editor_picture"
"""A custom property of an image strip: the id that it shares with its subtitle, and what it shows (`Baked.key`)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A subtitle that is to be seen as a picture."""

    name: str
    """Its strip's."""
    left: int
    right: int
    cue: Cue


def sources(scene: bpy.types.Scene, *, selected: bool = False, again: bool = False) -> tuple[list[Source], int]:
    """The subtitles of the timeline in order of time, and how many more lie inside of meta strips.

    `selected`: only those. `again`: only those that are baked, and new ones on their channels.
    """
    editor = scene.sequence_editor
    if editor is None:
        return [], 0
    top = {strip.name for strip in compat.strips_of(editor)}
    found = [strip for strip, *_ in strips.subtitles(scene, selected) if strip.type == "TEXT"]
    inner = sum(strip.name not in top for strip in found)
    found = [strip for strip in found if strip.name in top]
    if again:
        channels = {strip.channel for strip in found if BAKED in strip}
        found = [strip for strip in found if strip.channel in channels]
    clock = strips.clock_of(scene)
    read = [(strip, look.worn(strip, cue.read(strip, clock))) for strip in found]
    listed = [
        Source(strip.name, compat.left(strip), compat.right(strip), one) for strip, one in read if one.text.strip()
    ]
    return sorted(listed, key=lambda item: (item.left, item.right)), inner


def is_picture(strip: Strip) -> bool:
    """Whether a strip is a picture of a subtitle."""
    return strip.type == "IMAGE" and PICTURE in strip


def has_any(scene: bpy.types.Scene) -> bool:
    """Whether a subtitle of the timeline is baked. Looks at all strips: not for drawing."""
    editor = scene.sequence_editor
    return editor is not None and any(BAKED in strip or PICTURE in strip for strip in compat.strips_of(editor))


class Placing:
    """Puts pictures over their subtitles, some at a time."""

    def __init__(self, scene: bpy.types.Scene, result: Result, wanted: Sequence[Source], *, only: bool = False) -> None:
        """`wanted` are the cues that the result is of, in its order. `only`: pictures of other subtitles stay as they
        are; else those whose subtitle is gone go."""
        self._scene = scene
        self._result = result
        self._clock = strips.clock_of(scene)
        self.made = self.kept = self.removed = 0
        self.total = len(result.baked)
        self.done = 0
        editor = compat.editor_of(scene)
        self._strips: Any = compat.strips_of(editor)
        self._texts = {strip.name: strip for strip in self._strips if strip.type == "TEXT"}
        self._pairs = [(one, wanted[one.index]) for one in result.baked if wanted[one.index].name in self._texts]
        self._ids = self._common_ids()
        self._stale(only)
        self._channels = self._channel_map()
        self._folder = _relative(str(result.folder))

    def _common_ids(self) -> dict[str, str]:
        """Name of a subtitle's strip to its id: of copies the first keeps it."""
        found: dict[str, str] = {}
        taken: set[str] = set()
        for _, source in self._pairs:
            strip = self._texts[source.name]
            given = str(strip.get(BAKED, ""))
            if not given or given in taken:
                given = strip[BAKED] = secrets.token_hex(6)
            taken.add(given)
            found[source.name] = given
        return found

    def _stale(self, only: bool) -> None:
        """Take away pictures that show something else, lie elsewhere, or have no subtitle any more."""
        right = {self._ids[source.name]: (one, source) for one, source in self._pairs}
        known = {str(strip[BAKED]) for strip in self._texts.values() if BAKED in strip}
        self._there: dict[str, Strip] = {}
        for strip in [strip for strip in self._strips if is_picture(strip)]:
            given, _, shows = str(strip[PICTURE]).partition(" ")
            pair = right.get(given)
            fits = pair is not None and given not in self._there and self._fits(strip, shows, *pair)
            if fits:
                self._there[given] = strip
            elif pair is not None or given not in known or not only:
                self._strips.remove(strip)
                self.removed += 1
        for name, strip in self._texts.items():
            if BAKED in strip and name not in self._ids and not only:
                _as_text(strip)

    def _fits(self, strip: Strip, shows: str, one: Baked, source: Source) -> bool:
        edges = compat.left(strip), compat.right(strip)
        names = [element.filename for element in strip.elements]
        wanted = _elements(one.shown, source, self._clock)
        same = shows == one.key and edges == (source.left, source.right) and names == wanted
        return same and _is_at(strip, one, self._result.size)

    def _channel_map(self) -> dict[int, int]:
        """By channel of subtitles the channel of their pictures: where some are already, else the first free ones."""
        by_id = {self._ids[source.name]: self._texts[source.name].channel for _, source in self._pairs}
        found = {by_id[given]: strip.channel for given, strip in self._there.items()}
        new = sorted({channel for channel in by_id.values() if channel not in found})
        if new:
            placements = [
                strips.Placement(source.left, source.right, new.index(channel), source.cue)
                for _, source in self._pairs
                if (channel := self._texts[source.name].channel) in new
            ]
            first = strips.free_channel(self._scene, placements, max([*by_id.values(), *found.values()]))
            found |= {channel: first + row for row, channel in enumerate(new)}
        return found

    def steps(self) -> Iterator[int]:
        """Make what is missing; yields how many are done."""
        for one, source in self._pairs:
            text = self._texts[source.name]
            given = self._ids[source.name]
            if given in self._there:
                self.kept += 1
            else:
                self._make(one, source, text, given)
                self.made += 1
            if not text.mute:
                text.mute = True
            self.done += 1
            yield self.done

    def _make(self, one: Baked, source: Source, text: Strip, given: str) -> None:
        names = _elements(one.shown, source, self._clock)
        channel = self._channels[text.channel]
        strip = self._strips.new_image(
            name=f"p{cue.short_name(channel, self.done + 1)}", filepath=self._folder + names[0], channel=channel,
            frame_start=source.left, fit_method="ORIGINAL",
        )  # fmt: skip
        for name in names[1:]:
            strip.elements.append(name)
        compat.set_edges(strip, source.left, source.right)
        strip.blend_type = "ALPHA_OVER"
        strip.select = False
        strip[PICTURE] = f"{given} {one.key}"
        strip.transform.offset_x, strip.transform.offset_y = _offset(one, self._result.size)


def _elements(shown: Sequence[Shown], source: Source, clock: cue.Clock) -> list[str]:
    """The file of each frame; of a subtitle that looks the same all the time, one file."""
    if len({one.file for one in shown}) == 1:
        return [shown[0].file]
    names: list[str] = []
    for one in shown:
        until = source.right if one is shown[-1] else min(source.right, clock.frame(one.ends))
        names += [one.file] * max(0, until - source.left - len(names))
    return names or [shown[0].file]


def _offset(one: Baked, size: tuple[int, int]) -> tuple[float, float]:
    """From the middle of the film, in its pixels, up."""
    return one.x + one.width / 2 - size[0] / 2, size[1] / 2 - (one.y + one.height / 2)


def _is_at(strip: Strip, one: Baked, size: tuple[int, int]) -> bool:
    x, y = _offset(one, size)
    return bool(abs(strip.transform.offset_x - x) < 0.01 and abs(strip.transform.offset_y - y) < 0.01)


def _relative(folder: str) -> str:
    """A folder as strips keep it: from the .blend file, where it has one, so that both can be moved together."""
    if bpy.data.filepath:
        # On another drive of Windows there is no way from here to there.
        with contextlib.suppress(ValueError):
            folder = bpy.path.relpath(folder)
    return folder if folder.endswith(("/", os.sep)) else folder + "/"


def _as_text(strip: Strip) -> None:
    del strip[BAKED]
    strip.mute = False


def back_to_text(scene: bpy.types.Scene, *, selected: bool = False) -> int:
    """Show subtitles as text again and take their pictures off the timeline; how many. The files stay."""
    editor = scene.sequence_editor
    if editor is None:
        return 0
    collection = compat.strips_of(editor)
    pictures = {str(strip[PICTURE]).partition(" ")[0]: strip for strip in collection if is_picture(strip)}
    count = 0
    gone: set[str] = set()
    for strip in collection:
        if strip.type != "TEXT" or BAKED not in strip:
            continue
        given = str(strip[BAKED])
        picture = pictures.get(given)
        if selected and not strip.select and not (picture is not None and picture.select):
            continue
        _as_text(strip)
        gone.add(given)
        count += 1
    left = {str(strip[BAKED]) for strip in collection if strip.type == "TEXT" and BAKED in strip}
    for strip in [strip for strip in collection if is_picture(strip)]:
        given = str(strip[PICTURE]).partition(" ")[0]
        if given in gone or (not selected and given not in left):
            collection.remove(strip)
    return count


def files_in_use(folder: str) -> set[str]:
    """The names of the files of a folder that this .blend file shows: in any strip of any scene, whoever made it, also
    inside of metas, or as an image elsewhere. Looks at the disk.

    A folder has many names: through links, by a drive's letter or a server's name, in other capitals. A file that is
    taken for one in use costs some room; one that is not is deleted under a strip.
    """
    names: dict[str, set[str]] = {}
    for scene in bpy.data.scenes:
        editor = scene.sequence_editor
        for strip in compat.every_strip(editor) if editor is not None else ():
            if strip.type == "IMAGE":
                place = os.path.abspath(bpy.path.abspath(strip.directory, library=scene.library))
                names.setdefault(place, set()).update(element.filename for element in strip.elements)
    for image in bpy.data.images:
        if path := bpy.path.abspath(image.filepath, library=image.library):
            place, name = os.path.split(os.path.abspath(path))
            names.setdefault(place, set()).add(name)
    found: set[str] = set()
    for place, there in names.items():
        if _is_same_folder(place, folder):
            found |= there
    return found


def _is_same_folder(one: str, other: str) -> bool:
    if folded(os.path.abspath(one)) == folded(os.path.abspath(other)):
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
