# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's words for jobs: jobs, status, resume, pause, cancel. They see the jobs of all processes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from ..downloads.record import JobRecord, Wish
from ..downloads.store import JobStore
from ..errors.jobs import JobElsewhereError, JobEndedError, JobNotObeyedError
from ..events import State
from ..system import user_folder
from ..units import human_duration, human_size, human_speed
from .call import Call, add_download_options, manager_of, on_disk
from .download import follow
from .grammar import Words
from .output import DONE

_PATIENCE = 10.0
"""Seconds to wait until another process has obeyed: it looks twice a second, and stops within one."""


def add_commands(actions: Words, common: argparse.ArgumentParser) -> None:
    """Add the words to the grammar of `models`."""
    listing = actions.add_parser("jobs", parents=[common])
    listing.add_argument("--history", type=_count, default=0, metavar="N", help="also the last N that have ended")
    listing.set_defaults(command=on_disk(jobs))
    resuming = actions.add_parser("resume", parents=[common])
    resuming.add_argument("jobs", metavar="JOB", nargs="*", help="an id or its beginning (default: all at rest)")
    add_download_options(resuming)
    resuming.set_defaults(command=on_disk(resume))
    for word, run in (("status", status), ("pause", pause), ("cancel", cancel)):
        command = actions.add_parser(word, parents=[common])
        command.add_argument("job", metavar="JOB", help="an id or its beginning")
        command.set_defaults(command=on_disk(run))


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("0 or more")
    return min(int(text[:9]), 1_000_000)


def jobs(call: Call) -> int:
    """`models jobs`: the queue in its order, then the history, newest first."""
    store = store_of(call)
    found = store.jobs() + (store.history(call.args.history) if call.args.history else [])
    for record in found:
        call.output.record(record.as_dict(), _line(record))
    if not found:
        call.output.say("No jobs.")
    return DONE


def status(call: Call) -> int:
    """`models status JOB`, with the details of a failure."""
    record = store_of(call).get(call.args.job)
    data = record.as_dict() | {"details": record.details}
    text = "\n".join([_line(record), *(f"    {line}" for line in record.details.splitlines())])
    call.output.record(data, text)
    return DONE


def resume(call: Call) -> int:
    """`models resume [JOB...]`: runs them here, as `models download` does."""
    store = store_of(call)
    if call.args.jobs:
        wanted = [store.get(job) for job in call.args.jobs]
    else:
        wanted = [record for record in store.jobs() if not record.elsewhere]
    for record in wanted:
        if record.state.is_final:
            raise JobEndedError(record.id, record.state, record.model)
        if record.elsewhere:
            raise JobElsewhereError(record.id)
    if not wanted:
        call.output.say("There is nothing to resume.")
        return DONE
    manager = manager_of(call.args, call.models_dir, call.token, store)
    manager.restore()
    for record in wanted:
        manager.resume(record.id)
    return follow(manager, [record.id for record in wanted], call.output)


def pause(call: Call) -> int:
    """`models pause JOB`."""
    return _ask(call, "pause", lambda record: record.state is State.PAUSED)


def cancel(call: Call) -> int:
    """`models cancel JOB`."""
    return _ask(call, "cancel", lambda record: record.state is State.CANCELLED)


def _ask(call: Call, wish: Wish, obeyed: Callable[[JobRecord], bool]) -> int:
    """Leave a wish and wait until it has come true."""
    store = store_of(call)
    record = store.get(call.args.job)
    deadline = time.monotonic() + _PATIENCE
    while not obeyed(record):
        if record.state.is_final:
            raise JobEndedError(record.id, record.state, record.model)
        if time.monotonic() > deadline:
            raise JobNotObeyedError(record.id)
        # Again and again: its process may die, and then it obeys at once; or it was just being taken over.
        record = store.wish(record.id, wish)
        if record.elsewhere:
            time.sleep(0.2)
            record = store.get(record.id)
    call.output.record(record.as_dict(), f"{record.id} {record.model}: {record.state}")
    return DONE


def store_of(call: Call) -> JobStore:
    """The user's job store; what is wrong with it is told on standard error."""
    store = JobStore(call.args.user_dir / user_folder.JOBS)
    store.on_notice(call.output.warn)
    return store


def _line(record: JobRecord) -> str:
    """A job for people: one line, and one more for what went wrong."""
    parts = [f"{record.id}  {record.model}: {record.state}"]
    if record.elsewhere:
        parts.append("in another process")
    if record.bytes_total:
        done = f"{human_size(record.bytes_done)} of " if record.bytes_done < record.bytes_total else ""
        parts.append(f"{int(record.fraction * 100)} %, {done}{human_size(record.bytes_total)}")
    if record.ended is not None:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.ended))
        parts.append(f"{when}, {human_duration(record.seconds)}")
        if record.bytes_fetched:
            parts.append(human_speed(record.mean_speed))
    reason = f"\n    {record.message} {record.hint}".rstrip() if record.message else ""
    return ", ".join(parts) + reason
