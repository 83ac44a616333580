# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as image strips: over each TEXT strip, which is muted, the picture of what it says.

The two belong together by an id in a custom property of each. Nothing watches them: who moves, cuts, copies or deletes
subtitles, or edits their texts, brings the pictures after them by `Placing`, which looks at all once (*Bake Changed*).
A picture whose subtitle is gone goes; a copy of a subtitle gets a picture of its own. Main thread.
"""

from __future__ import annotations

import bisect
import collections
import contextlib
import dataclasses
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.files import is_same
from ..core.system.names import folded
from ..core.text import Text
from . import compat, cue, look, strips, undo
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
    channel: int
    left: int
    right: int
    cue: Cue
    text: str
    """What its strip shows."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sources:
    """The subtitles of a timeline."""

    listed: Sequence[Source]
    """All that are seen, in order of time: even those that stay text are kept clear of."""
    wanted: frozenset[int]
    """Which of these are to be pictures."""
    inner: int
    """How many more are wanted, but lie inside of meta strips as text."""


def sources(scene: bpy.types.Scene, *, selected: bool = False, again: bool = False) -> Sources:
    """What is to be drawn. `selected`: only those. `again`: only those that are baked, and new ones on their channels.

    A track that is hidden is not seen.
    """
    editor = scene.sequence_editor
    if editor is None:
        return Sources((), frozenset(), 0)
    top = {strip.name for strip in compat.strips_of(editor)}
    hidden = {number for number, channel in enumerate(editor.channels) if channel.mute}
    chosen = [strip for strip, *_ in strips.subtitles(scene, selected)]
    inner = sum(strip.name not in top and not strip.mute for strip in chosen)
    if again:
        channels = {strip.channel for strip in chosen if strip.name in top and BAKED in strip}
        chosen = [strip for strip in chosen if strip.channel in channels]
    names = {strip.name for strip in chosen}
    seen = {strip.name: strip for strip in (*chosen, *(strip for strip, *_ in strips.subtitles(scene)))}
    clock = strips.clock_of(scene)
    listed = sorted(
        (
            Source(strip.name, strip.channel, compat.left(strip), compat.right(strip), one, strip.text)
            for strip in seen.values()
            if strip.name in top and strip.channel not in hidden
            if (one := look.worn(strip, cue.read(strip, clock))).text.strip()
        ),
        key=lambda item: (item.left, item.right),
    )
    return Sources(listed, frozenset(at for at, one in enumerate(listed) if one.name in names), inner)


def is_picture(strip: Strip) -> bool:
    """Whether a strip is a picture of a subtitle."""
    return strip.type == "IMAGE" and PICTURE in strip


def has_any(scene: bpy.types.Scene) -> bool:
    """Whether a subtitle of the timeline is baked. Looks at all strips: not for drawing."""
    editor = scene.sequence_editor
    return editor is not None and any(BAKED in strip or PICTURE in strip for strip in compat.every_strip(editor))


class StripsChangedError(SubtitleEditorError):
    """Strips were undone, deleted or renamed while pictures were put over them."""

    code = "strips_changed"

    def __init__(self) -> None:
        super().__init__(Text("Strips have changed meanwhile."), Text("Use Bake Changed again."))


