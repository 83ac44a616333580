# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: all addresses, and what is around them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from ..core.errors.base import SubtitleEditorError, UnexpectedError
from . import answers, events, openapi, routes, web
from .errors import MethodError, NoSuchAddressError
from .security import guarded, language_of
from .service import Service

log = logging.getLogger(__name__)


def make(service: Service) -> ASGIApp:
    """The ASGI application of a service, which begins with its life and ends with it."""

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        ready = asyncio.Event()
        running = asyncio.create_task(service.run(ready.set))
        await asyncio.wait((running, asyncio.create_task(ready.wait())), return_when=asyncio.FIRST_COMPLETED)
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await service.close()

    app = Starlette(
        routes=[*events.routes(service), *routes.routes(service), *web.routes()],
        exception_handlers={
            SubtitleEditorError: _refused,
            HTTPException: _not_found,
            Exception: _unexpected,
        },
        lifespan=life,
    )
    app.state.document = answers.encoded(openapi.document())
    # Another address than the one that was asked for is another answer: none is guessed.
    app.router.redirect_slashes = False
    return guarded(app, service.settings)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, SubtitleEditorError)
    if answers.status_of(error) >= 500:
        log.error("%s: %s", request.url.path, error)
    return answers.refusal(error, language_of(request.scope))


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        headers = dict(error.headers or {})
        return answers.refusal(MethodError(request.method), language_of(request.scope), headers)
    return answers.refusal(NoSuchAddressError(), language_of(request.scope))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s", request.url.path, exc_info=error)
    return answers.refusal(UnexpectedError(error), language_of(request.scope))
