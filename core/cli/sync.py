# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `sync`: all times of a subtitle file earlier or later, faster or slower, to fit a film."""

from __future__ import annotations

import argparse

from ..errors.base import UsageError
from ..errors.speech import SyncUncertainError
from ..speech import syncing
from ..subtitles import reading, writing
from .call import named, positive
from .grammar import Words
from .output import DONE, FAILED, Output


def sync(args: argparse.Namespace, output: Output) -> int:
    """`sync MEDIA FILE -o OUT`: writes the file with its new times; 1 where it is not certain what they are."""
    source = reading.load(args.file)
    for warning in source.warnings:
        output.say(f"{args.file}: {warning}")
    if not source.cues:
        raise UsageError(f"There are no subtitles in {args.file}.")
    output.say(f"Listening to {args.media} ...")
    speech = syncing.speech_of(args.media, args.track)
    factors = syncing.FACTORS if args.drift else syncing.FACTORS[:1]
    found = syncing.fit(source.cues, speech, args.max_shift, factors)
    if found is None or not found.is_certain:
        output.error(SyncUncertainError(args.file, args.media))
        return FAILED
    moved = source.moved(found.shift, found.factor)
    for finding in writing.save(args.output, moved):
        output.say(f"{args.output}: {finding}")
    kept = [cue for cue in moved.cues if cue.end > 0]
    speed = "" if found.factor == 1 else f", times multiplied by {found.factor}"
    data = {
        "event": "finished", "output": str(args.output), "cues": len(kept), "shift": found.shift,
        "scale": float(found.factor), "confidence": round(found.confidence, 2), "warnings": source.warnings,
    }  # fmt: skip
    output.record(data, f"{args.output}: {found.shift:+.2f} s{speed}")
    return DONE


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """The grammar of `sync`."""
    command = commands.add_parser("sync", parents=[common])
    command.add_argument("media", type=named, metavar="MEDIA")
    command.add_argument("file", type=named, metavar="FILE")
    command.add_argument("-o", "--output", type=named, required=True, metavar="OUT")
    command.add_argument("--track", default="", metavar="T", help="audio track: its number, its language, or all")
    command.add_argument("--max-shift", type=positive, default=600.0, metavar="S", help="seconds at most (default 600)")
    command.add_argument("--no-drift", dest="drift", action="store_false", help="only earlier or later, no other speed")
    command.set_defaults(command=sync)
