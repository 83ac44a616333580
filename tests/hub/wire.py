# SPDX-License-Identifier: GPL-3.0-or-later
"""The loopback hub's HTTP/1.1 server: keep-alive, ranges, fast bodies, and the faults on the wire.

One thread per connection. Bodies of files go out with `os.sendfile` where there is one.
"""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
import json
import os
import select
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING or __package__:
    from .faults import Fault, Faults, Host, Target
    from .routes import Query, Reply, parse_range
else:  # Run as a script: `python tests/hub/server.py`.
    from faults import Fault, Faults, Host, Target
    from routes import Query, Reply, parse_range

# Bytes handed to the kernel at once: few enough that `bytes_sent` is current, many enough for speed.
CHUNK = 4 << 20

_numbers = itertools.count(1)

_TICK = 0.02
"""Seconds between two looks at whether a silent connection should go on or end."""


@dataclass(slots=True)
class Request:
    """A request as it came in, and what became of it."""

    time: float
    """Seconds since the hub started."""
    host: Host
    method: str
    path: str
    """As sent, without the query."""
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    status: int = 0
    """0: no answer yet, or none at all."""
    bytes_sent: int = 0
    """Of the body, grows while it is sent."""
    connection: int = 0
    """Tells connections apart: requests with the same number came over the same one."""

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")

    def fits(self, path: str, host: Host | None, method: str | None) -> bool:
        """Whether this is one of the requests meant."""
        named = host in (None, self.host) and method in (None, self.method)
        return named and fnmatch.fnmatchcase(self.path, path)


class Log:
    """The list of requests."""

    def __init__(self) -> None:
        self._grown = threading.Condition()
        self._requests: list[Request] = []

    def append(self, request: Request) -> None:
        """Take down a request that just came in."""
        with self._grown:
            self._requests.append(request)
            self._grown.notify_all()

    def all(self) -> list[Request]:
        """A copy of the list."""
        with self._grown:
            return list(self._requests)

    def clear(self) -> None:
        """Empty the list."""
        with self._grown:
            self._requests.clear()

    def wait(self, wanted: Callable[[Request], bool], count: int, timeout: float) -> bool:
        """Wait for `count` requests that are wanted."""
        with self._grown:
            return self._grown.wait_for(lambda: sum(map(wanted, self._requests)) >= count, timeout)


@dataclass(slots=True)
class Settings:
    """What both hosts share."""

    faults: Faults
    rate: float | None = None
    latency: float = 0.0
    log: Log = field(default_factory=Log)
    closing: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)


class Server(socketserver.ThreadingTCPServer):
    """One host. Raises OSError from the constructor where the address cannot be bound."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = os.name == "posix"  # On Windows the option would let two servers share a port.

    def __init__(
        self, address: str, port: int, host: Host, answer: Callable[[Query], Reply], settings: Settings
    ) -> None:
        super().__init__((address, port), _Connection)
        self.host: Host = host
        self.answer = answer
        self.settings = settings
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._resets: set[socket.socket] = set()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, name=f"loopback-{host}", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and end every connection. `settings.closing` must be set before."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._lock:
            sockets = list(self._open)
        for sock in sockets:
            # Only shut down here, closing is for the thread that uses it: its number could be reused.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def reset_later(self, sock: socket.socket) -> None:
        """End this connection with a reset (RST) instead of in good order."""
        with self._lock:
            self._resets.add(sock)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take down the connection, to end it in :meth:`stop`."""
        sock, address = super().get_request()
        with self._lock:
            self._open.add(sock)
        return sock, address

    def shutdown_request(self, request: Any) -> None:
        """End a connection, from its own thread."""
        with self._lock:
            self._open.discard(request)
            reset = request in self._resets
            self._resets.discard(request)
        if reset:
            with contextlib.suppress(OSError):
                # struct linger is two ints, on Windows two shorts.
                linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
                request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what these servers are for; anything else is a bug in a test."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Ended(Exception):
    """The connection is to end now; the answer was cut short."""


@dataclass(slots=True)
class _Plan:
    """An answer with its range worked out: what to send, and how much of it the headers promise."""

    reply: Reply
    start: int
    promised: int
    available: int
    """Bytes there are; fewer than promised where the server lies about the size."""


