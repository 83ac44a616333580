# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager with a job store: what survives a restart, and what two managers on one store do to each other."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.catalog.entries import Catalog
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads import database, preflight
from subtitle_editor.core.downloads.record import JobRecord
from subtitle_editor.core.downloads.store import JobStore
from subtitle_editor.core.errors.jobs import UnknownJobError
from subtitle_editor.core.events import Cancelled, Checked, End, Event, Failed, Finished, Notice, Progress, State
from subtitle_editor.core.hub.tokens import Token
from tests.core.models_kit import FILES, MODEL, SIZE, add_models
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(90)

MODELS = ("tiny", "base", "small", "medium", "large-v1")


@pytest.fixture
def hub(hub: LoopbackHub) -> LoopbackHub:
    add_models(hub, MODELS)
    return hub


class Place:
    """Managers as they come one after the other, or live beside each other, on one folder and one store."""

    def __init__(self, hub: LoopbackHub, folder: Path) -> None:
        self.hub = hub
        self.models = folder / "models"
        self.store_path = folder / "user" / "jobs.sqlite3"
        self.made: list[DownloadManager] = []

    def manager(self, **options: object) -> DownloadManager:
        store = JobStore(self.store_path, timeout=2.0)
        manager = DownloadManager(self.models, endpoint=self.hub.endpoint, store=store, **options)  # type: ignore[arg-type]
        self.made.append(manager)
        return manager

    def stored(self) -> tuple[list[JobRecord], list[JobRecord]]:
        store = JobStore(self.store_path)
        try:
            return store.jobs(), store.history()
        finally:
            store.close()


@pytest.fixture
def place(hub: LoopbackHub, tmp_path: Path) -> Iterator[Place]:
    place = Place(hub, tmp_path)
    yield place
    for manager in place.made:
        manager.shutdown()


