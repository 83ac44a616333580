# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of the command line share: where models are, which token, and options that several have.

Each word imports this: what only some of them need is imported in the functions.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors.base import UsageError
from ..system import user_folder
from ..system.folders import expanded
from ..transfer.limits import DEFAULT_CONNECTIONS, MOST_CONNECTIONS
from .output import Output

if TYPE_CHECKING:
    from ..catalog.entries import Catalog
    from ..download_manager import DownloadManager
    from ..downloads.store import JobStore
    from ..hub.tokens import Token
    from ..subtitles.profiles import Profile

_UNITS = {"ms": 1000, "s": 1}
"""Behind a time, and how many of it are a second."""


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """What a command was called with."""

    args: argparse.Namespace
    output: Output
    models_dir: Path
    token: Token = dataclasses.field(repr=False)


Command = Callable[[Call], int]


def on_disk(run: Command) -> Callable[[argparse.Namespace, Output], int]:
    """A command out of a function that wants to know where the models are."""
    return lambda args, output: run(Call(args, output, models_dir_of(args), token_of(args)))


def add_download_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that downloads."""
    add_connections(parser)
    parser.add_argument("--concurrency", type=up_to(8), default=1, metavar="N", help="models at a time, 1 to 8")
    parser.add_argument("--limit-rate", type=positive, metavar="BYTES_PER_S", help="speed limit")


def add_connections(parser: argparse.ArgumentParser) -> None:
    """How many connections a file is fetched with."""
    parser.add_argument(
        "--connections",
        type=up_to(MOST_CONNECTIONS),
        default=DEFAULT_CONNECTIONS,
        metavar="N",
        help=f"1 to {MOST_CONNECTIONS} a file (default {DEFAULT_CONNECTIONS})",
    )


def folder(text: str) -> Path:
    """A folder, or a file, that a setting names, for argparse: `~` and `$HOME` count. An empty one, as a script's
    variable that was never set, is not the current folder: gigabytes would go there."""
    try:
        return expanded(named(text))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def named(text: str) -> Path:
    """A file or folder as it is written, for argparse. Raises ArgumentTypeError for none."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a name that is not empty")
    # Shells write `~` out, but not within quotation marks, and those of Windows do not at all.
    of_home = text[0] == "~" and text[1:2] in ("", "/", os.sep) and not os.path.lexists(text)
    return Path(os.path.expanduser(text) if of_home else text)


def up_to(most: int) -> Callable[[str], int]:
    """A whole number from 1 on for argparse."""

    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"1 to {most}")
        return int(text)

    return number


def positive(text: str) -> float:
    """A number for argparse. Raises ArgumentTypeError, which is printed with the usage."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("a number above 0")
    return value


def load_catalog(args: argparse.Namespace, output: Output) -> Catalog:
    """The catalogue with the user's own; what is wrong with that one is told on standard error."""
    from ..catalog import reading

    found = reading.load(args.user_dir / user_folder.CATALOG)
    for problem in found.problems:
        output.warn(str(problem))
    return found


def manager_of(args: argparse.Namespace, models_dir: Path, token: Token, store: JobStore) -> DownloadManager:
    """A manager that does what the options say. A full disk ends its jobs: nobody is there to press Resume."""
    from ..download_manager import DownloadManager

    return DownloadManager(
        models_dir,
        endpoint=args.endpoint,
        token=token,
        user_catalog=args.user_dir / user_folder.CATALOG,
        connections=args.connections,
        speed_limit=args.limit_rate,
        concurrency=args.concurrency,
        store=store,
        offline=args.offline,
        pause_when_full=False,
    )


def add_profile(command: argparse.ArgumentParser, *, follows: bool = False) -> None:
    """`follows`: by default it is the one for the language that is spoken."""
    from ..subtitles.profiles import AUTO, DEFAULT_PROFILE, PROFILES

    text = f"one of {', '.join(PROFILES)}, or of your own (profiles)"
    command.add_argument(
        "--profile",
        default=AUTO if follows else DEFAULT_PROFILE.name,
        metavar="P",
        help=f"{text}; default: by the language" if follows else text,
    )


def profile_of(args: argparse.Namespace, output: Output | None = None) -> Profile:
    """The profile that is named: a built-in one or one of the user's own. Raises UsageError."""
    from ..subtitles import own_profiles
    from ..subtitles.profiles import AUTO, FOLLOWING

    own = own_profiles.read(args.user_dir / user_folder.PROFILES)
    for problem in own.problems if output is not None else ():
        output.warn(str(problem))  # type: ignore[union-attr]
    if args.profile == AUTO:
        return FOLLOWING
    if args.profile not in own.known:
        raise UsageError(f'There is no profile "{args.profile}".', f"Choose one of {', '.join(own.known)}.")
    return own.known[args.profile]


def time_of(text: str) -> float:
    value = signed_time(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a time of 0 or later")
    return value


def signed_time(text: str) -> float:
    from ..subtitles.timecode import parse_time

    stripped = text.strip()
    unit = next((unit for unit in _UNITS if stripped.endswith(unit)), "")
    try:
        seconds = parse_time(stripped.removesuffix(unit)) / _UNITS.get(unit, 1)
    except ValueError as error:
        raise argparse.ArgumentTypeError("seconds or H:MM:SS") from error
    if abs(seconds) == float("inf") or seconds != seconds:
        raise argparse.ArgumentTypeError("a finite time")
    return seconds


def models_dir_of(args: argparse.Namespace) -> Path:
    from ..library import layout
    from ..system.long_paths import reachable

    return reachable(args.models_dir or layout.shared_cache())


def token_of(args: argparse.Namespace) -> Token:
    """The token, if there is one. A token never stands on the command line, where other users could read it."""
    from ..hub import tokens

    if args.token_file is None:
        return tokens.resolve(None, args.endpoint)
    try:
        value = tokens.decoded(args.token_file.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The token file {args.token_file} cannot be read.", "Name a readable text file.") from error
    if not value:  # Going on without one would be told as a model that is not there.
        raise UsageError(
            f"The token file {args.token_file} is empty.", "Put the token into it, or leave the option out."
        )
    return tokens.Token(value, tokens.Origin.FILE)
