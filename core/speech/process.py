# SPDX-License-Identifier: GPL-3.0-or-later
"""The child process: started without the user's secrets, fed, heard, kept warm and ended."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, Protocol

from ..cues import Cue
from ..errors.base import SubtitleEditorError, UsageError
from ..errors.models import ModelUnusableError
from ..errors.packages import LibraryMissingError
from ..errors.speech import (
    GraphicsCardError,
    LanguageNotHeardError,
    NotEnoughMemoryError,
    TranscriberCrashedError,
    TranscriberFailedError,
    TranslationUnknownError,
)
from ..events import State
from ..languages import NAMES
from ..system.reasons import reason_of
from ..text import Text
from . import media_errors
from .request import TranscriptionRequest
from .segments import Place, cue_of

log = logging.getLogger(__name__)

_CHILD = Path(__file__).with_name("child.py")

_KILL_AFTER = 0.3
"""Seconds that a child has to end after its last word before it is made to."""

_DOUBTFUL = 0.5
"""The probability of a language below which it is told: faster-whisper's threshold too."""
_HEARD = 0.001
"""Seconds that have to be heard before what is left is reckoned by them: less says nothing, and divides to infinity."""
_LAST_WORDS = 20
"""Lines of the child's stderr that are kept for the error message."""

_SECRETS = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}
_THREADS = "OMP_NUM_THREADS"


class Listener(Protocol):
    """Who hears what the child says. Called on the thread of `Child.ask()`."""

    def began(self, language: str) -> None:
        """What is spoken, once that is known."""

    def found(self, cue: Cue, record: dict[str, Any]) -> None:
        """One more segment, and as the child said it."""

    def heard(self, place: Place, until: float) -> None:
        """A window is done, up to `until` seconds of the media; listening can go on at `place`."""

    def noticed(self, message: Text) -> None:
        """Something worth telling once."""

    def moved(self, state: State, done: float, total: float, eta: float | None, read: float) -> None:
        """How far it is, in seconds of the media, and how much was decoded; `eta` in seconds."""


class Child:
    """A child process. One thread at a time asks; `kill()` may be called from any."""

    def __init__(self) -> None:
        """Starts the process, which waits for what it is asked."""
        self._process = subprocess.Popen(
            # -P: the script's folder stays out of sys.path, or our `reading` would hide somebody else's.
            [sys.executable, "-P", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=folder(),
            # On Windows; elsewhere the child itself steps back behind Blender's window.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            start_new_session=os.name == "posix",  # Ctrl-C in our terminal is ours to handle.
        )
        self._stderr: collections.deque[str] = collections.deque(maxlen=_LAST_WORDS)
        assert self._process.stderr is not None
        self._reader = threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True)
        self._reader.start()
        self.device = ""
        """The device that it was last about to use."""
        self.accepted = False
        """Whether it has taken the last request: one that has ended meanwhile has not."""

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once; who asks it gets no more answers."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def ask(self, request: TranscriptionRequest, place: Place, keep: float, listener: Listener) -> None:
        """Have it transcribe from `place` on, and tell `listener`. It waits `keep` seconds for the next request.

        Raises what the child reported, or TranscriberCrashedError when it ended before it was done.
        """
        self.accepted = False
        answer = _Answer(request, place, listener, self)
        process = self._process
        assert process.stdin and process.stdout
        with contextlib.suppress(OSError):  # Dead already: reading says why.
            process.stdin.write(json.dumps(_as_json(request, place, keep)).encode() + b"\n")
            process.stdin.flush()
        for line in process.stdout:
            if answer.take(line):
                break
        if answer.error is not None:
            raise answer.error
        if not answer.done:
            raise TranscriberCrashedError(self.end(), self._stderr[-1] if self._stderr else "")

    def end(self) -> int:
        """Make sure that it is gone; its exit code."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        try:
            code = process.wait(_KILL_AFTER)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self._reader.join(1.0)
        return code

    def _read_stderr(self, stderr: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError), stderr:
            for raw in stderr:
                line = raw.decode("utf-8", errors="replace").rstrip()
                if line:
                    self._stderr.append(line)
                    log.info("transcriber: %s", line)


class _Answer:
    """What a child says to one request."""

    def __init__(self, request: TranscriptionRequest, place: Place, listener: Listener, child: Child) -> None:
        self._request = request
        self._listener = listener
        self._child = child
        self._total = 0.0
        self._started = 0.0
        self._read = 0.0
        self._begin = self._done = place.at / 16000
        self.done = False
        self.error: SubtitleEditorError | None = None

    def take(self, line: bytes) -> bool:
        """One record; whether it was the last."""
        try:
            record = json.loads(line)
        except ValueError:  # Cut off in the middle by a crash.
            log.warning("the child said %r", line[:200])
            return False
        match record.pop("type"):
            case "accepted":
                self._child.accepted = True
            case "loading":
                self._child.device = record["device"]
            case "read":
                self._read = record["seconds"]
                self._progress()
            case "started":
                self._total, self._started = record["seconds"], time.monotonic()
                self._progress()
            case "language":
                self._listener.began(record["language"])
                if record["probability"] < _DOUBTFUL:
                    self._listener.noticed(
                        Text(
                            "It sounds most like {language}, but that is not certain ({percent} %). "
                            "Choose the language if it is another.",
                            language=NAMES.get(record["language"], record["language"]),
                            percent=round(100 * record["probability"]),
                        )
                    )
            case "segment":
                self._listener.found(cue_of(record), record)
            case "window":
                self._listener.heard(Place(record["at"], record["speaking"], record["language"]), record["until"])
                self._done = record["until"] - self._request.start
                self._progress()
            case "notice":
                self._listener.noticed(Text(record["message"], **record["fields"]))
            case "error":
                self.error = _as_error(record, self._request)
                return True
            case "end":
                self.done = True
                return True
        return False

    def _progress(self) -> None:
        done, total = self._done, max(self._total, self._done) if self._total else 0.0
        elapsed, new = time.monotonic() - self._started, done - self._begin
        eta = elapsed / new * (total - done) if new >= _HEARD and total else None
        state = State.TRANSCRIBING if self._started else State.LOADING
        self._listener.moved(state, done, total, eta, max(self._read, done))


class Warm:
    """The child that waits for the next request with its model loaded. All methods from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Child | None = None

    def take(self) -> tuple[Child, bool]:
        """A child to ask, and whether it has worked before: such a one may be gone when it is asked."""
        with self._lock:
            child, self._waiting = self._waiting, None
        if child is not None and child.alive:
            return child, True
        if child is not None:
            child.end()
        return Child(), False

    def give_back(self, child: Child) -> None:
        """Keep the child for the next one; of two the later."""
        with self._lock:
            before, self._waiting = self._waiting, child
        if before is not None:
            before.kill()
            before.end()

    def close(self) -> None:
        """End the child that waits, if there is one."""
        with self._lock:
            child, self._waiting = self._waiting, None
        if child is not None:
            child.kill()
            child.end()


