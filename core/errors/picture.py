# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that are drawn."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from .base import SubtitleEditorError


class ManifestTakenError(SubtitleEditorError, ValueError):
    """A folder that pictures should go into has a file of somebody else's by the name of their list."""

    code = "manifest_taken"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} is no list of pictures, and would be replaced by one.", path=path),
            Text("Choose another folder for the pictures, or give that file another name."),
        )


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
