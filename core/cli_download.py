# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's downloads: in this process, while it is watched. Ctrl-C keeps what has arrived."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .catalog import entries, reading
from .cli_output import DONE, FAILED, INTERRUPTED, Output
from .download_manager import DownloadManager
from .downloads.store import JobStore
from .events import Cancelled, End, Failed, Finished, Notice, Progress, State
from .hub.tokens import Token
from .system import user_folder
from .units import human_size

_TICK = 0.1
"""Seconds between two looks at the jobs."""


def add_download_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that downloads."""
    parser.add_argument("--connections", type=_up_to(16), default=6, metavar="N", help="1 to 16 a file (default 6)")
    parser.add_argument("--concurrency", type=_up_to(8), default=1, metavar="N", help="models at a time, 1 to 8")
    parser.add_argument("--limit-rate", type=positive, metavar="BYTES_PER_S", help="speed limit")


def _up_to(most: int) -> Callable[[str], int]:
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


def load_catalog(args: argparse.Namespace, output: Output) -> entries.Catalog:
    """The catalogue with the user's own; what is wrong with that one is told on standard error."""
    found = reading.load(args.user_dir / user_folder.CATALOG)
    for problem in found.problems:
        output.warn(str(problem))
    return found


def manager_of(
    args: argparse.Namespace, models_dir: Path, token: str | Token | None, store: JobStore
) -> DownloadManager:
    """A manager that does what the options say. A full disk ends its jobs: nobody is there to press Resume."""
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


def download(args: argparse.Namespace, output: Output, models_dir: Path, token: str | Token | None) -> int:
    """`models download ID...`: one job each; the exit code is that of the worst."""
    known = load_catalog(args, output)
    for model in args.models:
        # All names before the first byte: a misspelt third one must not show after an hour.
        known.get(model)
    manager = manager_of(args, models_dir, token, JobStore(args.user_dir / user_folder.JOBS, timeout=2.0))
    # One of these that was interrupted or paused goes on, as the same job.
    manager.restore(timeout=2.0)
    jobs = list(dict.fromkeys(manager.enqueue(model, args.revision) for model in args.models))
    return follow(manager, jobs, output, again=f"models download {' '.join(args.models)}")


def follow(manager: DownloadManager, jobs: Sequence[str], output: Output, again: str) -> int:
    """Print what the jobs say until none of them runs, and end the manager. The answer is the exit code."""
    try:
        ends = _ends_of(manager, set(jobs), output)
    except KeyboardInterrupt:
        manager.shutdown()
        for event in manager.drain():
            if isinstance(event, End) and event.job in jobs and output.json:
                output.event(event)
        output.say(f"Interrupted. What was downloaded is kept; continue with: {again}")
        return INTERRUPTED
    manager.shutdown()
    for event in manager.drain():
        if isinstance(event, Notice):
            output.event(event)
    if any(isinstance(end, (Progress, Notice)) for end in ends):
        return INTERRUPTED
    return DONE if all(isinstance(end, Finished) for end in ends) else FAILED


_Rest = End | Progress | Notice
"""How following a job ends: its End; the progress that says it was paused, from another process; or the notice that
another process has taken it over."""


def _ends_of(manager: DownloadManager, jobs: set[str], output: Output) -> list[_Rest]:
    ends: dict[str, _Rest] = {}
    sizes: dict[str, int] = {}
    while len(ends) < len(jobs):
        gone = {job for job in jobs if job not in ends and manager.wait(job, 0)}
        for event in manager.drain():
            if event.job not in jobs and event.job:
                continue
            if isinstance(event, End):
                ends[event.job] = event
                _tell(event, output, sizes.get(event.job, 0))
                continue
            if isinstance(event, Progress):
                sizes[event.job] = event.bytes_total
            if isinstance(event, Progress) and event.state in (State.PAUSED, State.INTERRUPTED):
                now = manager.get(event.job)
                if now is not None and now.state is not event.state:
                    continue  # As it was found in the store, before it went on here.
                ends[event.job] = event
                output.say(f"{event.model}: paused from elsewhere; continue with: models resume {event.job}")
            output.event(event)
        for job in gone - ends.keys():
            ends[job] = Notice(job=job, message=f"Another process has taken over the job {job}.")
            output.event(ends[job])
        if len(ends) < len(jobs):
            time.sleep(_TICK)
    return list(ends.values())


def _tell(end: End, output: Output, size: int) -> None:
    if output.json:
        output.event(end)
        return
    match end:
        case Finished(model=model, path=path) if path:
            # Nobody has counted when the network was not asked.
            output.record({}, f"{model}: {human_size(size)} in {path}" if size else f"{model}: {path}")
        case Failed(error=error):
            output.error(error)
        case Cancelled(model=model):
            output.say(f"{model}: cancelled")
