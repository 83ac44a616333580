# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be transcribed and how, read when the user presses the button: it may have to wait for its model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.media import MediaError
from ..core.events import Event, Finished
from ..core.text import Text
from ..sequencer import compat, sounds
from ..sequencer.strips import SceneGoneError
from . import choices, profiles
from . import glossary as names
from .settings import Settings, get
from .state import entries
from .transcription import Part, TranscriptionRun, parts_of

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.catalog.entries import Entry
    from ..core.cues import Cue
    from ..core.speech.request import TranscriptionRequest
    from ..core.speech.segments import Kept
    from ..core.subtitles.profiles import Profile
    from ..sequencer.sounds import MediaUse


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """One transcription that was asked for."""

    scene: int
    """The scene's `session_uid`."""
    parts: list[Part]
    profile: Profile
    request: TranscriptionRequest
    """How to listen; the model's path and the media are to be filled in."""
    replace: bool = False

    @property
    def model(self) -> str:
        """The model's id."""
        return self.request.model_id


def order(context: Context, *, replace: bool = False) -> Order:
    """What the user chose. Raises SubtitleEditorError: no strip, no media, a bad glossary."""
    scene = compat.scene_of(context)
    choice = choices.of(scene)
    parts = parts_of(sounds.media_uses(scene, choice.source == "ALL"))
    request = request_of(choice, get(context), Path(), entries().get(choice.model).id)
    return Order(scene.session_uid, parts, profiles.of(choice.profile), request, replace)


def begin(asked: Order, settings: Settings) -> TranscriptionRun:
    """The run, not yet started. Raises SubtitleEditorError: no model, or the scene was deleted."""
    # Here, not above: it is not needed to register.
    from ..core.library import runtimes, status

    scene = compat.scene_by_uid(asked.scene)
    if scene is None:
        raise SceneGoneError(0)
    installed = status.usable(settings.models_dir, entries().get(asked.model))
    libraries = runtimes.cuda(settings.models_dir, entries())
    request = dataclasses.replace(asked.request, model_path=installed.path, libraries=libraries)
    return TranscriptionRun(scene, asked.parts, asked.profile, request, settings, replace=asked.replace)


def prepare(context: Context, *, replace: bool = False) -> TranscriptionRun:
    """Both. Raises SubtitleEditorError."""
    return begin(order(context, replace=replace), get(context))


def request_of(choice: choices.Choices, settings: Settings, model_path: Path, model: str) -> TranscriptionRequest:
    """How to listen, by what is chosen; the media is to be filled in. Raises UsageError for a bad glossary."""
    from ..core.speech import glossary
    from ..core.speech.request import TranscriptionRequest
    from ..core.speech.voice import VoiceOptions

    terms = names.terms(choice)
    return TranscriptionRequest(
        media=Path(),
        model_path=model_path,
        model_id=model,
        language=None if choice.language == choices.AUTO else choice.language,
        task=choice.task,
        track=choice.track.strip(),
        words=choice.use_word_times,
        device=settings.device,
        compute_type=settings.compute_type,
        threads=settings.threads,
        vad=choice.use_vad,
        voice=VoiceOptions(
            threshold=choice.vad_threshold,
            min_speech_duration_ms=choice.vad_min_speech,
            min_silence_duration_ms=choice.vad_min_silence,
            speech_pad_ms=choice.vad_pad,
        ),
        beam_size=choice.beam_size,
        batch_size=choice.batch_size,
        prompt=choice.prompt.strip(),
        hotwords=glossary.as_hotwords(terms, choice.hotwords),
        suppress_numerals=choice.suppress_numerals,
    )


# What ended early


def again(context: Context, kept: Kept) -> Order:
    """The same as it was asked for then, with the options that it had, where its media lies now.

    Raises MediaError where no strip plays it any more, UnknownModelError.
    """
    scene = compat.scene_of(context)
    entry = entries().get(kept.about["request"]["model_id"])
    profile = profiles.of(choices.of(scene).profile)
    return Order(scene.session_uid, [part_again(scene, kept)], profile, _request_again(kept, get(context), entry))


