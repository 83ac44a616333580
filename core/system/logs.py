# SPDX-License-Identifier: GPL-3.0-or-later
"""Loggers for what Blender loads when it starts: before 5.2 it starts without `logging`, which takes longer to load
than any file of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def log(name: str) -> logging.Logger:
    """The logger of a module, found when there is something to log. Any thread."""
    import logging

    return logging.getLogger(name)
