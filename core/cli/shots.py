# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `shots`: where a film cuts from one shot to the next."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..subtitles import shots as core
from ..subtitles.timecode import format_time
from .call import named
from .grammar import Words
from .output import DONE, Output


def shots(args: argparse.Namespace, output: Output) -> int:
    """`shots MEDIA`: the time of each cut, one a line."""
    found_shots = found(args.media, args, output, again=args.again)
    for cut in found_shots.cuts:
        output.record({"event": "shot", "start": round(cut, 3)}, format_time(cut))
    data = {"event": "finished", "media": str(args.media), "shots": len(found_shots.cuts)}
    if output.json:
        output.record(data | {"duration": found_shots.duration}, "")
    else:
        output.say(f"{args.media}: {len(found_shots.cuts)} cuts")
    return DONE


def found(media: Path, args: argparse.Namespace, output: Output, *, again: bool = False) -> core.Shots:
    """The shots of a film: as they are remembered, else looked for. Raises MediaError."""
    known = None if again else core.remembered(args.user_dir, media)
    if known is None:
        output.say(f"Looking for cuts in {media} ...")
        known = core.find(media)
        core.remember(args.user_dir, media, known)
    return known


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """The grammar of `shots`."""
    command = commands.add_parser("shots", parents=[common])
    command.add_argument("media", type=named, metavar="MEDIA")
    command.add_argument("--again", action="store_true", help="also if they were found before")
    command.set_defaults(command=shots)
