# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `mux` and `burn`: subtitles into films."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable

from ..errors.base import UsageError
from ..film import burn as burning
from ..film import mux as muxing
from ..film import soft
from ..subtitles import reading
from ..subtitles.formats.base import ReadOptions
from . import drawing
from . import subtitle_options as options
from .call import named
from .grammar import Words
from .output import DONE, Output

_WORST = 63
"""The largest number of quality that the encoders know; H.264 ends at 51 and takes it for more."""


def mux(args: argparse.Namespace, output: Output) -> int:
    """`mux MEDIA SUBTITLES... -o OUT`: the film with more tracks."""
    languages: list[str] = args.language or []
    if len(languages) > len(args.subtitles):
        raise UsageError("There are more languages than files with subtitles.", "Say one for each, in their order.")
    if args.default is not None and args.default > len(args.subtitles):
        raise UsageError(f"There is no file number {args.default}.", "They are counted from 1; 0 is none of them.")
    tracks = []
    for number, path in enumerate(args.subtitles, 1):
        language = languages[number - 1] if number <= len(languages) else ""
        document = reading.load(path, encoding=args.encoding, options=ReadOptions(language=language))
        options.tell(path, document.findings, output)
        tracks.append(dataclasses.replace(soft.of_file(path, document, language), default=number == args.default))

    def work(told: Callable[[float], None]) -> int:
        done = muxing.mux(
            args.media, tracks, args.output, told, keep_default=args.default is None, overwrite=args.overwrite
        )
        for path, finding in done.findings:
            options.tell(path, [finding], output)
        data = {
            "event": "finished", "media": str(args.media), "output": str(args.output), "tracks": done.tracks,
            "losses": [f"{path}: {finding}" for path, finding in done.findings],
        }  # fmt: skip
        output.record(data, f"{args.output}: {done.tracks} subtitle tracks")
        return DONE

    return drawing.told(output, args.output, work)


def burn(args: argparse.Namespace, output: Output) -> int:
    """`burn MEDIA SUBTITLES -o OUT`: the film with subtitles on its pictures; 1 if something could not be drawn."""
    look, language = drawing.style_of(args), args.language or ""
    document = reading.load(args.subtitles, encoding=args.encoding, options=ReadOptions(language=language))
    options.tell(args.subtitles, document.findings, output)

    def work(told: Callable[[float], None]) -> int:
        done = burning.burn(
            args.media, document, args.output, look, fonts, told,
            language=language, codec=args.codec or "", crf=args.crf, overwrite=args.overwrite,
        )  # fmt: skip
        drawing.tell_problems(output, args.subtitles, document, done.problems)
        options.tell(args.media, done.findings, output)
        data = {
            "event": "finished", "media": str(args.media), "output": str(args.output), "frames": done.frames,
            "problems": len(done.problems), "losses": [f"{args.media}: {finding}" for finding in done.findings],
        }  # fmt: skip
        output.record(data, f"{args.output}: {done.frames} pictures")
        return drawing.code_for(done.problems)

    with drawing.fonts_of(args, document, (args.media, args.subtitles), output) as fonts:
        return drawing.told(output, args.output, work)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("a number from 0")
    return int(text)


def _quality(text: str) -> int:
    number = _number(text) if text.isdigit() else -1
    if not 0 <= number <= _WORST:
        raise argparse.ArgumentTypeError(f"a number from 0 to {_WORST}")
    return number


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """`mux` and `burn`."""
    _add_mux(commands, common)
    command = commands.add_parser("burn", parents=[common])
    command.add_argument("media", type=named, metavar="MEDIA")
    command.add_argument("subtitles", type=named, metavar="SUBTITLES")
    _add_output(command)
    drawing.add_options(command)
    command.add_argument(
        "--language", type=options.spoken, metavar="L", help="whose letters (default: as the file says)"
    )
    command.add_argument("--encoding", metavar="E", help="of the subtitles, such as cp1251 (default: by content)")
    command.add_argument("--codec", choices=tuple(burning.ENCODERS), help="default: vp9 or av1 in .webm, else h264")
    command.add_argument(
        "--crf", type=_quality, metavar="N", help="quality, less is better (default: 18, VP9, AV1: 28)"
    )
    command.set_defaults(command=burn)


def _add_mux(commands: Words, common: argparse.ArgumentParser) -> None:
    command = commands.add_parser("mux", parents=[common])
    command.add_argument("media", type=named, metavar="MEDIA")
    command.add_argument("subtitles", type=named, metavar="SUBTITLES", nargs="+")
    _add_output(command)
    command.add_argument(
        "--language", type=options.spoken, action="append", metavar="L",
        help="of the first file, again for the next (default: as the file or the end of its name says)",
    )  # fmt: skip
    command.add_argument(
        "--default", type=_number, metavar="N", help="players show the Nth of these files, from 1; 0: no subtitles"
    )
    command.add_argument("--encoding", metavar="E", help="of the subtitles, such as cp1251 (default: by content)")
    command.set_defaults(command=mux)


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-o", "--output", type=named, required=True, metavar="OUT", help="a new .mp4, .mov, .mkv or .webm"
    )
    command.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
