# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of servers: what they name, what of them may be shown, and which may be asked."""

from __future__ import annotations

from urllib.parse import urlsplit


def without_login(endpoint: str) -> str:
    """The address as it may be shown: one that names a user and a password is a secret.

    >>> without_login("https://ada:secret@hub.example/x")
    'https://hub.example/x'
    """
    scheme, mark, rest = endpoint.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def server_of(url: str) -> str:
    """Where a file at an address comes from: its scheme and host, as it may be shown.

    >>> server_of("https://ada:secret@files.example:8443/x/y.bin?key=1")
    'https://files.example:8443'
    >>> server_of("https://files.example?key=1")
    'https://files.example'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def is_safe(url: str) -> bool:
    """Whether an address may be asked for a file: encrypted, or on this machine. Raises nothing for a strange one.

    >>> is_safe("https://cdn.example/f"), is_safe("http://127.0.0.1:8000/f"), is_safe("http://cdn.example/f")
    (True, True, False)
    """
    if not is_address(url):
        return False
    parts = urlsplit(url)
    return parts.scheme == "https" or is_this_machine(parts.hostname or "")


def is_address(url: str) -> bool:
    """Whether this is the http address of a server. Raises nothing for a strange one.

    >>> is_address("https://hub.example"), is_address("http://[::1]:80"), is_address("hub.example"), is_address("http://")
    (True, True, False, False)
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # Raises for one that is no number, or too large.
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(ord(char) <= 32 for char in url)


def is_this_machine(host: str) -> bool:
    """Whether a host name or address is the machine we run on."""
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_of(url: str) -> str:
    """The host, and its port if the address names one, for a message. Never the whole address: signed ones are as good
    as a password.

    >>> host_of("https://ada:secret@CDN.example/f?key=1"), host_of("http://127.0.0.1:8000/f"), host_of("x")
    ('cdn.example', '127.0.0.1:8000', '')
    """
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: who answers at an address. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def may_be_asked(url: str, endpoint: str) -> bool:
    """Whether a request that began at `endpoint` may go to `url`: where a redirect or a listing leads, for example.

    To the endpoint itself always: the user chose it. To others only encrypted, or on this machine.

    >>> [may_be_asked(url, "http://hub.lan") for url in ("http://hub.lan/f", "https://cdn.example/f", "http://cdn.example")]
    [True, True, False]
    """
    return is_address(url) and (is_safe(url) or origin_of(url) == origin_of(endpoint))


def may_carry_token(url: str, endpoint: str, proxied: bool = False) -> bool:
    """Whether a request for `url` carries the token that is meant for `endpoint`: the same server, and encrypted, or on
    this machine and not `proxied`, by way of a proxy that is perhaps elsewhere. Every request of ours asks here.

    >>> hub = "https://hub.example/mirror"
    >>> may_carry_token("https://hub.example/f", hub, proxied=True), may_carry_token("https://cdn.example/f", hub)
    (True, False)
    >>> may_carry_token("http://hub.example/f", "http://hub.example"), may_carry_token("http://[::1]/f", "http://[::1]")
    (False, True)
    """
    if proxied and not url.startswith("https:"):
        return False
    return is_safe(url) and origin_of(url) == origin_of(endpoint)
