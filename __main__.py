# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m subtitle_editor`, and the console script: the command line outside Blender."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the answer is the exit code."""
    try:
        # Here, not above: Ctrl-C may come while this is still being imported.
        from .core.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
