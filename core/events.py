# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job says while it works: frozen values, matched by type.

A job puts its events on a queue from a worker thread; whoever owns the job drains that queue on a thread of their own.
Each job ends with exactly one of `Finished`, `Failed` or `Cancelled`, and nothing comes after it.
"""

from __future__ import annotations

import dataclasses
import queue
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from .cues import Cue
from .errors.base import SubtitleEditorError
from .text import plain


class State(StrEnum):
    """Where a job is. The value is the word in JSON and in the job store: part of the contract."""

    QUEUED = "queued"
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    STALLED = "stalled"
    RETRYING = "retrying"
    WAITING = "waiting"
    VERIFYING = "verifying"
    UNPACKING = "unpacking"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    """Its process ended before it did. Not final: it can be resumed."""
    LOADING = "loading"
    TRANSCRIBING = "transcribing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether a job in this state has ended."""
        return self in (State.DONE, State.FAILED, State.CANCELLED)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a download is. Sizes in bytes, speed in bytes per second, times in seconds."""

    job: str
    model: str
    state: State
    file: str = ""
    """The file that moved last, relative to its repository; empty before the first."""
    file_bytes_done: int = 0
    file_bytes_total: int = 0
    """How far that file is; 0 where it is not fetched by itself."""
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    """0 until the plan is known; fixed from then on."""
    speed: float = 0.0
    eta: float | None = None
    attempt: int = 1
    retry_in: float | None = None
    """Seconds until the next try while `state` is RETRYING."""
    connections: int = 0
    reason: str = ""
    """What it waits for, or what went wrong with the last try, as a sentence without its full stop: a Text."""

    @property
    def fraction(self) -> float:
        """0.0 to 1.0; 0.0 while the total is unknown."""
        return min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total else 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionProgress:
    """How far a transcription is, in seconds of the media."""

    job: str
    model: str
    state: State
    seconds_done: float = 0.0
    seconds_total: float = 0.0
    seconds_read: float = 0.0
    """Decoded and searched for voices: what is heard next. It begins while the model is still being loaded."""
    eta: float | None = None

    @property
    def fraction(self) -> float:
        """0.0 to 1.0; 0.0 while the duration is unknown."""
        return min(1.0, self.seconds_done / self.seconds_total) if self.seconds_total else 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CueFound:
    """One more subtitle while the rest is still being transcribed."""

    job: str
    cue: Cue


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something worth telling once that is neither progress nor an error."""

    job: str
    message: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is known before the first byte: the hub answered, the token was accepted, the sizes are as they are. (Of
    direct addresses, which nobody is asked about, as the catalogue says.)

    A disk too small is no reason to be silent: this comes first, then `Failed`. Sizes in bytes.
    """

    job: str
    model: str
    endpoint: str
    """Which servers the files come from, without a login that an address may have; with commas if there are more."""
    token: bool
    """Whether a token was sent, and so accepted. Only the hub gets one."""
    account: str
    """The account of the token; empty without one, or where the hub does not say."""
    gated: bool
    """The hub gives it only to accounts that have accepted its licence; this one has."""
    files_total: int
    bytes_total: int
    bytes_present: int
    """Already on the disk: whole files and parts of files."""
    bytes_needed: int
    """Still to be fetched; files with the same content are fetched once."""
    bytes_free: int | None
    """Free on the disk of the models folder; None where the disk does not say."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The job is done. `path` is the snapshot folder of a download; `cues` are a transcription's result."""

    job: str
    model: str
    path: Path | None = None
    cues: tuple[Cue, ...] = ()
    language: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The job ended with an error. What was downloaded or transcribed so far is kept."""

    job: str
    model: str
    error: SubtitleEditorError
    cues: tuple[Cue, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The job ended because it was asked to. What was made so far is kept."""

    job: str
    model: str
    cues: tuple[Cue, ...] = ()


End = Finished | Failed | Cancelled
Event = Progress | TranscriptionProgress | CueFound | Notice | Checked | Finished | Failed | Cancelled


ProgressReport = Callable[[Progress], None]
"""Takes the progress of a job, on the thread that makes it."""


def drain(inbox: queue.SimpleQueue[Event]) -> list[Event]:
    """Everything waiting in `inbox`, oldest first, without blocking.

    Of a run of progress events of one job only the newest is kept: a bar that draws each of them trails the work by
    minutes when the worker is faster than the screen. Called on the thread that owns the job.
    """
    events: list[Event] = []
    while True:
        try:
            event = inbox.get_nowait()
        except queue.Empty:
            return events
        if events and _supersedes(event, events[-1]):
            events[-1] = event
        else:
            events.append(event)


def _supersedes(new: Event, old: Event) -> bool:
    return isinstance(new, (Progress, TranscriptionProgress)) and type(new) is type(old) and new.job == old.job


_NAMES: dict[type, str] = {
    Progress: "progress",
    TranscriptionProgress: "progress",
    CueFound: "cue",
    Notice: "notice",
    Checked: "checked",
    Finished: "finished",
    Failed: "failed",
    Cancelled: "cancelled",
}


def as_json(event: Event) -> dict[str, Any]:
    """The event as the command line prints it with `--json`: words and keys are a contract (docs/command-line.md)."""
    data: dict[str, Any] = {"event": _NAMES[type(event)]}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        match value:
            case SubtitleEditorError():
                data.update(error=value.code, message=value.message, hint=value.hint)
            case Cue():
                data.update(value.as_dict())
            case tuple():
                if value:
                    data[field.name] = [cue.as_dict() for cue in value]
            case Path():
                data[field.name] = plain(value)
            case float():
                data[field.name] = round(value, 3)
            case _:
                data[field.name] = value
    return data
