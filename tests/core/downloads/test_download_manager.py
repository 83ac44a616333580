# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole downloads against the loopback hub: real huggingface_hub, real sockets, real files."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.download_manager import TOKEN_NOTICE, DownloadManager
from subtitle_editor.core.downloads import preflight
from subtitle_editor.core.errors.catalog import UnknownModelError
from subtitle_editor.core.events import Cancelled, Checked, End, Event, Failed, Finished, Notice, Progress, State
from subtitle_editor.core.hub.tokens import Token
from subtitle_editor.core.library import states, status
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(60)

REPO = "Systran/faster-whisper-tiny"
MODEL = bytes(range(256)) * 12_000  # 3 MB
FILES = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n", "model.bin": MODEL}
FILES["README.md"] = b"#"
WANTED = {name: data for name, data in FILES.items() if name != "README.md"}
SIZE = sum(len(data) for data in WANTED.values())


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        hub.add_model(REPO, FILES)
        yield hub


@pytest.fixture
def manager(hub: LoopbackHub, tmp_path: Path) -> Iterator[DownloadManager]:
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    yield manager
    assert manager.shutdown()


def collect(manager: DownloadManager, job: str, until: type = End, timeout: float = 30.0) -> list[Event]:  # type: ignore[assignment]
    """What a job says up to its End (or another event)."""
    found: list[Event] = []
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for event in manager.drain():
            if event.job == job:
                found.append(event)
        if any(isinstance(event, until) for event in found):
            return found
        time.sleep(0.01)
    raise AssertionError(f"no {until} in {found}")


def until_state(manager: DownloadManager, state: State, timeout: float = 20.0) -> Progress:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for event in manager.drain():
            assert not isinstance(event, End), event
            if isinstance(event, Progress) and event.state is state:
                return event
        time.sleep(0.01)
    raise AssertionError(f"never {state}")


