# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets: how many, and how long one may do nothing. Uvicorn by itself would wait for ever for half a request."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_TIME = 10.0
"""Seconds within which a request's head has to be complete, from the connection or the last answer on."""
READ_TIME = 30.0
"""Seconds that a client may take nothing of an answer."""
SWEEP = 1.0


class Door:
    """Knows all connections of one server."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[Connection, None] = {}
        """Those that have not sent a whole request yet, oldest first."""
        self._all: set[Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    def protocol(self) -> type[asyncio.Protocol]:
        """What Uvicorn is to make for each connection."""
        return cast("type[asyncio.Protocol]", type("DoorConnection", (Connection,), {"door": self}))

    def enter(self, connection: Connection, sockets: int) -> bool:
        """Whether a new connection may stay. When there are too many, one that has said nothing goes for it."""
        if sockets > self._most:
            if not self._waiting:
                return False
            oldest = next(iter(self._waiting))
            self.leave(oldest)
            oldest.transport.abort()
        self._waiting[connection] = None
        self._all.add(connection)
        if self._sweeping is None:
            self._sweeping = connection.loop.call_later(SWEEP, self._sweep, connection.loop)
        return True

    def served(self, connection: Connection) -> None:
        """It has sent a whole request."""
        self._waiting.pop(connection, None)

    def leave(self, connection: Connection) -> None:
        """It is closed, or has become a WebSocket."""
        self._waiting.pop(connection, None)
        self._all.discard(connection)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeping = loop.call_later(SWEEP, self._sweep, loop) if self._all else None
        now = loop.time()
        for connection in [one for one in self._all if one.is_overdue(now)]:
            connection.transport.abort()


class Connection(H11Protocol):
    """One HTTP connection."""

    door: Door

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by asyncio."""
        super().connection_made(transport)
        self._quiet_since = self.loop.time()
        self._unread, self._unread_since = 0, self._quiet_since
        if not self.door.enter(self, len(self.connections)):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.door.leave(self)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Called by Uvicorn when something has arrived."""
        super().handle_events()
        if self.cycle is not None:
            self.door.served(self)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Called by Uvicorn when the connection becomes another protocol's."""
        self.door.leave(self)
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Called by Uvicorn."""
        self._quiet_since = self.loop.time()
        super().on_response_complete()

    def is_overdue(self, now: float) -> bool:
        """Whether it has kept us waiting for too long: for the head of a request, or for taking an answer."""
        if self.transport.is_closing() and not self._buffered:
            return False
        if self._buffered == 0 or self._buffered != self._unread:
            self._unread, self._unread_since = self._buffered, now
        if self._buffered and now - self._unread_since > READ_TIME:
            return True
        busy = self.cycle is not None and not self.cycle.response_complete
        return not busy and now - self._quiet_since > HEADER_TIME

    @property
    def _buffered(self) -> int:
        size: Any = self.transport.get_write_buffer_size()
        return int(size)
