# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `extract`: the subtitle tracks inside a film, listed, or one of them as a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..subtitles import tracks
from . import subtitle_options as options
from .grammar import Words
from .output import DONE, Output


def extract(args: argparse.Namespace, output: Output) -> int:
    """`extract FILM [OUT]`: without OUT the tracks are listed."""
    if args.target is None:
        found = tracks.listed(args.film)
        for track in found:
            output.record({"event": "track", **track.as_dict()}, str(track))
        if not found:
            output.record({"event": "tracks", "tracks": 0}, f"{args.film}: no subtitle tracks")
        return DONE
    options.target_format(args.target, args)
    document = options.read(args.film, args, output)
    made = options.write(args.target, document, args, output)
    options.tell_written(args.target, document, made, output, args.film)
    return DONE


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """`extract`."""
    command = commands.add_parser("extract", parents=[common])
    command.add_argument("film", type=Path, metavar="FILM")
    command.add_argument("target", type=Path, metavar="OUT", nargs="?", help="left out: list the tracks")
    options.add_reading(command, frames=False)
    options.add_writing(command)
    command.set_defaults(command=extract)
