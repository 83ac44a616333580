# SPDX-License-Identifier: GPL-3.0-or-later
"""How the command line speaks: one JSON object a line for programs, a progress bar and sentences for people."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from ..errors.base import SubtitleEditorError
from ..errors.disk import OutputError
from ..events import Checked, CueFound, Event, Notice, Progress, State, TranscriptionProgress, as_json
from ..subtitles.timecode import format_time
from ..system.reasons import reason_of
from ..text import EXTENDED
from ..units import human_duration, human_size, human_speed
from . import console, terminal
from .hints import in_a_terminal

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: part of the contract."""

_LINE_EVERY = 5.0
"""Seconds between progress lines where there is no terminal to redraw."""


_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
"""Characters that make a terminal do things; names of servers and files may hold them."""

_LINE = _CONTROL | dict.fromkeys((9, 10, *range(8234, 8239), *range(8294, 8298)), "�")
"""For a line that is drawn over: also those that begin a new one, take many columns or turn its direction."""


class Output:
    """Where a command's words go. Results to stdout; progress, notices and errors for people to stderr."""

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.json = as_json
        self.quiet = quiet
        self._drawn = 0
        self._screen: console.Screen | None = None
        self._last_line = 0.0
        self._warned: set[str] = set()

    def record(self, data: Mapping[str, Any], text: str) -> None:
        """A result: `data` as a line of JSON, or `text`."""
        self._clear()
        _print(json.dumps(data) if self.json else text)

    def event(self, event: Event) -> None:
        """What a job says. For people the ends of jobs are worded by the command, not here."""
        if self.json:
            data = as_json(event)
            _print(json.dumps({name: in_a_terminal(value) for name, value in data.items()}))
            return
        match event:
            case Progress() | TranscriptionProgress():
                self._progress(event)
            case CueFound(cue=cue):
                self.say(f"{format_time(cue.start)} {cue.text}")
            case Notice(message=message):
                self.say(message)
            case Checked() if event.bytes_needed:
                self.say(describe_check(event))

    def say(self, text: str) -> None:
        """A sentence for people; nothing with --json or --quiet."""
        if not self.json and not self.quiet:
            self._clear()
            _print(text, error=True)

    def warn(self, text: str) -> None:
        """What has to be known but changes no result: on standard error, once, also with --json and --quiet."""
        if text not in self._warned:
            self._warned.add(text)
            self._clear()
            _print(text, error=True)

    def confirm(self, question: str) -> bool:
        """Whether the user, asked in the terminal, says yes. No answer is a no."""
        self._clear()
        sys.stderr.write(console.shown(sys.stderr, f"{question.translate(_CONTROL)} [y/N] "))
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def error(self, error: SubtitleEditorError, **more: Any) -> None:
        """The error a command ends with, when no job has told it: JSON as the `failed` event, or a sentence.

        `more` is for the event.
        """
        if self.json:
            hint = in_a_terminal(error.hint)
            _print(json.dumps({"event": "failed", "error": error.code, "message": error.message, "hint": hint, **more}))
        else:
            self._clear()
            _print(str(error), error=True)

    def working(self, fraction: float, text: str) -> None:
        """How much of some work is done, 0.0 to 1.0: for people only."""
        if self.quiet or self.json:
            return
        if sys.stderr.isatty():
            self._draw(fraction, console.shown(sys.stderr, text.translate(_LINE)))
        elif time.monotonic() - self._last_line >= _LINE_EVERY:
            self._last_line = time.monotonic()
            _print(text, error=True)

    def _progress(self, event: Progress | TranscriptionProgress) -> None:
        self.working(event.fraction, describe(event))

    def _draw(self, fraction: float, text: str) -> None:
        if self._screen is None:
            self._screen = console.screen(sys.stderr)
        line = terminal.line(fraction, text, terminal.columns(), self._screen)
        self._wipe()
        sys.stderr.write(line)
        sys.stderr.flush()
        self._drawn = terminal.width(line)

    def _wipe(self) -> None:
        """Go to the beginning of the line, and take away what is drawn there."""
        if self._screen is None or self._screen.escapes:
            sys.stderr.write("\r\x1b[2K")
        else:
            sys.stderr.write(f"\r{' ' * self._drawn}\r")

    def _clear(self) -> None:
        if self._drawn:
            self._wipe()
            sys.stderr.flush()
            self._drawn = 0


def describe(event: Progress | TranscriptionProgress) -> str:
    """A job's progress in one line, for a terminal or a log of one. (In Blender: core/downloads/words.py.)

    >>> from subtitle_editor.core.events import Progress, State
    >>> describe(Progress(job="1", model="tiny", state=State.DOWNLOADING, file="model.bin", bytes_done=25_000_000,
    ...     bytes_total=100_000_000, speed=5e6, eta=15, files_done=1, files_total=4))
    'tiny: 25 %, 25.0 MB of 100.0 MB, 5.0 MB/s, 15 s left, model.bin'
    """
    if isinstance(event, TranscriptionProgress):
        if event.state is not State.TRANSCRIBING:
            return f"{event.model}: {event.state}"
        left = f", {human_duration(event.eta)} left" if event.eta is not None else ""
        return f"{event.model}: {event.fraction:.0%}".replace("%", " %") + left
    if not event.bytes_total:
        return f"{event.model}: {event.state}{_retry(event)}"
    parts = [
        f"{event.model}: {int(event.fraction * 100)} %",
        f"{human_size(event.bytes_done)} of {human_size(event.bytes_total)}",
    ]
    if event.state is not State.DOWNLOADING:
        parts.append(f"{event.state}{_retry(event)}")
    elif event.speed:
        parts += [human_speed(event.speed), f"{human_duration(event.eta)} left"]
    if event.file:
        parts.append(event.file)
    return ", ".join(parts)


def describe_check(event: Checked) -> str:
    """What is known before the first byte, in one line.

    >>> describe_check(Checked(job="1", model="tiny", endpoint="https://hub.example", token=True, account="ada",
    ...     gated=False, files_total=4, bytes_total=100_000_000, bytes_present=25_000_000, bytes_needed=75_000_000,
    ...     bytes_free=9_000_000_000))
    'tiny: 4 files, 100.0 MB, 25.0 MB of it here, 9.00 GB free; from https://hub.example as ada'
    """
    here = f", {human_size(event.bytes_present)} of it here" if event.bytes_present else ""
    who = f" as {event.account}" if event.account else ""
    free = f", {human_size(event.bytes_free)} free" if event.bytes_free is not None else ""
    size = human_size(event.bytes_total)
    return f"{event.model}: {event.files_total} files, {size}{here}{free}; from {event.endpoint}{who}"


def _retry(event: Progress) -> str:
    """When it is tried again, and why nothing comes."""
    again = "" if event.retry_in is None else f" in {human_duration(event.retry_in)} (try {event.attempt + 1})"
    return f"{again}: {event.reason.removesuffix('.')}" if event.reason else again


def _print(text: str, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    text = in_a_terminal(text).replace(f"{EXTENDED}UNC\\", "\\\\").replace(EXTENDED, "").translate(_CONTROL)
    # In one piece: a signal that ends us must not leave half a line for the next to be joined to.
    try:
        stream.write(f"{console.shown(stream, text)}\n")
        stream.flush()
    except BrokenPipeError:
        if not error:
            raise
        # Nobody reads how it goes any more (`2>&1 | head`); the work is worth finishing all the same.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    except OSError as ex:
        if not error:  # That standard error takes nothing can be told to nobody, and hinders nobody.
            raise OutputError(reason_of(ex)) from ex
