# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may ask: host and origin, token, rate, size of the body. ASGI middleware around everything the service has.

From the outside in: `Gate` (rate, host, origin, headers of the answer), CORS (Starlette's), `TokenCheck`, `BodyLimit`.
So a page of a site on the list may read why it was refused, and no other gets as far as the token.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import time
from collections import OrderedDict
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core.addresses import is_this_machine
from ..core.errors.base import SubtitleEditorError
from . import answers, languages
from .errors import (
    AccessTokenError,
    ForeignHostError,
    ForeignOriginError,
    TooLargeError,
    TooManyRequestsError,
    TooSlowError,
)
from .settings import Settings

LARGEST_BODY = 16_384
"""Bytes. The largest sensible body has some hundred."""
BODY_TIME = 10.0
"""Seconds within which a body has to arrive."""
WRONG_TOKENS = 10
"""Within a minute from one address; then the answer is to wait."""
PROTOCOL = "subtitle-editor"
BEARER = "bearer."
"""A page cannot set headers of a WebSocket, except the protocols that it offers: the token travels there, as
`bearer.` and its base64url form, as Kubernetes does it. So it is in no address and in no log."""

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", _CSP.encode()),
)
_NO_STORE = (b"cache-control", b"no-store")

_OPEN = frozenset({"/", "/page.css", "/page.js", "/texts.js", "/icon.svg", "/api/health", "/api/openapi.json"})
"""What needs no token: there is nothing in it that is not in the package."""


class Buckets:
    """How often somebody may do something: `rate` times a second, and as often at once. Not for several threads."""

    def __init__(self, rate: float, at_once: float) -> None:
        self._rate = rate
        self._at_once = at_once
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """Count one; the answer is 0.0, or the seconds until it would be allowed."""
        now = time.monotonic()
        level, then = self._levels.pop(who, (self._at_once, now))
        level = min(self._at_once, level + (now - then) * self._rate)
        allowed = level >= 1
        self._levels[who] = (level - 1 if allowed else level, now)
        if len(self._levels) > 10_000:
            self._levels.popitem(last=False)
        return 0.0 if allowed else (1 - level) / self._rate


def address_of(scope: Scope) -> str:
    """Who asks."""
    client = scope.get("client")
    return client[0] if client else ""


def language_of(scope: Scope) -> str:
    """Which language an answer is to be in."""
    return languages.chosen(Headers(scope=scope).get("accept-language", ""))


async def refuse(error: SubtitleEditorError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with an error, to a WebSocket that is not open yet too."""
    response = answers.refusal(error, language_of(scope))
    if scope["type"] == "websocket":
        start = {"type": "websocket.http.response.start", "status": response.status_code}
        await send({**start, "headers": response.raw_headers})
        await send({"type": "websocket.http.response.body", "body": response.body})
    else:
        await response(scope, receive, send)


class Gate:
    """Lets through what is meant for us, from where it may come, as often as it may."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = {settings.host.lower(), *(host.lower() for host in settings.hosts)} - {"0.0.0.0", "::"}
        self._names = {host.lower() for host in settings.hosts}
        self._origins = set(settings.origins)
        self._requests = Buckets(settings.rate, settings.rate)
        self._changes = Buckets(settings.change_rate, 2 * settings.change_rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = message.setdefault("headers", [])
                headers += _HEADERS
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(_NO_STORE)
            await send(message)

        try:
            self._check(scope)
        except SubtitleEditorError as error:
            await refuse(error, scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        who = address_of(scope)
        wait = self._requests.take(who)
        if not wait and scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            wait = self._changes.take(who)
        if wait:
            raise TooManyRequestsError(wait)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0], scope):
            raise ForeignHostError
        origin = headers.get("origin")
        if origin is not None:
            if not self._is_same(origin, hosts[0], scope) and origin not in self._origins:
                raise ForeignOriginError
        elif headers.get("sec-fetch-site") in ("cross-site", "same-site") and scope["path"] != "/":
            # A picture or a script of another site: browsers send no Origin for those. A link to the page is fine.
            raise ForeignOriginError

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """Whether a Host header names this machine. A name under which a rebinding attack comes never does."""
        name = _name_of(host)
        if name is None:
            return False
        if name in self._hosts:
            return True
        server = scope.get("server")
        with contextlib.suppress(ValueError):
            # The very address that the connection came to: no name can be behind it.
            return ip_address(name).is_loopback or (server is not None and ip_address(name) == ip_address(server[0]))
        return is_this_machine(name) and server is not None and is_this_machine(server[0])

    def _is_same(self, origin: str, host: str, scope: Scope) -> bool:
        """Whether a page of ours asks."""
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        if origin == f"{scheme}://{host}":
            return True
        # A proxy in front of us speaks https with the browser, and http with us.
        return origin == f"https://{host}" and _name_of(host) in self._names


def _name_of(host: str) -> str | None:
    """The name in a Host header, without its port; None for what is no such header."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or "@" in host or any(ord(char) <= 32 for char in host):
        return None
    return parts.hostname


class TokenCheck:
    """Lets through who knows the token; everybody where there is none."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._token = settings.access_token.encode()
        self._wrong = Buckets(WRONG_TOKENS / 60, WRONG_TOKENS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] in ("http", "websocket") and self._token and scope["path"] not in _OPEN:
            sent = _token_of(scope)
            if sent is None or not hmac.compare_digest(sent, self._token):
                wait = self._wrong.take(address_of(scope)) if sent is not None else 0.0
                error = TooManyRequestsError(wait) if wait else AccessTokenError(sent is not None)
                await refuse(error, scope, receive, send)
                return
        await self._app(scope, receive, send)


def _token_of(scope: Scope) -> bytes | None:
    headers = Headers(scope=scope)
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1")
    if scope["type"] == "websocket":
        for offered in headers.get("sec-websocket-protocol", "").split(","):
            word = offered.strip()
            if word.startswith(BEARER):
                text = word.removeprefix(BEARER)
                with contextlib.suppress(ValueError):
                    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
                return b""
    return None


class BodyLimit:
    """Gives the application whole bodies, in time and not too large, or refuses the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        try:
            body = await _body(scope, receive)
        except SubtitleEditorError as error:

            async def send_and_close(message: Message) -> None:
                # What is still to come of the body is not wanted.
                if message["type"] == "http.response.start":
                    message["headers"].append((b"connection", b"close"))
                await send(message)

            await refuse(error, scope, receive, send_and_close)
            return
        if body is None:
            return
        told = False

        async def receive_body() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_body, send)


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """All of a body; None when the client is gone. Raises TooLargeError, TooSlowError."""
    length = Headers(scope=scope).get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:12]) > LARGEST_BODY:
        raise TooLargeError(LARGEST_BODY)
    body = b""
    try:
        async with asyncio.timeout(BODY_TIME):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += bytes(message.get("body", b""))
                if len(body) > LARGEST_BODY:
                    raise TooLargeError(LARGEST_BODY)
                if not message.get("more_body"):
                    return body
    except TimeoutError as error:
        raise TooSlowError from error


def guarded(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The application with everything around it."""
    inner: ASGIApp = TokenCheck(BodyLimit(app), settings)
    if settings.origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=settings.origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Accept-Language"),
            allow_credentials=settings.credentials,
            expose_headers=("Retry-After", "ETag"),
            max_age=settings.max_age,
        )
    return Gate(inner, settings)
