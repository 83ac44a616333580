# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of more than 259 characters, which Windows takes only from who asks for them: with `\\\\?\\` before the path.

Only our own calls do; other programs may not be able to open such a file. So the default folder is a short one, and a
download that would make a longer path says so.
"""

from __future__ import annotations

import ntpath
import os
import sys
from pathlib import Path, PurePath

from ..text import EXTENDED

LONGEST = 259
"""Characters of a path for programs that do not ask for longer ones; 260 with the zero at its end."""

_INSIDE = 190
"""Characters that a model takes inside the models folder, the names of an unfinished download included: what the
longest of the built-in catalogue does (a test counts), and some more."""

_UNC = EXTENDED + "UNC\\"


def reachable(folder: Path, platform: str = sys.platform) -> Path:
    """The same folder, named so that what lies in it can be reached however long its names are. On other systems, and
    where the names are short, as it is."""
    if platform != "win32":
        return folder
    path = extended(os.path.abspath(folder))
    return Path(path) if path else folder


def extended(path: str) -> str:
    r"""The absolute path of Windows with what asks for a long one before it; empty where that is not needed.

    >>> extended("D:\\models"), extended("D:\\" + "m" * 90)[:9], extended("\\\\server\\share\\" + "m" * 90)[:20]
    ('', '\\\\?\\D:\\mm', '\\\\?\\UNC\\server\\share')
    """
    path = ntpath.normpath(path)
    if len(path) + _INSIDE <= LONGEST or path.startswith(EXTENDED):
        return ""
    return _UNC + path[2:] if path.startswith("\\\\") else EXTENDED + path


def length(path: PurePath) -> int:
    """Characters of a path as other programs name it."""
    text = os.path.abspath(path)
    return len(text) - (len(_UNC) - 2 if text.startswith(_UNC) else len(EXTENDED) if text.startswith(EXTENDED) else 0)
