# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service was told when it was started, and all that is wrong with it, at once."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets
import stat
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from ..core import addresses
from ..core.hub import endpoint as endpoints
from ..core.hub import tokens
from ..core.hub.tokens import Token
from ..core.system.reasons import reason_of
from ..core.text import Text
from ..core.transfer.limits import DEFAULT_CONNECTIONS
from .errors import AccessTokenFileError, ServiceSettingsError

SHORTEST_TOKEN = 20
"""Characters of an access token: fewer can be guessed by somebody who has time."""

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Plain values; `check` says what is wrong with them."""

    models_dir: Path
    user_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    """0: any that is free."""
    access_token: str = dataclasses.field(default="", repr=False)
    """What a client has to send; empty: nothing."""
    hosts: tuple[str, ...] = ()
    """Other names that the service answers to, such as that of the proxy in front of it."""
    origins: tuple[str, ...] = ()
    """Other sites whose pages may use it."""
    credentials: bool = False
    """Whether those pages may send cookies along, for a proxy that asks for them."""
    max_age: int = 600
    """Seconds that a browser may remember what those pages may do."""
    production: bool = False
    """Refuse whatever is only good for trying it out."""
    rate: int = 2000
    """Requests a second from one address."""
    change_rate: int = 30
    """Of these, how many may change something."""
    most_connections: int = 1000
    most_listeners: int = 500
    most_jobs: int = 100
    endpoint: str | None = None
    hub_token: Token = dataclasses.field(default_factory=Token, repr=False)
    offline: bool = False
    connections: int = DEFAULT_CONNECTIONS
    concurrency: int = 1
    speed_limit: float | None = None
    resume: bool = False
    """Go on by itself with what was interrupted."""


def check(settings: Settings) -> None:
    """Raises ServiceSettingsError with every problem. Looks at the disk, asks no network."""
    problems = list(_problems(settings))
    if problems:
        raise ServiceSettingsError(problems)


def _problems(settings: Settings) -> Iterator[str]:
    yield from _place(settings)
    yield from _numbers(settings)
    yield from _origins(settings)
    yield from _folders(settings)
    token = settings.hub_token
    # What the tokens of another hub look like is not for us to say.
    at_hub = endpoints.resolve(settings.endpoint) == endpoints.DEFAULT_ENDPOINT
    if token and at_hub and not tokens.looks_right(token.value):
        yield f"The token from {token.source.label} is no hub token: those begin with hf_."


def _place(settings: Settings) -> Iterator[str]:
    if not 0 <= settings.port <= 65535:
        yield f"--port {settings.port}: a port is a number from 0 to 65535."
    if not is_host(settings.host):
        yield f"--host {settings.host[:80]}: this is no address or name of a machine."
    elif not settings.access_token and not addresses.is_this_machine(settings.host):
        reason = "other machines can reach this address, so a token is needed: add --access-token-file FILE."
        yield f"--host {settings.host}: {reason}"
    for name in settings.hosts:
        if not is_host(name):
            yield f"--allow-host {name[:80]}: this is no address or name of a machine."
    if settings.access_token and not _is_strong(settings.access_token):
        yield f"The access token is too weak: at least {SHORTEST_TOKEN} letters, digits and signs, without spaces."
    if settings.production and not settings.access_token:
        yield "--production: a token is needed: add --access-token-file FILE."
    if settings.production and settings.port == 0:
        yield "--production: name the port, so that it is the same after a restart."


def _numbers(settings: Settings) -> Iterator[str]:
    if not 0 <= settings.max_age <= 86400:
        yield f"--cors-max-age {settings.max_age}: seconds from 0 to 86400."
    for option, value, most in (
        ("--rate", settings.rate, 1_000_000),
        ("--change-rate", settings.change_rate, 1_000_000),
        ("--max-connections", settings.most_connections, 100_000),
        ("--max-listeners", settings.most_listeners, 100_000),
        ("--max-jobs", settings.most_jobs, 10_000),
    ):
        if not 1 <= value <= most:
            yield f"{option} {value}: a number from 1 to {most}."


def _origins(settings: Settings) -> Iterator[str]:
    for origin in settings.origins:
        if not is_origin(origin):
            yield f"--allow-origin {origin[:80]}: an origin is a scheme and a host, such as https://studio.example."
        elif settings.production and not addresses.is_safe(origin):
            yield f"--allow-origin {origin}: with --production only https is allowed."
    if settings.credentials and not settings.origins:
        yield "--allow-credentials: it means nothing without --allow-origin."


def _folders(settings: Settings) -> Iterator[str]:
    for option, folder in (("--models-dir", settings.models_dir), ("--user-dir", settings.user_dir)):
        with contextlib.suppress(OSError):
            if folder.exists() and not folder.is_dir():
                yield f"{option} {folder}: this is no folder."


def is_host(text: str) -> bool:
    """Whether this can be the name or address of a machine.

    >>> is_host("127.0.0.1"), is_host("::1"), is_host("models.studio.example"), is_host("a b"), is_host("http://a")
    (True, True, True, False, False)
    """
    with contextlib.suppress(ValueError):
        ip_address(text)
        return True
    return _NAME.fullmatch(text) is not None and ".." not in text


def is_origin(text: str) -> bool:
    """Whether this is what a browser sends as Origin: no path, no login, no wildcard.

    >>> is_origin("https://studio.example"), is_origin("http://localhost:3000"), is_origin("https://studio.example/")
    (True, True, False)
    >>> is_origin("*"), is_origin("null"), is_origin("https://a@b"), is_origin("https://*.example")
    (False, False, False, False)
    """
    if not addresses.is_address(text):
        return False
    parts = urlsplit(text)
    return text == f"{parts.scheme}://{parts.netloc}" and "@" not in text and is_host(parts.hostname or "")


# The access token


def read_access_token(path: Path) -> tuple[str, bool]:
    """The token in a file, and whether the file was made just now, with a new token and mode 0600.

    Raises AccessTokenFileError: also when others than its owner could read it.
    """
    try:
        if not path.exists():
            return _make(path), True
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise AccessTokenFileError(path, Text("it is no file"))
        # Windows has no such bits: the file inherits the access list of its folder.
        if os.name == "posix" and found.st_mode & 0o077:
            raise AccessTokenFileError(path, Text("others than its owner may read it (chmod 600)"))
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise AccessTokenFileError(path, Text("it is not UTF-8 text")) from error
    except OSError as error:
        raise AccessTokenFileError(path, reason_of(error)) from error
    if not text:
        raise AccessTokenFileError(path, Text("it is empty"))
    return text, False


def _make(path: Path) -> str:
    token = secrets.token_urlsafe(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    # O_BINARY exists on Windows only, where a text-mode descriptor would rewrite line ends.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(f"{token}\n".encode())
    return token


def _is_strong(token: str) -> bool:
    return len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable() and " " not in token
