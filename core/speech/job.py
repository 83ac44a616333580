# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to cues: a job like a download, done by a child process.

A child, because CTranslate2 and CUDA can abort the process they run in, and that must not be Blender with unsaved work.
The child gets a folder and a file and never the network. What it hears is on the disk at once, when the job is given a
folder for that: the next job for the same goes on from there.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import events
from ..cues import Cue
from ..errors.base import JobCancelled, SubtitleEditorError, UnexpectedError
from ..errors.disk import FolderNotWritableError
from ..errors.media import MediaError, MediaNotFoundError
from ..errors.speech import GraphicsCardError, TranscriberCrashedError
from ..events import CueFound, End, Event, Notice, State, TranscriptionProgress
from ..system.reasons import reason_of
from ..text import Text
from . import segments
from .process import Child, warm
from .request import TranscriptionRequest
from .segments import Journal, Kept, Place
from .wire import clock

log = logging.getLogger(__name__)


def about(request: TranscriptionRequest) -> dict[str, Any]:
    """What a journal is known by: the media, the model, and what was asked. Reads a little of the media.

    Raises MediaNotFoundError, OSError.
    """
    if not request.media.is_file():
        raise MediaNotFoundError(request.media)
    media = segments.media_identity(request.media, request.known)
    return media | {"model": segments.model_identity(request.model_path), "request": request.decides}


