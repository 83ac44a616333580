# SPDX-License-Identifier: GPL-3.0-or-later
"""The hashes that files are published with."""

from __future__ import annotations

import hashlib

_POINTER = b"version https://git-lfs.github.com/spec/"


def is_lfs_pointer(beginning: bytes) -> bool:
    """Whether a file that begins so is the pointer that git keeps in the place of one in LFS, which all have that were
    fetched without git-lfs.

    >>> is_lfs_pointer(b"version https://git-lfs.github.com/spec/v1\\noid sha256:00"), is_lfs_pointer(b"")
    (True, False)
    """
    return beginning.startswith(_POINTER)


def git_hasher(size: int) -> hashlib._Hash:
    """A hasher whose result for `size` bytes is what git calls a file of that content: its blob hash.

    >>> hasher = git_hasher(6)
    >>> hasher.update(b"hello\\n")
    >>> hasher.hexdigest()
    'ce013625030ba8dba906f756967f9e9ca394464a'
    """
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
