# SPDX-License-Identifier: GPL-3.0-or-later
"""A hub on real sockets, written from the Hub's documentation and from what huggingface_hub's source expects of it.

Two servers: the hub itself, and the host that large files are kept on, to which it redirects. Every request to either
is recorded with its headers. `Behaviour` makes of it the mirrors, proxies and networks that people report.

Shares no code and no constant with the program under test, nor with the other loopback hub of these tests.
"""

from __future__ import annotations

import dataclasses
import email.utils
import gzip
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from .repositories import Repository, StoredFile

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
PORTAL = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please sign in to use it.</body></html>"


@dataclasses.dataclass
class Seen:
    """One request as it arrived."""

    server: str
    """"hub" or "storage"."""
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    """By lower-case name."""

    @property
    def token(self) -> str | None:
        """What the request's Authorization says."""
        return self.headers.get("authorization")


@dataclasses.dataclass
class Reply:
    """An answer that is not the usual one."""

    status: int
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""


@dataclasses.dataclass
class Behaviour:
    """In what this hub differs from the Hub itself."""

    commit_header: bool = True
    """Send X-Repo-Commit."""
    linked_headers: bool = True
    """Send X-Linked-Size and X-Linked-ETag with a redirect to storage."""
    head: int | None = None
    """Answer HEAD with this status, as servers do that know GET only."""
    xet: bool = False
    """Send X-Xet-Hash and the address where tokens for it are given out (which is not there: 404)."""
    compress: bool = False
    """Compress every answer, asked to or not."""
    lengths: bool = True
    """Send Content-Length; without it bodies come in chunks."""
    ranges: str = "honour"
    """"honour", "ignore" (200 and the whole), "whole" (200 with a Content-Range), "wrong" (206 of another range)."""
    resolve_cache: bool = False
    """Redirect small files to another address of the same host, relative, as the Hub does."""
    absolute_redirects: bool = False
    """Name the host in such redirects."""
    loop: bool = False
    """Redirect every file to itself."""
    forward_to: str | None = None
    """Redirect all questions to this address with 308, as a mirror does that has nothing of its own."""
    next_host: str | None = None
    """The beginning of the addresses in Link: rel="next"; None for this hub's own."""
    relative_next: bool = False
    """Give the address of the next page without a host."""
    page_size: int = 1000
    prefix: str = ""
    """What stands before all paths of this hub, as in https://mirror.example/hub."""
    etags: bool = True


class Hub:
    """The hub and its storage host. A context manager; `url` is the endpoint."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.repositories: list[Repository] = []
        self.accounts: dict[str, str] = {}
        """Names by token."""
        self.seen: list[Seen] = []
        self.overrides: list[Callable[[Seen], Reply | None]] = []
        """Asked in turn before anything else; the first answer counts."""
        self.damage: Callable[[str, bytes], bytes] = lambda path, content: content
        """What becomes of a file's bytes on their way."""
        self.more_rows: list[dict[str, Any]] = []
        """What listings name besides the files and their folders."""
        self.connections = 0
        """How many were made to the two servers."""
        self._lock = threading.Lock()
        self._hub = _Server(self, "hub")
        self._storage = _Server(self, "storage")

    def __enter__(self) -> Hub:
        for server in (self._hub, self._storage):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._hub, self._storage):
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._hub.server_address[1]}{self.behaviour.prefix}"

    @property
    def storage_url(self) -> str:
        """Where large files are kept."""
        return f"http://127.0.0.1:{self._storage.server_address[1]}"

    def add(self, name: str, kind: str = "models") -> Repository:
        """A new repository, still empty."""
        found = Repository(name, kind)
        self.repositories.append(found)
        return found

    def override(self, when: Callable[[Seen], bool], reply: Reply, times: int | None = None) -> None:
        """Answer requests for which `when` is true with `reply`, so many times or always."""
        left = [times]

        def answer(seen: Seen) -> Reply | None:
            if left[0] == 0 or not when(seen):
                return None
            if left[0] is not None:
                left[0] -= 1
            return reply

        self.overrides.append(answer)

    def portal(self, when: Callable[[Seen], bool] = lambda seen: True, times: int | None = None) -> None:
        """Be the sign-in page of a network."""
        self.override(when, Reply(200, {"Content-Type": HTML}, PORTAL), times)

    def record(self, seen: Seen) -> None:
        """Called by the servers for each request."""
        with self._lock:
            self.seen.append(seen)

    def paths(self, method: str | None = None) -> list[str]:
        """The paths that were asked for."""
        return [seen.path for seen in self.seen if method in (None, seen.method)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: Hub, role: str) -> None:
        self.hub = hub
        self.role = role
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> Any:
        found = super().get_request()
        self.hub.connections += 1
        return found

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._handle()

    def _handle(self) -> None:
        hub = self.server.hub
        parts = urlsplit(self.path)
        seen = Seen(
            self.server.role,
            self.command,
            parts.path,
            parse_qs(parts.query),
            {name.lower(): value for name, value in self.headers.items()},
        )
        hub.record(seen)
        reply = next((found for override in hub.overrides if (found := override(seen)) is not None), None)
        if reply is None:
            reply = _Answering(hub, seen).reply()
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        body, headers, behaviour = reply.body, dict(reply.headers), self.server.hub.behaviour
        if behaviour.compress and body:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        self.send_response_only(reply.status)
        headers = {"Date": self.date_time_string(), "Server": "hub-by-the-book", **headers}
        for name, value in headers.items():
            self.send_header(name, value)
        chunked = not behaviour.lengths and self.command != "HEAD" and body
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif "Content-Length" not in headers and (behaviour.lengths or self.command != "HEAD"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)