def until_bytes(manager: DownloadManager, count: int, timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for event in manager.drain():
            if isinstance(event, Progress) and event.bytes_done >= count:
                return
        time.sleep(0.01)
    raise AssertionError(f"never {count} bytes")


def test_download_ends_with_the_files_and_one_end(hub: LoopbackHub, manager: DownloadManager):
    events = collect(manager, job := manager.enqueue("tiny"))
    assert [type(event) for event in events if isinstance(event, End)] == [Finished]
    end = events[-1]
    assert isinstance(end, Finished) and end.path is not None
    assert {path.name: path.read_bytes() for path in end.path.iterdir()} == WANTED
    found = status.find(manager.models_dir, reading.load().get("tiny"))
    assert found == states.Installed(end.path, SIZE, hub.revision(REPO).commit)
    assert manager.drain() == [] and not manager.busy and manager.job_of("tiny") is None
    assert manager.wait(job, 0)


def test_progress_never_goes_back_and_its_total_is_fixed(hub: LoopbackHub, manager: DownloadManager):
    hub.faults.add(Fault(path="*", host="content", rate=3_000_000, times=None))
    steps = [event for event in collect(manager, manager.enqueue("tiny")) if isinstance(event, Progress)]
    known = [event for event in steps if event.bytes_total]
    assert {event.bytes_total for event in known} == {SIZE}
    assert {event.files_total for event in known} == {len(WANTED)}
    done = [event.bytes_done for event in steps]
    assert done == sorted(done) and done[-1] == SIZE
    assert steps[-1].files_done == len(WANTED)
    assert any(event.speed > 0 and event.eta is not None for event in steps)


def test_same_model_twice_is_one_job_and_aliases_count(hub: LoopbackHub, tmp_path: Path):
    hub.add_model("mobiuslabsgmbh/faster-whisper-large-v3-turbo", FILES)
    hub.faults.add(Fault(path="/api/*", latency=0.3))
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    job = manager.enqueue("turbo")
    assert manager.enqueue("large-v3-turbo") == manager.enqueue("turbo") == job
    assert isinstance(collect(manager, job)[-1], Finished)


def test_second_download_fetches_nothing_again(hub: LoopbackHub, manager: DownloadManager):
    collect(manager, manager.enqueue("tiny"))
    hub.forget_requests()
    events = collect(manager, manager.enqueue("tiny"))
    assert isinstance(events[-1], Finished)
    assert [request.path for request in hub.requests_for("*/resolve/*", method="GET")] == []


def test_starting_over_is_told(hub: LoopbackHub, manager: DownloadManager):
    hub.faults.add(Fault(path="*", host="content", corrupt_at=5))
    events = collect(manager, manager.enqueue("tiny"))
    assert any("starting over" in event.message for event in events if isinstance(event, Notice))
    assert isinstance(events[-1], Finished)


def test_missing_token_is_mentioned_once(hub: LoopbackHub, manager: DownloadManager):
    def notices(events: list[Event]) -> list[str]:
        return [event.message for event in events if isinstance(event, Notice)]

    assert notices(collect(manager, manager.enqueue("tiny"))) == [TOKEN_NOTICE]
    assert notices(collect(manager, manager.enqueue("tiny"))) == []


def test_unknown_model_is_refused_at_once(manager: DownloadManager):
    with pytest.raises(UnknownModelError):
        manager.enqueue("tinny")
    assert not manager.busy


def test_cancel_keeps_what_came_and_the_next_run_continues(hub: LoopbackHub, manager: DownloadManager):
    fault = Fault(path="*", host="content", stall_after=1_000_000, times=None)
    hub.faults.add(fault)
    job = manager.enqueue("tiny")
    until_bytes(manager, 900_000)
    manager.cancel(job)
    assert isinstance(collect(manager, job)[-1], Cancelled)
    assert status.find(manager.models_dir, reading.load().get("tiny")) is None
    hub.faults.clear()
    hub.forget_requests()
    assert isinstance(collect(manager, manager.enqueue("tiny"))[-1], Finished)
    assert hub.bytes_served("*", host="content") <= len(MODEL) - 900_000


def test_pause_has_no_end_and_resume_finishes(hub: LoopbackHub, manager: DownloadManager):
    fault = Fault(path="*", host="content", stall_after=1_000_000, times=None)
    hub.faults.add(fault)
    job = manager.enqueue("tiny")
    assert fault.wait()
    manager.pause(job)
    until_state(manager, State.PAUSED)
    assert not manager.busy and manager.job_of("tiny") == job
    hub.faults.clear()
    manager.resume(job)
    assert isinstance(collect(manager, job)[-1], Finished)


@pytest.mark.parametrize("click", ["resume", "download"])
def test_who_pauses_and_resumes_at_once_is_obeyed(hub: LoopbackHub, manager: DownloadManager, click: str):
    """Also while the worker has not noticed the pause yet."""
    fault = Fault(path="*", host="content", stall_after=1_000_000, times=None)
    hub.faults.add(fault)
    job = manager.enqueue("tiny")
    assert fault.wait()
    hub.faults.clear()
    manager.pause(job)
    if click == "resume":
        manager.resume(job)
    else:
        assert manager.enqueue("tiny") == job
    assert isinstance(collect(manager, job)[-1], Finished)


def test_the_last_of_many_clicks_counts(hub: LoopbackHub, manager: DownloadManager):
    fault = Fault(path="*", host="content", stall_after=1_000_000, times=None)
    hub.faults.add(fault)
    job = manager.enqueue("tiny")
    assert fault.wait()
    for _ in range(3):
        manager.pause(job)
        manager.resume(job)
    manager.pause(job)
    until_state(manager, State.PAUSED)
    time.sleep(0.3)
    assert not manager.busy
    hub.faults.clear()
    manager.resume(job)
    assert isinstance(collect(manager, job)[-1], Finished)


def test_second_job_waits_and_can_be_cancelled_there(hub: LoopbackHub, manager: DownloadManager):
    hub.add_model("Systran/faster-whisper-base", FILES)
    fault = Fault(path="*", host="content", stall_after=0, times=None)
    hub.faults.add(fault)
    first, second = manager.enqueue("tiny"), manager.enqueue("base")
    assert fault.wait()
    assert hub.requests_for("*faster-whisper-base*") == []
    manager.cancel(second)
    assert isinstance(collect(manager, second)[-1], Cancelled)
    manager.cancel(first)
    assert manager.wait(first, 5)


@pytest.mark.parametrize("stall", ["/api/*", "*/resolve/*"])
def test_cancel_does_not_wait_for_a_silent_hub(hub: LoopbackHub, manager: DownloadManager, stall: str):
    fault = Fault(path=stall, stall_before=True, times=None)
    hub.faults.add(fault)
    job = manager.enqueue("tiny")
    assert fault.wait()
    manager.cancel(job)
    # huggingface_hub alone needs 7 s and more; a second leaves room for a busy test machine.
    assert manager.wait(job, 1.0)


def test_rate_limit_is_counted_down_and_then_overcome(hub: LoopbackHub, manager: DownloadManager):
    hub.faults.add(Fault(path="/api/*", status=429, headers={"Retry-After": "1"}, times=1))
    events = collect(manager, manager.enqueue("tiny"))
    waits = [event.retry_in for event in events if isinstance(event, Progress) and event.state is State.RETRYING]
    assert waits and all(wait is not None and 0 <= wait <= 1 for wait in waits)
    assert isinstance(events[-1], Finished)


def test_a_wait_of_a_day_is_an_error_at_once(hub: LoopbackHub, manager: DownloadManager):
    hub.faults.add(Fault(path="/api/*", status=429, headers={"Retry-After": "86400"}, times=None))
    error = failure(manager).error
    assert error.code == "rate_limited" and "24 h" in str(error)


def failure(manager: DownloadManager, model: str = "tiny") -> Failed:
    end = collect(manager, manager.enqueue(model))[-1]
    assert isinstance(end, Failed), end
    return end


def test_refused_token(hub: LoopbackHub, tmp_path: Path):
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint, token=Token("hf_wrong_secret"))
    error = failure(manager).error
    assert error.code == "token_refused" and "hf_wrong_secret" not in str(error)


