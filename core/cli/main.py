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

from .. import addresses
from ..errors.base import SubtitleEditorError, UnexpectedError, UsageError
from ..errors.disk import NoAccessError, OutputError
from ..hub import endpoint
from ..system import log_file, user_folder, version
from ..system.reasons import reason_of
from . import (
    bake,
    call,
    catalog,
    console,
    convert,
    extract,
    film,
    jobs,
    leftovers,
    library,
    listening,
    spelling,
    subtitles,
)
from .align import add_align
from .call import add_download_options, folder, models_dir_of, token_of
from .devices import add_devices
from .download import download
from .output import FAILED, INTERRUPTED, USAGE, Output
from .serve import add_serve
from .shots import add_shots
from .sync import add_sync
from .transcribe import add_transcribe

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 usage, above 128 a signal. Never raises an error.

    Called on the main thread: Ctrl-C reaches it as KeyboardInterrupt, and what was downloaded or transcribed is kept.
    """
    with console.prepared():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    parser = build_parser()
    words = spelling.ours(sys.argv[1:] if argv is None else argv)
    try:
        args = parser.parse_args(words)
    except SystemExit as end:
        # argparse ends the process; inside Blender that would take the user's work along.
        return end.code if isinstance(end.code, int) else USAGE
    output = Output(as_json=args.json, quiet=args.quiet)
    try:
        args.user_dir = args.user_dir or user_folder.default()
        if getattr(args, "preset", None):
            args.parser.set_defaults(**listening.preset(args))
            args = parser.parse_args(words, argparse.Namespace(user_dir=args.user_dir))
            args.user_dir = args.user_dir or user_folder.default()
        command: Callable[[argparse.Namespace, Output], int] = args.command
        with log_file.running(args.user_dir), _logged():
            return command(args, output)
    except UsageError as error:
        output.error(error)
        return USAGE
    except OutputError as error:
        output.warn(str(error))
        return _unheard()
    except SubtitleEditorError as error:
        output.error(error)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _unheard()  # The reader of our output went away (`| head`). Nothing more can be told to anyone.
    except OSError as error:
        output.error(_refused(error))
        return FAILED
    except Exception as error:  # The last one who could tell the user anything.
        output.error(UnexpectedError(error))
        return FAILED


def _unheard() -> int:
    """The exit code. What could not be written is given up: at its end Python would try once more."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    return FAILED


def _refused(error: OSError) -> SubtitleEditorError:
    """The system refused something that nobody has foreseen: if it says which file, that was named by the user."""
    if error.errno is not None and isinstance(error.filename, (str, bytes)):
        return NoAccessError(Path(os.fsdecode(error.filename)), reason_of(error))
    try:
        os.getcwd()
    except OSError as gone:  # Somebody has deleted the folder that we were started in.
        return NoAccessError(Path(os.environ.get("PWD") or "."), reason_of(gone))
    return UnexpectedError(error)


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    """Write what nobody has foreseen into the log, which takes the secrets out, while it is open."""
    try:
        yield
    except (SubtitleEditorError, BrokenPipeError):
        raise
    except OSError as error:
        level = logging.ERROR if isinstance(_refused(error), UnexpectedError) else logging.INFO
        log.log(level, "command line", exc_info=True)
        raise
    except Exception:
        log.exception("command line")
        raise


class _Version(argparse.Action):
    """`--version`: looked up only where it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it and end, as `--help` does."""
        print(f"{parser.prog} {version.version()}")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--models-dir", type=folder, metavar="DIR", help="models folder (default: the Hugging Face cache)"
    )
    common.add_argument("--user-dir", type=folder, metavar="DIR", help="folder of the jobs and of an own catalogue")
    common.add_argument(
        "--endpoint", type=_address, metavar="URL", help="another server with the hub's protocol, such as a mirror"
    )
    common.add_argument(
        "--token-file", type=folder, metavar="F", help="file that holds a hub token (default: $HF_TOKEN)"
    )
    common.add_argument("--offline", action="store_true", help="ask nothing of the network")
    common.add_argument("--json", action="store_true", help="one JSON object a line")
    common.add_argument("--quiet", action="store_true", help="no progress")
    parser = argparse.ArgumentParser(prog="subtitle-editor", description="Speech to subtitles, without Blender.")
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    models = commands.add_parser("models", help="list, show and download models")
    _add_models(models.add_subparsers(metavar="ACTION", required=True), common)
    add_serve(commands, common, _on_disk)
    add_transcribe(commands, common)
    add_devices(commands, common)
    subtitles.add_commands(commands, common)
    convert.add_commands(commands, common)
    extract.add_commands(commands, common)
    bake.add_commands(commands, common)
    film.add_commands(commands, common)
    add_sync(commands, common)
    add_shots(commands, common)
    add_align(commands, common)
    return parser


def _add_models(actions: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    catalog.add_commands(actions, common, _on_disk)
    download = actions.add_parser("download", parents=[common], help="download models")
    download.add_argument("models", metavar="ID", nargs="+")
    add_download_options(download)
    download.add_argument("--revision", metavar="R", help="branch, tag or commit")
    download.set_defaults(command=_download)
    jobs.add_commands(actions, common, _on_disk)
    library.add_commands(actions, common, _on_disk)
    leftovers.add_commands(actions, common, _on_disk)


def _address(text: str) -> str:
    if text.strip() and not addresses.is_address(endpoint.resolve(text)):
        raise argparse.ArgumentTypeError("an address such as https://huggingface.co")
    return text


# The commands


def _on_disk(run: call.Command) -> Callable[[argparse.Namespace, Output], int]:
    return lambda args, output: run(call.Call(args, output, models_dir_of(args), token_of(args)))


def _download(args: argparse.Namespace, output: Output) -> int:
    return download(args, output, models_dir_of(args), token_of(args))
