# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a hub: its answers are looked at before they are believed, and each error is named by what it is.

What the Hub's documentation says of its interface stands here: addresses, `X-Error-Code`, the pages of a listing. Who
may be asked, and who gets the token, is decided in core/addresses.py; connections are those of core/transfer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import re
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ..addresses import may_carry_token
from ..errors.hub import (
    AccessDeniedError,
    FileNotOnHubError,
    GatedError,
    HubError,
    ManifestError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    TokenRefusedError,
    UndescribedFileError,
)
from ..errors.network import NoHubError, ProxyError
from ..system import environment
from ..system.names import is_inner_path
from ..system.network import proxy_for
from ..text import Text
from ..transfer.answers import UNPACKED, compression
from ..transfer.limits import STALL_SECONDS
from ..transfer.replies import logins
from .answers import Listed, Named, Profile, described, listed, profile, siblings
from .tokens import Origin

if TYPE_CHECKING:
    from ..catalog.entries import Manifest, Source
    from ..system.control import Control
    from ..transfer.http import Answer, Line, Refusal, Request

_TIMEOUT = 30.0
"""Seconds without a byte of an answer. A mirror that does not know a repository yet asks the hub for it first."""

_DOWNLOAD_TIMEOUT = "HF_HUB_DOWNLOAD_TIMEOUT"
_TIMEOUT_VARIABLES = ("HF_HUB_ETAG_TIMEOUT", _DOWNLOAD_TIMEOUT)

_LARGEST = 64 << 20
"""Bytes of an answer; a full page of a listing has some 300 kB."""

_MOST_FILES = 1_000_000
"""Of one repository. Who lists more, listing no end, is no hub."""

log = logging.getLogger(__name__)

_MOST_LOOKS = 2_000
"""Files of a listing without sizes that are looked at one by one: some seconds, on a mirror nearby."""

_GZIP = b"\x1f\x8b"
"""How what was packed with gzip begins (RFC 1952)."""

_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next\b', re.IGNORECASE)


class _UnknownQuestion(HubError):
    """The server is a hub, but does not know this question. Never leaves this file, so it has no words of its own."""


def patience() -> float:
    """Seconds to wait for an answer, or for its next byte: more where Hugging Face's variables say so."""
    return max(_TIMEOUT, *map(_seconds, _TIMEOUT_VARIABLES))


def silence() -> float:
    """Seconds without a byte of a file until a connection is made anew: more where Hugging Face's variable says so, for
    proxies that send nothing until they have looked through all."""
    return max(STALL_SECONDS, _seconds(_DOWNLOAD_TIMEOUT))


def _seconds(variable: str) -> float:
    text = environment.value(variable)
    return float(text) if re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text, re.ASCII) else 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A hub, and what it is told of who asks."""

    endpoint: str
    """Its address, without a login and without a slash at its end."""
    authorization: str = dataclasses.field(default="", repr=False)
    """The header's value; empty for none. A secret."""
    origin: Origin = Origin.NONE
    """Where that is from."""

    @property
    def host(self) -> str:
        """As messages name it."""
        return urlsplit(self.endpoint).netloc

    @property
    def headers(self) -> dict[str, str]:
        """For requests to the endpoint. Holds the token: never log it."""
        if not self.authorization:
            return {}
        try:
            proxied = proxy_for(self.endpoint) is not None
        except ProxyError:  # Which whoever asks will hear of.
            proxied = True
        told = may_carry_token(self.endpoint, self.endpoint, proxied)
        return {"Authorization": self.authorization} if told else {}

    @property
    def withholds(self) -> bool:
        """There is a token, and it is not sent: the way to this hub is not encrypted."""
        return bool(self.authorization) and not self.headers

    def request(
        self,
        url: str,
        source: Source,
        revision: str | None = None,
        file: str = "",
        optional: bool = False,
        named: bool = False,
    ) -> Request:
        """A question to this hub about a repository, or for a `file` of it. `optional`: not all servers know it;
        `named`: the revision is what the hub itself has named, as for files it always is."""
        from ..transfer.http import Request

        def explain(refusal: Refusal) -> HubError | None:
            if optional and refusal.status in (400, 404, 405, 501) and "X-Error-Code" not in refusal.headers:
                return _UnknownQuestion("")
            return self._explained(refusal, source, revision, file, bool(file) or named)

        return Request(url, self.headers, file or source.repo, explain)

    def address_of(self, source: Source, commit: str, path: str) -> str:
        """Where a file of a repository is asked for."""
        return f"{self.endpoint}/{source.page}/resolve/{commit}/{quote(path)}"

    def _explained(
        self, refusal: Refusal, source: Source, revision: str | None, file: str, named: bool
    ) -> HubError | None:
        """What a refusal means by the hub's own words for it; None for one that any server may give."""
        code = refusal.headers.get("X-Error-Code")
        if said := refusal.headers.get("X-Error-Message"):
            log.info("%s answered %s: %s", refusal.host, refusal.status, said[:200])
        if refusal.status == 401 and refusal.sent and code != "GatedRepo":
            # A repository that is not there is a 404 to those who may ask; this is about the token: it has expired.
            return self._unauthorized(refusal)
        match code:
            case "GatedRepo":
                return _quoting(GatedError(source.repo, f"{self.endpoint}/{source.page}", refusal.sent), refusal)
            case "RepoNotFound":
                return RepositoryNotFoundError(source.repo, self.host)
            case "RevisionNotFound":
                return RevisionNotFoundError(source.repo, revision or "main", named)
            case "EntryNotFound":
                return FileNotOnHubError(file or source.repo, self.host)
        match refusal.status:
            case 401:
                return self._unauthorized(refusal)
            case 403 | 451:
                closed = refusal.headers.get("X-Error-Message") == "Access to this resource is disabled."
                return _quoting(AccessDeniedError(refusal.host, file or source.repo, refusal.sent, closed), refusal)
            case 404 | 410 if not file:
                return RepositoryNotFoundError(source.repo, self.host)
        return None

    def _unauthorized(self, refusal: Refusal) -> TokenRefusedError:
        kinds = {kind.lower() for kind in logins(refusal.headers.get("WWW-Authenticate", ""))}
        if kinds == {"basic"} and self.origin is not Origin.ADDRESS:
            return TokenRefusedError(refusal.host, refusal.sent, login=True)
        return self.refusal_of_token(refusal.host, refusal.sent)

    def refusal_of_token(self, host: str, sent: bool) -> TokenRefusedError:
        """The error of a token that was not accepted, or that is missing."""
        return TokenRefusedError(host, sent, self.origin.label, withheld=self.withholds)


