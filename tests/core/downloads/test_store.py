# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs on disk: what is written is read again, by several processes, from files in any condition."""

from __future__ import annotations

import dataclasses
import os
import random
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.downloads import database
from subtitle_editor.core.downloads import store as job_store
from subtitle_editor.core.downloads.record import JobRecord
from subtitle_editor.core.downloads.store import JobStore
from subtitle_editor.core.errors.jobs import JobStoreError, UnknownJobError
from subtitle_editor.core.events import State
from subtitle_editor.core.text import Text

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "user folder" / "jobs.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[JobStore]:
    store = JobStore(path)
    yield store
    store.close()


def record(id: str, state: State = State.QUEUED, **fields: object) -> JobRecord:
    # A folder's name as a disk has it whose names are in an old encoding.
    return JobRecord(id=id, model="tiny", models_dir="/M\udcfcller", state=state, created=1.0, **fields)  # type: ignore[arg-type]


def ended(id: str, at: float, state: State = State.DONE, **fields: object) -> JobRecord:
    return record(id, state, ended=at, **fields)


def check(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


# What is kept


def test_a_record_comes_back_as_it_was(store: JobStore) -> None:
    whole = record(
        "a1",
        State.DOWNLOADING,
        revision="v1",
        position=7,
        bytes_done=2**40,
        bytes_total=2**41,
        bytes_fetched=5,
        started=2.5,
        seconds=2.0,
        error="no_space",
        message=Text("{what} is full", what="دیسک"),
        hint="…",
        details="Traceback",
        path="/m/x",
    )
    assert store.save([whole]) == set()
    assert store.jobs() == [whole] == [store.get("a1")]
    assert (whole.fraction, whole.mean_speed) == (0.5, 2.5)


def test_unfinished_in_queue_order_and_history_newest_first(store: JobStore) -> None:
    store.save([record("late", position=9), record("early", position=2), record("mid", State.PAUSED, position=5)])
    store.save([ended(f"h{n}", at=float(n)) for n in (3, 1, 2)])
    assert [job.id for job in store.jobs()] == ["early", "mid", "late"]
    assert [job.id for job in store.history()] == ["h3", "h2", "h1"]
    assert [job.id for job in store.history(limit=2)] == ["h3", "h2"]


def test_ids_may_be_shortened_while_they_are_unique(store: JobStore) -> None:
    store.save([record("abc1"), record("abd2"), record("%_x")])
    assert store.get("abc").id == "abc1" and store.get("%").id == "%_x"
    for wrong in ("ab", "zz", "", "_"):
        with pytest.raises(UnknownJobError):
            store.get(wrong)


def test_forget_and_clear_take_only_what_has_ended(store: JobStore) -> None:
    store.save([record("q"), ended("h1", 1.0), ended("h2", 2.0)])
    store.forget("h1")
    store.forget("q")
    assert [job.id for job in store.history()] == ["h2"]
    store.clear_history()
    assert store.history() == [] and [job.id for job in store.jobs()] == ["q"]


def test_a_job_that_has_ended_stays_so(store: JobStore) -> None:
    store.save([ended("a", 1.0, State.CANCELLED)])
    assert store.save([record("a", State.DOWNLOADING)]) == {"a"}
    assert store.get("a").state is State.CANCELLED


# Several processes: each store has an owner of its own, as each process has


def test_a_live_job_is_its_owners_until_that_dies(store: JobStore, path: Path) -> None:
    other = JobStore(path)
    store.save([record("a", State.DOWNLOADING, bytes_done=5), record("p", State.PAUSED, position=1)])
    assert [(job.state, job.elsewhere) for job in other.jobs()] == [(State.DOWNLOADING, True), (State.PAUSED, False)]
    assert other.save([record("a", State.QUEUED)]) == {"a"}
    store.close()
    assert [(job.state, job.elsewhere) for job in other.jobs()] == [(State.INTERRUPTED, False), (State.PAUSED, False)]
    assert other.save([record("a", State.QUEUED, bytes_done=5), record("p", State.QUEUED)]) == set()
    assert all(job.elsewhere for job in store.jobs())
    other.close()


def test_of_many_who_want_a_job_one_gets_it(store: JobStore, path: Path) -> None:
    store.save([record(f"j{n}", State.PAUSED) for n in range(20)])
    stores = [JobStore(path) for _ in range(6)]
    taken: list[set[str]] = []

    def take(mine: JobStore) -> None:
        got = {f"j{n}" for n in range(20) if not mine.save([record(f"j{n}", State.QUEUED)])}
        taken.append(got)

    threads = [threading.Thread(target=take, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(got) for got in taken) == 20 == len(set().union(*taken))
    for one in stores:
        one.close()


def test_a_wish_is_for_the_owner_to_obey(store: JobStore, path: Path) -> None:
    other = JobStore(path)
    store.save([record("a", State.DOWNLOADING)])
    assert other.wish("a", "pause").state is State.DOWNLOADING
    # Progress written meanwhile does not wipe it out.
    store.save([record("a", State.DOWNLOADING, bytes_done=9)])
    assert store.take_wishes() == {"a": "pause"}
    assert store.take_wishes() == {} == other.take_wishes()
    other.close()


def test_a_wish_for_a_job_of_nobody_is_fulfilled_at_once(store: JobStore, path: Path) -> None:
    dead = JobStore(path)
    dead.save([record("a", State.DOWNLOADING), record("b", State.DOWNLOADING)])
    dead.close()
    assert store.wish("a", "pause").state is State.PAUSED
    cancelled = store.wish("b", "cancel")
    assert cancelled.state is State.CANCELLED and cancelled.ended == pytest.approx(time.time(), abs=60)
    assert store.wish("b", "pause").state is State.CANCELLED
    with pytest.raises(UnknownJobError):
        store.wish("c", "cancel")


def test_a_wish_does_not_outlive_the_run_it_was_made_in(store: JobStore, path: Path) -> None:
    owner = JobStore(path)
    owner.save([record("a", State.DOWNLOADING)])
    store.wish("a", "cancel")
    owner.close()
    assert store.save([record("a", State.QUEUED)]) == set()
    assert store.take_wishes() == {}


def test_version_changes_when_another_writes(store: JobStore, path: Path) -> None:
    other = JobStore(path)
    store.save([record("a")])
    before = store.version()
    assert store.version() == before
    other.save([record("b")])
    middle = store.version()
    assert middle != before and middle[2:] == before[2:]
    other.save([ended("c", 1.0)])
    assert store.version()[2:] != middle[2:]
    other.close()


def test_lock_files_of_the_dead_are_swept(store: JobStore, path: Path) -> None:
    folder = path.with_name("jobs.owners")
    folder.mkdir(parents=True)
    (folder / "0123456789abcdef.lock").touch()
    store.save([record("a")])
    assert len(list(folder.iterdir())) == 1
    store.close()
    assert list(folder.iterdir()) == []


# Files in any condition


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits")
def test_only_the_user_can_read_it(store: JobStore, path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o644)
    store.save([record("a")])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir() if file.is_file()}
    assert path.name in modes and set(modes.values()) == {0o600}


def test_without_a_write_ahead_log(store: JobStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What sqlite answers where a file system refuses: the mode it stays in.
    monkeypatch.setattr(database, "JOURNAL", "no such mode")
    other = JobStore(path)
    store.save([record("a")])
    other.save([record("b", State.PAUSED)])
    assert {job.id for job in store.jobs()} == {"a", "b"}
    assert not path.with_name(f"{path.name}-wal").exists()
    other.close()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 40, b"\x00" * 5000])