def _plan(query: Query, reply: Reply, size_delta: int = 0, ignore_range: bool = False) -> _Plan:
    """Apply Range and If-Range to an answer, for a file claimed to be `size_delta` larger than it is."""
    if reply.file is None:
        return _Plan(reply, 0, len(reply.body), len(reply.body))
    size = reply.file.size
    claimed = max(size + size_delta, 0)
    condition = query.headers.get("if-range")
    if ignore_range or (condition is not None and condition != reply.headers["ETag"]):
        span = None
    else:
        try:
            span = parse_range(query.headers.get("range"), claimed)
        except ValueError:
            headers = {"Content-Range": f"bytes */{claimed}", "ETag": reply.headers["ETag"]}
            return _Plan(Reply(416, headers, address=reply.address), 0, 0, 0)
    if span is None:
        return _Plan(reply, 0, claimed, min(claimed, size))
    start, length = span
    headers = reply.headers | {"Content-Range": f"bytes {start}-{start + length - 1}/{claimed}"}
    partial = Reply(206, headers, file=reply.file, address=reply.address)
    return _Plan(partial, start, length, max(min(length, size - start), 0))


def _lie(reply: Reply, delta: int) -> None:
    """Change the sizes an answer of the hub gives for LFS files, in headers or in a listing."""
    if "X-Linked-Size" in reply.headers:
        reply.headers["X-Linked-Size"] = str(int(reply.headers["X-Linked-Size"]) + delta)
    elif reply.status == 200 and reply.headers.get("Content-Type", "").startswith("application/json"):
        listing = json.loads(reply.body)
        for entry in listing.get("siblings", []) if isinstance(listing, dict) else listing:
            if "lfs" in entry:
                entry["size"] += delta
                entry["lfs"]["size"] += delta
        reply.body = json.dumps(listing).encode()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    _request: Request

    def setup(self) -> None:
        super().setup()
        self._number = next(_numbers)

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        query = Query(self.command, self.path, headers, body)
        settings = self.server.settings
        self._request = Request(
            time.monotonic() - settings.started, self.server.host, self.command, query.path,
            self.path.partition("?")[2], headers, connection=self._number,
        )  # fmt: skip
        settings.log.append(self._request)
        try:
            self._answer(query)
        except (_Ended, ConnectionError, ValueError):
            # ValueError: the socket was closed below us (file descriptor -1).
            self.close_connection = True

    do_HEAD = do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the hub keeps a list of requests."""

    def _answer(self, query: Query) -> None:
        reply = self.server.answer(query)
        plan = _plan(query, reply)
        target = Target(
            self.server.host, query.method, query.path, "range" in query.headers,
            plan.start, plan.available, reply.address,
        )  # fmt: skip
        faults = self.server.settings.faults.take(target)
        self._before(faults)
        for fault in faults:
            if fault.expire_after is not None:
                reply = Reply(403, {"Content-Type": "application/xml"}, b"<Error>Request has expired</Error>")
            if fault.status is not None:
                reply = Reply(fault.status, {"Content-Type": "text/plain"}, fault.body)
            if fault.size_delta:
                _lie(reply, fault.size_delta)
            reply.headers.update(fault.headers)
            if not fault.strikes_later:
                fault.strike()
        if faults:
            ignore = any(fault.ignore_range for fault in faults)
            plan = _plan(query, reply, sum(fault.size_delta for fault in faults), ignore)
        self._send_head(plan)
        if query.method != "HEAD":
            self._send_body(plan, faults)

    def _before(self, faults: list[Fault]) -> None:
        """What happens before the first byte of the answer. Raises _Ended."""
        latency = self.server.settings.latency + sum(fault.latency for fault in faults)
        if latency > 0 and self.server.settings.closing.wait(latency):
            raise _Ended
        for fault in faults:
            if fault.stall_before:
                self._stall(fault)
            if fault.close_before:
                self.server.reset_later(self.connection)
                fault.strike()
                raise _Ended

    def _send_head(self, plan: _Plan) -> None:
        reply = plan.reply
        self._request.status = reply.status
        self.send_response_only(reply.status)
        self.send_header("Date", self.date_time_string())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(plan.promised))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, plan: _Plan, faults: list[Fault]) -> None:
        """Send the body, stopping where a fault wants something. Raises _Ended when it is cut short."""
        rates = [fault.rate for fault in faults] + [self.server.settings.rate]
        rate = min((r for r in rates if r is not None), default=None)
        with contextlib.ExitStack() as stack:
            if plan.reply.file is None:
                source: _Source = _Memory(plan.reply.body)
            else:
                source = _FileSource(stack.enter_context(plan.reply.file.path.open("rb", buffering=0)))
            pump = _Pump(self, source, rate, self._request)
            done = 0
            for at, fault in sorted(_marks(plan, faults), key=lambda mark: mark[0]):
                pump.send(plan.start + done, at - done)
                done = at + self._strike(fault, at, pump, source, plan.start)
            pump.send(plan.start + done, plan.available - done)
        if plan.available < plan.promised:
            raise _Ended

    def _strike(self, fault: Fault, at: int, pump: _Pump, source: _Source, start: int) -> int:
        """The fault at this place of the body. Returns how many bytes of the body it replaced."""
        if fault.corrupt_at == start + at:
            pump.send_bytes(bytes([source.read(start + at, 1)[0] ^ 0xFF]))
            fault.strike()
            return 1
        if fault.stall_after == at:
            self._stall(fault)
        else:
            if fault.drop_after == at:
                _wait_until_sent(self.connection)
                self.server.reset_later(self.connection)
            fault.strike()
            raise _Ended
        return 0

    def _stall(self, fault: Fault) -> None:
        """Be silent until the fault is released, its time is up, or the client gave up (_Ended)."""
        fault.strike()
        end = None if fault.stall_for is None else time.monotonic() + fault.stall_for
        while not fault.wait_released(_TICK):
            if self.server.settings.closing.is_set() or _hung_up(self.connection):
                raise _Ended
            if end is not None and time.monotonic() >= end:
                return
        if self.server.settings.closing.is_set():
            raise _Ended


def _marks(plan: _Plan, faults: list[Fault]) -> Iterator[tuple[int, Fault]]:
    """Where in the body, counted from its first byte, a fault wants something."""
    for fault in faults:
        places = [fault.drop_after, fault.truncate_after, fault.stall_after]
        if fault.corrupt_at is not None:
            places.append(fault.corrupt_at - plan.start)
        for at in places:
            if at is not None and 0 <= at < max(plan.available, 1):
                yield at, fault


class _Source(Protocol):
    """Where the bytes of a body come from."""

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from offset `at`."""

    def fileno(self) -> int | None:
        """For sendfile; None where that cannot be."""


