# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be transcribed and how, read when the user presses the button: it may have to wait for its model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors.media import MediaError
from ..core.events import Event, Finished
from ..core.text import Text
from ..sequencer import compat, packed, sounds
from ..sequencer.strips import SceneGoneError
from . import choices, profiles
from . import glossary as names
from .parts import Part, parts_of
from .settings import Settings, get
from .state import entries
from .transcription import TranscriptionRun

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
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
    notice: str = ""
    """What the user should know of it."""

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
    """The run, not yet started. Raises SubtitleEditorError: no model, not for this language, the scene is gone."""
    # Here, not above: it is not needed to register.
    from ..core.errors.speech import LanguageNotHeardError
    from ..core.languages import NAMES
    from ..core.library import runtimes, status

    scene = compat.scene_by_uid(asked.scene)
    if scene is None:
        raise SceneGoneError(0)
    entry, language = entries().get(asked.model), asked.request.language
    if not entry.hears(language):
        raise LanguageNotHeardError(entry.id, NAMES.get(language or "", language or ""))
    installed = status.usable(settings.models_dir, entry)
    libraries = runtimes.cuda(settings.models_dir, entries())
    request = dataclasses.replace(asked.request, model_path=installed.path, libraries=libraries)
    run = TranscriptionRun(scene, asked.parts, asked.profile, request, settings, replace=asked.replace)
    run.notices += [asked.notice] if asked.notice else []
    return run


def request_of(choice: choices.Choices, settings: Settings, model_path: Path, model: str) -> TranscriptionRequest:
    """How to listen, by what is chosen; the media is to be filled in. Raises UsageError for a bad glossary."""
    from ..core.speech import glossary
    from ..core.speech.request import TranscriptionRequest
    from ..core.speech.tracks import FIRST
    from ..core.speech.voice import VoiceOptions

    terms = names.terms(choice)
    return TranscriptionRequest(
        media=Path(),
        model_path=model_path,
        model_id=model,
        language=None if choice.language == choices.AUTO else choice.language,
        task=choice.task,
        track=choice.track.strip() or FIRST,
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
    entry = entries().get(str(_asked(kept).get("model_id", "")))
    start, end = _asked_for(kept)
    uses = sounds.uses_of(scene, kept.media)
    shown = [use for use in uses if use.end > start + _NEAR and (end is None or use.start < end - _NEAR)]
    if not shown:
        raise _nowhere(kept, uses)
    more = [use for use in shown if use.start < start - _FEW or (end is not None and use.end > end + _FEW)]
    return Order(
        scene.session_uid,
        [_part_again(kept, shown)],
        profiles.of(choices.of(scene).profile),
        _request_again(kept, get(context), entry),
        notice=_MORE if more else "",
    )


def _asked_for(kept: Kept) -> tuple[float, float | None]:
    start, end = (_asked(kept).get(name) for name in ("start", "end"))
    return float(start or 0.0), None if end is None else float(end)


def _asked(kept: Kept) -> dict[str, Any]:
    """The options of then: fewer, or more, where another version of ours wrote them."""
    asked = kept.about.get("request")
    return asked if isinstance(asked, dict) else {}


def _part_again(kept: Kept, uses: list[MediaUse]) -> Part:
    """As it was asked for then, by which its journal is known, though the strips may show more of it now, or less."""
    start, end = _asked_for(kept)
    return Part(uses, start, max(use.end for use in uses) if end is None else end)


def _nowhere(kept: Kept, uses: list[MediaUse]) -> MediaError:
    hint = Text("Open the file that does, or take what there is.")
    if not uses:
        return MediaError(Text("No strip here plays {media}.", media=kept.media), hint)
    return MediaError(Text("No strip here plays the part of {media} that was heard.", media=kept.media), hint)


_NEAR = 0.001
"""Seconds: what lies in a file is rounded."""
_FEW = 1.0
"""Seconds that a strip may show beyond what was asked for before that is told: some frames hold no word."""
_MORE = Text("The strips play more of it now than was asked for then. That is not heard: transcribe it by itself.")


def _request_again(kept: Kept, settings: Settings, entry: Entry) -> TranscriptionRequest:
    from ..core.speech.request import TranscriptionRequest
    from ..core.speech.voice import VoiceOptions

    options = _known_of(TranscriptionRequest, _asked(kept))
    if "voice" in options:
        options["voice"] = VoiceOptions(**_known_of(VoiceOptions, options["voice"]))
    if "temperature" in options:
        options["temperature"] = tuple(options["temperature"])
    options |= {"media": kept.media, "model_path": Path(), "model_id": entry.id}
    options |= {"device": settings.device, "compute_type": settings.compute_type, "threads": settings.threads}
    return TranscriptionRequest(**options)


def _known_of(kind: type[DataclassInstance], given: dict[str, Any]) -> dict[str, Any]:
    known = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in given.items() if name in known}


class KeptJob:
    """What a journal has, in the form of a job that has ended. Nothing is heard."""

    def __init__(self, kept: Kept) -> None:
        from ..core.speech.request import written_in

        self.id = kept.path.stem
        self.kept: Path | None = kept.path
        self.is_kept = True
        self.shaped = kept.shaped
        self.language = kept.place.language
        self.written = written_in(str(_asked(kept).get("task", "")), self.language)
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
    uses = sounds.uses_of(scene, kept.media)
    shown = [use for use in uses if use.inside(kept.all_cues)]
    if not shown:
        raise _nowhere(kept, uses)
    packed.waiting()  # Nothing is heard.
    part = _part_again(kept, shown)
    part.job = KeptJob(kept)
    return TranscriptionRun(scene, [part], profiles.of(choices.of(scene).profile), None, get(context))
