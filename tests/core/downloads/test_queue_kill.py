# SPDX-License-Identifier: GPL-3.0-or-later
"""Queues whose process dies at any moment, and processes that share one queue and one models folder."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads.record import JobRecord
from subtitle_editor.core.downloads.store import JobStore
from subtitle_editor.core.events import State
from subtitle_editor.core.library import status as library
from tests.hub.server import LoopbackHub

MODELS = ("tiny", "base", "small", "medium", "large-v1")
FILES = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n"}
MIB = 1 << 20
KILLS, CONNECTIONS = 10, 2
LONG = bool(os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"))

CHILD = """
import json, logging, random, sys, time
from pathlib import Path
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads.store import JobStore
options = json.loads(sys.argv[1])
logging.basicConfig(level=logging.WARNING)
store = Path(options["store"])
manager = DownloadManager(
    Path(options["models"]), endpoint=options["endpoint"], store=JobStore(store), connections=options["connections"],
    concurrency=options["concurrency"], speed_limit=options["rate"])
def say(*words):
    print(json.dumps(words), flush=True)
"""

QUEUE = """
if options["first"]:
    ids = [manager.enqueue(model) for model in options["wanted"]]
    reader = JobStore(store)
    while len(reader.jobs()) < len(ids):
        time.sleep(0.01)
    say("queued", ids)
else:
    ids = [record.id for record in manager.restore(resume=True)]
    say("restored", ids)
for job in ids:
    manager.wait(job)
manager.shutdown()
say("done")
"""

CROWD = """
chance = random.Random(options["seed"])
made = set()
manager.restore()
until = time.monotonic() + options["seconds"]
while time.monotonic() < until:
    manager.drain()
    known = [record.id for record in manager.jobs()]
    job = chance.choice(known) if known else ""
    match chance.randrange(8):
        case 0 | 1 | 2:
            made.add(manager.enqueue(chance.choice(options["wanted"])))
        case 3 | 4:
            manager.cancel(job)
        case 5:
            manager.pause(job)
        case 6:
            manager.resume(job)
        case 7:
            manager.move(job, chance.randint(-3, 3))
    time.sleep(chance.uniform(0, 0.05))
assert manager.shutdown(10)
say(sorted(made))
"""


def fill(hub: LoopbackHub, size: int) -> None:
    for number, model in enumerate(MODELS):
        data = random.Random(number).randbytes(size)
        hub.add_model(f"Systran/faster-whisper-{model}", {**FILES, "model.bin": data})


def start(hub: LoopbackHub, folder: Path, script: str, **options: Any) -> subprocess.Popen[str]:
    given = {
        "store": str(folder / "user" / "jobs.sqlite3"),
        "models": str(folder / "models"),
        "endpoint": hub.endpoint,
        "connections": CONNECTIONS,
        "wanted": MODELS,
        **options,
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + script, json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def look(folder: Path) -> tuple[list[JobRecord], list[JobRecord]]:
    store = JobStore(folder / "user" / "jobs.sqlite3")
    try:
        return store.jobs(), store.history()
    finally:
        store.close()


def integrity(folder: Path) -> str:
    connection = sqlite3.connect(folder / "user" / "jobs.sqlite3")
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.timeout(240)
def test_killed_at_ten_random_moments(hub: LoopbackHub, tmp_path: Path) -> None:
    size = 4 * MIB
    fill(hub, size)
    chance = random.Random(4)
    options: dict[str, Any] = {"concurrency": 1, "rate": 2.5e6}
    child = start(hub, tmp_path, QUEUE, first=True, **options)
    assert child.stdout is not None
    _, ids = json.loads(child.stdout.readline())
    interrupted = 0
    for number in range(KILLS):
        # Every other one from its very beginning: while it imports, reads the store, takes the jobs over.
        if number % 2:
            time.sleep(chance.uniform(0.1, 2.0))
        else:
            if number:
                word, restored = json.loads(child.stdout.readline())
                assert word == "restored" and restored == [job for job in ids if job in restored]
            # However slow the machine is: some are killed in the middle of a file.
            while number % 4 == 0 and child.poll() is None and not any(job.bytes_done for job in look(tmp_path)[0]):
                time.sleep(0.05)
            time.sleep(chance.uniform(0.0, 1.5))
        child.kill()
        _, err = child.communicate(timeout=10)
        assert "Traceback" not in err, err
        left, ended = look(tmp_path)
        assert integrity(tmp_path) == "ok"
        # The order in which they ended, and then that in which they wait, is that of the queue.
        assert [record.id for record in (*ended[::-1], *left)] == ids
        assert {record.state for record in ended} <= {State.DONE}
        assert {record.state for record in left} <= {State.INTERRUPTED}
        for record in ended:
            status = library.status(tmp_path / "models", reading.load().get(record.model))
            assert status.state.usable and record.bytes_done == record.bytes_total
        started = [record for record in left if record.bytes_done]
        assert len(started) <= 1
        for record in started:
            interrupted += 1
            status = library.status(tmp_path / "models", reading.load().get(record.model))
            assert 0 < record.fraction <= 1
            # What was on its way to the disk, a block for each connection, is the most that it knew too much.
            assert record.bytes_done <= max(status.partials, status.bytes_done) + CONNECTIONS * MIB
        child = start(hub, tmp_path, QUEUE, first=False, **options)
        assert child.stdout is not None
    out, err = child.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1]) == ["done"] and "Traceback" not in err
    left, ended = look(tmp_path)
    assert left == [] and [record.id for record in ended[::-1]] == ids
    assert all(record.state is State.DONE and record.seconds > 0 and record.path for record in ended)
    for record in ended:
        assert Path(record.path or "", "model.bin").stat().st_size == size
    assert interrupted > 0
    # What a kill costs, and what the system's buffers had taken from the hub by then, which counts as served.
    lost, buffered = KILLS * CONNECTIONS * MIB, KILLS * MIB
    assert hub.bytes_served("*/model.bin", host="content") <= len(MODELS) * size + lost + buffered


@pytest.mark.timeout(180)
def test_two_processes_share_a_queue_and_a_folder(hub: LoopbackHub, tmp_path: Path) -> None:
    fill(hub, 2 * MIB)
    seconds = 30 if LONG else 6
    options: dict[str, Any] = {"concurrency": 2, "rate": 4e6, "seconds": seconds}
    children = [start(hub, tmp_path, CROWD, seed=seed, **options) for seed in (1, 2)]
    ends = [child.communicate(timeout=seconds + 60) for child in children]
    for child, (_, err) in zip(children, ends, strict=True):
        assert child.returncode == 0 and "Traceback" not in err and "WARNING" not in err, err
    made = set().union(*(json.loads(out)[0] for out, _ in ends))
    left, ended = look(tmp_path)
    assert integrity(tmp_path) == "ok"
    assert len(made) > 1 and {record.id for record in (*left, *ended)} == made
    assert all(record.state in (State.INTERRUPTED, State.PAUSED) for record in left)
    assert all(record.state in (State.DONE, State.CANCELLED) for record in ended)
    # Whatever they did to each other, what is left can be resumed and completes.
    manager = DownloadManager(
        tmp_path / "models", endpoint=hub.endpoint, store=JobStore(tmp_path / "user" / "jobs.sqlite3")
    )
    for record in manager.restore():
        manager.resume(record.id)
    for record in left:
        assert manager.wait(record.id, 60)
    manager.shutdown()
    left, ended = look(tmp_path)
    assert left == [] and len(ended) == len(made)
