# SPDX-License-Identifier: GPL-3.0-or-later
"""One transcription as it goes on: from the strips through the child process to TEXT strips, or to a file if there is
no scene any more. The session pumps it, and the operator of transcription.py has it make the strips.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.cues import Cue
from ..core.downloads import words
from ..core.errors.base import SubtitleEditorError
from ..core.errors.models import ModelDamagedError, ModelNotInstalledError
from ..core.events import Cancelled, CueFound, End, Event, Failed, Finished, Notice, TranscriptionProgress
from ..core.speech.wire import clock
from ..core.subtitles.profiles import Profile
from ..core.text import Text
from ..core.units import human_duration
from ..sequencer import compat, sounds, strips
from ..sequencer.sounds import MediaUse
from . import choices, downloads, profiles, pump, track
from . import glossary as names
from .settings import Settings, get
from .state import Recovered, entries, now, tell

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.speech.job import Transcription
    from ..core.speech.request import TranscriptionRequest

log = logging.getLogger(__name__)

WRITE_BUDGET = 0.02
"""Seconds of each tick spent on making strips: long enough to get on, too short to be felt."""
_CLOSE = 20.0
"""Seconds of a media between two strips of it that are heard along, rather than begun anew."""
_LAST_LINES = 3
"""Of what was heard, for the panel."""


@dataclasses.dataclass(slots=True)
class Part:
    """A stretch of one media file that is heard once, and every strip that plays some of it."""

    uses: list[MediaUse]
    start: float
    end: float
    heard: list[Cue] = dataclasses.field(default_factory=list)
    job: Transcription | None = None

    @property
    def seconds(self) -> float:
        """How much there is to hear."""
        return self.end - self.start


def parts_of(uses: list[MediaUse]) -> list[Part]:
    """Each piece of media once: strips of the same file that are close together in it are heard together."""
    parts: list[Part] = []
    for use in sorted(uses, key=lambda use: (str(use.path), use.start)):
        last = parts[-1] if parts else None
        if last is not None and last.uses[0].path == use.path and use.start - last.end <= _CLOSE:
            last.uses.append(use)
            last.end = max(last.end, use.end)
        else:
            parts.append(Part([use], use.start, use.end))
    return sorted(parts, key=lambda part: min(use.left for use in part.uses))


class TranscriptionRun:
    """One transcription from the strips to their subtitles. Panels read `text`, `fraction` and `lines`."""

    def __init__(
        self,
        scene: bpy.types.Scene,
        parts: list[Part],
        profile: Profile,
        request: TranscriptionRequest,
        settings: Settings,
        *,
        replace: bool = False,
    ) -> None:
        """`request`: how to listen; which media and which seconds of it are the parts' own. `replace`: subtitles that
        are there already, where new ones are made, go.
        """
        self.end: End | None = None
        """The ending of the last job; strips may still be in the making."""
        self.made = 0
        self.done = False
        self.scene_gone = False
        """Whether the subtitles went into a file, because their scene was deleted."""
        self.notices: list[str] = []
        self.fraction = 0.0
        self.text: str = Text("Starting")
        self.lines: list[str] = []
        """What was heard last."""
        self._scene = scene.session_uid
        # Read now: when the file is closed during the work there is no scene to ask.
        self._first_frame = int(scene.frame_start)
        self._folder = settings.user_dir
        self._keep = settings.keep_model
        self._parts = parts
        self._profile = profile
        self._request = request
        self._replace = replace
        self._writer: strips.Writer | None = None
        self._number = 0
        self._shaped: list[Cue] = []
        self._done_before = 0.0
        self._began = time.monotonic()
        self._error: SubtitleEditorError | None = None

    @property
    def job(self) -> str:
        """The id of the job that runs, as in its events."""
        return self._job.id

    @property
    def heard(self) -> list[Cue]:
        """All segments so far, in seconds of their media."""
        return [cue for part in self._parts for cue in part.heard]

    @property
    def _part(self) -> Part:
        return self._parts[self._number]

    @property
    def _job(self) -> Transcription:
        if self._part.job is None:
            self._part.job = self._new_job(self._part)
        return self._part.job

    def _new_job(self, part: Part) -> Transcription:
        from ..core.speech import segments
        from ..core.speech.job import Transcription

        request = dataclasses.replace(self._request, media=part.uses[0].path, start=part.start, end=part.end)
        return Transcription(request, journals=self._folder / segments.FOLDER, keep=self._keep)

    def start(self) -> None:
        """Start the child process."""
        self._began = time.monotonic()
        self._job.start()

    def stop(self) -> None:
        """Ask it to end; what was found so far still becomes strips, as long as somebody writes."""
        self._job.cancel()

    def abandon(self) -> None:
        """End now and make no strips: the scene is going away. What was heard goes to a subtitle file instead."""
        if self.done:
            return
        self._job.cancel()
        for event in self._job.drain():
            self._take(event)
        self.done = True
        now.recovered = rescue(self._folder, self._media, self._cues())

    @property
    def _media(self) -> Path:
        return self._parts[0].uses[0].path

    def listen(self) -> bool:
        """Take the events; whether there were any."""
        if self.end is not None:
            return False
        events = self._job.drain()
        for event in events:
            self._take(event)
            tell(event)
        return bool(events)

    @property
    def over(self) -> bool:
        """Whether everything was heard, and the strips are to be made by `write()`; or it was abandoned."""
        return self.done or self.end is not None

    def write(self, budget: float | None = WRITE_BUDGET) -> None:
        """Make some strips, or with `budget` None all of them, once everything was heard.

        Raises SubtitleEditorError when the strips find no place.
        """
        if self.end is not None and not self.done:
            self._write(budget)
        now.stale = True

    def wait(self, timeout: float) -> None:
        """Block until the last event of the job that runs is there, at most `timeout` seconds."""
        self._job.wait(timeout)

    def _take(self, event: Event) -> None:
        match event:
            case TranscriptionProgress():
                whole = sum(part.seconds for part in self._parts)
                self.fraction = min(1.0, (self._done_before + event.seconds_done) / whole) if whole else 0.0
                self.text = self._status(event)
            case CueFound():
                self._part.heard.append(event.cue)
                self.lines = [*self.lines, event.cue.text][-_LAST_LINES:]
            case Notice():
                self.notices.append(event.message)
            case Finished() | Failed() | Cancelled():
                self._ended(event)

    def _ended(self, end: End) -> None:
        """A job has ended: on to the next part, unless somebody wants no more of them."""
        self._done_before += self._part.seconds
        if isinstance(end, Failed):
            self._error = self._error or end.error
        if isinstance(end, Cancelled) or self._number == len(self._parts) - 1 or self.done:
            lost = self._error is not None and isinstance(end, Finished)
            self.end = Failed(job=end.job, model=end.model, error=self._error) if lost and self._error else end
            return
        self._number += 1
        self._job.start()

    def _status(self, event: TranscriptionProgress) -> str:
        if not event.seconds_total:
            return words.WORDS[event.state]
        text = Text("{percent}  {number} found", percent=f"{self.fraction:.0%}", number=len(self.heard))
        elapsed = time.monotonic() - self._began
        speed = (self._done_before + event.seconds_done) / elapsed if elapsed > 0 else 0.0
        if event.eta is None or speed <= 0:
            return text
        left = (1 - self.fraction) * sum(part.seconds for part in self._parts) / speed
        return Text("{text}  {speed}x  {time} left", text=text, speed=f"{speed:.1f}", time=human_duration(left))

    def _cues(self, scene: bpy.types.Scene | None = None) -> list[Cue]:
        """The subtitles so far, in seconds from the scene's first frame."""
        zero = self._first_frame if scene is None else int(scene.frame_start)
        cues: list[Cue] = []
        for part in self._parts:
            language = part.job.language if part.job is not None else ""
            for use in _moved(part.uses, scene):
                cues += shape(use.on_timeline(part.heard, zero), self._profile, float(use.rate), language)
        return sorted(cues, key=lambda cue: (cue.start, cue.end))

    def _write(self, budget: float | None) -> None:
        if self._writer is None:
            self._writer = self._new_writer()
        if self._writer is None:
            self.done = True
            return
        try:
            self.done = self._writer.step(budget)
        except strips.SceneGoneError:
            self._keep_file(self._cues())
            return
        except BaseException:
            self.done = True
            raise
        self.made = self._writer.made
        self.fraction = self._writer.fraction
        self.text = Text("Making strips  {number} of {total}", number=self.made, total=self._writer.total)
        if self.done:
            self._finish(self._writer)

    def _finish(self, writer: strips.Writer) -> None:
        """All strips are there: only they are selected, and what was heard is kept nowhere else."""
        from ..core.subtitles import quality

        if doubts := quality.doubts(self._shaped):
            when = clock(self._shaped[doubts[0].index].start)
            self.notices.append(
                Text("{number} doubtful places, the first at {time}: see the checks", number=len(doubts), time=when)
            )
        if notice := writer.notice:
            self.notices.append(notice)
        writer.select()
        if isinstance(self.end, Finished):
            for part in self._parts:
                if part.job is not None:
                    part.job.settle()

    def _keep_file(self, cues: list[Cue]) -> None:
        """The scene was deleted: the subtitles are kept all the same, and that is said."""
        self.done, self.made, self.scene_gone = True, 0, True
        now.recovered = found = rescue(self._folder, self._media, cues)
        if found is None:
            self.notices.append(Text("The scene was deleted, and the subtitles could not be kept: see the log."))
            return
        kept = Text("The scene was deleted; {number} subtitles are kept in {path}", number=found.count, path=found.path)
        self.notices.append(kept)

    def _new_writer(self) -> strips.Writer | None:
        scene = compat.scene_by_uid(self._scene)
        self._shaped = cues = self._cues(scene)
        if not cues:
            return None
        if scene is None:
            self._keep_file(cues)
            return None
        uses = [use for part in self._parts for use in _moved(part.uses, scene)]
        try:
            if self._replace:
                strips.remove_between(scene, [(use.left, use.right) for use in uses])
            frame = strips.clock_of(scene).frame
            writer = strips.Writer(scene, strips.place(cues, frame), max(use.channel for use in uses))
            track.enter(scene, writer.channel, writer.rows, uses[0].path.stem)
            return writer
        except SubtitleEditorError:
            self.done = True
            raise