def _error(status: int, code: str = "", message: str = "") -> Reply:
    headers = {"Content-Type": JSON}
    if code:
        headers["X-Error-Code"] = code
    if message:
        headers["X-Error-Message"] = message
    return Reply(status, headers, json.dumps({"error": message or code}).encode())


def _json(value: object, headers: dict[str, str] | None = None) -> Reply:
    return Reply(200, {"Content-Type": JSON, **(headers or {})}, json.dumps(value).encode())


class _Answering:
    """What the Hub answers to one request."""

    def __init__(self, hub: Hub, seen: Seen) -> None:
        self.hub = hub
        self.seen = seen
        self.behaviour = hub.behaviour

    def reply(self) -> Reply:
        if self.seen.server == "storage":
            return self._stored()
        if self.behaviour.forward_to:
            query = "&".join(f"{name}={quote(value)}" for name, values in self.seen.query.items() for value in values)
            return Reply(
                308, {"Location": f"{self.behaviour.forward_to}{self.seen.path}{'?' + query if query else ''}"}
            )
        if not self.seen.path.startswith(self.behaviour.prefix + "/"):
            return _error(404, "", "Not Found")
        path = self.seen.path.removeprefix(self.behaviour.prefix)
        if self.seen.token and self._account() is None:
            return _error(401, "", "Invalid credentials in Authorization header")
        segments = [unquote(part) for part in path.strip("/").split("/")]
        if segments[0] == "api":
            return self._interface(segments[1:])
        kind = segments.pop(0) if segments[0] == "datasets" else "models"
        return self._file(kind, segments)

    def _account(self) -> str | None:
        scheme, _, token = (self.seen.token or "").partition(" ")
        return self.hub.accounts.get(token) if scheme == "Bearer" else None

    # Questions about repositories

    def _interface(self, path: list[str]) -> Reply:
        if path == ["whoami-v2"]:
            name = self._account()
            if name is None:
                return _error(401, "", "Invalid username or password.")
            return _json({"type": "user", "name": name, "fullname": name, "orgs": [], "auth": {"type": "access_token"}})
        if path[0] == "resolve-cache":
            kind, owner, name, commit, *rest = path[1:]
            repository = self._known(kind, f"{owner}/{name}")
            return self._content(repository, commit, "/".join(rest)) if repository else _error(404, "RepoNotFound")
        if path[0] not in ("models", "datasets") or len(path) < 3:
            return _error(404, "", "Not Found")
        repository = self._known(path[0], f"{path[1]}/{path[2]}")
        if repository is None or not self._visible(repository):
            return self._nobody_there()
        match path[3:]:
            case []:
                return self._info(repository, "main")
            case ["revision", *rest]:
                return self._info(repository, "/".join(rest))
            case ["tree", revision, *folder]:
                return self._tree(repository, revision, "/".join(folder))
            case ["refs"]:
                return self._refs(repository)
            case ["auth-check"]:
                return self._gate(repository) or _json({})
            case _:
                return _error(404, "", "Not Found")

    def _known(self, kind: str, name: str) -> Repository | None:
        matching = (one for one in self.hub.repositories if (one.kind, one.name.lower()) == (kind, name.lower()))
        return next(matching, None)

    def _visible(self, repository: Repository) -> bool:
        return not repository.private or self._account() is not None

    def _nobody_there(self) -> Reply:
        # The Hub does not tell strangers whether a repository exists.
        if self._account() is None:
            return _error(401, "RepoNotFound", "Invalid username or password.")
        return _error(404, "RepoNotFound", "Repository not found")

    def _gate(self, repository: Repository) -> Reply | None:
        if not repository.gated or self._account() in repository.accepted_by:
            return None
        return _error(403 if self._account() else 401, "GatedRepo", f"Access to {repository.name} is restricted.")

    def _info(self, repository: Repository, revision: str) -> Reply:
        commit = repository.resolve(revision)
        if commit is None:
            return _error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        siblings = []
        for path, file in sorted(repository.commits[commit].items()):
            row: dict[str, Any] = {"rfilename": path}
            if self.seen.query.get("blobs"):
                row |= {"size": len(file.content), "blobId": file.blob_id}
                if file.in_lfs:
                    row["lfs"] = {"sha256": file.sha256, "size": len(file.content), "pointerSize": 130}
            siblings.append(row)
        return _json(
            {
                "_id": "621ffdc036468d709f17434d",
                "id": repository.name,
                "modelId": repository.name,
                "sha": commit,
                "private": repository.private,
                "gated": repository.gated,
                "disabled": False,
                "tags": repository.tags,
                "pipeline_tag": repository.pipeline_tag,
                "siblings": siblings,
            }
        )

    def _tree(self, repository: Repository, revision: str, folder: str) -> Reply:
        commit = repository.resolve(revision)
        if commit is None:
            return _error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        recursive = self.seen.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        rows = [*self.hub.more_rows, *_tree_rows(repository.commits[commit], folder, recursive)]
        begin = int(self.seen.query.get("cursor", ["0"])[0])
        end = begin + self.behaviour.page_size
        headers = {}
        if end < len(rows):
            base = "" if self.behaviour.relative_next else self.behaviour.next_host or self._here()
            address = f"{base}{self.seen.path}?recursive={recursive}&limit={self.behaviour.page_size}&cursor={end}"
            headers["Link"] = f'<{address}>; rel="next"'
        return _json(rows[begin:end], headers)

    def _here(self) -> str:
        return f"http://{self.seen.headers['host']}"

    def _refs(self, repository: Repository) -> Reply:
        def rows(names: dict[str, str], place: str) -> list[dict[str, str]]:
            return [{"name": name, "ref": f"refs/{place}/{name}", "targetCommit": oid} for name, oid in names.items()]

        return _json(
            {"branches": rows(repository.branches, "heads"), "converts": [], "tags": rows(repository.git_tags, "tags")}
        )

    # Files

    def _file(self, kind: str, path: list[str]) -> Reply:
        if len(path) < 5 or path[2] != "resolve":
            return Reply(200, {"Content-Type": HTML}, b"<html><body>A page for people.</body></html>")
        repository = self._known(kind, "/".join(path[:2]))
        if repository is None or not self._visible(repository):
            return self._nobody_there()
        commit = repository.resolve(path[3])
        if commit is None:
            return _error(404, "RevisionNotFound", f"Invalid rev id: {path[3]}")
        if (refused := self._gate(repository)) is not None:
            return refused
        name = "/".join(path[4:])
        file = repository.commits[commit].get(name)
        if file is None:
            return _error(404, "EntryNotFound", "Entry not found")
        if self.seen.method == "HEAD" and self.behaviour.head:
            return _error(self.behaviour.head)
        if self.behaviour.loop:
            return Reply(302, {"Location": self.seen.path})
        if file.in_lfs:
            return self._to_storage(commit, name, file)
        if self.behaviour.resolve_cache:
            target = f"/api/resolve-cache/{kind}/{repository.name}/{commit}/{quote(name)}?etag=%22{file.etag}%22"
            target = self.behaviour.prefix + target
            headers = {"Location": self._here() + target if self.behaviour.absolute_redirects else target}
            return Reply(307, headers | self._file_headers(commit, file), b"Temporary Redirect")
        return self._content(repository, commit, name)

    def _file_headers(self, commit: str, file: StoredFile) -> dict[str, str]:
        headers = {}
        if self.behaviour.commit_header:
            headers["X-Repo-Commit"] = commit
        if self.behaviour.etags:
            headers["ETag"] = f'"{file.etag}"'
        if self.behaviour.xet:
            headers["X-Xet-Hash"] = hashlib.sha256(b"xet" + file.content).hexdigest()
            refresh = f"{self._here()}/api/models/x/y/xet-read-token/{commit}"
            headers["Link"] = f'<{refresh}>; rel="xet-auth"'
        return headers

    def _to_storage(self, commit: str, name: str, file: StoredFile) -> Reply:
        headers = self._file_headers(commit, file)
        headers.pop("ETag", None)
        if self.behaviour.linked_headers:
            headers |= {"X-Linked-Size": str(len(file.content)), "X-Linked-ETag": f'"{file.sha256}"'}
        signature = hashlib.sha256(f"{file.sha256}{time.time()}".encode()).hexdigest()
        target = f"{self.hub.storage_url}/objects/{file.sha256}?X-Amz-Expires=3600&X-Amz-Signature={signature}"
        return Reply(302, {**headers, "Location": target, "Accept-Ranges": "bytes"}, b"Found. Redirecting")

    def _content(self, repository: Repository, commit: str, name: str) -> Reply:
        file = repository.commits[commit][name]
        headers = self._file_headers(commit, file) | {"Content-Type": "text/plain; charset=utf-8"}
        return self._bytes(name, file.content, headers)

    def _stored(self) -> Reply:
        wanted = self.seen.path.rpartition("/")[2]
        if self.seen.token:
            # As S3: two ways to say who one is are one too many.
            return Reply(400, {"Content-Type": "application/xml"}, b"<Error><Code>InvalidArgument</Code></Error>")
        for repository in self.hub.repositories:
            for files in repository.commits.values():
                for name, file in files.items():
                    if file.in_lfs and file.sha256 == wanted:
                        headers = {"ETag": f'"{file.sha256[:32]}"', "Content-Type": "application/octet-stream"}
                        return self._bytes(name, file.content, headers)
        return Reply(403, {"Content-Type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")

    def _bytes(self, name: str, content: bytes, headers: dict[str, str]) -> Reply:
        content = self.hub.damage(name, content)
        asked = self.seen.headers.get("range", "")
        headers["Accept-Ranges"] = "bytes"
        if not asked.startswith("bytes=") or self.behaviour.ranges == "ignore":
            return Reply(200, headers, content)
        first, _, last = asked.removeprefix("bytes=").partition("-")
        begin, end = int(first), min(int(last) + 1 if last else len(content), len(content))
        if begin >= len(content):
            return Reply(416, {"Content-Range": f"bytes */{len(content)}"})
        span = f"bytes {begin}-{end - 1}/{len(content)}"
        if self.behaviour.ranges == "whole":
            return Reply(200, headers | {"Content-Range": span}, content)
        if self.behaviour.ranges == "wrong":
            begin, end = begin + 1, end + 1
            span = f"bytes {begin}-{end - 1}/{len(content)}"
        return Reply(206, headers | {"Content-Range": span}, content[begin:end])


def _tree_rows(files: dict[str, StoredFile], folder: str, recursive: bool) -> Iterator[dict[str, Any]]:
    """Folders and files as the tree address lists them."""
    inside = f"{folder.strip('/')}/" if folder.strip("/") else ""
    folders: set[str] = set()
    for path, file in sorted(files.items()):
        if not path.startswith(inside):
            continue
        parts = path.removeprefix(inside).split("/")
        for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
            above = inside + "/".join(parts[:depth])
            if above not in folders:
                folders.add(above)
                oid = hashlib.sha1(above.encode(), usedforsecurity=False).hexdigest()
                yield {"type": "directory", "oid": oid, "size": 0, "path": above}
        if recursive or len(parts) == 1:
            row: dict[str, Any] = {"type": "file", "oid": file.blob_id, "size": len(file.content), "path": path}
            if file.in_lfs:
                row["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": 130}
            yield row


def http_date(seconds_from_now: float) -> str:
    """A moment as the Date and Retry-After headers write it."""
    return email.utils.formatdate(time.time() + seconds_from_now, usegmt=True)


class Proxy:
    """A forward proxy for http addresses. Records what it was asked for; `reply` answers in the place of everybody."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        """Method, whole address and headers of each request."""
        self.reply = reply
        self.names: dict[str, str] = {}
        """Where hosts really are, by name: `127.0.0.1:8000`. Others are taken at their word."""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Quiet."""

            def _any(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                proxy.asked.append((self.command, self.path, headers))
                proxy._pass_on(self, headers)

            do_GET = do_HEAD = do_CONNECT = _any

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """What goes into http_proxy."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _pass_on(self, handler: BaseHTTPRequestHandler, headers: dict[str, str]) -> None:
        import http.client

        if self.reply is not None:
            status, answered, body = self.reply.status, list(self.reply.headers.items()), self.reply.body
        else:
            parts = urlsplit(handler.path)
            upstream = http.client.HTTPConnection(self.names.get(parts.netloc, parts.netloc), timeout=30)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            upstream.request(handler.command, path, headers=headers)
            response = upstream.getresponse()
            status, answered, body = response.status, response.getheaders(), response.read()
            upstream.close()
        handler.send_response(status)
        for name, value in answered:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)
