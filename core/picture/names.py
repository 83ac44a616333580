# SPDX-License-Identifier: GPL-3.0-or-later
"""What styles may be called. Imports nothing else of drawing: Blender asks as it starts."""

from __future__ import annotations

import re

AS_IN_FILE = "file"
"""Stands for the styles that a subtitle file brings along. No style is called so."""

_NAME = r"[^\W_][\w-]{0,62}"


def may_be(name: str) -> bool:
    """Whether a style may be called so.

    >>> may_be("mine-2"), may_be("../mine"), may_be("file")
    (True, False, False)
    """
    return re.fullmatch(_NAME, name) is not None and name != AS_IN_FILE
