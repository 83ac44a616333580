# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `align`: a text that is known gets its times from the speech of a film."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from ..cues import Cue
from ..errors.base import UsageError
from ..errors.speech import SyncUncertainError
from ..events import CueFound, Event, Failed, Finished
from ..library import runtimes
from ..speech import aligning, glossary, segments
from ..speech.aligning import Aligned
from ..speech.job import Transcription
from ..subtitles import reading, writing
from ..subtitles.document import Document
from ..subtitles.timecode import format_time
from . import films, listening
from .call import load_catalog, models_dir_of, named
from .films import Film
from .grammar import Words
from .output import DONE, FAILED, Output
from .running import attended, follow
from .transcribe import model_of

_DOUBTFUL = 0.5
"""A cue of which less was heard is told."""
_TOLD = 10
"""Of those, so many to people; programs are told all."""
_ENOUGH = 0.3
"""Which part of all words must have been heard, or the text is another film's."""


def align(args: argparse.Namespace, output: Output, models_dir: Path) -> int:
    """`align MEDIA FILE -o OUT -m ID`: writes the text with its times; 1 where it is not that film's."""
    known = load_catalog(args, output)
    model, model_path = model_of(args, known, models_dir)
    text = _text(args.file, output)
    if not any(char.isalnum() for cue in text.cues for char in cue.text):
        raise UsageError(f"There is no text in {args.file}.")
    films.check_format(args.output)
    films.check_folder(Film(args.media, args.output), make=False)
    args.libraries = runtimes.cuda(models_dir, known)
    request = dataclasses.replace(listening.request_of(args, args.media, model_path, model), words=True)
    job = Transcription(request, journals=args.user_dir / segments.FOLDER)

    def tell(event: Event) -> None:
        if output.json or not isinstance(event, CueFound):
            output.event(event)

    with attended():
        end, stopped = follow(job, tell)
    if not isinstance(end, Finished):
        if isinstance(end, Failed):
            output.error(end.error)
        elif output.json:
            output.event(end)
        return stopped.code if stopped is not None else FAILED
    found = aligning.align(text.cues, end.cues)
    heard = sum(one.confidence * len(one.cue.words) for one in found) / max(1, sum(len(one.cue.words) for one in found))
    if heard < _ENOUGH:
        output.error(SyncUncertainError(args.file, args.media))
        return FAILED
    for finding in writing.save(args.output, text.with_cues(one.cue for one in found)):
        output.say(f"{args.output}: {finding}")
    job.settle()
    _tell(found, heard, args.output, output)
    return DONE


def _text(path: Path, output: Output) -> Document:
    """The subtitles of a file, or each line of a plain text. Raises UsageError, SubtitleFileError."""
    if path.suffix.lower() == ".txt":
        try:
            lines = glossary.text_of(path).splitlines()
        except FileNotFoundError as error:
            raise UsageError(f"There is no file {path}.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The text {path} cannot be read.", "Name a readable text file in UTF-8.") from error
        return Document(tuple(Cue(0.0, 0.0, line.strip()) for line in lines if line.strip()))
    source = reading.load(path)
    for warning in source.warnings:
        output.say(f"{path}: {warning}")
    return source


def _tell(found: list[Aligned], heard: float, target: Path, output: Output) -> None:
    doubtful = [(number, one) for number, one in enumerate(found, 1) if one.confidence < _DOUBTFUL]
    cues = [one.cue.as_dict() | {"confidence": round(one.confidence, 2)} for one in found]
    data = {"event": "finished", "output": str(target), "heard": round(heard, 3), "cues": cues}
    output.record(data, f"{target}: {len(found)} subtitles, {heard:.0%} of their words heard")
    for number, one in doubtful[:_TOLD]:
        output.say(f"  check {number}, {format_time(one.cue.start)}: {' '.join(one.cue.text.split())}")
    if len(doubtful) > _TOLD:
        output.say(f"  and {len(doubtful) - _TOLD} more")


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """The grammar of `align`."""
    command = commands.add_parser("align", parents=[common])
    command.add_argument("media", type=named, metavar="MEDIA")
    command.add_argument("file", type=named, metavar="FILE", help="subtitles, or a text with a subtitle a line")
    command.add_argument("-m", "--model", required=True, metavar="ID")
    command.add_argument("-o", "--output", type=named, required=True, metavar="OUT")
    listening.add_options(command)
    command.set_defaults(command=lambda args, output: align(args, output, models_dir_of(args)))
