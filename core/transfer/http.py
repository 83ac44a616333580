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
import re
import socket
import ssl
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..addresses import host_of, may_be_asked, may_carry_token, origin_of
from ..errors import (
    AccessDeniedError,
    FileNotOnHubError,
    HubAnswerError,
    HubError,
    HubUnreachableError,
    JobCancelled,
    RateLimitedError,
    TokenRefusedError,
    UnsafeRedirectError,
)
from ..system.control import Control
from ..text import Text
from .retries import asked_wait
from .sockets import connect

if TYPE_CHECKING:
    import urllib3


log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0
"""Seconds per address, as in huggingface_hub."""

_MOST_REDIRECTS = 10
_REDIRECTS = {301, 302, 303, 307, 308}
_REFUSALS = {401, 403, 404, 410}
"""What storage hosts answer to a signed address that has expired; from the hub itself it is the answer."""
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)")


class TransientError(Exception):
    """Something that may be different the next time. `reason` fits into "HOST cannot be reached: REASON."."""

    def __init__(self, host: str, reason: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(f"{host}: {reason}")
        self.host = host
        self.reason = reason
        self.status = status
        self.retry_after = retry_after

    def for_good(self, name: str) -> HubError:
        """What the user is told when trying again has not helped; `name` is the file's."""
        if self.status == 429:
            return RateLimitedError(self.host, self.retry_after)
        if self.status is not None:
            return HubAnswerError(self.host, self.status, name)
        return HubUnreachableError(self.host, self.reason)


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
    """A response whose body is wanted: status 200, 206, or 416 for an empty file."""

    def __init__(self, response: urllib3.BaseHTTPResponse, host: str, control: Control, done: Callable[[], None]):
        self._response: Any = response
        self._control = control
        self._done = done
        self.host = host
        self.ranged = response.status in (206, 416)
        self.start, self.size = _extent(response, host)
        """The first byte that follows, and the size of the whole file: None where not told."""
        self.headers: Mapping[str, str] = response.headers
        self.etag = response.headers.get("ETag")

    def read_into(self, buffer: memoryview) -> int:
        """Put the next bytes into `buffer`, 1 at least; the answer is the count, 0 at the end of the body.

        Raises TransientError and `JobCancelled`. Called for each 16 kB of an encrypted connection.
        """
        try:
            count = _read_into(self._response, buffer)
        except Exception as ex:
            with _translated(self.host, self._control):
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
        self._pools: dict[str | None, urllib3.PoolManager] = {}
        self._proxies: dict[tuple[str, str], str | None] = {}
        self._guards: dict[Any, Callable[[], None]] = {}

    def get(self, request: Request, route: Route, start: int, end: int | None) -> Answer:
        """Ask for bytes `start` to `end` (None: the whole file, without a range).

        Raises TransientError for what may pass, a HubError for what will not, and `JobCancelled` at once.
        """
        while True:
            known = route.address
            response, address = self._follow(request, known or request.url, start, end)
            if known and known != request.url and response.status in _REFUSALS:
                log.debug("address at %s has expired: %s", host_of(address), response.status)
                self._drop(response)
                route.forget(known)
                continue
            host = host_of(address)
            if response.status in (200, 206) or (response.status == 416 and _is_empty(response)):
                route.address = address
                try:
                    return Answer(response, host, self._control, self._sweep)
                except TransientError:
                    self._drop(response)
                    raise
            error = _meaning(response, host, request, address)
            self._drop(response)
            raise error

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
            try:
                target = urllib.parse.urljoin(address, target)
                host = host_of(target)
            except ValueError:  # No address at all.
                target = host = ""
            if not may_be_asked(target, request.url):
                raise UnsafeRedirectError(host_of(address), host or Text("an address"))
            address = target
        raise HubAnswerError(host_of(address), response.status, Text("{file}: too many redirects", file=request.name))

    def _ask(self, request: Request, address: str, start: int, end: int | None) -> urllib3.BaseHTTPResponse:
        self._control.check()
        # Asked to compress, a server would change the bytes that ranges and hashes count.
        headers = {"Accept-Encoding": "identity", "User-Agent": "subtitle-editor"}
        if may_carry_token(address, request.url):
            headers.update(request.headers)
        if end is not None:
            headers["Range"] = f"bytes={start}-{end - 1}"
        host = host_of(address)
        with _translated(host, self._control):
            return self._pool(address).request(
                "GET", address, headers=headers, redirect=False, retries=False, preload_content=False
            )

    def _pool(self, address: str) -> urllib3.PoolManager:
        parts = urllib.parse.urlsplit(address)
        host = parts.scheme, parts.netloc
        if host not in self._proxies:  # Asking the environment, or the registry, each time takes a sixth of a request.
            self._proxies[host] = _proxy_for(address)
        proxy = self._proxies[host]
        if proxy not in self._pools:
            self._pools[proxy] = _pool_manager(proxy, self._timeout, self._open_socket)
        return self._pools[proxy]

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

    def _drop(self, response: urllib3.BaseHTTPResponse) -> None:
        """Be done with a response whose body nobody wants; a short body is read, which saves a connection."""
        with contextlib.suppress(Exception):
            if (_length(response) or 0) <= 65536:
                response.read(65536)
        response.close()
        self._sweep()

    def _sweep(self) -> None:
        """Let go of connections that were closed: the guard holds a duplicate that keeps them open."""
        for connection in [c for c in self._guards if c.sock is None]:
            self._guards.pop(connection)()


def _proxy_for(address: str) -> str | None:
    """The proxy the environment (or the system's settings) names for `address`."""
    parts = urllib.parse.urlsplit(address)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def tls_context() -> ssl.SSLContext:
    """Trust what the system trusts: companies with a certificate authority of their own need it.

    Never share one between threads: truststore holds a lock of the context for as long as a handshake takes, so that
    one silent server would hold up all others.
    """
    try:
        import truststore
    except ImportError:
        return ssl.create_default_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _WithoutQueries(logging.Filter):
    """Cuts the query off the addresses that urllib3 logs: a signed address is as good as a password."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
        return True


def _silence_addresses(_filter: logging.Filter = _WithoutQueries()) -> None:  # noqa: B008  # Added once.
    logging.getLogger("urllib3.connectionpool").addFilter(_filter)


def _pool_manager(proxy: str | None, timeout: float, open_socket: Callable[..., socket.socket]) -> urllib3.PoolManager:
    """A pool manager of urllib3 whose connections come from `open_socket(connection, host, port, timeout)`."""
    import urllib3
    from urllib3 import connection, connectionpool, exceptions

    _silence_addresses()

    class Opener:
        _dns_host: str
        port: int
        timeout: Any

        def _new_conn(self) -> socket.socket:
            try:
                return open_socket(self, self._dns_host.strip("[]"), self.port, self.timeout)
            except TimeoutError as ex:
                raise exceptions.ConnectTimeoutError(self, "timed out") from ex
            except OSError as ex:
                raise exceptions.NewConnectionError(self, str(ex)) from ex  # type: ignore[arg-type]

    class Plain(Opener, connection.HTTPConnection):
        pass

    class Encrypted(Opener, connection.HTTPSConnection):
        pass

    class PlainPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = Encrypted

    settings: dict[str, Any] = {
        "num_pools": 4,
        "maxsize": 1,
        "timeout": urllib3.Timeout(connect=CONNECT_TIMEOUT, read=timeout),
        "ssl_context": tls_context(),
    }
    manager: urllib3.PoolManager
    if proxy is None:
        manager = urllib3.PoolManager(**settings)
    else:
        parts = urllib.parse.urlsplit(proxy)
        if parts.scheme not in ("http", "https"):
            raise HubUnreachableError(
                parts.hostname or proxy, Text("proxies of the kind {kind} are not supported", kind=parts.scheme)
            )
        if parts.username:
            word = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
            settings["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=word)
            proxy = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        manager = urllib3.ProxyManager(proxy, **settings)
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
    return manager


@contextlib.contextmanager
def _translated(host: str, control: Control) -> Iterator[None]:
    """Turn what urllib3 and the system raise into our errors. When cancelled, whatever it was is `JobCancelled`."""
    from urllib3 import exceptions

    try:
        yield
    except (JobCancelled, HubError):
        raise
    except Exception as ex:
        control.check()
        if isinstance(ex, (exceptions.HTTPError, http.client.HTTPException, OSError)):
            log.debug("%s: %s", host, type(ex).__name__)
            _raise_meaning(host, ex)
        raise


def _raise_meaning(host: str, ex: Exception) -> None:
    from urllib3 import exceptions

    chain = list(_causes(ex))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        raise HubUnreachableError(host, Text("its certificate is not trusted")) from None
    if any(isinstance(cause, exceptions.LocationValueError) for cause in chain):
        raise HubUnreachableError(host or Text("The hub"), Text("this is not an address")) from None
    for kind, reason in (
        (socket.gaierror, Text("its name is not known here")),
        (exceptions.ReadTimeoutError, Text("it went silent")),
        (http.client.IncompleteRead, Text("the connection ended early")),
        (exceptions.ProxyError, Text("the proxy does not pass us on")),
    ):
        if any(isinstance(cause, kind) for cause in chain):
            raise TransientError(host, reason) from ex
    if any(type(cause) is exceptions.ConnectTimeoutError for cause in chain):  # NewConnectionError is one too.
        raise TransientError(host, Text("it does not answer")) from ex
    if isinstance(ex, TimeoutError):
        raise TransientError(host, Text("it went silent")) from ex
    text = next((cause.strerror for cause in reversed(chain) if isinstance(cause, OSError) and cause.strerror), None)
    raise TransientError(host, text.lower() if text else Text("the connection was lost")) from ex


def _causes(ex: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while ex is not None and id(ex) not in seen:
        seen.add(id(ex))
        yield ex
        yield from (arg for arg in ex.args if isinstance(arg, BaseException))
        ex = ex.__cause__ or ex.__context__


def _meaning(response: urllib3.BaseHTTPResponse, host: str, request: Request, address: str) -> Exception:
    """The error that a response with this status is."""
    sent = may_carry_token(address, request.url) and any(name.lower() == "authorization" for name in request.headers)
    if request.explain and origin_of(address) == origin_of(request.url):
        error = request.explain(Refusal(response.status, response.headers, host, sent))
        if error is not None:
            return error
    match response.status:
        case 401:
            return TokenRefusedError(host, sent)
        case 403:
            return AccessDeniedError(host, request.name)
        case 404 | 410:
            return FileNotOnHubError(request.name, host)
        case status if status in _TRANSIENT or 520 <= status <= 599:
            return TransientError(
                host, Text("it answered {status}", status=status), status, asked_wait(response.headers)
            )
        case status:
            return HubAnswerError(host, status, request.name)


def _extent(response: urllib3.BaseHTTPResponse, host: str) -> tuple[int, int | None]:
    """First byte, and size of the whole file, as the response's headers tell them."""
    if response.status == 200:
        return 0, _length(response)
    match = _CONTENT_RANGE.fullmatch((response.headers.get("Content-Range") or "").strip())
    if not match:
        raise TransientError(host, Text("it sent a part without saying which"))
    size = None if match[3] == "*" else int(match[3])
    return int(match[1] or 0), size


def _is_empty(response: urllib3.BaseHTTPResponse) -> bool:
    """Whether a 416 says that the file has no bytes: no range fits into such a file."""
    return (response.headers.get("Content-Range") or "").strip() == "bytes */0"


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


def _length(response: urllib3.BaseHTTPResponse) -> int | None:
    text = response.headers.get("Content-Length") or ""
    return int(text) if re.fullmatch(r"\d{1,19}", text, re.ASCII) else None
