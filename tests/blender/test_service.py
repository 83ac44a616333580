# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender and the service on one user folder: each sees the jobs of the other, pauses and cancels them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import State
from tests.hub.server import LoopbackHub

pytest.importorskip("starlette", reason="the service's libraries are not installed")

from tests.server.kit import Service

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def service(ready: Any, addon: Any, hub: LoopbackHub, tmp_path: Path) -> Iterator[Service]:
    """A service on the folders of this Blender, while the hub is slow."""
    from subtitle_editor.session import settings

    hub.settings.rate = 60_000
    words = ["--user-dir", str(settings.user_dir()), "--models-dir", addon.models_folder]
    running = Service(tmp_path / "service", hub.endpoint, *words)
    yield running
    running.end()


def pump_until(condition: Callable[[], Any]) -> Any:
    from subtitle_editor.session import pump, state

    deadline = time.monotonic() + 40
    while not (found := condition()):
        assert time.monotonic() < deadline, state.jobs()
        pump.pump()
        time.sleep(0.02)
    return found


def jobs() -> list[Any]:
    from subtitle_editor.session import state

    return list(state.jobs())


def test_a_download_of_the_service_is_seen_paused_and_cancelled_in_blender(service: Service) -> None:
    from subtitle_editor.session import downloads, settings

    job = service.download("tiny")
    service.begun(job, 60_000)
    downloads.for_settings(settings.get(bpy.context))
    record = pump_until(lambda: next((found for found in jobs() if found.id == job), None))
    assert record.elsewhere and record.model == "tiny"
    pump_until(lambda: jobs()[0].bytes_done > 60_000)
    bpy.ops.subtitle.pause_download(job=job)
    assert service.wait(job, "paused")["bytes_done"] > 0
    pump_until(lambda: [(found.state, found.elsewhere) for found in jobs()] == [(State.PAUSED, False)])
    service.good("POST", f"/api/sources/download/{job}/resume")
    service.wait(job, "downloading")
    pump_until(lambda: [found.elsewhere for found in jobs()] == [True])
    with service.follow() as events:
        bpy.ops.subtitle.cancel_download(job=job)
        events.wait_for("cancelled", job=job)
    assert service.job(job)["state"] == "cancelled"
    pump_until(lambda: jobs() == [])


def test_a_download_of_blender_is_seen_and_cancelled_in_the_service(service: Service) -> None:
    from subtitle_editor.session import downloads, settings, state

    job = downloads.start("tiny", settings.get(bpy.context))
    pump_until(lambda: [found.state for found in jobs()] == [State.DOWNLOADING])

    def seen() -> Any:
        return next((row for row in service.good("GET", "/api/sources/downloads") if row["job"] == job), None)

    row = pump_until(seen)
    assert row["elsewhere"] and row["model"] == "tiny"
    with service.follow() as events:
        pump_until(lambda: events.find("progress", job=job) or events.find("snapshot"))
        service.ask("DELETE", f"/api/sources/download/{job}")
        pump_until(lambda: events.find("cancelled", job=job))
    pump_until(lambda: jobs() == [])
    assert [record.state for record in state.history() if record.id == job] == [State.CANCELLED]
