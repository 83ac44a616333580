# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `transcribe`. Ctrl-C keeps the subtitles found so far."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from ..catalog.entries import SPEECH_TO_TEXT, Entry
from ..cues import Cue
from ..errors import FolderNotWritableError, ModelDamagedError, ModelNotInstalledError, UsageError
from ..events import End, Failed, Finished, as_json
from ..library import status
from ..speech.job import Transcription
from ..speech.request import TranscriptionRequest
from ..subtitles import files
from ..subtitles.profiles import PROFILES
from ..subtitles.segmentation import segment
from ..text import Text
from .call import add_profile, load_catalog, models_dir_of, time_of
from .output import DONE, FAILED, INTERRUPTED, Output

_TICK = 0.1
"""Seconds between two looks at the job."""


def transcribe(args: argparse.Namespace, output: Output, models_dir: Path) -> int:
    """`transcribe MEDIA -m ID`: writes the subtitles when done, and what there is when interrupted or failed."""
    entry = load_catalog(args, output).get(args.model)
    model_path = _usable(entry, models_dir)
    if args.end is not None and args.end <= args.start:
        raise UsageError("--to must be later than --from.")
    target = _target(args)
    job = Transcription(
        TranscriptionRequest(
            media=args.media,
            model_path=model_path,
            model_id=entry.id,
            language=args.language,
            task=args.task,
            start=args.start,
            end=args.end,
            words=args.words,
        )
    )
    job.start()
    interrupted = False
    try:
        end = _follow(job, output)
    except KeyboardInterrupt:
        interrupted = True
        job.cancel()
        end = _follow(job, output)
    made: list[Cue] = []
    if isinstance(end, Finished) or end.cues:
        made = segment(end.cues, PROFILES[args.profile])
        files.save(target, made)
    _tell_transcription(end, made, target, output)
    if interrupted:
        return INTERRUPTED
    return DONE if isinstance(end, Finished) else FAILED


def _tell_transcription(end: End, made: list[Cue], target: Path, output: Output) -> None:
    written = f"{target}: {len(made)} subtitles"
    if output.json:
        cues = [cue.as_dict() for cue in made]
        output.record(as_json(end) | {"output": str(target), "cues": cues}, "")
    elif isinstance(end, Finished):
        output.record({}, written)
    else:
        if isinstance(end, Failed):
            output.error(end.error)
        output.say(f"{written} (those found so far)" if made else "No subtitles were found so far.")


def _usable(entry: Entry, models_dir: Path) -> Path:
    """The folder of a model that can transcribe now. Raises UsageError, ModelNotInstalledError, ModelDamagedError."""
    if entry.kind != SPEECH_TO_TEXT:
        hint = "See those that do with: subtitle-editor models list --kind speech-to-text"
        raise UsageError(f"{entry.id} does not turn speech into text.", hint)
    state = status.status(models_dir, entry)
    if state.installed is None:
        raise ModelNotInstalledError(entry.id)
    if state.damaged:
        raise ModelDamagedError(entry.id, state.damaged)
    return state.installed.path


def _target(args: argparse.Namespace) -> Path:
    """Where the subtitles go. Without -o beside the media, but never over a file that may be somebody's work."""
    if args.output is not None:
        target = Path(args.output)
        # Before the work: a misspelt ending must not show after an hour.
        if target.suffix.lower().lstrip(".") not in files.FORMATS:
            known = ", ".join(f".{name}" for name in files.FORMATS)
            raise UsageError(f'"{target.suffix}" is not a subtitle format to write.', f"Choose one of {known}.")
        if not target.parent.is_dir():
            raise FolderNotWritableError(target.parent, "there is no such folder")
        _check_writable(target.parent)
        return target
    beside = Path(args.media).with_suffix(".srt")
    if beside.exists():
        raise UsageError(f"{beside} exists already.", "Name the file to write with -o.")
    if beside.parent.is_dir():  # If not, the media is not there either, and that is what is told.
        _check_writable(beside.parent)
    return beside


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise FolderNotWritableError(folder, Text("permission denied"))


def _follow(job: Transcription, output: Output) -> End:
    """Print what the job says until it has ended; the End is the answer and for the caller to print."""
    while True:
        for event in job.drain():
            if isinstance(event, End):
                return event
            output.event(event)
        time.sleep(_TICK)


def add_transcribe(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    command = commands.add_parser("transcribe", parents=[common], help="make subtitles from a sound or film")
    command.add_argument("media", type=Path, metavar="MEDIA")
    command.add_argument("-m", "--model", required=True, metavar="ID")
    command.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="subtitle file (default: beside the media, .srt)"
    )
    command.add_argument("--language", metavar="L", help="such as en (default: detected)")
    command.add_argument("--task", choices=("transcribe", "translate"), default="transcribe")
    command.add_argument("--from", dest="start", type=time_of, default=0.0, metavar="S", help="seconds or H:MM:SS")
    command.add_argument("--to", dest="end", type=time_of, metavar="S", help="seconds or H:MM:SS")
    add_profile(command)
    command.add_argument("--words", action="store_true", help="measure and keep the time of each word")
    command.set_defaults(command=lambda args, output: transcribe(args, output, models_dir_of(args)))
