# SPDX-License-Identifier: GPL-3.0-or-later
"""Where what belongs to one user is kept: jobs, an own catalogue, own profiles, the glossary, the log, the token.

Models lie elsewhere.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import environment
from .folders import expanded, home

ENVIRONMENT = "SUBTITLE_EDITOR_USER_DIR"

JOBS = "jobs.sqlite3"
CATALOG = "catalog.toml"
PROFILES = "profiles.toml"
GLOSSARY = "glossary.txt"
STYLES = "styles"
"""The folder of own styles."""
LOG = "logs/subtitle-editor.log"

_NAME = "subtitle-editor"


def default(platform: str = sys.platform) -> Path:
    """The folder without Blender: `SUBTITLE_EDITOR_USER_DIR`, else one in the platform's place for users' data.

    Only says where; the folder need not exist. Raises UsageError for a user without a home folder.
    """
    if given := environment.value(ENVIRONMENT):
        return expanded(given)
    if platform == "win32":
        return Path(environment.value("LOCALAPPDATA") or home() / "AppData" / "Local") / _NAME
    if platform == "darwin":
        return home() / "Library" / "Application Support" / _NAME
    # The specification says that a relative path there is to be ignored.
    given = environment.value("XDG_DATA_HOME")
    return (Path(given) if os.path.isabs(given) else home() / ".local" / "share") / _NAME
