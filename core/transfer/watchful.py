# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading that ends when the job was cancelled, where nothing wakes a thread that waits for bytes."""

from __future__ import annotations

import errno
import io
import os
import select
import socket
import sys
import time
from typing import Any

from ..system.control import Control

DEAF = sys.platform == "win32"
"""Whether a thread that waits for bytes is not woken when another shuts its connection down: then it has to look up."""

_LOOK_UP = 0.04
"""Seconds between two looks at the cancel flag while it waits: a cancelled transfer waits for that, and for its
threads' last writing, and is to end within 0.1 s all the same."""


def unaware_for() -> float:
    """Seconds for which a thread that waits for bytes may not know yet that the job was cancelled."""
    return _LOOK_UP if DEAF else 0.0


class Watchful:
    """A connected socket, encrypted or not, whose reading ends soon after the job was cancelled, where no other thread
    can wake it: for http.client, which reads through `makefile`. All else is the socket's own."""

    def __init__(self, sock: Any, control: Control) -> None:
        self._sock = sock
        self._control = control

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    @property
    def _io_refs(self) -> int:
        """How many files read from the socket: it stays open as long as one does."""
        return int(self._sock._io_refs)

    @_io_refs.setter
    def _io_refs(self, count: int) -> None:
        self._sock._io_refs = count

    def makefile(self, _mode: str = "rb", _buffering: int | None = None) -> io.BufferedReader:
        """As `socket.makefile` does for reading."""
        self._sock._io_refs += 1
        return io.BufferedReader(socket.SocketIO(self, "r"))  # type: ignore[arg-type]

    def recv(self, count: int, flags: int = 0) -> bytes:
        """As of a socket. Raises `JobCancelled` when cancelled."""
        self._wait()
        received: bytes = self._sock.recv(count, flags)
        return received

    def recv_into(self, buffer: Any, count: int = 0, flags: int = 0) -> int:
        """As of a socket. Raises `JobCancelled` when cancelled."""
        self._wait()
        received: int = self._sock.recv_into(buffer, count, flags)
        return received

    def _wait(self) -> None:
        if getattr(self._sock, "pending", int)():  # Decrypted already.
            return
        timeout = self._sock.gettimeout()
        deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while not _has_something(self._sock, _LOOK_UP):
            self._control.check()
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        self._control.check()


def watched(sock: Any, control: Control) -> Any:
    """The socket of a connection, so that its reading ends soon after a cancel where nobody wakes it."""
    if not DEAF:
        return sock
    if not hasattr(sock, "_io_refs"):  # TLS inside TLS, by a proxy: urllib3's own, which reads from the outer one.
        sock.socket = Watchful(sock.socket, control)
        return sock
    return Watchful(sock, control)


def _has_something(sock: Any, seconds: float) -> bool:
    """Whether there is something to read, be it the end, within so many seconds."""
    if sys.platform != "win32" and hasattr(select, "poll"):  # Which takes any number of open files.
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    return bool(select.select([sock], [], [], seconds)[0])
