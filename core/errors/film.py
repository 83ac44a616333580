# SPDX-License-Identifier: GPL-3.0-or-later
"""Films that are written."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from .base import SubtitleEditorError


class FilmNotWrittenError(SubtitleEditorError):
    """A film could not be written, or was not because of what is there already."""

    code = "film_not_written"

    def __init__(self, path: Path, reason: str, hint: str = "") -> None:
        self.path = path
        super().__init__(
            Text("The film {path} was not written: {reason}.", path=path, reason=reason),
            hint or Text("Choose another place or another name for it."),
        )


class ContainerError(SubtitleEditorError, ValueError):
    """A kind of file that cannot hold what should go into it."""

    code = "container"

    def __init__(self, path: Path, reason: str, hint: str = "") -> None:
        self.path = path
        super().__init__(
            Text("{path} cannot hold this film: {reason}.", path=path, reason=reason),
            hint or Text("Write a Matroska file (.mkv), which holds nearly everything."),
        )


class NoFilmError(SubtitleEditorError, ValueError):
    """There are no pictures to put subtitles on."""

    code = "no_film"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} has no pictures to put subtitles on.", path=path),
            Text("Choose a film, not its sound. To put subtitles into it as a track, use mux."),
        )
