# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles on the timeline: cues to TEXT strips and back, and which part of its media a strip uses.

Second 0 of a subtitle file is the scene's first frame. Everything here runs on the main thread.
"""

from __future__ import annotations

import collections
import dataclasses
import heapq
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors import MediaError, SubtitleEditorError
from ..core.speech import media
from ..core.text import Text
from . import compat, cue, look, undo
from .compat import Strip

if TYPE_CHECKING:
    from ..core.cues import Cue
    from ..core.subtitles.timecode import FrameRate

MAX_CHANNEL = 128
"""The sequencer's highest channel (MAXSEQ in Blender's DNA_sequence_types.h)."""


class SceneGoneError(SubtitleEditorError):
    """The scene that gets subtitles was deleted before they were all made."""

    code = "scene_gone"

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(
            Text("The scene was deleted before its {number} subtitles were made.", number=number),
            Text("Do it again in another scene."),
        )


class ChannelsFullError(SubtitleEditorError):
    """No channel is free where the subtitles should go."""

    code = "channels_full"

    def __init__(self, needed: int) -> None:
        super().__init__(
            Text("No free channel is left above the strip for {needed} rows of subtitles.", needed=needed),
            Text("Move some strips to lower channels, or remove some, and try again."),
        )


# Media strips


@dataclasses.dataclass(frozen=True, slots=True)
class MediaUse:
    """Which seconds of a media file a strip shows, and where they lie on the timeline."""

    path: Path
    start: float
    """The first second of the media that is used."""
    end: float
    """Where the used part ends, in seconds of the media."""
    left: int
    """The timeline frame that shows `start`."""
    right: int
    channel: int
    speed: float
    """Seconds of media per second of timeline."""
    rate: FrameRate

    def frame(self, seconds: float) -> int:
        """The timeline frame of a second of the media, kept inside the strip."""
        frame = self.left + self.rate.seconds_to_frame((seconds - self.start) / self.speed)
        return min(max(frame, self.left), self.right)

    def seconds(self, of_media: float, zero: int) -> float:
        """The time on the timeline, from frame `zero` on, of a second of the media; not rounded to a frame."""
        return (of_media - self.start) / self.speed + self.rate.frame_to_seconds(self.left - zero)

    def inside(self, cues: Iterable[Cue]) -> list[Cue]:
        """The cues that begin or end inside the used part."""
        return [cue for cue in cues if cue.end > self.start and cue.start < self.end]


def rate_of(scene: bpy.types.Scene) -> FrameRate:
    """The scene's frame rate, exact."""
    # Here, not above: exact arithmetic takes a tenth of the time that registering may.
    from ..core.subtitles.timecode import FrameRate

    return FrameRate(scene.render.fps, scene.render.fps_base)


def media_strip(scene: bpy.types.Scene) -> Strip | None:
    """The sound or film to transcribe: the active strip, else the first selected, else the only one there is."""
    editor = scene.sequence_editor
    if editor is None:
        return None
    if editor.active_strip is not None and _has_media(editor.active_strip):
        return editor.active_strip
    strips = [strip for strip in compat.strips_of(editor) if _has_media(strip)]
    selected = [strip for strip in strips if strip.select]
    if selected:
        # A film's sound is the strip to take: what is heard on the timeline is that one.
        return next((strip for strip in selected if strip.type == "SOUND"), selected[0])
    return strips[0] if len(strips) == 1 else None


def _has_media(strip: Strip) -> bool:
    return strip.type in ("SOUND", "MOVIE")


def media_use(strip: Strip, scene: bpy.types.Scene) -> MediaUse:
    """What `strip` shows of its media. Reads the media's header.

    Raises MediaError: a missing file, one that cannot be read, or a strip without a file.
    """
    path = _media_path(strip, scene)
    rate = rate_of(scene)
    fps = float(rate)
    per_frame, unit = _seconds_per_frame(strip, media.duration(path), fps)
    first = compat.left(strip)
    skipped = compat.trimmed_start(strip) * unit
    delay = float(getattr(strip, "sound_offset", 0.0))
    start = max(0.0, (first - compat.content_start(strip)) * per_frame + skipped - delay)
    last = compat.right(strip)
    return MediaUse(
        path=path,
        start=start,
        end=start + (last - first) * per_frame,
        left=first,
        right=last,
        channel=strip.channel,
        speed=per_frame * fps,
        rate=rate,
    )


def _media_path(strip: Strip, scene: bpy.types.Scene) -> Path:
    owner = strip.sound if strip.type == "SOUND" else strip
    if owner is None or not owner.filepath:
        raise MediaError(
            Text('The strip "{strip}" has no media file.', strip=strip.name), Text("Relink it or choose another strip.")
        )
    library = getattr(owner, "library", None) if strip.type == "SOUND" else scene.library
    return Path(bpy.path.abspath(owner.filepath, library=library))


