# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `bake` and `styles`: subtitles as pictures, for render farms and other programs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ..errors.base import UsageError
from ..errors.subtitles import SubtitleFileError
from ..picture import baking, style
from ..picture.fonts import Fonts, blender_folder
from ..picture.style import Style
from ..subtitles.timecode import format_time
from ..system import files
from ..system.reasons import reason_of
from ..text import Text
from . import subtitle_options as options
from .call import folder, named
from .output import DONE, FAILED, Output

STYLES = "styles"
"""Folder of a user's own styles, in the user's folder."""


def bake(args: argparse.Namespace, output: Output) -> int:
    """`bake FILE -o FOLDER`: a PNG file for each look of each subtitle; 1 if something could not be drawn."""
    look = style_of(args)
    document = options.read(args.file, args, output)
    width, height = args.size

    def report(done: int, total: int) -> None:
        output.working(done / total, f"{done} of {total} subtitles")

    try:
        result = baking.bake(
            document, args.output, width, height, look, fonts_of(args), language=args.language, report=report
        )
    except OSError as error:
        raise files.disk_error(args.output, error) from error
    for problem in result.problems:
        cue = document.cues[problem.index]
        data = {"event": "problem", "kind": problem.kind, "index": problem.index, "start": cue.start}
        output.record(data | {"message": problem.message}, f"{args.file}: {format_time(cue.start)}: {problem.message}")
    for name in result.orphans:
        output.record({"event": "orphan", "file": name}, f"{args.output / name}: nothing uses it any more")
    data = {
        "event": "finished", "output": str(args.output), "cues": len(result.baked), "made": result.made,
        "kept": result.kept, "orphans": len(result.orphans), "problems": len(result.problems),
    }  # fmt: skip
    output.record(data, f"{args.output}: {len(result.baked)} subtitles, {result.made} pictures made anew")
    return FAILED if result.problems else DONE


def styles(args: argparse.Namespace, output: Output) -> int:
    """`styles`: those there are, own ones too."""
    own, wrong = style.load(args.user_dir / STYLES)
    for one in {**style.presets(), **own}.values():
        is_own = one.name in own
        output.record(
            {"event": "style", "name": one.name, "label": one.title, "own": is_own},
            f"{one.name:16} {one.title}{' (your own)' if is_own else ''}",
        )
    for error in wrong:
        output.error(error)
    return FAILED if wrong else DONE


def style_of(args: argparse.Namespace) -> Style | None:
    """The style that was asked for; None: the file's own. Raises StyleError."""
    if not args.style:
        return None
    try:
        return style.find(args.style, args.user_dir / STYLES)
    except OSError as error:
        raise UsageError(f"The style {args.style} cannot be read: {reason_of(error)}.", "Name another one.") from error


def fonts_of(args: argparse.Namespace) -> Fonts:
    """The fonts to draw with. Raises SubtitleFileError for a folder that there is not."""
    for given in args.fonts or ():
        if not given.is_dir():
            raise SubtitleFileError(given, Text("there is no such folder"), Text("Name a folder with fonts."))
    return Fonts(given=args.fonts or (), blender=blender_folder())


def size(text: str) -> tuple[int, int]:
    """A picture's size for argparse: `1920x1080`. Raises ArgumentTypeError."""
    match = re.fullmatch(r"(\d{2,5})[xX×](\d{2,5})", text)
    found = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(16 <= number <= 16384 for number in found):
        raise argparse.ArgumentTypeError("width and height in pixels, such as 1920x1080")
    return found


def add_drawing(command: argparse.ArgumentParser) -> None:
    """The options of every command that draws subtitles."""
    command.add_argument("--style", metavar="S", help="a style by name, or a .toml file (default: the file's own)")
    command.add_argument("--fonts", type=folder, action="append", metavar="DIR", help="look for fonts here first")


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    """`bake` and `styles`."""
    command = commands.add_parser("bake", parents=[common], help="draw subtitles as PNG files with alpha")
    command.add_argument("file", type=named, metavar="FILE")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the files go")
    command.add_argument("--size", type=size, default=(1920, 1080), metavar="WxH", help="default: 1920x1080")
    add_drawing(command)
    options.add_reading(command)
    command.set_defaults(command=bake)
    command = commands.add_parser("styles", parents=[common], help="list the styles that subtitles are drawn in")
    command.set_defaults(command=styles)
