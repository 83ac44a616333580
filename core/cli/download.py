# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's downloads: in this process, while it is watched. Ctrl-C keeps what has arrived."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from ..download_manager import DownloadManager
from ..downloads.store import JobStore
from ..events import Cancelled, End, Failed, Finished, Notice, Progress, State
from ..hub.tokens import Token
from ..system import user_folder
from ..units import human_size
from .call import load_catalog, manager_of
from .output import DONE, FAILED, INTERRUPTED, Output

_TICK = 0.1
"""Seconds between two looks at the jobs."""


def download(args: argparse.Namespace, output: Output, models_dir: Path, token: Token) -> int:
    """`models download ID...`: one job each; the exit code is that of the worst."""
    known = load_catalog(args, output)
    for model in args.models:
        # All names before the first byte: a misspelt third one must not show after an hour.
        known.get(model)
    manager = manager_of(args, models_dir, token, JobStore(args.user_dir / user_folder.JOBS, timeout=2.0))
    # One of these that was interrupted or paused goes on, as the same job.
    manager.restore(timeout=2.0)
    jobs = list(dict.fromkeys(manager.enqueue(model, args.revision) for model in args.models))
    return follow(manager, jobs, output)


def follow(manager: DownloadManager, jobs: Sequence[str], output: Output) -> int:
    """Print what the jobs say until none of them runs, and end the manager. The answer is the exit code."""
    try:
        ends = _ends_of(manager, set(jobs), output)
    except KeyboardInterrupt:
        manager.shutdown()
        for event in manager.drain():
            if isinstance(event, End) and event.job in jobs and output.json:
                output.event(event)
        output.say("Interrupted. What was downloaded is kept; the same command again goes on from there.")
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