def test_a_damaged_file_is_set_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    told: list[str] = []
    store = JobStore(path)
    store.on_notice(told.append)
    store.save([record("a")])
    assert [job.id for job in store.jobs()] == ["a"] and check(path) == "ok"
    [kept] = path.parent.glob("jobs.sqlite3.damaged-*")
    assert kept.read_bytes() == content
    assert len(told) == 1 and str(kept) in told[0]
    store.close()


def test_damage_that_happens_while_it_is_open(store: JobStore, path: Path) -> None:
    store.save([record(f"j{n}", details="x" * 3000) for n in range(200)])
    other = JobStore(path)
    assert len(other.jobs()) == 200
    store._database.close()
    other._database.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    assert other.jobs() == []
    store.save([record("new")])
    assert [job.id for job in other.jobs()] == ["new"]
    assert len(list(path.parent.glob("jobs.sqlite3.damaged-*"))) == 1
    other.close()


def test_random_damage_costs_the_list_at_most(tmp_path: Path) -> None:
    whole = tmp_path / "whole.sqlite3"
    store = JobStore(whole)
    store.save([record(f"{n:012x}", State.PAUSED, position=n, details="x" * 200) for n in range(5)])
    store.save([ended(f"{n:012x}", at=float(n), details="y" * 200) for n in range(5, 40)])
    store.close()
    data = whole.read_bytes()
    kept = 0
    for seed in range(60):
        chance = random.Random(seed)
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 5, 50))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        place = tmp_path / str(seed)
        place.mkdir()
        (place / "jobs.sqlite3").write_bytes(
            damaged[: chance.choice((len(data), len(data), chance.randrange(len(data))))]
        )
        store = JobStore(place / "jobs.sqlite3")
        assert len(store.jobs()) + len(store.history()) <= 40
        store.save([record("new")])
        assert store.get("new").model == "tiny"
        store.close()
        kept += not list(place.glob("*.damaged-*"))
    assert 0 < kept < 60


