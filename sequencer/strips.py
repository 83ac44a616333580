# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles on the timeline: cues to TEXT strips and back, and which part of its media a strip uses.

Second 0 of a subtitle file is the scene's first frame. Everything here runs on the main thread.
"""

from __future__ import annotations

import dataclasses
import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.cues import Cue
from ..core.errors import MediaError, SubtitleEditorError
from ..core.speech import media
from ..core.text import Text
from . import compat
from .compat import Strip

if TYPE_CHECKING:
    from ..core.subtitles.timecode import FrameRate

MARK = "subtitle_editor"
"""Custom property of every TEXT strip made here. Names are no identity: Blender adds .001 and cuts them at 61 bytes."""

_NAME_BYTES = 48
"""Of a strip's text in its name: with the number less than the 61 bytes that Blender keeps."""

MAX_CHANNEL = 128
"""The sequencer's highest channel (MAXSEQ in Blender's DNA_sequence_types.h)."""


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
    text: str


def place(cues: Iterable[Cue], frame: Callable[[float], int]) -> list[Placement]:
    """Frames for `cues`, in order of time. One that begins before another on its row has ended goes one row up.

    `frame` turns seconds into a timeline frame. Every strip is at least one frame long.
    """
    placements: list[Placement] = []
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    rows = 0
    timed = ((frame(cue.start), frame(cue.end), cue.text) for cue in cues)
    for start, end, text in sorted(timed, key=lambda item: item[:2]):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            row = heapq.heappop(free)
        else:
            row, rows = rows, rows + 1
        end = max(end, start + 1)
        heapq.heappush(busy, (end, row))
        placements.append(Placement(start, end, row, text))
    return placements


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

    The scene is looked up anew for each chunk: an undo between two of them replaces it.
    """

    def __init__(self, scene: bpy.types.Scene, placements: Sequence[Placement], above: int, mark: str) -> None:
        """Raises ChannelsFullError. `mark` is kept on each strip, so that those of one run can be told from others."""
        self.channel = free_channel(scene, placements, above)
        self.made = 0
        self.total = len(placements)
        self.cut = 0
        """Strips whose text was longer than this Blender can hold."""
        self._scene_name = scene.name
        self._waiting = iter(placements)
        self._mark = mark
        self._limit = compat.text_limit()

    @property
    def fraction(self) -> float:
        """How much is made, 0.0 to 1.0."""
        return self.made / self.total if self.total else 1.0

    def step(self, budget: float | None = None) -> bool:
        """Make strips for about `budget` seconds, or all of them. Returns whether it is done."""
        scene: bpy.types.Scene | None = bpy.data.scenes.get(self._scene_name)
        if scene is None:
            return True
        strips = compat.strips_of(compat.editor_of(scene))
        until = None if budget is None else time.monotonic() + budget
        for placement in self._waiting:
            self._make(strips, scene, placement)
            if until is not None and time.monotonic() >= until:
                return self.made >= self.total
        return True

    def _make(self, strips: object, scene: bpy.types.Scene, placement: Placement) -> None:
        text = self._fitted(placement.text)
        self.made += 1
        strip = compat.new_text(strips, self._name(text), self.channel + placement.row, placement.start, placement.end)
        strip.text = text
        strip[MARK] = self._mark
        _style(strip, scene)

    def _name(self, text: str) -> str:
        """The words, so that the timeline can be read: Blender draws a strip's name there, not its text."""
        words = " ".join(text.split()).encode("utf-8")[:_NAME_BYTES].decode("utf-8", errors="ignore")
        # The number keeps names unique: Blender searches all strips for each name that is not.
        return f"{words or self._mark} {self.made:05}"

    def _fitted(self, text: str) -> str:
        if self._limit is None or len(data := text.encode("utf-8")) <= self._limit:
            return text
        self.cut += 1
        # Cut between characters: Blender itself would leave half of one.
        return data[: self._limit].decode("utf-8", errors="ignore")


def _style(strip: Strip, scene: bpy.types.Scene) -> None:
    """Readable as it comes: low in the middle, one twentieth of the picture high, dark edge around the letters."""
    strip.font_size = max(8, round(scene.render.resolution_y / 20))
    strip.location = (0.5, 0.06)
    strip.wrap_width = 0.9
    strip.use_shadow = True
    compat.align_bottom(strip)


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


def cues_of(scene: bpy.types.Scene, only_selected: bool = False) -> tuple[list[Cue], list[str]]:
    """The scene's TEXT strips as cues in order of time, and what could not be kept, worded for the user.

    Muted strips are not seen in the render and are left out. So are strips without text.
    """
    rate, zero = rate_of(scene), scene.frame_start
    cues: list[Cue] = []
    early = 0
    for strip, start, end in text_strips(scene, only_selected):
        if not strip.text.strip():
            continue
        if start < zero:
            early += 1
            start = zero
        if end > start:
            cues.append(Cue(rate.frame_to_seconds(start - zero), rate.frame_to_seconds(end - zero), strip.text))
    cues.sort(key=lambda cue: (cue.start, cue.end))
    warnings: list[str] = []
    if early:
        warnings.append(
            Text("{number} subtitles begin before the scene's first frame and were cut there.", number=early)
        )
    return cues, warnings
