# SPDX-License-Identifier: GPL-3.0-or-later
"""What each failure of a request means: which may pass, and what the user is told of the others."""

from __future__ import annotations

import contextlib
import errno
import http.client
import logging
import re
import socket
import ssl
import zlib
from collections.abc import Iterator, Mapping, Sequence

from ..errors.base import JobCancelled
from ..errors.hub import (
    AccessDeniedError,
    FileNotOnHubError,
    HubAnswerError,
    HubError,
    RateLimitedError,
    TokenRefusedError,
    WrongContentError,
)
from ..errors.network import HubUnreachableError, ProxyError
from ..system.control import Control
from ..system.network import Proxy, untrusted
from ..text import Text
from .answers import Misfit
from .replies import logins
from .retries import asked_wait, may_pass

log = logging.getLogger(__name__)

_WRONG_TRIES = 4
"""Answers in a row that are something else than the file until we say so: whoever has to sign in waits for that."""


class TransientError(Exception):
    """Something that may be different the next time. `reason` fits into "HOST cannot be reached: REASON."."""

    def __init__(self, host: str, reason: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(f"{host}: {reason}")
        self.host = host
        self.reason = reason
        self.status = status
        self.retry_after = retry_after

    tries: int | None = None
    """After so many in a row it is time to give up, if that is less than the policy says."""

    def for_good(self, name: str) -> HubError:
        """What the user is told when trying again has not helped; `name` is the file's."""
        if self.status == 429:
            return RateLimitedError(self.host, self.retry_after)
        if self.status is not None:
            return HubAnswerError(self.host, self.status, name)
        return HubUnreachableError(self.host, self.reason)


class SilentError(TransientError):
    """Nothing came for as long as we wait: each further try takes as long."""

    def for_good(self, name: str) -> HubError:
        return HubUnreachableError(self.host, self.reason, silent=True)


class WrongAnswerError(TransientError):
    """Something else than what was asked for. What we have already is none the worse for it."""

    tries = _WRONG_TRIES

    def __init__(self, host: str, misfit: Misfit) -> None:
        super().__init__(host, misfit.reason)
        self.page = misfit.page
        self.whole_may_help = misfit.whole_may_help

    def for_good(self, name: str) -> HubError:
        return WrongContentError(self.host, name, self.reason, self.page)


class RefusedError(TransientError):
    """403 to one of several connections, by a server that has sent others what they asked for."""

    tries = _WRONG_TRIES

    def __init__(self, error: AccessDeniedError) -> None:
        super().__init__(error.host, error.message)
        self._error = error

    def for_good(self, name: str) -> HubError:
        return self._error


@contextlib.contextmanager
def translated(host: str, control: Control, proxy: Proxy | None = None) -> Iterator[None]:
    """Turn what urllib3 and the system raise into our errors. When cancelled, whatever it was is `JobCancelled`."""
    from urllib3 import exceptions

    try:
        yield
    except (JobCancelled, HubError):
        raise
    except Exception as ex:
        control.check()
        if isinstance(ex, (exceptions.HTTPError, http.client.HTTPException, OSError, zlib.error)):
            log.debug("%s: %s", host, type(ex).__name__)
            chain = list(_causes(ex))
            if proxy and any(isinstance(cause, exceptions.ProxyError) for cause in chain):
                raise _proxy_meaning(proxy, host, chain) from ex
            raise _meaning_of(host, chain) from ex
        raise


def _meaning_of(host: str, chain: list[BaseException]) -> Exception:
    """The error that one of urllib3 or the system is; `chain` is it and its causes."""
    from urllib3 import exceptions

    if refused := next((cause for cause in chain if isinstance(cause, ssl.SSLCertVerificationError)), None):
        return untrusted(host, refused)
    if any(isinstance(cause, exceptions.LocationValueError) for cause in chain):
        return HubUnreachableError(host or Text("The hub"), Text("this is not an address"), may_pass=False)
    if any(_speaks_plainly(cause) for cause in chain):
        return HubUnreachableError(host, Text("it does not speak https there"), may_pass=False)
    if any(isinstance(cause, exceptions.ReadTimeoutError) for cause in chain):
        return SilentError(host, Text("it went silent"))
    for kind, reason in (
        (socket.gaierror, Text("its name is not known here")),
        (http.client.IncompleteRead, Text("the connection ended early")),
        (zlib.error, Text("what it compressed is damaged")),
    ):
        if any(isinstance(cause, kind) for cause in chain):
            return TransientError(host, reason)
    if any(type(cause) in _NO_HTTP for cause in chain):
        return TransientError(host, Text("what it answers cannot be read as http"))
    if any(type(cause) is exceptions.ConnectTimeoutError for cause in chain):  # NewConnectionError is one too.
        return SilentError(host, Text("it does not answer"))
    if isinstance(chain[0], TimeoutError):
        return SilentError(host, Text("it went silent"))
    return TransientError(host, next(filter(None, map(_reason_of, reversed(chain))), Text("the connection was lost")))


_NO_HTTP = (
    http.client.BadStatusLine,  # And not RemoteDisconnected, which is one.
    http.client.LineTooLong,
    http.client.UnknownProtocol,
    http.client.HTTPException,  # More than a hundred headers.
)

_REASONS = {
    "ECONNREFUSED": Text("the connection was refused"),
    "ECONNRESET": Text("the connection was cut"),
    "ECONNABORTED": Text("the connection was cut"),
    "EPIPE": Text("the connection was cut"),
    "ENOTCONN": Text("the connection was cut"),
    "ETIMEDOUT": Text("it does not answer"),
    "ENETUNREACH": Text("no way leads there from this network"),
    "ENETDOWN": Text("no way leads there from this network"),
    "EHOSTUNREACH": Text("no way leads there from this network"),
    "EHOSTDOWN": Text("no way leads there from this network"),
    "EMFILE": Text("too many files are open on this machine"),
    "ENFILE": Text("too many files are open on this machine"),
    "EACCES": Text("something on this machine, perhaps a firewall, forbids the connection"),
    "EPERM": Text("something on this machine, perhaps a firewall, forbids the connection"),
}


def _reason_of(ex: BaseException) -> str | None:
    """Why a socket refused; None for what is no error of a socket, or has no reason. By number: Windows has no words
    for its own."""
    if isinstance(ex, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return _REASONS["ECONNRESET"]
    if isinstance(ex, ssl.SSLError):
        return Text("the encryption failed")
    if not isinstance(ex, OSError) or ex.errno is None:
        return None
    known = _REASONS.get(errno.errorcode.get(ex.errno, "").removeprefix("WSA"))
    return known or (ex.strerror or "").lower() or None


def _speaks_plainly(ex: BaseException) -> bool:
    """Whether the other side answered a greeting in TLS without TLS. What Python itself raises has no reason."""
    return isinstance(ex, ssl.SSLError) and getattr(ex, "reason", None) == "WRONG_VERSION_NUMBER"


_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b([A-Za-z0-9, -]*)")
"""Nothing but its text tells with which status http.client was refused a tunnel, and what replies.py adds to it."""


def _proxy_meaning(proxy: Proxy, host: str, chain: list[BaseException]) -> Exception:
    """The same where the way ended at the proxy."""
    refused = next((found for cause in chain if (found := _TUNNEL.search(str(cause)))), None)
    if refused:
        return refusal(proxy, int(refused[1]), host, logins(refused[2]))
    if any(_speaks_plainly(cause) for cause in chain):
        reason = Text("it does not speak https itself; its address begins with http://")
        return ProxyError(proxy.label, reason, variable=proxy.variable)
    meaning = _meaning_of(proxy.label, chain)
    if isinstance(meaning, TransientError):
        reason = Text("the proxy {proxy} cannot be reached: {reason}", proxy=proxy.label, reason=meaning.reason)
        return type(meaning)(host, reason)
    return meaning


def refusal(proxy: Proxy, status: int, host: str, kinds: Sequence[str] = ()) -> Exception:
    """The error that an answer of the proxy itself is; `kinds` of login that it takes, if it says so."""
    if status == 407:
        foreign = "" if not kinds or "basic" in map(str.lower, kinds) else ", ".join(kinds)
        return ProxyError(proxy.label, wants_login=True, variable=proxy.variable, kinds=foreign)
    if may_pass(status):
        return TransientError(host, Text("the proxy {proxy} answered {status}", proxy=proxy.label, status=status))
    reason = Text("it answered {status} when asked for {host}", status=status, host=host)
    return ProxyError(proxy.label, reason, variable=proxy.variable)


def _causes(ex: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while ex is not None and id(ex) not in seen:
        seen.add(id(ex))
        yield ex
        yield from (arg for arg in ex.args if isinstance(arg, BaseException))
        ex = ex.__cause__ or ex.__context__


def meaning_of_status(status: int, headers: Mapping[str, str], host: str, what: str, sent_token: bool) -> Exception:
    """The error that an answer with this status is, to a request for `what`."""
    match status:
        case 401:
            return TokenRefusedError(host, sent_token)
        case 403:
            return AccessDeniedError(host, what, with_token=sent_token)
        case 404 | 410:
            return FileNotOnHubError(what, host)
        case _ if may_pass(status):
            return TransientError(host, Text("it answered {status}", status=status), status, asked_wait(headers))
        case _:
            return HubAnswerError(host, status, what)
