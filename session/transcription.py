# SPDX-License-Identifier: GPL-3.0-or-later
"""One transcription as it goes on: from the strips through the child process to TEXT strips, which come while it hears.
What finds no place on the timeline goes to a file. The session pumps it; an operator has it make the strips.
"""

from __future__ import annotations

import collections
import dataclasses
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.cues import Cue
from ..core.errors.base import SubtitleEditorError, UnexpectedError
from ..core.errors.media import MediaIncompleteError
from ..core.events import Cancelled, CueFound, End, Event, Failed, Finished, Notice, TranscriptionProgress
from ..core.speech.wire import clock
from ..core.subtitles.profiles import Profile
from ..core.text import Text, counted
from ..sequencer import compat, live, packed
from ..sequencer.sounds import MediaUse
from ..sequencer.strips import SceneGoneError
from . import recovered, taking_back, track
from .pace import Pace
from .parts import Job, Part, moved
from .settings import Settings
from .shaping import Key, Shaping
from .state import Recovered, now, tell

if TYPE_CHECKING:
    from ..core.speech.request import TranscriptionRequest

log = logging.getLogger(__name__)

SLICE = 0.006
"""Seconds that one round of making strips takes: a third of what a picture has at 60 a second."""
LONGER = 0.02
"""The same where many wait, of what an earlier run has heard: too short to be felt, too, and they do come."""
MANY = 100
"""Strips that wait: a second of rounds."""
OFTEN = 0.5
"""Seconds between two rounds while it hears: at each one Blender draws the editor under the mouse anew."""
PATIENCE = 0.7
"""Seconds that the end of a file waits for the last subtitles to be shaped; Blender may be quitting."""
LAST_LINES = 3
"""Of what was heard, for the panel."""