def _moved(uses: list[MediaUse], scene: bpy.types.Scene | None) -> list[MediaUse]:
    """The uses as their strips lie now: somebody may have moved one during the work. One that is gone stays."""
    if scene is None or scene.sequence_editor is None:
        return uses
    found = []
    for use in uses:
        strip = compat.find(scene.sequence_editor, use.name)
        found.append(use if strip is None else use.moved(compat.content_start(strip) - use.content_start))
    return found


def rescue(folder: Path, media: Path, cues: list[Cue]) -> Recovered | None:
    """Write subtitles that find no scene any more to a file in the user's folder, with the times of the timeline.

    None when there is nothing to keep, or it cannot be written, which the log says. Never raises.
    """
    if not cues:
        return None
    # Here, not above: only needed when a file is closed during a transcription.
    from ..core.subtitles import writing

    path = folder / "recovered"
    try:
        path.mkdir(parents=True, exist_ok=True)
        path = _free_name(path, media.stem, time.strftime("%Y-%m-%d %H-%M-%S"))
        late = [cue for cue in cues if cue.end > 0]
        writing.save_cues(path, [dataclasses.replace(cue, start=max(0.0, cue.start), words=()) for cue in late])
    except (OSError, SubtitleEditorError):
        log.exception("%d subtitles could not be kept in %s", len(cues), path)
        return None
    log.info("%d subtitles are kept in %s", len(cues), path)
    return Recovered(path, len(cues))


