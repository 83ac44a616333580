# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts that are attached to a film, for the subtitles in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors.base import SubtitleEditorError
from . import copying

_ENDINGS = (".mkv", ".mks", ".mka", ".mk3d")
"""Only Matroska has attachments."""
_OTHERS = ("image/", "video/", "audio/", "text/")
"""What the kinds of attachments begin with that are none: pictures of the cover, for the most part."""


def fonts_of(path: Path) -> Iterator[bytes]:
    """What is attached to a film, fonts among it, one after the other, while the film is open; nothing where that is
    none or cannot be read."""
    if path.suffix.lower() not in _ENDINGS:
        return
    with contextlib.ExitStack() as stack:
        try:
            film = stack.enter_context(copying.opened(path))
        except SubtitleEditorError:
            return
        streams: list[Any] = [stream for stream in film.streams if stream.type == "attachment"]
        for stream in streams:
            if not str(stream.mimetype or "").lower().startswith(_OTHERS):
                yield stream.data