class Placing:
    """Puts pictures over their subtitles, some at a time.

    Wherever it stops, each subtitle is seen: as text until its picture is there. Between two steps it holds nothing of
    Blender's, which may be gone by then: strips are looked up by their names.
    """

    def __init__(self, scene: bpy.types.Scene, result: Result, wanted: Sequence[Source], *, only: bool = False) -> None:
        """`wanted` are the cues that the result is of, in its order. `only`: pictures of other subtitles stay as they
        are; else those whose subtitle is gone go. Subtitles that were edited since they were read become text until
        they are drawn again. Raises ChannelsFullError."""
        self._scene = scene.session_uid
        self._undone = undo.count()
        self._size = result.size
        self._clock = strips.clock_of(scene)
        self.made = 0
        self.done = 0
        self.freed = 0
        """Subtitles inside of metas that are text again, because their pictures are not in there."""
        self.late = 0
        """Subtitles that were edited since."""
        editor = compat.editor_of(scene)
        collection = compat.strips_of(editor)
        texts = {strip.name: strip for strip in collection if strip.type == "TEXT"}
        there = [(one, wanted[one.index]) for one in result.baked if wanted[one.index].name in texts]
        self._pairs = [(one, source) for one, source in there if _is_as_read(texts[source.name], source)]
        self.late = len(there) - len(self._pairs)
        self._ids = _common_ids([texts[source.name] for _, source in there])
        self._part_metas(editor, only)
        self._there = self._kept(collection, texts, only)
        """By id the channels of pictures that stay."""
        self._channels = self._channel_map(scene, collection, texts)
        self._folder = _relative(str(result.folder))

    @property
    def number(self) -> int:
        """How many pictures there are to be."""
        return len(self._pairs)

    @property
    def share(self) -> float:
        """How much is done, 0.0 to 1.0."""
        return self.done / len(self._pairs) if self._pairs else 1.0

    def _part_metas(self, editor: Any, only: bool) -> None:
        """Inside of metas: text whose picture is not beside it is seen again, a picture without its text goes."""
        for collection in [*collections_of(editor)][1:]:
            pictures = {id_of(strip) for strip in collection if is_picture(strip)}
            texts = [strip for strip in collection if strip.type == "TEXT" and BAKED in strip]
            known = {str(strip[BAKED]) for strip in texts}
            for strip in texts:
                if str(strip[BAKED]) not in pictures:
                    as_text(strip)
                    self.freed += 1
            for strip in [strip for strip in collection if is_picture(strip) and id_of(strip) not in known]:
                if not only:
                    collection.remove(strip)

    def _kept(self, collection: Any, texts: Mapping[str, Strip], only: bool) -> dict[str, int]:
        """Take away pictures that show something else, lie elsewhere, or have no subtitle any more."""
        right = {self._ids[source.name]: (one, source) for one, source in self._pairs}
        mine = {*self._ids.values()}
        known = {str(strip[BAKED]) for strip in texts.values() if BAKED in strip}
        there: dict[str, int] = {}
        for strip in [strip for strip in collection if is_picture(strip)]:
            given, _, shows = str(strip[PICTURE]).partition(" ")
            pair = right.get(given)
            fits = pair is not None and given not in there and self._fits(strip, shows, *pair)
            if fits:
                there[given] = strip.channel
            elif given in mine or given not in known or not only:
                collection.remove(strip)
        for name, strip in texts.items():
            given = self._ids.get(name)
            if given is None and BAKED in strip and not only:
                as_text(strip)
            elif given is not None and given not in there:
                strip.mute = False
        return there

    def _fits(self, strip: Strip, shows: str, one: Baked, source: Source) -> bool:
        edges = compat.left(strip), compat.right(strip)
        names = [element.filename for element in strip.elements]
        wanted = _elements(one.shown, source, self._clock)
        same = shows == one.key and edges == (source.left, source.right) and names == wanted
        return same and _is_at(strip, one, self._size)

    def _channel_map(self, scene: bpy.types.Scene, collection: Any, texts: Mapping[str, Strip]) -> dict[int, int]:
        """By channel of subtitles the channel of their new pictures: where most are already, if there is room for them,
        else the first free ones."""
        waiting: dict[int, list[Source]] = collections.defaultdict(list)
        used: dict[int, collections.Counter[int]] = collections.defaultdict(collections.Counter)
        for _, source in self._pairs:
            channel, there = texts[source.name].channel, self._there.get(self._ids[source.name])
            if there is None:
                waiting[channel].append(source)
            else:
                used[channel][there] += 1
        found: dict[int, int] = {}
        for channel, items in waiting.items():
            for best, _ in used[channel].most_common():
                if best not in found.values() and _is_free(collection, best, items):
                    found[channel] = best
                    break
        new = sorted(waiting.keys() - found.keys())
        if new:
            placements = [
                strips.Placement(one.left, one.right, row, one.cue)
                for row, channel in enumerate(new)
                for one in waiting[channel]
            ]
            above = max([*(texts[source.name].channel for _, source in self._pairs), *self._there.values()])
            first = strips.free_channel(scene, placements, above, collection)
            found |= {channel: first + row for row, channel in enumerate(new)}
        return found

    def step(self, budget: float | None = None) -> bool:
        """Make what is missing, for about `budget` seconds, or all of it. Returns whether it is done.

        Raises SceneGoneError, StripsChangedError.
        """
        scene = compat.scene_by_uid(self._scene)
        if scene is None:
            raise strips.SceneGoneError(len(self._pairs))
        if self._undone != undo.count():
            raise StripsChangedError
        collection = compat.strips_of(compat.editor_of(scene))
        texts = {strip.name: strip for strip in collection if strip.type == "TEXT"}
        until = None if budget is None else time.monotonic() + budget
        while self.done < len(self._pairs):
            one, source = self._pairs[self.done]
            text, given = texts.get(source.name), self._ids[source.name]
            if text is None or text.get(BAKED) != given:
                raise StripsChangedError
            if given not in self._there:
                self._make(collection, one, source, text.channel, given)
                self.made += 1
            if not text.mute:
                text.mute = True
            self.done += 1
            if until is not None and time.monotonic() >= until:
                break
        return self.done == len(self._pairs)

    def _make(self, collection: Any, one: Baked, source: Source, below: int, given: str) -> None:
        names = _elements(one.shown, source, self._clock)
        if below not in self._channels:
            raise StripsChangedError
        channel = self._channels[below]
        strip = collection.new_image(
            name=f"p{cue.short_name(channel, self.done + 1)}", filepath=self._folder + names[0], channel=channel,
            frame_start=source.left, fit_method="ORIGINAL",
        )  # fmt: skip
        for name in names[1:]:
            strip.elements.append(name)
        compat.set_edges(strip, source.left, source.right)
        strip.blend_type = "ALPHA_OVER"
        strip.select = False
        strip[PICTURE] = f"{given} {one.key}"
        strip.transform.offset_x, strip.transform.offset_y = _offset(one, self._size)


