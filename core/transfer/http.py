# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking for byte ranges over HTTP: connections that can be cut at once, redirects, and what each failure means.

Each fetching thread has a `Line` of its own, which keeps its connections open from one range to the next. All lines
of a file share a `Route`, which remembers where the hub's redirect led, so that the hub is asked once and not for
each range.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..addresses import host_of, may_be_asked, may_carry_token, origin_of
from ..errors.base import JobCancelled
from ..errors.hub import HubAnswerError, HubError
from ..errors.network import UnsafeRedirectError
from ..system.control import Control
from ..system.network import Proxy, proxy_for
from ..text import Text
from . import replies, watchful
from .answers import SIGN_IN, Asked, Extent, Misfit, extent_of, length_of
from .failures import WrongAnswerError, meaning_of_status, refusal, translated
from .sockets import connect

if TYPE_CHECKING:
    import urllib3

log = logging.getLogger(__name__)

_MOST_REDIRECTS = 10
_REDIRECTS = {301, 302, 303, 307, 308}
_REFUSALS = {400, 401, 403, 404, 410}
"""What storage hosts answer to a signed address that has expired; from the hub itself it is the answer. 400 is that of
S3 and of Google."""
_BODIES = {200, 203, 206, 416, SIGN_IN}
"""What may bring the file, or an empty one, or tells by its body why not."""
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, beside the range. `headers` may hold a token: they go to the host of `url` and no other."""

    url: str
    headers: Mapping[str, str]
    name: str
    """How messages call the file."""
    explain: Callable[[Refusal], HubError | None] | None = None
    """What a refusal means where the server has words of its own for it; None for one that any server may give."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer without what was asked for."""

    status: int
    headers: Mapping[str, str]
    host: str
    sent: bool
    """Whether a token went with the question."""


class Route:
    """Where a file really is, once the redirects have been followed. Assignments are atomic: no lock is needed."""

    def __init__(self) -> None:
        self.address: str | None = None

    def forget(self, address: str) -> None:
        """`address` has expired. Ignored if another thread has found a newer one."""
        if self.address == address:
            self.address = None


class Answer:
    """A response whose body is wanted."""

    def __init__(
        self, response: urllib3.BaseHTTPResponse, host: str, extent: Extent, control: Control, done: Callable[[], None]
    ):
        self._response: Any = response
        self._control = control
        self._done = done
        self._unpacker = _Unpacker(response) if extent.encoding else None
        self.host = host
        self.extent = extent
        self.headers: Mapping[str, str] = response.headers
        self.etag = response.headers.get("ETag")

    def read_into(self, buffer: memoryview) -> int:
        """Put the next bytes into `buffer`, 1 at least; the answer is the count, 0 at the end of the body.

        Raises TransientError and `JobCancelled`. Called for each 16 kB of an encrypted connection.
        """
        try:
            count = self._unpacker.read_into(buffer) if self._unpacker else _read_into(self._response, buffer)
        except Exception as ex:
            with translated(self.host, self._control):
                raise ex
        self._control.check()
        return count

    def close(self) -> None:
        """End the exchange. The connection is kept for the next only if the body was read to its end."""
        self._response.close()
        self._done()


