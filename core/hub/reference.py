# SPDX-License-Identifier: GPL-3.0-or-later
"""What people type or paste to name a repository: `owner/name`, a page's address, an `hf://` path."""

from __future__ import annotations

import dataclasses
from urllib.parse import unquote, urlsplit

from ..addresses import without_login
from ..errors.catalog import HubReferenceError
from ..system.names import is_inner_path, is_repository, is_revision
from ..text import Text
from .endpoint import DEFAULT_ENDPOINT, PRESETS

_HUBS = {"hf.co", "huggingface.co", *(urlsplit(url).hostname for _, _, url in PRESETS if url)}
_PLACES = ("tree", "blob", "resolve", "raw", "blame", "commits", "commit")
_PAGES = ("discussions", "viewer", "community", "settings")
"""What a page of a repository may be, and say nothing more of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A repository, perhaps at a revision, perhaps only a folder or file of it (`path`, empty for all)."""

    repo: str
    repo_type: str = "model"
    revision: str | None = None
    path: str = ""
    is_file: bool = False
    """Whether `path` is known to be a file."""


def parse(text: str, endpoint: str = DEFAULT_ENDPOINT) -> Reference:
    """What `text` names. Addresses of the Hub, its mirror and `endpoint` are understood, and no others.

    Raises HubReferenceError, which says what is wrong with it.

    >>> parse("https://huggingface.co/datasets/ada/speech/tree/v1.0?not=used")
    Reference(repo='ada/speech', repo_type='dataset', revision='v1.0', path='', is_file=False)
    >>> parse("hf://ada/whisper@v2").revision, parse("ada/whisper").repo
    ('v2', 'ada/whisper')
    """
    typed = text.strip().strip("<>\"'")
    try:
        parts = _parts(typed, endpoint)
    except HubReferenceError:
        raise
    except ValueError as error:
        raise HubReferenceError(typed, Text("is no address")) from error
    repo_type = "model"
    if parts and parts[0] in ("models", "datasets", "spaces", "model", "dataset", "space") and len(parts) > 2:
        repo_type = parts.pop(0).removesuffix("s")
    if repo_type == "space":
        raise HubReferenceError(typed, Text("is a space: a program that runs on the hub, with nothing to download"))
    if len(parts) < 2:
        raise HubReferenceError(typed, Text("names no repository"))
    name, _, at = parts[1].partition("@")
    repo, rest = f"{parts[0]}/{name}", parts[2:]
    if not is_repository(repo):
        raise HubReferenceError(typed, Text("names no repository"))
    return _placed(typed, Reference(repo, repo_type, unquote(at) or None), rest)


def _parts(typed: str, endpoint: str) -> list[str]:
    """The path of what was typed, split. Raises ValueError, HubReferenceError."""
    lower = typed.lower()
    if lower.startswith("hf://"):
        path = typed[5:]
    elif "://" in typed or lower.split("/")[0].removeprefix("www.") in _HUBS:
        address = urlsplit(typed if "://" in typed else f"https://{typed}")
        own = urlsplit(without_login(endpoint))
        host = (address.hostname or "").removeprefix("www.")
        here, there = address.netloc.rpartition("@")[2].lower(), own.netloc.lower()
        if address.scheme not in ("http", "https") or (host not in _HUBS and here != there):
            raise HubReferenceError(typed, Text("is no address of the hub ({host})", host=own.netloc))
        path = address.path
        if here == there:
            path = f"{path}/".removeprefix(f"{own.path.rstrip('/')}/")
    else:
        path = typed
    return [part for part in path.split("/") if part]


def _placed(typed: str, found: Reference, rest: list[str]) -> Reference:
    """What follows the repository in an address: `tree/REVISION/FOLDER`, or a path of an hf:// one."""
    path, is_file = "/".join(unquote(part) for part in rest), False
    if rest and rest[0] in _PLACES:
        is_file = rest[0] in ("blob", "resolve", "raw", "blame")
        revision, inner = _revision_of(rest[1:])
        found = dataclasses.replace(found, revision=revision if revision != "main" else None)
        path = "" if rest[0].startswith("commit") else inner
    elif rest and rest[0] in _PAGES:
        path = ""
    if found.revision is not None and not is_revision(found.revision):
        raise HubReferenceError(typed, Text("has a revision that cannot be one"))
    if path and not is_inner_path(path):
        raise HubReferenceError(typed, Text("has a path that cannot be one"))
    return dataclasses.replace(found, path=path, is_file=is_file and bool(path))


def _revision_of(rest: list[str]) -> tuple[str | None, str]:
    """Revision and path after `tree`. A slash inside a revision is written %2F there; `refs/…` has three parts."""
    if not rest:
        return None, ""
    count = 3 if rest[0] == "refs" and len(rest) >= 3 else 1
    return "/".join(unquote(part) for part in rest[:count]), "/".join(unquote(part) for part in rest[count:])