def _common_ids(texts: Iterable[Strip]) -> dict[str, str]:
    """Names of subtitles' strips to their ids: of copies the first keeps it."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for strip in texts:
        given = str(strip.get(BAKED, ""))
        if not given or given in taken:
            given = strip[BAKED] = secrets.token_hex(6)
        taken.add(given)
        found[strip.name] = given
    return found


def _is_as_read(strip: Strip, source: Source) -> bool:
    now = strip.channel, compat.left(strip), compat.right(strip), strip.text
    return now == (source.channel, source.left, source.right, source.text)


def _is_free(collection: Any, channel: int, wanted: Sequence[Source]) -> bool:
    """Whether a channel has room for some subtitles, each at its time."""
    taken = sorted((compat.left(strip), compat.right(strip)) for strip in collection if strip.channel == channel)
    for one in wanted:
        place = bisect.bisect_left(taken, (one.right,))
        if place and taken[place - 1][1] > one.left:
            return False
    return True


def collections_of(owner: Any) -> Iterator[Any]:
    """The strips of a sequence editor or a meta strip, then those of each meta inside of it."""
    collection = compat.strips_of(owner)
    yield collection
    for strip in collection:
        if strip.type == "META":
            yield from collections_of(strip)


def id_of(picture: Strip) -> str:
    """Whose picture a strip is: what its subtitle has as `BAKED`."""
    return str(picture[PICTURE]).partition(" ")[0]


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


def as_text(strip: Strip) -> None:
    """Show a subtitle's text instead of its picture."""
    del strip[BAKED]
    strip.mute = False


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
        return is_same(Path(one), Path(other))
    except OSError:
        return False
