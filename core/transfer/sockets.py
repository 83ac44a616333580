# SPDX-License-Identifier: GPL-3.0-or-later
"""Name look-up and connecting that end at once when the job is cancelled."""

from __future__ import annotations

import collections
import contextlib
import errno
import ipaddress
import itertools
import os
import selectors
import socket
import time
from collections.abc import Iterable
from typing import Any

from ..system.control import Control

_GLANCE = 0.02
"""Seconds between two looks at the cancel flag while connecting: a socket that is only half connected cannot be
woken on every system. A connection takes this long at most once, so the looking costs nothing."""

_HEAD_START = 0.25
"""Seconds that an address gets before the next is tried beside it: what RFC 8305 recommends."""

_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, getattr(errno, "WSAEWOULDBLOCK", errno.EAGAIN)}

AddressInfo = tuple[Any, Any, int, str, Any]


def resolve(control: Control, host: str, port: int, timeout: float) -> list[AddressInfo]:
    """The addresses of `host`. Raises `JobCancelled` at once when cancelled, socket.gaierror, TimeoutError.

    `getaddrinfo` can hang for half a minute and nothing can interrupt it. It runs in a daemon thread of its own, which
    is left to itself when the answer is no longer wanted.
    """
    if is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    def look_up() -> list[AddressInfo]:
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError as ex:  # A label that is empty or too long.
            raise socket.gaierror(socket.EAI_NONAME, str(ex)) from ex

    try:
        return control.apart(look_up, f"look up {host}", timeout)
    except TimeoutError:
        raise TimeoutError(f"no address of {host} within {timeout:g} s") from None


def is_address(host: str) -> bool:
    """Whether `host` is a number rather than a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def connect(
    control: Control, host: str, port: int, timeout: float, options: Iterable[tuple[int, int, int | bytes]] = ()
) -> socket.socket:
    """A connected blocking socket with `timeout` set, which is also how many seconds each address of `host` gets.

    Who gives out addresses that lead nowhere, as half-working IPv6 does, costs a moment and not the whole timeout: the
    next address is tried beside one that hesitates (RFC 8305).

    Raises `JobCancelled` at once when cancelled, socket.gaierror, TimeoutError, OSError.
    """
    addresses = in_turns(resolve(control, host, port, timeout))
    with contextlib.closing(_Race(control, timeout, tuple(options))) as race:
        sock = race.run(addresses)
        sock.setblocking(True)
        sock.settimeout(timeout)
        return sock


def in_turns(addresses: list[AddressInfo]) -> list[AddressInfo]:
    """Addresses of the two families in turns, as the system has ordered them within each."""
    first = [info for info in addresses if info[0] == addresses[0][0]]
    other = [info for info in addresses if info[0] != addresses[0][0]]
    return [info for pair in itertools.zip_longest(first, other) for info in pair if info is not None]


class _Race:
    """Attempts to connect, one beginning a little after the other; the first to arrive is kept, the rest closed."""

    def __init__(self, control: Control, timeout: float, options: tuple[tuple[int, int, int | bytes], ...]) -> None:
        self._control = control
        self._timeout = timeout
        self._options = options
        self._selector = selectors.DefaultSelector()
        self._deadlines: dict[socket.socket, float] = {}
        self._failure: OSError | None = None

    def run(self, addresses: list[AddressInfo]) -> socket.socket:
        """The first socket that is connected. Raises `JobCancelled`, or the OSError of the last address that failed."""
        waiting, following = collections.deque(addresses), 0.0
        while waiting or self._deadlines:
            self._control.check()
            now = time.monotonic()
            if waiting and (not self._deadlines or now >= following):
                following = now + _HEAD_START
                arrived = self._begin(waiting.popleft(), now)
            else:
                arrived = self._look(now)
            if arrived is not None:
                return arrived
        raise self._failure or OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))

    def close(self) -> None:
        """End all attempts that are under way."""
        for sock in list(self._deadlines):
            self._let_go(sock).close()
        self._selector.close()

    def _begin(self, info: AddressInfo, now: float) -> socket.socket | None:
        family, kind, protocol, _, address = info
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as ex:  # For example no IPv6 on this machine.
            self._failure = ex
            return None
        try:
            for option in self._options:
                sock.setsockopt(*option)
            sock.setblocking(False)
            error = sock.connect_ex(address)
        except BaseException:
            sock.close()
            raise
        if not error:
            return sock
        self._selector.register(sock, selectors.EVENT_WRITE)
        self._deadlines[sock] = now + self._timeout
        if error not in _UNDER_WAY:
            self._fail(sock, OSError(error, os.strerror(error)))
        return None

    def _look(self, now: float) -> socket.socket | None:
        for key, _ in self._selector.select(_GLANCE):
            sock: socket.socket = key.fileobj  # type: ignore[assignment]
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not error:
                return self._let_go(sock)
            self._fail(sock, OSError(error, os.strerror(error)))
        for sock in [sock for sock, deadline in self._deadlines.items() if now > deadline]:
            self._fail(sock, TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
        return None

    def _fail(self, sock: socket.socket, error: OSError) -> None:
        self._failure = error
        self._let_go(sock).close()

    def _let_go(self, sock: socket.socket) -> socket.socket:
        self._selector.unregister(sock)
        del self._deadlines[sock]
        return sock