class Asking:
    """A conversation with a hub: connections are kept from one question to the next. For one thread; `close` it.

    All questions block, raise JobCancelled at once when `control` is cancelled, and the errors of core/errors/ from
    TokenRefusedError to NoHubError.
    """

    def __init__(self, server: Server, control: Control) -> None:
        from ..transfer.http import Line

        self._server = server
        self._line: Line = Line(control, patience())

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def account(self) -> str:
        """The name of the account that the token belongs to."""
        from ..transfer.http import Request

        def explain(refusal: Refusal) -> HubError | None:
            refused = refusal.status in (401, 403)
            return self._server.refusal_of_token(refusal.host, refusal.sent) if refused else None

        url = f"{self._server.endpoint}/api/whoami-v2"
        data, _, host = self._json(Request(url, self._server.headers, "the account", explain))
        name = data.get("name") if isinstance(data, dict) else None
        if not isinstance(name, str) or not name:
            raise NoHubError(host)
        return name

    def manifest(self, manifest: Manifest) -> Any:
        """What a list of redistribution archives says, as JSON has it. It is somebody else's: no token goes there."""
        from ..transfer.http import Request

        try:
            return self._json(Request(manifest.url, {}, manifest.url.rpartition("/")[2]))[0]
        except NoHubError as error:
            raise ManifestError(urlsplit(manifest.url).netloc, Text("it is no JSON")) from error

    def profile(self, source: Source, revision: str | None) -> Profile:
        """What the hub says of a repository at a branch, tag or commit; None: its newest."""
        at = f"/revision/{quote(revision, safe='')}" if revision else ""
        request = self._server.request(self._api(source) + at, source, revision)
        data, _, host = self._json(request)
        found = profile(data)
        if found is None:
            raise NoHubError(host)
        return found

    def listing(self, source: Source, commit: str) -> list[Listed]:
        """All files of a repository at a commit, page by page.

        Each page is asked of the endpoint, whatever host its predecessor names: mirrors pass on the Hub's own
        addresses, and nobody else is to get the token. The query says which page it is.
        """
        address, query = f"{self._api(source)}/tree/{commit}", "recursive=true"
        files: list[Listed | Named] = []
        asked: set[str] = set()
        while query not in asked and len(files) + len(asked) <= _MOST_FILES:
            asked.add(query)
            try:
                data, answer, host = self._json(
                    self._server.request(f"{address}?{query}", source, commit, optional=True, named=True)
                )
            except _UnknownQuestion:
                return self._siblings(source, commit)
            page = listed(data)
            if page is None:
                raise NoHubError(host)
            files += page
            following = _NEXT.search(answer.headers.get("Link") or "")
            if not following:
                return self._described(source, commit, files)
            query = _query_of(following[1])
        raise NoHubError(self._server.host)  # It turns in a circle, or never ends.

    def _siblings(self, source: Source, commit: str) -> list[Listed]:
        """The same, of a server that does not know the question: some keep only what is said of a repository."""
        url = f"{self._api(source)}/revision/{commit}?blobs=true"
        data, _, host = self._json(self._server.request(url, source, commit, named=True))
        found = siblings(data)
        if found is None:
            raise NoHubError(host)
        return self._described(source, commit, found)

    def _described(self, source: Source, commit: str, files: list[Listed | Named]) -> list[Listed]:
        """The files with what a listing does not say of them: some mirrors tell names alone, and each file is asked
        for its size and hash. Raises UndescribedFileError where that is of no help."""
        unknown = sum(isinstance(file, Named) and source.wants(file.path) for file in files)
        found: list[Listed] = []
        for file in files:
            if isinstance(file, Listed):
                found.append(file)
            elif source.wants(file.path):
                told = None
                if unknown <= _MOST_LOOKS and is_inner_path(file.path):
                    url = self._server.address_of(source, commit, file.path)
                    told = self._look(self._server.request(url, source, commit, file.path), file.path)
                if told is None:
                    raise UndescribedFileError(self._server.host, file.path)
                found.append(told)
        return found

    def _look(self, request: Request, path: str) -> Listed | None:
        from ..transfer.failures import TransientError

        try:
            return described(path, self._line.look(request))
        except TransientError as error:
            raise error.for_good(request.name) from error

    def check_access(self, source: Source) -> None:
        """Ask whether the files of a gated repository may be read with our token. Raises GatedError if not."""
        request = self._server.request(f"{self._api(source)}/auth-check", source, optional=True)
        with contextlib.suppress(_UnknownQuestion), self._answer(request):
            pass  # Of a server that does not know the question the files will tell.

    def may_read(self, source: Source) -> bool:
        """Whether the files of a gated repository may be read with our token."""
        try:
            self.check_access(source)
        except GatedError:
            return False
        return True

    def beginning(self, source: Source, commit: str, path: str, length: int) -> bytes:
        """The first bytes of a file, to see what it is."""
        url = self._server.address_of(source, commit, path)
        with self._answer(self._server.request(url, source, commit, path), length) as answer:
            return read(answer, length)[:length]

    def _api(self, source: Source) -> str:
        return f"{self._server.endpoint}/api/{source.repo_type}s/{source.repo}"

    def _json(self, request: Request) -> tuple[Any, Answer, str]:
        """A question's answer as data, with the answer it came in and the host that gave it."""
        with self._answer(request) as answer:
            try:
                data = read(answer, _LARGEST)
                return json.loads(data), answer, answer.host
            except (ValueError, RecursionError) as error:  # What came is no JSON: so says the parser.
                raise NoHubError(answer.host) from error

    @contextlib.contextmanager
    def _answer(self, request: Request, end: int | None = None) -> Iterator[Answer]:
        from ..transfer.failures import TransientError
        from ..transfer.http import Route

        try:
            answer = self._line.get(request, Route(), 0, end, as_it_comes=True)
            with contextlib.closing(answer):
                yield answer
        except TransientError as error:
            raise error.for_good(request.name) from error