def _seconds_per_frame(strip: Strip, duration: float | None, fps: float) -> tuple[float, float]:
    """Seconds of media per timeline frame, and per frame of the media.

    A sound keeps real time. A film keeps it too when it was added with "Adjust Playback Rate", and otherwise shows one
    of its frames per timeline frame: Blender does not say which, but the strip's length tells. A length that fits
    neither comes from retiming, and the average speed is taken.
    """
    media_fps = float(getattr(strip, "fps", 0.0)) if strip.type == "MOVIE" else 0.0
    unit = 1 / media_fps if media_fps > 0 else 1 / fps
    frames = compat.content_duration(strip)
    if duration is None or frames < 1:
        return 1 / fps, unit
    best = min((1 / fps, unit), key=lambda step: abs(frames * step - duration))
    # Containers round their duration and streams differ a little in length: 2 frames or 2 % still mean "the same".
    if abs(frames * best - duration) <= max(2 * best, 0.02 * duration):
        return best, unit
    return duration / frames, unit


# Cues to strips


@dataclasses.dataclass(frozen=True, slots=True)
class Placement:
    """One TEXT strip to be: frames `start` up to `end`, `row` 0 for the lowest of the channels it may use."""

    start: int
    end: int
    row: int
    cue: Cue
    """What it says; its words at their times on the timeline."""


def place(
    cues: Iterable[Cue], frame: Callable[[float], int], seconds: Callable[[float], float] | None = None
) -> list[Placement]:
    """Frames for `cues`, in order of time. One that begins before another on its row has ended goes one row up.

    `frame` turns a time of theirs into a timeline frame, `seconds` into seconds from the scene's first frame, for the
    words; None: they are that already. Every strip is at least one frame long.
    """
    placements: list[Placement] = []
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    rows = 0
    timed = ((frame(one.start), frame(one.end), number, one) for number, one in enumerate(cues, 1))
    for start, end, number, one in sorted(timed, key=lambda item: item[:3]):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            row = heapq.heappop(free)
        else:
            row, rows = rows, rows + 1
        end = max(end, start + 1)
        heapq.heappush(busy, (end, row))
        placements.append(Placement(start, end, row, _on_timeline(one, number, seconds)))
    return placements


def _on_timeline(one: Cue, number: int, seconds: Callable[[float], float] | None) -> Cue:
    if seconds is not None and one.words:
        words = (dataclasses.replace(w, start=seconds(w.start), end=seconds(w.end)) for w in one.words)
        one = dataclasses.replace(one, words=tuple(words))
    # What SubRip counts says nothing that its place does not say, and would be wrong after the first edit.
    return dataclasses.replace(one, name="") if one.name == str(number) else one


def free_channel(scene: bpy.types.Scene, placements: Sequence[Placement], above: int) -> int:
    """The lowest channel over `above` where all rows of `placements` fit without touching a strip.

    Raises ChannelsFullError.
    """
    if not placements:
        return above + 1
    first = min(item.start for item in placements)
    last = max(item.end for item in placements)
    rows = 1 + max(item.row for item in placements)
    strips = compat.strips_of(compat.editor_of(scene))
    taken = {s.channel for s in strips if compat.left(s) < last and compat.right(s) > first}
    for channel in range(above + 1, MAX_CHANNEL - rows + 2):
        if taken.isdisjoint(range(channel, channel + rows)):
            return channel
    raise ChannelsFullError(rows)