def test_a_newer_version_that_comes_while_it_is_open(store: JobStore, path: Path) -> None:
    store.save([record("a")])
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE jobs DROP COLUMN hint")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JobStoreError, match="newer version"):
        store.jobs()
    assert not list(path.parent.glob("*.damaged-*"))


def test_a_file_that_was_removed_is_begun_anew(store: JobStore, path: Path) -> None:
    store.save([record("a")])
    for file in path.parent.glob("jobs.sqlite3*"):
        file.unlink()
    store.save([record("b")])
    assert [job.id for job in store.jobs()] == ["b"] and check(path) == "ok"


def test_a_newer_versions_file_is_left_alone(store: JobStore, path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE future (x)")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JobStoreError, match="newer version"):
        store.save([record("a")])
    assert not list(path.parent.glob("*.damaged-*"))


def test_an_older_versions_file_is_brought_up_to_date(
    store: JobStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save([record("a", State.PAUSED)])
    more = (*job_store._SCRIPTS, ("ALTER TABLE jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'",))
    monkeypatch.setattr(job_store, "_SCRIPTS", more)
    newer = JobStore(path)
    assert [job.id for job in newer.jobs()] == ["a"]
    assert newer._database.run(lambda connection: connection.execute("SELECT colour FROM jobs").fetchall()) == [
        ("blue",)
    ]
    newer.close()
    # The first one, which is older now, does not touch it.
    store.close()
    with pytest.raises(JobStoreError, match="newer version"):
        store.jobs()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = JobStore(tmp_path / "file" / "jobs.sqlite3")
    with pytest.raises(JobStoreError):
        store.save([record("a")])
    with pytest.raises(JobStoreError):
        store.jobs()


def test_a_file_that_is_locked_for_long(store: JobStore, path: Path) -> None:
    store.save([record("a")])
    impatient = JobStore(path, timeout=0.1)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JobStoreError, match="locked"):
        impatient.save([record("b")])
    assert [job.id for job in impatient.jobs()] == ["a"]  # Readers of a write-ahead log do not wait.
    blocker.execute("ROLLBACK")
    assert impatient.save([record("b")]) == set()
    blocker.close()
    impatient.close()


def test_states_of_a_newer_version_can_be_resumed(store: JobStore, path: Path) -> None:
    store.save([record("a", State.PAUSED)])
    store._database.run(lambda connection: connection.execute("UPDATE jobs SET state = 'dreaming'"))
    assert store.get("a") == dataclasses.replace(record("a"), state=State.INTERRUPTED)
