# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of films that are written, and what goes into each."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ..errors.film import ContainerError
from ..text import Text


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """One kind of film."""

    muxer: str
    """FFmpeg's name of it."""
    label: str
    suffixes: tuple[str, ...]
    codecs: frozenset[str] | None = None
    """FFmpeg's names of all that it may hold; None: its muxer says so itself."""

    @property
    def is_mp4(self) -> bool:
        """Whether its subtitles are 3GPP Timed Text, of which one is shown at a time."""
        return self.muxer in ("mp4", "mov")


CONTAINERS = (
    Container("mp4", "MP4", (".mp4", ".m4v")),
    Container("mov", "QuickTime", (".mov",)),
    Container("matroska", "Matroska", (".mkv",)),
    # FFmpeg's muxer says what it thinks of others only when it begins to write.
    Container("webm", "WebM", (".webm",), frozenset({"vp8", "vp9", "av1", "vorbis", "opus", "webvtt"})),
)


def of(path: Path) -> Container:
    """The kind that a name's ending says. Raises ContainerError."""
    for one in CONTAINERS:
        if path.suffix.lower() in one.suffixes:
            return one
    known = ", ".join(suffix for one in CONTAINERS for suffix in one.suffixes)
    reason = Text('"{suffix}" is not an ending of films that are written', suffix=path.suffix)
    raise ContainerError(path, reason, Text("Choose one of {known}.", known=known))
