# SPDX-License-Identifier: GPL-3.0-or-later
"""The two long commands of the command line: download and transcribe. Ctrl-C keeps what they made."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Protocol

from . import catalog, library, subtitle_files
from .cli_output import DONE, FAILED, INTERRUPTED, Output
from .cues import PROFILES, Cue
from .download_manager import DownloadManager
from .errors import FolderNotWritableError, ModelDamagedError, ModelNotInstalledError, UsageError
from .events import Cancelled, End, Event, Failed, Finished, as_json
from .segmentation import segment
from .transcriber import Request, Transcription
from .units import human_size

_TICK = 0.1
"""Seconds between two looks at the jobs."""


class _Drained(Protocol):
    def drain(self) -> list[Event]: ...


def download(args: argparse.Namespace, output: Output, models_dir: Path, token: str | None) -> int:
    """`models download ID...`: one job each; the exit code is that of the worst."""
    manager = DownloadManager(
        models_dir,
        endpoint=args.endpoint,
        token=token,
        connections=args.connections,
        speed_limit=args.limit_rate,
    )
    for model in args.models:
        # All names before the first byte: a misspelt third one must not show after an hour.
        catalog.load().get(model)
    jobs = {manager.enqueue(model, args.revision) for model in args.models}
    try:
        ends = _follow(manager, jobs, output)
    except KeyboardInterrupt:
        manager.shutdown()
        for event in manager.drain():
            if isinstance(event, End) and output.json:
                output.event(event)
        again = " ".join(args.models)
        output.say(f"Interrupted. What was downloaded is kept; continue with: models download {again}")
        return INTERRUPTED
    for end in ends:
        _tell_download(end, output)
    return DONE if all(isinstance(end, Finished) for end in ends) else FAILED


def _tell_download(end: End, output: Output) -> None:
    if output.json:
        output.event(end)
        return
    match end:
        case Finished(model=model, path=path) if path:
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            output.record({}, f"{model}: {human_size(size)} in {path}")
        case Failed(error=error):
            output.error(error)
        case Cancelled(model=model):
            output.say(f"{model}: cancelled")


def transcribe(args: argparse.Namespace, output: Output, models_dir: Path) -> int:
    """`transcribe MEDIA -m ID`: writes the subtitles when done, and what there is when interrupted or failed."""
    entry = catalog.load().get(args.model)
    state = library.status(models_dir, entry)
    if state.installed is None:
        raise ModelNotInstalledError(entry.id)
    if state.damaged:
        raise ModelDamagedError(entry.id, state.damaged)
    if args.end is not None and args.end <= args.start:
        raise UsageError("--to must be later than --from.")
    target = _target(args)
    job = Transcription(
        Request(
            media=args.media,
            model_path=state.installed.path,
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
        [end] = _follow(job, {job.id}, output)
    except KeyboardInterrupt:
        interrupted = True
        job.cancel()
        [end] = _follow(job, {job.id}, output)
    made: list[Cue] = []
    if isinstance(end, Finished) or end.cues:
        made = segment(end.cues, PROFILES[args.profile])
        subtitle_files.save(target, made)
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


def _target(args: argparse.Namespace) -> Path:
    """Where the subtitles go. Without -o beside the media, but never over a file that may be somebody's work."""
    if args.output is not None:
        target = Path(args.output)
        # Before the work: a misspelt ending must not show after an hour.
        if target.suffix.lower().lstrip(".") not in subtitle_files.FORMATS:
            known = ", ".join(f".{name}" for name in subtitle_files.FORMATS)
            raise UsageError(f'"{target.suffix}" is not a subtitle format to write.', f"Choose one of {known}.")
        if not target.parent.is_dir():
            raise FolderNotWritableError(target.parent, "there is no such folder")
        return target
    beside = Path(args.media).with_suffix(".srt")
    if beside.exists():
        raise UsageError(f"{beside} exists already.", "Name the file to write with -o.")
    return beside


def _follow(source: _Drained, jobs: set[str], output: Output) -> list[End]:
    """Print what the jobs say until each has ended; the Ends are the answer and for the caller to print."""
    ends: list[End] = []
    while len(ends) < len(jobs):
        for event in source.drain():
            if isinstance(event, End):
                ends.append(event)
            else:
                output.event(event)
        if len(ends) < len(jobs):
            time.sleep(_TICK)
    return ends
