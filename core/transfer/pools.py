# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of urllib3 that are kept open, over sockets of ours: what is made by `Sockets` can be cut at once.

Imported when the first connection is made, for urllib3 takes a while to load.
"""

from __future__ import annotations

import functools
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import urllib3
from urllib3 import connection, connectionpool, exceptions

from ..system.network import Proxy, tls_context
from . import replies

_CONNECT_TIMEOUT = 10.0
"""Seconds per address, as in huggingface_hub."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """How connections come by their sockets."""

    open: Callable[[Any, str, int, float], socket.socket]
    """For a connection, a host, a port, and seconds; raises as `socket.create_connection` does."""
    watched: Callable[[Any], Any]
    """What is read and written in place of a socket that is open, and encrypted where it is to be."""


def pool_manager(proxy: Proxy | None, encrypted: bool, timeout: float, sockets: Sockets) -> urllib3.PoolManager:
    """One connection to each host, on `sockets`. `encrypted`: servers with certificates will be asked. `timeout`:
    seconds without a byte. Raises what `tls_context` does."""
    _silence_addresses()
    settings: dict[str, Any] = {
        "num_pools": 4,
        "maxsize": 1,
        "timeout": urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=timeout),
    }
    if encrypted or (proxy and proxy.kind == "https"):  # Reading the certificates takes longer than a request.
        settings["ssl_context"] = tls_context()
    manager: urllib3.PoolManager
    if proxy is None:
        manager = urllib3.PoolManager(**settings)
    else:
        settings["proxy_headers"] = proxy.headers
        if proxy.kind == "https":
            settings["proxy_ssl_context"] = tls_context()
        manager = urllib3.ProxyManager(proxy.address, **settings)
    manager.pool_classes_by_scheme = _pools_on(sockets)
    return manager


def _pools_on(sockets: Sockets) -> dict[str, type[connectionpool.HTTPConnectionPool]]:
    """The kinds of pools by scheme: urllib3 makes connections by their class, which is where it says what they use."""

    class Plain(_Plain):
        ours = sockets

    class Encrypted(_Encrypted):
        ours = sockets

    class PlainPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = Encrypted

        def __init__(self, *where: Any, **settings: Any) -> None:
            super().__init__(*where, **{**settings, "ssl_context": context()})

    context = functools.cache(tls_context)  # Reading all certificates takes a while, and not every hub is encrypted.
    return {"http": PlainPool, "https": EncryptedPool}


class _Opener:
    """Mix-in of a connection whose sockets are ours."""

    ours: ClassVar[Sockets]
    _dns_host: str
    port: int
    timeout: Any

    def _new_conn(self) -> socket.socket:
        try:
            return self.ours.open(self, self._dns_host.strip("[]"), self.port, self.timeout)
        except TimeoutError as ex:
            raise exceptions.ConnectTimeoutError(self, "timed out") from ex
        except OSError as ex:
            raise exceptions.NewConnectionError(self, str(ex)) from ex  # type: ignore[arg-type]


class _Plain(_Opener, connection.HTTPConnection):
    response_class = replies.Reply

    def connect(self) -> None:
        super().connect()
        self.sock = self.ours.watched(self.sock)


class _Encrypted(_Opener, connection.HTTPSConnection):
    response_class = replies.Reply

    def connect(self) -> None:
        super().connect()
        self.sock = self.ours.watched(self.sock)

    def _tunnel(self) -> None:
        self.response_class = replies.TunnelReply
        try:
            super()._tunnel()
        finally:
            self.response_class = replies.Reply


class _WithoutQueries(logging.Filter):
    """Cuts the query off the addresses that urllib3 logs: a signed address is as good as a password."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
        return True


def _silence_addresses(_filter: logging.Filter = _WithoutQueries()) -> None:  # noqa: B008  # Added once.
    logging.getLogger("urllib3.connectionpool").addFilter(_filter)