def _free_name(folder: Path, stem: str, when: str) -> Path:
    """A file in `folder` that is not there yet, called after a media file whose name may be as long as names can be."""
    from ..core.system.files import fitted

    suffixes = ("", *(f" ({number})" for number in range(2, 1000)))
    places = (folder / fitted(stem, f" {when}{suffix}.srt") for suffix in suffixes)
    return next(place for place in places if not place.exists())


def shape(heard: list[Cue], profile: Profile, frame_rate: float, language: str) -> list[Cue]:
    """Readable subtitles by `profile` out of what the model heard, with times on the timeline."""
    # Here, not above: only needed once something was transcribed.
    from ..core.subtitles.segmentation import segment

    return segment(heard, profile, frame_rate=frame_rate, language=language) if heard else []


def prepare(context: Context, *, replace: bool = False) -> TranscriptionRun:
    """Read what the user chose and make the run, not yet started.

    Raises SubtitleEditorError: no model, no strip, no media.
    """
    # Here, not above: it is not needed to register.
    from ..core.library import runtimes, status

    scene = compat.scene_of(context)
    choice = choices.of(scene)
    settings = get(context)
    entry = entries().get(choice.model)
    state = status.status(settings.models_dir, entry)
    if state.installed is None:
        raise ModelNotInstalledError(entry.id)
    if state.damaged:
        raise ModelDamagedError(entry.id, state.damaged)
    parts = parts_of(sounds.media_uses(scene, choice.source == "ALL"))
    request = request_of(choice, settings, state.installed.path, entry.id)
    request = dataclasses.replace(request, libraries=runtimes.cuda(settings.models_dir, entries()))
    return TranscriptionRun(scene, parts, profiles.of(choice.profile), request, settings, replace=replace)


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


class Fetch:
    """The download of a model that a transcription waits for. To the panels it is part of the transcription."""

    def __init__(self, job: str, name: str) -> None:
        self.job = job
        self.text: str = Text("Starting")
        self.fraction = 0.0
        self._name = name

    @property
    def over(self) -> bool:
        """Whether the download neither moves nor waits its turn any more."""
        return self.job not in now.followed

    def listen(self) -> bool:
        """Take over what the session has heard of the download."""
        progress = now.manager.progress(self.job) if now.manager is not None and not self.over else None
        if progress is not None:
            self.fraction = progress.fraction
            self.text = words.status(self._name, progress)
        return progress is not None

    def stop(self) -> None:
        """Cancel the download; what has arrived is kept."""
        if now.manager is not None:
            now.manager.cancel(self.job)

    def abandon(self) -> None:
        """The transcription will not happen; the download goes on."""
        pump.take_over()

    def wait(self, timeout: float) -> None:
        """Block until the download has ended, at most `timeout` seconds."""
        if now.manager is not None:
            now.manager.wait(self.job, timeout)


def fetch_missing(context: Context) -> Fetch | None:
    """Start the download of the scene's model when it is missing and the preferences allow that; else None.

    Raises SubtitleEditorError.
    """
    from ..core.library import status

    settings = get(context)
    if not settings.download_missing or settings.offline:
        return None
    entry = entries().get(choices.of(compat.scene_of(context)).model)
    if status.status(settings.models_dir, entry).installed is not None:
        return None
    return Fetch(downloads.start(entry.id, settings), entry.name)
