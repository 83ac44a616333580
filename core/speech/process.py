# SPDX-License-Identifier: GPL-3.0-or-later
"""The child process: started without the user's secrets, fed, heard and ended."""

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

from ..cues import Cue, Word
from ..errors import (
    JobCancelled,
    LibraryMissingError,
    MediaError,
    MediaNotFoundError,
    MediaUnreadableError,
    ModelUnusableError,
    NoAudioError,
    SubtitleEditorError,
    TranscriberCrashedError,
    UsageError,
)
from ..events import State
from ..text import Text
from .request import TranscriptionRequest

log = logging.getLogger(__name__)

_CHILD = Path(__file__).with_name("child.py")

_KILL_AFTER = 0.3
"""Seconds between asking the child to end and making it."""

_LAST_WORDS = 20
"""Lines of the child's stderr that are kept for the error message."""

_SECRETS = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}


class Listener(Protocol):
    """Who hears what the child says. Called on the thread of `Child.run()`."""

    def spawned(self, process: subprocess.Popen[bytes] | None) -> None:
        """The process that is to be stopped by a cancel; None once it is gone."""

    def is_cancelled(self) -> bool:
        """Whether the child was asked to end."""

    def began(self, language: str) -> None:
        """The child listens; what is spoken."""

    def found(self, cue: Cue) -> None:
        """One more segment."""

    def noticed(self, message: Text) -> None:
        """Something worth telling once."""

    def moved(self, state: State, done: float, total: float, eta: float | None) -> None:
        """How far it is, in seconds of the media; `eta` in seconds."""


class Child:
    """One run of the child process, on the job's thread."""

    def __init__(self, job: Listener, request: TranscriptionRequest) -> None:
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
        self._job.spawned(process)
        try:
            with contextlib.suppress(OSError):  # Dead already: reading says why.
                process.stdin.write(json.dumps(self._as_json()).encode() + b"\n")
                process.stdin.flush()
            for line in process.stdout:
                self._receive(line)
        finally:
            exit_code = _end(process)
            self._job.spawned(None)
            reader.join(1.0)
            process.stderr.close()
        self._conclude(exit_code)

    def _conclude(self, exit_code: int) -> None:
        if self._done:
            return  # Whatever the child died of afterwards (Windows: 0xC0000409, faster-whisper 1293).
        if self._job.is_cancelled():
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
                self._job.began(record["language"])
                self._job.moved(State.TRANSCRIBING, 0.0, self._total, None)
            case "segment":
                self._segment(record)
            case "notice":
                self._job.noticed(Text(record["message"], **record["fields"]))
            case "error":
                self._error = self._as_error(record["code"], Text(record["reason"], **record["fields"]))
            case "end":
                self._done = True

    def _segment(self, record: dict[str, Any]) -> None:
        words = tuple(Word(**word) for word in record.pop("words"))
        cue = Cue(**record, words=words)
        self._job.found(cue)
        done = min(self._total, max(0.0, cue.end - self._request.start))
        elapsed = time.monotonic() - self._started
        eta = elapsed / done * (self._total - done) if done > 0 else None
        self._job.moved(State.TRANSCRIBING, done, self._total, eta)

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
