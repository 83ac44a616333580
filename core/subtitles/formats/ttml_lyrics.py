# SPDX-License-Identifier: GPL-3.0-or-later
"""Lyrics in TTML, as Apple Music has them and tools for it: the times of words and syllables in spans of a line.

All times are counted from the beginning of the song, against the standard, by which those in a part would be counted
from the part's own; and a line is shown as a whole, while its spans say when each of them is sung.
"""

from __future__ import annotations

from collections.abc import Iterable

from .xml_tokens import local

_NAMESPACE = "music.apple.com"


def is_lyrics(root: Iterable[tuple[str, str]]) -> bool:
    """Whether a file with these attributes of its root is lyrics."""
    return any(
        (name.startswith("xmlns") and _NAMESPACE in value) or (local(name) == "timing" and value in ("Word", "Line"))
        for name, value in root
    )


def parts(text: str) -> bool:
    """Whether what stands between two syllables parts them: an indentation does not, a space before it does."""
    return not text.isspace() or not text.startswith("\n")
