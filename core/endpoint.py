# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hub is asked, and whether any is: one rule for Blender and the command line. Light: Blender starts with it."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

DEFAULT_ENDPOINT = "https://huggingface.co"

MIRROR = "https://hf-mirror.com"
"""A mirror of the Hub's public repositories, for networks that cannot reach it."""

CUSTOM = "custom"

PRESETS: tuple[tuple[str, str, str], ...] = (
    ("hub", "Hugging Face", DEFAULT_ENDPOINT),
    ("mirror", "hf-mirror.com", MIRROR),
    (CUSTOM, "Custom", ""),
)
"""What the preferences offer: a word to keep, its name, its address. The address of CUSTOM is the user's own."""

OFFLINE_VARIABLES = ("SUBTITLE_EDITOR_OFFLINE", "HF_HUB_OFFLINE")
"""Environment variables that switch the network off: ours, and the one that all Hugging Face programs obey."""


def resolve(given: str | None) -> str:
    """The address to ask, without a slash at its end: the one given, else `HF_ENDPOINT`, else the Hub.

    >>> resolve(" https://hub.example/ ")
    'https://hub.example'
    """
    return ((given or "").strip() or os.environ.get("HF_ENDPOINT", "").strip() or DEFAULT_ENDPOINT).rstrip("/")


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


def of_preset(preset: str, custom: str = "") -> str | None:
    """The address that a choice of PRESETS stands for, or None where the environment decides.

    "hub" is what the preferences begin with, so it does not overrule `HF_ENDPOINT`.

    >>> of_preset("mirror"), of_preset("custom", "https://hub.example"), of_preset("hub")
    ('https://hf-mirror.com', 'https://hub.example', None)
    """
    if preset == CUSTOM:
        return custom.strip() or None
    return next((url for word, _, url in PRESETS if word == preset and word != "hub"), None)


def offline_by() -> str | None:
    """The environment variable that switches the network off, or None if none does."""
    return next((name for name in OFFLINE_VARIABLES if _is_true(os.environ.get(name, ""))), None)


def _is_true(value: str) -> bool:
    # The words that huggingface_hub takes for true.
    return value.strip().upper() in ("1", "ON", "YES", "TRUE")


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