warm = Warm()
"""The one of this process."""


def _as_json(request: TranscriptionRequest, place: Place, keep: float) -> dict[str, Any]:
    return dataclasses.asdict(request) | {
        "media": str(request.media),
        "known": str(request.known or ""),
        "model_path": str(request.model_path),
        "libraries": str(request.libraries or ""),
        "parent": os.getpid(),
        "place": dataclasses.asdict(place),
        "keep": keep,
    }


def _as_error(record: dict[str, Any], request: TranscriptionRequest) -> SubtitleEditorError:
    media, fields = request.media, record["fields"]
    if record["code"] == "model_unusable" and "number" in fields:
        fields["reason"] = reason_of(OSError(int(fields["number"]), fields["reason"]))
    reason = Text(record["reason"], **fields)
    match record["code"]:
        case "model_unusable":
            return ModelUnusableError(request.model_path, reason, request.model_id, refused="number" in fields)
        case "cannot_translate":
            return TranslationUnknownError(request.model_id)
        case "cannot_hear":
            wanted = request.language or ""
            return LanguageNotHeardError(request.model_id, NAMES.get(wanted, wanted))
        case "library_missing":
            return LibraryMissingError(reason, fields.get("system", ""))
        case "graphics_card":
            return GraphicsCardError(reason, fields["missing"], memory=bool(fields["memory"]))
        case "memory":
            return NotEnoughMemoryError(request.model_id)
        case "usage":
            return UsageError(Text("The model cannot do that: {reason}.", reason=reason))
        case "failed":
            return TranscriberFailedError(reason)
    return media_errors.error_of(media, record["code"], reason, fields)


def folder() -> str | None:
    """Where a child works, None for where we do: CTranslate2's mathematics end a process whose folder is gone."""
    try:
        os.getcwd()
    except OSError:
        return os.path.dirname(sys.executable)
    return None


def environment() -> dict[str, str]:
    """A child's environment: our modules, no network, no token."""
    env = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    if not env.get(_THREADS, "1").strip()[:1].isdecimal():
        del env[_THREADS]  # CTranslate2 calls any model unusable then.
    # Blender's sys.executable is a real Python, but does not see the wheels of extensions.
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    env.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", PYTHONUTF8="1", PYTHONNOUSERSITE="1")
    # onnxruntime 1.31 (voice activity) keeps a device id in the user's cache folder and reports home otherwise.
    env["ORT_DISABLE_TELEMETRY"] = "1"
    return env