class Writer:
    """Makes TEXT strips a few at a time, so that Blender stays responsive: making them is quadratic in Blender itself.

    The scene is looked up anew for each chunk: the user may rename it in between. An undo in between takes strips away
    that have no step of their own yet: they are made again. What the user deletes stays deleted.
    """

    def __init__(self, scene: bpy.types.Scene, placements: Sequence[Placement], above: int) -> None:
        """Raises ChannelsFullError."""
        self.channel = free_channel(scene, placements, above)
        self.rows = 1 + max((item.row for item in placements), default=0)
        """How many channels it uses from `channel` on."""
        self.total = len(placements)
        self.cut = 0
        """Strips that show less than their text, because this Blender holds no more; the text itself is kept."""
        self._scene = scene.session_uid
        self._waiting = collections.deque(enumerate(placements, 1))
        self._made: dict[str, tuple[int, Placement]] = {}
        self._undone = undo.count()
        self._clock = cue.Clock(rate_of(scene), int(scene.frame_start))

    @property
    def made(self) -> int:
        """How many are made."""
        return len(self._made)

    @property
    def fraction(self) -> float:
        """How much is made, 0.0 to 1.0."""
        return self.made / self.total if self.total else 1.0

    @property
    def notice(self) -> Text | None:
        """What the user should know of the strips that were made."""
        if not self.cut:
            return None
        return Text("{number} texts are longer than this Blender shows. All of each is kept.", number=self.cut)

    def step(self, budget: float | None = None) -> bool:
        """Make strips for about `budget` seconds, or all of them. Returns whether it is done.

        Raises SceneGoneError when the scene was deleted meanwhile.
        """
        scene = compat.scene_by_uid(self._scene)
        if scene is None:
            raise SceneGoneError(self.total)
        strips = compat.strips_of(compat.editor_of(scene))
        self._look_for_undone(strips)
        make = compat.TextMaker(strips)
        dress = look.Look(scene)
        until = None if budget is None else time.monotonic() + budget
        while self._waiting:
            self._make(make, dress, *self._waiting.popleft())
            if until is not None and time.monotonic() >= until:
                break
        return not self._waiting

    def _look_for_undone(self, strips: Any) -> None:
        """After an undo: have those made again that are no longer there."""
        if self._undone == undo.count():
            return
        self._undone = undo.count()
        there = {strip.name for strip in strips}
        gone = [self._made.pop(name) for name in list(self._made) if name not in there]
        self._waiting.extendleft(reversed(gone))

    def _make(self, make: compat.TextMaker, dress: look.Look, number: int, item: Placement) -> None:
        channel = self.channel + item.row
        strip = make(cue.short_name(channel, number), channel, item.start, item.end)
        self._made[strip.name] = number, item
        shown = strip.text = cue.fitted(item.cue.text)
        self.cut += shown != item.cue.text
        strip[cue.MARK] = cue.encode(item.cue, item.start, item.end, self._clock, shown)
        dress.apply(strip, item.cue)


# Strips to cues


def text_strips(scene: bpy.types.Scene, only_selected: bool = False) -> Iterator[tuple[Strip, int, int]]:
    """Each visible TEXT strip with the frames it shows on, those inside meta strips cut to the meta's edges."""
    if scene.sequence_editor is not None:
        yield from _walk(scene.sequence_editor, -(2**31), 2**31, only_selected)


def _walk(owner: object, first: int, last: int, only_selected: bool) -> Iterator[tuple[Strip, int, int]]:
    for strip in compat.strips_of(owner):
        if strip.mute or strip.type not in ("TEXT", "META"):
            continue
        start, end = max(first, compat.left(strip)), min(last, compat.right(strip))
        if start >= end:
            continue
        if strip.type == "META":
            yield from _walk(strip, start, end, only_selected and not strip.select)
        elif strip.select or not only_selected:
            yield strip, start, end


def subtitles(
    scene: bpy.types.Scene, only_selected: bool = False, channels: Container[int] | None = None
) -> list[tuple[Strip, int, int]]:
    """The strips of `text_strips` that are subtitles: those on `channels`, a track's, and without that those of ours.

    Other text strips (titles, credits) are none; but where there is none of ours at all, they are what is meant.
    """
    found = list(text_strips(scene, only_selected))
    if channels is not None:
        return [item for item in found if item[0].channel in channels]
    ours = [item for item in found if cue.is_subtitle(item[0])]
    return ours or (found if only_selected or not any(map(cue.is_subtitle, _texts(scene))) else [])


def _texts(scene: bpy.types.Scene) -> Iterator[Strip]:
    return (strip for strip, *_ in text_strips(scene))


def cues_of(
    scene: bpy.types.Scene, only_selected: bool = False, channels: Container[int] | None = None
) -> tuple[list[Cue], list[str]]:
    """The scene's subtitles as cues in order of time, and what could not be kept, worded for the user.

    Which they are says `subtitles`. Muted strips are not seen in the render and are left out. So are strips without
    text.
    """
    clock = cue.Clock(rate_of(scene), int(scene.frame_start))
    cues: list[Cue] = []
    early = 0
    for strip, start, end in subtitles(scene, only_selected, channels):
        one = look.worn(strip, cue.read(strip, clock))
        if not one.text.strip():
            continue
        if start < clock.zero:
            early += 1
            start = clock.zero
        if end > start:
            cues.append(_between(one, clock.seconds(start), clock.seconds(end)))
    cues.sort(key=lambda one: (one.start, one.end))
    warnings: list[str] = []
    if early:
        warnings.append(
            Text("{number} subtitles begin before the scene's first frame and were cut there.", number=early)
        )
    return cues, warnings


def _between(one: Cue, start: float, end: float) -> Cue:
    return one if (one.start, one.end) == (start, end) else dataclasses.replace(one, start=start, end=end)
