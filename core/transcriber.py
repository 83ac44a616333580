# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to cues: a job like a download, done by a child process.

A child, because CTranslate2 and CUDA can abort the process they run in, and that must not be Blender with unsaved work.
The child gets a folder and a file and never the network.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import logging
import os
import queue
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from . import events
from .cues import Cue, Word
from .errors import (
    JobCancelled,
    LibraryMissingError,
    MediaError,
    MediaNotFoundError,
    MediaUnreadableError,
    ModelUnusableError,
    NoAudioError,
    SubtitleEditorError,
    TranscriberCrashedError,
    UnexpectedError,
    UsageError,
)
from .events import CueFound, End, Event, Notice, State, TranscriptionProgress
from .text import Text

log = logging.getLogger(__name__)

_CHILD = Path(__file__).with_name("transcriber_child.py")
_KILL_AFTER = 0.3
"""Seconds between asking the child to end and making it."""
_LAST_WORDS = 20
"""Lines of the child's stderr that are kept for the error message."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to transcribe, and how. Times in seconds of the media file."""

    media: Path
    model_path: Path
    """A folder with a CTranslate2 Whisper model. Never a name: nothing is looked up or downloaded."""
    model_id: str = ""
    """What events call the model."""
    language: str | None = None
    """A code such as `en`; None: the model listens and decides."""
    task: str = "transcribe"
    """`transcribe`, or `translate` into English."""
    start: float = 0.0
    end: float | None = None
    """None: to the end of the file."""
    words: bool = False
    """Measure the time of each word: needed for good line breaks, takes a little longer."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: the graphics card when it works, else the processor."""
    compute_type: str = "default"
    """CTranslate2's: `default` (as the model was saved), `auto`, `int8`, `float16`, ..."""
    vad: bool = True
    """Skip what is not speech: Whisper invents phrases over silence and music."""
    beam_size: int = 5
    prompt: str = ""
    """Names and spellings to expect."""
    threads: int = 0
    """Processor threads; 0: CTranslate2 decides."""


class Transcription:
    """One job. Events go onto a queue from a thread; the owner drains it on theirs. One End, and it is the last.

    `start()` once; `cancel()` from any thread, at any time, more than once.
    """

    def __init__(self, request: Request) -> None:
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
        self._report(State.LOADING, 0.0, 0.0, None)
        request = self.request
        while True:
            child = _Child(self, request)
            try:
                child.run()
                return
            except TranscriberCrashedError as error:
                if request.device != "auto" or child.device != "cuda":
                    raise
                # cuDNN or a driver that does not fit ends the process without an exception (faster-whisper 516).
                log.warning("the child died on the graphics card: %s", error)
                self._inbox.put(
                    Notice(job=self.id, message=Text("The graphics card cannot be used; using the processor."))
                )
                resume = self._cues[-1].end if self._cues else request.start
                request = dataclasses.replace(request, device="cpu", start=resume)

    def _report(self, state: State, done: float, total: float, eta: float | None) -> None:
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

    def _spawned(self, process: subprocess.Popen[bytes] | None) -> None:
        """Called by the child's side, so that `cancel()` knows whom to stop."""
        with self._lock:
            self._process = process
        if process is not None and self._cancelled.is_set():
            process.terminate()