def until(condition: Callable[[], object], timeout: float = 45.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def stall(hub: LoopbackHub, after: int = 1_500_000) -> Fault:
    return hub.faults.add(Fault(path="*", host="content", stall_after=after, times=None))


def end_of(manager: DownloadManager, job: str) -> End:
    assert manager.wait(job, 30)
    return next(event for event in manager.drain() if isinstance(event, End) and event.job == job)


def states(manager: DownloadManager) -> dict[str, State]:
    return {record.model: record.state for record in manager.jobs()}


def test_a_finished_job_is_history_here_and_after_a_restart(place: Place) -> None:
    manager = place.manager()
    job = manager.enqueue("tiny")
    assert isinstance(end_of(manager, job), Finished)
    [record] = manager.history()
    assert (record.id, record.model, record.state) == (job, "tiny", State.DONE)
    assert record.bytes_done == record.bytes_total == record.bytes_fetched == SIZE
    assert record.seconds > 0 and record.mean_speed == SIZE / record.seconds
    assert record.created <= (record.started or 0) <= (record.ended or 0) and record.path
    assert manager.jobs() == []
    assert manager.shutdown()
    later = place.manager()
    assert later.restore() == [] and later.history() == [record]


def test_a_failure_is_kept_with_its_reason_and_details(place: Place, hub: LoopbackHub) -> None:
    hub.remove_repo("Systran/faster-whisper-tiny")
    manager = place.manager(token=Token("hf_a_secret_of_mine"))
    hub.accept_token("hf_a_secret_of_mine", "ada")
    end = end_of(manager, manager.enqueue("tiny"))
    assert isinstance(end, Failed)
    manager.shutdown()
    _, [record] = place.stored()
    assert (record.state, record.error) == (State.FAILED, "not_found")
    assert (record.message, record.hint) == (end.error.message, end.error.hint)
    assert "RepositoryNotFoundError" in record.details and "Traceback" in record.details


def test_no_file_of_the_user_folder_has_the_token(place: Place, hub: LoopbackHub) -> None:
    secret = "hf_SecretSecretSecret"
    hub.accept_token(secret, "ada")
    manager = place.manager(token=Token(secret))
    end_of(manager, manager.enqueue("tiny"))
    hub.faults.add(Fault(path="*", host="content", status=403, times=None))
    end_of(manager, manager.enqueue("base"))
    checked = manager.preflight(manager.history()[-1].id)
    assert checked and checked.account == "ada" and checked.token
    manager.shutdown()
    for file in place.store_path.parent.rglob("*"):
        assert file.is_dir() or secret.encode() not in file.read_bytes()


def test_the_preflight_is_told_before_the_first_byte(place: Place, hub: LoopbackHub) -> None:
    manager = place.manager()
    fault = stall(hub)
    job = manager.enqueue("tiny")
    assert fault.wait()
    until(lambda: manager.jobs()[0].bytes_done > 1_000_000)
    manager.cancel(job)
    manager.wait(job, 10)
    found: list[Event] = [event for event in manager.drain() if isinstance(event, (Checked, Progress))]
    first = next(n for n, event in enumerate(found) if isinstance(event, Checked))
    assert all(event.bytes_done == 0 for event in found[:first] if isinstance(event, Progress))
    checked = manager.preflight(job)
    assert checked == found[first]
    assert checked is not None and (checked.bytes_total, checked.bytes_present, checked.bytes_needed) == (SIZE, 0, SIZE)
    assert (checked.endpoint, checked.account, checked.token, checked.gated) == (hub.endpoint, "", False, False)
    assert checked.files_total == 4 and checked.bytes_free > 0
    hub.faults.clear()
    again = manager.enqueue("tiny")
    end_of(manager, again)
    resumed = manager.preflight(again)
    assert resumed and resumed.bytes_present > 1_000_000 and resumed.bytes_needed == SIZE - resumed.bytes_present
    assert manager.history()[0].bytes_fetched == resumed.bytes_needed


def test_the_preflight_of_a_gated_model_names_the_account(place: Place, hub: LoopbackHub) -> None:
    hub.add_model("Systran/faster-whisper-tiny", {**FILES, "model.bin": MODEL}, gated=True)
    hub.accept_token("hf_token_of_ada", "ada")
    hub.grant("Systran/faster-whisper-tiny", "ada")
    manager = place.manager(token=Token("hf_token_of_ada"))
    job = manager.enqueue("tiny")
    assert isinstance(end_of(manager, job), Finished)
    checked = manager.preflight(job)
    assert checked and (checked.gated, checked.token, checked.account) == (True, True, "ada")


def test_offline_is_done_or_fails_at_once(place: Place, hub: LoopbackHub) -> None:
    manager = place.manager(offline=True)
    end = end_of(manager, manager.enqueue("tiny"))
    assert isinstance(end, Failed) and end.error.code == "offline"
    manager.offline = False
    assert isinstance(end_of(manager, manager.enqueue("tiny")), Finished)
    manager.offline = True
    hub.forget_requests()
    end = end_of(manager, manager.enqueue("tiny"))
    assert isinstance(end, Finished) and end.path and hub.requests == []


def test_a_job_goes_on_in_the_folder_where_it_began(place: Place, hub: LoopbackHub, tmp_path: Path) -> None:
    manager = place.manager()
    fault = stall(hub)
    job = manager.enqueue("tiny")
    assert fault.wait()
    manager.shutdown()
    hub.faults.clear()
    place.models = tmp_path / "other models"
    later = place.manager()
    later.restore()
    # What is wanted in the new folder is another job.
    assert later.job_of("tiny") is None
    later.resume(job)
    end = end_of(later, job)
    assert isinstance(end, Finished) and end.path and end.path.is_relative_to(tmp_path / "models")


def test_a_model_that_is_in_no_catalogue_any_more_fails_its_job(place: Place, hub: LoopbackHub) -> None:
    manager = place.manager()
    manager.pause(job := manager.enqueue("tiny"))
    until(lambda: states(manager) == {"tiny": State.PAUSED})
    manager.shutdown()
    later = place.manager(catalog=Catalog(()))
    later.restore()
    later.resume(job)
    end = end_of(later, job)
    assert isinstance(end, Failed) and end.error.code == "unknown_model"


def test_quitting_leaves_a_queue_that_can_be_resumed_in_its_order(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    manager = place.manager()
    jobs = [manager.enqueue(model) for model in MODELS]
    manager.pause(jobs[2])
    assert fault.wait()
    until(lambda: manager.jobs()[0].bytes_done > 1_000_000)
    assert manager.shutdown()
    hub.faults.clear()
    later = place.manager()
    found = later.restore()
    assert [record.id for record in found] == jobs
    assert states(later) == {model: State.PAUSED if n == 2 else State.INTERRUPTED for n, model in enumerate(MODELS)}
    assert found[0].bytes_done > 1_000_000 and found[0].fraction > 0.3
    assert not later.busy
    later.restore(resume=True)
    for job in (*jobs[:2], *jobs[3:]):
        assert isinstance(end_of(later, job), Finished)
    ended = [record.id for record in later.history()]
    assert ended == [jobs[4], jobs[3], jobs[1], jobs[0]]
    assert states(later) == {"small": State.PAUSED}
    later.resume(jobs[2])
    assert isinstance(end_of(later, jobs[2]), Finished)


def test_restore_does_not_keep_the_window_waiting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "JOURNAL", "no such mode")  # So that readers, too, have to wait.
    manager = place.manager()
    manager.pause(manager.enqueue("tiny"))
    until(lambda: states(manager) == {"tiny": State.PAUSED})
    manager.shutdown()
    blocker = sqlite3.connect(place.store_path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    later = place.manager()
    assert later.restore(timeout=0.0) == [] and later.busy
    blocker.execute("ROLLBACK")
    blocker.close()
    until(lambda: states(later) == {"tiny": State.PAUSED})
    events = later.drain()
    assert [event.state for event in events if isinstance(event, Progress)] == [State.PAUSED] and not later.busy


def test_enqueue_of_what_was_interrupted_continues_it(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    manager = place.manager()
    job = manager.enqueue("tiny")
    assert fault.wait()
    manager.shutdown()
    hub.faults.clear()
    later = place.manager()
    later.restore()
    assert later.enqueue("tiny") == job
    assert isinstance(end_of(later, job), Finished)


def test_retry_is_a_new_job(place: Place, hub: LoopbackHub) -> None:
    fault = hub.faults.add(Fault(path="*", host="content", status=404, times=None))
    manager = place.manager()
    job = manager.enqueue("tiny")
    assert isinstance(end_of(manager, job), Failed) and fault.fired
    hub.faults.clear()
    again = manager.retry(job)
    assert again != job and isinstance(end_of(manager, again), Finished)
    assert [record.id for record in manager.history()] == [again, job]
    with pytest.raises(UnknownJobError):
        manager.retry("nonsense")


def test_jobs_move_in_the_queue(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    manager = place.manager()
    jobs = [manager.enqueue(model) for model in MODELS]
    assert fault.wait()
    manager.move(jobs[4], -2)
    manager.move(jobs[1], 99)
    manager.move(jobs[0], 1)  # It runs: no effect.
    order = [jobs[0], jobs[4], jobs[2], jobs[3], jobs[1]]
    assert [record.id for record in manager.jobs()] == order
    hub.faults.clear()
    manager.cancel(jobs[0])
    for job in order:
        assert manager.wait(job, 30)
    assert [record.id for record in manager.history()] == order[::-1]
    until(lambda: [record.id for record in place.stored()[1]] == order[::-1])


def test_a_pause_after_a_cancel_comes_too_late(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    manager = place.manager()
    job = manager.enqueue("tiny")
    assert fault.wait()
    manager.cancel(job)
    manager.pause(job)
    assert isinstance(end_of(manager, job), Cancelled)
    assert [record.state for record in manager.history()] == [State.CANCELLED]


def test_concurrency_can_be_raised_while_jobs_wait(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    manager = place.manager()
    for model in MODELS:
        manager.enqueue(model)
    assert fault.wait()
    assert sum(state is State.QUEUED for state in states(manager).values()) == 4
    manager.concurrency = 3
    until(lambda: sum(state is State.QUEUED for state in states(manager).values()) == 2)


def test_history_can_be_forgotten(place: Place) -> None:
    manager = place.manager()
    ids = [manager.enqueue(model) for model in MODELS[:3]]
    for job in ids:
        manager.wait(job, 30)
    manager.forget(ids[1])
    assert [record.id for record in manager.history()] == [ids[2], ids[0]]
    until(lambda: [record.id for record in place.stored()[1]] == [ids[2], ids[0]])
    manager.clear_history()
    assert manager.history() == []
    until(lambda: place.stored()[1] == [])
    assert (place.models / "models--Systran--faster-whisper-tiny").is_dir()


# A disk that becomes full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if not hasattr(os, "geteuid") or os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root, and is not allowed everywhere")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    """Let a file grow until its disk has no room for more."""
    with contextlib.suppress(OSError), file.open("ab", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def test_a_disk_that_becomes_full_pauses_the_job(
    place: Place, hub: LoopbackHub, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "SPACE_MARGIN", 0)
    place.models = small_disk
    manager = place.manager(connections=1)
    manager.speed_limit = 1_000_000
    job = manager.enqueue("tiny")
    until(lambda: manager.jobs()[0].bytes_done > 1_500_000)  # They are written down by the megabyte.
    filler = small_disk / "somebody else's"
    fill(filler)
    manager.speed_limit = None
    until(lambda: states(manager) == {"tiny": State.PAUSED})
    events = manager.drain()
    [notice] = [event for event in events if isinstance(event, Notice) and "space" in event.message]
    assert notice.job == job and str(small_disk) in notice.message
    [record] = manager.jobs()
    assert record.error == "no_space" and f"{record.message} {record.hint}" == notice.message
    assert 0 < record.bytes_done < SIZE and not manager.busy
    # Still full, also with what the download has freed since: it stays paused, and loses nothing.
    fill(filler)
    manager.resume(job)
    until(lambda: not manager.busy)
    assert [(record.state, record.error) for record in manager.jobs()] == [(State.PAUSED, "no_space")]
    until(lambda: [record.error for record in place.stored()[0]] == ["no_space"])
    filler.unlink()
    hub.forget_requests()
    manager.resume(job)
    assert isinstance(end_of(manager, job), Finished)
    assert 0 < hub.bytes_served("*/model.bin", host="content") < len(MODEL)
    [record] = manager.history()
    assert (record.error, record.message, record.hint) == ("", "", "")


def test_a_disk_too_small_from_the_beginning_fails_the_job(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "SPACE_MARGIN", 10**18)
    manager = place.manager()
    job = manager.enqueue("tiny")
    end = end_of(manager, job)
    assert isinstance(end, Failed) and end.error.code == "no_space"
    checked = manager.preflight(job)
    assert checked and checked.bytes_needed == SIZE


def test_a_bar_begins_with_what_is_there(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    manager = place.manager()
    job = manager.enqueue("tiny")
    assert fault.wait()
    until(lambda: manager.jobs()[0].bytes_done > 1_000_000)
    manager.pause(job)
    until(lambda: states(manager) == {"tiny": State.PAUSED})
    manager.drain()
    hub.faults.clear()
    manager.resume(job)
    assert manager.wait(job, 30)
    steps = [event for event in manager.drain() if isinstance(event, Progress) and event.bytes_total]
    assert all(event.bytes_done > 1_000_000 for event in steps)


# Two managers, as in two Blenders


def test_each_sees_the_others_jobs_and_can_ask_it_to_pause_and_cancel(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    one, two = place.manager(), place.manager()
    two.restore()
    job, second = one.enqueue("tiny"), one.enqueue("base")
    assert fault.wait()
    until(lambda: len(two.jobs()) == 2)
    assert all(record.elsewhere for record in two.jobs())
    two.cancel(second)
    two.pause(job)
    until(lambda: states(one) == {"tiny": State.PAUSED})
    assert any(isinstance(event, Cancelled) and event.job == second for event in one.drain())
    until(lambda: [(r.state, r.elsewhere) for r in two.jobs()] == [(State.PAUSED, False)])
    hub.faults.clear()
    two.resume(job)
    assert isinstance(end_of(two, job), Finished)
    until(lambda: one.jobs() == [])
    assert [type(event) for event in one.drain() if isinstance(event, End)] == [Finished]
    until(lambda: {record.id for record in one.history()} == {job, second})
    assert one.wait(job, 0)


def test_two_that_resume_one_job_at_once_run_it_once(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    first = place.manager()
    job = first.enqueue("tiny")
    assert fault.wait()
    first.shutdown()
    hub.faults.clear()
    two = [place.manager(), place.manager()]
    for manager in two:
        manager.restore()
    barrier = threading.Barrier(2)

    def go(manager: DownloadManager) -> None:
        barrier.wait()
        manager.resume(job)

    threads = [threading.Thread(target=go, args=(manager,)) for manager in two]
    for thread in threads:
        thread.start()
    for manager in two:
        manager.wait(job, 30)
    until(lambda: all(manager.jobs() == [] for manager in two))
    ends = [event for manager in two for event in manager.drain() if isinstance(event, End)]
    assert [type(end) for end in ends] == [Finished]
    until(lambda: [record.state for record in place.stored()[1]] == [State.DONE])


def test_a_store_that_is_removed_is_written_anew(place: Place, hub: LoopbackHub) -> None:
    fault = stall(hub)
    manager = place.manager()
    jobs = [manager.enqueue(model) for model in MODELS]
    assert fault.wait()
    manager.pause(jobs[1])
    until(lambda: [record.state for record in place.stored()[0]].count(State.PAUSED) == 1)
    for file in place.store_path.parent.glob("jobs.sqlite3*"):
        file.unlink()
    until(lambda: [record.id for record in place.stored()[0]] == jobs)
    assert [record.id for record in manager.jobs()] == jobs
    assert states(manager)["base"] is State.PAUSED


# A store that cannot be used stops nothing


def notices(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, Notice) and not event.job]


def test_a_store_that_cannot_be_is_told_and_downloads_go_on(place: Place) -> None:
    place.store_path.parent.parent.mkdir(exist_ok=True)
    place.store_path.parent.write_text("a file where the folder should be", encoding="utf-8")
    manager = place.manager()
    assert manager.restore() == []
    job = manager.enqueue("tiny")
    assert manager.wait(job, 30)
    manager.shutdown()
    [notice] = notices(events := manager.drain())
    assert "jobs.sqlite3" in notice
    assert isinstance(next(event for event in events if isinstance(event, End)), Finished)
    assert [record.id for record in manager.history()] == [job]


@pytest.mark.skipif(os.name == "nt", reason="a read-only mark on a folder means nothing on Windows")
def test_a_locked_store_keeps_nobody_waiting(place: Place, hub: LoopbackHub) -> None:
    first = place.manager()
    first.wait(first.enqueue("tiny"), 30)
    first.shutdown()
    blocker = sqlite3.connect(place.store_path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    manager = place.manager()
    worst = 0.0

    def timed(work: Callable[[], object]) -> object:
        nonlocal worst
        began = time.perf_counter()
        answer = work()
        worst = max(worst, time.perf_counter() - began)
        return answer

    job = str(timed(lambda: manager.enqueue("base")))
    fault = stall(hub)
    for _ in range(100):
        for work in (manager.jobs, manager.history, manager.drain, lambda: manager.move(job, 1)):
            timed(work)
        time.sleep(0.005)
    assert fault.wait()
    timed(lambda: manager.pause(job))
    until(lambda: states(manager)["base"] is State.PAUSED)
    hub.faults.clear()
    timed(lambda: manager.resume(job))
    assert manager.wait(job, 30)
    # A machine that does other work may take its time; waiting for the lock would take two seconds.
    assert worst < 1.5
    blocker.execute("ROLLBACK")
    blocker.close()
    manager.shutdown(10)
    assert {record.id for record in place.stored()[1]} >= {job}


def test_a_download_asked_for_while_it_is_being_cancelled_is_a_new_one(place: Place, hub: LoopbackHub) -> None:
    hub.settings.rate = 500_000
    manager = place.manager()
    first = manager.enqueue("tiny")
    until(lambda: (found := manager.get(first)) and found.bytes_done)
    manager.cancel(first)
    second = manager.enqueue("tiny")
    hub.settings.rate = None
    assert second != first and manager.wait(second, 40)
    assert {record.id: record.state for record in manager.history()} == {first: State.CANCELLED, second: State.DONE}
