# SPDX-License-Identifier: GPL-3.0-or-later
"""Which track is worked on, which of its subtitles is meant, and what is known of all of them: texts, problems.

A track is a channel of the Sequencer, or several where its subtitles overlap, with a language and a profile; its name,
whether it is hidden and whether it is locked are the channel's own. The subtitles are the strips and nothing else.
What has to be read from all of them for a search or for the checks is read by `survey`, in slices, after they have
changed, and thrown away at the next change. Main thread.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..sequencer import bulk, compat
from ..sequencer.strips import clock_of
from ..sequencer.track import Row, refuse_locked
from . import choices, glossary, profiles, shots

if TYPE_CHECKING:
    from ..core.subtitles.profiles import Profile
    from ..core.subtitles.quality import Film
    from ..core.subtitles.track import Rules

    Strip = compat.Strip


class EmptyTrackError(SubtitleEditorError):
    """There is nothing in a track that could go into a file."""

    code = "empty_track"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            Text('The track "{name}" has no subtitles that are seen in the film.', name=name),
            Text("Choose another track above the list of subtitles, or show those of it that are muted."),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Track:
    """A track as its settings and its channel say it."""

    index: int
    """In the scene's list of tracks."""
    channel: int
    """The lowest of its channels."""
    rows: int
    name: str
    language: str
    profile: Profile
    hidden: bool
    locked: bool
    original: int
    """The lowest channel of the track that it translates; 0: of none."""

    @property
    def channels(self) -> range:
        """All of its channels."""
        return range(self.channel, self.channel + self.rows)


def tracks(scene: bpy.types.Scene) -> list[Track]:
    """The tracks of a scene."""
    return [_track(scene, index, item) for index, item in enumerate(choices.of(scene).tracks)]


def active(scene: bpy.types.Scene) -> Track | None:
    """The track that is worked on; None where there is none yet."""
    index = _active_index(scene)
    return _track(scene, index, choices.of(scene).tracks[index]) if index is not None else None


def _active_index(scene: bpy.types.Scene) -> int | None:
    settings = choices.of(scene)
    if not settings.tracks:
        return None
    return min(max(settings.track_index, 0), len(settings.tracks) - 1)


def _track(scene: bpy.types.Scene, index: int, item: Any) -> Track:
    own = channels_of(scene, item)
    return Track(
        index, item.channel, max(1, item.rows), own[0].name if own else "", item.language,
        profiles.of(profiles.resolved(item.profile or choices.of(scene).profile, item.language)),
        is_hidden(own), is_locked(locks_of(scene, item)), item.original,
    )  # fmt: skip


def channels_of(scene: bpy.types.Scene, item: Any) -> list[Any]:
    """Blender's own settings of the channels of an entry in the scene's list of tracks."""
    numbers = range(item.channel, item.channel + max(1, item.rows))
    return [channel for number in numbers if (channel := channel_of(scene, number)) is not None]


def locks_of(scene: bpy.types.Scene, item: Any) -> list[Any]:
    """The channels whose locks hold for a track: its own, and those of the meta strip that is open."""
    editor, own = scene.sequence_editor, channels_of(scene, item)
    if editor is None or not editor.meta_stack:
        return own
    inside = compat.shown(editor).channels
    return own + [inside[number] for number in range(item.channel, item.channel + max(1, item.rows))]


def is_hidden(channels: list[Any]) -> bool:
    """Whether nothing on these channels of a track is shown."""
    return bool(channels) and all(channel.mute for channel in channels)


def is_locked(channels: list[Any]) -> bool:
    """Whether a track with these channels is locked: one of them is enough, for an edit may reach all."""
    return any(channel.lock for channel in channels)


def original_of(scene: bpy.types.Scene, track: Track) -> Track | None:
    """The track that a track translates; None where it translates none, or that was removed."""
    return next((one for one in tracks(scene) if track.original == one.channel != track.channel), None)


def channel_of(scene: bpy.types.Scene, number: int) -> Any:
    """Blender's own settings of a channel; None while there is no sequence editor."""
    editor = scene.sequence_editor
    return editor.channels[number] if editor is not None and 0 < number < len(editor.channels) else None


def enter(scene: bpy.types.Scene, channel: int, rows: int, name: str = "", language: str = "") -> Track:
    """Make channels a track and the one that is worked on; a track that is there already grows to `rows`."""
    settings = choices.of(scene)
    index = next((at for at, item in enumerate(settings.tracks) if item.channel == channel), None)
    if index is None:
        item = settings.tracks.add()
        item.channel, item.profile = channel, profiles.resolved(settings.profile, language)
        index = len(settings.tracks) - 1
    item = settings.tracks[index]
    item.rows = max(item.rows, rows)
    item.language = language or item.language
    own = channel_of(scene, channel)
    if name and own is not None:
        own.name = name[:60]
    settings.track_index = index
    touched()
    return _track(scene, index, item)


def kept_look(scene: bpy.types.Scene) -> str:
    """What new subtitles of the active track look like where none is beside them, as `look.packed` says it."""
    index = _active_index(scene)
    return str(choices.of(scene).tracks[index].look) if index is not None else ""


