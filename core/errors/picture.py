# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that are drawn."""

from __future__ import annotations

from ..text import Text
from .base import SubtitleEditorError


class PictureSizeError(SubtitleEditorError, ValueError):
    """A picture that subtitles cannot be drawn on: a side is too short or too long."""

    code = "picture_size"

    def __init__(self, width: int, height: int, smallest: int, largest: int) -> None:
        self.width = width
        self.height = height
        super().__init__(
            Text("Subtitles cannot be drawn on a picture of {width}x{height} pixels.", width=width, height=height),
            Text("Choose a size whose sides have {smallest} to {largest} pixels.", smallest=smallest, largest=largest),
        )