class Line:
    """The connections of one thread: one per host, kept open. Used by that thread only; `close` it at the end."""

    def __init__(self, control: Control, stall_seconds: float) -> None:
        self._control = control
        self._timeout = stall_seconds
        self._pools: dict[tuple[Proxy | None, bool], urllib3.PoolManager] = {}
        self._proxies: dict[tuple[str, str], Proxy | None] = {}
        self._guards: dict[Any, Callable[[], None]] = {}

    def get(
        self,
        request: Request,
        route: Route,
        start: int,
        end: int | None,
        size: int | None = None,
        as_it_comes: bool = False,
    ) -> Answer:
        """Ask for bytes `start` to `end` (None: the whole file, without a range) of a file that has `size`, if known.
        `as_it_comes`: the caller looks at the body itself, and undoes what compressed it.

        Raises TransientError for what may pass, a HubError for what will not, and `JobCancelled` at once.
        """
        asked = Asked(request.name, start, end, size)
        looked_up = False
        while True:
            known = route.address
            response, address = self._follow(request, known or request.url, start, end)
            if known and known != request.url and response.status in _REFUSALS:
                log.debug("address at %s has expired: %s", host_of(address), response.status)
                self._drop(response)
                route.forget(known)
                continue
            if not (known or looked_up or response.status not in _REFUSALS or _is_at(address, request.url)):
                # A storage host that has not heard of the address yet, or whose clock is wrong: the hub makes another.
                log.debug("address at %s is refused: %s", host_of(address), response.status)
                self._drop(response)
                looked_up = True
                continue
            host = host_of(address)
            if response.status in _BODIES and not (response.status == 416 and end is None):
                try:
                    status = response.status
                    if as_it_comes and status not in (416, SIGN_IN):
                        extent = Extent(0, None, None, ranged=status == 206)
                    else:
                        extent = extent_of(status, response.headers, asked)
                except Misfit as ex:
                    self._drop(response)
                    route.forget(address)  # Next time it may lead elsewhere.
                    log.info("%s: %s", host, ex.reason)
                    raise WrongAnswerError(host, ex) from None
                route.address = address
                return Answer(
                    response, host, extent or Extent(0, None, None, status == 206), self._control, self._sweep
                )
            error = _refused(response, host, request, address, proxied=self._proxy(address) is not None)
            self._drop(response)
            raise error

    def look(self, request: Request) -> Mapping[str, str]:
        """What a server says of a file, by lower-case name, to a request for its first byte: the headers with which it
        sends us on, those about what these lead to (`x-linked-...`), and those of its own answer. Other servers are
        not asked. Raises as `get` does.
        """
        said: dict[str, str] = {}
        address = request.url
        for _ in range(_MOST_REDIRECTS):
            response = self._ask(request, address, 0, 1)
            headers = {name.lower(): value for name, value in response.headers.items()}
            target = headers.get("location")
            if response.status not in _REDIRECTS or not target:
                error = None
                if response.status not in (200, 206, 416):
                    proxied = self._proxy(address) is not None
                    error = _refused(response, host_of(address), request, address, proxied)
                self._drop(response)
                if error is not None:
                    raise error
                return headers | said
            self._drop(response)
            # An ETag beside a redirect is that of the redirect.
            said = {name: value for name, value in headers.items() if name.startswith("x-")} | said
            address = self._led_to(request, address, target)
            if not _is_at(address, request.url):
                return said
        raise _in_a_circle(request, address, 302)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.clear()
        for release in self._guards.values():
            release()
        self._guards.clear()

    def _follow(
        self, request: Request, address: str, start: int, end: int | None
    ) -> tuple[urllib3.BaseHTTPResponse, str]:
        for _ in range(_MOST_REDIRECTS):
            response = self._ask(request, address, start, end)
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or not target:
                return response, address
            self._drop(response)
            address = self._led_to(request, address, target)
        raise _in_a_circle(request, address, response.status)

    @staticmethod
    def _led_to(request: Request, address: str, location: str) -> str:
        """Where a redirect leads. Raises UnsafeRedirectError."""
        try:
            target = urllib.parse.urljoin(address, _written_out(location))
            host = host_of(target)
        except ValueError:  # No address at all.
            target = host = ""
        if not may_be_asked(target, request.url):
            raise UnsafeRedirectError(host_of(address), host or Text("an address"))
        return target

    def _ask(self, request: Request, address: str, start: int, end: int | None) -> urllib3.BaseHTTPResponse:
        self._control.check()
        # Asked to compress, a server would change the bytes that ranges and hashes count.
        headers = {"Accept-Encoding": "identity", "User-Agent": "subtitle-editor"}
        host, proxy = host_of(address), self._proxy(address)
        if may_carry_token(address, request.url, proxied=proxy is not None):
            headers.update(request.headers)
        if end is not None:
            headers["Range"] = f"bytes={start}-{end - 1}"
        with translated(host, self._control, proxy):
            response = self._pool(proxy, address.startswith("https:")).request(
                "GET", address, headers=headers, redirect=False, retries=False, preload_content=False
            )
        if response.status == 407 and proxy:
            self._drop(response)
            raise refusal(proxy, 407, host, replies.logins(response.headers.get("Proxy-Authenticate", "")))
        return response

    def _proxy(self, address: str) -> Proxy | None:
        parts = urllib.parse.urlsplit(address)
        host = parts.scheme, parts.netloc
        if host not in self._proxies:  # Asking the environment, or the registry, each time takes a sixth of a request.
            self._proxies[host] = proxy_for(address)
        return self._proxies[host]

    def _pool(self, proxy: Proxy | None, encrypted: bool) -> urllib3.PoolManager:
        key = proxy, encrypted
        if key not in self._pools:
            from .pools import Sockets, pool_manager

            sockets = Sockets(self._open_socket, self._watched)
            self._pools[key] = pool_manager(proxy, encrypted, self._timeout, sockets)
        return self._pools[key]

    def _open_socket(self, connection: Any, host: str, port: int, timeout: float) -> socket.socket:
        sock = connect(self._control, host, port, timeout, connection.socket_options or ())
        try:
            guard = self._control.adopt(sock)
        except JobCancelled:
            sock.close()
            raise
        self._guards.pop(connection, lambda: None)()
        self._guards[connection] = guard
        return sock

    def _watched(self, sock: Any) -> Any:
        return watchful.watched(sock, self._control)

    def _drop(self, response: urllib3.BaseHTTPResponse) -> None:
        """Be done with a response whose body nobody wants; a short body is read, which saves a connection."""
        with contextlib.suppress(Exception):
            if (length_of(response.headers) or _MIB) <= 65536:
                response.read(65536)
        response.close()
        self._sweep()

    def _sweep(self) -> None:
        """Let go of connections that were closed: the guard holds a duplicate that keeps them open."""
        for connection in [c for c in self._guards if c.sock is None]:
            self._guards.pop(connection)()


