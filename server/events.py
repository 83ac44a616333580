# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways to follow: a WebSocket, and server-sent events. Both begin with the state as a whole."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ..core.errors.base import SubtitleEditorError
from . import inputs, languages
from .channel import Frame, Listener
from .inputs import Field
from .routes import SOURCES
from .security import PROTOCOL, refuse
from .service import Service

PATH = f"{SOURCES}/events"

QUIET = 15.0
"""Seconds after which a word is sent although nothing happens, so that no proxy takes the connection for dead."""
SEND_TIME = 30.0
"""Seconds that a listener may take to accept one message."""
WORDS, WORDS_TIME = 20, 10.0
"""How many messages a listener may send in so many seconds: it has nothing to say."""

LANGUAGE = Field("language", "Of the messages.", words=languages.LANGUAGES)
"""A page cannot choose the Accept-Language header of a WebSocket."""

_POLICY, _TOO_SLOW, _GOING = 1008, 1013, 1001


def routes(service: Service) -> list[BaseRoute]:
    """For Starlette."""

    async def stream(request: Request) -> Response:
        given = inputs.query(request, (LANGUAGE,))
        language = given.get("language") or languages.chosen(request.headers.get("accept-language", ""))
        listening = service.listening(language)
        listener = listening.__enter__()  # Here, so that a refusal is one, and not an empty stream.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_blocks(service, listening, listener), 200, headers, media_type="text/event-stream")

    async def socket(websocket: WebSocket) -> None:
        try:
            given = inputs.query(websocket, (LANGUAGE,))  # type: ignore[arg-type]
            language = given.get("language") or languages.chosen(websocket.headers.get("accept-language", ""))
            with service.listening(language) as listener:
                await _talk(service, websocket, listener)
        except SubtitleEditorError as error:
            if websocket.client_state is WebSocketState.CONNECTING:
                await refuse(error, websocket.scope, websocket.receive, websocket.send)

    return [Route(PATH, stream, methods=["GET"], name="events"), WebSocketRoute(PATH, socket)]


async def _frames(service: Service, listener: Listener) -> AsyncIterator[Frame | None]:
    """What a listener is to be sent, for as long as the service lives; None: nothing has happened for a while."""
    yield Frame([service.snapshot()])
    while not listener.closed:
        frame = await listener.next(QUIET)
        if listener.lost:
            listener.lost = False
            yield Frame([service.snapshot()])
        elif frame is not None or not listener.closed:
            yield frame


async def _blocks(
    service: Service, listening: contextlib.AbstractContextManager[Listener], listener: Listener
) -> AsyncIterator[bytes]:
    try:
        yield b"retry: 2000\n\n"
        async for frame in _frames(service, listener):
            yield frame.as_stream(listener.language) if frame else b": nothing new\n\n"
    finally:
        listening.__exit__(None, None, None)


async def _talk(service: Service, websocket: WebSocket, listener: Listener) -> None:
    offered = websocket.scope.get("subprotocols", ())
    await websocket.accept(PROTOCOL if PROTOCOL in offered else None)
    told = asyncio.create_task(_tell(service, websocket, listener))
    heard = asyncio.create_task(_hear(websocket))
    try:
        done, _ = await asyncio.wait((told, heard), return_when=asyncio.FIRST_COMPLETED)
        code = next((task.result() for task in done if task.result()), 0)
    finally:
        for task in (told, heard):
            task.cancel()
        await asyncio.gather(told, heard, return_exceptions=True)
    if code and websocket.application_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, OSError):
            await websocket.close(code)


async def _tell(service: Service, websocket: WebSocket, listener: Listener) -> int:
    """Send until there is nothing more; the code to close with, 0 when the other side is gone."""
    try:
        async for frame in _frames(service, listener):
            # Without news nothing is sent: the server's own pings keep the connection.
            if frame is None:
                continue
            async with asyncio.timeout(SEND_TIME):
                await websocket.send_text(frame.as_message(listener.language))
    except TimeoutError:
        return _TOO_SLOW
    except (WebSocketDisconnect, RuntimeError, OSError):
        return 0
    return _GOING


async def _hear(websocket: WebSocket) -> int:
    """Read what is said, which means nothing; too much of it ends the connection."""
    loop = asyncio.get_running_loop()
    began, count = loop.time(), 0
    try:
        while True:
            await websocket.receive()
            if websocket.client_state is WebSocketState.DISCONNECTED:
                return 0
            if loop.time() - began > WORDS_TIME:
                began, count = loop.time(), 0
            count += 1
            if count > WORDS:
                return _POLICY
    except (WebSocketDisconnect, RuntimeError):
        return 0
