# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `convert`, `merge` and `split`: subtitle files to subtitle files."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..errors.base import SubtitleEditorError, UsageError
from ..errors.subtitles import SubtitleFileError
from ..subtitles import merging, reading
from ..subtitles.document import Document
from ..subtitles.formats import registry
from ..system.files import files_in, is_same
from ..system.names import folded
from ..text import Text
from . import subtitle_options as options
from .call import named, signed_time, time_of
from .grammar import Words
from .output import DONE, FAILED, Output
from .subtitle_options import PIPE


def convert(args: argparse.Namespace, output: Output) -> int:
    """`convert IN... OUT`: another format, another encoding, other times. One bad file stops no other."""
    pairs = list(_pairs(args))
    targets = [target for _, target in pairs]
    if len(set(targets)) < len(targets):
        twice = next(target for target in targets if targets.count(target) > 1)
        raise UsageError(f"Two of the files would be written to {twice}.", "Convert them into two folders.")
    failed = 0
    written: dict[str, Path] = {}
    for source, target in pairs:
        try:
            _check_other(source, written.get(folded(str(target))), target)
            _convert_one(source, target, args, output)
            written[folded(str(target))] = target
        except SubtitleEditorError as error:
            if len(pairs) == 1 or isinstance(error, UsageError):
                raise
            failed += 1
            output.error(error, source=str(source))
    if len(pairs) > 1:
        output.say(f"{len(pairs) - failed} of {len(pairs)} files converted")
    return FAILED if failed else DONE


def _convert_one(source: Path, target: Path, args: argparse.Namespace, output: Output) -> None:
    document = options.with_rate(options.read(source, args, output), args)
    document = document.moved(args.shift, args.scale)
    _never_empty(source, target, document)
    if target != PIPE:
        target.parent.mkdir(parents=True, exist_ok=True)
    made = options.write(target, document, args, output)
    options.tell_written(target, document, made, output, source)


def _check_other(source: Path, written: Path | None, target: Path) -> None:
    """On a disk that takes two names for one the second would replace the first. Raises SubtitleFileError."""
    if written is not None and target.exists() and is_same(written, target):
        reason = Text("on this disk its name is that of {path}, which was just written", path=written)
        raise SubtitleFileError(source, reason, Text("Convert it into another folder."))


def _never_empty(source: Path, target: Path, document: Document) -> None:
    """Nothing replaces something. Raises SubtitleFileError."""
    if not document.cues and target.exists():
        raise SubtitleFileError(
            source,
            Text("there are no subtitles in it, and {path} exists", path=target),
            Text("Delete that file first if it is to be replaced by an empty one."),
        )


