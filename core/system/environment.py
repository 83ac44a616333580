# SPDX-License-Identifier: GPL-3.0-or-later
"""What environment variables say. `set NAME="VALUE"` of Windows leaves the quotes in one, `set NAME=VALUE && ...` the
space, and Docker's `--env-file` the quotes: nobody means those.
"""

from __future__ import annotations

import os


def value(name: str) -> str:
    """The variable's value as it is meant; empty where it is not set, or says nothing."""
    return bare(os.environ.get(name, ""))


def bare(text: str) -> str:
    """A value without spaces around it, and without a pair of quotes.

    >>> bare(' "D:/models" '), bare("'x'"), bare('"'), bare("''")
    ('D:/models', 'x', '"', '')
    """
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
