# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `serve`: the service for machines without a window. Nothing else imports it."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from ..errors.packages import ServiceLibraryError
from .call import Call, add_connections, folder, on_disk, positive, up_to
from .grammar import Words
from .output import DONE

if TYPE_CHECKING:
    from ...server.settings import Settings


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """Add the word to the grammar.

    Numbers and names are compared by the service, which names all that is wrong at once.
    """
    parser = commands.add_parser("serve", parents=[common])
    parser.set_defaults(command=on_disk(serve))
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen at (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, metavar="P", help="its port (default: any that is free)")
    parser.add_argument(
        "--access-token-file",
        type=folder,
        metavar="F",
        help="file with the token that clients have to send; made if there is none",
    )
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="answer to this name as well")
    parser.add_argument("--allow-origin", action="append", default=[], metavar="O", help="let this site's pages ask")
    parser.add_argument("--allow-credentials", action="store_true", help="let those pages send cookies along")
    parser.add_argument("--cors-max-age", type=int, default=600, metavar="S", help="seconds (default: 600)")
    parser.add_argument("--production", action="store_true", help="refuse what is only good for trying it out")
    parser.add_argument("--resume", action="store_true", help="go on with what was interrupted")
    parser.add_argument("--rate", type=int, default=2000, metavar="N", help="requests a second of one address")
    parser.add_argument("--change-rate", type=int, default=30, metavar="N", help="of these, that change something")
    parser.add_argument("--max-connections", type=int, default=1000, metavar="N", help="open at a time (default: 1000)")
    parser.add_argument("--max-listeners", type=int, default=500, metavar="N", help="that follow the events")
    parser.add_argument("--max-jobs", type=int, default=100, metavar="N", help="downloads in the queue (default: 100)")
    add_connections(parser)
    parser.add_argument("--concurrency", type=up_to(32), default=1, metavar="N", help="models at a time, 1 to 32")
    parser.add_argument("--limit-rate", type=positive, metavar="BYTES_PER_S", help="speed limit")


def serve(call: Call) -> int:
    """`serve`: until SIGTERM or Ctrl-C. Prints the address once it listens."""
    try:
        from ...server import run, settings
    except ImportError as error:
        raise ServiceLibraryError(error.name or str(error)) from error
    wanted = _settings(call)
    settings.check(wanted)

    def started(address: str, port: int) -> None:
        data = {"event": "serving", "address": address, "port": port, "pid": os.getpid()}
        call.output.record(data, f"Serving at {address}")
        call.output.say("End it with Ctrl-C: downloads are interrupted, and can be resumed.")

    run.serve(wanted, started)
    return DONE


def _settings(call: Call) -> Settings:
    from ...server.settings import Settings, read_access_token

    args = call.args
    token = ""
    if args.access_token_file is not None:
        token, fresh = read_access_token(args.access_token_file)
        if fresh:
            call.output.warn(f"A new access token was made: {args.access_token_file}")
    return Settings(
        models_dir=call.models_dir,
        user_dir=args.user_dir,
        host=args.host,
        port=args.port,
        access_token=token,
        hosts=tuple(args.allow_host),
        origins=tuple(args.allow_origin),
        credentials=args.allow_credentials,
        max_age=args.cors_max_age,
        production=args.production,
        rate=args.rate,
        change_rate=args.change_rate,
        most_connections=args.max_connections,
        most_listeners=args.max_listeners,
        most_jobs=args.max_jobs,
        endpoint=args.endpoint,
        hub_token=call.token,
        offline=args.offline,
        connections=args.connections,
        concurrency=args.concurrency,
        speed_limit=args.limit_rate,
        resume=args.resume,
    )
