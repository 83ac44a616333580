# SPDX-License-Identifier: GPL-3.0-or-later
"""From settings to a server that runs, and ends in good order: what `subtitle-editor serve` calls."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from types import FrameType

import uvicorn

from ..core.system import log_file
from ..core.system.reasons import reason_of
from . import app
from .door import Door
from .errors import ServiceAddressError
from .service import Service
from .settings import Settings, check

log = logging.getLogger(__name__)

END_TIME = 5
"""Seconds that requests have to end in, when the service does."""
LARGEST_HEAD = 16_384
"""Bytes of the head of a request."""
LARGEST_WORD = 4096
"""Bytes of a WebSocket message of a client: it has nothing to say."""


def serve(settings: Settings, started: Callable[[str, int], None]) -> None:
    """Serve until SIGTERM, SIGINT or `Server.should_exit`. `started` gets the address and the port.

    Blocks. Raises ServiceSettingsError, ServiceAddressError before anything is started.
    """
    check(settings)
    log_file.hide(settings.access_token)
    most = _sockets(settings.most_connections)
    _forward_logs()
    with contextlib.closing(_listening(settings)) as listening:
        service = Service(settings)
        port = listening.getsockname()[1]
        server = Server(_config(service, most), service, lambda: started(address(settings.host, port), port))
        server.run(sockets=[listening])


def address(host: str, port: int) -> str:
    """Where a browser finds it.

    >>> address("127.0.0.1", 8765), address("::1", 80), address("0.0.0.0", 8765)
    ('http://127.0.0.1:8765', 'http://[::1]:80', 'http://127.0.0.1:8765')
    """
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


class Server(uvicorn.Server):
    """Uvicorn's, with an end of our own: those who follow are told, and a signal is no failure."""

    def __init__(self, config: uvicorn.Config, service: Service, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._service = service
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by Uvicorn."""
        await super().startup(sockets)
        if self.started:
            self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by Uvicorn. Streams would go on for ever: they are ended first."""
        self._service.channel.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Called by Uvicorn, which would raise the signal again after a good end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal; the second one does not wait."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


def _config(service: Service, most: int) -> uvicorn.Config:
    return uvicorn.Config(
        app.make(service),
        http=Door(most).protocol(),
        ws="websockets-sansio",
        ws_max_size=LARGEST_WORD,
        ws_max_queue=8,
        # Its memory, some 300 kB for each, would be more than all else together.
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=256,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=END_TIME,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        where = socket.getaddrinfo(settings.host, settings.port, family, socket.SOCK_STREAM)[0][4]
        # With the protocol's number: without it asyncio leaves Nagle's delay on, 40 ms an answer.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ServiceAddressError(f"{settings.host}:{settings.port}", reason_of(error)) from error
    try:
        if os.name == "posix":
            # On Windows this would let two services have one port.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(where)
        made.listen(256)
    except OSError as error:
        made.close()
        raise ServiceAddressError(f"{settings.host}:{settings.port}", reason_of(error)) from error
    return made


def _sockets(wanted: int) -> int:
    """How many connections there may be: as many as are wanted, if the system lets us have them."""
    if sys.platform == "win32":  # It has no such limit.
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + 600 and soft != resource.RLIM_INFINITY:
        enough = wanted + 600 if hard == resource.RLIM_INFINITY else min(hard, wanted + 600)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))
            soft = max(soft, enough)
    return wanted if soft == resource.RLIM_INFINITY else max(50, min(wanted, soft - 400))


class _Forward(logging.Handler):
    """Uvicorn's troubles go into our log, which takes the secrets out, and not onto the console."""

    def emit(self, record: logging.LogRecord) -> None:
        log.log(min(record.levelno, logging.INFO) if not record.exc_info else logging.INFO, "%s", self.format(record))


def _forward_logs() -> None:
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.propagate = False
    logger = logging.getLogger("uvicorn.error")
    if not any(isinstance(handler, _Forward) for handler in logger.handlers):
        logger.addHandler(_Forward(logging.ERROR))