def _pairs(args: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Which file becomes which. Raises UsageError before anything is read."""
    sources: list[Path] = args.sources
    target, is_folder = args.target
    several = len(sources) > 1 or sources[0].is_dir()
    if not several and not is_folder:
        _never_the_last_source(target, options.target_format(target, args), args)
        yield sources[0], target
        return
    is_file = target == PIPE or (target.exists() and not target.is_dir())
    if several and is_file:
        raise UsageError("Several files cannot be converted into one.", "Name a folder, or use merge.")
    if is_file:
        raise UsageError(f"{target} is a file, and no folder.", "Name it without the slash at its end.")
    if args.target_format is None:
        raise UsageError(
            f"{target} is a folder, which does not tell the format.", "Say it with --to, such as --to srt."
        )
    suffix = registry.BY_ID[options.target_format(target, args)].suffixes[0]
    for source in sources:
        for file, below in _files(source):
            yield file, target / below.with_suffix(suffix)


def _never_the_last_source(target: Path, format: str, args: argparse.Namespace) -> None:
    """`convert *.srt --to vtt`, in a folder with two files, names the second as what to write. Raises UsageError."""
    if args.target_format is None or not target.is_file() or target.suffix in registry.BY_ID[format].suffixes:
        return
    held = format
    with contextlib.suppress(SubtitleEditorError):
        held = reading.load(target).format
    if held != format:
        there, asked = registry.BY_ID[held].label, registry.BY_ID[format].label
        raise UsageError(
            f"{target} is there already, and holds {there}, not {asked}.",
            "Name a folder, or a file that ends as its format does.",
        )


_OUTPUTS = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
"""Names of standard output, where there are such: what is said beside the subtitles must not come between them."""


class _Target(NamedTuple):
    path: Path
    is_folder: bool
    """Whether it is one, or is named with a slash at its end as only folders are."""


def _target(text: str) -> _Target:
    path = PIPE if text in _OUTPUTS else named(text)
    return _Target(path, os.path.isdir(path) or text.endswith(("/", os.sep)))  # Never raises, as Path's would.


def _files(source: Path) -> Iterator[tuple[Path, Path]]:
    """A file, or all subtitle files of a folder by their endings, and where each is to stand in another folder."""
    if not source.is_dir():
        yield source, Path("stdin" if source == PIPE else source.name)
        return
    endings = registry.suffixes()
    found = [path for path in sorted(files_in(source)) if path.suffix.lower() in endings]
    if not found:
        raise UsageError(f"There are no subtitle files in {source}.", f"Known endings: {', '.join(endings)}.")
    for path in found:
        yield path, path.relative_to(source)


def merge(args: argparse.Namespace, output: Output) -> int:
    """`merge IN IN... OUT`: the subtitles of several files in one, side by side or one file after the other."""
    target = _one(args.target)
    options.target_format(target, args)
    documents = [options.read(source, args, output) for source in args.sources]
    merged = merging.appended(documents, args.gap) if args.append else merging.merged(documents)
    return _written(target, merged, args, output)


def split(args: argparse.Namespace, output: Output) -> int:
    """`split IN OUT --at T...`: OUT-1, OUT-2 and so on, each from zero unless its times are kept."""
    whole = _one(args.target)
    options.target_format(whole, args)
    if whole == PIPE:
        raise UsageError("Several files cannot be written to a pipe.", "Name a file; a number is added to its name.")
    document = options.read(args.source, args, output)
    status = DONE
    parts = merging.split(document, sorted(args.at), keep_times=args.keep_times)
    for number, part in enumerate(parts, 1):
        target = whole.with_stem(f"{whole.stem}-{number}")
        status = max(status, _written(target, part, args, output))
    return status


def _one(target: _Target) -> Path:
    """The file that is to be written. Raises UsageError for a folder."""
    if target.is_folder:
        raise UsageError(f"{target.path} is a folder.", "Name the file that is to be written.")
    return target.path


def _written(target: Path, document: Document, args: argparse.Namespace, output: Output) -> int:
    _never_empty(target, target, document)
    options.tell_written(target, document, options.write(target, document, args, output), output)
    return DONE


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """`convert`, `merge` and `split`."""
    _add_convert(commands, common)
    command = _command(commands, common, "merge")
    command.add_argument("sources", type=named, metavar="IN", nargs="+")
    command.add_argument("target", type=_target, metavar="OUT")
    command.add_argument("--append", action="store_true", help="each file begins where the one before it has ended")
    command.add_argument("--gap", type=time_of, default=0.0, metavar="S", help="seconds between them, with --append")
    command.set_defaults(command=merge)
    command = _command(commands, common, "split")
    command.add_argument("source", type=named, metavar="IN")
    command.add_argument("target", type=_target, metavar="OUT", help="OUT-1, OUT-2 and so on are written")
    command.add_argument(
        "--at", type=time_of, action="append", required=True, metavar="T", help="where, again for more"
    )
    command.add_argument("--keep-times", action="store_true", help="do not let each part begin at zero")
    command.set_defaults(command=split)


def _add_convert(commands: Words, common: argparse.ArgumentParser) -> None:
    command = _command(commands, common, "convert")
    command.add_argument("sources", type=named, metavar="IN", nargs="+", help="files and folders; - is standard input")
    command.add_argument("target", type=_target, metavar="OUT", help="a file, a folder with --to, or - with --to")
    command.add_argument("--to-fps", type=options.rate, metavar="R", help="change from the rate of --fps to this one")
    command.add_argument(
        "--shift", type=signed_time, default=0.0, metavar="S", help="seconds later (earlier if negative)"
    )
    command.add_argument(
        "--scale", type=options.factor, default=1, metavar="F", help="multiply all times, before the shift"
    )
    command.set_defaults(command=convert)


def _command(commands: Words, common: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        parents=[common],
        epilog=options.formats_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_reading(command)
    options.add_writing(command)
    return command
