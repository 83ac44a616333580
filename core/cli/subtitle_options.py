# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words for subtitle files share: how a file is read and written, and what is told of it."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors.base import UsageError
from ..subtitles import reading, writing
from ..subtitles.document import Document, Finding
from ..subtitles.formats import registry
from ..subtitles.formats.base import ReadOptions, WriteOptions
from ..subtitles.timecode import FrameRate, rate_of
from .output import Output

PIPE = Path("-")
"""Standard input or output in place of a file."""
_FACTOR = re.compile(r"\d{1,30}\.?\d{0,30}|\.\d{1,30}|\d{1,9}/0*[1-9]\d{0,8}", re.ASCII)
"""Not all that Fraction takes: of `1e999999999` it would make a number of as many digits."""


def rate(text: str) -> Fraction:
    """Frames per second for argparse: `25`, `23.976`, `24000/1001`. Raises ArgumentTypeError."""
    try:
        value = rate_of(text)
        return value if "/" in text else FrameRate.from_fps(float(value)).exact
    except ValueError:
        raise argparse.ArgumentTypeError("frames per second, such as 25 or 23.976") from None


def factor(text: str) -> Fraction:
    """A number above 0 for argparse, a fraction such as `24/25` too. Raises ArgumentTypeError."""
    value = Fraction(text) if _FACTOR.fullmatch(text) else Fraction(0)
    if not 0 < value < 1_000_000:
        raise argparse.ArgumentTypeError("a number above 0, such as 0.96 or 24/25")
    return value


def spoken(text: str) -> str:
    """A track's language for argparse: a tag, with or without a country, or a name. Raises ArgumentTypeError."""
    from ..speech.naming import language_code, three_letters

    found = text if three_letters(text) else language_code(text, countries=False)
    if not found:
        raise argparse.ArgumentTypeError(f'a language such as de, pt-BR or German, not "{text}"')
    return found


def track(text: str) -> int | str:
    """A number from 1, or a language, for argparse. Raises ArgumentTypeError."""
    if not text.lstrip("-").isdecimal():
        return spoken(text)
    if not text.isascii() or text.startswith("-") or int(text[:9]) < 1:
        raise argparse.ArgumentTypeError("a number from 1, or a language")
    return int(text[:9])


def add_reading(command: argparse.ArgumentParser, *, frames: bool = True) -> None:
    """The options of every command that reads subtitle files; `frames`: `--fps` says how their frames count."""
    command.add_argument("--from", dest="source_format", metavar="F", help="format of the input (default: by content)")
    command.add_argument("--encoding", metavar="E", help="encoding of the input, such as cp1251 (default: by content)")
    command.add_argument("--language", default="", metavar="L", help="such as fa: helps to find the encoding")
    command.add_argument(
        "--track", type=track, metavar="T", help="which of several in one file: its number, or its language"
    )
    command.add_argument("--keep-rolling", action="store_true", help="leave captions that roll up as they are")
    command.add_argument("--timestamp-map", action="store_true", help="add WebVTT's X-TIMESTAMP-MAP to its times")
    if frames:
        command.add_argument("--fps", type=rate, metavar="R", help="frames per second, where times count frames")


def add_writing(command: argparse.ArgumentParser) -> None:
    """The options of every command that writes subtitle files."""
    command.add_argument("--to", dest="target_format", metavar="F", help="format of the output (default: by ending)")
    command.add_argument("--out-encoding", default="utf-8", metavar="E", help="utf-8 (default), utf-8-sig, utf-16, ...")
    command.add_argument("--newline", choices=("lf", "crlf"), default="lf", help="how lines end (default: lf)")


def formats_text() -> str:
    """All formats, as the end of a help text."""
    rows = ["formats (id, endings, and whether it is read and written):"]
    for format in registry.FORMATS:
        does = " and ".join(word for word, able in (("read", format.read), ("written", format.write)) if able)
        rows.append(f"  {format.id:12} {' '.join(format.suffixes):22} {does:17} {format.label}")
    return "\n".join(rows)


def read(path: Path, args: argparse.Namespace, output: Output) -> Document:
    """The file, or standard input for `-`; what was noticed is told. Raises SubtitleFileError."""
    language = args.track if isinstance(args.track, str) else ""
    options = ReadOptions(
        fps=getattr(args, "fps", None) if isinstance(getattr(args, "fps", None), Fraction) else None,
        language=args.language or language,
        track=args.track if isinstance(args.track, int) else None,
        track_language=language,
        keep_rolling=args.keep_rolling,
        timestamp_map=args.timestamp_map,
    )
    if path == PIPE:
        data = sys.stdin.buffer.read(reading.MAX_SIZE + 1)
        document = reading.parse(data, "-", format=args.source_format, encoding=args.encoding, options=options)
    else:
        document = reading.load(path, format=args.source_format, encoding=args.encoding, options=options)
    tell(path, document.findings, output)
    return document


def tell(path: Path, findings: Iterable[Finding], output: Output) -> None:
    """Say each finding with the file's name."""
    for finding in findings:
        output.say(f"{path}: {finding}")


def write(path: Path, document: Document, args: argparse.Namespace, output: Output) -> writing.Made:
    """Write the file, or standard output for `-`, and return what was written; what the format cannot say is told.

    Raises SubtitleFileError, UsageError, FolderNotWritableError.
    """
    options = WriteOptions(fps=getattr(args, "to_fps", None) or document.fps)
    format = target_format(path, args)
    newline = "\r\n" if args.newline == "crlf" else "\n"
    made = writing.made(path, document, format, encoding=args.out_encoding, newline=newline, options=options)
    tell(path, made.findings, output)
    if path == PIPE:
        sys.stdout.buffer.write(made.data)
        sys.stdout.buffer.flush()
    else:
        writing.write_atomically(path, made.data)
    return made


def tell_written(
    path: Path, document: Document, made: writing.Made, output: Output, source: Path | None = None
) -> None:
    """Say that a file was written, and what it holds; nothing of standard output, which holds it itself."""
    if path == PIPE:
        return
    data: dict[str, Any] = {"event": "finished"} | ({"source": str(source)} if source is not None else {})
    data |= {"output": str(path), "cues": made.number, "warnings": document.warnings}
    output.record(data | {"losses": [str(loss) for loss in made.findings]}, f"{path}: {made.number} subtitles")


def target_format(path: Path, args: argparse.Namespace) -> str:
    """The id of the format to write, known before anything is read. Raises UsageError."""
    name: str | None = args.target_format
    found = registry.BY_ID.get(name) if name else registry.by_suffix(path.suffix, writing=True)
    if found is not None and found.write is not None:
        return found.id
    known = ", ".join(format.id for format in registry.writable())
    if name is None and path == PIPE:
        raise UsageError("A pipe has no ending that tells the format.", f"Say --to with one of {known}.")
    what = name or path.suffix or str(path)
    raise UsageError(f'"{what}" is not a subtitle format to write.', f"Choose one of {known}.")


def with_rate(document: Document, args: argparse.Namespace) -> Document:
    """The document for another frame rate: all times by the old rate over the new. Raises UsageError."""
    if args.to_fps is None:
        return document
    old = args.fps or document.fps
    if old is None:
        raise UsageError("--to-fps needs to know the rate that the file is for.", "Say it with --fps.")
    return dataclasses.replace(document.moved(factor=old / args.to_fps), fps=args.to_fps)
