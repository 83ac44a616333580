# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `bake` and `styles`: subtitles as pictures, for render farms and other programs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from ..picture import baking, style
from ..picture.render import LARGEST, SMALLEST
from ..system import files
from ..system.user_folder import STYLES
from . import drawing
from . import subtitle_options as options
from .call import named
from .grammar import Words
from .output import DONE, FAILED, Output


def bake(args: argparse.Namespace, output: Output) -> int:
    """`bake FILE -o FOLDER`: a PNG file for each look of each subtitle; 1 if something could not be drawn."""
    look = drawing.style_of(args)
    document = options.read(args.file, args, output)
    width, height = args.size

    def work(told: Callable[[float], None]) -> int:
        try:
            result = baking.bake(
                document, args.output, width, height, look, letters, language=args.language,
                report=lambda done, total: told(done / total),
            )  # fmt: skip
        except OSError as error:
            raise files.disk_error(args.output, error) from error
        drawing.tell_problems(output, args.file, document, result.problems)
        return _tell(args.output, result, output)

    kept = "cancelled, what was drawn is kept and not drawn again"
    with drawing.fonts_of(args, document, (args.file,), output) as letters:
        return drawing.told(output, args.output, work, kept)


def _tell(target: Path, result: baking.Result, output: Output) -> int:
    for name in result.orphans:
        output.record({"event": "orphan", "file": name}, f"{target / name}: nothing uses it any more")
    data = {
        "event": "finished", "output": str(target), "cues": len(result.baked), "made": result.made,
        "kept": result.kept, "orphans": len(result.orphans), "problems": len(result.problems),
    }  # fmt: skip
    output.record(data, f"{target}: {len(result.baked)} subtitles, {result.made} pictures made anew")
    return drawing.code_for(result.problems)


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


def size(text: str) -> tuple[int, int]:
    """A picture's size for argparse: `1920x1080`. Raises ArgumentTypeError."""
    match = re.fullmatch(r"(\d{2,5})[xX×](\d{2,5})", text)
    found = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(SMALLEST <= number <= LARGEST for number in found):
        raise argparse.ArgumentTypeError("width and height in pixels, such as 1920x1080")
    return found


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """`bake` and `styles`."""
    command = commands.add_parser("bake", parents=[common])
    command.add_argument("file", type=named, metavar="FILE")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the files go")
    command.add_argument("--size", type=size, default=(1920, 1080), metavar="WxH", help="default: 1920x1080")
    drawing.add_options(command)
    options.add_reading(command)
    command.set_defaults(command=bake)
    command = commands.add_parser("styles", parents=[common])
    command.set_defaults(command=styles)