def keep_look(scene: bpy.types.Scene, strip: Strip) -> None:
    """New subtitles of the active track look like this one from now on."""
    from ..sequencer import look

    index = _active_index(scene)
    if index is not None:
        choices.of(scene).tracks[index].look = look.packed(strip)


def row(scene: bpy.types.Scene) -> Row:
    """The subtitles of the active track; none where there is no track."""
    track = active(scene)
    return Row(scene, track.channels if track is not None else ())


def unlocked(scene: bpy.types.Scene) -> Row:
    """The subtitles of all tracks that are not locked."""
    return Row(scene, [channel for track in tracks(scene) if not track.locked for channel in track.channels])


def rules(scene: bpy.types.Scene) -> Rules:
    """What edits on the active track have to respect."""
    from ..core.subtitles.track import on_timeline

    track = active(scene)
    profile = track.profile if track is not None else profiles.of(choices.of(scene).profile)
    return on_timeline(profile, clock_of(scene).rate)


def chosen_strip(scene: bpy.types.Scene) -> Strip | None:
    """The subtitle that is chosen: the active strip, where it is one of the active track. Takes no time."""
    editor = scene.sequence_editor
    strip = editor.active_strip if editor is not None else None
    if strip is None or strip.type != "TEXT":
        return None
    # Each row of the list asks: no more is read of the track than where it is.
    index = _active_index(scene)
    item = choices.of(scene).tracks[index] if index is not None else None
    if item is None or not item.channel <= strip.channel < item.channel + max(1, item.rows):
        return None
    return strip


def chosen(scene: bpy.types.Scene, some: Row) -> int | None:
    """Which of a row is meant: the chosen one, else the one at the playhead."""
    number = some.number_of(chosen_strip(scene))
    return number if number is not None else some.at(scene.frame_current)


def choose(scene: bpy.types.Scene, strip: Strip, *, alone: bool = True) -> None:
    """Make a strip the active one, and with `alone` the only one that is selected."""
    if alone:
        bulk.select_none(scene)
    strip.select = True
    scene.sequence_editor.active_strip = strip


def touched() -> None:
    """Subtitles have changed: who knows something of all of them is told. Takes no time."""
    for told in listeners:
        told()


listeners: list[Callable[[], None]] = []
"""Called after each edit of ours."""


def lane(scene: bpy.types.Scene, strip: Strip) -> Row:
    """The subtitles on the same channel as this one: those that it must not meet."""
    return Row(scene, [strip.channel])


def free_channel(scene: bpy.types.Scene) -> int:
    """The lowest channel above all that hold something, for a new track."""
    editor = scene.sequence_editor
    if editor is None:
        return 1
    # Of a meta strip that is open, and outside of it: a track is a channel of both.
    strips = itertools.chain(compat.strips_of(editor), compat.strips_shown(scene))
    return min(max((strip.channel for strip in strips), default=0) + 1, 128)


def cuts(scene: bpy.types.Scene) -> list[float]:
    """When the shots of the timeline begin, in seconds, in order: the edges of its films, pictures and scenes, and the
    cuts inside films as far as they are known."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    clock, frames = clock_of(scene), set(shots.frames(scene))
    for strip in bulk.no_texts(compat.strips_shown(scene)):
        if strip.type in _PICTURES and not strip.mute:
            frames |= {compat.left(strip), compat.right(strip)}
    return [clock.seconds(frame) for frame in sorted(frames) if frame > clock.zero]


_PICTURES = ("MOVIE", "IMAGE", "SCENE", "META", "MOVIECLIP", "COLOR")


def leave(scene: bpy.types.Scene, track: Track) -> None:
    """Make a track's channels ordinary ones again."""
    settings = choices.of(scene)
    settings.tracks.remove(track.index)
    settings.track_index = max(0, min(settings.track_index, len(settings.tracks) - 1))
    touched()


def stack(scene: bpy.types.Scene, all_of: Row, track: Track, others: list[Track]) -> int:
    """Move subtitles of other tracks onto the channels of `track`, and above where they overlap; the rows it then has.

    Strips of no track in the way stay, and the channels that they are on are passed over by time, not wholly. Raises
    StripsLockedError.
    """
    moving = all_of.strips(range(len(all_of)))
    moving = [strip for strip in moving if any(strip.channel in one.channels for one in others)]
    refuse_locked(moving)
    busy: dict[int, list[tuple[int, int]]] = {}
    names = {strip.name for strip in moving}
    for strip in compat.strips_shown(scene):
        if strip.name not in names:
            busy.setdefault(strip.channel, []).append((compat.left(strip), compat.right(strip)))
    rows = track.rows
    for strip in moving:
        left, right = compat.left(strip), compat.right(strip)
        channel = track.channel
        while any(first < right and last > left for first, last in busy.get(channel, ())):
            channel += 1
        if strip.channel != channel:
            strip.channel = channel
        busy.setdefault(strip.channel, []).append((left, right))
        rows = max(rows, strip.channel - track.channel + 1)
    return rows


def film(scene: bpy.types.Scene) -> Film:
    """What the checks know of the film: its rate, its cuts and the names in it."""
    from ..core.subtitles.quality import Film

    return Film(float(clock_of(scene).rate), tuple(cuts(scene)), glossary.names(scene))
