# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's words for subtitle files: `check` and `convert`."""

from __future__ import annotations

import argparse
import dataclasses

from ..cues import Cue
from ..errors import SubtitleRulesError
from ..subtitles import files, quality
from ..subtitles.profiles import PROFILES
from ..subtitles.timecode import format_time
from .call import add_profile, named, positive, signed_time
from .output import DONE, FAILED, Output


def check(args: argparse.Namespace, output: Output) -> int:
    """`check FILE`: every rule of the profile that a subtitle breaks, in the order of the file; 1 if there is one."""
    source = files.load(args.file)
    for warning in source.warnings:
        output.say(f"{args.file}: {warning}")
    problems = quality.check(source.cues, PROFILES[args.profile], frame_rate=args.fps)
    for problem in problems:
        cue = source.cues[problem.index]
        output.record(
            {
                "event": "problem",
                "number": problem.index + 1,
                "start": cue.start,
                "end": cue.end,
                "text": cue.text,
                "rule": problem.rule,
                "message": str(problem.message),
            },
            f"{args.file}: {problem.index + 1}: {format_time(cue.start)}: {problem.rule}: {problem.message}",
        )
    counts = {"profile": args.profile, "cues": len(source.cues), "problems": len(problems), "warnings": source.warnings}
    if problems:
        output.error(SubtitleRulesError(args.file, len(problems), PROFILES[args.profile].label), **counts)
        return FAILED
    text = f"{args.file}: {len(source.cues)} subtitles, no problems with the rules of {args.profile}"
    output.record({"event": "finished", **counts}, text)
    return DONE


def convert(args: argparse.Namespace, output: Output) -> int:
    """`convert IN OUT`: another format, other times."""
    source = files.load(args.source)
    for warning in source.warnings:
        output.say(f"{args.source}: {warning}")
    cues = [_scaled(cue, args.scale).shifted(args.shift) for cue in source.cues]
    kept = [cue for cue in cues if cue.end > 0]
    files.save(args.target, kept)
    if len(kept) < len(cues):
        output.say(f"{len(cues) - len(kept)} subtitles that would end before the start were left out.")
    data = {"event": "finished", "output": str(args.target), "cues": len(kept), "warnings": source.warnings}
    output.record(data, f"{args.target}: {len(kept)} subtitles")
    return DONE


def _scaled(cue: Cue, factor: float) -> Cue:
    """The same subtitle with all its times multiplied."""
    words = tuple(dataclasses.replace(word, start=word.start * factor, end=word.end * factor) for word in cue.words)
    return dataclasses.replace(cue, start=cue.start * factor, end=cue.end * factor, words=words)


def add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    command = commands.add_parser("check", parents=[common], help="compare a subtitle file with reading rules")
    command.add_argument("file", type=named, metavar="FILE")
    add_profile(command)
    command.add_argument(
        "--fps", type=positive, default=24.0, metavar="R", help="frames per second, for rules in frames (default: 24)"
    )
    command.set_defaults(command=check)


def add_convert(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    command = commands.add_parser("convert", parents=[common], help="change a subtitle file's format or times")
    command.add_argument("source", type=named, metavar="IN")
    command.add_argument("target", type=named, metavar="OUT")
    command.add_argument(
        "--shift", type=signed_time, default=0.0, metavar="S", help="seconds later (earlier if negative)"
    )
    command.add_argument(
        "--scale", type=positive, default=1.0, metavar="F", help="multiply all times, before the shift"
    )
    command.set_defaults(command=convert)
