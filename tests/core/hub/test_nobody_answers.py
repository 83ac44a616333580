# SPDX-License-Identifier: GPL-3.0-or-later
"""A hub that nobody reaches, or that takes the question and says nothing: told soon, and what for while it is tried."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.catalog.entries import Catalog
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads import download as downloads
from subtitle_editor.core.downloads import questions
from subtitle_editor.core.events import Cancelled, Event, Finished, Progress, State
from subtitle_editor.core.hub import asking
from subtitle_editor.core.system.speed import SpeedMeter
from subtitle_editor.core.transfer.retries import RetryPolicy
from tests.core.hub.book import ENTRY, asked_for, code_of, stock
from tests.core.raw_server import Asked, RawServer, answer, serving
from tests.hub_by_the_book.server import Hub as Server
from tests.hub_by_the_book.server import Reply

pytestmark = pytest.mark.timeout(60)

CUT, SILENT, BUSY = 3, 2, 5
"""Questions until it is given up."""


@pytest.fixture(autouse=True)
def without_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "POLICY", RetryPolicy(tries=BUSY, first_wait=0.1))


def said(server: RawServer, folder: Path) -> tuple[str, list[Progress]]:
    """The code of the error, and all progress: asked for so often that little of it is superseded."""
    manager = DownloadManager(folder, endpoint=server.url, catalog=Catalog((ENTRY,)))
    job, told = manager.enqueue("tiny"), list[Event]()
    while not manager.wait(job, 0.01):
        told += manager.drain()
    told += manager.drain()
    manager.shutdown()
    return code_of(told[-1]), [event for event in told if isinstance(event, Progress)]  # type: ignore[arg-type]


def nothing(_: Asked) -> Iterator[bytes]:
    time.sleep(1.0)
    yield b""


def test_who_is_cut_off_hears_of_it_after_a_few_tries(tmp_path: Path) -> None:
    with serving(lambda _: b"") as server:
        code, told = said(server, tmp_path)
    assert (code, len(server.asked)) == ("unreachable", CUT)
    first = next(event for event in told if event.state is State.RETRYING)
    assert first.attempt == 1 and server.url.removeprefix("http://") in first.reason


def test_a_hub_that_is_busy_is_asked_for_longer(tmp_path: Path) -> None:
    with serving(lambda _: answer(503)) as server:
        code, told = said(server, tmp_path)
    assert (code, len(server.asked)) == ("hub_answer", BUSY)
    assert "503" in next(event for event in told if event.state is State.RETRYING).reason


def test_a_silent_hub_is_named_while_it_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_TIMEOUT", 0.8)
    monkeypatch.setattr(questions, "WORD_AFTER", 0.3)
    with serving(nothing) as server:
        code, told = said(server, tmp_path)
        assert (code, len(server.asked)) == ("unreachable", SILENT)
    host = server.url.removeprefix("http://")
    assert any(event.state is State.CHECKING and event.reason == f"No answer from {host} yet." for event in told)


def test_small_files_that_do_not_come_are_told_and_then_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is shown of the speed: nobody reads one that has not been for a while."""
    monkeypatch.setattr(questions, "WORD_AFTER", 0.3)
    monkeypatch.setattr(downloads, "SpeedMeter", functools.partial(SpeedMeter, 0.5))
    with Server() as hub:
        stock(hub)
        told: list[Progress] = []
        stalled = threading.Event()

        def silent(seen: object) -> Reply | None:
            if asked_for("/config.json")(seen):  # type: ignore[arg-type]
                stalled.wait(20)
            return None

        hub.overrides.append(silent)
        manager = DownloadManager(tmp_path, endpoint=hub.url, catalog=Catalog((ENTRY,)))
        job = manager.enqueue("tiny")
        while not manager.wait(job, 0.05):
            told += [event for event in manager.drain() if isinstance(event, Progress)]
            now = manager.progress(job)
            if now is not None and now.state is State.STALLED and now.speed == 0:
                stalled.set()
        ends = manager.drain()
        manager.shutdown()
    assert stalled.is_set(), [(event.state, event.speed) for event in told]
    assert isinstance(ends[-1], Finished)
    assert any(event.state is State.STALLED and "No answer from" in event.reason for event in told)


def test_cancel_is_at_once_while_nobody_answers(tmp_path: Path) -> None:
    asked = threading.Event()

    def silent(_: Asked) -> Iterator[bytes]:
        asked.set()
        time.sleep(5.0)
        yield b""

    with serving(silent) as server:
        manager = DownloadManager(tmp_path, endpoint=server.url, catalog=Catalog((ENTRY,)))
        job = manager.enqueue("tiny")
        assert asked.wait(20)
        began = time.monotonic()
        manager.cancel(job)
        assert manager.wait(job, 4) and time.monotonic() - began < 2
        assert any(isinstance(event, Cancelled) for event in manager.drain())
        manager.shutdown()
