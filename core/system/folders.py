# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that users name: as they wrote them, in a variable or on the command line; and Hugging Face's own."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(text: str | Path) -> Path:
    """A folder as it was written, with `~` and variables such as `$HOME` put in, as huggingface_hub does with its own.

    >>> expanded("~/models") == Path.home() / "models", str(expanded("a/b").name)
    (True, 'b')
    """
    return Path(os.path.expandvars(os.path.expanduser(text)))


def hugging_face_home() -> Path:
    """Where all Hugging Face programs of this user keep their things: `HF_HOME`, or below the user's caches."""
    if home := os.environ.get("HF_HOME"):
        return expanded(home)
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
