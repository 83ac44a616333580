# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `subtitle-editor`, `python -m subtitle_editor` and `blender --command subtitle_editor`.

Its words, JSON keys and exit codes are a contract (docs/command-line.md): scripts and farms depend on them.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import addresses
from ..errors.base import SubtitleEditorError, UnexpectedError, UsageError
from ..errors.disk import NoAccessError, OutputError
from ..hub import endpoint
from ..system import log_file, user_folder
from ..system.reasons import reason_of
from . import console, spelling
from .call import folder
from .grammar import Words
from .output import FAILED, INTERRUPTED, USAGE, Output

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
        if end.code:
            for hint in spelling.hints(words):
                print(hint, file=sys.stderr)
        return end.code if isinstance(end.code, int) else USAGE
    output = Output(as_json=args.json, quiet=args.quiet)
    try:
        args.user_dir = args.user_dir or user_folder.default()
        if getattr(args, "preset", None):
            from . import listening

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
        from ..system import version

        print(f"{parser.prog} {version.version()}")
        parser.exit()


_WORDS = {
    "serve": {"serve": "the models by REST, by events and in a browser"},
    "transcribe": {"transcribe": "make subtitles from sounds and films"},
    "devices": {"devices": "graphics cards, and whether they can listen"},
    "subtitles": {
        "check": "compare a subtitle file with reading rules",
        "profiles": "list the reading rules, your own among them",
        "info": "say what a subtitle file is and what is in it",
    },
    "convert": {
        "convert": "change the format, encoding or times of subtitle files",
        "merge": "put several subtitle files into one",
        "split": "cut a subtitle file into several",
    },
    "extract": {"extract": "list the subtitle tracks inside a film, or write one to a file"},
    "bake": {
        "bake": "draw subtitles as PNG files with alpha",
        "styles": "list the styles that subtitles are drawn in",
    },
    "film": {
        "mux": "put subtitles into a film, as tracks to choose from",
        "burn": "put subtitles onto the pictures of a film",
    },
    "sync": {"sync": "fit a subtitle file's times to a film's speech"},
    "shots": {"shots": "say where a film cuts from one shot to the next"},
    "align": {"align": "give a known text the times of a film's speech"},
}
"""The files of this folder, the words whose options their `add_commands` knows, and what the help says of each."""

_MODELS = {
    "catalog": {
        "list": "what can be downloaded, and what is installed",
        "show": "all about one model, file by file",
        "add": "put a repository of the hub into your own catalogue",
        "unlist": "take an own entry out; its files stay",
    },
    "download": {"download": "download models"},
    "jobs": {
        "jobs": "the downloads that wait, run, or can be resumed",
        "resume": "continue downloads, in this process",
        "status": "all about one download",
        "pause": "stop a download, wherever it runs; it can be resumed",
        "cancel": "end a download, wherever it runs; what has arrived is kept",
    },
    "library": {
        "verify": "compare every file's hash with the published one",
        "repair": "verify, and download again what is damaged or missing",
        "delete": "delete models, or repositories by owner/name, from the disk",
        "update": "download models again that have changed on the hub",
        "import": "copy a model from a folder",
        "folder": "where the models are, and how much they take",
    },
    "leftovers": {"leftovers": "unfinished files of other programs (*.incomplete) in the models folder"},
}
"""The same of `models`."""


def build_parser() -> argparse.ArgumentParser:
    """The grammar of the command line. What a word needs is imported when it is said."""
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
    commands = parser.add_subparsers(metavar="COMMAND", required=True, action=Words)
    models = commands.add_parser("models", help="list, show and download models")
    _name(models.add_subparsers(metavar="ACTION", required=True, action=Words), common, _MODELS)
    _name(commands, common, _WORDS)
    return parser


def _name(commands: Any, common: argparse.ArgumentParser, words: Mapping[str, Mapping[str, str]]) -> None:
    """Name words of files to `commands`, which is a `Words`."""
    for module, named in words.items():
        commands.name(named, functools.partial(_teach, module, common))


def _teach(module: str, common: argparse.ArgumentParser, commands: Words) -> None:
    importlib.import_module(f".{module}", __package__).add_commands(commands, common)


def _address(text: str) -> str:
    if text.strip() and not addresses.is_address(endpoint.resolve(text)):
        raise argparse.ArgumentTypeError("an address such as https://huggingface.co")
    return text