def _quoting(error: HubError, refusal: Refusal) -> HubError:
    """The error with the hub's own words behind it: nothing else tells a request that waits for its review from a right
    that the token lacks."""
    said = " ".join((refusal.headers.get("X-Error-Message") or "").split())[:200]
    if said:
        error.hint = Text('{hint} The hub says: "{said}"', hint=error.hint, said=said)
    return error


def read(answer: Answer, limit: int) -> bytes:
    """The body of an answer, unpacked if it came compressed, which nobody asked for; at most `limit` bytes and one.

    Raises ValueError for one that cannot be unpacked, and what `Answer.read_into` raises.
    """
    encoding = compression(answer.headers)
    if encoding and encoding not in UNPACKED:
        raise ValueError(encoding)
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding else None
    body, buffer = bytearray(), memoryview(bytearray(65536))
    piece = b""
    while len(piece) < len(_GZIP) and (count := answer.read_into(buffer)):
        piece += buffer[:count]
    if "gzip" in encoding and not piece.startswith(_GZIP):
        unpack = None  # It is only called so.
    while piece:
        try:
            body += unpack.decompress(piece, limit + 1 - len(body)) if unpack else piece
        except zlib.error as error:
            raise ValueError(encoding) from error
        piece = b"" if len(body) > limit else bytes(buffer[: answer.read_into(buffer)])
    return bytes(body[: limit + 1])


def _query_of(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:
        return ""
