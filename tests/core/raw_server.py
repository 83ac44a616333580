# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of bare sockets for answers that no decent server gives. Shares nothing with the product or the hub."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator


@dataclasses.dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""

    @property
    def span(self) -> tuple[int, int] | None:
        """First byte and the one behind the last, if a range is asked for."""
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        return (int(match[1]), int(match[2]) + 1) if match else None


Reply = bytes | Iterable[bytes]


class RawServer:
    """Answers each request with the bytes that `reply` gives for it, then hangs up."""

    def __init__(self, reply: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self._reply = reply
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._is_closing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        # Who waits in `accept` is not woken by `close`, keeps the port, and after a pause of the process takes the
        # connections of whatever has the listener's number by then.
        self._is_closing = True
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            self._thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._is_closing:
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with stream:
                asked = _read(stream)
                if asked is None:
                    return
                self.asked.append(asked)
                reply = self._reply(asked)
                for piece in [reply] if isinstance(reply, bytes) else reply:
                    stream.sendall(piece)
                stream.shutdown(socket.SHUT_WR)
                stream.settimeout(1.0)
                while stream.recv(65536):  # Closing with unread bytes would cut off what is under way.
                    pass


def _read(stream: socket.socket) -> Asked | None:
    text = b""
    while b"\r\n\r\n" not in text:
        piece = stream.recv(65536)
        if not piece:
            return None
        text += piece
    first, *lines = text.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method, target, headers)


def answer(status: int, body: bytes = b"", length: int | None = -1, **headers: object) -> bytes:
    """A whole answer. `length` is what it announces: by default the truth, None for nothing at all."""
    lines = [f"HTTP/1.1 {status} Whatever", "Connection: close"]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(status: int, body: bytes, piece: int = 65536, **headers: object) -> bytes:
    """An answer whose length nobody knows before its end."""
    chunks = [body[at : at + piece] for at in range(0, len(body), piece)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return answer(status, b"", None, Transfer_Encoding="chunked", **headers) + framed + b"0\r\n\r\n"


def part(data: bytes, asked: Asked, **headers: object) -> bytes:
    """The right answer: the range that is asked for, or all of it."""
    if asked.span is None:
        return answer(200, data, **headers)
    start, end = asked.span
    return answer(206, data[start:end], Content_Range=f"bytes {start}-{end - 1}/{len(data)}", **headers)


@contextlib.contextmanager
def serving(reply: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """A server for the length of a `with` block."""
    server = RawServer(reply, tls)
    try:
        yield server
    finally:
        server.close()
