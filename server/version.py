# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of the package this is."""

from __future__ import annotations

import functools
from importlib import metadata


@functools.cache
def installed() -> str:
    """As pip knows it; empty where the package was not installed."""
    try:
        return metadata.version("subtitle-editor")
    except metadata.PackageNotFoundError:
        return ""