class TranscriptionRun:
    """One transcription from the strips to their subtitles. Panels read `text`, `fraction`, `pace` and `lines`."""

    def __init__(
        self,
        scene: bpy.types.Scene,
        parts: list[Part],
        profile: Profile,
        request: TranscriptionRequest | None,
        settings: Settings,
        *,
        replace: bool = False,
    ) -> None:
        """`request`: how to listen; which media and which seconds of it are the parts' own. None: each part has its job
        already. `replace`: subtitles that are there already, where new ones are made, go in the end.
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
        strips = {use.name for part in parts for use in part.uses}
        self.title: str = min(strips) if len(strips) == 1 else Text("{number} strips", number=len(strips))
        self.pace: str = ""
        """How fast it hears, and how long it still takes."""
        self.lines: list[str] = []
        """What was heard last."""
        self._scene = scene.session_uid
        # Read now: when the file is closed during the work there is no scene to ask.
        self._first_frame = int(scene.frame_start)
        self._name, self._blend = scene.name, bpy.data.filepath
        self._folder = settings.user_dir
        self._keep = settings.keep_model
        self._parts = parts
        self._uses = [(part, use) for part in parts for use in part.uses]
        self._request = request
        self._replace = replace
        self._profile = profile
        self._number = 0
        self._shaping = Shaping([use for _, use in self._uses], self._first_frame, profile)
        self._growing: live.Growing | None = None
        self._come: collections.deque[tuple[Key, Cue]] = collections.deque()
        self._all: dict[Key, Cue] = {}
        """Every subtitle so far."""
        self._owned: set[int] = set()
        self._entered: tuple[int, int, int] | None = None
        self._pace = Pace(sum(part.seconds for part in parts))
        self._written = 0.0
        self._error: SubtitleEditorError | None = None
        self._shaping_has_failed = False

    @property
    def job(self) -> str:
        """The id of the job that runs, as in its events."""
        return self._job.id

    @property
    def has_scene(self) -> bool:
        """Whether its scene is still there."""
        return compat.scene_by_uid(self._scene) is not None

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose its strips are, by their marks."""
        return self._growing.owners if self._growing is not None else ()

    @property
    def heard(self) -> list[Cue]:
        """All segments so far that stay as they are, in seconds of their media."""
        return [cue for part in self._parts for cue in part.heard]

    @property
    def media(self) -> Path:
        """The file that is heard, or the first of them."""
        return self._parts[0].uses[0].path

    @property
    def _part(self) -> Part:
        return self._parts[self._number]

    @property
    def _job(self) -> Job:
        if self._part.job is None:
            self._part.job = self._new_job(self._part)
        return self._part.job

    def _new_job(self, part: Part) -> Job:
        from ..core.speech import segments
        from ..core.speech.job import Transcription

        assert self._request is not None
        use = part.uses[0]
        request = dataclasses.replace(self._request, media=use.path, known=use.known, start=part.start, end=part.end)
        copies = packed.waiting()
        folder, rules = self._folder / segments.FOLDER, dataclasses.asdict(self._profile)
        return Transcription(
            request, journals=folder, shaped=rules, keep=self._keep, prepare=lambda: packed.write(copies)
        )

    def start(self) -> None:
        """Start the child process."""
        self._job.start()

    def stop(self) -> None:
        """Ask it to end; what was made so far stays, and what was heard is kept to go on from."""
        self._job.cancel()

    def wait(self, timeout: float) -> None:
        """Block until the last event of the job that runs is there, at most `timeout` seconds."""
        self._job.wait(timeout)

    # Hearing

    def listen(self) -> bool:
        """Take the events and what was shaped; whether there was anything."""
        if self.done:
            return False
        if self.has_scene:
            # It may be saved under another name; once another file is open, that is none of its.
            self._blend = bpy.data.filepath
        events = self._job.drain() if self.end is None else []
        for event in events:
            self._take(event)
            tell(event)
        if self.end is None:
            self._hear(self._part)
        came = self._shaping.drain()
        self._come.extend(came)
        self._all.update(came)
        if self._shaping.error is not None:
            self._shaping_failed(self._shaping.error)
        return bool(events or came)

    def _shaping_failed(self, error: Exception) -> None:
        """No more subtitles come, whatever is heard: end, and say so."""
        if not self._shaping_has_failed:
            self._shaping_has_failed = True
            self._error = self._error or UnexpectedError(error)
            self._job.cancel()
        end = self.end
        if end is not None and not isinstance(end, Failed) and self._error is not None:
            self.end = Failed(job=end.job, model=end.model, error=self._error, cues=end.cues)

    def _take(self, event: Event) -> None:
        match event:
            case TranscriptionProgress():
                self.fraction, self.text, self.pace = self._pace.of(event)
            case CueFound():
                self.lines = [*self.lines, event.cue.text][-LAST_LINES:]
            case Notice():
                self.notices.append(event.message)
            case Finished() | Failed() | Cancelled():
                self._ended(event)

    def _hear(self, part: Part, rest: Sequence[Cue] = (), *, last: bool = False) -> None:
        """Have shaped what was heard since the last time and cannot change any more, or `rest`, which is all of it."""
        if part.job is None:
            return
        new = list(rest or part.job.whole(len(part.heard)))
        part.heard += new
        if new or last:
            profile = part.profile = part.profile or self._rules_of(part.job)
            for number, (owner, _) in enumerate(self._uses):
                if owner is part:
                    self._shaping.hear(number, new, part.job.written, last=last, profile=profile)

    def _rules_of(self, job: Job) -> Profile:
        """By which subtitles were made of it before: the same lines come again, and none is lost or made twice."""
        from ..core.subtitles.own_profiles import from_record

        found = from_record(job.shaped) or self._profile
        if found != self._profile:
            self.notices.append(
                Text("It goes on with the reading rules that it began with ({name}).", name=found.label)
            )
        return found

    def _ended(self, end: End) -> None:
        """A job has ended: on to the next part, unless somebody wants no more of them."""
        part = self._part
        self._pace.part_done(part.seconds)
        if isinstance(end, Failed):
            self._error = self._error or end.error
        part.whole = isinstance(end, Finished) or (isinstance(end, Failed) and _is_all(end.error))
        # Of what can be continued only as much is made as stays so; the rest is in the journal, if that has all of it.
        kept = not part.whole and part.job is not None and part.job.kept is not None and part.job.is_kept
        self._hear(part, () if kept else end.cues[len(part.heard) :], last=not kept)
        is_last = self._number == len(self._parts) - 1 or self.done or self._shaping_has_failed
        if isinstance(end, Cancelled) or is_last:
            lost = self._error is not None and isinstance(end, Finished)
            self.end = Failed(job=end.job, model=end.model, error=self._error) if lost and self._error else end
            self.pace = ""
            self._shaping.conclude()
            return
        self._number += 1
        self._job.start()

    # Making strips

    @property
    def over(self) -> bool:
        """Whether all was heard and shaped, and what is left is to `write`; or it was abandoned."""
        return self.done or (self.end is not None and self._shaping.idle)

    @property
    def due(self) -> bool:
        """Whether there is something to `write` now."""
        if self.over:
            return True
        if self._growing is not None and self._growing.waiting:
            return True
        undone = self._growing is not None and self._growing.is_undone
        return (bool(self._come) or undone) and time.monotonic() - self._written >= OFTEN

    def write(self, *, at_once: bool = False) -> bool:
        """Make some strips, or `at_once` all that can be made now. Whether nothing waits any more.

        Raises SubtitleEditorError when the strips find no place; then it is done, and they are in a file.
        """
        if self.done:
            return True
        now.stale = True
        try:
            many = self._growing is not None and self._growing.waiting > MANY
            return self._write(None if at_once else LONGER if many else SLICE)
        except SceneGoneError:
            self.scene_gone = True
            if found := self._keep_file():
                kept = Text(
                    "The scene was deleted; kept in {path}: {subtitles}",
                    subtitles=counted(found.number),
                    path=found.path,
                )
                self.notices.append(kept)
        except SubtitleEditorError:
            if found := self._keep_file():
                kept = Text("Kept in {path}: {subtitles}", subtitles=counted(found.number), path=found.path)
                self.notices.append(kept)
            raise
        return True

    def _write(self, budget: float | None) -> bool:
        # Looked at first: what was shaped by then is taken now, what comes after it waits for another round.
        is_last = self.over
        if is_last:
            self.listen()
        if self._come or self._growing is not None:
            scene = compat.scene_by_uid(self._scene)
            if scene is None:
                raise SceneGoneError(len(self._all))
            growing = self._grow(scene)
            written = growing.step(budget)
            self.made = growing.made
            self._enter(scene, growing)
            if is_last and growing.waiting:
                total = self.made + growing.waiting
                self.fraction = self.made / total
                self.text = Text("Making strips  {number} of {total}", number=self.made, total=total)
        else:
            written = True
        self._written = time.monotonic()
        if not is_last or not written:
            return written
        whole = {number for number, (part, _) in enumerate(self._uses) if self._is_whole(part)}
        if self._growing is None or self._growing.finish(whole, budget):
            self._finish()
            return True
        return False

    def _grow(self, scene: bpy.types.Scene) -> live.Growing:
        self._name = scene.name
        uses = moved([use for _, use in self._uses], scene)
        if self._growing is None:
            ranges = [(use.left, use.right) for use in uses]
            above = max(use.channel for use in uses)
            kept = track.kept_look(scene) if self._replace else ""
            self._growing = live.Growing(scene, ranges, above, replace=self._replace, kept_look=kept)
        growing = self._growing
        for number, ((_, before), use) in enumerate(zip(self._uses, uses, strict=True)):
            growing.shifted(number, round(use.content_start - before.content_start))
        while self._come:
            key, one = self._come.popleft()
            if key[0] not in self._owned:
                self._owned.add(key[0])
                growing.own(key[0], self._owner(key[0]), self._owners_beside(key[0]))
            growing.add(key, one)
        return growing

    def _owner(self, stretch: int) -> str:
        """What the marks of a stretch say: the same when it is continued from its journal on another day, when there
        may be fewer strips or more. So it goes by the second at which the media begins to play there.
        """
        part, use = self._uses[stretch]
        job = part.job
        name = owner_of(job.kept) if job is not None and job.kept is not None else self.job
        same = [one for one in part.uses if _begin_of(one) == _begin_of(use)]
        same.sort(key=lambda one: (one.end, one.left))
        number = next(number for number, one in enumerate(same) if one is use)
        return f"{name}/{_begin_of(use)}/{number}"

    def _owners_beside(self, stretch: int) -> set[str]:
        """The same of all stretches of its part."""
        part = self._uses[stretch][0]
        return {self._owner(number) for number, (other, _) in enumerate(self._uses) if other is part}

    def _enter(self, scene: bpy.types.Scene, growing: live.Growing) -> None:
        """Make the channels a track, once there is something on them, and again after an undo."""
        from ..sequencer import undo

        if not growing.made or self._entered == (undo.count(), growing.rows, growing.channel):
            return
        before = {item.channel for item in track.tracks(scene)}
        entered = track.enter(scene, growing.channel, growing.rows, self.media.stem, self._language)
        self._entered = (undo.count(), growing.rows, growing.channel)
        if entered.channel not in before:
            taking_back.made(scene, entered.channel)

    @property
    def _language(self) -> str:
        part = self._parts[0]
        return part.job.written if part.job is not None else ""

    def _finish(self) -> None:
        """All strips are there: what was heard is kept nowhere else."""
        self.done = True
        self._shaping.close()
        scene = compat.scene_by_uid(self._scene)
        if self._growing is not None and scene is not None:
            self.made = self._growing.made
            # Where something was replaced they have come to lie lower.
            self._enter(scene, self._growing)
            taking_back.leave_empty(scene)
            if notice := self._growing.notice:
                self.notices.append(notice)
            taking_back.ended(self._growing.owners)
        if any(self._is_whole(part) for part in self._parts):
            self._tell_doubts()
        for part in self._parts:
            if self._is_whole(part) and part.job is not None:
                part.job.settle()

    def _is_whole(self, part: Part) -> bool:
        """Whether all that can be heard of it has become subtitles."""
        return part.whole and not self._shaping_has_failed

    def _tell_doubts(self) -> None:
        if doubts := self._shaping.doubts:
            when = clock(doubts[0])
            self.notices.append(
                Text("{number} doubtful places, the first at {time}: see the checks", number=len(doubts), time=when)
            )

    # No place for them

    def abandon(self) -> None:
        """End now and make no more strips: the scene is gone or going. What was heard goes to a subtitle file."""
        if not self.done:
            self._keep_file()

    def _keep_file(self) -> Recovered | None:
        """All of it in a file instead of strips; None where there is nothing to keep, or, which is said, no way to."""
        self.done, self.made = True, 0
        if self.end is None:
            self._job.cancel()
            self._job.wait(PATIENCE / 2)
            ends = [event for event in self._job.drain() if isinstance(event, (Finished, Failed, Cancelled))]
            for part in self._parts:
                rest = ends[-1].cues[len(part.heard) :] if ends and part is self._part else ()
                self._hear(part, rest, last=True)
        self._all.update(self._shaping.rest(PATIENCE))
        self._shaping.close()
        cues = list(self._all.values())
        found = recovered.rescue(self._folder, self.media, cues, blend=self._blend, scene=self._name)
        if found is None and cues:
            self.notices.append(Text("The subtitles could not be kept: see the log."))
        return found


def _is_all(error: SubtitleEditorError) -> bool:
    """Whether nothing more can be heard of a file than what was, though it did not end well."""
    return isinstance(error, MediaIncompleteError)


def _begin_of(use: MediaUse) -> str:
    return f"{use.start:.3f}"


def owner_of(journal: Path) -> str:
    """What marks on strips call the transcription of a journal."""
    return journal.stem[:12]
