# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m subtitle_editor`: the command line without the console script."""

from __future__ import annotations

import sys

from .core.cli import main

if __name__ == "__main__":
    sys.exit(main())
