# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `subtitle-editor`, `python -m subtitle_editor` and `blender --command subtitle_editor`.

Its words, JSON keys and exit codes are a contract (docs/command-line.md): scripts and farms depend on them.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import catalog, cli_library, library
from .cli_output import DONE, FAILED, INTERRUPTED, USAGE, Output
from .cues import PROFILES, Cue
from .errors import SubtitleEditorError, UnexpectedError, UsageError
from .units import human_size

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 usage, 130 interrupted. Never raises an error.

    Called on the main thread: Ctrl-C reaches it as KeyboardInterrupt, and what was downloaded or transcribed is kept.
    """
    parser = build_parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as end:
        # argparse ends the process; inside Blender that would take the user's work along.
        return end.code if isinstance(end.code, int) else USAGE
    output = Output(as_json=args.json, quiet=args.quiet)
    try:
        command: Callable[[argparse.Namespace, Output], int] = args.command
        return command(args, output)
    except UsageError as error:
        output.error(error)
        return USAGE
    except SubtitleEditorError as error:
        output.error(error)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`). Nothing more can be told to anyone.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        return FAILED
    except Exception as error:  # The last one who could tell the user anything.
        log.exception("command line")
        output.error(UnexpectedError(error))
        return FAILED


def build_parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--models-dir", type=Path, metavar="DIR", help="models folder (default: the Hugging Face cache)"
    )
    common.add_argument("--endpoint", metavar="URL", help="another server with the hub's protocol, such as a mirror")
    common.add_argument("--token-file", type=Path, metavar="F", help="file that holds a hub token (default: $HF_TOKEN)")
    common.add_argument("--json", action="store_true", help="one JSON object a line")
    common.add_argument("--quiet", action="store_true", help="no progress")
    parser = argparse.ArgumentParser(prog="subtitle-editor", description="Speech to subtitles, without Blender.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    models = commands.add_parser("models", help="list, show and download models")
    _add_models(models.add_subparsers(metavar="ACTION", required=True), common)
    _add_transcribe(commands, common)
    _add_convert(commands, common)
    return parser


def _add_models(actions: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    listing = actions.add_parser("list", parents=[common], help="what can be downloaded, and what is installed")
    listing.add_argument("--kind", metavar="K", help="only this kind, such as speech-to-text")
    listing.add_argument("--search", metavar="TEXT", help="only where id, name or description has this text")
    which = listing.add_mutually_exclusive_group()
    which.add_argument("--installed", action="store_true", help="only installed ones")
    which.add_argument("--missing", action="store_true", help="only missing ones")
    listing.set_defaults(command=_list)
    show = actions.add_parser("show", parents=[common], help="all about one model")
    show.add_argument("model", metavar="ID")
    show.set_defaults(command=_show)
    download = actions.add_parser("download", parents=[common], help="download models")
    download.add_argument("models", metavar="ID", nargs="+")
    download.add_argument("--connections", type=_connections, default=6, metavar="N", help="1 to 16 (default 6)")
    download.add_argument("--limit-rate", type=_positive, metavar="BYTES_PER_S", help="speed limit")
    download.add_argument("--revision", metavar="R", help="branch, tag or commit")
    download.set_defaults(command=_download)
    cli_library.add_commands(actions, common, _on_disk)


def _add_transcribe(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    command = commands.add_parser("transcribe", parents=[common], help="make subtitles from a sound or film")
    command.add_argument("media", type=Path, metavar="MEDIA")
    command.add_argument("-m", "--model", required=True, metavar="ID")
    command.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="subtitle file (default: beside the media, .srt)"
    )
    command.add_argument("--language", metavar="L", help="such as en (default: detected)")
    command.add_argument("--task", choices=("transcribe", "translate"), default="transcribe")
    command.add_argument("--from", dest="start", type=_time, default=0.0, metavar="S", help="seconds or H:MM:SS")
    command.add_argument("--to", dest="end", type=_time, metavar="S", help="seconds or H:MM:SS")
    command.add_argument(
        "--profile", default="netflix-en", choices=PROFILES, metavar="P", help=f"one of {', '.join(PROFILES)}"
    )
    command.add_argument("--words", action="store_true", help="measure and keep the time of each word")
    command.set_defaults(command=_transcribe)


def _add_convert(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    command = commands.add_parser("convert", parents=[common], help="change a subtitle file's format or times")
    command.add_argument("source", type=Path, metavar="IN")
    command.add_argument("target", type=Path, metavar="OUT")
    command.add_argument(
        "--shift", type=_signed_time, default=0.0, metavar="S", help="seconds later (earlier if negative)"
    )
    command.add_argument(
        "--scale", type=_positive, default=1.0, metavar="F", help="multiply all times, before the shift"
    )
    command.set_defaults(command=_convert)


def _connections(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 16:
        raise argparse.ArgumentTypeError("1 to 16")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("a number above 0")
    return value


def _time(text: str) -> float:
    value = _signed_time(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a time of 0 or later")
    return value


def _signed_time(text: str) -> float:
    from .timecode import parse_time

    try:
        seconds = parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("seconds or H:MM:SS") from error
    if abs(seconds) == float("inf") or seconds != seconds:
        raise argparse.ArgumentTypeError("a finite time")
    return seconds


# What the commands share


def _models_dir(args: argparse.Namespace) -> Path:
    return args.models_dir or library.shared_cache()


def _token(args: argparse.Namespace) -> str | None:
    """The token, if there is one. A token never stands on the command line, where other users could read it."""
    if args.token_file is None:
        return os.environ.get("HF_TOKEN") or None
    try:
        return args.token_file.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The token file {args.token_file} cannot be read.", "Name a readable text file.") from error


def _describe(entry: catalog.Entry, status: library.Status) -> dict[str, object]:
    installed = status.installed
    data: dict[str, object] = {
        "id": entry.id,
        "name": entry.name,
        "kind": entry.kind,
        "size": installed.size if installed else entry.size,
        "languages": list(entry.languages),
        "licence": entry.licence,
        "description": entry.description,
        "repository": entry.sources[0].repo,
        "alias_of": entry.alias_of,
        "installed": status.state.usable,
        "state": status.state,
        "bytes_done": status.bytes_done,
        "bytes_total": status.bytes_total,
        "damaged": list(status.damaged),
        "partials": status.partials,
        "update": status.newer.commit if status.newer else None,
    }
    if installed:
        data.update(path=str(installed.path), revision=installed.revision)
    return data


# The commands


def _list(args: argparse.Namespace, output: Output) -> int:
    search = (args.search or "").casefold()
    for entry in catalog.load():
        if args.kind and entry.kind != args.kind:
            continue
        if search not in f"{entry.id} {entry.name} {entry.description}".casefold():
            continue
        status = library.status(_models_dir(args), entry)
        if (args.installed and not status.state.usable) or (args.missing and status.state.usable):
            continue
        size = human_size(status.installed.size if status.installed else entry.size)
        text = f"{_MARKS[status.state]} {entry.id:<18} {size:>9}  {_state_in_words(status):<13} {entry.description}"
        output.record(_describe(entry, status), text)
    return DONE


_MARKS = {
    library.ModelState.MISSING: " ",
    library.ModelState.PARTIAL: "~",
    library.ModelState.INSTALLED: "✓",
    library.ModelState.UNVERIFIED: "✓",
    library.ModelState.DAMAGED: "!",
    library.ModelState.UPDATE: "↑",
}


def _state_in_words(status: library.Status) -> str:
    if status.state is library.ModelState.PARTIAL and status.bytes_total:
        return f"{status.state} {100 * status.bytes_done // status.bytes_total} %"
    return str(status.state)


def _show(args: argparse.Namespace, output: Output) -> int:
    entry = catalog.load().get(args.model)
    status = library.status(_models_dir(args), entry)
    data = _describe(entry, status)
    shown = {key: value for key, value in data.items() if value not in (None, "", [], 0)}
    for key in ("size", "bytes_done", "bytes_total", "partials"):
        if data[key]:
            shown[key] = human_size(int(str(data[key])))
    lines = (
        f"{key + ':':<13} {', '.join(value) if isinstance(value, list) else value}" for key, value in shown.items()
    )
    output.record(data, "\n".join(lines))
    return DONE


def _on_disk(run: cli_library.Run) -> Callable[[argparse.Namespace, Output], int]:
    return lambda args, output: run(cli_library.Call(args, output, _models_dir(args), _token(args)))


def _download(args: argparse.Namespace, output: Output) -> int:
    from .cli_jobs import download

    return download(args, output, _models_dir(args), _token(args))


def _transcribe(args: argparse.Namespace, output: Output) -> int:
    from .cli_jobs import transcribe

    return transcribe(args, output, _models_dir(args))


def _convert(args: argparse.Namespace, output: Output) -> int:
    from . import subtitle_files

    source = subtitle_files.load(args.source)
    for warning in source.warnings:
        output.say(f"{args.source}: {warning}")
    cues = [_scaled(cue, args.scale).shifted(args.shift) for cue in source.cues]
    kept = [cue for cue in cues if cue.end > 0]
    subtitle_files.save(args.target, kept)
    if len(kept) < len(cues):
        output.say(f"{len(cues) - len(kept)} subtitles that would end before the start were left out.")
    data = {"event": "finished", "output": str(args.target), "cues": len(kept), "warnings": source.warnings}
    output.record(data, f"{args.target}: {len(kept)} subtitles")
    return DONE


def _scaled(cue: Cue, factor: float) -> Cue:
    """The same subtitle with all its times multiplied."""
    words = tuple(dataclasses.replace(word, start=word.start * factor, end=word.end * factor) for word in cue.words)
    return dataclasses.replace(cue, start=cue.start * factor, end=cue.end * factor, words=words)
