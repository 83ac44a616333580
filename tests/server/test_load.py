# SPDX-License-Identifier: GPL-3.0-or-later
"""Many who follow, many who ask: latency, memory, and the disk. Smaller in CI, as asked for with the long tests.

Latencies are compared with a bound only in the long run: no test of CI may depend on how fast a machine is.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.hub.server import LoopbackHub

from .kit import MODEL, SMALL, Service, catalog_of, install, running, until

pytestmark = pytest.mark.timeout(300)

LONG = bool(os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"))
LISTENERS = 200 if LONG else 40
JOBS = 20 if LONG else 6
SECONDS = 20.0 if LONG else 4.0
MODELS = 200


class Crowd:
    """Many listeners on one thread, and when each heard each event."""

    def __init__(self, service: Service, number: int) -> None:
        self.late: list[float] = []
        self.ends: dict[str, int] = {}
        self.counts = [0] * number
        self.ready = threading.Barrier(2)
        self._service = service
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(number)), daemon=True)
        self._thread.start()
        self.ready.wait(60)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)

    async def _run(self, number: int) -> None:
        listeners = [asyncio.create_task(self._listen(i)) for i in range(number)]
        while sum(1 for count in self.counts if count) < number:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(self.ready.wait, 60)
        while not self._stop.is_set():
            await asyncio.sleep(0.1)
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)

    async def _listen(self, i: int) -> None:
        url = f"ws://127.0.0.1:{self._service.port}/api/sources/events"
        async with connect(url, max_size=None, compression=None) as socket:
            async for message in socket:
                now = time.time()
                self.counts[i] += 1
                for event in json.loads(message)["events"]:
                    if event["event"] == "progress":
                        self.late.append(now - event["at"])
                    elif event["event"] in ("complete", "failed", "cancelled"):
                        self.ends[event["job"]] = self.ends.get(event["job"], 0) + 1


def test_many_follow_many_downloads(hub: LoopbackHub, tmp_path: Path) -> None:
    user = tmp_path / "service" / "user"
    user.mkdir(parents=True)
    (user / "catalog.toml").write_text(catalog_of(JOBS))
    for i in range(JOBS):
        hub.add_model(f"owner/model-{i}", {**SMALL, "model.bin": i.to_bytes(4, "big") + MODEL * 4})
    hub.settings.rate = len(MODEL) * 4 / 6 / SECONDS * 0.7
    with running(tmp_path / "service", hub.endpoint, ["--concurrency", "20"]) as service:
        idle = service.memory()
        crowd = Crowd(service, LISTENERS)
        jobs = [service.download(f"own-{i}") for i in range(JOBS)]
        until(lambda: all(row["state"] == "downloading" for row in service.good("GET", "/api/sources/downloads")))
        crowd.late.clear()
        time.sleep(SECONDS / 2)
        late = sorted(crowd.late)
        memory = service.memory() - idle
        # From the click to what everybody hears.
        began = time.time()
        service.good("DELETE", f"/api/sources/download/{jobs[0]}")
        until(lambda: crowd.ends.get(jobs[0]) == LISTENERS)
        heard = time.time() - began
        hub.settings.rate = None
        until(lambda: len(crowd.ends) == JOBS, timeout=120)
        time.sleep(0.5)
        crowd.stop()
    p99 = late[int(len(late) * 0.99)]
    print(
        f"{LISTENERS} listeners, {JOBS} jobs: {len(late)} events heard, median {late[len(late) // 2] * 1000:.0f} ms, "
        f"99 % within {p99 * 1000:.0f} ms, a cancel heard by all within {heard * 1000:.0f} ms, "
        f"{memory / 1e6:.0f} MB above idle, load {os.getloadavg()[0]:.1f}"
    )
    assert len(late) > LISTENERS * JOBS * SECONDS / 2
    assert set(crowd.ends.values()) == {LISTENERS}, "an end was lost or told twice"
    assert memory < 150_000_000
    if LONG:
        assert p99 < 0.25


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A models folder with two hundred models, and a catalogue that names them."""
    folder = tmp_path / "service"
    (folder / "user").mkdir(parents=True)
    (folder / "user" / "catalog.toml").write_text(catalog_of(MODELS))
    for i in range(MODELS):
        install(
            folder / "models", f"owner/model-{i}", {"config.json": b"{%d}" % i, "model.bin": b"x" * 1000 + b"%d" % i}
        )
    return folder


def test_installed_is_answered_often_without_the_disk(full: Path) -> None:
    with running(full, None) as service:
        rows = service.good("GET", "/api/sources/installed")
        assert len(rows) == MODELS
        until(lambda: service.good("GET", "/api/sources/disk")["installed"] == MODELS)
        asked, seconds, late = hammer(service, 1000, SECONDS)
        print(
            f"{asked / seconds:.0f} requests a second of {MODELS} models ({asked} in {seconds:.1f} s), 99 % within "
            f"{sorted(late)[int(len(late) * 0.99)] * 1000:.1f} ms, load {os.getloadavg()[0]:.1f}"
        )
        if LONG:
            assert asked / seconds > 950
        # What is not looked at cannot be missed: without the folder the answer is the same while a look lasts.
        away = full / "away"
        service.good("GET", "/api/sources/installed?fresh=true")
        (full / "models").rename(away)
        for _ in range(100):
            assert len(service.good("GET", "/api/sources/installed")) == MODELS
        away.rename(full / "models")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_system_call_for_a_file_while_it_is_answered(full: Path, tmp_path: Path) -> None:
    """The same, as the kernel sees it."""
    trace = tmp_path / "trace"
    with running(full, None) as service:
        service.good("GET", "/api/sources/installed?fresh=true")
        words = ["strace", "-f", "-e", "trace=%file", "-o", str(trace), "-p", str(service.process.pid)]
        with subprocess.Popen(words, stderr=subprocess.PIPE) as tracer:
            assert tracer.stderr is not None
            line = tracer.stderr.readline()
            if b"attach" not in line or b"not permitted" in line:
                tracer.kill()
                pytest.skip("this machine does not let us trace")
            for _ in range(300):
                service.good("GET", "/api/sources/installed")
            tracer.terminate()
        calls = [line for line in trace.read_text().splitlines() if str(service.models) in line]
        assert calls == []


def hammer(service: Service, rate: int, seconds: float) -> tuple[int, float, list[float]]:
    """Ask at most so often a second over two connections; how often it was, for how long, and how long each took."""
    late: list[float] = []
    began = time.monotonic()

    def ask() -> None:
        request = b"GET /api/sources/installed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as sock, sock.makefile("rb") as file:
            count = 0
            while (now := time.monotonic()) - began < seconds:
                if (wait := began + count * 2 / rate - now) > 0:
                    time.sleep(wait)
                sent = time.monotonic()
                sock.sendall(request)
                status, length = file.readline(), 0
                while (line := file.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = file.read(length)
                assert b" 200 " in status and body.startswith(b'{"success":true') and len(body) > 20_000
                late.append(time.monotonic() - sent)
                count += 1

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(late), time.monotonic() - began, late
