# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `subtitle-editor`, `python -m subtitle_editor` and `blender --command subtitle_editor`.

Its words, JSON keys and exit codes are a contract (docs/command-line.md): scripts and farms depend on them.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from . import addresses, cli_catalog, cli_library, cli_queue
from .cli_download import add_download_options, download, positive
from .cli_output import FAILED, INTERRUPTED, USAGE, Output
from .errors import SubtitleEditorError, UnexpectedError, UsageError
from .hub import endpoint, tokens
from .hub.tokens import Token
from .library import layout
from .subtitles.profiles import PROFILES
from .system import log_file, user_folder

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
    args.user_dir = args.user_dir or user_folder.default()
    output = Output(as_json=args.json, quiet=args.quiet)
    try:
        command: Callable[[argparse.Namespace, Output], int] = args.command
        with log_file.running(args.user_dir), _logged():
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
        output.error(UnexpectedError(error))
        return FAILED


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    """Write what nobody has foreseen into the log, which takes the secrets out, while it is open."""
    try:
        yield
    except (SubtitleEditorError, BrokenPipeError):
        raise
    except Exception:
        log.exception("command line")
        raise


def build_parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--models-dir", type=Path, metavar="DIR", help="models folder (default: the Hugging Face cache)"
    )
    common.add_argument("--user-dir", type=Path, metavar="DIR", help="folder of the jobs and of an own catalogue")
    common.add_argument(
        "--endpoint", type=_address, metavar="URL", help="another server with the hub's protocol, such as a mirror"
    )
    common.add_argument("--token-file", type=Path, metavar="F", help="file that holds a hub token (default: $HF_TOKEN)")
    common.add_argument("--offline", action="store_true", help="ask nothing of the network")
    common.add_argument("--json", action="store_true", help="one JSON object a line")
    common.add_argument("--quiet", action="store_true", help="no progress")
    parser = argparse.ArgumentParser(prog="subtitle-editor", description="Speech to subtitles, without Blender.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    models = commands.add_parser("models", help="list, show and download models")
    _add_models(models.add_subparsers(metavar="ACTION", required=True), common)
    _add_transcribe(commands, common)
    _add_check(commands, common)
    _add_convert(commands, common)
    return parser


def _add_models(actions: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    cli_catalog.add_commands(actions, common, _on_disk)
    download = actions.add_parser("download", parents=[common], help="download models")
    download.add_argument("models", metavar="ID", nargs="+")
    add_download_options(download)
    download.add_argument("--revision", metavar="R", help="branch, tag or commit")
    download.set_defaults(command=_download)
    cli_queue.add_commands(actions, common, _on_disk)
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
    _add_profile(command)
    command.add_argument("--words", action="store_true", help="measure and keep the time of each word")
    command.set_defaults(command=_transcribe)


def _add_profile(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--profile", default="netflix-en", choices=PROFILES, metavar="P", help=f"one of {', '.join(PROFILES)}"
    )


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    command = commands.add_parser("check", parents=[common], help="compare a subtitle file with reading rules")
    command.add_argument("file", type=Path, metavar="FILE")
    _add_profile(command)
    command.add_argument(
        "--fps", type=positive, default=24.0, metavar="R", help="frames per second, for rules in frames (default: 24)"
    )
    command.set_defaults(command=_check)


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
        "--scale", type=positive, default=1.0, metavar="F", help="multiply all times, before the shift"
    )
    command.set_defaults(command=_convert)


def _address(text: str) -> str:
    if text.strip() and not addresses.is_address(endpoint.resolve(text)):
        raise argparse.ArgumentTypeError("an address such as https://huggingface.co")
    return text


def _time(text: str) -> float:
    value = _signed_time(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a time of 0 or later")
    return value


def _signed_time(text: str) -> float:
    from .subtitles.timecode import parse_time

    try:
        seconds = parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("seconds or H:MM:SS") from error
    if abs(seconds) == float("inf") or seconds != seconds:
        raise argparse.ArgumentTypeError("a finite time")
    return seconds


# What the commands share


def _models_dir(args: argparse.Namespace) -> Path:
    return args.models_dir or layout.shared_cache()


def _token(args: argparse.Namespace) -> Token:
    """The token, if there is one. A token never stands on the command line, where other users could read it."""
    if args.token_file is None:
        return tokens.resolve(None, args.endpoint)
    try:
        return Token(args.token_file.read_text(encoding="utf-8").strip(), tokens.Origin.FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The token file {args.token_file} cannot be read.", "Name a readable text file.") from error


# The commands


def _on_disk(run: cli_library.Run) -> Callable[[argparse.Namespace, Output], int]:
    return lambda args, output: run(cli_library.Call(args, output, _models_dir(args), _token(args)))


def _download(args: argparse.Namespace, output: Output) -> int:
    return download(args, output, _models_dir(args), _token(args))


def _transcribe(args: argparse.Namespace, output: Output) -> int:
    from .cli_transcribe import transcribe

    return transcribe(args, output, _models_dir(args))


def _check(args: argparse.Namespace, output: Output) -> int:
    from .cli_subtitles import check

    return check(args, output)


def _convert(args: argparse.Namespace, output: Output) -> int:
    from .cli_subtitles import convert

    return convert(args, output)
