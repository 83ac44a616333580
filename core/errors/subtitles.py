# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from .base import SubtitleEditorError


class SubtitleFileError(SubtitleEditorError, ValueError):
    """A subtitle file that cannot be read or written."""

    code = "subtitle_file"

    def __init__(self, path: Path, reason: str, hint: str = "") -> None:
        self.path = path
        super().__init__(
            Text("{path}: {reason}.", path=path, reason=reason),
            hint or Text("Choose a subtitle file such as .srt, .vtt or .ass."),
        )


class SubtitleRulesError(SubtitleEditorError):
    """Subtitles that break the rules they were compared with."""

    code = "rules_broken"

    def __init__(self, path: Path, count: int, profile: str) -> None:
        self.path = path
        self.count = count
        super().__init__(
            Text(
                "Not all subtitles in {path} keep to the rules of {profile} (problems: {count}).",
                path=path,
                profile=profile,
                count=count,
            ),
            Text("Change the subtitles that are named, or check with another profile."),
        )


class OutputNotWrittenError(SubtitleEditorError):
    """Subtitles could not be written where they should go. `kept` is where they are instead."""

    code = "output_not_written"

    def __init__(self, path: Path, reason: str, kept: Path | None) -> None:
        self.path = path
        self.kept = kept
        if kept is not None:
            hint = Text("They were kept in {kept}.", kept=kept)
        else:
            hint = Text("What was heard is kept: the same again writes it without listening.")
        super().__init__(Text("{path} could not be written: {reason}.", path=path, reason=reason), hint)
