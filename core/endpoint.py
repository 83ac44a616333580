# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hub is asked: one rule for Blender and the command line. Light: preferences import it when Blender starts."""

from __future__ import annotations

import os

DEFAULT_ENDPOINT = "https://huggingface.co"


def resolve(given: str | None) -> str:
    """The address to ask, without a slash at its end: the one given, else `HF_ENDPOINT`, else the Hub.

    >>> resolve(" https://hub.example/ ")
    'https://hub.example'
    """
    return ((given or "").strip() or os.environ.get("HF_ENDPOINT", "").strip() or DEFAULT_ENDPOINT).rstrip("/")