def test_gated_repository_says_where_to_accept(hub: LoopbackHub, manager: DownloadManager):
    hub.add_model("Systran/faster-whisper-base", FILES, gated=True)
    error = failure(manager, "base").error
    assert error.code == "gated"
    assert f"{hub.endpoint}/Systran/faster-whisper-base" in str(error)
    assert hub.bytes_served("*", host="content") == 0


def test_missing_repository(hub: LoopbackHub, manager: DownloadManager):
    error = failure(manager, "base").error
    assert error.code == "not_found" and "Systran/faster-whisper-base" in str(error)


def test_missing_revision(hub: LoopbackHub, manager: DownloadManager):
    end = collect(manager, manager.enqueue("tiny", revision="v9"))[-1]
    assert isinstance(end, Failed) and end.error.code == "revision_not_found" and "v9" in str(end.error)


def test_hub_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from subtitle_editor.core.downloads import questions
    from subtitle_editor.core.transfer.retries import RetryPolicy

    monkeypatch.setattr(questions, "POLICY", RetryPolicy(tries=1))
    manager = DownloadManager(tmp_path, endpoint="http://127.0.0.1:9")
    error = failure(manager).error
    assert error.code == "unreachable" and "127.0.0.1:9" in str(error)


def test_disk_too_small_is_refused_before_the_first_byte(
    hub: LoopbackHub, manager: DownloadManager, monkeypatch: pytest.MonkeyPatch
):

    # Never free as a whole, whatever others on this machine write and remove meanwhile.
    monkeypatch.setattr(preflight, "SPACE_MARGIN", shutil.disk_usage(manager.models_dir).total)
    error = failure(manager).error
    assert error.code == "no_space" and "GB free" in str(error)
    assert hub.bytes_served("*", host="content") == 0


@pytest.fixture
def nobody() -> Iterator[None]:
    """Root may write everywhere, so as root the test runs as another user."""
    if os.name == "nt" or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="a read-only mark on a folder means nothing on Windows")
def test_folder_that_cannot_be_written(hub: LoopbackHub, nobody: None):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "read-only")
        folder.mkdir()
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
        error = failure(DownloadManager(folder, endpoint=hub.endpoint)).error
        assert error.code == "not_writable" and str(folder) in str(error)
        assert list(folder.iterdir()) == []


def test_models_folder_that_is_a_file(hub: LoopbackHub, tmp_path: Path):
    place = tmp_path / "file"
    place.write_text("mine", encoding="utf-8")
    error = failure(DownloadManager(place, endpoint=hub.endpoint)).error
    assert error.code == "not_writable"
    assert place.read_text(encoding="utf-8") == "mine"


def test_unsafe_name_writes_nothing(hub: LoopbackHub, tmp_path: Path):
    from subtitle_editor.core.errors.hub import UnsafeNameError
    from subtitle_editor.core.hub.client import check_name

    evil = ["../evil.txt", "a/../../evil", "/etc/passwd", "a//b", "x\x00y", ""]
    for name in [*evil, "C:/evil", "a\\..\\evil", "nul"] if os.name == "nt" else evil:
        with pytest.raises(UnsafeNameError):
            check_name("owner/name", name)
    check_name("owner/name", "sub folder/model.v1.bin")


def test_shutdown_cancels_and_keeps_files(hub: LoopbackHub, tmp_path: Path):
    fault = Fault(path="*", host="content", stall_after=1_000_000, times=None)
    hub.faults.add(fault)
    manager = DownloadManager(tmp_path, endpoint=hub.endpoint)
    job = manager.enqueue("tiny")
    assert fault.wait()
    assert manager.shutdown(2.0)
    assert isinstance(collect(manager, job)[-1], Cancelled)
    assert list(tmp_path.rglob("*.part"))
    manager.enqueue("tiny")  # Starts nothing any more.
    time.sleep(0.1)
    assert len(hub.requests_for("/api/models/*/tree/*")) == 1


def test_a_disk_that_does_not_say_its_size_is_not_called_full(
    manager: DownloadManager, monkeypatch: pytest.MonkeyPatch
):
    """Those of memory without a limit have 0 bytes, of which 0 are free; so have some of clouds."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("usage", "total used free")(0, 0, 0))
    job = manager.enqueue("tiny")
    assert manager.wait(job, 30)
    events = manager.drain()
    assert isinstance(events[-1], Finished)
    assert [event.bytes_free for event in events if isinstance(event, Checked)] == [None]