def _in_a_circle(request: Request, address: str, status: int) -> HubAnswerError:
    text = Text("{file}: it redirects in a circle, {count} times", file=request.name, count=_MOST_REDIRECTS)
    return HubAnswerError(host_of(address), status, text)


def _written_out(location: str) -> str:
    """An address of a `Location` with each character that may not stand in one written as %XX, as browsers read it.

    >>> _written_out("/a b/%20?name=" + "é".encode().decode("latin-1"))
    '/a%20b/%20?name=%C3%A9'
    """
    return urllib.parse.quote(location.strip().encode("latin-1", "replace"), safe="!#$%&'()*+,/:;=?@[]~")


def _is_at(address: str, url: str) -> bool:
    """Whether both are the same server's."""
    return origin_of(address) == origin_of(url)


def _refused(response: urllib3.BaseHTTPResponse, host: str, request: Request, address: str, proxied: bool) -> Exception:
    """The error that a response without what was asked for is."""
    told = may_carry_token(address, request.url, proxied)
    sent = told and any(name.lower() == "authorization" for name in request.headers)
    if request.explain and _is_at(address, request.url):
        error = request.explain(Refusal(response.status, response.headers, host, sent))
        if error is not None:
            return error
    return meaning_of_status(response.status, response.headers, host, request.name, sent)


class _Unpacker:
    """Undoes gzip or deflate while a body is read. Never holds more than a piece of it."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._packed = bytearray(65536)
        self._rest = b""

    def read_into(self, buffer: memoryview) -> int:
        """As `Answer.read_into`."""
        while not self._inflate.eof:
            if not self._rest:
                count = _read_into(self._response, memoryview(self._packed))
                if not count:
                    raise http.client.IncompleteRead(b"")
                self._rest = bytes(self._packed[:count])
            data = self._inflate.decompress(self._rest, len(buffer))
            self._rest = self._inflate.unconsumed_tail
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0


def _read_into(response: Any, buffer: memoryview) -> int:
    """Read a body into `buffer` from what urllib3 (1.26 or 2) wraps: its own reading would copy each byte once more
    and take new memory for each piece."""
    raw = response._fp  # Of http.client.
    if raw.fp is None:
        return 0
    if raw.chunked:
        data = raw.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)
    if raw.length is not None and raw.length < len(buffer):
        buffer = buffer[: raw.length]
    count: int = raw.fp.readinto1(buffer)
    if raw.length is not None:
        if not count and buffer:
            raise http.client.IncompleteRead(b"", raw.length)
        raw.length -= count
    if not count or raw.length == 0:
        raw.close()
        response.release_conn()
    return count
