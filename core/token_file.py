# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's hub token in a file of its own, readable by its owner only.

Why not in Blender's preferences: a PASSWORD property only *looks* secret; it is saved as plain text in
`userpref.blend`, mode 0644, and that file is copied around and attached to bug reports.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from .errors import FolderNotWritableError

FILE_NAME = "hub_token"

_LIMIT = 4096
"""Bytes read at most. Hub tokens have some 40 characters; anything longer is not one."""


def read(path: Path) -> str:
    """The token in `path`; empty when there is none or the file cannot be read. Never raises for a bad file."""
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def write(path: Path, token: str) -> None:
    """Keep `token` in `path`, or remove the file when it is empty. Written beside and renamed: never half a token.

    On POSIX the file has mode 0600 from its first moment. Windows has no such bits; there the file inherits the
    access list of the user's profile folder, which other users cannot read.

    Raises FolderNotWritableError.
    """
    token = token.strip()
    try:
        if not token:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, token.encode("utf-8"))
    except OSError as error:
        raise FolderNotWritableError(path.parent, error.strerror or str(error)) from error


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    # O_BINARY exists on Windows only, where a text-mode descriptor would rewrite line ends.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