def part_again(scene: bpy.types.Scene, kept: Kept) -> Part:
    """What was heard, and where it is played now. Raises MediaError where it is not."""
    asked = kept.about["request"]
    start, end = float(asked["start"]), asked["end"]
    uses = uses_of(scene, kept.media, start, None if end is None else float(end))
    if not uses:
        raise MediaError(
            Text("No strip here plays {media}.", media=kept.media),
            Text("Open the file that does, or take what there is."),
        )
    return Part(uses, start, max(use.end for use in uses) if end is None else float(end))


def _request_again(kept: Kept, settings: Settings, entry: Entry) -> TranscriptionRequest:
    from ..core.speech.request import TranscriptionRequest
    from ..core.speech.voice import VoiceOptions

    asked: dict[str, Any] = dict(kept.about["request"])
    known = {field.name for field in dataclasses.fields(TranscriptionRequest)}
    options = {name: value for name, value in asked.items() if name in known}
    options |= {"voice": VoiceOptions(**asked["voice"]), "temperature": tuple(asked["temperature"])}
    options |= {"media": kept.media, "model_path": Path(), "model_id": entry.id}
    options |= {"device": settings.device, "compute_type": settings.compute_type, "threads": settings.threads}
    return TranscriptionRequest(**options)


def uses_of(scene: bpy.types.Scene, media: Path, start: float = 0.0, end: float | None = None) -> list[MediaUse]:
    """Where a file is played within these seconds of it, of the strips that are shown. Reads headers."""
    found: list[tuple[MediaUse, str]] = []
    for strip in strips_of(scene, media):
        try:
            use = sounds.media_use(strip, scene)
        except MediaError:
            continue
        if use.start >= start - _NEAR and (end is None or use.end <= end + _NEAR):
            found.append((use, strip.type))
    heard = [use for use, kind in found if kind == "SOUND"]
    # Of a film and its own sound, the sound: as when it began.
    return [use for use, kind in found if kind == "SOUND" or not any(sounds.is_sound_of(one, use) for one in heard)]


_NEAR = 0.001
"""Seconds: what lies in a file is rounded."""


def strips_of(scene: bpy.types.Scene, media: Path) -> list[Any]:
    """The strips that are shown and play this file."""
    if scene.sequence_editor is None:
        return []
    shown = compat.strips_of(compat.shown(scene.sequence_editor))
    return [strip for strip in shown if strip.type in sounds.MEDIA and sounds.path_of(strip, scene) == media]


class KeptJob:
    """What a journal has, in the form of a job that has ended. Nothing is heard."""

    def __init__(self, kept: Kept) -> None:
        from ..core.speech.request import written_in

        self.id = kept.path.stem
        self.kept: Path | None = kept.path
        self.is_kept = True
        self.language = kept.place.language
        self.written = written_in(str(kept.about["request"].get("task", "")), self.language)
        self._cues: list[Cue] = list(kept.all_cues)
        self._is_told = False

    def start(self) -> None:
        """Nothing has to begin."""

    def cancel(self) -> None:
        """Nothing has to end."""

    def wait(self, timeout: float | None = None) -> bool:
        """It has ended."""
        return True

    def drain(self) -> list[Event]:
        """Its end, once."""
        if self._is_told:
            return []
        self._is_told = True
        return [Finished(job=self.id, model="", cues=tuple(self._cues), language=self.language)]

    def whole(self, start: int = 0) -> list[Cue]:
        """All of it."""
        return self._cues[start:]

    def settle(self) -> None:
        """It became strips: throw the journal away."""
        from ..core.speech import segments

        if self.kept is not None:
            segments.remove(self.kept)


def take(context: Context, kept: Kept) -> TranscriptionRun:
    """A run that makes subtitles of what a journal has and hears no more. Raises MediaError where nothing plays it."""
    scene = compat.scene_of(context)
    part = part_again(scene, kept)
    part.job = KeptJob(kept)
    return TranscriptionRun(scene, [part], profiles.of(choices.of(scene).profile), None, get(context))
