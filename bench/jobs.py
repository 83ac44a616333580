# SPDX-License-Identifier: GPL-3.0-or-later
"""What a redraw pays for the queue and the history: `python3 dev.py bench jobs`.

Fills a job store with a history and a queue and lets a manager restore it. Prints how long `jobs()` and `history()`
take together, beside reading the same rows out of sqlite, in turns; and the longest of many calls that a button or a
redraw makes while another connection holds the store locked.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _measure import median

from subtitle_editor.core.catalog.reading import load
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads.record import JobRecord
from subtitle_editor.core.downloads.store import JobStore
from subtitle_editor.core.events import State

DETAILS = "Traceback (most recent call last):\n" + '  File "x.py", line 1, in run\n' * 40


def fill(path: Path, folder: Path, history: int, queue: int) -> None:
    """Every third download of the past has failed, with a traceback."""
    models = [entry.id for entry in load()]
    records = [
        JobRecord(
            id=f"{number:012x}",
            model=models[number % len(models)],
            models_dir=str(folder),
            state=State.PAUSED if number < queue else State.DONE if number % 3 else State.FAILED,
            position=number,
            bytes_done=75_000_000,
            bytes_total=78_000_000,
            created=float(number),
            ended=None if number < queue else float(number),
            details="" if number % 3 else DETAILS,
        )
        for number in range(queue + history)
    ]
    store = JobStore(path)
    store.save(records)
    store.close()


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def locked_calls(manager: DownloadManager, path: Path, rounds: int) -> float:
    """The longest call, in seconds, while nobody else can write the store. No job gets to the network."""
    manager.offline = True
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    longest = 0.0
    try:
        for number in range(rounds):
            at_rest = [record.id for record in manager.jobs()]
            job = at_rest[number % len(at_rest)]
            calls: tuple[Callable[[], object], ...] = (
                lambda: manager.enqueue("tiny"),
                lambda job=job: manager.move(job, 2),  # type: ignore[misc]
                lambda job=job: manager.resume(job),  # type: ignore[misc]
                lambda job=job: manager.pause(job),  # type: ignore[misc]
                manager.jobs,
                manager.history,
                manager.drain,
            )
            longest = max(longest, *map(timed, calls))
            time.sleep(0.01)
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    return longest


def main() -> None:
    """Print two lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=int, default=1000)
    parser.add_argument("--queue", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path, folder = Path(place, "jobs.sqlite3"), Path(place, "models")
        fill(path, folder, options.history, options.queue)
        store = JobStore(path)
        manager = DownloadManager(folder, endpoint="http://127.0.0.1:9", store=store)
        first = timed(manager.restore)
        assert (len(manager.jobs()), len(manager.history())) == (options.queue, options.history)
        ours, reading = [], []
        for _ in range(options.rounds):
            ours.append(timed(lambda: (manager.jobs(), manager.history())))
            reading.append(timed(lambda: (store.jobs(), store.history())))
        print(
            f"{options.queue} jobs, {options.history} rows of history: {median(ours) * 1e3:.3f} ms for a redraw, ",
            end="",
        )
        print(
            f"the longest of {options.rounds} {max(ours) * 1e3:.3f} ms; out of sqlite {median(reading) * 1e3:.1f} ms; ",
            end="",
        )
        print(f"ratio {median(ours) / median(reading):.4f}; restored in {first * 1e3:.0f} ms")
        longest = locked_calls(manager, path, options.rounds)
        print(f"store locked by another: the longest of {options.rounds * 7} calls {longest * 1e3:.2f} ms")
        manager.shutdown()


if __name__ == "__main__":
    main()
