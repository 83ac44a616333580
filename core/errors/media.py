# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound or film that is to be heard."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from .base import SubtitleEditorError


class MediaError(SubtitleEditorError):
    """Something about the sound or film to transcribe."""

    code = "media"


class MediaNotFoundError(MediaError, FileNotFoundError):
    """No such file."""

    code = "media_not_found"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("The media file {path} does not exist.", path=path), Text("Relink the strip or choose another file.")
        )


class NoAudioError(MediaError, ValueError):
    """The file has no sound."""

    code = "no_audio"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} has no audio to transcribe.", path=path), Text("Choose a strip or file with sound.")
        )


class NoPicturesError(MediaError, ValueError):
    """The file has no moving pictures."""

    code = "no_pictures"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} has no pictures to look for cuts in.", path=path), Text("Choose a film, not its sound.")
        )


class MediaUnreadableError(MediaError, ValueError):
    """The file is not a sound or film that can be decoded. `refused`: it cannot be read at all, whatever is in it."""

    code = "media_unreadable"

    def __init__(self, path: Path, reason: str, refused: bool = False) -> None:
        self.path = path
        if refused:
            hint = Text("Look whether you may read it, and after the disk that it is on.")
        else:
            hint = Text("If another program plays it, convert it there. If none does, look for a whole copy.")
        super().__init__(Text("{path} cannot be read as sound or film: {reason}.", path=path, reason=reason), hint)


class MediaEmptyError(MediaError, ValueError):
    """The file has no bytes."""

    code = "media_empty"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(Text("{path} is empty.", path=path), Text("Copy, download or record it once more."))


class MediaProtectedError(MediaError, ValueError):
    """The sound is encrypted, as shops and streaming services do it."""

    code = "media_protected"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} is copy-protected: its sound is encrypted.", path=path),
            Text("Take a copy without protection, or a recording of its sound."),
        )


class MediaIncompleteError(MediaError):
    """Part of the sound is missing, so what was heard is not the whole. It is kept all the same."""

    code = "media_incomplete"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            Text("{path} is damaged: {reason}.", path=path, reason=reason),
            Text("The subtitles of the rest are kept. Look for a whole copy of the file."),
        )


class NoSuchTrackError(MediaError, LookupError):
    """The file has no such audio track."""

    code = "no_such_track"

    def __init__(self, path: Path, wanted: str, tracks: str) -> None:
        self.path = path
        self.wanted = wanted
        super().__init__(
            Text('{path} has no audio track "{wanted}".', path=path, wanted=wanted),
            Text("It has: {tracks}.", tracks=tracks),
        )