class Transcription:
    """One job. Events go onto a queue from a thread; the owner drains it on theirs. One End, and it is the last.

    `start()` once; `cancel()` from any thread, at any time, more than once.
    """

    def __init__(
        self,
        request: TranscriptionRequest,
        *,
        journals: Path | None = None,
        shaped: dict[str, Any] | None = None,
        keep: float = 0.0,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """`journals`: the folder where what is heard is kept; None: nowhere. `shaped`: the reading rules by which
        subtitles will be made of it, as plain values. `keep`: seconds that the child waits for another job afterwards,
        with its model loaded. `prepare` is called first of all on the job's thread: it makes the media, and may raise
        SubtitleEditorError.
        """
        self.request = request
        self.id = secrets.token_hex(6)
        self._journals = journals
        self._keep = keep
        self._prepare = prepare
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._thread = threading.Thread(target=self._run, name=f"transcription {self.id}", daemon=True)
        self._journal: Journal | None = None
        self._place = Place()
        self._whole: list[Cue] = []
        self._open: list[Cue] = []
        self._language = ""
        self.until = 0.0
        """Up to which second of the media it was heard: its end, when all of it was."""
        self.kept: Path | None = None
        """The journal on the disk, once there is one; `settle()` throws it away."""
        self.is_kept = True
        """Whether all that was heard is in that journal: it ends where it cannot be written any more."""
        self.shaped = shaped or {}
        """The reading rules, before anything is heard: those of the journal, where it goes on from one."""
        self._moved = 0.0

    def start(self) -> None:
        """Begin; returns at once. Every error, a missing file included, comes as an event."""
        self._thread.start()

    def drain(self) -> list[Event]:
        """The events since the last call, without blocking; of a run of progress only the newest."""
        return events.drain(self._inbox)

    def cancel(self) -> None:
        """Ask it to end. Returns at once; `Cancelled` follows within a fifth of a second and keeps the cues so far."""
        self._cancelled.set()
        with self._lock:
            if self._child is not None:
                self._child.kill()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the last event is on the queue, at most `timeout` seconds. Whether it is."""
        return self._ended.wait(timeout)

    def settle(self) -> None:
        """What was heard is safe elsewhere: throw the journal away. After the end; does not raise."""
        if self.kept is not None:
            segments.remove(self.kept)

    def whole(self, start: int = 0) -> list[Cue]:
        """The segments of all windows that are done, from that number on: these stay as they are. Any thread."""
        return self._whole[start:]

    @property
    def language(self) -> str:
        """What is spoken, once that is known."""
        return self._language

    @property
    def written(self) -> str:
        """The language of the text, once that is known."""
        return self.request.written_in(self._language)

    @property
    def running(self) -> bool:
        """Whether it was started and the last event is not on the queue yet."""
        return self._thread.ident is not None and not self._ended.is_set()

    @property
    def pid(self) -> int | None:
        """The child's process id; None before it runs and after the end."""
        with self._lock:
            return self._child.pid if self._child is not None else None

    def _run(self) -> None:
        end = self._outcome()
        if self._journal is not None:
            self._journal.close()
        self._inbox.put(end)
        self._ended.set()

    def _outcome(self) -> End:
        job, model = self.id, self.request.model_id
        try:
            self._work()
        except JobCancelled:
            return events.Cancelled(job=job, model=model, cues=self._cues)
        except SubtitleEditorError as error:
            return events.Failed(job=job, model=model, error=error, cues=self._cues)
        except BaseException as error:  # The top of a thread: nobody else would ever see it.
            log.exception("transcription %s", self.id)
            return events.Failed(job=job, model=model, error=UnexpectedError(error), cues=self._cues)
        return events.Finished(job=job, model=model, cues=self._cues, language=self._language)

    @property
    def _cues(self) -> tuple[Cue, ...]:
        return (*self._whole, *self._open)

    # The work

    def _work(self) -> None:
        """Run children until one has done its work. Raises SubtitleEditorError or JobCancelled."""
        self._prepare()
        self._check()
        if not self.request.media.is_file():
            raise MediaNotFoundError(self.request.media)
        self.moved(State.LOADING, 0.0, 0.0, None, 0.0)
        self._open_journal()
        request = self.request
        while True:
            child, is_old = warm.take()
            try:
                self._ask(child, request)
                break
            except TranscriberCrashedError as error:
                self._check()
                if is_old and not child.accepted:
                    continue  # It had just ended by itself.
                if child.device != "cuda":
                    raise
                if request.device != "auto":
                    raise GraphicsCardError(_last_words(error), "") from error
                # cuDNN or a driver that does not fit ends the process without an exception (faster-whisper 516).
                log.warning("the child died on the graphics card: %s", error)
                self.noticed(Text("The graphics card cannot be used; using the processor."))
                request = dataclasses.replace(request, device="cpu")
                self._open.clear()
        if self._journal is not None:
            self._note(self._journal.done)

    def _ask(self, child: Child, request: TranscriptionRequest) -> None:
        with self._lock:
            self._child = child
        try:
            self._check()
            child.ask(request, self._place, self._keep, self)
            self._check()
        except BaseException as error:
            # One that says what is wrong with the media is sound, and may be asked for others.
            if self._keep and child.alive and isinstance(error, MediaError) and not self._cancelled.is_set():
                self._let_go(child)
            else:
                child.kill()
                self._let_go()
                child.end()
            self._check()
            raise
        self._let_go(child if self._keep else None)
        if not self._keep:
            child.end()

    def _let_go(self, child: Child | None = None) -> None:
        """No longer stop it when cancelled; keep it for the next job, if there is one to keep."""
        with self._lock:
            self._child = None
        if child is not None:
            warm.give_back(child)

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise JobCancelled

    # The journal

    def _open_journal(self) -> None:
        if self._journals is None:
            return
        try:
            self._journal = Journal.open(self._journals, about(self.request), self.shaped)
        except (OSError, FolderNotWritableError) as error:
            log.warning("no journal: %s", error)
            self.noticed(Text("What is heard cannot be kept on the disk meanwhile ({reason}).", reason=_why(error)))
            return
        if self._journal is None:
            self.noticed(Text("The same is being transcribed elsewhere; this one keeps nothing on the disk meanwhile."))
            return
        self.kept = self._journal.kept.path
        self.shaped = self._journal.kept.shaped
        self._resume(self._journal.kept)

    def _resume(self, kept: Kept) -> None:
        """Begin with what was heard before."""
        if not kept.place.at:
            return
        self._place = kept.place
        self.began(kept.place.language)
        self._whole, self.until = list(kept.cues), kept.until
        for cue in kept.cues:
            self._inbox.put(CueFound(job=self.id, cue=cue))
        self.noticed(Text("Going on at {time}: what comes before was heard already.", time=clock(kept.until)))

    def _note(self, write: Any, *arguments: Any) -> None:
        try:
            write(*arguments)
        except OSError as error:
            self.is_kept = False
            log.warning("the journal ends: %s", error)
            self.noticed(Text("What is heard cannot be kept on the disk meanwhile ({reason}).", reason=_why(error)))

    # What the child says, on the job's thread

    def moved(self, state: State, done: float, total: float, eta: float | None, read: float) -> None:
        """How far it is. What is told never goes back: a child that takes over begins a little before."""
        self._moved = done = max(self._moved, done)
        self._inbox.put(
            TranscriptionProgress(
                job=self.id,
                model=self.request.model_id,
                state=state,
                seconds_done=done,
                seconds_total=total,
                seconds_read=read,
                eta=eta,
            )
        )

    def began(self, language: str) -> None:
        """What is spoken, once it is known."""
        self._language = self._language or language

    def found(self, cue: Cue, record: dict[str, Any]) -> None:
        """One more segment of the window that is being heard."""
        self._open.append(cue)
        self._inbox.put(CueFound(job=self.id, cue=cue))
        if self._journal is not None:
            self._note(self._journal.segment, record)

    def heard(self, place: Place, until: float) -> None:
        """The window is done."""
        self._place, self.until = place, until
        self._whole += self._open
        self._open = []
        self.began(place.language)
        if self._journal is not None:
            self._note(self._journal.window, place, until)

    def noticed(self, message: Text) -> None:
        """Something to tell once."""
        self._inbox.put(Notice(job=self.id, message=message))


def _last_words(error: TranscriberCrashedError) -> str:
    """Why a child is gone, as a reason."""
    said = error.last_words.rstrip(".")
    return said or Text("the process that listened ended with code {code}", code=error.exit_code)


def _why(error: Exception) -> str:
    return reason_of(error)
