# SPDX-License-Identifier: GPL-3.0-or-later
"""The service as users start it: a process of its own, asked over real sockets."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.hub.server import LoopbackHub

MODEL = bytes(range(256)) * 12_000  # 3 MB
SMALL = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n"}
SIZE = len(MODEL) + sum(map(len, SMALL.values()))
WAIT = 40.0
"""Seconds; nothing here should take so long on the slowest machine."""


def add_models(hub: LoopbackHub, *models: str) -> None:
    """Whisper models of these ids, SIZE bytes each, no two with the same content."""
    for model in models:
        mark = hashlib.sha256(model.encode()).digest()
        hub.add_model(f"Systran/faster-whisper-{model}", {**SMALL, "model.bin": mark + MODEL[len(mark) :]})


def until(condition: Callable[[], Any], what: str = "", timeout: float = WAIT) -> Any:
    """Ask again and again until the answer is true; that answer."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what or condition}"
        time.sleep(0.03)
    return found


class Service:
    """One `subtitle-editor serve`."""

    def __init__(self, folder: Path, endpoint: str | None, *words: str, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.models = folder / "models"
        self.user = folder / "user"
        self.endpoint = endpoint
        self.words = list(words)
        self.token = ""
        self.headers: dict[str, str] = {}
        self._env = {**os.environ, **(env or {})}
        self.errors = folder / f"errors-{time.monotonic_ns()}.txt"
        self.start()

    def place(self) -> list[str]:
        """The options that the command line takes for the same folders."""
        place = ["--models-dir", str(self.models), "--user-dir", str(self.user)]
        return [*place, "--endpoint", self.endpoint] if self.endpoint else place

    def start(self, port: int = 0) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "subtitle_editor", "serve", "--json", "--port", str(port)]
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*words, *self.place(), *self.words], stdout=subprocess.PIPE, stderr=errors, env=self._env
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        said = json.loads(line)
        assert said["event"] == "serving", said
        self.address, self.port = said["address"], said["port"]

    def end(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    # Questions

    def connect(self, timeout: float = WAIT) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float = WAIT,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (small letters) and body."""
        sent = {**self.headers, **(headers or {})}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        raw = None
        if body is not None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        with contextlib.closing(self.connect(timeout)) as connection:
            connection.request(method, path, raw, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, response.read()

    def good(self, method: str, path: str, body: object = None) -> Any:
        """The data of an answer that has to be good."""
        status, _, raw = self.ask(method, path, body)
        data = json.loads(raw)
        assert status < 300 and data["success"] is True, (status, data)
        return data["data"]

    def bad(self, method: str, path: str, body: object = None, **more: Any) -> tuple[int, str]:
        """Status and code of an answer that has to be a refusal."""
        status, _, raw = self.ask(method, path, body, **more)
        data = json.loads(raw)
        assert status >= 400 and data["success"] is False, (status, data)
        assert set(data["error"]) == {"code", "message", "hint"} and data["error"]["message"]
        return status, data["error"]["code"]

    def download(self, model: str) -> str:
        return str(self.good("POST", "/api/sources/catalog/download", {"model": model})["job"])

    def job(self, job: str) -> dict[str, Any]:
        return dict(self.good("GET", f"/api/sources/download/{job}"))

    def wait(self, job: str, *states: str) -> dict[str, Any]:
        """The job once it is in one of these states."""
        row: dict[str, Any] = {}

        def there() -> bool:
            nonlocal row
            row = self.job(job)
            return row["state"] in states

        until(there, f"{job} in {states}")
        return row

    def begun(self, job: str, least: int = 300_000) -> dict[str, Any]:
        """The job once so many bytes of it have arrived."""
        row: dict[str, Any] = {}

        def there() -> bool:
            nonlocal row
            row = self.job(job)
            return bool(row["bytes_done"] >= least)

        until(there, f"{least} bytes of {job}")
        return row

    def task(self, kind: str, model: str, **more: object) -> dict[str, Any]:
        """A task from its beginning to its end."""
        task = self.good("POST", f"/api/sources/{kind}", {"model": model, **more})["task"]
        return dict(
            until(
                lambda: (
                    row
                    if (row := self.good("GET", f"/api/sources/task/{task}"))["state"]
                    in ("done", "failed", "cancelled")
                    else None
                ),
                f"the end of {kind} {model}",
            )
        )

    def state(self, model: str) -> str:
        """What the disk says, looked at now."""
        rows = self.good("GET", "/api/sources/catalog?fresh=true")
        return str(next(row["state"] for row in rows if row["id"] == model))

    def memory(self) -> int:
        import psutil

        return int(psutil.Process(self.process.pid).memory_info().rss)

    def follow(self, query: str = "", **options: Any) -> Socket:
        return Socket(self, query, **options)


class Socket:
    """A WebSocket that follows the events, read on a thread; RFC 6455 by hand, so that it can break its rules."""

    def __init__(
        self,
        service: Service,
        query: str = "",
        headers: dict[str, str] | None = None,
        read: bool = True,
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.closed = threading.Event()
        self.code = 0
        self.socket = socket.create_connection(("127.0.0.1", service.port), timeout=WAIT)
        sent = {
            "Host": f"127.0.0.1:{service.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **({"Authorization": f"Bearer {service.token}"} if service.token else {}),
            **(headers or {}),
        }
        lines = [f"GET /api/sources/events{query} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._file = self.socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        self.body = b""
        if self.status != 101:
            self.body = self._file.read(int(self.headers.get("content-length", 0)))
            self.closed.set()
        elif read:
            threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def send(self, data: bytes, opcode: int = 1) -> None:
        mask = os.urandom(4)
        length = len(data)
        if length < 126:
            head = bytes([0x80 | opcode, 0x80 | length])
        elif length < 65536:
            head = bytes([0x80 | opcode, 0xFE]) + length.to_bytes(2, "big")
        else:
            head = bytes([0x80 | opcode, 0xFF]) + length.to_bytes(8, "big")
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)) if length < 100_000 else data
        self.socket.sendall(head + mask + body)

    def _read(self) -> None:
        try:
            while True:
                first, second = self._exactly(2)
                length = second & 0x7F
                if length == 126:
                    length = int.from_bytes(self._exactly(2), "big")
                elif length == 127:
                    length = int.from_bytes(self._exactly(8), "big")
                data = self._exactly(length)
                opcode = first & 15
                if opcode == 1:
                    message = json.loads(data)
                    assert message["channel"] == "download"
                    now = time.time()
                    self.events += [{**event, "heard": now} for event in message["events"]]
                elif opcode == 8:
                    self.code = int.from_bytes(data[:2], "big")
                    return
                elif opcode == 9:
                    self.send(data, 10)
        except (OSError, EOFError, ValueError):
            pass
        finally:
            self.closed.set()

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if data is None or len(data) < count:
            raise EOFError
        return data

    def wait_for(self, event: str, **fields: object) -> dict[str, Any]:
        """The first event of this name with these fields."""
        return dict(until(lambda: self.find(event, **fields), f"{event} {fields}"))

    def find(self, event: str, **fields: object) -> dict[str, Any] | None:
        for one in list(self.events):
            if one["event"] == event and all(one.get(name) == value for name, value in fields.items()):
                return one
        return None


def command(service: Service, *words: str) -> tuple[int, list[dict[str, Any]]]:
    """The command line in a process of its own, on the folders of a service; its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "subtitle_editor", *words, *service.place(), "--json"],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def running(folder: Path, endpoint: str | None, words: Sequence[str] = (), **more: Any) -> Iterator[Service]:
    """A service for the length of a `with` block."""
    service = Service(folder, endpoint, *words, **more)
    try:
        yield service
    finally:
        service.end()


def install(models: Path, repo: str, files: dict[str, bytes]) -> None:
    """A complete repository of the cache, as another program would have written it."""
    folder = models / f"models--{repo.replace('/', '--')}"
    commit = hashlib.sha1(repo.encode()).hexdigest()
    snapshot = folder / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    (folder / "blobs").mkdir()
    for name, data in files.items():
        blob = folder / "blobs" / hashlib.sha256(data).hexdigest()
        blob.write_bytes(data)
        (snapshot / name).symlink_to(blob)


def catalog_of(count: int) -> str:
    """A catalogue of one's own with so many entries."""
    return "\n".join(
        f'[[model]]\nid = "own-{i}"\nname = "Own model {i}"\nkind = "language"\nsize = 1000\n'
        f'source = [{{ repo = "owner/model-{i}" }}]\n'
        for i in range(count)
    )
