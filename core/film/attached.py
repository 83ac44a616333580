# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts that are attached to a film, for the subtitles in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors.base import SubtitleEditorError
from . import copying

_ENDINGS = (".mkv", ".mks", ".mka", ".mk3d")
"""Only Matroska has attachments."""


def fonts_of(path: Path) -> Iterator[bytes]:
    """What is attached to a film, fonts among it; nothing where that is none or cannot be read."""
    if path.suffix.lower() not in _ENDINGS:
        return
    try:
        with copying.opened(path) as film:
            streams: list[Any] = [stream for stream in film.streams if stream.type == "attachment"]
            found = [bytes(stream.data or b"") for stream in streams]
    except SubtitleEditorError:
        return
    yield from found
