# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to cues: a job like a download, done by a child process.

A child, because CTranslate2 and CUDA can abort the process they run in, and that must not be Blender with unsaved work.
The child gets a folder and a file and never the network.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import secrets
import subprocess
import threading

from .. import events
from ..cues import Cue
from ..errors import (
    JobCancelled,
    MediaNotFoundError,
    SubtitleEditorError,
    TranscriberCrashedError,
    UnexpectedError,
)
from ..events import CueFound, End, Event, Notice, State, TranscriptionProgress
from ..text import Text
from .process import Child
from .request import TranscriptionRequest

log = logging.getLogger(__name__)


class Transcription:
    """One job. Events go onto a queue from a thread; the owner drains it on theirs. One End, and it is the last.

    `start()` once; `cancel()` from any thread, at any time, more than once.
    """

    def __init__(self, request: TranscriptionRequest) -> None:
        self.request = request
        self.id = secrets.token_hex(6)
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name=f"transcription {self.id}", daemon=True)
        self._cues: list[Cue] = []
        self._language = ""

    def start(self) -> None:
        """Begin; returns at once. Every error, a missing file included, comes as an event."""
        self._thread.start()

    def drain(self) -> list[Event]:
        """The events since the last call, without blocking; of a run of progress only the newest."""
        return events.drain(self._inbox)

    def cancel(self) -> None:
        """Ask it to end. Returns at once; `Cancelled` follows within half a second and keeps the cues so far."""
        self._cancelled.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the last event is on the queue, at most `timeout` seconds. Whether it is."""
        return self._ended.wait(timeout)

    @property
    def running(self) -> bool:
        """Whether it was started and the last event is not on the queue yet."""
        return self._thread.ident is not None and not self._ended.is_set()

    @property
    def pid(self) -> int | None:
        """The child's process id; None before it runs and after the end."""
        with self._lock:
            return self._process.pid if self._process is not None else None

    def _run(self) -> None:
        self._inbox.put(self._outcome())
        self._ended.set()

    def _outcome(self) -> End:
        job, model = self.id, self.request.model_id
        try:
            self._work()
        except JobCancelled:
            return events.Cancelled(job=job, model=model, cues=tuple(self._cues))
        except SubtitleEditorError as error:
            return events.Failed(job=job, model=model, error=error, cues=tuple(self._cues))
        except BaseException as error:  # The top of a thread: nobody else would ever see it.
            log.exception("transcription %s", self.id)
            return events.Failed(job=job, model=model, error=UnexpectedError(error), cues=tuple(self._cues))
        return events.Finished(job=job, model=model, cues=tuple(self._cues), language=self._language)

    def _work(self) -> None:
        """Run children until one has done its work. Raises SubtitleEditorError or JobCancelled."""
        if not self.request.media.is_file():
            raise MediaNotFoundError(self.request.media)
        self.moved(State.LOADING, 0.0, 0.0, None)
        request = self.request
        while True:
            child = Child(self, request)
            try:
                child.run()
                return
            except TranscriberCrashedError as error:
                if request.device != "auto" or child.device != "cuda":
                    raise
                # cuDNN or a driver that does not fit ends the process without an exception (faster-whisper 516).
                log.warning("the child died on the graphics card: %s", error)
                self.noticed(Text("The graphics card cannot be used; using the processor."))
                resume = self._cues[-1].end if self._cues else request.start
                request = dataclasses.replace(request, device="cpu", start=resume)

    def moved(self, state: State, done: float, total: float, eta: float | None) -> None:
        """Called on the job's thread: how far it is."""
        self._inbox.put(
            TranscriptionProgress(
                job=self.id,
                model=self.request.model_id,
                state=state,
                seconds_done=done,
                seconds_total=total,
                eta=eta,
            )
        )

    def spawned(self, process: subprocess.Popen[bytes] | None) -> None:
        """Called on the job's thread, so that `cancel()` knows whom to stop."""
        with self._lock:
            self._process = process
        if process is not None and self._cancelled.is_set():
            process.terminate()

    def is_cancelled(self) -> bool:
        """Whether `cancel()` was called."""
        return self._cancelled.is_set()

    def began(self, language: str) -> None:
        """Called on the job's thread; what is spoken, once it is known."""
        self._language = self._language or language

    def found(self, cue: Cue) -> None:
        """Called on the job's thread with each segment."""
        self._cues.append(cue)
        self._inbox.put(CueFound(job=self.id, cue=cue))

    def noticed(self, message: Text) -> None:
        """Called on the job's thread: something to tell once."""
        self._inbox.put(Notice(job=self.id, message=message))
