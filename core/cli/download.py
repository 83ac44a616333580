# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's downloads: in this process, while it is watched. Ctrl-C keeps what has arrived."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..download_manager import DownloadManager
from ..downloads.store import JobStore
from ..events import Cancelled, End, Event, Failed, Finished, Notice, Progress, State, as_json
from ..hub.tokens import Token
from ..system import user_folder
from ..units import human_size
from . import stopping
from .call import add_download_options, load_catalog, manager_of, on_disk
from .grammar import Words
from .output import DONE, FAILED, INTERRUPTED, Output

_TICK = 0.1
"""Seconds between two looks at the jobs."""


def add_commands(actions: Words, common: argparse.ArgumentParser) -> None:
    """Add the word to the grammar of `models`."""
    command = actions.add_parser("download", parents=[common])
    command.add_argument("models", metavar="ID", nargs="+")
    add_download_options(command)
    command.add_argument("--revision", metavar="R", help="branch, tag or commit")
    command.set_defaults(command=on_disk(lambda call: download(call.args, call.output, call.models_dir, call.token)))


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
    """Print what the jobs say until none of them runs, and end the manager. The answer is the exit code.

    Ctrl-C, or a signal that asks for the end, stops them: what has arrived is kept, and said.
    """
    with stopping.noted() as asked:
        following = _Following(manager, list(jobs), output)
        following.until(lambda: bool(asked))
        manager.shutdown()
        following.last_words()
    ends = following.ends.values()
    if asked and not all(isinstance(end, Finished) for end in ends):
        return asked[0]
    if any(isinstance(end, (Progress, Notice)) for end in ends):
        return INTERRUPTED
    return DONE if all(isinstance(end, Finished) for end in ends) else FAILED


_Rest = End | Progress | Notice
"""How following a job ends: its End; the progress that says it was paused, from another process; or the notice that
another process has taken it over."""


class _Following:
    """Says what jobs say, each until it rests or has ended."""

    def __init__(self, manager: DownloadManager, jobs: Sequence[str], output: Output) -> None:
        self.ends: dict[str, _Rest] = {}
        self._manager = manager
        self._jobs = jobs
        self._output = output
        self._sizes: dict[str, int] = {}

    def until(self, stopped: Callable[[], bool]) -> None:
        """Until none of them runs, or `stopped()`."""
        while len(self.ends) < len(self._jobs) and not stopped():
            gone = {job for job in self._jobs if job not in self.ends and self._manager.wait(job, 0)}
            for event in self._manager.drain():
                if not event.job or event.job in self._jobs:
                    self._hear(event)
            for job in gone - self.ends.keys():
                self.ends[job] = Notice(job=job, message=f"Another process has taken over the job {job}.")
                self._output.event(self.ends[job])
            if len(self.ends) < len(self._jobs):
                time.sleep(_TICK)

    def last_words(self) -> None:
        """After the manager's end: what was not heard yet; of jobs that were stopped, how much is kept."""
        stopped = [job for job in self._jobs if job not in self.ends]
        for event in self._manager.drain():
            if isinstance(event, Notice):
                self._output.event(event)
            elif isinstance(event, End) and event.job in stopped:
                self._end(event, State.INTERRUPTED)
        records = [record for job in stopped if (record := self._manager.get(job)) is not None]
        for record in records:
            if record.id not in self.ends:  # Its worker hangs on a disk.
                self._end(Cancelled(job=record.id, model=record.model), State.INTERRUPTED)
        if any(isinstance(self.ends.get(job), Cancelled) for job in stopped):
            kept, total = (sum(getattr(one, name) for one in records) for name in ("bytes_done", "bytes_total"))
            much = f" ({human_size(kept)} of {human_size(total)})" if total else ""
            text = f"Interrupted. What was downloaded is kept{much}; the same command again goes on from there."
            self._output.say(text)

    def _hear(self, event: Event) -> None:
        if isinstance(event, End):
            self._end(event, State.CANCELLED)
            return
        if isinstance(event, Progress):
            self._sizes[event.job] = event.bytes_total
            if event.state in (State.PAUSED, State.INTERRUPTED):
                now = self._manager.get(event.job)
                if now is not None and now.state is not event.state:
                    return  # As it was found in the store, before it went on here.
                self.ends[event.job] = event
                text = f"{event.model}: paused from elsewhere; continue with: models resume {event.job}"
                self._output.say(text)
        self._output.event(event)

    def _end(self, end: End, stopped: State) -> None:
        """`stopped`: what one is that was asked to end. Interrupted it can be resumed; cancelled it is history."""
        self.ends[end.job] = end
        size = self._sizes.get(end.job, 0)
        match end:
            case Cancelled(job=job, model=model):
                record = self._manager.get(job)
                done, total = (record.bytes_done, record.bytes_total) if record else (0, size)
                data = {**as_json(end), "state": stopped, "bytes_done": done, "bytes_total": total}
                if self._output.json:
                    self._output.record(data, "")
                elif stopped is State.CANCELLED:
                    self._output.say(f"{model}: cancelled")
            case _ if self._output.json:
                self._output.event(end)
            case Finished(model=model, path=path) if path:
                # Nobody has counted when the network was not asked.
                self._output.record({}, f"{model}: {human_size(size)} in {path}" if size else f"{model}: {path}")
            case Failed(error=error):
                self._output.error(error)