class _Memory:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, at: int, count: int) -> bytes:
        return self._data[at : at + count]

    def fileno(self) -> int | None:
        return None


class _FileSource:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        return self._file.read(count)

    def fileno(self) -> int | None:
        return self._file.fileno() if hasattr(os, "sendfile") else None


class _Pump:
    """Moves bytes from a source to a connection, no faster than `rate`, and counts them."""

    def __init__(self, connection: _Connection, source: _Source, rate: float | None, request: Request) -> None:
        self._socket = connection.connection
        self._closing = connection.server.settings.closing
        self._source = source
        self._rate = rate
        self._request = request
        self._fileno = source.fileno()
        self._started = time.monotonic()
        # A fiftieth of a second at a time, or the speed would come in bursts.
        self._chunk = CHUNK if rate is None else min(max(int(rate / 50), 1), CHUNK)

    def send(self, at: int, count: int) -> None:
        """Send `count` bytes from offset `at` of the source. Raises _Ended where it has fewer."""
        end = at + count
        while at < end:
            sent = self._send_some(at, min(end - at, self._chunk))
            if sent == 0:
                raise _Ended
            at += sent
            self._request.bytes_sent += sent
            self._keep_pace()

    def send_bytes(self, data: bytes) -> None:
        """Send these bytes instead of those of the source."""
        self._socket.sendall(data)
        self._request.bytes_sent += len(data)

    def _send_some(self, at: int, count: int) -> int:
        if self._fileno is not None:
            return os.sendfile(self._socket.fileno(), self._fileno, at, count)
        data = self._source.read(at, min(count, 1 << 20))
        self._socket.sendall(data)
        return len(data)

    def _keep_pace(self) -> None:
        if self._closing.is_set():
            raise _Ended
        if self._rate is not None:
            ahead = self._request.bytes_sent / self._rate - (time.monotonic() - self._started)
            if ahead > 0 and self._closing.wait(ahead):
                raise _Ended


def _hung_up(sock: socket.socket) -> bool:
    """Whether the client closed its end. Nothing is read."""
    try:
        if not select.select([sock], [], [], 0)[0]:
            return False
        return sock.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def _wait_until_sent(sock: socket.socket, timeout: float = 2.0) -> None:
    """Wait until the peer's kernel has all that was sent: a reset would throw away the rest."""
    end = time.monotonic() + timeout
    try:
        import fcntl
        import termios
    except ImportError:  # Windows: no way to ask. On a loopback this is plenty.
        time.sleep(0.1)
        return
    while time.monotonic() < end:
        try:
            unsent = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4)
        except OSError:
            return
        if struct.unpack("i", unsent)[0] == 0:
            return
        time.sleep(0.002)
