# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answer the Hub gives to which request: the routes, who may read, and signed addresses.

Pure: a :class:`Query` goes in, a :class:`Reply` comes out, no socket is touched. The routes, headers and
error codes are those huggingface_hub 2.4 reads (`hf_api.py`, `file_download.py`, `utils/_http.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

if TYPE_CHECKING or __package__:
    from .repos import KINDS, File, Repo, Revision, Store, git_blob
else:  # Run as a script: `python tests/hub/server.py`.
    from repos import KINDS, File, Repo, Revision, Store, git_blob

# The pages of the real Hub (huggingface_hub's `_iter_repo_tree_pages` names both numbers).
PAGE_SIZE = 1000
PAGE_SIZE_EXPANDED = 50

_DATE = "2024-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Query:
    """A request. Header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path as sent, still quoted, without its query."""
        return urlsplit(self.target).path

    @property
    def segments(self) -> list[str]:
        """The path's parts, unquoted after splitting: `%2F` is not a separator."""
        return [unquote(part) for part in self.path.split("/")[1:]]

    def arguments(self) -> dict[str, list[str]]:
        """The query's arguments."""
        return parse_qs(urlsplit(self.target).query)

    def flag(self, name: str) -> bool:
        """Whether an argument of that name is set and true."""
        return self.arguments().get(name, [""])[0].lower() in ("true", "1")


@dataclass(slots=True)
class Reply:
    """An answer: `file`, when given, is the body; else `body`. Ranges are applied by the server."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: File | None = None
    address: str | None = None
    """Which signed address led here."""


class Refused(Exception):
    """Carries the answer to a request that cannot be fulfilled."""

    def __init__(self, status: int, code: str | None, message: str, **headers: str) -> None:
        super().__init__(message)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if code is not None:
            names["X-Error-Code"] = code
        names |= {"X-Error-Message": message, "Content-Type": "application/json; charset=utf-8"}
        self.reply = Reply(status, names, json.dumps({"error": message}).encode())


class Access:
    """Known tokens, and which user may read which repository."""

    def __init__(self) -> None:
        self._users: dict[str, str] = {}

    def accept(self, token: str, user: str) -> None:
        """From now on this token is this user's."""
        self._users[token] = user

    def revoke(self, token: str) -> None:
        """From now on this token is as good as none ever issued."""
        self._users.pop(token, None)

    def user(self, query: Query) -> str | None:
        """Who asks; None without a token. Raises Refused on a token nobody issued."""
        scheme, _, token = query.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or token not in self._users:
            raise Refused(401, None, "Invalid credentials in Authorization header")
        return self._users[token]

    @staticmethod
    def check_listing(repo: Repo | None, user: str | None) -> Repo:
        """The repository, if that user may know of it. A gated one is listed to everyone."""
        if repo is None or (repo.private and user not in repo.readers):
            # Like the real Hub: 401 to strangers, so that a private name cannot be probed.
            if user is None:
                raise Refused(401, "RepoNotFound", "Invalid username or password.")
            raise Refused(404, "RepoNotFound", "Repository not found")
        return repo

    @staticmethod
    def check_content(repo: Repo, user: str | None) -> None:
        """Raise Refused unless that user may read the files."""
        if repo.gated and user not in repo.readers:
            message = f"Access to {repo.kind[:-1]} {repo.id} is restricted."
            if user is None:
                raise Refused(401, "GatedRepo", f"{message} You must be authenticated to access it.")
            raise Refused(403, "GatedRepo", f"{message} Visit the page to ask for access.")


class Blob(NamedTuple):
    """What an address of the content host stands for."""

    kind: str
    repo_id: str
    sha256: str


class Addresses:
    """Signed, expiring addresses of LFS content, and their check."""

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._epoch = 0

    def expire_all(self) -> None:
        """Every address given out so far is expired."""
        with self._lock:
            self._epoch += 1

    def make(self, repo: Repo, file: File) -> str:
        """Path and query of a fresh address for an LFS file."""
        path = quote(f"/repos/{repo.kind}/{repo.id}/{file.sha256}/{file.name}")
        expires = f"{time.time() + self.lifetime:.3f}"
        nonce = f"{self._epoch}.{secrets.token_hex(6)}"
        fields = {"Expires": expires, "Nonce": nonce, "Signature": self._sign(path, expires, nonce)}
        return f"{path}?{urlencode(fields)}"

    def check(self, query: Query) -> tuple[Blob, str]:
        """What the address stands for, and its nonce. Raises Refused: 403 when expired or forged."""
        fields = {name: values[0] for name, values in query.arguments().items()}
        expires, nonce = fields.get("Expires", "0"), fields.get("Nonce", "")
        signature = self._sign(query.path, expires, nonce)
        if not hmac.compare_digest(signature, fields.get("Signature", "")):
            raise Refused(403, None, "SignatureDoesNotMatch")
        if time.time() > float(expires) or nonce.partition(".")[0] != str(self._epoch):
            raise Refused(403, None, "Request has expired")
        _, kind, owner, name, sha256 = query.segments[:5]
        return Blob(kind, f"{owner}/{name}", sha256), nonce

    def _sign(self, path: str, expires: str, nonce: str) -> str:
        message = f"{path}\n{expires}\n{nonce}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:32]


class HubRoutes:
    """The answers of the first host: API, small files, and redirects to the second host."""

    def __init__(self, store: Store, access: Access, addresses: Addresses) -> None:
        self.store = store
        self.access = access
        self.addresses = addresses
        self.endpoint = ""
        self.content_endpoint = ""
        self.page_size: int | None = None

    def answer(self, query: Query) -> Reply:
        """The answer to any request. Never raises for what a client can send."""
        try:
            user = self.access.user(query)
            match query.segments:
                case ["api", "whoami-v2"]:
                    return self._whoami(user)
                case ["api", kind, owner, name, *rest] if kind in KINDS:
                    repo = self.access.check_listing(self.store.find(kind, f"{owner}/{name}"), user)
                    return self._api(query, repo, rest, user)
                case ["datasets", owner, name, "resolve", revision, *path] if path:
                    return self._resolve("datasets", f"{owner}/{name}", revision, "/".join(path), user)
                case [owner, name, "resolve", revision, *path] if path:
                    return self._resolve("models", f"{owner}/{name}", revision, "/".join(path), user)
                case ["api", kind, *_] if kind in KINDS:
                    self.access.check_listing(None, user)
            raise Refused(404, None, "Not Found")
        except Refused as refused:
            return refused.reply

    def _api(self, query: Query, repo: Repo, rest: Sequence[str], user: str | None) -> Reply:
        match rest:
            case []:
                return self._info(query, repo, "main")
            case ["revision", revision]:
                return self._info(query, repo, revision)
            case ["tree", revision, *path]:
                return self._tree(query, repo, revision, "/".join(path))
            case ["paths-info", revision] if query.method == "POST":
                return self._paths_info(query, repo, revision)
            case ["refs"]:
                main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.revisions[-1].commit}
                return _json({"branches": [main], "converts": [], "tags": [], "pullRequests": []})
            case ["commits", revision]:
                return self._commits(repo, revision)
            case ["auth-check"]:
                self.access.check_content(repo, user)
                return Reply(200, {"Content-Type": "text/plain"}, b"OK")
        raise Refused(404, None, "Not Found")

    @staticmethod
    def _whoami(user: str | None) -> Reply:
        if user is None:
            raise Refused(401, None, "Invalid username or password.")
        auth = {"type": "access_token", "accessToken": {"displayName": "loopback", "role": "read"}}
        return _json({"type": "user", "id": user, "name": user, "fullname": user, "orgs": [], "auth": auth})

    def _info(self, query: Query, repo: Repo, name: str) -> Reply:
        revision = _revision(repo, name)
        blobs = query.flag("blobs")
        return _json({
            "_id": git_blob(repo.id.encode())[:24], "id": repo.id, "modelId": repo.id,
            "author": repo.id.partition("/")[0], "sha": revision.commit, "lastModified": _DATE,
            "createdAt": _DATE, "private": repo.private, "gated": "manual" if repo.gated else False,
            "disabled": False, "downloads": 0, "likes": 0, "tags": repo.tags, "pipeline_tag": repo.task, "siblings": [
                {"rfilename": file.name, **(_blob_metadata(repo, file) if blobs else {})}
                for file in revision.files.values()
            ],
        })  # fmt: skip

    def _tree(self, query: Query, repo: Repo, name: str, path: str) -> Reply:
        revision = _revision(repo, name)
        expand = query.flag("expand")
        entries = list(_tree_entries(repo, revision, path.strip("/"), query.flag("recursive"), expand))
        if path and not entries:
            raise Refused(404, "EntryNotFound", f"{path} does not exist on {name!r}")
        size = self.page_size or (PAGE_SIZE_EXPANDED if expand else PAGE_SIZE)
        arguments = {key: values[0] for key, values in query.arguments().items()}
        first = int(arguments.get("cursor", "0"))
        reply = _json(entries[first : first + size])
        if first + size < len(entries):
            following = urlencode(arguments | {"cursor": str(first + size)})
            reply.headers["Link"] = f'<{self.endpoint}{query.path}?{following}>; rel="next"'
        return reply

    def _paths_info(self, query: Query, repo: Repo, name: str) -> Reply:
        revision = _revision(repo, name)
        if query.headers.get("content-type", "").startswith("application/json"):
            wanted = set(json.loads(query.body).get("paths", ()))
        else:
            wanted = set(parse_qs(query.body.decode()).get("paths", ()))
        everything = _tree_entries(repo, revision, "", recursive=True, expand=False)
        return _json([entry for entry in everything if entry["path"] in wanted])

    @staticmethod
    def _commits(repo: Repo, name: str) -> Reply:
        last = repo.revisions.index(_revision(repo, name))
        return _json([
            {"id": r.commit, "title": "Update", "message": "", "date": _DATE, "authors": [{"user": "hub"}]}
            for r in reversed(repo.revisions[: last + 1])
        ])  # fmt: skip

    def _resolve(self, kind: str, repo_id: str, name: str, path: str, user: str | None) -> Reply:
        repo = self.access.check_listing(self.store.find(kind, repo_id), user)
        self.access.check_content(repo, user)
        revision = _revision(repo, name)
        file = revision.files.get(path)
        if file is None or path in repo.removed or not file.intact:
            raise Refused(404, "EntryNotFound", "Entry not found", X_Repo_Commit=revision.commit)
        headers = {"X-Repo-Commit": revision.commit, "Accept-Ranges": "bytes"}
        if file.sha256 is None:
            headers |= {"ETag": f'"{file.oid}"', "Content-Type": "text/plain; charset=utf-8"}
            return Reply(200, headers, file=file)
        location = self.content_endpoint + self.addresses.make(repo, file)
        # The ETag of a redirect is not the blob's on the real Hub either: only X-Linked-Etag counts.
        headers |= {
            "Location": location,
            "ETag": f'"{git_blob(location.encode())}"',
            "X-Linked-Etag": f'"{file.sha256}"',
            "X-Linked-Size": str(repo.listed_size(file)),
            "Content-Type": "text/plain; charset=utf-8",
        }
        return Reply(302, headers, f"Found. Redirecting to {location}".encode())


class ContentRoutes:
    """The answers of the second host: LFS content at signed addresses, no tokens; and plain files below `/files/`."""

    def __init__(self, store: Store, addresses: Addresses) -> None:
        self.store = store
        self.addresses = addresses

    def answer(self, query: Query) -> Reply:
        """The answer to any request. Never raises for what a client can send."""
        if query.path.startswith("/files/"):
            return self._plain(query)
        try:
            blob, nonce = self.addresses.check(query)
            file = self.store.blob(*blob)
            if file is None:
                raise Refused(404, None, "The specified key does not exist.")
        except Refused as refused:
            message = str(refused)
            return Reply(refused.reply.status, {"Content-Type": "application/xml"},
                         f"<Error><Message>{message}</Message></Error>".encode())  # fmt: skip
        headers = {"ETag": f'"{file.sha256}"', "Accept-Ranges": "bytes"}
        return Reply(200, headers | {"Content-Type": "binary/octet-stream"}, file=file, address=nonce)

    def _plain(self, query: Query) -> Reply:
        file = self.store.plain.get("/".join(query.segments[1:]))
        if file is None or not file.intact:
            return Reply(404, {"Content-Type": "text/plain"}, b"Not Found")
        return Reply(200, {"ETag": f'"{file.oid}"', "Accept-Ranges": "bytes"}, file=file)


def _json(data: Any) -> Reply:
    body = json.dumps(data).encode()
    return Reply(200, {"Content-Type": "application/json; charset=utf-8"}, body)


def _revision(repo: Repo, name: str) -> Revision:
    revision = repo.revision(name)
    if revision is None:
        raise Refused(404, "RevisionNotFound", f"Invalid rev id: {name}")
    return revision


def _blob_metadata(repo: Repo, file: File) -> dict[str, Any]:
    """What `siblings` say of a file with `?blobs=true`."""
    size = repo.listed_size(file)
    found: dict[str, Any] = {"size": size, "blobId": file.oid}
    if file.sha256 is not None:
        found["lfs"] = {"sha256": file.sha256, "size": size, "pointerSize": file.pointer_size}
    return found


def _tree_entries(repo: Repo, revision: Revision, folder: str, recursive: bool, expand: bool) -> list[dict[str, Any]]:
    """Files and folders below `folder`; as on the Hub each folder comes before what it holds."""
    prefix = f"{folder}/" if folder else ""
    entries: dict[str, dict[str, Any]] = {}
    for file in revision.files.values():
        if not file.name.startswith(prefix):
            continue
        parents = file.name[len(prefix) :].split("/")[:-1]
        for depth in range(1, len(parents) + 1 if recursive else min(len(parents), 1) + 1):
            path = prefix + "/".join(parents[:depth])
            entry = {"type": "directory", "oid": git_blob(path.encode()), "size": 0, "path": path}
            entries.setdefault(path, entry)
        if recursive or not parents:
            entries[file.name] = _file_entry(repo, file)
    if expand:
        last = {"id": revision.commit, "title": "Update", "date": _DATE}
        for entry in entries.values():
            entry["lastCommit"] = last
    return list(entries.values())


def _file_entry(repo: Repo, file: File) -> dict[str, Any]:
    size = repo.listed_size(file)
    entry: dict[str, Any] = {"type": "file", "oid": file.oid, "size": size, "path": file.name}
    if file.sha256 is not None:
        entry["lfs"] = {"oid": file.sha256, "size": size, "pointerSize": file.pointer_size}
    return entry


# One range only: a server may ignore a list of them, and this one does.
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and length of a Range header for a body of `size` bytes; None: there is none to honour.

    Raises ValueError where the answer is 416.
    """
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        start, end = size - length, size
    else:
        start, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise ValueError(header)
    return start, end - start
