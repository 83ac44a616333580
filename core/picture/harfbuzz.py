# SPDX-License-Identifier: GPL-3.0-or-later
"""HarfBuzz, imported so that it finds its own functions.

Blenders of distributions are linked with the system's HarfBuzz, an older one, whose functions have the same names: on
Linux those that are loaded first win, and the newer library crashes in the middle of them (seen in Debian's 5.2.2).
"""

from __future__ import annotations

import os
import sys
from typing import Any


def load() -> Any:
    """The module uharfbuzz. Any thread."""
    if sys.platform == "linux" and "uharfbuzz" not in sys.modules and hasattr(os, "RTLD_DEEPBIND"):
        before = sys.getdlopenflags()
        sys.setdlopenflags(before | os.RTLD_DEEPBIND)
        try:
            import uharfbuzz
        finally:
            sys.setdlopenflags(before)
        return uharfbuzz
    import uharfbuzz

    return uharfbuzz
