# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands share that draw subtitles or write films: style and fonts, progress, what could not be drawn."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..errors.base import UsageError
from ..errors.subtitles import SubtitleFileError
from ..film import attached
from ..picture import embedded, style
from ..picture.fonts import Fonts, blender_folder
from ..picture.render import FONT, Problem, cues_of
from ..picture.style import Style
from ..subtitles.document import Document, Finding, Kind
from ..subtitles.timecode import format_time
from ..system.reasons import reason_of
from ..system.user_folder import STYLES
from ..text import Text
from . import subtitle_options as options
from .call import folder
from .output import DONE, FAILED, Output
from .running import attended
from .stopping import code_of

_EVERY = 1.0
"""Seconds between two lines of progress for programs."""


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of every command that draws subtitles."""
    command.add_argument("--style", metavar="S", help="a style by name, or a .toml file (default: the file's own)")
    command.add_argument("--fonts", type=folder, action="append", metavar="DIR", help="look for fonts here first")


def style_of(args: argparse.Namespace) -> Style | None:
    """The style that was asked for; None: the file's own. Raises StyleError."""
    if not args.style:
        return None
    try:
        return style.find(args.style, args.user_dir / STYLES)
    except OSError as error:
        raise UsageError(f"The style {args.style} cannot be read: {reason_of(error)}.", "Name another one.") from error


@contextlib.contextmanager
def fonts_of(args: argparse.Namespace, document: Document, files: Sequence[Path], output: Output) -> Iterator[Fonts]:
    """The fonts to draw with, those among them that a document or films in `files` bring along. Raises
    SubtitleFileError for a folder that there is not."""
    for given in args.fonts or ():
        if not given.is_dir():
            raise SubtitleFileError(given, Text("there is no such folder"), Text("Name a folder with fonts."))
    own = itertools.chain(embedded.fonts_of(document), *(attached.fonts_of(path) for path in files))
    with embedded.unpacked(own) as (folder, left_out):
        if left_out:
            message = Text("{number} of the fonts in it are not used: too many, or too large.", number=left_out)
            options.tell(files[-1], [Finding(Kind.BROKEN, message)], output)
        yield Fonts(given=args.fonts or (), blender=blender_folder(), attached=folder)


def code_for(problems: Iterable[Problem]) -> int:
    """The exit code: a font that is not there is told, but all is drawn."""
    return FAILED if any(problem.kind != FONT for problem in problems) else DONE


def tell_problems(output: Output, path: Path, document: Document, problems: Iterable[Problem]) -> None:
    """What could not be drawn of the subtitles of a file."""
    cues = cues_of(document)
    for problem in problems:
        start = cues[problem.index].start
        data = {"event": "problem", "kind": problem.kind, "index": problem.index, "start": start}
        output.record(data | {"message": problem.message}, f"{path}: {format_time(start)}: {problem.message}")


def told(
    output: Output, target: Path, work: Callable[[Callable[[float], None]], int],
    cancelled: str = "cancelled, nothing was written",
) -> int:  # fmt: skip
    """Do the work, telling how much of it is done; a signal that ends it is told too, with what `cancelled` says of
    the target."""
    last = time.monotonic()

    def tell(fraction: float) -> None:
        nonlocal last
        output.working(fraction, f"{target.name}: {fraction:.0%}")
        if output.json and time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            output.record({"event": "progress", "output": str(target), "fraction": round(fraction, 4)}, "")

    try:
        with attended():
            return work(tell)
    except KeyboardInterrupt as stop:
        if output.json:
            output.record({"event": "cancelled", "output": str(target)}, "")
        else:
            output.say(f"{target}: {cancelled}")
        return code_of(stop)
