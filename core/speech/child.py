# SPDX-License-Identifier: GPL-3.0-or-later
"""A child process's first file, run as a plain script by `process.py` and `survey.py`. What it does is in `serving.py`,
or in the module that the command line names: `probe.py`.

The child imports its own modules of this folder and nothing else of the package, so these know each other alone: here
the folder becomes a package of another name.
"""

from __future__ import annotations

import importlib
import os
import sys
import types

_PACKAGE = "subtitle_editor_child"


def main() -> None:
    """Do what the module does: `serving` listens until the parent goes away."""
    package = types.ModuleType(_PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[_PACKAGE] = package
    importlib.import_module(f"{_PACKAGE}.{sys.argv[1] if len(sys.argv) > 1 else 'serving'}").main()


if __name__ == "__main__":
    main()