class _Child:
    """One run of the child process, on the job's thread."""

    def __init__(self, job: Transcription, request: Request) -> None:
        self._job = job
        self._request = request
        self._total = 0.0
        self._started = 0.0
        self._done = False
        self._error: SubtitleEditorError | None = None
        self._stderr: collections.deque[str] = collections.deque(maxlen=_LAST_WORDS)
        self.device = ""
        """The device that the child was last about to use."""

    def run(self) -> None:
        """Until the child is gone. Raises JobCancelled, what the child reported, or TranscriberCrashedError."""
        process = subprocess.Popen(
            # -P: the script's folder stays out of sys.path, or our `events` would hide somebody else's.
            [sys.executable, "-P", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            # On Windows; elsewhere the child itself steps back behind Blender's window.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            start_new_session=os.name == "posix",  # Ctrl-C in our terminal is ours to handle.
        )
        assert process.stdin and process.stdout and process.stderr
        reader = threading.Thread(target=self._read_stderr, args=(process.stderr,), daemon=True)
        reader.start()
        self._job._spawned(process)
        try:
            with contextlib.suppress(OSError):  # Dead already: reading says why.
                process.stdin.write(json.dumps(self._as_json()).encode() + b"\n")
                process.stdin.flush()
            for line in process.stdout:
                self._receive(line)
        finally:
            exit_code = _end(process)
            self._job._spawned(None)
            reader.join(1.0)
            process.stderr.close()
        self._conclude(exit_code)

    def _conclude(self, exit_code: int) -> None:
        if self._done:
            return  # Whatever the child died of afterwards (Windows: 0xC0000409, faster-whisper 1293).
        if self._job._cancelled.is_set():
            raise JobCancelled
        if self._error is not None:
            raise self._error
        raise TranscriberCrashedError(exit_code, self._stderr[-1] if self._stderr else "")

    def _as_json(self) -> dict[str, Any]:
        data = dataclasses.asdict(self._request)
        return data | {
            "media": str(self._request.media),
            "model_path": str(self._request.model_path),
            "parent": os.getpid(),
        }

    def _receive(self, line: bytes) -> None:
        try:
            record = json.loads(line)
        except ValueError:  # Cut off in the middle by a crash.
            log.warning("the child said %r", line[:200])
            return
        match record.pop("type"):
            case "loading":
                self.device = record["device"]
            case "started":
                self._total, self._started = record["seconds"], time.monotonic()
                self._job._language = self._job._language or record["language"]
                self._job._report(State.TRANSCRIBING, 0.0, self._total, None)
            case "segment":
                self._segment(record)
            case "notice":
                self._job._inbox.put(Notice(job=self._job.id, message=Text(record["message"], **record["fields"])))
            case "error":
                self._error = self._as_error(record["code"], Text(record["reason"], **record["fields"]))
            case "end":
                self._done = True

    def _segment(self, record: dict[str, Any]) -> None:
        words = tuple(Word(**word) for word in record.pop("words"))
        cue = Cue(**record, words=words)
        self._job._cues.append(cue)
        self._job._inbox.put(CueFound(job=self._job.id, cue=cue))
        done = min(self._total, max(0.0, cue.end - self._request.start))
        elapsed = time.monotonic() - self._started
        eta = elapsed / done * (self._total - done) if done > 0 else None
        self._job._report(State.TRANSCRIBING, done, self._total, eta)

    def _as_error(self, code: str, reason: Text) -> SubtitleEditorError:
        media = self._request.media
        match code:
            case "media_not_found":
                return MediaNotFoundError(media)
            case "no_audio":
                return NoAudioError(media)
            case "media_unreadable":
                return MediaUnreadableError(media, reason)
            case "model_unusable":
                return ModelUnusableError(self._request.model_path, reason)
            case "library_missing":
                return LibraryMissingError(reason)
            case "usage":
                return UsageError(Text("The model cannot do that: {reason}.", reason=reason))
        return MediaError(Text("{media}: {reason}.", media=media, reason=reason))

    def _read_stderr(self, stderr: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):  # Closed under us after the end.
            for raw in stderr:
                line = raw.decode("utf-8", errors="replace").rstrip()
                if line:
                    self._stderr.append(line)
                    log.info("transcriber: %s", line)


def _environment() -> dict[str, str]:
    """The child's environment: our modules, no network, no token."""
    env = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    # Blender's sys.executable is a real Python, but does not see the wheels of extensions.
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    env.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", PYTHONUTF8="1", PYTHONNOUSERSITE="1")
    # onnxruntime 1.31 (voice activity) keeps a device id in the user's cache folder and reports home otherwise.
    env["ORT_DISABLE_TELEMETRY"] = "1"
    return env


_SECRETS = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}


def _end(process: subprocess.Popen[bytes]) -> int:
    """Make sure that the child is gone; its exit code."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe:
                pipe.close()
    try:
        return process.wait(_KILL_AFTER)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
