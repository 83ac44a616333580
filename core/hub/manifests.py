# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that NVIDIA publishes beside its redistribution archives: which file of them is ours, and what it should be.

Its file is then one with an address of its own (`links.py`). What the list says is as little trusted as any answer.
"""

from __future__ import annotations

import dataclasses
import platform
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ..catalog.entries import Link, Manifest, Source, linked
from ..errors.hub import ManifestError
from ..library.listing import listing
from ..system.names import is_inner_path
from ..text import Text
from . import links
from .plan import Plan

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 1 << 40
"""Bytes; no archive has so many."""
_DIGITS = 20
"""Of a size."""


def this_platform(system: str = sys.platform, machine: str | None = None) -> str:
    """What the lists call this kind of machine; empty for one that has no CUDA.

    >>> this_platform("linux", "x86_64"), this_platform("win32", "AMD64"), this_platform("darwin", "arm64")
    ('linux-x86_64', 'windows-x86_64', '')
    """
    found = (machine or platform.machine()).lower()
    if found not in ("x86_64", "amd64"):
        return ""
    return {"linux": "linux-x86_64", "win32": "windows-x86_64"}.get(system, "")


def plan(source: Source, models_dir: Path, data: Any) -> Plan:
    """What is to be fetched by the list `data` (as JSON has it) of `source.manifest`.

    Raises ManifestError, FolderNotWritableError, NoSpaceError.
    """
    assert source.manifest is not None
    link = chosen(source.manifest, data, this_platform())
    resolved = dataclasses.replace(source, links=(link,), revision=linked("", (link,)).revision)
    found = links.plan(resolved, models_dir)
    return dataclasses.replace(found, source=source, listing=listing(resolved))


def chosen(manifest: Manifest, data: Any, system: str) -> Link:
    """The archive of the component for a platform. Raises ManifestError."""
    host = urlsplit(manifest.url).netloc
    component = data.get(manifest.component) if isinstance(data, dict) else None
    if not isinstance(component, dict):
        raise ManifestError(host, Text("it does not know {component}", component=manifest.component))
    row = component.get(system) if system else None
    if not isinstance(row, dict):
        reason = Text("it has no {component} for this kind of machine", component=manifest.component)
        raise ManifestError(host, reason)
    said = [row.get(field) for field in ("relative_path", "sha256", "size")]
    path, digest, size = (value if isinstance(value, str) else "" for value in said)
    if not is_inner_path(path, windows=True) or not _SHA256.fullmatch(digest.lower()):
        raise ManifestError(host, Text("what it says of {component} makes no sense", component=manifest.component))
    # Not all of a number of a million digits: that takes Python long.
    if not size.isascii() or not size.isdigit() or len(size) > _DIGITS or not 0 < int(size) <= _LARGEST:
        raise ManifestError(host, Text("what it says of {component} makes no sense", component=manifest.component))
    url = f"{manifest.url.rpartition('/')[0]}/{quote(path)}"
    return Link(url, path.rpartition("/")[2], int(size), digest.lower())
