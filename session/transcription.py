# SPDX-License-Identifier: GPL-3.0-or-later
"""One transcription as it goes on: from the strip through the child process to TEXT strips, or to a file if there is
no scene any more. The session pumps it, and the operator of transcription.py has it make the strips.
"""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.cues import Cue
from ..core.downloads import words
from ..core.errors import ModelDamagedError, ModelNotInstalledError, SubtitleEditorError
from ..core.events import Cancelled, CueFound, End, Event, Failed, Finished, Notice, TranscriptionProgress
from ..core.subtitles.profiles import PROFILES, Profile
from ..core.text import Text
from ..core.units import human_duration
from ..sequencer import compat, strips
from . import choices, downloads, pump
from .settings import get, user_dir
from .state import Recovered, entries, now, tell

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.speech.job import Transcription

log = logging.getLogger(__name__)

WRITE_BUDGET = 0.02
"""Seconds of each tick spent on making strips: long enough to get on, too short to be felt."""


class TranscriptionRun:
    """One transcription from the strip to its subtitles. Panels read `text` and `fraction`."""

    def __init__(self, scene: bpy.types.Scene, use: strips.MediaUse, profile: Profile, job: Transcription) -> None:
        self.end: End | None = None
        """The job's ending; strips may still be in the making."""
        self.made = 0
        self.done = False
        self.scene_gone = False
        """Whether the subtitles went into a file, because their scene was deleted."""
        self.notices: list[str] = []
        self.fraction = 0.0
        self.text: str = Text("Starting")
        self._scene = scene.session_uid
        # Read now: when the file is closed during the work there is no scene to ask.
        self._first_frame = int(scene.frame_start)
        self._folder = user_dir()
        self._use = use
        self._profile = profile
        self._job = job
        self._writer: strips.Writer | None = None
        self._heard: list[Cue] = []

    @property
    def job(self) -> str:
        """The job's id, as in its events."""
        return self._job.id

    def start(self) -> None:
        """Start the child process."""
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
        now.recovered = rescue(self._folder, self._use, self._first_frame, self._cues())

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
        """Block until the last event is there, at most `timeout` seconds."""
        self._job.wait(timeout)

    def _take(self, event: Event) -> None:
        match event:
            case TranscriptionProgress():
                self.fraction = event.fraction
                self.text = self._status(event)
            case CueFound():
                self._heard.append(event.cue)
            case Notice():
                self.notices.append(event.message)
            case Finished() | Failed() | Cancelled():
                self.end = event

    def _status(self, event: TranscriptionProgress) -> str:
        if not event.seconds_total:
            return words.WORDS[event.state]
        text = Text("{percent}  {number} found", percent=f"{event.fraction:.0%}", number=len(self._heard))
        if event.eta is None:
            return text
        return Text("{text}  {time} left", text=text, time=human_duration(event.eta))

    def _cues(self) -> list[Cue]:
        """The subtitles so far, in seconds of the media."""
        heard = self.end.cues if self.end is not None else tuple(self._heard)
        return shape(self._use, heard, self._profile) if heard else []

    def _write(self, budget: float | None) -> None:
        if self._writer is None:
            self._writer = self._new_writer()
        if self._writer is None:
            self.done = True
            return
        try:
            self.done = self._writer.step(budget)
        except strips.SceneGoneError:
            self._keep(self._cues())
            return
        except BaseException:
            self.done = True
            raise
        self.made = self._writer.made
        self.fraction = self._writer.fraction
        self.text = Text("Making strips  {number} of {total}", number=self.made, total=self._writer.total)
        if self.done and (notice := self._writer.notice):
            self.notices.append(notice)

    def _keep(self, cues: list[Cue]) -> None:
        """The scene was deleted: the subtitles are kept all the same, and that is said."""
        self.done, self.made, self.scene_gone = True, 0, True
        now.recovered = found = rescue(self._folder, self._use, self._first_frame, cues)
        if found is None:
            self.notices.append(Text("The scene was deleted, and the subtitles could not be kept: see the log."))
            return
        kept = Text("The scene was deleted; {number} subtitles are kept in {path}", number=found.count, path=found.path)
        self.notices.append(kept)

    def _new_writer(self) -> strips.Writer | None:
        scene = compat.scene_by_uid(self._scene)
        cues = self._cues()
        if not cues:
            return None
        if scene is None:
            self._keep(cues)
            return None
        try:
            zero = int(scene.frame_start)
            placements = strips.place(cues, self._use.frame, lambda time: self._use.seconds(time, zero))
            return strips.Writer(scene, placements, self._use.channel)
        except SubtitleEditorError:
            self.done = True
            raise


def rescue(folder: Path, use: strips.MediaUse, first_frame: int, cues: list[Cue]) -> Recovered | None:
    """Write subtitles that find no scene any more to a file in the user's folder, with the times of the timeline.

    None when there is nothing to keep, or it cannot be written, which the log says. Never raises.
    """
    if not cues:
        return None
    # Here, not above: only needed when a file is closed during a transcription.
    import time

    from ..core.subtitles import files

    def seconds(of_media: float) -> float:
        return max(0.0, use.rate.frame_to_seconds(use.frame(of_media) - first_frame))

    path = folder / "recovered"
    try:
        path.mkdir(parents=True, exist_ok=True)
        path = _free_name(path, use.path.stem, time.strftime("%Y-%m-%d %H-%M-%S"))
        moved = [dataclasses.replace(cue, start=seconds(cue.start), end=seconds(cue.end), words=()) for cue in cues]
        files.save(path, moved)
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


def shape(use: strips.MediaUse, heard: tuple[Cue, ...], profile: Profile) -> list[Cue]:
    """Readable subtitles by `profile` out of what the model heard in the used part. Times in seconds of the media."""
    # Here, not above: only needed once something was transcribed.
    from ..core.subtitles.segmentation import segment

    return use.inside(segment(use.inside(heard), profile, frame_rate=float(use.rate)))


def prepare(context: Context) -> TranscriptionRun:
    """Read what the user chose and make the run, not yet started.

    Raises SubtitleEditorError: no model, no strip, no media.
    """
    # Here, not above: it is not needed to register.
    from ..core.library import status

    scene = compat.scene_of(context)
    choice = choices.of(scene)
    entry = entries().get(choice.model)
    state = status.status(get(context).models_dir, entry)
    if state.installed is None:
        raise ModelNotInstalledError(entry.id)
    if state.damaged:
        raise ModelDamagedError(entry.id, state.damaged)
    strip = strips.media_strip(scene)
    if strip is None:
        raise SubtitleEditorError(Text("No sound or film is chosen."), Text("Select one sound or movie strip."))
    use = strips.media_use(strip, scene)
    return TranscriptionRun(scene, use, PROFILES[choice.profile], _job(use, state.installed.path, entry.id, choice))


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
        if progress := now.progress.get(self.job):
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


def _job(use: strips.MediaUse, model_path: Path, model: str, choice: choices.Choices) -> Transcription:
    from ..core.speech.job import Transcription
    from ..core.speech.request import TranscriptionRequest

    return Transcription(
        TranscriptionRequest(
            media=use.path,
            model_path=model_path,
            model_id=model,
            language=None if choice.language == choices.AUTO else choice.language,
            task=choice.task,
            start=use.start,
            end=use.end,
            words=choice.use_word_times,
        )
    )
