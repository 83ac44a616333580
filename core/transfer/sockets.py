# SPDX-License-Identifier: GPL-3.0-or-later
"""Name look-up and connecting that end at once when the job is cancelled."""

from __future__ import annotations

import errno
import ipaddress
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
    """A connected blocking socket with `timeout` set. Tries each address of `host` in turn, `timeout` seconds each.

    Raises `JobCancelled` at once when cancelled, socket.gaierror, TimeoutError, OSError.
    """
    failure: OSError | None = None
    for family, kind, protocol, _, address in resolve(control, host, port, timeout):
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as ex:  # For example no IPv6 on this machine.
            failure = ex
            continue
        try:
            for option in options:
                sock.setsockopt(*option)
            _connect_one(control, sock, address, time.monotonic() + timeout)
            sock.settimeout(timeout)
            return sock
        except OSError as ex:
            sock.close()
            failure = ex
        except BaseException:
            sock.close()
            raise
    raise failure or OSError(f"{host} has no address")


def _connect_one(control: Control, sock: socket.socket, address: Any, deadline: float) -> None:
    sock.setblocking(False)
    error = sock.connect_ex(address)
    if error in _UNDER_WAY:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            while not selector.select(_GLANCE):
                control.check()
                if time.monotonic() > deadline:
                    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))
