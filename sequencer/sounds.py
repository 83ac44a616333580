# SPDX-License-Identifier: GPL-3.0-or-later
"""Which seconds of which media are heard where on the timeline: through cuts, trims, retiming, metas and scenes.

Where that cannot be told for certain it is refused: subtitles at wrong places are worse than none. Main thread.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import bpy

from ..core.errors.media import MediaError
from ..core.text import Text
from . import bulk, compat, packed
from .compat import Strip
from .strips import rate_of

if TYPE_CHECKING:
    from ..core.cues import Cue
    from ..core.speech import media
    from ..core.subtitles.timecode import FrameRate

MEDIA = ("SOUND", "MOVIE")
HOLDERS = ("META", "SCENE")
"""Strips that may have media inside."""

_DEEPEST = 8
"""Scenes in scenes: one may show itself."""
_EVER = (-(2**31), 2**31)
"""From the first frame to the last."""


class UncertainTimingError(MediaError):
    """Which part of its media a strip shows when cannot be told for certain."""

    code = "uncertain_timing"

    def __init__(self, strip: str, reason: str) -> None:
        super().__init__(
            Text('It is not certain what "{strip}" plays when: {reason}.', strip=strip, reason=reason),
            Text("Render its sound to a file (Render > Render Audio) and transcribe that."),
        )


class Stretch(NamedTuple):
    """A part of a strip that plays at one speed: frames `left` up to `right` are seconds `start` up to `end`."""

    left: float
    right: float
    start: float
    end: float

    def cut(self, first: float, last: float) -> Stretch | None:
        """What of it lies between two frames; None when nothing does."""
        left, right = max(self.left, first), min(self.right, last)
        if left >= right:
            return None
        per_frame = (self.end - self.start) / (self.right - self.left)
        return Stretch(
            left, right, self.start + (left - self.left) * per_frame, self.end - (self.right - right) * per_frame
        )

    def moved(self, frames: float) -> Stretch:
        """The same, so many frames later."""
        return self._replace(left=self.left + frames, right=self.right + frames)

    def placed(self, place: Place) -> Stretch:
        """The same on an outer timeline."""
        return self._replace(left=place.outer(self.left), right=place.outer(self.right))


class Place(NamedTuple):
    """Where the frames of an inner timeline are on the outer one."""

    scale: float = 1.0
    shift: float = 0.0

    def outer(self, frame: float) -> float:
        """The outer frame of an inner one."""
        return frame * self.scale + self.shift

    def inner(self, frame: float) -> float:
        """The inner frame of an outer one."""
        return (frame - self.shift) / self.scale

    def within(self, other: Place) -> Place:
        """From here through `other`, the timeline around it, to the one around that."""
        return Place(self.scale * other.scale, other.outer(self.shift))


_HERE = Place()
"""On the timeline itself."""


class MediaUse(NamedTuple):
    """Which seconds of a media file a strip plays, and where they lie on the timeline."""

    path: Path
    stretches: tuple[Stretch, ...]
    """In order of time, at least one."""
    channel: int
    rate: FrameRate
    name: str
    """The strip's."""
    content_start: float
    """Where its content begins, by which it is seen to have been moved."""
    known: Path | None = None
    """What a packed sound is called: `path` is a copy of it, which is there for now only."""

    @property
    def start(self) -> float:
        """The first second of the media that is used."""
        return self.stretches[0].start

    @property
    def end(self) -> float:
        """Where the used part ends, in seconds of the media."""
        return self.stretches[-1].end

    @property
    def left(self) -> int:
        """The first frame."""
        return round(self.stretches[0].left)

    @property
    def right(self) -> int:
        """The frame after the last."""
        return round(self.stretches[-1].right)

    @property
    def speed(self) -> float:
        """Seconds of media per second of timeline, on the whole."""
        frames = self.stretches[-1].right - self.stretches[0].left
        return (self.end - self.start) / frames * float(self.rate)

    def seconds(self, of_media: float, zero: int) -> float:
        """The time on the timeline, from frame `zero` on, of a second of the media; kept inside the strip, and not
        rounded to a frame.
        """
        found = next((one for one in self.stretches if of_media <= one.end), self.stretches[-1])
        inside = min(max(of_media, found.start), found.end)
        speed = (found.end - found.start) / (found.right - found.left) * float(self.rate)
        whole = int(found.left // 1)
        begin = self.rate.frame_to_seconds(whole - zero) + (found.left - whole) / float(self.rate)
        return begin + ((inside - found.start) / speed if speed > 0 else 0.0)

    def frame(self, seconds: float) -> int:
        """The timeline frame of a second of the media, kept inside the strip."""
        zero = self.left
        return min(max(zero + self.rate.seconds_to_frame(self.seconds(seconds, zero)), zero), self.right)

    def moved(self, frames: float) -> MediaUse:
        """The same, so many frames later."""
        stretches = tuple(stretch.moved(frames) for stretch in self.stretches)
        return self._replace(stretches=stretches, content_start=self.content_start + frames)

    def inside(self, cues: Iterable[Cue]) -> list[Cue]:
        """The cues that begin or end inside the used part."""
        return [cue for cue in cues if cue.end > self.start and cue.start < self.end]

    def on_timeline(self, heard: Iterable[Cue], zero: int) -> list[Cue]:
        """What was heard of the media as it is heard here, in seconds from frame `zero` on. Of a sentence that the
        strip cuts through only the words that are in it.
        """
        found = []
        for one in self.inside(heard):
            words = tuple(
                dataclasses.replace(word, start=self.seconds(word.start, zero), end=self.seconds(word.end, zero))
                for word in one.words
                if self.start <= (word.start + word.end) / 2 < self.end
            )
            if one.words and not words:
                continue
            text = one.text if len(words) == len(one.words) else _joined(words)
            start = words[0].start if words else self.seconds(one.start, zero)
            end = max(start, words[-1].end if words else 0.0, self.seconds(one.end, zero))
            found.append(dataclasses.replace(one, start=start, end=end, text=text, words=words))
        return found


def _joined(words: Iterable[object]) -> str:
    text = ""
    for word in words:
        text += ("" if not text or getattr(word, "glued", False) else " ") + str(getattr(word, "text", ""))
    return text


# Which strips


def chosen(scene: bpy.types.Scene, whole: bool = False) -> list[Strip]:
    """The strips to hear: those selected, else the active one, else the only one there is; with `whole` all that the
    scene plays. Of those that are shown: inside of a meta while that is being edited. Memory only.
    """
    editor = scene.sequence_editor
    if editor is None:
        return []
    strips = [strip for strip in bulk.no_texts(compat.strips_shown(scene)) if strip.type in (*MEDIA, *HOLDERS)]
    if whole:
        return strips
    if selected := [strip for strip in strips if strip.select]:
        return selected
    media_strips = [strip for strip in strips if strip.type in MEDIA]
    active = editor.active_strip
    if active is not None and any(strip == active for strip in media_strips):
        return [active]
    return media_strips if len(media_strips) == 1 else []


def media_uses(scene: bpy.types.Scene, whole: bool = False) -> list[MediaUse]:
    """What the chosen strips play, muted ones left out. Of a film and its own sound, the sound. Reads headers.

    Raises MediaError: nothing to hear, a missing or unreadable file, or a timing that is not certain.
    """
    packed.waiting()
    if not (strips := chosen(scene, whole)):
        raise MediaError(Text("No sound or film is chosen."), Text("Select one sound or movie strip."))
    tracks = _soundtracks(strips, scene)
    found = [use for strip in strips if not _is_only_seen(strip, scene, tracks) for use in _uses(strip, scene)]
    # Where nothing else is heard, a film is, though its own sound is muted.
    uses = _heard_once(found or [use for strip in strips for use in _uses(strip, scene)])
    if not uses:
        raise MediaError(Text("Nothing that is chosen can be heard."), Text("Select strips that are not muted."))
    return uses


def _soundtracks(strips: Iterable[Strip], scene: bpy.types.Scene) -> dict[Path, list[tuple[float, float]]]:
    """Between which frames the sound strips of some strips play which files, muted ones too."""
    found: dict[Path, list[tuple[float, float]]] = {}
    for strip in strips:
        if strip.type == "SOUND" and (path := path_of(strip, scene)) is not None:
            found.setdefault(path, []).append((compat.left(strip), compat.right(strip)))
    return found


def _is_only_seen(strip: Strip, scene: bpy.types.Scene, tracks: dict[Path, list[tuple[float, float]]]) -> bool:
    """Whether a film has its own sound strip beside it: that is what is heard, or was muted for another recording."""
    path = path_of(strip, scene) if strip.type == "MOVIE" and tracks else None
    left, right = compat.left(strip), compat.right(strip)
    return path is not None and any(begin < right and left < end for begin, end in tracks.get(path, ()))


def _heard_once(found: list[tuple[MediaUse, str]]) -> list[MediaUse]:
    """A film's sound is the strip to take: what is heard on the timeline is that one."""
    sounds = [use for use, kind in found if kind == "SOUND"]
    return [use for use, kind in found if kind == "SOUND" or not any(is_sound_of(sound, use) for sound in sounds)]


def uses_of(scene: bpy.types.Scene, path: Path) -> list[MediaUse]:
    """Where a file is heard, of all strips that are shown and what is inside of them; in the order of its seconds, none
    where it is not heard. Reads headers.

    Raises MediaError where a strip plays it and none for certain.
    """
    packed.waiting()
    found: list[tuple[MediaUse, str]] = []
    fault: MediaError | None = None
    strips = chosen(scene, whole=True)
    tracks = _soundtracks((strip for strip in strips if not strip.mute), scene)
    for strip in strips:
        if _is_only_seen(strip, scene, tracks):
            continue
        try:
            found += _uses(strip, scene, path)
        except MediaError as error:
            fault = error
    if fault is not None and not found:
        raise fault
    return sorted(_heard_once(found), key=lambda use: (use.start, use.left))


def files_heard(scene: bpy.types.Scene, wanted: set[Path]) -> set[Path]:
    """The files of all strips that are shown, and of what is inside of them, muted ones left out; of packed sounds
    those that are `wanted`. Memory only."""
    found: set[Path | None] = set()
    for strip in chosen(scene, whole=True):
        with contextlib.suppress(UncertainTimingError):  # That is said to who wants to go on with it.
            for inner, owner, *_ in _inside(strip, scene):
                found.add(path_of(inner, owner) or packed.known_of(inner, wanted))
    return {path for path in found if path is not None}


def media_use(strip: Strip, scene: bpy.types.Scene, duration: float | None = None) -> MediaUse:
    """What one sound or film strip plays. Raises as `media_uses` does.

    `duration`: of its file, where that is known; no file is opened then.
    """
    return _use(strip, scene, *_EVER, rate_of(scene), duration)


def is_sound_of(sound: MediaUse, film: MediaUse) -> bool:
    """Whether a sound strip is the sound of a film strip: of the same file, at the same time."""
    return sound.path == film.path and sound.left < film.right and film.left < sound.right


def _uses(strip: Strip, scene: bpy.types.Scene, path: Path | None = None) -> Iterator[tuple[MediaUse, str]]:
    """What is heard of all media in a strip, or of one file: which it is may be seen without reading it."""
    for inner, owner, first, last, place in _inside(strip, scene):
        if path is not None and path not in (path_of(inner, owner), packed.known_of(inner, {path})):
            continue
        use = _use(inner, owner, first, last, rate_of(owner))
        stretches = tuple(stretch.placed(place) for stretch in use.stretches)
        # By the outermost strip, for that is what a user moves.
        outer = use._replace(stretches=stretches, rate=rate_of(scene), channel=strip.channel, name=strip.name)
        yield outer._replace(content_start=compat.content_start(strip)), str(inner.type)


def _inside(
    strip: Strip,
    scene: bpy.types.Scene,
    first: float = _EVER[0],
    last: float = _EVER[1],
    place: Place = _HERE,
    kinds: tuple[str, ...] = MEDIA,
    depth: int = 0,
) -> Iterator[tuple[Strip, bpy.types.Scene, float, float, Place]]:
    """Each strip with media of `kinds` that is heard through `strip`, its scene, the frames there between which it is,
    and where these are on the outer timeline.
    """
    first, last = max(first, compat.left(strip)), min(last, compat.right(strip))
    if first >= last or strip.mute or _channel_is_muted(strip, scene) or depth > _DEEPEST:
        return
    if strip.type in ("SOUND", "SCENE") and strip.volume == 0 and not _is_animated(strip, scene):
        return
    if strip.type in kinds:
        yield strip, scene, first, last, place
    elif strip.type in HOLDERS and hasattr(strip, "retiming_keys") and len(strip.retiming_keys):
        raise UncertainTimingError(strip.name, Text("it is retimed as a whole"))
    elif strip.type == "META":
        for inner in _heard_of(compat.strips_of(strip), scene):
            yield from _inside(inner, scene, first, last, place, kinds, depth + 1)
    elif strip.type == "SCENE" and strip.scene is not None and strip.scene.sequence_editor is not None:
        if getattr(strip, "scene_input", "SEQUENCER") != "SEQUENCER":
            return
        for through, some in _places(strip, scene, kinds):
            for inner in _heard_of(compat.strips_of(strip.scene.sequence_editor), strip.scene):
                bounds = through.inner(first), through.inner(last)
                yield from _inside(inner, strip.scene, *bounds, through.within(place), some, depth + 1)


def _heard_of(strips: Iterable[Strip], scene: bpy.types.Scene) -> list[Strip]:
    """Of what is in a meta or a scene all but films whose own sound is there too, if anything is heard there."""
    strips = list(strips)
    is_heard = any(strip.type == "SOUND" and not strip.mute for strip in strips)
    tracks = _soundtracks(strips, scene) if is_heard else {}
    return [strip for strip in strips if not _is_only_seen(strip, scene, tracks)]


def _places(strip: Strip, scene: bpy.types.Scene, kinds: tuple[str, ...]) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Where the frames of a scene strip's scene are, for each kind of media: it begins with its first frame where the
    strip's content begins. Of another frame rate its pictures come frame by frame, and its sound in real time from its
    frame 0 on, which Blender (5.2) looks for by the outer rate."""
    zero = compat.content_start(strip) - compat.trimmed_start(strip)
    ratio = float(rate_of(scene)) / float(rate_of(strip.scene))
    for kind in kinds:
        scale = ratio if kind == "SOUND" else 1.0
        yield Place(scale, zero - strip.scene.frame_start), (kind,)


def _channel_is_muted(strip: Strip, scene: bpy.types.Scene) -> bool:
    parent = strip.parent_meta() if hasattr(strip, "parent_meta") else None
    channels = (parent or scene.sequence_editor).channels
    return bool(channels[strip.channel].mute) if strip.channel < len(channels) else False


def _is_animated(strip: Strip, scene: bpy.types.Scene) -> bool:
    """Whether something of the strip has keys or a driver: what it is now says little of the rest."""
    data = scene.animation_data
    return data is not None and bool(strip.path_from_id()) and (data.action is not None or bool(data.drivers))


# How a strip plays its media


def _use(
    strip: Strip, scene: bpy.types.Scene, first: float, last: float, rate: FrameRate, duration: float | None = None
) -> MediaUse:
    """Raises MediaError."""
    if getattr(strip, "use_reverse_frames", False):
        raise UncertainTimingError(strip.name, Text("it plays backwards"))
    path, known = packed.copy_of(strip) if packed.is_packed(strip) else (_media_path(strip, scene), None)
    if known is not None and len(getattr(strip, "retiming_keys", ())):
        packed.write(packed.waiting())  # It has to be opened now: how long it is decides.
    left, right = max(first, compat.left(strip)), min(last, compat.right(strip))
    parts = _retimed(strip, path, rate, duration) or [_plain(strip, None if known else path, rate, duration)]
    stretches = [part for one in parts if (part := one.cut(left, right)) is not None and part.end > part.start]
    stretches = [part for part in stretches if part.end > 0.0]
    if not stretches:
        raise MediaError(
            Text('Nothing of its sound is heard in "{strip}".', strip=strip.name), Text("Choose another strip.")
        )
    if stretches[0].start < 0.0:
        begin = stretches[0]
        per_frame = (begin.end - begin.start) / (begin.right - begin.left)
        stretches[0] = Stretch(begin.left - begin.start / per_frame, begin.right, 0.0, begin.end)
    return MediaUse(path, tuple(stretches), strip.channel, rate, strip.name, compat.content_start(strip), known)


def _plain(strip: Strip, path: Path | None, rate: FrameRate, known: float | None) -> Stretch:
    """The whole content of a strip without retiming, and what its edges reach beyond it.

    A sound keeps real time. A film keeps it too when it was added with "Adjust Playback Rate", and otherwise shows one
    of its frames per timeline frame: Blender does not say which, but the strip's length tells. `path`: None for a
    packed sound, which is there in any case.
    """
    header = _header(path) if known is None and path is not None else None
    per_frame, unit = _seconds_per_frame(strip, header.duration if header is not None else known, float(rate))
    begin = compat.content_start(strip)
    skipped = compat.trimmed_start(strip) * unit + _begin(strip, header)
    left, right = compat.left(strip), compat.right(strip)
    return Stretch(left, right, skipped + (left - begin) * per_frame, skipped + (right - begin) * per_frame)


def _header(path: Path) -> media.Header:
    # Here, not above: it is not needed to register.
    from ..core.speech import media

    return media.header(path)


def _begin(strip: Strip, header: media.Header | None) -> float:
    """Which second of its file a strip begins with: Blender plays each of its streams from that stream's own begin on,
    and sound that comes too late for a whole frame by `sound_offset` later."""
    first = 0.0 if header is None else _part(strip, header).begin
    return first - float(getattr(strip, "sound_offset", 0.0))


def _part(strip: Strip, header: media.Header) -> media.Part:
    return header.sound if strip.type == "SOUND" else header.picture


def _retimed(strip: Strip, path: Path, rate: FrameRate, known: float | None) -> list[Stretch]:
    """The stretches between a strip's retiming keys; none where it has none. Raises UncertainTimingError."""
    from . import dna

    keys = dna.retiming(strip)
    if keys is None:
        raise UncertainTimingError(strip.name, Text("this Blender does not tell how it is retimed"))
    if not keys:
        return []
    header = _header(path) if known is None else None
    duration = _part(strip, header).length if header is not None else known
    if duration is None:
        raise UncertainTimingError(strip.name, Text("its file does not say how long it is"))
    unit = 1 / float(rate)
    if strip.type == "MOVIE" and float(getattr(strip, "fps", 0.0)) > 0:
        unit = 1 / float(strip.fps)
    skipped, first = compat.trimmed_start(strip) * unit, _begin(strip, header)
    length = duration - skipped - compat.trimmed_end(strip) * unit
    found = []
    for before, after in itertools.pairwise(keys):
        if after.frame <= before.frame:
            continue
        if before.ramp and after.ramp and compat.left(strip) < after.frame and before.frame < compat.right(strip):
            raise UncertainTimingError(strip.name, Text("its speed changes gradually"))
        if strip.type == "SOUND" and before.factor == after.factor:
            # Blender (5.0) plays on where the picture stands still, and is ahead of it from there on.
            raise UncertainTimingError(strip.name, Text("it stands still in between"))
        begin, end = (skipped + key.factor * length + first for key in (before, after))
        found.append(Stretch(before.frame, after.frame, begin, end))
    return found


def path_of(strip: Strip, scene: bpy.types.Scene) -> Path | None:
    """The file that a strip plays; None where it has none, or its sound is packed. Memory only."""
    owner = strip.sound if strip.type == "SOUND" else strip
    if owner is None or not owner.filepath or getattr(owner, "packed_file", None) is not None:
        return None
    return _media_path(strip, scene)


def _media_path(strip: Strip, scene: bpy.types.Scene) -> Path:
    owner = strip.sound if strip.type == "SOUND" else strip
    if owner is None or not owner.filepath:
        raise MediaError(
            Text('The strip "{strip}" has no media file.', strip=strip.name), Text("Relink it or choose another strip.")
        )
    library = getattr(owner, "library", None) if strip.type == "SOUND" else scene.library
    # One file, one name: what was heard of it is known by that, and relative paths lead through "..".
    return Path(os.path.normpath(bpy.path.abspath(owner.filepath, library=library)))


def _seconds_per_frame(strip: Strip, duration: float | None, fps: float) -> tuple[float, float]:
    """Seconds of media per timeline frame, and per frame of the media. Raises UncertainTimingError."""
    if strip.type == "SOUND":
        return 1 / fps, 1 / fps
    media_fps = float(getattr(strip, "fps", 0.0))
    unit = 1 / media_fps if media_fps > 0 else 1 / fps
    frames = compat.content_duration(strip)
    if duration is None or frames < 1 or abs(unit * fps - 1) < 0.001:
        return unit, unit
    best = min((1 / fps, unit), key=lambda step: abs(frames * step - duration))
    # Containers round their duration and streams differ a little in length: 2 frames or 2 % still mean "the same".
    if abs(frames * best - duration) <= max(2 * best, 0.02 * duration):
        return best, unit
    raise UncertainTimingError(strip.name, Text("its length fits neither its own frame rate nor the scene's"))
